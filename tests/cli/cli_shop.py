"""What the tests of the command line share: running it, and a small shop to run it on."""

import contextlib
import datetime as dt
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from segrules.cli.main import app

ROOT = Path(__file__).parent.parent.parent
AS_OF = "2026-06-30"
FIELDS = {
    "code", "severity", "message", "file", "line", "column", "end_line", "end_column", "hint",
}  # fmt: skip
"""The keys of a finding in JSON."""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=_not_a_number)

    @property
    def codes(self) -> list[str]:
        """The codes of the findings that were shown, in their order."""
        return re.findall(r"^(?:.*: )?(?:error|warning)\[(SEG\d+)\]", self.err + self.out, re.M)


def _not_a_number(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def run(*words: object, stdin: str | bytes | None = None, **environment: str) -> Ran:
    """The command line in this process; a traceback fails the test."""
    done = CliRunner().invoke(
        app, [str(word) for word in words], input=stdin, env=dict(environment), prog_name="segrules"
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert "Traceback" not in done.stderr
    return Ran(done.exit_code, done.stdout, done.stderr)


def environment(**more: str) -> dict[str, str]:
    """Of a fresh process: nothing that changes colour or width, but what is said here."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "PY_COLORS"}
    }
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def start(*words: object, **more: Any) -> subprocess.Popen[str]:
    """The command line in a process of its own, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "segrules", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        **more,
    )


def process(*words: object, **more: Any) -> Ran:
    with start(*words, **more) as child:
        out, err = child.communicate(timeout=100)
    return Ran(child.returncode, out, err)


@contextlib.contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """No file of the folder is changed, made or left behind."""

    def look() -> dict[str, bytes | None]:
        return {
            str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")
        }

    before = look()
    yield
    assert look() == before


# ---- a shop

RULES = """\
ruleset shop {
  language 1
  goal  "Raise profit at the same cost"
  why   "A few customers bring most of it"
  owner "Sales"
  zone  "Europe/London"
  money GBP
}

knob big_from = 100 from 50 to 500

table customers key customer_id {
  customer_id text
  joined      date
  region      one of north, south
  spend       money
  weight      number?
  email       text? sensitive
  sold_at     date? until_outcome
  kept_at     date? until_outcome
}

table orders of customers by customer_id dated ordered_on {
  ordered_on date
  amount     money
}

let bought = sum amount of orders in last 90 days

segments value of customers {
  big "Big"
      when spend >= big_from
  keen "Keen"
      when bought >= 20
  otherwise small "Small"
}
"""

PROJECTION = """\
funnel sales of customers {
  enquiry at joined  cost advert 3 each
  sale    at sold_at within 60 days value spend
  kept    at kept_at within 90 days
}

assume letter_odds "Letters work" = 1.1 to 1.4 {
  source experiment "letters test"
  owner  "Marketing"
  until  2027-06-30
}

assume nothing = 1 to 1 {
  source data "a placebo"
  owner  "Marketing"
  until  2027-06-30
}

scenario letters "Letters" {
  comms big sale odds letter_odds cost 2 each
}

scenario same "As today" {
  comms every segment sale odds nothing kept odds nothing
}

project sales {
  for     6 months
  runs    300
  seed    7
  compare letters, same against today
}
"""

CUSTOMERS = """\
customer_id,joined,region,spend,weight,email,sold_at,kept_at
0001,2026-01-05,north,120.50,1.5,a@x.org,,
0002,2026-02-05,south,99.99,,,,
1,2026-03-05,north,10,2,,,
"""
ORDERS = (
    "customer_id,ordered_on,amount\n1,2026-04-04,0\n1,2026-06-01,19.50\n1,2026-06-30,0.50\n"
    "0002,2026-07-01,50\n"
)


@dataclass(frozen=True)
class Shop:
    """A rule file with its two tables in a folder."""

    folder: Path

    @property
    def rules(self) -> Path:
        return self.folder / "shop.seg"

    @property
    def customers(self) -> Path:
        return self.folder / "customers.csv"

    @property
    def orders(self) -> Path:
        return self.folder / "orders.csv"

    @property
    def out(self) -> Path:
        return self.folder / "segments.parquet"

    @property
    def tables(self) -> list[str]:
        return ["--table", f"customers={self.customers}", "--table", f"orders={self.orders}"]

    def change(self, old: str, new: str) -> None:
        text = self.rules.read_text()
        assert old in text
        self.rules.write_text(text.replace(old, new))

    def assign(self, *more: object) -> Ran:
        return run("assign", self.rules, *self.tables, "--as-of", AS_OF, "-o", self.out, *more)

    def simulate(self, *more: object) -> Ran:
        return run("simulate", self.rules, *self.tables, "--as-of", AS_OF, *more)


def shop(folder: Path, rules: str = RULES) -> Shop:
    made = Shop(folder)
    made.rules.write_text(rules)
    made.customers.write_text(CUSTOMERS)
    made.orders.write_text(ORDERS)
    return made


def busy_shop(folder: Path, customers: int = 1_500) -> Shop:
    """With a funnel, a project, and customers enough to simulate."""
    made = shop(folder, RULES + "\n" + PROJECTION)
    luck = random.Random(11)  # noqa: S311
    lines = [CUSTOMERS.splitlines()[0]]
    for at in range(customers):
        joined = dt.date(2025, 1, 1) + dt.timedelta(days=luck.randrange(540))
        sold = joined + dt.timedelta(days=luck.randrange(50)) if luck.random() < 0.4 else None
        kept = (
            sold + dt.timedelta(days=luck.randrange(80)) if sold and luck.random() < 0.7 else None
        )
        days = [day.isoformat() if day and day.isoformat() <= AS_OF else "" for day in (sold, kept)]
        lines.append(
            f"{at:05},{joined},{luck.choice(('north', 'south'))},{luck.randrange(10, 400)}.50,,,"
            f"{days[0]},{days[1] if days[0] else ''}"
        )
    made.customers.write_text("\n".join(lines) + "\n")
    made.orders.write_text(ORDERS.replace("0002,", "00002,").replace("\n1,", "\n00001,"))
    return made
