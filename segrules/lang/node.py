"""Tree nodes: dataclasses whose comparison is shared, so that importing a hundred is quick.

The standard library writes and compiles six methods for each frozen dataclass; with the hundred
classes of the two trees that alone took a third of the start-up of a check. Here only `__init__`
is made for each class. That nodes are not assigned to is the type checker's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[Class]) -> type[Class]:
    """Makes a class a frozen node: equal when of one class and equal in its compared fields."""
    cls.__doc__ = cls.__doc__ or cls.__name__
    made: Any = dataclass(eq=False, repr=False)(cls)
    compared = [part.name for part in fields(made) if part.compare]
    made.__compared__ = attrgetter(*(compared or ["__class__"]))
    made.__eq__, made.__hash__, made.__repr__ = _equal, _hash, _show
    return made  # type: ignore[no-any-return]


def _equal(self: Any, other: Any) -> bool:
    if other.__class__ is not self.__class__:
        return False
    return bool(self.__compared__(self) == other.__compared__(other))


def _hash(self: Any) -> int:
    return hash((self.__class__, self.__compared__(self)))


def _show(self: Any) -> str:
    shown = (f"{part.name}={getattr(self, part.name)!r}" for part in fields(self) if part.repr)
    return f"{type(self).__name__}({', '.join(shown)})"
