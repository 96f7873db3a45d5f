"""What the commands share that write a page with `--report`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

if TYPE_CHECKING:
    from segrules.report.page.content import Page
    from segrules.report.page.made import Made
    from segrules.rules import Rules

NEEDED = ("altair", "jinja2", "vl_convert")
"""What the extra `report` brings."""


def check_page(out: Path | None, given: Iterable[str]) -> None:
    """The page has a place, and what makes it is installed: said before any work is done.

    `given` are the rule file and the tables, as NAME=PATH: none of them is written over.

    Raises:
        RulesError: it cannot be written there, or the extra is not installed.
    """
    if out is None:
        return
    from importlib.util import find_spec

    name = str(out)
    inputs = {Path(each.partition("=")[2] or each).resolve() for each in given}
    problem = None
    if out.suffix.lower() not in (".html", ".htm"):
        problem = problems.page_ending(name)
    elif out.is_dir():
        problem = problems.out_is_folder(name)
    elif not out.parent.is_dir():
        problem = problems.no_folder(name)
    elif out.resolve() in inputs:
        problem = problems.over_input(name)
    elif any(find_spec(each) is None for each in NEEDED):
        problem = problems.page_extra_lacking(name)
    else:
        problem = _refused(out)
    if problem:
        raise RulesError([problem], unable=True)


def _refused(out: Path) -> Diagnostic | None:
    """Why nothing can be written beside `out`, tried: what the rights say is not all there is."""
    try:
        tempfile.TemporaryFile(dir=out.parent).close()
    except OSError as error:
        return problems.not_written(str(out), error.strerror or "the system refused")
    return None


def made(rules: Rules, file: str) -> Made:
    """What the page says that it was made from."""
    from segrules.report.page.made import Made
    from segrules.segments.history.store import rules_revision

    revision = rules_revision(rules.canonical, rules.ruleset.knobs)
    return Made(Path(file).name, revision[:12])


def write_page(page: Page, out: Path) -> None:
    """Writes the page, and says so on stderr.

    Raises:
        RulesError: the folder is protected, or the disk is full.
    """
    from segrules.report.page.build import write

    try:
        write(page, out)
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.not_written(str(out), reason)], unable=True) from None
    print(f"wrote {out}", file=sys.stderr)
