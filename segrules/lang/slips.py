"""Words and signs of other languages, as they are met just before a syntax error."""

from __future__ import annotations

import re

from segrules.text.source import Source, Span

_REACH = 80
"""Characters before the error in which a slip is looked for."""

_SIGNS = {"==": "=", "<>": "!=", "=>": ">=", "=<": "<=", "&&": "and", "//": "#"}
_WORDS = {
    "else": "otherwise",
    "default": "otherwise",
    "if": "when",
    "like": "contains",
    "average": "mean",
    "avg": "mean",
    "max": "greatest",
    "maximum": "greatest",
    "min": "least",
    "minimum": "least",
}
_BEFORE = re.compile(
    r"""(?P<sign>==|<>|=>|=<|&&|//)\S?$
    |   \b(?P<like>like)\s+"[^"\n]*"\s*$
    |   \b(?P<word>else|default|if|average|avg|max|maximum|min|minimum)(?:\s+\w+)?\s*$
    |   \b(?P<capital>AND|OR|NOT|WHEN|IN|BETWEEN|IS|OTHERWISE|UNSURE|COUNT|SUM|OF|WHERE)\s*\S*$
    |   [<>]=?\s*[\w.]+\s*(?P<chain>[<>])$
    |   (?P<quote>')$""",
    re.VERBOSE,
)


def find(source: Source, plain: str, first: int, at: int) -> tuple[Span, str, str] | None:
    """Where a slip stands that an error at `at` comes from, what it is, and what to write.

    `plain` is the text with its comments blanked: what is said in them is no slip.
    """
    start = max(first, at - _REACH)
    found = _BEFORE.search(plain[start : at + 1]) or _BEFORE.search(plain[start:at])
    if found is None or found.lastgroup is None:
        return None
    group = found.lastgroup
    wrong = found.group(group)
    if wrong == "=>" and _in_row(plain, start + found.start(group)):
        return None
    span = source.span(start + found.start(group), start + found.end(group))
    match group:
        case "sign":
            return span, wrong, f"write `{_SIGNS[wrong]}`"
        case "capital":
            return span, wrong, f"write `{wrong.lower()}`, in small letters"
        case "chain":
            return span, wrong, "say `x between a and b`; both ends are included"
        case "quote":
            return span, wrong, "texts stand in double quotes, declared values in none"
        case _:
            return span, wrong, f"write `{_WORDS[wrong]}`"


def _in_row(plain: str, at: int) -> bool:
    """Whether a place is in a row of a table, where `=>` divides the cells."""
    return plain[plain.rfind("\n", 0, at) + 1 : at].lstrip().startswith("|")
