"""What is planted in the portfolio is found again by plain queries."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from generated import (
    PORTFOLIO,
    SEEDS,
    Made,
    last_year,
    made,
    points_at,
    top_share,
)


@pytest.fixture(scope="module", params=SEEDS)
def portfolio(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(PORTFOLIO.generate, request.param, tmp_path_factory.mktemp("portfolio"))


def test_references_are_sound_in_the_portfolio(portfolio: Made) -> None:
    for table in ("invoices", "orders", "costs"):
        points_at(portfolio, table, "account_id", "accounts", "account_id")
    points_at(portfolio, "accounts", "parent", "accounts", "account_id")
    points_at(portfolio, "prospects", "lookalike_of", "accounts", "account_id")
    points_at(portfolio, "prospects", "prospect_id", "prospects", "prospect_id")
    points_at(portfolio, "invoices", "invoice_id", "invoices", "invoice_id")
    points_at(portfolio, "orders", "order_id", "orders", "order_id")
    assert portfolio["costs"].select("account_id", "booked_on").is_duplicated().sum() == 0


def contribution(made: Made, as_of: dt.date) -> pl.DataFrame:
    """Each account's turnover and contribution in pence, of the twelve months before a day."""
    sold = last_year(made["invoices"], "date", as_of).group_by("account_id")
    spent = last_year(made["costs"], "booked_on", as_of).group_by("account_id")
    driven = sum(100 * pl.col(name) * pounds for name, pounds in PORTFOLIO.COST_OF.items())
    booked = pl.col("returns") + pl.col("delivery_cost")
    return (
        made["accounts"]
        .join(sold.agg(pl.sum("turnover", "cogs")), on="account_id")
        .join(spent.agg(cost=(driven + booked).sum()), on="account_id")
        .with_columns(contribution=pl.col("turnover") - pl.col("cogs") - pl.col("cost"))
    )


def test_a_fifth_of_accounts_brings_80_percent_of_turnover(portfolio: Made) -> None:
    found = contribution(portfolio, PORTFOLIO.AS_OF)
    assert found.height == PORTFOLIO.ACCOUNTS
    assert top_share(found["turnover"], 0.20) == pytest.approx(0.80, abs=0.042)
    group = found.group_by(pl.coalesce("parent", "account_id")).agg(pl.sum("turnover"))
    assert top_share(group["turnover"], 0.20) == pytest.approx(0.80, abs=0.042)
    assert found["turnover"].log().std() == pytest.approx(PORTFOLIO.LOG_SD, abs=0.065)


def test_some_accounts_cost_more_than_they_bring(portfolio: Made) -> None:
    now = contribution(portfolio, PORTFOLIO.AS_OF)["contribution"]
    before = contribution(portfolio, dt.date(2025, 6, 30))["contribution"]
    assert (now < 0).mean() == pytest.approx(0.139, abs=0.019)
    assert (before < 0).mean() == pytest.approx(0.149, abs=0.024)


def test_late_payers(portfolio: Made) -> None:
    paid = portfolio["invoices"].drop_nulls("paid_date").sort("date", "invoice_id")
    late = (pl.col("paid_date") - pl.col("due_date")).dt.total_days()
    last = paid.group_by("account_id").agg(late.tail(6).mean().alias("late"))
    payers = last.filter(pl.col("late") > 15)
    assert payers.height / PORTFOLIO.ACCOUNTS == pytest.approx(0.1214, abs=0.021)
    assert payers["late"].mean() == pytest.approx(PORTFOLIO.DAYS_LATE, abs=0.9)
    others = last.filter(pl.col("late") <= 15)["late"]
    assert others.mean() == pytest.approx(0.0, abs=0.13)


def test_invoices_are_paid_open_or_written_off(portfolio: Made) -> None:
    invoices = portfolio["invoices"]
    states = invoices.select(
        pl.col("paid_date").is_not_null().cast(pl.Int8) + pl.col("open") + pl.col("written_off")
    ).to_series()
    assert (states == 1).all()
    assert (invoices["due_date"] > invoices["date"]).all()
    assert invoices["date"].max() == PORTFOLIO.AS_OF
    assert invoices["paid_date"].max() <= PORTFOLIO.AS_OF  # type: ignore[operator]
    unpaid = invoices.filter("open")
    overdue = unpaid.filter(pl.col("due_date") < PORTFOLIO.AS_OF - dt.timedelta(60))
    assert 0 < overdue["account_id"].n_unique() < 0.02 * PORTFOLIO.ACCOUNTS
    assert 200 < invoices["written_off"].sum() < 400
    orders = portfolio["orders"].group_by("account_id").len().sort("account_id")
    assert orders.equals(invoices.group_by("account_id").len().sort("account_id"))
    assert portfolio["orders"]["delivery_days"].min() >= 0  # type: ignore[operator]


def test_new_accounts(portfolio: Made) -> None:
    orders = portfolio["orders"].group_by("account_id").agg(pl.min("ordered_on"))
    found = portfolio["accounts"].join(orders, on="account_id", validate="1:1")
    assert (found["ordered_on"] >= found["since"]).sum() == PORTFOLIO.ACCOUNTS
    new = found["ordered_on"] > dt.date(2025, 12, 31)
    assert (new == (found["since"] > dt.date(2025, 12, 31))).all()
    assert new.mean() == pytest.approx(PORTFOLIO.NEW_SHARE, abs=0.016)


def test_groups_are_one_level_deep(portfolio: Made) -> None:
    accounts = portfolio["accounts"]
    children = accounts.drop_nulls("parent")
    parents = children["parent"].unique()
    assert len(parents) == round(PORTFOLIO.PARENT_SHARE * PORTFOLIO.ACCOUNTS)
    assert not children["account_id"].is_in(parents.implode()).any()
    sizes = children.group_by("parent").len()["len"]
    assert (sizes.min(), sizes.max()) == (1, 5)


def test_what_managers_expect_is_a_third_too_high(portfolio: Made) -> None:
    found = contribution(portfolio, PORTFOLIO.AS_OF).drop_nulls("expected_turnover")
    ratio = found["expected_turnover"] / found["turnover"]
    assert ratio.mean() == pytest.approx(PORTFOLIO.OVERSTATED, abs=0.02)


def test_growth_and_missing_values_of_the_portfolio(portfolio: Made) -> None:
    now = contribution(portfolio, PORTFOLIO.AS_OF).select("account_id", now="turnover")
    before = contribution(portfolio, dt.date(2025, 6, 30)).select("account_id", was="turnover")
    both = now.join(before, on="account_id")
    assert both.select((pl.col("now") / pl.col("was")).mean()).item() == pytest.approx(
        1.03, abs=0.016
    )
    accounts = portfolio["accounts"]
    for name, rate in (("manager", 0.05), ("credit_limit", 0.10), ("expected_turnover", 0.20)):
        assert accounts[name].is_null().mean() == pytest.approx(rate, abs=0.026), name
