"""`examples`: rows of values and the segment (and deciding rule) that is expected."""

from __future__ import annotations

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.coerce import exact_value, money_constant, to_float
from segrules.lang.check.expressions import literal, name, percent_text, rank_name
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.check.segments import cell_text, find_set
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
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
    given = tuple((each.name.text, _value(each.name, each.value, scope)) for each in node.given)
    head, *body = node.rows
    names = [cell for cell in head.cells if isinstance(cell, s.Name)]
    outputs = [cell_text(cell) for cell in head.expect]
    if len(names) < len(head.cells) or outputs not in (["expect"], ["expect", "by"]):
        symbols.log.report(problems.examples_heading(head.span))
        return ir.Examples(found.name, node.as_of.value, (), ())
    for each in node.given:
        if any(column.text == each.name.text for column in names):
            symbols.log.report(problems.twice(each.name.span, "column", each.name.text))
    rows = []
    for row in body:
        if (len(row.cells), len(row.expect)) != (len(names), len(outputs)):
            width = len(names) + len(outputs)
            symbols.log.report(
                problems.ragged_row(row.span, len(row.cells) + len(row.expect), width)
            )
            continue
        values = tuple(
            (each.text, _value(each, cell, scope))
            for each, cell in zip(names, row.cells, strict=True)
        )
        expected = [_expected(cell, found, symbols) for cell in row.expect[:1]]
        by = _decider(row.expect[1], found, symbols) if len(row.expect) > 1 else None
        rows.append(ir.ExampleRow((*given, *values), expected[0], by, row.span))
    return ir.Examples(found.name, node.as_of.value, _cuts(node, found, scope), tuple(rows))


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


def _value(column: s.Name, cell: s.Cell, scope: Scope) -> ir.Value:
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
        near = nearest(cell.text, kind.values) if isinstance(kind, Enum) else None
        scope.log.report(problems.cell_does_not_fit(cell.span, cell.text, spell(kind), near))
        return None
    constant = literal(cell, scope)
    fitted = _fit(constant, kind, scope)
    if fitted is None:
        text = cell_text(cell)
        scope.log.report(problems.cell_does_not_fit(cell.span, text, spell(kind), None))
    return fitted


def _fit(constant: ir.Const, kind: Type, scope: Scope) -> ir.Value:
    match kind, constant.type:
        case Money(currency=currency), Whole() | Number():
            return money_constant(constant, currency, scope.log).value
        case (Whole(), Whole()) | (Text(), Text()) | (Date(), Date()):
            return constant.value
        case (Number() | Share(bounded=False), Whole() | Number()) | (Share(), Share()):
            node = to_float(constant)
            return node.value if isinstance(node, ir.Const) else None
        case Instant(), _:
            return None
        case _:
            return None


# ---- cut points


def _cuts(node: s.ExamplesOf, found: ir.SegmentSet, scope: Scope) -> tuple[tuple[str, ir.Cut], ...]:
    """The cut point of every rank test the rules use, as the examples state it."""
    ranks = {rank.name: rank for rank in ranks_of(found, scope)}
    cuts: dict[str, ir.Cut] = {}
    for each in node.cuts:
        fitting = [rank for rank in ranks.values() if _means(each, rank, scope)]
        if not fitting and scope.symbols.doubtful:
            continue
        if not fitting:
            scope.log.report(problems.no_such_rank(each.span, each.name.text, list(ranks)))
        elif len(fitting) > 1:
            names = [rank.name for rank in fitting]
            scope.log.report(problems.cut_unclear(each.span, each.name.text, names))
        else:
            value = read_cell(each.value, fitting[0].by.type, scope)
            cuts[fitting[0].name] = ir.Cut(0, value)
    lacking = [rank for rank in ranks if rank not in cuts]
    if lacking and not node.cuts:
        scope.log.report(problems.cuts_needed(node.of.span, lacking))
    elif lacking:
        scope.log.report(problems.cuts_needed(node.cuts[0].span, lacking))
    return tuple(cuts.items())


def _means(cut: s.CutOf, rank: ir.InRank, scope: Scope) -> bool:
    by = rank.by.name if isinstance(rank.by, ir.Use | ir.Column) else ""
    if cut.quota is None:
        return by == cut.name.text
    quota = name(cut.quota, scope) if isinstance(cut.quota, s.Name) else literal(cut.quota, scope)
    if not isinstance(quota, ir.Const) or not isinstance(quota.value, int | float):
        return False
    shown = str(quota.value)
    if isinstance(quota.type, Share):
        shown = percent_text(exact_value(quota))
    return rank.name == rank_name(
        top=bool(cut.top), quota=shown, table=scope.table.name, by=cut.name.text
    )


def ranks_of(found: ir.SegmentSet, scope: Scope) -> list[ir.InRank]:
    """Every rank test that deciding this set needs, those inside named values included."""
    waiting: list[ir.Expr] = [rule.condition for rule in found.rules]
    seen: set[str] = set()
    ranks: list[ir.InRank] = []
    while waiting:
        for at in ir.walk(waiting.pop()):
            if isinstance(at, ir.InRank):
                ranks.append(at)
            elif isinstance(at, ir.Use) and at.name not in seen:
                seen.add(at.name)
                waiting.append(scope.symbols.features[at.name].expr)
    return ranks
