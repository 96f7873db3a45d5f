"""From the counted past to a model: by hand where it can be, by the planted truth where not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from cases import case

from segrules.lang import ir
from segrules.segments.funnel import (
    FunnelHistory,
    Moments,
    Sold,
    StageCounts,
    complete_months,
)
from segrules.sim.estimate import Estimate, estimate, projected_months
from segrules.sim.model import Charge
from segrules.sim.run import simulate
from segrules.sim.sale import GAMMA, LOGNORMAL
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
    assert found.model.arrivals.months == 3
    assert found.model.arrivals.counts.tolist() == [90.0] * len(segments)
    assert np.array_equal(found.model.arrivals.season, np.ones(12))
    (note,) = [note for note in found.notes if "3 of the last 12" in note]
    assert "2026-03" in note
    assert "left out" in note


def test_the_only_month_with_arrivals_is_kept() -> None:
    segments = case("advice").rules.ruleset.set("treatment").segments
    for alone, months in (((0,) * 11 + (10,), 1), ((0,) * 9 + (10, 0, 0), 3)):
        found = made(history(dict.fromkeys(segments, alone)))
        assert found.model.arrivals.months == months
        assert found.model.arrivals.counts.tolist() == [10.0] * len(segments)
        assert any(f"{months} of the last 12" in note and "partial" in note for note in found.notes)


def test_a_month_without_arrivals_does_not_hide_the_bursts() -> None:
    bursts = {"growth": (0, 300) * 5 + (0, 0), "straightforward": (300, 0) * 5 + (0, 0)}
    segments = case("advice").rules.ruleset.set("treatment").segments
    entries = dict.fromkeys(segments, (10,) * 10 + (0, 0)) | bursts
    past = history(entries)
    whole = replace(
        past, entries={name: (*each[:10], *each[:2]) for name, each in past.entries.items()}
    )
    found, without_gap = made(past).model.arrivals, made(whole).model.arrivals
    assert found.dispersion > 0.1
    assert found.dispersion == pytest.approx(without_gap.dispersion, rel=0.05)


def test_rows_in_no_segment_are_said() -> None:
    assert not any("no segment" in note for note in made(history({})).notes)
    found = made(replace(history({}), unplaced=1605))
    assert "1,605 who entered are in no segment and left out" in found.notes
    found = made(replace(history({}), unplaced=1))
    assert "1 who entered is in no segment and left out" in found.notes


def test_a_stated_cost_needs_no_past() -> None:
    past = history({})
    none = {key: Moments(0, None, None) for key in past.costs}
    found = made(replace(past, costs=none))
    assert {line.name: set(line.amount.tolist()) for line in found.model.costs} == {
        "acquisition": {4_000.0},
    }
    (note,) = [note for note in found.notes if "cost" in note]
    assert "agent_time at appointment" in note
    assert not any("cost " in note for note in made(past).notes)


def test_sales_that_lose_money_are_said() -> None:
    past = history({})
    losing = {**past.values, ("growth", "sale"): Moments(100, -500.0, 1e4)}
    found = made(replace(past, values=losing))
    assert found.model.value is not None
    assert found.model.value.mean[found.model.segments.index("growth")] == 0
    (note,) = [note for note in found.notes if "lose money" in note]
    assert "sales of growth lose" in note
    assert "too high" in note
    assert not any("lose money" in note for note in made(past).notes)


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


@pytest.mark.parametrize(
    ("stage", "recent", "code", "said"),
    [
        ("sale", 0, "SEG422", "has reached `appointment`, so `sale`"),
        ("sale", 5, "SEG422", "full time to reach `sale`"),
        ("retained", 0, "SEG552", "`sale` of known value"),
    ],
)
def test_why_a_stage_has_no_rate(stage: str, recent: int, code: str, said: str) -> None:
    past = history({})
    counts = {
        key: StageCounts(0, 0, recent) if key[1] == stage else each
        for key, each in past.counts.items()
    }
    values = {key: Moments(0, None, None) for key in past.values}
    with pytest.raises(RulesError) as raised:
        made(replace(past, counts=counts, values=values))
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert said in found.message


def test_a_segment_without_sales_borrows_their_average_value() -> None:
    past = history({})
    values = dict(past.values)
    values["growth", "sale"] = Moments(0, None, None)
    values["needs_care", "sale"] = Moments(300, 90_000.0, 1e8)
    found = made(replace(past, values=values))
    assert found.model.value is not None
    at = found.model.segments.index("growth")
    # six segments of 100 sales at 50,000 and one of 300 at 90,000
    assert found.model.value.mean[at] == pytest.approx((6 * 100 * 5e4 + 300 * 9e4) / 900)
    assert any("no sale yet in growth" in note for note in found.notes)


def test_levers_multiply_where_they_meet_and_say_so() -> None:
    ruleset = case("advice").rules.ruleset
    letters = ir.Lever("comms", ("complex_high",), (ir.Odds("sale", "letter_odds"),))
    named = ir.Lever(
        "process", ("complex_high",), (ir.Odds("sale", "loyalty_odds"),),
        costs=(ir.LeverCost(700.0),),
    )  # fmt: skip
    both = replace(ruleset.scenarios[0], name="both", levers=(letters, named))
    asked = replace(ruleset.projects[0], compare=("both",))
    found = estimate(replace(ruleset, scenarios=(both,)), asked, history({}), seed=1)
    assert any("both" in note and "sale" in note for note in found.notes)
    first, second = found.model.scenarios[0].levers
    assert second.costs == (Charge(700.0, stage="appointment"),)
    assert [found.model.segments[at] for at in first.segments] == ["complex_high"]


def test_counts_agree_with_their_expectation_on_the_worked_case() -> None:
    advice = case("advice")
    placed = advice.rules.simulate(advice.frames, as_of=advice.as_of, runs=4_000)
    model = placed.estimate.model
    expected = {
        (row.scenario, row.segment, row.measure): row
        for row in summarise(simulate(model, 4_000, "expected"), holds=("cost",))
    }
    for row in placed.rows:
        other = expected[row.scenario, row.segment, row.measure]
        error = np.hypot(row.then.mc_error, other.then.mc_error)
        assert abs(row.then.mean - other.then.mean) <= 4 * error + 1.0


def test_how_far_rates_are_drawn_together_is_said() -> None:
    many = made(history({}))
    # how it was worked out, and nothing that whoever decides must keep in mind
    (note,) = [note for note in many.ways if "own figures weigh" in note]
    assert note in many.notes
    assert note not in many.caveats
    weights = many.weights["appointment"]
    assert f"appointment {weights.min():.0%} (" in note
    assert not any("Jeffreys" in each for each in many.notes)
    past = history({})
    kept = past.segments[:2]
    few = {
        key: each if key[0] in kept else replace(each, entered=0, reached=0)
        for key, each in past.counts.items()
    }
    found = made(replace(past, counts=few))
    (note,) = [note for note in found.caveats if "Jeffreys" in note]
    assert note.startswith("fewer than 5 segments have anybody before appointment, sale")
    assert set(found.methods.values()) == {"jeffreys"}


def test_laws_of_sales_are_learned_from_the_sales_themselves() -> None:
    past = history({})
    first, second, *others = past.segments
    rng = np.random.default_rng(3)
    sold = {
        first: np.sort(rng.lognormal(10, 1.0, 2_000)),
        second: np.sort(rng.gamma(2.0, 25_000, 2_000)),
        others[0]: np.array([40_000.0, 60_000.0]),
    }
    found = made(replace(past, sold=Sold(sold)))
    value = found.model.value
    assert value is not None
    assert value.mean.tolist() == [50_000.0] * len(past.segments)
    kinds = [law.kind for law in value.laws]
    assert kinds[:2] == [LOGNORMAL, GAMMA]
    # two sales lend their mean and take the shape of all; where there is none it is the same
    assert value.variance[2] == pytest.approx(value.variance[3])
    assert value.variance[0] == pytest.approx(50_000**2 * np.expm1(1.0), rel=0.3)
    assert value.variance[1] == pytest.approx(50_000**2 / 2, rel=0.1)
    (note,) = [note for note in found.notes if "sales are drawn from" in note]
    assert f"a lognormal in {first}" in note
    assert f"a gamma in {second}" in note
    without = made(past).model.value
    assert without is not None
    assert without.laws == ()


def test_heavy_sales_are_said_and_cut() -> None:
    past = history({})
    sales = np.sort(np.random.default_rng(3).lognormal(9, 3.0, 1_000))
    found = made(replace(past, sold=Sold({past.segments[0]: sales})))
    value = found.model.value
    assert value is not None
    assert value.laws[0].cap == sales.max()
    assert any(
        note.startswith(f"{past.segments[0]}: the largest sales are very heavy (Hill index")
        for note in found.notes
    )
