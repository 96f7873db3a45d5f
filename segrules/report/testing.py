"""How examples and claims were judged, as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import count, counted, percent
from segrules.segments.claims import Trial, Verdict
from segrules.segments.examples import Tried
from segrules.text.render import as_json


def testing_tables(found: Trial) -> Iterator[RenderableType]:
    """Examples and claims by segment set, in the order of the file."""
    for of in dict.fromkeys(each.of for each in found.examples):
        yield from _examples(of, [each for each in found.examples if each.of == of])
    for of in dict.fromkeys(each.of for each in found.verdicts):
        yield heading(f"claims of {of}")
        table = grid("claim", "judged")
        for verdict in found.verdicts:
            if verdict.of == of:
                table.add_row(verdict.written, _judged(verdict))
        yield table
    yield note(f"\n{_summary(found)}")


def _examples(of: str, tried: Sequence[Tried]) -> Iterator[RenderableType]:
    failed = [each for each in tried if not each.passed]
    yield heading(f"examples of {of}")
    passed = len(tried) - len(failed)
    yield note(f"{count(passed)} of {count(len(tried))} are decided as they say")
    if failed:
        table = grid(">row", "expected", "by", "is", "by")
        for each in failed:
            by, got = each.example.by or "", each.decision
            table.add_row(
                count(each.number), each.example.expect, by, got.segment or "no segment", got.by
            )
        yield table


def _summary(found: Trial) -> str:
    failed = sum(not each.passed for each in found.examples)
    refuted = sum(each.judged == "refuted" for each in found.verdicts)
    untried = sum(each.judged == "not tried" for each in found.verdicts)
    parts = []
    if found.examples:
        examples = counted(len(found.examples), "example", "examples")
        parts.append(f"{examples}, {count(failed)} failed")
    if found.verdicts:
        claims = counted(len(found.verdicts), "claim", "claims")
        parts.append(f"{claims}, {count(refuted)} refuted")
    said = "; ".join(parts) + (f", {count(untried)} not tried" if untried else "")
    return said or "nothing to test"


# ---- a verdict in words


def _judged(verdict: Verdict) -> str:
    if verdict.judged == "refuted" and verdict.finding:
        by = "; an override placed it there" if verdict.by == "override" else ""
        return verdict.finding.message.removeprefix("the claim is ") + by
    if verdict.judged == "not tried":
        return f"not tried: {_lack(verdict)}"
    if verdict.judged == "proved":
        return "proved: no data can change it"
    match verdict.claim:
        case ir.NeverClaim() | ir.MoreClaim():
            return f"held on {_cases(verdict)}"
        case ir.ShareClaim():
            rows = counted(verdict.rows, "row", "rows")
            return f"held: {percent(verdict.figures[0])} of {rows}"
        case ir.PersonaClaim():
            return f"held, with the cut points of the {verdict.cuts}" if verdict.cuts else "held"
        case ir.FlappingClaim():
            held, free = map(percent, verdict.figures)
            return f"held: {held} flap with tolerance, {free} without"
        case ir.TopClaim():
            return f"held: they bring {percent(verdict.figures[0])}"


def _cases(verdict: Verdict) -> str:
    named = (
        (verdict.rows, "row", "rows"),
        (verdict.examples, "example", "examples"),
        (verdict.personas, "persona", "personas"),
    )
    parts = [counted(number, *nouns) for number, *nouns in named if number]
    said = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    if verdict.unknown:
        said += f"; unknown on {count(verdict.unknown)} of them"
    if verdict.left_out:
        said += f"; {count(verdict.left_out)} of them off the ladder or without a value"
    return said if verdict.rows else f"{said}; no data given"


def _lack(verdict: Verdict) -> str:
    match verdict.lack:
        case "sample":
            return f"it is about the sample {', '.join(verdict.lacking)}"
        case "day":
            return "it hangs on the day; add --as-of"
        case "cuts":
            return f"needs data for {', '.join(verdict.lacking)}"
        case "history":
            return "needs a history; add --history"
        case "reviews":
            return "needs a customer in three reviews running"
        case "tolerance":
            return "the history does not say what would have been without tolerance"
        case "flaps":
            return "nobody would have flapped without tolerance"
        case "total":
            return f"the total of {', '.join(verdict.lacking)} is not above 0"
        case _:
            return "needs data"


# ---- for machines


def testing_record(found: Trial) -> dict[str, Any]:
    """Everything that was tried, for machines; figures are parts of one."""
    return {
        "schema": 1,
        "examples": [
            {
                "set": each.of,
                "number": each.number,
                "expect": each.example.expect,
                "by": each.example.by,
                "segment": each.decision.segment,
                "decided_by": each.decision.by,
                "passed": each.passed,
            }
            for each in found.examples
        ],
        "claims": [
            {
                "set": each.of,
                "claim": each.written,
                "judged": each.judged,
                "rows": each.rows,
                "examples": each.examples,
                "personas": each.personas,
                "unknown": each.unknown,
                "left_out": each.left_out,
                "figures": list(each.figures),
                "by": each.by or None,
                "said": _judged(each),
            }
            for each in found.verdicts
        ],
        "findings": [as_json(each) for each in found.findings],
    }
