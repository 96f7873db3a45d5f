"""How to divide replications among designs so that the best of them is most surely found.

Source: Chen, Lin, Yücesan and Chick, Discrete Event Dynamic Systems 10 (2000).
"""

import numpy as np

from segrules.sim.model import Counts, Floats, require

_CLOSEST = 1e-6
"""Least distance of a mean from the best one, in standard deviations: equal means share alike."""


def fractions(means: Floats, sds: Floats, *, indifference: float = 0.0) -> Floats:
    """Return float64[n] parts of the replications, where the highest mean is the best design.

    means, sds: float64[n] of one replication. indifference: a difference of means below it is
    taken as this large, so that no effort goes into telling equals apart. Without any spread, or
    with one design only, every design has the same part.
    """
    require(means.shape == sds.shape and means.ndim == 1 and len(means) > 0, "shapes")
    require(bool(np.all(np.isfinite(means)) and np.all(sds >= 0)), "means and sds")
    count = len(means)
    best = int(np.argmax(means))
    if count == 1 or not bool(np.any(sds > 0)):
        return np.full(count, 1.0 / count)
    closest = max(indifference, _CLOSEST * float(sds.max()))
    away = np.maximum(means[best] - means, closest)
    part = (sds / away) ** 2
    others = (np.arange(count) != best) & (sds > 0)
    part[best] = sds[best] * float(np.sqrt((part[others] ** 2 / sds[others] ** 2).sum()))
    whole = float(part.sum())
    return np.asarray(part / whole) if whole > 0 else np.full(count, 1.0 / count)


def allocate(
    means: Floats, sds: Floats, done: Counts, more: int, *, indifference: float = 0.0
) -> Counts:
    """Return int64[n], how many of `more` replications each design gets beyond int64[n] done.

    A design that already has more than its part gets none, and what it has too much is missing
    at the others in proportion.
    """
    require(more >= 0 and bool(np.all(done >= 0)), "replications must be >= 0")
    aim = fractions(means, sds, indifference=indifference) * (int(done.sum()) + more)
    short = np.maximum(aim - done, 0.0)
    if float(short.sum()) <= 0:
        short = np.ones(len(means))
    exact = short * (more / float(short.sum()))
    given = np.floor(exact).astype(np.int64)
    # What rounding left goes to those who lost most by it, the first of equals.
    order = np.argsort(-(exact - given), kind="stable")
    given[order[: more - int(given.sum())]] += 1
    return given
