"""Tables, knobs, named values and identities."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from fractions import Fraction
from typing import Literal

from segrules.lang.ir.expressions import Expr, Length
from segrules.lang.node import node
from segrules.lang.types import Link, Type
from segrules.text.source import Span

Cleaning = Literal["trimmed", "casefolded", "digits"]
Nature = Literal["observed", "derived", "predicted"]


@node
class TableColumn:
    """`heading` is the column's name in files; a key is text and never missing.

    `cleaning` is done on reading, in this order. `source` says where the values come from,
    `steward` who answers for them, `purposes` what they may be used for (none: anything). Values
    of a `kept` column are stored with every assignment. Of a predicted column only what `trusted`
    allows is ever read.
    """

    name: str
    heading: str
    type: Type
    optional: bool
    until_outcome: bool = False
    sensitive: bool = False
    kept: bool = False
    protected: bool = False
    cleaning: tuple[Cleaning, ...] = ()
    nature: Nature = "observed"
    source: str = ""
    steward: str = ""
    purposes: tuple[str, ...] = ()
    trusted: Expr | None = field(default=None, compare=False, repr=False)


@node
class Table:
    """A table of the firm.

    kind `main`: one row a `key`. `related`: many rows a key of the table `of`, joined by the
    column `by`; its own `key` is empty where it has none. `derived`: one row a distinct `key` of
    the related table `source`. `history`: what the assignments before stored of the table `of`,
    joined by the column `by`; it is not read from a file of the firm's. `dated` names the date or
    instant of a row: rows after as_of are never seen.
    """

    name: str
    kind: Literal["main", "related", "derived", "history"]
    key: str
    columns: tuple[TableColumn, ...]
    of: str | None = None
    by: str | None = None
    source: str | None = None
    dated: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    def column(self, name: str) -> TableColumn | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def links(self) -> dict[str, str]:
        """The main tables that columns refer to, by column."""
        return {
            column.name: column.type.table
            for column in self.columns
            if isinstance(column.type, Link)
        }

    def joined_by(self, table: str) -> str | None:
        """The column by which rows belong to rows of another table, if they do."""
        if self.of == table:
            return self.by
        return next((name for name, to in self.links.items() if to == table), None)


def history_of(table: str) -> str:
    """The name of the table that holds what was stored of another; no rule can write it."""
    return f"history of {table}"


@node
class Knob:
    """A named constant with its declared range, both in the form of its type.

    `later` are values that hold from a day on; `value` is the one of the day asked about. `step`
    is how far settings lie apart that make sense, from `low` on.
    """

    name: str
    value: Fraction | Length
    low: Fraction | Length
    high: Fraction | Length
    percent: bool
    written: str
    later: tuple[tuple[dt.date, Fraction | Length], ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)
    step: Fraction | Length | None = None


@node
class Feature:
    """A named expression over one table: `let`, `score`, `band`, `value`, flag, output of a grid.

    Flags and outputs of grids are part of an assignment; a flag may have a label.
    """

    name: str
    kind: Literal["let", "score", "band", "value", "flag", "grid"]
    table: str
    expr: Expr
    label: str = ""
    written: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return self.expr.type

    @property
    def optional(self) -> bool:
        return self.expr.optional


@node
class ValueBlock:
    """What a `value` is made of: `lines` are `revenue` and the costs, by name, as expressions.

    `ledger` is the total it must reconcile with, in units of the currency, within `tolerance` (a
    part of the ledger).
    """

    name: str
    table: str
    lines: tuple[tuple[str, Expr], ...]
    ledger: Fraction | None
    tolerance: Fraction
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Survivor:
    """How one column of a customer is made of those of its records.

    `source`: the first of `sources` that has a value, then any other. `newest`, `oldest`: by the
    date column `by`. The others: the total, the largest, the smallest, or whether any is true.
    """

    column: str
    how: Literal["source", "newest", "oldest", "total", "largest", "smallest", "any"]
    by: str | None = None
    sources: tuple[str, ...] = ()


@node
class Identity:
    """Records of a table are one customer where they share a value of one of `keys`.

    A value that more than `trust` records share joins none of them. `source` is the column that
    says where a record comes from. `rest` is for the columns that no survivor names.
    """

    table: str
    keys: tuple[str, ...]
    trust: int
    source: str | None
    survivors: tuple[Survivor, ...]
    rest: Survivor
    span: Span | None = field(default=None, compare=False, repr=False)
