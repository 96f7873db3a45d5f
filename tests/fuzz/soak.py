"""Millions of hostile texts, in several processes: counts, rate, seed and the worst time.

`python tests/fuzz/soak.py --count 2000000 --seed 7`. It ends with exit code 1 at the first failure,
which it prints with the smallest text that fails likewise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_checks import Failed, Tally, check_findings, check_layout, failure, fuzz, report

STRETCH = 2_000
LAYOUT_EVERY = 5
MEMORY = 2 * 2**30
"""Bytes of address space of a worker: what needs more fails as a MemoryError."""


def _prepare() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _stretch(work: tuple[int, int, int]) -> tuple[Tally | str, int]:
    seed, start, end = work
    found = fuzz(seed, range(start, end), layout_every=LAYOUT_EVERY)
    if isinstance(found, Failed):
        check = check_findings if failure(found.text, check_findings) else check_layout
        return report(found, check), 0
    return found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def soak(seed: int, count: int, processes: int) -> int:
    """Runs `count` texts and prints what they have shown; the exit code."""
    work = [(seed, at, min(at + STRETCH, count)) for at in range(0, count, STRETCH)]
    total, peak, began, told = Tally(), 0, time.monotonic(), time.monotonic()
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _prepare) as pool:
        for found, memory in pool.imap_unordered(_stretch, work):
            if isinstance(found, str):
                print(f"FAILED\n{found}", flush=True)
                return 1
            total.texts += found.texts
            total.characters += found.characters
            total.parsed += found.parsed
            total.seconds += found.seconds
            if found.worst > total.worst:
                total.worst, total.worst_number = found.worst, found.worst_number
            peak = max(peak, memory)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{total.texts:,} of {count:,}", flush=True)
    passed = time.monotonic() - began
    print(
        f"{total.texts:,} texts ({total.characters:,} characters, {total.parsed:,} of them laid "
        f"out), no failure; seed {seed}, {processes} processes, {passed:.0f} s, "
        f"{total.texts / passed:,.0f} a second, "
        f"{total.seconds:.0f} s of processor time in checking; worst {total.worst:.3f} s "
        f"(number {total.worst_number}); at most {peak / 1024:.0f} MiB in a process; fewer than "
        f"{3 / max(1, total.texts):.1e} of such texts fail, at 95% confidence"
    )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    return soak(given.seed, given.count, given.processes)


if __name__ == "__main__":
    sys.exit(main())
