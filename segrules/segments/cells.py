"""One reader a declared type: the cells of a source column as canonical values.

A reader takes the source column and its type and gives `Cells`, or `None` when that source type is
refused. Nothing is cast silently: a value is read only if it means the same as declared.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from segrules.lang.ir import Cleaning
from segrules.lang.types import (
    BOUND,
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Set,
    Share,
    Type,
    Whole,
    decimals,
)

_WHOLE = r"^[+-]?[0-9]+$"
_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_PERCENT = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)%$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_INSTANT = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:(Z)|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))?$"
)
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_FIRST_DAY, _LAST_DAY = dt.date(1, 1, 1), dt.date(9999, 12, 31)
_ALWAYS = pl.lit(value=True)
# a day inside, so that no zone moves an instant out of the years 1 to 9999
_FIRST, _LAST = dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)


@dataclass(frozen=True, slots=True)
class Cells:
    """`value` is missing where a cell cannot be read; `given` is true where there is a cell.

    When `certain`, one flag for the whole column, is true, `unguarded` equals `value`.
    """

    value: pl.Expr
    given: pl.Expr
    unguarded: pl.Expr
    certain: pl.Expr | None = None


def text(cell: pl.Expr, dtype: pl.DataType) -> Cells | None:
    """Text from text only: a number has lost its leading zeros already."""
    if not _is_text(dtype):
        return None
    value = cell if dtype == pl.String else cell.cast(pl.String)
    return Cells(value, cell.is_not_null(), value, _ALWAYS)


def cleaned(read: Cells, cleaning: Sequence[Cleaning]) -> Cells:
    """Text without what its column is cleaned of; what nothing is left of is missing."""
    if not cleaning:
        return read
    value = read.unguarded
    if "trimmed" in cleaning:
        value = value.str.strip_chars()
    if "casefolded" in cleaning:
        value = value.str.to_lowercase()
    if "digits" in cleaning:
        value = value.str.replace_all("[^0-9]", "")
    value = pl.when(value != "").then(value)
    # a cell that is cleaned away was empty, not unreadable
    return Cells(value, value.is_not_null(), value)


def several(cell: pl.Expr, dtype: pl.DataType, values: tuple[str, ...]) -> Cells | None:
    """Sets of declared values, in the order of their declaration.

    In text they stand between semicolons, and `none` is the empty set. One value that is not
    declared makes the whole set unreadable: who knows what it says of the others.
    """
    if isinstance(dtype, pl.List) and dtype.inner in (pl.String, pl.Categorical, pl.Null):
        parts = cell.cast(pl.List(pl.String))
        given = cell.is_not_null()
    elif _is_text(dtype):
        written = cell.cast(pl.String)
        given = _filled(written)
        parts = written.str.split(";").list.eval(pl.element().str.strip_chars())
        nothing = ["", "none"] if "none" not in values else [""]
        parts = parts.list.eval(pl.element().filter(~pl.element().is_in(nothing)))
    else:
        return None
    # null where the list has a value that is not declared
    declared = parts.list.eval(pl.element().is_in(list(values)).fill_null(value=False)).list.all()
    in_order = pl.concat_list(
        pl.when(parts.list.contains(value)).then(pl.lit(value)) for value in values
    ).list.drop_nulls()
    value = pl.when(given & declared).then(in_order)
    return Cells(value, given, value)


def whole(cell: pl.Expr, dtype: pl.DataType, low: int, high: int) -> Cells | None:
    """Whole numbers from integers, from doubles and decimals without a fraction, from digits."""
    if dtype.is_integer():
        held = cell.cast(pl.Int64, strict=False)
        return _within(held, cell.is_not_null(), low, high, _inside(held, cell, low, high))
    if dtype.is_float():
        integral = (cell == cell.floor()) & cell.is_between(float(low), float(high))
        number = cell.cast(pl.Int64, strict=False)
        return Cells(
            pl.when(integral).then(number), cell.is_not_null(), number, _always(integral.all())
        )
    if isinstance(dtype, pl.Decimal):
        return _within(_scaled(cell, dtype.scale, 0), cell.is_not_null(), low, high)
    if _is_text(dtype):
        written = cell.cast(pl.String)
        number = pl.when(written.str.contains(_WHOLE)).then(written.cast(pl.Int64, strict=False))
        return _within(number, _filled(written), low, high)
    return None


def number(
    cell: pl.Expr, dtype: pl.DataType, low: float | None, high: float | None
) -> Cells | None:
    """Finite doubles from any number and from text in decimal or exponent form."""
    if dtype.is_numeric():
        held = cell.cast(pl.Float64)
        return _finite(held, cell.is_not_null(), low, high, _certain(held, cell, low, high))
    if _is_text(dtype):
        written = cell.cast(pl.String)
        return _finite(_double(written, _NUMBER), _filled(written), low, high)
    return None


def share(cell: pl.Expr, dtype: pl.DataType) -> Cells | None:
    """Parts of one from 0 to 1; text may be written in percent."""
    if dtype.is_numeric():
        held = cell.cast(pl.Float64)
        return _finite(held, cell.is_not_null(), 0.0, 1.0, _certain(held, cell, 0.0, 1.0))
    if _is_text(dtype):
        written = cell.cast(pl.String)
        hundredths = pl.when(written.str.contains(_PERCENT)).then(written.str.head(-1))
        # as an exponent the hundredth is exact; a division would round once more
        percent = (hundredths + "e-2").cast(pl.Float64, strict=False)
        value = pl.coalesce(percent, _double(written, _NUMBER))
        return _finite(value, _filled(written), 0.0, 1.0)
    return None


def money(cell: pl.Expr, dtype: pl.DataType, kind: Money) -> Cells | None:
    """Minor units: exact from text, integers and decimals; rounded half-even from doubles.

    An integer is an amount of whole units: 300 is 300.00. An amount with more decimals than the
    currency has is not readable, unless the surplus ones are zeros.
    """
    places = decimals(kind.currency)
    given = cell.is_not_null()
    if dtype.is_integer():
        units, factor = cell.cast(pl.Int64, strict=False), 10**places
        # the bounds are put to the whole units, as the product may leave 64 bits
        low, high = -(-kind.low // factor), kind.high // factor
        guarded = pl.when(units.is_between(low, high)).then(units)
        return Cells(guarded * factor, given, units * factor, _inside(units, cell, low, high))
    if dtype.is_float():
        exact = cell.cast(pl.Float64)
        minor = (exact * 10**places).round(0, mode="half_to_even").cast(pl.Int64, strict=False)
        # a minor unit inside the bounds no rounding leads out of them
        low, high = (kind.low + 1) / 10**places, (kind.high - 1) / 10**places
        certain = _inside(exact, cell, low, high) & _all_finite(exact)
        return _within(minor, given, kind.low, kind.high, certain)
    if isinstance(dtype, pl.Decimal):
        return _within(_scaled(cell, dtype.scale, places), given, kind.low, kind.high)
    if _is_text(dtype):
        written = cell.cast(pl.String)
        fraction = rf"[0-9]{{1,{places}}}0*" if places else "0+"
        exact = written.str.contains(rf"^[+-]?[0-9]+(?:\.{fraction})?$")
        amount = written.cast(pl.Decimal(38, places), strict=False).to_physical()
        minor = pl.when(exact).then(amount.cast(pl.Int64, strict=False))
        return _within(minor, _filled(written), kind.low, kind.high)
    return None


def flag(cell: pl.Expr, dtype: pl.DataType) -> Cells | None:
    """Yes or no from flags, or text: yes, no, true, false, 1, 0 in any case."""
    if dtype == pl.Boolean:
        return Cells(cell, cell.is_not_null(), cell, _ALWAYS)
    if _is_text(dtype):
        written = cell.cast(pl.String)
        value = written.str.to_lowercase().replace_strict(
            _FLAGS, default=None, return_dtype=pl.Boolean
        )
        return Cells(value, _filled(written), value)
    return None


def date(cell: pl.Expr, dtype: pl.DataType) -> Cells | None:
    """Dates of the years 1 to 9999, from dates or text YYYY-MM-DD; never from instants."""
    if dtype == pl.Date:
        certain = _inside(cell, cell, _FIRST_DAY, _LAST_DAY)
        return _within(cell, cell.is_not_null(), _FIRST_DAY, _LAST_DAY, certain)
    if _is_text(dtype):
        written = cell.cast(pl.String)
        shaped = pl.when(written.str.contains(_DATE)).then(written)
        day = shaped.str.to_date("%Y-%m-%d", strict=False)
        return _within(day, _filled(written), _FIRST_DAY, _LAST_DAY)
    return None


def instant(cell: pl.Expr, dtype: pl.DataType, zone: str) -> Cells | None:
    """Instants in UTC, cut to the microsecond.

    An instant without an offset is local time in `zone`: an ambiguous one is the earlier, one that
    the clock skips is not readable.
    """
    if isinstance(dtype, pl.Datetime):
        value = _typed_instant(cell, dtype, zone)
        return Cells(value, cell.is_not_null(), value)
    if _is_text(dtype):
        written = cell.cast(pl.String)
        value = _written_instant(written, zone)
        return Cells(value, _filled(written), value)
    return None


def enum(cell: pl.Expr, dtype: pl.DataType, values: tuple[str, ...]) -> Cells | None:
    """Declared values only; any other is missing."""
    if not _is_text(dtype):
        return None
    value = cell.cast(pl.Enum(values), strict=False)
    given = cell.is_not_null() & (cell.cast(pl.String) != "")
    declared = isinstance(dtype, pl.Enum) and set(dtype.categories) <= set(values)
    return Cells(value, given, value, _ALWAYS if declared else None)


def how_written(kind: Type) -> str:
    """How values of a declared type are written, as a diagnostic says it."""
    match kind:
        case Whole(low=low, high=high):
            bounds = f", from {low:,} to {high:,}" if (low, high) != (-BOUND, BOUND) else ""
            return f"whole numbers are written in digits only{bounds}"
        case Number(low=low, high=high):
            declared = Number(low, high) != Number() and None not in (low, high)
            bounds = f", from {low:g} to {high:g}" if declared else ""
            return f"numbers are written 12.5 or 1e3{bounds}"
        case Share():
            return "shares are written 5% or 0.05, from 0 to 1"
        case Money(currency=currency):
            places = decimals(currency)
            amount = "1234." + "50".ljust(places, "0") if places else "1234"
            return f"amounts are written {amount}, without signs or separators"
        case Flag():
            return "flags are written yes or no"
        case Date():
            return "dates are written 2025-06-30"
        case Instant():
            return "instants are written 2025-06-30T14:00:00Z"
        case Enum():
            return "write the values as declared, or declare others"
        case Set():
            return "declared values stand between semicolons; `none` is the empty set"
        case _:
            return "export the column as text"


def spell_source(dtype: pl.DataType) -> str:
    """What a source column holds, as a diagnostic names it."""
    names: list[tuple[bool, str]] = [
        (_is_text(dtype), "text"),
        (dtype.is_integer(), "whole numbers"),
        (dtype.is_numeric(), "numbers"),
        (dtype == pl.Boolean, "flags"),
        (dtype == pl.Date, "dates"),
        (isinstance(dtype, pl.Datetime), "instants"),
        (dtype == pl.Time, "times of day"),
        (dtype == pl.Duration, "lengths of time"),
        (dtype == pl.Binary, "bytes"),
        (dtype.is_nested(), "lists or records"),
    ]
    return next((name for holds, name in names if holds), "something else")


def _is_text(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _filled(written: pl.Expr) -> pl.Expr:
    """Whether a text cell holds anything: only in a text column is empty text a value."""
    return written.is_not_null() & (written != "")


def _always(flag: pl.Expr) -> pl.Expr:
    """A flag of the whole column, which also holds of a column without any value."""
    return flag.fill_null(value=True)


def _within(
    value: pl.Expr,
    given: pl.Expr,
    low: int | dt.date,
    high: int | dt.date,
    certain: pl.Expr | None = None,
) -> Cells:
    """Values outside low..high are missing. Expects that `value` is missing where unreadable."""
    return Cells(pl.when(value.is_between(low, high)).then(value), given, value, certain)


def _finite(
    value: pl.Expr,
    given: pl.Expr,
    low: float | None,
    high: float | None,
    certain: pl.Expr | None = None,
) -> Cells:
    """NaN, infinities and what is outside the bounds are missing."""
    inside = value.is_finite()
    if low is not None:
        inside = inside & (value >= low)
    if high is not None:
        inside = inside & (value <= high)
    return Cells(pl.when(inside).then(value), given, value, certain)


# ---- what a whole column shows at little cost; text is not worth a look, as that means reading it


def _inside(value: pl.Expr, cell: pl.Expr, low: float | dt.date, high: float | dt.date) -> pl.Expr:
    """Whether all values are inside low..high, and none was lost on the way from the cells."""
    bounded = (value.min() >= low) & (value.max() <= high)
    return _always(bounded) & (value.null_count() == cell.null_count())


def _all_finite(value: pl.Expr) -> pl.Expr:
    # a sum is finite only if every term is; NaN takes no part in the least and the greatest
    return value.sum().is_finite()


def _certain(value: pl.Expr, cell: pl.Expr, low: float | None, high: float | None) -> pl.Expr:
    certain = _all_finite(value) & (value.null_count() == cell.null_count())
    if low is not None:
        certain = certain & _always(value.min() >= low)
    if high is not None:
        certain = certain & _always(value.max() <= high)
    return certain


def _double(written: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(written.str.contains(pattern)).then(written.cast(pl.Float64, strict=False))


def _scaled(cell: pl.Expr, scale: int, places: int) -> pl.Expr:
    """A decimal as an integer of `places` decimal places; missing when it has more."""
    held = cell.to_physical()
    factor = pl.lit(10 ** abs(scale - places), pl.Int128)
    if scale <= places:
        return (held * factor).cast(pl.Int64, strict=False)
    return pl.when(held % factor == 0).then((held // factor).cast(pl.Int64, strict=False))


def _typed_instant(cell: pl.Expr, dtype: pl.Datetime, zone: str) -> pl.Expr:
    universal = cell if dtype.time_zone is None else cell.dt.convert_time_zone("UTC")
    naive = universal.dt.replace_time_zone(None)
    # nanoseconds cannot leave the years 1 to 9999
    if dtype.time_unit != "ns":
        naive = pl.when(naive.is_between(_FIRST, _LAST)).then(naive)
    micro = naive.cast(pl.Datetime("us"))
    return _local(micro, zone) if dtype.time_zone is None else micro.dt.replace_time_zone("UTC")


def _local(naive: pl.Expr, zone: str) -> pl.Expr:
    """Local time of a zone in UTC; missing where the clock skips it."""
    return naive.dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    ).dt.convert_time_zone("UTC")


def _written_instant(written: pl.Expr, zone: str) -> pl.Expr:
    """ISO instants: a `T` or a blank between date and time, seconds and offset optional."""
    part = written.str.extract_groups(_INSTANT).struct
    day, clock, seconds = (part.field(str(at)) for at in (1, 2, 3))
    naive = pl.concat_str(day, pl.lit(" "), clock, seconds.fill_null(":00")).str.to_datetime(
        "%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False
    )
    ahead = part.field("6").cast(pl.Int64) * 60 + part.field("7").cast(pl.Int64)
    minutes = pl.when(part.field("5") == "-").then(-ahead).otherwise(ahead)
    universal = naive.dt.replace_time_zone("UTC")
    read = (
        pl.when(part.field("4").is_not_null())
        .then(universal)
        .when(ahead.is_not_null())
        .then(universal - pl.duration(minutes=minutes))
        .otherwise(_local(naive, zone))
    )
    return pl.when(read.dt.replace_time_zone(None).is_between(_FIRST, _LAST)).then(read)
