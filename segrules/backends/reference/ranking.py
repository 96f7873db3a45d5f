"""Ranks: the cut point of a population, and one row against it.

Rows are taken by amount, the best first, then by key ascending (code points). A row whose amount
is missing takes no part, and its own test is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from segrules.backends.context import taken
from segrules.lang.ir import Cut, InRank, Value


def cut_point(rank: InRank, amounts: Iterable[tuple[str, Value]]) -> Cut:
    """The cut point of a population of (key, amount).

    A share takes everyone equal to the last one taken; a count takes exactly so many, by the key.
    """
    known: list[tuple[str, Any]] = [row for row in amounts if row[1] is not None]
    if not known:
        return Cut(0, None)
    # two stable sorts: by key, and by amount within that
    ordered = sorted(sorted(known), key=lambda row: row[1], reverse=rank.top)
    count = taken(rank, len(known))
    if count == 0:
        # keys are never empty, so the best amount up to the empty key takes nobody
        return Cut(len(known), ordered[0][1], key="")
    key, value = ordered[count - 1]
    return Cut(len(known), value, None if rank.count is None else key)


def in_rank(rank: InRank, cut: Cut, amount: Any, key: str | None) -> bool | None:
    """Whether one row is in; `key` is read only where the cut has one."""
    if amount is None or cut.value is None:
        return None
    if amount == cut.value and cut.key is not None:
        if key is None:
            raise ValueError(f"the rank {rank.name} is cut within ties and needs the row's key")
        return key <= cut.key
    return bool(amount >= cut.value if rank.top else amount <= cut.value)
