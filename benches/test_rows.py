"""Aggregates, ranks and a sequence over 20 M rows of 1 M customers, beside the same by hand.

Both read the same Parquet files on the streaming engine, each in a process of its own, so that the
peak of its memory is known; both place every customer alike. `SEGRULES_BENCH_ROWS` is the number
of rows where a smaller run will do.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from polars.expr.whenthen import ChainedThen

from segrules.backends.context import Context
from segrules.backends.polars.calibrate import calibrate
from segrules.backends.polars.first_match import assigned
from segrules.backends.polars.lower import scope_of
from segrules.backends.polars.plan import Frames, prepare
from segrules.backends.polars.recall import recalled
from segrules.backends.reach import placing
from segrules.lang.ir import Calibration, Ruleset
from segrules.lang.pipeline import compile_source
from segrules.text.source import Source

ROWS = int(os.environ.get("SEGRULES_BENCH_ROWS", "20_000_000"))
CUSTOMERS = ROWS // 20
ROUNDS = 5
AS_OF = dt.date(2026, 6, 30)
REGIONS = ("north", "south", "east", "west")
KINDS = ("visit", "quote", "order", "claim")
CHANNELS = ("web", "phone", "branch")

RULES = """
ruleset bench {
  language 1
  goal     "Place the customers of a bench"
  why      "Speed"
  owner    "Bench"
  zone     "Europe/London"
  money    GBP
}

table customers key id {
  id     text
  region one of north, south, east, west
}

table events of customers by customer dated on {
  on      date
  kind    one of visit, quote, order, claim
  channel one of web, phone, branch
  amount  money
}

let orders_90 of customers = count events in last 90 days where (kind = order)
let visits    of customers = count events in last 30 days where (kind = visit)
let spend     of customers = sum amount of events in last 12 months where (kind = order)
let typical   of customers = (mean amount of events where (kind = order)) if missing use 0
let largest   of customers = (greatest amount of events in last 12 months) if missing use 0
let latest    of customers = (greatest on of events) if missing use 2000-01-01
let converted of customers = first events where (kind = quote) then events where (kind = order) within 14 days

segments treatment of customers {
  star     "Star"     when in top 10% by spend
  regional "Regional" when in top 20% of all customers with same region by spend and converted
  lapsed   "Lapsed"   when days since latest > 40
  active   "Active"   when orders_90 >= 2 and visits >= 1
  large    "Large"    when largest > 9_900 or typical > 6_000
  otherwise rest
  unsure open
}
"""  # noqa: E501


# ---- the data and the rules


def write_data(folder: Path) -> None:
    """Uniform draws over two years; a few customers in a thousand have no rows."""
    rows = pl.LazyFrame().select(pl.int_range(ROWS).alias("row"))
    draw = [pl.col("row").hash(seed) for seed in range(5)]

    def key(number: pl.Expr) -> pl.Expr:
        return "c" + number.cast(pl.String).str.zfill(8)

    def one_of(values: tuple[str, ...], number: pl.Expr) -> pl.Expr:
        return (number % len(values)).cast(pl.UInt8).cat.to(pl.Enum(values))

    rows.select(
        customer=key(draw[0] % CUSTOMERS),
        on=(pl.lit(dt.date(2024, 7, 1)) + pl.duration(days=draw[1] % 730)).cast(pl.Date),
        kind=one_of(KINDS, draw[2]),
        channel=one_of(CHANNELS, draw[3]),
        amount=(draw[4] % 1_000_000).cast(pl.Int64),
    ).sink_parquet(folder / "events.parquet")
    customers = pl.LazyFrame().select(pl.int_range(CUSTOMERS).alias("row"))
    customers.select(
        id=key(pl.col("row")), region=one_of(REGIONS, pl.col("row").hash(9))
    ).sink_parquet(folder / "customers.parquet")


def ruleset() -> Ruleset:
    compiled = compile_source(Source("bench.seg", RULES))
    assert compiled.ruleset is not None, list(compiled.log)
    return compiled.ruleset


# ---- the contestants


def ours(folder: Path) -> pl.LazyFrame:
    rules = ruleset()
    frames: Frames = {
        name: pl.scan_parquet(folder / f"{name}.parquet") for name in ("customers", "events")
    }
    start = Context(rules.zone, AS_OF, Calibration(AS_OF))
    frames = recalled(rules, frames, start, {"customers": placing(rules, "customers")})
    context = Context(rules.zone, AS_OF, calibrate(rules, frames, start))
    rows = prepare(rules, "customers", frames, context)
    scope = scope_of(rules, "customers", context)
    return assigned(rows, rules.sets[0], scope, ("segment", "by")).select(
        "id", "treatment", "treatment_by"
    )


def by_hand(folder: Path) -> pl.LazyFrame:
    """One query: a `group_by` of all rows, a `join_asof` for the sequence, ranks by window."""
    events = pl.scan_parquet(folder / "events.parquet").filter(pl.col("on") <= AS_OF)
    order, on, amount = pl.col("kind") == "order", pl.col("on"), pl.col("amount")
    year = on > dt.date(2025, 6, 30)
    found = events.group_by("customer").agg(
        orders_90=(order & (on > AS_OF - dt.timedelta(90))).sum(),
        visits=((pl.col("kind") == "visit") & (on > AS_OF - dt.timedelta(30))).sum(),
        spend=pl.when(order & year).then(amount).sum(),
        typical=pl.when(order).then(amount).mean(),
        largest=pl.when(year).then(amount).max(),
        latest=on.max(),
    )
    quotes = events.filter(pl.col("kind") == "quote").select("customer", "on", quoted="on")
    orders = events.filter(order).select("customer", "on")
    converted = (
        orders.sort("on")
        .join_asof(
            quotes.sort("on"),
            on="on",
            by="customer",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .filter(on <= pl.col("quoted") + pl.duration(days=14))
        .select("customer")
        .unique()
        .with_columns(converted=pl.lit(value=True))
    )
    rows = (
        pl.scan_parquet(folder / "customers.parquet")
        .join(found, left_on="id", right_on="customer", how="left", maintain_order="left")
        .join(converted, left_on="id", right_on="customer", how="left", maintain_order="left")
        .with_columns(pl.col("orders_90", "visits", "spend").fill_null(0))
        .with_columns(
            place=pl.col("spend").rank("min", descending=True),
            place_in_region=pl.col("spend").rank("min", descending=True).over("region"),
            in_region=pl.len().over("region"),
        )
    )
    chain = hand_chain()
    return rows.select(
        "id",
        treatment=chain.otherwise(pl.lit("rest")),
        treatment_by=chain.otherwise(pl.lit("otherwise")),
    )


def hand_chain() -> ChainedThen:
    return (
        pl.when(pl.col("place") <= CUSTOMERS // 10)
        .then(pl.lit("star"))
        .when(pl.col("place_in_region") <= (pl.col("in_region") * 0.2).ceil(), "converted")
        .then(pl.lit("regional"))
        .when(((AS_OF - pl.col("latest")).dt.total_days() > 40).fill_null(value=True))
        .then(pl.lit("lapsed"))
        .when(pl.col("orders_90") >= 2, pl.col("visits") >= 1)
        .then(pl.lit("active"))
        .when((pl.col("largest") > 990_000) | (pl.col("typical") > 600_000).fill_null(value=False))
        .then(pl.lit("large"))
    )


CONTESTANTS = {"ours": ours, "by_hand": by_hand}


# ---- the race


def run(name: str, folder: Path, out: Path) -> dict[str, float]:
    """Seconds from the files to a file, and the peak of memory in GiB."""
    began = time.perf_counter()
    CONTESTANTS[name](folder).sink_parquet(out, engine="streaming")
    seconds = time.perf_counter() - began
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return {"seconds": seconds, "peak_gib": int(peak.split()[1]) / 2**20}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    write_data(folder)
    return folder


def test_rows(benchmark, data: Path, tmp_path: Path) -> None:
    times: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    peaks: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    # the contestants take turns, so that a busy moment of the machine hits all of them
    for name in list(CONTESTANTS) * ROUNDS:
        found = apart(name, data, tmp_path / f"{name}.parquet")
        times[name].append(found["seconds"])
        peaks[name].append(found["peak_gib"])
    for name in CONTESTANTS:
        benchmark.extra_info[f"{name}_s"] = round(statistics.median(times[name]), 2)
        benchmark.extra_info[f"{name}_peak_gib"] = round(statistics.median(peaks[name]), 2)
    ratio = statistics.median(times["ours"]) / statistics.median(times["by_hand"])
    benchmark.extra_info |= {"rows": ROWS, "times_by_hand": round(ratio, 2)}
    print(benchmark.extra_info)
    benchmark.pedantic(apart, ("ours", data, tmp_path / "again.parquet"), rounds=1)
    mine, theirs = (
        pl.read_parquet(tmp_path / f"{name}.parquet").with_columns(pl.exclude("id").cast(pl.String))
        for name in CONTESTANTS
    )
    assert mine.equals(theirs)
    assert mine["treatment_by"].n_unique() == 6


def apart(name: str, folder: Path, out: Path) -> dict[str, float]:
    """A contestant in a process of its own."""
    command = [sys.executable, __file__, name, str(folder), str(out)]
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=here)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
