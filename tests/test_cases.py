"""What the worked cases must show, whatever the seed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from cases import case

from segrules.rules import inspect, read_source
from segrules.sim.projection import Projection
from segrules.text.resources import resource

SEEDS = (5, 11)
OTHERS = ("growth", "straightforward")


@pytest.mark.parametrize("file", sorted(resource("rulesets").glob("*/*.seg")), ids=lambda p: p.stem)
def test_worked_cases_have_no_findings(file: Path) -> None:
    assert list(inspect(read_source(file)).log) == []


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
    for segment in OTHERS:
        assert rows(projection, "all_four", segment)["sales"].difference.mean < 0  # type: ignore[attr-defined]
    total = rows(projection, "all_four", "all")["cost"]
    assert 0 < total.difference.mean / total.today.mean < 0.05  # type: ignore[attr-defined]
    untouched = rows(projection, "all_four", "needs_care")
    assert all(row.chance_better is None for row in untouched.values())  # type: ignore[attr-defined]


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


def test_retail_bands_do_not_depend_on_the_order_of_rows() -> None:
    retail = case("retail")
    placed = retail.rules.assign(retail.frames, as_of=retail.as_of)
    shuffled = {"orders": retail.frames["orders"].sample(fraction=1.0, shuffle=True, seed=3)}
    assert retail.rules.assign(shuffled, as_of=retail.as_of).equals(placed)
    assert placed["loyalty"].null_count() == 0
    assert placed["customer_id"].n_unique() == placed.height == 5_000


def test_an_earlier_day_does_not_see_later_rows() -> None:
    retail = case("retail")
    day = retail.as_of.replace(month=6, day=30)
    before = retail.frames["orders"].filter(pl.col("ordered_on") <= day.isoformat())
    cut = retail.rules.assign({"orders": before}, as_of=day)
    assert cut.height < 5_000
    assert retail.rules.assign(retail.frames, as_of=day).equals(cut)
