"""What was compiled, and how rows are decided in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from segrules.backends.planner import Plan
from segrules.report.tables import grid, heading, note
from segrules.report.words import count, counted
from segrules.segments.bundle import Compiled
from segrules.segments.export import Exported


def bundle_tables(made: Compiled, out: Path | None) -> Iterator[RenderableType]:
    """What a bundle holds, a table with segments after the other."""
    content = made.content
    place = f"{out}: " if out else ""
    yield note(
        f"{place}{content['ruleset']} as of {content['as_of']}, revision "
        f"{content['revision'][:12]}, hash {made.hash[:12]}"
    )
    for table, program in content["programs"].items():
        columns = program["tables"][table]["columns"]
        read = [name for name, column in columns.items() if column["read"]]
        own = [found for found in program["sets"] if found["table"] == table]
        yield heading(f"records of {table}")
        sets = grid("set", ">rules", ">segments")
        for found in own:
            sets.add_row(found["name"], count(len(found["rules"])), count(len(found["segments"])))
        yield sets
        yield note(f"\nreads {counted(len(read), 'column', 'columns')}: {', '.join(read)}")
        named = [each for each in program["asked"] if each["name"]]
        if named:
            yield note("\nfeatures, to be passed by name, or made of the rows that are passed")
            features = grid("feature", "is", "without rows")
            for each in named:
                empty = "missing" if each["empty"] is None else str(each["empty"])
                features.add_row(each["name"], each["written"], empty)
            yield features
    examples = sum(len(each["rows"]) for each in content["examples"])
    if examples:
        tried = counted(examples, "example", "examples")
        yield note(f"\n{tried} inside, which a service tries before it takes the bundle")


def bundle_record(made: Compiled, out: Path | None) -> dict[str, Any]:
    """The same for machines, with the schema of a record."""
    content = made.content
    return {
        "schema": 1,
        "file": str(out) if out else None,
        "hash": made.hash,
        "ruleset": content["ruleset"],
        "revision": content["revision"],
        "as_of": content["as_of"],
        "knobs": content["knobs"],
        "records": content["schema"],
        "examples": sum(len(each["rows"]) for each in content["examples"]),
    }


def plan_tables(plans: Sequence[Plan]) -> Iterator[RenderableType]:
    """How each set is decided in bulk, and why."""
    for plan in plans:
        yield note(plan.explain())


def export_tables(made: Exported, out: Path) -> Iterator[RenderableType]:
    """What was exported."""
    yield note(f"{out}: {counted(made.rows, 'record', 'records')} of {made.table}")
    table = grid("feature", "is")
    for each in made.features:
        table.add_row(each.name, each.written)
    yield table
