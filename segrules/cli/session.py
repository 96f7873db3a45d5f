"""What the commands share: reading arguments, showing diagnostics, progress and tables."""

from __future__ import annotations

import datetime as dt
import json
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.render import full
from segrules.text.shown import discreet

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console, RenderableType

    from segrules.rules import Rules
    from segrules.segments.engines.addresses import Source

PLAIN_WIDTH = 110
"""Columns of a table that is not printed on a terminal."""


# ---- arguments


def settings(arguments: Iterable[str]) -> dict[str, str]:
    """The knobs given as NAME=VALUE or in a file, by name; what is said here wins over a file.

    Raises:
        RulesError: one is not of this form, a name is given twice, or a file cannot be used.
    """
    found: dict[str, str] = {}
    from_files: dict[str, str] = {}
    for argument in arguments:
        name, sign, value = (part.strip() for part in argument.partition("="))
        if not sign and name.endswith(".toml"):
            from_files |= _knob_file(name)
            continue
        if not name or not value or name in found:
            raise RulesError(
                [problems.bad_knob_argument(argument, twice=name in found)], unable=True
            )
        found[name] = value
    return from_files | found


def _knob_file(path: str) -> dict[str, str]:
    """The knobs that a TOML file sets, as they are written in rules: `top_share = "25%"`.

    Raises:
        RulesError: it is not there, is no TOML, or holds more than names and values.
    """
    import tomllib

    try:
        held = tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise RulesError([problems.knob_file_missing(path)], unable=True) from None
    except (OSError, ValueError):
        raise RulesError([problems.knob_file_unusable(path, None)], unable=True) from None
    odd = next((name for name, value in held.items() if not _is_setting(value)), None)
    if odd is not None:
        raise RulesError([problems.knob_file_unusable(path, odd)], unable=True)
    return {name: str(value) for name, value in held.items()}


def _is_setting(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def paths(tables: Iterable[str]) -> dict[str, Path]:
    """The files given as NAME=PATH, by table name.

    Raises:
        RulesError: one is not of this form, a name is given twice, or it is in a database.
    """
    found = sources(tables)
    far = [str(place) for place in found.values() if not isinstance(place, Path)]
    if far:
        raise RulesError([problems.files_only(each) for each in far], unable=True)
    return {name: place for name, place in found.items() if isinstance(place, Path)}


def sources(tables: Iterable[str]) -> dict[str, Source]:
    """The files and addresses given as NAME=PATH, by table name.

    Raises:
        RulesError: one is not of this form, or a name is given twice.
    """
    from segrules.segments.engines.addresses import address

    found: dict[str, Source] = {}
    for argument in tables:
        name, _, place = argument.partition("=")
        name = name.strip()
        if not name or not place.strip() or "://" in name:
            raise RulesError([problems.bad_table_argument(discreet(argument.strip()))], unable=True)
        if name in found:
            both = [discreet(str(each)) for each in (found[name], place)]
            raise RulesError([problems.table_given_twice(name, both)], unable=True)
        found[name] = address(place)
    return found


def date(text: str) -> dt.date:
    """A day written YYYY-MM-DD.

    Raises:
        RulesError: it is not one.
    """
    try:
        day = dt.date.fromisoformat(text)
        # weeks and dates without dashes are ISO forms, too
        if day.isoformat() == text:
            return day
    except ValueError:
        pass
    raise RulesError([problems.bad_date(text)], unable=True)


def load(
    path: str,
    knobs: Iterable[str] = (),
    as_of: dt.date | None = None,
    history: Path | None = None,
) -> Rules:
    """The rules of a file on a day; warnings are shown, errors raised."""
    from segrules.rules import load as load_rules

    rules = load_rules(path, knobs=settings(knobs), as_of=as_of, history=history)
    show(rules.findings)
    return rules


def scan(
    rules: Rules, tables: Iterable[str], history: Path | None = None
) -> dict[str, pl.LazyFrame]:
    """The tables given as NAME=PATH, opened but not read.

    What is not as declared in them is shown: unreadable values, missing keys; and that rules ask
    what was, where no history is given.
    """
    from segrules.segments.batch import past_lacking
    from segrules.segments.files import survey_files

    frames, findings = survey_files(rules.ruleset, paths(tables))
    show(findings)
    if frames:
        placed = dict.fromkeys(found.table for found in rules.ruleset.sets)
        show(past_lacking(rules.ruleset, placed, history or rules.history))
    return frames


# ---- output


def show(found: Iterable[Diagnostic], out: TextIO | None = None) -> None:
    """Diagnostics, in full, on stderr unless they are what was asked for."""
    place = out or sys.stderr
    colour = place.isatty() and _colour_wanted()
    for each in found:
        print(full(each, colour=colour), file=place)


def _colour_wanted() -> bool:
    import os

    return "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    """JSON on stdout; what is not a number is never written as one."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2))


def console() -> Console:
    """Where tables for people go: stdout, as wide as the terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    system: Literal["auto"] | None = "auto" if _colour_wanted() else None
    return Console(width=width, highlight=False, markup=False, emoji=False, color_system=system)


def print_tables(parts: Iterable[RenderableType]) -> None:
    out = console()
    for part in parts:
        with out.capture() as lines:
            out.print(part)
        # cells are padded to the width of their column, which no reader of a file wants
        print("\n".join(line.rstrip() for line in lines.get().split("\n")), end="")


class Progress:
    """Says on stderr what is being done, once it takes long.

    On a terminal after a second, one line that renews itself; elsewhere a line every ten seconds.
    Called with how much of `total` is done it also says the pace and the time left; until then,
    that the work has begun (a first projection compiles its kernels, and keeps them).
    """

    def __init__(self, doing: str, total: int = 0, unit: str = "") -> None:
        self.doing, self.total, self.unit = doing, total, unit
        self.done = 0
        self.live = sys.stderr.isatty()
        self.ended = threading.Event()
        self.started = time.monotonic()
        self.thread = threading.Thread(target=self._tell, daemon=True)

    def __call__(self, done: int) -> None:
        self.done = done

    def turn_to(self, doing: str, unit: str, total: int = 0) -> None:
        """Go on with something else, at a pace of its own; a total of 0 is not known."""
        self.doing, self.unit, self.total, self.done = doing, unit, total, 0
        self.started = time.monotonic()

    def __enter__(self) -> Progress:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _tell(self) -> None:
        pause, said = 1.0 if self.live else 10.0, False
        while not self.ended.wait(pause):
            said, pause = True, 0.2 if self.live else 10.0
            lead, end = ("\r", "\x1b[K") if self.live else ("", "\n")
            print(lead + self._text(), end=end, file=sys.stderr, flush=True)
        if said and self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _text(self) -> str:
        passed = time.monotonic() - self.started
        if not self.done:
            return f"{self.doing}, {passed:.0f} s"
        pace = self.done / passed
        rate = f"{pace:,.0f}" if pace >= 10.0 else f"{pace:.2g}"
        if not self.total:
            return f"{self.doing}: {self.done:,} {self.unit}, {rate} a second"
        left = (self.total - self.done) / pace
        return (
            f"{self.doing}: {self.done:,} of {self.total:,} {self.unit}, {rate} a second, "
            f"{left:.0f} s left"
        )
