"""Phrases that several diagnostics share."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.shown import shown

_MOST = 6
_WIDEST_KIND = 100


def quoted(name: str) -> str:
    return f"`{shown(name)}`"


def listed(names: Sequence[str], joint: str = "and") -> str:
    """`a`, `b` and `c`; of many names the first few."""
    marked = [quoted(name) for name in names[:_MOST]]
    if len(names) > _MOST:
        return ", ".join(marked) + ", …"
    return f" {joint} ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)


def closest(near: str | None, what: str, otherwise: str) -> str:
    """The hint at a mistyped name, or another one where nothing is close."""
    return f"the closest {what} is {quoted(near)}" if near else otherwise


def segments_when(condition: str, *, unsure: bool = False) -> str:
    """The segments block of an example, deciding by one condition."""
    closing = "  unsure unclear\n" if unsure else ""
    return (
        f"segments value of customers {{\n  high when {condition}\n  otherwise low\n{closing}}}\n"
    )


SALES_FUNNEL = (
    "segments worth of customers {\n  high when spend > 100\n  otherwise low\n}\n"
    "funnel sales of customers {\n  enquiry at joined\n"
    "  sale    at sold_at within 90 days value spend\n}\n"
)
"""A funnel by segments, for examples."""

TEAM = (
    f"{SALES_FUNNEL}pool desk {{\n  agents 4\n  serves high, low\n}}\n"
    "pay fixed {\n  150 per sale\n}\neffort of sales {\n  time       3\n  elasticity 0.4\n"
    "  paid by    fixed\n  pools      desk\n}\n"
)
"""The funnel with the agents who work in it."""


def thing(kind: str) -> str:
    """A type, as the checker names it, as the subject of a sentence."""
    words = shown(kind, _WIDEST_KIND)
    if words.startswith("one of "):
        return f"a value out of {words.removeprefix('one of ')}"
    return (
        f"an ordered value ({words.removeprefix('ordered ')})"
        if words.startswith("ordered ")
        else words
    )


def as_cell(kind: str) -> str:
    """How a value of a type is written in a table of cells."""
    for start, example in _CELLS.items():
        if kind.startswith(start):
            return example
    return f"write {thing(kind)}, or `missing`"


_CELLS = {
    "money": "write an amount such as 1_200.50, or `missing`",
    "a flag": "write `yes`, `no` or `missing`",
    "a date": "write a date such as 2026-06-30, or `missing`",
    "a share": "write a percentage such as 40%, or `missing`",
    "text": 'write a text in quotes, such as "x", or `missing`',
    "an instant": "name a date or an amount made from it with `let`, and give its value",
}
