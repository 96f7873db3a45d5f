"""Each segment on a card: who is in it, how many and how much, why, and what is done for them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from segrules.lang.ir import Apply, Expr, Feature, Rule, Ruleset, SegmentSet, Tolerance, Use, walk
from segrules.lang.types import Type
from segrules.segments.profile import Profile, SegmentProfile, find_set
from segrules.text.diagnostic import RulesError
from segrules.text.problems import value as problems

_WORD = re.compile(r'"[^"]*"|`[^`]*`|#[^\n]*|(?<!\w)(?<!\w\.)[^\W\d]\w*')
"""Texts, quoted names, comments and names, as they follow each other in a rule."""
_LINES = re.compile(r" (?=(?:add|take|less|ledger) )")
"""Where the lines of a block began, once it stands on one line."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition as written, knobs with their values; or `parts` joined by a word."""

    text: str
    word: Literal["and", "or", ""] = ""
    parts: tuple[Clause, ...] = ()


By = Literal["rule", "stay", "override", "suppress", "except", "otherwise", "unsure", "cap", "over"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way into a segment, or (`except`, `cap`) who is kept out of it in spite of its rule.

    A `rule` that is not the first also needs that no rule above it holds (`after`). `stay` is its
    tolerance, `override` a decision about customers who are named, `suppress` being kept out of the
    whole set, `over` being too many for another segment. `detail` says more, as in the rule file.
    """

    by: By
    clause: Clause | None = None
    after: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One segment (`None`: the rows in no segment) with its figures; `actions` by column."""

    segment: str | None
    label: str
    who: tuple[Way, ...]
    figures: SegmentProfile
    actions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards of a set, and what they share.

    `department` is whose columns of the conditions are shown, `None` for all of them. `terms` are
    the named values that the rules read, as written.
    """

    table: str
    segments_of: str
    as_of: dt.date
    goal: str
    why: str
    department: str | None
    types: Mapping[str, Type]
    everyone: SegmentProfile
    cards: tuple[Card, ...]
    terms: Mapping[str, str]


def cards(found: Profile, ruleset: Ruleset, department: str | None = None) -> Cards:
    """The cards of a profiled set, with the actions for one department or for all.

    Raises:
        RulesError: no column of the set's conditions is for the department.
    """
    segment_set = find_set(ruleset, found.segments_of)
    knobs = {knob.name: _grouped(knob.written) for knob in ruleset.knobs}
    actions = _actions(ruleset, segment_set.name, department)
    made = (
        Card(
            each.segment,
            segment_set.labels.get(each.segment or "", ""),
            tuple(_ways(each.segment, segment_set, ruleset, knobs)),
            each,
            actions.get(each.segment or "", {}),
        )
        for each in found.segments
    )
    return Cards(
        table=found.table,
        segments_of=found.segments_of,
        as_of=found.as_of,
        goal=ruleset.goal,
        why=ruleset.why,
        department=department,
        types=found.types,
        everyone=found.everyone,
        cards=tuple(made),
        terms=_terms(segment_set, ruleset, knobs),
    )


# ---- who


def _ways(
    segment: str | None, of: SegmentSet, ruleset: Ruleset, knobs: Mapping[str, str]
) -> Iterator[Way]:
    """In the order in which they are asked, what is asked of many before what is asked of few."""
    above = False
    for rule in of.rules:
        if rule.segment == segment and rule.by == "":
            yield Way("rule", _clause_of(rule, knobs), after=above)
        elif rule.segment == segment and rule.by == "suppress":
            yield Way("suppress", _clause_of(rule, knobs), detail=_reason(rule, of, ruleset))
        above = above or rule.by == ""
    if of.otherwise.segment == segment:
        yield Way("otherwise")
    if segment == (of.unsure.segment if of.unsure else None):
        yield Way("unsure")
    yield from _governed(segment, of, ruleset, knobs)


def _reason(rule: Rule, of: SegmentSet, ruleset: Ruleset) -> str:
    found = (each for each in ruleset.suppressions if each.of == of.name and not each.names)
    return next((each.reason for each in found if each.condition == rule.condition), "")


def _governed(
    segment: str | None, of: SegmentSet, ruleset: Ruleset, knobs: Mapping[str, str]
) -> Iterator[Way]:
    """What is said about a segment beside its rule: tolerance, decisions, suppression, caps."""
    for each in of.tolerances:
        if each.segment == segment:
            yield Way("stay", detail=_tolerance(each, knobs))
    for decided in ruleset.overrides:
        if decided.of == of.name and decided.to == segment:
            named = f"{len(decided.keys)} until {decided.until} ({decided.reason})"
            yield Way("override", detail=named)
    for kept in ruleset.suppressions:
        if kept.of == of.name and segment in kept.names:
            yield Way("except", _clause(kept.condition, knobs), detail=kept.reason)
    for cap in of.caps:
        if cap.segment == segment:
            by = said(cap.rank.by.span.text, knobs) if cap.rank.by.span else cap.rank.name
            most = cap.rank.count if cap.rank.share is None else f"{float(100 * cap.rank.share):g}%"
            yield Way("cap", detail=f"at {most} by {by}, rest to {cap.rest}")
        if cap.rest == segment:
            yield Way("over", detail=cap.segment)


def _tolerance(found: Tolerance, knobs: Mapping[str, str]) -> str:
    parts = []
    if found.leave is not None and found.leave.span:
        running = f" for {found.reviews} reviews running" if found.reviews > 1 else ""
        parts.append(f"leave when {said(found.leave.span.text, knobs)}{running}")
    if found.stay is not None:
        parts.append(f"stay at least {found.stay.count} {found.stay.unit}")
    return ", ".join(parts)


def _clause_of(rule: Rule, knobs: Mapping[str, str]) -> Clause:
    made = _clause(rule.condition, knobs)
    # a rule that was made in code has no text of its parts
    return made if _complete(made) else Clause(said(rule.written, knobs) or rule.segment)


def _clause(node: Expr, knobs: Mapping[str, str]) -> Clause:
    if isinstance(node, Apply) and node.op in {"and", "or"} and not _one_phrase(node):
        parts = tuple(_clause(part, knobs) for part in node.args)
        return Clause("", "and" if node.op == "and" else "or", parts)
    return Clause(said(node.span.text, knobs) if node.span else "")


def _one_phrase(node: Apply) -> bool:
    """Whether the parts were written as one: `between` is two comparisons of one text."""
    return all(part.span == node.span for part in node.args)


def _complete(clause: Clause) -> bool:
    return all(map(_complete, clause.parts)) if clause.parts else bool(clause.text)


def said(written: str, knobs: Mapping[str, str]) -> str:
    """A piece of a rule on one line, without comments, each knob followed by its value."""

    def word(found: re.Match[str]) -> str:
        text = found[0]
        value = knobs.get(text.strip("`"))
        if text.startswith("#"):
            return " "
        return text if value is None or text.startswith('"') else f"{text} ({value})"

    return " ".join(_WORD.sub(word, written).split())


def _terms(of: SegmentSet, ruleset: Ruleset, knobs: Mapping[str, str]) -> dict[str, str]:
    """The named values that the rules of a set rest on, those that others use first."""
    features = {each.name: each for each in ruleset.features}
    waiting = [rule.condition for rule in of.rules]
    needed: set[str] = set()
    while waiting:
        used = {node.name for node in walk(waiting.pop()) if isinstance(node, Use)}
        new = used & features.keys() - needed
        needed |= new
        waiting += [features[name].expr for name in new]
    return {
        name: _term(each, knobs)
        for name, each in features.items()
        if name in needed and each.expr.span and each.kind != "grid"
    }


def _term(feature: Feature, knobs: Mapping[str, str]) -> str:
    """A named value as written; of one with a block, what stands in the block."""
    text = feature.expr.span.text if feature.expr.span else ""
    head, brace, body = text.partition("{")
    if not brace or feature.kind not in {"score", "band", "value"}:
        return said(text, knobs)
    body = said(body.rstrip().removesuffix("}"), knobs)
    if feature.kind == "band":
        value = said(head.partition(" of ")[2], knobs)
        return f"{value}: {body}"
    # `ledger … give or take 0.5%` is one line
    return _LINES.sub(", ", body.replace("or take", "or\0take")).replace("\0", " ")


def _grouped(written: str) -> str:
    """A knob's value with its digits in groups, as in rule files: `10_000`."""
    return f"{int(written):_}" if written.isdecimal() and len(written) > 4 else written


# ---- what is done


def _actions(ruleset: Ruleset, of: str, department: str | None) -> dict[str, dict[str, str]]:
    """By segment, what stands in the columns that a department sees."""
    tables = [each for each in ruleset.conditions if each.of == of]
    declared: list[str] = []
    found: dict[str, dict[str, str]] = {}
    for table in tables:
        departments = table.departments or ("",) * len(table.columns)
        declared += [name for name in departments if name and name not in declared]
        wanted = set(departments) if department is None else {"", department}
        shown = [at for at, name in enumerate(departments) if name in wanted]
        for segment, cells in table.rows:
            row = found.setdefault(segment, {})
            row.update({table.columns[at]: cells[at] for at in shown})
    if department is not None and department not in declared:
        raise RulesError([problems.unknown_department(department, declared)], unable=True)
    return found
