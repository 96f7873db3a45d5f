"""The rows of a funnel as they went through it: a row a customer who entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.lang import ir
from segrules.segments.assign import Placement, also_calibrated, check_given, segment_column
from segrules.segments.demand import conditions, demand
from segrules.segments.funnel import date_column, stage_parts, with_reached
from segrules.segments.read import reading

SEGMENT = "segment"
ENTERED = "entered"


def funnel_rows(
    placement: Placement,
    funnel: ir.Funnel,
    segment_set: ir.SegmentSet,
    columns: Mapping[str, ir.Expr] | None = None,
) -> pl.DataFrame:
    """Those who entered by the day of the placement, and are in a segment.

    Columns: segment; entered (the date); `reached <stage>` (yes or no) for every stage after the
    first, within the limits of the stages; `value <stage>` where the stage has one; and the
    `columns` asked for, by name.
    """
    parts = stage_parts(placement, funnel)
    more = {f":more:{name}": expr for name, expr in (columns or {}).items()}
    features = tuple(
        ir.Feature(name, "let", funnel.table, expr) for name, expr in (parts | more).items()
    )
    rules = placement.ruleset.with_features(features)
    wanted = [
        *conditions([segment_set]),
        *(ir.Use(each.name, each.type, each.optional) for each in features),
    ]
    with reading(funnel.table):
        check_given(demand(wanted, funnel.table, rules), rules, placement.frames)
        widened = also_calibrated(replace(placement, ruleset=rules), wanted)
        frame = prepare(rules, funnel.table, widened.frames, widened.context, wanted)
        held = frame.select(
            segment_column(widened, segment_set).cast(pl.String).alias(SEGMENT),
            **{each.name: pl.col(feature_column(each.name)) for each in features},
        )
        stages = funnel.stages
        reached = with_reached(held, stages, placement.context.as_of)
        return (
            reached.filter(pl.col(":reached:0") & pl.col(SEGMENT).is_not_null())
            .select(
                pl.col(SEGMENT),
                pl.col(date_column(stages[0])).cast(pl.Date).alias(ENTERED),
                *(
                    pl.col(f":reached:{at}").alias(f"reached {stage.name}")
                    for at, stage in enumerate(stages)
                    if at
                ),
                *(
                    pl.col(f":value:{stage.name}").alias(f"value {stage.name}")
                    for stage in stages
                    if stage.value is not None
                ),
                *(pl.col(f":more:{name}").alias(name) for name in columns or {}),
            )
            .collect(engine="streaming")
        )
