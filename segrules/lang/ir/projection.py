"""Funnels, assumptions, agents and their pay, scenarios and projects: what the simulator is asked.

A figure is a number, or the name of an assumption that is drawn once a future. Money is in minor
units, shares are in 0 to 1. Knobs have been replaced by their settings.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from typing import Literal

from segrules.lang.ir.expressions import Expr, Length
from segrules.lang.node import node
from segrules.text.source import Span

Stated = float | str
"""A number, or the name of an assumption."""

ByName = tuple[tuple[str, Stated], ...]
"""Figures by segment, in the order written; the name "" stands for every other segment."""


@node
class Cost:
    """An amount of money for each customer who reaches the stage."""

    name: str
    amount: Expr


@node
class Stage:
    """`at` names the date or instant of reaching it; `within` is counted from the stage before."""

    name: str
    at: str
    within: Length | None
    value: Expr | None
    costs: tuple[Cost, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Funnel:
    name: str
    table: str
    stages: tuple[Stage, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


Role = Literal["odds", "factor", "amount", "share", "number", "response", ""]
"""What an assumption is used for: a multiplier of odds or of another figure (both log-uniform over
their range), an amount of money, a share in 0 to 1, any other number (uniform), the strength of
agents' answer to pay where nobody states it (Beta(2, 2) over the range), or nothing."""


@node
class Assumption:
    """A stated value or range with where it comes from.

    An amount's `low` and `high` are minor units.
    """

    name: str
    label: str
    role: Role
    low: float
    high: float
    source: str
    evidence: str
    owner: str
    until: dt.date | None
    span: Span | None = field(default=None, compare=False, repr=False)


# ---- agents: pools, pay, effort, quality


@node
class Shift:
    """`agents` are there from hour `start` to hour `stop` of every day, 0 to 24."""

    agents: Stated
    start: float
    stop: float


@node
class Pool:
    """Agents of one kind.

    `agents` is None where it is to be estimated from a log. `hours` an agent and week. `serves`:
    segments, () for every one. `cost` an hour.
    """

    name: str
    label: str
    agents: Stated | None
    shifts: tuple[Shift, ...]
    hours: float | None
    skill: float | None
    serves: tuple[str, ...]
    cost: Stated | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Tier:
    """For the sales of an agent beyond `above` a month: the bonus times `factor`, plus `extra`."""

    above: float
    factor: Stated
    extra: Stated


@node
class PayPlan:
    """What a sale brings the agent: times x (per_sale + of_value x value + of_margin x margin).

    A failed check takes `penalty` and the share `clawback` of the bonus, one that passes brings
    `sound`. `stay` and `stay_of_value` are paid for a customer who reaches the stage after the
    sale. `cap` is the most of an agent and month.
    """

    name: str
    label: str
    per_sale: Stated = 0.0
    of_value: Stated = 0.0
    of_margin: Stated = 0.0
    times: ByName = ()
    penalty: Stated = 0.0
    clawback: Stated = 0.0
    sound: Stated = 0.0
    tiers: tuple[Tier, ...] = ()
    cap: Stated | None = None
    stay: Stated = 0.0
    stay_of_value: Stated = 0.0
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Effort:
    """How the agents of a funnel spend their time, and how they answer to pay.

    A case is a customer who has reached the stage before the one with a value. `time` is the hours
    spent on a case: an expression over the funnel's table (its mean by segment is taken), or
    figures by segment. `elasticity`: of sales in time, by segment. `response` is the strength of
    the answer to pay; where none is written, the name of an assumption made for it. `supply`:
    elasticity of all hours in pay. `plan`: the pay plan in force. `pools`: () for one pool of
    everybody.
    """

    funnel: str
    time: Expr | ByName
    elasticity: ByName
    response: Stated
    supply: Stated
    plan: str
    pools: tuple[str, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Quality:
    """What checks of a funnel's sales find and cost: figures by segment, the rest is 0.

    checked: share of sales; failing: share of checks that fail; found: share of mis-sales that a
    check finds; missold: share of sales; loss: of one that is not found; cost: of a check.
    wait: days for a check; drop: rate a day at which waiting sales fall through. temptation: how
    strongly mis-sales follow what they bring the agent.
    """

    funnel: str
    checked: ByName = ()
    failing: ByName = ()
    found: ByName = ()
    missold: ByName = ()
    loss: ByName = ()
    cost: ByName = ()
    wait: ByName = ()
    drop: ByName = ()
    temptation: Stated = 0.0
    span: Span | None = field(default=None, compare=False, repr=False)


# ---- customers who buy again, and lines in which they wait


@node
class Evolution:
    """How a column goes on from one period to the next.

    grows: by `amount`. drifts: a random walk, `amount` on average and `spread` in standard
    deviation (`relative`: as shares of the value). steps: by `amount` with the chance `chance`.
    counts, sums: sales or revenue, of which `keep` stays each period. since_sale, sale_day: time
    since the last sale (`amount` a period), and its day. follows: the price, with the elasticity
    `amount`. switches: as the history of the column shows.
    """

    column: str
    way: Literal[
        "grows", "drifts", "steps", "counts", "sums", "since_sale", "sale_day", "follows",
        "switches",
    ]  # fmt: skip
    amount: ByName = ()
    spread: ByName = ()
    chance: ByName = ()
    keep: Stated = 1.0
    relative: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Life:
    """How the customers of a table go on: what they buy, how their columns evolve, who leaves.

    `sales` names a dated table of rows of `table`; `value` and `cost` are of one such row.
    `keeping`: cost of a customer and period; `leaving`: chance to leave for good a period; both by
    segment, with the period of the project that uses them.
    """

    name: str
    table: str
    sales: str
    value: Expr
    costs: tuple[Cost, ...]
    changes: tuple[Evolution, ...]
    keeping: ByName
    leaving: ByName
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Line:
    """Calls or other contacts that wait for agents: rows of a dated table.

    `arrives` is an instant of it; `handling` the minutes of a contact, `waited` the seconds before
    it was answered or given up, `abandoned` whether it was given up: expressions over the rows.
    Customers queue by the segment of the row that they belong to. `opens` and `closes`: hours of
    the day. `target`: seconds within which contacts are to be answered, by segment. `where`: which
    rows wait in this line, None for all.
    """

    name: str
    table: str
    arrives: str
    handling: Expr
    waited: Expr | None
    abandoned: Expr | None
    opens: float
    closes: float
    pools: tuple[str, ...]
    target: ByName = ()
    where: Expr | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


# ---- levers


@node
class Odds:
    """The odds of reaching a stage are multiplied."""

    stage: str
    factor: Stated


@node
class Plus:
    """The chance of reaching a stage moves by so many points, as a share."""

    stage: str
    by: Stated


@node
class Times:
    """A figure of the segments is multiplied.

    arrivals; value of a sale; leaving (its hazard); time: what an hour of an agent's time does
    (the speed); ceiling: the rate of sales with all the time in the world; price: an index which
    columns may follow; handling: minutes of a contact.
    """

    of: Literal["arrivals", "value", "leaving", "time", "ceiling", "price", "handling"]
    factor: Stated


@node
class RouteTo:
    """Cases or contacts of the segments go to a pool; `after` so many seconds of waiting."""

    pool: str
    after: float = 0.0


@node
class Reserve:
    """So many agents of the pools that serve the segments stay free for them."""

    agents: int


@node
class Priority:
    """The segments are taken first."""


@node
class Staffed:
    """Agents of a pool."""

    pool: str
    agents: Stated


@node
class Trained:
    """The skill of a pool; a step of skill multiplies the odds of a sale by `odds`."""

    pool: str
    skill: float
    odds: Stated


@node
class Pays:
    """Another pay plan; `neutral`: at the level at which it costs what today's does."""

    plan: str
    neutral: bool = False


@node
class ChecksUnpaid:
    """Checks neither take from pay nor add to it."""


@node
class Checked:
    """Another share of sales is checked."""

    share: Stated


@node
class Moves:
    """A column moves by `by`, up to `to`, with a chance a period; it falls back with another."""

    column: str
    by: float
    to: float | None
    chance: Stated
    fall_back: Stated = 0.0


Edit = (
    Odds | Plus | Times | RouteTo | Reserve | Priority | Staffed | Trained | Pays | ChecksUnpaid
    | Checked | Moves
)  # fmt: skip


@node
class LeverCost:
    """An amount for each customer who is treated, once, or a month."""

    amount: Stated
    per: Literal["customer", "once", "month"] = "customer"


@node
class Timing:
    """From month `start` (0: at once) for `duration` months (None: to the end).

    It reaches full strength after `ramp` months (1: at once); after its end `persistence` of the
    effect stays each month.
    """

    start: int = 0
    duration: int | None = None
    ramp: int = 1
    persistence: Stated = 0.0


@node
class Lever:
    """An edit of the projection for some segments (none named: for every segment).

    A customer is treated who reaches the stage before the earliest stage that the odds name.
    deadweight: share of the effect that is paid for and would have come anyway; pull_forward: share
    of the sales gained that are missing later.
    """

    kind: str
    segments: tuple[str, ...]
    edits: tuple[Edit, ...]
    costs: tuple[LeverCost, ...] = ()
    timing: Timing = Timing()
    deadweight: Stated = 0.0
    pull_forward: Stated = 0.0
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Scenario:
    name: str
    label: str
    levers: tuple[Lever, ...]
    parts: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Project:
    """`of` names a funnel, a life of customers or a line, whichever `about` says.

    `period` is in months: 1, 3 or 12; `months` is a multiple of it. `against`: "today", or the
    scenario that the others are compared with. `holds`: what is held equal. `target`: a difference
    of profit that is to be reached.
    """

    name: str
    of: str
    about: Literal["funnel", "life", "line"]
    by: str
    months: int
    period: int
    runs: int
    seed: int
    compare: tuple[str, ...]
    against: str = "today"
    holds: tuple[Literal["cost", "sales"], ...] = ()
    target: Stated | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
