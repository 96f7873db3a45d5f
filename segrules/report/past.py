"""What the past of a funnel says beyond its rates, the worth of a sale and maturity, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, label, money, percent, units
from segrules.sim.learn.values import Values
from segrules.sim.learned_stages import Maturity, PastOf, SaleValue

_NAMES = 16


def past_tables(found: PastOf, ruleset: ir.Ruleset, segments_of: str) -> Iterator[RenderableType]:
    """The worth of a sale by segment, a line each, and who is still to come, a line a stage."""
    labels = ruleset.set(segments_of).labels
    if found.values:
        currency = f" ({ruleset.currency})" if ruleset.currency else ""
        yield heading(
            f"what a `{found.valued}` brings{currency}, of cohorts that have had the full time"
        )
        yield _values(found.values, labels, ruleset)
        yield note("\n" + "\n".join(_of_values(found.values, labels)))
    recent = [each for each in found.maturity if each.recent]
    if recent:
        yield heading("who is still to come (their cohorts are not in the rates above)")
        yield _maturity(recent)
        for stage in recent:
            if not stage.fits:
                yield note(f"{stage.stage}: no cure model ({stage.why}); the cut stands alone")


def _values(
    values: Sequence[SaleValue], labels: dict[str, str], ruleset: ir.Ruleset
) -> RenderableType:
    table = grid(
        "segment", ">known", ">mean", ">spread", "drawn from", "next best", ">Hill index",
        first=_NAMES,
    )  # fmt: skip
    for sale in values:
        each, tail = sale.values, sale.values.tail
        best, other = _candidates(each)
        table.add_row(
            label(sale.segment, labels), count(each.sales), money(each.mean, ruleset.currency),
            money(each.variance**0.5, ruleset.currency), best, other,
            NONE if tail is None else f"{tail.index:.1f} ± {tail.error:.1f}",
        )  # fmt: skip
    return table


def _candidates(each: Values) -> tuple[str, str]:
    """What is drawn from, and the best of the others, with their scores."""
    if not each.score:
        return _DRAWN[each.method], NONE
    others = {kind: score for kind, score in each.score.items() if kind != each.method}
    other = max(others, key=others.__getitem__)
    return (
        f"{_DRAWN[each.method]} ({each.score[each.method]:.3f})",
        f"{_DRAWN[other]} ({others[other]:.3f})",
    )


def _of_values(values: Sequence[SaleValue], labels: dict[str, str]) -> list[str]:
    said = []
    if any(sale.values.score for sale in values):
        said.append(
            "(in brackets: the mean log score of sales that were left out, higher is better; the "
            "past itself is taken only where it is surely better than both curves)"
        )
    if any(sale.values.tail is not None for sale in values):
        said.append(HILL)
    for sale in values:
        said += [f"{label(sale.segment, labels)}: {each}" for each in sale.values.notes]
    return said


HILL = (
    "(Hill index: how fast large sales get rarer; the lower it is, the more the mean hangs on a "
    "few of them)"
)

_DRAWN = {
    "lognormal": "a lognormal",
    "gamma": "a gamma",
    "bootstrap": "the past itself",
}


def _maturity(stages: Sequence[Maturity]) -> RenderableType:
    table = grid(
        "stage", ">counted to", ">came since", ">reached it", ">still to come",
        ">80% interval", ">in the end",
    )  # fmt: skip
    for each in stages:
        low, high = each.interval_80
        table.add_row(
            each.stage, each.until, count(each.recent), count(each.reached),
            count(each.expected) if each.fits else NONE,
            f"{count(low)} to {count(high)}" if each.fits else NONE, percent(each.final_share),
        )  # fmt: skip
    return table


def past_record(found: PastOf, ruleset: ir.Ruleset) -> dict[str, Any]:
    """Values and maturity for machines; money in units of the currency."""
    return {
        "values": [
            {
                "segment": each.segment,
                "stage": found.valued,
                "known": each.values.sales,
                "mean": units(each.values.mean, ruleset.currency),
                "deviation": units(each.values.variance**0.5, ruleset.currency),
                "method": each.values.method,
                "score": dict(each.values.score),
                "notes": list(each.values.notes),
                "hill": None if each.values.tail is None else each.values.tail.index,
                "heavy": each.values.heavy,
            }
            for each in found.values
        ],
        "maturity": [
            {
                "stage": each.stage,
                "entered_by": each.until,
                "recent": each.recent,
                "reached": each.reached,
                "fits": each.fits,
                "still_to_come": each.expected if each.fits else None,
                "interval80": list(each.interval_80) if each.fits else None,
                "final_share": each.final_share,
                "why_not": each.why or None,
            }
            for each in found.maturity
        ],
    }
