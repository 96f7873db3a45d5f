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


def compile_rules(
    ruleset: ir.Ruleset, text: str, given: Given, as_of: dt.date | None = None
) -> tuple[Compiled, tuple[Diagnostic, ...]]:
    """The bundle of rules (`text` in canonical layout), with what is to be said of it.

    The day is `as_of`; without one that of the frozen cut points, or today in the rules' zone.

    Raises:
        RulesError: there are no segments, cut points are needed and not given or do not fit, or
            rules cannot be asked of one record.
    """
    tables = list(dict.fromkeys(found.table for found in ruleset.sets))
    if not tables:
        raise RulesError([problems.no_segments()], unable=True)
    frozen, notes = _frozen(ruleset, text, given)
    if frozen is not None:
        as_of = as_of or frozen.as_of
    day = as_of or dt.datetime.now(ZoneInfo(ruleset.zone)).date()
    calibrations: dict[str, ir.Calibration] = {}
    for table in tables:
        compared = _compared(ruleset, table)
        if not compared:
            continue
        if frozen is not None:
            check_calibration(frozen, placing(ruleset, table), table, ruleset)
            calibrations[table] = frozen
        elif given.frames:
            asked = Asked(day, given.history)
            calibrations[table] = place(ruleset, table, given.frames, asked).context.calibration
        else:
            raise RulesError([problems.compile_needs_cuts(compared)], unable=True)
    made = compiled(ruleset, text, day, calibrations, given.made_with)
    held = _sensitive(ruleset, calibrations)
    if held:
        notes = (*notes, problems.holds_sensitive(given.out, held))
    return made, notes


def write_stubs(made: Compiled, out: Path) -> None:
    """Writes the types of a bundle's records, whole or not at all.

    Raises:
        RulesError: they cannot be written there.
    """
    text = stubs(made.content["programs"], made.content["ruleset"])
    write_text(text, out)


def _frozen(
    ruleset: ir.Ruleset, text: str, given: Given
) -> tuple[ir.Calibration | None, tuple[Diagnostic, ...]]:
    if given.calibration is None:
        return None, ()
    rules = rules_revision(text, ruleset.knobs)
    return read_calibration(given.calibration, ruleset=ruleset.name, rules=rules)


def _sensitive(ruleset: ir.Ruleset, calibrations: Mapping[str, ir.Calibration]) -> list[str]:
    """What is frozen of sensitive columns, which the bundle holds."""
    found: dict[str, None] = {}
    for table, frozen in calibrations.items():
        found |= dict.fromkeys(secrets(frozen, placing(ruleset, table), table, ruleset))
    return list(found)


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
