"""A whole rule file as meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from segrules.lang.ir.declarations import Feature, Identity, Knob, Table, ValueBlock
from segrules.lang.ir.expressions import Unit
from segrules.lang.ir.projection import (
    Assumption,
    Effort,
    Funnel,
    Life,
    Line,
    PayPlan,
    Pool,
    Project,
    Quality,
    Scenario,
)
from segrules.lang.ir.segments import (
    Claims,
    Conditions,
    Examples,
    Grid,
    Override,
    Persona,
    SegmentSet,
    Suppression,
    Target,
)
from segrules.lang.node import node


@node
class Ruleset:
    """A whole file, with those it uses.

    `steps` are the names of features and sets in an order in which each uses only earlier ones.
    `review` is the unit of reviews, `fiscal` the first day (month, day) of the fiscal year.
    """

    name: str
    goal: str = ""
    why: str = ""
    owner: str = ""
    zone: str = "UTC"
    currency: str | None = None
    review: Unit | None = None
    fiscal: tuple[int, int] | None = None
    knobs: tuple[Knob, ...] = ()
    tables: tuple[Table, ...] = ()
    identities: tuple[Identity, ...] = ()
    features: tuple[Feature, ...] = ()
    values: tuple[ValueBlock, ...] = ()
    grids: tuple[Grid, ...] = ()
    sets: tuple[SegmentSet, ...] = ()
    steps: tuple[str, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    overrides: tuple[Override, ...] = ()
    targets: tuple[Target, ...] = ()
    conditions: tuple[Conditions, ...] = ()
    personas: tuple[Persona, ...] = ()
    examples: tuple[Examples, ...] = ()
    claims: tuple[Claims, ...] = ()
    funnels: tuple[Funnel, ...] = ()
    pools: tuple[Pool, ...] = ()
    plans: tuple[PayPlan, ...] = ()
    efforts: tuple[Effort, ...] = ()
    qualities: tuple[Quality, ...] = ()
    lives: tuple[Life, ...] = ()
    lines: tuple[Line, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    projects: tuple[Project, ...] = ()

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    def feature(self, name: str) -> Feature:
        return next(feature for feature in self.features if feature.name == name)

    def set(self, name: str) -> SegmentSet:
        return next(found for found in self.sets if found.name == name)

    def scenario(self, name: str) -> Scenario:
        return next(found for found in self.scenarios if found.name == name)

    def with_features(self, features: Iterable[Feature]) -> Ruleset:
        """The same rules with further named values, which may rest on all there are."""
        more = tuple(features)
        return replace(
            self,
            features=(*self.features, *more),
            steps=(*self.steps, *(each.name for each in more)),
        )

    def without_identities(self) -> Ruleset:
        """The same rules, each record a row of its own."""
        return replace(self, identities=())

    def features_of(self, table: str) -> tuple[Feature, ...]:
        return tuple(feature for feature in self.features if feature.table == table)
