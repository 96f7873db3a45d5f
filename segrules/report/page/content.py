"""What a page is made of, before it is HTML: text, tables, and charts with what they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Spec = Mapping[str, Any]
"""A chart in Vega-Lite, with its data, as wide as its place."""

Tone = Literal["gain", "loss", "unclear"]


@dataclass(frozen=True)
class Table:
    """Columns whose heading begins with `>` hold numbers and stand to the right.

    The first column names the row. `marks` are words for cells that call for attention, by row.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: Mapping[int, str] | None = None


@dataclass(frozen=True)
class Chart:
    """A picture of one or more panels, what it shows in words, and the figures behind it.

    `alt` is read aloud in place of the picture.
    """

    name: str
    title: str
    alt: str
    panels: tuple[Spec, ...]
    table: Table
    note: str = ""


@dataclass(frozen=True)
class Absent:
    """What would stand here, and why it does not."""

    title: str
    reason: str


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Items:
    """Short statements, one below the other."""

    lines: tuple[str, ...]


Block = Table | Chart | Absent | Words | Items


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Tile:
    """A figure of the first glance, with what it is."""

    figure: str
    meaning: str
    tone: Tone | None = None


@dataclass(frozen=True)
class Page:
    """A page: `sentence` is the answer, `caveats` are what must not be missed beside it."""

    title: str
    about: str
    sentence: str
    tiles: tuple[Tile, ...]
    caveats: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        return tuple(
            each for section in self.sections for each in section.blocks if isinstance(each, Chart)
        )
