"""The specification of a funnel by segment: what every engine of the simulator reads.

Shapes: S segments, T projected months, K conversions between K + 1 stages, G points of a prior
grid. Money is in minor units (cents). The classes check shapes and ranges; a ValueError here is
a programming error, since a user's mistakes are reported before a model is built.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

TOTAL = "all"
SALES, REVENUE, COST, PROFIT = "sales", "revenue", "cost", "profit"
MONEY_MEASURES = (REVENUE, COST, PROFIT)
MAX_MONTHS = 65_536


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
    """

    counts: Floats
    months: float
    season: Floats
    dispersion: float = 0.0

    def __post_init__(self) -> None:
        _non_negative(self.counts, "arrival counts")
        _non_negative(self.season, "season")
        require(self.months > 0, "the history must have months")
        require(0.0 <= self.dispersion < math.inf, "dispersion must be finite and >= 0")


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
    gamma draw, and X sales bring Gamma(X k, mean / k) with k = mean**2 / variance.
    """

    stage: str
    mean: Floats
    variance: Floats
    sales: Counts

    def __post_init__(self) -> None:
        for name in ("mean", "variance", "sales"):
            _non_negative(getattr(self, name), f"value {name}")
        require(self.mean.shape == self.variance.shape == self.sales.shape, "value shapes differ")
        require(bool(np.all((self.mean > 0) | (self.variance == 0))), "variance around a mean of 0")


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

    "odds" is a multiplier of odds, log-uniform on [low, high]; "amount" is in minor units,
    uniform on [low, high]. low == high is a constant.
    """

    name: str
    low: float
    high: float
    scale: Literal["odds", "amount"]

    def __post_init__(self) -> None:
        require(math.isfinite(self.low) and math.isfinite(self.high), "bounds must be finite")
        require(self.low <= self.high, "low is above high")
        require(self.scale in ("odds", "amount"), "unknown scale")
        require(self.scale == "amount" or self.low > 0, "odds must be > 0")


@dataclass(frozen=True)
class Lever:
    """A treatment of some segments.

    segments: indices. odds: (stage, name of an assumption) pairs; the odds of reaching that
    stage are multiplied. cost: (stage, minor units or name of an assumption), charged for each
    customer who reaches the stage in the scenario.
    """

    name: str
    segments: tuple[int, ...]
    odds: tuple[tuple[str, str], ...] = ()
    cost: tuple[str, float | str] | None = None


@dataclass(frozen=True)
class Scenario:
    """Levers applied together; two on the same segment and stage multiply."""

    name: str
    label: str
    levers: tuple[Lever, ...]


@dataclass(frozen=True)
class FunnelModel:
    """A funnel and its scenarios; `stages[0]` is where customers arrive."""

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
        scales = {assumption.name: assumption.scale for assumption in self.assumptions}
        inside = all(0 <= index < len(self.segments) for index in lever.segments)
        require(inside, f"lever {lever.name}: unknown segment")
        require(len(set(lever.segments)) == len(lever.segments), f"lever {lever.name}: twice")
        for stage, assumption in lever.odds:
            require(stage in self.stages[1:], f"lever {lever.name}: no way into {stage}")
            require(scales.get(assumption) == "odds", f"lever {lever.name}: odds {assumption}")
        if lever.cost is not None:
            stage, amount = lever.cost
            require(stage in self.stages, f"lever {lever.name}: unknown stage {stage}")
            known = not isinstance(amount, str) or scales.get(amount) == "amount"
            require(known, f"lever {lever.name}: amount {amount}")
