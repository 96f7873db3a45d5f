"""PostgreSQL and Spark against the reference, many expressions in one query."""

from __future__ import annotations

from collections.abc import Sequence

import agree_sql
import pytest
import test_operators
from agree_maker import KEYS, world
from agree_trees import FORMS, TABLE, rows, trees
from agree_worlds import context, main_table, ruleset
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sql_engines import Database, each_database  # noqa: F401
from test_placements import governed, people
from test_ranks import frozen_alike
from test_worlds import made

from segrules.backends.reference.evaluate import allotted, decide, evaluate
from segrules.backends.reference.rows import Row, Tables, everyone
from segrules.lang.ir import Apply, Column, Const, Expr, Use, Value, walk
from segrules.lang.operators import OPERATORS

PEOPLE = ruleset([TABLE])


def corpus(count: int, number: int) -> list[Expr]:
    """Expressions of every form, always the same for a number."""
    found: list[Expr] = []

    @seed(number)
    @settings(
        max_examples=count, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(list(FORMS)).flatmap(trees))
    def collect(node: Expr) -> None:
        found.append(node)

    collect()
    return found


def agree(database: Database, nodes: Sequence[Expr], number: int) -> None:
    population = rows(number)
    wanted = {f"x{at}": node for at, node in enumerate(nodes)}
    expected = {
        row["key"]: [evaluate(node, Row("people", row), PEOPLE, context()) for node in nodes]
        for row in population
    }
    world_of = {"people": population}
    agree_sql.same_values(
        agree_sql.Asked(PEOPLE, "people", world_of, context(), database), wanted, expected
    )


@pytest.mark.parametrize("number", [1, 2])
def test_expressions(database: Database, number: int) -> None:
    nodes = corpus(120, number)
    used = {part.op for node in nodes for part in walk(node) if isinstance(part, Apply)}
    assert len(nodes) > 100
    assert len(used) > 25
    for start in range(0, len(nodes), 40):
        agree(database, nodes[start : start + 40], number)


def test_every_operator_by_hand(database: Database) -> None:
    """What `test_operators` expects of each operator, all in one row."""
    kinds, row, wanted, expected = {}, {}, {}, []
    for op, cases in test_operators.EXPECTED.items():
        constant = OPERATORS[op].signatures[0].constant
        for at, (types, result, values, answer) in enumerate(cases):
            args: list[Expr] = []
            for place, (kind, value) in enumerate(zip(types, values, strict=True)):
                if constant is not None and place >= constant:
                    args.append(Const(value, kind))
                    continue
                name = f"{op}{at}_{place}"
                kinds[name], row[name] = (kind, True), value
                args.append(Column("people", name, kind, True))
            wanted[f"{op}{at}"] = Apply(op, tuple(args), result, True)
            expected.append(answer)
    table = main_table("people", "add0_key", {"add0_key": (test_operators.T, False), **kinds})
    world_of = {"people": [{"add0_key": "k", **row}]}
    asked = agree_sql.Asked(ruleset([table]), "people", world_of, context(), database)
    agree_sql.same_values(asked, wanted, {"k": expected})


def edges() -> list[float]:
    """Doubles at which engines raise, or round to zero or infinity."""
    powers = (-1074, -1073, -1022, -541, -540, -538, -537, -500, -80, -61, -60, -50, 0, 511, 512,
              970, 971, 1000, 1023)  # fmt: skip
    found = [2.0**power for power in powers]
    found += [-each for each in found[::3]]
    return [*found, 0.0, -0.0, 3 * 2.0**970, (2**53 - 2) * 2.0**971, 1e307, 1.7976931348623157e308,
            -1.7976931348623157e308, 1 - 2.0**-53, 1 + 2.0**-52]  # fmt: skip


def test_doubles_at_their_edges(database: Database) -> None:
    pairs = [(a, b) for a in edges() for b in edges()]
    kinds = {"key": (test_operators.T, False), "a": (test_operators.N, True),
             "b": (test_operators.N, True)}  # fmt: skip
    table = main_table("people", "key", kinds)
    population = [{"key": f"k{at}", "a": a, "b": b} for at, (a, b) in enumerate(pairs)]
    args = tuple(Column("people", name, test_operators.N, True) for name in "ab")
    wanted = {op: Apply(op, args, test_operators.N, True) for op in ("add", "sub", "mul", "div")}
    rules = ruleset([table])
    expected = {
        row["key"]: [
            evaluate(node, Row("people", row), rules, context()) for node in wanted.values()
        ]
        for row in population
    }
    missing = [value for values in expected.values() for value in values if value is None]
    assert 100 < len(missing) < len(pairs)
    asked = agree_sql.Asked(rules, "people", {"people": population}, context(), database)
    agree_sql.same_values(asked, wanted, expected)


@pytest.mark.parametrize("number", [0, 4, 7])
def test_worlds(database: Database, number: int) -> None:
    """Tables that belong and refer to each other; Spark is asked about customers only."""
    rules, found = made(number).ruleset(), world(number)
    where = context(frozen_alike(rules, found))
    tables = ["customers"] if database.dialect == "spark" else list(KEYS)
    for table in tables:
        features = rules.features_of(table)
        names = [each.name for each in features]
        uses = [Use(each.name, each.type, each.optional) for each in features]
        expected: dict[Value, list[Value]] = {
            row.columns.get(rules.table(table).key): [
                evaluate(use, row, rules, where) for use in uses
            ]
            for row in everyone(rules.table(table), Tables(found), rules, where)
        }
        asked = agree_sql.Asked(rules, table, found, where, database)
        agree_sql.same_features(asked, names, expected)


@pytest.mark.parametrize("unsure", [True, False])
def test_everything_that_governs_a_set(database: Database, unsure: bool) -> None:
    found = governed(unsure)
    table = next(iter(ruleset_of(found).tables))
    rules = ruleset_of(found)
    population = people(4)
    where = context(frozen_alike(rules, {"people": population}))
    expected: dict[Value, tuple[Value, ...]] = {}
    assert found.holdout is not None
    for row in everyone(table, Tables({"people": population}), rules, where):
        decision = decide(found, row, rules, where)
        target = allotted(found, row, rules, where)
        held = evaluate(found.holdout.test, row, rules, where)
        expected[row.columns["key"]] = (
            decision.segment, decision.by, decision.unknown, target, held
        )  # fmt: skip
    asked = agree_sql.Asked(rules, "people", {"people": population}, where, database)
    agree_sql.same_placements(asked, found, expected)


def ruleset_of(found):  # type: ignore[no-untyped-def]
    from test_placements import TABLE as PLACED

    return ruleset([PLACED], sets=[found])
