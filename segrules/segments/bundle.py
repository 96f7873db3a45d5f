"""Compiles rules into a bundle: one file from which a service decides records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from segrules.backends.record.program import program
from segrules.lang import ir
from segrules.lang.types import Flag
from segrules.runtime import bundle as form
from segrules.runtime.values import written
from segrules.segments.atomic import replacing
from segrules.segments.calibration import contents
from segrules.segments.examples import NOBODY, alone_rules, stated, tried
from segrules.segments.history.store import rules_revision
from segrules.segments.schema import record_schema
from segrules.segments.turned import Turned, holds_on
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems

NOTHING_TURNED: Turned = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Compiled:
    """A bundle that is ready to be written: its content, its text and its hash."""

    content: Mapping[str, Any]
    text: str
    hash: str

    def write(self, out: str | Path) -> None:
        """Writes the bundle, whole or not at all.

        Raises:
            RulesError: it cannot be written there.
        """
        write_text(self.text, Path(out))


def compiled(
    ruleset: ir.Ruleset,
    text: str,
    as_of: dt.date,
    calibrations: Mapping[str, ir.Calibration],
    made_with: str = "",
    *,
    turned: Turned = NOTHING_TURNED,
) -> Compiled:
    """The bundle of the tables with segments, each with its calibration.

    `text` are the rules in canonical layout, `made_with` a version of segrules. A table without
    ranks needs no calibration. Examples hold for the settings that the file gives for their day:
    where knobs are `turned`, or have other values on the day of the bundle, what they are decided
    as is stored in their place, as `vectors`.

    Raises:
        RulesError: rules cannot be asked of one record, or something is not frozen.
    """
    chosen = list(dict.fromkeys(found.table for found in ruleset.sets))
    nothing = ir.Calibration(as_of)
    frozen = {name: calibrations.get(name, nothing) for name in chosen}
    programs = {name: program(ruleset, name, frozen[name]) for name in chosen}
    moved = [each for each in ruleset.examples if turned or not _holds(each, ruleset, as_of)]
    content = {
        "ruleset": ruleset.name,
        "revision": rules_revision(text, ruleset.knobs),
        "made_with": made_with,
        "rules": text,
        "as_of": as_of.isoformat(),
        "knobs": {knob.name: knob.written for knob in ruleset.knobs},
        "calibration": {name: contents(each) for name, each in frozen.items()},
        "schema": {name: record_schema(ruleset, name, programs[name]) for name in chosen},
        "programs": programs,
        "examples": [_examples(each, ruleset) for each in ruleset.examples if each not in moved],
        "turned": {name: list(values) for name, values in turned.items()},
        "vectors": [_vectors(each, ruleset) for each in moved],
    }
    return Compiled(content, *form.written(content))


def write_text(text: str, out: Path) -> None:
    """Writes a text in UTF-8, whole or not at all.

    Raises:
        RulesError: it cannot be written there.
    """
    try:
        with replacing(out) as unfinished:
            unfinished.write_text(text, "utf-8")
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.not_written(str(out), reason)], unable=True) from None


# ---- examples, which stand for one customer without a past and without others


def _holds(block: ir.Examples, ruleset: ir.Ruleset, as_of: dt.date) -> bool:
    """Whether the knobs of a day are those of the day that examples are about."""
    return all(holds_on(knob, as_of) == holds_on(knob, block.as_of) for knob in ruleset.knobs)


def _vectors(block: ir.Examples, ruleset: ir.Ruleset) -> dict[str, Any]:
    """Examples that expect what the reference evaluator makes of them."""
    made = _examples(block, ruleset)
    decided = [each.decision for each in tried(replace(ruleset, examples=(block,)))]
    rows = [
        {**row, "expect": decision.segment, "by": decision.by}
        for row, decision in zip(made["rows"], decided, strict=True)
    ]
    return {**made, "rows": rows}


def _examples(block: ir.Examples, ruleset: ir.Ruleset) -> dict[str, Any]:
    """A block of examples with the program that decides them: what is named is a column there."""
    alone = alone_rules(ruleset)
    table = alone.table(alone.set(block.of).table)
    named = {name for row in block.rows for name, _ in row.given if not table.column(name)}
    calibration = stated(block, ruleset).calibration
    given = program(_given(alone, table, named), table.name, calibration)
    return {
        "set": block.of,
        "as_of": block.as_of.isoformat(),
        "program": given,
        "rows": [
            {
                "given": {table.key: NOBODY} | {name: written(value) for name, value in row.given},
                "expect": row.expect,
                "by": row.by,
            }
            for row in block.rows
        ],
    }


def _given(ruleset: ir.Ruleset, table: ir.Table, names: Iterable[str]) -> ir.Ruleset:
    """The rules with named values and placements of a table as optional columns of it."""
    columns: dict[str, ir.TableColumn] = {}
    features = {each.name: each for each in ruleset.features}
    sets = {each.name: each for each in ruleset.sets}
    for name in names:
        if name in features:
            column = ir.TableColumn(name, name, features[name].type, optional=True)
            features[name] = replace(features[name], expr=_read(table, column))
        else:
            column = ir.TableColumn(name, name, sets[name].type, optional=True)
            sets[name] = _placed_as(sets[name], _read(table, column))
        columns[name] = column
    wider = replace(table, columns=(*table.columns, *columns.values()))
    return replace(
        ruleset,
        tables=tuple(wider if each.name == table.name else each for each in ruleset.tables),
        features=tuple(features.values()),
        sets=tuple(sets.values()),
    )


def _read(table: ir.Table, column: ir.TableColumn) -> ir.Column:
    return ir.Column(table.name, column.name, column.type, optional=True)


def _placed_as(found: ir.SegmentSet, value: ir.Column) -> ir.SegmentSet:
    """A set that places a row where a column says; missing where that is missing."""
    rules = tuple(
        ir.Rule(
            name,
            "",
            ir.Apply("eq", (value, ir.Const(name, found.type, None, name)), Flag(), optional=True),
        )
        for name in found.segments
    )
    return replace(found, rules=rules, unsure=None, allotments=(), holdout=None, tolerances=())
