"""What the tables of a result print: no digit finer than its error, and words that fit."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from cases import case
from rich.console import Console, RenderableType

from segrules.lang.ir import SegmentSet
from segrules.report.assignment import assignment_tables
from segrules.report.figures import chance
from segrules.report.projection import projection_tables
from segrules.report.words import estimate, share
from segrules.segments.summary import SegmentSummary, SetSummary, Summary


def printed(tables: list[RenderableType]) -> str:
    console = Console(file=io.StringIO(), width=200)
    for each in tables:
        console.print(each)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def finest(text: str) -> float:
    """What one more of the last digit other than a trailing zero before the point is worth."""
    number, unit = re.fullmatch(r"-?([\d,.]+)(bn|m|k|%)?", text).groups()  # type: ignore[union-attr]
    scale = {"bn": 1e9, "m": 1e6, "k": 1e3}.get(unit, 1.0)
    whole, _, after = number.replace(",", "").partition(".")
    if after:
        return float(scale * 10.0 ** -len(after))
    return float(scale * 10.0 ** (len(whole) - len(whole.rstrip("0"))))


def test_no_figure_is_finer_than_two_errors() -> None:
    rng = np.random.default_rng(3)
    for _ in range(3_000):
        value, error = 10 ** rng.uniform(-2, 9), 10 ** rng.uniform(-4, 7)
        shown = estimate(value, error)
        assert shown == "0" or finest(shown) >= 2 * error * (1 - 1e-9), (value, error, shown)
        part, error = rng.uniform(0, 1), 10 ** rng.uniform(-5, -1.5)
        shown = share(part, error)
        assert shown == "0%" or finest(shown) >= 200 * error * (1 - 1e-9), (part, error, shown)


def test_shares_of_a_projection_are_no_finer_than_two_errors() -> None:
    advice = case("advice")
    found = advice.rules.simulate(advice.frames, as_of=advice.as_of, runs=100)
    sales = next(
        row
        for row in found.rows
        if (row.scenario, row.segment, row.measure) == ("all_four", "all", "sales")
    )
    assert sales.relative is not None
    assert sales.relative.value == pytest.approx(sales.difference.mean / sales.today.mean)
    assert sales.relative.mc_error > 0.0005
    text = printed(list(projection_tables(found, advice.rules.ruleset)))
    relative = re.findall(r"\(\+?(-?[\d.]+%)\)", text)
    assert relative
    assert share(sales.relative.value, sales.relative.mc_error) in relative
    (line,) = re.findall(r"^all segments .*→.*", text, re.MULTILINE)
    stages = [row for row in found.rows if (row.scenario, row.segment) == ("all_four", "all")]
    passed = {row.measure: row.passed_then for row in stages if row.passed_then is not None}
    assert list(passed) == ["appointment", "sale", "retained"]
    for ratio in passed.values():
        assert share(ratio.value, ratio.mc_error) in line


def test_a_chance_is_no_finer_than_the_futures_allow() -> None:
    assert chance(0.534, 100) == "50%"
    assert chance(0.534, 2_000) == "55%"
    assert chance(0.464, 2_000) == "45%"
    assert chance(0.464, 10_000) == "46%"
    assert chance(0.534, 20_000) == "53%"
    assert chance(0.96, 1_000) == "95%"
    assert chance(0.04, 1_000) == "5%"
    assert chance(0.98, 300) == "over 96%"
    assert chance(0.02, 300) == "under 4%"
    assert chance(1.0, 10_000) == "over 99%"
    assert chance(0.0, 100) == "under 3%"
    assert chance(0.9999, 10_000) == "over 99%"


def summary(name: str, segments: tuple[str, ...], unsure: int) -> Summary:
    sizes = {each: SegmentSummary(rows=10, share=0.5) for each in segments}
    unknown = dict.fromkeys(segments, 1)
    found = SetSummary(segments=sizes, otherwise=0, unsure=unsure, unknown=unknown)
    return Summary.model_construct(
        rows=20, as_of=dt.date(2026, 6, 30), revision="0" * 64, sets={name: found}
    )


def test_rows_in_no_segment_are_counted_in_words() -> None:
    ruleset = case("advice").rules.ruleset
    plain = replace(ruleset.sets[0], unsure=None)
    ruleset = replace(ruleset, sets=(plain,))
    for unsure, said in ((1, "1 row is in no segment"), (1_200, "1,200 rows are in no segment")):
        made = summary(plain.name, plain.segments, unsure)
        assert said in printed(list(assignment_tables(made, ruleset, None)))


def relabelled(found: SegmentSet, labels: dict[str, str]) -> SegmentSet:
    rules = tuple(replace(each, label=labels.get(each.segment, "")) for each in found.rules)
    return replace(found, rules=rules, otherwise=replace(found.otherwise, label=""), unsure=None)


def test_labels_are_a_column_only_where_there_are_some() -> None:
    ruleset = case("advice").rules.ruleset
    labelled = ruleset.sets[0]
    first = labelled.segments[0]
    made = summary(labelled.name, labelled.segments, 0)
    bare = replace(ruleset, sets=(relabelled(labelled, {}),))
    lines = printed(list(assignment_tables(made, bare, None))).splitlines()
    (line,) = [each for each in lines if first in each]
    assert line.split() == [first, "10", "50.0%", "1"]
    one = replace(ruleset, sets=(relabelled(labelled, {first: "The first"}),))
    text = printed(list(assignment_tables(made, one, None)))
    assert re.search(rf"{first} +The first +10", text)
    assert re.search(rf"{labelled.segments[1]} +10", text)


def test_a_share_of_nothing_has_no_sign() -> None:
    assert share(-0.0002, 0.00001) == "0.0%"
    assert share(-0.2, 0.2) == "0%"
