"""Rows and rules of a life as the engine takes them over, with what was stored before."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from life_forms import AS_OF, TEXT, each, lever, placed, project, rules, scenario, tables

from segrules.lang import ir
from segrules.lang.types import Set
from segrules.segments.history.store import Run, StoredSet, append
from segrules.sim.customers.asked import asked_rows, vector_of
from segrules.sim.customers.markov import projected
from segrules.sim.customers.run import simulate
from segrules.sim.life import Prepared, carry_out, check_engine
from segrules.sim.projection import Settings
from segrules.text.diagnostic import RulesError

ASKING = TEXT.replace(
    "silver \"Silver\" when spend >= 150",
    "loyal  \"Loyal\"  when sum amount of orders in last 6 months >= 200 and visits >= 5\n"
    "  top    \"Top\"    when in top 20% by spend and few >= 1\n"
    "  silver \"Silver\" when spend >= 150 or region = south and last_on is missing",
)  # fmt: skip
PUSH = scenario("one", lever("push", ir.Times("arrivals", 1.2)))


def stands(text, moving):
    """Segments by the arrays of the engine, and by the assignment."""
    made = rules(text)
    given = tables(200)
    placement = made.place(given, as_of=AS_OF, table="customers")
    asked = asked_rows(placement, "tier", moving)
    decided = asked.rules.compiled.decide(asked.columns)["tier"]
    names = [asked.rules.segments[at] for at in decided.segment]
    rows = made.assign(given, as_of=AS_OF, table="customers")
    wanted = dict(rows.select("id", pl.col("tier").cast(pl.String)).iter_rows())
    return asked, dict(zip(asked.keys, names, strict=True)), wanted


@pytest.mark.parametrize("text", [TEXT, ASKING], ids=["plain", "asking"])
@pytest.mark.parametrize("moving", [(), ("spend", "satisfaction"), ("few", "last_on")])
def test_the_engine_places_rows_as_the_assignment_does(text, moving):
    asked, names, wanted = stands(text, moving)
    assert names == wanted
    assert len(set(wanted.values())) >= 3
    assert {*moving} <= {*asked.columns}
    assert not {*asked.held} & {*moving}
    if text == ASKING:
        assert asked.unnamed == 1
        assert {*asked.held} == {"spend", "few"} - {*moving}


def test_columns_are_held_as_the_kernel_holds_them():
    texts = vector_of(pl.Series(["b", None, "a"]), _kind("id"))
    assert texts.texts == ("a", "b")
    assert texts.values.tolist() == [1, 0, 0]
    assert texts.missing.tolist() == [False, True, False]
    days = vector_of(pl.Series([dt.date(1970, 1, 3), None]), _kind("last_on"))
    assert days.values.tolist() == [2, 0]
    marks = vector_of(pl.Series([["x", "z"], [], None]), Set(("x", "y", "z")))
    assert marks.values.tolist() == [0b101, 0, 0]
    assert marks.missing.tolist() == [False, False, True]
    places = vector_of(pl.Series(["south", "north"]), _kind("region"))
    assert places.values.tolist() == [1, 0]


def _kind(name):
    return rules().ruleset.table("customers").column(name).type


# ---- what was stored


CHAIN = np.array([[0.9, 0.1], [0.3, 0.7]])
REGIONS = ("north", "south")
BY_REGION = TEXT[: TEXT.index("segments tier")] + (
    'segments tier of customers {\n  up "Up" when region = north\n  otherwise down "Down"\n}\n'
    + TEXT[TEXT.index("assume more") :]
)


def stored(folder, days, count=2_000, seed=7):
    """Runs in which regions switch by the chain."""
    luck = np.random.default_rng(seed)
    ids = [f"c{at:05d}" for at in range(count)]
    place = luck.integers(0, 2, count)
    for day in days:
        names = np.array(REGIONS)[place]
        rows = pl.DataFrame({
            "id": ids, "region": names, "tier": np.where(place == 0, "up", "down"),
            "tier_by": "up", "tier:free": "up", "tier:leaving": np.zeros(count, np.int64),
        })  # fmt: skip
        run = Run("customers", "id", day, "shop", "0" * 64, "0" * 64,
                  {"tier": StoredSet(("up", "down"))})  # fmt: skip
        append(folder, rows, run)
        stay = luck.random(count) < CHAIN[place, place]
        place = np.where(stay, place, 1 - place)


MONTHLY = [dt.date(2026, month, 28) for month in range(1, 6)]
SWITCHES = (ir.Evolution("region", "switches"),)


def test_customers_average_to_the_markov_chain_where_both_hold(tmp_path):
    """E[customers] = n P**t for each of the drawn chains, within 4 standard errors."""
    stored(tmp_path / "history", MONTHLY)
    placement = placed(PUSH, text=BY_REGION, changes=SWITCHES,
                       more={"leaving": each(0.03), "keeping": ()})  # fmt: skip
    runs, asked = 60, project("one")
    prepared = Prepared(placement, asked, 11, runs, tmp_path / "history")
    chains = prepared.known.chains["region"]
    assert chains.shape == (runs, 2, 2)
    assert chains.mean(axis=0) == pytest.approx(CHAIN, abs=0.03)
    assert len(np.unique(chains[:, 0, 0])) == runs
    arm = simulate(prepared.model, runs).today
    beyond = []
    for r in range(runs):
        start = arm.customers[r, 0, :2].astype(float)
        wanted = projected(start, np.repeat(0.97 * chains[r][None], 6, axis=0))[-1]
        beyond.append(arm.customers[r, -1, :2] - wanted)
    mean, error = np.mean(beyond, axis=0), np.std(beyond, axis=0, ddof=1) / runs**0.5
    assert (np.abs(mean) <= 4 * error).all(), (mean, error)
    assert (error > 0).all()
    made = carry_out(placement, asked, Settings(runs=runs), None, tmp_path / "history")
    assert made.check.of == "futures"
    assert made.check.gap < 0.02


def test_a_column_switches_only_as_something_says(tmp_path):
    def refused(folder, **more):
        text = BY_REGION.replace(" kept", "") if more.pop("unkept", False) else BY_REGION
        placement = placed(PUSH, text=text, changes=SWITCHES, more={"leaving": ()})
        with pytest.raises(RulesError) as caught:
            carry_out(placement, project("one", **more), Settings(), None, folder)
        (found,) = caught.value.diagnostics
        assert caught.value.unable
        return found

    assert "a month apart" in refused(None).message
    stored(tmp_path / "history", MONTHLY[::2])
    assert refused(tmp_path / "history").code == "SEG772"
    # runs two months apart say nothing of quarters either
    assert "3 months apart" in refused(tmp_path / "history", period=3).message
    assert "not kept" in refused(tmp_path / "history", unkept=True).message


HELD = TEXT.replace(
    'satisfaction >= 4\n', 'satisfaction >= 4\n      stay at least 80 days\n'
)  # fmt: skip


def test_who_was_placed_before_is_held(tmp_path):
    """Gold of two weeks ago stays for 80 days, though nothing else says gold."""
    history = tmp_path / "history"
    given = tables(200)
    ids = given["customers"]["id"].to_list()
    rows = pl.DataFrame({
        "id": ids, "tier": ["gold"] * 100 + ["bronze"] * 100, "tier_by": ["gold"] * 200,
        "tier:free": ["gold"] * 200, "tier:leaving": np.zeros(200, np.int64),
        "region": ["north"] * 200,
    })  # fmt: skip
    run = Run("customers", "id", dt.date(2026, 6, 16), "shop", "0" * 64, "0" * 64,
              {"tier": StoredSet(("gold", "silver", "bronze"))})  # fmt: skip
    append(history, rows, run)
    made = rules(HELD)
    free = rules().assign(given, as_of=AS_OF, table="customers")
    entering = {key for key, name in free.select("id", "tier").iter_rows() if name == "gold"}
    placement = made.place(given, as_of=AS_OF, table="customers", history=history)
    bare = placed(PUSH, text=HELD, given=given, changes=(), more={"leaving": ()})
    ruleset = bare.ruleset
    placement = type(placement)(
        ruleset, placement.table, placement.frames, placement.context,
        placement.consolidations, placement.rows,
    )  # fmt: skip
    prepared = Prepared(placement, project("one", runs=2), 1, 2, None)
    gold = simulate(prepared.model, 2).today.customers[0, :, 0]
    there = len(entering | {*ids[:100]})
    # held on the first of July, August and September; not on that of October
    assert gold[:3].tolist() == [there] * 3
    assert gold[3] == len(entering)
    assert there > len(entering) + 50


# ---- what is refused


def refused(*levers, changes=(), text=TEXT, asked=None, settings=None, **more):
    placement = placed(scenario("one", *levers), text=text, changes=changes, more=more)
    with pytest.raises(RulesError) as caught:
        carry_out(placement, asked or project("one"), settings or Settings())
    assert caught.value.unable
    (found,) = caught.value.diagnostics
    assert found.hint
    return found


def test_what_cannot_be_is_refused_by_name():
    sums = refused(changes=(ir.Evolution("visits", "sums"),))
    assert (sums.code, "`visits` is a whole number" in sums.message) == ("SEG771", True)
    moved = refused(lever("x", ir.Moves("region", 1.0, None, 0.1)))
    assert (moved.code, "`moves`" in moved.message) == ("SEG771", True)
    borrowed = refused(lever("x", ir.Times("value", 1.1), pull_forward=0.2))
    assert (borrowed.code, "`x` pulls sales forward" in borrowed.message) == ("SEG777", True)
    held = refused(asked=project("one", holds=("cost",)))
    assert (held.code, "holds cost equal" in held.message) == ("SEG778", True)
    with pytest.raises(ValueError, match="no lever of a life"):
        carry_out(placed(scenario("one", lever("x", ir.Odds("sale", 1.1)))), project("one"),
                  Settings())  # fmt: skip


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (ir.Evolution("visits", "steps", each(1.0), chance=each(1.4)), {}, "1.4"),
        (ir.Evolution("visits", "counts", keep=1.2), {}, "what visits keeps is 1.2"),
        (ir.Evolution("visits", "drifts", each(0.0), each(-1.0)), {}, "spread of visits is -1"),
        (ir.Evolution("visits", "drifts", each(-1.5), relative=True), {}, "drift of visits"),
        (None, {"leaving": each(1.1)}, "the chance to leave is 1.1"),
        (None, {"leaving": (("gold", -0.1), ("", 0.1))}, "the chance to leave of gold is -0.1"),
        (None, {"keeping": each(-5.0)}, "the cost of keeping is -5"),
        (None, {"leaving": each("more")}, "is 1.1 to 1.3 by the assumption `more`"),
    ],
)
def test_figures_out_of_range_are_refused(change, more, said):
    found = refused(changes=() if change is None else (change,), **more)
    if "more" in said:
        low, high = (float(each_) for each_ in found.message.split(" is ")[1].split(" by ")[0]
                     .split(" to "))  # fmt: skip
        assert 1.1 <= low < high <= 1.3
    else:
        assert said in found.message
    assert found.code == "SEG775"


def test_rules_must_not_ask_for_more_past_than_there_is():
    kept = TEXT.replace("satisfaction whole 0..10", "satisfaction whole 0..10 kept")
    asks = kept.replace("satisfaction >= 4", "satisfaction as at 2 months ago >= 4").replace(
        'bronze "Bronze"\n', 'bronze "Bronze"\n  unsure unclear "Not known"\n'
    )
    assert refused(text=asks).code == "SEG773"
    reviews = kept.replace(
        "satisfaction >= 4\n",
        "satisfaction >= 4\n      leave when spend < 200 for 2 reviews running\n",
    ).replace("every month", "every quarter")
    assert refused(text=reviews).code == "SEG774"
    assert "months, which are shorter" in refused(text=reviews).message
    quarters = carry_out(
        placed(PUSH, text=reviews), project("one", period=3, runs=2), Settings()
    )  # fmt: skip
    assert quarters.complete


def test_engines_without_customers_are_refused():
    check_engine(None)
    check_engine("customers")
    for name in ("counts", "expected", "events"):
        with pytest.raises(RulesError) as caught:
            check_engine(name)
        assert caught.value.diagnostics[0].code == "SEG776"
    found = refused(settings=Settings(engine="expected"))
    assert "`expected`" in found.message
