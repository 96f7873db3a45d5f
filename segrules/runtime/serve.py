"""Serving a bundle: exchanged while decisions are made, beside another one, with a log.

A service reads one reference for each decision, so a reload never meets a decision half-way.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segrules.runtime.bundle import Bundle, load
from segrules.runtime.decisions import Decision
from segrules.runtime.errors import BundleError, RecordError
from segrules.runtime.records import getter


@dataclass(frozen=True, slots=True)
class Logged:
    """A decision as a log may keep it.

    `key` is the record's own, or None where it is sensitive or was not passed. `values` are the
    columns that the rules read, as they were passed, without those that are sensitive; of these
    only the names are in `withheld`.
    """

    ruleset: str
    revision: str
    bundle: str
    as_of: dt.date
    table: str
    key: object
    decision: Decision
    values: Mapping[str, object]
    withheld: tuple[str, ...]


@dataclass(slots=True)
class Shadow:
    """What a second bundle would have decided, counted.

    `decided` were decided by both, `differ` of them differently; `moves` counts them by the
    segment served and the one in the shadow. `failed` could not be decided by the shadow, by code.
    """

    hash: str
    decided: int = 0
    differ: int = 0
    moves: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


class Service:
    """Decides records by the bundle of a file, which may be exchanged at any time.

    `options` are those of `load`. `log` is called with a `Logged` for each decision; what it raises
    reaches the caller. Methods may be called from any number of threads.

    Raises:
        BundleError: the bundle cannot be served, or does not pass its own examples.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        log: Callable[[Logged], None] | None = None,
        table: str | None = None,
        **options: Any,
    ) -> None:
        self._path, self._log, self._table, self._options = Path(path), log, table, options
        self._exchange = threading.Lock()
        self._counting = threading.Lock()
        self._shadow: tuple[Bundle, Shadow] | None = None
        self._seen = self._state()
        self._live = self._proved(self._path)

    @property
    def bundle(self) -> Bundle:
        """The bundle that is served."""
        return self._live

    # ---- deciding

    def decide(self, record: Any, **beside: Any) -> Decision:
        """As `Decider.decide`, logged, and asked of the shadow as well.

        Raises:
            RecordError: the record cannot be decided.
        """
        live, shadow = self._live, self._shadow
        decider = live.decider(self._table)
        if shadow is None and self._log is None:
            plain: Decision = decider.decide(record, **beside)
            return plain
        # both are asked of one day, also at midnight
        beside = {**beside, "as_of": decider.day(beside.get("as_of"))}
        decision: Decision = decider.decide(record, **beside)
        if shadow is not None:
            self._compare(shadow, decision, record, beside)
        if self._log is not None:
            self._log(_logged(live, decider.program, decision, record, beside["as_of"]))
        return decision

    def _compare(
        self, shadow: tuple[Bundle, Shadow], decision: Decision, record: Any, beside: dict[str, Any]
    ) -> None:
        """What the shadow says never reaches the caller, whatever it is."""
        bundle, counts = shadow
        try:
            other = bundle.decider(self._table).decide(record, **beside)
        except (RecordError, BundleError) as error:
            with self._counting:
                counts.failed[error.code] += 1
            return
        with self._counting:
            counts.decided += 1
            if (other.segment, other.by) != (decision.segment, decision.by):
                counts.differ += 1
                counts.moves[decision.segment, other.segment] += 1

    # ---- exchanging

    def reload(self) -> bool:
        """Takes the file as it is now, if it passes its own examples; whether it is another one.

        Decisions go on with the bundle before until the new one is ready.

        Raises:
            BundleError: the file cannot be served; the bundle before goes on.
        """
        with self._exchange:
            seen = self._state()
            new = self._proved(self._path)
            self._seen = seen
            if new.hash == self._live.hash:
                return False
            self._live = new
            return True

    def reload_if_changed(self) -> bool:
        """As `reload`, where the file was written since it was last read; cheap if it was not."""
        return self._state() != self._seen and self.reload()

    def _state(self) -> tuple[int, int, int] | None:
        """What changes with the file; None where there is none."""
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _proved(self, path: Path) -> Bundle:
        bundle = load(path, **self._options)
        bundle.decider(self._table)
        failures = bundle.failures()
        if failures:
            first = failures[0]
            told = (
                "decisions that are stored in it are not decided so any more"
                if first.stored
                else "its examples are not decided as they say"
            )
            raise BundleError(
                "examples",
                f"{path}: {len(failures)} of {told}; example {first.number} of {first.set} is "
                f"{first.got[0]} (by {first.got[1]}), not {first.expected[0]}",
            )
        return bundle

    # ---- the shadow

    @property
    def shadow(self) -> Shadow | None:
        """What has been counted since the shadow was set."""
        return None if self._shadow is None else self._shadow[1]

    def set_shadow(self, path: str | Path | None) -> None:
        """Decides beside by another bundle from now on, or by none.

        Raises:
            BundleError: it cannot be served; the shadow before goes on.
        """
        if path is None:
            self._shadow = None
            return
        bundle = self._proved(Path(path))
        self._shadow = bundle, Shadow(bundle.hash)


def _logged(
    bundle: Bundle, program: Mapping[str, Any], decision: Decision, record: Any, as_of: dt.date
) -> Logged:
    table = program["tables"][program["table"]]
    read = {name: column for name, column in table["columns"].items() if column["read"]}
    got = getter(record, program["table"])
    values = {
        name: _or_none(got, record, name)
        for name, column in read.items()
        if not column["sensitive"]
    }
    key = table["columns"].get(table["key"])
    return Logged(
        bundle.ruleset,
        bundle.revision,
        bundle.hash,
        as_of,
        program["table"],
        None if key is None or key["sensitive"] else _or_none(got, record, table["key"]),
        decision,
        values,
        tuple(name for name, column in read.items() if column["sensitive"]),
    )


def _or_none(got: Callable[[Any, str], Any], record: Any, name: str) -> object:
    try:
        return got(record, name)
    except (KeyError, AttributeError):
        return None
