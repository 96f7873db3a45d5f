"""`segrules demo`: a worked case from its data to its projection."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segrules.cli.options import Format, OutputFormat
from segrules.cli.session import Progress, print_json, print_tables, show
from segrules.text import problems
from segrules.text.diagnostic import RulesError
from segrules.text.resources import resource

if TYPE_CHECKING:
    import datetime as dt

    from rich.console import RenderableType

    from segrules.rules import Rules
    from segrules.segments.batch import Batch
    from segrules.segments.history.migration import Migration
    from segrules.segments.profile import Profile
    from segrules.sim.whichever import Found

CASES = "advice, contact_centre, portfolio, retail or value"


def command(
    case: Annotated[
        str, typer.Argument(metavar="CASE", help=f"Which worked case: {CASES}.")
    ] = "advice",
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, max=2**63 - 1, help="The same seed gives the same bytes."),
    ] = 5,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep",
            metavar="DIR",
            help="Keep rules and data in this new folder, to go on by hand.",
        ),
    ] = None,
    form: OutputFormat = Format.table,
) -> None:
    """Run a worked case end to end: invented data, segments, what they bring, what would change.

    segrules demo
    segrules demo value
    segrules demo retail --keep shop
    """
    import tempfile

    folder = _case(case)
    if keep is not None and keep.exists():
        raise RulesError([problems.target_exists(str(keep))], unable=True)
    with tempfile.TemporaryDirectory(prefix="segrules-demo-") as temporary:
        place = keep or Path(temporary)
        try:
            place.mkdir(parents=True, exist_ok=True)
            _run(folder, place, seed, form, kept=keep is not None)
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = error.strerror or "the system refused"
            raise RulesError(
                [problems.output_unwritable(str(place), reason)], unable=True
            ) from None


def _case(name: str) -> Path:
    known = sorted(
        path.parent.name
        for path in resource("rulesets").glob("*/*.seg")
        if path.stem == path.parent.name
    )
    if name not in known:
        raise RulesError([problems.unknown_case(name, known)], unable=True)
    return resource("rulesets") / name


def _module(folder: Path, name: str) -> ModuleType:
    import importlib.util

    place = folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"segrules_case_{folder.name}_{name}", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _run(folder: Path, place: Path, seed: int, form: Format, *, kept: bool) -> None:
    # a run that is read by a machine says nothing beside its result
    waiting = Progress("working") if sys.stderr.isatty() else nullcontext()
    with waiting:
        case = _prepared(folder, place, seed)
        case.review(seed)
        batches = case.assign()
    if form is Format.json:
        print_json({"case": folder.name, **case.record(batches)})
    else:
        for batch in batches:
            show(batch.warnings)
        print_tables(case.tables(batches, kept=kept))
        print(_next(case, kept=kept))
    if case.rules.ruleset.projects and not case.projection.complete:
        raise typer.Exit(130)


def _prepared(folder: Path, place: Path, seed: int) -> _Case:
    """The data of a seed and the rules, whose knobs are set to what depends on the data."""
    from segrules.rules import load

    generator = _module(folder, "generate")
    paths: dict[str, Path] = generator.generate(seed, place)
    file = place / f"{folder.name}.seg"
    file.write_text((folder / file.name).read_text(encoding="utf-8"), encoding="utf-8")
    knobs = generator.knobs(paths) if hasattr(generator, "knobs") else {}
    rules = load(file, knobs=knobs, as_of=generator.AS_OF)
    return _Case(rules, generator, paths, place, seed)


@dataclass(frozen=True)
class _Case:
    """The parts of a case: those that its rules have, and what its generator says of it.

    A generator may name `REVIEWS`, earlier days whose assignments the history begins with (a file
    `earlier.py` beside it gives the tables of such a day), the `COLUMNS` worth a profile, and the
    `EFFORT` that is spent on customers beside the value they bring.
    """

    rules: Rules
    generator: ModuleType
    paths: Mapping[str, Path]
    place: Path
    seed: int

    @property
    def as_of(self) -> dt.date:
        day: dt.date = self.generator.AS_OF
        return day

    @property
    def history(self) -> Path | None:
        """Where assignments are kept, if the rules ask what was or the case has reviews."""
        asks = any(table.kind == "history" for table in self.rules.ruleset.tables)
        kept = asks or hasattr(self.generator, "REVIEWS")
        return self.place / "history" if kept else None

    @property
    def given(self) -> dict[str, Path]:
        """The tables that the rules declare."""
        declared = {table.name for table in self.rules.ruleset.tables}
        return {name: path for name, path in self.paths.items() if name in declared}

    def assign(self) -> list[Batch]:
        """An assignment of each table that has segments."""
        tables = dict.fromkeys(found.table for found in self.rules.ruleset.sets)
        return [self._assigned(name, self.out(name), self.as_of, self.given) for name in tables]

    def out(self, table: str) -> Path:
        first = self.rules.ruleset.sets[0].table
        return self.place / ("segments.parquet" if table == first else f"{table}.parquet")

    def review(self, seed: int) -> None:
        """Assigns what the history begins with."""
        import tempfile

        table = self.rules.ruleset.sets[0].table
        for day in getattr(self.generator, "REVIEWS", ()):
            with tempfile.TemporaryDirectory(prefix="segrules-demo-") as name:
                then = self.given
                folder = resource("rulesets") / self.rules.ruleset.name
                if (folder / "earlier.py").exists():
                    earlier = _module(folder, "earlier").earlier
                    made = earlier(seed, dict(self.paths), Path(name), day, self.as_of)
                    then = {each: made[each] for each in then}
                self._assigned(table, Path(name) / "then.parquet", day, then)

    def _assigned(self, table: str, out: Path, day: dt.date, paths: Mapping[str, Path]) -> Batch:
        from segrules.segments.batch import Options, run_assignment

        options = Options(table=table, history=self.history)
        text = self.rules.canonical
        return run_assignment(self.rules.ruleset, paths, day, out, text=text, options=options)

    def tables(self, batches: list[Batch], *, kept: bool) -> Iterator[RenderableType]:
        from segrules.report.assignment import assignment_tables
        from segrules.report.history import history_tables
        from segrules.report.identity import identity_tables
        from segrules.report.simulated import tables
        from segrules.report.study import study_tables
        from segrules.report.tables import heading, note

        ruleset = self.rules.ruleset
        yield heading(ruleset.goal)
        yield note(ruleset.why)
        if ruleset.funnels:
            yield from study_tables(self._study(), ruleset)
        for batch in batches:
            out = str(self.out(batch.placement.table)) if kept else None
            for made in batch.placement.consolidations:
                yield from identity_tables(made, batch.splits, ruleset)
            yield from assignment_tables(batch.summary, ruleset, out)
        yield from self._values()
        for each in self._migrations():
            declared = ruleset.set(each.segments_of)
            yield from history_tables(each, declared, brief=each.climbs is None)
        if ruleset.projects:
            yield from tables(self.projection, (), ruleset)

    def _values(self) -> Iterator[RenderableType]:
        """How the value is spread where the rules have one, otherwise what segments are made of."""
        from segrules.report.concentration import concentration_tables
        from segrules.report.profile import profile_tables

        found, ruleset = self._profile(), self.rules.ruleset
        show(found.findings)
        if not ruleset.values:
            yield from profile_tables(found, ruleset)
            return
        labels = ruleset.set(found.segments_of).labels
        for part in found.concentration:
            yield from concentration_tables(part, found.table, found.segments_of, labels)

    def record(self, batches: list[Batch]) -> dict[str, Any]:
        from segrules.report.history import history_record
        from segrules.report.profile import profile_record
        from segrules.report.simulated import record
        from segrules.report.study import study_record

        first, *more = batches
        found: dict[str, Any] = {"assign": self._summary(first)}
        found |= {f"assign_{each.placement.table}": self._summary(each) for each in more}
        found["profile"] = profile_record(self._profile())
        if self.rules.ruleset.funnels:
            found["study"] = study_record(self._study())
        if hasattr(self.generator, "REVIEWS"):
            found["history"] = [
                history_record(each, self.rules.ruleset.set(each.segments_of))
                for each in self._migrations()
            ]
            for made in found["history"]:
                for review in made["reviews"]:
                    review["file"] = Path(review["file"]).name
        if self.rules.ruleset.projects:
            found["simulate"] = record(self.projection, ())
        return found

    def _summary(self, batch: Batch) -> dict[str, Any]:
        assigned = batch.summary.model_dump(mode="json", by_alias=True)
        # Where the data of a demonstration lie says nothing, and differs from run to run.
        for name, each in assigned["inputs"].items():
            each["path"] = f"{name}.csv"
        return assigned

    def _profile(self) -> Profile:
        """The profile of the first set; of a value, also how it is concentrated."""
        from segrules.segments.profile import concentrated, profile

        ruleset = self.rules.ruleset
        placement = self.rules.place(
            self._frames(), as_of=self.as_of, table=ruleset.sets[0].table, history=self.history
        )
        values = [value.name for value in ruleset.values if value.table == placement.table]
        columns = [*values, *getattr(self.generator, "COLUMNS", ())]
        found = profile(placement, placement.sets[0].name, columns or None)
        if not values:
            return found
        return concentrated(placement, found, values, getattr(self.generator, "EFFORT", ()))

    def _migrations(self) -> tuple[Migration, ...]:
        from segrules.segments.history.reviews import Asked, migrations

        if self.history is None or not hasattr(self.generator, "REVIEWS"):
            return ()
        asked = Asked(table=self.rules.ruleset.sets[0].table)
        text = self.rules.canonical
        return migrations(self.history, self.rules.ruleset, asked, text=text).sets

    def _frames(self) -> Any:
        from segrules.segments.files import survey_files

        return survey_files(self.rules.ruleset, self.given)[0]

    def _study(self) -> Any:
        return self.rules.study(self._frames(), as_of=self.as_of)

    @cached_property
    def projection(self) -> Found:
        """What the scenarios would do, from where the assignments left the customers."""
        rules = replace(self.rules, history=self.history)
        return rules.simulate(self._frames(), as_of=self.as_of, seed=self.seed)


def _next(case: _Case, *, kept: bool) -> str:
    name = case.rules.ruleset.name
    if not kept:
        return f"\nto go on by hand: segrules demo {name} --keep {name}"
    ruleset, place = case.rules.ruleset, case.place
    words = [f"--table {each}={path}" for each, path in case.given.items()]
    words += [f"--knob {knob}={value}" for knob, value in case.rules.knobs.items()]
    if len({found.table for found in ruleset.sets}) > 1:
        words.append(f"--of {ruleset.sets[0].table}")
    if case.history is not None:
        words.append(f"--history {case.history}")
    return (
        f"\nrules and data are in {place}; for example:\n"
        f"  segrules assign {place / name}.seg {' '.join(words)} --as-of {case.as_of} "
        f"-o {place}/mine.parquet"
    )
