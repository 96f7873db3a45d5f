"""`segrules export`: the named features of every record, for services."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segrules.cli.options import AsOf, Calibrated, History, Knobs, Of, RulesFile, Tables
from segrules.cli.session import Progress, date, load, paths, print_tables, scan

Features = Annotated[
    str,
    typer.Option(
        "-o", "--out", metavar="OUT", help="Where to write: .parquet, .jsonl, .csv or .arrow."
    ),
]


def command(
    file: RulesFile,
    as_of: AsOf,
    out: Features,
    table: Tables = [],
    knob: Knobs = [],
    of: Of = None,
    history: History = None,
    calibration: Calibrated = None,
) -> None:
    """Write the features that a service is to be given: what rules make of related rows.

    Each row holds a key and what rules ask of its related rows, and, with --history, of earlier
    assignments; `decide(record, features=row)` takes it.

    segrules export rules.seg --table leads=leads.csv --as-of 2026-06-30 -o features.parquet
    """
    from segrules.report.compiling import export_tables
    from segrules.segments.export import check_export, export

    day, place = date(as_of), Path(out)
    rules = load(file, knob, day, history)
    check_export(place, {**paths(table), "rules": Path(file)})
    frames = scan(rules, table)
    with Progress("exporting"):
        placed = rules.place(frames, as_of=day, table=of, calibration=calibration)
        made = export(placed, place)
    print_tables(export_tables(made, place))
