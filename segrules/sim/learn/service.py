"""What it costs to serve a customer: time at the loaded rate, the channel, and quality checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from segrules.sim.learn.pooling import pool
from segrules.sim.model import Counts, Floats, require


@dataclass(frozen=True)
class Rates:
    """What serving costs, in minor units of money.

    hour: an hour of an agent, loaded with all that comes with it. channel: a contact, by the name
    of its channel. check: one quality check.
    """

    hour: float
    channel: dict[str, float]
    check: float = 0.0

    def __post_init__(self) -> None:
        every = (self.hour, self.check, *self.channel.values())
        require(all(0.0 <= each < float("inf") for each in every), "rates must be finite and >= 0")


@dataclass(frozen=True)
class ServiceCost:
    """Cost of a case by segment, in minor units.

    cases: int64[S]. mean, error: float64[S] as seen, the standard error of the mean. time,
    channel, checks: float64[S], the parts of the mean. shrunk, shrunk_error: float64[S] drawn
    towards the other segments, data_weight: float64[S].
    """

    method: str
    segments: tuple[str, ...]
    cases: Counts
    mean: Floats
    error: Floats
    time: Floats
    channel: Floats
    checks: Floats
    shrunk: Floats
    shrunk_error: Floats
    data_weight: Floats
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ServiceColumns:
    """Names of the columns of a row a case; `checks` (their number, or a chance) may be absent."""

    segment: str
    minutes: str
    channel: str
    checks: str | None = None


def cost_to_serve(rows: pl.DataFrame, columns: ServiceColumns, rates: Rates) -> ServiceCost:
    """Cost by segment from a row a case.

    Cases without time, segment or channel are left out and said. ValueError when a channel has
    no rate, a time or a number of checks is below 0, or no case is left.
    """
    wanted = {"segment": columns.segment, "minutes": columns.minutes, "channel": columns.channel}
    checks = pl.lit(0.0) if columns.checks is None else pl.col(columns.checks).cast(pl.Float64)
    known = rows.select(
        *[pl.col(name).alias(role) for role, name in wanted.items()], checks.alias("checks")
    ).drop_nulls()
    require(known.height > 0, "no case has a time, a channel and a segment")
    unpriced = sorted({str(name) for name in known["channel"].unique()} - set(rates.channel))
    require(not unpriced, f"no rate for the channel {', '.join(unpriced)}")
    below = known.filter((pl.col("minutes") < 0) | (pl.col("checks") < 0)).height
    require(below == 0, "times and checks must be >= 0")
    table = _by_segment(known, rates)
    cases = table["cases"].to_numpy().astype(np.int64)
    mean = table["cost"].to_numpy().astype(np.float64)
    error, notes = _errors(table, cases)
    if known.height < rows.height:
        notes.append(f"{rows.height - known.height:,} cases without time, channel or segment")
    pooled = pool(mean, np.maximum(error, 1e-9 * (1.0 + mean)) ** 2)
    time, channel, check = (
        table[name].to_numpy().astype(np.float64) for name in ("time", "of_channel", "check")
    )
    return ServiceCost(
        "time at the loaded rate, channel and checks; means " + pooled.method,
        tuple(str(name) for name in table["segment"]),
        cases,
        mean,
        error,
        time,
        channel,
        check,
        pooled.mean[:, 0],
        pooled.error[:, 0],
        pooled.data_weight,
        (*notes, *pooled.notes),
    )


def _by_segment(known: pl.DataFrame, rates: Rates) -> pl.DataFrame:
    priced = known.with_columns(
        (pl.col("minutes").cast(pl.Float64) / 60.0 * rates.hour).alias("time"),
        pl.col("channel")
        .cast(pl.String)
        .replace_strict(rates.channel, return_dtype=pl.Float64)
        .alias("of_channel"),
        (pl.col("checks") * rates.check).alias("check"),
    ).with_columns((pl.col("time") + pl.col("of_channel") + pl.col("check")).alias("cost"))
    grouped = priced.group_by(pl.col("segment").cast(pl.String))
    return grouped.agg(
        pl.len().alias("cases"),
        pl.col("cost", "time", "of_channel", "check").mean(),
        pl.col("cost").var().alias("variance"),
    ).sort("segment")


def _errors(table: pl.DataFrame, cases: Counts) -> tuple[Floats, list[str]]:
    """Standard errors float64[S]; a single case takes the variance of all others together."""
    variance = table["variance"].to_numpy().astype(np.float64)
    free = (cases - 1).astype(np.float64)
    known = np.isfinite(variance)
    require(bool(known.any()), "no segment has two cases")
    together = float(variance[known] @ free[known] / free[known].sum())
    lent = [name for name, each in zip(table["segment"], known.tolist(), strict=True) if not each]
    notes = (
        [f"a single case in {', '.join(lent)}: the spread of the others is used"] if lent else []
    )
    return np.sqrt(np.where(known, variance, together) / cases), notes
