"""`segrules history`: who moved, on a shop whose customers are assigned month after month."""

import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from cli_shop import RULES, Ran, Shop, process, run, shop

from segrules.rules import Rules, load
from segrules.segments.history.reviews import Asked, migrations
from segrules.segments.history.store import Run, StoredSet, append, rules_revision

SECOND = """
segments place of customers {
  northern when region = north
  otherwise elsewhere
}
"""
MONTHS = (
    {"1": "big", "2": "keen", "3": "small", "4": "small"},
    {"1": "big", "2": "small", "3": "keen", "5": "keen"},
    {"1": "small", "2": "keen", "3": "big", "5": "keen"},
)


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path)


def day(at: int) -> dt.date:
    return dt.date(2026, at + 1, 28)


def keep(
    made: Shop,
    at: dt.date,
    held: Mapping[str, str | None],
    *,
    free: Mapping[str, str] | None = None,
    known: tuple[str, ...] = ("big", "keen", "small"),
    rules: str | None = None,
) -> Path:
    """A run in the shop's history, by the rules as they are."""
    loaded = load(made.rules)
    revision = rules or rules_revision(loaded.canonical, loaded.ruleset.knobs)
    given = pl.DataFrame({"customer_id": list(held), "value": list(held.values())})
    if free is not None:
        given = given.with_columns(pl.Series("value:free", list(free.values())))
    what = Run(
        "customers", "customer_id", at, "shop", revision, revision, {"value": StoredSet(known)}
    )
    return append(made.folder / "history", given, what)


def kept(made: Shop) -> Shop:
    for at, held in enumerate(MONTHS):
        keep(made, day(at), held)
    return made


def history(made: Shop, *more: object) -> Ran:
    return run("history", made.rules, "--history", made.folder / "history", *more)


def refused(done: Ran) -> list[str]:
    assert (done.code, done.out) == (2, ""), done.out
    assert "= hint: " in done.err
    return done.codes


# ---- what it shows


def test_tables(made: Shop, golden: Callable[[str, str], None]) -> None:
    done = history(kept(made))
    assert (done.code, done.err) == (0, "")
    golden("history/three_months.txt", done.out)


def test_tables_with_tolerance_and_a_segment_no_longer_known(
    made: Shop, golden: Callable[[str, str], None]
) -> None:
    made.change("  keen ", "      stay at least 1 month\n  keen ")
    held: dict[str, str | None] = {"1": "big", "2": "vip", "3": None}
    for at, free in enumerate(("big", "small", "big")):
        keep(made, day(at), held, free={"1": free, "2": "vip", "3": "keen"},
             known=("vip", "big", "keen", "small"))  # fmt: skip
    done = history(made)
    assert (done.code, done.err) == (0, "")
    golden("history/tolerance.txt", done.out)


def test_a_set_without_tolerance_is_not_told_of_as_if_it_had_any(made: Shop) -> None:
    for at, free in enumerate(("small", "big", "small")):
        keep(made, day(at), {"1": "big"}, free={"1": free})
    done = history(made)
    assert "tolerance" in done.out.splitlines()[-1]
    assert "0 of 1 chance, 0.0%; the set has no tolerance" in done.out
    assert "with tolerance" not in done.out
    (held,) = history(made, "--format", "json").json["sets"]
    assert held["flapping_without_tolerance"] is None


def test_record(made: Shop) -> None:
    done = history(kept(made), "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert done.json["schema"] == 1
    (held,) = done.json["sets"]
    assert (held["set"], held["table"]) == ("value", "customers")
    assert [each["as_of"] for each in held["reviews"]] == [str(day(at)) for at in range(3)]
    assert held["segments"] == [
        {"segment": "big", "entered": 1, "left": 1, "stayed": 1},
        {"segment": "keen", "entered": 3, "left": 2, "stayed": 1},
        {"segment": "small", "entered": 2, "left": 3, "stayed": 0},
    ]
    assert held["overall"] == [
        {"from": "big", "to": "small", "customers": 1, "share": 1.0},
        {"from": "keen", "to": "keen", "customers": 1, "share": 1.0},
        {"from": "small", "to": "big", "customers": 1, "share": 0.5},
        {"from": "small", "to": "(gone)", "customers": 1, "share": 0.5},
        {"from": "(new)", "to": "keen", "customers": 1, "share": 1.0},
    ]
    assert sum(each["customers"] for each in held["steps"]) == 9
    assert held["flapping"] == {"flaps": 1, "chances": 3, "rate": 1 / 3}
    assert held["flapping_without_tolerance"] is None
    assert (held["moved_up"], held["moved_down"]) == (None, None)


def test_from_a_day_to_a_day(made: Shop) -> None:
    kept(made)
    (held,) = history(made, "--since", day(1), "--format", "json").json["sets"]
    assert [each["as_of"] for each in held["reviews"]] == [str(day(1)), str(day(2))]
    (held,) = history(made, "--until", day(1), "--format", "json").json["sets"]
    assert [each["as_of"] for each in held["reviews"]] == [str(day(0)), str(day(1))]
    assert refused(history(made, "--since", day(2))) == ["SEG461"]
    for option in ("--since", "--until"):
        assert refused(history(made, option, "yesterday")) == ["SEG622"]


def test_many_segments_are_numbered_and_very_many_listed(made: Shop) -> None:
    for count, shown in ((5, "4 segment_number_0"), (60, "segment_number_59")):
        names = tuple(f"segment_number_{at}" for at in range(count))
        for at in range(2):
            held = {str(key): names[(key + at) % count] for key in range(count)}
            keep(made, day(at), held, known=names)
        done = history(made)
        assert done.code == 0
        assert shown in done.out
        assert ("(new)" in done.out) == (count == 5)
        assert "…" not in done.out
        assert max(map(len, done.out.splitlines())) <= 110
        shutil.rmtree(made.folder / "history")


def test_names_from_files_cannot_reach_the_terminal(made: Shop) -> None:
    keep(made, day(0), {"1": "\x1b[31mred", "2": "[red]x[/red]"})
    keep(made, day(1), {"1": "big", "2": "big"})
    done = history(made)
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "[red]x[/red]" in done.out


# ---- which sets, which reviews


def asked(made: Shop, what: Asked, change: Callable[[Rules], Rules] = lambda rules: rules) -> str:
    """The sets and reviews that an answer is about, and the codes that come with it."""
    rules = change(load(made.rules))
    found = migrations(made.folder / "history", rules.ruleset, what, text=rules.canonical)
    said = [f"{each.segments_of}:{len(each.reviews)}" for each in found.sets]
    return " ".join([*said, *(f"{each.severity}[{each.code}]" for each in found.findings)])


def test_the_review_and_the_ladder_of_the_rules(made: Shop) -> None:
    kept(made)
    keep(made, dt.date(2026, 2, 3), {"1": "keen"})

    def monthly(rules: Rules) -> Rules:
        ladder = tuple(
            replace(each, ladder=("small", "keen", "big")) for each in rules.ruleset.sets
        )
        return replace(rules, ruleset=replace(rules.ruleset, review="month", sets=ladder))

    assert asked(made, Asked()) == "value:4"
    assert asked(made, Asked(), monthly) == "value:3"
    rules = monthly(load(made.rules))
    (found,) = migrations(
        made.folder / "history", rules.ruleset, Asked(), text=rules.canonical
    ).sets
    assert found.climbs is not None
    assert (found.climbs.up, found.climbs.down) == (3, 2)


def test_a_set_without_reviews_is_left_out_while_another_has_some(made: Shop) -> None:
    made.rules.write_text(RULES + SECOND)
    kept(made)
    assert asked(made, Asked()) == "value:3 warning[SEG461]"
    assert asked(made, Asked(segments_of="value")) == "value:3"
    assert history(made).codes == ["SEG461"]
    assert history(made).code == 0
    assert refused(history(made, "--set", "place")) == ["SEG461"]


def test_sets_and_tables_that_are_not_declared(made: Shop) -> None:
    kept(made)
    assert refused(history(made, "--set", "worth")) == ["SEG418"]
    assert refused(history(made, "--of", "people")) == ["SEG418"]
    assert refused(history(made, "--of", "customers", "--set", "worth")) == ["SEG418"]
    assert history(made, "--of", "customers", "--set", "value").code == 0


# ---- what can be wrong


def test_no_history(made: Shop) -> None:
    assert refused(history(made)) == ["SEG460"]
    (made.folder / "history").write_text("a file")
    assert refused(history(made)) == ["SEG460"]


def test_no_run_and_a_single_run(made: Shop) -> None:
    (made.folder / "history").mkdir()
    assert refused(history(made)) == ["SEG461"]
    keep(made, day(0), MONTHS[0])
    keep(made, day(0), MONTHS[1])
    done = history(made)
    assert refused(done) == ["SEG461"]
    assert "of 2026-01-28" in done.err


def test_a_damaged_run(made: Shop) -> None:
    kept(made)
    path = made.folder / "history" / "customers.2026-02-28.0001.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert refused(history(made)) == ["SEG462"]
    path.write_bytes(whole[:4] + bytes(60) + whole[64:])
    done = history(made)
    assert refused(done) == ["SEG462"]
    assert "2026-02-28" in done.err


def test_runs_of_other_rules(made: Shop) -> None:
    keep(made, day(0), MONTHS[0])
    old = rules_revision(load(made.rules).canonical, load(made.rules).ruleset.knobs)
    keep(made, day(1), MONTHS[1])
    made.change("knob big_from = 100", "knob big_from = 150")
    keep(made, day(2), MONTHS[2])
    done = history(made)
    assert (done.code, done.codes) == (0, ["SEG465"])
    new = rules_revision(load(made.rules).canonical, load(made.rules).ruleset.knobs)
    assert f"2 runs of `customers` of 2026-01-28 to 2026-02-28 come from other rules: `shop` of " \
           f"revision {old[:12]}, not `shop` of {new[:12]}" in done.err  # fmt: skip
    # the same knob set by hand makes the later run the stranger
    made.change("knob big_from = 150", "knob big_from = 100")
    done = history(made)
    assert "the run of `customers` of 2026-03-28 comes from other rules" in done.err
    assert history(made, "--until", day(1)).err == ""


def test_the_same_in_a_process_of_its_own(made: Shop) -> None:
    kept(made)
    words = ["history", made.rules, "--history", made.folder / "history"]
    assert process(*words).out == run(*words).out
