"""Types of records, features and segments for editors and type checkers, as a Python stub."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Program = Mapping[str, Any]
Fields = Mapping[str, tuple[Sequence[Any], bool]]

_NAMES = {"text": "str", "whole": "int", "number": "float", "share": "float", "flag": "bool"}


def stubs(programs: Mapping[str, Program], name: str) -> str:
    """The text of a `.pyi` for rules of a name, from the programs of their tables.

    For each table `<Table>Record`, the columns that the rules read as they are passed to be
    checked, and `<Table>Features`; for each set `<Set>Segment` and `<Set>By`; and `Decide`, the
    type of `decide`.
    """
    body: list[ast.stmt] = [
        ast.Expr(ast.Constant(f"Types of the rules {name}.")),
        _from("collections.abc", "Callable", "Collection", "Mapping", "Sequence"),
        _from("datetime", "date", "datetime"),
        _from("decimal", "Decimal"),
        _from("typing", "Any", "Literal", "Protocol", "TypedDict"),
        _from("segrules.runtime", "Decision"),
    ]
    taken: set[str] = set()
    for table, program in programs.items():
        body += _of_table(_title(table, taken), program)
        for found in program["sets"]:
            if found["table"] == table:
                title = _title(found["name"], taken)
                body.append(_assigned(f"{title}Segment", _literal(found["segments"])))
                body.append(_assigned(f"{title}By", _literal(found["deciders"])))
    body.append(_DECIDE)
    return ast.unparse(ast.fix_missing_locations(ast.Module(body, []))) + "\n"


def _of_table(title: str, program: Program) -> Iterator[ast.stmt]:
    columns = program["tables"][program["table"]]["columns"]
    read = {name: column for name, column in columns.items() if column["read"]}
    yield _typed(f"{title}Record", {n: (c["type"], c["optional"]) for n, c in read.items()})
    asked = [each for each in program["asked"] if each["name"]]
    if asked:
        named = {each["name"]: (each["type"], each["optional"]) for each in asked}
        yield _typed(f"{title}Features", named, total=False)


def _typed(name: str, fields: Fields, *, total: bool = True) -> ast.stmt:
    """A class, or where Python has other words for a name the form with a dict."""
    types = {each: _type_of(kind, optional=optional) for each, (kind, optional) in fields.items()}
    options = [] if total else [ast.keyword("total", ast.Constant(value=False))]
    if all(each.isidentifier() and not keyword.iskeyword(each) for each in types):
        lines: list[ast.stmt] = [
            ast.AnnAssign(ast.Name(each), kind, simple=1) for each, kind in types.items()
        ]
        return ast.ClassDef(name, [ast.Name("TypedDict")], options, lines or [ast.Pass()], [])
    keys: list[ast.expr | None] = [ast.Constant(each) for each in types]
    made = ast.Call(
        ast.Name("TypedDict"), [ast.Constant(name), ast.Dict(keys, [*types.values()])], options
    )
    return _assigned(name, made)


def _type_of(kind: Sequence[Any], *, optional: bool) -> ast.expr:
    known = _known(kind)
    return ast.BinOp(known, ast.BitOr(), ast.Constant(None)) if optional else known


def _known(kind: Sequence[Any]) -> ast.expr:
    match kind:
        case [str(name), *_] if name in _NAMES:
            return ast.Name(_NAMES[name])
        case ["link", _]:
            return _either("str", "Mapping")
        case ["money" | "amount", *_]:
            return _either("int", "float", "Decimal", "str")
        case ["date"]:
            return _either("date", "str")
        case ["instant"]:
            return _either("datetime", "str")
        case ["enum", values]:
            return _literal(values)
        case ["set", values]:
            return ast.Subscript(ast.Name("Collection"), _literal(values))
    raise ValueError(f"there is no type {kind!r}")


def _either(first: str, *others: str) -> ast.expr:
    made: ast.expr = ast.Name(first)
    for each in others:
        made = ast.BinOp(made, ast.BitOr(), ast.Name(each))
    return made


def _literal(values: Sequence[str]) -> ast.expr:
    return ast.Subscript(ast.Name("Literal"), ast.Tuple([ast.Constant(each) for each in values]))


def _assigned(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name)], value)


def _from(module: str, *names: str) -> ast.stmt:
    return ast.ImportFrom(module, [ast.alias(name) for name in names], 0)


def _title(name: str, taken: set[str]) -> str:
    """A name as a class has it, of ASCII letters and digits, and no one else's."""
    words = "".join(each if each.isascii() and each.isalnum() else " " for each in name).split()
    title = "".join(word[:1].upper() + word[1:] for word in words)
    title = title if title[:1].isalpha() else f"T{title}"
    made, number = title, 1
    while made in taken:
        number += 1
        made = f"{title}{number}"
    taken.add(made)
    return made


_DECIDE = ast.parse(
    """
class Decide(Protocol):
    def __call__(
        self,
        record: Any,
        as_of: date | None = None,
        features: Mapping[str, Any] | None = None,
        related: Mapping[str, Sequence[Any]] | None = None,
        lookup: Mapping[str, Mapping[str, Any] | Callable[[str], Any]] | None = None,
        **rows: Sequence[Any],
    ) -> Decision: ...
"""
).body[0]
"""The type of `decide`; rows of related tables may also be passed by name."""
