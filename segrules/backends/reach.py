"""What an expression reads of its own row, features followed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from segrules.lang.ir import Aggregate, Expr, Feature, Ruleset, Use, children


def on_row(expressions: Iterable[Expr]) -> Iterator[Expr]:
    """Every node that is evaluated on the row itself: not what stands inside an aggregate."""
    waiting = list(expressions)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Aggregate):
            waiting.extend(reversed(children(node)))


def features_needed(
    expressions: Iterable[Expr], ruleset: Ruleset, given: Collection[str] = ()
) -> tuple[Feature, ...]:
    """The features the expressions rest on, each after those it uses; those given are left out."""
    wanted = _used(expressions) - set(given)
    needed: list[Feature] = []
    # features stand in an order in which each uses only earlier ones
    for feature in reversed(ruleset.features):
        if feature.name in wanted:
            needed.append(feature)
            wanted |= _used([feature.expr]) - set(given)
    return tuple(reversed(needed))


def _used(expressions: Iterable[Expr]) -> set[str]:
    return {node.name for node in on_row(expressions) if isinstance(node, Use)}
