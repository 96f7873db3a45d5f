"""How files hang together: which column is the key of each, and whose rows belong to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import polars as pl

from segrules.segments import infer
from segrules.segments.headings import (
    fresh,
    named,
    plural,
    same,
    says_id,
    says_nearly_id,
    says_personal,
    says_row,
    says_who,
    singular,
    subject,
)
from segrules.segments.infer import Column
from segrules.segments.read import file_of, is_workbook, open_table, reading
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import inference

_NEAR = 3
"""Columns which are named where no key is found."""
_OFTEN = 0.9
"""Values that are distinct by less than this stand repeatedly on purpose, not by mistake."""


@dataclass(frozen=True, slots=True)
class File:
    """A file and what its columns hold; `name` is that of its table."""

    path: Path
    frame: pl.LazyFrame
    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A table to declare.

    `key` is the column by which rows are named (`main`), joined to `of` (`related`), or, for a
    `derived` table, the column of the table `of` that its keys are taken from.
    """

    kind: Literal["main", "related", "derived"]
    name: str
    file: File
    key: Column
    of: str | None = None

    @property
    def dated(self) -> Column | None:
        """The first date of a related row."""
        if self.kind != "related":
            return None
        days = (each for each in self.file.columns if each.word in ("date", "instant"))
        own = (each for each in days if each.heading != self.key.heading)
        return next((each for each in own if not each.sensitive), None)


def drafts(paths: Sequence[Path]) -> tuple[Draft, ...]:
    """The tables of files: each main or derived table is followed by its related ones.

    Raises:
        RulesError: a file cannot be read, has no rows, is given twice, or has nothing to be a key;
            all such findings together.
    """
    files, found = _files(paths)
    keys = {file.name: _own_key(file) for file in files}
    links = _links(files, keys)
    made: list[Draft] = []
    taken = {file.name for file in files}
    for file in files:
        key = keys[file.name]
        if file.name in links:
            continue
        if key is not None:
            made.append(Draft("main", file.name, file, key))
            made += [each for each in links.values() if each.of == file.name]
            continue
        repeated = _repeated(file)
        if repeated is None:
            found.append(inference.no_key(str(file.path), _near(file)))
            continue
        owner = fresh(plural(named(subject(repeated.heading))), taken)
        taken.add(owner)
        made.append(Draft("derived", owner, file, repeated, file.name))
        made.append(Draft("related", file.name, file, repeated, owner))
    if found:
        raise RulesError(found, unable=True)
    return tuple(made)


def _files(paths: Sequence[Path]) -> tuple[list[File], list[Diagnostic]]:
    files: list[File] = []
    found: list[Diagnostic] = []
    seen: dict[Path, Path] = {}
    for path in paths:
        place = path.resolve()
        if place in seen:
            found.append(inference.given_twice([str(seen[place]), str(path)]))
            continue
        seen[place] = path
        try:
            files.append(_file(path, {file.name for file in files}))
        except RulesError as error:
            found.extend(error.diagnostics)
    return files, found


def _file(path: Path, taken: set[str]) -> File:
    frame = open_table(path)
    with reading(str(path)):
        columns = infer.columns(frame)
        if not columns or not columns[0].rows:
            raise RulesError([inference.no_rows(str(path))], unable=True)
    name = named(file_of(path).stem)
    if name in taken and is_workbook(path):
        name = named(path.name.partition("#")[2]) or name
    return File(path, frame, fresh(name, taken), columns)


# ---- keys


def _unique(column: Column) -> bool:
    return column.as_key and column.filled == column.rows == column.distinct


def _own_key(file: File) -> Column | None:
    """The column that names the rows: unique, never empty, and looking like an identifier."""
    ranked = [(_rank(file, at, each), at) for at, each in enumerate(file.columns) if _unique(each)]
    best = min(((rank, at) for rank, at in ranked if rank is not None), default=None)
    if best is None:
        return None
    key = file.columns[best[1]]
    # the number of a row names it, but nobody looks for it where it tells of whom the row is
    return None if says_row(key.heading) and _repeated(file) is not None else key


def _rank(file: File, at: int, column: Column) -> int | None:
    """How much a column looks like the key of its file, the best first."""
    heading, one = column.heading, singular(file.name)
    looks = (
        same(heading, f"{one}_id") or same(heading, f"{file.name}_id"),
        same(heading, "id"),
        same(heading, one),
        says_id(heading),
        says_nearly_id(heading) and not says_personal(heading),
        at == 0 and column.word == "text" and not column.sensitive,
        says_row(heading),
        column.word == "text" and "mail" in heading.lower(),
    )
    return next((rank for rank, holds in enumerate(looks) if holds), None)


def _repeated(file: File) -> Column | None:
    """The identifier, if any, by which the rows of a file belong together."""
    found = [
        each
        for each in file.columns
        if each.as_key
        and not each.sensitive
        and says_id(each.heading)
        and 0 < each.distinct < _OFTEN * each.filled
        and not _is_own(file, each)
    ]
    return next((each for each in found if says_who(each.heading)), found[0] if found else None)


def _is_own(file: File, column: Column) -> bool:
    """Whether a column should have been the key of its file: `customer_id` in `customers`."""
    return same(column.heading, f"{singular(file.name)}_id") or same(column.heading, "id")


def _near(file: File) -> list[tuple[str, str]]:
    """The columns that come closest to a key, and what each of them lacks."""
    like = [
        each
        for each in file.columns
        if each.filled and (says_id(each.heading) or _is_own(file, each))
    ]
    like += sorted(
        (each for each in file.columns if each.filled and each not in like),
        key=lambda each: (-each.distinct, each.rows - each.filled),
    )
    return [(each.heading, _lack(each)) for each in like[:_NEAR]]


def _lack(column: Column) -> str:
    if not column.as_key:
        return "is not stored as text"
    if column.filled < column.rows:
        return f"is empty in {column.rows - column.filled:,} of {column.rows:,} rows"
    if column.distinct < column.filled:
        return f"has {column.distinct:,} different values in {column.rows:,} rows"
    return "does not look like a key"


# ---- related rows


def _links(files: Sequence[File], keys: dict[str, Column | None]) -> dict[str, Draft]:
    """The files whose rows belong to rows of another file, by the name of their table."""
    found: dict[str, Draft] = {}
    owners = [file for file in files if keys[file.name] is not None]
    owners.sort(key=lambda file: not _of_customers(keys[file.name]))
    kept: set[str] = set()
    for owner in owners:
        key = keys[owner.name]
        if key is None or owner.name in found:
            continue
        for file in files:
            link = _link(file, keys[file.name], owner, key)
            if link is None or file.name in found or file.name in kept:
                continue
            if _may_own(files, (owner, key), (file, keys[file.name])):
                found[file.name] = Draft("related", file.name, file, link, owner.name)
                kept.add(owner.name)
    return found


def _of_customers(key: Column | None) -> bool:
    return key is not None and says_who(key.heading)


def _may_own(
    files: Sequence[File], owner: tuple[File, Column], file: tuple[File, Column | None]
) -> bool:
    """Customers own whatever has their key; of other files, an earlier owns a later."""
    of_owner, of_file = _of_customers(owner[1]), _of_customers(file[1])
    if of_owner != of_file:
        return of_owner
    return file[1] is None or files.index(owner[0]) < files.index(file[0])


def _link(file: File, own: Column | None, owner: File, key: Column) -> Column | None:
    """The column of a file that holds the key of another one, on several rows or beside its own."""
    if file is owner:
        return None
    link = next((each for each in file.columns if same(each.heading, key.heading)), None)
    if link is None or not link.as_key or not link.filled:
        return None
    if link.distinct < link.filled or (own is not None and own.heading != link.heading):
        return replace(link, word="text", values=())
    return None
