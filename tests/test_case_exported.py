"""The worked cases: a row that `segrules export` wrote decides as the assignment of its table."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cases import case, reviewed

from segrules.backends.record import program
from segrules.lang.types import Money, decimals
from segrules.runtime import Decider, RecordError, build
from segrules.segments.assign import Placement, placed_rows
from segrules.segments.export import export

CASES = ("contact_centre", "retail", "value")
WITH_PAST = ("contact_centre", "retail")
MOST = 80
Row = dict[str, Any]


def of_parquet(file: Path, _: Decider) -> list[Row]:
    return pl.read_parquet(file).to_dicts()


def of_lines(file: Path, _: Decider) -> list[Row]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def of_csv(file: Path, made: Decider) -> list[Row]:
    with file.open(newline="", encoding="utf-8") as cells:
        return [made.from_text(row) for row in csv.DictReader(cells)]


READ: Mapping[str, Callable[[Path, Decider], list[Row]]] = {
    "features.parquet": of_parquet, "features.jsonl": of_lines, "features.csv": of_csv,
}  # fmt: skip


def records(placement: Placement, made: Decider) -> dict[str, Row]:
    """The columns that rules read, as a service passes them, by key."""
    table = placement.ruleset.table(placement.table)
    read = [table.key, *(each.name for each in made.columns if each.name != table.key)]
    found = {}
    for row in placement.frames[table.name].select(read).collect().to_dicts():
        for name, value in row.items():
            kind = next(each.type for each in table.columns if each.name == name)
            if isinstance(kind, Money) and value is not None:
                row[name] = Decimal(value).scaleb(-decimals(kind.currency))
        found[row[table.key]] = row
    return found


@pytest.mark.parametrize("name", CASES)
def test_an_exported_row_decides_as_the_batch(name: str, tmp_path: Path) -> None:
    found = reviewed(name) if name in WITH_PAST else case(name)
    placement = found.placement()
    plain = json.dumps(program(found.rules.ruleset, found.table, placement.context.calibration))
    made = build(json.loads(plain), missing="allow")
    key = placement.ruleset.table(found.table).key
    rows = placed_rows(placement).collect().with_columns(pl.col(pl.Enum).cast(pl.String))
    expected = {row[key]: row for row in rows.to_dicts()}
    known = records(placement, made)
    segments = set()
    for file, read in READ.items():
        export(placement, tmp_path / file)
        exported = {row[key]: row for row in read(tmp_path / file, made)}
        assert exported.keys() == expected.keys()
        some = list(expected)[:: max(1, len(expected) // MOST)]
        for each in some:
            have = made.decide_all(known[each], found.as_of, features=exported[each])
            for decision in (have[of] for of in have):
                want = expected[each]
                assert decision.segment == want[decision.set], (file, each)
                assert decision.by == want[f"{decision.set}_by"], (file, each)
                segments.add(decision.segment)
        # nobody gets the features of another
        with pytest.raises(RecordError, match="another record") as raised:
            made.decide_all(known[some[0]], found.as_of, features=exported[some[1]])
        assert (raised.value.code, raised.value.field) == ("key", key)
    assert len(segments) > 3
