"""The agents of a funnel as figures: pools, pay, time, checks, and what scenarios change of them.

A figure is a number or the name of an assumption of the model, which is drawn once a run. Money in
minor units, time in hours, all over the projected time; S segments, by their places in the model.
Figures "by segment" are S.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Literal, TypeVar

from segrules.sim.model import Figure

Figures = tuple[Figure, ...]
Kind = TypeVar("Kind")


def of_kind(changes: Iterable["Change"], kind: type[Kind]) -> list[Kind]:
    """Return the changes of one kind."""
    return [each for each in changes if isinstance(each, kind)]


@dataclass(frozen=True)
class Crew:
    """The agents of a pool.

    agents: how many; hours: that each has over the projected time, None where nobody knows.
    serves: segments. cost: of an hour. skill: None where it is not stated. counted: whether
    anybody has said how many agents there are; `agents` is 1 otherwise.
    """

    name: str
    agents: Figure
    hours: float | None
    serves: tuple[int, ...]
    cost: Figure = 0.0
    skill: float | None = None
    counted: bool = True


@dataclass(frozen=True)
class Rung:
    """For the sales of an agent beyond `above` a month: the bonus times `factor`, plus `extra`."""

    above: float
    factor: Figure
    extra: Figure


@dataclass(frozen=True)
class Terms:
    """A pay plan.

    The bonus of a sale is times (per_sale + of_value value + of_margin margin); the margin of a
    sale is its value less what the funnel spends on reaching that stage. `stay`, `stay_of_value`
    are paid for customers who reach the stage after the sale, the rest as in `plans.PayPlan`.
    """

    name: str
    times: Figures
    per_sale: Figure = 0.0
    of_value: Figure = 0.0
    of_margin: Figure = 0.0
    penalty: Figure = 0.0
    clawback: Figure = 0.0
    sound: Figure = 0.0
    stay: Figure = 0.0
    stay_of_value: Figure = 0.0
    rungs: tuple[Rung, ...] = ()
    cap: Figure | None = None

    @property
    def linear(self) -> bool:
        """Whether a sale is paid the same however many there are."""
        return not self.rungs and self.cap is None

    @property
    def idle(self) -> bool:
        """Whether nothing is paid or taken: nobody has said what agents get."""
        paid = (self.per_sale, self.of_value, self.of_margin, self.sound, self.penalty)
        return not self.stays and not self.rungs and all(each == 0.0 for each in paid)

    @property
    def stays(self) -> bool:
        """Whether customers who stay are paid for."""
        return self.stay != 0.0 or self.stay_of_value != 0.0


@dataclass(frozen=True)
class Checks:
    """Quality checks by segment, as in `quality.Quality`; wait in days, drop a day."""

    checked: Figures
    failing: Figures
    found: Figures
    missold: Figures
    loss: Figures
    cost: Figures
    wait: Figures
    drop: Figures
    temptation: Figure = 0.0

    @classmethod
    def none(cls, count: int) -> "Checks":
        """Return a world without checks and without mis-sales."""
        zeros = (0.0,) * count
        return cls(zeros, zeros, zeros, zeros, zeros, zeros, zeros, zeros)


@dataclass(frozen=True)
class Routed:
    """Cases of the segments go to the pool at this place."""

    segments: tuple[int, ...]
    crew: int


@dataclass(frozen=True)
class Reserved:
    """So many agents of each pool work for these segments only."""

    segments: tuple[int, ...]
    agents: float


@dataclass(frozen=True)
class Staffed:
    """Agents of the pool at this place."""

    crew: int
    agents: Figure


@dataclass(frozen=True)
class Trained:
    """The odds of a sale in a pool times `odds` for every step of skill."""

    crew: int
    steps: float
    odds: Figure


@dataclass(frozen=True)
class Paid:
    """Another plan; neutral: at the level at which the scenario is expected to cost as today."""

    terms: Terms
    neutral: bool = False


@dataclass(frozen=True)
class ChecksUnpaid:
    """Checks neither take from pay nor add to it."""


@dataclass(frozen=True)
class Checked:
    """Another share of the sales of the segments is checked."""

    segments: tuple[int, ...]
    share: Figure


@dataclass(frozen=True)
class Moved:
    """The speed or the ceiling of the curves of the segments is multiplied."""

    of: Literal["speed", "ceiling"]
    segments: tuple[int, ...]
    factor: Figure


Change = Routed | Reserved | Staffed | Trained | Paid | ChecksUnpaid | Checked | Moved


@dataclass(frozen=True)
class AgentsModel:
    """The agents of a funnel.

    They act on the stage that has a value, the sale: a case is a customer who has reached the
    stage before it, and staying is reaching the stage after it. Today's share of cases sold is
    what each run draws for it. hours: that a case gets today, elasticity: of sales in time, both by
    segment. response: how strongly hours follow pay, 0 to 1. supply: elasticity
    of all hours in pay. months: of the projection. scenarios: the changes of each lever of each
    scenario, in the order of the model; a lever without any is left to the funnel.
    """

    crews: tuple[Crew, ...]
    hours: Figures
    elasticity: Figures
    response: Figure
    supply: Figure
    terms: Terms
    checks: Checks
    months: int
    scenarios: tuple[tuple[tuple[Change, ...], ...], ...] = ()

    @property
    def assumed(self) -> tuple[str, ...]:
        """The names of the assumptions that are used, in the order of their use."""
        return tuple(dict.fromkeys(_names(self)))

    def assumed_by(self, scenario: int) -> tuple[str, ...]:
        """The names that one scenario uses, today's with them."""
        return replace(self, scenarios=(self.scenarios[scenario],)).assumed


_NO_FIGURE = ("name", "of")


def _names(part: object) -> Iterator[str]:
    """The strings among the figures of a part."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from _names(each)
    elif is_dataclass(part):
        for field in fields(part):
            if field.name not in _NO_FIGURE:
                yield from _names(getattr(part, field.name))
