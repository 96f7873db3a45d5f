"""What can be wrong with Excel workbooks, read or written."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.data import NO_PLACE
from segrules.text.problems.samples import HEADER, ROW, RULES
from segrules.text.problems.words import listed, quoted

_SHEET = "customers.xlsx"


def _read(
    rows: str, run: str = f"assign --table customers={_SHEET}", name: str = _SHEET
) -> Example:
    return Example(RULES, {name: rows}, run)


_RIGHT = _read(HEADER + ROW)

WORKBOOK = entry(
    "SEG485",
    "a workbook that is not read",
    why="Excel workbooks need the extra `excel`. A workbook is an archive: before it is unpacked "
    "it is looked over, as a small one can fill the memory. Older kinds (.xls), and workbooks "
    "with a password, are no such archives.",
    wrong=Example(
        RULES, {"customers.xlsm": HEADER + ROW}, "assign --table customers=customers.xlsm"
    ),
    right=_RIGHT,
)
WHICH_SHEET = entry(
    "SEG486",
    "it is not clear which sheet is meant",
    why="A table is one sheet. Where a workbook has several, the sheet stands behind the file: "
    "`leads.xlsx#Sheet name`.",
    wrong=_read(HEADER + ROW, f"assign --table 'customers={_SHEET}#Customers 2026'"),
    right=_RIGHT,
)
HEADING_LACKING = entry(
    "SEG487",
    "a column of a sheet without a heading",
    why="The first row that holds anything is taken for the header, and each column must be named "
    "in it. A title above the table or merged cells leave columns without a name.",
    wrong=_read("Customers of the north\n" + HEADER + ROW),
    right=_RIGHT,
)
NUMBERS_AS_TEXT = entry(
    "SEG488",
    "numbers in a text column of a sheet",
    why="The digits are taken as they are shown. A sheet that holds keys as numbers has dropped "
    "their leading zeros, however: 00123 became 123, and is found in no other file.",
    wrong=_read(HEADER + ROW.replace("C1", "123")),
    right=_RIGHT,
    severity="warning",
)


def extra_lacking(file: str) -> Diagnostic:
    return WORKBOOK.about(
        file,
        f"{quoted(file)} needs what is not installed: Excel comes as an extra",
        "install it with `pip install 'segrules[excel]'`",
    )


def no_workbook(file: str) -> Diagnostic:
    return WORKBOOK.about(
        file,
        f"{quoted(file)} is not an Excel workbook, or has a password",
        "open it in Excel and save it as .xlsx without a password, or export the sheet as CSV",
    )


def too_large(file: str, most: int) -> Diagnostic:
    """`most` is in bytes."""
    return WORKBOOK.about(
        file,
        f"{quoted(file)} is larger than {most / 2**30:g} GiB when it is unpacked",
        "export the sheet as CSV or Parquet",
    )


def reaches_too_far(file: str, last: str) -> Diagnostic:
    """`last` is the cell at the far end, such as XFD1048576."""
    return WORKBOOK.about(
        file,
        f"{quoted(file)} has a sheet that reaches to the cell {last}",
        "clear the stray cells beside and below the table, or export it as CSV",
    )


def which_sheet(file: str, asked: str | None, sheets: Sequence[str]) -> Diagnostic:
    """`asked` is no sheet of the workbook, or `None` where there are several."""
    message = (
        f"{quoted(file)} has several sheets"
        if asked is None
        else f"{quoted(file)} has no sheet {quoted(asked)}"
    )
    name = file.replace("\\", "/").rpartition("/")[2]
    written = quoted(f"{name}#{sheets[0]}")
    return WHICH_SHEET.about(
        file,
        message,
        f"name it behind the file, as in {written}; there are {listed(sheets)}",
    )


def heading_lacking(sheet: str, columns: Sequence[str]) -> Diagnostic:
    """`columns` are the letters of the columns."""
    plural = "columns" if len(columns) > 1 else "column"
    return HEADING_LACKING.about(
        sheet,
        f"the {plural} {listed(columns)} of {quoted(sheet)} "
        f"{'have' if len(columns) > 1 else 'has'} values but no heading",
        "name every column in the first row: take out titles above it and unmerge its cells",
    )


def numbers_as_text(table: str, column: str, file: str) -> Diagnostic:
    return NUMBERS_AS_TEXT.about(
        file,
        f"the sheet holds numbers in the text column `{table}.{column}`: leading zeros may be lost",
        "format the column as text in the source and export it again",
    )


def too_many_rows(file: str, most: int) -> Diagnostic:
    return NO_PLACE.about(
        file,
        f"the result has more than {most:,} rows, which no sheet can hold",
        "write it as .parquet or .csv",
    )


def text_too_long(file: str, column: str, most: int) -> Diagnostic:
    return NO_PLACE.about(
        file,
        f"a text in the column {quoted(column)} has more than {most:,} characters, which no cell "
        "can hold",
        "write it as .parquet or .csv",
    )
