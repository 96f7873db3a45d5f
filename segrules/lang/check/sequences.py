"""`first visits then quotes within 14 days but no contracts`."""

from __future__ import annotations

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import windows
from segrules.lang.check.related import Elaborate, rows
from segrules.lang.check.scope import Scope, is_unclear, unclear
from segrules.text import problems


def sequence(node: s.SequenceOf, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """The steps as meant; each is of rows with a date."""
    first = _rows(node.first, scope, elaborate)
    steps: list[ir.Step | None] = []
    before = first
    for each in node.then:
        made = _step(each, before, scope, elaborate)
        steps.append(made)
        before = made.rows if made else None
    but_no = _step(node.but_no, before, scope, elaborate) if node.but_no else None
    if not node.then and node.but_no is None:
        scope.log.report(problems.sequence_of_one(node.span, node.first.table.text))
        return unclear(node.span)
    then = tuple(step for step in steps if step is not None)
    if first is None or len(then) < len(steps) or (but_no is None) != (node.but_no is None):
        return unclear(node.span)
    optional = but_no is not None and but_no.within is not None
    return ir.Sequence(first, then, but_no, optional, span=node.span)


def _step(
    written: s.Step, before: ir.Rows | None, scope: Scope, elaborate: Elaborate
) -> ir.Step | None:
    found = _rows(written.rows, scope, elaborate)
    if found is None:
        return None
    within = windows.length(written.within, scope.symbols) if written.within else None
    # a row does not follow itself; rows of other tables may be of the same moment
    return ir.Step(found, within, later=before is not None and before.table == found.table)


def _rows(written: s.RowsOf, scope: Scope, elaborate: Elaborate) -> ir.Rows | None:
    made = rows(written, scope, elaborate)
    if made is None:
        return None
    found, inner = made
    if inner.table.dated is None:
        scope.log.report(problems.window_needs_date(written.span, inner.table.name))
        return None
    unsound = [part for part in (found.where, found.among) if part is not None]
    return None if is_unclear(*unsound) else found
