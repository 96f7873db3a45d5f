"""From rules, and what is given to freeze, to a bundle for services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from segrules.backends.planner import Plan
from segrules.backends.reach import calibrated, reached
from segrules.lang import ir
from segrules.segments.assign import Asked, for_table, place, placing
from segrules.segments.bundle import Compiled, compiled, write_text
from segrules.segments.calibration import check_calibration, read_calibration, secrets
from segrules.segments.history.store import rules_revision
from segrules.segments.matching import Matching
from segrules.segments.stubs import stubs
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
class Frozen:
    """The day that rules are compiled for, and by table what is frozen of populations.

    `notes` are what is to be said of it.
    """

    day: dt.date
    calibrations: Mapping[str, ir.Calibration]
    notes: tuple[Diagnostic, ...]


def freeze(ruleset: ir.Ruleset, text: str, given: Given, as_of: dt.date | None = None) -> Frozen:
    """What the rules (`text` in canonical layout) are compiled with.

    The day is `as_of`; without one that of the frozen cut points, or today in the rules' zone.

    Raises:
        RulesError: there are no segments, or cut points are needed and not given or do not fit.
    """
    tables = list(dict.fromkeys(found.table for found in ruleset.sets))
    if not tables:
        raise RulesError([problems.no_segments()], unable=True)
    read, notes = _read(ruleset, text, given)
    if read is not None:
        as_of = as_of or read.as_of
    day = as_of or dt.datetime.now(ZoneInfo(ruleset.zone)).date()
    calibrations = {table: ir.Calibration(day) for table in tables}
    for table in tables:
        compared = _compared(ruleset, table)
        if not compared:
            continue
        if read is not None:
            check_calibration(read, placing(ruleset, table), table, ruleset)
            calibrations[table] = read
        elif given.frames:
            asked = Asked(day, given.history)
            calibrations[table] = place(ruleset, table, given.frames, asked).context.calibration
        else:
            raise RulesError([problems.compile_needs_cuts(compared)], unable=True)
    return Frozen(day, calibrations, notes)


def compile_rules(
    ruleset: ir.Ruleset, text: str, given: Given, as_of: dt.date | None = None
) -> tuple[Compiled, tuple[Diagnostic, ...]]:
    """The bundle of rules, with what is to be said of it; the rest is as for `freeze`.

    Raises:
        RulesError: as `freeze` says, or rules cannot be asked of one record.
    """
    frozen = freeze(ruleset, text, given, as_of)
    made = compiled(ruleset, text, frozen.day, frozen.calibrations, given.made_with)
    return made, (*frozen.notes, *told_secrets(ruleset, frozen, given.out))


def write_stubs(made: Compiled, out: Path) -> None:
    """Writes the types of a bundle's records, whole or not at all.

    Raises:
        RulesError: they cannot be written there.
    """
    text = stubs(made.content["programs"], made.content["ruleset"])
    write_text(text, out)


def _read(
    ruleset: ir.Ruleset, text: str, given: Given
) -> tuple[ir.Calibration | None, tuple[Diagnostic, ...]]:
    if given.calibration is None:
        return None, ()
    rules = rules_revision(text, ruleset.knobs)
    return read_calibration(given.calibration, ruleset=ruleset.name, rules=rules)


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


def plans(ruleset: ir.Ruleset, rows: int | None) -> list[Plan]:
    """How each set is decided in bulk over so many rows; None where that is not known."""
    return [Matching(ruleset, each.table, rows).plan(each) for each in ruleset.sets]
