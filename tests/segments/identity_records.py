"""Records of customers and the rules they are joined by, for the tests of identity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from segrules.lang.ir import Identity, Survivor
from segrules.segments.identity.consolidate import Consolidation, consolidate

Record = dict[str, Any]
SOURCES = pl.Enum(["crm", "ppc", "web"])
TIERS = pl.Enum(["gold", "bronze"])
SCHEMA = {
    "id": pl.String,
    "email": pl.String,
    "phone": pl.Int64,
    "source": SOURCES,
    "seen_on": pl.Date,
    "margin": pl.Int64,
    "first_tier": TIERS,
    "spend": pl.Int64,
    "score": pl.Float64,
    "born": pl.Date,
    "vip": pl.Boolean,
    "tags": pl.List(pl.String),
}


def rule(column: str, how: Any, by: str | None = None, *sources: str) -> Survivor:
    return Survivor(column, how, by, sources)


RULES = (
    rule("margin", "source", None, "ppc", "crm"),
    rule("first_tier", "oldest", "seen_on"),
    rule("spend", "total"),
    rule("score", "largest"),
    rule("born", "smallest"),
    rule("vip", "any"),
)
REST = rule("", "newest", "seen_on")
IDENTITY = Identity("customers", ("email", "phone"), 3, "source", RULES, REST)


def table(records: Iterable[Record]) -> pl.DataFrame:
    """Records with what is given of them, everything else missing."""
    filled = [{name: record.get(name) for name in SCHEMA} for record in records]
    return pl.DataFrame(filled, schema=SCHEMA)


def joined(
    records: Iterable[Record], identity: Identity = IDENTITY, **options: Any
) -> Consolidation:
    return consolidate(identity, table(records).lazy(), "id", **options)


def customers(records: Iterable[Record], identity: Identity = IDENTITY) -> list[Record]:
    return joined(records, identity).merged.collect().to_dicts()


def into(found: Consolidation) -> dict[str, str]:
    return dict(found.mapping.select("key", "into").iter_rows())
