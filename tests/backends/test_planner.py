"""The way a set is decided: by its rules and the number of rows, with reasons, never an answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from segrules.backends.planner import Plan, plan
from segrules.lang.cells import Cells, cells_of
from segrules.lang.ir import (
    Apply,
    Column,
    Const,
    Outcome,
    Rule,
    Ruleset,
    SegmentSet,
    Table,
    TableColumn,
)
from segrules.lang.types import Flag, Text, Whole

ROOT = Path(__file__).parents[2]
TABLE = Table(
    "people", "main", "key",
    (TableColumn("key", "key", Text(), False), TableColumn("n", "n", Whole(), False)),
)  # fmt: skip


def rules(count: int) -> Ruleset:
    number = Column("people", "n", Whole(), False)
    made = tuple(
        Rule(f"seg{at}", "", Apply("ge", (number, Const(count - at, Whole())), Flag(), False))
        for at in range(count)
    )
    found = SegmentSet("size", "people", made, Outcome("rest", ""), None)
    return Ruleset("r", tables=(TABLE,), sets=(found,), steps=("size",))


def planned(count: int, rows: int | None) -> Plan:
    made = rules(count)
    return plan(made.sets[0], rows, lambda: cells_of(made.sets[0], made))


@pytest.mark.parametrize(
    ("count", "rows", "way"),
    [
        (12, 0, "chain"), (12, 1000, "chain"), (12, 5_000_000, "chain"), (12, 50_000_000, "cells"),
        (1000, 1000, "chain"), (1000, 2_000_000, "cells"), (1000, None, "cells"),
        (12, None, "chain"), (1, 10**9, "chain"),
    ],
)  # fmt: skip
def test_the_way(count: int, rows: int | None, way: str) -> None:
    made = planned(count, rows)
    assert made.way == way
    assert (made.cells is not None) is (way == "cells")
    assert planned(count, rows) == made


def test_cells_are_not_made_for_short_work() -> None:
    def never() -> Cells:
        raise AssertionError("cells were made")

    made = plan(rules(12).sets[0], 1000, never)
    assert made.way == "chain"


def test_in_words() -> None:
    assert planned(1000, 2_000_000).explain() == (
        "size: 1_000 rules over 2_000_000 rows\n"
        "  by cells: a search a column, then one bit a rule\n"
        "  1 columns or conditions in 1_002 cells, 1_000 bits\n"
        "  about 6.0 s as a chain, 0.7 s in cells"
    )
    assert planned(12, None).explain() == (
        "size: 12 rules over an unknown number of rows, taken for 1_000_000\n"
        "  by a chain of conditions in Polars, the first true one wins\n"
        "  short work: about 0.0 s as a chain, less than cells take to start"
    )


def test_rules_that_read_nothing_stay_a_chain() -> None:
    always = tuple(Rule(f"s{at}", "", Const(False, Flag())) for at in range(100))
    found = SegmentSet("s", "people", always, Outcome("rest", ""), None)
    made = Ruleset("r", tables=(TABLE,), sets=(found,), steps=("s",))
    chosen = plan(found, 10**9, lambda: cells_of(found, made))
    assert (chosen.way, chosen.reasons) == ("chain", ("the rules read nothing of a row",))


CODE = """
import datetime as dt, sys
import polars as pl
sys.path.insert(0, {tests!r})
from test_planner import rules
from segrules.segments.assign import Asked, assign
frame = pl.DataFrame({{"key": [str(at) for at in range({rows})], "n": list(range({rows}))}})
made = assign(rules({count}), {{"people": frame}}, Asked(dt.date(2026, 6, 30)))
print(made["size"].to_list() == {want}, "numba" in sys.modules)
"""


@pytest.mark.parametrize(
    ("rows", "count", "numba"), [(50, 40, False), (200_000, 900, True)], ids=["small", "large"]
)
def test_small_work_does_not_wait_for_compiled_code(rows: int, count: int, numba: bool) -> None:
    """An assignment gives the same either way."""
    # n is at least count - at first where at = count - n
    want = f"['rest' if n < 1 else 'seg%d' % max({count} - n, 0) for n in range({rows})]"
    code = CODE.format(tests=str(Path(__file__).parent), rows=rows, count=count, want=want)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"True {numba}\n", done.stderr
