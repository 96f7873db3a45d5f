"""The summary of an assignment as it is stored beside a result."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputSummary(_Part):
    """An input: `unreadable` cells and cells `missing` though required, by column."""

    path: str
    sha256: str
    rows: int
    unreadable: dict[str, int]
    missing: dict[str, int]


class SegmentSummary(_Part):
    """`share` is a part of all rows, from 0 to 1."""

    rows: int
    share: float


class SetSummary(_Part):
    """Rows by segment; how many `otherwise` and `unsure` decided; unknown answers by rule.

    `governed` are rows that a suppression, an override, tolerance (`stay`) or a cap decided on;
    `held_out` rows by segment, None without a hold-out; `allotted` rows by whom they went to.
    `spread` says of the columns that a hold-out is reported by, and of each value (a missing one is
    ""), how many rows there are and how many of them are held out.
    """

    segments: dict[str, SegmentSummary]
    otherwise: int
    unsure: int
    unknown: dict[str, int]
    governed: dict[str, int] = {}
    held_out: dict[str, int] | None = None
    allotted: dict[str, int] = {}
    spread: dict[str, dict[str, tuple[int, int]]] = {}


class IdentitySummary(_Part):
    """Records read, customers they are, and how many of these have several records."""

    records: int
    customers: int
    merged: int


class Summary(_Part):
    """Counts of one assignment. `schema` (here `schema_`) is the version of this form.

    `revision` is that of the rules and their knobs, the same on every day. `calibration` is what
    was frozen, by the name of the test or figure: a list of its groups; `cut_points` tells it from
    another one (SHA-256), `None` where nothing is frozen.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True
    )

    schema_: Literal[1] = Field(default=1, alias="schema")
    ruleset: str
    revision: str
    as_of: dt.date
    rows: int
    inputs: dict[str, InputSummary]
    sets: dict[str, SetSummary]
    identities: dict[str, IdentitySummary] = {}
    calibration: dict[str, Any]
    cut_points: str | None = None
    warnings: list[str]
