"""A small shop whose tables stand in files and in databases, with values of every type."""

import datetime as dt
import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg
from cli_shop import AS_OF, Ran, run

RULES = """\
ruleset shop {
  language 1
  goal  "Raise profit at the same cost"
  owner "Sales"
  zone  "Europe/London"
  money GBP
}

table customers key customer_id {
  customer_id text
  joined      date
  seen        instant?
  region      one of north, south
  tier        ordered bronze < silver < gold
  spend       money
  points      whole 0..1000
  weight      number?
  share_web   share
  vip         flag
  note        text? sensitive
}

table orders of customers by customer_id dated ordered_on {
  ordered_on date
  amount     money
  items      whole 0..100
}

let bought = sum amount of orders in last 90 days
let recent = days since seen

segments value of customers {
  top "Top"
      when in top 20% by spend and tier >= silver
  keen "Keen"
      when bought >= 20 or (vip and weight > 1.5)
  fading "Fading"
      when recent > 200 and share_web < 25%
  odd "Odd"
      when note starts_with "o" and points > 10
  otherwise small "Small"
  unsure    unclear "Unclear"
}
"""

KINDS = {
    "customer_id": ("text", pl.String()),
    "joined": ("date", pl.Date()),
    "seen": ("timestamp with time zone", pl.Datetime("us", "UTC")),
    "region": ("text", pl.String()),
    "tier": ("text", pl.String()),
    "spend": ("numeric(12, 2)", pl.Decimal(12, 2)),
    "points": ("integer", pl.Int32()),
    "weight": ("double precision", pl.Float64()),
    "share_web": ("double precision", pl.Float64()),
    "vip": ("boolean", pl.Boolean()),
    "note": ("text", pl.String()),
}
ORDER_KINDS = {
    "customer_id": ("text", pl.String()),
    "ordered_on": ("date", pl.Date()),
    "amount": ("numeric(12, 2)", pl.Decimal(12, 2)),
    "items": ("bigint", pl.Int64()),
}
TABLES = {"customers": KINDS, "orders": ORDER_KINDS}


def customers(count: int = 60) -> list[tuple[Any, ...]]:
    """Rows with missing values, unreadable ones and text that is awkward to carry."""
    notes = ["odd", "", None, 'o"x', "o,b\nc", "\\N", "'; drop table customers; --", "ö — 😀"]
    return [
        (
            f"{at:04}",
            dt.date(2024, 1, 1) + dt.timedelta(days=at * 11),
            None if at % 7 == 3
            else dt.datetime(2025, 3, 30, 0, 59, 59, at, dt.UTC) + dt.timedelta(days=at * 7),
            ("north", "south")[at % 2],
            ("bronze", "silver", "gold")[at % 3],
            decimal.Decimal(at * 1137 % 40_000) / 100,
            at * 37 % 1001,
            None if at % 5 == 0 else at / 7,
            at % 11 / 10,
            at % 4 == 0,
            notes[at % len(notes)],
        )
        for at in range(count)
    ]  # fmt: skip


def orders(count: int = 60) -> list[tuple[Any, ...]]:
    return [
        (
            f"{at * 3 % count:04}",
            dt.date(2026, 1, 1) + dt.timedelta(days=at * 5 % 240),
            decimal.Decimal(at * 131 % 3000) / 100,
            at % 9,
        )
        for at in range(2 * count)
    ]


ROWS = {"customers": customers, "orders": orders}


@dataclass(frozen=True)
class EngineShop:
    """The same tables in Parquet, in DuckDB and in PostgreSQL."""

    folder: Path
    postgres: str | None = None

    @property
    def rules(self) -> Path:
        return self.folder / "shop.seg"

    def at(self, kind: str) -> dict[str, str]:
        """Where the tables are, by name."""
        match kind:
            case "files":
                return {name: str(self.folder / f"{name}.parquet") for name in TABLES}
            case "folders":
                return {name: str(self.folder / name) for name in TABLES}
            case "duckdb":
                return {name: f"duckdb:{self.folder / 'shop.duckdb'}#{name}" for name in TABLES}
            case _:
                return {name: f"{self.postgres}#{name}" for name in TABLES}

    def assign(self, at: str, out: object, *more: object, engine: str = "polars") -> Ran:
        words = [
            word for name, place in self.at(at).items() for word in ("--table", f"{name}={place}")
        ]
        return run(
            "assign", self.rules, *words, "--as-of", AS_OF, "-o", out, "--engine", engine, *more
        )

    def answer(self, name: str = "expected.parquet") -> pl.DataFrame:
        """What Polars says of the files."""
        done = self.assign("files", self.folder / name)
        assert done.code == 0, done.err
        return by_key(pl.read_parquet(self.folder / name))


def by_key(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of any place in one form."""
    return rows.with_columns(pl.col(pl.Enum, pl.Categorical).cast(pl.String)).sort("customer_id")


def engine_shop(folder: Path, postgres: str | None = None, rules: str = RULES) -> EngineShop:
    made = EngineShop(folder, postgres)
    made.rules.write_text(rules)
    for name, kinds in TABLES.items():
        schema = {column: kind for column, (_, kind) in kinds.items()}
        frame = pl.DataFrame(ROWS[name](), schema=schema, orient="row")
        frame.write_parquet(folder / f"{name}.parquet")
        (folder / name).mkdir()
        for part in range(3):
            frame[part::3].write_parquet(folder / name / f"part-{part}.parquet")
    with duckdb.connect(str(folder / "shop.duckdb")) as held:
        fill(held, "executemany", "?")
    if postgres:
        with psycopg.connect(postgres) as link:
            fill(link.cursor(), "executemany", "%s")
    return made


def fill(held: Any, many: str, sign: str) -> None:
    for name, kinds in TABLES.items():
        columns = ", ".join(f"{column} {kind}" for column, (kind, _) in kinds.items())
        held.execute(f"drop table if exists {name}")
        held.execute(f"create table {name} ({columns})")
        signs = ", ".join([sign] * len(kinds))
        getattr(held, many)(f"insert into {name} values ({signs})", ROWS[name]())  # noqa: S608


def asked(place: str, query: str) -> pl.DataFrame:
    """What a database answers, as text and numbers."""
    if place.startswith("duckdb:"):
        with duckdb.connect(place.removeprefix("duckdb:"), read_only=True) as held:
            done = held.execute(query)
            return _frame([each[0] for each in done.description], done.fetchall())
    with psycopg.connect(place) as link:
        found = link.execute(query.encode())
        return _frame([each.name for each in found.description or ()], found.fetchall())


def _frame(names: list[str], rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


@contextmanager
def schema_of_its_own(postgres: str, name: str) -> Iterator[str]:
    """The address of a database in which all unqualified names are in a schema of this test."""
    quoted = '"' + name.replace('"', '""') + '"'
    with psycopg.connect(postgres, autocommit=True) as link:
        link.execute(f"create schema {quoted}".encode())
        try:
            yield f"{postgres}?options=-csearch_path%3D{name}"
        finally:
            link.execute(f"drop schema {quoted} cascade".encode())
