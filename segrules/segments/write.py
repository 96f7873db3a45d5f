"""Results to files: Parquet, CSV and Arrow for machines, Excel for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from segrules.lang.ir import Rule, SegmentSet
from segrules.segments.assign import Placement
from segrules.segments.read import ARROW_ENDINGS, open_table
from segrules.segments.revision import cuts_revision
from segrules.text.diagnostic import RulesError
from segrules.text.problems import excel

# xlsxwriter says nothing of its types
Workbook = Any
Worksheet = Any
Format = Any
_Write = Callable[[int, int, Any], object]
"""Writes a value into a cell, by its row and column."""

EXCEL_ENDING = ".xlsx"
ENDINGS = frozenset({".csv", ".parquet", *ARROW_ENDINGS, EXCEL_ENDING})

LINES_ENDING = ".jsonl"
PLAIN_ENDINGS = frozenset({".csv", ".parquet", LINES_ENDING, *ARROW_ENDINGS})
"""What rows are written to that are no assignment."""

MOST_ROWS = 1_048_575
"""Rows of a sheet below its header."""
MOST_CHARACTERS = 32_767
"""Characters of a cell."""

_SETTINGS = {
    # rows are written once and forgotten; text is text whatever it looks like
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "nan_inf_to_errors": True,
}
_NARROWEST, _WIDEST, _MEASURED = 8, 60, 1_000
_FORMULA = r"^[=+\-@\t\r\n\x00]"
"""How text begins that a spreadsheet would take for a formula (or would, once it is saved)."""
_DAY = {"num_format": "yyyy-mm-dd"}
_FIRST_DAY = dt.date(1900, 3, 1)
"""Sheets count days from 1900 and believe that it was a leap year."""


def check_installed(out: Path) -> None:
    """What writing to `out` needs must be there before any work is done.

    Raises:
        RulesError: `out` is a workbook, and the extra is not installed.
    """
    if out.suffix.lower() == EXCEL_ENDING:
        _engine(str(out))


def sink(rows: pl.LazyFrame, place: Path, placed: Placement, out: Path, rules: str) -> pl.LazyFrame:
    """Writes an assignment to `place`, by the ending of its name, and gives what was written.

    `out` is the name in messages, `rules` the revision of the rules. All but Excel stream. A
    workbook has the sheets `segments` (the assignment), `summary` (rows by segment), `rules` (each
    rule as it is written) and `about` (the day, the rules, the knobs); text that would be a formula
    has an apostrophe before it.

    Raises:
        RulesError: a sheet cannot hold the rows; nothing was written.
    """
    if place.suffix.lower() == ".xlsx":
        held = rows.head(MOST_ROWS + 1).collect(engine="streaming")
        _check_fits(held, str(out))
        _write_workbook(held, place, placed, rules)
        return held.lazy()
    return sink_plain(rows, place)


def sink_plain(rows: pl.LazyFrame, place: Path) -> pl.LazyFrame:
    """Writes rows by the ending of the name (see `PLAIN_ENDINGS`), and gives what was written.

    They stream.
    """
    match place.suffix.lower():
        case ".jsonl":
            rows.sink_ndjson(place)
            return pl.scan_ndjson(place)
        case ".csv":
            rows.with_columns(_spelled_sets(rows)).sink_csv(place)
        case ".parquet":
            rows.sink_parquet(place)
        case _:
            rows.sink_ipc(place)
    return open_table(place)


def _spelled_sets(rows: pl.LazyFrame) -> list[pl.Expr]:
    """Sets as text from files is read: values between semicolons, `none` for the empty one."""
    sets = [name for name, kind in rows.collect_schema().items() if isinstance(kind, pl.List)]
    return [
        pl.when(pl.col(name).list.len() == 0)
        .then(pl.lit("none"))
        .otherwise(pl.col(name).cast(pl.List(pl.String)).list.join(";"))
        .alias(name)
        for name in sets
    ]


def _engine(out: str) -> Any:
    try:
        import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra
    except ImportError:
        raise RulesError([excel.extra_lacking(out)], unable=True) from None
    return xlsxwriter


def _check_fits(rows: pl.DataFrame, out: str) -> None:
    if rows.height > MOST_ROWS:
        raise RulesError([excel.too_many_rows(out, MOST_ROWS)], unable=True)
    for cells in rows.select(pl.col(pl.String)):
        # an apostrophe may be added
        if (cells.str.len_chars() >= MOST_CHARACTERS).any():
            raise RulesError([excel.text_too_long(out, cells.name, MOST_CHARACTERS)], unable=True)


def _write_workbook(rows: pl.DataFrame, place: Path, placed: Placement, rules: str) -> None:
    engine = _engine(str(place))
    sets = [each for each in placed.ruleset.sets if each.table == placed.table]
    # what is written for the time being goes with the folder, whatever happens
    with TemporaryDirectory(prefix="segrules-") as folder:
        book = engine.Workbook(str(place), {**_SETTINGS, "tmpdir": folder})
        try:
            # the same result is the same file whenever it is made
            made = dt.datetime.combine(placed.context.as_of, dt.time())
            book.set_properties({"title": placed.ruleset.name, "created": made})
            _write_sheet(book, "segments", rows)
            _write_sheet(book, "summary", _summary(rows, sets), percent="share")
            _write_sheet(book, "rules", _rules(sets))
            _write_sheet(book, "about", _about(placed, rows.height, rules))
            book.close()
        except engine.exceptions.FileCreateError as error:
            reason = error.args[0] if error.args else None
            raise reason if isinstance(reason, OSError) else OSError(str(error)) from None
        finally:
            _let_go(book)


def _let_go(book: Workbook) -> None:
    """Closes what the library leaves open when it fails."""
    for sheet in book.worksheets():
        unfinished = getattr(sheet, "row_data_fh", None)
        if unfinished is not None:
            unfinished.close()


# ---- what the further sheets say


def _summary(rows: pl.DataFrame, sets: Sequence[SegmentSet]) -> pl.DataFrame:
    """Rows and their share by segment; rows in no segment stand under an empty name."""
    found: list[dict[str, object]] = []
    for each in sets:
        counts = dict(rows.group_by(pl.col(each.name).cast(pl.String)).len().iter_rows())
        names: list[str | None] = [*each.segments, *([None] if None in counts else [])]
        found += [
            {
                "segments": each.name,
                "segment": name,
                "label": each.labels.get(name, "") if name else "",
                "rows": counts.get(name, 0),
                "share": counts.get(name, 0) / rows.height if rows.height else 0.0,
            }
            for name in names
        ]
    schema = {
        "segments": pl.String,
        "segment": pl.String,
        "label": pl.String,
        "rows": pl.Int64,
        "share": pl.Float64,
    }
    return pl.DataFrame(found, schema=schema)


def _rules(sets: Sequence[SegmentSet]) -> pl.DataFrame:
    """The rules in the order in which they are asked."""
    found: list[tuple[str, str, str, str]] = []
    for each in sets:
        found += [(each.name, rule.segment, rule.label, _said(rule)) for rule in each.rules]
        outcomes = [(each.otherwise, "every rule is false")]
        if each.unsure:
            outcomes.append((each.unsure, "no rule is true and some are unknown"))
        found += [(each.name, last.segment, last.label, said) for last, said in outcomes]
        found += [
            (each.name, cap.segment, each.labels.get(cap.segment, ""), _line(cap.span.text))
            for cap in each.caps
            if cap.span
        ]
    columns = ["segments", "segment", "label", "rule"]
    return pl.DataFrame(found, schema=dict.fromkeys(columns, pl.String), orient="row")


def _said(rule: Rule) -> str:
    """The condition as it is written, or what else puts customers there."""
    match rule.by:
        case "suppress":
            return f"suppressed: {rule.written}"
        case "override":
            return f"placed there by an override: {rule.written}"
        case "stay":
            return f"held there: {_line(rule.written)}"
        case _:
            return rule.written


def _line(text: str) -> str:
    return " ".join(text.split())


def _about(placed: Placement, rows: int, rules: str) -> pl.DataFrame:
    """What the result is: of which day, by which rules and with which settings."""
    ruleset, cuts = placed.ruleset, cuts_revision(placed.context.calibration)
    lines = [
        ("ruleset", ruleset.name),
        ("goal", ruleset.goal),
        ("owner", ruleset.owner),
        ("as of", placed.context.as_of.isoformat()),
        (placed.table, f"{rows:,}"),
        ("revision of the rules", rules),
        ("cut points", cuts or ""),
        *((f"knob {knob.name}", knob.written) for knob in ruleset.knobs),
    ]
    told = [line for line in lines if line[1]]
    return pl.DataFrame(told, schema={"about": pl.String, "value": pl.String}, orient="row")


# ---- a sheet


def _write_sheet(book: Workbook, name: str, rows: pl.DataFrame, *, percent: str = "") -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bg_color": "#DDE6F0", "bottom": 1})
    shown = rows.with_columns(_for_people(cells) for cells in rows)
    headings = _harmless(pl.Series("headings", shown.columns, dtype=pl.String))
    for at, (cells, heading) in enumerate(zip(shown, headings, strict=True)):
        sheet.set_column(at, at, _width(cells, heading))
        sheet.write_string(0, at, heading, head)
    sheet.freeze_panes(1, 0)
    if not shown.height:
        sheet.write_string(1, 0, "no customers")
    if shown.height:
        sheet.autofilter(0, 0, shown.height, shown.width - 1)
    shares = book.add_format({"num_format": "0.0%"})
    writers = [
        _writer(book, sheet, cells, shares if cells.name == percent else None) for cells in shown
    ]
    for row, values in enumerate(shown.iter_rows(), start=1):
        for at, value in enumerate(values):
            if value is not None and value != "":
                writers[at](row, at, value)


def _for_people(cells: pl.Series) -> pl.Series:
    """Numbers, flags and days as they are; everything else as text that is no formula."""
    if cells.dtype == pl.Date and (cells.is_null() | (cells >= _FIRST_DAY)).all():
        return cells
    if cells.dtype == pl.Boolean or cells.dtype.is_numeric():
        return cells
    if isinstance(cells.dtype, pl.List):
        joined = cells.cast(pl.List(pl.String)).list.join("; ")
        # a set without values is known to have none, a blank cell is not known
        cells = joined.replace("", "none")
    return _harmless(cells.cast(pl.String))


def _harmless(cells: pl.Series) -> pl.Series:
    """INVARIANT: no text of a workbook begins as a formula does."""
    written = pl.col(cells.name)
    marked = pl.when(written.str.contains(_FORMULA)).then("'" + written).otherwise(written)
    return cells.to_frame().select(marked.alias(cells.name)).to_series()


def _width(cells: pl.Series, heading: str) -> float:
    """Characters of the widest cell among the first ones, within bounds."""
    # len_chars of "false" and of a date in ISO form are what a sheet shows, near enough
    lengths = cells.head(_MEASURED).cast(pl.String).str.len_chars().drop_nulls()
    widest = max([len(heading) + 3, *lengths])
    return float(min(max(widest + 1, _NARROWEST), _WIDEST))


def _writer(book: Workbook, sheet: Worksheet, cells: pl.Series, form: Format | None) -> _Write:
    write: _Write = sheet.write_string
    if cells.dtype == pl.Boolean:
        write = sheet.write_boolean
    elif cells.dtype == pl.Date:
        write = partial(_write_formed, sheet.write_datetime, book.add_format(_DAY))
    elif cells.dtype.is_numeric():
        write = partial(_write_formed, sheet.write_number, form)
    return write


def _write_formed(
    write: Callable[..., object], form: Format | None, row: int, at: int, value: object
) -> object:
    return write(row, at, value, form)
