"""Opens tables in files: CSV as text, Parquet and Arrow as they are typed, a sheet of Excel."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from segrules.lang.ir import Table
from segrules.lang.types import form
from segrules.segments import excel
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems
from segrules.text.problems.excel import numbers_as_text

ARROW_ENDINGS = (".arrow", ".feather", ".ipc")
_ENDINGS = (".csv", ".parquet", *ARROW_ENDINGS, *excel.ENDINGS)
_STREAM_START = b"\xff\xff\xff\xff"
"""How Arrow's stream format begins; its file format begins with a magic word."""


def open_table(path: Path) -> pl.LazyFrame:
    """The rows of a file, or of a folder of Parquet files, with their headings as columns.

    Folders named `column=value` are columns as well. The cells of a CSV file are text as written,
    an empty cell is missing; blank lines are passed over. A sheet of a workbook is named behind the
    file, `leads.xlsx#Sheet name`, unless it is the only one. Files are scanned as they are used; a
    sheet is read at once.

    Raises:
        RulesError: the file is not there, is not a table, is damaged, or its headings are not
            clear.
    """
    if is_workbook(path):
        return _open_sheet(path).rows.lazy()
    name = str(path)
    if path.is_dir():
        return _open_folder(path)
    _check_there(path)
    with reading(name):
        match path.suffix.lower():
            case ".csv":
                frame = _open_csv(path)
            case ".parquet":
                frame = pl.scan_parquet(path, glob=False, hive_partitioning=False)
            case ".arrow" | ".feather" | ".ipc":
                frame = _open_arrow(path)
            case _:
                raise RulesError([problems.not_a_table_file(name)], unable=True)
        frame.collect_schema()
        return frame


def open_declared(path: Path, table: Table) -> tuple[pl.LazyFrame, tuple[Diagnostic, ...]]:
    """As `open_table`, with the warnings about what a sheet holds in the columns of a table.

    Raises:
        RulesError: as `open_table`.
    """
    if not is_workbook(path):
        return open_table(path), ()
    sheet = _open_sheet(path)
    found = (
        numbers_as_text(table.name, column.name, str(path))
        for column in table.columns
        if column.heading in sheet.numbered and form(column.type) == "text"
    )
    return sheet.rows.lazy(), tuple(found)


def is_workbook(path: Path) -> bool:
    """Whether a path names a workbook, or a sheet of one."""
    file, _ = excel.parted(path)
    return file.suffix.lower() in excel.ENDINGS and not file.is_dir()


def file_of(path: Path) -> Path:
    """The file that a table is in: the path without the sheet of a workbook."""
    return excel.parted(path)[0]


def _open_sheet(path: Path) -> excel.Sheet:
    file, sheet = excel.parted(path)
    _check_there(file)
    with reading(str(file)):
        return excel.open_sheet(file, sheet)


def _check_there(path: Path) -> None:
    if not path.exists():
        raise RulesError([problems.no_such_file(str(path), _near(path))], unable=True)


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Whatever the engine says about a file that is being read becomes a diagnostic.

    Raises:
        RulesError: in place of the engine's or the system's own complaint.
    """
    try:
        yield
    except RulesError:
        raise
    except UnicodeDecodeError:
        raise RulesError([problems.table_not_utf8(file)], unable=True) from None
    except PermissionError:
        raise RulesError([problems.not_permitted(file)], unable=True) from None
    except (OSError, csv.Error):
        raise RulesError([problems.damaged(file)], unable=True) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise RulesError([_said_by_engine(file, str(error))], unable=True) from None


def _near(path: Path) -> list[str]:
    """Tables in the folder of a path whose names are close to its own."""
    try:
        names = [each.name for each in path.parent.iterdir() if each.suffix.lower() in _ENDINGS]
    except OSError:
        return []
    folded = {name.casefold(): name for name in sorted(names)}
    near = get_close_matches(path.name.casefold(), folded, n=3, cutoff=0.6)
    return [folded[name] for name in near]


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal; of a folder, that of its files' names and hashes.

    Of a sheet it is that of the workbook.
    """
    path = file_of(path)
    if path.is_dir():
        parts = {part.relative_to(path).as_posix(): part for part in parquet_parts(path)}
        hashed = "".join(f"{name} {sha256(part)}\n" for name, part in parts.items())
        return hashlib.sha256(hashed.encode()).hexdigest()
    with reading(str(path)), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _said_by_engine(file: str, message: str) -> Diagnostic:
    # the engine has one class of error for all of these
    if "utf-8" in message.lower() or "utf8" in message.lower():
        return problems.table_not_utf8(file)
    if "more fields" in message:
        return problems.surplus_cells(file)
    return problems.damaged(file)


def _open_folder(folder: Path) -> pl.LazyFrame:
    parts = parquet_parts(folder)
    hive = dict.fromkeys(hive_columns(folder), pl.String())
    with reading(str(folder)):
        frame = pl.scan_parquet(
            parts, glob=False, hive_partitioning=bool(hive), hive_schema=hive or None
        )
        frame.collect_schema()
        return frame


def parquet_parts(place: Path) -> list[Path]:
    """The Parquet files of a table, sorted: the file itself, or those below a folder.

    What begins with a dot or an underscore is not yet, or no longer, part of a table.

    Raises:
        RulesError: it is not there, or a folder has none.
    """
    _check_there(place)
    if not place.is_dir():
        return [place]
    found = sorted(
        part
        for part in place.rglob("*.parquet")
        if part.is_file() and not any(name[0] in "._" for name in part.relative_to(place).parts)
    )
    if not found:
        raise RulesError([problems.folder_without_tables(str(place))], unable=True)
    return found


def hive_columns(place: Path) -> tuple[str, ...]:
    """The columns that stand in the names of folders, `region=north/`, the same above every file.

    Their values are text, as those of CSV files are.
    """
    if not place.is_dir():
        return ()
    found = {
        tuple(unquote(name.partition("=")[0]) for name in part.relative_to(place).parts[:-1]
              if "=" in name)
        for part in parquet_parts(place)
    }  # fmt: skip
    return found.pop() if len(found) == 1 else ()


def _open_csv(path: Path) -> pl.LazyFrame:
    separator = _separator(path)
    frame = pl.scan_csv(path, separator=separator, infer_schema=False, null_values="", glob=False)
    # a blank line reads as a row in which every cell is missing
    return frame.filter(pl.any_horizontal(pl.all().is_not_null()))


def _separator(path: Path) -> str:
    """The separator of a CSV file, from its header, whose headings are checked."""
    for separator in (",", ";", "\t"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            headings = next(csv.reader(file, delimiter=separator), [])
        if len(headings) > 1:
            break
    else:
        separator = ","
    if not any(headings):
        raise RulesError([problems.no_header(str(path))], unable=True)
    twice = sorted({heading for heading in headings if headings.count(heading) > 1})
    if twice:
        raise RulesError([problems.heading_twice(str(path), twice)], unable=True)
    return separator


def _open_arrow(path: Path) -> pl.LazyFrame:
    with path.open("rb") as file:
        streamed = file.read(len(_STREAM_START)) == _STREAM_START
    return pl.read_ipc_stream(path).lazy() if streamed else pl.scan_ipc(path, glob=False)
