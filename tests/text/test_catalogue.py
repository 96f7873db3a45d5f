"""Every code: its wrong example gives it, its right example is clean, its texts keep the style."""

import re
import shlex
from collections.abc import Callable
from types import ModuleType

import pytest

from segrules.rules import inspect
from segrules.text import problems
from segrules.text.catalogue import Entry, Example, catalogue
from segrules.text.diagnostic import Diagnostic
from segrules.text.render import full, page
from segrules.text.source import Source

ENTRIES = catalogue()
SUBJECTS = tuple(
    module
    for module in vars(problems).values()
    if isinstance(module, ModuleType) and any(isinstance(e, Entry) for e in vars(module).values())
)


def settings(run: str) -> dict[str, str] | None:
    """The knobs of a plain `check`; None when the example needs the command line."""
    command, *words = shlex.split(run)
    knobs = [word for word in words if word != "--knob"]
    if command != "check" or any("=" not in word for word in knobs):
        return None
    return dict(word.split("=", 1) for word in knobs)


CHECKED = [entry for entry in ENTRIES.values() if settings(entry.wrong.run) is not None]


def findings(example: Example) -> list[Diagnostic]:
    source = Source("rules.seg", example.text)
    return list(inspect(source, settings(example.run)).log)


def by_code(entry: Entry) -> str:
    return entry.code


@pytest.mark.parametrize("entry", CHECKED, ids=by_code)
def test_wrong_example_gives_its_code_alone(entry: Entry) -> None:
    found = findings(entry.wrong)
    assert {(each.code, each.severity) for each in found} == {(entry.code, entry.severity)}


@pytest.mark.parametrize("entry", CHECKED, ids=by_code)
def test_right_example_is_clean(entry: Entry) -> None:
    assert [full(each) for each in findings(entry.right)] == []


@pytest.mark.parametrize("entry", CHECKED, ids=by_code)
def test_golden(entry: Entry, golden: Callable[[str, str], None]) -> None:
    found = findings(entry.wrong)
    answer = "\n".join(full(each) for each in found)
    golden(f"diagnostics/{entry.code}.txt", f"{_cut(entry.wrong.rules)}\n---\n\n{answer}")


def _cut(rules: str) -> str:
    return "\n".join(line[:100].encode("ascii", "backslashreplace").decode()
                     for line in rules.splitlines())  # fmt: skip


@pytest.mark.parametrize("entry", CHECKED, ids=by_code)
def test_each_finding_has_a_place_and_one_hint(entry: Entry) -> None:
    for found in findings(entry.wrong):
        assert found.hint
        assert "\n" not in found.hint
        if entry.wrong.run == "check":
            assert found.span is not None
            assert 0 <= found.span.start <= found.span.end <= len(found.span.source.text)


@pytest.mark.parametrize("entry", CHECKED, ids=by_code)
def test_style_of_messages(entry: Entry) -> None:
    for found in findings(entry.wrong):
        for text in (found.message, found.hint or ""):
            plain = re.sub(r"`[^`]*`|\"[^\"]*\"", "", text)
            assert not text.endswith((".", "!", "?")), text
            assert not re.search(r"\b(you|your|please|str|int|float|bool|None)\b", plain), text
        assert not found.message[0].isupper(), found.message


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=by_code)
def test_style_of_entries(entry: Entry) -> None:
    assert re.fullmatch(r"SEG\d{3}", entry.code)
    assert not entry.title.endswith(".")
    assert len(entry.title) <= 70
    assert entry.why.endswith((".", "?"))
    assert not re.search(r"\b(you|your)\b", entry.title + entry.why, re.IGNORECASE)
    assert entry.wrong != entry.right


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=by_code)
def test_page(entry: Entry) -> None:
    shown = page(entry)
    assert shown.startswith(f"# {entry.code}: {entry.title}\n")
    assert entry.why in shown
    assert shown.count("```") % 2 == 0


def test_page_shows_what_the_wrong_example_says(golden: Callable[[str, str], None]) -> None:
    entry = ENTRIES["SEG201"]
    golden("diagnostics/page.md", page(entry, findings(entry.wrong)[0]))


def test_constructors_stand_once() -> None:
    places: dict[str, set[str]] = {}
    for subject in SUBJECTS:
        for name, value in vars(subject).items():
            if getattr(value, "__module__", "") == subject.__name__ and not name.startswith("_"):
                places.setdefault(name, set()).add(subject.__name__.rpartition(".")[2])
    shared = {name: where for name, where in places.items() if len(where) > 1}
    # The package offers those of `usage`; reading data uses its own module.
    assert all(where == {"data", "usage"} for where in shared.values()), shared


def test_every_entry_is_used() -> None:
    """An entry without a constructor beside it would be a page about nothing."""
    for subject in SUBJECTS:
        text = subject.__loader__.get_source(subject.__name__)  # type: ignore[union-attr]
        for name, value in vars(subject).items():
            if isinstance(value, Entry) and f"\n{name} = " in text:
                assert len(re.findall(rf"\b{name}\b", text)) > 1, name
