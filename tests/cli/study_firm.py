"""A firm with a letters test and advisers, whose truth is known: leads drawn from stated rates."""

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli_shop import Ran, run

AS_OF = "2026-06-30"
RULES = """\
ruleset firm {
  language 1
  goal  "More appointments"
  why   "Letters may help"
  owner "Marketing"
  money GBP
}

table leads key lead_id {
  lead_id        text
  came           date
  letter         one of none, plain, bespoke
  dealt          text?
  score          whole 0..100
  region         one of north, south
  opened         date
  adviser        refers to advisers
  appointment_at date?  until_outcome
  sold_at        date?  until_outcome
  fee            money? until_outcome
}

table advisers key adviser_id {
  adviser_id text
}

segments size of leads {
  large "Large"
      when score >= 50
  otherwise small "Small"
}

funnel sales of leads {
  enquiry     at came
  appointment at appointment_at within 30 days
  sale        at sold_at        within 60 days value fee
}
"""
HEADER = "lead_id,came,letter,dealt,score,region,opened,adviser,appointment_at,sold_at,fee"


@dataclass(frozen=True)
class Truth:
    """How leads come about. odds: of an appointment by (segment, arm). spread: of advisers."""

    leads: int = 6_000
    odds: Any = None
    spread: float = 0.0
    by_lot: bool = True
    fee: float = 0.6
    days: int = 400
    advisers: int = 20
    rate: float = 0.4


def day(after: int) -> str:
    """Days before the end of June 2026 as a date."""
    import datetime as dt

    return (dt.date(2026, 6, 30) - dt.timedelta(days=after)).isoformat()


def leads(truth: Truth, seed: int = 3) -> list[str]:
    luck = random.Random(seed)  # noqa: S311
    skill = [truth.spread * luck.gauss(0, 1) for _ in range(truth.advisers)]
    lines = []
    for at in range(truth.leads):
        score, arm = luck.randrange(100), luck.choice(("none", "plain", "bespoke"))
        segment = "large" if score >= 50 else "small"
        region = luck.choice(("north", "south"))
        ago = luck.randrange(1, truth.days)
        adviser = luck.randrange(truth.advisers)
        if not truth.by_lot and region == "north":
            adviser //= 2
        odds = truth.rate / (1 - truth.rate) * (truth.odds or {}).get((segment, arm), 1.0)
        met = sold = None
        if luck.random() < odds / (1 + odds):
            met = ago - min(30, int(luck.expovariate(1 / 6)))
        if met is not None and luck.random() < 0.4 + skill[adviser]:
            sold = met - luck.randrange(10)
        fee = f"{100 * math.exp(truth.fee * luck.gauss(0, 1)):.2f}"
        met, sold = (each if each is not None and each >= 0 else None for each in (met, sold))
        lines.append(
            f"L{at:05},{day(ago)},{arm},{arm},{score},{region},{day(ago)},A{adviser:02},"
            f"{day(met) if met is not None else ''},"
            f"{day(sold) if met is not None and sold is not None else ''},"
            f"{fee if met is not None and sold is not None else ''}"
        )
    return lines


@dataclass(frozen=True)
class Firm:
    folder: Path

    @property
    def rules(self) -> Path:
        return self.folder / "firm.seg"

    @property
    def data(self) -> Path:
        return self.folder / "leads.csv"

    def write(self, lines: list[str]) -> None:
        self.data.write_text("\n".join([HEADER, *lines]) + "\n")

    def run(self, command: str, *more: object) -> Ran:
        return run(command, self.rules, "--table", f"leads={self.data}", "--as-of", AS_OF, *more)

    def study(self, *more: object) -> Ran:
        return self.run("study", *more)

    def letters(self, *more: object) -> Any:
        """The record of the experiment."""
        done = self.study("--arm", "letter", "--control", "none", "--format", "json", *more)
        assert done.code == 0, done.err
        return done.json["experiment"]


def firm(folder: Path, truth: Truth | None = None, seed: int = 3) -> Firm:
    folder.mkdir(parents=True, exist_ok=True)
    made = Firm(folder)
    made.rules.write_text(RULES)
    made.write(leads(truth or Truth(), seed))
    return made
