"""Tables fetched from databases to Polars, and results put there."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import polars as pl
import psycopg
import pytest
from cli_shop import AS_OF, environment, run
from engine_shop import EngineShop, asked, by_key, engine_shop

HOSTILE = 'se"g; drop table "customers" -- é😀'


@pytest.mark.parametrize("at", ["folders", "duckdb", "postgres"])
def test_tables_of_every_place_give_one_answer(at: str, pg_shop: EngineShop) -> None:
    out = pg_shop.folder / "out.parquet"
    done = pg_shop.assign(at, out, "--unknown-counts")
    assert done.code == 0, done.err
    assert pg_shop.assign("files", pg_shop.folder / "files.parquet", "--unknown-counts").code == 0
    expected = pl.read_parquet(pg_shop.folder / "files.parquet")
    assert by_key(pl.read_parquet(out)).equals(by_key(expected))


def test_the_answer_has_every_segment(shop: EngineShop) -> None:
    """Else the tests that compare answers would compare little."""
    assert shop.answer()["value"].n_unique() == 6


@pytest.mark.parametrize("out", ["duckdb:{}/results.duckdb#segs", "duckdb:{}/shop.duckdb#segs"])
def test_results_in_duckdb(out: str, shop: EngineShop) -> None:
    place = out.format(shop.folder)
    for _ in range(2):
        done = shop.assign("duckdb", place)
        assert done.code == 0, done.err
    found = asked(place.partition("#")[0], "from segs")
    assert by_key(found).equals(shop.answer())


def test_results_in_postgres(pg_shop: EngineShop) -> None:
    place = f"{pg_shop.postgres}#segs"
    for _ in range(2):
        done = pg_shop.assign("postgres", place)
        assert done.code == 0, done.err
    assert by_key(asked(str(pg_shop.postgres), "select * from segs")).equals(pg_shop.answer())


def test_a_folder_of_parquet(shop: EngineShop) -> None:
    out = shop.folder / "segments"
    for _ in range(2):
        done = shop.assign("files", f"{out}/")
        assert done.code == 0, done.err
    assert by_key(pl.read_parquet(out / "*.parquet")).equals(shop.answer())
    assert not list(shop.folder.glob(".segrules-*"))


def test_results_of_every_kind_arrive(pg_shop: EngineShop) -> None:
    """Flags, numbers, dates, instants and sets among the outputs, missing ones as well."""
    rules = pg_shop.rules.read_text() + (
        "flags of customers {\n  old when recent > 300\n}\n"
        "grid gifts of customers from region, tier pick every {\n"
        "  | region       | tier     => gift   |\n"
        "  | north        | any      => scarf  |\n"
        "  | north, south | ..silver => letter |\n"
        "}\n"
        "grid calls from vip, points pick first {\n"
        "  | vip | points  => channel | credit |\n"
        "  | yes | > 100   => phone   | 25     |\n"
        "  | any | 0..100  => email   | 10     |\n"
        "  | any | any     => missing | 0      |\n"
        "}\n"
    )
    pg_shop.rules.write_text(rules)
    done = run("check", pg_shop.rules)
    if done.code:
        pytest.fail(done.out + done.err)
    expected = pg_shop.answer()
    for place in (f"duckdb:{pg_shop.folder}/r.duckdb", str(pg_shop.postgres)):
        done = pg_shop.assign("files", f"{place}#segs")
        assert done.code == 0, done.err
        found = asked(place, "select * from segs")
        assert by_key(found).rows() == expected.rows()


def test_hostile_names_are_names(pg_shop: EngineShop) -> None:
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    for place in (f"duckdb:{pg_shop.folder}/shop.duckdb", str(pg_shop.postgres)):
        done = pg_shop.assign("files", f"{place}#{quoted}")
        assert done.code == 0, done.err
        assert by_key(asked(place, f"table {quoted}")).equals(pg_shop.answer())
        again = run(
            "assign", pg_shop.rules, "--table", f"customers={place}#{quoted}", "--as-of", AS_OF,
            "-o", "x.csv",
        )  # fmt: skip
        # it is read, and lacks the columns of customers
        assert "SEG406" in again.codes, again.err
        assert asked(place, "select count(*) as n from customers")["n"].to_list() == [60]


def test_hive_folders_are_columns(tmp_path: Path) -> None:
    shop = engine_shop(tmp_path)
    frame = pl.read_parquet(tmp_path / "customers.parquet")
    place = tmp_path / "hive"
    frame.write_parquet(place, partition_by=["region", "tier"], mkdir=True)
    (place / "_temporary").mkdir()
    (place / "_temporary" / "half.parquet").write_bytes(b"half")
    out = tmp_path / "out.parquet"
    done = run(
        "assign", shop.rules, "--table", f"customers={place}", "--table",
        f"orders={tmp_path / 'orders'}", "--as-of", AS_OF, "-o", out,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert by_key(pl.read_parquet(out)).equals(shop.answer())


# ---- types


def test_types_of_postgres(tmp_path: Path, postgres: str) -> None:
    """What Polars reads is what stands there, also where Python or Parquet hold less."""
    shop = engine_shop(tmp_path, postgres)
    with psycopg.connect(postgres) as link:
        link.execute("create type tiers as enum ('bronze', 'silver', 'gold')")
        link.execute("create domain cash as numeric")
        for column, kind in {
            "tier": "tiers using tier::tiers", "spend": "cash", "points": "smallint",
            "weight": "real", "share_web": "numeric", "note": "varchar(40)",
            "seen": "timestamp using seen at time zone 'Europe/London'",
        }.items():  # fmt: skip
            link.execute(f"alter table customers alter {column} type {kind}".encode())
        link.execute("update customers set joined = 'infinity' where customer_id = '0007'")
        link.execute("update customers set weight = 'NaN' where customer_id = '0008'")
    done = shop.assign("postgres", tmp_path / "out.parquet")
    assert done.code == 0, done.err
    # the dates and numbers that are none are said; nothing else is
    assert done.codes == ["SEG411", "SEG411"], done.err
    expected = shop.answer()
    found = by_key(pl.read_parquet(tmp_path / "out.parquet"))
    differing = found.filter(pl.col("customer_id") != "0008")
    assert differing.equals(expected.filter(pl.col("customer_id") != "0008"))


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_columns_are_held_against_their_declarations(kind: str, pg_shop: EngineShop) -> None:
    place = pg_shop.at(kind)["customers"].partition("#")[0]
    change = [
        "alter table customers drop column vip",
        "alter table customers alter points type boolean using points > 1",
        "alter table orders alter items type bytea using null"
        if kind == "postgres"
        else "alter table orders alter items type blob using null",
    ]
    if kind == "duckdb":
        with duckdb.connect(place.removeprefix("duckdb:")) as held:
            for each in change:
                held.execute(each)
    else:
        with psycopg.connect(place) as link:
            for each in change:
                link.execute(each.encode())
    out = pg_shop.folder / "out.parquet"
    done = pg_shop.assign(kind, out)
    assert done.code == 2
    assert sorted(done.codes) == ["SEG406", "SEG407", "SEG407"], done.err
    assert not out.exists()


# ---- bad input


def refused(done: object, *codes: str) -> None:
    assert done.code == 2, done.err  # type: ignore[attr-defined]
    assert list(done.codes) == list(codes), done.err  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("duckdb:{}/none.duckdb#customers", "SEG401"),
        ("duckdb:{}/shop.seg#customers", "SEG681"),
        ("duckdb:{}/shop.duckdb#custmers", "SEG682"),
        ("duckdb:{}/shop.duckdb#other.customers", "SEG682"),
        ("{pg}#custmers", "SEG682"),
        ("{pg}#nowhere.customers", "SEG682"),
        ("{server}/nowhere#customers", "SEG681"),
        ("postgresql://127.0.0.1:1/db#customers", "SEG681"),
        ("s3://bucket/customers", "SEG680"),
    ],
)
def test_what_is_not_there_is_said(table: str, code: str, pg_shop: EngineShop) -> None:
    pg = str(pg_shop.postgres)
    server = pg.partition("?")[0].rpartition("/")[0]
    place = table.format(pg_shop.folder, pg=pg, server=server)
    out = pg_shop.folder / "out.parquet"
    done = run(
        "assign", pg_shop.rules, "--table", f"customers={place}", "--table",
        f"orders={pg_shop.at('files')['orders']}", "--as-of", AS_OF, "-o", out,
    )  # fmt: skip
    refused(done, code)
    assert not out.exists()
    assert not (pg_shop.folder / "none.duckdb").exists()


@pytest.mark.parametrize(
    ("out", "code"),
    [
        ("duckdb:{}/nowhere/new.duckdb#segs", "SEG414"),
        ("duckdb:{}/new.duckdb#other.segs", "SEG682"),
        ("duckdb:{}/shop.duckdb#other.segs", "SEG682"),
        ("duckdb:{}/shop.duckdb#seen", "SEG683"),
        ("{pg}#other.segs", "SEG682"),
        ("{pg}#seen", "SEG683"),
        ("duckdb:{}/shop.duckdb#letters", "SEG683"),
        ("{pg}#letters", "SEG683"),
        ("{}/letters/", "SEG683"),
        ("{}/full/", "SEG683"),
        ("{}/shop.seg/", "SEG683"),
        ("{}/nowhere/new/", "SEG414"),
        ("duckdb:{}/shop.duckdb#CUSTOMERS", "SEG415"),
        ("{pg}#customers", "SEG415"),
        ("{}/customers/", "SEG415"),
        ("{}/", "SEG683"),
    ],
)
def test_places_that_cannot_be_written_to(out: str, code: str, pg_shop: EngineShop) -> None:
    """Said before any work is done, and nothing is changed or left behind."""
    pg, folder = str(pg_shop.postgres), pg_shop.folder
    with duckdb.connect(str(folder / "shop.duckdb")) as held:
        held.execute("create view seen as select 1 as n")
        held.execute("create table letters as select 1 as n")
    with psycopg.connect(pg) as link:
        link.execute("create view seen as select 1 as n")
        link.execute("create table letters as select 1 as n")
    (folder / "letters").mkdir()
    pl.DataFrame({"n": [1]}).write_parquet(folder / "letters" / "part.parquet")
    (folder / "full").mkdir()
    (folder / "full" / "letter.txt").write_text("dear")
    kind = "postgres" if "pg" in out else "duckdb" if out.startswith("duckdb") else "folders"
    before = sorted(path for path in folder.rglob("*"))
    done = pg_shop.assign(kind, out.format(folder, pg=pg))
    refused(done, code)
    assert sorted(path for path in folder.rglob("*")) == before
    assert asked(pg, "select count(*) as n from customers")["n"].to_list() == [60]
    assert asked(f"duckdb:{folder}/shop.duckdb", "select count(*) as n from customers")[
        "n"
    ].to_list() == [60]


def test_a_wrong_password(pg_shop: EngineShop) -> None:
    guarded = guarded_role(str(pg_shop.postgres))
    done = run(
        "assign", pg_shop.rules, "--table", f"customers={guarded}#customers",
        "--as-of", AS_OF, "-o", "o.csv",
    )  # fmt: skip
    refused(done, "SEG681")
    assert "password authentication failed" in done.err
    assert "wrongly" not in done.err
    right = run(
        "assign", pg_shop.rules, "--table", f"customers={guarded.replace('wrongly', '')}#customers",
        "--as-of", AS_OF, "-o", "o.csv", PGPASSWORD="rightly",
    )  # fmt: skip
    # connected, it may not read
    refused(right, "SEG683")


def guarded_role(postgres: str) -> str:
    """The address of a role that needs a password, with a wrong one."""
    with psycopg.connect(postgres, autocommit=True) as link:
        row = link.execute("select current_setting('hba_file')").fetchone()
        assert row
        hba = Path(row[0])
        line = "host all guarded 127.0.0.1/32 scram-sha-256\n"
        if not hba.read_text().startswith(line):
            hba.write_text(line + hba.read_text())
        held = link.execute("select 1 from pg_roles where rolname = 'guarded'").fetchone()
        if not held:
            link.execute("create role guarded login password 'rightly'")
        row = link.execute("select current_schema()").fetchone()
        assert row
        link.execute(f"grant usage on schema {row[0]} to guarded".encode())
        link.execute("select pg_reload_conf()")
    time.sleep(0.3)
    return postgres.replace("//segrules@", "//guarded:wrongly@")


def test_who_may_read_results_still_may(pg_shop: EngineShop) -> None:
    pg = str(pg_shop.postgres)
    place = f"{pg}#segs"
    assert pg_shop.assign("files", place).code == 0
    with psycopg.connect(pg) as link:
        link.execute("grant select on segs to public")
        link.execute("grant select on segs to pg_monitor with grant option")
    assert pg_shop.assign("files", place).code == 0
    held = asked(pg, "select relacl::text as acl from pg_class where oid = 'segs'::regclass")
    assert "=r/" in held["acl"][0]
    assert "pg_monitor=r*/" in held["acl"][0]


def test_a_table_that_others_rest_on_stays(pg_shop: EngineShop) -> None:
    pg = str(pg_shop.postgres)
    assert pg_shop.assign("files", f"{pg}#segs").code == 0
    with psycopg.connect(pg) as link:
        link.execute("create view summary as select count(*) as n from segs")
    refused(pg_shop.assign("files", f"{pg}#segs"), "SEG683")
    assert asked(pg, "select n from summary")["n"].to_list() == [60]
    assert no_leftovers(pg)


def no_leftovers(pg: str) -> bool:
    names = asked(pg, "select relname::text from pg_class where relname like 'segrules%'")
    return names.height == 0


# ---- lost midway


@pytest.mark.parametrize("engine", ["polars", "postgres"])
def test_a_connection_that_is_lost_midway(
    engine: str, pg_shop: EngineShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends it after the result has been made, before it takes its place."""
    pg = str(pg_shop.postgres)
    assert pg_shop.assign("files", f"{pg}#segs").code == 0
    with psycopg.connect(pg) as link:
        link.execute("update segs set value = 'as it was'")
    from segrules.segments.engines.postgres import Postgres

    keep = Postgres.keep

    def lost(self: Postgres, *words: object) -> None:
        with psycopg.connect(pg, autocommit=True) as link:
            link.execute("select pg_terminate_backend(%s)", (self.held.info.backend_pid,))
        keep(self, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(Postgres, "keep", lost)
    done = pg_shop.assign("postgres", f"{pg}#segs", engine=engine)
    refused(done, "SEG681")
    assert "was lost before all was done" in done.err
    assert asked(pg, "select distinct value from segs")["value"].to_list() == ["as it was"]
    assert no_leftovers(pg)


def test_a_source_that_is_lost_midway(pg_shop: EngineShop) -> None:
    pg = str(pg_shop.postgres)
    with psycopg.connect(pg) as link:
        link.execute("alter table orders rename to held")
        # whoever reads the rows loses the connection to them
        link.execute(
            "create view orders as select h.* from held h"
            " where pg_terminate_backend(pg_backend_pid())"
        )
    out = pg_shop.folder / "out.parquet"
    refused(pg_shop.assign("postgres", out), "SEG681")
    assert not out.exists()


@pytest.mark.parametrize("place", ["postgres", "duckdb", "folder"])
def test_a_killed_run_leaves_the_result_before(place: str, pg_shop: EngineShop) -> None:
    """Killed in the middle of putting the result in its place."""
    folder, pg = pg_shop.folder, str(pg_shop.postgres)
    out = {
        "postgres": f"{pg}#segs", "duckdb": f"duckdb:{folder}/r.duckdb#segs",
        "folder": f"{folder}/segments/",
    }[place]  # fmt: skip
    assert pg_shop.assign("files", out).code == 0
    words = [sys.executable, "-c", KILLED, place, str(pg_shop.rules), out]
    tables = [f"{name}={path}" for name, path in pg_shop.at("files").items()]
    done = subprocess.run([*words, *tables], env=environment(), capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    match place:
        case "postgres":
            found = asked(pg, "select * from segs")
            assert no_leftovers(pg)
        case "duckdb":
            found = asked(f"duckdb:{folder}/r.duckdb", "from segs")
        case _:
            found = pl.read_parquet(folder / "segments" / "*.parquet")
    assert by_key(found).equals(pg_shop.answer())
    left = list(folder.glob(".segrules-*"))
    for each in left:
        os.utime(each, (0, 0))
    assert pg_shop.assign("files", out).code == 0
    assert not list(folder.glob(".segrules-*"))
    if place == "duckdb":
        names = asked(f"duckdb:{folder}/r.duckdb", "select table_name from duckdb_tables()")
        assert names["table_name"].to_list() == ["segs"]


KILLED = """
import os, signal, sys
from segrules.cli.main import app
from segrules.segments.engines import duckdb, folders, postgres, destinations

place, rules, out, *tables = sys.argv[1:]
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if place == "postgres":
    run = postgres.Postgres._run
    postgres.Postgres._run = lambda self, text, values=None: (
        kill() if text.startswith("alter table") else run(self, text, values))
elif place == "duckdb":
    run = duckdb.DuckDB._run
    duckdb.DuckDB._run = lambda self, text, values=None: (
        kill() if text == "commit" else run(self, text, values))
else:
    folders.put = kill
words = [word for table in tables for word in ("--table", table)]
app(["assign", rules, *words, "--as-of", "2026-06-30", "-o", out])
"""


def test_fetched_rows_are_for_nobody_else(
    pg_shop: EngineShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is fetched stands in a folder that others cannot read, and is gone afterwards."""
    from segrules.segments.engines import fetching, run

    seen: list[Path] = []
    assign = run.run_assignment

    def looked(ruleset: object, paths: dict[str, Path], *more: object, **named: object) -> object:
        folder = paths["customers"].parent.parent
        seen.append(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        return assign(ruleset, paths, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "run_assignment", looked)
    temporary = pg_shop.folder / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(fetching.tempfile, "tempdir", str(temporary))
    dead = temporary / "segrules-fetched-4194999-00"
    dead.mkdir()
    assert pg_shop.assign("postgres", pg_shop.folder / "out.parquet").code == 0
    assert len(seen) == 1
    assert list(temporary.iterdir()) == []
