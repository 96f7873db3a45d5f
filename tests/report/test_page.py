"""The page as a file: what it says first, that names do nothing, that it stands alone."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from report_pages import (
    HOSTILE,
    MADE,
    PLAIN,
    Parsed,
    extras,
    projection,
    rules,
    study,
    values,
)

from segrules.report.page import charts
from segrules.report.page.build import html, write
from segrules.report.page.content import Absent, Chart, Page
from segrules.report.page.projection import projection_page
from segrules.report.page.study import study_page
from segrules.report.page.view import Extras
from segrules.sim.assumptions import GRADES
from segrules.sim.model import PROFIT, TOTAL

ROOT = Path(__file__).parent.parent.parent
LARGEST = 2_000_000


def page_of(names: tuple[str, ...] = PLAIN, given: Extras | None = None) -> Page:
    return projection_page(projection(names), rules(names).ruleset, MADE, given)


def chart(page: Page, name: str) -> Chart:
    return next(each for each in page.charts if each.name == name)


# ---- what it says


def test_answer_stands_first_and_the_rest_follows_in_its_order() -> None:
    page = page_of()
    row = next(r for r in projection().rows if (r.segment, r.measure) == (TOTAL, PROFIT))
    pounds = row.difference.mean / 100
    told = re.search(r"profit rises by GBP\u00a0([\d.]+)k", page.sentence)
    assert told is not None
    assert float(told[1]) * 1_000 == pytest.approx(pounds, rel=0.1)
    assert re.search(r"\(80% of futures: \+\S+ to \+\S+\)", page.sentence)
    assert "98 of 100 futures" in page.sentence
    assert page.sentence.endswith(f"Evidence grade D: {GRADES['D']}.")
    assert [each.name for each in page.sections] == [
        "bridge", "uncertainty", "drivers", "segments", "assumptions", "annex",
    ]  # fmt: skip
    text = html(page)
    places = [text.index(f'id="{each.name}"') for each in page.sections]
    assert text.index(page.sentence.replace("'", "&#39;")) < places[0]
    assert places == sorted(places)


def test_what_was_not_worked_out_is_left_out_with_a_reason() -> None:
    page = page_of()
    missing = [b for s in page.sections for b in s.blocks if isinstance(b, Absent)]
    assert [each.title for each in missing] == [
        "What each part of it adds",
        "Month by month",
        "What moves the result most",
    ]
    text = html(page)
    assert all(each.reason in text for each in missing)
    full = page_of(given=extras())
    assert not [b for s in full.sections for b in s.blocks if isinstance(b, Absent)]
    assert {"contributions", "course", "drivers", "moves", "whale"} <= {c.name for c in full.charts}


def test_expired_assumptions_and_judgement_are_told_beside_the_answer() -> None:
    past, guessed, together = page_of().caveats
    assert past == "Past their day, so they count as judgement: “Letters help Gold”."
    assert guessed == "2 of the 3 assumptions are judgement: nobody has measured them."
    assert together.startswith("Fewer than 5 segments have anybody before sold")
    assert "past its day" in html(page_of())


def test_an_interrupted_run_says_so_first() -> None:
    found = replace(projection(), complete=False)
    page = projection_page(found, rules().ruleset, MADE)
    assert page.caveats[0].startswith("Incomplete")


def test_a_scenario_that_changes_nothing_is_told_as_that() -> None:
    found = projection()
    still = next(r for r in found.rows if (r.segment, r.measure) == ("others", PROFIT))
    assert still.chance_better is None
    rows = tuple(
        replace(row, chance_better=None, difference=still.difference) for row in found.rows
    )
    page = projection_page(replace(found, rows=rows), rules().ruleset, MADE)
    assert "it changes nothing" in page.sentence
    assert not {"futures", "winners"} & {each.name for each in page.charts}


def test_study_names_who_is_furthest_behind() -> None:
    page = study_page(study(), rules().ruleset, MADE)
    worst = min(study().stages[0].segments, key=lambda each: each.rate or 1.0)
    assert worst.segment == "golden"
    assert page.sentence.startswith("Gold is furthest behind:")
    assert f"(index {worst.index:.0f})" in page.sentence


# ---- charts show the figures they are given


def test_dots_left_of_zero_are_the_futures_that_lose() -> None:
    found = projection()
    # the second scenario that is compared may lose
    calls = next(each for each in found.outlooks if each.scenario == "calls")
    page = projection_page(replace(found, outlooks=(calls,)), rules().ruleset, MADE)
    rows = [row for row in values(chart(page, "futures").panels[0]) if "height" in row]
    assert len(rows) == 100
    losing = sum(row["at"] < 0 for row in rows)
    assert losing == sum(row["of"] == "loss" for row in rows)
    gaining = sum(row["at"] > 0 for row in rows)
    assert gaining == sum(row["of"] == "gain" for row in rows)
    assert gaining == pytest.approx(100 * calls.judged.chance_better, abs=1)
    # some futures bring exactly nothing, and stand on the line
    assert 0 < 100 - losing - gaining < 10
    places = [(row["at"], row["height"]) for row in rows]
    assert len(set(places)) == 100, "two dots lie on each other"


def test_target_stands_as_a_line_with_its_chance() -> None:
    first = projection().outlooks[0]
    judged = replace(first.judged, chance_target=0.38)
    aimed = replace(first, target=1_200_000.0, judged=judged)
    found = replace(projection(), outlooks=(aimed, *projection().outlooks[1:]))
    futures = chart(projection_page(found, rules().ruleset, MADE), "futures")
    assert "40 of 100 futures reach the target of GBP\u00a012k" in futures.title
    assert {"at": 12_000.0, "word": "target"} in values(futures.panels[0])


def test_bridge_starts_at_zero_and_ends_at_the_profit() -> None:
    row = next(r for r in projection().rows if (r.segment, r.measure) == (TOTAL, PROFIT))
    steps = [row for row in values(chart(page_of(), "bridge").panels[0]) if "start" in row]
    revenue, cost, profit = (
        next(row for row in steps if row["name"].endswith(word))
        for word in ("revenue", "cost", "profit")
    )
    assert (revenue["start"], profit["start"]) == (0.0, 0.0)
    assert cost["start"] == revenue["end"]
    assert cost["end"] == pytest.approx(profit["end"], rel=1e-3)
    assert profit["end"] == pytest.approx(row.difference.mean / 100, rel=1e-3)
    assert (profit["low"], profit["high"]) == pytest.approx(
        [edge / 100 for edge in row.difference.interval80], rel=1e-3
    )


def test_contributions_go_on_where_the_one_before_ended() -> None:
    steps = values(chart(page_of(given=extras()), "contributions").panels[0])
    bars = list({row["name"]: row for row in steps if "start" in row}.values())
    assert [bar["name"].split()[0] for bar in bars] == ["Letters", "calls", "all"]
    letters, calls, _ = extras().parts[0], extras().parts[1], None
    assert bars[0]["end"] == pytest.approx(letters.figure.mean / 100, rel=1e-3)
    assert bars[1]["start"] == bars[0]["end"]
    assert bars[1]["end"] - bars[1]["start"] == pytest.approx(calls.figure.mean / 100, rel=1e-2)


def test_heatmap_and_bars_are_those_of_the_study() -> None:
    page = study_page(study(), rules().ruleset, MADE)
    stage = study().stages[0]
    cells = {row["row"]: row for row in values(chart(page, "indices").panels[0]) if "heat" in row}
    assert [cells[name]["heat"] for name in PLAIN] == [each.index for each in stage.segments]
    assert "▼" in cells["Gold"]["text"]
    bars = {row["whole"]: row for row in values(chart(page, "rates").panels[0]) if "whole" in row}
    for name, each in zip(PLAIN, stage.segments, strict=True):
        assert bars[name]["value"] == each.rate
        assert (bars[name]["low"], bars[name]["high"]) == each.interval_80


def test_tornado_is_coloured_by_the_evidence_as_it_counts() -> None:
    drivers = chart(page_of(given=extras()), "drivers")
    sources = {row["whole"]: row["source"] for row in values(drivers.panels[0]) if "whole" in row}
    # its day has passed
    assert sources["Letters help Gold"] == "judgement"
    assert sources["A letter"] == "data"
    assert [row[3] for row in drivers.table.rows] == [
        "1.05 × odds (outside its range)", "–", "GBP\u00a04.5 (outside its range)",
    ]  # fmt: skip


def test_fan_has_a_panel_of_its_own_for_the_difference() -> None:
    both, apart = chart(page_of(given=extras()), "course").panels
    assert {row["of"] for row in values(both) if "of" in row} == {"today", "then"}
    assert {row["of"] for row in values(apart) if "of" in row} == {"difference"}
    last = next(row for row in values(apart) if row.get("month") == "2026-12")
    given = extras().course
    assert given is not None
    assert last["middle"] == pytest.approx(given.difference.mean[-1] / 100, rel=1e-3)


def test_segments_of_one_label_stay_apart() -> None:
    alike = ("Gold", "Gold", "Rest")
    page = study_page(study(alike), rules(alike).ruleset, MADE)
    rows = [row["whole"] for row in values(chart(page, "rates").panels[0]) if "whole" in row]
    assert rows == ["Gold (golden)", "Gold (silvery)", "Rest"]


# ---- names do nothing


@pytest.mark.parametrize("kind", ["projection", "study"])
def test_names_are_text_and_nothing_else(kind: str) -> None:
    if kind == "projection":
        text = html(page_of(HOSTILE, extras()))
    else:
        text = html(study_page(study(HOSTILE), rules(HOSTILE).ruleset, MADE))
    found = Parsed(text)
    assert len(found.scripts) == 2
    tame = html(page_of(PLAIN, extras()) if kind == "projection" else
                study_page(study(), rules().ruleset, MADE))  # fmt: skip
    plain = Parsed(tame)
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in plain.elements}
    assert found.scripts == plain.scripts
    assert not [name for _, attributes in found.elements for name in attributes if name[:2] == "on"]
    heads = found.texts["th"]
    assert all(any(name in head for head in heads) for name in HOSTILE)
    shown = {row["whole"] for row in values(found.charts) if "whole" in row}
    assert set(HOSTILE) <= shown
    assert "49" not in "".join(found.texts["th"])


def test_only_the_two_scripts_of_the_page_may_run() -> None:
    found = Parsed(html(page_of()))
    policy = next(
        str(each["content"]) for each in found.of("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
        for text in found.scripts
    ]
    assert policy == (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


# ---- it stands alone


def test_nothing_leads_out_of_the_file() -> None:
    found = Parsed(html(page_of(given=extras())))
    for tag, attributes in found.elements:
        for name in ("src", "href", "xlink:href", "action", "data", "srcset"):
            target = attributes.get(name)
            assert target is None or target.startswith(("#", "data:")), (tag, target)
    anchors = {str(each["href"])[1:] for each in found.of("a")}
    assert anchors == {str(each["id"]) for each in found.of("section")}
    assert not re.search(r"url\(|@import", "".join(found.texts["style"]))
    assert "url(" not in "".join(str(a) for tag, a in found.elements if tag in {"g", "path"})


def test_page_with_everything_is_below_two_megabytes() -> None:
    text = html(page_of(HOSTILE, extras()))
    assert 800_000 < len(text.encode()) < LARGEST
    # the library once, however many charts there are
    assert len(max(Parsed(text).scripts, key=len)) > 0.7 * len(text)


def test_charts_have_words_and_tables() -> None:
    page = page_of(given=extras())
    found = Parsed(html(page))
    pictures = [each for each in found.of("div") if each.get("role") == "img"]
    assert len(pictures) == 2 * len(found.charts)
    assert all(len(str(each["aria-label"])) > 20 for each in pictures)
    assert len(found.of("svg")) == len(found.charts)
    assert len(found.of("table")) == len(found.of("caption")) >= len(page.charts)
    for each in page.charts:
        assert each.table.rows
        assert all(len(row) == len(each.table.columns) for row in each.table.rows)


def test_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    first = html(page_of(given=extras()))
    assert html(page_of(given=extras())) == first
    write(page_of(given=extras()), tmp_path / "here.html")
    assert (tmp_path / "here.html").read_bytes() == first.encode()
    script = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]\n"
        "from test_page import *\nsys.stdout.buffer.write(html(page_of(given=extras())).encode())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    other = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, check=True
    ).stdout
    assert other == first.encode()


# ---- contrast


def brightness(colour: str) -> float:
    """Relative luminance, WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    line = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_can_be_told_from_their_ground() -> None:
    style = (ROOT / "segrules/report/page/page.css").read_text(encoding="utf-8")
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", style))
    for name in ("ink", "soft", "gain", "loss"):
        assert contrast(named[name], "#ffffff") >= 4.5
        assert contrast(named[name], named["ground"]) >= 4.5
    marks = (charts.GAIN, charts.LOSS, charts.TOTAL, charts.FAINT, *charts.SOURCES.values())
    assert all(contrast(colour, "#ffffff") >= 3 for colour in marks)
    assert all(contrast(charts.INK, end) >= 4.5 for end in (charts.COLD, charts.WARM))
