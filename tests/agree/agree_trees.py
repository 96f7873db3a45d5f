"""Well-typed expressions, made from the operator table, and rows that are hard on them."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from agree_worlds import luck_of, main_table
from hypothesis import strategies as st

from segrules.lang.ir import Apply, AsOf, Choose, Column, Const, Expr, Use, Value
from segrules.lang.operators import OPERATORS, Missing, Operator, Signature
from segrules.lang.types import (
    BOUND,
    Date,
    Enum,
    Flag,
    Form,
    Instant,
    Money,
    Number,
    Set,
    Share,
    Text,
    Type,
    Whole,
)

TIER = Enum(("silver", "bronze", "gold"), ordered=True)
FREE = Number(None, None)
REGION = Enum(("north", "bronze", "süd"))
TASTES = Enum(("tea", "coffee", "juice"))
LIKED = Set(TASTES.values)

COLUMNS: Mapping[str, tuple[Type, bool]] = {
    "key": (Text(), False),
    "name": (Text(), True),
    "label": (Text(), False),
    "small": (Whole(-1000, 1000), True),
    "count": (Whole(0, 100), False),
    "large": (Whole(), True),
    "assets": (Money("GBP"), True),
    "number": (FREE, True),
    "plain": (FREE, False),
    "bounded": (Number(-1e6, 1e6), False),
    "bounded_missing": (Number(-1e6, 1e6), True),
    "part": (Share(), True),
    "flag": (Flag(), True),
    "sure": (Flag(), False),
    "born": (Date(), True),
    "joined": (Date(), False),
    "seen_at": (Instant(), True),
    "made_at": (Instant(), False),
    "tier": (TIER, True),
    "level": (TIER, False),
    "region": (REGION, True),
    "liked": (LIKED, True),
    "chosen": (LIKED, False),
}
TABLE = main_table("people", "key", COLUMNS)

FORMS: Mapping[Form, tuple[Type, ...]] = {
    "text": (Text(),),
    "int": (Whole(-1000, 1000), Whole(0, 100), Whole(), Money("GBP")),
    "float": (FREE, Number(-1e6, 1e6), Share()),
    "bool": (Flag(),),
    "date": (Date(),),
    "instant": (Instant(),),
    "enum": (TIER, REGION),
    "set": (LIKED,),
}


def _at(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


PATTERNS = (
    "^a",
    "b$",
    "^$",
    "^ab?$",
    "[A-Z]",
    "ä|B",
    "日.",
    "^.$",
    "a{2}",
    "(a|b)+$",
    r"\.",
    "[^a-z]",
    "é",
)
TEXTS = (
    "", "a", "ab", "AB", "ärger", "ä", "日本", "e\u0301", "é", "🙂", "a\nb", " a", "B", "a ", "  ",
    "\u00a0", "\u200b", "ß", "ẞ", "SS", "İ", "\u0131", "i\u0307", "\u212b", "Å", "\U0001d49c",
    "\uffff", "%", "_", "a%", "\\", "'", '"', "a\r\n", "\t", ".", "null", "NaN", "-0",
)  # fmt: skip
DATES = (
    dt.date(2024, 2, 29), dt.date(2023, 2, 28), dt.date(2024, 1, 31), dt.date(2000, 2, 29),
    dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(1970, 1, 1), dt.date(1969, 12, 31),
    dt.date.min, dt.date.max, dt.date(2025, 12, 31), dt.date(1900, 2, 28), dt.date(2024, 4, 30),
)  # fmt: skip
INSTANTS = (
    # clocks change in London at 01:00 UTC
    _at(2026, 3, 29, 0, 59, 59, 999999), _at(2026, 3, 29, 1), _at(2026, 10, 25, 0, 30),
    _at(2026, 10, 25, 1), _at(2026, 6, 30, 22, 59, 59, 999999), _at(2026, 6, 30, 23),
    _at(1970, 1, 1), _at(1969, 12, 31, 23, 59, 59, 999999), _at(2099, 12, 31, 23, 59),
    _at(2024, 2, 29, 12), _at(2026, 1, 1), _at(2025, 12, 31, 23, 59, 59, 999999),
    # in New York, on Lord Howe Island by half an hour, and the day that Samoa left out
    _at(2026, 3, 8, 6, 59, 59, 999999), _at(2026, 3, 8, 7), _at(2026, 11, 1, 5, 30),
    _at(2026, 11, 1, 6), _at(2026, 4, 4, 14, 59, 59), _at(2026, 4, 4, 15), _at(2026, 10, 3, 15, 30),
    _at(2011, 12, 30, 9, 59, 59, 999999), _at(2011, 12, 30, 10),
    # midnight in a summer that no table of a zone lists, and in winter
    _at(2099, 7, 1, 23), _at(2500, 7, 1, 22, 59, 59, 999999), _at(2500, 12, 31, 23, 59, 59),
    # before there was a common time: London was 75 seconds behind
    _at(1840, 1, 1, 0, 1), _at(1840, 1, 1, 0, 1, 15), _at(1, 1, 2), _at(9999, 12, 30),
)  # fmt: skip
DOUBLES = (
    0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 0.1, 1 / 3, 1e-300, 5e-324, -5e-324, 1e300,
    1.7976931348623157e308, -1.7976931348623157e308, 1e15, 1e15 + 0.5, -1e15 - 1, 2.0**53, 100.0,
)  # fmt: skip
BOUNDED = (0.0, -0.0, 1.0, -1e6, 1e6, 0.5, 2.5, 1e-300, 5e-324, 0.1, -1 / 3)
SHARES = (0.0, 1.0, 0.25, 0.5, 0.1, 1 / 3, 5e-324)


def pool(kind: Type) -> tuple[Value, ...]:
    """Values of a type that are likely to be treated wrongly."""
    match kind:
        case Text():
            return TEXTS
        case Whole(low=low, high=high) | Money(low=low, high=high):
            near = (low, low + 1, -7, -1, 0, 1, 2, 3, 7, 12, 99, high - 1, high)
            return tuple(value for value in near if low <= value <= high)
        case Number(low=None):
            return DOUBLES
        case Number():
            return BOUNDED
        case Share():
            return SHARES
        case Flag():
            return (True, False)
        case Date():
            return DATES
        case Instant():
            return INSTANTS
        case Enum(values=values):
            return values
        case Set(values=(first, *others)):
            return (frozenset(), frozenset({first}), frozenset(others), frozenset({first, *others}))
    raise TypeError(kind)


def rows(seed: int, count: int = 40) -> list[dict[str, Value]]:
    """Rows with missing values, every value of every pool among them."""
    luck = luck_of(seed)
    found: list[dict[str, Value]] = []
    for at in range(count):
        row: dict[str, Value] = {}
        for name, (kind, optional) in COLUMNS.items():
            missing = optional and luck.random() < 0.25
            row[name] = None if missing else luck.choice(pool(kind))
        found.append(row | {"key": f"k{at}"})
    return found


# ---- trees


def columns_of(kind: Type) -> list[Column]:
    return [
        Column("people", name, column, optional)
        for name, (column, optional) in COLUMNS.items()
        if column == kind
    ]


def apply(op: str, args: tuple[Expr, ...], kind: Type) -> Apply:
    """The node with its missingness as the table tells it."""
    optional = [arg.optional for arg in args]
    finite = kind in {Whole(), Whole(-1000, 1000)} and op in {"add", "sub", "mul"}
    match OPERATORS[op].missing:
        case Missing.PARTIAL:
            can = True if not finite else any(optional)
        case Missing.STRICT | Missing.KLEENE:
            can = any(optional)
        case Missing.LOOKS:
            can = False
        case Missing.FALLBACK:
            can = all(optional)
    return Apply(op, args, kind, can)


def result_type(signature: Signature, args: tuple[Expr, ...]) -> Type:
    if signature.result == "enum":
        return args[0].type
    kinds: Mapping[Form, Type] = {"int": Whole(), "float": FREE, "set": LIKED}
    return kinds.get(signature.result, FORMS[signature.result][0])


def constants(operator: Operator, kind: Type) -> tuple[Const, ...]:
    """Constants an operator takes from its index `constant` on."""
    if operator.name in {"idiv", "mod"}:
        return tuple(Const(value, Whole()) for value in (1, 2, 7, 1000, BOUND))
    if operator.name in {"add_days", "add_months"}:
        lengths = (0, 1, -1, 12, -13, 30, 365, -365, 119_988, -119_988, 4_000_000, BOUND)
        return tuple(Const(value, Whole()) for value in lengths)
    if operator.name == "matches":
        return tuple(Const(value, Text()) for value in PATTERNS)
    if operator.name == "held_out" and kind == FREE:
        kind = Share()
    return tuple(Const(value, kind) for value in pool(kind))


def magnitude(node: Expr) -> int:
    """How far from zero a whole number can be; the checker does this with intervals."""
    match node:
        case Const(value=int() as value):
            return abs(value)
        case Column(type=Whole(low=low, high=high) | Money(low=low, high=high)):
            return max(abs(low), abs(high))
        case Apply(op="add" | "sub", args=args):
            return sum(map(magnitude, args))
        case Apply(op="mul", args=(a, b)):
            return magnitude(a) * magnitude(b)
        case Apply(op="to_minor") | Use():
            return BOUND
        case Apply(op="days_between" | "months_between"):
            return 4_000_000
        case Apply(op="position"):
            return 10
        case Apply(op="days_to_anniversary"):
            return 366
        case Apply(args=args):
            return max(map(magnitude, args))
        case Choose(cases=cases, otherwise=otherwise):
            return max(map(magnitude, [otherwise, *(value for _, value in cases)]))
    return 0


DEPTH = 4

PRODUCERS = {
    form: [
        (operator, signature)
        for operator in OPERATORS.values()
        for signature in operator.signatures
        if signature.result == form
    ]
    for form in FORMS
}


Any_ = TypeVar("Any_")


class Chance(Protocol):
    """Whatever decides: Hypothesis, which shrinks, or a generator of numbers, which is fast."""

    def whole(self, low: int, high: int) -> int: ...

    def one_of(self, values: Sequence[Any_]) -> Any_: ...


class Drawn:
    """Hypothesis decides."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def whole(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def one_of(self, values: Sequence[Any_]) -> Any_:
        return self._draw(st.sampled_from(values))


class Luck:
    """A generator of numbers decides."""

    def __init__(self, luck: random.Random) -> None:
        self.whole, self.one_of = luck.randint, luck.choice


@st.composite
def trees(draw: st.DrawFn, form: Form, depth: int = DEPTH, kind: Type | None = None) -> Expr:
    """A well-typed expression of a form."""
    return Trees(Drawn(draw)).tree(form, depth, kind, whole=depth == DEPTH)


class Trees:
    """Makes well-typed expressions over the columns and the values `named` before."""

    def __init__(self, chance: Chance, named: Sequence[Use] = ()) -> None:
        self._chance, self.named = chance, list(named)

    def tree(
        self, form: Form, depth: int = DEPTH, kind: Type | None = None, *, whole: bool = False
    ) -> Expr:
        """An expression of a form, of a type if one is given; a whole one is never a leaf."""
        # below it, leaves are as likely as choices
        grow = self._chance.whole(3 if whole else 0, 9) if depth else 0
        if grow <= 2 or (kind is not None and form == "enum" and grow <= 6) or not PRODUCERS[form]:
            return self.leaf(form, kind)
        if grow == 3:
            return self.choice(form, depth, kind)
        operator, signature = self._chance.one_of(PRODUCERS[form])
        return self.application(operator, signature, depth, kind)

    def leaf(self, form: Form, kind: Type | None = None) -> Expr:
        chosen = kind or self._chance.one_of(FORMS[form])
        if form == "date" and self._chance.whole(0, 5) == 0:
            return AsOf()
        if self._chance.whole(0, 3) == 0:
            # no rule names a set, it may only be missing
            missing = form == "set" or self._chance.whole(0, 9) == 0
            return Const(None if missing else self._chance.one_of(pool(chosen)), chosen)
        uses = [each for each in self.named if each.type == chosen]
        if uses and self._chance.whole(0, 2) == 0:
            return self._chance.one_of(uses)
        return self._chance.one_of(columns_of(chosen))

    def choice(
        self, form: Form, depth: int, kind: Type | None = None, forced: Forced | None = None
    ) -> Expr:
        """A choice between values; `forced` is what its first condition or value is."""
        if form == "enum":
            kind = kind or self._chance.one_of(FORMS[form])
        result = kind or FORMS[form][0]
        place, made = forced or (None, None)
        cases = [
            [self.tree("bool", depth - 1), self.tree(form, depth - 1, kind)]
            for _ in range(self._chance.whole(1, 3))
        ]
        otherwise = self.tree(form, depth - 1, kind)
        if made is not None:
            if place == 2:
                otherwise = made
            else:
                cases[0][place or 0] = made
        parts = [*itertools.chain(*cases), otherwise]
        node = Choose(
            tuple((condition, value) for condition, value in cases), otherwise, result,
            any(part.optional for part in parts),
        )  # fmt: skip
        return self._within(node, form, kind)

    def application(
        self,
        operator: Operator,
        signature: Signature,
        depth: int,
        kind: Type | None = None,
        forced: Forced | None = None,
    ) -> Expr:
        """An operator on operands; `forced` is what one of them is."""
        operands = list(signature.operands)
        if operator.name == "collect":
            operands *= len(LIKED.values)
        elif signature.repeats:
            operands += operands[-1:] * self._chance.whole(0, 3)
        # declared values of different columns may be compared for equality only
        shared = kind or self._chance.one_of(FORMS["enum"])
        if operator.name == "position":
            shared = TIER
        if operands[0] == "set":
            shared = TASTES
        if forced is not None and forced[1].type in FORMS["enum"]:
            shared = forced[1].type
        args: list[Expr] = []
        for at, operand in enumerate(operands):
            chosen = shared if operand == "enum" else None
            if operator.name in {"eq", "ne"} and self._chance.whole(0, 4) == 0:
                chosen = None
            if forced is not None and at == forced[0]:
                args.append(forced[1])
            elif signature.constant is not None and at >= signature.constant:
                known = constants(operator, chosen or FORMS[operand][0])
                args.append(self._chance.one_of(known))
            else:
                args.append(self.tree(operand, depth - 1, chosen))
        node = apply(operator.name, tuple(args), result_type(signature, tuple(args)))
        return self._within(node, signature.result, kind)

    def _within(self, node: Expr, form: Form, kind: Type | None) -> Expr:
        """The node, or a leaf where a whole number may be too large for 64 bits."""
        if form == "int" and magnitude(node) >= 2**62:
            return self.leaf(form, kind)
        return node


Forced = tuple[int, Expr]
"""The place of an operand, and what stands there."""
