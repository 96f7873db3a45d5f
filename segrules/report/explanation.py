"""Why a customer is in its segments, as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.report.tables import grid, heading
from segrules.segments.explain import Explanation, Leaf, SetExplained

TRUTH = {True: "true", False: "false", None: "unknown"}


def explanation_tables(found: Explanation) -> Iterator[RenderableType]:
    """Every rule with its conditions, in order; the deciding rule is marked."""
    for each in found.sets:
        segment = each.segment or "no segment"
        yield heading(f"{found.table} {found.key} is {segment} as of {found.as_of}: {_why(each)}")
        table = grid("", "rule", "", "condition", "", "reads")
        for rule in each.rules:
            mark = "→" if rule.segment == each.by else ""
            lead = [mark, rule.segment, TRUTH[rule.truth]]
            for leaf in rule.leaves:
                table.add_row(*lead, leaf.written, TRUTH[leaf.truth], _reads(leaf))
                lead = ["", "", ""]
        yield table


def _why(found: SetExplained) -> str:
    if found.by == "otherwise":
        return "every rule is false"
    if found.by == "unsure":
        unknown = [rule.segment for rule in found.rules if rule.truth is None]
        return f"no rule is true, and {', '.join(unknown)} cannot be decided"
    return "its rule is the first that is true"


def _reads(leaf: Leaf) -> str:
    parts = []
    for each in leaf.inputs:
        if each.value is not None:
            parts.append(f"{each.name} = {each.value}")
        else:
            parts.append(f"{each.name} (missing)" if each.missing else each.name)
    return ", ".join(parts)


def explanation_record(found: Explanation) -> dict[str, Any]:
    """The explanation for machines."""
    return {
        "schema": 1,
        "table": found.table,
        "key": found.key,
        "as_of": found.as_of.isoformat(),
        "sets": [
            {
                "set": each.name,
                "segment": each.segment,
                "by": each.by,
                "rules": [
                    {
                        "segment": rule.segment,
                        "truth": TRUTH[rule.truth],
                        "conditions": [
                            {
                                "written": leaf.written,
                                "truth": TRUTH[leaf.truth],
                                "missing": list(leaf.missing),
                                "reads": {part.name: part.value for part in leaf.inputs},
                            }
                            for leaf in rule.leaves
                        ],
                    }
                    for rule in each.rules
                ],
            }
            for each in found.sets
        ],
    }
