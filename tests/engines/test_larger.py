"""A partitioned set that is larger than the memory allowed is placed, the same by every engine.

A small one; `benches/test_larger.py` has the large one.
"""

from pathlib import Path
from typing import Any

import larger
import polars as pl
import pytest
from cli_shop import AS_OF, run

LIMIT = 2048 * 2**20
ROWS = 2_100_000


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("larger")
    size = larger.made(folder, ROWS)
    assert size > LIMIT
    return folder


def test_polars_streams_what_does_not_fit(big: Path) -> None:
    """The process may not write to more memory than the limit; the rows alone would take more."""
    took = larger.measured(big, "polars", SEGRULES_LARGER_LIMIT=str(LIMIT))
    assert took["peak"] < LIMIT
    rows = larger.answers(big, "polars").select(pl.len(), pl.col("care").n_unique()).collect()
    assert rows.row(0) == (ROWS, 6)


def test_spark_gives_the_same(big: Path, spark: Any) -> None:
    """In the session of the tests, whose memory is no larger than the set."""
    assert spark is not None
    out = big / "care_spark"
    done = run(
        "assign", big / "larger.seg", "--table", f"customers={big / 'customers'}", "--as-of", AS_OF,
        "-o", f"{out}/", "--engine", "spark",
    )  # fmt: skip
    assert done.code == 0, done.err
    if not (big / "care_polars").exists():
        larger.measured(big, "polars")
    assert larger.differing(big) == 0
