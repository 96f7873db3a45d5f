"""Pages for the tests: of a small shop with names that nobody should trust."""

import datetime as dt
import json
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl

from segrules.lang.types import Money
from segrules.report.page.made import Made
from segrules.report.page.view import Extras
from segrules.rules import Rules, load
from segrules.segments.concentration import Concentration, Counts, shares_of
from segrules.segments.history.migration import Matrix
from segrules.sim.decide.shapley import contributions
from segrules.sim.decide.spread import Shares
from segrules.sim.decide.tornado import Bar, Tornado
from segrules.sim.outlook import course, parts
from segrules.sim.projection import Projection

AS_OF = dt.date(2026, 6, 30)
MADE = Made("shop.seg", "0123456789ab")

HOSTILE = (
    "</script><script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "--> <!-- ]]> & &lt;b&gt; {{ 7 * 7 }}",
)
PLAIN = ("Gold", "Silver", "The rest of them, who have a rather long name")

RULES = """\
ruleset shop {{
  language 1
  goal  "Sell more"
  money GBP
}}

table customers key customer_id {{
  customer_id text
  joined      date
  tier        ordered bronze < silver < gold
  spend       money
  sold_at     date? until_outcome
}}

funnel sales of customers {{
  joined at joined
  sold   at sold_at within 30 days value spend
}}

segments tiers of customers {{
  golden "{0}"
      when tier = gold
  silvery "{1}"
      when tier = silver
  otherwise others "{2}"
}}

assume letter_odds "Letters help {0}" = 1.1 to 2 {{
  source experiment "test of {1}"
  owner  "Marketing {2}"
  until  2026-01-31
}}
assume call_odds = 0.9 to 1.3 {{ source judgement "{1}" owner "Sales" until 2027-01-31 }}
assume letter_cost "A letter" = 1 to 2 {{ source data "invoices" owner "Finance" until 2027-01-31 }}

scenario letters "Letters {0}" {{
  comms golden sold odds letter_odds cost letter_cost each
}}
scenario calls {{ comms silvery sold odds call_odds }}
scenario both "Both" = letters + calls

project sales {{ for 12 months runs 400 seed 7 compare both, letters, calls against today }}
"""


@cache
def rules(names: tuple[str, ...] = PLAIN) -> Rules:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shop.seg"
        file.write_text(RULES.format(*names), encoding="utf-8")
        return load(str(file), as_of=AS_OF)


@cache
def customers() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    count = 1_500
    joined = [dt.date(2025, 7, 1) + dt.timedelta(int(day)) for day in rng.integers(0, 330, count)]
    tier = rng.integers(0, 3, count)
    sold = rng.random(count) < np.array([0.5, 0.3, 0.2])[tier]
    return pl.DataFrame(
        {
            "customer_id": [f"c{at}" for at in range(count)],
            "joined": joined,
            "tier": [("bronze", "silver", "gold")[each] for each in tier],
            "spend": rng.integers(50, 400, count).astype(float),
            "sold_at": [
                day + dt.timedelta(5) if done else None
                for day, done in zip(joined, sold, strict=True)
            ],
        },
        schema_overrides={"sold_at": pl.Date},
    )


@cache
def projection(names: tuple[str, ...] = PLAIN) -> Projection:
    return rules(names).simulate({"customers": customers()}, as_of=AS_OF)


@cache
def study(names: tuple[str, ...] = PLAIN):
    return rules(names).study({"customers": customers()}, as_of=AS_OF)


@cache
def extras() -> Extras:
    """Everything that a page can show, made up."""
    rng = np.random.default_rng(2)
    added = {"letters": rng.normal(9e5, 4e5, 400), "calls": rng.normal(-1e5, 5e5, 400)}
    whole = parts(
        contributions(tuple(added), lambda names: sum((added[n] for n in names), np.zeros(400)))
    )
    bars = (
        Bar("letter_odds", "experiment", 1.2, 1.9, 2e5, 9e5, (), 1.05),
        Bar("call_odds", "judgement", 0.95, 1.25, 4e5, 7e5, (), None),
        Bar("letter_cost", "data", 110.0, 190.0, 6e5, 5e5, (), 450.0),
    )
    today = rng.normal(2e6, 2e5, (400, 12))
    after = today + rng.normal(5e4, 3e4, (400, 12))
    segments = ("golden", "silvery", "others")
    moves = {
        (a, b): 40 if a == b else 3 for a in (*segments, "(new)") for b in (*segments, "(gone)")
    }
    values = np.concatenate([rng.integers(1, 90_000, 300), -rng.integers(1, 20_000, 40)])
    return Extras(
        parts=whole,
        tornado=Tornado(5.5e5, 0.0, bars),
        shares=Shares(
            ("data", "judgement"), np.array([0.283, 0.717]), np.array([0.003, 0.003]), 1.0
        ),
        course=course("profit", tuple(f"2026-{month:02d}" for month in range(1, 13)), today, after),
        moves=(Matrix(segments, moves), "from May to June"),
        concentration=Concentration(
            "profit", Money("GBP"), Counts(300, 40, 0, 0), 2, -1, shares_of(values), (), (), {}
        ),
    )


# ---- reading a page


class Parsed(HTMLParser):
    """The elements of a page with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._within: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self._within.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._within.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._within:
            self.texts[self._within[-1]][-1] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def scripts(self) -> list[str]:
        """Those that run."""
        return [
            text
            for text, attributes in zip(self.texts["script"], self.of("script"), strict=True)
            if attributes.get("type") != "application/json"
        ]

    @property
    def charts(self) -> list[dict]:
        return [
            json.loads(text)
            for text, attributes in zip(self.texts["script"], self.of("script"), strict=True)
            if attributes.get("type") == "application/json"
        ]


def values(charts: object) -> list[dict]:
    """All rows of data of a chart, or of several."""
    if isinstance(charts, list):
        return [row for each in charts for row in values(each)]
    return [row for rows in charts["datasets"].values() for row in rows]
