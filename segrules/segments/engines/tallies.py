"""What is asked of rows beside their segments: unknown rules, hold-outs, what a history keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import polars as pl
from sqlglot import exp

from segrules.backends.polars.dtypes import dtype
from segrules.backends.sql import Source, assignment_sql, values_sql
from segrules.backends.sql import words as w
from segrules.lang.ir import Column, Expr, SegmentSet, without_tolerance
from segrules.segments.assign import Placement
from segrules.segments.counting import Spread
from segrules.segments.engines.results import canonical
from segrules.segments.engines.sessions import Session
from segrules.segments.storing import reviews_to_leave

T = TypeVar("T")

_TOGETHER = 200
"""Expressions or keys in one query: databases bound the columns of one."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A placement over tables of an engine."""

    placed: Placement
    sources: Mapping[str, Source]
    session: Session

    def unknown(self) -> dict[str, dict[str, int]]:
        """As `segrules.segments.counting.unknown`."""
        found: dict[str, dict[str, int]] = {}
        for each in self.placed.sets:
            rules = [rule for rule in each.rules if rule.condition.optional]
            counts = self._nulls([rule.condition for rule in rules])
            found[each.name] = {
                rule.decider: count for rule, count in zip(rules, counts, strict=True) if count
            }
        return found

    def present(self, keys: set[str]) -> set[str]:
        """The keys, of those given, that a row has."""
        name = self.placed.ruleset.table(self.placed.table).key
        found: set[str] = set()
        for some in _pieces(sorted(keys), _TOGETHER):
            key = exp.Column(this=w.ident(name))
            among = exp.In(this=key.copy(), expressions=[w.text(each) for each in some])
            query = w.select(key).from_(self._values({}).subquery("n")).where(among)
            found |= {row[name] for row in self.session.answer(query)}
        return found

    def _nulls(self, expressions: Sequence[Expr]) -> Iterator[int]:
        """On how many rows each expression is missing."""
        for some in _pieces(expressions, _TOGETHER):
            names = [f"c{at}" for at in range(len(some))]
            rows = self._values(dict(zip(names, some, strict=True))).subquery("n")
            known = [w.aliased(w.func("COUNT", exp.Column(this=w.ident(name))), name)
                     for name in names]  # fmt: skip
            every = w.aliased(w.func("COUNT", exp.Star()), "n")
            row = self.session.answer(w.select(every, *known).from_(rows))[0]
            yield from (int(row["n"]) - int(row[name]) for name in names)

    def spread(self) -> Spread:
        """As `segrules.segments.counting.spread`."""
        return {
            each.name: {name: self._spread(each, name) for name in each.holdout.over}
            for each in self.placed.sets
            if each.holdout
        }

    def _spread(self, found: SegmentSet, name: str) -> dict[str, tuple[int, int]]:
        column = self.placed.ruleset.table(self.placed.table).column(name)
        if column is None or found.holdout is None:
            return {}
        value = Column(self.placed.table, name, column.type, optional=True)
        rows = self._values({"over": value, "held": found.holdout.test}).subquery("n")
        over = exp.Column(this=w.ident("over"))
        held = w.func("COUNT", w.when(exp.Column(this=w.ident("held")), w.whole(1)))
        query = w.select(
            w.aliased(over, "over"),
            w.aliased(w.func("COUNT", exp.Star()), "n"),
            w.aliased(held, "m"),
        )
        answer = self.session.answer(query.from_(rows).group_by(over.copy()))
        cells = pl.Series([row["over"] for row in answer], dtype=dtype(column.type), strict=False)
        texts = cells.cast(pl.String).fill_null("")
        counted = [(int(row["n"]), int(row["m"])) for row in answer]
        return dict(sorted(zip(texts, counted, strict=True)))

    def stored(self, folder: Path) -> pl.LazyFrame:
        """As `segrules.segments.storing.stored_rows`."""
        rules, table = self.placed.ruleset, self.placed.ruleset.table(self.placed.table)
        free = [
            replace(without_tolerance(each), caps=()) if each.table == table.name else each
            for each in rules.sets
        ]
        parts = ("segment", "by")
        placed = self._fetched(self._placing(rules.sets, parts), folder)
        alone = self._fetched(self._placing(tuple(free), ("segment",)), folder)
        further: dict[str, Expr] = {
            f"{each.name}:leaving": reviews_to_leave(each) for each in self.placed.sets
        }
        further |= {
            each.name: Column(table.name, each.name, each.type, optional=True)
            for each in table.columns
            if each.kept
        }
        values = self._fetched(self._values(further), folder)
        names = [each.name for each in self.placed.sets]
        alone = alone.select(table.key, **{f"{name}:free": pl.col(name) for name in names})
        held = values.collect_schema()
        kinds = {name: dtype(node.type) for name, node in further.items()}
        values = values.select(
            table.key, *(canonical(name, held[name], kind) for name, kind in kinds.items())
        )
        rows = placed.join(alone, on=table.key).join(values, on=table.key)
        ordered = [part for name in names
                   for part in (name, f"{name}_by", f"{name}:free", f"{name}:leaving")]  # fmt: skip
        kept = [name for name in kinds if not name.endswith(":leaving")]
        return rows.select([table.key, *ordered, *kept])

    def _placing(self, sets: tuple[SegmentSet, ...], parts: Sequence[str]) -> exp.Select:
        rules = replace(self.placed.ruleset, sets=sets)
        return assignment_sql(
            rules, self.placed.table, self.placed.context, self.sources, self.session.dialect, parts
        )

    def _values(self, expressions: Mapping[str, Expr]) -> exp.Select:
        return values_sql(
            self.placed.ruleset,
            self.placed.table,
            self.placed.context,
            self.sources,
            self.session.dialect,
            expressions,
        )

    def _fetched(self, query: exp.Select, folder: Path) -> pl.LazyFrame:
        file = self.session.export(query, folder)
        return pl.scan_parquet(file / "*.parquet" if file.is_dir() else file)


def _pieces(parts: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (parts[at : at + size] for at in range(0, len(parts), size))
