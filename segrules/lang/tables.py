"""The parse tables: built from the grammar in strict mode, kept as JSON beside it, loaded at start.

Building takes most of a second, loading a few hundredths. `python -m segrules.lang.tables` writes
them anew; with `--check` it fails when they are stale. INVARIANT: no pickle.
"""

from __future__ import annotations

import hashlib
import json
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
    return loaded


def keywords() -> dict[str, str]:
    """The language's words: terminal name to the word, for the terminals that are one word."""
    found = {}
    for terminal in load_parser().terminals:
        pattern = terminal.pattern
        if pattern.type == "str" and pattern.value.replace("_", "").isalpha():
            found[terminal.name] = str(pattern.value)
    return found


_ALTERNATIVES = {
    "AGGREGATE": ("sum", "mean", "median", "first", "last"),
    "LEAST_GREATEST": ("least", "greatest"),
    "FIRST_LAST": ("first", "last"),
    "TOP_BOTTOM": ("top", "bottom"),
    "LEVER": ("route", "capacity", "train", "pay", "qa", "comms", "price", "process", "terms"),
    "UNIT": (
        "day",
        "days",
        "week",
        "weeks",
        "month",
        "months",
        "quarter",
        "quarters",
        "year",
        "years",
    ),
}
"""The words of terminals that stand for several."""


def reserved_words() -> tuple[str, ...]:
    """Words that are keywords at some place where a name could stand too: names in backticks only.

    Read off the automaton, so that the published list cannot differ from what the parser does.
    """
    words = {name: (word,) for name, word in keywords().items()} | _ALTERNATIVES
    table = load_parser().parser.parser._parse_table.states
    found: set[str] = set()
    for actions in table.values():
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
