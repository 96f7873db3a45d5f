"""Migration between reviews: counted by hand, against a plain count, and from a known chain."""

import datetime as dt
import math
import random
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from history_runs import SEGMENTS, day, month, rows, run, write

from segrules.segments.history.migration import (
    GONE,
    NEW,
    NOWHERE,
    Climbs,
    Flapping,
    Flow,
    Migration,
    Within,
    migration,
)
from segrules.segments.history.store import StoredSet, append, runs
from segrules.text.diagnostic import RulesError


def moves(folder: Path, within: Within = Within()) -> Migration:  # noqa: B008 -- it is frozen
    return migration(folder, "customers", "value", within)


def test_a_small_history(tmp_path: Path) -> None:
    write(tmp_path, "p=a q=a r=b s=c", "p=a q=b s=c t=a", "p=b q=a r=b t=")
    found = moves(tmp_path)
    assert [each.run.as_of for each in found.reviews] == [month(0), month(1), month(2)]
    assert found.steps.states == ("a", "b", "c", NOWHERE)
    assert found.steps.counts == {
        ("a", "a"): 1, ("a", "b"): 2, ("b", "a"): 1, ("b", GONE): 1, ("c", "c"): 1,
        (NEW, "a"): 1, ("a", NOWHERE): 1, ("c", GONE): 1, (NEW, "b"): 1,
    }  # fmt: skip
    assert found.overall.counts == {
        ("a", "b"): 1, ("a", "a"): 1, ("b", "b"): 1, ("c", GONE): 1, (NEW, NOWHERE): 1,
    }  # fmt: skip
    assert found.flows == (
        Flow("a", entered=2, left=3, stayed=1),
        Flow("b", entered=3, left=2, stayed=0),
        Flow("c", entered=0, left=1, stayed=1),
        Flow(NOWHERE, entered=1, left=0, stayed=0),
    )
    # p and q are in all three reviews, and q comes back
    assert found.flapping == Flapping(1, 2)
    assert found.flapping.rate == 0.5
    assert (found.flapping_free, found.climbs) == (None, None)


def test_shares_are_of_those_who_were_there(tmp_path: Path) -> None:
    write(tmp_path, "p=a q=a r=a s=a t=b", "p=a q=b r=b u=b v=c")
    steps = moves(tmp_path).steps
    assert [steps.share("a", to) for to in ("a", "b", "c", GONE)] == [0.25, 0.5, 0.0, 0.25]
    assert steps.share("b", GONE) == 1
    assert (steps.share(NEW, "b"), steps.share(NEW, "c")) == (0.5, 0.5)
    assert steps.share("c", "a") is None
    assert moves(tmp_path).overall == steps


def test_flapping_is_a_b_a_at_three_reviews_running(tmp_path: Path) -> None:
    cases = {
        "aba": 1, "aab": 0, "abc": 0, "aaa": 0, "abab": 2, "abba": 0, "ab-a": 0, "ab-aba": 1,
        "a.a": 1, ".a.": 0, "a..": 0, "-aba": 1, "aba-": 1,
    }  # fmt: skip
    for at, (path, flaps) in enumerate(cases.items()):
        folder = tmp_path / str(at)
        write(folder, *(_run(path, review) for review in range(6)))
        chances = sum("-" not in path[at : at + 3] for at in range(len(path) - 2))
        assert moves(folder).flapping == Flapping(flaps, chances), path


def _run(path: str, at: int) -> dict[str, str | None]:
    """One customer on a path: a segment a review, `.` is in no segment and `-` is away."""
    where = path[at] if at < len(path) else "-"
    return {f"other{at}": "c"} if where == "-" else {"p": None if where == "." else where}


def test_no_third_review_no_flapping(tmp_path: Path) -> None:
    write(tmp_path, "p=a", "p=b")
    found = moves(tmp_path).flapping
    assert (found, found.rate) == (Flapping(0, 0), None)


def test_flapping_without_tolerance(tmp_path: Path) -> None:
    """The stored segments hold p; without tolerance p would have gone to and fro."""
    held, free = "aaaaaa", "abaaba"
    for at in range(6):
        given = rows({"p": held[at], "q": "b"}).with_columns(
            pl.Series("value:free", [free[at], "b"])
        )
        append(tmp_path, given, run(month(at)))
    found = moves(tmp_path)
    assert found.flapping == Flapping(0, 8)
    assert found.flapping_free == Flapping(2, 8)


def test_where_nothing_is_said_of_tolerance_there_was_none(tmp_path: Path) -> None:
    write(tmp_path, "p=a", "p=b", "p=a")
    for at, free in ((3, "b"), (4, "a"), (5, None)):
        given = rows({"p": "a"}).with_columns(pl.lit(free, dtype=pl.String).alias("value:free"))
        append(tmp_path, given, run(month(at)))
    found = moves(tmp_path)
    assert found.flapping == Flapping(1, 4)
    assert found.flapping_free == Flapping(3, 4)


# ---- which runs are reviews


def test_runs_of_one_period_are_one_review(tmp_path: Path) -> None:
    days = {"2026-01-05": "b", "2026-01-30": "a", "2026-02-27": "b", "2026-03-02": "a",
            "2026-03-02 again": "c"}  # fmt: skip
    for text, segment in days.items():
        append(tmp_path, rows({"p": segment}), run(day(text[:10])))
    found = moves(tmp_path, Within(review="month"))
    assert [str(each.run.as_of) for each in found.reviews] == [
        "2026-01-30", "2026-02-27", "2026-03-02",
    ]  # fmt: skip
    assert found.steps.counts == {("a", "b"): 1, ("b", "c"): 1}
    # by weeks, 27 February and 2 March are two reviews; by quarters all runs are one
    assert len(moves(tmp_path, Within(review="week")).reviews) == 4
    assert len(moves(tmp_path).reviews) == 4
    with pytest.raises(RulesError, match="a single review of `customers`, of 2026-03-02"):
        moves(tmp_path, Within(review="quarter"))


def test_from_a_day_to_a_day(tmp_path: Path) -> None:
    write(tmp_path, "p=a", "p=b", "p=c", "p=a")
    found = moves(tmp_path, Within(month(1), month(2)))
    assert [each.run.as_of for each in found.reviews] == [month(1), month(2)]
    assert len(moves(tmp_path, Within(since=month(1))).reviews) == 3
    assert len(moves(tmp_path, Within(until=month(2))).reviews) == 3
    # the last run of a period is the last one within the days asked for
    append(tmp_path, rows({"p": "b"}), run(dt.date(2026, 4, 30)))
    ends = moves(tmp_path, Within(until=dt.date(2026, 4, 29), review="month")).reviews
    assert ends[-1].run.as_of == month(3)
    with pytest.raises(RulesError, match="no run with `value` of `customers` from 2026-05-01"):
        moves(tmp_path, Within(since=dt.date(2026, 5, 1)))
    with pytest.raises(RulesError, match=r"no run .* from 2026-03-28 up to 2026-01-28"):
        moves(tmp_path, Within(month(2), month(0)))


def test_too_few_reviews(tmp_path: Path) -> None:
    write(tmp_path, "p=a")
    append(tmp_path, rows({"p": "b"}), run(month(1), sets={}))
    with pytest.raises(RulesError) as found:
        moves(tmp_path)
    (only,) = found.value.diagnostics
    assert (only.code, only.severity, found.value.unable) == ("SEG461", "error", True)
    assert only.message == "the history holds a single review of `customers`, of 2026-01-28"
    with pytest.raises(RulesError, match="no run with `worth` of `customers`"):
        migration(tmp_path, "customers", "worth")


def test_assigning_a_day_again_changes_no_move(tmp_path: Path) -> None:
    write(tmp_path, "p=a q=b", "p=b q=b", "p=a q=c")
    before = moves(tmp_path)
    append(tmp_path, rows({"p": "b", "q": "b"}), run(month(1)))
    after = moves(tmp_path)
    assert (after.steps, after.flapping) == (before.steps, before.flapping)
    append(tmp_path, rows({"p": "a", "q": "b"}), run(month(1)))
    assert moves(tmp_path).flapping != before.flapping
    assert len(runs(tmp_path, "customers")) == 5


def test_kept_columns_that_changed_their_type_do_not_matter(tmp_path: Path) -> None:
    append(tmp_path, rows({"p": "a"}, score=["many"]), run(month(0)))
    append(tmp_path, rows({"p": "b"}, score=[1]), run(month(1)))
    assert moves(tmp_path).steps.counts == {("a", "b"): 1}


# ---- order and ladder


def test_segments_in_order_and_those_no_longer_known(tmp_path: Path) -> None:
    old = {"value": StoredSet(("vip", "a", "b"))}
    append(tmp_path, rows({"p": "vip", "q": "a"}), run(month(0), old))
    write_new = {"value": StoredSet(("b", "a"), ladder=("a", "b"))}
    append(tmp_path, rows({"p": "a", "q": "b", "r": "strange"}), run(month(1), write_new))
    found = moves(tmp_path)
    assert found.steps.states == ("b", "a", "vip", "strange")
    assert found.climbs == Climbs(up=1, down=0)
    declared = StoredSet(("a", "c", "b"), ladder=("b", "a", "vip"))
    found = migration(tmp_path, "customers", "value", declared=declared)
    assert found.steps.states == ("a", "c", "b", "vip", "strange")
    assert found.climbs == Climbs(up=0, down=2)


def test_the_ladder_counts_each_step_between_rungs(tmp_path: Path) -> None:
    write(tmp_path, "p=a q=c r=b s=a t=", "p=c q=a r=b t=b", "p=b q=c r= t=c u=c")
    found = migration(tmp_path, "customers", "value", declared=StoredSet(SEGMENTS, ("a", "b", "c")))
    assert found.climbs == Climbs(up=3, down=2)


# ---- against a plain count


def counted(history: list[dict[str, str | None]]) -> tuple[Counter[tuple[str, str]], Flapping]:
    """Moves and flaps by the letter of the definition, a customer at a time."""
    found: Counter[tuple[str, str]] = Counter()
    flaps = chances = 0
    for at in range(1, len(history)):
        held, now = history[at - 1], history[at]
        for key in held.keys() | now.keys():
            source = (held[key] or NOWHERE) if key in held else NEW
            found[source, (now[key] or NOWHERE) if key in now else GONE] += 1
            if at > 1 and key in history[at - 2] and key in held and key in now:
                chances += 1
                there = history[at - 2][key]
                flaps += there is not None and now[key] == there and held[key] != there
    return found, Flapping(flaps, chances)


@pytest.mark.parametrize("seed", range(20))
def test_any_history(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311
    history: list[dict[str, str | None]] = [
        {f"k{key}": luck.choice([*SEGMENTS, None]) for key in range(40) if luck.random() < 0.8}
        for _ in range(luck.randrange(2, 9))
    ]
    write(tmp_path, *history)
    found = moves(tmp_path)
    assert (found.steps.counts, found.flapping) == counted(history)
    assert found.overall.counts == counted([history[0], history[-1]])[0]


# ---- a known chain

CHAIN = {
    "a": {"a": 0.80, "b": 0.15, "c": 0.05},
    "b": {"a": 0.10, "b": 0.70, "c": 0.20},
    "c": {"a": 0.02, "b": 0.08, "c": 0.90},
}
QUARTERS = 8
CUSTOMERS = 6_000


def test_a_known_chain_is_recovered(tmp_path: Path) -> None:
    """Eight quarters of a chain, reviewed by quarters: shares are the chain's, within luck."""
    luck = random.Random(20_26)  # noqa: S311
    now = {f"{key:05}": luck.choice(SEGMENTS) for key in range(CUSTOMERS)}
    made: Counter[tuple[str, str]] = Counter()
    for at in range(QUARTERS):
        if at:
            after = {
                key: luck.choices(SEGMENTS, list(CHAIN[held].values()))[0]
                for key, held in now.items()
            }
            made.update(zip(now.values(), after.values(), strict=True))
            now = after
        early = dt.date(2024 + at // 4, at % 4 * 3 + 1, 15)
        append(tmp_path, rows(dict.fromkeys(now, "c")), run(early))
        append(tmp_path, rows(dict(now)), run(early + dt.timedelta(days=60)))
    found = moves(tmp_path, Within(review="quarter"))
    assert len(found.reviews) == QUARTERS
    assert found.steps.counts == made
    for source, row in CHAIN.items():
        seen = sum(count for (left, _), count in made.items() if left == source)
        for to, chance in row.items():
            share = found.steps.share(source, to)
            assert share is not None
            # four standard errors: one such test in two thousand fails by luck, with another seed
            assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / seen)
