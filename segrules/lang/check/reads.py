"""Which names a declaration reads, each on which row: before it is checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.scope import Symbols

Named = s.LetOf | s.ScoreOf | s.BandOf | s.ValueOf | s.FlagOf | s.GridOf | s.SegmentsOf
"""What gives names that expressions can read."""


@dataclass(frozen=True, slots=True)
class Read:
    """A bare name, read on a row of `table` (None: the row at hand, of whichever table it is).

    `moves`: a segment set of which it is asked whether it changed; its own past a set may look at.
    """

    name: s.Name
    table: str | None
    moves: bool = False


def body(node: Named) -> object:
    """What is evaluated: never the name itself, nor the labels of a band."""
    match node:
        case s.LetOf(value=value, trusted=trusted):
            return (value, trusted)
        case s.ScoreOf(points=points):
            return points
        case s.BandOf(value=value, rows=rows):
            return (value, tuple(row.edge for row in rows))
        case s.ValueOf(revenue=revenue, costs=costs):
            return (revenue, tuple(cost.amount for cost in costs))
        case s.FlagOf(when=when):
            return when
        case s.GridOf(inputs=inputs):
            return inputs
        case s.SegmentsOf(segments=segments):
            return tuple((each.when, *map(_held, each.holds)) for each in segments)


def _held(hold: s.Leave | s.Stay) -> object:
    return hold.when if isinstance(hold, s.Leave) else None


def reads(node: object, symbols: Symbols, table: str | None = None) -> Iterator[Read]:
    """Every bare name below a node with the table on whose row it is read."""
    waiting: list[tuple[object, str | None]] = [(node, table)]
    while waiting:
        at, of = waiting.pop()
        match at:
            case s.Name():
                yield Read(at, of)
            case s.Path(names=names):
                yield from _path(names, of, symbols)
            case s.RowsOf():
                waiting.extend(_rows(at, of, symbols))
            case s.AggregateOf(value=value, rows=rows):
                waiting.append((rows, of))
                waiting.append((value, _related(rows.table.text, symbols)))
            case s.Quantified(rows=rows, count=count, same=same):
                waiting += [(rows, of), (count, of), (same, _related(rows.table.text, symbols))]
            case s.Every(rows=rows, have=have):
                waiting += [(rows, of), (have, _related(rows.table.text, symbols))]
            case s.Was() | s.AsAt():
                # what was stored is there before anything is decided
                continue
            case s.TimeIn(of=of_set):
                yield Read(of_set, of, moves=True)
            case s.Changed(value=value) | s.Moved(value=value):
                if isinstance(value, s.Name):
                    yield Read(value, of, moves=True)
            case s.Population(same=same_as, among=among):
                waiting.append(((same_as, among), of))
            case tuple():
                waiting.extend((part, of) for part in at)
            case _ if is_dataclass(at):
                waiting.extend((getattr(at, part.name), of) for part in fields(at))


def _related(name: str, symbols: Symbols) -> str:
    """The table of rows that may have a name of their own."""
    named = symbols.named_rows.get(name)
    return named.table.text if named else name


def _rows(
    node: s.RowsOf, of: str | None, symbols: Symbols
) -> Iterator[tuple[object, str | None]]:  # fmt: skip
    inner = _related(node.table.text, symbols)
    named = symbols.named_rows.get(node.table.text)
    if named is not None:
        yield named.where, inner
    if isinstance(node.window, s.InLastOf | s.InNextOf):
        yield node.window.length, of
    yield node.where, inner


def _path(names: tuple[s.Name, ...], of: str | None, symbols: Symbols) -> Iterator[Read]:
    """The first name is read on the row, each further one where the link before it leads."""
    for at in names:
        yield Read(at, of)
        of = _leads_to(at.text, of, symbols)
        if of is None:
            return


def _leads_to(link: str, of: str | None, symbols: Symbols) -> str | None:
    tables = [symbols.tables[of]] if of in symbols.tables else list(symbols.tables.values())
    return next((table.links[link] for table in tables if link in table.links), None)


def rows_read(node: object) -> Iterator[s.RowsOf]:
    """Every use of related rows of the row at hand."""
    waiting: list[object] = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, s.RowsOf):
            # rows inside its condition belong to the related row
            yield at
        elif isinstance(at, s.AggregateOf | s.Every | s.Quantified | s.Step):
            yield at.rows
        elif isinstance(at, tuple):
            waiting.extend(at)
        elif is_dataclass(at):
            waiting.extend(getattr(at, part.name) for part in fields(at))


def speaks_of(node: object, table: ir.Table, symbols: Symbols) -> bool:
    """Whether what is said of populations and of the past can be said of rows of this table."""
    waiting: list[object] = [node]
    while waiting:
        match waiting.pop():
            case s.RowsOf() | s.AggregateOf() | s.Every() | s.Quantified() | s.Step():
                # said of other rows
                continue
            case s.Population(table=s.Name(text=named)) if named != table.name:
                return False
            case s.AsAt(value=s.Name(text=column)) if table.column(column) is None:
                return False
            case s.Was(value=s.Name(text=name)) | s.TimeIn(of=s.Name(text=name)):
                placed = symbols.outlines.get(name)
                if placed is not None and placed.table != table.name:
                    return False
            case tuple() as parts:
                waiting.extend(parts)
            case at if is_dataclass(at):
                waiting.extend(getattr(at, part.name) for part in fields(at))
            case _:
                pass
    return True
