"""A stage whose recent customers have had no time: a cure hazard beside the cut at maturity.

A share c of customers converts at all, after a time with the distribution F (exponential or
Weibull). A customer seen for t without converting is counted as 1 - c F(t), so that recent
cohorts say what they can; the cut at maturity leaves them out altogether.

Sources: Boag, J. Royal Statistical Society B 11 (1949); Maller and Zhou, Survival Analysis with
Long-Term Survivors (1996).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from segrules.sim.learn.likelihood import covariance_at, minimise
from segrules.sim.model import Floats, require

FEWEST_CONVERTED = 10
SEEN_ENOUGH = 0.8
"""Share of the final conversions that the oldest customers must have had time for."""


@dataclass(frozen=True)
class Cure:
    """The final share that converts, and when. scale and shape are those of a Weibull time.

    low, high: interval of `ever` at `level`. mature: the share converted of those as old as the
    cut, with its standard error, None without any. data_weight: 1, nothing is drawn towards
    others. seen: F at the oldest age.
    """

    method: Literal["exponential", "weibull"]
    ever: float
    error: float
    low: float
    high: float
    level: float
    scale: float
    shape: float
    mature: tuple[float, float] | None
    seen: float
    customers: int
    data_weight: float
    notes: tuple[str, ...]

    def converted_by(self, age: float) -> float:
        """Chance that a customer has converted by an age."""
        return self.ever * -math.expm1(-((age / self.scale) ** self.shape))


def learn_cure(
    age: Floats,
    delay: Floats,
    *,
    cut: float,
    level: float = 0.95,
    customers: Floats | None = None,
) -> Cure:
    """Learn from customers' ages and the time each took to convert.

    age: float64[N] > 0 since the customer entered; delay: float64[N] until the conversion, NaN
    where there is none yet; cut: the age from which a customer is mature. One unit for all.
    customers: float64[N] whole numbers above 0, how many are alike (left out: one each). The
    Weibull is taken where it explains more than luck (chance below 5%).

    ValueError with fewer than 10 conversions, or when the likelihood has no top: then only the
    cut at maturity can be used.
    """
    many = np.ones(len(age)) if customers is None else customers
    converted = _checked(age, delay, many)
    at, spread, weibull, unit = _fitted(np.where(converted, delay, age), converted, many)
    ever = _share(at[0])
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    shape = math.exp(at[2]) if weibull else 1.0
    scale = unit * math.exp(at[1])
    seen = -math.expm1(-((float(age.max()) / scale) ** shape))
    error = ever * (1.0 - ever) * spread
    mature, notes = _mature(age, converted, many, cut)
    if seen < SEEN_ENOUGH:
        notes.append(
            f"the oldest customers have had time for {seen:.0%} of their conversions only: the "
            "final share rests on the curve"
        )
    if mature is not None and abs(mature[0] - ever) > 2.0 * math.hypot(error, mature[1]):
        notes.append("the cure hazard and the cut at maturity disagree: look at the cohorts")
    return Cure(
        method="weibull" if weibull else "exponential",
        ever=ever,
        error=error,
        low=_share(at[0] - z * spread),
        high=_share(at[0] + z * spread),
        level=level,
        scale=scale,
        shape=shape,
        mature=mature,
        seen=seen,
        customers=int(many.sum()),
        data_weight=1.0,
        notes=tuple(notes),
    )


def _checked(age: Floats, delay: Floats, many: Floats) -> NDArray[np.bool_]:
    """Who has converted, of customers that one can learn from."""
    require(age.shape == delay.shape and bool(np.all(age > 0)), "ages must be > 0")
    require(many.shape == age.shape and bool(np.all(many > 0)), "customers must be > 0")
    converted = np.isfinite(delay)
    timely = (delay[converted] > 0) & (delay[converted] <= age[converted])
    require(bool(np.all(timely)), "a delay must be above 0 and within the age")
    events = int(many[converted].sum())
    require(events >= FEWEST_CONVERTED, f"{events} conversions are too few for a cure hazard")
    return converted


def _fitted(
    seen_for: Floats, converted: NDArray[np.bool_], many: Floats
) -> tuple[Floats, float, bool, float]:
    """The top of the likelihood, the error of its share, whether Weibull, and the unit of time."""
    unit = float(np.average(seen_for[converted], weights=many[converted]))
    scaled = seen_for / unit

    def simple(at: Floats) -> float:
        return _minus_log(scaled, converted, many, (at[0], at[1], 0.0))

    def full(at: Floats) -> float:
        return _minus_log(scaled, converted, many, (at[0], at[1], at[2]))

    rate = (float(many[converted].sum()) + 0.5) / (float(many.sum()) + 1.0)
    first = minimise(simple, np.array([math.log(rate / (1.0 - rate)), 0.0]))
    second = minimise(full, np.append(first, 0.0))
    gain = 2.0 * (simple(first) - full(second))
    weibull = bool(chdtrc(1.0, max(gain, 0.0)) < 0.05)
    at, function = (second, full) if weibull else (first, simple)
    return at, math.sqrt(covariance_at(function, at)[0, 0]), weibull, unit


def _mature(
    age: Floats, converted: NDArray[np.bool_], many: Floats, cut: float
) -> tuple[tuple[float, float] | None, list[str]]:
    """Share converted among customers as old as the cut, and its standard error."""
    old = age >= cut
    count = int(many[old].sum())
    if count == 0:
        return None, ["no customer is mature: there is nothing to compare the cure hazard with"]
    reached = float(many[old & converted].sum())
    rate = (reached + 0.5) / (count + 1.0)
    return (reached / count, math.sqrt(rate * (1.0 - rate) / count)), []


def _share(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-35.0, min(35.0, logit))))


def _minus_log(
    age: Floats, converted: NDArray[np.bool_], many: Floats, at: tuple[float, float, float]
) -> float:
    share, shape = _share(at[0]), math.exp(min(at[2], 5.0))
    if not 0.0 < share < 1.0 or abs(at[1]) > 30.0:
        return math.inf
    logs = np.log(age) - at[1]
    power = np.exp(np.minimum(shape * logs, 50.0))
    events = float(many[converted].sum()) * (math.log(share) + math.log(shape) - at[1])
    events += float((many * ((shape - 1.0) * logs - power))[converted].sum())
    waiting = many[~converted] * np.log1p(share * np.expm1(-power[~converted]))
    return -(events + float(waiting.sum()))
