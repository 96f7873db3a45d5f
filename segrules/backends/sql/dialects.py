"""The dialects: each its words and rules, as far as they differ from the base."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from sqlglot import exp

from segrules.backends.sql import aggregates
from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import LARGEST, Dialect, Words
from segrules.backends.sql.doubles import RAISING
from segrules.backends.sql.operators import BASE
from segrules.backends.sql.rules import Place, Rule, refused, wrapped
from segrules.backends.sql.words import Sql
from segrules.lang.operators import AGGREGATES, OPERATORS, total
from segrules.lang.types import Form, Type, form


def _dialect(words: Words, *, executed: bool, longest: int, **more: object) -> Dialect:
    differences: Mapping[str, Rule] = more.pop("operators", {})  # type: ignore[assignment]  # of any part
    return Dialect(
        words.name,
        executed,
        words,
        total(words.name, {**BASE, **differences}, OPERATORS),
        total(f"{words.name} aggregates", dict(aggregates.BASE), AGGREGATES),
        longest,
        **more,  # type: ignore[arg-type]  # parts of a dialect, by their names
    )


# ---- DuckDB


class _DuckDB(Words):
    name = "duckdb"
    types: ClassVar[Mapping[Form, str]] = {
        **Words.types,
        "text": "VARCHAR",
        "enum": "VARCHAR",
        "set": "VARCHAR[]",
    }

    def finite(self, number: Sql) -> Sql:
        return w.func("ISFINITE", number)

    def exact_quotient(self, multiple: Sql, by: Sql) -> Sql:
        return w.binary(exp.IntDiv, multiple, by)

    def rounded(self, number: Sql, named: Callable[[Sql], Sql]) -> Sql:
        return w.func("ROUND_EVEN", number, w.whole(0))

    def plain(self, value: Sql) -> Sql:
        return exp.Collate(this=w.atom(super().plain(value)), expression=exp.Var(this="C"))

    def ends(self, value: Sql, part: str) -> Sql:
        return w.func("SUFFIX", value, w.text(part))

    def has(self, found: Sql, value: Sql) -> Sql:
        return w.func("LIST_CONTAINS", found, value)

    def collected(self, values: Sequence[str], tests: Sequence[Sql]) -> Sql:
        kept = [w.coalesce(test, w.false()) for test in tests]
        return w.func("LIST_WHERE", self.array(values), exp.Array(expressions=kept))

    def within(self, found: Sql, values: Sequence[str]) -> Sql:
        every = w.func("LIST_HAS_ALL", self.array(values), found)
        # a NULL in a list is passed over
        known = w.eq(w.func("LEN", w.again(found)), w.func("LIST_COUNT", w.again(found)))
        return w.every([every, known])


# ---- PostgreSQL


class _Postgres(Words):
    """Doubles raise where they overflow or round to zero; text is ordered as in a language."""

    name = "postgres"
    types: ClassVar[Mapping[Form, str]] = {**Words.types, "float": "DOUBLE PRECISION"}
    edges = r"\A", r"\Z"
    smallest_mean = 1e-290

    def exact_quotient(self, multiple: Sql, by: Sql) -> Sql:
        return self.divided(multiple, by)

    def rounded(self, number: Sql, named: Callable[[Sql], Sql]) -> Sql:
        return w.func("ROUND", number)

    def total_of_doubles(self, number: Sql) -> Sql:
        """A partial sum might overflow; numbers of any size do not."""
        return w.func("SUM", w.cast(w.cast(number, "TEXT"), "NUMERIC"))

    def total_limit(self, _: Type) -> Sql:
        return w.cast(w.text(repr(LARGEST)), "NUMERIC")

    def middle_of(self, low: Sql, high: Sql) -> Sql:
        """Half of each where both are large, as their sum might overflow."""
        half = self.double(2.0)
        sizes = (w.func("ABS", w.again(each)) for each in (low, high))
        large = w.gt(w.func("LEAST", *sizes), self.double(1e300))
        parts = w.add(self.divided(low, half), self.divided(high, w.again(half)))
        inside = w.le(w.func("ABS", parts), self.double(LARGEST / 2))
        tiny = w.lt(w.func("ABS", w.add(w.again(low), w.again(high))), self.double(1e-300))
        plain = self.divided(w.add(w.again(low), w.again(high)), w.again(half))
        return w.case(
            [(large, w.when(inside, w.again(parts))), (tiny, self._half_of_tiny(low, high))], plain
        )

    def _half_of_tiny(self, low: Sql, high: Sql) -> Sql:
        """Of the smallest number there is, half is zero."""
        both = w.add(w.again(low), w.again(high))
        smallest = w.le(w.func("ABS", w.again(both)), self.double(math.ulp(0.0)))
        halved = self.divided(both, self.double(2.0))
        return w.when(smallest, self.double(0.0), halved)

    def plain(self, value: Sql) -> Sql:
        return exp.Collate(this=w.atom(super().plain(value)), expression=w.ident("C"))

    def contains(self, value: Sql, part: str) -> Sql:
        return w.gt(w.func("STRPOS", value, w.text(part)), w.whole(0))

    def ends(self, value: Sql, part: str) -> Sql:
        return w.eq(w.func("RIGHT", value, w.whole(len(part))), w.text(part))

    def fits(self, value: Sql, pattern: str) -> Sql:
        return w.binary(exp.RegexpLike, value, w.text(pattern))

    def digest(self, value: Sql) -> Sql:
        octets = w.func("SHA256", w.func("CONVERT_TO", value, w.text("UTF8")))
        digits = w.func("ENCODE", octets, w.text("hex"))
        return exp.Collate(this=digits, expression=w.ident("C"))

    def trimmed(self, value: Sql, chars: str) -> Sql:
        return w.func("BTRIM", value, w.text(chars))

    def has(self, found: Sql, value: Sql) -> Sql:
        return exp.EQ(this=w.atom(value), expression=exp.Any(this=exp.Paren(this=found)))

    def compact(self, array: Sql) -> Sql:
        return w.func("ARRAY_REMOVE", w.cast(array, "TEXT[]"), exp.Null())

    def within(self, found: Sql, values: Sequence[str]) -> Sql:
        return exp.ArrayContainsAll(this=self.array(values), expression=w.atom(found))

    def made_date(self, year: Sql, month: Sql, day: Sql) -> Sql:
        parts = (w.cast(each, "INTEGER") for each in (year, month, day))
        return w.func("MAKE_DATE", *parts)


# ---- Spark


class _Spark(Words):
    name = "spark"
    types: ClassVar[Mapping[Form, str]] = {
        **Words.types, "text": "STRING", "enum": "STRING", "instant": "TIMESTAMP_NTZ",
        "set": "ARRAY<STRING>",
    }  # fmt: skip

    def exact_quotient(self, multiple: Sql, by: Sql) -> Sql:
        return w.binary(exp.IntDiv, multiple, by)

    def rounded(self, number: Sql, named: Callable[[Sql], Sql]) -> Sql:
        return w.func("RINT", number)

    def wide(self, number: Sql) -> Sql:
        return w.cast(number, "DECIMAL(19, 0)")

    def plain(self, value: Sql) -> Sql:
        return exp.Collate(
            this=w.atom(super().plain(value)), expression=exp.Var(this="UTF8_BINARY")
        )

    def starts(self, value: Sql, part: str) -> Sql:
        return w.func("STARTSWITH", value, w.text(part))

    def ends(self, value: Sql, part: str) -> Sql:
        return w.func("ENDSWITH", value, w.text(part))

    def fits(self, value: Sql, pattern: str) -> Sql:
        return w.func("REGEXP", value, w.text(pattern))

    def digest(self, value: Sql) -> Sql:
        return w.func("SHA2", value, w.whole(256))

    def trimmed(self, value: Sql, chars: str) -> Sql:
        return w.func("BTRIM", value, w.text(chars))

    def only_digits(self, value: Sql) -> Sql:
        return w.func("REGEXP_REPLACE", value, w.text("[^0-9]"), w.text(""))

    def array(self, values: Sequence[str]) -> Sql:
        return w.cast(w.func("ARRAY", *map(w.text, values)), self.types["set"])

    def collected(self, values: Sequence[str], tests: Sequence[Sql]) -> Sql:
        pairs = zip(tests, values, strict=True)
        parts = [w.when(test, w.text(value)) for test, value in pairs]
        return w.func("ARRAY_COMPACT", w.func("ARRAY", *parts))

    def days(self, first: Sql, second: Sql) -> Sql:
        return w.func("DATEDIFF", second, first)

    def plus_days(self, date: Sql, days: int) -> Sql:
        return w.func("DATE_ADD", date, w.whole(days))

    def plus_months(self, date: Sql, months: int) -> Sql:
        return w.func("ADD_MONTHS", date, w.whole(months))

    def made_date(self, year: Sql, month: Sql, day: Sql) -> Sql:
        parts = (w.cast(each, "INT") for each in (year, month, day))
        return w.func("MAKE_DATE", *parts)

    def in_zone(self, instant: Sql, zone: str) -> Sql:
        return w.func("CONVERT_TIMEZONE", w.text("UTC"), w.text(zone), instant)

    def universal(self, instant: Sql) -> Sql:
        """The session's zone is what a cast reads, so the moment is counted from the epoch."""
        micros = w.func("UNIX_MICROS", instant)
        epoch = w.cast(w.text("1970-01-01 00:00:00"), "TIMESTAMP_NTZ")
        return w.func("TIMESTAMPADD", exp.Var(this="MICROSECOND"), micros, epoch)

    def plus_a_day(self, instant: Sql, days: int) -> Sql:
        return w.func("TIMESTAMPADD", exp.Var(this="DAY"), w.whole(days), instant)


# ---- Snowflake and BigQuery: generated, not executed

_NO_PATTERNS = refused(
    "patterns: its regular expressions have no groups that keep nothing, and no words for the "
    "ends of a whole text"
)


class _Snowflake(Words):
    name = "snowflake"
    types: ClassVar[Mapping[Form, str]] = {
        **Words.types, "text": "VARCHAR", "enum": "VARCHAR", "int": "NUMBER(38, 0)",
        "float": "DOUBLE", "instant": "TIMESTAMP_NTZ", "set": "ARRAY",
    }  # fmt: skip

    def exact_quotient(self, multiple: Sql, by: Sql) -> Sql:
        return self.divided(multiple, by)

    def starts(self, value: Sql, part: str) -> Sql:
        return w.func("STARTSWITH", value, w.text(part))

    def ends(self, value: Sql, part: str) -> Sql:
        return w.func("ENDSWITH", value, w.text(part))

    def digest(self, value: Sql) -> Sql:
        return w.func("SHA2", value, w.whole(256))

    def only_digits(self, value: Sql) -> Sql:
        return w.func("REGEXP_REPLACE", value, w.text("[^0-9]"), w.text(""))

    def array(self, values: Sequence[str]) -> Sql:
        return w.func("ARRAY_CONSTRUCT", *map(w.text, values))

    def has(self, found: Sql, value: Sql) -> Sql:
        return w.func("ARRAY_CONTAINS", w.cast(value, "VARIANT"), found)

    def collected(self, values: Sequence[str], tests: Sequence[Sql]) -> Sql:
        pairs = zip(tests, values, strict=True)
        parts = [w.when(test, w.text(value)) for test, value in pairs]
        return w.func("ARRAY_CONSTRUCT_COMPACT", *parts)

    def within(self, found: Sql, values: Sequence[str]) -> Sql:
        rest = w.func("ARRAY_EXCEPT", found, self.array(values))
        return w.eq(w.func("ARRAY_SIZE", rest), w.whole(0))

    def made_date(self, year: Sql, month: Sql, day: Sql) -> Sql:
        return w.func("DATE_FROM_PARTS", year, month, day)

    def days(self, first: Sql, second: Sql) -> Sql:
        return w.func("DATEDIFF", exp.Var(this="DAY"), first, second)

    def plus_days(self, date: Sql, days: int) -> Sql:
        return w.func("DATEADD", exp.Var(this="DAY"), w.whole(days), date)

    def plus_months(self, date: Sql, months: int) -> Sql:
        return w.func("DATEADD", exp.Var(this="MONTH"), w.whole(months), date)

    def in_zone(self, instant: Sql, zone: str) -> Sql:
        return w.func("CONVERT_TIMEZONE", w.text("UTC"), w.text(zone), instant)

    def universal(self, instant: Sql) -> Sql:
        moved = w.func("CONVERT_TIMEZONE", w.text("UTC"), instant)
        return w.cast(moved, "TIMESTAMP_NTZ")

    def plus_a_day(self, instant: Sql, days: int) -> Sql:
        return w.func("DATEADD", exp.Var(this="DAY"), w.whole(days), instant)


class _BigQuery(Words):
    """Doubles raise; functions of their own answer NULL instead."""

    name = "bigquery"
    types: ClassVar[Mapping[Form, str]] = {
        "text": "STRING", "enum": "STRING", "int": "INT64", "float": "FLOAT64", "bool": "BOOL",
        "date": "DATE", "instant": "DATETIME", "set": "ARRAY<STRING>",
    }  # fmt: skip

    def exact_quotient(self, multiple: Sql, by: Sql) -> Sql:
        return w.func("DIV", multiple, by)

    def wide(self, number: Sql) -> Sql:
        return w.cast(number, "BIGNUMERIC")

    def total_of_doubles(self, number: Sql) -> Sql:
        return w.func("SAFE.SUM", number)

    def middle_of(self, low: Sql, high: Sql) -> Sql:
        return self.divided(w.func("SAFE_ADD", low, high), self.double(2.0))

    def contains(self, value: Sql, part: str) -> Sql:
        return w.gt(w.func("STRPOS", value, w.text(part)), w.whole(0))

    def fits(self, value: Sql, pattern: str) -> Sql:
        return w.func("REGEXP_CONTAINS", value, w.text(pattern))

    def digest(self, value: Sql) -> Sql:
        return w.func("TO_HEX", w.func("SHA256", value))

    def only_digits(self, value: Sql) -> Sql:
        return w.func("REGEXP_REPLACE", value, w.text("[^0-9]"), w.text(""))

    def has(self, found: Sql, value: Sql) -> Sql:
        return exp.In(this=w.atom(value), unnest=exp.Unnest(expressions=[found]))

    def compact(self, array: Sql) -> Sql:
        part = exp.Column(this=w.ident("e"))
        source = exp.Unnest(
            expressions=[array], alias=exp.TableAlias(columns=[w.ident("e")]), offset=w.ident("at")
        )
        query = w.query([part], source, [w.is_known(exp.Column(this=w.ident("e")))])
        at = exp.Ordered(this=exp.Column(this=w.ident("at")))
        query.set("order", exp.Order(expressions=[at]))
        return w.func("ARRAY", query)

    def within(self, found: Sql, values: Sequence[str]) -> Sql:
        part = exp.Column(this=w.ident("e"))
        source = exp.Unnest(expressions=[found], alias=exp.TableAlias(columns=[w.ident("e")]))
        odd = w.not_(w.atom(w.among(part, map(w.text, values))))
        return w.not_(exp.Exists(this=w.query([w.whole(1)], source, [odd])))

    def made_date(self, year: Sql, month: Sql, day: Sql) -> Sql:
        return w.func("DATE", year, month, day)

    def days(self, first: Sql, second: Sql) -> Sql:
        return w.func("DATE_DIFF", second, first, exp.Var(this="DAY"))

    def plus_days(self, date: Sql, days: int) -> Sql:
        return w.func("DATE_ADD", date, self._interval(days, "DAY"))

    def plus_months(self, date: Sql, months: int) -> Sql:
        return w.func("DATE_ADD", date, self._interval(months, "MONTH"))

    def in_zone(self, instant: Sql, zone: str) -> Sql:
        universal = w.func("TIMESTAMP", instant, w.text("UTC"))
        return w.func("DATETIME", universal, w.text(zone))

    def universal(self, instant: Sql) -> Sql:
        return w.func("DATETIME", instant, w.text("UTC"))

    def plus_a_day(self, instant: Sql, days: int) -> Sql:
        return w.func("DATETIME_ADD", instant, self._interval(days, "DAY"))

    def _interval(self, count: int, unit: str) -> Sql:
        return exp.Interval(this=w.whole(count), unit=exp.Var(this=unit))


def _safe(name: str) -> Rule:
    """The function for doubles; whole numbers fit as they are."""
    signs = {"SAFE_ADD": w.add, "SAFE_SUBTRACT": w.sub, "SAFE_MULTIPLY": w.mul}

    def build(place: Place, operands: list[Sql]) -> Sql:
        kind = form(place.node.type)
        if kind == "int":
            return signs[name](*operands)
        return w.func(name, *operands)

    return wrapped(build)


DUCKDB = _dialect(_DuckDB(), executed=True, longest=10_000, inlined=True)
POSTGRES = _dialect(_Postgres(), executed=True, longest=63, fence=True, operators=RAISING)
SPARK = _dialect(_Spark(), executed=True, longest=255)
SNOWFLAKE = _dialect(_Snowflake(), executed=False, longest=255, operators={"matches": _NO_PATTERNS})
BIGQUERY = _dialect(
    _BigQuery(),
    executed=False,
    longest=300,
    operators={
        "add": _safe("SAFE_ADD"),
        "sub": _safe("SAFE_SUBTRACT"),
        "mul": _safe("SAFE_MULTIPLY"),
        "div": wrapped(lambda _, operands: w.func("SAFE_DIVIDE", *operands)),
    },
)

DIALECTS: Mapping[str, Dialect] = {
    each.name: each for each in (DUCKDB, POSTGRES, SPARK, SNOWFLAKE, BIGQUERY)
}
