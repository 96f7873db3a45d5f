"""What all worked cases hold to, and what the advice case must show, whatever the seed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import sqrt
from pathlib import Path

import polars as pl
import pytest
from cases import Case, case, generator, review, reviewed

from segrules.lang.format import format_file
from segrules.rules import inspect, load, read_source
from segrules.segments.assign import Asked
from segrules.segments.claims import Given, Verdict, try_all
from segrules.sim.projection import Projection
from segrules.text.resources import resource

SEEDS = (5, 11)
CASES = ("advice", "contact_centre", "portfolio", "retail", "value")
FILES = [
    path
    for folder in (resource("rulesets"), *(Path(__file__).parent / n for n in ("real", "variants")))
    for path in sorted(folder.rglob("*.seg"))
]
PLANTED = {"retail_once_late": ["SEG352"], "retail_slipping_late": ["SEG351"]}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_rule_files_have_no_findings_and_are_laid_out(file: Path) -> None:
    found = inspect(read_source(file))
    # what is planted in the variants is held by the test of their case
    assert [each.code for each in found.log] == PLANTED.get(file.stem, [])
    assert format_file(found.syntax, found.source) == found.source.text


@pytest.mark.parametrize("name", CASES)
def test_every_case_says_what_it_is_for(name: str) -> None:
    ruleset = case(name).rules.ruleset
    assert ruleset.name == name
    assert all((ruleset.goal, ruleset.why, ruleset.owner, ruleset.currency, ruleset.review))
    assert "/" in ruleset.zone
    tables = {found.table for found in ruleset.sets}
    for found in ruleset.sets:
        conditions = [each for each in ruleset.conditions if each.of == found.name]
        assert conditions
        for each in conditions:
            assert {segment for segment, _ in each.rows} == set(found.segments)
            assert any(each.departments)
    assert any(found.holdout or found.name == "portfolio" for found in ruleset.sets)
    assert {each.of for each in ruleset.examples} & {found.name for found in ruleset.sets}
    assert {each.of for each in ruleset.claims} & {found.name for found in ruleset.sets}
    assert tables <= {table.name for table in ruleset.tables}


def claims_of(found: Case, history: Path | None) -> list[Verdict]:
    asked = Asked(found.as_of, history)
    return list(
        try_all(found.rules.ruleset, Given(found.frames, asked, frozenset(), history)).verdicts
    )


@pytest.mark.parametrize("name", CASES)
def test_every_claim_holds_on_the_data(name: str, tmp_path: Path) -> None:
    history = tmp_path / "history"
    found = case(name)
    if hasattr(generator(name), "REVIEWS"):
        found = reviewed(name)
        assert found.history is not None
        history.mkdir()
        for path in found.history.glob("*.parquet"):
            (history / path.name).write_bytes(path.read_bytes())
        review(
            found.rules, {each: found.paths[each] for each in found.frames}, found.as_of, history
        )
    verdicts = claims_of(found, history if history.exists() else None)
    assert len(verdicts) >= 4
    judged = {each.written: each.judged for each in verdicts}
    assert set(judged.values()) <= {"held", "proved"}, judged


def test_what_is_claimed_can_be_wrong(tmp_path: Path) -> None:
    found = case("retail")
    claim = "never champion and recency <= 3"
    text = found.rules.compiled.source.text
    assert text.count(claim) == 1
    file = tmp_path / "retail.seg"
    file.write_text(text.replace(claim, "never champion and recency = 5"), encoding="utf-8")
    wrong = replace(found, rules=load(file))
    assert next(each.judged for each in claims_of(wrong, None)) == "refuted"


# ---- advice


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_in_the_complaints_process_or_who_has_died_is_in_a_segment(seed: int) -> None:
    advice = case("advice", seed)
    leads = advice.frames["leads"]
    out = leads.filter((pl.col("open_complaint") == "yes") | (pl.col("deceased") == "yes"))
    placed = advice.placed()
    assert set(placed.filter(treatment="suppressed")["lead_id"]) == set(out["Lead ID"])
    assert set(placed.filter(treatment_by="suppress")["lead_id"]) == set(out["Lead ID"])
    assert 0.005 < out.height / leads.height < 0.03


@pytest.mark.parametrize("seed", SEEDS)
def test_named_advisers_get_the_largest_of_the_complex_cases(seed: int) -> None:
    advice = case("advice", seed)
    complex_high = (
        advice.placed()
        .filter(treatment="complex_high")
        .join(advice.values("fee"), on="lead_id")
        .sort("fee", "lead_id", descending=[True, False])
    )
    assert complex_high.height > 400
    named = complex_high.filter(treatment_allotted="named_adviser")
    assert named["lead_id"].to_list() == complex_high["lead_id"].head(400).to_list()


@pytest.mark.parametrize("seed", SEEDS)
def test_complex_cases_of_beginners_are_flagged(seed: int) -> None:
    advice = case("advice", seed)
    agents = advice.frames["agents"].select("agent_id", years=pl.col("years_experience"))
    leads = advice.frames["leads"].select(lead_id="Lead ID", agent_id="agent")
    found = (
        advice.placed()
        .join(advice.values("complexity"), on="lead_id")
        .join(leads, on="lead_id")
        .join(agents, on="agent_id", validate="m:1")
    )
    young = (pl.col("complexity") >= 5) & (pl.col("years").cast(pl.Float64) < 3)
    assert found.select((pl.col("mismatch") == young).all()).item()
    assert 0.02 < found["mismatch"].mean() < 0.15  # type: ignore[operator]


@pytest.mark.parametrize("name", ["advice", "value", "contact_centre"])
def test_the_hold_out_has_its_share_of_every_segment_within_chance(name: str) -> None:
    found = case(name)
    [of] = [each for each in found.rules.ruleset.sets if each.holdout]
    assert of.holdout is not None
    share = float(of.holdout.share)
    for segment, rows, held in (
        found.placed().group_by(of.name).agg(pl.len(), pl.sum(f"{of.name}_holdout")).iter_rows()
    ):
        assert abs(held - share * rows) <= 4 * sqrt(rows * share * (1 - share)) + 1, segment


@pytest.mark.parametrize("seed", SEEDS)
def test_complex_high_value_converts_worst_at_every_stage(seed: int) -> None:
    advice = case("advice", seed)
    study = advice.rules.study(advice.frames, as_of=advice.as_of)
    assert [stage.name for stage in study.stages] == ["appointment", "sale", "retained"]
    for stage in study.stages:
        found = next(each for each in stage.segments if each.segment == "complex_high")
        assert found.index is not None
        assert found.index < 100
        if stage.name != "retained" or seed == SEEDS[0]:
            # a year of retention leaves few mature cases: the shown seed has enough of them
            assert found.index < 92
            assert found.differs == "below"


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_rates_are_found(seed: int) -> None:
    advice = case("advice", seed)
    study = advice.rules.study(advice.frames, as_of=advice.as_of)
    for stage, planted, overall in zip(
        study.stages, (0.32, 0.18, 0.78), (0.45, 0.27, 0.88), strict=True
    ):
        found = next(each for each in stage.segments if each.segment == "complex_high")
        low, high = found.interval_95
        assert low - 0.02 < planted < high + 0.02
        assert stage.rate == pytest.approx(overall, abs=0.025)


def test_the_generator_knows_the_segments_as_the_rules_do() -> None:
    advice = case("advice")
    placed = advice.rules.assign(advice.frames, as_of=advice.as_of)
    sizes = dict(placed["treatment"].cast(pl.String).value_counts().iter_rows())
    assert sum(sizes.values()) == 20_000
    assert len(sizes) == 8
    assert 0.06 < sizes["complex_high"] / 20_000 < 0.12
    assert 0.01 < sizes["needs_data"] / 20_000 < 0.04


@pytest.fixture(scope="module")
def projection() -> Projection:
    advice = case("advice")
    return advice.rules.simulate(advice.frames, as_of=advice.as_of, runs=2_000)


def rows(projection: Projection, scenario: str, segment: str) -> dict[str, object]:
    return {
        row.measure: row
        for row in projection.rows
        if (row.scenario, row.segment) == (scenario, segment)
    }


def test_the_four_levers_lift_the_segment_by_about_a_quarter(projection: Projection) -> None:
    found = rows(projection, "all_four", "complex_high")
    sales = found["sales"]
    lift = sales.difference.mean / sales.today.mean  # type: ignore[attr-defined]
    assert 0.15 < lift < 0.35
    stages = [found[name] for name in ("enquiry", "appointment", "sale", "retained")]
    for before, after in pairwise(stages):
        today = after.today.mean / before.today.mean  # type: ignore[attr-defined]
        then = after.then.mean / before.then.mean  # type: ignore[attr-defined]
        assert then > today


def test_spill_over_and_cost_are_shown(projection: Projection) -> None:
    """Hours that go to complex cases are missing elsewhere; the cost is held."""
    found = rows(projection, "all_four", "straightforward")
    assert found["sales"].difference.interval80[1] < 0  # type: ignore[attr-defined]
    total = rows(projection, "all_four", "all")["cost"]
    assert abs(total.difference.mean / total.today.mean) < 0.01  # type: ignore[attr-defined]


def test_routing_alone_shows_no_gain(projection: Projection) -> None:
    """Specialists have no hours to spare, so that more cases leave less time for each."""
    found = rows(projection, "specialists_first", "all")["profit"]
    low, high = found.difference.interval80  # type: ignore[attr-defined]
    assert low < 0 < high


def test_the_count_and_the_value_of_sales_part(projection: Projection) -> None:
    found = rows(projection, "all_four", "all")
    assert found["sales"].difference.mean < 0 < found["revenue"].difference.mean  # type: ignore[attr-defined]


def test_frame_and_rows_say_the_same(projection: Projection) -> None:
    frame = projection.frame()
    assert frame.height == len(projection.rows)
    row = projection.rows[0]
    first = frame.row(0, named=True)
    assert (first["scenario"], first["segment"], first["measure"]) == (
        row.scenario,
        row.segment,
        row.measure,
    )
    revenue = frame.row(
        by_predicate=(pl.col("scenario") == "all_four")
        & (pl.col("segment") == "all")
        & (pl.col("measure") == "revenue"),
        named=True,
    )
    pence = rows(projection, "all_four", "all")["revenue"].today.mean  # type: ignore[attr-defined]
    assert revenue["unit"] == "GBP"
    assert revenue["today_mean"] == pytest.approx(pence / 100)
