"""From replications to the rows of a report: today, then, and the difference between them.

Every figure has a Monte Carlo standard error, sd / sqrt(R); `significant` keeps a printed figure
from being finer than two of them. Reductions run over the replications in their order, so the
same draws give the same bits.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from segrules.sim.model import (
    COST,
    MONEY_MEASURES,
    PROFIT,
    REVENUE,
    SALES,
    STAGES,
    TOTAL,
    Floats,
    FunnelModel,
    require,
)
from segrules.sim.run import Arm, Draws

SALES_AT, REVENUE_AT, COST_AT = (
    "sales at equal cost", "revenue at equal cost", "cost at equal sales",
)  # fmt: skip
"""In each future: what the scenario's cost would be, or bring, at the cost or sales of today."""

MARGIN = "margin"
"""Revenue less what the stages cost: before pay, checks, redress, hours and levers."""

IN_MONEY = frozenset({*MONEY_MEASURES, REVENUE_AT, COST_AT, MARGIN})
LOWER_IS_BETTER = frozenset({COST, COST_AT})

_LEVELS = (0.25, 0.75, 0.1, 0.9, 0.025, 0.975)

Interval = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """A quantity over the replications: its mean, quantile intervals and Monte Carlo error."""

    mean: float
    interval50: Interval
    interval80: Interval
    interval95: Interval
    mc_error: float


@dataclass(frozen=True)
class Ratio:
    """One mean over another, and its Monte Carlo error (to first order)."""

    value: float
    mc_error: float


@dataclass(frozen=True)
class Row:
    """One measure of one segment (or of `TOTAL`) in one scenario; money in minor units.

    relative: the difference over today, None over a mean of zero or below: of a loss a share has
    the wrong sign. passed_today, passed_then: of a stage after the first,
    the share of those who reached the stage before; index_today, index_then: 100 where that is
    the share of all segments. None over a mean of zero.

    chance_better: share of replications in which the scenario is strictly better (for a cost:
    lower); None when the difference is zero in every one of them.
    """

    scenario: str
    segment: str
    measure: str
    today: Figure
    then: Figure
    difference: Figure
    chance_better: float | None
    relative: Ratio | None = None
    passed_today: Ratio | None = None
    passed_then: Ratio | None = None
    index_today: float | None = None
    index_then: float | None = None


class Compared(Protocol):
    """A measure of today (or of what else is compared with), of a scenario, and what differs."""

    @property
    def today(self) -> Figure: ...
    @property
    def then(self) -> Figure: ...
    @property
    def difference(self) -> Figure: ...


def columns(row: Compared, scale: float) -> dict[str, float]:
    """Both arms and the difference as columns of a table, times `scale`.

    They are `<arm>_mean`, `<arm>_low50` … `<arm>_high95` and `<arm>_mc_error`.
    """
    made = {}
    for arm, figure in (("today", row.today), ("then", row.then), ("difference", row.difference)):
        made[f"{arm}_mean"] = figure.mean * scale
        edges = {50: figure.interval50, 80: figure.interval80, 95: figure.interval95}
        for level, (low, high) in edges.items():
            made[f"{arm}_low{level}"], made[f"{arm}_high{level}"] = low * scale, high * scale
        made[f"{arm}_mc_error"] = figure.mc_error * scale
    return made


Held = Literal["cost", "sales"]


def summarise(
    draws: Draws, *, against: str | None = None, holds: Sequence[Held] = ()
) -> tuple[Row, ...]:
    """Return the rows of all scenarios: by scenario, then segment (total last), then measure.

    against: the scenario that the others are held against instead of today; it has no rows of its
    own. The margin is a measure where there are parts of the cost and a value. holds: what further
    measures are taken at an equal level of; where nothing can be (there is none of it in some
    future), they are left out.
    """
    require(len(draws.replications) >= 2, "a spread needs two replications")
    names = measures(draws.model)
    base = draws.today
    if against is not None:
        base = draws.scenarios[_place(draws.model, against)]
    today = _table(draws.model, base)
    today_figures = _figures(today)
    rows: list[Row] = []
    for scenario, drawn in zip(draws.model.scenarios, draws.scenarios, strict=True):
        if scenario.name == against:
            continue
        then = _table(draws.model, drawn)
        # Exact: counts and minor units are whole numbers far below 2**53.
        difference = then - today
        then_figures, difference_figures = _figures(then), _figures(difference)
        for s, segment in enumerate((*draws.model.segments, TOTAL)):
            for m, measure in enumerate(names):
                rows.append(
                    Row(
                        scenario.name,
                        segment,
                        measure,
                        today_figures[s][m],
                        then_figures[s][m],
                        difference_figures[s][m],
                        _chance_better(difference[:, s, m], measure in LOWER_IS_BETTER),
                        relative(difference[:, s, m], today[:, s, m]),
                        passed_today=_passed(today[:, s], m, draws.model),
                        passed_then=_passed(then[:, s], m, draws.model),
                        index_today=_index(today, s, m, draws.model),
                        index_then=_index(then, s, m, draws.model),
                    )
                )
            place = scenario.name, segment
            margins = tuple(_margin(draws.model, arm, s) for arm in (base, drawn))
            if margins[0] is not None and margins[1] is not None:
                rows.append(row(MARGIN, place, margins[0], margins[1]))
            rows += _held(draws.model, (today[:, s], then[:, s]), place, holds)
    return tuple(rows)


def _margin(model: FunnelModel, arm: Arm, s: int) -> Floats | None:
    """float64[R] of a segment, the total behind the last one."""
    if model.value is None or arm.parts is None:
        return None
    margin = arm.revenue - arm.parts[:, model.parts.index(STAGES)]
    return np.asarray(margin.sum(axis=1) if s == len(model.segments) else margin[:, s], dtype=float)


def _place(model: FunnelModel, scenario: str) -> int:
    return [each.name for each in model.scenarios].index(scenario)


def _held(
    model: FunnelModel, tables: tuple[Floats, Floats], place: tuple[str, str], holds: Sequence[Held]
) -> Iterator[Row]:
    """The measures of a segment at equal cost and at equal sales, from float64[R, measures]."""
    today, then = tables
    names = measures(model)
    cost, sales = names.index(COST), names.index(model.sale)
    wanted = []
    if "cost" in holds:
        wanted.append((SALES_AT, sales, cost))
        if model.value is not None:
            wanted.append((REVENUE_AT, names.index(REVENUE), cost))
    if "sales" in holds:
        wanted.append((COST_AT, cost, sales))
    for name, measure, level in wanted:
        if not (then[:, level] > 0).all():
            continue
        # an equal level leaves the figure as it is, to the last bit
        scale = np.where(then[:, level] == today[:, level], 1.0, today[:, level] / then[:, level])
        yield row(name, place, today[:, measure], then[:, measure] * scale)


def row(
    measure: str,
    place: tuple[str, str],
    today: Floats,
    then: Floats,
    fewer: Collection[str] = LOWER_IS_BETTER,
) -> Row:
    """Return the row of a measure of a (scenario, segment), from float64[R] of both arms.

    fewer: the measures of which less is better.
    """
    difference = then - today
    return Row(
        *place,
        measure,
        figure(today),
        figure(then),
        figure(difference),
        _chance_better(difference, measure in fewer),
        relative(difference, today),
    )


def cost_parts(draws: Draws, *, against: str | None = None) -> tuple[Row, ...]:
    """Return rows of the parts of the cost, where there are some: their measure is the part.

    By scenario, then segment (total last), then part; parts that are nothing everywhere are left
    out, and so is everything where the arms hold no parts. Less of a part is better.
    """
    base = draws.today if against is None else draws.scenarios[_place(draws.model, against)]
    rows = []
    for scenario, drawn in zip(draws.model.scenarios, draws.scenarios, strict=True):
        if scenario.name == against or base.parts is None or drawn.parts is None:
            continue
        for s, segment in enumerate((*draws.model.segments, TOTAL)):
            for p, part in enumerate(draws.model.parts):
                today, then = (
                    (each[:, p].sum(axis=1) if segment == TOTAL else each[:, p, s]).astype(float)
                    for each in (base.parts, drawn.parts)
                )
                if segment == TOTAL:
                    # shares of segments were rounded one by one, in both arms
                    then = np.where(np.abs(then - today) <= len(draws.model.segments), today, then)
                if base.parts[:, p].any() or drawn.parts[:, p].any():
                    rows.append(row(part, (scenario.name, segment), today, then, {part}))
    return tuple(rows)


def figure(values: Floats) -> Figure:
    """Return the figure of float64[R], R >= 2."""
    require(values.ndim == 1 and len(values) >= 2, "a spread needs two replications")
    return _figures(values[:, None, None])[0][0]


def measures(model: FunnelModel) -> tuple[str, ...]:
    """Return the names of the measures: the stages, then sales and money where they exist."""
    if model.value is None:
        return (*model.stages, COST)
    sales = () if SALES in model.stages else (SALES,)
    return (*model.stages, *sales, REVENUE, COST, PROFIT)


def significant(value: float, mc_error: float) -> float:
    """Return the value rounded to the finest power of ten that is at least two Monte Carlo errors.

    It is unchanged when the error is zero, and nan when the error is not a number.
    """
    if math.isnan(mc_error) or mc_error < 0:
        return math.nan
    if mc_error == 0 or not math.isfinite(value):
        return value
    if math.isinf(mc_error):
        return 0.0
    exponent = math.ceil(math.log10(mc_error) + math.log10(2.0))
    # log10 may be an ulp off at a power of ten; one step up or down mends it.
    if exponent > -300 and 10.0 ** (exponent - 1) >= 2.0 * mc_error:
        exponent -= 1
    elif 10.0**exponent < 2.0 * mc_error:
        exponent += 1
    return round(value, -exponent) + 0.0


def _table(model: FunnelModel, arm: Arm) -> Floats:
    """Return float64[R, S+1, measures], the total last among the segments."""
    columns = [arm.counts]
    if model.value is None:
        columns.append(arm.cost[:, :, None])
    else:
        stage = model.stages.index(model.value.stage)
        if SALES not in model.stages:
            columns.append(arm.counts[:, :, stage, None])
        money = [arm.revenue, arm.cost, arm.revenue - arm.cost]
        columns.append(np.stack(money, axis=2))
    table = np.concatenate(columns, axis=2)
    total = table.sum(axis=1, keepdims=True)
    return np.concatenate([table, total], axis=1).astype(np.float64)


def _figures(table: Floats) -> list[list[Figure]]:
    """Return a figure for every [segment][measure] of float64[R, segments, measures]."""
    runs = table.shape[0]
    mean = table.mean(axis=0)
    error = table.std(axis=0, ddof=1) / math.sqrt(runs)
    # A constant has no error; its mean may be an ulp off, which std would show as a spread.
    constant = (table == table[0]).all(axis=0)
    mean, error = np.where(constant, table[0], mean), np.where(constant, 0.0, error)
    quantiles = np.quantile(table, _LEVELS, axis=0)

    def figure(s: int, m: int) -> Figure:
        low50, high50, low80, high80, low95, high95 = quantiles[:, s, m].tolist()
        return Figure(
            float(mean[s, m]),
            (low50, high50),
            (low80, high80),
            (low95, high95),
            float(error[s, m]),
        )

    return [[figure(s, m) for m in range(table.shape[2])] for s in range(table.shape[1])]


def _passed(table: Floats, m: int, model: FunnelModel) -> Ratio | None:
    """The share that passed into stage m, of float64[R, measures]; None where m is no such."""
    if not 0 < m < len(model.stages):
        return None
    return _ratio(table[:, m], table[:, m - 1])


def _index(table: Floats, s: int, m: int, model: FunnelModel) -> float | None:
    """The share that passed in segment s beside that of all, of float64[R, S+1, measures]."""
    own, whole = (_passed(table[:, at], m, model) for at in (s, -1))
    if own is None or whole is None or whole.value == 0.0:
        return None
    return 100.0 * own.value / whole.value


def relative(difference: Floats, today: Floats) -> Ratio | None:
    """Return a difference over what it is held against; None where that is zero or below."""
    return None if today.mean() <= 0.0 else _ratio(difference, today)


def _ratio(above: Floats, below: Floats) -> Ratio | None:
    """Return the ratio of the means; its error is that of the residuals around it."""
    mean = float(below.mean())
    if mean == 0.0:
        return None
    value = float(above.mean()) / mean
    spread = float((above - value * below).std(ddof=1)) / abs(mean)
    return Ratio(value, spread / math.sqrt(len(above)))


def _chance_better(difference: Floats, lower: bool) -> float | None:
    if not difference.any():
        return None
    better = difference < 0 if lower else difference > 0
    return float(np.count_nonzero(better) / len(difference))
