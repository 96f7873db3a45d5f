"""Tolerance: who was in a segment is held in it for a while, against later segments.

Everything is said with what is stored of the assignments before (see `past`): the last segment,
since when, and at how many reviews running the condition to leave has been true. Two runs in one
period of review are one review: what counts is what was stored before the period began, unless a
true entry or a new stay within the period has begun the count anew.

However one came into a segment, one is held in it; but a decision by name has its own last day, and
whom nothing but an override has placed there since the stay began is not held.
"""

from __future__ import annotations

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import windows
from segrules.lang.check.coerce import apply
from segrules.lang.check.expressions import condition
from segrules.lang.check.past import Past, both, sure, whole
from segrules.lang.check.scope import Scope, is_unclear
from segrules.lang.types import Date, Flag, Whole
from segrules.text import problems
from segrules.text.source import Span

REVIEWS = Whole(0, 100_000)


def tolerance(node: s.SegmentOf, of: str, scope: Scope) -> ir.Tolerance | None:
    """How a segment holds those who were in it; None after a complaint."""
    leave = next((hold for hold in node.holds if isinstance(hold, s.Leave)), None)
    stay = next((hold for hold in node.holds if isinstance(hold, s.Stay)), None)
    for hold in node.holds:
        if hold not in (leave, stay):
            scope.log.report(problems.twice(hold.span, "line of tolerance", node.name.text))
    length = windows.length(stay.length, scope.symbols) if stay else None
    if leave is None:
        return ir.Tolerance(node.name.text, None, 1, length, None)
    test = condition(leave.when, scope)
    reviews = leave.reviews.value if leave.reviews else 1
    unit = windows.review_unit(leave, scope.symbols)
    if reviews.denominator != 1 or not 1 <= reviews <= 1_000:
        scope.log.report(problems.count_needed(leave.reviews.span if leave.reviews else leave.span))
        return None
    if is_unclear(test) or unit is None:
        return None
    leaving = _leaving(node.name.text, of, test, unit, scope, leave.span)
    return ir.Tolerance(node.name.text, test, int(reviews), length, leaving)


def held(node: s.SegmentOf, of: str, scope: Scope) -> ir.Expr | None:
    """Whether a row is held in a segment; None where nothing holds it."""
    if not node.holds:
        return None
    found = tolerance(node, of, scope)
    if found is None:
        return None
    span = node.holds[0].span
    past = Past(scope.table, scope.symbols, span)
    was_in = both(
        sure(past.is_segment(past.last(of), found.segment)),
        apply("not", (sure(past.last(f"{of}:decided")),), Flag(), span),
    )
    reasons: list[ir.Expr] = []
    if found.stay is not None:
        reasons.append(both(was_in, sure(_too_soon(past.last(f"{of}:since"), found.stay, span))))
    if found.leaving is not None:
        limit = whole(found.reviews, span)
        reasons.append(both(was_in, apply("lt", (found.leaving, limit), Flag(), span)))
    return reasons[0] if len(reasons) == 1 else apply("or", tuple(reasons), Flag(), span)


def _too_soon(since: ir.Expr, stay: ir.Length, span: Span) -> ir.Expr:
    """as_of < since + length; beyond the last day there is, always."""
    count = ir.Const(stay.count, Whole(stay.count, stay.count), span)
    end = ir.Apply(f"add_{stay.unit}", (since, count), Date(), True, span)
    return apply("lt", (ir.AsOf(span=span), end), Flag(), span)


def _leaving(
    segment: str, of: str, leave: ir.Expr, unit: ir.Unit, scope: Scope, span: Span
) -> ir.Expr:  # fmt: skip
    """At how many reviews running the condition has been true, this one included.

    A review at which it is unknown neither counts nor breaks the row. Nothing counts from before
    the latest true entry, or before the present stay.
    """
    past = Past(scope.table, scope.symbols, span)
    earlier = ir.Until(None, ir.Period(unit))
    stayed = sure(past.is_segment(past.last(of, earlier), segment))
    stored = past.last(f"{of}:leaving", earlier)
    none = whole(0, span)
    known = ir.Apply("if_missing", (stored, none), REVIEWS, False, span)
    stayed = both(stayed, *_not_anew(segment, of, unit, past))
    before = ir.Choose(((stayed, known),), none, REVIEWS, False, span)
    one_more = apply("add", (before, whole(1, span)), Whole(1, REVIEWS.high + 1), span)
    unknown = ir.Apply("is_missing", (leave,), Flag(), False, span)
    cases = ((sure(leave), one_more), (unknown, before))
    return ir.Choose(cases, none, Whole(0, REVIEWS.high + 1), False, span)


def _not_anew(segment: str, of: str, unit: ir.Unit, past: Past) -> tuple[ir.Expr, ir.Expr]:
    """That neither a true entry nor a new stay began in the period of review, before this run."""
    period = ir.Calendar(ir.Period(unit), previous=False)
    truly = past.is_segment(past.column(f"{of}_by"), segment)
    begun = both(past.column(f"{of}:entered"), past.is_segment(past.column(of), segment))
    return (
        apply("not", (past.any(truly, period),), Flag(), past.span),
        apply("not", (past.any(begun, period),), Flag(), past.span),
    )
