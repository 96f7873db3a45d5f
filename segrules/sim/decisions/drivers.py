"""What drives a scenario: each assumption by itself, and what the spread is made of.

The outcome is the difference of the headline measure from what the scenario is compared with, over
all segments, in the engine without luck.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from segrules.lang import ir
from segrules.sim.decide.inputs import Input, replications
from segrules.sim.decide.roots import break_even
from segrules.sim.decide.spread import Shares, shares
from segrules.sim.decide.tornado import Bar, Tornado, tornado
from segrules.sim.decisions.futures import Futures, futures, headline, input_of
from segrules.sim.model import Floats, FunnelModel

DATA = "data"
"""The source of all that is estimated from the tables, and the name of its input."""

JUDGEMENT = "judgement"
LUCK = "luck"

MIDDLE = 100
"""Draws of the parameters over which the outcome is averaged when one assumption is moved."""

RUNS = 2_000
_FAR = 4.0
"""How far beyond its range an assumption is followed to where it turns the decision."""

_ALMOST = 0.99
"""As far as a share is looked at: some that are 1 have no meaning, as an elasticity has not."""

ROWS = 512
"""Points of the spread: that many times two to the number of sources."""


@dataclass(frozen=True)
class Drivers:
    """What moves a scenario.

    tornado: with the assumptions that move it; shares: of the whole spread by source, luck among
    them where there is any, summing to 1; luck: its part, nan where nothing varies.
    """

    tornado: Tornado
    shares: Shares
    luck: float

    @property
    def unmeasured(self) -> float:
        """The part of the spread that comes from assumptions which are judgement."""
        named = dict(zip(self.shares.names, self.shares.share.tolist(), strict=True))
        return float(named.get(JUDGEMENT, 0.0))


def drivers(
    model: FunnelModel, at: int, sources: Mapping[str, str], *,
    spread: float, target: float = 0.0, against: int | None = None,
) -> Drivers:  # fmt: skip
    """What drives the scenario at a place.

    sources: the class of evidence of each assumption, by name. spread: standard deviation of the
    difference with luck, or 0 for an engine without.
    """
    inputs = inputs_of(model, sources)
    outcome = _Outcome(futures(model, MIDDLE), at, against)
    bars = tornado(inputs, outcome.averaged, target=target) if inputs else None
    moved = Tornado(
        outcome.middle(inputs) if bars is None else bars.middle,
        target,
        () if bars is None else _turning(bars, inputs, outcome, _shares_of(model)),
    )
    found = _shares(model, inputs, at, against)
    luck = _luck(math.sqrt(max(found.variance, 0.0)), spread)
    return Drivers(moved, _with_luck(found, luck), luck)


def inputs_of(model: FunnelModel, sources: Mapping[str, str]) -> tuple[Input, ...]:
    """The assumptions of a model as inputs, in its order."""
    return tuple(input_of(each, sources.get(each.name, JUDGEMENT)) for each in model.assumptions)


def sources_of(ruleset: ir.Ruleset, expired: frozenset[str] = frozenset()) -> dict[str, str]:
    """The class of evidence of each assumption; what is past its day counts as judgement."""
    return {
        each.name: JUDGEMENT if each.name in expired else each.source
        for each in ruleset.assumptions
    }


def _shares_of(model: FunnelModel) -> frozenset[str]:
    return frozenset(each.name for each in model.assumptions if each.role in ("share", "response"))


def _turning(
    found: Tornado, inputs: tuple[Input, ...], outcome: _Outcome, shares: frozenset[str]
) -> tuple[Bar, ...]:
    """The bars that move anything, with a break-even beyond their range where none is inside.

    It is looked for where the assumption is still of its kind: an effect up to none at all, and
    four times as far as the range goes on either side.
    """
    names = [each.name for each in inputs]
    centre = np.array([[each.at(0.5) for each in inputs]])
    bars = []
    for bar in found.bars:
        if bar.swing <= 0:
            continue
        j = names.index(bar.name)

        def at(values: Floats, j: int = j) -> Floats:
            points = np.tile(centre, (len(values), 1))
            points[:, j] = values
            return outcome.averaged(points)

        turn = bar.break_even
        if turn is None:
            low, high = inputs[j].at(0.0), inputs[j].at(1.0)
            most = max(high, _ALMOST) if bar.name in shares else math.inf
            turn = break_even(
                at, low / _FAR, min(high * _FAR, most), target=found.target,
                start=float(centre[0, j]),
            ).value  # fmt: skip
        bars.append(replace(bar, break_even=turn))
    return tuple(bars)


class _Outcome:
    """The difference at points of the assumptions, or of assumptions and a draw of the data."""

    def __init__(self, drawn: Futures, at: int, against: int | None) -> None:
        self._drawn, self._at, self._against = drawn, at, against
        self._measure = headline(drawn.model)

    def averaged(self, points: Floats) -> Floats:
        """float64[n] of float64[n, A], each the mean over all draws of the data."""
        count, runs = len(points), self._drawn.runs
        rows = np.tile(np.arange(runs), count)
        found = self._gain(rows, np.repeat(points, runs, axis=0)).reshape(count, runs)
        return np.asarray(found.mean(axis=1))

    def middle(self, inputs: tuple[Input, ...]) -> float:
        centre = np.array([[each.at(0.5) for each in inputs]])
        return float(self.averaged(centre)[0])

    def drawn_with(self, points: Floats) -> Floats:
        """float64[n] of float64[n, A + 1], whose last column is the number of a draw."""
        return self._gain(points[:, -1].astype(np.int64), points[:, :-1])

    def _gain(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]], settings: Floats) -> Floats:
        parameters = self._drawn.parameters(rows, settings)
        found = self._drawn.gains(self._at, self._measure, parameters, self._against)
        return np.asarray(found.sum(axis=1))


def _shares(model: FunnelModel, inputs: tuple[Input, ...], at: int, against: int | None) -> Shares:
    """The variance of what is expected, by the source of what is not known."""
    outcome = _Outcome(futures(model, RUNS), at, against)
    varying = (*inputs, replications(":data", RUNS, DATA))
    return shares(varying, outcome.drawn_with, rows=ROWS, seed=model.seed)


def _luck(known: float, spread: float) -> float:
    """The part of the variance that the parameters do not explain."""
    if spread <= 0.0:
        return 0.0 if known > 0 else math.nan
    return max(1.0 - (known / spread) ** 2, 0.0)


def _with_luck(found: Shares, luck: float) -> Shares:
    if math.isnan(luck) or luck == 0.0:
        return found
    left = 1.0 - luck
    return Shares(
        (*found.names, LUCK),
        np.append(found.share * left, luck),
        # the two variances come from as many futures each: their ratio is known to a few percent
        np.append(found.error * left, 2.0 * left / math.sqrt(RUNS)),
        found.variance / left if left > 0 else found.variance,
    )
