"""A result that an engine has made: counted where it is, and put where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlglot import exp

from segrules.backends.polars.dtypes import dtype
from segrules.backends.sql import words as w
from segrules.lang.ir import SegmentSet
from segrules.segments.assign import Placement
from segrules.segments.atomic import replacing
from segrules.segments.counting import Counts
from segrules.segments.engines.destinations import Destination
from segrules.segments.engines.sessions import Session
from segrules.segments.write import sink
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems

_COUNTS = {
    "segment": pl.String, "by": pl.String, "held_out": pl.Boolean, "allotted": pl.String,
    "len": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """The table that a session has made of a placement."""

    session: Session
    table: exp.Table
    placed: Placement

    def counts(self) -> Counts:
        """Rows by segment, decider, hold-out and allotment, for each set."""
        return {each.name: self._counts(each) for each in self.placed.sets}

    def _counts(self, found: SegmentSet) -> pl.DataFrame:
        names = {"segment": found.name, "by": f"{found.name}_by"}
        if found.holdout:
            names["held_out"] = f"{found.name}_holdout"
        if found.allotments:
            names["allotted"] = f"{found.name}_allotted"
        columns = {part: exp.Column(this=w.ident(name)) for part, name in names.items()}
        query = w.select(
            *(w.aliased(each.copy(), part) for part, each in columns.items()),
            w.aliased(w.func("COUNT", exp.Star()), "len"),
        )
        query = query.from_(self.table.copy()).group_by(*columns.values())
        nothing = {"held_out": False, "allotted": None}
        rows = [{**nothing, **row} for row in self.session.answer(query)]
        return pl.DataFrame(rows, schema=_COUNTS)

    def rows(self, folder: Path) -> pl.LazyFrame:
        """All rows by key, in the types that Polars gives them."""
        query = w.select(exp.Star()).from_(self.table.copy())
        file = self.session.export(query, folder)
        found = pl.scan_parquet(file / "*.parquet" if file.is_dir() else file)
        kinds = result_types(self.placed)
        held = found.collect_schema()
        typed = (canonical(name, held[name], kinds[name]) for name in held)
        return found.select(typed).sort(self.placed.ruleset.table(self.placed.table).key)


def put(made: Made, out: Destination, native: bool, by: tuple[str, Path]) -> None:
    """Puts a result in its place as one step.

    `native` says that the engine does it; else rows come by way of a folder. `by` are the revision
    of the rules and that folder.

    Raises:
        RulesError: the place refuses it; nothing has changed.
    """
    rules, folder = by
    if native:
        made.session.keep(made.table, out.source)
        return
    rows = made.rows(folder)
    try:
        with (replacing if out.is_file else out.replacing)(out.said) as unfinished:
            sink(rows, unfinished, made.placed, out.said, rules)
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.not_written(str(out.said), reason)], unable=True) from None


def result_types(placed: Placement) -> dict[str, pl.DataType]:
    """The type of each column that an assignment may have."""
    table = placed.ruleset.table(placed.table)
    found: dict[str, pl.DataType] = {table.key: pl.String()}
    for each in placed.sets:
        targets = [target for allotment in each.allotments for target in allotment.targets]
        kinds = {
            "segment": pl.Enum(each.segments),
            "by": pl.Enum(each.deciders),
            "unknown": pl.UInt32(),
            "holdout": pl.Boolean(),
            "allotted": pl.Enum(list(dict.fromkeys(targets))),
        }
        found |= {name: kinds[part] for part, name in each.outputs.items()}
    return found | {each.name: dtype(each.type) for each in placed.overlays}


def canonical(name: str, held: pl.DataType, kind: pl.DataType) -> pl.Expr:
    """A column that came out of an engine as a canonical one; instants come in UTC."""
    cell = pl.col(name)
    if isinstance(held, pl.Datetime) and held.time_zone is None:
        return cell.dt.replace_time_zone("UTC").cast(kind)
    return cell.cast(kind)
