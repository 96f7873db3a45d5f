"""What claims about the sets of a table are tried on: data, examples and personas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl

from segrules.backends.context import Context
from segrules.backends.reach import calibrated, reached
from segrules.backends.reference.rows import Row
from segrules.lang import ir
from segrules.lang.types import Flag, form
from segrules.segments.assign import Asked, Placement, place, placed_rows
from segrules.segments.examples import alone_rules, fixture, stated
from segrules.segments.raising import evenly
from segrules.segments.read import reading
from segrules.segments.world import fetch
from segrules.text import problems

SAMPLE = 2_000
"""Rows of the data on which values are raised: evenly by key."""

Frames = Mapping[str, pl.DataFrame] | Mapping[str, pl.LazyFrame]

Cuts = Literal["data", "examples", ""]
"""Where the cut points of ranks come from; empty where none are needed."""


@dataclass(frozen=True, slots=True)
class Given:
    """Tables by name with the day (none: no data), and the samples that these data are.

    `history` is a folder of stored runs.
    """

    frames: Frames = field(default_factory=dict)
    asked: Asked | None = None
    samples: frozenset[str] = frozenset()
    history: Path | None = None


@dataclass(frozen=True, slots=True)
class Fixture:
    """An example or a persona as a row; `case` is what a diagnostic calls it."""

    kind: Literal["example", "persona"]
    case: str
    row: Row
    context: Context
    cuts: Cuts


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim of the set `of`; `asked` where the data are the sample that it is about, if any."""

    at: int
    of: str
    claim: ir.Claim
    asked: bool

    def name(self, part: str = "") -> str:
        """What it asks of rows is called so."""
        return f"claim {self.at} {part}".strip()


def sample_of(claim: ir.Claim) -> str | None:
    """The sample that a claim is about; None where any data will do."""
    return claim.on if isinstance(claim, ir.ShareClaim | ir.TopClaim) else None


@dataclass(frozen=True)
class Data:
    """The rows of a table, placed, with what claims ask of each as an output of its own."""

    placement: Placement
    claims: Sequence[Claimed]

    @property
    def context(self) -> Context:
        return self.placement.context

    @property
    def ruleset(self) -> ir.Ruleset:
        return self.placement.ruleset

    @cached_property
    def counts(self) -> dict[str, Any]:
        """All that is counted, in one pass, by `Claimed.name`; "rows" are all of them.

        Amounts of money are added up as whole minor units.
        """
        wanted = {"rows": pl.len()}
        for claimed in self.claims:
            wanted.update(self._counting(claimed))
        with reading(self.placement.table):
            counted = placed_rows(self.placement).select(**wanted).collect(engine="streaming")
        return counted.row(0, named=True)

    def _counting(self, claimed: Claimed) -> dict[str, pl.Expr]:
        named, key = claimed.name, pl.col(self._key)
        match claimed.claim:
            case ir.NeverClaim():
                test = pl.col(named())
                return {
                    named("true"): test.sum(),
                    named("unknown"): test.null_count(),
                    named("first"): key.filter(test).min(),
                }
            case ir.ShareClaim(segment=segment):
                known = segment in self.ruleset.set(claimed.of).segments
                placed = pl.col(claimed.of if known else f"{claimed.of}_by").cast(pl.String)
                return {named(): (placed == segment).sum()}
            case ir.TopClaim(of=of) if claimed.asked:
                amount = pl.col(named("of"))
                if form(amount_of(of, self.placement.table, self.ruleset).type) == "int":
                    amount = amount.cast(pl.Int128)
                part = amount.filter(pl.col(named("top"))).sum()
                return {named("all"): amount.sum(), named("part"): part}
            case _:
                return {}

    @cached_property
    def rows(self) -> int:
        return int(self.counts["rows"])

    @cached_property
    def sample(self) -> list[str]:
        """The keys of some thousands of rows at most, evenly by key."""
        with reading(self.placement.table):
            placed = placed_rows(self.placement).select(self._key).collect(engine="streaming")
        return evenly(placed[self._key].sort().to_list(), SAMPLE)

    def row(self, key: str) -> Row:
        with reading(self.placement.table):
            return self._fetched([key])[key]

    def _fetched(self, keys: Sequence[str]) -> dict[str, Row]:
        at = self.placement
        return fetch(at.ruleset, at.table, at.frames, at.context, keys)

    @property
    def _key(self) -> str:
        return self.ruleset.table(self.placement.table).key


def data_of(
    ruleset: ir.Ruleset, table: str, given: Given, claims: Sequence[Claimed]
) -> Data | None:
    """The data of a table; None where they are not given."""
    declared = ruleset.table(table)
    if given.asked is None or (declared.source or declared.name) not in given.frames:
        return None
    made = tuple(
        ir.Feature(name, "flag" if expr.type == Flag() else "grid", table, expr)
        for claimed in claims
        for name, expr in _asked(claimed, table, ruleset)
    )
    steps = (*ruleset.steps, *(each.name for each in made))
    extended = replace(ruleset, features=(*ruleset.features, *made), steps=steps)
    return Data(place(extended, table, given.frames, given.asked), claims)


def _asked(claimed: Claimed, table: str, ruleset: ir.Ruleset) -> Iterator[tuple[str, ir.Expr]]:
    """What a claim asks of each row, by a name that no rule can have."""
    match claimed.claim:
        case ir.NeverClaim(condition=condition):
            yield claimed.name(), condition
        case ir.TopClaim() as claim if claimed.asked:
            by, quota = amount_of(claim.by, table, ruleset), claim.quota
            share, count = (None, int(quota)) if claim.counted else (quota, None)
            top = ir.InRank(claimed.name("top"), True, share, count, by, optional=True)
            yield top.name, top
            yield claimed.name("of"), amount_of(claim.of, table, ruleset)
        case _:
            pass


def amount_of(called: str, table: str, ruleset: ir.Ruleset) -> ir.Column | ir.Use:
    """A column or a named value, as it is read on a row of the table."""
    column = ruleset.table(table).column(called)
    if column is not None:
        return ir.Column(table, called, column.type, column.optional)
    feature = ruleset.feature(called)
    return ir.Use(called, feature.type, feature.optional)


@dataclass(frozen=True)
class Grounds:
    """Of one table: its claims and all that they are tried on."""

    ruleset: ir.Ruleset
    table: str
    given: Given

    @cached_property
    def claims(self) -> list[Claimed]:
        held = [
            (block.of, claim)
            for block in self.ruleset.claims
            if self.ruleset.set(block.of).table == self.table
            for claim in block.claims
        ]
        return [
            Claimed(at, of, claim, sample_of(claim) in (None, *self.given.samples))
            for at, (of, claim) in enumerate(held)
        ]

    @cached_property
    def data(self) -> Data | None:
        """The data; None where there are none."""
        return data_of(self.ruleset, self.table, self.given, self.claims)

    # ---- examples and personas

    @cached_property
    def alone(self) -> ir.Ruleset:
        """The rules for one customer without a past and without others."""
        return alone_rules(self.ruleset)

    def fixtures(self, parts: Sequence[ir.Expr]) -> Iterator[Fixture]:
        """Examples and personas for whom all is known that the expressions need."""
        for examples in self.ruleset.examples:
            if self.ruleset.set(examples.of).table == self.table:
                context = stated(examples, self.ruleset)
                for number, example in enumerate(examples.rows, start=1):
                    row = fixture(example.given, self.ruleset.table(self.table))
                    if self.needed(row, parts) <= context.calibration.names():
                        case = problems.case_example(examples.of, number)
                        yield Fixture("example", case, row, context, "examples")
        for persona in self.ruleset.personas:
            if persona.table == self.table:
                found = self.persona(persona, parts)
                if found is not None:
                    yield found

    def persona(self, persona: ir.Persona, parts: Sequence[ir.Expr]) -> Fixture | None:
        """A persona, where cut points and a day are known that the expressions need."""
        row = fixture(persona.given, self.ruleset.table(self.table))
        needed, case = self.needed(row, parts), problems.case_persona(persona.name)
        if self.data is not None and needed <= self.data.context.calibration.names():
            return Fixture("persona", case, row, self.data.context, "data" if needed else "")
        for examples in self.ruleset.examples:
            context = stated(examples, self.ruleset)
            if needed <= context.calibration.names():
                return Fixture("persona", case, row, context, "examples" if needed else "")
        if needed or self.asks_the_day(row, parts):
            return None
        day = dt.date.min
        context = Context(self.ruleset.zone, day, ir.Calibration(day))
        return Fixture("persona", case, row, context, "")

    def needed(self, row: Row, parts: Sequence[ir.Expr]) -> set[str]:
        """The ranks and figures that expressions rest on, by name."""
        found = reached(parts, row.table, self.alone, row.given).values()
        return {node.name for nodes in found for node in calibrated(nodes)}

    def asks_the_day(self, row: Row, parts: Sequence[ir.Expr]) -> bool:
        """Whether another day may change the answer; overrides are of others in any case."""
        decided = {id(rule.condition) for found in self.alone.sets
                   for rule in found.rules if rule.by == "override"}  # fmt: skip
        asked = [part for part in parts if id(part) not in decided]
        nodes = reached(asked, row.table, self.alone, row.given).get(row.table, ())
        return any(isinstance(node, ir.AsOf) for part in nodes if id(part) not in decided
                   for node in ir.walk(part))  # fmt: skip
