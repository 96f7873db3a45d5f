"""A project at every setting of some knobs and assumptions, under the same seed and luck."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from segrules.lang import ir
from segrules.lang.types import decimals
from segrules.segments.assign import Placement
from segrules.sim.decide.sweep import turns
from segrules.sim.decisions.asking import Placer, checked_measure
from segrules.sim.decisions.settings import Dial, Setting, grid, holding, ranges
from segrules.sim.model import COST, MONEY_MEASURES, TOTAL
from segrules.sim.projection import Projection, Settings, find_project, project
from segrules.sim.summary import Row
from segrules.text.diagnostic import Diagnostic


@dataclass(frozen=True)
class SweptStep:
    """One setting: the rows over all segments, by scenario and measure."""

    setting: Setting
    rows: tuple[Row, ...]

    def row(self, scenario: str, measure: str) -> Row:
        return next(row for row in self.rows if row.scenario == scenario and row.measure == measure)


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
        """The step of the highest mean difference (of a cost: the lowest), the first of equals."""
        sign = -1.0 if self.measure == COST else 1.0
        return max(
            self.steps, key=lambda step: sign * step.row(scenario, self.measure).difference.mean
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
        difference (means), difference_low80, difference_high80, mc_error; chance_better.
        """
        return pl.DataFrame(
            [_flat(step, row, self.currency) for step in self.steps for row in step.rows]
        )


def sweep_project(
    place: Placer,
    over: Sequence[str],
    settings: Settings,
    *,
    measure: str | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Swept:
    """Carry out a project at every setting of `over` (`NAME`, `NAME=low:high`, `NAME=low:high:n`).

    place: rows placed by the rules with knobs set. on_step: told how many settings are done, and
    of how many.

    Raises:
        RulesError: a name, range or measure is not there, or a project cannot be carried out.
        KeyboardInterrupt: it was interrupted before the first setting was finished.
    """
    first = place({})
    found = find_project(first.ruleset, settings.project)
    chosen = checked_measure(first.ruleset, found, measure)
    dials = ranges(over, first.ruleset)
    todo = grid(dials)
    steps: list[SweptStep] = []
    last: Projection | None = None
    try:
        for at, (setting, placed) in enumerate(_placed(place, todo)):
            if on_step is not None:
                on_step(at, len(todo))
            rules = holding(placed.ruleset, setting.held)
            result = project(replace(placed, ruleset=rules), settings)
            if not result.complete:
                raise KeyboardInterrupt
            last = result
            totals = tuple(row for row in result.rows if row.segment == TOTAL)
            steps.append(SweptStep(setting, totals))
    except KeyboardInterrupt:
        # what is finished is kept
        pass
    if last is None:
        raise KeyboardInterrupt
    return Swept(
        found, tuple(dial for dial, _ in dials), chosen,
        tuple(dict.fromkeys(row.measure for row in steps[0].rows)),
        tuple(dict.fromkeys(row.scenario for row in steps[0].rows)),
        tuple(steps), len(todo), last.runs, last.seed, last.engine, last.why, last.currency,
        last.findings,
    )  # fmt: skip


def _placed(place: Placer, todo: Sequence[Setting]) -> Iterator[tuple[Setting, Placement]]:
    """Each setting with the rows placed for it; placed anew only where a knob has moved."""
    held: tuple[dict[str, str], Placement] | None = None
    for setting in todo:
        if held is None or held[0] != setting.knobs:
            held = setting.knobs, place(setting.knobs)
        yield setting, held[1]


def _flat(step: SweptStep, row: Row, currency: str | None) -> dict[str, str | float | None]:
    money = row.measure in MONEY_MEASURES
    scale = 10 ** -decimals(currency) if money else 1.0
    low, high = row.difference.interval80
    names = (dial.name for dial, _ in step.setting.values)
    return {
        **dict(zip(names, step.setting.shown, strict=True)),
        "scenario": row.scenario,
        "measure": row.measure,
        "unit": currency if money else "customers",
        "today": row.today.mean * scale,
        "then": row.then.mean * scale,
        "difference": row.difference.mean * scale,
        "difference_low80": low * scale,
        "difference_high80": high * scale,
        "mc_error": row.difference.mc_error * scale,
        "chance_better": row.chance_better,
    }
