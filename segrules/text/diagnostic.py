"""What is wrong, where, and the next step. A user's mistake is a value, never an exception."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from segrules.text.source import Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `span` places it in a rule file; `file` names another file it is about."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    hint: str | None = None
    file: str | None = None

    @property
    def order(self) -> tuple[str, int, str]:
        """Files by name, then by place, then by code: the order in which findings are shown."""
        place = self.span.start if self.span else -1
        name = self.span.source.name if self.span else self.file or ""
        return name, place, self.code


@dataclass
class Log:
    """Collects diagnostics while the work goes on."""

    found: list[Diagnostic] = field(default_factory=list)
    _seen: set[Diagnostic] = field(default_factory=set, repr=False)

    def report(self, diagnostic: Diagnostic) -> None:
        """Adds a finding; the same finding at the same place is kept once."""
        if diagnostic not in self._seen:
            self._seen.add(diagnostic)
            self.found.append(diagnostic)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self.found, key=lambda found: found.order))

    @property
    def has_errors(self) -> bool:
        return any(found.severity == "error" for found in self.found)


class RulesError(Exception):
    """Raised by the Python interface when the work cannot be done.

    The command line turns it into an exit code; `diagnostics` holds every finding and
    `unable` says that the work could not begin (exit code 2) rather than that the rules or
    data have findings (exit code 1).
    """

    def __init__(self, diagnostics: list[Diagnostic], *, unable: bool = False) -> None:
        self.diagnostics = diagnostics
        self.unable = unable
        super().__init__("; ".join(f"{found.code}: {found.message}" for found in diagnostics))
