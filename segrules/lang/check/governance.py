"""What governs a segment set: suppressions, overrides, caps, allotments, hold-outs, the target.

Each becomes part of the set's rules, or a rank among those placed in a segment, so that every
target answers it as it answers rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.coerce import apply, to_minor
from segrules.lang.check.expressions import condition, elaborate
from segrules.lang.check.past import both, sure
from segrules.lang.check.populations import spell_amount
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.types import Date, Flag, Number, Share, Text, Whole, spell
from segrules.text import problems


class Governing:
    """The governing declarations of a file, by the set that each is about."""

    def __init__(self, file: s.File, sets: Sequence[s.SegmentsOf], symbols: Symbols) -> None:
        self.sets = {node.name.text: node for node in sets}
        self.symbols = symbols
        self.governed = {name: Governed(name) for name in self.sets}
        for node in file.declarations:
            match node:
                case s.SuppressOf():
                    self._suppress(node)
                case s.OverrideOf(of=of) | s.HoldoutOf(of=of) | s.AllotOf(of=of):
                    found = self._set(of)
                    if found is not None:
                        found.add(node, symbols)
                case s.CapOf():
                    found = self._set(node.of) if node.of else self._with_segment(node.segment)
                    if found is not None:
                        found.caps.append(node)
                case _:
                    pass

    def of(self, name: str) -> Governed:
        return self.governed[name]

    def conditions(self, node: object) -> object:
        """What the governing declarations of a set read, before it is settled."""
        if not isinstance(node, s.SegmentsOf):
            return ()
        found = self.governed[node.name.text]
        return (
            tuple(each.when for each in found.suppressed),
            tuple(each.when for each, _ in found.kept_out),
            tuple(each.by for each in found.caps),
            tuple(best.by for each in found.allotments for best in each.best),
        )

    def _set(self, name: s.Name) -> Governed | None:
        found = self.governed.get(name.text)
        if found is None and name.text not in self.symbols.doubtful:
            near = nearest(name.text, self.governed)
            self.symbols.log.report(problems.unknown_set(name.span, name.text, near))
        return found

    def _suppress(self, node: s.SuppressOf) -> None:
        for name in node.names:
            if name.text in self.governed:
                self.governed[name.text].suppressed.append(node)
            else:
                found = self._with_segment(name)
                if found is not None and _has_rule(self.sets[found.name], name.text):
                    found.kept_out.append((node, name))
                elif found is not None:
                    self.symbols.log.report(problems.rest_suppressed(name.span, name.text))

    def _with_segment(self, name: s.Name) -> Governed | None:
        """The one set that has a segment of this name, be it the rest."""
        fitting = [found for found in self.sets.values() if name.text in _names(found)]
        if len(fitting) == 1:
            return self.governed[fitting[0].name.text]
        if len(fitting) > 1:
            names = [found.name.text for found in fitting]
            self.symbols.log.report(problems.segment_of_several(name.span, name.text, names))
        elif name.text not in self.symbols.doubtful:
            every = [known for found in self.sets.values() for known in _names(found)]
            near = nearest(name.text, [*every, *self.sets])
            self.symbols.log.report(problems.no_such_segment(name.span, name.text, near))
        return None


class Governed:
    """What governs one set."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.suppressed: list[s.SuppressOf] = []
        self.kept_out: list[tuple[s.SuppressOf, s.Name]] = []
        self.overrides: list[s.OverrideOf] = []
        self.caps: list[s.CapOf] = []
        self.allotments: list[s.AllotOf] = []
        self.holdout: s.HoldoutOf | None = None

    def add(self, node: s.OverrideOf | s.HoldoutOf | s.AllotOf, symbols: Symbols) -> None:
        match node:
            case s.OverrideOf():
                self.overrides.append(node)
            case s.AllotOf():
                self.allotments.append(node)
            case s.HoldoutOf():
                if self.holdout is not None:
                    symbols.log.report(problems.twice(node.span, "hold-out", self.name))
                self.holdout = node

    # ---- rules

    def suppressing(self, scope: Scope) -> list[ir.Rule]:
        """The rules that keep rows out of the whole set."""
        rules = []
        for node in self.suppressed:
            test = condition(node.when, scope)
            if not is_unclear(test):
                rules.append(
                    ir.Rule(
                        ir.SUPPRESSED, "Suppressed", test, "suppress", node.reason.value, node.span
                    )
                )
        return rules

    def allowed(self, segment: str, test: ir.Expr, scope: Scope) -> ir.Expr:
        """A segment's condition, false for those who are kept out of it."""
        for node, name in self.kept_out:
            if name.text == segment:
                kept_out = condition(node.when, scope)
                if is_unclear(kept_out):
                    return test
                free = apply("not", (kept_out,), Flag(), kept_out.span)
                test = apply("and", (test, free), Flag(), test.span)
        return test

    def overriding(self, scope: Scope) -> list[ir.Rule]:
        """The rules that place single rows by decision, up to a day."""
        segments = scope.symbols.outlines[self.name].segments
        key = ir.Column(scope.table.name, scope.table.key, Text(), False)
        rules = []
        self._check_overrides(scope)
        for node in self.overrides:
            if not _is_segment(node.to, self.name, segments, scope):
                continue
            listed = tuple(ir.Const(each.value, Text(), each.span) for each in node.keys)
            until = ir.Const(node.until.value, Date(), node.until.span)
            test = both(
                apply("in", (replace(key, span=node.span), *listed), Flag(), node.span),
                apply("le", (ir.AsOf(span=node.span), until), Flag(), node.span),
            )
            test = self.allowed(node.to.text, test, scope)
            rules.append(ir.Rule(node.to.text, "", test, "override", node.reason.value, node.span))
        return rules

    def _check_overrides(self, scope: Scope) -> None:
        """A customer is placed in one segment: an override has a last day, but no first one."""
        before: dict[str, str] = {}
        for node in self.overrides:
            others: dict[str, list[str]] = {}
            for key in dict.fromkeys(each.value for each in node.keys):
                held = before.setdefault(key, node.to.text)
                if held != node.to.text:
                    others.setdefault(held, []).append(key)
            for to, keys in others.items():
                problem = problems.contradicting_overrides(node.span, keys, (to, node.to.text))
                scope.log.report(problem)

    # ---- what follows the rules

    def finished(self, made: ir.SegmentSet, scope: Scope) -> ir.SegmentSet:
        """The set with its caps, allotments and hold-out."""
        made = replace(made, caps=self._caps(made, scope))
        made = replace(made, holdout=self._holdout(scope))
        return replace(made, allotments=self._allotments(made, scope))

    def _caps(self, made: ir.SegmentSet, scope: Scope) -> tuple[ir.Cap, ...]:
        caps: list[ir.Cap] = []
        known = scope.symbols.outlines[self.name].segments
        for node in self.caps:
            sound = [_is_segment(each, made.name, known, scope)
                     for each in (node.segment, node.rest)]  # fmt: skip
            if node.rest.text == node.segment.text:
                scope.log.report(problems.cap_to_itself(node.rest.span, node.rest.text))
                continue
            if any(before.segment == node.rest.text for before in caps):
                scope.log.report(problems.cap_fills_capped(node.rest.span, node.rest.text))
                continue
            among = _placed_in(made, node.segment.text, len(caps), scope)
            nth = f"cap {len(caps) + 1}" if caps else "cap"
            name = f"{nth} {node.segment.text} of {made.name}"
            rank = _best(node.count, node.by, among, name, scope)
            if rank is not None and all(sound):
                caps.append(ir.Cap(node.segment.text, node.rest.text, rank, node.span))
        return tuple(caps)

    def _allotments(self, made: ir.SegmentSet, scope: Scope) -> tuple[ir.Allotment, ...]:
        found: list[ir.Allotment] = []
        known = scope.symbols.outlines[self.name].segments
        for node in self.allotments:
            if any(each.segment == node.segment.text for each in found):
                scope.log.report(problems.twice(node.span, "allotment", node.segment.text))
                continue
            if not _is_segment(node.segment, made.name, known, scope):
                continue
            among = _placed_in(made, node.segment.text, None, scope)
            best: list[tuple[ir.InRank, str]] = []
            for row in node.best:
                name = f"allot {node.segment.text} of {made.name} to {row.to.text}"
                # what is frozen goes by its name: the same line again is asked of those left over
                if again := sum(target == row.to.text for _, target in best):
                    name = f"{name}, part {again + 1},"
                rank = _best(row.count, row.by, among, name, scope)
                if rank is not None:
                    best.append((rank, row.to.text))
                    # who was allotted already takes no part in what comes after
                    others = apply("not", (sure(rank),), Flag(), row.span)
                    among = both(among, others)
            found.append(ir.Allotment(node.segment.text, tuple(best), node.rest.text, node.span))
        return tuple(found)

    def _holdout(self, scope: Scope) -> ir.Holdout | None:
        node = self.holdout
        if node is None:
            return None
        share = node.share.value
        if not 0 < share < 1:
            scope.log.report(problems.share_out_of_range(node.share.span))
            return None
        for name in node.over:
            if scope.table.column(name.text) is None and name.text not in scope.symbols.doubtful:
                near = nearest(name.text, [column.name for column in scope.table.columns])
                scope.log.report(
                    problems.unknown_column(name.span, name.text, scope.table.name, near)
                )
        key = ir.Column(scope.table.name, scope.table.key, Text(), False, node.span)
        salt = ir.Const(node.salt.value, Text(), node.salt.span)
        part = ir.Const(float(share), Share(), node.share.span, node.share.written)
        test = apply("held_out", (key, salt, part), Flag(), node.span)
        over = tuple(name.text for name in node.over)
        return ir.Holdout(share, node.salt.value, test, over, node.span)


# ---- parts


def _names(node: s.SegmentsOf) -> list[str]:
    named = [each.name.text for each in node.segments]
    return named + [each.name.text for each in node.closers]


def _has_rule(node: s.SegmentsOf, segment: str) -> bool:
    return any(each.name.text == segment for each in node.segments)


def _is_segment(name: s.Name, of: str, segments: Iterable[str], scope: Scope) -> bool:
    known = [segment for segment in segments if segment != ir.SUPPRESSED]
    if name.text in known:
        return True
    if name.text not in scope.symbols.doubtful:
        near = nearest(name.text, known)
        scope.log.report(problems.unknown_segment(name.span, name.text, of, near))
    return False


def _placed_in(made: ir.SegmentSet, segment: str, caps: int | None, scope: Scope) -> ir.Expr:
    """Whether a row is placed in a segment, after so many caps."""
    placed = ir.Placed(made.name, made.type, made.optional, caps, made.span)
    value = ir.Const(segment, made.type, made.span, segment)
    return sure(ir.Apply("eq", (placed, value), Flag(), made.optional, made.span))


def _best(
    count: s.Number | s.Name, by: s.Expression, among: ir.Expr, name: str, scope: Scope
) -> ir.InRank | None:
    """Whether a row is among the best of those; None after a complaint."""
    number = elaborate(count, scope)
    amount = to_minor(elaborate(by, scope))
    if is_unclear(number, amount):
        return None
    whole = isinstance(number, ir.Const) and isinstance(number.type, Whole)
    if not whole or not isinstance(number, ir.Const) or not isinstance(number.value, int):
        scope.log.report(problems.count_needed(count.span))
        return None
    if number.value < 0:
        scope.log.report(problems.count_needed(count.span))
        return None
    if not isinstance(amount.type, Whole | Number | Date) and not _is_amount(amount):
        scope.log.report(problems.no_rank_by(by.span, spell(amount.type)))
        return None
    title = f"{name} at {number.value} by {spell_amount(amount, by)}"
    population = ir.Population((), among)
    return ir.InRank(title, True, None, number.value, amount, True, population, span=by.span)


def _is_amount(amount: ir.Expr) -> bool:
    from segrules.lang.types import Instant, Money  # noqa: PLC0415

    return isinstance(amount.type, Money | Share | Instant)


# ---- for the record


def suppressions(file: s.File, symbols: Symbols) -> list[ir.Suppression]:
    """Every suppression, by the set it is about."""
    made: list[ir.Suppression] = []
    for node in file.declarations:
        if not isinstance(node, s.SuppressOf):
            continue
        for found in symbols.sets.values():
            whole = any(name.text == found.name for name in node.names)
            names = tuple(name.text for name in node.names if name.text in found.segments)
            if whole or names:
                scope = Scope(symbols, symbols.tables[found.table])
                test = condition(node.when, scope)
                made.append(
                    ir.Suppression(
                        found.name, () if whole else names, test, node.reason.value, node.span
                    )
                )
    return made


def overrides(file: s.File, symbols: Symbols) -> list[ir.Override]:
    return [
        ir.Override(
            node.of.text,
            tuple(key.value for key in node.keys),
            node.to.text,
            node.until.value,
            node.reason.value,
            node.span,
        )
        for node in file.declarations
        if isinstance(node, s.OverrideOf)
    ]


def targets(file: s.File, symbols: Symbols) -> list[ir.Target]:
    """The target market of each table that has one."""
    made: dict[str, ir.Target] = {}
    for node in file.declarations:
        if not isinstance(node, s.TargetOf):
            continue
        table = symbols.tables.get(node.table.text)
        if table is None or not table.key:
            if node.table.text not in symbols.doubtful:
                near = nearest(node.table.text, symbols.tables)
                problem = (
                    problems.unknown_table(node.table.span, node.table.text, near)
                    if table is None
                    else problems.not_a_main_table(node.table.span, node.table.text)
                )
                symbols.log.report(problem)
            continue
        if table.name in made:
            symbols.log.report(problems.twice(node.span, "target market", table.name))
        test = condition(node.when, Scope(symbols, table))
        reason = node.reason.value if node.reason else ""
        made[table.name] = ir.Target(table.name, test, reason, node.span)
    return list(made.values())
