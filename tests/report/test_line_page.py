"""The page of a line: its figures in their places, formulas, names that do nothing, a browser."""

import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import line_forms as forms
import pytest
from browser import Browser, browser
from report_pages import HOSTILE, MADE, Parsed, values

from segrules.lang import ir
from segrules.lang.pipeline import compile_source
from segrules.report.page.build import html
from segrules.report.page.content import Absent, Chart, Page, Table
from segrules.report.page.line import line_page
from segrules.segments.assign import Asked, place
from segrules.sim.assumptions import GRADES
from segrules.sim.line import carry_out
from segrules.sim.projection import Settings
from segrules.sim.summary import Figure, significant
from segrules.text.source import Source

__all__ = ["browser"]

PLAIN = ("Gold", "Silver", "The rest of them, who have a rather long name")
LARGEST = 2_000_000
DESK, PHONE = 1200, 380

WORDS = """
pool team "Team <0>" {
  agents 5
  cost   30 per hour
}
line desk of calls {
  arrives   at_time
  handling  minutes
  waited    seconds
  abandoned gave_up
  open from 8 to 18
  pools     team
  target    20 for gold, 60 for silver
}
assume faster "Faster <1>" = 0.8 to 0.9 {
  source judgement "guess" owner "Care <2>" until 2027-06-30
}
scenario gold_first "Gold first <0>" { priority gold }
scenario more "One more <1>" { capacity team agents 6 }
scenario same "The same" { capacity team agents 5 }
project desk { for 12 months runs 400 seed 7 compare ORDER against BASE }
"""


@cache
def found(names: tuple[str, ...] = PLAIN, order: str = "gold_first, more, same", base="today"):
    text = (forms.RULES + WORDS).replace("ORDER", order).replace("BASE", base)
    text = text.replace("gold   when", 'gold "<0>" when').replace(
        "silver when", 'silver "<1>" when'
    )
    text = text.replace("otherwise bronze", 'otherwise bronze "<2>"')
    for at, name in enumerate(names):
        text = text.replace(f"<{at}>", name)
    compiled = compile_source(Source("centre.seg", text))
    assert compiled.ruleset is not None, list(compiled.log)
    ruleset = compiled.ruleset
    placement = place(ruleset, "customers", forms.log(), Asked(forms.AS_OF))
    return carry_out(placement, ruleset.projects[0], Settings()), ruleset


@cache
def by_formula():
    """Enough agents that nothing is near saturation, so that a formula holds."""
    crowd = replace(forms.TEAM, agents=9.0)
    scenario = ir.Scenario("ten", "Ten", (ir.Lever("capacity", (), (ir.Staffed("team", 10.0),)),))
    placement = forms.placement(scenario, pools=(crowd,))
    return carry_out(placement, forms.project(scenario), Settings()), placement.ruleset


def page_of(*terms: object, **changed: object) -> Page:
    line, ruleset = found(*terms)
    return line_page(replace(line, **changed), ruleset, MADE)


def chart(page: Page, name: str) -> Chart:
    return next(each for each in page.charts if each.name == name)


def tables(page: Page, name: str) -> list[Table]:
    section = next(each for each in page.sections if each.name == name)
    return [each for each in section.blocks if isinstance(each, Table)]


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
    page, (line, _) = page_of(), found()
    assert page.sentence.startswith(
        f"Gold first Gold: a shorter wait for Gold, and a longer one for Silver and {PLAIN[2]}. "
        "All contacts together wait 33 s on average today, and "
    )
    wait = forms.rows(line, "gold_first", "wait")["all"]
    low, high = wait.difference.interval80
    assert f"(80% of days: −{-low:.0f} to +{high:.0f})" in page.sentence
    assert page.sentence.endswith(
        f"Cost stays as it is. Evidence grade B: {GRADES['B']}."
    )  # fmt: skip
    assert [each.name for each in page.sections] == [
        "differences", "uncertainty", "drivers", "segments", "day", "pools", "assumptions",
        "annex",
    ]  # fmt: skip
    text = html(page)
    places = [text.index(f'id="{each.name}"') for each in page.sections]
    assert places == sorted(places)
    assert "for 313 open days in the next 12 months after 2026-06-30, against today" in text


def test_more_agents_are_told_with_what_they_cost() -> None:
    page, (line, _) = page_of(PLAIN, "more"), found(PLAIN, "more")
    less = -forms.rows(line, "more", "wait")["all"].difference.mean
    assert "a shorter wait for all segments, and a longer one for none" in page.sentence
    assert re.search(rf"and {less:.0f} s less then \(80% of days: −\d+ to −\d+\)", page.sentence)
    assert re.search(r"the wait is shorter on more than 9\d of 100 days", page.sentence)
    # ten hours of an agent at 30 an hour
    assert "Cost rises by GBP\u00a0300 a day." in page.sentence
    figures = {tile.meaning.partition(":")[0]: tile for tile in page.tiles}
    assert figures["mean wait"].figure == f"−{less:.0f} s"
    assert figures["mean wait"].tone == "gain"
    assert figures["cost a day"].figure == "GBP\u00a0+300"


def test_a_scenario_that_changes_nothing_is_told_as_that() -> None:
    page = page_of(PLAIN, "same")
    assert "no wait changes. All contacts together wait 33 s on average today, and as long " in (
        page.sentence
    )
    assert "days with a shorter wait" not in {tile.meaning for tile in page.tiles}
    assert absent(page)["How the difference varies from day to day"] == (
        "no wait changes on any day"
    )  # fmt: skip
    assert len(chart(page, "wait").panels) == 1


def test_what_was_not_worked_out_is_left_out_with_a_reason() -> None:
    assert absent(page_of()) == {
        "What moves the result most": "assumptions were not moved one at a time in this run",
    }
    assert absent(page_of(PLAIN, "more"))["What the others lose"] == (
        "no lever of One more Silver names a segment"
    )


def test_another_base_is_called_by_its_name() -> None:
    page = page_of(PLAIN, "gold_first", "more")
    assert "s on average with “One more Silver”, and " in page.sentence
    assert {of for _, of in marked(chart(page, "wait").panels[0])} == {"One more Silver", "then"}
    assert tables(page, "uncertainty")[-1].columns[-1] == ">One more Silver, by this model"


def test_what_is_stated_and_past_its_day_is_told_beside_the_answer() -> None:
    _, ruleset = found()
    guess = replace(ruleset.assumptions[0], until=forms.AS_OF.replace(year=2025))
    uses = {"gold_first": ("faster",), "more": (), "same": ()}
    page = page_of(assumptions=(guess,), rests_on=uses, complete=False)
    assert page.caveats == (
        "Incomplete: interrupted after 400 of the days that were asked for.",
        "Past their day, so they count as judgement: “Faster Silver”.",
        "1 of the 1 assumptions is judgement: nobody has measured it.",
    )
    (table,) = tables(page, "assumptions")
    assert table.rows[0][:2] == ("Faster Silver", "0.8 to 0.9")
    assert table.marks == {0: "past its day"}


# ---- figures in their places


@pytest.mark.parametrize(
    ("name", "measure", "scale"),
    [("wait", "wait", 1.0), ("answered-in-time", "answered in time", 100.0),
     ("gives-up", "gives up", 100.0)],
)  # fmt: skip
def test_both_arms_and_the_difference_are_those_of_the_rows(name, measure, scale) -> None:
    line, _ = found()
    both, apart = (marked(panel) for panel in chart(page_of(), name).panels)
    rows = forms.rows(line, "gold_first", measure)
    shown_names = dict(zip([*line.past.segments, "all"], [*PLAIN, "all contacts"], strict=True))
    if measure == "answered in time":
        # the third segment has no target
        assert math.isinf(line.targets["bronze"])
        del shown_names["bronze"]
    assert {called for called, _ in both} == set(shown_names.values())
    for segment, called in shown_names.items():
        each = rows[segment]
        for of, figure in (("today", each.today), ("then", each.then)):
            shown = both[called, of]
            assert shown["value"] == pytest.approx(scale * figure.mean, rel=1e-3)
            ends = [scale * end for end in figure.interval80]
            assert [shown["low"], shown["high"]] == pytest.approx(ends, rel=1e-3)
        (tone,) = (of for whole, of in apart if whole == called)
        assert apart[called, tone]["value"] == pytest.approx(
            scale * each.difference.mean, rel=1e-3
        )  # fmt: skip
    gold = rows["gold"].difference
    assert (gold.mean < 0) == (measure != "answered in time")
    low, high = gold.interval80
    assert (("Gold", "gain") in apart) == (low > 0 or high < 0)
    assert ("Gold", "loss") not in apart


def test_targets_are_told() -> None:
    assert chart(page_of(), "answered-in-time").note.endswith("Targets: Gold 20 s, Silver 60 s.")
    line, _ = found()
    none = dict.fromkeys(line.targets, math.inf)
    reasons = absent(page_of(targets=none))
    assert reasons["Who is answered within the target"] == "no target is stated"


def test_what_the_others_lose_stands_beside_what_is_meant() -> None:
    line, _ = found()
    table = tables(page_of(), "differences")[1]
    assert table.caption.startswith("What the others lose")
    assert [each[0] for each in table.rows] == ["Gold", "the others", "all contacts"]
    rows = forms.rows(line, "gold_first", "wait")
    for cells, name in zip(table.rows, ("gold", "the others", "all"), strict=True):
        mean = float(cells[2].partition("\n")[0].replace("−", "-"))
        figure = rows[name].difference
        assert mean == pytest.approx(figure.mean, abs=10 * figure.mc_error)
    assert table.rows[0][2].startswith("−")
    assert table.rows[1][2].startswith("+")


def test_all_scenarios_stand_side_by_side() -> None:
    table = tables(page_of(), "differences")[0]
    names = ["today", "Gold first Gold", "One more Silver", "The same"]
    assert [each[0] for each in table.rows] == names
    assert [each[4] for each in table.rows] == ["1.5k", "no change", "+300", "no change"]
    assert set(table.rows[3][1:5]) == {"no change"}


def test_the_course_of_the_day_has_its_difference_in_its_own_panel() -> None:
    line, page = found(PLAIN, "more, same")[0], page_of(PLAIN, "more, same")
    both, apart = chart(page, "course").panels
    parts = [each for each in line.course if each.scenario == "more"]
    arms = {
        (each["month"], each["of"]): each["middle"] for each in values(both) if "middle" in each
    }
    differences = {each["month"]: each["middle"] for each in values(apart) if "middle" in each}
    assert len(parts) == len(differences) == 10
    for each in parts:
        at = f"{each.start:.0f}:00"
        today, then = each.wait
        assert arms[at, "today"] == pytest.approx(today, rel=1e-3)
        assert arms[at, "then"] == pytest.approx(then, rel=1e-3)
        assert differences[at] == pytest.approx(then - today, rel=1e-3)
    most = max(parts, key=lambda each: abs(each.wait[1] - each.wait[0]))
    assert f"it changes most from {most.start:.0f}:00, by −" in chart(page, "course").alt
    assert [each[0] for each in chart(page, "course").table.rows][:2] == ["8:00–9:00", "9:00–10:00"]
    lost, agents = tables(page, "day")
    gold = [next(each for each in part.segments if each.segment == "gold") for part in parts]
    assert lost.columns[:2] == ("hours", ">Gold")
    ends = [re.split(" → ", each[1]) for each in lost.rows]
    for shown, part in zip(ends, gold, strict=True):
        assert 0 < part.gives_up_error < 0.02
        seen = [
            f"{significant(100 * each, 100 * part.gives_up_error):.2g}" for each in part.gives_up
        ]
        assert [float(each) for each in shown] == [float(each) for each in dict.fromkeys(seen)]
    assert agents.columns[1] == ">Team Gold: agents"
    assert [each[1] for each in agents.rows] == ["5 → 6"] * 10
    busy = [100 * each for each in parts[2].occupancy[0][1:]]
    assert agents.rows[2][2] == " → ".join(f"{each:.0f}" for each in busy)


def test_hours_of_which_nothing_is_known_are_left_out_of_the_picture() -> None:
    line, _ = found()
    nan = math.nan
    course = tuple(
        replace(each, wait=(nan, nan), gives_up=(nan, nan)) if each.start == 8 else each
        for each in line.course
    )
    page = page_of(course=course)
    shown = {each["month"] for each in values(chart(page, "course").panels[1]) if "month" in each}
    assert "8:00" not in shown
    assert "9:00" in shown
    assert set(chart(page, "course").table.rows[0][3:]) == {"–"}
    none = tuple(replace(each, wait=(nan, nan)) for each in line.course)
    assert "The wait in the course of the day" in absent(page_of(course=none))


def test_agents_are_shown_by_pool() -> None:
    line, page = found(PLAIN, "more")[0], page_of(PLAIN, "more")
    busy = forms.rows(line, "more", "occupancy")["team"]
    both = marked(chart(page, "occupancy").panels[0])
    assert both["Team Gold", "then"]["value"] == pytest.approx(100 * busy.then.mean, rel=1e-3)
    apart = marked(chart(page, "occupancy").panels[1])
    # to be busier is neither gain nor loss
    assert set(apart) == {("Team Gold", "total")}
    hours = marked(chart(page, "agent-hours").panels[1])
    assert hours["Team Gold", "total"]["value"] == pytest.approx(10.0, rel=1e-3)


def test_the_model_stands_beside_the_log() -> None:
    line, _ = found()
    assert line.past.seen is not None
    seen = replace(line.past.seen, wait=50 / 3600, delayed=0.41, abandonment=0.22)
    table = tables(page_of(past=replace(line.past, seen=seen)), "uncertainty")[-1]
    assert [each[:2] for each in table.rows] == [
        ("wait (seconds)", "50"), ("has to wait (%)", "41"), ("gives up (%)", "22"),
    ]  # fmt: skip
    assert table.rows[0][2].startswith("33\n")
    silent = absent(page_of(past=replace(line.past, seen=None)))
    assert "The model beside the log" in silent


def test_a_formula_tells_of_no_single_days() -> None:
    line, ruleset = by_formula()
    assert line.engine == "expected"
    page = line_page(line, ruleset, MADE)
    assert "of days" not in page.sentence
    assert "of 100" not in page.sentence
    assert "days with a shorter wait" not in {tile.meaning for tile in page.tiles}
    assert "How the difference varies from day to day" in absent(page)
    text = html(page)
    assert "mean days by formula" in text
    rows = forms.rows(line, "ten", "wait")
    shown = marked(chart(page, "wait").panels[0])["gold", "then"]
    assert shown["value"] == pytest.approx(rows["gold"].then.mean, rel=1e-3)


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
    shown = {each["whole"] for each in values(hostile.charts) if "whole" in each}
    assert {*HOSTILE, f"Team {HOSTILE[0]}"} <= shown


def test_the_file_is_small_and_every_chart_has_words_and_a_table() -> None:
    page = page_of(HOSTILE)
    text = html(page)
    assert 800_000 < len(text.encode()) < LARGEST
    assert len({each.name for each in page.charts}) == len(page.charts) == 7
    for each in page.charts:
        assert len(each.alt) > 20
        assert each.table.rows
        assert all(len(line) == len(each.table.columns) for line in each.table.rows)
    shown = [b for s in page.sections for b in s.blocks if isinstance(b, Table)]
    assert all(len(line) == len(each.columns) for each in shown for line in each.rows)
    assert "nan" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert html(page_of(HOSTILE)) == text


def test_small_figures_have_no_prefix_of_units_on_their_axes() -> None:
    line, ruleset = found()
    rows = tuple(
        replace(row, difference=Figure(0.2, (0.1, 0.3), (0.1, 0.4), (0.0, 0.5), 0.001))
        if row.measure == "wait" else row
        for row in line.rows
    )  # fmt: skip
    text = html(line_page(replace(line, rows=rows), ruleset, MADE))
    figure = text[text.index('id="chart-wait"') : text.index('id="chart-answered-in-time"')]
    apart = re.findall(r"<svg.*?</svg>", figure, flags=re.DOTALL)[1]
    ticks = re.findall(r">([^<>\s]+)</text>", apart)
    assert {"0.1", "0.2"} <= set(ticks)
    assert not [each for each in ticks if re.fullmatch(r"\d+m", each)]


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_it_opens_without_a_complaint_or_a_request(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    page = tmp_path / "line.html"
    text = html(page_of(HOSTILE))
    page.write_text(text, encoding="utf-8")
    browser.open(page, width)
    assert browser.console == []
    assert [url for url in browser.asked if not url.startswith("data:")] == [page.as_uri()]
    panels = text.count('<div class="panel">')
    assert browser.run("return document.querySelectorAll('.live svg').length") == panels > 8
    assert browser.run("return window.hit === undefined")
    assert browser.run("return document.documentElement.scrollWidth") <= width
