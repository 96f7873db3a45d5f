"""`segrules demo`: a worked case from its data to its projection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segrules.cli.session import Format, OutputFormat, print_json, print_tables, show
from segrules.text import problems
from segrules.text.diagnostic import RulesError
from segrules.text.resources import resource

if TYPE_CHECKING:
    from rich.console import RenderableType

    from segrules.rules import Rules


def command(
    case: Annotated[
        str, typer.Argument(metavar="CASE", help="Which worked case: advice or retail.")
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
    """Run a worked case end to end: invented data, segments, study and projection.

    segrules demo
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
    known = sorted(path.parent.name for path in resource("rulesets").glob("*/generate.py"))
    if name not in known:
        raise RulesError([problems.unknown_case(name, known)], unable=True)
    return resource("rulesets") / name


def _generator(folder: Path) -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        f"segrules_case_{folder.name}", folder / "generate.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _run(folder: Path, place: Path, seed: int, form: Format, *, kept: bool) -> None:
    from segrules.rules import load
    from segrules.segments.batch import run_assignment

    generator = _generator(folder)
    paths: dict[str, Path] = generator.generate(seed, place)
    text = (folder / f"{folder.name}.seg").read_text(encoding="utf-8")
    file = place / f"{folder.name}.seg"
    file.write_text(text, encoding="utf-8")
    rules = load(file)
    out = place / "segments.parquet"
    batch = run_assignment(rules.ruleset, paths, generator.AS_OF, out, text=rules.canonical)
    case = _Case(rules, paths, generator.AS_OF, seed, str(out) if kept else None)
    if form is Format.json:
        print_json({"case": folder.name, **case.record(batch.summary)})
        return
    show(batch.warnings)
    print_tables(case.tables(batch.summary))
    print(_next(folder.name, generator.AS_OF, paths, place if kept else None))


class _Case:
    """The parts of a case: those that its rules have."""

    def __init__(
        self, rules: Rules, paths: dict[str, Path], as_of: Any, seed: int, out: str | None
    ) -> None:
        from segrules.segments.files import survey_files

        self.rules, self.as_of, self.seed, self.out = rules, as_of, seed, out
        self.frames, _ = survey_files(rules.ruleset, paths)

    def tables(self, summary: Any) -> Iterator[RenderableType]:
        from segrules.report.assignment import assignment_tables
        from segrules.report.profile import profile_tables
        from segrules.report.projection import projection_tables
        from segrules.report.study import study_tables
        from segrules.report.tables import heading, note

        ruleset = self.rules.ruleset
        yield heading(ruleset.goal)
        yield note(ruleset.why)
        if ruleset.funnels:
            yield from study_tables(self._study(), ruleset)
        yield from assignment_tables(summary, ruleset, self.out)
        yield from profile_tables(self._profile(), ruleset)
        if ruleset.projects:
            yield from projection_tables(self._projection(), ruleset)

    def record(self, summary: Any) -> dict[str, Any]:
        from segrules.report.profile import profile_record
        from segrules.report.projection import projection_record
        from segrules.report.study import study_record

        assigned = summary.model_dump(mode="json", by_alias=True)
        # Where the data of a demonstration lie says nothing, and differs from run to run.
        for name, each in assigned["inputs"].items():
            each["path"] = f"{name}.csv"
        found = {"assign": assigned, "profile": profile_record(self._profile())}
        if self.rules.ruleset.funnels:
            found["study"] = study_record(self._study())
        if self.rules.ruleset.projects:
            found["simulate"] = projection_record(self._projection())
        return found

    def _profile(self) -> Any:
        return self.rules.profile(self.frames, as_of=self.as_of)

    def _study(self) -> Any:
        return self.rules.study(self.frames, as_of=self.as_of)

    def _projection(self) -> Any:
        return self.rules.simulate(self.frames, as_of=self.as_of, seed=self.seed)


def _next(case: str, as_of: Any, paths: dict[str, Path], place: Path | None) -> str:
    if place is None:
        return f"\nto go on by hand: segrules demo {case} --keep {case}"
    tables = " ".join(f"--table {name}={path}" for name, path in paths.items())
    return (
        f"\nrules and data are in {place}; for example:\n"
        f"  segrules assign {place / case}.seg {tables} --as-of {as_of} -o {place}/mine.parquet"
    )
