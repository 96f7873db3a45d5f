"""An assignment on an engine: here with Polars, or where the tables are."""

from __future__ import annotations

from dataclasses import replace

from segrules.backends.reach import placing
from segrules.segments.assign import chosen_sets, for_table
from segrules.segments.batch import Batch, run_assignment
from segrules.segments.demand import demand
from segrules.segments.engines.addresses import extra
from segrules.segments.engines.destinations import Destination
from segrules.segments.engines.fetching import fetched
from segrules.segments.engines.work import Work

__all__ = ["ENGINES", "Work", "run_here", "run_on"]

ENGINES = ("polars", "duckdb", "postgres", "spark")


def run_on(engine: str, work: Work, out: Destination) -> Batch:
    """Places the rows of the tables and writes the result, whole or not at all.

    Raises:
        RulesError: nothing was written: data, rules, a database or the place of the result are at
            fault, or the engine cannot do what is asked for.
    """
    out.check(work.sources.values())
    if engine == "polars":
        return run_here(work, out)
    with extra(engine):
        from segrules.segments.engines.inside import run_inside  # noqa: PLC0415 -- an extra
    return run_inside(engine, work, out)


def run_here(work: Work, out: Destination) -> Batch:
    """With Polars: tables of databases are fetched first, a result for one is sent at the end."""
    table = chosen_sets(work.ruleset, work.options.table)[0].table
    rules = for_table(work.ruleset, table)
    needed = demand(placing(rules, table), table, rules)
    into = None if out.is_file else out.replacing
    with fetched(rules, work.sources, needed) as tables:
        return run_assignment(
            work.ruleset,
            tables.paths,
            work.as_of,
            out.said,
            text=work.text,
            options=replace(work.options, said=tables.said, into=into),
        )
