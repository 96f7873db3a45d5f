"""Whole processes: how long help, a check and the kernels take from nothing.

The peer of a command is the interpreter with the libraries of the command line, nothing run:
what is beyond it is ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 5
PEER = [sys.executable, "-c", "import lark, rich, typer"]

KERNELS = """
import time
import numba
start = time.perf_counter()
from segrules.sim.run import simulate
from bench_funnel import headline
simulate(headline(), 64)
print(time.perf_counter() - start)
"""


def run(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return done.stdout


def rule_file(folder: Path, lines: int) -> Path:
    """A clean rule file of about so many lines."""
    head = [
        "ruleset long {",
        "  language 1",
        '  goal "Raise profit"',
        "  money GBP",
        "}",
        "table customers key customer_id {",
        "  customer_id text",
        "  region one of north, south",
        "  spend money",
        "  points whole 0..1000",
        "}",
    ]
    lets = [f"let amount_{at} = spend + {at}" for at in range((lines - len(head) - 4) // 3)]
    rules = [
        line
        for at in range(len(lets))
        for line in (f"  s{at}", f"    when amount_{at} > {at * 10} and points < {at + 1}")
    ]
    text = [*head, *lets, "segments size of customers {", *rules, "  otherwise small", "}"]
    file = folder / "long.seg"
    file.write_text("\n".join(text) + "\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("what", ["libraries alone", "--help", "check of 200 lines"])
def test_process(benchmark: BenchmarkFixture, what: str, tmp_path: Path) -> None:
    """Target: `--help` under 0.3 s, the check under 0.4 s."""
    file = rule_file(tmp_path, 200)
    command = {
        "libraries alone": PEER,
        "--help": [sys.executable, "-m", "segrules", "--help"],
        "check of 200 lines": [sys.executable, "-m", "segrules", "check", str(file)],
    }[what]
    run(command)
    benchmark.extra_info["lines"] = len(file.read_text(encoding="utf-8").splitlines())
    benchmark.pedantic(run, args=(command,), rounds=ROUNDS)


@pytest.mark.parametrize("cache", ["empty", "filled"])
def test_kernels(benchmark: BenchmarkFixture, cache: str, tmp_path: Path) -> None:
    """Everything a projection compiles, without numba's own import.

    Target: under 15 s from an empty cache, under 0.5 s from a filled one. The figure is what the
    process prints (`extra_info`); the time of the whole process stands beside it.
    """
    here = str(Path(__file__).parent)
    seconds: list[float] = []
    folders = iter(tmp_path / f"cache{at}" for at in range(100))
    filled = tmp_path / "filled"

    def once() -> None:
        folder = next(folders) if cache == "empty" else filled
        command = [sys.executable, "-c", KERNELS]
        seconds.append(float(run(command, SEGRULES_CACHE=str(folder), PYTHONPATH=here)))

    if cache == "filled":
        once()
        seconds.clear()
    benchmark.pedantic(once, rounds=1 if cache == "empty" else ROUNDS)
    benchmark.extra_info["seconds without numba's import"] = sorted(seconds)[len(seconds) // 2]
