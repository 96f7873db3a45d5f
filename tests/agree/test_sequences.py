"""What follows what: Polars finds the chains that the reference finds by trying them all."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from agree_worlds import AS_OF, agree, context, luck_of, main_table, related_table, ruleset

from segrules.lang import ir
from segrules.lang.types import Date, Flag, Instant, Text, Type, Whole

EVENTS: dict[str, Type] = {"views": Instant(), "calls": Instant(), "deals": Date()}
KINDS = {"customer": (Text(), False), "size": (Whole(0, 9), True), "open": (Flag(), True)}
CUSTOMERS = main_table("customers", "id", {"id": (Text(), False)})
TABLES = {
    name: related_table(
        name, "customer", {**KINDS, "at": (kind, True)}, of="customers", dated="at"
    )
    for name, kind in EVENTS.items()
}  # fmt: skip
WITHIN = (None, ir.Length(1, "days"), ir.Length(14, "days"), ir.Length(1, "months"))
WINDOWS = (None, None, ir.InLast(ir.Length(2, "months")), ir.LastRows(2),
           ir.InNext(ir.Length(1, "months")), ir.Until(ir.Length(3, "days"), None))  # fmt: skip


def event_rows(seed: int, customers: int = 40) -> dict[str, list[dict[str, ir.Value]]]:
    """Few different moments, so that many rows are of one moment or of one day."""
    luck = luck_of(seed)
    found: dict[str, list[dict[str, ir.Value]]] = {name: [] for name in EVENTS}
    for customer in range(customers):
        for name, kind in EVENTS.items():
            for _ in range(luck.choice([0, 1, 1, 2, 5])):
                day = AS_OF - dt.timedelta(days=luck.choice([-1, 0, 1, 2, 13, 14, 15, 16, 30, 31]))
                # the day of 22:30 UTC in summer is the one of 23:30 in London, the next of 23:30
                moment = dt.datetime(day.year, day.month, day.day, luck.choice([0, 22, 23]), 30,
                                     tzinfo=dt.UTC)  # fmt: skip
                at = None if luck.random() < 0.05 else day if kind == Date() else moment
                row = {"customer": f"c{customer}", "at": at, "size": luck.choice([None, 0, 3])}
                found[name].append(row | {"open": luck.choice([True, True, False, None])})
    return found


def rows_of(luck, name: str) -> ir.Rows:
    flag = ir.Column(name, "open", Flag(), True)
    size = ir.Column(name, "size", Whole(0, 9), True)
    large = ir.Apply("gt", (size, ir.Const(1, Whole())), Flag(), True)
    where, among = luck.choice([None, flag, large]), luck.choice([None, None, None, flag])
    return ir.Rows(name, "customer", luck.choice(WINDOWS), where, among)


def sequences(seed: int, count: int = 25) -> list[ir.Sequence]:
    luck = luck_of(seed)

    def step() -> ir.Step:
        rows = rows_of(luck, luck.choice(list(EVENTS)))
        return ir.Step(rows, luck.choice(WITHIN), luck.random() < 0.5)

    found = []
    for _ in range(count):
        first = rows_of(luck, luck.choice(list(EVENTS)))
        then = tuple(step() for _ in range(luck.choice([0, 1, 1, 2, 3])))
        but_no = step() if not then or luck.random() < 0.6 else None
        optional = but_no is not None and but_no.within is not None
        found.append(ir.Sequence(first, then, but_no, optional))
    return found


def answers(found: list[ir.Sequence], events, zone: str = "Europe/London", as_of: dt.date = AS_OF):
    names = [f"x{at}" for at in range(len(found))]
    features = [
        ir.Feature(name, "let", "customers", node) for name, node in zip(names, found, strict=True)
    ]
    rules = ruleset([CUSTOMERS, *TABLES.values()], features)
    keys = sorted({row["customer"] for rows in events.values() for row in rows} | {"c0"})
    world = {"customers": [{"id": key} for key in keys], **{name: [] for name in EVENTS}, **events}
    return agree(rules, "customers", world, replace(context(zone=zone), as_of=as_of))


@pytest.mark.parametrize("seed", range(8))
def test_any_sequence(seed: int) -> None:
    found = sequences(seed)
    answered = answers(found, event_rows(seed + 100), ("Europe/London", "Asia/Kathmandu")[seed % 2])
    for at, node in enumerate(found):
        assert set(answered[f"x{at}"]) <= ({True, False, None} if node.optional else {True, False})
    assert {value for values in answered.values() for value in values} == {True, False, None}


def test_no_rows_at_all() -> None:
    answered = answers(sequences(3), {})
    assert {value for values in answered.values() for value in values} == {False}


# ---- by hand


def day(number: int) -> dt.date:
    return dt.date(2026, 6, number)


def moment(number: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 6, number, hour, tzinfo=dt.UTC)


def events(views=(), calls=(), deals=()) -> dict[str, list[dict[str, ir.Value]]]:
    named = {"views": views, "calls": calls, "deals": deals}
    return {name: [{"customer": "c0", "at": at} for at in dates] for name, dates in named.items()}


def chain(first: str, *steps: ir.Step, but_no: ir.Step | None = None) -> ir.Sequence:
    optional = but_no is not None and but_no.within is not None
    return ir.Sequence(ir.Rows(first, "customer"), steps, but_no, optional)


def step(name: str, days: int | None = None, later: bool = False) -> ir.Step:
    within = None if days is None else ir.Length(days, "days")
    return ir.Step(ir.Rows(name, "customer"), within, later)


VIEW_CALL = chain("views", step("calls", 14))
VIEW_VIEW = chain("views", step("views", 14, later=True))
VIEW_DEAL = chain("views", step("deals", 14))
LOST = chain("views", step("calls", 14), but_no=step("deals", 10))
NEVER = chain("views", but_no=step("deals"))
THREE = chain("views", step("calls", 5), step("deals", 5))


@pytest.mark.parametrize(
    ("node", "rows", "expected"),
    [
        (VIEW_CALL, events(views=[moment(1)], calls=[moment(15, 22)]), True),
        # 23:30 in London is a day later than in UTC: the fifteenth day
        (VIEW_CALL, events(views=[moment(1)], calls=[moment(15, 23)]), False),
        (VIEW_CALL, events(views=[moment(1, 23)], calls=[moment(15, 23)]), True),
        (VIEW_CALL, events(views=[moment(1)], calls=[moment(1)]), True),
        (VIEW_CALL, events(views=[moment(1, 13)], calls=[moment(1, 12)]), False),
        # the first view is too early for the call, another is not
        (VIEW_CALL, events(views=[moment(1), moment(20)], calls=[moment(25)]), True),
        (VIEW_CALL, events(views=[moment(26), moment(1)], calls=[moment(25)]), False),
        (VIEW_CALL, events(views=[moment(29)], calls=[moment(30, 23)]), False),
        (VIEW_VIEW, events(views=[moment(1)]), False),
        (VIEW_VIEW, events(views=[moment(1), moment(1)]), False),
        (VIEW_VIEW, events(views=[moment(1), moment(1, 13)]), True),
        # a deal is dated by its day only, and so is not before a view of that day
        (VIEW_DEAL, events(views=[moment(1, 21)], deals=[day(1)]), True),
        (VIEW_DEAL, events(views=[moment(1, 23)], deals=[day(1)]), False),
        (VIEW_DEAL, events(views=[moment(1)], deals=[None]), False),
        # the call is ten days before the end of the thirtieth, or nine
        (LOST, events(views=[moment(18)], calls=[moment(20)]), True),
        (LOST, events(views=[moment(18)], calls=[moment(21)]), None),
        (LOST, events(views=[moment(18)], calls=[moment(21)], deals=[day(22)]), False),
        (LOST, events(views=[moment(1)], calls=[moment(2)], deals=[day(12)]), False),
        (LOST, events(views=[moment(1)], calls=[moment(2)], deals=[day(13)]), True),
        (LOST, events(views=[moment(1)], calls=[moment(2)], deals=[day(1)]), True),
        # of two calls one is followed by a deal; the other may yet be
        (LOST, events(views=[moment(1)], calls=[moment(2)], deals=[day(2)]), False),
        (
            LOST,
            events(views=[moment(1), moment(18)], calls=[moment(2), moment(25)], deals=[day(3)]),
            None,
        ),
        (LOST, events(views=[moment(1)], calls=[moment(2), moment(14)], deals=[day(3)]), True),
        (NEVER, events(views=[moment(30)]), True),
        (NEVER, events(views=[moment(1)], deals=[day(30)]), False),
        (NEVER, events(views=[moment(2)], deals=[day(1)]), True),
        (NEVER, events(deals=[day(1)]), False),
        (THREE, events(views=[moment(1)], calls=[moment(6)], deals=[day(11)]), True),
        (THREE, events(views=[moment(1)], calls=[moment(6)], deals=[day(12)]), False),
        # the later call is too late for the view, the earlier one too early for the deal
        (THREE, events(views=[moment(1)], calls=[moment(3), moment(8)], deals=[day(12)]), False),
        (
            THREE,
            events(views=[moment(1), moment(4)], calls=[moment(3), moment(8)], deals=[day(12)]),
            True,
        ),
    ],
)  # fmt: skip
def test_by_hand(node, rows, expected) -> None:
    assert answers([node], rows)["x0"] == [expected]


def test_a_month_after_the_last_day_of_may_is_the_last_of_june() -> None:
    month = ir.Step(ir.Rows("deals", "customer"), ir.Length(1, "months"), later=False)
    node = ir.Sequence(ir.Rows("views", "customer"), (), month, True)
    views = [dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC)]
    assert answers([node], events(views=views))["x0"] == [True]
    assert answers([node], events(views=views, deals=[day(30)]))["x0"] == [False]
    # the end of that month after the first of June is still to come
    assert answers([node], events(views=[moment(1)]))["x0"] == [None]


def test_lengths_beyond_all_dates() -> None:
    far = ir.Length(10**7, "days")
    then = ir.Step(ir.Rows("calls", "customer"), far, later=False)
    but_no = ir.Step(ir.Rows("deals", "customer"), far, later=False)
    rows = events(views=[moment(1)], calls=[moment(29)])
    found = [chain("views", then), ir.Sequence(ir.Rows("views", "customer"), (then,), but_no, True)]
    answered = answers(found, rows)
    assert (answered["x0"], answered["x1"]) == ([True], [None])


@pytest.mark.parametrize("gap", range(20))
def test_the_last_days_there_are(gap: int) -> None:
    """Lengths of time that end after the last day include it."""
    first, second = dt.date.max - dt.timedelta(days=gap), dt.date.max
    rows = {
        "deals": [{"customer": "c0", "at": first, "open": True, "size": 0},
                  {"customer": "c0", "at": second, "open": False, "size": 0}],
    }  # fmt: skip
    flag = ir.Column("deals", "open", Flag(), True)
    opened = ir.Rows("deals", "customer", None, flag)
    closed = ir.Rows("deals", "customer", None, ir.Apply("not", (flag,), Flag(), True))
    step = ir.Step(closed, ir.Length(14, "days"), later=False)
    found = [
        ir.Sequence(opened, (step,), None, False),
        ir.Sequence(opened, (), step, True),
        ir.Sequence(closed, (), step, True),
    ]
    answered = answers(found, rows, as_of=dt.date.max)
    assert answered["x0"] == [gap <= 14]
    assert answered["x1"] == [gap > 14]
    assert answered["x2"] == [False]
