"""The heading and the knobs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import windows
from segrules.lang.check.scope import Symbols, nearest
from segrules.lang.types import NO_CURRENCY
from segrules.text import problems
from segrules.text.source import Span

LANGUAGE = 1
"""The version of the language that this package reads."""


@dataclass(frozen=True)
class Heading:
    name: str
    goal: str = ""
    why: str = ""
    owner: str = ""


def heading(file: s.File, symbols: Symbols, place: Span) -> Heading:
    """The `ruleset` block; zone and currency go into the symbols."""
    blocks = [found for found in file.declarations if isinstance(found, s.RulesetOf)]
    if not blocks:
        if "ruleset" not in symbols.doubtful:
            symbols.log.report(problems.no_ruleset(place))
        elif "money" in symbols.doubtful:
            symbols.currency = NO_CURRENCY
        symbols.zone = "UTC"
        return Heading("rules")
    for extra in blocks[1:]:
        symbols.log.report(problems.twice(extra.name.span, "ruleset", extra.name.text))
    texts = _header_texts(blocks[0], symbols)
    if "goal" not in texts and not symbols.in_part(blocks[0].span):
        symbols.log.report(problems.no_goal(blocks[0].name.span))
    return Heading(
        blocks[0].name.text, texts.get("goal", ""), texts.get("why", ""), texts.get("owner", "")
    )


def _header_texts(block: s.RulesetOf, symbols: Symbols) -> dict[str, str]:
    texts: dict[str, str] = {}
    for line in block.headers:
        if line.word in texts:
            symbols.log.report(problems.twice(line.span, "heading", line.word))
        match line.word, line.value:
            case "language", s.Number(value=value, written=written):
                texts["language"] = written
                if value != LANGUAGE:
                    symbols.log.report(problems.other_language(line.span, written, LANGUAGE))
            case "zone", s.Quote(value=zone):
                texts["zone"] = symbols.zone = _zone(zone, line.span, symbols)
            case "money", s.Name(text=currency):
                texts["money"] = symbols.currency = currency
                if not (len(currency) == 3 and currency.isupper() and currency.isascii()):
                    symbols.log.report(problems.no_currency_code(line.span, currency))
            case "review", ("day" | "week" | "month" | "quarter" | "year") as unit:
                texts["review"] = unit
                symbols.review = unit
            case "fiscal", s.DayOfYear() as day:
                texts["fiscal"] = day.month.text
                symbols.fiscal = _day_of_year(day, symbols)
            case "purpose", s.Name(text=purpose):
                texts["purpose"] = purpose
                symbols.purpose = purpose
            case word, s.Quote(value=text):
                texts[word] = text
    return texts


_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip


def _day_of_year(written: s.DayOfYear, symbols: Symbols) -> tuple[int, int] | None:
    """Month and day; 29 February is no day to start a year on."""
    name = written.month.text.lower()
    day = written.day.value
    if name not in _MONTHS:
        near = nearest(name, _MONTHS)
        symbols.log.report(problems.unknown_month(written.month.span, written.month.text, near))
        return None
    month = _MONTHS.index(name) + 1
    if day.denominator == 1 and 1 <= day <= 31:
        try:
            # a year without 29 February: that day is no start of a year
            dt.date(2001, month, int(day))
        except ValueError:
            pass
        else:
            return month, int(day)
    symbols.log.report(problems.no_such_day(written.span, written.day.written, written.month.text))
    return None


def _zone(zone: str, span: Span, symbols: Symbols) -> str:
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        symbols.log.report(problems.unknown_zone(span, zone))
        return "UTC"


# ---- knobs


def knobs(
    file: s.File, symbols: Symbols, settings: Mapping[str, str], as_of: dt.date | None
) -> None:
    """Every knob with its value on a day (the first one without), or what it is set to."""
    for node in file.declarations:
        if isinstance(node, s.KnobOf):
            made = _knob(node, symbols)
            if made is not None:
                symbols.knobs[made.name] = _set(_on(made, as_of), settings, symbols)
    for name in settings:
        if name not in symbols.knobs:
            symbols.log.report(problems.unknown_knob(name, nearest(name, symbols.knobs)))


def _knob(node: s.KnobOf, symbols: Symbols) -> ir.Knob | None:
    if node.name.text in symbols.knobs:
        symbols.log.report(problems.twice(node.name.span, "knob", node.name.text))
        return None
    parts = (node.value, node.low, node.high, *(each.value for each in node.later))
    if len({type(part) for part in parts}) > 1:
        symbols.log.report(problems.knob_mixes_units(node.span, node.name.text, _alike(node)))
        symbols.doubtful |= {node.name.text}
        return None
    value, low, high = (_amount(part, symbols) for part in parts[:3])
    percent = isinstance(node.value, s.Percent)
    knob = ir.Knob(
        node.name.text, value, low, high, percent, spell(value, percent=percent),
        _later(node, symbols), node.name.span,
        None if node.step is None else _amount(node.step, symbols),
    )  # fmt: skip
    if _order(high) < _order(low):
        symbols.log.report(problems.range_backwards(node.low.span.to(node.high.span)))
    elif not _within(knob, value):
        symbols.log.report(
            problems.knob_out_of_range(node.value.span, knob.name, knob.written, *_range(knob))
        )
    else:
        _check_later(knob, node, symbols)
    return knob


def _alike(node: s.KnobOf) -> str:
    """The knob with the unit of its value, or else of its lower end, throughout."""
    parts = [node.value, node.low, node.high]
    model = next((part for part in parts if not isinstance(part, s.Number)), node.value)
    value, low, high = (_in_unit(part, model) for part in parts)
    return f"knob {node.name.text} = {value} from {low} to {high}"


def _in_unit(part: s.Quantity, model: s.Quantity) -> str:
    """A number with the unit of another quantity; what has a unit keeps it."""
    if not isinstance(part, s.Number):
        return part.span.text
    match model:
        case s.Percent():
            return f"{float(part.value) * (100 if part.value < 1 else 1):g}%"
        case s.LengthOf(unit=unit):
            return f"{part.written} {unit}{'' if part.value == 1 else 's'}"
        case _:
            return part.written


def _later(node: s.KnobOf, symbols: Symbols) -> tuple[tuple[dt.date, Fraction | ir.Length], ...]:
    return tuple((each.since.value, _amount(each.value, symbols)) for each in node.later)


def _check_later(knob: ir.Knob, node: s.KnobOf, symbols: Symbols) -> None:
    """Later values are in the range, too, and stand in the order of their days."""
    before = dt.date.min
    for (since, value), written in zip(knob.later, node.later, strict=True):
        if not _within(knob, value):
            said = spell(value, percent=knob.percent)
            symbols.log.report(
                problems.knob_out_of_range(written.value.span, knob.name, said, *_range(knob))
            )
        if since <= before:
            symbols.log.report(problems.later_values_order(written.since.span, knob.name))
        before = since


def _on(knob: ir.Knob, as_of: dt.date | None) -> ir.Knob:
    """The knob with the value that holds on a day."""
    held = [value for since, value in knob.later if as_of is not None and since <= as_of]
    if not held:
        return knob
    return replace(knob, value=held[-1], written=spell(held[-1], percent=knob.percent))


def _amount(part: s.Quantity, symbols: Symbols) -> Fraction | ir.Length:
    return windows.length(part, symbols) if isinstance(part, s.LengthOf) else part.value


def _order(value: Fraction | ir.Length) -> Fraction:
    """Lengths in about days, to hold a value against its range."""
    if isinstance(value, ir.Length):
        return Fraction(value.count) * (Fraction(3652425, 120000) if value.unit == "months" else 1)
    return value


def _within(knob: ir.Knob, value: Fraction | ir.Length) -> bool:
    return _order(knob.low) <= _order(value) <= _order(knob.high)


def spell(value: Fraction | ir.Length, *, percent: bool) -> str:
    """A knob's value as it is written in a rule file."""
    if isinstance(value, ir.Length):
        return f"{value.count} {value.unit}"
    shown = value * 100 if percent else value
    number = str(int(shown)) if shown.denominator == 1 else f"{float(shown)!r}"
    return f"{number}%" if percent else number


def _range(knob: ir.Knob) -> tuple[str, str]:
    return spell(knob.low, percent=knob.percent), spell(knob.high, percent=knob.percent)


def _set(knob: ir.Knob, settings: Mapping[str, str], symbols: Symbols) -> ir.Knob:
    """The knob with the value it is set to; refused where it does not fit."""
    text = settings.get(knob.name)
    if text is None:
        return knob
    value = _read(text.strip(), knob)
    if value is None:
        symbols.log.report(problems.knob_unreadable(knob.name, text, knob.written))
        return knob
    written = spell(value, percent=knob.percent)
    if not _within(knob, value):
        symbols.log.report(problems.knob_set_out_of_range(knob.name, written, *_range(knob)))
        return knob
    return replace(knob, value=value, written=written)


def _read(text: str, knob: ir.Knob) -> Fraction | ir.Length | None:
    if isinstance(knob.value, ir.Length):
        count, _, unit = text.partition(" ")
        word = unit.strip().removesuffix("s")
        if not (count.isascii() and count.isdigit() and len(count) < 7):
            return None
        if word in ("day", "week"):
            return ir.Length(int(count) * (7 if word == "week" else 1), "days")
        months = windows.MONTHS.get(word)
        return ir.Length(int(count) * months, "months") if months else None
    if text.endswith("%") != knob.percent or len(text) > 40:
        return None
    try:
        value = Fraction(text.removesuffix("%").replace("_", ""))
    except (ValueError, ZeroDivisionError):
        return None
    return value / 100 if knob.percent else value
