"""What the tutorial and the README show is what happens."""

import re
from pathlib import Path

import pytest
import typer
from docs_shell import CUT, ROOT, DocumentError, cut, held_against, renewed

from segrules.cli.main import app
from segrules.text.resources import resource

DOCUMENTS = ("docs/tutorial.md", "README.md")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_outputs_are_those_shown(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    differs = held_against(name, tmp_path / "desk", request.config.getoption("--accept"))
    if differs:
        pytest.fail(differs, pytrace=False)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_excerpts_of_rules_stand_in_the_worked_case(name: str) -> None:
    rules = (resource("rulesets") / "advice" / "advice.seg").read_text(encoding="utf-8")
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```seg\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        for piece in block.split(f"{CUT}\n"):
            assert piece.strip("\n") in rules


@pytest.mark.parametrize("name", [*DOCUMENTS, "docs/README.md"])
def test_links_lead_to_files(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / name).parent.joinpath(target).exists(), target


def test_readme_names_every_command() -> None:
    group = typer.main.get_command(app)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `segrules (\w+)", text, re.MULTILINE) == list(group.commands)  # type: ignore[attr-defined]


def test_docs_index_names_every_page() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    beside = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    folders = {f"{path.name}/README.md" for path in (ROOT / "docs").iterdir() if path.is_dir()}
    assert set(re.findall(r"\]\(([^)#]+)\)", text)) >= beside | folders


# ---- cutting


NOW = ["head", "a", "b", "c", "d", "tail"]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (["anything"], NOW),
        (["old", CUT], ["head", CUT]),
        ([CUT, "old", "older"], [CUT, "d", "tail"]),
        (["old", CUT, "b", "x", CUT], ["head", CUT, "b", "c", CUT]),
        ([CUT, "b", CUT, "old"], [CUT, "b", CUT, "tail"]),
    ],
)
def test_output_is_cut_where_the_shown_one_is(shown: list[str], expected: list[str]) -> None:
    assert cut(shown, NOW) == expected


def test_lost_line_is_named() -> None:
    with pytest.raises(DocumentError, match="does not hold the line: gone"):
        cut([CUT, "gone", CUT], NOW)


def test_blocks_follow_each_other_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    text = (
        "```csv y.csv\nkey\n1\n```\n```console\n$ cat y.csv\nkey\n1\n```\n"
        + "```console\n$ echo 'one\n> two' >x.txt; cat x.txt\n```\n".replace("\n> ", " ")
        + "```diff x.txt\n-one two\n+three\n```\n"
        + "```console\n$ cat \\\n    x.txt\nold\n```\n"
        + "```pycon\n>>> text = 'new'\n>>> text\n'old'\n```\n"
    )
    assert renewed(text, folder) == text.replace("x.txt\n```", "x.txt\none two\n```", 1).replace(
        "\nold\n", "\nthree\n"
    ).replace("'old'", "'new'")


def test_change_of_a_line_that_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "x.txt").write_text("one\n")
    with pytest.raises(DocumentError, match="does not hold this once"):
        renewed("```diff x.txt\n-two\n+three\n```\n", folder)
