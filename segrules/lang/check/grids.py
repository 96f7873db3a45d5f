"""Grids: tables of rules, each row a condition a column and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import arithmetic, comparisons, spans
from segrules.lang.check.coerce import apply, unify
from segrules.lang.check.cover import covered
from segrules.lang.check.examples import read_cell
from segrules.lang.check.expressions import elaborate, knob_value, name, value_of
from segrules.lang.check.past import sure, whole
from segrules.lang.check.scope import Scope, is_unclear, unclear
from segrules.lang.check.segments import cell_text
from segrules.lang.types import Date, Enum, Flag, Link, Number, Set, Share, Text, Type, Whole, spell
from segrules.text import problems
from segrules.text.source import Span

ANY, REST, MISSING = "any", "rest", "missing"


def outputs(node: s.GridOf) -> tuple[str, ...]:
    """The names a grid gives."""
    return tuple(cell_text(cell) for cell in node.rows[0].expect)


def grid(node: s.GridOf, scope: Scope) -> Iterator[ir.Feature]:
    """The outputs as named values; without any after a complaint about the whole."""
    names = outputs(node)
    inputs = [name(each, scope) for each in node.inputs]
    if not _heading(node, names, scope) or not _sound(node, inputs, scope):
        scope.symbols.doubtful |= set(names)
        return
    body = [row for row in node.rows[1:] if _fits(row, len(inputs), len(names), scope)]
    columns = [
        _Column(value, [row.cells[at] for row in body], scope) for at, value in enumerate(inputs)
    ]
    tests = [_row_test(at, columns, row.span) for at, row in enumerate(body)]
    if scope.symbols.in_part(node.span) and not any(is_unclear(test) for test in tests):
        # what follows from the rows that could be read is checked all the same
        for at in range(len(names)):
            _output(node, [row.expect[at] for row in body], tests, scope, complete=True)
        scope.symbols.doubtful |= set(names)
        return
    if not body or len(body) < len(node.rows) - 1 or any(is_unclear(test) for test in tests):
        scope.symbols.doubtful |= set(names)
        return
    if node.pick == "the only one":
        _check_disjoint(body, columns, scope)
    scope.symbols.grids[node.name.text] = ir.Grid(
        node.name.text, scope.table.name, tuple(each.text for each in node.inputs), names,
        node.pick, len(body), node.name.span,
    )  # fmt: skip
    complete = _complete(body, columns)
    for at, output in enumerate(names):
        cells = [row.expect[at] for row in body]
        expr = _output(node, cells, tests, scope, complete=complete)
        if is_unclear(expr):
            scope.symbols.doubtful |= {output}
            continue
        span = node.rows[0].expect[at].span
        yield ir.Feature(output, "grid", scope.table.name, expr, "", "", span)


def _heading(node: s.GridOf, names: Sequence[str], scope: Scope) -> bool:
    """The first row names the inputs, in their order, and what follows."""
    head = node.rows[0]
    given = [cell_text(cell) for cell in head.cells]
    named = all(isinstance(cell, s.Name) for cell in (*head.cells, *head.expect))
    if named and names and given == [each.text for each in node.inputs]:
        return True
    scope.log.report(problems.grid_heading(head.span, [each.text for each in node.inputs]))
    return False


def _sound(node: s.GridOf, inputs: Sequence[ir.Expr], scope: Scope) -> bool:
    """Inputs and outputs stand once each, no input is a set, and something follows."""
    head, *body = node.rows
    if not body:
        if not scope.symbols.in_part(node.span):
            scope.log.report(problems.grid_without_rows(head.span, node.name.text))
        return False
    seen: set[str] = set()
    for cell in (*head.cells, *head.expect):
        text = cell_text(cell)
        if text in seen:
            scope.log.report(problems.twice(cell.span, "column of the grid", text))
            return False
        seen.add(text)
    for each, value in zip(node.inputs, inputs, strict=True):
        if isinstance(value.type, Set):
            scope.log.report(problems.grid_of_set(each.span, each.text, value.type.values))
            return False
    return not is_unclear(*inputs)


def _fits(row: s.Row, inputs: int, outputs: int, scope: Scope) -> bool:
    if (len(row.cells), len(row.expect)) == (inputs, outputs):
        return True
    found = len(row.cells) + len(row.expect)
    if not scope.symbols.torn(row.span):
        scope.log.report(problems.ragged_row(row.span, found, inputs + outputs))
    return False


# ---- conditions


class _Column:
    """An input with its cells: each as a test, and as a span of values."""

    def __init__(self, value: ir.Expr, cells: Sequence[s.Cell], scope: Scope) -> None:
        self.value, self.cells, self.scope = value, cells, scope
        self.named = [None if self._is(cell, REST) else self._test(cell) for cell in cells]
        self.domain = spans.Domain(value.type)

    def test(self, at: int) -> ir.Expr | None:
        """The test of a row's cell; None where there is nothing to test."""
        cell = self.cells[at]
        if self._is(cell, ANY):
            return None
        return self._rest(cell.span) if self._is(cell, REST) else self.named[at]

    def span(self, at: int) -> spans.Values:
        """The values that fit a row's cell."""
        cell = self.cells[at]
        if self._is(cell, REST):
            others = [self._span(each) for each in self.cells if not self._is(each, REST)]
            named = [each for each in others if not each.everything]
            return self.domain.without(named)
        return self._span(cell)

    def _is(self, cell: s.Cell, word: str) -> bool:
        """Whether a cell is one of the words of tables, and not a declared value of that name."""
        return (
            isinstance(cell, s.Name)
            and cell.text == word
            and not (isinstance(self.value.type, Enum) and word in self.value.type.values)
        )

    def _rest(self, span: Span) -> ir.Expr | None:
        """None of the values that other rows name; unknown where the value is missing."""
        named = [test for cell, test in zip(self.cells, self.named, strict=True)
                 if test is not None and not self._is(cell, MISSING)]  # fmt: skip
        if not named:
            return ir.Apply("is_known", (self.value,), Flag(), False, span)
        if is_unclear(*named):
            return unclear(span)
        either = named[0] if len(named) == 1 else apply("or", tuple(named), Flag(), span)
        return apply("not", (either,), Flag(), span)

    def _test(self, cell: s.Cell) -> ir.Expr | None:
        if self._is(cell, ANY):
            return None
        if self._is(cell, MISSING):
            return ir.Apply("is_missing", (self.value,), Flag(), False, cell.span)
        match cell:
            case s.CellList(values=values):
                tests = [self._test(value) for value in values]
                found = [test for test in tests if test is not None]
                for value, test in zip(values, tests, strict=True):
                    if test is None:
                        self._refuse(value)
                if len(found) < len(tests) or is_unclear(*found):
                    return unclear(cell.span)
                return apply("or", tuple(found), Flag(), cell.span)
            case s.CellRange(low=low, high=high):
                return self._between(low, high, cell.span)
            case s.CellCompared(sign=sign, value=value):
                return self._compared(sign, value, cell.span)
            case _:
                return self._compared("=", cell, cell.span)

    def _between(
        self, low: s.CellValue | None, high: s.CellValue | None, span: Span
    ) -> ir.Expr:  # fmt: skip
        tests = []
        if low is not None:
            tests.append(self._compared(">=", low, span))
        if high is not None and not is_unclear(*tests):
            tests.append(self._compared("<=", high, span))
        if is_unclear(*tests):
            return unclear(span)
        if len(tests) == 2 and self.domain_of(low, high):
            self.scope.log.report(problems.range_backwards(span))
        return tests[0] if len(tests) == 1 else apply("and", tuple(tests), Flag(), span)

    def domain_of(self, low: s.CellValue | None, high: s.CellValue | None) -> bool:
        """Whether a range is the wrong way round."""
        ends = [self._place(end) for end in (low, high) if end is not None]
        return len(ends) == 2 and None not in ends and ends[0] > ends[1]  # type: ignore[operator]

    def _compared(self, sign: str, cell: s.CellValue, span: Span) -> ir.Expr:
        value = self._constant(cell)
        if is_unclear(value):
            return value
        if isinstance(value.type, Flag) and isinstance(value, ir.Const) and sign == "=":
            if value.value:
                return self.value
            return apply("not", (self.value,), Flag(), span)
        if sign != "=":
            return comparisons.compare(sign, self.value, value, span, self.scope.log)
        # equality of doubles is what a grid says with a plain number: it is no slip here
        pair = unify(self.value, value, self.scope.log, stored=True)
        return unclear(span) if pair is None else apply("eq", pair, Flag(), span)

    def _constant(self, cell: s.CellValue) -> ir.Expr:
        if isinstance(cell, s.Name):
            if isinstance(self.value.type, Enum) and cell.text in self.value.type.values:
                return value_of(cell, self.value.type, self.scope)
            if isinstance(self.value.type, Flag) and cell.text in ("yes", "no"):
                return ir.Const(cell.text == "yes", Flag(), cell.span)
            knob = self.scope.symbols.knobs.get(cell.text)
            if knob is not None:
                return knob_value(knob, cell.span)
            if cell.text in (ANY, REST, MISSING):
                self._refuse(cell)
            else:
                read_cell(cell, self.value.type, self.scope)
            return unclear(cell.span)
        return elaborate(cell, self.scope)

    def _refuse(self, cell: s.CellValue) -> None:
        """A word of tables that stands for a whole cell only."""
        kind = spell(self.value.type)
        self.scope.log.report(problems.cell_does_not_fit(cell.span, cell_text(cell), kind, None))

    # ---- spans of values

    def _span(self, cell: s.Cell) -> spans.Values:
        if self._is(cell, ANY):
            return self.domain.everything()
        if self._is(cell, MISSING):
            return self.domain.missing()
        match cell:
            case s.CellList(values=values):
                return self.domain.union([self._span(value) for value in values])
            case s.CellRange(low=low, high=high):
                ends = (None if low is None else self._place(low),
                        None if high is None else self._place(high))  # fmt: skip
                return self.domain.between(*ends)
            case s.CellCompared(sign=sign, value=value):
                return self.domain.compared(sign, self._place(value))
            case _:
                return self.domain.compared("=", self._place(cell))

    def _place(self, cell: s.CellValue) -> object:
        """A constant as the domain orders it: numbers in the units of the input."""
        constant = self._constant(cell)
        if is_unclear(constant):
            return None
        pair = unify(self.value, constant, self.scope.log, stored=True)
        found = None if pair is None else pair[1]
        return found.value if isinstance(found, ir.Const) else None


def _row_test(at: int, columns: Sequence[_Column], span: Span) -> ir.Expr:
    """All cells of a row together; with nothing to test it is true."""
    tests = [test for test in (column.test(at) for column in columns) if test is not None]
    if is_unclear(*tests):
        return unclear(span)
    if not tests:
        return ir.Const(True, Flag(), span)
    return tests[0] if len(tests) == 1 else apply("and", tuple(tests), Flag(), span)


def _complete(body: Sequence[s.Row], columns: Sequence[_Column]) -> bool:
    """Whether the rows are proved to leave nobody out; of any text this is not asked."""
    if any(isinstance(column.value.type, Text | Link) for column in columns):
        return False
    rows = [[column.span(at) for column in columns] for at in range(len(body))]
    return covered(rows, [column.value.optional for column in columns])


def _check_disjoint(body: Sequence[s.Row], columns: Sequence[_Column], scope: Scope) -> None:
    """No two rows may fit one customer; the first pair that does is shown with an example."""
    for column in columns:
        if isinstance(column.value.type, Text | Link | Set):
            place = column.value.span or body[0].span
            scope.log.report(problems.not_provable(place, spell(column.value.type)))
            return
    rows = [[column.span(at) for column in columns] for at in range(len(body))]
    for later in range(len(body)):
        for earlier in range(later):
            pairs = list(zip(rows[earlier], rows[later], strict=True))
            if all(one.meets(other) for one, other in pairs):
                example = [one.example(other) for one, other in pairs]
                scope.log.report(
                    problems.rows_overlap(body[later].span, earlier + 1, later + 1, example)
                )
                return


# ---- what follows


def _output(
    node: s.GridOf,
    cells: Sequence[s.Cell],
    tests: Sequence[ir.Expr],
    scope: Scope,
    *,
    complete: bool,
) -> ir.Expr:
    kind = _output_type(cells, scope)
    if kind is None:
        return unclear(node.span)
    if node.pick == "every":
        return _every(cells, tests, kind, node.span, scope)
    values = [ir.Const(_value(cell, kind, scope), kind, cell.span) for cell in cells]
    if node.pick == "sum":
        return _sum(values, tests, kind, node.span, scope)
    cases = tuple((sure(test), value) for test, value in zip(tests, values, strict=True))
    for at, test in enumerate(tests):
        if isinstance(test, ir.Const):
            # a row without a condition takes all that is left
            optional = any(value.optional for value in values[: at + 1])
            return ir.Choose(cases[:at], values[at], kind, optional, node.span)
    optional = not complete or any(value.optional for value in values)
    return ir.Choose(cases, ir.Const(None, kind, node.span), kind, optional, node.span)


_VALUES = s.Name | s.Percent | s.Number | s.Quote | s.DateOf


def _output_type(cells: Sequence[s.Cell], scope: Scope) -> Type | None:
    """The type on which all cells of an output agree; `missing` fits every type."""
    known = [cell for cell in cells if cell_text(cell) != MISSING]
    for odd in cells if not known else [cell for cell in known if not isinstance(cell, _VALUES)]:
        kind = "a name, a number, a percentage, a date or a text"
        scope.log.report(problems.cell_does_not_fit(odd.span, cell_text(odd), kind, None))
        return None
    texts = [cell_text(cell) for cell in known]
    if all(isinstance(cell, s.Name) for cell in known):
        return Flag() if set(texts) <= {"yes", "no"} else Enum(tuple(dict.fromkeys(texts)))
    if all(isinstance(cell, s.Percent) for cell in known):
        return Share(all(0 <= cell.value <= 1 for cell in known if isinstance(cell, s.Percent)))
    if all(isinstance(cell, s.Number) for cell in known):
        numbers = [cell.value for cell in known if isinstance(cell, s.Number)]
        if all(number.denominator == 1 for number in numbers):
            return Whole(int(min(numbers)), int(max(numbers)))
        return Number(float(min(numbers)), float(max(numbers)))
    if all(isinstance(cell, s.Quote) for cell in known):
        return Text()
    if all(isinstance(cell, s.DateOf) for cell in known):
        return Date()
    odd = next(cell for cell in known if type(cell) is not type(known[0]))
    scope.log.report(problems.outputs_differ(odd.span, cell_text(known[0]), cell_text(odd)))
    return None


def _value(cell: s.Cell, kind: Type, scope: Scope) -> ir.Value:
    return read_cell(cell, kind, scope)


def _every(
    cells: Sequence[s.Cell], tests: Sequence[ir.Expr], kind: Type, span: Span, scope: Scope
) -> ir.Expr:  # fmt: skip
    if not isinstance(kind, Enum):
        scope.log.report(problems.pick_every_of(span, spell(kind)))
        return unclear(span)
    either: dict[str, list[ir.Expr]] = {value: [] for value in kind.values}
    for cell, test in zip(cells, tests, strict=True):
        if cell_text(cell) in either:
            either[cell_text(cell)].append(sure(test))
    flags = tuple(
        found[0] if len(found) == 1 else apply("or", tuple(found), Flag(), span)
        for found in either.values()
    )
    return ir.Apply("collect", flags, Set(kind.values), False, span)


def _sum(
    values: Sequence[ir.Const], tests: Sequence[ir.Expr], kind: Type, span: Span, scope: Scope
) -> ir.Expr:  # fmt: skip
    if not isinstance(kind, Whole | Number):
        scope.log.report(problems.pick_sum_of(span, spell(kind)))
        return unclear(span)
    nothing = whole(0, span) if isinstance(kind, Whole) else ir.Const(0.0, Number(0.0, 0.0), span)
    terms: list[ir.Expr] = []
    for value, test in zip(values, tests, strict=True):
        if value.value is not None:
            hull = _with_zero(kind)
            terms.append(ir.Choose(((sure(test), value),), nothing, hull, False, span))
    while len(terms) > 1:
        pairs = [terms[at : at + 2] for at in range(0, len(terms), 2)]
        terms = [
            arithmetic.add(pair[0], pair[1], span, scope.log) if len(pair) == 2 else pair[0]
            for pair in pairs
        ]
    return terms[0] if terms else nothing


def _with_zero(kind: Whole | Number) -> Type:
    if isinstance(kind, Whole):
        return Whole(min(kind.low, 0), max(kind.high, 0))
    low, high = kind.low or 0.0, kind.high or 0.0
    return Number(min(low, 0.0), max(high, 0.0))
