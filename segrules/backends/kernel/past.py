"""What rules ask of the past as columns that the caller keeps: arrays have no related rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segrules.backends.reach import on_row, set_parts
from segrules.lang.ir import (
    Aggregate,
    Apply,
    Calibrated,
    Choose,
    Column,
    Expr,
    InRank,
    Linked,
    Population,
    Ruleset,
    SegmentSet,
    Statistic,
    history_of,
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is asked of the past, and the column of the table in which the caller answers it."""

    column: Column
    asked: Aggregate


def remembered(ruleset: Ruleset, table: str) -> tuple[Ruleset, tuple[Remembered, ...]]:
    """The rules with columns in the place of what they ask of the stored past of a table.

    Equal questions are one column, named `past 0`, `past 1` and so on.
    """
    sets = [found for found in ruleset.sets if found.table == table]
    parts = [part for found in sets for part in _parts(found)]
    parts += [each.expr for each in ruleset.features if each.table == table]
    past = history_of(table)
    asked = dict.fromkeys(
        node
        for node in on_row(parts)
        if isinstance(node, Aggregate) and node.rows.table == past
    )  # fmt: skip
    found = tuple(
        Remembered(Column(table, f"past {at}", node.type, node.optional), node)
        for at, node in enumerate(asked)
    )
    if not found:
        return ruleset, ()
    answers = {each.asked: each.column for each in found}
    features = tuple(
        replace(each, expr=answered(each.expr, answers)) if each.table == table else each
        for each in ruleset.features
    )
    kept = tuple(_answered(each, answers) if each in sets else each for each in ruleset.sets)
    return replace(ruleset, features=features, sets=kept), found


def answered(node: Expr, answers: dict[Aggregate, Column]) -> Expr:
    """An expression in which aggregates are columns, on the row itself."""
    match node:
        case Aggregate():
            return answers.get(node, node)
        case Apply(args=args):
            return replace(node, args=tuple(answered(each, answers) for each in args))
        case Choose(cases=cases, otherwise=otherwise):
            pairs = tuple(
                (answered(test, answers), answered(value, answers)) for test, value in cases
            )
            return replace(node, cases=pairs, otherwise=answered(otherwise, answers))
        case Linked(by=by):
            return replace(node, by=answered(by, answers))
    return _calibrated(node, answers) if isinstance(node, Calibrated) else node


def _calibrated(node: Calibrated, answers: dict[Aggregate, Column]) -> Calibrated:
    of = node.population
    population = Population(
        tuple(answered(each, answers) for each in of.same),
        None if of.among is None else answered(of.among, answers),
    )
    if isinstance(node, Statistic):
        value = None if node.value is None else answered(node.value, answers)
        return replace(node, value=value, population=population)
    return replace(node, by=answered(node.by, answers), population=population)


def _parts(found: SegmentSet) -> tuple[Expr, ...]:
    leaving = (each.leaving for each in found.tolerances)
    return (*set_parts(found), *(each for each in leaving if each is not None))


def _answered(found: SegmentSet, answers: dict[Aggregate, Column]) -> SegmentSet:
    rules = tuple(
        replace(each, condition=answered(each.condition, answers)) for each in found.rules
    )
    ranks = [(each, _calibrated(each.rank, answers)) for each in found.caps]
    caps = tuple(replace(each, rank=rank) for each, rank in ranks if isinstance(rank, InRank))
    tolerances = tuple(
        replace(
            each,
            leave=each.leave and answered(each.leave, answers),
            leaving=each.leaving and answered(each.leaving, answers),
        )
        for each in found.tolerances
    )
    return replace(found, rules=rules, caps=caps, tolerances=tolerances)
