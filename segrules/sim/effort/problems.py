"""What can be wrong with pay, hours and checks: which number, and what to do about it.

These are facts, not sentences for the user: whoever knows where a number was written turns them
into diagnostics.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "pays nothing",
    "no hours",
    "no cases",
    "elasticity",
    "ceiling",
    "share",
    "negative",
    "not a number",
    "count of figures",
    "unexplained hours",
    "two plans",
    "level",
    "unsettled",
]


@dataclass(frozen=True)
class Problem:
    """One number that cannot be used.

    subject: what the number is ("time elasticity"). where: the segment, plan or lever it belongs
    to, or "". value: the number. expected: what it should have been. advice: the next step.
    """

    kind: Kind
    subject: str
    where: str
    value: float
    expected: str
    advice: str

    def __str__(self) -> str:
        of = f" of {self.where}" if self.where else ""
        return f"{self.subject}{of} is {self.value:g}, expected {self.expected}: {self.advice}"


class EffortError(ValueError):
    """Raised when the work cannot be done; `problems` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise EffortError when there are problems."""
    found = tuple(problems)
    if found:
        raise EffortError(found)


Named = Iterable[tuple[str, float]]
"""Names (of segments, as a rule) with a number each."""


def negative(subject: str, values: Named, advice: str) -> list[Problem]:
    """Return a problem for each number that is not finite or below 0."""
    found = []
    for where, value in values:
        if not math.isfinite(value):
            found.append(not_a_number(subject, where, value))
        elif value < 0:
            found.append(Problem("negative", subject, where, value, "0 or more", advice))
    return found


def outside_share(subject: str, values: Named, advice: str) -> list[Problem]:
    """Return a problem for each number that is not within 0 and 1."""
    return [
        Problem("share", subject, where, value, "between 0 and 1", advice)
        for where, value in values
        if not 0.0 <= value <= 1.0
    ]


def not_a_number(subject: str, where: str, value: float) -> Problem:
    advice = "look for an empty cell or a division by zero where it comes from"
    return Problem("not a number", subject, where, value, "a finite number", advice)


def no_hours(subject: str, where: str, value: float) -> Problem:
    advice = "give the hours that are there for selling"
    return Problem("no hours", subject, where, value, "more than 0", advice)


def no_cases(where: str = "") -> Problem:
    advice = "take a longer history, or leave out what is empty"
    return Problem("no cases", "cases of all segments", where, 0.0, "more than 0", advice)


def pays_nothing(plan: str, highest: float) -> Problem:
    """`highest` is the best effective pay per sale that the plan has for any segment."""
    advice = "raise the pay per sale, or lower penalties and checks, until one segment pays"
    return Problem("pays nothing", "highest pay per sale", plan, highest, "more than 0", advice)
