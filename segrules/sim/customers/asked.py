"""The rows of a table as the engine plays them: what rules ask of other rows is held as it is.

Rules are asked of the row alone each period. A named value that asks other rows (a total, a linked
column) is found once and held, unless it evolves; one that stands inside a condition is given a
name first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segrules.backends.kernel.past import remembered
from segrules.backends.kernel.values import Vector, declared, held_as
from segrules.backends.polars.dtypes import dtype
from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import on_row, set_parts, steps_needed
from segrules.lang.ir import (
    Aggregate,
    Apply,
    Calibrated,
    Choose,
    Column,
    Expr,
    Feature,
    InRank,
    Linked,
    Population,
    Ruleset,
    SegmentSet,
    Statistic,
    Use,
    history_of,
)
from segrules.lang.ir import Sequence as RowSequence
from segrules.lang.types import Set, Type, form
from segrules.segments.assign import Placement, also_calibrated
from segrules.segments.read import reading
from segrules.sim.customers.rules import Rules
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems

_INLINE = ":asked:"
"""Begins the names that are given to what stands inside a condition; no name in rules does."""
_COLUMN = ":column:"

Rewrite = Callable[[Expr], Expr | None]
"""What a node becomes; None leaves it, and what stands below it is looked at."""


@dataclass(frozen=True)
class AskedRows:
    """Rules, and N rows as they stand at as_of.

    `columns` are those that the rules read and those that move, by name; `types` says of what type
    each is. `held` are the named values (and how many unnamed ones) that ask other rows and stay;
    `evolving` those that do not.
    """

    rules: Rules
    keys: tuple[str, ...]
    columns: Mapping[str, Vector]
    types: Mapping[str, Type]
    held: tuple[str, ...]
    unnamed: int
    evolving: frozenset[str] = frozenset()


def asked_rows(placement: Placement, set_name: str, moving: Sequence[str]) -> AskedRows:
    """The rules of a set and the rows of its table; `moving` are columns or named values.

    Raises:
        RulesError: the rules cannot be asked of rows alone, or keys are not sound.
    """
    table = placement.ruleset.table(placement.table)
    named = _named(placement.ruleset, placement.table, set_name)
    evolving = {each for each in moving if table.column(each) is None}
    given = _given(named, placement.table, set_name, evolving)
    rules = Rules(named, placement.table, set_name, placement.context, tuple(sorted(given)))
    answers = {each.column.name for each in rules.remembered}
    types = {each.name: each.type for each in rules.compiled.columns if each.name not in answers}
    for name in moving:
        column = table.column(name)
        types.setdefault(name, column.type if column else named.feature(name).type)
    keys, columns = _read(placement, named, types)
    stay = sorted(given - evolving)
    inline = [each for each in stay if not named_in_rules(each)]
    return AskedRows(
        rules, keys, columns, types, tuple(filter(named_in_rules, stay)), len(inline),
        frozenset(evolving),
    )  # fmt: skip


def named_in_rules(name: str) -> bool:
    """Whether the rules name a value, which otherwise stands inside a condition."""
    return not name.startswith(_INLINE)


# ---- what is held


def _asks(parts: Iterable[Expr]) -> bool:
    return any(isinstance(node, Aggregate | RowSequence | Linked) for node in on_row(parts))


def _parts(found: SegmentSet) -> list[Expr]:
    leaving = [each.leaving for each in found.tolerances if each.leaving is not None]
    return [*set_parts(found), *leaving]


def _given(ruleset: Ruleset, table: str, set_name: str, evolving: set[str]) -> set[str]:
    """The named values that the caller hands over: those that evolve, and those that ask rows."""
    free, _ = remembered(ruleset, table)
    given = set(evolving)
    while True:
        steps = steps_needed(_parts(free.set(set_name)), table, free, given)
        asking = {each.name for each in steps if isinstance(each, Feature) and _asks([each.expr])}
        if asking <= given:
            return given
        given |= asking


def _named(ruleset: Ruleset, table: str, set_name: str) -> Ruleset:
    """The rules with the sets that one rests on, and names for what its conditions ask of rows."""
    steps = steps_needed(_parts(ruleset.set(set_name)), table, ruleset)
    needed = {set_name, *(each.name for each in steps if isinstance(each, SegmentSet))}
    names: dict[Expr, Feature] = {}
    past = history_of(table)

    def use(node: Expr) -> Expr | None:
        if not isinstance(node, Aggregate | RowSequence | Linked):
            return None
        if isinstance(node, Aggregate) and node.rows.table == past:
            return node
        made = names.setdefault(node, Feature(f"{_INLINE}{len(names)}", "let", table, node))
        return Use(made.name, node.type, node.optional)

    sets = tuple(
        _rewritten_set(each, use) if each.table == table else each
        for each in ruleset.sets
        if each.table != table or each.name in needed
    )
    features = tuple(names.values())
    return replace(
        ruleset,
        sets=sets,
        features=(*ruleset.features, *features),
        # what is handed over rests on nothing, so it may stand first
        steps=(*(each.name for each in features), *ruleset.steps),
    )


def _rewritten_set(found: SegmentSet, make: Rewrite) -> SegmentSet:
    rules = tuple(replace(each, condition=_rewritten(each.condition, make)) for each in found.rules)
    ranks = [(each, _rewritten(each.rank, make)) for each in found.caps]
    caps = tuple(replace(each, rank=rank) for each, rank in ranks if isinstance(rank, InRank))
    held = tuple(
        replace(
            each,
            leave=each.leave and _rewritten(each.leave, make),
            leaving=each.leaving and _rewritten(each.leaving, make),
        )
        for each in found.tolerances
    )
    return replace(found, rules=rules, caps=caps, tolerances=held)


def _rewritten(node: Expr, make: Rewrite) -> Expr:
    """An expression with nodes replaced that are evaluated on the row itself."""
    made = make(node)
    if made is not None:
        return made
    match node:
        case Apply(args=args):
            return replace(node, args=tuple(_rewritten(each, make) for each in args))
        case Choose(cases=cases, otherwise=otherwise):
            pairs = tuple((_rewritten(a, make), _rewritten(b, make)) for a, b in cases)
            return replace(node, cases=pairs, otherwise=_rewritten(otherwise, make))
    if not isinstance(node, Calibrated):
        return node
    of = node.population
    among = None if of.among is None else _rewritten(of.among, make)
    population = Population(tuple(_rewritten(each, make) for each in of.same), among)
    if isinstance(node, Statistic):
        value = None if node.value is None else _rewritten(node.value, make)
        return replace(node, value=value, population=population)
    return replace(node, by=_rewritten(node.by, make), population=population)


# ---- rows


def _read(
    placement: Placement, named: Ruleset, types: Mapping[str, Type]
) -> tuple[tuple[str, ...], dict[str, Vector]]:
    """The keys and the columns of the rows."""
    table = placement.ruleset.table(placement.table)
    features = {each.name: each for each in named.features}
    own = [
        Feature(f"{_COLUMN}{name}", "let", table.name,
                Column(table.name, name, kind, optional=True))
        for name, kind in types.items()
        if name not in features
    ]  # fmt: skip
    inline = [features[name] for name in types if name.startswith(_INLINE)]
    ruleset = placement.ruleset.with_features([*own, *inline])
    uses = {
        name: Use(name if name in features else f"{_COLUMN}{name}", kind, optional=True)
        for name, kind in types.items()
    }
    wanted = list(uses.values())
    widened = also_calibrated(replace(placement, ruleset=ruleset), wanted)
    with reading(table.name):
        frame = prepare(ruleset, table.name, widened.frames, widened.context, wanted)
        rows = frame.select(
            pl.col(table.key).alias(":key"),
            **{name: pl.col(feature_column(use.name)) for name, use in uses.items()},
        ).collect(engine="streaming")
    keys = rows[":key"]
    if keys.null_count():
        found = problems.key_missing(table.name, table.key, keys.null_count(), None)
        raise RulesError([found], unable=True)
    if keys.n_unique() != len(keys):
        twice = len(keys) - keys.n_unique()
        raise RulesError([problems.key_twice(table.name, table.key, twice, [], None)], unable=True)
    vectors = {name: vector_of(rows[name], kind) for name, kind in types.items()}
    return tuple(keys.cast(pl.String).to_list()), vectors


def vector_of(series: pl.Series, kind: Type) -> Vector:
    """A column of canonical values as the kernel target holds them."""
    missing = series.is_null().to_numpy() if series.null_count() else None
    if isinstance(kind, Set):
        held = pl.Series([_bits(each, kind) for each in series.to_list()], dtype=pl.UInt64)
        return Vector(held.to_numpy(), missing, kind.values)
    texts = declared(kind)
    if form(kind) in ("text", "enum"):
        plain = series.cast(pl.String)
        texts = texts or tuple(plain.drop_nulls().unique().sort().to_list())
        codes = plain.cast(pl.Enum(texts)).to_physical().cast(pl.Int64)
        return Vector(codes.fill_null(0).to_numpy(), missing, texts)
    if form(kind) in ("date", "instant", "int"):
        whole = series.cast(dtype(kind)).to_physical().cast(pl.Int64)
        return Vector(whole.fill_null(0).to_numpy(), missing)
    if form(kind) == "bool":
        return Vector(series.cast(pl.Boolean).fill_null(value=False).to_numpy(), missing)
    values = series.cast(pl.Float64).fill_null(0.0).to_numpy()
    return Vector(np.ascontiguousarray(values, held_as(kind)), missing)


def _bits(values: Iterable[str] | None, kind: Set) -> int:
    return sum(1 << kind.values.index(each) for each in values or ())
