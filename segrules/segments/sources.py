"""The files of an assignment: opened, held against their declarations, surveyed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from segrules.lang.ir import Ruleset
from segrules.segments.assign import readable
from segrules.segments.border import canonical, readings
from segrules.segments.orphans import Surveyed, orphans
from segrules.segments.read import open_declared, open_table, sha256
from segrules.segments.survey import Survey, survey
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read, with what was found in it.

    Of a table that was fetched, `path` is what it is called and `sha256` is empty.
    """

    path: Path
    frame: pl.LazyFrame
    sha256: str
    survey: Survey


def surveyed(
    ruleset: Ruleset,
    needed: Iterable[str],
    paths: Mapping[str, Path],
    said: Mapping[str, Path] | None = None,
) -> dict[str, Read]:
    """Opens and surveys the tables that are read, of those needed; all findings come together.

    `said` is what tables that were fetched from elsewhere are called.

    Raises:
        RulesError: a table is not given, not declared, or cannot be read as it is declared.
    """
    sources = readable(ruleset)
    names = [name for name in needed if name in sources]
    found: list[Diagnostic] = [
        problems.not_declared("table", name, sources) for name in paths if name not in sources
    ]
    found += [problems.no_data(name) for name in names if name not in paths]
    reads: dict[str, Read] = {}
    for name in names:
        if name not in paths:
            continue
        try:
            reads[name] = _surveyed(ruleset, name, paths[name], (said or {}).get(name))
        except RulesError as error:
            found.extend(error.diagnostics)
    for name in sources:
        if name in paths and name not in names:
            try:
                _check_unread(ruleset, name, paths[name])
            except RulesError as error:
                found.extend(error.diagnostics)
    if found:
        raise RulesError(found, unable=True)
    return reads


def _surveyed(ruleset: Ruleset, name: str, path: Path, said: Path | None) -> Read:
    frame, notes = open_declared(path, ruleset.table(name))
    seen = survey(frame, ruleset.table(name), ruleset, file=str(said or path))
    seen = replace(seen, findings=(*notes, *seen.findings))
    # a table of a database has no file, and its rows no order
    return Read(said or path, frame, "" if said else sha256(path), seen)


def _check_unread(ruleset: Ruleset, name: str, path: Path) -> None:
    """A table that is given but not read must at least be what it is said to be.

    Raises:
        RulesError: it cannot be opened or lacks columns.
    """
    readings(ruleset.table(name), open_table(path).collect_schema(), ruleset, file=str(path))


def findings(ruleset: Ruleset, reads: Mapping[str, Read]) -> tuple[Diagnostic, ...]:
    """What the surveys found, and rows that belong to nobody."""
    found = tuple(each for read in reads.values() for each in read.survey.findings)
    if any(each.severity == "error" for each in found):
        return found
    given = {
        name: Surveyed(each.path, each.frame, each.survey.rows) for name, each in reads.items()
    }
    return (*found, *orphans(ruleset, given))


def frames(ruleset: Ruleset, reads: Mapping[str, Read]) -> dict[str, pl.LazyFrame]:
    """The files in canonical form."""
    return {
        name: canonical(each.frame, ruleset.table(name), ruleset, file=str(each.path))
        for name, each in reads.items()
    }


def lacking(reads: Mapping[str, Read]) -> dict[str, set[str]]:
    """The columns in which values are missing although declared without `?`, by table."""
    return {name: {*each.survey.missing, *each.survey.unreadable} for name, each in reads.items()}
