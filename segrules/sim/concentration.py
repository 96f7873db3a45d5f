"""How unequally something is spread over customers, exactly on the data.

For results that have a figure a customer; the simulator's are totals by segment, and no command
calls these yet. A profile has its own top shares (`segrules.segments.profile`), of whole rows: it
stands below the simulator and may not import from it.
"""

import math

import numpy as np

from segrules.sim.model import Floats, require


def gini(values: Floats) -> float:
    """Return the Gini coefficient of float64[n]; nan without a positive total.

    It is 0 when all are equal, (n - 1) / n when one has everything, and above that only with
    negative values. Mean absolute difference over twice the mean, by the order-statistics formula
    sum (2 i - n - 1) x_(i) / (n sum x).
    """
    count, total = len(values), float(np.sum(values))
    if count == 0 or not total > 0:
        return math.nan
    ordered = np.sort(values)
    rank = 2.0 * np.arange(1, count + 1) - count - 1.0
    return float(np.sum(rank * (ordered / total)) / count)


def top_share(values: Floats, share: float) -> float:
    """Return the part of the total that the top `share` of float64[n] holds.

    Where the share cuts a customer, that part of the customer counts. nan without a positive
    total.
    """
    require(0.0 <= share <= 1.0, "share must lie in [0, 1]")
    count, total = len(values), float(np.sum(values))
    if count == 0 or not total > 0:
        return math.nan
    ordered = np.sort(values)[::-1]
    # share * n of a decimal share may miss the whole number it stands for by a rounding.
    size = share * count
    size = float(round(size)) if math.isclose(size, round(size), rel_tol=1e-12) else size
    whole = int(size)
    held = float(np.sum(ordered[:whole]))
    if whole < count:
        held += (size - whole) * float(ordered[whole])
    return held / total
