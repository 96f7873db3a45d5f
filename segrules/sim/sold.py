"""What a sale brings in each segment: what `study` shows is what futures are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from segrules.segments.funnel import Sold
from segrules.sim.learn.values import FEWEST_SALES, Values, learn_values
from segrules.sim.model import Floats, Value

SEED = 1
_WORDS = {"lognormal": "a lognormal", "gamma": "a gamma", "bootstrap": "the past sales themselves"}


@dataclass(frozen=True)
class Learned:
    """The distribution of a sale in each segment that has any, and the shape of all together.

    together: of sales in parts of the mean of their segment; None where no segment earns.
    """

    by_segment: Mapping[str, Values]
    together: Values | None

    def of(self, segment: str) -> Values | None:
        """What is known of a segment; one without a sale has the shape that all have."""
        return self.by_segment.get(segment, self.together)


@lru_cache(maxsize=4)
def learn_by_segment(sold: Sold) -> Learned:
    """Learn from the sales one by one.

    Segments with too few sales to choose a distribution take the shape of all together, brought
    to their own mean. (The same past is learned from once: many scenarios are estimated from it.)
    """
    sales = sold.by_segment
    found = {name: learn_values(each, seed=SEED) for name, each in sales.items()}
    earning = [each / each.mean() for each in sales.values() if each.mean() > 0]
    if not earning:
        return Learned(found, None)
    together = np.sort(np.concatenate(earning))
    shape = learn_values(together, seed=SEED)
    if not _few(together):
        few = [name for name, each in sales.items() if _few(each) and each.mean() > 0]
        found |= {name: _lent(shape, sales[name]) for name in few}
    return Learned(found, shape)


def _few(sales: Floats) -> bool:
    return int((sales > 0).sum()) < FEWEST_SALES


def _lent(shape: Values, own: Floats) -> Values:
    scale = float(own.mean()) / shape.mean
    note = f"{len(own):,} sales are too few to choose a distribution: all sales lend their shape"
    return replace(
        shape, law=shape.law.scaled(scale), score={}, mean=shape.mean * scale,
        variance=shape.variance * scale**2, sales=len(own), notes=(note, *shape.notes),
    )  # fmt: skip


def said_of(learned: Learned, segments: Sequence[str]) -> str:
    """Which distribution each segment has; nothing where no sales vary."""
    kinds: dict[str, list[str]] = {}
    for name, each in _varying(learned, segments).items():
        kinds.setdefault(_WORDS[each.method], []).append(name)
    listed = "; ".join(f"{word} in {', '.join(names)}" for word, names in kinds.items())
    return f"sales are drawn from what best foretold sales left out: {listed}" if kinds else ""


def heavy_of(learned: Learned, segments: Sequence[str]) -> list[str]:
    """What is to be kept in mind of segments whose mean hangs on a few large sales."""
    known = _varying(learned, segments)
    return [f"{name}: {each.notes[-1]}" for name, each in known.items() if each.heavy]


def _varying(learned: Learned, segments: Sequence[str]) -> dict[str, Values]:
    return {name: each for name in segments if (each := learned.of(name)) and each.variance > 0.0}


def spread_as(value: Value, learned: Learned, segments: Sequence[str]) -> Value:
    """The same means, with sales that spread around them by the laws of the segments."""
    every = [learned.of(name) for name in segments]
    known = [each if each and each.mean > 0 else learned.together for each in every]
    laws = [each for each in known if each is not None]
    if len(laws) < len(segments):
        return value
    relative = np.array([each.variance / each.mean**2 for each in laws])
    return replace(value, variance=value.mean**2 * relative, laws=tuple(each.law for each in laws))
