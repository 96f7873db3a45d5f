"""What an engine is given to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from segrules.lang.ir import Ruleset
from segrules.segments.batch import DEFAULTS, Options
from segrules.segments.engines.addresses import Source


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be assigned: the rules with their canonical `text`, the tables, the day."""

    ruleset: Ruleset
    sources: Mapping[str, Source]
    as_of: dt.date
    text: str
    options: Options = DEFAULTS
