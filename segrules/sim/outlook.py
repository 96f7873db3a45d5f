"""What a scenario holds in store, in the form that pictures need: futures, parts and courses.

Shapes: R replications, T projected months, n parts. Figures are in the unit of what is given
(money in minor units).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from segrules.sim.decide.mix import mix_and_rate
from segrules.sim.decide.risk import Judgement, chance, judge, standard_error
from segrules.sim.decide.shapley import Contributions
from segrules.sim.model import COST, MONEY_MEASURES, PROFIT, REVENUE, Floats, require
from segrules.sim.run import Arm, Draws, Numbers
from segrules.sim.summary import LOWER_IS_BETTER, Figure, Ratio, figure

DOTS = 100
"""Futures that a picture shows: each stands for as many of those that were run."""

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


@dataclass(frozen=True)
class Outlook:
    """The difference of one measure over all segments, scenario less today (or another scenario).

    dots: float64[DOTS] quantiles in the middle of equal parts, rising. judged: of the difference
    as it is, or turned round for a measure of which less is better. loss_done, loss_left: what is
    lost on average by doing it, and by leaving it. target: None without one.
    """

    scenario: str
    measure: str
    figure: Figure
    dots: tuple[float, ...]
    judged: Judgement
    loss_done: Ratio
    loss_left: Ratio
    target: float | None


@dataclass(frozen=True)
class Why:
    """Why the number of customers who reach a stage changes: all segments together.

    volume: more or fewer reach the stage before; mix: others do; rate: they go on otherwise.
    """

    stage: str
    volume: Figure
    mix: Figure
    rate: Figure


@dataclass(frozen=True)
class Payback:
    """When a scenario has brought back what it cost, in months from its beginning.

    by_month: float[T], the share of futures that are not behind any more at the end of month 1,
    2, ... and stay so. months: after which that holds of the mean, 0 where it is never behind,
    None where it is to the end. deepest: the furthest that the mean is behind, 0 or below.
    """

    by_month: tuple[float, ...]
    months: int | None
    deepest: float


@dataclass(frozen=True)
class Part:
    """What one lever, or one reason, adds to the difference."""

    name: str
    figure: Figure


@dataclass(frozen=True)
class Bands:
    """Quantiles by month, float64[T, 7] at `LEVELS`, the mean and its Monte Carlo error."""

    mean: Floats
    error: Floats
    quantiles: Floats


@dataclass(frozen=True)
class Course:
    """A measure month by month: both arms, and the difference between them, future by future."""

    measure: str
    months: tuple[str, ...]
    today: Bands
    then: Bands
    difference: Bands


Target = float | Floats
"""A difference that is to be reached: one for all futures, or float64[R], each with its own."""


def outlooks(
    draws: Draws, target: Target | None = None, *, against: str | None = None
) -> tuple[Outlook, ...]:
    """The outlook of every scenario: of the profit, or without a value of who reaches the end.

    against: a scenario that the others are held against instead of today; it has none.
    """
    measure = draws.model.stages[-1] if draws.model.value is None else PROFIT
    names = [each.name for each in draws.model.scenarios]
    base = None if against is None else names.index(against)
    return tuple(
        outlook(draws, at, measure, target=target, base=base)
        for at in range(len(names))
        if at != base
    )


def outlook(
    draws: Draws,
    at: int,
    measure: str,
    *,
    target: Target | None = None,
    base: int | None = None,
) -> Outlook:
    """The outlook of the scenario at a place; a measure is a stage or one of money.

    target: a difference that is to be reached, in the unit of the measure. base: the place of the
    scenario that it is held against, today without one.
    """
    require(measure in (*draws.model.stages, *MONEY_MEASURES), f"no measure {measure}")
    before, after = (_total(draws, arm, measure) for arm in (base, at))
    return outlook_of(draws.model.scenarios[at].name, measure, after - before, target)


def outlook_of(
    scenario: str, measure: str, difference: Floats, target: Target | None = None
) -> Outlook:
    """The outlook of a scenario by the difference float64[R] of a measure."""
    turned = -difference if measure in LOWER_IS_BETTER else difference
    judged = judge(turned)
    if target is not None:
        judged = replace(judged, chance_target=chance(turned >= target)[0])
    return Outlook(
        scenario,
        measure,
        figure(difference),
        quantile_dots(difference),
        judged,
        _mean(np.maximum(-turned, 0.0)),
        _mean(np.maximum(turned, 0.0)),
        None if target is None else float(np.mean(target)),
    )


def courses(
    draws: Draws, months: Sequence[str], *, against: str | None = None
) -> tuple[Course, ...]:
    """The course of every scenario, of the measure of its outlook; the draws hold months."""
    names = [each.name for each in draws.model.scenarios]
    base = draws.today if against is None else draws.scenarios[names.index(against)]
    measure = draws.model.stages[-1] if draws.model.value is None else PROFIT
    return tuple(
        course(measure, months, _by_month(base, measure), _by_month(arm, measure))
        for name, arm in zip(names, draws.scenarios, strict=True)
        if name != against
    )


def paybacks(draws: Draws, *, against: str | None = None) -> tuple[Payback, ...]:
    """When each scenario is ahead of what it is held against; the draws hold months and a value."""
    names = [each.name for each in draws.model.scenarios]
    base = draws.today if against is None else draws.scenarios[names.index(against)]
    before = _by_month(base, PROFIT)
    return tuple(
        payback(_by_month(arm, PROFIT) - before)
        for name, arm in zip(names, draws.scenarios, strict=True)
        if name != against
    )


def payback(difference: Floats) -> Payback:
    """The payback of a difference in profit by month, float64[R, T]."""
    so_far = np.cumsum(difference, axis=1)
    mean = so_far.mean(axis=0)
    behind = mean < 0.0
    last = np.flatnonzero(behind)
    months = int(last[-1]) + 2 if len(last) else 0
    # ahead from a month on: in it and in every later one
    ahead = np.logical_and.accumulate((so_far >= 0.0)[:, ::-1], axis=1)[:, ::-1]
    share: list[float] = ahead.mean(axis=0).tolist()
    return Payback(tuple(share), None if behind[-1] else months, float(min(0.0, mean.min())))


def whys(draws: Draws, *, against: str | None = None) -> tuple[tuple[Why, ...], ...]:
    """By scenario, why the number of those who reach each later stage changes.

    Stages before which nobody stands in some future are left out.
    """
    names = [each.name for each in draws.model.scenarios]
    base = draws.today if against is None else draws.scenarios[names.index(against)]
    return tuple(
        tuple(_whys(draws.model.stages, base.counts, arm.counts))
        for name, arm in zip(names, draws.scenarios, strict=True)
        if name != against
    )


def _whys(stages: Sequence[str], today: Numbers, then: Numbers) -> Iterator[Why]:
    before, after = today.astype(np.float64), then.astype(np.float64)
    for k in range(1, len(stages)):
        customers = before[:, :, k - 1], after[:, :, k - 1]
        if not all((each.sum(axis=1) > 0.0).all() for each in customers):
            continue
        found = mix_and_rate(customers, (before[:, :, k], after[:, :, k]))
        mix, rate = (figure(each.sum(axis=1)) for each in (found.mix, found.rate))
        yield Why(stages[k], figure(found.volume), mix, rate)


def _by_month(arm: Arm, measure: str) -> Floats:
    """float64[R, T], over all segments."""
    if arm.months is None:
        raise ValueError("the draws hold no months")
    made = arm.months.revenue - arm.months.cost if measure == PROFIT else arm.months.sales
    return np.asarray(made, dtype=np.float64)


def _mean(values: Floats) -> Ratio:
    return Ratio(float(values.mean()), standard_error(values))


def quantile_dots(values: Floats, count: int = DOTS) -> tuple[float, ...]:
    """The quantiles of float64[R] in the middle of `count` equal parts, rising.

    They are values that came up, none between them: a future that brings nothing stays at 0.
    """
    require(len(values) > 0 and count > 0, "no values")
    middles = (np.arange(count) + 0.5) / count
    found: list[float] = np.quantile(values, middles, method="inverted_cdf").tolist()
    return tuple(found)


def _total(draws: Draws, scenario: int | None, measure: str) -> Floats:
    """float64[R], over all segments; None is today."""
    arm = draws.today if scenario is None else draws.scenarios[scenario]
    if measure == PROFIT:
        found = arm.revenue.sum(axis=1) - arm.cost.sum(axis=1)
    elif measure in (REVENUE, COST):
        found = (arm.revenue if measure == REVENUE else arm.cost).sum(axis=1)
    else:
        found = arm.counts[:, :, draws.model.stages.index(measure)].sum(axis=1)
    return np.asarray(found, dtype=np.float64)


def parts(found: Contributions) -> tuple[Part, ...]:
    """The contributions as figures, in their order; their means add up to the difference.

    Valued future by future (value: float64[n, R]) they have intervals and an error; valued once
    (float64[n]) they are figures without a spread, whose error is that of the orders tried.
    """
    require(found.value.ndim <= 2, "a value is a figure, or one a replication")
    made = []
    for name, value, error in zip(found.names, found.value, found.error, strict=True):
        if value.ndim:
            made.append(Part(name, figure(value)))
            continue
        mean, off = float(value), float(error)
        none = (mean, mean)
        made.append(Part(name, Figure(mean, none, none, none, 0.0 if math.isnan(off) else off)))
    return tuple(made)


def course(measure: str, months: Sequence[str], today: Floats, then: Floats) -> Course:
    """The course of a measure, from float64[R, T] of both arms over all segments."""
    require(today.shape == then.shape == (len(today), len(months)), "[R, T], and T months")
    require(len(today) >= 2, "a spread needs two replications")
    return Course(measure, tuple(months), bands(today), bands(then), bands(then - today))


def bands(values: Floats) -> Bands:
    """The mean and the quantiles of float64[R, T], month by month."""
    error = values.std(axis=0, ddof=1) / math.sqrt(len(values))
    return Bands(values.mean(axis=0), error, np.quantile(values, LEVELS, axis=0).T)
