"""One row an operator: what of it are operands, and what is known when the rules are compiled.

The words are those of the runtime, which says what they do to missing operands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from segrules.lang.ir import Apply, Const, Expr
from segrules.lang.operators import AGGREGATES, OPERATORS, total
from segrules.lang.patterns import PatternFault, read_pattern
from segrules.lang.types import Enum, Set, form
from segrules.runtime import patterns
from segrules.runtime.emit import VOCABULARY
from segrules.runtime.operations import held_out_below
from segrules.runtime.reductions import REDUCTIONS
from segrules.runtime.values import written

Parts = tuple[tuple[Expr, ...], Any]
"""The operands, and what stands beside them."""

Rule = Callable[[Apply], Parts]


def _operands(node: Apply) -> Parts:
    return node.args, None


def _finite(node: Apply) -> Parts:
    """Beside them whether the result may be no number; of whole numbers it is proved not to be."""
    return node.args, form(node.type) == "float"


def _listed(node: Apply) -> Parts:
    return node.args[:1], [written(_constant(each)) for each in node.args[1:]]


def _pattern(node: Apply) -> Parts:
    pattern = read_pattern(str(_constant(node.args[1])))
    if isinstance(pattern, PatternFault):
        raise ValueError(f"the pattern {node.args[1]} has not been checked")
    return node.args[:1], patterns.written(pattern.automaton)


def _collected(node: Apply) -> Parts:
    if not isinstance(node.type, Set):
        raise TypeError("only declared values are collected")
    return node.args, list(node.type.values)


def _held_out(node: Apply) -> Parts:
    key, salt, share = node.args
    return (key,), [_constant(salt), held_out_below(repr(_constant(share)))]


def _position(node: Apply) -> Parts:
    declared = node.args[0].type
    if not isinstance(declared, Enum):
        raise TypeError("only declared values have a position")
    return node.args, list(declared.values)


def _constant(node: Expr) -> Any:
    if not isinstance(node, Const):
        raise TypeError("the operand is no constant")
    return node.value


RULES: Mapping[str, Rule] = total(
    "record",
    {
        "add": _finite,
        "sub": _finite,
        "mul": _finite,
        "div": _operands,
        "idiv": _operands,
        "mod": _operands,
        "neg": _operands,
        "eq": _operands,
        "ne": _operands,
        "lt": _operands,
        "le": _operands,
        "gt": _operands,
        "ge": _operands,
        "and": _operands,
        "or": _operands,
        "not": _operands,
        "in": _listed,
        "is_missing": _operands,
        "is_known": _operands,
        "if_missing": _operands,
        "least": _operands,
        "greatest": _operands,
        "contains": _operands,
        "starts_with": _operands,
        "ends_with": _operands,
        "matches": _pattern,
        "has_any": _listed,
        "has_all": _listed,
        "has_none": _listed,
        "collect": _collected,
        "held_out": _held_out,
        "to_number": _operands,
        "to_minor": _operands,
        "to_date": _operands,
        "days_between": _operands,
        "months_between": _operands,
        "days_to_anniversary": _operands,
        "add_days": _operands,
        "add_months": _operands,
        "position": _position,
    },
    OPERATORS,
)

# what the runtime does with them is held against the tables as well
total("runtime", dict.fromkeys(VOCABULARY, True), OPERATORS)
total("record aggregates", REDUCTIONS, AGGREGATES)
