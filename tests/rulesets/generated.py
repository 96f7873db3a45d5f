"""The tables which the generators of the worked cases write, read strictly.

The bands of the tests beside this file were taken from runs over 40 to 60 seeds of the default
size: about the mean over the seeds, 4.5 standard deviations or more to either side.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import polars as pl

from segrules.text.resources import resource

SEEDS = (5, 11, 23)


def generator(name: str) -> ModuleType:
    """A generator, loaded as the demonstration loads it: by its file, under no known name."""
    path = resource("rulesets") / name / "generate.py"
    spec = importlib.util.spec_from_file_location(f"generator_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VALUE, CENTRE = generator("value"), generator("contact_centre")
PORTFOLIO, RETAIL = generator("portfolio"), generator("retail")


@dataclass(frozen=True)
class Made:
    seed: int
    tables: dict[str, pl.DataFrame]

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.tables[name]

    def __repr__(self) -> str:
        return f"Made(seed={self.seed})"


def made(generate: Callable[[int, Path], dict[str, Path]], seed: int, folder: Path) -> Made:
    """The tables of a seed."""
    paths = generate(seed, folder)
    frames = {name: pl.read_csv(path, infer_schema=False) for name, path in paths.items()}
    return Made(seed, {name: _typed(frame) for name, frame in frames.items()})


_KINDS = {
    "money": "revenue cogs direct_cost cost_per_minute sales_cost marketing_cost service_cost"
    " back_office_cost spend_3m spend_12m margin_12m turnover returns delivery_cost credit_limit"
    " expected_turnover dollars margin cost",
    "date": "booked_on done_on birth_date quarter_end since date due_date paid_date ordered_on"
    " join_date",
    "instant": "at_time seen_at ts",
    "whole": "tenure_months satisfaction minutes wait_seconds visits calls reminders lines"
    " delivery_days cds",
    "number": "estimated_minutes handle_minutes price_point discount",
    "flag": "abandoned resolved_first_time has_open_complaint open written_off rush returned"
    " coupon email_ok",
}
_READ: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "money": lambda cell: cell.str.replace(".", "", literal=True).cast(pl.Int64),
    "date": lambda cell: cell.str.to_date("%Y-%m-%d"),
    "instant": lambda cell: cell.str.to_datetime("%Y-%m-%dT%H:%M:%SZ"),
    "whole": lambda cell: cell.cast(pl.Int64),
    "number": lambda cell: cell.cast(pl.Float64),
    "flag": lambda cell: cell.replace_strict({"yes": True, "no": False}, return_dtype=pl.Boolean),
}


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Dates as dates, money in pence, numbers as numbers, the rest as text.

    A cell that is not of its column's kind is an error.
    """
    kinds = {name: kind for kind, names in _KINDS.items() for name in names.split()}
    for name in frame.columns:
        if kinds.get(name) == "money":
            assert frame[name].drop_nulls().str.contains(r"^\d+\.\d\d$").all(), name
    return frame.with_columns(
        _READ[kinds[name]](pl.col(name)) for name in frame.columns if name in kinds
    )


def points_at(made: Made, table: str, column: str, target: str, key: str) -> None:
    """The column's values are keys of the target, which names each row once."""
    keys = made[target][key]
    assert keys.null_count() == 0
    assert keys.n_unique() == len(keys)
    assert made[table][column].drop_nulls().is_in(keys.implode()).all()


def top_share(values: pl.Series, part: float) -> float:
    """What the first part of the values, largest first, is of their total."""
    ordered = values.sort(descending=True)
    return float(ordered.head(round(part * len(ordered))).sum() / ordered.sum())


def last_year(frame: pl.DataFrame, day: str, as_of: dt.date) -> pl.DataFrame:
    """The rows of the twelve months up to a day, which is the last one of a month."""
    before = as_of.replace(as_of.year - 1)
    return frame.filter(pl.col(day).dt.date().is_between(before, as_of, closed="right"))


def rank_correlation(frame: pl.DataFrame, one: str, other: str) -> float:
    both = frame.drop_nulls([one, other])
    return float(both.select(pl.corr(one, other, method="spearman")).item())
