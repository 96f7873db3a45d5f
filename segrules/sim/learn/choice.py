"""Which arm for which segment, and what that choice may promise.

Choosing the best of noisy estimates picks good luck with good arms: the estimate of the winner
is too high on average, and unseen customers deliver less. The promise made here is the posterior
mean of the chosen arms, which is drawn towards the common effect and so carries no such gain, or
what one part of the customers delivers when another part chose (`split`).

Sources: Senn, Statistics in Medicine 27 (2008); Efron, JASA 106 (2011); van der Laan and others,
"cross-validated targeted learning", UC Berkeley (2011), for the split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from segrules.sim.learn.experiment import Cells, Effects, effects, summarise
from segrules.sim.learn.pooling import mixture_quantile
from segrules.sim.luck import normals, uniforms
from segrules.sim.model import Counts, Floats, require

RUNS = 4_000


@dataclass(frozen=True)
class Promise:
    """A choice of arms and what it is worth by customer, over all segments.

    arm: int64[S] index of the arm chosen, 0 the control. promised: posterior mean of the outcome;
    low, high: its interval at `level`. today: the same of the control for everybody. uniform: the
    best single arm and what it promises. naive: what the raw means of the best cells say.
    ceiling: the posterior expected maximum, what perfect knowledge of the effects would bring.
    draws: float64[R] of the outcome of the choice.
    """

    method: str
    segments: tuple[str, ...]
    arms: tuple[str, ...]
    arm: Counts
    promised: float
    low: float
    high: float
    level: float
    today: float
    uniform: tuple[str, float]
    naive: float
    ceiling: float
    draws: Floats
    data_weight: Floats
    notes: tuple[str, ...]

    @property
    def picking(self) -> float:
        """How much of the naive figure is luck that was picked."""
        return self.naive - self.promised

    def expects(self, brought: Delivery, level: float) -> tuple[float, float]:
        """Interval of what customers like those of a delivery bring, their own luck included."""
        even = np.full(len(self.draws), 1.0 / len(self.draws))
        luck = np.full(len(self.draws), brought.error**2)
        tail = (1.0 - level) / 2.0
        low, high = (mixture_quantile(q, even, self.draws, luck) for q in (tail, 1.0 - tail))
        return float(low), float(high)


@dataclass(frozen=True)
class Delivery:
    """What a choice brought by customer: the mean and its standard error."""

    value: float
    error: float
    method: str


def choose(found: Effects, *, seed: int, cost: Floats | None = None, level: float = 0.8) -> Promise:
    """Choose the arm with the highest posterior mean in each segment.

    cost: float64[A + 1] by customer and arm, in the unit of the outcome, is subtracted.
    """
    cells, share = found.cells, found.cells.share
    paid = np.zeros(len(cells.arms)) if cost is None else cost
    require(paid.shape == (len(cells.arms),), "a cost for every arm")
    effect = found.pooled.draws(seed, RUNS, "arms")
    base = _base(cells, effect, seed)
    zero = np.zeros((RUNS, len(share), 1))
    gains = np.concatenate([zero, effect], axis=2) - paid
    posterior = np.hstack([np.zeros((len(share), 1)), found.pooled.mean]) - paid
    arm = np.argmax(posterior, axis=1)
    chosen = np.take_along_axis(gains, arm[None, :, None], axis=2)[..., 0]
    value = (base + chosen) @ share
    alike = (base[..., None] + gains).transpose(0, 2, 1) @ share
    best = int(np.argmax(alike.mean(axis=0)))
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(value, [tail, 1.0 - tail])
    naive = float((cells.mean - paid).max(axis=1) @ share)
    return Promise(
        method="posterior mean of the arm chosen",
        segments=cells.segments,
        arms=cells.arms,
        arm=arm.astype(np.int64),
        promised=float(value.mean()),
        low=float(low),
        high=float(high),
        level=level,
        today=float(alike[:, 0].mean()),
        uniform=(cells.arms[best], float(alike[:, best].mean())),
        naive=naive,
        ceiling=float(((base + gains.max(axis=2)) @ share).mean()),
        draws=value,
        data_weight=found.data_weight,
        notes=found.notes,
    )


def _base(cells: Cells, effect: Floats, seed: int) -> Floats:
    """Outcome float64[R, S] of the control given the effects: every arm informs it."""
    precision = 1.0 / cells.error2
    seen = np.repeat(cells.mean[None], len(effect), axis=0)
    seen[..., 1:] -= effect
    total = precision.sum(axis=1)
    mean = np.einsum("rsa,sa->rs", seen, precision) / total
    return np.asarray(mean + normals(seed, "control", *mean.shape) / np.sqrt(total))


def delivered(
    cells: Cells, segments: tuple[str, ...], arm: Counts, cost: Floats | None = None
) -> Delivery:
    """What a choice of arms delivered among other customers: the means of the cells chosen.

    Segments of the choice that the other customers have no cell for are left out; a segment that
    was not chosen for gets the control.
    """
    paid = np.zeros(len(cells.arms)) if cost is None else cost
    chosen = dict(zip(segments, arm.tolist(), strict=True))
    index = np.array([[chosen.get(name, 0)] for name in cells.segments])
    mean = np.take_along_axis(cells.mean - paid, index, axis=1)[:, 0]
    error2 = np.take_along_axis(cells.error2, index, axis=1)[:, 0]
    share = cells.share
    return Delivery(float(mean @ share), float(np.sqrt(error2 @ share**2)), "cells chosen")


@dataclass(frozen=True)
class Columns:
    """Names of the columns of an experiment, and the name of its control arm."""

    segment: str
    arm: str
    outcome: str
    control: str


def split(rows: pl.DataFrame, columns: Columns, *, seed: int, folds: int = 5) -> Delivery:
    """What choosing delivers: each fold of the customers judges the choice of the others.

    The error is that of the mean over all customers; that the choices of the folds share
    customers is not in it.
    """
    require(folds > 1, "a split needs two folds or more")
    fold = np.floor(uniforms(seed, "folds", rows.height, 1)[:, 0] * folds).astype(np.int64)
    value, error2, weight = 0.0, 0.0, 0.0
    for each in range(folds):
        chooser = _cells(rows.filter(pl.Series(fold != each)), columns)
        judge = _cells(rows.filter(pl.Series(fold == each)), columns)
        require(chooser.arms == judge.arms, "an arm is missing from a fold")
        promise = choose(effects(chooser), seed=seed)
        found = delivered(judge, promise.segments, promise.arm)
        size = float(judge.customers.sum())
        value, weight = value + size * found.value, weight + size
        error2 += (size * found.error) ** 2
    return Delivery(value / weight, float(np.sqrt(error2)) / weight, f"{folds} folds")


def _cells(rows: pl.DataFrame, columns: Columns) -> Cells:
    return summarise(
        rows,
        segment=columns.segment,
        arm=columns.arm,
        outcome=columns.outcome,
        control=columns.control,
    )
