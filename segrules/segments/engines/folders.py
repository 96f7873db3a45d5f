"""Folders of Parquet that are there whole or not at all."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl

from segrules.segments.atomic import PREFIX
from segrules.segments.engines.sessions import check_replaceable
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as data_problems
from segrules.text.problems import engines as problems

_OLD = "-before-"
"""Stands in the name of a folder that was moved aside, before the name it had."""
_STALE = 3600.0
"""Seconds after which an unfinished folder is taken to be left over by a run that was killed."""
_EXCHANGE = 2
_HERE = -100


def check_folder(out: Path) -> None:
    """Results can stand there: nothing but Parquet is there now.

    Raises:
        RulesError: the folder above is not there, or something else is in the way.
    """
    if not out.parent.is_dir():
        raise RulesError([data_problems.no_folder(str(out))], unable=True)
    recover(out)
    if not out.exists():
        return
    if not out.is_dir():
        raise RulesError([problems.no_table_there(str(out), "a file")], unable=True)
    for part in _parts(out):
        if part.suffix != ".parquet":
            name = part.relative_to(out).as_posix()
            raise RulesError([problems.folder_holds_more(str(out), name)], unable=True)


def check_earlier_result(out: Path) -> None:
    """A folder of Parquet files, if there is one, holds an earlier result.

    Raises:
        RulesError: it holds other data.
    """
    parts = _parts(out)
    if parts:
        check_replaceable(str(out), _columns(parts[0]))


def _parts(out: Path) -> list[Path]:
    # what Spark leaves beside its parts is hidden
    return [each for each in sorted(out.rglob("*")) if each.is_file() and each.name[0] not in "._"]


def _columns(part: Path) -> list[str]:
    """The columns of a Parquet file; none where it cannot be read as one."""
    try:
        return list(pl.read_parquet_schema(part))
    except (OSError, pl.exceptions.PolarsError):
        return []


@contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """A place beside `out` to write a folder to, moved to `out` at the end.

    After an error nothing changes.

    Raises:
        OSError: the folder above is protected, or the disk is full.
    """
    place = unfinished_folder(out)
    try:
        yield place
        put(place, out)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def unfinished_folder(out: Path) -> Path:
    """A place beside a folder that nothing stands at; what killed runs have left is removed."""
    _sweep(out.parent)
    return out.parent / f"{PREFIX}{secrets.token_hex(8)}"


def put(place: Path, out: Path) -> None:
    """Moves a folder to the place of another, in one step where the system can.

    Where it cannot, a run that is killed between two steps leaves the folder before under another
    name, and `recover` puts it back.
    """
    for part in sorted(place.rglob("*")):
        _to_disk(part)
    _to_disk(place)
    if not out.exists():
        os.rename(place, out)
    elif _exchanged(place, out):
        shutil.rmtree(place, ignore_errors=True)
    else:
        aside = out.parent / f"{PREFIX}{secrets.token_hex(8)}{_OLD}{out.name}"
        os.rename(out, aside)
        os.rename(place, out)
        shutil.rmtree(aside, ignore_errors=True)
    _to_disk(out.parent)


def recover(out: Path) -> None:
    """Puts a folder back that a killed run has moved aside."""
    for aside in out.parent.glob(f"{PREFIX}*{_OLD}{out.name}"):
        if not out.exists():
            os.rename(aside, out)


def _exchanged(place: Path, out: Path) -> bool:
    """Exchanges two folders, if the system knows how."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(swap(_HERE, os.fsencode(place), _HERE, os.fsencode(out), _EXCHANGE) == 0)


def _sweep(folder: Path) -> None:
    now = time.time()
    for left in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            old = now - left.stat().st_mtime > _STALE
            if left.is_dir() and old and _OLD not in left.name:
                shutil.rmtree(left, ignore_errors=True)


def _to_disk(path: Path) -> None:
    if os.name == "nt":
        return
    held = os.open(path, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
