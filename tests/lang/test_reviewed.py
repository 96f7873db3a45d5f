"""What a review of the language found, kept from coming back: rules and data as a user has."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

import segrules
from segrules.segments.batch import Options, run_assignment
from segrules.text.diagnostic import RulesError

AS_OF = dt.date(2026, 6, 30)

RULES = """
ruleset reviewed { language 1 goal "Find nothing more" money GBP review every month }
table customers key customer_id { customer_id text  weight number  region one of north, south }
segments size of customers {
  heavy when rank of weight = 1
  otherwise light
}
grid gifts of customers from region, weight pick every {
  | region | weight => gift   |
  | north  | any    => scarf  |
  | any    | >= 2   => letter |
}
"""
ROWS = ["a,3,north", "b,1,north", "c,1,south", "d,0,south", "e,-0.0,south"]


def written(folder: Path, rows: list[str]) -> dict[str, Path]:
    file = folder / "customers.csv"
    file.write_text("\n".join(["customer_id,weight,region", *rows, ""]))
    return {"customers": file}


def run(folder: Path, out: Path, options: Options, rows: list[str] = ROWS) -> None:
    file = folder / "reviewed.seg"
    file.write_text(RULES)
    rules = segrules.load(file)
    paths = written(folder, rows)
    run_assignment(rules.ruleset, paths, AS_OF, out, text=rules.canonical, options=options)


def test_sets_are_written_to_csv_as_they_are_read(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    run(tmp_path, out, Options())
    gifts = dict(pl.read_csv(out).select("customer_id", "gift").iter_rows())
    assert gifts == {"a": "scarf;letter", "b": "scarf", "c": "none", "d": "none", "e": "none"}


def test_what_is_frozen_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    frozen = []
    for at, rows in enumerate([ROWS, ROWS[::-1]]):
        file = tmp_path / f"cuts{at}.json"
        run(tmp_path, tmp_path / "out.csv", Options(freeze=file), rows)
        frozen.append(file.read_text())
    assert frozen[0] == frozen[1]
    assert "-0.0" not in frozen[0]


@pytest.mark.parametrize(
    ("freeze", "code"),
    [
        ("reviewed.seg", "SEG415"),
        ("customers.csv", "SEG415"),
        ("out.csv", "SEG416"),
        ("missing/cuts.json", "SEG414"),
        ("folder", "SEG414"),
    ],
)
def test_cut_points_take_nobodys_place(tmp_path: Path, freeze: str, code: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(RulesError) as caught:
        run(tmp_path, tmp_path / "out.csv", Options(freeze=tmp_path / freeze))
    assert [each.code for each in caught.value.diagnostics] == [code]
    # nothing was lost, and no half of a result is left
    assert (tmp_path / "reviewed.seg").read_text() == RULES
    assert (tmp_path / "customers.csv").read_text().startswith("customer_id,")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("history", "out", "code"),
    [
        ("a_file", "out.csv", "SEG416"),
        ("missing/past", "out.csv", "SEG414"),
        ("past", "past/out.parquet", "SEG416"),
    ],
)
def test_without_a_history_there_is_no_result(
    tmp_path: Path, history: str, out: str, code: str
) -> None:
    (tmp_path / "a_file").touch()
    (tmp_path / "past").mkdir()
    with pytest.raises(RulesError) as caught:
        run(tmp_path, tmp_path / out, Options(history=tmp_path / history))
    assert [each.code for each in caught.value.diagnostics] == [code]
    assert not (tmp_path / out).exists()
    assert list((tmp_path / "past").iterdir()) == []


def test_the_same_line_of_an_allotment_twice(tmp_path: Path) -> None:
    file = tmp_path / "allotted.seg"
    file.write_text("""
ruleset allotted { language 1 goal "Call some, then more" }
table customers key customer_id { customer_id text  visits whole }
segments size of customers { all_of_them when visits >= 0  otherwise nobody }
allot all_of_them of size {
  best 1 by visits to call
  best 1 by visits to letter
  best 1 by visits to call
  rest to email
}
""")
    customers = pl.DataFrame({"customer_id": ["a", "b", "c", "d"], "visits": ["4", "3", "2", "1"]})
    placed = segrules.load(file).assign({"customers": customers}, as_of=AS_OF)
    assert placed["size_allotted"].to_list() == ["call", "letter", "call", "email"]


def test_cut_points_of_a_column_that_had_another_type(tmp_path: Path) -> None:
    cuts = tmp_path / "cuts.json"
    run(tmp_path, tmp_path / "out.csv", Options(freeze=cuts))
    file = tmp_path / "reviewed.seg"
    file.write_text(RULES.replace("weight number", "weight money"))
    rules = segrules.load(file)
    customers = pl.read_csv(tmp_path / "customers.csv", infer_schema=False)
    # 3.0 of a number would be 0.03 of an amount
    with pytest.raises(RulesError) as caught:
        rules.assign({"customers": customers}, as_of=AS_OF, calibration=cuts)
    assert [each.code for each in caught.value.diagnostics] == ["SEG591"]


def test_a_calibration_with_a_date_that_is_none(tmp_path: Path) -> None:
    cuts = tmp_path / "cuts.json"
    run(tmp_path, tmp_path / "out.csv", Options(freeze=cuts))
    cuts.write_text(cuts.read_text().replace(" 3.0,", ' {"date": "31 June"},'))
    assert "31 June" in cuts.read_text()
    with pytest.raises(RulesError) as caught:
        run(tmp_path, tmp_path / "later.csv", Options(calibration=cuts))
    assert [each.code for each in caught.value.diagnostics] == ["SEG590"]
