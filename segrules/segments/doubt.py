"""A ruleset told what can be missing in the data at hand although the checker takes it as known.

The checker trusts a declaration without `?`, and that sums stay within bounds; targets take short
cuts where nothing can be missing. Where the data may break the promise, the nodes must say so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from segrules.backends.reach import conditions
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
    Gap,
    InRank,
    Linked,
    Placed,
    Population,
    Rank,
    Rows,
    Rule,
    Ruleset,
    SegmentSet,
    Sequence,
    Stage,
    Statistic,
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
    doubt = _Doubt(columns, {}, {})
    features = {feature.name: feature for feature in ruleset.features}
    sets = {found.name: found for found in ruleset.sets}
    for name in ruleset.steps:
        if name in features:
            doubt.features[name] = doubt.feature(features[name])
        elif name in sets:
            doubt.sets[name] = doubt.segment_set(sets[name])
    return replace(
        ruleset,
        features=tuple(doubt.features.get(name, each) for name, each in features.items()),
        sets=tuple(doubt.sets.get(name, each) for name, each in sets.items()),
        funnels=tuple(doubt.funnel(funnel) for funnel in ruleset.funnels),
    )


def _expressions(ruleset: Ruleset) -> Iterator[Expr]:
    """Every expression that a column or a feature may be read in."""
    yield from (feature.expr for feature in ruleset.features)
    yield from conditions(ruleset.sets)
    for stage in (stage for funnel in ruleset.funnels for stage in funnel.stages):
        yield from (cost.amount for cost in stage.costs)
        if stage.value:
            yield stage.value


def _sums(expr: Expr) -> bool:
    return any(isinstance(node, Aggregate) and node.how == "sum" for node in walk(expr))


@dataclass(frozen=True, slots=True)
class _Doubt:
    """`features` and `sets` are those settled so far, by name."""

    columns: Mapping[str, Collection[str]]
    features: dict[str, Feature]
    sets: dict[str, SegmentSet]

    def feature(self, feature: Feature) -> Feature:
        return replace(feature, expr=self.expr(feature.expr))

    def segment_set(self, found: SegmentSet) -> SegmentSet:
        """The caps ask for the placement before them, so the rules come first."""
        found = replace(found, rules=tuple(self.rule(rule) for rule in found.rules))
        self.sets[found.name] = found
        held = found.holdout
        return replace(
            found,
            caps=tuple(replace(cap, rank=self.rank(cap.rank)) for cap in found.caps),
            allotments=tuple(
                replace(each, best=tuple((self.rank(rank), to) for rank, to in each.best))
                for each in found.allotments
            ),
            holdout=None if held is None else replace(held, test=self.expr(held.test)),
            tolerances=tuple(
                replace(each, leaving=self.expr(each.leaving)) if each.leaving else each
                for each in found.tolerances
            ),
        )

    def rank(self, node: InRank) -> InRank:
        by, population = self.expr(node.by), self.population(node.population)
        optional = node.optional or by.optional or _in_doubt(population)
        return replace(node, by=by, population=population, optional=optional)

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
            case Const() | AsOf() | Gap():
                return node
            case Column(table=table, name=name):
                return self._doubtful(node, name in self.columns.get(table, ()))
            case Use(name=name):
                return self._doubtful(node, name in self.features and self.features[name].optional)
            case Placed(set=name):
                return self._doubtful(node, name in self.sets and self.sets[name].optional)
            case Linked():
                # a link may lead nowhere whatever the data
                return replace(node, by=self.expr(node.by), value=self.expr(node.value))
            case Apply():
                return self._apply(node)
            case Choose():
                return self._choose(node)
            case Aggregate():
                return self._aggregate(node)
            case Sequence():
                steps = tuple(replace(step, rows=self.rows(step.rows)) for step in node.then)
                last = node.but_no
                but_no = None if last is None else replace(last, rows=self.rows(last.rows))
                return replace(node, first=self.rows(node.first), then=steps, but_no=but_no)
            case InRank():
                return self.rank(node)
            case Rank():
                by, population = self.expr(node.by), self.population(node.population)
                optional = node.optional or by.optional or _in_doubt(population)
                return replace(node, by=by, population=population, optional=optional)
            case Statistic():
                value = None if node.value is None else self.expr(node.value)
                population = self.population(node.population)
                optional = node.optional or _in_doubt(population)
                if value is not None:
                    # a figure of a population may be beyond the bounds, or of nobody
                    optional = optional or value.optional or node.how == "sum"
                return replace(node, value=value, population=population, optional=optional)

    def rows(self, rows: Rows) -> Rows:
        among = self.expr(rows.among) if rows.among else None
        where = self.expr(rows.where) if rows.where else None
        return replace(rows, among=among, where=where)

    def population(self, population: Population) -> Population:
        among = None if population.among is None else self.expr(population.among)
        return Population(tuple(self.expr(each) for each in population.same), among)

    @staticmethod
    def _doubtful(node: Column | Use | Placed, doubtful: bool) -> Expr:
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
        value = self.expr(node.value) if node.value else None
        beyond = node.how == "sum"
        optional = node.optional or beyond or AGGREGATES[node.how].empty is None
        return replace(node, rows=self.rows(node.rows), value=value, optional=optional)


def _in_doubt(population: Population) -> bool:
    return any(part.optional for part in (*population.same, population.among) if part is not None)
