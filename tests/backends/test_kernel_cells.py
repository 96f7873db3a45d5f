"""Rows are placed by cells as the tests of the cells say, whatever the columns look like."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

import polars as pl
import pytest

from segrules.backends.kernel import matching
from segrules.backends.kernel.matching import Matcher
from segrules.lang.cells import Cells, Domain, Line, Listed, Ordered, Subject, cell_of
from segrules.lang.cells import Test as CellTest
from segrules.lang.ir import Column, Value
from segrules.lang.types import Date, Enum, Flag, Instant, Link, Number, Set, Text, Type, Whole

DAY = dt.date(2026, 6, 30)
MOMENT = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
TIER = Enum(("bronze", "silver", "gold"))
LONG = [f"a text of more than twelve bytes {at}" for at in range(3)]


def spread(count: int) -> list[float]:
    return [at * 0.5 - 3 for at in range(count)]


SUBJECTS: list[tuple[Type, Domain, list[Value]]] = [
    (Number(), Ordered((-0.5, 0.0, 1.5)), [-1.0, -0.5, -0.0, 0.0, 1.4, 1.5, 1e300, 5e-324]),
    (Number(), Ordered(()), [0.0, -1e300]),
    (Number(), Ordered(tuple(spread(7))), spread(12)),
    (Number(), Ordered(tuple(spread(8))), spread(12)),
    (Number(), Ordered(tuple(spread(100))), [each + more for each in spread(130)
                                             for more in (0.0, -0.25)]),
    (Whole(), Ordered((-(2**63), 0, 2**63 - 1)), [-(2**63), -1, 0, 1, 2**63 - 2, 2**63 - 1]),
    (Whole(), Ordered(tuple(range(0, 500, 7))), list(range(-10, 520, 3))),
    (Date(), Ordered((dt.date.min, DAY, dt.date.max)),
     [dt.date.min, DAY - dt.timedelta(1), DAY, dt.date(1969, 12, 31), dt.date.max]),
    (Instant(), Ordered((MOMENT,)),
     [MOMENT, MOMENT - dt.timedelta(microseconds=1), MOMENT.replace(year=1901)]),
    (Flag(), Listed((False, True)), [False, True]),
    (TIER, Listed(("gold", "bronze")), list(TIER.values)),
    (TIER, Listed(()), list(TIER.values)),
    (Text(), Listed(()), ["", "a"]),
    (Text(), Listed(("", "ä", "twelve bytes", "b")),
     ["", "ä", "twelve bytes", "twelve bytes!", "twelve bytez", "twelve byte", "b", "b\0",
      LONG[0]]),
    (Link("x"), Listed(tuple(f"k{at}" for at in range(200))),
     [f"k{at}" for at in range(250)] + LONG),
    (Text(), Listed((LONG[0], "a", LONG[2])), [*LONG, LONG[0] + "!", "a", ""]),
    (Set(("x", "y")), Listed(()), [["x"], [], ["x", "y"]]),
]  # fmt: skip
DTYPES = {Number: pl.Float64, Whole: pl.Int64, Date: pl.Date, Flag: pl.Boolean, Text: pl.String,
          Link: pl.String, Instant: pl.Datetime("us", "UTC"), Set: pl.List(pl.String)}  # fmt: skip


def column(luck: random.Random, at: int, rows: int, missing: float) -> tuple[pl.Series, list]:
    """A column as it may come: cut out of another, in several chunks."""
    kind, _, values = SUBJECTS[at]
    drawn = [None if luck.random() < missing else luck.choice(values) for _ in range(rows + 13)]
    dtype = pl.Enum(kind.values) if isinstance(kind, Enum) else DTYPES[type(kind)]
    made = pl.Series(drawn, dtype=dtype)
    before = luck.randrange(13)
    cut, drawn = made.slice(before, rows), drawn[before : before + rows]
    if luck.random() < 0.3 and rows > 3:
        cut = pl.concat([cut.head(rows // 3), cut.slice(rows // 3)], rechunk=False)
        assert cut.n_chunks() == 2
    return cut, drawn


def cells(luck: random.Random, chosen: Sequence[int], lines: int, *, lone: bool) -> Cells:
    subjects = tuple(
        Subject(Column("t", f"c{at}", SUBJECTS[at][0], True), SUBJECTS[at][1]) for at in chosen
    )
    made, rule = [], 0
    for _ in range(lines):
        rule += 1 if lone else luck.choice([0, 0, 1, 2])
        tested = sorted(luck.sample(range(len(chosen)), luck.randint(0, len(chosen))))
        tests = []
        for subject in tested:
            size = subjects[subject].size
            true = luck.getrandbits(size) | luck.getrandbits(size)
            possible = true | (luck.getrandbits(size) if luck.random() < 0.5 else 1 << (size - 1))
            tests.append(CellTest(subject, true, possible))
        made.append(Line(rule, tuple(tests)))
    return Cells(subjects, tuple(made), rule + 2)


def expected(found: Cells, values: Sequence[Sequence[Value]], outcomes: Sequence[int]):
    """The outcome and the number of unknown rules of each row, one test at a time."""
    for row in zip(*values, strict=True):
        at = [cell_of(each.domain, value) if not isinstance(value, list) else 0
              for each, value in zip(found.subjects, row, strict=True)]  # fmt: skip
        true, possible = set(), set()
        for line in found.lines:
            if all(test.true >> at[test.subject] & 1 for test in line.tests):
                true.add(line.rule)
            if all(test.possible >> at[test.subject] & 1 for test in line.tests):
                possible.add(line.rule)
        unknown = len(possible - true)
        if true:
            yield outcomes[min(true)], unknown
        else:
            yield outcomes[-1] if unknown else outcomes[-2], unknown


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize(("lines", "lone"), [(0, True), (1, True), (7, True), (64, True),
                                             (65, True), (7, False), (200, False)])  # fmt: skip
@pytest.mark.parametrize("seed", range(6))
def test_any_cells(seed: int, lines: int, lone: bool, missing: float, monkeypatch) -> None:
    luck = random.Random(f"{seed} {lines} {lone} {missing}")  # noqa: S311
    monkeypatch.setattr(matching, "BLOCK", 50)
    monkeypatch.setattr(matching, "PART", 60)
    monkeypatch.setattr(matching, "THREADS", 2)
    chosen = luck.sample(range(len(SUBJECTS)), luck.randint(1, 8))
    found = cells(luck, chosen, lines, lone=lone)
    columns, values = zip(*(column(luck, at, 217, missing) for at in chosen), strict=True)
    high = luck.choice([100, 1000])
    outcomes = [luck.randrange(high) for _ in range(found.rules)] + [high, high + 1]
    want = list(expected(found, values, outcomes))
    matcher = Matcher(found, outcomes)
    codes, counts = matcher.place(columns, 217, counted=True)
    assert codes.tolist() == [code for code, _ in want]
    assert counts.tolist() == [count for _, count in want]
    alone, none = matcher.place(columns, 217, counted=False)
    assert alone.tolist() == codes.tolist()
    assert len(none) == 0


@pytest.mark.parametrize("at", range(len(SUBJECTS)))
def test_each_subject_is_in_the_cell_of_its_value(at: int) -> None:
    """A line a cell: the outcome is the cell."""
    kind, domain, values = SUBJECTS[at]
    subject = Subject(Column("t", "c", kind, True), domain)
    lines = tuple(Line(cell, (CellTest(0, 1 << cell, 1 << cell),)) for cell in range(subject.size))
    matcher = Matcher(Cells((subject,), lines, subject.size), range(subject.size + 2))
    drawn = [*values, None, *values[::-1]]
    dtype = pl.Enum(kind.values) if isinstance(kind, Enum) else DTYPES[type(kind)]
    want = [0 if isinstance(each, list) else cell_of(domain, each) for each in drawn]
    codes, _ = matcher.place([pl.Series(drawn, dtype=dtype)], len(drawn), counted=False)
    assert codes.tolist() == want


def test_one_value_stands_for_all_rows() -> None:
    flag = Subject(Column("t", "c", Flag(), True), Listed((False, True)))
    number = Subject(Column("t", "n", Whole(), True), Ordered((5,)))
    line = Line(0, (CellTest(0, 0b0010, 0b1010), CellTest(1, 0b010, 0b110)))
    matcher = Matcher(Cells((flag, number), (line,), 1), [7, 8, 9])
    codes, counts = matcher.place([pl.Series([True]), pl.Series([4, 5, None, 6])], 4, counted=True)
    assert codes.tolist() == [8, 7, 9, 7]
    assert counts.tolist() == [0, 0, 1, 0]


def test_no_rows() -> None:
    number = Subject(Column("t", "n", Whole(), True), Ordered((5,)))
    matcher = Matcher(Cells((number,), (Line(0, (CellTest(0, 2, 2),)),), 1), [0, 1, 2])
    codes, counts = matcher.place([pl.Series([], dtype=pl.Int64)], 0, counted=True)
    assert (len(codes), len(counts)) == (0, 0)


def test_more_cells_than_two_bytes_tell_apart() -> None:
    subject = Subject(Column("t", "n", Whole(), True), Ordered(tuple(range(70_000))))
    line = Line(0, (CellTest(0, 1 << 69_999, 1 << 69_999),))
    matcher = Matcher(Cells((subject,), (line,), 1), [0, 1, 2])
    codes, _ = matcher.place([pl.Series([69_997, 69_998, 69_999, 4_462])], 4, counted=False)
    assert codes.tolist() == [1, 0, 1, 1]
