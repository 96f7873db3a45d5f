"""Canonical frames made ready for rules: records consolidated, the past beside the present."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segrules.backends.polars.dtypes import dtype
from segrules.lang.ir import Ruleset, Table
from segrules.segments.history.load import Wanted, history_rows
from segrules.segments.identity.consolidate import Consolidation, consolidate, follow

Frames = dict[str, pl.LazyFrame]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Canonical frames by table, and what was consolidated of them."""

    frames: Mapping[str, pl.LazyFrame]
    consolidations: tuple[Consolidation, ...] = ()


def consolidated(ruleset: Ruleset, frames: Mapping[str, pl.LazyFrame]) -> Gathered:
    """Records of one customer made one row; what belongs or refers to them follows.

    Raises:
        RulesError: keys of records are not sound.
    """
    ready = dict(frames)
    found: list[Consolidation] = []
    for identity in ruleset.identities:
        table = ruleset.table(identity.table)
        if table.name not in ready:
            continue
        sensitive = frozenset(column.name for column in table.columns if column.sensitive)
        made = consolidate(identity, ready[table.name], table.key, sensitive=sensitive)
        ready[table.name] = made.merged
        for name, frame in ready.items():
            followed = frame
            for column in _references(ruleset.table(name), table.name):
                followed = follow(made.mapping, followed, column)
            ready[name] = followed
        found.append(made)
    return Gathered(ready, tuple(found))


def _references(table: Table, to: str) -> tuple[str, ...]:
    """The columns of a table that hold keys of another."""
    joined = (table.by,) if table.of == to and table.by else ()
    links = tuple(name for name, linked in table.links.items() if linked == to)
    return tuple(dict.fromkeys((*joined, *links)))


def pasts(
    ruleset: Ruleset, names: Iterable[str], history: Path | None, as_of: dt.date
) -> Frames:  # fmt: skip
    """The tables of the past that rules read, by name; without a history they have no rows.

    Raises:
        RulesError: a stored run cannot be used.
    """
    found: Frames = {}
    for name in names:
        table = ruleset.table(name)
        if table.kind == "history":
            found[name] = _past(ruleset, table, history, as_of)
    return found


def _past(ruleset: Ruleset, table: Table, history: Path | None, as_of: dt.date) -> pl.LazyFrame:
    kinds = {column.name: dtype(column.type) for column in table.columns}
    if history is None or not history.is_dir():
        return pl.LazyFrame(schema=kinds)
    sets = tuple(found.name for found in ruleset.sets if found.table == table.of)
    # stored as text: values may have been declared otherwise
    stored = {
        name: pl.String() if isinstance(kind, pl.Enum) else kind
        for name, kind in kinds.items()
        if not name.startswith(tuple(f"{each}:" for each in sets)) or name.endswith(":leaving")
    }
    wanted = {name: kind for name, kind in stored.items() if name not in (table.by, table.dated)}
    rows = history_rows(
        history, table.of or "", as_of, Wanted(table.by, sets, wanted)
    )  # fmt: skip
    return rows.select(pl.col(name).cast(kind, strict=False) for name, kind in kinds.items())
