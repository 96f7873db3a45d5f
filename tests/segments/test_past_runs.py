"""Assignments one after the other, each adding to the history that the next one reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from placed import row_of

from segrules.backends.reference.evaluate import decide, evaluate
from segrules.lang.ir import Ruleset, Use
from segrules.lang.pipeline import compile_source
from segrules.segments.assign import Placement
from segrules.segments.batch import Options, run_assignment
from segrules.segments.history.migration import GONE, NEW, migration
from segrules.text.source import Source

HEAD = 'ruleset shop { language 1 goal "g" money GBP review every month }\n'
TABLE = "table customers key id { id text spend whole club flag }\n"
GOLD = (
    "segments tier of customers ladder base < gold {{ blocked when club "
    "gold when spend >= 100 {holds} otherwise base }}\n"
)
ASKED = """
flags of customers {
  was_gold  when tier was gold 1 week ago
  ever_gold when tier was gold ever
  came      when tier entered gold in last 7 days
  left_it   when tier left gold
  climbed   when tier moved up since 1 week ago
  long_gold when time in gold of tier >= 60
}
"""
ANN = dict[str, object]


@dataclass
class Shop:
    """A rule file, the folder that it is run in, and its history."""

    text: str
    folder: Path

    @property
    def ruleset(self) -> Ruleset:
        found = compile_source(Source("shop.seg", self.text))
        assert found.ruleset is not None, list(found.log)
        return found.ruleset

    def run(self, day: str, **spend: int | str) -> dict[str, ANN]:
        """The outputs by key; `"x"` is somebody in the club. Both evaluators must agree."""
        rows = [
            f"{key},{0 if amount == 'x' else amount},{'yes' if amount == 'x' else 'no'}\n"
            for key, amount in spend.items()
        ]
        path, out = self.folder / "customers.csv", self.folder / "out.parquet"
        path.write_text("id,spend,club\n" + "".join(rows))
        batch = run_assignment(
            self.ruleset, {"customers": path}, dt.date.fromisoformat(day), out,
            text=self.text, options=Options(history=self.folder / "past"),
        )  # fmt: skip
        found = {str(row["id"]): row for row in pl.read_parquet(out).to_dicts()}
        for key, row in found.items():
            # the store holds the run itself by now, of a day that is not looked at
            self.check(batch.placement, key, row)
        return found

    @staticmethod
    def check(placement: Placement, key: str, row: Mapping[str, object]) -> None:
        held = row_of(placement, key)
        rules, context = placement.ruleset, placement.context
        decision = decide(rules.set("tier"), held, rules, context)
        assert (decision.segment, decision.by) == (row["tier"], row["tier_by"])
        for each in placement.overlays:
            asked = Use(each.name, each.type, each.optional)
            assert evaluate(asked, held, rules, context) == row[each.name]


def shop(folder: Path, holds: str = "", more: str = "") -> Shop:
    return Shop(HEAD + TABLE + GOLD.format(holds=holds) + more, folder)


def placed(found: Mapping[str, ANN], key: str = "ann") -> tuple[object, object]:
    return found[key]["tier"], found[key]["tier_by"]


# ---- who is absent from a run is nowhere


def test_who_comes_back_has_not_stayed(tmp_path: Path) -> None:
    made = shop(tmp_path, "stay at least 6 months")
    made.run("2026-01-31", ann=100, bob=100)
    made.run("2026-02-28", bob=0)
    back = made.run("2026-03-31", ann=0, bob=0)
    assert placed(back, "ann") == ("base", "otherwise")
    assert placed(back, "bob") == ("gold", "stay")


def test_leave_holds_nobody_who_was_away(tmp_path: Path) -> None:
    made = shop(tmp_path, "leave when spend < 50 for 2 reviews running")
    made.run("2026-01-31", ann=100, bob=100)
    made.run("2026-02-28", bob=70)
    back = made.run("2026-03-31", ann=70, bob=70)
    assert placed(back, "ann") == ("base", "otherwise")
    assert placed(back, "bob") == ("gold", "stay")


def test_an_absence_is_seen_by_every_question_about_the_past(tmp_path: Path) -> None:
    made = shop(tmp_path, more=ASKED)
    made.run("2026-01-31", ann=100, bob=100)
    made.run("2026-02-27", bob=100)
    back = made.run("2026-03-31", ann=100, bob=100)
    # a month is more than a week, so what was is asked of the run in February
    assert {name: back["ann"][name] for name in ("was_gold", "ever_gold", "came", "left_it")} == {
        "was_gold": False, "ever_gold": True, "came": True, "left_it": True,
    }  # fmt: skip
    assert {name: back["bob"][name] for name in ("was_gold", "ever_gold", "came", "left_it")} == {
        "was_gold": True, "ever_gold": True, "came": False, "left_it": False,
    }  # fmt: skip
    later = made.run("2026-05-15", ann=100, bob=100)
    # who is not on the ladder has not climbed it; gold again since March, Bob since January
    assert (later["ann"]["climbed"], later["bob"]["climbed"]) == (False, False)
    assert (later["ann"]["long_gold"], later["bob"]["long_gold"]) == (False, True)
    assert made.run("2026-05-30", ann=100)["ann"]["long_gold"]


def test_somebody_left_at_the_first_run_without_them(tmp_path: Path) -> None:
    asked = "flags of customers { left_then when tier left gold in last 40 days }"
    made = shop(tmp_path, more=asked)
    made.run("2026-01-31", ann=100)
    made.run("2026-02-28", bob=100)
    made.run("2026-03-31", bob=100)
    # 40 days before 5 April is 24 February
    assert made.run("2026-04-05", ann=0)["ann"]["left_then"]
    assert not made.run("2026-05-05", ann=0)["ann"]["left_then"]


def test_an_absence_while_somebody_was_in_no_gold_is_no_leaving(tmp_path: Path) -> None:
    made = shop(tmp_path, more=ASKED)
    made.run("2026-01-31", ann=10)
    made.run("2026-02-28", bob=10)
    back = made.run("2026-03-31", ann=10, bob=10)["ann"]
    assert (back["left_it"], back["ever_gold"], back["came"]) == (False, False, False)


def test_the_kept_value_of_somebody_absent_is_the_last_known(tmp_path: Path) -> None:
    text = (
        HEAD + "table customers key id { id text spend whole? kept club flag }\n"
        + GOLD.format(holds="").replace("base }", "base unsure unclear }")
        + "flags of customers { then_high when spend as at 1 week ago >= 100 }"
    )  # fmt: skip
    made = Shop(text, tmp_path)
    made.run("2026-01-31", ann=100)
    made.run("2026-02-28", bob=1)
    assert made.run("2026-03-31", ann=1)["ann"]["then_high"]


def test_who_was_in_no_segment_has_not_stayed_in_the_one_before(tmp_path: Path) -> None:
    # undeclared values are missing, so a row may be in no segment without `unsure`
    text = HEAD + TABLE + GOLD.format(holds="stay at least 6 months")
    made = Shop(text, tmp_path)
    made.run("2026-01-31", ann=100, bob=100)
    nowhere = made.run("2026-02-28", ann="?", bob=5)
    assert placed(nowhere, "ann") == ("gold", "stay")
    free = Shop(HEAD + TABLE + GOLD.format(holds=""), tmp_path / "free")
    free.folder.mkdir()
    free.text += "flags of customers { was when tier was gold 1 week ago }"
    free.run("2026-01-31", ann=100)
    assert placed(free.run("2026-02-28", ann="?")) == (None, "unsure")
    assert free.run("2026-03-31", ann=1)["ann"]["was"] is False


def test_a_matrix_counts_who_was_absent_as_gone_and_new(tmp_path: Path) -> None:
    made = shop(tmp_path, "stay at least 6 months")
    made.run("2026-01-31", ann=100, bob=100)
    made.run("2026-02-28", bob=100)
    made.run("2026-03-31", ann=0, bob=0)
    found = migration(tmp_path / "past", "customers", "tier")
    assert found.steps.counts == {
        ("gold", GONE): 1, ("gold", "gold"): 2, (NEW, "base"): 1,
    }  # fmt: skip
    assert found.overall.counts == {("gold", "base"): 1, ("gold", "gold"): 1}


# ---- a true entry begins the count anew


LEAVE = "leave when spend < 50 for 2 reviews running"


def test_a_true_entry_within_a_review_begins_the_count_anew(tmp_path: Path) -> None:
    made = shop(tmp_path, LEAVE)
    made.run("2026-01-31", ann=100, bob=100)
    made.run("2026-02-28", ann=10, bob=10)
    made.run("2026-03-10", ann=100, bob=70)
    march = made.run("2026-03-31", ann=10, bob=10)
    # Bob was above 50 in between, but two runs in March are one review, and the last one counts
    assert placed(march, "ann") == ("gold", "stay")
    assert placed(march, "bob") == ("base", "otherwise")
    assert placed(made.run("2026-04-30", ann=10)) == ("base", "otherwise")


CAPPED = (
    "segments tier of customers { gold when spend >= 100 "
    "club_one when spend >= 50 leave when spend < 20 for 2 reviews running otherwise base }\n"
    "cap gold at 1 by spend, rest to club_one\n"
)


def test_a_new_stay_within_a_review_begins_the_count_anew(tmp_path: Path) -> None:
    made = Shop(HEAD + TABLE + CAPPED, tmp_path)
    made.run("2026-01-31", ann=60, bob=60)
    assert placed(made.run("2026-02-28", ann=10, bob=10)) == ("club_one", "stay")
    assert placed(made.run("2026-03-05", ann=200, bob=10)) == ("gold", "gold")
    # back without a true entry: there was no room in gold
    assert placed(made.run("2026-03-10", ann=150, bob=10, cid=300)) == ("club_one", "cap")
    march = made.run("2026-03-31", ann=10, bob=10, cid=300)
    assert placed(march, "ann") == ("club_one", "stay")
    assert placed(march, "bob") == ("base", "otherwise")


def test_whom_a_decision_alone_brought_back_is_not_held(tmp_path: Path) -> None:
    quiet = shop(tmp_path, LEAVE)
    quiet.run("2026-01-31", ann=100, bob=100)
    quiet.run("2026-02-28", ann=70, bob=70)
    quiet.run("2026-03-05", ann="x", bob=70)
    placing = 'override tier for "ann", "bob" to gold until 2026-03-20 reason "r"\n'
    made = shop(tmp_path, LEAVE, placing)
    assert placed(made.run("2026-03-10", ann=70, bob=70)) == ("gold", "override")
    found = made.run("2026-03-31", ann=70, bob=70)
    assert placed(found, "ann") == ("base", "otherwise")
    assert placed(found, "bob") == ("gold", "stay")


# ---- overrides and caps


def test_an_override_that_has_ended_holds_nobody(tmp_path: Path) -> None:
    for holds in ("stay at least 6 months", "leave when spend < 5 for 2 reviews running"):
        folder = tmp_path / holds[:4].strip()
        folder.mkdir()
        decided = 'override tier for "ann", "bob" to gold until 2026-02-28 reason "director"\n'
        made = shop(folder, holds, decided)
        assert placed(made.run("2026-01-31", ann=10, bob=100)) == ("gold", "override")
        made.run("2026-02-28", ann=10, bob=100)
        march = made.run("2026-03-31", ann=10, bob=100)
        assert placed(march, "ann") == ("base", "otherwise")
        assert placed(march, "bob") == ("gold", "gold")
        # whose rule was true afterwards is held like anybody else
        assert placed(made.run("2026-04-30", ann=10, bob=10), "bob") == ("gold", "stay")


def test_an_override_does_not_take_away_the_stay_that_it_fell_into(tmp_path: Path) -> None:
    decided = 'override tier for "ann" to gold until 2026-02-28 reason "director"\n'
    made = shop(tmp_path, "stay at least 6 months", decided)
    quiet = shop(tmp_path, "stay at least 6 months")
    quiet.run("2026-01-31", ann=100)
    assert placed(made.run("2026-02-28", ann=10)) == ("gold", "override")
    assert placed(made.run("2026-03-31", ann=10)) == ("gold", "stay")
    assert placed(made.run("2026-08-01", ann=10)) == ("base", "otherwise")


def test_who_was_sent_by_a_cap_is_held_where_they_came(tmp_path: Path) -> None:
    text = HEAD + TABLE + (
        "segments tier of customers { gold when spend >= 100 "
        "club_one when spend >= 50 stay at least 3 months otherwise base }\n"
        "cap gold at 1 by spend, rest to club_one\n"
    )  # fmt: skip
    made = Shop(text, tmp_path)
    assert placed(made.run("2026-01-31", ann=100, bob=200)) == ("club_one", "cap")
    assert placed(made.run("2026-02-28", ann=10, bob=200)) == ("club_one", "stay")


@pytest.mark.parametrize("day", ["2026-02-28", "2026-03-01"])
def test_an_override_that_runs_goes_before_tolerance(tmp_path: Path, day: str) -> None:
    decided = f'override tier for "ann" to base until {day} reason "director"\n'
    made = shop(tmp_path, "stay at least 6 months", decided)
    shop(tmp_path, "stay at least 6 months").run("2026-01-31", ann=100)
    assert placed(made.run("2026-02-28", ann=10)) == ("base", "override")
    # that ended the stay
    assert placed(made.run("2026-03-31", ann=10)) == ("base", "otherwise")
