"""Deciding one record by 12 rules over numbers and text, beside its peers; a table of 1,000 rules.

Ours, from a dict, against the same rules written by hand in Python (with the same guards for
missing values, and decisions made beforehand), the Rust package of CEL and zen-engine. All answers
are checked equal. Contestants take turns; numbers are medians.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import cel
import pytest
import zen
from test_assign import KINDS, RULES, ruleset

from segrules.backends.record import program
from segrules.lang.ir import (
    Apply,
    Calibration,
    Column,
    Const,
    Outcome,
    Rule,
    Ruleset,
    SegmentSet,
    Table,
    TableColumn,
)
from segrules.lang.types import Date, Enum, Flag, Number, Text, Type, Whole
from segrules.runtime import Decision, build

ROUNDS = 9
RECORDS = 1_000
DAY = dt.date(2026, 6, 30)

Record = Mapping[str, Any]


@cache
def records(missing: bool) -> tuple[dict[str, Any], ...]:
    """Uniform draws, spend exponential with mean 900; with `missing` a twentieth is None."""
    luck = random.Random(7)  # noqa: S311
    return tuple(_record(luck, missing) for _ in range(RECORDS))


def _record(luck: random.Random, missing: bool) -> dict[str, Any]:
    made = {
        "spend": luck.expovariate(1 / 900),
        "churn": luck.random(),
        "tenure": luck.randrange(400),
        "orders": luck.randrange(60),
        "channel": luck.choice(["web", "phone", "branch", "email"]),
        "country": luck.choice(["GB", "DE", "FR", "ES", "IT", "PL"]),
        "tariff": luck.choice(["basic", "plus", "premium"]),
    }
    return {
        name: None if missing and luck.random() < 0.05 else value for name, value in made.items()
    }


# ---- by hand

DECISIONS = {name: Decision("segment", name, name, False) for name, _ in RULES}
REST = Decision("segment", "rest", "otherwise", False)
UNSURE = Decision("segment", "unsure", "unsure", True)
(FRAUD, VIP, VIP_RISK, WHALE, NEW, FAST, DIGITAL, BRANCH, RISK, LOYAL, EXPORT, PREMIUM) = (
    DECISIONS.values()
)


def by_hand(record: Record) -> Decision:
    """The rules as one writes them, each value that may be missing guarded."""
    spend, churn, tenure = record["spend"], record["churn"], record["tenure"]
    orders, channel = record["orders"], record["channel"]
    country, tariff = record["country"], record["tariff"]
    if country == "PL" and churn is not None and churn > 0.97:
        return FRAUD
    if spend is not None and spend >= 3500 and tariff == "premium":
        return VIP
    if spend is not None and spend >= 3000 and churn is not None and churn > 0.8:
        return VIP_RISK
    if spend is not None and spend >= 4000:
        return WHALE
    if tenure is not None and tenure < 3:
        return NEW
    if tenure is not None and tenure < 24 and orders is not None and orders >= 30:
        return FAST
    if channel in ("web", "email") and orders is not None and orders >= 45:
        return DIGITAL
    if channel == "branch" and tenure is not None and tenure >= 240:
        return BRANCH
    if churn is not None and churn > 0.9:
        return RISK
    if tenure is not None and tenure >= 300 and orders is not None and orders >= 10:
        return LOYAL
    if country in ("DE", "FR") and spend is not None and spend >= 1500:
        return EXPORT
    if tariff == "premium" and orders is not None and orders >= 20:
        return PREMIUM
    if (
        ((country is None or country == "PL") and (churn is None or churn > 0.97))
        or ((spend is None or spend >= 3500) and (tariff is None or tariff == "premium"))
        or ((spend is None or spend >= 3000) and (churn is None or churn > 0.8))
        or (spend is None or spend >= 4000)
        or (tenure is None or tenure < 3)
        or ((tenure is None or tenure < 24) and (orders is None or orders >= 30))
        or ((channel is None or channel in ("web", "email")) and (orders is None or orders >= 45))
        or ((channel is None or channel == "branch") and (tenure is None or tenure >= 240))
        or (churn is None or churn > 0.9)
        or ((tenure is None or tenure >= 300) and (orders is None or orders >= 10))
        or ((country is None or country in ("DE", "FR")) and (spend is None or spend >= 1500))
        or ((tariff is None or tariff == "premium") and (orders is None or orders >= 20))
    ):
        return UNSURE
    return REST


# ---- the peers

SIGNS = {"eq": "==", "gt": ">", "ge": ">=", "lt": "<"}


def by_cel() -> Callable[[Record], str]:
    """A chain of conditions, compiled once; CEL keeps whole numbers and doubles apart."""
    chain = '"rest"'
    for segment, tests in reversed(RULES):
        chain = f'({" && ".join(_cel_test(*test) for test in tests)}) ? "{segment}" : ({chain})'
    compiled = cel.compile(chain)
    return lambda record: str(compiled.execute(record))


def _cel_test(column: str, op: str, values: tuple[Any, ...]) -> str:
    if op == "in":
        return f"{column} in {json.dumps(values)}"
    return f"{column} {SIGNS[op]} {json.dumps(values[0])}"


def by_zen() -> Callable[[Record], str]:
    """A decision table that gives the first row that is met."""
    rows = [{"_id": "rest", "segment": '"rest"', **dict.fromkeys(KINDS, "")}]
    for segment, tests in reversed(RULES):
        row = {"_id": segment, "segment": f'"{segment}"', **dict.fromkeys(KINDS, "")}
        row |= {column: _zen_test(op, values) for column, op, values in tests}
        rows.insert(0, row)
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in KINDS],
        "outputs": [{"id": "segment", "name": "segment", "field": "segment"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "content": {}},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
        {"id": "out", "type": "outputNode", "name": "out", "content": {}},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    return lambda record: str(decision.evaluate(record)["result"]["segment"])


def _zen_test(op: str, values: tuple[Any, ...]) -> str:
    if op in ("eq", "in"):
        return ", ".join(json.dumps(value) for value in values)
    return f"{SIGNS[op]} {json.dumps(values[0])}"


# ---- the race


def medians(
    runs: Mapping[str, Callable[[Record], object]], over: Sequence[Record]
) -> dict[str, float]:
    """Microseconds a record, the loop included."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for name in list(runs) * ROUNDS:
        run = runs[name]
        began = time.perf_counter()
        for record in over:
            run(record)
        times[name].append((time.perf_counter() - began) / len(over) * 1e6)
    return {name: statistics.median(measured) for name, measured in times.items()}


def twelve(missing: bool) -> dict[str, Any]:
    made = program(ruleset(missing), "customers", Calibration(DAY))
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found


@pytest.mark.parametrize("missing", [False, True], ids=["known", "missing"])
def test_record(benchmark, missing: bool) -> None:
    plain = twelve(missing=True)
    over = records(missing)
    runs: dict[str, Callable[[Record], object]] = {
        "by_hand": by_hand,
        "trusted": build(plain, trusted=True).decide,
        "checked": build(plain).decide,
    }
    for record in over:
        assert runs["trusted"](record) == runs["checked"](record) == by_hand(record)
    if not missing:
        # the peers know no missing values
        runs |= {"cel": by_cel(), "zen": by_zen()}
        for record in over:
            assert runs["cel"](record) == runs["zen"](record) == by_hand(record).segment
    found = medians(runs, over)
    benchmark.extra_info |= {f"{name}_us": round(value, 3) for name, value in found.items()}
    ratios = {
        "trusted_times_hand": found["trusted"] / found["by_hand"],
        "checked_times_hand": found["checked"] / found["by_hand"],
    }
    for peer in found.keys() & {"cel", "zen"}:
        ratios[f"times_{peer}"] = found[peer] / found["checked"]
    benchmark.extra_info |= {name: round(value, 2) for name, value in ratios.items()}
    print(benchmark.extra_info)
    benchmark.pedantic(runs["checked"], args=(over[0],), rounds=ROUNDS, iterations=1_000)


# ---- many rules

COLUMNS: Mapping[str, Type] = {
    "spend": Number(),
    "tenure": Whole(0, 600),
    "joined": Date(),
    "tier": Enum(("bronze", "silver", "gold", "black")),
    "country": Text(),
}
COUNTRIES = [f"C{at:02}" for at in range(40)]


@cache
def thousand() -> Ruleset:
    """1,000 rules, a test on each of five columns."""
    luck = random.Random(3)  # noqa: S311
    columns = [TableColumn("id", "id", Text(), False)]
    columns += [TableColumn(name, name, kind, True) for name, kind in COLUMNS.items()]
    rules = tuple(Rule(f"s{at}", "", _condition(luck)) for at in range(1_000))
    found = SegmentSet("segment", "customers", rules, Outcome("rest", ""), Outcome("unsure", ""))
    table = Table("customers", "main", "id", tuple(columns))
    return Ruleset("bench", tables=(table,), sets=(found,), steps=("segment",))


def _condition(luck: random.Random) -> Apply:
    day = dt.date(2020, 1, 1) + dt.timedelta(days=luck.randrange(2000))
    tests = [
        _compare("spend", luck.choice(["ge", "lt"]), round(luck.uniform(0, 5000), 2)),
        _compare("tenure", luck.choice(["ge", "lt"]), luck.randrange(600)),
        _compare("joined", luck.choice(["ge", "lt"]), day),
        _compare("tier", "eq", luck.choice(["bronze", "silver", "gold", "black"])),
        _compare("country", "in", *luck.sample(COUNTRIES, 3)),
    ]
    return Apply("and", tuple(tests), Flag(), True)


def _compare(column: str, op: str, *values: Any) -> Apply:
    kind = COLUMNS[column]
    constants = tuple(Const(value, kind) for value in values)
    return Apply(op, (Column("customers", column, kind, True), *constants), Flag(), True)


def test_a_thousand_rules(benchmark) -> None:
    text = json.dumps(program(thousand(), "customers", Calibration(DAY)))
    luck = random.Random(5)  # noqa: S311
    over = [
        {
            "spend": luck.uniform(0, 5000),
            "tenure": luck.randrange(600),
            "joined": dt.date(2020, 1, 1) + dt.timedelta(days=luck.randrange(2000)),
            "tier": luck.choice(["bronze", "silver", "gold", "black"]),
            "country": luck.choice(COUNTRIES),
        }
        for _ in range(RECORDS)
    ]
    made = build(json.loads(text))
    for record in over[:100]:
        truths = made.truths(record)["segment"]
        first = truths.index(True) if True in truths else None
        assert made.decide(record).segment == ("rest" if first is None else f"s{first}")
    trusting = build(json.loads(text), trusted=True)
    found = medians({"checked": made.decide, "trusted": trusting.decide}, over)
    benchmark.extra_info |= {f"{name}_us": round(value, 3) for name, value in found.items()}
    benchmark.extra_info["kilobytes"] = len(text) // 1000
    benchmark.pedantic(lambda: build(json.loads(text)), rounds=ROUNDS, warmup_rounds=1)
    loaded = statistics.median(benchmark.stats.stats.data) * 1e3
    benchmark.extra_info["load_ms"] = round(loaded, 2)
    print(benchmark.extra_info)
