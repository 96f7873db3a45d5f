"""Cells of text, as CSV files have them, as values that may be passed.

Only what text alone cannot be taken for is read here: numbers, shares and flags. Amounts, dates,
instants, declared values and sets are read from text wherever they are passed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def from_cell(kind: Sequence[Any], cell: Any) -> Any:
    """The value of a cell for a type as a program writes it; an empty cell is missing.

    What cannot be read stays as it is: whoever takes it will say what is wrong with it.
    """
    if not isinstance(cell, str):
        return cell
    if not cell:
        return None
    match kind[0]:
        case "whole" if _WHOLE.fullmatch(cell):
            return int(cell)
        case "number" | "share" if _NUMBER.fullmatch(cell):
            return float(cell)
        case "share" if _NUMBER.fullmatch(cell.removesuffix("%")):
            # as an exponent the hundredth is exact; a division would round once more
            return float(Decimal(cell.removesuffix("%")).scaleb(-2))
        case "flag":
            return _FLAGS.get(cell.lower(), cell)
    return cell
