"""How good the evidence is: the grade, what matters most, what has expired."""

import datetime as dt

import pytest
from example_funnel import example

from segrules.lang.ir import Assumption
from segrules.sim.assumptions import evidence, used_by
from segrules.sim.decide.tornado import Bar, Tornado

DAY = dt.date(2026, 6, 30)


def stated(name: str, source: str, until: dt.date | None = None) -> Assumption:
    return Assumption(name, "", "odds", 1.0, 1.2, source, "", "Sales", until)


def those(*sources: str) -> list[Assumption]:
    return [stated(f"a{at}", source) for at, source in enumerate(sources)]


def bars(**swings: float) -> Tornado:
    return Tornado(
        10.0,
        0.0,
        tuple(
            Bar(name, "judgement", 1.0, 1.2, 10.0, 10.0 + swing, (), 1.1 if swing > 5 else None)
            for name, swing in swings.items()
        ),
    )


@pytest.mark.parametrize(
    ("sources", "back_tested", "grade"),
    [
        (("experiment", "data"), True, "A"),
        (("experiment", "data"), False, "B"),
        # the firm's own data alone show no effect of a treatment
        (("data", "data"), True, "B"),
        (("experiment", "judgement"), True, "C"),
        (("literature", "literature"), True, "C"),
        (("literature", "judgement", "data", "judgement"), False, "C"),
        (("judgement", "judgement", "data"), True, "D"),
        (("judgement",), False, "D"),
        ((), False, "B"),
    ],
)
def test_grade(sources: tuple[str, ...], back_tested: bool, grade: str) -> None:
    found = evidence(those(*sources), DAY, back_tested=back_tested)
    assert found.grade == grade
    assert not found.ranked
    assert [each.stated.name for each in found.weighed] == [f"a{n}" for n in range(len(sources))]


def test_expired_ones_count_as_judgement_from_the_day_after() -> None:
    last = [stated("a", "experiment", DAY)]
    past = [stated("a", "experiment", DAY - dt.timedelta(1))]
    assert evidence(last, DAY).grade == "B"
    found = evidence(past, DAY)
    assert found.grade == "D"
    assert (found.weighed[0].expired, found.weighed[0].source) == (True, "judgement")


def test_weights_are_the_swings() -> None:
    two = [stated("small", "experiment"), stated("large", "judgement")]
    assert evidence(two, DAY).grade == "C"
    assert evidence(two, DAY, tornado=bars(small=1.0, large=9.0)).grade == "D"
    assert evidence(two, DAY, tornado=bars(small=9.0, large=1.0)).grade == "C"
    found = evidence(two, DAY, tornado=bars(small=1.0, large=9.0))
    assert found.ranked
    assert [each.stated.name for each in found.weighed] == ["large", "small"]
    assert [each.flip for each in found.weighed] == [1.1, None]


def test_grade_is_that_of_the_five_that_matter_most() -> None:
    six = [stated("guess", "judgement"), *those(*["experiment"] * 5)]
    swings = {f"a{at}": 5.0 - at for at in range(5)}
    assert evidence(six, DAY).grade == "C"
    found = evidence(six, DAY, tornado=bars(guess=0.1, **swings))
    assert found.grade == "B"
    assert [each.stated.name for each in found.most] == [f"a{at}" for at in range(5)]
    assert evidence(six, DAY, tornado=bars(guess=99.0, **swings)).grade == "D"


def test_one_without_a_bar_matters_least() -> None:
    two = [stated("unmoved", "judgement"), stated("moved", "data")]
    found = evidence(two, DAY, tornado=bars(moved=2.0))
    assert [each.stated.name for each in found.weighed] == ["moved", "unmoved"]
    assert found.weighed[1].swing == 0.0
    assert found.grade == "C"


def test_nothing_moves_the_result() -> None:
    found = evidence(those("judgement", "judgement"), DAY, tornado=bars(a0=0.0, a1=0.0))
    assert found.grade == "D"


def test_used_by_a_scenario() -> None:
    assert used_by(example(), 0) == ("response", "trust", "fee")
    assert used_by(example(), 1) == ("response", "trust", "fee", "haste")
