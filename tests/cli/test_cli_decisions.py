"""Sweep, optimise, pilot, backtest and the account of simulate, through the command line."""

import csv
import datetime as dt
import io
import json
import random
import re
from pathlib import Path

import pytest
from cli_shop import AS_OF, CUSTOMERS, ORDERS, PROJECTION, RULES, Shop, busy_shop, run, shop

from segrules.cli import session
from segrules.sim.decisions import sweeping


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return busy_shop(tmp_path_factory.mktemp("busy"))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Three years without a season, in which every second customer buys a week later."""
    luck = random.Random(5)  # noqa: S311
    made = shop(tmp_path_factory.mktemp("long"), RULES + "\n" + PROJECTION)
    lines = [CUSTOMERS.splitlines()[0]]
    first = dt.date(2023, 6, 1)
    days = (dt.date.fromisoformat(AS_OF) - first).days + 1
    for at in range(4 * days):
        joined = first + dt.timedelta(luck.randrange(days))
        sold = joined + dt.timedelta(7) if luck.random() < 0.5 else None
        told = sold.isoformat() if sold and sold.isoformat() <= AS_OF else ""
        lines.append(f"{at:05},{joined},north,{luck.choice((60, 140))}.50,,,{told},")
    made.customers.write_text("\n".join(lines) + "\n")
    made.orders.write_text(ORDERS.replace("0002,", "00002,").replace("\n1,", "\n00001,"))
    return made


def ask(command: str, made: Shop, *more: object):
    return run(command, made.rules, *made.tables, "--as-of", AS_OF, *more)


# ---- simulate


def test_the_account_of_a_projection(busy: Shop) -> None:
    done = busy.simulate("--format", "json")
    assert done.code == 0
    letters, same = done.json["decisions"]
    assert (letters["scenario"], same["scenario"]) == ("letters", "same")
    (lever,) = letters["levers"]
    assert lever["lever"] == "comms big"
    assert lever["mean"] == pytest.approx(letters["together"]["mean"])
    rows = {(row["scenario"], row["segment"], row["measure"]): row for row in done.json["results"]}
    profit = rows["letters", "all", "profit"]["difference"]
    assert lever["mean"] == pytest.approx(profit["mean"], abs=5 * profit["mc_error"])
    assert sum(letters["spread"].values()) == pytest.approx(1)
    assert [bar["assumption"] for bar in letters["tornado"]] == ["letter_odds"]
    assert same["levers"][0]["mean"] == 0
    assert same["tornado"] == []
    assert (letters["grade"], letters["spill_over"]) == ("B", None)


def test_the_account_in_words(busy: Shop) -> None:
    done = busy.simulate()
    assert done.code == 0
    assert "lever by lever" in done.out
    assert "spill-over: nothing changes in segments that no lever names" in done.out
    assert re.search(r"\d+% of the spread comes from luck", done.out)
    assert "evidence grade B" in done.out
    assert re.search(r"the number of sales changes by \+\d+%, their value by \+\d+%", done.out)
    assert done.out.index("evidence grade") < done.out.index("what this rests on")


def test_the_scenario_that_is_taken_apart_can_be_named(busy: Shop) -> None:
    done = busy.simulate("--scenario", "same")
    assert done.code == 0
    assert "same, lever by lever" in done.out
    assert "letters, lever by lever" not in done.out
    wrong = busy.simulate("--scenario", "leters")
    assert (wrong.code, wrong.codes) == (2, ["SEG725"])
    assert "letters" in wrong.err


def test_a_weak_grade_ends_with_findings(busy: Shop) -> None:
    assert busy.simulate("--require-grade", "B").code == 0
    done = busy.simulate("--require-grade", "A")
    assert (done.code, done.codes) == (1, ["SEG724", "SEG724"])
    assert "evidence grade B" in done.out
    assert busy.simulate("--require-grade", "E").code == 2


def test_a_page_with_the_account(busy: Shop) -> None:
    page = busy.folder / "account.html"
    assert busy.simulate("--report", page).code == 0
    text = page.read_text()
    for said in ("What each part of it adds", "What moves the result most", "Month by month",
                 "Spill-over", "The number of sales changes by"):  # fmt: skip
        assert said in text, said
    assert "is left out" not in text
    assert len(text) < 2 * 2**20


# ---- sweep


def test_a_sweep_as_csv(busy: Shop) -> None:
    done = ask("sweep", busy, "--over", "letter_odds=1:1.4:3", "--runs", 200, "--format", "csv")
    assert done.code == 0
    rows = list(csv.DictReader(io.StringIO(done.out)))
    profit = [r for r in rows if (r["scenario"], r["measure"]) == ("letters", "profit")]
    assert [r["letter_odds"] for r in profit] == ["1", "1.2", "1.4"]
    gains = [float(r["difference"]) for r in profit]
    assert gains == sorted(gains)
    assert gains[0] < 0 < gains[1]
    assert all(r["chance_better"] == "" for r in rows if r["scenario"] == "same")


def test_a_sweep_as_json_and_table(busy: Shop) -> None:
    words = ["--over", "big_from=100:300:3", "--measure", "revenue", "--runs", 200]
    found = ask("sweep", busy, *words, "--format", "json").json
    assert (found["complete"], found["measure"], found["asked"]) == (True, "revenue", 3)
    assert [step["setting"] for step in found["steps"]] == [
        {"big_from": each} for each in ("100", "200", "300")
    ]
    assert found["over"] == [{"name": "big_from", "kind": "knob", "low": "100", "high": "300"}]
    done = ask("sweep", busy, *words)
    assert done.code == 0
    assert re.search(r"^big_from +today: revenue +revenue", done.out, re.M)
    assert "best of these: big_from" in done.out


def test_ctrl_c_keeps_the_settings_that_are_done(
    busy: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    whole = sweeping.carry_out

    def cut(*args, **more):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*args, **more)

    monkeypatch.setattr(sweeping, "carry_out", cut)
    done = ask("sweep", busy, "--over", "letter_odds=1:1.4:3", "--runs", 200)
    assert done.code == 130
    assert "incomplete: interrupted after 1 of 3 settings" in done.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["sweep", "--over", "letter_ods"], "SEG721"),
        (["sweep", "--over", "letter_odds=2:1:3"], "SEG720"),
        (["sweep", "--over", "letter_odds", "--measure", "margin"], "SEG723"),
        (["sweep", "--over", "letter_odds", "--project", "x"], "SEG465"),
        (["optimise", "--vary", "letter_odds"], "SEG721"),
        (["optimise", "--vary", "big_from", "--limit", "cost is low"], "SEG722"),
        (["optimise", "--vary", "big_from", "--scenario", "leters"], "SEG725"),
        (["pilot", "--scenario", "leters"], "SEG725"),
        (["pilot", "--scenario", "same"], "SEG726"),
        (["pilot", "--agent", "adviser"], "SEG730"),
        (["pilot", "--cost", "-1"], "SEG731"),
        (["backtest", "--until", "2026-07-31"], "SEG727"),
        (["backtest", "--until", "2020-07-31"], "SEG727"),
        (["backtest", "--until", "2026-06-20"], "SEG727"),
        (["simulate", "--backtested", "nowhere.json"], "SEG728"),
    ],
)
def test_mistakes_are_said(words: list[str], code: str, busy: Shop) -> None:
    command, *more = words
    done = ask(command, busy, *more)
    assert done.code == 2, done.err
    if code != "SEG465":
        assert done.codes == [code]
    assert "hint" in done.err
    assert not done.out


def test_progress_tells_the_pace_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(session.time, "monotonic", lambda: clock[0])
    progress = session.Progress("sweeping", 1_000, "futures")
    clock[0] = 110.0
    progress(2)
    assert progress._text() == "sweeping: 2 of 1,000 futures, 0.2 a second, 4990 s left"
    progress(500)
    assert progress._text() == "sweeping: 500 of 1,000 futures, 50 a second, 10 s left"
    progress.turn_to("judging the best", "days")
    assert progress._text() == "judging the best, 0 s"
    clock[0] = 114.0
    progress(100)
    assert progress._text() == "judging the best: 100 days, 25 a second"


# ---- optimise and pilot


def test_the_best_setting(busy: Shop) -> None:
    words = ["--vary", "big_from=50:300", "--evaluations", 20, "--runs", 600]
    done = ask("optimise", busy, *words, "--limit", "cost <= 200% of today", "--format", "json")
    assert done.code == 0
    found = done.json
    assert (found["limits_kept"], found["complete"], found["scenario"]) == (True, True, "letters")
    assert found["now"] == {"big_from": "100"}
    # letters pay for everybody: the more are treated the better
    assert int(found["best"]["big_from"]) < 100
    assert (
        found["delivered"]["interval80"][0]
        < found["promised"]
        < found["delivered"]["interval80"][1]
    )
    (limit,) = found["limits"]
    assert limit["kept"] is True
    assert limit["then"] <= 2 * limit["today"]
    told = ask("optimise", busy, *words)
    assert "judged again on fresh luck" in told.out


def test_a_limit_that_cannot_be_kept_is_said(busy: Shop) -> None:
    done = ask(
        "optimise", busy, "--vary", "big_from=50:300", "--limit", "cost <= 1", "--evaluations", 8
    )
    assert done.code == 0
    assert "no setting that was tried keeps the limits" in done.out
    assert re.search(r"cost <= 1 .* no$", done.out, re.M)


def test_a_test_is_planned(busy: Shop) -> None:
    words = ["--cost", 500, "--cost-each", 1, "--agent", "region"]
    found = ask("pilot", busy, *words, "--format", "json").json
    assert (found["from"], found["to"], found["segments"]) == ("enquiry", "sale", ["big"])
    assert [each["part"] for each in found["sizes"]] == [0.1, 0.5, 0.9]
    assert found["tests"][0]["cost"] == 500 + 2 * found["tests"][0]["customers_an_arm"]
    assert found["agents"]["agents"] == 2
    assert list(found["evppi"]) == ["letter_odds"]
    assert "customers that each of two arms needs" in ask("pilot", busy, *words).out


# ---- backtest


def test_a_back_test_feeds_the_grade(long: Shop) -> None:
    words = ["--until", "2025-06-30"]
    done = ask("backtest", long, *words, "--format", "json")
    assert done.code == 0, done.err
    found = done.json
    assert (found["kind"], found["passed"], found["reason"]) == ("backtest", True, "")
    held = {each["measure"]: each for each in found["measures"]}
    enquiry = held["enquiry"]
    assert len(enquiry["months"]) == 12
    july = sum(",2025-07-" in line[:16] for line in long.customers.read_text().splitlines())
    assert enquiry["months"][0]["came"] == july
    assert enquiry["naive_season"] == 12
    record = long.folder / "held.json"
    record.write_text(done.out)
    judged = long.simulate("--backtested", record, "--require-grade", "B", "--format", "json")
    assert judged.code == 0, judged.err
    assert [each["grade"] for each in judged.json["decisions"]] == ["A", "B"]
    assert long.simulate("--format", "json").json["decisions"][0]["grade"] == "B"
    page = long.folder / "held_too.html"
    told = long.simulate("--backtested", record, "--report", page)
    assert "held in a back-test, which lifts the grade from B to A" in told.out
    assert "held in a back-test, which lifts the grade from B to A" in page.read_text()


def test_a_record_of_other_rules_or_none_is_refused(long: Shop, tmp_path: Path) -> None:
    record = tmp_path / "held.json"
    good = {"schema": 1, "kind": "backtest", "revision": "0" * 64, "project": "sales",
            "passed": True}  # fmt: skip
    for text in (json.dumps(good), "{}", "[]", "no json", json.dumps({**good, "schema": 2})):
        record.write_text(text)
        done = long.simulate("--backtested", record)
        assert (done.code, done.codes) == (2, ["SEG728"]), text


def test_a_failed_back_test_warns(busy: Shop) -> None:
    done = ask("backtest", busy, "--until", "2026-01-31")
    assert (done.code, done.codes) == (1, ["SEG729"])
    assert "not passed: " in done.out
    assert "a pass takes at least 12 values in 3 months of each measure" in done.out
    found = ask("backtest", busy, "--until", "2026-01-31", "--format", "json")
    assert (found.code, found.json["passed"]) == (1, False)
    record = busy.folder / "failed.json"
    record.write_text(found.out)
    judged = busy.simulate("--backtested", record, "--format", "json")
    assert judged.codes == ["SEG729"]
    assert judged.json["decisions"][0]["grade"] == "B"


def test_the_page_of_a_back_test(long: Shop) -> None:
    page = long.folder / "held.html"
    assert ask("backtest", long, "--until", "2025-06-30", "--report", page).code == 0
    text = page.read_text()
    assert "Passed: " in text
    assert "How often the intervals held it" in text
    assert len(text) < 2 * 2**20
