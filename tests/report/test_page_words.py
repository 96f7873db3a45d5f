"""Figures of a page: two digits that count, none finer than its error, chances as futures."""

import math

import numpy as np
import pytest

from segrules.report.page.words import Unit, distinct, futures, passed, plus, rough
from segrules.sim.summary import Figure, Ratio

SIZES = {"k": 1e3, "m": 1e6, "bn": 1e9}


def read(text: str) -> tuple[float, float]:
    """The figure, and what one more of its last digit is worth (trailing zeros are not digits)."""
    text = text.replace("−", "-").replace(",", "").lstrip("+")
    scale = next((size for unit, size in SIZES.items() if text.endswith(unit)), 1.0)
    digits = text.rstrip("kmbn")
    whole, _, after = digits.lstrip("-").partition(".")
    step = 10.0 ** -len(after) if after else 10.0 ** (len(whole) - len(whole.rstrip("0")))
    return float(digits) * scale, step * scale


def test_two_digits_and_none_finer_than_two_errors() -> None:
    rng = np.random.default_rng(5)
    for _ in range(3_000):
        value = float(rng.choice((-1, 1)) * 10 ** rng.uniform(-2, 11))
        error = float(10 ** rng.uniform(-4, 9))
        shown = rough(value, error)
        told, step = read(shown)
        assert told == 0 or step >= 2 * error * (1 - 1e-9), (value, error, shown)
        assert abs(told - value) <= 10 * error + 0.051 * abs(value), (value, error, shown)
        assert len(f"{abs(told):.12g}".replace(".", "").strip("0")) <= 2, (value, shown)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"), (-0.0, "0"), (1_234_567, "1.2m"), (999_999, "1m"), (83_210, "83k"),
        (8_600, "8.6k"), (996, "1k"), (410.4, "410"), (0.0351, "0.035"), (-17.2, "−17"),
        (2.5e12, "2,500bn"), (0.0000123, "1.2e−05"),
    ],
)  # fmt: skip
def test_rough(value: float, shown: str) -> None:
    assert rough(value) == shown


def test_signs() -> None:
    assert [plus(each) for each in ("12", "−12", "0", "–")] == ["+12", "−12", "0", "–"]


@pytest.mark.parametrize(
    ("chance", "runs", "told"),
    [
        (0.8342, 10_000, "83 of 100 futures"),
        (0.5, 10_000, "50 of 100 futures"),
        (0.0, 10_000, "fewer than 1 of 100 futures"),
        (1.0, 10_000, "more than 99 of 100 futures"),
        (1.0, 100, "more than 97 of 100 futures"),
        (0.0, 100, "fewer than 3 of 100 futures"),
        (0.02, 100, "fewer than 5 of 100 futures"),
        (0.84, 100, "about 80 of 100 futures"),
        (0.997, 10_000, "more than 99 of 100 futures"),
        (0.985, 10_000, "98 of 100 futures"),
    ],
)
def test_futures(chance: float, runs: int, told: str) -> None:
    assert futures(chance, runs) == told


def test_futures_are_never_surer_than_the_runs() -> None:
    for runs in (100, 400, 10_000):
        for hits in range(0, runs + 1, max(1, runs // 200)):
            chance = hits / runs
            told = futures(chance, runs)
            number = float(next(word for word in told.split() if word.isdigit()))
            error = 100 * math.sqrt(chance * (1 - chance) / runs)
            if told.startswith("fewer"):
                assert 100 * chance <= number, (hits, runs, told)
            elif told.startswith("more"):
                assert 100 * chance >= number, (hits, runs, told)
            else:
                assert abs(number - 100 * chance) <= max(0.51, 10 * error), (hits, runs, told)
            assert 0 < number < 100


def test_units() -> None:
    figure = Figure(123_456.0, (1e5, 1.5e5), (-2e4, 2e5), (-1e5, 3e5), 10.0)
    pounds, yen = Unit("profit", "GBP"), Unit("profit", "JPY")
    assert (pounds.change(figure), yen.change(figure)) == ("+1.2k", "+120k")
    assert pounds.between(figure) == "−200 to +2k"
    assert pounds.between(figure, 50) == "+1k to +1.5k"
    assert pounds.said(-123_456.0) == "GBP\u00a01.2k"
    assert (Unit("sales", "GBP").level(figure), Unit("sales", "GBP").name) == ("120k", "customers")
    # no currency is declared
    assert Unit("profit", None).sign == ""


def test_shares_have_two_digits() -> None:
    assert passed(Ratio(0.34567, 0.0001)) == "35%"
    assert passed(Ratio(0.04567, 0.0001)) == "4.6%"
    assert passed(Ratio(0.04567, 0.004)) == "5%"
    assert passed(None) == "–"


def test_labels_are_told_apart() -> None:
    labels = {"a": "Same", "b": "Same ", "c": "Other", "d": ""}
    assert distinct(("a", "b", "c", "d"), labels) == {
        "a": "Same (a)", "b": "Same (b)", "c": "Other", "d": "d",
    }  # fmt: skip
