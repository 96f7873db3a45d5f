"""Overrides beside the data: they follow records that were joined, and say where they do nothing.

Keys that stand in rules are shown as they stand there, unless the key is sensitive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import polars as pl

from segrules.backends.polars.plan import prepare
from segrules.lang.ir import Override, Table
from segrules.segments.assign import Placement
from segrules.segments.identity.overrides import customers
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems import governance as problems
from segrules.text.problems import identity as identity_problems

Moved = Mapping[str, str]
"""The customer's key by the key of a record."""
Present = Callable[[set[str]], set[str]]
"""The keys, of those given, that rows have."""


def contradictions(placed: Placement) -> tuple[Diagnostic, ...]:
    """A warning for each set in which overrides place records of one customer differently.

    Overrides that have ended are not looked at.
    """
    found: list[Diagnostic] = []
    table = placed.ruleset.table(placed.table)
    for name, overrides in _running(placed).items():
        moved = _moved(placed, overrides)
        first: dict[str, tuple[str, str]] = {}
        pairs: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {}
        for key, to in ((key, each.to) for each in overrides for key in each.keys):
            into = moved.get(key, key)
            held = first.setdefault(into, (key, to))
            if held[1] != to and into in moved.values():
                pairs.setdefault(into, (held, (key, to)))
        if pairs:
            shown = () if _hidden(table) else tuple(pairs.values())
            found.append(identity_problems.split_override(name, len(pairs), shown))
    return tuple(found)


def notes(placed: Placement, present: Present | None = None) -> tuple[Diagnostic, ...]:
    """What is to be known of overrides that do nothing: they have ended, or nobody has their key.

    The keys of the table are read once more when there are overrides; `present` does that where
    the rows are elsewhere.
    """
    as_of = placed.context.as_of
    of = {each.name for each in placed.sets}
    overrides = [each for each in placed.ruleset.overrides if each.of in of]
    running = [each for each in overrides if each.until >= as_of]
    ended = [each for each in overrides if each.until < as_of]
    table = placed.ruleset.table(placed.table)
    made = [problems.override_ended(each.span, each.of, each.until) for each in ended]
    keys = {key for each in running for key in each.keys}
    there = (present(keys) if present else _present(placed, keys)) if keys else set()
    for each in running:
        lacking = [key for key in each.keys if key not in there]
        if lacking:
            shown = () if _hidden(table) else lacking
            made.append(problems.override_of_nobody(each.span, table.name, len(lacking), shown))
    return tuple(made)


def _running(placed: Placement) -> dict[str, list[Override]]:
    as_of = placed.context.as_of
    return {
        found.name: [each for each in placed.ruleset.overrides
                     if each.of == found.name and each.until >= as_of]
        for found in placed.sets
    }  # fmt: skip


def _moved(placed: Placement, overrides: Iterable[Override]) -> Moved:
    """Of the keys of overrides those of records that are joined with others."""
    keys = {key for each in overrides for key in each.keys}
    made = next((each for each in placed.consolidations if each.table == placed.table), None)
    return {} if made is None else customers(made, keys)


def _present(placed: Placement, keys: set[str]) -> set[str]:
    """The keys, of those given, that a row or a record has."""
    key = placed.ruleset.table(placed.table).key
    rows = prepare(placed.ruleset, placed.table, placed.frames, placed.context, ())
    wanted = pl.Series("key", sorted(keys), dtype=pl.String)
    held = rows.select(key).filter(pl.col(key).is_in(wanted.implode()))
    found = set(held.collect(engine="streaming")[key])
    for made in placed.consolidations:
        if made.table == placed.table:
            found |= {record for record, into in customers(made, keys).items() if record != into}
    return found


def _hidden(table: Table) -> bool:
    column = table.column(table.key)
    return column is not None and column.sensitive
