"""Expressions and quantities of Syntax back to text, on one line."""

from __future__ import annotations

from segrules.lang import syntax as s


def quantity(node: s.Quantity | s.Name) -> str:
    match node:
        case s.Number(written=written) | s.Percent(written=written):
            return written
        case s.LengthOf(count=count, unit=unit):
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
        case s.Name():
            return name(node)


def name(node: s.Name) -> str:
    return f"`{node.text}`" if node.quoted else node.text


def names(nodes: tuple[s.Name, ...], between: str = ", ") -> str:
    return between.join(name(node) for node in nodes)


def quote(node: s.Quote) -> str:
    return f'"{node.value}"'


def cell(node: s.Cell) -> str:
    match node:
        case s.Quote():
            return quote(node)
        case s.DateOf(value=value):
            return value.isoformat()
        case _:
            return quantity(node)


def expression(node: s.Expression) -> str:
    """The expression on one line; brackets stand where they were written."""
    match node:
        case s.Name() | s.Number() | s.Percent() | s.LengthOf():
            return quantity(node)
        case s.Quote() | s.DateOf():
            return cell(node)
        case s.Group(inner=inner):
            return f"({expression(inner)})"
        case s.Arithmetic(first=first, rest=rest):
            parts = [expression(first)]
            parts.extend(f"{sign} {expression(part)}" for sign, part in rest)
            return " ".join(parts)
        case s.Signed(sign=sign, value=value):
            return f"{sign}{expression(value)}"
        case s.Fallback(value=value, use=use):
            return f"{expression(value)} if missing use {expression(use)}"
        case s.PercentOf(percent=percent, value=value):
            return f"{percent.written} of {expression(value)}"
        case s.Extreme(word=word, values=values):
            return f"{word}({', '.join(expression(value) for value in values)})"
        case s.AggregateOf():
            return _aggregate(node)
        case s.DaysSince(value=value):
            return f"days since {expression(value)}"
        case s.DaysSinceRows(word=word, rows=rows):
            return f"days since {word} {_rows(rows)}"
        case s.Completed(unit=unit, start=start, end=end):
            return f"completed {unit}s from {expression(start)} to {expression(end)}"
        case _:
            return _test(node)


def _test(node: s.Expression) -> str:
    match node:
        case s.Chain(word=word, parts=parts):
            return f" {word} ".join(expression(part) for part in parts)
        case s.Negated(part=part):
            return f"not {expression(part)}"
        case s.Compare(sign=sign, left=left, right=right):
            return f"{expression(left)} {sign} {expression(right)}"
        case s.BetweenOf(value=value, low=low, high=high):
            return f"{expression(value)} between {expression(low)} and {expression(high)}"
        case s.Member(value=value, members=members, negated=negated):
            listed = ", ".join(expression(member) for member in members)
            return f"{expression(value)} {'not in' if negated else 'in'} [{listed}]"
        case s.Missingness(value=value, known=known):
            return f"{expression(value)} is {'known' if known else 'missing'}"
        case s.TextTest(word=word, value=value, text=text):
            return f"{expression(value)} {word} {quote(text)}"
        case s.Ranked(top=top, quota=quota, by=by):
            return f"in {'top' if top else 'bottom'} {quantity(quota)} by {expression(by)}"
        case s.Quantified(word=word, count=count, rows=rows):
            number = f" {quantity(count)}" if count is not None else ""
            return f"{word}{number} {_rows(rows)}"
    raise AssertionError(f"no spelling is given for {type(node).__name__}")


def _aggregate(node: s.AggregateOf) -> str:
    if node.value is None:
        return f"count {_rows(node.rows)}"
    value = expression(node.value)
    if not isinstance(node.value, s.Name):
        value = f"({value})"
    how = "count distinct" if node.how == "count_distinct" else node.how.replace("_", " ")
    return f"{how} {value} of {_rows(node.rows)}"


def _rows(node: s.RowsOf) -> str:
    window = f" {_window(node.window)}" if node.window else ""
    where = f" where ({expression(node.where)})" if node.where else ""
    return f"{name(node.table)}{window}{where}"


def _window(node: s.WindowOf) -> str:
    match node:
        case s.InLastOf(length=None):
            return node.span.text
        case s.InLastOf(length=s.LengthOf() | s.Name() as length):
            return f"in last {quantity(length)}"
        case s.AgoOf(start=start, end=end):
            return f"from {start.count} to {end.count} {end.unit}s ago"
        case s.FromTo(first=first, last=last):
            return f"from {first.value.isoformat()} to {last.value.isoformat()}"
    raise AssertionError(f"no spelling is given for {type(node).__name__}")
