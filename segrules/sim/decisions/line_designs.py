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
from segrules.sim.queues.figures import differences, rows
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
        self._drawn: dict[tuple[tuple[str, ...], int], Floats] = {}

    def evaluate(self, design: Design) -> Mapping[str, float]:
        """The means of the same days for all designs."""
        key = self._quest.key(design)
        if key not in self._measured:
            self._measured[key] = self._means(*self._played(key, self._settings.seed or 0, DAYS))
            if self._told is not None:
                self._told("settings", len(self._measured))
        return self._measured[key]

    def replicate(self, design: Design, seed: int, first: int, runs: int) -> Floats:
        """By day, to first order where the measure is a share or a mean wait.

        What a day draws depends on how many there are: as many are always played.
        """
        key = self._quest.key(design), seed
        if key not in self._drawn:
            made, done = self._played(key[0], seed, max(self._runs, first + runs))
            pair = pair_of(made, done, _base(made), 1)
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

    def _means(self, made: Case, done: Done) -> Mapping[str, float]:
        found = []
        for plan in range(1, len(made.plans)):
            told = rows("", pair_of(made, done, 0, plan), made.past.segments, (), ())
            found.append([row for row in told if row.segment == TOTAL])
        today = {row.measure: row.today.mean for row in found[0]}
        then = {row.measure: row.then.mean for row in found[0]}
        wanted = {self._quest.measure, *(each.measure for each in self._quest.limits)}
        if not wanted <= set(then):
            raise self._untold()
        base = today if len(found) == 1 else {row.measure: row.then.mean for row in found[1]}
        return self._quest.measures(today, base[self._quest.measure], then)

    def _untold(self) -> RulesError:
        untold = problems.measure_untold(self._quest.measure, "events", ["cost", "contacts"])
        return RulesError([untold], unable=True)


def _base(made: Case) -> int:
    """The plan that the gain is held against: the last of three, or today."""
    return 2 if len(made.plans) == 3 else 0
