"""Aggregates, windows, derived and dated tables: Polars answers as the reference does."""

from __future__ import annotations

import datetime as dt

import pytest
from agree_worlds import (
    AS_OF,
    ENGINES,
    context,
    frame,
    luck_of,
    main_table,
    related_table,
    ruleset,
    same,
)

from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.backends.reference.evaluate import Row, evaluate, visible
from segrules.lang.ir import (
    Aggregate,
    Ago,
    Apply,
    Between,
    Column,
    Const,
    Expr,
    Feature,
    InLast,
    Length,
    Rows,
    Ruleset,
    Table,
    Use,
)
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import (
    BOUND,
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Text,
    Type,
    Whole,
    form,
)

CHANNEL = Enum(("phone", "chat", "email"))
CUSTOMERS = main_table("customers", "id", {"id": (Text(), False)})
VALUES: dict[str, tuple[Type, bool]] = {
    "item": (Text(), True),
    "pieces": (Whole(0, 9), True),
    "amount": (Money("GBP"), True),
    "weight": (Number(-1e9, 1e9), True),
    "open": (Flag(), True),
    "due": (Date(), True),
    "paid_at": (Instant(), True),
    "channel": (CHANNEL, True),
}
DATED: dict[str, Type] = {"date": Date(), "instant": Instant()}

WINDOWS = {
    "all": None,
    "last_30_days": InLast(Length(30, "days")),
    "last_month": InLast(Length(1, "months")),
    "before": Ago(Length(24, "months"), Length(12, "months")),
    "fixed": Between(dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
    "to_come": Between(dt.date(2026, 6, 1), dt.date(2027, 3, 31)),
    "too_early": InLast(Length(10**6, "days")),
    "never": Ago(Length(10**6, "months"), Length(10**5, "months")),
}


def orders(kind: str) -> Table:
    columns = {"customer": (Text(), False), "at": (DATED[kind], True), **VALUES}
    return related_table("orders", "customer", columns, of="customers", dated="at")


def _instant(day: dt.date, hour: int, minute: int) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=dt.UTC)


def order_rows(kind: str, seed: int, customers: int = 25) -> list[dict[str, object]]:
    """Dates crowd around the edges of the windows; floats are dyadic, so that sums are exact."""
    luck = luck_of(seed)
    edges = [
        AS_OF, AS_OF - dt.timedelta(30), dt.date(2026, 5, 30), dt.date(2026, 5, 31),
        dt.date(2025, 6, 30), dt.date(2024, 6, 30), dt.date(2026, 1, 1), dt.date(2026, 3, 31),
        dt.date(2026, 6, 1), dt.date(2027, 3, 31), dt.date(2024, 2, 29),
    ]  # fmt: skip
    found = []
    for customer in range(customers):
        for _ in range(luck.choice([0, 1, 2, 3, 8, 20])):
            day = luck.choice(edges) + dt.timedelta(luck.choice([-1, 0, 0, 1]))
            moment = _instant(day, luck.choice([0, 22, 23]), luck.choice([0, 59]))
            row: dict[str, object] = {
                "customer": f"c{customer}",
                "at": day if kind == "date" else moment,
                "item": luck.choice(["", "a", "B", "ä", "日本"]),
                "pieces": luck.randint(0, 4),
                "amount": luck.choice([0, 1, -5, 10**15, -(10**15), 700]),
                "weight": luck.choice([0.0, -0.0, 0.5, -1.25, 1024.125, 3.0, 2.0**29]),
                "open": luck.random() < 0.5,
                "due": luck.choice(edges),
                "paid_at": _instant(luck.choice(edges), 23, 30),
                "channel": luck.choice(CHANNEL.values),
            }
            optional = [name for name in row if name != "customer" and luck.random() < 0.15]
            found.append(row | dict.fromkeys(optional))
    luck.shuffle(found)
    return found


def column(name: str) -> Column:
    return Column("orders", name, *VALUES[name])


def wheres() -> dict[str, Expr | None]:
    pieces = Apply("ge", (column("pieces"), Const(2, Whole())), Flag(), True)
    return {
        "every": None,
        "open": column("open"),
        "both": Apply("and", (Use("big", Flag(), True), column("open")), Flag(), True),
        "pieces": pieces,
    }


def aggregates(window, where) -> list[Aggregate]:
    """Each aggregate of the table on each form it takes."""
    found = []
    rows = Rows("orders", window, where)
    for row in AGGREGATES.values():
        if not row.takes:
            found.append(Aggregate(row.name, rows, None, Whole(0), False))
        for name, (kind, _) in VALUES.items():
            if form(kind) in row.takes:
                result = _result(row.gives, kind)
                found.append(Aggregate(row.name, rows, column(name), result, row.empty is None))
    return found


def _result(gives: str | None, kind: Type) -> Type:
    match gives:
        case "int":
            return Whole(0)
        case "float":
            return Number(None, None)
        case _:
            return kind


def world(kind: str, found: list[Aggregate]) -> Ruleset:
    big = Feature("big", "let", "orders", wheres()["pieces"])
    features = [Feature(f"x{at}", "let", "customers", node) for at, node in enumerate(found)]
    return ruleset([CUSTOMERS, orders(kind)], [big, *features])


def check(rules: Ruleset, related: list[dict[str, object]]) -> None:
    customers = [{"id": f"c{at}"} for at in range(26)]
    table = rules.table("orders")
    names = [feature.name for feature in rules.features_of("customers")]
    wanted = [Use(name, rules.feature(name).type, True) for name in names]
    expected = []
    for customer in customers:
        mine = [row for row in related if row["customer"] == customer["id"]]
        row = Row(customer, {"orders": mine}, table="customers")
        expected.append([evaluate(use, row, rules, context()) for use in wanted])
    frames = {"customers": frame(CUSTOMERS, customers), "orders": frame(table, related)}
    plan = prepare(rules, "customers", frames, context(), wanted)
    for engine in ENGINES:
        answer = plan.select([feature_column(name) for name in names]).collect(engine=engine)
        for customer, want, got in zip(customers, expected, answer.rows(), strict=True):
            for name, left, right in zip(names, want, got, strict=True):
                assert same(left, right), (engine, customer, rules.feature(name).expr, left, right)


@pytest.mark.parametrize("where", wheres())
@pytest.mark.parametrize("kind", DATED)
def test_each_aggregate_in_each_window(kind: str, where: str) -> None:
    related = order_rows(kind, seed=len(where))
    for window in WINDOWS.values():
        check(world(kind, aggregates(window, wheres()[where])), related)


@pytest.mark.parametrize("kind", DATED)
def test_many_windows_in_one_plan(kind: str) -> None:
    found = [
        node for window in list(WINDOWS.values())[:5] for node in aggregates(window, column("open"))
    ]
    check(world(kind, found), order_rows(kind, 11))


def test_no_related_rows() -> None:
    check(world("date", aggregates(None, None)), [])


def test_a_window_shows_what_it_should() -> None:
    table = orders("instant")
    last = Rows("orders", InLast(Length(1, "days")))
    inside = [_instant(dt.date(2026, 6, 29), 23, 0), _instant(dt.date(2026, 6, 30), 22, 59)]
    outside = [_instant(dt.date(2026, 6, 29), 22, 59), _instant(dt.date(2026, 6, 30), 23, 0)]
    rows = [{"at": moment} for moment in [*inside, *outside, None]]
    seen = visible(rows, table, context(), last.window)
    assert [row["at"] for row in seen] == inside


def test_totals_that_would_wrap_are_missing() -> None:
    found = [
        Aggregate("sum", Rows("orders"), column("amount"), Money("GBP"), True),
        Aggregate("mean", Rows("orders"), column("amount"), Number(None, None), True),
    ]
    # 64-bit integers would come round to 0 exactly
    rest = 2**64 - 18_446 * BOUND
    amounts = [*[BOUND] * 18_446, rest]
    wraps = [{"customer": "c0", "at": AS_OF, "amount": amount} for amount in amounts]
    back = [{"customer": "c1", "at": AS_OF, "amount": sign * BOUND} for sign in (1, -1)] * 5_000
    edge = [{"customer": "c2", "at": AS_OF, "amount": amount} for amount in (BOUND - 1, 1)]
    beyond = [{"customer": "c3", "at": AS_OF, "amount": amount} for amount in (BOUND, 1)]
    rules = world("date", found)
    related = [*wraps, *back, *edge, *beyond]
    check(rules, related)
    frames = {
        "customers": frame(CUSTOMERS, [{"id": f"c{at}"} for at in range(5)]),
        "orders": frame(rules.table("orders"), related),
    }
    wanted = [Use("x0", Money("GBP"), True), Use("x1", Number(None, None), True)]
    answer = prepare(rules, "customers", frames, context(), wanted).collect()
    assert answer["let:x0"].to_list() == [None, 0, BOUND, None, 0]
    assert answer["let:x1"].to_list()[0] == 2.0**64 / 18_447


# ---- dated and derived tables


@pytest.mark.parametrize("kind", DATED)
def test_a_dated_main_table(kind: str) -> None:
    table = main_table(
        "leads", "id", {"id": (Text(), False), "at": (DATED[kind], True)}, dated="at"
    )
    rows = [row | {"id": f"{place}"} for place, row in enumerate(order_rows(kind, 5)) if place < 80]
    rules = ruleset([table])
    expected = [row["id"] for row in visible(rows, table, context())]
    assert 0 < len(expected) < len(rows)
    for engine in ENGINES:
        plan = prepare(rules, "leads", {"leads": frame(table, rows)}, context())
        assert plan.collect(engine=engine)["id"].to_list() == expected


def test_a_derived_table_has_a_row_a_distinct_key() -> None:
    source = orders("date")
    derived = Table("customers", "derived", "id", CUSTOMERS.columns, source="orders")
    count = Feature(
        "n", "let", "customers", Aggregate("count", Rows("orders"), None, Whole(0), False)
    )
    rules = ruleset([derived, source], [count])
    rows = [
        {"customer": "b", "at": AS_OF}, {"customer": "a", "at": AS_OF},
        {"customer": "b", "at": AS_OF}, {"customer": "later", "at": dt.date(2026, 7, 1)},
        {"customer": None, "at": AS_OF}, {"customer": "undated", "at": None},
    ]  # fmt: skip
    for engine in ENGINES:
        plan = prepare(
            rules,
            "customers",
            {"orders": frame(source, rows)},
            context(),
            [Use("n", Whole(0), False)],
        )
        answer = plan.select("id", feature_column("n")).collect(engine=engine).sort("id")
        assert answer.rows() == [("a", 1), ("b", 2)]


def test_every_aggregate_is_exercised() -> None:
    assert {node.how for node in aggregates(None, None)} == set(AGGREGATES)
