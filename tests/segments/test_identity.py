"""Which records become one customer, against a plain oracle and by hand, and who follows them."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity_records import (
    IDENTITY,
    REST,
    SCHEMA,
    Record,
    customers,
    into,
    joined,
    rule,
    table,
)
from polars.testing import assert_frame_equal

from segrules.lang.ir import Identity, Survivor
from segrules.segments.identity.components import components
from segrules.segments.identity.consolidate import Counts, Untrusted, consolidate, follow
from segrules.text.diagnostic import RulesError

# ---- against an oracle


def roots(records: list[Record], keys: Iterable[str], trust: int) -> dict[str, str]:
    """Union-find over a dictionary."""
    parent = {record["id"]: record["id"] for record in records}

    def root(at: str) -> str:
        while parent[at] != at:
            at = parent[at]
        return at

    for column in keys:
        sharing = defaultdict(list)
        for record in records:
            value = record[column]
            if value is not None and str(value).strip():
                sharing[value].append(record["id"])
        for names in sharing.values():
            if len(names) <= trust:
                for left, right in itertools.pairwise(names):
                    first, second = sorted([root(left), root(right)])
                    parent[second] = first
    return {name: root(name) for name in parent}


def survived(each: Survivor, column: str, members: list[Record]) -> Any:
    """What a customer keeps of a column, said plainly."""
    by_key = sorted(members, key=lambda record: record["id"])
    known = [record[column] for record in by_key if record[column] is not None]
    match each.how:
        case "total":
            return sum(known) if known else None
        case "largest":
            return max(known, default=None)
        case "smallest":
            return min(known, default=None)
        case "any":
            return True if any(known) else None if len(known) < len(members) else False
        case "source":
            places = {name: at for at, name in enumerate(each.sources)}
            by_key.sort(key=lambda record: places.get(record["source"], len(places)))
        case "newest" | "oldest":
            dated = [record for record in by_key if record[each.by] is not None]
            dated.sort(key=lambda record: record[each.by].toordinal())
            if each.how == "newest":
                # the reverse of a stable order would turn ties round
                dated.sort(key=lambda record: -record[each.by].toordinal())
            by_key = dated + [record for record in by_key if record[each.by] is None]
    return next((record[column] for record in by_key if record[column] is not None), None)


def merged_plainly(records: list[Record], identity: Identity) -> list[Record]:
    """A customer stands where its surviving record stood."""
    of = roots(records, identity.keys, identity.trust)
    members = defaultdict(list)
    for record in records:
        members[of[record["id"]]].append(record)
    rules = {each.column: each for each in identity.survivors}
    return [
        {"id": record["id"]}
        | {
            name: survived(rules.get(name, identity.rest), name, members[record["id"]])
            for name in SCHEMA
            if name != "id"
        }
        for record in records
        if of[record["id"]] == record["id"]
    ]


def missing_or(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


DAYS = st.integers(1, 4).map(lambda day: dt.date(2026, 1, day))
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.text("aZ10é😀￿-", min_size=1, max_size=3),
            "email": st.sampled_from([None, "", " ", "a", "A", "b", "c", "d", "e"]),
            "phone": missing_or(st.integers(0, 9)),
            "source": missing_or(st.sampled_from(["crm", "ppc", "web"])),
            "seen_on": missing_or(DAYS),
            "margin": missing_or(st.integers(-9, 9)),
            "first_tier": missing_or(st.sampled_from(["gold", "bronze"])),
            "spend": missing_or(st.integers(-(10**12), 10**12)),
            "score": missing_or(st.floats(-100, 100)),
            "born": missing_or(DAYS),
            "vip": missing_or(st.booleans()),
            "tags": missing_or(st.lists(st.sampled_from(["x", "y"]), unique=True)),
        }
    ),
    max_size=24,
    unique_by=lambda record: record["id"],
)


@given(RECORDS, st.integers(1, 5), st.sampled_from(["email", "phone", "both"]))
def test_customers_are_those_of_the_oracle(records: list[Record], trust: int, by: str) -> None:
    keys = ("email", "phone") if by == "both" else (by,)
    identity = replace(IDENTITY, keys=keys, trust=trust)
    found = joined(records, identity)
    of = roots(records, keys, trust)
    assert into(found) == of
    assert found.mapping["key"].to_list() == sorted(of)
    sizes = Counter(of.values())
    several = [size for size in sizes.values() if size > 1]
    assert found.counts == Counts(
        len(records), len(sizes), len(several), sum(several), max(sizes.values(), default=0)
    )
    merged = found.merged.collect()
    assert merged.schema == SCHEMA
    assert merged.to_dicts() == merged_plainly(records, identity)


RESTS = [rule("", "source", None, "web"), rule("", "oldest", "born"), REST]


@given(RECORDS, st.sampled_from(RESTS))
def test_the_rest_follows_its_rule(records: list[Record], rest: Survivor) -> None:
    identity = replace(IDENTITY, survivors=(), rest=rest)
    assert customers(records, identity) == merged_plainly(records, identity)


@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(records: list[Record], chance: random.Random) -> None:
    moved = chance.sample(records, len(records))
    first, second = joined(records), joined(moved)
    assert_frame_equal(first.mapping, second.mapping)
    assert first.counts == second.counts
    assert first.untrusted == second.untrusted
    assert_frame_equal(first.merged.collect().sort("id"), second.merged.collect().sort("id"))


@given(st.integers(1, 40), st.data())
def test_components_are_those_of_the_oracle(count: int, data: st.DataObject) -> None:
    node = st.integers(0, count - 1)
    edges = data.draw(st.lists(st.tuples(node, node), max_size=60))
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    found = components(count, ends[:, 0], ends[:, 1])
    least = list(range(count))
    for _ in range(count):
        for left, right in edges:
            least[left] = least[right] = min(least[left], least[right])
    assert found.tolist() == least


@pytest.mark.parametrize("order", ["along", "against", "mixed", "zigzag"])
def test_a_long_chain_is_one_component(order: str) -> None:
    count = 200_000
    along = np.arange(count, dtype=np.int64)
    nodes = {
        "along": along,
        "against": along[::-1].copy(),
        "mixed": np.random.default_rng(7).permutation(along),
        "zigzag": np.concatenate([along[::2], along[1::2]]).reshape(2, -1).T.ravel(),
    }[order]
    assert not components(count, nodes[:-1], nodes[1:]).any()


# ---- who belongs together


def test_hops_over_several_keys() -> None:
    records = [
        {"id": "d", "phone": 7},
        {"id": "b", "email": "x", "phone": 5},
        {"id": "a", "email": "x"},
        {"id": "c", "email": "y", "phone": 5},
        {"id": "e", "email": "y", "phone": 8},
        {"id": "f", "phone": 8},
    ]
    of = into(joined(records))
    assert of == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "a", "f": "a"}


def test_values_of_different_columns_are_not_compared() -> None:
    identity = replace(IDENTITY, keys=("email", "alias"))
    frame = pl.DataFrame({"id": ["a", "b"], "email": ["x", None], "alias": [None, "x"]})
    found = consolidate(identity, frame.lazy(), "id")
    assert into(found) == {"a": "a", "b": "b"}


def test_missing_and_blank_keys_join_nobody() -> None:
    records = [{"id": f"{at}", "email": each} for at, each in enumerate([None, None, "", "", " "])]
    found = joined([*records, {"id": "9", "email": " "}])
    assert found.counts == Counts(6, 6, 0, 0, 1)
    assert found.untrusted == ()
    assert found.empty == ("email", "phone")


def test_the_limit_of_trust() -> None:
    same = [{"id": f"C{at}", "email": "office"} for at in range(3)]
    assert set(into(joined(same)).values()) == {"C0"}
    crowd = [*same, {"id": "C3", "email": "office", "phone": 1}, {"id": "C4", "phone": 1}]
    found = joined(crowd)
    assert into(found) == {"C0": "C0", "C1": "C1", "C2": "C2", "C3": "C3", "C4": "C3"}
    assert found.untrusted == (Untrusted("email", 1, 4, 4, ("office",)),)


def test_untrusted_keys_are_shown_unless_sensitive() -> None:
    shared = {"b": 4, "a": 4, "few": 3, "d": 4, "c": 6, "e": 4}
    values = [value for value, count in shared.items() for _ in range(count)]
    records = [{"id": f"{at:02}", "email": each} for at, each in enumerate(values)]
    (found,) = joined(records).untrusted
    assert found == Untrusted("email", 5, 22, 6, ("c", "a", "b", "d"))
    (hidden,) = joined(records, sensitive={"email"}).untrusted
    assert hidden == replace(found, examples=())
    (other,) = joined(records, sensitive={"phone"}).untrusted
    assert other == found


def test_unsound_keys_are_refused() -> None:
    with pytest.raises(RulesError) as twice:
        joined([{"id": "a"}, {"id": "b"}, {"id": "a"}])
    assert [each.code for each in twice.value.diagnostics] == ["SEG409"]
    assert "`a`" in twice.value.diagnostics[0].message
    with pytest.raises(RulesError) as hidden:
        joined([{"id": "a"}, {"id": "b"}, {"id": "a"}], sensitive={"id"})
    assert "`a`" not in hidden.value.diagnostics[0].message
    with pytest.raises(RulesError) as keyless:
        joined([{"id": "a"}, {"id": None}])
    assert [each.code for each in keyless.value.diagnostics] == ["SEG410"]
    assert keyless.value.unable


def test_no_records() -> None:
    found = joined([])
    assert found.counts == Counts(0, 0, 0, 0, 0)
    assert found.empty == ()
    assert found.merged.collect().height == 0


# ---- other tables


def test_other_tables_follow() -> None:
    found = joined([{"id": "a", "email": "x"}, {"id": "b", "email": "x"}, {"id": "c"}])
    orders = pl.DataFrame({"of": ["b", "z", None, "c", "a", "b"], "amount": range(6)})
    followed = follow(found.mapping, orders.lazy(), "of").collect()
    assert followed["of"].to_list() == ["a", "z", None, "c", "a", "a"]
    assert followed.columns == orders.columns
    assert_frame_equal(followed.drop("of"), orders.drop("of"))


def test_nothing_to_follow() -> None:
    found = joined([{"id": "a"}, {"id": "b"}])
    orders = pl.DataFrame({"of": ["b", None]})
    assert_frame_equal(follow(found.mapping, orders.lazy(), "of").collect(), orders)


def test_a_table_that_refers_to_itself() -> None:
    frame = table([{"id": "a", "phone": 1}, {"id": "b", "phone": 1}, {"id": "c"}])
    frame = frame.with_columns(parent=pl.Series(["c", None, "b"]))
    found = consolidate(IDENTITY, frame.lazy(), "id")
    followed = follow(found.mapping, found.merged, "parent").collect()
    assert followed.select("id", "parent").rows() == [("a", "c"), ("c", "a")]
