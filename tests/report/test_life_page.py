"""The page of a life: its figures in their places, other bases, hostile names, a browser."""

import datetime as dt
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from browser import Browser, browser
from report_pages import HOSTILE, MADE, Parsed, values

from segrules.lang.pipeline import compile_source
from segrules.report.page.build import html
from segrules.report.page.content import Absent, Chart, Items, Page, Table
from segrules.report.page.life import life_page
from segrules.rules import Rules
from segrules.sim.assumptions import GRADES
from segrules.sim.decisions.parts import Spill
from segrules.sim.life import carry_out
from segrules.sim.projection import Settings
from segrules.text.source import Source

__all__ = ["browser"]

AS_OF = dt.date(2026, 6, 30)
PLAIN = ("Gold", "Silver", "The rest of them, who have a rather long name")
LARGEST = 2_000_000
DESK, PHONE = 1200, 380

RULES = """ruleset shop {
  language 1
  zone     "Europe/Rome"
  money    EUR
  review   every month
}
table customers key id {
  id           text
  satisfaction whole 0..10
}
table orders of customers by id dated day {
  id     text
  day    date
  amount money
}
let spend = sum amount of orders in last 12 months
segments tier of customers {
  gold   "<0>" when spend >= 400 and satisfaction >= 4
  silver "<1>" when spend >= 150
  otherwise bronze "<2>"
}
assume more   "Dearer <0>" = 1.1 to 1.3 {
  source experiment "test <1>" owner "Sales <2>" until 2026-01-31
}
assume chance = 10% to 20% { source judgement "guess" owner "Sales" until 2027-06-30 }
assume even   = 1 { source data "invoices" owner "Sales" until 2027-06-30 }
life buying of customers {
  sales        orders value amount
  spend        sums keep 92%
  satisfaction drifts by 0 give or take 0.6
  keeping      3.00 for gold, 0.50 for rest
  leaving      1% for gold, 2% for rest
}
scenario dearer "A better basket <0>" { process silver value times more }
scenario care "Care <1>" {
  comms gold, silver, bronze satisfaction by 2 to 8 chance chance cost 0.50 each
}
scenario nothing "Nothing" { process silver value times even }
project next { for 6 months runs 100 seed 11 compare ORDER against BASE }
"""


@cache
def tables() -> dict[str, pl.DataFrame]:
    """Customers and two years of their orders."""
    luck, count = np.random.default_rng(3), 300
    eager = luck.gamma(0.8, 1.0, count)
    ids = [f"c{at}" for at in range(count)]
    rows = []
    for month in range(24):
        day = dt.date(2024 + (month + 6) // 12, (month + 6) % 12 + 1, 10)
        for at, number in enumerate(luck.poisson(0.4 * eager)):
            rows += [(ids[at], day, f"{luck.gamma(4.0, 12.0):.2f}") for _ in range(number)]
    satisfaction = luck.integers(0, 11, count)
    return {
        "customers": pl.DataFrame({"id": ids, "satisfaction": satisfaction}),
        "orders": pl.DataFrame(rows, schema=["id", "day", "amount"], orient="row"),
    }


@cache
def found(names: tuple[str, ...] = PLAIN, order: str = "dearer, care", base: str = "today"):
    text = RULES.replace("ORDER", order).replace("BASE", base)
    for at, name in enumerate(names):
        text = text.replace(f"<{at}>", name)
    made = compile_source(Source("shop.seg", text), {}, AS_OF)
    assert made.ruleset is not None, list(made.log)
    placement = Rules(made, made.ruleset, ()).place(tables(), as_of=AS_OF, table="customers")
    return carry_out(placement, made.ruleset.projects[0], Settings()), made.ruleset


def page_of(*terms: object, **changed: object) -> Page:
    life, ruleset = found(*terms)
    return life_page(replace(life, **changed), ruleset, MADE)


def chart(page: Page, name: str) -> Chart:
    return next(each for each in page.charts if each.name == name)


def row(life, measure, segment="all", scenario="dearer"):
    return next(
        each for each in life.rows
        if (each.scenario, each.segment, each.measure) == (scenario, segment, measure)
    )  # fmt: skip


def blocks(page: Page, name: str) -> tuple:
    return next(each.blocks for each in page.sections if each.name == name)


def absent(page: Page) -> dict[str, str]:
    return {
        block.title: block.reason
        for section in page.sections for block in section.blocks if isinstance(block, Absent)
    }  # fmt: skip


def marked(spec) -> dict[tuple[str, str], dict]:
    """The rows of a picture by what they are called and their arm or tone."""
    return {(each["whole"], each["of"]): each for each in values(spec) if "whole" in each}


# ---- what it says


def test_the_answer_stands_first_and_the_rest_follows_in_its_order() -> None:
    page, (life, _) = page_of(), found()
    told = re.search(r"profit rises by EUR\u00a0([\d.]+)k", page.sentence)
    assert told is not None
    difference = row(life, "profit").difference
    assert float(told[1]) * 1_000 == pytest.approx(difference.mean / 100, rel=0.3)
    assert page.sentence.startswith(
        "A better basket Gold: worth doing if its assumptions hold. Over 6 months"
    )
    # 100 futures, all of them better, say no more than this
    assert "it is above that of today in more than 97 of 100 futures" in page.sentence
    # the only assumption of the first scenario is past its day
    assert page.sentence.endswith(f"Evidence grade D: {GRADES['D']}.")
    assert [each.name for each in page.sections] == [
        "bridge", "uncertainty", "drivers", "segments", "moves", "concentration", "assumptions",
        "annex",
    ]  # fmt: skip
    text = html(page)
    places = [text.index(f'id="{each.name}"') for each in page.sections]
    assert places == sorted(places)
    assert "300 customers by tier, the next 6 months after 2026-06-30, against today" in text


def test_what_was_not_worked_out_is_left_out_with_a_reason() -> None:
    page = page_of()
    assert set(absent(page)) == {
        "Month by month", "Customers who were moved by levers", "The curve of who brings how much",
    }  # fmt: skip
    text = html(page)
    assert all(reason in text for reason in absent(page).values())


def test_only_what_the_first_scenario_rests_on_is_weighed() -> None:
    page = page_of()
    past, guessed, *_ = page.caveats
    assert past == "Past their day, so they count as judgement: “Dearer Gold”."
    assert guessed == (
        "1 of the 1 assumptions that matter most is judgement: nobody has measured it."
    )
    table = next(each for each in blocks(page, "assumptions") if isinstance(each, Table))
    assert table.rows == (
        ("Dearer Gold", "1.1 to 1.3 times", "experiment: test Silver", f"Sales {PLAIN[2]}",
         "2026-01-31"),
    )  # fmt: skip
    assert table.marks == {0: "past its day"}
    other = page_of(PLAIN, "care, dearer")
    table = next(each for each in blocks(other, "assumptions") if isinstance(each, Table))
    assert [line[:2] for line in table.rows] == [("chance", "10% to 20%")]


def test_an_interrupted_run_says_so_first() -> None:
    assert page_of(complete=False).caveats[0].startswith("Incomplete: interrupted after 100")


def test_a_scenario_that_changes_nothing_is_told_as_that() -> None:
    page = page_of(PLAIN, "nothing")
    assert "it changes nothing. The profit was that of today in all 100 futures" in page.sentence
    assert not {"futures", "winners"} & {each.name for each in page.charts}
    assert len(chart(page, "customers").panels) == 1
    assert {line[-1] for line in chart(page, "customers").table.rows} == {"no change"}


def test_another_base_is_called_by_its_name() -> None:
    page, (life, _) = page_of(PLAIN, "dearer", "care"), found(PLAIN, "dearer", "care")
    assert "above that of Care Silver in" in page.sentence
    assert chart(page, "bridge").title.endswith("less Care Silver")
    panel = chart(page, "customers").panels[0]
    assert {of for _, of in marked(panel)} == {"Care Silver", "then"}
    assert {"at": 0.0, "word": "Care Silver"} in values(chart(page, "futures").panels[0])
    cells = [each for each in values(chart(page, "moves-before").panels[0]) if "heat" in each]
    assert cells[0]["heat"] == life.matrices["care"].share[0, 0]
    assert life.matrices["care"].share[0, 0] != life.matrices["today"].share[0, 0]
    # care is what is compared with, so it rests on that too
    table = next(each for each in blocks(page, "assumptions") if isinstance(each, Table))
    assert [line[0] for line in table.rows] == ["Dearer Gold", "chance"]


# ---- figures in their places


@pytest.mark.parametrize(("name", "measure"), [("customers", "customers"), ("winners", "profit")])
def test_both_arms_and_the_difference_are_those_of_the_rows(name: str, measure: str) -> None:
    life, _ = found()
    both, apart = (marked(panel) for panel in chart(page_of(), name).panels)
    scale = 0.01 if measure == "profit" else 1.0
    for segment, called in zip(life.segments, PLAIN, strict=True):
        each = row(life, measure, segment)
        for of, figure in (("today", each.today), ("then", each.then)):
            shown = both[called, of]
            assert shown["value"] == pytest.approx(figure.mean * scale, rel=1e-3)
            ends = [end * scale for end in figure.interval80]
            assert [shown["low"], shown["high"]] == pytest.approx(ends, rel=1e-3)
        (tone,) = (of for whole, of in apart if whole == called)
        shown = apart[called, tone]
        assert shown["value"] == pytest.approx(each.difference.mean * scale, rel=1e-3)
        low, high = each.difference.interval80
        sure = "gain" if low > 0 else "loss" if high < 0 else "unclear"
        assert tone == ("total" if measure == "customers" else sure)
    assert row(life, "profit", "silver").difference.interval80[0] > 0


def test_customers_now_are_those_of_the_table() -> None:
    life, _ = found()
    table = next(each for each in blocks(page_of(), "segments") if isinstance(each, Table))
    now = life.matrices["today"].count.sum(axis=1)
    assert [line[1] for line in table.rows] == [*(f"{each:.0f}" for each in now[:3]), "300"]
    assert [line[0] for line in table.rows] == [*PLAIN, "all segments"]


def test_moves_are_shares_of_the_row_in_each_arm() -> None:
    life, page = found()[0], page_of()
    assert life.matrices["today"].states[3:] == ("(in no segment)", "(left)")
    shown = {}
    for name, scenario in (("moves-before", "today"), ("moves-after", "dearer")):
        share = life.matrices[scenario].share
        cells = {
            (each["row"], each["column"]): each
            for each in values(chart(page, name).panels[0]) if "heat" in each
        }  # fmt: skip
        # nobody is in no segment, so it has neither row nor column
        assert {column for _, column in cells} == {*PLAIN, "left for good"}
        for of, left in enumerate(PLAIN):
            for to, entered in enumerate(PLAIN):
                assert cells[left, entered]["heat"] == share[of, to]
            assert cells[left, "left for good"]["heat"] == share[of, 4]
            total = sum(each["heat"] for (at, _), each in cells.items() if at == left)
            assert total == pytest.approx(1.0)
        assert cells["Gold", "Gold"]["text"] == f"{100 * share[0, 0]:.0f}"
        shown[name] = [each["heat"] for each in cells.values()]
        count = life.matrices[scenario].count[0, 0]
        assert chart(page, name).table.rows[0][1] == f"{count:.0f}"
    assert shown["moves-before"] != shown["moves-after"]


def test_who_stays_least_is_told() -> None:
    life, page = found()[0], page_of()
    staying = np.diagonal(life.matrices["today"].share)[:3]
    least = PLAIN[int(staying.argmin())]
    told = f"Fewest stay in {least}: {100 * staying.min():.0f}%"
    assert told in chart(page, "moves-before").alt


def test_those_whom_levers_moved_are_shown_where_there_are_some() -> None:
    page, (life, _) = page_of(PLAIN, "care, dearer"), found(PLAIN, "care, dearer")
    both, _ = (marked(panel) for panel in chart(page, "moved").panels)
    then = row(life, "moved", "silver", "care").then
    assert then.mean > 1
    assert both["Silver", "then"]["value"] == pytest.approx(then.mean, rel=1e-3)
    assert both["Silver", "today"]["value"] == 0.0
    left = marked(chart(page, "left").panels[0])["Silver", "then"]
    assert left["value"] == pytest.approx(row(life, "left", "silver", "care").then.mean, rel=1e-3)


def test_concentration_is_in_percent_and_more_of_it_is_a_loss() -> None:
    life, page = found()[0], page_of()
    both = marked(chart(page, "concentration").panels[0])
    top = row(life, "top_10").then
    shown = both["brought by the largest tenth", "then"]
    assert shown["value"] == pytest.approx(100 * top.mean, rel=1e-3)
    gini = row(life, "gini")
    line = chart(page, "concentration").table.rows[-1]
    assert line[0] == "Gini coefficient (0 to 1)"
    assert float(line[1].partition("\n")[0]) == pytest.approx(gini.today.mean, abs=0.02)
    (said,) = (each for each in blocks(page, "concentration") if isinstance(each, Items))
    assert re.search(r"one brings all\): 0\.\d+ → 0\.\d+\.$", said.lines[0])
    apart = marked(chart(page, "concentration").panels[1])
    for (_, tone), each in apart.items():
        worse, better = each["low"] > 0, each["high"] < 0
        assert tone == ("loss" if worse else "gain" if better else "unclear")


def test_without_profit_there_is_no_concentration() -> None:
    life, _ = found()
    rows = tuple(each for each in life.rows if each.measure != "top_20")
    page = page_of(rows=rows)
    (block,) = blocks(page, "concentration")
    assert isinstance(block, Absent)
    assert "no profit" in block.reason


def test_the_markov_form_stands_beside_what_was_played() -> None:
    life, page = found()[0], page_of()
    check = replace(life.check, played=np.array([50.0, 90.0, 140.0]),
                    markov=np.array([40.0, 92.0, 148.0]), error=np.full(3, 0.01))  # fmt: skip
    page = page_of(check=check)
    table = next(
        each for each in blocks(page, "uncertainty")
        if isinstance(each, Table) and "another way" in each.caption
    )  # fmt: skip
    assert table.rows == (
        ("Gold", "50", "40", "−10"), ("Silver", "90", "92", "+2"), (PLAIN[2], "140", "150", "+8"),
    )  # fmt: skip
    (said,) = (each for each in blocks(page, "uncertainty") if isinstance(each, Items))
    assert "place 3.6% of the customers differently" in said.lines[0]


def test_all_scenarios_stand_side_by_side() -> None:
    life, page = found()[0], page_of()
    table = next(each for each in blocks(page, "bridge") if isinstance(each, Table))
    assert [line[0] for line in table.rows] == ["A better basket Gold", "Care Silver"]
    cost = row(life, "cost", scenario="care").difference.mean / 100
    told = table.rows[1][table.columns.index(">cost")].partition("\n")[0]
    assert float(told) == pytest.approx(cost, rel=0.2)


def test_levers_stand_side_by_side_up_to_the_whole() -> None:
    life, _ = found(PLAIN, "care, dearer")
    page = page_of(PLAIN, "care, dearer")
    steps = marked(chart(page, "contributions").panels[0])
    parts = life.accounts[0].parts
    ((name, part),) = ((each.name, each.figure) for each in parts.levers)
    assert name == "comms gold, silver, bronze"
    bar = next(each for (whole, _), each in steps.items() if whole == name)
    assert bar["end"] == pytest.approx(part.mean / 100, rel=1e-3)
    (spill,) = (each for each in blocks(page, "bridge") if isinstance(each, Items))
    assert spill.lines == ("Spill-over: nothing changes in segments that no lever names.",)


def test_elsewhere_is_told_by_the_names_of_the_page() -> None:
    life, _ = found()
    spill = replace(life.accounts[0].parts, spill=Spill(("gold",), life.outlooks[0].figure))
    account = replace(life.accounts[0], parts=spill)
    (said,) = (
        each for each in blocks(page_of(accounts=(account,)), "bridge") if isinstance(each, Items)
    )  # fmt: skip
    assert re.search(r"^Spill-over: \+.* in segments that no lever names: Gold\.$", said.lines[0])


def test_drivers_are_bars_and_sources_of_the_spread() -> None:
    life, page = found()[0], page_of()
    (bar,) = life.accounts[0].drivers.tornado.bars
    table = chart(page, "drivers").table
    assert table.rows[0][0] == "Dearer Gold"
    assert table.rows[0][-1] == "judgement"
    assert bar.at_low < bar.at_high
    (said,) = (each for each in blocks(page, "drivers") if isinstance(each, Items))
    assert any("from assumptions nobody has measured" in line for line in said.lines)
    still = replace(life.accounts[0].drivers.tornado, bars=())
    account = replace(life.accounts[0], drivers=replace(life.accounts[0].drivers, tornado=still))
    bare = page_of(accounts=(account,))
    assert "no assumption moves it by more than luck" in absent(bare)[
        "What moves the result most, one assumption at a time"
    ]  # fmt: skip


def test_the_annex_says_how_sure_the_mean_is() -> None:
    life, page = found()[0], page_of()
    method = next(each for each in blocks(page, "annex") if isinstance(each, Table))
    told = dict(method.rows)["Monte Carlo error"]
    (said,) = re.findall(r"^\D*([\d.,]+k?) of the mean", told)
    number = float(said.replace(",", "").replace("k", "e3"))
    assert number == pytest.approx(life.outlooks[0].figure.mc_error / 100, rel=0.06)
    assert dict(method.rows)["futures"] == "100"


# ---- the file


def test_names_are_text_and_nothing_else() -> None:
    hostile, plain = Parsed(html(page_of(HOSTILE))), Parsed(html(page_of()))
    assert len(hostile.scripts) == 2
    assert hostile.scripts == plain.scripts
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in plain.elements}
    assert not [
        name for _, attributes in hostile.elements for name in attributes if name[:2] == "on"
    ]
    assert all(any(name in head for head in hostile.texts["th"]) for name in HOSTILE)
    assert set(HOSTILE) <= {each["whole"] for each in values(hostile.charts) if "whole" in each}


def test_the_file_is_small_and_every_chart_has_words_and_a_table() -> None:
    page = page_of(HOSTILE)
    text = html(page)
    assert 800_000 < len(text.encode()) < LARGEST
    assert len({each.name for each in page.charts}) == len(page.charts) == 10
    for each in page.charts:
        assert len(each.alt) > 20
        assert each.table.rows
        assert all(len(line) == len(each.table.columns) for line in each.table.rows)
    tables = [b for s in page.sections for b in s.blocks if isinstance(b, Table)]
    assert all(len(line) == len(each.columns) for each in tables for line in each.rows)
    assert "nan" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert html(page_of(HOSTILE)) == text


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_it_opens_without_a_complaint_or_a_request(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    page = tmp_path / "life.html"
    text = html(page_of(HOSTILE))
    page.write_text(text, encoding="utf-8")
    browser.open(page, width)
    assert browser.console == []
    assert [url for url in browser.asked if not url.startswith("data:")] == [page.as_uri()]
    panels = text.count('<div class="panel">')
    assert browser.run("return document.querySelectorAll('.live svg').length") == panels > 8
    assert browser.run("return window.hit === undefined")
    assert browser.run("return document.documentElement.scrollWidth") <= width
