"""The cell form of sets: subjects, cells and lines. That it is true is held in tests/agree."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from segrules.lang.cells import Cells, Listed, Ordered, cell_of, cells_of
from segrules.lang.ir import Apply, Column, Const, Expr, Outcome, Rule, Ruleset, SegmentSet, Use
from segrules.lang.pipeline import compile_source
from segrules.lang.types import Flag, Whole
from segrules.text.source import Source

HEAD = """\
ruleset shop { language 1 goal "g" zone "Europe/London" money GBP }
knob big_from = 200 from 100 to 500
table people key id {
  id text
  region one of north, south, east, west
  tier   ordered bronze < silver < gold
  spend  money?
  visits whole 0..600
  weight number?
  vip    flag
  born   date?
  made   instant
  note   text?
}
table orders of people by id dated at { id text at date amount money }
"""


def cells(rules: str, named: str = "") -> Cells:
    compiled = None
    for unsure in ("\n  unsure open", ""):
        text = f"{HEAD}{named}\nsegments kind of people {{\n{rules}\n  otherwise rest{unsure}\n}}\n"
        compiled = compile_source(Source("shop.seg", text))
        if compiled.ruleset is not None:
            return cells_of(compiled.ruleset.set("kind"), compiled.ruleset)
    raise AssertionError(list(compiled.log) if compiled else [])


def of_rules(*conditions: str, named: str = "") -> Cells:
    return cells("\n".join(f"  s{at} when {each}" for at, each in enumerate(conditions)), named)


def looked_at(found: Cells) -> list[str]:
    """Subjects by the name of their column or named value, or by their kind."""
    return [
        each.expr.name if isinstance(each.expr, Column | Use) else type(each.expr).__name__
        for each in found.subjects
    ]


def lines(found: Cells) -> list[tuple[int, dict[int, str]]]:
    """Each line's rule, and by subject the cells from the first one: `1` true, `?` unknown, `0`."""

    def bits(test: object, size: int) -> str:
        true, possible = test.true, test.possible  # type: ignore[attr-defined]
        return "".join(
            "1" if true >> at & 1 else "?" if possible >> at & 1 else "0" for at in range(size)
        )

    return [
        (line.rule, {t.subject: bits(t, found.subjects[t.subject].size) for t in line.tests})
        for line in found.lines
    ]


def test_cuts_of_all_rules_are_the_cells_of_a_column() -> None:
    found = of_rules("visits >= 10 and visits <= 20", "visits > 20", "visits = 3")
    assert looked_at(found) == ["visits"]
    assert found.subjects[0].domain == Ordered((3, 4, 10, 21))
    # below 3, 3, up to 9, up to 20, more, missing
    assert lines(found) == [(0, {0: "00010?"}), (1, {0: "00001?"}), (2, {0: "01000?"})]


def test_money_dates_doubles_and_instants_are_cut_behind_what_is_included() -> None:
    found = of_rules(
        "spend <= 100",
        "born <= 2000-02-28",
        "weight <= 0.5",
        "made < 2026-03-29",
        "spend > big_from",
    )
    assert found.subjects[0].domain == Ordered((100_01, 200_01))
    assert found.subjects[1].domain == Ordered((dt.date(2000, 2, 29),))
    assert found.subjects[2].domain == Ordered((0.5000000000000001,))
    assert isinstance(found.subjects[3].expr, Apply)
    assert found.subjects[3].domain == Ordered((dt.date(2026, 3, 29),))


def test_declared_values_that_no_rule_tells_apart_are_one_cell() -> None:
    found = of_rules("region = north", "region in [north, south]", "region != west")
    assert found.subjects[0].domain == Listed(("north", "south", "west"))
    order = of_rules("tier >= silver", "tier < gold")
    assert order.subjects[0].domain == Listed(("bronze", "gold"))
    # where all are named, what most of them answer is the answer of the others
    assert lines(order) == [(0, {0: "011?"}), (1, {0: "101?"})]
    text = of_rules('note = "a"', 'note in ["b", "a"]', "note is missing")
    assert text.subjects[0].domain == Listed(("a", "b"))
    assert lines(text)[2] == (2, {0: "0001"})


def test_flags_list_both_values() -> None:
    assert of_rules("vip").subjects[0].domain == Listed((False, True))


def test_named_values_bands_and_fallbacks_are_opened() -> None:
    named = """
let seen = (days since last orders) if missing use 9_999
band recency of seen { 3 up to 30 | 2 up to 90 | 1 }
score worth { add 2 when visits > 5  add 1 when visits > 9 }
let fresh = recency >= 2 and not vip
"""
    found = of_rules("recency = 3", "seen > 60", "worth >= 3", "fresh", named=named)
    assert looked_at(found) == ["Apply", "visits", "vip"]
    assert found.subjects[0].domain == Ordered((31, 61, 91))
    assert found.subjects[1].domain == Ordered((10,))
    assert lines(found)[:2] == [(0, {0: "10000"}), (1, {0: "00111"})]
    assert set(lines(found)[3][1]) == {0, 2}


def test_what_rests_on_several_columns_is_a_subject() -> None:
    found = of_rules(
        "visits * 2 + needs_of > 5", "spend > floor", 'note contains "a"', "in top 10% by visits",
        "heavy", named="let needs_of = visits * visits\nlet floor = spend * 2\n"
        "let heavy = weight > visits * 1.5\n",
    )  # fmt: skip
    assert looked_at(found) == ["Apply", "Apply", "Apply", "InRank", "heavy"]
    assert found.subjects[0].domain == Ordered((6,))
    assert [each.domain for each in found.subjects[1:]] == [Listed((False, True))] * 4


def test_or_makes_lines_and_joins_tests_of_one_subject() -> None:
    found = of_rules(
        "visits < 3 or visits > 9",
        "(vip or spend > 100) and (visits < 3 or region = north)",
        "not (vip and visits < 3)",
    )
    assert [line.rule for line in found.lines] == [0, 1, 1, 1, 1, 2, 2]
    assert lines(found)[0] == (0, {0: "101?"})
    assert [len(line.tests) for line in found.lines] == [1, 2, 2, 2, 2, 1, 1]


def test_tests_that_cannot_fail_and_lines_that_cannot_hold_are_left_out() -> None:
    found = of_rules("visits is known and vip", "visits < 3 and visits > 9 or vip", "visits < 0")
    assert looked_at(found) == ["vip", "visits"]
    assert [line.rule for line in found.lines] == [0, 1, 2]
    everyone = of_rules("visits is known")
    assert [line.tests for line in everyone.lines] == [()]
    nobody = of_rules("visits < 3 and visits > 9")
    assert nobody.lines == ()
    assert nobody.rules == 1


def test_too_many_alternatives_stay_a_subject() -> None:
    flags = [Column("people", f"f{at}", Flag(), False) for at in range(40)]
    pairs: list[Expr] = [
        Apply("or", (one, two), Flag(), False) for one, two in zip(flags, flags[20:], strict=False)
    ]
    every, some = (
        Apply("and", tuple(pairs), Flag(), False),
        Apply("or", tuple(flags), Flag(), False),
    )
    four = Apply("and", tuple(pairs[:4]), Flag(), False)
    named = tuple(Rule(f"s{at}", "", each) for at, each in enumerate((every, some, four)))
    made = SegmentSet("kind", "people", named, Outcome("rest", ""), None)
    found = cells_of(made, Ruleset("shop", sets=(made,), steps=("kind",)))
    counts = [sum(line.rule == rule for line in found.lines) for rule in range(3)]
    assert counts == [16, 1, 16]
    assert len(found.lines[0].tests) == 4 + 16
    assert found.subjects[found.lines[16].tests[0].subject].expr == some


@pytest.mark.parametrize("chain", [3_000])
def test_a_long_chain_of_named_values_needs_no_recursion(chain: int) -> None:
    named = "let v0 = visits > 3 or vip\n" + "".join(
        f"let v{at} = v{at - 1} and visits != {at % 500 + 10}\n" for at in range(1, chain)
    )
    found = of_rules(f"v{chain - 1}", named=named)
    assert looked_at(found) == ["visits", "vip"]
    assert len(found.lines) == 2


def test_very_deep_expressions_are_subjects() -> None:
    nested = "visits"
    for _ in range(30):
        nested = "(" + nested + " + 0" * 90 + ")"
    found = of_rules(f"vip and {nested} > 3", f"{nested} > 3", "vip")
    assert [each.domain for each in found.subjects] == [Listed((False, True))] * 3
    assert [len(line.tests) for line in found.lines] == [1, 1, 1]


def test_cells_of_values() -> None:
    ordered, listed = Ordered((0.0, 5e-324, 2.0)), Listed(("a", "b"))
    assert [cell_of(ordered, each) for each in (-1.0, -0.0, 5e-324, 1.9, 2.0, None)] == [
        0, 1, 2, 2, 3, 4,
    ]  # fmt: skip
    assert [cell_of(listed, each) for each in ("a", "b", "c", None)] == [0, 1, 2, 3]
    assert (ordered.size, listed.size) == (5, 4)


def _many(count: int) -> tuple[SegmentSet, Ruleset]:
    columns = [Column("people", f"c{at}", Whole(0, 10**6), True) for at in range(5)]

    def between(at: int, column: Column) -> tuple[Expr, Expr]:
        low = at * 7919 % 900_000
        return (
            Apply("ge", (column, Const(low, Whole())), Flag(), True),
            Apply("le", (column, Const(low + 1_000, Whole())), Flag(), True),
        )

    named = tuple(
        Rule(f"s{at}", "", Apply("and", (
            *between(at, columns[at % 5]), *between(at * 3, columns[(at + 1) % 5]),
            *between(at * 5, columns[(at + 2) % 5]),
        ), Flag(), True))
        for at in range(count)
    )  # fmt: skip
    made = SegmentSet("kind", "people", named, Outcome("rest", ""), None)
    return made, Ruleset("shop", sets=(made,), steps=("kind",))


def test_time_grows_in_step_with_the_rules() -> None:
    def seconds(count: int) -> float:
        found, ruleset = _many(count)
        taken = []
        for _ in range(3):
            before = time.process_time()
            assert len(cells_of(found, ruleset).lines) == count
            taken.append(time.process_time() - before)
        return min(taken)

    few, many = seconds(250), seconds(2_000)
    assert many < 8 * few * 1.8
    assert many < 1.2
