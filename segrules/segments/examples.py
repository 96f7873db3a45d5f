"""Tries the examples of a rule file by the reference evaluator: no engine is needed.

The customer of an example has the values of its row and no related rows; what is made of related
rows is given by its name, and so may be a segment set that the rules read. There is no history and
nobody to compare with, so nobody is held where they were and no cap is full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from segrules.backends.context import Context
from segrules.backends.reach import on_row, steps_needed
from segrules.backends.reference.evaluate import Decision, Row, decide, evaluate
from segrules.lang import ir
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic

NOBODY = "\U0010ffff"
"""The key of a customer who has none: of those with equal amounts, the last."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An example and how it was decided; `number` counts the rows of its table from 1.

    `lacking` are the inputs without a value, where no rule is true and some are unknown.
    """

    of: str
    number: int
    example: ir.ExampleRow
    decision: Decision
    lacking: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the segment, and the decider where one is expected, are as the example says."""
        by = self.example.by
        return self.decision.segment == self.example.expect and by in (None, self.decision.by)

    @property
    def finding(self) -> Diagnostic | None:
        """What is to be said of an example that is not decided as it says."""
        example, got = self.example, self.decision.segment or "no segment"
        if self.passed or example.span is None:
            return None
        expected, by = (example.expect, example.by), self.decision.by
        return problems.example_fails(example.span, self.number, expected, (got, by), self.lacking)


def failures(ruleset: ir.Ruleset) -> Iterator[Diagnostic]:
    """A diagnostic for each example that is not decided as it says."""
    for each in tried(ruleset):
        if each.finding is not None:
            yield each.finding


def tried(ruleset: ir.Ruleset) -> Iterator[Tried]:
    """Every example, decided."""
    alone = alone_rules(ruleset)
    for examples in ruleset.examples:
        found = alone.set(examples.of)
        context = stated(examples, ruleset)
        for number, example in enumerate(examples.rows, start=1):
            row = fixture(example.given, alone.table(found.table))
            decision = decide(found, row, alone, context)
            unsure = decision.by in ("", "unsure")
            lacking = tuple(_lacking(found, row, alone, context)) if unsure else ()
            yield Tried(examples.of, number, example, decision, lacking)


def _lacking(
    found: ir.SegmentSet, row: Row, ruleset: ir.Ruleset, context: Context
) -> Iterator[str]:
    """The columns without a value that the unknown rules of a set rest on.

    Of what is made of related rows, which an example does not have, the named value.
    """
    unknown = [
        rule.condition
        for rule in found.rules
        if evaluate(rule.condition, row, ruleset, context) is None
    ]
    steps = steps_needed(unknown, row.table, ruleset, row.given)
    known = {step.name for step in steps}
    parts = [*unknown, *(step.expr for step in steps if isinstance(step, ir.Feature))]
    asked = {node for part in parts for node in on_row([part]) if isinstance(node, ir.Column)}
    missing = {node.name for node in asked if row.columns.get(node.name) is None}
    given = {node.name for part in parts for node in on_row([part])
             if isinstance(node, ir.Use) and node.name not in known}  # fmt: skip
    missing |= {name for name in given if row.given.get(name) is None}
    yield from sorted(missing)
    for step in steps:
        if not isinstance(step, ir.Feature) or missing & _read_by(step.expr):
            continue
        of_others = any(isinstance(node, ir.Aggregate) for node in on_row([step.expr]))
        if of_others and evaluate(step.expr, row, ruleset, context) is None:
            yield step.name


def _read_by(expr: ir.Expr) -> set[str]:
    return {node.name for node in on_row([expr]) if isinstance(node, ir.Column | ir.Use)}


def stated(examples: ir.Examples, ruleset: ir.Ruleset) -> Context:
    """The day and the cut points that examples state."""
    calibration = ir.Calibration(examples.as_of, everywhere=examples.cuts)
    return Context(ruleset.zone, examples.as_of, calibration)


def alone_rules(ruleset: ir.Ruleset) -> ir.Ruleset:
    """The rules as they are for one customer without a past and without others."""
    sets = (replace(ir.without_tolerance(found), caps=()) for found in ruleset.sets)
    return replace(ruleset, sets=tuple(sets))


def fixture(given: Iterable[tuple[str, ir.Value]], table: ir.Table) -> Row:
    """A row with these values, by the name of a column, a named value or a segment set.

    What is not given is missing; the key, which no row can be without, is then one of nobody.
    """
    columns: dict[str, ir.Value] = {table.key: NOBODY}
    named: dict[str, ir.Value] = {}
    for name, value in given:
        (columns if table.column(name) else named)[name] = value
    return Row(table.name, columns, given=named)
