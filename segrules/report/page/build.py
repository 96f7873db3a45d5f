"""From a page to the bytes of one HTML file: everything inside, nothing asked of the network.

The same page gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from segrules import __version__
from segrules.report.page.content import Chart, Page, Spec
from segrules.segments.atomic import replacing

PRINTED = 680
"""How wide a still picture is, in pixels of its own; on the page it is as wide as there is room."""

_VEGA_LITE = "v" + ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


@dataclass(frozen=True)
class _Panel:
    alt: str
    svg: Markup
    json: Markup


def html(page: Page) -> str:
    """The page as HTML; every text of it is escaped."""
    script, library = Markup(_part("page.js")), Markup(_library())  # noqa: S704 -- our own
    text: str = _template().render(
        page=page,
        panels={chart.name: _panels(chart) for chart in page.charts},
        kind_of=lambda block: type(block).__name__,
        version=__version__,
        policy=_policy([library, script]),
        style=Markup(_part("page.css")),  # noqa: S704 -- our own
        library=library,
        script=script,
    )
    return text


def write(page: Page, out: Path) -> None:
    """Writes the page; it is there whole or not at all.

    Raises:
        OSError: the folder is not there or is protected, or the disk is full.
    """
    text = html(page)
    with replacing(out) as unfinished:
        unfinished.write_bytes(text.encode())


@cache
def _template() -> Any:
    made = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return made.from_string(_part("page.html"))


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed, with all they need, once for all charts."""
    found: str = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=_VEGA_LITE
    )
    if re.search(r"</script|<!--|\r", found, re.IGNORECASE):
        raise ValueError("the library would end its own script element")
    return found


def _policy(scripts: list[Markup]) -> str:
    """What the page may do: run these two scripts, and nothing that asks for anything.

    A script that slipped in by way of a name would have another hash, and would not run.
    """
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _panels(chart: Chart) -> list[_Panel]:
    """The picture of each panel for paper, and its data for the screen."""
    many = len(chart.panels) > 1
    return [
        _Panel(
            alt=str(spec["description"]) if many else chart.alt,
            svg=Markup(_still(spec)),  # noqa: S704 -- vega escapes what it writes
            json=Markup(_data(spec)),  # noqa: S704 -- escaped there
        )
        for spec in chart.panels
    ]


def _still(spec: Spec) -> str:
    # texts may be wider where they are read than they are here
    room = {"left": 24, "right": 12, "top": 4, "bottom": 4}
    wide = {**spec, "width": PRINTED, "padding": room}
    drawn: str = vl_convert.vegalite_to_svg(wide, vl_version=_VEGA_LITE)
    return drawn


def _data(spec: Spec) -> str:
    """JSON that can stand in HTML: nothing in it can end the element or begin another."""
    text = json.dumps(spec, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
