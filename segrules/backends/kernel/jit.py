"""The one door to numba: a decorator that compiles a kernel and keeps it in a verified cache.

Numba stores compiled code in files that it reads back with pickle and then runs. A truncated or
altered file therefore crashes the program, or worse, executes. Here every kernel has a manifest
with the SHA-256 of its files; the manifest is checked before numba may open any of them, and
whatever does not agree is deleted and compiled again. No state of the cache is an error.

`SEGRULES_CACHE` names the cache directory (default `$XDG_CACHE_HOME/segrules`, then
`~/.cache/segrules`); `SEGRULES_NO_CACHE=1` turns the cache off.
"""

import functools
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import llvmlite  # type: ignore[import-untyped]  # it carries no types
import llvmlite.binding  # type: ignore[import-untyped]  # it carries no types
import numba
from numba.core import caching as numba_caching

caching: Any = numba_caching  # it carries no types
Function = TypeVar("Function", bound=Callable[..., Any])

GENERATIONS = 6
"""How many keyed directories are kept: those in use and those of earlier versions."""


def kernel(function: Function) -> Function:
    """Compile `function` with numba on its first call; release the GIL while it runs.

    `fastmath` stays off, so that the same inputs give the same bits on every machine; division
    follows IEEE 754 instead of raising, which spares the loops a branch. The original function
    remains available as `.py_func` and is the oracle in the tests. What it calls stands in its
    own module or in one that this module imports at its top: a change there compiles it anew.
    """
    compiled: Any = numba.njit(nogil=True, fastmath=False, error_model="numpy")(function)
    # With NUMBA_DISABLE_JIT=1 numba hands back the plain function, which has no cache.
    if hasattr(compiled, "py_func") and cache_directory() is not None:
        compiled._cache = _VerifiedCache(function)
    return cast(Function, compiled)


@functools.cache
def cache_directory() -> Path | None:
    """The private directory of these versions, or None when there is to be no cache."""
    if os.environ.get("SEGRULES_NO_CACHE", "") not in ("", "0"):
        return None
    try:
        root = _own(_cache_root())
        directory = _own(root / _build_key())
        # Only what is ours alone is changed: the root may be a directory the user has for more.
        directory.chmod(0o700)
        tempfile.TemporaryFile(dir=directory).close()
        _forget_old(root, directory)
    except (OSError, RuntimeError):
        return None
    return directory


def _cache_root() -> Path:
    chosen = os.environ.get("SEGRULES_CACHE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "segrules"


def _own(path: Path) -> Path:
    """Return `path`, made where it is missing; OSError unless it is a directory of this user."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = path.lstat()
    if not stat.S_ISDIR(facts.st_mode):
        raise NotADirectoryError(path)
    if hasattr(os, "getuid") and facts.st_uid != os.getuid():
        raise PermissionError(path)
    return path


def _build_key() -> str:
    """Name what the machine code of every kernel depends on; see `_stamp` for a kernel's own."""
    parts = (
        "kernels",
        f"numba{numba.__version__}",
        f"llvmlite{llvmlite.__version__}",
        f"{platform.python_implementation().lower()}{platform.python_version()}",
        llvmlite.binding.get_host_cpu_name(),
    )
    return "-".join(parts)


_PACKAGE = Path(__file__).parents[2]
_IMPORT = re.compile(r"^(?:from|import) segrules([\w.]*)(?: import (\([^)]*\)|.*))?", re.MULTILINE)


@functools.cache
def _stamp(source: Path) -> str:
    """The digest of a module's text and of all it imports of this package, at whatever distance.

    Numba notices a change in the file of a kernel itself but not in the functions it calls.
    """
    reached: set[Path] = set()
    fresh = {source}
    while fresh:
        reached |= fresh
        fresh = {path for each in fresh for path in _imported(each)} - reached
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(reached))).hexdigest()


@functools.cache
def _imported(source: Path) -> frozenset[Path]:
    """The modules of this package that stand in the imports at the top of a module."""
    found = set()
    for module, names in _IMPORT.findall(source.read_text(encoding="utf-8")):
        place = _PACKAGE.joinpath(*module.split("."))
        found.add(place.with_suffix(".py"))
        found.update(place / f"{name}.py" for name in re.findall(r"\w+", names))
    return frozenset(path for path in found if path.is_file())


def _forget_old(root: Path, current: Path) -> None:
    """Remove all but the newest few directories of other builds."""
    others = [path for path in root.iterdir() if path.is_dir() and path != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[GENERATIONS - 1 :]:
        if "-numba" in path.name:
            shutil.rmtree(path, ignore_errors=True)


class _Locator(caching.UserProvidedCacheLocator):  # type: ignore[misc]  # carries no types
    """Tells numba to keep the files of a kernel under `cache_directory()`."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        self._py_file = py_file
        self._lineno = py_func.__code__.co_firstlineno
        folder = self.get_suitable_cache_subpath(py_file)
        self._cache_path = os.path.join(cast(Path, cache_directory()), folder)

    def get_source_stamp(self) -> str:
        return _stamp(Path(self._py_file))

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> "_Locator | None":
        return cls(py_func, py_file) if os.path.exists(py_file) else None


class _Layout(caching.CompileResultCacheImpl):  # type: ignore[misc]  # carries no types
    _locator_classes: ClassVar[list[type]] = [_Locator]


class _VerifiedCache(caching.FunctionCache):  # type: ignore[misc]  # carries no types
    """Numba's cache of one function, read only when it agrees with its manifest.

    INVARIANT: no file of the cache reaches numba's unpickler before its digest was compared.
    Two processes may write at the same time: each file is replaced atomically, and a manifest
    that describes the other's files is a mismatch, which costs a compilation and nothing else.
    """

    _impl_class = _Layout

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            if self._intact():
                return super().load_overload(sig, target_context)
        except Exception:  # noqa: S110 - any damage at all means: compile again
            pass
        self._discard()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
            self._seal()
            self._forget_moved()
        except Exception:
            # A cache that cannot be written is no cache, not an error.
            self._discard()

    @property
    def _manifest(self) -> Path:
        return Path(self.cache_path) / f"{self._impl.filename_base}.json"

    def _files(self) -> list[Path]:
        folder, base = Path(self.cache_path), self._impl.filename_base
        if not folder.is_dir():
            return []
        names = sorted(path.name for path in folder.iterdir() if path.name.startswith(base + "."))
        return [folder / name for name in names if name.endswith((".nbi", ".nbc"))]

    def _digests(self) -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self._files()}

    def _intact(self) -> bool:
        present = self._digests()
        if not present:
            return True
        return bool(json.loads(self._manifest.read_bytes()) == present)

    def _seal(self) -> None:
        text = json.dumps(self._digests(), indent=1, sort_keys=True)
        with tempfile.NamedTemporaryFile("w", dir=self.cache_path, delete=False) as file:
            file.write(text)
        os.replace(file.name, self._manifest)

    def _forget_moved(self) -> None:
        """Remove what was kept of this function when it stood on another line of its file."""
        base = self._impl.filename_base
        function = base.rpartition("-")[0]
        for path in Path(self.cache_path).glob(f"{glob.escape(function)}-*"):
            if not path.name.startswith(f"{base}."):
                path.unlink(missing_ok=True)

    def _discard(self) -> None:
        try:
            for path in [*self._files(), self._manifest]:
                path.unlink(missing_ok=True)
        except OSError:
            # What cannot be deleted stays refused: it does not agree with its manifest.
            self.disable()
