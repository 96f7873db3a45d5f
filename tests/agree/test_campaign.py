"""A part of the campaign that `make soak-targets` runs for hours, and what it has found so far."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import agree_campaign
import polars as pl
import pytest
from agree_campaign import Tally, again, played, stretch, summary
from agree_cases import ALLOWED, cases, flat, rulesets_for_all_pairs
from agree_corpus import files, load, save
from agree_hostile import people
from agree_judge import judged
from agree_servers import differences
from agree_shrink import shrunk
from agree_targets import TARGETS, Case, RefusedError, mismatch
from sql_engines import Database, each_database  # noqa: F401

from segrules.backends.kernel import operators as kernel_operators
from segrules.backends.polars import operators as polars_operators
from segrules.backends.record import operators as record_operators
from segrules.backends.sql.dialects import DIALECTS
from segrules.lang import ir
from segrules.lang.cells import rules as cell_rules

SIZE = int(os.environ.get("SEGRULES_CAMPAIGN", "1"))
"""How many times all pairs of operators are met; each takes about a minute on two cores."""

ROWS = 384
SEED = 20_260


def test_every_target_agrees_wherever_operators_meet() -> None:
    rulesets = rulesets_for_all_pairs() * SIZE

    def enough(total: Tally) -> bool:
        return total.rulesets >= rulesets

    *_, total = played(SEED, ROWS, os.cpu_count() or 1, enough)
    assert not total.found, total.found[0]
    assert set(ALLOWED) <= total.met, summary(total, SEED, 1.0, 1)
    assert set(total.cases) == set(TARGETS)
    assert min(total.cases.values()) > total.judged * 0.9
    assert {reason for _, reason in total.refused} <= {"SEG684"}
    assert {each.type for each in total.specials} == {
        "Date", "Enum", "Flag", "Instant", "Money", "Number", "Set", "Share", "Text", "Whole",
    }  # fmt: skip
    assert total.records_refused > 1000
    assert {"otherwise", "unsure", "cap"} <= total.deciders.keys()


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_what_was_found_once(path: Path) -> None:
    case, about = load(path)
    expected = judged(case)
    assert expected
    for name, target in TARGETS.items():
        try:
            says = mismatch(case, target, expected)
        except RefusedError:
            continue
        assert says is None, (name, about, says)


def test_servers_agree_on_a_sample(database: Database) -> None:
    numbers = range(2 if database.dialect == "spark" else 6)
    found = list(differences(database, SEED, numbers, rows=128))
    assert [says for says, _ in found if says] == []
    assert sum(answered for _, answered in found) == 128 * len(numbers)


# ---- would it be seen if a target were wrong?


def _cut_short(of: Callable[..., Any]) -> Callable[..., Any]:
    """`and` and `or` of fewer operands."""
    return lambda place, operands: of(place, operands[:1])


def _polars(patch: pytest.MonkeyPatch) -> None:
    wrong = polars_operators.strict(operator.le)
    patch.setitem(polars_operators.RULES, "lt", wrong)  # type: ignore[arg-type]


def _cells(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(cell_rules.RULES, "lt", cell_rules.RULES["le"])


def _kernel(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(kernel_operators.RULES, "or", _cut_short(kernel_operators.RULES["or"]))


def _record(patch: pytest.MonkeyPatch) -> None:
    rule = record_operators.RULES["days_between"]

    def backwards(node: ir.Apply) -> Any:
        args, extra = rule(node)
        return args[::-1], extra

    patch.setitem(record_operators.RULES, "days_between", backwards)


def _duckdb(patch: pytest.MonkeyPatch) -> None:
    rules = DIALECTS["duckdb"].operators
    patch.setitem(rules, "starts_with", rules["contains"])


BROKEN = {
    "polars in memory": _polars, "polars streaming": _polars, "polars by cells": _cells,
    "record trusted": _record, "record checked": _record, "kernel": _kernel, "duckdb": _duckdb,
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_operator_is_found_and_made_small(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    BROKEN[name](monkeypatch)
    monkeypatch.setattr(agree_campaign, "STRETCH", 20)
    tally = stretch(1, 0, 128, {name: TARGETS[name]})
    assert tally.found
    found = tally.found[0]
    assert (found.target, found.seed) == (name, 1)
    case = shrunk(again(found), TARGETS[name], seconds=20)
    assert len(case.population.rows[case.found.table]) == 1
    assert len(case.found.rules) == 1
    assert len(list(ir.walk(case.found.rules[0].condition))) <= 8
    save(case, tmp_path / "case.json", "an operator is wrong")
    kept, about = load(tmp_path / "case.json")
    assert about == "an operator is wrong"
    assert mismatch(kept, TARGETS[name], judged(kept)) is not None
    monkeypatch.undo()
    assert mismatch(kept, TARGETS[name], judged(kept)) is None


def test_answers_of_another_form_are_seen() -> None:
    case = flat(1, 1, people(1, 64))
    expected = judged(case)

    def numbers(asked: Case) -> Any:
        return {key: tuple(int(part) if isinstance(part, bool) else part for part in answer)
                for key, answer in expected.items()}  # fmt: skip

    assert mismatch(case, lambda _: expected, expected) is None
    assert mismatch(case, numbers, expected) == "answers of another form"
    fewer = {key: expected[key] for key in list(expected)[1:]}
    assert str(mismatch(case, lambda _: fewer, expected)).startswith("other rows")


def test_a_file_holds_the_whole_case(tmp_path: Path) -> None:
    for number in (3, 23):
        for case in cases(1, number, people(1, 32)):
            save(case, tmp_path / "case.json", "")
            kept, _ = load(tmp_path / "case.json")
            assert judged(kept) == judged(case)
            assert kept.found == case.found
            frame = TARGETS["polars streaming"]
            assert mismatch(kept, frame, judged(case)) is None


def test_cells_that_mean_nothing_are_missing_everywhere() -> None:
    """The rows of a population are what the border makes of its cells."""
    population = people(5, 400)
    read = population.sources["people"].collect()
    assert read.equals(population.frames["people"].collect())
    assert isinstance(read, pl.DataFrame)
    missing = sum(row["number"] is None for row in population.rows["people"])
    cells = [row["number"] for row in population.cells["people"]]
    assert sum(cell is None for cell in cells) < missing
    assert any(cell is not None and math.isnan(cell) for cell in cells)
    assert replace(population).refused == population.refused
