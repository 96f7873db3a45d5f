"""Raw values of a record as canonical values; the same raw value means what it means in a table.

A reader takes any value and gives the canonical one, None for a missing one, or raises its error.
Canonical: text, whole numbers and money in minor units as `int`, numbers and shares as finite
`float`, flags as `bool`, dates, instants in UTC, declared values as text, sets as frozen sets.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

Reader = Callable[[Any], Any]

_MONEY = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-5][0-9])(?:\.([0-9]{1,9}))?)?"
    r"(?:(Z)|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))?"
)
_BLANKS = "".join(map(chr, (*range(9, 14), 32, 133, 160, 5760, *range(8192, 8203), 8232, 8233,
                            8239, 8287, 12288)))  # fmt: skip
"""What Unicode calls white space: what a cell of a table is trimmed of."""
# a day inside, so that no zone moves an instant out of the years 1 to 9999
_FIRST = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
_LAST = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)
_BEYOND = 10**30
_NOT_DIGITS = re.compile("[^0-9]")


class UnreadError(Exception):
    """A value that is not readable; `code` is one of those of `RecordError`."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code, self.says = code, says


def reader(kind: Sequence[Any], zone: str, cleaning: Sequence[str] = ()) -> Reader:
    """The reader of a type as a program writes it; text without what its column is cleaned of."""
    match kind:
        case ["text"] | ["link", _]:
            return lambda value: clean(_text(value), cleaning) if cleaning else _text(value)
        case ["whole", low, high]:
            return lambda value: _within(_whole(value), low, high)
        case ["money", _, low, high, places]:
            return lambda value: _within(_money(value, places), low, high)
        case ["number", low, high]:
            return lambda value: _within(_number(value), low, high)
        case ["amount", _, places]:
            return lambda value: _amount(value, places)
        case ["share"]:
            return lambda value: _within(_number(value), 0.0, 1.0)
        case ["flag"]:
            return _flag
        case ["date"]:
            return _date
        case ["instant"]:
            return lambda value: _instant(value, zone)
        case ["enum", values]:
            declared = frozenset(values)
            return lambda value: _enum(value, declared)
        case ["set", values]:
            listed = frozenset(values)
            return lambda value: _set(value, listed)
    raise ValueError(f"{kind!r} is no type")


def clean(text: str | None, cleaning: Iterable[str]) -> str | None:
    """Text without what its column is cleaned of; what nothing is left of is missing."""
    if text is None:
        return None
    if "trimmed" in cleaning:
        text = text.strip(_BLANKS)
    if "casefolded" in cleaning:
        text = text.lower()
    if "digits" in cleaning:
        text = _NOT_DIGITS.sub("", text)
    return text or None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadError("type", "text is expected")
    return _sound(str(value))


def _sound(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UnreadError("value", "the text holds half of a character") from None
    return text


def _refuse_flag(value: Any, expected: str) -> None:
    if isinstance(value, bool | str | bytes):
        raise UnreadError("type", f"{expected} is expected")


def _whole(value: Any) -> int | None:
    if value is None:
        return None
    _refuse_flag(value, "a whole number")
    if isinstance(value, float | Decimal):
        _finite(value)
        if not -_BEYOND <= value <= _BEYOND:
            raise UnreadError("range", "it is beyond any whole number")
        whole = int(value)
        if value != whole:
            raise UnreadError("fraction", "a whole number is expected")
        return whole
    return _index(value, "a whole number")


def _index(value: Any, expected: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise UnreadError("type", f"{expected} is expected") from None


def _finite(value: float | Decimal) -> None:
    if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        raise UnreadError("number", "it is no number, or infinite")


def _number(value: Any) -> float | None:
    if value is None:
        return None
    _refuse_flag(value, "a number")
    if not isinstance(value, float | Decimal):
        value = _index(value, "a number")
    try:
        number = float(value)
    except (OverflowError, ValueError):
        raise UnreadError("number", "it is no number, or infinite") from None
    _finite(number)
    return number


def _money(value: Any, places: int) -> int | None:
    """Minor units: exact from whole units, decimals and text; rounded half-even from doubles."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise UnreadError("type", "an amount is expected")
    if isinstance(value, float):
        _finite(value)
        minor: float = value * 10**places
        _finite(minor)
        return round(minor)
    if isinstance(value, str):
        if not value.isascii() or not _MONEY.fullmatch(value):
            raise UnreadError("value", "amounts are written 1234.50")
        value = _decimal(value)
    if isinstance(value, Decimal):
        _finite(value)
        return _scaled(value, places)
    return _index(value, "an amount") * int(10**places)


def _amount(value: Any, places: int) -> float | None:
    """Minor units that need not be whole; decimals and text are scaled before they are rounded."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if not value.isascii() or not _MONEY.fullmatch(value):
            raise UnreadError("value", "amounts are written 1234.50")
        value = _decimal(value)
    if isinstance(value, Decimal):
        _finite(value)
        return _number(value.scaleb(places))
    amount = _number(value)
    return None if amount is None else float(amount * 10**places)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UnreadError("value", "amounts are written 1234.50") from None


def _scaled(amount: Decimal, places: int) -> int:
    """An amount as an integer of so many decimal places, exactly."""
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - it is finite
    if len(digits) + exponent > 40:
        raise UnreadError("range", "it is beyond any amount")
    shift = exponent + places
    held = int("".join(map(str, digits)))
    if shift >= 0:
        minor, surplus = held * 10**shift if held else 0, 0
    elif -shift > len(digits):
        minor, surplus = 0, held
    else:
        minor, surplus = divmod(held, 10**-shift)
    if surplus:
        raise UnreadError("fraction", f"its currency has {places} decimal places")
    return -minor if sign else minor


def _within(value: Any, low: float | None, high: float | None) -> Any:
    if value is None:
        return None
    if (low is not None and value < low) or (high is not None and value > high):
        raise UnreadError("range", f"it is not between {low} and {high}")
    return value


def _flag(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    raise UnreadError("type", "a flag is expected")


def _date(value: Any) -> dt.date | None:
    if value is None or value == "":
        return None
    if isinstance(value, dt.datetime):
        raise UnreadError("type", "a date is expected, without a time of day")
    if isinstance(value, dt.date):
        return dt.date(value.year, value.month, value.day)
    if not isinstance(value, str):
        raise UnreadError("type", "a date is expected")
    return _written_date(value)


def _written_date(text: str) -> dt.date:
    try:
        if not text.isascii() or not _DATE.fullmatch(text):
            raise ValueError
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UnreadError("value", "dates are written 2025-06-30") from None


def _instant(value: Any, zone: str) -> dt.datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _written_instant(value, zone)
    if not isinstance(value, dt.datetime):
        raise UnreadError("type", "an instant is expected")
    if value.tzinfo is None:
        return _local(value, zone)
    try:
        universal = value.astimezone(dt.UTC)
    except OverflowError:
        raise UnreadError("range", "it is outside the years 1 to 9999") from None
    return _inside(dt.datetime.combine(universal.date(), universal.time(), dt.UTC))


def _inside(moment: dt.datetime) -> dt.datetime:
    if not _FIRST <= moment <= _LAST:
        raise UnreadError("range", "it is outside the years 1 to 9999")
    return moment


def _local(naive: dt.datetime, zone: str) -> dt.datetime:
    """Local time of a zone in UTC: an ambiguous one is the earlier; none where the clock skips."""
    if not _FIRST <= naive.replace(tzinfo=dt.UTC) <= _LAST:
        raise UnreadError("range", "it is outside the years 1 to 9999")
    local = naive.replace(tzinfo=ZoneInfo(zone), fold=0)
    universal = local.astimezone(dt.UTC)
    if universal.astimezone(local.tzinfo).replace(tzinfo=None, fold=0) != naive.replace(fold=0):
        raise UnreadError("value", f"the clocks of {zone} skip this time")
    return _inside(universal)


def _written_instant(text: str, zone: str) -> dt.datetime:
    found = _INSTANT.fullmatch(text) if text.isascii() else None
    if found is None:
        raise UnreadError("value", "instants are written 2025-06-30T14:00:00Z")
    day, hour, minute, second, part, universal, sign, ahead, more = found.groups()
    micro = int(((part or "") + "000000")[:6])
    date = _written_date(day)
    try:
        clock = dt.time(int(hour), int(minute), int(second or 0), micro)
    except ValueError:
        raise UnreadError("value", "instants are written 2025-06-30T14:00:00Z") from None
    naive = dt.datetime.combine(date, clock)
    if universal is None and sign is None:
        return _local(naive, zone)
    minutes = int(ahead or 0) * 60 + int(more or 0)
    shift = dt.timedelta(minutes=minutes if sign == "-" else -minutes)
    try:
        return _inside(naive.replace(tzinfo=dt.UTC) + shift)
    except OverflowError:
        raise UnreadError("range", "it is outside the years 1 to 9999") from None


def _enum(value: Any, declared: frozenset[str]) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise UnreadError("type", "one of the declared values is expected")
    if value not in declared:
        raise UnreadError("value", "it is not one of the declared values")
    # of a subclass of text, such as an enumeration's member, the text itself
    return str.__str__(value)


def _set(value: Any, declared: frozenset[str]) -> frozenset[str] | None:
    """Sets and lists of declared values; in text they stand between semicolons."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        parts = [part.strip(_BLANKS) for part in value.split(";")]
        nothing = ("",) if "none" in declared else ("", "none")
        found = frozenset(part for part in parts if part not in nothing)
    elif isinstance(value, list | tuple | set | frozenset):
        if not all(isinstance(each, str) for each in value):
            raise UnreadError("type", "declared values are expected")
        found = frozenset(str.__str__(each) for each in value)
    else:
        raise UnreadError("type", "a list or a set of declared values is expected")
    if not found <= declared:
        raise UnreadError("value", "not all of them are declared values")
    return found
