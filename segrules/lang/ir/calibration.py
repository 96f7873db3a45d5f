"""What is frozen of a population, so that one row later gets the answer that the batch gave."""

from __future__ import annotations

import datetime as dt

from segrules.lang.ir.expressions import Value
from segrules.lang.node import node

Group = tuple[Value, ...]
"""The values of `same` that a population shares; empty where everyone is compared."""


@node
class Cut:
    """A frozen cut point: the rank test is `amount ≥ value` (top) or `≤` (bottom).

    With `key`, ties at `value` are in only up to that key. `value` is None when no row took part.
    """

    population: int
    value: Value
    key: str | None = None


@node
class Figure:
    """A frozen statistic; None where the population has none."""

    population: int
    value: Value


@node
class Places:
    """The different amounts of a population, the largest first, and the place of each."""

    population: int
    amounts: tuple[Value, ...]
    places: tuple[int, ...]


Frozen = Cut | Figure | Places


@node
class Surveyed:
    """A population: how many rows a table had, and a hash of what was compared of them."""

    table: str
    rows: int
    hash: str


@node
class Calibration:
    """What an assignment froze, by the name of the test or the figure and by group.

    A name without groups stands for every group (`examples` state one cut point for all).
    """

    as_of: dt.date
    frozen: tuple[tuple[str, tuple[tuple[Group, Frozen], ...]], ...] = ()
    everywhere: tuple[tuple[str, Frozen], ...] = ()
    populations: tuple[Surveyed, ...] = ()

    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in (*self.frozen, *self.everywhere))

    def groups(self, name: str) -> dict[Group, Frozen]:
        """What is frozen under a name by group; empty where one answer stands for every group."""
        return dict(dict(self.frozen).get(name, ()))

    def at(self, name: str, group: Group = ()) -> Frozen | None:
        """What is frozen for a group; None for a group that was not there.

        Raises:
            KeyError: nothing is frozen under this name.
        """
        for everywhere, frozen in self.everywhere:
            if everywhere == name:
                return frozen
        return dict(dict(self.frozen)[name]).get(group)
