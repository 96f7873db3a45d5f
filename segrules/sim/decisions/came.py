"""What came of a funnel month by month, of those who entered in the month, by segment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.segments.funnel import mature_until
from segrules.sim.decisions.rows import ENTERED, SEGMENT
from segrules.sim.model import REVENUE, Floats


@dataclass(frozen=True)
class Came:
    """Figures by measure, float64[S, T]: customers, or minor units for the revenue.

    They count those who entered in each of `months` (first days). `known` are the months, from the
    first on, whose customers have had the full time for the measure.
    """

    segments: tuple[str, ...]
    months: tuple[dt.date, ...]
    figures: Mapping[str, Floats]
    known: Mapping[str, int]

    def of(self, places: Sequence[int]) -> Came:
        """The same of some segments."""
        return replace(
            self,
            segments=tuple(self.segments[at] for at in places),
            figures={name: table[list(places)] for name, table in self.figures.items()},
        )


def came(
    rows: pl.DataFrame, funnel: ir.Funnel, segments: Sequence[str], months: Sequence[dt.date],
    as_of: dt.date,
) -> Came:  # fmt: skip
    """Count the rows of `funnel_rows` by segment and month of entry."""
    asked = [pl.len().alias(funnel.stages[0].name)]
    until = {funnel.stages[0].name: as_of}
    for at, stage in enumerate(funnel.stages):
        if at:
            reached = pl.col(f"reached {stage.name}")
            asked.append(reached.sum().alias(stage.name))
            until[stage.name] = mature_until(funnel.stages[: at + 1], as_of)
        if stage.value is not None:
            value = pl.col(f"value {stage.name}")
            sold = value.filter(pl.col(f"reached {stage.name}")) if at else value
            asked.append(sold.sum().alias(REVENUE))
            until[REVENUE] = until[stage.name]
    counted = rows.group_by(SEGMENT, month=pl.col(ENTERED).dt.truncate("1mo")).agg(asked)
    places = {name: at for at, name in enumerate(segments)}
    columns = {month: at for at, month in enumerate(months)}
    figures = {name: np.zeros((len(segments), len(months))) for name in until}
    for row in counted.iter_rows(named=True):
        if row[SEGMENT] in places and row["month"] in columns:
            for name, table in figures.items():
                table[places[row[SEGMENT]], columns[row["month"]]] = float(row[name] or 0)
    known = {name: sum(_end(month) <= day for month in months) for name, day in until.items()}
    return Came(tuple(segments), tuple(months), figures, known)


def months_between(first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """The first days of the months from that of `first` to that of `last`."""
    start, stop = first.year * 12 + first.month - 1, last.year * 12 + last.month
    return tuple(dt.date(at // 12, at % 12 + 1, 1) for at in range(start, stop))


def _end(month: dt.date) -> dt.date:
    """The last day of a month."""
    after = dt.date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return after - dt.timedelta(days=1)
