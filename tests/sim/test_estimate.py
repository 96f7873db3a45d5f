"""From the counted past to a model: by hand where it can be, by the planted truth where not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from cases import case

from segrules.segments.funnel import FunnelHistory, Moments, StageCounts, complete_months
from segrules.sim.estimate import Estimate, estimate, projected_months
from segrules.sim.run import simulate
from segrules.sim.summary import summarise
from segrules.text.diagnostic import RulesError

AS_OF = dt.date(2026, 6, 30)


def history(entries: dict[str, tuple[int, ...]]) -> FunnelHistory:
    """A past in which half of the segment `complex_high` and a quarter of the others pass."""
    advice = case("advice").rules.ruleset
    segments = advice.set("treatment").segments
    stages = ("enquiry", "appointment", "sale", "retained")
    share = {name: 2 if name == "complex_high" else 4 for name in segments}
    return FunnelHistory(
        funnel="sales",
        segments_of="treatment",
        as_of=AS_OF,
        segments=segments,
        stages=stages,
        mature_until=dict.fromkeys(stages, AS_OF),
        counts={
            (name, stage): StageCounts(400, 400 // share[name], 0)
            for name in segments
            for stage in stages
        },
        mature=dict.fromkeys(stages, 400),
        months=complete_months(AS_OF),
        entries={name: entries.get(name, (10,) * 12) for name in segments},
        values={(name, "sale"): Moments(100, 50_000.0, 1e8) for name in segments},
        costs={
            (name, stage, cost): Moments(100, 1_000.0, 0.0)
            for name in segments
            for stage, cost in (
                ("enquiry", "acquisition"),
                ("appointment", "agent_time"),
                ("sale", "quality_check"),
            )
        },
        unplaced=0,
    )


def made(past: FunnelHistory) -> Estimate:
    ruleset = case("advice").rules.ruleset
    return estimate(ruleset, ruleset.projects[0], past, seed=1)


def test_months_that_are_projected() -> None:
    assert projected_months(AS_OF, 2) == [dt.date(2026, 7, 1), dt.date(2026, 8, 1)]
    assert projected_months(dt.date(2026, 6, 29), 1) == [dt.date(2026, 7, 1)]
    assert projected_months(dt.date(2026, 12, 31), 1) == [dt.date(2027, 1, 1)]


def test_arrivals_repeat_the_months_of_the_last_year() -> None:
    july_only = tuple(120 if month == 0 else 10 for month in range(12))
    segments = case("advice").rules.ruleset.set("treatment").segments
    model = made(history(dict.fromkeys(segments, july_only))).model
    assert model.arrivals.counts.tolist() == [230.0] * len(segments)
    assert model.arrivals.season.mean() == pytest.approx(1.0)
    assert model.arrivals.season.argmax() == 0
    assert model.arrivals.season[0] / model.arrivals.season[1] == pytest.approx(12.0)
    assert model.arrivals.dispersion == 0.0


def test_a_short_history_has_no_season() -> None:
    late = (0,) * 8 + (10, 20, 30, 40)
    segments = case("advice").rules.ruleset.set("treatment").segments
    found = made(history(dict.fromkeys(segments, late)))
    assert found.model.arrivals.months == 4
    assert np.array_equal(found.model.arrivals.season, np.ones(12))
    assert any("4 of the last 12" in note for note in found.notes)


def test_erratic_arrivals_are_overdispersed() -> None:
    bursts = {"growth": (0, 300) * 6, "straightforward": (300, 0) * 6}
    found = made(history(bursts))
    assert found.model.arrivals.dispersion > 0.1
    assert any("negative binomial" in note for note in found.notes)


def test_nobody_arrived() -> None:
    segments = case("advice").rules.ruleset.set("treatment").segments
    with pytest.raises(RulesError) as raised:
        made(history(dict.fromkeys(segments, (0,) * 12)))
    assert [found.code for found in raised.value.diagnostics] == ["SEG551"]


def test_a_segment_without_sales_borrows_their_average_value() -> None:
    past = history({})
    values = dict(past.values)
    values["growth", "sale"] = Moments(0, None, None)
    values["needs_care", "sale"] = Moments(300, 90_000.0, 1e8)
    found = made(replace(past, values=values))
    assert found.model.value is not None
    at = found.model.segments.index("growth")
    # five segments of 100 sales at 50,000 and one of 300 at 90,000
    assert found.model.value.mean[at] == pytest.approx((5 * 100 * 5e4 + 300 * 9e4) / 800)
    assert any("no sale yet in growth" in note for note in found.notes)


def test_levers_multiply_where_they_meet_and_say_so() -> None:
    found = made(history({}))
    assert any("all_four" in note and "sale" in note for note in found.notes)
    route = found.model.scenarios[1].levers[0]
    assert route.cost == ("appointment", "specialist_cost")
    assert [found.model.segments[at] for at in route.segments] == ["complex_high"]


def test_counts_agree_with_their_expectation_on_the_worked_case() -> None:
    advice = case("advice")
    placed = advice.rules.simulate(advice.frames, as_of=advice.as_of, runs=4_000)
    model = placed.estimate.model
    expected = {
        (row.scenario, row.segment, row.measure): row
        for row in summarise(simulate(model, 4_000, "expected"))
    }
    for row in placed.rows:
        other = expected[row.scenario, row.segment, row.measure]
        error = np.hypot(row.then.mc_error, other.then.mc_error)
        assert abs(row.then.mean - other.then.mean) <= 4 * error + 1.0
