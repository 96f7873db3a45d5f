"""From text to meaning: the whole way, to be read aloud."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.build import build
from segrules.lang.check import (
    claims,
    governance,
    heading,
    identity,
    named,
    projection,
    segments,
    shadows,
    tables,
)
from segrules.lang.check.examples import examples
from segrules.lang.check.scope import Symbols
from segrules.lang.parse import parse
from segrules.lang.pause import collector_paused
from segrules.text import problems
from segrules.text.diagnostic import Log
from segrules.text.source import Source

Refusal = Literal["outside", "no rule file", "missing", "unreadable"]
"""Why a file that another one uses cannot be had."""

Used = Callable[[str, Source], Source | Refusal]
"""The text of a file by the path written in another one."""

MAX_USED = 100
"""Files that one may use, those that they use included."""


@dataclass(frozen=True)
class Part:
    """A file that is used, as it was written."""

    source: Source
    syntax: s.File


@dataclass(frozen=True)
class Compiled:
    """A file's Syntax, what it means (None when there are errors), and every finding.

    `used` are the files that it uses, each before those that use it.
    """

    source: Source
    syntax: s.File
    ruleset: ir.Ruleset | None
    log: Log
    used: tuple[Part, ...] = ()


def no_files(_path: str, _by: Source) -> Refusal:
    """Stands for a reader of files where there is none."""
    return "missing"


def compile_source(
    source: Source,
    knobs: Mapping[str, str] | None = None,
    as_of: dt.date | None = None,
    used: Used = no_files,
) -> Compiled:
    """Reads and checks one file, with those it uses.

    `knobs` are settings for this run, by name, as written; knobs whose values change take those of
    the day `as_of`, without one their first.
    """
    log = Log()
    with collector_paused():
        syntax = build(parse(source, log), log)
        parts = _used(source, syntax, used, log)
        ruleset = check(joined(syntax, parts), source, log, knobs or {}, as_of)
        if not log.has_errors:
            shadows.shadows(ruleset, log)
    return Compiled(source, syntax, None if log.has_errors else ruleset, log, tuple(parts))


def _used(source: Source, syntax: s.File, used: Used, log: Log) -> list[Part]:
    """The files that one uses, however far away; each once, before those that use it."""
    parts: dict[str, Part] = {}
    open_files = [source.name]

    def follow(by: Source, file: s.File) -> None:
        for node in (each for each in file.declarations if isinstance(each, s.UseOf)):
            found = used(node.path.value, by)
            if not isinstance(found, Source):
                log.report(problems.use_refused(node.path.span, node.path.value, found))
            elif found.name in open_files:
                way = (*open_files[open_files.index(found.name) :], found.name)
                log.report(problems.use_circle(node.path.span, way))
            elif len(parts) + len(open_files) > MAX_USED:
                log.report(problems.use_too_many(node.path.span, MAX_USED))
            elif found.name not in parts:
                read = build(parse(found, log), log)
                open_files.append(found.name)
                follow(found, read)
                open_files.pop()
                parts[found.name] = Part(found, read)

    follow(source, syntax)
    return list(parts.values())


def joined(file: s.File, parts: Sequence[Part]) -> s.File:
    """A file with the declarations of those it uses before its own; of their headings none."""
    declarations = [
        node
        for part in parts
        for node in part.syntax.declarations
        if not isinstance(node, s.RulesetOf)
    ]
    broken = [span for part in parts for span in part.syntax.broken]
    return s.File(
        (*declarations, *file.declarations), file.comments, (*broken, *file.broken)
    )  # fmt: skip


def check(
    file: s.File, source: Source, log: Log, knobs: Mapping[str, str], as_of: dt.date | None = None
) -> ir.Ruleset:
    """Syntax to Ir; with errors in the log, what is returned is not to be run."""
    symbols = Symbols(log)
    symbols.doubt(file.broken)
    head = heading.heading(file, symbols, source.span(0, 0))
    heading.knobs(file, symbols, knobs, as_of)
    tables.tables(file, symbols)
    tables.named_rows(file, symbols)
    identities = identity.identities(file, symbols)
    symbols.personas = claims.persona_names(file)
    named.named(file, symbols)
    projects = projection.projection(file, symbols)
    personas = claims.personas(file, symbols)
    targets = governance.targets(file, symbols)
    held = claims.claims(file, symbols, personas)
    return ir.Ruleset(
        name=head.name,
        goal=head.goal,
        why=head.why,
        owner=head.owner,
        zone=symbols.zone or "UTC",
        currency=symbols.currency,
        review=symbols.review,
        fiscal=symbols.fiscal,
        knobs=tuple(symbols.knobs.values()),
        tables=tuple(symbols.tables.values()),
        identities=tuple(identities),
        features=tuple(symbols.features.values()),
        values=tuple(symbols.values.values()),
        grids=tuple(symbols.grids.values()),
        sets=tuple(symbols.sets.values()),
        steps=tuple(symbols.steps),
        suppressions=tuple(governance.suppressions(file, symbols)),
        overrides=tuple(governance.overrides(file, symbols)),
        targets=tuple(targets),
        conditions=tuple(segments.conditions(file, symbols)),
        personas=tuple(personas),
        examples=tuple(examples(file, symbols)),
        claims=tuple(held),
        funnels=tuple(symbols.funnels.values()),
        pools=tuple(symbols.pools.values()),
        plans=tuple(symbols.plans.values()),
        efforts=tuple(symbols.efforts.values()),
        qualities=tuple(symbols.qualities.values()),
        lives=tuple(symbols.lives.values()),
        lines=tuple(symbols.lines.values()),
        assumptions=tuple(symbols.assumptions.values()),
        scenarios=tuple(symbols.scenarios.values()),
        projects=tuple(projects),
    )
