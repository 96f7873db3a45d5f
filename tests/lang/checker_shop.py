"""A shop with a column of every kind and links in every direction, and rows at random for it."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterable, Mapping

from segrules.backends.context import Context
from segrules.backends.reference.calibrate import calibrate
from segrules.backends.reference.evaluate import decide, evaluate
from segrules.backends.reference.rows import Row, Tables, everyone
from segrules.lang import ir
from segrules.lang.pipeline import Compiled, compile_source
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Set,
    Share,
    Text,
    Type,
    Whole,
)
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)

HEAD = """
ruleset shop {
  language 1 goal "g" zone "Europe/London" money GBP
  review every month fiscal year starts 1 april
}
knob few = 3 from 1 to 9
knob part = 20% from 10% to 40%
knob quiet = 6 weeks from 2 weeks to 12 weeks
table regions key region_id { region_id text size whole 0..9 boss text? }
table agents key agent_id {
  agent_id text skill whole 1..5 region refers to regions grade ordered lo < mid < hi
  senior_flag flag began date team set of a, b
}
table customers key customer_id {
  customer_id text joined date birth date? area one of north, south
  tier ordered bronze < silver < gold spend money debt money? points whole 0..1000
  weight number? wallet share? vip flag odd flag? tags set of x, y, z maybe_tags set of x, y?
  agent refers to agents deputy refers to agents? mood whole 0..10? kept
  habit one of low, high kept conf share churn share? predicted trusted when conf >= 80%
  outcome flag? until_outcome note text? at_time instant
}
table orders of customers by customer_id key order_id dated on {
  order_id text customer_id text on date amount money qty whole 0..100 item text
  colour one of red, blue price number? open flag
}
table lines of orders by order_id { order_id text cost money count_of whole 0..10 }
table visits of customers by customer_id dated at { at instant minutes number }
table docs of customers by customer_id { kind one of a, b size whole 0..9 }
table calls key call_id dated on { call_id text on date caller refers to customers
  taker refers to agents }
rows long_visits of visits where (minutes > 2)
"""

_KINDS = (
    r"text|whole \d+\.\.\d+|number|money|share|flag|date|instant"
    r"|one of \w+(?:, \w+)*|ordered \w+(?: < \w+)*|set of \w+(?:, \w+)*"
)
_NEEDED = ("region_id", "agent_id", "customer_id", "order_id", "call_id", "on", "at")


def loosened(head: str) -> str:
    """The same tables with every column that may be missing, but keys, links and dates of rows."""

    def loose(found: re.Match[str]) -> str:
        return found[0] if found[1] in _NEEDED else f"{found[1]} {found[2]}?"

    heading, tables = head.split("table regions", 1)
    pattern = rf"(?<=[ {{])(\w+) ({_KINDS})(?![?\w.,]|,| <)"
    return f"{heading}table regions{re.sub(pattern, loose, tables)}"


def compiled(text: str, head: str = HEAD) -> Compiled:
    return compile_source(Source("shop.seg", head + text))


def codes(text: str) -> list[str]:
    """The codes of all findings, in their order; warnings in brackets."""
    found = compiled(text).log
    return [each.code if each.severity == "error" else f"({each.code})" for each in found]


# ---- rows at random


def world(ruleset: ir.Ruleset, seed: int, size: int = 10) -> Tables:
    """Rows of every table; of links some lead nowhere. Money and numbers are often on an edge."""
    luck = random.Random(seed)  # noqa: S311 -- test data, nothing secret
    keys = {
        table.name: [f"{table.name[:2]}{at}" for at in range(size * (3 if table.of else 1))]
        for table in ruleset.tables
        if table.key
    }
    return Tables(
        {
            table.name: list(_rows(table, ruleset, keys, luck))
            for table in ruleset.tables
            if table.kind != "derived"
        }
    )


def _rows(
    table: ir.Table, ruleset: ir.Ruleset, keys: Mapping[str, list[str]], luck: random.Random
) -> Iterable[dict[str, ir.Value]]:
    if table.kind == "history":
        yield from _past(table, ruleset, keys, luck)
        return
    for at in range(len(keys.get(table.name, range(30)))):
        row = {column.name: _cell(column, keys, luck) for column in table.columns}
        if table.by and table.of:
            row[table.by] = luck.choice([*keys[table.of][1:], "nobody"])
        if table.key:
            row[table.key] = keys[table.name][at]
        yield row


def _past(
    table: ir.Table, ruleset: ir.Ruleset, keys: Mapping[str, list[str]], luck: random.Random
) -> Iterable[dict[str, ir.Value]]:
    sets = [found for found in ruleset.sets if found.table == table.of]
    for key in keys[table.of or ""]:
        for days in luck.sample([1, 35, 70, 100, 200, 400], luck.randrange(6)):
            row = {column.name: _cell(column, keys, luck) for column in table.columns}
            row |= {table.by or "": key, "as_of": AS_OF - dt.timedelta(days)}
            for found in sets:
                for name in (found.name, f"{found.name}:before"):
                    row[name] = luck.choice([*found.segments, "of old", None])
            yield row


def _cell(column: ir.TableColumn, keys: Mapping[str, list[str]], luck: random.Random) -> ir.Value:
    missing = column.optional and luck.random() < 0.3
    return None if missing else _value(column.type, keys, luck)


def _value(kind: Type, keys: Mapping[str, list[str]], luck: random.Random) -> ir.Value:
    day = AS_OF - dt.timedelta(luck.choice([0, 1, 5, 20, 40, 100, 400, -3, -10]))
    match kind:
        case Link(table=table):
            return luck.choice([*keys[table], "gone"])
        case Whole(low=low, high=high):
            return min(max(luck.choice([0, 1, 3, 5]), low), high)
        case Money():
            return luck.choice([0, 100, 300, 500, 2000, -300])
        case Share():
            return luck.choice([0.0, 0.1, 0.3, 0.85, 1.0])
        case Flag():
            return luck.random() < 0.5
        case Date():
            return day
        case Instant():
            return dt.datetime(day.year, day.month, day.day, 22, 30, tzinfo=dt.UTC)
        case Enum(values=values):
            return luck.choice(values)
        case Set(values=values):
            return frozenset(each for each in values if luck.random() < 0.5)
        case Text():
            return luck.choice(["x", "aa"])
        case _:
            return luck.choice([0.0, 1.5, 3.0, -2.0])


Answer = dict[tuple[str, str | None], object]
"""By the name of a feature or a set, and by key."""


def answers(ruleset: ir.Ruleset, rows: Tables) -> Answer:
    """What the reference evaluator says of every row; of sets the segment and what decided."""
    uses = {each.name: ir.Use(each.name, each.type, each.optional) for each in ruleset.features}
    wanted: dict[str, list[ir.Expr]] = {}
    for feature in ruleset.features:
        wanted.setdefault(feature.table, []).append(uses[feature.name])
    for found in ruleset.sets:
        placed = ir.Placed(found.name, found.type, found.optional)
        wanted.setdefault(found.table, []).append(placed)
    start = Context(ruleset.zone, AS_OF, ir.Calibration(AS_OF))
    context = Context(ruleset.zone, AS_OF, calibrate(ruleset, rows, start, wanted))
    made: Answer = {}
    for table in ruleset.tables:
        if table.kind == "history" or not table.key:
            continue
        for row in everyone(table, rows, ruleset, context):
            key = row.columns[table.key]
            assert isinstance(key, str)
            made |= _of_row(row, key, ruleset, context)
    return made


def _of_row(row: Row, key: str, ruleset: ir.Ruleset, context: Context) -> Answer:
    made: Answer = {}
    for feature in ruleset.features_of(row.table):
        use = ir.Use(feature.name, feature.type, feature.optional)
        made[feature.name, key] = evaluate(use, row, ruleset, context)
    for found in ruleset.sets:
        if found.table == row.table:
            decision = decide(found, row, ruleset, context)
            made[found.name, key] = decision.segment
            made[f"{found.name}_by", key] = decision.by
    return made
