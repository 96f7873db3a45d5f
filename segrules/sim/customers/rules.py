"""The rules of an arm, ready to be asked of the same customers each period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from segrules.backends.context import Context
from segrules.backends.kernel.past import Remembered, remembered
from segrules.backends.kernel.stepping import Stepping
from segrules.backends.kernel.target import Compiled, compile_rules
from segrules.lang.ir import Ruleset, SegmentSet


@dataclass(frozen=True)
class Rules:
    """The segment set `set` of `table`; the context says the zone and what ranks are held against.

    What rules ask of other rows must be handed over by the caller: `given` are named values of
    the table (see `compile_rules`). What they ask of the past the engine remembers by itself.

    Raises:
        RulesError: on first use, where the rules cannot be asked of arrays.
    """

    ruleset: Ruleset
    table: str
    set: str
    context: Context
    given: tuple[str, ...] = ()

    @cached_property
    def _asked(self) -> tuple[Ruleset, tuple[Remembered, ...]]:
        return remembered(self.ruleset, self.table)

    @property
    def remembered(self) -> tuple[Remembered, ...]:
        """What the rules ask of the past, each with the column that answers it."""
        return self._asked[1]

    @cached_property
    def compiled(self) -> Compiled:
        return compile_rules(self._asked[0], self.table, self.context, self.given)

    @property
    def found(self) -> SegmentSet:
        """The set, with columns for what it asks of the past."""
        return self.compiled.set(self.set).found

    @property
    def segments(self) -> tuple[str, ...]:
        return self.found.segments

    def stepping(self, moving: Sequence[str]) -> Stepping:
        """The rules for rows of which only these columns change."""
        return Stepping(
            self.compiled, self.set, moving, [each.column.name for each in self.remembered]
        )


def days_between_periods(first: dt.date, months: int) -> tuple[dt.date, ...]:
    """The first days of so many months from a day on, and of the one after them."""
    count = first.year * 12 + first.month - 1
    return tuple(
        dt.date((count + each) // 12, (count + each) % 12 + 1, 1) for each in range(months + 1)
    )
