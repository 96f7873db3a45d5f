"""What is planted in the shop is found again by plain queries."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from generated import (
    RETAIL,
    SEEDS,
    Made,
    made,
    points_at,
)


@pytest.fixture(scope="module", params=SEEDS)
def retail(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(RETAIL.generate, request.param, tmp_path_factory.mktemp("retail"))


def test_references_are_sound_in_retail(retail: Made) -> None:
    points_at(retail, "orders", "customer_id", "customers", "customer_id")
    points_at(retail, "orders", "order_id", "orders", "order_id")
    points_at(retail, "campaign_touches", "customer_id", "customers", "customer_id")


@pytest.mark.parametrize("seed", SEEDS)
def test_more_columns_move_nothing_of_the_orders(seed: int, tmp_path: Path) -> None:
    plain, rich = tmp_path / "plain", tmp_path / "rich"
    plain.mkdir()
    rich.mkdir()
    path = RETAIL.generate_orders(seed, plain)["orders"]
    orders = pl.read_csv(path, infer_schema=False)
    assert orders.columns == ["customer_id", "ordered_on", "cds", "dollars"]
    more = RETAIL.generate(seed, rich, single_buyers=0.0)["orders"]
    common = pl.read_csv(more, infer_schema=False).select(orders.columns)
    assert common.write_csv().encode() == path.read_bytes()


def test_seven_buyers_in_ten_buy_once(retail: Made) -> None:
    orders = retail["orders"].group_by("customer_id").len()
    assert orders.height == RETAIL.CUSTOMERS
    assert (orders["len"] == 1).sum() == round(RETAIL.SINGLE_BUYERS * RETAIL.CUSTOMERS)


def test_people_of_the_shop(retail: Made) -> None:
    first = retail["orders"].group_by("customer_id").agg(pl.min("ordered_on"))
    found = retail["customers"].join(first, on="customer_id", how="left", validate="1:1")
    assert (found["ordered_on"].is_null()).sum() == round(RETAIL.NEVER_ORDERED * RETAIL.CUSTOMERS)
    buyers = found.drop_nulls("ordered_on")
    assert (buyers["join_date"] <= buyers["ordered_on"]).all()
    assert (found["join_date"] <= RETAIL.AS_OF).all()
    assert found["birth_date"].is_null().mean() == pytest.approx(0.08, abs=0.018)
    assert found["email_ok"].mean() == pytest.approx(0.7, abs=0.03)


def test_orders_and_touches_of_the_shop(retail: Made) -> None:
    orders = retail["orders"]
    assert orders["margin"].sum() / orders["dollars"].sum() == pytest.approx(0.435, abs=0.006)
    assert (orders["margin"] < orders["dollars"]).all()
    assert orders["returned"].mean() == pytest.approx(0.06, abs=0.012)
    touches = retail["campaign_touches"].join(retail["customers"], on="customer_id")
    assert (touches["ts"].dt.date() >= touches["join_date"]).all()
    assert (touches["ts"].dt.date() <= RETAIL.AS_OF).all()
    assert touches.filter(kind="email")["email_ok"].all()
    costs = dict(touches.group_by("kind").agg(pl.col("cost").unique().implode()).iter_rows())
    assert {kind: cost for kind, (cost,) in costs.items()} == {"email": 2, "mail": 110, "call": 450}
