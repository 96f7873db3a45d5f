"""Thirty sentences of users, each a rule file: who is found, and who must be unsure.

The reference evaluator and Polars decide each of them, and must agree.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from sentences import AS_OF, HEAD, Sentence, rows
from sentences_of_others import SENTENCES

from segrules.backends.context import Context
from segrules.backends.reference.calibrate import calibrate
from segrules.backends.reference.evaluate import Row, Tables, allotted, decide, evaluate
from segrules.backends.reference.rows import key_of
from segrules.lang import ir
from segrules.lang.pipeline import compile_source
from segrules.lang.types import Date, Enum, Flag, Link, Money, Set, Share, Text, Type, Whole
from segrules.segments.assign import Asked, place, placed_rows
from segrules.segments.gathering import pasts
from segrules.segments.history.store import Run, StoredSet, append
from segrules.segments.identity.split import split_customers
from segrules.text.source import Source

Answers = dict[str, dict[str, object]]
"""By output, the value of each key."""


# ---- rules and rows


def compiled(text: str, warnings: tuple[str, ...] = ()) -> ir.Ruleset:
    found = compile_source(Source("sentence.seg", HEAD + text))
    assert [each.code for each in found.log] == list(warnings), list(found.log)
    assert found.ruleset is not None
    return found.ruleset


def cells(text: str) -> list[dict[str, str | None]]:
    heading, *lines = (line.split(",") for line in text.splitlines())
    return [
        {name: cell or None for name, cell in zip(heading, line, strict=True)} for line in lines
    ]


def frame(text: str) -> pl.DataFrame:
    heading = text.splitlines()[0].split(",")
    return pl.DataFrame(cells(text), schema=dict.fromkeys(heading, pl.String))


def value(cell: str | None, kind: Type) -> ir.Value:
    """A cell as the language holds it; read here once more, apart from the reader of files."""
    if cell is None:
        return frozenset() if isinstance(kind, Set) else None
    match kind:
        case Text() | Link() | Enum():
            return cell
        case Whole():
            return int(cell)
        case Money():
            return int(Decimal(cell) * 100)
        case Share():
            return float(Decimal(cell.removesuffix("%")) / 100)
        case Flag():
            return cell == "yes"
        case Date():
            return dt.date.fromisoformat(cell)
        case Set():
            return frozenset(cell.split(";"))
        case _:
            return float(cell)


def canonical(text: str, table: ir.Table) -> list[dict[str, ir.Value]]:
    made = []
    for row in cells(text):
        found = {column.name: column for column in table.columns}
        known = {name: value(cell, found[name].type) for name, cell in row.items()}
        for name, cell in row.items():
            if cell is None and found[name].optional:
                known[name] = None
        made.append(known)
    return made


# ---- both targets


def by_reference(ruleset: ir.Ruleset, table: str, world: Tables, as_of: dt.date) -> Answers:
    start = Context(ruleset.zone, as_of, ir.Calibration(as_of))
    sets = [found for found in ruleset.sets if found.table == table]
    overlays = [each for each in ruleset.features_of(table) if each.kind in ("flag", "grid")]
    uses = {each.name: ir.Use(each.name, each.type, each.optional) for each in overlays}
    placed = [ir.Placed(each.name, each.type, each.optional) for each in sets]
    ranks = [rank for each in sets for row in each.allotments for rank, _ in row.best]
    frozen = calibrate(ruleset, world, start, {table: [*uses.values(), *placed, *ranks]})
    context = replace(start, calibration=frozen)
    answers: Answers = {}
    for columns in world.rows(table):
        row = Row(table, columns, world)
        key = key_of(row, ruleset)
        assert key is not None
        for each in sets:
            decision = decide(each, row, ruleset, context)
            said: dict[str, object] = {"segment": decision.segment, "by": decision.by}
            if each.holdout:
                said["holdout"] = evaluate(each.holdout.test, row, ruleset, context)
            if each.allotments:
                said["allotted"] = allotted(each, row, ruleset, context)
            for part, answer in said.items():
                answers.setdefault(each.outputs[part], {})[key] = answer
        for name, use in uses.items():
            answers.setdefault(name, {})[key] = evaluate(use, row, ruleset, context)
    return answers


def by_polars(
    ruleset: ir.Ruleset,
    table: str,
    frames: Mapping[str, pl.DataFrame],
    asked: Asked,
) -> Answers:
    placement = place(ruleset, table, frames, asked)
    got = placed_rows(placement).collect()
    key = ruleset.table(table).key
    return {name: dict(got.select(key, name).iter_rows()) for name in got.columns if name != key}


def stored(folder: Path, ruleset: ir.Ruleset, table: ir.Table, runs: Mapping[str, str]) -> None:
    """Earlier assignments, as the store keeps them."""
    sets = {each.name: StoredSet(each.segments, each.ladder) for each in ruleset.sets}
    for day, text in runs.items():
        found = frame(text)
        leaving = [name for name in found.columns if name.endswith(":leaving")]
        run = Run(
            table.name, table.key, dt.date.fromisoformat(day), ruleset.name, day.ljust(64, "0"),
            "r" * 64, sets,
        )  # fmt: skip
        append(folder, found.with_columns(pl.col(leaving).cast(pl.Int64)), run)


def answers(sentence: Sentence, folder: Path) -> Answers:
    """What both targets say of each key."""
    ruleset = compiled(sentence.rules, sentence.warnings)
    table = ruleset.table(_asked(ruleset))
    stored(folder, ruleset, table, sentence.runs)
    past = pasts(ruleset, [each.name for each in ruleset.tables], folder, sentence.as_of)
    world = Tables(
        {
            **{name: canonical(text, ruleset.table(name)) for name, text in sentence.data.items()},
            **{name: found.collect().to_dicts() for name, found in past.items()},
        }
    )
    want = by_reference(ruleset, table.name, world, sentence.as_of)
    frames = {name: frame(text) for name, text in sentence.data.items()}
    have = by_polars(ruleset, table.name, frames, Asked(sentence.as_of, folder))
    assert have == want
    return want


def _asked(ruleset: ir.Ruleset) -> str:
    tables = {each.table for each in ruleset.sets}
    tables |= {each.table for each in ruleset.features if each.kind in ("flag", "grid")}
    (table,) = tables
    return table


def keys_by(found: Mapping[str, object]) -> dict[str, str]:
    """The keys by what is said of them; of those who are not found nothing is said."""
    words = {True: "yes", None: "unsure"}
    by: dict[str, list[str]] = {}
    for key, answer in found.items():
        if answer is not False:
            by.setdefault(words.get(answer, str(answer)), []).append(key)  # type: ignore[call-overload]
    return {word: " ".join(keys) for word, keys in by.items()}


def both(rules: str, data: str, folder: Path, as_of: dt.date = AS_OF) -> Answers:
    """What both targets say of the rows of `customers`."""
    return answers(Sentence("", "", rules, {"customers": data}, {}, as_of), folder)


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.number)
def test_sentence(sentence: Sentence, tmp_path: Path) -> None:
    found = answers(sentence, tmp_path / "history")
    assert {name: keys_by(found[name]) for name in sentence.finds} == sentence.finds


# ---- what governs segments


def test_34_nobody_with_a_complaint_is_in_a_segment_of_sales(tmp_path: Path) -> None:
    rules = """
    table customers key id { id text in_complaints flag? fits whole 0..3 }
    segments sales of customers {
      cross_sell when fits = 1
      upsell     when fits = 2
      win_back   when fits = 3
      otherwise  no_offer
      unsure     ask
    }
    suppress cross_sell, upsell, win_back when in_complaints reason "complaints process"
    """
    data = rows(
        "id in_complaints fits",
        "a no 1",
        "b yes 1",
        "c yes 2",
        "d yes 3",
        "e - 3",
        "f - 0",
        "g no 2",
    )
    found = both(rules, data, tmp_path)
    segments = {"cross_sell": "a", "no_offer": "b c d f", "ask": "e", "upsell": "g"}
    assert keys_by(found["sales"]) == segments
    assert {each.reason for each in compiled(rules).suppressions} == {"complaints process"}


def test_34_the_whole_set_comes_first(tmp_path: Path) -> None:
    rules = """
    table customers key id { id text in_complaints flag? fits flag }
    segments sales of customers { offer when fits otherwise none_yet unsure ask }
    suppress sales when in_complaints reason "complaints process"
    override sales for "b", "c" to offer until 2026-12-31 reason "director"
    """
    data = rows("id in_complaints fits", "a no yes", "b yes no", "c no no", "d - yes", "e - no")
    found = both(rules, data, tmp_path)
    assert keys_by(found["sales"]) == {"offer": "a c d", "suppressed": "b", "ask": "e"}
    assert keys_by(found["sales_by"]) == {
        "offer": "a d", "suppress": "b", "override": "c", "unsure": "e"
    }  # fmt: skip


LOYALTY = (
    "loyal when orders_12m >= 6",
    "occasional when orders_12m >= 1",
)
TURNED = (
    "occasional when orders_12m between 1 and 7",
    "loyal when orders_12m >= 6",
)
HELD_OUT = """
table customers key id {{ id text region one of north, south, east, west orders_12m whole 0..9 }}
segments loyalty of customers {{ {segments} otherwise base }}
holdout 10% of each loyalty spread over region salt "{salt}"
"""


def held_out(key: str, salt: str) -> bool:
    """As the language says it, apart from the code: below a tenth of 2^64."""
    first = hashlib.sha256(f"{salt}:{key}".encode()).digest()[:8]
    return int.from_bytes(first) * 10 < 2**64


def many(count: int) -> str:
    regions = ("north", "south", "east", "west")
    return rows(
        "id region orders_12m",
        *(f"k{at:05} {regions[at * 7 % 4]} {at % 10}" for at in range(count)),
    )


def test_37_a_hold_out_is_the_same_in_every_target_and_order(tmp_path: Path) -> None:
    data = many(400)
    rules = HELD_OUT.format(segments=" ".join(LOYALTY), salt="2026Q3")
    turned = HELD_OUT.format(segments=" ".join(TURNED), salt="2026Q3")
    other = HELD_OUT.format(segments=" ".join(LOYALTY), salt="2026Q4")
    first = both(rules, data, tmp_path)
    assert both(turned, data, tmp_path)["loyalty_holdout"] == first["loyalty_holdout"]
    assert both(turned, data, tmp_path)["loyalty"] != first["loyalty"]
    assert first["loyalty_holdout"] == {
        key: held_out(key, "2026Q3") for key in first["loyalty_holdout"]
    }
    assert both(other, data, tmp_path)["loyalty_holdout"] != first["loyalty_holdout"]
    holdout = compiled(rules).set("loyalty").holdout
    assert holdout is not None
    assert holdout.over == ("region",)


def test_37_a_tenth_of_each_segment_and_region_is_held_out() -> None:
    rules = compiled(HELD_OUT.format(segments=" ".join(LOYALTY), salt="2026Q3"))
    data = frame(many(20_000))
    placed = placed_rows(place(rules, "customers", {"customers": data}, Asked(AS_OF))).collect()
    placed = placed.with_columns(data["region"], pl.col("loyalty").cast(pl.String))
    assert placed["loyalty_holdout"].to_list() == [held_out(key, "2026Q3") for key in placed["id"]]
    for group in ([], ["loyalty"], ["region"], ["loyalty", "region"]):
        sizes = placed.group_by(group or pl.lit(0)).agg(
            pl.len().alias("rows"), pl.col("loyalty_holdout").sum().alias("held")
        )
        for count, held in sizes.select("rows", "held").iter_rows():
            # four standard deviations of a binomial number
            assert abs(held - count / 10) < 4 * (count * 0.09) ** 0.5


STRATEGIC = """
table customers key id {{ id text spend money? }}
segments loyalty of customers {{
  strategic when spend >= 1_000
  regular   when spend >= 100
  otherwise base
  unsure    unclear
}}
{more}
"""


@pytest.mark.parametrize(
    ("as_of", "segment", "by"),
    [
        ("2026-06-30", "strategic", "override"),
        ("2027-03-31", "strategic", "override"),
        ("2027-04-01", "unclear", "unsure"),
    ],
)
def test_40_an_account_stays_where_it_was_put(
    as_of: str, segment: str, by: str, tmp_path: Path
) -> None:
    rules = STRATEGIC.format(
        more='override loyalty for "1007" to strategic until 2027-03-31 reason "sales director"'
    )
    data = rows("id spend", "1007 -", "1008 50", "1009 2000")
    found = both(rules, data, tmp_path, dt.date.fromisoformat(as_of))
    assert found["loyalty"] == {"1007": segment, "1008": "base", "1009": "strategic"}
    assert found["loyalty_by"] == {"1007": by, "1008": "otherwise", "1009": "strategic"}
    (override,) = compiled(rules).overrides
    assert (override.keys, override.reason) == (("1007",), "sales director")


def test_caps_send_the_others_on_one_after_the_other(tmp_path: Path) -> None:
    rules = STRATEGIC.format(
        more="cap strategic at 2 by spend, rest to regular\n"
        "cap regular of loyalty at 2 by spend, rest to base\n"
        "flags of customers { well_off when loyalty in [strategic, regular] }"
    )
    data = rows("id spend", "a 1000", "b 1500", "c 1500", "d 1500", "e 300", "f 200", "g -", "h 50")
    found = both(rules, data, tmp_path)
    # of three with the same amount the first two keys stay; d and a go on, and e and f after them
    assert keys_by(found["loyalty"]) == {
        "strategic": "b c", "regular": "a d", "base": "e f h", "unclear": "g"
    }  # fmt: skip
    assert keys_by(found["loyalty_by"]) == {
        "strategic": "b c", "cap": "a d e f", "otherwise": "h", "unsure": "g"
    }  # fmt: skip
    assert keys_by(found["well_off"]) == {"yes": "a b c d"}


def test_an_allotment_gives_the_best_to_the_first(tmp_path: Path) -> None:
    rules = STRATEGIC.format(
        more="allot base of loyalty { best 1 by spend to desk best 2 by spend to letters "
        "rest to email }"
    )
    data = rows("id spend", "a 10", "b 90", "c 10", "d 20", "e 5", "f 100", "g -")
    found = both(rules, data, tmp_path)["loyalty_allotted"]
    assert found == {
        "a": "letters", "b": "desk", "c": "email", "d": "letters", "e": "email",
        "f": None, "g": None,
    }  # fmt: skip


# ---- identities

RECORDS = """
table customers key id { id text email text? seen date spend money }
segments worth of customers { high when spend >= 100 otherwise low }
"""
ONE_CUSTOMER = """
identity of customers by email trust keys shared by at most 3 {
  spend from total
  rest  from newest seen
}
"""


def test_one_customer_under_two_identities_in_two_segments(tmp_path: Path) -> None:
    data = rows(
        "id email seen spend",
        *("a x@x 2026-01-01 150", "b x@x 2026-02-01 20", "c y@y 2026-01-01 60"),
        *("d y@y 2026-01-01 60", "e - 2026-01-01 10", "f z@z 2026-01-01 99"),
    )
    as_records = both(RECORDS, data, tmp_path)["worth"]
    assert keys_by(as_records) == {"high": "a", "low": "b c d e f"}

    joined = compiled(RECORDS + ONE_CUSTOMER)
    placement = place(joined, "customers", {"customers": frame(data)}, Asked(AS_OF))
    (consolidation,) = placement.consolidations
    merged = placement.frames["customers"].collect().to_dicts()
    found = by_reference(joined, "customers", Tables({"customers": merged}), AS_OF)
    assert found == by_polars(joined, "customers", {"customers": frame(data)}, Asked(AS_OF))
    # the two records of y are worth nothing each, and something together
    segments = sorted((len(key), segment) for key, segment in found["worth"].items())
    assert [segment for _, segment in segments] == ["high", "high", "low", "low"]

    records = pl.DataFrame({"key": list(as_records), "segment": list(as_records.values())})
    audit = split_customers(consolidation.mapping, records)
    assert (audit.merged, audit.split) == (2, 1)
    assert [(pair.first, pair.second, pair.customers) for pair in audit.pairs] == [
        ("high", "low", 1)
    ]
