"""Where agents spend their hours: the most pay for the time there is.

A case of segment j that is given h hours is sold with chance p_j(h) = c_j (1 - exp(-k_j h)): c is
the ceiling, k the speed at which time brings it nearer. Agents with H hours and n_j cases take the
hours that make sum n_j b_j p_j(h_j) largest, b_j being the pay per sale. The marginal pay of an
hour is then the same, nu, wherever hours are spent: h_j = max(0, ln(b_j c_j k_j / nu) / k_j).

Money in minor units, time in hours; S segments.
"""

import math
from dataclasses import dataclass

import numpy as np

from segrules.sim.effort.problems import Problem, negative, no_cases, no_hours, pays_nothing, refuse
from segrules.sim.jit import kernel
from segrules.sim.model import Floats


@kernel
def share_out(cases: Floats, worth: Floats, speed: Floats, hours: float, out: Floats) -> float:
    """Share `hours` over float64[S] cases, starting from the hours per case in `out`.

    Fills out_j = max(0, start_j + (ln worth_j - L) / speed_j) with sum cases_j out_j = hours and
    returns L. From a start of 0, worth is the pay of the first hour b c k and L is ln nu. Where
    nothing is worth anything, or there are no cases, `out` stays and the result is nan.

    The hours are a convex, falling, piecewise linear function of L, so Newton's method started
    at its left end reaches the root exactly, dropping a segment at least in every round. Where
    the worths are equal and the hours those of the start, L - ln worth and the moves are exactly
    0. What is spent must for that be summed in the order of the segments, as `spent` does.
    """
    reference = -math.inf
    first = -math.inf
    for j in range(len(cases)):
        if cases[j] > 0.0 and worth[j] > 0.0:
            reference = max(reference, math.log(worth[j]))
            first = max(first, math.log(worth[j]) + speed[j] * out[j])
    if reference == -math.inf:
        return math.nan
    if hours <= 0.0:
        for j in range(len(cases)):
            out[j] = 0.0
        return first
    level = -math.inf
    before = -1
    # each round drops a segment or ends; figures that are none must not make it endless
    for _ in range(len(cases) + 1):
        weight, given, pulled, active = 0.0, 0.0, 0.0, 0
        for j in range(len(cases)):
            if cases[j] > 0.0 and worth[j] > 0.0:
                lift = math.log(worth[j]) - reference
                if lift + speed[j] * out[j] > level:
                    weight += cases[j] / speed[j]
                    given += cases[j] * out[j]
                    pulled += cases[j] / speed[j] * lift
                    active += 1
        if active in (0, before):
            break
        level = (pulled + (given - hours)) / weight
        before = active
    for j in range(len(cases)):
        lift = math.log(worth[j]) - reference if worth[j] > 0.0 else -math.inf
        out[j] = max(0.0, out[j] + (lift - level) / speed[j])
    return level + reference


@kernel
def spent(cases: Floats, hours: Floats) -> float:
    """Return the sum of cases times hours, in the order of the segments."""
    total = 0.0
    for j in range(len(cases)):
        total += cases[j] * hours[j]
    return total


@kernel
def allocate(cases: Floats, worth: Floats, speed: Floats, hours: float, out: Floats) -> float:
    """Fill `out` with the best hours per case and return ln nu; worth is b c k.

    Where no hour is paid for, the hours are 0 and the result is nan.
    """
    for j in range(len(cases)):
        out[j] = 0.0
    return share_out(cases, worth, speed, hours, out)


@kernel
def sold(ceiling: float, speed: float, hours: float) -> float:
    """Return the chance of a sale when `hours` are spent on the case, at most 1."""
    return min(1.0, -ceiling * math.expm1(-speed * hours))


@dataclass(frozen=True)
class Curves:
    """How time sells: float64[S] each, for the segments in `names`.

    ceiling c: the chance of a sale with all the time in the world. speed k: per hour.
    """

    names: tuple[str, ...]
    ceiling: Floats
    speed: Floats

    def sold(self, hours: Floats) -> Floats:
        """Return float64[S], the chance of a sale at these hours per case."""
        return np.minimum(1.0, -self.ceiling * np.expm1(-self.speed * hours))

    def problems(self) -> list[Problem]:
        """Return what is wrong with the figures."""
        count = len(self.names)
        for subject, values in (("ceilings", self.ceiling), ("speeds", self.speed)):
            if values.shape != (count,):
                return [miscounted(subject, values, count)]
        named = tuple(zip(self.names, self.ceiling.tolist(), strict=True))
        found = [
            Problem("ceiling", "ceiling of the sale rate", name, value, "within (0, 1]", _CEILING)
            for name, value in named
            if not 0.0 < value <= 1.0
        ]
        found += [
            Problem("negative", "speed", name, value, "more than 0", _SPEED)
            for name, value in zip(self.names, self.speed.tolist(), strict=True)
            if not 0.0 < value < math.inf
        ]
        return found


_CEILING = "lower the time elasticity or the effect of the lever: no rate passes 100%"
_SPEED = "give a time elasticity between 0 and 1, and hours that are spent today"


def miscounted(subject: str, values: Floats, count: int) -> Problem:
    """Return the problem of figures that are not one a segment."""
    number = float(values.size)
    return Problem(
        "count of figures", f"number of {subject}", "", number, f"{count}", "give one a segment"
    )


@dataclass(frozen=True)
class Allotment:
    """Best hours. hours: float64[S] per case. price: nu, the pay that one more hour brings."""

    hours: Floats
    price: float


def allot(cases: Floats, pay: Floats, curves: Curves, hours: float) -> Allotment:
    """Share `hours` over float64[S] cases with float64[S] pay per sale, in the agents' interest.

    No hours at all give 0 everywhere. EffortError: figures that are not one a segment, not finite
    or negative; no cases; a plan that pays for no sale.
    """
    refuse(curves.problems())
    refuse(allot_problems(cases, pay, curves.names, hours))
    if hours > 0.0:
        there = np.asarray(cases) > 0.0
        if not there.any():
            refuse([no_cases()])
        if not np.any(pay[there] > 0.0):
            refuse([pays_nothing("the plan", float(pay[there].max()))])
    out = np.zeros(len(curves.names))
    worth = pay * curves.ceiling * curves.speed
    level = allocate(np.asarray(cases, dtype=np.float64), worth, curves.speed, float(hours), out)
    return Allotment(out, math.exp(level) if math.isfinite(level) else 0.0)


def allot_problems(
    cases: Floats, pay: Floats, names: tuple[str, ...], hours: float
) -> list[Problem]:
    """Return what is wrong with cases, pay and hours."""
    for subject, values in (("case counts", cases), ("pay figures", pay)):
        if np.shape(values) != (len(names),):
            return [miscounted(subject, np.asarray(values), len(names))]
    found = negative("number of cases", zip(names, cases.tolist(), strict=True), _CASES)
    found += [
        Problem("not a number", "pay per sale", name, value, "a finite number", _PAY)
        for name, value in zip(names, pay.tolist(), strict=True)
        if not math.isfinite(value)
    ]
    if not 0.0 <= hours < math.inf:
        found.append(no_hours("selling hours", "", hours))
    return found


_CASES = "count the cases again; a lever may only multiply them by 0 or more"
_PAY = "look at value and margin of that segment"
