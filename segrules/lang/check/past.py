"""What was: segments of earlier assignments and kept columns, read from the table of the past.

The assignments before are rows of a table that no rule can write (`ir.history_of`), so everything
here is said with aggregates over it. Its columns are the key, `as_of`, each segment set by its
name, made on loading `<set>:before`, `<set>:since`, `<set>:entered` and `<set>:decided`, stored
`<set>_by` and `<set>:leaving`, and the kept columns.

The latest known segment is the latest state: a run that lacks a key has a row for it as well, on
which a set holds what is no segment, and so has a row that was in none.
"""

from __future__ import annotations

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import windows
from segrules.lang.check.coerce import apply
from segrules.lang.check.scope import Outline, Scope, Symbols, is_unclear, nearest, unclear
from segrules.lang.types import Date, Enum, Flag, Text, Type, Whole, spell
from segrules.text import problems
from segrules.text.source import Span

AS_OF = "as_of"
DAYS = Whole(0, 3_700_000)


# ---- the table of the past


def history_table(table: ir.Table, symbols: Symbols) -> ir.Table:
    """What is stored of a table, declared where it is first asked for."""
    name = ir.history_of(table.name)
    found = symbols.tables.get(name)
    if found is None:
        found = ir.Table(
            name, "history", "", tuple(_columns(table, symbols)), table.name, table.key,
            dated=AS_OF, span=table.span,
        )  # fmt: skip
        symbols.tables[name] = found
    return found


def _columns(table: ir.Table, symbols: Symbols) -> list[ir.TableColumn]:
    made = [_column(table.key, Text(), optional=False), _column(AS_OF, Date(), optional=False)]
    for name, outline in symbols.outlines.items():
        if outline.table == table.name:
            # segments of an older revision may have other names
            made.append(_column(name, Text()))
            made.append(_column(f"{name}:before", Text()))
            made.append(_column(f"{name}:since", Date()))
            made.append(_column(f"{name}:entered", Flag()))
            made.append(_column(f"{name}:decided", Flag()))
            made.append(_column(f"{name}_by", Text()))
            made.append(_column(f"{name}:leaving", Whole(0, 100_000)))
    made += [column for column in table.columns if column.kept]
    return made


def _column(name: str, kind: Type, *, optional: bool = True) -> ir.TableColumn:
    return ir.TableColumn(name, name, kind, optional)


class Past:
    """The past of the rows of a table, as expressions on a row of it."""

    def __init__(self, table: ir.Table, symbols: Symbols, span: Span) -> None:
        self.table = history_table(table, symbols)
        self.key = table.key
        self.span = span

    def column(self, name: str) -> ir.Column:
        found = self.table.column(name)
        assert found is not None
        return ir.Column(self.table.name, name, found.type, found.optional, self.span)

    def rows(self, window: ir.Window | None = None, where: ir.Expr | None = None) -> ir.Rows:
        return ir.Rows(self.table.name, self.key, window, where)

    def last(self, name: str, window: ir.Window | None = None) -> ir.Expr:
        """The latest known value up to a moment."""
        value = self.column(name)
        return ir.Aggregate("last", self.rows(window), value, value.type, True, self.span)

    def any(self, where: ir.Expr, window: ir.Window | None = None) -> ir.Expr:
        """Whether there is such an assignment: never unknown."""
        count = ir.Aggregate("count", self.rows(window, where), None, ir.COUNT, False, self.span)
        return apply("ge", (count, whole(1, self.span)), Flag(), self.span)

    def is_segment(self, value: ir.Expr, segment: str) -> ir.Expr:
        return apply(
            "eq", (value, ir.Const(segment, Text(), self.span, segment)), Flag(), self.span
        )


def whole(value: int, span: Span) -> ir.Const:
    return ir.Const(value, Whole(value, value), span, str(value))


def sure(test: ir.Expr) -> ir.Expr:
    """Whether a test is true: unknown is no, also where data lack what they should have."""
    if isinstance(test, ir.Const) and test.value is not None:
        return test
    no = ir.Const(False, Flag(), test.span)
    return ir.Apply("if_missing", (test, no), Flag(), False, test.span)


def both(*tests: ir.Expr) -> ir.Expr:
    return apply("and", tests, Flag(), tests[0].span)


# ---- what rules say of it


def was(node: s.Was, scope: Scope) -> ir.Expr:
    """`treatment was gold 1 month ago`; unknown where nothing was stored by then."""
    name = _stored(node.value, scope)
    if name is None:
        return unclear(node.span)
    past = Past(scope.table, scope.symbols, node.span)
    value = _value_of(name, node.segment, past, scope)
    if is_unclear(value):
        return unclear(node.span)
    if node.moment is None:
        column = past.column(name)
        return past.any(apply("eq", (column, value), Flag(), node.span))
    until = windows.until(node.moment, scope.symbols)
    if until is None:
        return unclear(node.span)
    return apply("eq", (past.last(name, until), value), Flag(), node.span)


def changed(node: s.Changed, scope: Scope) -> ir.Expr:
    """`treatment entered gold in last 7 days`: at an assignment then, or by this one."""
    name = _set(node.value, scope)
    if name is None:
        return unclear(node.span)
    past = Past(scope.table, scope.symbols, node.span)
    window = windows.window(node.window, past.table, scope) if node.window else None
    segment = _segment(node.segment, scope.symbols.outlines[name], name, scope)
    if segment is None or (node.window is not None and window is None):
        return unclear(node.span)
    held = name if node.word == "entered" else f"{name}:before"
    then = past.any(
        both(past.column(f"{name}:entered"), past.is_segment(past.column(held), segment)), window
    )
    placed = scope.symbols.sets.get(name)
    sees_now = window is None or isinstance(window, ir.InLast) or (
        isinstance(window, ir.Calendar) and not window.previous
    )  # fmt: skip
    if placed is None or not sees_now:
        return then
    here = ir.Placed(name, placed.type, placed.optional, None, node.span)
    now = apply("eq", (here, ir.Const(segment, placed.type, node.span)), Flag(), node.span)
    before = past.is_segment(past.last(name), segment)
    turn = (now, _not(before)) if node.word == "entered" else (_not(now), before)
    return ir.Apply("or", (then, both(*map(sure, turn))), Flag(), False, node.span)


def _not(test: ir.Expr) -> ir.Expr:
    return apply("not", (test,), Flag(), test.span)


def moved(node: s.Moved, scope: Scope) -> ir.Expr:
    """`treatment moved up at least 2 since 1 quarter ago`, in steps of the ladder."""
    name = _set(node.value, scope)
    until = windows.until(node.since, scope.symbols)
    if name is None or until is None:
        return unclear(node.span)
    ladder = scope.symbols.outlines[name].ladder
    if not ladder:
        scope.log.report(problems.no_ladder(node.span, name))
        return unclear(node.span)
    steps = node.steps.value if node.steps else 1
    if steps.denominator != 1 or steps < 1:
        scope.log.report(problems.count_needed(node.steps.span if node.steps else node.span))
        return unclear(node.span)
    past = Past(scope.table, scope.symbols, node.span)
    placed = scope.symbols.sets.get(name)
    now: ir.Expr = past.last(name)
    if placed is not None:
        now = ir.Placed(name, placed.type, placed.optional, None, node.span)
    ends = [step(now, ladder), step(past.last(name, until), ladder)]
    if node.word == "down":
        ends.reverse()
    climbed = apply("sub", tuple(ends), Whole(-len(ladder), len(ladder)), node.span)
    return apply("ge", (climbed, whole(int(steps), node.span)), Flag(), node.span)


def step(segment: ir.Expr, ladder: tuple[str, ...]) -> ir.Expr:
    """The place of a segment on a ladder, from 0; missing off it."""
    span = segment.span
    kind = Whole(0, max(len(ladder) - 1, 0))
    cases = tuple(
        (
            apply("eq", (segment, ir.Const(name, segment.type, span, name)), Flag(), span),
            ir.Const(at, Whole(at, at), span),
        )
        for at, name in enumerate(ladder)
    )
    return ir.Choose(cases, ir.Const(None, kind, span), kind, True, span)


def as_at(node: s.AsAt, scope: Scope) -> ir.Expr:
    """`satisfaction as at 2 quarters ago`: the latest value known by then, of a kept column."""
    if not isinstance(node.value, s.Name):
        scope.log.report(problems.not_kept(node.value.span, node.value.span.text, ()))
        return unclear(node.span)
    column = scope.table.column(node.value.text)
    if column is None or not column.kept:
        kept = [each.name for each in scope.table.columns if each.kept]
        if not scope.doubts(node.value.text):
            scope.log.report(problems.not_kept(node.value.span, node.value.text, kept))
        return unclear(node.span)
    until = windows.until(node.moment, scope.symbols)
    if until is None:
        return unclear(node.span)
    return Past(scope.table, scope.symbols, node.span).last(column.name, until)


def time_in(node: s.TimeIn, scope: Scope) -> ir.Expr:
    """Days since the present stay in a segment began; 0 outside of it."""
    name = _set(node.of, scope)
    if name is None:
        return unclear(node.span)
    segment = _segment(node.segment, scope.symbols.outlines[name], name, scope)
    if segment is None:
        return unclear(node.span)
    past = Past(scope.table, scope.symbols, node.span)
    still: list[ir.Expr] = [past.is_segment(past.last(name), segment)]
    placed = scope.symbols.sets.get(name)
    if placed is not None:
        here = ir.Placed(name, placed.type, placed.optional, None, node.span)
        value = ir.Const(segment, placed.type, node.span)
        still.append(apply("eq", (here, value), Flag(), node.span))
    since = past.last(f"{name}:since")
    days = apply("days_between", (since, ir.AsOf(span=node.span)), DAYS, node.span)
    known = ir.Apply("if_missing", (days, whole(0, node.span)), DAYS, False, node.span)
    condition = both(*map(sure, still)) if len(still) > 1 else sure(still[0])
    return ir.Choose(((condition, known),), whole(0, node.span), DAYS, False, node.span)


# ---- names


def _stored(node: s.Expression, scope: Scope) -> str | None:
    """A segment set of the table, or a kept column with declared values."""
    if isinstance(node, s.Name):
        column = scope.table.column(node.text)
        if column is not None and column.kept and isinstance(column.type, Enum):
            return node.text
    return _set(node, scope)


def _set(node: s.Expression, scope: Scope) -> str | None:
    """The segment set of the table that is meant; it need not be settled yet."""
    text = node.text if isinstance(node, s.Name) else node.span.text
    outline = scope.symbols.outlines.get(text)
    if outline is not None and outline.table == scope.table.name:
        return text
    if not scope.doubts(text):
        known = [
            name
            for name, each in scope.symbols.outlines.items()
            if each.table == scope.table.name
        ]  # fmt: skip
        scope.log.report(problems.unknown_set(node.span, text, nearest(text, known)))
    return None


def _segment(node: s.Name, outline: Outline, name: str, scope: Scope) -> str | None:
    if node.text in outline.segments:
        return node.text
    if not scope.doubts(node.text):
        near = nearest(node.text, outline.segments)
        scope.log.report(problems.unknown_segment(node.span, node.text, name, near))
    return None


def _value_of(name: str, node: s.Name, past: Past, scope: Scope) -> ir.Expr:
    """A segment, or a value of a kept column."""
    kind = past.column(name).type
    outline = scope.symbols.outlines.get(name)
    if outline is not None and not isinstance(kind, Enum):
        segment = _segment(node, outline, name, scope)
        return unclear(node.span) if segment is None else ir.Const(segment, Text(), node.span)
    assert isinstance(kind, Enum)
    if node.text in kind.values:
        return ir.Const(node.text, kind, node.span, node.text)
    if not scope.doubts(node.text):
        near = nearest(node.text, kind.values)
        scope.log.report(problems.unknown_value(node.span, node.text, spell(kind), near))
    return unclear(node.span)
