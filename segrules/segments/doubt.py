"""A ruleset told what can be missing in the data at hand although the checker takes it as known.

The checker trusts a declaration without `?`, and that sums stay within bounds; targets take short
cuts where nothing can be missing. Where the data may break the promise, the nodes must say so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from segrules.lang.ir import (
    Aggregate,
    Apply,
    AsOf,
    Choose,
    Column,
    Const,
    Cost,
    Expr,
    Feature,
    Funnel,
    InRank,
    Rows,
    Rule,
    Ruleset,
    SegmentSet,
    Stage,
    Use,
    walk,
)
from segrules.lang.operators import AGGREGATES, OPERATORS, Missing


def with_missing(ruleset: Ruleset, columns: Mapping[str, Collection[str]]) -> Ruleset:
    """The same rules, with these columns (by table) and all that rests on them optional.

    What rests on a sum is optional as well: a sum beyond the bounds is missing.
    """
    if not any(columns.values()) and not any(map(_sums, _expressions(ruleset))):
        return ruleset
    doubt = _Doubt(columns, set())
    features = tuple(doubt.feature(feature) for feature in ruleset.features)
    return replace(
        ruleset,
        features=features,
        sets=tuple(doubt.segment_set(found) for found in ruleset.sets),
        funnels=tuple(doubt.funnel(funnel) for funnel in ruleset.funnels),
    )


def _expressions(ruleset: Ruleset) -> Iterator[Expr]:
    """Every expression that a column or a feature may be read in."""
    yield from (feature.expr for feature in ruleset.features)
    yield from (rule.condition for found in ruleset.sets for rule in found.rules)
    for stage in (stage for funnel in ruleset.funnels for stage in funnel.stages):
        yield from (cost.amount for cost in stage.costs)
        if stage.value:
            yield stage.value


def _sums(expr: Expr) -> bool:
    return any(isinstance(node, Aggregate) and node.how == "sum" for node in walk(expr))


@dataclass(frozen=True, slots=True)
class _Doubt:
    """`features` collects the features which became optional."""

    columns: Mapping[str, Collection[str]]
    features: set[str]

    def feature(self, feature: Feature) -> Feature:
        expr = self.expr(feature.expr)
        if expr.optional:
            self.features.add(feature.name)
        return replace(feature, expr=expr)

    def segment_set(self, found: SegmentSet) -> SegmentSet:
        return replace(found, rules=tuple(self.rule(rule) for rule in found.rules))

    def rule(self, rule: Rule) -> Rule:
        return replace(rule, condition=self.expr(rule.condition))

    def funnel(self, funnel: Funnel) -> Funnel:
        return replace(funnel, stages=tuple(self.stage(stage) for stage in funnel.stages))

    def stage(self, stage: Stage) -> Stage:
        value = self.expr(stage.value) if stage.value else None
        costs = tuple(Cost(cost.name, self.expr(cost.amount)) for cost in stage.costs)
        return replace(stage, value=value, costs=costs)

    def expr(self, node: Expr) -> Expr:
        match node:
            case Const() | AsOf():
                return node
            case Column(table=table, name=name):
                return self._doubtful(node, name in self.columns.get(table, ()))
            case Use(name=name):
                return self._doubtful(node, name in self.features)
            case Apply():
                return self._apply(node)
            case Choose():
                return self._choose(node)
            case Aggregate():
                return self._aggregate(node)
            case InRank():
                by = self.expr(node.by)
                return replace(node, by=by, optional=node.optional or by.optional)

    @staticmethod
    def _doubtful(node: Column | Use, doubtful: bool) -> Expr:
        return replace(node, optional=True) if doubtful else node

    def _apply(self, node: Apply) -> Apply:
        args = tuple(self.expr(arg) for arg in node.args)
        match OPERATORS[node.op].missing:
            case Missing.LOOKS:
                optional = node.optional
            case Missing.FALLBACK:
                optional = node.optional or all(arg.optional for arg in args)
            case Missing.STRICT | Missing.PARTIAL | Missing.KLEENE:
                optional = node.optional or any(arg.optional for arg in args)
        return replace(node, args=args, optional=optional)

    def _choose(self, node: Choose) -> Choose:
        cases = tuple((self.expr(test), self.expr(value)) for test, value in node.cases)
        otherwise = self.expr(node.otherwise)
        parts = [*(part for case in cases for part in case), otherwise]
        optional = node.optional or any(part.optional for part in parts)
        return replace(node, cases=cases, otherwise=otherwise, optional=optional)

    def _aggregate(self, node: Aggregate) -> Aggregate:
        # rows whose value is missing take no part: only a group left without rows can be missing
        where = self.expr(node.rows.where) if node.rows.where else None
        value = self.expr(node.value) if node.value else None
        rows = Rows(node.rows.table, node.rows.window, where)
        beyond = node.how == "sum"
        optional = node.optional or beyond or AGGREGATES[node.how].empty is None
        return replace(node, rows=rows, value=value, optional=optional)
