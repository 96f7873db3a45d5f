"""Files become tables of text or of their own types; whatever is wrong is a diagnostic."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from segments_shop import CUSTOMERS, EVERY_TYPE, ORDERS, SHOP, ruleset

from segrules.lang.ir import Ruleset
from segrules.lang.types import Date, Flag, Instant, Money, Number, Share, Type, Whole
from segrules.segments.cells import how_written
from segrules.segments.files import survey_files
from segrules.segments.read import open_table, reading, sha256
from segrules.segments.survey import Survey, survey
from segrules.text.diagnostic import Diagnostic, RulesError


def codes(path: Path) -> list[str]:
    """The codes which opening and reading a file to its end give."""
    with pytest.raises(RulesError) as raised, reading(str(path)):
        open_table(path).collect(engine="streaming")
    assert all(found.file == str(path) for found in raised.value.diagnostics)
    return [found.code for found in raised.value.diagnostics]


def written(folder: Path, content: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_csv_is_text_and_empty_cells_are_missing(tmp_path: Path) -> None:
    path = written(tmp_path, b'\xef\xbb\xbfid,note\r\n001,""\r\n002,\r\n\r\n003," a,""b""\nc"\r\n')
    assert open_table(path).collect().rows() == [
        ("001", None),
        ("002", None),
        ("003", ' a,"b"\nc'),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(tmp_path: Path, separator: str) -> None:
    path = written(tmp_path, f'"id"{separator}"a b"\n1{separator}2\n'.encode())
    assert open_table(path).collect().rows(named=True) == [{"id": "1", "a b": "2"}]


def test_a_comma_in_the_header_wins(tmp_path: Path) -> None:
    path = written(tmp_path, b"id,a;b;c\n1,2\n")
    assert open_table(path).collect().columns == ["id", "a;b;c"]


def test_typed_files_and_folders(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": ["a", "b"], "n": [1, 2]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    frame.write_ipc_stream(tmp_path / "t.feather")
    folder = tmp_path / "parts[1]"
    folder.mkdir()
    frame.head(1).write_parquet(folder / "1.parquet")
    frame.tail(1).write_parquet(folder / "2.parquet")
    for name in ("t.parquet", "t.arrow", "t.feather", "parts[1]"):
        assert open_table(tmp_path / name).collect().equals(frame), name


def test_names_are_not_patterns(tmp_path: Path) -> None:
    written(tmp_path, b"id\na\n", "t1.csv")
    assert open_table(written(tmp_path, b"id\nb\n", "t[1].csv")).collect().rows() == [("b",)]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "folder").mkdir()
    assert codes(tmp_path / "nowhere.csv") == ["SEG401"]
    assert codes(tmp_path / "folder") == ["SEG402"]
    assert codes(written(tmp_path, b"a", "t.docx")) == ["SEG402"]
    assert codes(written(tmp_path, whole[:-6], "cut.parquet")) == ["SEG403"]
    assert codes(written(tmp_path, b"id,x\n1,2\n", "text.parquet")) == ["SEG403"]
    assert codes(written(tmp_path, whole, "other.arrow")) == ["SEG403"]
    assert codes(written(tmp_path, b"id,caf\xe9\n1,2\n")) == ["SEG403"]
    late = b"id,x\n" + b"1,2\n" * 20_000 + b"1,caf\xe9\n"
    assert codes(written(tmp_path, late)) == ["SEG403"]
    assert codes(written(tmp_path, b"id,x\n1,2,3\n")) == ["SEG403"]
    assert codes(written(tmp_path, b'id,x\n1,"2\n')) == ["SEG403"]
    assert codes(written(tmp_path, b"")) == ["SEG404"]
    assert codes(written(tmp_path, b"\n1,2\n")) == ["SEG404"]
    assert codes(written(tmp_path, b"id,x,id\n1,2,3\n")) == ["SEG405"]


def test_sha256(tmp_path: Path) -> None:
    path = written(tmp_path, b"id\n1\n")
    assert sha256(path) == hashlib.sha256(b"id\n1\n").hexdigest()
    folder = tmp_path / "parts"
    folder.mkdir()
    pl.DataFrame({"a": [1]}).write_parquet(folder / "1.parquet")
    one = sha256(folder)
    pl.DataFrame({"a": [2]}).write_parquet(folder / "2.parquet")
    assert sha256(folder) != one


# ---- the survey


def surveyed(text: str, table: str) -> Survey:
    header, *rows = [line.split(",") for line in text.strip().splitlines()]
    cells = {name: [row[at] or None for row in rows] for at, name in enumerate(header)}
    frame = pl.LazyFrame(cells, schema=dict.fromkeys(header, pl.String))
    return survey(frame, SHOP.table(table), SHOP, file="f.csv")


def messages(text: str, table: str = "customers") -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in surveyed(text, table).findings]


GOOD = "customer_id,spend,points,salary,joined\nC1,1.00,5,,2026-01-01\n"


def test_sound_data_have_no_findings() -> None:
    assert messages(GOOD) == []


def test_keys_of_a_main_table() -> None:
    row = GOOD.splitlines()[1] + "\n"
    assert messages(GOOD + row + row.replace("C1", "C2") * 3) == [
        (
            "SEG409",
            "2 keys `customer_id` of `customers` stand on several rows, among them `C1`, `C2`",
        )
    ]
    assert messages(GOOD + row.replace("C1", "") * 2) == [
        ("SEG410", "2 rows of `customers` have no key `customer_id`")
    ]
    both = [code for code, _ in messages(GOOD + row + row.replace("C1", ""))]
    assert both == ["SEG410", "SEG409"]
    assert messages(GOOD.splitlines()[0]) == [("SEG408", "the table `customers` has no rows")]


def test_related_tables_may_be_empty_and_repeat_keys() -> None:
    header = "customer_id,ordered_on,amount\n"
    assert messages(header, "orders") == []
    assert messages(header + "C1,2026-01-01,1\n" * 2, "orders") == []
    assert [code for code, _ in messages(header + ",2026-01-01,1\n", "orders")] == ["SEG413"]


def test_unreadable_cells_are_counted_and_quoted() -> None:
    rows = "".join(f"C{at},{at}x,,secret{at},2026-01-01\n" for at in range(2, 7))
    found = messages(GOOD + rows)
    assert found == [
        (
            "SEG411",
            "5 cells of `customers.spend` are not money (GBP): `2x`, `3x`, `4x`, …",
        ),
        # a sensitive column is never quoted
        ("SEG426", "none of the 5 filled cells of `customers.salary` is money (GBP)"),
    ]


def findings(text: str) -> list[Diagnostic]:
    return list(surveyed(text, "customers").findings)


def test_different_cells_are_quoted() -> None:
    row = "C2,1.00,many,,2026-01-01\n"
    (found,) = findings(GOOD + row + row.replace("C2", "C3"))
    assert found.message == "2 cells of `customers.points` are not a whole number: `many`"
    assert found.hint == (
        "they are taken as missing; whole numbers are written in digits only, from 0 to 1,000"
    )
    (one,) = findings(GOOD + row)
    assert one.message == "1 cell of `customers.points` is not a whole number: `many`"
    assert one.hint is not None
    assert one.hint.startswith("it is taken as missing; ")


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Whole(), "digits only"),
        (Number(0, 5), "12.5 or 1e3, from 0 to 5"),
        (Share(), "5% or 0.05"),
        (Money("GBP"), "1234.50, without signs or separators"),
        (Money("JPY"), "1234, without"),
        (Money("BHD"), "1234.500, without"),
        (Flag(), "yes or no"),
        (Date(), "2025-06-30"),
        (Instant(), "2025-06-30T14:00:00Z"),
    ],
)
def test_how_values_are_written(kind: Type, written: str) -> None:
    assert written in how_written(kind)


def test_a_column_of_which_nothing_can_be_read() -> None:
    row = GOOD.splitlines()[1] + "\n"
    several = GOOD + "".join(row.replace("C1", f"C{at}") for at in range(2, 6))
    (found,) = findings(several.replace("1.00", "£1"))
    assert (found.code, found.severity) == ("SEG426", "error")
    assert found.message == ("none of the 5 filled cells of `customers.spend` is money (GBP): `£1`")
    assert found.hint == "amounts are written 1234.50, without signs or separators"
    # a few cells may be slips, and stop nothing
    (one,) = findings(GOOD.replace("2026-01-01", "01/01/2026"))
    assert (one.code, one.severity) == ("SEG411", "warning")
    assert one.hint is not None
    assert "dates are written 2025-06-30" in one.hint
    # nothing filled is nothing unreadable
    assert [each.code for each in findings(GOOD.replace("1.00", ""))] == ["SEG413"]


def test_hints_about_tables() -> None:
    header, _ = GOOD.splitlines()
    (empty,) = findings(header)
    (keyless,) = findings(GOOD.replace("C1", ""))
    for found in (empty, keyless):
        assert found.hint
    for heading, hint in (("SPEND", "`SPEND`"), ("zzz", "headings found: `customer_id`, `zzz`")):
        with pytest.raises(RulesError) as raised:
            findings(GOOD.replace("spend", heading))
        assert hint in (raised.value.diagnostics[0].hint or "")


def test_hint_at_a_file_with_a_near_name(tmp_path: Path) -> None:
    written(tmp_path, b"id\n1\n", "Customers.csv")
    written(tmp_path, b"id\n1\n", "customers.txt")
    for name, hint in (("customer.csv", "the folder has `Customers.csv`"), ("x", "check the path")):
        with pytest.raises(RulesError) as raised:
            open_table(tmp_path / name)
        assert raised.value.diagnostics[0].hint == hint
    with pytest.raises(RulesError) as raised:
        open_table(tmp_path / "nowhere" / "customers.csv")
    assert raised.value.diagnostics[0].hint == "check the path"


# ---- related rows that belong to nobody


def orphaned(tmp_path: Path, rules: Ruleset, orders: str) -> list[Diagnostic]:
    paths = {"customers": tmp_path / "c.csv", "orders": tmp_path / "o.csv"}
    paths["customers"].write_text(GOOD + "C2,1.00,5,,2026-01-01\n")
    header = "customer_id,ordered_on,amount\n"
    paths["orders"].write_text(header + "".join(f"{key},2026-01-01,1\n" for key in orders.split()))
    frames, found = survey_files(rules, paths)
    assert set(frames) == {"customers", "orders"}
    return list(found)


def test_related_rows_that_belong_to_nobody(tmp_path: Path) -> None:
    assert orphaned(tmp_path, SHOP, "C1 C2 C1") == []
    (found,) = orphaned(tmp_path, SHOP, "c9 c1 C1 c1 c5 c7")
    assert (found.code, found.severity) == ("SEG425", "warning")
    assert found.message == (
        "5 of 6 rows of `orders` belong to no row of `customers`: `c1`, `c5`, `c7`, …"
    )
    assert found.hint
    (one,) = orphaned(tmp_path, SHOP, "C1 c1")
    assert one.message == "1 of 2 rows of `orders` belongs to no row of `customers`: `c1`"


def test_sensitive_keys_of_orphans_are_not_quoted(tmp_path: Path) -> None:
    key, *others = CUSTOMERS.columns
    hidden = replace(CUSTOMERS, columns=(replace(key, sensitive=True), *others))
    (found,) = orphaned(tmp_path, replace(SHOP, tables=(hidden, ORDERS)), "c1")
    assert found.message == "1 of 1 row of `orders` belongs to no row of `customers`"


def test_missing_cells_of_required_columns() -> None:
    found = messages(GOOD + "C2,,,,2026-01-01\n")
    assert [code for code, _ in found] == ["SEG413"]
    assert "`customers.spend`" in found[0][1]


def test_undeclared_values_are_named_most_common_first() -> None:
    rules = ruleset(EVERY_TYPE)
    values = ["north", "nord", "West", "nord", None]
    frame = pl.LazyFrame(
        {
            **{each.heading: [None] * 5 for each in EVERY_TYPE.columns},
            "Thing ID": list("abcde"),
            "points": [1] * 5,
            "region": values,
            "email": ["a@x", "c@x", None, None, None],
        },
        schema_overrides={"region": pl.String, "email": pl.String},
    )
    found = survey(frame, EVERY_TYPE, rules)
    assert found.unreadable == {"region": 3, "email": 1}
    assert [each.message for each in found.findings] == [
        "3 cells of `things.region` hold an undeclared value: `nord`, `West`",
        "1 cell of `things.email` holds an undeclared value",
    ]


def test_no_declared_value_at_all() -> None:
    table = replace(EVERY_TYPE, kind="related", columns=EVERY_TYPE.columns[-2:-1])
    frame = pl.LazyFrame({"region": ["N", None, "N", "S", "N", "S"]})
    (found,) = survey(frame, table, ruleset(table)).findings
    assert found.code == "SEG426"
    assert found.message == (
        "none of the 5 filled cells of `things.region` is a declared value: `N`, `S`"
    )
