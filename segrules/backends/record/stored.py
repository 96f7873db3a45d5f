"""What rules ask of earlier assignments, as names and definitions for those who are to pass it.

No rule can write the table of the past: a sentence of a rule asks several things of it, so what is
asked is put into words here.
"""

from __future__ import annotations

from collections.abc import Iterator

from segrules.lang.ir import (
    Aggregate,
    Ago,
    Apply,
    Between,
    Calendar,
    Column,
    Const,
    Expr,
    InLast,
    InNext,
    LastRows,
    Length,
    Period,
    Ruleset,
    Until,
    Window,
)

LAST = "the last assignment"


def stored(node: Aggregate, ruleset: Ruleset) -> tuple[str, str]:
    """The name and the definition of something asked of the past."""
    name, when = _moment(node.rows.window, ruleset)
    if isinstance(node.value, Column):
        return _last(node.value.name, _sets(node, ruleset), (name, when or LAST))
    return _times(node.rows.where, (name, when))


def _sets(node: Aggregate, ruleset: Ruleset) -> set[str]:
    """The segment sets that are stored in the table of the past; the rest are kept columns."""
    columns = ruleset.table(node.rows.table).columns
    return {each.name.removesuffix(":since") for each in columns if each.name.endswith(":since")}


# ---- the latest state


def _last(column: str, sets: set[str], moment: tuple[str, str]) -> tuple[str, str]:
    of, _, part = column.partition(":")
    name, at = moment
    match part:
        case "since":
            return f"{of}_since{name}", f"day on which the stay in a segment of {of} began, at {at}"
        case "decided":
            return (
                f"{of}_only_by_override{name}",
                f"whether nothing but overrides made the stay in a segment of {of}, at {at}",
            )
        case "leaving":
            return (
                f"{of}_leaving{name}",
                f"reviews running at which the condition to leave held in {of}, at {at}",
            )
    kept = "segment of" if of in sets else "value of"
    return (f"{of}{name}" if name else f"last_{of}"), f"{kept} {of} at {at}"


# ---- how often something was


def _times(where: Expr | None, moment: tuple[str, str]) -> tuple[str, str]:
    """A count of assignments, by what they stored."""
    flags: set[str] = set()
    values: dict[str, str] = {}
    for test in _tests(where):
        match test:
            case Column(name=name):
                flags.add(name.rpartition(":")[2])
            case Apply(op="eq", args=(Column(name=name), Const(value=value))):
                values[name] = str(value)
    name, when = moment
    column, value = next(iter(values.items()), ("", ""))
    of, _, part = column.partition(":")
    verb, said = "in", f"placed it in {value} of {of}"
    if "entered" in flags:
        verb = "left" if part == "before" else "entered"
        turned = "ended" if verb == "left" else "began"
        said = f"{turned} a stay in {value} of {of}"
    elif of.endswith("_by"):
        of = of.removesuffix("_by")
        verb, said = "decided", f"placed it in {value} of {of} by that segment's own rule"
    counted = f"how many assignments{' ' + when if when else ''} {said}"
    return f"times_{verb}_{of}_{value}{name}", counted


def _tests(where: Expr | None) -> Iterator[Expr]:
    match where:
        case None:
            return
        case Apply(op="and", args=args):
            for each in args:
                yield from _tests(each)
        case Apply(op="if_missing", args=(test, Const(value=False))):
            yield from _tests(test)
        case _:
            yield where


# ---- moments and windows


def _moment(window: Window | None, ruleset: Ruleset) -> tuple[str, str]:
    """The end of a name, and the words for it; both are empty where all that was counts.

    An end of time is the last assignment up to then.
    """
    match window:
        case None:
            return "", ""
        case Until(ago=Length() as length):
            said = _length(length)
            return _name(f"{said} ago"), f"{LAST} up to {said} ago"
        case Until(end_of_previous=Period() as period):
            said = f"before this {_period(period)}"
            if period.starts is None and period.unit == ruleset.review:
                return "_at_last_review", f"the last review, {said}"
            return _name(f"at end of previous {_period(period)}"), f"{LAST} {said}"
        case _:
            said = _window(window)
            return _name(said), said


def _window(window: Window) -> str:
    match window:
        case InLast(length=length):
            return f"in last {_length(length)}"
        case InNext(length=length):
            return f"in next {_length(length)}"
        case Ago(start=start, end=end):
            return f"from {_length(start)} to {_length(end)} ago"
        case Between(first=first, last=last):
            return f"from {first} to {last}"
        case Calendar(period=period, previous=previous):
            return f"in {'previous' if previous else 'this'} {_period(period)}"
        case LastRows(count=count):
            return f"among the last {count}"
        case Until():
            return "before"


def _length(length: Length) -> str:
    return f"{length.count} {length.unit.removesuffix('s') if length.count == 1 else length.unit}"


def _period(period: Period) -> str:
    return f"fiscal {period.unit}" if period.starts else period.unit


def _name(words: str) -> str:
    return "_" + "_".join(words.replace("-", " ").split())
