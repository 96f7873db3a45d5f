"""A segment set over a frame: the first true rule as one short plan.

Rules are decided in chunks of a few `when`s of Enum literals, joined by `coalesce`: a flat chain
takes Polars more than linear time to plan and to run, and text literals take three times as long.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from segrules.backends.polars.dtypes import is_literal, settled
from segrules.backends.polars.lower import Scope, lower
from segrules.lang.ir import SegmentSet

CHUNK = 10
"""Rules in one chain, by measurement: with 12 rules fewer are faster, with 1,000 more are."""

_ONE_BYTE = 2**8 - 1
_TWO_BYTES = 2**16 - 1

Part = Literal["segment", "by", "unknown"]
ALL_PARTS: tuple[Part, ...] = ("segment", "by", "unknown")


def column_name(segment_set: SegmentSet, part: Part) -> str:
    """What a part is called in a frame: `treatment`, `treatment_by`, `treatment_unknown`."""
    return segment_set.name if part == "segment" else f"{segment_set.name}_{part}"


def assigned(
    frame: pl.LazyFrame,
    segment_set: SegmentSet,
    scope: Scope,
    want: Collection[Part] = ALL_PARTS,
) -> pl.LazyFrame:
    """The prepared frame with the parts asked for (see `column_name`).

    Faster than `assign` where both the segment and what decided are asked for: one is read off
    the other in a second step, and Polars decides every rule once.
    """
    first = set(want)
    read_off = {"segment", "by"} <= first and _same_order(segment_set)
    if read_off:
        first.remove("segment")
    parts = assign(segment_set, scope, first)
    frame = frame.with_columns(
        expr.alias(column_name(segment_set, part)) for part, expr in parts.items()
    )
    if not read_off:
        return frame
    decider = pl.col(column_name(segment_set, "by"))
    return frame.with_columns(_segment_of(decider, segment_set).alias(segment_set.name))


def assign(
    segment_set: SegmentSet, scope: Scope, want: Collection[Part] = ALL_PARTS
) -> dict[Part, pl.Expr]:
    """The parts as expressions over the prepared frame, to be used in `with_columns`.

    `segment` is an Enum of the set's segments, null when unsure and no `unsure` is declared; `by`
    an Enum of its deciders; `unknown` counts the rules that are unknown (UInt32).
    """
    rules = _Rules(
        [lower(rule.condition, scope) for rule in segment_set.rules],
        [rule.condition.optional for rule in segment_set.rules],
    )
    parts: dict[Part, pl.Expr] = {}
    if "segment" in want:
        parts["segment"] = rules.first(_segments(segment_set), segment_set.segments)
    if "by" in want:
        parts["by"] = rules.first(segment_set.deciders, segment_set.deciders)
    if "unknown" in want:
        parts["unknown"] = rules.unknown()
    return parts


@dataclass(frozen=True, slots=True)
class _Rules:
    """The conditions, and which of them can be unknown."""

    tests: Sequence[pl.Expr]
    optional: Sequence[bool]

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


def _same_order(segment_set: SegmentSet) -> bool:
    """Whether a segment has the code of what decides for it: nothing is named twice."""
    named = [segment for segment in _segments(segment_set) if segment is not None]
    deciders = segment_set.deciders
    return len(named) == len(set(named)) and len(deciders) == len(set(deciders))


def _segment_of(decider: pl.Expr, segment_set: SegmentSet) -> pl.Expr:
    """The segment with the code of its decider; null past the last segment."""
    count = len(segment_set.segments)
    code = decider.to_physical()
    if count == len(segment_set.deciders):
        return code.cast(_codes(count)).cat.to(pl.Enum(segment_set.segments))
    # Arrow files refuse a code past the last value even where it is masked as missing.
    within = pl.when(code < count).then(code).otherwise(0).cast(_codes(count))
    return pl.when(code < count).then(within.cat.to(pl.Enum(segment_set.segments)))


def _codes(count: int) -> pl.DataType:
    """What Polars holds the codes of so many Enum values in."""
    if count <= _ONE_BYTE:
        return pl.UInt8()
    return pl.UInt16() if count <= _TWO_BYTES else pl.UInt32()
