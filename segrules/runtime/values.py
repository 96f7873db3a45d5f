"""Values as JSON holds them: dates, instants and sets say what they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

Value = str | int | float | bool | dt.date | dt.datetime | frozenset[str] | None
"""A value in canonical form; None is missing."""


def written(value: Value) -> Any:
    """A canonical value as JSON holds it."""
    if isinstance(value, dt.datetime):
        return {"instant": value.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, frozenset):
        return {"set": sorted(value)}
    return value


def read(plain: Any) -> Any:
    """The canonical value that `written` wrote.

    Raises:
        ValueError: there is no such value.
    """
    if not isinstance(plain, dict):
        return plain
    match plain:
        case {"date": str(day)}:
            return dt.date.fromisoformat(day)
        case {"instant": str(moment)}:
            return dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
        case {"set": list(values)}:
            return frozenset(values)
    raise ValueError(f"{plain!r} is no value")
