"""What can be wrong when rules are compiled for a service."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, ORDER, ORDER_RULES, ORDERS_HEADER, ROW, RULES
from segrules.text.problems.words import listed, quoted
from segrules.text.source import Span

_RANKED = "segments value of customers {\n  high when in top 20% by spend\n  otherwise low\n}\n"
_CUSTOMERS = {
    "customers": "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n"
    "C1,2026-01-02,north,gold,120.50,10,1.5,10%,yes,,\n"
}
_PLAIN = "segments value of customers {\n  high when spend >= 100\n  otherwise low\n}\n"
_FADED = (
    "segments value of customers {\n  faded when value was high 1 month ago and spend < 50\n"
    "  high  when spend >= 100\n  otherwise low\n  unsure unclear\n}\n"
)
_ORDERED = {"customers": HEADER + ROW, "orders": ORDERS_HEADER + ORDER}

NEEDS_CUTS = entry(
    "SEG660",
    "cut points are needed to compile",
    why="A service decides one record at a time and has nobody to compare it with. Ranks and "
    "figures of a population are answered from cut points, which are frozen before.",
    wrong=Example(_RANKED, run="compile -o rules.segb"),
    right=Example(_PLAIN, run="compile -o rules.segb"),
)
BUNDLE_ENDING = entry(
    "SEG661",
    "a place that is none for a bundle, or for types",
    why="A bundle is written to a file that ends in .segb, and types to one that ends in .pyi, so "
    "that nobody takes them for something else and nothing else is lost.",
    wrong=Example(RULES, run="compile -o rules.json"),
    right=Example(RULES, run="compile -o rules.segb"),
)
NOTHING_TO_EXPORT = entry(
    "SEG662",
    "no features to export",
    why="Features are what rules make of related rows, so that a service can be given them. Rules "
    "that read the row alone have none.",
    wrong=Example(_PLAIN, _CUSTOMERS, "export -o features.parquet"),
    right=Example(_PLAIN),
)
NO_DIALECT = entry(
    "SEG663",
    "an unknown dialect of SQL",
    why="Databases differ in what the same SQL means, so SQL is written for one of those that are "
    "known.",
    wrong=Example(_PLAIN, run="compile --sql mysql"),
    right=Example(_PLAIN, run="compile --sql duckdb"),
)
NOT_IN_A_QUERY = entry(
    "SEG664",
    "something that a query alone cannot do",
    why="A query that is printed stands alone: it reads the tables of the rules where it is run, "
    "and nothing else. What was stored of earlier assignments is no table there, and what a "
    "dialect cannot do exactly as the language says is refused.",
    wrong=Example(_FADED, run="compile --sql duckdb"),
    right=Example(_PLAIN, run="compile --sql duckdb"),
)
FEATURES_ENDING = entry(
    "SEG665",
    "a place that is none for features",
    why="Features are handed to services row by row, so they are written where rows keep their "
    "types, or as lines of JSON or CSV; a workbook is for people.",
    wrong=Example(ORDER_RULES, _ORDERED, "export -o features.xlsx"),
    right=Example(ORDER_RULES, _ORDERED, "export -o features.jsonl"),
)


def compile_needs_cuts(written: Sequence[str]) -> Diagnostic:
    return NEEDS_CUTS.about(
        None,
        f"the rules compare with a population, in {listed(written)}, and no cut points are given",
        "add `--calibration FILE`, as `assign --freeze FILE` writes it; or `--table NAME=PATH` for "
        "each table, to take them from data now",
    )


def bundle_ending(name: str) -> Diagnostic:
    return BUNDLE_ENDING.about(
        None, f"{quoted(name)} does not end in .segb", "name it `rules.segb`, or the like"
    )


def stubs_ending(name: str) -> Diagnostic:
    return BUNDLE_ENDING.about(
        None, f"{quoted(name)} does not end in .pyi", "name the types `rules.pyi`, or the like"
    )


def no_bundle_asked() -> Diagnostic:
    return BUNDLE_ENDING.about(
        None,
        "no place is named for the bundle",
        "add `-o rules.segb`; or `--sql`, `--stubs` or `--explain-plan`, which stand alone",
    )


def nothing_to_export(table: str) -> Diagnostic:
    return NOTHING_TO_EXPORT.about(
        None,
        f"the rules of {quoted(table)} read no related rows, so there are no features to write",
        "a service needs nothing but the columns of the record",
    )


def unknown_dialect(name: str, known: Sequence[str]) -> Diagnostic:
    return NO_DIALECT.about(
        None, f"there is no dialect {quoted(name)}", f"say {listed(known, 'or')}"
    )


def past_in_query(tables: Sequence[str], span: Span | None) -> Diagnostic:
    """Rules of `tables` ask what was."""
    message = f"the rules of {listed(tables)} ask what was, which stands in no table of a database"
    hint = (
        "run them there with `segrules assign --engine duckdb` (or postgres, spark) and "
        "`--history FOLDER`"
    )
    return NOT_IN_A_QUERY.about(None, message, hint) if span is None else \
        NOT_IN_A_QUERY.at(span, message, hint)  # fmt: skip


def not_in_query(dialect: str, what: str, span: Span | None) -> Diagnostic:
    """`what` stands behind "cannot do"."""
    message = f"a query for {quoted(dialect)} cannot do {what}"
    hint = "run the rules with `segrules assign`: the engine polars reads tables of databases, too"
    return NOT_IN_A_QUERY.about(None, message, hint) if span is None else \
        NOT_IN_A_QUERY.at(span, message, hint)  # fmt: skip


def features_ending(out: str) -> Diagnostic:
    return FEATURES_ENDING.about(
        out,
        f"features are not written to {quoted(out)}",
        "name a file that ends in .parquet, .jsonl, .csv, .arrow, .feather or .ipc",
    )
