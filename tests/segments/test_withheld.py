"""What a profile, a card, a run and its frozen cut points say of sensitive columns."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from segrules.lang.ir import Ruleset
from segrules.lang.pipeline import compile_source
from segrules.report.assignment import batch_record
from segrules.report.cards import card_record, card_tables
from segrules.report.profile import profile_record, profile_tables
from segrules.segments.assign import Asked, Placement, place
from segrules.segments.batch import Batch, Options, run_assignment
from segrules.segments.cards import cards
from segrules.segments.profile import FEW, Profile, concentrated, profile
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
HEAD = 'ruleset staff { language 1 goal "g" money GBP }\n'
STAFF = (
    "table staff key id { id text%s team one of a, b, c, d salary money? sensitive bonus money }\n"
)
TEAMS = (
    "let pay = salary + bonus\n"
    "segments team_of of staff { first when team = a second when team = b third when team = c "
    "otherwise fourth }\n"
)


def ruleset(text: str) -> Ruleset:
    found = compile_source(Source("staff.seg", text))
    assert found.ruleset is not None, list(found.log)
    return found.ruleset


def placed(sizes: Mapping[str, int], unknown: Mapping[str, int] | None = None) -> Placement:
    """Teams of so many people, of whom so many have no known salary; the n-th has n thousand."""
    rows: list[tuple[str | None, ...]] = []
    for team, size in sizes.items():
        for at in range(size):
            number = len(rows) + 1
            salary = None if at < (unknown or {}).get(team, 0) else f"{number * 1000}"
            rows.append((f"k{number:03}", team, salary, "7"))
    frame = pl.DataFrame(
        rows, schema=dict.fromkeys(("id", "team", "salary", "bonus"), pl.String), orient="row"
    )
    return place(ruleset(HEAD + STAFF % "" + TEAMS), "staff", {"staff": frame}, Asked(AS_OF))


def withheld(found: Profile, name: str = "salary") -> set[str | None]:
    for each in (*found.segments, found.everyone):
        gone = name in each.withheld
        assert gone == (name not in each.sums)
        if gone:
            assert (each.means[name], each.indices[name]) == (None, None)
        assert each.means["bonus"] is not None or not each.rows
    return {each.segment for each in found.segments if name in each.withheld}


def seen(*parts: object) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    for part in parts:
        console.print(part)
    return console.export_text()


@pytest.mark.parametrize(
    ("sizes", "gone"),
    [
        # the one alone could be found as what the others leave of the whole
        ({"a": 1, "b": 20, "c": 30}, {"first", "second"}),
        ({"a": 1, "b": 9, "c": 30}, {"first", "second"}),
        ({"a": 9, "b": 1, "c": 9, "d": 30}, {"first", "second", "third"}),
        ({"a": 10, "b": 20, "c": 30}, set()),
        ({"a": 10, "b": 20}, set()),
        ({"a": 9}, {"first"}),
        ({"a": 4, "b": 5}, {"first", "second"}),
    ],
)
def test_figures_of_few_are_withheld(sizes: dict[str, int], gone: set[str]) -> None:
    found = profile(placed(sizes), "team_of", ["salary", "bonus", "pay"])
    assert withheld(found) == gone
    # a named value that rests on a sensitive column is treated like it, another one is not
    assert withheld(found, "pay") == gone
    everyone = sum(sizes.values()) < FEW
    assert ("salary" in found.everyone.withheld) == everyone
    assert all("bonus" in each.sums for each in found.segments)


@pytest.mark.parametrize(("unknown", "gone"), [(10, set()), (11, {"first", "second"})])
def test_values_count_and_not_rows(unknown: int, gone: set[str]) -> None:
    found = profile(placed({"a": 20, "b": 20}, {"a": unknown}), "team_of", ["salary", "bonus"])
    assert withheld(found) == gone
    assert found.segments[0].missing["salary"] == unknown


def test_of_everyone_values_count_too() -> None:
    found = profile(placed({"a": 20}, {"a": 11}), "team_of", ["salary", "bonus"])
    assert withheld(found) == {"first"}
    assert found.everyone.withheld == {"salary"}


def test_nothing_is_withheld_of_nobody() -> None:
    found = profile(placed({"b": 20}, {"b": 20}), "team_of", ["salary", "bonus"])
    assert [each.withheld for each in found.segments] == [frozenset()] * 4


def test_reports_show_nothing_of_what_is_withheld() -> None:
    made = placed({"a": 1, "b": 20, "c": 30})
    found = profile(made, "team_of", ["salary", "bonus"])
    text = seen(*profile_tables(found, made.ruleset), *card_tables(cards(found, made.ruleset)))
    record = json.dumps([profile_record(found), card_record(cards(found, made.ruleset))])
    # the one of team a has 1,000; team b has 2,000 to 21,000, on average 11,500
    for shown in (text, record):
        assert "11500" not in shown.replace(",", "").replace("_", "")
        assert "1000.0" not in shown.replace(",", "")
    assert text.count("no figures are shown that rest on fewer than 10 staff") == 2
    segments = profile_record(found)["segments"]
    assert [each["withheld"] for each in segments] == [["salary"], ["salary"], [], []]
    assert segments[0]["means"]["salary"] is None
    assert "salary" not in segments[0]["sums"]
    open_figures = profile(placed({"a": 10, "b": 20}), "team_of", ["salary", "bonus"])
    assert "fewer than" not in seen(*profile_tables(open_figures, made.ruleset))


def test_how_a_sensitive_column_concentrates_is_not_shown() -> None:
    made = placed({"a": 20, "b": 20})
    found = profile(made, "team_of")
    assert [each.name for each in found.concentration] == ["bonus"]
    asked = concentrated(made, found, ["salary", "pay", "bonus"], ["salary"])
    assert [each.name for each in asked.concentration] == ["bonus"]
    assert asked.concentration[0].efforts == ()
    assert [(each.code, each.message.split("`")[1]) for each in asked.findings] == [
        ("SEG478", "salary"), ("SEG478", "pay"),
    ]  # fmt: skip


# ---- what is frozen

RANKED = (
    "segments rank of staff {{ best when in top 20% by {by} otherwise rest{unsure} }}\n"
    "segments mark of staff {{ high when in top 20% by bonus otherwise low }}\n"
)


def run(folder: Path, by: str, sensitive: str = "", unsure: str = " unsure open") -> Batch:
    text = HEAD + STAFF % sensitive + TEAMS + RANKED.format(by=by, unsure=unsure)
    path = folder / "staff.csv"
    path.write_text("id,team,salary,bonus\n" + "".join(
        f"k{at},a,{at * 1111},{at * 33}\n" for at in range(1, 11)))  # fmt: skip
    return run_assignment(
        ruleset(text), {"staff": path}, AS_OF, folder / "out.parquet", text=text,
        options=Options(freeze=folder / "cuts.json", strict=True),
    )  # fmt: skip


@pytest.mark.parametrize("by", ["salary", "pay"])
def test_a_run_does_not_tell_cut_points_of_sensitive_columns(tmp_path: Path, by: str) -> None:
    made = run(tmp_path, by)
    told = batch_record(made)["calibration"]
    (hidden,) = [name for name in told if by in name]
    (shown,) = [name for name in told if "bonus" in name]
    assert told[hidden] == [{"kind": "cut", "population": 10, "hidden": True}]
    # the second best of ten has 9 times 33
    assert told[shown][0]["value"] == 29700
    assert told[shown][0]["key"] is None or told[shown][0]["key"] == "k9"
    # the file must hold it, and that is said
    kept = json.loads((tmp_path / "cuts.json").read_text())["frozen"]
    assert kept[hidden][0]["value"] == 9 * (111100 + (3300 if by == "pay" else 0))
    ((code, message),) = [(each.code, each.message) for each in made.warnings]
    assert code == "SEG596"
    assert hidden.split(" by ")[1] in message
    assert "bonus" not in message.replace("salary + bonus", "")


def test_cut_points_of_other_columns_are_told_and_not_warned_of(tmp_path: Path) -> None:
    made = run(tmp_path, "bonus + 1", unsure="")
    assert made.warnings == ()
    assert "hidden" not in json.dumps(batch_record(made)["calibration"])


@pytest.mark.parametrize(
    ("word", "key", "codes"), [("", "k7", []), (" sensitive", None, ["SEG596"])]
)
def test_a_cut_point_names_nobody_whose_key_is_sensitive(
    tmp_path: Path, word: str, key: str | None, codes: list[str]
) -> None:
    best = "segments mark of staff { high when in top 2 by bonus otherwise low }"
    text = HEAD + STAFF % word + best
    path = tmp_path / "staff.csv"
    path.write_text("id,team,salary,bonus\n" + "".join(f"k{at},a,1,{at}\n" for at in range(9)))
    made = run_assignment(
        ruleset(text), {"staff": path}, AS_OF, tmp_path / "out.parquet", text=text,
        options=Options(freeze=tmp_path / "cuts.json"),
    )  # fmt: skip
    ((cut,),) = batch_record(made)["calibration"].values()
    assert (cut["value"], cut["key"]) == (700, key)
    assert [each.code for each in made.warnings] == codes
    (kept,) = json.loads((tmp_path / "cuts.json").read_text())["frozen"].values()
    assert kept[0]["key"] == "k7"
