"""A bundle: compiled rules in one file, verified when it is read.

The file is a JSON object of three parts: `bundle`, the version of this form; `hash`, the SHA-256
of the content in canonical JSON; and `content`. Nothing in it is code.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from segrules.runtime.decisions import Decisions
from segrules.runtime.errors import BundleError, ProgramError, RecordError
from segrules.runtime.program import Decider, build
from segrules.runtime.values import read

VERSION = 1
"""Of the form of bundles."""

_PARTS = ("ruleset", "revision", "made_with", "rules", "as_of", "knobs", "calibration", "schema",
          "programs", "examples")  # fmt: skip
_HEAD = '{{"bundle": {version}, "hash": "{hash}", "content": '


@dataclass(frozen=True, slots=True)
class Failure:
    """An example of a bundle that is not decided as it says; `number` counts from 1.

    With `stored` it is one that the rules do not say: what was decided when they were compiled.
    """

    set: str
    number: int
    expected: tuple[str | None, str | None]
    got: tuple[str | None, str]
    stored: bool = False


class Bundle:
    """Compiled rules that have been verified.

    `decide`, `decide_all`, `truths`, `features` and `from_text` are those of `Decider`, for the one
    table with segments; with several, `decider(table)` has them.
    """

    def __init__(self, content: Mapping[str, Any], digest: str, options: Mapping[str, Any]) -> None:
        self.content, self.hash, self._options = content, digest, dict(options)
        self._deciders: dict[tuple[str, str | None], Decider] = {}
        if len(self.tables) == 1 and self._options.get("set") is None:
            self.decider()

    def __repr__(self) -> str:
        return f"Bundle({self.ruleset!r}, revision={self.revision[:12]!r}, hash={self.hash[:12]!r})"

    # ---- what there is

    @property
    def ruleset(self) -> str:
        """The name of the rules."""
        return str(self.content["ruleset"])

    @property
    def revision(self) -> str:
        """The revision of rules and knobs, as an assignment names it."""
        return str(self.content["revision"])

    @property
    def rules(self) -> str:
        """The rules in canonical layout."""
        return str(self.content["rules"])

    @property
    def as_of(self) -> dt.date:
        """The day whose knobs and cut points it holds."""
        return dt.date.fromisoformat(self.content["as_of"])

    @property
    def knobs(self) -> Mapping[str, str]:
        """The settings, as written."""
        return dict(self.content["knobs"])

    @property
    def turned(self) -> Mapping[str, tuple[str, str]]:
        """The knobs that are set to other values than the rules give them: theirs, and the set one.

        The examples of the rules hold for theirs, so they are not tried where there are some.
        """
        return {name: (own, to) for name, (own, to) in self.content.get("turned", {}).items()}

    @property
    def schema(self) -> Mapping[str, Any]:
        """A JSON Schema of a record, by table."""
        return dict(self.content["schema"])

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables with segments."""
        return tuple(self.content["programs"])

    def decider(self, table: str | None = None, set: str | None = None) -> Decider:
        """The functions for a table, made with the options that the bundle was loaded with.

        Raises:
            BundleError: there is no such table, or several and none was named.
        """
        if table is None and len(self.tables) == 1:
            table = self.tables[0]
        if table not in self.tables:
            known = ", ".join(self.tables)
            raise BundleError("table", f"name one of the tables with segments: {known}")
        chosen = set if set is not None else self._options.get("set")
        key = table, chosen
        if key not in self._deciders:
            with _sound():
                options = {**self._options, "set": chosen}
                self._deciders[key] = build(self.content["programs"][table], **options)
        return self._deciders[key]

    # ---- what is decided

    @cached_property
    def decide(self) -> Any:
        """`Decider.decide` of the only table."""
        return self.decider().decide

    def decide_all(self, record: Any, **beside: Any) -> Decisions:
        """`Decider.decide_all` of the only table."""
        return self.decider().decide_all(record, **beside)

    def truths(self, record: Any, **beside: Any) -> dict[str, tuple[bool | None, ...]]:
        """`Decider.truths` of the only table."""
        return self.decider().truths(record, **beside)

    def features(self, record: Any, **beside: Any) -> dict[str, Any]:
        """`Decider.features` of the only table."""
        return self.decider().features(record, **beside)

    def from_text(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """`Decider.from_text` of the only table."""
        return self.decider().from_text(row)

    # ---- whether it does what it says

    def failures(self) -> tuple[Failure, ...]:
        """The examples of the rules that this bundle does not decide as they say.

        Where knobs are turned, those of the rules say nothing; then it is held against what was
        decided of them when the bundle was made.

        Raises:
            BundleError: the bundle is damaged.
        """
        with _sound():
            said = [each for block in self.content["examples"] for each in _tried(block, False)]
            kept = self.content.get("vectors", ())
            return (*said, *(each for block in kept for each in _tried(block, True)))


def _tried(block: Mapping[str, Any], stored: bool) -> Iterator[Failure]:
    """The examples of a block that are not decided as they say: one customer without others."""
    tables = block["program"]["tables"]
    decider = build(
        block["program"], set=block["set"], trusted=True, absent="missing", missing="allow"
    )
    beside = {
        "as_of": dt.date.fromisoformat(block["as_of"]),
        "related": {name: [] for name, table in tables.items()
                    if table["kind"] in ("related", "history")},
        "lookup": {name: {} for name in tables},
    }  # fmt: skip
    for number, row in enumerate(block["rows"], start=1):
        expected = row["expect"], row["by"]
        try:
            decision = decider.decide(
                {name: read(value) for name, value in row["given"].items()}, **beside
            )
            got = decision.segment, decision.by
        except RecordError as error:
            got = None, str(error)
        if got[0] != expected[0] or expected[1] not in (None, got[1]):
            yield Failure(block["set"], number, expected, got, stored)


def load(path: str | Path, *, expect: str | None = None, **options: Any) -> Bundle:
    """Reads and verifies a bundle.

    `expect` is the hash that it must have (the whole of it, or its beginning of eight characters
    or more). The other options are those of `build`: `set`, `trusted`, `extra`, `absent`,
    `missing`.

    Raises:
        BundleError: it cannot be read, is damaged or cut off, is of another version, or has
            another hash than expected.
        ValueError: there is no such option.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise BundleError("unreadable", f"{path} cannot be read: {reason}") from None
    return parsed(raw, str(path), expect=expect, **options)


def parsed(raw: bytes, name: str, *, expect: str | None = None, **options: Any) -> Bundle:
    """As `load`, of the bytes of a file; `name` is what messages call it."""
    try:
        held = json.loads(raw)
    except (ValueError, RecursionError):
        raise BundleError("damaged", f"{name} is no JSON: it is cut off or damaged") from None
    if not isinstance(held, dict) or "bundle" not in held:
        raise BundleError("no bundle", f"{name} is no bundle of rules")
    if held["bundle"] != VERSION:
        says = f"{name} is a bundle of version {held['bundle']!r}; this one reads {VERSION}"
        raise BundleError("version", says)
    digest, content = held.get("hash"), held.get("content")
    if not isinstance(digest, str) or not isinstance(content, dict):
        raise BundleError("damaged", f"{name} lacks its hash or its content")
    if _hash_of_text(raw, digest) != digest and _hash(content) != digest:
        raise BundleError("damaged", f"{name} does not have the content that its hash says")
    if expect is not None and not _expected(digest, expect):
        raise BundleError("hash", f"{name} has the hash {digest[:12]}…, not {expect[:12]}…")
    lacking = [part for part in _PARTS if part not in content]
    if lacking:
        raise BundleError("damaged", f"{name} lacks {', '.join(lacking)}")
    return Bundle(content, digest, options)


def written(content: Mapping[str, Any]) -> tuple[str, str]:
    """The text of a bundle with this content, and its hash.

    Raises:
        ValueError: the content holds what JSON cannot.
    """
    text = _canonical(content)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return _HEAD.format(version=VERSION, hash=digest) + text + "}\n", digest


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _hash(content: Mapping[str, Any]) -> str:
    try:
        return hashlib.sha256(_canonical(content).encode()).hexdigest()
    except ValueError:
        # an infinite number, which no bundle is written with
        return ""


def _hash_of_text(raw: bytes, digest: str) -> str:
    """The hash of the content as it stands in the file, where it was not laid out anew."""
    head = _HEAD.format(version=VERSION, hash=digest).encode()
    if not raw.startswith(head) or not raw.endswith(b"}\n"):
        return ""
    return hashlib.sha256(raw[len(head) : -2]).hexdigest()


def _expected(digest: str, expect: str) -> bool:
    return len(expect) >= 8 and digest.startswith(expect.casefold())


@contextmanager
def _sound() -> Iterator[None]:
    """What no program can be made of is told of the bundle."""
    try:
        yield
    except ProgramError as error:
        raise BundleError("damaged", str(error)) from None
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise BundleError("damaged", f"the bundle is damaged: {error!r}") from None
