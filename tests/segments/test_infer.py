"""First rule files from data: types that every cell can be read as, and nothing personal."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
import xlsxwriter
from cases import case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inferred import ROWS, assigned, clean, findings, made, many, written

from segrules.lang.tables import load_parser
from segrules.segments.draft import FirstFile, spelled
from segrules.segments.headings import named, parts, plural, singular
from segrules.segments.infer import Column, columns
from segrules.text.render import full


def typed(table: Mapping[str, Sequence[object]], folder: Path) -> dict[str, str]:
    """The type of each column, as it is declared."""
    keyed = {"id": [f"k{at}" for at in range(len(next(iter(table.values()))))], **table}
    text = made(written(folder / "things.csv", keyed)).text
    block = text.split("\ntable things", 1)[1].split("\n}", 1)[0]
    lines = [
        re.split(r"\s+", line.partition("  #")[0].strip(), maxsplit=1)
        for line in block.splitlines()[1:]
    ]
    return {name: kind for name, kind in lines if name != "id"}


# ---- types


@pytest.mark.parametrize(
    ("heading", "cells", "kind"),
    [
        ("n", ["1", "20"], "whole"),
        ("n", ["-1", "20"], "whole"),
        ("n", ["1", ""], "whole?"),
        ("n", ["1.5", "20"], "number"),
        ("n", ["1e3", "20"], "number"),
        ("n", ["99999999999999999999", "1"], "text"),
        ("n", ["007", "120"], "text"),
        ("price", ["1.5", "20"], "money"),
        ("price", ["1.500", "20"], "money"),
        ("price", ["1.505", "20"], "number"),
        ("price", ["01.50", "20"], "text"),
        ("Unit Price", ["1.5", "20"], 'money as "Unit Price"'),
        ("sales_count", ["1", "20"], "whole"),
        ("s", ["5%", "12.5%"], "share"),
        ("s", ["5%", "0.5"], "text"),
        ("s", ["5%", "150%"], "text"),
        ("f", ["yes", "no"], "flag"),
        ("f", ["Yes", "NO", "yes"], "flag"),
        ("f", ["true", "false", ""], "flag?"),
        ("f", ["1", "0"], "flag"),
        ("f", ["1"], "whole"),
        ("f", ["yes"], "text"),
        ("f", ["yes", "true"], "one of true, yes"),
        ("f", ["yes", "no", "maybe"], "one of maybe, `no`, yes"),
        ("d", ["2026-01-31", "2024-02-29"], "date"),
        ("d", ["2026-01-31", "2025-02-29"], "text"),
        ("d", ["31/01/2026", "30/01/2026"], "text"),
        ("i", ["2026-01-31 10:00", "2026-01-31T10:00:00Z"], "instant"),
        ("e", ["north", "south", ""], "one of north, south?"),
        ("e", ["north", "of", "when"], "one of north, `of`, `when`"),
        ("e", ["north", "south-east"], "text"),
        ("e", ["a", "b", "c", "d"], "text"),
        ("e", ["", "", ""], "text?"),
        ("value", ["1", "2"], "money"),
    ],
)
def test_types(tmp_path: Path, heading: str, cells: list[str], kind: str) -> None:
    [(name, found)] = typed({heading: many(*cells)}, tmp_path).items()
    assert found == kind
    assert name == spelled(named(heading))


def test_a_list_has_few_values_for_its_rows(tmp_path: Path) -> None:
    three = [f"v{at % 3}" for at in range(ROWS)]
    assert typed({"e": three}, tmp_path) == {"e": "one of v0, v1, v2"}
    assert typed({"e": three[:-1]}, tmp_path) == {"e": "text"}
    many_rows = 20 * 13
    assert "one of" in typed({"e": [f"v{at % 12}" for at in range(many_rows)]}, tmp_path)["e"]
    assert typed({"e": [f"v{at % 13}" for at in range(many_rows)]}, tmp_path) == {"e": "text"}


def test_typed_files(tmp_path: Path) -> None:
    days = [dt.date(2026, 1, 1) + dt.timedelta(at) for at in range(ROWS)]
    moments = [dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)] * ROWS
    frame = pl.DataFrame(
        {
            "thing_id": [f"{at:03}" for at in range(ROWS)],
            "n": range(ROWS),
            "x": [at / 3 for at in range(ROWS)],
            "fee": [at / 100 for at in range(ROWS)],
            "cost": [at / 1000 for at in range(ROWS)],
            "since_day": days,
            "moment": moments,
            "ok": [True, None] * (ROWS // 2),
            "kind": pl.Series(many("a", "b"), dtype=pl.Categorical),
            "gone": pl.Series([None] * ROWS, dtype=pl.Null),
            "list": [[1]] * ROWS,
        }
    )
    frame.write_parquet(tmp_path / "things.parquet")
    first = made(tmp_path / "things.parquet")
    table = clean(first).ruleset.table("things")
    assert re.findall(
        r"^  (\S+) +(.*)$", first.text.split("\ntable things")[1].split("}")[0], re.M
    ) == [
        ("thing_id", "text"),
        ("n", "whole"),
        ("x", "number"),
        ("fee", "money"),
        ("`cost`", "number  # not money: finer than two decimals; round it in the export"),
        ("since_day", "date"),
        ("moment", "instant"),
        ("ok", "flag?"),
        ("kind", "one of a, b"),
        ("gone", "text?  # no row has a value"),
    ]
    assert table.key == "thing_id"
    assert assigned(first, tmp_path).warnings == ()


def test_workbooks(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "our leads.xlsx"))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("Data")
    book.add_worksheet("Notes").write(0, 0, "nothing")
    sheet.write_row(0, 0, ["Lead ID", "Joined", "Fee", "Calls"])
    for at in range(1, 40):
        sheet.write_string(at, 0, f"{at:04}")
        sheet.write_datetime(at, 1, dt.datetime(2026, 1, 1), day)
        sheet.write_row(at, 2, [at + 0.25, at])
    book.close()
    first = made(Path(f"{tmp_path}/our leads.xlsx#Data"))
    assert "table our_leads key lead_id {" in first.text
    assert re.search(r"Joined +date\n", first.text)
    assert re.search(r"Fee +money\n", first.text)
    assert re.search(r"Calls +whole\n", first.text)
    assert "#Data'" in first.text
    assert assigned(first, tmp_path).warnings == ()


# ---- names


def test_names() -> None:
    assert named("spend") == "spend"
    assert named("CustomerID") == "CustomerID"
    assert named("Order Date (UTC)") == "order_date_utc"
    assert named("Größe") == "groe"
    assert named("2026 spend") == "c_2026_spend"
    assert named("顧客") == "column"
    assert parts("CustomerID") == ("customer", "id")
    assert parts("E-Mail address2") == ("e", "mail", "address", "2")
    for one, several in (("customer", "customers"), ("company", "companies"), ("box", "boxes")):
        assert plural(one) == several
        assert singular(several) == one


def words_of_the_language() -> list[str]:
    """Every word the grammar spells, also within terminals of several words."""
    spelled = (terminal.pattern.value for terminal in load_parser().terminals)
    return sorted({word for text in spelled for word in re.findall(r"(?<!\\)[a-z_]{2,}", text)})


@pytest.mark.parametrize("heading", words_of_the_language())
def test_words_of_the_language_as_headings(tmp_path: Path, heading: str) -> None:
    table = {
        "customer_id": [f"k{at}" for at in range(ROWS)],
        "before": many("a", "b"),
        heading: range(ROWS),
        "after": many(f"{heading}", "b"),
    }
    first = made(written(tmp_path / f"{heading}.csv", table))
    ruleset = clean(first).ruleset
    assert ruleset.tables[0].name == heading
    assert ruleset.tables[0].column(heading) is not None
    assert assigned(first, tmp_path).warnings == ()


# ---- personal columns

CANARY = "canaryvalue"


@pytest.mark.parametrize(
    "heading",
    [
        "email", "E-Mail", "Email Address", "contactEmail", "emailaddress", "phone", "Mobile",
        "phone_number", "name", "First Name", "customer_name", "lastname", "surname", "address_1",
        "Street", "postcode", "date_of_birth", "Passport No",
    ],
)  # fmt: skip
def test_personal_columns_are_sensitive_and_never_quoted(tmp_path: Path, heading: str) -> None:
    table = {
        "customer_id": [f"k{at}" for at in range(ROWS)],
        heading: many(CANARY, f"{CANARY}2"),
        "spend": range(ROWS),
    }
    first = made(written(tmp_path / "customers.csv", table))
    assert CANARY not in first.text
    column = clean(first).ruleset.table("customers").columns[1]
    assert column.sensitive


@pytest.mark.parametrize(
    "cells", [["ann@example.org", "bob@example.org"], ["+44 20 7946 0000", "(020) 7946 0001"]]
)
def test_personal_cells_below_any_heading(tmp_path: Path, cells: list[str]) -> None:
    found = typed({"reach": many(*cells)}, tmp_path)
    assert found == {"reach": "text sensitive"}


def test_people_of_the_firm_are_not_listed(tmp_path: Path) -> None:
    assert typed({"sales_agent": many("Ann", "Bob")}, tmp_path) == {"sales_agent": "text"}
    assert typed({"product_name": many("pen", "ink")}, tmp_path) == {
        "product_name": "one of ink, pen"
    }


def test_the_segments_are_not_cut_by_what_is_personal(tmp_path: Path) -> None:
    table = {"customer_id": [f"k{at}" for at in range(ROWS)], "phone": range(70_000, 70_000 + ROWS)}
    text = made(written(tmp_path / "customers.csv", table)).text
    assert "knob" not in text
    assert "70" not in text[text.index("\nruleset") :]


@pytest.mark.parametrize(
    ("spends", "rows"),
    [
        ([*[0] * 50, *range(1, 11)], [7, 53]),
        (range(1, 61), [13, 17, 30]),
        ([-5] * 59 + [-4], [1, 59]),
        ([7] * 60, [60]),
    ],
)
def test_every_segment_of_the_first_cut_has_rows(
    tmp_path: Path, spends: Sequence[int], rows: list[int]
) -> None:
    table = {"customer_id": [f"k{at}" for at in range(ROWS)], "spend": spends}
    batch = assigned(made(written(tmp_path / "customers.csv", table)), tmp_path)
    assert [each.rows for each in batch.summary.sets["starter"].segments.values()] == rows


# ---- whole files

WORDS = st.sampled_from(
    [
        "spend", "region", "value", "by", "text", "id", "Order ID", "first name", "email", "x y",
        "starter", "starter_by", "high_from", "total_paid", "paid", "Größe", "#", "'", "`", "1st",
        "a.b", "{x}", "customer_id", "until_outcome", "year", "date", "things", "rows", "=1",
    ]
)  # fmt: skip
CELLS: list[st.SearchStrategy[str]] = [
    st.integers(-(10**16), 10**16).map(str),
    st.integers(0, 3).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(0, 10_000, places=2).map(str),
    st.sampled_from(["yes", "no"]),
    st.sampled_from(["1", "0"]),
    st.sampled_from(["north", "of", "missing", "yes", "otherwise"]),
    st.sampled_from(["5%", "7.25%", "100%"]),
    st.dates().map(str),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(str),
    st.sampled_from(["007", "1", "x"]),
    st.just(""),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
]


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[str]]:
    rows = draw(st.sampled_from([1, 2, 5, 41]))
    headings = draw(st.lists(WORDS, max_size=6, unique=True))
    table = {}
    for heading in headings:
        cells = draw(st.sampled_from(CELLS))
        gaps = draw(st.booleans())
        few = draw(
            st.lists(st.one_of(cells, st.just("")) if gaps else cells, min_size=1, max_size=8)
        )
        table[heading] = [few[at % len(few)] for at in range(rows)]
    place = draw(st.sampled_from(["thing_id", "Thing ID", "no"]))
    return {place: [f"k{at}" for at in range(rows)], **table}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), st.booleans(), st.sampled_from(["things", "of", "2 b", "Ä"]))
def test_any_file_gives_clean_rules(table: dict[str, list[str]], related: bool, name: str) -> None:
    with TemporaryDirectory() as folder:
        paths = [written(Path(folder) / f"{name}.csv", table)]
        if related:
            key = next(iter(table))
            rows = {heading: cells * 2 for heading, cells in table.items() if heading != key}
            paths.append(written(Path(folder) / "events.csv", {**rows, key: table[key] * 2}))
        first = made(*paths)
        batch = assigned(first, Path(folder))
        assert [full(each) for each in batch.warnings] == []
        assert batch.summary.rows == len(table[next(iter(table))])


@settings(max_examples=200, deadline=None)
@given(tables())
def test_columns_are_counted_right(table: dict[str, list[str]]) -> None:
    frame = pl.LazyFrame(table, schema=dict.fromkeys(table, pl.String))
    found: dict[str, Column] = {each.heading: each for each in columns(frame)}
    assert len({each.name for each in found.values()}) == len(found)
    for heading, column in found.items():
        cells = [cell for cell in table[heading] if cell]
        assert column.filled == len(cells)
        assert column.distinct == len(set(cells))
        if column.word == "one of":
            assert set(column.values) == set(cells)
        if column.word != "text":
            assert column.optional == (len(cells) < len(table[heading]))


# ---- worked cases and public data


@pytest.mark.parametrize("name", ["advice", "retail"])
def test_worked_cases(tmp_path: Path, name: str) -> None:
    found = case(name)
    first = made(*found.paths.values())
    batch = assigned(first, tmp_path, found.as_of)
    assert batch.warnings == ()
    shares = [each.share for each in batch.summary.sets["starter"].segments.values()]
    assert all(0 < share < 1 for share in shares)
    assert "@" not in first.text


@pytest.mark.parametrize(
    ("files", "table"),
    [
        (["cdnow/orders.csv"], "customers"),
        (["superstore/superstore.xlsx#Data"], "customers"),
        (
            [
                f"crm_opportunities/{name}.csv"
                for name in ("sales_pipeline", "accounts", "products", "sales_teams")
            ],
            "accounts",
        ),
        (["febrl/dataset1.csv"], "dataset1"),
    ],
)
def test_public_data(tmp_path: Path, shared_data: Path, files: list[str], table: str) -> None:
    first = made(*(shared_data / file for file in files))
    batch = assigned(first, tmp_path)
    assert batch.warnings == ()
    rules = clean(first).ruleset
    assert rules.sets[0].table == table
    assert {"cdnow": 23_570, "superstore": 793, "crm_opportunities": 85, "febrl": 1_000}[
        files[0].partition("/")[0]
    ] == batch.summary.rows


def test_nothing_personal_of_public_data(shared_data: Path) -> None:
    text = made(shared_data / "febrl" / "dataset1.csv").text
    held = pl.read_csv(shared_data / "febrl" / "dataset1.csv", infer_schema=False)
    names = {cell.strip() for column in (1, 2, 6) for cell in held.to_series(column) if cell}
    assert len(names) > 300
    words = set(re.findall(r"\w+", text))
    assert names & words <= {"will", "first"}


@pytest.mark.parametrize(
    ("file", "near"),
    [
        ("hillstrom/hillstrom_half_a.csv", "`history`"),
        ("bank_marketing/bank-full.csv", "`balance` has 7,168 different values in 45,211 rows"),
        ("online_retail/online_retail.parquet", "`CustomerID` is not stored as text"),
    ],
)
def test_public_data_without_a_key(shared_data: Path, file: str, near: str) -> None:
    [(code, message)] = findings(shared_data / file)
    assert code == "SEG491"
    assert near in message


# ---- what a draft assumes


def line_of(first: FirstFile, word: str) -> str:
    (line,) = [each for each in first.text.splitlines() if each.split()[:1] == [word]]
    return " ".join(line.split())


def test_sets_are_found_between_semicolons(tmp_path: Path) -> None:
    table = {
        "customer_id": [f"K{at:03}" for at in range(ROWS)],
        "interests": many("wine;beer", "beer; cider", "wine", "none"),
        "visits": many("web;shop", "web", None, "shop"),
        "remarks": many("likes red; not white", "calls late;", "none", "x"),
        "spend": many(1, 50, 200),
    }
    first = made(written(tmp_path / "customers.csv", table))
    assert line_of(first, "interests") == "interests set of beer, cider, wine"
    assert line_of(first, "visits") == (
        "visits set of shop, web? # an empty cell is not known: `none` is the empty set"
    )
    assert line_of(first, "remarks").startswith("remarks text")
    assert assigned(first, tmp_path).summary.inputs["customers"].unreadable == {}


@pytest.mark.parametrize(
    ("heading", "cells", "said"),
    [
        ("amount", ["12.3450000001", "3.5"], "amount number # not money: finer than two decimals"),
        ("plan", ["003", "014"], "plan text # leading zeros: text, not a number"),
        ("stage", ["New lead", "Won/lost"], "stage text # few values, but not all are names"),
        ("unused", [None], "unused text? # no row has a value"),
        ("postcode", ["01234", "09876"], "postcode text sensitive"),
    ],
)
def test_a_draft_says_what_it_assumes(
    tmp_path: Path, heading: str, cells: list[str | None], said: str
) -> None:
    table = {"customer_id": [f"K{at:03}" for at in range(ROWS)], heading: many(*cells)}
    first = made(written(tmp_path / "customers.csv", table))
    clean(first)
    assert line_of(first, heading).startswith(said)


def test_noise_of_doubles_and_columns_that_are_left_out(tmp_path: Path) -> None:
    place = tmp_path / "customers.parquet"
    pl.DataFrame(
        {
            "customer_id": [f"K{at:03}" for at in range(ROWS)],
            "amount": [12.34 + 1e-10] * ROWS,
            "fee": [float(at) for at in range(ROWS)],
            "tags": [["a", "b"]] * ROWS,
        }
    ).write_parquet(place)
    first = made(place)
    clean(first)
    assert line_of(first, "amount") == "amount money # doubles: rounded to two decimals"
    assert line_of(first, "fee") == "fee money"
    assert "# left out: tags (declare it by hand" in first.text
