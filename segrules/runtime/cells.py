"""Rules as masks: a bit a line for each cell that a subject may lie in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

from segrules.runtime.values import read


class Table:
    """Lines of rules over subjects, as a program writes them.

    `true[subject][cell]` has the bits of the lines that may be true with the subject in that cell,
    `possible` also those that may be unknown; the last cell is the one for a missing value. A line
    is true where its bit is in the masks of all subjects. `rules[n]` is the rule of the line whose
    bit is the n-th, from 1.

    The cell of a subject with `cuts` is the number of cuts that are not above it; without, it is
    looked up in `places`, and `others` is the cell of any other value.
    """

    def __init__(self, plain: Mapping[str, Any]) -> None:
        subjects = plain["subjects"]
        self.cuts: list[tuple[Any, ...] | None] = []
        self.places: list[dict[Any, int]] = []
        self.others: list[int] = []
        for subject in subjects:
            cuts, values = subject["cuts"], subject["values"] or ()
            self.cuts.append(None if cuts is None else tuple(map(read, cuts)))
            places = {read(value): at for at, value in enumerate(values)}
            self.places.append({**places, None: len(places) + 1})
            self.others.append(len(places))
        self.true = [_masks(subject["true"]) for subject in subjects]
        self.possible = self.true
        if any(subject["possible"] for subject in subjects):
            self.possible = [
                _with(true, subject["possible"])
                for subject, true in zip(subjects, self.true, strict=True)
            ]
        self.everything = (1 << len(plain["lines"])) - 1
        self.rules = (-2, *plain["lines"])
        self._count = int(plain["rules"])
        self._of_rule = [0] * self._count
        for line, rule in enumerate(plain["lines"]):
            self._of_rule[rule] |= 1 << line

    def chosen(self, *cells: int) -> int:
        """The first rule that is true; -1 where one before it is unknown, -2 without any."""
        possible = self._of(self.possible, cells)
        if not possible:
            return -2
        rule = self.rules[(possible & -possible).bit_length()]
        return rule if self._of(self.true, cells) & self._of_rule[rule] else -1

    def truths(self, *cells: int) -> tuple[bool | None, ...]:
        """Every rule: true, false, or None where it is unknown."""
        true, possible = self._of(self.true, cells), self._of(self.possible, cells)
        return tuple(
            True if lines & true else None if lines & possible else False
            for lines in self._of_rule
        )  # fmt: skip

    def _of(self, masks: Sequence[Sequence[int]], cells: Sequence[int]) -> int:
        held = (mask[cell] for mask, cell in zip(masks, cells, strict=True))
        return reduce(and_, held, self.everything)


def _masks(plain: Sequence[str | Sequence[int]]) -> tuple[int, ...]:
    """Each is written in hexadecimal digits, or as the bits that differ from the one before."""
    found: list[int] = []
    mask = 0
    for part in plain:
        if isinstance(part, str):
            mask = int(part, 16)
        else:
            for bit in part:
                mask ^= 1 << bit
        found.append(mask)
    return tuple(found)


def _with(masks: tuple[int, ...], others: Sequence[Sequence[Any]]) -> tuple[int, ...]:
    """The masks with some of them replaced."""
    found = list(masks)
    for cell, mask in others:
        found[cell] = int(mask, 16)
    return tuple(found)
