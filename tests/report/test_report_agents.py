"""What simulate tells of agents, cost and chances: tables, record and page of the advice case."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache

import pytest
from cases import case
from report_pages import MADE, Parsed, values
from rich.console import Console

from segrules.report.costs import ladder
from segrules.report.outlooks import payback_told
from segrules.report.page.build import html
from segrules.report.page.content import Chart, Items, Page, Table
from segrules.report.page.simulated import page
from segrules.report.simulated import record, tables
from segrules.report.staff import losers_told, paid_at
from segrules.sim.decisions.account import Account, accounts
from segrules.sim.effort.crew import Terms
from segrules.sim.model import TOTAL
from segrules.sim.outlook import Payback
from segrules.sim.projection import Projection


@cache
def found() -> Projection:
    advice = case("advice")
    return advice.rules.simulate(advice.frames, as_of=advice.as_of, runs=200)


@cache
def judged() -> tuple[Account, ...]:
    return accounts(found(), case("advice").rules.ruleset)


@cache
def printed() -> str:
    console = Console(file=io.StringIO(), width=200)
    for each in tables(found(), judged(), case("advice").rules.ruleset):
        console.print(each)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@cache
def written() -> dict:
    return record(found(), judged())


@cache
def shown() -> Page:
    return page(found(), judged(), case("advice").rules.ruleset, MADE)


def block(name: str) -> Chart:
    return next(each for each in shown().charts if each.name == name)


def captions() -> dict[str, Table]:
    return {
        each.caption: each
        for section in shown().sections
        for each in section.blocks
        if isinstance(each, Table)
    }


# ---- for machines


def test_parts_of_the_cost_add_up_in_the_record() -> None:
    rows = {(r["scenario"], r["segment"], r["measure"]): r for r in written()["results"]}
    for scenario in ("all_four", "bespoke"):
        for segment in ("complex_high", TOTAL):
            parts = [
                each
                for each in written()["cost"]
                if (each["scenario"], each["segment"]) == (scenario, segment)
            ]
            assert {each["part"] for each in parts} >= {"stages", "pay", "checks", "redress"}
            assert {each["unit"] for each in parts} == {"GBP"}
            for arm in ("today", "then"):
                whole = rows[scenario, segment, "cost"][arm]["mean"]
                assert sum(each[arm]["mean"] for each in parts) == pytest.approx(whole)


def test_money_at_equal_cost_is_in_units_of_the_currency() -> None:
    rows = {(r["scenario"], r["segment"], r["measure"]): r for r in written()["results"]}
    revenue, held = (rows["all_four", TOTAL, name] for name in ("revenue", "revenue at equal cost"))
    assert held["unit"] == "GBP"
    assert held["today"]["mean"] == pytest.approx(revenue["today"]["mean"])
    assert rows["all_four", TOTAL, "sales at equal cost"]["unit"] == "customers"
    assert rows["all_four", TOTAL, "margin"]["unit"] == "GBP"


def test_chances_and_losses_are_in_the_record() -> None:
    for told, each in zip(written()["outlook"], found().outlooks, strict=True):
        assert told["scenario"] == each.scenario
        assert told["chance_better"] == each.judged.chance_better
        assert told["worst_5_percent"] == pytest.approx(each.judged.worst / 100)
        gain = told["expected_loss_if_left"] - told["expected_loss_if_done"]
        assert gain == pytest.approx(each.figure.mean / 100)
        assert [why["stage"] for why in told["why"]] == ["appointment", "sale", "retained"]
    stage = next(
        r for r in written()["results"] if (r["segment"], r["measure"]) == ("complex_high", "sale")
    )
    assert stage["index"]["then"] > stage["index"]["today"]
    assert 0 < stage["passed"]["today"] < stage["passed"]["then"] < 1


def test_agents_are_in_the_record() -> None:
    first = written()["decisions"][0]
    agents, staff = first["agents"], judged()[0].staff
    assert staff is not None
    pools = {each["pool"]: each for each in agents["pools"]}
    assert set(pools) == {"generalists", "specialists"}
    assert pools["generalists"]["agents"]["today"]["mean"] == 30
    whole = sum(each["pay"]["today"]["mean"] for each in pools.values())
    (pay,) = [
        each["today"]
        for each in written()["cost"]
        if (each["scenario"], each["segment"], each["part"]) == ("all_four", TOTAL, "pay")
    ]
    # sales have luck in the cost, and none here
    assert whole == pytest.approx(pay["mean"], abs=5 * pay["mc_error"])
    one = pools["specialists"]
    assert one["pay_of_one"]["then"]["mean"] * 10 == pytest.approx(one["pay"]["then"]["mean"])
    assert agents["plan"]["name"] == "by_value"
    assert agents["plan"]["cost_neutral"]
    assert agents["changes"]["agents"] == 40
    assert sum(each["share"] for each in agents["changes"]["histogram"]) == pytest.approx(1)
    assert {each["segment"] for each in agents["hours_per_case"]} == set(
        found().estimate.model.segments
    )
    levers = {each["lever"]: each for each in first["levers"]}
    letters = levers["comms complex_high"]
    assert letters["break_even_cost"] == pytest.approx(letters["own_cost"] + letters["mean"])
    gaps = {(each["segment"], each["stage"]): each for each in first["opportunity"]}
    assert gaps["complex_high", "appointment"]["worth"]["mean"] > 0
    assert gaps["growth", "appointment"]["worth"]["mean"] < 0


# ---- for people


def test_the_tables_tell_of_agents_and_of_the_cost() -> None:
    text = printed()
    assert re.search(r"^pay by results .*", text, re.MULTILINE)
    assert re.search(r"^levers, as they go on +0 .*", text, re.MULTILINE)
    assert re.search(r"^Advisers of all kinds +30 ", text, re.MULTILINE)
    assert re.search(r"^sales at equal cost ", text, re.MULTILINE)
    assert "mean of the" in text
    assert re.search(r"pays by `by_value`, 1\.\d+ times what is written", text)
    assert re.search(r"who loses: 30 of 40 agents earn less", text)
    assert "against today" in text


def test_the_ladder_leads_from_revenue_to_profit() -> None:
    rows = [called for called, _ in ladder(found(), "all_four")]
    assert rows[0] == "revenue"
    assert rows[-1] == "profit"
    assert rows.index("margin") == 2
    told = dict(ladder(found(), "all_four"))
    parts = sum(told[each].then.mean for each in rows[3:-1])
    assert told["margin"].then.mean - parts == pytest.approx(told["profit"].then.mean)


def test_what_a_plan_pays_at_its_level() -> None:
    terms = Terms("mixed", (1.0,), 150_00.0, 0.055, "share", stay=20_00.0)
    assert paid_at(terms, 2.0, "GBP") == [
        "300 GBP for a sale", "11% of the value", "2 × share of the margin",
        "40 GBP for a customer who stays",
    ]  # fmt: skip
    assert paid_at(replace(terms, of_value=0.0, of_margin=0.0, stay=0.0), 1.0, "GBP") == [
        "150 GBP for a sale"
    ]


def test_payback_in_words() -> None:
    first = found().outlooks[0]
    told = payback_told(Payback((0.1, 0.9), 2, -500_00.0), first, found())
    assert "it has paid back after 2 months" in told
    assert "in 90% of futures" in told
    never = payback_told(Payback((0.1, 0.2), None, -500_00.0), first, found())
    assert "it has not paid back after 2 months" in never
    assert payback_told(Payback((1.0,), 0, 0.0), first, found()) == "on the mean it is never behind"


# ---- the page


def test_the_page_shows_who_loses() -> None:
    chart = block("pay")
    assert len(chart.panels) == 2
    bars = [row for panel in chart.panels for row in values(panel) if "told" in row]
    assert {row["of"] for row in bars} == {"gain", "loss"}
    staff = judged()[0].staff
    assert staff is not None
    assert losers_told(staff)[1:] in chart.note
    assert [row[0] for row in chart.table.rows] == [
        "Advisers of all kinds", "Advisers certified for complex cases",
    ]  # fmt: skip
    assert any("30 of 40 agents would earn less" in each for each in shown().caveats)
    assert [name for name, *_ in block("hours").table.rows][2] == "Complex, high value"


def test_the_page_tells_the_cost_by_part_and_the_opportunity() -> None:
    money = captions()
    (cost,) = [each for each in money if each.startswith("From revenue to profit (GBP)")]
    assert "pay by results" in [row[0] for row in money[cost].rows]
    assert any(each.startswith("At equal cost or sales, as in today") for each in money)
    assert any(each.startswith("Opportunity today (revenue, GBP)") for each in money)
    assert any(each.startswith("Why more or fewer customers than today") for each in money)
    (lever,) = [each for each in money if each.startswith("What each lever costs")]
    assert money[lever].rows[3][0] == "comms complex_high"


def test_names_of_pools_do_nothing_on_the_page() -> None:
    ruleset = case("advice").rules.ruleset
    hit = "</script><script>window.hit = 1</script>"
    pools = tuple(replace(each, label=hit) for each in ruleset.pools)
    made = page(found(), judged(), replace(ruleset, pools=pools), MADE)
    parsed = Parsed(html(made))
    assert not any("window.hit" in each for each in parsed.scripts)
    assert any(hit in each for each in parsed.texts["td"] + parsed.texts["th"])


def test_the_page_names_what_it_is_held_against() -> None:
    advice = case("advice")
    ruleset = advice.rules.ruleset
    (project,) = ruleset.projects
    other = replace(project, against="bespoke", compare=("all_four", "specialists_first"))
    rules = replace(advice.rules, ruleset=replace(ruleset, projects=(other,)))
    held = rules.simulate(advice.frames, as_of=advice.as_of, runs=100)
    made = page(held, accounts(held, rules.ruleset), rules.ruleset, MADE)
    base = "Bespoke letters and a named adviser"
    assert made.about.endswith(f"against {base}")
    told = [made.sentence, made.about]
    for section in made.sections[:4]:
        for each in section.blocks:
            if isinstance(each, Chart):
                told += [each.title, each.alt, each.table.caption, *each.table.columns]
            if isinstance(each, Table):
                told += [each.caption, *each.columns]
            if isinstance(each, Items):
                told += each.lines
    assert [each for each in told if "today" in each.lower() and "Opportunity" not in each] == []
    assert sum(base in each for each in told) > 5
    console = Console(file=io.StringIO(), width=200)
    for each in tables(held, accounts(held, rules.ruleset), rules.ruleset):
        console.print(each)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"against {base}" in text
    assert [line for line in text.splitlines() if "from today" in line] == []
