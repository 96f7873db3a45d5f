"""Personas and claims: fixtures to try rules on, and what is held to be true of a set."""

from __future__ import annotations

from collections.abc import Iterable

from segrules.lang import ir, spelling
from segrules.lang import syntax as s
from segrules.lang.check.examples import value_under
from segrules.lang.check.expressions import condition, name
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.check.segments import find_set
from segrules.lang.types import Flag, Money, Number, Share, Whole, spell
from segrules.text import problems


def persona_names(file: s.File) -> frozenset[str]:
    """Names that stand for fixtures, which no rule can read."""
    return frozenset(node.name.text for node in file.declarations if isinstance(node, s.PersonaOf))


def personas(file: s.File, symbols: Symbols) -> list[ir.Persona]:
    """Every persona, with values of one table: the first that has all of its names."""
    made: dict[str, ir.Persona] = {}
    for node in file.declarations:
        if not isinstance(node, s.PersonaOf):
            continue
        if node.name.text in made:
            symbols.log.report(problems.twice(node.name.span, "persona", node.name.text))
            continue
        table = _table(node, symbols)
        if table is None:
            continue
        scope = Scope(symbols, table)
        given = tuple(
            (each.name.text, value_under(each.name, each.value, scope)) for each in node.settings
        )
        label = node.label.value if node.label else ""
        made[node.name.text] = ir.Persona(node.name.text, label, table.name, given, node.name.span)
    return list(made.values())


def _table(node: s.PersonaOf, symbols: Symbols) -> ir.Table | None:
    keyed = [table for table in symbols.tables.values() if table.kind in ("main", "derived")]
    by_fit = sorted(keyed, key=lambda table: -_readable(node, Scope(symbols, table)))
    if not by_fit and not symbols.doubtful:
        symbols.log.report(problems.no_table(node.name.span))
    return by_fit[0] if by_fit else None


def _readable(node: s.PersonaOf, scope: Scope) -> int:
    known = scope.names()
    return sum(each.name.text in known for each in node.settings)


def claims(
    file: s.File, symbols: Symbols, known: Iterable[ir.Persona]
) -> list[ir.Claims]:  # fmt: skip
    """Every block of claims."""
    made: list[ir.Claims] = []
    fixtures = {persona.name: persona for persona in known}
    for node in file.declarations:
        if isinstance(node, s.ClaimsOf):
            found = find_set(node.of, symbols)
            if found is not None:
                held = [_claim(each, found, fixtures, symbols) for each in node.claims]
                sound = tuple(each for each in held if each is not None)
                made.append(ir.Claims(found.name, sound))
    return made


def _claim(
    node: s.Claim, found: ir.SegmentSet, fixtures: dict[str, ir.Persona], symbols: Symbols
) -> ir.Claim | None:
    scope = Scope(symbols, symbols.tables[found.table], outcomes=True, member_of=found.name)
    match node:
        case s.NeverClaim():
            test = condition(node.condition, scope)
            if is_unclear(test):
                return None
            return ir.NeverClaim(test, spelling.expression(node.condition), node.span)
        case s.MoreClaim():
            return _more(node, found, scope)
        case s.ShareClaim():
            known = (*found.segments, *found.deciders)
            if not _known(node.segment, known, found, symbols):
                return None
            on = node.on.text if node.on else None
            return ir.ShareClaim(
                node.segment.text, node.word == "under", node.share.value, on, node.span
            )
        case s.PersonaClaim():
            if not _known(node.segment, found.segments, found, symbols):
                return None
            return _persona(node, found, fixtures, symbols)
        case s.FlappingClaim():
            if not found.tolerances and not symbols.doubtful:
                symbols.log.report(problems.no_tolerance(node.span, found.name))
            return ir.FlappingClaim(node.span)
        case s.TopClaim():
            return _top(node, scope)


def _known(
    name: s.Name, known: Iterable[str], found: ir.SegmentSet, symbols: Symbols
) -> bool:  # fmt: skip
    if name.text in known:
        return True
    if name.text not in symbols.doubtful:
        near = nearest(name.text, known)
        symbols.log.report(problems.unknown_segment(name.span, name.text, found.name, near))
    return False


def _more(node: s.MoreClaim, found: ir.SegmentSet, scope: Scope) -> ir.Claim | None:
    amount = name(node.more, scope)
    if node.lowers.text != found.name:
        scope.log.report(problems.claim_of_other(node.lowers.span, node.lowers.text, found.name))
        return None
    if not found.ladder:
        scope.log.report(problems.no_ladder(node.span, found.name))
        return None
    if is_unclear(amount):
        return None
    if not isinstance(amount, ir.Column | ir.Use) or not isinstance(
        amount.type, Whole | Number | Money | Share | Flag
    ):
        scope.log.report(problems.not_a_number(node.more.span, spell(amount.type)))
        return None
    return ir.MoreClaim(node.more.text, node.span)


def _persona(
    node: s.PersonaClaim,
    found: ir.SegmentSet,
    fixtures: dict[str, ir.Persona],
    symbols: Symbols,
) -> ir.Claim | None:
    persona = fixtures.get(node.persona.text)
    if persona is None:
        if node.persona.text not in symbols.doubtful:
            near = nearest(node.persona.text, fixtures)
            symbols.log.report(problems.unknown_persona(node.persona.span, node.persona.text, near))
        return None
    if persona.table != found.table:
        symbols.log.report(
            problems.of_another_table(node.persona.span, persona.name, persona.table, found.table)
        )
        return None
    return ir.PersonaClaim(persona.name, node.segment.text, node.span)


def _top(node: s.TopClaim, scope: Scope) -> ir.Claim | None:
    amounts = [name(each, scope) for each in (node.by, node.of)]
    if is_unclear(*amounts):
        return None
    for written, amount in zip((node.by, node.of), amounts, strict=True):
        if not isinstance(amount.type, Whole | Number | Money):
            scope.log.report(problems.not_a_number(written.span, spell(amount.type)))
            return None
    counted = not isinstance(node.quota, s.Percent)
    quota = node.quota
    if isinstance(quota, s.Name):
        knob = scope.symbols.knobs.get(quota.text)
        if knob is None or isinstance(knob.value, ir.Length):
            near = nearest(quota.text, scope.symbols.knobs)
            scope.log.report(
                problems.unknown_column(quota.span, quota.text, scope.table.name, near)
            )
            return None
        counted, value = not knob.percent, knob.value
    else:
        value = quota.value
    on = node.on.text if node.on else None
    return ir.TopClaim(
        value, counted, node.by.text, node.share.value, node.of.text, on, node.span
    )  # fmt: skip
