"""What a row asks of other rows, joined to it: aggregates, sequences, linked rows, populations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from segrules.backends.context import seen
from segrules.backends.polars import aggregates, ranks, sequences
from segrules.backends.polars.lower import Scope, lower
from segrules.backends.polars.names import node_column
from segrules.backends.polars.rows import (
    Tables,
    dating,
    looks_ahead,
    reads_of,
    tests_of,
    with_latest,
)
from segrules.lang import ir
from segrules.lang.ir import (
    Aggregate,
    Calibrated,
    Expr,
    Gap,
    LastRows,
    Linked,
    Rows,
    Table,
)

Related = Aggregate | ir.Sequence


def related(nodes: Iterable[Expr]) -> list[Related]:
    """The aggregates and sequences among nodes, each once."""
    found = {node_column(node): node for node in nodes if isinstance(node, Aggregate | ir.Sequence)}
    return list(found.values())


def with_related(
    frame: pl.LazyFrame, nodes: Iterable[Expr], table: Table, tables: Tables
) -> pl.LazyFrame:
    """The frame with a column for each aggregate and each sequence among the nodes."""
    for name, batch in batches(related(nodes)).items():
        columns = [column for node in batch for column in _gathered_columns(node)]
        found = tables.held(name, columns)
        if found is None:
            found = gathered(batch, tables)
        answers = [_answer(node).alias(node_column(node)) for node in batch]
        frame = (
            frame.join(found, left_on=table.key, right_on="key", how="left", maintain_order="left")
            .with_columns(answers)
            .drop(columns)
        )
    return frame


def batches(nodes: Iterable[Related]) -> dict[str, list[Related]]:
    """What is gathered at once, by a name: aggregates of one table, those that stream apart.

    Gaps are between the rows that take part, so each choice of rows with gaps stands alone, and so
    does each aggregate whose values are tallied first, and each sequence.
    """
    found: dict[str, list[Related]] = {}
    for node in nodes:
        found.setdefault(_batch(node), []).append(node)
    return found


def gathered(batch: Sequence[Related], tables: Tables) -> pl.LazyFrame:
    """One row for each `key` that has rows, with what is gathered for the nodes of a batch."""
    first = batch[0]
    if isinstance(first, ir.Sequence):
        (truth,) = _gathered_columns(first)
        return sequences.happens(first, tables).select("key", pl.col("truth").alias(truth))
    nodes = [node for node in batch if isinstance(node, Aggregate)]
    inputs = _gaps(nodes, tables) if isinstance(first.value, Gap) else _inputs(nodes, tables)
    if _rule(first).tallied:
        name = node_column(first)
        value = f"{name}:value"
        inputs = inputs.drop_nulls(value).group_by("key", value).len(f"{name}:second")
    return inputs.group_by("key").agg(part for node in nodes for part in _gathering(node))


def with_linked(
    frame: pl.LazyFrame, nodes: Sequence[Linked], scope: Scope, tables: Tables
) -> pl.LazyFrame:
    """The frame with a column for each value of linked rows: one join a link.

    INVARIANT: the keys of the linked table are unique; what reads the data has seen to that.
    """
    links: dict[tuple[str, str], list[Linked]] = {}
    for node in nodes:
        links.setdefault((node.table, str(lower(node.by, scope))), []).append(node)
    for same in links.values():
        other = tables.ruleset.table(same[0].table)
        there = Scope(scope.context, other)
        values = {node_column(node): lower(node.value, there) for node in same}
        rows = tables.rows(other, [node.value for node in same])
        linked = rows.select(pl.col(other.key).alias("link:key"), **values)
        key = lower(same[0].by, scope).alias("link:by")
        frame = (
            frame.with_columns(key)
            .join(linked, left_on="link:by", right_on="link:key", how="left", maintain_order="left")
            .drop("link:by")
        )
    return frame


def with_populations(
    frame: pl.LazyFrame, nodes: Sequence[Calibrated], scope: Scope
) -> pl.LazyFrame:
    """The frame with what is frozen of each row's group, for each rank and figure by group."""
    for node in {node_column(node): node for node in nodes}.values():
        frozen = ranks.frozen_by_group(node, scope.context.calibration)
        same = [f"same:{at}" for at in range(len(node.population.same))]
        parts = zip(same, node.population.same, strict=True)
        frame = (
            frame.with_columns(lower(part, scope).alias(name) for name, part in parts)
            .join(frozen, on=same, how="left", maintain_order="left")
            .drop(same)
        )
    return frame


# ---- aggregates


def _batch(node: Related) -> str:
    if isinstance(node, ir.Sequence):
        return node_column(node)
    rule = _rule(node)
    alone = node_column(node.rows) if isinstance(node.value, Gap) else ""
    alone += node_column(node) if rule.tallied else ""
    streams = "streaming" if rule.streams else "in memory"
    return f"{node.rows.table} by {node.rows.by}, {streams}: {alone}"


def _rule(node: Aggregate) -> aggregates.Rule:
    return aggregates.RULES[node.how](node.value.type if node.value else node.type)


def _gathering(node: Aggregate) -> list[pl.Expr]:
    name = node_column(node)
    parts = _rule(node).gather(pl.col(f"{name}:value"), pl.col(f"{name}:second"))
    return [part.alias(f"{name}:{at}") for at, part in enumerate(parts)]


def _gathered_columns(node: Related) -> list[str]:
    if isinstance(node, ir.Sequence):
        return [f"{node_column(node)}:truth"]
    return [part.meta.output_name() for part in _gathering(node)]


def _answer(node: Related) -> pl.Expr:
    """From what is gathered, null for a key without rows."""
    parts = [pl.col(name) for name in _gathered_columns(node)]
    return (
        sequences.answer(parts[0]) if isinstance(node, ir.Sequence) else _rule(node).finish(parts)
    )


def _gaps(nodes: Sequence[Aggregate], tables: Tables) -> pl.LazyFrame:
    columns = [pl.col("key")]
    for node in nodes:
        name = node_column(node)
        columns.append(pl.col("value").alias(f"{name}:value"))
        columns.append(pl.when(pl.col("value").is_not_null()).then("at").alias(f"{name}:second"))
    return sequences.gaps(nodes[0].rows, tables).select(columns)


def _inputs(nodes: Sequence[Aggregate], tables: Tables) -> pl.LazyFrame:
    """The key and, for each aggregate, the value of the rows that take part, null elsewhere."""
    asked = [node.rows for node in nodes]
    table, later = tables.ruleset.table(asked[0].table), looks_ahead(asked)
    scope = Scope(tables.context, table)
    reads = [*reads_of(asked), *(node.value for node in nodes if node.value)]
    frame = _at_all(tables.rows(table, reads, later=later), asked, scope)
    frame = with_latest(frame, asked, scope)
    tests = {node_column(rows): tests_of(rows, scope, later=later) for rows in asked}
    if len(tests) == 1:
        (alone,) = tests.values()
        frame = frame.filter(alone) if alone else frame
        tests = {name: [] for name in tests}
    frame = frame.with_columns(
        pl.all_horizontal(each).alias(f"{name}:takes") for name, each in tests.items() if each
    )
    columns = [pl.col(asked[0].by).alias("key")]
    for node in nodes:
        name, rows = node_column(node), node_column(node.rows)
        takes = pl.col(f"{rows}:takes") if tests[rows] else None
        if node.value is None:
            value = pl.lit(value=True) if takes is None else takes
        else:
            known = lower(node.value, scope)
            value = known if takes is None else pl.when(takes).then(known)
        columns.append(value.alias(f"{name}:value"))
        if _rule(node).reads_date:
            date = pl.when(value.is_not_null()).then(pl.col(str(table.dated)))
            columns.append(date.alias(f"{name}:second"))
    return frame.select(columns)


def _at_all(frame: pl.LazyFrame, asked: Sequence[Rows], scope: Scope) -> pl.LazyFrame:
    """Without the rows that no window reaches back to."""
    if scope.table.dated is None or any(isinstance(rows.window, LastRows) for rows in asked):
        return frame
    dated = dating(scope.table)
    starts = [seen(rows.window, dated.type, scope.context).start for rows in asked]
    known = [start for start in starts if start is not None]
    return frame.filter(pl.col(dated.name) >= min(known)) if len(known) == len(starts) else frame
