"""Connected components of a graph whose nodes are numbered from zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Nodes = NDArray[np.int64]


def components(count: int, left: Nodes, right: Nodes) -> Nodes:
    """The least node of each node's component; an edge joins `left[i]` with `right[i]`.

    The answer does not depend on the order of the edges. Time grows with nodes and edges times
    the logarithm of the nodes, however long the chains are; memory with nodes and edges.
    """
    least = np.arange(count, dtype=np.int64)
    while left.size:
        # INVARIANT: a node points at a root, and a root is the least node of its tree. In two
        # rounds each tree that is not finished takes in another one: a tree less than all its
        # neighbours either wins one of them or sees it go to a tree that is less still.
        smaller = np.minimum(left, right)
        np.minimum.at(least, left, smaller)
        np.minimum.at(least, right, smaller)
        _flatten(least)
        left, right = least[left], least[right]
        open_still = left != right
        left, right = left[open_still], right[open_still]
    return least


def _flatten(least: Nodes) -> None:
    """Points every node straight at its root, in place; each step halves the way."""
    while True:
        further = least[least]
        if np.array_equal(further, least):
            return
        least[:] = further
