"""Why a total changed: more customers, others than before, or the same doing differently.

Shapes: S segments. A change that nobody caused, because the figures of the start were partly
luck, is a part of its own.
"""

from dataclasses import dataclass

import numpy as np

from segrules.sim.model import Counts, Floats, require
from segrules.sim.shrinkage import Shrinkage


@dataclass(frozen=True)
class Decomposition:
    """The parts of a change of a total; volume + mix + rate, over the segments, is the change.

    volume: float64[...], what more customers of the average kind bring. mix: float64[..., S],
    what a larger share of this segment brings, measured against the average of all. rate:
    float64[..., S], what each customer of this segment brings more.
    """

    volume: Floats
    mix: Floats
    rate: Floats

    @property
    def change(self) -> Floats:
        return np.asarray(self.volume + self.mix.sum(axis=-1) + self.rate.sum(axis=-1))


def mix_and_rate(customers: tuple[Floats, Floats], totals: tuple[Floats, Floats]) -> Decomposition:
    """Divide the change of a total between before and after, each float64[..., S].

    Every part is the mean over the orders of change, so neither period is the reference and no
    residual is left. A segment without customers in one period is given the rate it has in the
    other: its coming or going is a matter of mix. ValueError where a period has no customers, or
    a total stands beside none.
    """
    (n0, n1), (y0, y1) = customers, totals
    require(n0.shape == n1.shape == y0.shape == y1.shape, "shapes differ")
    require(bool(np.all(n0 >= 0) and np.all(n1 >= 0)), "customers must be >= 0")
    whole0, whole1 = n0.sum(axis=-1, keepdims=True), n1.sum(axis=-1, keepdims=True)
    require(bool(np.all(whole0 > 0) and np.all(whole1 > 0)), "a period has no customers")
    require(bool(np.all((n0 > 0) | (y0 == 0)) and np.all((n1 > 0) | (y1 == 0))), "total of nobody")
    r0, r1 = _rates(n0, y0), _rates(n1, y1)
    r0, r1 = np.where(n0 > 0, r0, r1), np.where(n1 > 0, r1, r0)
    share0, share1 = n0 / whole0, n1 / whole1
    average0 = y0.sum(axis=-1, keepdims=True) / whole0
    average1 = y1.sum(axis=-1, keepdims=True) / whole1
    middle, typical = (whole0 + whole1) / 2.0, (average0 + average1) / 2.0
    return Decomposition(
        volume=np.asarray(((whole1 - whole0) * typical)[..., 0]),
        mix=middle * (share1 - share0) * ((r0 + r1) / 2.0 - typical),
        rate=middle * (share0 + share1) / 2.0 * (r1 - r0),
    )


def _rates(customers: Floats, totals: Floats) -> Floats:
    return np.asarray(totals / np.where(customers > 0, customers, 1.0))


def posterior_rate(reached: Counts, entered: Counts, prior: Shrinkage) -> Floats:
    """Return float64[S], the mean rate of each segment after shrinkage."""
    strength = prior.prior_strength
    points = (prior.prior_mean * strength + reached[:, None]) / (strength + entered[:, None])
    return np.asarray(points @ prior.prior_weight)


def fall_back(reached: Counts, entered: Counts, prior: Shrinkage, worth: Floats) -> Floats:
    """Return float64[S], what regression to the mean alone will change: a bar of its own.

    reached of entered customers (int64[S]) were seen; worth (float64[S]) is what one customer
    who reaches the stage brings. The next customers, as many as before, will bring the shrunk
    rate and not the one that was seen. Where a segment was chosen because it looked bad, this is
    above zero without any treatment, and is not to be counted as an effect.
    """
    require(reached.shape == entered.shape == worth.shape, "shapes differ")
    return np.asarray((posterior_rate(reached, entered, prior) * entered - reached) * worth)


def fall_back_of_means(seen: Floats, mean: float, reliability: Floats) -> Floats:
    """Return float64[n], the change that regression to the mean brings to figures seen once.

    reliability (float64[n] in [0, 1]): the part of the variance between the figures that lasts,
    for an agent or a branch n / (n + k).
    """
    require(bool(np.all((reliability >= 0) & (reliability <= 1))), "reliability must be in [0, 1]")
    return np.asarray((mean - seen) * (1.0 - reliability))
