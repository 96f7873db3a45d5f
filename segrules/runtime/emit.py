"""Expressions of a program as the tree of a Python expression.

Three questions are asked of a condition: what it is (`value`: true, false, None), whether it is
true (`true`) and whether it may be (`possible`: true or unknown). The latter two need no third
value, and missing operands are looked at only where an operand may be missing. `true` and
`possible` are used only where Python asks for truth.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segrules.runtime import patterns
from segrules.runtime.cells import Table
from segrules.runtime.errors import ProgramError
from segrules.runtime.values import read

Node = Sequence[Any]
"""A list: the kind of the expression, then its parts (see `segrules.runtime.program`)."""


def name(of: str) -> ast.Name:
    return ast.Name(of, ast.Load())


def constant(value: Any) -> ast.Constant:
    return ast.Constant(value)


def call(function: str | ast.expr, *args: ast.expr) -> ast.expr:
    called = name(function) if isinstance(function, str) else function
    return ast.Call(called, list(args), [])


def item(of: ast.expr, key: ast.expr) -> ast.expr:
    return ast.Subscript(of, key, ast.Load())


def compare(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [sign], [right])


def is_none(value: ast.expr) -> ast.expr:
    return compare(value, ast.Is(), constant(None))


def is_known(value: ast.expr) -> ast.expr:
    return compare(value, ast.IsNot(), constant(None))


def either(parts: Sequence[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), list(parts))


def both(parts: Sequence[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), list(parts))


def choice(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    return ast.IfExp(test, then, otherwise)


@dataclass(slots=True)
class Scope:
    """The names that expressions of one function read.

    `names` are local variables by what they hold: `("column", x)`, `("use", x)`,
    `("placed", set, caps)`, `("as_of",)`. Those of `doubtful` may be None. `space` is the module
    that the function is defined in; constants that Python has no sign for are put there.
    """

    space: dict[str, Any]
    names: dict[tuple[Any, ...], str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    own: bool = True
    asked: Sequence[Mapping[str, Any]] = ()
    tables: Sequence[Table] = ()
    count: int = 0

    def fresh(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def global_name(self, prefix: str, value: Any) -> ast.expr:
        named = f"{prefix}{len(self.space)}"
        self.space[named] = value
        return name(named)

    # ---- what may be missing

    def null(self, node: Node) -> bool:
        """Whether an expression may be missing."""
        match node[0]:
            case "const":
                return node[1] is None
            case "as_of":
                return False
            case "apply":
                return self._apply_null(node)
            case "choose":
                cases = [part for case in node[1] for part in case]
                return any(map(self.null, [*cases, node[2]]))
            case "asked":
                return bool(self.asked[node[1]]["optional"])
            case "linked" | "ranked" | "looked up":
                return True
        return self.variable(node) in self.doubtful

    def _apply_null(self, node: Node) -> bool:
        op, args, extra = node[1:]
        if op in LOOKING:
            return False
        if op == "if_missing":
            return all(map(self.null, args))
        return op in ALWAYS_DOUBTFUL or (op in FLOATING and bool(extra)) or any(
            map(self.null, args))  # fmt: skip

    def variable(self, node: Node) -> str:
        try:
            return self.names[tuple(node)]
        except (KeyError, TypeError):
            raise ProgramError(f"{node!r} is no expression that is known here") from None

    # ---- the three questions

    def value(self, node: Node) -> ast.expr:
        """The value of an expression; None where it is missing."""
        match node[0]:
            case "const":
                return self.literal(read(node[1]))
            case "apply":
                return self._apply(node)
            case "choose":
                return self._choose(node)
            case "asked":
                if self.own:
                    return call(ast.Attribute(name("c"), "own", ast.Load()), constant(node[1]))
                asked = ast.Attribute(name("c"), "of", ast.Load())
                return call(asked, constant(node[1]), name("r"))
            case "linked":
                linked = ast.Attribute(name("c"), "linked", ast.Load())
                return call(linked, self.value(node[1]), constant(node[2]), constant(node[3]))
            case "ranked":
                _, number, amount, same, among, key = node
                ranked = ast.Attribute(name("c"), "ranked", ast.Load())
                parts = ast.Tuple([self.value(each) for each in same], ast.Load())
                others = (self.value(each) if each else constant(None) for each in (amount, key))
                test = self.value(among) if among else constant(True)
                return call(ranked, constant(number), parts, test, *others)
        return name(self.variable(node))

    def true(self, node: Node) -> ast.expr:
        """Whether a condition is true."""
        if not self.null(node) or node[0] != "apply":
            # None is as good as false
            return self.value(node)
        op, args, extra = node[1:]
        match op:
            case "and":
                return both([self.true(arg) for arg in args])
            case "or":
                return either([self.true(arg) for arg in args])
            case "not":
                return ast.UnaryOp(ast.Not(), self.possible(args[0]))
            case "if_missing":
                return self._fallback(args, self.true)
            case "eq" if not all(map(self.null, args)):
                # what is missing equals nothing that is there
                return self._strict(op, [self.value(arg) for arg in args], extra)
            case "in":
                return self._strict(op, [self.value(arg) for arg in args], extra)
        guards, operands = self._guarded(args)
        return both([*map(is_known, guards), self._strict(op, operands, extra)])

    def possible(self, node: Node) -> ast.expr:
        """Whether a condition is true or unknown."""
        if not self.null(node):
            return self.true(node)
        if node[0] != "apply":
            return compare(self.value(node), ast.IsNot(), constant(False))
        op, args, extra = node[1:]
        match op:
            case "and":
                return both([self.possible(arg) for arg in args])
            case "or":
                return either([self.possible(arg) for arg in args])
            case "not":
                return ast.UnaryOp(ast.Not(), self.true(args[0]))
            case "if_missing":
                return self._fallback(args, self.possible)
        guards, operands = self._guarded(args)
        return either([*map(is_none, guards), self._strict(op, operands, extra)])

    # ---- operators

    def literal(self, value: Any) -> ast.expr:
        if value is None or isinstance(value, str | int | float):
            return constant(value)
        return self.global_name("k", value)

    def _guarded(self, args: Sequence[Node]) -> tuple[list[ast.expr], list[ast.expr]]:
        """The operands that may be missing where they are first read, and all where they are used.

        The former are given a name if they have none.
        """
        guards: list[ast.expr] = []
        operands: list[ast.expr] = []
        for arg in args:
            made = self.value(arg)
            if self.null(arg):
                made = self.named(made, guards)
            operands.append(made)
        return guards, operands

    def named(self, made: ast.expr, guards: list[ast.expr]) -> ast.expr:
        if isinstance(made, ast.Name):
            guards.append(made)
            return made
        fresh = self.fresh()
        guards.append(ast.NamedExpr(ast.Name(fresh, ast.Store()), made))
        return name(fresh)

    def _apply(self, node: Node) -> ast.expr:
        op, args, extra = node[1:]
        match op:
            case "and" | "or":
                values = [self.value(arg) for arg in args]
                if any(map(self.null, args)):
                    return call(f"kleene_{op}", *values)
                return both(values) if op == "and" else either(values)
            case "is_missing" | "is_known" if not self.null(args[0]):
                return constant(op == "is_known")
            case "is_missing":
                return is_none(self.value(args[0]))
            case "is_known":
                return is_known(self.value(args[0]))
            case "if_missing":
                return self._fallback(args, self.value)
            case "collect":
                tests = ast.Tuple([self.value(arg) for arg in args], ast.Load())
                return call("collected", self.global_name("k", tuple(extra)), tests)
        guards, operands = self._guarded(args)
        made = self._strict(op, operands, extra)
        return choice(either([is_none(each) for each in guards]), constant(None), made) \
            if guards else made  # fmt: skip

    def _fallback(self, args: Sequence[Node], ask: Any) -> ast.expr:
        """The first operand that is known; the last one is asked as the whole is."""
        *before, last = args
        made: ast.expr = ask(last)
        for arg in reversed(before):
            if not self.null(arg):
                made = ask(arg)
                continue
            guards: list[ast.expr] = []
            operand = self.named(self.value(arg), guards)
            made = choice(is_known(guards[0]), operand, made)
        return made

    def _choose(self, node: Node) -> ast.expr:
        made = self.value(node[2])
        for test, then in reversed(node[1]):
            if not self.null(test):
                made = choice(self.true(test), self.value(then), made)
                continue
            guards: list[ast.expr] = []
            known = self.named(self.value(test), guards)
            unknown = choice(is_none(known), constant(None), made)
            made = choice(guards[0], self.value(then), unknown)
        return made

    def _strict(self, op: str, operands: list[ast.expr], extra: Any) -> ast.expr:
        """An operator on known operands."""
        if op in SIGNS:
            return compare(operands[0], SIGNS[op](), operands[1])
        if op in ARITHMETIC:
            made: ast.expr = ast.BinOp(operands[0], ARITHMETIC[op](), operands[1])
            return call("finite", made) if op in FLOATING and extra else made
        if op in FUNCTIONS:
            return call(FUNCTIONS[op], *operands)
        if op in UNARY:
            return ast.UnaryOp(UNARY[op](), operands[0])
        match op:
            case "in":
                return compare(operands[0], ast.In(), self._listed(extra))
            case "contains":
                return compare(operands[1], ast.In(), operands[0])
            case "starts_with" | "ends_with":
                method = op.replace("_", "")
                return call(ast.Attribute(operands[0], method, ast.Load()), operands[1])
            case "matches":
                return call(self.global_name("m", _matcher(extra)), operands[0])
            case "has_any" | "has_none":
                listed = self.global_name("k", frozenset(extra))
                apart = call(ast.Attribute(listed, "isdisjoint", ast.Load()), operands[0])
                return ast.UnaryOp(ast.Not(), apart) if op == "has_any" else apart
            case "has_all":
                return compare(self.global_name("k", frozenset(extra)), ast.LtE(), operands[0])
            case "held_out":
                return call("held_out", operands[0], *map(constant, extra))
            case "to_date":
                return call("day_in", operands[0], name("zone"))
            case "days_between":
                between = ast.BinOp(operands[1], ast.Sub(), operands[0])
                return ast.Attribute(between, "days", ast.Load())
            case "position":
                places = {value: at for at, value in enumerate(extra)}
                return item(self.global_name("k", places), operands[0])
        raise ProgramError(f"there is no operator {op!r}")

    def _listed(self, values: Sequence[Any]) -> ast.expr:
        found = [read(value) for value in values]
        if all(isinstance(value, str | int) for value in found):
            return ast.Set([constant(value) for value in found])
        return self.global_name("k", frozenset(found))


SIGNS: dict[str, type[ast.cmpop]] = {
    "eq": ast.Eq, "ne": ast.NotEq, "lt": ast.Lt, "le": ast.LtE, "gt": ast.Gt, "ge": ast.GtE,
}  # fmt: skip
ARITHMETIC: dict[str, type[ast.operator]] = {
    "add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "idiv": ast.FloorDiv, "mod": ast.Mod,
}  # fmt: skip
UNARY: dict[str, type[ast.unaryop]] = {"neg": ast.USub, "not": ast.Not}
FLOATING = frozenset({"add", "sub", "mul"})
"""With `extra` the result is missing where it is not finite."""
FUNCTIONS = {
    "div": "quotient", "least": "min", "greatest": "max", "to_number": "float",
    "to_minor": "to_minor", "months_between": "months_between",
    "days_to_anniversary": "days_to_anniversary", "add_days": "days_later",
    "add_months": "months_later",
}  # fmt: skip
ALWAYS_DOUBTFUL = frozenset({"div", "to_minor", "add_days", "add_months"})
LOOKING = frozenset({"is_missing", "is_known", "collect"})
_OTHERS = frozenset({
    "and", "or", "in", "if_missing", "contains", "starts_with", "ends_with",
    "matches", "has_any", "has_all", "has_none", "held_out", "to_date", "days_between", "position",
})  # fmt: skip
VOCABULARY = frozenset({*SIGNS, *ARITHMETIC, *UNARY, *FUNCTIONS, *LOOKING, *_OTHERS})
"""Every operator that a program may use."""


def _matcher(plain: Any) -> Any:
    return patterns.matcher(patterns.read(plain))
