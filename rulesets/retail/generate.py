"""Orders of an invented shop, from a seed.

Customers differ in how often they buy (a gamma of rates), how much they spend (a log-normal of
means) and how long they stay (an exponential): most buy once, a fifth bring most of the money.
The same seed gives the same bytes.

`generate_orders` writes the orders alone. `generate` adds to them what a shop knows beside: seven
buyers in ten have a single order, some people joined and never ordered, and the touches of
campaigns changed nobody's orders.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

AS_OF = dt.date(2025, 12, 31)
REVIEWS = tuple(dt.date(2025, month, 1) - dt.timedelta(1) for month in range(7, 13))
"""Reviews before that of `AS_OF`."""

COLUMNS = ("spend_12m", "margin_12m", "touch_cost")
"""What a profile is worth looking at for."""

CUSTOMERS = 5_000
SINGLE_BUYERS = 0.70
NEVER_ORDERED = 0.08
"""People without any order, as a part of the buyers."""

_FIRST_DAY = dt.date(2023, 7, 1)
_PENCE_A_TOUCH = {"email": 2, "mail": 110, "call": 450}

Ints = NDArray[np.int64]


def generate_orders(seed: int, folder: Path, customers: int = CUSTOMERS) -> dict[str, Path]:
    """Writes `orders.csv` into `folder`; returns its path by table."""
    luck = np.random.Generator(np.random.PCG64(seed))
    path = folder / "orders.csv"
    _orders(luck, customers).write_csv(path)
    return {"orders": path}


def generate(
    seed: int, folder: Path, customers: int = CUSTOMERS, single_buyers: float = SINGLE_BUYERS
) -> dict[str, Path]:
    """Writes orders, customers and campaign_touches as CSV files; returns their paths by table.

    The orders have the columns that `generate_orders` gives them, and more. At least the part
    `single_buyers` of the customers has exactly one; with 0 the common columns are as there.
    """
    luck = np.random.Generator(np.random.PCG64(seed))
    # what is added is drawn apart, so that it moves nothing of the orders
    more = np.random.Generator(np.random.PCG64([seed, 1]))
    orders = _orders(luck, customers, more, single_buyers)
    people = _people(more, orders, customers)
    tables = {
        "orders": _with_details(more, orders),
        "customers": people,
        "campaign_touches": _touches(more, people),
    }
    paths = {name: folder / f"{name}.csv" for name in tables}
    for name, table in tables.items():
        table.write_csv(paths[name])
    return paths


def _orders(
    luck: np.random.Generator,
    customers: int,
    more: np.random.Generator | None = None,
    single_buyers: float = 0.0,
) -> pl.DataFrame:
    days = (AS_OF - _FIRST_DAY).days
    joined = luck.integers(0, days + 1, customers)
    stays = luck.exponential(260.0, customers)
    horizon = np.minimum(days - joined, stays)
    rate = luck.gamma(0.55, 1.0 / 62.0, customers)
    repeats = luck.poisson(rate * horizon)
    if more is not None:
        several = np.flatnonzero(repeats)
        surplus = round(single_buyers * customers) - (customers - len(several))
        repeats[more.permutation(several)[: max(surplus, 0)]] = 0
    owner = np.repeat(np.arange(customers), 1 + repeats)
    first = np.concatenate([[0], np.cumsum(1 + repeats)[:-1]])
    day = joined[owner] + luck.random(len(owner)) * horizon[owner]
    day[first] = joined
    items = 1 + luck.poisson(0.9, len(owner))
    price = np.exp(luck.normal(2.55, 0.55, customers))[owner]
    pence = np.rint(100 * items * price * luck.uniform(0.8, 1.2, len(owner))).astype(np.int64)
    orders = pl.DataFrame(
        {
            "customer_id": [f"{number:05d}" for number in owner + 1],
            "ordered_on": np.datetime64(_FIRST_DAY, "D") + day.astype("timedelta64[D]"),
            "cds": items,
            "dollars": _money(pence),
        }
    )
    return orders.sort("ordered_on", "customer_id", maintain_order=True)


def _money(pence: Ints) -> list[str]:
    return [f"{amount // 100}.{amount % 100:02d}" for amount in pence.tolist()]


def _with_details(more: np.random.Generator, orders: pl.DataFrame) -> pl.DataFrame:
    """Margin is 45% of the amount on average, less a tenth of the amount with a coupon."""
    count = orders.height
    amount = orders["dollars"].cast(pl.Float64).to_numpy()
    coupon = more.random(count) < 0.15
    margin = amount * (np.clip(more.normal(0.45, 0.05, count), 0.2, 0.7) - 0.10 * coupon)
    return orders.with_columns(
        pl.Series("order_id", [f"O{number:07d}" for number in range(1, count + 1)]),
        pl.Series("margin", _money(np.rint(100.0 * margin).astype(np.int64))),
        pl.Series("returned", _yes(more.random(count) < 0.06)),
        pl.Series("category", more.choice(["rock", "pop", "jazz", "classical"], count)),
        pl.Series("channel", more.choice(["web", "shop", "phone"], count, p=[0.6, 0.3, 0.1])),
        pl.Series("coupon", _yes(coupon)),
    )


def _people(more: np.random.Generator, orders: pl.DataFrame, customers: int) -> pl.DataFrame:
    """The buyers, who joined at their first order or up to some weeks before it, and the others."""
    first = orders.group_by("customer_id").agg(pl.min("ordered_on")).sort("customer_id")
    others = round(NEVER_ORDERED * customers)
    ids = [f"{number:05d}" for number in range(1, customers + others + 1)]
    days = (AS_OF - _FIRST_DAY).days
    never = np.datetime64(_FIRST_DAY, "D") + more.integers(0, days, others).astype("timedelta64[D]")
    came = np.concatenate([first["ordered_on"].to_numpy().astype("datetime64[D]"), never])
    before = more.exponential(10.0, len(ids)).astype("timedelta64[D]")
    age = np.clip(more.normal(42.0, 15.0, len(ids)), 16.0, 90.0)
    born = np.datetime64(AS_OF, "D") - (age * 365.25).astype("timedelta64[D]")
    told = pl.Series(more.random(len(ids)) >= 0.08)
    return pl.DataFrame(
        {
            "customer_id": ids,
            "join_date": came - before,
            "email_ok": _yes(more.random(len(ids)) < 0.7),
            "region": more.choice(["north", "south", "east", "west"], len(ids)),
            "birth_date": born,
        }
    ).with_columns(pl.when(told).then(pl.col("birth_date")))


def _touches(more: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Mails, letters and calls since the customer joined; e-mail only to those who allow it."""
    joined = people["join_date"].to_numpy().astype("datetime64[D]")
    known = (np.datetime64(AS_OF, "D") - joined).astype(np.int64) + 1
    allowed = (people["email_ok"] == "yes").to_numpy()
    kinds = tuple(_PENCE_A_TOUCH)
    often = [0.010 * allowed, np.full(len(known), 0.0015), np.full(len(known), 0.0004)]
    how_many = more.poisson(np.stack(often, axis=1) * known[:, None])
    owner, kind = np.divmod(np.repeat(np.arange(how_many.size), how_many.ravel()), len(kinds))
    day = (more.random(len(owner)) * known[owner]).astype(np.int64)
    second = day * 86_400 + more.integers(8 * 3_600, 18 * 3_600, len(owner))
    at = joined[owner].astype("datetime64[us]") + second.astype("timedelta64[s]")
    return (
        pl.DataFrame(
            {
                "customer_id": people["customer_id"].to_numpy()[owner].astype(str),
                "ts": at,
                "kind": np.array(kinds)[kind],
                "cost": _money(np.array(tuple(_PENCE_A_TOUCH.values()))[kind]),
            }
        )
        .sort("ts", "customer_id", "kind")
        .with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    )


def _yes(flag: NDArray[np.bool_]) -> NDArray[np.str_]:
    return np.where(flag, "yes", "no")
