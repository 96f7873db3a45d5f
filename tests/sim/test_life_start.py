"""Where customers of a life stand at first: where the assignment of the same day puts them."""

import datetime as dt
import io
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from cases import Case, case, generator, reviewed
from life_forms import AS_OF, TEXT, life, project, rules, scenario, tables
from rich.console import Console

from segrules.report.life import life_tables
from segrules.segments.history.store import Run, StoredSet, append
from segrules.sim.customers.run import simulate
from segrules.sim.life import Prepared, carry_out
from segrules.sim.projection import Settings
from segrules.text.resources import resource

RUNS = 2


def lives() -> list[str]:
    """The worked cases whose first project is about a life."""
    names = sorted(path.parent.name for path in resource("rulesets").glob("*/generate.py"))
    return [name for name in names if case(name).rules.ruleset.lives]


def stored(name: str) -> list[bool]:
    """Without a history, and with one where the case has reviews."""
    return [False, True] if hasattr(generator(name), "REVIEWS") else [False]


EVERY = [(name, past) for name in lives() for past in stored(name)]


@cache
def prepared(name: str, *, past: bool) -> tuple[Case, Prepared]:
    found = reviewed(name) if past else case(name)
    asked = found.rules.ruleset.projects[0]
    table = next(each for each in found.rules.ruleset.lives if each.name == asked.of).table
    placement = found.placement(table)
    return found, Prepared(placement, asked, asked.seed, RUNS, found.history)


def names(made: Prepared) -> list[str | None]:
    """The segment in which each customer begins."""
    segments = made.asked.rules.segments
    return [segments[at] if at >= 0 else None for at in made.model.start.segment]


def test_the_cases_have_lives_with_and_without_a_history():
    assert {name for name, _ in EVERY} >= {"portfolio", "retail", "value"}
    assert ("retail", True) in EVERY


@pytest.mark.parametrize(("name", "past"), EVERY)
def test_customers_begin_where_the_assignment_puts_them(name, past):
    found, made = prepared(name, past=past)
    rows = found.placed(made.placement.table)
    key = made.placement.ruleset.table(made.placement.table).key
    wanted = dict(rows.select(pl.col(key).cast(pl.String), made.project.by).iter_rows())
    assert dict(zip(made.asked.keys, names(made), strict=True)) == wanted
    played = simulate(made.model, RUNS)
    segments = made.asked.rules.segments
    counts = [sum(each == name_ for each in wanted.values()) for name_ in segments]
    for arm in (played.today, *played.scenarios[: len(made.scenarios)]):
        assert arm.customers[:, 0, : len(segments)].tolist() == [counts] * RUNS
        assert arm.overall[:, : len(segments)].sum(axis=2).tolist() == [counts] * RUNS


@pytest.mark.parametrize("past", [False, True])
def test_the_engine_remembers_what_the_assignment_does(past):
    """Asked about the same day, with the same past, the rules place everybody alike."""
    found, made = prepared("retail", past=past)
    days = (found.as_of, *made.days[1:])
    again = simulate(replace(made.model, start=None, days=days), 1).today.customers[0, 0]
    begins = simulate(made.model, 1).today.customers[0, 0]
    assert again.tolist() == begins.tolist()
    slipping = made.asked.rules.segments.index("slipping_vip")
    assert (begins[slipping] > 200) == past


LEFT = TEXT.replace(
    'silver "Silver" when',
    'fallen "Fallen" when tier left gold in last 2 months\n  silver "S" when',
)
LAST = TEXT.replace(
    'silver "Silver" when',
    'sad "Sad" when was_gold is known and was_gold and satisfaction < 4\n  silver "S" when',
).replace("segments tier", "let was_gold = tier was gold at last review\n\nsegments tier")


def shop(text, history, count=200):
    """The shop with a life in which nothing changes and nobody buys or leaves."""
    placement = rules(text).place(tables(count), as_of=AS_OF, table="customers", history=history)
    lived = life(placement.ruleset, (), leaving=(), keeping=(), costs=())
    ruleset = replace(placement.ruleset, lives=(lived,), scenarios=(scenario("one"),))
    return replace(placement, ruleset=ruleset)


def kept(folder, days, segments):
    """Runs of these days, in which everybody is in one segment of gold and bronze."""
    ids = tables(200)["customers"]["id"].to_list()
    for day, segment in zip(days, segments, strict=True):
        rows = pl.DataFrame({
            "id": ids, "tier": [segment] * 200, "tier_by": [segment] * 200,
            "tier:free": [segment] * 200, "tier:leaving": np.zeros(200, np.int64),
            "region": ["north"] * 200,
        })  # fmt: skip
        run = Run("customers", "id", day, "shop", "0" * 64, "0" * 64,
                  {"tier": StoredSet(("gold", "silver", "bronze"))})  # fmt: skip
        append(folder, rows, run)


def customers(text, history, months=4):
    """By segment, at the beginning and at each of the days after it."""
    made = Prepared(shop(text, history), project("one", months=months), 1, 1, history)
    counts = simulate(made.model, 1).today.customers[0]
    return dict(zip(made.asked.rules.segments, counts.T.tolist(), strict=False))


def test_days_of_leaving_that_were_stored_are_remembered(tmp_path):
    """All left gold at the end of May: whoever is no gold has left it in the last two months."""
    days = [dt.date(2026, 4, 30), dt.date(2026, 5, 31)]
    kept(tmp_path / "history", days, ["gold", "bronze"])
    found = customers(LEFT, tmp_path / "history")
    golden = found["gold"][0]
    # on 30 June and on none of the first days of the months after it, the first of which is August
    assert found["fallen"] == [200 - golden, 0, 0, 0, 0]
    assert customers(LEFT, None)["fallen"] == [0] * 5
    # leaving before the window is none
    kept(tmp_path / "old", [dt.date(2026, 3, 30), dt.date(2026, 4, 20)], ["gold", "bronze"])
    assert customers(LEFT, tmp_path / "old")["fallen"] == [0] * 5


def test_the_beginning_is_a_review_of_its_day(tmp_path):
    """Gold of May counts at the end of June, and only June's own at the beginning of August."""
    kept(tmp_path / "history", [dt.date(2026, 5, 31)], ["gold"])
    found = customers(LAST, tmp_path / "history")
    unhappy = tables(200)["customers"]["satisfaction"].cast(pl.Int64) < 4
    assert found["sad"] == [unhappy.sum(), 0, 0, 0, 0]
    # within July the last review is that of June
    mid = Prepared(shop(LAST, tmp_path / "history"), project("one"), 1, 1, None)
    days = (dt.date(2026, 7, 1), dt.date(2026, 7, 15), dt.date(2026, 8, 1))
    rates = replace(mid.model.rates, season=np.ones(2))
    early = replace(mid.model, days=days, rates=rates)
    sad = mid.asked.rules.segments.index("sad")
    gold = mid.asked.rules.segments.index("gold")
    played = simulate(early, 1).today
    assert played.customers[0, :, sad].tolist() == [unhappy.sum(), 0, 0]
    assert played.customers[0, 0, gold] > 0


def test_a_life_says_with_what_its_memory_begins(tmp_path):
    asked = project("one", months=2, runs=2)

    def notes(text, history):
        made = carry_out(shop(text, history), asked, Settings(runs=2), None, history)
        return [note for note in made.notes if "remember" in note]

    assert notes(TEXT, None) == []
    assert notes(LEFT, None) == [
        "no earlier assignment is stored: what the rules remember begins on 2026-06-30"
    ]
    kept(tmp_path / "history", [dt.date(2026, 4, 30), dt.date(2026, 5, 31)], ["gold", "bronze"])
    (said,) = notes(LEFT, tmp_path / "history")
    # the window of two months does not reach the assignment of April
    before = "what the rules remember begins with the assignments stored before 2026-06-30"
    assert said == f"{before}, those since 2026-05-31"


def test_a_report_says_when_the_rules_are_asked():
    made = carry_out(shop(TEXT, None), project("one", months=2, runs=2), Settings(runs=2))
    console = Console(file=io.StringIO(), width=300)
    for part in life_tables(made, shop(TEXT, None).ruleset):
        console.print(part)
    said = "customers begin where the assignment of 2026-06-30 puts them; the rules are asked again"
    assert f"{said} on the first day of each month, from 2026-08-01" in console.file.getvalue()
