"""Figures of a life and its levers: numbers, or draws of the assumptions that they name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from segrules.lang import ir
from segrules.sim.customers.evolution import BySegment
from segrules.sim.customers.levers import Figure, least, most
from segrules.sim.decide.inputs import Input
from segrules.sim.luck import uniforms
from segrules.sim.model import Floats
from segrules.text.diagnostic import RulesError
from segrules.text.problems import living as problems

Range = tuple[float, float]

ANY: Range = (-math.inf, math.inf)
SHARE: Range = (0.0, 1.0)
POSITIVE: Range = (0.0, math.inf)


def drawn(stated: Iterable[ir.Assumption], seed: int, runs: int) -> dict[str, Floats]:
    """float64[R] of each assumption: log-uniform where it multiplies, otherwise uniform."""
    return {each.name: _draws(each, seed, runs) for each in stated}


def _draws(each: ir.Assumption, seed: int, runs: int) -> Floats:
    u = uniforms(seed, f"assumption {each.name}", runs, 1)[:, 0]
    return _at(each, u)


def _at(each: ir.Assumption, u: Floats) -> Floats:
    """The values with these parts of the probability below them."""
    if each.low == each.high:
        return np.full(len(u), each.low)
    if each.role in ("odds", "factor") and each.low > 0.0:
        low, high = math.log(each.low), math.log(each.high)
        return np.asarray(np.exp(low + u * (high - low)))
    return np.asarray(each.low + u * (each.high - each.low))


def input_of(each: ir.Assumption, source: str) -> Input:
    """An assumption as the input of a tool: it is distributed as its draws are."""
    return Input(each.name, lambda u: _at(each, u), source)


@dataclass(frozen=True)
class Figures:
    """The draws of every assumption by name, and the segments that figures are stated for."""

    drawn: Mapping[str, Floats]
    segments: tuple[str, ...]

    def one(self, stated: ir.Stated, what: str, allowed: Range = ANY) -> Figure:
        """A figure within a range; `what` names it where it is not.

        Raises:
            RulesError: it is out of the range.
        """
        figure: Figure = self.drawn[stated] if isinstance(stated, str) else float(stated)
        low, high = least(figure), most(figure)
        if not (allowed[0] <= low and high <= allowed[1]):
            given = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            name = stated if isinstance(stated, str) else None
            raise RulesError([problems.life_figure_out_of_range(what, given, _said(allowed), name)],
                             unable=True)  # fmt: skip
        return figure

    def of_each(
        self, stated: ir.ByName, what: str, allowed: Range = ANY, default: float = 0.0
    ) -> BySegment:
        """A figure for each segment: a number where all share it, [S], or [R, S] where drawn."""
        by_name = dict(stated)
        rest = by_name.get("", default)
        found = [
            self.one(by_name.get(name, rest), f"{what} of {name}" if len(by_name) > 1 else what,
                     allowed)
            for name in self.segments
        ]  # fmt: skip
        if any(isinstance(each, np.ndarray) for each in found):
            runs = next(len(each) for each in found if isinstance(each, np.ndarray))
            return np.stack([np.broadcast_to(each, runs) for each in found], axis=1)
        if len(set(map(float, found))) == 1:
            return float(found[0])
        return np.array(found, dtype=np.float64)


def _said(allowed: Range) -> str:
    if allowed == SHARE:
        return "from 0 to 1"
    if allowed == POSITIVE:
        return "0 or above"
    return f"above {allowed[0]:g}"


def rows(figure: BySegment, segments: int) -> Floats:
    """A figure as float64[P, S], P of 1 or the number of replications."""
    made = np.atleast_2d(np.asarray(figure, dtype=np.float64))
    return np.broadcast_to(made, (len(made), segments)).copy()
