"""`segrules explain`: the page of a code, or why one customer is where it is."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from segrules.cli.options import (
    Calibrated,
    Format,
    History,
    Key,
    Knobs,
    Of,
    OutputFormat,
    ShowValues,
    Tables,
    Versus,
)
from segrules.cli.session import date, load, print_json, print_tables, scan
from segrules.text import problems
from segrules.text.catalogue import Entry, catalogue
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.render import page
from segrules.text.source import Source

_CODE = re.compile(r"(?:SEG)?(\d{1,4})", re.IGNORECASE)


def command(
    what: Annotated[
        str, typer.Argument(metavar="CODE|FILE", help="A code such as SEG201, or a rule file.")
    ],
    key: Key = None,
    versus: Versus = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="The day (YYYY-MM-DD).")
    ] = None,
    table: Tables = [],
    knob: Knobs = [],
    of: Of = None,
    show_values: ShowValues = False,
    history: History = None,
    calibration: Calibrated = None,
    form: OutputFormat = Format.table,
) -> None:
    """Explain a diagnostic's code, or why one customer is in its segments, or two are not in one.

    segrules explain SEG201
    segrules explain rules.seg --key L000017 --table leads=leads.csv --as-of 2026-06-30
    segrules explain rules.seg --key L17 --versus L18 --table leads=leads.csv --as-of 2026-06-30
    """
    code = _CODE.fullmatch(what)
    if code:
        print(_page(f"SEG{code[1]:0>3}"), end="")
        return
    if key is None or as_of is None:
        lacking = [word for word, given in (("--key", key), ("--as-of", as_of)) if given is None]
        raise RulesError([problems.explain_needs(lacking)], unable=True)
    from segrules.report import explanation as report
    from segrules.segments.explain import explain
    from segrules.segments.explain import versus as compare

    day = date(as_of)
    rules = load(what, knob, day)
    frames = scan(rules, table, history)
    placed = rules.place(frames, as_of=day, table=of, history=history, calibration=calibration)
    if versus is not None:
        both = compare(placed, key, versus, show_values=show_values)
        record, tables = report.comparison_record(both), report.comparison_tables(both)
    else:
        found = explain(placed, key, show_values=show_values)
        record, tables = report.explanation_record(found), report.explanation_tables(found)
    if form is Format.json:
        print_json(record)
    else:
        print_tables(tables)


def _page(code: str) -> str:
    from segrules.lang.check.scope import nearest

    entries = catalogue()
    if code not in entries:
        raise RulesError([problems.unknown_code(code, nearest(code, entries))], unable=True)
    return page(entries[code], _finding(entries[code]))


def _finding(entry: Entry) -> Diagnostic | None:
    """What the wrong example of an entry gives, where checking it is enough."""
    from segrules.rules import inspect

    if entry.wrong.run != "check":
        return None
    found = inspect(Source("rules.seg", entry.wrong.text)).log
    return next((each for each in found if each.code == entry.code), None)
