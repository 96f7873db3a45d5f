"""The page of a back-test: what was projected, what came, and how often the intervals held it."""

from __future__ import annotations

import math

from segrules.lang import ir
from segrules.report.page import charts, more
from segrules.report.page.content import Block, Chart, Items, Page, Section, Table, Tile
from segrules.report.page.made import Made, versions
from segrules.report.page.words import Unit, distinct, part, rough
from segrules.report.words import NONE, count, counted
from segrules.sim.decide.forecast import Coverage, Score
from segrules.sim.decisions.backtesting import Backtest, Held, money
from segrules.sim.model import REVENUE
from segrules.sim.outlook import LEVELS, Course


def backtest_page(found: Backtest, ruleset: ir.Ruleset, made: Made) -> Page:
    """The page about a projection held against what came."""
    names = distinct(found.segments, ruleset.set(found.project.by).labels)
    return Page(
        title=f"Back-test of {found.project.name}: {ruleset.name}",
        about=f"{found.project.of} by {found.project.by}, known on {found.until}, held against "
        f"what came by {found.as_of}",
        sentence=_sentence(found),
        tiles=_tiles(found),
        caveats=_caveats(found),
        sections=(
            Section("course", "What was projected, and what came", _fans(found)),
            Section("coverage", "How often the intervals held it", _coverage(found, names)),
            Section("annex", "Annex: how this was worked out", _annex(found, made)),
        ),
    )


def _unit(held: Held, found: Backtest) -> Unit:
    return Unit(REVENUE if money(held.measure) else held.measure, found.currency)


def _sentence(found: Backtest) -> str:
    last = found.headline
    wide = last.score.coverage[1]
    held = (
        f"{wide.covered} of {wide.values} values of {last.measure} by segment and month lay "
        f"inside their 80% intervals, and the forecast was {_beat(last.score)}"
    )
    if found.passed:
        return f"Passed: {held}."
    return f"Not passed: {found.reason}. {held}."


def _beat(score: Score) -> str:
    if math.isnan(score.skill):
        return "without anything to be compared with"
    if score.skill >= 0:
        return f"{part(score.skill)} closer than last year's same months"
    return f"{part(-score.skill)} further off than last year's same months"


def _tiles(found: Backtest) -> tuple[Tile, ...]:
    tiles = [Tile("passed" if found.passed else "not passed", "back-test",
                  "gain" if found.passed else "loss")]  # fmt: skip
    for held in found.measures:
        wide = held.score.coverage[1]
        tiles.append(Tile(part(wide.share), f"{held.measure}: inside the 80% intervals"))
    return tuple(tiles)


def _caveats(found: Backtest) -> tuple[str, ...]:
    told = [f"{note[:1].upper()}{note[1:]}." for note in found.notes]
    return (
        "It tells how well the firm's own rates were carried forward, not what a scenario would "
        "do: nobody has treated these customers otherwise.",
        *told,
    )


def _fans(found: Backtest) -> tuple[Block, ...]:
    blocks = []
    for held in found.measures:
        unit = _unit(held, found)
        months = tuple(f"{month:%Y-%m}" for month in held.months)
        course = Course(held.measure, months, held.totals, held.totals, held.totals)
        bands = more.bands_of(course, held.totals, unit, "projected")
        seen = dict(zip(months, (unit.flat(each) for each in held.came), strict=True))
        inside = sum(
            float(held.totals.quantiles[t][LEVELS.index(0.1)])
            <= value
            <= float(held.totals.quantiles[t][LEVELS.index(0.9)])
            for t, value in enumerate(held.came)
        )
        told = (
            f"in {inside} of {counted(len(months), 'month', 'months')} what came lay inside the "
            "80% interval"
        )
        rows = tuple(
            (band.month, unit.rough(held.came[t], 0.0), band.told) for t, band in enumerate(bands)
        )
        blocks.append(
            Chart(
                f"fan-{held.measure}",
                f"{held.measure} by month over all segments: {told}",
                f"Fan of the projection by month with 50, 80 and 95% intervals; {told}.",
                (
                    charts.fan(
                        bands, f"{held.measure}, {unit.name}", held.measure,
                        f"Projected {held.measure} by month, and what came", seen,
                    ),
                ),
                Table(
                    f"{held.measure} by month of entry, {unit.name}",
                    ("month", ">came", ">projected: mean (80% interval)"),
                    rows,
                ),
                "Bands: 50, 80 and 95% of the futures. Diamonds: what came.",
            )
        )  # fmt: skip
    return tuple(blocks)


def _coverage(found: Backtest, names: dict[str, str]) -> tuple[Block, ...]:
    rows = []
    for held in found.measures:
        rows.append(("all segments", held.measure, *_cells(held.score)))
        rows += [(names[name], held.measure, *_cells(score)) for name, score in held.by_segment]
    table = Table(
        "Values that lay inside the intervals, by segment and month; of all with the 95% interval "
        "of what such a forecast covers",
        ("segment", "measure", ">in 50%", ">in 80%", ">in 95%", ">bias", ">better than naive by"),
        tuple(rows),
    )
    pits = Table(
        "Where what came lay in the distribution of the futures: values by tenth, lowest first",
        ("measure", *(f">{10 * at}–{10 * at + 10}%" for at in range(10))),
        tuple((held.measure, *map(str, held.score.tenths)) for held in found.measures),
    )
    lines = (
        "Honest intervals of 80% hold 80% of what comes: fewer, and they are too narrow; many "
        "more, and they are too wide.",
        "Tenths are filled alike by an honest projection; those at the ends are full where it is "
        "too sure of itself.",
    )
    return table, pits, Items(lines)


def _cells(score: Score) -> tuple[str, ...]:
    return (*map(_covered, score.coverage), _signed(score.bias), _signed(score.skill))


def _covered(each: Coverage) -> str:
    return f"{each.covered} of {each.values}\n{part(each.low)} to {part(each.high)}"


def _signed(value: float) -> str:
    return NONE if math.isnan(value) else f"{rough(100 * value)}%"


def _annex(found: Backtest, made: Made) -> tuple[Block, ...]:
    season = found.measures[0].season
    rows = (
        ("known until", found.until.isoformat()),
        ("held against what came by", found.as_of.isoformat()),
        ("futures", count(found.runs)),
        ("seed", f"{found.seed}"),
        (
            "naive forecast",
            "the same months of the year before" if season > 1 else "as in the last month",
        ),
        *versions(made),
    )
    notes = (
        "a month is that in which customers entered; it counts for a stage when they have had the "
        "full time for it",
        "bias: what was projected over what came; better than naive: by the mean distance of the "
        "forecast from what came (continuous ranked probability score)",
        "customers are in the segment that the rules give them on the later day",
    )
    return Table("Method", ("what", "how"), rows), Items(notes)
