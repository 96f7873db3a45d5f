"""A partitioned Parquet set larger than the memory allowed: Polars streaming, and Spark.

SEGRULES_LARGER_ROWS says how many rows (about 1.1 kB each in memory), SEGRULES_LARGER_MB how much
memory either may take: Polars' whole process, the heap of Spark's Java. The set is at least twice
that. Answers must be equal.
"""

import os
from pathlib import Path

import larger
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

ROWS = int(os.environ.get("SEGRULES_LARGER_ROWS", "3_000_000"))
MEMORY = int(os.environ.get("SEGRULES_LARGER_MB", "1536"))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("larger")
    assert larger.made(folder, ROWS) > 1.8 * MEMORY * 2**20
    return folder


@pytest.mark.parametrize("engine", ["polars", "spark"])
def test_larger_than_memory(engine: str, big: Path, benchmark: BenchmarkFixture) -> None:
    limits = {
        "polars": {"SEGRULES_LARGER_LIMIT": str(MEMORY * 2**20)},
        "spark": {"PYSPARK_SUBMIT_ARGS": f"--driver-memory {MEMORY}m pyspark-shell"},
    }[engine]
    took = benchmark.pedantic(larger.measured, (big, engine), limits, rounds=1)
    benchmark.extra_info.update(took, rows=ROWS, memory_mb=MEMORY)
    if engine == "spark":
        assert larger.differing(big) == 0
