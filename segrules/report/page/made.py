"""What a page was made from, and with which versions."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from segrules import __version__

LIBRARIES = ("numpy", "numba", "polars", "altair", "vl-convert-python")


@dataclass(frozen=True)
class Made:
    """The rule file by its name, and the revision of its rules."""

    rules: str
    revision: str


def versions(made: Made) -> tuple[tuple[str, str], ...]:
    """Lines of a table: the same figures come from the same rules, data and versions."""
    return (
        ("rules", f"{made.rules}, revision {made.revision}"),
        ("segrules", __version__),
        ("libraries", ", ".join(f"{name} {version(name)}" for name in LIBRARIES)),
    )
