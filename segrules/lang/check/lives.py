"""Lives of customers, who buy again and change, and lines in which they wait."""

from __future__ import annotations

from typing import Literal

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import figures
from segrules.lang.check.agents import HOURS, named_pools, number, once, shifts
from segrules.lang.check.expressions import condition
from segrules.lang.check.figures import AMOUNT, CHANGE, COUNT, NUMBER, SHARE, SIGNED_AMOUNT, Kind
from segrules.lang.check.funnels import costs, money
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.check.segments import main_table
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Share,
    Type,
    Unclear,
    Whole,
    spell,
)
from segrules.text import problems

_NEEDED: dict[str, tuple[type, ...]] = {"sale_day": (Date, Instant), "switches": (Enum, Flag)}
_NUMBERS = (Whole, Number, Share, Money)
_SAYS = {
    "sale_day": "a date or an instant",
    "switches": "a flag or one of declared values",
}


def taken(name: s.Name, symbols: Symbols) -> bool:
    """Whether a funnel, a life or a line has the name already; it is complained about."""
    if name.text not in {*symbols.funnels, *symbols.lives, *symbols.lines}:
        return False
    symbols.log.report(problems.twice(name.span, "funnel, life or line", name.text))
    symbols.doubtful |= {name.text}
    return True


def lives(file: s.File, symbols: Symbols) -> None:
    """Every life."""
    for node in file.declarations:
        if isinstance(node, s.LifeOf) and not taken(node.name, symbols):
            table = main_table(node.table, symbols)
            found = _life(node, table, symbols) if table is not None else None
            if found is None:
                symbols.doubtful |= {node.name.text}
            else:
                symbols.lives[node.name.text] = found


def _life(node: s.LifeOf, table: ir.Table, symbols: Symbols) -> ir.Life | None:
    sales = [part for part in node.parts if isinstance(part, s.SalesOf)]
    for extra in sales[1:]:
        symbols.log.report(problems.twice(extra.span, "line of the life", "sales"))
    changes = _changes(node, table, symbols)
    parts = once(
        [part for part in node.parts if isinstance(part, s.PartOf)], "line of the life", symbols
    )
    if not sales:
        symbols.log.report(problems.life_without_sales(node.name.span, node.name.text))
        return None
    sold = _sold(sales[0].table, table, symbols)
    if sold is None:
        return None
    scope = Scope(symbols, sold, outcomes=True)
    value = money(sales[0].value, scope)
    spent = costs([(each.name, each.amount) for each in sales[0].costs], scope)
    if value is None:
        return None
    return ir.Life(
        node.name.text, table.name, sold.name, value, spent, changes,
        _spread(parts.get("keeping"), AMOUNT, table, symbols),
        _spread(parts.get("leaving"), SHARE, table, symbols),
        node.name.span,
    )  # fmt: skip


def _sold(name: s.Name, table: ir.Table, symbols: Symbols) -> ir.Table | None:
    """The dated table of sales, whose rows belong to rows of the table."""
    sold = symbols.tables.get(name.text)
    if sold is None:
        if name.text not in symbols.doubtful:
            near = nearest(name.text, symbols.tables)
            symbols.log.report(problems.unknown_table(name.span, name.text, near))
        return None
    if sold.dated is None or sold.joined_by(table.name) is None:
        symbols.log.report(problems.no_sales_of(name.span, name.text, table.name))
        return None
    return sold


def _spread(
    part: s.PartOf | s.HoursOf | None, kind: Kind, table: ir.Table, symbols: Symbols
) -> ir.ByName:
    if not isinstance(part, s.PartOf):
        return ()
    return figures.by_segment(part.figures, part.word, kind, symbols, [table.name])


# ---- how columns go on


def _changes(node: s.LifeOf, table: ir.Table, symbols: Symbols) -> tuple[ir.Evolution, ...]:
    made: dict[str, ir.Evolution] = {}
    for part in node.parts:
        if isinstance(part, s.ChangeOf):
            name = part.column.text
            if name in made:
                symbols.log.report(problems.twice(part.column.span, "column", name))
                continue
            made[name] = _change(part, table, symbols)
    return tuple(made.values())


def _change(node: s.ChangeOf, table: ir.Table, symbols: Symbols) -> ir.Evolution:
    kind = column_type(node.column, table, symbols)
    needed = _NEEDED.get(node.way, _NUMBERS)
    if not isinstance(kind, (*needed, Unclear)):
        says = _SAYS.get(node.way, "a number or an amount")
        symbols.log.report(problems.change_of_kind(node.column.span, spell(kind), says))
    relative = node.way == "drifts" and _relative(node, symbols)
    by = _moved_by(node.way, kind, relative=relative)
    word = node.way.replace("_", " ")
    amounts = [
        figures.by_segment(found, word, of, symbols, [table.name])
        for found, of in ((node.by, by), (node.more, SHARE if node.way == "steps" else by))
    ]
    return ir.Evolution(
        node.column.text,
        node.way,
        amounts[0],
        amounts[1] if node.way == "drifts" else (),
        amounts[1] if node.way == "steps" else (),
        figures.stated(node.keep, "keep", SHARE, symbols) if node.keep is not None else 1.0,
        relative,
        node.span,
    )


def _moved_by(way: str, kind: Type, *, relative: bool) -> Kind:
    """Of what kind the figure behind `by` is: money moves by money."""
    if relative or isinstance(kind, Share):
        return CHANGE
    if isinstance(kind, Money) and way in ("grows", "drifts", "steps"):
        return SIGNED_AMOUNT
    return NUMBER


def _relative(node: s.ChangeOf, symbols: Symbols) -> bool:
    """Whether a drift is a share of the value; not some of it, and some not."""
    written = [each.value for each in (*node.by, *node.more)]
    counted = [each for each in written if not (isinstance(each, s.Number) and each.value == 0)]
    found = [figures.is_percent(each, symbols) for each in counted]
    if len(set(found)) > 1:
        symbols.log.report(problems.drift_of_two_kinds(node.span, node.column.text))
    return any(found)


def column_type(name: s.Name, table: ir.Table, symbols: Symbols) -> Type:
    """The type of a column or a named value of a table; unclear after a complaint."""
    column = table.column(name.text)
    if column is not None:
        return column.type
    feature = symbols.features.get(name.text)
    if feature is not None and feature.table == table.name:
        return feature.type
    if name.text not in symbols.doubtful:
        known = [each.name for each in table.columns]
        known += [each.name for each in symbols.features.values() if each.table == table.name]
        near = nearest(name.text, known)
        symbols.log.report(problems.unknown_column(name.span, name.text, table.name, near))
    return Unclear()


# ---- lines


def lines(file: s.File, symbols: Symbols) -> None:
    """Every line."""
    for node in file.declarations:
        if isinstance(node, s.LineOf) and not taken(node.name, symbols):
            found = _line(node, symbols)
            if found is None:
                symbols.doubtful |= {node.name.text}
            else:
                symbols.lines[node.name.text] = found


def _line(node: s.LineOf, symbols: Symbols) -> ir.Line | None:
    table = _waiting(node.table, symbols)
    parts = once(node.parts, "line of the block", symbols)
    if table is None:
        return None
    scope = Scope(symbols, table, outcomes=True)
    lacking = [word for word in ("arrives", "handling") if word not in parts]
    if lacking:
        symbols.log.report(problems.line_incomplete(node.name.span, node.name.text, lacking))
        return None
    arrives = _arrives(parts["arrives"], table, symbols)
    handling = _number(parts.get("handling"), scope)
    waited = _number(parts.get("waited"), scope)
    where = condition(node.where, scope) if node.where is not None else None
    opens, closes = _open(parts.get("open"), symbols)
    pools = named_pools(parts.get("pools"), symbols)
    if handling is None:
        return None
    given_up = _given_up(parts.get("abandoned"), scope)
    target = parts.get("target")
    tables = served_tables(table)
    return ir.Line(
        node.name.text, table.name, arrives, handling, waited, given_up, opens, closes, pools,
        figures.by_segment(target.figures, "target", COUNT, symbols, tables)
        if isinstance(target, s.PartOf)
        else (),
        where,
        node.name.span,
    )  # fmt: skip


def served_tables(table: ir.Table) -> tuple[str, ...]:
    """The tables whose rows the rows of one belong to, and the table itself."""
    parents = (table.of,) if table.of is not None else ()
    return tuple(dict.fromkeys((table.name, *parents, *table.links.values())))


def _waiting(name: s.Name, symbols: Symbols) -> ir.Table | None:
    """The dated table of contacts."""
    table = symbols.tables.get(name.text)
    if table is None:
        if name.text not in symbols.doubtful:
            near = nearest(name.text, symbols.tables)
            symbols.log.report(problems.unknown_table(name.span, name.text, near))
        return None
    if table.dated is None:
        symbols.log.report(problems.line_needs_dates(name.span, name.text))
        return None
    return table


def _arrives(part: s.PartOf | s.HoursOf, table: ir.Table, symbols: Symbols) -> str:
    assert isinstance(part, s.PartOf)
    name = part.names[0]
    column = table.column(name.text)
    if column is None:
        if name.text not in symbols.doubtful:
            near = nearest(name.text, [each.name for each in table.columns])
            symbols.log.report(problems.unknown_column(name.span, name.text, table.name, near))
    elif not isinstance(column.type, Instant):
        symbols.log.report(problems.instant_needed(name.span, name.text, spell(column.type)))
    return name.text


def _number(part: s.PartOf | s.HoursOf | None, scope: Scope) -> ir.Expr | None:
    if not isinstance(part, s.PartOf) or part.value is None:
        return None
    return number(part.value, scope)


def _given_up(part: s.PartOf | s.HoursOf | None, scope: Scope) -> ir.Expr | None:
    if not isinstance(part, s.PartOf) or part.value is None:
        return None
    found = condition(part.value, scope)
    return None if is_unclear(found) else found


def _open(part: s.PartOf | s.HoursOf | None, symbols: Symbols) -> tuple[float, float]:
    """The hours of the day; all of them where none are said."""
    if not isinstance(part, s.HoursOf):
        return 0.0, HOURS
    (shift,) = shifts(part, symbols)
    return shift.start, shift.stop


def about(name: str, symbols: Symbols) -> Literal["funnel", "life", "line"] | None:
    """What a project with this name is about."""
    if name in symbols.funnels:
        return "funnel"
    if name in symbols.lives:
        return "life"
    return "line" if name in symbols.lines else None
