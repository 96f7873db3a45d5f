"""Assigning segments by tables of 12 and of 1,000 rules over five columns, in cells.

2 M rows: two numbers, a whole number and two texts. Every rule is a box: a span of one to three of
the ordered columns and mostly a value of the texts. The peer is a hand-written chain in Polars,
which takes so long for 1,000 rules that it is run on a part of the rows and once; the part is
large enough that the time of a row does not depend on it.
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time
from collections.abc import Callable
from functools import cache, partial

import polars as pl
import pytest

from segrules.backends.context import Context
from segrules.backends.planner import plan
from segrules.backends.polars.first_match import Part, assigned
from segrules.backends.polars.lower import scope_of
from segrules.backends.polars.plan import prepare
from segrules.lang.cells import cells_of
from segrules.lang.ir import (
    Apply,
    Calibration,
    Column,
    Const,
    Expr,
    Outcome,
    Rule,
    Ruleset,
    SegmentSet,
    Table,
    TableColumn,
)
from segrules.lang.types import Flag, Number, Text, Type, Whole
from segrules.segments.matching import Matching

ROWS = 2_000_000
CHAIN_ROWS = 50_000
"""The chain of a thousand holds over 100 kB a row: more rows do not fit into a usual machine."""
ROUNDS = 7
ENGINES = ("in-memory", "streaming")
SEED = 3
KINDS: dict[str, Type] = {
    "spend": Number(), "churn": Number(0.0, 1.0), "tenure": Whole(0, 600), "channel": Text(),
    "country": Text(),
}  # fmt: skip
CHANNELS = [f"channel_{at}" for at in range(8)]
COUNTRIES = [f"land_{at}" for at in range(20)]
STEPS: dict[str, tuple[int, float]] = {"spend": (100, 50.0), "churn": (100, 0.01)}
"""How many steps an ordered column has, and how wide one is; the rules name whole steps."""

Span = tuple[str, float, float]
RuleText = tuple[tuple[Span, ...], dict[str, str]]
PARTS: tuple[Part, ...] = ("segment", "by")


@cache
def customers() -> pl.DataFrame:
    rows = pl.select(pl.int_range(ROWS).alias("row"))
    draw = {name: pl.col("row").hash(SEED + at) for at, name in enumerate(KINDS)}
    part = {name: (each % 1_000_003) / 1_000_003 for name, each in draw.items()}
    return rows.select(
        pl.col("row").cast(pl.String).alias("id"),
        spend=part["spend"] * 5000,
        churn=part["churn"],
        tenure=(part["tenure"] * 400).cast(pl.Int64),
        channel=pl.lit(pl.Series(CHANNELS)).gather(draw["channel"] % len(CHANNELS)),
        country=pl.lit(pl.Series(COUNTRIES)).gather(draw["country"] % len(COUNTRIES)),
    )


@cache
def table_of(count: int) -> tuple[RuleText, ...]:
    luck = random.Random(SEED)  # noqa: S311
    return tuple(_box(luck) for _ in range(count))


def _box(luck: random.Random) -> RuleText:
    spans = []
    for name in luck.sample(["spend", "churn", "tenure"], luck.choice([2, 3])):
        steps, width = STEPS.get(name, (400, 1))
        size = steps * luck.choice([5, 10, 20]) // 100
        low = luck.randrange(steps - size)
        spans.append((name, low * width, (low + size) * width))
    texts = {"channel": luck.choice(CHANNELS)} if luck.random() < 0.7 else {}
    texts |= {"country": luck.choice(COUNTRIES)} if luck.random() < 0.7 else {}
    return tuple(spans), texts


def ruleset(count: int) -> Ruleset:
    columns = [TableColumn("id", "id", Text(), False)]
    columns += [TableColumn(name, name, kind, False) for name, kind in KINDS.items()]
    table = Table("customers", "main", "id", tuple(columns))
    rules = tuple(
        Rule(f"seg_{at}", "", Apply("and", tuple(_tests(each)), Flag(), False))
        for at, each in enumerate(table_of(count))
    )
    found = SegmentSet("segment", "customers", rules, Outcome("rest", ""), None)
    return Ruleset("bench", tables=(table,), sets=(found,), steps=(found.name,))


def _tests(rule: RuleText) -> list[Expr]:
    spans, texts = rule
    tests = [
        _test(name, op, int(edge) if name == "tenure" else edge)
        for name, low, high in spans
        for op, edge in (("ge", low), ("lt", high))
    ]
    return [*tests, *(_test(name, "eq", value) for name, value in texts.items())]


def _test(name: str, op: str, value: float | str) -> Expr:
    column = Column("customers", name, KINDS[name], False)
    return Apply(op, (column, Const(value, KINDS[name])), Flag(), False)


def ours(count: int) -> pl.LazyFrame:
    """The choice is the planner's."""
    rules, day = ruleset(count), dt.date(2026, 6, 30)
    context = Context(rules.zone, day, Calibration(day))
    numbered = Matching(rules, "customers", ROWS)
    frames = {"customers": customers().lazy()}
    frame = prepare(rules, "customers", frames, context, None, numbered)
    scope = scope_of(rules, "customers", context)
    return assigned(frame, rules.sets[0], scope, PARTS, numbered).select("segment", "segment_by")


def by_hand(count: int, rows: int) -> pl.LazyFrame:
    """A chain of `when`s of text, as one writes it."""
    tests = []
    for spans, texts in table_of(count):
        parts = [pl.col(name) >= low for name, low, _ in spans]
        parts += [pl.col(name) < high for name, _, high in spans]
        parts += [pl.col(name) == value for name, value in texts.items()]
        tests.append(pl.all_horizontal(parts))
    columns = {}
    for name, rest in (("segment", "rest"), ("segment_by", "otherwise")):
        chain = pl.lit(rest)
        for at, test in reversed(list(enumerate(tests))):
            chain = pl.when(test).then(pl.lit(f"seg_{at}")).otherwise(chain)
        columns[name] = chain
    return customers().head(rows).lazy().select(**columns)


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _median(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    return statistics.median(_seconds(run) for _ in range(rounds))


def test_a_table_of_rules(benchmark) -> None:
    plans = {count: ours(count) for count in (12, 1000)}
    for each in plans.values():
        each.collect(engine="streaming")
    times: dict[int, list[float]] = {count: [] for count in plans}
    for count in list(plans) * ROUNDS:
        times[count].append(_seconds(lambda count=count: plans[count].collect(engine="streaming")))
    few, many = (statistics.median(times[count]) for count in (12, 1000))
    # the streaming engine takes many times as long for this chain
    hand = by_hand(1000, CHAIN_ROWS)
    expected = hand.collect(engine="in-memory")
    chain = _median(partial(hand.collect, engine="in-memory"), 5) * ROWS / CHAIN_ROWS
    hand_few = by_hand(12, ROWS)
    chain_few = min(_median(partial(hand_few.collect, engine=engine), 5) for engine in ENGINES)
    benchmark.extra_info |= {
        "ours_12_s": round(few, 4),
        "ours_1000_s": round(many, 4),
        "growth": round(many / few, 2),
        "chain_12_s": round(chain_few, 4),
        f"chain_1000_s_from_{CHAIN_ROWS}_rows": round(chain, 2),
        "growth_of_the_chain": round(chain / chain_few, 1),
        "times_polars_text_chain": round(chain / many, 1),
    }
    print(benchmark.extra_info)
    benchmark.pedantic(plans[1000].collect, kwargs={"engine": "streaming"}, rounds=ROUNDS)
    made = plans[1000].head(CHAIN_ROWS).collect(engine="streaming")
    assert made["segment"].cast(pl.String).equals(expected["segment"])
    assert made["segment_by"].cast(pl.String).equals(expected["segment_by"])
    counted = expected["segment"].value_counts()
    # the table is no mere list of rules that never fire
    assert counted.height > 500


@pytest.mark.parametrize("count", [12, 1000])
def test_the_plan_is_cells_over_many_rows(count: int) -> None:
    rules = ruleset(count)
    found = rules.sets[0]
    assert plan(found, 20_000_000, lambda: cells_of(found, rules)).way == "cells"
