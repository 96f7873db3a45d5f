"""The reference pages are fresh, and what they show is true."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from segrules.cli.reference import FOLDER, pages, stale, write
from segrules.cli.reference_text.facts import FACTS, FORMS, READERS, fact, table
from segrules.cli.reference_text.grammar import definitions, readable
from segrules.rules import inspect
from segrules.text.catalogue import PREAMBLE, catalogue
from segrules.text.render import full
from segrules.text.source import Source

PAGES = pages()


def fragments() -> Iterator[tuple[str, str]]:
    """The rule text of every block of the language page, by the heading it stands under."""
    heading = ""
    pattern = r"^#+ (?P<heading>[^\n]*)$|^```seg\n(?P<rules>.*?)^```$"
    for found in re.finditer(pattern, PAGES["language.md"], re.MULTILINE | re.DOTALL):
        if found["heading"]:
            heading = found["heading"]
        elif found["rules"] != PREAMBLE:
            yield heading, found["rules"]


FRAGMENTS = list(fragments())


def test_pages_are_fresh() -> None:
    assert stale(PAGES) == [], "say `make docs`"


def test_pages_are_the_same_every_time() -> None:
    assert pages() == PAGES


@pytest.mark.parametrize(
    "rules", [each[1] for each in FRAGMENTS], ids=[each[0] for each in FRAGMENTS]
)
def test_fragment_of_the_language_page_checks_clean(rules: str) -> None:
    text = rules if "ruleset" in rules else f"{PREAMBLE}\n{rules}"
    assert [full(each) for each in inspect(Source("rules.seg", text)).log] == []


def test_fragments_use_every_rule_that_can_be_shown() -> None:
    """Each keyword of the grammar stands in an example."""
    known = " ".join(rules for _, rules in FRAGMENTS)
    literals = {
        word
        for alternatives in definitions()[0].values()
        for each in alternatives
        for word in re.findall(r'"([a-z_]+)"', each)
    }
    lacking = {word for word in literals if not re.search(rf"\b{word}\b", known)}
    assert lacking == set()


def test_every_code_has_its_page() -> None:
    named = {name.removeprefix("codes/").removesuffix(".md") for name in PAGES if "codes/" in name}
    assert named == {*catalogue(), "README"}
    index = PAGES["codes/README.md"]
    assert [code for code in catalogue() if f"]({code}.md)" not in index] == []


def test_links_lead_somewhere() -> None:
    for name, text in PAGES.items():
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            there = (Path(name).parent / target).as_posix()
            assert there in PAGES, f"{name} names {target}"
        headings = {
            re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        }
        for anchor in re.findall(r"\]\(#([^)]+)\)", text):
            assert anchor in headings, f"{name} names #{anchor}"


def test_no_page_holds_colour_or_an_unfilled_marker() -> None:
    for name, text in PAGES.items():
        assert "\x1b" not in text, name
        assert "{{" not in text, name
        assert text.endswith("\n"), name


def test_facts_are_complete() -> None:
    assert {FORMS[form] for form in FORMS} == set(FORMS.values())
    assert all(fact(f"reads {kind}") for kind in READERS)
    assert "operators" in FACTS
    with pytest.raises(KeyError):
        fact("weather today")


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (
            "knob",
            "<knob> = knob <name> = <quantity> from <quantity> to <quantity> [step <quantity>]",
        ),
        ("length", "<length> = <digits> <unit>"),
        ("where", '<where> = where "(" <expression> ")"'),
        ("targets", "<targets> = <name> (, <name>)*\n          | every segment"),
    ],
)
def test_rule_in_readable_form(rule: str, shown: str) -> None:
    assert readable(rule) == shown


def test_bars_in_a_table_are_escaped() -> None:
    assert table(["a"], [["b|c"]]) == "| a |\n| --- |\n| b\\|c |"


def test_writing_renews_and_removes(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "SEG000.md").write_text("gone")
    made = {"README.md": "new\n", "codes/SEG001.md": "a page\n"}
    assert stale(made, tmp_path) == ["README.md", "codes/SEG000.md", "codes/SEG001.md"]
    write(made, tmp_path)
    assert stale(made, tmp_path) == []
    assert not (tmp_path / "codes" / "SEG000.md").exists()


def test_pages_lie_in_the_docs_folder() -> None:
    assert FOLDER.parts[-2:] == ("docs", "reference")
