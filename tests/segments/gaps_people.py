"""People with protected columns who go through a funnel, for the tests of gaps and markets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from segrules.cli.main import app
from segrules.lang.ir import Ruleset
from segrules.lang.pipeline import compile_source
from segrules.segments.assign import Asked, Placement, place
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
RULES = """\
ruleset gaps {
  language 1
  zone     "Europe/London"
  money    GBP
}

table people key person {
  person text
  joined date
  bought date? until_outcome
  renewed date? until_outcome
  team   one of a, b, c, d, e, f
  female flag? protected
  tongue one of english, french, polish protected
  needs  set of sight, hearing? protected
  age    whole 0..120? protected
  spend  money
}

band ages of age { young up to 30 | old }

segments teams of people {
  a when team = a
  b when team = b
  c when team = c
  d when team = d
  e when team = e
  otherwise f
}

funnel sales of people {
  visit at joined
  sale  at bought within 30 days  value spend
  again at renewed within 30 days
}
"""
JOINED, BOUGHT, KEPT = dt.date(2026, 1, 1), dt.date(2026, 1, 10), dt.date(2026, 1, 20)

TARGET = 'target market of people when age >= 18 reason "adults only"\n'


@dataclass(frozen=True)
class Person:
    bought: bool = False
    team: str = "a"
    female: bool | None = None
    tongue: str | None = "english"
    needs: str | None = None
    age: int | None = None
    spend: int = 0
    joined: dt.date = JOINED
    kept: bool = False


def rules_of(text: str) -> Ruleset:
    compiled = compile_source(Source("gaps.seg", text))
    assert compiled.ruleset is not None, list(compiled.log)
    return compiled.ruleset


def frame_of(people: Sequence[Person]) -> pl.DataFrame:
    columns = {
        "person": [f"P{at:05}" for at in range(len(people))],
        "joined": [each.joined for each in people],
        "bought": [BOUGHT if each.bought else None for each in people],
        "renewed": [KEPT if each.kept else None for each in people],
        "team": [each.team for each in people],
        "female": [each.female for each in people],
        "tongue": [each.tongue for each in people],
        "needs": [each.needs for each in people],
        "age": [each.age for each in people],
        "spend": [each.spend for each in people],
    }
    types = {
        "bought": pl.Date, "renewed": pl.Date, "female": pl.Boolean, "needs": pl.String,
        "tongue": pl.String, "age": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(columns, schema_overrides=types)


def placed(people: Sequence[Person], text: str = RULES) -> Placement:
    return place(rules_of(text), "people", {"people": frame_of(people)}, Asked(AS_OF))


def group(entered: int, reached: int, **said: object) -> list[Person]:
    return [Person(bought=at < reached, **said) for at in range(entered)]  # type: ignore[arg-type]


def ran(folder: Path, people: Sequence[Person], *words: str, text: str = RULES + TARGET) -> str:
    (folder / "gaps.seg").write_text(text)
    frame = frame_of(people)
    flags = pl.col("female").replace_strict({True: "yes", False: "no"}, return_dtype=pl.String)
    frame.with_columns(flags).write_csv(folder / "people.csv")
    command, *more = words
    rest = ["--table", f"people={folder / 'people.csv'}", "--as-of", AS_OF.isoformat(), *more]
    done = CliRunner().invoke(app, [command, str(folder / "gaps.seg"), *rest])
    assert done.exit_code == 0, done.output
    return done.stdout


PEOPLE = (
    group(40, 10, female=True, age=20)
    + group(50, 20, female=False, age=40)
    + group(20, 5, age=10, team="b")
    + group(3, 3, female=True, team="c", age=11)
)

BERKELEY = {
    "a": ((89, 108), (512, 825)),
    "b": ((17, 25), (353, 560)),
    "c": ((202, 593), (120, 325)),
    "d": ((131, 375), (138, 417)),
    "e": ((94, 393), (53, 191)),
    "f": ((24, 341), (22, 373)),
}
"""Women and men admitted of those who applied, by department (Bickel and others, 1975)."""
