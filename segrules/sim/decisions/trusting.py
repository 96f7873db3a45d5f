"""How far a projection may be trusted: the record of a back-test, and the grade that is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from segrules.sim.assumptions import Evidence, Grade
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError


def held_against(path: Path, revision: str, project: str) -> tuple[bool, tuple[Diagnostic, ...]]:
    """Whether the record of a back-test says that these rules passed it, and what is to be said.

    Raises:
        RulesError: it is not there, is no such record, or is one of other rules.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise _refused(path, "is not there") from None
    except (OSError, ValueError):
        raise _refused(path, "cannot be read as a record") from None
    if not isinstance(found, dict) or found.get("kind") != "backtest" or found.get("schema") != 1:
        raise _refused(path, "is no record of a back-test")
    if found.get("revision") != revision:
        raise _refused(path, "was written for other rules or other knobs")
    if found.get("project") != project:
        raise _refused(path, "was written for another project")
    if found.get("passed") is not True:
        return False, (problems.backtest_failed(str(found.get("reason") or "no reason given")),)
    return True, ()


def _refused(path: Path, reason: str) -> RulesError:
    return RulesError([problems.no_backtest_record(str(path), reason)], unable=True)


class Graded(Protocol):
    """A scenario, and what it rests on."""

    @property
    def scenario(self) -> str: ...
    @property
    def evidence(self) -> Evidence: ...


def too_weak(accounts: Sequence[Graded], required: Grade) -> tuple[Diagnostic, ...]:
    """The scenarios whose evidence is weaker than required, with what to measure first."""
    found = []
    for each in accounts:
        if each.evidence.grade > required:
            guessed = [
                weighed.stated.name
                for weighed in each.evidence.most
                if weighed.source not in ("data", "experiment")
            ]
            found.append(
                problems.grade_too_low(each.scenario, each.evidence.grade, required, guessed[:3])
            )
    return tuple(found)
