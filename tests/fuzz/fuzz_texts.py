"""Hostile rule texts, each a function of a seed and a number: mutations, splices and random walks.

Nothing here knows the grammar by heart. The pieces come from the rule files, from the examples of
the catalogue and from the corpus beside this file; the walks follow the parser's own automaton, so
a new construct is in the fuzz on the day it is in the grammar.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from segrules.lang.recovery import _advanced, _states
from segrules.lang.scan import scan
from segrules.lang.tables import load_parser
from segrules.text.catalogue import PREAMBLE, catalogue
from segrules.text.resources import resource
from segrules.text.source import Source

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 400
"""Characters of a piece: a text of a few pieces is checked in less than a millisecond."""

BASE = """\
ruleset shop {
  goal "Raise profit"
  money GBP
}
table customers key customer_id {
  customer_id text
  joined      date
  region      one of north, south
  tier        ordered bronze < silver < gold
  spend       money
  points      whole 0..1000
  share_web   share?
  vip         flag
}
table orders of customers by customer_id dated ordered_on {
  customer_id text
  ordered_on  date
  amount      money
}
"""
"""A short stand for the pieces; the preamble of the catalogue takes twice as long to check."""

TOKEN = re.compile(r'"[^"\n]*"?|`[^`\n]*`?|#[^\n]*|\w+|\s+|\.\.|=>|[<>!]=|.')
ODD = (
    "\x00", "🙂", "9" * 40, "1e999", "0", "-", "\u202e", "(", ")", "{", "}", "[", "]", "|", "=>",
    "..", "%", "\r", "\x0c", "missing", "known", "as_of", "2026-02-31", "9999-12-31", '"', "`",
    "``", "-5", "yes", "no", "0.0", "1_", "_", "0" * 31, "12345.678%", "400 years", "\ufeff",
    "é", "\u017f", "İ", "\u2028", "\ud800", "# x", "#", "\n", "\n\n", "any", "rest", "today",
    "otherwise",
    "and", "or", "not", "when", "of", "by", "to", "from", "at", "between", "in", "is", "if",
)  # fmt: skip


_PAGES = Path(__file__).parents[2] / "segrules" / "cli" / "reference_text" / "language"
_SAMPLE = re.compile(r"^```seg\n(.*?)^```", re.DOTALL | re.MULTILINE)


@cache
def samples() -> tuple[str, ...]:
    """The rules in the pages of the language, which show every form."""
    pages = _PAGES.glob("*.md")
    return tuple(each for page in sorted(pages) for each in _SAMPLE.findall(page.read_text()))


@cache
def pieces() -> tuple[str, ...]:
    """Declarations of every text at hand, none of them long."""
    paths = [*resource("rulesets").rglob("*.seg"), *CORPUS.glob("*.seg")]
    texts = [path.read_text(encoding="utf-8", errors="surrogateescape") for path in sorted(paths)]
    for entry in catalogue().values():
        texts += [
            each.text.removeprefix(PREAMBLE).lstrip("\n") for each in (entry.wrong, entry.right)
        ]
    texts += samples()
    found = [piece for text in texts for piece in _cut(text)]
    return tuple(dict.fromkeys(piece[:LONGEST] for piece in found))


def _cut(text: str) -> Iterator[str]:
    starts = [0, *scan(Source("", text)).declarations, len(text)]
    for start, end in pairwise(starts):
        if text[start:end].strip():
            yield text[start:end]


# ---- mutations


def _tokens(luck: random.Random, text: str) -> str:
    """A few words and signs left out, doubled, exchanged or replaced."""
    parts = TOKEN.findall(text)
    for _ in range(luck.choice((1, 1, 2, 5))):
        at = luck.randrange(len(parts))
        end = at + luck.randrange(1, 20)
        match luck.randrange(6):
            case 0:
                del parts[at]
            case 1:
                parts[at] = luck.choice(parts)
            case 2:
                parts[at] = luck.choice(ODD)
            case 3:
                del parts[at:end]
            case 4:
                parts[at:at] = parts[at:end]
            case _:
                parts.insert(at, luck.choice(ODD))
        parts = parts or [""]
    return "".join(parts)


def _words(luck: random.Random, text: str) -> str:
    """Words of another piece in place of words of this one: mostly still well formed."""
    parts = TOKEN.findall(text)
    others = [part for part in TOKEN.findall(luck.choice(pieces())) if part[0].isalnum()]
    spots = [at for at, part in enumerate(parts) if part[0].isalnum()]
    for _ in range(luck.choice((1, 2, 3))):
        if spots and others:
            parts[luck.choice(spots)] = luck.choice(others)
    return "".join(parts)


def _splice(luck: random.Random, text: str) -> str:
    first, second = TOKEN.findall(text), TOKEN.findall(luck.choice(pieces()))
    return "".join(
        first[: luck.randrange(len(first) + 1)] + second[luck.randrange(len(second) + 1) :]
    )


def _bytes(luck: random.Random, text: str) -> str:
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(luck.choice((1, 3, 30))):
        raw[luck.randrange(len(raw))] = luck.randrange(256)
    return raw.decode("utf-8", luck.choice(("replace", "surrogateescape")))


def _noise(luck: random.Random, text: str) -> str:
    raw = luck.randbytes(luck.choice((1, 20, 200)))
    return text[: luck.randrange(80)] + raw.decode(luck.choice(("latin-1", "utf-16-le")), "replace")


def _unbalanced(luck: random.Random, text: str) -> str:
    """One brace, bracket, quote or backtick too many or too few."""
    spots = [at for at, sign in enumerate(text) if sign in '{}()[]"`|']
    if spots and luck.random() < 0.6:
        at = luck.choice(spots)
        return text[:at] + luck.choice(("", text[at] * 2)) + text[at + 1 :]
    at = luck.randrange(len(text))
    return text[:at] + luck.choice('{}()[]"`|') + text[at:]


_OPENS = (("(", ")"), ("not ", ""), ("-", ""), ("[", "]"), ("least(1, ", ")"), ("{", "}"),
          ("sum (", ") of orders"), ("no orders where (", ")"))  # fmt: skip


def _deep(luck: random.Random, text: str) -> str:
    """A word inside many brackets."""
    parts = TOKEN.findall(text)
    at = luck.randrange(len(parts))
    before, behind = luck.choice(_OPENS)
    times = luck.choice((2, 20, 60, 66, 150, 400))
    parts[at] = before * times + parts[at] + behind * (times - luck.choice((0, 0, 0, 1)))
    return "".join(parts)


def _long(luck: random.Random, text: str) -> str:
    """A stretch repeated many times."""
    parts = TOKEN.findall(text)
    at = luck.randrange(len(parts))
    end = at + luck.randrange(1, 8)
    between = luck.choice(("", " ", " or ", " and ", " + ", " * ", ", ", " | ", "\n"))
    again = between.join(["".join(parts[at:end])] * luck.choice((3, 30, 120)))
    return "".join([*parts[:at], again, *parts[end:]])


def _numbers(luck: random.Random, text: str) -> str:
    """Numbers of unusual size."""
    odd = ("9" * 30, "9" * 31, "9" * 18, "1" + "0" * 200, "0", "0.000000000001", "00012", "1.0",
           "-7", "3000000", "12:30", "1__0", "1e9", "0x10", "999999999999.99", "100%", "0.001%",
           "99999999%")  # fmt: skip
    return re.sub(
        r"\d[\d_.]*%?",
        lambda found: luck.choice(odd) if luck.random() < 0.4 else found.group(),
        text,
    )


def _gaps(luck: random.Random, text: str) -> str:
    """Other gaps between the words, comments in some."""
    gaps = (" ", "\n", "\n\n", "\t", "\r\n", " # a } comment\n", '\n  # another " `\n', "\f", "")
    return re.sub(
        r'("[^"\n]*"|`[^`\n]*`|#[^\n]*\n?)|\s+',
        lambda found: found.group(1) or (luck.choice(gaps) if luck.random() < 0.3 else " "),
        text,
    )


# ---- walks


@dataclass(frozen=True)
class _Sampler:
    """Texts of a terminal, drawn from its pattern."""

    pattern: str

    @cached_property
    def tree(self) -> Any:
        return re._parser.parse(self.pattern)  # type: ignore[attr-defined]

    def draw(self, luck: random.Random) -> str:
        return "".join(self._of(luck, self.tree))

    def _of(self, luck: random.Random, tree: Any) -> Iterator[str]:
        for kind, value in tree:
            match str(kind):
                case "LITERAL":
                    yield chr(value)
                case "IN":
                    yield _one_of(luck, value)
                case "MAX_REPEAT" | "MIN_REPEAT":
                    low, high, inner = value
                    for _ in range(luck.randint(low, min(int(high), low + 3))):
                        yield from self._of(luck, inner)
                case "SUBPATTERN":
                    yield from self._of(luck, value[-1])
                case "BRANCH":
                    yield from self._of(luck, luck.choice(value[1]))
                case "ASSERT" | "ASSERT_NOT" | "AT":
                    pass
                case other:
                    raise AssertionError(f"the sampler knows no {other}")


def _one_of(luck: random.Random, choices: Any) -> str:
    first, value = choices[0]
    match str(first):
        case "NEGATE":
            return luck.choice("ab _#{é1")
        case "RANGE":
            return chr(luck.randint(*value))
        case "CATEGORY":
            return luck.choice("0123456789" if "DIGIT" in str(value) else " \n")
        case _:
            return chr(value)


_NAMES = ("customers", "orders", "spend", "points", "tier", "region", "vip", "joined", "amount",
          "ordered_on", "customer_id", "gold", "north", "share_web", "a", "b", "`two words`",
          "as_of", "missing", "yes", "value", "rest")  # fmt: skip
_DRAWN: dict[str, tuple[str, ...]] = {
    "NAME": _NAMES,
    "NUMBER": ("0", "1", "2", "10", "0.5", "1_000", "365"),
    "PERCENT": ("0%", "10%", "80%", "100%", "12.5%"),
    "DATE": ("2026-06-30", "2025-01-01", "2026-02-28"),
    "STRING": ('"a"', '""', '"a # b {"', '"Profit of the year"'),
}


def _draw(luck: random.Random, terminal: str) -> str:
    if terminal in _DRAWN:
        return luck.choice(_DRAWN[terminal])
    pattern = _patterns()[terminal]
    return str(pattern.value) if pattern.type == "str" else _sampler(terminal).draw(luck)


@cache
def _patterns() -> dict[str, Any]:
    return {terminal.name: terminal.pattern for terminal in load_parser().terminals}


@cache
def _sampler(terminal: str) -> _Sampler:
    return _Sampler(str(_patterns()[terminal].value))


@cache
def _choices(state: Any) -> tuple[str, ...]:
    return tuple(sorted(each for each in _states()[state] if each.isupper() and each != "$END"))


def walk(luck: random.Random, most: int = 60) -> str:
    """A sentence of the grammar: at random, after `most` words by the shortest way to an end."""
    stack: tuple[Any, ...] = (load_parser().parse_interactive("").parser_state.position,)
    words: list[str] = []
    while len(words) < most * 3:
        terminals = list(_choices(stack[-1]))
        luck.shuffle(terminals)
        steps = ((each, _advanced(stack, each)) for each in terminals)
        fitting = (step for step in steps if step[1])
        if len(words) < most:
            terminal, stack = next(fitting)
        elif _advanced(stack, "$END"):
            break
        else:
            terminal, stack = min(fitting, key=lambda step: len(step[1]))
        words.append(_draw(luck, terminal))
        if terminal == "RBRACE" and luck.random() < 0.3 and _advanced(stack, "$END"):
            break
    return luck.choice((" ", " ", "\n")).join(words)


# ---- all together

Mutation = Callable[[random.Random, str], str]
MUTATIONS: tuple[tuple[Mutation, int], ...] = (
    (_tokens, 30), (_words, 25), (_splice, 12), (_bytes, 4), (_noise, 3), (_unbalanced, 8),
    (_deep, 4), (_long, 3), (_numbers, 6), (_gaps, 5),
)  # fmt: skip
_KINDS, _WEIGHTS = zip(*MUTATIONS, strict=True)


def luck_of(seed: int, number: int) -> random.Random:
    return random.Random(f"{seed}:{number}")  # noqa: S311 -- reproducible, no secret


def text_of(seed: int, number: int) -> str:
    """The text of a number; the same for ever, as long as the pieces are the same."""
    luck = luck_of(seed, number)
    if luck.random() < 0.1:
        text = walk(luck, luck.choice((10, 30, 60)))
        if luck.random() < 0.3:
            text = _tokens(luck, text)
    else:
        text = "".join(luck.choice(pieces()) for _ in range(luck.choice((1, 1, 1, 2))))
        for mutation in luck.choices(_KINDS, _WEIGHTS, k=luck.choice((1, 1, 1, 2))):
            text = mutation(luck, text or " ")
    match luck.randrange(40):
        case 0:
            return _tokens(luck, BASE) + text
        case kind if kind <= 7:
            return BASE + text
        case _:
            return text
