"""Why a customer is in its segments, as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rich.console import RenderableType

from segrules.report.tables import grid, heading, note
from segrules.report.words import count, counted
from segrules.segments.explain import (
    CapExplained,
    Comparison,
    Explanation,
    FlagExplained,
    Held,
    Leaf,
    RuleExplained,
    SetCompared,
    SetExplained,
)
from segrules.text.shown import shown

TRUTH = {True: "true", False: "false", None: "unknown"}


# ---- one customer


def explanation_tables(found: Explanation) -> Iterator[RenderableType]:
    """Every rule with its conditions, in order; what decided is marked."""
    yield from _records(found)
    for each in found.sets:
        yield heading(
            f"{found.table} {shown(found.key)} is {_placed(each)} as of {found.as_of}: {_why(each)}"
        )
        table = grid("", "rule", "", "condition", "", "reads")
        for at, rule in enumerate(each.rules):
            mark = "→" if at == each.decided and each.by != "cap" else ""
            lead = [mark, _rule(rule), TRUTH[rule.truth]]
            for leaf in rule.leaves:
                table.add_row(*lead, leaf.written, TRUTH[leaf.truth], _reads(leaf))
                lead = ["", "", ""]
            for line in _about(rule):
                table.add_row(*lead, line, "", "")
                lead = ["", "", ""]
        for cap in each.caps:
            mark = "→" if each.by == "cap" and cap.asked and cap.leaf.truth is not True else ""
            table.add_row(mark, "cap", _room(cap), cap.leaf.written, "", _reads(cap.leaf))
        yield table
        yield from _afterwards(each)
    if found.flags:
        yield heading(f"flags of {found.table} {shown(found.key)}")
        yield _flags(found.flags)
    if found.outputs:
        yield heading(f"outputs of grids for {found.table} {shown(found.key)}")
        table = grid("output", "value")
        for output in found.outputs:
            table.add_row(output.name, shown(output.value or ""))
        yield table


def _records(found: Explanation) -> Iterator[RenderableType]:
    if found.records:
        keys = ", ".join(map(shown, found.records))
        yield note(f"\n{found.table} {shown(found.key)} is made of the records {keys}")


def _placed(found: SetExplained) -> str:
    return found.segment or "in no segment"


def _why(found: SetExplained) -> str:
    """What decided, in words."""
    rule = None if found.decided is None else found.rules[found.decided]
    if found.by == "otherwise":
        return "every rule is false"
    if found.by == "unsure" or rule is None:
        unknown = [_rule(each) for each in found.rules if each.truth is None]
        return f"no rule is true, and {', '.join(unknown)} cannot be decided"
    match found.by:
        case "suppress":
            return f"kept out of {found.name}, {rule.reason}"
        case "override":
            return f"placed there by decision until {rule.until}, {rule.reason}"
        case "stay":
            return f"it was there before and is held{_held(rule.held)}"
        case "cap":
            return f"its rule is that of {rule.segment}, which is full"
        case _:
            return "its rule is the first that is true"


def _rule(rule: RuleExplained) -> str:
    match rule.by:
        case "suppress":
            return "suppress"
        case "override":
            return f"override to {rule.segment}"
        case "stay":
            return f"stay in {rule.segment}"
        case _:
            return rule.segment


def _about(rule: RuleExplained) -> Iterator[str]:
    if rule.reason:
        yield f"reason: {rule.reason}"
    if rule.held is not None:
        yield f"was in {rule.segment}{_held(rule.held)}"
    elif rule.by == "stay":
        yield f"was not in {rule.segment} before"


def _held(held: Held | None) -> str:
    if held is None:
        return ""
    said = f" since {held.since}" if held.since else ""
    if held.until:
        said += f", to stay at least until {held.until}"
    if held.leaving is not None:
        met = counted(held.leaving, "review", "reviews")
        said += f", to leave: met at {met} running, {count(held.reviews)} needed"
    return said


def _room(cap: CapExplained) -> str:
    if not cap.asked:
        return "not asked"
    return "has a place" if cap.leaf.truth is True else f"to {cap.rest}"


def _afterwards(found: SetExplained) -> Iterator[RenderableType]:
    if found.allotted is not None:
        yield note(f"allotted to {found.allotted}")
    if found.held_out is not None:
        yield note("held out: left alone" if found.held_out else "not held out")


def _flags(found: tuple[FlagExplained, ...]) -> RenderableType:
    table = grid("flag", "", "condition", "", "reads")
    for flag in found:
        lead = [flag.name, TRUTH[flag.truth]]
        for leaf in flag.leaves:
            table.add_row(*lead, leaf.written, TRUTH[leaf.truth], _reads(leaf))
            lead = ["", ""]
    return table


def _reads(leaf: Leaf) -> str:
    parts = []
    for each in leaf.inputs:
        if each.value is not None:
            parts.append(f"{each.name} = {shown(each.value)}")
        else:
            parts.append(f"{each.name} (missing)" if each.missing else each.name)
    return "; ".join(filter(None, [", ".join(parts), leaf.waits]))


# ---- two customers


def comparison_tables(found: Comparison) -> Iterator[RenderableType]:
    """The rules on which two customers differ, and the one that parts them."""
    left, right = shown(found.left.key), shown(found.right.key)
    for side in (found.left, found.right):
        yield from _records(side)
    for each in found.sets:
        yield heading(
            f"{found.left.table} {left} is {_placed(each.left)}, {right} is "
            f"{_placed(each.right)} as of {found.left.as_of}: {_parted(each, left, right)}"
        )
        caps = [
            pair
            for pair in zip(each.left.caps, each.right.caps, strict=True)
            if pair[0].asked and pair[1].asked and _room(pair[0]) != _room(pair[1])
        ]
        if not each.differing and not caps:
            yield note("every rule has the same answer for both")
            continue
        table = grid("", "rule", left, right, "condition", left, right)
        for at in each.differing:
            rules = (each.left.rules[at], each.right.rules[at])
            lead = ["→" if at == each.deciding else "", _rule(rules[0])]
            lead += [TRUTH[rule.truth] for rule in rules]
            for leaves in zip(rules[0].leaves, rules[1].leaves, strict=True):
                if leaves[0].truth is not leaves[1].truth or _values(leaves):
                    table.add_row(*lead, leaves[0].written, *map(_truth_and_values, leaves))
                    lead = ["", "", "", ""]
            if lead[1]:
                table.add_row(*lead, "", "", "")
        for pair in caps:
            mark = "→" if each.deciding is None and not each.alike else ""
            reads = map(_told, (cap.leaf for cap in pair))
            table.add_row(mark, "cap", *map(_room, pair), pair[0].leaf.written, *reads)
        yield table


def _parted(found: SetCompared, left: str, right: str) -> str:
    if found.alike:
        return "both are decided alike"
    if found.deciding is None:
        capped = left if found.left.by == "cap" else right
        return f"{capped} has no place in a full segment"
    rule = found.left.rules[found.deciding]
    truths = [TRUTH[each.rules[found.deciding].truth] for each in (found.left, found.right)]
    return f"{_rule(rule)} is {truths[0]} for {left} and {truths[1]} for {right}"


def _values(leaves: tuple[Leaf, Leaf]) -> bool:
    """Whether the values that were asked for differ."""
    shown = [[each.value for each in leaf.inputs] for leaf in leaves]
    return shown[0] != shown[1]


def _truth_and_values(leaf: Leaf) -> str:
    return ": ".join(filter(None, [TRUTH[leaf.truth], _told(leaf)]))


def _told(leaf: Leaf) -> str:
    """What a condition reads, where a value is shown or is missing."""
    told = (each for each in leaf.inputs if each.value is not None or each.missing)
    return _reads(replace(leaf, inputs=tuple(told)))


# ---- for machines


def explanation_record(found: Explanation) -> dict[str, Any]:
    """The explanation for machines."""
    return {
        "schema": 1,
        "table": found.table,
        "key": found.key,
        "as_of": found.as_of.isoformat(),
        "records": list(found.records),
        "sets": [_set_record(each) for each in found.sets],
        "flags": [
            {
                "flag": flag.name,
                "truth": TRUTH[flag.truth],
                "conditions": [_leaf_record(leaf) for leaf in flag.leaves],
            }
            for flag in found.flags
        ],
        "outputs": {output.name: output.value for output in found.outputs},
    }


def comparison_record(found: Comparison) -> dict[str, Any]:
    """Both explanations, and for each set the rules that differ by their place from 0."""
    return {
        "schema": 1,
        "left": explanation_record(found.left),
        "right": explanation_record(found.right),
        "sets": [
            {
                "set": each.left.name,
                "alike": each.alike,
                "differing": list(each.differing),
                "deciding": each.deciding,
            }
            for each in found.sets
        ],
    }


def _set_record(found: SetExplained) -> dict[str, Any]:
    return {
        "set": found.name,
        "segment": found.segment,
        "by": found.by,
        "rules": [_rule_record(rule) for rule in found.rules],
        "caps": [
            {
                "segment": cap.segment,
                "rest": cap.rest,
                "asked": cap.asked,
                **_leaf_record(cap.leaf),
            }
            for cap in found.caps
        ],
        "allotted": found.allotted,
        "held_out": found.held_out,
    }


def _rule_record(rule: RuleExplained) -> dict[str, Any]:
    held = rule.held
    return {
        "segment": rule.segment,
        "by": rule.by,
        "truth": TRUTH[rule.truth],
        "conditions": [_leaf_record(leaf) for leaf in rule.leaves],
        "reason": rule.reason or None,
        "until": rule.until.isoformat() if rule.until else None,
        "held": held
        and {
            "since": held.since.isoformat() if held.since else None,
            "until": held.until.isoformat() if held.until else None,
            "leaving": held.leaving,
            "reviews": held.reviews,
        },
    }


def _leaf_record(leaf: Leaf) -> dict[str, Any]:
    return {
        "written": leaf.written,
        "truth": TRUTH[leaf.truth],
        "missing": list(leaf.missing),
        "waits": leaf.waits or None,
        "reads": {part.name: part.value for part in leaf.inputs},
    }
