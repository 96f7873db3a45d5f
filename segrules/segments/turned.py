"""Knobs that are set to other values than the file gives them: its examples hold for those.

Examples state what the declared settings decide, and so do the cut points they name (`cut top 20%
by fee`). With knobs turned they are not held to it; examples that do not even fit any more, as the
rules ask for another rank, are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from segrules.lang import ir, pipeline
from segrules.lang import syntax as s
from segrules.lang.pipeline import Compiled, Used
from segrules.text.diagnostic import Log
from segrules.text.source import Source

Turned = Mapping[str, tuple[str, str]]
"""By name of a knob, its declared value and the one it is set to, as written."""


def compile_turned(
    source: Source, knobs: Mapping[str, str], as_of: dt.date | None, used: Used
) -> tuple[Compiled, Turned]:
    """A file with its knobs set, and those of them that are set to another value.

    Where there are some, the ruleset has the examples that fit the settings, and nobody has asked
    whether they are decided as they say.
    """
    compiled = pipeline.compile_source(source, knobs, as_of, used)
    if not knobs:
        return compiled, {}
    declared = pipeline.compile_source(source, None, as_of, used).ruleset
    if declared is None:
        # the file is wrong whatever its knobs are
        return compiled, {}
    if compiled.ruleset is None:
        compiled = _without_unfit(compiled, knobs, as_of)
    if compiled.ruleset is None:
        return compiled, {}
    return compiled, turned(declared, compiled.ruleset)


def turned(declared: ir.Ruleset, ruleset: ir.Ruleset) -> Turned:
    """The knobs that differ in two compilations of a file."""
    before = {knob.name: knob for knob in declared.knobs}
    return {
        knob.name: (before[knob.name].written, knob.written)
        for knob in ruleset.knobs
        if knob.name in before and knob.value != before[knob.name].value
    }


def holds_on(knob: ir.Knob, day: dt.date) -> Fraction | ir.Length | None:
    """The later value of a knob that holds on a day; None for its first one."""
    return next((value for since, value in reversed(knob.later) if since <= day), None)


def _without_unfit(compiled: Compiled, knobs: Mapping[str, str], as_of: dt.date | None) -> Compiled:
    """The file without those blocks of examples that are wrong with these settings."""
    whole = pipeline.joined(compiled.syntax, compiled.used)
    blocks = [each for each in whole.declarations if isinstance(each, s.ExamplesOf)]
    if not blocks:
        return compiled
    log, others = Log(), [each for each in whole.declarations if each not in blocks]

    def checked(more: list[s.ExamplesOf], into: Log) -> ir.Ruleset | None:
        file = s.File((*others, *more), whole.comments, whole.broken)
        made = pipeline.check(file, compiled.source, into, knobs, as_of)
        return None if into.has_errors else made

    bare = checked([], log)
    if bare is None:
        return compiled
    fitting = [each for each in blocks if checked([each], Log()) is not None]
    examples = checked(fitting, Log()) or bare
    return replace(compiled, ruleset=replace(bare, examples=examples.examples), log=log)
