"""`examples`: rows of values and the segment (and deciding rule) that is expected."""

from __future__ import annotations

from collections.abc import Collection

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.coerce import exact_value, money_constant, to_float
from segrules.lang.check.expressions import literal, name
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.check.segments import cell_text, find_set
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Set,
    Share,
    Text,
    Type,
    Whole,
    spell,
)
from segrules.text import problems

OUTPUTS = ("expect", "by")


def examples(file: s.File, symbols: Symbols) -> list[ir.Examples]:
    """Every `examples` table."""
    made: list[ir.Examples] = []
    for node in file.declarations:
        if isinstance(node, s.ExamplesOf):
            found = find_set(node.of, symbols)
            if found is not None:
                made.append(_examples(node, found, symbols))
    return made


def _examples(node: s.ExamplesOf, found: ir.SegmentSet, symbols: Symbols) -> ir.Examples:
    scope = Scope(symbols, symbols.tables[found.table])
    given = tuple(
        (each.name.text, value_under(each.name, each.value, scope)) for each in node.given
    )
    head, *body = node.rows
    names = [cell for cell in head.cells if isinstance(cell, s.Name)]
    outputs = [cell_text(cell) for cell in head.expect]
    if len(names) < len(head.cells) or outputs not in (["expect"], ["expect", "by"]):
        symbols.log.report(problems.examples_heading(head.span))
        return ir.Examples(found.name, node.as_of.value, (), (), node.span)
    for each in node.given:
        if any(column.text == each.name.text for column in names):
            symbols.log.report(problems.twice(each.name.span, "column", each.name.text))
    rows = []
    for row in body:
        if (len(row.cells), len(row.expect)) != (len(names), len(outputs)):
            width, held = len(names) + len(outputs), len(row.cells) + len(row.expect)
            if not symbols.torn(row.span):
                symbols.log.report(problems.ragged_row(row.span, held, width))
            continue
        values = tuple(
            (each.text, value_under(each, cell, scope))
            for each, cell in zip(names, row.cells, strict=True)
        )
        expected = [_expected(cell, found, symbols) for cell in row.expect[:1]]
        by = _decider(row.expect[1], found, symbols) if len(row.expect) > 1 else None
        rows.append(ir.ExampleRow((*given, *values), expected[0], by, row.span))
    return ir.Examples(
        found.name, node.as_of.value, _cuts(node, found, scope), tuple(rows), node.span
    )


def _expected(cell: s.Cell, found: ir.SegmentSet, symbols: Symbols) -> str:
    text = cell_text(cell)
    if text not in found.segments and text not in symbols.doubtful:
        near = nearest(text, found.segments)
        symbols.log.report(problems.unknown_segment(cell.span, text, found.name, near))
    return text


def _decider(cell: s.Cell, found: ir.SegmentSet, symbols: Symbols) -> str:
    text = cell_text(cell)
    if text not in found.deciders and text not in symbols.doubtful:
        near = nearest(text, found.deciders)
        symbols.log.report(problems.unknown_decider(cell.span, text, found.name, near))
    return text


def value_under(column: s.Name, cell: s.Cell, scope: Scope) -> ir.Value:
    """The cell as a value of the column or named value it stands under."""
    head = name(column, Scope(scope.symbols, scope.table, outcomes=True))
    if is_unclear(head):
        return None
    if isinstance(head, ir.Const | ir.AsOf):
        scope.log.report(problems.unknown_column(column.span, column.text, scope.table.name, None))
        return None
    return read_cell(cell, head.type, scope)


def read_cell(cell: s.Cell, kind: Type, scope: Scope) -> ir.Value:
    """A cell of a table as a value of a type; `missing` is no value."""
    if isinstance(cell, s.Name):
        if cell.text == "missing":
            return None
        if isinstance(kind, Flag) and cell.text in ("yes", "no"):
            return cell.text == "yes"
        if isinstance(kind, Enum) and cell.text in kind.values:
            return cell.text
        if isinstance(kind, Set) and (cell.text in kind.values or cell.text == "none"):
            return frozenset() if cell.text not in kind.values else frozenset([cell.text])
        if scope.doubts(cell.text):
            return None
        near = nearest(cell.text, kind.values) if isinstance(kind, Enum) else None
        scope.log.report(problems.cell_does_not_fit(cell.span, cell.text, spell(kind), near))
        return None
    if isinstance(cell, s.CellList | s.CellRange | s.CellCompared):
        return _read_list(cell, kind, scope)
    constant = literal(cell, scope)
    fitted = _fit(constant, kind, scope)
    if fitted is None:
        text = cell_text(cell)
        scope.log.report(problems.cell_does_not_fit(cell.span, text, spell(kind), None))
    return fitted


def _read_list(
    cell: s.CellList | s.CellRange | s.CellCompared, kind: Type, scope: Scope
) -> ir.Value:
    """Several values are a set; anything else is no value of a column."""
    if isinstance(cell, s.CellList) and isinstance(kind, Set):
        texts = [cell_text(value) for value in cell.values]
        if all(text in kind.values for text in texts):
            return frozenset(texts)
    scope.log.report(problems.cell_does_not_fit(cell.span, cell_text(cell), spell(kind), None))
    return None


def _fit(constant: ir.Const, kind: Type, scope: Scope) -> ir.Value:
    match kind, constant.type:
        case Money(currency=currency), Whole() | Number():
            return money_constant(constant, currency, scope.log).value
        case (Whole(), Whole()) | (Text() | Link(), Text()) | (Date(), Date()):
            return constant.value
        case (Number() | Share(bounded=False), Whole() | Number()) | (Share(), Share()):
            node = to_float(constant)
            return node.value if isinstance(node, ir.Const) else None
        case Instant(), _:
            return None
        case _:
            return None


# ---- cut points


def _cuts(
    node: s.ExamplesOf, found: ir.SegmentSet, scope: Scope
) -> tuple[tuple[str, ir.Frozen], ...]:
    """What stands for the calibration, as the examples state it: a value for each test or figure.

    It holds for every group of a population.
    """
    tests = {test.name: test for test in calibrated_in(found, scope)}
    cuts: dict[str, ir.Frozen] = {}
    for each in node.cuts:
        fitting = [test for test in tests.values() if _means(each, test, scope)]
        if not fitting and scope.symbols.doubtful:
            continue
        if not fitting:
            scope.log.report(problems.no_such_rank(each.span, each.name.text, list(tests)))
        elif len(fitting) > 1:
            names = [test.name for test in fitting]
            scope.log.report(problems.cut_unclear(each.span, each.name.text, names))
        else:
            cuts[fitting[0].name] = _frozen(fitting[0], each.value, scope)
    given = {column.name.text for column in node.given}
    given |= {cell.text for cell in node.rows[0].cells if isinstance(cell, s.Name)}
    needed = {test.name for test in calibrated_in(found, scope, given)}
    lacking = [name for name in tests if name in needed and name not in cuts]
    if lacking and not node.cuts:
        scope.log.report(problems.cuts_needed(node.of.span, lacking))
    elif lacking:
        scope.log.report(problems.cuts_needed(node.cuts[0].span, lacking))
    return tuple(cuts.items())


def _frozen(test: ir.Calibrated, cell: s.CellValue, scope: Scope) -> ir.Frozen:
    if isinstance(test, ir.Statistic):
        return ir.Figure(0, read_cell(cell, test.type, scope))
    value = read_cell(cell, test.by.type, scope)
    if isinstance(test, ir.Rank):
        return ir.Places(1, (value,), (1,))
    return ir.Cut(0, value)


def _means(cut: s.CutOf, test: ir.Calibrated, scope: Scope) -> bool:
    """Whether a line speaks of a test: by its amount alone, or by its quota too."""
    amount = test.value if isinstance(test, ir.Statistic) else test.by
    by = amount.name if isinstance(amount, ir.Use | ir.Column) else ""
    if by != cut.name.text:
        return False
    if cut.quota is None:
        return True
    if not isinstance(test, ir.InRank) or test.making or test.top is not cut.top:
        return False
    quota = name(cut.quota, scope) if isinstance(cut.quota, s.Name) else literal(cut.quota, scope)
    if not isinstance(quota, ir.Const) or not isinstance(quota.value, int | float):
        return False
    if isinstance(quota.type, Share):
        return test.share == exact_value(quota)
    return test.count == quota.value


def calibrated_in(
    found: ir.SegmentSet, scope: Scope, given: Collection[str] = ()
) -> list[ir.Calibrated]:
    """Every test and figure of a population that an example of this set needs, however far below.

    Named values that are given need none. Examples have no past and nobody beside them, so nothing
    holds them and no cap is full.
    """
    symbols = scope.symbols
    waiting: list[ir.Expr] = _entries(found)
    seen: set[str] = set(given)
    tests: list[ir.Calibrated] = []
    while waiting:
        for at in ir.walk(waiting.pop()):
            match at:
                case ir.InRank() | ir.Statistic() | ir.Rank():
                    tests.append(at)
                case ir.Use(name=used) if used not in seen and used in symbols.features:
                    seen.add(used)
                    waiting.append(symbols.features[used].expr)
                case ir.Placed(set=used) if used not in seen and used != found.name:
                    seen.add(used)
                    waiting += _entries(symbols.sets[used])
                case _:
                    pass
    return tests


def _entries(found: ir.SegmentSet) -> list[ir.Expr]:
    return [rule.condition for rule in found.rules if rule.by != "stay"]
