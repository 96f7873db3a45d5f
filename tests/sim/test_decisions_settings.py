"""What is varied and what is limited: as it is written, and what is wrong with it."""

from dataclasses import replace
from fractions import Fraction

import pytest
from decisions_forms import AGENTS, HEAD, LEVERS, rules_of

from segrules.lang.types import decimals
from segrules.sim.decisions.limits import bounds
from segrules.sim.decisions.settings import Setting, dials, grid, holding, ranges
from segrules.text.diagnostic import RulesError


@pytest.fixture(scope="module")
def ruleset():
    text = HEAD.replace(
        "knob fee",
        "knob part = 25% from 10% to 40%\nknob recent = 60 days from 30 days to 90 days\n"
        "knob stepped = 20% from 10% to 30% step 5%\nknob step = 1.5 from 0.5 to 2\n"
        "knob one = 3 from 3 to 3\nknob fee",
    )
    return rules_of(text + LEVERS).ruleset


def shown(argument, ruleset):
    over = ranges([argument], ruleset)
    return [setting.shown[0] for setting in grid(over)]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("fee", ["1", "2", "3", "4", "5"]),
        ("fee=1:4:4", ["1", "2", "3", "4"]),
        ("golden_from=1:5:3", ["1", "3", "5"]),
        ("fee=1:2:5", ["1", "2"]),
        ("stepped", ["10%", "15%", "20%", "25%", "30%"]),
        ("stepped=10%:20%", ["10%", "15%", "20%"]),
        ("stepped=10%:30%:2", ["10%", "30%"]),
        ("part=10%:40%:4", ["10%", "20%", "30%", "40%"]),
        ("recent=30 days:90 days:3", ["30 days", "60 days", "90 days"]),
        ("recent=30:90:3", ["30 days", "60 days", "90 days"]),
        ("step=0.5:2:4", ["0.5", "1", "1.5", "2"]),
        ("gold_odds=1:2:3", ["1", "1.5", "2"]),
        ("gold_odds", ["1.1", "1.225", "1.35", "1.475", "1.6"]),
        ("letter_cost", ["1", "1.25", "1.5", "1.75", "2"]),
    ],
)
def test_steps_are_as_in_the_rule_file(argument, expected, ruleset):
    assert shown(argument, ruleset) == expected


@pytest.mark.parametrize(
    ("argument", "code", "word"),
    [
        ("fee=5:1:3", "SEG720", "empty"),
        ("fee=1", "SEG720", "no range"),
        ("fee=1:2:3:4", "SEG720", "no range"),
        ("fee=a:b:3", "SEG720", "no range"),
        ("fee=1%:2%:3", "SEG720", "no range"),
        ("part=0.1:0.2:3", "SEG720", "no range"),
        ("fee=1:5:1", "SEG720", "steps"),
        ("fee=1:5:99999", "SEG720", "steps"),
        ("fee=1:5:0", "SEG720", "steps"),
        ("gold_odds=0:1:2", "SEG720", "cannot have"),
        ("gold_odds=1:1e400:2", "SEG720", "no range"),
        ("letter_cost=-1:2:2", "SEG720", "cannot have"),
        ("fee=0:5:3", "SEG720", "declared"),
        ("=1:2:3", "SEG720", "no range"),
        ("one", "SEG720", "one value"),
        ("nothing", "SEG720", "one value"),
        ("gold_ods", "SEG721", "gold_ods"),
    ],
)
def test_what_is_wrong_with_a_range_is_said(argument, code, word, ruleset):
    with pytest.raises(RulesError) as raised:
        ranges([argument], ruleset)
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert word in found.message
    assert found.hint
    assert raised.value.unable


def test_a_name_is_varied_once(ruleset):
    with pytest.raises(RulesError, match="twice"):
        ranges(["fee", "fee=1:2:2"], ruleset)


def test_two_dials_make_every_combination(ruleset):
    made = grid(ranges(["fee=1:3:3", "step=1:2:2"], ruleset))
    assert [each.shown for each in made] == [
        (fee, step) for fee in ("1", "2", "3") for step in ("1", "2")
    ]
    with pytest.raises(RulesError, match="settings together"):
        grid(ranges(["gold_odds=1:2:100", "silver_odds=1:2:100"], ruleset))


def test_the_search_takes_knobs_only(ruleset):
    (fee, part) = dials(["fee", "part=20%:30%"], ruleset)
    assert (fee.low, fee.high, fee.today, fee.whole) == (1, 5, 2, True)
    assert (part.low, part.high, part.today, part.whole) == (0.2, 0.3, 0.25, False)
    with pytest.raises(RulesError, match="assumption"):
        dials(["gold_odds"], ruleset)


def test_an_assumption_is_held_at_its_value(ruleset):
    over = {"letter_cost": 1.5, "gold_odds": 1.2}
    found = {each.name: each for each in holding(ruleset, over).assumptions}
    assert (found["letter_cost"].low, found["letter_cost"].high) == (150, 150)
    assert (found["gold_odds"].low, found["gold_odds"].high) == (1.2, 1.2)
    assert found["silver_odds"] == next(e for e in ruleset.assumptions if e.name == "silver_odds")
    assert decimals("GBP") == 2


def test_knobs_are_written_for_the_rules(ruleset):
    ((part, _),) = ranges(["part"], ruleset)
    assert Setting(((part, 0.125),)).knobs == {"part": "12.5%"}
    assert part.written(float(Fraction(1, 4))) == "25%"


# ---- limits


def limits(*arguments, ruleset=None, **project):
    made = ruleset or rules_of(HEAD + LEVERS).ruleset
    return bounds(arguments, made, replace(made.projects[0], **project))


def test_limits_are_read():
    one, two, three = limits("cost<=today", "sales >=  95% of today", "cost <= 50_000")
    assert one.excess(100.0, 110.0) == pytest.approx(0.1)
    assert one.excess(100.0, 90.0) == pytest.approx(-0.1)
    assert two.excess(100.0, 94.0) == pytest.approx(1 / 95)
    assert two.excess(100.0, 96.0) < 0
    assert three.allowed(7.0) == 5_000_000
    assert [each.measure for each in (one, two, three)] == ["cost", "sales", "cost"]
    (sales,) = limits("sales <= 50")
    assert sales.allowed(7.0) == 50


def test_limits_on_lines_are_of_their_own_measures():
    wait, late, dear = limits("wait <= 60", "answered in  time >= 80%", "cost <= 50", about="line")
    assert wait.allowed(7.0) == 60
    assert (late.measure, late.allowed(0.5)) == ("answered in time", 0.8)
    assert dear.allowed(7.0) == 5_000
    for argument, code in (("sales >= today", "SEG723"), ("pay >= today", "SEG733"),
                           ("wait <= 60%", "SEG722")):  # fmt: skip
        with pytest.raises(RulesError) as raised:
            limits(argument, about="line")
        assert [each.code for each in raised.value.diagnostics] == [code]


def test_a_limit_on_pay_is_a_part_of_todays():
    made = rules_of(HEAD + AGENTS + LEVERS).ruleset
    (pay,) = limits("pay >= 95% of today", ruleset=made)
    assert (pay.measure, pay.allowed(200.0)) == ("pay", 190.0)
    for argument in ("pay <= today", "pay >= 900"):
        with pytest.raises(RulesError, match="no limit on pay"):
            limits(argument, ruleset=made)


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("cost < today", "SEG722"),
        ("cost", "SEG722"),
        ("cost <= much", "SEG722"),
        ("<= today", "SEG722"),
        ("95% of today <= cost", "SEG722"),
        ("wait <= 60", "SEG733"),
        ("pay >= 95% of today", "SEG733"),
        ("cost <= 50%", "SEG722"),
        ("profits >= today", "SEG723"),
    ],
)
def test_what_is_wrong_with_a_limit_is_said(argument, code):
    with pytest.raises(RulesError) as raised:
        limits(argument)
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert found.hint
