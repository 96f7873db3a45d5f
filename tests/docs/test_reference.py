"""The reference pages are fresh, and what they show is true."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Tree

from segrules.cli.reference import FOLDER, pages, stale, write
from segrules.cli.reference_text.facts import FACTS, FORMS, READERS, fact
from segrules.cli.reference_text.grammar import definitions, readable, words
from segrules.cli.reference_text.samples import PREAMBLE, shown, whole
from segrules.cli.reference_text.tables import table
from segrules.lang.tables import load_parser
from segrules.rules import inspect, load
from segrules.segments.claims import Given, try_all
from segrules.text.catalogue import catalogue
from segrules.text.render import full
from segrules.text.source import Source

PAGES = pages()
LANGUAGE = {name: text for name, text in PAGES.items() if name.startswith("language")}


def fragments() -> Iterator[tuple[str, str]]:
    """The rule text of every block of the language pages, by the heading it stands under."""
    pattern = r"^#+ (?P<heading>[^\n]*)$|^```seg\n(?P<rules>.*?)^```$"
    for name, text in LANGUAGE.items():
        heading = ""
        for found in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
            if found["heading"]:
                heading = found["heading"]
            elif found["rules"] != PREAMBLE:
                yield f"{Path(name).stem}: {heading}", found["rules"]


FRAGMENTS = list(fragments())


def test_pages_are_fresh() -> None:
    assert stale(PAGES) == [], "say `make docs`"


def test_pages_are_the_same_every_time() -> None:
    assert pages() == PAGES


@pytest.mark.parametrize(
    "rules", [each[1] for each in FRAGMENTS], ids=[each[0] for each in FRAGMENTS]
)
def test_fragment_of_the_language_pages_checks_clean(rules: str) -> None:
    assert [full(each) for each in inspect(Source("rules.seg", whole(rules))).log] == []


def test_what_the_language_pages_claim_holds() -> None:
    """Without data only examples and personas are there to try claims on."""
    claiming = [rules for _, rules in FRAGMENTS if "\nclaims of " in rules]
    assert claiming
    for rules in claiming:
        ruleset = inspect(Source("rules.seg", whole(rules))).ruleset
        assert ruleset is not None
        tested = try_all(ruleset, Given())
        assert [each.judged for each in tested.verdicts if each.personas] != []
        assert [full(each) for each in tested.findings] == []


def _used_rules(text: str) -> set[str]:
    """The rules of the grammar by which a text is read, each alternative by its own name."""
    tree = load_parser().parse(text)
    assert isinstance(tree, Tree)
    return {str(each.data) for each in tree.iter_subtrees()}


REFUSED = {"in_last_bare"}
"""What can be read and is then refused: no example can show it."""


def test_every_alternative_of_the_grammar_stands_in_an_example() -> None:
    texts = [PREAMBLE, 'use "common/tables.seg"', *(rules for _, rules in FRAGMENTS)]
    used = set().union(*map(_used_rules, texts))
    rules = load_parser().rules
    named = {str(rule.alias or rule.origin.name) for rule in rules if not rule.options.expand1}
    named |= {str(rule.alias) for rule in rules if rule.alias}
    assert {name for name in named - used if not name.startswith("_")} == REFUSED


def test_every_word_of_the_grammar_stands_in_an_example() -> None:
    known = " ".join(" ".join(re.sub("#.*", "", rules).split()) for _, rules in FRAGMENTS)
    known += f' {PREAMBLE} use "x"'
    wanted = {
        word
        for alternatives in definitions()[0].values()
        for each in alternatives
        for word in re.findall(r'"([a-z_]+)"', each)
    }
    wanted |= {word.replace("[s]", "") for name in definitions()[1] for word in words(name)}
    spoken = {each for each in wanted if each.replace(" ", "").replace("_", "").isalpha()}
    assert {each for each in spoken if not re.search(rf"\b{each}s?\b", known)} == set()


def test_used_file_of_the_page_is_read(tmp_path: Path) -> None:
    line = re.search(r"^```text\n(use .*)$", LANGUAGE["language/heading.md"], re.MULTILINE)
    assert line is not None
    head, tables = PREAMBLE.split("\n\n", 1)
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "tables.seg").write_text(tables)
    (tmp_path / "rules.seg").write_text(
        f"{head}\n{line[1]}\nsegments s of customers {{ a when vip  otherwise b }}\n"
    )
    assert load(tmp_path / "rules.seg").ruleset.set("s").table == "customers"


def test_every_code_has_its_page() -> None:
    named = {name.removeprefix("codes/").removesuffix(".md") for name in PAGES if "codes/" in name}
    assert named == {*catalogue(), "README"}
    index = PAGES["codes/README.md"]
    assert [code for code in catalogue() if f"]({code}.md)" not in index] == []


def _headings(text: str) -> set[str]:
    return {
        re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("codes/SEG")])
def test_links_lead_somewhere(name: str) -> None:
    folder = (FOLDER / name).parent
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[name]):
        assert (folder / target).is_file(), f"{name} names {target}"
    for anchor in re.findall(r"\]\(#([^)]+)\)", PAGES[name]):
        assert anchor in _headings(PAGES[name]), f"{name} names #{anchor}"


def test_index_names_every_page_of_the_language() -> None:
    linked = set(re.findall(r"\]\((language/[^)#]+)\)", PAGES["language.md"]))
    assert linked == LANGUAGE.keys() - {"language.md"}


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
    ("rule", "written"),
    [
        ("dated", "<dated> = dated <name>"),
        ("later", "<later> = then <quantity> since <date>"),
        ("past", "<past> = <moment>\n       | ever"),
        ("length", "<length> = <digits> <unit>"),
        ("where", '<where> = where "(" <expression> ")"'),
        ("targets", "<targets> = <names>\n          | every segment"),
    ],
)
def test_rule_in_readable_form(rule: str, written: str) -> None:
    assert readable(rule) == written


@pytest.mark.parametrize(
    ("terminal", "expected"),
    [
        ("AT_MOST", ["at most", "fewer than", "more than"]),
        ("SET_TEST", ["has any of", "has all of", "has none of"]),
        ("NEVER", ["never"]),
        ("ROWS", ["row[s]"]),
        ("FLAPPING", ["flapping with tolerance < flapping without tolerance"]),
        ("COMPARISON", ['"<="', '">="', '">"', '"!="']),
        ("NAME", []),
    ],
)
def test_words_of_a_terminal(terminal: str, expected: list[str]) -> None:
    assert words(terminal) == expected


# ---- samples

_BIG = "segments size of customers {\n  big when spend > 500\n  otherwise small\n}\n"


def test_sample_shows_what_comes_out() -> None:
    written = "customers | spend => size\nann | 501\nbob | 500\n"
    assert shown(_BIG, written) == (
        "| `customers` | `spend` | **size** |\n| --- | --- | --- |\n"
        "| ann | 501 | big |\n| bob | 500 | small |"
    )


def test_sample_with_days_has_a_past() -> None:
    rules = f"{_BIG}flags of customers {{\n  fell when size left big\n}}\n"
    written = "customers | as_of | spend => fell\na | 2026-05-01 | 600\na | 2026-06-01 | 5\n"
    last = shown(rules, written).splitlines()[-1]
    assert last == "| a | 2026-06-01 | 5 | yes |"


def test_many_answers_stand_below_what_is_given() -> None:
    lets = "".join(f"let x{at} = points + {at}\n" for at in range(7))
    names = " | ".join(f"x{at}" for at in range(7))
    lines = shown(lets, f"customers | points => {names}\nann | 1\n").splitlines()
    assert lines[4:8] == [
        "| `customers` | ann |",
        "| --- | --- |",
        "| **x0** | 1 |",
        "| **x1** | 2 |",
    ]


def test_sample_of_rules_with_findings_is_refused() -> None:
    with pytest.raises(ValueError, match="SEG201"):
        shown(_BIG.replace("spend", "spnd"), "customers => size\nann\n")


def test_sample_with_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="customers has no column spnd"):
        shown(_BIG, "customers | spnd => size\nann | 1\n")


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
