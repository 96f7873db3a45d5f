"""Parts of a kernel that are written as functions and compiled into the loop that calls them.

A call by numba hands over every word of every array, and counts who refers to each. The tables of
a centre are a hundred words, and the loop makes some twenty calls a customer: twenty times the
work itself. Here the call is compiled away, and nothing is counted because nothing is allocated.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS: Any = {
    "nogil": True,
    "fastmath": False,
    "error_model": "numpy",
    "_nrt": False,
}


def inlined(function: Function) -> Function:
    """Compile `function` like a kernel, but into its callers; only kernels have a cache.

    INVARIANT: it allocates no array and returns none, directly or in a tuple. Numba's counting
    of references is off (`_nrt`), so an array made here would be freed under its user.
    """
    return cast(Function, numba.njit(forceinline=True, **_OPTIONS)(function))


def apart(function: Function) -> Function:
    """Compile what happens seldom apart from the loop, which is the faster for being short.

    INVARIANT: the same as of `inlined`.
    """
    return cast(Function, numba.njit(**_OPTIONS)(function))
