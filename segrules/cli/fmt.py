"""`segrules fmt`: the one layout of rule files."""

from __future__ import annotations

import difflib
import stat
import sys
from typing import Annotated

import typer

from segrules.cli.session import show
from segrules.text.diagnostic import RulesError
from segrules.text.source import Source


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Rule files; `-` is stdin.")],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 if a file would change.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Print what would change; as --check.")
    ] = False,
) -> None:
    """Lay rule files out: columns aligned, comments kept, nothing changed in meaning.

    segrules fmt rules.seg
    segrules fmt --check rules.seg
    """
    changed = False
    for file in files:
        source, formatted = _format(file)
        differs = formatted != source.text
        changed = changed or differs
        if diff:
            _print_diff(file, source.text, formatted)
        elif file == "-":
            sys.stdout.write(formatted)
        elif check and differs:
            print(f"{file}: would be laid out anew")
        elif differs:
            _write(file, formatted)
            print(f"{file}: laid out anew")
    raise typer.Exit(1 if changed and (check or diff) else 0)


def _format(file: str) -> tuple[Source, str]:
    from segrules.lang.build import build
    from segrules.lang.format import format_file
    from segrules.lang.parse import parse
    from segrules.rules import read_source
    from segrules.text.diagnostic import Log

    source = Source("<stdin>", sys.stdin.read()) if file == "-" else read_source(file)
    log = Log()
    syntax = build(parse(source, log), log)
    if log.has_errors:
        show(log)
        raise RulesError([])
    return source, format_file(syntax, source)


def _print_diff(file: str, before: str, after: str) -> None:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        file,
        f"{file} (laid out)",
    )
    sys.stdout.writelines(lines)


def _write(file: str, text: str) -> None:
    from pathlib import Path

    from segrules.segments.atomic import replacing
    from segrules.text import problems

    try:
        # the file itself, where its name is a link, with the rights it has
        place = Path(file).resolve()
        with replacing(place) as unfinished:
            unfinished.write_text(text, encoding="utf-8", newline="")
            unfinished.chmod(stat.S_IMODE(place.stat().st_mode))
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.output_unwritable(file, reason)], unable=True) from None
