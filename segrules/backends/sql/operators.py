"""Each operator in SQL, as far as dialects do not differ; `Words` holds where they do.

NULL is missing: SQL passes it on, and AND and OR are three-valued as the language is.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from segrules.backends.context import days_in_month
from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import Dialect
from segrules.backends.sql.rules import Build, Place, Rule, repeating, supported, wrapped
from segrules.backends.sql.words import Sql
from segrules.lang.ir import Const, Expr, Length
from segrules.lang.operators import OPERATORS, total
from segrules.lang.types import BOUND, Enum, Money, Number, Set, Share, Type, form

_HASHES = 2**64
"""How many different numbers the first eight bytes of a hash make."""


# ---- arithmetic


def partial(write: Callable[[Sql, Sql], Sql], reach: Callable[[Expr, Expr], float]) -> Rule:
    """As the dialect does it, with NULL for infinity and NaN; `reach` bounds the result."""

    def build(place: Place, operands: list[Sql]) -> Sql:
        result = write(*operands)
        if form(place.node.type) == "int" or math.isfinite(reach(*place.node.args)):
            return result
        return only_finite(place, result)

    return wrapped(build)


def only_finite(place: Place, result: Sql) -> Sql:
    number = place.named(result)
    return w.when(place.dialect.words.finite(w.again(number)), number)


def quotient(place: Place, operands: list[Sql]) -> Sql:
    """Dialects raise or answer infinity where the divisor is zero."""
    a, b = operands
    nonzero = place.dialect.words.double(0.0)
    result = w.when(w.ne(b, nonzero), place.dialect.words.divided(a, w.again(b)))
    if math.isfinite(quotient_reach(*place.node.args)):
        return result
    return only_finite(place, result)


def _magnitude(node: Expr) -> float:
    """How far from zero a value can be; infinity when nothing is declared."""
    if isinstance(node, Const) and isinstance(node.value, int | float):
        return abs(node.value)
    return reach_of(node.type)


def reach_of(kind: Type) -> float:
    """Amounts of money on their way carry no bound that holds after a division."""
    match kind:
        case Number(low=float() | int() as low, high=float() | int() as high):
            return max(abs(low), abs(high))
        case Share(bounded=True):
            return 1.0
        case Money(low=low, high=high, exact=True):
            return max(abs(low), abs(high))
        case _:
            return math.inf


def sum_reach(a: Expr, b: Expr) -> float:
    return _magnitude(a) + _magnitude(b)


def product_reach(a: Expr, b: Expr) -> float:
    """Infinity also where one side has no bound and the other is zero."""
    left, right = _magnitude(a), _magnitude(b)
    return left * right if math.isfinite(left) and math.isfinite(right) else math.inf


def quotient_reach(a: Expr, b: Expr) -> float:
    """A divisor that is not a constant can always come near zero."""
    divisor = _magnitude(b) if isinstance(b, Const) else 0.0
    return _magnitude(a) / divisor if divisor else math.inf


def _floor_rest(a: Sql, by: int) -> Sql:
    """What is left after division, never negative; % of SQL has the sign of a."""
    positive = w.add(w.mod(a, w.whole(by)), w.whole(by))
    return w.mod(positive, w.whole(by))


def _mod(place: Place, operands: list[Sql]) -> Sql:
    return _as_whole(place, _floor_rest(operands[0], place.whole_constant(1)))


def _idiv(place: Place, operands: list[Sql]) -> Sql:
    by = place.whole_constant(1)
    multiple = w.sub(operands[0], _floor_rest(w.again(operands[0]), by))
    return _as_whole(place, place.dialect.words.exact_quotient(multiple, w.whole(by)))


def _as_whole(place: Place, value: Sql) -> Sql:
    return w.cast(value, place.dialect.types["int"])


def _negative(value: Sql) -> Sql:
    return w.sub(w.whole(0), value)


def _bare(value: Sql, node: Expr) -> Sql:
    """A whole constant beside a comparison needs no type."""
    if isinstance(node, Const) and form(node.type) == "int" and isinstance(node.value, int):
        return w.whole(node.value)
    return value


def compares(write: Callable[[Sql, Sql], Sql]) -> Rule:
    def build(place: Place, operands: list[Sql]) -> Sql:
        return write(*map(_bare, operands, place.node.args))

    return Rule("supported", build)


def _in(place: Place, operands: list[Sql]) -> Sql:
    tested, *listed = map(_bare, operands, place.node.args)
    return w.among(tested, listed)


def strictly(write: Callable[[Place, list[Sql]], Sql]) -> Rule:
    """Dialects pass over NULL here: it is put in where an operand is missing."""

    def build(place: Place, operands: list[Sql]) -> Sql:
        pairs = zip(place.node.args, operands, strict=True)
        doubtful = [each for arg, each in pairs if not isinstance(arg, Const) or arg.optional]
        known = [w.is_known(w.again(each)) for each in doubtful]
        return w.when(w.every(known), write(place, operands)) if known else write(place, operands)

    return wrapped(build, repeats=True)


def _least(_: Place, operands: list[Sql]) -> Sql:
    return w.func("LEAST", *operands)


def _greatest(_: Place, operands: list[Sql]) -> Sql:
    return w.func("GREATEST", *operands)


# ---- text and sets


def _text_test(name: str) -> Build:
    def build(place: Place, operands: list[Sql]) -> Sql:
        made: Sql = getattr(place.dialect.words, name)(operands[0], str(place.constant(1)))
        return made

    return build


def _has(combined: Callable[[list[Sql]], Sql], *, negated: bool = False) -> Build:
    def build(place: Place, operands: list[Sql]) -> Sql:
        found, *listed = operands
        tests = [place.dialect.words.has(w.again(found), each) for each in listed]
        answered = combined(tests)
        return w.not_(w.atom(answered)) if negated else answered

    return build


def _collect(place: Place, operands: list[Sql]) -> Sql:
    if not isinstance(place.node.type, Set):
        raise TypeError("only declared values are collected")
    return place.dialect.words.collected(place.node.type.values, operands)


def _held_out(place: Place, operands: list[Sql]) -> Sql:
    """The first sixteen hexadecimal digits are ordered as the number of the first eight bytes."""
    salt, share = place.constant(1), place.constant(2)
    key = operands[0]
    # the share as it was written: 0.1 is a tenth, not the double next to it
    edge = math.ceil(Fraction(repr(share)) * _HASHES)
    if edge >= _HASHES:
        return w.when(w.is_known(key), w.true())
    below = f"{max(edge, 0):016x}"
    words = place.dialect.words
    digest = words.digest(words.joined(w.text(f"{salt}:"), key))
    return w.lt(w.func("SUBSTR", digest, w.whole(1), w.whole(16)), w.text(below))


# ---- numbers and dates


def _to_minor(place: Place, operands: list[Sql]) -> Sql:
    words = place.dialect.words
    minor = place.named(words.rounded(operands[0], place.named))
    inside = w.le(w.func("ABS", w.again(minor)), words.double(float(BOUND)))
    return w.when(inside, _as_whole(place, minor))


def _to_number(place: Place, operands: list[Sql]) -> Sql:
    return w.cast(operands[0], place.dialect.types["float"])


def _to_date(place: Place, operands: list[Sql]) -> Sql:
    return place.dialect.words.local_date(operands[0], place.zone)


def _days_between(place: Place, operands: list[Sql]) -> Sql:
    return _as_whole(place, place.dialect.words.days(*operands))


def length_of_month(year: Sql, month: Sql) -> Sql:
    leap = w.any_of([
        w.every([_divides(4, year), w.not_(_divides(100, year))]), _divides(400, year)
    ])  # fmt: skip
    return w.case(
        [
            (w.eq(w.again(month), w.whole(2)), w.when(leap, w.whole(29), w.whole(28))),
            (w.among(month, map(w.whole, (4, 6, 9, 11))), w.whole(30)),
        ],
        w.whole(31),
    )


def _divides(by: int, number: Sql) -> Sql:
    return w.atom(w.eq(w.mod(w.again(number), w.whole(by)), w.whole(0)))


def _parts(place: Place, date: Sql) -> tuple[Sql, Sql, Sql]:
    """Year, month and day of a date, each with a name."""
    part = place.dialect.words.part
    year, month, day = (place.named(part(name, w.again(date))) for name in ("YEAR", "MONTH", "DAY"))
    return year, month, day


def _months_between(place: Place, operands: list[Sql]) -> Sql:
    """Months between the two months, less the one not completed, in either direction."""
    first, second = operands
    y1, m1, d1 = _parts(place, first)
    y2, m2, d2 = _parts(place, second)
    months = place.named(
        w.sub(w.add(w.mul(y2, w.whole(12)), m2), w.add(w.mul(y1, w.whole(12)), m1))
    )
    last1 = place.named(length_of_month(w.again(y1), w.again(m1)))
    last2 = place.named(length_of_month(w.again(y2), w.again(m2)))
    started = w.every([w.lt(w.again(d2), w.again(d1)), w.lt(w.again(d2), last2)])
    ending = w.every([w.lt(w.again(d1), w.again(d2)), w.lt(w.again(d1), last1)])
    one = w.whole(1)
    forwards = w.sub(months, w.when(started, one, w.whole(0)))
    backwards = w.add(w.again(months), w.when(ending, w.again(one), w.whole(0)))
    in_order = w.le(w.again(first), w.again(second))
    known = w.every([w.is_known(w.again(first)), w.is_known(w.again(second))])
    return w.when(known, _as_whole(place, w.when(in_order, forwards, backwards)))


def _days_to_anniversary(place: Place, operands: list[Sql]) -> Sql:
    """The years do not matter, and the calendar repeats after 400 of them."""
    first, second = operands
    words, types = place.dialect.words, place.dialect.types
    _, month, day = _parts(place, first)
    year, month2, day2 = _parts(place, second)
    cycle = place.named(w.add(w.mod(year, w.whole(400)), w.cast(w.whole(2000), types["int"])))

    def kept(year: Sql) -> Sql:
        last = length_of_month(w.again(year), w.again(month))
        shorter = w.func("LEAST", w.again(day), last)
        return words.made_date(year, w.again(month), shorter)

    today = place.named(words.made_date(w.again(cycle), month2, day2))
    here = place.named(kept(w.again(cycle)))
    following = place.named(kept(w.add(w.again(cycle), w.whole(1))))
    next_day = w.when(w.ge(w.again(here), w.again(today)), here, following)
    return _as_whole(place, words.days(today, next_day))


def _add_days(place: Place, operands: list[Sql]) -> Sql:
    return days_later(place.dialect, operands[0], place.whole_constant(1))


def _add_months(place: Place, operands: list[Sql]) -> Sql:
    return months_later(place.dialect, operands[0], place.whole_constant(1))


def later(dialect: Dialect, date: Sql, length: Length) -> Sql:
    """The date a length of time later; NULL outside the years 1 to 9999."""
    return (days_later if length.unit == "days" else months_later)(dialect, date, length.count)


def days_later(dialect: Dialect, date: Sql, days: int) -> Sql:
    most = dt.date.max.toordinal() - dt.date.min.toordinal()
    if abs(days) > most:
        return dialect.null("date")
    edge = dt.date.fromordinal(
        dt.date.max.toordinal() - days if days >= 0 else dt.date.min.toordinal() - days
    )
    return _moved(date, days, edge, dialect.words.plus_days)


def months_later(dialect: Dialect, date: Sql, months: int) -> Sql:
    first, last = dt.MINYEAR * 12, dt.MAXYEAR * 12 + 11
    if abs(months) > last - first:
        return dialect.null("date")
    year, month = divmod(last - months if months >= 0 else first - months, 12)
    day = days_in_month(year, month + 1) if months >= 0 else 1
    return _moved(date, months, dt.date(year, month + 1, day), dialect.words.plus_months)


def _moved(date: Sql, count: int, edge: dt.date, plus: Callable[[Sql, int], Sql]) -> Sql:
    """The date so much later, where that is a date."""
    inside = (w.le if count >= 0 else w.ge)(w.again(date), w.date(edge))
    return w.when(inside, plus(date, count))


def position(value: Sql, kind: Type) -> Sql:
    """The place of a declared value, from 0."""
    if not isinstance(kind, Enum):
        raise TypeError("only declared values have a position")
    tests = [
        (w.eq(w.again(value), w.text(each)), w.whole(at)) for at, each in enumerate(kind.values)
    ]
    return w.case(tests)


def _position(place: Place, operands: list[Sql]) -> Sql:
    return _as_whole(place, position(operands[0], place.node.args[0].type))


BASE: Mapping[str, Rule] = total(
    "sql",
    {
        "add": partial(w.add, sum_reach),
        "sub": partial(w.sub, sum_reach),
        "mul": partial(w.mul, product_reach),
        "div": wrapped(quotient, repeats=True),
        "idiv": wrapped(_idiv, repeats=True),
        "mod": wrapped(_mod),
        "neg": supported(_negative),
        "eq": compares(w.eq),
        "ne": compares(w.ne),
        "lt": compares(w.lt),
        "le": compares(w.le),
        "gt": compares(w.gt),
        "ge": compares(w.ge),
        "and": supported(lambda *tests: w.every(tests)),
        "or": supported(lambda *tests: w.any_of(tests)),
        "not": supported(lambda test: w.not_(w.atom(test))),
        "in": Rule("supported", _in),
        "is_missing": supported(w.is_null),
        "is_known": supported(w.is_known),
        "if_missing": supported(w.coalesce),
        "least": strictly(_least),
        "greatest": strictly(_greatest),
        "contains": Rule("supported", _text_test("contains")),
        "starts_with": Rule("supported", _text_test("starts")),
        "ends_with": Rule("supported", _text_test("ends")),
        "matches": wrapped(_text_test("matches")),
        "has_any": wrapped(_has(w.any_of), repeats=True),
        "has_all": wrapped(_has(w.every), repeats=True),
        "has_none": wrapped(_has(w.any_of, negated=True), repeats=True),
        "collect": wrapped(_collect),
        "held_out": wrapped(_held_out),
        "to_number": Rule("supported", _to_number),
        "to_minor": wrapped(_to_minor),
        "to_date": wrapped(_to_date),
        "days_between": wrapped(_days_between),
        "months_between": repeating(wrapped(_months_between)),
        "days_to_anniversary": repeating(wrapped(_days_to_anniversary)),
        "add_days": wrapped(_add_days, repeats=True),
        "add_months": wrapped(_add_months, repeats=True),
        "position": wrapped(_position, repeats=True),
    },
    OPERATORS,
)
