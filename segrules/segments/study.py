"""A funnel by segment: rates on mature cohorts, with intervals and differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Literal

from segrules.segments.assign import Placement
from segrules.segments.funnel import FunnelHistory, StageCounts, funnel_history
from segrules.segments.profile import find_set
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class StageOfSegment:
    """One segment at one stage; rates are parts of one, `None` when nobody entered.

    `index` is 100 at the rate of all segments together. `differs` compares with the rest of the
    segments: below or above when the 95% interval of the difference leaves zero out.
    """

    segment: str
    counts: StageCounts
    rate: float | None
    interval_80: Interval
    interval_95: Interval
    index: float | None
    differs: Literal["below", "above", "–"]


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
    return Study(tuple(_stage(history, stage) for stage in later), history, findings)


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


def wilson(successes: int, trials: int, level: float) -> Interval:
    """Wilson's score interval of a rate; everything from 0 to 1 without trials.

    E. B. Wilson, "Probable inference", Journal of the American Statistical Association 22 (1927).
    """
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
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
    (low_1, high_1), (low_2, high_2) = wilson(*one, level), wilson(*other, level)
    rate_1, rate_2 = one[0] / one[1], other[0] / other[1]
    down = math.hypot(rate_1 - low_1, high_2 - rate_2)
    up = math.hypot(high_1 - rate_1, rate_2 - low_2)
    return rate_1 - rate_2 - down, rate_1 - rate_2 + up


def _stage(history: FunnelHistory, stage: str) -> StudiedStage:
    counts = {name: history.counts[name, stage] for name in history.segments}
    overall = _sum(list(counts.values()))
    average = _rate(overall)
    return StudiedStage(
        name=stage,
        mature_until=history.mature_until[stage],
        counts=overall,
        rate=average,
        segments=tuple(_segment(name, each, overall) for name, each in counts.items()),
    )


def _segment(name: str, counts: StageCounts, overall: StageCounts) -> StageOfSegment:
    rate, average = _rate(counts), _rate(overall)
    return StageOfSegment(
        segment=name,
        counts=counts,
        rate=rate,
        interval_80=wilson(counts.reached, counts.entered, 0.80),
        interval_95=wilson(counts.reached, counts.entered, 0.95),
        index=100 * rate / average if rate is not None and average else None,
        differs=_differs(counts, overall),
    )


def _differs(counts: StageCounts, overall: StageCounts) -> Literal["below", "above", "–"]:
    rest = (overall.reached - counts.reached, overall.entered - counts.entered)
    if counts.entered == 0 or rest[1] == 0:
        return "–"
    low, high = difference((counts.reached, counts.entered), rest, 0.95)
    if high < 0:
        return "below"
    return "above" if low > 0 else "–"


def _sum(counts: Sequence[StageCounts]) -> StageCounts:
    return StageCounts(
        sum(each.entered for each in counts),
        sum(each.reached for each in counts),
        sum(each.too_recent for each in counts),
    )


def _rate(counts: StageCounts) -> float | None:
    return counts.reached / counts.entered if counts.entered else None
