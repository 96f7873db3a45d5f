"""Assumptions: what was stated and not measured, and what each is used for."""

from __future__ import annotations

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import figures
from segrules.lang.check.agents import RESPONSE
from segrules.lang.check.coerce import exact_value
from segrules.lang.check.expressions import literal
from segrules.lang.check.figures import Kind
from segrules.lang.check.scope import Scope, Symbols
from segrules.lang.types import decimals
from segrules.text import problems

SOURCES = ("data", "experiment", "literature", "judgement")


def outline(file: s.File, symbols: Symbols) -> None:
    """The names of all assumptions, which figures may stand for."""
    for node in file.declarations:
        if isinstance(node, s.AssumeOf):
            symbols.assumed.setdefault(node.name.text, node)


def assumptions(file: s.File, symbols: Symbols) -> None:
    """Every `assume`, with its range in the unit it is used in; all its uses are known by now."""
    for node in file.declarations:
        if isinstance(node, s.AssumeOf):
            name = node.name.text
            if symbols.assumed[name] is not node:
                symbols.log.report(problems.twice(node.name.span, "assumption", name))
                continue
            used = symbols.uses.get(name, ())
            kinds = list(dict.fromkeys(kind for _, kind in used if kind is not None))
            roles = list(dict.fromkeys(kind.role for kind in kinds))
            if len(roles) > 1:
                symbols.log.report(problems.assumption_in_two_roles(node.name.span, name, roles))
            if not used and not symbols.in_doubt:
                symbols.log.report(problems.assumption_unused(node.name.span, name))
            symbols.assumptions[name] = _assumption(node, kinds[0] if kinds else None, symbols)
    for effort in symbols.efforts.values():
        if effort.response == RESPONSE:
            symbols.assumptions[RESPONSE] = ir.Assumption(
                RESPONSE, "How far agents' time follows their pay", "response", 0.0, 1.0,
                "judgement", "not stated: anything from not at all to fully", "", None, effort.span,
            )  # fmt: skip


def _assumption(node: s.AssumeOf, kind: Kind | None, symbols: Symbols) -> ir.Assumption:
    low, high = _range(node, kind, symbols)
    parts = {part.word: part for part in node.evidence}
    source = parts.get("source")
    origin = source.kind.text if source and source.kind else ""
    if origin not in SOURCES:
        place = source.span if source else node.name.span
        symbols.log.report(problems.assumption_source(place, node.name.text, SOURCES))
    if origin == "judgement" and node.high is None:
        symbols.log.report(problems.judgement_without_range(node.low.span, node.name.text))
    lacking = [word for word in ("owner", "until") if word not in parts]
    if lacking:
        symbols.log.report(problems.assumption_incomplete(node.name.span, node.name.text, lacking))
    texts = {
        word: part.value.value for word, part in parts.items() if isinstance(part.value, s.Quote)
    }
    until = parts["until"].value if "until" in parts else None
    return ir.Assumption(
        node.name.text, node.label.value if node.label else "", kind.role if kind else "",
        low, high, origin, texts.get("source", ""), texts.get("owner", ""),
        until.value if isinstance(until, s.DateOf) else None, node.name.span,
    )  # fmt: skip


def _range(node: s.AssumeOf, kind: Kind | None, symbols: Symbols) -> tuple[float, float]:
    """The two ends; money in minor units."""
    scope = Scope(symbols, ir.Table("", "main", "", ()))
    ends = [node.low] if node.high is None else [node.low, node.high]
    low, high = (_plain(part, scope) for part in (ends[0], ends[-1]))
    if low > high:
        symbols.log.report(problems.range_backwards(node.low.span.to(ends[-1].span)))
    if kind is None:
        return low, high
    for end in ends:
        if isinstance(end, s.Percent) and kind.written == "number":
            symbols.log.report(problems.percent_for_number(end.span, node.name.text))
            return (1.0, 1.0) if kind.open else (0.0, 0.0)
    # an amount that is not above its least end is none of the others
    wrong = next((end for end in ends if not kind.allows(_plain(end, scope))), None)
    if wrong is not None and kind.role == "odds":
        symbols.log.report(problems.odds_not_positive(wrong.span, node.name.text))
    elif wrong is not None:
        symbols.log.report(
            problems.figure_out_of_range(
                wrong.span, node.name.text, wrong.span.text, figures.bounds(kind), origin="used"
            )
        )
    if wrong is not None:
        return (1.0, 1.0) if kind.open else (0.0, 0.0)
    scale = 10 ** decimals(symbols.currency) if kind.role == "amount" else 1
    return low * scale, high * scale


def _plain(part: s.Quantity, scope: Scope) -> float:
    if isinstance(part, s.LengthOf):
        scope.log.report(problems.not_a_number(part.span, "a length of time"))
        return 1.0
    return float(exact_value(literal(part, scope)))
