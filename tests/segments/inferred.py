"""What the tests of inferred rule files share."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from segrules.lang.format import format_file
from segrules.rules import Rules, inspect
from segrules.segments.batch import Batch, Options, run_assignment
from segrules.segments.draft import FirstFile, first_file
from segrules.segments.keys import drafts
from segrules.text.diagnostic import RulesError
from segrules.text.render import full
from segrules.text.source import Source

ROWS = 60


def written(path: Path, table: Mapping[str, Sequence[object]]) -> Path:
    """A CSV file of columns by heading; `None` is an empty cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(table)
        out.writerows(zip(*table.values(), strict=True))
    return path


def made(*paths: Path) -> FirstFile:
    return first_file(paths, name="rules", file="rules.seg")


def clean(first: FirstFile) -> Rules:
    """The rules, without an error or a warning, laid out as they would be."""
    source = Source("rules.seg", first.text)
    compiled = inspect(source)
    assert [full(each) for each in compiled.log] == [], first.text
    assert compiled.ruleset is not None
    assert format_file(compiled.syntax, source) == first.text
    return Rules(compiled, compiled.ruleset, ())


def assigned(first: FirstFile, folder: Path, day: dt.date = dt.date(2999, 1, 1)) -> Batch:
    """The rules on the data that they were made from."""
    rules = clean(first)
    return run_assignment(
        rules.ruleset,
        first.files,
        day,
        folder / "out.parquet",
        text=rules.canonical,
        options=Options(table=rules.ruleset.sets[0].table),
    )


def many(*cells: object) -> list[object]:
    return [cells[at % len(cells)] for at in range(ROWS)]


def findings(*paths: Path) -> list[tuple[str, str]]:
    """What is wrong with files that no tables can be made of."""
    try:
        drafts(paths)
    except RulesError as error:
        return [(each.code, each.message) for each in error.diagnostics]
    raise AssertionError("tables were made of the files")
