"""Named values: `let`, `score` and `band`, checked in an order in which each finds what it uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Literal

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import arithmetic, comparisons
from segrules.lang.check.coerce import to_float, to_minor
from segrules.lang.check.expressions import condition, elaborate, literal, name
from segrules.lang.check.order import Circle, settle
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest, unclear
from segrules.lang.types import Enum, Number, Period, Type, Whole, spell
from segrules.text import problems

Named = s.LetOf | s.ScoreOf | s.BandOf


def features(file: s.File, symbols: Symbols) -> None:
    """Checks every named value; what they are goes into the symbols in order of use."""
    nodes: dict[str, Named] = {}
    for node in file.declarations:
        if isinstance(node, Named):
            if node.name.text in nodes:
                symbols.log.report(problems.twice(node.name.span, "name", node.name.text))
            else:
                nodes[node.name.text] = node
    order, circles = settle(_uses(nodes))
    tables = _tables(nodes, order, symbols)
    for found in _without_circles(order, circles, nodes, symbols):
        table = tables.get(found)
        if table is not None:
            _check(nodes[found], Scope(symbols, table), symbols)
        else:
            symbols.doubtful |= {found}


def _check(node: Named, scope: Scope, symbols: Symbols) -> None:
    if scope.table.column(node.name.text) or node.name.text in symbols.knobs:
        symbols.log.report(problems.twice(node.name.span, "name", node.name.text))
        return
    kind: Literal["let", "score", "band"]
    match node:
        case s.LetOf():
            kind, expr = "let", to_minor(elaborate(node.value, scope))
        case s.ScoreOf():
            kind, expr = "score", _score(node, scope)
        case s.BandOf():
            kind, expr = "band", _band(node, scope)
    if isinstance(expr.type, Period):
        symbols.log.report(problems.let_is_length(node.name.span, node.name.text))
        expr = unclear(node.span)
    if is_unclear(expr):
        symbols.doubtful |= {node.name.text}
        return
    symbols.features[node.name.text] = ir.Feature(
        node.name.text, kind, scope.table.name, expr, node.name.span
    )


# ---- order and table


def names_in(node: object) -> Iterator[s.Name]:
    """Every bare name of an expression that is read on the row at hand (not on related rows)."""
    waiting: list[object] = [node]
    while waiting:
        at = waiting.pop()
        match at:
            case s.Name():
                yield at
            case s.RowsOf(window=s.InLastOf(length=s.Name() as length)):
                yield length
            case s.RowsOf():
                continue
            case s.AggregateOf(rows=rows):
                waiting.append(rows)
            case tuple():
                waiting.extend(at)
            case _ if is_dataclass(at):
                waiting.extend(getattr(at, part.name) for part in fields(at))


def rows_in(node: object) -> Iterator[s.RowsOf]:
    """Every use of related rows below a node."""
    waiting: list[object] = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, s.RowsOf):
            yield at
        elif isinstance(at, tuple):
            waiting.extend(at)
        elif is_dataclass(at):
            waiting.extend(getattr(at, part.name) for part in fields(at))


def _body(node: Named) -> object:
    """What is evaluated: never the name itself, nor the labels of a band."""
    match node:
        case s.LetOf(value=value):
            return value
        case s.ScoreOf(points=points):
            return points
        case s.BandOf(value=value, rows=rows):
            return (value, tuple(row.edge for row in rows))


def _uses(nodes: dict[str, Named]) -> dict[str, list[str]]:
    """The named values that each one reads."""
    return {
        found: [used.text for used in names_in(_body(node)) if used.text in nodes]
        for found, node in nodes.items()
    }


def _without_circles(
    order: list[str], circles: list[Circle], nodes: dict[str, Named], symbols: Symbols
) -> list[str]:
    """The order of those that have a value; each circle is complained about once."""
    circular: set[str] = set()
    for circle in circles:
        symbols.log.report(problems.cycle(nodes[circle.way[0]].name.span, circle.way))
        circular |= circle.names
    symbols.doubtful |= circular
    return [found for found in order if found not in circular]


def _tables(nodes: dict[str, Named], order: list[str], symbols: Symbols) -> dict[str, ir.Table]:
    """The table of each named value: the one on which all its names can be read."""
    mains = [table for table in symbols.tables.values() if table.kind != "related"]
    found: dict[str, ir.Table] = {}
    for each in order:
        node = nodes[each]
        declared = node.table if not isinstance(node, s.BandOf) else None
        if declared is not None:
            table = next((t for t in mains if t.name == declared.text), None)
            if table is None and declared.text not in symbols.doubtful:
                near = nearest(declared.text, [t.name for t in mains])
                symbols.log.report(problems.unknown_table(declared.span, declared.text, near))
            if table is not None:
                found[each] = table
            continue
        fitting = [table for table in mains if _fits(node, table, found, symbols)]
        if len(fitting) > 1:
            names = [table.name for table in fitting]
            symbols.log.report(problems.table_unclear(node.name.span, each, names))
        elif fitting:
            found[each] = fitting[0]
        elif mains and not _in_doubt(node, symbols):
            found[each] = mains[0]
        elif not symbols.doubtful:
            symbols.log.report(problems.no_table(node.name.span))
    return found


def _in_doubt(node: Named, symbols: Symbols) -> bool:
    """Whether something it reads may stand in text that could not be read."""
    related = {rows.table.text for rows in rows_in(_body(node))}
    of = {table.of for table in symbols.tables.values() if table.name in related}
    read = {used.text for used in names_in(_body(node))}
    return bool((read | related | of) & symbols.doubtful)


def _fits(node: Named, table: ir.Table, placed: dict[str, ir.Table], symbols: Symbols) -> bool:
    related = {found.name for found in symbols.related(table.name)}
    if any(rows.table.text not in related for rows in rows_in(_body(node))):
        return False
    for used in names_in(_body(node)):
        if used.text in placed and placed[used.text] is not table:
            return False
        readable = used.text in placed or used.text in symbols.knobs or used.text == "as_of"
        if not readable and table.column(used.text) is None and not _is_value(used, symbols):
            return False
    return True


def _is_value(used: s.Name, symbols: Symbols) -> bool:
    """Whether some enum has this value: then the name says nothing about the table."""
    return any(
        isinstance(column.type, Enum) and used.text in column.type.values
        for table in symbols.tables.values()
        for column in table.columns
    )


# ---- scores and bands


def _score(node: s.ScoreOf, scope: Scope) -> ir.Expr:
    """The total of the points; unknown when a term is.

    Added up pairwise, so that a long score stays a shallow tree.
    """
    terms = [_points(points, scope) for points in node.points]
    if is_unclear(*terms):
        return unclear(node.span)
    if any(isinstance(term.type, Number) for term in terms):
        terms = [to_float(term) for term in terms]
    while len(terms) > 1:
        pairs = [terms[at : at + 2] for at in range(0, len(terms), 2)]
        terms = [
            arithmetic.add(pair[0], pair[1], node.span, scope.log) if len(pair) == 2 else pair[0]
            for pair in pairs
        ]
        if is_unclear(*terms):
            return unclear(node.span)
    return terms[0]


def _points(points: s.Points, scope: Scope) -> ir.Expr:
    value = elaborate(points.value, scope)
    if is_unclear(value):
        return value
    if not isinstance(value.type, Whole | Number):
        scope.log.report(problems.points_not_a_number(points.value.span, spell(value.type)))
        return unclear(points.span)
    if points.word == "take":
        value = arithmetic.negate(value, points.value.span, scope.log)
    if value.optional:
        scope.log.report(problems.optional_in_score(points.value.span))
    if points.when is None:
        return value
    when = condition(points.when, scope)
    if is_unclear(when):
        return when
    if when.optional:
        scope.log.report(problems.optional_in_score(points.when.span))
    nothing: ir.Expr = ir.Const(0, Whole(0, 0), points.span, "0")
    if isinstance(value.type, Number):
        nothing = to_float(nothing)
    return ir.Choose(
        ((when, value),), nothing, _hull(value.type), value.optional or when.optional, points.span
    )


def _hull(kind: Type) -> Type:
    """The type of a value or zero."""
    match kind:
        case Whole(low=low, high=high):
            return Whole(min(low, 0), max(high, 0))
        case Number(low=least, high=most):
            return Number(
                None if least is None else min(least, 0.0), None if most is None else max(most, 0.0)
            )
        case _:
            return kind


def _band(node: s.BandOf, scope: Scope) -> ir.Expr:
    value = to_minor(elaborate(node.value, scope))
    if is_unclear(value):
        return value
    kind = _labels(node, scope)
    if kind is None or not _edges_in_order(node, scope):
        return unclear(node.span)
    cases: list[tuple[ir.Expr, ir.Expr]] = []
    for row in node.rows[:-1]:
        assert row.edge is not None
        edge = name(row.edge, scope) if isinstance(row.edge, s.Name) else literal(row.edge, scope)
        sign = "<" if row.word == "below" else "<="
        test = comparisons.compare(sign, value, edge, row.span, scope.log)
        if is_unclear(test):
            return test
        cases.append((test, _label(row, kind)))
    return ir.Choose(tuple(cases), _label(node.rows[-1], kind), kind, value.optional, node.span)


def _labels(node: s.BandOf, scope: Scope) -> Whole | Enum | None:
    """Labels that are all names make an ordered enum, all whole numbers a number."""
    labels = [row.label for row in node.rows]
    texts = [label.text if isinstance(label, s.Name) else label.written for label in labels]
    for at, text in enumerate(texts):
        if text in texts[:at]:
            scope.log.report(problems.twice(labels[at].span, "band", text))
            return None
    if all(isinstance(label, s.Name) for label in labels):
        return Enum(tuple(texts), ordered=True)
    values = [label.value for label in labels if isinstance(label, s.Number)]
    if len(values) < len(labels) or any(value.denominator != 1 for value in values):
        scope.log.report(problems.band_labels_mixed(node.name.span))
        return None
    return Whole(int(min(values)), int(max(values)))


def _label(row: s.BandRow, kind: Whole | Enum) -> ir.Const:
    if isinstance(row.label, s.Name):
        return ir.Const(row.label.text, kind, row.label.span, row.label.text)
    value = int(row.label.value)
    return ir.Const(value, Whole(value, value), row.label.span, row.label.written)


def _edges_in_order(node: s.BandOf, scope: Scope) -> bool:
    """Each edge above the one before; the last row, and only it, takes the rest."""
    for row in node.rows[:-1]:
        if row.edge is None:
            scope.log.report(problems.band_rest_last(row.span))
            return False
    if node.rows[-1].edge is not None:
        scope.log.report(problems.band_needs_rest(node.rows[-1].span))
        return False
    values: list[tuple[float, bool]] = []
    for row in node.rows[:-1]:
        edge = row.edge
        assert edge is not None
        constant = name(edge, scope) if isinstance(edge, s.Name) else literal(edge, scope)
        if is_unclear(constant):
            return False
        if not isinstance(constant, ir.Const) or not isinstance(constant.value, int | float):
            scope.log.report(problems.band_edge_not_constant(edge.span))
            return False
        # `below 10 | up to 10` leaves the ten itself to the second row
        reach = (float(constant.value), row.word == "up to")
        if values and reach <= values[-1]:
            scope.log.report(problems.band_edges_order(edge.span))
            return False
        values.append(reach)
    return True
