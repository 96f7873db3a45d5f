"""The catalogue of diagnostic codes: one entry a code, with the page that explains it.

An entry stands beside the constructor of its diagnostic in `segrules.text.problems`; nowhere
else is the sentence of a diagnostic written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from segrules.text.diagnostic import Diagnostic, Severity
from segrules.text.source import Span


@dataclass(frozen=True, slots=True)
class Example:
    """A rule file, or the part after the shared preamble, with the data and words it is run with.

    `data` maps a table's name to the text of a CSV file; `run` is the command that is tried
    (`check` when nothing else is said) with its further arguments.
    """

    rules: str
    data: dict[str, str] = field(default_factory=dict)
    run: str = "check"

    @property
    def text(self) -> str:
        """The whole rule file: on the preamble, unless the example has its own `ruleset` block.

        The example of a file without that block names it in a comment.
        """
        return self.rules if "ruleset" in self.rules else f"{PREAMBLE}\n{self.rules}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: what it says, why that matters, a wrong and a right example (both executed)."""

    code: str
    title: str
    why: str
    wrong: Example
    right: Example
    severity: Severity = "error"

    def at(self, span: Span, message: str, hint: str | None = None) -> Diagnostic:
        """The diagnostic at a place in a rule file."""
        return Diagnostic(self.code, self.severity, message, span=span, hint=hint)

    def about(self, file: str | None, message: str, hint: str | None = None) -> Diagnostic:
        """The diagnostic about a file as a whole, or about the command."""
        return Diagnostic(self.code, self.severity, message, hint=hint, file=file)


PREAMBLE = """\
ruleset shop {
  language 1
  goal  "Raise profit at the same cost"
  why   "A few customers bring most of it"
  owner "Sales"
  zone  "Europe/London"
  money GBP
}

table customers key customer_id {
  customer_id text
  joined      date
  region      one of north, south
  tier        ordered bronze < silver < gold
  spend       money
  points      whole 0..1000
  weight      number?
  share_web   share
  vip         flag
  sold_at     date? until_outcome
  note        text?
}

table orders of customers by customer_id dated ordered_on {
  customer_id text
  ordered_on  date
  amount      money
  items       whole 0..100
}
"""
"""What the examples of the catalogue stand on; each shows only what comes after it."""


_ENTRIES: dict[str, Entry] = {}


def entry(
    code: str,
    title: str,
    *,
    why: str,
    wrong: str | Example,
    right: str | Example,
    severity: Severity = "error",
) -> Entry:
    """Adds a code to the catalogue; a code stands once."""
    if code in _ENTRIES:
        raise ValueError(f"the code {code} stands twice in the catalogue")
    examples = [Example(text) if isinstance(text, str) else text for text in (wrong, right)]
    made = Entry(code, title, why, examples[0], examples[1], severity)
    _ENTRIES[code] = made
    return made


def catalogue() -> dict[str, Entry]:
    """Every code with its entry, in order of the codes."""
    import segrules.text.problems  # noqa: F401, PLC0415 -- entries register as they are made

    return dict(sorted(_ENTRIES.items()))
