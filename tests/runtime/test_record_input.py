"""What a record may be: named errors for what it may not, and the meaning that tables give it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
import random
from collections import UserDict
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from pydantic import BaseModel
from runtime_shop import AS_OF, RECORD, decider

from segrules.backends.record.frozen import type_of
from segrules.lang.ir import Ruleset, Table, TableColumn
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Set,
    Share,
    Text,
    Type,
    Whole,
)
from segrules.runtime import Decision, RecordError
from segrules.runtime.reading import UnreadError, reader
from segrules.segments.border import canonical
from segrules.segments.export import _spelled

CHECKED = decider()
NOW = {"as_of": AS_OF, "features": {"calls_90d": 0}, "contacts": []}


def decide(**changed: Any) -> Decision:
    return CHECKED.decide({**RECORD, **changed}, **NOW)


# ---- errors

BAD = {
    "weight": [(math.nan, "number"), (math.inf, "number"), ("3", "type"), (True, "type"),
               (1e16, "range"), ([1], "type"), (Decimal("NaN"), "number")],
    "orders": [(Decimal("1e999999"), "range"), (101, "range"), (-1, "range"), (1.5, "fraction"),
               (None, "missing"), ("3", "type"),
               (True, "type"), (math.nan, "number"), (10**400, "range")],
    "part": [(1.1, "range"), (-0.1, "range"), ("50%", "type"), (math.nan, "number")],
    "fee": [(Decimal("1.005"), "fraction"), ("1.005", "fraction"), ("£3", "value"),
            ("1e3", "value"), (math.nan, "number"), (True, "type"), (10**14, "range"),
            (Decimal("Infinity"), "number"), ([], "type"), (Decimal("1e9999"), "range"),
            ("٣", "value")],
    "tier": [("platinum", "value"), (3, "type"), (None, "missing"), ("Gold", "value"),
             (["gold"], "type")],
    "vip": [("yes", "type"), (1, "type"), (None, "missing"), (0.0, "type")],
    "born": [(dt.datetime(2000, 1, 1), "type"), ("2000-02-30", "value"), ("1/2/2000", "value"),
             (20000101, "type")],
    "seen": [("2026-06-01", "value"), (dt.date(2026, 6, 1), "type"), ("2026-03-29T01:30", "value"),
             (dt.datetime(1, 1, 1, tzinfo=dt.UTC), "range"), (5, "type")],
    "likes": [("tea;gin", "value"), (["gin"], "value"), ([1], "type"), (3, "type")],
    "name": [(3, "type"), ("\ud800", "value"), (b"anna", "type")],
    "agent": [(3, "type")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [(field, value, code) for field, values in BAD.items() for value, code in values],
)
def test_what_cannot_be_read_is_a_named_error(field: str, value: Any, code: str) -> None:
    with pytest.raises(RecordError) as raised:
        decide(**{field: value})
    error = raised.value
    assert (error.code, error.field, error.table) == (code, field, "customers")
    assert isinstance(error, ValueError)
    assert field in str(error)
    assert "\n" not in str(error)
    if field == "name":
        assert error.value is None
        assert str(value) not in str(error).replace("customers.name", "")
    elif code != "missing":
        assert error.value is value


@pytest.mark.parametrize("field", [name for name in RECORD if name != "customer"])
def test_a_declared_column_must_be_there(field: str) -> None:
    lacking = {name: value for name, value in RECORD.items() if name != field}
    for record in (lacking, UserDict(lacking), dataclass_of(lacking)):
        with pytest.raises(RecordError) as raised:
            CHECKED.decide(record, **NOW)
        assert (raised.value.code, raised.value.field) == ("absent", field)


def test_columns_that_no_rule_reads_need_not_be_there() -> None:
    assert "note" not in RECORD
    assert "note" not in {each.name for each in CHECKED.columns}
    assert decide(note=object()).segment == decide().segment


def test_absent_columns_may_be_missing() -> None:
    allowed = decider(absent="missing")
    lacking = {name: RECORD[name] for name in ("customer", "orders", "tier", "vip")}
    assert allowed.decide(lacking, **NOW) == decide()
    with pytest.raises(RecordError, match="orders") as raised:
        allowed.decide({"customer": "k1", "tier": "gold", "vip": False}, **NOW)
    assert raised.value.code == "absent"


def test_missing_values_may_be_allowed() -> None:
    allowed = decider(missing="allow")
    assert allowed.decide({**RECORD, "vip": None, "tier": "gold"}, **NOW).by == "unsure"
    assert allowed.decide({**RECORD, "vip": None}, **NOW) == decide()


def test_names_that_are_not_declared() -> None:
    assert decide(spnd=3) == decide()
    strict = decider(extra="refuse")
    assert strict.decide({**RECORD, "note": "x"}, **NOW) == decide()
    for record in ({**RECORD, "spnd": 3}, dataclass_of({**RECORD, "spnd": 3})):
        with pytest.raises(RecordError) as raised:
            strict.decide(record, **NOW)
        assert (raised.value.code, raised.value.field) == ("extra", "spnd")


@pytest.mark.parametrize("record", [None, "k1", 3, [RECORD], (1,)])
def test_what_is_no_record(record: Any) -> None:
    with pytest.raises(RecordError) as raised:
        CHECKED.decide(record, **NOW)
    assert (raised.value.code, raised.value.field) == ("type", "customers")


def test_what_is_passed_beside_the_record() -> None:
    for beside, code, field in (
        ({"features": {"calls": 3}}, "feature", "calls"),
        ({"features": {"calls_90d": -1}, "contacts": []}, "range", "calls_90d"),
        ({"features": {"calls_90d": None}, "contacts": []}, "missing", "calls_90d"),
        ({"features": {"calls_90d": "3"}, "contacts": []}, "type", "calls_90d"),
        ({"contcts": []}, "table", "contcts"),
        ({"related": {"contcts": []}}, "table", "contcts"),
        ({"lookup": {"agnts": {}}}, "table", "agnts"),
        ({}, "feature", "calls_90d, count_contacts_where_open"),
        ({"contacts": [{"at": "x", "open": True}]}, "value", "at"),
        ({"contacts": [{"open": True}]}, "absent", "at"),
        ({"contacts": [3]}, "type", "contacts"),
        ({"as_of": "yesterday", "contacts": []}, "type", "as_of"),
        ({"as_of": dt.datetime(2026, 1, 1), "contacts": []}, "type", "as_of"),
    ):
        with pytest.raises(RecordError) as raised:
            CHECKED.decide(RECORD, **beside)
        assert (raised.value.code, raised.value.field) == (code, field), beside
    with pytest.raises(RecordError) as raised:
        CHECKED.decide({**RECORD, "agent": "a1"}, **NOW)
    assert (raised.value.code, raised.value.field) == ("link", "agents")


# ---- kinds of records


def dataclass_of(values: dict[str, Any]) -> Any:
    made = dataclasses.make_dataclass("Customer", values)
    return made(**values)


class Customer(BaseModel):
    customer: str
    agent: str | None = None
    name: str | None = None
    tier: str = "silver"
    likes: list[str] | None = None
    orders: int = 3
    weight: float | None = None
    part: float | None = None
    fee: Decimal | None = None
    vip: bool = False
    born: dt.date | None = None
    seen: dt.datetime | None = None


@pytest.mark.parametrize("trusted", [False, True])
def test_every_kind_of_record(trusted: bool) -> None:
    made = decider(trusted=trusted)
    values = {**RECORD, "weight": 11.0, "orders": 7}
    expected = made.decide(values, **NOW)
    assert expected.segment == "heavy"
    records = [
        UserDict(values), MappingProxyType(values), dataclass_of(values),
        Customer(customer="k1", weight=11.0, orders=7), type("Plain", (), values)(),
    ]  # fmt: skip
    for record in records * 2:
        assert made.decide(record, **NOW) is expected
        assert made.decide_all(record, **NOW)["service"] == expected


# ---- the same raw value means the same as in a table


class Tier(enum.StrEnum):
    gold = "gold"


MEANS: list[tuple[Type, list[Any]]] = [
    (Money("GBP"), [300, -3, Decimal("12.50"), Decimal("0.00"), Decimal("-0.01"), "12.5", "+7",
                    "1.500", "", 0.125, 0.375, 1.005, 2.675, -0.125, 1e13, "1.005", "x", 10**13,
                    10**13 + 1, Decimal("1E+2"), Decimal("1.10"), 1e14, 0.005, 0.015]),
    (Money("JPY"), [300, "300", "300.0", 0.5, 1.5, Decimal("3.0"), "0.5"]),
    (Money("GBP", 0, 1000), [10, 11, -1, "10.00", "10.01", 9.999, 10.004, 10.006]),
    (Whole(0, 100), [3, 3.0, 100, 101, -1, 2.5, Decimal("4.0"), Decimal("4.5")]),
    (Number(), [1, 2.5, -0.0, 1e15, 1e16, Decimal("0.1"), math.nan, math.inf]),
    (Number(None, None), [1.5e300, math.nan, -math.inf]),
    (Share(), [0, 1, 0.5, 1.5, -0.1, math.nan]),
    (Flag(), [True, False]),
    (Date(), [dt.date(2026, 1, 31), "2026-01-31", "2026-02-30", "0001-01-01", "", "26-01-31"]),
    (Instant(), [dt.datetime(2026, 6, 1, 12), dt.datetime(2026, 3, 29, 1, 30),
                 dt.datetime(2026, 10, 25, 1, 30), dt.datetime(2026, 6, 1, tzinfo=dt.UTC),
                 dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)]),
    (Instant(), ["2026-06-01T12:00:00Z", "2026-06-01 12:00", "2026-03-29T01:30", "2026-10-25T01:30",
                 "2026-06-01T12:00:00.1234567+02:00", "2026-06-01T12:00-0530", "0001-01-01T00:00Z",
                 "9999-12-31T00:00Z", "2026-06-01", "", "2026-06-01T24:00Z",
                 "2026-06-01T12:00:60Z"]),
    (Enum(("gold", "silver")), ["gold", "tin", "", "GOLD"]),
    (Set(("tea", "coffee")), ["tea; coffee", "none", "", "tea;", "gin", "tea;tea"]),
    (Set(("tea", "coffee")), [["tea"], [], ["coffee", "tea"], ["gin"]]),
    (Text(), ["", "a", "süß", " a "]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values"), MEANS)
def test_a_raw_value_means_what_it_means_in_a_table(kind: Type, values: list[Any]) -> None:
    read = reader(type_of(kind), "Europe/London")
    for value in values:
        expected = in_table(kind, [value])[0]
        try:
            found = read(value)
        except UnreadError:
            found = None
        if isinstance(found, frozenset):
            found = [each for each in kind.values if each in found]  # type: ignore[union-attr]
        assert (found, type(found)) == (expected, type(expected)), value


def in_table(kind: Type, values: list[Any], column: TableColumn | None = None) -> list[Any]:
    """What a column of a table becomes."""
    held = column or TableColumn("x", "x", kind, True)
    table = Table("t", "main", "x", (held,))
    frame = pl.DataFrame({"x": values}, strict=False).lazy()
    found = canonical(frame, table, Ruleset("r", zone="Europe/London")).collect()["x"]
    if found.dtype == pl.Datetime("us", "UTC"):
        return [None if each is None else each.replace(tzinfo=dt.UTC) for each in found.to_list()]
    return found.to_list()


@pytest.mark.parametrize("how", ["trimmed", "casefolded", "digits"])
def test_text_is_cleaned_as_in_a_table(how: Any) -> None:
    column = TableColumn("x", "x", Text(), True, cleaning=(how,))
    read = reader(["text"], "UTC", [how])
    blanks = [chr(code) for code in range(0x3100) if chr(code).isspace()]
    values = [f"{each}A 1{each}" for each in blanks]
    values += ["", " ", "ÀÉ", "ΣΑΣ", "İ", "+44 20", "٣", "ẞ", "\u200ba"]
    assert [read(value) for value in values] == in_table(Text(), values, column)


def test_members_of_enumerations_are_their_values() -> None:
    read = reader(["enum", ["gold"]], "UTC")
    assert type(read(Tier.gold)) is str
    assert decide(tier=Tier.gold, vip=True).segment == "top"


def test_instants_of_any_zone() -> None:
    read = reader(["instant"], "Europe/London")
    here = dt.datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert read(here) == dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC)
    assert read(here).tzinfo is dt.UTC


def test_cells_of_text_are_read_by_the_types_of_the_rules() -> None:
    cells = {
        "customer": "k1", "agent": "", "name": "", "tier": "silver", "likes": "tea;coffee",
        "orders": "3", "weight": "1.5e0", "part": "12.5%", "fee": "3.50", "vip": "no",
        "born": "2000-01-02", "seen": "2026-06-01T00:00:00+0000", "calls_90d": "2",
        "more": "x",
    }  # fmt: skip
    read = CHECKED.from_text(cells)
    assert read["agent"] is None
    assert (read["orders"], read["weight"], read["part"], read["vip"]) == (3, 1.5, 0.125, False)
    assert (read["fee"], read["calls_90d"]) == ("3.50", 2)
    assert "more" not in read
    record = {name: value for name, value in read.items() if name != "calls_90d"}
    features = {"customer": "k1", "calls_90d": read["calls_90d"], "count_contacts_where_open": 0}
    assert CHECKED.decide(record, AS_OF, features=features).segment == "busy"
    # what cannot be read is told where it is taken
    with pytest.raises(RecordError) as raised:
        CHECKED.decide(CHECKED.from_text({**record, "orders": "many"}), AS_OF, features=features)
    assert (raised.value.code, raised.value.field) == ("type", "orders")


def test_features_of_another_record_are_refused() -> None:
    features = {"calls_90d": 0, "count_contacts_where_open": 0}
    assert CHECKED.decide(RECORD, AS_OF, features={"customer": "k1", **features}).by == "unsure"
    for made in (CHECKED, decider(trusted=True)):
        with pytest.raises(RecordError) as raised:
            made.decide_all(RECORD, AS_OF, features={"customer": "k2", **features})
        assert (raised.value.code, raised.value.field) == ("key", "customer")
        assert "k2" not in str(raised.value)


def test_amounts_that_are_no_whole_minor_units_come_back_exactly() -> None:
    read = reader(["amount", "GBP", 2], "UTC")
    luck = random.Random(3)  # noqa: S311 -- reproducible, no secret
    for _ in range(2_000):
        minor = luck.uniform(-1e6, 1e6) * 10 ** luck.randrange(-6, 8)
        spelled = _spelled(pl.Series([minor, None]), 2).to_list()
        assert (read(spelled[0]), spelled[1]) == (minor, None)
        assert read(Decimal(spelled[0])) == minor
    for wrong, code in (("1e3", "value"), ("x", "value"), (Decimal("NaN"), "number")):
        with pytest.raises(UnreadError) as raised:
            read(wrong)
        assert raised.value.code == code
