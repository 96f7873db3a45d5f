"""Segment sets and the conditions table that says what is done for each segment."""

from __future__ import annotations

from segrules.lang import ir, spelling
from segrules.lang import syntax as s
from segrules.lang.check.expressions import condition
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.text import problems

RESERVED_SEGMENTS = ("otherwise", "unsure", "cap")
"""What a decider may say besides a segment's own name."""


def segment_sets(file: s.File, symbols: Symbols) -> None:
    """Every `segments` block."""
    for node in file.declarations:
        if isinstance(node, s.SegmentsOf):
            if node.name.text in symbols.sets:
                symbols.log.report(problems.twice(node.name.span, "segments", node.name.text))
                continue
            table = main_table(node.table, symbols)
            if table is not None:
                _segment_set(node, Scope(symbols, table), symbols)
            else:
                closers = {closer.name.text for closer in node.closers}
                segments = {segment.name.text for segment in node.segments}
                symbols.doubtful |= {node.name.text} | segments | closers


def main_table(name: s.Name, symbols: Symbols) -> ir.Table | None:
    """The table whose rows are assigned; a related one has no segments."""
    table = symbols.tables.get(name.text)
    if table is None:
        if name.text not in symbols.doubtful:
            near = nearest(name.text, symbols.tables)
            symbols.log.report(problems.unknown_table(name.span, name.text, near))
        return None
    if table.kind == "related":
        symbols.log.report(problems.not_a_main_table(name.span, name.text))
        return None
    return table


def _segment_set(node: s.SegmentsOf, scope: Scope, symbols: Symbols) -> None:
    rules = _rules(node, scope)
    outcomes = _outcomes(node, symbols)
    may_be_unknown = [rule for rule in rules if rule.condition.optional]
    if "otherwise" not in outcomes:
        symbols.log.report(problems.no_otherwise(node.name.span, node.name.text))
    if may_be_unknown and "unsure" not in outcomes and "otherwise" in outcomes:
        rule = may_be_unknown[0]
        assert rule.span is not None
        symbols.log.report(problems.no_unsure(rule.span, rule.segment))
    if not may_be_unknown and "unsure" in outcomes and len(rules) == len(node.segments):
        closer = next(closer for closer in node.closers if closer.word == "unsure")
        symbols.log.report(problems.never_unsure(closer.span))
    otherwise = outcomes.get("otherwise", ir.Outcome("otherwise", ""))
    made = ir.SegmentSet(
        node.name.text,
        scope.table.name,
        tuple(rules),
        otherwise,
        outcomes.get("unsure"),
        node.name.span,
    )
    symbols.sets[made.name] = made
    _check_output_names(node, made, scope)
    if len(rules) < len(node.segments):
        # What could not be checked is a segment all the same: a table that names it is right.
        symbols.doubtful |= {segment.name.text for segment in node.segments}


def _rules(node: s.SegmentsOf, scope: Scope) -> list[ir.Rule]:
    rules: list[ir.Rule] = []
    seen: set[str] = set()
    for each in node.segments:
        name = each.name.text
        if name in RESERVED_SEGMENTS:
            scope.log.report(problems.segment_name_taken(each.name.span, name))
        if name in seen:
            scope.log.report(problems.twice(each.name.span, "segment", name))
            continue
        seen.add(name)
        test = condition(each.when, scope)
        if not is_unclear(test):
            rules.append(
                ir.Rule(
                    name,
                    each.label.value if each.label else "",
                    test,
                    spelling.expression(each.when),
                    each.name.span,
                )
            )
    return rules


def _outcomes(node: s.SegmentsOf, symbols: Symbols) -> dict[str, ir.Outcome]:
    found: dict[str, ir.Outcome] = {}
    names = {each.name.text for each in node.segments}
    for closer in node.closers:
        if closer.word in found:
            symbols.log.report(problems.twice(closer.span, "closing line", closer.word))
        label = closer.label.value if closer.label else ""
        found[closer.word] = ir.Outcome(closer.name.text, label)
        if closer.word == "unsure" and closer.name.text in names:
            symbols.log.report(problems.unsure_is_a_rule(closer.name.span, closer.name.text))
    return found


def _check_output_names(node: s.SegmentsOf, made: ir.SegmentSet, scope: Scope) -> None:
    """A set has a name of its own, and so have the columns `<set>`, `<set>_by`, `<set>_unknown`."""
    if made.name in scope.names() and scope.table.column(made.name) is None:
        scope.log.report(problems.twice(node.name.span, "name", made.name))
    taken = {column.name for column in scope.table.columns}
    for other in scope.symbols.sets.values():
        if other.table == made.table and other.name != made.name:
            taken |= {other.name, f"{other.name}_by", f"{other.name}_unknown"}
    for column in (made.name, f"{made.name}_by", f"{made.name}_unknown"):
        if column in taken:
            scope.log.report(problems.twice(node.name.span, "column of the assignment", column))


# ---- conditions


def conditions(file: s.File, symbols: Symbols) -> list[ir.Conditions]:
    """Every `conditions` table: each segment must have every column."""
    made: list[ir.Conditions] = []
    for node in file.declarations:
        if isinstance(node, s.ConditionsOf):
            found = find_set(node.of, symbols)
            if found is not None:
                table = _conditions(node, found, symbols)
                if table is not None:
                    made.append(table)
    return made


def find_set(name: s.Name, symbols: Symbols) -> ir.SegmentSet | None:
    """The segment set of this name."""
    found = symbols.sets.get(name.text)
    if found is None and name.text not in symbols.doubtful:
        symbols.log.report(
            problems.unknown_set(name.span, name.text, nearest(name.text, symbols.sets))
        )
    return found


def _conditions(
    node: s.ConditionsOf, found: ir.SegmentSet, symbols: Symbols
) -> ir.Conditions | None:
    head, *body = node.rows
    columns = tuple(cell_text(cell) for cell in head.cells[1:])
    if cell_text(head.cells[0]) != "segment":
        symbols.log.report(problems.first_column_is_segment(head.cells[0].span))
    rows: dict[str, tuple[str, ...]] = {}
    rest: tuple[str, ...] | None = None
    for row in body:
        if len(row.cells) != len(head.cells):
            symbols.log.report(problems.ragged_row(row.span, len(row.cells), len(head.cells)))
            continue
        segment = cell_text(row.cells[0])
        values = tuple(cell_text(cell) for cell in row.cells[1:])
        if segment == "rest":
            if rest is not None:
                symbols.log.report(problems.twice(row.cells[0].span, "row", segment))
            rest = values
        elif segment in rows:
            symbols.log.report(problems.twice(row.cells[0].span, "row", segment))
        elif segment in found.segments:
            rows[segment] = values
        elif segment not in symbols.doubtful:
            near = nearest(segment, found.segments)
            symbols.log.report(
                problems.unknown_segment(row.cells[0].span, segment, found.name, near)
            )
    lacking = [segment for segment in found.segments if segment not in rows]
    if lacking and rest is None and not symbols.doubtful & set(lacking):
        symbols.log.report(problems.conditions_lack(node.of.span, found.name, lacking))
        return None
    filled = tuple((segment, rows.get(segment) or rest or ()) for segment in found.segments)
    return ir.Conditions(found.name, columns, filled)


def cell_text(cell: s.Cell) -> str:
    """A cell as it was written."""
    match cell:
        case s.Name(text=text) | s.Quote(value=text):
            return text
        case s.Number(written=written) | s.Percent(written=written):
            return written
        case s.LengthOf() | s.DateOf():
            return spelling.cell(cell)
