"""Calibrations as files: what was frozen of a population, to be read by later assignments."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from segrules.backends.reach import calibrated, reached
from segrules.lang.ir import (
    Calibrated,
    Calibration,
    Cut,
    Expr,
    Figure,
    Frozen,
    Group,
    InRank,
    Places,
    Rank,
    Ruleset,
    Statistic,
    Surveyed,
    Value,
    calibrated_parts,
)
from segrules.lang.types import Date, Flag, Instant, Money, Number, Share, Type, Whole
from segrules.segments.atomic import replacing
from segrules.segments.evidence import Sensitive
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import calibrations as problems
from segrules.text.problems import data as data_problems

Written = str | int | float | bool | None | dict[str, str]
"""A value as JSON holds it; dates and instants say what they are."""

_INTEGERS = 2**63


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Cut(_Part):
    kind: Literal["cut"] = "cut"
    group: list[Written]
    population: int
    value: Written
    key: str | None


class _Figure(_Part):
    kind: Literal["figure"] = "figure"
    group: list[Written]
    population: int
    value: Written


class _Places(_Part):
    kind: Literal["places"] = "places"
    group: list[Written]
    population: int
    amounts: list[Written]
    places: list[int]


_Frozen = Annotated[_Cut | _Figure | _Places, Field(discriminator="kind")]


class _Population(_Part):
    table: str
    rows: int
    hash: str


class CalibrationFile(_Part):
    """`schema` (here `schema_`) is the version of this form; `rules` the revision of the rules."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True
    )

    schema_: Literal[1] = Field(default=1, alias="schema")
    ruleset: str
    rules: str
    as_of: dt.date
    populations: list[_Population]
    frozen: dict[str, list[_Frozen]]


def write_calibration(
    out: Path, calibration: Calibration, *, ruleset: str, rules: str
) -> None:  # fmt: skip
    """Writes a calibration as JSON, whole or not at all.

    Raises:
        RulesError: it cannot be written there.
    """
    made = CalibrationFile(
        ruleset=ruleset,
        rules=rules,
        as_of=calibration.as_of,
        populations=[
            _Population(table=each.table, rows=each.rows, hash=each.hash)
            for each in calibration.populations
        ],
        frozen={
            name: [_written(group, frozen) for group, frozen in groups]
            for name, groups in calibration.frozen
        },
    )
    try:
        with replacing(out) as unfinished:
            unfinished.write_text(made.model_dump_json(by_alias=True, indent=1) + "\n", "utf-8")
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([data_problems.not_written(str(out), reason)], unable=True) from None


def read_calibration(
    path: Path, *, ruleset: str, rules: str
) -> tuple[Calibration, tuple[Diagnostic, ...]]:
    """A calibration from its file, with a warning where it was made by other rules.

    Raises:
        RulesError: it is not there or cannot be used.
    """
    try:
        held = json.loads(path.read_text("utf-8"))
        known = CalibrationFile.model_validate(held)
        frozen = tuple(
            (name, tuple(_read(each) for each in groups)) for name, groups in known.frozen.items()
        )
    except FileNotFoundError:
        raise RulesError([problems.no_calibration(str(path))], unable=True) from None
    except (OSError, ValueError, KeyError, ValidationError, RecursionError):
        raise RulesError([problems.calibration_unusable(str(path))], unable=True) from None
    if known.ruleset != ruleset:
        raise RulesError(
            [problems.calibration_of_other_ruleset(str(path), known.ruleset, ruleset)], unable=True
        )
    calibration = Calibration(
        known.as_of,
        frozen,
        (),
        tuple(Surveyed(each.table, each.rows, each.hash) for each in known.populations),
    )
    changed = known.rules != rules
    return calibration, (problems.calibration_of_other_rules(str(path)),) if changed else ()


def check_calibration(
    calibration: Calibration, expressions: Iterable[Expr], table: str, ruleset: Ruleset
) -> None:
    """Everything that the expressions rest on must be frozen, with values of the types it has now.

    Raises:
        RulesError: something is not.
    """
    parts = reached(expressions, table, ruleset)
    needed = {node.name: node for found in parts.values() for node in calibrated(found)}
    held = dict(calibration.frozen)
    lacking = sorted(
        name
        for name, node in needed.items()
        if name not in calibration.names()
        or not all(_fits(node, *each) for each in held.get(name, ()))
    )
    if lacking:
        raise RulesError([problems.calibration_lacks(lacking)], unable=True)


def _fits(node: Calibrated, group: Group, frozen: Frozen) -> bool:
    """Whether what is frozen for a group can be the node's: types may have changed since."""
    same = node.population.same
    if len(group) != len(same) or not all(
        _is_of(value, part.type) for value, part in zip(group, same, strict=True)
    ):
        return False
    match node, frozen:
        case InRank(by=by), Cut(value=value, key=key):
            return value is None or (_is_of(value, by.type) and isinstance(key, str | None))
        case Statistic(type=kind), Figure(value=value):
            return value is None or _is_of(value, kind)
        case Rank(by=by), Places(amounts=amounts, places=places):
            return len(amounts) == len(places) and all(_is_of(each, by.type) for each in amounts)
    return False


def _is_of(value: Value, kind: Type) -> bool:
    match kind:
        case Flag():
            return isinstance(value, bool)
        case Whole() | Money(exact=True):
            return type(value) is int and abs(value) < _INTEGERS
        case Money() | Number() | Share():
            return isinstance(value, int | float) and not isinstance(value, bool) and \
                abs(value) < math.inf  # fmt: skip
        case Instant():
            return isinstance(value, dt.datetime)
        case Date():
            return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        case _:
            return isinstance(value, str)


def contents(calibration: Calibration) -> Mapping[str, Any]:
    """All that is frozen, as JSON can hold it, for a revision."""
    return {
        name: [_written(group, frozen).model_dump(mode="json") for group, frozen in groups]
        for name, groups in calibration.frozen
    }


def told(
    calibration: Calibration, expressions: Iterable[Expr], table: str, ruleset: Ruleset
) -> Mapping[str, Any]:
    """What is frozen, as JSON can hold it, without what a sensitive column holds.

    Of what rests on such a column only the kinds and the sizes of the groups are there, with
    `hidden` beside them. A cut point names nobody whose key is sensitive.
    """
    secret = secrets(calibration, expressions, table, ruleset)
    return {
        name: [_told(each, secret.get(name, frozenset())) for each in groups]
        for name, groups in contents(calibration).items()
    }


def _told(each: Mapping[str, Any], secret: frozenset[str]) -> dict[str, Any]:
    if "value" in secret:
        return {"kind": each["kind"], "population": each["population"], "hidden": True}
    return {name: None if name in secret else part for name, part in each.items()}


def secrets(
    calibration: Calibration, expressions: Iterable[Expr], table: str, ruleset: Ruleset
) -> Mapping[str, frozenset[str]]:
    """By the name of what is frozen: whether its `value`, its `key` or both are sensitive.

    What none of the expressions asks for is sensitive where the ruleset has such a column at all.
    """
    sensitive = Sensitive(ruleset)
    found: dict[str, frozenset[str]] = {}
    if any(column.sensitive for each in ruleset.tables for column in each.columns):
        found = dict.fromkeys((name for name, _ in calibration.frozen), frozenset({"value"}))
    for name, parts in reached(expressions, table, ruleset).items():
        key = sensitive.column(name, ruleset.table(name).key)
        for node in calibrated(parts):
            value = any(map(sensitive.rests, calibrated_parts(node)))
            held = {"value": value, "key": key and isinstance(node, InRank)}
            found[node.name] = frozenset(part for part, secret in held.items() if secret)
    return {name: parts for name, parts in found.items() if parts}


def _written(group: Group, frozen: Frozen) -> _Cut | _Figure | _Places:
    shared = [spelled(value) for value in group]
    match frozen:
        case Cut(population=population, value=value, key=key):
            return _Cut(group=shared, population=population, value=spelled(value), key=key)
        case Figure(population=population, value=value):
            return _Figure(group=shared, population=population, value=spelled(value))
        case Places(population=population, amounts=amounts, places=places):
            return _Places(
                group=shared,
                population=population,
                amounts=[spelled(amount) for amount in amounts],
                places=list(places),
            )


def _read(each: _Cut | _Figure | _Places) -> tuple[Group, Frozen]:
    group = tuple(_value(value) for value in each.group)
    match each:
        case _Cut(population=population, value=value, key=key):
            return group, Cut(population, _value(value), key)
        case _Figure(population=population, value=value):
            return group, Figure(population, _value(value))
        case _Places(population=population, amounts=amounts, places=places):
            return group, Places(population, tuple(map(_value, amounts)), tuple(places))


def spelled(value: Value) -> Written:
    """A canonical value in a form that JSON can hold."""
    if isinstance(value, dt.datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, frozenset):
        raise TypeError("nothing is ranked or grouped by a set")
    return value


def _value(written: Written) -> Value:
    if not isinstance(written, dict):
        return written
    if "instant" in written:
        return dt.datetime.fromisoformat(written["instant"])
    return dt.date.fromisoformat(written["date"])
