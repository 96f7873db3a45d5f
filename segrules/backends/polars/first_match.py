"""A segment set over a frame: the first true rule as one short plan.

Rules are decided in chunks of a few `when`s of Enum literals, joined by `coalesce`: a flat chain
takes Polars more than linear time to plan and to run, and text literals take three times as long.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl

from segrules.backends.polars.dtypes import codes, is_literal, settled
from segrules.backends.polars.lower import Scope, lower
from segrules.backends.polars.names import decided_column, placed_column
from segrules.backends.reach import on_row
from segrules.lang.ir import Placed, SegmentSet

CHUNK = 10
"""Rules in one chain, by measurement: with 12 rules fewer are faster, with 1,000 more are."""

_ONE_BYTE = 2**8 - 1

Part = Literal["segment", "by", "unknown", "allotted", "holdout"]
ALL_PARTS: tuple[Part, ...] = ("segment", "by", "unknown")


class Numbered(Protocol):
    """Another way than a chain of conditions to find the first true rule of each row."""

    def __call__(
        self, segment_set: SegmentSet, scope: Scope, outcomes: Sequence[int], *, counted: bool
    ) -> pl.Expr | None:
        """The number of the outcome over the prepared frame; None where the chain is the way.

        `outcomes` has a number a rule, then those for `otherwise` and `unsure`. `counted` asks for
        a struct of `number` and `unknown`, how many rules are unknown.
        """
        ...


def column_name(segment_set: SegmentSet, part: Part) -> str:
    """What a part is called in a frame: `treatment`, `treatment_by` and so on."""
    return segment_set.outputs[part]


def assigned(
    frame: pl.LazyFrame,
    segment_set: SegmentSet,
    scope: Scope,
    want: Collection[Part] = ALL_PARTS,
    numbered: Numbered | None = None,
) -> pl.LazyFrame:
    """The prepared frame with the parts asked for (see `column_name`).

    Faster than `assign` where both the segment and what decided are asked for: one is read off
    the other in a second step, and every rule is decided once. `numbered` may decide them in
    another way than Polars would.
    """
    first = set(want) - {"allotted"}
    frame, made = _placed_at_once(frame, segment_set, scope, first, numbered)
    first -= made
    frame = _with_parts(frame, segment_set, assign(segment_set, scope, first))
    if "allotted" not in want:
        return frame
    if "segment" not in want:
        return _with_parts(frame, segment_set, assign(segment_set, scope, ["allotted"]))
    segment = pl.col(column_name(segment_set, "segment"))
    return _with_parts(frame, segment_set, {"allotted": _allotted(segment_set, segment, scope)})


def _placed_at_once(
    frame: pl.LazyFrame,
    segment_set: SegmentSet,
    scope: Scope,
    want: Collection[Part],
    numbered: Numbered | None,
) -> tuple[pl.LazyFrame, frozenset[Part]]:
    """The frame with the parts that are best found together, and which these are."""
    named = {part: column_name(segment_set, part) for part in ALL_PARTS}
    outcomes, _ = _numbers(segment_set)
    counted = "unknown" in want
    found = None
    if numbered is not None and {"segment", "by", "unknown"} & set(want):
        found = numbered(segment_set, scope, outcomes, counted=counted)
    parts = _BOTH & frozenset(want)
    if segment_set.caps or not parts or (len(parts) == 1 and found is None):
        if found is None or not counted:
            return frame, frozenset()
        count = found.struct.field("unknown").alias(named["unknown"])
        return frame.with_columns(count), frozenset({"unknown"})
    if not counted:
        del named["unknown"]
    for part in _BOTH - parts:
        # found on the way to the other, and asked by nobody
        named[part] = f"{part}:{segment_set.name}"
    return _first_placed(frame, segment_set, scope, named, found)


def assign(
    segment_set: SegmentSet, scope: Scope, want: Collection[Part] = ALL_PARTS
) -> dict[Part, pl.Expr]:
    """The parts as expressions over the prepared frame, to be used in `with_columns`.

    `segment` is an Enum of the set's segments, null when unsure and no `unsure` is declared; `by`
    an Enum of its deciders; `unknown` counts the rules that are unknown (UInt32). `allotted` is an
    Enum of all targets, null in segments that are not allotted; `holdout` a Boolean.
    """
    parts: dict[Part, pl.Expr] = {}
    if not {"segment", "by", "allotted", "unknown"}.isdisjoint(want):
        rules = _Rules.of(segment_set, scope)
        parts["segment"], parts["by"] = _final(segment_set, rules, scope)
        parts["unknown"] = rules.unknown()
    if "allotted" in want:
        parts["allotted"] = _allotted(segment_set, parts["segment"], scope)
    if "holdout" in want and segment_set.holdout:
        parts["holdout"] = lower(segment_set.holdout.test, scope)
    return {part: parts[part] for part in want if part in parts}


def first_placed(
    frame: pl.LazyFrame,
    segment_set: SegmentSet,
    scope: Scope,
    names: tuple[str, str],
    numbered: Numbered | None = None,
) -> pl.LazyFrame:
    """The frame with the segment of the first true rule and what decided it, before any cap."""
    segment, by = names
    named: dict[Part, str] = {"segment": segment, "by": by}
    found = None
    if numbered is not None:
        found = numbered(segment_set, scope, _numbers(segment_set)[0], counted=False)
    return _first_placed(frame, segment_set, scope, named, found)[0]


def _first_placed(
    frame: pl.LazyFrame,
    segment_set: SegmentSet,
    scope: Scope,
    names: Mapping[Part, str],
    found: pl.Expr | None,
) -> tuple[pl.LazyFrame, frozenset[Part]]:
    """As `first_placed`, and which parts these are.

    `found` are the numbers of outcomes where they are found in another way than by a chain; with
    the count of unknown rules, where that is named.
    """
    segment, by = names["segment"], names["by"]
    outcomes, placed = _numbers(segment_set)
    if found is None:
        rules = _Rules.of(segment_set, scope)
        if _same_order(segment_set):
            frame = frame.with_columns(rules.by(segment_set).alias(by))
            return frame.with_columns(_segment_of(pl.col(by), segment_set).alias(segment)), _BOTH
        values = [str(at) for at in range(len(placed))]
        number = rules.first([values[at] for at in outcomes], values).to_physical()
    elif "unknown" in names:
        # a column of both, so that they are found once
        frame = frame.with_columns(found.alias(by))
        unknown = pl.col(by).struct.field("unknown").alias(names["unknown"])
        frame = frame.with_columns(unknown, pl.col(by).struct.field("number").alias(by))
        number = pl.col(by)
    else:
        number = found
    made = _BOTH if found is None else frozenset(names)
    if found is not None and _same_order(segment_set):
        kind = codes(len(segment_set.deciders))
        decided = number.cast(kind).cat.to(pl.Enum(segment_set.deciders))
        frame = frame.with_columns(decided.alias(by))
        return frame.with_columns(_segment_of(pl.col(by), segment_set).alias(segment)), made
    segments, deciders = zip(*placed, strict=True)
    code = pl.col(by)
    frame = frame.with_columns(number.alias(by)).with_columns(
        _looked_up(code, segments, segment_set.segments).alias(segment),
        _looked_up(code, deciders, segment_set.deciders).alias(by),
    )
    return frame, made


def _numbers(segment_set: SegmentSet) -> tuple[list[int], list[tuple[str | None, str]]]:
    """The number of each outcome, and the segment and decider with each number.

    Where every segment has the code of its decider, the numbers are those codes.
    """
    outcomes = list(zip(_segments(segment_set), _deciders(segment_set), strict=True))
    if _same_order(segment_set):
        places = {name: at for at, name in enumerate(segment_set.deciders)}
        return [places[by] for _, by in outcomes], []
    placed = list(dict.fromkeys(outcomes))
    numbers = {outcome: at for at, outcome in enumerate(placed)}
    return [numbers[outcome] for outcome in outcomes], placed


_BOTH: frozenset[Part] = frozenset({"segment", "by"})


def capped(
    segment_set: SegmentSet, caps: int, before: tuple[pl.Expr, pl.Expr], scope: Scope
) -> tuple[pl.Expr, pl.Expr]:
    """The segment and what decided after so many caps, from those of one cap fewer."""
    cap = segment_set.caps[caps - 1]
    segment, by = before
    kept = lower(cap.rank, scope)
    stays = pl.lit(settled(kept) is True) if is_literal(kept) else kept.fill_null(value=False)
    moved = (segment == _segment(segment_set, cap.segment)) & ~stays
    decider = pl.lit("cap", dtype=pl.Enum(segment_set.deciders))
    return (
        pl.when(moved).then(_segment(segment_set, cap.rest)).otherwise(segment),
        pl.when(moved).then(decider).otherwise(by),
    )


def _with_parts(
    frame: pl.LazyFrame, segment_set: SegmentSet, parts: Mapping[Part, pl.Expr]
) -> pl.LazyFrame:
    return frame.with_columns(
        expr.alias(column_name(segment_set, part)) for part, expr in parts.items()
    )


def _final(segment_set: SegmentSet, rules: _Rules, scope: Scope) -> tuple[pl.Expr, pl.Expr]:
    """The segment and what decided after all caps."""
    held = _held(segment_set)
    if held is None:
        placed = rules.segment(segment_set), rules.by(segment_set)
    else:
        name = segment_set.name
        placed = pl.col(placed_column(name, held)), pl.col(decided_column(name, held))
    for caps in range(1 + (held or 0), 1 + len(segment_set.caps)):
        placed = capped(segment_set, caps, placed, scope)
    return placed


def _held(segment_set: SegmentSet) -> int | None:
    """After how many caps the frame holds the placement at least, as the caps' ranks read it."""
    nodes = on_row([cap.rank for cap in segment_set.caps])
    counts = [
        node.caps
        for node in nodes
        if isinstance(node, Placed) and node.set == segment_set.name and node.caps is not None
    ]
    return max(counts, default=None)


def _segment(segment_set: SegmentSet, name: str) -> pl.Expr:
    return pl.lit(name, dtype=pl.Enum(segment_set.segments))


def _allotted(segment_set: SegmentSet, segment: pl.Expr, scope: Scope) -> pl.Expr:
    """The first rank that a row is in says to whom; without one the rest of its segment."""
    targets = [target for each in segment_set.allotments for target in each.targets]
    kind = pl.Enum(list(dict.fromkeys(targets)))
    answered = pl.lit(None, dtype=kind)
    for allotment in reversed(segment_set.allotments):
        here = segment == _segment(segment_set, allotment.segment)
        answered = pl.when(here).then(pl.lit(allotment.rest, dtype=kind)).otherwise(answered)
        for rank, target in reversed(allotment.best):
            best = lower(rank, scope)
            inside = here & (pl.lit(settled(best) is True) if is_literal(best) else best)
            answered = pl.when(inside).then(pl.lit(target, dtype=kind)).otherwise(answered)
    return answered


@dataclass(frozen=True, slots=True)
class _Rules:
    """The conditions, and which of them can be unknown."""

    tests: Sequence[pl.Expr]
    optional: Sequence[bool]

    @classmethod
    def of(cls, segment_set: SegmentSet, scope: Scope) -> _Rules:
        conditions = [rule.condition for rule in segment_set.rules]
        return cls(
            [lower(each, scope) for each in conditions], [each.optional for each in conditions]
        )

    @property
    def doubtful(self) -> list[pl.Expr]:
        return [test for test, can in zip(self.tests, self.optional, strict=True) if can]

    def first(self, outcomes: Sequence[str | None], values: Sequence[str]) -> pl.Expr:
        """The outcome of the first true rule; the last two are for `otherwise` and `unsure`."""
        kind = pl.Enum(list(dict.fromkeys(values)))
        *matched, otherwise, unsure = (pl.lit(outcome, dtype=kind) for outcome in outcomes)
        rest = self._rest(otherwise, unsure)
        open_rules: list[tuple[pl.Expr, pl.Expr]] = []
        for test, outcome in zip(self.tests, matched, strict=True):
            if not is_literal(test):
                open_rules.append((test, outcome))
            elif settled(test) is True:
                rest = outcome
                break
        chunks = [_chain(open_rules[at : at + CHUNK]) for at in range(0, len(open_rules), CHUNK)]
        return pl.coalesce([*chunks, rest])

    def segment(self, segment_set: SegmentSet) -> pl.Expr:
        return self.first(_segments(segment_set), segment_set.segments)

    def by(self, segment_set: SegmentSet) -> pl.Expr:
        return self.first(_deciders(segment_set), segment_set.deciders)

    def _rest(self, otherwise: pl.Expr, unsure: pl.Expr) -> pl.Expr:
        """What it is where no rule is true: unknown then means that some rule is."""
        if any(is_literal(test) and settled(test) is None for test in self.doubtful):
            return unsure
        doubtful = [test for test in self.doubtful if not is_literal(test)]
        if not doubtful:
            return otherwise
        return pl.when(pl.any_horizontal(doubtful).is_null()).then(unsure).otherwise(otherwise)

    def unknown(self) -> pl.Expr:
        """How many rules are unknown."""
        if not self.doubtful:
            return pl.lit(0, dtype=pl.UInt32)
        narrow = pl.UInt8 if len(self.doubtful) <= _ONE_BYTE else pl.UInt32
        ones = [test.is_null().cast(narrow) for test in self.doubtful]
        return pl.sum_horizontal(ones).cast(pl.UInt32)


def _chain(rules: Sequence[tuple[pl.Expr, pl.Expr]]) -> pl.Expr:
    """Null where none is true."""
    chain = pl.lit(None)
    for test, outcome in reversed(rules):
        chain = pl.when(test).then(outcome).otherwise(chain)
    return chain


def _segments(segment_set: SegmentSet) -> tuple[str | None, ...]:
    """The segment of each rule, of `otherwise` and of `unsure`."""
    unsure = segment_set.unsure
    return (
        *(rule.segment for rule in segment_set.rules),
        segment_set.otherwise.segment,
        unsure.segment if unsure else None,
    )


def _deciders(segment_set: SegmentSet) -> tuple[str, ...]:
    """What decides where each rule is true, for `otherwise` and for `unsure`."""
    return (*(rule.decider for rule in segment_set.rules), "otherwise", "unsure")


def _looked_up(code: pl.Expr, names: Sequence[str | None], values: Sequence[str]) -> pl.Expr:
    """The name with each code, as an Enum of all values."""
    named = pl.Series(names, dtype=pl.Enum(values))
    return code.map_batches(named.gather, return_dtype=named.dtype, is_elementwise=True)


def _same_order(segment_set: SegmentSet) -> bool:
    """Whether every outcome's segment has the code of what decides for it."""
    segments = {name: at for at, name in enumerate(segment_set.segments)}
    deciders = {name: at for at, name in enumerate(segment_set.deciders)}
    pairs = zip(_segments(segment_set), _deciders(segment_set), strict=True)
    return all(
        # without `unsure` the last decider stands for no segment
        deciders[by] == (len(segments) if segment is None else segments[segment])
        for segment, by in pairs
    )


def _segment_of(decider: pl.Expr, segment_set: SegmentSet) -> pl.Expr:
    """The segment with the code of its decider; null past the last segment."""
    count = len(segment_set.segments)
    code = decider.to_physical()
    if count == len(segment_set.deciders):
        return code.cast(codes(count)).cat.to(pl.Enum(segment_set.segments))
    # Arrow files refuse a code past the last value even where it is masked as missing.
    within = pl.when(code < count).then(code).otherwise(0).cast(codes(count))
    return pl.when(code < count).then(within.cat.to(pl.Enum(segment_set.segments)))
