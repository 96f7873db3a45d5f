"""From text to meaning: the whole way, to be read aloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.build import build
from segrules.lang.check import declarations, features, projection, segments
from segrules.lang.check.examples import examples
from segrules.lang.check.scope import Symbols
from segrules.lang.parse import parse
from segrules.text.diagnostic import Log
from segrules.text.source import Source


@dataclass(frozen=True)
class Compiled:
    """A file's Syntax, what it means (None when there are errors), and every finding."""

    source: Source
    syntax: s.File
    ruleset: ir.Ruleset | None
    log: Log


def compile_source(source: Source, knobs: Mapping[str, str] | None = None) -> Compiled:
    """Reads and checks one file; `knobs` are settings for this run, by name, as written."""
    log = Log()
    syntax = build(parse(source, log), log)
    ruleset = check(syntax, source, log, knobs or {})
    return Compiled(source, syntax, None if log.has_errors else ruleset, log)


def check(file: s.File, source: Source, log: Log, knobs: Mapping[str, str]) -> ir.Ruleset:
    """Syntax to Ir; with errors in the log, what is returned is not to be run."""
    symbols = Symbols(log)
    symbols.doubt(file.broken)
    heading = declarations.heading(file, symbols, source.span(0, 0))
    declarations.knobs(file, symbols, knobs)
    declarations.tables(file, symbols)
    features.features(file, symbols)
    segments.segment_sets(file, symbols)
    projection.funnels(file, symbols)
    projection.assumptions(file, symbols)
    projection.scenarios(file, symbols)
    return ir.Ruleset(
        name=heading.name,
        goal=heading.goal,
        why=heading.why,
        owner=heading.owner,
        zone=symbols.zone or "UTC",
        currency=symbols.currency,
        knobs=tuple(symbols.knobs.values()),
        tables=tuple(symbols.tables.values()),
        features=tuple(symbols.features.values()),
        sets=tuple(symbols.sets.values()),
        conditions=tuple(segments.conditions(file, symbols)),
        examples=tuple(examples(file, symbols)),
        funnels=tuple(symbols.funnels.values()),
        assumptions=tuple(symbols.assumptions.values()),
        scenarios=tuple(symbols.scenarios.values()),
        projects=tuple(projection.projects(file, symbols)),
    )
