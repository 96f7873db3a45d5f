"""Who loses in a pool: cases fall to its agents by chance, so that each has others than the next.

The cases of a segment that an agent gets are Poisson around the share of one agent of the pool.
Where the pool has fewer of them in a scenario, each is lost with the same chance; where it has
more, so many more come on the mean. A case brings an agent what a case of its segment brings the
pool on the mean: what is told apart is the plan and the cases, not the luck with a client.

Shapes: R futures, A agents, S segments. Money in minor units, over the projected time.
"""

from typing import NamedTuple

import numpy as np

from segrules.sim.draws import binomial, poisson
from segrules.sim.effort.losers import PayChange
from segrules.sim.jit import kernel
from segrules.sim.model import Counts, Floats, require
from segrules.sim.uniforms import Key, identity

AGENTS_AT_MOST = 2**16
"""Agents of a pool that have luck of their own."""

_DEALT, _MOVED = np.uint64(identity("cases dealt")), np.uint64(identity("cases moved"))

_ROUNDING = 1e-9
"""Pay that changes by less than this share of it has not changed."""


class Hand(NamedTuple):
    """What falls to one agent of a pool: cases on the mean and the pay for them, [R, S] each."""

    cases: Floats
    pay: Floats


@kernel
def deal(seed: int, words: Counts, before: Floats, after: Floats, out: Counts) -> None:
    """Fill [2, R, A, S] with cases today and then; before, after: [R, S] on the mean.

    words: [S] the names of a pool's segments. Equal means give equal cases.
    """
    _, runs, agents, segments = out.shape
    for r in range(runs):
        for a in range(agents):
            period = np.uint64(a)
            for s in range(segments):
                entity, run = np.uint64(words[s]), np.uint64(r)
                dealt = Key(np.uint64(seed), entity, period, _DEALT, run)
                moved = Key(np.uint64(seed), entity, period, _MOVED, run)
                now, then = before[r, s], after[r, s]
                count = poisson(now, dealt)
                out[0, r, a, s] = count
                if then < now:
                    count = binomial(count, then / now, moved)
                elif then > now:
                    count += poisson(then - now, moved)
                out[1, r, a, s] = count


def dealt_pay(
    name: str, segments: tuple[str, ...], agents: int, hands: tuple[Hand, Hand], seed: int
) -> PayChange:
    """Return what each of a pool's agents is paid in each future, today and then: float64[R, A].

    name: of the pool; hands: today and then, of one agent on the mean.
    """
    require(1 <= agents <= AGENTS_AT_MOST, "agents of a pool")
    now, then = hands
    words = np.array([identity(name, each) for each in segments], dtype=np.int64)
    cases = np.empty((2, len(now.cases), agents, len(segments)), dtype=np.int64)
    deal(seed, words, np.ascontiguousarray(now.cases), np.ascontiguousarray(then.cases), cases)
    before, after = (
        np.einsum("ras,rs->ra", count.astype(np.float64), ratio(hand.pay, hand.cases))
        for count, hand in zip(cases, hands, strict=True)
    )
    same = np.abs(after - before) <= _ROUNDING * np.abs(before)
    names = tuple(f"{name} {at + 1}" for at in range(agents))
    return PayChange(names, before, np.where(same, before, after))


def ratio(above: Floats, below: Floats) -> Floats:
    """Return above / below, 0 where there is nothing below."""
    some = below > 0.0
    return np.asarray(np.where(some, above / np.where(some, below, 1.0), 0.0))
