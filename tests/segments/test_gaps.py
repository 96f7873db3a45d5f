"""Gaps are told from the mix of segments; groups, small cells and target markets are as counted."""

from __future__ import annotations

import datetime as dt
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats
from typer.testing import CliRunner

from segrules.cli.main import app
from segrules.lang.ir import Ruleset
from segrules.lang.pipeline import compile_source
from segrules.segments.assign import Asked, Placement, place
from segrules.segments.contrasts import pooled, stratified, student, welch
from segrules.segments.funnel import Moments
from segrules.segments.gaps import Gap, Gaps, gaps
from segrules.segments.market import Fit, Market, market
from segrules.segments.protection import protected_reads
from segrules.segments.study import chance, difference, holm, study
from segrules.text.diagnostic import RulesError
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
RULES = """\
ruleset gaps {
  language 1
  zone     "Europe/London"
  money    GBP
}

table people key person {
  person text
  joined date
  bought date? until_outcome
  renewed date? until_outcome
  team   one of a, b, c, d, e, f
  female flag? protected
  tongue one of english, french, polish protected
  needs  set of sight, hearing? protected
  age    whole 0..120? protected
  spend  money
}

band ages of age { young up to 30 | old }

segments teams of people {
  a when team = a
  b when team = b
  c when team = c
  d when team = d
  e when team = e
  otherwise f
}

funnel sales of people {
  visit at joined
  sale  at bought within 30 days  value spend
  again at renewed within 30 days
}
"""
JOINED, BOUGHT, KEPT = dt.date(2026, 1, 1), dt.date(2026, 1, 10), dt.date(2026, 1, 20)


@dataclass(frozen=True)
class Person:
    bought: bool = False
    team: str = "a"
    female: bool | None = None
    tongue: str | None = "english"
    needs: str | None = None
    age: int | None = None
    spend: int = 0
    joined: dt.date = JOINED
    kept: bool = False


def rules_of(text: str) -> Ruleset:
    compiled = compile_source(Source("gaps.seg", text))
    assert compiled.ruleset is not None, list(compiled.log)
    return compiled.ruleset


def frame_of(people: Sequence[Person]) -> pl.DataFrame:
    columns = {
        "person": [f"P{at:05}" for at in range(len(people))],
        "joined": [each.joined for each in people],
        "bought": [BOUGHT if each.bought else None for each in people],
        "renewed": [KEPT if each.kept else None for each in people],
        "team": [each.team for each in people],
        "female": [each.female for each in people],
        "tongue": [each.tongue for each in people],
        "needs": [each.needs for each in people],
        "age": [each.age for each in people],
        "spend": [each.spend for each in people],
    }
    types = {
        "bought": pl.Date, "renewed": pl.Date, "female": pl.Boolean, "needs": pl.String,
        "tongue": pl.String, "age": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(columns, schema_overrides=types)


def placed(people: Sequence[Person], text: str = RULES) -> Placement:
    return place(rules_of(text), "people", {"people": frame_of(people)}, Asked(AS_OF))


def group(entered: int, reached: int, **said: object) -> list[Person]:
    return [Person(bought=at < reached, **said) for at in range(entered)]  # type: ignore[arg-type]


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
    assert list(made)[-1] is None
    assert [gap.value for gap in found.compared[0].overall].count(None) == 1


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
    people = group(9, 0, female=True) + group(50, 25, female=False) + group(10, 1, female=None)
    found = asked(people, "female")
    # nine women are too few, and too few to compare the men with; in team a it is the same
    assert list(overall(found)) == [None]
    assert found.compared[0].hidden == 4
    assert [gap.value for gap in found.compared[0].within] == [None]
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


BERKELEY = {
    "a": ((89, 108), (512, 825)),
    "b": ((17, 25), (353, 560)),
    "c": ((202, 593), (120, 325)),
    "d": ((131, 375), (138, 417)),
    "e": ((94, 393), (53, 191)),
    "f": ((24, 341), (22, 373)),
}
"""Women and men admitted of those who applied, by department (Bickel and others, 1975)."""


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


def test_the_error_of_large_strata_is_that_of_two_binomials() -> None:
    """Greenland and Robins (1985) have another variance, which agrees where strata are large."""
    found, error = stratified(list(BERKELEY.values()))
    above = below = 0.0
    for (one, n), (other, m) in BERKELEY.values():
        above += (n * m / (n + m)) ** 2 * (one * (n - one) / n**3 + other * (m - other) / m**3)
        below += n * m / (n + m)
    assert error == pytest.approx(math.sqrt(above) / below, rel=0.02)
    assert abs(found) < 0.03


def test_the_error_of_one_stratum_by_hand() -> None:
    # 6 of 10 beside 2 of 20: weight 20/3, P = (200 - 2400 + 1000)/900, Q = (108 + 8)/60
    found, error = stratified([((6, 10), (2, 20))])
    assert found == pytest.approx(0.5)
    assert error == pytest.approx(math.sqrt(0.5 * -1200 / 900 + 116 / 60) / (20 / 3))


def test_the_error_is_right_where_strata_are_small() -> None:
    """Forty strata of two and three people: what is stated is what is seen over many draws."""
    luck = np.random.Generator(np.random.PCG64(8))
    chances = np.linspace(0.1, 0.8, 40)
    made = []
    for _ in range(3_000):
        one, rest = luck.binomial(2, chances + 0.1), luck.binomial(3, chances)
        both = [((int(a), 2), (int(b), 3)) for a, b in zip(one, rest, strict=True)]
        made.append(stratified(both))
    estimates = [found for found, _ in made]
    assert statistics.mean(estimates) == pytest.approx(0.1, abs=0.006)
    stated = math.sqrt(statistics.mean(error**2 for _, error in made))
    assert stated == pytest.approx(statistics.stdev(estimates), rel=0.04)


# ---- many comparisons


def test_holm_by_hand() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    expected = {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    assert {name: round(p, 12) for name, p in adjusted.items()} == expected
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1, "b": 1}


@pytest.mark.parametrize("sides", [((56, 70), (48, 80)), ((3, 40), (9, 40)), ((0, 20), (10, 10))])
def test_the_interval_of_its_p_value_touches_zero(
    sides: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    p = chance(*sides)
    assert 0 < p < 1
    low, high = difference(*sides, level=1 - p)
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-6)


def test_chance_of_no_difference_and_of_a_sure_one() -> None:
    assert chance((10, 20), (20, 40)) == pytest.approx(1)
    assert chance((100_000, 100_000), (0, 100_000)) < 1e-100


def test_each_others_rest_is_one_comparison() -> None:
    people = group(40, 10, female=True) + group(50, 20, female=False)
    made = overall(asked(people, "female"))
    p = chance((10, 40), (20, 50))
    assert (made["yes"].p, made["no"].p) == (p, p)
    more = people + group(20, 15, female=None)
    beside = overall(asked(more, "female"))
    # two comparisons: the unknown are told first, which leaves one
    assert (beside["yes"].p, beside["no"].p) == (p, p)
    assert beside[None].p == 2 * chance((15, 20), (30, 90))


def test_what_one_comparison_tells_twenty_do_not() -> None:
    alone = group(100, 40, female=True) + group(100, 55, female=False)
    assert overall(asked(alone, "female"))["yes"].differs == "below"
    many = alone + group(100, 50, tongue="french") + group(100, 50, tongue="polish")
    found = gaps(placed(many), "sales", "teams")
    yes = next(gap for gap in found.compared[0].overall if gap.value == "yes")
    assert yes.interval is not None
    assert yes.interval[1] < 0
    assert yes.differs == "–"


def test_study_takes_all_segments_together() -> None:
    people = group(100, 40, team="a") + group(100, 55, team="b")
    first = study(placed(people), "sales", "teams").stages[0].segments
    assert [each.differs for each in first[:3]] == ["below", "above", "–"]
    p = chance((40, 100), (55, 100))
    assert [each.p for each in first[:3]] == [p, p, None]
    people += [each for team in "cdef" for each in group(100, 47, team=team)]
    made = study(placed(people), "sales", "teams").stages[0].segments
    assert [each.differs for each in made] == ["–"] * 6
    assert made[0].difference_95 == difference((40, 100), (243, 500), 0.95)


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


def test_moments_together() -> None:
    parts = [[1.0, 4.0, 9.0], [], [7.0], [2.0, 2.0]]
    moments = [
        Moments(
            len(part),
            statistics.mean(part) if part else None,
            statistics.variance(part) if len(part) > 1 else None,
        )
        for part in parts
    ]
    values = [value for part in parts for value in part]
    made = pooled(moments)
    assert made.count == len(values)
    assert made.mean == pytest.approx(statistics.mean(values))
    assert made.variance == pytest.approx(statistics.variance(values))
    assert pooled([Moments(0, None, None)]) == Moments(0, None, None)
    assert welch(Moments(1, 3, None), made) is None


@pytest.mark.parametrize("freedom", [3, 8, 30.5, 1000])
def test_student_is_as_scipy_has_it(freedom: float) -> None:
    assert student(0.975, freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.003)


# ---- rules that read protected columns

READERS = (
    RULES
    + """
let senior = ages = old and age is known

flags of people {
  elder "Elder" when senior
  rich  "Rich"  when spend > 10
}

segments care of people {
  special when needs has any of [sight]
  plain   when spend > 5
  otherwise rest
}

suppress care when tongue = polish reason "a test"

target market of people when female reason "a test"
"""
)


def test_who_reads_protected_columns() -> None:
    found = {
        (each.kind, each.of, each.name, each.column, each.through)
        for each in protected_reads(rules_of(READERS))
    }
    assert found == {
        ("segment", "care", "special", "needs", ()),
        ("suppress", "care", "suppressed", "tongue", ()),
        ("flag", "people", "elder", "age", ("senior",)),
        ("target market", "people", "people", "female", ()),
    }


def test_nobody_reads_what_is_not_protected() -> None:
    assert protected_reads(rules_of(READERS.replace(" protected", ""))) == ()


# ---- target market

TARGET = 'target market of people when age >= 18 reason "adults only"\n'


def fit(found: Market | None) -> dict[str | None, Fit]:
    assert found is not None
    return {each.segment: each for each in found.segments}


def test_the_target_market_by_segment() -> None:
    people = [
        Person(True, age=17),
        Person(True, age=17, kept=True),
        Person(age=17, team="b"),
        Person(True, age=18),
        Person(True, age=None, team="b"),
    ]
    made = market(placed(people, RULES + TARGET), "teams")
    found = fit(made)
    assert made is not None
    assert (made.reason, made.funnel, made.stages) == ("adults only", "sales", ("sale", "again"))
    assert found["a"] == Fit("a", 1, 2, 0, {"sale": 2, "again": 1})
    assert found["b"] == Fit("b", 0, 1, 1, {"sale": 0, "again": 0})
    assert found["c"] == Fit("c", 0, 0, 0, {"sale": 0, "again": 0})
    assert made.everyone == Fit(None, 1, 3, 1, {"sale": 2, "again": 1})


def test_served_however_late_but_not_after_the_day() -> None:
    late = Person(True, age=17, joined=dt.date(2024, 1, 1))
    frame = frame_of([late, late])
    later = frame.with_columns(bought=pl.Series([dt.date(2026, 6, 30), dt.date(2026, 7, 1)]))
    placement = place(rules_of(RULES + TARGET), "people", {"people": later}, Asked(AS_OF))
    assert fit(market(placement, "teams"))["a"].served == {"sale": 1, "again": 0}


def test_without_a_target_market() -> None:
    assert market(placed([Person()]), "teams") is None


def test_without_a_funnel_nobody_is_said_to_be_served() -> None:
    text = RULES[: RULES.index("funnel")] + TARGET
    made = market(placed([Person(True, age=3)], text), "teams")
    assert made is not None
    assert (made.funnel, made.stages, made.everyone) == (None, (), Fit(None, 0, 1, 0, {}))


def test_rows_in_no_segment_and_broken_promises() -> None:
    """A column without `?` may lack a value: then the row is undecided, and in no segment."""
    text = RULES.replace("0..120?", "0..120").replace("a when team = a", "a when age > 40")
    people = [Person(age=50), Person(age=None, team="b"), Person(age=None, team="a")]
    found = fit(market(placed(people, text + TARGET), "teams"))
    assert found["a"].inside == 1
    assert found["b"].undecided == 1
    assert found[None].undecided == 1


# ---- the command line


def ran(folder: Path, people: Sequence[Person], *words: str, text: str = RULES + TARGET) -> str:
    (folder / "gaps.seg").write_text(text)
    frame = frame_of(people)
    flags = pl.col("female").replace_strict({True: "yes", False: "no"}, return_dtype=pl.String)
    frame.with_columns(flags).write_csv(folder / "people.csv")
    command, *more = words
    rest = ["--table", f"people={folder / 'people.csv'}", "--as-of", AS_OF.isoformat(), *more]
    done = CliRunner().invoke(app, [command, str(folder / "gaps.seg"), *rest])
    assert done.exit_code == 0, done.output
    return done.stdout


PEOPLE = (
    group(40, 10, female=True, age=20)
    + group(50, 20, female=False, age=40)
    + group(20, 5, age=10, team="b")
    + group(3, 3, female=True, team="c", age=11)
)


def test_study_shows_gaps(tmp_path: Path) -> None:
    shown = " ".join(ran(tmp_path, PEOPLE, "study", "--gaps", "--column", "female").split())
    assert "target market of people: adults only" in shown
    assert "yes sale 43 30.2% 40.0% 76% * -9.8 (" in shown
    assert "not known sale 20 25.0% 35.5% 71% *" in shown
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


def test_profile_shows_the_target_market(tmp_path: Path) -> None:
    shown = " ".join(ran(tmp_path, PEOPLE, "profile").split())
    assert "target market of people: adults only" in shown
    assert "all 90 0 23 20.4% 8 0" in shown
    found = json.loads(ran(tmp_path, PEOPLE, "profile", "--format", "json"))
    assert [each["outside"] for each in found["target"]["segments"][:3]] == [0, 20, 3]
    assert "target" not in json.loads(
        ran(tmp_path, PEOPLE, "profile", "--format", "json", text=RULES)
    )
