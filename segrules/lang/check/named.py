"""Everything that gives names: checked in an order in which each finds what it uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from segrules.lang import ir, spelling
from segrules.lang import syntax as s
from segrules.lang.check import grids, segments
from segrules.lang.check.expressions import condition
from segrules.lang.check.features import feature
from segrules.lang.check.governance import Governing
from segrules.lang.check.order import Circle, settle
from segrules.lang.check.reads import Named, Read, body, reads, rows_read, speaks_of
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.types import Enum
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic

_KINDS: dict[type, Literal["let", "score", "band", "value", "flag"]] = {
    s.LetOf: "let",
    s.ScoreOf: "score",
    s.BandOf: "band",
    s.ValueOf: "value",
    s.FlagOf: "flag",
}


def named(file: s.File, symbols: Symbols) -> None:
    """Checks named values, flags, grids and segment sets; what they are goes into the symbols."""
    nodes, owners = _nodes(file, symbols)
    sets = [node for node in nodes.values() if isinstance(node, s.SegmentsOf)]
    governing = Governing(file, sets, symbols)
    for node in sets:
        symbols.outlines[node.name.text] = segments.outline(node, governing)
    bodies = {name: (body(node), governing.conditions(node)) for name, node in nodes.items()}
    uses = {name: _uses(name, bodies[name], owners, symbols) for name in nodes}
    order, circles = settle(uses)
    tables = _Tables(symbols, bodies, owners)
    tables.place(order, nodes)
    for name in _without_circles(order, circles, nodes, bodies, symbols):
        table = tables.found.get(name)
        if table is None:
            symbols.doubtful |= {name, *_names_of(nodes[name])}
            if name in symbols.outlines:
                symbols.doubtful |= set(symbols.outlines[name].segments)
        else:
            _check(nodes[name], Scope(symbols, table), symbols, governing)
    segments.check_output_names(symbols)
    _check_rows(symbols)


def _check_rows(symbols: Symbols) -> None:
    """What is asked of rows with a name, also of those that nothing uses."""
    for node in symbols.named_rows.values():
        scope = Scope(symbols, symbols.tables[node.table.text])
        condition(node.where, scope)


def _nodes(file: s.File, symbols: Symbols) -> tuple[dict[str, Named], dict[str, str]]:
    """The declarations by a name of their own, and to which of them each readable name belongs."""
    nodes: dict[str, Named] = {}
    owners: dict[str, str] = {}
    flag_tables: dict[int, s.Name] = {}
    for node in file.declarations:
        each: Iterable[Named] = ()
        if isinstance(node, s.FlagsOf):
            each = node.flags
            flag_tables.update((id(flag), node.table) for flag in node.flags)
        elif isinstance(node, Named):
            each = (node,)
        for one in each:
            own = f"grid {one.name.text}" if isinstance(one, s.GridOf) else one.name.text
            if own in nodes or (own in owners):
                kind = "segments" if isinstance(one, s.SegmentsOf) else "name"
                symbols.log.report(problems.twice(one.name.span, kind, one.name.text))
                continue
            taken = [name for name in _names_of(one) if name in owners]
            if taken:
                symbols.log.report(problems.twice(one.name.span, "name", taken[0]))
                symbols.doubtful |= set(_names_of(one))
                continue
            nodes[own] = one
            owners.update(dict.fromkeys(_names_of(one), own))
    symbols.flag_tables = {
        flag.name.text: flag_tables[id(flag)] for flag in nodes.values() if id(flag) in flag_tables
    }
    return nodes, owners


def _names_of(node: Named) -> tuple[str, ...]:
    return grids.outputs(node) if isinstance(node, s.GridOf) else (node.name.text,)


def _check(
    node: Named, scope: Scope, symbols: Symbols, governing: Governing
) -> None:  # fmt: skip
    for name in _names_of(node):
        if scope.table.column(name) or name in symbols.knobs:
            table = scope.table.name if scope.table.column(name) else None
            symbols.log.report(problems.name_taken(node.name.span, name, table))
            return
    match node:
        case s.SegmentsOf():
            segments.segment_set(node, scope, governing)
            symbols.steps.append(node.name.text)
        case s.GridOf():
            for made in grids.grid(node, scope):
                symbols.features[made.name] = made
                symbols.steps.append(made.name)
        case _:
            expr = feature(node, scope)
            if is_unclear(expr) or symbols.in_part(node.span):
                symbols.doubtful |= {node.name.text}
                return
            label = node.label.value if isinstance(node, s.FlagOf) and node.label else ""
            written = spelling.expression(node.when) if isinstance(node, s.FlagOf) else ""
            symbols.features[node.name.text] = ir.Feature(
                node.name.text, _KINDS[type(node)], scope.table.name, expr, label, written,
                node.name.span,
            )  # fmt: skip
            symbols.steps.append(node.name.text)


def _uses(
    name: str, read_by: object, owners: dict[str, str], symbols: Symbols
) -> list[str]:  # fmt: skip
    """The declarations that one reads.

    On another row a column comes before a named value of the same name.
    """
    found: list[str] = []
    for read in reads(read_by, symbols):
        owner = owners.get(read.name.text)
        if owner is None or _is_column(read, symbols):
            continue
        if not (read.moves and owner == name):
            found.append(owner)
    return found


def _is_column(read: Read, symbols: Symbols) -> bool:
    table = symbols.tables.get(read.table or "")
    # a table or a column of this name may stand in text that could not be read
    if table is None:
        return read.table in symbols.doubtful
    return table.column(read.name.text) is not None or read.name.text in symbols.doubtful


def _without_circles(
    order: list[str],
    circles: list[Circle],
    nodes: dict[str, Named],
    bodies: dict[str, tuple[object, object]],
    symbols: Symbols,
) -> list[str]:
    """The order of those that have a value; each circle is complained about once."""
    circular: set[str] = set()
    for circle in circles:
        symbols.log.report(_circular(circle, nodes, bodies, symbols))
        circular |= circle.names
    for name in circular:
        symbols.doubtful |= {name, *_names_of(nodes[name])}
    return [found for found in order if found not in circular]


def _circular(
    circle: Circle,
    nodes: dict[str, Named],
    bodies: dict[str, tuple[object, object]],
    symbols: Symbols,
) -> Diagnostic:
    """The complaint about a circle; one that asks of a set's past is opened in the set's rule."""
    for name in circle.way:
        node = nodes[name]
        asked = [each.name.text for each in reads(bodies[name], symbols) if each.moves]
        own = [each for each in asked if each in circle.names and each != name]
        if own and isinstance(node, s.LetOf | s.FlagOf):
            says = node.value if isinstance(node, s.LetOf) else node.when
            written = spelling.expression(says)
            return problems.past_by_name(node.name.span, node.name.text, own[0], written)
    way = tuple(nodes[name].name.text for name in circle.way)
    return problems.cycle(nodes[circle.way[0]].name.span, way)


# ---- tables


class _Tables:
    """The table of each declaration: the one it names, or the one on which all can be read."""

    def __init__(
        self, symbols: Symbols, bodies: dict[str, tuple[object, object]], owners: dict[str, str]
    ) -> None:
        self.symbols, self.bodies, self.owners = symbols, bodies, owners
        self.mains = [each for each in symbols.tables.values() if each.kind in ("main", "derived")]
        self.others = [each for each in symbols.tables.values() if each.kind == "related"]
        self.found: dict[str, ir.Table] = {}

    def place(self, order: list[str], nodes: dict[str, Named]) -> None:
        for name in order:
            node = nodes[name]
            declared = self._declared(node)
            table = self._named(declared, node) if declared else self._inferred(name, node)
            if table is not None:
                self.found[name] = table

    def _declared(self, node: Named) -> s.Name | None:
        match node:
            case s.BandOf():
                return None
            case s.FlagOf(name=name):
                return self.symbols.flag_tables[name.text]
            case _:
                return node.table

    def _named(self, declared: s.Name, node: Named) -> ir.Table | None:
        """Segments are of a table with one row a key; named values may be of any."""
        if isinstance(node, s.SegmentsOf | s.FlagOf | s.ValueOf | s.GridOf):
            return segments.main_table(declared, self.symbols)
        table = self.symbols.tables.get(declared.text)
        if table is None and declared.text not in self.symbols.doubtful:
            near = nearest(declared.text, self.symbols.tables)
            self.symbols.log.report(problems.unknown_table(declared.span, declared.text, near))
        return table

    def _inferred(self, name: str, node: Named) -> ir.Table | None:
        fitting = [table for table in self.mains if self._fits(name, table)]
        if len(fitting) > 1:
            # a word that is a column of one table may be a declared value of another
            fitting = [table for table in fitting if self._reads_all(name, table)] or fitting
        if not fitting and (isinstance(node, s.BandOf) or any(rows_read(self.bodies[name]))):
            # a band cannot name its table, and rows of rows belong to one table only
            fitting = [table for table in self.others if self._fits(name, table)]
        # rows belong to the table that they are declared to be of, rather than to one they refer to
        fitting = [table for table in fitting if self._owns(name, table)] or fitting
        if len(fitting) > 1:
            names = [table.name for table in fitting]
            log = self.symbols.log
            log.report(problems.table_unclear(node.name.span, node.name.text, names))
        elif fitting:
            return fitting[0]
        elif self.mains and not self._in_doubt(name):
            return self._nearest(name)
        elif not self.symbols.doubtful:
            self.symbols.log.report(problems.no_table(node.name.span))
        return None

    def _nearest(self, name: str) -> ir.Table:
        """The table on which most can be read: what cannot is complained about there."""
        read = [each for each in reads(self.bodies[name], self.symbols) if each.table is None]
        rows = list(rows_read(self.bodies[name]))

        def readable(table: ir.Table) -> int:
            related = self._related(table)
            found = sum(self._readable(each, table) for each in read)
            return found + sum(each.table.text in related for each in rows)

        return max(self.mains, key=readable)

    def _in_doubt(self, name: str) -> bool:
        """Whether something it reads may stand in text that could not be read.

        Where all tables could be read, what it reads of them is known, whatever else is not.
        """
        related = {rows.table.text for rows in rows_read(self.bodies[name])}
        named = self.symbols.named_rows
        related |= {named[rows].table.text for rows in related if rows in named}
        of = {table.of for table in self.symbols.tables.values() if table.name in related}
        read = {each.name.text for each in reads(self.bodies[name], self.symbols)}
        if all("table" not in span.text for span in self.symbols.broken):
            read -= self.symbols.doubtful
        return bool((read | related | of) & self.symbols.doubtful)

    def _fits(self, name: str, table: ir.Table) -> bool:
        related = self._related(table)
        if any(rows.table.text not in related for rows in rows_read(self.bodies[name])):
            return False
        if not speaks_of(self.bodies[name], table, self.symbols):
            return False
        return all(
            self._readable(read, table)
            for read in reads(self.bodies[name], self.symbols)
            if read.table is None
        )

    def _reads_all(self, name: str, table: ir.Table) -> bool:
        """Whether all names are read on the table: none is only the value of some column."""
        read = [each for each in reads(self.bodies[name], self.symbols) if each.table is None]
        return all(self._readable(each, table, values=False) for each in read)

    def _owns(self, name: str, table: ir.Table) -> bool:
        """Whether there are rows to read, and all of them are declared to be of this table."""
        named = self.symbols.named_rows
        read = [each.table.text for each in rows_read(self.bodies[name])]
        sources = [named[each].table.text if each in named else each for each in read]
        tables = [self.symbols.tables.get(each) for each in sources]
        return bool(tables) and all(each is not None and each.of == table.name for each in tables)

    def _related(self, table: ir.Table) -> set[str]:
        """The names of rows that belong to rows of a table."""
        related = {found.name for found in self.symbols.related(table.name)}
        return related | {
            rows for rows, named in self.symbols.named_rows.items() if named.table.text in related
        }

    def _readable(self, read: Read, table: ir.Table, *, values: bool = True) -> bool:
        text, symbols = read.name.text, self.symbols
        if text in symbols.knobs or text == "as_of" or table.column(text) is not None:
            return True
        owner = self.owners.get(text)
        if owner is not None:
            return self.found.get(owner) is table
        return values and _is_value(text, symbols)


def _is_value(text: str, symbols: Symbols) -> bool:
    """Whether some enum or set of segments has this value: then it says nothing of the table."""
    in_tables = any(
        isinstance(column.type, Enum) and text in column.type.values
        for table in symbols.tables.values()
        for column in table.columns
    )
    return in_tables or any(text in each.segments for each in symbols.outlines.values())
