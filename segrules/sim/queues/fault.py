"""What is wrong with a question about a queue, as facts for whoever words the message."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "negative capacity",
    "pool serves nobody",
    "class served by nobody",
    "unstable",
    "patience needed",
    "too few events",
    "too many states",
    "needs events",
]


@dataclass(frozen=True)
class Fault:
    """A question that has no answer as it was put.

    subject: the pool or class it is about. figure: the number that rules the answer out.
    says: a clause with that number. advice: the next step. Both lower case and without a full stop.
    """

    kind: Kind
    subject: str
    figure: float
    says: str
    advice: str


def negative_capacity(pool: str, agents: float) -> Fault:
    return Fault(
        "negative capacity",
        pool,
        agents,
        f"{pool} has {agents:g} agents",
        "give 0 or more, and look for a lever that takes away more than there is",
    )


def serves_nobody(pool: str, agents: float) -> Fault:
    return Fault(
        "pool serves nobody",
        pool,
        agents,
        f"{pool} may serve no class (agents: {agents:g})",
        "name the classes the pool serves, or leave the pool out",
    )


def served_by_nobody(customers: str, rate: float) -> Fault:
    return Fault(
        "class served by nobody",
        customers,
        rate,
        f"no pool may serve {customers}, of whom {rate:g} arrive per unit of time",
        "name a pool that serves them",
    )


def unstable(subject: str, load: float, agents: float) -> Fault:
    return Fault(
        "unstable",
        subject,
        load,
        f"{subject} brings work for {load:.4g} agents, there are {agents:g}, and nobody gives up",
        f"have more than {load:.4g} agents, or state the patience of the customers",
    )


def patience_needed(subject: str, lost: float) -> Fault:
    return Fault(
        "patience needed",
        subject,
        lost,
        f"{lost:.1%} of {subject} give up, so a formula in which all wait would mislead",
        "state the mean patience, or estimate it from the call log",
    )


def too_few(subject: str, seen: float, needed: float) -> Fault:
    return Fault(
        "too few events",
        subject,
        seen,
        f"{subject}: {seen:g} seen, {needed:g} needed",
        "take a longer log, or fewer and wider parts of the day",
    )


def needs_events(why: str) -> Fault:
    return Fault("needs events", "the centre", 0.0, why, "play the events instead")
