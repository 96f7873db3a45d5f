"""From days to figures: today, then, and the difference under the same luck.

Every figure is of a day. A share or a mean wait is that of all customers of all days together; its
intervals are those of single days with customers. Money is in minor units, waits are in seconds.
Beside them stands the mean difference over all days projected, in which luck has evened out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from segrules.sim.model import COST, TOTAL, Floats
from segrules.sim.queues.days import LADDER, Days
from segrules.sim.queues.spread import Drawn, OverDays
from segrules.sim.summary import Figure

OTHERS = "the others"
"""All segments that no lever of a scenario is about, taken together."""

CONTACTS, ANSWERED, GIVEN_UP = "contacts", "answered", "given up"
WAIT, WAIT_OF_ANSWERED = "wait", "wait of the answered"
DELAYED, IN_TIME, ABANDONMENT = "has to wait", "answered in time", "gives up"
OCCUPANCY, AGENT_HOURS = "occupancy", "agent hours"
NINE_IN_TEN = "nine in ten wait at most"
LEVER_COST, COST_EACH = "cost of the levers", "cost of an answered contact"

Unit = Literal["contacts", "seconds", "share", "hours", "money"]

UNITS: dict[str, Unit] = {
    CONTACTS: "contacts", ANSWERED: "contacts", GIVEN_UP: "contacts",
    WAIT: "seconds", WAIT_OF_ANSWERED: "seconds",
    DELAYED: "share", IN_TIME: "share", ABANDONMENT: "share",
    OCCUPANCY: "share", AGENT_HOURS: "hours", COST: "money",
    NINE_IN_TEN: "seconds", LEVER_COST: "money", COST_EACH: "money",
}  # fmt: skip

BETTER = {ANSWERED: 1, IN_TIME: 1} | dict.fromkeys(
    (
        GIVEN_UP, WAIT, WAIT_OF_ANSWERED, DELAYED, ABANDONMENT, COST,
        NINE_IN_TEN, LEVER_COST, COST_EACH,
    ), -1
)  # fmt: skip
"""Whether more is better (1) or less; the other measures are neither."""

UNSETTLED = 0.05
"""The chance that it goes the other way, from which more or fewer answered contacts are open."""

_SECONDS = 3600.0
_LEVELS = (0.25, 0.75, 0.1, 0.9, 0.025, 0.975)


@dataclass(frozen=True)
class LineRow:
    """One measure of a segment (or of `TOTAL`, or of `OTHERS`), or of a pool, in one scenario.

    chance_better: share of days on which the scenario is strictly better; None for a measure of
    which neither more nor less is better, and where no day differs. over_days: of the difference,
    None where it is always the same or where there is one draw of the figures, or a day of each.
    """

    scenario: str
    segment: str
    pool: str
    measure: str
    today: Figure
    then: Figure
    difference: Figure
    chance_better: float | None
    over_days: OverDays | None = None

    @property
    def unit(self) -> Unit:
        return UNITS[self.measure]


@dataclass(frozen=True)
class PartOfDay:
    """How a part of the day goes, over all segments: means of today and of a scenario.

    start, stop: hours of the clock. wait in seconds; wait_error: Monte Carlo error of the
    difference; gives_up_error: of the shares. occupancy, agents: by pool, nan where nobody is
    there. segments: of those who come, in their order.
    """

    scenario: str
    start: float
    stop: float
    contacts: tuple[float, float]
    wait: tuple[float, float]
    wait_error: float
    gives_up: tuple[float, float]
    gives_up_error: float
    occupancy: tuple[tuple[str, float, float], ...]
    agents: tuple[tuple[str, float, float], ...]
    segments: tuple[SegmentInPart, ...]


@dataclass(frozen=True)
class SegmentInPart:
    """A segment in a part of the day, today and then; waits in seconds."""

    segment: str
    contacts: tuple[float, float]
    wait: tuple[float, float]
    gives_up: tuple[float, float]
    gives_up_error: float


@dataclass(frozen=True)
class Costs:
    """What each day costs in minor units: agents float64[R, P], levers float64[R]."""

    agents: Floats
    levers: Floats

    @property
    def total(self) -> Floats:
        return np.asarray(self.agents.sum(axis=1) + self.levers)


@dataclass(frozen=True)
class Pair:
    """The days of both arms, what they cost, and which figures each day has."""

    today: Days
    then: Days
    cost_today: Costs
    cost_then: Costs
    drawn: Drawn


@dataclass(frozen=True)
class BreakEven:
    """What an answered contact must be worth, in minor units, for a scenario to pay.

    answered, cost: what changes a day, on the mean. value: None where none of them decides: more
    are answered at no more cost, or fewer at no less. settled: whether more or fewer are answered.
    interval80: of the value over all days projected. answered_error, error: Monte Carlo errors of
    the contacts and of the value.
    """

    scenario: str
    answered: float
    cost: float
    value: float | None
    settled: bool
    interval80: tuple[float, float] | None
    answered_error: float
    error: float


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
        row
        for name, chosen in groups.items()
        for row in _of_segments(scenario, name, _asked(pair, chosen), chosen)
    ]
    made += _of_money(scenario, pair, groups[TOTAL])
    for at, name in enumerate(pools):
        arms = [(each.busy[:, at], each.there[:, at]) for each in (pair.today, pair.then)]
        made += _shares((scenario, "", name), {OCCUPANCY: arms}, pair.drawn)
        costs = [each.agents[:, at] for each in (pair.cost_today, pair.cost_then)]
        for measure, found in ((AGENT_HOURS, [arms[0][1], arms[1][1]]), (COST, costs)):
            hours = _amounts(found, pair.drawn)
            made.append(_row((scenario, "", name, measure), hours, pair.drawn))
    return made


def _asked(pair: Pair, chosen: list[int]) -> Pair:
    """With what is open about a segment, where it is a single one."""
    if len(chosen) > 1:
        return pair
    return replace(pair, drawn=pair.drawn.of_segment(chosen[0]))


def _of_money(scenario: str, pair: Pair, chosen: list[int]) -> list[LineRow]:
    costs = (pair.cost_today, pair.cost_then)
    totals = [each.total for each in costs]
    place = (scenario, TOTAL, "")
    made = [
        _row((*place, measure), _amounts(arms, pair.drawn), pair.drawn)
        for measure, arms in ((COST, totals), (LEVER_COST, [each.levers for each in costs]))
    ]
    if not any(each.any() for each in totals):
        return made
    served = [_total("served", each, chosen) for each in (pair.today, pair.then)]
    each_one = list(zip(totals, served, strict=True))
    return made + _shares(place, {COST_EACH: each_one}, pair.drawn)


def break_even(scenario: str, pair: Pair) -> BreakEven | None:
    """What an answered contact must be worth; None where neither cost nor contacts change."""
    more = pair.then.served.sum(axis=1) - pair.today.served.sum(axis=1)
    cost = pair.cost_then.total - pair.cost_today.total
    if not more.any() and not cost.any():
        return None
    answered, paid = float(more.mean()), float(cost.mean())
    decides = answered * paid > 0
    value = paid / answered if decides else None
    found = pair.drawn.means(answered, more)
    told = pair.drawn.means(paid, cost)
    settled = found is None or min(found.chance(1), found.chance(-1)) < UNSETTLED
    interval = None
    if decides and settled and found is not None:
        # Luck moves the contacts and hardly the cost, most of which is stated.
        costs = np.full((len(found.draws), 1), paid) if told is None else told.draws[:, None]
        low, high = np.quantile(costs / found.likely, (0.1, 0.9)).tolist()
        interval = (low, high)
    error = 0.0 if value is None else pair.drawn.error((cost - value * more) / answered)
    return BreakEven(
        scenario, answered, paid, value, settled, interval, pair.drawn.error(more), error
    )


def differences(pair: Pair, measure: str) -> Floats | None:
    """float64[R] by day, over all contacts, whose mean is the difference of the measure.

    Of a share or a mean wait it is to first order what each day adds to it, so that its standard
    deviation gives the error of the difference; None where the measure is not known.
    """
    if measure == COST:
        return np.asarray(pair.cost_then.total - pair.cost_today.total)
    everybody = list(range(pair.today.contacts.shape[1]))
    amounts = _amounts_of(pair, everybody)
    if measure in amounts:
        today, then = amounts[measure]
        return np.asarray(then - today)
    arms = _parts_of(pair, everybody).get(measure)
    if arms is None or any(not np.isfinite(top).all() or below.sum() <= 0 for top, below in arms):
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
        _row((*place, measure), _amounts(arms, pair.drawn), pair.drawn)
        for measure, arms in _amounts_of(pair, chosen).items()
    ]
    parts = _parts_of(pair, chosen)
    made += _shares(place, parts, pair.drawn)
    ended = [below for _, below in parts[ABANDONMENT]]
    within = [each.within[:, chosen].sum(axis=1) for each in (pair.today, pair.then)]
    longest = _quantiles(within, ended, pair.drawn)
    return made if longest is None else [*made, _row((*place, NINE_IN_TEN), longest, pair.drawn)]


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


@dataclass(frozen=True)
class _Three:
    """A measure of both arms: its figures, the difference of each day, and what days are off it."""

    today: Figure
    then: Figure
    difference: Figure
    by_day: Floats
    residuals: Floats


def _shares(
    place: Place, given: dict[str, list[tuple[Floats, Floats]]], drawn: Drawn
) -> list[LineRow]:
    """A row for each ratio that is known; a formula may not tell all of them."""
    made = []
    for measure, arms in given.items():
        found = _ratios(arms, drawn)
        if found is not None:
            made.append(_row((*place, measure), found, drawn))
    return made


def _row(name: tuple[str, str, str, str], found: _Three, drawn: Drawn) -> LineRow:
    better = BETTER.get(name[3], 0)
    chance = None
    if better and found.by_day.any():
        chance = float(np.count_nonzero(found.by_day * better > 0) / len(found.by_day))
    over = drawn.over_days(found.difference.mean, found.residuals, better)
    return LineRow(*name, found.today, found.then, found.difference, chance, over)


def _amounts(arms: Sequence[Floats], drawn: Drawn) -> _Three:
    """Figures of amounts by day of both arms, float64[R] each."""
    today, then = arms
    difference = then - today
    made = [_figure(float(each.mean()), each, each, drawn) for each in (today, then, difference)]
    return _Three(made[0], made[1], made[2], difference, difference)


def _ratios(arms: Sequence[tuple[Floats, Floats]], drawn: Drawn) -> _Three | None:
    """Figures of sums over sums by day, float64[R] each; None where one of them is not known."""
    today, then = arms
    if any(not np.isfinite(each).all() or below.sum() <= 0 for each, below in arms):
        return None
    means, off = zip(*(_mean_of(top, below) for top, below in arms), strict=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_day = [top / below for top, below in arms]
    known = (today[1] > 0) & (then[1] > 0)
    made = [
        _figure(mean, days[below > 0], rest, drawn)
        for mean, days, rest, (_, below) in zip(means, by_day, off, arms, strict=True)
    ]
    difference = (by_day[1] - by_day[0])[known]
    if not len(difference):
        return None
    rest = off[1] - off[0]
    apart = _figure(means[1] - means[0], difference, rest, drawn)
    return _Three(made[0], made[1], apart, difference, rest)


def _quantiles(within: list[Floats], ended: list[Floats], drawn: Drawn) -> _Three | None:
    """The wait that nine in ten do not exceed, from those within each of `LADDER`: float64[R, L].

    The figure is that of all days together, between two rungs on a straight line; its days are
    told from their own customers.
    """
    if any(not each.size or not np.isfinite(each).all() or not each.any() for each in within):
        return None
    figures, days, off = [], [], []
    for counts, below in zip(within, ended, strict=True):
        level, slope = _crossing(counts.sum(axis=0), float(below.sum()))
        own = np.array([_crossing(*each)[0] for each in zip(counts, below.tolist(), strict=True)])
        sooner = np.array([np.interp(level, LADDER, each) for each in counts])
        rest = (0.9 * below - sooner) / slope * len(below) if slope > 0 else np.zeros(len(below))
        figures.append(_figure(level, own, rest, drawn))
        days.append(own)
        off.append(rest)
    apart, rest = days[1] - days[0], off[1] - off[0]
    mean = figures[1].mean - figures[0].mean
    return _Three(figures[0], figures[1], _figure(mean, apart, rest, drawn), apart, rest)


def _crossing(counts: Floats, total: float) -> tuple[float, float]:
    """Seconds that nine in ten of `total` do not exceed, and how many more a second longer are."""
    need = 0.9 * total
    rung = int(np.searchsorted(counts, need))
    if rung == 0 or rung == len(counts):
        return LADDER[min(rung, len(LADDER) - 1)], 0.0
    slope = (counts[rung] - counts[rung - 1]) / (LADDER[rung] - LADDER[rung - 1])
    return LADDER[rung - 1] + float((need - counts[rung - 1]) / slope), float(slope)


def _figure(mean: float, days: Floats, residuals: Floats, drawn: Drawn) -> Figure:
    """A mean, the intervals of the days, and its error from residuals, float64[R]."""
    low50, high50, low80, high80, low95, high95 = np.quantile(days, _LEVELS).tolist()
    return Figure(mean, (low50, high50), (low80, high80), (low95, high95), drawn.error(residuals))


def course(
    scenario: str, pair: Pair, clock: Floats, segments: Sequence[str], pools: Sequence[str]
) -> list[PartOfDay]:
    """The parts of the day of a scenario beside today."""
    made = []
    arms = (pair.today, pair.then)
    for at in range(len(clock) - 1):
        waits = [
            (each.wait_in[:, at].sum(axis=1) * _SECONDS, each.contacts_in[:, at].sum(axis=1))
            for each in arms
        ]
        found = _ratios(waits, pair.drawn)
        known = (math.nan, math.nan) if found is None else (found.today.mean, found.then.mean)
        lost = [each.lost_in[:, at].sum(axis=1) for each in arms]
        ended = [below for _, below in waits]
        made.append(
            PartOfDay(
                scenario,
                float(clock[at]),
                float(clock[at + 1]),
                _both([float(below.mean()) for _, below in waits]),
                known,
                0.0 if found is None else found.difference.mc_error,
                *_gives_up(lost, ended, pair.drawn),
                _by_pool(pools, [_occupancy(each, at) for each in arms]),
                _by_pool(pools, [_there(each, at, clock) for each in arms]),
                tuple(_in_part(name, s, at, pair) for s, name in enumerate(segments)),
            )
        )
    return made


def _in_part(name: str, s: int, at: int, pair: Pair) -> SegmentInPart:
    cells = [(each.contacts_in, each.wait_in, each.lost_in) for each in (pair.today, pair.then)]
    mine = [[each[:, at, s] for each in cell] for cell in cells]
    return SegmentInPart(
        name,
        _both([float(contacts.mean()) for contacts, _, _ in mine]),
        _both([_share(wait, contacts) * _SECONDS for contacts, wait, _ in mine]),
        *_gives_up([each[2] for each in mine], [each[0] for each in mine], pair.drawn),
    )


def _gives_up(
    lost: Sequence[Floats], ended: Sequence[Floats], drawn: Drawn
) -> tuple[tuple[float, float], float]:
    """The shares of both arms, and the larger of their errors."""
    shares = [_share(top, below) for top, below in zip(lost, ended, strict=True)]
    errors = [
        drawn.error((top - share * below) / below.mean())
        for share, top, below in zip(shares, lost, ended, strict=True)
        if not math.isnan(share)
    ]
    return _both(shares), max(errors, default=0.0)


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
