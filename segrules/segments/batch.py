"""An assignment from files to a file: survey, calibrate, stream, count, put in place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from segrules.backends.polars.plan import prepare
from segrules.lang.ir import Feature, Ruleset, SegmentSet, Use
from segrules.segments.assign import Placement, chosen_sets, placed_rows, placement
from segrules.segments.atomic import replacing
from segrules.segments.border import canonical, readings
from segrules.segments.demand import conditions, demand
from segrules.segments.doubt import with_missing
from segrules.segments.orphans import Surveyed, orphans
from segrules.segments.read import ARROW_ENDINGS, open_table, reading, sha256
from segrules.segments.revision import revision, spelled
from segrules.segments.summary import (
    CutSummary,
    InputSummary,
    SegmentSummary,
    SetSummary,
    Summary,
)
from segrules.segments.survey import Survey, survey
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems


@dataclass(frozen=True, slots=True)
class Options:
    """`table` chooses among sets over several tables; `strict` refuses data with warnings."""

    table: str | None = None
    strict: bool = False
    unknown_counts: bool = False


DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Batch:
    """What an assignment did, and the warnings about its data."""

    summary: Summary
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Input:
    path: Path
    frame: pl.LazyFrame
    sha256: str
    survey: Survey


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

    `out` is Parquet, CSV or Arrow by its ending and holds what `assign` gives. `text` is the rule
    file in canonical form, for the revision. Everything streams. After an error, and until the
    result is complete, whatever stood at `out` is untouched.

    Raises:
        RulesError: nothing was written: data, keys or the place of `out` are at fault, or, when
            strict, the data have warnings.
    """
    _check_place(out, paths)
    sets = chosen_sets(ruleset, options.table)
    rules = replace(ruleset, sets=sets)
    inputs = _surveyed(rules, sets[0].table, paths)
    warnings = _findings(rules, inputs)
    _refuse(warnings, strict=options.strict)
    with reading(sets[0].table):
        placed = _placement(rules, sets[0].table, inputs, as_of)
    unknown = _unknown(placed)
    counts = _written(placed, out, options)
    summary = _summary(placed, inputs, counts, unknown)
    calibration = placed.context.calibration
    made = summary.model_copy(
        update={
            "revision": revision(text, ruleset.knobs, calibration),
            "warnings": [f"{found.code}: {found.message}" for found in warnings],
        }
    )
    return Batch(made, warnings)


def _check_place(out: Path, paths: Mapping[str, Path]) -> None:
    name = str(out)
    problem = None
    if out.is_dir():
        problem = problems.out_is_folder(name)
    elif not out.parent.is_dir():
        problem = problems.no_folder(name)
    elif out.suffix.lower() not in {".csv", ".parquet", *ARROW_ENDINGS}:
        problem = problems.unknown_ending(name)
    else:
        place = out.resolve()
        sources = [path.resolve() for path in paths.values()]
        # a file put into an input's folder would be read as part of it
        if any(
            place == source or (source in place.parents and source.is_dir()) for source in sources
        ):
            problem = problems.over_input(name)
    if problem:
        raise RulesError([problem], unable=True)


def _surveyed(ruleset: Ruleset, table: str, paths: Mapping[str, Path]) -> dict[str, _Input]:
    """Opens and surveys the tables which the sets read; all findings are raised together."""
    names = [
        name
        for name in demand(conditions(ruleset.sets), table, ruleset)
        if ruleset.table(name).kind != "derived"
    ]
    sources = [each.name for each in ruleset.tables if each.kind != "derived"]
    found: list[Diagnostic] = [
        problems.not_declared("table", name, sources) for name in paths if name not in sources
    ]
    found += [problems.no_data(name) for name in names if name not in paths]
    inputs: dict[str, _Input] = {}
    for name in names:
        if name not in paths:
            continue
        try:
            frame = open_table(paths[name])
            seen = survey(frame, ruleset.table(name), ruleset, file=str(paths[name]))
            inputs[name] = _Input(paths[name], frame, sha256(paths[name]), seen)
        except RulesError as error:
            found.extend(error.diagnostics)
    for name in sources:
        if name in paths and name not in names:
            try:
                _check_unread(ruleset, name, paths[name])
            except RulesError as error:
                found.extend(error.diagnostics)
    if found:
        raise RulesError(found, unable=True)
    return inputs


def _check_unread(ruleset: Ruleset, name: str, path: Path) -> None:
    """A table that is given but not read must at least be what it is said to be.

    Raises:
        RulesError: it cannot be opened or lacks columns.
    """
    readings(ruleset.table(name), open_table(path).collect_schema(), ruleset, file=str(path))


def _findings(ruleset: Ruleset, inputs: Mapping[str, _Input]) -> tuple[Diagnostic, ...]:
    found = tuple(each for read in inputs.values() for each in read.survey.findings)
    if any(each.severity == "error" for each in found):
        return found
    given = {
        name: Surveyed(each.path, each.frame, each.survey.rows) for name, each in inputs.items()
    }
    return (*found, *orphans(ruleset, given))


def _refuse(findings: tuple[Diagnostic, ...], *, strict: bool) -> None:
    if any(found.severity == "error" for found in findings):
        raise RulesError(list(findings), unable=True)
    if strict and findings:
        raise RulesError(list(findings))


def _placement(
    ruleset: Ruleset, table: str, inputs: Mapping[str, _Input], as_of: dt.date
) -> Placement:
    frames, lacking = {}, {}
    for name, each in inputs.items():
        frames[name] = canonical(each.frame, ruleset.table(name), ruleset, file=str(each.path))
        lacking[name] = {*each.survey.missing, *each.survey.unreadable}
    return placement(with_missing(ruleset, lacking), table, frames, as_of)


# ---- writing


def _written(placed: Placement, out: Path, options: Options) -> dict[str, pl.DataFrame]:
    """Writes the result and counts, in what was written, the rows by segment and decider."""
    rows = placed_rows(placed, unknown_counts=options.unknown_counts)
    try:
        with replacing(out) as unfinished:
            _sink(rows, unfinished)
            counts = _counts(unfinished, placed.ruleset.sets)
            if not any(each.height for each in counts.values()):
                raise RulesError([_nothing_yet(placed)], unable=True)
            return counts
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.not_written(str(out), reason)], unable=True) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        problem = problems.not_written(str(out), "the data changed or the disk is full")
        raise RulesError([problem], unable=True) from None


def _nothing_yet(placed: Placement) -> Diagnostic:
    """Files of main tables have rows: what leaves none is the day that is asked about."""
    table = placed.ruleset.table(placed.table)
    dated = table if table.source is None else placed.ruleset.table(table.source)
    if dated.dated is None:
        return problems.empty_table(table.name, None)
    return problems.nothing_yet(table.name, dated.name, placed.context.as_of.isoformat())


def _sink(rows: pl.LazyFrame, place: Path) -> None:
    match place.suffix.lower():
        case ".csv":
            rows.sink_csv(place)
        case ".parquet":
            rows.sink_parquet(place)
        case _:
            rows.sink_ipc(place)


def _counts(place: Path, sets: tuple[SegmentSet, ...]) -> dict[str, pl.DataFrame]:
    written = open_table(place)
    return {
        found.name: written.group_by(
            segment=pl.col(found.name).cast(pl.String),
            by=pl.col(f"{found.name}_by").cast(pl.String),
        )
        .len()
        .collect(engine="streaming")
        for found in sets
    }


# ---- counting


def _unknown(placed: Placement) -> dict[str, dict[str, int]]:
    """How many rows each rule is unknown on, by set and rule; rules without any left out."""
    features = [
        Feature(f":{found.name}:{at}", "let", placed.table, rule.condition)
        for found in placed.ruleset.sets
        for at, rule in enumerate(found.rules)
        if rule.condition.optional
    ]
    counted = _null_counts(placed, features) if features else {}
    return {
        found.name: {
            rule.segment: counted[f":{found.name}:{at}"]
            for at, rule in enumerate(found.rules)
            if counted.get(f":{found.name}:{at}")
        }
        for found in placed.ruleset.sets
    }


def _null_counts(placed: Placement, features: list[Feature]) -> dict[str, int]:
    rules = replace(placed.ruleset, features=(*placed.ruleset.features, *features))
    wanted = [Use(each.name, each.type, each.optional) for each in features]
    rows = prepare(rules, placed.table, placed.frames, placed.context, wanted)
    counts = rows.select(pl.col(f"let:{each.name}").null_count() for each in features)
    row = counts.collect(engine="streaming").row(0, named=True)
    return {each.name: int(row[f"let:{each.name}"]) for each in features}


def _summary(
    placed: Placement,
    inputs: Mapping[str, _Input],
    counts: Mapping[str, pl.DataFrame],
    unknown: Mapping[str, Mapping[str, int]],
) -> Summary:
    """The summary without its revision and warnings."""
    sets = placed.ruleset.sets
    return Summary(
        ruleset=placed.ruleset.name,
        revision="",
        as_of=placed.context.as_of,
        rows=int(counts[sets[0].name]["len"].sum()),
        inputs={name: _input_summary(each) for name, each in inputs.items()},
        sets={
            found.name: _set_summary(found, counts[found.name], unknown[found.name])
            for found in sets
        },
        calibration={
            name: CutSummary(population=cut.population, value=spelled(cut.value), key=cut.key)
            for name, cut in placed.context.calibration.cuts
        },
        warnings=[],
    )


def _input_summary(each: _Input) -> InputSummary:
    return InputSummary(
        path=str(each.path),
        sha256=each.sha256,
        rows=each.survey.rows,
        unreadable=dict(each.survey.unreadable),
        missing=dict(each.survey.missing),
    )


def _set_summary(found: SegmentSet, counts: pl.DataFrame, unknown: Mapping[str, int]) -> SetSummary:
    total = int(counts["len"].sum())
    by_segment: dict[str, int] = dict.fromkeys(found.segments, 0)
    by_decider: dict[str, int] = dict.fromkeys(found.deciders, 0)
    for segment, by, rows in counts.iter_rows():
        # a row that is unsure is in no segment when the set declares no `unsure`
        if segment is not None:
            by_segment[segment] += rows
        by_decider[by] += rows
    return SetSummary(
        segments={
            name: SegmentSummary(rows=rows, share=rows / total if total else 0.0)
            for name, rows in by_segment.items()
        },
        otherwise=by_decider["otherwise"],
        unsure=by_decider["unsure"],
        unknown=dict(unknown),
    )
