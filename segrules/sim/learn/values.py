"""How much a sale brings: lognormal, gamma or the sales themselves, by what they foretell.

Each candidate is fitted on all folds but one and scored by the logarithm of its density at the
sales left out. The bootstrap has no density; it is scored by that of a smoothed one (a normal
kernel on the logarithms, Silverman's width). It repeats the past and must therefore be better
than the best curve by a standard error of the difference. Where large sales are so heavy that the
Hill index is below 2 (no variance), the tail is cut at the largest sale seen.

Sources: Silverman, Density Estimation (1986), section 3.4; Hill, Annals of Statistics 3 (1975);
Minka, "Estimating a gamma distribution" (2002).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import digamma, polygamma

from segrules.sim.luck import uniforms
from segrules.sim.model import Floats, require
from segrules.sim.sale import BOOTSTRAP, GAMMA, LOGNORMAL, SaleLaw, moments

Kind = Literal["lognormal", "gamma", "bootstrap"]

FEWEST_SALES = 20
"""Sales below which no distribution is chosen: the lognormal is taken."""

HEAVY = 2.0
MOST_SCORED = 200_000
"""Sales that are scored at most; of more, as many evenly from the least to the largest."""

_CELLS = 1024


@dataclass(frozen=True)
class Tail:
    """Hill's index of the largest sales: its estimate, standard error and the sales it rests on."""

    index: float
    error: float
    sales: int

    @property
    def heavy(self) -> bool:
        """Whether the variance seems infinite."""
        return self.index < HEAVY


@dataclass(frozen=True)
class Values:
    """The distribution of a sale.

    score: mean held-out log density by candidate. score_error: standard error of the lead of the
    bootstrap over the best curve. mean, variance: of the law. data_weight: 1, nothing is
    drawn towards other segments.
    """

    method: Kind
    law: SaleLaw
    score: Mapping[str, float]
    score_error: float
    tail: Tail | None
    mean: float
    variance: float
    sales: int
    notes: tuple[str, ...]
    data_weight: float = 1.0

    @property
    def heavy(self) -> bool:
        """Whether the mean hangs on a few sales."""
        return self.tail is not None and self.tail.heavy


def learn_values(sales: Floats, *, seed: int = 0, folds: int = 5) -> Values:
    """Choose and fit the distribution of float64[N] sales.

    Sales of 0 are a part of their own; where some are below 0 only the bootstrap can be.
    ValueError without a sale.
    """
    require(len(sales) > 0 and bool(np.all(np.isfinite(sales))), "sales must be finite numbers")
    if bool(np.any(sales < 0)):
        note = "some sales are below 0: the sales themselves are drawn from"
        return _built("bootstrap", sales, 0.0, {}, 0.0, (note,))
    positive = sales[sales > 0]
    nothing = 1.0 - len(positive) / len(sales)
    if len(np.unique(positive)) < 2:
        return _built("bootstrap", sales, 0.0, {}, 0.0, ("all sales are worth the same",))
    if len(positive) < FEWEST_SALES:
        note = f"{len(positive)} sales are too few to choose a distribution: lognormal is taken"
        return _built("lognormal", positive, nothing, {}, 0.0, (note,))
    scored = positive
    if len(positive) > MOST_SCORED:
        scored = np.sort(positive)[:: math.ceil(len(positive) / MOST_SCORED)]
    scores = _scores(scored, seed, folds)
    curves = sorted(("lognormal", "gamma"), key=lambda name: -float(scores[name].mean()))
    lead = scores["bootstrap"] - scores[curves[0]]
    error = float(lead.std(ddof=1)) / math.sqrt(len(lead))
    method: Kind = "bootstrap" if float(lead.mean()) > error else _curve(curves[0])
    means = {name: float(each.mean()) for name, each in scores.items()}
    return _built(method, positive, nothing, means, error, ())


def hill(sales: Floats) -> Tail | None:
    """Hill's index of the largest of float64[N] sales (> 0), None below 50 of them.

    It rests on N ** 0.6 of them, and never on more than a tenth.
    """
    count = min(int(len(sales) ** 0.6), len(sales) // 10)
    if count < 5:
        return None
    top = np.sort(sales)[::-1][: count + 1]
    mean = float(np.mean(np.log(top[:-1] / top[-1])))
    if mean <= 0.0:
        return None
    return Tail(1.0 / mean, 1.0 / mean / math.sqrt(count), count)


# ---- fitting


def _curve(name: str) -> Kind:
    return "gamma" if name == "gamma" else "lognormal"


def _built(
    method: Kind,
    sales: Floats,
    nothing: float,
    score: Mapping[str, float],
    error: float,
    notes: tuple[str, ...],
) -> Values:
    positive = sales[sales > 0]
    tail = hill(positive) if len(positive) else None
    cap = math.inf
    said = list(notes)
    if tail is not None and tail.heavy:
        cap = float(sales.max())
        said.append(
            f"the largest sales are very heavy (Hill index {tail.index:.1f} ± {tail.error:.1f}, "
            "below 2): the mean hangs on a few of them, and no sale above the largest one seen "
            "is drawn"
        )
    table = np.sort(sales) if method == "bootstrap" else np.zeros(1)
    kind, a, b = _parameters(method, sales)
    law = SaleLaw(kind, a, b, nothing, cap, table)
    mean, square = moments(law)
    count = round(len(sales) / (1.0 - nothing))
    return Values(method, law, score, error, tail, mean, square - mean * mean, count, tuple(said))


def _parameters(method: Kind, sales: Floats) -> tuple[int, float, float]:
    if method == "bootstrap":
        return BOOTSTRAP, 0.0, 0.0
    if method == "gamma":
        shape, scale = _fit_gamma(sales)
        return GAMMA, shape, scale
    logs = np.log(sales)
    return LOGNORMAL, float(logs.mean()), float(logs.std(ddof=1)) if len(logs) > 1 else 0.0


def _fit_gamma(sales: Floats) -> tuple[float, float]:
    """Return shape and scale of highest likelihood, by Newton on 1 / shape."""
    mean = float(sales.mean())
    gap = math.log(mean) - float(np.log(sales).mean())
    shape = (3.0 - gap + math.sqrt((gap - 3.0) ** 2 + 24.0 * gap)) / (12.0 * gap)
    for _ in range(50):
        slope = 1.0 / shape - polygamma(1, shape)
        step = (math.log(shape) - digamma(shape) - gap) / (shape * shape * slope)
        changed = 1.0 / (1.0 / shape + step)
        if abs(changed - shape) <= 1e-12 * shape:
            break
        shape = changed
    return shape, mean / shape


def _log_density(law: SaleLaw, logs: Floats) -> Floats:
    """Log density of the logarithm of a sale."""
    if law.kind == LOGNORMAL:
        z = (logs - law.a) / law.b
        return np.asarray(-0.5 * z * z - math.log(law.b * math.sqrt(2.0 * math.pi)))
    shape, scale = law.a, law.b
    norm = math.lgamma(shape) + shape * math.log(scale)
    return np.asarray(shape * logs - np.exp(logs) / scale - norm)


# ---- scoring


def _scores(positive: Floats, seed: int, folds: int) -> dict[str, Floats]:
    """Held-out log density of the logarithm of each sale, float64[N], by candidate."""
    logs = np.log(positive)
    order = np.argsort(uniforms(seed, "folds of sales", 1, len(logs))[0], kind="stable")
    fold = np.empty(len(logs), dtype=np.int64)
    fold[order] = np.arange(len(logs)) % folds
    scores = {name: np.empty(len(logs)) for name in ("lognormal", "gamma", "bootstrap")}
    for each in range(folds):
        out = fold == each
        for name in ("lognormal", "gamma"):
            kind, a, b = _parameters(_curve(name), positive[~out])
            curve = SaleLaw(kind, a, b, 0.0, math.inf, np.zeros(1))
            scores[name][out] = _log_density(curve, logs[out])
        scores["bootstrap"][out] = _smoothed(logs[~out], logs[out])
    return scores


def _smoothed(seen: Floats, asked: Floats) -> Floats:
    """Log density at `asked` of `seen` with a normal kernel, counted into cells first."""
    quarter, three = np.quantile(seen, [0.25, 0.75])
    spread = min(float(seen.std(ddof=1)), float(three - quarter) / 1.349 or math.inf)
    width = max(0.9 * spread * len(seen) ** -0.2, 1e-6)
    low, high = float(seen.min()) - 4.0 * width, float(seen.max()) + 4.0 * width
    counts, edges = np.histogram(seen, _CELLS, (low, high))
    centre = 0.5 * (edges[1:] + edges[:-1])
    # cells are evenly apart, so a kernel reaches the same from each
    reach = np.arange(1 - _CELLS, _CELLS) * ((high - low) / _CELLS / width)
    kernel_of_cells = np.exp(-0.5 * reach * reach)
    density = np.convolve(kernel_of_cells, counts, "valid")
    density = density / (len(seen) * width * math.sqrt(2 * math.pi))
    found = np.interp(asked, centre, density, left=0.0, right=0.0)
    # a sale far from all seen has no density in the kernel; one in N sales may be anywhere
    floor = 1.0 / (len(seen) * (high - low))
    return np.asarray(np.log((1.0 - 1.0 / len(seen)) * found + floor))
