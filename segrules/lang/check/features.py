"""Named values of one table: `let`, `score`, `band`, `value` and flags."""

from __future__ import annotations

from fractions import Fraction

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import arithmetic, comparisons
from segrules.lang.check.coerce import to_float, to_minor
from segrules.lang.check.expressions import condition, elaborate, literal, name
from segrules.lang.check.scope import Scope, is_unclear, nearest, unclear
from segrules.lang.types import Enum, Money, Number, Period, Type, Whole, spell
from segrules.text import problems

COSTS = ("goods", "sales", "marketing", "service")
"""The lines of cost without which a profit is not one."""


def feature(node: s.LetOf | s.ScoreOf | s.BandOf | s.ValueOf | s.FlagOf, scope: Scope) -> ir.Expr:
    """The value of a declaration as meant; after a complaint a node of type Unclear."""
    match node:
        case s.LetOf(value=value, trusted=trusted):
            made = to_minor(elaborate(value, scope))
            expr = made if trusted is None else _trusted(made, trusted, scope)
        case s.ScoreOf():
            expr = _score(node, scope)
        case s.BandOf():
            expr = _band(node, scope)
        case s.ValueOf():
            expr = _value(node, scope)
        case s.FlagOf(when=when):
            expr = condition(when, scope)
    if isinstance(expr.type, Period):
        scope.log.report(problems.let_is_length(node.name.span, node.name.text))
        return unclear(node.span)
    return expr


def _trusted(value: ir.Expr, trusted: s.Expression, scope: Scope) -> ir.Expr:
    """A value that is missing where it cannot be trusted."""
    test = condition(trusted, scope)
    if is_unclear(value, test):
        return unclear(trusted.span)
    missing = ir.Const(None, value.type, value.span)
    return ir.Choose(((test, value),), missing, value.type, True, value.span)


# ---- values


def _value(node: s.ValueOf, scope: Scope) -> ir.Expr:
    """Revenue less every line of cost; each line is named once and none is forgotten."""
    lines: list[tuple[str, ir.Expr]] = [("revenue", _line(node.revenue, scope))]
    for cost in node.costs:
        if any(cost.name.text == known for known, _ in lines):
            scope.log.report(problems.twice(cost.name.span, "line of cost", cost.name.text))
        lines.append((cost.name.text, _line(cost.amount, scope)))
    lacking = [cost for cost in COSTS if all(cost != known for known, _ in lines)]
    if lacking:
        scope.log.report(problems.cost_lines_lack(node.name.span, node.name.text, lacking))
    ledger = _ledger(node, scope)
    if is_unclear(*(amount for _, amount in lines)):
        return unclear(node.span)
    total = lines[0][1]
    for _, amount in lines[1:]:
        total = arithmetic.combine_terms("-", total, amount, node.span, scope.log)
    tolerance = node.ledger.tolerance.value if node.ledger else Fraction(0)
    scope.symbols.values[node.name.text] = ir.ValueBlock(
        node.name.text, scope.table.name, tuple(lines), ledger, tolerance, node.name.span
    )  # fmt: skip
    return to_minor(total)


def _line(written: s.Expression, scope: Scope) -> ir.Expr:
    amount = to_minor(elaborate(written, scope))
    if is_unclear(amount) or isinstance(amount.type, Money):
        return amount
    if isinstance(amount, ir.Const) and amount.value == 0:
        currency = scope.symbols.currency
        if currency is not None:
            return ir.Const(0, Money(currency, 0, 0), amount.span, amount.written)
    scope.log.report(problems.line_not_money(written.span, spell(amount.type)))
    return unclear(written.span)


def _ledger(node: s.ValueOf, scope: Scope) -> Fraction | None:
    if node.ledger is None:
        return None
    if isinstance(node.ledger.amount, s.Number):
        return node.ledger.amount.value
    knob = scope.symbols.knobs.get(node.ledger.amount.text)
    if knob is not None and isinstance(knob.value, Fraction) and not knob.percent:
        return knob.value
    if not scope.doubts(node.ledger.amount.text):
        near = nearest(node.ledger.amount.text, scope.symbols.knobs)
        scope.log.report(
            problems.ledger_not_amount(node.ledger.amount.span, node.ledger.amount.text, near)
        )
    return None


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
