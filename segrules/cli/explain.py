"""`segrules explain`: the page of a code, or why one customer is where it is."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from segrules.cli.session import (
    Format,
    Knobs,
    OutputFormat,
    Tables,
    date,
    load,
    print_json,
    print_tables,
    scan,
)
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
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The customer to explain.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="The day (YYYY-MM-DD).")
    ] = None,
    table: Tables = [],
    knob: Knobs = [],
    of: Annotated[
        str | None,
        typer.Option("--of", metavar="TABLE", help="Which table, where several have segments."),
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show values (never of sensitive columns).")
    ] = False,
    form: OutputFormat = Format.table,
) -> None:
    """Explain a diagnostic's code, or why one customer is in its segments.

    segrules explain SEG201
    segrules explain rules.seg --key L000017 --table leads=leads.csv --as-of 2026-06-30
    """
    code = _CODE.fullmatch(what)
    if code:
        print(_page(f"SEG{code[1]:0>3}"), end="")
        return
    if key is None or as_of is None:
        lacking = [word for word, given in (("--key", key), ("--as-of", as_of)) if given is None]
        raise RulesError([problems.explain_needs(lacking)], unable=True)
    from segrules.report.explanation import explanation_record, explanation_tables

    day = date(as_of)
    rules = load(what, knob)
    found = rules.explain(scan(rules, table), key, as_of=day, table=of, show_values=show_values)
    if form is Format.json:
        print_json(explanation_record(found))
    else:
        print_tables(explanation_tables(found))


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
