"""Back-tests of firms whose truth is known: a steady one passes, one that changes does not."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from decisions_forms import AS_OF, customers, rules
from scipy.stats import binom

from segrules.deciding import backtest
from segrules.report.backtest import rule
from segrules.sim.decide.forecast import score
from segrules.sim.decisions.backtesting import FEWEST_MONTHS, FEWEST_VALUES, _reason
from segrules.sim.projection import Settings

UNTIL = dt.date(2025, 9, 30)
SINCE = dt.date(2023, 6, 1)
SEEDS = range(6)


def held(seed, since=SINCE, **more):
    rows = customers(9_000, seed, since=since, **more)
    settings = Settings(runs=600)
    return backtest(rules(), {"customers": rows}, settings, until=UNTIL, as_of=AS_OF)


@pytest.fixture(scope="module")
def steady():
    return [held(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def even():
    """Known for less than a year, so that no season is read from what is none."""
    return [held(seed, dt.date(2025, 1, 20)) for seed in SEEDS]


def test_months_count_when_customers_had_their_time(steady):
    months = {each.measure: each.months for each in steady[0].measures}
    assert months["joined"] == tuple(
        dt.date(2025 + at // 12, at % 12 + 1, 1) for at in range(9, 18)
    )
    assert months["sold"][-1] == dt.date(2026, 5, 1)
    assert months["revenue"] == months["sold"]


def test_what_came_is_what_is_in_the_rows(steady):
    rows = customers(9_000, 0, since=SINCE)
    for each in steady[0].measures:
        for month, came in zip(each.months, each.came, strict=True):
            days = [
                (day, sold, spend)
                for day, sold, spend in zip(
                    rows["joined"], rows["sold_at"], rows["spend"], strict=True
                )
                if (day.year, day.month) == (month.year, month.month)
            ]
            bought = [spend for day, sold, spend in days if sold is not None]
            truth = {"joined": len(days), "sold": len(bought), "revenue": 100 * sum(bought)}
            assert came == truth[each.measure], (each.measure, month)


@pytest.mark.parametrize("measure", ["joined", "sold", "revenue"])
def test_intervals_hold_what_comes_as_often_as_they_say(even, measure):
    """Rates are steady, so intervals must hold their share, over several firms together."""
    scores = [next(e for e in each.measures if e.measure == measure).score for each in even]
    for at, level in enumerate((0.5, 0.8, 0.95)):
        covered = sum(each.coverage[at].covered for each in scores)
        values = sum(each.coverage[at].values for each in scores)
        assert values == 6 * 3 * (9 if measure == "joined" else 8)
        # months of a firm share their rates: somewhat fewer values than there are
        error = (level * (1 - level) / (values / 2)) ** 0.5
        assert covered / values == pytest.approx(level, abs=4 * error)


def test_an_even_firm_passes(even):
    assert sum(each.passed for each in even) >= 5
    assert even[0].headline.season == 1


def test_a_steady_firm_beats_last_year(steady):
    skills = [each.headline.score.skill for each in steady]
    assert np.mean(skills) > 0.1
    assert steady[0].headline.measure == "revenue"
    assert steady[0].headline.season == 12


def test_a_firm_that_changed_does_not_pass():
    found = held(1, late=(UNTIL, 0.4))
    assert not found.passed
    assert "sold" in found.reason
    (told,) = found.findings
    assert (told.code, told.severity) == ("SEG729", "warning")
    sold = next(each for each in found.measures if each.measure == "sold")
    assert sold.score.bias > 0.5


def test_what_came_later_is_not_known():
    """What happens after the day changes what is compared, never what is projected."""
    plain, changed = held(2), held(2, late=(UNTIL + dt.timedelta(1), 0.0))
    for one, other in zip(plain.measures, changed.measures, strict=True):
        assert np.array_equal(one.totals.quantiles, other.totals.quantiles)
    assert [each.came for each in plain.measures] != [each.came for each in changed.measures]


def test_few_values_say_nothing(steady):
    few = steady[0].measures[0]
    values = np.ones((4, FEWEST_VALUES - 1))
    short = score(values, values[0], values)
    assert "too few" in _reason((replace(few, score=short),))
    assert "too few" in _reason((replace(few, months=few.months[: FEWEST_MONTHS - 1]),))
    assert _reason((few,)) == ""


def test_the_rule_of_a_pass_is_the_rule_that_is_told(even):
    """As many values as are told to be needed pass, and one less does not, at every level."""
    one = next(each for each in even if each.passed)
    tests = 3 * len(one.measures)
    for held in one.measures:
        told = f"{held.measure} {', '.join(str(each) for each in one.fewest(held))} of"
        assert told in rule(one)
        for at, least in enumerate(one.fewest(held)):
            honest = binom(held.score.coverage[at].values, held.score.coverage[at].level)
            assert honest.cdf(least - 1) < 0.05 / tests <= honest.cdf(least)
            for covered, passes in ((least, True), (least - 1, False)):
                cover = list(held.score.coverage)
                cover[at] = replace(cover[at], covered=covered)
                score = replace(held.score, coverage=tuple(cover), crps=1.0, naive=1.0)
                others = (each for each in one.measures if each is not held)
                measures = (replace(held, score=score), *others)
                assert (_reason(measures) == "") is passes, (held.measure, at, covered)
    assert 0 < one.fewest(one.headline)[0] < one.fewest(one.headline)[2]
