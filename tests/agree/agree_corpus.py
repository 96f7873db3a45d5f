"""Cases as files: what a campaign has found is tried in every run from then on.

A file is JSON. A node of the tree is an object with its class, a value that JSON has no word for
one with its kind.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from agree_hostile import Population
from agree_targets import Case
from agree_worlds import context
from test_ranks import frozen_alike

from segrules.backends.reach import on_row, reached, set_parts
from segrules.lang import ir, types

FOLDER = Path(__file__).parent / "corpus"


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.json"))


def save(case: Case, path: Path, about: str) -> None:
    """Writes a case; `about` says in a line what it has shown."""
    case = lean(case)
    rows = case.population
    held = {
        "about": about,
        "set": case.name,
        "as_of": case.where.as_of,
        "rules": case.rules,
        "rows": rows.rows,
        "cells": rows.cells,
        "records": rows.records,
        "refused": [[at, sorted(names)] for at, names in rows.refused.items()],
    }
    path.parent.mkdir(exist_ok=True)
    made = json.dumps(encoded(held), indent=1, ensure_ascii=True, allow_nan=False)
    path.write_text(f"{made}\n", encoding="utf-8")


def load(path: Path) -> tuple[Case, str]:
    """A case and what it has shown."""
    held = decoded(json.loads(path.read_text(encoding="utf-8")))
    rules, found = held["rules"], held["rules"].set(held["set"])
    refused = {at: frozenset(names) for at, names in held["refused"]}
    population = Population(
        rules, found.table, held["rows"], held["cells"], held["records"], refused
    )
    case = Case(rules, found.name, replace(context(), as_of=held["as_of"], zone=rules.zone),
                population)  # fmt: skip
    return recalibrated(case), held["about"]


def recalibrated(case: Case) -> Case:
    """With what is frozen of the rows that there are, where anything is asked of a population."""
    nodes = reached(set_parts(case.found), case.found.table, case.rules)
    ranked = any(hasattr(node, "population") for parts in nodes.values() for node in on_row(parts))
    if not ranked:
        return case
    rows = {name: list(each) for name, each in case.population.rows.items()}
    calibration = frozen_alike(case.rules, rows)
    return replace(case, where=replace(case.where, calibration=calibration))


def lean(case: Case) -> Case:
    """Without columns of a table alone that no rule reads."""
    if len(case.population.rows) > 1:
        return case
    (table,) = case.rules.tables
    nodes = on_row(reached(set_parts(case.found), table.name, case.rules)[table.name])
    read = {table.key, *(node.name for node in nodes if isinstance(node, ir.Column))}
    table = replace(table, columns=tuple(each for each in table.columns if each.name in read))
    rules, held = replace(case.rules, tables=(table,)), case.population

    def only(row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name in read}

    population = Population(
        rules, table.name,
        {table.name: [only(row) for row in held.rows[table.name]]},
        {table.name: [only(row) for row in held.cells[table.name]]},
        [only(row) for row in held.records],
        {at: names & read for at, names in held.refused.items() if names & read},
    )  # fmt: skip
    return Case(rules, case.name, case.where, population)


# ---- values as JSON


def encoded(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int():
            return value
        case float():
            return {"float": repr(value)}
        case dt.datetime():
            return {"instant": value.isoformat()}
        case dt.date():
            return {"date": value.isoformat()}
        case frozenset():
            return {"set": sorted(value)}
        case Fraction():
            return {"fraction": str(value)}
        case list() | tuple():
            return [encoded(each) for each in value]
        case Mapping():
            return {"mapping": {name: encoded(each) for name, each in value.items()}}
    if is_dataclass(value):
        parts = {
            part.name: encoded(getattr(value, part.name))
            for part in fields(value)
            if part.name not in ("span", "written")
        }
        return {"node": type(value).__name__, **parts}
    return {"decimal": str(value)}


def decoded(value: Any) -> Any:
    match value:
        case list():
            return [decoded(each) for each in value]
        case {"node": name, **parts}:
            kind = getattr(ir, name, None) or getattr(types, name)
            return kind(**{part: _tuples(decoded(each)) for part, each in parts.items()})
        case {"mapping": parts}:
            return {name: decoded(each) for name, each in parts.items()}
        case {"float": written}:
            return float(written)
        case {"instant": written}:
            return dt.datetime.fromisoformat(written)
        case {"date": written}:
            return dt.date.fromisoformat(written)
        case {"set": names}:
            return frozenset(names)
        case {"fraction": written}:
            return Fraction(written)
        case {"decimal": written}:
            return _decimal(written)
    return value


def _decimal(written: str) -> Any:
    from decimal import Decimal

    return Decimal(written)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
