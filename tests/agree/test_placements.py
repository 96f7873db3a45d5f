"""What becomes of those placed in a segment, and who reads placements."""

from __future__ import annotations

import dataclasses
from collections import Counter
from fractions import Fraction

import pytest
from agree_worlds import agree, agree_placed, context, luck_of, main_table, ruleset
from test_ranks import frozen_alike

from segrules.lang.ir import (
    SUPPRESSED,
    Aggregate,
    Allotment,
    Apply,
    Cap,
    Column,
    Const,
    Expr,
    Feature,
    Holdout,
    InRank,
    Linked,
    Outcome,
    Placed,
    Population,
    Rows,
    Rule,
    SegmentSet,
    Statistic,
    Use,
    Value,
)
from segrules.lang.types import Enum, Flag, Link, Money, Number, Share, Text, Whole

FLAGS = [f"f{at}" for at in range(6)]
KINDS = {
    "key": (Text(), False),
    "fee": (Money("GBP"), True),
    "parent": (Link("people"), True),
    **{name: (Flag(), True) for name in FLAGS},
}
TABLE = main_table("people", "key", KINDS)
KEY = Column("people", "key", Text(), False)
FEE = Column("people", "fee", Money("GBP"), True)


def people(seed: int, count: int = 250) -> list[dict[str, Value]]:
    luck = luck_of(seed)
    found: list[dict[str, Value]] = []
    for at in range(count):
        flags = {name: luck.choices([True, False, None], (2, 6, 1))[0] for name in FLAGS}
        fee = luck.choice([None, *range(8)])
        parent = luck.choice([None, "nobody", *(f"k{each}" for each in range(20))])
        found.append({"key": f"k{at}", "fee": fee, "parent": parent, **flags})
    return found


def flag(at: int) -> Column:
    return Column("people", FLAGS[at], Flag(), True)


def treatment(unsure: bool) -> SegmentSet:
    """Five segments and all that governs them but the caps."""
    key = Apply("in", (KEY, *(Const(f"k{at}", Text()) for at in range(30, 60))), Flag(), False)
    rules = (
        Rule(SUPPRESSED, "", Apply("and", (flag(0), flag(1)), Flag(), True), "suppress"),
        Rule("best", "", key, "override"),
        Rule("best", "", flag(1)),
        Rule("good", "", flag(2)),
        Rule("good", "", flag(3), "stay"),
        Rule("fair", "", flag(4)),
    )
    outcome = Outcome("unsure", "") if unsure else None
    return SegmentSet("treatment", "people", rules, Outcome("rest", ""), outcome)


def placed(found: SegmentSet, caps: int | None = None) -> Placed:
    return Placed(found.name, found.type, found.optional, caps)


def sits_in(found: SegmentSet, segment: str, caps: int | None = None) -> Expr:
    """Whether a row is placed in a segment: never unknown."""
    test = Apply("eq", (placed(found, caps), Const(segment, found.type)), Flag(), found.optional)
    return Apply("if_missing", (test, Const(False, Flag())), Flag(), False)


def best(name: str, count: int, among: Expr) -> InRank:
    return InRank(name, True, None, count, FEE, True, Population((), among))


def capped(found: SegmentSet, *caps: tuple[str, int, str]) -> SegmentSet:
    made = tuple(
        Cap(segment, rest, best(f"cap {at} of {found.name}", count, sits_in(found, segment, at)))
        for at, (segment, count, rest) in enumerate(caps)
    )
    return dataclasses.replace(found, caps=made)


def governed(unsure: bool) -> SegmentSet:
    """With three caps: the second and the third also see those moved by the first."""
    found = capped(
        treatment(unsure), ("best", 20, "good"), ("good", 25, "fair"), ("fair", 9, "best")
    )
    among = sits_in(found, "best")
    desk = best("desk", 8, among)
    others = Apply(
        "not", (Apply("if_missing", (desk, Const(False, Flag())), Flag(), False),), Flag(), False
    )
    phone = best("phone", 5, Apply("and", (among, others), Flag(), False))
    part, salt = Const(0.3, Share()), Const("salt", Text())
    return dataclasses.replace(
        found,
        allotments=(
            Allotment("best", ((desk, "desk"), (phone, "phone")), "letter"),
            Allotment("rest", (), "nobody"),
        ),
        holdout=Holdout(
            Fraction(3, 10), "salt", Apply("held_out", (KEY, salt, part), Flag(), False)
        ),
    )


@pytest.mark.parametrize("unsure", [True, False])
def test_everything_that_governs_a_set(unsure: bool) -> None:
    found = governed(unsure)
    features = [
        Feature(f"after_{caps}", "let", "people", placed(found, caps))
        for caps in (0, 1, 2, 3, None)
    ]
    rules = ruleset([TABLE], features, [found], steps=["treatment", *(f.name for f in features)])
    rows = people(4)
    calibration = frozen_alike(rules, {"people": rows})
    assert calibration.names() == {
        "cap 0 of treatment", "cap 1 of treatment", "cap 2 of treatment", "desk", "phone"
    }  # fmt: skip
    where = context(calibration)
    expected = agree_placed(rules, found, {"people": rows}, where)
    deciders = Counter(by for _, by, *_ in expected)
    assert set(found.deciders) == set(deciders)
    assert Counter(segment for segment, *_ in expected)["good"] == 25
    targets = Counter(target for *_, target, _ in expected)
    assert (targets["desk"], targets["phone"]) == (8, 5)
    assert targets["letter"] > 0
    assert targets["nobody"] == sum(segment == "rest" for segment, *_ in expected)
    answers = agree(rules, "people", {"people": rows}, where)
    assert answers["after_3"] == answers["after_None"] == [segment for segment, *_ in expected]
    assert len({tuple(answers[f"after_{caps}"]) for caps in (0, 1, 2, 3)}) == 4


def test_a_cap_without_any_place() -> None:
    """Nobody is in the segment at all, or nobody's amount is known."""
    found = capped(treatment(unsure=True), ("best", 0, "fair"), ("good", 3, "rest"))
    rules = ruleset([TABLE], sets=[found])
    rows = [row | {"fee": None} for row in people(5, 60)]
    calibration = frozen_alike(rules, {"people": rows})
    expected = agree_placed(rules, found, {"people": rows}, context(calibration))
    assert not {segment for segment, *_ in expected} & {"best", "good"}
    later = agree_placed(rules, found, {"people": people(6, 60)}, context(calibration))
    assert not {segment for segment, *_ in later} & {"best", "good"}
    nobody = frozen_alike(rules, {"people": []})
    agree_placed(rules, found, {"people": rows}, context(nobody))


def test_placements_are_read_by_rules_features_links_and_rows() -> None:
    """Features and sets rest on each other in turn, on the row and on other rows."""
    first = governed(unsure=False)
    is_best = Feature("is_best", "let", "people", sits_in(first, "best"))
    parent = Column("people", "parent", Link("people"), True)
    above = Feature("above", "let", "people", Linked(parent, "people", placed(first), first.type))
    stars = Rows("people", "parent", None, Use("is_best", Flag(), False))
    below = Feature(
        "below", "let", "people", Aggregate("count", stars, None, Whole(0), optional=False)
    )
    mine = Column("people", "fee", Money("GBP"), True)
    usual = Statistic(
        "usual", "median", None, mine, Population((placed(first),)), Number(None, None), True
    )
    rich = Apply("gt", (Apply("to_number", (mine,), Number(), True), usual), Flag(), True)
    many = Apply("ge", (Use("below", Whole(0), False), Const(2, Whole())), Flag(), False)
    same = Apply("eq", (Use("above", first.type, True), placed(first)), Flag(), True)
    second = SegmentSet(
        "service", "people",
        (Rule("leader", "", many), Rule("family", "", same), Rule("rich", "", rich)),
        Outcome("none", ""), Outcome("open", ""),
        caps=(),
    )  # fmt: skip
    second = capped(second, ("family", 6, "none"))
    last = Feature("last", "flag", "people", sits_in(second, "family"))
    rules = ruleset(
        [TABLE], [is_best, above, below, last], [first, second],
        steps=["treatment", "is_best", "above", "below", "service", "last"],
    )  # fmt: skip
    rows = people(8)
    calibration = frozen_alike(rules, {"people": rows})
    assert calibration.names() == {
        *(f"cap {at} of treatment" for at in range(3)), "cap 0 of service", "desk", "phone", "usual"
    }  # fmt: skip
    where = context(calibration)
    answers = agree(rules, "people", {"people": rows}, where)
    assert answers["last"].count(True) == 6
    assert set(answers["above"]) >= {"best", "good", "rest", None}
    assert max(answers["below"]) >= 2
    made = agree_placed(rules, second, {"people": rows}, where)
    assert {by for _, by, *_ in made} == set(second.deciders)


def test_a_chain_of_sets() -> None:
    """Each set reads the one before, through a feature."""
    kind = Enum(("yes", "no"))
    steps: list[str] = []
    features: list[Feature] = []
    sets: list[SegmentSet] = []
    test: Expr = flag(0)
    for at in range(25):
        features.append(Feature(f"x{at}", "let", "people", test))
        rule = Rule("yes", "", Use(f"x{at}", Flag(), True))
        sets.append(SegmentSet(f"s{at}", "people", (rule,), Outcome("no", ""), None))
        steps += [f"x{at}", f"s{at}"]
        test = Apply(
            "ne", (Placed(f"s{at}", kind, True), Const("yes", kind)), Flag(), optional=True
        )
    rules = ruleset([TABLE], features, sets, steps=steps)
    answers = agree(rules, "people", {"people": people(9, 40)})
    flags = [row["f0"] for row in people(9, 40)]
    assert answers["x24"] == flags
    assert answers["x23"] == [None if each is None else not each for each in flags]
