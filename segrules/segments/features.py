"""The named features of every row, which a service is given in place of related rows."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from segrules.backends.polars.names import feature_column
from segrules.backends.record.program import named_features
from segrules.lang.ir import Feature
from segrules.lang.types import Type
from segrules.segments.assign import Placement
from segrules.segments.counting import with_features
from segrules.text import problems
from segrules.text.diagnostic import RulesError


@dataclass(frozen=True, slots=True)
class Named:
    """A feature by its name (that of `Decider.asked`), as it is written, and its type."""

    name: str
    written: str
    type: Type


def features(placement: Placement) -> tuple[pl.LazyFrame, list[Named]]:
    """The key of each row and its named features, in canonical form, in the order of the rows.

    Raises:
        RulesError: the rules ask nothing of related rows.
    """
    found = named_features(placement.ruleset, placement.table, placement.context.calibration)
    if not found:
        raise RulesError([problems.nothing_to_export(placement.table)], unable=True)
    # a feature may have the name of the `let` that it is
    made = [Feature(f":{name}", "let", placement.table, expr) for name, (expr, _) in found.items()]
    rows = with_features(placement, made)
    key = placement.ruleset.table(placement.table).key
    columns = [pl.col(feature_column(each.name)).alias(each.name[1:]) for each in made]
    named = [Named(name, written, expr.type) for name, (expr, written) in found.items()]
    return rows.select(key, *columns), named
