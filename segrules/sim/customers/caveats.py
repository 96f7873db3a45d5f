"""What a life leaves as it is, or out, although what it plays would change or cost it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segrules.backends.reach import on_row, reached, set_parts, steps_needed
from segrules.lang import ir
from segrules.sim.customers.asked import AskedRows, named_in_rules


@dataclass(frozen=True)
class Stays:
    """A named value that stays as it was, and the segments whose rules ask for it.

    `name` is None for what conditions ask for without a name.
    """

    name: str | None
    segments: tuple[str, ...]


def staying(asked: AskedRows, sales: str) -> tuple[Stays, ...]:
    """The held values that sales played in the table `sales`, or the days that pass, would change.

    Those that rules of the set ask for; the others move nobody.
    """
    found = asked.rules.found
    stale = [name for name in asked.rules.given if name not in asked.evolving]
    stale = [name for name in stale if _changes(asked, name, sales)]
    uses = {rule.segment: frozenset[str]() for rule in found.rules}
    original = asked.rules.ruleset.set(asked.rules.set)
    for rule in original.rules:
        uses[rule.segment] = uses.get(rule.segment, frozenset()) | _uses(asked, [rule.condition])
    by_name: dict[str | None, dict[str, None]] = {}
    for name in stale:
        called = name if named_in_rules(name) else None
        asking = [segment for segment, names in uses.items() if name in names]
        if asking:
            by_name.setdefault(called, {}).update(dict.fromkeys(asking))
    return tuple(Stays(name, tuple(segments)) for name, segments in by_name.items())


def _changes(asked: AskedRows, name: str, sales: str) -> bool:
    """Whether a value rests on rows of sales, or on the day that it is asked for."""
    rules = asked.rules
    found = reached([rules.ruleset.feature(name).expr], rules.table, rules.ruleset)
    every = [part for parts in found.values() for part in parts]
    return sales in found or any(isinstance(node, ir.AsOf) for node in on_row(every))


def _uses(asked: AskedRows, parts: Iterable[ir.Expr]) -> frozenset[str]:
    """The names of given values that expressions rest on, on the row itself."""
    rules, every = asked.rules, list(parts)
    for step in steps_needed(every, rules.table, rules.ruleset, rules.given):
        every += set_parts(step) if isinstance(step, ir.SegmentSet) else [step.expr]
    return frozenset(
        node.name for part in every for node in ir.walk(part) if isinstance(node, ir.Use)
    )


def money_notes(ruleset: ir.Ruleset, life: ir.Life) -> list[str]:
    """What revenue is, and which costs of a value of the rules the profit leaves out."""
    notes = [f"revenue is what the life calls value: {_written(life.value)} of {life.sales}"]
    for value in ruleset.values:
        if value.table != life.table:
            continue
        beyond = [name for name, part in value.lines[1:] if _other_cost(ruleset, life, part)]
        if beyond:
            stated = " beyond what it states for keeping" if life.keeping else ""
            notes.append(
                f"the profit leaves out costs that the life does not state{stated}: the value "
                f"{value.name} of the rules also takes off {', '.join(beyond)}"
            )
    return notes


def _other_cost(ruleset: ir.Ruleset, life: ir.Life, part: ir.Expr) -> bool:
    """Whether a cost is there and is not found in the rows of sales."""
    if isinstance(part, ir.Const):
        return bool(part.value)
    return life.sales not in reached([part], life.table, ruleset)


def _written(value: ir.Expr) -> str:
    """An expression as the rules write it, on one line."""
    span = getattr(value, "span", None)
    if span is None:
        return value.name if isinstance(value, ir.Column | ir.Use) else "an amount"
    return " ".join(span.source.text[span.start : span.end].split())
