"""What the value case must show: eight classes, the ledger met, and who brings the profit."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from pathlib import Path

import polars as pl
import pytest
from cases import Case, case

from segrules.rules import load
from segrules.segments.concentration import Concentration
from segrules.segments.profile import Profile, concentrated, profile

SEEDS = (5, 11)
PEERS = ("sector", "size")
CLASSES = [
    *("v1_anchor", "v2_core_broad", "v3_core_narrow", "v8_structural_loss"),
    *("v7_fixable_loss", "v4_climber", "v5_steady", "v6_high_touch"),
]


@pytest.fixture(scope="module", params=SEEDS)
def value(request: pytest.FixtureRequest) -> Case:
    return case("value", request.param)


@pytest.fixture(scope="module")
def profiled() -> Profile:
    placement = case("value").placement()
    found = profile(placement, "value_class", ["profit_12m"])
    return concentrated(placement, found, ["profit_12m"], ["cost_to_serve"])


def pence(name: str) -> pl.Expr:
    return pl.col(name).str.replace(".", "", literal=True).cast(pl.Int64)


def worth(value: Case, first: str, last: str) -> pl.DataFrame:
    """Each customer's figures between two days, both included, by plain queries."""
    sold = value.frames["transactions"].filter(
        pl.col("booked_on").is_between(pl.lit(first), pl.lit(last))
    )
    rates = value.frames["unit_rates"].select("rate_id", rate_pence=pence("cost_per_minute"))
    spent = (
        value.frames["activities"]
        .filter(pl.col("done_on").is_between(pl.lit(first), pl.lit(last)))
        .join(rates, left_on="rate", right_on="rate_id", validate="m:1")
        .with_columns(minutes=pl.col("minutes").cast(pl.Int64))
        .with_columns(cost=pl.col("minutes") * pl.col("rate_pence") + pence("direct_cost"))
    )
    of = {name: pl.col("department") == name for name in ("sales", "marketing", "service")}
    parts = {name: pl.col("cost").filter(is_of).sum() for name, is_of in of.items()}
    minutes = pl.col("minutes").filter(of["service"]).sum()
    return (
        value.frames["customers"]
        .join(
            sold.group_by("customer_id").agg(
                gross=(pence("revenue") - pence("cogs")).sum(), breadth=pl.n_unique("category")
            ),
            on="customer_id",
            how="left",
        )
        .join(
            spent.group_by("customer_id").agg(**parts, service_minutes=minutes),
            on="customer_id",
            how="left",
        )
        .with_columns(pl.col("gross", "breadth", *parts, "service_minutes").fill_null(0))
        .with_columns(served=pl.sum_horizontal(*parts))
        .with_columns(profit=pl.col("gross") - pl.col("served"))
    )


def expected(value: Case) -> pl.DataFrame:
    """The class of each customer as the scenario says it, apart from the rules."""
    before = worth(value, "2024-07-01", "2025-06-30").select("customer_id", was="profit")
    found = worth(value, "2025-07-01", "2026-06-30").join(before, on="customer_id")
    profit, service = pl.col("profit"), pl.col("service")
    found = found.sort("profit", "customer_id", descending=[True, False]).with_columns(
        ahead=(profit.cum_sum() - profit) / profit.sum(),
        potential=(profit.quantile(0.75, "linear").over(PEERS) - profit).round(),
        ratio=pl.col("served") / pl.col("gross"),
        usual=pl.col("service_minutes").median().over(PEERS),
    )
    edge = found["potential"].sort(descending=True)[ceil(0.2 * found.height) - 1]
    usual_ratio = found.filter(profit > 0)["ratio"].median()
    rising = (pl.col("was") > 0) & (profit - pl.col("was") > 0.2 * pl.col("was"))
    at_usual = pl.col("sales") + service / pl.col("service_minutes") * pl.col("usual")
    cases = [
        (pl.col("ahead") < 0.5, "v1_anchor"),
        ((pl.col("ahead") < 0.95) & (pl.col("breadth") >= 3), "v2_core_broad"),
        (pl.col("ahead") < 0.95, "v3_core_narrow"),
        ((profit < 0) & (pl.col("gross") < at_usual), "v8_structural_loss"),
        (profit < 0, "v7_fixable_loss"),
        (rising | (pl.col("potential") >= edge), "v4_climber"),
        ((profit > 0) & (pl.col("ratio") < usual_ratio), "v5_steady"),
    ]
    place: pl.Expr = pl.lit("v6_high_touch")
    for when, name in reversed(cases):
        place = pl.when(when).then(pl.lit(name)).otherwise(place)
    return found.select("customer_id", "profit", "served", place=place)


def test_every_customer_is_in_one_of_exactly_eight_classes(value: Case) -> None:
    placed = value.placed()
    assert placed.height == placed["customer_id"].n_unique() == 20_000
    assert placed["value_class"].null_count() == 0
    assert set(placed["value_class"]) == set(CLASSES)
    assert value.rules.ruleset.set("value_class").segments == tuple(CLASSES)


def test_the_classes_are_those_computed_apart_from_the_rules(value: Case) -> None:
    both = value.placed().join(expected(value), on="customer_id", validate="1:1")
    assert both.filter(pl.col("value_class") != pl.col("place")).height == 0


def test_the_sizes_of_the_shown_seed() -> None:
    sizes = dict(case("value").placed()["value_class"].value_counts().iter_rows())
    assert [sizes[name] for name in CLASSES] == [361, 1019, 617, 9685, 1328, 3428, 1306, 2256]


def test_the_profit_of_the_customers_is_that_of_the_ledger(value: Case) -> None:
    total = value.values("profit_12m")["profit_12m"].sum()
    assert total == expected(value)["profit"].sum()
    [block] = value.rules.ruleset.values
    assert block.ledger is not None
    assert total == block.ledger * 100
    assert value.rules.profile(value.frames, as_of=value.as_of).findings == ()


def test_another_ledger_is_not_met() -> None:
    value = case("value")
    folder = Path(str(value.rules.compiled.source.name))
    off = load(folder, knobs={"ledger_profit": "71_700_000"})
    found = off.profile(value.frames, as_of=value.as_of, columns=["profit_12m"]).findings
    assert [each.code for each in found] == ["SEG475"]
    assert "417_166.41 above" in found[0].message


def test_a_tenth_of_the_customers_brings_95_percent(profiled: Profile) -> None:
    shares = concentration(profiled).shares
    assert shares is not None
    assert shares.top(Fraction(1, 10)) == pytest.approx(0.95, abs=0.005)
    # those who lose money push the curve over the whole
    assert shares.peak.held > 1.15
    assert shares.curve[-1].held == pytest.approx(1.0)


def concentration(found: Profile) -> Concentration:
    [only] = found.concentration
    return only


def test_more_effort_goes_to_customers_who_cost_than_they_bring(profiled: Profile) -> None:
    found = concentration(profiled)
    [effort] = found.efforts
    assert effort.on_bad is not None
    assert effort.on_bad == pytest.approx(0.607, abs=0.001)
    losing = {"v7_fixable_loss", "v8_structural_loss"}
    parts = {part.segment: part for part in found.parts}
    spent = sum(part.efforts[0] or 0 for name, part in parts.items() if name in losing)
    brought = sum(part.share or 0 for name, part in parts.items() if name in losing)
    assert spent == pytest.approx(effort.on_bad)
    assert brought < 0 < spent
    assert found.counts.bad == parts["v7_fixable_loss"].counts.bad + (
        parts["v8_structural_loss"].counts.bad
    )


def test_what_the_loss_of_any_anchor_would_take(profiled: Profile) -> None:
    value = case("value")
    rows = value.values("profit_12m", "part_of_profit").join(value.placed(), on="customer_id")
    anchors = rows.filter(value_class="v1_anchor")["part_of_profit"].sort(descending=True)
    shares = concentration(profiled).shares
    assert shares is not None
    assert anchors[0] == pytest.approx(shares.loss_of_one)
    assert anchors.head(10).sum() == pytest.approx(shares.loss_of_ten)
    assert anchors.min() > 0  # type: ignore[operator]
    # half of the profit, and whoever crosses the half is in the better class
    assert anchors.sum() >= 0.5 > anchors.head(-1).sum()
    assert rows["part_of_profit"].sum() == pytest.approx(1.0)


def test_attributes_explain_less_of_the_profit_than_value_does() -> None:
    value = case("value")
    rules = load(Path(__file__).parent / "variants" / "value_by_attributes.seg")
    given = {name: value.frames[name] for name in ("customers", "transactions", "activities")}
    given["unit_rates"] = value.frames["unit_rates"]
    by_attributes = rules.profile(given, as_of=value.as_of, columns=["profit_12m"])
    by_value = value.rules.profile(value.frames, as_of=value.as_of, columns=["profit_12m"])
    assert by_attributes.everyone.sums["profit_12m"] == by_value.everyone.sums["profit_12m"]
    [known], [found] = by_attributes.concentration, by_value.concentration
    less, more = known.explained["by_attributes"], found.explained["value_class"]
    assert less is not None
    assert more is not None
    assert less < 0.25
    assert more > 0.35


def test_the_profit_lacks_no_line_of_cost(tmp_path: Path) -> None:
    value = case("value")
    text = value.rules.compiled.source.text
    file = tmp_path / "value.seg"
    file.write_text("\n".join(line for line in text.split("\n") if "less service " not in line))
    from segrules.rules import inspect, read_source

    found = inspect(read_source(file)).log
    assert [each.code for each in found if each.severity == "error"] == ["SEG160"]
