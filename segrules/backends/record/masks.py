"""Tables of cells as a program writes them: a mask of lines a cell of a subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segrules.lang.cells import Cells, Ordered
from segrules.runtime.values import written

FEWEST = 64
"""Rules from which on masks are quicker than a chain of tests."""
_MOST_BITS = 64_000_000
"""Bits of all masks together; beyond them the table would be slow to load."""


def worth_it(rules: int, cells: Cells | None = None) -> bool:
    """Whether so many rules are asked by cells; with the cells themselves, whether they fit."""
    if cells is None:
        return rules >= FEWEST
    masks = 2 * sum(subject.size for subject in cells.subjects)
    return masks * len(cells.lines) <= _MOST_BITS


def cell_table(cells: Cells, nodes: Sequence[Any]) -> dict[str, Any]:
    """The masks of every subject; `nodes` are the subjects' expressions."""
    subjects = []
    for at, (subject, node) in enumerate(zip(cells.subjects, nodes, strict=True)):
        ordered = isinstance(subject.domain, Ordered)
        known = subject.domain.cuts if isinstance(subject.domain, Ordered) else \
            subject.domain.values  # fmt: skip
        true = _masks(cells, at, possible=False)
        possible = _masks(cells, at, possible=True)
        subjects.append({
            "node": node,
            "cuts": [written(value) for value in known] if ordered else None,
            "values": None if ordered else [written(value) for value in known],
            "true": _written(true),
            "possible": [
                [cell, f"{mask:x}"]
                for cell, mask in enumerate(possible)
                if mask != true[cell]
            ],
        })  # fmt: skip
    lines = [line.rule for line in cells.lines]
    return {"subjects": subjects, "lines": lines, "rules": cells.rules}


def _written(masks: Sequence[int]) -> list[str | list[int]]:
    """Each mask: the bits in which it differs from the one before, or hexadecimal digits."""
    found: list[str | list[int]] = []
    before = 0
    for mask in masks:
        changed, digits = mask ^ before, f"{mask:x}"
        few = changed.bit_count() * 4 < len(digits)
        found.append(_bits(changed) if few else digits)
        before = mask
    return found


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found


def _masks(cells: Cells, at: int, *, possible: bool) -> list[int]:
    """Of each cell the lines that hold there."""
    everywhere = 0
    changes = [0] * (cells.subjects[at].size + 1)
    for number, line in enumerate(cells.lines):
        bit = 1 << number
        test = next((test for test in line.tests if test.subject == at), None)
        if test is None:
            everywhere |= bit
            continue
        held = test.possible if possible else test.true
        # a line is switched where its bit differs from the one of the cell before
        switched = held ^ (held << 1)
        while switched:
            lowest = switched & -switched
            changes[lowest.bit_length() - 1] ^= bit
            switched ^= lowest
    masks, mask = [], everywhere
    for change in changes[:-1]:
        mask ^= change
        masks.append(mask)
    return masks
