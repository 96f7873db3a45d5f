"""The options that several commands have, and the kinds of their values."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    table = "table"
    json = "json"


class Engine(StrEnum):
    polars = "polars"
    duckdb = "duckdb"
    postgres = "postgres"
    spark = "spark"


RulesFile = Annotated[str, typer.Argument(metavar="FILE", help="The rule file (.seg).")]
Tables = Annotated[
    list[str],
    typer.Option(
        "--table",
        metavar="NAME=PATH",
        help="A table's data: CSV, Parquet, Arrow or Excel; once for each table.",
    ),
]
Sources = Annotated[
    list[str],
    typer.Option(
        "--table",
        metavar="NAME=PLACE",
        help="A table's data, once for each: CSV, Parquet (a file or a folder), Arrow, Excel, "
        "`postgresql://user@host/database#schema.table` or `duckdb:file.duckdb#table`.",
    ),
]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="The day the rules are asked about (YYYY-MM-DD); later rows are not seen.",
    ),
]
Knobs = Annotated[
    list[str],
    typer.Option(
        "--knob",
        metavar="NAME=VALUE",
        help="Set a knob for this run, in its range; or name a .toml file that sets several.",
    ),
]
Of = Annotated[
    str | None,
    typer.Option("--of", metavar="TABLE", help="Which table, where several have segments."),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="SET", help="Which segments, where there are several sets."),
]
History = Annotated[
    Path | None,
    typer.Option("--history", metavar="DIR", help="The folder that assignments are kept in."),
]
Calibrated = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="Use the cut points frozen in a file instead of taking them from these data.",
    ),
]
OutputFormat = Annotated[
    Format, typer.Option("--format", help="Tables for people, or JSON for machines.")
]


# ---- what is simulated


ProjectName = Annotated[
    str | None,
    typer.Option("--project", metavar="NAME", help="Which project, where there are several."),
]
ScenarioName = Annotated[
    str | None,
    typer.Option("--scenario", metavar="NAME", help="Which scenario (default: the first)."),
]
Told = Annotated[
    str | None,
    typer.Option(
        "--scenario",
        metavar="NAME",
        help="Which scenario is taken apart and told first (default: the first).",
    ),
]
Measure = Annotated[
    str | None,
    typer.Option(
        "--measure",
        metavar="NAME",
        help="A stage, sales, revenue, cost or profit (the default); on a line `wait` (the "
        "default), `gives up`, `answered in time`, cost.",
    ),
]
Futures = Annotated[
    int | None, typer.Option("--runs", min=100, max=1_000_000, help="How many futures.")
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, max=2**63 - 1, help="The luck; the same seed gives the same bytes."
    ),
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, max=256, help="Default: all cores.")
]


class GradeName(StrEnum):
    """How good evidence must be: A the best."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


RequiredGrade = Annotated[
    GradeName | None,
    typer.Option(
        "--require-grade",
        help="End with 1 where the evidence for a scenario is of a lower grade (A the best).",
    ),
]
Backtested = Annotated[
    Path | None,
    typer.Option(
        "--backtested",
        metavar="FILE",
        help="The record of a back-test of these rules (`segrules backtest --format json`).",
    ),
]


# ---- what is written


Out = Annotated[
    str,
    typer.Option(
        "-o", "--out", metavar="OUT", help="Where to write: .parquet, .csv, .arrow or .xlsx."
    ),
]
OutPlace = Annotated[
    str,
    typer.Option(
        "-o",
        "--out",
        metavar="OUT",
        help="Where to write: .parquet, .csv, .arrow, .xlsx, a folder of Parquet (`segments/`), or "
        "a table of a database, named as with --table.",
    ),
]
Where = Annotated[
    Engine,
    typer.Option("--engine", help="What places the rows: here (polars), or where the tables are."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse data with unreadable or undeclared values.")
]
GrowingHistory = Annotated[
    Path | None,
    typer.Option(
        "--history",
        metavar="DIR",
        help="The folder of earlier assignments; this one is added to it.",
    ),
]
Freeze = Annotated[
    Path | None,
    typer.Option(
        "--freeze", metavar="FILE", help="Write the cut points of ranks, to be used later."
    ),
]
UnknownCounts = Annotated[
    bool, typer.Option("--unknown-counts", help="Add how many rules are unknown for each row.")
]

ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Write a page, too: one file that needs nothing else (extra `report`).",
    ),
]


# ---- what is asked


Profiled = Annotated[
    list[str],
    typer.Option("--column", metavar="NAME", help="A number to profile by (default: all money)."),
]
Concentrated = Annotated[
    list[str],
    typer.Option(
        "--concentration", metavar="NAME", help="Show who brings and who costs this value."
    ),
]
Effort = Annotated[
    list[str],
    typer.Option("--effort", metavar="NAME", help="What is spent on a customer, beside the value."),
]
Cards = Annotated[
    bool, typer.Option("--cards", help="Show each segment on a card, in plain words.")
]
Department = Annotated[
    str | None,
    typer.Option("--for", metavar="DEPARTMENT", help="The cards, with what it does."),
]
FunnelName = Annotated[
    str | None,
    typer.Option("--funnel", metavar="NAME", help="Which funnel, where there are several."),
]
Gaps = Annotated[
    bool, typer.Option("--gaps", help="Compare outcomes between groups of protected columns.")
]
Compared = Annotated[
    list[str],
    typer.Option(
        "--column",
        metavar="NAME",
        help="Look for gaps by this column or named value (default: all that is protected).",
    ),
]
Smallest = Annotated[
    int | None,
    typer.Option(
        "--smallest",
        metavar="N",
        min=1,
        help="Show gaps where there are so many on either side (default: 10).",
    ),
]
Key = Annotated[str | None, typer.Option("--key", metavar="KEY", help="The customer to explain.")]
Versus = Annotated[
    str | None,
    typer.Option("--versus", metavar="KEY", help="Another customer, to be held against."),
]
ShowValues = Annotated[
    bool, typer.Option("--show-values", help="Show values (never of sensitive columns).")
]
