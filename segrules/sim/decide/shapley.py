"""What each lever contributes to a whole, whatever the order in which levers are named.

A lever's contribution is the mean, over all orders, of what it adds to the levers before it; the
contributions sum to the whole. Source: Shapley, "A value for n-person games" (1953). Interactions
are those of Grabisch and Roubens, Int. J. Game Theory 28 (1999): the mean of what two levers do
together beyond what they do apart.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segrules.sim.luck import orders as random_orders
from segrules.sim.model import Counts, Floats, require

MOST_EXACT = 10
"""Levers up to which all of their subsets are tried: 1,024 of them."""

ORDERS = 1_000
"""Orders that are tried beyond it."""

Value = Callable[[frozenset[str]], float | Floats]
"""The value with these levers and no others: a figure, or one a replication."""


@dataclass(frozen=True)
class Contributions:
    """The parts of levers in the difference between all of them and none.

    nothing, everything: [...] the value without and with all levers; [...] is the shape of a
    value. value: [n, ...]; it sums to everything - nothing. interaction: [n, n, ...], symmetric,
    zero on the diagonal. The errors are standard errors from sampling the orders, zero where all
    subsets were tried; that of an interaction is nan where its levers were next to each other in
    fewer than two orders.
    """

    names: tuple[str, ...]
    nothing: Floats
    everything: Floats
    value: Floats
    error: Floats
    interaction: Floats
    interaction_error: Floats
    exact: bool


def contributions(
    names: Sequence[str],
    value: Value,
    *,
    seed: int = 0,
    orders: int = ORDERS,
    exact: int = MOST_EXACT,
    interactions: bool = True,
) -> Contributions:
    """Divide value(all) - value(none) among the levers, of which there may be none.

    Up to `exact` levers every subset is valued once. Beyond, `orders` random orders and
    their reverses, which depend on the seed only; without `interactions`, which then are nan,
    fewer subsets are valued.
    """
    require(len(set(names)) == len(names), "a lever occurs twice")
    known: dict[frozenset[str], Floats] = {}

    def valued(subset: frozenset[str]) -> Floats:
        if subset not in known:
            known[subset] = np.asarray(value(subset), dtype=np.float64)
        return known[subset]

    if len(names) <= exact:
        return _exact(tuple(names), valued)
    require(orders >= 2, "an error needs two orders")
    sampled = random_orders(seed, "orders", orders, len(names))
    return _sampled(tuple(names), valued, sampled, interactions=interactions)


def bridge(
    before: Mapping[str, float],
    after: Mapping[str, float],
    outcome: Callable[[Mapping[str, float]], float | Floats],
) -> Contributions:
    """Divide outcome(after) - outcome(before) among the figures that changed."""
    require(before.keys() == after.keys(), "before and after differ in their figures")

    def value(subset: frozenset[str]) -> float | Floats:
        return outcome({name: (after if name in subset else before)[name] for name in before})

    return contributions(tuple(before), value)


def log_mean_bridge(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Divide the change of a product among its factors, in proportion to their logarithms.

    Source: Ang, Energy Policy 33 (2005). All figures must be > 0. The parts sum to the change.
    """
    require(before.keys() == after.keys(), "before and after differ in their figures")
    require(all(each > 0 for each in (*before.values(), *after.values())), "factors must be > 0")
    old, new = math.prod(before.values()), math.prod(after.values())
    # The logarithmic mean of the products; where they are equal, either of them.
    mean = old if new == old else (new - old) / math.log(new / old)
    return {name: mean * math.log(after[name] / before[name]) for name in before}


def _exact(names: tuple[str, ...], valued: Callable[[frozenset[str]], Floats]) -> Contributions:
    count = len(names)
    subsets = 2**count
    table = np.stack(
        [
            valued(frozenset(name for i, name in enumerate(names) if mask >> i & 1))
            for mask in range(subsets)
        ]
    )
    masks = np.arange(subsets)
    sizes = np.array([mask.bit_count() for mask in range(subsets)])
    value = np.zeros((count, *table.shape[1:]))
    interaction = np.zeros((count, count, *table.shape[1:]))
    one, two = _weights(count, 1), _weights(count, 2)
    for i in range(count):
        without = masks[masks >> i & 1 == 0]
        # What a lever adds is taken first, so that one which adds nothing has exactly nothing.
        added = table[without | 1 << i] - table[without]
        value[i] = np.tensordot(one[sizes[without]], added, axes=1)
        held = without[:, None] >> np.arange(count) & 1
        weight = np.where(held == 1, two[sizes[without] - 1, None], -two[sizes[without], None])
        interaction[i] = np.tensordot(weight.T, added, axes=1)
        interaction[i, i] = 0.0
    # Seen from either lever it is the same but for rounding; the one nearer to nothing is kept.
    turned = interaction.swapaxes(0, 1)
    interaction = np.where(np.abs(interaction) <= np.abs(turned), interaction, turned)
    zero, none = np.zeros_like(value), np.zeros_like(interaction)
    return Contributions(names, table[0], table[-1], value, zero, interaction, none, exact=True)


def _weights(count: int, together: int) -> Floats:
    """The chance of each set of a size to be just before `together` levers taken as one."""
    rest = count - together
    return np.array(
        [1.0 / ((rest + 1) * math.comb(rest, size)) for size in range(rest + 1)]
        + [0.0] * (together - 1)
    )


def _sampled(
    names: tuple[str, ...],
    valued: Callable[[frozenset[str]], Floats],
    sampled: Counts,
    *,
    interactions: bool,
) -> Contributions:
    count = len(names)
    nothing, everything = valued(frozenset()), valued(frozenset(names))
    value = _Means((count, *nothing.shape))
    pairs: dict[tuple[int, int], _Means] = {}
    for order in sampled.tolist():
        both = np.zeros((count, *nothing.shape))
        met: dict[tuple[int, int], list[Floats]] = {}
        # An order and its reverse err in opposite directions; together they are one observation.
        for way in (order, order[::-1]):
            path = [valued(frozenset(names[i] for i in way[:k])) for k in range(count + 1)]
            for k, i in enumerate(way):
                both[i] += 0.5 * (path[k + 1] - path[k])
            for k in range(count - 1 if interactions else 0):
                i, j = way[k], way[k + 1]
                other = valued(frozenset(names[each] for each in (*way[:k], j)))
                found = path[k + 2] + path[k] - path[k + 1] - other
                met.setdefault((max(i, j), min(i, j)), []).append(found)
        value.add(both)
        for pair, seen in met.items():
            pairs.setdefault(pair, _Means(nothing.shape)).add(sum(seen, np.zeros(())) / len(seen))
    interaction = np.zeros((count, count, *nothing.shape))
    error = np.zeros_like(interaction)
    for i in range(count):
        for j in range(i):
            held = pairs.get((i, j), _Means(nothing.shape))
            interaction[i, j] = interaction[j, i] = held.mean if held.count else np.nan
            error[i, j] = error[j, i] = held.error()
    return Contributions(
        names, nothing, everything, value.mean, value.error(), interaction, error, exact=False
    )


class _Means:
    """A running mean and its standard error; nothing but two arrays is kept."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.count = 0
        self.mean = np.zeros(shape)
        self._squares = np.zeros(shape)

    def add(self, found: Floats) -> None:
        self.count += 1
        away = found - self.mean
        self.mean = self.mean + away / self.count
        self._squares = self._squares + away * (found - self.mean)

    def error(self) -> Floats:
        if self.count < 2:
            return np.full_like(self._squares, np.nan)
        return np.sqrt(self._squares / (self.count - 1) / self.count)
