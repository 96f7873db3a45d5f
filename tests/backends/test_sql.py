"""The SQL target: its text, what it refuses, hostile names and cells, and rules without number."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sql_engines import Database, canonical, each_database, placed  # noqa: F401
from sqlglot import exp

from segrules.backends.context import Context
from segrules.backends.reference.evaluate import Row, decide
from segrules.backends.sql import (
    DIALECTS,
    Source,
    assignment_sql,
    expected_type,
    misfits,
    refusals,
    spelled,
    values_sql,
)
from segrules.lang.ir import (
    Apply,
    Calibration,
    Column,
    Const,
    Expr,
    Feature,
    Outcome,
    Rule,
    Ruleset,
    SegmentSet,
    Table,
    TableColumn,
    Use,
)
from segrules.lang.operators import AGGREGATES, OPERATORS
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Set,
    Share,
    Text,
    Type,
    Whole,
)
from segrules.rules import load

AS_OF = dt.date(2026, 6, 30)
_names = itertools.count()

SHOP = """\
ruleset shop {
  language 1
  goal  "Raise profit at the same cost"
  why   "A few customers bring most of it"
  owner "Sales"
  zone  "Europe/London"
  money GBP
}

table customers key customer_id {
  customer_id text
  joined      date
  region      one of north, south
  spend       money
  weight      number?
  note        text?
}

table orders of customers by customer_id dated ordered_on {
  customer_id text
  ordered_on  date
  amount      money
}

let recent = count orders in last 90 days
let usual = median amount of orders

segments value of customers {
  rich  "Rich"  when spend >= 1000 and note matches "^gold"
  loyal "Loyal" when recent >= 3 or usual > 50
  otherwise rest "Rest"
  unsure open "Unclear"
}
"""


def context(zone: str = "Europe/London") -> Context:
    return Context(zone, AS_OF, Calibration(AS_OF))


def shop(tmp_path: Path) -> Ruleset:
    file = tmp_path / "shop.seg"
    file.write_text(SHOP, encoding="utf-8")
    return load(file).ruleset


# ---- text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_text(dialect: str, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    rules = shop(tmp_path)
    if dialect == "snowflake":
        # what it refuses is seen below
        [found] = rules.sets
        rules = replace_rule(rules, found, 0, found.rules[1].condition)
    sources = {name: Source(exp.to_table(name)) for name in ("customers", "orders")}
    texts = [
        spelled(assignment_sql(rules, "customers", context(), sources, dialect), dialect)
        for _ in range(2)
    ]
    assert texts[0] == texts[1]
    mark = "" if DIALECTS[dialect].executed else "-- generated, not executed by the tests\n"
    golden(f"sql/{dialect}.sql", f"{mark}{texts[0]}\n")


def replace_rule(rules: Ruleset, found: SegmentSet, at: int, condition: Expr) -> Ruleset:
    from dataclasses import replace

    changed = list(found.rules)
    changed[at] = replace(changed[at], condition=condition)
    return replace(rules, sets=(replace(found, rules=tuple(changed)),))


# ---- refusals


def test_tables_are_total_and_say_why_they_refuse() -> None:
    for dialect in DIALECTS.values():
        assert dialect.operators.keys() == OPERATORS.keys()
        assert dialect.aggregates.keys() == AGGREGATES.keys()
        for rule in dialect.operators.values():
            assert (rule.build is None) == (rule.status == "refused") == bool(rule.reason)


def test_a_pattern_is_refused_by_snowflake_alone(tmp_path: Path) -> None:
    rules = shop(tmp_path)
    found = {name: refusals(rules, "customers", name) for name in DIALECTS}
    assert [name for name, said in found.items() if said] == ["snowflake"]
    [refusal] = found["snowflake"]
    assert "patterns" in refusal.what
    assert refusal.span is not None
    sources = {name: Source(exp.to_table(name)) for name in ("customers", "orders")}
    with pytest.raises(ValueError, match="refuses matches"):
        assignment_sql(rules, "customers", context(), sources, "snowflake")


def people(columns: dict[str, Type], key: str = "key", **more: Any) -> Table:
    kinds = {key: Text(), **columns}
    made = tuple(TableColumn(name, name, kind, True, **more) for name, kind in kinds.items())
    return Table("people", "main", key, made)


def of_people(table: Table, *rules: Rule, name: str = "s") -> Ruleset:
    found = SegmentSet(name, "people", rules, Outcome("rest", ""), None)
    return Ruleset("r", zone="Europe/London", currency="GBP", tables=(table,), sets=(found,),
                   steps=(name,))  # fmt: skip


def test_names_that_a_database_cuts_off_or_mixes_up_are_refused() -> None:
    long = "x" * 60
    rules = of_people(people({}), Rule("a", "", Const(True, Flag())), name=long)
    assert refusals(rules, "people", "duckdb") == []
    said = [each.what for each in refusals(rules, "people", "postgres")]
    assert len(said) == 1
    assert "63 bytes" in said[0]
    mixed = of_people(people({}, key="S"), Rule("a", "", Const(True, Flag())), name="s")
    assert "case only" in refusals(mixed, "people", "spark")[0].what


def test_case_folding_is_refused() -> None:
    rules = of_people(people({}, cleaning=("casefolded",)), Rule("a", "", Const(True, Flag())))
    for dialect in DIALECTS:
        assert "casefolded" in refusals(rules, "people", dialect)[0].what


def test_misfits() -> None:
    table = people({"on": Date(), "count": Whole(), "unread": Flag()})
    test = Apply("is_known", (Column("people", "on", Date(), True),), Flag(), False)
    rules = of_people(table, Rule("a", "", test))
    types = {"key": "text", "on": "timestamp", "count": "text", "unread": "text"}
    built = {name: exp.DataType.build(kind) for name, kind in types.items()}
    [found] = misfits(rules, "people", {"people": Source(exp.to_table("x"), built)})
    assert (found.table, found.column, found.declared) == ("people", "on", "a date")
    built["on"] = exp.DataType.build("date")
    assert misfits(rules, "people", {"people": Source(exp.to_table("x"), built)}) == []


# ---- hostile names and text

HOSTILE = (
    'a"; DROP TABLE x; --', "x' OR 1=1 --\\", "back`tick", "line\nbreak", "per%cent", "{curly}",
    "ümlaut 日本", "?1 $2 :three @four", "\\N", "--", "/* */", "''", "tab\t",
)  # fmt: skip


def test_hostile_names_and_texts(database: Database) -> None:
    names = [each for each in HOSTILE if database.dialect != "spark" or "\n" not in each]
    columns = tuple(TableColumn(f"c{at}", name, Text(), True) for at, name in enumerate(names))
    table = Table("people", "main", "c0", columns)
    rules_of = [
        Rule(text, "", Apply("eq", (Column("people", f"c{at}", Text(), True), Const(text, Text())),
                             Flag(), True))
        for at, text in enumerate(names)
    ]  # fmt: skip
    set_name = 'se"t `x'
    rules = of_people(table, *rules_of[::-1], name=set_name)
    cells = [[text if at == row else f"{row}" for at, text in enumerate(names)]
             for row in range(len(names))]  # fmt: skip
    name = f"h'o\"s {next(_names)}" if database.dialect != "spark" else f"hostile_{next(_names)}"
    database.load(name, dict.fromkeys(names, text_type(database)), cells)
    source = Source(exp.Table(this=exp.to_identifier(name, quoted=True)))
    answers = placed(
        database, rules, "people", context(), {"people": source}, ("segment", "by", "unknown")
    )
    assert sorted(segment for _, segment, *_ in answers) == sorted(names)
    assert {unknown for *_, unknown in answers} == {0}


def text_type(database: Database) -> str:
    return DIALECTS[database.dialect].types["text"]


# ---- cells


def read(database: Database, kind: Type, held: str, cells: list[Any], **more: Any) -> list[Any]:
    """The canonical values of cells in a column of a database type."""
    table = people({"x": kind}, **more)
    table = Table("people", "main", "key", (table.columns[0], table.columns[1]))
    name = f"cells_{next(_names)}"
    columns = {"key": text_type(database), "x": held}
    database.load(name, columns, [[f"{at:03}", cell] for at, cell in enumerate(cells)])
    types = {
        each: exp.DataType.build(spelt, dialect=database.dialect) for each, spelt in columns.items()
    }
    source = Source(exp.Table(this=exp.to_identifier(name, quoted=True)), types)
    rules = Ruleset("r", zone="Europe/London", currency="GBP", tables=(table,))
    query = values_sql(rules, "people", context(), {"people": source}, database.dialect,
                       {"x": Column("people", "x", kind, True)})  # fmt: skip
    rows = sorted(database.ask(spelled(query, database.dialect)))
    return [canonical(value) for _, value in rows]


GBP = Money("GBP", -(10**6), 10**6)
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("kind", "form", "cells", "expected"),
    [
        (Number(None, None), "float", [NAN, INF, -INF, 1.5, None], [None, None, None, 1.5, None]),
        (Number(0, 10), "float", [-0.5, 0.0, 10.0, 10.5, NAN], [None, 0.0, 10.0, None, None]),
        (Share(), "float", [-0.1, 0.0, 1.0, 1.1, NAN], [None, 0.0, 1.0, None, None]),
        (Whole(0, 9), "int", [-1, 0, 9, 10, None], [None, 0, 9, None, None]),
        (Whole(0, 9), "float", [3.0, 3.5, NAN, INF, 1e300], [3, None, None, None, None]),
        (GBP, "float", [2.675, 0.125, 0.375, NAN, 1e300, -0.005, 10_000.01],
         [268, 12, 38, None, None, 0, None]),
        (GBP, "int", [3, -3, 10_000, 10_001, 2**60], [300, -300, 10**6, None, None]),
        (Enum(("a", "b")), "text", ["a", "A", "", "b ", None], ["a", None, None, None, None]),
        (Text(), "text", ["", " ", None], ["", " ", None]),
        (Set(("a", "b.c")), "text", ["a; b.c", "none", "a;;", "", "a;x", "bxc", None],
         [{"a", "b.c"}, set(), {"a"}, None, None, None, None]),
        (Set(("a", "b")), "set", [["b", "a"], [], ["x"], ["a", None], None],
         [{"a", "b"}, set(), None, None, None]),
        (Flag(), "bool", [True, False, None], [True, False, None]),
        (Date(), "date", [dt.date.min, dt.date.max, None], [dt.date.min, dt.date.max, None]),
    ],
)  # fmt: skip
def test_cells(database: Database, kind, form, cells, expected) -> None:
    held = DIALECTS[database.dialect].types[form]
    assert read(database, kind, held, cells) == expected


def test_decimals(database: Database) -> None:
    cells = [Decimal("1.50"), Decimal("-0.01"), Decimal("10000.00"), Decimal("10000.01"), None]
    assert read(database, GBP, "DECIMAL(18, 2)", cells) == [150, -1, 10**6, None, None]
    finer = [Decimal("1.5000"), Decimal("1.5001"), Decimal("99999999999.0000")]
    assert read(database, GBP, "DECIMAL(18, 4)", finer) == [150, None, None]
    assert read(database, Whole(0, 9), "DECIMAL(18, 4)", finer[:1]) == [None]


def test_cleaning(database: Database) -> None:
    held = text_type(database)
    blanks = ["\u3000a \t", " \x85", "a\u200b", None]
    assert read(database, Text(), held, blanks, cleaning=("trimmed",)) == [
        "a", None, "a\u200b", None
    ]  # fmt: skip
    digits = ["+44 (0)20", "٣", "x", ""]
    assert read(database, Text(), held, digits, cleaning=("digits",)) == ["44020", None, None, None]


def test_instants(database: Database) -> None:
    moments = [dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), None]
    held = expected_type(Instant(), DIALECTS[database.dialect])
    assert read(database, Instant(), held, moments) == moments
    local = [
        dt.datetime(2026, 7, 1, 12), dt.datetime(2026, 1, 1, 12),
        # the clock shows this twice: the earlier is meant; then one that it never shows
        dt.datetime(2026, 10, 25, 1, 30), dt.datetime(2026, 3, 29, 1, 30),
    ]  # fmt: skip
    held = "TIMESTAMP_NTZ" if database.dialect == "spark" else "TIMESTAMP"
    assert read(database, Instant(), held, local) == [
        dt.datetime(2026, 7, 1, 11, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC), None,
    ]  # fmt: skip


# ---- size

SMALL = Column("people", "small", Whole(-1000, 1000), True)


def crowd(database: Database) -> tuple[list[dict[str, Any]], Source]:
    rows = [{"key": f"k{at}", "small": None if at % 7 == 0 else at * 17 % 1000} for at in range(60)]
    name = f"crowd_{next(_names)}"
    columns = {"key": text_type(database), "small": DIALECTS[database.dialect].types["int"]}
    database.load(name, columns, [list(row.values()) for row in rows])
    return rows, Source(exp.Table(this=exp.to_identifier(name, quoted=True)))


@pytest.mark.parametrize("count", [100, 101, 350])
def test_many_rules(database: Database, count: int) -> None:
    """Also of a set that is asked in several blocks each rule is decided."""
    made = [
        Rule(f"s{at % 20}", "",
             Apply("eq", (SMALL, Const(at * 3 % 1000, Whole())), Flag(), True))
        for at in range(count)
    ]  # fmt: skip
    rules = of_people(people({"small": SMALL.type}), *made)
    rows, source = crowd(database)
    answers = placed(
        database, rules, "people", context(), {"people": source}, ("segment", "by", "unknown")
    )
    expected = []
    for row in rows:
        found = decide(rules.sets[0], Row("people", row), rules, context())
        expected.append((row["key"], found.segment, found.by, found.unknown))
    assert len({segment for _, segment, *_ in expected}) > 3
    assert sorted(answers, key=str) == sorted(expected, key=str)


def test_long_and_deep_expressions(database: Database) -> None:
    """No length and no depth that a rule file can have is too much for a generator or a parser."""
    deep: Expr = SMALL
    features = []
    for at in range(150):
        deep = Apply("add", (deep, Const(at, Whole())), Whole(), True)
    for at in range(40):
        below = Use(f"f{at - 1}", Whole(), True) if at else SMALL
        features.append(Feature(f"f{at}", "let", "people", Apply(
            "mod", (Apply("add", (below, below), Whole(), True), Const(997, Whole())), Whole(), True
        )))  # fmt: skip
    wide = tuple(
        Apply("ne", (SMALL, Const(at, Whole())), Flag(), True) for at in range(1_000, 2_500)
    )
    table = people({"small": SMALL.type})
    rules = Ruleset("r", tables=(table,), features=tuple(features),
                    steps=tuple(each.name for each in features))  # fmt: skip
    rows, source = crowd(database)
    wanted = {
        "deep": deep, "chain": Use("f39", Whole(), True), "wide": Apply("and", wide, Flag(), True)
    }  # fmt: skip
    query = values_sql(rules, "people", context(), {"people": source}, database.dialect, wanted)
    answers = {key: values for key, *values in database.ask(spelled(query, database.dialect))}
    for row in rows:
        small = row["small"]
        if small is None:
            assert answers[row["key"]] == [None, None, None]
            continue
        assert answers[row["key"]] == [small + sum(range(150)), small * 2**40 % 997, True]


def test_frozen_rows_stand_beside_each_other() -> None:
    """What is frozen of a population may be thousands of rows; the query is to be read."""
    values = exp.Values(
        expressions=[
            exp.Tuple(expressions=[exp.Literal.string(f"g, ({at})'")]) for at in range(500)
        ],
        alias=exp.TableAlias(this=exp.to_identifier("t"), columns=[exp.to_identifier("x")]),
    )
    query = exp.select("x").from_(values)
    for dialect in ("duckdb", "postgres", "spark"):
        text = spelled(query, dialect)
        assert text.count("\n") < 100
        assert max(map(len, text.splitlines())) < 120
        assert "".join(text.split()) == "".join(
            query.sql(dialect=dialect, pretty=True, identify=True).split()
        )
