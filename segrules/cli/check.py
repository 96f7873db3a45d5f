"""`segrules check`: every problem of rule files in one run."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from segrules.cli.options import Knobs
from segrules.cli.session import print_json, settings, show
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.render import as_json, concise


class Form(StrEnum):
    full = "full"
    concise = "concise"
    json = "json"


class Level(StrEnum):
    warning = "warning"
    error = "error"


def command(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Rule files (.seg), or folders of them.")
    ],
    form: Annotated[Form, typer.Option("--format", help="How findings are written.")] = Form.full,
    fail_level: Annotated[
        Level, typer.Option(help="The least severity that makes the exit code 1.")
    ] = Level.warning,
    knob: Knobs = [],
) -> None:
    """Check rule files: names, types, missing values, examples. Nothing is run or written.

    Exit code 0: clean; 1: findings; 2: a file could not be read.

        segrules check rules.seg
        segrules check rules.seg --format json
        segrules check rulesets
    """
    found: list[Diagnostic] = []
    checked: list[str] = []
    unable = False
    for path in files:
        try:
            named = _files(path, checked)
        except RulesError as error:
            unable, named = True, []
            found.extend(error.diagnostics)
        for file in named:
            checked.append(file)
            try:
                found.extend(_inspect(file, knob))
            except RulesError as error:
                unable = unable or error.unable
                found.extend(error.diagnostics)
    _print(found, checked, form)
    failing = [each for each in found if fail_level is Level.warning or each.severity == "error"]
    raise typer.Exit(2 if unable else 1 if failing else 0)


def _files(path: str, checked: list[str]) -> list[str]:
    """The rule files that a path stands for, without those that were checked."""
    from segrules.rules import rule_files

    return [file for file in rule_files(path) if file not in checked]


def _inspect(file: str, knob: list[str]) -> list[Diagnostic]:
    from segrules.rules import inspect, read_source

    return list(inspect(read_source(file), settings(knob)).log)


def _print(found: list[Diagnostic], files: list[str], form: Form) -> None:
    if form is Form.json:
        print_json([as_json(each) for each in found])
    elif form is Form.concise:
        for each in found:
            print(concise(each))
    else:
        show(found, sys.stdout)
        clean = len(files) == 1 and f"{files[0]}: no findings"
        print(clean if clean and not found else _count(found, len(files)))


def _count(found: list[Diagnostic], files: int) -> str:
    errors = sum(each.severity == "error" for each in found)
    warnings = len(found) - errors
    return (
        f"{files} file{'s' * (files != 1)}: {errors} error{'s' * (errors != 1)}, "
        f"{warnings} warning{'s' * (warnings != 1)}"
    )
