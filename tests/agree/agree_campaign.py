"""A campaign over generated rulesets and hostile rows: every target against the reference.

A row-case is one row that one target has answered whole (segment, decider, number of unknown rules,
truth of every rule) and whose answer was compared with what the reference says of that row.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agree_cases import ALLOWED, cases
from agree_coverage import Pair, Special, directly, pairs, specials_of
from agree_hostile import Population, people
from agree_judge import judged
from agree_targets import TARGETS, Answers, Case, RefusedError, mismatch

from segrules.lang.ir import Aggregate, Apply, Choose, Expr, children, walk

STRETCH = 24
"""Rulesets that are asked of one population, before another is made."""

ROWS = 4096
Targets = Mapping[str, Callable[[Case], Answers]]


@dataclass(frozen=True)
class Found:
    """A mismatch: the place of a case in its campaign, the target, and what it says otherwise."""

    seed: int
    number: int
    name: str
    rows: int
    target: str
    says: str


@dataclass
class Tally:
    """What a part of a campaign has done; `cases` are row-cases by target."""

    rulesets: int = 0
    sets: int = 0
    rules: int = 0
    judged: int = 0
    among_others: int = 0
    cases: Counter[str] = field(default_factory=Counter)
    truths: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    records_refused: int = 0
    deciders: Counter[str] = field(default_factory=Counter)
    met: set[Pair] = field(default_factory=set)
    specials: set[Special] = field(default_factory=set)
    gathered: set[tuple[str, str]] = field(default_factory=set)
    found: list[Found] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            held = getattr(self, name)
            if isinstance(held, int):
                setattr(self, name, held + value)
            elif isinstance(held, list):
                held.extend(value)
            else:
                held.update(value)


def stretch(seed: int, at: int, rows: int, targets: Targets = TARGETS) -> Tally:
    """A number of rulesets of a campaign, by the place of the stretch in it."""
    tally = Tally()
    population = _population(seed, at, rows)
    try:
        for number in range(at * STRETCH, (at + 1) * STRETCH):
            tally.rulesets += 1
            for case in cases(seed, number, population):
                _tried(tally, case, targets, (seed, number, rows))
    finally:
        population.forget()
    return tally


def played(
    seed: int, rows: int, processes: int, enough: Callable[[Tally], bool]
) -> Iterator[Tally]:
    """All that has been done so far, after each stretch, until that is enough or differs."""
    total, work = Tally(), itertools.count()
    # engines would otherwise use every core for each of the processes
    os.environ["POLARS_MAX_THREADS"] = "1"
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        waiting = [pool.apply_async(_quietly, (seed, next(work), rows)) for _ in range(processes)]
        while waiting:
            total.add(waiting.pop(0).get())
            if not enough(total) and not total.found:
                waiting.append(pool.apply_async(_quietly, (seed, next(work), rows)))
            yield total


def _quietly(seed: int, at: int, rows: int) -> Tally:
    """In a process of its own; a warning is an error, as it is in the tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return stretch(seed, at, rows)


def _population(seed: int, at: int, rows: int) -> Population:
    return people(seed * 1_000_003 + at, rows)


def again(found: Found) -> Case:
    """The case in which a mismatch was found."""
    population = _population(found.seed, found.number // STRETCH, found.rows)
    made = cases(found.seed, found.number, population)
    return next(case for case in made if case.name == found.name)


def _tried(tally: Tally, case: Case, targets: Targets, place: tuple[int, int, int]) -> None:
    expected = judged(case)
    _covered(tally, case)
    rows, rules = len(expected), len(case.found.rules)
    tally.sets, tally.rules, tally.judged = tally.sets + 1, tally.rules + rules, tally.judged + rows
    tally.deciders.update(answer[1] for answer in expected.values())
    for name, target in targets.items():
        made: list[Answers] = []

        def kept(asked: Case, target: Any = target, made: Any = made) -> Answers:
            made.append(target(asked))
            return made[0]  # type: ignore[no-any-return]

        try:
            says = mismatch(case, kept, expected)
        except RefusedError as reason:
            tally.refused[name, str(reason)] += 1
            continue
        if says is not None:
            seed, number, size = place
            tally.found.append(Found(seed, number, case.name, size, name, says))
            continue
        tally.cases[name] += len(made[0])
        tally.truths += len(made[0]) * rules
        tally.records_refused += getattr(made[0], "refused", 0)
    if len(case.population.rows) > 1:
        tally.among_others += rows
        case.population.forget()


# ---- coverage


def _covered(tally: Tally, case: Case) -> None:
    own = [each.expr for each in case.rules.features]
    own += [rule.condition for each in case.rules.sets for rule in each.rules]
    tally.met.update(pairs(own))
    if len(case.population.rows) == 1:
        for above, place, kind, optional in directly(own):
            tally.specials.update(
                Special(above, place, type(kind).__name__, value)
                for value in specials_of(kind, optional)
            )
    tally.gathered.update(_gathered(own))


def _gathered(nodes: list[Expr]) -> Iterator[tuple[str, str]]:
    """Aggregates and what stands directly above and below them."""
    for whole in nodes:
        for node in walk(whole):
            for below in children(node):
                if isinstance(below, Aggregate) or isinstance(node, Aggregate):
                    yield _called(node), _called(below)


def _called(node: Expr) -> str:
    match node:
        case Apply(op=op):
            return op
        case Aggregate(how=how):
            return f"{how} of rows"
        case Choose():
            return "choose"
    return type(node).__name__.lower()


# ---- what is printed


def summary(tally: Tally, seed: int, seconds: float, processes: int) -> str:
    """Everything that a campaign has to say for itself."""
    total = tally.cases.total()
    met = tally.met & set(ALLOWED)
    never = [each for each in ALLOWED if each not in met]
    lines = [
        f"{total:,} row-cases (a row answered whole by one target and compared), "
        f"{len(tally.found)} mismatches",
        f"{tally.rulesets:,} rulesets, {tally.sets:,} segment sets, {tally.rules:,} rules; "
        f"{tally.judged:,} rows judged by the reference; {tally.truths:,} truths of rules compared",
        *(f"  {name:18} {count:>12,} row-cases" for name, count in tally.cases.items()),
        f"operator pairs: {len(met):,} of the {len(ALLOWED):,} that types allow"
        + "".join(f"\n  never met: {each}" for each in _by_operator(never)),
        f"operators on columns with every special value of the type in the rows: "
        f"{len(tally.specials):,} of operator, place, type and value; types "
        f"{', '.join(sorted({each.type for each in tally.specials}))}",
        f"rows judged of tables that refer to each other: {tally.among_others:,}",
        f"aggregates above and below other nodes: {len(tally.gathered):,} pairs",
        f"rows placed by a rule {_by_rule(tally):,}, otherwise {tally.deciders['otherwise']:,}, "
        f"unsure {tally.deciders['unsure']:,}, by a cap {tally.deciders['cap']:,}",
        f"records that hold what means no value, refused as they must be before it was left out: "
        f"{tally.records_refused:,}",
        *(f"refused beforehand: {name}: {reason}: {count:,} sets"
          for (name, reason), count in sorted(tally.refused.items())),
        f"seed {seed}, {processes} processes, {seconds:.0f} s, {total / seconds:,.0f} row-cases a "
        f"second; fewer than {3 / max(1, tally.rulesets):.1e} of such rulesets differ, at 95% "
        "confidence",
    ]  # fmt: skip
    return "\n".join(lines)


def _by_operator(never: list[Pair]) -> Iterator[str]:
    below: dict[tuple[str, int, str], list[str]] = {}
    for pair in never:
        below.setdefault((pair.above, pair.place, pair.form), []).append(pair.below)
    for (above, place, kind), names in below.items():
        yield f"in {above}, operand {place} ({kind}): {', '.join(names)}"


def _by_rule(tally: Tally) -> int:
    return sum(
        count for name, count in tally.deciders.items()
        if name not in ("otherwise", "unsure", "cap")
    )  # fmt: skip
