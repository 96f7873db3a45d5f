"""The grammar as people read it: keywords bare, what is to be filled in between angle brackets."""

from __future__ import annotations

import re
from functools import cache

from segrules.lang.tables import GRAMMAR
from segrules.text.resources import resource

LEXICAL = {
    "NAME": "<name>",
    "NUMBER": "<digits>",
    "PERCENT": "<digits>%",
    "STRING": '"<characters>"',
    "DATE": "<year>-<month>-<day>",
    "UNIT": "<unit>",
}
"""Terminals that stand for endlessly many texts, or for the words of a unit of time."""

SAME = {
    "cell_date": "date", "cell_length": "length", "cell_number": "number",
    "cell_percent": "percent", "cell_text": "text", "figure_number": "number",
    "figure_percent": "percent", "last_figure": "figure", "last_figure_of": "figure_of",
    "last_figures": "figures", "last_number": "number", "last_percent": "percent",
    "last_these": "these",
    "served": "names", "time_length": "length", "treated": "names",
}  # fmt: skip
"""Rules that say the same as another one, and stand apart from it for the sake of the parser."""

SIGNS = frozenset("[]|()*+-?<>!")
"""Characters of the notation itself: in quotes when they are meant."""

_NOT_BEFORE = re.compile(r"(?: NO_[A-Z]+| \([A-Z_ |]+\))+$")
"""What a word must stand before or must not, where that is a terminal of its own."""

_RULE = re.compile(r"^\??(?P<rule>[a-z_]+):(?P<body>.*)$")
_TERMINAL = re.compile(r"^(?P<terminal>[A-Z_]+)(?:\.\d+)?:(?P<body>.*)$")
_PIECE = re.compile(
    r'"(?P<literal>[^"]*)"|(?P<terminal>[A-Z][A-Z_]*)|(?P<rule>[a-z][a-z_]*)|(?P<sign>[\[\]()|*+?])'
)


@cache
def definitions() -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The alternatives of every rule, and the pattern of every terminal, as in the grammar."""
    rules: dict[str, list[str]] = {}
    terminals: dict[str, str] = {}
    name = ""
    for line in (resource("grammar") / GRAMMAR).read_text(encoding="utf-8").splitlines():
        rule, terminal = _RULE.match(line), _TERMINAL.match(line)
        if rule:
            name = rule["rule"]
            rules[name] = [rule["body"]]
        elif terminal:
            terminals[terminal["terminal"]] = terminal["body"].strip()
        elif name and line.startswith(" ") and line.strip():
            rules[name].append(line)
    return {each: _alternatives(lines) for each, lines in rules.items()}, terminals


def _alternatives(lines: list[str]) -> tuple[str, ...]:
    """One text an alternative: those on one line part at the bars outside brackets."""
    found: list[str] = []
    for line in lines:
        text = line.split("->")[0].strip()
        found.extend(part.strip() for part in _at_bars(text) if part.strip())
    return tuple(found)


def _at_bars(text: str) -> list[str]:
    parts, depth = [""], 0
    for piece in re.findall(r'"[^"]*"|.', text):
        depth += (piece in "([") - (piece in ")]") if len(piece) == 1 else 0
        if piece == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def readable(rule: str) -> str:
    """A rule with its alternatives below each other."""
    rules, _ = definitions()
    lead = f"<{_spaced(rule)}> ="
    lines = [f"{lead} {_alternative(rules[rule][0])}"]
    lines += [f"{'|':>{len(lead)}} {_alternative(each)}" for each in rules[rule][1:]]
    return "\n".join(lines)


def _alternative(text: str) -> str:
    parts: list[str] = []
    for piece in _PIECE.finditer(text):
        match piece.lastgroup:
            case "literal":
                parts.append(_literal(piece["literal"]))
            case "terminal":
                parts.append(_terminal(piece["terminal"]))
            case "rule":
                rule = SAME.get(piece["rule"], piece["rule"])
                parts.append(f"<{_spaced(rule)}>")
            case _:
                _add_sign(parts, piece["sign"])
    return re.sub(r"([\[(]) | ([\])])", r"\1\2", " ".join(parts))


def _add_sign(parts: list[str], sign: str) -> None:
    """Repetition sticks to what it repeats; `x?` is written `[x]`."""
    if sign == "?":
        parts[-1] = f"[{parts[-1]}]"
    elif sign in "*+":
        parts[-1] += sign
    else:
        parts.append(sign)


def _literal(text: str) -> str:
    return f'"{text}"' if set(text) & SIGNS else text


def _terminal(name: str) -> str:
    if name in LEXICAL:
        return LEXICAL[name]
    found = words(name)
    return found[0] if len(found) == 1 else f"({' | '.join(found)})"


def words(terminal: str) -> list[str]:
    """The words a terminal stands for; none where it stands for endlessly many texts."""
    body = definitions()[1][terminal]
    if terminal in LEXICAL or terminal == "COMMENT":
        return []
    if body.startswith('"'):
        return [_literal(word.strip().strip('"')) for word in body.split(" | ")]
    seen = re.sub(r"\(\?[=!].*$", "", _NOT_BEFORE.sub("", body).strip("/"))
    plain = re.sub(r"\\s[+*]", " ", seen.replace(r"\b", ""))
    plain = re.sub(r"(\w)\?", r"[\1]", plain)
    grouped = re.fullmatch(r"(?P<before>[^()]*)\((?P<choice>[^()]*)\)(?P<after>[^()]*)", plain)
    if grouped is None:
        return plain.split("|")
    choice = grouped["choice"].split("|")
    return [f"{grouped['before']}{word}{grouped['after']}" for word in choice]


def _spaced(rule: str) -> str:
    return rule.replace("_", " ")
