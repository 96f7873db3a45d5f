"""The worked cases, loaded once: rules, generated tables, the day they are asked about."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType

import polars as pl

from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.lang.ir import Column, Use
from segrules.rules import Rules, load
from segrules.segments.assign import Placement, also_calibrated
from segrules.segments.batch import Batch, Options, run_assignment
from segrules.text.resources import resource


@dataclass(frozen=True)
class Case:
    """`paths` are all tables of the generator, `frames` those that the rules declare.

    `history` is a folder with the reviews before `as_of`, where the case has any.
    """

    rules: Rules
    paths: dict[str, Path]
    frames: dict[str, pl.DataFrame]
    as_of: dt.date
    history: Path | None = None

    @property
    def table(self) -> str:
        """The first table that has segments: what is asked about where no other is named."""
        return self.rules.ruleset.sets[0].table

    def placement(self, table: str | None = None) -> Placement:
        of = table or self.table
        return self.rules.place(self.frames, as_of=self.as_of, table=of, history=self.history)

    def placed(self, table: str | None = None) -> pl.DataFrame:
        """The assignment, segments and deciders as text."""
        of = table or self.table
        rows = self.rules.assign(self.frames, as_of=self.as_of, table=of, history=self.history)
        return rows.with_columns(pl.col(pl.Enum).cast(pl.String))

    def values(self, *names: str, table: str | None = None) -> pl.DataFrame:
        """The key of each row with columns and named values; money in minor units."""
        placement = self.placement(table)
        ruleset, of = placement.ruleset, placement.ruleset.table(placement.table)
        nodes: dict[str, Column | Use] = {}
        for name in names:
            column = of.column(name)
            if column is not None:
                nodes[name] = Column(of.name, name, column.type, column.optional)
            else:
                found = ruleset.feature(name)
                nodes[name] = Use(name, found.type, found.optional)
        wanted = list(nodes.values())
        placement = also_calibrated(placement, wanted)
        rows = prepare(ruleset, of.name, placement.frames, placement.context, wanted)
        columns = {
            name: pl.col(feature_column(name) if isinstance(node, Use) else name)
            for name, node in nodes.items()
        }
        return rows.select(pl.col(of.key), **columns).collect()

    def batch(self, folder: Path, table: str | None = None) -> Batch:
        """An assignment from files to a file."""
        return run_assignment(
            self.rules.ruleset,
            {name: self.paths[name] for name in self.frames},
            self.as_of,
            folder / "out.parquet",
            text=self.rules.canonical,
            options=Options(table=table or self.table),
        )


def generator(name: str, file: str = "generate") -> ModuleType:
    """The generator of a case, loaded as the demonstration loads it."""
    place = resource("rulesets") / name / f"{file}.py"
    spec = importlib.util.spec_from_file_location(f"case_{name}_{file}", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def case(name: str, seed: int = 5) -> Case:
    """A worked case with the data of a seed, all columns as text."""
    made = generator(name)
    paths = made.generate(seed, Path(mkdtemp(prefix="segrules-case-")))
    knobs = made.knobs(paths) if hasattr(made, "knobs") else {}
    rules = load(resource("rulesets") / name / f"{name}.seg", knobs=knobs)
    return Case(rules, paths, read(rules, paths), made.AS_OF)


@cache
def reviewed(name: str, seed: int = 5) -> Case:
    """The case with a history: its rules were asked on the generator's days of review."""
    found, made = case(name, seed), generator(name)
    folder = Path(mkdtemp(prefix="segrules-case-"))
    history = folder / "history"
    for day in made.REVIEWS:
        paths = found.paths
        if (resource("rulesets") / name / "earlier.py").exists():
            earlier = generator(name, "earlier").earlier
            paths = earlier(seed, paths, folder, day, found.as_of)
        review(found.rules, {name: paths[name] for name in found.frames}, day, history)
    return replace(found, history=history)


def review(rules: Rules, paths: Mapping[str, Path], day: dt.date, history: Path) -> None:
    """Adds the assignment of the first table of the rules to a history."""
    options = Options(table=rules.ruleset.sets[0].table, history=history)
    out = history.parent / "review.parquet"
    run_assignment(rules.ruleset, paths, day, out, text=rules.canonical, options=options)


def read(rules: Rules, paths: Mapping[str, Path]) -> dict[str, pl.DataFrame]:
    """The tables that rules declare, all columns as text."""
    declared = {table.name for table in rules.ruleset.tables}
    return {
        name: pl.read_csv(path, infer_schema=False)
        for name, path in paths.items()
        if name in declared
    }
