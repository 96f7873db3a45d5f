"""What a life says beside its figures: what stays, what is unsure, what money leaves out."""

import io

import numpy as np
import polars as pl
import pytest
from life_forms import AS_OF, TEXT, each, lever, placed, project, rules, scenario, tables
from rich.console import Console

from segrules.cli.session import PLAIN_WIDTH
from segrules.lang import ir
from segrules.report.life import life_record, life_tables
from segrules.report.page.content import Items
from segrules.report.page.life import life_page
from segrules.report.page.made import Made
from segrules.sim.customers.caveats import Stays
from segrules.sim.customers.outcome import Check
from segrules.sim.life import carry_out
from segrules.sim.projection import Settings

QUIET = Settings(runs=10)
PUSH = scenario("one", lever("push", ir.Times("arrivals", 1.2)))


def carried_out(**more):
    placement = placed(PUSH, **more)
    return placement.ruleset, carry_out(placement, project("one", runs=10), QUIET)


def printed(found, ruleset):
    console = Console(file=io.StringIO(), width=PLAIN_WIDTH)
    for part in life_tables(found, ruleset):
        console.print(part)
    return console.file.getvalue()


# ---- the table of moves


def moves(text):
    part = text[text.index("of those in") : text.index("how the profit is spread")]
    return part.splitlines()


LONG = TEXT.replace('"Gold"', '"Gold, who make most of it"').replace(
    '"Silver"', '"Silver, who come and go again"').replace(
    '"Bronze"', '"Bronze, all of whom would buy more"')  # fmt: skip


def test_columns_that_do_not_fit_are_numbered_and_none_is_lost():
    ruleset, found = carried_out(text=LONG)
    head, _, *rows = moves(printed(found, ruleset))
    assert head.split() == ["of", "those", "in", "1", "2", "3", "4"]
    assert rows[0].startswith("1 Gold, who make most of it")
    assert rows[3].strip() == "4 left"
    shares = found.matrices["today"].share
    for row, wanted in zip(rows[:3], shares, strict=False):
        (left,) = [row.split()[-1]]
        assert int(left.rstrip("%").split("→")[-1]) == pytest.approx(100 * wanted[-1], abs=2)
    ruleset, found = carried_out()
    head, *_ = moves(printed(found, ruleset))
    assert head.split() == ["of", "those", "in", "Gold", "Silver", "Bronze", "left"]


# ---- what stays


def told(found, ruleset):
    page = life_page(found, ruleset, Made("shop.seg", "0" * 12))
    (section,) = [each for each in page.sections if each.name == "moves"]
    return [line for block in section.blocks if isinstance(block, Items) for line in block.lines]


def test_values_that_sales_would_change_are_named_with_who_rests_on_them():
    ruleset, found = carried_out(changes=())
    assert found.stays == (Stays("spend", ("gold", "silver")),)
    said = "they stay as on 2026-06-30, though the sales and the time that are played would change"
    text = " ".join(printed(found, ruleset).split())
    assert f"{said} them: spend (Gold / Silver)" in text
    assert life_record(found)["stays"] == [{"name": "spend", "segments": ["gold", "silver"]}]
    (line,) = told(found, ruleset)
    assert said in line
    assert line.endswith("spend (Gold / Silver).")


def test_what_goes_on_is_no_caveat():
    ruleset, found = carried_out()
    assert found.stays == ()
    assert "not played" not in printed(found, ruleset)
    assert told(found, ruleset) == []


CALLS = """
table calls of customers by id dated day {
  id  text
  day date
}

let quiet  = (days since last calls) if missing use 999
let called = count calls

segments tier of customers {
  gold   "Gold"   when spend >= gold_from and called >= 1
  silver "Silver" when quiet > 30 and sum amount of orders in last 6 months >= 100
"""


def test_ages_stay_and_so_does_what_has_no_name():
    """A count of rows that nobody plays does not change; the days since the last of them do."""
    text = TEXT.replace(TEXT[TEXT.index("\nsegments") : TEXT.index("  otherwise")], CALLS)
    calls = pl.DataFrame({"id": ["c00001"], "day": ["2026-06-01"]})
    _, found = carried_out(text=text, changes=(), given=tables() | {"calls": calls})
    assert found.held == ("called", "quiet", "spend")
    assert {each.name: each.segments for each in found.stays} == {
        None: ("silver",), "quiet": ("silver",), "spend": ("gold",),
    }  # fmt: skip


# ---- two ways


def test_two_ways_are_apart_by_a_part_and_by_a_number():
    played, markov = np.array([100.0, 100.0, 60.0, 1_000.0, 0.0]), np.array(
        [126.0, 124.0, 79.0, 700.0, 20.0])  # fmt: skip
    check = Check("past", ("a", "b", "c", "d", "e"), markov, played, np.ones(5), 1)
    # 26 of 100; not 24 of 100, nor 19 of 60; 300 of 1,000; 20 where there was nobody
    assert check.apart == (0, 3, 4)


def test_segments_that_two_ways_place_apart_are_named():
    """All spend more and more, as nobody did in the past."""
    grows = ir.Evolution("spend", "grows", each(5_000.0))
    _, found = carried_out(changes=(grows,))
    check = found.check
    assert check.of == "past"
    assert 1 <= len(check.apart) <= 3
    (note,) = [line for line in found.notes if line.startswith("row by row and by shares alone")]
    assert found.notes[0] == note
    for at, name in enumerate(check.segments):
        pair = f"{name} ({check.played[at]:,.0f} against {check.markov[at]:,.0f})"
        assert (pair in note) == (at in check.apart)


# ---- money


WORTH = """
value worth of customers {
  revenue       sum amount of orders in last 12 months
  less goods    sum goods of orders in last 12 months
  less sales    0
  less marketing 0
  less service  sum minutes of visits_made in last 12 months
}

table visits_made of customers by id dated day {
  id      text
  day     date
  minutes money
}

life buying of customers {
  sales   orders value amount -
          goods
  leaving 1% for rest
}
scenario one { process gold, silver, bronze arrivals times more }
project next { for 6 months runs 100 seed 11 compare one against today }
"""


def money(text):
    made = rules(TEXT + text)
    visits = pl.DataFrame({"id": ["c00001"], "day": ["2026-06-01"], "minutes": ["3.00"]})
    placement = made.place(
        tables() | {"visits_made": visits}, as_of=AS_OF, table="customers"
    )  # fmt: skip
    found = carry_out(placement, made.ruleset.projects[0], Settings(runs=4))
    return [each for each in found.notes if "revenue" in each or "costs" in each]


def test_what_revenue_holds_and_what_profit_leaves_out_is_said():
    holds = "revenue is what the life calls value: amount - goods of orders"
    out = "the profit leaves out costs that the life does not state"
    rest = ": the value worth of the rules also takes off service"
    assert money(WORTH) == [holds, out + rest]
    kept = WORTH.replace("  leaving", "  keeping 1.00 for rest\n  leaving")
    assert money(kept) == [holds, f"{out} beyond what it states for keeping{rest}"]
    _, found = carried_out()
    assert "revenue is what the life calls value: amount of orders" in found.notes
    assert "takes off" not in " ".join(found.notes)
