"""Parquet to Parquet: 50 M rows placed by 12 rules as they stream past, in little memory.

Ours reads the customers, adds the segment and what decided, and writes all columns. The peer adds
one literal and does nothing else. `assign` itself writes only keys and answers, which is less work
than either. Each run is a process of its own, whose peak memory the system tells.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

ROWS = 50_000_000
PART = 5_000_000
ROUNDS = 5
LIMIT = 2 * 2**30
CONTESTANTS = ("kept", "assign", "peer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same five million customers ten times over, with keys of their own."""
    from test_assign import customers

    made = tmp_path_factory.mktemp("parquet")
    for at in range(ROWS // PART):
        part = customers(missing=False).with_columns(id=pl.format("{}-{}", pl.lit(at), "id"))
        part.write_parquet(made / f"part_{at:02}.parquet")
    yield made
    for each in made.glob("*.parquet"):
        each.unlink()


def work(contestant: str, folder: Path, out: Path) -> None:
    source = pl.scan_parquet(folder / "part_*.parquet")
    if contestant == "peer":
        source.with_columns(segment=pl.lit("rest")).sink_parquet(out)
        return
    import datetime as dt

    from test_assign import ruleset

    from segrules.backends.context import Context
    from segrules.backends.polars.first_match import assigned
    from segrules.backends.polars.lower import scope_of
    from segrules.backends.polars.plan import prepare
    from segrules.lang.ir import Calibration
    from segrules.segments.assign import Asked, assign
    from segrules.segments.matching import Matching

    rules, day = ruleset(missing=False), dt.date(2026, 6, 30)
    if contestant == "assign":
        assign(rules, {"customers": source}, Asked(day)).sink_parquet(out)
        return
    context = Context(rules.zone, day, Calibration(day))
    numbered = Matching(rules, "customers", ROWS)
    frame = prepare(rules, "customers", {"customers": source}, context, None, numbered)
    scope = scope_of(rules, "customers", context)
    placed = assigned(frame, rules.sets[0], scope, ("segment", "by"), numbered)
    placed.select([*source.collect_schema().names(), "segment", "segment_by"]).sink_parquet(out)


def _peak() -> int:
    """The most memory that this process held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # what `getrusage` says may be that of the process which started this one
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _run(contestant: str, folder: Path, out: Path) -> dict[str, float]:
    command = [sys.executable, __file__, contestant, str(folder), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    made: dict[str, float] = json.loads(done.stdout)
    return made


def test_parquet_to_parquet(benchmark, folder: Path, tmp_path: Path) -> None:
    outs = {name: tmp_path / f"{name}.parquet" for name in CONTESTANTS}
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS}
    # the contestants take turns, so that a busy moment of the machine hits all of them
    for name in CONTESTANTS * ROUNDS:
        runs[name].append(_run(name, folder, outs[name]))
    seconds = {name: statistics.median(each["seconds"] for each in runs[name]) for name in runs}
    peaks = {name: max(each["peak"] for each in runs[name]) for name in runs}
    benchmark.extra_info |= {f"{name}_s": round(value, 2) for name, value in seconds.items()}
    benchmark.extra_info |= {f"{name}_peak_mb": round(peak / 2**20) for name, peak in peaks.items()}
    benchmark.extra_info["times_of_peer"] = round(seconds["kept"] / seconds["peer"], 2)
    benchmark.extra_info["assign_times_of_peer"] = round(seconds["assign"] / seconds["peer"], 2)
    print(benchmark.extra_info)
    benchmark.pedantic(_run, args=("kept", folder, outs["kept"]), rounds=1)
    assert peaks["kept"] < LIMIT
    assert peaks["assign"] < LIMIT
    _same_answers(folder, outs)
    for out in outs.values():
        out.unlink()


def _same_answers(folder: Path, outs: dict[str, Path]) -> None:
    """By the hand-written chain of the other bench, on the rows of one part."""
    from test_assign import ASKED, by_hand

    expected = by_hand(ASKED["segment_by"]).collect(engine="streaming")
    for name in ("kept", "assign"):
        made = pl.scan_parquet(outs[name]).filter(pl.col("id").str.starts_with("3-"))
        found = made.select(pl.col("segment", "segment_by").cast(pl.String)).collect()
        assert found.equals(expected)
    read = pl.scan_parquet(outs["peer"]).select(pl.len()).collect().item()
    assert read == pl.scan_parquet(outs["kept"]).select(pl.len()).collect().item() == ROWS


if __name__ == "__main__":
    began = time.perf_counter()
    work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    print(json.dumps({"seconds": time.perf_counter() - began, "peak": _peak()}))
