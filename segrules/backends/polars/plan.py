"""The frame that a table's expressions stand in: visible rows, aggregates, features.

All but a few aggregates (see `aggregates`) stream, and nothing is computed that is not used: what
the caller leaves out, Polars leaves out as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segrules.backends.context import Context, seen
from segrules.backends.polars.aggregates import RULES, Rule
from segrules.backends.polars.lower import Scope, feature_column, lower, scope_of
from segrules.backends.reach import features_needed, on_row
from segrules.lang.ir import Aggregate, Expr, Feature, Ruleset, Table, Use, Window
from segrules.lang.types import form

Frames = Mapping[str, pl.LazyFrame]


def prepare(
    ruleset: Ruleset,
    table_name: str,
    frames: Frames,
    context: Context,
    wanted: Iterable[Expr] | None = None,
) -> pl.LazyFrame:
    """The rows of a table that can be seen, with all that `wanted` expressions read.

    Without `wanted`, that is what the conditions of the table's segment sets read. Frames are
    canonical: declared names and dtypes. Rows of a dated table without a date are never seen.
    """
    scope = scope_of(ruleset, table_name, context)
    expressions = list(_conditions(ruleset, table_name) if wanted is None else wanted)
    features = features_needed(expressions, ruleset)
    aggregates = dict.fromkeys(
        node
        for node in on_row([*expressions, *(feature.expr for feature in features)])
        if isinstance(node, Aggregate)
    )
    frame = _rows(ruleset, scope.table, frames, context)
    for batch in dict.fromkeys(map(_batch, aggregates)):
        chosen = [node for node in aggregates if _batch(node) == batch]
        frame = _joined(frame, _Related(ruleset, batch[0], frames, scope), chosen)
    return _with_features(frame, features, scope)


def _conditions(ruleset: Ruleset, table_name: str) -> list[Expr]:
    sets = [found for found in ruleset.sets if found.table == table_name]
    return [rule.condition for found in sets for rule in found.rules]


def _rows(ruleset: Ruleset, table: Table, frames: Frames, context: Context) -> pl.LazyFrame:
    """The rows that can be seen; of a derived table one a distinct key."""
    if table.kind == "derived":
        if table.source is None:
            raise ValueError(f"the derived table {table.name} has no source")
        source = ruleset.table(table.source)
        keys = _rows(ruleset, source, frames, context).select(pl.col(source.key).alias(table.key))
        return keys.drop_nulls().unique()
    frame = frames[table.name]
    return frame if table.dated is None else frame.filter(_seen(None, table, context))


def _seen(window: Window | None, table: Table, context: Context) -> pl.Expr:
    """Whether a row is dated in the window and not after as_of; null without a date."""
    dated = None if table.dated is None else table.column(table.dated)
    if dated is None:
        raise ValueError(f"the table {table.name} has no dates to look through a window at")
    bounds, date = seen(window, dated.type, context), pl.col(dated.name)
    tests = [date.is_not_null()]
    if bounds.start is not None:
        tests.append(date >= bounds.start)
    if bounds.end is not None:
        tests.append(date < bounds.end)
    return pl.all_horizontal(tests)


def _with_features(frame: pl.LazyFrame, features: Sequence[Feature], scope: Scope) -> pl.LazyFrame:
    """Features are added level by level: those that use no others first."""
    level: dict[str, int] = {}
    for feature in features:
        below = [level[node.name] for node in on_row([feature.expr]) if isinstance(node, Use)]
        level[feature.name] = 1 + max(below, default=-1)
    for at in range(1 + max(level.values(), default=-1)):
        frame = frame.with_columns(
            lower(feature.expr, scope).alias(feature_column(feature.name))
            for feature in features
            if level[feature.name] == at
        )
    return frame


# ---- aggregates


@dataclass(frozen=True, slots=True)
class _Related:
    """A related table seen from the rows of `scope`."""

    ruleset: Ruleset
    name: str
    frames: Frames
    scope: Scope

    @property
    def table(self) -> Table:
        return self.ruleset.table(self.name)


def _joined(
    frame: pl.LazyFrame, related: _Related, aggregates: Sequence[Aggregate]
) -> pl.LazyFrame:
    """The frame with one column an aggregate: one `group_by` of the related table, one join."""
    inputs = _inputs(related, aggregates)
    gathered: list[pl.Expr] = []
    answers: list[pl.Expr] = []
    dropped: list[str] = []
    for node in aggregates:
        name, rule = related.scope.aggregates[node], _rule(node)
        parts = rule.gather(pl.col(f"{name}:value"), pl.col(f"{name}:date"))
        names = [f"{name}:{at}" for at in range(len(parts))]
        gathered.extend(part.alias(part_name) for part, part_name in zip(parts, names, strict=True))
        answers.append(rule.finish([pl.col(part_name) for part_name in names]).alias(name))
        dropped.extend(names)
    grouped = inputs.group_by("agg:key").agg(gathered)
    return (
        frame.join(
            grouped,
            left_on=related.scope.table.key,
            right_on="agg:key",
            how="left",
            maintain_order="left",
        )
        .with_columns(answers)
        .drop(dropped)
    )


def _inputs(related: _Related, aggregates: Sequence[Aggregate]) -> pl.LazyFrame:
    """The key and, for each aggregate, the value of the rows that take part, null elsewhere."""
    table, context = related.table, related.scope.context
    reads = [part for node in aggregates for part in (node.rows.where, node.value) if part]
    frame = prepare(related.ruleset, table.name, related.frames, context, reads)
    scope = Scope(context, table)
    columns = [pl.col(table.key).alias("agg:key")]
    for node in aggregates:
        name = related.scope.aggregates[node]
        value = pl.lit(1) if node.value is None else lower(node.value, scope)
        masked = _masked(value, _takes_part(node, table, scope))
        columns.append(masked.alias(f"{name}:value"))
        if _rule(node).reads_date:
            date = pl.when(masked.is_not_null()).then(pl.col(str(table.dated)))
            columns.append(date.alias(f"{name}:date"))
    return frame.select(columns)


def _takes_part(node: Aggregate, table: Table, scope: Scope) -> list[pl.Expr]:
    tests = [] if node.rows.where is None else [lower(node.rows.where, scope)]
    if node.rows.window is not None:
        tests.append(_seen(node.rows.window, table, scope.context))
    return tests


def _masked(value: pl.Expr, tests: Sequence[pl.Expr]) -> pl.Expr:
    """Null where a test is not true."""
    return pl.when(pl.all_horizontal(tests)).then(value) if tests else value


def _batch(node: Aggregate) -> tuple[str, bool]:
    """What is gathered in one `group_by`: aggregates of one table, those that stream apart."""
    return node.rows.table, _rule(node).streams


def _rule(node: Aggregate) -> Rule:
    rule = RULES[node.how]
    if rule.whole is not None and form(node.value.type if node.value else node.type) == "int":
        return rule.whole
    return rule
