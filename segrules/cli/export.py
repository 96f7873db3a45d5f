"""`segrules export`: the named features of every record, for services."""

from __future__ import annotations

from pathlib import Path

from segrules.cli.options import AsOf, Calibrated, History, Knobs, Of, Out, RulesFile, Tables
from segrules.cli.session import Progress, date, load, paths, print_tables, scan


def command(
    file: RulesFile,
    as_of: AsOf,
    out: Out,
    table: Tables = [],
    knob: Knobs = [],
    of: Of = None,
    history: History = None,
    calibration: Calibrated = None,
) -> None:
    """Write the features that a service is to be given: what rules make of related rows.

    segrules export rules.seg --table leads=leads.csv --as-of 2026-06-30 -o features.parquet
    """
    from segrules.report.compiling import export_tables
    from segrules.segments.batch import check_place
    from segrules.segments.export import export

    day, place = date(as_of), Path(out)
    rules = load(file, knob, day, history)
    check_place(place, {**paths(table), "rules": Path(file)})
    frames = scan(rules, table)
    with Progress("exporting"):
        placed = rules.place(frames, as_of=day, table=of, calibration=calibration)
        made = export(placed, place)
    print_tables(export_tables(made, place))
