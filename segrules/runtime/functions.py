"""The functions of a program: trees of Python, compiled when they are first needed."""

from __future__ import annotations

import ast
import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from segrules.runtime import operations
from segrules.runtime.calendar import day_in, days_later, months_later
from segrules.runtime.cells import Table
from segrules.runtime.decisions import Decision
from segrules.runtime.emit import (
    Node,
    Scope,
    call,
    choice,
    compare,
    constant,
    either,
    item,
    name,
)
from segrules.runtime.errors import ProgramError
from segrules.runtime.records import Columns, Options, getter
from segrules.runtime.steps import (
    LOOKING_AROUND,
    Body,
    Steps,
    assign,
    columns_of,
    decider_list,
    segment_list,
    walk,
)
from segrules.runtime.world import Call, Setting

Function = Callable[..., Any]
Plain = Mapping[str, Any]

_HELPERS: dict[str, Any] = {
    **{each: getattr(operations, each) for each in (
        "kleene_and", "kleene_or", "finite", "quotient", "to_minor", "months_between",
        "days_to_anniversary", "collected", "held_out")},
    "days_later": days_later, "months_later": months_later, "day_in": day_in,
    "bisect": bisect_right, "Call": Call, "date": dt.date, "datetime": dt.datetime, "utc": dt.UTC,
}  # fmt: skip


class Functions:
    """All functions of a program, with how records are taken."""

    def __init__(self, program: Plain, options: Options) -> None:
        self.program, self.options = program, options
        self.columns: dict[str, Columns] = {}
        for table in program["tables"]:
            self.columns[table] = Columns(table, program, options, self.columns)
        self.setting = Setting(program, self.columns)
        self.main: Columns = self.columns[program["table"]]
        self.tables = [Table(each) for each in program["cells"]]
        self._steps: dict[str, Steps] = {}
        self._entries: dict[int, Function] = {}
        self._shared = {each["name"]: _Shared(each) for each in program["sets"]}

    def steps(self, table: str) -> Steps:
        if table not in self._steps:
            self._steps[table] = Steps(self.program, table)
        return self._steps[table]

    def body(self, table: str, own: bool) -> Body:
        space = {**_HELPERS, "zone": self.setting.zone, "functions": self}
        scope = Scope(space, own=own, asked=self.setting.asked, tables=self.tables)
        return Body(scope, self.steps(table))

    # ---- functions over rows: a dict of canonical values, and the call

    def entry(self, number: int) -> Function:
        """The value of an expression on a related or linked row."""
        if number not in self._entries:
            plain = self.program["entries"][number]
            body = self._over_row(plain["table"], [plain["node"]], own=False)
            body.add(ast.Return(body.scope.value(plain["node"])))
            self._entries[number] = made(body, ("r", "c"))
        return self._entries[number]

    def all_truths(self) -> Function:
        """Every rule of every set of the record, in their order."""
        found = self._sets()
        steps = self.steps(self.main.table)
        body = self._over_row(
            self.main.table, [node for each in found for node in steps.set_nodes(each, 0)], own=True
        )
        answers: list[ast.expr] = []
        for each in found:
            if each["cells"] is None:
                values = [body.scope.value(rule[3]) for rule in each["rules"]]
                answers.append(ast.Tuple(values, ast.Load()))
            else:
                answers.append(body.cells(each["cells"], "truths"))
        body.add(ast.Return(ast.Tuple(answers, ast.Load())))
        return made(body, ("r", "c"))

    def everything(self) -> Function:
        """The decisions of all sets, and the values of all overlays."""
        found, steps = self._sets(), self.steps(self.main.table)
        overlays = [each[1] for each in self.program["overlays"]]
        nodes = [*overlays, *(node for each in found for node in _all_of(each, steps))]
        body = self._over_row(self.main.table, nodes, own=True)
        answers = list[ast.expr]()
        for at, each in enumerate(found):
            variable = f"d{at}"
            body.add(assign(variable, self._decision(body, each)))
            answers.append(name(variable))
        values = [body.scope.value(each) for each in overlays]
        pair: list[ast.expr] = [ast.Tuple(each, ast.Load()) for each in (answers, values)]
        body.add(ast.Return(ast.Tuple(pair, ast.Load())))
        return made(body, ("r", "c"))

    def _over_row(self, table: str, nodes: Sequence[Node], own: bool) -> Body:
        """A body that has read the columns and made the steps that expressions rest on."""
        body = self.body(table, own)
        steps = body.steps
        all_nodes = [*nodes, *steps.nodes(steps.needed(nodes))]
        self._name_columns(body, table, columns_of(all_nodes))
        for column in columns_of(all_nodes):
            body.add(assign(body.scope.names["column", column], item(name("r"), constant(column))))
        if any(node[0] == "as_of" for node in walk(all_nodes)):
            body.scope.names["as_of",] = "a"
            body.add(assign("a", ast.Attribute(name("c"), "as_of", ast.Load())))
        body.prepare(nodes)
        return body

    def _name_columns(self, body: Body, table: str, columns: Sequence[str]) -> None:
        for at, column in enumerate(columns):
            body.scope.names["column", column] = f"c{at}"
            if self.columns[table].optional(column):
                body.scope.doubtful.add(f"c{at}")

    def _sets(self) -> list[Plain]:
        return [each for each in self.program["sets"] if each["table"] == self.main.table]

    # ---- decisions

    def _decision(self, body: Body, found: Plain) -> ast.expr:
        """The decision of a set, once its placement is computed."""
        plain = not (found["caps"] or found["allotments"] or found["holdout"])
        steps = body.steps
        if plain:
            number = f"n_{body.index(found)}"
            if ("placed", found["name"], 0) not in body.scope.names:
                body.first_match(found, number)
            return item(body.scope.global_name("k", self.decisions(found)), name(number))
        number, segment = body.placement(found, len(found["caps"]))
        body.prepare(_all_of(found, steps))
        return self._governed(body, found, number, segment)

    def _governed(self, body: Body, found: Plain, number: str, segment: str) -> ast.expr:
        scope = body.scope
        by = item(scope.global_name("k", decider_list(found)), name(number))
        if found["caps"]:
            first = scope.names["placed", found["name"], 0]
            stages = [scope.names["placed", found["name"], at + 1]
                      for at in range(len(found["caps"]))]  # fmt: skip
            moved = [
                compare(name(after), ast.NotEq(), name(before))
                for before, after in zip([first, *stages], stages, strict=False)
            ]
            by = choice(either(moved), constant("cap"), by)
        held = scope.value(found["holdout"]) if found["holdout"] else constant(None)
        to: ast.expr = constant(None)
        for allotment in found["allotments"][::-1]:
            target: ast.expr = constant(allotment["rest"])
            for rank, best in allotment["best"][::-1]:
                target = choice(scope.true(rank), constant(best), target)
            is_in = compare(name(segment), ast.Eq(), constant(allotment["segment"]))
            to = choice(is_in, target, to)
        shared = scope.global_name("g", self._shared[found["name"]].decision)
        return call(shared, name(segment), by, held, to)

    def decisions(self, found: Plain) -> list[Decision]:
        """One decision an outcome, by the number of what decided."""
        shared = self._shared[found["name"]]
        pairs = zip(segment_list(found), decider_list(found), strict=True)
        return [shared.decision(segment, by, None, None) for segment, by in pairs]

    # ---- the function over a record

    def deciding(self, found: Plain, kind: str, other: Function) -> Function:
        """Decides a record of a kind: `dict`, `mapping` or `object`.

        The function for a `dict` passes any other record on to `other`.
        """
        body = self.body(self.main.table, own=True)
        nodes = _all_of(found, body.steps)
        needed = [*nodes, *body.steps.nodes(body.steps.needed(nodes))]
        kinds = {node[0] for node in walk(needed)}
        looking = bool(kinds & LOOKING_AROUND)
        columns = columns_of(needed)
        self._name_columns(body, self.main.table, columns)
        if kind == "dict":
            body.scope.space["other"] = other
            is_dict = compare(ast.Attribute(name("record"), "__class__", ast.Load()),
                              ast.Is(), name("dict"))  # fmt: skip
            passed_on = ast.Return(_passed("other", ("record", *_BESIDE)))
            body.add(ast.If(ast.UnaryOp(ast.Not(), is_dict), [passed_on], []))
        _Reading(body, self.main, kind).read(columns)
        asked = sorted({node[1] for node in walk(needed) if node[0] == "asked"})
        self._around(body, looking, "as_of" in kinds)
        if asked and not self.options.trusted:
            need = ast.Attribute(name("c"), "need", ast.Load())
            numbers = body.scope.global_name("k", tuple(asked))
            body.add(ast.Expr(ast.Call(need, [numbers], [])))
        governed = found["caps"] or found["allotments"] or found["holdout"]
        if found["cells"] is None and not governed:
            self._chain(body, found)
        else:
            body.add(ast.Return(self._decision(body, found)))
        return made(body, ("record",), _BESIDE, rows=True)

    def _around(self, body: Body, looking: bool, dated: bool) -> None:
        """Makes the call, if the record is asked for more than its columns, and the day."""
        day = call(body.scope.global_name("g", self.setting.today), name("as_of"))
        others = ast.Tuple([name(each) for each in (*_BESIDE[2:], "rows")], ast.Load())
        names = ("functions", "record", *_BESIDE[:2])
        about = assign("c", call("Call", *map(name, names), others))
        if looking:
            body.add(about)
            day = ast.Attribute(name("c"), "as_of", ast.Load())
        else:
            # nothing of it is needed, but names that are not there are complained about
            beside = [name(each) for each in (*_BESIDE[1:], "rows")]
            body.add(ast.If(either(beside), [about], []))
        if dated:
            body.scope.names["as_of",] = "a"
            body.add(assign("a", day))

    def _chain(self, body: Body, found: Plain) -> None:
        """A test and an answer a rule; named values are computed where a rule first asks."""
        scope, decisions = body.scope, self.decisions(found)
        held = [scope.global_name("d", each) for each in decisions]
        for rule, answer in zip(found["rules"], held, strict=False):
            body.prepare([rule[3]])
            body.add(ast.If(scope.true(rule[3]), [ast.Return(answer)], []))
        doubts = [scope.possible(rule[3]) for rule in found["rules"] if scope.null(rule[3])]
        if doubts:
            body.add(ast.If(either(doubts), [ast.Return(held[-1])], []))
        body.add(ast.Return(held[-2]))


class _Shared:
    """The decisions of a set, each made once."""

    def __init__(self, found: Plain) -> None:
        self._set: str = found["name"]
        self._labels: Mapping[str, str] = found["labels"]
        self._made: dict[tuple[Any, ...], Decision] = {}

    def decision(
        self, segment: str | None, by: str, held: bool | None, to: str | None
    ) -> Decision:  # fmt: skip
        outcome = segment, by, held, to
        found = self._made.get(outcome)
        if found is None:
            label = self._labels.get(segment, "") if segment is not None else ""
            decision = Decision(self._set, segment, by, by == "unsure", label, held, to)
            found = self._made.setdefault(outcome, decision)
        return found


class _Reading:
    """Reads the columns of a record into variables, and checks them where that is asked for."""

    def __init__(self, body: Body, columns: Columns, kind: str) -> None:
        self.body, self.columns, self.kind = body, columns, kind

    def read(self, names: Sequence[str]) -> None:
        body, options, scope = self.body, self.columns.options, self.body.scope
        if options.extra == "refuse" and not options.trusted:
            check = scope.global_name("g", self.columns.check_extra)
            body.add(ast.Expr(call(check, name("record"))))
        if options.absent == "missing":
            read = scope.global_name("g", self.columns.read)
            wanted = scope.global_name("k", tuple(names))
            body.add(assign("r", call(read, name("record"), wanted)))
            for each in names:
                body.add(assign(self._variable(each), item(name("r"), constant(each))))
            return
        if names:
            body.add(self._got(names))
        if not options.trusted:
            for each in names:
                self._check(each)

    def _variable(self, column: str) -> str:
        return self.body.scope.names["column", column]

    def _got(self, names: Sequence[str]) -> ast.stmt:
        """All columns; one that is not there is complained about."""
        gets = [assign(self._variable(each), self._get(each)) for each in names]
        error = "AttributeError" if self.kind == "object" else "KeyError"
        complain = self.body.scope.global_name("g", _complaining(self.columns, names))
        handler = ast.ExceptHandler(name(error), None, [
            ast.Raise(call(complain, name("record")), constant(None))])  # fmt: skip
        return ast.Try(list[ast.stmt](gets), [handler], [], [])

    def _get(self, column: str) -> ast.expr:
        if self.kind == "object":
            if column.isidentifier() and column not in ("None", "True", "False"):
                return ast.Attribute(name("record"), column, ast.Load())
            return call("getattr", name("record"), constant(column))
        return item(name("record"), constant(column))

    def _check(self, column: str) -> None:
        """What is plainly canonical passes; the reader has a look at the rest."""
        scope, variable = self.body.scope, self._variable(column)
        plain = self.columns.plain[column]
        held = name(variable)
        read = call(scope.global_name("g", self.columns.reader(column)), held)
        kind = plain["type"]
        if kind[0] == "money":
            self._check_money(variable, kind, read)
            return
        test = None if plain["cleaning"] else _unclear(held, kind, scope)
        if test is None:
            self.body.add(assign(variable, read))
            return
        if self.columns.optional(column):
            test = ast.BoolOp(ast.And(), [compare(held, ast.IsNot(), constant(None)), test])
        self.body.add(ast.If(test, [assign(variable, read)], []))

    def _check_money(self, variable: str, kind: Sequence[Any], read: ast.expr) -> None:
        """Whole units as whole numbers are the amounts that are quickly read."""
        _, _, low, high, places = kind
        factor = 10**places
        held = name(variable)
        inside = ast.Compare(constant(-(-low // factor)), [ast.LtE(), ast.LtE()],
                             [held, constant(high // factor)])  # fmt: skip
        whole = ast.BoolOp(ast.And(), [_is_a(held, "int"), inside])
        minor = ast.BinOp(held, ast.Mult(), constant(factor))
        self.body.add(assign(variable, choice(whole, minor, read)))


def _is_a(held: ast.expr, kind: str, *, wanted: bool = True) -> ast.expr:
    sign = ast.Is() if wanted else ast.IsNot()
    return compare(ast.Attribute(held, "__class__", ast.Load()), sign, name(kind))


def _unclear(held: ast.expr, kind: Sequence[Any], scope: Scope) -> ast.expr | None:
    """Whether a known value must be looked at closely; None where it always must."""

    def outside(low: Any, high: Any) -> ast.expr:
        between = ast.Compare(scope.literal(low), [ast.LtE(), ast.LtE()],
                              [held, scope.literal(high)])  # fmt: skip
        return ast.UnaryOp(ast.Not(), between)

    greatest = operations.GREATEST
    match kind:
        case ["text"] | ["link", _]:
            ascii_only = call(ast.Attribute(held, "isascii", ast.Load()))
            return either([_is_a(held, "str", wanted=False), ast.UnaryOp(ast.Not(), ascii_only)])
        case ["whole", low, high]:
            return either([_is_a(held, "int", wanted=False), outside(low, high)])
        case ["number", low, high]:
            low, high = (-greatest if low is None else low), (greatest if high is None else high)
            return either([_is_a(held, "float", wanted=False), outside(low, high)])
        case ["share"]:
            return either([_is_a(held, "float", wanted=False), outside(0.0, 1.0)])
        case ["flag"]:
            return _is_a(held, "bool", wanted=False)
        case ["date"]:
            return _is_a(held, "date", wanted=False)
        case ["enum", values]:
            declared = scope.global_name("k", frozenset(values))
            return either([_is_a(held, "str", wanted=False),
                           compare(held, ast.NotIn(), declared)])  # fmt: skip
    return None


def _complaining(columns: Columns, names: Sequence[str]) -> Callable[[Any], Exception]:
    """Makes the error for a record that lacks one of some columns."""

    def complain(record: Any) -> Exception:
        for each in names:
            try:
                getter(record, columns.table)(record, each)
            except (KeyError, AttributeError):
                return columns.absent(each)
        return columns.absent(names[0])

    return complain


def _all_of(found: Plain, steps: Steps) -> list[Node]:
    """Everything that a decision of a set evaluates."""
    nodes = steps.set_nodes(found, len(found["caps"]))
    nodes += [rank for each in found["allotments"] for rank, _ in each["best"]]
    return [*nodes, found["holdout"]] if found["holdout"] else nodes


_BESIDE = ("as_of", "features", "related", "lookup")
"""The parameters of a function over records beside the record."""


def _passed(function: str, names: Sequence[str]) -> ast.expr:
    rows = ast.keyword(None, name("rows"))
    return ast.Call(name(function), [name(each) for each in names], [rows])


def _place(tree: ast.AST) -> None:
    """Gives every node of a tree a place in a text that is not there, as the compiler wants one."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        held = vars(node)
        for part in list(held.values()):
            if isinstance(part, list):
                waiting.extend(each for each in part if isinstance(each, ast.AST))
            elif isinstance(part, ast.AST):
                waiting.append(part)
        held.update(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)


def made(
    body: Body, names: Sequence[str], options: Sequence[str] = (), *, rows: bool = False
) -> Function:  # fmt: skip
    """The function of a body; `options` are parameters that are None where they are not passed.

    With `rows` any other parameter by name is one of them.

    Raises:
        ProgramError: the program says what Python cannot.
    """
    arguments = ast.arguments(
        [], [ast.arg(each) for each in (*names, *options)], None, [], [],
        ast.arg("rows") if rows else None, [constant(None) for _ in options],
    )  # fmt: skip
    function = ast.FunctionDef("f", arguments, body.statements, [])
    if "type_params" in function._fields:
        vars(function)["type_params"] = []
    tree = ast.Module([function], [])
    _place(tree)
    try:
        # the tree is made here, of a closed vocabulary: no text is run
        exec(compile(tree, "<segrules>", "exec"), body.scope.space)  # noqa: S102 -- see above
    except (SyntaxError, ValueError, TypeError, RecursionError) as error:
        raise ProgramError(f"the program cannot be built: {error}") from None
    built: Function = body.scope.space["f"]
    return built
