"""Ranks and figures of rows, answered from what is frozen of their populations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel.values import (
    Flags,
    Vector,
    any_of,
    constant,
    flags,
    held_as,
    known,
    plain,
    raw,
)
from segrules.lang.ir import (
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
)
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import Type


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rank or a figure asks of the rows: amounts, the values of `same`, among, keys."""

    rows: int
    amount: Vector | None
    group: Sequence[tuple[Vector, Type]]
    among: Vector | None
    key: Vector | None


def answer(node: Calibrated, asked: Asked, calibration: Calibration) -> Vector:
    """The answers of the rows."""
    group, found = _grouped(asked, calibration, node.name)
    nobody = any_of(vector.missing for vector, _ in asked.group)
    if isinstance(node, Statistic):
        return _figures(node, group, found, nobody)
    if asked.amount is None:
        raise TypeError("a rank is by an amount")
    among = asked.among
    doubtful = any_of([asked.amount.missing, nobody, None if among is None else among.missing])
    outside = None if among is None else ~among.values & known(among)
    if isinstance(node, InRank):
        inside, open_ = _ranked(node, asked, group, found)
        missing = any_of([doubtful, open_])
        if outside is not None:
            inside = inside & ~outside
            missing = None if missing is None else missing & ~outside
        return flags(inside, missing)
    places, nowhere = _places(asked.amount, node, group, found)
    return Vector(places, any_of([doubtful, nowhere, outside]))


def _grouped(
    asked: Asked, calibration: Calibration, name: str
) -> tuple[NDArray[np.int64], list[Frozen | None]]:
    """The population of each row by number, and what is frozen of each."""
    everywhere = dict(calibration.everywhere).get(name)
    if everywhere is not None or not asked.group:
        frozen = everywhere or calibration.at(name)
        return np.zeros(1, np.int64), [frozen]
    groups: Mapping[Group, Frozen] = calibration.groups(name)
    codes = np.zeros(asked.rows, np.int64)
    if not asked.rows:
        return codes, [None]
    for vector, _ in asked.group:
        _, place = np.unique(np.broadcast_to(vector.values, asked.rows), return_inverse=True)
        if vector.missing is not None:
            # what is missing may be held as a value that another row has
            place = np.where(vector.missing, place.max() + 1, place)
        _, codes = np.unique(codes * (int(place.max()) + 1) + place, return_inverse=True)
    _, firsts = np.unique(codes, return_index=True)
    return codes, [groups.get(_group(asked, int(row))) for row in firsts]


def _group(asked: Asked, row: int) -> Group:
    found = []
    for vector, kind in asked.group:
        at = 0 if len(vector.values) == 1 else row
        missing = vector.missing is not None and vector.missing[at % len(vector.missing)]
        found.append(None if missing else plain(vector.values[at], kind, vector.texts))
    return tuple(found)


def _figures(
    node: Statistic, group: NDArray[np.int64], found: Sequence[Frozen | None], nobody: Flags | None
) -> Vector:
    made = [_figure(node, each) for each in found]
    values = np.array([each.values[0] for each in made], held_as(node.type))[group]
    lacking = np.array([each.missing is not None for each in made])[group]
    return Vector(values, any_of([nobody, lacking]), made[0].texts)


def _figure(node: Statistic, frozen: Frozen | None) -> Vector:
    if frozen is None:
        # a population without rows
        row = AGGREGATES.get(node.how)
        empty = 0 if node.value is None else None if row is None else row.empty
        return constant(empty, node.type)
    if not isinstance(frozen, Figure):
        raise TypeError(f"what is frozen as {node.name} does not fit")
    return constant(frozen.value, node.type)


def _ranked(
    rank: InRank, asked: Asked, group: NDArray[np.int64], found: Sequence[Frozen | None]
) -> tuple[Flags, Flags]:
    """Whether each row is in, and where nothing is frozen that says so."""
    amount = asked.amount
    if amount is None:
        raise TypeError("a rank is by an amount")
    cuts = [each if isinstance(each, Cut) else Cut(0, None) for each in found]
    edges = np.array(
        [0 if each.value is None else raw(each.value) for each in cuts], amount.values.dtype
    )[group]
    inside = amount.values >= edges if rank.top else amount.values <= edges
    if any(each.key is not None for each in cuts):
        inside = _within_ties(inside, amount.values == edges, asked, group, cuts)
    return inside, np.array([each.value is None for each in cuts])[group]


def _within_ties(
    inside: Flags,
    tied: Flags,
    asked: Asked,
    group: NDArray[np.int64],
    cuts: Sequence[Cut],
) -> Flags:
    """Those who equal the last one taken are in up to a key."""
    key = asked.key
    if key is None:
        raise ValueError("a rank cut within ties needs the keys of the rows")
    tied, group = np.broadcast_to(tied, asked.rows), np.broadcast_to(group, asked.rows)
    inside = np.broadcast_to(inside, asked.rows).copy()
    places = np.broadcast_to(key.values, asked.rows)
    for at, cut in enumerate(cuts):
        if cut.key is not None:
            rows = np.flatnonzero(tied & (group == at))
            inside[rows] = [key.texts[place] <= cut.key for place in places[rows]]
    return inside


def _places(
    amount: Vector, node: Rank, group: NDArray[np.int64], found: Sequence[Frozen | None]
) -> tuple[NDArray[np.int64], Flags]:
    """The place of each row, and where the population is not there or has nobody."""
    values, group = np.broadcast_arrays(amount.values, group)
    answers, nowhere = np.zeros(len(group), np.int64), np.ones(len(group), np.bool_)
    for at, frozen in enumerate(found):
        if frozen is not None and not isinstance(frozen, Places):
            raise TypeError(f"what is frozen as {node.name} does not fit")
        if frozen is None or not frozen.population:
            continue
        here = group == at
        # the amounts stand the largest first: the first that is not above says the place
        amounts: Any = np.array([-raw(each) for each in frozen.amounts])
        places = np.array([*frozen.places, frozen.population + 1], np.int64)
        answers[here] = places[np.searchsorted(amounts, -values[here], side="left")]
        nowhere[here] = False
    return answers, nowhere
