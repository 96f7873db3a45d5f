"""Data files given by table name: opened, held against their declarations, not yet read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from segrules.lang.ir import Ruleset
from segrules.segments.orphans import Surveyed, orphans
from segrules.segments.read import open_declared
from segrules.segments.survey import survey
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems


def survey_files(
    ruleset: Ruleset, paths: Mapping[str, Path]
) -> tuple[dict[str, pl.LazyFrame], tuple[Diagnostic, ...]]:
    """The frames by table name, with the warnings about their values.

    Raises:
        RulesError: a name is not declared, a file cannot be read or its columns do not fit; all
            such findings together.
    """
    sources = [table.name for table in ruleset.tables if table.kind in ("main", "related")]
    given: dict[str, Surveyed] = {}
    findings: list[Diagnostic] = []
    for name, path in paths.items():
        if name not in sources:
            findings.append(problems.not_declared("table", name, sources))
            continue
        try:
            frame, notes = open_declared(path, ruleset.table(name))
            seen = survey(frame, ruleset.table(name), ruleset, file=str(path))
            given[name] = Surveyed(path, frame, seen.rows)
            findings.extend(notes)
            findings.extend(seen.findings)
        except RulesError as error:
            findings.extend(error.diagnostics)
    if any(found.severity == "error" for found in findings):
        raise RulesError(findings, unable=True)
    findings.extend(orphans(ruleset, given))
    return {name: each.frame for name, each in given.items()}, tuple(findings)
