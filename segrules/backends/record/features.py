"""Names and definitions of the aggregates of a record, which a caller may pass as features."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from segrules.lang import ir

_NOT_A_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST = 60

Asked = ir.Aggregate | ir.Sequence


def name_features(asked: Sequence[dict[str, Any]], ruleset: ir.Ruleset, main: str) -> None:
    """Gives a name to what is asked of rows that belong to the record itself.

    It is the name of the `let` that is nothing else, otherwise made of the words of the
    definition. Of equal names all but the first get a part of a hash of what they mean, so that
    names do not depend on each other's order.
    """
    lets = {
        feature.expr: feature.name
        for feature in reversed(ruleset.features_of(main))
        if isinstance(feature.expr, ir.Aggregate | ir.Sequence)
    }
    taken: set[str] = set()
    for each in asked:
        node, of = each.pop("expr"), each.pop("of")
        each["written"] = _definition(node)
        each["name"] = None
        if of == main:
            named = lets.get(node) or _words(each["written"])
            if named in taken:
                named = f"{named}_{_hash(node)}"
            taken.add(named)
            each["name"] = named


def _definition(node: Asked) -> str:
    """As it is written in the rules; made up where it does not stand in them."""
    past = node.rows.table if isinstance(node, ir.Aggregate) else ""
    if isinstance(node, ir.Aggregate) and past.startswith(ir.history_of("")):
        # no rule can write the table of the past: what was written asks several things of it
        column = node.value.name if isinstance(node.value, ir.Column) else "runs"
        return f"{node.how} {column.replace(':', ' ')} in the {past}"
    if node.span is not None:
        return " ".join(node.span.text.split())
    tables = " then ".join(dict.fromkeys(rows.table for rows in ir.rows_in(node)))
    how = node.how.replace("_", " ") if isinstance(node, ir.Aggregate) else "sequence"
    return f"{how} of {tables}"


def _words(written: str) -> str:
    words = _NOT_A_NAME.sub("_", written.casefold()).strip("_")
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST].rstrip('_')}_{_digest(words)}"


def _hash(node: Asked) -> str:
    return _digest(repr(node))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def in_order(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A feature with its parts in the order in which they are read."""
    first = ("name", "written", "type", "optional", "empty", "how", "rows")
    return {**{part: plain[part] for part in first},
            **{part: value for part, value in plain.items() if part not in first}}  # fmt: skip
