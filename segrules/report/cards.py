"""Cards of segments, to be read by everybody, and as a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from segrules.lang.types import NO_CURRENCY, Money, Type
from segrules.report.concentration import OUTSIDE
from segrules.report.profile import withheld_note
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, percent, typed, units
from segrules.segments.cards import Card, Cards, Clause, Way

_LEAD = 12
"""Characters of the words at the left of a card."""


def card_tables(found: Cards) -> Iterator[RenderableType]:
    """A heading, a card a segment, and what the named values in the rules are."""
    seen = f", for {found.department}" if found.department is not None else ""
    rows = count(found.everyone.rows)
    yield heading(f"{found.segments_of}: {rows} {found.table} as of {found.as_of}{seen}")
    for card in found.cards:
        name = f" ({card.segment})" if card.label and card.segment else ""
        yield heading(f"{card.label or card.segment or OUTSIDE}{name}")
        yield Padding(_card(card, found), (0, 0, 0, 2))
    if any(card.figures.withheld for card in found.cards):
        yield note("\n" + withheld_note(found.table))
    if found.types:
        yield note(f"\nindex: 100 is the average of all {found.table}{_currency(found)}")
    if found.terms:
        yield heading("words in the rules")
        terms = _lines()
        for term, text in found.terms.items():
            terms.add_row(Text(term), Text(text))
        yield Padding(terms, (0, 0, 0, 2))


def _card(card: Card, found: Cards) -> RenderableType:
    lines = _lines()
    lines.add_row(Text("who"), Text("\n".join(who(card, found.table))))
    size = f"{count(card.figures.rows)} {found.table}, {percent(card.figures.share)} of all"
    lines.add_row(Text("how many"), Text(size))
    if found.types:
        lines.add_row(Text("value"), _value(card, found))
    reason = ": ".join(part for part in (found.goal, found.why) if part)
    if reason:
        lines.add_row(Text("why"), Text(reason))
    if card.actions:
        lines.add_row(Text("what we do"), _actions(card))
    return lines


def _lines() -> Table:
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(min_width=_LEAD, no_wrap=True, style="dim")
    made.add_column()
    return made


def _value(card: Card, found: Cards) -> RenderableType:
    """A line a column: the sum and its share where it is money, the mean and its index."""
    figures = card.figures
    unknown = [">unknown"] if any(figures.missing.values()) else []
    made = grid("", ">in all", ">of the total", ">each", ">index", *unknown)
    for name, kind in found.types.items():
        amount, mean, index = figures.sums.get(name), figures.means[name], figures.indices[name]
        made.add_row(
            name,
            typed(amount.total, kind) if amount else "",
            percent(amount.share) if amount else "",
            typed(mean, kind),
            NONE if index is None else count(index),
            *([count(figures.missing[name])] if unknown else []),
        )
    return made


def _actions(card: Card) -> RenderableType:
    made = Table.grid(padding=(0, 2, 0, 0))
    for column, value in card.actions.items():
        made.add_row(Text(column), Text(value))
    return made


def _currency(found: Cards) -> str:
    kinds = [kind for kind in found.types.values() if isinstance(kind, Money)]
    return f"; money in {kinds[0].currency}" if kinds and kinds[0].currency != NO_CURRENCY else ""


# ---- who, in words


def who(card: Card, table: str) -> list[str]:
    """Who is in the segment, a line a condition."""
    found: list[str] = []
    for way in card.who:
        lead = "or " if found and way.by not in {"except", "cap"} else ""
        first, *more = _way(way, table)
        found += [lead + first, *more]
    return found


def _way(way: Way, table: str) -> list[str]:
    reason = f" ({way.detail})" if way.detail else ""
    match way.by:
        case "rule":
            first = f"{table} in no segment above, where" if way.after else f"{table} where"
        case "suppress":
            first = f"{table} kept out of all others{reason}, where"
        case "except":
            first = f"except {table}{reason} where"
        case "stay":
            first = f"{table} who were in it before, held by its tolerance: {way.detail}"
        case "override":
            first = f"{table} put here by decision, each by name: {way.detail}"
        case "cap":
            first = f"of these not all: {way.detail}"
        case "over":
            first = f"{table} for whom there is no room in {way.detail}"
        case "otherwise":
            first = f"all other {table}: every rule is false for them"
        case "unsure":
            first = (
                f"{table} for which no rule is true and some cannot be decided, "
                "as values are missing"
            )
    return [first, *(f"  {line}" for line in (_clause(way.clause) if way.clause else ()))]


def _clause(clause: Clause) -> list[str]:
    """The parts one below the other, the word that joins them in front; inner parts indented."""
    if not clause.parts:
        return [clause.text]
    found: list[str] = []
    for at, part in enumerate(clause.parts):
        lead = f"{clause.word} " if at else "either " if clause.word == "or" else ""
        first, *more = _clause(part)
        found += [lead + first, *(" " * (len(lead) or 2) + line for line in more)]
    return found


# ---- for machines


def card_record(found: Cards) -> dict[str, Any]:
    """The cards for machines; money in units of its currency."""
    return {
        "schema": 1,
        "table": found.table,
        "set": found.segments_of,
        "as_of": found.as_of.isoformat(),
        "rows": found.everyone.rows,
        "department": found.department,
        "goal": found.goal,
        "why": found.why,
        "cards": [
            {
                "segment": card.segment,
                "label": card.label,
                "who": [_way_record(way) for way in card.who],
                "rows": card.figures.rows,
                "share": card.figures.share,
                "value": {name: _figures(card, name, kind) for name, kind in found.types.items()},
                "actions": dict(card.actions),
            }
            for card in found.cards
        ],
        "terms": dict(found.terms),
    }


def _way_record(way: Way) -> dict[str, Any]:
    condition = _clause_record(way.clause) if way.clause else None
    return {
        "by": way.by,
        "in_no_segment_above": way.after,
        "condition": condition,
        "detail": way.detail,
    }


def _clause_record(clause: Clause) -> dict[str, Any] | str:
    return {clause.word: list(map(_clause_record, clause.parts))} if clause.parts else clause.text


def _figures(card: Card, name: str, kind: Type) -> dict[str, Any]:
    def scaled(value: float | None) -> float | None:
        return (
            value if value is None or not isinstance(kind, Money) else units(value, kind.currency)
        )

    figures, amount = card.figures, card.figures.sums.get(name)
    return {
        "total": scaled(amount.total) if amount else None,
        "share": amount.share if amount else None,
        "mean": scaled(figures.means[name]),
        "index": figures.indices[name],
        "missing": figures.missing[name],
        "withheld": name in figures.withheld,
    }
