"""Overrides that contradict each other, have ended, name nobody, or name a joined record."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from segrules.lang.ir import Ruleset
from segrules.lang.pipeline import compile_source
from segrules.report.assignment import batch_record
from segrules.segments.batch import Batch, Options, run_assignment
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
HEAD = 'ruleset shop { language 1 goal "g" money GBP }\n'
TABLE = "table customers key id { id text%s mail text? spend whole }\n"
TIER = (
    "segments tier of customers { gold when spend >= 100 silver when spend >= 50 otherwise base }\n"
)
IDENTITY = "identity of customers by mail { spend from total }\n"
SHOP = HEAD + TABLE % "" + TIER
JOINED = HEAD + TABLE % "" + IDENTITY + TIER
DATA = {"a1": "x", "a2": "x", "b1": "", "c1": "y", "c2": "y"}


def decided(keys: str, to: str, until: str = "2026-12-31", of: str = "tier") -> str:
    named = ", ".join(f'"{key}"' for key in keys.split())
    return f'override {of} for {named} to {to} until {until} reason "director"\n'


def checked(text: str) -> tuple[Ruleset | None, list[Diagnostic]]:
    found = compile_source(Source("shop.seg", text))
    return found.ruleset, list(found.log)


def run(folder: Path, text: str, *, strict: bool = False) -> Batch:
    ruleset, found = checked(text)
    assert ruleset is not None, found
    path = folder / "customers.csv"
    path.write_text("id,mail,spend\n" + "".join(f"{key},{mail},1\n" for key, mail in DATA.items()))
    return run_assignment(
        ruleset, {"customers": path}, AS_OF, folder / "out.parquet", text=text,
        options=Options(strict=strict),
    )  # fmt: skip


def tiers(folder: Path) -> dict[str, tuple[str, str]]:
    rows = pl.read_parquet(folder / "out.parquet").select("id", "tier", "tier_by")
    return {key: (segment, by) for key, segment, by in rows.iter_rows()}


def said(batch: Batch) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in batch.warnings]


# ---- at check


def test_overrides_that_contradict_each_other_are_an_error() -> None:
    text = SHOP + decided("a1 b1", "gold") + decided("b1", "silver", "2027-03-31")
    _, (found,) = checked(text)
    assert (found.code, found.severity) == ("SEG587", "error")
    assert found.message == ("`b1` is placed in `silver` here and in `gold` by an earlier override")
    assert found.span is not None
    assert found.span.start == text.rindex("override")


def test_every_key_that_is_placed_twice_is_named() -> None:
    text = SHOP + decided("a1", "gold") + decided("b1", "base") + decided("a1 b1 c1", "silver")
    _, found = checked(text)
    assert [each.message for each in found] == [
        "`a1` is placed in `silver` here and in `gold` by an earlier override",
        "`b1` is placed in `silver` here and in `base` by an earlier override",
    ]


@pytest.mark.parametrize(
    "more",
    [
        decided("a1", "gold") + decided("a1", "gold", "2027-06-30"),
        decided("a1", "gold") + decided("b1", "silver"),
        "segments size of customers { big when spend > 5 otherwise small }\n"
        + decided("a1", "gold") + decided("a1", "big", of="size"),
    ],
    ids=["prolonged", "other keys", "other sets"],
)  # fmt: skip
def test_what_does_not_contradict_is_no_error(more: str) -> None:
    ruleset, found = checked(SHOP + more)
    assert ruleset is not None
    assert found == []


# ---- at a run


def test_an_override_that_has_ended_is_told(tmp_path: Path) -> None:
    text = SHOP + decided("a1", "gold", "2026-06-29") + decided("b1", "gold", "2026-06-30")
    made = run(tmp_path, text)
    assert said(made) == [
        ("SEG588", "this override of `tier` has ended on 2026-06-29 and is ignored")
    ]
    assert made.warnings[0].span is not None
    assert made.warnings[0].span.start == text.index("override")
    assert tiers(tmp_path)["a1"] == ("base", "otherwise")
    assert tiers(tmp_path)["b1"] == ("gold", "override")


def test_keys_that_nobody_has_are_told_five_at_most(tmp_path: Path) -> None:
    made = run(tmp_path, SHOP + decided("b1 x1", "gold") + decided("y1 y2 y3 y4 y5 y6", "silver"))
    assert said(made) == [
        ("SEG589", "1 key of this override is not in `customers`: `x1`"),
        (
            "SEG589",
            "6 keys of this override are not in `customers`: `y1`, `y2`, `y3`, `y4`, `y5`, …",
        ),
    ]
    assert batch_record(made)["warnings"] == [f"{code}: {message}" for code, message in said(made)]
    five = run(tmp_path, SHOP + decided("y1 y2 y3 y4 y5", "silver"))
    assert said(five)[0][1].endswith("`y5`")


def test_sensitive_keys_are_not_shown(tmp_path: Path) -> None:
    made = run(tmp_path, HEAD + TABLE % " sensitive" + TIER + decided("x1", "gold"))
    assert said(made) == [("SEG589", "1 key of this override is not in `customers`")]


def test_a_key_of_somebody_whose_override_has_ended_need_not_be_there(tmp_path: Path) -> None:
    made = run(tmp_path, SHOP + decided("x1", "gold", "2026-01-31"))
    assert [code for code, _ in said(made)] == ["SEG588"]


def test_strictness_is_about_data(tmp_path: Path) -> None:
    text = SHOP + decided("a1", "gold", "2026-01-31") + decided("x1", "gold")
    made = run(tmp_path, text, strict=True)
    assert [code for code, _ in said(made)] == ["SEG588", "SEG589"]


def test_keys_of_rows_that_are_not_there_yet_are_nobodys(tmp_path: Path) -> None:
    """A derived table has the keys of its source that can be seen."""
    text = HEAD + (
        "table buyers key buyer derived from orders { buyer text }\n"
        "table orders of buyers by buyer dated on { on date amount whole }\n"
        "segments tier of buyers { gold when sum amount of orders > 5 otherwise base }\n"
    )
    text += decided("b1 b2 b3", "gold")
    ruleset, found = checked(text)
    assert ruleset is not None, found
    path = tmp_path / "orders.csv"
    path.write_text("buyer,on,amount\nb1,2026-06-30,1\nb2,2026-07-01,1\n")
    made = run_assignment(ruleset, {"orders": path}, AS_OF, tmp_path / "out.parquet", text=text)
    assert said(made) == [("SEG589", "2 keys of this override are not in `buyers`: `b2`, `b3`")]


# ---- records that were joined


def test_an_override_follows_a_record_into_its_customer(tmp_path: Path) -> None:
    made = run(tmp_path, JOINED + decided("a2", "gold") + decided("b1 c1", "silver"))
    assert tiers(tmp_path) == {
        "a1": ("gold", "override"), "b1": ("silver", "override"), "c1": ("silver", "override"),
    }  # fmt: skip
    assert said(made) == []
    # of records alone each has its own
    assert made.splits["tier"].split == 2


def test_an_override_that_is_kept_out_follows_as_well(tmp_path: Path) -> None:
    kept = 'suppress gold when spend > 1 reason "r"\n'
    run(tmp_path, JOINED + kept + decided("a2 b1", "gold"))
    # two records spend 2 together, and gold is closed to them
    assert tiers(tmp_path)["a1"] == ("base", "otherwise")
    assert tiers(tmp_path)["b1"] == ("gold", "override")


def test_records_of_one_customer_that_are_placed_differently(tmp_path: Path) -> None:
    text = JOINED + decided("a2", "gold") + decided("a1 b1", "silver") + decided("c1 c2", "gold")
    made = run(tmp_path, text)
    assert said(made) == [
        (
            "SEG453",
            "1 customer has records that overrides place in several segments of `tier`, and the "
            "first override holds: `a2` in `gold` and `a1` in `silver`",
        )
    ]
    assert tiers(tmp_path)["a1"] == ("gold", "override")
    with pytest.raises(RulesError, match="several segments of `tier`"):
        run(tmp_path, text, strict=True)


def test_an_override_that_has_ended_contradicts_nothing(tmp_path: Path) -> None:
    text = JOINED + decided("a2", "gold", "2026-06-29") + decided("a1", "silver")
    assert [code for code, _ in said(run(tmp_path, text))] == ["SEG588"]
    assert tiers(tmp_path)["a1"] == ("silver", "override")


def test_keys_of_joined_customers_are_not_shown_where_they_are_sensitive(tmp_path: Path) -> None:
    text = HEAD + TABLE % " sensitive" + IDENTITY + TIER
    made = run(tmp_path, text + decided("a2", "gold") + decided("a1", "silver"))
    ((code, message),) = said(made)
    assert code == "SEG453"
    assert "a1" not in message
    assert message.endswith("holds")
