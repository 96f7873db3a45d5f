"""Stored runs as rows for rules: one row a key and run, and how long a key has been where it is.

Runs are sorted by key, so they are merged as they stream; nothing is held but what is asked for.
A run holds all rows of its table: who is not in it was nowhere on its day, and a row says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import polars as pl

from segrules.segments.history.store import AS_OF, StoredRun, effective, runs
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import history as problems


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rows hold in any case: columns that no run has are missing in all rows.

    `sets` are segment sets, `columns` further stored columns with their types; other columns of
    the runs are there as well. The `key` is that of the runs where none is named.
    """

    key: str | None = None
    sets: tuple[str, ...] = ()
    columns: Mapping[str, pl.DataType] = field(default_factory=dict)


_ALL = Wanted()

ABSENT = "(absent)"
NOWHERE = "(in no segment)"
"""What a set holds where a key is in none of its segments, whose names are words. Missing values
would be passed over by those who ask what was last known."""
OVERRIDE = "override"
"""What decided where a row was placed by name."""


def history_rows(folder: Path, table: str, before: dt.date, wanted: Wanted = _ALL) -> pl.LazyFrame:
    """A row for each key and each run of a day before `before`, by key (bytes compared) and day.

    Of each day the last run holds. The columns are the key, `as_of`, every stored column (missing
    where a run lacks it), and of each set that a run holds:

    - `<set>` (String): the segment; "(in no segment)" for a row that is in none.
    - `<set>:before` (String): what the run before says of the key; missing where that run did not
      hold the key, or there is none.
    - `<set>:since` (Date): the day of the run at which the present stay began. A stay ends when
      the segment changes or a run does not hold the key.
    - `<set>:entered` (Boolean): a stay begins here, and there is an earlier run.
    - `<set>:decided` (Boolean): at every run of the stay so far an override has placed the row.

    A row that is in no segment stays there like in a segment. The run before is the last one that
    holds the set; on rows of runs that do not, all are missing.

    The first run without a key that was there before adds a row of that day, on which the set is
    "(absent)" and everything else that was stored is missing: there the stay ends, and a return
    is an entry. Sets that not the same runs hold have such rows of their own, which may then stand
    before rows of earlier days.

    Raises:
        RulesError: a run cannot be used (see `runs`), or runs differ in their key or in the type
            of a column. Reading the rows is to be done within `reading_runs`.
    """
    found = tuple(each for each in effective(runs(folder, table)) if each.run.as_of < before)
    key = wanted.key or (found[-1].run.key if found else None)
    if key is None:
        raise ValueError("without runs the key of the table must be named")
    sets = tuple(dict.fromkeys([*wanted.sets, *(name for each in found for name in each.run.sets)]))
    columns: dict[str, pl.DataType] = {name: pl.String() for name in sets}
    columns.update({f"{name}_by": pl.String() for name in sets})
    columns.update(wanted.columns)
    rows = merged(found, key, columns, others=True)
    for name in sets:
        rows = _with_stays(rows, found, key, name)
    rows = rows.select(pl.exclude(r"^:.*$"))
    return _with_absences(rows, found, key, sets)


def merged(
    found: Sequence[StoredRun],
    key: str,
    columns: Mapping[str, pl.DataType],
    *,
    others: bool = False,
) -> pl.LazyFrame:
    """The rows of runs by key and day, with `columns` or also with the `others` that they hold.

    `:run` (Int32) is the place of the row's run in `found`, from 0.

    Raises:
        RulesError: the runs do not fit each other or `columns`.
    """
    kinds = {key: pl.String(), AS_OF: pl.Date(), **columns}
    frames = [pl.scan_parquet(each.path, glob=False, hive_partitioning=False) for each in found]
    with reading_runs(found):
        held = [frame.collect_schema() for frame in frames]
    wrong = [
        problems.run_of_other_key(str(each.path), each.run.key, key)
        for each in found
        if each.run.key != key
    ]
    # the newest run knows best what a column holds
    for each, schema in zip(reversed(found), reversed(held), strict=True):
        read = [name for name in schema if others or name in kinds]
        wrong += _other_types(each, {name: schema[name] for name in read}, kinds)
    if wrong:
        raise RulesError(wrong, unable=True)
    ready = [
        frame.select(
            *(
                pl.col(name).cast(kind) if name in schema else pl.lit(None, dtype=kind).alias(name)
                for name, kind in kinds.items()
            ),
            pl.lit(at, dtype=pl.Int32).alias(":run"),
        )
        for at, (frame, schema) in enumerate(zip(frames, held, strict=True))
    ]
    return _merged(ready, key) if ready else pl.LazyFrame(schema={**kinds, ":run": pl.Int32()})


def _other_types(
    each: StoredRun, schema: Mapping[str, pl.DataType], kinds: dict[str, pl.DataType]
) -> Iterator[Diagnostic]:
    """Columns of another type than in `kinds`, to which new columns are added."""
    for name, kind in schema.items():
        wanted = kinds.setdefault(name, kind)
        if wanted == pl.Null():
            # a column without any value fits every type
            kinds[name] = kind
        elif kind not in (wanted, pl.Null()):
            yield problems.run_of_other_type(str(each.path), name, _said(kind), _said(wanted))


def _said(kind: pl.DataType) -> str:
    match kind:
        case pl.String():
            return "text"
        case pl.Boolean():
            return "flags"
        case pl.Date():
            return "dates"
        case pl.Datetime():
            return "instants"
        case pl.List():
            return "sets of values"
        case _:
            return "whole numbers" if kind.is_integer() else "numbers"


def _merged(frames: Sequence[pl.LazyFrame], key: str) -> pl.LazyFrame:
    """Frames sorted by key, merged; of equal keys the rows of earlier frames come first."""
    if len(frames) == 1:
        return frames[0]
    half = len(frames) // 2
    early, late = _merged(frames[:half], key), _merged(frames[half:], key)
    return early.merge_sorted(late, key, maintain_order=True)


def _with_stays(
    rows: pl.LazyFrame, found: Sequence[StoredRun], key: str, name: str
) -> pl.LazyFrame:
    """Adds what `history_rows` says of a set."""
    holding = _holding(found, name)
    held = pl.col(AS_OF).is_in(holding)

    def earlier(column: str) -> pl.Expr:
        """The value in the row before, of those whose run holds the set."""
        if len(holding) == len(found):
            return pl.col(column).shift(1)
        return pl.when(held).then(column).forward_fill().shift(1)

    steps = dict(zip(holding[1:], holding[:-1], strict=True))
    previous = pl.col(AS_OF).replace_strict(steps, default=None, return_dtype=pl.Date)
    goes_on = (earlier(key) == pl.col(key)) & (earlier(AS_OF) == previous)
    rows = rows.with_columns(
        goes_on.fill_null(False).alias(":goes_on"),
        pl.when(held).then(pl.col(name).fill_null(NOWHERE)).alias(name),
    )
    before = pl.when(":goes_on").then(earlier(name)).alias(f"{name}:before")
    begins = ~(pl.col(":goes_on") & pl.col(name).eq_missing(pl.col(f"{name}:before")))
    since = pl.when(held & begins).then(AS_OF).forward_fill()
    # stays are numbered, and so is the last one in which something else than an override decided
    rows = rows.with_columns(before).with_columns((held & begins).cum_sum().alias(":stay"))
    by_rule = held & pl.col(f"{name}_by").ne_missing(OVERRIDE)
    ruled = pl.when(by_rule).then(":stay").forward_fill()
    return rows.with_columns(
        pl.when(held).then(since).alias(f"{name}:since"),
        pl.when(held).then(begins & previous.is_not_null()).alias(f"{name}:entered"),
        pl.when(held).then(ruled.ne_missing(pl.col(":stay"))).alias(f"{name}:decided"),
    )


def _holding(found: Sequence[StoredRun], name: str) -> list[dt.date]:
    """The days of the runs that hold a set."""
    return [each.run.as_of for each in found if name in each.run.sets]


def _with_absences(
    rows: pl.LazyFrame, found: Sequence[StoredRun], key: str, sets: Sequence[str]
) -> pl.LazyFrame:
    """Behind the last row of a key before a run without it a row for that run."""
    alike: dict[tuple[dt.date, ...], list[str]] = {}
    for name in sets:
        alike.setdefault(tuple(_holding(found, name)), []).append(name)
    rows = rows.with_columns(pl.lit(value=False).alias(":absent"))
    for holding, names in alike.items():
        if len(holding) > 1:
            rows = _absences(rows, holding, key, names, every=len(holding) == len(found))
    return rows.drop(":absent")


def _absences(
    rows: pl.LazyFrame, holding: Sequence[dt.date], key: str, sets: Sequence[str], *, every: bool
) -> pl.LazyFrame:
    """Adds the absences from the runs that hold these sets; are they `every` run there is?"""
    held = pl.col(AS_OF).is_in(holding) & ~pl.col(":absent")

    def later(column: str) -> pl.Expr:
        """The value in the row after, of those whose run holds the sets."""
        if every:
            return pl.col(column).shift(-1)
        return pl.when(held).then(column).shift(-1).backward_fill()

    days = dict(pairwise(holding))
    after = pl.col(AS_OF).replace_strict(days, default=None, return_dtype=pl.Date)
    stays = ((later(key) == pl.col(key)) & (later(AS_OF) == after)).fill_null(False)
    both, one = pl.lit([False, True]), pl.lit([False])
    twice = (held & after.is_not_null() & ~stays).fill_null(False)
    rows = rows.with_columns(after.alias(":after"), pl.when(twice).then(both).otherwise(one)
                             .alias(":gone")).explode(":gone")  # fmt: skip
    there: dict[str, pl.Expr] = {key: pl.col(key), AS_OF: pl.col(":after")}
    for name in sets:
        there[name] = pl.lit(ABSENT)
        there[f"{name}:before"] = pl.col(name)
        there[f"{name}:since"] = pl.col(":after")
        there[f"{name}:entered"] = pl.lit(value=True)
        there[f"{name}:decided"] = pl.lit(value=False)
    there[":absent"] = pl.lit(value=True)
    names = [name for name in rows.collect_schema() if name not in (":after", ":gone")]
    return rows.select(
        pl.when(":gone").then(there.get(name)).otherwise(name).alias(name) for name in names
    )


@contextmanager
def reading_runs(found: Sequence[StoredRun]) -> Iterator[None]:
    """What the engine says while runs are read becomes a diagnostic that names the damaged run.

    Raises:
        RulesError: in place of the engine's or the system's own complaint.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        damaged = [str(each.path) for each in found if not _readable(each.path)]
        if not damaged:
            raise
        raise RulesError([problems.run_damaged(file) for file in damaged], unable=True) from None


def _readable(path: Path) -> bool:
    try:
        pl.read_parquet(path, glob=False, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return True
