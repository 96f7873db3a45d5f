"""Segment sets, what governs them, and what is done for the segments."""

from __future__ import annotations

import datetime as dt
from dataclasses import field, replace
from fractions import Fraction
from typing import Literal

from segrules.lang.ir.calibration import Frozen
from segrules.lang.ir.expressions import Expr, InRank, Length, Value
from segrules.lang.node import node
from segrules.lang.types import Enum
from segrules.text.source import Span

SUPPRESSED = "suppressed"
"""The segment of those whom a rule keeps out of a whole set."""


@node
class Rule:
    """`segment when condition`.

    `by` is what decides where the rule is the first true one: the segment's own name for its entry,
    `stay` for holding those who were in it (by tolerance), `suppress` or `override`. A set's rules
    stand in the order in which they are asked.
    """

    segment: str
    label: str
    condition: Expr
    by: str = ""
    written: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def decider(self) -> str:
        return self.by or self.segment


@node
class Outcome:
    """A segment that no rule names: `otherwise` (every rule false) or `unsure`."""

    segment: str
    label: str


@node
class Cap:
    """Of those placed in `segment`, only the ones in the rank stay; the others go to `rest`.

    They go without having to satisfy its rule, and `cap` decides for them.
    """

    segment: str
    rest: str
    rank: InRank
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Allotment:
    """What becomes of those in `segment`: the first rank they are in says to whom, or `rest`."""

    segment: str
    best: tuple[tuple[InRank, str], ...]
    rest: str
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(target for _, target in self.best), self.rest]))


@node
class Holdout:
    """A stable part of each segment that is left alone; `over` are columns it is reported by."""

    share: Fraction
    salt: str
    test: Expr
    over: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Tolerance:
    """How those who were in a segment are held in it.

    `leave` is the condition to leave, true at `reviews` reviews running; `stay` the least time in
    the segment. `leaving` is at how many reviews running the condition has been true by now, for
    those who were in the segment at the last run.
    """

    segment: str
    leave: Expr | None
    reviews: int
    stay: Length | None
    leaving: Expr | None


@node
class SegmentSet:
    """Rules in order: the first true one wins.

    `otherwise` when every rule is false; `unsure` when none is true and some are unknown (the
    segment is missing then if no `unsure` is declared). Then the caps, one after the other.
    `ladder` are segments from the lowest to the highest.
    """

    name: str
    table: str
    rules: tuple[Rule, ...]
    otherwise: Outcome
    unsure: Outcome | None
    ladder: tuple[str, ...] = ()
    caps: tuple[Cap, ...] = ()
    allotments: tuple[Allotment, ...] = ()
    holdout: Holdout | None = None
    tolerances: tuple[Tolerance, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def segments(self) -> tuple[str, ...]:
        """Every segment in order of declaration: rules, otherwise, unsure; `suppressed` last."""
        names = [rule.segment for rule in self.rules if rule.by in ("", "stay")]
        names.append(self.otherwise.segment)
        if self.unsure:
            names.append(self.unsure.segment)
        names += [rule.segment for rule in self.rules if rule.segment == SUPPRESSED]
        return tuple(dict.fromkeys(names))

    @property
    def deciders(self) -> tuple[str, ...]:
        """What `<set>_by` may say, in order."""
        named = [rule.decider for rule in self.rules]
        named += ["cap"] if self.caps else []
        return tuple(dict.fromkeys([*named, "otherwise", "unsure"]))

    @property
    def labels(self) -> dict[str, str]:
        named: list[Rule | Outcome] = [*self.rules, self.otherwise]
        if self.unsure:
            named.append(self.unsure)
        found: dict[str, str] = {}
        for each in named:
            found[each.segment] = found.get(each.segment) or each.label
        return found

    @property
    def type(self) -> Enum:
        """The type of a placement."""
        return Enum(self.segments)

    @property
    def optional(self) -> bool:
        """Whether a placement may be missing."""
        return self.unsure is None and any(rule.condition.optional for rule in self.rules)

    @property
    def outputs(self) -> dict[str, str]:
        """The columns of an assignment that this set gives, by what they hold."""
        named = {"segment": self.name, "by": f"{self.name}_by", "unknown": f"{self.name}_unknown"}
        if self.holdout:
            named["holdout"] = f"{self.name}_holdout"
        if self.allotments:
            named["allotted"] = f"{self.name}_allotted"
        return named


def without_tolerance(found: SegmentSet) -> SegmentSet:
    """The set as it would be if nobody were held where they were."""
    rules = tuple(rule for rule in found.rules if rule.by != "stay")
    return replace(found, rules=rules, tolerances=())


@node
class Suppression:
    """`names` are segments of `of`, or none where the whole set is meant."""

    of: str
    names: tuple[str, ...]
    condition: Expr
    reason: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Override:
    """`until` includes the day."""

    of: str
    keys: tuple[str, ...]
    to: str
    until: dt.date
    reason: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Target:
    """The market the offers are made for."""

    table: str
    condition: Expr
    reason: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Conditions:
    """What is done for each segment: `rows[segment][column]` as written.

    `departments` has one name a column, empty where the column is everybody's.
    """

    of: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    departments: tuple[str, ...] = ()


@node
class Grid:
    """A table of rules: its outputs are features of kind `grid`, by these names."""

    name: str
    table: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    pick: Literal["first", "sum", "every", "the only one"]
    rows: int
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Persona:
    """A fixture to try rules on, never a key: values of columns and named values."""

    name: str
    label: str
    table: str
    given: tuple[tuple[str, Value], ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class ExampleRow:
    given: tuple[tuple[str, Value], ...]
    expect: str
    by: str | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Examples:
    """`cuts` are what stands for the calibration, by the name of the test or figure."""

    of: str
    as_of: dt.date
    cuts: tuple[tuple[str, Frozen], ...]
    rows: tuple[ExampleRow, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


# ---- claims


@node
class NeverClaim:
    condition: Expr
    written: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class MoreClaim:
    """More of a column or named value never leads to a lower step of the set's ladder."""

    more: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class ShareClaim:
    """`segment` may also be a decider (`otherwise`, `unsure`)."""

    segment: str
    under: bool
    share: Fraction
    on: str | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class PersonaClaim:
    persona: str
    segment: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class FlappingClaim:
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class TopClaim:
    """The top `quota` (a part of the rows, or a count) by one amount bring `share` of another."""

    quota: Fraction
    counted: bool
    by: str
    share: Fraction
    of: str
    on: str | None
    span: Span | None = field(default=None, compare=False, repr=False)


Claim = NeverClaim | MoreClaim | ShareClaim | PersonaClaim | FlappingClaim | TopClaim


@node
class Claims:
    of: str
    claims: tuple[Claim, ...]
