"""The Python interface: load a rule file, then ask it for segments, profiles and projections.

Heavy libraries are imported by the methods that need them, so that checking stays quick.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from segrules.lang import ir
from segrules.lang.format import canonical
from segrules.lang.pipeline import Compiled, Refusal, compile_source
from segrules.segments.examples import failures
from segrules.segments.turned import compile_turned
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.source import Source

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import polars as pl

    from segrules.segments.assign import Asked, Placement
    from segrules.segments.bundle import Compiled as Bundled
    from segrules.segments.claims import Trial
    from segrules.segments.compiling import Compiling
    from segrules.segments.explain import Explanation
    from segrules.segments.gaps import Gaps
    from segrules.segments.market import Market
    from segrules.segments.profile import Profile
    from segrules.segments.study import Study
    from segrules.sim.projection import EngineName
    from segrules.sim.whichever import Found

    Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
    Frames = Mapping[str, pl.DataFrame] | Mapping[str, pl.LazyFrame]

MAX_BYTES = 64 * 2**20
"""Bytes of a rule file beyond which it is not read."""


def read_source(path: str | Path) -> Source:
    """The text of a rule file.

    Raises:
        RulesError: it is missing, a directory, too large or not UTF-8.
    """
    place = Path(path)
    if place.is_dir():
        raise RulesError([problems.rules_file_is_directory(str(path))], unable=True)
    try:
        if place.stat().st_size > MAX_BYTES:
            raise RulesError(
                [problems.rules_file_unreadable(str(path), "it is larger than any rule file")],
                unable=True,
            )
        raw = place.read_bytes()
    except FileNotFoundError:
        raise RulesError([problems.rules_file_missing(str(path))], unable=True) from None
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.rules_file_unreadable(str(path), reason)], unable=True) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RulesError([problems.not_utf8(str(path), error.start)], unable=True) from None
    return Source(str(path), text)


def rule_files(path: str | Path) -> list[str]:
    """The rule files of a folder and those in it, by path; a path that is no folder is itself.

    Folders whose name begins with a dot are passed over.

    Raises:
        RulesError: the folder holds no rule file.
    """
    place = Path(path)
    if not place.is_dir():
        return [str(path)]
    found = sorted(
        file
        for file in place.rglob("*.seg")
        if file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(place).parts)
    )
    if not found:
        raise RulesError([problems.folder_without_rules(str(path))], unable=True)
    return [str(file) for file in found]


def used_source(path: str, by: Source) -> Source | Refusal:
    """The text of a file that another one uses, by its path from that one's folder.

    It must lie in the project: below the nearest folder above the using file with a `.git`, a
    `pyproject.toml` or a `segrules.toml`, or below that file's own folder.
    """
    folder = Path(by.name).resolve().parent
    try:
        place = (folder / path).resolve()
        there = place.is_file()
    except (OSError, ValueError):
        # no name that a file could have
        return "unreadable"
    if Path(path).is_absolute() or not place.is_relative_to(project_root(folder)):
        return "outside"
    if place.suffix != ".seg":
        return "no rule file"
    if not there:
        return "unreadable" if place.exists() else "missing"
    try:
        source = read_source(place)
    except RulesError:
        return "unreadable"
    return Source(os.path.relpath(place), source.text)


def project_root(folder: Path) -> Path:
    """The folder that a project begins at, seen from one of its folders."""
    for above in (folder, *folder.parents):
        if any((above / mark).exists() for mark in (".git", "pyproject.toml", "segrules.toml")):
            return above
    return folder


def inspect(
    source: Source, knobs: Mapping[str, str] | None = None, *, as_of: dt.date | None = None
) -> Compiled:
    """Everything that is found in a text, the examples in it tried: the work of `check`.

    Files that it uses are read; of knobs whose value changes that of the day `as_of` is taken, or
    the first one. Examples hold for the declared settings: where knobs are set to other values,
    they are not tried.
    """
    compiled, turned = compile_turned(source, knobs or {}, as_of, used_source)
    if compiled.ruleset is not None and not turned:
        for ruleset in _on_days_of_examples(source, compiled.ruleset, knobs):
            for failure in failures(ruleset):
                compiled.log.report(failure)
    return compiled


def _on_days_of_examples(
    source: Source, ruleset: ir.Ruleset, knobs: Mapping[str, str] | None
) -> Iterator[ir.Ruleset]:
    """The examples with the values that knobs have on their own days."""
    if not any(knob.later for knob in ruleset.knobs):
        yield ruleset
        return
    for day in dict.fromkeys(examples.as_of for examples in ruleset.examples):
        then = compile_source(source, knobs, day, used_source).ruleset
        if then is not None:
            kept = tuple(examples for examples in then.examples if examples.as_of == day)
            yield replace(then, examples=kept)


def load(
    path: str | Path,
    *,
    knobs: Mapping[str, str] | None = None,
    as_of: dt.date | None = None,
    history: str | Path | None = None,
) -> Rules:
    """Reads and checks a rule file.

    Args:
        path: the `.seg` file.
        knobs: settings by name, written as in the file (`{"complex_from": "6"}`).
        as_of: the day whose values knobs with later values have; without it their first.
        history: the folder of earlier assignments that every method reads, where none is given.

    Raises:
        RulesError: the file cannot be read (`unable`) or has errors; all of them are in
            `diagnostics`. Warnings do not raise; they are in `Rules.findings`.
    """
    compiled = inspect(read_source(path), knobs, as_of=as_of)
    found = list(compiled.log)
    errors = [each for each in found if each.severity == "error"]
    if compiled.ruleset is None or errors:
        raise RulesError(errors)
    kept = None if history is None else Path(history)
    return Rules(compiled, compiled.ruleset, tuple(found), dict(knobs or {}), kept)


@dataclass(frozen=True)
class Rules:
    """A checked rule file.

    `tables` in all methods are frames by table name, as declared in the file: columns carry their
    headings, values are converted by the declared types (text, typed columns, or both). Derived
    tables are not given. `as_of` is a date; rows dated after its end are never seen. Every method
    raises RulesError when the tables do not fit.
    """

    compiled: Compiled
    ruleset: ir.Ruleset
    findings: tuple[Diagnostic, ...]
    knobs: Mapping[str, str] = field(default_factory=dict)
    history: Path | None = None

    @cached_property
    def canonical(self) -> str:
        """The file and those it uses in canonical layout: what the revision is taken from."""
        used = [canonical(part.syntax, part.source) for part in self.compiled.used]
        return "\n".join([*used, canonical(self.compiled.syntax, self.compiled.source)])

    def on(self, day: dt.date) -> Rules:
        """The rules with the values that knobs have on a day."""
        if not any(knob.later for knob in self.ruleset.knobs):
            return self
        compiled = inspect(self.compiled.source, self.knobs, as_of=day)
        errors = [each for each in compiled.log if each.severity == "error"]
        if compiled.ruleset is None or errors:
            raise RulesError(errors)
        return replace(
            self, compiled=compiled, ruleset=compiled.ruleset, findings=tuple(compiled.log)
        )

    def place(
        self,
        tables: Frames,
        *,
        as_of: dt.date,
        table: str | None = None,
        history: Path | None = None,
        calibration: Path | None = None,
    ) -> Placement:
        """Everything ready to place the rows of one table; ranks are calibrated here.

        `history` is a folder of earlier assignments; `calibration` a file with cut points frozen
        by one, to be used instead of new ones.
        """
        from segrules.segments.assign import chosen_sets, place

        ruleset = self.on(as_of).ruleset
        asked = self._asked(as_of, history, calibration)
        return place(ruleset, chosen_sets(ruleset, table)[0].table, tables, asked)

    def _asked(self, as_of: dt.date, history: Path | None, calibration: Path | None) -> Asked:
        from segrules.segments.assign import Asked
        from segrules.segments.calibration import read_calibration
        from segrules.segments.history.store import rules_revision

        history = history or self.history
        if calibration is None:
            return Asked(as_of, history)
        rules = rules_revision(self.canonical, self.on(as_of).ruleset.knobs)
        frozen, _ = read_calibration(calibration, ruleset=self.ruleset.name, rules=rules)
        return Asked(as_of, history, frozen)

    def assign(
        self,
        tables: Mapping[str, Frame],
        *,
        as_of: dt.date,
        table: str | None = None,
        history: Path | None = None,
        calibration: Path | None = None,
        unknown_counts: bool = False,
    ) -> Frame:
        """The segment of every row: its key, then `<set>` and `<set>_by` (Enum) for each set.

        A LazyFrame for lazy frames, a DataFrame for data frames; one row a row of the main table
        in its order (a row a customer where records have an identity), or a row a key of a derived
        table in the order of keys. `<set>_by` names the rule that decided, or "suppress",
        "override", "stay", "cap", "otherwise" or "unsure". Then `<set>_holdout` and
        `<set>_allotted` where the rules have them, the flags, and the outputs of grids.
        `unknown_counts` adds `<set>_unknown`, the number of unknown rules. With several tables
        that have segments, `table` chooses one. `history` and `calibration` as for `place`;
        nothing is added to the history.
        """
        from segrules.segments.assign import assign

        return assign(
            self.on(as_of).ruleset,
            tables,
            self._asked(as_of, history, calibration),
            table=table,
            unknown_counts=unknown_counts,
        )

    def profile(
        self,
        tables: Frames,
        *,
        as_of: dt.date,
        by: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> Profile:
        """Size, shares of money and means by segment of the set `by` (money in minor units)."""
        from segrules.segments.profile import profile

        chosen = self.segment_set(by)
        return profile(self.place(tables, as_of=as_of, table=chosen.table), chosen.name, columns)

    def study(
        self, tables: Frames, *, as_of: dt.date, funnel: str | None = None, by: str | None = None
    ) -> Study:
        """The funnel by segment on mature cohorts: rates in [0, 1] with 80% and 95% intervals."""
        from segrules.segments.study import study

        found = self.funnel(funnel)
        chosen = self.segment_set(by, found)
        return study(self.place(tables, as_of=as_of, table=found.table), found.name, chosen.name)

    def explain(
        self,
        tables: Frames,
        key: str,
        *,
        as_of: dt.date,
        table: str | None = None,
        show_values: bool = False,
    ) -> Explanation:
        """Which rules were true, false and unknown for one key, and why."""
        from segrules.segments.explain import explain

        placement = self.place(tables, as_of=as_of, table=table)
        return explain(placement, key, show_values=show_values)

    def simulate(
        self,
        tables: Frames,
        *,
        as_of: dt.date,
        project: str | None = None,
        runs: int | None = None,
        seed: int | None = None,
        engine: EngineName = "auto",
        threads: int | None = None,
        executor: str | Executor = "threads",
    ) -> Found:
        """What the scenarios of a project would do, beside today under the same luck.

        The result's `frame()` has a row a scenario, segment and measure; counts are customers
        over the projected months, money is in units of the ruleset's currency. The same tables,
        `runs` and `seed` give the same bits whatever the `threads` and the `executor`: "threads",
        "processes" or "spark", or any executor of `concurrent.futures`, which is left running.
        There are from 2 to 1,000,000 `runs` (the command line asks for 100 at least), and a `seed`
        is from 0 to 2**63 - 1.
        """
        from segrules.sim.projection import Settings, check_settings, find_project
        from segrules.sim.whichever import carry_out, table_of

        found = find_project(self.ruleset, project)
        settings = Settings(found.name, runs, seed, engine, threads, executor)
        check_settings(settings)
        placement = self.place(tables, as_of=as_of, table=table_of(self.ruleset, found))
        return carry_out(placement, found, settings, history=self.history)

    def compile(
        self,
        tables: Frames | None = None,
        *,
        as_of: dt.date | None = None,
        calibration: Path | None = None,
    ) -> Bundled:
        """A bundle from which a service decides records (see `segrules.runtime.load`).

        Rules that compare with a population need `calibration`, a file of frozen cut points, or
        the `tables` from which they are taken now. The day is `as_of`, that of the calibration, or
        today.
        """
        return self.compiled_with(tables or {}, as_of, calibration, "the bundle")[0]

    def compiled_with(
        self, tables: Frames, as_of: dt.date | None, calibration: Path | None, out: str
    ) -> tuple[Bundled, tuple[Diagnostic, ...]]:
        """As `compile`, with what is to be said of it; `out` is what messages call the bundle."""
        from segrules.segments.compiling import compile_rules, freeze

        asked = self.compiling(tables, as_of, calibration, out)
        frozen = freeze(asked)
        made, notes = compile_rules(asked, frozen)
        return made, (*frozen.notes, *notes)

    def compiling(
        self, tables: Frames, as_of: dt.date | None, calibration: Path | None, out: str
    ) -> Compiling:
        """The rules of the day for which they are compiled, with what they are frozen with."""
        from segrules import __version__
        from segrules.segments.compiling import Compiling, Given, day_of

        given = Given(calibration, tables, self.history, out, __version__)
        day = day_of(self.ruleset, given, as_of)
        rules = self.on(day)
        _, turned = compile_turned(self.compiled.source, self.knobs, day, used_source)
        return Compiling(rules.ruleset, rules.canonical, day, given, turned)

    def gaps(
        self,
        tables: Frames,
        *,
        as_of: dt.date,
        funnel: str | None = None,
        by: str | None = None,
        columns: Sequence[str] = (),
        smallest: int = 10,
    ) -> Gaps:
        """How outcomes differ by protected columns (or `columns`), overall and inside segments.

        Comparisons with fewer than `smallest` people on a side are not shown.
        """
        from segrules.segments.gaps import gaps

        found = self.funnel(funnel)
        chosen = self.segment_set(by, found)
        placed = self.place(tables, as_of=as_of, table=found.table)
        return gaps(placed, found.name, chosen.name, columns, smallest)

    def market(self, tables: Frames, *, as_of: dt.date, by: str | None = None) -> Market | None:
        """Who is inside and outside of the target market, by segment; None without one."""
        from segrules.segments.market import market

        chosen = self.segment_set(by)
        return market(self.place(tables, as_of=as_of, table=chosen.table), chosen.name)

    def test(
        self,
        tables: Frames | None = None,
        *,
        as_of: dt.date | None = None,
        samples: Collection[str] = (),
        history: Path | None = None,
    ) -> Trial:
        """Tries the examples and, as far as data are given, the claims.

        `samples` are names of samples that the data given are, for claims `on` one of them.
        """
        from segrules.segments.assign import Asked
        from segrules.segments.claims import try_all
        from segrules.segments.grounds import Given

        rules = self.on(as_of) if as_of else self
        history = history or self.history
        asked = Asked(as_of, history) if as_of and tables else None
        return try_all(rules.ruleset, Given(tables or {}, asked, frozenset(samples), history))

    def segment_set(
        self, name: str | None = None, funnel: ir.Funnel | None = None
    ) -> ir.SegmentSet:
        """The set of a name, or the only one; with a funnel, among those of its table.

        Raises:
            RulesError: there is none, or several.
        """
        table = funnel.table if funnel else None
        fitting = [each for each in self.ruleset.sets if table in (None, each.table)]
        other = [each for each in self.ruleset.sets if name in (None, each.name)]
        if funnel is not None and other and not any(each in fitting for each in other):
            raise RulesError(
                [problems.other_table(funnel.name, funnel.table, other[0].name, other[0].table)],
                unable=True,
            )
        named = [each for each in fitting if name in (None, each.name)]
        if not fitting:
            raise RulesError([problems.no_segments()], unable=True)
        if len(named) != 1:
            known = [each.name for each in fitting]
            raise RulesError([problems.which_set(name, known)], unable=True)
        return named[0]

    def funnel(self, name: str | None = None) -> ir.Funnel:
        """The funnel of a name, or the only one.

        Raises:
            RulesError: there is none, or several.
        """
        named = [each for each in self.ruleset.funnels if name in (None, each.name)]
        if len(named) != 1:
            known = [each.name for each in self.ruleset.funnels]
            raise RulesError([problems.which_funnel(name, known)], unable=True)
        return named[0]
