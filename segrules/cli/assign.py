"""`segrules assign`: every customer's segment, from files to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segrules.cli.session import (
    AsOf,
    Calibrated,
    Format,
    Knobs,
    OutputFormat,
    Progress,
    RulesFile,
    Tables,
    date,
    load,
    paths,
    print_json,
    print_tables,
    show,
)
from segrules.text import problems
from segrules.text.diagnostic import RulesError


def command(
    file: RulesFile,
    as_of: AsOf,
    out: Annotated[
        str,
        typer.Option(
            "-o", "--out", metavar="OUT", help="Where to write: .parquet, .csv, .arrow or .xlsx."
        ),
    ],
    table: Tables = [],
    knob: Knobs = [],
    of: Annotated[
        str | None,
        typer.Option("--of", metavar="TABLE", help="Which table, where several have segments."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse data with unreadable or undeclared values.")
    ] = False,
    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            metavar="DIR",
            help="The folder of earlier assignments; this one is added to it.",
        ),
    ] = None,
    calibration: Calibrated = None,
    freeze: Annotated[
        Path | None,
        typer.Option(
            "--freeze", metavar="FILE", help="Write the cut points of ranks, to be used later."
        ),
    ] = None,
    unknown_counts: Annotated[
        bool, typer.Option("--unknown-counts", help="Add how many rules are unknown for each row.")
    ] = False,
    form: OutputFormat = Format.table,
) -> None:
    """Assign every customer to a segment and write key, segment and the rule that decided.

    segrules assign rules.seg --table leads=leads.csv --as-of 2026-06-30 -o segments.parquet
    """
    from segrules.report.assignment import batch_record, batch_tables
    from segrules.segments.batch import Options, run_assignment

    day = date(as_of)
    if Path(out).resolve() == Path(file).resolve():
        raise RulesError([problems.over_input(out)], unable=True)
    rules = load(file, knob, day)
    options = Options(of, strict, unknown_counts, history, calibration, freeze)
    with Progress("assigning"):
        batch = run_assignment(
            rules.ruleset, paths(table), day, Path(out), text=rules.canonical, options=options
        )
    if form is Format.json:
        print_json(batch_record(batch))
    else:
        show(batch.warnings)
        print_tables(batch_tables(batch, rules.ruleset, out))
