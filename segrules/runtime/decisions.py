"""What is decided of a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a segment set places a record.

    `segment` is None where the set is unsure and declares no segment for that. `by` is the decider
    of the first true rule (a segment, `stay`, `suppress`, `override`), `cap`, `otherwise` or
    `unsure`. `label` is empty where the segment has none. `held_out` is None in a set without a
    hold-out, `allotted` where nothing is said of the segment.

    Decisions are made once and shared: equal answers are one object.
    """

    set: str
    segment: str | None
    by: str
    unsure: bool
    label: str = ""
    held_out: bool | None = None
    allotted: str | None = None


class Decisions(Mapping[str, Decision]):
    """The decisions of all segment sets of a table, by name or as attributes.

    `values` are the flags and the outputs of grids: text, numbers, flags and dates as they are,
    money in minor units, sets as frozen sets, None where missing.
    """

    __slots__ = ("_sets", "values")

    # a mapping has a method of this name, which nobody needs here
    values: dict[str, Any]  # type: ignore[assignment]

    def __init__(self, sets: dict[str, Decision], values: dict[str, Any]) -> None:
        self._sets = sets
        self.values = values

    def __getitem__(self, name: str) -> Decision:
        return self._sets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sets)

    def __len__(self) -> int:
        return len(self._sets)

    def __getattr__(self, name: str) -> Decision:
        try:
            return self._sets[name]
        except KeyError:
            raise AttributeError(f"there is no segment set {name!r}") from None

    def __repr__(self) -> str:
        return f"Decisions({self._sets!r}, {self.values!r})"
