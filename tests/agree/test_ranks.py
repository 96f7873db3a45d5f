"""Ranks and figures: Polars freezes and answers as the reference does, for everyone and by group.

Ties, missing amounts, groups that are not known and rows that are not compared are among them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction

import pytest
from agree_worlds import agree, context, frames, luck_of, main_table, related_table, ruleset

from segrules.backends.polars import calibrate as polars
from segrules.backends.reference.calibrate import calibrate
from segrules.backends.reference.evaluate import Row, evaluate
from segrules.backends.reference.rows import Tables
from segrules.lang.ir import (
    EVERYONE,
    Aggregate,
    Apply,
    Calibrated,
    Calibration,
    Choose,
    Column,
    Const,
    Cut,
    Expr,
    Feature,
    Figure,
    InRank,
    Linked,
    Outcome,
    Places,
    Population,
    Rank,
    Rows,
    Rule,
    Ruleset,
    SegmentSet,
    Statistic,
    Table,
    Use,
)
from segrules.lang.types import (
    BOUND,
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Share,
    Text,
    Whole,
)

REGION = Enum(("north", "bronze", "süd"))
KINDS = {
    "key": (Text(), False),
    "fee": (Money("GBP"), True),
    "score": (Number(None, None), True),
    "part": (Share(), False),
    "born": (Date(), True),
    "seen_at": (Instant(), True),
    "region": (REGION, True),
    "size": (Whole(0, 9), False),
    "note": (Text(), True),
    "active": (Flag(), True),
}
TABLE = main_table("people", "key", KINDS)
SHARES = [Fraction(0), Fraction(1, 10), Fraction(1, 3), Fraction(29, 100), Fraction(1)]
COUNTS = [0, 1, 3, 10, 1000]
QUOTAS = [(share, None) for share in SHARES] + [(None, count) for count in COUNTS]


def people(seed: int, count: int, spread: int, missing: float) -> list[dict[str, object]]:
    """Doubles are dyadic, so that totals are exact in every order."""
    luck = luck_of(seed)
    keys = [*(f"k{at}" for at in range(count - 2)), "ä", "Z"][:count]
    luck.shuffle(keys)
    found = []
    for key in keys:
        number = luck.randint(-spread // 4, spread)
        row = {
            "key": key,
            "fee": number,
            "score": luck.choice([number / 2, -0.0, 2.0**30]),
            "part": luck.choice([0.0, 0.25, 0.5, 1.0]),
            "born": dt.date(2000, 1, 15 + number % 10),
            "seen_at": dt.datetime(2026, 1, 1, number % 24, tzinfo=dt.UTC),
            "region": luck.choice(REGION.values),
            "size": luck.randint(0, 2),
            "note": luck.choice(["", "a", "ä"]),
            "active": luck.random() < 0.7,
        }
        optional = [name for name, (_, may) in KINDS.items() if may and luck.random() < missing]
        found.append(row | dict.fromkeys(optional))
    return found


PEOPLE = {
    "ties": people(1, 60, 2, 0.0),
    "ties_missing": people(2, 61, 2, 0.3),
    "spread": people(3, 47, 10**6, 0.1),
    "one": people(4, 1, 5, 0.0),
    "all_missing": people(5, 9, 5, 1.0),
    "nobody": [],
}


def column(name: str) -> Column:
    return Column("people", name, *KINDS[name])


ACTIVE = column("active")
BIG = Apply("ge", (column("size"), Const(1, Whole())), Flag(), False)
LARGE_FEE = Apply("gt", (column("fee"), Const(1, Whole())), Flag(), True)
POPULATIONS = {
    "everyone": EVERYONE,
    "active": Population((), ACTIVE),
    "big": Population((), BIG),
    "region": Population((column("region"),)),
    "size": Population((column("size"),)),
    "large_fees_by_note": Population((column("note"),), LARGE_FEE),
    "active_by_region_and_size": Population((column("region"), column("size")), ACTIVE),
    "by_day_and_flag": Population((column("born"), ACTIVE)),
}


PAIRS = [
    (rows, population)
    for rows in PEOPLE
    for population in POPULATIONS
    if rows == "ties_missing" or population in {"everyone", "active_by_region_and_size"}
]


def ranks(population: Population) -> list[Calibrated]:
    found: list[Calibrated] = []
    for by in ("fee", "score", "part", "born", "seen_at"):
        amount = column(by)
        found += [
            InRank("", top, share, count, amount, True, population)
            for top in (True, False)
            for share, count in QUOTAS
        ]
        found.append(Rank("", amount, population, True))
    for by in ("fee", "score", "part", "size"):
        found += [
            InRank("", True, share, None, column(by), True, population, making=True)
            for share in SHARES[1:]
        ]
    return _named(found)


def figures(population: Population) -> list[Calibrated]:
    found: list[Calibrated] = [
        Statistic("", "count", None, None, population, Whole(0), bool(population.same))
    ]
    for by in ("fee", "score", "part", "size", "born", "seen_at"):
        kind = KINDS[by][0]
        results = {"count": Whole(0), "least": kind, "greatest": kind}
        if not isinstance(kind, Date | Instant):
            exact = isinstance(kind, Whole | Money)
            results["sum"] = kind if exact else Number(None, None)
            results |= dict.fromkeys(("mean", "median"), Number(None, None))
            found += [
                Statistic("", "quantile", share, column(by), population, Number(None, None), True)
                for share in (*SHARES, Fraction(1, 2), Fraction(3, 4), Fraction(1, 7))
            ]
        found += [
            Statistic("", how, None, column(by), population, result, True)
            for how, result in results.items()
        ]
    return _named(found)


def _named(found: list[Calibrated]) -> list[Calibrated]:
    return [replace(node, name=f"{type(node).__name__} {at}") for at, node in enumerate(found)]


def world(found: list[Calibrated], features=(), tables=(TABLE,)) -> Ruleset:
    """Each rank and figure is a feature, and a set rests on all of them."""
    made = [Feature(f"x{at}", "let", "people", node) for at, node in enumerate(found)]
    rules = tuple(
        Rule(
            f"has_{each.name}", "",
            Apply("is_known", (Use(each.name, each.type, True),), Flag(), False),
        )
        for each in made
    )  # fmt: skip
    sets = [SegmentSet("s", "people", rules, Outcome("rest", ""), Outcome("unsure", ""))]
    return ruleset(tables, [*features, *made], sets)


def frozen_alike(rules: Ruleset, rows: dict[str, list[dict[str, object]]]) -> Calibration:
    """The calibration on which both agree."""
    expected = calibrate(rules, Tables(rows), context())
    found = polars.calibrate(rules, frames(rules, rows), context())
    assert found.as_of == expected.as_of
    assert found.names() == expected.names()
    for name in sorted(expected.names()):
        want, got = expected.groups(name), found.groups(name)
        assert got == want, name
        kinds = {group: type(_value(frozen)) for group, frozen in want.items()}
        assert {group: type(_value(frozen)) for group, frozen in got.items()} == kinds, name
    return expected


def _value(frozen: Cut | Figure | Places) -> object:
    return frozen.amounts[:1] if isinstance(frozen, Places) else frozen.value


@pytest.mark.parametrize(("rows", "population"), PAIRS)
def test_ranks_are_frozen_and_answered_alike(rows: str, population: str) -> None:
    found = ranks(POPULATIONS[population])
    rules = world(found)
    calibration = frozen_alike(rules, {"people": PEOPLE[rows]})
    answers = agree(rules, "people", {"people": PEOPLE[rows]}, context(calibration))
    if population == "everyone":
        for at, each in enumerate(found):
            if isinstance(each, InRank) and not each.making:
                _takes_what_it_says(each, PEOPLE[rows], answers[f"x{at}"])


def _takes_what_it_says(each: InRank, rows, answers) -> None:
    known = sum(row[each.by.name] is not None for row in rows)
    taken = answers.count(True)
    assert answers.count(None) == len(rows) - known
    if each.count is not None:
        assert taken == min(each.count, known)
    elif known:
        assert taken >= -(-each.share.numerator * known // each.share.denominator)
        assert each.share or taken == 0


@pytest.mark.parametrize(("rows", "population"), PAIRS)
def test_figures_are_frozen_and_answered_alike(rows: str, population: str) -> None:
    rules = world(figures(POPULATIONS[population]))
    calibration = frozen_alike(rules, {"people": PEOPLE[rows]})
    agree(rules, "people", {"people": PEOPLE[rows]}, context(calibration))


@pytest.mark.parametrize("population", ["region", "everyone"])
def test_rows_that_were_not_there(population: str) -> None:
    """Others are asked later: of groups that were not there, of amounts between those frozen."""
    found = _named([*ranks(POPULATIONS[population])[::3], *figures(POPULATIONS[population])])
    rules = world(found)
    before = [row for row in people(6, 40, 8, 0.1) if row["region"] != "süd"]
    calibration = frozen_alike(rules, {"people": before})
    later = people(7, 40, 12, 0.1)
    answers = agree(rules, "people", {"people": later}, context(calibration))
    if population == "region":
        new = [at for at, row in enumerate(later) if row["region"] == "süd"]
        count = next(at for at, node in enumerate(found) if getattr(node, "how", "") == "count")
        assert {answers[f"x{count}"][at] for at in new} == {0}
        assert {answers["x0"][at] for at in new} == {None}


def test_largest_that_make_more_than_64_bits() -> None:
    """Totals of many amounts leave 64 bits, and the last unit decides."""
    count = 20_001
    rows = [{"key": f"{at:05}", "fee": BOUND, "size": 0, "part": 0.0} for at in range(count)]
    half = InRank("h", True, Fraction(1, 2), None, column("fee"), True, making=True)
    most = InRank("m", True, Fraction(20_000, count), None, column("fee"), True, making=True)
    more = replace(most, name="n", share=most.share + Fraction(1, 10**19))
    rules = world([half, most, more])
    calibration = frozen_alike(rules, {"people": rows})
    assert calibration.at("h") == Cut(count, BOUND, "10000")
    assert calibration.at("m") == Cut(count, BOUND, "19999")
    assert calibration.at("n") == Cut(count, BOUND, "20000")


def test_what_is_in_the_context_is_kept() -> None:
    found = ranks(EVERYONE)[:4]
    rules = world(found)
    mine = Cut(7, 3, "x")
    where = context(Calibration(context().as_of, (), ((found[0].name, mine),)))
    rows = {"people": PEOPLE["ties"]}
    expected = calibrate(rules, Tables(rows), where)
    got = polars.calibrate(rules, frames(rules, rows), where)
    assert expected.at(found[0].name) == got.at(found[0].name) == mine
    assert found[0].name not in dict(expected.frozen) | dict(got.frozen)
    assert got.names() == expected.names() == {node.name for node in found}
    agree(rules, "people", rows, context(expected))


def test_one_answer_stands_for_every_group() -> None:
    by_region = POPULATIONS["region"]
    found = _named([
        InRank("", True, None, 3, column("fee"), True, by_region),
        Rank("", column("fee"), by_region, True),
        Statistic("", "sum", None, column("fee"), by_region, Money("GBP"), True),
    ])  # fmt: skip
    stated = (Cut(9, 1, "k3"), Places(9, (2, 1), (1, 4)), Figure(9, 77))
    everywhere = tuple(zip([node.name for node in found], stated, strict=True))
    where = context(Calibration(context().as_of, (), everywhere))
    answers = agree(world(found), "people", {"people": PEOPLE["ties_missing"]}, where)
    assert set(answers["x0"]) == {True, False, None}
    assert set(answers["x1"]) == {1, 4, 10, None}
    assert set(answers["x2"]) == {77, None}


# ---- what rests on what


def _orders() -> Table:
    kinds = {"person": (Text(), False), "paid": (Whole(), True)}
    return related_table("orders", "person", kinds, of="people")


def _order_rows(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    luck = luck_of(8)
    return [{"person": luck.choice(rows)["key"], "paid": luck.randint(0, 3)} for _ in range(200)]


def test_a_rank_on_a_rank_on_aggregates_and_on_figures() -> None:
    paid = Column("orders", "paid", Whole(), True)
    spent = Aggregate("sum", Rows("orders", "person"), paid, Whole(), True)
    whole, best = Use("spent", Whole(), True), Use("best", Flag(), True)
    twice = Apply("mul", (whole, Const(2, Whole())), Whole(), True)
    by: Expr = Choose(((best, Use("bonus", Whole(), True)),), whole, Whole(), True)
    first = InRank("first", True, Fraction(1, 5), None, whole, True)
    second = InRank("second", False, None, 4, by, True)
    middle = Statistic(
        "middle", "median", None, by, Population((), Use("second", Flag(), True)),
        Number(None, None), True,
    )  # fmt: skip
    far = Apply("gt", (Apply("to_number", (whole,), Number(), True), middle), Flag(), True)
    third = Rank("third", whole, Population((column("size"),), far), True)
    features = [
        Feature("spent", "let", "people", spent),
        Feature("best", "let", "people", first),
        Feature("bonus", "let", "people", twice),
        Feature("second", "let", "people", second),
    ]
    rules = world([third], features, (TABLE, _orders()))
    rows = {"people": PEOPLE["ties"], "orders": _order_rows(PEOPLE["ties"])}
    calibration = frozen_alike(rules, rows)
    assert calibration.names() == {"first", "second", "middle", "third"}
    answers = agree(rules, "people", rows, context(calibration))
    assert answers["second"].count(True) == 4
    assert None in answers["x0"]
    assert 1 in answers["x0"]


def test_a_rank_seen_through_links_and_related_rows() -> None:
    """Each customer's leader, and the ranks of the customers that a leader has."""
    leaders = main_table("leaders", "id", {"id": (Text(), False), "fee": (Whole(), True)})
    table = replace(TABLE, columns=(*TABLE.columns, _link()))
    fee = Column("leaders", "fee", Whole(), True)
    top = InRank("leaders by fee", True, None, 2, fee, True)
    mine = InRank("people by fee", True, Fraction(1, 3), None, column("fee"), True)
    link = Column("people", "leader", Link("leaders"), True)
    led = Linked(link, "leaders", Use("top", Flag(), True), Flag())
    best = Rows("people", "leader", None, Use("mine", Flag(), True))
    count = Aggregate("count", best, None, Whole(0), False)
    features = [
        Feature("top", "let", "leaders", top),
        Feature("mine", "let", "people", mine),
        Feature("led", "let", "people", led),
        Feature("stars", "let", "leaders", count),
    ]
    rules_of = (Rule("led", "", Use("led", Flag(), True)),)
    by_stars = Apply("ge", (Use("stars", Whole(0), False), Const(2, Whole())), Flag(), False)
    sets = [
        SegmentSet("p", "people", rules_of, Outcome("rest", ""), Outcome("unsure", "")),
        SegmentSet("l", "leaders", (Rule("many", "", by_stars),), Outcome("rest", ""), None),
    ]
    rules = ruleset([table, leaders], features, sets)
    luck = luck_of(3)
    ids = [f"l{at}" for at in range(6)]
    rows = {
        "people": [
            row | {"leader": luck.choice([*ids, "gone", None])} for row in PEOPLE["spread"]
        ],
        "leaders": [{"id": name, "fee": luck.choice([1, 2, 3, None])} for name in ids],
    }  # fmt: skip
    calibration = frozen_alike(rules, rows)
    assert calibration.names() == {"leaders by fee", "people by fee"}
    answers = agree(rules, "people", rows, context(calibration))
    assert set(answers["led"]) == {True, False, None}
    stars = agree(rules, "leaders", rows, context(calibration))["stars"]
    assert max(stars) > 0


def _link():
    return related_table("x", "leader", {"leader": (Link("leaders"), True)}).columns[0]


def test_a_rank_without_its_cut_point_is_our_mistake() -> None:
    each = InRank("r", True, None, 2, column("fee"), True)
    rules = world([each])
    with pytest.raises(KeyError):
        agree(rules, "people", {"people": PEOPLE["ties"]})
    with pytest.raises(KeyError):
        evaluate(each, Row("people", {"fee": 1}), rules, context())
    cut = context(Calibration(context().as_of, (), (("r", Cut(3, 1, "a")),)))
    with pytest.raises(ValueError, match="key"):
        evaluate(each, Row("people", {"fee": 1}), rules, cut)
