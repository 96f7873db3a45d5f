"""What was written, as it was written: the formatter prints this tree, the checker reads it.

Names are unresolved, knobs are names, brackets are kept as `Group`. Nodes are frozen; spans take
no part in equality, so two texts of the same form are equal here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from fractions import Fraction
from typing import Literal

from segrules.lang.node import node
from segrules.text.source import Span

_SPAN = field(compare=False, repr=False)


@node
class Name:
    """A name; `quoted` when it stands in backticks."""

    text: str
    quoted: bool
    span: Span = _SPAN


@node
class Number:
    """A decimal number; `written` keeps its underscores."""

    value: Fraction
    written: str
    span: Span = _SPAN


@node
class Percent:
    """A percentage; `value` is the share it stands for (25% is 1/4)."""

    value: Fraction
    written: str
    span: Span = _SPAN


UnitWord = Literal["day", "week", "month", "quarter", "year"]


@node
class LengthOf:
    """`90 days`: a whole count of a unit."""

    count: int
    unit: UnitWord
    span: Span = _SPAN


@node
class Quote:
    value: str
    span: Span = _SPAN


@node
class DateOf:
    value: dt.date
    span: Span = _SPAN


Quantity = Number | Percent | LengthOf
Cell = Quantity | Name | Quote | DateOf

# ---- expressions


@node
class Chain:
    """`a or b or c`, `a and b and c`."""

    word: Literal["or", "and"]
    parts: tuple[Expression, ...]
    span: Span = _SPAN


@node
class Negated:
    part: Expression
    span: Span = _SPAN


@node
class Compare:
    sign: Literal["=", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression
    span: Span = _SPAN


@node
class BetweenOf:
    value: Expression
    low: Expression
    high: Expression
    span: Span = _SPAN


@node
class Member:
    value: Expression
    members: tuple[Name | Number | Quote | DateOf, ...]
    negated: bool
    span: Span = _SPAN


@node
class Missingness:
    """`x is missing`, `x is known`."""

    value: Expression
    known: bool
    span: Span = _SPAN


@node
class TextTest:
    word: Literal["contains", "starts_with", "ends_with"]
    value: Expression
    text: Quote
    span: Span = _SPAN


@node
class Ranked:
    """`in top 20% by fee`; the quota may be a knob."""

    top: bool
    quota: Percent | Number | Name
    by: Expression
    span: Span = _SPAN


@node
class InLastOf:
    """`in last 90 days`, `in last KNOB`; a bare unit (`in last month`) is refused later."""

    length: LengthOf | Name | None
    span: Span = _SPAN


@node
class AgoOf:
    """`from 24 to 18 months ago`."""

    start: LengthOf
    end: LengthOf
    span: Span = _SPAN


@node
class FromTo:
    first: DateOf
    last: DateOf
    span: Span = _SPAN


WindowOf = InLastOf | AgoOf | FromTo


@node
class RowsOf:
    """Rows of a related table, in a window, where a condition holds."""

    table: Name
    window: WindowOf | None
    where: Expression | None
    span: Span = _SPAN


Quantifier = Literal["at least", "at most", "more than", "fewer than", "exactly", "any", "no"]


@node
class Quantified:
    word: Quantifier
    count: Number | Name | None
    rows: RowsOf
    span: Span = _SPAN


@node
class Arithmetic:
    """`a + b - c` or `a * b / c`: the first operand, then pairs of sign and operand."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    span: Span = _SPAN


@node
class Signed:
    sign: Literal["+", "-"]
    value: Expression
    span: Span = _SPAN


@node
class Fallback:
    value: Expression
    use: Expression
    span: Span = _SPAN


@node
class Group:
    inner: Expression
    span: Span = _SPAN


@node
class PercentOf:
    percent: Percent
    value: Expression
    span: Span = _SPAN


@node
class Extreme:
    word: Literal["least", "greatest"]
    values: tuple[Expression, ...]
    span: Span = _SPAN


@node
class AggregateOf:
    """`sum amount of orders …`; `how` is a row of the aggregate table, `count` has no value."""

    how: str
    value: Expression | None
    rows: RowsOf
    span: Span = _SPAN


@node
class DaysSince:
    value: Expression
    span: Span = _SPAN


@node
class DaysSinceRows:
    """`days since last orders`."""

    word: Literal["first", "last"]
    rows: RowsOf
    span: Span = _SPAN


@node
class Completed:
    unit: UnitWord
    start: Expression
    end: Expression
    span: Span = _SPAN


Expression = (
    Name | Number | Percent | LengthOf | Quote | DateOf | Chain | Negated | Compare | BetweenOf
    | Member | Missingness | TextTest | Ranked | Quantified | Arithmetic | Signed | Fallback
    | Group | PercentOf | Extreme | AggregateOf | DaysSince | DaysSinceRows | Completed
)  # fmt: skip

# ---- declarations


@node
class Header:
    """One line of the heading; the value is a text, a name or a number."""

    word: Literal["language", "goal", "why", "owner", "zone", "money"]
    value: Quote | Name | Number
    span: Span = _SPAN


@node
class RulesetOf:
    name: Name
    headers: tuple[Header, ...]
    span: Span = _SPAN


@node
class KnobOf:
    name: Name
    value: Quantity
    low: Quantity
    high: Quantity
    step: Quantity | None
    span: Span = _SPAN


@node
class TypeOf:
    """A column's type; `names` for enums, `low` and `high` for a range."""

    word: Literal[
        "text", "whole", "number", "money", "share", "flag", "date", "instant", "one of", "ordered"
    ]
    names: tuple[Name, ...] = ()
    low: Number | None = None
    high: Number | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Property:
    word: Literal["as", "until_outcome", "sensitive"]
    heading: Quote | None
    span: Span = _SPAN


@node
class ColumnOf:
    name: Name
    type: TypeOf
    optional: bool
    properties: tuple[Property, ...]
    span: Span = _SPAN


@node
class TableOf:
    """`of` for a related table, `source` for a derived one, neither for a main table."""

    name: Name
    key: Name
    columns: tuple[ColumnOf, ...]
    of: Name | None
    source: Name | None
    dated: Name | None
    span: Span = _SPAN


@node
class LetOf:
    name: Name
    table: Name | None
    value: Expression
    span: Span = _SPAN


@node
class Points:
    word: Literal["add", "take"]
    value: Expression
    when: Expression | None
    span: Span = _SPAN


@node
class ScoreOf:
    name: Name
    table: Name | None
    points: tuple[Points, ...]
    span: Span = _SPAN


@node
class BandRow:
    """`low below 30%`, `5 up to 30`, or a label alone for the rest."""

    label: Name | Number
    word: Literal["below", "up to", ""]
    edge: Quantity | Name | None
    span: Span = _SPAN


@node
class BandOf:
    name: Name
    value: Expression
    rows: tuple[BandRow, ...]
    span: Span = _SPAN


@node
class SegmentOf:
    name: Name
    label: Quote | None
    when: Expression
    span: Span = _SPAN


@node
class Closer:
    word: Literal["otherwise", "unsure"]
    name: Name
    label: Quote | None
    span: Span = _SPAN


@node
class SegmentsOf:
    name: Name
    table: Name
    segments: tuple[SegmentOf, ...]
    closers: tuple[Closer, ...]
    span: Span = _SPAN


@node
class Row:
    """Cells of one row; `expect` are those after `=>`."""

    cells: tuple[Cell, ...]
    expect: tuple[Cell, ...]
    span: Span = _SPAN


@node
class ConditionsOf:
    of: Name
    rows: tuple[Row, ...]
    span: Span = _SPAN


@node
class Setting:
    name: Name
    value: Cell
    span: Span = _SPAN


@node
class CutOf:
    """`fee at 2_000`, or `top 20% by fee at 2_000`."""

    name: Name
    value: Cell
    top: bool | None
    quota: Percent | Number | Name | None
    span: Span = _SPAN


@node
class ExamplesOf:
    of: Name
    as_of: DateOf
    given: tuple[Setting, ...]
    cuts: tuple[CutOf, ...]
    rows: tuple[Row, ...]
    span: Span = _SPAN


@node
class StagePart:
    """`within 30 days`, `value fee`, `cost NAME amount each`."""

    word: Literal["within", "value", "cost"]
    value: Expression
    name: Name | None
    span: Span = _SPAN


@node
class StageOf:
    name: Name
    at: Name
    parts: tuple[StagePart, ...]
    span: Span = _SPAN


@node
class FunnelOf:
    name: Name
    table: Name
    stages: tuple[StageOf, ...]
    span: Span = _SPAN


@node
class Evidence:
    word: Literal["source", "owner", "until"]
    kind: Name | None
    value: Quote | DateOf
    span: Span = _SPAN


@node
class AssumeOf:
    name: Name
    label: Quote | None
    low: Quantity
    high: Quantity | None
    evidence: tuple[Evidence, ...]
    span: Span = _SPAN


@node
class Effect:
    """`appointment odds letter_odds`, or `cost 35 each` (then `stage` is None)."""

    stage: Name | None
    amount: Name | Number
    span: Span = _SPAN


@node
class LeverOf:
    """`targets` is empty for `every segment`."""

    kind: str
    targets: tuple[Name, ...]
    effects: tuple[Effect, ...]
    span: Span = _SPAN


@node
class ScenarioOf:
    """Levers of its own, or a bundle of other scenarios (`parts`)."""

    name: Name
    label: Quote | None
    levers: tuple[LeverOf, ...]
    parts: tuple[Name, ...]
    span: Span = _SPAN


@node
class ProjectPart:
    word: Literal["for", "runs", "seed", "compare"]
    amount: LengthOf | Number | None
    names: tuple[Name, ...]
    against: Name | None
    span: Span = _SPAN


@node
class ProjectOf:
    name: Name
    of: Name | None
    by: Name | None
    parts: tuple[ProjectPart, ...]
    span: Span = _SPAN


Declaration = (
    RulesetOf | KnobOf | TableOf | LetOf | ScoreOf | BandOf | SegmentsOf | ConditionsOf
    | ExamplesOf | FunnelOf | AssumeOf | ScenarioOf | ProjectOf
)  # fmt: skip


@node
class File:
    """A file's declarations in order, with the comments and the parts that could not be read."""

    declarations: tuple[Declaration, ...]
    comments: tuple[Span, ...] = field(compare=False, repr=False, default=())
    broken: tuple[Span, ...] = field(compare=False, repr=False, default=())
