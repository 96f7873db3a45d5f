"""Segments, and branches of their rules, that earlier ones leave nobody for.

What is said is proved on the cells of what the rules look at, whatever the data are; where a proof
would be long, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import NamedTuple

from segrules.lang import ir
from segrules.lang.cells import Cells, Layout
from segrules.lang.cells.regions import Region, Taker, cover_of, everywhere, left_of, true_in
from segrules.lang.cells.samples import name_of, sample, span_of
from segrules.text import problems
from segrules.text.diagnostic import Log
from segrules.text.source import Span

MOST_EARLIER = 200
"""Earlier lines that are looked at; of more, those that ask for least."""

MOST_CELLS = 24
"""Cells of a subject beyond which it is not asked which of them are taken."""

MOST_ARMS = 16
"""Branches of a rule beyond which they are not looked at one by one."""

MOST_TOLD = 3
"""Values of the example that is shown."""


class Arm(NamedTuple):
    """A branch of a rule's `or`, and the rule's condition with this branch alone."""

    branch: ir.Expr
    condition: ir.Expr


def shadows(ruleset: ir.Ruleset, log: Log) -> None:
    """Warns of all sets. The rules have no errors."""
    arms = {
        (found.name, at): _arms(rule.condition)
        for found in ruleset.sets
        for at, rule in enumerate(found.rules)
        if not rule.by
    }
    conditions = [rule.condition for found in ruleset.sets for rule in found.rules]
    layout = Layout(conditions, ruleset)
    for found in ruleset.sets:
        own = {at: arms.get((found.name, at), ()) for at in range(len(found.rules))}
        _Shadows(found, own, layout, ruleset.features, log).report()


def _arms(condition: ir.Expr) -> tuple[tuple[Arm, ...], ...]:
    """The branches of each `or` that is asked together with the rest of the rule."""
    match condition:
        case ir.Apply(op="or", args=args):
            inner = [arm for each in args for arm in _nested(each)]
            return (tuple(inner),) if len(inner) <= MOST_ARMS else ()
        case ir.Apply(op="and", args=args):
            found = []
            for at, each in enumerate(args):
                for group in _arms(each):
                    made = (
                        Arm(arm.branch, replace_at(condition, at, arm.condition)) for arm in group
                    )
                    found.append(tuple(made))
            return tuple(found)
    return ()


def _nested(branch: ir.Expr) -> Iterator[Arm]:
    """A branch that is an `or` itself is its branches."""
    if isinstance(branch, ir.Apply) and branch.op == "or":
        for each in branch.args:
            yield from _nested(each)
    else:
        yield Arm(branch, branch)


def replace_at(node: ir.Apply, at: int, part: ir.Expr) -> ir.Apply:
    return replace(node, args=(*node.args[:at], part, *node.args[at + 1 :]))


@dataclass
class _Shadows:
    """One set; the branches of its rules stand behind the rules, as rules of their own."""

    found: ir.SegmentSet
    arms: dict[int, tuple[tuple[Arm, ...], ...]]
    layout: Layout
    features: Sequence[ir.Feature]
    log: Log

    def report(self) -> None:
        self.cells = self._cells()
        self.every = everywhere(self.cells)
        self.regions: list[list[Region]] = [[] for _ in range(self.cells.rules)]
        for line in self.cells.lines:
            region = true_in(line, self.every)
            if region is not None:
                self.regions[line.rule].append(region)
        earlier: list[Taker] = []
        virtual = len(self.found.rules)
        for at, rule in enumerate(self.found.rules):
            count = sum(len(group) for group in self.arms[at])
            if not rule.by and rule.span:
                taken = nsmallest(MOST_EARLIER, earlier, key=lambda each: len(each.region))
                self._rule(at, rule, virtual, taken)
            virtual += count
            earlier.extend(Taker(at, region) for region in self.regions[at])

    def _cells(self) -> Cells:
        arms = [arm.condition for groups in self.arms.values() for group in groups for arm in group]
        return self.layout.cells([*(rule.condition for rule in self.found.rules), *arms])

    def _rule(self, at: int, rule: ir.Rule, virtual: int, earlier: Sequence[Taker]) -> None:
        regions = self.regions[at]
        assert rule.span
        if not regions:
            # what is a constant was meant so
            if not isinstance(rule.condition, ir.Const):
                self._never(rule.condition.span or rule.span)
            return
        cover = cover_of(regions, earlier, self.every)
        if cover is not None:
            told = self._told(regions[0])
            self.log.report(
                problems.never_reached(rule.span, rule.segment, self._names(cover), told)
            )
            return
        groups = self._groups(at, virtual)
        reported = [self._branches(group, first, earlier) for first, group in groups]
        if not any(reported):
            self._partly(rule, regions, earlier)

    def _groups(self, at: int, virtual: int) -> Iterator[tuple[int, tuple[Arm, ...]]]:
        for group in self.arms[at]:
            yield virtual, group
            virtual += len(group)

    def _branches(self, group: Sequence[Arm], first: int, earlier: Sequence[Taker]) -> bool:
        """Complains of branches that nobody needs; not of what repeats another one by itself."""
        found = False
        for at, arm in enumerate(group):
            span = arm.branch.span
            if span is None:
                continue
            regions = self.regions[first + at]
            if not regions:
                self._never(span)
                found = True
                continue
            others = [
                Taker(first + other, region)
                for other in range(len(group))
                if other != at
                for region in self.regions[first + other]
            ]
            cover = cover_of(regions, [*others, *earlier], self.every)
            before = [taker for taker in cover or [] if taker.rule < first]
            if cover is not None and before:
                told = self._told(regions[0])
                self.log.report(problems.branch_never_reached(span, self._names(before), told))
                found = True
        return found

    def _partly(self, rule: ir.Rule, regions: Sequence[Region], earlier: Sequence[Taker]) -> None:
        """Of a rule that asks for more than those before it: values of which nobody is left."""
        if len(regions) != 1:
            return
        (region,) = regions
        for subject, mask in region.items():
            cells = [cell for cell in range(mask.bit_length()) if mask >> cell & 1]
            if not 1 < len(cells) <= MOST_CELLS:
                continue
            taken = [
                cell for cell in cells
                if self._is_left({**region, subject: 1 << cell}, earlier) is False
            ]  # fmt: skip
            if not taken:
                continue
            part = {**region, subject: sum(1 << cell for cell in taken)}
            cover = cover_of([part], earlier, self.every) or []
            asked = {each for taker in cover for each in taker.region}
            name, values = self._name(subject), self._values(subject, part)
            # one rule that takes them says so itself; what several take together is easily missed
            together = len({taker.rule for taker in cover}) > 1
            if together and name and values and not set(region) <= asked:
                assert rule.span
                told = self._told(part)
                self.log.report(
                    problems.partly_taken(
                        rule.span, rule.segment, (name, values), self._names(cover), told
                    )
                )
                return

    def _never(self, span: Span) -> None:
        """Complains of a condition, unless one of its comparisons has been complained of."""
        known = (each.span for each in self.log.found if each.code == problems.ALWAYS.code)
        if not any(each and span.start <= each.start and each.end <= span.end for each in known):
            self.log.report(problems.never_true(span))

    def _is_left(self, region: Region, earlier: Sequence[Taker]) -> bool:
        found = left_of(region, earlier, self.every)
        return found is None or bool(found[0])

    def _values(self, subject: int, region: Region) -> str | None:
        return span_of(self.cells.subjects[subject], region[subject])

    def _names(self, cover: Sequence[Taker]) -> list[str]:
        rules = [
            self.found.rules[taker.rule] for taker in sorted(cover, key=lambda each: each.rule)
        ]
        names = [each.segment if each.by in ("", "stay") else each.decider for each in rules]
        return list(dict.fromkeys(names))

    def _told(self, region: Region) -> list[tuple[str, str]]:
        """Values of somebody in a region: of what the rule itself looks at."""
        told: list[tuple[str, str]] = []
        for subject, mask in region.items():
            name = self._name(subject)
            value = sample(self.cells.subjects[subject], (mask & -mask).bit_length() - 1)
            if name and value:
                told.append((name, value))
        return told[:MOST_TOLD]

    def _name(self, subject: int) -> str | None:
        """What is looked at, by its name where it has one."""
        found = self.cells.subjects[subject]
        names = (each.name for each in self.features if each.expr == found.expr)
        return next(names, None) or name_of(found)
