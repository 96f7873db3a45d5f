"""The Python interface: load a rule file, then ask it for segments, profiles and projections.

Heavy libraries are imported by the methods that need them, so that checking stays quick.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from segrules.lang import ir
from segrules.lang.format import canonical
from segrules.lang.pipeline import Compiled, compile_source
from segrules.segments.examples import failures
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.source import Source

if TYPE_CHECKING:
    import polars as pl

    from segrules.segments.assign import Placement
    from segrules.segments.explain import Explanation
    from segrules.segments.profile import Profile
    from segrules.segments.study import Study
    from segrules.sim.projection import Projection

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


def inspect(source: Source, knobs: Mapping[str, str] | None = None) -> Compiled:
    """Everything that is found in a text, the examples in it tried: the work of `check`."""
    compiled = compile_source(source, knobs)
    if compiled.ruleset is not None:
        for failure in failures(compiled.ruleset):
            compiled.log.report(failure)
    return compiled


def load(path: str | Path, *, knobs: Mapping[str, str] | None = None) -> Rules:
    """Reads and checks a rule file.

    Args:
        path: the `.seg` file.
        knobs: settings by name, written as in the file (`{"complex_from": "6"}`).

    Raises:
        RulesError: the file cannot be read (`unable`) or has errors; all of them are in
            `diagnostics`. Warnings do not raise; they are in `Rules.findings`.
    """
    compiled = inspect(read_source(path), knobs)
    found = list(compiled.log)
    errors = [each for each in found if each.severity == "error"]
    if compiled.ruleset is None or errors:
        raise RulesError(errors)
    return Rules(compiled, compiled.ruleset, tuple(found))


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

    @cached_property
    def canonical(self) -> str:
        """The file in canonical layout without comments: what the revision is taken from."""
        return canonical(self.compiled.syntax, self.compiled.source)

    def place(self, tables: Frames, *, as_of: dt.date, table: str | None = None) -> Placement:
        """Everything ready to place the rows of one table; ranks are calibrated here."""
        from segrules.segments.assign import chosen_sets, place

        return place(self.ruleset, chosen_sets(self.ruleset, table)[0].table, tables, as_of)

    def assign(
        self,
        tables: Mapping[str, Frame],
        *,
        as_of: dt.date,
        table: str | None = None,
        unknown_counts: bool = False,
    ) -> Frame:
        """The segment of every row: its key, then `<set>` and `<set>_by` (Enum) for each set.

        A LazyFrame for lazy frames, a DataFrame for data frames; one row a row of the main table
        in its order, or a row a key of a derived table in the order of keys. `<set>_by` names the
        rule that decided, "otherwise" or "unsure". `unknown_counts` adds `<set>_unknown`, the
        number of unknown rules. With several tables that have segments, `table` chooses one.
        """
        from segrules.segments.assign import assign

        return assign(self.ruleset, tables, as_of, table=table, unknown_counts=unknown_counts)

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

        chosen = self._set(by)
        return profile(self.place(tables, as_of=as_of, table=chosen.table), chosen.name, columns)

    def study(
        self, tables: Frames, *, as_of: dt.date, funnel: str | None = None, by: str | None = None
    ) -> Study:
        """The funnel by segment on mature cohorts: rates in [0, 1] with 80% and 95% intervals."""
        from segrules.segments.study import study

        found = self._funnel(funnel)
        chosen = self._set(by, found)
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
        engine: Literal["counts", "expected"] = "counts",
        threads: int | None = None,
    ) -> Projection:
        """What the scenarios of a project would do, beside today under the same luck.

        The result's `frame()` has a row a scenario, segment and measure; counts are customers
        over the projected months, money is in units of the ruleset's currency. The same tables,
        `runs` and `seed` give the same bits whatever the `threads`. There are from 2 to 1,000,000
        `runs` (the command line asks for 100 at least), and a `seed` is from 0 to 2**63 - 1.
        """
        from segrules.sim.projection import Settings, check_settings, find_project
        from segrules.sim.projection import project as carry_out

        found = find_project(self.ruleset, project)
        settings = Settings(found.name, runs, seed, engine, threads)
        check_settings(settings)
        placement = self.place(tables, as_of=as_of, table=self._funnel(found.funnel).table)
        return carry_out(placement, settings)

    def _set(self, name: str | None, funnel: ir.Funnel | None = None) -> ir.SegmentSet:
        """The set of a name, or the only one; with a funnel, among those of its table."""
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

    def _funnel(self, name: str | None) -> ir.Funnel:
        named = [each for each in self.ruleset.funnels if name in (None, each.name)]
        if len(named) != 1:
            known = [each.name for each in self.ruleset.funnels]
            raise RulesError([problems.which_funnel(name, known)], unable=True)
        return named[0]
