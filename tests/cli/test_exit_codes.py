"""How commands end: exit codes, bugs, signals, and a process that is killed while it writes."""

import os
import random
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
import pytest
from cli_shop import AS_OF, Shop, busy_shop, environment, run, shop

from segrules.segments import atomic


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path)


def test_check_ends_with_what_it_found(made: Shop) -> None:
    assert run("check", made.rules).code == 0
    assert run("check", made.rules, "--format", "json").out == "[]\n"
    made.change('  goal  "Raise profit at the same cost"\n', "")
    warned = run("check", made.rules, "--format", "json")
    assert (warned.code, [each["severity"] for each in warned.json]) == (1, ["warning"])
    assert run("check", made.rules, "--fail-level", "error").code == 0
    assert made.assign().code == 0
    made.change("knob", "knbo")
    assert run("check", made.rules, "--fail-level", "error").code == 1


def test_forms_of_findings(made: Shop) -> None:
    made.change("when spend >=", "when spnd >=")
    done = run("check", made.rules, "--format", "concise")
    assert done.code == 1
    assert done.out == (
        f"{made.rules}:32:12: error[SEG201]: unknown column `spnd`\n"
    )  # fmt: skip
    full = run("check", made.rules)
    assert full.out.endswith("\n\n1 file: 1 error, 0 warnings\n")
    assert full.err == ""


def test_usage(made: Shop) -> None:
    for words in (["nothing"], ["check"], ["assign", made.rules], ["check", "--nothing"],
                  ["simulate", made.rules, "--engine", "magic", "--as-of", AS_OF]):  # fmt: skip
        done = run(*words)
        assert (done.code, done.out) == (2, ""), words
        assert "Usage: segrules" in done.err


# ---- bugs


class Surprise(BaseException):
    """As an engine that panics raises it: no Exception."""


@pytest.mark.parametrize("kind", [RuntimeError, Surprise, RecursionError, MemoryError])
def test_a_bug_is_reported(
    made: Shop, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException], tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise kind("the wheels came off")

    monkeypatch.setattr("segrules.segments.engines.run.run_on", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done = made.assign()
    assert (done.code, done.out) == (3, "")
    identity = re.search(r"internal error (\w+):", done.err)
    place = re.search(r"log: (\S+)", done.err)
    assert identity is not None
    assert place is not None
    assert identity[1] in place[1]
    log = Path(place[1])
    assert log.parent == tmp_path
    assert "the wheels came off" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "wheels" not in done.err


def test_a_bug_where_no_log_can_be_written(made: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the wheels came off")

    monkeypatch.setattr("segrules.segments.engines.run.run_on", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(made.folder / "nowhere"))
    done = made.assign()
    assert done.code == 3
    assert "could not be written" in done.err


# ---- signals


def wait_until_at_work(child: subprocess.Popen[str]) -> str:
    """The first word of progress: the futures are being run."""
    assert child.stderr is not None
    # on a busy machine it says before that it has begun
    for found in child.stderr:
        if "futures" in found:
            return found
        assert found.startswith("projecting"), found
    raise AssertionError("it ended before any future was run")


def with_early_progress(made: Shop, *more: object) -> subprocess.Popen[str]:
    """A long simulation that says at once when its first futures are done."""
    script = (
        "import sys\n"
        "import segrules.cli.session as session\n"
        "def said(self, done):\n"
        "    if not hasattr(self, 'told'):\n"
        "        self.told = print(f'{done} futures', file=sys.stderr, flush=True)\n"
        "session.Progress.__call__ = said\n"
        "from segrules.cli.main import run\n"
        "run()\n"
    )
    words = ["simulate", made.rules, *made.tables, "--as-of", AS_OF, "--runs", 300_000,
             "--threads", 1, *more]  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, words)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip


def test_interrupting_gives_what_there_is(tmp_path: Path) -> None:
    import json

    made = busy_shop(tmp_path, 200)
    with with_early_progress(made, "--format", "json") as child:
        wait_until_at_work(child)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Traceback" not in err
    held = json.loads(out)
    assert held["complete"] is False
    assert 2 <= held["runs"] < 300_000


def test_interrupting_while_the_commands_are_loaded() -> None:
    script = (
        "import sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'segrules.cli.main':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
        "from segrules.__main__ import main\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment(),
        check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted\n")


def test_terminating(tmp_path: Path) -> None:
    made = busy_shop(tmp_path, 200)
    with with_early_progress(made) as child:
        wait_until_at_work(child)
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (143, "")
    assert "Traceback" not in err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_while_something_is_written(made: Shop, number: int, code: int) -> None:
    made.out.write_text("what stood there")
    script = (
        "import sys, time\n"
        "import segrules.segments.batch as batch\n"
        "def slow(rows, place, *_):\n"
        "    place.write_text('half a result')\n"
        "    print('writing', file=sys.stderr, flush=True)\n"
        "    time.sleep(60)\n"
        "batch.sink = slow\n"
        "from segrules.cli.main import run\n"
        "run()\n"
    )
    words = ["assign", made.rules, *made.tables, "--as-of", AS_OF, "-o", made.out]
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, words)], stderr=subprocess.PIPE, text=True,
        env=environment(),
    ) as child:  # fmt: skip
        assert child.stderr is not None
        assert child.stderr.readline() == "writing\n"
        child.send_signal(number)
        _, err = child.communicate(timeout=60)
    assert child.returncode == code
    assert "Traceback" not in err
    assert made.out.read_text() == "what stood there"
    assert not list(made.folder.glob(f"{atomic.PREFIX}*"))


# ---- killed at any moment

KILLS = 30
MOST_KILLS = 300
"""On a busy machine few kills fall into the writing: there are more, until one has."""

WRITERS = """
import os, sys
import segrules.report.assignment, segrules.segments.batch
from segrules.cli.main import app
from segrules.rules import load

load(sys.argv[2])
for _ in sys.stdin:
    writer = os.fork()
    if writer == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        while True:
            try:
                app(sys.argv[1:])
            except SystemExit as end:
                if end.code:
                    os._exit(end.code)
    print(writer, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]), flush=True)
"""
"""Has imported everything and computed nothing; a line makes a process that assigns on and on."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are forked")
def test_killed_at_any_moment(tmp_path: Path) -> None:
    made = shop(tmp_path)
    header, *_ = made.customers.read_text().splitlines()
    rows = [f"{at:06},2026-01-05,north,{at % 300},,,," for at in range(20_000)]
    made.customers.write_text("\n".join([header, *rows]) + "\n")
    assert made.assign().code == 0
    started = time.monotonic()
    assert made.assign().code == 0
    took = time.monotonic() - started
    complete = pl.read_parquet(made.out)
    luck = random.Random(5)  # noqa: S311
    replaced, begun = 0, 0
    words = ["assign", made.rules, *made.tables, "--as-of", AS_OF, "-o", made.out]
    with subprocess.Popen(
        [sys.executable, "-c", WRITERS, *map(str, words)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, bufsize=1, env=environment(POLARS_MAX_THREADS="2"),
    ) as writers:  # fmt: skip
        assert writers.stdin is not None
        assert writers.stdout is not None
        for turn in range(MOST_KILLS):
            if turn >= KILLS and replaced and begun:
                break
            old = made.out.stat().st_mtime_ns
            writers.stdin.write("\n")
            writer = int(writers.stdout.readline())
            time.sleep(luck.uniform(0.2, 4) * took)
            os.kill(writer, signal.SIGKILL)
            assert int(writers.stdout.readline()) == -signal.SIGKILL
            assert pl.read_parquet(made.out).equals(complete)
            replaced += made.out.stat().st_mtime_ns != old
            left = list(tmp_path.glob(f"{atomic.PREFIX}*"))
            begun += len(left)
            for leftover in left:
                os.utime(leftover, (0, 0))
        writers.stdin.close()
    assert replaced, "every kill fell before the first result was complete"
    assert begun, "no kill fell into the writing"
    assert made.assign().code == 0
    assert not list(tmp_path.glob(f"{atomic.PREFIX}*"))


def test_leftovers_of_killed_runs_are_swept(made: Shop) -> None:
    old = made.folder / f"{atomic.PREFIX}0123456789abcdef.parquet"
    old.write_text("half a result")
    os.utime(old, (0, 0))
    young = made.folder / f"{atomic.PREFIX}fedcba9876543210.parquet"
    young.write_text("somebody is at work")
    other = made.folder / "mine.parquet"
    other.write_text("not ours")
    os.utime(other, (0, 0))
    assert made.assign().code == 0
    assert (old.exists(), young.exists(), other.exists()) == (False, True, True)
