"""The projection of a line as people and as machines read it."""

import io
import json
import re

import line_forms as forms
import pytest
from rich.console import Console

from segrules.lang import ir
from segrules.report.figures import EDGE
from segrules.report.line import line_record, line_tables
from segrules.sim.line import carry_out
from segrules.sim.projection import Settings
from segrules.sim.summary import significant

SCENARIOS = (forms.GOLD_FIRST, forms.SAME, forms.MORE)


@pytest.fixture(scope="module")
def carried():
    placement = forms.placement(*SCENARIOS)
    found = carry_out(placement, forms.project(*SCENARIOS), Settings(engine="auto"))
    return found, placement.ruleset


def text(found, ruleset):
    console = Console(width=120, file=io.StringIO())
    for table in line_tables(found, ruleset):
        console.print(table)
    return console.file.getvalue()


def line_of(said, start, after=""):
    """The words of the first line that begins so, behind a heading."""
    behind = said[said.index(after) :]
    return next(line for line in behind.splitlines() if line.startswith(start)).split()


def shown_as(value, error):
    return f"{significant(value, error):g}"


def test_the_tables(carried):
    found, ruleset = carried
    said = text(found, ruleset)
    assert "desk: 400 days played, standing for 313 open days in the next 12 months" in said
    rows = forms.rows(found, "more", "wait")
    today, change = rows["gold"].today, rows["gold"].difference
    shown = line_of(said, "gold ", "mean wait in seconds")
    # contacts, target, today, three scenarios
    assert shown[2:4] == ["20", shown_as(today.mean, today.mc_error)]
    assert shown[-1] == shown_as(change.mean, change.mc_error)
    assert shown[-3:-1] == ["no", "change"]
    low, high = (shown_as(end, EDGE * change.mc_error) for end in change.interval80)
    assert f"{low} to {high}" in said
    assert line_of(said, "bronze", "mean wait in seconds")[2] == "60"
    assert "target" not in said[said.index("share who give up") :].splitlines()[1]
    assert line_of(said, "Care team")[2:5] == ["agent", "hours", "50"]
    assert line_of(said, "9:00-10:00")[2] == "5"
    flat = " ".join(said.split())
    seen, _, model = flat.partition("; today by this model: ")
    assert seen.endswith(
        "seen in the log: a mean wait of 32.6 s, and 13.6% gave up, 38% had to wait"
    )
    assert re.match(r"33 s, and 1[34]\.?\d*%, \d\d% had to wait ", model)
    assert "draws from its 60 days" in flat
    assert "no interval here knows of it" in flat


def test_what_is_open_is_told_apart_from_the_luck_of_days(carried):
    found, ruleset = carried
    said = " ".join(text(found, ruleset).split())
    over = forms.rows(found, "more", "wait")["all"].over_days
    shown = re.search(
        r"more: over the 313 days the mean wait changes by (\S+) to (\S+) s in 80", said
    )
    ends = [float(each.replace("−", "-")) for each in shown.groups()]
    assert ends[0] <= over.interval80[0] < over.interval80[1] <= ends[1]
    assert ends[0] > over.interval80[0] - 2
    assert "shorter in more than 99 of 100" in said
    assert f"what the log leaves open ({over.shares['the log']:.0%}), the luck of the day" in said
    assert "same: over" not in said


def test_the_money_is_told_and_what_a_contact_must_be_worth(carried):
    found, ruleset = carried
    said = text(found, ruleset)
    assert line_of(said, "agents: Care team")[:5] == ["agents:", "Care", "team", "1,500", "no"]
    even = next(each for each in found.break_even if each.scenario == "more")
    flat = " ".join(said.split())
    worth = re.search(
        r"more: (\d+) more answered a day: it pays where an answered contact is worth more than "
        r"([\d.]+) GBP \(80%: ([\d.]+) to ([\d.]+)\)",
        flat,
    )
    assert worth[1] == shown_as(even.answered, even.answered_error)
    assert worth[2] == shown_as(even.value / 100, even.error / 100)
    assert float(worth[3]) < float(worth[2]) < float(worth[4])
    assert "gold_first: whether more or fewer contacts are answered is not settled" in flat
    assert "evidence grade of more: B, measured" in flat


def test_what_others_lose_is_said(carried):
    said = text(*carried)
    assert "gold_first is about gold; everyone else waits +" in said
    assert "same is about" not in said
    assert "more is about" not in said


def test_an_interruption_is_said(carried):
    found, ruleset = carried
    assert "incomplete" not in text(found, ruleset)
    changed = type(found)(**(vars(found) | {"complete": False}))
    assert "incomplete: interrupted before all days were played" in text(changed, ruleset)


def test_the_record(carried):
    found, _ = carried
    record = json.loads(json.dumps(line_record(found), allow_nan=False))
    assert record["schema_version"] == 1
    assert record["engine"]["name"] == "events"
    assert len(record["results"]) == len(found.rows)
    assert len(record["course"]) == 3 * 10
    assert [each["segment"] for each in record["course"][0]["segments"]] == list(forms.SEGMENTS)
    assert record["draws"] == found.draws == 256
    assert [each["grade"] for each in record["evidence"]] == ["B", "B", "B"]
    even = next(each for each in record["break_even"] if each["scenario"] == "more")
    assert even["cost"] == pytest.approx(300)
    assert even["value"] == pytest.approx(300 / even["answered"])
    over = next(
        row["over_days"]
        for row in record["results"]
        if (row["measure"], row["scenario"], row["segment"]) == ("wait", "more", "all")
    )
    assert over["interval80"][0] < over["interval80"][1] < 0
    assert set(over["shares"]) == {"the log"}
    cost = next(
        row for row in record["results"] if row["measure"] == "cost" and row["scenario"] == "more"
    )
    assert cost["unit"] == "GBP"
    assert cost["difference"]["mean"] == pytest.approx(300)
    assert cost["period"]["difference"] == pytest.approx(300 * record["days"])
    waits = [row for row in record["results"] if row["measure"] == "wait"]
    assert waits
    assert all("period" not in row for row in waits)


def test_a_formula_has_no_luck():
    crowd = forms.replace(forms.TEAM, agents=9.0)
    scenario = ir.Scenario("ten", "Ten", (ir.Lever("capacity", (), (ir.Staffed("team", 10.0),)),))
    placement = forms.placement(scenario, pools=(crowd,))
    found = carry_out(placement, forms.project(scenario), Settings(engine="auto"))
    said = text(found, placement.ruleset)
    assert "the mean day by formula" in said
    assert "engine expected: erlang-a: one pool, one class, and customers who give up" in said
    assert "days played" not in said
