"""What tables and pages say of one projection does not contradict itself."""

import io
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from report_pages import AS_OF, MADE, PLAIN, RULES, customers, projection, rules
from rich.console import Console

from segrules.report.decisions import spilled, spread_told, whole_of
from segrules.report.figures import parted, stepped
from segrules.report.page.projection import projection_page
from segrules.report.page.simulated import page
from segrules.report.page.view import extras_of
from segrules.report.page.words import Unit, futures, moved
from segrules.report.projection import projection_record
from segrules.report.simulated import tables
from segrules.report.stated import evidence_told, stated_range
from segrules.report.words import beside
from segrules.rules import Rules, load
from segrules.sim.assumptions import Evidence
from segrules.sim.decisions.account import Account, accounts
from segrules.sim.decisions.parts import Spill
from segrules.sim.model import PROFIT, TOTAL
from segrules.sim.projection import Projection
from segrules.sim.summary import Figure
from segrules.sim.whichever import leading


@cache
def losing() -> tuple[Rules, Projection]:
    """A firm that loses with every customer, and less so with the letters."""
    text = RULES.format(*PLAIN).replace("joined at joined", "joined at joined cost advert 500 each")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "shop.seg"
        file.write_text(text, encoding="utf-8")
        made = load(str(file), as_of=AS_OF)
    return made, made.simulate({"customers": customers()}, as_of=AS_OF)


@cache
def judged() -> tuple[Account, ...]:
    return accounts(projection(), rules().ruleset)


def printed(found: Projection, made: Rules, given: tuple[Account, ...] = ()) -> str:
    console = Console(file=io.StringIO(), width=160)
    for each in tables(found, given, made.ruleset):
        console.print(each)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def figure(mean: float, error: float) -> Figure:
    ends = (mean - 1.0, mean + 1.0)
    return Figure(mean, ends, ends, ends, error)


# ---- shares of a loss


def test_a_gain_on_a_loss_has_no_percentage() -> None:
    made, found = losing()
    row = next(r for r in found.rows if (r.segment, r.measure) == (TOTAL, PROFIT))
    assert row.today.mean < 0 < row.difference.mean
    assert row.relative is None
    cells = next(
        line for line in printed(found, made).splitlines() if line.startswith("Both ")
    ).split("  ")
    assert any("%)" in cell for cell in cells)
    assert "(" not in next(cell for cell in reversed(cells) if cell.strip().startswith("+"))
    (result, *_) = (
        each for each in projection_record(found)["results"]
        if (each["segment"], each["measure"]) == ("all", "profit")
    )  # fmt: skip
    assert result["relative"] is None
    (sales, *_) = (
        each for each in projection_record(found)["results"]
        if (each["segment"], each["measure"]) == ("all", "sold")
    )  # fmt: skip
    assert sales["relative"] == pytest.approx(sales["difference"]["mean"] / sales["today"]["mean"])


def test_the_page_says_first_that_it_stays_a_loss() -> None:
    made, found = losing()
    told = projection_page(found, made.ruleset, MADE).sentence
    assert re.search(r"The profit stays negative: a loss of GBP\u00a0\S+\. ", told)
    assert "negative" not in projection_page(projection(), rules().ruleset, MADE).sentence


# ---- figures that are told as zero


def test_what_is_told_as_zero_neither_rises_nor_falls() -> None:
    unit = Unit(PROFIT, "GBP")
    assert moved(figure(20.0, 3_000.0), unit) == "stays about as it is"
    assert moved(figure(-20.0, 3_000.0), unit) == "stays about as it is"
    assert moved(figure(-200_000.0, 3_000.0), unit) == "falls by GBP\u00a02,000".replace(
        "2,000", "2k"
    )
    assert beside("0", "1%") == beside("+4,000", "0%") == ""
    assert beside("4,000", "2%") == " (+2%)"


def test_shares_of_a_whole_add_up() -> None:
    assert parted([0.335, 0.335, 0.33]) == [34, 33, 33]
    assert parted([0.125, 0.125, 0.125, 0.625]) == [13, 13, 12, 62]
    told = spread_told([0.345, 0.345, 0.31], [0.001] * 3)
    assert sum(int(each.removesuffix("%")) for each in told) == 100
    assert spread_told([0.42, 0.58], [0.02, 0.02]) == ["about 40%", "about 60%"]


def test_a_chance_comes_in_steps_that_are_known() -> None:
    assert [stepped(46.4, each) for each in (0.9, 2.2, 9.9, 30.0)] == [46.0, 45.0, 50.0, 50.0]
    assert futures(0.464, 2_000) == "about 45 of 100 futures"
    assert futures(0.464, 10_000) == "46 of 100 futures"


def test_together_is_told_no_finer_than_the_scenario() -> None:
    account, found = judged()[0], projection()
    rough = replace(found.outlooks[0].figure, mc_error=9e9)
    coarse = replace(found, outlooks=(replace(found.outlooks[0], figure=rough),))
    assert whole_of(account, coarse).mc_error == 9e9
    assert whole_of(account, coarse).mean == account.parts.whole.mean
    assert "in any order, without luck" in printed(found, rules(), judged())


# ---- what levers name


def scenario_of(segments: tuple[str, ...]):
    ruleset = rules().ruleset
    made = []
    for each in ruleset.scenarios:
        levers = tuple(replace(lever, segments=segments) for lever in each.levers)
        made.append(replace(each, levers=levers) if each.name == "letters" else each)
    return replace(ruleset, scenarios=tuple(made))


def test_a_lever_for_every_segment_leaves_none_unnamed() -> None:
    found = projection()
    account = next(each for each in judged() if each.scenario == "letters")
    spill = Spill(("others",), account.parts.whole)
    some = replace(account, parts=replace(account.parts, spill=spill))
    told = spilled(some, found, scenario_of(("golden",)))
    assert "in segments that no lever names: The rest of them" in told
    assert spilled(some, found, scenario_of(())) == (
        "spill-over: none to tell, as the levers name every segment"
    )
    model = replace(found.estimate.model, agents=object())
    staffed = replace(found, estimate=replace(found.estimate, model=model))
    assert "in segments that no lever names, by the hours and the pay of agents" in spilled(
        some, staffed, scenario_of(("golden",))
    )


# ---- what it rests on


def test_a_back_test_that_was_passed_is_told() -> None:
    def told(grade: str, held: bool) -> str:
        return evidence_told(Evidence(grade, (), True, held))  # type: ignore[arg-type]

    assert "back-test" not in told("D", False)
    assert "lifts the grade from B to A" in told("A", True)
    assert "the grade stays B, as none" in told("B", True)
    assert "not held against" not in told("B", True)
    assert "the grade stays D, as a back-test" in told("D", True)
    held = replace(judged()[0].evidence, back_tested=True)
    account = replace(judged()[0], evidence=held)
    assert "held in a back-test" in printed(projection(), rules(), (account,))
    shown = projection_page(projection(), rules().ruleset, MADE, extras_of(account))
    assert "held in a back-test" in shown.sentence


def test_an_assumption_is_marked_or_accounted_for() -> None:
    found, made = projection(), rules()
    text = printed(found, made, judged()[1:2])
    assert found.outlooks[1].scenario == "letters"
    assert re.search(r"^of the assumptions below, these do not move it: call_odds$", text, re.M)
    assert re.search(r"2026-01-31\s*$", text, re.M)
    assert len(re.findall(r"\(past\)", text)) == 1
    ranges = [stated_range(each, "GBP") for each in made.ruleset.assumptions]
    assert ranges == ["1.1 to 2 × odds", "0.9 to 1.3 × odds", "1 to 2 GBP"]
    share = replace(made.ruleset.assumptions[0], role="share", low=0.4, high=0.7)
    assert stated_range(share, "GBP") == "40% to 70%"


# ---- which scenario


def test_any_scenario_can_be_taken_apart() -> None:
    found = leading(projection(), "calls")
    assert [each.scenario for each in found.outlooks] == ["calls", "both", "letters"]
    text = printed(found, rules())
    assert "calls by segment" in text
    assert "both by segment" not in text
    given = accounts(found, rules().ruleset)
    shown = page(found, given, rules().ruleset, MADE)
    assert shown.title.startswith("calls: ")
    assert sorted(found.rows, key=str) == sorted(projection().rows, key=str)
