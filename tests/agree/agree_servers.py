"""PostgreSQL and Spark on a sample of the rulesets of a campaign."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from agree_cases import cases
from agree_hostile import people
from agree_judge import judged
from agree_targets import RefusedError, database, mismatch
from servers import UnavailableError, cluster, spark_session
from sql_engines import Database, Postgres, Spark

ROWS = 256
"""Servers take their time for each row that they are handed."""

SPARK_IS_SLOWER = 4
SERVERS: dict[str, Callable[[], Database]] = {
    "postgres": lambda: Postgres(cluster()),
    "spark": lambda: Spark(spark_session()),
}


def sampled(seed: int, count: int) -> Iterator[tuple[str, bool]]:
    """Of each server a line, and whether it is at odds with the reference.

    `count` rulesets are asked of PostgreSQL, fewer of Spark; a server that is not there says so.
    """
    for name, start in SERVERS.items():
        asked = count if name == "postgres" else count // SPARK_IS_SLOWER
        if not asked:
            continue
        try:
            server = start()
        except UnavailableError as reason:
            yield f"{name}: not asked, {reason}", False
            continue
        yield from _asked(server, seed, asked)


def _asked(server: Database, seed: int, count: int) -> Iterator[tuple[str, bool]]:
    began, rows, refused = time.monotonic(), 0, 0
    for says, answered in differences(server, seed, range(count)):
        if says == "refused":
            refused += 1
        elif says:
            yield f"MISMATCH {server.dialect} {says}", True
        rows += answered
    passed = time.monotonic() - began
    yield (
        (
            f"{server.dialect}: {rows:,} row-cases of {count} rulesets in {passed:.0f} s, "
            f"{refused} sets refused beforehand"
        ),
        False,
    )


def differences(
    server: Database, seed: int, numbers: range, rows: int = ROWS
) -> Iterator[tuple[str | None, int]]:
    """Of each case what a server says otherwise (or `refused`), and how many rows it answered."""
    population = people(seed, rows)
    for number in numbers:
        for case in cases(seed, number, population):
            expected = judged(case)
            try:
                says = mismatch(case, lambda case: database(case, server), expected)
            except RefusedError:
                yield "refused", 0
                continue
            place = f"seed {seed}, ruleset {number}, set {case.name}: {says}"
            yield (place, 0) if says else (None, len(expected))
