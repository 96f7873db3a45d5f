"""From a ruleset to the program that its record function is built from."""

from __future__ import annotations

from typing import Any

from segrules.backends.reach import calibrated, overlays, placing, reached, sets_of
from segrules.backends.record.features import in_order, name_features
from segrules.backends.record.frozen import type_of
from segrules.backends.record.lower import Lowering
from segrules.lang.ir import (
    Aggregate,
    Calibration,
    Ruleset,
    Sequence,
    Table,
)
from segrules.runtime.program import VERSION
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems.calibrations import calibration_lacks


def program(ruleset: Ruleset, table: str, calibration: Calibration) -> dict[str, Any]:
    """All that placing one row of a table takes, as values that JSON can hold.

    The sets of the table with what they rest on, its flags and the outputs of its grids. The same
    rules and the same calibration give the same program, whatever their places in files.

    Raises:
        RulesError: the record target refuses the rules (see `refusals`).
    """
    found = refusals(ruleset, table, calibration)
    if found:
        raise RulesError(found, unable=True)
    lowering, beside = _lowered(ruleset, table, calibration)
    name_features(lowering.asked, ruleset, table)
    return {
        "program": VERSION,
        "rules": ruleset.name,
        "zone": ruleset.zone,
        "currency": ruleset.currency,
        "table": table,
        "as_of": calibration.as_of.isoformat(),
        "tables": _tables(ruleset, lowering),
        "asked": [in_order(each) for each in lowering.asked],
        "ranked": lowering.ranked,
        "steps": _steps(ruleset, lowering),
        "entries": lowering.entries,
        "cells": lowering.cells,
        "sets": _in_order(ruleset, lowering),
        "overlays": beside,
    }


def _lowered(
    ruleset: Ruleset, table: str, calibration: Calibration
) -> tuple[Lowering, list[list[Any]]]:
    """All that placing takes, lowered, and the overlays: names, nodes and types."""
    lowering = Lowering(ruleset, table, calibration)
    for each in sets_of(ruleset, table):
        lowering.whole_set(each)
    beside = [
        [each.name, lowering.whole(table, each.expr), type_of(each.type)]
        for each in overlays(ruleset, table)
    ]
    lowering.finish()
    return lowering, beside


def named_features(
    ruleset: Ruleset, table: str, calibration: Calibration
) -> dict[str, tuple[Aggregate | Sequence, str]]:
    """What the named features of a program are, and how they are written, by their names."""
    asked = _lowered(ruleset, table, calibration)[0].asked
    nodes = [each["expr"] for each in asked]
    name_features(asked, ruleset, table)
    named = zip(nodes, asked, strict=True)
    return {each["name"]: (node, each["written"]) for node, each in named if each["name"]}


def refusals(ruleset: Ruleset, table: str, calibration: Calibration) -> list[Diagnostic]:
    """Why rules cannot be asked of one record; empty where they can.

    Ranks and figures are answered from what is frozen of their populations.
    """
    wanted = reached(placing(ruleset, table), table, ruleset)
    held = calibration.names()
    names = {node.name: None for parts in wanted.values() for node in calibrated(parts)}
    lacking = [name for name in names if name not in held]
    return [calibration_lacks(lacking)] if lacking else []


def _tables(ruleset: Ruleset, lowering: Lowering) -> dict[str, Any]:
    """The tables that are read, and of each the columns that are."""
    read = {lowering.main, *lowering.columns, *(each["table"] for each in lowering.entries)}
    read |= {table.source for table in ruleset.tables if table.name in read and table.source}
    read |= {rows["table"] for each in lowering.asked for rows in each["rows"]}
    return {
        table.name: {
            **_table(table, lowering.columns.get(table.name, set()), ruleset),
            "alone": _alone(table, read, ruleset, lowering),
        }
        for table in ruleset.tables
        if table.name in read
    }


def _alone(table: Table, read: set[str], ruleset: Ruleset, lowering: Lowering) -> bool:
    """Whether rules look at rows of a table only as those that belong to the record itself."""
    if table.of != lowering.main or table.by is None or table.name in lowering.linked:
        return False
    if any(each["table"] == lowering.main for each in lowering.entries):
        # what is asked of the record is asked of other rows of its table, too
        return False
    if any(each.source == table.name for each in ruleset.tables if each.name in read):
        return False
    uses = [(each["name"], rows) for each in lowering.asked for rows in each["rows"]
            if rows["table"] == table.name]  # fmt: skip
    return all(name is not None and rows["by"] == table.by for name, rows in uses)


def _table(table: Table, read: set[str], ruleset: Ruleset) -> dict[str, Any]:
    joined = ruleset.table(table.source).joined_by(table.name) if table.source else None
    return {
        "kind": table.kind,
        "key": table.key,
        "of": table.of,
        "by": table.by,
        "source": table.source,
        "joined": joined,
        "dated": table.dated,
        "columns": {
            column.name: {
                "type": type_of(column.type),
                "optional": column.optional,
                "sensitive": column.sensitive,
                "read": column.name in read,
                "cleaning": list(column.cleaning),
            }
            for column in table.columns
        },
    }


def _steps(ruleset: Ruleset, lowering: Lowering) -> dict[str, list[Any]]:
    """The steps of each table in the order of the ruleset, parts of what is no step at the end."""
    features = {each.name: each.table for each in ruleset.features}
    tables = {**{each.name: each.table for each in ruleset.sets}, **features}
    found: dict[str, list[Any]] = {}
    for name in ruleset.steps:
        if name in lowering.steps:
            found.setdefault(tables[name], []).extend(lowering.steps[name])
    for table, parts in lowering.later.items():
        if parts:
            found.setdefault(table, []).extend(parts)
    return found


def _in_order(ruleset: Ruleset, lowering: Lowering) -> list[Any]:
    return [lowering.sets[each.name] for each in ruleset.sets if each.name in lowering.sets]
