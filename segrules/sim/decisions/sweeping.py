"""A project at every setting of some knobs and assumptions, under the same seed and luck."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from segrules.lang import ir
from segrules.lang.types import decimals
from segrules.segments.assign import Placement
from segrules.sim.decide.sweep import turns
from segrules.sim.decisions.against import rows_against
from segrules.sim.decisions.asking import (
    Placer,
    better_when,
    checked_measure,
    measures_of,
    unit_of,
)
from segrules.sim.decisions.settings import Dial, Setting, grid, holding, ranges
from segrules.sim.model import TOTAL
from segrules.sim.projection import Settings, find_project
from segrules.sim.queues.figures import LineRow
from segrules.sim.summary import IN_MONEY, Row
from segrules.sim.whichever import Found, carry_out
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

AnyRow = Row | LineRow


@dataclass(frozen=True)
class SweptStep:
    """One setting: the rows over all segments, by scenario and measure.

    rows: held against today, or what the project names, with the knobs as they are set now; own:
    held against the same with the knobs of the setting.
    """

    setting: Setting
    rows: tuple[AnyRow, ...]
    own: tuple[AnyRow, ...]

    def row(self, scenario: str, measure: str) -> AnyRow:
        return next(row for row in self.rows if row.scenario == scenario and row.measure == measure)

    def base(self, measure: str) -> float:
        """The mean of what scenarios are held against, with the knobs of this setting."""
        return next(row.today.mean for row in self.own if row.measure == measure)

    def has(self, measure: str) -> bool:
        """Whether a measure was told; a formula does not tell all of a line."""
        return any(row.measure == measure for row in self.rows)


@dataclass(frozen=True)
class Swept:
    """A sweep; money in minor units of `currency`.

    asked: how many settings there were to be; `complete` is False after an interruption, and the
    steps are those that were finished. scenarios: in the order of the project. turns: for a sweep
    of one dial, where the mean difference of each scenario passes zero.
    """

    project: ir.Project
    dials: tuple[Dial, ...]
    measure: str
    measures: tuple[str, ...]
    scenarios: tuple[str, ...]
    steps: tuple[SweptStep, ...]
    asked: int
    runs: int
    seed: int
    engine: str
    why: str
    currency: str | None
    findings: tuple[Diagnostic, ...] = ()

    @property
    def complete(self) -> bool:
        return len(self.steps) == self.asked

    def best(self, scenario: str) -> SweptStep:
        """The step of the best mean difference, the first of equals.

        It is the lowest of a cost or a wait, and the highest where neither way is better.
        """
        sign = -1.0 if better_when(self.project, self.measure) < 0 else 1.0
        return max(
            self.steps, key=lambda step: sign * step.row(scenario, self.measure).difference.mean
        )

    def unit(self, measure: str) -> str | None:
        """What a measure is counted in; money in the currency."""
        if measure in IN_MONEY:
            return self.currency
        return unit_of(self.project, measure, self.currency)

    def gains(self, scenario: str) -> bool:
        """Whether the best step is better than the firm as its knobs are now, beyond two errors.

        True for assumptions, which nobody sets, and where neither way is better.
        """
        way = better_when(self.project, self.measure)
        if not way or not all(dial.knob for dial in self.dials):
            return True
        found = self.best(scenario).row(scenario, self.measure).difference
        return way * found.mean > 2.0 * found.mc_error

    @property
    def moves_base(self) -> bool:
        """Whether a setting moves what scenarios are held against, in any measure."""
        levels = [{row.measure: row.today.mean for row in step.own} for step in self.steps]
        held = {row.measure: row.today.mean for step in self.steps for row in step.rows}
        return any(
            held.get(name, value) != value for each in levels for name, value in each.items()
        )

    @property
    def unmoved(self) -> tuple[str, ...]:
        """The scenarios that are the same at all of several settings, in every measure."""
        if len(self.steps) < 2:
            return ()
        told = [
            {name: [row for row in step.rows if row.scenario == name] for name in self.scenarios}
            for step in self.steps
        ]
        return tuple(
            name for name in self.scenarios if all(each[name] == told[0][name] for each in told)
        )

    def turns(self, scenario: str) -> tuple[float, ...]:
        if len(self.dials) != 1 or len(self.steps) < 2:
            return ()
        settings = [step.setting.values[0][1] for step in self.steps]
        means = [step.row(scenario, self.measure).difference.mean for step in self.steps]
        if all(mean == 0.0 for mean in means):
            return ()
        return turns(settings, means, 0.0)

    def frame(self) -> pl.DataFrame:
        """A row a setting, scenario and measure, over all segments.

        Columns: one a dial, as text as in the rule file; scenario, measure, unit; today, then and
        difference (means), difference_low80, difference_high80, mc_error; chance_better. "today" is
        what is compared with, with the knobs as they are set now; today_at_setting is the same with
        the knobs of the setting.
        """
        return pl.DataFrame([self._flat(step, row) for step in self.steps for row in step.rows])

    def _flat(self, step: SweptStep, row: AnyRow) -> dict[str, str | float | None]:
        scale = 10 ** -decimals(self.currency) if row.measure in IN_MONEY else 1.0
        low, high = row.difference.interval80
        names = (dial.name for dial, _ in step.setting.values)
        return {
            **dict(zip(names, step.setting.shown, strict=True)),
            "scenario": row.scenario,
            "measure": row.measure,
            "unit": self.unit(row.measure),
            "today": row.today.mean * scale,
            "then": row.then.mean * scale,
            "difference": row.difference.mean * scale,
            "difference_low80": low * scale,
            "difference_high80": high * scale,
            "mc_error": row.difference.mc_error * scale,
            "chance_better": row.chance_better,
            "today_at_setting": step.base(row.measure) * scale,
        }


def sweep_project(
    place: Placer,
    over: Sequence[str],
    settings: Settings,
    *,
    measure: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    history: Path | None = None,
) -> Swept:
    """Carry out a project at every setting of `over` (`NAME`, `NAME=low:high`, `NAME=low:high:n`).

    place: rows placed by the rules with knobs set. on_progress: told how many futures (days of a
    line) are done, and of how many. history: the folder of stored assignments, for a life whose
    columns switch.

    Raises:
        RulesError: a name, range or measure is not there, or a project cannot be carried out.
        KeyboardInterrupt: it was interrupted before the first setting was finished.
    """
    first = place({})
    found = find_project(first.ruleset, settings.project)
    chosen = checked_measure(first.ruleset, found, measure)
    dials = ranges(over, first.ruleset)
    todo = grid(dials)
    walk = _Walk(place, settings, chosen, on_progress, history)
    walk.over(todo)
    if walk.last is None:
        raise KeyboardInterrupt
    last, steps = walk.last, tuple(walk.steps)
    return Swept(
        found, tuple(dial for dial, _ in dials), chosen,
        tuple(dict.fromkeys(row.measure for row in steps[0].rows)),
        tuple(dict.fromkeys(row.scenario for row in steps[0].rows)),
        steps, len(todo), last.runs, last.seed, last.engine, last.why, last.currency,
        last.findings,
    )  # fmt: skip


class _Walk:
    """The settings one after the other, as far as they come."""

    def __init__(
        self, place: Placer, settings: Settings, measure: str,
        on_progress: Callable[[int, int], None] | None, history: Path | None,
    ) -> None:  # fmt: skip
        self._place, self._settings, self._measure = place, settings, measure
        self._told, self._history = on_progress, history
        self.steps: list[SweptStep] = []
        self.last: Found | None = None

    def over(self, todo: Sequence[Setting]) -> None:
        """Carry out every setting; what is finished is kept after a Ctrl-C."""
        with suppress(KeyboardInterrupt):
            if not self._all(todo):
                # a line where no formula tells this, or only at some settings: luck at all of them
                self._settings = replace(self._settings, engine="events")
                self.steps, self.last = [], None
                self._all(todo)

    def _all(self, todo: Sequence[Setting]) -> bool:
        """False where a setting took another engine than before, or one that tells too little.

        Raises:
            RulesError: the measure cannot be told, as nobody came, or by the formula asked for.
        """
        bases: dict[tuple[str, ...], Found] = {}
        for at, (setting, placed) in enumerate(_placed(self._place, todo)):
            now = setting.now
            if now.shown not in bases:
                here = placed if now.shown == setting.shown else self._place(now.knobs)
                bases[now.shown] = self._carried(now, here, at, len(todo))
            base = bases[now.shown]
            same = now.shown == setting.shown
            result = base if same else self._carried(setting, placed, at, len(todo))
            if base.engine != result.engine or (self.last and self.last.engine != result.engine):
                return False
            asked, rows = result.project, result.rows if same else rows_against(result, base)
            step = SweptStep(
                setting, _totals(rows, asked, placed.ruleset),
                _totals(result.rows, asked, placed.ruleset),
            )  # fmt: skip
            if not step.has(self._measure):
                if asked.about == "line" and self._settings.engine == "auto":
                    return False
                known = list(dict.fromkeys(row.measure for row in step.rows))
                untold = problems.measure_untold(self._measure, result.engine, known)
                raise RulesError([untold], unable=True)
            self.last = result
            self.steps.append(step)
        return True

    def _carried(self, setting: Setting, placed: Placement, at: int, settings: int) -> Found:
        """The project at a setting, with its futures."""
        ruleset = holding(placed.ruleset, setting.held)
        asked = find_project(ruleset, self._settings.project)
        held = replace(placed, ruleset=ruleset)
        tell = self._teller(at, settings, self._settings.runs or asked.runs)
        kept = replace(self._settings, keep=True)
        result = carry_out(held, asked, kept, tell, self._history)
        if not result.complete:
            raise KeyboardInterrupt
        return result

    def _teller(self, at: int, settings: int, runs: int) -> Callable[[int], None]:
        def tell(done: int) -> None:
            if self._told is not None:
                self._told(at * runs + done, settings * runs)

        tell(0)
        return tell


def _totals(
    found: Sequence[AnyRow], project: ir.Project, ruleset: ir.Ruleset
) -> tuple[AnyRow, ...]:
    """The rows over all segments; of a funnel those at equal cost or sales are with them."""
    rows = [row for row in found if row.segment == TOTAL]
    if project.about == "funnel":
        return tuple(rows)
    known = measures_of(ruleset, project)
    return tuple(row for row in rows if row.measure in known)


def _placed(place: Placer, todo: Sequence[Setting]) -> Iterator[tuple[Setting, Placement]]:
    """Each setting with the rows placed for it; placed anew only where a knob has moved."""
    held: tuple[dict[str, str], Placement] | None = None
    for setting in todo:
        if held is None or held[0] != setting.knobs:
            held = setting.knobs, place(setting.knobs)
        yield setting, held[1]
