"""From days to figures: today, then, and the difference under the same luck.

Every figure is of a day. A share or a mean wait is that of all customers of all days together; its
intervals are those of single days with customers. Money is in minor units, waits are in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segrules.sim.model import COST, TOTAL, Floats
from segrules.sim.queues.days import Days
from segrules.sim.summary import Figure

OTHERS = "the others"
"""All segments that no lever of a scenario is about, taken together."""

CONTACTS, ANSWERED, GIVEN_UP = "contacts", "answered", "given up"
WAIT, WAIT_OF_ANSWERED = "wait", "wait of the answered"
DELAYED, IN_TIME, ABANDONMENT = "has to wait", "answered in time", "gives up"
OCCUPANCY, AGENT_HOURS = "occupancy", "agent hours"

Unit = Literal["contacts", "seconds", "share", "hours", "money"]

UNITS: dict[str, Unit] = {
    CONTACTS: "contacts", ANSWERED: "contacts", GIVEN_UP: "contacts",
    WAIT: "seconds", WAIT_OF_ANSWERED: "seconds",
    DELAYED: "share", IN_TIME: "share", ABANDONMENT: "share",
    OCCUPANCY: "share", AGENT_HOURS: "hours", COST: "money",
}  # fmt: skip

BETTER = {ANSWERED: 1, IN_TIME: 1} | dict.fromkeys(
    (GIVEN_UP, WAIT, WAIT_OF_ANSWERED, DELAYED, ABANDONMENT, COST), -1
)
"""Whether more is better (1) or less; the other measures are neither."""

_SECONDS = 3600.0
_LEVELS = (0.25, 0.75, 0.1, 0.9, 0.025, 0.975)


@dataclass(frozen=True)
class LineRow:
    """One measure of a segment (or of `TOTAL`, or of `OTHERS`), or of a pool, in one scenario.

    chance_better: share of days on which the scenario is strictly better; None for a measure of
    which neither more nor less is better, and where no day differs.
    """

    scenario: str
    segment: str
    pool: str
    measure: str
    today: Figure
    then: Figure
    difference: Figure
    chance_better: float | None

    @property
    def unit(self) -> Unit:
        return UNITS[self.measure]


@dataclass(frozen=True)
class PartOfDay:
    """How a part of the day goes, over all segments: means of today and of a scenario.

    start, stop: hours of the clock. wait in seconds; wait_error: Monte Carlo error of the
    difference. occupancy, agents: by pool, nan where nobody is there.
    """

    scenario: str
    start: float
    stop: float
    contacts: tuple[float, float]
    wait: tuple[float, float]
    wait_error: float
    gives_up: tuple[float, float]
    occupancy: tuple[tuple[str, float, float], ...]
    agents: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Pair:
    """The days of both arms, and the cost of each day, float64[R] in minor units."""

    today: Days
    then: Days
    cost_today: Floats
    cost_then: Floats


def rows(
    scenario: str, pair: Pair, segments: Sequence[str], pools: Sequence[str], named: Sequence[str]
) -> list[LineRow]:
    """All figures of a scenario: by segment with contacts, others, total, and pool."""
    seen = pair.today.contacts.sum(axis=0) + pair.then.contacts.sum(axis=0) > 0
    groups = {name: [at] for at, name in enumerate(segments) if seen[at]}
    rest = [at for at, name in enumerate(segments) if name not in named and seen[at]]
    if named and 0 < len(rest) < int(seen.sum()):
        groups[OTHERS] = rest
    groups[TOTAL] = [int(at) for at in np.flatnonzero(seen)]
    made = [
        row for name, chosen in groups.items() for row in _of_segments(scenario, name, pair, chosen)
    ]
    made.append(_row((scenario, TOTAL, "", COST), _amounts(pair.cost_today, pair.cost_then)))
    for at, name in enumerate(pools):
        arms = [(each.busy[:, at], each.there[:, at]) for each in (pair.today, pair.then)]
        made += _shares((scenario, "", name), {OCCUPANCY: arms})
        hours = _amounts(arms[0][1], arms[1][1])
        made.append(_row((scenario, "", name, AGENT_HOURS), hours))
    return made


def differences(pair: Pair, measure: str) -> Floats | None:
    """float64[R] by day, over all contacts, whose mean is the difference of the measure.

    Of a share or a mean wait it is to first order what each day adds to it, so that its standard
    deviation gives the error of the difference; None where the measure is not known.
    """
    if measure == COST:
        return np.asarray(pair.cost_then - pair.cost_today)
    everybody = list(range(pair.today.contacts.shape[1]))
    amounts = _amounts_of(pair, everybody)
    if measure in amounts:
        today, then = amounts[measure]
        return np.asarray(then - today)
    arms = _parts_of(pair, everybody)[measure]
    if any(not np.isfinite(top).all() or below.sum() <= 0 for top, below in arms):
        return None
    (before, off_before), (after, off_after) = (_mean_of(top, below) for top, below in arms)
    return np.asarray(after - before + off_after - off_before)


def _mean_of(top: Floats, below: Floats) -> tuple[float, Floats]:
    """A sum over a sum, and by how much each day moves it to first order."""
    mean = float(top.sum() / below.sum())
    return mean, np.asarray((top - mean * below) / below.mean())


def _of_segments(scenario: str, name: str, pair: Pair, chosen: list[int]) -> list[LineRow]:
    place = (scenario, name, "")
    made = [
        _row((*place, measure), _amounts(today, then))
        for measure, (today, then) in _amounts_of(pair, chosen).items()
    ]
    return made + _shares(place, _parts_of(pair, chosen))


def _total(what: str, days: Days, chosen: list[int]) -> Floats:
    found: Floats = getattr(days, what)
    return np.asarray(found[:, chosen].sum(axis=1))


def _amounts_of(pair: Pair, chosen: list[int]) -> dict[str, tuple[Floats, Floats]]:
    """What adds up, float64[R] of both arms, of the chosen segments."""
    return {
        measure: (_total(what, pair.today, chosen), _total(what, pair.then, chosen))
        for measure, what in ((CONTACTS, "contacts"), (ANSWERED, "served"), (GIVEN_UP, "lost"))
    }


def _parts_of(pair: Pair, chosen: list[int]) -> dict[str, list[tuple[Floats, Floats]]]:
    """Shares and mean waits as sums over sums, float64[R] each, of both arms."""
    arms = (pair.today, pair.then)

    def total(what: str) -> list[Floats]:
        return [_total(what, each, chosen) for each in arms]

    served, lost = total("served"), total("lost")
    ended = [one + other for one, other in zip(served, lost, strict=True)]
    waited = [each * _SECONDS for each in total("wait_served")]
    all_waited = [
        before + each * _SECONDS for before, each in zip(waited, total("wait_lost"), strict=True)
    ]
    tops = {
        WAIT: (all_waited, ended),
        WAIT_OF_ANSWERED: (waited, served),
        DELAYED: (total("delayed"), ended),
        IN_TIME: (total("answered"), ended),
        ABANDONMENT: (lost, ended),
    }
    return {measure: list(zip(top, below, strict=True)) for measure, (top, below) in tops.items()}


Place = tuple[str, str, str]
Three = tuple[Figure, Figure, Figure, Floats]


def _shares(place: Place, given: dict[str, list[tuple[Floats, Floats]]]) -> list[LineRow]:
    """A row for each ratio that is known; a formula may not tell all of them."""
    made = []
    for measure, arms in given.items():
        found = ratios(*arms)
        if found is not None:
            made.append(_row((*place, measure), found))
    return made


def _row(name: tuple[str, str, str, str], found: Three) -> LineRow:
    today, then, difference, by_day = found
    better = BETTER.get(name[3], 0)
    chance = None
    if better and by_day.any():
        chance = float(np.count_nonzero(by_day * better > 0) / len(by_day))
    return LineRow(*name, today, then, difference, chance)


def _amounts(today: Floats, then: Floats) -> Three:
    """Figures of amounts by day, float64[R] each."""
    difference = then - today
    made = [_figure(float(each.mean()), each, each) for each in (today, then, difference)]
    return made[0], made[1], made[2], difference


def ratios(today: tuple[Floats, Floats], then: tuple[Floats, Floats]) -> Three | None:
    """Figures of sums over sums by day, float64[R] each; None where one of them is not known."""
    arms = (today, then)
    if any(not np.isfinite(each).all() or below.sum() <= 0 for each, below in arms):
        return None
    means, off = zip(*(_mean_of(top, below) for top, below in arms), strict=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_day = [top / below for top, below in arms]
    known = (today[1] > 0) & (then[1] > 0)
    made = [
        _figure(mean, days[below > 0], rest)
        for mean, days, rest, (_, below) in zip(means, by_day, off, arms, strict=True)
    ]
    difference = (by_day[1] - by_day[0])[known]
    if not len(difference):
        return None
    return made[0], made[1], _figure(means[1] - means[0], difference, off[1] - off[0]), difference


def _figure(mean: float, days: Floats, residuals: Floats) -> Figure:
    """A mean, the intervals of the days, and its error from residuals, float64[R]."""
    low50, high50, low80, high80, low95, high95 = np.quantile(days, _LEVELS).tolist()
    constant = len(residuals) < 2 or bool((residuals == residuals[0]).all())
    error = 0.0 if constant else float(residuals.std(ddof=1)) / math.sqrt(len(residuals))
    return Figure(mean, (low50, high50), (low80, high80), (low95, high95), error)


def course(scenario: str, pair: Pair, clock: Floats, pools: Sequence[str]) -> list[PartOfDay]:
    """The parts of the day of a scenario beside today."""
    made = []
    arms = (pair.today, pair.then)
    for at in range(len(clock) - 1):
        waits = [(each.wait_in[:, at] * _SECONDS, each.contacts_in[:, at]) for each in arms]
        found = ratios(waits[0], waits[1])
        known = (math.nan, math.nan) if found is None else (found[0].mean, found[1].mean)
        made.append(
            PartOfDay(
                scenario,
                float(clock[at]),
                float(clock[at + 1]),
                _both([float(below.mean()) for _, below in waits]),
                known,
                0.0 if found is None else found[2].mc_error,
                _both([_share(each.lost_in[:, at], each.contacts_in[:, at]) for each in arms]),
                _by_pool(pools, [_occupancy(each, at) for each in arms]),
                _by_pool(pools, [_there(each, at, clock) for each in arms]),
            )
        )
    return made


def _both(found: list[float]) -> tuple[float, float]:
    return found[0], found[1]


def _share(top: Floats, below: Floats) -> float:
    total = float(below.sum())
    return float(top.sum()) / total if total > 0 else math.nan


def _occupancy(days: Days, at: int) -> list[float]:
    return [
        _share(days.busy_in[:, at, pool], days.there_in[:, at, pool])
        for pool in range(days.there_in.shape[2])
    ]


def _there(days: Days, at: int, clock: Floats) -> list[float]:
    hours = days.there_in[:, at].mean(axis=0) / (clock[at + 1] - clock[at])
    found: list[float] = hours.tolist()
    return found


def _by_pool(
    pools: Sequence[str], found: list[list[float]]
) -> tuple[tuple[str, float, float], ...]:
    return tuple((name, found[0][at], found[1][at]) for at, name in enumerate(pools))
