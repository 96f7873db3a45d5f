"""The specification of the engine of customers: rows, rules, figures by segment, what changes.

Shapes: N customers, S segments of the set, T periods, K conversions between K + 1 stages. P is 1 or
the number of replications: figures that are drawn once a replication have a row for each, known
ones have one row. Money is in minor units. A ValueError is a programming error, since a user's
mistakes are reported before a model is built.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel.values import Vector
from segrules.sim.customers.evolution import Evolution, Switch
from segrules.sim.customers.levers import Lever, Move
from segrules.sim.customers.rules import Rules
from segrules.sim.model import Counts, Floats, require

Words = NDArray[np.uint64]

MAX_PERIODS = 65_536
EVERYWHERE = 2**53
"""Whole numbers up to here are held without loss."""


def customer_words(keys: Iterable[str]) -> Words:
    """The identity of each customer, by its key: where it stands among others does not matter."""
    made = [hashlib.sha256(key.encode()).digest()[:8] for key in keys]
    return np.frombuffer(b"".join(made), dtype=">u8").astype(np.uint64)


@dataclass(frozen=True)
class Population:
    """Every customer, as they are when the first period begins.

    words: uint64[N], identities (see `customer_words`). columns: what the rules read and what
    changes, as the kernel target holds it. enters: int64[N] the period in which the customer is
    there first (0: from the start; None: all are). eagerness: float64[N] multiplier of the rate
    of leads of this very customer.
    """

    words: Words
    columns: Mapping[str, Vector]
    enters: Counts | None = None
    eagerness: Floats | None = None

    def __post_init__(self) -> None:
        count = len(self.words)
        require(len(np.unique(self.words)) == count, "two customers share a word")
        for name, each in self.columns.items():
            require(len(each.values) in (1, count), f"{name}: one value a customer")
        require(self.enters is None or self.enters.shape == (count,), "enters: one a customer")
        if self.eagerness is not None:
            require(self.eagerness.shape == (count,), "eagerness: one a customer")
            fine = np.isfinite(self.eagerness) & (self.eagerness >= 0)
            require(bool(np.all(fine)), "eagerness must be finite and >= 0")


@dataclass(frozen=True)
class Rates:
    """What customers of a segment do in a period, today.

    leads[P, S]: mean number of leads a customer and period (Poisson), times season[T].
    conversion[P, S, K]: chance to pass on from each stage; who passes the last one has bought.
    value[P, S]: mean of a sale; with `worth` (a changing column) the customer's own is taken.
    spread[S]: standard deviation of log(value) of a sale, 0 for none.
    stage_cost[S, K+1]: for each lead that reaches the stage. keep_cost[S] or [R, S]: for each
    customer. hazard[S] or [R, S]: of leaving for good, a period: the chance is 1 - exp(-hazard).
    after_sale[S]: what each sale adds to it; BG/NBD's chance p to drop out after a purchase is
    -log(1 - p).
    """

    season: Floats
    leads: Floats
    conversion: Floats
    value: Floats
    stage_cost: Floats
    keep_cost: Floats
    hazard: Floats
    after_sale: Floats
    spread: Floats
    worth: str | None = None

    def __post_init__(self) -> None:
        for name in ("season", "leads", "hazard", "after_sale", "value", "spread"):
            values = getattr(self, name)
            fine = bool(np.all(np.isfinite(values) & (values >= 0)))
            require(fine, f"{name} must be finite and >= 0")
        shares = bool(np.all((self.conversion >= 0) & (self.conversion <= 1)))
        require(shares, "a conversion is a share")
        require(bool(np.all(np.isfinite(self.stage_cost))), "costs must be finite")
        require(bool(np.all(np.isfinite(self.keep_cost))), "costs must be finite")
        segments, stages = self.stage_cost.shape
        for name in ("after_sale", "spread"):
            require(getattr(self, name).shape == (segments,), f"{name}: one a segment")
        for name in ("keep_cost", "hazard"):
            require(getattr(self, name).shape[-1:] == (segments,), f"{name}: one a segment")
        draws = len(self.leads)
        require(self.leads.shape == (draws, segments), "leads: one a segment")
        require(self.value.shape == (len(self.value), segments), "value: one a segment")
        shape = (len(self.conversion), segments, stages - 1)
        require(self.conversion.shape == shape, "conversion: one a segment and step")


def rates_of(
    periods: int,
    leads: Floats,
    conversion: Floats,
    value: Floats,
    **more: Floats | str | None,
) -> Rates:
    """Known figures, with nothing but sales where nothing else is said.

    leads, value: float64[S]. conversion: float64[S, K]. more: other fields of `Rates`.
    """
    segments, steps = conversion.shape
    parts: dict[str, Floats | str | None] = {
        "season": np.ones(periods),
        "stage_cost": np.zeros((segments, steps + 1)),
        **{each: np.zeros(segments) for each in ("keep_cost", "hazard", "after_sale", "spread")},
    }
    return Rates(
        leads=leads[None], conversion=conversion[None], value=value[None],
        **(parts | more),  # type: ignore[arg-type]
    )  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """Levers together (two on the same figure multiply), and rules of its own where it has any."""

    name: str
    levers: tuple[Lever, ...] = ()
    rules: Rules | None = None


@dataclass(frozen=True)
class Review:
    """The placements of N customers on a day that lies before the first period.

    segment, before: int16[N] places in the set's segments, on the day and at the review before it,
    -1 for none. entered: bool[N], a stay begins there. by: int16[N] what decided, as places in the
    set's deciders, -1 for nothing.
    """

    day: dt.date
    segment: NDArray[np.int16]
    before: NDArray[np.int16]
    entered: NDArray[np.bool_]
    by: NDArray[np.int16]

    def rows(self, rows: slice) -> Review:
        """A span of the customers."""
        return replace(
            self, segment=self.segment[rows], before=self.before[rows],
            entered=self.entered[rows], by=self.by[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Start:
    """Where N customers stand when the first period begins: as an assignment of the day has it.

    segment, by: int16[N] as in a `Review`. leaving: int64[N] as in a `Remembrance`.
    """

    day: dt.date
    segment: NDArray[np.int16]
    by: NDArray[np.int16]
    leaving: Counts

    def rows(self, rows: slice) -> Start:
        """A span of the customers."""
        return Start(self.day, self.segment[rows], self.by[rows], self.leaving[rows])


@dataclass(frozen=True)
class Remembrance:
    """How customers stood before the first period; None where nobody has been placed.

    segment: int64[N] places in the set's segments, -1 for none. since: int64[N] days since 1970
    on which the present stay began. leaving: int64[N] reviews running at which the condition to
    leave was true. decided: bool[N], nothing but overrides has placed the row during the stay.
    reviews: the placements that windows of the rules may reach back to, by day.
    """

    segment: Counts
    since: Counts
    leaving: Counts
    decided: NDArray[np.bool_]
    reviews: tuple[Review, ...] = ()

    def rows(self, rows: slice) -> Remembrance:
        """A span of the customers."""
        return Remembrance(
            self.segment[rows], self.since[rows], self.leaving[rows], self.decided[rows],
            tuple(each.rows(rows) for each in self.reviews),
        )  # fmt: skip


@dataclass(frozen=True)
class Model:
    """Customers over T periods: `days` are their first days and the first day after the last.

    The rules are asked at each of the days: a segment holds for the period that begins, and the
    last placement is where everybody is in the end. Where there is a `start`, who is played by the
    rules of the model begins as it says, and its day takes the place of the first one.
    """

    population: Population
    rules: Rules
    days: tuple[dt.date, ...]
    rates: Rates
    evolutions: tuple[Evolution, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    before: Remembrance | None = None
    seed: int = 0
    start: Start | None = None

    def __post_init__(self) -> None:
        require(0 <= self.seed < 2**64, "the seed has 64 bits")
        require(2 <= len(self.days) <= MAX_PERIODS, "periods")
        require(all(a < b for a, b in pairwise(self.days)), "days ascend")
        if self.start is not None:
            require(self.start.day < self.days[1], "the start lies behind the first period")
            require(self.start.segment.shape == self.population.words.shape, "one start a customer")
        segments = self.rules.segments
        require(self.rates.spread.shape == (len(segments),), "rates: one a segment")
        require(self.rates.season.shape == (self.periods,), "season: one a period")
        changing = [each.column for each in self.evolutions]
        require(len(set(changing)) == len(changing), "a column evolves in two ways")
        known = self.population.columns
        for name in self.moving:
            require(name in known, f"{name} changes and has no values to begin with")
            # the first form of a chain is places, which are whole as well
            require(bool(np.all(_small(known[name]))), f"{name} is too large")
        for each in self.evolutions:
            if isinstance(each, Switch):
                places = each.places
                require(bool(np.all(_within(known[each.column], places))), f"{each.column}: places")
        for scenario in self.scenarios:
            self._check(scenario)

    def _check(self, scenario: Scenario) -> None:
        count = len(self.rules.segments)
        require(
            scenario.rules is None or scenario.rules.segments == self.rules.segments,
            f"{scenario.name}: rules of a scenario must have the segments of today",
        )
        names = [lever.name for lever in scenario.levers]
        require(len(set(names)) == len(names), f"{scenario.name}: a lever twice")
        for lever in scenario.levers:
            fine = all(0 <= each < count for each in lever.segments)
            require(fine, f"{lever.name}: unknown segment")

    @property
    def periods(self) -> int:
        return len(self.days) - 1

    @property
    def asked_on(self) -> tuple[dt.date, ...]:
        """The days on which the rules of the model place customers."""
        return self.days if self.start is None else (self.start.day, *self.days[1:])

    @property
    def moving(self) -> tuple[str, ...]:
        """The columns that change, each once."""
        names = [each.column for each in self.evolutions]
        for scenario in self.scenarios:
            for lever in scenario.levers:
                names += [each.column for each in lever.changes if isinstance(each, Move)]
        names += [self.rates.worth] if self.rates.worth else []
        return tuple(dict.fromkeys(names))


def _small(vector: Vector) -> NDArray[np.bool_]:
    if vector.values.dtype.kind == "f":
        return np.ones(1, np.bool_)
    missing = vector.missing if vector.missing is not None else np.zeros(1, np.bool_)
    small: NDArray[np.bool_] = missing | (np.abs(vector.values.astype(np.float64)) <= EVERYWHERE)
    return small


def _within(vector: Vector, places: int) -> NDArray[np.bool_]:
    missing = vector.missing if vector.missing is not None else np.zeros(1, np.bool_)
    missing = missing | ~np.isfinite(vector.values)
    inside: NDArray[np.bool_] = missing | ((vector.values >= 0) & (vector.values < places))
    return inside
