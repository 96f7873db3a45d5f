"""What the reference says of a case, with each part of a rule found once for the same operands.

The reference's rule of an operator is asked once for each combination of the values of its
operands, so what many rows share is found once. Some rows of each case are asked about as they
stand, with nothing remembered, and must come out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from agree_hostile import looks
from agree_targets import PARTS, Answer, Answers, Case

from segrules.backends.reach import on_row, reached, set_parts
from segrules.backends.reference import operators
from segrules.backends.reference.evaluate import Decision, Row, decide, evaluate
from segrules.backends.reference.rows import Tables, everyone
from segrules.lang.ir import Apply, Choose, Column, Const, Expr, Use, Value

DIRECTLY = 8
"""Rows of each case that the reference is also asked about at once."""


def judged(case: Case) -> Answers:
    """Of each row by its key: segment, decider, unknown rules, the truth of every rule."""
    found, rules, where = case.found, case.rules, case.where
    key = rules.table(found.table).key
    if len(case.population.rows) > 1 or found.caps or _compares(case):
        seen = everyone(rules.table(found.table), Tables(case.population.rows), rules, where)
        return {row.columns[key]: _answer(decide(found, row, rules, where)) for row in seen}
    rows = case.population.rows[found.table]
    parts = _Parts(case)
    truths = [parts.of(rule.condition).each() for rule in found.rules]
    flags = [_operand(found.table, at, rule.condition) for at, rule in enumerate(found.rules)]
    bare = replace(found, rules=tuple(
        replace(rule, condition=flag) for rule, flag in zip(found.rules, flags, strict=True)
    ))  # fmt: skip
    known: dict[Answer, Answer] = {}
    answers = {}
    for row, each in zip(rows, zip(*truths, strict=True), strict=True):
        if each not in known:
            held = Row(found.table, {str(at): truth for at, truth in enumerate(each)})
            known[each] = _answer(decide(bare, held, rules, where))
        answers[row[key]] = known[each]
    for row in rows[:: max(1, len(rows) // DIRECTLY)]:
        at_once = _answer(decide(found, Row(found.table, row), rules, where))
        assert answers[row[key]] == at_once, "the judge is at odds with itself"
    return answers


def _answer(made: Decision) -> Answer:
    return (*(getattr(made, part) for part in PARTS), *made.truths)


def _compares(case: Case) -> bool:
    nodes = on_row(reached(set_parts(case.found), case.found.table, case.rules)[case.found.table])
    return any(hasattr(node, "population") for node in nodes)


def _operand(table: str, at: int, node: Expr) -> Column:
    return Column(table, str(at), node.type, optional=True)


@dataclass(frozen=True)
class _Held:
    """The value of each row, by its place in `values`; one place may stand for all rows."""

    places: Sequence[int]
    values: Sequence[Value]

    def each(self) -> list[Value]:
        return [self.values[place] for place in self.places]


class _Parts:
    """The values of expressions on all rows of a case."""

    def __init__(self, case: Case) -> None:
        self._case, self._table = case, case.found.table
        self._rows = case.population.rows[self._table]
        self._known: dict[int, tuple[Expr, _Held]] = {}

    def of(self, node: Expr) -> _Held:
        if id(node) not in self._known:
            # the node is held, so that no other gets its number
            self._known[id(node)] = node, self._found(node)
        return self._known[id(node)][1]

    def _found(self, node: Expr) -> _Held:
        match node:
            case Column(name=name):
                return self._column(name)
            case Use(name=name):
                return self.of(self._case.rules.feature(name).expr)
            case Apply(op=op, args=args):
                moved = [at for at, each in enumerate(args) if not isinstance(each, Const)]
                setting = operators.Setting(node, self._case.where.zone)
                rule = operators.RULES[op]
                held = [each.value if isinstance(each, Const) else None for each in args]

                def applied(values: Sequence[Value]) -> Value:
                    operands = [*held]
                    for at, value in zip(moved, values, strict=True):
                        operands[at] = value
                    return rule(setting, operands)

                return self._distinct([self.of(args[at]) for at in moved], applied)
            case Choose(cases=cases, otherwise=otherwise):
                parts = [part for case in cases for part in case]
                columns = [
                    _operand(self._table, at, part) for at, part in enumerate([*parts, otherwise])
                ]
                pairs = tuple(zip(columns[:-1:2], columns[1:-1:2], strict=True))
                bare = replace(node, cases=pairs, otherwise=columns[-1])
                return self._distinct(
                    [self.of(part) for part in (*parts, otherwise)],
                    lambda values: self._on(bare, map(str, range(len(columns))), values),
                )
        nodes = on_row(reached([node], self._table, self._case.rules)[self._table])
        names = dict.fromkeys(each.name for each in nodes if isinstance(each, Column))
        read = [self._column(name) for name in names]
        return self._distinct(read, lambda values: self._on(node, names, values))

    def _on(self, node: Expr, names: Iterable[str], values: Sequence[Value]) -> Value:
        row = Row(self._table, dict(zip(names, values, strict=True)))
        return evaluate(node, row, self._case.rules, self._case.where)

    def _column(self, name: str) -> _Held:
        return _Held(*self._case.population.numbered(name))

    def _distinct(self, read: Sequence[_Held], value: Callable[[Sequence[Value]], Value]) -> _Held:
        """Asked once for each combination of the values that are read."""
        if not read:
            return _Held([0] * len(self._rows), [value([])])
        numbers: dict[object, int] = {}
        values: list[Value] = []
        known: dict[tuple[int, ...], int] = {}
        places = []
        for combined in zip(*(each.places for each in read), strict=True):
            place = known.get(combined)
            if place is None:
                operands = zip(combined, read, strict=True)
                made = value([each.values[at] for at, each in operands])
                place = numbers.setdefault(looks(made), len(values))
                if place == len(values):
                    values.append(made)
                known[combined] = place
            places.append(place)
        return _Held(places, values)
