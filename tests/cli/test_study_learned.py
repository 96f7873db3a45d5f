"""What `study` learns from the firm's own tables: experiments, agents, values, who is to come."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_shop import unchanged
from study_firm import HEADER, RULES, Firm, Truth, firm, leads

ALIKE = {(segment, "bespoke"): 1.6 for segment in ("large", "small")}
APART = {("large", "bespoke"): 2.5, ("small", "bespoke"): 0.7}


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """Bespoke letters bring 1.6 times the odds of an appointment everywhere, plain ones nothing."""
    return firm(tmp_path_factory.mktemp("alike"), Truth(odds=ALIKE))


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """They bring 2.5 times the odds among large leads, and repel small ones."""
    return firm(tmp_path_factory.mktemp("apart"), Truth(odds=APART, fee=2.5), seed=4)


def arm(record: Any, name: str) -> Any:
    return next(each for each in record["arms"] if each["arm"] == name)


def by_segment(parts: list[Any]) -> dict[str, Any]:
    return {each["segment"]: each for each in parts}


# ---- experiments


def test_an_effect_alike_in_all_segments(alike: Firm) -> None:
    found = alike.letters()
    bespoke, plain = (arm(found, name)["common"] for name in ("bespoke", "plain"))
    assert bespoke["interval95"][0] < 1.6 < bespoke["interval95"][1]
    assert 1.2 < bespoke["interval95"][0] < bespoke["interval80"][0] < bespoke["value"]
    assert plain["interval95"][0] < 1.0 < plain["interval95"][1]
    assert found["no_difference"] > 0.5
    assert [each["segment"] for each in found["assume"]] == [None, None]
    assert {each["arm"] for each in found["best"]} == {"bespoke"}
    assert found["dealt_alike_chance"] > 0.01
    said = alike.study("--arm", "letter", "--control", "none").out
    low, high = bespoke["interval95"]
    assert (
        f"bespoke: {low:.2f} to {high:.2f} times the odds of appointment that none has (95%)\n"
        in said
    )
    assert re.search(r"^plain: .* \(95%\), which may be no effect at all$", said, re.M)
    assert "treat them alike unless" in said


def test_effects_that_differ_by_segment(apart: Firm) -> None:
    found = apart.letters()
    assert found["no_difference"] < 0.01
    inside = by_segment(arm(found, "bespoke")["segments"])
    for name, truth in (("large", 2.5), ("small", 0.7)):
        low, high = inside[name]["interval95"]
        assert low < truth < high
        assert inside[name]["data_weight"] > 0.5
    best = by_segment(found["best"])
    assert best["large"]["arm"] == "bespoke"
    assert best["large"]["chance"] > 0.99
    assert best["small"]["arm"] != "bespoke"
    assert {each["segment"] for each in found["assume"]} == {None, "large", "small"}
    policy = found["policy"]
    assert policy["as_counted"] >= policy["promised"] > policy["alike"]["promised"]
    # large leads: 40% get there without, 62.5% with; small ones 40%
    assert policy["delivered"]["value"] == pytest.approx(0.5125, abs=0.025)
    assert policy["interval80"][0] - 0.03 < policy["delivered"]["value"]
    said = apart.study("--arm", "letter", "--control", "none").out
    assert "segments differ (chance that they do not at all: under 0.1%)" in said


def test_lines_to_paste_are_rules(apart: Firm, tmp_path: Path) -> None:
    assumed = apart.letters()["assume"]
    names = [each["name"] for each in assumed]
    assert names == [
        "bespoke_appointment_odds", "bespoke_large_appointment_odds",
        "bespoke_small_appointment_odds", "plain_appointment_odds",
        "plain_large_appointment_odds", "plain_small_appointment_odds",
    ]  # fmt: skip
    said = apart.study("--arm", "letter", "--control", "none").out
    shown = said[said.index("to paste into the rules") :].partition("\n")[2]
    assert shown.strip() == "\n".join(each["text"] for each in assumed)
    made = Firm(tmp_path)
    made.rules.write_text(
        f"{RULES}\n{shown}\nscenario letters {{\n"
        "  comms large appointment odds bespoke_large_appointment_odds\n}\n"
        "project sales { for 6 months runs 200 seed 7 compare letters against today }\n"
    )
    made.data.write_text(apart.data.read_text())
    done = made.run("simulate", "--format", "json")
    assert done.code == 0, done.err
    # what has a name already gets another
    again = [each["name"] for each in made.letters()["assume"]]
    assert again == [f"{name}_2" for name in names]


def test_the_value_that_a_treatment_brings(tmp_path: Path) -> None:
    made = firm(tmp_path, Truth(odds={(name, "bespoke"): 4.0 for name in ("large", "small")}))
    found = made.letters("--outcome", "value")
    assert found["measure"] == "difference"
    low, high = arm(found, "bespoke")["common"]["interval95"]
    # 8 in 11 instead of 40% get an appointment, 40% of these buy, for 100 e^0.18
    assert 0 < low < (8 / 11 - 0.4) * 0.4 * 119.7 < high
    assert high - low < 12
    assert found["assume"] == []
    assert found["policy"]["control"] == pytest.approx(0.4 * 0.4 * 119.7, abs=3)
    said = made.study("--arm", "letter", "--control", "none", "--outcome", "value").out
    assert f"bespoke: +{low:.2f} to +{high:.2f} a customer over none (95%)\n" in said
    assert "to paste" not in said


def test_a_later_stage_counts_who_came_to_the_one_before(alike: Firm) -> None:
    found = alike.letters("--outcome", "sale")
    low, high = arm(found, "bespoke")["common"]["interval95"]
    assert low < 1.0 < high  # letters bring appointments, and no sale from an appointment
    assert found["before"] == "appointment"
    # the policy counts all who entered
    assert found["policy"]["control"] == pytest.approx(0.16, abs=0.02)
    said = alike.study("--arm", "letter", "--control", "none", "--outcome", "sale").out
    assert "only who reached appointment is compared" in said


def test_the_order_of_rows_does_not_matter(apart: Firm, tmp_path: Path) -> None:
    lines = apart.data.read_text().splitlines()[1:]
    random.Random(1).shuffle(lines)  # noqa: S311
    made = firm(tmp_path, Truth(leads=1))
    made.write(lines)
    for more in ((), ("--outcome", "value", "--agents", "adviser")):
        words = ("--arm", "letter", "--control", "none", "--format", "json", *more)
        one, other = (json.dumps(each.study(*words).json) for each in (apart, made))
        numbers = [[float(x) for x in re.findall(r"-?\d+\.\d+", each)] for each in (one, other)]
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-6, abs=1e-9)


def test_a_treatment_that_goes_with_segments_is_told(alike: Firm, tmp_path: Path) -> None:
    made = firm(tmp_path, Truth(leads=1))
    lines = alike.data.read_text().splitlines()[1:]
    kept = [line for line in lines if int(line.split(",")[4]) >= 50 or not hash_of(line) % 3]
    dealt = [
        line.replace(",bespoke,bespoke,", ",bespoke,,") if not hash_of(line) % 50 else line
        for line in lines
        if line in set(kept) or ",bespoke," not in line
    ]
    made.write(dealt)
    found = made.letters()
    assert found["dealt_alike_chance"] < 0.001
    low, high = arm(found, "bespoke")["common"]["interval95"]
    assert low < 1.6 < high
    said = made.study("--arm", "letter", "--control", "none").out
    assert "letter goes with the segments (by luck: under 0.1%)" in said
    lost = made.study("--arm", "dealt", "--control", "none", "--format", "json").json
    (told,) = lost["experiment"]["left_out"]
    assert re.fullmatch(r"\d+ rows without an outcome, arm or segment", told)


def hash_of(line: str) -> int:
    """A number of a lead, even over leads."""
    return int(line[1:6])


def test_a_flag_and_a_named_value_may_say_who_got_what(alike: Firm, tmp_path: Path) -> None:
    made = firm(tmp_path, Truth(leads=1))
    made.data.write_text(alike.data.read_text())
    made.rules.write_text(f"{RULES}\nlet written = letter = bespoke\n")
    done = made.study("--arm", "written", "--control", "no", "--format", "json")
    assert done.code == 0, done.err
    (yes,) = done.json["experiment"]["arms"]
    assert yes["arm"] == "yes"
    assert yes["common"]["interval95"][0] < 1.6 < yes["common"]["interval95"][1]


# ---- agents


def test_advisers_who_differ(tmp_path: Path) -> None:
    made = firm(tmp_path, Truth(leads=12_000, spread=0.1))
    found = made.study("--agents", "adviser", "--format", "json").json["agents"]
    assert (found["before"], found["stage"]) == ("appointment", "sale")
    # of twenty draws a standard deviation is known to a sixth
    assert found["all"]["spread"] == pytest.approx(0.1, abs=0.05)
    assert 0 < found["all"]["error"] < 0.04
    assert found["all"]["no_difference"] < 0.001
    assert found["correlation"] == pytest.approx(0.1**2 / 0.24, rel=0.6)
    assert found["assignment"]["at_random"]
    routing = found["routing"]
    assert routing["label"] == "as if at random"
    assert 0.05 < routing["interval95"][0] < routing["lift"] < routing["as_counted"] + 1e-9
    done = made.study("--agents", "adviser")
    assert "cases look assigned at random" in done.out
    assert not re.search(r"\bA\d\d\b", done.out)


def test_advisers_alike_whose_cases_differ(tmp_path: Path) -> None:
    made = firm(tmp_path, Truth(leads=12_000, by_lot=False))
    found = made.study("--agents", "adviser", "--format", "json").json["agents"]
    assert found["all"]["no_difference"] > 0.5
    assert not found["assignment"]["at_random"]
    assert found["routing"]["label"] == "associational"
    low, high = found["routing"]["interval95"]
    assert low <= 1e-9 <= high < 0.06
    assert found["routing"]["lift"] < 0.015 < found["routing"]["as_counted"]
    said = " ".join(made.study("--agents", "adviser").out.split())
    assert "with the agent go (by luck): region (under 0.1%)" in said
    assert "not told from nothing" in said
    assert "this is associational: a difference may belong to the cases" in said


def test_agents_at_a_stage_of_choice(tmp_path: Path) -> None:
    made = firm(tmp_path, Truth(leads=1_500))
    words = ("--agents", "adviser", "--outcome", "appointment", "--format", "json")
    found = made.study(*words).json["agents"]
    assert (found["before"], found["stage"]) == ("enquiry", "appointment")
    assert found["rate"] == pytest.approx(0.4, abs=0.05)


# ---- values and maturity


def test_the_worth_of_a_sale(alike: Firm, apart: Firm) -> None:
    found = by_segment(alike.study("--format", "json").json["values"])
    for name in ("large", "small"):
        assert found[name]["method"] == "lognormal"
        assert found[name]["mean"] == pytest.approx(119.7, rel=0.1)
        assert not found[name]["heavy"]
    assert "Hill index" in alike.study().out
    heavy = apart.study()
    assert "the largest sales are very heavy (Hill index" in heavy.out


def test_who_is_still_to_come(tmp_path: Path) -> None:
    """A hundred days: a third of all leads have not had their thirty."""
    truth = Truth(leads=6_000, days=100)
    made = firm(tmp_path, truth)
    found = {each["stage"]: each for each in made.study("--format", "json").json["maturity"]}
    met = found["appointment"]
    assert met["entered_by"] == "2026-05-31"
    assert met["fits"]
    assert met["recent"] > 1_500
    assert met["reached"] / met["recent"] < 0.36
    assert met["final_share"] == pytest.approx(0.4, abs=0.03)
    low, high = met["interval80"]
    assert low < met["still_to_come"] < high
    assert "who is still to come" in made.study().out


def test_who_comes_by_the_limit_only_is_no_cure(tmp_path: Path) -> None:
    """Early cohorts converted, late ones do not: no curve explains both."""
    made = firm(tmp_path, Truth(leads=1))
    lines = []
    for at, line in enumerate(leads(Truth(leads=6_000, days=100, rate=0.6))):
        cells = line.split(",")
        if cells[1] > "2026-05-31" and at % 10:
            cells[8:] = ["", "", ""]
        lines.append(",".join(cells))
    made.write(lines)
    done = made.study("--format", "json")
    met = next(each for each in done.json["maturity"] if each["stage"] == "appointment")
    assert not met["fits"]
    assert met["still_to_come"] is None
    assert "disagrees with the rate" in met["why_not"]
    assert "appointment: no cure model (it disagrees" in made.study().out


# ---- faults


FAULTS = {
    "a column that is not there": ("--arm", "leter", "--control", "none"),
    "a date as a treatment": ("--arm", "opened", "--control", "none"),
    "no control": ("--arm", "letter"),
    "a control that nobody is in": ("--arm", "letter", "--control", "nobody"),
    "an outcome that is not there": ("--arm", "letter", "--control", "none", "--outcome", "sales"),
    "the first stage": ("--arm", "letter", "--control", "none", "--outcome", "enquiry"),
    "no link": ("--agents", "letter"),
    "a control alone": ("--control", "none"),
    "an outcome alone": ("--outcome", "sale"),
}
OF_DATA: dict[str, tuple[Callable[[list[str]], list[str]], tuple[str, ...]]] = {
    "one arm": (lambda c: [*c[:2], "none", *c[3:]], ("--arm", "letter", "--control", "none")),
    "nobody gets there": (
        lambda c: [*c[:8], "", "", ""],
        ("--arm", "letter", "--control", "none"),
    ),
    "all are worth the same": (
        lambda c: [*c[:8], c[1], c[1], "50"],
        ("--arm", "letter", "--control", "none", "--outcome", "value"),
    ),
    "one adviser": (lambda c: [*c[:7], "A01", *c[8:]], ("--agents", "adviser")),
    "all buy": (lambda c: [*c[:8], c[1], c[1], "50"], ("--agents", "adviser")),
    "an adviser a case": (lambda c: [*c[:7], f"A{c[0]}", *c[8:]], ("--agents", "adviser")),
    "a treatment a lead": (
        lambda c: [*c[:3], c[0], *c[4:]],
        ("--arm", "dealt", "--control", "L00001"),
    ),
}  # fmt: skip


def test_faults_say_which_number_and_what_to_do(
    tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    made = firm(tmp_path, Truth(leads=300))
    lines = made.data.read_text().splitlines()[1:]
    told = []
    with unchanged(tmp_path):
        for name, words in FAULTS.items():
            told.append((name, made.study(*words)))
    for name, (change, words) in OF_DATA.items():
        made.write([",".join(change(line.split(","))) for line in lines])
        told.append((name, made.study(*words)))
    for name, done in told:
        assert (done.code, done.out) == (2, ""), name
        assert all(re.fullmatch(r"SEG79[0-8]", code) for code in done.codes), (name, done.err)
    golden("study/faults.txt", "".join(f"# {name}\n{done.err}\n" for name, done in told))


def test_words(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    made = firm(tmp_path, Truth(odds=APART, leads=3_000), seed=5)
    done = made.study("--arm", "letter", "--control", "none", "--agents", "adviser")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 110
    golden("study/experiment.txt", done.out)


def test_the_header_is_that_of_the_rules() -> None:
    declared = re.findall(r"^  (\w+) +(?:text|date|one|whole|refers|money)", RULES, re.M)
    assert HEADER.split(",") == [name for name in declared if name != "adviser_id"]
