"""All targets against the reference, for a number of row-cases or of hours, in several processes.

`python tests/agree/campaign.py --count 10000000 --seed 7`. A mismatch is made small and written to
`tests/agree/corpus/`, which every run of the tests tries; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]

from agree_campaign import ROWS, Found, Tally, again, played, summary  # noqa: E402
from agree_corpus import FOLDER, save  # noqa: E402
from agree_servers import sampled  # noqa: E402
from agree_shrink import shrunk  # noqa: E402
from agree_targets import TARGETS  # noqa: E402

TOLD_EVERY = 30.0


def run(given: argparse.Namespace) -> int:
    """Runs until there are `count` row-cases, or the hours are over, and says what was found."""
    began = told = time.monotonic()

    def enough(total: Tally) -> bool:
        if given.hours:
            return time.monotonic() - began > given.hours * 3600
        return total.cases.total() >= given.count

    total = Tally()
    for total in played(given.seed, given.rows, given.processes, enough):
        if time.monotonic() - told > TOLD_EVERY:
            told = time.monotonic()
            print(f"{total.cases.total():,} row-cases in {told - began:.0f} s", flush=True)
    print(summary(total, given.seed, time.monotonic() - began, given.processes), flush=True)
    for found in {(each.target, each.says[:40]): each for each in total.found}.values():
        tell(found)
    differ = bool(total.found)
    for line, found_there in sampled(given.seed, given.servers):
        print(line, flush=True)
        differ = differ or found_there
    return 1 if differ else 0


def tell(found: Found) -> None:
    """Prints a mismatch, and writes the smallest case that shows it."""
    print(f"MISMATCH seed {found.seed}, ruleset {found.number}, set {found.name}", flush=True)
    print(f"{found.target}: {found.says}", flush=True)
    case = shrunk(again(found), TARGETS[found.target])
    name = f"{found.target.replace(' ', '_')}_{found.seed}_{found.number}_{found.name}.json"
    save(case, FOLDER / name, f"{found.target}: {found.says[:200]}")
    for each in case.rules.features:
        print(f"  {each.name} = {each.expr}")
    for rule in case.found.rules:
        print(f"  {rule.segment} when {rule.condition}")
    print(f"  rows {case.population.rows}\n  written to {FOLDER / name}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--hours", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--servers", type=int, default=12, help="rulesets asked of each server")
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
