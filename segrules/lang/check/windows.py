"""Windows of time and moments in the past."""

from __future__ import annotations

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.scope import Scope, Symbols, nearest
from segrules.text import problems

MONTHS = {"month": 1, "quarter": 3, "year": 12}
MAX_LENGTH = 400 * 366
"""Days (or months) beyond which a length of time is a slip of the pen."""


def length(written: s.LengthOf, symbols: Symbols) -> ir.Length:
    """Days or months: weeks are seven days, quarters and years are months."""
    count = written.count
    if not 0 < count <= MAX_LENGTH:
        symbols.log.report(problems.length_out_of_range(written.span))
        count = 1
    if written.unit in MONTHS:
        return ir.Length(count * MONTHS[written.unit], "months")
    return ir.Length(count * (7 if written.unit == "week" else 1), "days")


def window(written: s.WindowOf, table: ir.Table, scope: Scope) -> ir.Window | None:
    """The window over the rows of a table; None after a complaint."""
    symbols = scope.symbols
    if table.dated is None:
        scope.log.report(problems.window_needs_date(written.span, table.name))
        return None
    match written:
        case s.InLastOf(length=None):
            scope.log.report(problems.window_bare_unit(written.span))
            return None
        case s.InLastOf(length=s.Name() | s.LengthOf() as said):
            known = _length(said, scope)
            return ir.InLast(known) if known else None
        case s.InNextOf(length=said):
            known = _length(said, scope)
            return ir.InNext(known) if known else None
        case s.LastRowsOf(count=count):
            return _last_rows(count, scope)
        case s.CalendarOf(word=word, period=said_period):
            found = period(said_period, symbols)
            return ir.Calendar(found, word == "previous") if found else None
        case s.AgoOf(start=start, end=end):
            if start.count <= end.count:
                scope.log.report(problems.window_backwards(written.span))
                return None
            return ir.Ago(length(start, symbols), length(end, symbols))
        case s.FromTo(first=first, last=last):
            if first.value > last.value:
                scope.log.report(problems.window_backwards(written.span))
            return ir.Between(first.value, last.value)
    raise AssertionError(f"no meaning is given to {type(written).__name__}")


def _length(said: s.LengthOf | s.Name, scope: Scope) -> ir.Length | None:
    if isinstance(said, s.LengthOf):
        return length(said, scope.symbols)
    knob = scope.symbols.knobs.get(said.text)
    if knob is not None and isinstance(knob.value, ir.Length):
        return knob.value
    if not scope.doubts(said.text):
        lengths = [
            known.name
            for known in scope.symbols.knobs.values()
            if isinstance(known.value, ir.Length)
        ]
        scope.log.report(problems.unknown_length(said.span, said.text, nearest(said.text, lengths)))
    return None


def _last_rows(count: s.Number, scope: Scope) -> ir.Window | None:
    if count.value.denominator == 1 and 0 < count.value <= MAX_LENGTH:
        return ir.LastRows(int(count.value))
    if count.value > MAX_LENGTH:
        # what is no count at all was complained about when it was read
        scope.log.report(problems.count_needed(count.span))
    return None


def period(written: s.Period, symbols: Symbols) -> ir.Period | None:
    """A period of the calendar; a fiscal one needs to know where the year starts."""
    if not written.fiscal:
        return ir.Period(written.unit)
    if symbols.fiscal is None:
        if not symbols.doubtful:
            symbols.log.report(problems.no_fiscal_year(written.span))
        return None
    return ir.Period(written.unit, symbols.fiscal)


def until(moment: s.Moment, symbols: Symbols) -> ir.Until | None:
    """Everything up to a moment in the past; None after a complaint."""
    if moment.ago is not None:
        return ir.Until(length(moment.ago, symbols), None)
    if moment.end_of_previous is not None:
        found = period(moment.end_of_previous, symbols)
        return ir.Until(None, found) if found else None
    review = review_unit(moment, symbols)
    return ir.Until(None, ir.Period(review)) if review else None


def review_unit(place: s.Moment | s.Leave, symbols: Symbols) -> ir.Unit | None:
    """How often the ruleset is reviewed; a complaint where it does not say."""
    if symbols.review is None and not symbols.doubtful:
        symbols.log.report(problems.no_reviews(place.span))
    return symbols.review
