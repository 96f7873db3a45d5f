"""Rulesets by chance: each meets the next few pairs of operators, and whatever comes beside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agree_coverage import CHOICE, Pair, allowed, pairs
from agree_hostile import Population, plain
from agree_maker import KEYS, Maker, world
from agree_targets import Case
from agree_trees import (
    FORMS,
    PRODUCERS,
    TABLE,
    TIER,
    Luck,
    Trees,
    apply,
    constants,
    magnitude,
    pool,
)
from agree_worlds import context, luck_of, ruleset
from test_ranks import frozen_alike

from segrules.lang import ir
from segrules.lang.operators import OPERATORS, Signature
from segrules.lang.types import BOUND, Enum, Flag, Form, Whole, form

ALLOWED = allowed()
FORCED = 6
"""Pairs that every ruleset over one table meets, the next ones of a shuffled list of all."""

RELATED_EVERY = 24
"""One ruleset of so many is over tables that belong and refer to each other."""

ZONES = ("Europe/London", "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Pacific/Apia")  # fmt: skip
DAYS = (dt.date(2026, 6, 30), dt.date(2024, 2, 29), dt.date(2025, 12, 31), dt.date(2026, 3, 29),
        dt.date(2026, 10, 25), dt.date(1970, 1, 1))  # fmt: skip
ATTEMPTS = 200


class Forms:
    """Makes the rulesets of a seed over one table."""

    def __init__(self, seed: int, number: int) -> None:
        self.luck = luck_of(seed * 1_000_003 + number)
        self.trees = Trees(Luck(self.luck))
        shift = luck_of(seed)
        self.pairs = [*ALLOWED]
        shift.shuffle(self.pairs)
        self.number = number

    def ruleset(self) -> ir.Ruleset:
        """Named values, a set that another may ask about, and the set `s`."""
        features = [self._feature(at) for at in range(self.luck.randint(0, 4))]
        sets = []
        if self.luck.random() < 0.25:
            sets.append(self._set("before", [self.trees.tree("bool", 2) for _ in range(3)]))
        tests = [self.trees.tree("bool", 3, whole=True) for _ in range(self.luck.randint(2, 4))]
        tests += [self.forced(pair) for pair in self._next()]
        if sets:
            placed = ir.Placed("before", sets[0].type, sets[0].optional)
            tests.append(
                apply(
                    "eq",
                    (placed, ir.Const(self.luck.choice(sets[0].segments), sets[0].type)),
                    Flag(),
                )
            )
        self.luck.shuffle(tests)
        if self.luck.random() < 0.4:
            tests = [self._rare(test) for test in tests]
        sets.append(self._set("s", tests))
        return ruleset([TABLE], features, sets, self.luck.choice(ZONES))

    def _next(self) -> list[Pair]:
        before = self.number - self.number // RELATED_EVERY
        at = before * FORCED % len(self.pairs)
        return (self.pairs + self.pairs)[at : at + FORCED]

    def _feature(self, at: int) -> ir.Feature:
        wanted = self.luck.choice([*FORMS])
        made = self.trees.tree(wanted, 2, whole=True)
        while magnitude(made) > BOUND:
            made = self.trees.tree(wanted, 2, whole=True)
        feature = ir.Feature(f"x{at}", "let", "people", made)
        self.trees.named.append(ir.Use(feature.name, feature.type, feature.optional))
        return feature

    def _set(self, name: str, tests: Sequence[ir.Expr]) -> ir.SegmentSet:
        """Most rules can be told apart by what decides."""
        made = []
        for at, test in enumerate(tests):
            by = self.luck.choice(["", "", "override", "stay"])
            made.append(ir.Rule(f"seg{at if self.luck.random() < 0.8 else 0}", "", test, by))
        named = dict.fromkeys(rule.segment for rule in made)
        made += [ir.Rule(segment, "", ir.Const(False, Flag())) for segment in named]
        unsure = ir.Outcome("unsure", "") if self.luck.random() < 0.5 else None
        return ir.SegmentSet(name, "people", tuple(made), ir.Outcome("rest", ""), unsure)

    def _rare(self, test: ir.Expr) -> ir.Expr:
        """Most rows are false, so that many are placed by no rule."""
        seldom = apply("eq", (self.trees.leaf("int"), ir.Const(7, Whole())), Flag())
        return apply("and", (test, seldom), Flag())

    # ---- pairs

    def forced(self, pair: Pair) -> ir.Expr:
        """A condition in which a pair stands."""
        for _ in range(ATTEMPTS):
            node = self._tested(self._above(pair, self._below(pair)))
            if pair in pairs([node]):
                return node
        raise ValueError(f"the pair {pair} cannot be made")

    def _below(self, pair: Pair) -> ir.Expr:
        depth = self.luck.choice([1, 1, 2])
        kind = TIER if pair.above == "position" else None
        if pair.form == "enum" and kind is None:
            kind = self.luck.choice(FORMS["enum"])
        if pair.below == CHOICE:
            return self.trees.choice(pair.form, depth, kind)
        operator, signature = self.luck.choice([
            each for each in PRODUCERS[pair.form] if each[0].name == pair.below
        ])  # fmt: skip
        return self.trees.application(operator, signature, depth, kind)

    def _above(self, pair: Pair, below: ir.Expr) -> ir.Expr:
        if pair.above == CHOICE:
            wanted: Form = self.luck.choice([*FORMS]) if pair.place == 0 else pair.form
            kind = below.type if pair.place and wanted == "enum" else None
            return self.trees.choice(wanted, 1, kind, (pair.place, below))
        operator = OPERATORS[pair.above]
        signature = self.luck.choice([
            each for each in operator.signatures if each.operands[pair.place] == pair.form
        ])  # fmt: skip
        return self.trees.application(operator, signature, 1, None, (pair.place, below))

    def _tested(self, node: ir.Expr) -> ir.Expr:
        """A condition on a value of any form."""
        wanted = form(node.type)
        if wanted == "bool":
            return node
        if wanted == "set":
            row = OPERATORS[self.luck.choice(["has_any", "has_all", "has_none"])]
            assert hasattr(node.type, "values")
            listed = self.luck.choice(constants(row, Enum(node.type.values)))
            return apply(row.name, (node, listed), Flag())
        if self.luck.random() < 0.1:
            return apply(self.luck.choice(["is_missing", "is_known"]), (node,), Flag())
        signs = ["eq", "ne"]
        if Signature((wanted, wanted), "bool") in OPERATORS["lt"].signatures:
            signs += ["lt", "le", "gt", "ge"]
        other = self.trees.leaf(wanted, node.type if wanted == "enum" else None)
        if isinstance(other, ir.Column) and self.luck.random() < 0.5:
            other = ir.Const(self.luck.choice(pool(other.type)), other.type)
        return apply(self.luck.choice(signs), (node, other), Flag())


def cases(seed: int, number: int, population: Population) -> Iterator[Case]:
    """The cases of a ruleset of a campaign; of one over several tables each of its sets."""
    if number % RELATED_EVERY == RELATED_EVERY - 1:
        yield from related(seed, number)
    else:
        yield flat(seed, number, population)


def rulesets_for_all_pairs() -> int:
    """How many rulesets of a campaign meet every pair of operators."""
    found = -(-len(ALLOWED) // FORCED)
    return found + found // (RELATED_EVERY - 1) + 1


def flat(seed: int, number: int, population: Population) -> Case:
    """A ruleset over one table, each row for itself."""
    made = Forms(seed, number)
    rules = made.ruleset()
    where = replace(context(), zone=rules.zone, as_of=made.luck.choice(DAYS))
    return Case(rules, "s", where, population)


def related(seed: int, number: int) -> Iterator[Case]:
    """A ruleset over tables that belong and refer to each other: its sets, by their keys.

    Of the sets that ask whether all named values of a table are known, one.
    """
    maker = Maker(seed * 1_000_003 + number)
    wanted: tuple[Form, ...] = ("bool", "bool", "int", "int", "text", "date", "enum", "float",
                                "set", "instant")  # fmt: skip
    for at in range(20):
        table = maker.luck.choice([*KEYS, "customers", "customers"])
        maker.feature(table, maker.luck.choice(wanted))
        if at % 4 == 3:
            maker.set(maker.luck.choice(["customers", "agents"]))
    rules, rows = maker.ruleset(), world(seed * 1_000_003 + number)
    where = context(frozen_alike(rules, rows))
    tables = maker.luck.sample([*KEYS], 1)
    for found in rules.sets:
        if found.name.startswith("all_") and found.table not in tables:
            continue
        yield Case(rules, found.name, where, plain(rules, found.table, rows))
