"""Segment sets: the first true rule, what is unknown, caps and allotments.

Each rule is a flag with a name, so it is computed once. Of large sets a block of rules is brought
down to two numbers before the next one is asked, as rows have room for so many columns only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segrules.backends.sql import words as w
from segrules.backends.sql.frame import Low
from segrules.backends.sql.words import Sql
from segrules.lang.ir import SegmentSet

if TYPE_CHECKING:
    from segrules.backends.sql.lower import Frame

BLOCK = 100
"""Rules whose flags stand in a row at once."""


@dataclass(frozen=True, slots=True)
class Truths:
    """Which rule is the first true one, as a test for each, and how many are unknown."""

    tests: Sequence[Sql]
    unknown: Sql
    some_unknown: Sql
    level: int


def truths(frame: Frame, found: SegmentSet) -> Truths:
    """What is true of the rules of a set; its conditions stand on the row."""
    if found.name not in frame.truths:
        frame.prepare([rule.condition for rule in found.rules])
        many = len(found.rules) > BLOCK
        frame.truths[found.name] = (_in_blocks if many else _at_once)(frame, found)
    return frame.truths[found.name]


def _at_once(frame: Frame, found: SegmentSet) -> Truths:
    flags = _flags(frame, found, 0, len(found.rules), 0)
    tests = [flag.sql for flag in flags]
    lacking = [w.is_null(w.again(test)) for test in tests]
    return Truths(tests, _count(tests), w.any_of(lacking), _highest(flags))


def _in_blocks(frame: Frame, found: SegmentSet) -> Truths:
    """The number of the first true rule of each block, and how many of its rules are unknown."""
    firsts: list[Low] = []
    unknowns: list[Low] = []
    level = 0
    for start in range(0, len(found.rules), BLOCK):
        flags = _flags(frame, found, start, min(start + BLOCK, len(found.rules)), level)
        tests = [flag.sql for flag in flags]
        cases = [(w.again(test), w.whole(at)) for at, test in enumerate(tests, start)]
        at = _highest(flags)
        firsts.append(frame.chain.column(f"{found.name}_first", w.case(cases), at))
        unknowns.append(frame.chain.column(f"{found.name}_open", _count(tests), at))
        level = firsts[-1].level
    number = frame.chain.column(
        f"{found.name}_rule", w.coalesce(*(each.sql for each in firsts)), level
    )
    total = w.summed([each.sql for each in unknowns])
    open_rules = frame.chain.column(f"{found.name}_open", total, level)
    first = [w.eq(w.again(number.sql), w.whole(at)) for at in range(len(found.rules))]
    some = w.gt(w.again(open_rules.sql), w.whole(0))
    return Truths(first, open_rules.sql, some, number.level)


def _flags(frame: Frame, found: SegmentSet, start: int, end: int, after: int) -> list[Low]:
    return [
        frame.chain.named(
            frame.lower(found.rules[at].condition), f"{found.name}_{at + 1}", after=after
        )
        for at in range(start, end)
    ]


def _count(tests: Sequence[Sql]) -> Sql:
    """How many are unknown."""
    return w.summed([w.when(w.is_null(w.again(test)), w.whole(1), w.whole(0)) for test in tests])


def _highest(lows: Sequence[Low]) -> int:
    return max((low.level for low in lows), default=0)


# ---- placements


def placement(frame: Frame, found: SegmentSet, caps: int) -> tuple[Low, Low]:
    """The segment and what decided it, after so many caps."""
    for at in range(caps + 1):
        if (found.name, at) not in frame.placements:
            made = _first_match(frame, found) if at == 0 else _capped(frame, found, at)
            frame.placements[found.name, at] = made
    return frame.placements[found.name, caps]


def _first_match(frame: Frame, found: SegmentSet) -> tuple[Low, Low]:
    asked = truths(frame, found)
    unsure = found.unsure
    segments = [rule.segment for rule in found.rules]
    deciders = [rule.decider for rule in found.rules]
    missing = frame.dialect.null("text")
    segment = _chosen(
        asked, segments, found.otherwise.segment, w.text(unsure.segment) if unsure else missing
    )
    by = _chosen(asked, deciders, "otherwise", w.text("unsure"))
    return (
        frame.chain.column(found.name, segment, asked.level),
        frame.chain.column(f"{found.name}_by", by, asked.level),
    )


def _chosen(asked: Truths, outcomes: Sequence[str], otherwise: str, unsure: Sql) -> Sql:
    cases = [
        (w.again(test), w.text(outcome))
        for test, outcome in zip(asked.tests, outcomes, strict=True)
    ]
    return w.case([*cases, (w.again(asked.some_unknown), unsure)], w.text(otherwise))


def _capped(frame: Frame, found: SegmentSet, caps: int) -> tuple[Low, Low]:
    """Those who are not in the rank of a cap go to its `rest`."""
    segment, by = frame.placements[found.name, caps - 1]
    cap = found.caps[caps - 1]
    frame.prepare([cap.rank])
    rank = frame.chain.named(frame.lower(cap.rank))
    level = max(segment.level, by.level, rank.level)
    here = w.eq(w.again(segment.sql), w.text(cap.segment))
    moved = w.every([here, w.not_(w.coalesce(rank.sql, w.false()))])
    return (
        frame.chain.column(
            found.name, w.when(moved, w.text(cap.rest), w.again(segment.sql)), level
        ),
        frame.chain.column(
            f"{found.name}_by", w.when(w.again(moved), w.text("cap"), w.again(by.sql)), level
        ),
    )


def allotted(frame: Frame, found: SegmentSet) -> Low:
    """To whom a row is allotted; NULL where nothing is said of its segment."""
    segment, _ = placement(frame, found, len(found.caps))
    level = segment.level
    cases: list[tuple[Sql, Sql]] = []
    for allotment in found.allotments:
        here = w.eq(w.again(segment.sql), w.text(allotment.segment))
        frame.prepare([rank for rank, _ in allotment.best])
        for rank, target in allotment.best:
            best = frame.flat(frame.lower(rank))
            level = max(level, best.level)
            cases.append((w.every([w.again(here), best.sql]), w.text(target)))
        cases.append((here, w.text(allotment.rest)))
    return Low(w.case(cases, frame.dialect.null("text")), level)
