"""Effects of treatment by segment, from an experiment with an arm column.

Per segment and arm: customers, mean outcome and its variance. The effects are differences to the
control arm, whose error they share. They are drawn towards the effect common to all segments
(`segrules.sim.learn.pooling`), as far as the data say that segments differ, and not at all apart
where they say nothing.

A variance from few customers is as poor an estimate as a mean from few: those of an arm are drawn
towards the variance of the whole arm. For yes and no they follow from the shrunk rates; otherwise
the relative error of each is (kurtosis - 1) / n and their true relative spread what is left over.
Where most customers bring nothing, a cell with a low mean has a low variance by the same luck;
weighing it more would draw every mean down, which is why a spread must be seen in most cells.
Source of the two-sample variances: Welch, Biometrika 29 (1938).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from segrules.sim.learn.pooling import NONE, Pooled, pool_arms
from segrules.sim.model import Counts, Floats, require
from segrules.sim.shrinkage import shrink

FEWEST_CUSTOMERS = 2
"""Customers of an arm in a segment below which the segment is left out."""

_MEDIAN = 0.4549364  # of a chi-square of one degree of freedom


@dataclass(frozen=True)
class Cells:
    """What an experiment says by segment and arm; the control is arm 0 of A + 1.

    customers: int64[S, A + 1]. mean, variance: float64[S, A + 1] of one customer's outcome, the
    variance drawn towards that of the arm.
    """

    segments: tuple[str, ...]
    arms: tuple[str, ...]
    kind: Literal["proportion", "mean"]
    customers: Counts
    mean: Floats
    variance: Floats
    notes: tuple[str, ...] = ()

    @property
    def error2(self) -> Floats:
        """Variance float64[S, A + 1] of the mean of each cell."""
        return np.asarray(self.variance / self.customers)

    @property
    def effects(self) -> Floats:
        """Differences float64[S, A] of the means to the control."""
        return np.asarray(self.mean[:, 1:] - self.mean[:, :1])

    @property
    def effect_covariance(self) -> Floats:
        """Covariances float64[S, A, A] of the errors of the effects; the control is shared."""
        arms = self.mean.shape[1] - 1
        own = np.einsum("sa,ab->sab", self.error2[:, 1:], np.eye(arms))
        return np.asarray(own + self.error2[:, 0][:, None, None])

    @property
    def share(self) -> Floats:
        """Share float64[S] of all customers by segment."""
        of_segment = self.customers.sum(axis=1)
        return np.asarray(of_segment / of_segment.sum())


@dataclass(frozen=True)
class Effects:
    """Effects by segment: `pooled` in the order of segments and of the arms after the control.

    data_weight: float64[S], how much a segment's own data weigh in its effects.
    """

    cells: Cells
    pooled: Pooled

    @property
    def method(self) -> str:
        return f"difference in {self.cells.kind}s, {self.pooled.method}"

    @property
    def data_weight(self) -> Floats:
        return self.pooled.data_weight

    @property
    def no_difference(self) -> float:
        """Posterior chance that the arms act alike in all segments."""
        return self.pooled.no_difference

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.cells.notes, *self.pooled.notes)


def summarise(rows: pl.DataFrame, *, segment: str, arm: str, outcome: str, control: str) -> Cells:
    """Summarise an experiment, a row a customer, by the columns named.

    A row without an outcome is left out and said; so is a segment that has an arm with fewer
    than two customers. ValueError when the control or a second arm is not among the rows.
    """
    known = rows.select(
        pl.col(segment).cast(pl.String).alias("segment"),
        pl.col(arm).cast(pl.String).alias("arm"),
        pl.col(outcome).cast(pl.Float64).alias("y"),
    ).filter(pl.col("y").is_finite(), pl.col("segment").is_not_null(), pl.col("arm").is_not_null())
    notes = []
    if known.height < rows.height:
        notes.append(f"{rows.height - known.height:,} rows without an outcome, arm or segment")
    others = sorted(set(known["arm"]) - {control})
    require(
        control in set(known["arm"]) and bool(others), "an experiment needs a control and an arm"
    )
    arms = (control, *others)
    names, customers, sums = _moments(known, arms)
    enough = np.all(customers >= FEWEST_CUSTOMERS, axis=1).reshape(-1)
    if not enough.all():
        lost = [name for name, kept in zip(names, enough.tolist(), strict=True) if not kept]
        notes.append(f"too few customers in an arm, left out: {', '.join(lost)}")
    require(bool(enough.any()), "no segment has two customers in every arm")
    kept = tuple(name for name, each in zip(names, enough.tolist(), strict=True) if each)
    customers, sums = customers[enough], sums[:, enough]
    proportion = set(known["y"].unique()) <= {0.0, 1.0}
    variance = _of_rates(customers, sums[0]) if proportion else _of_means(customers, sums)
    kind: Literal["proportion", "mean"] = "proportion" if proportion else "mean"
    mean = sums[0] / customers
    return Cells(kept, arms, kind, customers, mean, variance, tuple(notes))


def effects(cells: Cells, *, none: float = NONE) -> Effects:
    """Draw the effects of all arms towards what they have in common over the segments."""
    return Effects(cells, pool_arms(cells.effects, cells.effect_covariance, none=none))


def _moments(known: pl.DataFrame, arms: tuple[str, ...]) -> tuple[tuple[str, ...], Counts, Floats]:
    """Names, customers int64[S, A + 1], and sums of y and central sums of y², y⁴."""
    centred = pl.col("y") - pl.col("y").mean()
    table = known.group_by("segment", "arm").agg(
        pl.len().alias("n"),
        pl.col("y").sum().alias("sum"),
        (centred**2).sum().alias("two"),
        (centred**4).sum().alias("four"),
    )
    names = tuple(sorted(set(table["segment"])))
    customers = np.zeros((len(names), len(arms)), dtype=np.int64)
    sums = np.zeros((3, len(names), len(arms)))
    places = {name: at for at, name in enumerate(names)}
    for name, arm, count, *found in table.iter_rows():
        at = places[name], arms.index(arm)
        customers[at] = count
        sums[:, at[0], at[1]] = found
    return names, customers, sums


def _of_rates(customers: Counts, reached: Floats) -> Floats:
    variance = np.empty(customers.shape)
    for arm in range(customers.shape[1]):
        n, x = customers[:, arm], reached[:, arm].astype(np.int64)
        found = shrink(x, n)
        m, strength = found.prior_mean, found.prior_strength
        rate = ((x[:, None] + m * strength) / (n[:, None] + strength)) @ found.prior_weight
        variance[:, arm] = rate * (1.0 - rate)
    return variance


def _of_means(customers: Counts, sums: Floats) -> Floats:
    variance = np.empty(customers.shape)
    for arm in range(customers.shape[1]):
        n = customers[:, arm].astype(np.float64)
        two, four = sums[1, :, arm], sums[2, :, arm]
        own = two / (n - 1.0)
        whole = float(two.sum() / (n - 1.0).sum())
        require(whole > 0.0, "the outcome of an arm is the same for everybody")
        kurtosis = max(float(four.sum() / n.sum()) / whole**2, 1.0 + 1e-9)
        error = (kurtosis - 1.0) / n
        apart = (own / whole - 1.0) ** 2
        # a mean would follow the one cell that holds the largest outcome of all
        spread = max(0.0, float(np.median(apart / _MEDIAN - error)))
        trust = spread / (spread + error)
        variance[:, arm] = whole * (1.0 + trust * (own / whole - 1.0))
    return variance
