"""Draw the uncertain parameters of each replication, and treat them; both arms share the draws.

Shapes: R replications of a block beginning at replication `first`, S segments, T months, K
conversions, A assumptions, P parts of the cost, M states of a scenario. Kernels fill the arrays
they are given.
"""

import math
from typing import NamedTuple

import numpy as np

from segrules.sim.draws import beta, gamma
from segrules.sim.jit import kernel
from segrules.sim.model import Counts, Floats
from segrules.sim.pack import (
    ARRIVALS,
    BETA,
    CONSTANT,
    LOG,
    ODDS,
    PLUS,
    VALUE,
    Figures,
    Funnel,
    Treatment,
    word,
)
from segrules.sim.uniforms import FIRST, Key, uniform

_RATE = word("arrival rate")
_SEASON = word("season")
_DISPERSION = word("dispersion")
_MEAN_VALUE = word("mean value")
_PRIOR = word("prior")
_ASSUMPTION = word("assumption value")


LEVERS, ONCE = 1, 2
"""Places of what levers cost as they go on, and once, among the parts of the cost; that of the
stages is 0."""


class Parameters(NamedTuple):
    """What today's funnel is in each replication."""

    replication: Counts  # [R] its number
    rate: Floats  # [R, S] arrivals a month
    season: Floats  # [R, T] what each month multiplies it by
    dispersion: Floats  # [R] extra variance of the arrivals of a month
    conversion: Floats  # [R, S, K]
    mean_value: Floats  # [R, S] minor units a sale
    assumption: Floats  # [R, A]


class Treated(NamedTuple):
    """What a scenario (or today) makes of it, in all months that are like one of them."""

    conversion: Floats  # [R, S, K]
    arrivals: Floats  # [R, S] times those of today
    value: Floats  # [R, S] times that of today
    parts: Floats  # [P, R, S, K+1] minor units for each customer who reaches the stage
    fixed: Floats  # [P, R, S] minor units a month
    month: int  # the first of these months


class Scene(NamedTuple):
    """The same of all states of a scenario."""

    conversion: Floats  # [M, R, S, K]
    arrivals: Floats  # [M, R, S]
    value: Floats  # [M, R, S]
    parts: Floats  # [M, P, R, S, K+1]
    fixed: Floats  # [M, P, R, S]
    once: Floats  # [R, O] minor units, for each of the costs once
    state: Counts  # [T] the state of each month
    months: Counts  # [M] months of each state


def empty_parameters(funnel: Funnel, runs: int) -> Parameters:
    """Return arrays for `runs` replications."""
    conversions, segments = funnel.reached.shape
    return Parameters(
        replication=np.empty(runs, dtype=np.int64),
        rate=np.empty((runs, segments)),
        season=np.tile(funnel.season, (runs, 1)),
        dispersion=np.full(runs, funnel.dispersion),
        conversion=np.empty((runs, segments, conversions)),
        mean_value=np.empty((runs, segments)),
        assumption=np.empty((runs, len(funnel.assumption_words))),
    )


def empty_scene(funnel: Funnel, runs: int, parts: int, treatment: Treatment | None = None) -> Scene:
    """Return arrays for `runs` replications of a scenario, or of today; the fixed costs are 0."""
    conversions, segments = funnel.reached.shape
    if treatment is None:
        months = np.array([len(funnel.season)], dtype=np.int64)
        state, once = np.zeros(len(funnel.season), dtype=np.int64), 0
    else:
        months, state, once = treatment.months, treatment.state, len(treatment.once_month)
    states = len(months)
    return Scene(
        conversion=np.empty((states, runs, segments, conversions)),
        arrivals=np.empty((states, runs, segments)),
        value=np.empty((states, runs, segments)),
        parts=np.zeros((states, parts, runs, segments, conversions + 1)),
        fixed=np.zeros((states, parts, runs, segments)),
        once=np.zeros((runs, once)),
        state=state,
        months=months,
    )


def treated(scene: Scene, state: int) -> Treated:
    """Return one state of a scene; its arrays are parts of those of the scene."""
    return Treated(
        conversion=scene.conversion[state],
        arrivals=scene.arrivals[state],
        value=scene.value[state],
        parts=scene.parts[state],
        fixed=scene.fixed[state],
        month=int(np.argmax(scene.state == state)),
    )


def copied(state: Treated) -> Treated:
    """Return the same state in arrays of its own."""
    return Treated(
        state.conversion.copy(), state.arrivals.copy(), state.value.copy(), state.parts.copy(),
        state.fixed.copy(), state.month,
    )  # fmt: skip


@kernel
def draw_parameters(funnel: Funnel, first: int, out: Parameters) -> None:
    """Fill `out` for the replications first, first + 1, ..."""
    runs, segments, conversions = out.conversion.shape
    for r in range(runs):
        replication = np.uint64(first + r)
        out.replication[r] = first + r
        dispersion = _draw_dispersion(funnel, replication)
        out.dispersion[r] = dispersion
        _draw_season(funnel, dispersion, replication, out.season[r])
        for s in range(segments):
            entity = funnel.segment_words[s]
            key = Key(funnel.seed, entity, FIRST, _RATE, replication)
            ratio = 1.0 + dispersion * funnel.count_spread[s]
            rate = gamma((funnel.arrival_counts[s] + 0.5) / ratio, key) * ratio
            out.rate[r, s] = rate / funnel.history_months
            out.mean_value[r, s] = funnel.value_mean[s]
            if funnel.value_mean_shape[s] > 0.0:
                shape = funnel.value_mean_shape[s]
                key = Key(funnel.seed, entity, FIRST, _MEAN_VALUE, replication)
                out.mean_value[r, s] = funnel.value_mean[s] * (gamma(shape, key) / shape)
        for k in range(conversions):
            key = Key(funnel.seed, funnel.prior_words[k], FIRST, _PRIOR, replication)
            start, stop = funnel.prior_start[k], funnel.prior_start[k + 1]
            point = start + _prior_point(funnel.prior_cumulative[start:stop], uniform(key))
            strength = funnel.prior_strength[point]
            successes = funnel.prior_mean[point] * strength
            failures = (1.0 - funnel.prior_mean[point]) * strength
            purpose = funnel.conversion_words[k]
            for s in range(segments):
                key = Key(funnel.seed, funnel.segment_words[s], FIRST, purpose, replication)
                a = successes + funnel.reached[k, s]
                b = failures + funnel.failed[k, s]
                out.conversion[r, s, k] = beta(a, b, key)
        for i in range(out.assumption.shape[1]):
            key = Key(funnel.seed, funnel.assumption_words[i], FIRST, _ASSUMPTION, replication)
            low, high = funnel.assumption_low[i], funnel.assumption_high[i]
            law = funnel.assumption_law[i]
            out.assumption[r, i] = _assumption(low, high, law, uniform(key))


@kernel
def _draw_dispersion(funnel: Funnel, replication: np.uint64) -> float:
    """Return the dispersion: variance over mean, as it was seen, is a chi-square of what it is."""
    if funnel.dispersion <= 0.0 or funnel.dispersion_free == 0:
        return funnel.dispersion
    half = 0.5 * funnel.dispersion_free
    seen = 1.0 + funnel.dispersion * funnel.usual_arrivals
    drawn = gamma(half, Key(funnel.seed, _DISPERSION, FIRST, _DISPERSION, replication))
    return max(0.0, (seen * half / drawn - 1.0) / funnel.usual_arrivals)


@kernel
def _draw_season(funnel: Funnel, dispersion: float, replication: np.uint64, out: Floats) -> None:
    """Fill out[T]: the months of the calendar are drawn and brought to a mean of 1."""
    months = len(funnel.month_counts)
    for t in range(len(out)):
        out[t] = funnel.season[t] if months == 0 else 0.0
    mean = 0.0
    for c in range(months):
        key = Key(funnel.seed, _SEASON, np.uint64(c), _SEASON, replication)
        ratio = 1.0 + dispersion * funnel.month_spread[c]
        drawn = gamma(funnel.month_counts[c] / ratio, key) * ratio
        mean += drawn / months
        for t in range(len(out)):
            if funnel.calendar[t] == c:
                out[t] = drawn
    for t in range(len(out)):
        out[t] = out[t] / mean if mean > 0.0 else out[t]


@kernel
def _prior_point(cumulative: Floats, u: float) -> int:
    """Return the first point whose cumulative weight reaches u."""
    start, stop = 0, len(cumulative) - 1
    while start < stop:
        middle = (start + stop) // 2
        if cumulative[middle] < u:
            start = middle + 1
        else:
            stop = middle
    return start


@kernel
def _assumption(low: float, high: float, law: int, u: float) -> float:
    if low == high:
        return low
    if law == LOG:
        return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    if law == BETA:
        # the root in 0 to 1 of 3 x**2 - 2 x**3 = u
        return low + (0.5 - math.sin(math.asin(1.0 - 2.0 * u) / 3.0)) * (high - low)
    return low + u * (high - low)


@kernel
def as_today(funnel: Funnel, parameters: Parameters, out: Treated) -> None:
    """Fill `out` with today: its chances, and what the stages cost."""
    runs, segments, conversions = out.conversion.shape
    for r in range(runs):
        for s in range(segments):
            out.arrivals[r, s] = 1.0
            out.value[r, s] = 1.0
            for k in range(conversions):
                out.conversion[r, s, k] = parameters.conversion[r, s, k]
            for k in range(conversions + 1):
                out.parts[0, r, s, k] = funnel.unit_cost[s, k]


@kernel
def treat(
    funnel: Funnel,
    treatment: Treatment,
    parameters: Parameters,
    state: int,
    out: Treated,
    without: int,
) -> None:
    """Fill `out` with the chances and costs of a scenario in one of its states.

    The lever `without` has no effect (-1: all of them have theirs).
    """
    runs, segments, conversions = out.conversion.shape
    works = np.zeros(len(treatment.acts))
    for r in range(runs):
        drawn = parameters.assumption[r]
        for s in range(segments):
            out.arrivals[r, s] = 1.0
            out.value[r, s] = 1.0
            for k in range(conversions):
                out.conversion[r, s, k] = 1.0
        _strengths(treatment, drawn, (state, without), works)
        # The odds multipliers are gathered first, so that a product of exactly 1 changes nothing.
        for e in range(len(treatment.effect_kind)):
            kind, strength = treatment.effect_kind[e], works[treatment.effect_lever[e]]
            s, k = treatment.effect_segment[e], treatment.effect_conversion[e]
            by = _figure(treatment.effect, drawn, e)
            if kind == ODDS:
                out.conversion[r, s, k] *= _powered(by, strength)
            elif kind == ARRIVALS:
                out.arrivals[r, s] *= 1.0 + strength * (by - 1.0)
            elif kind == VALUE:
                out.value[r, s] *= 1.0 + strength * (by - 1.0)
        for s in range(segments):
            for k in range(conversions):
                odds, p = out.conversion[r, s, k], parameters.conversion[r, s, k]
                out.conversion[r, s, k] = shift_odds(p, odds)
        _add_points(treatment, drawn, works, out.conversion[r])
        out.parts[0, r] = funnel.unit_cost
        out.parts[LEVERS, r] = 0.0
        out.fixed[LEVERS, r] = 0.0
        _add_costs(treatment, drawn, state, out.parts[LEVERS, r], out.fixed[LEVERS, r])


@kernel
def _strengths(treatment: Treatment, drawn: Floats, place: tuple[int, int], works: Floats) -> None:
    """Fill works[L], how much of the effect of each lever there is: exactly 1 for all of it."""
    state, without = place
    for lever in range(len(works)):
        acts, fades = treatment.acts[lever, state], treatment.fades[lever, state]
        works[lever] = 0.0
        if lever != without:
            if fades > 0.0:
                acts *= _figure(treatment.persistence, drawn, lever) ** fades
            works[lever] = acts * (1.0 - _figure(treatment.deadweight, drawn, lever))


@kernel
def _add_points(treatment: Treatment, drawn: Floats, works: Floats, chances: Floats) -> None:
    """Move chances[S, K]: only the sum of all points has to stay within 0 and 1."""
    for e in range(len(treatment.effect_kind)):
        if treatment.effect_kind[e] == PLUS:
            s, k = treatment.effect_segment[e], treatment.effect_conversion[e]
            points = _figure(treatment.effect, drawn, e)
            chances[s, k] += works[treatment.effect_lever[e]] * points
    for e in range(len(treatment.effect_kind)):
        if treatment.effect_kind[e] == PLUS:
            s, k = treatment.effect_segment[e], treatment.effect_conversion[e]
            chances[s, k] = min(max(chances[s, k], 0.0), 1.0)


@kernel
def _add_costs(
    treatment: Treatment, drawn: Floats, state: int, part: Floats, fixed: Floats
) -> None:
    """Add what levers cost: part[S, K+1] a customer, fixed[S] a month."""
    for c in range(len(treatment.cost_segment)):
        paid = treatment.paid[treatment.cost_lever[c], state]
        amount = paid * _figure(treatment.cost, drawn, c)
        part[treatment.cost_segment[c], treatment.cost_stage[c]] += amount
    for f in range(len(treatment.fixed_segment)):
        paid = treatment.paid[treatment.fixed_lever[f], state] * treatment.fixed_share[f]
        fixed[treatment.fixed_segment[f]] += paid * _figure(treatment.fixed, drawn, f)


@kernel
def pay_once(treatment: Treatment, parameters: Parameters, once: Floats) -> None:
    """Fill once[R, O], what is paid once."""
    for r in range(once.shape[0]):
        for o in range(once.shape[1]):
            figure = _figure(treatment.once, parameters.assumption[r], o)
            once[r, o] = treatment.once_share[o] * figure


@kernel
def _figure(figures: Figures, drawn: Floats, at: int) -> float:
    """Return a figure in a replication, whose assumptions are float64[A]."""
    figure: float = figures.amount[at]
    if figures.assumption[at] != CONSTANT:
        figure = drawn[figures.assumption[at]]
    return figure


@kernel
def _powered(factor: float, strength: float) -> float:
    """Return the factor to the power of a strength: exactly itself at full strength."""
    if strength == 1.0:
        return factor
    if strength == 0.0:
        return 1.0
    return math.exp(strength * math.log(factor))


@kernel
def shift_odds(p: float, odds: float) -> float:
    """Return the probability whose odds are `odds` times those of p; p itself when odds is 1."""
    if odds == 1.0:
        return p
    return odds * p / (1.0 - p + odds * p)
