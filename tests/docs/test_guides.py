"""What the guides show is what happens, and they hang together."""

import re
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from docs_shell import ROOT, held_against
from servers import absent, postgres_address

__all__ = ["postgres_address"]

FOLDER = ROOT / "docs" / "guides"
GUIDES = sorted(path.name for path in FOLDER.glob("*.md") if path.name != "README.md")


SERVERS = {"warehouse.md": "database", "cluster.md": "java"}
"""What guides need that is not of Python."""


@pytest.fixture
def database(postgres_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database `shop` of a server that the environment names, as the guide has it."""
    parts = urlsplit(postgres_address)
    for name, value in {
        "PGHOST": parts.hostname, "PGPORT": parts.port, "PGUSER": parts.username,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    with psycopg.connect(postgres_address, autocommit=True) as link:
        link.execute("drop database if exists shop")
        link.execute("create database shop")
        yield
        link.execute("drop database shop with (force)")


@pytest.fixture
def java() -> None:
    """Spark starts in processes of the commands."""
    if shutil.which("java") is None:
        absent("Java is not installed")


@pytest.mark.parametrize("name", GUIDES)
def test_outputs_are_those_shown(
    name: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    if name in SERVERS:
        request.getfixturevalue(SERVERS[name])
    desk = tmp_path_factory.mktemp("guide") / "desk"
    differs = held_against(f"docs/guides/{name}", desk, request.config.getoption("--accept"))
    if differs:
        pytest.fail(differs, pytrace=False)


@pytest.mark.parametrize("name", ["README.md", *GUIDES])
def test_links_lead_to_files_and_headings(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#]+)(#[^)]+)?\)", text):
        place = FOLDER / target
        assert place.is_file(), f"{name} names {target}"
        if anchor:
            heads = re.findall(r"^#+ (.*)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            known = {re.sub(r"[^a-z0-9 _-]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor[1:] in known, f"{name} names {target}{anchor}"


def test_index_names_every_guide() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[.*?\]\((\w+\.md)\)", text, re.MULTILINE)) == GUIDES


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_is_run(name: str) -> None:
    """A command in a block that nothing runs would go stale unseen."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    for kind, body in re.findall(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        assert kind in {"console", "pycon", "seg", "csv", "diff", "sql"}
        assert kind in {"console", "seg"} or "$ segrules" not in body
