"""The names that can be read at a place, and what they stand for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.types import Unclear
from segrules.text.diagnostic import Log
from segrules.text.source import Span

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass
class Symbols:
    """Everything a file declares, by name, as far as it has been checked.

    `doubtful` holds the words of declarations that could not be read: a name among them may well
    have been declared there and is not complained about.
    """

    log: Log
    zone: str = ""
    currency: str | None = None
    knobs: dict[str, ir.Knob] = field(default_factory=dict)
    tables: dict[str, ir.Table] = field(default_factory=dict)
    features: dict[str, ir.Feature] = field(default_factory=dict)
    sets: dict[str, ir.SegmentSet] = field(default_factory=dict)
    funnels: dict[str, ir.Funnel] = field(default_factory=dict)
    assumptions: dict[str, ir.Assumption] = field(default_factory=dict)
    scenarios: dict[str, ir.Scenario] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()

    def doubt(self, broken: Iterable[Span]) -> None:
        """Takes note of the words in text that could not be read."""
        self.doubtful |= {word for span in broken for word in _WORD.findall(span.text)}

    def related(self, table: str) -> list[ir.Table]:
        """The tables whose rows belong to rows of `table`."""
        return [
            found for found in self.tables.values() if found.of == table and found.kind == "related"
        ]


@dataclass(frozen=True)
class Scope:
    """Names at one place: the columns of `table`, its features, the knobs and `as_of`.

    `features` is False inside an aggregate, where the row at hand is a related one; `outcomes`
    says whether columns known only after the outcome may be read. `present` are names that a
    test beside this place has made sure of: `weight is known and weight < 1` is never unknown.
    """

    symbols: Symbols
    table: ir.Table
    features: bool = True
    outcomes: bool = False
    present: frozenset[str] = frozenset()

    @property
    def log(self) -> Log:
        return self.symbols.log

    def inside(self, table: ir.Table) -> Scope:
        """The scope of a related row."""
        return Scope(self.symbols, table, features=False, outcomes=self.outcomes)

    def sure_of(self, names: Iterable[str]) -> Scope:
        """The scope of the other parts of a chain that tests these names for being there."""
        return replace(self, present=self.present | frozenset(names))

    def names(self) -> list[str]:
        """Every name that could be read here, for a hint."""
        found = [column.name for column in self.table.columns] + list(self.symbols.knobs)
        if self.features:
            found += [
                feature.name
                for feature in self.symbols.features.values()
                if feature.table == self.table.name
            ]
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
    choices = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), choices, n=1, cutoff=0.6)
    return choices[found[0]] if found else None


def spelled(name: s.Name) -> str:
    return f"`{name.text}`"
