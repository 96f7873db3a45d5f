"""Turn a model into the plain arrays that kernels read, and names into the words of their keys.

Shapes: S segments, T months, K conversions, A assumptions, G grid points of all priors together.
Of a scenario: L levers, E effects, C costs a customer, F costs a month, O costs once; M states,
which are months in which all levers are equally strong. Words are uint64 holding 32 bits.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segrules.sim.model import (
    LOG_UNIFORM,
    Arrivals,
    Assumption,
    Counts,
    Figure,
    Floats,
    FunnelModel,
    Lever,
    Scenario,
    require,
)
from segrules.sim.sale import Sales, pack_sales
from segrules.sim.uniforms import identity

Words = NDArray[np.uint64]

CONSTANT = -1
"""Index of the assumption of a figure that is a plain number."""

UNIFORM, LOG, BETA = 0, 1, 2
"""Laws of assumptions over their range: uniform, log-uniform, Beta(2, 2)."""

ODDS, PLUS, ARRIVALS, VALUE = 0, 1, 2, 3
EVERY = -1
"""No lever is left out."""


class Funnel(NamedTuple):
    """A model without its scenarios. Money in minor units."""

    seed: np.uint64
    segment_words: Words  # [S] the entities of all draws of a segment
    prior_words: Words  # [K] entities of the prior draws
    conversion_words: Words  # [K] purposes, one a stage ...
    today_words: Words  # [K] customers who pass today
    extra_words: Words  # [K] of those failing today, who passes in the scenario
    alone_words: Words  # [K] customers only the scenario has brought this far
    keep_words: Words  # [K+1, K+1] at [j, k]: last stage today k, kept by the scenario at j
    history_months: float
    arrival_counts: Floats  # [S]
    count_spread: Floats  # [S] what a dispersion of 1 adds to variance over mean of the counts
    season: Floats  # [T] as it is on average
    calendar: Counts  # [T] which of the months below each is; empty: the season is known
    month_counts: Floats  # [C] arrivals in the months of the calendar
    month_spread: Floats  # [C] as that of the counts above
    dispersion: float
    dispersion_free: int  # degrees of freedom it was estimated from; 0: it is known
    usual_arrivals: float  # of a segment and month
    reached: Floats  # [K, S]
    failed: Floats  # [K, S]
    prior_mean: Floats  # [G]
    prior_strength: Floats  # [G]
    prior_cumulative: Floats  # [G] cumulative weights, ending at 1 for each conversion
    prior_start: Counts  # [K+1] where the points of each conversion begin
    value_stage: int  # index of the stage, -1 when there is no value
    value_mean: Floats  # [S]
    value_shape: Floats  # [S] mean**2 / variance of one sale; 0 when every sale is worth the mean
    sales: Sales  # how single sales spread around the mean of a run
    value_mean_shape: Floats  # [S] gamma shape of the mean of a run; 0 when it is known
    unit_cost: Floats  # [S, K+1] for each customer who reaches the stage
    assumption_words: Words  # [A]
    assumption_low: Floats  # [A]
    assumption_high: Floats  # [A]
    assumption_law: Counts  # [A] one of the laws above


class Figures(NamedTuple):
    """Numbers that are constants or assumptions."""

    amount: Floats  # used when the assumption is CONSTANT
    assumption: Counts


class Treatment(NamedTuple):
    """A scenario: what its levers multiply, add and cost, and how strong they are when."""

    effect_kind: Counts  # [E] ODDS, PLUS, ARRIVALS or VALUE
    effect_segment: Counts  # [E]
    effect_conversion: Counts  # [E]
    effect_lever: Counts  # [E]
    effect: Figures  # [E]
    cost_segment: Counts  # [C]
    cost_stage: Counts  # [C]
    cost_lever: Counts  # [C]
    cost: Figures  # [C]
    fixed_segment: Counts  # [F]
    fixed_lever: Counts  # [F]
    fixed_share: Floats  # [F] of the segment
    fixed: Figures  # [F]
    once_segment: Counts  # [O]
    once_month: Counts  # [O]
    once_share: Floats  # [O]
    once: Figures  # [O]
    paid: Floats  # [L, M] strength of what is paid
    acts: Floats  # [L, M] strength of the effects ...
    fades: Floats  # [L, M] ... times persistence to this power
    persistence: Figures  # [L]
    deadweight: Figures  # [L]
    pull_forward: Figures  # [L]
    state: Counts  # [T] the state of each month
    months: Counts  # [M] months of each state


def word(*names: str) -> np.uint64:
    """Return the word of a purpose, as kernels want it."""
    return np.uint64(identity(*names))


def _words(role: str, names: tuple[str, ...]) -> Words:
    return np.array([identity(role, name) for name in names], dtype=np.uint64)


def pack(model: FunnelModel) -> Funnel:
    """Return the arrays of the model without its scenarios."""
    into = model.stages[1:]
    segment_words = np.array([identity(name) for name in model.segments], dtype=np.uint64)
    require(len(set(segment_words.tolist())) == len(segment_words), "two segments share a word")
    mean, shape, mean_shape = _value(model)
    count_spread, month_spread = _spreads(model.arrivals)
    assumptions = model.assumptions
    prior_mean, prior_strength, prior_cumulative, prior_start = _priors(model)
    reached = np.array([conversion.reached for conversion in model.conversions], dtype=np.float64)
    entered = np.array([conversion.entered for conversion in model.conversions], dtype=np.float64)
    by_stage = (len(into), len(model.segments))
    return Funnel(
        seed=np.uint64(model.seed),
        segment_words=segment_words,
        prior_words=_words("stage", into),
        conversion_words=_words("conversion", into),
        today_words=_words("today", into),
        extra_words=_words("extra", into),
        alone_words=_words("alone", into),
        keep_words=np.array(
            [[identity("keep", j, k) for k in model.stages] for j in model.stages], dtype=np.uint64
        ),
        history_months=float(model.arrivals.months),
        arrival_counts=np.ascontiguousarray(model.arrivals.counts, dtype=np.float64),
        count_spread=count_spread,
        season=np.ascontiguousarray(model.arrivals.season, dtype=np.float64),
        calendar=np.ascontiguousarray(model.arrivals.calendar, dtype=np.int64),
        month_counts=np.ascontiguousarray(model.arrivals.seen, dtype=np.float64),
        month_spread=month_spread,
        dispersion=float(model.arrivals.dispersion),
        dispersion_free=model.arrivals.free,
        usual_arrivals=float(model.arrivals.counts.mean() / model.arrivals.months),
        reached=reached.reshape(by_stage),
        failed=(entered - reached).reshape(by_stage),
        prior_mean=prior_mean,
        prior_strength=prior_strength,
        prior_cumulative=prior_cumulative,
        prior_start=prior_start,
        value_stage=_valued(model),
        value_mean=mean,
        value_shape=shape,
        sales=pack_sales(() if model.value is None else model.value.laws, _sold(model), shape),
        value_mean_shape=mean_shape,
        unit_cost=_unit_cost(model),
        assumption_words=_words("assumption", tuple(each.name for each in assumptions)),
        assumption_low=np.array([each.low for each in assumptions], dtype=np.float64),
        assumption_high=np.array([each.high for each in assumptions], dtype=np.float64),
        assumption_law=np.array([_law(each) for each in assumptions], dtype=np.int64),
    )


def _law(stated: Assumption) -> int:
    if stated.role == "response":
        return BETA
    return LOG if stated.role in LOG_UNIFORM else UNIFORM


def pack_scenario(model: FunnelModel, scenario: Scenario) -> Treatment:
    """Return the arrays of one scenario of the model."""
    number = {assumption.name: index for index, assumption in enumerate(model.assumptions)}

    def figures(found: Iterable[Figure]) -> Figures:
        each = list(found)
        plain = [0.0 if isinstance(figure, str) else float(figure) for figure in each]
        named = [number[figure] if isinstance(figure, str) else CONSTANT for figure in each]
        return Figures(np.array(plain, np.float64), np.array(named, np.int64))

    levers = scenario.levers
    effects = [each for at, lever in enumerate(levers) for each in _effects(model, at, lever)]
    costs, fixed, once = _charges(model, levers)
    state, months, paid, acts, fades = _states(model, levers)
    effect = _columns([each[:4] for each in effects], 4)
    cost, monthly, first = (
        _columns([each[:3] for each in rows], 3) for rows in (costs, fixed, once)
    )
    return Treatment(
        effect_kind=effect[0],
        effect_segment=effect[1],
        effect_conversion=effect[2],
        effect_lever=effect[3],
        effect=figures(each[4] for each in effects),
        cost_segment=cost[0],
        cost_stage=cost[1],
        cost_lever=cost[2],
        cost=figures(each[3] for each in costs),
        fixed_segment=monthly[0],
        fixed_lever=monthly[1],
        fixed_share=_shares(model, levers, monthly[0], monthly[1]),
        fixed=figures(each[3] for each in fixed),
        once_segment=first[0],
        once_month=np.array([levers[at].timing.start for at in first[1].tolist()], np.int64),
        once_share=_shares(model, levers, first[0], first[1]),
        once=figures(each[3] for each in once),
        paid=paid,
        acts=acts,
        fades=fades,
        persistence=figures(each.timing.persistence for each in levers),
        deadweight=figures(each.deadweight for each in levers),
        pull_forward=figures(each.pull_forward for each in levers),
        state=state,
        months=months,
    )


def _columns(rows: Sequence[Sequence[object]], count: int) -> list[Counts]:
    """int64[rows] for each of the first `count` entries of the rows."""
    return list(np.array(rows, dtype=np.int64).reshape(-1, count).T.copy())


def _effects(
    model: FunnelModel, at: int, lever: Lever
) -> Iterator[tuple[int, int, int, int, Figure]]:
    """Kind, segment, conversion, lever and figure."""
    for segment in lever.segments:
        for kind, pairs in ((ODDS, lever.odds), (PLUS, lever.plus)):
            for stage, figure in pairs:
                yield kind, segment, model.stages.index(stage) - 1, at, figure
        for of, figure in lever.times:
            yield ARRIVALS if of == "arrivals" else VALUE, segment, 0, at, figure


Row = tuple[int, int, int, Figure]


def _charges(model: FunnelModel, levers: Sequence[Lever]) -> tuple[list[Row], list[Row], list[Row]]:
    """Segment, stage, lever and figure; segment, lever, 0 and figure of those a month and once."""
    costs: list[Row] = []
    fixed: list[Row] = []
    once: list[Row] = []
    for at, lever in enumerate(levers):
        for segment in lever.segments:
            for each in lever.costs:
                if each.per == "customer":
                    costs.append((segment, model.stages.index(each.stage), at, each.amount))
                elif each.per == "month":
                    fixed.append((segment, at, 0, each.amount))
                elif lever.timing.start < model.months:
                    once.append((segment, at, 0, each.amount))
    return costs, fixed, once


def _shares(model: FunnelModel, levers: Sequence[Lever], segment: Counts, lever: Counts) -> Floats:
    """The part of each segment in what its lever costs: as arrivals are."""
    arrived = model.arrivals.counts + 0.5
    total = np.array([arrived[list(each.segments)].sum() for each in levers], np.float64)
    return np.asarray(arrived[segment] / total[lever], np.float64)


def _states(
    model: FunnelModel, levers: Sequence[Lever]
) -> tuple[Counts, Counts, Floats, Floats, Floats]:
    """State of each month, months of each state, and the strengths float64[L, M] of levers.

    Where a figure moves from month to month which one draw is made of (the value of sales), and
    where sales are missing later, every month is a state of its own.
    """
    strengths = [lever.timing.strength(model.months) for lever in levers]
    tables = [
        np.array([each[at] for each in strengths], np.float64).reshape(len(levers), model.months)
        for at in range(3)
    ]
    steady = all((table == table[:, :1]).all() for table in tables)
    pulls = any(lever.pull_forward != 0.0 for lever in levers)
    moves = not steady and any(of == "value" for lever in levers for of, _ in lever.times)
    if pulls or moves:
        state = np.arange(model.months)
    else:
        seen: dict[tuple[float, ...], int] = {}
        column = np.concatenate(tables).T.tolist()
        state = np.array([seen.setdefault(tuple(each), len(seen)) for each in column])
    first = np.unique(state, return_index=True)[1]
    paid, acts, fades = (np.ascontiguousarray(table[:, first]) for table in tables)
    months = np.bincount(state)
    return state.astype(np.int64), months.astype(np.int64), paid, acts, fades


def _priors(model: FunnelModel) -> tuple[Floats, Floats, Floats, Counts]:
    sizes = [len(conversion.prior_weight) for conversion in model.conversions]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    empty = np.empty(0, dtype=np.float64)
    cumulative = []
    for conversion in model.conversions:
        running = np.cumsum(conversion.prior_weight)
        cumulative.append(running / running[-1])
    return (
        np.concatenate([empty, *(each.prior_mean for each in model.conversions)]),
        np.concatenate([empty, *(each.prior_strength for each in model.conversions)]),
        np.concatenate([empty, *cumulative]),
        start,
    )


def _valued(model: FunnelModel) -> int:
    return -1 if model.value is None else model.stages.index(model.value.stage)


def _value(model: FunnelModel) -> tuple[Floats, Floats, Floats]:
    """Return mean, gamma shape of a sale and gamma shape of the mean, each float64[S]."""
    zero = np.zeros(len(model.segments))
    value = model.value
    if value is None:
        return zero, zero, zero
    mean = np.ascontiguousarray(value.mean, dtype=np.float64)
    varies = value.variance > 0
    variance = np.where(varies, value.variance, 1.0)
    shape = np.where(varies, mean * mean / variance, 0.0)
    return mean, shape, shape * np.maximum(value.sales, 1)


def _spreads(arrivals: Arrivals) -> tuple[Floats, Floats]:
    """What a dispersion of 1 adds to variance over mean, of counts by segment [S] and month [C].

    A segment and month with the mean m has the variance m + dispersion m**2.
    """
    monthly = arrivals.counts / arrivals.months
    season = arrivals.seen / arrivals.seen.mean() if len(arrivals.seen) else np.ones(1)
    every = float(monthly.sum())
    together = float(monthly @ monthly) / every if every > 0.0 else 0.0
    by_segment = monthly * float((season**2).mean())
    return by_segment, together * season[: len(arrivals.seen)]


def _sold(model: FunnelModel) -> Floats:
    """Sales of a run without its luck, float64[S]."""
    number = (model.arrivals.counts + 0.5) / model.arrivals.months * model.arrivals.season.sum()
    for conversion in model.conversions:
        if conversion.stage in model.stages[: _valued(model) + 1]:
            number = number * (conversion.reached + 0.5) / (conversion.entered + 1.0)
    return np.asarray(number, dtype=np.float64)


def _unit_cost(model: FunnelModel) -> Floats:
    cost = np.zeros((len(model.segments), len(model.stages)))
    for line in model.costs:
        cost[:, model.stages.index(line.stage)] += line.amount
    return cost
