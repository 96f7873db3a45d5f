"""Tries the examples of a rule file by the reference evaluator: no engine is needed.

An example's customer has the values of its row and no related rows; what is made of related rows
is given by its name.
"""

from __future__ import annotations

from collections.abc import Iterator

from segrules.backends.context import Context
from segrules.backends.reference.evaluate import Row, decide
from segrules.lang import ir
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic


def failures(ruleset: ir.Ruleset) -> Iterator[Diagnostic]:
    """A diagnostic for each row that is not decided as it says."""
    for examples in ruleset.examples:
        segment_set = ruleset.set(examples.of)
        calibration = ir.Calibration(examples.as_of, examples.cuts)
        context = Context(ruleset.zone, examples.as_of, calibration)
        for number, example in enumerate(examples.rows, start=1):
            decision = decide(segment_set, _row(example, segment_set, ruleset), ruleset, context)
            by_as_said = example.by in (None, decision.by)
            if example.span and not (decision.segment == example.expect and by_as_said):
                got = decision.segment or "no segment"
                yield problems.example_fails(
                    example.span, number, example.expect, example.by, got, decision.by
                )


def _row(example: ir.ExampleRow, segment_set: ir.SegmentSet, ruleset: ir.Ruleset) -> Row:
    table = ruleset.table(segment_set.table)
    given = dict(example.given)
    columns = {column.name: given.get(column.name) for column in table.columns}
    named = {name: value for name, value in given.items() if table.column(name) is None}
    return Row(columns, {}, named, table=table.name)
