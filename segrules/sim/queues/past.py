"""What a log of contacts says of a line: who comes when, for how long, how patient, to how many.

Shapes: S segments, I parts of the day between I + 1 moments of the clock. Times are hours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from segrules.lang import ir
from segrules.sim.arrivals import OVERDISPERSED
from segrules.sim.events.model import Fixed, Time, mean_of
from segrules.sim.model import Counts, Floats
from segrules.sim.queues.calls import CallLog, Flags, Seen, estimate, seen
from segrules.sim.queues.contacts import Contacts
from segrules.sim.queues.fault import Fault
from segrules.sim.queues.fitting import Fitted, fit_handling, fit_patience, means_by_segment, scaled
from segrules.text import problems
from segrules.text.diagnostic import RulesError

OPEN_FROM = 0.1
"""A day with less than this part of the usual contacts is taken as closed."""

BORROWED = 5.0
"""Contacts of each part of the day that a segment borrows from the day of all segments."""

FEWEST_CONTACTS, FEWEST_DAYS = 50, 5

DRIFTED = 3.0
"""Errors by which two halves of a log must differ to be called different."""

_SECONDS = 3600.0

UNENDING = 100.0
"""Handle times for which customers who never give up are taken to wait when agents are matched."""


@dataclass(frozen=True)
class Past:
    """Estimates from a log.

    contacts: int64[S] seen. open_days of `days` on the calendar. clock: float64[I + 1] hours of
    the day. rates: float64[S, I] arrivals an hour of an open day. busyness: variance of a gamma
    factor of mean 1 on all arrivals of a day. handle: the time with an agent by segment; shape is
    common, means differ where chance does not explain it. staffing: float64[I] agents in effect by
    pool, of those whose agents are not stated. seen: what the log says of waits, None without them.
    """

    segments: tuple[str, ...]
    contacts: Counts
    days: int
    open_days: int
    clock: Floats
    rates: Floats
    busyness: float
    handle: tuple[Time, ...]
    handle_method: str
    handle_weights: Floats
    patience: Fitted
    lost: float
    staffing: Mapping[str, Floats]
    seen: Seen | None
    notes: tuple[str, ...] = field(default=())

    @property
    def lengths(self) -> Floats:
        """Hours of each part of the day, float64[I]."""
        return np.diff(self.clock)


def past(
    found: Contacts, line: ir.Line, pools: Sequence[ir.Pool], seed: int
) -> tuple[Past, Contacts]:
    """Learns a line from its contacts; with those of open hours of open days, which were used.

    Raises:
        RulesError: there are too few contacts, handle times, waits or abandonments to tell.
    """
    notes: list[str] = []
    clock = _clock(line, pools)
    rows, days, open_days = _open(found, line, clock, notes)
    count = len(found.segments)
    contacts = np.bincount(rows.segment, minlength=count)
    handle, method, weights = _handle(rows, seed, notes)
    fitted = _patience(rows, line, seed)
    busyness = _busyness(rows, open_days, notes)
    learnt = Past(
        found.segments, contacts, days, open_days, clock,
        _rates(rows, clock, open_days, count), busyness, handle, method, weights, fitted,
        float(rows.lost.mean()), {}, _seen(rows), tuple(notes),
    )  # fmt: skip
    notes += _drift(rows)
    staffing = _staffing(rows, learnt, pools, notes)
    return replace(learnt, staffing=staffing, notes=tuple(notes)), rows


def first_pool(pools: Sequence[ir.Pool], segment: str) -> ir.Pool | None:
    """The pool that customers of a segment take first: of those that serve it the most special."""
    return next((each for each in in_order(pools) if serves(each, segment)), None)


def in_order(pools: Sequence[ir.Pool]) -> list[ir.Pool]:
    """Pools for few segments before pools for many, otherwise as they are declared."""
    return sorted(pools, key=lambda each: len(each.serves) or math.inf)


def taken_first(pool: ir.Pool, pools: Sequence[ir.Pool], segments: Sequence[str]) -> list[int]:
    """The segments, by number, whose customers take a pool first."""
    return [at for at, name in enumerate(segments) if first_pool(pools, name) is pool]


def serves(pool: ir.Pool, segment: str) -> bool:
    return not pool.serves or segment in pool.serves


# ---- the day


def _clock(line: ir.Line, pools: Sequence[ir.Pool]) -> Floats:
    """Opening, whole hours, changes of shift, closing."""
    inner = {float(hour) for hour in range(math.ceil(line.opens), math.floor(line.closes) + 1)}
    inner |= {edge for pool in pools for shift in pool.shifts for edge in (shift.start, shift.stop)}
    between = {each for each in inner if line.opens < each < line.closes}
    return np.array(sorted({line.opens, line.closes} | between), dtype=np.float64)


def part_of_day(hour: Floats, clock: Floats) -> Counts:
    """The number of the part of the day of each moment."""
    return np.clip(np.searchsorted(clock, hour, side="right") - 1, 0, len(clock) - 2)


def _open(
    found: Contacts, line: ir.Line, clock: Floats, notes: list[str]
) -> tuple[Contacts, int, int]:
    """The contacts of open hours of open days, the days from the first to the last, those open."""
    if found.unplaced:
        many = _counted(found.unplaced, "contact")
        notes.append(f"{many} of customers in no segment left out")
    inside = (found.hour >= clock[0]) & (found.hour < clock[-1])
    if not inside.all():
        outside = int(np.count_nonzero(~inside))
        notes.append(f"{_counted(outside, 'contact')} outside of opening hours left out")
    if int(inside.sum()) < FEWEST_CONTACTS:
        raise RulesError([problems.few_contacts(line.name, int(inside.sum()), FEWEST_CONTACTS)])
    rows = found.those(inside)
    numbers, counts = np.unique(rows.day, return_counts=True)
    usual = float(np.median(counts))
    taken = counts >= OPEN_FROM * usual
    days = int(numbers[taken][-1] - numbers[taken][0]) + 1
    if not taken.all():
        closed = int(np.count_nonzero(~taken))
        many = _counted(closed, "day")
        notes.append(f"{many} with less than a tenth of the usual contacts taken as closed")
        rows = rows.those(np.isin(rows.day, numbers[taken]))
    open_days = int(np.count_nonzero(taken))
    if open_days < FEWEST_DAYS:
        raise RulesError([problems.few_open_days(line.name, open_days, FEWEST_DAYS)])
    return rows, days, open_days


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _rates(rows: Contacts, clock: Floats, open_days: int, count: int) -> Floats:
    parts = len(clock) - 1
    cells = np.bincount(
        rows.segment * parts + part_of_day(rows.hour, clock), minlength=count * parts
    )
    return drawn_rates(cells.reshape(count, parts).astype(np.float64), clock, open_days)


def drawn_rates(table: Floats, clock: Floats, open_days: int) -> Floats:
    """Arrivals an hour, from contacts float64[S, I]; the day is drawn towards that of all."""
    parts = len(clock) - 1
    common = table.sum(axis=0) / table.sum()
    total = table.sum(axis=1, keepdims=True)
    borrowed = BORROWED * parts
    drawn = total * (table + borrowed * common) / (total + borrowed)
    return np.asarray(drawn / open_days / np.diff(clock), dtype=np.float64)


def _busyness(rows: Contacts, open_days: int, notes: list[str]) -> float:
    """What days differ beyond chance: (variance - mean) / mean²."""
    counts = np.unique(rows.day, return_counts=True)[1].astype(np.float64)
    mean = float(counts.mean())
    if open_days < 2 or float(counts.var(ddof=1)) <= OVERDISPERSED * mean:
        return 0.0
    found = (float(counts.var(ddof=1)) - mean) / mean**2
    notes.append(
        f"days differ by {math.sqrt(found):.0%} (standard deviation) beyond chance: each day "
        "played is busy or quiet as a whole"
    )
    return found


def _drift(rows: Contacts) -> list[str]:
    """Whether the second half of the days waited otherwise than the first, beyond their chance."""
    known = ~np.isnan(rows.waited)
    day = np.unique(rows.day[known], return_inverse=True)[1]
    if len(day) == 0 or int(day.max()) + 1 < 2 * FEWEST_DAYS:
        return []
    means = np.bincount(day, rows.waited[known]) / np.bincount(day)
    halves = means[: len(means) // 2], means[len(means) // 2 :]
    first, second = (float(each.mean()) for each in halves)
    error = math.sqrt(sum(float(each.var(ddof=1)) / len(each) for each in halves))
    if abs(second - first) <= DRIFTED * error:
        return []
    return [
        f"the second half of the days of the log waited {second * _SECONDS:.3g} s on average and "
        f"the first {first * _SECONDS:.3g} s, more than days differ by chance: agents or demand "
        "have changed in it, and the days to come may differ from both"
    ]


# ---- times


def _handle(rows: Contacts, seed: int, notes: list[str]) -> tuple[tuple[Time, ...], str, Floats]:
    known = ~np.isnan(rows.handle) & ~rows.lost & (rows.handle > 0)
    if int(known.sum()) < FEWEST_CONTACTS:
        raise RulesError([problems.few_times("handle times", int(known.sum()), FEWEST_CONTACTS)])
    times = rows.handle[known]
    fitted = fit_handling(np.sort(times), seed)
    means, weights, differ = means_by_segment(times, rows.segment[known], len(rows.segments))
    if not differ:
        notes.append("handle times of the segments differ by no more than chance: one for all")
    common = mean_of(fitted.time)
    forms = tuple(scaled(fitted.time, mean / common) for mean in means.tolist())
    return forms, fitted.method, weights


def _patience(rows: Contacts, line: ir.Line, seed: int) -> Fitted:
    known = ~np.isnan(rows.waited)
    if line.waited is None or not known.any():
        share = float(rows.lost.mean())
        if rows.lost.any():
            raise RulesError([problems.patience_untold(line.name, share)], unable=True)
        return Fitted(Fixed(math.inf), "nobody gives up", {})
    fitted = fit_patience(rows.waited[known], rows.lost[known], seed)
    if isinstance(fitted, Fault):
        raise RulesError([problems.queue_fault(fitted)], unable=True)
    return fitted


def _seen(rows: Contacts) -> Seen | None:
    known = ~np.isnan(rows.waited)
    return seen(_log(rows, known, np.zeros(len(rows), dtype=np.int64))) if known.any() else None


def _log(rows: Contacts, chosen: Flags, part: Counts) -> CallLog:
    handle = np.where(rows.lost, np.nan, rows.handle)
    return CallLog(part[chosen], rows.waited[chosen], rows.lost[chosen], handle[chosen])


# ---- agents


def _staffing(
    rows: Contacts, learnt: Past, pools: Sequence[ir.Pool], notes: list[str]
) -> dict[str, Floats]:
    """The agents in effect of pools that state none, by those who take the pool first."""
    found: dict[str, Floats] = {}
    for pool in pools:
        if pool.agents is not None or pool.shifts:
            continue
        first = taken_first(pool, pools, learnt.segments)
        mine = np.isin(rows.segment, first) & ~np.isnan(rows.waited)
        if int(mine.sum()) < FEWEST_CONTACTS:
            raise RulesError([problems.staffing_untold(pool.name, int(mine.sum()))], unable=True)
        found[pool.name] = _agents(rows, mine, learnt)
        low, high = found[pool.name].min(), found[pool.name].max()
        notes.append(
            f"the agents of {pool.name} are not stated: {low:.1f} to {high:.1f} of them by part of "
            "the day would give the waits of the log"
        )
    return found


def _agents(rows: Contacts, mine: Flags, learnt: Past) -> Floats:
    """Agents by part of the day, float64[I]; where too few came, those of the nearest part."""
    log = _log(rows, mine, part_of_day(rows.hour, learnt.clock))
    endless = math.isinf(mean_of(learnt.patience.time))
    patience = UNENDING * float(np.nanmean(log.handle)) if endless else _mean_patience(rows)
    parts = estimate(log, learnt.lengths * learnt.open_days, patience, learnt.busyness)
    if isinstance(parts, Fault):
        raise RulesError([problems.queue_fault(parts)], unable=True)
    known = np.array([at for at, part in enumerate(parts) if part is not None])
    agents = np.array([part.agents for part in parts if part is not None])
    nearest = np.abs(np.arange(len(parts))[:, None] - known).argmin(axis=1)
    return np.asarray(agents[nearest], dtype=np.float64)


def _mean_patience(rows: Contacts) -> float:
    known = ~np.isnan(rows.waited)
    return float(rows.waited[known].sum()) / max(int(rows.lost[known].sum()), 1)
