"""Addresses of tables: read as written, shown without secrets."""

import re
from pathlib import Path

import pytest
from cli_shop import AS_OF, run, shop

from segrules.segments.engines.addresses import Address, address
from segrules.text.diagnostic import RulesError


@pytest.mark.parametrize(
    ("text", "table", "shown"),
    [
        ("postgresql://u@h/db#leads", ("leads",), "postgresql:h/db#leads"),
        ("postgres://u:p%40ss@h:5433/db?sslmode=require#sales.Leads", ("sales", "Leads"),
         "postgresql:h:5433/db#sales.Leads"),
        ('postgresql:///db#"sales.2026"."a""b#c"', ("sales.2026", 'a"b#c'),
         'postgresql:/db#sales.2026.a"b#c'),
        ("duckdb:shop.duckdb#leads", ("leads",), "duckdb:shop.duckdb#leads"),
        ("duckdb:a#b/shop.duckdb#main.leads", ("main", "leads"),
         "duckdb:a#b/shop.duckdb#main.leads"),
    ],
)  # fmt: skip
def test_names_are_taken_as_written(text: str, table: tuple[str, ...], shown: str) -> None:
    found = address(text)
    assert isinstance(found, Address)
    assert found.table == table
    assert str(found) == shown


@pytest.mark.parametrize("text", ["leads.csv", "data/leads.parquet", "leads.xlsx#Sheet one", "-"])
def test_what_is_no_address_is_a_path(text: str) -> None:
    assert address(text) == Path(text)


def test_what_only_a_cluster_reaches_is_neither() -> None:
    assert address("s3a://bucket/leads") == Address("remote", "s3a://bucket/leads")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hidden@h/db", "postgresql://u:hidden@h/db#", "duckdb:shop.duckdb",
        "duckdb:#leads", "duckdb:shop.duckdb#a.b.c", "duckdb:shop.duckdb#a..b",
        "duckdb:shop.duckdb#a.", 'duckdb:shop.duckdb#"a', 'duckdb:shop.duckdb#a"b"',
        'duckdb:shop.duckdb#""', "postgresql://u:hidden@h/db#a\0b",
    ],
)  # fmt: skip
def test_an_address_names_one_table(text: str) -> None:
    with pytest.raises(RulesError) as raised:
        address(text)
    assert [each.code for each in raised.value.diagnostics] == ["SEG680"]
    assert "hidden" not in str(raised.value)


SECRET = "tr0ub4dor"  # noqa: S105
URLS = [
    f"postgresql://u:{SECRET}@127.0.0.1:1/db",
    f"postgresql://127.0.0.1:1/db?user=u&password={SECRET}",
    f"postgresql://u:{SECRET}@127.0.0.1:1/db?sslpassword={SECRET}&nonsense=1",
    f"postgresql://u:a@{SECRET}@127.0.0.1:1/db",
    f"postgresql://u:{SECRET}@[::1/db",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("place", ["table", "out", "other command", "no name"])
def test_no_message_holds_a_password(url: str, place: str, tmp_path: Path) -> None:
    made = shop(tmp_path)
    where = f"{url}#customers"
    match place:
        case "table":
            words = ["assign", made.rules, "--table", f"customers={where}", "-o", "o.csv"]
        case "out":
            words = ["assign", made.rules, *made.tables, "-o", where]
        case "other command":
            words = ["profile", made.rules, "--table", f"customers={where}"]
        case _:
            words = ["assign", made.rules, "--table", where, "-o", "o.csv"]
    done = run(*words, "--as-of", AS_OF)
    assert done.code == 2
    assert SECRET not in done.err + done.out
    assert re.search(r"error\[SEG\d+\]", done.err)
