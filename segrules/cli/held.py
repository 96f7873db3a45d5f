"""The record of a back-test, as `simulate` is given it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segrules.cli.session import show

if TYPE_CHECKING:
    from segrules.rules import Rules


def held_record(file: Path | None, rules: Rules, project: str | None) -> bool:
    """Whether a back-test of these rules was passed, by its record; a failed one is said.

    Raises:
        RulesError: the record cannot be used.
    """
    if file is None:
        return False
    from segrules.segments.history.store import rules_revision
    from segrules.sim.decisions.trusting import held_against
    from segrules.sim.projection import find_project

    revision = rules_revision(rules.canonical, rules.ruleset.knobs)
    passed, findings = held_against(file, revision, find_project(rules.ruleset, project).name)
    show(findings)
    return passed
