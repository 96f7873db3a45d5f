"""Each declared type reads what means the same, and nothing else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from segments_shop import EVERY_TYPE, ruleset

from segrules.lang.ir import Table, TableColumn
from segrules.lang.types import Date, Enum, Flag, Instant, Money, Number, Share, Text, Type, Whole
from segrules.segments import cells
from segrules.segments.border import canonical, canonical_in_memory, readings
from segrules.text.diagnostic import RulesError

GBP = Money("GBP")
Case = tuple[object, object]
"""A cell and its canonical value; None is missing."""


def one_column(kind: Type) -> Table:
    return Table("t", "related", "x", (TableColumn("x", "X", kind, optional=True),))


def check(kind: Type, source: pl.Series, expected: list[object]) -> None:
    """Values, the count of what cannot be read, and the short cut in memory all agree."""
    frame = pl.DataFrame({"X": source})
    table = one_column(kind)
    rules = ruleset(table)
    lazy = canonical(frame.lazy(), table, rules).collect()
    assert lazy["x"].to_list() == expected
    (read,) = readings(table, frame.schema, rules)
    unreadable = frame.select(read.unreadable.sum()).item()
    empty = frame.select(read.absent.sum()).item()
    assert unreadable + empty == expected.count(None)
    memory, full = canonical_in_memory(frame, table, rules, {"x"})
    assert memory.collect().equals(lazy)
    assert not full or None not in expected


TEXT_CELLS: dict[str, tuple[Type, list[Case]]] = {
    "text": (Text(), [("007", "007"), (" a", " a"), ("", ""), (None, None)]),
    "whole": (
        Whole(0, 12),
        [
            ("3", 3),
            ("007", 7),
            ("+1", 1),
            ("-0", 0),
            ("13", None),
            ("1.0", None),
            (" 1", None),
            ("1_0", None),
            ("\u0665", None),
            ("9" * 5000, None),
            ("", None),
            ("1\n", None),
        ],
    ),
    "whole without bounds": (
        Whole(),
        [
            ("1000000000000000", 10**15),
            ("1000000000000001", None),
            ("-1000000000000000", -(10**15)),
        ],
    ),
    "number": (
        Number(None, None),
        [
            ("1.5", 1.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("-1e-3", -0.001),
            ("1e999", None),
            ("inf", None),
            ("NaN", None),
            ("1,5", None),
            ("0x10", None),
            ("\u0665", None),
        ],
    ),
    "number with bounds": (Number(0, 5), [("5", 5.0), ("5.1", None), ("-0.1", None)]),
    "money": (
        GBP,
        [
            ("300", 30000),
            ("300.5", 30050),
            ("-0.05", -5),
            ("1.2300", 123),
            ("1.234", None),
            ("0.1", 10),
            ("+3", 300),
            ("1,000", None),
            ("£3", None),
            ("5.", None),
            ("1e2", None),
            ("10000000000000", 10**15),
            ("10000000000000.01", None),
            ("9" * 60, None),
        ],
    ),
    "money without decimals": (Money("JPY"), [("300", 300), ("300.0", 300), ("1.5", None)]),
    "money with three decimals": (Money("KWD"), [("1.234", 1234), ("1.2345", None)]),
    "share": (
        Share(),
        [
            ("45%", 0.45),
            ("0.45", 0.45),
            ("100%", 1.0),
            ("1", 1.0),
            ("101%", None),
            ("1.01", None),
            ("-1%", None),
            ("%", None),
            ("45 %", None),
        ],
    ),
    "flag": (
        Flag(),
        [
            ("yes", True),
            ("NO", False),
            ("True", True),
            ("0", False),
            ("y", None),
            ("2", None),
        ],
    ),
    "date": (
        Date(),
        [
            ("2026-01-31", dt.date(2026, 1, 31)),
            ("2024-02-29", dt.date(2024, 2, 29)),
            ("2026-02-29", None),
            ("2026-1-1", None),
            ("31/01/2026", None),
            ("0000-01-01", None),
            ("9999-12-31", dt.date(9999, 12, 31)),
            ("2026-01-31T00:00", None),
        ],
    ),
    "enum": (
        Enum(("north", "south")),
        [
            ("north", "north"),
            ("North", None),
            ("nord", None),
            ("", None),
            ("south ", None),
        ],
    ),
}


@pytest.mark.parametrize("name", TEXT_CELLS)
def test_text_cells(name: str) -> None:
    kind, cases = TEXT_CELLS[name]
    source = pl.Series([cell for cell, _ in cases], dtype=pl.String)
    check(kind, source, [value for _, value in cases])
    check(kind, source.cast(pl.Categorical), [value for _, value in cases])


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]


def test_written_instants() -> None:
    cases: list[Case] = [
        ("2026-07-01T10:00:00Z", utc(2026, 7, 1, 10)),
        ("2026-07-01 10:00Z", utc(2026, 7, 1, 10)),
        ("2026-01-01T10:00:00+05:30", utc(2026, 1, 1, 4, 30)),
        ("2026-01-01T10:00:00.25-0800", utc(2026, 1, 1, 18, 0, 0, 250_000)),
        ("2026-07-01T10:00:00.123456789Z", utc(2026, 7, 1, 10, 0, 0, 123_456)),
        # local time of the zone: summer, the hour that comes twice, the hour that never comes
        ("2026-07-01T10:00", utc(2026, 7, 1, 9)),
        ("2026-10-25 01:30", utc(2026, 10, 25, 0, 30)),
        ("2026-03-29 01:30", None),
        ("2026-07-01", None),
        ("2026-07-01T24:00", None),
        ("2026-07-01T10:00:60Z", None),
        ("2026-07-01T10:00+24:00", None),
        ("0000-07-01T10:00Z", None),
        ("", None),
    ]
    check(Instant(), pl.Series([cell for cell, _ in cases]), [value for _, value in cases])


TYPED_CELLS: list[tuple[Type, pl.Series, list[object]]] = [
    (Whole(0, 12), pl.Series([3, 13, None], dtype=pl.UInt8), [3, None, None]),
    (Whole(), pl.Series([2**64 - 1, 5], dtype=pl.UInt64), [None, 5]),
    (Whole(0, 12), pl.Series([1.0, 2.5, float("inf"), float("nan"), None]), [1] + [None] * 4),
    (Whole(), pl.Series([Decimal("7.00"), Decimal("7.50")]), [7, None]),
    (Number(None, None), pl.Series([1.5, float("nan"), float("-inf"), None]), [1.5] + [None] * 3),
    (Number(0, 5), pl.Series([1.0, 6.0]), [1.0, None]),
    (Number(), pl.Series([1, None], dtype=pl.Int8), [1.0, None]),
    (Share(), pl.Series([0.5, 1.5, -0.5]), [0.5, None, None]),
    (GBP, pl.Series([300, 2**62, -1]), [30_000, None, -100]),
    (GBP, pl.Series([3, 127], dtype=pl.Int8), [300, 12_700]),
    # exact halves of a minor unit go to the even one
    (GBP, pl.Series([0.125, 0.375, -0.125, float("nan"), 1e300]), [12, 38, -12, None, None]),
    (Money("GBP", 1000, 2000), pl.Series([9.5, 10.0, 20.0, 20.01]), [None, 1000, 2000, None]),
    (Money("GBP", 1000, 2000), pl.Series([9.994, 15.0]), [None, 1500]),
    (Money("GBP", 1000, 2000), pl.Series([9, 10, 20, 21]), [None, 1000, 2000, None]),
    (Money("GBP", 1050, 1950), pl.Series([10, 11, 19, 20]), [None, 1100, 1900, None]),
    (GBP, pl.Series([Decimal("1.230"), Decimal("1.234")]), [123, None]),
    (GBP, pl.Series([Decimal("1.2"), Decimal("-3.0")]), [120, -300]),
    (Flag(), pl.Series([True, None]), [True, None]),
    (Date(), pl.Series([dt.date(2026, 1, 31), None]), [dt.date(2026, 1, 31), None]),
    (
        Date(),
        pl.Series([-10_000_000, 0], dtype=pl.Int32).cast(pl.Date),
        [None, dt.date(1970, 1, 1)],
    ),
    (
        Instant(),
        pl.Series([dt.datetime(2026, 7, 1, 10), dt.datetime(2026, 3, 29, 1, 30)]),
        [utc(2026, 7, 1, 9), None],
    ),
    (
        Instant(),
        pl.Series([dt.datetime(2026, 7, 1, 10)], dtype=pl.Datetime("ns", "Asia/Tokyo")),
        [utc(2026, 7, 1, 10)],
    ),
    (Enum(("a", "b")), pl.Series(["b", "z"], dtype=pl.Enum(["z", "b"])), ["b", None]),
    (Number(), pl.Series([None, None], dtype=pl.Null), [None, None]),
]


@pytest.mark.parametrize(("kind", "source", "expected"), TYPED_CELLS)
def test_typed_cells(kind: Type, source: pl.Series, expected: list[object]) -> None:
    check(kind, source, expected)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        (Text(), pl.Series([7])),
        (Whole(), pl.Series([True])),
        (Date(), pl.Series([dt.datetime(2026, 1, 1)])),
        (Instant(), pl.Series([dt.date(2026, 1, 1)])),
        (Flag(), pl.Series([1])),
        (Enum(("a",)), pl.Series([1])),
        (GBP, pl.Series([True])),
        (Text(), pl.Series([["a"]])),
        (Number(), pl.Series([dt.timedelta(1)])),
    ],
)
def test_other_types_are_refused(kind: Type, source: pl.Series) -> None:
    table = one_column(kind)
    with pytest.raises(RulesError) as raised:
        canonical(pl.LazyFrame({"X": source}), table, ruleset(table))
    assert [found.code for found in raised.value.diagnostics] == ["SEG407"]


def test_all_lacking_columns_are_named_at_once() -> None:
    frame = pl.LazyFrame({"thing_id": ["a"], "Points": ["1"]})
    with pytest.raises(RulesError) as raised:
        canonical(frame, EVERY_TYPE, ruleset(EVERY_TYPE))
    found = raised.value.diagnostics
    assert len(found) == len(EVERY_TYPE.columns)
    assert {each.code for each in found} == {"SEG406"}
    hints = {each.message: each.hint for each in found}
    points = "the column `points` of `things` is not in the data"
    assert hints[points] == "the closest heading is `Points`"


def test_headings_become_names_in_declared_order(tmp_path: Path) -> None:
    headings = [each.heading for each in EVERY_TYPE.columns]
    frame = pl.LazyFrame({name: pl.Series([None], dtype=pl.String) for name in reversed(headings)})
    read = canonical(frame, EVERY_TYPE, ruleset(EVERY_TYPE)).collect()
    assert read.columns == [each.name for each in EVERY_TYPE.columns]


def test_in_memory_says_which_columns_are_full() -> None:
    frame = pl.DataFrame({"X": [1, 2, 3]})
    table = one_column(Whole(0, 12))
    _, full = canonical_in_memory(frame, table, ruleset(table), {"x"})
    assert full == {"x"}
    _, unasked = canonical_in_memory(frame, table, ruleset(table), set())
    assert unasked == frozenset()


@pytest.mark.parametrize("kind", [Whole(), Number(), Share(), GBP, Flag(), Date(), Instant()])
def test_empty_text_is_missing_and_not_unreadable(kind: Type) -> None:
    frame = pl.DataFrame({"X": ["", None, "x"]})
    table = one_column(kind)
    (read,) = readings(table, frame.schema, ruleset(table))
    assert frame.select(bad=read.unreadable)["bad"].to_list() == [False, False, True]
    assert frame.select(absent=read.absent)["absent"].to_list() == [True, True, False]


@pytest.mark.parametrize("rows", [1, 5])
def test_every_percent_is_the_closest_double(rows: int) -> None:
    for at in range(101):
        read = cells.share(pl.col("part"), pl.String())
        assert read is not None
        frame = pl.LazyFrame({"part": [f"{at}%"] * rows})
        for engine in ("in-memory", "streaming"):
            found = frame.select(read.value).collect(engine=engine).to_series()
            assert found.to_list() == [float(Fraction(at, 100))] * rows
