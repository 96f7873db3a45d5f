"""What each lever of a life adds, and whom it touches beside those it names.

Bundles of a scenario's levers are played beside the scenarios, under the same luck: what levers add
is found future by future, and adds up to the difference of the scenario to the last bit.
Shapes: R replications, S segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from segrules.lang import ir
from segrules.sim.customers.levers import Lever
from segrules.sim.customers.model import Scenario
from segrules.sim.customers.run import Arm, Played
from segrules.sim.decide.shapley import contributions
from segrules.sim.decisions.parts import Parts, lever_names, spilled
from segrules.sim.model import PROFIT, Floats
from segrules.sim.outlook import Part
from segrules.sim.outlook import parts as figures
from segrules.sim.summary import figure

EXACT = 5
"""Levers up to which every bundle of them is played: 30 beside today and all together."""

ORDERS = 3
"""Orders that are tried, with their reverses, where there are more levers."""

Subset = frozenset[str]


class Bundles:
    """Every bundle that must be played so that scenarios can be taken apart.

    `extra` are those that are no scenario by themselves. A lever has the same luck in all of them,
    and two scenarios that share a bundle share its arm.
    """

    def __init__(
        self, scenarios: Sequence[ir.Scenario], made: Sequence[Scenario], seed: int
    ) -> None:
        self._nodes, self._seed = list(scenarios), seed
        self._levers = [
            dict(zip(lever_names(node), each.levers, strict=True))
            for node, each in zip(scenarios, made, strict=True)
        ]
        stated = [dict(zip(lever_names(node), node.levers, strict=True)) for node in scenarios]
        # a bundle is what its levers say, whatever the scenario that they stand in
        self._keys = [
            {name: (lever.name, named[name]) for name, lever in levers.items()}
            for levers, named in zip(self._levers, stated, strict=True)
        ]
        self._place: dict[tuple[tuple[str, ir.Lever], ...], int | None] = {(): None}
        for at, keys in enumerate(self._keys):
            self._place.setdefault(tuple(keys.values()), at)
        extra: list[Scenario] = []
        for at, levers in enumerate(self._levers):
            for subset in self._needed(at):
                key = self._key(at, subset)
                if key not in self._place:
                    self._place[key] = len(made) + len(extra)
                    some = _some(levers, subset)
                    extra.append(Scenario(f"{made[at].name}/{len(extra)}", some))
        self.extra = tuple(extra)

    def _key(self, at: int, subset: Subset) -> tuple[tuple[str, ir.Lever], ...]:
        return tuple(key for name, key in self._keys[at].items() if name in subset)

    def _needed(self, at: int) -> list[Subset]:
        """The bundles that are asked for, in their order."""
        asked: list[Subset] = []

        def value(subset: Subset) -> float:
            asked.append(subset)
            return 0.0

        contributions(tuple(self._levers[at]), value, seed=self._seed, orders=ORDERS, exact=EXACT,
                      interactions=False)  # fmt: skip
        return asked

    def parts(self, played: Played, at: int) -> Parts:
        """The parts of the scenario at a place, as differences of the profit from today."""
        names = tuple(self._levers[at])

        def gains(subset: Subset) -> Floats:
            place = self._place[self._key(at, subset)]
            arm = played.today if place is None else played.scenarios[place]
            return _profit(arm) - _profit(played.today)

        how = {"seed": self._seed, "orders": ORDERS, "exact": EXACT}
        found = contributions(
            names, lambda subset: gains(subset).sum(axis=1), **how, interactions=False
        )
        # orders are common to all futures, so their error is that of the mean over them
        mean = contributions(
            names, lambda subset: float(gains(subset).sum(axis=1).mean()), **how,
            interactions=False,
        )  # fmt: skip
        whole = gains(frozenset(names))
        levers = tuple(
            _less_sure(part, float(error))
            for part, error in zip(figures(found), mean.error, strict=True)
        )
        return Parts(
            measure=PROFIT,
            levers=levers,
            whole=figure(whole.sum(axis=1)),
            spill=spilled(played.model.rules.segments, self._nodes[at], whole),
            regression=None,
            runs=len(played.replications),
            exact=found.exact,
        )


def _some(levers: dict[str, Lever], subset: Subset) -> tuple[Lever, ...]:
    return tuple(lever for name, lever in levers.items() if name in subset)


def _profit(arm: Arm) -> Floats:
    """float64[R, S], over all periods; whole minor units far below 2**53."""
    return np.asarray((arm.revenue - arm.cost).sum(axis=1), dtype=np.float64)


def _less_sure(part: Part, error: float) -> Part:
    """With the error of the orders that were tried beside that of the futures."""
    told = part.figure
    return replace(part, figure=replace(told, mc_error=float(np.hypot(told.mc_error, error))))
