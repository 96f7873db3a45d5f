"""What the columns of a prepared frame are called, beside those that are declared.

Names in rules hold no colon, so nothing clashes. What is found on other rows, or frozen of a
population, is named by what it means: two nodes that mean the same share a column.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from hashlib import blake2b

from segrules.lang.ir import Expr, Rows


def feature_column(name: str) -> str:
    return f"let:{name}"


def placed_column(name: str, caps: int | None = None) -> str:
    """The segment after so many caps (None: all of them)."""
    return f"set:{name}" if caps is None else f"set:{name}:{caps}"


def decided_column(name: str, caps: int | None = None) -> str:
    """What decided the segment after so many caps."""
    return f"{placed_column(name, caps)}:by"


def recalled_name(batch: str) -> str:
    """What is held of a batch of related rows is called among frames (see `recall`)."""
    return f"recalled:{batch}"


def node_column(node: Expr | Rows) -> str:
    """The column of a node that the row itself does not answer."""
    spelled = _spelled(node).encode()
    return f"{type(node).__name__.lower()}:{blake2b(spelled, digest_size=16).hexdigest()}"


def _spelled(value: object) -> str:
    """Everything about a node that takes part in its equality."""
    if isinstance(value, tuple):
        return f"({','.join(map(_spelled, value))})"
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(repr, value)))}}}"
    if not is_dataclass(value):
        return repr(value)
    parts = (_spelled(getattr(value, part.name)) for part in fields(value) if part.compare)
    return f"{type(value).__name__}({','.join(parts)})"
