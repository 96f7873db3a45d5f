"""The set of segments that a first rule file begins with: one measure, cut at its quantiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import polars as pl

from segrules.lang.types import decimals
from segrules.segments import infer
from segrules.segments.headings import says_measure
from segrules.segments.infer import CURRENCY, Column, Word
from segrules.segments.keys import Draft
from segrules.segments.read import reading

_DIGITS = 2
"""Significant digits of a threshold: a first cut claims no more."""
_MOST_DECIMALS = 9
_RANGE = (0.05, 0.95)
_LEVELS = (("high", (0.8, 0.9, 0.95, 0.99, 1.0)), ("middle", (0.5,)))
"""The segments from the top, with the quantiles that are tried until one parts the rows."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A threshold with its range, as they are written."""

    segment: str
    value: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Starter:
    """What the segments are cut by.

    With `cuts` it is `column`, or the `formula` that is to be called so; else the `condition`, if
    there is one. Formula and condition hold the `names` in braces, to be spelled. `optional` says
    whether it may be unknown.
    """

    column: str = ""
    formula: str = ""
    condition: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    cuts: tuple[Cut, ...] = ()
    optional: bool = False


def starter(owner: Draft, related: Sequence[Draft]) -> Starter:
    """The first measure that parts the rows: money before numbers, own columns before sums."""
    for found, values, word in _measures(owner, related):
        cuts = _cuts(values, word)
        if cuts:
            return Starter(
                found.column, found.formula, "", found.names, cuts, optional=found.optional
            )
    return _by_value(owner)


def _measures(owner: Draft, related: Sequence[Draft]) -> Iterator[tuple[Starter, pl.Series, Word]]:
    words: tuple[tuple[Word, ...], ...] = (("money",), ("number", "share"), ("whole",))
    for wanted in words:
        own = owner.file.columns if owner.kind == "main" else ()
        for column in _suited(own, owner, wanted):
            found = Starter(column=column.name, optional=column.optional)
            yield found, _values(owner, column), column.word
        for rows in related:
            for column in _suited(rows.file.columns, rows, wanted):
                if column.word in ("money", "number"):
                    names = {"column": column.name, "table": rows.name}
                    total = Starter(
                        f"total_{column.name.lower()}", "sum {column} of {table}", names=names
                    )
                    yield total, _sums(rows, column), column.word
    for rows in related:
        count = Starter(f"{rows.name.lower()}_count", "count {table}", names={"table": rows.name})
        yield count, _sums(rows, None), "whole"


def _suited(columns: Sequence[Column], draft: Draft, wanted: tuple[Word, ...]) -> Iterator[Column]:
    for column in columns:
        usable = not column.sensitive and column.heading != draft.key.heading
        parts = column.distinct > 1 and says_measure(column.heading)
        if column.word in wanted and usable and parts:
            yield column


def _by_value(owner: Draft) -> Starter:
    """Where nothing is measured, a flag or the first value of a list parts the rows."""
    if owner.kind == "main":
        for column in owner.file.columns:
            usable = not column.sensitive and column.heading != owner.key.heading
            if usable and column.word == "flag":
                names = {"column": column.name}
                return Starter(condition="{column}", names=names, optional=column.optional)
            if usable and column.word == "one of":
                names = {"column": column.name, "value": column.values[0]}
                return Starter(
                    condition="{column} = {value}", names=names, optional=column.optional
                )
    return Starter()


# ---- figures


def _values(draft: Draft, column: Column) -> pl.Series:
    """The values of a column in the unit of rules, without the missing ones."""
    frame = draft.file.frame
    read = infer.reader(column, frame.collect_schema()[column.heading])
    with reading(str(draft.file.path)):
        held = frame.select(value=read).drop_nulls().collect(engine="streaming")["value"]
    return _in_units(held, column.word)


def _sums(rows: Draft, column: Column | None) -> pl.Series:
    """The sum of a column by key, or the number of rows."""
    frame = rows.file.frame
    value = pl.len()
    if column is not None:
        value = infer.reader(column, frame.collect_schema()[column.heading]).sum()
    with reading(str(rows.file.path)):
        sums = frame.group_by(key=pl.col(rows.key.heading)).agg(value=value)
        held = sums.drop_nulls("key").collect(engine="streaming")["value"]
    return _in_units(held, column.word if column else "whole")


def _in_units(held: pl.Series, word: Word) -> pl.Series:
    units = held.cast(pl.Float64)
    return units / 10 ** decimals(CURRENCY) if word == "money" else units


def _cuts(values: pl.Series, word: Word) -> tuple[Cut, ...]:
    """The thresholds from the top, each of which leaves some rows below it."""
    least = values.min()
    if not isinstance(least, float):
        return ()
    low, high = (values.quantile(part, "nearest") for part in _RANGE)
    cuts: list[tuple[str, Decimal]] = []
    for segment, parts in _LEVELS:
        for part in parts:
            at = _rounded(values.quantile(part, "nearest"), word, ROUND_HALF_EVEN)
            below = not cuts or at < cuts[-1][1]
            most = values.max() or 0.0  # of numbers, so it is one
            if below and Decimal(least) < at <= Decimal(most):  # type: ignore[arg-type]  # see above
                cuts.append((segment, at))
                break
    start = min([_rounded(low, word, ROUND_FLOOR), *(at for _, at in cuts)])
    end = max([_rounded(high, word, ROUND_CEILING), *(at for _, at in cuts)])
    return tuple(
        Cut(segment, _written(at, word), _written(start, word), _written(end, word))
        for segment, at in cuts
    )


def _rounded(value: float | None, word: Word, way: str) -> Decimal:
    """A value to few significant digits, and to no more decimals than its type has."""
    exact = Decimal(repr(value or 0.0))
    place = exact.adjusted() - _DIGITS + 1
    if word == "whole":
        place = max(place, 0)
    elif word == "money":
        place = max(place, -decimals(CURRENCY))
    place = max(place, -_MOST_DECIMALS)
    return exact.quantize(Decimal(1).scaleb(place), way)


def _written(value: Decimal, word: Word) -> str:
    number = value * 100 if word == "share" else value
    plain = format(number.normalize() if number else Decimal(0), "f")
    whole, point, rest = plain.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):_}" + point + rest
    return f"{sign}{grouped}%" if word == "share" else f"{sign}{grouped}"
