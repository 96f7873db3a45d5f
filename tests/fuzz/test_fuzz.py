"""100,000 hostile texts through the whole of `check`: findings, never an exception or a hang.

A failure prints the seed, the number and the smallest text that fails likewise; that text goes into
`corpus/`, with a first line that says what it once did.
"""

from __future__ import annotations

import resource
from pathlib import Path

import fuzz_checks
import pytest
from fuzz_checks import Failed, Hang, check_findings, check_layout, failure, fuzz, report, smallest
from fuzz_texts import CORPUS, luck_of, pieces, text_of, walk

SEED = 3
TEXTS = 100_000
STRETCH = 10_000
LAID_OUT = 3_000
MEMORY = 300 * 1024
"""KiB by which the process may grow over a stretch: some of it is caches that stay."""

CASES = sorted(CORPUS.glob("*.seg"))


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("start", range(0, TEXTS, STRETCH))
def test_hostile_texts(start: int) -> None:
    before = peak()
    found = fuzz(SEED, range(start, start + STRETCH))
    if isinstance(found, Failed):
        pytest.fail(report(found, check_findings), pytrace=False)
    assert found.texts == STRETCH
    assert found.worst < fuzz_checks.SLOWEST
    assert peak() - before < MEMORY


def test_generated_texts_are_laid_out_once() -> None:
    """Walks along the grammar, and whatever of the mutated texts still parses."""
    parsed = 0
    for number in range(LAID_OUT):
        luck = luck_of(SEED, number)
        text = walk(luck, luck.choice((10, 30, 60))) if number % 2 else text_of(SEED, number)
        why = failure(text, check_layout)
        if why is not None:
            pytest.fail(report(Failed(text, f"number {number}: {why}"), check_layout))
        parsed += check_layout(text)
    assert parsed > LAID_OUT / 20, "too few of the texts parse for the test to mean anything"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_once_failed(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    assert failure(text, check_findings) is None
    assert failure(text, check_layout) is None


# ---- the fuzz itself


def test_a_text_is_a_function_of_its_number() -> None:
    texts = [text_of(SEED, number) for number in range(300)]
    assert texts == [text_of(SEED, number) for number in range(300)]
    assert texts != [text_of(SEED + 1, number) for number in range(300)]
    assert len(set(texts)) > 280
    assert len(pieces()) > 200


def test_an_exception_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    real = fuzz_checks.inspect

    def careless(source: object) -> object:
        if "vip" in source.text:  # type: ignore[attr-defined]
            raise KeyError("vip")
        return real(source)  # type: ignore[arg-type]

    monkeypatch.setattr(fuzz_checks, "inspect", careless)
    found = fuzz(SEED, range(2_000))
    assert isinstance(found, Failed)
    said = report(found, check_findings)
    assert "the smallest text: 'vip'" in said
    assert f"seed {SEED}, number" in said
    assert "KeyError" in said


def test_a_hang_is_a_failure() -> None:
    def slow(_text: str) -> None:
        with fuzz_checks.watched(0.05):
            while True:
                pass

    assert (failure("let x = 1", slow) or "").startswith(Hang.__name__)


def test_the_smallest_text_still_fails() -> None:
    assert smallest("let a = 1\nlet b = 2 + c * 3\n", lambda text: "b" in text and "*" in text) in (
        "b*",
        "b *",
    )
