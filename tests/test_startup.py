"""Starting up is quick because no engine is imported before a command needs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from segrules.text.resources import resource

ENGINES = {"numba", "numpy", "polars", "scipy"}

# Runs a statement as a fresh interpreter would, then writes down how it ended and what it imported.
PROBE = """
import json, runpy, sys

report, statement, *sys.argv[1:] = sys.argv[1:]
exit_code = 0
try:
    exec(statement)
except SystemExit as stop:
    exit_code = stop.code or 0
with open(report, "w") as file:
    json.dump({"exit_code": exit_code, "modules": sorted(sys.modules)}, file)
"""

COMMAND_LINE = "runpy.run_module('segrules', run_name='__main__', alter_sys=True)"


def probe(folder: Path, statement: str, *arguments: str) -> tuple[int, set[str]]:
    """How the statement ended, and the packages it imported."""
    report = folder / "report.json"
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(report), statement, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert report.exists(), done.stderr
    found = json.loads(report.read_text())
    return found["exit_code"], {name.partition(".")[0] for name in found["modules"]}


def a_rule_file() -> str:
    files = sorted(resource("rulesets").rglob("*.seg"))
    assert files, "there is no .seg file among the rule sets"
    return str(files[0])


def test_the_probe_sees_an_engine(tmp_path: Path) -> None:
    _, packages = probe(tmp_path, "import numpy")
    assert packages & ENGINES == {"numpy"}


def test_importing_the_package_imports_no_engine(tmp_path: Path) -> None:
    exit_code, packages = probe(tmp_path, "import segrules")
    assert exit_code == 0
    assert "segrules" in packages
    assert packages & ENGINES == set()


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"]])
def test_help_imports_no_engine(tmp_path: Path, arguments: list[str]) -> None:
    exit_code, packages = probe(tmp_path, COMMAND_LINE, *arguments)
    assert exit_code == 0
    assert packages & ENGINES == set()


def test_check_imports_no_engine(tmp_path: Path) -> None:
    exit_code, packages = probe(tmp_path, COMMAND_LINE, "check", a_rule_file())
    assert exit_code in {0, 1}, "check could not do its work"
    assert packages & ENGINES == set()
