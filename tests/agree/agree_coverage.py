"""Which operators stand under which others: what the types allow, and what has been met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agree_trees import PRODUCERS, pool

from segrules.lang.ir import Apply, Choose, Column, Expr, walk
from segrules.lang.operators import OPERATORS
from segrules.lang.types import Form, Type, form


@dataclass(frozen=True, order=True)
class Pair:
    """`below` gives the operand at `place` of `above`, which has a form.

    Operands that an operator repeats have one place. A choice has three: condition, value, and
    the value otherwise.
    """

    above: str
    place: int
    form: Form
    below: str


CHOICE = "choose"


def allowed() -> list[Pair]:
    """Every pair that types allow, in order."""
    found = set()
    for operator in OPERATORS.values():
        for signature in operator.signatures:
            last = len(signature.operands) if signature.constant is None else signature.constant
            for place, wanted in enumerate(signature.operands[:last]):
                found |= {Pair(operator.name, place, wanted, each) for each in givers(wanted)}
    for wanted in PRODUCERS:
        if PRODUCERS[wanted]:
            found |= {Pair(CHOICE, place, wanted, each) for place in (1, 2)
                      for each in givers(wanted)}  # fmt: skip
    return sorted(found | {Pair(CHOICE, 0, "bool", each) for each in givers("bool")})


def givers(wanted: Form) -> list[str]:
    """What makes a value of a form of other values."""
    found = dict.fromkeys(operator.name for operator, _ in PRODUCERS[wanted])
    return [*found, CHOICE] if found else []


def pairs(nodes: Iterable[Expr]) -> Iterator[Pair]:
    """The pairs in expressions."""
    for whole in nodes:
        for node in walk(whole):
            for place, operand in _operands(node):
                if isinstance(operand, Apply | Choose):
                    below = operand.op if isinstance(operand, Apply) else CHOICE
                    above = node.op if isinstance(node, Apply) else CHOICE
                    yield Pair(above, place, form(operand.type), below)


def _operands(node: Expr) -> Iterator[tuple[int, Expr]]:
    match node:
        case Apply(op=op, args=args):
            most = len(OPERATORS[op].signatures[0].operands) - 1
            yield from ((min(at, most), each) for at, each in enumerate(args))
        case Choose(cases=cases, otherwise=otherwise):
            for condition, value in cases:
                yield from ((0, condition), (1, value))
            yield 2, otherwise


@dataclass(frozen=True, order=True)
class Special:
    """A special value of a type, as an operand of an operator."""

    operator: str
    place: int
    type: str
    value: str


def directly(nodes: Iterable[Expr]) -> Iterator[tuple[str, int, Type, bool]]:
    """The types of columns that operators look at directly, and whether they may be missing."""
    for whole in nodes:
        for node in walk(whole):
            for place, operand in _operands(node):
                if isinstance(operand, Column):
                    above = node.op if isinstance(node, Apply) else CHOICE
                    yield above, place, operand.type, operand.optional


def specials_of(kind: Type, optional: bool) -> list[str]:
    """The special values of a type, which a population of enough rows has in each column."""
    return ["missing"] * optional + [*dict.fromkeys(map(repr, pool(kind)))]
