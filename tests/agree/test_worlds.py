"""Tables that belong and refer to each other: whole rulesets made by chance agree on every row."""

from __future__ import annotations

import datetime as dt

import pytest
from agree_maker import COLUMNS, KEYS, SMALL, TABLES, Maker, world
from agree_worlds import agree, agree_placed, context
from test_ranks import frozen_alike

from segrules.lang import ir
from segrules.lang.types import Flag, Form, Link, Whole

FORMS: tuple[Form, ...] = ("bool", "bool", "int", "int", "text", "date", "enum", "float", "set",
                           "instant")  # fmt: skip
SEEDS = (*range(25), 1073)


def made(seed: int) -> Maker:
    maker = Maker(seed)
    for at in range(20):
        table = maker.luck.choice([*KEYS, "customers", "customers"])
        maker.feature(table, maker.luck.choice(FORMS))
        if at % 4 == 3:
            maker.set(maker.luck.choice(["customers", "agents"]))
    return maker


@pytest.mark.parametrize("seed", SEEDS)
def test_any_ruleset(seed: int) -> None:
    rules, rows = made(seed).ruleset(), world(seed)
    where = context(frozen_alike(rules, rows))
    for table in KEYS:
        agree(rules, table, rows, where)
    for found in rules.sets:
        # the others test only what their features say
        if found.name.startswith("s"):
            agree_placed(rules, found, rows, where)


def test_every_kind_of_node_is_made() -> None:
    nodes = [
        node for seed in SEEDS for feature in made(seed).features for node in ir.walk(feature.expr)
    ]
    kinds = {type(node) for node in nodes}
    assert kinds == set(ir.Expr.__args__)
    windows = {type(node.rows.window) for node in nodes if isinstance(node, ir.Aggregate)}
    assert windows == {*ir.Window.__args__, type(None)}
    links = {node.by.type.table for node in nodes if isinstance(node, ir.Linked)}
    assert links == {"regions", "agents", "shops"}
    related = {node.rows.table for node in nodes if isinstance(node, ir.Aggregate)}
    assert related == set(COLUMNS) - {"regions", "shops"}
    deep = [
        node
        for node in nodes
        if isinstance(node, ir.Aggregate)
        and any(isinstance(part, ir.Aggregate) for below in ir.children(node)
                for part in ir.walk(below))
    ]  # fmt: skip
    assert deep


# ---- by hand


def column(table: str, name: str) -> ir.Column:
    return ir.Column(table, name, *COLUMNS[table][name])


def answer(table: str, node: ir.Expr, rows: dict[str, list[dict[str, ir.Value]]]) -> list[ir.Value]:
    """What both say on every row."""
    from agree_worlds import ruleset

    rules = ruleset(TABLES.values(), [ir.Feature("x", "let", table, node)])
    full = {name: rows.get(name, []) for name in TABLES if TABLES[name].kind != "derived"}
    return agree(rules, table, full)["x"]


def test_a_link_reads_the_row_it_leads_to() -> None:
    agents = [{"id": "a1", "skill": 4}, {"id": "a2", "skill": None}]
    customers = [
        {"id": f"k{at}", "agent": agent} for at, agent in enumerate(["a1", "a2", "a3", None])
    ]
    rows = {"agents": agents, "customers": customers}
    link, skill = column("customers", "agent"), column("agents", "skill")
    assert answer("customers", ir.Linked(link, "agents", skill, SMALL), rows) == [
        4,
        None,
        None,
        None,
    ]
    lacks = ir.Apply("is_missing", (skill,), Flag(), False)
    # what the link does not lead to says nothing, not even that it lacks something
    found = answer("customers", ir.Linked(link, "agents", lacks, Flag()), rows)
    assert found == [False, True, None, None]


def test_rows_after_as_of_are_not_seen_through_a_link() -> None:
    opened = [dt.date(2026, 6, 30), dt.date(2026, 7, 1), None]
    regions = [{"id": f"r{at}", "opened": day, "rank": at} for at, day in enumerate(opened)]
    agents = [{"id": f"a{at}", "region": f"r{at}"} for at in range(3)]
    node = ir.Linked(column("agents", "region"), "regions", column("regions", "rank"), SMALL)
    rows = {"regions": regions, "agents": agents}
    assert answer("agents", node, rows) == [0, None, None]
    assert answer("regions", column("regions", "rank"), rows) == [0]


def test_a_link_to_a_derived_table_leads_to_keys_that_were_seen() -> None:
    visits = [
        {"customer": "k0", "shop": "s0", "on": dt.date(2026, 6, 1)},
        {"customer": "k0", "shop": "s1", "on": dt.date(2026, 7, 1)},
        {"customer": "k0", "shop": "s0", "on": dt.date(2026, 6, 2)},
    ]
    customers = [{"id": f"k{at}", "shop": f"s{at}"} for at in range(3)]
    visited = ir.Aggregate("count", ir.Rows("visits", "shop"), None, Whole(0), False)
    node = ir.Linked(column("customers", "shop"), "shops", visited, Whole(0))
    assert answer("customers", node, {"visits": visits, "customers": customers}) == [2, None, None]


def test_rows_of_a_main_table_belong_by_their_link() -> None:
    customers = [
        {"id": "k0", "agent": "a0", "second": "a1", "pieces": 3},
        {"id": "k1", "agent": "a0", "second": None, "pieces": 4},
    ]
    rows = {"agents": [{"id": "a0"}, {"id": "a1"}], "customers": customers}
    for by, expected in (("agent", [7, 0]), ("second", [0, 3])):
        asked = ir.Rows("customers", by)
        node = ir.Aggregate("sum", asked, column("customers", "pieces"), Whole(), False)
        assert answer("agents", node, rows) == expected


def test_rows_of_rows_and_a_link_back() -> None:
    """Of each customer's orders those with more pieces than the customer's agent has skill."""
    inside = ir.Aggregate(
        "sum", ir.Rows("lines", "order"), column("lines", "pieces"), Whole(), False
    )
    link = column("orders", "customer")
    skill = ir.Linked(column("customers", "agent"), "agents", column("agents", "skill"), SMALL)
    back = ir.Linked(link, "customers", skill, SMALL)
    more = ir.Apply("gt", (inside, back), Flag(), True)
    node = ir.Aggregate("count", ir.Rows("orders", "customer", None, more), None, Whole(0), False)
    at = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    rows = {
        "agents": [{"id": "a0", "skill": 2}],
        "customers": [{"id": "k0", "agent": "a0"}, {"id": "k1", "agent": None}],
        "orders": [
            {"order": name, "customer": customer, "at": at}
            for name, customer in (("o0", "k0"), ("o1", "k0"), ("o2", "k0"), ("o3", "k1"))
        ],
        "lines": [
            {"order": name, "pieces": pieces}
            for name, pieces in (("o0", 1), ("o0", 2), ("o1", 2), ("o3", 9))
        ],
    }
    assert answer("customers", node, rows) == [1, 0]


def test_the_past_is_rows_like_others() -> None:
    past = ir.history_of("customers")
    stored = [
        {"id": "k0", "as_of": dt.date(2026, month, 28), "tier": tier}
        for month, tier in ((3, "gold"), (4, "silver"), (5, "silver"))
    ]
    rows = {"customers": [{"id": "k0"}, {"id": "k1"}], past: stored}
    tier = column(past, "tier")

    def last(window: ir.Window | None) -> list[ir.Value]:
        asked = ir.Rows(past, "id", window)
        return answer("customers", ir.Aggregate("last", asked, tier, tier.type, True), rows)

    assert last(None) == ["silver", None]
    assert last(ir.Until(ir.Length(3, "months"), None)) == ["gold", None]
    assert last(ir.Until(None, ir.Period("quarter"))) == ["gold", None]
    assert last(ir.Until(ir.Length(4, "months"), None)) == [None, None]


def test_links_of_a_table_to_itself() -> None:
    agents = [
        {"id": f"a{at}", "boss": boss, "skill": at}
        for at, boss in enumerate(["a1", "a2", "a0", "a3", None])
    ]
    boss = column("agents", "boss")
    assert boss.type == Link("agents")
    above = ir.Linked(boss, "agents", column("agents", "skill"), SMALL)
    twice = ir.Linked(boss, "agents", above, SMALL)
    assert answer("agents", above, {"agents": agents}) == [1, 2, 0, 3, None]
    assert answer("agents", twice, {"agents": agents}) == [2, 0, 1, 3, None]
