"""From what was played to the figures of a report: today, then, and the difference.

Shapes: R replications, S segments, S + 3 states (segments, none, left for good, not there yet).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segrules.sim.customers.markov import projected, transition
from segrules.sim.customers.run import Arm, Played
from segrules.sim.customers.sales import Sales
from segrules.sim.customers.spread import NAMES
from segrules.sim.learn.migration import learn_rows
from segrules.sim.model import COST, PROFIT, REVENUE, SALES, TOTAL, Counts, Floats
from segrules.sim.outlook import Outlook, Target, outlook_of
from segrules.sim.summary import Row, row

CUSTOMERS, LEFT, MOVED = "customers", "left", "moved"

MEASURES = (CUSTOMERS, SALES, REVENUE, COST, PROFIT, LEFT, MOVED)
"""Of each segment and of all: customers at the end, those who left for good, and those whom levers
moved; the rest is over all periods."""

MOST_APART, FEWEST_APART = 0.25, 20
"""Two ways to the same customers are apart that differ by more of them, and by so many."""

FEWER_IS_BETTER = frozenset({COST, LEFT, *NAMES})
"""Measures that are better lower: a firm that rests on fewer customers is worse off."""


def tables(arm: Arm) -> dict[str, Floats]:
    """Every measure, float64[R, S + 1], all segments last."""
    segments = arm.sales.shape[2]
    parts = {
        CUSTOMERS: arm.customers[:, -1, :segments],
        SALES: arm.sales.sum(axis=1),
        REVENUE: arm.revenue.sum(axis=1),
        COST: arm.cost.sum(axis=1),
        PROFIT: (arm.revenue - arm.cost).sum(axis=1),
        LEFT: arm.moves[:, :, :segments, segments + 1].sum(axis=1),
        MOVED: arm.moved[..., :segments].sum(axis=(1, 2)),
    }
    return {
        name: np.concatenate([each, each.sum(axis=1, keepdims=True)], axis=1).astype(np.float64)
        for name, each in parts.items()
    }


def rows_of(played: Played, against: int | None) -> tuple[tuple[Row, ...], list[str]]:
    """The rows of all scenarios beside what they are compared with (None: today), and notes."""
    base = played.today if against is None else played.scenarios[against]
    before, notes = tables(base), []
    found: list[Row] = []
    segments = (*played.model.rules.segments, TOTAL)
    for at, (node, arm) in enumerate(zip(played.model.scenarios, played.scenarios, strict=True)):
        if at == against:
            continue
        after = tables(arm)
        for s, segment in enumerate(segments):
            for name in MEASURES:
                arms = before[name][:, s], after[name][:, s]
                found.append(row(name, (node.name, segment), *arms, FEWER_IS_BETTER))
        for at_, name in enumerate(NAMES if arm.spread.shape[1] else ()):
            today, then = base.spread[:, at_], arm.spread[:, at_]
            if np.isfinite(today).all() and np.isfinite(then).all():
                found.append(row(name, (node.name, TOTAL), today, then, FEWER_IS_BETTER))
            else:
                notes.append(
                    "how the profit is spread over customers is not shown: in some futures all "
                    "together bring none"
                )
    return tuple(found), list(dict.fromkeys(notes))


def outlooks_of(played: Played, against: int | None, target: Target | None) -> tuple[Outlook, ...]:
    """The difference of profit of every scenario; `target` is one that is to be reached."""
    before = profit(played.today if against is None else played.scenarios[against])
    return tuple(
        outlook_of(node.name, PROFIT, profit(arm) - before, target)
        for at, (node, arm) in enumerate(zip(played.model.scenarios, played.scenarios, strict=True))
        if at != against
    )


def profit(arm: Arm) -> Floats:
    """float64[R], over all periods and segments."""
    return np.asarray((arm.revenue - arm.cost).sum(axis=(1, 2)), dtype=np.float64)


# ---- migration


@dataclass(frozen=True)
class Matrix:
    """Customers by where they are at first and in the end, mean over the replications.

    states: segments, then "(in no segment)" and "(left)". count: float64[S + 2, S + 2].
    """

    states: tuple[str, ...]
    count: Floats

    @property
    def share(self) -> Floats:
        """Of those who were in a state at first; nan where nobody was."""
        total = self.count.sum(axis=1, keepdims=True)
        made = np.full(self.count.shape, np.nan)
        return np.asarray(np.divide(self.count, total, out=made, where=total > 0))


def matrix_of(arm: Arm, segments: Sequence[str]) -> Matrix:
    states = (*segments, "(in no segment)", "(left)")
    return Matrix(states, arm.overall[:, : len(states), : len(states)].mean(axis=0))


@dataclass(frozen=True)
class Check:
    """Customers at the end by n(t+1) = n(t) P, beside those that were played today.

    of: where P was counted: in the past, by asking the rules about earlier days, or in half of
    the futures. markov, played: float64[S]; error: Monte Carlo error of the played. weight: [S],
    how much of a row of P is the segment's own customers.
    """

    of: Literal["past", "futures"]
    segments: tuple[str, ...]
    markov: Floats
    played: Floats
    error: Floats
    moved: int

    @property
    def apart(self) -> tuple[int, ...]:
        """Places of the segments in which the two ways differ by too much to be passed over."""
        beyond = np.abs(self.markov - self.played)
        far = (beyond > MOST_APART * self.played) & (beyond >= FEWEST_APART)
        return tuple(np.flatnonzero(far).tolist())

    @property
    def gap(self) -> float:
        """Customers that stand in another segment by one way than by the other, as a share."""
        total = float(self.played.sum())
        return float(np.abs(self.markov - self.played).sum()) / 2.0 / total if total else 0.0


def check_of(played: Played, sales: Sales, seed: int) -> Check:
    """A second way to the customers at the end: a Markov chain instead of rows and rules.

    Where the past shows nobody moving, half of the futures says how they do, and it is held
    against the other half.
    """
    segments, arm = played.model.rules.segments, played.today
    size, periods = len(segments), played.model.periods
    counts = past_moves(sales, size)
    moved = int(counts.sum() - np.trace(counts))
    start = arm.customers[:, 0].mean(axis=0)
    if moved:
        chances = np.eye(size + 3)
        stays = np.exp(-np.atleast_2d(played.model.rates.hazard).mean(axis=0))
        rows = learn_rows(counts, seed=seed).mean
        chances[:size, :size] = rows * stays[:, None]
        chances[:size, size + 1] = 1.0 - stays
        judged, of = arm.customers, "past"
    else:
        half = len(played.replications) // 2
        chances = transition(arm.moves[:half].sum(axis=1, keepdims=True))[0]
        judged, of = arm.customers[half:], "futures"
        moved = int(arm.moves[:half, :, :size, :size].sum()
                    - np.trace(arm.moves[:half, :, :size, :size].sum(axis=(0, 1))))  # fmt: skip
    end = judged[:, -1, :size].astype(np.float64)
    made = projected(start, np.repeat(chances[None], periods, axis=0))
    error = end.std(axis=0, ddof=1) / len(end) ** 0.5 if len(end) > 1 else np.zeros(size)
    return Check(of, segments, made[-1, :size], end.mean(axis=0), error, moved)  # type: ignore[arg-type]


def past_moves(sales: Sales, segments: int) -> Counts:
    """Customers who went from segment to segment in a whole period of the past: int64[S, S]."""
    total = np.zeros((segments, segments), np.int64)
    stands = [*sales.segment, sales.now]
    for at, weight in enumerate(sales.weights):
        first, then = stands[at].astype(np.int64), stands[at + 1].astype(np.int64)
        both = (first >= 0) & (then >= 0)
        if weight == 1.0:
            pair = first[both] * segments + then[both]
            total += np.bincount(pair, minlength=segments**2).reshape(segments, segments)
    return total
