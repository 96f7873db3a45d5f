"""The page of the commands: what `--help` says, from the Typer app itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup

from segrules.cli.main import app
from segrules.cli.reference_text.tables import table

_EXIT_CODES = (
    ("0", "done"),
    ("1", "findings, or a file that would change"),
    ("2", "could not do the work: a file, an argument or the data"),
    ("3", "a fault of segrules itself; a log is written"),
    ("130, 143", "interrupted"),
)

_INTRODUCTION = """\
# Commands

{about}

Data go to standard output, findings and progress to standard error. Every command has `--help`, or
`-h` for short.
"""


def commands_page() -> str:
    """Every command in the order of the overview."""
    group = cast(TyperGroup, typer.main.get_command(app))
    parent = typer.Context(group, info_name="segrules")
    parts = [
        _INTRODUCTION.format(about=group.help),
        table(("exit code", "meaning"), _EXIT_CODES) + "\n",
    ]
    for name, command in group.commands.items():
        context = typer.Context(command, info_name=name, parent=parent)
        parts.append("\n".join(_command(name, cast(TyperCommand, command), context)))
    return "\n".join(parts)


def _command(name: str, command: TyperCommand, context: typer.Context) -> Iterator[str]:
    yield f"## {name}\n"
    yield from _help(command.help or "")
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{context.command_path} {usage}\n```\n"
    records = [
        record
        for each in command.get_params(context)
        if (record := each.get_help_record(context)) is not None and each.name != "help"
    ]
    if records:
        yield table(
            ("argument or option", "meaning"),
            ((f"`{written}`", " ".join(said.split())) for written, said in records),
        )
        yield ""


def _help(text: str) -> Iterator[str]:
    """The paragraphs of a docstring; lines of commands become a block."""
    for paragraph in text.split("\n\n"):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if all(line.startswith("segrules ") for line in lines):
            yield "\n".join(["```text", *lines, "```\n"])
        else:
            yield " ".join(lines) + "\n"
