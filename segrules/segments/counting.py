"""The summary of an assignment, from what was written and what was surveyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import placing
from segrules.lang.ir import Column, Feature, Holdout, SegmentSet, Use
from segrules.segments.assign import Placement
from segrules.segments.calibration import told
from segrules.segments.sources import Read
from segrules.segments.summary import (
    IdentitySummary,
    InputSummary,
    SegmentSummary,
    SetSummary,
    Summary,
)

Counts = Mapping[str, pl.DataFrame]
"""By set: rows by segment, decider, hold-out and allotment."""
Spread = dict[str, dict[str, dict[str, tuple[int, int]]]]
"""By set, column and value: rows, and rows held out."""


def counts(written: pl.LazyFrame, sets: tuple[SegmentSet, ...]) -> dict[str, pl.DataFrame]:
    """Rows of an assignment by segment, decider, hold-out and allotment, for each set."""
    return {found.name: _counts(written, found) for found in sets}


def _counts(written: pl.LazyFrame, found: SegmentSet) -> pl.DataFrame:
    held_out = pl.col(f"{found.name}_holdout") if found.holdout else pl.lit(value=False)
    if found.holdout and written.collect_schema()[f"{found.name}_holdout"] == pl.String:
        held_out = held_out == "true"
    allotted = pl.col(f"{found.name}_allotted") if found.allotments else pl.lit(None)
    return (
        written.group_by(
            segment=pl.col(found.name).cast(pl.String),
            by=pl.col(f"{found.name}_by").cast(pl.String),
            held_out=held_out,
            allotted=allotted.cast(pl.String),
        )
        .len()
        .collect(engine="streaming")
    )


def spread(placed: Placement) -> Spread:
    """By set, column and value: rows, and rows held out."""
    return {
        found.name: {
            column: _spread(placed, found.holdout, column) for column in found.holdout.over
        }
        for found in placed.sets
        if found.holdout
    }


def _spread(placed: Placement, holdout: Holdout, name: str) -> dict[str, tuple[int, int]]:
    column = placed.ruleset.table(placed.table).column(name)
    if column is None:
        return {}
    value = Column(placed.table, name, column.type, optional=True)
    parts = [
        Feature(":over", "let", placed.table, value),
        Feature(":held", "let", placed.table, holdout.test),
    ]
    over, held = (pl.col(feature_column(part.name)) for part in parts)
    rows = with_features(placed, parts).group_by(over=over.cast(pl.String).fill_null(""))
    counted = rows.agg(rows=pl.len(), held=held.sum()).sort("over").collect(engine="streaming")
    return {value: (count, held_out) for value, count, held_out in counted.iter_rows()}


def unknown(placed: Placement) -> dict[str, dict[str, int]]:
    """How many rows each rule is unknown on, by set and rule; rules without any left out."""
    features = [
        Feature(f":{found.name}:{at}", "let", placed.table, rule.condition)
        for found in placed.sets
        for at, rule in enumerate(found.rules)
        if rule.condition.optional
    ]
    counted = _null_counts(placed, features) if features else {}
    return {
        found.name: {
            rule.decider: counted[f":{found.name}:{at}"]
            for at, rule in enumerate(found.rules)
            if counted.get(f":{found.name}:{at}")
        }
        for found in placed.sets
    }


def _null_counts(placed: Placement, features: list[Feature]) -> dict[str, int]:
    rows = with_features(placed, features)
    asked = rows.select(pl.col(feature_column(each.name)).null_count() for each in features)
    row = asked.collect(engine="streaming").row(0, named=True)
    return {each.name: int(row[feature_column(each.name)]) for each in features}


def with_features(placed: Placement, features: list[Feature]) -> pl.LazyFrame:
    """The prepared rows with further named values, each in its `feature_column`."""
    rules = placed.ruleset.with_features(features)
    wanted = [Use(each.name, each.type, each.optional) for each in features]
    return prepare(rules, placed.table, placed.frames, placed.context, wanted)


def summary(
    placed: Placement,
    inputs: Mapping[str, Read],
    counted: Counts,
    undecided: Mapping[str, Mapping[str, int]],
    over: Spread,
) -> Summary:
    """The summary without its revision and warnings; `over` is as `spread` says."""
    return Summary(
        ruleset=placed.ruleset.name,
        revision="",
        as_of=placed.context.as_of,
        rows=int(counted[placed.sets[0].name]["len"].sum()),
        inputs={name: _input(each) for name, each in inputs.items()},
        sets={
            found.name: _set(
                found, counted[found.name], undecided[found.name], over.get(found.name, {})
            )
            for found in placed.sets
        },
        identities={
            each.table: IdentitySummary(
                records=each.counts.records,
                customers=each.counts.customers,
                merged=each.counts.merged,
            )
            for each in placed.consolidations
        },
        calibration=dict(_frozen(placed)),
        warnings=[],
    )


def _frozen(placed: Placement) -> Mapping[str, Any]:
    wanted = placing(placed.ruleset, placed.table)
    return told(placed.context.calibration, wanted, placed.table, placed.ruleset)


def _input(each: Read) -> InputSummary:
    return InputSummary(
        path=str(each.path),
        sha256=each.sha256,
        rows=each.survey.rows,
        unreadable=dict(each.survey.unreadable),
        missing=dict(each.survey.missing),
    )


def _set(
    found: SegmentSet,
    counted: pl.DataFrame,
    undecided: Mapping[str, int],
    over: Mapping[str, dict[str, tuple[int, int]]],
) -> SetSummary:
    total = int(counted["len"].sum())
    by_segment: dict[str, int] = dict.fromkeys(found.segments, 0)
    by_decider: dict[str, int] = dict.fromkeys(found.deciders, 0)
    held_out: dict[str, int] = dict.fromkeys(found.segments, 0)
    targets = [target for each in found.allotments for target in each.targets]
    allotted: dict[str, int] = dict.fromkeys(targets, 0)
    for segment, by, is_held_out, target, rows in counted.iter_rows():
        if target is not None:
            allotted[target] += rows
        # a row that is unsure is in no segment when the set declares no `unsure`
        if segment is not None:
            by_segment[segment] += rows
            held_out[segment] += rows if is_held_out else 0
        by_decider[by] += rows
    governed = ("suppress", "override", "stay", "cap")
    return SetSummary(
        segments={
            name: SegmentSummary(rows=rows, share=rows / total if total else 0.0)
            for name, rows in by_segment.items()
        },
        otherwise=by_decider["otherwise"],
        unsure=by_decider["unsure"],
        unknown=dict(undecided),
        governed={name: by_decider[name] for name in governed if name in by_decider},
        held_out=held_out if found.holdout else None,
        allotted=allotted,
        spread=dict(over),
    )
