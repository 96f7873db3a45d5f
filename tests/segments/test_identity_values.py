"""Which values a customer keeps, who was split, and how all that is said."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from identity_records import IDENTITY, RULES, customers, joined, rule, table
from rich.console import Console
from segments_shop import SHOP

from segrules.lang.ir import Identity, Survivor
from segrules.report.identity import identity_record, identity_tables
from segrules.segments.identity.consolidate import Consolidation, consolidate, findings
from segrules.segments.identity.split import Pair, Split, split_customers
from segrules.text.shown import shown


def kept(values: list[Any], name: str, rules: tuple[Survivor, ...] = RULES, **more: Any) -> Any:
    """What becomes of a column of one customer whose records have these values, by key."""
    columns = [dict(zip(more, each, strict=True)) for each in zip(*more.values(), strict=True)]
    records = [
        {"id": f"C{at}", "email": "same", name: value, **(columns[at] if columns else {})}
        for at, value in enumerate(values)
    ]
    identity = replace(IDENTITY, trust=len(records), survivors=rules)
    (made,) = customers(records, identity)
    assert made["id"] == "C0"
    return made[name]


# ---- which value survives


def test_the_source_in_order_of_priority() -> None:
    sources = ["web", "crm", "ppc", "ppc"]
    assert kept([1, 2, 3, 4], "margin", source=sources) == 3
    assert kept([1, 2, None, 4], "margin", source=sources) == 4
    assert kept([1, 2, None, None], "margin", source=sources) == 2
    assert kept([1, None, None, None], "margin", source=sources) == 1
    # an unknown source is as good as any that is not named
    assert kept([5, 6, 7], "margin", source=[None, "web", "crm"]) == 7
    assert kept([5, 6, None], "margin", source=[None, "web", "crm"]) == 5
    assert kept([None, None], "margin", source=["ppc", "crm"]) is None


def test_the_newest_and_the_oldest() -> None:
    old, new = dt.date(2025, 1, 1), dt.date(2026, 1, 1)
    days = [None, new, old, new, old]
    newest = (rule("margin", "newest", "seen_on"),)
    oldest = (rule("margin", "oldest", "seen_on"),)
    assert kept([1, 2, 3, 4, 5], "margin", newest, seen_on=days) == 2
    assert kept([1, None, 3, 4, 5], "margin", newest, seen_on=days) == 4
    assert kept([1, None, 3, None, 5], "margin", newest, seen_on=days) == 3
    assert kept([1, None, None, None, None], "margin", newest, seen_on=days) == 1
    assert kept([1, 2, 3, 4, 5], "margin", oldest, seen_on=days) == 3
    assert kept([1, 2, None, 4, 5], "margin", oldest, seen_on=days) == 5
    assert kept([1, 2, None, 4, None], "margin", oldest, seen_on=days) == 2
    assert kept([None] * 5, "margin", oldest, seen_on=days) is None


def test_the_newest_by_an_instant() -> None:
    frame = pl.DataFrame(
        {
            "id": ["a", "b"],
            "email": ["x", "x"],
            "at": [dt.datetime(2026, 1, 1, 9), dt.datetime(2026, 1, 1, 10)],
            "name": ["Old", "New"],
        }
    ).with_columns(pl.col("at").dt.replace_time_zone("UTC"))
    identity = Identity("customers", ("email",), 5, None, (), rule("", "newest", "at"))
    (made,) = consolidate(identity, frame.lazy(), "id").merged.collect().to_dicts()
    assert made["name"] == "New"
    assert made["at"].hour == 10


def test_amounts() -> None:
    assert kept([10, None, 5], "spend") == 15
    assert kept([None, None], "spend") is None
    assert kept([1.5, None, 2.5, -4.0], "score") == 2.5
    assert kept([None, None], "score") is None
    days = [dt.date(1999, 2, 1), None, dt.date(1980, 5, 5)]
    assert kept(days, "born") == days[2]
    assert kept(days, "born", (rule("born", "largest"),)) == days[0]
    assert kept([1.5, 2.5, None], "score", (rule("score", "total"),)) == 4.0


def test_a_flag_is_true_when_any_is() -> None:
    assert kept([False, None, True], "vip") is True
    assert kept([False, False], "vip") is False
    assert kept([False, None], "vip") is None
    assert kept([None, None], "vip") is None


def test_an_empty_list_is_known() -> None:
    days = [dt.date(2026, 1, 3), dt.date(2026, 1, 2), dt.date(2026, 1, 1)]
    assert kept([None, [], ["x"]], "tags", seen_on=days) == []


def test_who_has_one_record_passes_unchanged() -> None:
    records = [
        {"id": "b", "email": "x", "spend": 10**15, "vip": None, "tags": ["x"]},
        {"id": "a", "email": " ", "phone": 3, "score": None, "first_tier": "gold"},
    ]
    assert customers(records) == table(records).to_dicts()


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([10**15 - 1, 1], 10**15),
        ([10**15, 1], None),
        ([-(10**15), -1], None),
        ([2**63 - 1, 2**63 - 1, 4], None),
        ([10**15, 10**15, -(10**15)], 10**15),
    ],
)
def test_a_total_beyond_the_bounds_is_missing(values: list[int], total: int | None) -> None:
    records = [{"id": f"{at}", "email": "x", "spend": value} for at, value in enumerate(values)]
    found = joined(records)
    assert found.merged.collect()["spend"].to_list() == [total]
    assert found.beyond == ({"spend": 1} if total is None else {})


def test_a_total_of_numbers_beyond_the_bounds_is_missing() -> None:
    identity = replace(IDENTITY, survivors=(rule("score", "total"),))
    huge = [{"id": f"{at}", "email": "x", "score": 1.7e308} for at in range(2)]
    less = [{"id": f"L{at}", "email": "y", "score": 6e14} for at in range(2)]
    found = joined([*huge, *less], identity)
    assert found.merged.collect()["score"].to_list() == [None, None]
    assert found.beyond == {"score": 2}


# ---- customers who were split

MAPPING = pl.DataFrame(
    {
        "key": ["a", "b", "c", "d", "e", "f", "g", "h"],
        "into": ["a", "a", "a", "d", "d", "f", "f", "h"],
    }
)
SEGMENTS = pl.Enum(["low", "high", "keen"])


def placed(**segments: str | None) -> pl.DataFrame:
    schema = {"key": pl.String, "segment": SEGMENTS}
    return pl.DataFrame({"key": list(segments), "segment": list(segments.values())}, schema=schema)


def test_customers_who_were_split() -> None:
    segments = placed(a="high", b="low", c="keen", d="low", e="high", f="high", g="high", h="keen")
    found = split_customers(MAPPING, segments)
    third = 1 / 3
    assert found == Split(
        merged=3,
        split=2,
        pairs=(
            Pair("low", "high", 2, 2 * third),
            Pair("low", "keen", 1, third),
            Pair("high", "keen", 1, third),
        ),
    )
    assert found.share == 2 * third
    assert split_customers(MAPPING, segments.lazy()) == found
    in_words = segments.with_columns(pl.col("segment").cast(pl.String))
    pairs = {(each.first, each.second) for each in split_customers(MAPPING, in_words).pairs}
    assert pairs == {("high", "low"), ("keen", "low"), ("high", "keen")}


def test_a_customer_counts_once_a_pair() -> None:
    found = split_customers(MAPPING, placed(a="low", b="low", c="high", d="keen", e="keen"))
    assert found == Split(3, 1, (Pair("low", "high", 1, 1 / 3),))


def test_records_in_no_segment_split_nobody() -> None:
    found = split_customers(MAPPING, placed(a="low", b=None, d="low", f=None, g=None))
    assert found == Split(3, 0, ())
    assert found.share == 0
    nobody = split_customers(MAPPING.filter(pl.col("key") == "h"), placed(h="low"))
    assert nobody == Split(0, 0, ())
    assert nobody.share is None


# ---- in words


def crowded() -> Consolidation:
    hostile = "red\x1b[31m"
    names = [hostile] * 4 + ["x", "x"] + [None]
    return joined({"id": f"{at}", "email": each, "spend": 10**15} for at, each in enumerate(names))


def test_warnings() -> None:
    found = findings(crowded(), "customers.csv")
    assert [(each.code, each.severity, each.file) for each in found] == [
        (code, "warning", "customers.csv") for code in ("SEG450", "SEG451", "SEG452")
    ]
    assert [each.message for each in found] == [
        "1 value is shared by more than 3 records in `customers.email` (4 records in all), so it "
        f"was not trusted: `{shown('red' + chr(27) + '[31m')}`",
        "no record has a value of `customers.phone`, so it joins nobody",
        "the total of `customers.spend` of 1 customer is too large and taken as missing",
    ]
    assert findings(joined([{"id": "a", "email": "x", "phone": 1}]), None) == ()


def test_warnings_quote_three_values_at_most() -> None:
    values = [value for value in "abcd" for _ in range(4)]
    records = [{"id": f"{at:02}", "email": each, "phone": at} for at, each in enumerate(values)]
    (found,) = findings(joined(records), None)
    assert found.message == (
        "4 values are each shared by more than 3 records in `customers.email` (16 records in "
        "all), so they were not trusted: `a`, `b`, `c`, …"
    )
    (hidden,) = findings(joined(records, sensitive={"email"}), None)
    assert hidden.message.endswith("so they were not trusted")


def test_tables() -> None:
    split = Split(3, 2, (Pair("low", "high", 2, 2 / 3), Pair("low", "keen", 1, 1 / 3)))
    console = Console(file=io.StringIO(), width=200)
    for each in identity_tables(crowded(), {"value": split}, SHOP):
        console.print(each)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split() for line in lines if line and "─" not in line] == [
        line.split()
        for line in (
            "identity: 7 records of customers, 6 customers",
            "customers records",
            "with one record 5 5",
            "with several 1 2",
            "the customer with most has 2 records",
            "keys shared by more than 3 records, not trusted",
            "column values records most records such as",
            "email 1 4 4 red\\x1b[31m",
            "value: 2 of 3 customers with several records (66.7%) had them in more than one "
            "segment",
            "segment and segment customers share",
            "Low High 2 66.7%",
            "Low Keen 1 33.3%",
            "share: of the customers with several records",
        )
    ]


def test_record() -> None:
    split = Split(4, 1, (Pair("low", "high", 1, 0.25),))
    assert identity_record(crowded(), {"value": split, "none": Split(0, 0, ())}) == {
        "schema": 1,
        "table": "customers",
        "records": 7,
        "customers": 6,
        "merged": {"customers": 1, "records": 2, "largest": 2},
        "trust": 3,
        "untrusted": [
            {
                "column": "email",
                "values": 1,
                "records": 4,
                "most": 4,
                "examples": ["red\x1b[31m"],
            }
        ],
        "split": {
            "value": {
                "customers": 1,
                "share": 0.25,
                "pairs": [{"segments": ["low", "high"], "customers": 1, "share": 0.25}],
            },
            "none": {"customers": 0, "share": None, "pairs": []},
        },
    }
