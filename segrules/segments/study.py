"""A funnel by segment: rates on mature cohorts, with intervals and differences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Literal, TypeVar

from segrules.segments.assign import Placement
from segrules.segments.funnel import FunnelHistory, StageCounts, funnel_history
from segrules.segments.profile import find_set
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems

Interval = tuple[float, float]
Key = TypeVar("Key")

Differs = Literal["below", "above", "–"]

LEVEL = 0.95
"""Of the intervals of differences; differences are marked where p is below what is left to one."""

_FAR = 40.0
"""Standard errors beyond which a p-value is no more than zero."""


@dataclass(frozen=True, slots=True)
class StageOfSegment:
    """One segment at one stage; rates are parts of one, `None` when nobody entered.

    `index` is 100 at the rate of all segments together. `difference` is that from the rest of the
    segments, with its 95% interval; `None` where either has nobody. `p` is what is left of it when
    all comparisons of the study are told from chance together (Holm), and `differs` says below or
    above where it is under 5%.
    """

    segment: str
    counts: StageCounts
    rate: float | None
    interval_80: Interval
    interval_95: Interval
    index: float | None
    difference: float | None
    difference_95: Interval | None
    p: float | None
    differs: Differs


@dataclass(frozen=True, slots=True)
class StudiedStage:
    """`mature_until`: entries up to that day are counted; `rate` is that of all segments."""

    name: str
    mature_until: date
    counts: StageCounts
    rate: float | None
    segments: tuple[StageOfSegment, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """Every stage after entry, the history it comes from, and stages without a mature cohort."""

    stages: tuple[StudiedStage, ...]
    history: FunnelHistory
    findings: tuple[Diagnostic, ...]


def study(placement: Placement, funnel: str, segments_of: str) -> Study:
    """Studies a funnel by the segments of a set.

    Raises:
        RulesError: a name is not declared, the tables differ, or no cohort is mature for any
            stage.
    """
    declared = [found.name for found in placement.ruleset.funnels]
    chosen = next((found for found in placement.ruleset.funnels if found.name == funnel), None)
    if chosen is None:
        raise RulesError([problems.not_declared("funnel", funnel, declared)], unable=True)
    history = funnel_history(placement, chosen, find_set(placement.ruleset, segments_of))
    later = history.stages[1:]
    young = [stage for stage in later if history.mature[stage] == 0]
    if later and len(young) == len(later):
        raise RulesError([_no_cohort(history, later[0])])
    findings = tuple(_no_rate(history, stage) for stage in young)
    return Study(studied(history), history, findings)


def studied(history: FunnelHistory) -> tuple[StudiedStage, ...]:
    """Every stage after entry, each segment beside the others."""
    chances = holm(_chances(history))
    return tuple(_stage(history, stage, chances) for stage in history.stages[1:])


def _no_cohort(history: FunnelHistory, stage: str) -> Diagnostic:
    before = _before_if_nobody(history, stage)
    if before is not None:
        return problems.nobody_before(history.funnel, stage, before)
    until = history.mature_until[stage].isoformat()
    return problems.no_mature_cohort(history.funnel, stage, until)


def _no_rate(history: FunnelHistory, stage: str) -> Diagnostic:
    before = _before_if_nobody(history, stage)
    if before is not None:
        return problems.nobody_before_yet(history.funnel, stage, before)
    return problems.stage_too_young(history.funnel, stage, history.mature_until[stage].isoformat())


def _before_if_nobody(history: FunnelHistory, stage: str) -> str | None:
    """The stage before, when nobody at all has reached it: time is not what is wanting then."""
    counts = _sum([history.counts[name, stage] for name in history.segments])
    if counts.entered or counts.too_recent:
        return None
    return history.stages[history.stages.index(stage) - 1]


# ---- rates


def wilson(successes: int, trials: int, level: float) -> Interval:
    """Wilson's score interval of a rate; everything from 0 to 1 without trials.

    E. B. Wilson, "Probable inference", Journal of the American Statistical Association 22 (1927).
    """
    return _wilson(successes, trials, _errors(level)) if trials else (0.0, 1.0)


def _errors(level: float) -> float:
    """How many standard errors an interval of a level reaches to either side."""
    return NormalDist().inv_cdf((1 + level) / 2)


def _wilson(successes: int, trials: int, z: float) -> Interval:
    rate = successes / trials
    scale = 1 + z * z / trials
    middle = (rate + z * z / (2 * trials)) / scale
    half = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / scale
    # at the ends the interval touches 0 and 1 exactly, which rounding would miss
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def difference(one: tuple[int, int], other: tuple[int, int], level: float) -> Interval:
    """Newcombe's interval of the difference of two rates, each (successes, trials > 0).

    Method 10 of R. G. Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17 (1998).
    """
    return _difference(one, other, _errors(level))


def _difference(one: tuple[int, int], other: tuple[int, int], z: float) -> Interval:
    (low_1, high_1), (low_2, high_2) = _wilson(*one, z), _wilson(*other, z)
    rate_1, rate_2 = one[0] / one[1], other[0] / other[1]
    down = math.hypot(rate_1 - low_1, high_2 - rate_2)
    up = math.hypot(high_1 - rate_1, rate_2 - low_2)
    return rate_1 - rate_2 - down, rate_1 - rate_2 + up


def chance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """The two-sided p-value of a difference: Newcombe's interval of level 1 - p just touches zero.

    So it is below 0.05 exactly where the interval of 95% leaves zero out.
    """
    # intervals of a higher level lie around those of a lower one
    near, far = 0.0, _FAR
    for _ in range(50):
        z = (near + far) / 2
        low, high = _difference(one, other, z)
        near, far = (z, far) if low > 0 or high < 0 else (near, z)
    return normal_chance(near)


def normal_chance(z: float) -> float:
    """The chance of being this many standard errors off, to either side."""
    return math.erfc(abs(z) / math.sqrt(2))


def holm(chances: Mapping[Key, float]) -> dict[Key, float]:
    """p-values of a family, adjusted so that any wrong finding at all has the chance stated.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979).
    """
    adjusted: dict[Key, float] = {}
    least = 0.0
    for at, (key, p) in enumerate(sorted(chances.items(), key=lambda each: each[1])):
        least = max(least, min(1.0, (len(chances) - at) * p))
        adjusted[key] = least
    return adjusted


def marked(difference: float | None, p: float | None) -> Differs:
    """Below or above where an adjusted p-value is small enough."""
    if difference is None or p is None or p >= 1 - LEVEL:
        return "–"
    return "below" if difference < 0 else "above"


# ---- segments


def _chances(history: FunnelHistory) -> dict[tuple[str, str], float]:
    """The p-value of each comparison by (stage, segment); of two segments there is only one."""
    found: dict[tuple[str, str], float] = {}
    for stage in history.stages[1:]:
        counts = {name: history.counts[name, stage] for name in history.segments}
        overall = _sum(list(counts.values()))
        entered = [name for name, each in counts.items() if each.entered]
        for name in entered[:1] if len(entered) == 2 else entered:
            one, rest = _beside(counts[name], overall)
            if rest[1]:
                found[stage, name] = chance(one, rest)
    return found


def _stage(
    history: FunnelHistory, stage: str, chances: Mapping[tuple[str, str], float]
) -> StudiedStage:
    counts = {name: history.counts[name, stage] for name in history.segments}
    overall = _sum(list(counts.values()))
    # of two segments the second differs from the first as the first does from it
    of_both = next((p for (at, _), p in chances.items() if at == stage), None)
    return StudiedStage(
        name=stage,
        mature_until=history.mature_until[stage],
        counts=overall,
        rate=_rate(overall),
        segments=tuple(
            _segment(name, each, overall, chances.get((stage, name), of_both))
            for name, each in counts.items()
        ),
    )


def _segment(
    name: str, counts: StageCounts, overall: StageCounts, p: float | None
) -> StageOfSegment:
    rate, average = _rate(counts), _rate(overall)
    one, rest = _beside(counts, overall)
    both = one[1] > 0 and rest[1] > 0
    apart = one[0] / one[1] - rest[0] / rest[1] if both else None
    return StageOfSegment(
        segment=name,
        counts=counts,
        rate=rate,
        interval_80=wilson(counts.reached, counts.entered, 0.80),
        interval_95=wilson(counts.reached, counts.entered, 0.95),
        index=100 * rate / average if rate is not None and average else None,
        difference=apart,
        difference_95=difference(one, rest, LEVEL) if both else None,
        p=p if both else None,
        differs=marked(apart, p),
    )


def _beside(counts: StageCounts, overall: StageCounts) -> tuple[tuple[int, int], tuple[int, int]]:
    """Who reached the stage of those who entered, in a segment and in all others."""
    rest = (overall.reached - counts.reached, overall.entered - counts.entered)
    return (counts.reached, counts.entered), rest


def _sum(counts: Sequence[StageCounts]) -> StageCounts:
    return StageCounts(
        sum(each.entered for each in counts),
        sum(each.reached for each in counts),
        sum(each.too_recent for each in counts),
    )


def _rate(counts: StageCounts) -> float | None:
    return counts.reached / counts.entered if counts.entered else None
