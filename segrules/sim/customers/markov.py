"""Migration as a Markov chain, counted from what was played: a check that costs next to nothing.

Shapes: R replications, T periods, S + 3 states (segments, none, left for good, not there yet).
"""

from __future__ import annotations

import numpy as np

from segrules.sim.model import Counts, Floats, require


def transition(moves: Counts) -> Floats:
    """The chances P[T, S+3, S+3] to go from state to state, pooled over moves[R, T, S+3, S+3].

    Who is never in a state stays there.
    """
    total = moves.sum(axis=0)
    from_each = total.sum(axis=2, keepdims=True)
    stays = np.eye(total.shape[1])[None]
    chances: Floats = np.where(from_each > 0, total / np.maximum(from_each, 1), stays)
    return chances


def projected(start: Floats, chances: Floats, inflow: Floats | None = None) -> Floats:
    """The customers [T+1, states] by n(t+1) = n(t) P(t) + inflow(t) from start[states].

    chances: [T, states, states], or [states, states] for every one of the periods of the inflow.
    inflow: [T, states], None for nobody.
    """
    if chances.ndim == 2:
        require(inflow is not None, "how many periods")
        chances = np.repeat(chances[None], 0 if inflow is None else len(inflow), axis=0)
    made = [start.astype(np.float64)]
    for t, each in enumerate(chances):
        made.append(made[-1] @ each + (0.0 if inflow is None else inflow[t]))
    return np.array(made)


def entered(moves: Counts) -> Counts:
    """Customers [R, T, S+3] who came into a state from another one in a period."""
    stayed = np.diagonal(moves, axis1=2, axis2=3)
    found: Counts = moves.sum(axis=2) - stayed
    return found


def left(moves: Counts) -> Counts:
    """Customers [R, T, S+3] who went from a state to another one in a period."""
    stayed = np.diagonal(moves, axis1=2, axis2=3)
    found: Counts = moves.sum(axis=3) - stayed
    return found


def flapping(moves: Counts) -> Floats:
    """The share [R] of customers who change between segments, of all who stay in some, a period."""
    inside = moves[:, :, :-3, :-3]
    total = inside.sum(axis=(1, 2, 3))
    stayed = np.trace(inside, axis1=2, axis2=3).sum(axis=1)
    share: Floats = (total - stayed) / np.maximum(total, 1)
    return share
