"""Assigns a partitioned Parquet set that is larger than the memory allowed, and says what it took.

As a script: `larger.py FOLDER ENGINE`, where FOLDER was filled by `made` and ENGINE is polars or
spark; a line of JSON says what it took. In a process of its own, as the peak of one never falls.
Spark's own limit is set from outside (`--driver-memory`); that of Polars, on all that the process
may write to, is SEGRULES_LARGER_LIMIT in bytes.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

RULES = """\
ruleset larger {
  language 1
  goal  "Look after those who come often"
  owner "Shops"
  money EUR
}

table customers key customer_id {
  customer_id text
  region      one of north, south, east, west
  spend       money
  visits      whole 0..1000
  weight      number?
  note        text
}

segments care of customers {
  regular  when visits >= 900 and spend > 500
  spender  when spend > 900
  light    when weight < 0.1
  noted    when note starts_with "7"
  northern when region = north
  otherwise other
  unsure unclear
}
"""
REGIONS = ("north", "south", "east", "west")
PART = 100_000
"""Rows of a file."""
WIDE = 60
"""How often a number of 18 digits stands in a note."""
ROOT = Path(__file__).parent.parent


def made(folder: Path, rows: int) -> int:
    """Writes the set, a folder for each region, and gives its size in memory, in bytes."""
    (folder / "larger.seg").write_text(RULES)
    size = 0
    for at in range(0, rows, PART):
        luck = np.random.default_rng(at)
        count = min(PART, rows - at)
        digits = pl.Series("n", luck.integers(10**17, 10**18, count)).cast(pl.String)
        # long in memory, short on disk
        note = digits.to_frame().select(pl.concat_str([pl.col("n")] * WIDE)).to_series()
        frame = pl.DataFrame(
            {
                "customer_id": pl.int_range(at, at + count, eager=True).cast(pl.String),
                "spend": np.round(luck.uniform(0, 1000, count), 2),
                "visits": luck.integers(0, 1001, count),
                "weight": luck.uniform(0, 1, count),
                "note": note,
            }
        )
        size += int(frame.estimated_size())
        place = folder / "customers" / f"region={REGIONS[at // PART % 4]}"
        place.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(place / f"part-{at:010}.parquet", row_group_size=20_000)
    return size


def measured(folder: Path, engine: str, **environment: str) -> dict[str, Any]:
    """What an assignment took in a process of its own: seconds, and peaks of memory in bytes.

    `before` is what the process held when everything was imported and nothing was read.
    """
    done = subprocess.run(
        [sys.executable, __file__, str(folder), engine],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True, text=True, check=False, timeout=3600,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def answers(folder: Path, engine: str) -> pl.LazyFrame:
    """The result in one form, whoever made it."""
    return pl.scan_parquet(folder / f"care_{engine}" / "*.parquet").select(
        pl.col("customer_id", "care", "care_by").cast(pl.String)
    )


def differing(folder: Path) -> int:
    """On how many rows the two engines differ, rows of one alone included."""
    both = answers(folder, "polars").join(
        answers(folder, "spark"), on=["customer_id", "care", "care_by"], how="full"
    )
    lone = both.filter(pl.any_horizontal(pl.all().is_null()))
    return int(lone.select(pl.len()).collect(engine="streaming").item())


def _peak() -> int:
    """Of this process since it began; what the system tells of usage counts its parent as well."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _main(folder: Path, engine: str) -> None:
    limit = os.environ.get("SEGRULES_LARGER_LIMIT")
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))
    from typer.testing import CliRunner

    from segrules.cli.main import app
    from segrules.segments.engines import run

    before, started = _peak(), time.monotonic()
    assert run
    words = [
        "assign", str(folder / "larger.seg"), "--table", f"customers={folder / 'customers'}",
        "--as-of", "2026-06-30", "-o", f"{folder / f'care_{engine}'}/", "--engine", engine,
    ]  # fmt: skip
    done = CliRunner().invoke(app, words)
    if done.exit_code:
        sys.exit(done.stderr)
    took = {
        "seconds": time.monotonic() - started,
        "before": before,
        "peak": _peak(),
    }
    print(json.dumps(took))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
