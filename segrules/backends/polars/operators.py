"""Each operator as a Polars expression, equal to the reference on canonical columns.

Polars carries null through most expressions itself; a rule whose engine form does not is wrapped
(`guarded`). Guards stand only where a node or an operand can be missing or not finite.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

import polars as pl

from segrules.backends.polars import dates
from segrules.backends.polars.dtypes import converted, dtype, is_literal, literal, settled
from segrules.lang.ir import Apply, Const, Expr
from segrules.lang.operators import OPERATORS, total
from segrules.lang.patterns import PatternFault, read_pattern
from segrules.lang.types import BOUND, Money, Number, Set, Share, Text, Type, form


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator stands: its node and the ruleset's zone."""

    node: Apply
    zone: str


Operands = Sequence[pl.Expr]
Rule = Callable[[Place, Operands], pl.Expr]

_FEW_TEXTS = 8
"""Up to here, comparing one by one is faster than Polars' `is_in` on text (measured)."""

_HASHES = 2**64
"""How many different numbers the first eight bytes of a hash make."""


# ---- what missing operands do


def strict(rule: Callable[..., pl.Expr]) -> Rule:
    """Polars itself answers null when an operand is null."""
    return lambda _, operands: rule(*operands)


def guarded(rule: Callable[..., pl.Expr]) -> Rule:
    """Polars would pass over null operands: null is put in when one of them is null."""

    def answer(place: Place, operands: Operands) -> pl.Expr:
        pairs = zip(operands, place.node.args, strict=True)
        optional = [operand for operand, arg in pairs if arg.optional]
        if any(is_literal(operand) and settled(operand) is None for operand in optional):
            return literal(None, place.node.type)
        known = [operand.is_not_null() for operand in optional if not is_literal(operand)]
        result = rule(*operands)
        return pl.when(pl.all_horizontal(known)).then(result) if known else result

    return answer


def partial(rule: Callable[..., pl.Expr], reach: Callable[[Expr, Expr], float]) -> Rule:
    """As `strict`, with null for infinity and NaN; `reach` bounds the result's magnitude."""

    def answer(place: Place, operands: Operands) -> pl.Expr:
        result = rule(*operands)
        if form(place.node.type) == "int":
            return result
        if math.isfinite(reach(*place.node.args)):
            return result
        return pl.when(result.is_finite()).then(result)

    return answer


def kleene(rule: Callable[..., pl.Expr]) -> Rule:
    """Polars is three-valued here; the operands stay one flat list."""
    return lambda _, operands: rule(*operands)


def fallback(place: Place, operands: Operands) -> pl.Expr:
    first, second = (
        converted(operand, arg.type, place.node.type)
        for operand, arg in zip(operands, place.node.args, strict=True)
    )
    if is_literal(operands[0]):
        return second if settled(operands[0]) is None else first
    return pl.when(first.is_not_null()).then(first).otherwise(second)


def _magnitude(node: Expr) -> float:
    """How far from zero a value can be; infinity when nothing is declared."""
    if isinstance(node, Const) and isinstance(node.value, int | float):
        return abs(node.value)
    return _bound(node.type)


def _bound(kind: Type) -> float:
    """Amounts of money on their way carry no bound that holds after a division."""
    match kind:
        case Number(low=float() | int() as low, high=float() | int() as high):
            return max(abs(low), abs(high))
        case Share(bounded=True):
            return 1.0
        case Money(low=low, high=high, exact=True):
            return max(abs(low), abs(high))
        case _:
            return math.inf


def _sum_reach(a: Expr, b: Expr) -> float:
    return _magnitude(a) + _magnitude(b)


def _product_reach(a: Expr, b: Expr) -> float:
    """Infinity also where one side has no bound and the other is zero."""
    left, right = _magnitude(a), _magnitude(b)
    return left * right if math.isfinite(left) and math.isfinite(right) else math.inf


def _quotient_reach(a: Expr, b: Expr) -> float:
    """A divisor that is not a constant can always come near zero."""
    divisor = _magnitude(b) if isinstance(b, Const) else 0.0
    return _magnitude(a) / divisor if divisor else math.inf


# ---- rules


def quotient(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """`a / b`, rounded once.

    Polars multiplies by the reciprocal where the divisor is one value for all rows (a literal, or
    a column made of one), which rounds twice. `a * 0` spreads the divisor over the rows.
    """
    if is_literal(b) and _halves(settled(b)):
        return a / b
    return a / (b + a * 0)


def _halves(divisor: object) -> bool:
    """Whether the divisor is a power of two, whose reciprocal is exact."""
    if not isinstance(divisor, float) or divisor == 0:
        return False
    return abs(math.frexp(divisor)[0]) == 0.5 and abs(divisor) > 1e-300


_MIRRORED: Mapping[str, str] = {
    "eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"
}  # fmt: skip


def compared(name: str, a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """`a < b` and the like.

    Polars answers one row for a literal before a column that is made of one value, so literals
    stand last.
    """
    if is_literal(a) and not is_literal(b):
        name, a, b = _MIRRORED[name], b, a
    answer: pl.Expr = getattr(operator, name)(a, b)
    return answer


def _compares(name: str) -> Rule:
    """Declared values of different columns are compared as text."""

    def answer(place: Place, operands: Operands) -> pl.Expr:
        a, b = operands
        left, right = (dtype(arg.type) for arg in place.node.args)
        if left != right:
            return compared(name, a.cast(pl.String), b.cast(pl.String))
        return compared(name, a, b)

    return answer


def _among(place: Place, operands: Operands) -> pl.Expr:
    tested, *listed = place.node.args
    if isinstance(tested.type, Text) and len(listed) <= _FEW_TEXTS:
        return pl.any_horizontal([operands[0] == each for each in operands[1:]])
    values = pl.Series([_constant(each) for each in listed], dtype=dtype(tested.type))
    return operands[0].is_in(values.implode())


def _constant(node: Expr) -> object:
    if isinstance(node, Const):
        return node.value
    raise TypeError("the operand is not a constant")


def _whole_constant(node: Expr) -> int:
    value = _constant(node)
    if isinstance(value, int):
        return value
    raise TypeError("the operand is not a whole constant")


def _to_minor(amount: pl.Expr) -> pl.Expr:
    minor = amount.round(0, mode="half_to_even")
    return pl.when(minor.abs() <= BOUND).then(minor).cast(pl.Int64)


def _to_date(place: Place, operands: Operands) -> pl.Expr:
    return dates.day_of(operands[0], place.zone)


def _add(rule: Callable[[pl.Expr, int], pl.Expr]) -> Rule:
    """A date and a constant number of days or months."""
    return lambda place, operands: rule(operands[0], _whole_constant(place.node.args[1]))


def _matches(place: Place, operands: Operands) -> pl.Expr:
    text = _constant(place.node.args[1])
    pattern = read_pattern(str(text))
    if isinstance(pattern, PatternFault):
        raise ValueError(f"the pattern {text!r} has not been checked")
    return operands[0].str.contains(pattern.portable)


def _has(
    combined: Callable[[Sequence[pl.Expr]], pl.Expr], *, negated: bool = False
) -> Callable[[Place, Operands], pl.Expr]:
    """Which of the listed values are in a set; each is looked for by itself."""

    def answer(_: Place, operands: Operands) -> pl.Expr:
        found, *listed = operands
        answered = combined([found.list.contains(value) for value in listed])
        return ~answered if negated else answered

    return answer


def _collect(place: Place, operands: Operands) -> pl.Expr:
    """The values stand in their declared order: one place a test, those not true taken out."""
    if not isinstance(place.node.type, Set):
        raise TypeError("only declared values are collected")
    values = zip(place.node.type.values, operands, strict=True)
    return pl.concat_list([_if_true(test, value) for value, test in values]).list.drop_nulls()


def _if_true(test: pl.Expr, value: str) -> pl.Expr:
    if is_literal(test):
        return pl.lit(value if settled(test) is True else None, dtype=pl.String)
    return pl.when(test).then(pl.lit(value))


def _held_out(place: Place, operands: Operands) -> pl.Expr:
    salt, share = (_constant(arg) for arg in place.node.args[1:])
    begin = f"{salt}:".encode()
    # the share as it was written: 0.1 is a tenth, not the double next to it
    edge = math.ceil(Fraction(repr(share)) * _HASHES)
    if edge >= _HASHES:
        return pl.when(operands[0].is_not_null()).then(statement=True)
    # bytes compare like the number that their first eight make
    below = max(edge, 0).to_bytes(8, "big")

    def held(keys: pl.Series) -> pl.Series:
        answers = [
            None if key is None else sha256(begin + key.encode()).digest() < below
            for key in keys.to_list()
        ]
        return pl.Series(keys.name, answers, dtype=pl.Boolean)

    return operands[0].map_batches(held, return_dtype=pl.Boolean, is_elementwise=True)


def _starts_with(text: pl.Expr, part: pl.Expr) -> pl.Expr:
    return text.str.starts_with(part)


def _ends_with(text: pl.Expr, part: pl.Expr) -> pl.Expr:
    return text.str.ends_with(part)


RULES: Mapping[str, Rule] = total(
    "polars",
    {
        "add": partial(operator.add, _sum_reach),
        "sub": partial(operator.sub, _sum_reach),
        "mul": partial(operator.mul, _product_reach),
        "div": partial(quotient, _quotient_reach),
        "idiv": strict(operator.floordiv),
        "mod": strict(operator.mod),
        "neg": strict(operator.neg),
        "eq": _compares("eq"),
        "ne": _compares("ne"),
        "lt": _compares("lt"),
        "le": _compares("le"),
        "gt": _compares("gt"),
        "ge": _compares("ge"),
        "and": kleene(pl.all_horizontal),
        "or": kleene(pl.any_horizontal),
        "not": strict(operator.invert),
        "in": _among,
        "is_missing": strict(pl.Expr.is_null),
        "is_known": strict(pl.Expr.is_not_null),
        "if_missing": fallback,
        "least": guarded(pl.min_horizontal),
        "greatest": guarded(pl.max_horizontal),
        "contains": strict(lambda text, part: text.str.contains(part, literal=True)),
        "starts_with": strict(_starts_with),
        "ends_with": strict(_ends_with),
        "matches": _matches,
        "has_any": _has(pl.any_horizontal),
        "has_all": _has(pl.all_horizontal),
        "has_none": _has(pl.any_horizontal, negated=True),
        "collect": _collect,
        "held_out": _held_out,
        "to_number": strict(lambda whole: whole.cast(pl.Float64)),
        "to_minor": strict(_to_minor),
        "to_date": _to_date,
        "days_between": strict(dates.days_between),
        "months_between": strict(dates.months_between),
        "days_to_anniversary": strict(dates.days_to_anniversary),
        "add_days": _add(dates.days_later),
        "add_months": _add(dates.months_later),
        "position": strict(lambda value: value.to_physical().cast(pl.Int64)),
    },
    OPERATORS,
)
