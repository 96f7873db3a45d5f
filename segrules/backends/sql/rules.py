"""What a rule of an SQL dialect is: how an operator is written, or why it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from segrules.backends.sql.words import Sql
from segrules.lang.ir import Apply, Const, Value

if TYPE_CHECKING:
    from segrules.backends.sql.dialect import Dialect

Status = Literal["supported", "wrapped", "refused"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator stands.

    `named` gives an expression a name on its row, so that it can be used several times and is
    computed once.
    """

    node: Apply
    zone: str
    dialect: Dialect
    named: Callable[[Sql], Sql]

    def constant(self, at: int) -> Value:
        """The value of an operand that is a constant."""
        found = self.node.args[at]
        if isinstance(found, Const):
            return found.value
        raise TypeError("the operand is not a constant")

    def whole_constant(self, at: int) -> int:
        value = self.constant(at)
        if isinstance(value, int):
            return value
        raise TypeError("the operand is not a whole constant")


Build = Callable[[Place, list[Sql]], Sql]


@dataclass(frozen=True, slots=True)
class Rule:
    """How an operator is written, if it is.

    supported: by one construct of the dialect. wrapped: by several, as its own one means another
    thing. refused: `reason` says what the dialect cannot do. Operands of a rule that `repeats`
    them have names of their own.
    """

    status: Status
    build: Build | None = None
    repeats: bool = False
    reason: str = ""


def supported(write: Callable[..., Sql]) -> Rule:
    """The dialect does it, and passes NULL on as the operator does."""
    return Rule("supported", lambda _, operands: write(*operands))


def wrapped(build: Build, *, repeats: bool = False) -> Rule:
    return Rule("wrapped", build, repeats)


def repeating(rule: Rule) -> Rule:
    return replace(rule, repeats=True)


def refused(reason: str) -> Rule:
    return Rule("refused", reason=reason)
