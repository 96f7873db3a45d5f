"""Every example of the catalogue that needs more than `check`, through the real command line."""

import csv
import datetime as dt
import io
import shlex
from pathlib import Path

import duckdb
import polars as pl
import pytest
import xlsxwriter
from cli_shop import AS_OF, Ran, run
from typer.main import get_command

from segrules.cli.main import app
from segrules.segments.history.store import Run, StoredSet, append
from segrules.text.catalogue import Entry, Example, catalogue

COMMANDS = get_command(app).commands  # type: ignore[attr-defined]
FILLED_IN = {"as_of": ["--as-of", AS_OF], "out": ["--out", "segments.parquet"]}
"""What an example leaves to whoever runs it, where the command cannot do without."""


def words(example: Example) -> list[str]:
    """The command line of an example, with the rule file, the data and what is left out."""
    name, *given = shlex.split(example.run)
    assert name in COMMANDS, f"there is no command `{name}`"
    options = {param.name: param for param in COMMANDS[name].params}
    filled = [name]
    takes_file = {"file", "files", "what"} & options.keys()
    if takes_file and (not given or given[0].startswith("-")):
        filled.append("rules.seg")
    filled += given
    for option, words in FILLED_IN.items():
        param = options.get(option)
        # explaining a customer takes a day, explaining a code does not
        wanted = param is not None and (param.required or "--key" in given)
        if wanted and not any(word in given for word in param.opts):
            filled += words
    if "table" in options and "--table" not in given:
        files = (name for name in example.data if not name.endswith((".json", ".duckdb")))
        for table in files:
            filled += ["--table", f"{Path(table).stem}={file_of(table)}"]
    return filled


def file_of(table: str) -> str:
    return table if "." in table else f"{table}.csv"


def execute(example: Example, folder: Path) -> Ran:
    # text that is not UTF-8 stands in an example as lone surrogates
    (folder / "rules.seg").write_bytes(example.text.encode("utf-8", "surrogateescape"))
    for table, text in example.data.items():
        if table.startswith("history/"):
            keep(folder, table, text)
        elif table.endswith(".xlsx"):
            write_workbook(text, folder / table)
        elif table.endswith(".duckdb"):
            write_database(text, folder / table)
        elif table.endswith(".parquet"):
            pl.read_csv(io.StringIO(text)).write_parquet(folder / table)
        else:
            (folder / file_of(table)).write_text(text)
    return run(*words(example))


def keep(folder: Path, name: str, text: str) -> None:
    """Puts rows into the history, as a run of other rules: `history/TABLE.DAY.parquet`."""
    table, day, _ = Path(name).name.split(".")
    rows = pl.read_csv(io.StringIO(text))
    key, segments = rows.columns
    held = {segments: StoredSet(tuple(rows[segments].unique()))}
    made = Run(table, key, dt.date.fromisoformat(day), "shop", "0" * 64, "0" * 64, held)
    append(folder / "history", rows, made)


def write_workbook(text: str, place: Path) -> None:
    """A workbook with one sheet, `Customers`; numbers in the text are numbers in the sheet."""
    book = xlsxwriter.Workbook(str(place), {"strings_to_numbers": True})
    sheet = book.add_worksheet("Customers")
    for at, row in enumerate(csv.reader(io.StringIO(text))):
        sheet.write_row(at, 0, [cell or None for cell in row])
    book.close()


def write_database(text: str, place: Path) -> None:
    """A database with the table `customers`, typed as declared, and a view of it."""
    rows = pl.read_csv(io.StringIO(text), infer_schema=False)
    with duckdb.connect(str(place)) as held:
        columns = ", ".join(f'"{name}" varchar' for name in rows.columns)
        held.execute(f"create table customers ({columns})")
        signs = ", ".join("?" * rows.width)
        held.executemany(f"insert into customers values ({signs})", rows.rows())  # noqa: S608
        held.execute("create view all_customers as select * from customers")


ENTRIES = [
    entry
    for entry in catalogue().values()
    if entry.wrong.run != "check" or entry.right.run != "check"
]


def test_there_are_examples() -> None:
    assert len(ENTRIES) > 40


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_wrong_example_gives_its_code(entry: Entry, tmp_path: Path) -> None:
    done = execute(entry.wrong, tmp_path)
    assert entry.code in done.codes, (entry.wrong.run, done.err + done.out)
    assert f"{entry.severity}[{entry.code}]" in done.err + done.out
    if entry.severity == "error":
        assert done.code in {1, 2}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_right_example_does_not(entry: Entry, tmp_path: Path) -> None:
    done = execute(entry.right, tmp_path)
    assert entry.code not in done.codes
    assert done.code == 0, (entry.right.run, done.err + done.out)
