"""Runs what the documents show, and says how the documents would have to read.

Blocks marked `console` hold commands (`$ …`) with their output, blocks marked `pycon` Python
statements (`>>> …`) with theirs, blocks marked `diff FILE` a change of one place in a file, and
blocks marked with a kind and the name of a file (`seg plans.seg`, `csv march.csv`) the whole file.
All blocks of a document work in one folder, one after the other. A line `…` in an output stands for
any number of lines that are left out.
"""

import contextlib
import difflib
import doctest
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
CUT = "…"
BLOCK = re.compile(
    r"^```(?P<kind>console|pycon|(?:diff|seg|csv|toml|sql) [^\n]+)\n(?P<body>.*?)^```$", re.M | re.S
)
ENVIRONMENT = {"COLUMNS": "100", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "TERM": "dumb"}
"""What makes outputs the same everywhere."""

PROGRESS = re.compile(r"^[a-z ]+(, [0-9]+ s|: [0-9,]+ of [0-9,]+ .* s left)\n", re.M)
"""What a command says on the way, which a slow machine sees and a fast one does not."""

DEMO = "segrules demo --keep advice"
"""How documents begin: run once, then copied."""

_demos: dict[str, tuple[Path, list[str]]] = {}


class DocumentError(AssertionError):
    """What a document shows cannot be found in what happens."""


def renewed(text: str, folder: Path) -> str:
    """The document with every output as it is now; run in `folder`."""
    session = Session(folder)
    return BLOCK.sub(lambda block: session.block(block["kind"], block["body"]), text)


def difference(name: str, shown: str, now: str) -> str:
    lines = difflib.unified_diff(
        shown.splitlines(), now.splitlines(), name, "this run", lineterm="", n=1
    )
    advice = "If the new output is right, renew the document with `pytest --accept`."
    return f"{name} shows something else. {advice}\n\n" + "\n".join(lines)


def held_against(name: str, folder: Path, accept: bool) -> str | None:
    """How a document of the checkout differs from what happens; with `accept` it is renewed."""
    place = ROOT / name
    shown = place.read_text(encoding="utf-8")
    folder.mkdir()
    now = renewed(shown, folder)
    if now == shown:
        return None
    if accept:
        place.write_text(now, encoding="utf-8")
        return None
    return difference(name, shown, now)


class Session:
    """One folder and one Python, in which the blocks of a document follow each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {}
        self.tools = folder.parent / f"{folder.name}-tools"
        self.tools.mkdir()
        command = self.tools / "segrules"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m segrules "$@"\n')
        command.chmod(0o755)

    def block(self, kind: str, body: str) -> str:
        if kind.startswith("diff "):
            self._change(self.folder / kind.removeprefix("diff "), body)
            now = body
        elif kind == "console":
            now = self._console(body)
        elif " " in kind:
            (self.folder / kind.partition(" ")[2]).write_text(body, encoding="utf-8")
            now = body
        else:
            now = self._python(body)
        return f"```{kind}\n{now}```"

    def _console(self, body: str) -> str:
        lines: list[str] = []
        for part in re.split(r"^(?=\$ )", body, flags=re.M):
            written, _, shown = part.partition("\n")
            if not written.startswith("$ "):
                continue
            while written.endswith("\\"):
                more, _, shown = shown.partition("\n")
                written += f"\n{more}"
            lines += [written, *cut(shown.splitlines(), self._output(written[2:]))]
        return "".join(f"{line}\n" for line in lines)

    def _output(self, command: str) -> list[str]:
        if command not in _demos:
            output = self._run(command)
            if command == DEMO:
                kept = shutil.copytree(self.folder / "advice", self.tools / "advice")
                _demos[command] = (kept, output)
            return output
        kept, output = _demos[command]
        shutil.copytree(kept, self.folder / "advice")
        return output

    def _run(self, command: str) -> list[str]:
        path = f"{self.tools}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env={**os.environ, **ENVIRONMENT, "PATH": path, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
            check=False,
        )
        if done.returncode not in (0, 1, 2):
            raise DocumentError(f"{command} ended with {done.returncode}:\n{done.stdout}")
        return plain(PROGRESS.sub("", done.stdout))

    def _python(self, body: str) -> str:
        lines: list[str] = []
        for example in doctest.DocTestParser().get_examples(body):
            first, *more = example.source.rstrip("\n").splitlines()
            lines += [f">>> {first}", *(f"... {line}".rstrip() for line in more)]
            lines += cut(example.want.splitlines(), self._evaluate(example.source))
        return "".join(f"{line}\n" for line in lines)

    def _evaluate(self, source: str) -> list[str]:
        out = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out):
            exec(compile(source, "<document>", "single"), self.names)  # noqa: S102
        return plain(out.getvalue())

    def _change(self, file: Path, body: str) -> None:
        before, after = ("\n".join(_marked(body, sign)) for sign in "-+")
        text = file.read_text(encoding="utf-8")
        if text.count(f"{before}\n") != 1:
            raise DocumentError(f"{file.name} does not hold this once:\n{before}")
        file.write_text(text.replace(f"{before}\n", f"{after}\n"), encoding="utf-8")


def _marked(body: str, sign: str) -> Iterator[str]:
    return (line[1:] for line in body.splitlines() if line.startswith(sign))


def plain(output: str) -> list[str]:
    """The lines of an output, without blanks at their ends and empty lines at either end."""
    return [line.rstrip() for line in output.strip("\n").splitlines()]


def cut(shown: list[str], now: list[str]) -> list[str]:
    """The output as it is now, cut where the shown one is cut.

    The piece before the first cut and that behind the last keep their number of lines; a piece
    between two cuts begins where its first line stands, whatever its figures are now.
    """
    if CUT not in shown:
        return now
    first, *middle, last = _pieces(shown)
    kept, at = now[: len(first)], len(first)
    for piece in middle:
        at = _place(piece[0], now, at)
        kept += [CUT, *now[at : at + len(piece)]]
        at += len(piece)
    return [*kept, CUT, *(now[len(now) - len(last) :] if last else [])]


def _place(line: str, now: list[str], start: int) -> int:
    for at in range(start, len(now)):
        if _words(now[at]) == _words(line):
            return at
    raise DocumentError(f"the output does not hold the line: {line}\n" + "\n".join(now))


def _words(line: str) -> str:
    return re.sub(r"[\d.,]+", "0", line)


def _pieces(shown: list[str]) -> list[list[str]]:
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line == CUT:
            pieces.append([])
        else:
            pieces[-1].append(line)
    return pieces
