"""Segment sets and the conditions table that says what is done for each segment."""

from __future__ import annotations

from collections.abc import Iterator

from segrules.lang import ir, spelling
from segrules.lang import syntax as s
from segrules.lang.check import tolerance
from segrules.lang.check.expressions import condition
from segrules.lang.check.governance import Governed, Governing
from segrules.lang.check.reasons import why_unknown
from segrules.lang.check.scope import Outline, Scope, Symbols, is_unclear, nearest
from segrules.text import problems
from segrules.text.source import Span

RESERVED_SEGMENTS = ("otherwise", "unsure", "cap", "suppress", "override", "stay", "suppressed")
"""What a decider may say besides a segment's own name, and the segment of those kept out."""


def outline(node: s.SegmentsOf, governing: Governing) -> Outline:
    """The segments of a set, known before its rules are."""
    names = [each.name.text for each in node.segments]
    names += [closer.name.text for closer in node.closers]
    if governing.of(node.name.text).suppressed:
        names.append(ir.SUPPRESSED)
    ladder = tuple(each.text for each in node.ladder)
    return Outline(node.table.text, tuple(dict.fromkeys(names)), ladder)


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


def segment_set(node: s.SegmentsOf, scope: Scope, governing: Governing) -> None:
    """A segment set with all that governs it; it goes into the symbols."""
    symbols = scope.symbols
    governed = governing.of(node.name.text)
    rules = _rules(node, governed, scope)
    outcomes = _outcomes(node, symbols)
    _check_labels(node, symbols)
    entries = [rule for rule in rules if not rule.by]
    first = [*governed.suppressing(scope), *governed.overriding(scope)]
    if not symbols.in_part(node.span):
        _check_closers(node, [*first, *entries], outcomes, symbols)
    made = ir.SegmentSet(
        node.name.text,
        scope.table.name,
        (*first, *rules),
        outcomes.get("otherwise", ir.Outcome("otherwise", "")),
        outcomes.get("unsure"),
        _ladder(node, symbols),
        tolerances=tuple(_tolerances(node, scope)),
        span=node.name.span,
    )
    made = governed.finished(made, scope)
    if symbols.in_part(node.span):
        symbols.partial[made.name] = made
        symbols.doubtful |= {made.name, *symbols.outlines[made.name].segments}
        return
    symbols.sets[made.name] = made
    if len(entries) < len(node.segments):
        # What could not be checked is a segment all the same: a table that names it is right.
        symbols.doubtful |= {segment.name.text for segment in node.segments}
    if len(governed.suppressed) > sum(rule.by == "suppress" for rule in first):
        symbols.doubtful |= {ir.SUPPRESSED}


def _check_closers(
    node: s.SegmentsOf,
    rules: list[ir.Rule],
    outcomes: dict[str, ir.Outcome],
    symbols: Symbols,
) -> None:
    may_be_unknown = [rule for rule in rules if rule.condition.optional]
    if "otherwise" not in outcomes:
        symbols.log.report(problems.no_otherwise(node.name.span, node.name.text))
    if may_be_unknown and "unsure" not in outcomes and "otherwise" in outcomes:
        rule = may_be_unknown[0]
        assert rule.span is not None
        symbols.log.report(
            problems.no_unsure(rule.span, rule.segment, why_unknown(rule.condition, symbols))
        )
    entries = [rule for rule in rules if not rule.by]
    if not may_be_unknown and "unsure" in outcomes and len(entries) == len(node.segments):
        closer = next(closer for closer in node.closers if closer.word == "unsure")
        symbols.log.report(problems.never_unsure(closer.span))


def _check_labels(node: s.SegmentsOf, symbols: Symbols) -> None:
    """A segment that is named at several places has one label."""
    first = {each.name.text: each.label for each in reversed(node.segments) if each.label}
    for each in node.closers:
        if each.label is None:
            continue
        held = first.setdefault(each.name.text, each.label)
        if held.value != each.label.value:
            labels = each.label.value, held.span, held.value
            symbols.log.report(problems.two_labels(each.label.span, each.name.text, *labels))


def _ladder(node: s.SegmentsOf, symbols: Symbols) -> tuple[str, ...]:
    """Segments from the lowest to the highest, each of the set and each once."""
    names: list[str] = []
    known = symbols.outlines[node.name.text].segments
    for each in node.ladder:
        if each.text in names:
            symbols.log.report(problems.twice(each.span, "step of the ladder", each.text))
        elif each.text not in known and each.text not in symbols.doubtful:
            near = nearest(each.text, known)
            symbols.log.report(problems.unknown_segment(each.span, each.text, node.name.text, near))
        else:
            names.append(each.text)
    return tuple(names)


def _rules(node: s.SegmentsOf, governed: Governed, scope: Scope) -> list[ir.Rule]:
    """Each segment's rule, and behind it the one that holds those who were in it."""
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
        label = each.label.value if each.label else ""
        test = condition(each.when, scope)
        if is_unclear(test):
            continue
        written = spelling.expression(each.when)
        entry = governed.allowed(name, test, scope)
        rules.append(ir.Rule(name, label, entry, "", written, each.name.span))
        held = tolerance.held(each, node.name.text, scope)
        if held is not None:
            stays = governed.allowed(name, held, scope)
            rules.append(ir.Rule(name, label, stays, "stay", _spell_holds(each), each.name.span))
    return rules


def _spell_holds(node: s.SegmentOf) -> str:
    return " ".join(hold.span.text for hold in node.holds)


def _tolerances(node: s.SegmentsOf, scope: Scope) -> Iterator[ir.Tolerance]:
    for each in node.segments:
        if each.holds:
            made = tolerance.tolerance(each, node.name.text, scope)
            if made is not None:
                yield made


def _outcomes(node: s.SegmentsOf, symbols: Symbols) -> dict[str, ir.Outcome]:
    found: dict[str, ir.Outcome] = {}
    names = {each.name.text for each in node.segments}
    for closer in node.closers:
        if closer.word in found:
            symbols.log.report(problems.twice(closer.span, "closing line", closer.word))
        label = closer.label.value if closer.label else ""
        found[closer.word] = ir.Outcome(closer.name.text, label)
        if closer.name.text == ir.SUPPRESSED:
            symbols.log.report(problems.segment_name_taken(closer.name.span, closer.name.text))
        if closer.word == "unsure" and closer.name.text in names:
            symbols.log.report(problems.unsure_is_a_rule(closer.name.span, closer.name.text))
    return found


def check_output_names(symbols: Symbols) -> None:
    """Sets, flags and outputs of grids are columns of an assignment, with names of their own."""
    before: list[ir.SegmentSet] = []
    for made in symbols.sets.values():
        taken = {column.name for column in symbols.tables[made.table].columns}
        for other in before:
            if other.table == made.table:
                taken |= set(other.outputs.values())
        before.append(made)
        for each in symbols.features.values():
            if each.table == made.table and each.kind in ("flag", "grid"):
                taken.add(each.name)
        for column in made.outputs.values():
            if column in taken and made.span:
                symbols.log.report(problems.twice(made.span, "column of the assignment", column))


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
    found = symbols.known_set(name.text)
    if found is None and name.text not in symbols.doubtful:
        symbols.log.report(
            problems.unknown_set(name.span, name.text, nearest(name.text, symbols.sets))
        )
    return found


def _conditions(
    node: s.ConditionsOf, found: ir.SegmentSet, symbols: Symbols
) -> ir.Conditions | None:
    departments, head, *body = _headed(node)
    columns = tuple(cell_text(cell) for cell in head.cells[1:])
    if cell_text(head.cells[0]) != "segment":
        symbols.log.report(problems.first_column_is_segment(head.cells[0].span))
    if departments is not None and len(departments.cells) != len(head.cells):
        symbols.log.report(
            problems.ragged_row(departments.span, len(departments.cells), len(head.cells))
        )
    rows, rest = _condition_rows(body, len(head.cells), found, symbols)
    # for those kept out of the set nothing is done, unless a row says so
    rows.setdefault(ir.SUPPRESSED, ("none",) * len(columns))
    lacking = [segment for segment in found.segments if segment not in rows]
    unread = symbols.in_part(node.span) or symbols.doubtful & set(lacking)
    if lacking and rest is None and not unread:
        symbols.log.report(problems.conditions_lack(node.of.span, found.name, lacking))
        return None
    filled = tuple((segment, rows.get(segment) or rest or ()) for segment in found.segments)
    named = [cell_text(cell) for cell in departments.cells[1:]] if departments else []
    everybody = ("all", "everybody")
    return ir.Conditions(
        found.name, columns, filled, tuple("" if name in everybody else name for name in named)
    )


def _headed(node: s.ConditionsOf) -> tuple[s.Row | None, s.Row, *tuple[s.Row, ...]]:
    """The row that says for whom columns are, if there is one, the heading, and the rest.

    It stands below the heading, or above it.
    """
    first, *others = node.rows
    if others and cell_text(first.cells[0]) == "for":
        return (first, others[0], *others[1:])
    if others and cell_text(others[0].cells[0]) == "for":
        return (others[0], first, *others[1:])
    return (None, first, *others)


def _condition_rows(
    body: list[s.Row], width: int, found: ir.SegmentSet, symbols: Symbols
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...] | None]:
    """What is done for each segment that a row names, and for the rest."""
    rows: dict[str, tuple[str, ...]] = {}
    rest: tuple[str, ...] | None = None
    for row in body:
        if len(row.cells) != width:
            if not symbols.torn(row.span):
                symbols.log.report(problems.ragged_row(row.span, len(row.cells), width))
            continue
        values = tuple(cell_text(cell) for cell in row.cells[1:])
        for segment, span in _row_segments(row.cells[0]):
            if (segment == "rest" and rest is not None) or segment in rows:
                symbols.log.report(problems.twice(span, "row", segment))
            elif segment == "rest":
                rest = values
            elif segment in found.segments:
                rows[segment] = values
            elif segment not in symbols.doubtful:
                near = nearest(segment, found.segments)
                symbols.log.report(problems.unknown_segment(span, segment, found.name, near))
    return rows, rest


def _row_segments(cell: s.Cell) -> list[tuple[str, Span]]:
    """The segments that a row is about: one, or several with commas."""
    values = cell.values if isinstance(cell, s.CellList) else (cell,)
    return [(cell_text(value), value.span) for value in values]


def cell_text(cell: s.Cell) -> str:
    """A cell as it was written."""
    match cell:
        case s.Name(text=text) | s.Quote(value=text):
            return text
        case _:
            return spelling.cell(cell)
