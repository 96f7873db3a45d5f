"""The parse tables: built from the grammar in strict mode, kept as JSON beside it, loaded at start.

Building takes most of a second, loading a few hundredths. `python -m segrules.lang.tables` writes
them anew; with `--check` it fails when they are stale. INVARIANT: no pickle.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from segrules.text.resources import resource

GRAMMAR = "segrules.lark"
TABLES = "tables.json"


def build_tables(grammar: str) -> str:
    """The tables as JSON text; raises lark's GrammarError on any conflict."""
    parser = Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        strict=True,
        propagate_positions=True,
        maybe_placeholders=True,
    )
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    tables = {"grammar": _digest(grammar), "data": data, "memo": memo}
    return json.dumps(tables, separators=(",", ":")) + "\n"


def _digest(grammar: str) -> str:
    return hashlib.sha256(grammar.encode()).hexdigest()


def are_fresh() -> bool:
    """Whether the shipped tables were built from the shipped grammar.

    Two builds number the states differently, so it is the grammar's digest that is compared.
    """
    folder = resource("grammar")
    grammar = (folder / GRAMMAR).read_text(encoding="utf-8")
    target = folder / TABLES
    return target.exists() and json.loads(target.read_text(encoding="utf-8"))["grammar"] == (
        _digest(grammar)
    )


def _by_number(mapping: dict[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in mapping.items()}


@cache
def load_parser() -> Lark:
    """The parser from the shipped tables."""
    saved = json.loads((resource("grammar") / TABLES).read_text(encoding="utf-8"))
    data = saved["data"]
    states = data["parser"]["parser"]["states"]
    # JSON knows no whole-number keys; the states of the automaton and the memo are numbered.
    data["parser"]["parser"]["states"] = _by_number(states)
    loaded = Lark.__new__(Lark)._load({"data": data, "memo": _by_number(saved["memo"])})
    assert isinstance(loaded, Lark)
    _read_whole_words(loaded)
    return loaded


def _read_whole_words(parser: Lark) -> None:
    """Lets every state read a name, so that no keyword is found at the beginning of a longer word.

    Without it `ofcustomers` is read as `of customers` wherever no name may stand.
    """
    name = next(terminal for terminal in parser.terminals if terminal.name == "NAME")
    for lexer in {id(each): each for each in parser.parser.lexer.lexers.values()}.values():
        if name not in lexer.terminals:
            # in the order of lark's own lexer: its scanners are made when they are first used
            lexer.terminals = sorted(
                [*lexer.terminals, name],
                key=lambda each: (
                    -each.priority,
                    -each.pattern.max_width,
                    -len(each.pattern.value),
                    each.name,
                ),
            )


_GROUP = re.compile(r"\((?P<inner>[^()]+)\)")
_PHRASE = re.compile(r"[a-z_]+( [a-z_]+)*")


@cache
def phrases() -> dict[str, tuple[str, ...]]:
    """What the terminals of words are written like, by terminal: `at least`, `route`, `capacity`.

    A word with two forms is given in the plural. None for a terminal of signs, digits or names.
    """
    found = {each.name: _phrases_of(each.pattern.value) for each in load_parser().terminals}
    return {name: written for name, written in found.items() if written}


def _phrases_of(pattern: str) -> tuple[str, ...]:
    bare = _without_lookahead(pattern).replace(r"\s+", " ").replace(r"\b", "").replace("s?", "s")
    group = _GROUP.search(bare)
    if group is None:
        whole = bare.split("|")
    else:
        start, end = bare[: group.start()], bare[group.end() :]
        whole = [f"{start}{each}{end}" for each in group["inner"].split("|")]
    return tuple(dict.fromkeys(whole)) if all(_PHRASE.fullmatch(each) for each in whole) else ()


def _without_lookahead(pattern: str) -> str:
    """A pattern without its parts in `(?=…)` and `(?!…)`, and without the marks of groups."""
    out, depth = [], 0
    for piece in re.finditer(r"\\.|\(\?[=!]|\((?:\?:)?|.", pattern):
        sign = piece.group()
        if depth or sign in ("(?=", "(?!"):
            depth += sign.startswith("(") - (sign == ")")
        else:
            out.append("(" if sign == "(?:" else sign)
    return "".join(out)


FOLLOWING = (
    "at", "counts", "date", "flag", "follows", "instant", "money", "none", "number", "odds",
    "ordered", "per", "plus", "share", "stays", "sums", "switches", "text", "times", "whole",
)  # fmt: skip
"""Words that stand behind names where what-ifs are said. As the name of a segment, a pool, a pay
plan or a figure they stand in backticks there: behind a keyword they make it a name.
"""

_ALTERNATIVES = re.compile(r"\(?(?P<words>[^()]+)\)?\\b")
_WORD = re.compile(r"(?P<word>[a-z_]+?)(?P<plural>s\?)?")

_MISTAKEN = {"OF_ALL": ("all",), "NEVER": ("never",)}
"""Words in terminals of several, or with a look ahead, that can be taken for a name at their place:
`share of total x of all`, `{ share 5% never yes }`.
"""


def _words_of(terminal: TerminalDef) -> tuple[str, ...]:
    """The single words a terminal stands for: of `sum` and `most common` only the first.

    None for a terminal that looks at what follows: there its word is a name wherever one fits,
    but for those of `_MISTAKEN`.
    """
    if terminal.name in _MISTAKEN:
        return _MISTAKEN[terminal.name]
    pattern = terminal.pattern
    if pattern.type == "str":
        return (pattern.value,) if _WORD.fullmatch(pattern.value) else ()
    whole = _ALTERNATIVES.fullmatch(pattern.value)
    if whole is None:
        return ()
    found = [_WORD.fullmatch(part) for part in whole["words"].split("|")]
    words = [word["word"] for word in found if word]
    return (*words, *(f"{word['word']}s" for word in found if word and word["plural"]))


def reserved_words() -> tuple[str, ...]:
    """Words that are keywords at some place where a name could stand too: names in backticks only.

    Read off the automaton, so that the published list cannot differ from what the parser does.
    """
    parser = load_parser()
    words = {terminal.name: _words_of(terminal) for terminal in parser.terminals}
    found: set[str] = set()
    for actions in parser.parser.parser._parse_table.states.values():
        if "NAME" in actions:
            for terminal in actions.keys() & words.keys():
                found.update(words[terminal])
    return tuple(sorted(found))


def _main(arguments: list[str]) -> int:
    folder = Path(resource("grammar"))
    fresh = build_tables((folder / GRAMMAR).read_text(encoding="utf-8"))
    target = folder / TABLES
    if arguments == ["--check"]:
        print(f"the grammar has no conflict; its tables are {'fresh' if are_fresh() else 'stale'}")
        return int(not are_fresh())
    target.write_text(fresh, encoding="utf-8")
    print(f"wrote {TABLES}: {len(fresh)} characters")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
