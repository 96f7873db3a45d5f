"""The SQL target against the reference, on DuckDB; other databases are given a part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sql_engines import Database, DuckDB, Rows, asked, canonical, stored

from segrules.backends.context import Context
from segrules.backends.sql import assignment_sql, refusals, spelled
from segrules.lang.ir import Expr, Ruleset, SegmentSet, Use, Value


@cache
def duckdb() -> DuckDB:
    """A database in memory for the whole run."""
    return DuckDB()


@dataclass(frozen=True)
class Asked:
    """The rows of a table that a database is asked about; `where` is the day and what is frozen."""

    rules: Ruleset
    table: str
    world: Mapping[str, Rows]
    where: Context
    database: Database = field(default_factory=duckdb)


def same_features(
    at: Asked, names: Sequence[str], expected: Mapping[Value, Sequence[Value]]
) -> None:
    """Named values of the rows, by key, as the reference has found them."""
    features = [at.rules.feature(name) for name in names]
    wanted = {each.name: Use(each.name, each.type, each.optional) for each in features}
    same_values(at, wanted, expected)


def same_values(
    at: Asked, wanted: Mapping[str, Expr], expected: Mapping[Value, Sequence[Value]]
) -> None:
    """Expressions on the rows, by key."""
    sources = stored(at.database, at.rules, at.world)
    answers = asked(at.database, at.rules, at.table, at.where, sources, wanted)
    assert answers.keys() == expected.keys()
    for key, values in expected.items():
        for (name, node), want, have in zip(wanted.items(), values, answers[key], strict=True):
            assert same(want, have), (at.database.dialect, key, name, node, want, have)


def same_placements(
    at: Asked, found: SegmentSet, expected: Mapping[Value, tuple[Value, ...]]
) -> None:
    """Segment, decider, unknown rules, target and hold-out by key; a set need not have the last."""
    dialect = at.database.dialect
    assert refusals(at.rules, at.table, dialect) == []
    sources = stored(at.database, at.rules, at.world)
    parts = ("segment", "by", "unknown", "allotted", "holdout")
    query = assignment_sql(at.rules, at.table, at.where, sources, dialect, parts)
    rows = at.database.ask(spelled(query, dialect))
    columns = [each.alias for each in query.expressions]
    names = [at.rules.table(at.table).key, *(found.outputs.get(part) for part in parts)]
    places = [columns.index(name) if name in columns else None for name in names]
    answers = {}
    for row in rows:
        key, *values = (None if place is None else canonical(row[place]) for place in places)
        answers[key] = tuple(values)
    assert len(answers) == len(rows)
    assert answers == dict(expected), dialect


def same(want: Value, have: object) -> bool:
    """Equal in form and in value; -0.0 is 0.0."""
    return type(want) is type(have) and want == have
