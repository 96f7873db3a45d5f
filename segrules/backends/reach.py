"""What expressions rest on: on their own row features and placements, elsewhere linked rows.

Targets that compute a table at a time lay the steps of a row out in order, so they need to know
which, and how to freeze what ranks compare, a step at a time; nothing here computes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Sequence as Several
from dataclasses import replace

from segrules.lang.ir import (
    Aggregate,
    Calibrated,
    Calibration,
    Expr,
    Feature,
    Frozen,
    Group,
    InRank,
    Linked,
    Placed,
    Rank,
    Ruleset,
    SegmentSet,
    Sequence,
    Statistic,
    Use,
    calibrated_parts,
    children,
    rows_in,
)

Step = Feature | SegmentSet
Asked = Mapping[str, Iterable[Expr]]
"""Expressions by the table on whose rows they are evaluated."""
Freeze = Callable[
    [Several[tuple[str, Calibrated]], Calibration], Mapping[str, Mapping[Group, Frozen]]
]
"""Freezes some ranks and figures, each with its table, that rest on nothing but what is frozen so
far: by name, what is frozen for each group."""


def on_row(expressions: Iterable[Expr]) -> Iterator[Expr]:
    """Every node that is evaluated on the row itself: none that asks related or linked rows."""
    waiting = list(expressions)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case Aggregate() | Sequence():
                pass
            case Linked(by=by):
                waiting.append(by)
            case _:
                waiting.extend(reversed(children(node)))


def on_others(node: Expr) -> tuple[tuple[str, tuple[Expr, ...]], ...]:
    """What a node evaluates on rows of other tables, by table; nothing of what stands below it."""
    match node:
        case Linked(table=table, value=value):
            return ((table, (value,)),)
        case Aggregate(value=value):
            asked = (node.rows.among, node.rows.where, value)
            return ((node.rows.table, _known(asked)),)
        case Sequence():
            return tuple((rows.table, _known((rows.among, rows.where))) for rows in rows_in(node))
        case _:
            return ()


def overlays(ruleset: Ruleset, table: str) -> tuple[Feature, ...]:
    """The flags of a table and the outputs of its grids, as they were declared.

    They are part of an assignment. Features stand in an order of use, which may change with a rule;
    columns should not.
    """
    named = [each for each in ruleset.features_of(table) if each.kind in ("flag", "grid")]
    return tuple(sorted(named, key=lambda each: each.span.start if each.span else 0))


def sets_of(ruleset: Ruleset, table: str) -> tuple[SegmentSet, ...]:
    """The segment sets of a table."""
    return tuple(each for each in ruleset.sets if each.table == table)


def conditions(sets: Iterable[SegmentSet]) -> list[Expr]:
    """All that deciding the sets takes: rules, caps, allotments, hold-outs, counts of leaving."""
    found: list[Expr] = []
    for each in sets:
        found.extend(set_parts(each))
        found.extend(rank for allotment in each.allotments for rank, _ in allotment.best)
        found.extend([each.holdout.test] if each.holdout else [])
        found.extend(held.leaving for held in each.tolerances if held.leaving)
    return found


def placing(ruleset: Ruleset, table: str) -> list[Expr]:
    """Every expression that an assignment of a table evaluates on its rows."""
    return [
        *conditions(sets_of(ruleset, table)),
        *(feature.expr for feature in overlays(ruleset, table)),
    ]


def set_parts(found: SegmentSet, caps: int | None = None) -> tuple[Expr, ...]:
    """What a placement after so many caps (None: all of them) is decided by."""
    ranks = (cap.rank for cap in found.caps[:caps])
    return (*(rule.condition for rule in found.rules), *ranks)


def steps_needed(
    expressions: Iterable[Expr], table: str, ruleset: Ruleset, given: Collection[str] = ()
) -> tuple[Step, ...]:
    """The features and sets of the table that the expressions rest on, on the row itself.

    Each stands after those it uses. Those given, and what only they use, are left out.

    Raises:
        ValueError: something is used that is no step of this table.
    """
    return tuple(step for step, _ in _with_caps(expressions, table, ruleset, given))


def reached(
    expressions: Iterable[Expr], table: str, ruleset: Ruleset, given: Collection[str] = ()
) -> Mapping[str, tuple[Expr, ...]]:
    """By table, all that is evaluated on its rows: the expressions, then what they rest on.

    Steps, links and related rows are followed to their ends. Names are `given` for the row that is
    asked about, not for other rows of its table.
    """
    found: dict[str, dict[int, Expr]] = {}
    followed: dict[str, int] = {}
    waiting = [(table, tuple(expressions), given)]
    while waiting:
        at, asked, known = waiting.pop(0)
        parts = list(asked)
        for step, caps in _with_caps(asked, at, ruleset, known):
            if followed.get(step.name, -1) < caps:
                followed[step.name] = caps
                parts.extend(_parts(step, caps))
        found.setdefault(at, {}).update((id(part), part) for part in parts)
        waiting.extend((*other, ()) for node in on_row(parts) for other in on_others(node))
    return {name: tuple(parts.values()) for name, parts in found.items()}


def calibrated(nodes: Iterable[Expr]) -> tuple[Calibrated, ...]:
    """What is answered from a calibration, of the nodes evaluated on a row; each name once."""
    kinds = (InRank, Statistic, Rank)
    return tuple({node.name: node for node in on_row(nodes) if isinstance(node, kinds)}.values())


def calibrate_in_steps(
    ruleset: Ruleset, asked: Asked | None, start: Calibration, freeze: Freeze
) -> Calibration:
    """All that the expressions rest on, frozen; without any, what the segment sets rest on.

    What is frozen at the `start` is kept. Each step freezes all that is ready; groups stand in the
    order of their values.

    Raises:
        ValueError: ranks rest on each other in a circle.
    """
    waiting = _waiting(_of_sets(ruleset) if asked is None else asked, ruleset)
    found = start
    for name in start.names():
        waiting.pop(name, None)
    while waiting:
        ready = {
            name: each
            for name, each in waiting.items()
            if not _rests_on(*each, ruleset) & waiting.keys()
        }
        if not ready:
            raise ValueError("ranks rest on each other in a circle")
        made = freeze([*ready.values()], found)
        frozen = ((name, tuple(sorted(made[name].items(), key=_group))) for name in ready)
        found = replace(found, frozen=(*found.frozen, *frozen))
        waiting = {name: each for name, each in waiting.items() if name not in ready}
    return found


def _group(item: tuple[Group, Frozen]) -> Group:
    return item[0]


def _of_sets(ruleset: Ruleset) -> dict[str, list[Expr]]:
    """All that places, allots and holds out, by table."""
    return {each.table: conditions(sets_of(ruleset, each.table)) for each in ruleset.sets}


def _waiting(asked: Asked, ruleset: Ruleset) -> dict[str, tuple[str, Calibrated]]:
    """Each rank and figure that the expressions rest on, with its table, by name."""
    return {
        node.name: (table, node)
        for start, expressions in asked.items()
        for table, parts in reached(expressions, start, ruleset).items()
        for node in calibrated(parts)
    }


def _rests_on(table: str, node: Calibrated, ruleset: Ruleset) -> set[str]:
    return set(_waiting({table: calibrated_parts(node)}, ruleset))


def _with_caps(
    expressions: Iterable[Expr], table: str, ruleset: Ruleset, given: Collection[str]
) -> list[tuple[Step, int]]:
    """As `steps_needed`, with the number of caps that are needed of a set (0 for a feature)."""
    wanted = _used(expressions, ruleset)
    steps: dict[str, Step] = {
        **{each.name: each for each in ruleset.sets},
        **{each.name: each for each in ruleset.features},
    }
    needed: list[tuple[Step, int]] = []
    # steps stand in an order in which each uses only earlier ones
    for name in reversed(ruleset.steps):
        if name not in wanted or name in given:
            continue
        step, caps = steps[name], wanted[name]
        if step.table != table:
            raise ValueError(f"{name} is of {step.table}, not of {table}")
        needed.append((step, caps))
        for below, more in _used(_parts(step, caps), ruleset).items():
            wanted[below] = max(wanted.get(below, 0), more)
    unknown = wanted.keys() - {step.name for step, _ in needed} - set(given)
    if unknown:
        raise ValueError(f"no steps of the ruleset: {sorted(unknown)}")
    return needed[::-1]


def _parts(step: Step, caps: int) -> tuple[Expr, ...]:
    return (step.expr,) if isinstance(step, Feature) else set_parts(step, caps)


def _used(expressions: Iterable[Expr], ruleset: Ruleset) -> dict[str, int]:
    """The names that are read on the row itself; of a set after how many caps."""
    used: dict[str, int] = {}
    for node in on_row(expressions):
        match node:
            case Use(name=name):
                used.setdefault(name, 0)
            case Placed(set=name, caps=caps):
                count = len(ruleset.set(name).caps) if caps is None else caps
                used[name] = max(used.get(name, 0), count)
            case _:
                pass
    return used


def _known(parts: Iterable[Expr | None]) -> tuple[Expr, ...]:
    return tuple(part for part in parts if part is not None)
