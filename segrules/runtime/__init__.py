"""Serves compiled rules, one record at a time; imports nothing outside the standard library."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segrules.runtime.bundle import Bundle as Bundle
    from segrules.runtime.bundle import Failure as Failure
    from segrules.runtime.bundle import load as load
    from segrules.runtime.decisions import Decision as Decision
    from segrules.runtime.decisions import Decisions as Decisions
    from segrules.runtime.errors import BundleError as BundleError
    from segrules.runtime.errors import ProgramError as ProgramError
    from segrules.runtime.errors import RecordError as RecordError
    from segrules.runtime.program import Asked as Asked
    from segrules.runtime.program import Decider as Decider
    from segrules.runtime.program import Needed as Needed
    from segrules.runtime.program import build as build
    from segrules.runtime.serve import Logged as Logged
    from segrules.runtime.serve import Service as Service
    from segrules.runtime.serve import Shadow as Shadow

__all__ = [
    "Asked", "Bundle", "BundleError", "Decider", "Decision", "Decisions", "Failure", "Logged",
    "Needed", "ProgramError", "RecordError", "Service", "Shadow", "build", "load",
]  # fmt: skip

_MODULES = {
    "Asked": "program", "Decider": "program", "Needed": "program", "build": "program",
    "Decision": "decisions", "Decisions": "decisions",
    "BundleError": "errors", "ProgramError": "errors", "RecordError": "errors",
    "Bundle": "bundle", "Failure": "bundle", "load": "bundle",
    "Logged": "serve", "Service": "serve", "Shadow": "serve",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    # The language counts days and reads patterns with parts of this package: it shall not pay for
    # the rest.
    if name in _MODULES:
        return getattr(import_module(f"segrules.runtime.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
