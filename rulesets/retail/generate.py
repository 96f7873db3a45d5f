"""Orders of an invented shop, from a seed.

Customers differ in how often they buy (a gamma of rates), how much they spend (a log-normal of
means) and how long they stay (an exponential): most buy once, a fifth bring most of the money.
The same seed gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

AS_OF = dt.date(2025, 12, 31)
CUSTOMERS = 5_000

_FIRST_DAY = dt.date(2023, 7, 1)


def generate(seed: int, folder: Path, customers: int = CUSTOMERS) -> dict[str, Path]:
    """Writes `orders.csv` into `folder`; returns its path by table."""
    luck = np.random.Generator(np.random.PCG64(seed))
    days = (AS_OF - _FIRST_DAY).days
    joined = luck.integers(0, days + 1, customers)
    stays = luck.exponential(260.0, customers)
    horizon = np.minimum(days - joined, stays)
    rate = luck.gamma(0.55, 1.0 / 62.0, customers)
    repeats = luck.poisson(rate * horizon)
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
            "dollars": [f"{amount // 100}.{amount % 100:02d}" for amount in pence.tolist()],
        }
    )
    path = folder / "orders.csv"
    orders.sort("ordered_on", "customer_id", maintain_order=True).write_csv(path)
    return {"orders": path}
