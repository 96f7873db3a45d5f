"""`--report` on the command line: the page beside the result, and what is refused before it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_shop import environment, run
from report_pages import PLAIN, RULES, customers

from segrules.cli import page as pages

DAY = ("--as-of", "2026-06-30")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.seg").write_text(RULES.format(*PLAIN), encoding="utf-8")
    customers().write_csv(tmp_path / "customers.csv")
    return tmp_path


def words(command: str, *more: str) -> list[str]:
    return [command, "shop.seg", "--table", "customers=customers.csv", *DAY, *more]


@pytest.mark.parametrize("command", ["simulate", "study"])
def test_page_is_written_beside_the_result(shop: Path, command: str) -> None:
    plain = run(*words(command, "--format", "json"))
    ran = run(*words(command, "--format", "json", "--report", "page.html"))
    assert ran.code == 0
    assert json.loads(ran.out) == json.loads(plain.out)
    assert ran.err.endswith("wrote page.html\n")
    text = (shop / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "shop.seg, revision " in text
    again = run(*words(command, "--report", "again.html"))
    assert again.code == 0
    assert (shop / "again.html").read_bytes() == (shop / "page.html").read_bytes()


@pytest.mark.parametrize(
    ("out", "code"),
    [
        ("page.pdf", "SEG690"),
        ("page", "SEG690"),
        ("nowhere/page.html", "SEG414"),
        ("/proc/page.html", "SEG416"),
        ("folder.html", "SEG414"),
        ("customers.html", "SEG415"),
    ],
)
def test_a_page_without_a_place_is_refused(shop: Path, out: str, code: str) -> None:
    (shop / "folder.html").mkdir()
    (shop / "customers.csv").rename(shop / "customers.html")
    ran = run("study", "shop.seg", "--table", "customers=customers.html", *DAY, "--report", out)
    assert ran.code == 2
    assert f"error[{code}]" in ran.err
    assert ran.out == ""
    assert sorted(each.name for each in shop.iterdir()) == [
        "customers.html", "folder.html", "shop.seg",
    ]  # fmt: skip


def test_without_the_extra_it_says_how_to_get_it(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "NEEDED", ("no_such_module",))
    ran = run(*words("study", "--report", "page.html"))
    assert ran.code == 2
    assert "pip install 'segrules[report]'" in ran.err
    assert not (shop / "page.html").exists()


def test_what_draws_is_not_loaded_without_a_page(shop: Path) -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom segrules.cli.main import app\n"
        f"ran = CliRunner().invoke(app, {words('study')!r})\nassert ran.exit_code == 0, ran\n"
        f"assert not {set(pages.NEEDED)!r} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=shop, env=environment())
