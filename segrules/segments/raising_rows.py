"""Raises a value on many rows at once: all the raised rows are placed in one batch.

What rests on the value is computed anew for each raised row; all else is read off the data once
and stands in a column of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars.first_match import assigned
from segrules.backends.polars.lower import feature_column, scope_of
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import on_row, set_parts, steps_needed
from segrules.lang import ir
from segrules.segments.assign import Placement
from segrules.segments.raising import Fall, Raising
from segrules.segments.read import reading

CHUNK = 200_000
"""Raised rows that are placed at once."""


@dataclass(frozen=True, slots=True)
class FirstFall:
    """The first row that falls, by its key, if there is one.

    `off` counts the rows up to there of which nothing could be compared.
    """

    key: str = ""
    fall: Fall | None = None
    off: int = 0


def first_fall(raising: Raising, placement: Placement, keys: Sequence[str]) -> FirstFall:
    """Raises the value of the rows of these keys, as `Raising.raised` does row by row.

    Rows are tried in the order of the keys, each with its targets in rising order.
    """
    narrowed = narrow(raising)
    with reading(placement.table):
        rows = narrowed.rows(placement, keys)
    values, context = rows[narrowed.value].to_list(), placement.context
    targets = raising.targets(context.calibration, values)
    before, ladder = narrowed.segments(rows, context), raising.found.ladder
    on = [
        at
        for at, value in enumerate(values)
        if value is not None and before[at] in ladder
    ]  # fmt: skip
    size = max(1, CHUNK // max(len(targets), 1))
    for start in range(0, len(on), size):
        part = on[start : start + size]
        after = narrowed.segments(narrowed.raised(rows[part], targets), context)
        tried = ((at, target) for at in part for target in targets)
        for (at, target), segment in zip(tried, after, strict=True):
            held = before[at]
            # a target that is not above the value is no raise
            if segment is None or held is None or not target > values[at]:
                continue
            if segment in ladder and ladder.index(segment) < ladder.index(held):
                fall = Fall((values[at], target), (held, segment))
                return FirstFall(str(rows[narrowed.key][at]), fall, at - on.index(at))
    return FirstFall(off=len(rows) - len(on))


@dataclass(frozen=True)
class Narrowed:
    """The rules of one set over a table of their own, which needs no other.

    `columns` are what its columns hold, as expressions on a row of the firm's table; `value` is
    the one that is raised, and `key` the key.
    """

    ruleset: ir.Ruleset
    of: str
    columns: dict[str, ir.Expr]
    value: str

    @property
    def _table(self) -> ir.Table:
        return self.ruleset.tables[0]

    @property
    def key(self) -> str:
        return self._table.key

    def rows(self, placement: Placement, keys: Sequence[str]) -> pl.DataFrame:
        """The rows of these keys, in their order, with a column for each expression."""
        made = [ir.Feature(name, "let", self._table.name, expr)
                for name, expr in self.columns.items()]  # fmt: skip
        wanted = [ir.Use(each.name, each.type, each.optional) for each in made]
        rules = placement.ruleset.with_features(made)
        frame = prepare(rules, self._table.name, placement.frames, placement.context, wanted)
        named = [pl.col(feature_column(name)).alias(name) for name in self.columns]
        rows = frame.filter(pl.col(self.key).is_in(keys)).select(self.key, *named)
        asked = pl.DataFrame({self.key: keys}, schema={self.key: pl.String})
        return asked.join(
            rows.collect(engine="streaming"), on=self.key, how="inner", maintain_order="left"
        )

    def raised(self, rows: pl.DataFrame, targets: Sequence[ir.Value]) -> pl.DataFrame:
        """Each row with each target in place of its value, row by row."""
        to = pl.Series(self.value, targets, dtype=rows.schema[self.value]).to_frame()
        return rows.drop(self.value).join(to, how="cross", maintain_order="left_right")

    def segments(self, rows: pl.DataFrame, context: Context) -> list[str | None]:
        """The segment of each of the rows."""
        found, name = self.ruleset.set(self.of), self._table.name
        frame = prepare(self.ruleset, name, {name: rows.lazy()}, context, set_parts(found))
        placed = assigned(frame, found, scope_of(self.ruleset, name, context), ["segment"])
        column = pl.col(found.outputs["segment"]).cast(pl.String)
        return cast(list[str | None], placed.select(column).collect().to_series().to_list())


def narrow(raising: Raising) -> Narrowed:
    """The rules of the set that is watched, with columns for all that does not rest on the value.

    What rests on it by way of other rows stays as it is: one row is raised at a time.
    """
    work, found, ruleset = _Work(raising.node), raising.found, raising.ruleset
    parts, given = set_parts(found), {raising.name} & {each.name for each in ruleset.features}
    work.touched |= given
    features: list[ir.Feature] = []
    sets: list[ir.SegmentSet] = []
    step: ir.Feature | ir.SegmentSet
    for step in steps_needed(parts, found.table, ruleset, given):
        below = [step.expr] if isinstance(step, ir.Feature) else set_parts(step)
        if work.touches(below):
            work.touched.add(step.name)
            if isinstance(step, ir.Feature):
                features.append(replace(step, expr=work.over(step.expr)))
            else:
                sets.append(work.placing(step))
    if all(each.name != found.name for each in sets):
        sets.append(work.placing(found))
    value = work.column(raising.node).name
    declared = ruleset.table(found.table)
    columns = tuple(
        ir.TableColumn(name, name, expr.type, True) for name, expr in work.columns.items()
    )
    table = ir.Table(declared.name, "main", declared.key, columns)
    named = {*(each.name for each in features), *(each.name for each in sets)}
    narrowed = replace(
        ruleset,
        tables=(table,),
        features=tuple(features),
        sets=tuple(sets),
        steps=tuple(name for name in ruleset.steps if name in named),
    )
    return Narrowed(narrowed, found.name, work.columns, value)


@dataclass
class _Work:
    """Expressions made narrow: `touched` are the steps that rest on the value."""

    node: ir.Column | ir.Use
    columns: dict[str, ir.Expr] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def touches(self, parts: Iterable[ir.Expr]) -> bool:
        return any(self._touches(node) for node in on_row(parts))

    def _touches(self, node: ir.Expr) -> bool:
        match node:
            case ir.Column(name=name):
                return isinstance(self.node, ir.Column) and name == self.node.name
            case ir.Use(name=name) | ir.Placed(set=name):
                return name in self.touched
            case _:
                return False

    def _is_value(self, node: ir.Expr) -> bool:
        """Whether it reads the value; data may lack it where the rules say that it is there."""
        match node, self.node:
            case (ir.Column(name=name), ir.Column(name=raised)) | (
                ir.Use(name=name),
                ir.Use(name=raised),
            ):
                return name == raised
            case _:
                return False

    def placing(self, found: ir.SegmentSet) -> ir.SegmentSet:
        """The set with only what places rows."""
        rules = (replace(each, condition=self.over(each.condition)) for each in found.rules)
        # a rank is read off the calibration by its name, so it stays a rank
        caps = (replace(each, rank=self._mapped(each.rank)) for each in found.caps)
        return replace(found, rules=tuple(rules), caps=tuple(caps), allotments=(), holdout=None)

    def over(self, node: ir.Expr) -> ir.Expr:
        """The expression over columns: one for each part that does not rest on the value."""
        if isinstance(node, ir.Const):
            return node
        if self._is_value(node):
            return self.column(self.node)
        if not self.touches([node]):
            return self.column(node)
        return cast(ir.Expr, self._mapped(node))

    def column(self, node: ir.Expr) -> ir.Column:
        """The column that holds an expression."""
        known = (name for name, expr in self.columns.items() if expr == node)
        name = next(known, f"part {len(self.columns)}")
        self.columns[name] = node
        return ir.Column("", name, node.type, True, node.span)

    def _mapped(self, node: Any) -> Any:
        """The node with each expression below it over columns."""
        below = {id(each) for each in ir.children(node)}

        def mapped(value: Any) -> Any:
            if id(value) in below:
                return self.over(value)
            if isinstance(value, tuple):
                return tuple(mapped(each) for each in value)
            return replace(value, **inner(value)) if isinstance(value, ir.Population) else value

        def inner(held: Any) -> dict[str, Any]:
            return {each.name: mapped(getattr(held, each.name)) for each in fields(held)}

        return replace(node, **inner(node))
