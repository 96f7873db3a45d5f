"""From files to a file: whole or not at all, with a summary that adds up."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
import segments_shop as shop
from segments_shop import BUYERS, NO_UNSURE, SHOP, TOP_HALF, VALUE, with_sets

from segrules.lang.ir import Calibration, Cut, Knob, Length
from segrules.segments import batch
from segrules.segments.atomic import PREFIX
from segrules.segments.batch import DEFAULTS, Batch, Options, run_assignment
from segrules.segments.revision import revision
from segrules.segments.summary import Summary
from segrules.text.diagnostic import RulesError

AS_OF = dt.date(2026, 6, 30)
CUSTOMERS = """\
customer_id,spend,points,salary,joined
C1,500,0,,2026-01-01
C2,20,700,,2026-01-01
C3,100.00,,,2026-01-01
C4,12O,,,2026-01-01
C5,1,1,,2026-01-01
"""
ORDERS = "customer_id,ordered_on,amount\nC1,2026-06-01,1\nC2,2026-01-01,2\n"


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "orders.csv").write_text(ORDERS)
    return {"customers": tmp_path / "customers.csv", "orders": tmp_path / "orders.csv"}


def run(paths: Mapping[str, Path], out: Path, options: Options = DEFAULTS) -> Batch:
    rules = with_sets(SHOP, VALUE, BUYERS, TOP_HALF)
    return run_assignment(rules, paths, AS_OF, out, text="the rules", options=options)


EXPECTED = [
    ("C1", "high", "high", "buyer", "buyer", "top", "top"),
    ("C2", "keen", "keen", "other", "otherwise", "rest", "otherwise"),
    ("C3", "high", "high", "other", "otherwise", "top", "top"),
    ("C4", "unclear", "unsure", "other", "otherwise", None, "unsure"),
    ("C5", "low", "otherwise", "other", "otherwise", "rest", "otherwise"),
]


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".arrow", ".feather"])
def test_results(tmp_path: Path, paths: dict[str, Path], ending: str) -> None:
    out = tmp_path / f"segments{ending}"
    run(paths, out)
    read = {".parquet": pl.read_parquet, ".csv": pl.read_csv}.get(ending, pl.read_ipc)
    assert read(out).rows() == EXPECTED
    assert not list(tmp_path.glob(f"{PREFIX}*"))


def test_summary(tmp_path: Path, paths: dict[str, Path]) -> None:
    done = run(paths, tmp_path / "segments.parquet")
    held = done.summary.model_dump(mode="json")
    assert held["schema"] == 1
    assert (held["ruleset"], held["as_of"], held["rows"]) == ("shop", "2026-06-30", 5)
    assert held["inputs"]["customers"] == {
        "path": str(paths["customers"]),
        "sha256": hashlib.sha256(CUSTOMERS.encode()).hexdigest(),
        "rows": 5,
        "unreadable": {"spend": 1},
        "missing": {},
    }
    assert held["sets"]["value"] == {
        "segments": {
            "high": {"rows": 2, "share": 0.4},
            "keen": {"rows": 1, "share": 0.2},
            "low": {"rows": 1, "share": 0.2},
            "unclear": {"rows": 1, "share": 0.2},
        },
        "otherwise": 1,
        "unsure": 1,
        # points are missing twice; the amount that cannot be read makes `high` unknown
        "unknown": {"high": 1, "keen": 2},
        "governed": {},
        "held_out": None,
        "allotted": {},
        "spread": {},
    }
    assert held["sets"]["rank"]["segments"]["top"]["rows"] == 2
    assert held["sets"]["rank"]["unsure"] == 1
    cut = {"kind": "cut", "group": [], "population": 4, "value": 10_000, "key": None}
    assert held["calibration"] == {"top 50%": [cut]}
    assert [found.code for found in done.warnings] == ["SEG411"]
    assert held["warnings"][0].startswith("SEG411: 1 cell of `customers.spend`")
    assert Summary.model_validate(held) == done.summary


def test_missing_required_cells_are_told_to_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(CUSTOMERS.replace("12O", ""))
    rules = with_sets(SHOP, NO_UNSURE)
    done = run_assignment(rules, {"customers": path}, AS_OF, tmp_path / "o.csv", text="")
    assert done.summary.sets["value"].unsure == 1
    assert done.summary.inputs["customers"].missing == {"spend": 1}


def problems(paths: Mapping[str, Path], out: Path, options: Options = DEFAULTS) -> list[str]:
    with pytest.raises(RulesError) as raised:
        run(paths, out, options)
    return [found.code for found in raised.value.diagnostics]


def test_places_that_are_refused(tmp_path: Path, paths: dict[str, Path]) -> None:
    assert problems(paths, tmp_path / "nowhere" / "o.csv") == ["SEG414"]
    assert problems(paths, tmp_path) == ["SEG414"]
    assert problems(paths, tmp_path / "o.txt") == ["SEG414"]
    assert problems(paths, paths["orders"]) == ["SEG415"]
    link = tmp_path / "link.csv"
    link.symlink_to(paths["orders"])
    assert problems(paths, link) == ["SEG415"]
    folder = tmp_path / "parts"
    folder.mkdir()
    assert problems({**paths, "orders": folder}, folder / "o.parquet") == ["SEG415"]
    assert paths["orders"].read_text() == ORDERS


def test_all_bad_tables_are_reported_together(tmp_path: Path, paths: dict[str, Path]) -> None:
    paths["customers"].write_text(CUSTOMERS.replace("spend", "spent"))
    paths["orders"].write_bytes(b"\xff\xfe")
    assert problems(paths, tmp_path / "o.csv") == ["SEG406", "SEG403"]
    assert problems({"customers": tmp_path / "none.csv"}, tmp_path / "o.csv") == [
        "SEG417",
        "SEG401",
    ]


def test_failures_leave_what_was_there(
    tmp_path: Path, paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "segments.csv"
    out.write_text("before")
    paths["customers"].write_text(CUSTOMERS + "C1,1,1,,2026-01-01\n")
    assert problems(paths, out) == ["SEG409", "SEG411"]
    paths["customers"].write_text(CUSTOMERS)
    assert problems(paths, out, Options(strict=True)) == ["SEG411", "SEG642"]

    def full(rows: pl.LazyFrame, place: Path, *_: object) -> None:
        place.write_text("half a result")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(batch, "sink", full)
    assert problems(paths, out) == ["SEG416"]
    assert out.read_text() == "before"
    assert not list(tmp_path.glob(f"{PREFIX}*"))


def test_leftovers_are_swept_when_old(tmp_path: Path, paths: dict[str, Path]) -> None:
    old, young, other = (tmp_path / name for name in (f"{PREFIX}old", f"{PREFIX}young", "old"))
    for path in (old, young, other):
        path.write_text("")
    for path in (old, other):
        os.utime(path, (0, 0))
    run(paths, tmp_path / "o.csv")
    assert (old.exists(), young.exists(), other.exists()) == (False, True, True)


def test_revision() -> None:
    knob = Knob("k", Fraction(1, 2), Fraction(0), Fraction(1), percent=True, written="50%")
    other = replace(knob, name="l", value=Length(30, "days"))
    none = Calibration(AS_OF)
    cut = Calibration(AS_OF, (("top", (((), Cut(5, 100)),)),))
    made = revision("text", [knob, other], none)
    assert len(made) == 64
    assert made == revision("text", [other, knob], none)
    assert made == revision("text", [knob, other], Calibration(dt.date(2020, 1, 1)))
    different = [
        revision("text ", [knob, other], none),
        revision("text", [knob], none),
        revision("text", [replace(knob, value=Fraction(1, 3)), other], none),
        revision("text", [knob, replace(other, value=Length(30, "months"))], none),
        revision("text", [knob, other], cut),
        revision("text", [knob, other], replace(cut, as_of=dt.date(2020, 1, 1))),
    ]
    assert len({made, *different}) == 7


def test_tables_that_no_set_reads_are_opened(tmp_path: Path, paths: dict[str, Path]) -> None:
    rules = with_sets(SHOP, VALUE)
    out = tmp_path / "o.csv"

    def refused(orders: Path) -> list[str]:
        with pytest.raises(RulesError) as raised:
            run_assignment(rules, {**paths, "orders": orders}, AS_OF, out, text="")
        return [found.code for found in raised.value.diagnostics]

    assert refused(tmp_path / "nowhere.csv") == ["SEG401"]
    assert refused(paths["customers"]) == ["SEG406", "SEG406"]
    assert set(run_assignment(rules, paths, AS_OF, out, text="").summary.inputs) == {"customers"}


def test_rows_of_nobody_and_columns_of_nothing(tmp_path: Path, paths: dict[str, Path]) -> None:
    out = tmp_path / "o.csv"
    paths["orders"].write_text(ORDERS.replace("C2", "c2"))
    done = run(paths, out)
    assert [found.code for found in done.warnings] == ["SEG411", "SEG425"]
    assert done.summary.warnings[1] == (
        "SEG425: 1 of 2 rows of `orders` belongs to no row of `customers`: `c2`"
    )
    assert problems(paths, out, Options(strict=True)) == ["SEG411", "SEG425", "SEG642"]
    more = ORDERS.splitlines()[1] + "\n"
    paths["orders"].write_text((ORDERS + 3 * more).replace("2026-", "26-"))
    with pytest.raises(RulesError) as raised:
        run(paths, out, Options(strict=True))
    assert raised.value.unable
    assert [found.code for found in raised.value.diagnostics] == ["SEG411", "SEG426"]


def test_before_all_data(tmp_path: Path) -> None:
    dated = replace(shop.CUSTOMERS, dated="joined")
    path = tmp_path / "customers.csv"
    path.write_text(CUSTOMERS)
    rules = replace(with_sets(SHOP, VALUE), tables=(dated, shop.ORDERS))
    with pytest.raises(RulesError) as raised:
        run_assignment(rules, {"customers": path}, dt.date(2020, 1, 1), tmp_path / "o.csv", text="")
    (found,) = raised.value.diagnostics
    assert found.code == "SEG408"
    assert "no row of `customers` is dated up to 2020-01-01" in found.message
