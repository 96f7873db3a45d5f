"""The order in which the columns of a prepared frame are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from segrules.backends.context import Context
from segrules.backends.polars.names import feature_column, node_column, placed_column
from segrules.backends.polars.ranks import by_group
from segrules.backends.reach import Step, on_row, set_parts, steps_needed
from segrules.lang.ir import (
    Calibrated,
    Expr,
    Feature,
    InRank,
    Linked,
    Placed,
    Rank,
    Ruleset,
    SegmentSet,
    Statistic,
    Table,
    Use,
)


@dataclass(frozen=True, slots=True)
class Placement:
    """A set after so many of its caps."""

    found: SegmentSet
    caps: int


Made = Linked | Calibrated | Feature | Placement


@dataclass(slots=True)
class Steps:
    """What is computed for a row: `made` by its column, each at a level above all it reads.

    Level 0 is what the frame has from the start, aggregates and sequences included. `nodes` is
    every node that is evaluated on the row.
    """

    ruleset: Ruleset
    context: Context
    level: dict[str, int] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    nodes: list[Expr] = field(default_factory=list)

    @classmethod
    def needed(
        cls, reads: Sequence[Expr], table: Table, ruleset: Ruleset, context: Context
    ) -> Steps:
        """All that `reads` rest on."""
        found = cls(ruleset, context)
        steps = steps_needed(reads, table.name, ruleset)
        caps = _caps_needed(reads, steps, ruleset)
        for step in steps:
            if isinstance(step, Feature):
                found._add(feature_column(step.name), step, [step.expr])
                continue
            found._add(
                placed_column(step.name, 0),
                Placement(step, 0),
                [rule.condition for rule in step.rules],
            )
            for at, cap in enumerate(step.caps[: caps[step.name]], 1):
                before = Placed(step.name, step.type, step.optional, at - 1)
                found._add(placed_column(step.name, at), Placement(step, at), [before, cap.rank])
        found._follow(reads)
        return found

    def at(self, level: int) -> list[Made]:
        """What is made of columns below a level."""
        return [self.made[name] for name, found in self.level.items() if found == level]

    @property
    def highest(self) -> int:
        return max(self.level.values(), default=0)

    def _add(self, name: str, made: Made, rests_on: Sequence[Expr]) -> None:
        above = 1 + self._follow(rests_on)
        self.made[name], self.level[name] = made, above

    def _follow(self, expressions: Iterable[Expr]) -> int:
        """The highest level of what expressions read; links and populations below are added."""
        return max((self._level(node) for node in on_row(expressions)), default=0)

    def _level(self, node: Expr) -> int:
        self.nodes.append(node)
        match node:
            case Use(name=name):
                return self.level[feature_column(name)]
            case Placed(set=name, caps=caps):
                after = len(self.ruleset.set(name).caps) if caps is None else caps
                return self.level[placed_column(name, after)]
            case Linked(by=by):
                return self._joined(node, (by,))
            case InRank() | Statistic() | Rank() if by_group(node, self.context.calibration):
                return self._joined(node, node.population.same)
            case _:
                return 0

    def _joined(self, node: Linked | Calibrated, rests_on: Sequence[Expr]) -> int:
        name = node_column(node)
        if name not in self.level:
            self._add(name, node, rests_on)
        return self.level[name]


def _caps_needed(reads: Sequence[Expr], steps: Sequence[Step], ruleset: Ruleset) -> dict[str, int]:
    """After how many caps each placement is read; steps stand after those they use."""
    caps: dict[str, int] = {}
    _read(caps, reads, ruleset)
    for step in reversed(steps):
        if isinstance(step, Feature):
            _read(caps, [step.expr], ruleset)
        else:
            _read(caps, set_parts(step, caps[step.name]), ruleset)
    return caps


def _read(caps: dict[str, int], expressions: Sequence[Expr], ruleset: Ruleset) -> None:
    for node in on_row(expressions):
        if isinstance(node, Placed):
            after = len(ruleset.set(node.set).caps) if node.caps is None else node.caps
            caps[node.set] = max(caps.get(node.set, 0), after)
