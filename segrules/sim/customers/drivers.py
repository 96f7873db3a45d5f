"""What drives a scenario of a life: each assumption by itself, and what the spread is made of.

A life has no engine without luck, so the replications that were played are asked: the difference
is regressed on what each of them drew. Shapes: R replications, A assumptions, S segments.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from segrules.sim.customers.rates import Learned
from segrules.sim.decide.inputs import Input, by_source
from segrules.sim.decide.shapley import contributions
from segrules.sim.decide.spread import Shares
from segrules.sim.decide.tornado import Tornado, tornado
from segrules.sim.decisions.drivers import DATA, LUCK, Drivers
from segrules.sim.model import Counts, Floats, require

ROWS_A_TERM = 10
"""Replications for each term of a regression, at the least."""

_SURE = 3.0
"""Standard errors beyond which an assumption is said to move the result."""

Term = tuple[int, ...]
"""The assumptions that are multiplied in a term, by their places."""


@dataclass(frozen=True)
class Known:
    """What replications drew: float64[R, A] of the inputs, and float64[R, k] from the data."""

    inputs: tuple[Input, ...]
    drawn: Floats
    data: Floats


def known(
    inputs: Sequence[Input], drawn: Mapping[str, Floats], learned: Learned, replications: Counts
) -> Known:
    """What these replications drew; of what is stated, that which varies."""
    columns = {each.name: drawn[each.name][replications] for each in inputs}
    varying = [each for each in inputs if np.ptp(columns[each.name]) > 0.0]
    table = np.array([columns[each.name] for each in varying], np.float64)
    table = table.reshape(len(varying), len(replications)).T
    return Known(tuple(varying), table, _data(learned, replications))


def _data(learned: Learned, replications: Counts) -> Floats:
    """What was drawn of rates and values by segment, in as many columns as there is room for."""
    runs = len(replications)
    leads, value = (
        np.broadcast_to(each[replications] if len(each) > 1 else each, (runs, each.shape[1]))
        for each in (learned.leads, learned.value)
    )
    both = leads * value
    for table in (np.hstack([leads, value]), both, both.sum(axis=1, keepdims=True)):
        varying = table[:, np.ptp(table, axis=0) > 0.0]
        if varying.shape[1] * 2 * ROWS_A_TERM <= runs:
            return np.asarray(varying)
    return np.empty((runs, 0))


def drivers_of(difference: Floats, found: Known, target: float = 0.0) -> Drivers:
    """What drives the difference float64[R], R >= 2."""
    require(len(difference) == len(found.drawn) == len(found.data), "a row a replication")
    sources = by_source(found.inputs)
    if not difference.any() or np.ptp(difference) == 0.0:
        return Drivers(Tornado(float(difference.mean()), target, ()), _none(difference), math.nan)
    surface = Surface(difference, found)
    bars = tornado(found.inputs, surface, target=target) if found.inputs else None
    moved = Tornado(
        float(difference.mean()) if bars is None else bars.middle,
        target,
        () if bars is None else tuple(
            bar for bar in bars.bars if bar.swing > _SURE * surface.error_of(bar.name)
        ),
    )  # fmt: skip
    shares = _shares(difference, found, surface.terms, sources)
    return Drivers(moved, shares, float(shares.share[shares.names.index(LUCK)]))


def _none(difference: Floats) -> Shares:
    return Shares((), np.empty(0), np.empty(0), float(difference.var()))


class Surface:
    """The mean of the difference given the assumptions: a constant, a plane, or one that bends.

    The form is the one with the least error on replications left out, one at a time.
    """

    def __init__(self, difference: Floats, found: Known) -> None:
        self._names = [each.name for each in found.inputs]
        self._middle, self._scale = found.drawn.mean(axis=0), found.drawn.std(axis=0)
        self._data = found.data - found.data.mean(axis=0)
        scaled, best = self._scaled(found.drawn), math.inf
        self.terms: tuple[Term, ...] = ()
        for terms in _forms(scaled.shape[1], len(difference), found.data.shape[1]):
            design = np.hstack([_columns(scaled, terms), self._data])
            coefficients, *_ = np.linalg.lstsq(design, difference)
            leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
            residual = difference - design @ coefficients
            left_out = float(np.mean((residual / np.maximum(1.0 - leverage, 1e-3)) ** 2))
            if left_out < best:
                best, self.terms = left_out, terms
                self._coefficients = coefficients[: len(terms) + 1]
                self._error = math.sqrt(left_out / len(difference))

    def _scaled(self, values: Floats) -> Floats:
        return np.asarray((values - self._middle) / self._scale)

    def __call__(self, points: Floats) -> Floats:
        """float64[n] of float64[n, A]."""
        return np.asarray(_columns(self._scaled(points), self.terms) @ self._coefficients)

    def error_of(self, name: str) -> float:
        """The standard error of how far an assumption moves the difference from p10 to p90."""
        at = self._names.index(name)
        # of uniform draws, p10 to p90 are 0.8 sqrt(12) standard deviations
        moves = any(at in term for term in self.terms)
        return self._error * 0.8 * math.sqrt(12.0) if moves else 0.0


def _forms(count: int, rows: int, others: int) -> Iterator[tuple[Term, ...]]:
    """No assumption, each by itself, and products of two of them: as far as there are the rows."""
    terms: list[Term] = []
    yield ()
    for degree in (1, 2):
        terms += combinations_with_replacement(range(count), degree)
        if not terms or (len(terms) + others + 1) * ROWS_A_TERM > rows:
            return
        yield tuple(terms)


def _columns(scaled: Floats, terms: Sequence[Term]) -> Floats:
    made = [np.ones(len(scaled)), *(scaled[:, list(term)].prod(axis=1) for term in terms)]
    return np.stack(made, axis=1)


# ---- where the spread comes from


def _shares(
    difference: Floats, found: Known, terms: Sequence[Term], sources: Mapping[str, tuple[int, ...]]
) -> Shares:
    """Parts of the variance by source, luck last: what no draw explains is luck."""
    scale = found.drawn.std(axis=0)
    scaled = (found.drawn - found.drawn.mean(axis=0)) / scale
    names = tuple(dict.fromkeys([*sources, *([DATA] if found.data.shape[1] else [])]))

    def explained(known: frozenset[str]) -> float:
        places = {at for name in known for at in sources.get(name, ())}
        held = [term for term in terms if set(term) <= places]
        columns = _columns(scaled, held)
        if DATA in known:
            columns = np.hstack([columns, found.data - found.data.mean(axis=0)])
        return _adjusted(difference, columns)

    parts = np.maximum(contributions(names, explained).value, 0.0)
    whole = float(parts.sum())
    if whole > 1.0:
        parts = parts / whole
    share = np.append(parts, max(1.0 - float(parts.sum()), 0.0))
    runs = len(difference)
    # that of a squared correlation, with what chance alone gives to as many columns
    columns = found.data.shape[1] + len(terms) + 1
    error = np.sqrt(4.0 * share * (1.0 - share) ** 2 / runs + 2.0 * columns / runs**2)
    return Shares((*names, LUCK), share, error, float(difference.var(ddof=1)))


def _adjusted(difference: Floats, columns: Floats) -> float:
    """The part of the variance that columns explain, less what any would by chance."""
    coefficients, _, rank, _ = np.linalg.lstsq(columns, difference)
    residual = difference - columns @ coefficients
    rows = len(difference)
    if rows <= rank:
        return 0.0
    left = float(residual @ residual) / (rows - rank)
    return 1.0 - left / float(difference.var(ddof=1))
