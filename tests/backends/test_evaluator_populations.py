"""Populations by hand: what is frozen of them, and what a row is answered from that."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction

import pytest

from segrules.backends.context import between
from segrules.backends.reference.ranking import Compared, answer, freeze
from segrules.lang import ir
from segrules.lang.types import Flag, Money, Number, Type, Whole

AS_OF = dt.date(2026, 6, 30)
FREE = Number(None, None)


def people(*amounts: tuple[str, ir.Value]) -> list[Compared]:
    return [Compared(key, amount) for key, amount in amounts]


def rank(
    share: Fraction | None = None,
    count: int | None = None,
    *,
    top: bool = True,
    making: bool = False,
) -> ir.InRank:
    by = ir.Column("people", "fee", Money("GBP"), True)
    return ir.InRank("r", top, share, count, by, True, making=making)


FIVE = people(("b", 5), ("a", 5), ("c", 9), ("d", None), ("e", 1))


@pytest.mark.parametrize(
    ("node", "rows", "cut"),
    [
        (rank(Fraction(1, 2)), FIVE, ir.Cut(4, 5)),
        (rank(count=2), FIVE, ir.Cut(4, 5, "a")),
        (rank(count=2, top=False), FIVE, ir.Cut(4, 5, "a")),
        (rank(Fraction(1, 4), top=False), FIVE, ir.Cut(4, 1)),
        (rank(count=0), FIVE, ir.Cut(4, 9, "")),
        (rank(count=9), FIVE, ir.Cut(4, 1, "e")),
        (rank(count=2), people(("a", None)), ir.Cut(0, None)),
        # of a total of 20: 9, then 14, then 19
        (rank(Fraction(9, 20), making=True), FIVE, ir.Cut(4, 9, "c")),
        (rank(Fraction(91, 200), making=True), FIVE, ir.Cut(4, 5, "a")),
        (rank(Fraction(14, 20), making=True), FIVE, ir.Cut(4, 5, "a")),
        (rank(Fraction(15, 20), making=True), FIVE, ir.Cut(4, 5, "b")),
        (rank(Fraction(1), making=True), FIVE, ir.Cut(4, 1, "e")),
        # losses make the total smaller: 10 of 10 is reached by the first alone
        (
            rank(Fraction(1), making=True),
            people(("a", 10), ("b", 5), ("c", -5)),
            ir.Cut(3, 10, "a"),
        ),
        (rank(Fraction(1, 2), making=True), people(("a", 5), ("b", -5)), ir.Cut(2, 5, "")),
        (rank(Fraction(1, 2), making=True), people(("a", -1)), ir.Cut(1, -1, "")),
    ],
)
def test_cuts(node: ir.InRank, rows: list[Compared], cut: ir.Cut) -> None:
    assert freeze(node, rows) == {(): cut}


def test_a_share_is_not_rounded_like_a_double() -> None:
    rows = people(*((f"{at}", at) for at in range(100)))
    assert freeze(rank(Fraction(29, 100)), rows) == {(): ir.Cut(100, 71)}


def test_groups_and_who_is_compared() -> None:
    node = replace(rank(count=1), population=ir.Population((ir.AsOf(),), ir.Const(True, Flag())))
    rows = [
        Compared("a", 1, ("n",)), Compared("b", 2, ("n",)), Compared("c", 9, ("n",), None),
        Compared("d", 9, ("n",), False), Compared("e", 9, (None,)), Compared("f", None, ("s",)),
        Compared("g", 3, ("w",), False),
    ]  # fmt: skip
    groups = freeze(node, rows)
    assert groups == {("n",): ir.Cut(2, 2, "b"), ("s",): ir.Cut(0, None)}
    calibration = ir.Calibration(AS_OF, (("r", tuple(groups.items())),))
    answers = [answer(node, row, calibration) for row in rows]
    assert answers == [False, True, None, False, None, None, False]
    late = [
        Compared("h", 5, ("w",)),
        Compared("h", 5, ("s",)),
        Compared(None, None, (None,), False),
    ]
    assert [answer(node, row, calibration) for row in late] == [None, None, False]


def figure(how: str, quantile: Fraction | None = None, kind: Type | None = None) -> ir.Statistic:
    value = None if how == "count" else ir.Column("people", "fee", kind or Whole(), True)
    return ir.Statistic("f", how, quantile, value, ir.EVERYONE, FREE, True)


@pytest.mark.parametrize(
    ("node", "amounts", "value", "population"),
    [
        (figure("count"), [1, None], 2, 2),
        (figure("sum"), [1, 2, None], 3, 2),
        (figure("mean"), [1, 2, None], 1.5, 2),
        (figure("median"), [4, 1, 2, 3], 2.5, 4),
        (figure("least"), [4, 1], 1, 2),
        (figure("greatest"), [4, 1], 4, 2),
        (figure("greatest"), [None], None, 0),
        (figure("sum"), [], 0, 0),
        (figure("quantile", Fraction(1, 4)), [1, 2, 4], 1.5, 3),
        (figure("quantile", Fraction(0)), [3, 1], 1.0, 2),
        (figure("quantile", Fraction(1)), [3, 1], 3.0, 2),
        (figure("quantile", Fraction(1, 2)), [4, 1, 2, 3], 2.5, 4),
        (figure("quantile", Fraction(9, 10)), [0, 10], 9.0, 2),
        (figure("quantile", Fraction(1, 3)), [], None, 0),
        # a tenth of the way, rounded once
        (figure("quantile", Fraction(1, 10)), [0.0, 3.0], 0.3, 2),
    ],
)
def test_figures(
    node: ir.Statistic, amounts: list[ir.Value], value: ir.Value, population: int
) -> None:
    rows = people(*((f"{at}", amount) for at, amount in enumerate(amounts)))
    (found,) = freeze(node, rows).values()
    assert found == ir.Figure(population, value)
    assert type(found.value) is type(value)


def test_half_is_the_median() -> None:
    huge = 1.7976931348623157e308
    for amounts in ([huge, huge], [huge, huge / 3], [0.1, 0.2], [5e-324, 0.0]):
        rows = people(*((f"{at}", amount) for at, amount in enumerate(amounts)))
        half, median = figure("quantile", Fraction(1, 2), FREE), figure("median", None, FREE)
        assert freeze(half, rows) == freeze(median, rows)


def test_between_is_rounded_once() -> None:
    assert between(0.1, 0.3, Fraction(1, 2)) == 0.2
    assert between(-1e308, 1e308, Fraction(3, 4)) == 5e307
    assert between(3, 3, Fraction(1, 7)) == 3.0


def test_places_are_shared() -> None:
    node = ir.Rank("r", ir.Column("people", "fee", Whole(), True), ir.EVERYONE, True)
    rows = people(("a", 5), ("b", 9), ("c", 5), ("d", None), ("e", 1))
    frozen = freeze(node, rows)
    assert frozen == {(): ir.Places(4, (9, 5, 1), (1, 2, 4))}
    calibration = ir.Calibration(AS_OF, (("r", tuple(frozen.items())),))
    asked = (10, 9, 7, 5, 2, 1, 0, None)
    answers = [answer(node, Compared("x", amount), calibration) for amount in asked]
    assert answers == [1, 1, 2, 2, 4, 4, 5, None]
    assert answer(node, Compared("x", 5, (), False), calibration) is None
    nobody = ir.Calibration(AS_OF, (("r", tuple(freeze(node, []).items())),))
    assert answer(node, Compared("x", 5), nobody) is None


def test_a_figure_is_of_others_too() -> None:
    among = ir.Population((ir.AsOf(),), ir.Const(False, Flag()))
    node = replace(figure("sum"), population=among)
    calibration = ir.Calibration(AS_OF, (("f", ((("n",), ir.Figure(3, 12)),)),))
    asked = [
        Compared("a", None, ("n",), False), Compared("a", 1, ("new",)), Compared("a", 1, (None,))
    ]  # fmt: skip
    assert [answer(node, row, calibration) for row in asked] == [12, 0, None]


def test_what_does_not_fit_is_our_mistake() -> None:
    calibration = ir.Calibration(AS_OF, (), (("r", ir.Figure(1, 1)), ("f", ir.Cut(1, 1))))
    with pytest.raises(TypeError, match="does not fit"):
        answer(rank(count=1), Compared("a", 1), calibration)
    with pytest.raises(TypeError, match="does not fit"):
        answer(figure("sum"), Compared("a", 1), calibration)
