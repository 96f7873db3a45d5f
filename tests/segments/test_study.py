"""A funnel counts only who has had the full time; intervals agree with the literature."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import polars as pl
import pytest
from scipy import stats
from segments_shop import BOUGHT, BUYERS, CUSTOMERS, SALES, SHOP, VALUE, column

from segrules.backends.context import days_later, months_later
from segrules.lang.ir import Cost, Funnel, Ruleset
from segrules.segments.assign import Asked, Placement, place
from segrules.segments.funnel import FunnelHistory, StageCounts, complete_months, funnel_history
from segrules.segments.study import difference, study, wilson
from segrules.text.diagnostic import RulesError

AS_OF = dt.date(2026, 6, 30)
RULES = replace(SHOP, funnels=(SALES,))
Row = tuple[str, float, dt.date | None, dt.datetime | None, dt.date | None]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def noon(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}T12:00")


def placed(rows: Sequence[Row], rules: Ruleset = RULES, as_of: dt.date = AS_OF) -> Placement:
    names = ["customer_id", "spend", "joined", "met_at", "sold_at"]
    kinds = [pl.String, pl.Float64, pl.Date, pl.Datetime("us"), pl.Date]
    frame = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    frame = frame.with_columns(points=pl.lit(0), salary=pl.lit(None, pl.Int64))
    return place(rules, "customers", {"customers": frame}, Asked(as_of))


def history(rows: Sequence[Row]) -> FunnelHistory:
    return funnel_history(placed(rows), SALES, VALUE)


@pytest.mark.parametrize(
    ("met", "sold", "reached"),
    [
        ("2026-01-31", None, (1, 0)),
        # a month after the end of January is the end of February
        ("2026-02-28", "2026-03-30", (1, 1)),
        ("2026-03-01", "2026-03-02", (0, 0)),
        ("2026-02-28", "2026-03-31", (1, 0)),
        ("2026-01-30", "2026-02-01", (0, 0)),
        (None, "2026-02-01", (0, 0)),
        ("2026-02-05", "2026-02-04", (1, 0)),
    ],
)
def test_what_counts_as_reached(
    met: str | None, sold: str | None, reached: tuple[int, int]
) -> None:
    row = ("C1", 200.0, day("2026-01-31"), noon(met) if met else None, day(sold) if sold else None)
    found = history([row])
    assert tuple(found.counts["high", stage].reached for stage in ("meeting", "sale")) == reached
    assert found.counts["high", "enquiry"] == StageCounts(1, 1, 0)


def test_dates_after_as_of_do_not_count() -> None:
    found = history([("C1", 1, day("2026-05-29"), noon("2026-07-01"), None)])
    assert found.counts["low", "meeting"] == StageCounts(1, 0, 0)
    later = history([("C1", 1, day("2026-07-01"), None, None)])
    assert set(later.counts.values()) == {StageCounts(0, 0, 0)}


def test_an_instant_is_a_date_in_the_zone() -> None:
    # half past midnight in London on the day of entry is still the day before in UTC
    rows = [("C1", 1.0, day("2026-05-20"), dt.datetime(2026, 5, 20, 0, 30), None)]
    assert history(rows).counts["low", "meeting"].reached == 1


def test_cohorts_mature() -> None:
    found = history(
        [
            ("C1", 1, day("2026-04-30"), noon("2026-05-10"), day("2026-05-20")),
            ("C2", 1, day("2026-05-01"), noon("2026-05-10"), day("2026-05-20")),
            ("C3", 1, day("2026-05-30"), None, None),
            ("C4", 1, day("2026-05-31"), noon("2026-06-10"), None),
        ]
    )
    # a month and 30 days before the end of June; the end of May has its month on the last day
    assert found.mature_until == {
        "enquiry": AS_OF,
        "meeting": day("2026-05-31"),
        "sale": day("2026-04-30"),
    }
    assert found.counts["low", "meeting"] == StageCounts(4, 3, 0)
    assert found.counts["low", "sale"] == StageCounts(1, 1, 2)
    assert found.mature == {"enquiry": 4, "meeting": 4, "sale": 1}


def test_counts_agree_with_a_plain_count() -> None:
    """The same definition, row by row in plain Python."""
    rows: list[Row] = []
    for at in range(400):
        joined = dt.date(2025, 11, 1) + dt.timedelta(days=at * 7 % 240)
        met = joined + dt.timedelta(days=at * 13 % 45 - 2) if at % 3 else None
        sold = (met or joined) + dt.timedelta(days=at * 11 % 40 - 1) if at % 5 else None
        when = dt.datetime.combine(met, dt.time(12)) if met else None
        rows.append((f"C{at:03}", float(at), joined, when, sold))
    found = history(rows)
    expected = {(name, at): [0, 0, 0] for name in ("low", "high") for at in (1, 2)}
    for _, spend, joined, when, sold in rows:
        assert joined is not None
        met = when.date() if when else None
        name = "high" if spend >= 100 else "low"
        month = months_later(joined, 1)
        assert month is not None
        end = days_later(month, 30)
        assert end is not None
        entered = joined <= AS_OF
        meets = entered and met is not None and joined <= met <= min(AS_OF, month)
        sells = (
            meets
            and met is not None
            and sold is not None
            and met <= sold <= min(AS_OF, met + dt.timedelta(30))
        )
        for at, before, after, limit in ((1, entered, meets, month), (2, meets, sells, end)):
            if before and limit <= AS_OF:
                expected[name, at][0] += 1
                expected[name, at][1] += after
            elif before:
                expected[name, at][2] += 1
    for (name, at), counts in expected.items():
        assert found.counts[name, found.stages[at]] == StageCounts(*counts)
    assert all(counts[1] and counts[2] for counts in expected.values())


def test_arrivals_values_and_costs() -> None:
    stages = list(SALES.stages)
    stages[2] = replace(stages[2], costs=(Cost("gift", column(CUSTOMERS, "salary")),))
    rules = replace(SHOP, funnels=(Funnel("sales", "customers", tuple(stages)),))
    sale = (day("2026-01-31"), noon("2026-02-10"), day("2026-02-20"))
    rows = [
        ("C1", 200.0, *sale),
        ("C2", 400.0, *sale),
        ("C3", 600.0, day("2026-06-30"), noon("2026-06-30"), day("2026-06-30")),
        ("C4", 1.0, day("2025-06-30"), None, None),
        ("C5", 1.0, day("2025-07-01"), None, None),
    ]
    found = funnel_history(placed(rows, rules), rules.funnels[0], VALUE)
    assert found.months[0] == day("2025-07-01")
    assert found.months[-1] == day("2026-06-01")
    assert found.entries["low"] == (1, *[0] * 11)
    assert found.entries["high"] == (*[0] * 6, 2, *[0] * 4, 1)
    # the sale of the last day belongs to a cohort that is not mature
    value = found.values["high", "sale"]
    assert (value.count, value.mean, value.variance) == (2, 30_000, 2 * 10_000**2)
    assert found.values["low", "sale"].mean is None
    assert found.costs["high", "sale", "gift"].count == 0


def test_complete_months() -> None:
    assert complete_months(day("2026-06-29"))[-1] == day("2026-05-01")
    assert complete_months(day("2026-12-31"))[-1] == day("2026-12-01")
    assert complete_months(day("2026-01-15"))[0] == day("2025-01-01")
    assert len(complete_months(AS_OF)) == 12


def test_study_compares_segments() -> None:
    rows: list[Row] = []
    for at in range(200):
        high, met = at % 2 == 0, at % 8 in {0, 2, 4, 1}
        when = noon("2026-01-10") if met else None
        rows.append((f"C{at:03}", 200.0 if high else 1.0, day("2026-01-01"), when, None))
    made = study(placed(rows), "sales", "value")
    meeting = made.stages[0]
    assert (meeting.name, meeting.rate) == ("meeting", 0.5)
    found = {each.segment: each for each in meeting.segments}
    assert (found["high"].rate, found["low"].rate) == (0.75, 0.25)
    assert (found["high"].index, found["low"].index) == (150, 50)
    assert (found["high"].differs, found["low"].differs) == ("above", "below")
    assert (found["keen"].rate, found["keen"].index, found["keen"].differs) == (None, None, "–")
    assert found["high"].interval_95[0] < found["high"].interval_80[0] < 0.75
    few = study(placed(rows[:8]), "sales", "value")
    assert {each.differs for each in few.stages[0].segments} == {"–"}


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (3, 10), (10, 10), (81, 263), (1, 1)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_wilson_is_as_scipy_has_it(successes: int, trials: int, level: float) -> None:
    known = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    low, high = wilson(successes, trials, level)
    assert math.isclose(low, known.low, abs_tol=1e-12)
    assert math.isclose(high, known.high, abs_tol=1e-12)
    assert wilson(0, 0, level) == (0, 1)


def test_difference_is_as_published() -> None:
    """Newcombe (1998), table II, method 10: 56/70 − 48/80 and 10/10 − 0/20."""
    one = difference((56, 70), (48, 80), 0.95)
    assert (round(one[0], 4), round(one[1], 4)) == (0.0524, 0.3339)
    two = difference((10, 10), (0, 20), 0.95)
    assert (round(two[0], 4), round(two[1], 4)) == (0.6791, 1.0)


def codes(placement: Placement, funnel: str = "sales", segments_of: str = "value") -> list[str]:
    with pytest.raises(RulesError) as raised:
        study(placement, funnel, segments_of)
    return [found.code for found in raised.value.diagnostics]


def test_too_young() -> None:
    entered = day("2026-06-01")
    assert codes(placed([("C1", 1, entered, None, None)])) == ["SEG422"]
    rows: list[Row] = [("C1", 1, day("2026-05-15"), noon("2026-05-20"), None)]
    made = study(placed(rows), "sales", "value")
    assert [found.code for found in made.findings] == ["SEG424"]
    assert made.stages[1].rate is None


def test_what_is_refused() -> None:
    placement = placed([("C1", 1, AS_OF, None, None)])
    assert codes(placement, funnel="sale") == ["SEG418"]
    assert codes(placement, segments_of="worth") == ["SEG418"]
    with pytest.raises(RulesError) as raised:
        funnel_history(placement, SALES, replace(BUYERS, table="orders"))
    assert raised.value.diagnostics[0].code == "SEG423"


def test_moments_are_exact_and_always_the_same() -> None:
    """Sums of floats depend on the order in which the engine merges; sums of integers do not."""
    count = 200_000
    minor = [at * 7919 % 1_000_003 * 10**8 + 8 * 10**14 + at for at in range(count)]
    frame = pl.DataFrame(
        {
            "customer_id": [f"C{at}" for at in range(count)],
            "spend": [f"{amount // 100}.{amount % 100:02}" for amount in minor],
            "points": pl.Series([0] * count),
            "salary": pl.Series([None] * count, dtype=pl.Int64),
            "joined": [day("2026-01-31")] * count,
            "met_at": [noon("2026-02-01")] * count,
            "sold_at": [day("2026-02-02")] * count,
        }
    )
    total, squares = sum(minor), sum(each * each for each in minor)
    mean = float(Fraction(total, count))
    variance = float(Fraction(count * squares - total**2, count * (count - 1)))
    placement = place(RULES, "customers", {"customers": frame}, Asked(AS_OF))
    for _ in range(3):
        found = funnel_history(placement, SALES, VALUE).values["high", "sale"]
        assert (found.count, found.mean, found.variance) == (count, mean, variance)


def messages(placement: Placement) -> list[str]:
    with pytest.raises(RulesError) as raised:
        study(placement, "sales", "value")
    return [found.message for found in raised.value.diagnostics]


def test_too_young_is_not_nobody() -> None:
    (young,) = messages(placed([("C1", 1, day("2026-06-01"), None, None)]))
    assert "has had the full time to reach `meeting`" in young
    (nobody,) = messages(placed([("C1", 1, None, None, None)]))
    assert "has reached `enquiry`, so `meeting` has no rate" in nobody
    rows: list[Row] = [("C1", 1, day("2026-05-15"), None, None)]
    (found,) = study(placed(rows), "sales", "value").findings
    assert found.code == "SEG424"
    assert "has reached `meeting`, so `sale` has no rate" in found.message


def test_names_of_stages_do_not_clash_with_names_of_rules() -> None:
    feature = replace(BOUGHT, name="date enquiry", expr=column(CUSTOMERS, "points"))
    rules = replace(RULES, features=(feature,))
    row = ("C1", 200.0, day("2026-01-31"), noon("2026-02-01"), None)
    found = funnel_history(placed([row], rules), SALES, VALUE)
    assert found.counts["high", "meeting"] == StageCounts(1, 1, 0)
