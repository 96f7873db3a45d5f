"""The migration that a rule file asks its history for: its sets, its reviews, its ladders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from segrules.lang.ir import Ruleset, SegmentSet
from segrules.segments.assign import chosen_sets
from segrules.segments.history.migration import Migration, Within, between, reviews_of, too_few
from segrules.segments.history.store import (
    StoredRun,
    StoredSet,
    effective,
    rules_revision,
    runs,
)
from segrules.segments.profile import find_set
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as data_problems
from segrules.text.problems import history as problems


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose migration is asked for: the set, or all sets of the table; and runs of which days."""

    table: str | None = None
    segments_of: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Migrations:
    """The migration in each set, in the order of the rules, and the warnings about them."""

    sets: tuple[Migration, ...]
    findings: tuple[Diagnostic, ...]


def migrations(folder: Path, ruleset: Ruleset, asked: Asked, *, text: str) -> Migrations:
    """The migration in the sets asked for, with the reviews, order and ladders of the rules.

    `text` is the rule file in canonical form, which the runs' rules are compared with. A set that
    has no two reviews yet is left out with a warning, as long as another one has.

    Raises:
        RulesError: there is no such folder, table or set, a run cannot be used, or no set has two
            reviews.
    """
    chosen = _chosen(ruleset, asked)
    if not folder.is_dir():
        raise RulesError([problems.no_history(str(folder))], unable=True)
    stored = effective(runs(folder, chosen[0].table))
    within = Within(asked.since, asked.until, ruleset.review)
    found: list[Migration] = []
    young: list[Diagnostic] = []
    for each in chosen:
        reviews = reviews_of(stored, each.name, within)
        if len(reviews) < 2:
            young.append(too_few(each.table, each.name, reviews, within))
        else:
            declared = StoredSet(each.segments, each.ladder)
            found.append(between(reviews, each.name, declared))
    if not found:
        raise RulesError(young, unable=True)
    compared = {run.path: run for each in found for run in each.reviews}
    changes = rule_changes(compared.values(), ruleset.name, rules_revision(text, ruleset.knobs))
    return Migrations(
        tuple(found), (*(replace(each, severity="warning") for each in young), *changes)
    )


def rule_changes(reviews: Iterable[StoredRun], ruleset: str, rules: str) -> tuple[Diagnostic, ...]:
    """A warning for each other ruleset or revision of the rules that reviews come from.

    `rules` is the revision of the rules at hand (see `rules_revision`).
    """
    others: dict[tuple[str, str, str], list[str]] = {}
    for run in sorted((each.run for each in reviews), key=lambda run: run.as_of):
        if run.rules != rules:
            dates = others.setdefault((run.table, run.ruleset, run.rules), [])
            dates.append(run.as_of.isoformat())
    return tuple(
        problems.other_rules(table, dates, (name, held), (ruleset, rules))
        for (table, name, held), dates in others.items()
    )


def _chosen(ruleset: Ruleset, asked: Asked) -> tuple[SegmentSet, ...]:
    """The set asked for, or all those of the table.

    Raises:
        RulesError: it is not declared, or of another table; or the table is not clear.
    """
    if asked.segments_of is None:
        return chosen_sets(ruleset, asked.table)
    if asked.table is None:
        return (find_set(ruleset, asked.segments_of),)
    fitting = {each.name: each for each in chosen_sets(ruleset, asked.table)}
    if asked.segments_of not in fitting:
        problem = data_problems.not_declared(
            f"segment set of `{asked.table}`", asked.segments_of, list(fitting)
        )
        raise RulesError([problem], unable=True)
    return (fitting[asked.segments_of],)
