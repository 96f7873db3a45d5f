"""What everything on the page of a projection is told with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from segrules.lang import ir
from segrules.report.page.words import Unit, distinct, named
from segrules.segments.concentration import Concentration
from segrules.segments.history.migration import Matrix
from segrules.sim.assumptions import Evidence, Weighed, evidence, used_by
from segrules.sim.decide.spread import Shares
from segrules.sim.decide.tornado import Tornado
from segrules.sim.decisions.account import Account
from segrules.sim.model import COST, PROFIT, REVENUE, SALES, TOTAL
from segrules.sim.outlook import Course, Outlook, Part
from segrules.sim.projection import Projection
from segrules.sim.summary import Row


@dataclass(frozen=True)
class Extras:
    """What a page shows beside the projection where it is given; all of the first scenario.

    parts: contributions, names of levers or scenarios. tornado, shares: of the same outcome, with
    inputs named as the assumptions. course: month by month; came: what was seen, by month.
    moves: with the words that say when. back_tested: the model was held against what came.
    """

    parts: tuple[Part, ...] = ()
    tornado: Tornado | None = None
    shares: Shares | None = None
    course: Course | None = None
    came: Mapping[str, float] | None = None
    moves: tuple[Matrix, str] | None = None
    concentration: Concentration | None = None
    back_tested: bool = False
    account: Account | None = None


def extras_of(account: Account, extras: Extras | None = None) -> Extras:
    """What the account of the first scenario adds to a page."""
    parts = account.parts
    return replace(
        extras or Extras(),
        parts=parts.levers,
        tornado=account.drivers.tornado if account.drivers.tornado.bars else None,
        shares=account.drivers.shares,
        account=account,
    )


@dataclass(frozen=True)
class View:
    """The first scenario, and what everything on the page is told with."""

    found: Projection
    outlook: Outlook
    evidence: Evidence
    extras: Extras
    scenario: str
    segments: Mapping[str, str]
    labels: Mapping[str, str]
    ruleset: ir.Ruleset
    pools: tuple[ir.Pool, ...] = ()

    @property
    def unit(self) -> Unit:
        return self.unit_of(self.outlook.measure)

    def unit_of(self, measure: str) -> Unit:
        return Unit(measure, self.found.currency)

    @property
    def axis(self) -> str:
        return f"{self.outlook.measure}, {self.unit.name}, difference from {self.base}"

    @property
    def base(self) -> str:
        """What the scenario is held against, as it is called."""
        against = self.found.project.against
        return against if against == "today" else named(against, self.labels)

    def rows(self, segment: str) -> dict[str, Row]:
        """By measure."""
        return {
            row.measure: row
            for row in self.found.rows
            if row.scenario == self.outlook.scenario and row.segment == segment
        }

    @property
    def measures(self) -> tuple[str, ...]:
        if self.outlook.measure == PROFIT:
            return SALES, REVENUE, COST, PROFIT
        return self.outlook.measure, COST

    @property
    def changes(self) -> bool:
        """Whether the scenario changes anything in any future."""
        return self.rows(TOTAL)[self.outlook.measure].chance_better is not None

    def called(self, each: Weighed) -> str:
        return named(each.stated.name, self.labels)


def view_of(found: Projection, ruleset: ir.Ruleset, extras: Extras) -> View:
    model = found.estimate.model
    used = set(used_by(model))
    labels = {each.name: each.label for each in ruleset.scenarios}
    labels |= {each.name: each.label for each in ruleset.assumptions}
    return View(
        found=found,
        outlook=found.outlooks[0],
        evidence=extras.account.evidence
        if extras.account
        else evidence(
            [each for each in found.assumptions if each.name in used],
            found.history.as_of,
            tornado=extras.tornado,
            back_tested=extras.back_tested,
        ),
        extras=extras,
        scenario=named(found.outlooks[0].scenario, labels),
        segments=distinct(model.segments, ruleset.set(found.project.by).labels),
        labels=labels,
        ruleset=ruleset,
        pools=ruleset.pools,
    )
