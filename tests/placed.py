"""Rows of a placement as the reference evaluator sees them."""

from segrules.backends.reference.rows import Row
from segrules.segments.assign import Placement
from segrules.segments.world import fetch


def row_of(placement: Placement, key: str) -> Row:
    """The row with a key, with the world it belongs to."""
    found = fetch(placement.ruleset, placement.table, placement.frames, placement.context, [key])
    return found[key]
