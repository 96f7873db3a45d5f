"""Gaps are told from the mix of segments; groups and small cells are as counted by hand."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from gaps_people import BERKELEY, PEOPLE, RULES, Person, group, placed, ran
from scipy import stats

from segrules.segments.contrasts import stratified
from segrules.segments.gaps import Gap, Gaps, gaps
from segrules.segments.study import chance, difference, study
from segrules.text.diagnostic import RulesError


def asked(people: Sequence[Person], *names: str, smallest: int = 10) -> Gaps:
    return gaps(placed(people), "sales", "teams", names, smallest)


def overall(found: Gaps, stage: str = "sale") -> dict[str | None, Gap]:
    return {gap.value: gap for gap in found.compared[0].overall if gap.stage == stage}


# ---- groups and their rest


def test_a_small_table_by_hand() -> None:
    people = group(40, 10, female=True) + group(50, 20, female=False) + group(20, 15, female=None)
    made = overall(asked(people, "female"))
    assert list(made) == ["yes", "no", None]
    yes, no, unknown = made.values()
    assert (yes.rate, yes.rest_rate) == (0.25, 0.4)
    assert (no.rate, no.rest_rate) == (0.4, 0.25)
    # the unknown are beside all who are known, and in nobody's rest
    assert (unknown.rate, unknown.rest_rate) == (0.75, 30 / 90)
    assert yes.ratio == pytest.approx(0.625)
    assert [gap.under_four_fifths for gap in made.values()] == [True, False, False]
    assert yes.difference == pytest.approx(-0.15)
    assert yes.interval == difference((10, 40), (20, 50), 0.95)
    assert unknown.interval == difference((15, 20), (30, 90), 0.95)


def test_four_fifths_is_not_below_four_fifths() -> None:
    found = overall(asked(group(25, 12, female=True) + group(25, 15, female=False), "female"))
    assert (found["yes"].ratio, found["yes"].under_four_fifths) == (0.8, False)


def test_only_those_who_had_the_time_count() -> None:
    late = group(30, 0, female=True, joined=dt.date(2026, 6, 20))
    people = group(20, 10, female=True) + group(20, 10, female=False) + late
    yes = overall(asked(people, "female"))["yes"]
    assert (yes.counts.entered, yes.counts.reached, yes.counts.too_recent) == (20, 10, 30)
    assert yes.difference == 0


def test_later_stages_are_of_those_before() -> None:
    people = group(20, 0, female=False)
    people += [Person(bought=True, female=at % 2 == 0, kept=at % 4 == 0) for at in range(40)]
    found = overall(asked(people, "female"), "again")
    assert (found["yes"].counts.entered, found["yes"].rate, found["no"].rate) == (20, 0.5, 0)
    assert found["yes"].ratio is None


def test_values_of_a_set_overlap() -> None:
    people = group(20, 5, needs="sight") + group(20, 10, needs="sight;hearing")
    people += group(20, 15, needs="") + group(10, 0, needs=None)
    found = asked(people, "needs", smallest=1)
    made = overall(found)
    sight, hearing = made["sight"], made["hearing"]
    assert (sight.counts.entered, sight.counts.reached) == (40, 15)
    assert (hearing.counts.entered, hearing.counts.reached) == (20, 10)
    known = sight.counts.entered + sight.rest.entered
    assert hearing.counts.entered + hearing.rest.entered == known
    sales = [gap.value for gap in found.compared[0].overall if gap.stage == "sale"]
    assert sales == ["sight", "hearing", None]


def test_declared_values_and_named_values() -> None:
    people = group(20, 10, tongue="english", age=20) + group(20, 5, tongue="polish", age=60)
    people += group(20, 0, tongue=None)
    made = overall(asked(people, "tongue"))
    assert list(made) == ["english", "polish", None]
    assert made["polish"].rest.entered == 20
    ages = overall(asked(people, "ages"))
    assert {value: gap.rate for value, gap in ages.items()} == {"young": 0.5, "old": 0.25, None: 0}


def test_everything_protected_by_default_ages_by_their_band() -> None:
    found = asked(group(20, 10, female=True))
    assert [each.name for each in found.compared] == ["female", "tongue", "needs", "ages"]
    assert found.findings == ()


def test_a_protected_column_without_groups_is_named() -> None:
    text = RULES.replace("band ages of age { young up to 30 | old }", "")
    found = gaps(placed(group(20, 10, female=True), text), "sales", "teams")
    assert [each.name for each in found.compared] == ["female", "tongue", "needs"]
    assert [each.code for each in found.findings] == ["SEG594"]
    assert "`age` of `people`" in found.findings[0].message


def codes(text: str, *names: str, funnel: str = "sales") -> list[str]:
    with pytest.raises(RulesError) as raised:
        gaps(placed(group(20, 10, female=True), text), funnel, "teams", names)
    assert raised.value.unable
    return [each.code for each in raised.value.diagnostics]


def test_what_is_refused() -> None:
    assert codes(RULES, "age") == ["SEG593"]
    assert codes(RULES, "spend") == ["SEG593"]
    assert codes(RULES, "gender") == ["SEG418"]
    assert codes(RULES, funnel="sale") == ["SEG418"]
    assert codes(RULES.replace(" protected", "")) == ["SEG595"]
    only_age = RULES.replace("? protected", "?").replace("polish protected", "polish")
    no_band = only_age.replace("band ages of age { young up to 30 | old }", "")
    assert codes(no_band.replace("0..120?", "0..120? protected")) == ["SEG595"]


def test_the_hint_names_the_band() -> None:
    with pytest.raises(RulesError) as raised:
        asked(group(20, 10), "age")
    assert raised.value.diagnostics[0].hint == "name `ages` instead"


# ---- small groups


def test_small_cells_are_not_shown() -> None:
    people = group(9, 0, female=True) + group(50, 25, female=False) + group(10, 0, female=None)
    found = asked(people, "female")
    # nine women are too few, and too few to compare the men with; in team a it is the same
    assert list(overall(found)) == [None]
    assert found.compared[0].hidden == 4
    within = [gap.value for gap in found.compared[0].within if gap.stage == "sale"]
    assert within == [None]
    shown = asked(people, "female", smallest=9)
    assert list(overall(shown)) == ["yes", "no", None]
    assert shown.compared[0].hidden == 0


def test_a_group_alone_in_its_segment_has_no_rest() -> None:
    people = group(20, 5, team="a", female=True) + group(20, 5, team="b", female=False)
    found = asked(people, "female").compared[0]
    alone = [gap for gap in found.within if gap.segment == "a" and gap.stage == "sale"]
    assert [(gap.value, gap.rate, gap.rest_rate, gap.p) for gap in alone] == [
        ("yes", 0.25, None, None)
    ]
    assert [gap.inside for gap in found.overall] == [None] * len(found.overall)


# ---- inside segments


def test_a_gap_of_the_mix_is_not_inside_segments() -> None:
    people = group(200, 160, team="a", female=False) + group(50, 40, team="a", female=True)
    people += group(50, 5, team="b", female=False) + group(200, 20, team="b", female=True)
    found = asked(people, "female")
    yes = overall(found)["yes"]
    assert (yes.rate, yes.rest_rate, yes.differs) == (60 / 250, 165 / 250, "below")
    assert yes.inside is not None
    assert yes.inside.difference == pytest.approx(0, abs=1e-15)
    assert (yes.inside.differs, yes.inside.entered, yes.inside.rest_entered) == ("–", 250, 250)
    parts = {gap.segment: gap for gap in found.compared[0].within if gap.value == "yes"}
    assert {name: gap.difference for name, gap in parts.items()} == {"a": 0, "b": 0}


def test_admissions_at_berkeley() -> None:
    people: list[Person] = []
    for team, (women, men) in BERKELEY.items():
        people += group(women[1], women[0], team=team, female=True)
        people += group(men[1], men[0], team=team, female=False)
    yes = overall(asked(people, "female"))["yes"]
    assert yes.rest_rate is not None
    assert (round(yes.rate, 3), round(yes.rest_rate, 3)) == (0.304, 0.445)
    assert (yes.differs, yes.under_four_fifths) == ("below", True)
    assert yes.inside is not None
    assert yes.inside.differs == "–"
    weights = {
        team: Fraction(women[1] * men[1], women[1] + men[1])
        for team, (women, men) in BERKELEY.items()
    }
    known = sum(
        weights[team] * (Fraction(*women) - Fraction(*men))
        for team, (women, men) in BERKELEY.items()
    ) / sum(weights.values())
    assert yes.inside.difference == pytest.approx(float(known))
    assert known > 0


def test_a_gap_inside_segments_is_told() -> None:
    people = group(200, 160, team="a", female=False) + group(50, 25, team="a", female=True)
    people += group(50, 25, team="b", female=False) + group(200, 40, team="b", female=True)
    inside = overall(asked(people, "female"))["yes"].inside
    assert inside is not None
    found, error = stratified([((25, 50), (160, 200)), ((40, 200), (25, 50))])
    assert found == pytest.approx(-0.3)
    assert inside.difference == found
    reach = stats.norm.ppf(0.975) * error
    assert inside.interval == pytest.approx((found - reach, found + reach))
    # of the two stages
    assert inside.p == pytest.approx(2 * 2 * stats.norm.sf(abs(found / error)))
    assert inside.differs == "below"


def test_strata_without_any_error() -> None:
    """Everybody or nobody reached the stage: few people leave that open, whatever the formula."""
    people = group(10, 0, female=True) + group(12, 0, female=False)
    people += group(10, 10, female=True, team="b") + group(12, 12, female=False, team="b")
    inside = overall(asked(people, "female"))["yes"].inside
    assert inside is not None
    assert (inside.difference, inside.interval, inside.differs) == (0, None, "–")
    people = group(10, 0, female=True) + group(12, 12, female=False)
    inside = overall(asked(people, "female"))["yes"].inside
    assert inside is not None
    assert inside.interval == difference((0, 10), (12, 12), 0.95)
    assert inside.differs == "below"


# ---- many comparisons


def test_each_others_rest_is_one_comparison() -> None:
    people = group(40, 10, female=True) + group(50, 20, female=False)
    made = overall(asked(people, "female"))
    p = chance((10, 40), (20, 50))
    # one at each of the two stages
    assert (made["yes"].p, made["no"].p) == (2 * p, 2 * p)
    more = people + group(20, 15, female=None)
    beside = overall(asked(more, "female"))
    # two at each stage: the unknown are told first, which leaves three
    assert (beside["yes"].p, beside["no"].p) == (3 * p, 3 * p)
    assert beside[None].p == 4 * chance((15, 20), (30, 90))


def test_what_one_comparison_tells_twenty_do_not() -> None:
    alone = group(100, 37, female=True) + group(100, 55, female=False)
    assert overall(asked(alone, "female"))["yes"].differs == "below"
    many = alone + group(100, 50, tongue="french") + group(100, 50, tongue="polish")
    found = gaps(placed(many), "sales", "teams")
    yes = next(gap for gap in found.compared[0].overall if gap.value == "yes")
    assert yes.interval is not None
    assert yes.interval[1] < 0
    assert yes.differs == "–"


def test_study_takes_all_segments_together() -> None:
    people = group(100, 37, team="a") + group(100, 55, team="b")
    first = study(placed(people), "sales", "teams").stages[0].segments
    assert [each.differs for each in first[:3]] == ["below", "above", "–"]
    # of two segments there is one comparison, at each of two stages
    p = 2 * chance((37, 100), (55, 100))
    assert [each.p for each in first[:3]] == [p, p, None]
    people += [each for team in "cdef" for each in group(100, 47, team=team)]
    made = study(placed(people), "sales", "teams").stages[0].segments
    assert [each.differs for each in made] == ["–"] * 6
    assert made[0].difference_95 == difference((37, 100), (243, 500), 0.95)


# ---- amounts


def test_means_of_amounts() -> None:
    people = [Person(True, female=True, spend=at) for at in range(20)]
    people += [Person(True, female=False, spend=3 * at, team="b") for at in range(30)]
    found = asked(people, "female").compared[0].amounts
    yes, no = found
    assert (yes.stage, yes.what, yes.value) == ("sale", "value", "yes")
    # in minor units
    assert (yes.mean, yes.rest_mean, yes.difference) == (950, 4350, -3400)
    known = stats.ttest_ind(
        [100.0 * at for at in range(20)], [300.0 * at for at in range(30)], equal_var=False
    ).confidence_interval(0.95)
    assert yes.interval == pytest.approx((known.low, known.high), rel=1e-4)
    assert no.difference == 3400


# ---- the command line


def test_study_shows_gaps(tmp_path: Path) -> None:
    shown = " ".join(ran(tmp_path, PEOPLE, "study", "--gaps", "--column", "female").split())
    assert "target market of people: adults only" in shown
    assert "yes sale 43 30.2% 40.0% 76% * -9.8 (" in shown
    assert "not known sale 20 25.0% 35.5% 70% *" in shown
    assert "nobody to compare not known with in: b" in shown
    assert "with fewer than 10 people on a side" in shown
    assert "target market people people.age" in shown


def test_study_gives_gaps_to_machines(tmp_path: Path) -> None:
    found = json.loads(ran(tmp_path, PEOPLE, "study", "--gaps", "--format", "json"))
    assert found["target"]["everyone"] == {
        "inside": 90,
        "outside": 23,
        "undecided": 0,
        "outside_served": {"sale": 8, "again": 0},
    }
    female = found["gaps"]["compared"][0]
    yes = female["overall"][0]
    assert (yes["value"], yes["entered"], yes["reached"]) == ("yes", 43, 13)
    assert yes["under_four_fifths"] is True
    assert yes["inside"]["entered"] == 40
    assert found["gaps"]["smallest"] == 10
    assert found["gaps"]["reads"] == [
        {"kind": "target market", "of": "people", "name": "people", "table": "people",
         "column": "age", "through": []}
    ]  # fmt: skip
    plain = json.loads(ran(tmp_path, PEOPLE, "study", "--format", "json", text=RULES))
    assert not {"gaps", "target"} & plain.keys()
