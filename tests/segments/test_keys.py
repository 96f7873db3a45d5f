"""Which column names the rows of a file, and whose rows belong to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from inferred import ROWS, assigned, clean, findings, made, many, written

from segrules.segments.keys import drafts


def keys_of(*paths: Path) -> list[tuple[str, str, str, str | None]]:
    return [(each.kind, each.name, each.key.heading, each.of) for each in drafts(paths)]


def test_the_key_is_the_best_of_the_unique_columns(tmp_path: Path) -> None:
    unique = [f"k{at}" for at in range(ROWS)]
    for headings, key in (
        (["code", "id", "lead_id", "customer_id"], "lead_id"),
        (["code", "account_id", "Id"], "Id"),
        (["code", "account_id"], "account_id"),
        (["note", "code"], "code"),
        (["note", "colour"], "note"),
        (["email", "row_id"], "row_id"),
    ):
        path = written(tmp_path / "leads.csv", dict.fromkeys(headings, unique))
        assert keys_of(path) == [("main", "leads", key, None)], headings


def test_rows_of_the_key_of_another_file(tmp_path: Path) -> None:
    customers = written(
        tmp_path / "customers.csv",
        {"customer_id": [f"{at:03}" for at in range(ROWS)], "region": many("a", "b")},
    )
    orders = written(
        tmp_path / "orders.csv",
        {
            "order_id": [f"o{at}" for at in range(2 * ROWS)],
            "Customer ID": [f"{at % ROWS:03}" for at in range(2 * ROWS)],
            "shipped": ["", "2026-02-01"] * ROWS,
            "paid": range(2 * ROWS),
        },
    )
    expected = [
        ("main", "customers", "customer_id", None),
        ("related", "orders", "Customer ID", "customers"),
    ]
    assert keys_of(customers, orders) == expected
    assert keys_of(orders, customers) == expected
    first = made(customers, orders)
    assert "table orders of customers by customer_id dated shipped {" in first.text
    assert "let total_paid = sum paid of orders" in first.text
    assert first.last == dt.date(2026, 2, 1)
    assert assigned(first, tmp_path).warnings == ()
    # alone, its own identifier names an order
    assert keys_of(orders) == [("main", "orders", "order_id", None)]


def test_rows_of_customers_who_have_no_file(tmp_path: Path) -> None:
    orders = written(
        tmp_path / "orders.csv",
        {
            "row_id": [f"{at}" for at in range(ROWS)],
            "product_id": many("p1", "p2"),
            "customer_id": many("a", "b", "c", "d", "e"),
        },
    )
    assert keys_of(orders) == [
        ("derived", "customers", "customer_id", "orders"),
        ("related", "orders", "customer_id", "customers"),
    ]
    assert assigned(made(orders), tmp_path).summary.rows == 5


def test_two_files_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    table = {"lead_id": ["a", "b"]}
    paths = [written(tmp_path / "leads.csv", table), written(tmp_path / "old" / "leads.csv", table)]
    assert [name for _, name, _, _ in keys_of(*paths)] == ["leads", "leads_2"]
    clean(made(*paths))


def test_no_key_says_what_comes_close(tmp_path: Path) -> None:
    def message(table: dict[str, Sequence[object]]) -> str:
        [(code, said)] = findings(written(tmp_path / "leads.csv", table))
        assert code == "SEG491"
        return said

    nearly = [*(f"k{at}" for at in range(ROWS - 1)), "k0"]
    assert message({"lead_id": nearly, "n": many(1, 2)}).endswith(
        "`lead_id` has 59 different values in 60 rows; `n` has 2 different values in 60 rows"
    )
    gap = [*(f"k{at}" for at in range(ROWS - 1)), None]
    assert "`lead_id` is empty in 1 of 60 rows" in message({"lead_id": gap, "n": many(1, 2)})
    frame = pl.DataFrame({"lead_id": range(ROWS)})
    frame.write_parquet(tmp_path / "leads.parquet")
    [(code, said)] = findings(tmp_path / "leads.parquet")
    assert (code, "`lead_id` is not stored as text" in said) == ("SEG491", True)


def test_files_that_nothing_can_be_made_of(tmp_path: Path) -> None:
    empty = written(tmp_path / "empty.csv", {"lead_id": []})
    twice = tmp_path / "twice.csv"
    twice.write_text("a,a\n1,2\n")
    good = written(tmp_path / "good.csv", {"lead_id": ["a", "b"]})
    again = tmp_path / "." / "x" / ".." / "good.csv"
    (tmp_path / "x").mkdir()
    found = findings(empty, twice, tmp_path / "nowhere.csv", good, again)
    assert [code for code, _ in found] == ["SEG490", "SEG405", "SEG401", "SEG492"]
