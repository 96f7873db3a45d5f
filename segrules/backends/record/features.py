"""Names and definitions of the aggregates of a record, which a caller may pass as features."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from segrules.backends.record.stored import stored
from segrules.lang import ir

_NOT_A_NAME = re.compile(r"\W+")
_LONGEST = 80

_HOW_MANY = re.compile(
    r"(?:any|no|(?:at\s+least|at\s+most|more\s+than|fewer\s+than|exactly)\s+\S+)\s+(?P<rows>.*)"
)
_DAYS_SINCE = re.compile(r"days since (?:first|last) (?P<rows>.*)")

Asked = ir.Aggregate | ir.Sequence


def name_features(asked: Sequence[dict[str, Any]], ruleset: ir.Ruleset, main: str) -> None:
    """Gives a name to what is asked of rows that belong to the record itself.

    It is the name of the `let` that is nothing else, otherwise made of the words of the
    definition, which says what the feature holds and not what a rule makes of it. Of equal names
    all but the first get a part of a hash of what they mean, so that names do not depend on each
    other's order.
    """
    lets = {
        feature.expr: feature.name
        for feature in reversed(ruleset.features_of(main))
        if isinstance(feature.expr, ir.Aggregate | ir.Sequence)
    }
    taken: set[str] = set()
    own = []
    for each in asked:
        node, of = each.pop("expr"), each.pop("of")
        made, each["written"] = _defined(node, ruleset)
        each["name"] = None
        if of == main:
            own.append((each, node, lets.get(node), made))
    # what rules have named keeps its name, whatever else is asked before it
    for each, node, let, made in sorted(own, key=lambda found: found[2] is None):
        named = let or made
        if named in taken:
            named = f"{named}_{_digest(repr(node))}"
        taken.add(named)
        each["name"] = named


def _defined(node: Asked, ruleset: ir.Ruleset) -> tuple[str, str]:
    """A name made of the definition, and the definition."""
    if isinstance(node, ir.Aggregate) and node.rows.table.startswith(ir.history_of("")):
        return stored(node, ruleset)
    written = _definition(node, ruleset)
    words = _NOT_A_NAME.sub("_", written.casefold()).strip("_")
    if len(words) > _LONGEST:
        words = f"{words[:_LONGEST].rstrip('_')}_{_digest(words)}"
    return words, written


def _definition(node: Asked, ruleset: ir.Ruleset) -> str:
    """As it is written in the rules, without what a rule then asks of it: `any orders` counts."""
    if node.span is None:
        tables = " then ".join(dict.fromkeys(rows.table for rows in ir.rows_in(node)))
        how = node.how.replace("_", " ") if isinstance(node, ir.Aggregate) else "sequence"
        return f"{how} of {tables}"
    text = _line(node.span.text)
    if isinstance(node, ir.Sequence):
        return text
    many, since = _HOW_MANY.fullmatch(text), _DAYS_SINCE.fullmatch(text)
    if node.how == "count" and text.startswith("every "):
        return _not_every(node, text)
    if node.how == "count_same" and many:
        return f"most {many['rows']}"
    if node.how == "count" and many:
        return f"count {many['rows']}"
    if node.how in ("least", "greatest") and since:
        end = "earliest" if node.how == "least" else "latest"
        return f"{end} {ruleset.table(node.rows.table).dated} of {since['rows']}"
    return text


def _not_every(node: ir.Aggregate, text: str) -> str:
    """`every orders have paid` counts those that have not, and those of which it is unknown."""
    asked = node.rows.where
    if isinstance(asked, ir.Apply) and asked.op == "and":
        asked = asked.args[-1]
    test = asked.args[0] if isinstance(asked, ir.Apply) else None
    if test is None or test.span is None or not isinstance(asked, ir.Apply):
        return f"count of {node.rows.table}"
    said = _line(test.span.text)
    rows = text.removeprefix("every ").removesuffix(said).removesuffix(" have ")
    if asked.op == "not":
        return f"count {rows} that have not: {said}"
    return f"count {rows} for which it is unknown: {said}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def in_order(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A feature with its parts in the order in which they are read."""
    first = ("name", "written", "type", "optional", "empty", "how", "rows")
    return {**{part: plain[part] for part in first},
            **{part: value for part, value in plain.items() if part not in first}}  # fmt: skip
