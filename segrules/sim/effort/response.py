"""How strongly agents respond to pay: from "not at all" (0) to "as the formula says" (1).

What agents do today need not be the best under today's pay: habit, duty and ease count as well.
Whatever explains the difference is taken to stay as it is: a segment that gets more time than its
pay explains is worth more to agents by a constant factor. Today's plan then gives today's hours
and rates to the last bit, and another plan moves them by the ratio of the pay.

Money in minor units, time in hours; S segments.
"""

import math
from typing import NamedTuple

import numpy as np

from segrules.sim.effort.allocation import (
    Curves,
    allot,
    allot_problems,
    miscounted,
    share_out,
    spent,
)
from segrules.sim.effort.curves import curves_of
from segrules.sim.effort.problems import Problem, no_hours, not_a_number, refuse
from segrules.sim.jit import kernel
from segrules.sim.model import Floats

_FARTHEST = 600.0
"""Beyond it exp leaves the numbers there are; such cases are sold to within rounding anyway."""
_LEAST_PRICE = 1e-300


class Today(NamedTuple):
    """What agents do now: float64[S] each.

    cases; hours per case; rate: share of cases sold; ceiling, speed: the curve. anchor: what the
    first hour is worth today, b c k, in segments which get hours; the price nu of an hour in
    those which get none.
    """

    cases: Floats
    hours: Floats
    rate: Floats
    ceiling: Floats
    speed: Floats
    anchor: Floats


class Then(NamedTuple):
    """What changes: cases, effective pay per sale, ceiling and speed, float64[S] each."""

    cases: Floats
    pay: Floats
    ceiling: Floats
    speed: Floats


@kernel
def respond(
    today: Today, then: Then, strength: float, effort: float, hours: Floats, rate: Floats
) -> float:
    """Fill float64[S] hours per case and rates, and return ln(nu / nu today).

    effort multiplies all hours of today; the rest is as in `answer`.
    """
    there = spent(today.cases, today.hours) * effort
    return answer(today, then, strength, there, hours, rate)


@kernel
def answer(
    today: Today, then: Then, strength: float, there: float, hours: Floats, rate: Floats
) -> float:
    """Fill float64[S] hours per case and rates where `there` hours are, return ln(nu / nu today).

    hours = (1 - strength) kept + strength best; kept are today's hours, cut or stretched alike
    when there are more or fewer cases, best those which pay most. Where `then` is today and
    `there` what its cases take, hours and rates are today's to the last bit. Where nothing pays,
    the kept hours stay and the result is nan.
    """
    count = len(hours)
    needed = spent(then.cases, today.hours)
    stretch = there / needed if needed > 0.0 else 1.0
    for j in range(count):
        hours[j] = today.hours[j]
        # A change of speed moves the point on the curve at which today's hours lie.
        shift = (today.speed[j] - then.speed[j]) * today.hours[j]
        moved = math.exp(max(-_FARTHEST, min(_FARTHEST, shift)))
        rate[j] = then.pay[j] * then.ceiling[j] * then.speed[j] / today.anchor[j] * moved
    level = share_out(then.cases, rate, then.speed, there, hours)
    for j in range(count):
        kept = today.hours[j] * stretch
        if math.isnan(level):
            hours[j] = kept
        else:
            hours[j] = kept + strength * (hours[j] - kept)
        if today.hours[j] > 0.0:
            before = today.ceiling[j] * math.expm1(-today.speed[j] * today.hours[j])
            after = then.ceiling[j] * math.expm1(-then.speed[j] * hours[j])
            rate[j] = min(1.0, today.rate[j] * (after / before))
        else:
            rate[j] = min(1.0, -then.ceiling[j] * math.expm1(-then.speed[j] * hours[j]))
    return level


@kernel
def total_effort(pay: float, pay_today: float, elasticity: float) -> float:
    """Return hours as a multiple of today's, (pay / pay_today) ** elasticity; pay_today > 0."""
    if elasticity == 0.0:
        return 1.0
    return math.pow(max(0.0, pay) / pay_today, elasticity)


def at_best(cases: Floats, pay: Floats, curves: Curves, hours: float) -> Today:
    """Return the state in which agents do what pays them most.

    EffortError: as `allot`, and when there are no hours to spend.
    """
    if hours == 0.0:
        refuse([no_hours("selling hours", "", hours)])
    best = allot(cases, pay, curves, hours)
    worth = pay * curves.ceiling * curves.speed
    anchor = np.where(best.hours > 0.0, worth, max(best.price, _LEAST_PRICE))
    rate = curves.sold(best.hours)
    return Today(cases.astype(float), best.hours, rate, curves.ceiling, curves.speed, anchor)


def as_observed(
    cases: Floats,
    hours: Floats,
    rate: Floats,
    elasticity: Floats,
    pay: tuple[tuple[str, ...], Floats],
) -> Today:
    """Return the state with today's hours per case and rates, all float64[S].

    elasticity: of sales in time, by segment. pay: the names of the segments and what today's plan
    pays for a sale of each. EffortError: as `curves_of`, and where hours go to a segment for
    whose sales today's plan pays nothing.
    """
    names, figures = pay
    curves = curves_of(names, elasticity, hours, rate)
    refuse(allot_problems(cases, figures, names, float(spent(cases.astype(float), hours))))
    refuse(
        Problem("unexplained hours", "pay per sale today", name, b, "more than 0", _UNEXPLAINED)
        for name, b in zip(names, figures.tolist(), strict=True)
        if not b > 0.0
    )
    anchor = figures * curves.ceiling * curves.speed
    return Today(
        cases.astype(float),
        hours.astype(float),
        rate.astype(float),
        curves.ceiling,
        curves.speed,
        anchor,
    )


_UNEXPLAINED = "agents spend time there all the same: write down what else they get for a sale"


def work(
    today: Today, then: Then, strength: float = 1.0, effort: float = 1.0
) -> tuple[Floats, Floats]:
    """Return hours per case and rates, float64[S] each, after a change.

    EffortError: a strength outside 0 to 1, an effort that is negative or not finite, figures
    that are not one a segment, or not finite.
    """
    problems = response_problems(strength)
    if not math.isfinite(effort) or effort < 0.0:
        problems.append(no_hours("multiple of today's hours", "", effort))
    count = len(today.cases)
    for subject, values in zip(Then._fields, then, strict=True):
        if values.shape != (count,):
            problems.append(miscounted(subject, values, count))
        elif not np.all(np.isfinite(values)):
            worst = float(values[~np.isfinite(values)][0])
            problems.append(not_a_number(subject, "", worst))
    refuse(problems)
    hours, rate = np.empty(count), np.empty(count)
    respond(today, then, float(strength), float(effort), hours, rate)
    return hours, rate


def response_problems(strength: float) -> list[Problem]:
    """Return what is wrong with a response strength."""
    if 0.0 <= strength <= 1.0:
        return []
    expected, advice = "between 0 and 1", "0 is no response to pay, 1 the full one"
    return [Problem("share", "response strength", "", strength, expected, advice)]
