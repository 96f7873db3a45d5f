"""Writes the named features of every row, for services that decide one record at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segrules.lang.types import Money, Type, decimals
from segrules.segments.assign import Placement
from segrules.segments.atomic import replacing
from segrules.segments.features import Named, features
from segrules.segments.read import reading
from segrules.segments.write import sink_plain
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written of a table: how many rows, and which features."""

    table: str
    rows: int
    features: tuple[Named, ...]


def export(placement: Placement, out: Path) -> Exported:
    """Writes the key and the features of each row, money in units of its currency.

    Raises:
        RulesError: there are no features, or they cannot be written there; nothing was written.
    """
    rows, named = features(placement)
    units = [_in_units(each.name, each.type) for each in named]
    try:
        with reading(placement.table), replacing(out) as unfinished:
            written = sink_plain(rows.with_columns(units), unfinished)
            count = written.select(pl.len()).collect().item()
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.not_written(str(out), reason)], unable=True) from None
    return Exported(placement.table, count, tuple(named))


def _in_units(name: str, kind: Type) -> pl.Expr:
    """As a service passes it: exact amounts as decimal numbers, declared values as text."""
    value = pl.col(name)
    if isinstance(kind, Money) and kind.exact:
        places = decimals(kind.currency)
        value = value.cast(pl.Decimal(38, places)) / 10**places
    return value
