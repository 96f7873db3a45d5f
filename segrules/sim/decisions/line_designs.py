"""Designs of the knobs of a project about a line: days that are played, the same for all of them.

No formula holds for every design, so luck is in the search as well; it is the same luck for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from segrules.lang import ir
from segrules.sim.decide.search import Design
from segrules.sim.decisions.asking import TODAY, Placer
from segrules.sim.decisions.designs import Quest, read_by
from segrules.sim.decisions.paying import PoolPay
from segrules.sim.line import Done, pair_of, past_of, play, prepared
from segrules.sim.model import TOTAL, Floats
from segrules.sim.projection import Settings, find_project
from segrules.sim.queues.case import Case, drawn
from segrules.sim.queues.figures import Pair, differences, rows
from segrules.sim.queues.past import Past
from segrules.sim.queues.redrawn import Totals
from segrules.text import problems
from segrules.text.diagnostic import RulesError

DAYS = 100
"""Days over which a design is judged in the search."""


class LineDesigns:
    """Designs as cases of a line; the log is read again only where knobs move it.

    runs: days of every design that is judged with luck.
    """

    def __init__(
        self, place: Placer, quest: Quest, settings: Settings, runs: int,
        told: Callable[[str, int], None] | None = None,
    ) -> None:  # fmt: skip
        self._place, self._quest, self._settings, self._told = place, quest, settings, told
        self._runs = runs
        self._pasts: list[tuple[ir.Ruleset, tuple[ir.Pool, ...], tuple[Past, Totals]]] = []
        self._measured: dict[tuple[str, ...], Mapping[str, float]] = {}
        self._cases: dict[tuple[int, int], tuple[Case, Done]] = {}
        self._drawn: dict[tuple[tuple[str, ...], int], Floats] = {}

    def evaluate(self, design: Design) -> Mapping[str, float]:
        """The means of the same days for all designs."""
        key = self._quest.key(design)
        if key not in self._measured:
            seed = self._settings.seed or 0
            self._measured[key] = self._means(
                self._as_now(seed, DAYS), self._played(key, seed, DAYS)
            )
            if self._told is not None:
                self._told("settings", len(self._measured))
        return self._measured[key]

    def replicate(self, design: Design, seed: int, first: int, runs: int) -> Floats:
        """By day, to first order where the measure is a share or a mean wait.

        What a day draws depends on how many there are: as many are always played.
        """
        key = self._quest.key(design), seed
        if key not in self._drawn:
            days = max(self._runs, first + runs)
            pair = _held(self._as_now(seed, days), self._played(key[0], seed, days))
            found = differences(pair, self._quest.measure)
            if found is None:
                raise self._untold()
            self._drawn[key] = self._quest.sign * found
            if self._told is not None:
                self._told("days", sum(len(each) for each in self._drawn.values()))
        return np.asarray(self._drawn[key][first : first + runs])

    def pay(self, design: Design) -> tuple[PoolPay, ...]:
        """Nobody on a line has a plan."""
        return ()

    def _as_now(self, seed: int, days: int) -> tuple[Case, Done]:
        """The line with its knobs as they are set now, which designs are held against."""
        if (seed, days) not in self._cases:
            now = self._quest.key(self._quest.now)
            self._cases[seed, days] = self._played(now, seed, days)
        return self._cases[seed, days]

    def _played(self, key: tuple[str, ...], seed: int, days: int) -> tuple[Case, Done]:
        """Today, the scenario, and the one that it is held against where that is not today."""
        placement = self._place(self._quest.knobs(key))
        project = find_project(placement.ruleset, self._quest.project.name)
        base = [] if project.against == TODAY else [project.against]
        asked = replace(project, against=TODAY, compare=(self._quest.scenario, *base))
        read = read_by(placement.ruleset)
        pools = placement.ruleset.pools
        known = (each for rules, at, each in self._pasts if (rules, at) == (read, pools))
        learnt = next(known, None)
        if learnt is None:
            # what is learnt of the log is the same for all seeds
            learnt = past_of(placement, project, self._settings.seed or 0)
            self._pasts.append((read, pools, learnt))
        past, each_day = learnt
        # A draw of what the log leaves open for every day: days differ by all that is not known.
        made = drawn(prepared(placement, asked, seed, past), each_day, days)
        done = play(made, days, self._settings)
        if len(done.arm) < days:
            raise KeyboardInterrupt
        return made, done

    def _means(self, now: tuple[Case, Done], found: tuple[Case, Done]) -> Mapping[str, float]:
        today, base = (_told(now, plan) for plan in (0, _base(now[0])))
        then = _told(found, 1)
        wanted = {self._quest.measure, *(each.measure for each in self._quest.limits)}
        if not wanted <= set(then):
            raise self._untold()
        return self._quest.measures(today, base[self._quest.measure], then)

    def _untold(self) -> RulesError:
        untold = problems.measure_untold(self._quest.measure, "events", ["cost", "contacts"])
        return RulesError([untold], unable=True)


def _told(found: tuple[Case, Done], plan: int) -> dict[str, float]:
    """Every measure in a plan, over all segments."""
    made, done = found
    told = rows("", pair_of(made, done, plan, plan), made.past.segments, (), ())
    return {row.measure: row.then.mean for row in told if row.segment == TOTAL}


def _held(now: tuple[Case, Done], found: tuple[Case, Done]) -> Pair:
    """The scenario at a design, and what it is held against, which has the same days."""
    base = pair_of(*now, _base(now[0]), 1)
    return replace(pair_of(*found, 1, 1), today=base.today, cost_today=base.cost_today)


def _base(made: Case) -> int:
    """The plan that the gain is held against: the last of three, or today."""
    return 2 if len(made.plans) == 3 else 0
