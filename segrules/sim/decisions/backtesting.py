"""A project held against what came: fitted to what was known on a day, and looked at later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.stats import binom

from segrules.lang import ir
from segrules.segments.assign import Placement
from segrules.segments.funnel import funnel_history
from segrules.segments.profile import find_set
from segrules.sim.decide.forecast import Coverage, Score, score, seasonal_naive
from segrules.sim.decisions.asking import funnel_of, project_for
from segrules.sim.decisions.came import Came, came, months_between
from segrules.sim.decisions.futures import amounts
from segrules.sim.decisions.rows import ENTERED, funnel_rows
from segrules.sim.estimate import estimate, projected_months
from segrules.sim.model import REVENUE, Floats, FunnelModel
from segrules.sim.outlook import Bands, bands
from segrules.sim.projection import Settings
from segrules.sim.run import simulate
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

RUNS = 2_000
MOST_MONTHS = 36
FEWEST_VALUES = 12
"""Values of a measure below which nothing can be said of how often intervals hold."""

FEWEST_MONTHS = 3
SURE = 0.05
"""Chance that an honest projection fails by its intervals."""

SEASON = 12

When = dt.date


@dataclass(frozen=True)
class Held:
    """One measure held against what came.

    months: first days of those compared. score: over all segments and months; by_segment: of each
    segment. totals: the projection over all segments by month, and `came` what was seen; money in
    minor units. season: periods after which the naive forecast repeats itself.
    """

    measure: str
    months: tuple[dt.date, ...]
    score: Score
    by_segment: tuple[tuple[str, Score], ...]
    totals: Bands
    came: tuple[float, ...]
    season: int


@dataclass(frozen=True)
class Backtest:
    """A project fitted to `until` and held against what came by `as_of`.

    segments: those that anybody entered in the year before. reason: why it was not passed, ""
    where it was. Money is in minor units of `currency`.
    """

    project: ir.Project
    until: dt.date
    as_of: dt.date
    segments: tuple[str, ...]
    measures: tuple[Held, ...]
    runs: int
    seed: int
    currency: str | None
    notes: tuple[str, ...]
    reason: str

    @property
    def headline(self) -> Held:
        return _headline(self.measures)

    def fewest(self, held: Held) -> tuple[int, ...]:
        """Values of a measure that its intervals must hold for a pass, by level."""
        return tuple(fewest_held(each, _tests(self.measures)) for each in held.score.coverage)

    @property
    def passed(self) -> bool:
        return not self.reason

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        return () if self.passed else (problems.backtest_failed(self.reason),)

    def frame(self) -> pl.DataFrame:
        """A row a measure and month over all segments: came, mean and the ends of the intervals.

        Money is in minor units.
        """
        rows = []
        for held in self.measures:
            for t, month in enumerate(held.months):
                low95, low80, low50, middle, high50, high80, high95 = held.totals.quantiles[t]
                rows.append(
                    {
                        "measure": held.measure, "month": month, "came": held.came[t],
                        "mean": float(held.totals.mean[t]), "median": middle,
                        "low50": low50, "high50": high50, "low80": low80, "high80": high80,
                        "low95": low95, "high95": high95,
                    }
                )  # fmt: skip
        return pl.DataFrame(rows)


def backtest_project(
    then: Placement,
    now: Placement,
    settings: Settings,
    *,
    on_month: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Fit the project's funnel to what was known then, project it, and compare with what came.

    then, now: the same rules and tables placed as of two days. A month counts for a measure when
    its customers have had the full time for it. on_month: told how many months are projected, and
    of how many.

    Raises:
        RulesError: the days leave no month to compare, or no past to fit to.
    """
    project = project_for("backtest", then.ruleset, settings.project)
    until, as_of = then.context.as_of, now.context.as_of
    if until >= as_of:
        raise RulesError([problems.days_backwards(until, as_of)], unable=True)
    funnel = funnel_of(then.ruleset, project)
    segment_set = find_set(then.ruleset, project.by)
    known_then = funnel_rows(then, funnel, segment_set)
    known_now = funnel_rows(now, funnel, find_set(now.ruleset, project.by))
    if known_then.is_empty():
        first = known_now[ENTERED].min()
        begin = first if isinstance(first, dt.date) else None
        raise RulesError([problems.nothing_known(until, begin)], unable=True)
    ahead = projected_months(until, MOST_MONTHS)
    seen = came(known_now, funnel, segment_set.segments, ahead, as_of)
    if not any(seen.known.values()):
        raise RulesError([problems.nothing_came(until, as_of)], unable=True)
    seed = project.seed if settings.seed is None else settings.seed
    runs = settings.runs or RUNS
    months = max(seen.known.values())
    history = funnel_history(then, funnel, segment_set, sales=True)
    asked = replace(project, months=months, period=1, compare=())
    estimated = estimate(then.ruleset, asked, history, seed=seed)
    drawn = _by_month(estimated.model, tuple(seen.figures), runs, on_month)
    places = [at for at, name in enumerate(seen.segments) if any(history.entries[name])]
    drawn = {name: values[:, places] for name, values in drawn.items()}
    seen = seen.of(places)
    before = came(
        known_then, funnel, seen.segments,
        months_between(_first(known_then), ahead[0] - dt.timedelta(days=1)), until,
    )  # fmt: skip
    measures = tuple(
        _held(name, drawn[name], seen, before) for name in seen.figures if seen.known[name]
    )
    return Backtest(
        project, until, as_of, seen.segments, measures, runs, seed,
        then.ruleset.currency, estimated.notes, _reason(measures),
    )  # fmt: skip


def _first(rows: pl.DataFrame) -> dt.date:
    first = rows[ENTERED].min()
    return first if isinstance(first, dt.date) else dt.date.max


def _by_month(
    model: FunnelModel,
    names: tuple[str, ...],
    runs: int,
    on_month: Callable[[int, int], None] | None,
) -> dict[str, Floats]:
    """float64[R, S, T] of every measure, each month simulated by itself.

    The months share their draws of the rates and differ in their season: what is scored is each
    month by itself, so luck that months share does no harm.
    """
    found: dict[str, list[Floats]] = {name: [] for name in names}
    for t in range(model.months):
        if on_month is not None:
            on_month(t, model.months)
        month = replace(model, months=1, arrivals=model.arrivals.month(t), scenarios=())
        draws = simulate(month, runs)
        if not draws.complete:
            raise KeyboardInterrupt
        for name, values in found.items():
            values.append(amounts(model, draws.today, name))
    return {name: np.stack(values, axis=2) for name, values in found.items()}


def _held(name: str, drawn: Floats, seen: Came, before: Came) -> Held:
    """One measure; drawn: float64[R, S, T]."""
    months = seen.known[name]
    figures = seen.figures[name][:, :months]
    naive, season = _naive(name, months, seen, before)
    parts = []
    for s, segment in enumerate(seen.segments):
        parts.append((segment, score(drawn[:, s, :months], figures[s], naive[:, s])))
    runs, segments = drawn.shape[0], drawn.shape[1]
    every = score(
        drawn[:, :, :months].reshape(runs, segments * months),
        figures.reshape(-1),
        naive.reshape(len(naive), -1),
    )
    return Held(
        name, seen.months[:months], every, tuple(parts),
        bands(drawn[:, :, :months].sum(axis=1)), tuple(figures.sum(axis=0).tolist()), season,
    )  # fmt: skip


def _naive(name: str, months: int, seen: Came, before: Came) -> tuple[Floats, int]:
    """float64[Q, S, T]: as in the same months of the year before, by segment.

    Months whose customers had not had the full time by then were not known and are not used; the
    first month of the data may be a part of one and is left out where there are others.
    """
    known = before.known[name]
    past = before.figures[name][:, :known]
    past = past[:, 1:] if past.shape[1] > 1 else past
    if not past.shape[1]:
        past = np.zeros((len(seen.segments), 1))
    late = len(before.months) - known
    made = [seasonal_naive(row, SEASON, late + months) for row in past]
    return np.stack([draws[:, late:] for draws, _ in made], axis=1), made[0][1]


def _reason(measures: tuple[Held, ...]) -> str:
    """Why the back-test was not passed; "" where it was.

    It is passed when no intervals held what came less often than they should, by more than chance
    explains (5% for all measures and levels together), and the headline was forecast no worse than
    by last year's months. Values of one month hang together, so chance is taken a little too
    narrowly: it errs on the side of failing.
    """
    tests = _tests(measures)
    for held in measures:
        cover = held.score.coverage
        if cover[0].values < FEWEST_VALUES or len(held.months) < FEWEST_MONTHS:
            return (
                f"{cover[0].values} values in {len(held.months)} months of {held.measure} are too "
                "few to say"
            )
        for each in cover:
            if each.covered < fewest_held(each, tests):
                return (
                    f"the {100 * each.level:.0f}% intervals of {held.measure} held "
                    f"{each.covered} of {each.values} values"
                )
    score = _headline(measures).score
    if score.crps > score.naive:
        return f"{_headline(measures).measure} was forecast no better than by the naive forecast"
    return ""


def _tests(measures: tuple[Held, ...]) -> int:
    return sum(len(held.score.coverage) for held in measures)


def fewest_held(each: Coverage, tests: int) -> int:
    """The fewest values inside intervals that chance explains, where so many are looked at."""
    return int(binom.ppf(SURE / tests, each.values, each.level))


def _headline(measures: tuple[Held, ...]) -> Held:
    """The measure that scenarios are judged by: the revenue, or who reaches the end."""
    valued = [held for held in measures if held.measure == REVENUE]
    return valued[0] if valued else measures[-1]


def money(name: str) -> bool:
    """Whether a measure is an amount."""
    return name == REVENUE
