"""Writes the named features of every row, for services that decide one record at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import polars as pl

from segrules.lang.types import Money, Type, decimals
from segrules.segments.assign import Placement
from segrules.segments.atomic import replacing
from segrules.segments.batch import check_place
from segrules.segments.features import Named, features
from segrules.segments.read import reading
from segrules.segments.write import PLAIN_ENDINGS, sink_plain
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems
from segrules.text.problems.compiling import features_ending


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written of a table: how many rows, and which features."""

    table: str
    rows: int
    features: tuple[Named, ...]


def check_export(out: Path, paths: Mapping[str, Path]) -> None:
    """Features must have a place, and take the place of nothing that is read (`paths`).

    Raises:
        RulesError: they cannot be written there.
    """
    if not out.is_dir() and out.suffix.lower() not in PLAIN_ENDINGS:
        raise RulesError([features_ending(str(out))], unable=True)
    check_place(out, paths, PLAIN_ENDINGS)


def export(placement: Placement, out: Path) -> Exported:
    """Writes the key and the features of each row, by the ending of `out`.

    A row can be passed to a service as it is (from CSV, where all is text, with `from_text`): money
    is in units of its currency.

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
    """As a service passes it: amounts as decimal numbers, declared values as text.

    Amounts that need not be whole minor units (a mean, a median) are text: a decimal column has too
    few places for them, and a double divided by a hundred is another one a hundred times.
    """
    value = pl.col(name)
    if not isinstance(kind, Money):
        return value
    places = decimals(kind.currency)
    if kind.exact:
        units: pl.Expr = value.cast(pl.Decimal(38, places)) / 10**places
        return units
    spelled = partial(_spelled, places=places)
    made: pl.Expr = value.map_batches(spelled, return_dtype=pl.String(), is_elementwise=True)
    return made


def _spelled(minor: pl.Series, places: int) -> pl.Series:
    units = [
        None if each is None else f"{Decimal(repr(each)).scaleb(-places):f}"
        for each in minor.to_list()
    ]
    return pl.Series(minor.name, units, dtype=pl.String)
