"""The text of a query, laid out for people: what is a row of values stands beside others."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlglot import Dialect, Generator, exp

WIDEST = 100
"""Characters of a line of values."""


def spell(query: exp.Expression, dialect: str) -> str:
    """The text in a dialect; the same query always gives the same text."""
    made = _generator(dialect)(
        dialect=Dialect.get_or_raise(dialect), pretty=True, identify=True, comments=False
    )
    return str(made.generate(query))


@cache
def _generator(dialect: str) -> type[Generator]:
    """The generator of a dialect, but for tables of values: as many rows in a line as fit.

    What is frozen of a population may have a row for each of its groups.
    """
    base: Any = Dialect.get_or_raise(dialect).generator_class

    class Packed(base):  # type: ignore[misc]  # a class that is known when it is asked for
        def expressions(self, expression: exp.Expression | None = None, **how: Any) -> str:
            rows = expression.expressions if isinstance(expression, exp.Values) else []
            if not rows or how:
                return str(super().expressions(expression, **how))
            return _packed(self.sql(row) for row in rows)

    return Packed


def _packed(rows: Iterable[str]) -> str:
    lines: list[str] = []
    for row in rows:
        if lines and len(lines[-1]) + len(row) + 2 <= WIDEST:
            lines[-1] += f", {row}"
        else:
            lines.append(row)
    return ",\n".join(lines)
