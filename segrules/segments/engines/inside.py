"""An assignment made where the tables are: rules as SQL, and only answers come back.

Cut points of ranks are taken here: the columns that they rest on are streamed through Polars, which
freezes them as it does of files. With frozen cut points nothing but counts leaves the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segrules.backends.context import Context
from segrules.backends.reach import placing
from segrules.backends.sql import PARTS, assignment_sql, refusals
from segrules.backends.sql import Source as SqlSource
from segrules.lang.ir import Calibration, Ruleset
from segrules.segments import counting, overriding
from segrules.segments.assign import (
    Asked,
    Placement,
    check_given,
    chosen_sets,
    for_table,
    readable,
)
from segrules.segments.batch import (
    Batch,
    asked_beside,
    check_beside,
    check_place,
    frozen_secrets,
    kept_beside,
    nothing_yet_placed,
    past_lacking,
    refuse,
)
from segrules.segments.border import readings
from segrules.segments.calibration import check_calibration
from segrules.segments.demand import demand
from segrules.segments.doubt import with_missing
from segrules.segments.engines import tallies
from segrules.segments.engines.addresses import Address, Source
from segrules.segments.engines.destinations import Destination
from segrules.segments.engines.fetching import own_folder
from segrules.segments.engines.frozen import frozen, past_sources
from segrules.segments.engines.inspection import Inspected, inspected, orphans, surveyed
from segrules.segments.engines.results import Made, put
from segrules.segments.engines.session import is_native, opened_session
from segrules.segments.engines.sessions import Session
from segrules.segments.engines.work import Work
from segrules.segments.history.store import rules_revision
from segrules.segments.lookback import too_long
from segrules.segments.sources import Read
from segrules.segments.survey import Survey
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems
from segrules.text.problems import engines as engine_problems


@dataclass(frozen=True, slots=True)
class Inside:
    """An open engine, the rules for one table, and a folder for what comes and goes."""

    session: Session
    work: Work
    ruleset: Ruleset
    table: str
    folder: Path

    @property
    def needed(self) -> dict[str, frozenset[str]]:
        """The columns that placing reads, by table; tables of data only."""
        names = readable(self.ruleset)
        read = demand(placing(self.ruleset, self.table), self.table, self.ruleset)
        return {name: columns for name, columns in read.items() if name in names}


def run_inside(engine: str, work: Work, out: Destination) -> Batch:
    """Places the rows where the tables are and writes the result, whole or not at all.

    Raises:
        RulesError: as `run_on` says.
    """
    options = work.options
    if out.is_file:
        paths = {name: each for name, each in work.sources.items() if isinstance(each, Path)}
        check_place(out.said, paths)
    check_beside(out.said, {}, options)
    table = chosen_sets(work.ruleset, options.table)[0].table
    rules = for_table(work.ruleset, table)
    check_doable(engine, rules, table)
    with ExitStack() as stack:
        session = opened_session(engine, work.sources, out)
        stack.callback(session.close)
        folder = stack.enter_context(own_folder())
        return _assigned(Inside(session, work, rules, table, folder), out)


def check_doable(engine: str, ruleset: Ruleset, table: str) -> None:
    """What an engine cannot do exactly as the language says is refused, all of it at once.

    Raises:
        RulesError: there is something.
    """
    found = [
        engine_problems.not_done_here(engine, each.what, each.span)
        for each in refusals(ruleset, table, engine)
    ]
    if found:
        raise RulesError(found, unable=True)


def _assigned(at: Inside, out: Destination) -> Batch:
    work, session = at.work, at.session
    options = work.options
    found = _inspected(at)
    asked, notes = asked_beside(work.ruleset, work.as_of, work.text, options)
    surveys = {name: surveyed(found[name], session) for name in at.needed}
    warnings = (
        *notes,
        *_findings(at, found, surveys),
        *too_long(
            at.ruleset,
            placing(at.ruleset, at.table),
            at.table,
            work.as_of,
            {name: each.earliest for name, each in surveys.items()},
        ),
        *past_lacking(work.ruleset, [at.table], options.history),
    )
    refuse(warnings, out.said, strict=options.strict)
    placed, sources = _placed(at, found, surveys, asked)
    there = tallies.Asking(placed, sources, session).present
    warnings = (*warnings, *overriding.notes(placed, there), *frozen_secrets(placed, options))
    return _carried_out(at, out, (placed, sources), (_reads(found, surveys), warnings))


# ---- tables


def _inspected(at: Inside) -> dict[str, Inspected]:
    """Every table that is given, held against its declaration; all findings come together.

    Raises:
        RulesError: a table is not given, is not there, lacks columns or has some of other types.
    """
    sources, rules = at.work.sources, at.ruleset
    names = readable(rules)
    said: list[Diagnostic] = [
        problems.not_declared("table", name, names) for name in sources if name not in names
    ]
    try:
        check_given(at.needed, rules, sources)
    except RulesError as error:
        said += error.diagnostics
    found: dict[str, Inspected] = {}
    for name, source in sources.items():
        if name not in names:
            continue
        try:
            table = rules.table(name)
            schema = at.session.schema(source)
            readings(table, schema, rules, file=str(source))
            each = inspected(table, source, schema, at.session, rules.zone)
            said += each.not_taken(at.needed.get(name, frozenset()), at.session.name)
            found[name] = each
        except RulesError as error:
            said += error.diagnostics
    if said:
        raise RulesError(said, unable=True)
    return found


def _findings(
    at: Inside, found: Mapping[str, Inspected], surveys: Mapping[str, Survey]
) -> tuple[Diagnostic, ...]:
    said = tuple(each for survey in surveys.values() for each in survey.findings)
    if any(each.severity == "error" for each in said):
        return said
    read = {name: found[name] for name in surveys}
    rows = {name: each.rows for name, each in surveys.items()}
    return (*said, *orphans(at.ruleset, read, rows, at.session))


def _reads(found: Mapping[str, Inspected], surveys: Mapping[str, Survey]) -> dict[str, Read]:
    """The inputs of a summary: a table of a database has no hash."""
    return {
        name: Read(_path(found[name].source), pl.LazyFrame(), "", survey)
        for name, survey in surveys.items()
    }


def _path(source: Source) -> Path:
    return Path(str(source)) if isinstance(source, Address) else source


# ---- placing


def _placed(
    at: Inside, found: Mapping[str, Inspected], surveys: Mapping[str, Survey], asked: Asked
) -> tuple[Placement, dict[str, SqlSource]]:
    """What placing takes, ranks frozen, and the sources of its query.

    Raises:
        RulesError: the history or the calibration does not fit, or the dialect refuses a rule.
    """
    lacking = {
        name: {*each.missing, *each.unreadable} for name, each in surveys.items()
    }  # fmt: skip
    rules = with_missing(at.ruleset, lacking)
    start = Context(rules.zone, asked.as_of, asked.calibration or Calibration(asked.as_of))
    if asked.calibration is not None:
        check_calibration(asked.calibration, placing(rules, at.table), at.table, rules)
    sources = {name: each.as_source for name, each in found.items()}
    past = past_sources(at.session, at.folder, rules, at.table, asked)
    sources |= past.sources
    asking = rules, at.table, start
    context = frozen(at.session, at.folder, asking, (found, past.frames))
    rows = surveys[at.table].rows if at.table in surveys else None
    return Placement(rules, at.table, past.frames, context, rows=rows), sources


def _carried_out(
    at: Inside,
    out: Destination,
    plan: tuple[Placement, dict[str, SqlSource]],
    told: tuple[dict[str, Read], tuple[Diagnostic, ...]],
) -> Batch:
    placed, sources = plan
    inputs, warnings = told
    options, session = at.work.options, at.session
    asking = tallies.Asking(placed, sources, session)
    undecided, over = asking.unknown(), asking.spread()
    kept = asking.stored(at.folder) if options.history is not None else None
    parts = (*PARTS, "unknown") if options.unknown_counts else PARTS
    query = assignment_sql(
        placed.ruleset, at.table, placed.context, sources, session.dialect, parts
    )
    native = is_native(session, at.work.sources, out)
    made = Made(session, session.make(query, out.source if native else None), placed)
    counted = made.counts()
    if not any(each.height for each in counted.values()):
        raise RulesError([nothing_yet_placed(placed)], unable=True)
    rules = rules_revision(at.work.text, placed.ruleset.knobs)
    put(made, out, native, (rules, at.folder))
    summary = counting.summary(placed, inputs, counted, undecided, over)
    summary, stored = kept_beside(placed, summary, warnings, kept, (at.work.text, options))
    return Batch(summary, warnings, placed, {}, stored)
