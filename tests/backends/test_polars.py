"""What Polars does beside agreeing with the reference: what streams, is held, named and frozen."""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256

import polars as pl
import pytest

from segrules.backends.context import Context
from segrules.backends.polars import dates
from segrules.backends.polars.calibrate import calibrate, survey
from segrules.backends.polars.dtypes import dtype
from segrules.backends.polars.first_match import assigned, column_name
from segrules.backends.polars.lower import Scope, feature_column, lower, scope_of
from segrules.backends.polars.names import node_column
from segrules.backends.polars.plan import prepare
from segrules.backends.polars.recall import recalled
from segrules.backends.reach import placing
from segrules.backends.reference.evaluate import Row, evaluate
from segrules.backends.reference.rows import Tables
from segrules.lang.ir import (
    Aggregate,
    Apply,
    Calibration,
    Cap,
    Column,
    Const,
    Cut,
    Expr,
    Feature,
    Figure,
    Gap,
    InLast,
    InRank,
    LastRows,
    Length,
    Linked,
    Outcome,
    Placed,
    Population,
    Rank,
    Rows,
    Rule,
    Ruleset,
    SegmentSet,
    Sequence,
    Statistic,
    Step,
    Table,
    TableColumn,
    Use,
)
from segrules.lang.types import BOUND, Date, Enum, Flag, Instant, Link, Number, Set, Text, Whole

DAY = dt.date(2026, 6, 30)
REGION = Enum(("north", "south"))
COLUMNS = {
    "people": {"key": Text(), "region": REGION, "boss": Link("people"), "size": Whole()},
    "orders": {"person": Text(), "on": Date(), "kind": Text(), "amount": Whole()},
    "calls": {"person": Text(), "at": Instant(), "kind": Text()},
}


def table(name: str, kind: str, **more: str) -> Table:
    columns = (
        TableColumn(column, column, each, column != "key") for column, each in COLUMNS[name].items()
    )
    return Table(name, kind, more.pop("key", ""), tuple(columns), **more)


TABLES = (
    table("people", "main", key="key"),
    table("orders", "related", of="people", by="person", dated="on"),
    table("calls", "related", of="people", by="person", dated="at"),
)


def rules(features: tuple[Feature, ...] = (), sets: tuple[SegmentSet, ...] = (), steps=None):
    steps = steps or tuple(each.name for each in (*features, *sets))
    return Ruleset(
        "test", zone="Europe/London", tables=TABLES, features=features, sets=sets, steps=steps
    )


def column(of: str, name: str) -> Column:
    return Column(of, name, COLUMNS[of][name], name != "key")


def kind_is(of: str, word: str) -> Expr:
    return Apply("eq", (column(of, "kind"), Const(word, Text())), Flag(), True)


def context(calibration: Calibration | None = None, zone: str = "Europe/London") -> Context:
    return Context(zone, DAY, calibration or Calibration(DAY))


def frames(**rows: list[tuple[object, ...]]) -> dict[str, pl.LazyFrame]:
    found = {}
    for name, columns in COLUMNS.items():
        schema = {column: dtype(kind) for column, kind in columns.items()}
        found[name] = pl.DataFrame(rows.get(name, []), schema=schema, orient="row").lazy()
    return found


def some_frames() -> dict[str, pl.LazyFrame]:
    """Rows in no order: what is sorted, Polars treats otherwise."""
    keys = ["p1", "p0", "p2"]
    moment = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    return frames(
        people=[(key, None, "p0", 1) for key in keys],
        orders=[(key, DAY - dt.timedelta(at), "a", at) for at, key in enumerate(keys * 2)],
        calls=[(key, moment, "b") for key in keys],
    )


def physical(plan: pl.LazyFrame) -> list[str]:
    """The kinds of steps that the streaming engine takes."""
    graph = plan.show_graph(engine="streaming", plan_stage="physical", raw_output=True, show=False)
    return re.findall(r'label="([a-z-]+)', str(graph))


# ---- what streams

KNOWN = Aggregate("sum", Rows("orders", "person"), column("orders", "amount"), Whole(), True)
FOLLOWED = Sequence(
    Rows("orders", "person", None, kind_is("orders", "a")),
    (Step(Rows("orders", "person", None, kind_is("orders", "b")), Length(14, "days"), True),),
    Step(Rows("calls", "person"), Length(1, "months"), False),
    True,
)
IN_MEMORY = {"in-memory-map", "in-memory-join"}
STREAMS: dict[str, Expr] = {
    "sum": KNOWN,
    "last": replace(KNOWN, how="last"),
    "latest rows": replace(KNOWN, rows=Rows("orders", "person", LastRows(3))),
    "gaps": Aggregate("mean", Rows("orders", "person"), Gap(), Number(), True),
    "sequence": FOLLOWED,
    "link": Linked(column("people", "boss"), "people", KNOWN, Whole()),
}


@pytest.mark.parametrize("name", STREAMS)
def test_what_streams(name: str) -> None:
    found = rules((Feature("x", "let", "people", STREAMS[name]),))
    plan = prepare(found, "people", some_frames(), context(), [Use("x", STREAMS[name].type, True)])
    steps = physical(plan.select("key", feature_column("x")))
    assert "equi-join" in steps
    assert not [step for step in steps if step in IN_MEMORY]


def test_what_does_not_stream_stands_apart() -> None:
    median = replace(KNOWN, how="median", type=Number())
    found = rules(
        (Feature("x", "let", "people", KNOWN), Feature("y", "let", "people", median)),
    )
    wanted = [Use("x", Whole(), True), Use("y", Number(), True)]
    plan = prepare(found, "people", some_frames(), context(), wanted)
    steps = physical(plan.select(feature_column("x"), feature_column("y")))
    assert [step for step in steps if step in IN_MEMORY] == ["in-memory-map"]
    assert "group-by" in steps


def test_a_sequence_does_not_look_at_every_pair() -> None:
    many = 60_000
    day = dt.date(2020, 1, 1)
    orders = [("p", day + dt.timedelta(at % 1000), "ab"[at % 2], 1) for at in range(many)]
    plan = prepare(
        rules(), "people", frames(people=[("p", None, None, 1)], orders=orders), context(),
        [replace(FOLLOWED, but_no=None)],
    )  # fmt: skip
    began = time.process_time()
    answer = plan.select(node_column(replace(FOLLOWED, but_no=None))).collect(engine="streaming")
    assert answer.item() is True
    # all pairs would be 900 million
    assert time.process_time() - began < 5


# ---- clocks


def test_where_a_later_instant_has_an_earlier_date() -> None:
    assert dates.turns_back("America/St_Johns")
    for zone in ("UTC", "Europe/London", "America/Sao_Paulo", "Pacific/Apia"):
        assert not dates.turns_back(zone)


def test_sequences_in_st_johns() -> None:
    """The minute after midnight is followed by the last hour of the day before."""
    turn = dt.datetime(2010, 11, 7, 2, 31, tzinfo=dt.UTC)
    moments = [turn + dt.timedelta(seconds=each) for each in (-3700, -45, -30, 0, 30, 3500, 3700)]
    later = [moment + dt.timedelta(days) for moment in moments for days in (1, 2)]
    people, calls = [], []
    for first in moments:
        for second in [*moments, *later]:
            person = f"p{len(people)}"
            people.append((person, None, None, 1))
            calls += [(person, first, "a"), (person, second, "b")]
    for at, length in enumerate((Length(0, "days"), Length(1, "days"), Length(1, "months"))):
        then = Step(Rows("calls", "person", None, kind_is("calls", "b")), length, at % 2 == 0)
        first = Rows("calls", "person", None, kind_is("calls", "a"))
        for node in (Sequence(first, (then,), None, False), Sequence(first, (), then, True)):
            where = context(zone="America/St_Johns")
            made = prepare(rules(), "people", frames(people=people, calls=calls), where, [node])
            answer = made.select("key", node_column(node)).collect(engine="streaming")
            rows = [dict(zip(COLUMNS["calls"], row, strict=True)) for row in calls]
            world = Tables({"calls": rows})
            for key, got in answer.rows():
                assert got is evaluate(node, Row("people", {"key": key}, world), rules(), where)


# ---- names


def test_columns_are_named_by_what_they_mean() -> None:
    written = Const(1, Whole(), written="knob")
    more = Apply("ge", (column("orders", "amount"), written), Flag(), True)
    same = Apply("ge", (column("orders", "amount"), Const(1, Whole())), Flag(), True)
    asked = [replace(KNOWN, rows=Rows("orders", "person", None, each)) for each in (more, same)]
    assert asked[0] == asked[1]
    assert node_column(asked[0]) == node_column(asked[1])
    names = {node_column(each) for each in [*STREAMS.values(), *asked]}
    assert len(names) == len(STREAMS) + 1
    negative = [Const(zero, Number()) for zero in (0.0, -0.0)]
    tests = [Apply("ge", (column("orders", "amount"), each), Flag(), True) for each in negative]
    zeros = [replace(KNOWN, rows=Rows("orders", "person", None, each)) for each in tests]
    assert len({node_column(each) for each in zeros}) == 2


# ---- what is held


def ranked() -> tuple[Ruleset, dict[str, pl.LazyFrame]]:
    """A rank by a sum, a sum gathered with it, a median apart, and one that rests on the rank."""
    recent = replace(KNOWN, rows=Rows("orders", "person", InLast(Length(90, "days"))))
    median = replace(KNOWN, how="median", type=Number())
    rank = InRank("top", True, Fraction(1, 3), None, Use("spent", Whole(), True), True)
    top = Apply("if_missing", (rank, Const(False, Flag())), Flag(), False)
    bosses = Linked(column("orders", "person"), "people", Use("top", Flag(), False), Flag())
    after = replace(KNOWN, rows=Rows("orders", "person", None, bosses))
    features = (
        Feature("spent", "let", "people", KNOWN),
        Feature("recent", "let", "people", recent),
        Feature("middle", "let", "people", median),
        Feature("top", "let", "people", top),
        Feature("after", "let", "people", after),
    )
    many = Apply("gt", (Use("recent", Whole(), True), Const(5, Whole())), Flag(), True)
    fair = Apply("gt", (Use("middle", Number(), True), Const(2.0, Number())), Flag(), True)
    best = Apply("gt", (Use("after", Whole(), True), Const(0, Whole())), Flag(), True)
    found = SegmentSet(
        "s", "people",
        (Rule("best", "", best), Rule("top", "", Use("top", Flag(), False)),
         Rule("many", "", many), Rule("fair", "", fair)),
        Outcome("rest", ""), Outcome("unsure", ""),
    )  # fmt: skip
    orders = [(f"p{at % 7}", DAY - dt.timedelta(at * 5), "a", at * 13 % 11) for at in range(60)]
    data = frames(people=[(f"p{at}", None, None, at) for at in range(9)], orders=orders)
    return rules(features, (found,)), data


def placed(found: Ruleset, data: dict[str, pl.LazyFrame], where: Context) -> pl.DataFrame:
    rows = prepare(found, "people", data, where)
    made = assigned(rows, found.sets[0], scope_of(found, "people", where))
    return made.select("key", "s", "s_by", "s_unknown").collect(engine="streaming")


def test_what_is_held_makes_no_difference() -> None:
    found, data = ranked()
    more = recalled(found, data, context(), {"people": placing(found, "people")})
    calibration = calibrate(found, data, context())
    assert calibrate(found, more, context()) == calibration
    expected = placed(found, data, context(calibration))
    assert placed(found, more, context(calibration)).equals(expected)
    assert expected["s_by"].n_unique() > 2
    # and it is used: without the rows it stands for
    without = {**more, "orders": frames()["orders"]}
    assert calibrate(found, without, context()).frozen == calibration.frozen


def test_only_what_ranks_ask_for_is_held() -> None:
    found, data = ranked()
    wanted = {"people": placing(found, "people")}
    more = recalled(found, data, context(), wanted)
    (name,) = more.keys() - data.keys()
    held = set(more[name].collect_schema().names())
    spent, recent = (node_column(found.feature(name).expr) for name in ("spent", "recent"))
    assert held == {"key", f"{spent}:0", f"{recent}:0"}
    frozen = context(calibrate(found, data, context()))
    assert recalled(found, data, frozen, wanted).keys() == data.keys()


def test_rows_before_every_window_are_not_read() -> None:
    windows = [InLast(Length(days, "days")) for days in (30, 90)]
    asked = [replace(KNOWN, rows=Rows("orders", "person", window)) for window in windows]
    people = [("p0", None, None, 1), ("p1", None, None, 1)]
    orders = [("p0", DAY - dt.timedelta(days), "a", days) for days in (0, 29, 30, 89, 90, -1)]
    plan = prepare(rules(), "people", frames(people=people, orders=orders), context(), asked)
    made = plan.select("key", *map(node_column, asked))
    assert made.collect().rows() == [("p0", 29, 148), ("p1", 0, 0)]
    assert "2026-04-02" in made.explain()


# ---- what is frozen


def test_a_population_is_known_by_its_keys_in_any_order() -> None:
    keys = pl.Series(["b", "ä", "a"])
    made = survey("people", keys)
    assert (made.table, made.rows) == ("people", 3)
    assert made.hash == sha256("a\0b\0ä\0".encode()).hexdigest()
    assert survey("people", keys.reverse()) == made
    assert survey("people", pl.Series(["a", "b"])).hash != made.hash
    many = pl.Series([f"{at:06}" for at in range(250_000)])
    assert (
        survey("people", many).hash
        == sha256("".join(f"{key}\0" for key in many).encode()).hexdigest()
    )


def test_populations_are_those_that_were_compared() -> None:
    found, data = ranked()
    made = calibrate(found, data, context())
    assert [(each.table, each.rows) for each in made.populations] == [("people", 9)]
    kept = calibrate(found, frames(), context(made))
    assert kept == made


def frozen(node: InRank | Statistic | Rank, amounts: list[object], kind=None):
    people = [(f"p{at:02}", None, None, amount) for at, amount in enumerate(amounts)]
    wanted = {"people": [node]}
    made = calibrate(rules(), frames(people=people), context(), wanted)
    return made.at(node.name)


def test_totals_beyond_64_bits() -> None:
    size = column("people", "size")
    amounts = [2**62, 2**62, 2**62, 5]
    making = InRank("m", True, Fraction(2, 3), None, size, True, making=True)
    assert frozen(making, amounts) == Cut(4, 2**62, "p02")
    less = replace(making, share=Fraction(2 * 2**62, 3 * 2**62 + 5))
    assert frozen(less, amounts) == Cut(4, 2**62, "p01")
    mean = Statistic("f", "mean", None, size, Population(), Number(), True)
    assert frozen(mean, amounts) == Figure(4, float(3 * 2**62 + 5) / 4)
    assert frozen(replace(mean, how="sum"), amounts) == Figure(4, None)
    assert frozen(replace(mean, how="sum"), [BOUND, -1, 1]) == Figure(3, BOUND)


def test_making_of_doubles_is_exact() -> None:
    """Added in doubles, one more never makes 2^53 more."""
    number = Apply("to_number", (column("people", "size"),), Number(), True)
    share = Fraction(2**53 + 1, 2**53 + 3)
    making = InRank("m", True, share, None, number, True, making=True)
    assert frozen(making, [2**53, 1, 1, 1]) == Cut(4, 1.0, "p01")
    assert frozen(replace(making, share=Fraction(1)), [2**53, 1, 1, 1]) == Cut(4, 1.0, "p03")
    assert frozen(making, [1, -1]) == Cut(2, 1.0, key="")


def test_a_group_that_is_no_longer_declared_is_nobodys() -> None:
    size = column("people", "size")
    same = Population((column("people", "region"),))
    count = Statistic("n", "count", None, None, same, Whole(0), True)
    top = InRank("t", True, None, 1, size, True, same)
    made = Calibration(
        DAY,
        (
            ("n", ((("east",), Figure(7, 7)), (("north",), Figure(2, 2)))),
            ("t", ((("east",), Cut(7, 1, "a")), (("north",), Cut(2, 5, "p0")))),
        ),
    )
    where = context(made)
    data = frames(
        people=[("p0", "north", None, 5), ("p1", "south", None, 5), ("p2", None, None, 5)]
    )
    plan = prepare(rules(), "people", data, where, [count, top])
    scope = Scope(where, TABLES[0])
    answer = plan.select(n=lower(count, scope), t=lower(top, scope)).collect()
    assert answer.rows() == [(2, True), (0, None), (None, None)]


# ---- placements


def test_caps_without_a_look_at_the_placement() -> None:
    """The rank of a cap may be over everyone: then no column holds the placement before it."""
    size = column("people", "size")
    many = Apply("ge", (size, Const(2, Whole())), Flag(), True)
    caps = tuple(
        Cap(segment, rest, InRank(f"c{at}", True, None, count, size, True))
        for at, (segment, count, rest) in enumerate((("a", 3, "b"), ("b", 4, "rest")))
    )
    found = SegmentSet(
        "s", "people", (Rule("a", "", many), Rule("b", "", Const(True, Flag()))),
        Outcome("rest", ""), Outcome("unsure", ""), caps=caps,
    )  # fmt: skip
    world = rules((), (found,))
    data = frames(people=[(f"p{at}", None, None, at) for at in range(6)])
    where = context(calibrate(world, data, context()))
    answer = placed(world, data, where)
    assert answer["s"].to_list() == ["rest", "rest", "b", "a", "a", "a"]
    assert answer["s_by"].to_list() == ["cap", "cap", "cap", "a", "a", "a"]
    final = Placed("s", found.type, False)
    plan = prepare(world, "people", data, where, [final])
    kept = plan.select(lower(final, Scope(where, TABLES[0]))).collect().to_series()
    assert kept.to_list() == answer["s"].to_list()


def test_one_part_alone() -> None:
    found, data = ranked()
    where = context(calibrate(found, data, context()))
    whole = placed(found, data, where)
    for part in ("segment", "by", "unknown"):
        name = column_name(found.sets[0], part)
        rows = prepare(found, "people", data, where)
        alone = assigned(rows, found.sets[0], scope_of(found, "people", where), [part])
        assert alone.select(name).collect().to_series().to_list() == whole[name].to_list()


# ---- our mistakes


def test_our_mistakes_are_raised() -> None:
    scope = Scope(context(), TABLES[0])
    with pytest.raises(ValueError, match="gap"):
        lower(Gap(), scope)
    text = Const("(", Text())
    with pytest.raises(ValueError, match="pattern"):
        lower(Apply("matches", (column("people", "key"), text), Flag(), False), scope)
    same = Population((column("people", "region"),))
    by_group = Statistic("n", "count", None, None, same, Whole(0), True)
    with pytest.raises(KeyError):
        prepare(rules(), "people", frames(), context(), [by_group])
    windowed = replace(KNOWN, rows=Rows("people", "boss", InLast(Length(1, "days"))))
    with pytest.raises(ValueError, match="dates"):
        prepare(rules(), "people", frames(), context(), [windowed])


# ---- Polars as it is


def test_a_literal_before_a_column_of_one_value() -> None:
    """Polars 2.1 answers one row for it, so comparisons put literals last."""
    one = Feature("one", "let", "people", Const(1, Whole()))
    data = frames(people=[(f"p{at}", None, None, at) for at in range(3)])
    for op, expected in (("lt", False), ("le", True), ("eq", True), ("ne", False), ("gt", False)):
        test = Apply(op, (Const(1, Whole()), Use("one", Whole(), False)), Flag(), False)
        plan = prepare(rules((one,)), "people", data, context(), [test])
        for engine in ("in-memory", "streaming"):
            answer = plan.select("key", x=lower(test, Scope(context(), TABLES[0])))
            assert answer.collect(engine=engine)["x"].to_list() == [expected] * 3


def test_a_set_as_a_literal() -> None:
    kind = Set(("a", "b", "c"))
    held = Const(frozenset({"c", "a"}), kind)
    scope = Scope(context(), TABLES[0])
    assert pl.select(lower(held, scope)).item().to_list() == ["a", "c"]
    has = Apply("has_any", (held, Const("c", Enum(kind.values))), Flag(), False)
    assert pl.select(lower(has, scope)).item() is True
