"""Who moved from which segment to which, between reviews, and who went to and fro."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segrules.lang.calendar import Unit, period_of
from segrules.segments.history.load import merged, reading_runs
from segrules.segments.history.store import StoredRun, StoredSet, effective, runs
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import history as problems

NEW = "(new)"
GONE = "(gone)"
NOWHERE = "(in no segment)"
"""What stands in a matrix beside the segments, whose names are words."""

_Move = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Within:
    """Runs from `since` to `until`, both days included; `review` is the length of a period.

    Without a length each run is a review.
    """

    since: dt.date | None = None
    until: dt.date | None = None
    review: Unit | None = None


_EVERYTHING = Within()


@dataclass(frozen=True, slots=True)
class Matrix:
    """How many customers went from one state to another, by (from, to).

    `states` are the segments in order, then "(in no segment)" where somebody was; `counts` also
    has moves from "(new)" and to "(gone)". What nobody did is not in it.
    """

    states: tuple[str, ...]
    counts: Mapping[_Move, int]

    def count(self, left: str, entered: str) -> int:
        return self.counts.get((left, entered), 0)

    def share(self, left: str, entered: str) -> float | None:
        """The part of those who were in `left` that went to `entered`; `None` without any."""
        total = sum(count for (source, _), count in self.counts.items() if source == left)
        return self.count(left, entered) / total if total else None


@dataclass(frozen=True, slots=True)
class Flow:
    """How often a state was entered and left from review to review, by newcomers and for good too.

    `stayed` counts those who were there at two reviews running.
    """

    state: str
    entered: int
    left: int
    stayed: int


@dataclass(frozen=True, slots=True)
class Climbs:
    """Moves from review to review between two rungs of the ladder."""

    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Flapping:
    """`flaps` of `chances`: three reviews running with the customer in all of them.

    It is a flap when the customer is back in the segment they left at the review before (A, B, A).
    """

    flaps: int
    chances: int

    @property
    def rate(self) -> float | None:
        """A part of one; `None` without a chance."""
        return self.flaps / self.chances if self.chances else None


@dataclass(frozen=True, slots=True)
class Migration:
    """The moves of a set's customers at its `reviews`, of which there are two at least.

    `steps` adds up the moves from each review to the next; `overall` compares the first review with
    the last. `flapping` is of the segments as they were, `flapping_free` of what they would have
    been without tolerance; `None` where no run says so. `climbs` is `None` without a ladder.
    """

    table: str
    segments_of: str
    reviews: tuple[StoredRun, ...]
    steps: Matrix
    overall: Matrix
    flows: tuple[Flow, ...]
    climbs: Climbs | None
    flapping: Flapping
    flapping_free: Flapping | None


def migration(
    folder: Path,
    table: str,
    segments_of: str,
    within: Within = _EVERYTHING,
    declared: StoredSet | None = None,
) -> Migration:
    """The migration in a set of a table, from its history; see `between` for `declared`.

    Raises:
        RulesError: a run cannot be used, or there are fewer than two reviews.
    """
    found = effective(runs(folder, table))
    reviews = reviews_of(found, segments_of, within)
    if len(reviews) < 2:
        raise RulesError([too_few(table, segments_of, reviews, within)], unable=True)
    return between(reviews, segments_of, declared)


def reviews_of(
    found: Sequence[StoredRun], segments_of: str, within: Within
) -> tuple[StoredRun, ...]:
    """Of the runs that hold a set the last one in each period; `found` is in order of days."""
    since, until = within.since or dt.date.min, within.until or dt.date.max
    reviews = {
        period_of(each.run.as_of, within.review or "day"): each
        for each in found
        if since <= each.run.as_of <= until and segments_of in each.run.sets
    }
    return tuple(reviews.values())


def too_few(
    table: str, segments_of: str, reviews: Sequence[StoredRun], within: Within
) -> Diagnostic:
    """What is to be said of a set that has one review or none."""
    said = f" from {within.since}" if within.since else ""
    said += f" up to {within.until}" if within.until else ""
    dates = [each.run.as_of.isoformat() for each in reviews]
    return problems.too_few_reviews(table, segments_of, dates, said)


def between(
    reviews: tuple[StoredRun, ...], segments_of: str, declared: StoredSet | None = None
) -> Migration:
    """The migration between two reviews or more.

    Segments stand in the order of `declared`, then those that only runs know, the latest first;
    the ladder is that of `declared`. Without it the last run says both. In a run without
    `<set>:free` there was no tolerance.

    Raises:
        RulesError: a run is damaged, or its key is another.
    """
    shapes = [each.run.sets[segments_of] for each in reversed(reviews)]
    shape = declared or shapes[0]
    known = tuple(dict.fromkeys(name for each in (shape, *shapes) for name in each.segments))
    ends = (reviews[0], reviews[-1])
    with reading_runs(reviews):
        steps = _tally(reviews, segments_of)
        overall = steps if reviews == ends else _tally(ends, segments_of)
    matrix = _matrix(known, steps.moves)
    return Migration(
        reviews[-1].run.table,
        segments_of,
        reviews,
        matrix,
        _matrix(known, overall.moves),
        tuple(_flow(matrix, state) for state in matrix.states),
        _climbs(matrix, shape.ladder) if shape.ladder else None,
        steps.flapping,
        steps.flapping_free,
    )


# ---- counting


@dataclass(frozen=True, slots=True)
class _Tally:
    moves: Mapping[_Move, int]
    flapping: Flapping
    flapping_free: Flapping | None


def _tally(found: Sequence[StoredRun], name: str) -> _Tally:
    """Counts, in one pass over the merged rows, what happened at each review after the first."""
    key, free = found[-1].run.key, f"{name}:free"
    rows = merged(found, key, {name: pl.String(), free: pl.String()})
    tolerant = [at for at, each in enumerate(found) if free in pl.read_parquet_schema(each.path)]
    segment, run = pl.col(name), pl.col(":run")
    without = pl.when(run.is_in(tolerant)).then(pl.col(free)).otherwise(segment)

    same = (pl.col(key) == pl.col(key).shift(1)) & (run.shift(1) == run - 1)
    # whether the row before is of the same customer, at the review before
    was_there = pl.col(":was_there")
    was_twice = was_there & was_there.shift(1, fill_value=False)

    def back(at: pl.Expr) -> pl.Expr:
        again = was_twice & (at == at.shift(2)) & at.ne_missing(at.shift(1))
        return again.fill_null(False)

    seen = rows.with_columns(same.fill_null(False).alias(":was_there")).select(
        was_there=was_there,
        before=pl.when(was_there).then(segment.shift(1)),
        now=segment,
        first=run == 0,
        goes=(run < len(found) - 1) & ~was_there.shift(-1, fill_value=False),
        chances=was_twice,
        flaps=back(segment),
        flaps_free=back(without),
    )
    counted = seen.group_by("was_there", "before", "now", "first").agg(
        pl.len().alias("rows"), pl.col("goes", "chances", "flaps", "flaps_free").sum()
    )
    return _added(counted.collect(engine="streaming"), tolerant=bool(tolerant))


def _added(counted: pl.DataFrame, *, tolerant: bool) -> _Tally:
    moves: Counter[_Move] = Counter()
    for row in counted.iter_rows(named=True):
        now = row["now"] or NOWHERE
        moves[now, GONE] += row["goes"]
        if row["was_there"]:
            moves[row["before"] or NOWHERE, now] += row["rows"]
        elif not row["first"]:
            moves[NEW, now] += row["rows"]
    chances = int(counted["chances"].sum())
    free = Flapping(int(counted["flaps_free"].sum()), chances) if tolerant else None
    return _Tally(
        {move: count for move, count in moves.items() if count},
        Flapping(int(counted["flaps"].sum()), chances),
        free,
    )


def _matrix(known: Sequence[str], moves: Mapping[_Move, int]) -> Matrix:
    met = {state for move in moves for state in move} - {NEW, GONE}
    others = sorted(met - {*known, NOWHERE})
    nowhere = [NOWHERE] if NOWHERE in met else []
    return Matrix((*known, *others, *nowhere), moves)


def _flow(matrix: Matrix, state: str) -> Flow:
    stayed = matrix.count(state, state)
    entered = sum(count for (_, to), count in matrix.counts.items() if to == state)
    left = sum(count for (source, _), count in matrix.counts.items() if source == state)
    return Flow(state, entered - stayed, left - stayed, stayed)


def _climbs(matrix: Matrix, ladder: Sequence[str]) -> Climbs:
    rungs = {name: at for at, name in enumerate(ladder)}
    up, down = 0, 0
    for (source, to), count in matrix.counts.items():
        if source in rungs and to in rungs:
            up += count * (rungs[to] > rungs[source])
            down += count * (rungs[to] < rungs[source])
    return Climbs(up, down)
