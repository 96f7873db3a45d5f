"""What can be wrong with a record, and with a program."""

from __future__ import annotations

from typing import Any


class ProgramError(ValueError):
    """A program that cannot be built: damaged, of another version, or with words not known here."""


class BundleError(ValueError):
    """A bundle that cannot be served.

    `code` is one of:

    - `unreadable`: the file cannot be read
    - `no bundle`: it is JSON, but no bundle
    - `damaged`: it is cut off or changed since it was written
    - `version`: it is of another version of this form
    - `hash`: it is not the bundle that was expected
    - `table`: it holds no segments of that table, or of several
    - `examples`: it does not decide its own examples as they say
    """

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code


class RecordError(ValueError):
    """A record that cannot be decided, or what was passed beside it.

    `code` is one of:

    - `absent`: a declared column is not there
    - `extra`: there is a name that is no declared column (only where that is asked for)
    - `missing`: there is no value, and the column is declared to have one
    - `type`: the value is of another type
    - `number`: it is NaN or infinite
    - `range`: it is outside the declared bounds
    - `fraction`: it is money with more decimals than its currency has
    - `value`: it is not one of the declared values, or cannot be read
    - `feature`: neither the feature nor the rows that it is made of were passed, or there is no
      such feature
    - `key`: features or related rows of another record were passed
    - `link`: neither the row that a link leads to was passed nor a way to look it up
    - `table`: rows or a look-up were passed for a table that is not there
    - `set`: there are several segment sets, or none of that name

    `field` is the name of the column, feature, table or set; `table` the table of the column.
    `value` is what was passed, or None where nothing was; the value of a sensitive column is
    withheld, and stands in no text.
    """

    def __init__(
        self, code: str, field: str, says: str, *, table: str = "", value: object = None
    ) -> None:
        super().__init__(f"{table}.{field}: {says}" if table else f"{field}: {says}")
        self.code, self.field, self.table = code, field, table
        self.value: Any = value


def shown(value: object) -> str:
    """A value as a message quotes it, cut to a length that fits a line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
