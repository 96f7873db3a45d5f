"""Ranks and figures: what is frozen of a population, and one row against it.

Rows are taken by amount, the best first, then by key ascending (code points). A row whose amount
is missing takes no part, and its own test is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from segrules.backends.context import between, taken
from segrules.backends.reference import aggregates
from segrules.lang.ir import (
    COUNT,
    Calibrated,
    Calibration,
    Cut,
    Figure,
    Frozen,
    Group,
    InRank,
    Places,
    Rank,
    Statistic,
    Value,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a rank or a figure asks of a row: its key, its amount and which population it is in.

    `group` are the values of `same`, `among` whether the row is one of those compared.
    """

    key: str | None
    amount: Value
    group: Group = ()
    among: bool | None = True


# ---- of a whole population


def freeze(node: Calibrated, rows: Iterable[Compared]) -> dict[Group, Frozen]:
    """What is frozen of all rows, by group; a group is there where a row is in its population.

    Without `same` there is one group, `()`, also where nobody is in it.
    """
    groups: dict[Group, list[Compared]] = {} if node.population.same else {(): []}
    for row in rows:
        if row.among is True and None not in row.group:
            groups.setdefault(row.group, []).append(row)
    return {group: _frozen(node, compared) for group, compared in groups.items()}


def _frozen(node: Calibrated, rows: Sequence[Compared]) -> Frozen:
    known = [row for row in rows if row.amount is not None]
    match node:
        case InRank():
            return _cut(node, known)
        case Rank():
            return _places([row.amount for row in known])
        case Statistic(value=None):
            return Figure(len(rows), len(rows))
        case Statistic():
            return Figure(len(known), _figure(node, [row.amount for row in known]))


def _cut(rank: InRank, known: list[Compared]) -> Cut:
    """A share takes all who equal the last one taken, `making` and a count go by the key."""
    if not known:
        return Cut(0, None)
    # two stable sorts: by key, and by amount within that
    by_key = sorted(known, key=lambda row: str(row.key))
    ordered = sorted(by_key, key=_amount, reverse=rank.top)
    count = _makers(rank, ordered) if rank.making else taken(rank, len(known))
    if count == 0:
        # keys are never empty, so the best amount up to the empty key takes nobody
        return Cut(len(known), ordered[0].amount, key="")
    last = ordered[count - 1]
    within_ties = rank.making or rank.count is not None
    return Cut(len(known), last.amount, last.key if within_ties else None)


def _makers(rank: InRank, ordered: Sequence[Compared]) -> int:
    """How many rows make their part of the total, the one who crosses it included."""
    total = sum((Fraction(_amount(row)) for row in ordered), Fraction(0))
    # of a total of zero or below nobody makes a part
    part = (rank.share or 0) * total
    count, made = 0, Fraction(0)
    while made < part:
        made += Fraction(_amount(ordered[count]))
        count += 1
    return count


def _places(amounts: list[Any]) -> Places:
    """Equal amounts share a place, and the places after it stay empty."""
    ordered = sorted(amounts, reverse=True)
    places: dict[Any, int] = {}
    for place, amount in enumerate(ordered, 1):
        places.setdefault(amount, place)
    return Places(len(amounts), tuple(places), tuple(places.values()))


def _figure(node: Statistic, amounts: list[Any]) -> Value:
    kind = COUNT if node.value is None else node.value.type
    half = node.quantile == Fraction(1, 2)
    if node.how == "quantile" and not half:
        return _quantile(sorted(amounts), node.quantile or Fraction(0))
    rule = aggregates.RULES["median" if half else node.how]
    return rule([(None, amount) for amount in amounts], kind)


def _quantile(ordered: list[Any], share: Fraction) -> float | None:
    """Between the two amounts around the place (n - 1) x share, counted from 0."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return between(ordered[below], ordered[above], place - below)


def _amount(row: Compared) -> Any:
    return row.amount


# ---- of one row


def answer(node: Calibrated, row: Compared, calibration: Calibration) -> Value:
    """The row's own answer, from what is frozen.

    A group that was not there is a population without rows.
    """
    match node:
        case Statistic():
            return None if None in row.group else _stated(node, row, calibration)
        case InRank() if row.among is False:
            return False
    if row.among is not True or row.amount is None or None in row.group:
        return None
    frozen = calibration.at(node.name, row.group)
    match node, frozen:
        case InRank(), Cut():
            return in_rank(node, frozen, row.amount, row.key)
        case Rank(), Places():
            return _place(frozen, row.amount)
        case _, None:
            return None
    raise TypeError(f"what is frozen as {node.name} does not fit")


def in_rank(rank: InRank, cut: Cut, amount: Any, key: str | None) -> bool | None:
    """Whether one row is in; `key` is read only where the cut has one."""
    if amount is None or cut.value is None:
        return None
    if amount == cut.value and cut.key is not None:
        if key is None:
            raise ValueError(f"the rank {rank.name} is cut within ties and needs the row's key")
        return key <= cut.key
    return bool(amount >= cut.value if rank.top else amount <= cut.value)


def _place(frozen: Places, amount: Any) -> int | None:
    """One more than there were rows with a larger amount; missing where there were none at all."""
    if not frozen.population:
        return None
    smaller = (
        place for found, place in zip(frozen.amounts, frozen.places, strict=True) if found <= amount
    )
    return next(smaller, frozen.population + 1)


def _stated(node: Statistic, row: Compared, calibration: Calibration) -> Value:
    frozen = calibration.at(node.name, row.group)
    if frozen is None:
        frozen = _frozen(node, ())
    if not isinstance(frozen, Figure):
        raise TypeError(f"what is frozen as {node.name} does not fit")
    return frozen.value
