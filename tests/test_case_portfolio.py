"""What the portfolio case must show: groups counted once, shares measured, terms that follow."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from cases import Case, case, review, reviewed

from segrules.rules import inspect, read_source
from segrules.segments.history.migration import migration

SEEDS = (5, 11)
TERMS = {"new_account": 30, "d_costs": 14, "a": 60, "b": 45, "c": 30}


@pytest.fixture(scope="module", params=SEEDS)
def portfolio(request: pytest.FixtureRequest) -> Case:
    return case("portfolio", request.param)


def pence(name: str) -> pl.Expr:
    return pl.col(name).str.replace(".", "", literal=True).cast(pl.Int64)


def groups(portfolio: Case) -> pl.DataFrame:
    """Each account with the turnover and contribution of its group, by plain queries."""

    def year(name: str, dated: str) -> pl.DataFrame:
        days = pl.lit("2025-07-01"), pl.lit("2026-06-30")
        return portfolio.frames[name].filter(pl.col(dated).is_between(*days))

    sold = year("invoices", "date").group_by("account_id")
    each = {"visits": 12_000, "calls": 1_500, "reminders": 2_500}
    driven = pl.sum_horizontal(pl.col(name).cast(pl.Int64) * price for name, price in each.items())
    spent = year("costs", "booked_on").group_by("account_id")
    accounts = (
        portfolio.frames["accounts"]
        .join(
            sold.agg(turnover=pence("turnover").sum(), cogs=pence("cogs").sum()),
            on="account_id",
            how="left",
        )
        .join(
            spent.agg(cost=(driven + pence("returns") + pence("delivery_cost")).sum()),
            on="account_id",
            how="left",
        )
        .with_columns(pl.col("turnover", "cogs", "cost").fill_null(0))
        .with_columns(contribution=pl.col("turnover") - pl.col("cogs") - pl.col("cost"))
        .with_columns(group=pl.coalesce("parent", "account_id"))
    )
    of_group = ("turnover", "contribution")
    return accounts.with_columns(
        pl.col(n).sum().over("group").alias(f"group_{n}") for n in of_group
    )


def leaders(portfolio: Case) -> pl.DataFrame:
    """The groups, largest first, with the part of the turnover that is held before each."""
    heads = groups(portfolio).filter(pl.col("parent").is_null())
    heads = heads.sort("group_turnover", "account_id", descending=[True, False])
    turnover = pl.col("group_turnover")
    return heads.with_columns(ahead=(turnover.cum_sum() - turnover) / turnover.sum())


# ---- shares


def test_a_group_counts_once(portfolio: Case) -> None:
    found = portfolio.values(
        *("own_turnover", "with_subsidiaries", "group_turnover", "group_contribution"),
        *("leads_group", "own_contribution"),
    )
    assert found.filter("leads_group")["with_subsidiaries"].sum() == found["own_turnover"].sum()
    plain = groups(portfolio)
    assert 0.1 < plain["parent"].is_not_null().mean() < 0.2  # type: ignore[operator]
    both = found.join(plain, on="account_id", validate="1:1")
    assert both["own_turnover"].equals(both["turnover"], null_equal=False)
    assert (both["group_turnover"] == both["group_turnover_right"]).all()
    assert (both["own_contribution"] == both["contribution"]).all()
    assert (both["group_contribution"] == both["group_contribution_right"]).all()


def test_the_shares_of_turnover_make_the_whole(portfolio: Case) -> None:
    shares = portfolio.values("share_of_turnover")["share_of_turnover"]
    assert shares.sum() == pytest.approx(1.0, abs=1e-9)
    assert (shares >= 0).all()


def test_the_share_of_a_is_measured_and_not_assumed(portfolio: Case) -> None:
    heads = leaders(portfolio)
    makes_a = heads.filter(pl.col("ahead") < 0.8)
    # an estimate of the trade is a fifth: it is near, and is not what the rules are told
    share = makes_a.height / heads.height
    assert share == pytest.approx(0.20, abs=0.042)
    assert makes_a["group_turnover"].sum() >= 0.8 * heads["group_turnover"].sum()
    assert makes_a["group_turnover"].head(-1).sum() < 0.8 * heads["group_turnover"].sum()
    found = portfolio.values("group_makes_a", "leads_group").filter("leads_group")
    assert set(found.filter("group_makes_a")["account_id"]) == set(makes_a["account_id"])


def test_the_classes_are_those_computed_apart_from_the_rules(portfolio: Case) -> None:
    heads = leaders(portfolio).select(group="account_id", ahead="ahead")
    first = portfolio.frames["invoices"].group_by("account_id").agg(pl.min("date"))
    plain = groups(portfolio).join(heads, on="group").join(first, on="account_id", how="left")
    contribution = pl.col("group_contribution")
    class_of = (
        pl.when(pl.col("date").is_null() | (pl.col("date") >= "2025-12-29"))
        .then(pl.lit("new_account"))
        .when(contribution < 0)
        .then(pl.lit("d_costs"))
        .when((pl.col("ahead") < 0.8) & (contribution > 0))
        .then(pl.lit("a"))
        .when(pl.col("ahead") < 0.95)
        .then(pl.lit("b"))
        .otherwise(pl.lit("c"))
    )
    both = portfolio.placed().join(
        plain.select("account_id", expected=class_of), on="account_id", validate="1:1"
    )
    assert both.filter(pl.col("portfolio") != pl.col("expected")).height == 0
    assert set(both["portfolio"]) == set(TERMS)


def test_a_subsidiary_is_placed_with_its_parent_unless_it_is_new(portfolio: Case) -> None:
    placed = portfolio.placed().join(portfolio.frames["accounts"], on="account_id")
    parents = placed.select(parent="account_id", above="portfolio")
    both = placed.drop_nulls("parent").join(parents, on="parent")
    old = both.filter(pl.col("portfolio") != "new_account", pl.col("above") != "new_account")
    assert old.height > 500
    assert (old["portfolio"] == old["above"]).all()


# ---- payers and terms


def test_late_payers_are_those_of_the_last_six_paid_invoices(portfolio: Case) -> None:
    invoices = portfolio.frames["invoices"].with_columns(
        pl.col("date", "due_date", "paid_date").str.to_date()
    )
    paid = invoices.filter(pl.col("paid_date").is_not_null())
    late = (pl.col("paid_date") - pl.col("due_date")).dt.total_days()
    # all invoices of the day of the sixth take part
    sixth = pl.col("date").rank("min", descending=True).over("account_id")
    average = paid.filter(sixth <= 6).group_by("account_id").agg(average=late.mean())
    overdue = pl.lit(portfolio.as_of) - pl.col("due_date")
    long = invoices.filter(pl.col("open") == "yes", overdue.dt.total_days() > 60)
    expected = set(average.filter(pl.col("average") > 15)["account_id"]) | set(long["account_id"])
    placed = portfolio.placed()
    assert set(placed.filter("late_payer")["account_id"]) == expected
    assert 0.10 < len(expected) / placed.height < 0.20


def test_the_strictest_term_is_printed_for_every_account(portfolio: Case) -> None:
    placed = portfolio.placed()
    assert placed["payment_term_days"].null_count() == 0
    for segment, term in TERMS.items():
        for late, rows in placed.filter(portfolio=segment).group_by("late_payer"):
            wanted = max(14, term - 15) if late[0] else term
            assert set(rows["payment_term_days"]) == {wanted}
    # nobody whom the overlay names gets the full term of a segment that has a longer one
    longest = placed.filter("late_payer")["payment_term_days"].max()
    assert longest == 45 < placed["payment_term_days"].max()  # type: ignore[operator]


def test_the_terms_of_the_grid_are_those_of_the_conditions() -> None:
    [found] = [
        each for each in case("portfolio").rules.ruleset.conditions if each.of == "portfolio"
    ]
    at = found.columns.index("payment_term_days")
    assert {segment: int(cells[at]) for segment, cells in found.rows} == TERMS
    assert found.departments[at] == "finance"


@pytest.mark.parametrize("segment", TERMS)
def test_a_segment_without_terms_is_an_error(segment: str, tmp_path: Path) -> None:
    text = case("portfolio").rules.compiled.source.text
    [head, table] = text.split("conditions of portfolio {\n", 1)
    table, rest = table.split("\n}\n", 1)
    lines = [line for line in table.split("\n") if not line.startswith(f"  | {segment} ")]
    assert len(lines) == len(table.split("\n")) - 1
    file = tmp_path / "lacking.seg"
    body = "\n".join(lines)
    file.write_text(f"{head}conditions of portfolio {{\n{body}\n}}\n{rest}")
    found = [each for each in inspect(read_source(file)).log if each.severity == "error"]
    assert [each.code for each in found] == ["SEG142"]
    assert segment in found[0].message


# ---- good and bad accounts, prospects


def test_good_and_bad_accounts_are_counted_with_their_trend() -> None:
    portfolio = reviewed("portfolio")
    assert portfolio.history is not None
    runs = sorted(portfolio.history.glob("accounts.*.parquet"))
    assert [path.name[:19] for path in runs] == ["accounts.2025-06-30"]
    before = pl.read_parquet(runs[0])
    day = dt.date(2025, 6, 30)
    then = portfolio.rules.assign(portfolio.frames, as_of=day, table="accounts")
    assert before.sort("account_id")["portfolio"].equals(
        then.sort("account_id")["portfolio"].cast(pl.String)
    )
    # accounts that came later were not there
    since = portfolio.frames["accounts"].filter(pl.col("since") <= day.isoformat())
    assert set(before["account_id"]) == set(since["account_id"])


def test_the_migration_of_a_year_adds_up(tmp_path: Path) -> None:
    portfolio = reviewed("portfolio")
    assert portfolio.history is not None
    history = tmp_path / "history"
    history.mkdir()
    for path in portfolio.history.glob("*.parquet"):
        (history / path.name).write_bytes(path.read_bytes())
    paths = {name: portfolio.paths[name] for name in portfolio.frames}
    review(portfolio.rules, paths, portfolio.as_of, history)
    found = migration(history, "accounts", "portfolio")
    placed = portfolio.placed()
    for flow in found.flows:
        now = placed.filter(portfolio=flow.state).height
        assert flow.entered + flow.stayed == now
    since = portfolio.frames["accounts"].filter(pl.col("since") > "2025-06-30")
    came = sum(found.steps.count("(new)", name) for name in TERMS)
    assert came == since.height > 300
    assert found.climbs is not None
    assert min(found.climbs.up, found.climbs.down) > 0


def test_nobody_acquires_the_like_of_an_account_that_costs(portfolio: Case) -> None:
    placed = portfolio.placed("prospects").join(portfolio.frames["prospects"], on="prospect_id")
    accounts = portfolio.placed().select(lookalike_of="account_id", like="portfolio")
    both = placed.join(accounts, on="lookalike_of", how="left")
    wanted = {"d_costs": "do_not_acquire", "a": "visit", "b": "call", None: "unlike"}
    expected = [wanted.get(like, "web") for like in both["like"]]
    assert both["approach"].to_list() == expected
    assert set(expected) == {"do_not_acquire", "visit", "call", "web", "unlike"}
    visits = placed.filter(approach="visit")
    turnover = portfolio.values("with_subsidiaries")
    ordered = visits.join(turnover, left_on="lookalike_of", right_on="account_id").sort(
        "with_subsidiaries", "prospect_id", descending=[True, False]
    )
    called = ordered.filter(approach_allotted="field_sales")
    assert called["prospect_id"].to_list() == ordered["prospect_id"].head(60).to_list()
