"""Parsing and checking rules: 2,000 lines, and how the time grows with the number of rules.

The file is of the kind and mix of the worked cases: columns, named values, a score, bands, segments
with conditions of a few parts, a table of conditions and examples.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from segrules.lang.parse import parse
from segrules.rules import inspect
from segrules.text.diagnostic import Log
from segrules.text.resources import resource
from segrules.text.source import Source

LINES = 2_000
SIZES = (100, 300, 1_000, 3_000, 10_000)
STEEPEST = 1.2
"""The exponent of growth that is allowed; 1 is in step with the number of rules."""

HEAD = """\
ruleset long {
  language 1
  goal     "Raise profit at the same cost"
  zone     "Europe/London"
  money    GBP
}

knob from_points = 5 from 3 to 8  # where it begins

table leads key lead_id dated enquired_at {
  lead_id     text
  enquired_at instant
  source      one of ppc, partner, referral
  region      one of north, south, east, west
  birth_date  date?
  assets      money?
  needs       whole 0..12
  has_trust   flag
  overseas    flag
}

table contacts of leads by lead_id dated at {
  at      instant
  channel one of phone, email, video
  minutes number 0..600
  cost    money
}

score complexity {
  add 2 when has_trust
  add 2 when overseas
  add greatest(needs - 1, 0)
}
"""
SETS = 40
"""Segments of a set: a longer list is written as several sets."""


def rules(count: int) -> str:
    """A clean file of so many rules: a quarter are named values, three quarters segments."""
    parts = [HEAD]
    lets = max(1, count // 4)
    for at in range(lets):
        value = (
            f"least({at % 9 + 1}% of assets, {5_000 + at})",
            f"sum minutes of contacts in last {at % 300 + 1} days",
            f"count contacts where (channel = phone and minutes > {at % 60})",
            f"complexity * {at % 7 + 1} + needs",
        )[at % 4]
        parts.append(f"let v{at} = {value}\n")
    for first in range(0, count - lets, SETS):
        parts.append(_set(first, min(first + SETS, count - lets), lets))
    return "".join(parts)


def _set(first: int, end: int, lets: int) -> str:
    lines = [f"\nsegments set{first} of leads {{"]
    for at in range(first, end):
        low = at - first
        lines += [
            f'  s{at} "Segment {at}"',
            f"      when v{at % lets} >= {at % 50 + 1} and needs = {low % 12}",
            f"        and region in [north, south] and complexity between {low % 5} and 9",
        ]
    lines += ["  otherwise other", "  unsure unknown", "}", ""]
    rows = [f"  | s{at} | desk{at % 5} | {at % 100}% |" for at in range(first, end)]
    lines += [f"conditions of set{first} {{", "  | segment | route | share |", *rows,
              "  | rest | any | 1% |", "}"]  # fmt: skip
    return "\n".join(lines) + "\n"


def of_lines(count: int) -> str:
    """A file of at least so many lines."""
    many = count // 4
    while (text := rules(many)).count("\n") < count:
        many += 10
    return text


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of processor time of the quickest round."""
    found = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return min(found)


def exponent(sizes: tuple[int, ...], seconds: list[float]) -> float:
    """The slope of log time over log size, by least squares."""
    across, up = [math.log(size) for size in sizes], [math.log(each) for each in seconds]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    over = sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True))
    return over / sum((x - middle) ** 2 for x in across)


@pytest.mark.parametrize("what", ["parse", "parse and check"])
def test_two_thousand_lines(benchmark: BenchmarkFixture, what: str) -> None:
    """Target: under 1 s."""
    source = Source("long.seg", of_lines(LINES))
    found = list(inspect(source).log)
    assert [each for each in found if each.severity == "error"] == []
    work = {"parse": lambda: parse(source, Log()), "parse and check": lambda: inspect(source)}[what]
    benchmark.extra_info["lines"] = source.text.count("\n")
    benchmark.extra_info["findings"] = len(found)
    benchmark.pedantic(work, rounds=5)
    assert best(work) < 1


@pytest.mark.parametrize("what", ["parse", "parse and check"])
def test_growth(benchmark: BenchmarkFixture, what: str) -> None:
    """Target: an exponent of at most 1.2 from 100 to 10,000 rules."""
    sources = [Source(f"{size}.seg", rules(size)) for size in SIZES]
    work = inspect if what == "parse and check" else lambda source: parse(source, Log())
    seconds = [best(lambda source=source: work(source)) for source in sources]  # type: ignore[misc]
    steep = exponent(SIZES, seconds)
    spread = ", ".join(f"{size:,}: {each:.3f} s" for size, each in zip(SIZES, seconds, strict=True))
    print(f"\n{what}: exponent {steep:.2f} ({spread})")
    benchmark.extra_info |= {"exponent": steep, "seconds": seconds}
    benchmark.pedantic(work, args=(sources[0],), rounds=3)
    assert steep <= STEEPEST


@pytest.mark.parametrize("what", ["clean", "one error in each block"])
def test_a_worked_case_as_a_process(benchmark: BenchmarkFixture, what: str, tmp_path: Path) -> None:
    """`segrules check` of a case of 150 lines, from nothing. Target: under 0.5 s."""
    text = (resource("rulesets") / "advice" / "advice.seg").read_text()
    file = tmp_path / "rules.seg"
    file.write_text(text if what == "clean" else text.replace(" when ", " wen "))
    command = [sys.executable, "-m", "segrules", "check", str(file)]
    benchmark.extra_info["lines"] = text.count("\n")
    benchmark.pedantic(
        lambda: subprocess.run(command, check=False, capture_output=True), rounds=5, warmup_rounds=1
    )
