"""One row against what is frozen of its population."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from segrules.runtime.values import read

Group = tuple[Any, ...]


class Ranked:
    """A rank or a figure with its cut points by group; without groups one stands for everybody."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.kind: str = plain["kind"]
        self.top = bool(plain["top"])
        self.none: Any = plain["none"]
        self.everywhere = plain["everywhere"] is not None
        self._all = _frozen(plain["everywhere"])
        self._groups = {
            tuple(map(read, group)): _frozen(frozen) for group, frozen in plain["groups"]
        }

    def answer(self, same: Group, among: bool | None, amount: Any, key: str | None) -> Any:
        """True or false for a rank, the place or the figure otherwise; None where unknown."""
        if self.kind == "figure":
            return None if None in same else self._figure(same)
        if self.kind == "cut" and among is False:
            return False
        if among is not True or amount is None or None in same:
            return None
        frozen = self._at(same)
        if frozen is None:
            return None
        return self._in(frozen, amount, key) if self.kind == "cut" else _place(frozen, amount)

    def _at(self, same: Group) -> Mapping[str, Any] | None:
        return self._all if self.everywhere else self._groups.get(same)

    def _figure(self, same: Group) -> Any:
        frozen = self._at(same)
        return self.none if frozen is None else frozen["value"]

    def _in(self, cut: Mapping[str, Any], amount: Any, key: str | None) -> bool | None:
        value = cut["value"]
        if value is None:
            return None
        if amount == value and cut["key"] is not None:
            return key is not None and key <= cut["key"]
        return bool(amount >= value if self.top else amount <= value)


def _place(frozen: Mapping[str, Any], amount: Any) -> int | None:
    """One more than there were rows with a larger amount; missing where there were none at all."""
    if not frozen["population"]:
        return None
    ascending, places = frozen["ascending"], frozen["places"]
    # places stand by amount from the largest down
    at = len(places) - bisect_right(ascending, amount)
    place: int = places[at] if at < len(places) else frozen["population"] + 1
    return place


def _frozen(plain: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if plain is None:
        return None
    found = dict(plain)
    if "value" in found:
        found["value"] = read(found["value"])
    if "amounts" in found:
        found["ascending"] = tuple(map(read, found["amounts"]))[::-1]
    return found
