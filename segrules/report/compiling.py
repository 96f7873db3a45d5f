"""What was compiled, and how rows are decided in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
        named = f"{counted(len(read), 'column', 'columns')}: {', '.join(read)}"
        yield note(f"\nreads {named if read else 'no column of the record'}")
        yield from _features(program)
        yield from _rows(program)
    yield from _tried(content)


def _features(program: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What may be passed in place of rows."""
    named = [each for each in program["asked"] if each["name"]]
    if not named:
        return
    yield note("\nfeatures, to be passed by name, or made of the rows that are passed")
    features = grid("feature", "is", "without rows")
    for each in named:
        empty = "missing" if each["empty"] is None else str(each["empty"])
        features.add_row(each["name"], each["written"], empty)
    yield features


def _rows(program: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What rows of other tables need, where they are passed or looked up."""
    found = needed_of_rows(program)
    if not found:
        return
    yield note("\nrows, where they are passed in place of features, or a link leads to them")
    tables = grid("rows of", "need")
    for name, columns in found.items():
        tables.add_row(name, ", ".join(columns))
    yield tables


def needed_of_rows(program: Mapping[str, Any]) -> dict[str, list[str]]:
    """The columns that rules read of the rows of other tables, by table."""
    return {
        name: [each for each, column in table["columns"].items() if column["read"]]
        for name, table in program["tables"].items()
        if name != program["table"] and table["kind"] != "derived"
    }


def _tried(content: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What a service tries before it takes the bundle."""
    examples, vectors = (sum(len(each["rows"]) for each in content[part])
                         for part in ("examples", "vectors"))  # fmt: skip
    if examples:
        tried = counted(examples, "example", "examples")
        yield note(f"\n{tried} inside, which a service tries before it takes the bundle")
    for name, (own, to) in content["turned"].items():
        yield note(f"\nthe knob {name} is {to}, not {own} as the rules have it")
    if vectors:
        kept = counted(vectors, "example", "examples")
        yield note(
            f"{kept} inside, which hold for the settings of the rules and are not tried; a service "
            "holds the bundle to what is decided of them now"
        )


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
        "rows": {name: needed_of_rows(each) for name, each in content["programs"].items()},
        "examples": sum(len(each["rows"]) for each in content["examples"]),
        "turned": content["turned"],
        "vectors": sum(len(each["rows"]) for each in content["vectors"]),
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
