"""Ranks: Polars calibrates and tests as the reference does, ties and missing amounts included."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from agree_worlds import ENGINES, context, frame, luck_of, main_table, related_table, ruleset

from segrules.backends.polars.calibrate import calibrate
from segrules.backends.polars.lower import lower, scope_of
from segrules.backends.polars.plan import prepare
from segrules.backends.reference.evaluate import Row, evaluate
from segrules.backends.reference.ranking import cut_point, in_rank
from segrules.lang.ir import (
    Aggregate,
    Apply,
    Calibration,
    Choose,
    Column,
    Const,
    Cut,
    Expr,
    Feature,
    InRank,
    Outcome,
    Rows,
    Rule,
    SegmentSet,
    Use,
)
from segrules.lang.types import Date, Flag, Money, Number, Text, Whole

KINDS = {
    "key": (Text(), False),
    "fee": (Money("GBP"), True),
    "score": (Number(None, None), True),
    "born": (Date(), True),
}
TABLE = main_table("people", "key", KINDS)
SHARES = [Fraction(0), Fraction(1, 10), Fraction(1, 3), Fraction(29, 100), Fraction(1)]
COUNTS = [0, 1, 3, 10, 1000]
RANKS = [(share, None) for share in SHARES] + [(None, count) for count in COUNTS]


def people(seed: int, count: int, spread: int, missing: float) -> list[dict[str, object]]:
    luck = luck_of(seed)
    keys = [*(f"k{at}" for at in range(count - 2)), "ä", "Z"][:count]
    luck.shuffle(keys)
    found = []
    for key in keys:
        number = luck.randint(-spread, spread)
        row = {
            "key": key,
            "fee": number,
            "score": luck.choice([number / 2, -0.0, 1e300]),
            "born": dt.date(2000, 1, 15 + number % 10),
        }
        lost = [name for name in ("fee", "score", "born") if luck.random() < missing]
        found.append(row | dict.fromkeys(lost))
    return found


def amount(name: str) -> Column:
    return Column("people", name, *KINDS[name])


def rank(name: str, by: Expr, top: bool, share, count) -> InRank:
    return InRank(name, top, share, count, by, True)


def world(ranks: list[InRank], features=(), tables=(TABLE,)):
    rules = tuple(Rule(f"seg_{found.name}", "", found) for found in ranks)
    sets = [SegmentSet("s", "people", rules, Outcome("rest", ""), Outcome("unsure", ""))]
    return ruleset(tables, features, sets)


POPULATIONS = {
    "ties": people(1, 60, 2, 0.0),
    "ties_missing": people(2, 61, 2, 0.3),
    "spread": people(3, 47, 10**6, 0.1),
    "one": people(4, 1, 5, 0.0),
    "all_missing": people(5, 9, 5, 1.0),
    "nobody": [],
}


@pytest.mark.parametrize("population", POPULATIONS)
def test_cuts_and_tests_agree(population: str) -> None:
    rows = POPULATIONS[population]
    ranks = [
        rank(f"{by}_{top}_{share}_{count}", amount(by), top, share, count)
        for by in ("fee", "score", "born")
        for top in (True, False)
        for share, count in RANKS
    ]
    rules = world(ranks)
    frames = {"people": frame(TABLE, rows)}
    calibration = calibrate(rules, frames, context())
    scope = scope_of(rules, "people", context(calibration))
    plan = prepare(rules, "people", frames, context(calibration))
    answers = [
        plan.with_columns(lower(each, scope).alias(each.name) for each in ranks)
        .select(each.name for each in ranks)
        .collect(engine=engine)
        for engine in ENGINES
    ]
    for each in ranks:
        name = each.by.name
        cut = cut_point(each, [(row["key"], row[name]) for row in rows])
        assert calibration.cut(each.name) == cut, each.name
        expected = [in_rank(each, cut, row[name], row["key"]) for row in rows]
        for answer in answers:
            assert answer[each.name].to_list() == expected, each.name
        by_rows = [
            evaluate(each, Row(row, table="people"), rules, context(calibration)) for row in rows
        ]
        assert by_rows == expected
        _takes_what_it_says(each, rows, expected)


def _takes_what_it_says(each: InRank, rows, expected) -> None:
    known = sum(row[each.by.name] is not None for row in rows)
    taken = expected.count(True)
    assert expected.count(None) == len(rows) - known
    if each.count is not None:
        assert taken == min(each.count, known)
    elif known:
        assert taken >= -(-each.share.numerator * known // each.share.denominator)
        assert each.share or taken == 0


def test_by_hand() -> None:
    rows = [("b", 5), ("a", 5), ("c", 9), ("d", None), ("e", 1)]
    top = amount("fee")
    assert cut_point(rank("r", top, True, Fraction(1, 2), None), rows) == Cut(4, 5)
    assert cut_point(rank("r", top, True, None, 2), rows) == Cut(4, 5, "a")
    assert cut_point(rank("r", top, False, None, 2), rows) == Cut(4, 5, "a")
    assert cut_point(rank("r", top, False, Fraction(1, 4), None), rows) == Cut(4, 1)
    exact = rank("r", top, True, Fraction(29, 100), None)
    assert cut_point(exact, [(f"{at}", at) for at in range(100)]) == Cut(100, 71)


def test_a_rank_on_a_rank_and_on_aggregates() -> None:
    orders = related_table(
        "orders", "person", {"person": (Text(), False), "paid": (Whole(), True)}, of="people"
    )
    spent = Aggregate("sum", Rows("orders"), Column("orders", "paid", Whole(), True), Whole(), True)
    whole = Use("spent", Whole(), True)
    twice = Apply("mul", (whole, Const(2, Whole())), Whole(), True)
    features = [
        Feature("spent", "let", "people", spent),
        Feature("best", "let", "people", rank("first", whole, True, Fraction(1, 5), None)),
        Feature("bonus", "let", "people", twice),
    ]
    bonus = (Use("best", Flag(), True), Use("bonus", Whole(), True))
    by = Choose((bonus,), whole, Whole(), True)
    rules = world([rank("second", by, False, None, 4)], features, (TABLE, orders))
    rows = POPULATIONS["ties"]
    luck = luck_of(8)
    related = [{"person": luck.choice(rows)["key"], "paid": luck.randint(0, 3)} for _ in range(200)]
    frames = {"people": frame(TABLE, rows), "orders": frame(orders, related)}
    calibration = calibrate(rules, frames, context())
    mine = {row["key"]: [o for o in related if o["person"] == row["key"]] for row in rows}
    placed = [Row(row, {"orders": mine[row["key"]]}, table="people") for row in rows]
    first = cut_point(
        features[1].expr,
        [(row.columns["key"], evaluate(spent, row, rules, context())) for row in placed],
    )
    half = context(Calibration(context().as_of, (("first", first),)))
    second = cut_point(
        rules.sets[0].rules[0].condition,
        [(row.columns["key"], evaluate(by, row, rules, half)) for row in placed],
    )
    assert dict(calibration.cuts) == {"first": first, "second": second}
    scope = scope_of(rules, "people", context(calibration))
    condition = rules.sets[0].rules[0].condition
    answer = (
        prepare(rules, "people", frames, context(calibration))
        .with_columns(x=lower(condition, scope))
        .collect(engine="streaming")
    )
    assert answer["x"].to_list() == [
        evaluate(condition, row, rules, context(calibration)) for row in placed
    ]
    assert sum(answer["x"]) == 4


def test_a_rank_without_its_cut_point_is_our_mistake() -> None:
    each = rank("r", amount("fee"), True, None, 2)
    rules = world([each])
    with pytest.raises(KeyError):
        lower(each, scope_of(rules, "people", context()))
    with pytest.raises(KeyError):
        evaluate(each, Row({"fee": 1}), rules, context())
    cut = context(Calibration(context().as_of, (("r", Cut(3, 1, "a")),)))
    with pytest.raises(ValueError, match="key"):
        evaluate(each, Row({"fee": 1}), rules, cut)
