"""Values of cells as they are written in rules."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from segrules.lang.cells.domains import Listed, Ordered, Subject
from segrules.lang.cells.regions import range_of
from segrules.lang.ir import Aggregate, Column, Placed, Use, Value, history_of
from segrules.lang.types import Enum, Money, Share, Type, decimals, form


def name_of(subject: Subject) -> str | None:
    """What is looked at, as it was written; None where what was written says more than that."""
    match subject.expr:
        case Column(name=name) | Use(name=name) | Placed(set=name):
            return name
        case Aggregate(rows=rows) if rows.table.startswith(history_of("")):
            return None
        case expr:
            return " ".join(expr.span.text.split()) if expr.span else None


def sample(subject: Subject, cell: int) -> str | None:
    """A value in a cell, as it is written; None where there is no telling one."""
    domain = subject.domain
    if cell == domain.size - 1:
        return "missing"
    if isinstance(domain, Listed):
        value = domain.values[cell] if cell < len(domain.values) else _another(subject, domain)
        return None if value is None else spelled(value, subject.expr.type)
    if not domain.cuts:
        return "known"
    return spelled(_inside(subject, domain, cell), subject.expr.type)


def span_of(subject: Subject, mask: int) -> str | None:
    """The values of neighbouring cells, such as `from 31 up to 90`; None for others."""
    domain, kind = subject.domain, subject.expr.type
    cells = [cell for cell in range(domain.size) if mask >> cell & 1]
    if isinstance(domain, Listed) or domain.size - 1 in cells:
        samples = [sample(subject, cell) for cell in cells]
        return None if None in samples else " or ".join(each for each in samples if each)
    first, last = cells[0], cells[-1]
    if last - first != len(cells) - 1:
        return None
    words = [f"from {spelled(cut, kind)}" for cut in domain.cuts[first - 1 : first] if first]
    words += [_end(cut, kind) for cut in domain.cuts[last : last + 1]]
    return " ".join(words)


def _end(cut: Value, kind: Type) -> str:
    """The end of a span before a cut: with the last value where one can be told."""
    match cut:
        case int():
            return f"up to {spelled(cut - 1, kind)}"
        case dt.date() if not isinstance(cut, dt.datetime) and cut > dt.date.min:
            return f"up to {spelled(cut - dt.timedelta(days=1), kind)}"
        case _:
            return f"below {spelled(cut, kind)}"


def spelled(value: Value, kind: Type) -> str:
    """A value as it is written."""
    match value:
        case bool():
            return "yes" if value else "no"
        case dt.datetime():
            return value.date().isoformat()
        case dt.date():
            return value.isoformat()
        case int() | float() if isinstance(kind, Money):
            places = decimals(kind.currency)
            return f"{Decimal(round(value)).scaleb(-places):,.{places}f}".replace(",", "_")
        case float() if isinstance(kind, Share):
            return f"{value * 100:g}%"
        case float():
            return f"{value:g}"
        case str() if form(kind) == "text":
            return f'"{value}"'
        case _:
            return str(value)


def _another(subject: Subject, domain: Listed) -> Value:
    kind = subject.expr.type
    if isinstance(kind, Enum):
        return next((each for each in kind.values if each not in domain.values), None)
    return None


def _inside(subject: Subject, domain: Ordered, cell: int) -> Value:
    """A value between the cuts, and within the range of the type where it has one."""
    if cell == 0:
        return _before(domain.cuts[0], subject)
    cut, after = domain.cuts[cell - 1], domain.cuts[cell : cell + 1]
    if not isinstance(cut, float):
        return cut
    # a cut may be the double next to a value that rules name
    _, high = range_of(subject)
    ends = [each for each in (*after, high) if isinstance(each, int | float)]
    return cut / 2 + min(ends) / 2 if ends else cut + 1


def _before(cut: Value, subject: Subject) -> Value:
    low, _ = range_of(subject)
    match cut:
        case int():
            return cut - 1
        case float():
            return cut - 1 if low is None else max(low, cut - 1)
        case dt.datetime() | dt.date():
            return cut - dt.timedelta(days=1) if cut.year > 1 else cut
        case _:
            return cut
