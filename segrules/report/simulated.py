"""What a project came to, whatever it is about, as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.decisions import account_record, account_tables
from segrules.report.life import life_record, life_tables
from segrules.report.line import line_record, line_tables
from segrules.report.projection import projection_record, projection_tables
from segrules.sim.decisions.account import Account
from segrules.sim.life import LifeProjection
from segrules.sim.line import LineProjection
from segrules.sim.whichever import Found


def tables(
    found: Found, judged: Sequence[Account], ruleset: ir.Ruleset
) -> Iterable[RenderableType]:
    """The tables of a project; `judged` are the accounts of its scenarios, where there are any."""
    if isinstance(found, LineProjection):
        return line_tables(found, ruleset)
    account = account_tables(found, judged[0], ruleset) if judged else ()
    if isinstance(found, LifeProjection):
        return life_tables(found, ruleset, account)
    return projection_tables(found, ruleset, account)


def record(found: Found, judged: Sequence[Account]) -> dict[str, Any]:
    """The project as it is printed in JSON."""
    if isinstance(found, LineProjection):
        return line_record(found)
    made = life_record(found) if isinstance(found, LifeProjection) else projection_record(found)
    return {**made, "decisions": [account_record(found, each) for each in judged]}
