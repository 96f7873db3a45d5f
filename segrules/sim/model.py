"""The specification of a funnel by segment: what every engine of the simulator reads.

Shapes: S segments, T projected months, K conversions between K + 1 stages, G points of a prior
grid. Money is in minor units (cents). The classes check shapes and ranges; a ValueError here is
a programming error, since a user's mistakes are reported before a model is built.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from segrules.sim.sale import SaleLaw

if TYPE_CHECKING:
    from segrules.sim.effort.futures import AgentsModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

TOTAL = "all"
SALES, REVENUE, COST, PROFIT = "sales", "revenue", "cost", "profit"
MONEY_MEASURES = (REVENUE, COST, PROFIT)
MAX_MONTHS = 65_536

STAGES, LEVERS, ONCE = "stages", "levers", "once"
AGENT_PARTS = ("pay", "checks", "redress", "capacity")
"""Parts of the cost: what the stages cost, what levers do as they go on and once, and what agents
do where there are any.

Pay is what agents get by results; capacity is their hours.
"""

Figure = float | str
"""A number, or the name of an assumption of the model."""

Role = Literal["odds", "factor", "amount", "share", "number", "response"]
LOG_UNIFORM = ("odds", "factor")
_LIMITS: Mapping[Role, tuple[float, float]] = {
    "odds": (0.0, math.inf),
    "factor": (0.0, math.inf),
    "amount": (-math.inf, math.inf),
    "share": (0.0, 1.0),
    "number": (-1.0, 1.0),
    "response": (0.0, 1.0),
}
"""What a number may be in a lever; a number there is a move of a chance."""


def require(holds: bool, what: str) -> None:
    """Raise ValueError with `what` unless `holds`."""
    if not holds:
        raise ValueError(what)


def _non_negative(values: Floats | Counts, what: str) -> None:
    require(bool(np.all(np.isfinite(values) & (values >= 0))), f"{what} must be finite and >= 0")


@dataclass(frozen=True)
class Arrivals:
    """Customers that enter the funnel: N ~ Poisson(rate x season x g).

    counts: float64[S] arrivals seen in the history. months: length of the history.
    season: float64[T] multipliers by projected month; their mean is 1 over a calendar year, and
    over a projection only when it is of whole years. dispersion: extra variance of
    g ~ Gamma(mean 1), drawn by segment and month; 0 makes the arrivals Poisson.
    The rate by month given the history is Gamma(counts + 1/2, months), Jeffreys' posterior.
    seen: float64[C] arrivals in each month of the calendar that the season was read from, calendar:
    int64[T] which of them each projected month is. The season of a run is then drawn: gammas of
    these shapes, brought to a mean of 1. Without them it is known. Both posteriors are wider where
    arrivals are dispersed, as the variance of what was counted is. free: degrees of freedom that
    the variance over the mean was estimated from; a run draws it with a chi-square, 0: it is known.
    """

    counts: Floats
    months: float
    season: Floats
    dispersion: float = 0.0
    seen: Floats = field(default_factory=lambda: np.empty(0))
    calendar: Counts = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    free: int = 0

    def __post_init__(self) -> None:
        _non_negative(self.counts, "arrival counts")
        _non_negative(self.season, "season")
        require(self.months > 0, "the history must have months")
        require(0.0 <= self.dispersion < math.inf, "dispersion must be finite and >= 0")
        require(self.free >= 0, "degrees of freedom must be >= 0")
        require(bool(np.all(np.isfinite(self.seen) & (self.seen > 0))), "months seen must be > 0")
        known = len(self.seen) > 0
        require(len(self.calendar) == len(self.season) * known, "calendar: one a month")
        inside = (self.calendar >= 0) & (self.calendar < len(self.seen))
        require(bool(np.all(inside)), "calendar: no such month")

    def month(self, t: int) -> Arrivals:
        """The arrivals of one projected month."""
        here = slice(t, t + 1)
        return replace(self, season=self.season[here], calendar=self.calendar[here])


@dataclass(frozen=True)
class Conversion:
    """Passage into `stage` from the stage before it, by segment.

    reached, entered: int64[S] customers of the history. prior_mean m, prior_strength M,
    prior_weight: float64[G], a discrete posterior of the beta prior common to all segments.
    A run draws (m, M) once and then p_s ~ Beta(m M + reached, (1 - m) M + entered - reached).
    """

    stage: str
    reached: Counts
    entered: Counts
    prior_mean: Floats
    prior_strength: Floats
    prior_weight: Floats

    def __post_init__(self) -> None:
        _non_negative(self.reached, "customers reached")
        require(self.reached.shape == self.entered.shape, "reached and entered differ in shape")
        require(bool(np.all(self.reached <= self.entered)), "more reached than entered")
        shape = self.prior_mean.shape
        require(len(shape) == 1 and shape[0] > 0, "the prior needs a point")
        require(self.prior_strength.shape == shape == self.prior_weight.shape, "prior shapes")
        require(bool(np.all((self.prior_mean > 0) & (self.prior_mean < 1))), "prior mean in (0, 1)")
        require(bool(np.all(self.prior_strength > 0)), "prior strength must be > 0")
        _non_negative(self.prior_weight, "prior weight")
        require(float(self.prior_weight.sum()) > 0, "the prior weights sum to zero")


@dataclass(frozen=True)
class Value:
    """Revenue of each customer who reaches `stage`, in minor units.

    mean, variance: float64[S] of one sale. sales: int64[S] sales the mean was estimated from;
    its standard error is sqrt(variance / sales) (sales of 0 count as 1). The mean of a run is a
    gamma draw, and X sales bring Gamma(X k, mean / k) with k = mean**2 / variance. Where there are
    laws, one a segment, they say how single sales spread around the mean of the run instead.
    """

    stage: str
    mean: Floats
    variance: Floats
    sales: Counts
    laws: tuple[SaleLaw, ...] = ()

    def __post_init__(self) -> None:
        for name in ("mean", "variance", "sales"):
            _non_negative(getattr(self, name), f"value {name}")
        require(self.mean.shape == self.variance.shape == self.sales.shape, "value shapes differ")
        require(bool(np.all((self.mean > 0) | (self.variance == 0))), "variance around a mean of 0")
        require(len(self.laws) in (0, len(self.mean)), "laws of sales: one a segment, or none")


@dataclass(frozen=True)
class CostLine:
    """Minor units (float64[S]) paid for each customer who reaches `stage`, in both arms."""

    name: str
    stage: str
    amount: Floats

    def __post_init__(self) -> None:
        require(bool(np.all(np.isfinite(self.amount))), "cost amounts must be finite")


@dataclass(frozen=True)
class Assumption:
    """A figure nobody has measured, drawn once a run.

    "odds" (a multiplier of odds) and "factor" (of another figure) are log-uniform on [low, high];
    "amount" (minor units), "share" (0 to 1) and "number" are uniform, "response" is Beta(2, 2) over
    the range. low == high is a constant.
    """

    name: str
    low: float
    high: float
    role: Role

    def __post_init__(self) -> None:
        require(math.isfinite(self.low) and math.isfinite(self.high), "bounds must be finite")
        require(self.low <= self.high, "low is above high")
        require(self.role in _LIMITS, "unknown role")
        require(self.role not in LOG_UNIFORM or self.low > 0, "odds and factors must be > 0")
        shared = self.role != "share" or (self.low >= 0 and self.high <= 1)
        require(shared, "a share is in 0 to 1")


@dataclass(frozen=True)
class Timing:
    """From month `start` on (0: at once) for `duration` months (None: to the end).

    It reaches full strength after `ramp` months, in equal steps (1: at once). After its end the
    strength is `persistence` times that of the month before, and nothing is paid any more.
    """

    start: int = 0
    duration: int | None = None
    ramp: int = 1
    persistence: Figure = 0.0

    def __post_init__(self) -> None:
        require(self.start >= 0 and self.ramp >= 1, "a lever starts at a month, and ramps up")
        require(self.duration is None or self.duration >= 1, "a lever lasts a month or longer")
        require(_is_share(self.persistence), "persistence is a share")

    def strength(self, months: int) -> tuple[Floats, Floats, Floats]:
        """Return float64[months] three times: what is paid for, what acts, and how it fades.

        What acts is to be multiplied by persistence to the power of the third.
        """
        paid, acts, fades = np.zeros(months), np.zeros(months), np.zeros(months)
        end = months if self.duration is None else min(self.start + self.duration, months)
        for t in range(self.start, end):
            paid[t] = acts[t] = min(1.0, (t - self.start + 1) / self.ramp)
        if self.persistence != 0.0:
            for t in range(max(end, self.start + 1), months):
                acts[t], fades[t] = acts[t - 1], fades[t - 1] + 1.0
        return paid, acts, fades


def _is_share(figure: Figure) -> bool:
    return isinstance(figure, str) or 0.0 <= figure <= 1.0


ALWAYS = Timing()


@dataclass(frozen=True)
class Charge:
    """Minor units for each customer who reaches `stage` in the scenario; or once, or a month.

    What is paid once or a month is for all segments of the lever together, and is divided among
    them as their arrivals are. Once is the month in which the lever starts; the others are paid
    while it runs, in proportion to its strength.
    """

    amount: Figure
    per: Literal["customer", "once", "month"] = "customer"
    stage: str = ""


@dataclass(frozen=True)
class Lever:
    """A treatment of some segments.

    segments: indices. odds: (stage, figure) pairs; the odds of reaching that stage are multiplied.
    plus: (stage, figure): the chance of reaching it then moves by so many points, within 0 and 1.
    times: what is multiplied, and by how much: arrivals, or the value of a sale.
    deadweight: share of the effect that is paid for and would have come anyway. pull_forward:
    share of the sales gained that are missing in the next months, as soon as there are any.
    """

    name: str
    segments: tuple[int, ...]
    odds: tuple[tuple[str, Figure], ...] = ()
    costs: tuple[Charge, ...] = ()
    plus: tuple[tuple[str, Figure], ...] = ()
    times: tuple[tuple[Literal["arrivals", "value"], Figure], ...] = ()
    timing: Timing = ALWAYS
    deadweight: Figure = 0.0
    pull_forward: Figure = 0.0

    def figures(self) -> Iterator[tuple[Figure, tuple[Role, ...]]]:
        """All figures, with the roles that an assumption may have there."""
        for _, figure in self.odds:
            yield figure, ("odds",)
        for _, figure in self.plus:
            yield figure, ("share", "number")
        for _, figure in self.times:
            yield figure, ("factor",)
        for cost in self.costs:
            yield cost.amount, ("amount",)
        for figure in (self.deadweight, self.pull_forward, self.timing.persistence):
            yield figure, ("share",)


@dataclass(frozen=True)
class Scenario:
    """Levers applied together; two on the same segment and stage multiply."""

    name: str
    label: str
    levers: tuple[Lever, ...]

    def assumptions(self) -> tuple[str, ...]:
        """The names of the assumptions that it uses, in the order of their use."""
        figures = [figure for lever in self.levers for figure, _ in lever.figures()]
        return tuple(dict.fromkeys(each for each in figures if isinstance(each, str)))


@dataclass(frozen=True)
class FunnelModel:
    """A funnel and its scenarios; `stages[0]` is where customers arrive.

    agents: those who sell, where there are any; their answer moves what scenarios make of it.
    """

    segments: tuple[str, ...]
    stages: tuple[str, ...]
    months: int
    arrivals: Arrivals
    conversions: tuple[Conversion, ...]
    value: Value | None = None
    costs: tuple[CostLine, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    seed: int = 0
    agents: AgentsModel | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts of the cost."""
        of_agents = () if self.agents is None else AGENT_PARTS
        return (STAGES, LEVERS, ONCE, *of_agents)

    @property
    def sale(self) -> str:
        """The stage that counts as a sale: the one with a value, or else the last."""
        return self.stages[-1] if self.value is None else self.value.stage

    def __post_init__(self) -> None:
        self._check_names()
        self._check_shapes()
        for scenario in self.scenarios:
            for lever in scenario.levers:
                self._check_lever(lever)

    def _check_names(self) -> None:
        assumptions = tuple(assumption.name for assumption in self.assumptions)
        scenarios = tuple(scenario.name for scenario in self.scenarios)
        for names in (self.segments, self.stages, assumptions, scenarios):
            require(len(set(names)) == len(names), f"names occur twice: {names}")
        require(len(self.segments) > 0 and len(self.stages) > 0, "no segments or no stages")
        require(TOTAL not in self.segments, f'"{TOTAL}" is the name of the total')
        require(not set(self.stages) & set(MONEY_MEASURES), "a stage has the name of a measure")
        if SALES in self.stages:
            same = self.value is None or self.value.stage == SALES
            require(same, f'the stage "{SALES}" is not the one that has a value')
        require(0 <= self.seed < 2**64, "the seed has 64 bits")

    def _check_shapes(self) -> None:
        count = len(self.segments)
        require(1 <= self.months <= MAX_MONTHS, "months")
        require(self.arrivals.counts.shape == (count,), "arrival counts: one a segment")
        require(self.arrivals.season.shape == (self.months,), "season: one a month")
        order = tuple(conversion.stage for conversion in self.conversions)
        require(order == self.stages[1:], "conversions must follow the stages")
        for conversion in self.conversions:
            require(conversion.reached.shape == (count,), "conversions: one a segment")
        if self.value is not None:
            require(self.value.stage in self.stages, "value at an unknown stage")
            require(self.value.mean.shape == (count,), "value: one a segment")
        for line in self.costs:
            require(line.stage in self.stages, "cost at an unknown stage")
            require(line.amount.shape == (count,), "cost: one amount a segment")

    def _check_lever(self, lever: Lever) -> None:
        roles = {assumption.name: assumption.role for assumption in self.assumptions}
        inside = all(0 <= index < len(self.segments) for index in lever.segments)
        require(inside, f"lever {lever.name}: unknown segment")
        require(len(set(lever.segments)) == len(lever.segments), f"lever {lever.name}: twice")
        for stage, _ in (*lever.odds, *lever.plus):
            require(stage in self.stages[1:], f"lever {lever.name}: no way into {stage}")
        for cost in lever.costs:
            known = cost.per != "customer" or cost.stage in self.stages
            require(known, f"lever {lever.name}: unknown stage {cost.stage}")
        for figure, allowed in lever.figures():
            if isinstance(figure, str):
                require(roles.get(figure) in allowed, f"lever {lever.name}: {allowed[0]} {figure}")
                continue
            least, most = _LIMITS[allowed[-1]]
            require(least <= figure <= most, f"lever {lever.name}: {allowed[0]} {figure}")
            require("odds" not in allowed or figure > 0, f"lever {lever.name}: odds {figure}")
