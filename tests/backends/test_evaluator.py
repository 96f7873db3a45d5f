"""The meaning itself, by hand: windows, populations, placements, and what rests on what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

import pytest

from segrules.backends.context import Bounds, Context, seen
from segrules.backends.reach import on_row, reached, steps_needed
from segrules.backends.reference.calibrate import calibrate
from segrules.backends.reference.evaluate import Row, allotted, decide, evaluate
from segrules.backends.reference.rows import Tables, day_of
from segrules.backends.reference.sequences import Moment, gaps
from segrules.lang import ir
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import Date, Enum, Flag, Instant, Link, Text, Type, Whole

AS_OF = dt.date(2026, 6, 30)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def context(calibration: ir.Calibration | None = None, as_of: dt.date = AS_OF) -> Context:
    return Context("Europe/London", as_of, calibration or ir.Calibration(as_of))


def table(name: str, key: str, *columns: ir.TableColumn, **more: object) -> ir.Table:
    return ir.Table(name, "main", key, columns, **more)


def column(name: str, kind: Type, optional: bool = True) -> ir.TableColumn:
    return ir.TableColumn(name, name, kind, optional)


# ---- windows

DAYS, MONTHS = ir.Length(30, "days"), ir.Length(2, "months")
FISCAL = (4, 6)


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        (None, None, "2026-06-30"),
        (ir.InLast(DAYS), "2026-06-01", "2026-06-30"),
        (ir.InLast(MONTHS), "2026-05-01", "2026-06-30"),
        (ir.InLast(ir.Length(10**6, "days")), None, "2026-06-30"),
        (ir.InNext(DAYS), "2026-07-01", "2026-07-30"),
        (ir.InNext(ir.Length(8, "months")), "2026-07-01", "2027-02-28"),
        (ir.InNext(ir.Length(10**6, "months")), "2026-07-01", None),
        (ir.Ago(ir.Length(4, "months"), MONTHS), "2026-03-01", "2026-04-30"),
        (ir.Between(day("2026-01-01"), day("2026-02-01")), "2026-01-01", "2026-02-01"),
        (ir.Between(day("2026-06-01"), day("2027-01-01")), "2026-06-01", "2026-06-30"),
        (ir.Calendar(ir.Period("day"), False), "2026-06-30", "2026-06-30"),
        (ir.Calendar(ir.Period("day"), True), "2026-06-29", "2026-06-29"),
        (ir.Calendar(ir.Period("week"), False), "2026-06-29", "2026-06-30"),
        (ir.Calendar(ir.Period("week"), True), "2026-06-22", "2026-06-28"),
        (ir.Calendar(ir.Period("month"), True), "2026-05-01", "2026-05-31"),
        (ir.Calendar(ir.Period("quarter"), False), "2026-04-01", "2026-06-30"),
        (ir.Calendar(ir.Period("year"), True), "2025-01-01", "2025-12-31"),
        (ir.Calendar(ir.Period("quarter", FISCAL), False), "2026-04-06", "2026-06-30"),
        (ir.Calendar(ir.Period("quarter", FISCAL), True), "2026-01-06", "2026-04-05"),
        (ir.Calendar(ir.Period("quarter", (2, 29)), False), "2026-05-29", "2026-06-30"),
        (ir.Calendar(ir.Period("quarter", (2, 29)), True), "2026-02-28", "2026-05-28"),
        (ir.Calendar(ir.Period("year", FISCAL), False), "2026-04-06", "2026-06-30"),
        (ir.Calendar(ir.Period("year", (7, 1)), False), "2025-07-01", "2026-06-30"),
        (ir.Calendar(ir.Period("year", (7, 1)), True), "2024-07-01", "2025-06-30"),
        (ir.Until(MONTHS, None), None, "2026-04-30"),
        (ir.Until(None, ir.Period("quarter")), None, "2026-03-31"),
        (ir.Until(None, ir.Period("year", FISCAL)), None, "2026-04-05"),
        (ir.LastRows(3), None, "2026-06-30"),
    ],
)
def test_windows(window: ir.Window | None, first: str | None, last: str | None) -> None:
    start = day(first) if first else None
    end = day(last) + dt.timedelta(days=1) if last else None
    assert seen(window, Date(), context()) == Bounds(start, end)
    summer = dt.timedelta(hours=1)
    moments = [
        None
        if edge is None
        # clocks are an hour ahead from the end of March to the end of October
        else dt.datetime(edge.year, edge.month, edge.day, tzinfo=dt.UTC)
        - (summer if 3 < edge.month < 11 else dt.timedelta(0))
        for edge in (start, end)
    ]
    assert seen(window, Instant(), context()) == Bounds(*moments)


@pytest.mark.parametrize(
    ("window", "as_of"),
    [
        (ir.InNext(DAYS), dt.date.max),
        (ir.Ago(ir.Length(10**7, "days"), ir.Length(10**6, "days")), AS_OF),
        (ir.Calendar(ir.Period("year"), True), dt.date.min),
        (ir.Until(None, ir.Period("month")), dt.date.min),
        (ir.Until(ir.Length(10**6, "days"), None), AS_OF),
    ],
)
@pytest.mark.parametrize("kind", [Date(), Instant()])
def test_windows_outside_of_all_time_are_empty(window, as_of, kind) -> None:
    bounds = seen(window, kind, context(as_of=as_of))
    assert bounds.start is not None
    assert bounds.end is not None
    assert bounds.start >= bounds.end


def test_days_in_a_zone() -> None:
    assert day_of(dt.datetime(2026, 6, 30, 23, tzinfo=dt.UTC), "Europe/London") == day("2026-07-01")
    assert day_of(day("2026-06-30"), "Asia/Kathmandu") == day("2026-06-30")
    assert day_of(dt.datetime.max.replace(tzinfo=dt.UTC), "Asia/Kathmandu") == dt.date.max


def test_gaps_are_never_negative() -> None:
    first, second, third = (
        Moment(day(f"2026-06-0{at}"), day(f"2026-06-0{at}")) for at in (1, 4, 9)
    )
    assert gaps([third, first, second, first]) == [5, None, 3, 0]
    assert gaps([]) == []
    # St John's turned its clocks back from a minute past midnight
    early = dt.datetime(2010, 11, 7, 2, 30, 30, tzinfo=dt.UTC)
    moments = [
        Moment(at, day_of(at, "America/St_Johns"))
        for at in (early, early + dt.timedelta(minutes=1))
    ]
    assert moments[0].day > moments[1].day
    assert gaps(moments) == [1, None]


# ---- related rows

CLIENTS = table("clients", "key", column("key", Text(), False))
KIND = Enum(("chat", "phone"))
ROWS = replace(
    table(
        "rows", "", column("of", Text(), False), column("at", Date()), column("n", Whole()),
        column("open", Flag()), column("kind", KIND),
    ),
    kind="related", of="clients", by="of", dated="at",
)  # fmt: skip
N = ir.Column("rows", "n", Whole(), True)
OPEN = ir.Column("rows", "open", Flag(), True)
VIA = ir.Column("rows", "kind", KIND, True)


def made_of(rows: Iterable[tuple[int, ir.Value, ir.Value]], node: ir.Aggregate) -> ir.Value:
    """An aggregate of rows: the day in June, the number, and the kind or the flag."""
    listed = [
        {"of": "a", "at": dt.date(2026, 6, at), "n": n, "open": more, "kind": more}
        for at, n, more in rows
    ]
    world = Tables({"rows": [*listed, {"of": "b", "at": AS_OF, "n": 99, "open": True}]})
    found = ir.Ruleset("test", tables=(CLIENTS, ROWS))
    return evaluate(node, Row("clients", {"key": "a"}, world), found, context())


def over(how: str, value: ir.Expr | None, rows: ir.Rows | None = None) -> ir.Aggregate:
    return ir.Aggregate(how, rows or ir.Rows("rows", "of"), value, Whole(), True)


FIVE = [(4, 7, "phone"), (2, 1, "chat"), (9, 7, "chat"), (3, None, None), (5, 7, "phone")]
HOWS: dict[str, tuple[ir.Value, ir.Value, ir.Value]] = {
    # of the numbers, of the kinds, of no rows
    "count": (5, 5, 0), "count_distinct": (2, 2, 0), "count_same": (3, 2, 0),
    "sum": (22, None, 0), "mean": (5.5, None, None), "median": (7.0, None, None),
    "least": (1, None, None), "greatest": (7, None, None), "first": (1, "chat", None),
    "last": (7, "chat", None), "most_common": (7, "chat", None),
}  # fmt: skip


@pytest.mark.parametrize("how", AGGREGATES)
def test_aggregates(how: str) -> None:
    numbers, kinds, nothing = HOWS[how]
    value = None if how == "count" else N
    assert made_of(FIVE, over(how, value)) == numbers
    assert made_of([], over(how, value)) == nothing
    if "enum" in AGGREGATES[how].takes:
        assert made_of(FIVE, over(how, VIA)) == kinds


def test_ties_of_dates_and_of_counts() -> None:
    tied = [(4, 7, "phone"), (4, 1, "chat"), (4, 3, None)]
    assert [made_of(tied, over(how, N)) for how in ("first", "last", "most_common")] == [1, 7, 1]
    # declared values stand in their order, not in that of the alphabet
    assert [made_of(tied, over(how, VIA)) for how in ("first", "last")] == ["chat", "phone"]


def test_the_last_rows() -> None:
    rows = [(9, 1, True), (7, 2, False), (7, 4, True), (7, 8, None), (5, 16, True), (3, 32, True)]

    def total(count: int, where: ir.Expr | None = None, among: ir.Expr | None = None) -> ir.Value:
        asked = ir.Rows("rows", "of", ir.LastRows(count), where, among)
        return made_of(rows, over("sum", N, asked))

    # all of the seventh are as late as the second of them
    assert [total(count) for count in (1, 2, 3, 4, 5, 6, 7)] == [1, 15, 15, 15, 31, 63, 63]
    # among the open rows only one is of the seventh
    assert [total(count, among=OPEN) for count in (1, 2, 3, 4, 5)] == [1, 5, 21, 53, 53]
    assert [total(count, where=OPEN) for count in (1, 2, 5)] == [1, 5, 21]
    large = ir.Apply("gt", (N, ir.Const(3, Whole())), Flag(), True)
    assert [total(count, large, OPEN) for count in (1, 2, 3)] == [0, 4, 20]


def test_gaps_are_between_the_rows_that_take_part() -> None:
    rows = [(20, 1, True), (1, 1, True), (4, 1, False), (4, 1, True), (6, 1, None)]

    def longest(where: ir.Expr | None, how: str = "greatest") -> ir.Value:
        return made_of(rows, over(how, ir.Gap(), ir.Rows("rows", "of", None, where)))

    assert longest(None) == 14
    assert longest(OPEN) == 16
    assert longest(None, "sum") == longest(OPEN, "sum") == 19
    assert longest(OPEN, "count_distinct") == 2
    assert longest(ir.Const(False, Flag())) is None


# ---- placements and steps

SEGMENTS = Enum(("gold", "silver", "rest"))
PEOPLE = table(
    "people", "key", column("key", Text(), False), column("fee", Whole()), column("good", Flag()),
    column("boss", Link("people")),
)  # fmt: skip
FEE, GOOD = ir.Column("people", "fee", Whole(), True), ir.Column("people", "good", Flag(), True)


def rules(
    features: Iterable[ir.Feature] = (), sets: Iterable[ir.SegmentSet] = (), steps: str = ""
) -> ir.Ruleset:
    return ir.Ruleset(
        "test", zone="Europe/London", tables=(PEOPLE,), features=tuple(features), sets=tuple(sets),
        steps=tuple(steps.split()),
    )  # fmt: skip


def let(name: str, expr: ir.Expr) -> ir.Feature:
    return ir.Feature(name, "let", "people", expr)


def use(name: str, kind: Type) -> ir.Use:
    return ir.Use(name, kind, True)


def more_than(node: ir.Expr, edge: int) -> ir.Expr:
    return ir.Apply("gt", (node, ir.Const(edge, Whole())), Flag(), True)


def sits(segment: str, caps: int | None = None) -> ir.Expr:
    placed = ir.Placed("metal", SEGMENTS, True, caps)
    return ir.Apply("eq", (placed, ir.Const(segment, SEGMENTS)), Flag(), True)


def cap(name: str, segment: str, rest: str, caps: int) -> ir.Cap:
    among = ir.Population((), sits(segment, caps))
    return ir.Cap(segment, rest, ir.InRank(name, True, None, 1, FEE, True, among))


METAL = ir.SegmentSet(
    "metal", "people",
    (ir.Rule("gold", "", more_than(use("double", Whole()), 10)), ir.Rule("silver", "", GOOD)),
    ir.Outcome("rest", ""), None,
    caps=(cap("one", "gold", "silver", 0), cap("two", "silver", "rest", 1)),
)  # fmt: skip
DOUBLE = let("double", ir.Apply("mul", (FEE, ir.Const(2, Whole())), Whole(), True))
IS_GOLD = let("is_gold", sits("gold"))
ABOVE = let(
    "above",
    ir.Linked(ir.Column("people", "boss", Link("people"), True), "people",
              use("is_gold", Flag()), Flag()),
)  # fmt: skip
ALL = rules([DOUBLE, IS_GOLD, ABOVE], [METAL], "double metal is_gold above")


def test_steps_stand_in_order() -> None:
    def named(expr: ir.Expr, given: Iterable[str] = ()) -> list[str]:
        return [step.name for step in steps_needed([expr], "people", ALL, list(given))]

    assert named(use("is_gold", Flag())) == ["double", "metal", "is_gold"]
    assert named(use("is_gold", Flag()), ["metal"]) == ["is_gold"]
    assert named(use("is_gold", Flag()), ["is_gold"]) == []
    # what stands behind a link is evaluated on another row
    assert named(use("above", Flag())) == ["above"]
    assert named(FEE) == []
    assert named(sits("gold")) == ["double", "metal"]
    with pytest.raises(ValueError, match="no steps"):
        named(use("nothing", Flag()))
    with pytest.raises(ValueError, match="is of people"):
        steps_needed([use("double", Flag())], "shops", ALL)


def test_a_placement_rests_on_its_own_caps_only() -> None:
    def ranks(caps: int | None) -> list[str]:
        found = reached([sits("gold", caps)], "people", ALL)["people"]
        return [node.name for node in on_row(found) if isinstance(node, ir.InRank)]

    assert ranks(0) == []
    assert ranks(1) == ["one"]
    assert ranks(2) == ranks(None) == ["one", "two"]


def test_the_most_caps_that_are_asked_about_count() -> None:
    early = let("early", sits("gold", 0))
    above = ir.Linked(
        ir.Column("people", "boss", Link("people"), True), "people", sits("gold"), Flag()
    )
    more = replace(ALL, features=(*ALL.features, early), steps=(*ALL.steps, "early"))
    for asked in ([sits("gold"), use("early", Flag())], [use("early", Flag()), above]):
        found = reached(asked, "people", more)["people"]
        ranks = {node.name for node in on_row(found) if isinstance(node, ir.InRank)}
        assert ranks == {"one", "two"}


def test_what_is_given_is_of_one_row() -> None:
    """Of the row that a link leads to, the same name is not given."""
    found = reached([use("above", Flag()), use("is_gold", Flag())], "people", ALL, ["is_gold"])
    assert DOUBLE.expr in found["people"]
    alone = reached([use("is_gold", Flag())], "people", ALL, ["is_gold"])
    assert DOUBLE.expr not in alone["people"]


def boss_of(key: str, fee: int | None, boss: str | None = None, good: bool | None = False):
    return {"key": key, "fee": fee, "good": good, "boss": boss}


EVERYBODY = [
    boss_of("a", 9, "b"), boss_of("b", 8, "a"), boss_of("c", 7), boss_of("d", 1, "a", None),
    boss_of("e", None, "c", True), boss_of("f", 2, "c", True),
]  # fmt: skip


def test_caps_one_after_the_other() -> None:
    world = Tables({"people": EVERYBODY})
    calibration = calibrate(ALL, world, context())
    assert calibration.frozen == (
        ("one", (((), ir.Cut(3, 9, "a")),)), ("two", (((), ir.Cut(3, 8, "b")),))
    )  # fmt: skip
    where = context(calibration)
    found = [decide(METAL, Row("people", row, world), ALL, where) for row in EVERYBODY]
    assert [(each.segment, each.by) for each in found] == [
        ("gold", "gold"), ("silver", "cap"), ("rest", "cap"), (None, "unsure"),
        # without a fee it is not known whether more than 10, and the cap of silver is unknown
        ("rest", "cap"), ("rest", "cap"),
    ]  # fmt: skip
    assert found[4].truths == (None, True)
    assert found[4].unknown == 1
    early = [decide(METAL, Row("people", row, world), ALL, where, 1) for row in EVERYBODY]
    assert [each.segment for each in early] == [
        "gold",
        "silver",
        "silver",
        None,
        "silver",
        "silver",
    ]
    above = [
        evaluate(use("above", Flag()), Row("people", row, world), ALL, where) for row in EVERYBODY
    ]
    assert above == [False, True, None, True, False, False]


def test_a_set_that_is_not_the_rulesets_own() -> None:
    """Caps ask about the placement by the set that is decided, as without tolerance."""
    everybody = replace(METAL, rules=(replace(METAL.rules[0], condition=ir.Const(True, Flag())),))
    cuts = (("one", ir.Cut(3, 9, "a")), ("two", ir.Cut(1, 8, "b")))
    where = context(ir.Calibration(AS_OF, (), cuts))
    row = Row("people", boss_of("d", 1))
    assert decide(METAL, row, ALL, where).segment == "rest"
    assert decide(everybody, row, ALL, where).by == "cap"
    assert decide(everybody, row, ALL, where, 1).segment == "silver"
    assert decide(everybody, row, ALL, where).segment == "rest"


def test_the_first_rank_that_is_true_allots() -> None:
    among = ir.Population((), sits("rest"))
    best = ir.InRank("best", True, None, 1, FEE, True, among)
    next_best = replace(best, name="next")
    set_ = replace(
        METAL,
        caps=(),
        allotments=(ir.Allotment("rest", ((best, "desk"), (next_best, "phone")), "letter"),),
    )
    found = replace(ALL, sets=(set_,))
    cuts = (("best", ir.Cut(3, 4, "d")), ("next", ir.Cut(3, 2)))
    where = context(ir.Calibration(AS_OF, (), cuts))
    fees = ((4, "desk"), (3, "phone"), (1, "letter"), (9, None), (None, None))
    for fee, target in fees:
        row = Row("people", boss_of("d", fee))
        assert allotted(set_, row, found, where) == target, fee


def test_what_is_given_stands_in() -> None:
    row = Row("people", {"key": "a"}, given={"double": 12})
    assert decide(replace(METAL, caps=()), row, ALL, context()).segment == "gold"
    placed = Row("people", {"key": "a"}, given={"metal": "gold"})
    assert evaluate(use("is_gold", Flag()), placed, ALL, context()) is True
    # who is in which segment before the caps is not said with the last word
    assert evaluate(sits("gold", 0), placed, ALL, context()) is None


def test_long_chains_of_features() -> None:
    features = [let("x0", FEE)]
    for at in range(1, 5000):
        below = use(f"x{at - 1}", Whole())
        features.append(let(f"x{at}", ir.Apply("neg", (below,), Whole(), True)))
    long = rules(features, (), " ".join(each.name for each in features))
    assert evaluate(use("x4999", Whole()), Row("people", {"fee": 3}), long, context()) == -3


def test_ranks_in_a_circle_are_our_mistake() -> None:
    inner = ir.InRank("one", True, None, 1, FEE, True)
    outer = replace(inner, population=ir.Population((), use("x", Flag())))
    circle = rules([let("x", inner), let("y", outer)], (), "x y")
    with pytest.raises(ValueError, match="circle"):
        calibrate(circle, Tables({}), context(), {"people": [use("y", Flag())]})


def test_what_cannot_be_evaluated_is_our_mistake() -> None:
    row = Row("people", {"key": "a"})
    with pytest.raises(ValueError, match="read on a row of people"):
        evaluate(ir.Column("shops", "key", Text(), True), row, ALL, context())
    with pytest.raises(ValueError, match="between rows"):
        evaluate(ir.Gap(), row, ALL, context())
    rows = ir.Rows("people", "boss", ir.InLast(DAYS))
    with pytest.raises(ValueError, match="no dates"):
        evaluate(ir.Aggregate("count", rows, None, ir.COUNT, False), row, ALL, context())
    with pytest.raises(TypeError, match="a condition is a flag"):
        evaluate(ir.Choose(((FEE, FEE),), FEE, Whole(), True), Row("people", {"fee": 1}), ALL,
                 context())  # fmt: skip
