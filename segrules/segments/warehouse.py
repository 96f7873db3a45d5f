"""Rules as SQL, to be run where the tables are."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from segrules.backends.context import Context
from segrules.backends.reach import on_row, placing, reached
from segrules.backends.sql import DIALECTS, Source, assignment_sql, refusals, spelled
from segrules.lang import ir
from segrules.segments.assign import for_table
from segrules.segments.compiling import Frozen
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError


def queries(ruleset: ir.Ruleset, dialect: str, frozen: Frozen) -> Iterator[tuple[str, str]]:
    """Each table with segments, and the query that places its rows, as text of a dialect.

    Tables stand under the names of the rules, columns under their headings, in the types that are
    best for them (`backends.sql.expected_type`).

    Raises:
        RulesError: there is no such dialect, or a query cannot do something exactly; rules that
            ask what was are none.
    """
    if dialect not in DIALECTS:
        raise RulesError([problems.unknown_dialect(dialect, list(DIALECTS))], unable=True)
    for table, calibration in frozen.calibrations.items():
        rules = for_table(ruleset, table)
        found = [
            problems.not_in_query(dialect, each.what, each.span)
            for each in refusals(rules, table, dialect)
        ]
        found += _past(rules, table)
        if found:
            raise RulesError(found, unable=True)
        context = Context(ruleset.zone, frozen.day, calibration)
        sources = {
            each.name: Source(exp.Table(this=exp.to_identifier(each.name, quoted=True)))
            for each in ruleset.tables
        }
        yield table, spelled(assignment_sql(rules, table, context, sources, dialect), dialect)


def _past(ruleset: ir.Ruleset, table: str) -> Iterator[Diagnostic]:
    """Why rules that ask what was are no query: earlier assignments are kept in files."""
    for name, parts in reached(placing(ruleset, table), table, ruleset).items():
        asks = [
            node
            for node in on_row(parts)
            if isinstance(node, ir.Aggregate) and ruleset.table(node.rows.table).kind == "history"
        ]
        if asks:
            yield problems.past_in_query([name], asks[0].span)
