"""The page of a funnel study: who converts worse than the average, and where."""

from __future__ import annotations

from dataclasses import dataclass

from segrules.lang import ir
from segrules.report.page import more
from segrules.report.page.content import Absent, Block, Items, Page, Section, Table, Tile
from segrules.report.page.funnel import funnel_blocks, furthest_behind
from segrules.report.page.made import Made, versions
from segrules.report.page.words import distinct, part, plus
from segrules.report.words import NONE, count
from segrules.segments.concentration import Concentration
from segrules.segments.history.migration import Matrix
from segrules.segments.study import Study


@dataclass(frozen=True)
class StudyExtras:
    """What a page shows beside the study where it is given."""

    moves: tuple[Matrix, str] | None = None
    concentration: Concentration | None = None


def study_page(
    found: Study, ruleset: ir.Ruleset, made: Made, extras: StudyExtras | None = None
) -> Page:
    """The page about a funnel by segment, as it was."""
    given = extras or StudyExtras()
    history = found.history
    names = distinct(history.segments, ruleset.set(history.segments_of).labels)
    blocks = funnel_blocks(history.stages[0], found.stages, names)
    sections = [Section("funnel", "Where customers convert", (*blocks, _differences(found, names)))]
    others = _others(given, names)
    if others:
        sections.append(Section("segments", "Who moves, and who brings it", others))
    sections.append(Section("annex", "Annex: how this was counted", _annex(found, made)))
    return Page(
        title=f"Funnel {history.funnel} by {history.segments_of}: {ruleset.name}",
        about=f"as of {history.as_of}; only cohorts that had the full time are counted",
        sentence=_sentence(found, names),
        tiles=_tiles(found, names),
        caveats=_caveats(found),
        sections=tuple(sections),
    )


def _sentence(found: Study, names: dict[str, str]) -> str:
    worst = furthest_behind(found.stages)
    if worst is None:
        return (
            "No segment converts worse than the others beyond what chance explains: the "
            "differences that are seen may be luck."
        )
    stage, each = worst
    always = [
        called
        for name, called in names.items()
        if all(
            other.differs == "below"
            for at in found.stages
            for other in at.segments
            if other.segment == name
        )
    ]
    told = (
        f"{names[each.segment]} is furthest behind: {part(each.rate)} reach {stage.name} where "
        f"{part(stage.rate)} do on average (index {count(each.index or 0.0)})."
    )
    if always and len(found.stages) > 1:
        verb = "is" if len(always) == 1 else "are"
        told += f" At every stage {' and '.join(always)} {verb} behind the others."
    return told


def _tiles(found: Study, names: dict[str, str]) -> tuple[Tile, ...]:
    before, tiles = found.history.stages[0], []
    for stage in found.stages:
        tiles.append(Tile(part(stage.rate), f"{before} → {stage.name}, all segments"))
        before = stage.name
    worst = furthest_behind(found.stages)
    if worst is not None:
        stage, each = worst
        meaning = f"index of {names[each.segment]} on the way to {stage.name}"
        tiles.append(Tile(count(each.index or 0.0), meaning, "loss"))
    return tuple(tiles)


def _caveats(found: Study) -> tuple[str, ...]:
    history, told = found.history, []
    if history.unplaced:
        verb = "is" if history.unplaced == 1 else "are"
        told.append(
            f"{count(history.unplaced)} who entered {verb} in no segment and left out."
        )  # fmt: skip
    told += [f"{each.message[:1].upper()}{each.message[1:]}." for each in found.findings]
    told.append(
        "A difference between segments says where to look. It does not say that treating them "
        "otherwise would close it."
    )
    return tuple(told)


def _differences(found: Study, names: dict[str, str]) -> Table:
    rows = []
    for stage in found.stages:
        for each in stage.segments:
            if each.difference is None or each.difference_95 is None:
                continue
            low, high = (_points(edge) for edge in each.difference_95)
            told = "" if each.differs == NONE else each.differs
            rows.append(
                (names[each.segment], stage.name, _points(each.difference), f"{low} to {high}",
                 told)
            )  # fmt: skip
    return Table(
        "Difference from all other segments, in percentage points, with its 95% interval",
        ("segment", "stage", ">difference", ">95% interval", "told from chance"),
        tuple(rows),
    )


def _points(value: float) -> str:
    return plus(f"{float(f'{100 * value:.2g}'):g}".replace("-", "−"))


def _others(extras: StudyExtras, names: dict[str, str]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if extras.moves is not None:
        blocks.append(more.migration_chart(extras.moves[0], names, extras.moves[1]))
    if extras.concentration is not None:
        name = extras.concentration.name
        chart = more.whale_chart(extras.concentration)
        reason = "its total is not above zero, so parts of it mean nothing"
        blocks.append(chart or Absent(f"Who brings the {name}", reason))
    return tuple(blocks)


def _annex(found: Study, made: Made) -> tuple[Block, ...]:
    history = found.history
    rows = (
        ("funnel", " → ".join(history.stages)),
        ("segments", history.segments_of),
        ("as of", history.as_of.isoformat()),
        *(
            (f"counted for {stage.name}", f"who entered by {stage.mature_until}")
            for stage in found.stages
        ),
        *versions(made),
    )
    notes = (
        "rates: Wilson's intervals; differences: Newcombe's, and a difference is told from chance "
        "where its p-value is below 5% after Holm's correction for all comparisons of the study",
        "index: 100 is the rate of all segments together",
    )
    return Table("Method", ("what", "how"), rows), Items(notes)
