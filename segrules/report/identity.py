"""A consolidation as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import count, counted, label, percent
from segrules.segments.identity.consolidate import Consolidation
from segrules.segments.identity.split import Split
from segrules.text.shown import shown


def identity_tables(
    found: Consolidation, splits: Mapping[str, Split], ruleset: ir.Ruleset
) -> Iterator[RenderableType]:
    """How many customers the records are, keys not trusted, and customers split, by segment set."""
    counts = found.counts
    yield heading(
        f"identity: {counted(counts.records, 'record', 'records')} of {found.table}, "
        f"{counted(counts.customers, 'customer', 'customers')}"
    )
    sizes = grid("", ">customers", ">records")
    sizes.add_row("with one record", count(counts.single), count(counts.single))
    sizes.add_row("with several", count(counts.merged), count(counts.merged_records))
    yield sizes
    if counts.merged:
        yield note(f"the customer with most has {count(counts.largest)} records")
    if found.untrusted:
        yield heading(f"keys shared by more than {count(found.trust)} records, not trusted")
        yield _untrusted(found)
    for name, split in splits.items():
        yield from _split(name, split, ruleset)


def _untrusted(found: Consolidation) -> RenderableType:
    table = grid("column", ">values", ">records", ">most records", "such as")
    for each in found.untrusted:
        examples = ", ".join(shown(value) for value in each.examples)
        figures = (each.values, each.records, each.most)
        table.add_row(each.column, *map(count, figures), examples)
    return table


def _split(name: str, split: Split, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    labels = ruleset.set(name).labels
    yield heading(
        f"{name}: {count(split.split)} of {counted(split.merged, 'customer', 'customers')} with "
        f"several records ({percent(split.share)}) had them in more than one segment"
    )
    if not split.pairs:
        return
    table = grid("segment", "and segment", ">customers", ">share")
    for pair in split.pairs:
        both = label(pair.first, labels), label(pair.second, labels)
        table.add_row(*both, count(pair.customers), percent(pair.share))
    yield table
    yield note("share: of the customers with several records")


def identity_record(found: Consolidation, splits: Mapping[str, Split]) -> dict[str, Any]:
    """The consolidation for machines; shares are parts of one."""
    counts = found.counts
    return {
        "schema": 1,
        "table": found.table,
        "records": counts.records,
        "customers": counts.customers,
        "merged": {
            "customers": counts.merged,
            "records": counts.merged_records,
            "largest": counts.largest,
        },
        "trust": found.trust,
        "untrusted": [
            {
                "column": each.column,
                "values": each.values,
                "records": each.records,
                "most": each.most,
                "examples": list(each.examples),
            }
            for each in found.untrusted
        ],
        "split": {
            name: {
                "customers": split.split,
                "share": split.share,
                "pairs": [
                    {
                        "segments": [pair.first, pair.second],
                        "customers": pair.customers,
                        "share": pair.share,
                    }
                    for pair in split.pairs
                ],
            }
            for name, split in splits.items()
        },
    }
