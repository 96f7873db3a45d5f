"""The query that places the rows of a table: what a dialect is handed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from segrules.backends.context import Context
from segrules.backends.reach import overlays
from segrules.backends.sql import placing
from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import Dialect
from segrules.backends.sql.dialects import DIALECTS
from segrules.backends.sql.frame import Low, Statement
from segrules.backends.sql.held import Held, expected, held
from segrules.backends.sql.lower import Frame
from segrules.backends.sql.plan import Plan
from segrules.backends.sql.reading import Reader, cell_of
from segrules.backends.sql.spelling import spell
from segrules.backends.sql.words import Sql
from segrules.lang.ir import Expr, Ruleset, SegmentSet, Table, TableColumn, Use
from segrules.lang.types import form

PARTS = ("segment", "by", "holdout", "allotted")
"""What an assignment has beside keys and overlays; `unknown` is the count of unknown rules."""


@dataclass(frozen=True)
class Source:
    """A table of the database, and the type of each column by its heading.

    A column without a type is taken to hold the best that its declared type is read from (see
    `held.expected_type`). With `canonical`, the columns stand under their declared names and hold
    canonical values already, as what segrules itself has stored.
    """

    table: exp.Table
    types: Mapping[str, exp.DataType] = field(default_factory=dict)
    canonical: bool = False


def assignment_sql(
    ruleset: Ruleset,
    table: str,
    context: Context,
    sources: Mapping[str, Source],
    dialect: str,
    parts: Collection[str] = PARTS,
) -> exp.Select:
    """The query that gives the key of each row with its segments and overlays.

    The columns are those of `segrules.segments.assign.assign`, in its order: the key, of each set
    the `parts` that it has, then flags and outputs of grids. `ruleset` has the sets that placing
    needs; `context` brings the calibration of all ranks and figures. `sources` has every table
    that is read, histories (`history of …`) among them. Nothing is executed.

    Raises:
        ValueError: `refusals` or `unfit` has not been asked, and there are some.
        KeyError: a table is lacking, or a rank is not frozen.
    """
    planner = _Planner(ruleset, context, sources, DIALECTS[dialect])
    frame = Frame(planner.plan, ruleset.table(table))
    columns: dict[str, Low] = {}
    if frame.key is not None:
        columns[frame.table.key] = frame.key
    for found in ruleset.sets:
        if found.table == table:
            columns.update(_of_set(frame, found, parts))
    for feature in overlays(ruleset, table):
        use = Use(feature.name, feature.type, feature.optional)
        frame.prepare([use])
        columns[feature.name] = frame.lower(use)
    return planner.finish(frame, columns)


def values_sql(
    ruleset: Ruleset,
    table: str,
    context: Context,
    sources: Mapping[str, Source],
    dialect: str,
    expressions: Mapping[str, Expr],
) -> exp.Select:
    """The query that gives the key of each row, then expressions by name.

    Raises:
        ValueError, KeyError: as `assignment_sql`.
    """
    planner = _Planner(ruleset, context, sources, DIALECTS[dialect])
    frame = Frame(planner.plan, ruleset.table(table))
    columns: dict[str, Low] = {}
    if frame.key is not None:
        columns[frame.table.key] = frame.key
    frame.prepare(expressions.values())
    for name, node in expressions.items():
        low = frame.lower(node)
        if low.sql is not None and form(node.type) != "bool":
            low = Low(low.sql, low.level, low.depth)
        columns[name] = low
    return planner.finish(frame, columns)


def spelled(query: exp.Select, dialect: str) -> str:
    """The text of a query, laid out; the same query always gives the same text."""
    return spell(query, dialect)


def _of_set(frame: Frame, found: SegmentSet, parts: Collection[str]) -> dict[str, Low]:
    made: dict[str, Low] = {}
    segment, by = placing.placement(frame, found, len(found.caps))
    for part, name in found.outputs.items():
        if part not in parts:
            continue
        match part:
            case "segment":
                made[name] = segment
            case "by":
                made[name] = by
            case "unknown":
                asked = placing.truths(frame, found)
                made[name] = Low(
                    w.cast(w.again(asked.unknown), frame.dialect.types["int"]), asked.level
                )
            case "holdout" if found.holdout:
                frame.prepare([found.holdout.test])
                made[name] = frame.lower(found.holdout.test)
            case "allotted":
                made[name] = placing.allotted(frame, found)
    return made


class _Planner:
    """Reads sources, and puts the queries of a statement together."""

    def __init__(
        self,
        ruleset: Ruleset,
        context: Context,
        sources: Mapping[str, Source],
        dialect: Dialect,
    ) -> None:
        self._sources = sources
        self._dialect = dialect
        self._reader = Reader(dialect, ruleset.zone)
        reserved = [source.table.name for source in sources.values()]
        self.statement = Statement(dialect, reserved)
        self.plan = Plan(ruleset, context, self.statement, self._value)

    def _value(self, table: Table, column: TableColumn) -> Sql:
        source = self._sources[table.name]
        if source.canonical:
            cell: Sql = w.column(column.name)
            textual = form(column.type) in ("text", "enum")
            return self._dialect.words.plain(cell) if textual else cell
        return self._reader.value(cell_of(column), column, self._held(source, column))

    def _held(self, source: Source, column: TableColumn) -> Held:
        given = source.types.get(column.heading)
        if given is None:
            return Held(expected(column.type)[0])
        found = held(given)
        if found is None:
            raise ValueError(f"{column.name} holds what no declared type is read from")
        return found

    def finish(self, frame: Frame, columns: Mapping[str, Low]) -> exp.Select:
        """The statement that selects columns of a frame, with all queries it rests on."""
        names = {name: frame.chain.named(low).sql for name, low in columns.items()}
        read = [each.name for each in names.values() if isinstance(each, exp.Column)]
        rows = frame.chain.render(read)
        query = w.query(
            [w.aliased(w.again(sql), name) for name, sql in names.items()], w.table(rows)
        )
        tables = {name: _aliased(source.table) for name, source in self._sources.items()}
        queries = [*self.plan.readings(tables), *self.statement.queries]
        return _with(query, queries, self._dialect)


def _aliased(table: exp.Table) -> exp.Table:
    made = table.copy()
    made.set("alias", exp.TableAlias(this=w.ident(w.ROW)))
    return made


def _with(
    query: exp.Select, queries: Sequence[tuple[str, exp.Select]], dialect: Dialect
) -> exp.Select:
    """The query with those it rests on before it."""
    times: dict[str, int] = {}
    for each in (query, *(found for _, found in queries)):
        for read in each.find_all(exp.Table):
            times[read.name] = times.get(read.name, 0) + 1
    made = [
        exp.CTE(
            this=found,
            alias=exp.TableAlias(this=w.ident(name)),
            materialized=False if dialect.inlined and times.get(name) == 1 else None,
        )
        for name, found in queries
    ]
    query.set("with_", exp.With(expressions=made))
    return query
