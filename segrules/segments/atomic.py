"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".segrules-"
"""How the names of unfinished files begin."""

_STALE = 3600.0
"""Seconds after which an unfinished file is taken to be left over by a run that was killed."""


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A place beside `out` to write to, moved to `out` at the end; after an error nothing changes.

    Raises:
        OSError: the folder is not there or is protected, or the disk is full.
    """
    _sweep(out.parent)
    unfinished = out.parent / f"{PREFIX}{secrets.token_hex(8)}{out.suffix}"
    try:
        yield unfinished
        _to_disk(unfinished)
        os.replace(unfinished, out)
        _to_disk(out.parent)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Removes what killed runs have left; younger files may belong to a run that goes on."""
    now = time.time()
    for left in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if left.is_file() and now - left.stat().st_mtime > _STALE:
                left.unlink()


def _to_disk(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        # Windows knows no flushing of a folder
        return
    # Windows flushes only what is open for writing
    held = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(held)
    finally:
        os.close(held)
