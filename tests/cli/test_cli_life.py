"""`segrules simulate` of a life: what it prints, for machines too, and its exit codes."""

import json

import pytest
from cli_shop import run

from segrules.text.catalogue import catalogue

EXAMPLE = catalogue()["SEG779"].right
"""A life with a lever that moves customers, some of whom fall back."""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.seg").write_text(EXAMPLE.text)
    given = ["rules.seg", "--as-of", "2026-06-30"]
    for name, text in EXAMPLE.data.items():
        (tmp_path / f"{name}.csv").write_text(text)
        given += ["--table", f"{name}={name}.csv"]
    return given


def test_a_life_tells_its_levers_and_how_sure_it_is(shop):
    told = run("simulate", *shop)
    assert told.code == 0
    assert "letters, lever by lever: what each adds to the profit" in told.out
    assert "the Monte Carlo error of the mean difference of the profit is" in told.out
    assert "evidence grade" in told.out
    found = json.loads(run("simulate", *shop, "--format", "json").out)
    (decision,) = found["decisions"]
    assert decision["scenario"] == found["outlooks"][0]["scenario"] == "letters"
    assert decision["together"] == found["outlooks"][0]["difference"]


def test_an_executor_changes_no_byte(shop):
    here = run("simulate", *shop, "--format", "json", "--threads", "1")
    there = run("simulate", *shop, "--format", "json", "--executor", "processes", "--threads", "1")
    assert there.out == here.out != ""


def test_a_grade_that_is_asked_for_is_held_against_a_life(shop):
    """Its assumptions are an experiment, so it is good enough for B and not for A."""
    assert run("simulate", *shop, "--require-grade", "B").code == 0
    refused = run("simulate", *shop, "--require-grade", "A")
    assert refused.code == 1
    assert "SEG724" in refused.codes
