"""What can be wrong with the data and the levers of a life: each is said by its name."""

import polars as pl
import pytest
from life_forms import AS_OF, KNOBS, TEXT, lever, placed, project, scenario, tables

from segrules.lang import ir
from segrules.lang.pipeline import compile_source
from segrules.sim.life import carry_out
from segrules.sim.projection import Settings
from segrules.text.diagnostic import RulesError
from segrules.text.source import Source

CARE = lever("care", ir.Moves("satisfaction", 2.0, 8.0, "chance", 0.02))
UP = lever("up", ir.Times("value", 1.2), to=("silver",))


def changed(**frames):
    given = tables()
    return {name: frames.get(name, lambda rows: rows)(frame) for name, frame in given.items()}


def carried(*levers, given=None, asked=None, **more):
    asked = asked or project("one", runs=6)
    return carry_out(placed(scenario("one", *levers), given=given, **more), asked, Settings())


def refused(*levers, **more):
    with pytest.raises(RulesError) as raised:
        carried(*levers, **more)
    assert raised.value.unable
    (found,) = raised.value.diagnostics
    assert found.hint
    return found


# ---- data


@pytest.mark.parametrize("orders", [lambda rows: rows, lambda rows: rows.head(0)])
def test_nobody_to_play(orders):
    found = refused(UP, given=changed(customers=lambda rows: rows.head(0), orders=orders))
    assert found.code == "SEG408"
    assert found.message == "the table `customers` has no rows"


def test_sales_of_others_are_no_sales():
    given = changed(customers=lambda rows: rows.with_columns(id="x" + pl.col("id")))
    found = refused(UP, given=given)
    assert found.code == "SEG770"
    assert "of a known customer" in found.message


def test_sales_that_are_all_to_come():
    given = changed(orders=lambda rows: rows.with_columns(day=pl.lit("2027-03-01")))
    assert refused(UP, given=given).code == "SEG770"


def test_sales_dated_after_the_day_are_left_out_and_said():
    late = tables()["orders"].head(5).with_columns(day=pl.lit("2026-07-01"))
    given = changed(orders=lambda rows: pl.concat([rows, late]))
    plain, found = carried(UP), carried(UP, given=given)
    (said,) = found.findings
    assert said.code == "SEG780"
    assert said.severity == "warning"
    assert said.message == "5 rows of `orders` are dated after 2026-06-30 and are left out"
    assert plain.findings == ()
    assert found.frame().equals(plain.frame())
    # what is dated on the day itself has happened
    on = changed(orders=lambda rows: pl.concat([rows, late.with_columns(day=pl.lit(str(AS_OF)))]))
    assert carried(UP, given=on).findings == ()


def test_one_customer_is_played():
    given = tables()
    most = given["orders"]["id"].mode()[0]
    found = carried(CARE, given=changed(customers=lambda rows: rows.filter(pl.col("id") == most)))
    assert found.customers == 1
    (start,) = found.matrices["today"].count[found.matrices["today"].count > 0][:1]
    assert 0 < start <= 1
    rows = {row.measure: row for row in found.rows if row.segment == "all"}
    assert rows["profit"].today.mean > 0
    # who is alone brings everything
    assert rows["top_10"].today.mean == pytest.approx(0.1)
    assert rows["loss_of_one"].today.mean == pytest.approx(1.0)
    assert rows["gini"].today.mean == pytest.approx(0.0)
    assert any("they buy as all segments do" in note for note in found.notes)


def test_when_everybody_leaves_the_rest_is_nothing():
    found = carried(UP, more={"leaving": (("", 1.0),)})
    rows = {row.measure: row for row in found.rows if row.segment == "all"}
    assert rows["customers"].today.mean == 0.0
    assert rows["left"].today.mean == found.customers
    assert found.check.gap == 0.0


# ---- levers


def test_a_lever_that_moves_for_good_says_so():
    for_ever = lever("care", ir.Moves("satisfaction", 2.0, 8.0, "chance"))
    (said,) = carried(for_ever).findings
    assert said.code == "SEG779"
    assert "`care` of `one` moves `satisfaction`" in said.message
    ends = lever("care", ir.Moves("satisfaction", 2.0, 8.0, "chance"), timing=ir.Timing(duration=3))
    for fine in (ends, CARE, UP):
        assert carried(fine).findings == ()


@pytest.mark.parametrize(
    ("edit", "more", "said"),
    [
        (ir.Moves("satisfaction", 2.0, 8.0, 1.2, 0.1), {}, "is 1.2, and must be from 0 to 1"),
        (ir.Moves("satisfaction", 2.0, 8.0, 0.2, -0.1), {}, "is -0.1, and must be from 0 to 1"),
        (ir.Times("value", -0.5), {}, "is -0.5, and must be 0 or above"),
        (ir.Times("price", 0.0), {}, "is 0, and must be above"),
        (ir.Times("value", 1.1), {"deadweight": 1.3}, "is 1.3, and must be from 0 to 1"),
        (ir.Times("arrivals", 1.1), {"pull_forward": 2.0}, "is 2, and must be from 0 to 1"),
        (
            ir.Times("value", 1.1),
            {"timing": ir.Timing(duration=1, persistence=1.5)},
            "is 1.5, and must be from 0 to 1",
        ),
        (ir.Times("value", 1.1), {"costs": (ir.LeverCost(-5.0),)}, "is -5, and must be 0 or above"),
    ],
)
def test_a_figure_of_a_lever_out_of_range(edit, more, said):
    found = refused(lever("x", edit, **more))
    assert found.code == "SEG775"
    assert said in found.message


def test_an_assumption_out_of_range_is_named():
    found = refused(lever("x", ir.Moves("satisfaction", 2.0, 8.0, "more", 0.1)))
    assert "by the assumption `more`" in found.message


# ---- how many futures


def test_a_life_runs_fewer_futures_than_a_funnel_where_none_are_said():
    text = TEXT + (
        "life buying of customers { sales orders value amount }\n"
        'scenario one "One" { process silver value times more }\n'
        "project buying { for 6 months compare one against today }\n"
    )
    made = compile_source(Source("shop.seg", text), KNOBS, AS_OF)
    assert made.ruleset is not None, list(made.log)
    assert made.ruleset.projects[0].runs == 500
    said = text.replace("for 6 months", "for 6 months runs 2_000")
    assert compile_source(Source("shop.seg", said), KNOBS, AS_OF).ruleset.projects[0].runs == 2_000
