"""An assignment from files to a file: survey, calibrate, stream, count, put in place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from segrules.backends.reach import placing
from segrules.lang.ir import Ruleset
from segrules.segments import counting, overriding
from segrules.segments.assign import (
    Asked,
    Placement,
    chosen_sets,
    for_table,
    placed_rows,
    placement,
)
from segrules.segments.atomic import replacing
from segrules.segments.calibration import read_calibration, secrets, write_calibration
from segrules.segments.demand import demand, reads_history
from segrules.segments.history.store import append, rules_revision
from segrules.segments.identity.consolidate import findings as identity_findings
from segrules.segments.identity.split import Split, split_customers
from segrules.segments.lookback import too_long
from segrules.segments.read import file_of, reading
from segrules.segments.revision import cuts_revision, revision
from segrules.segments.sources import Read, findings, frames, lacking, surveyed
from segrules.segments.storing import run_of, stored_rows
from segrules.segments.summary import Summary
from segrules.segments.write import ENDINGS, check_installed, sink
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import calibrations as calibration_problems
from segrules.text.problems import data as problems
from segrules.text.problems import history as history_problems
from segrules.text.problems import usage as usage_problems


@dataclass(frozen=True, slots=True)
class Options:
    """How an assignment is made.

    `table` chooses among sets over several tables; `strict` refuses data with warnings.
    `history` is the folder of earlier assignments, to which this one is added. `calibration` is a
    file to take frozen cut points from, `freeze` one to write them to. `said` is what tables are
    called that were fetched from elsewhere; `into` gives a place to write Parquet to and, at the
    end, puts it where the result goes, which is then no file.
    """

    table: str | None = None
    strict: bool = False
    unknown_counts: bool = False
    history: Path | None = None
    calibration: Path | None = None
    freeze: Path | None = None
    said: Mapping[str, Path] = field(default_factory=dict)
    into: Callable[[Path], AbstractContextManager[Path]] | None = None


DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Batch:
    """What an assignment did, and the warnings about its data.

    `splits` says by set how many consolidated customers had records in several segments; `stored`
    is the file that was added to the history.
    """

    summary: Summary
    warnings: tuple[Diagnostic, ...]
    placement: Placement
    splits: Mapping[str, Split]
    stored: Path | None


def run_assignment(
    ruleset: Ruleset,
    paths: Mapping[str, Path],
    as_of: dt.date,
    out: Path,
    *,
    text: str,
    options: Options = DEFAULTS,
) -> Batch:
    """Places the rows in the files `paths` (by table name) and writes the result to `out`.

    `out` is Parquet, CSV, Arrow or Excel by its ending and holds what `assign` gives. `text` is the
    rule file in canonical form, for the revision. Everything streams. After an error, and until
    the result is complete, whatever stood at `out` is untouched.

    Raises:
        RulesError: nothing was written: data, keys, the history, the calibration or the place of
            `out` are at fault, or, when strict, the data have warnings.
    """
    if options.into is None:
        check_place(out, paths)
    check_beside(out, paths, options)
    table = chosen_sets(ruleset, options.table)[0].table
    rules = for_table(ruleset, table)
    asked, notes = asked_beside(ruleset, as_of, text, options)
    inputs = surveyed(rules, demand(placing(rules, table), table, rules), paths, options.said)
    earliest = {name: each.survey.earliest for name, each in inputs.items()}
    warnings = (
        *notes,
        *findings(rules, inputs),
        *too_long(rules, placing(rules, table), table, as_of, earliest),
        *past_lacking(ruleset, [table], options.history),
    )
    refuse(warnings, out, strict=options.strict)
    with reading(table):
        placed = placement(rules, table, frames(rules, inputs), asked, lacking(inputs))
        placed = replace(placed, rows=inputs[table].survey.rows if table in inputs else None)
        found = [
            each
            for made in placed.consolidations
            for each in identity_findings(made, str(inputs[made.table].path))
        ]
        joined = overriding.contradictions(placed)
        warnings = (*warnings, *found, *joined, *_population_changed(placed, asked))
        refuse(warnings, out, strict=options.strict)
        # what an override does not do is no fault of the data: strictness does not refuse it
        warnings = (*warnings, *overriding.notes(placed), *frozen_secrets(placed, options))
        splits = _splits(rules, table, inputs, asked, placed)
    return _carried_out(placed, inputs, warnings, splits, (out, text, options))


def _carried_out(
    placed: Placement,
    inputs: Mapping[str, Read],
    warnings: tuple[Diagnostic, ...],
    splits: Mapping[str, Split],
    to: tuple[Path, str, Options],
) -> Batch:
    out, text, options = to
    undecided = counting.unknown(placed)
    rules = rules_revision(text, placed.ruleset.knobs)
    counted = _written(placed, out, rules, options)
    over = counting.spread(placed)
    made = counting.summary(placed, inputs, counted, undecided, over)
    rows = None if options.history is None else stored_rows(placed)
    made, stored = kept_beside(placed, made, warnings, rows, (text, options))
    return Batch(made, warnings, placed, splits, stored)


def kept_beside(
    placed: Placement,
    made: Summary,
    warnings: tuple[Diagnostic, ...],
    rows: pl.LazyFrame | None,
    by: tuple[str, Options],
) -> tuple[Summary, Path | None]:
    """Writes what is kept beside a result: cut points, and `rows` to the history.

    The summary comes back with its revisions and warnings, and with it the file of the history.
    """
    text, options = by
    calibration, knobs = placed.context.calibration, placed.ruleset.knobs
    rules = rules_revision(text, knobs)
    made = made.model_copy(
        update={
            "revision": rules,
            "cut_points": cuts_revision(calibration),
            "warnings": [f"{found.code}: {found.message}" for found in warnings],
        }
    )
    if options.freeze is not None:
        write_calibration(options.freeze, calibration, ruleset=placed.ruleset.name, rules=rules)
    if options.history is None or rows is None:
        return made, None
    run = run_of(placed, revision(text, knobs, calibration), rules)
    return made, append(options.history, rows, run)


def asked_beside(
    ruleset: Ruleset, as_of: dt.date, text: str, options: Options
) -> tuple[Asked, tuple[Diagnostic, ...]]:
    """What is asked beside the data, with warnings about what was frozen."""
    if options.calibration is None:
        return Asked(as_of, options.history), ()
    rules = rules_revision(text, ruleset.knobs)
    frozen, notes = read_calibration(options.calibration, ruleset=ruleset.name, rules=rules)
    return Asked(as_of, options.history, frozen), notes


def past_lacking(
    ruleset: Ruleset, tables: Iterable[str], history: Path | None
) -> tuple[Diagnostic, ...]:
    """A warning for each of the tables whose segments ask what was, where no history is given."""
    if history is not None:
        return ()
    return tuple(
        history_problems.history_needed(table)
        for table in tables
        if reads_history(placing(ruleset, table), table, ruleset)
    )


def check_place(
    out: Path, paths: Mapping[str, Path], endings: Collection[str] = ENDINGS
) -> None:  # fmt: skip
    name = str(out)
    problem = None
    if out.is_dir():
        problem = problems.out_is_folder(name)
    elif not out.parent.is_dir():
        problem = problems.no_folder(name)
    elif out.suffix.lower() not in endings:
        problem = problems.unknown_ending(name)
    else:
        place = out.resolve()
        sources = [file_of(path).resolve() for path in paths.values()]
        # a file put into an input's folder would be read as part of it
        if any(
            place == source or (source in place.parents and source.is_dir()) for source in sources
        ):
            problem = problems.over_input(name)
    if problem:
        raise RulesError([problem], unable=True)
    check_installed(out)


def check_beside(out: Path, paths: Mapping[str, Path], options: Options) -> None:
    """What is written beside the result must have a place before anything is written.

    Raises:
        RulesError: cut points would take the place of something else or have none, or the history
            is no folder, or the result would stand among its runs.
    """
    freeze, history = options.freeze, options.history
    problem = None
    if freeze is not None:
        problem = _frozen_place(freeze, out, paths)
    if history is not None and problem is None:
        if history.exists() and not history.is_dir():
            problem = problems.not_written(str(history), "it is not a folder")
        elif not history.exists() and not history.parent.is_dir():
            problem = problems.no_folder(str(history))
        elif out.suffix == ".parquet" and out.parent.resolve() == history.resolve():
            problem = problems.not_written(str(out), "that folder holds the runs of the history")
    if problem:
        raise RulesError([problem], unable=True)


def _frozen_place(freeze: Path, out: Path, paths: Mapping[str, Path]) -> Diagnostic | None:
    """What is wrong with the file that cut points are to be written to."""
    name, place = str(freeze), freeze.resolve()
    if freeze.is_dir():
        return problems.out_is_folder(name)
    if not freeze.parent.is_dir():
        return problems.no_folder(name)
    if place == out.resolve():
        return problems.not_written(name, "the result is written there")
    sources = [file_of(path).resolve() for path in paths.values()]
    # rules are given as text: their file is known by its ending
    if freeze.suffix.lower() == ".seg" or any(
        place == source or (source in place.parents and source.is_dir()) for source in sources
    ):
        return problems.over_input(name)
    return None


def refuse(found: tuple[Diagnostic, ...], out: Path, *, strict: bool) -> None:
    if any(each.severity == "error" for each in found):
        raise RulesError(list(found), unable=True)
    if strict and found:
        raise RulesError([*found, usage_problems.refused_strictly(str(out), len(found))])


def _population_changed(placed: Placement, asked: Asked) -> tuple[Diagnostic, ...]:
    """Warns where cut points are used on other rows than those they were taken from."""
    if asked.calibration is None:
        return ()
    now = {each.table: each for each in placed.context.calibration.populations}
    return tuple(
        calibration_problems.other_population(each.table, each.rows, now[each.table].rows)
        for each in asked.calibration.populations
        if each.table in now and now[each.table] != each
    )


def frozen_secrets(placed: Placement, options: Options) -> tuple[Diagnostic, ...]:
    """Warns where what is frozen in a file holds values of sensitive columns."""
    wanted, calibration = placing(placed.ruleset, placed.table), placed.context.calibration
    names = secrets(calibration, wanted, placed.table, placed.ruleset)
    if options.freeze is None or not names:
        return ()
    return (calibration_problems.holds_sensitive(str(options.freeze), list(names)),)


def _splits(
    ruleset: Ruleset,
    table: str,
    inputs: Mapping[str, Read],
    asked: Asked,
    placed: Placement,
) -> dict[str, Split]:
    """Where the records of one customer would stand, were each a customer: by set."""
    found = next((each for each in placed.consolidations if each.table == table), None)
    if found is None:
        return {}
    apart = ruleset.without_identities()
    alone = placement(apart, table, frames(apart, inputs), asked, lacking(inputs))
    key = ruleset.table(table).key
    rows = placed_rows(alone)
    return {
        each.name: split_customers(
            found.mapping, rows.select(key=key, segment=pl.col(each.name).cast(pl.String))
        )
        for each in placed.sets
    }


def _written(placed: Placement, out: Path, rules: str, options: Options) -> counting.Counts:
    """Writes the result and counts, in what was written, the rows by segment and decider."""
    rows = placed_rows(placed, unknown_counts=options.unknown_counts)
    try:
        with (options.into or replacing)(out) as unfinished:
            written = sink(rows, unfinished, placed, out, rules)
            counted = counting.counts(written, placed.sets)
            if not any(each.height for each in counted.values()):
                raise RulesError([nothing_yet_placed(placed)], unable=True)
            return counted
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.not_written(str(out), reason)], unable=True) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        problem = problems.not_written(str(out), "the data changed or the disk is full")
        raise RulesError([problem], unable=True) from None


def nothing_yet_placed(placed: Placement) -> Diagnostic:
    """Files of main tables have rows: what leaves none is the day that is asked about."""
    table = placed.ruleset.table(placed.table)
    dated = table if table.source is None else placed.ruleset.table(table.source)
    if dated.dated is None:
        return problems.empty_table(table.name, None)
    return problems.nothing_yet(table.name, dated.name, placed.context.as_of.isoformat())
