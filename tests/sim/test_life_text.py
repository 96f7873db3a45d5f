"""A life from its text: parsed, checked, carried out and shown."""

import io
import json
import re
from dataclasses import replace

import pytest
from life_forms import AS_OF, KNOBS, TEXT, tables
from rich.console import Console

from segrules.lang.pipeline import compile_source
from segrules.report.decisions import account_tables, spread_told
from segrules.report.life import life_record, life_tables
from segrules.report.simulated import record as whole_record
from segrules.rules import Rules
from segrules.sim.life import carry_out
from segrules.sim.projection import Settings
from segrules.text.source import Source

LIFE = """
knob back     = 5% from 0% to 50%
knob deadhead = 20% from 0% to 50%

life buying of customers {
  sales        orders value amount cost goods goods each cost parcel 2.00 each
  spend        sums keep 92%
  satisfaction drifts by 0 give or take 0.6
  visits       counts
  last_on      day of sale
  keeping      3.00 for gold, 0.50 for rest
  leaving      1% for gold, 2% for rest
}

scenario dearer "A better basket" { process silver value times more }
scenario care "Care for the unhappy" {
  comms gold, silver, bronze satisfaction by 2 to 8 chance chance fall_back back
        cost 0.50 each cost 300 once from month 2 for 3 months deadweight deadhead
}
project buying { for 6 months runs 300 seed 11 compare dearer, care against today }
"""


def carried_out(text=TEXT + LIFE, runs=None, **knobs):
    made = compile_source(Source("shop.seg", text), {**KNOBS, **knobs}, AS_OF)
    assert made.ruleset is not None, [each for each in made.log if each.severity == "error"]
    rules = Rules(made, made.ruleset, ())
    placement = rules.place(tables(), as_of=AS_OF, table="customers")
    found = carry_out(placement, made.ruleset.projects[0], Settings(runs=runs))
    return made.ruleset, found


def printed(found, ruleset, account=None):
    console = Console(file=io.StringIO(), width=160)
    told = account_tables(found, account, ruleset) if account else ()
    for each in life_tables(found, ruleset, told):
        console.print(each)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def made():
    return carried_out()


def row(found, scenario, segment, measure):
    return next(
        each for each in found.rows
        if (each.scenario, each.segment, each.measure) == (scenario, segment, measure)
    )  # fmt: skip


def test_a_life_from_its_text(made):
    _, found = made
    assert found.runs == 300
    assert found.engine == "customers"
    assert found.complete
    dearer, care = (row(found, name, "all", "profit") for name in ("dearer", "care"))
    assert dearer.difference.mean > 0
    assert dearer.chance_better == 1.0
    # the care brings hardly anything and costs what it costs
    assert care.difference.mean < -30_000
    assert row(found, "care", "all", "moved").then.mean > 10
    assert [each.name for each in found.assumptions] == ["more", "chance"]
    assert [each.scenario for each in found.outlooks] == ["dearer", "care"]


def test_a_knob_of_the_rule_text_changes_the_projection(made):
    _, easier = carried_out(gold_from="250", runs=50)
    _, found = made
    golds = [row(each, "care", "gold", "customers").today.mean for each in (found, easier)]
    assert golds[1] > 1.5 * golds[0]


def test_the_tables_say_what_was_found(made):
    ruleset, found = made
    text = printed(found, ruleset)
    assert "buying: the next 6 months, month by month, 400 customers, 300 futures, seed 11" in text
    assert "A better basket" in text
    assert "where customers of each segment are 6 months later" in text
    for heading in ("sales", "revenue", "cost", "profit", "better in", "there now", "left for good",
                    "lost with the largest one", "by shares alone"):  # fmt: skip
        assert heading in text
    # the labels of the rules, and how many there are of each at first
    for label, number in zip(("Gold", "Silver", "Bronze"),
                             found.matrices["today"].count.sum(axis=1), strict=False):  # fmt: skip
        (line,) = re.findall(rf"^{label} +{number:.0f} .*", text, re.MULTILINE)
        assert "\n" not in line
    assert re.search(r"^chance +0% to 20%", text, re.MULTILINE)
    assert re.search(r"^more +1.1 to 1.3 times", text, re.MULTILINE)
    assert "nobody joins: only the customers of the table are played" in text
    assert "nan" not in text
    assert "None" not in text


def test_of_a_hundred_customers_each_row_makes_a_hundred(made):
    ruleset, found = made
    text = printed(found, ruleset)
    part = text[text.index("of those in") : text.index("how the profit is spread")]
    for label in ("Gold", "Silver", "Bronze"):
        (line,) = re.findall(rf"^{label} .*", part, re.MULTILINE)
        today = [int(each) for each in re.findall(r"(\d+)%(?! *→ *\d+% *→)", re.sub(
            r"→ \d+%", "", line))]  # fmt: skip
        assert 97 <= sum(today) <= 101, line


def test_what_changes_nothing_is_not_shown_as_a_change(made):
    ruleset, found = made
    same = replace(found, rows=tuple(
        replace(each, then=each.today, difference=replace(
            each.difference, mean=0.0, interval80=(0.0, 0.0), mc_error=0.0), chance_better=None)
        for each in found.rows
    ))  # fmt: skip
    text = printed(same, ruleset)
    assert text.count("no change") == 10
    cut = printed(replace(found, complete=False), ruleset)
    assert "incomplete: interrupted before all futures were run" in cut


def test_the_record_is_for_machines(made):
    _, found = made
    record = json.loads(json.dumps(life_record(found), allow_nan=False))
    assert record["schema_version"] == 1
    assert record["engine"]["name"] == "customers"
    assert record["days"][0] == "2026-07-01"
    profit = next(
        each for each in record["results"]
        if (each["scenario"], each["segment"], each["measure"]) == ("care", "all", "profit")
    )  # fmt: skip
    assert profit["unit"] == "EUR"
    wanted = row(found, "care", "all", "profit").difference.mean / 100
    assert profit["difference"]["mean"] == pytest.approx(wanted)
    start = record["migration"]["today"]["gold"]
    assert sum(start.values()) == pytest.approx(found.matrices["today"].count[0].sum())
    assert record["check"]["of"] == "past"
    assert len(record["results"]) == found.frame().height


def test_risks_and_errors_are_told_of_every_scenario(made):
    ruleset, found = made
    text = printed(found, ruleset)
    part = text[text.index("in good and in bad futures") : text.index("dearer by segment")]
    for outlook in found.outlooks:
        (line,) = re.findall(rf"^{outlook.scenario} .*", part, re.MULTILINE)
        figures = [each.replace("k", "e3").replace(",", "") for each in line.split()[1:]]
        losses = outlook.loss_done, outlook.loss_left
        for told, loss in zip(figures, losses, strict=False):
            assert float(told) == pytest.approx(loss.value / 100, abs=2 * 10 * loss.mc_error / 100)
        assert (float(figures[2]) < 0) == (outlook.judged.worst < 0)
    assert "target reached in" not in text
    assert re.search(
        r"300 futures: the Monte Carlo error of the mean difference of the\s+profit is "
        r"[\d.,k]+ EUR for\s+dearer, [\d.,k]+ EUR\s+for care; four\s+times as many halve it", text
    )  # fmt: skip
    (dearer, _) = found.outlooks
    error = re.search(r"profit is ([\d.,]+) EUR", " ".join(text.split()))[1]
    assert float(error.replace(",", "")) == pytest.approx(dearer.figure.mc_error / 100, rel=0.01)
    aimed = tuple(replace(each, target=5e5, judged=replace(
        each.judged, chance_target=0.41)) for each in found.outlooks)  # fmt: skip
    text = printed(replace(found, outlooks=aimed), ruleset)
    assert "target reached in" in text
    # three hundred futures know it to ten points
    assert re.search(r"^dearer .* 40%$", text, re.MULTILINE)


def test_a_bundle_is_taken_apart_in_words_and_for_machines(made):
    ruleset, found = made
    text = printed(found, ruleset, found.accounts[1])
    (line,) = re.findall(r"^comms gold, silver, bronze .*", text, re.MULTILINE)
    assert line.split()[-3].startswith("-")
    assert "spill-over: none to tell, as the levers name every segment\n" in text
    assert "evidence grade D: judgement in the main, or only" in text
    record = json.loads(json.dumps(whole_record(found, found.accounts), allow_nan=False))
    (first, second) = record["decisions"]
    assert [each["lever"] for each in first["levers"]] == ["process silver"]
    together = next(
        each for each in record["results"]
        if (each["scenario"], each["segment"], each["measure"]) == ("care", "all", "profit")
    )  # fmt: skip
    assert second["together"]["mean"] == together["difference"]["mean"]
    assert sum(second["spread"].values()) == pytest.approx(1.0)
    (dearer, care) = record["outlooks"]
    assert care["worst_5_percent"] == pytest.approx(found.outlooks[1].judged.worst / 100)
    assert care["expected_loss_if_done"] > 0 == dearer["expected_loss_if_done"]
    assert dearer["chance_better"] == 1.0


def test_a_part_of_the_spread_is_never_surer_than_it_is():
    def told(part, error):
        return spread_told([part, 1.0 - part], [error, error])[0]

    assert told(0.62, 0.02) == "about 60%"
    assert told(0.62, 0.01) == "about 60%"
    assert told(0.62, 0.004) == "62%"
    assert told(0.62, 0.08) == "45 to 80%"
    assert told(0.001, 0.06) == "0 to 10%"
    assert told(0.001, 0.01) == "under 1%"
    assert told(-0.2, 0.01) == "under 1%"
