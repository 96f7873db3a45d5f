"""Pools, pay, effort, quality, lives, lines, levers and projects: what they mean, and what fails.

Each mistake is made in a file that is right without it, by putting one text in place of another.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from firm_rules import FIRM

from segrules.lang import ir
from segrules.rules import inspect
from segrules.text.render import full
from segrules.text.source import Source


def with_(*changes: tuple[str, str]) -> str:
    """The firm with texts replaced; each must be there."""
    text = FIRM
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def ruleset(text: str = FIRM) -> ir.Ruleset:
    found = inspect(Source("firm.seg", text))
    assert not list(found.log), "".join(map(full, found.log))
    assert found.ruleset is not None
    return found.ruleset


def said(text: str) -> list[tuple[str, str]]:
    """Each finding: its code, and the text it points at."""
    log = inspect(Source("firm.seg", text)).log
    return [(each.code, each.span.text if each.span else "") for each in log]


FIRM_MEANT = ruleset()


# ---- what it means


def test_a_pool() -> None:
    specialists, generalists, care_team = FIRM_MEANT.pools
    assert specialists == ir.Pool(
        "specialists", "Chartered advisers", 4.0, (), 30.0, 5.0, ("complex_high", "growth"), 5500.0
    )
    assert generalists.agents is None
    assert generalists.shifts == (ir.Shift(8.0, 8.0, 13.0), ir.Shift(5.0, 13.0, 18.5))
    assert (care_team.hours, care_team.skill, care_team.serves, care_team.cost) == (
        None, None, (), None,
    )  # fmt: skip


def test_a_pay_plan() -> None:
    volume, margin = FIRM_MEANT.plans
    assert volume == ir.PayPlan(
        "volume", "A sum per sale", per_sale=15000.0, of_value=0.055,
        times=(("complex_high", 2.2),), penalty=6000.0, clawback=1.0, sound=500.0,
        tiers=(ir.Tier(10.0, 1.5, 0.0), ir.Tier(20.0, 1.0, 3000.0)), cap=400000.0, stay=2000.0,
        stay_of_value=0.01,
    )  # fmt: skip
    assert margin == ir.PayPlan("margin", "", of_margin=0.1)


def test_an_effort() -> None:
    (effort,) = FIRM_MEANT.efforts
    assert isinstance(effort.time, ir.Apply)
    assert effort.time.op == "div"
    assert replace(effort, time=()) == ir.Effort(
        "sales", (), (("complex_high", 0.6), ("", 0.2)), "response", 0.0, "volume",
        ("specialists", "generalists"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("time", "meant"),
    [
        ("3", (("", 3.0),)),
        ("staff", (("", 6.0),)),
        ("speed", (("", "speed"),)),
        ("3 for growth, speed for rest", (("growth", 3.0), ("", "speed"))),
    ],
)
def test_the_time_of_a_case(time: str, meant: ir.ByName) -> None:
    levers = ("  process complex_high time times speed ceiling times speed\n", "")
    others = (
        "terms straight value times speed leaving times speed",
        "terms straight value times k",
    )
    more = ("price growth price times speed", "price growth price times k")
    last = ("every segment handling times speed", "every segment handling times k")
    knob = ("knob reach", "knob k = 2 from 1 to 3\nknob reach")
    source = with_(levers, others, more, last, knob, ("minutes / 60", time))
    if "speed" not in time:
        start = source.index("assume speed")
        source = source[:start] + source[source.index("\n", start) + 1 :]
    assert ruleset(source).efforts[0].time == meant


def test_a_quality() -> None:
    assert FIRM_MEANT.qualities == (
        ir.Quality(
            "sales", (("complex_high", 0.6), ("", 0.1)), (("complex_high", 0.2), ("", 0.05)),
            (("", 0.8),), (("", "missold_share"),), (("", "loss"),), (("", 1800.0),), (("", 2.0),),
            (("", 0.01),), 0.5,
        ),
    )  # fmt: skip


def test_a_life() -> None:
    (life,) = FIRM_MEANT.lives
    assert (life.name, life.table, life.sales) == ("spending", "customers", "transactions")
    assert isinstance(life.value, ir.Apply)
    assert [each.table for each in life.value.args if isinstance(each, ir.Column)] == [
        "transactions", "transactions",
    ]  # fmt: skip
    (serving,) = life.costs
    assert isinstance(serving.amount, ir.Const)
    assert (serving.name, serving.amount.value) == ("serving", 200)
    assert life.keeping == (("complex_high", 400.0), ("", 100.0))
    assert life.leaving == (("complex_high", 0.02), ("", 0.05))
    assert life.changes == (
        ir.Evolution("tenure", "grows", (("", 1.0),)),
        ir.Evolution("spend_12m", "sums", keep=0.92),
        ir.Evolution("orders_12m", "counts", keep=0.92),
        ir.Evolution("satisfaction", "drifts", (("", 0.0),), (("", 0.5),)),
        ir.Evolution("price_point", "drifts", (("", "growth_rate"),), (("", 0.08),), relative=True),
        ir.Evolution(
            "products", "steps", (("", 1.0),), chance=(("complex_high", 0.03), ("", 0.01))
        ),
        ir.Evolution("recency", "since_sale", (("", 1.0),)),
        ir.Evolution("last_on", "sale_day"),
        ir.Evolution("minutes", "follows", (("", -0.8),)),
        ir.Evolution("region", "switches"),
    )


def test_money_moves_by_money() -> None:
    moved = ("price_point drifts by growth_rate give or take 8%", "price_point drifts by -1.5")
    unused = ("assume growth_rate = 1% to 2%", "assume letter_odds_2 = 1.1 to 1.2")
    used = ("retained odds letter_odds", "retained odds letter_odds_2")
    (life,) = ruleset(with_(moved, unused, used)).lives
    assert ir.Evolution("price_point", "drifts", (("", -150.0),)) in life.changes


def test_a_line() -> None:
    (line,) = FIRM_MEANT.lines
    assert (line.name, line.table, line.arrives) == ("calls", "contacts", "at_time")
    assert (line.opens, line.closes, line.pools) == (8.0, 20.0, ("care_team",))
    assert line.target == (("complex_high", 20.0), ("", 60.0))
    columns = [line.handling, line.waited, line.abandoned]
    assert [each.name for each in columns if isinstance(each, ir.Column)] == [
        "handle_minutes", "wait_seconds", "abandoned",
    ]  # fmt: skip
    assert line.where is not None
    always = ruleset(with_((" where (channel = phone)", ""), ("  open      from 8 to 20\n", "")))
    assert always.lines[0].where is None
    assert (always.lines[0].opens, always.lines[0].closes) == (0.0, 24.0)


def test_levers() -> None:
    routed = next(each for each in FIRM_MEANT.scenarios if each.name == "routed")
    assert [(each.kind, each.segments, each.edits) for each in routed.levers] == [
        ("route", ("complex_high",), (ir.RouteTo("specialists"), ir.Reserve(1))),
        ("route", ("straight",), (ir.RouteTo("generalists", 60.0),)),
        ("capacity", (), (ir.Staffed("specialists", 6.0),)),
        ("train", (), (ir.Trained("generalists", 4.0, "skill_odds"),)),
        ("pay", (), (ir.Pays("margin", neutral=True),)),
        ("qa", (), (ir.ChecksUnpaid(),)),
        ("qa", ("complex_high",), (ir.Checked(0.3),)),
        ("comms", ("complex_high",),
         (ir.Odds("appointment", "letter_odds"), ir.Odds("retained", "letter_odds"))),
        ("process", ("complex_high",), (ir.Times("time", "speed"), ir.Times("ceiling", "speed"))),
        ("process", ("growth",), (ir.Plus("sale", "points"),)),
    ]  # fmt: skip
    assert routed.levers[2].costs == (
        ir.LeverCost(4_500_000.0, "once"), ir.LeverCost(400_000.0, "month"),
    )  # fmt: skip
    assert routed.levers[7].costs == (ir.LeverCost(600.0, "customer"),)
    moved = next(each for each in FIRM_MEANT.scenarios if each.name == "moved")
    assert moved.levers[0].edits == (
        ir.Moves("satisfaction", 1.0, 8.0, "nudge_chance", "nudge_chance"),
    )
    first = next(each for each in FIRM_MEANT.scenarios if each.name == "first")
    assert first.levers[0].edits == (ir.Priority(), ir.Reserve(2))


def test_when_a_lever_works() -> None:
    """The first projected month is month 1; `for months` is a knob of six months."""
    routed = next(each for each in FIRM_MEANT.scenarios if each.name == "routed")
    lever = routed.levers[-1]
    assert lever.timing == ir.Timing(start=2, duration=6, ramp=3, persistence=0.5)
    assert (lever.deadweight, lever.pull_forward) == ("nudge_chance", "nudge_chance")
    assert routed.levers[0].timing == ir.Timing()


def test_projects() -> None:
    assert FIRM_MEANT.projects == (
        ir.Project(
            "sales", "sales", "funnel", "worth", 24, 3, 1_000, 7, ("routed",), holds=("cost",),
            target=10_000_000.0,
        ),
        ir.Project("life_of", "spending", "life", "worth", 24, 12, 500, 1, ("moved",)),
        ir.Project("calls", "calls", "line", "worth", 12, 1, 10_000, 1, ("first",)),
    )  # fmt: skip


def test_what_is_compared_may_be_another_scenario() -> None:
    more = "scenario again { process every segment handling times speed }\nproject sales {"
    text = with_(("project sales {", more), ("compare first against today",
                                             "compare first against again"))  # fmt: skip
    assert ruleset(text).projects[-1].against == "again"


def test_assumptions_are_what_they_are_used_for() -> None:
    roles = {each.name: (each.role, each.low, each.high) for each in FIRM_MEANT.assumptions}
    assert roles == {
        "letter_odds": ("odds", 1.1, 1.4), "skill_odds": ("odds", 1.1, 1.4),
        "speed": ("factor", 1.1, 1.4), "nudge_chance": ("share", 0.05, 0.1),
        "response": ("share", 0.2, 0.8), "missold_share": ("share", 0.01, 0.03),
        "loss": ("amount", 30_000.0, 50_000.0), "points": ("share", 0.01, 0.02),
        "growth_rate": ("number", 0.01, 0.02),
    }  # fmt: skip
    assert FIRM_MEANT.assumptions[0].until == dt.date(2027, 6, 30)


def test_a_knob_is_its_setting() -> None:
    found = inspect(Source("firm.seg", FIRM), {"staff": "9", "reach": "45%", "months": "2 months"})
    assert found.ruleset is not None
    routed = next(each for each in found.ruleset.scenarios if each.name == "routed")
    assert routed.levers[2].edits == (ir.Staffed("specialists", 9.0),)
    assert routed.levers[6].edits == (ir.Checked(0.45),)
    assert routed.levers[-1].timing.duration == 2


# ---- what fails

MISTAKES = {
    "agents below nothing": (("agents 4\n", "agents -4\n"), [("SEG842", "-4")]),
    "hours below nothing": (("30 per week", "-1 per week"), [("SEG842", "-1")]),
    "pay below nothing": (("150 per sale", "-150 per sale"), [("SEG842", "-150")]),
    "more than the whole": (("found   80%", "found   180%"), [("SEG842", "180%")]),
    "share as a number": (("found   80%", "found   0.8"), [("SEG841", "0.8")]),
    "knob of another kind": (("checked reach", "checked staff"), [("SEG841", "staff")]),
    "length for a figure": (("agents staff", "agents months"), [("SEG843", "months")]),
    "figure by expression": (
        ("minutes / 60", "minutes / 60 for growth, 3 for rest"),
        [("SEG843", "minutes / 60")],
    ),
    "figure that nobody knows": (("cost    18", "cost    cst"), [("SEG210", "cst")]),
    "assumed hours": (("30 per week", "loss per week"), [("SEG844", "loss")]),
    "bare odds": (("appointment odds letter_odds", "appointment odds 1.1"), [("SEG845", "1.1")]),
    "bare points": (
        ("sale plus points", "sale plus 2%"),
        [("SEG511", "points"), ("SEG845", "2%")],
    ),
    "bare chance": (("8 chance nudge_chance", "8 chance 5%"), [("SEG845", "5%")]),
    "bare deadweight": (("deadweight nudge_chance", "deadweight 5%"), [("SEG845", "5%")]),
    "segment of no set": (
        ("serves complex_high, growth\n", "serves complx_high, growth\n"),
        [("SEG203", "complx_high")],
    ),
    "segment twice": (
        ("0.6 for complex_high, 0.2 for rest", "0.6 for rest, 0.2 for rest"),
        [("SEG846", "rest")],
    ),
    "figure lacking": (
        ("0.6 for complex_high, 0.2 for rest", "0.6 for complex_high"),
        [("SEG847", "sales")],
    ),
    "line twice": (("  skill  5\n", "  skill  5\n  skill  6\n"), [("SEG108", "skill  6")]),
    "unknown pool": (
        ("pools     care_team", "pools     care_tem"),
        [("SEG850", "care_tem")],
    ),
    "unknown plan": (
        ("paid by    volume", "paid by    volum"),
        [("SEG851", "volum")],
    ),
    "unknown plan in a lever": (
        ("pay margin neutral", "pay margn neutral"),
        [("SEG851", "margn")],
    ),
    "hours of no day": (("13 to 18.5", "13 to 25"), [("SEG852", "5 from 13 to 25")]),
    "shifts overlap": (("13 to 18.5", "12 to 18.5"), [("SEG853", "5 from 12 to 18.5")]),
    "closed before it opens": (
        ("from 8 to 20", "from 20 to 8"),
        [("SEG852", "open      from 20 to 8")],
    ),
    "pays nothing": (("{ 10% of margin }", "{ 0% of margin }"), [("SEG854", "margin")]),
    "tiers out of order": (
        ("from 20 sales plus 30", "from 10 sales plus 30"),
        [("SEG855", "from 10 sales plus 30")],
    ),
    "effort without pay": (
        ("  paid by    volume\n", ""),
        [("SEG859", "volume"), ("SEG856", "sales")],
    ),
    "funnel without value": (
        (" value 5% of spend_12m", ""),
        [("SEG857", "sales"), ("SEG857", "sales")],
    ),
    "wait in weeks": (("2 days", "2 weeks"), [("SEG858", "2 weeks")]),
    "segment not served": (
        ("serves complex_high, growth, straight", "serves complex_high, growth"),
        [("SEG861", "sales"), ("SEG872", "routed")],
    ),
    "effect of another lever": (
        ("qa complex_high checked", "comms complex_high checked"),
        [("SEG862", "checked reach")],
    ),
    "nothing to multiply": (("ceiling times", "ceilin times"), [("SEG863", "ceilin")]),
    "no pool": (
        ("capacity specialists agents", "capacity every segment agents"),
        [("SEG865", "capacity every segment agents staff cost 45_000 once cost 4_000 monthly")],
    ),
    "effect twice": (("pay none\n", "pay none pay none\n"), [("SEG108", "pay none")]),
    "days of a lever": (("over 3 months", "over 3 days"), [("SEG866", "over 3 days")]),
    "month that is none": (("from month 3", "from month 0"), [("SEG533", "0")]),
    "begins too late": (("from month 3", "from month 25"), [("SEG870", "routed")]),
    "column that is no number": (("satisfaction by 1 to 8", "region by 1"), [("SEG875", "region")]),
    "column that nobody knows": (
        ("satisfaction by", "satisfction by"),
        [("SEG201", "satisfction")],
    ),
    "lever of a line": (("ceiling times speed", "handling times speed"), [("SEG868", "routed")]),
    "lever of a life": (("every segment handling", "every segment leaving"), [("SEG868", "first")]),
    "no quality": (
        (
            "quality of sales {\n  checked 60% for complex_high, 10% for rest\n",
            "quality of sals {\n",
        ),
        [("SEG212", "sals")],
    ),
    "nothing follows the price": (
        ("  minutes   follows price by -0.8\n", ""),
        [("SEG869", "moved")],
    ),
    "nobody leaves": (
        ("  leaving   2% for complex_high, 5% for rest\n", ""),
        [("SEG869", "moved")],
    ),
    "pool of another project": (
        ("capacity specialists", "capacity care_team"),
        [("SEG871", "routed")],
    ),
    "routed to nobody": (
        ("route complex_high to specialists", "route straight to specialists"),
        [("SEG872", "routed")],
    ),
    "life without sales": (
        ("  sales     transactions value revenue - cogs cost serving 2.00 each\n", ""),
        [("SEG873", "spending")],
    ),
    "sales of no table": (
        ("sales     transactions", "sales     transactons"),
        [("SEG202", "transactons")],
    ),
    "sales of the customers": (
        ("transactions value revenue - cogs", "customers value spend_12m"),
        [("SEG874", "customers")],
    ),
    "a region that grows": (("region    switches", "region    grows by 1"), [("SEG875", "region")]),
    "a number that switches": (
        ("region    switches", "price_pt  switches"),
        [("SEG201", "price_pt")],
    ),
    "per cent and not": (
        ("by 0 give or take 0.5", "by 2 give or take 5%"),
        [("SEG876", "satisfaction drifts by 2 give or take 5%")],
    ),
    "column of a life twice": (
        ("region    switches", "tenure    grows by 2"),
        [("SEG108", "tenure")],
    ),
    "line of customers": (
        ("line calls of contacts where (channel = phone)", "line calls of customers"),
        [("SEG877", "customers")],
    ),
    "line without handling": (("  handling  handle_minutes\n", ""), [("SEG878", "calls")]),
    "arrives on a day": (
        ("at_time        instant", "at_time        date"),
        [("SEG879", "at_time")],
    ),
    "handling that is no number": (
        ("handling  handle_minutes", "handling  channel"),
        [("SEG304", "channel")],
    ),
    "against nobody": (
        ("compare first against today", "compare first against tody"),
        [("SEG530", "tody")],
    ),
    "against itself": (
        ("compare first against today", "compare first against first"),
        [("SEG537", "first")],
    ),
    "name taken": (("life spending of", "life sales of"), [("SEG108", "sales")]),
    "segments of another table": (
        ("project calls {", "project calls by place {"),
        [("SEG205", "place")],
    ),
}


@pytest.mark.parametrize(("change", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(change: tuple[str, str], expected: list[tuple[str, str]]) -> None:
    found = said(with_(change))
    assert sorted(found) == sorted(expected)


def test_a_mistake_in_one_role_and_another() -> None:
    text = with_(("sale plus points", "sale plus speed"))
    assert ("SEG510", "speed") in said(text)


def test_limits_come_with_where_the_number_is_from() -> None:
    text = with_(("knob reach  = 30% from 0% to 100%", "knob reach  = 130% from 0% to 200%"))
    (found,) = inspect(Source("firm.seg", text)).log
    assert found.message == (
        "`checked` is 130%, the value of the knob `reach`, and must be from 0% to 100%"
    )
    assert found.hint == "set the knob to a value from 0% to 100%"
    text = with_(("assume response = 20% to 80%", "assume response = 20% to 180%"))
    (found,) = inspect(Source("firm.seg", text)).log
    assert found.message == (
        "`response` may be 180%, and where it is used it must be from 0% to 100%"
    )


@pytest.mark.parametrize("broken", ["pool", "pay", "effort", "quality", "life", "line"])
def test_what_is_broken_is_not_missed(broken: str) -> None:
    """A syntax error in a new declaration: nothing else that only follows from it."""
    start = FIRM.index(f"\n{broken} ") + 1
    at = FIRM.index("{", start) + 1
    text = f"{FIRM[:at]}\n  ???\n{FIRM[at:]}"
    assert [code for code, _ in said(text)] == ["SEG006"]
