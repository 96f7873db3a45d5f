"""Rules carried out where the tables are give what Polars gives."""

import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg
import pytest
from cli_shop import AS_OF, run
from engine_shop import EngineShop, asked, by_key, engine_shop

INSIDE = ["duckdb", "duckdb files", "postgres", "spark"]


@pytest.fixture
def inside(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[EngineShop, str, str]:
    """The shop, the engine, and where its tables are."""
    engine, _, files = request.param.partition(" ")
    if engine == "postgres":
        return engine_shop(tmp_path, request.getfixturevalue("postgres")), engine, "postgres"
    if engine == "spark":
        request.getfixturevalue("spark")
        return engine_shop(tmp_path), engine, "folders"
    return engine_shop(tmp_path), engine, "folders" if files else "duckdb"


every_database = pytest.mark.parametrize("inside", INSIDE[:-1], indirect=True)
every_engine = pytest.mark.parametrize("inside", INSIDE, indirect=True)


@every_engine
def test_the_answer_is_that_of_polars(inside: tuple[EngineShop, str, str]) -> None:
    """In a file the result has the types of Polars' own, the rows stand by key."""
    shop, engine, at = inside
    out = shop.folder / "out.parquet"
    done = shop.assign(at, out, "--unknown-counts", engine=engine)
    assert done.code == 0, done.err
    here = shop.folder / "here.parquet"
    expected = shop.assign("files", here, "--unknown-counts")
    assert pl.read_parquet(out).equals(pl.read_parquet(here).sort("customer_id"))
    assert pl.read_parquet_schema(out) == pl.read_parquet_schema(here)
    # the same table of segments, with the unknown ones
    assert done.out.replace("out.parquet", "") == expected.out.replace("here.parquet", "")


@every_engine
def test_results_beside_the_tables(inside: tuple[EngineShop, str, str]) -> None:
    shop, engine, at = inside
    out = {
        "duckdb": f"duckdb:{shop.folder}/{'shop' if at == 'duckdb' else 'new'}.duckdb#segs",
        "postgres": f"{shop.postgres}#segs",
        "spark": f"{shop.folder}/segs/",
    }[engine]
    for _ in range(2):
        done = shop.assign(at, out, engine=engine)
        assert done.code == 0, done.err
    found = (
        pl.read_parquet(shop.folder / "segs" / "*.parquet")
        if engine == "spark"
        else asked(out.partition("#")[0], "select * from segs")
    )
    assert by_key(found).equals(shop.answer())
    assert not list(shop.folder.rglob("*segrules*"))


@every_database
def test_frozen_cut_points_are_used(inside: tuple[EngineShop, str, str]) -> None:
    """Frozen by one engine, used by another; and the same file whoever freezes."""
    shop, engine, at = inside
    there, here = shop.folder / "there.json", shop.folder / "here.json"
    assert shop.assign(at, shop.folder / "a.parquet", "--freeze", there, engine=engine).code == 0
    assert shop.assign("files", shop.folder / "b.parquet", "--freeze", here).code == 0
    assert json.loads(there.read_text()) == json.loads(here.read_text())
    lower = json.loads(here.read_text())
    for groups in lower["frozen"].values():
        for each in groups:
            each["value"] = 1
    here.write_text(json.dumps(lower))
    with_lower = []
    for name, where, by in (("c", at, engine), ("d", "files", "polars")):
        out = shop.folder / f"{name}.parquet"
        done = shop.assign(where, out, "--calibration", here, engine=by)
        assert done.code == 0, done.err
        with_lower.append(by_key(pl.read_parquet(out)))
    assert with_lower[0].equals(with_lower[1])
    assert not with_lower[0].equals(shop.answer())


# ---- the same findings about data


def spoiled(shop: EngineShop, at: str) -> None:
    """Values that are none: beyond bounds, undeclared, not a number, missing; rows of nobody."""
    changes = [
        "update customers set points = 5000 where customer_id < '0003'",
        "update customers set region = 'east' where customer_id > '0055'",
        "update customers set weight = 'NaN' where customer_id = '0010'",
        "update customers set share_web = 1.5 where customer_id = '0011'",
        "update customers set spend = null where customer_id = '0012'",
        "update orders set customer_id = 'nobody' where items = 3",
    ]
    if at == "postgres":
        with psycopg.connect(str(shop.postgres)) as link:
            for each in changes:
                link.execute(each.encode())
        return
    file = str(shop.folder / "shop.duckdb")
    with duckdb.connect(file) as held:
        for each in changes:
            held.execute(each)
        for name in ("customers", "orders"):
            held.execute(f"copy {name} to '{shop.folder / name}.parquet' (format parquet)")
            held.execute(f"copy {name} to '{shop.folder / name}/part-0.parquet' (format parquet)")
    for name in ("customers", "orders"):
        (shop.folder / name / "part-1.parquet").unlink()
        (shop.folder / name / "part-2.parquet").unlink()


@every_engine
def test_findings_are_those_of_files(inside: tuple[EngineShop, str, str]) -> None:
    shop, engine, at = inside
    spoiled(shop, "duckdb")
    if at == "postgres":
        spoiled(shop, at)
    done = shop.assign(at, shop.folder / "out.parquet", "--format", "json", engine=engine)
    expected = shop.assign("files", shop.folder / "here.parquet", "--format", "json")
    assert done.code == expected.code == 0, done.err
    assert said(done.json) == said(expected.json)
    assert len(done.json["warnings"]) == 6
    assert by_key(pl.read_parquet(shop.folder / "out.parquet")).equals(
        by_key(pl.read_parquet(shop.folder / "here.parquet"))
    )
    strict = shop.assign(at, shop.folder / "strict.parquet", "--strict", engine=engine)
    assert strict.code == 1
    assert not (shop.folder / "strict.parquet").exists()


@every_engine
def test_overrides_that_do_nothing_are_told(inside: tuple[EngineShop, str, str]) -> None:
    shop, engine, at = inside
    shop.rules.write_text(
        shop.rules.read_text()
        + 'override value for "0007", "nobody" to top until 2026-12-31 reason "asked for"\n'
        + 'override value for "0008" to top until 2026-01-31 reason "asked for"\n'
    )
    done = shop.assign(at, shop.folder / "out.parquet", "--format", "json", engine=engine)
    expected = shop.assign("files", shop.folder / "here.parquet", "--format", "json")
    assert done.code == expected.code == 0, done.err
    assert said(done.json) == said(expected.json)
    told = done.json["warnings"]
    assert any("1 key of this override is not in `customers`: `nobody`" in each for each in told)
    assert any("has ended on 2026-01-31" in each for each in told)


def said(record: dict[str, Any]) -> dict[str, Any]:
    """A summary without what tells where the tables were."""
    inputs = {
        name: {key: value for key, value in each.items() if key not in ("path", "sha256")}
        for name, each in record["inputs"].items()
    }
    return {**record, "inputs": inputs, "warnings": sorted(record["warnings"])}


@every_engine
def test_keys_are_checked(inside: tuple[EngineShop, str, str]) -> None:
    shop, engine, at = inside
    change = "update customers set customer_id = '0001' where customer_id in ('0002', '0003')"
    if at == "postgres":
        with psycopg.connect(str(shop.postgres)) as link:
            link.execute(change.encode())
            link.execute("update customers set customer_id = null where customer_id = '0009'")
    elif at == "duckdb":
        with duckdb.connect(str(shop.folder / "shop.duckdb")) as held:
            held.execute(change)
            held.execute("update customers set customer_id = null where customer_id = '0009'")
    else:
        part = shop.folder / "customers" / "part-0.parquet"
        rows = pl.read_parquet(part)
        key = pl.col("customer_id").replace({"0003": "0001", "0006": "0001", "0009": None})
        rows.with_columns(key).write_parquet(part)
    out = shop.folder / "out.parquet"
    done = shop.assign(at, out, engine=engine)
    assert done.code == 2
    assert sorted(set(done.codes)) == ["SEG409", "SEG410"], done.err
    assert not out.exists()


@every_engine
def test_columns_are_held_against_their_declarations(inside: tuple[EngineShop, str, str]) -> None:
    shop, engine, at = inside
    rules = shop.rules.read_text()
    shop.rules.write_text(
        rules.replace("  vip         flag\n", "  vip         text\n  paid_on     date\n").replace(
            "(vip and weight > 1.5)", '(vip = "x" and paid_on < as_of)'
        )
    )
    out = shop.folder / "out.parquet"
    done = shop.assign(at, out, engine=engine)
    assert done.code == 2
    assert sorted(done.codes) == ["SEG406", "SEG407"], done.err
    assert not out.exists()


# ---- what an engine cannot do


def test_sources_must_fit_the_engine(pg_shop: EngineShop) -> None:
    csv = pg_shop.folder / "customers.csv"
    csv.write_text("customer_id\n1\n")
    orders = ["--table", f"orders={pg_shop.folder / 'orders.parquet'}"]
    for engine, place in (
        ("duckdb", str(csv)), ("spark", str(csv)), ("duckdb", pg_shop.at("postgres")["customers"]),
        ("postgres", str(pg_shop.folder / "customers.parquet")),
        ("spark", pg_shop.at("duckdb")["customers"]), ("duckdb", "s3a://bucket/customers"),
    ):  # fmt: skip
        done = run(
            "assign", pg_shop.rules, "--table", f"customers={place}", *orders, "--as-of", AS_OF,
            "-o", pg_shop.folder / "out.parquet", "--engine", engine,
        )  # fmt: skip
        assert done.code == 2
        assert set(done.codes) == {"SEG680"}, (engine, place, done.err)


def test_text_is_not_read_as_dates(shop: EngineShop) -> None:
    """Polars does; an engine that might do it otherwise refuses it before anything runs."""
    with duckdb.connect(str(shop.folder / "shop.duckdb")) as held:
        held.execute("alter table orders alter ordered_on type text")
    done = shop.assign("duckdb", shop.folder / "out.parquet", engine="duckdb")
    assert done.code == 2
    assert done.codes == ["SEG684"], done.err
    assert "orders.ordered_on" in done.err
    assert shop.assign("duckdb", shop.folder / "out.parquet").code == 0


# ---- what was


@every_database
def test_a_history_grows_as_it_does_from_files(inside: tuple[EngineShop, str, str]) -> None:
    """Two runs: what the first has stored, the second reads; both store the same rows."""
    shop, engine, at = inside
    tolerant(shop)
    stored: dict[str, list[pl.DataFrame]] = {}
    for where, by in ((at, engine), ("files", "polars")):
        history = shop.folder / f"history of {by}"
        for day in ("2026-05-31", "2026-06-30"):
            done = shop.assign(where, shop.folder / f"{by}.parquet", "--history", history,
                               "--as-of", day, engine=by)  # fmt: skip
            assert done.code == 0, done.err
        stored[by] = [pl.read_parquet(each) for each in sorted(history.glob("*.parquet"))]
    assert len(stored[engine]) == 2
    for there, here in zip(stored[engine], stored["polars"], strict=True):
        assert there.equals(here)
    # somebody was held, else this says little
    assert stored["polars"][1]["value_by"].is_in(["stay"]).any()


def tolerant(shop: EngineShop) -> None:
    """Rules with tolerance, on what changes from one month to the next."""
    rules = shop.rules.read_text()
    changes = {
        'owner "Sales"\n': 'owner "Sales"\n  review every month\n',
        "points      whole 0..1000\n": "points      whole 0..1000 kept\n",
        "when bought >= 20 or (vip and weight > 1.5)\n":
            "when bought >= 20 or (vip and weight > 1.5)\n"
            "      leave when bought < 5 for 2 reviews running\n",
    }  # fmt: skip
    for old, new in changes.items():
        assert old in rules
        rules = rules.replace(old, new)
    shop.rules.write_text(rules)


# ---- what is refused


def test_what_an_engine_cannot_do_is_refused_before_anything_runs(shop: EngineShop) -> None:
    """At its place in the rules, and without a look at the data."""
    rules = shop.rules.read_text().replace("customer_id text\n", "customer_id text casefolded\n")
    shop.rules.write_text(rules)
    (shop.folder / "shop.duckdb").unlink()
    done = shop.assign("duckdb", shop.folder / "out.parquet", engine="duckdb")
    assert done.code == 2
    assert done.codes[0] == "SEG684", done.err
    assert "casefolded" in done.err
