"""What all generators hold to, and what is planted in value, found again by plain queries."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from generated import (
    CENTRE,
    PORTFOLIO,
    RETAIL,
    SEEDS,
    VALUE,
    Made,
    last_year,
    made,
    points_at,
    rank_correlation,
    top_share,
)


@pytest.fixture(scope="module", params=SEEDS)
def value(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(VALUE.generate, request.param, tmp_path_factory.mktemp("value"))


@pytest.mark.parametrize(
    ("generate", "size"),
    [
        (VALUE.generate, 300),
        (CENTRE.generate, 300),
        (PORTFOLIO.generate, 300),
        (RETAIL.generate_orders, 300),
        (RETAIL.generate, 300),
    ],
    ids=["value", "contact_centre", "portfolio", "retail_orders", "retail"],
)
def test_the_same_seed_gives_the_same_bytes(
    generate: Callable[[int, Path, int], dict[str, Path]], size: int, tmp_path: Path
) -> None:
    def hashes(seed: int, name: str) -> dict[str, str]:
        folder = tmp_path / name
        folder.mkdir()
        paths = generate(seed, folder, size)
        assert {path.name for path in folder.iterdir()} == {f"{name}.csv" for name in paths}
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}

    first = hashes(5, "first")
    assert hashes(5, "second") == first
    other = hashes(6, "other")
    assert all(
        other[name] != first[name] for name in first if name not in ("unit_rates", "tariffs")
    )


def test_references_are_sound_in_value(value: Made) -> None:
    points_at(value, "transactions", "customer_id", "customers", "customer_id")
    points_at(value, "activities", "customer_id", "customers", "customer_id")
    points_at(value, "activities", "rate", "unit_rates", "rate_id")
    paid = value["activities"].join(value["unit_rates"], left_on="rate", right_on="rate_id")
    assert (paid["department"] == paid["department_right"]).all()


def costed(made: Made) -> pl.DataFrame:
    """The activities with their cost in pence."""
    rates = made["unit_rates"].select("rate_id", "cost_per_minute")
    return (
        made["activities"]
        .join(rates, left_on="rate", right_on="rate_id", validate="m:1")
        .with_columns(cost=pl.col("minutes") * pl.col("cost_per_minute") + pl.col("direct_cost"))
    )


def worth(made: Made, as_of: dt.date = VALUE.AS_OF) -> pl.DataFrame:
    """Each customer's revenue, gross margin, cost to serve and profit of twelve months."""
    sold = last_year(made["transactions"], "booked_on", as_of).group_by("customer_id")
    spent = last_year(costed(made), "done_on", as_of).group_by("customer_id")
    part = {
        name: pl.col("cost").filter(pl.col("department") == name).sum()
        for name in VALUE.PROFIT_COSTS
    }
    minutes = pl.col("minutes").filter(pl.col("department") == "service").sum()
    return (
        made["customers"]
        .join(
            sold.agg(pl.sum("revenue", "cogs"), breadth=pl.n_unique("category")),
            on="customer_id",
        )
        .join(spent.agg(**part, service_minutes=minutes), on="customer_id")
        .with_columns(
            gross=pl.col("revenue") - pl.col("cogs"),
            served=pl.sum_horizontal(VALUE.PROFIT_COSTS),
        )
        .with_columns(profit=pl.col("gross") - pl.col("served"))
    )


def test_a_tenth_brings_95_percent_of_profit_and_a_fifth_80_of_revenue(value: Made) -> None:
    found = worth(value)
    assert found.height == VALUE.CUSTOMERS
    assert top_share(found["profit"], 0.10) == pytest.approx(0.95, abs=0.035)
    assert top_share(found["revenue"], 0.20) == pytest.approx(0.80, abs=0.03)
    assert (found["profit"] < 0).mean() == pytest.approx(0.5515, abs=0.017)


def test_the_recipe_is_found_in_the_rows(value: Made) -> None:
    found = worth(value)
    assert found["revenue"].log().std() == pytest.approx(VALUE.LOG_SD, abs=0.042)
    assert found["gross"].sum() / found["revenue"].sum() == pytest.approx(0.35, abs=1e-6)
    assert found["served"].log().std() == pytest.approx(VALUE.COST_LOG_SD, abs=0.012)
    assert found["served"].mean() / found["gross"].mean() == pytest.approx(0.345, abs=0.055)
    assert rank_correlation(found, "served", "revenue") == pytest.approx(0.0, abs=0.04)
    assert rank_correlation(found, "satisfaction", "revenue") == pytest.approx(0.30, abs=0.035)


def test_the_chosen_seed_shows_both_shares(tmp_path: Path) -> None:
    found = worth(made(VALUE.generate, VALUE.SEED, tmp_path))
    assert top_share(found["profit"], 0.10) == pytest.approx(0.95, abs=0.005)
    assert top_share(found["revenue"], 0.20) == pytest.approx(0.80, abs=0.01)


def test_the_ledger_is_the_sum_of_the_rows(value: Made) -> None:
    sold = value["transactions"].group_by(period=pl.col("booked_on").dt.strftime("%Y-%m"))
    work = costed(value).group_by("department", period=pl.col("done_on").dt.strftime("%Y-%m"))
    spent = work.agg(pl.sum("cost")).pivot(on="department", index="period", values="cost")
    rows = sold.agg(pl.sum("revenue", "cogs")).join(spent, on="period", validate="1:1")
    departments = [*VALUE.PROFIT_COSTS, "back_office"]
    rows = rows.rename({name: f"{name}_cost" for name in departments}).sort("period")
    ledger = value["ledger_lines"]
    assert ledger.height == 24
    assert rows.select(ledger.columns).equals(ledger)


def test_the_ledger_of_twelve_months_is_the_profit_of_the_customers(value: Made) -> None:
    lines = value["ledger_lines"].filter(pl.col("period") >= "2025-07")
    assert lines.height == 12
    totals = lines.sum().row(0, named=True)
    costs = sum(totals[f"{name}_cost"] for name in ("sales", "marketing", "service"))
    assert totals["revenue"] - totals["cogs"] - costs == worth(value)["profit"].sum()


def test_two_years_stand_in_the_rows_of_value(value: Made) -> None:
    tenure = value["customers"].select("customer_id", pl.col("tenure").cast(pl.Int64))
    for table, day in (("transactions", "booked_on"), ("activities", "done_on")):
        days = value[table][day]
        assert (days.min(), days.max()) == (dt.date(2024, 7, 1), VALUE.AS_OF)
        before = value[table].filter(pl.col(day) <= dt.date(2025, 6, 30))
        known = tenure.filter(pl.col("tenure") > 0)["customer_id"]
        assert set(before["customer_id"]) == set(known)
        assert 0.9 < len(known) / tenure.height < 1


def classes(made: Made) -> pl.DataFrame:
    """The customers with their class from 1 to 8, and the median ratio that parts 5 from 6."""
    before = worth(made, dt.date(2025, 6, 30)).select("customer_id", was="profit")
    found = worth(made).join(before, on="customer_id", how="left")
    peers = ("sector", "size")
    profit, service = pl.col("profit"), pl.col("service")
    usual = pl.col("service_minutes").median().over(peers)
    found = found.sort("profit", "customer_id", descending=[True, False]).with_columns(
        ahead=(profit.cum_sum() - profit) / profit.sum(),
        potential=profit.quantile(0.75).over(peers) - profit,
        ratio=pl.col("served") / pl.col("gross"),
        at_median=pl.col("sales") + service / pl.col("service_minutes") * usual,
    )
    potential, rising = pl.col("potential"), (pl.col("was") > 0) & (profit > 1.2 * pl.col("was"))
    usual_ratio = pl.col("ratio").filter(profit > 0).median()
    return found.with_columns(
        place=pl.when(pl.col("ahead") < 0.5)
        .then(1)
        .when(pl.col("ahead") < 0.95)
        .then(pl.when(pl.col("breadth") >= 3).then(2).otherwise(3))
        .when((profit < 0) & (pl.col("gross") < pl.col("at_median")))
        .then(8)
        .when(profit < 0)
        .then(7)
        .when(rising | (potential >= potential.quantile(0.8)))
        .then(4)
        .when(pl.col("ratio") < usual_ratio)
        .then(5)
        .otherwise(6)
    )


def test_every_one_of_the_eight_classes_has_members(value: Made) -> None:
    found = classes(value)
    sizes = dict(found.group_by("place").len().iter_rows())
    assert sorted(sizes) == list(range(1, 9))
    assert min(sizes.values()) >= 50
    assert 0.08 < (sizes[1] + sizes[2] + sizes[3]) / found.height < 0.12
    # more than half cost more than they bring, so the median ratio of all parts no profitable ones
    assert found["ratio"].median() > 1  # type: ignore[operator]


def test_missing_values_of_value(value: Made) -> None:
    people = value["customers"]
    assert people["satisfaction"].is_null().mean() == pytest.approx(0.20, abs=0.013)
    assert people["satisfaction"].is_between(0, 10).drop_nulls().all()
    unmanaged = people.filter(size="small")["relationship_manager"].is_null().mean()
    assert unmanaged == pytest.approx(0.90, abs=0.013)
