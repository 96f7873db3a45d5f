"""What is left of a region of cells when others are taken away: proofs, not samples.

Subjects are taken to be independent: what is proved covered is covered, of the rest nothing is
known for certain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from segrules.lang.cells.domains import Cells, Line, Listed, Subject
from segrules.lang.types import Enum, Flag, Money, Number, Share, Whole

MOST_PIECES = 64
"""Pieces of what is left beyond which nothing is claimed."""

Region = Mapping[int, int]
"""Cells by subject, as bits; of subjects that are not named every cell."""


class Taker(NamedTuple):
    """A region that is taken away, and the rule to which it belongs."""

    rule: int
    region: Region


def everywhere(cells: Cells) -> tuple[int, ...]:
    """Of each subject the cells in which a row may be."""
    return tuple(_possible(subject) for subject in cells.subjects)


def true_in(line: Line, every: Sequence[int]) -> Region | None:
    """Where a line is true; None where that is nowhere."""
    region = {test.subject: test.true & every[test.subject] for test in line.tests}
    return region if all(region.values()) else None


def left_of(
    region: Region, takers: Sequence[Taker], every: Sequence[int]
) -> tuple[list[Region], list[int]] | None:
    """The pieces that are left, and which takers took some; None where there are too many."""
    pieces, used = [region], []
    for at, taker in enumerate(takers):
        kept: list[Region] = []
        for piece in pieces:
            kept.extend(_without(piece, taker.region, every))
        if kept != pieces:
            used.append(at)
        pieces = kept
        if not pieces:
            break
        if len(pieces) > MOST_PIECES:
            return None
    return pieces, used


def cover_of(
    regions: Sequence[Region], takers: Sequence[Taker], every: Sequence[int]
) -> list[Taker] | None:
    """As few takers as are needed to take all of the regions; None where something is left."""
    needed: set[int] = set()
    for region in regions:
        found = left_of(region, takers, every)
        if found is None or found[0]:
            return None
        needed.update(found[1])
    kept = [takers[at] for at in sorted(needed)]
    for taker in kept[::-1]:
        fewer = [each for each in kept if each is not taker]
        left = [left_of(region, fewer, every) for region in regions]
        if all(found is not None and not found[0] for found in left):
            kept = fewer
    return kept


def _without(piece: Region, taken: Region, every: Sequence[int]) -> list[Region]:
    if any(not piece.get(subject, every[subject]) & mask for subject, mask in taken.items()):
        return [piece]
    outside: list[Region] = []
    here = dict(piece)
    for subject, mask in taken.items():
        cells = here.get(subject, every[subject])
        if cells & ~mask:
            outside.append({**here, subject: cells & ~mask})
            here[subject] = cells & mask
    return outside


def _possible(subject: Subject) -> int:
    """Without the cells outside the declared range, and without missing where it never is."""
    kind, domain = subject.expr.type, subject.domain
    last = domain.size - 1
    mask = (1 << last) - 1
    if isinstance(domain, Listed):
        declared = kind.values if isinstance(kind, Enum) else None
        count = 2 if isinstance(kind, Flag) else len(declared) if declared else None
        if count == len(domain.values):
            mask >>= 1
    else:
        low, high = range_of(subject)
        for at, cut in enumerate(domain.cuts):
            if low is not None and cut <= low:  # type: ignore[operator]
                mask &= ~(1 << at)
            if high is not None and cut > high:  # type: ignore[operator]
                mask &= ~(1 << (at + 1))
    return mask | (1 << last) if subject.expr.optional else mask


def range_of(subject: Subject) -> tuple[float | None, float | None]:
    """The least and the greatest number that its type lets it be."""
    match subject.expr.type:
        case Whole(low=low, high=high) | Number(low=low, high=high):
            return low, high
        case Money(low=low, high=high):
            return low, high
        case Share(bounded=True):
            return 0.0, 1.0
        case _:
            return None, None
