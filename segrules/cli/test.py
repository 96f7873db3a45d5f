"""`segrules test`: the examples and the claims of a rule file, tried."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from segrules.cli.options import Format, History, Knobs, OutputFormat, RulesFile, Tables
from segrules.cli.session import Progress, date, print_json, print_tables, scan, settings, show
from segrules.text import problems
from segrules.text.diagnostic import RulesError

if TYPE_CHECKING:
    from segrules.rules import Rules


def command(
    file: RulesFile,
    table: Tables = [],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="The day of the data (YYYY-MM-DD)."),
    ] = None,
    sample: Annotated[
        list[str],
        typer.Option(
            "--sample", metavar="NAME", help="Which sample, that claims are about, the data are."
        ),
    ] = [],
    history: History = None,
    knob: Knobs = [],
    form: OutputFormat = Format.table,
) -> None:
    """Try the examples and the claims of a rule file, on data too where they are given.

    Exit code 0: nothing failed; 1: an example failed or a claim was refuted.

        segrules test rules.seg
        segrules test rules.seg --table leads=leads.csv --as-of 2026-06-30
    """
    from segrules.report.testing import testing_record, testing_tables
    from segrules.segments.assign import Asked
    from segrules.segments.claims import Given, try_all

    for option, given, needed in (
        ("--table", table, ("--as-of", as_of)),
        ("--sample", sample, ("--table", table)),
    ):
        if given and not needed[1]:
            raise RulesError([problems.test_needs(option, needed[0])], unable=True)
    day = date(as_of) if as_of else None
    rules = _load(file, knob, day)
    frames = scan(rules, table, history)
    asked = Asked(day, history) if day and table else None
    with Progress("testing"):
        found = try_all(rules.ruleset, Given(frames, asked, frozenset(sample), history))
    show(found.findings)
    if not found.examples and not found.verdicts:
        show([problems.nothing_to_test(file)])
    if form is Format.json:
        print_json(testing_record(found))
    else:
        print_tables(testing_tables(found))
    raise typer.Exit(1 if found.failed else 0)


def _load(file: str, knob: list[str], day: dt.date | None) -> Rules:
    """The rules of a file; its examples need not be decided as they say."""
    from segrules.rules import Rules, inspect, read_source

    compiled = inspect(read_source(file), settings(knob), as_of=day)
    found = [each for each in compiled.log if each.code != problems.EXAMPLE_FAILS.code]
    if compiled.ruleset is None:
        raise RulesError([each for each in found if each.severity == "error"])
    show(found)
    return Rules(compiled, compiled.ruleset, tuple(found))
