"""Segment sets as cells: cut points of what rules look at, and for each rule where it is true."""

from segrules.lang.cells.build import Layout, cells_of
from segrules.lang.cells.domains import (
    Cells,
    Domain,
    Line,
    Listed,
    Ordered,
    Subject,
    Test,
    cell_of,
)

__all__ = [
    "Cells",
    "Domain",
    "Layout",
    "Line",
    "Listed",
    "Ordered",
    "Subject",
    "Test",
    "cell_of",
    "cells_of",
]
