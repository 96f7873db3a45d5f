"""Effects of treatment on the odds of reaching a stage, by segment.

The log odds of each cell of an experiment are known up to 1 / (n p (1 - p)), p the rate drawn
towards that of the whole arm; half a customer is added to either side, so that a cell where
nobody, or everybody, got there says something finite. The differences to the control are drawn
towards the effect common to all segments, as those of `segrules.sim.learn.experiment` are.

Sources: Haldane, Annals of Human Genetics 20 (1956), for the half; Agresti, Categorical Data
Analysis, 3rd ed., section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segrules.sim.learn.experiment import Cells
from segrules.sim.learn.pooling import NONE, Pooled, mixture_quantile, pool_arms
from segrules.sim.model import Floats, require

_HALF = 0.5


@dataclass(frozen=True)
class Odds:
    """Odds ratios to the control; `pooled` holds their logarithms, segments by arms.

    raw: float64[S, A], what each cell says by itself.
    """

    cells: Cells
    pooled: Pooled
    raw: Floats

    @property
    def data_weight(self) -> Floats:
        return self.pooled.data_weight

    @property
    def no_difference(self) -> float:
        """Posterior chance that the arms act alike on the odds of all segments."""
        return self.pooled.no_difference

    @property
    def ratio(self) -> Floats:
        """Posterior medians float64[S, A], about: the exponentials of the mean logarithms."""
        return np.asarray(np.exp(self.pooled.mean))

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Ends float64[S, A] of the central interval of each ratio."""
        low, high = self.pooled.interval(level)
        return np.asarray(np.exp(low)), np.asarray(np.exp(high))


@dataclass(frozen=True)
class Average:
    """Effects averaged over the customers of all segments, as mixtures over G points.

    weight: float64[G]. means, variances: float64[G, A].
    """

    weight: Floats
    means: Floats
    variances: Floats

    @property
    def mean(self) -> Floats:
        """Posterior mean float64[A]."""
        return np.asarray(self.weight @ self.means)

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Ends float64[A] of the central interval."""
        tail = (1.0 - level) / 2.0
        low, high = (
            mixture_quantile(q, self.weight, self.means, self.variances) for q in (tail, 1.0 - tail)
        )
        return low, high


def average(pooled: Pooled, share: Floats) -> Average:
    """Average the effects with the shares float64[S] of the segments, which sum to 1.

    It is of these segments. What a segment not seen would have (`Pooled.common`) is far less
    sure where segments are few.
    """
    pull = np.einsum("s,gsab->gab", share, pooled.pull)
    means = np.einsum("s,gsa->ga", share, pooled.centre)
    means = means + np.einsum("gab,gb->ga", pull, pooled.common)
    rest = np.einsum("s,gsaa->ga", share**2, pooled.rest)
    common = np.einsum("gab,gbc,gac->ga", pull, pooled.common_covariance, pull)
    return Average(pooled.weight, np.asarray(means), np.asarray(rest + common))


def odds_ratios(cells: Cells, *, none: float = NONE) -> Odds:
    """Draw the log odds ratios of all arms towards what they have in common over the segments.

    ValueError when the outcome is not yes or no.
    """
    require(cells.kind == "proportion", "odds are of an outcome that is yes or no")
    reached = cells.mean * cells.customers
    log = np.log(reached + _HALF) - np.log(cells.customers - reached + _HALF)
    error2 = 1.0 / (cells.customers * cells.variance)
    effects = log[:, 1:] - log[:, :1]
    own = np.einsum("sa,ab->sab", error2[:, 1:], np.eye(effects.shape[1]))
    covariance = own + error2[:, 0][:, None, None]
    return Odds(cells, pool_arms(effects, covariance, none=none), np.exp(effects))
