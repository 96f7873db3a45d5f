"""From rules, and what is given to freeze, to a bundle for services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from segrules.backends.planner import Plan
from segrules.backends.reach import calibrated, placing, reached
from segrules.lang import ir
from segrules.segments.assign import Asked, for_table, place
from segrules.segments.bundle import Compiled, compiled, write_text
from segrules.segments.calibration import check_calibration, read_calibration, secrets
from segrules.segments.history.store import rules_revision
from segrules.segments.matching import Matching
from segrules.segments.stubs import stubs
from segrules.segments.turned import Turned
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError


@dataclass(frozen=True, slots=True)
class Given:
    """What cut points are taken from: a file in which they are frozen, or data; both may lack.

    `out` is what messages call the bundle, `made_with` the version of segrules.
    """

    calibration: Path | None = None
    frames: Mapping[str, pl.DataFrame] | Mapping[str, pl.LazyFrame] = field(default_factory=dict)
    history: Path | None = None
    out: str = "the bundle"
    made_with: str = ""


@dataclass(frozen=True, slots=True)
class Compiling:
    """The rules of a day, `text` their canonical layout, and what they are compiled with.

    `turned` are the knobs that are set to other values than the file gives them.
    """

    ruleset: ir.Ruleset
    text: str
    day: dt.date
    given: Given = field(default_factory=Given)
    turned: Turned = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frozen:
    """The day that rules are compiled for, and by table what is frozen of populations.

    `notes` are what is to be said of it.
    """

    day: dt.date
    calibrations: Mapping[str, ir.Calibration]
    notes: tuple[Diagnostic, ...]


def day_of(ruleset: ir.Ruleset, given: Given, as_of: dt.date | None) -> dt.date:
    """The day of knobs and cut points: `as_of`, that of the calibration, or today in the zone.

    Raises:
        RulesError: the calibration cannot be used.
    """
    if as_of is not None:
        return as_of
    if given.calibration is not None:
        read, _ = read_calibration(given.calibration, ruleset=ruleset.name, rules="")
        return read.as_of
    return dt.datetime.now(ZoneInfo(ruleset.zone)).date()


def freeze(asked: Compiling) -> Frozen:
    """What the rules are compiled with: cut points that are given, or that data have.

    Raises:
        RulesError: there are no segments, or cut points are needed and not given or do not fit.
    """
    ruleset, given = asked.ruleset, asked.given
    tables = list(dict.fromkeys(found.table for found in ruleset.sets))
    if not tables:
        raise RulesError([problems.no_segments()], unable=True)
    read, notes = _read(asked)
    calibrations = {table: ir.Calibration(asked.day) for table in tables}
    for table in tables:
        compared = _compared(ruleset, table)
        if not compared:
            continue
        if read is not None:
            check_calibration(read, placing(ruleset, table), table, ruleset)
            calibrations[table] = read
        elif given.frames:
            of = Asked(asked.day, given.history)
            calibrations[table] = place(ruleset, table, given.frames, of).context.calibration
        else:
            raise RulesError([problems.compile_needs_cuts(compared)], unable=True)
    return Frozen(asked.day, calibrations, notes)


def compile_rules(asked: Compiling, frozen: Frozen) -> tuple[Compiled, tuple[Diagnostic, ...]]:
    """The bundle of rules with what is frozen, and what is to be said of it.

    Raises:
        RulesError: rules cannot be asked of one record.
    """
    made = compiled(
        asked.ruleset, asked.text, frozen.day, frozen.calibrations, asked.given.made_with,
        turned=asked.turned,
    )  # fmt: skip
    return made, told_secrets(asked.ruleset, frozen, asked.given.out)


def write_stubs(made: Compiled, out: Path) -> None:
    """Writes the types of a bundle's records, whole or not at all.

    Raises:
        RulesError: they cannot be written there.
    """
    text = stubs(made.content["programs"], made.content["ruleset"])
    write_text(text, out)


def _read(asked: Compiling) -> tuple[ir.Calibration | None, tuple[Diagnostic, ...]]:
    if asked.given.calibration is None:
        return None, ()
    ruleset = asked.ruleset
    rules = rules_revision(asked.text, ruleset.knobs)
    return read_calibration(asked.given.calibration, ruleset=ruleset.name, rules=rules)


def told_secrets(ruleset: ir.Ruleset, frozen: Frozen, out: str) -> tuple[Diagnostic, ...]:
    """A warning where what is compiled, called `out`, holds values of sensitive columns."""
    held: dict[str, None] = {}
    for table, made in frozen.calibrations.items():
        held |= dict.fromkeys(secrets(made, placing(ruleset, table), table, ruleset))
    return (problems.holds_sensitive(out, list(held)),) if held else ()


def _compared(ruleset: ir.Ruleset, table: str) -> list[str]:
    """What the rules of a table ask of populations, as written."""
    rules = for_table(ruleset, table)
    parts = reached(placing(rules, table), table, rules)
    nodes = [node for found in parts.values() for node in calibrated(found)]
    written = [" ".join(node.span.text.split()) if node.span else node.name for node in nodes]
    return list(dict.fromkeys(written))


def plans(
    ruleset: ir.Ruleset, rows: int | None, counted: Mapping[str, int] | None = None
) -> list[Plan]:
    """How each set is decided in bulk over so many rows.

    Without `rows` as many as are `counted` of its table; where neither is known, the planner says
    what it assumes.
    """
    known = counted or {}
    return [
        Matching(ruleset, each.table, rows or known.get(each.table)).plan(each)
        for each in ruleset.sets
    ]


def height(frame: pl.DataFrame | pl.LazyFrame) -> int:
    """How many rows a table has."""
    return int(frame.lazy().select(pl.len()).collect().item())
