"""Small rulesets built by hand, for the tests of the segments layer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from segrules.lang.ir import (
    COUNT,
    Aggregate,
    Apply,
    Column,
    Const,
    Expr,
    Feature,
    Funnel,
    InLast,
    InRank,
    Length,
    Outcome,
    Rows,
    Rule,
    Ruleset,
    SegmentSet,
    Stage,
    Table,
    TableColumn,
    Use,
)
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Share,
    Text,
    Type,
    Whole,
)

GBP = Money("GBP")

EVERY_TYPE = Table(
    "things",
    "main",
    "thing_id",
    (
        TableColumn("thing_id", "Thing ID", Text(), optional=False),
        TableColumn("points", "points", Whole(0, 1000), optional=False),
        TableColumn("weight", "weight", Number(), optional=True),
        TableColumn("part", "part", Share(), optional=True),
        TableColumn("price", "price", GBP, optional=True),
        TableColumn("vip", "vip", Flag(), optional=True),
        TableColumn("joined", "joined", Date(), optional=True),
        TableColumn("seen_at", "seen_at", Instant(), optional=True),
        TableColumn("region", "region", Enum(("north", "south")), optional=True),
        TableColumn("email", "email", Enum(("a@x", "b@x")), optional=True, sensitive=True),
    ),
)

CUSTOMERS = Table(
    "customers",
    "main",
    "customer_id",
    (
        TableColumn("customer_id", "customer_id", Text(), optional=False),
        TableColumn("spend", "spend", GBP, optional=False),
        TableColumn("points", "points", Whole(0, 1000), optional=True),
        TableColumn("salary", "salary", GBP, optional=True, sensitive=True),
        TableColumn("joined", "joined", Date(), optional=False),
        TableColumn("met_at", "met_at", Instant(), optional=True, until_outcome=True),
        TableColumn("sold_at", "sold_at", Date(), optional=True, until_outcome=True),
    ),
)

ORDERS = Table(
    "orders",
    "related",
    "",
    (
        TableColumn("customer_id", "customer_id", Text(), optional=False),
        TableColumn("ordered_on", "ordered_on", Date(), optional=False),
        TableColumn("amount", "amount", GBP, optional=False),
    ),
    of="customers",
    by="customer_id",
    dated="ordered_on",
)


def ruleset(
    *tables: Table, features: tuple[Feature, ...] = (), sets: tuple[SegmentSet, ...] = ()
) -> Ruleset:
    return Ruleset(
        name="shop",
        zone="Europe/London",
        currency="GBP",
        tables=tables,
        features=features,
        sets=sets,
        steps=tuple(each.name for each in (*features, *sets)),
    )


def with_sets(rules: Ruleset, *sets: SegmentSet) -> Ruleset:
    """The same rules with other segment sets."""
    steps = (*(each.name for each in rules.features), *(each.name for each in sets))
    return replace(rules, sets=sets, steps=steps)


def column(table: Table, name: str) -> Column:
    found = table.column(name)
    assert found is not None
    return Column(table.name, name, found.type, found.optional)


def at_least(left: Expr, value: int) -> Apply:
    right: Type = left.type
    return Apply("ge", (left, Const(value, right)), Flag(), optional=left.optional)


def every(*parts: Expr) -> Apply:
    return Apply("and", parts, Flag(), optional=any(part.optional for part in parts))


def opposite(part: Expr) -> Apply:
    return Apply("not", (part,), Flag(), optional=part.optional)


BOUGHT = Feature(
    "bought",
    "let",
    "customers",
    Aggregate(
        "sum",
        Rows("orders", "customer_id", InLast(Length(90, "days"))),
        column(ORDERS, "amount"),
        GBP,
        optional=False,
    ),
)
VISITS = Feature(
    "visits",
    "let",
    "customers",
    Aggregate("count", Rows("orders", "customer_id"), None, COUNT, optional=False),
)
WEALTH = Feature(
    "wealth",
    "let",
    "customers",
    Apply(
        "add",
        (column(CUSTOMERS, "spend"), column(CUSTOMERS, "salary")),
        GBP,
        optional=True,
    ),
)


def use(feature: Feature) -> Use:
    return Use(feature.name, feature.type, feature.optional)


VALUE = SegmentSet(
    "value",
    "customers",
    (
        Rule("high", "High", at_least(column(CUSTOMERS, "spend"), 10_000)),
        Rule("keen", "Keen", at_least(column(CUSTOMERS, "points"), 500)),
    ),
    Outcome("low", "Low"),
    Outcome("unclear", "Unclear"),
)
NO_UNSURE = replace(VALUE, rules=VALUE.rules[:1], unsure=None)
TOP_HALF = SegmentSet(
    "rank",
    "customers",
    (
        Rule(
            "top",
            "Top",
            InRank(
                "top 50%",
                top=True,
                share=Fraction(1, 2),
                count=None,
                by=column(CUSTOMERS, "spend"),
                optional=False,
            ),
        ),
    ),
    Outcome("rest", "Rest"),
    None,
)
BUYERS = SegmentSet(
    "buyers",
    "customers",
    (Rule("buyer", "Buyer", at_least(use(BOUGHT), 1)),),
    Outcome("other", "Other"),
    None,
)

SHOP = ruleset(CUSTOMERS, ORDERS, features=(BOUGHT, VISITS, WEALTH), sets=(VALUE,))

SALES = Funnel(
    "sales",
    "customers",
    (
        Stage("enquiry", "joined", None, None, ()),
        Stage("meeting", "met_at", Length(1, "months"), None, ()),
        Stage("sale", "sold_at", Length(30, "days"), column(CUSTOMERS, "spend"), ()),
    ),
)
