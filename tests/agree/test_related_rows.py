"""Aggregates, windows, derived and dated tables: Polars answers as the reference does."""

from __future__ import annotations

import datetime as dt

import pytest
from agree_worlds import (
    AS_OF,
    ENGINES,
    agree,
    context,
    frame,
    luck_of,
    main_table,
    related_table,
    ruleset,
)

from segrules.backends.polars.plan import prepare
from segrules.backends.reference.rows import visible
from segrules.lang.ir import (
    Aggregate,
    Ago,
    Apply,
    Between,
    Calendar,
    Column,
    Const,
    Expr,
    Feature,
    Gap,
    InLast,
    InNext,
    LastRows,
    Length,
    Period,
    Rows,
    Ruleset,
    Table,
    Until,
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
    "next_14_days": InNext(Length(14, "days")),
    "next_month": InNext(Length(1, "months")),
    "for_ever": InNext(Length(10**6, "months")),
    "this_week": Calendar(Period("week"), previous=False),
    "previous_month": Calendar(Period("month"), previous=True),
    "this_quarter": Calendar(Period("quarter"), previous=False),
    "previous_year": Calendar(Period("year"), previous=True),
    "this_fiscal_year": Calendar(Period("year", (4, 6)), previous=False),
    "previous_fiscal_quarter": Calendar(Period("quarter", (4, 6)), previous=True),
    "until_a_month_ago": Until(Length(1, "months"), None),
    "until_the_end_of_may": Until(None, Period("month")),
    "until_before_there_was_time": Until(Length(10**6, "days"), None),
    "last_row": LastRows(1),
    "last_4_rows": LastRows(4),
}


def orders(kind: str) -> Table:
    columns = {"customer": (Text(), False), "at": (DATED[kind], True), **VALUES}
    return related_table("orders", "customer", columns, of="customers", dated="at")


def lines() -> Table:
    """Rows without dates."""
    columns = {"customer": (Text(), False), **VALUES}
    return related_table("orders", "customer", columns, of="customers")


def _instant(day: dt.date, hour: int, minute: int) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=dt.UTC)


def order_rows(kind: str, seed: int, customers: int = 25) -> list[dict[str, object]]:
    """Dates crowd around the edges of the windows; floats are dyadic, so that sums are exact."""
    luck = luck_of(seed)
    edges = [
        AS_OF, AS_OF - dt.timedelta(30), dt.date(2026, 5, 30), dt.date(2026, 5, 31),
        dt.date(2025, 6, 30), dt.date(2024, 6, 30), dt.date(2026, 1, 1), dt.date(2026, 3, 31),
        dt.date(2026, 6, 1), dt.date(2027, 3, 31), dt.date(2024, 2, 29), dt.date(2026, 7, 14),
        dt.date(2026, 7, 30), dt.date(2026, 6, 29), dt.date(2026, 5, 1), dt.date(2026, 4, 6),
        dt.date(2026, 1, 6), dt.date(2026, 4, 1), dt.date(2025, 12, 31),
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


def aggregates(window, where, among=None) -> list[Aggregate]:
    """Each aggregate of the table on each form it takes."""
    found = []
    rows = Rows("orders", "customer", window, where, among)
    for row in AGGREGATES.values():
        if not row.takes:
            found.append(Aggregate(row.name, rows, None, Whole(0), False))
        for name, (kind, _) in VALUES.items():
            if form(kind) in row.takes:
                result = _result(row.gives, kind)
                # totals beyond 10^15 are missing
                optional = row.empty is None or row.name == "sum"
                found.append(Aggregate(row.name, rows, column(name), result, optional))
    return found


def gaps(window, where, among=None) -> list[Aggregate]:
    """Each aggregate that whole numbers have, of the days between rows."""
    rows = Rows("orders", "customer", window, where, among)
    return [
        Aggregate(row.name, rows, Gap(), _result(row.gives, Gap().type), row.empty is None)
        for row in AGGREGATES.values()
        if "int" in row.takes
    ]


def _result(gives: str | None, kind: Type) -> Type:
    match gives:
        case "int":
            return Whole(0)
        case "float":
            return Number(None, None)
        case _:
            return kind


def world(table: Table, found: list[Expr]) -> Ruleset:
    big = Feature("big", "let", "orders", wheres()["pieces"])
    features = [Feature(f"x{at}", "let", "customers", node) for at, node in enumerate(found)]
    return ruleset([CUSTOMERS, table], [big, *features])


def check(table: Table, found: list[Expr], related: list[dict[str, object]]) -> None:
    customers = [{"id": f"c{at}"} for at in range(26)]
    agree(world(table, found), "customers", {"customers": customers, "orders": related})


@pytest.mark.parametrize(
    ("kind", "where"),
    [("date", "every"), ("date", "both"), ("instant", "open"), ("instant", "pieces")],
)
def test_each_aggregate_in_each_window(kind: str, where: str) -> None:
    related = order_rows(kind, seed=len(where), customers=10)
    for window in WINDOWS.values():
        asked = wheres()[where]
        check(orders(kind), [*aggregates(window, asked), *gaps(window, asked)], related)


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
@pytest.mark.parametrize("kind", DATED)
def test_the_last_rows_among_some(kind: str, count: int) -> None:
    """What is asked before the rows are counted is not what is asked of those counted."""
    found = [
        node
        for among, where in (("open", "pieces"), ("both", "every"), ("pieces", "open"))
        for make in (aggregates, gaps)
        for node in make(LastRows(count), wheres()[where], wheres()[among])
    ]
    check(orders(kind), found, order_rows(kind, 40 + count, customers=10))


@pytest.mark.parametrize("kind", DATED)
def test_among_makes_no_difference_elsewhere(kind: str) -> None:
    window, both = WINDOWS["fixed"], wheres()["both"]
    found = [*aggregates(window, wheres()["pieces"], both), *gaps(window, column("open"), both)]
    check(orders(kind), found, order_rows(kind, 21))


@pytest.mark.parametrize("kind", DATED)
def test_many_windows_in_one_plan(kind: str) -> None:
    found = [
        node
        for name in ("all", "last_month", "next_month", "last_4_rows", "previous_month", "to_come")
        for node in aggregates(WINDOWS[name], column("open"))
    ]
    check(orders(kind), found, order_rows(kind, 11))


def test_rows_without_dates() -> None:
    related = [{k: v for k, v in row.items() if k != "at"} for row in order_rows("date", 12)]
    for where in wheres().values():
        dated = {"first", "last"}
        found = [node for node in aggregates(None, where) if node.how not in dated]
        check(lines(), found, related)


@pytest.mark.parametrize("truth", [True, False, None])
def test_aggregates_of_what_reads_no_column(truth: bool | None) -> None:
    """Constants are aggregated and compared with constants, where a constant holds."""
    values = {
        "amount": 700, "weight": 0.5, "open": True, "item": "a", "due": AS_OF, "channel": "chat",
        "paid_at": _instant(AS_OF, 23, 30),
    }  # fmt: skip
    rows = Rows("orders", "customer", None, Const(truth, Flag()))
    found: list[Expr] = []
    for row in AGGREGATES.values():
        for name, value in values.items():
            kind = VALUES[name][0]
            if form(kind) in row.takes:
                constant, result = Const(value, kind), _result(row.gives, kind)
                optional = row.empty is None or row.name == "sum"
                made = Aggregate(row.name, rows, constant, result, optional)
                found.append(made)
                if form(result) == form(kind):
                    found.append(Apply("eq", (constant, made), Flag(), True))
    check(orders("date"), found, order_rows("date", 17))


def test_no_related_rows() -> None:
    check(orders("date"), [*aggregates(None, None), *gaps(None, None)], [])


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "America/St_Johns", "Pacific/Apia"])
def test_gaps_where_days_are_odd(zone: str) -> None:
    """Clocks that change at midnight repeat or skip part of a day, in Apia a whole one."""
    luck = luck_of(9)
    starts = (dt.datetime(2018, 2, 17, tzinfo=dt.UTC), dt.datetime(2010, 11, 6, tzinfo=dt.UTC),
              dt.datetime(2011, 12, 29, tzinfo=dt.UTC))  # fmt: skip
    related = [
        {"customer": f"c{at % 26}", "at": start + dt.timedelta(minutes=luck.randrange(0, 4000))}
        for start in starts
        for at in range(26 * 6)
    ]
    # in St John's the minute after midnight is followed by the last hour of the day before
    turn = dt.datetime(2010, 11, 7, 2, 29, tzinfo=dt.UTC)
    related += [
        {"customer": f"c{at % 26}", "at": turn + dt.timedelta(seconds=luck.randrange(0, 240))}
        for at in range(26 * 4)
    ]
    rules = world(orders("instant"), gaps(None, None))
    customers = [{"id": f"c{at}"} for at in range(26)]
    where = context(zone=zone)
    found = agree(rules, "customers", {"customers": customers, "orders": related}, where)
    least = next(at for at, node in enumerate(gaps(None, None)) if node.how == "least")
    assert min(found[f"x{least}"]) == 0


def test_a_window_shows_what_it_should() -> None:
    table = orders("instant")
    last = InLast(Length(1, "days"))
    inside = [_instant(dt.date(2026, 6, 29), 23, 0), _instant(dt.date(2026, 6, 30), 22, 59)]
    outside = [_instant(dt.date(2026, 6, 29), 22, 59), _instant(dt.date(2026, 6, 30), 23, 0)]
    rows = [{"at": moment} for moment in [*inside, *outside, None]]
    seen = visible(rows, table, context(), last)
    assert [row["at"] for row in seen] == inside


def test_totals_that_would_wrap_are_missing() -> None:
    rows = Rows("orders", "customer")
    found = [
        Aggregate("sum", rows, column("amount"), Money("GBP"), True),
        Aggregate("mean", rows, column("amount"), Number(None, None), True),
    ]
    # 64-bit integers would come round to 0 exactly
    rest = 2**64 - 18_446 * BOUND
    amounts = [*[BOUND] * 18_446, rest]
    wraps = [{"customer": "c0", "at": AS_OF, "amount": amount} for amount in amounts]
    back = [{"customer": "c1", "at": AS_OF, "amount": sign * BOUND} for sign in (1, -1)] * 5_000
    edge = [{"customer": "c2", "at": AS_OF, "amount": amount} for amount in (BOUND - 1, 1)]
    beyond = [{"customer": "c3", "at": AS_OF, "amount": amount} for amount in (BOUND, 1)]
    customers = [{"id": f"c{at}"} for at in range(5)]
    related = [*wraps, *back, *edge, *beyond]
    rules = world(orders("date"), found)
    answer = agree(rules, "customers", {"customers": customers, "orders": related})
    assert answer["x0"] == [None, 0, BOUND, None, 0]
    assert answer["x1"][0] == 2.0**64 / 18_447


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
    counted = Aggregate("count", Rows("orders", "customer"), None, Whole(0), False)
    rules = ruleset([derived, source], [Feature("n", "let", "customers", counted)])
    rows = [
        {"customer": "b", "at": AS_OF}, {"customer": "a", "at": AS_OF},
        {"customer": "b", "at": AS_OF}, {"customer": "later", "at": dt.date(2026, 7, 1)},
        {"customer": None, "at": AS_OF}, {"customer": "undated", "at": None},
    ]  # fmt: skip
    # in order of first appearance: b, a
    assert agree(rules, "customers", {"orders": rows}) == {"n": [2, 1]}


def test_every_aggregate_is_exercised() -> None:
    assert {node.how for node in aggregates(None, None)} == set(AGGREGATES)


def test_every_kind_of_window_is_exercised() -> None:
    kinds = {InLast, InNext, Ago, Between, Calendar, Until, LastRows, type(None)}
    assert {type(window) for window in WINDOWS.values()} == kinds
