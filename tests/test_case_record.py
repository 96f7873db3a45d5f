"""The worked cases: one record gets the answer that the assignment of its table gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from cases import Case, case, reviewed

from segrules.backends.record import program
from segrules.lang.types import Set
from segrules.runtime import Decider, build
from segrules.segments.assign import Placement, placed_rows

CASES = ("advice", "portfolio", "retail", "value", "contact_centre")
WITH_PAST = ("contact_centre", "portfolio", "retail")
MOST, MOST_ROWS = 60, 80_000
"""Records that are compared, and rows that are passed with them all in all."""
Row = dict[str, Any]


def rows_of(placement: Placement) -> dict[str, list[Row]]:
    """All canonical rows; lists are sets."""
    found: dict[str, list[Row]] = {}
    declared = {each.name for each in placement.ruleset.tables}
    for name in declared & placement.frames.keys():
        frame = placement.frames[name]
        kinds = {each.name: each.type for each in placement.ruleset.table(name).columns}
        found[name] = [
            {column: frozenset(value) if isinstance(kinds[column], Set) and value is not None
             else value for column, value in row.items() if column in kinds}
            for row in frame.collect().to_dicts()
        ]  # fmt: skip
    return found


def beside(made: Decider, rows: Mapping[str, list[Row]], key: str) -> dict[str, Any]:
    """What is passed with a record: rows of it and of its family, and ways to look others up."""
    main = made.program["table"]
    tables = made.program["tables"]
    links = [name for name, column in tables[main]["columns"].items()
             if column["type"] == ["link", main]]  # fmt: skip
    above = {row[link] for row in rows.get(main, ()) if row[tables[main]["key"]] == key
             for link in links}  # fmt: skip
    family = [row for row in rows.get(main, ()) if row[tables[main]["key"]] in {key, *above}
              or any(row[link] in {key, *above} - {None} for link in links)]  # fmt: skip
    keys = {key, *(row[tables[main]["key"]] for row in family)}
    related: dict[str, list[Row]] = {main: family} if links else {}
    looked_at = {part["table"] for each in made.program["asked"] for part in each["rows"]}
    lookup: dict[str, Any] = {}
    for name, table in tables.items():
        if name == main or table["kind"] == "derived":
            continue
        if table["of"] == main:
            wanted = {key} if table["alone"] else keys
            related[name] = [row for row in rows[name] if row[table["by"]] in wanted]
        elif table["kind"] == "main":
            lookup[name] = {row[table["key"]]: row for row in rows[name]}.get
            if name in looked_at:
                related[name] = rows[name]
        else:
            related[name] = rows[name]
    return {"related": related, "lookup": lookup}


@pytest.mark.parametrize("name", CASES)
def test_each_case(name: str) -> None:
    found = reviewed(name) if name in WITH_PAST else case(name)
    tables = dict.fromkeys(each.table for each in found.rules.ruleset.sets)
    for table in tables:
        compare(found, table)


def compare(found: Case, table: str) -> None:
    placement = found.placement(table)
    expected = placed_rows(placement, unknown_counts=True).collect()
    expected = expected.with_columns(pl.col(pl.Enum).cast(pl.String))
    text = json.dumps(program(found.rules.ruleset, table, placement.context.calibration))
    made = build(json.loads(text), trusted=True, missing="allow")
    rows = rows_of(placement)
    declared = placement.ruleset.table(table)
    records = {row[declared.key]: row for row in rows.get(table, [])}
    sets = [each for each in placement.ruleset.sets if each.table == table]
    size = sum(map(len, beside(made, rows, expected[declared.key][0])["related"].values()))
    step = max(1, expected.height // max(5, min(MOST, MOST_ROWS // (size + 1))))
    for want in expected.gather_every(step).to_dicts():
        key = want[declared.key]
        record = records.get(key, {declared.key: key})
        others = beside(made, rows, key)
        have = made.decide_all(record, found.as_of, **others)
        truths = made.truths(record, found.as_of, **others)
        for each in sets:
            decision = have[each.name]
            assert (decision.segment, decision.by) == (want[each.name], want[f"{each.name}_by"])
            assert truths[each.name].count(None) == want[f"{each.name}_unknown"]
            assert decision.held_out == want.get(f"{each.name}_holdout")
            assert decision.allotted == want.get(f"{each.name}_allotted")
        for named, value in have.values.items():
            listed = want[named]
            assert value == (frozenset(listed) if isinstance(listed, list) else listed), (
                key,
                named,
            )
        features = made.features(record, found.as_of, **others)
        assert made.decide_all(record, found.as_of, **{**others, "features": features}) == have
