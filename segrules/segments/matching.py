"""Which way each set of a table is decided, and the cells joined to the columns of Polars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from segrules.backends.planner import Plan, plan
from segrules.backends.polars.lower import Scope, lower
from segrules.lang.cells import Cells, cells_of
from segrules.lang.ir import Ruleset, SegmentSet


@dataclass(slots=True)
class Matching:
    """Decides the sets of one table, each in the way that is planned for so many rows.

    `rows` is None where their number is not known. It is what `first_match.Numbered` asks for.
    """

    ruleset: Ruleset
    table: str
    rows: int | None
    _plans: dict[str, Plan] = field(default_factory=dict)

    def plan(self, segment_set: SegmentSet) -> Plan:
        """How a set is decided."""
        if segment_set.name not in self._plans:
            self._plans[segment_set.name] = plan(
                segment_set, self.rows, lambda: cells_of(segment_set, self.ruleset)
            )
        return self._plans[segment_set.name]

    def __call__(
        self, segment_set: SegmentSet, scope: Scope, outcomes: Sequence[int], *, counted: bool
    ) -> pl.Expr | None:
        if scope.table.name != self.table:
            return None
        cells = self.plan(segment_set).cells
        return None if cells is None else by_cells(cells, scope, outcomes, counted=counted)


def by_cells(cells: Cells, scope: Scope, outcomes: Sequence[int], *, counted: bool) -> pl.Expr:
    """The outcomes by the cells of a set, as `first_match.Numbered` says."""
    number = pl.UInt8() if max(outcomes) < _MOST_IN_A_BYTE else pl.UInt16()
    both = pl.Struct({"number": number, "unknown": pl.UInt32})
    return pl.map_batches(
        [lower(subject.expr, scope) for subject in cells.subjects],
        _placing(cells, outcomes, counted=counted),
        return_dtype=both if counted else number,
        is_elementwise=True,
    )


_MOST_IN_A_BYTE = 2**8 - 1


def _placing(
    cells: Cells, outcomes: Sequence[int], *, counted: bool
) -> Callable[[Sequence[pl.Series]], pl.Series]:
    # compiled code takes a third of a second to be there; most work is done before that
    from segrules.backends.kernel.matching import Matcher  # noqa: PLC0415 -- see above

    matcher = Matcher(cells, outcomes)

    def placed(columns: Sequence[pl.Series]) -> pl.Series:
        rows = max((column.len() for column in columns if column.len() != 1), default=1)
        if any(column.len() == 0 for column in columns):
            rows = 0
        codes, unknown = matcher.place(columns, rows, counted=counted)
        numbers = pl.Series("number", codes)
        if not counted:
            return numbers
        return pl.DataFrame([numbers, pl.Series("unknown", unknown)]).to_struct("number")

    return placed
