"""Which rules, knobs and cut points a result comes from: hashes that tell them apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from segrules.lang.ir import Calibration, Knob, Length
from segrules.segments.calibration import contents


def revision(canonical_text: str, knobs: Iterable[Knob], calibration: Calibration) -> str:
    """The SHA-256, in hexadecimal, of the rules in canonical form, the knobs and the cut points.

    The order of the knobs does not matter.
    """
    cuts = contents(calibration)
    content = {
        "rules": canonical_text,
        "knobs": {knob.name: _setting(knob.value) for knob in knobs},
        "cuts": cuts,
        # cut points hold for a date; without any the revision is the same every day
        "as_of": calibration.as_of.isoformat() if cuts else None,
    }
    return _hash(content)


def cuts_revision(calibration: Calibration) -> str | None:
    """The SHA-256 of the cut points alone, `None` without any.

    The same cut points have the same one on every day, frozen in a file or taken anew.
    """
    cuts = contents(calibration)
    return _hash(cuts) if cuts else None


def _hash(content: Mapping[str, Any]) -> str:
    held = json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(held.encode()).hexdigest()


def _setting(value: Fraction | Length) -> str:
    match value:
        case Fraction():
            return str(value)
        case Length(count=count, unit=unit):
            return f"{count} {unit}"
