"""Sheets of Excel workbooks as tables: looked over before they are unpacked, then read as shown.

Whole numbers become text in digits, as a sheet cannot tell a key from an amount; numbers with a
fraction stay doubles; days become dates. An empty cell, and one that holds an error, is missing.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import polars as pl

from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems
from segrules.text.problems import excel

if TYPE_CHECKING:
    from fastexcel import ExcelReader, ExcelSheet

ENDINGS = (".xlsx", ".xlsm")
MOST_BYTES = 2**30
"""Bytes of a workbook's parts, unpacked, beyond which it is not read."""
MOST_CELLS = 50_000_000
"""Cells between the first and the last of a sheet beyond which it is not read."""

_NAMED = re.compile(r"(?is)(.+?\.xls[xm])#([^/\\]*)")
_CHUNK = 2**20
_LONGEST_PLACE = 64
_EXACT = 10**15
"""From here on a sheet has lost digits: its numbers are doubles of 15 digits."""
_COLUMN = re.compile(rb"""\sr=["']([A-Za-z]{1,3})[0-9]""")
_ROW = re.compile(rb"""\sr=["'][A-Za-z]{0,3}([0-9]{1,9})["']""")
_FILLED = re.compile(
    rb"""<(?:\w+:)?c\s(?:[^<>]*?\s)?r=["']([A-Za-z]{1,3})([0-9]{1,9})["'][^<>]*(?<!/)>"""
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet, and the headings of its columns of whole numbers."""

    rows: pl.DataFrame
    numbered: frozenset[str]


def parted(path: Path) -> tuple[Path, str | None]:
    """The file of `leads.xlsx#Sheet name` and the sheet; any other path is a file by itself."""
    found = _NAMED.fullmatch(str(path))
    if found is None or path.exists():
        return path, None
    file, _, sheet = str(path).rpartition("#")
    # the sign may be part of the file's name, or of the sheet's
    return (
        (Path(file), sheet or None) if Path(file).exists() else (Path(found[1]), found[2] or None)
    )


def open_sheet(file: Path, sheet: str | None) -> Sheet:
    """The rows of a sheet by name, or of the only one; blank rows are passed over.

    The whole sheet is read into memory.

    Raises:
        RulesError: the extra is not installed, the file is no workbook, is damaged or would fill
            the memory, the sheet is not clear or its headings are not.
    """
    engine = _engine(str(file))
    _look_over(file)
    try:
        book = engine.read_excel(file)
        loaded = book.load_sheet(_chosen(file, book, sheet), schema_sample_rows=None)
        return _tidied(f"{file}#{loaded.name}", book, loaded)
    except engine.FastExcelError:
        raise RulesError([problems.damaged(str(file))], unable=True) from None


def _engine(file: str) -> ModuleType:
    try:
        import fastexcel  # noqa: PLC0415 -- comes with an extra
    except ImportError:
        raise RulesError([excel.extra_lacking(file)], unable=True) from None
    # what they remark on, such as columns without a type, is no matter of the reader's
    for chatty in ("fastexcel", "calamine"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    return fastexcel


def _chosen(file: Path, book: ExcelReader, sheet: str | None) -> str:
    if sheet is None and len(book.sheet_names) == 1:
        return book.sheet_names[0]
    if sheet is None or sheet not in book.sheet_names:
        raise RulesError([excel.which_sheet(str(file), sheet, book.sheet_names)], unable=True)
    return sheet


# ---- before anything is unpacked into memory


def _look_over(file: Path) -> None:
    """Unpacks the parts bit by bit, to know how large they are and how far their cells reach.

    Raises:
        RulesError: the file is no workbook, damaged or too large.
    """
    try:
        with zipfile.ZipFile(file) as book:
            parts = book.infolist()
            if "[Content_Types].xml" not in book.namelist():
                raise RulesError([excel.no_workbook(str(file))], unable=True)
            left = MOST_BYTES
            for part in parts:
                left -= _look_at(file, book, part, left)
    except zipfile.BadZipFile:
        # a cut off archive still begins like one
        with file.open("rb") as start:
            zipped = start.read(2) == b"PK"
        found = problems.damaged(str(file)) if zipped else excel.no_workbook(str(file))
        raise RulesError([found], unable=True) from None
    except (zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError):
        raise RulesError([problems.damaged(str(file))], unable=True) from None


def _look_at(file: Path, book: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """The bytes of a part, unpacked."""
    # INVARIANT: what the archive says of its sizes is not believed
    part.file_size = sys.maxsize
    size, columns, rows, tail = 0, {b"A"}, 1, b""
    with book.open(part) as unpacked:
        while chunk := unpacked.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise RulesError([excel.too_large(str(file), MOST_BYTES)], unable=True)
            piece = tail + chunk
            columns.update(_COLUMN.findall(piece))
            rows = max(rows, *map(int, set(_ROW.findall(piece))), 1)
            tail = piece[-_LONGEST_PLACE:]
    if max(map(_number, columns)) * rows > MOST_CELLS:
        _measure(file, book, part)
    return size


def _measure(file: Path, book: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """A sheet may be coloured to its end; only cells that hold something count.

    Raises:
        RulesError: they reach too far.
    """
    columns, rows, tail = {b"A"}, 1, b""
    with book.open(part) as unpacked:
        while chunk := unpacked.read(_CHUNK):
            piece = tail + chunk
            found = _FILLED.findall(piece)
            columns.update(column for column, _ in found)
            rows = max(rows, *(int(row) for _, row in found), 1)
            tail = piece[piece.rfind(b"<") :][:_CHUNK]
    if max(map(_number, columns)) * rows > MOST_CELLS:
        last = f"{max(columns, key=_number).decode().upper()}{rows}"
        raise RulesError([excel.reaches_too_far(str(file), last)], unable=True)


def _number(column: bytes) -> int:
    """The number of a column from its letters."""
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - 64
    return number


# ---- what was read


def _tidied(name: str, book: ExcelReader, loaded: ExcelSheet) -> Sheet:
    headings = [column.name for column in loaded.selected_columns]
    if not headings:
        raise RulesError([problems.no_header(name)], unable=True)
    _check_twice(name, book, loaded, headings)
    rows = loaded.to_polars()
    rows = rows.with_columns(_without_blanks(rows[heading]) for heading in headings)
    generated = [
        column for column in loaded.selected_columns if column.column_name_from == "generated"
    ]
    unnamed = [column for column in generated if rows[column.name].null_count() < rows.height]
    if unnamed:
        places = [_letters(column.absolute_index) for column in unnamed]
        raise RulesError([excel.heading_lacking(name, places)], unable=True)
    rows = rows.drop(column.name for column in generated)
    numbered = frozenset(column.name for column in rows if _is_whole(column))
    rows = rows.filter(pl.any_horizontal(pl.all().is_not_null()))
    return Sheet(rows.with_columns(_as_shown(each, numbered) for each in rows), numbered)


def _check_twice(name: str, book: ExcelReader, loaded: ExcelSheet, headings: list[str]) -> None:
    """The reader numbers a heading that stands twice: `spend_1` may be written so, or made so."""
    numbered = [re.sub(r"_\d+$", "", heading) for heading in headings]
    if not any(
        base != heading and base in headings
        for base, heading in zip(numbered, headings, strict=True)
    ):
        return
    first = book.load_sheet(loaded.name, header_row=None, n_rows=1, dtypes="string").to_polars()
    written = [cell for cell in first.row(0) if cell is not None]
    twice = sorted({heading for heading in written if written.count(heading) > 1})
    if twice:
        raise RulesError([problems.heading_twice(name, twice)], unable=True)


def _without_blanks(cells: pl.Series) -> pl.Series:
    return cells.replace("", None) if cells.dtype == pl.String else cells


def _is_whole(cells: pl.Series) -> bool:
    """Whether a column holds whole numbers of which no digit is lost."""
    if not cells.dtype.is_numeric() or cells.null_count() == cells.len():
        return False
    return bool(((cells == cells.floor()) & (cells.abs() < _EXACT)).all())


def _as_shown(cells: pl.Series, numbered: frozenset[str]) -> pl.Series:
    if cells.name in numbered:
        return cells.cast(pl.Int64).cast(pl.String)
    if isinstance(cells.dtype, pl.Datetime) and (cells.dt.time() == dt.time()).all():
        return cells.cast(pl.Date)
    if cells.dtype == pl.String:
        # a day beside words is spelled with its time
        return cells.str.replace(r"^(\d{4}-\d{2}-\d{2}) 00:00:00$", "$1")
    return cells


def _letters(index: int) -> str:
    """The letters of a column from its place, counted from zero."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
