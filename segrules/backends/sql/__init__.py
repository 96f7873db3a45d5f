"""SQL as a target: the rules as one query of a dialect, over tables where they are."""

from segrules.backends.sql.assignment import (
    PARTS,
    Source,
    assignment_sql,
    spelled,
    values_sql,
)
from segrules.backends.sql.dialects import DIALECTS
from segrules.backends.sql.held import expected_type, fits, held
from segrules.backends.sql.refusals import Misfit, Refusal, columns_read, misfits, refusals

__all__ = [
    "DIALECTS",
    "PARTS",
    "Misfit",
    "Refusal",
    "Source",
    "assignment_sql",
    "columns_read",
    "expected_type",
    "fits",
    "held",
    "misfits",
    "refusals",
    "spelled",
    "values_sql",
]
