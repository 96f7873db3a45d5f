"""What the commands say of what they did: revisions, workbooks, what was not written."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cli_shop import CUSTOMERS, Ran, Shop, busy_shop, run, shop, unchanged

from segrules.rules import Rules


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path)


RANKED = ("spend >= big_from", "in top 1 by spend")


def assigned(made: Shop, day: str, *more: object) -> Ran:
    done = run("assign", made.rules, *made.tables, "--as-of", day, "-o", made.out, *more)
    assert done.code == 0, done.err
    return done


def of_rules(done: Ran) -> str:
    return done.out.split("rules of revision ")[1][:12]


# ---- revisions


def test_the_revision_is_the_same_every_day_and_the_one_of_the_history(made: Shop) -> None:
    made.change(*RANKED)
    history = ("--history", made.folder / "history")
    days = ("2026-03-31", "2026-06-30")
    records = []
    for at, day in enumerate(days):
        made.customers.write_text(CUSTOMERS.replace("120.50", f"{300 + at}"))
        records.append(assigned(made, day, *history, "--format", "json").json)
    assert records[0]["revision"] == records[1]["revision"]
    assert records[0]["cut_points"] != records[1]["cut_points"]
    shown = run("history", made.rules, *history, "--format", "json").json
    reviews = shown["sets"][0]["reviews"]
    assert [each["revision"] for each in reviews] == [each["revision"] for each in records]


def test_cut_points_are_named_where_they_matter(made: Shop) -> None:
    plain = assigned(made, "2026-06-30")
    assert "cut points" not in plain.out
    made.change(*RANKED)
    cuts = made.folder / "cuts.json"
    words = assigned(made, "2026-06-30", "--freeze", cuts).out.split()
    name = words[words.index("points") + 1]
    # the same cut points on another day, and on other data
    made.customers.write_text(made.customers.read_text() + "77,2026-01-05,north,999,,,,\n")
    again = assigned(made, "2026-07-31", "--calibration", cuts)
    assert f"cut points {name}" in " ".join(again.out.split())
    assert name not in assigned(made, "2026-07-31").out


# ---- workbooks


def sheet(made: Shop, name: str) -> pl.DataFrame:
    return pl.read_excel(made.folder / "segments.xlsx", sheet_name=name)


def test_a_workbook_says_what_it_is_about(made: Shop) -> None:
    made.change(*RANKED)
    made.change('goal  "Raise', 'goal  "=1+Raise')
    book = made.folder / "segments.xlsx"
    done = assigned(made, "2026-06-30", "-o", book, "--knob", "big_from=120", "--format", "json")
    told = dict(sheet(made, "about").iter_rows())
    assert told["as of"] == "2026-06-30"
    assert told["revision of the rules"] == done.json["revision"]
    assert told["cut points"] == done.json["cut_points"]
    assert (told["knob big_from"], told["customers"]) == ("120", "3")
    assert told["goal"].startswith("'=1+Raise")


def test_the_rules_of_a_workbook_say_what_else_places(made: Shop) -> None:
    made.change("  money GBP", "  money GBP\n  review every month")
    made.change("  keen", "      leave when spend < 80\n        for 2 reviews running\n  keen")
    made.change(
        "segments value",
        'suppress value when region = south reason "=no letters"\n\n'
        'override value for "1" to big until 2026-12-31 reason "the director"\n\n'
        "cap big of value at 2 by spend, rest to keen\n\nsegments value",
    )
    assigned(made, "2026-06-30", "-o", made.folder / "segments.xlsx")
    told = sheet(made, "rules")["rule"].to_list()
    assert told[:2] == ["suppressed: =no letters", "placed there by an override: the director"]
    assert "held there: leave when spend < 80 for 2 reviews running" in told
    assert told[-1] == "cap big of value at 2 by spend, rest to keen"


# ---- work that is done once


@pytest.mark.parametrize(
    "words",
    [
        ["profile", "--concentration", "spend"],
        ["profile"],
        ["study", "--gaps", "--column", "region"],
        ["study"],
    ],
)
def test_rows_are_placed_once(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = busy_shop(tmp_path, 100)
    made.rules.write_text(
        made.rules.read_text()
        + '\ntarget market of customers when region = north reason "near the shop"\n'
    )
    placed: list[dt.date] = []
    place = Rules.place

    def counted(self: Rules, *args: Any, **kwargs: Any) -> Any:
        placed.append(kwargs["as_of"])
        return place(self, *args, **kwargs)

    monkeypatch.setattr(Rules, "place", counted)
    name, *more = words
    done = run(name, made.rules, *made.tables, "--as-of", "2026-06-30", *more)
    assert done.code == 0, done.err
    assert "target market" in done.out
    assert placed == [dt.date(2026, 6, 30)]


# ---- what was not done


def test_a_strict_assignment_that_stops_says_that_nothing_was_written(made: Shop) -> None:
    made.customers.write_text(made.customers.read_text().replace("120.50", "lots"))
    with unchanged(made.folder):
        done = made.assign("--strict", "--history", made.folder / "history")
    assert (done.code, done.out) == (1, "")
    assert done.codes[-1] == "SEG642"
    assert "nothing was written: the data have 1 warning, and --strict takes none" in done.err


# ---- explanations


SEQUENCE = (
    "first orders where (amount > 1 and amount < 1_000_000 and amount != 77 and amount != 78 "
    "and amount != 79) then orders within 7 days but no orders within 60 days"
)


def waits(made: Shop, condition: str) -> None:
    made.change("bought >= 20", condition)
    made.change('small "Small"', 'small "Small"\n  unsure early')


def explained(made: Shop, *more: object) -> str:
    done = run(
        "explain", made.rules, *made.tables, "--as-of", "2026-06-30", "--key", "1",
        "--show-values", *more,
    )  # fmt: skip
    assert done.code == 0, done.err
    return done.out


def test_a_long_condition_is_shown_whole(made: Shop) -> None:
    waits(made, SEQUENCE)
    assert "…" not in explained(made)
    (leaf,) = json.loads(explained(made, "--format", "json"))["sets"][0]["rules"][1]["conditions"]
    assert leaf["written"] == SEQUENCE


@pytest.mark.parametrize("condition", [SEQUENCE, "gone"])
def test_why_a_sequence_is_unknown(made: Shop, condition: str) -> None:
    made.change("\nsegments value", f"\nlet gone = {SEQUENCE}\nsegments value")
    waits(made, condition)
    made.orders.write_text(made.orders.read_text().replace("1,2026-06-30,0.50", "1,2026-06-02,2"))
    record = json.loads(explained(made, "--format", "json"))["sets"][0]["rules"][1]["conditions"]
    assert record[0]["waits"] == "too early to say: orders may follow within 60 days of orders"
    counted = " ".join(assigned(made, "2026-06-30").out.split())
    assert "as values are missing, or as it is too early to say" in counted


def test_what_can_be_decided_does_not_wait(made: Shop) -> None:
    waits(made, SEQUENCE)
    assert "too early" not in explained(made)


def test_reviews_at_which_somebody_could_leave(made: Shop) -> None:
    made.change("  money GBP", "  money GBP\n  review every month")
    made.change("  keen", "      leave when spend < 80\n        for 2 reviews running\n  keen")
    history = ("--history", made.folder / "history")
    made.customers.write_text(CUSTOMERS.replace("north,10,", "north,200,"))
    assigned(made, "2026-03-31", *history)
    made.customers.write_text(CUSTOMERS)
    said = " ".join(explained(made, *history).split())
    assert "to leave: met at 1 review running, 2 needed" in said


# ---- checking


def test_check_looks_into_folders(made: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made.folder)
    for name in ("b/two.seg", "b/c/three.seg", ".hidden/four.seg"):
        place = made.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(made.rules.read_text())
    done = run("check", ".")
    assert (done.code, done.out) == (0, "3 files: 0 errors, 0 warnings\n")
    text = made.rules.read_text()
    (made.folder / "b" / "two.seg").write_text(text.replace("spend >=", "spent >="))
    (made.folder / "b" / "c" / "three.seg").write_text(text.replace("bought >=", "buoght >="))
    done = run("check", "b", "shop.seg", "b/two.seg")
    assert done.code == 1
    places = [line for line in done.out.splitlines() if line.strip().startswith("-->")]
    assert [line.split()[1].partition(":")[0] for line in places] == ["b/c/three.seg", "b/two.seg"]
    assert done.out.endswith("\n3 files: 2 errors, 0 warnings\n")


def test_a_folder_without_rules(made: Shop) -> None:
    (made.folder / "empty").mkdir()
    (made.folder / "latin.seg").write_bytes(b"# caf\xe9\n")
    done = run("check", made.folder / "empty", made.rules)
    assert (done.code, done.codes) == (2, ["SEG610"])
    assert "holds no rule file" in done.out
    # the worst decides
    assert run("check", made.folder).code == 2


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        (["customers.csv"], "`customers.csv` does not name a table and its file",
         "`customers=customers.csv`"),
        (["customers="], "no file is named for the table `customers`", "`customers=customers.csv`"),
        (["=old/people.csv"], "no table is named for the file `old/people.csv`",
         "`people=old/people.csv`"),
        (["customers=a.csv", "customers=b.csv"],
         "two files are named for the table `customers`: `a.csv` and `b.csv`", "name one"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_argument(
    made: Shop, given: list[str], said: str, hint: str
) -> None:
    words = [word for each in given for word in ("--table", each)]
    done = run("assign", made.rules, *words, "--as-of", "2026-06-30", "-o", made.out)
    assert (done.code, done.codes) == (2, ["SEG623"])
    assert said in done.err
    assert hint in done.err.split("= hint: ")[1]


def test_what_was_is_not_asked_of_other_rows(made: Shop) -> None:
    made.change("spend >= big_from", "orders.value was big 1 month ago")
    done = run("check", made.rules)
    assert "SEG205" in done.codes
    assert "declare them" not in done.out
    assert "name a segment set of the table itself" in done.out
