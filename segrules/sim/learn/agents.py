"""What the person makes of it: differences between agents of a pool, and what routing may gain.

The outcome of a case less the mean of its segment is the agent's, up to luck. The means of the
agents are drawn towards each other (`segrules.sim.learn.pooling`), so that agents may turn out
alike. Whether cases were given to agents at random is tested; where they were not, or the test
had too little to see it, a lift is associational: it may belong to the cases.

Sources: Searle, Casella and McCulloch, Variance Components (1992), section 3.6, for the
intra-class correlation by moments; Kruskal and Wallis, JASA 47 (1952); Besag and Clifford,
Biometrika 78 (1991), for shuffling no longer than is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import chdtrc

from segrules.sim.learn.pooling import NONE, Pooled, pool
from segrules.sim.luck import uniforms
from segrules.sim.model import Counts, Floats, require

SURE = 0.01
"""Chance below which an association of agents with their cases is not taken for luck."""

SHUFFLES = 999
ENOUGH = 20
"""Shuffled orders that beat the data, after which no more are drawn: the chance is clear."""

_AT_ONCE = 50
MOST_SHUFFLED = 5_000
"""Cases that are shuffled at most; of more, as many are drawn."""

RUNS = 4_000


@dataclass(frozen=True)
class Agents:
    """Agents of one pool and the posterior of what each adds to the outcome of a case.

    cases: int64[J]. raw: float64[J] mean outcome less that expected of the agent's segments.
    pooled: the posterior of the true differences. by_segment: the names and the posterior of the
    agents within each segment that tells them apart. within: variance of a case around agent and
    segment. correlation: posterior mean of the intra-class correlation tau² / (tau² + within);
    correlation_by_moments: its moment estimate, not below 0. data_weight: float64[J].
    """

    method: str
    agents: tuple[str, ...]
    cases: Counts
    raw: Floats
    pooled: Pooled
    by_segment: Mapping[str, tuple[tuple[str, ...], Pooled]]
    within: float
    correlation: float
    correlation_by_moments: float
    notes: tuple[str, ...]

    @property
    def data_weight(self) -> Floats:
        return self.pooled.data_weight


@dataclass(frozen=True)
class Association:
    """How a column goes with the agents: a test statistic, degrees of freedom and its chance."""

    column: str
    statistic: float
    free: int
    chance: float
    method: str


@dataclass(frozen=True)
class Assignment:
    """Whether cases came to agents as if at random, by every column looked at.

    chance: the least of the tests times their number. label: what a lift may be called.
    """

    tests: tuple[Association, ...]
    chance: float
    at_random: bool
    label: str


@dataclass(frozen=True)
class Lift:
    """What sending all cases to the best agents would bring, by case, in the outcome's unit.

    chosen: the agents by posterior mean. promised: posterior mean, low and high its interval at
    `level`. naive: what the raw means say. label: "causal" only when the assignment was random
    by design.
    """

    chosen: tuple[str, ...]
    promised: float
    low: float
    high: float
    level: float
    naive: float
    label: str
    notes: tuple[str, ...]


def learn_agents(
    rows: pl.DataFrame, *, agent: str, segment: str, outcome: str, none: float = NONE
) -> Agents:
    """Learn agents' differences from a row a case; yes and no count as 1 and 0.

    ValueError with fewer than two agents or when no case varies around its segment.
    """
    known = rows.select(
        pl.col(agent).cast(pl.String).alias("agent"),
        pl.col(segment).cast(pl.String).alias("segment"),
        pl.col(outcome).cast(pl.Float64).alias("y"),
    ).drop_nulls()
    expected = pl.col("y").mean().over("segment")
    known = known.with_columns((pl.col("y") - expected).alias("own"))
    table = _of_agents(known)
    require(table.height > 1, "two agents are needed to tell agents apart")
    within = _within(known)
    require(within > 0.0, "no case varies around its segment")
    cases = table["n"].to_numpy().astype(np.int64)
    raw = table["own"].to_numpy().astype(np.float64)
    pooled = pool(raw, within / cases, none=none)
    notes = list(pooled.notes)
    if known.height < rows.height:
        notes.append(f"{rows.height - known.height:,} cases without agent, segment or outcome")
    spread2 = pooled.spread**2
    return Agents(
        method="restricted likelihood, " + pooled.method,
        agents=tuple(table["agent"]),
        cases=cases,
        raw=raw,
        pooled=pooled,
        by_segment=_by_segment(known, none),
        within=within,
        correlation=float(pooled.weight @ (spread2 / (spread2 + within))),
        correlation_by_moments=correlation_by_moments(raw, cases, within),
        notes=tuple(notes),
    )


def correlation_by_moments(mean: Floats, cases: Counts, within: float) -> float:
    """Intra-class correlation float, not below 0, of means float64[J] of int64[J] cases."""
    total = float(cases.sum())
    centre = float(cases @ mean) / total
    between = float(cases @ (mean - centre) ** 2) / (len(mean) - 1)
    typical = (total - float((cases**2).sum()) / total) / (len(mean) - 1)
    spread = max(0.0, (between - within) / typical)
    return spread / (spread + within)


def assignment_of(
    rows: pl.DataFrame, *, agent: str, columns: Sequence[str], seed: int, designed: bool = False
) -> Assignment:
    """Test whether the columns of cases go with agents more than luck would have it.

    Names go by chi-square (rare ones together; by shuffling where cells are thin all the same),
    numbers by rank. `designed` says that the firm drew lots; the tests are then shown all the same.
    That no test finds anything is no proof that cases came at random.
    """
    tests = tuple(_association(rows, agent, column, seed) for column in columns)
    chance = min(1.0, len(tests) * min((each.chance for each in tests), default=1.0))
    at_random = chance >= SURE
    label = "associational: cases were not given to agents at random"
    if designed and at_random:
        label = "causal: cases were given to agents by lot"
    elif designed:
        label = "associational: lots were drawn, yet the cases of agents differ"
    elif at_random:
        label = "associational: nothing seen against a random assignment, which was not by lot"
    return Assignment(tests, chance, at_random, label)


def route_to_best(
    found: Agents, assignment: Assignment, *, share: float, seed: int, level: float = 0.95
) -> Lift:
    """Send all cases to the best agents, `share` of them by number of agents (at least one).

    The difference is to today's mix of agents, and nothing is lost for working more: what best
    agents would do with more work than they have is not known from this.
    """
    require(0.0 < share <= 1.0, "the share must be within 0 and 1")
    count = max(1, round(share * len(found.agents)))
    best = np.argsort(-found.pooled.mean[:, 0], kind="stable")[:count]
    load = found.cases / found.cases.sum()
    draws = found.pooled.draws(seed, RUNS, "agents")[..., 0]
    weight = found.cases[best] / found.cases[best].sum()
    lift = draws[:, best] @ weight - draws @ load
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(lift, [tail, 1.0 - tail])
    raw = np.sort(found.raw)[::-1][:count]
    naive = float(raw.mean() - found.raw @ load)
    chosen = tuple(found.agents[at] for at in best)
    notes = ("what the best agents would do with more cases than they have is not in the data",)
    return Lift(
        chosen, float(lift.mean()), float(low), float(high), level, naive, assignment.label, notes
    )


def _of_agents(known: pl.DataFrame) -> pl.DataFrame:
    return known.group_by("agent").agg(pl.len().alias("n"), pl.col("own").mean()).sort("agent")


def _within(known: pl.DataFrame) -> float:
    """Variance of a case around its agent, over all agents."""
    free = known.height - known["agent"].n_unique() - known["segment"].n_unique() + 1
    require(free > 0, "more agents and segments than cases")
    rest = known.select((pl.col("own") - pl.col("own").mean().over("agent")) ** 2)
    return float(rest.to_series().sum()) / free


def _by_segment(known: pl.DataFrame, none: float) -> dict[str, tuple[tuple[str, ...], Pooled]]:
    found = {}
    for (name,), part in known.partition_by("segment", as_dict=True).items():
        table = _of_agents(part)
        if table.height < 2 or part.height <= table.height:
            continue
        within = _within(part)
        if within > 0.0:
            raw = table["own"].to_numpy().astype(np.float64)
            cases = table["n"].to_numpy().astype(np.float64)
            found[str(name)] = (tuple(table["agent"]), pool(raw, within / cases, none=none))
    return dict(sorted(found.items()))


def _association(rows: pl.DataFrame, agent: str, column: str, seed: int) -> Association:
    known = rows.select(pl.col(agent).alias("agent"), pl.col(column).alias("x")).drop_nulls()
    who = known["agent"].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1
    if known["x"].dtype.is_numeric():
        return _by_rank(column, who, known["x"].rank().to_numpy().astype(np.float64))
    what = known["x"].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1
    joined = _joined(who, what)
    thin = joined is None
    what = what if joined is None else joined
    free = int(who.max()) * int(what.max())
    expected = np.outer(np.bincount(who), np.bincount(what)) / len(who)
    statistic = _chi_square(who, what, expected)
    if not thin:
        chance = float(chdtrc(free, statistic))
        return Association(column, statistic, free, chance, "chi-square")
    return Association(column, statistic, free, _shuffled(who, what, seed, column), "shuffled")


def _joined(who: Counts, what: Counts) -> Counts | None:
    """The kinds int64[N], the rarest of them put together until few cells are thin.

    None where that leaves less than two. It goes by how many there are of each alone, so that the
    test keeps its level.
    """
    of_agents, of_kinds = np.bincount(who), np.bincount(what)
    order = np.argsort(-of_kinds, kind="stable")
    for kept in range(len(order), 1, -1):
        sizes = np.append(of_kinds[order[: kept - 1]], of_kinds[order[kept - 1 :]].sum())
        if float((np.outer(of_agents, sizes) < 5.0 * len(who)).mean()) <= 0.2:
            place = np.full(len(order), kept - 1)
            place[order[: kept - 1]] = np.arange(kept - 1)
            return np.asarray(place[what], dtype=np.int64)
    return None


def _shuffled(who: Counts, what: Counts, seed: int, column: str) -> float:
    """Chance that shuffled kinds go with the agents as much as the kinds of the cases do."""
    if len(who) > MOST_SHUFFLED:
        order = np.argsort(uniforms(seed, f"cases of {column}", 1, len(who))[0], kind="stable")
        who, what = who[order[:MOST_SHUFFLED]], what[order[:MOST_SHUFFLED]]
    expected = np.outer(np.bincount(who), np.bincount(what)) / len(who)
    # an agent or a kind that was not drawn has no cell of its own
    expected = np.maximum(expected, 1e-300)
    statistic = _chi_square(who, what, expected)
    above = 0
    for at in range(SHUFFLES):
        if at % _AT_ONCE == 0:
            lines = uniforms(seed, f"shuffle {column} {at}", _AT_ONCE, len(who))
        shuffled = what[np.argsort(lines[at % _AT_ONCE])]
        above += _chi_square(who, shuffled, expected) >= statistic - 1e-9
        if above == ENOUGH:
            return above / (at + 1)
    return (above + 1) / (SHUFFLES + 1)


def _chi_square(who: Counts, what: Counts, expected: Floats) -> float:
    size = expected.shape[1]
    seen = np.bincount(who * size + what, minlength=expected.size).reshape(expected.shape)
    return float(((seen - expected) ** 2 / expected).sum())


def _by_rank(column: str, who: Counts, rank: Floats) -> Association:
    """Kruskal and Wallis's test; the variance of tied ranks is their own."""
    cases = np.bincount(who).astype(np.float64)
    mean = np.bincount(who, weights=rank) / cases
    spread = float(rank.var(ddof=1))
    statistic = float(cases @ (mean - rank.mean()) ** 2) / spread if spread > 0 else 0.0
    free = len(cases) - 1
    return Association(column, statistic, free, float(chdtrc(free, statistic)), "ranks")
