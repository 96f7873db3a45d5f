"""The names that can be read at a place, and what they stand for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.types import Unclear
from segrules.text.diagnostic import Log
from segrules.text.source import Span

if TYPE_CHECKING:
    from segrules.lang.check.figures import Kind

_WORD = re.compile(r"[A-Za-z_]\w*")
_NAMED_ALONE = re.compile(r"(?:let|knob)\s+([A-Za-z_]\w*)\s*(?:=|of\b)")
"""Declarations that give one name and nothing else."""

_LEFTMOST = re.compile(r"\n[A-Za-z]")


@dataclass
class Symbols:
    """Everything a file declares, by name, as far as it has been checked.

    `doubtful` holds the words of declarations that could not be read: a name among them may well
    have been declared there and is not complained about.
    """

    log: Log
    zone: str = ""
    currency: str | None = None
    review: ir.Unit | None = None
    fiscal: tuple[int, int] | None = None
    purpose: str = ""
    knobs: dict[str, ir.Knob] = field(default_factory=dict)
    tables: dict[str, ir.Table] = field(default_factory=dict)
    named_rows: dict[str, s.NamedRows] = field(default_factory=dict)
    flag_tables: dict[str, s.Name] = field(default_factory=dict)
    outlines: dict[str, Outline] = field(default_factory=dict)
    personas: frozenset[str] = frozenset()
    features: dict[str, ir.Feature] = field(default_factory=dict)
    values: dict[str, ir.ValueBlock] = field(default_factory=dict)
    grids: dict[str, ir.Grid] = field(default_factory=dict)
    sets: dict[str, ir.SegmentSet] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    funnels: dict[str, ir.Funnel] = field(default_factory=dict)
    pools: dict[str, ir.Pool] = field(default_factory=dict)
    plans: dict[str, ir.PayPlan] = field(default_factory=dict)
    efforts: dict[str, ir.Effort] = field(default_factory=dict)
    qualities: dict[str, ir.Quality] = field(default_factory=dict)
    lives: dict[str, ir.Life] = field(default_factory=dict)
    lines: dict[str, ir.Line] = field(default_factory=dict)
    assumed: dict[str, s.AssumeOf] = field(default_factory=dict)
    assumptions: dict[str, ir.Assumption] = field(default_factory=dict)
    scenarios: dict[str, ir.Scenario] = field(default_factory=dict)
    uses: dict[str, list[tuple[Span, Kind | None]]] = field(default_factory=dict)
    """Where each name that may be an assumption is used, and as what (None: where none may be)."""
    named: set[tuple[str, str]] = field(default_factory=set)
    """The pools and pay plans that something names, each with its kind."""
    doubtful: frozenset[str] = frozenset()
    mistaken: set[str] = field(default_factory=set)
    """Names that stand for nothing, which was said: what only follows from that is not."""
    broken: tuple[Span, ...] = ()
    partial: dict[str, ir.SegmentSet] = field(default_factory=dict)
    """Sets that are known in part: what is said of them is checked, but no rule can read them."""

    def doubt(self, broken: Iterable[Span]) -> None:
        """Takes note of the words in text that could not be read."""
        self.broken = tuple(broken)
        for span in self.broken:
            named = None if _LEFTMOST.search(span.text) else _NAMED_ALONE.match(span.text)
            # the word that leads the line may have been taken for the end of the line before
            text = span.source.text
            line = text[text.rfind("\n", 0, span.start) + 1 : span.end]
            self.doubtful |= {named[1]} if named else set(_WORD.findall(line))

    @property
    def in_doubt(self) -> bool:
        """Whether something could not be read or stands for nothing: what is lacking may be it."""
        return bool(self.doubtful or self.mistaken)

    def in_part(self, span: Span) -> bool:
        """Whether some of a declaration could not be read."""
        return any(
            each.source is span.source and span.start <= each.start and each.end <= span.end
            for each in self.broken
        )

    def torn(self, row: Span) -> bool:
        """Whether some of the line of a row could not be read."""
        end = row.source.text.find("\n", row.end)
        line = Span(row.source, row.start, end if end >= 0 else len(row.source.text))
        return any(
            each.source is row.source and line.start <= each.start <= line.end
            for each in self.broken
        )

    def known_set(self, name: str) -> ir.SegmentSet | None:
        """The segment set of a name, also one that is known in part."""
        return self.sets.get(name) or self.partial.get(name)

    def related(self, table: str) -> list[ir.Table]:
        """The tables whose rows belong to rows of `table`, also by a link."""
        return [
            found
            for found in self.tables.values()
            if found.kind != "history" and found.joined_by(table)
        ]


@dataclass(frozen=True)
class Outline:
    """What is known of a segment set before its rules are: its segments and its ladder."""

    table: str
    segments: tuple[str, ...]
    ladder: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """Names at one place: the columns of `table`, its named values and sets, the knobs and `as_of`.

    `features` is False where only columns can be read; `outcomes` says whether columns known only
    after the outcome may be. `present` are names that a test beside this place has made sure of:
    `weight is known and weight < 1` is never unknown. `member_of` is the segment set whose bare
    segments stand for being in them (in claims).
    """

    symbols: Symbols
    table: ir.Table
    features: bool = True
    outcomes: bool = False
    present: frozenset[str] = frozenset()
    member_of: str | None = None

    @property
    def log(self) -> Log:
        return self.symbols.log

    def inside(self, table: ir.Table) -> Scope:
        """The scope of a related or linked row."""
        return Scope(self.symbols, table, self.features, self.outcomes)

    def sure_of(self, names: Iterable[str]) -> Scope:
        """The scope of the other parts of a chain that tests these names for being there."""
        return replace(self, present=self.present | frozenset(names))

    def names(self) -> list[str]:
        """Every name that could be read here, for a hint."""
        found = [column.name for column in self.table.columns] + list(self.symbols.knobs)
        if self.features:
            named: list[ir.Feature | ir.SegmentSet] = [
                *self.symbols.features.values(),
                *self.symbols.sets.values(),
            ]
            found += [each.name for each in named if each.table == self.table.name]
        return found

    def doubts(self, name: str) -> bool:
        return name in self.symbols.doubtful


def unclear(span: Span) -> ir.Const:
    """Stands for an expression that was complained about."""
    return ir.Const(None, Unclear(), span)


def is_unclear(*nodes: ir.Expr) -> bool:
    return any(isinstance(node.type, Unclear) for node in nodes)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is closest to a mistyped one."""
    return next(iter(closest(name, known, 1)), None)


def closest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names that are closest to a mistyped one, the closest first."""
    choices = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), choices, n=count, cutoff=0.6)
    return [choices[each] for each in found]


def spelled(name: s.Name) -> str:
    return f"`{name.text}`"
