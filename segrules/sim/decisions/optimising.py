"""The best setting of a project's knobs under limits, promised and judged again on fresh luck."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from segrules.sim.decide.optimise import Choice, Optimum, optimise
from segrules.sim.decide.search import Design, Knob, Task, Tried
from segrules.sim.decisions.asking import Placer, checked_measure, checked_scenario, project_for
from segrules.sim.decisions.designs import GAIN, Designs, FunnelDesigns, Quest
from segrules.sim.decisions.limits import Bound, bounds
from segrules.sim.decisions.line_designs import LineDesigns
from segrules.sim.decisions.paying import PoolPay
from segrules.sim.decisions.settings import Dial, Setting, dials
from segrules.sim.projection import Settings

EVALUATIONS = 200
FINALISTS = 6
GRAINS = 100
"""Settings that a range is told in at least: nobody sets a share of 13.39910126602683%."""


@dataclass(frozen=True)
class Wish:
    """What the search is to do.

    vary: `NAME` or `NAME=low:high`, knobs; limits: `cost <= today`. evaluations: designs tried at
    most; runs: futures with luck for all finalists together.
    """

    vary: Sequence[str]
    limits: Sequence[str] = ()
    measure: str | None = None
    scenario: str | None = None
    evaluations: int = EVALUATIONS


@dataclass(frozen=True)
class Best:
    """What was found; money in minor units of `currency`.

    `found.best` is the best design of the search, `found.choice` the one chosen with luck (None
    where no design keeps the limits). today: the design as the knobs are set now. paid: an agent
    of each pool at the chosen design. Measures of a design are told in `designs`.
    """

    quest: Quest
    found: Optimum
    today: Tried
    paid: tuple[PoolPay, ...]
    runs: int
    seed: int
    currency: str | None

    @property
    def complete(self) -> bool:
        return self.found.complete

    @property
    def choice(self) -> Choice | None:
        return self.found.choice

    @property
    def gains(self) -> bool:
        """Whether the winner, judged afresh, is better than what it is held against.

        A gain within two errors cannot be told from nothing, and is no reason to change anything.
        """
        judged = None if self.choice is None else self.choice.delivered
        return judged is not None and judged.mean > 2.0 * judged.error

    def keeps(self, limit: Bound, tried: Tried) -> bool:
        return limit.limit.broken(tried.measures[limit.written]) == 0.0

    @property
    def breaking(self) -> tuple[int, ...]:
        """How many of the settings that were tried break each limit."""
        return tuple(
            sum(not self.keeps(each, tried) for tried in self.found.tried)
            for each in self.quest.limits
        )

    @property
    def unlimited(self) -> Tried | None:
        """The setting tried that gains most whatever the limits; None where it keeps them."""
        best = max(self.found.tried, key=lambda each: each.objective)
        return best if best.broken > 0.0 else None

    def setting(self, design: Design) -> Setting:
        return Setting(tuple((dial, design[dial.name]) for dial in self.quest.dials))


def optimise_project(
    place: Placer,
    wish: Wish,
    settings: Settings,
    *,
    on_progress: Callable[[str, int], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Best:
    """Search the knobs of a project for the scenario that gains most.

    The gain is the difference of the measure, over all segments, from today or the scenario that
    the project names with the knobs as they are set now, in the same futures; a cost or a wait is
    to be small. on_progress: told what
    is counted ("settings" in the search, then "futures" or "days" of the best of them) and how
    many there are.

    Raises:
        RulesError: a knob, limit, measure or scenario is not there, or the project cannot be
            carried out at some design.
    """
    first = place({})
    project = project_for("optimise", first.ruleset, settings.project)
    quest = Quest(
        project,
        checked_scenario(project, wish.scenario),
        checked_measure(first.ruleset, project, wish.measure),
        tuple(dials(wish.vary, first.ruleset)),
        bounds(wish.limits, first.ruleset, project),
    )
    seed = project.seed if settings.seed is None else settings.seed
    runs = max(project.runs if settings.runs is None else settings.runs, 2 * FINALISTS)
    designs: Designs
    if project.about == "line":
        designs = LineDesigns(place, quest, replace(settings, seed=seed), runs, on_progress)
    else:
        designs = FunnelDesigns(place, quest, replace(settings, seed=seed), on_progress)
    task = _task(quest, wish, runs)
    found = optimise(task, designs.evaluate, designs.replicate, seed=seed, stop=stop)
    now = quest.now
    measures = designs.evaluate(now)
    broken = sum(limit.broken(measures[limit.measure]) for limit in task.limits)
    today = Tried(now, measures, broken, measures[GAIN])
    return Best(
        quest, found, today, designs.pay(found.chosen.design), runs, seed, first.ruleset.currency
    )


def _knob(dial: Dial) -> Knob:
    """With the declared step, or to whole numbers; others are told in a few digits."""
    if dial.step > 0.0:
        return Knob(
            dial.name, dial.low, dial.high, dial.today, whole=True, step=dial.step, first=dial.first
        )
    grain = 0.0 if dial.whole else 10.0 ** math.floor(math.log10((dial.high - dial.low) / GRAINS))
    return Knob(dial.name, dial.low, dial.high, dial.today, whole=dial.whole, grain=grain)


def _task(quest: Quest, wish: Wish, runs: int) -> Task:
    return Task(
        knobs=tuple(_knob(each) for each in quest.dials),
        objective=GAIN,
        limits=tuple(each.limit for each in quest.limits),
        starts=max(4, min(24, wish.evaluations // 6)),
        refined=2,
        evaluations=wish.evaluations,
        finalists=FINALISTS,
        runs=runs,
    )
