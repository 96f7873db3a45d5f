"""A real call centre: two weeks of February 1999 estimate, the third week judges.

Staffing is not in the log, so the agents in effect are matched to the waits seen, by half hour and
kind of day (Sunday to Thursday, Friday, Saturday). What the third week does not bear out is
asserted as well: it had fewer agents in effect than the two before, which no log of those could
tell. Given its own waits, the formula is right about everything else.
"""

from functools import cache

import numpy as np
import polars as pl
import pytest

from segrules.sim.queues.calls import CallLog, Seen, estimate, seen

HALF_HOUR = 1800
HALVES = 48
DAYS = np.array([10, 2, 2])
"""Days of each kind in the first two weeks."""

PARTS = {
    "night": (0, 7),
    "morning": (7, 10),
    "noon": (10, 13),
    "afternoon": (13, 17),
    "evening": (17, 20),
    "late": (20, 24),
}


def seconds(column):
    hours, minutes, rest = (
        pl.col(column).str.split(":").list.get(at).cast(pl.Int64) for at in range(3)
    )
    return hours * 3600 + minutes * 60 + rest


@cache
def calls(folder):
    """Calls that reached the line: without tests of the system, and without those that broke off
    before they were put through (out of hours, mostly)."""
    table = pl.read_csv(
        folder / "call_centre" / "calls_1999-02-01_to_21.csv",
        schema_overrides={"customer_id": pl.String},
    )
    day = pl.col("date") % 100
    table = table.with_columns(
        day=day,
        half=seconds("vru_exit") // HALF_HOUR,
        # the first was a Monday
        kind=pl.when(day % 7 == 5).then(1).when(day % 7 == 6).then(2).otherwise(0),
        lost=pl.col("outcome") == "HANG",
    )
    never_in_line = pl.col("lost") & (pl.col("q_time") == 0)
    return table.filter(pl.col("outcome") != "PHANTOM", ~never_in_line)


def log_of(table):
    lost = table["lost"].to_numpy()
    recorded = (table["server"] != "NO_SERVER").to_numpy() & ~lost
    return CallLog(
        part=(table["kind"] * HALVES + table["half"]).to_numpy().astype(np.int64),
        waited=table["q_time"].to_numpy().astype(float),
        lost=lost,
        handle=np.where(recorded, table["ser_time"].to_numpy().astype(float), np.nan),
    )


@pytest.fixture(scope="module")
def weeks(shared_data):
    table = calls(shared_data)
    return tuple(log_of(table.filter(which)) for which in (pl.col("day") <= 14, pl.col("day") > 14))


@pytest.fixture(scope="module")
def estimates(weeks):
    lengths = np.repeat(DAYS * float(HALF_HOUR), HALVES)
    return estimate(weeks[0], lengths)


def hours_of(log):
    return log.part % HALVES // 2


def picked(log, chosen):
    return CallLog(log.part[chosen], log.waited[chosen], log.lost[chosen], log.handle[chosen])


def within(log, first, last):
    return picked(log, (hours_of(log) >= first) & (hours_of(log) < last))


def forecast(parts, log=None, first=0, last=24):
    """The mean over the half hours, each weighted with the calls that were expected in a week."""
    expected, weights = [], []
    for number, part in enumerate(parts):
        if part is not None and first <= number % HALVES / 2 < last:
            expected.append(part.expected())
            weights.append(part.arrivals * DAYS[number // HALVES])
    share = np.array(weights) / np.sum(weights)
    figures = ("wait", "delayed", "abandonment")
    return Seen(0, *(float(share @ [getattr(e, name) for e in expected]) for name in figures))


def test_the_log_is_the_one_described(weeks):
    before, after = weeks
    assert (len(before.part), len(after.part)) == (16_273, 7_712)
    both = np.concatenate([before.lost, after.lost])
    assert both.mean() == pytest.approx(0.13, abs=0.005)


def test_the_two_weeks_themselves(weeks, estimates):
    """One number of agents a half hour was matched to the wait alone; the rest follows."""
    own, found = forecast(estimates), seen(weeks[0])
    assert own.wait == pytest.approx(found.wait, rel=0.01)
    assert abs(own.abandonment - found.abandonment) < 0.005
    assert abs(own.delayed - found.delayed) < 0.05


def test_the_third_week_as_a_whole(weeks, estimates):
    expected, found = forecast(estimates), seen(weeks[1])
    assert abs(expected.wait / found.wait - 1) < 0.35
    assert abs(expected.abandonment - found.abandonment) < 0.05
    # It fails here: 51 of 100 were to wait, and 66 did.
    assert 0.10 < found.delayed - expected.delayed < 0.18


def test_the_third_week_by_part_of_the_day(weeks, estimates):
    """Where the forecast holds, by the limits of the week: wait 35%, shares five points."""
    holds = {}
    for name, (first, last) in PARTS.items():
        expected = forecast(estimates, first=first, last=last)
        found = seen(within(weeks[1], first, last))
        holds[name] = (
            bool(abs(expected.wait / found.wait - 1) <= 0.35),
            bool(abs(expected.abandonment - found.abandonment) <= 0.05),
            bool(abs(expected.delayed - found.delayed) <= 0.05),
        )
    nothing, all_but_delayed = (False, False, False), (True, True, False)
    assert holds == {
        # thirteen calls
        "night": nothing,
        "morning": all_but_delayed,
        "noon": nothing,
        "afternoon": nothing,
        "evening": all_but_delayed,
        "late": (True, True, True),
    }


def test_given_its_own_waits_the_third_week_is_understood(weeks, estimates):
    """The misses are the staffing's and not the formula's."""
    lengths = np.repeat(DAYS * HALF_HOUR / 2.0, HALVES)
    own = estimate(weeks[1], lengths)
    expected, found = forecast(own), seen(weeks[1])
    assert abs(expected.abandonment - found.abandonment) < 0.02
    # Erlang-A lets somewhat too few wait at all, as it did in the weeks before.
    assert 0.05 < found.delayed - expected.delayed < 0.07
    weekday = range(20, 38)
    agents = [[parts[half].agents for half in weekday] for parts in (estimates, own)]
    loads = [
        [parts[half].arrivals * parts[half].handle for half in weekday]
        for parts in (estimates, own)
    ]
    spare = [np.mean(np.array(a) - np.array(w)) for a, w in zip(agents, loads, strict=True)]
    print(spare)
    assert spare[1] < spare[0] - 0.5
