"""Sound texts with syntax errors planted in them, no two in one item: each is to be reported."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from fuzz_texts import TOKEN

from segrules.lang.parse import parse
from segrules.rules import inspect
from segrules.text.diagnostic import Log
from segrules.text.source import Source

_KEYWORD = re.compile(
    r"(of|key|when|from|to|by|as_of|at|and|within|otherwise|one|text|whole|money|flag|date|odds|each"
    r"|source|add|in|last|goal|owner)\Z"
)


@dataclass(frozen=True)
class Planted:
    """A text with errors, and the findings that each of them gives alone: code and message."""

    text: str
    alone: tuple[tuple[str, str], ...]


def errors(text: str) -> list[tuple[str, str]]:
    """The errors found in a text, each its code and message."""
    found = inspect(Source("planted.seg", text)).log
    return [(each.code, each.message) for each in found if each.severity == "error"]


def syntax_errors(text: str) -> list[tuple[str, str]]:
    """The errors found by the parser alone."""
    log = Log()
    parse(Source("planted.seg", text), log)
    return [(each.code, each.message) for each in log]


def items(text: str) -> list[tuple[int, int]]:
    """The stretches of a laid-out text that stand for themselves: headings, items, closing braces
    left out. A line further in than an item belongs to the item before it."""
    found: list[tuple[int, int]] = []
    at = 0
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if bare and bare[0] not in "#}":
            if line.startswith("   ") and found:
                found[-1] = (found[-1][0], at + len(line))
            else:
                found.append((at, at + len(line)))
        at += len(line)
    return found


def broken(item: str, luck: random.Random) -> str:
    """An item with one mistake as people make them."""
    head, hash_, comment = item.partition("#")
    parts = TOKEN.findall(head)
    words = [at for at, part in enumerate(parts) if _KEYWORD.match(part)]
    signs = [at for at, part in enumerate(parts) if part[0] in "<>=,|.+*"]
    solid = [at for at, part in enumerate(parts) if not part.isspace() and part != "{"]
    match luck.randrange(6):
        case 0 if words:
            at = luck.choice(words)
            parts[at] = parts[at][1::-1] + parts[at][2:] + "x"
        case 1 if words:
            del parts[luck.choice(words)]
        case 2 if signs:
            at = luck.choice(signs)
            parts[at] = f"{parts[at]} {parts[at]}"
        case 3 if signs:
            parts[luck.choice(signs)] = ";"
        case 4 if '"' in head:
            at = luck.choice([at for at, part in enumerate(parts) if part.startswith('"')])
            parts[at] = parts[at][:-1]
        case _:
            parts.insert(luck.choice(solid) + 1, luck.choice((" ^ ", " = = ", " ( ", " 3 4 5 ")))
    return "".join(parts) + hash_ + comment


def plant(text: str, luck: random.Random, many: int) -> Planted | None:
    """Errors in so many items, each of which alone is exactly one finding; None where not."""
    chosen = sorted(luck.sample(items(text), many), reverse=True)
    alone: list[tuple[str, str]] = []
    together = text
    for start, end in chosen:
        item = broken(text[start:end], luck)
        found = syntax_errors(text[:start] + item + text[end:])
        if len(found) != 1:
            return None
        alone += found
        together = together[:start] + item + together[end:]
    return Planted(together, tuple(reversed(alone)))
