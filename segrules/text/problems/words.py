"""Phrases that several diagnostics share."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.shown import shown

_MOST = 6


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
