"""The store of assignments, and how rules see them."""

import datetime as dt
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from history_runs import RULES, SEGMENTS, day, month, rows, run, write

from segrules.segments.history import store
from segrules.segments.history.load import (
    ABSENT,
    NOWHERE,
    Wanted,
    history_rows,
    reading_runs,
)
from segrules.segments.history.store import StoredSet, append, effective, last_run, runs
from segrules.text.diagnostic import RulesError

ROOT = Path(__file__).parent.parent.parent
LATER = dt.date(2030, 1, 1)
MARCH, JUNE = day("2026-03-31"), day("2026-06-30")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def complaints(folder: Path, table: str = "customers") -> list[tuple[str, str | None]]:
    """The codes and the files' names of what is wrong with a history."""
    with pytest.raises(RulesError) as found:
        runs(folder, table)
    assert found.value.unable
    for each in found.value.diagnostics:
        assert each.hint
        assert not each.message.endswith(".")
    return [(each.code, Path(each.file or "").name) for each in found.value.diagnostics]


# ---- writing


def test_a_run_is_a_file_that_says_what_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    given = rows({"2": "b", "10": "a", "1": None}, note=["x", "y", "z"]).with_columns(
        pl.col("value").cast(pl.Enum(SEGMENTS)), pl.col("note").cast(pl.Categorical)
    )
    sets = {"value": StoredSet(SEGMENTS, ladder=("c", "a"))}
    path = append(folder, given.lazy(), run(MARCH, sets))
    assert path == folder / "customers.2026-03-31.0001.parquet"
    assert names(folder) == [path.name]
    held = pl.read_parquet(path)
    assert held.rows() == [
        ("1", MARCH, None, None, "z"), ("10", MARCH, "a", "a", "y"), ("2", MARCH, "b", "b", "x"),
    ]  # fmt: skip
    assert held.columns == ["customer_id", "as_of", "value", "value_by", "note"]
    assert set(held.dtypes) == {pl.String(), pl.Date()}
    assert json.loads(pl.read_parquet_metadata(path)["segrules"]) == {
        "schema": 1, "table": "customers", "key": "customer_id", "as_of": "2026-03-31",
        "ruleset": "shop", "revision": "2026-03-31" + "0" * 54, "rules": RULES,
        "sets": {"value": {"segments": ["a", "b", "c"], "ladder": ["c", "a"]}},
    }  # fmt: skip
    (found,) = runs(folder, "customers")
    assert (found.path, found.number, found.run) == (path, 1, run(MARCH, sets))


def test_runs_stand_by_day_and_number_and_later_ones_supersede(tmp_path: Path) -> None:
    first = append(tmp_path, rows({"1": "a"}), run(JUNE))
    before = first.read_bytes()
    second = append(tmp_path, rows({"1": "b"}), run(JUNE))
    back = append(tmp_path, rows({"1": "c"}), run(MARCH))
    other = append(tmp_path, rows({"1": "c"}), run(MARCH, table="customers_of_old"))
    found = runs(tmp_path, "customers")
    assert [each.path for each in found] == [back, first, second]
    assert [each.path for each in effective(found)] == [back, second]
    assert first.read_bytes() == before
    assert [each.path for each in runs(tmp_path, "customers_of_old")] == [other]
    assert runs(tmp_path, "custom") == ()


def test_the_last_run(tmp_path: Path) -> None:
    assert last_run(tmp_path / "nowhere", "customers") is None
    append(tmp_path, rows({"1": "a"}), run(JUNE))
    second = append(tmp_path, rows({"1": "b"}), run(JUNE))
    march = append(tmp_path, rows({"1": "b"}), run(MARCH))
    for before, path in ((None, second), (LATER, second), (JUNE, march)):
        found = last_run(tmp_path, "customers", before)
        assert found is not None
        assert found.path == path
    assert last_run(tmp_path, "customers", MARCH) is None


def test_numbers_beyond_four_digits_stay_in_order(tmp_path: Path) -> None:
    made = append(tmp_path, rows({"1": "a"}), run(JUNE))
    made.rename(tmp_path / "customers.2026-06-30.9999.parquet")
    latest = append(tmp_path, rows({"1": "b"}), run(JUNE))
    assert latest.name == "customers.2026-06-30.10000.parquet"
    assert [each.number for each in runs(tmp_path, "customers")] == [9_999, 10_000]


@pytest.mark.parametrize("table", ["../x", "a.b", "/etc/x", "a b", "größe", ".", "C:x"])
def test_no_name_leaves_the_folder(tmp_path: Path, table: str) -> None:
    folder = tmp_path / "history"
    path = append(folder, rows({"1": "a"}), run(JUNE, table=table))
    assert path.parent == folder
    assert names(tmp_path) == ["history"]
    assert [each.run.table for each in runs(folder, table)] == [table]


def test_rows_without_their_key_or_set_are_our_mistake(tmp_path: Path) -> None:
    for given in (rows({"1": "a"}).drop("customer_id"), rows({"1": "a"}).drop("value")):
        with pytest.raises(ValueError, match="lack"):
            append(tmp_path, given, run(JUNE))
    assert names(tmp_path) == []


class Stop(BaseException):
    """As an interrupt or a panic comes: no Exception."""


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), pl.exceptions.ComputeError("x"), Stop()]
)
def test_an_error_while_writing_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    append(tmp_path, rows({"1": "a"}), run(JUNE))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def half(_frame: pl.LazyFrame, place: Path, **_: object) -> None:
        place.write_bytes(b"PAR1 half a run")
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(pl.LazyFrame, "sink_parquet", half)
        with pytest.raises((RulesError, Stop)) as found:
            append(tmp_path, rows({"1": "b"}), run(JUNE))
    if isinstance(found.value, RulesError):
        assert [each.code for each in found.value.diagnostics] == ["SEG416"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    # and the name is free again
    assert append(tmp_path, rows({"1": "b"}), run(JUNE)).name.endswith(".0002.parquet")


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "nowhere" / "history"):
        with pytest.raises(RulesError) as found:
            append(place, rows({"1": "a"}), run(JUNE))
        assert [each.code for each in found.value.diagnostics] == ["SEG416"]
    assert names(tmp_path) == ["file"]


def test_what_killed_runs_leave_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".segrules-0123456789abcdef.parquet").write_bytes(b"half")
    (tmp_path / ".taken-customers.2026-06-30.0001.parquet").touch()
    assert runs(tmp_path, "customers") == ()
    path = append(tmp_path, rows({"1": "a"}), run(JUNE))
    assert path.name == "customers.2026-06-30.0002.parquet"
    assert [each.number for each in runs(tmp_path, "customers")] == [2]


WRITER = """
import sys, time
from pathlib import Path
from history_runs import day, rows, run
from segrules.segments.history.store import append

folder, me = Path(sys.argv[1]), sys.argv[2]
for at in range(20):
    # both begin each of their runs at the same moment
    Path(f"{folder}.{me}.{at}").touch()
    while len(list(folder.parent.glob(f"{folder.name}.*.{at}"))) < 2:
        time.sleep(0)
    append(folder, rows({f"{me}{at}": "a"}), run(day("2026-06-30")))
"""


def test_two_writers_at_once_keep_all_their_runs(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    places = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), me],
            env={**os.environ, "PYTHONPATH": places, "POLARS_MAX_THREADS": "1"},
        )
        for me in "xy"
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    found = runs(folder, "customers")
    assert len(names(folder)) == len(found) == 40
    assert [each.number for each in found] == list(range(1, 41))
    keys = {pl.read_parquet(each.path)["customer_id"].item() for each in found}
    assert keys == {f"{me}{at}" for me in "xy" for at in range(20)}


def test_a_name_that_is_given_up_is_not_taken_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run looks for a number, then another one is written before the first goes on."""
    looked = store._numbers

    def slow(folder: Path, wanted: store.Run) -> list[int]:
        found = list(looked(folder, wanted))
        monkeypatch.setattr(store, "_numbers", looked)
        append(folder, rows({"quick": "a"}), wanted)
        return found

    monkeypatch.setattr(store, "_numbers", slow)
    append(tmp_path, rows({"slow": "b"}), run(JUNE))
    keys = [
        pl.read_parquet(each.path)["customer_id"].item() for each in runs(tmp_path, "customers")
    ]
    assert keys == ["quick", "slow"]
    assert len(names(tmp_path)) == 2


# ---- files that are no runs


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    whole = append(tmp_path, rows({"1": "a"}), run(JUNE)).read_bytes()
    meta = json.loads(pl.read_parquet_metadata(tmp_path / names(tmp_path)[0])["segrules"])

    def put(number: int, **changed: object) -> None:
        text = json.dumps({**meta, **changed})
        name = f"customers.2026-06-30.{number:04}.parquet"
        rows({"1": "a"}).write_parquet(tmp_path / name, metadata={"segrules": text})

    (tmp_path / "customers.2026-06-30.0002.parquet").write_bytes(whole[:-40])
    (tmp_path / "customers.2026-06-30.0003.parquet").write_bytes(b"")
    (tmp_path / "customers.2026-06-30.0004.parquet").write_bytes(os.urandom(999))
    rows({"1": "a"}).write_parquet(tmp_path / "customers.2026-06-30.0005.parquet")
    put(6, schema=2, more="from the future")
    put(7, schema="1")
    put(8, sets=[])
    put(9, as_of="2026-06-29")
    put(10, table="orders")
    rows({"1": "a"}).write_parquet(
        tmp_path / "customers.2026-06-30.0011.parquet", metadata={"segrules": "[" * 100_000}
    )
    put(12)
    (tmp_path / "orders.2026-06-30.0001.parquet").write_bytes(b"another table's")
    (tmp_path / "notes.txt").write_text("not ours")
    (tmp_path / "mine.parquet").write_bytes(b"strange")
    (tmp_path / "folder.parquet").mkdir()
    numbers = [f"customers.2026-06-30.{at:04}.parquet" for at in range(2, 12)]
    expected = [*numbers, "folder.parquet", "mine.parquet"]
    assert complaints(tmp_path) == [("SEG462", name) for name in expected]


def test_what_is_said_of_them(tmp_path: Path) -> None:
    path = append(tmp_path, rows({"1": "a"}), run(JUNE))
    later = json.dumps({"schema": 7})
    said = {
        "is damaged": lambda: path.write_bytes(b"PAR1"),
        "is not a run": lambda: rows({"1": "a"}).write_parquet(path),
        "stored in form 7": lambda: rows({"1": "a"}).write_parquet(
            path, metadata={"segrules": later}
        ),
    }
    for words, change in said.items():
        change()
        with pytest.raises(RulesError, match=words):
            runs(tmp_path, "customers")


def test_a_run_under_another_name(tmp_path: Path) -> None:
    append(tmp_path, rows({"1": "a"}), run(JUNE)).rename(
        tmp_path / "customers.2026-06-29.0001.parquet"
    )
    with pytest.raises(RulesError, match="`customers` of 2026-06-30"):
        runs(tmp_path, "customers")


def test_damage_among_the_rows_is_found_when_they_are_read(tmp_path: Path) -> None:
    write(tmp_path, "1=a", "1=b")
    path = runs(tmp_path, "customers")[1].path
    held = bytearray(path.read_bytes())
    held[4:60] = bytes(56)
    path.write_bytes(held)
    found = runs(tmp_path, "customers")
    with pytest.raises(RulesError) as raised, reading_runs(found):
        history_rows(tmp_path, "customers", LATER).collect(engine="streaming")
    assert [(each.code, each.file) for each in raised.value.diagnostics] == [("SEG462", str(path))]


# ---- as rules see them

STAY = ["customer_id", "as_of", "value", "value:before", "value:since", "value:entered"]


def stays(folder: Path, before: dt.date = LATER) -> list[tuple[object, ...]]:
    found = history_rows(folder, "customers", before).select(STAY).collect(engine="streaming")
    return found.rows()


def test_stays(tmp_path: Path) -> None:
    write(tmp_path, "p=a q=a r=b", "p=a q=b", "p=a q=a r=b", "p=c q=a r=b s=a")
    jan, feb, mar, apr = map(month, range(4))
    assert stays(tmp_path) == [
        ("p", jan, "a", None, jan, False),
        ("p", feb, "a", "a", jan, False),
        ("p", mar, "a", "a", jan, False),
        ("p", apr, "c", "a", apr, True),
        ("q", jan, "a", None, jan, False),
        ("q", feb, "b", "a", feb, True),
        ("q", mar, "a", "b", mar, True),
        ("q", apr, "a", "a", mar, False),
        # away in February: the stay ended there, and a new one begins
        ("r", jan, "b", None, jan, False),
        ("r", feb, "(absent)", "b", feb, True),
        ("r", mar, "b", None, mar, True),
        ("r", apr, "b", "b", mar, False),
        ("s", apr, "a", None, apr, True),
    ]


def test_in_no_segment(tmp_path: Path) -> None:
    write(tmp_path, "p=", "p=", "p=a", "p=")
    jan, _, mar, apr = map(month, range(4))
    assert [row[2:] for row in stays(tmp_path)] == [
        (NOWHERE, None, jan, False),
        (NOWHERE, NOWHERE, jan, False),
        ("a", NOWHERE, mar, True),
        (NOWHERE, "a", apr, True),
    ]


def test_only_earlier_days_are_seen_and_of_each_the_last_run(tmp_path: Path) -> None:
    write(tmp_path, "p=a", "p=a", "p=b")
    append(tmp_path, rows({"p": "c"}), run(month(1)))
    assert [row[1:3] for row in stays(tmp_path, month(2))] == [(month(0), "a"), (month(1), "c")]
    assert [row[2] for row in stays(tmp_path)] == ["a", "c", "b"]


def test_assigning_a_day_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, "p=a q=b", "p=b q=b")
    seen, after = stays(tmp_path, month(1)), stays(tmp_path)
    for _ in range(3):
        append(tmp_path, rows({"p": "b", "q": "b"}), run(month(1)))
        assert stays(tmp_path, month(1)) == seen
        assert stays(tmp_path) == after


def test_a_set_that_some_runs_lack(tmp_path: Path) -> None:
    """The run before is the last one that holds the set."""
    only = {"value": StoredSet(SEGMENTS)}
    both = {**only, "risk": StoredSet(("high", "low"))}
    for at, risk in enumerate([None, "low", None, "low", "high"]):
        held = rows({"p": "a", "q": "b"})
        if risk:
            held = held.with_columns(risk=pl.lit(risk), risk_by=pl.lit("otherwise"))
        append(tmp_path, held, run(month(at), both if risk else only))
    append(tmp_path, rows({"p": "a"}).with_columns(risk=pl.lit("high")), run(month(5), both))
    wanted = ["risk", "risk:before", "risk:since", "risk:entered"]
    found = history_rows(tmp_path, "customers", LATER).collect(engine="streaming")
    assert found.filter(customer_id="p").select(wanted).rows() == [
        (None, None, None, None),
        ("low", None, month(1), False),
        (None, None, None, None),
        ("low", "low", month(1), False),
        ("high", "low", month(4), True),
        ("high", "high", month(4), False),
    ]
    assert found.filter(customer_id="q").select(wanted).rows() == [
        (None, None, None, None),
        ("low", None, month(1), False),
        (None, None, None, None),
        ("low", "low", month(1), False),
        ("high", "low", month(4), True),
        # away in June, in a row for either set: they are not held by the same runs
        (ABSENT, "high", month(5), True),
        (None, None, None, None),
    ]
    assert found.filter(customer_id="p")["value:since"].unique().to_list() == [month(0)]


def test_columns_that_some_runs_lack_are_missing_there(tmp_path: Path) -> None:
    append(tmp_path, rows({"p": "a"}, score=[1]), run(month(0)))
    append(tmp_path, rows({"p": "a"}, score=[None], vip=[True]), run(month(1)))
    append(tmp_path, rows({"p": "a"}), run(month(2)))
    wanted = Wanted(columns={"vip": pl.Boolean(), "value:leaving": pl.Int64()})
    found = history_rows(tmp_path, "customers", LATER, wanted).collect()
    assert found["score"].to_list() == [1, None, None]
    assert found["vip"].to_list() == [None, True, None]
    assert found["value:leaving"].to_list() == [None, None, None]
    assert found.schema["value:leaving"] == pl.Int64()


def test_before_the_first_run(tmp_path: Path) -> None:
    write(tmp_path, "p=a")
    wanted = Wanted("customer_id", ("value",), {"vip": pl.Boolean()})
    whole = history_rows(tmp_path, "customers", LATER, wanted)
    for folder in (tmp_path, tmp_path / "nowhere"):
        found = history_rows(folder, "customers", month(0), wanted)
        assert found.collect_schema() == whole.collect_schema()
        assert found.collect(engine="streaming").height == 0
    with pytest.raises(ValueError, match="key"):
        history_rows(tmp_path, "customers", month(0))


def test_a_set_that_no_run_holds(tmp_path: Path) -> None:
    write(tmp_path, "p=a", "p=b")
    found = history_rows(tmp_path, "customers", LATER, Wanted(sets=("risk",))).collect()
    columns = ["risk", "risk_by", "risk:before", "risk:since", "risk:entered"]
    assert found.select(columns).rows() == [(None,) * 5] * 2
    assert found["value:before"].to_list() == [None, "a"]


def test_runs_that_do_not_fit_each_other(tmp_path: Path) -> None:
    write(tmp_path, "p=a")
    append(tmp_path, rows({"p": "a"}, score=["many"]), run(month(1)))
    append(tmp_path, rows({"p": "a"}, score=[1]), run(month(2)))
    with pytest.raises(RulesError) as found:
        history_rows(tmp_path, "customers", LATER)
    (only,) = found.value.diagnostics
    assert (only.code, Path(only.file or "").name) == (
        "SEG462", "customers.2026-02-28.0001.parquet",
    )  # fmt: skip
    assert "the column `score` holds text, not whole numbers" in only.message
    other = Wanted(columns={"score": pl.Boolean()})
    with pytest.raises(RulesError, match="whole numbers, not flags"):
        history_rows(tmp_path, "customers", LATER, other)


def test_runs_by_another_key(tmp_path: Path) -> None:
    write(tmp_path, "p=a")
    moved = rows({"p": "a"}).rename({"customer_id": "account"})
    append(tmp_path, moved, run(month(1), key="account"))
    with pytest.raises(RulesError, match="by the key `customer_id`, not by `account`"):
        history_rows(tmp_path, "customers", LATER)


def expected(history: list[dict[str, str | None]]) -> list[tuple[Any, ...]]:
    """Stays by the letter of the definition, a customer at a time."""
    found: list[tuple[Any, ...]] = []
    for key in sorted({key for held in history for key in held}):
        since = None
        for at, held in enumerate(history):
            was_there = at > 0 and key in history[at - 1]
            before = history[at - 1][key] or NOWHERE if was_there else None
            if key not in held:
                if was_there:
                    found.append((key, month(at), ABSENT, before, month(at), True))
                continue
            now = held[key] or NOWHERE
            begins = not was_there or before != now
            since = month(at) if begins else since
            found.append((key, month(at), now, before, since, begins and at > 0))
    return found


def test_rows_are_in_order_beyond_what_is_read_at_once(tmp_path: Path) -> None:
    """Runs are merged piece by piece, and ties of keys may fall on the edge of a piece."""
    keys = [f"{key:05}" for key in range(60_000)]
    for at in range(5):
        append(tmp_path, rows(dict.fromkeys(keys[at::2], "a")), run(month(at)))
    found = history_rows(tmp_path, "customers", LATER).select("customer_id", "as_of", "value:since")
    held = found.collect(engine="streaming")
    # nobody is in two runs running, and whoever is absent says so once
    present = [len(keys[at::2]) for at in range(5)]
    assert held.height == sum(present) + sum(present[:4])
    assert held.equals(held.sort("customer_id", "as_of"))
    assert (held["as_of"] == held["value:since"]).all()


@pytest.mark.parametrize("seed", range(20))
def test_stays_of_any_history(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311
    history: list[dict[str, str | None]] = [
        {
            f"k{key}": luck.choice([*SEGMENTS, None])
            for key in luck.sample(range(30), 30)
            if luck.random() < 0.8
        }
        for _ in range(luck.randrange(1, 10))
    ]
    write(tmp_path, *history)
    assert stays(tmp_path) == expected(history)
