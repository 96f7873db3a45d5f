"""What each target answers of a segment set on a population, in one form.

Of each row by its key: the segment, what decided, how many rules are unknown, then of every rule
whether it is true. What a target cannot honour it refuses before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import agree_record
import agree_sql
import polars as pl
from agree_hostile import Population
from agree_kernel import arrays
from sql_engines import Database, asked, placed

from segrules.backends.context import Context
from segrules.backends.kernel.target import compile_rules
from segrules.backends.kernel.target import refusals as kernel_refusals
from segrules.backends.kernel.values import values_of
from segrules.backends.polars.first_match import assigned
from segrules.backends.polars.lower import Scope, lower, scope_of
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import on_row, reached, set_parts
from segrules.backends.record import refusals as record_refusals
from segrules.backends.reference.rows import Tables, everyone
from segrules.backends.sql import refusals as sql_refusals
from segrules.lang.cells import cells_of
from segrules.lang.ir import Expr, Ruleset, SegmentSet, Value
from segrules.lang.types import Flag
from segrules.runtime import RecordError
from segrules.segments.matching import by_cells

PARTS = ("segment", "by", "unknown")
Answer = tuple[Any, ...]
Answers = Mapping[Value, Answer]


class Answered(dict[Value, Answer]):
    """With how many records were refused, and answered when what was wrong was left out."""

    refused = 0


@dataclass(frozen=True)
class Case:
    """A set of a ruleset that is asked of a population."""

    rules: Ruleset
    name: str
    where: Context
    population: Population

    @property
    def found(self) -> SegmentSet:
        return self.rules.set(self.name)

    @property
    def conditions(self) -> dict[str, Expr]:
        return {f"rule {at}": rule.condition for at, rule in enumerate(self.found.rules)}


class RefusedError(Exception):
    """A target says beforehand that it cannot honour a case."""


# ---- polars


class Always:
    """Every set of a table by its cells, as long as it reads anything at all."""

    def __init__(self, rules: Ruleset, table: str) -> None:
        self.rules, self.table, self.decided = rules, table, 0

    def __call__(
        self, found: SegmentSet, scope: Scope, outcomes: Sequence[int], *, counted: bool
    ) -> pl.Expr | None:
        if scope.table.name != self.table:
            return None
        cells = cells_of(found, self.rules)
        if not cells.subjects:
            return None
        self.decided += 1
        return by_cells(cells, scope, outcomes, counted=counted)


def _chained(case: Case, frames: Mapping[str, pl.LazyFrame], engine: str) -> Answers:
    found = case.found
    plan = prepare(case.rules, found.table, frames, case.where, set_parts(found))
    scope = scope_of(case.rules, found.table, case.where)
    answer = assigned(plan, found, scope, PARTS)
    truths = {name: lower(node, scope) for name, node in case.conditions.items()}
    return _collected(case, answer, truths, engine)


def _collected(
    case: Case, answer: pl.LazyFrame, truths: Mapping[str, pl.Expr], engine: str
) -> Answers:
    found = case.found
    key, names = case.rules.table(found.table).key, [found.outputs[part] for part in PARTS]
    made = answer.select(key, *names, **truths).collect(engine=engine)  # type: ignore[call-overload]
    answers = {row[0]: row[1:] for row in made.rows()}
    assert len(answers) == made.height, "a key stands twice"
    return answers


def polars_in_memory(case: Case) -> Answers:
    return _chained(case, case.population.frames, "in-memory")


def polars_streaming(case: Case) -> Answers:
    """From what the sources hold, by way of the border."""
    return _chained(case, case.population.sources, "streaming")


def polars_by_cells(case: Case) -> Answers:
    """The set by its cells, and every rule by the cells of a set of its own."""
    found = case.found
    always = Always(case.rules, found.table)
    plan = prepare(
        case.rules, found.table, case.population.frames, case.where, set_parts(found), always
    )
    scope = scope_of(case.rules, found.table, case.where)
    answer = assigned(plan, found, scope, PARTS, always)
    truths = {}
    for at, rule in enumerate(found.rules):
        alone = replace(found, rules=(rule,), unsure=None, caps=())
        made = always(alone, scope, (1, 0, 2), counted=False)
        name = f"rule {at}"
        truths[name] = lower(rule.condition, scope) if made is None else _truth(made)
    return _collected(case, answer, truths, "in-memory")


def _truth(outcome: pl.Expr) -> pl.Expr:
    return pl.when(outcome < 2).then(outcome == 1)


# ---- the record function


def _refuse(reasons: Sequence[object]) -> None:
    if reasons:
        raise RefusedError("; ".join(sorted(set(map(str, reasons)))))


def record_trusted(case: Case) -> Answers:
    return _recorded(case, trusted=True)


def record_checked(case: Case) -> Answers:
    """From raw values; a record that holds what means nothing is refused first, naming it."""
    return _recorded(case, trusted=False)


def _recorded(case: Case, *, trusted: bool) -> Answers:
    found, rows, where = case.found, case.population.rows, case.where
    _refuse([each.code for each in record_refusals(case.rules, found.table, where.calibration)])
    made = agree_record.decider(case.rules, found.table, where, found.name)
    made = made if trusted else made.with_options(trusted=False)
    beside = agree_record.Beside(made, rows)
    read = {each.name for each in made.columns}
    answers = Answered()

    def ask(record: Mapping[str, Any]) -> Answer:
        related = beside.of(record) if len(rows) > 1 else None
        decision = made.decide(record, where.as_of, related=related)
        truths = made.truths(record, where.as_of, related=related)[found.name]
        return (decision.segment, decision.by, truths.count(None), *truths)

    for key, record, bad in _records(case, trusted=trusted):
        wrong = bad & read
        try:
            answers[key] = ask(record)
        except RecordError as error:
            if error.field not in wrong:
                raise
            answers.refused += 1
            answers[key] = ask({**record, **dict.fromkeys(wrong)})
        else:
            assert not wrong, f"one of {sorted(wrong)} should have been refused"
    return answers


def _records(
    case: Case, *, trusted: bool
) -> Iterator[tuple[Value, Mapping[str, Any], frozenset[str]]]:
    """The key of each row, its record, and the columns that must be refused if they are read."""
    population, key = case.population, case.rules.table(case.found.table).key
    if trusted or len(population.rows) > 1:
        for row in _seen(case):
            yield row[key], row, frozenset()
        return
    nothing = frozenset[str]()
    for at, row in enumerate(population.rows[case.found.table]):
        yield row[key], population.records[at], population.refused.get(at, nothing)


def _seen(case: Case) -> list[Mapping[str, Value]]:
    """The rows of the table that can be seen."""
    table, tables = case.rules.table(case.found.table), Tables(case.population.rows)
    return [row.columns for row in everyone(table, tables, case.rules, case.where)]


# ---- arrays


def kernel(case: Case) -> Answers:
    found, population = case.found, case.population
    table = case.rules.table(found.table)
    _refuse([each.code for each in kernel_refusals(case.rules, table.name, case.where)])
    alone = len(population.rows) == 1
    rows = population.rows[table.name] if alone else _seen(case)
    handed = population.arrays if alone else arrays(table, rows)
    compiled = compile_rules(case.rules, table.name, case.where)
    made = compiled.decide(handed)[found.name]
    segments = [None if at < 0 else found.segments[at] for at in made.segment.tolist()]
    by = [found.deciders[at] for at in made.by.tolist()]
    vectors = compiled.values(list(case.conditions.values()), handed)
    truths = [values_of(each, Flag(), len(rows)) for each in vectors]
    answers = zip(segments, by, made.unknown.tolist(), *truths, strict=True)
    return {row[table.key]: answer for row, answer in zip(rows, answers, strict=True)}


# ---- databases


def duckdb(case: Case) -> Answers:
    return database(case, agree_sql.duckdb())


def database(case: Case, at: Database) -> Answers:
    """In a database: one query for the placements, one for the truth of every rule."""
    table = case.found.table
    alone = replace(case.rules, sets=tuple(
        each for each in case.rules.sets if each.table != table or each.name == case.name
        or _rests_on(case, each)
    ))  # fmt: skip
    _refuse([each.what for each in sql_refusals(alone, table, at.dialect)])
    sources = case.population.stored(at)
    rows = placed(at, alone, table, case.where, sources, PARTS)
    place = 1 + 3 * [each.name for each in alone.sets if each.table == table].index(case.name)
    truths = asked(at, alone, table, case.where, sources, case.conditions)
    assert len(truths) == len(rows), "a key stands twice"
    return {row[0]: (*row[place : place + 3], *truths[row[0]]) for row in rows}


def _rests_on(case: Case, other: SegmentSet) -> bool:
    table = case.found.table
    nodes = on_row(reached(set_parts(case.found), table, case.rules)[table])
    return any(getattr(node, "set", None) == other.name for node in nodes)


def mismatch(case: Case, target: Callable[[Case], Answers], expected: Answers) -> str | None:
    """What a target says otherwise, in a line; None where it agrees on every row.

    Raises:
        RefusedError: the target says beforehand that it cannot honour the case.
    """
    try:
        found = target(case)
    except RefusedError:
        raise
    except Exception as error:
        # whatever comes from the depth is a mismatch
        return f"{type(error).__name__}: {str(error)[:2000]}"
    if found == expected and _well_typed(found):
        return None
    if found.keys() != expected.keys():
        return f"other rows: {sorted(map(str, found.keys() ^ expected.keys()))[:5]}"
    wrong = [key for key, answer in expected.items() if found[key] != answer]
    if not wrong:
        return "answers of another form"
    key = wrong[0]
    return f"{len(wrong)} rows; {key}: {expected[key]} by the reference, {found[key]} by the target"


def _well_typed(answers: Answers) -> bool:
    """Truths are flags, not numbers that equal them."""
    truths = [answer[3:] for answer in answers.values()]
    kinds = {type(truth) for each in truths for truth in each}
    return kinds <= {bool, type(None)}


TARGETS: dict[str, Callable[[Case], Answers]] = {
    "polars in memory": polars_in_memory,
    "polars streaming": polars_streaming,
    "polars by cells": polars_by_cells,
    "record trusted": record_trusted,
    "record checked": record_checked,
    "kernel": kernel,
    "duckdb": duckdb,
}
