"""Sheets in and out: cells as they are shown, hostile workbooks refused, no text a formula."""

from __future__ import annotations

import builtins
import datetime as dt
import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter

from segrules.rules import Rules, inspect
from segrules.segments import excel, write
from segrules.segments.batch import Options, run_assignment
from segrules.segments.files import survey_files
from segrules.segments.read import file_of, open_declared, open_table, sha256
from segrules.text.catalogue import PREAMBLE
from segrules.text.diagnostic import RulesError
from segrules.text.source import Source

DAY, MOMENT = {"num_format": "yyyy-mm-dd"}, {"num_format": "yyyy-mm-dd hh:mm"}


def book(path: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
    """A workbook: days, moments and flags as Excel writes them, `None` is an empty cell."""
    made = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    day, moment = made.add_format(DAY), made.add_format(MOMENT)
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, dt.datetime):
                    sheet.write_datetime(at, column, value, moment)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(at, column, value, day)
                elif value is not None:
                    sheet.write(at, column, value)
    made.close()
    return path


def refused(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(RulesError) as raised:
        open_table(path)
    assert raised.value.unable
    return [(each.code, each.message) for each in raised.value.diagnostics]


def codes(path: Path) -> list[str]:
    return [code for code, _ in refused(path)]


# ---- in


def test_cells_are_read_as_they_are_shown(tmp_path: Path) -> None:
    noon = dt.datetime(2026, 1, 2, 12, 30)
    rows = [
        ["key", "whole", "part", "day", "moment", "flag", "mixed", "gone"],
        ["007", 12, 1.5, dt.date(2026, 1, 5), noon, True, "a", None],
        [None] * 8,
        ["x", 3, 0.1, dt.date(2026, 1, 6), noon, False, 12, None],
        ["y", None, None, None, None, None, dt.date(2026, 1, 7), None],
    ]
    held = open_table(book(tmp_path / "t.xlsx", {"S": rows})).collect()
    assert held.rows() == [
        ("007", "12", 1.5, dt.date(2026, 1, 5), noon, True, "a", None),
        ("x", "3", 0.1, dt.date(2026, 1, 6), noon, False, "12", None),
        ("y", None, None, None, None, None, "2026-01-07", None),
    ]
    assert held.schema["day"] == pl.Date


def test_numbers_beyond_what_a_sheet_can_hold_are_no_keys(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", {"S": [["key"], [10**15], [1]]})
    assert open_table(path).collect_schema()["key"] == pl.Float64
    path = book(tmp_path / "u.xlsx", {"S": [["key"], [10**15 - 1], [1]]})
    assert open_table(path).collect()["key"].to_list() == ["999999999999999", "1"]


def test_which_sheet(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", {"First one": [["a"], ["1st"]], "Other": [["b"], ["2nd"]]})
    assert open_table(tmp_path / "t.xlsx#First one").collect().rows() == [("1st",)]
    assert open_table(tmp_path / "t.xlsx#Other").collect().rows() == [("2nd",)]
    assert codes(path) == codes(tmp_path / "t.xlsx#") == ["SEG486"]
    [(code, message)] = refused(tmp_path / "t.xlsx#other")
    assert code == "SEG486"
    assert "no sheet `other`" in message
    with pytest.raises(RulesError) as raised:
        open_table(path)
    assert "t.xlsx#First one" in (raised.value.diagnostics[0].hint or "")
    assert "`Other`" in (raised.value.diagnostics[0].hint or "")


def test_a_file_may_have_the_sign_in_its_name(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx#1.xlsx", {"S": [["a"], ["x"]]})
    assert open_table(path).collect().rows() == [("x",)]
    assert file_of(path) == path
    assert file_of(tmp_path / "u.xlsx#S") == tmp_path / "u.xlsx"
    assert sha256(tmp_path / "t.xlsx#1.xlsx#S") == sha256(path)


def test_headings_that_are_not_clear(tmp_path: Path) -> None:
    title = [["Customers"], ["id", "spend"], ["a", 1]]
    [(code, message)] = refused(book(tmp_path / "a.xlsx", {"S": title}))
    assert code == "SEG487"
    assert message.startswith("the column `B` of ")
    twice = [["id", "spend", "spend"], ["a", 1, 2]]
    assert codes(book(tmp_path / "b.xlsx", {"S": twice})) == ["SEG405"]
    assert codes(book(tmp_path / "c.xlsx", {"S": []})) == ["SEG404"]
    # a heading that looks numbered is one, and a column without anything is none
    fine = [["spend", "spend_1", None], ["1st", 1, None]]
    assert open_table(book(tmp_path / "d.xlsx", {"S": fine})).collect().columns == [
        "spend",
        "spend_1",
    ]


def test_merged_headings(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(str(tmp_path / "m.xlsx"))
    sheet = made.add_worksheet("S")
    sheet.merge_range("A1:B1", "spend")
    sheet.write_row(1, 0, [1, 2])
    made.close()
    assert codes(tmp_path / "m.xlsx") == ["SEG487"]


def test_what_is_no_workbook(tmp_path: Path) -> None:
    whole = book(tmp_path / "t.xlsx", {"S": [["a"], ["x"]] * 50}).read_bytes()
    for name, content, code in (
        ("text.xlsx", b"id,spend\n1,2\n", "SEG485"),
        ("old.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "SEG485"),
        ("empty.xlsx", b"", "SEG485"),
        ("cut.xlsx", whole[:-300], "SEG403"),
        ("flipped.xlsx", whole.replace(b"PK\x03\x04", b"PK\x03\x05", 1), "SEG403"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert codes(path) == [code], name
    zipped = tmp_path / "zip.xlsx"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert codes(zipped) == ["SEG485"]
    assert codes(tmp_path / "nowhere.xlsx#S") == ["SEG401"]


def test_every_cut_and_flip_is_read_or_refused(tmp_path: Path) -> None:
    """No byte that is lost or changed ends in anything but a table or a diagnostic."""
    whole = book(tmp_path / "t.xlsx", {"S": [["id", "n"], ["a", 1], ["b", 2]]}).read_bytes()
    damaged = tmp_path / "d.xlsx"
    refusals = 0
    for at in range(0, len(whole), 97):
        for content in (whole[:at], whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]):
            damaged.write_bytes(content)
            try:
                open_table(damaged).collect()
            except RulesError:
                refusals += 1
    assert refusals > 50


def inflating(path: Path, size: int, told: int | None = None) -> Path:
    """A workbook with a part of `size` zeros which is said to have `told` bytes."""
    whole = book(path, {"S": [["a"], ["x"]]}).read_bytes()
    packed = io.BytesIO(whole)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/huge.bin", b"\0" * size)
    content = packed.getvalue()
    if told is not None:
        content = content.replace(struct.pack("<L", size), struct.pack("<L", told))
    path.write_bytes(content)
    return path


def test_bombs_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "MOST_BYTES", 2**20)
    [(code, message)] = refused(inflating(tmp_path / "bomb.xlsx", 3 * 2**20 + 7))
    assert code == "SEG485"
    assert "when it is unpacked" in message
    # what the archive says of its sizes is not believed
    assert codes(inflating(tmp_path / "liar.xlsx", 3 * 2**20 + 7, told=10)) == ["SEG485"]
    assert open_table(inflating(tmp_path / "small.xlsx", 2**18)).collect().rows() == [("x",)]


def test_a_stray_cell_far_away_does_not_fill_the_memory(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(str(tmp_path / "far.xlsx"))
    sheet = made.add_worksheet("S")
    sheet.write_row(0, 0, ["id", "n"])
    sheet.write_row(1, 0, ["a", 1])
    sheet.write(1_048_575, 16_383, "stray")
    made.close()
    [(code, message)] = refused(tmp_path / "far.xlsx")
    assert code == "SEG485"
    assert message.endswith("the cell XFD1048576")


def test_colour_to_the_end_of_a_sheet_is_no_content(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(str(tmp_path / "far.xlsx"))
    sheet = made.add_worksheet("S")
    sheet.write_row(0, 0, ["id", "n"])
    sheet.write_row(1, 0, ["a", 1])
    sheet.write_blank(1_048_575, 16_383, None, made.add_format({"bold": True}))
    made.close()
    assert open_table(tmp_path / "far.xlsx").collect().rows() == [("a", "1")]


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "t.xlsx", {"S": [["a"], ["x"]]})
    real = builtins.__import__

    def lacking(name: str, *rest: Any) -> Any:
        if name in ("fastexcel", "xlsxwriter"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(RulesError) as raised:
        open_table(path)
    assert raised.value.diagnostics[0].code == "SEG485"
    assert "pip install 'segrules[excel]'" in (raised.value.diagnostics[0].hint or "")
    with pytest.raises(RulesError) as raised:
        write.check_installed(tmp_path / "out.xlsx")
    assert raised.value.diagnostics[0].code == "SEG485"
    write.check_installed(tmp_path / "out.parquet")


# ---- in, as declared

RULES = """\
table buyers key buyer_id {
  buyer_id text
  visits   whole
  spend    money
  part     share
  vip      flag
  joined   date
  note     text?
}

segments worth of buyers {
  high "=High" when spend >= 100
  low  when spend < 10
  otherwise middle
}
"""


def rules() -> Rules:
    compiled = inspect(Source("rules.seg", f"{PREAMBLE}\n{RULES}"))
    assert compiled.ruleset is not None, list(compiled.log)
    return Rules(compiled, compiled.ruleset, ())


HEAD = ["buyer_id", "visits", "spend", "part", "vip", "joined", "note"]


def buyers(path: Path, keys: Sequence[Any]) -> Path:
    spends = [99.995, 9.99, 250, 100]
    rows = [
        [key, 3, spends[at % 4], 0.25, at % 2, dt.date(2026, 1, 5), "0123"]
        for at, key in enumerate(keys)
    ]
    return book(path, {"Buyers": [HEAD, *rows]})


def assigned(path: Path, out: Path, **options: Any) -> Any:
    return run_assignment(
        rules().ruleset,
        {"buyers": path},
        dt.date(2026, 6, 30),
        out,
        text="rules",
        options=Options(table="buyers", **options),
    )


def test_a_sheet_is_assigned_as_a_csv_file_would_be(tmp_path: Path) -> None:
    path = buyers(tmp_path / "b.xlsx", ["007", "x", "y", "z"])
    batch = assigned(path, tmp_path / "out.parquet", strict=True)
    assert batch.warnings == ()
    out = pl.read_parquet(tmp_path / "out.parquet").cast(pl.String)
    # an amount with the noise of a double is rounded, half to the even cent
    assert out.rows() == [
        ("007", "high", "high"),
        ("x", "low", "low"),
        ("y", "high", "high"),
        ("z", "high", "high"),
    ]


def test_number_keys_are_digits_and_said_to_have_lost_zeros(tmp_path: Path) -> None:
    path = buyers(tmp_path / "b.xlsx", [7, 12, 13, 14])
    table = rules().ruleset.table("buyers")
    frame, found = open_declared(path, table)
    assert frame.collect()["buyer_id"].to_list() == ["7", "12", "13", "14"]
    assert [(each.code, each.severity) for each in found] == [("SEG488", "warning")]
    assert "`buyers.buyer_id`" in found[0].message
    batch = assigned(path, tmp_path / "out.csv")
    assert [each.code for each in batch.warnings] == ["SEG488"]
    with pytest.raises(RulesError):
        assigned(path, tmp_path / "strict.csv", strict=True)
    assert not (tmp_path / "strict.csv").exists()


def test_number_keys_with_a_fraction_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RulesError) as raised:
        survey_files(rules().ruleset, {"buyers": buyers(tmp_path / "b.xlsx", [7, 1.5])})
    assert [each.code for each in raised.value.diagnostics] == ["SEG407"]


def test_superstore(shared_data: Path) -> None:
    path = shared_data / "superstore" / "superstore.xlsx"
    assert codes(path) == ["SEG486"]
    held = open_table(Path(f"{path}#Data")).collect()
    assert held.height == 9_994
    assert held["Sales"].sum() == pytest.approx(2_297_200.86, abs=0.005)
    assert held["Profit"].sum() == pytest.approx(286_397.02, abs=0.005)
    assert held["Customer ID"].n_unique() == 793
    assert held["Order Date"].min() == dt.date(2014, 1, 3)
    # a code that begins with zeros in other files
    assert held.schema["Postal Code"] == pl.String


# ---- out

HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://evil.example","x")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\0=1+1",
    "'=1+1",
    "http://evil.example",
    "{=1+1}",
    "plain",
    "<b>&amp;",
    "12",
    "x\x1b[31m",
]


def test_no_text_is_a_formula(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"buyer_id": HOSTILE, "visits": 1, "spend": 5, "part": 0.5, "vip": "yes"}
    ).with_columns(joined=pl.lit(dt.date(2026, 1, 5)), note=pl.lit("x"), visits=pl.lit(1))
    frame.write_parquet(tmp_path / "buyers.parquet")
    assigned(tmp_path / "buyers.parquet", tmp_path / "out.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "out.xlsx")
    cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [text for text in texts if text[:1] in set("=+-@\t\r\n\0")]
    keys = [row[0].value for row in sheets["segments"].iter_rows(min_row=2)]
    assert keys[0] == "'=1+1"
    assert keys[3:6] == ["'+1+1", "'-2+3", "'@SUM(1+1)"]
    assert keys[12] == "plain"
    assert keys[14] == "12"
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, content in parts.items() if b"<f>" in content or b"<f " in content]
    # labels of the rule file are neutralised as well
    labels = [row[2].value for row in sheets["rules"].iter_rows(min_row=2)]
    assert labels[0] == "'=High"


def test_a_csv_for_machines_is_untouched(tmp_path: Path) -> None:
    path = buyers(tmp_path / "b.xlsx", ["=1+1", "x"])
    assigned(path, tmp_path / "out.csv")
    assert pl.read_csv(tmp_path / "out.csv")["buyer_id"].to_list() == ["=1+1", "x"]


def test_the_sheets_of_a_result(tmp_path: Path) -> None:
    path = buyers(tmp_path / "b.xlsx", ["a", "b", "c", "d", "e"])
    batch = assigned(path, tmp_path / "out.xlsx")
    assert batch.summary.rows == 5
    assert batch.summary.sets["worth"].segments["high"].rows == 4
    made = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert made.sheetnames == ["segments", "summary", "rules", "about"]
    shown = {sheet.title: [list(row) for row in sheet.values] for sheet in made}
    assert shown["segments"][:3] == [
        ["buyer_id", "worth", "worth_by"],
        ["a", "high", "high"],
        ["b", "low", "low"],
    ]
    assert shown["summary"] == [
        ["segments", "segment", "label", "rows", "share"],
        ["worth", "high", "'=High", 4, 0.8],
        ["worth", "low", None, 1, 0.2],
        ["worth", "middle", None, 0, 0],
    ]
    assert shown["rules"][1:] == [
        ["worth", "high", "'=High", "spend >= 100"],
        ["worth", "low", None, "spend < 10"],
        ["worth", "middle", None, "every rule is false"],
    ]
    for sheet in made:
        assert sheet.freeze_panes == "A2"
        assert sheet["A1"].font.bold
        assert all(column.width >= 8 for column in sheet.column_dimensions.values())
    assert made["summary"]["E2"].number_format == "0.0%"


def test_a_sheet_without_rows_says_so_and_a_set_without_values(tmp_path: Path) -> None:
    rows = pl.DataFrame({"list": [[], None, ["a"]]}, schema={"list": pl.List(pl.String)})
    made = xlsxwriter.Workbook(str(tmp_path / "t.xlsx"))
    write._write_sheet(made, "some", rows)
    write._write_sheet(made, "nobody", rows.clear())
    made.close()
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert [row[0] for row in book["some"].values] == ["list", "none", None, "a"]
    assert [row[0] for row in book["nobody"].values] == ["list", "no customers"]


def test_the_same_result_is_the_same_file(tmp_path: Path) -> None:
    path = buyers(tmp_path / "b.xlsx", ["a", "b"])
    assigned(path, tmp_path / "one.xlsx")
    assigned(path, tmp_path / "two.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    # its date is the day asked about, not that of the clock
    made = openpyxl.load_workbook(tmp_path / "one.xlsx").properties.created
    assert made == dt.datetime(2026, 6, 30)


def test_values_of_every_kind_are_written(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "text": ["a", None],
            "flag": [True, None],
            "whole": [3, None],
            "day": [dt.date(2026, 1, 5), None],
            "early": [dt.date(1850, 1, 5), None],
            "list": [["a", "b"], None],
        }
    )
    made = xlsxwriter.Workbook(str(tmp_path / "t.xlsx"))
    write._write_sheet(made, "t", rows)
    made.close()
    values = list(openpyxl.load_workbook(tmp_path / "t.xlsx")["t"].values)
    assert values[1] == ("a", True, 3, dt.datetime(2026, 1, 5), "1850-01-05", "a; b")
    assert [row for row in values[2:] if any(cell is not None for cell in row)] == []


def test_what_no_sheet_can_hold_is_refused_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = buyers(tmp_path / "b.xlsx", ["a", "b", "c"])
    out = tmp_path / "out.xlsx"
    out.write_bytes(b"before")
    before = set(tmp_path.iterdir())
    monkeypatch.setattr(write, "MOST_ROWS", 2)
    with pytest.raises(RulesError) as raised:
        assigned(path, out)
    assert [each.code for each in raised.value.diagnostics] == ["SEG414"]
    assert "more than 2 rows" in raised.value.diagnostics[0].message
    monkeypatch.setattr(write, "MOST_ROWS", 3)
    monkeypatch.setattr(write, "MOST_CHARACTERS", 1)
    with pytest.raises(RulesError) as raised:
        assigned(path, out)
    assert [each.code for each in raised.value.diagnostics] == ["SEG414"]
    assert out.read_bytes() == b"before"
    assert set(tmp_path.iterdir()) == before


def test_a_workbook_is_not_replaced_by_the_result_from_it(tmp_path: Path) -> None:
    path = buyers(tmp_path / "b.xlsx", ["a"])
    before = path.read_bytes()
    with pytest.raises(RulesError) as raised:
        assigned(Path(f"{path}#Buyers"), path)
    assert [each.code for each in raised.value.diagnostics] == ["SEG415"]
    assert path.read_bytes() == before


def test_failing_to_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = buyers(tmp_path / "b.xlsx", ["a"])
    out = tmp_path / "out.xlsx"
    out.write_bytes(b"before")
    before = set(tmp_path.iterdir())

    def full(*_: object) -> None:
        raise xlsxwriter.exceptions.FileCreateError(OSError(28, "No space left on device"))

    monkeypatch.setattr(xlsxwriter.Workbook, "_store_workbook", full)
    with pytest.raises(RulesError) as raised:
        assigned(path, out)
    assert [each.code for each in raised.value.diagnostics] == ["SEG416"]
    assert out.read_bytes() == b"before"
    assert set(tmp_path.iterdir()) == before
