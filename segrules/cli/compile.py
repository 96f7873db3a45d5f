"""`segrules compile`: rules as a bundle for services, as SQL, and how they are run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segrules.cli.options import Calibrated, Format, History, Knobs, OutputFormat, RulesFile, Tables
from segrules.cli.session import (
    Progress,
    date,
    load,
    paths,
    print_json,
    print_tables,
    scan,
    show,
)
from segrules.text import problems
from segrules.text.diagnostic import RulesError

if TYPE_CHECKING:
    from segrules.segments.compiling import Compiling, Frozen

Bundle = Annotated[
    Path | None,
    typer.Option("-o", "--out", metavar="OUT", help="Where to write the bundle (.segb)."),
]
Stubs = Annotated[
    Path | None,
    typer.Option("--stubs", metavar="OUT", help="Write the types of records (.pyi) as well."),
]
Day = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="The day of knobs and cut points (default: today, or that of the calibration).",
    ),
]
Dialect = Annotated[
    str | None,
    typer.Option(
        "--sql",
        metavar="DIALECT",
        help="Print the rules as a query: duckdb, postgres, spark, snowflake or bigquery.",
    ),
]
Explained = Annotated[
    bool,
    typer.Option("--explain-plan", help="Show how rows are decided in bulk, and why that way."),
]
Rows = Annotated[
    int | None,
    typer.Option(
        "--rows",
        min=1,
        metavar="N",
        help="For --explain-plan: how many rows there are (default: those of the table given).",
    ),
]


def command(
    file: RulesFile,
    out: Bundle = None,
    as_of: Day = None,
    table: Tables = [],
    calibration: Calibrated = None,
    history: History = None,
    knob: Knobs = [],
    stubs: Stubs = None,
    sql: Dialect = None,
    explain_plan: Explained = False,
    rows: Rows = None,
    form: OutputFormat = Format.table,
) -> None:
    """Compile rules into one file from which a service decides records.

    segrules compile rules.seg -o rules.segb --calibration cuts.json
    """
    from segrules.report.compiling import plan_tables
    from segrules.segments.compiling import freeze, height, plans

    if out is None and not (stubs or explain_plan or sql):
        raise RulesError([problems.no_bundle_asked()], unable=True)
    if out is not None and out.suffix != ".segb":
        raise RulesError([problems.bundle_ending(str(out))], unable=True)
    read = [Path(file), *paths(table).values(), *([calibration] if calibration else [])]
    _check_places(out, stubs, read)
    if sql is not None:
        _check_dialect(sql)
    rules = load(file, knob, date(as_of) if as_of else None, history)
    frames = scan(rules, table) if table else {}
    if out is not None or stubs is not None or sql is not None:
        with Progress("compiling"):
            asked = rules.compiling(
                frames, date(as_of) if as_of else None, calibration, str(out or "the bundle")
            )
            frozen = freeze(asked)
        show(frozen.notes)
        if out is not None or stubs is not None:
            _write(asked, frozen, (out, stubs), form)
        if sql is not None:
            _print_sql(asked, frozen, sql)
    if explain_plan and form is not Format.json:
        counted = {name: height(frame) for name, frame in frames.items()} if rows is None else {}
        print_tables(plan_tables(plans(rules.ruleset, rows, counted)))


def _check_places(out: Path | None, stubs: Path | None, read: list[Path]) -> None:
    """Nothing that is read is written over, and types go to where types are kept.

    Raises:
        RulesError: something would be, or the ending is another one.
    """
    if stubs is not None and stubs.suffix != ".pyi":
        raise RulesError([problems.stubs_ending(str(stubs))], unable=True)
    taken = {place.resolve() for place in read}
    over = [place for place in (out, stubs) if place is not None and place.resolve() in taken]
    if over:
        raise RulesError([problems.over_input(str(each)) for each in over], unable=True)


def _check_dialect(name: str) -> None:
    """SQL is written for a dialect that is known, and by what comes as an extra.

    Raises:
        RulesError: there is no such dialect, or it is not installed.
    """
    from segrules.segments.engines.addresses import extra

    with extra("sql"):
        from segrules.backends.sql import DIALECTS
    if name not in DIALECTS:
        raise RulesError([problems.unknown_dialect(name, list(DIALECTS))], unable=True)


def _print_sql(asked: Compiling, frozen: Frozen, dialect: str) -> None:
    """The query of each table with segments; what has never been executed says so."""
    from segrules.backends.sql import DIALECTS
    from segrules.segments.compiling import told_secrets
    from segrules.segments.warehouse import queries

    show(told_secrets(asked.ruleset, frozen, "the query"))
    for table, text in queries(asked.ruleset, dialect, frozen):
        tried = (
            "" if DIALECTS[dialect].executed else "; written for this dialect, not executed on it"
        )
        print(f"-- {table} as of {frozen.day}{tried}\n{text};")


def _write(
    asked: Compiling, frozen: Frozen, to: tuple[Path | None, Path | None], form: Format
) -> None:
    """The bundle, written where that is asked for, and its types."""
    from segrules.report.compiling import bundle_record, bundle_tables
    from segrules.segments.compiling import compile_rules, write_stubs

    out, stubs = to
    made, notes = compile_rules(asked, frozen)
    show(notes)
    if out is not None:
        made.write(out)
    if stubs is not None:
        write_stubs(made, stubs)
    if form is Format.json:
        print_json(bundle_record(made, out))
    else:
        print_tables(bundle_tables(made, out))
