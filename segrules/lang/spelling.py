"""Expressions, quantities and cells of Syntax back to text, on one line."""

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
        case s.CellList(values=values):
            return ", ".join(cell(value) for value in values)
        case s.CellRange(low=low, high=high):
            return f"{cell(low) if low else ''}..{cell(high) if high else ''}"
        case s.CellCompared(sign=sign, value=value):
            return f"{sign} {cell(value)}"
        case _:
            return quantity(node)


def expression(node: s.Expression) -> str:
    """The expression on one line; brackets stand where they were written."""
    match node:
        case s.Name() | s.Number() | s.Percent() | s.LengthOf():
            return quantity(node)
        case s.Quote() | s.DateOf():
            return cell(node)
        case s.Path():
            return names(node.names, ".")
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
            return f"{word}({_listed(values)})"
        case s.AggregateOf():
            return _aggregate(node)
        case s.StatisticOf():
            return _statistic(node)
        case s.AsAt(value=value, moment=moment):
            return f"{expression(value)} as at {_moment(moment)}"
        case _:
            return _time(node)


def _time(node: s.Expression) -> str:
    match node:
        case s.DaysSince(value=value):
            return f"days since {expression(value)}"
        case s.DaysSinceRows(word=word, rows=rows):
            return f"days since {word} {_rows(rows)}"
        case s.DaysUntil(value=value):
            return f"days until next anniversary of {expression(value)}"
        case s.Completed(unit=unit, start=start, end=end):
            return f"completed {unit}s from {expression(start)} to {expression(end)}"
        case s.TimeIn(segment=segment, of=of):
            return f"time in {name(segment)} of {name(of)}"
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
            return f"{expression(value)} {'not in' if negated else 'in'} [{_listed(members)}]"
        case s.Missingness(value=value, known=known):
            return f"{expression(value)} is {'known' if known else 'missing'}"
        case s.TextTest(word=word, value=value, text=text):
            return f"{expression(value)} {word} {quote(text)}"
        case s.SetTest(value=value, word=word, members=members):
            return f"{expression(value)} has {word} of [{_listed(members)}]"
        case s.Was() | s.Changed() | s.Moved():
            return _past(node)
        case _:
            return _population_test(node)


def _population_test(node: s.Expression) -> str:
    match node:
        case s.Ranked(top=top, quota=quota, population=among, by=by):
            rank = f"in {'top' if top else 'bottom'} {quantity(quota)}"
            return f"{rank}{_among(among)} by {expression(by)}"
        case s.Largest(population=among, quota=quota, by=by):
            return f"in largest{_among(among)} making {quantity(quota)} of {expression(by)}"
        case s.Quantified(word=word, count=count, rows=rows, same=same):
            number = f" {quantity(count)}" if count is not None else ""
            return f"{word}{number} {_rows(rows, same)}"
        case s.Every(rows=rows, have=have):
            return f"every {_rows(rows)} have {expression(have)}"
        case s.SequenceOf(first=first, then=then, but_no=but_no):
            steps = [f"first {_rows(first)}", *(f"then {_step(step)}" for step in then)]
            return " ".join([*steps, f"but no {_step(but_no)}"] if but_no else steps)
    raise AssertionError(f"no spelling is given for {type(node).__name__}")


def _listed(nodes: tuple[s.Expression, ...]) -> str:
    return ", ".join(expression(node) for node in nodes)


# ---- the past


def _past(node: s.Was | s.Changed | s.Moved) -> str:
    value = expression(node.value)
    match node:
        case s.Was(segment=segment, moment=moment):
            return f"{value} was {name(segment)} {_moment_asked(moment)}"
        case s.Changed(word=word, segment=segment, window=window):
            return f"{value} {word} {name(segment)}{_window(window)}"
        case s.Moved(word=word, steps=steps, since=since):
            least = f" at least {quantity(steps)}" if steps else ""
            return f"{value} moved {word}{least} since {_moment(since)}"


def _moment_asked(node: s.Moment | None) -> str:
    if node is None:
        return "ever"
    return _moment(node) if node.ago else f"at {_moment(node)}"


def _moment(node: s.Moment) -> str:
    if node.ago:
        return f"{quantity(node.ago)} ago"
    return (
        f"end of previous {_period(node.end_of_previous)}"
        if node.end_of_previous
        else ("last review")
    )


def _period(node: s.Period) -> str:
    return f"fiscal {node.unit}" if node.fiscal else node.unit


# ---- rows and populations


def _aggregate(node: s.AggregateOf) -> str:
    if node.value is None:
        return f"count {_rows(node.rows)}"
    how = "count distinct" if node.how == "count_distinct" else node.how.replace("_", " ")
    return f"{how} {_aggregated(node.value)} of {_rows(node.rows)}"


def _aggregated(node: s.Expression) -> str:
    return name(node) if isinstance(node, s.Name) else f"({expression(node)})"


def _statistic(node: s.StatisticOf) -> str:
    value = f" {_aggregated(node.value)}" if node.value is not None else ""
    how = {"rank": "rank of", "share_of_total": "share of total"}.get(node.how) or (
        f"quantile {quantity(node.quantile)} of" if node.quantile else node.how.replace("_", " ")
    )
    return f"{how}{value}{_among(node.population)}"


def _among(node: s.Population | None) -> str:
    """A population with a space before it; nothing for none."""
    if node is None:
        return ""
    table = f" of all {name(node.table)}" if node.table else ""
    same = f" with same {names(node.same, ' and same ')}" if node.same else ""
    among = f" among ({expression(node.among)})" if node.among else ""
    return f"{table}{same}{among}"


def _step(node: s.Step) -> str:
    within = f" within {quantity(node.within)}" if node.within else ""
    return f"{_rows(node.rows)}{within}"


def _rows(node: s.RowsOf, same: s.Name | None = None) -> str:
    alike = f" with same {name(same)}" if same else ""
    where = f" where ({expression(node.where)})" if node.where else ""
    return f"{name(node.table)}{_window(node.window)}{alike}{where}"


def _window(node: s.WindowOf | None) -> str:
    """A window with a space before it; nothing for none."""
    match node:
        case None:
            return ""
        case s.InLastOf(length=None):
            return f" in last {node.span.text.split()[-1]}"
        case s.InLastOf(length=s.LengthOf() | s.Name() as length):
            return f" in last {quantity(length)}"
        case s.LastRowsOf(count=count):
            return f" in last {quantity(count)} {'row' if count.value == 1 else 'rows'}"
        case s.InNextOf(length=length):
            return f" in next {quantity(length)}"
        case s.CalendarOf(word=word, period=period):
            return f" in {word} {_period(period)}"
        case s.AgoOf(start=start, end=end):
            return f" from {start.count} to {end.count} {end.unit}s ago"
        case s.FromTo(first=first, last=last):
            return f" from {first.value.isoformat()} to {last.value.isoformat()}"
    raise AssertionError(f"no spelling is given for {type(node).__name__}")
