"""The smallest case that still shows what a case has shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from agree_corpus import recalibrated
from agree_hostile import Population
from agree_judge import judged
from agree_targets import Case, RefusedError, mismatch
from agree_trees import magnitude

from segrules.backends.reach import reached, set_parts, steps_needed
from segrules.lang import ir
from segrules.lang.operators import OPERATORS
from segrules.lang.types import form

SECONDS = 120.0


def shrunk(case: Case, target: Callable[[Case], Any], seconds: float = SECONDS) -> Case:
    """Fewer rows, rules and nodes, as long as the target is still at odds with the reference."""
    until = time.monotonic() + seconds
    smaller = True
    while smaller and time.monotonic() < until:
        smaller = False
        for candidate in _smaller(case):
            if time.monotonic() > until:
                break
            if differs(candidate, target):
                case, smaller = candidate, True
                break
    return case


def differs(case: Case, target: Callable[[Case], Any]) -> bool:
    """Whether a target is at odds with the reference, which can be asked about the case."""
    try:
        case = recalibrated(case)
        return mismatch(case, target, judged(case)) is not None
    except RefusedError:
        return False
    except Exception:
        # it is no case at all
        return False


def _smaller(case: Case) -> Iterator[Case]:
    yield from _fewer_rows(case)
    yield from _fewer_rules(case)
    for rules in _simpler(case):
        yield replace(case, rules=rules)


def _fewer_rows(case: Case) -> Iterator[Case]:
    held = case.population
    for name, rows in held.rows.items():
        size = len(rows)
        least = 1 if name == held.table else 0
        parts = [part for part in (2, 4, 8, 16) if part < size]
        for step in dict.fromkeys([*(-(-size // part) for part in parts), 1]):
            for start in range(0, size, step):
                places = [at for at in range(size) if not start <= at < start + step]
                if len(places) >= least:
                    yield replace(case, population=_kept(held, name, places))


def _kept(held: Population, name: str, places: list[int]) -> Population:
    if name == held.table:
        return held.part(places)
    rows, cells = dict(held.rows), dict(held.cells)
    rows[name] = [rows[name][at] for at in places]
    cells[name] = [cells[name][at] for at in places]
    return Population(held.rules, held.table, rows, cells, held.records, held.refused)


def _fewer_rules(case: Case) -> Iterator[Case]:
    found = case.found
    for kept in (*([rule] for rule in found.rules), *(
        [*found.rules[:at], *found.rules[at + 1 :]] for at in range(len(found.rules))
    )):  # fmt: skip
        if kept and len(kept) < len(found.rules):
            plain = tuple(replace(rule, by="") for rule in kept)
            yield _with_set(case, replace(found, rules=plain, caps=()))
    if found.unsure is not None:
        yield _with_set(case, replace(found, unsure=None))
    if found.caps:
        yield _with_set(case, replace(found, caps=found.caps[:-1]))


def _with_set(case: Case, found: ir.SegmentSet) -> Case:
    sets = tuple(found if each.name == found.name else each for each in case.rules.sets)
    return replace(case, rules=replace(case.rules, sets=sets))


def _simpler(case: Case) -> Iterator[ir.Ruleset]:
    rules = case.rules
    pruned = _without_unused(case)
    if len(pruned.steps) < len(rules.steps):
        yield pruned
    for at, feature in enumerate(rules.features):
        for expr in _less(feature.expr, rules):
            made = replace(feature, expr=expr)
            yield replace(rules, features=(*rules.features[:at], made, *rules.features[at + 1 :]))
    for at, found in enumerate(rules.sets):
        for number, rule in enumerate(found.rules):
            for expr in _less(rule.condition, rules):
                made_rule = replace(rule, condition=expr)
                made_set = replace(
                    found, rules=(*found.rules[:number], made_rule, *found.rules[number + 1 :])
                )
                yield replace(rules, sets=(*rules.sets[:at], made_set, *rules.sets[at + 1 :]))


def _without_unused(case: Case) -> ir.Ruleset:
    rules, found = case.rules, case.found
    names = {found.name}
    for table, parts in reached(set_parts(found), found.table, rules).items():
        names |= {step.name for step in steps_needed(parts, table, rules)}
    return replace(
        rules,
        features=tuple(each for each in rules.features if each.name in names),
        sets=tuple(each for each in rules.sets if each.name in names),
        steps=tuple(name for name in rules.steps if name in names),
    )


def _less(node: ir.Expr, rules: ir.Ruleset) -> Iterator[ir.Expr]:
    """The expression with one part made simpler, the largest steps first."""
    yield from (each for each in _in_place_of(node, rules) if _fits(each, node))
    for name, part in _parts(node):
        for made in _replaced(part, rules):
            yield replace(node, **{name: made})


def _parts(node: Any) -> Iterator[tuple[str, Any]]:
    for part in fields(node):
        held = getattr(node, part.name)
        if part.name not in ("type", "span") and (isinstance(held, tuple) or is_dataclass(held)):
            yield part.name, held


def _replaced(part: Any, rules: ir.Ruleset) -> Iterator[Any]:
    if isinstance(part, tuple):
        for at, each in enumerate(part):
            for made in _replaced(each, rules):
                yield (*part[:at], made, *part[at + 1 :])
    elif isinstance(part, ir.Expr):
        yield from _less(part, rules)
    elif is_dataclass(part):
        for name, held in _parts(part):
            for made in _replaced(held, rules):
                yield replace(part, **{name: made})


def _in_place_of(node: ir.Expr, rules: ir.Ruleset) -> Iterator[ir.Expr]:
    """What may stand where a node stands: parts of it, and the node with fewer operands."""
    match node:
        case ir.Apply(op=op, args=args):
            yield from args
            signature = OPERATORS[op].signatures[0]
            if signature.repeats and op != "collect":
                for at in range(len(args)):
                    if len(args) > len(signature.operands):
                        yield replace(node, args=(*args[:at], *args[at + 1 :]))
        case ir.Choose(cases=cases, otherwise=otherwise):
            yield otherwise
            yield from (part for case in cases for part in case)
            for at in range(len(cases)):
                if len(cases) > 1:
                    yield replace(node, cases=(*cases[:at], *cases[at + 1 :]))
        case ir.Use(name=name):
            yield rules.feature(name).expr
    if form(node.type) == "bool" and not isinstance(node, ir.Const):
        yield from (ir.Const(value, node.type) for value in (True, False))


def _fits(made: ir.Expr, node: ir.Expr) -> bool:
    """Whether a node can stand for another: no more can be missing, no number grows too large."""
    if form(made.type) != form(node.type) or (made.optional and not node.optional):
        return False
    if form(made.type) in ("enum", "set") and made.type != node.type:
        return False
    return form(made.type) != "int" or magnitude(made) < 10**15 or magnitude(made) <= (
        magnitude(node))  # fmt: skip
