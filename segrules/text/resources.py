"""Finds the grammar and the rule sets, in an installed package and in a checkout alike."""

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent.parent


def resource(kind: Literal["grammar", "rulesets"]) -> Path:
    """Returns the folder which holds the grammar or the rule sets.

    An installed package carries it as `data/<kind>`; in a checkout it lies beside the package.

    Raises:
        FileNotFoundError: it is in neither place, so the installation is incomplete.
    """
    places = (_PACKAGE / "data" / kind, _PACKAGE.parent / kind)
    for place in places:
        if place.is_dir():
            return place
    looked = " nor ".join(str(place) for place in places)
    raise FileNotFoundError(
        f"segrules is installed without its {kind} folder: there is neither {looked}"
    )
