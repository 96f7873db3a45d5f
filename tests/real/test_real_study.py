"""`study` on data of others: a randomised mailing, and agents who differ by chance only.

The tables are given the dates and keys that a funnel needs, in a folder of the test.
"""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from segrules.cli.main import app

FOLDER = Path(__file__).parent
NONE = "No E-Mail"


def study(rules, table, *more):
    name, path = table
    words = ["study", FOLDER / rules, "--table", f"{name}={path}", "--format", "json", *more]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def mailed(shared_data, tmp_path_factory):
    """The mail went out on a day of 2008, which the file does not say; the outcomes follow it."""
    rows = pl.read_csv(shared_data / "hillstrom" / "hillstrom_half_a.csv", infer_schema_length=None)
    assert rows.height == 32_000
    day, later = pl.lit("2008-03-20"), pl.lit("2008-03-25")
    made = rows.select(
        pl.concat_str(pl.lit("C"), pl.int_range(pl.len()).cast(pl.String)).alias("customer"),
        day.alias("mailed_on"),
        "history",
        *(
            pl.col(name).replace_strict({0: "no", 1: "yes"})
            for name in ("mens", "womens", "newbie")
        ),
        pl.col("segment").alias("mail"),
        pl.when(pl.col("visit") == 1).then(later).alias("visited_on"),
        pl.when(pl.col("conversion") == 1).then(later).alias("bought_on"),
        pl.when(pl.col("conversion") == 1).then("spend").alias("spend"),
    )
    path = tmp_path_factory.mktemp("mailed") / "customers.csv"
    made.write_csv(path)
    return rows, path


def experiment(mailed, by, *more):
    words = ("--as-of", "2008-06-30", "--by", by, "--arm", "mail", "--control", NONE, *more)
    return study("study_hillstrom.seg", ("customers", mailed[1]), *words)["experiment"]


def odds(rows):
    """The plain odds ratio of a visit, of women's mail to none."""
    counted = {
        mail: rows.filter(pl.col("segment") == mail)["visit"].mean()
        for mail in ("Womens E-Mail", NONE)
    }
    one, none = (rate / (1 - rate) for rate in counted.values())
    return one / none


def test_womens_mail_acts_on_buyers_of_womens_goods(mailed):
    rows, _ = mailed
    found = experiment(mailed, "goods")
    assert found["customers"] == 32_000
    assert found["no_difference"] < 0.001
    women = next(each for each in found["arms"] if each["arm"] == "Womens E-Mail")
    inside = {each["segment"]: each for each in women["segments"]}
    parts = {
        "women": rows.filter(pl.col("mens") == 0),
        "men": rows.filter((pl.col("womens") == 0) & (pl.col("mens") == 1)),
    }
    for name, part in parts.items():
        assert inside[name]["as_counted"] == pytest.approx(odds(part), rel=0.01)
    assert inside["women"]["interval95"][0] > inside["men"]["interval95"][1]
    assert inside["women"]["interval95"][0] > 1.5
    assert [each["segment"] for each in found["assume"][:4]] == [None, "both", "men", "women"]
    best = {each["segment"]: each["arm"] for each in found["best"]}
    assert best["men"] == "Mens E-Mail"
    assert found["dealt_alike_chance"] > 0.01  # arms were drawn by lot


def test_the_policy_for_visits_delivers_its_promise(mailed):
    policy = experiment(mailed, "worth")["policy"]
    low, high = policy["interval80"]
    reach = high - low + 2 * policy["delivered"]["error"]
    assert policy["promised"] == pytest.approx(policy["delivered"]["value"], abs=reach)
    assert policy["promised"] > policy["control"] + 0.05


def test_spend_is_promised_no_higher_than_delivered(mailed):
    found = experiment(mailed, "worth", "--outcome", "value")
    assert found["measure"] == "difference"
    assert found["assume"] == []
    policy = found["policy"]
    low, high = policy["interval80"]
    assert (
        policy["promised"] - policy["delivered"]["value"]
        < (high - low) / 2 + 2 * (policy["delivered"]["error"])
    )
    # what the cells say by themselves is the promise that is not kept
    assert policy["as_counted"] > policy["promised"] + 0.1


@pytest.fixture(scope="module")
def deals(shared_data, tmp_path_factory):
    rows = pl.read_csv(shared_data / "crm_opportunities" / "sales_pipeline.csv")
    closed = pl.col("deal_stage").is_in(["Won", "Lost"])
    made = rows.select(
        "opportunity_id",
        "sales_agent",
        "product",
        pl.when(closed).then("close_date").alias("closed_on"),
        pl.when(pl.col("deal_stage") == "Won").then("close_date").alias("won_on"),
    )
    path = tmp_path_factory.mktemp("deals") / "deals.csv"
    made.write_csv(path)
    return path


def test_routing_to_the_best_closers_brings_about_nothing(deals):
    words = ("--as-of", "2018-06-30", "--agents", "agent")
    found = study("study_closers.seg", ("deals", deals), *words)["agents"]
    assert found["all"]["agents"] == 30
    assert found["all"]["cases"] == 6_711
    assert found["all"]["no_difference"] > 0.5
    assert found["correlation"] < 0.01
    # agents sell different products
    assert not found["assignment"]["at_random"]
    assert found["routing"]["label"] == "associational"
    low, high = found["routing"]["interval95"]
    assert low < 1e-9
    assert found["routing"]["lift"] < 0.005
    assert high < 0.04
    assert found["routing"]["as_counted"] > 0.07
