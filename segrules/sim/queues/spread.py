"""Where the spread of a difference comes from: the log, stated ranges, or the luck of single days.

Days have different figures. How a difference goes with the figures is a straight line through all
days (least squares); the rest is luck. Over the days that are projected luck evens out, and what is
open about the figures does not. From few days the line is somewhat too steep, so that intervals are
too wide rather than too narrow. R days, G draws of the figures, p columns of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri

from segrules.sim.model import Counts, Floats

LOG = "the log"
"""What the log leaves open, among the sources of a spread."""

_ENDS = (0.1, 0.9)
_STEPS = 101


@dataclass(frozen=True)
class OverDays:
    """The mean of a difference over all the days that are projected.

    interval80: of that mean. chance_better: that it is better, None where neither more nor less is.
    shares: of the variance of a single day, by what is open (`LOG`, names of assumptions); what
    they do not add up to is the luck of the day.
    """

    interval80: tuple[float, float]
    chance_better: float | None
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Means:
    """Means over the days projected: of each draw float64[G], and how far luck takes them off."""

    draws: Floats
    luck: float

    def chance(self, better: int) -> float:
        """That the mean has this sign."""
        if self.luck == 0.0:
            return float(np.mean(self.draws * better > 0))
        return float(np.mean(ndtr(self.draws * better / self.luck)))

    @property
    def likely(self) -> Floats:
        """float64[G, n]: equally likely means."""
        steps = ndtri((np.arange(_STEPS) + 0.5) / _STEPS)
        return np.asarray(self.draws[:, None] + self.luck * steps)


@dataclass(frozen=True)
class Drawn:
    """The figures that each day has.

    of: int64[R] the draw. days: how many are projected. sources: of each column. figures:
    float64[G, p], what is open about all. own: float64[G, 2, S], about the rates and the handle
    times of each segment.
    """

    of: Counts
    days: float
    sources: tuple[str, ...]
    figures: Floats
    own: Floats

    def about(self, names: Collection[str]) -> Drawn:
        """The same where only some assumptions are used, beside the log."""
        kept = [at for at, name in enumerate(self.sources) if name == LOG or name in names]
        sources = tuple(self.sources[at] for at in kept)
        return Drawn(self.of, self.days, sources, self.figures[:, kept], self.own)

    def error(self, residuals: Floats) -> float:
        """The Monte Carlo error of a mean, from what days are off it, float64[R].

        Days of one draw are alike, so draws count and not days, where there are several.
        """
        runs = len(residuals)
        if runs < 2 or bool((residuals == residuals[0]).all()):
            return 0.0
        sums = np.bincount(self._place, residuals - residuals.mean())
        draws = len(sums)
        if draws < 2:
            return float(residuals.std(ddof=1)) / math.sqrt(runs)
        return math.sqrt(draws / (draws - 1) * float(sums @ sums)) / runs

    def of_segment(self, at: int) -> Drawn:
        """The same where a single segment is asked about, whose own figures are open as well."""
        columns = np.concatenate([self.own[:, :, at], self.figures], axis=1)
        return Drawn(self.of, self.days, (LOG, LOG, *self.sources), columns, self.own)

    def means(self, mean: float, residuals: Floats) -> Means | None:
        """The means over all days projected; None where no day differs or all figures are known."""
        found = self._explained(residuals)
        if found is None:
            return None
        effects, within = found
        runs = len(residuals)
        by_draw = np.zeros(len(self.figures))
        # All days of a draw are explained alike.
        by_draw[self.of] = self._basis @ effects
        seen = np.unique(self.of)
        # The mean itself is known but from the days that were played.
        return Means(mean + by_draw[seen], math.sqrt(within * (1 / self.days + 1 / runs)))

    def over_days(self, mean: float, residuals: Floats, better: int) -> OverDays | None:
        """What is open about a mean; better: 1 where more is, -1 where less, 0 where neither."""
        found, means = self._explained(residuals), self.means(mean, residuals)
        if found is None or means is None:
            return None
        effects, within = found
        low, high = np.quantile(means.likely, _ENDS).tolist()
        off = residuals - residuals.mean()
        total = float(off @ off)
        shares: dict[str, float] = {}
        for source, effect in zip(self._kept_sources, effects.tolist(), strict=True):
            # Luck alone would explain as much as one day of it.
            shares[source] = shares.get(source, 0.0) + (effect**2 - within) / total
        told = {name: max(share, 0.0) for name, share in shares.items()}
        return OverDays((low, high), means.chance(better) if better else None, told)

    def _explained(self, residuals: Floats) -> tuple[Floats, float] | None:
        """The part of each direction, float64[p], and the variance of a day besides."""
        runs, kept = self._basis.shape
        if runs < kept + 3 or not kept or bool((residuals == residuals[0]).all()):
            return None
        off = residuals - residuals.mean()
        effects = self._basis.T @ off
        rest = float(off @ off) - float(effects @ effects)
        return effects, max(rest, 0.0) / (runs - kept - 1)

    @cached_property
    def _place(self) -> Counts:
        return np.asarray(np.unique(self.of, return_inverse=True)[1], dtype=np.int64)

    @cached_property
    def _directions(self) -> tuple[Floats, tuple[str, ...]]:
        """The columns at right angles, one after the other; what adds nothing is left out."""
        made: list[Floats] = []
        sources = []
        for source, column in zip(self.sources, self.figures[self.of].T, strict=True):
            left = column - column.mean()
            size = float(np.linalg.norm(left))
            for each in made:
                left = left - (each @ left) * each
            length = float(np.linalg.norm(left))
            if length > 1e-6 * max(size, 1e-9) and size > 0:
                made.append(left / length)
                sources.append(source)
        basis = np.stack(made, axis=1) if made else np.empty((len(self.of), 0))
        return basis, tuple(sources)

    @property
    def _basis(self) -> Floats:
        return self._directions[0]

    @property
    def _kept_sources(self) -> tuple[str, ...]:
        return self._directions[1]
