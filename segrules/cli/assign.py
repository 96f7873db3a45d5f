"""`segrules assign`: every customer's segment, from files to a file."""

from __future__ import annotations

from pathlib import Path

from segrules.cli.options import (
    AsOf,
    Calibrated,
    Engine,
    Format,
    Freeze,
    GrowingHistory,
    Knobs,
    Of,
    OutPlace,
    OutputFormat,
    RulesFile,
    Sources,
    Strict,
    UnknownCounts,
    Where,
)
from segrules.cli.session import Progress, date, load, print_json, print_tables, show, sources
from segrules.text import problems
from segrules.text.diagnostic import RulesError


def command(
    file: RulesFile,
    as_of: AsOf,
    out: OutPlace,
    table: Sources = [],
    engine: Where = Engine.polars,
    knob: Knobs = [],
    of: Of = None,
    strict: Strict = False,
    history: GrowingHistory = None,
    calibration: Calibrated = None,
    freeze: Freeze = None,
    unknown_counts: UnknownCounts = False,
    form: OutputFormat = Format.table,
) -> None:
    """Assign every customer to a segment and write key, segment and the rule that decided.

    segrules assign rules.seg --table leads=leads.csv --as-of 2026-06-30 -o segments.parquet
    """
    from segrules.report.assignment import batch_record, batch_tables
    from segrules.segments.batch import Options
    from segrules.segments.engines.destinations import destination
    from segrules.segments.engines.run import Work, run_on

    day = date(as_of)
    to = destination(out)
    if to.is_file and to.said.resolve() == Path(file).resolve():
        raise RulesError([problems.over_input(out)], unable=True)
    rules = load(file, knob, day)
    options = Options(of, strict, unknown_counts, history, calibration, freeze)
    with Progress("assigning"):
        work = Work(rules.ruleset, sources(table), day, rules.canonical, options)
        batch = run_on(engine.value, work, to)
    if form is Format.json:
        print_json(batch_record(batch))
    else:
        show(batch.warnings)
        print_tables(batch_tables(batch, rules.ruleset, str(to.said)))
