"""The contact centre as it stood on earlier days, so that a history can be kept of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl


def earlier(
    seed: int, paths: dict[str, Path], folder: Path, day: dt.date, today: dt.date
) -> dict[str, Path]:
    """The tables of `today` as they stood on an earlier day; customers are written into `folder`.

    Satisfaction is that of the last quarter that had ended, under each person's newest record;
    spend differs by an eighth or so from month to month; the estimated minutes are those of the
    year before the day, if no channel is hidden. Everything else is as in `paths`, whose later
    contacts nobody sees.
    """
    luck = np.random.Generator(np.random.PCG64([seed, day.toordinal()]))
    customers = pl.read_csv(paths["customers"], infer_schema=False)
    history = pl.read_csv(paths["satisfaction_history"], infer_schema=False)
    known = history.filter(pl.col("quarter_end") <= day.isoformat()).sort("quarter_end")
    then = known.unique("customer_id", keep="last").select("customer_id", "satisfaction")
    months = (today.year - day.year) * 12 + today.month - day.month
    wobble = pl.Series(np.exp(luck.normal(0.0, 0.12, customers.height)))
    tenure = (pl.col("tenure_months").cast(pl.Int64) - months).clip(0)
    spend = [
        (pl.col(name).str.replace(".", "", literal=True).cast(pl.Int64) * pl.lit(wobble))
        .round()
        .cast(pl.Int64)
        .alias(name)
        for name in ("spend_3m", "spend_12m")
    ]
    path = folder / "customers.csv"
    guess = pl.col("minutes") * pl.lit(pl.Series(np.exp(luck.normal(0.0, 0.08, customers.height))))
    (
        customers.drop("satisfaction", "estimated_minutes")
        .join(then, on="customer_id", how="left", maintain_order="left")
        .join(_minutes(paths["contacts"], day), on="customer_id", how="left", maintain_order="left")
        .with_columns(tenure, *spend, estimated_minutes=guess.round(1))
        .drop("minutes")
        .with_columns(_pounds("spend_3m"), _pounds("spend_12m"))
        .write_csv(path)
    )
    return {**paths, "customers": path}


def _minutes(contacts: Path, day: dt.date) -> pl.DataFrame:
    """The minutes of each record in the year up to a day, where there are any."""
    since = day.replace(year=day.year - 1).isoformat()
    on = pl.col("at_time").str.head(10)
    held = pl.scan_csv(contacts, infer_schema=False).filter(on > since, on <= day.isoformat())
    minutes = pl.col("handle_minutes").cast(pl.Float64).sum().alias("minutes")
    return held.group_by("customer_id").agg(minutes).filter(pl.col("minutes") > 0).collect()


def _pounds(name: str) -> pl.Expr:
    pence = pl.col(name)
    return pl.format("{}.{}", pence // 100, (pence % 100).cast(pl.String).str.zfill(2)).alias(name)
