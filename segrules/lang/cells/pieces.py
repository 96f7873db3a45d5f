"""Values that depend on one subject only: a constant, or the subject itself, in each cell."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, NamedTuple

from segrules.lang.cells.domains import LEAST_WHOLE, MOST_WHOLE, following
from segrules.lang.ir import Value

NOTHING = -1
"""Stands for a subject where a value depends on none."""


class Mark(Enum):
    """A value that is not constant in a cell."""

    ITSELF = "the subject"
    AS_DOUBLE = "the subject, a whole number, as a double"
    BELOW = "less than every cut"
    OTHER = "none of the listed values"


ITSELF, AS_DOUBLE, BELOW, OTHER = Mark.ITSELF, Mark.AS_DOUBLE, Mark.BELOW, Mark.OTHER

Held = Value | Mark


class Piece(NamedTuple):
    """One value a cell, then the one for missing.

    `edges` are the cuts of an ordered subject, or the values that are told apart of a listed one
    (its last known cell is for all others).
    """

    subject: int
    ordered: bool
    edges: tuple[Value, ...]
    values: tuple[Held, ...]

    @property
    def constant(self) -> bool:
        return self.subject == NOTHING


def constant(value: Value) -> Piece:
    return Piece(NOTHING, True, (), (value, value))


def whole_subject(subject: int, *, ordered: bool, flag: bool) -> Piece:
    """The subject itself; a flag is true or false in its cells."""
    if flag:
        return Piece(subject, False, (False, True), (False, True, None, None))
    return Piece(subject, ordered, (), (ITSELF, None))


def aligned(pieces: Sequence[Piece], more: Iterable[Value] = ()) -> list[Piece] | None:
    """The pieces in the same cells, with more edges; None where they have several subjects."""
    subjects = {piece.subject for piece in pieces if not piece.constant}
    if len(subjects) > 1:
        return None
    kept = next((piece for piece in pieces if not piece.constant), pieces[0])
    extra = tuple(more)
    if not extra and all(piece.edges == kept.edges for piece in pieces if not piece.constant):
        edges = kept.edges
    else:
        named = dict.fromkeys(edge for piece in pieces for edge in piece.edges)
        named.update(dict.fromkeys(extra))
        edges = tuple(sorted(named, key=_in_order) if kept.ordered else named)
    return [_refined(piece, kept, edges) for piece in pieces]


def _in_order(edge: Value) -> Any:
    return edge


def _refined(piece: Piece, like: Piece, edges: tuple[Value, ...]) -> Piece:
    """A piece in finer cells of another one's subject."""
    if piece.constant:
        values = (piece.values[0],) * (len(edges) + 2)
    elif piece.edges == edges:
        return piece
    elif like.ordered:
        values = (*_spread(piece, edges), piece.values[-1])
    else:
        known = dict(zip(piece.edges, piece.values, strict=False))
        other = piece.values[-2]
        values = (*(known.get(edge, other) for edge in edges), other, piece.values[-1])
    return Piece(like.subject, like.ordered, edges, values)


def _spread(piece: Piece, edges: tuple[Value, ...]) -> list[Held]:
    found = [piece.values[0]]
    at = 0
    for edge in edges:
        if at < len(piece.edges) and piece.edges[at] == edge:
            at += 1
        found.append(piece.values[at])
    return found


def places(piece: Piece) -> tuple[Held, ...]:
    """For each known cell a value that stands for it, where the cells are fine enough."""
    return (BELOW, *piece.edges) if piece.ordered else (*piece.edges, OTHER)


def simplified(piece: Piece) -> Piece:
    """The same with neighbouring cells joined that hold the same constant."""
    if piece.constant or ITSELF in piece.values or AS_DOUBLE in piece.values:
        return piece
    *known, missing = piece.values
    if piece.ordered:
        kept = [at for at in range(len(piece.edges)) if known[at] != known[at + 1]]
        values: tuple[Held, ...] = (known[0], *(known[at + 1] for at in kept), missing)
    else:
        kept = [at for at in range(len(piece.edges)) if known[at] != known[-1]]
        values = (*(known[at] for at in kept), known[-1], missing)
    return Piece(piece.subject, piece.ordered, tuple(piece.edges[at] for at in kept), values)


# ---- where a comparison of the subject with a constant changes


def edges_for(mark: Held, bound: Value, *, ordered: bool) -> tuple[Value, ...]:
    """The edges that separate what is below, at and above a constant."""
    if bound is None:
        return ()
    if not ordered:
        return (bound,)
    if mark is AS_DOUBLE and isinstance(bound, float):
        above = math.nextafter(bound, math.inf)
        found: tuple[Value, ...] = (_whole_from(bound), _whole_from(above))
    elif isinstance(bound, float):
        # of the two zeros one stands for both
        found = (bound + 0.0, following(bound))
    else:
        found = (bound, following(bound))
    return tuple(edge for edge in found if edge is not None)


def _whole_from(bound: float) -> int | None:
    """The least whole number that is not below a double, itself taken as a double."""
    if bound <= float(LEAST_WHOLE):
        return LEAST_WHOLE
    if bound > float(MOST_WHOLE):
        return None
    near = math.ceil(bound)
    window = range(max(near - 4096, LEAST_WHOLE), min(near + 1, MOST_WHOLE) + 1)
    at = bisect_left(window, bound, key=float)
    return window[at] if at < len(window) else None
