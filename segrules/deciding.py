"""The decision tools as Python calls: what to set, what to test, and how far to trust it.

Tables are given as to the methods of `Rules`. Every call takes the `project` where the rules have
several, and `runs` and `seed` in place of the project's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from segrules.rules import Rules, inspect
from segrules.segments.assign import Placement
from segrules.sim.decisions import account
from segrules.sim.decisions.asking import Placer
from segrules.sim.decisions.backtesting import Backtest, backtest_project
from segrules.sim.decisions.optimising import Best, Wish, optimise_project
from segrules.sim.decisions.piloting import Costs, Test, plan_test
from segrules.sim.decisions.sweeping import Swept, sweep_project
from segrules.sim.projection import Projection, Settings, find_project
from segrules.sim.whichever import table_of
from segrules.text.diagnostic import RulesError

if TYPE_CHECKING:
    from segrules.rules import Frames


def accounts(
    rules: Rules, found: Projection, *, back_tested: bool = False
) -> tuple[account.Account, ...]:
    """What every scenario of a projection is made of, what drives it, and its evidence grade.

    back_tested: a back-test of the same rules was passed (`backtest(...).passed`).
    """
    return account.accounts(found, rules.ruleset, back_tested=back_tested)


def sweep(
    rules: Rules, tables: Frames, over: Sequence[str], settings: Settings, *,
    as_of: dt.date, measure: str | None = None,
) -> Swept:  # fmt: skip
    """A project at every setting of `over`: `NAME`, `NAME=low:high` or `NAME=low:high:steps`."""
    place = placer(rules, tables, as_of, settings.project)
    return sweep_project(place, over, settings, measure=measure, history=rules.history)


def optimise(
    rules: Rules, tables: Frames, wish: Wish, settings: Settings, *, as_of: dt.date,
    stop: Callable[[], bool] = lambda: False,
) -> Best:  # fmt: skip
    """The setting of knobs with which a scenario gains most within limits."""
    place = placer(rules, tables, as_of, settings.project)
    return optimise_project(place, wish, settings, stop=stop)


def pilot(
    rules: Rules, tables: Frames, settings: Settings, *, as_of: dt.date,
    scenario: str | None = None, costs: Costs | None = None,
) -> Test:  # fmt: skip
    """The size of a test of a scenario, and what it would be worth."""
    placed = placer(rules, tables, as_of, settings.project)({})
    return plan_test(placed, settings, scenario=scenario, costs=costs)


def backtest(
    rules: Rules, tables: Frames, settings: Settings, *, until: dt.date, as_of: dt.date
) -> Backtest:
    """A project fitted to what was known by `until`, held against what came by `as_of`."""
    then, now = (placer(rules, tables, day, settings.project)({}) for day in (until, as_of))
    return backtest_project(then, now, settings)


# ---- rules with other knobs


def placer(rules: Rules, tables: Frames, day: dt.date, project: str | None) -> Placer:
    """Places the rows of the project's table by the rules with knobs set, beside those set now."""
    table = table_of(rules.ruleset, find_project(rules.ruleset, project))

    def place(knobs: Mapping[str, str]) -> Placement:
        return turned(rules, knobs, day).place(tables, as_of=day, table=table)

    return place


def turned(rules: Rules, knobs: Mapping[str, str], day: dt.date) -> Rules:
    """The rules with these knobs set, beside those that are set anyway.

    Raises:
        RulesError: a value does not fit its knob, or the rules have errors with it.
    """
    if not knobs:
        return rules
    settings = {**rules.knobs, **knobs}
    compiled = inspect(rules.compiled.source, settings, as_of=day)
    found = tuple(compiled.log)
    errors = [each for each in found if each.severity == "error"]
    if compiled.ruleset is None or errors:
        raise RulesError(errors)
    return replace(
        rules, compiled=compiled, ruleset=compiled.ruleset, findings=found, knobs=settings
    )
