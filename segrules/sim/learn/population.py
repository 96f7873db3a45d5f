"""An open population in segments: who stays, who moves, who leaves, who comes, what they are worth.

n' = n P + inflow, where row i of P may sum to less than 1: the rest leaves.
Sources: Bartholomew, Stochastic Models for Social Processes, 3rd ed. (1982), chapter 3; Pfeifer
and Carraway, J. Interactive Marketing 14 (2000).
"""

from dataclasses import dataclass

import numpy as np

from segrules.sim.model import Floats, require

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Steady:
    """Where the population settles: customers and leavers a period float64[S].

    churn: float64[S] chance to leave. lifetime: float64[S] periods a customer who begins in the
    segment stays, the first counted.
    """

    customers: Floats
    leavers: Floats
    churn: Floats
    lifetime: Floats


def steady_state(moves: Floats, inflow: Floats) -> Steady:
    """Settle float64[S, S] chances to move and float64[S] customers who come each period.

    ValueError when a row is no sub-distribution, or when somebody can never leave: the
    population then grows for ever.
    """
    _check(moves)
    require(inflow.shape == moves.shape[:1] and bool(np.all(inflow >= 0)), "inflow must be >= 0")
    require(_all_leave(moves), "customers who never leave: the population grows for ever")
    away = np.eye(len(moves)) - moves
    customers: Floats = np.linalg.solve(away.T, inflow).astype(np.float64)
    lifetime: Floats = np.linalg.solve(away, np.ones(len(moves))).astype(np.float64)
    churn = 1.0 - moves.sum(axis=1)
    return Steady(customers, customers * churn, churn, lifetime)


def project(start: Floats, moves: Floats, inflow: Floats, periods: int) -> Floats:
    """Expected customers float64[periods + 1, S], the start first."""
    _check(moves)
    path = [np.asarray(start, dtype=np.float64)]
    for _ in range(periods):
        path.append(path[-1] @ moves + inflow)
    return np.array(path)


def lifetime_value(moves: Floats, margin: Floats, discount: float) -> Floats:
    """Present value float64[S] of a customer: margins float64[S] at the start of every period.

    ValueError when it is not finite: no discount, and somebody never leaves.
    """
    _check(moves)
    require(discount > -1.0, "the discount must be above -100%")
    require(discount > 0 or (discount == 0 and _all_leave(moves)), "the value is not finite")
    kept = np.eye(len(moves)) - moves / (1.0 + discount)
    return np.asarray(np.linalg.solve(kept, margin), dtype=np.float64)


def worth_of_move(
    moves: Floats, margin: Floats, discount: float, move: tuple[int, int, float]
) -> Floats:
    """What float64[S] a customer gains in value when a lever moves (from, to, chance) for good.

    The chance is taken from those who stayed where they were. It is the most a firm can pay for
    the move by customer of the segment.
    """
    origin, target, chance = move
    changed = moves.copy()
    changed[origin, target] += chance
    changed[origin, origin] -= chance
    after = lifetime_value(changed, margin, discount)
    return np.asarray(after - lifetime_value(moves, margin, discount))


def _check(moves: Floats) -> None:
    size = len(moves)
    require(moves.shape == (size, size), "chances to move must be a square")
    rows = moves.sum(axis=1)
    require(
        bool(np.all(moves >= 0) and np.all(rows <= 1 + _ROUNDING)), "rows must sum to 1 or less"
    )


def _all_leave(moves: Floats) -> bool:
    leaves = moves.sum(axis=1) < 1.0 - _ROUNDING
    for _ in range(len(moves)):
        leaves = leaves | (moves[:, leaves].sum(axis=1) > 0)
    return bool(leaves.all())
