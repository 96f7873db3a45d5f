"""The commands, and what becomes of problems: nothing else decides on an exit code.

0 done · 1 findings · 2 could not do the work · 3 a bug of ours · 130 and 143 interrupted.
"""

from __future__ import annotations

import functools
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from segrules.cli import (
    assign,
    backtest,
    check,
    compile,
    demo,
    explain,
    export,
    fmt,
    history,
    init,
    optimise,
    pilot,
    profile,
    simulate,
    study,
    sweep,
    test,
    version,
)
from segrules.cli.session import show
from segrules.text.diagnostic import RulesError

DONE, FINDINGS, UNABLE, BUG, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 130, 143

app = typer.Typer(
    name="segrules",
    help="Say which customers belong together, and see what treating them otherwise would do.",
    epilog="Start with `segrules demo`, then `segrules init`. A diagnostic's page: "
    "`segrules explain SEG201`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


class Terminated(BaseException):
    """The process was asked to end."""


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """The command, its problems turned into exit codes."""

    @functools.wraps(command)
    def guard(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
            # while a closed pipe can still be told from a bug
            sys.stdout.flush()
        except (typer.Exit, typer.Abort, SystemExit):
            raise
        except RulesError as error:
            show(error.diagnostics)
            raise typer.Exit(UNABLE if error.unable else FINDINGS) from None
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except Terminated:
            raise typer.Exit(TERMINATED) from None
        except BrokenPipeError:
            # Whoever read our output has seen enough; nothing more can be said there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(UNABLE) from None
        except BaseException:
            # a panic of the engine is no Exception, and as much a bug as any
            _report_bug()
            raise typer.Exit(BUG) from None

    return guard


for _module in (
    init,
    check,
    fmt,
    assign,
    profile,
    study,
    test,
    history,
    explain,
    compile,
    export,
    simulate,
    sweep,
    optimise,
    pilot,
    backtest,
    demo,
    version,
):
    app.command(_module.__name__.rpartition(".")[2])(guarded(_module.command))


def _version(wanted: bool) -> None:
    if wanted:
        version.command()
        raise typer.Exit(DONE)


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Options of the command as a whole."""


def run() -> None:
    """The console script."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # names of files may hold bytes that are no text, and a pipe may not take every sign
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="segrules")


def _report_bug() -> None:
    import tempfile
    import traceback
    import uuid

    identity = uuid.uuid4().hex[:12]
    print(
        f"internal error {identity}: this is a bug in segrules, not in the rules", file=sys.stderr
    )
    try:
        place = Path(tempfile.gettempdir()) / f"segrules-{identity}.log"
        # it may quote the data: nobody else may read it
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as log:
            log.write(traceback.format_exc())
        print(f"  = log: {place}", file=sys.stderr)
    except OSError:
        print("  = log: could not be written", file=sys.stderr)
