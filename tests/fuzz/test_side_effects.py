"""`check` and `fmt` read rule files and the package, and do nothing else to the world.

They are run on rules that others have written. An audit hook sees every file that is opened, every
socket and every process, whoever asks for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zoneinfo
from pathlib import Path

import pytest

import segrules
from segrules.text.resources import resource

PROBE = """
import json, runpy, sys

report, *sys.argv = sys.argv[1:]
seen = []

def hook(event, arguments):
    if event == "open":
        seen.append([event, str(arguments[0]), str(arguments[1])])
    elif event.split(".")[0] in {"socket", "subprocess", "ctypes", "winreg", "urllib", "ftplib"} \\
            or event in {"os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove",
                         "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod",
                         "shutil.rmtree", "pty.spawn", "pickle.find_class"}:
        seen.append([event, *(str(argument) for argument in arguments)])

sys.addaudithook(hook)
code = 0
try:
    runpy.run_module("segrules", run_name="__main__", alter_sys=True)
except SystemExit as stop:
    code = stop.code or 0
found = list(seen)  # what follows is not the command's
with open(report, "w") as file:
    json.dump({"code": code, "seen": found}, file)
"""
WRITES = frozenset("wax+")


def watched(project: Path, report: Path, *arguments: str) -> tuple[int, list[list[str]]]:
    """How a command ended, and what it did: each event with its arguments."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(report), "segrules", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(Path(segrules.__file__).parent.parent)},
    )
    assert report.exists(), done.stderr
    found = json.loads(report.read_text())
    return found["code"], found["seen"]


def outside(seen: list[list[str]], project: Path) -> list[list[str]]:
    """The events that are none of a checker's business."""
    library = Path(segrules.__file__).parent
    # where Python itself, the packages and the time zones are: what is imported is read from there
    places = [*map(Path, sysconfig.get_paths().values()), Path(sys.base_prefix), Path(sys.prefix)]
    places += map(Path, zoneinfo.TZPATH)
    roots = [each.resolve() for each in (project, library, resource("grammar"), *places)]
    found = []
    for event, *arguments in seen:
        if event != "open":
            found.append([event, *arguments])
            continue
        path = (project / arguments[0]).resolve()
        inside = any(path.is_relative_to(root) for root in roots)
        # the interpreter keeps what it has compiled
        ours = path.suffix != ".pyc" and "__pycache__" not in path.parts
        writes = ours and bool(WRITES & set(arguments[1])) and not path.is_relative_to(project)
        if (not inside and not arguments[0].isdigit()) or writes:
            found.append([event, *arguments])
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    text = (resource("rulesets") / "advice" / "advice.seg").read_text()
    (folder / "rules.seg").write_text(text)
    (folder / "broken.seg").write_text(text.replace("when vulnerable", "wen vulnerable"))
    (folder / "ugly.seg").write_text(text.replace("  ", " "))
    (folder / "odd.seg").write_text('ruleset a { goal "x" zone "../../etc/passwd" }\n')
    return folder


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "rules.seg"], 0),
        (["check", "--format", "json", "broken.seg"], 1),
        (["check", "odd.seg"], 1),
        (["fmt", "--check", "rules.seg"], 0),
        (["fmt", "--diff", "ugly.seg"], 1),
        (["fmt", "ugly.seg"], 0),
    ],
)
def test_nothing_outside_is_touched(
    project: Path, tmp_path: Path, arguments: list[str], code: int
) -> None:
    ended, seen = watched(project, tmp_path / "report.json", *arguments)
    assert ended == code
    assert any(arguments[-1] in name for _, name, *_ in seen), "the hook saw nothing"
    found = outside(seen, project)
    if arguments == ["fmt", "ugly.seg"]:
        # the new text takes the place of the old one at once
        changes = {"os.rename", "os.chmod", "os.remove"}
        found = [each for each in found if each[0] not in changes or str(project) not in each[1]]
    assert found == []


def test_the_hook_sees_what_it_should(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    seen = [
        ["open", "/etc/passwd", "r"],
        ["open", "rules.seg", "r"],
        ["open", "../elsewhere", "r"],
        ["open", str(Path(segrules.__file__)), "w"],
        ["socket.connect", "x"],
        ["subprocess.Popen", "ls"],
    ]
    names = [each[1] for each in outside(seen, folder)]
    assert names == ["/etc/passwd", "../elsewhere", str(Path(segrules.__file__)), "x", "ls"]
