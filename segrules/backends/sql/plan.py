"""What a whole statement is planned over: the rules, the day, and the tables as they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from segrules.backends.context import Context
from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import Dialect
from segrules.backends.sql.frame import Statement, slug, unused
from segrules.backends.sql.words import Sql
from segrules.lang.ir import Ruleset, Table, TableColumn


@dataclass
class Reading:
    """The query that reads a table: canonical values of the columns that are asked for."""

    table: Table
    name: str
    columns: dict[str, str]
    asked: set[str] = field(default_factory=set)

    def ask(self, names: Sequence[str]) -> str:
        """The name of the query, which then has these columns."""
        self.asked.update(names)
        return self.name


class Plan:
    """`value` gives the canonical value of a column of a table, over its source."""

    def __init__(
        self,
        ruleset: Ruleset,
        context: Context,
        statement: Statement,
        value: Callable[[Table, TableColumn], Sql],
    ) -> None:
        self.ruleset = ruleset
        self.context = context
        self.statement = statement
        self._value = value
        self._readings: dict[str, Reading] = {}

    @property
    def dialect(self) -> Dialect:
        return self.statement.dialect

    def reading(self, table: Table) -> Reading:
        """How a table is read; each is read by one query."""
        if table.name not in self._readings:
            name = self.statement.reserve(f"{slug(table.name)}_read")
            self._readings[table.name] = Reading(table, name, short_names(table))
        return self._readings[table.name]

    def readings(self, sources: Mapping[str, exp.Table]) -> list[tuple[str, exp.Select]]:
        """The queries that read, for the columns that were asked for."""
        found = []
        for name, reading in self._readings.items():
            if not reading.asked:
                # what it was wanted for is needed by nobody
                continue
            columns = [
                w.aliased(self._value(reading.table, column), reading.columns[column.name])
                for column in reading.table.columns
                if reading.columns[column.name] in reading.asked
            ]
            query = w.query(columns, sources[name])
            found.append((reading.name, self.statement.fenced(query)))
        return found


def short_names(table: Table) -> dict[str, str]:
    """A short name for each column of a table; no two of them differ in case only."""
    found: dict[str, str] = {}
    for column in table.columns:
        found[column.name] = unused(slug(column.name), found.values())
    return found
