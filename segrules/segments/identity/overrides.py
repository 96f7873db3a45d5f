"""Overrides follow the records that they name: what is decided of a record is of its customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from segrules.lang.ir import Apply, Column, Const, Expr, Ruleset, SegmentSet
from segrules.segments.identity.consolidate import Consolidation


def customers(made: Consolidation, keys: Iterable[str]) -> dict[str, str]:
    """By the key of a record, of those asked for, the key of its customer."""
    wanted = pl.Series("key", sorted(set(keys)), dtype=pl.String)
    return dict(made.mapping.filter(pl.col("key").is_in(wanted.implode())).iter_rows())


def following(ruleset: Ruleset, consolidations: Sequence[Consolidation]) -> Ruleset:
    """The ruleset with overrides of the customers whose records they name.

    Only the rules change: what was declared (`overrides`) stays as it is written.
    """
    if not ruleset.overrides or not consolidations:
        return ruleset
    made = {each.table: each for each in consolidations}
    named: dict[str, set[str]] = {}
    for each in ruleset.overrides:
        named.setdefault(each.of, set()).update(each.keys)
    sets = []
    for found in ruleset.sets:
        placed = found
        if found.table in made and found.name in named:
            placed = _moved(found, ruleset, customers(made[found.table], named[found.name]))
        sets.append(placed)
    return replace(ruleset, sets=tuple(sets))


def _moved(found: SegmentSet, ruleset: Ruleset, into: Mapping[str, str]) -> SegmentSet:
    key = ruleset.table(found.table).key
    rules = tuple(
        replace(rule, condition=_named(rule.condition, key, into))
        if rule.by == "override"
        else rule
        for rule in found.rules
    )
    return replace(found, rules=rules)


def _named(test: Expr, key: str, into: Mapping[str, str]) -> Expr:
    """A test of an override: its list of keys stands in it, at the top or joined by `and`."""
    match test:
        case Apply(op="and", args=args):
            return replace(test, args=tuple(_named(each, key, into) for each in args))
        case Apply(op="in", args=(Column(name=name) as column, *listed)) if name == key:
            moved = dict.fromkeys(_customer(each, into) for each in listed)
            return replace(test, args=(column, *moved))
        case _:
            return test


def _customer(key: Expr, into: Mapping[str, str]) -> Expr:
    if not isinstance(key, Const) or not isinstance(key.value, str):
        return key
    return replace(key, value=into.get(key.value, key.value))
