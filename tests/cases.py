"""The worked cases, loaded once: rules, generated tables, the day they are asked about."""

from __future__ import annotations

import datetime as dt
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from segrules.rules import Rules, load
from segrules.text.resources import resource


@dataclass(frozen=True)
class Case:
    rules: Rules
    paths: dict[str, Path]
    frames: dict[str, pl.DataFrame]
    as_of: dt.date


@cache
def case(name: str, seed: int = 5) -> Case:
    """A worked case with the data of a seed, all columns as text."""
    folder = resource("rulesets") / name
    spec = importlib.util.spec_from_file_location(f"case_{name}", folder / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    paths = generator.generate(seed, Path(mkdtemp(prefix="segrules-case-")))
    frames = {name: pl.read_csv(path, infer_schema=False) for name, path in paths.items()}
    return Case(load(folder / f"{name}.seg"), paths, frames, generator.AS_OF)
