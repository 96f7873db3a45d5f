"""The advice case from a rule file: four levers by what they do, not by a stated effect."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from known import case

from segrules.rules import load

SCALE = 200
AS_OF = dt.date(2026, 6, 30)
RULES = """
ruleset advice {
  goal "Sell more to those who need more time" why "They convert worst" owner "Sales"
  zone "UTC" money GBP
}
knob more_skill = 1.25  from 1 to 2
knob letters    = 4.9%  from 0% to 10%
knob loyalty    = 6.24% from 0% to 10%

table leads key lead_id dated enquired_at {
  lead_id        text
  kind           one of high, simple
  worth          money
  enquired_at    date
  appointment_at date? until_outcome
  sold_at        date? until_outcome
  renewed_at     date? until_outcome
}
segments kinds of leads {
  high when kind = high
  otherwise simple
}
funnel sales of leads {
  enquiry     at enquired_at
  appointment at appointment_at within 3 days
  sale        at sold_at        within 3 days value worth
  retained    at renewed_at     within 3 days
}
pay volume { 100 per sale less 60 per failed check clawback 100% }
pay commission { 5.5% of value less 60 per failed check clawback 100% }
effort of sales {
  time       2.943275944 for high, 2.498624566 for rest
  elasticity HIGH for high, SIMPLE for rest
  response   100%
  paid by    volume
}
quality of sales {
  checked 60% for high, 10% for rest
  failing 20% for high, 5% for rest
}
scenario routing { route high time times more_skill ceiling times more_skill }
scenario paying  { pay commission neutral cost }
scenario checks  { qa pay none }
scenario comms   { comms high appointment plus letters retained plus loyalty }
scenario four = routing + paying + checks + comms
project sales { for 12 months runs 400 seed 7 compare four against today hold cost }
"""


def _elasticity(speed: float, hours: float) -> float:
    x = speed * hours
    return float(x / np.expm1(x))


def _leads(inputs: dict[str, list[float]], sale: list[float]) -> pl.DataFrame:
    """Leads of twelve months whose rates are those of the case, to a part in ten thousand."""
    parts = []
    for at, kind in enumerate(("high", "simple")):
        count = round(inputs["enq"][at] * SCALE)
        reached = [count]
        for rate in (inputs["p1"][at], sale[at], inputs["p3"][at]):
            reached.append(round(reached[-1] * rate))
        number = np.arange(count)
        # every month alike, and every stage spread evenly over the months
        entered = [
            dt.date(2025 + (month + 6) // 12, (month + 6) % 12 + 1, 5) for month in range(12)
        ]
        days = np.array(entered, dtype="datetime64[D]")[number % 12]
        stages = {
            name: np.where(number < reached[stage], days + stage, np.datetime64("NaT"))
            for stage, name in enumerate(("appointment_at", "sold_at", "renewed_at"), 1)
        }
        parts.append(
            pl.DataFrame(
                {
                    "lead_id": np.char.add(kind[0], number.astype(str)),
                    "kind": np.full(count, kind),
                    "worth": np.full(count, f"{inputs['rev'][at]:.2f}"),
                    "enquired_at": days,
                    **stages,
                }
            ).with_columns(pl.col("^.*_at$").dt.to_string("%Y-%m-%d"))
        )
    return pl.concat(parts)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    inputs, expected = case("advice_integrated_mean_field")
    hours = expected["base_hours_per_appt"]
    text = RULES
    for word, at in (("HIGH", 0), ("SIMPLE", 1)):
        text = text.replace(word, f"{_elasticity(inputs['k'][at], hours[at]):.9f}")
    file = tmp_path_factory.mktemp("advice") / "advice.seg"
    file.write_text(text, "utf-8")
    rules = load(file)
    found = rules.simulate(
        {"leads": _leads(inputs, expected["base_p2"])}, as_of=AS_OF, engine="expected"
    )
    return {(row.segment, row.measure): row for row in found.rows}


def _uplift(row) -> float:
    return float(row.then.mean / row.today.mean - 1.0)


def test_a_quarter_more_at_the_same_cost(rows):
    _, expected = case("advice_integrated_mean_field")
    today = rows["all", "revenue"].today.mean / SCALE / 100
    assert today == pytest.approx(expected["base_revenue"], rel=1e-3)
    assert _uplift(rows["all", "revenue"]) == pytest.approx(expected["revenue_uplift"], abs=1e-3)
    assert _uplift(rows["all", "cost"]) == pytest.approx(0.0, abs=1e-4)


def test_the_count_of_sales_rises_by_a_few_per_cent(rows):
    _, expected = case("advice_integrated_mean_field")
    assert _uplift(rows["all", "sale"]) == pytest.approx(expected["sales_count_change"], abs=1e-3)


def test_every_stage_of_the_valuable_rises_and_others_pay(rows):
    _, expected = case("advice_integrated_mean_field")
    for stage in ("appointment", "sale", "retained"):
        row = rows["high", stage]
        assert row.passed_then.value > row.passed_today.value
    assert _uplift(rows["high", "sale"]) == pytest.approx(expected["H_sales_change"], abs=2e-3)
    assert _uplift(rows["simple", "sale"]) == pytest.approx(expected["L_sales_change"], abs=1e-3)
