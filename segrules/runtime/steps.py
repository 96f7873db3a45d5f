"""What expressions of a program rest on, and functions that are built statement by statement."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from segrules.runtime.cells import Table
from segrules.runtime.emit import (
    Node,
    Scope,
    both,
    call,
    choice,
    compare,
    constant,
    either,
    is_none,
    item,
    name,
)

LOOKING_AROUND = frozenset({"asked", "linked", "ranked"})
"""Expressions that need more than the row."""
_LONG = 3
"""Cases from which on a choice is written as statements."""


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Expressions and all below them that is evaluated on the same row."""
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        match node[0]:
            case "apply":
                waiting.extend(node[2])
            case "choose":
                waiting.extend(part for case in node[1] for part in case)
                waiting.append(node[2])
            case "linked":
                waiting.append(node[1])
            case "looked up":
                waiting.extend(node[2])
                waiting.append(node[3])
            case "ranked":
                waiting.extend(each for each in (node[2], *node[3], node[4], node[5]) if each)


class Steps:
    """The named values and sets of a table in an order in which each uses only earlier ones."""

    def __init__(self, program: Mapping[str, Any], table: str) -> None:
        self.sets = {found["name"]: found for found in program["sets"]}
        self.cells = program["cells"]
        self.order: list[str] = []
        self.lets: dict[str, Node] = {}
        for step in program["steps"].get(table, ()):
            self.order.append(step[1])
            if step[0] == "let":
                self.lets[step[1]] = step[2]

    def set_nodes(self, found: Mapping[str, Any], caps: int) -> list[Node]:
        """What a placement after so many caps is decided by."""
        if found["cells"] is None:
            nodes = [rule[3] for rule in found["rules"]]
        else:
            nodes = self.subjects(found["cells"])
        return [*nodes, *(cap["rank"] for cap in found["caps"][:caps])]

    def needed(self, nodes: Sequence[Node]) -> list[tuple[str, int]]:
        """The steps that expressions rest on, in order; of a set after how many caps."""
        wanted = self._used(nodes)
        found: list[tuple[str, int]] = []
        for step in reversed(self.order):
            if step not in wanted:
                continue
            caps = wanted[step]
            found.append((step, caps))
            for below, more in self._used(self.parts(step, caps)).items():
                wanted[below] = max(wanted.get(below, 0), more)
        return found[::-1]

    def nodes(self, steps: Iterable[tuple[str, int]]) -> list[Node]:
        """Everything that steps evaluate."""
        return [node for step, caps in steps for node in self.parts(step, caps)]

    def parts(self, step: str, caps: int) -> list[Node]:
        """What a step evaluates."""
        node = self.lets.get(step)
        if node is None:
            return self.set_nodes(self.sets[step], caps)
        if node[0] == "looked up":
            return [*self.subjects(node[1]), *node[2], node[3]]
        return [node]

    def subjects(self, number: int) -> list[Node]:
        return [subject["node"] for subject in self.cells[number]["subjects"]]

    @staticmethod
    def _used(nodes: Sequence[Node]) -> dict[str, int]:
        used: dict[str, int] = {}
        for node in walk(nodes):
            if node[0] == "use":
                used.setdefault(node[1], 0)
            elif node[0] == "placed":
                used[node[1]] = max(used.get(node[1], 0), node[2])
        return used


def columns_of(nodes: Iterable[Node]) -> list[str]:
    """The columns that are read, each once."""
    return list(dict.fromkeys(node[1] for node in walk(nodes) if node[0] == "column"))


class Body:
    """The statements of a function over one row."""

    def __init__(self, scope: Scope, steps: Steps) -> None:
        self.scope, self.steps = scope, steps
        self.statements: list[ast.stmt] = []
        self._made: set[tuple[str, int]] = set()

    def add(self, *statements: ast.stmt) -> None:
        self.statements.extend(statements)

    def prepare(self, nodes: Sequence[Node]) -> None:
        """Computes the steps that expressions rest on and that are not there yet."""
        for step, caps in self.steps.needed(nodes):
            if step in self.steps.lets:
                if (step, 0) not in self._made:
                    self._let(step)
            else:
                self.placement(self.steps.sets[step], caps)

    # ---- named values

    def _let(self, step: str) -> None:
        self._made.add((step, 0))
        node, variable = self.steps.lets[step], self.scope.fresh()
        if self.scope.null(node):
            self.scope.doubtful.add(variable)
        if node[0] == "choose" and len(node[1]) > _LONG:
            self._cases(variable, node)
        elif node[0] == "looked up":
            self._looked_up(variable, node)
        else:
            self.add(assign(variable, self.scope.value(node)))
        self.scope.names["use", step] = variable

    def _cases(self, variable: str, node: Node) -> None:
        """The cases one after the other, as deep as one of them."""
        scope, body = self.scope, list[ast.stmt]()
        truth = scope.fresh()
        for test, then in node[1]:
            answer = [assign(variable, scope.value(then)), ast.Break()]
            if not scope.null(test):
                body.append(ast.If(scope.true(test), answer, []))
                continue
            body.append(assign(truth, scope.value(test)))
            body.append(ast.If(name(truth), answer, []))
            unknown = [assign(variable, constant(None)), ast.Break()]
            body.append(ast.If(is_none(name(truth)), unknown, []))
        body += [assign(variable, scope.value(node[2])), ast.Break()]
        self.add(ast.While(constant(True), body, []))

    def _looked_up(self, variable: str, node: Node) -> None:
        """The value of the first case that is true; missing where one before it is unknown."""
        _, number, values, otherwise = node
        found = self.cells(number, "chosen")
        # chosen by number: -2 is otherwise, -1 missing
        ends = (otherwise, ("const", None))
        listed = [self.scope.value(each) for each in (*values, *ends)]
        self.add(assign(variable, item(ast.Tuple(listed, ast.Load()), found)))

    # ---- placements

    def placement(self, found: Mapping[str, Any], caps: int) -> tuple[str, str]:
        """The variables of the number of what decided and of the segment, after so many caps."""
        named, segments = found["name"], segment_list(found)
        number = f"n_{self.index(found)}"
        if (named, 0) not in self._made:
            self._made.add((named, 0))
            self.first_match(found, number)
            self._stage(found, 0, item(self.scope.global_name("k", segments), name(number)))
        for at, cap in enumerate(found["caps"][:caps]):
            if (named, at + 1) not in self._made:
                self._made.add((named, at + 1))
                self.prepare([cap["rank"]])
                before = self.scope.names["placed", named, at]
                is_in = compare(name(before), ast.Eq(), constant(cap["segment"]))
                moved = both([is_in, ast.UnaryOp(ast.Not(), self.scope.true(cap["rank"]))])
                self._stage(found, at + 1, choice(moved, constant(cap["rest"]), name(before)))
        return number, self.scope.names["placed", named, caps]

    def index(self, found: Mapping[str, Any]) -> int:
        return list(self.steps.sets).index(found["name"])

    def _stage(self, found: Mapping[str, Any], caps: int, value: ast.expr) -> None:
        variable = f"p_{self.index(found)}_{caps}"
        self.add(assign(variable, value))
        self.scope.names["placed", found["name"], caps] = variable
        # a cap moves nobody out of what is missing
        if found["unsure"] is None:
            self.scope.doubtful.add(variable)

    def first_match(self, found: Mapping[str, Any], number: str) -> None:
        """Sets the number of the first rule that is true; -2 is otherwise, -1 unsure."""
        self.prepare(self.steps.set_nodes(found, 0))
        if found["cells"] is not None:
            self.add(assign(number, self.cells(found["cells"], "first")))
            return
        scope, body = self.scope, list[ast.stmt]()
        for at, rule in enumerate(found["rules"]):
            answer = [assign(number, constant(at)), ast.Break()]
            body.append(ast.If(scope.true(rule[3]), answer, []))
        doubts = [scope.possible(rule[3]) for rule in found["rules"] if scope.null(rule[3])]
        otherwise: ast.expr = constant(-2)
        if doubts:
            otherwise = choice(either(doubts), constant(-1), otherwise)
        self.add(ast.While(constant(True), [*body, assign(number, otherwise), ast.Break()], []))

    # ---- cells

    def cells(self, number: int, ask: str) -> ast.expr:
        """Asks a table of cells: for the `first` rule by number, or for `chosen` or `truths`."""
        table = self.scope.tables[number]
        indexes = [
            self._index(node, table, at) for at, node in enumerate(self.steps.subjects(number))
        ]
        if ask != "first":
            return call(self.scope.global_name("g", getattr(table, ask)), *indexes)
        mask = self.scope.fresh()
        self.add(assign(mask, self._masks(table.true, indexes, table.everything)))
        lowest = ast.BinOp(name(mask), ast.BitAnd(), ast.UnaryOp(ast.USub(), name(mask)))
        bit = call(ast.Attribute(lowest, "bit_length", ast.Load()))
        rule = item(self.scope.global_name("g", table.rules), bit)
        otherwise: ast.expr = constant(-2)
        if table.possible is not table.true:
            possible = self._masks(table.possible, indexes, table.everything)
            otherwise = choice(possible, constant(-1), otherwise)
        return choice(name(mask), rule, otherwise)

    def _index(self, node: Node, table: Table, at: int) -> ast.expr:
        """The variable of the cell in which a subject lies; the last one is the one for missing."""
        scope, held, variable = self.scope, self.scope.value(node), self.scope.fresh()
        cuts = table.cuts[at]
        if cuts is None:
            places = scope.global_name("g", table.places[at])
            get = ast.Attribute(places, "get", ast.Load())
            found = call(get, held, constant(table.others[at]))
        else:
            guards: list[ast.expr] = []
            known = scope.named(held, guards) if scope.null(node) else held
            found = call("bisect", scope.global_name("g", cuts), known)
            if guards:
                found = choice(is_none(guards[0]), constant(-1), found)
        self.add(assign(variable, found))
        return name(variable)

    def _masks(
        self, masks: Sequence[Sequence[int]], indexes: Sequence[ast.expr], everything: int
    ) -> ast.expr:  # fmt: skip
        found: ast.expr | None = None
        for held, index in zip(masks, indexes, strict=True):
            mask = item(self.scope.global_name("g", held), index)
            found = mask if found is None else ast.BinOp(found, ast.BitAnd(), mask)
        return constant(everything) if found is None else found


def assign(variable: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(variable, ast.Store())], value)


def segment_list(found: Mapping[str, Any]) -> list[str | None]:
    """The segments by the number of what decided."""
    unsure = found["unsure"]
    ends = [found["otherwise"][0], unsure[0] if unsure else None]
    return [*(rule[0] for rule in found["rules"]), *ends]


def decider_list(found: Mapping[str, Any]) -> list[str]:
    """What decided, by its number."""
    return [*(rule[1] for rule in found["rules"]), "otherwise", "unsure"]
