"""Tries what is claimed of segment sets: on data, on examples and on personas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from segrules.backends.reach import set_parts
from segrules.backends.reference.evaluate import decide
from segrules.lang import ir
from segrules.segments.evidence import Reader, Sensitive, spell_value
from segrules.segments.examples import Tried, fixture, tried
from segrules.segments.grounds import Claimed, Cuts, Data, Fixture, Given, Grounds, sample_of
from segrules.segments.history.migration import Migration, Within, migration
from segrules.segments.history.store import StoredSet
from segrules.segments.raising import Fall, Raising
from segrules.segments.raising_rows import first_fall
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

__all__ = ["Given", "Trial", "Verdict", "try_all"]

Judged = Literal["held", "refuted", "proved", "not tried"]

Lack = Literal[
    "", "data", "sample", "day", "cuts", "history", "reviews", "tolerance", "flaps", "total"
]
"""Why a claim is not tried: what there is not."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a claim was judged.

    It was tried on so many `rows` of data, `examples` and `personas`; on `unknown` of them it
    could not be decided, and it says nothing of those `left_out`. `figures` are the parts of one
    that the claim is about: a share, or the rates of flapping with and without tolerance. `lack`
    says what there is not to try it on, and `lacking` which. `by` is what decided for the first
    case that refutes it.
    """

    of: str
    claim: ir.Claim
    judged: Judged = "not tried"
    rows: int = 0
    examples: int = 0
    personas: int = 0
    unknown: int = 0
    left_out: int = 0
    figures: tuple[float, ...] = ()
    cuts: Cuts = ""
    lack: Lack = ""
    lacking: tuple[str, ...] = ()
    by: str = ""
    finding: Diagnostic | None = None

    @property
    def written(self) -> str:
        """The claim as it stands in the rule file."""
        return " ".join(self.claim.span.text.split()) if self.claim.span else ""

    @property
    def cases(self) -> int:
        return self.rows + self.examples + self.personas

    def on(self, fixture: Fixture) -> Verdict:
        """Tried on one more example or persona."""
        if fixture.kind == "example":
            return replace(self, examples=self.examples + 1)
        return replace(self, personas=self.personas + 1)

    def ended(self, finding: Diagnostic | None) -> Verdict:
        """Refuted by a finding, or held."""
        return replace(self, judged="held" if finding is None else "refuted", finding=finding)


@dataclass(frozen=True, slots=True)
class Trial:
    """The examples and the claims of a rule file, tried; `findings` are of both."""

    examples: tuple[Tried, ...]
    verdicts: tuple[Verdict, ...]
    findings: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        return any(each.severity == "error" for each in self.findings)


def try_all(ruleset: ir.Ruleset, given: Given) -> Trial:
    """Tries every example and every claim of a ruleset.

    Without data, claims are tried on examples and personas only.

    Raises:
        RulesError: the data or the history do not fit, or no claim is about a sample named.
    """
    _check_samples(ruleset, given.samples)
    verdicts: list[Verdict] = []
    for table in dict.fromkeys(ruleset.set(block.of).table for block in ruleset.claims):
        verdicts += _Judge(Grounds(ruleset, table, given)).verdicts()
    examples = tuple(tried(ruleset))
    found = [*(each.finding for each in examples), *(each.finding for each in verdicts)]
    return Trial(examples, tuple(verdicts), tuple(each for each in found if each))


def _check_samples(ruleset: ir.Ruleset, samples: Iterable[str]) -> None:
    named = [sample_of(claim) for block in ruleset.claims for claim in block.claims]
    known = {sample for sample in named if sample is not None}
    wrong = [problems.unknown_sample(each, sorted(known)) for each in samples if each not in known]
    if wrong:
        raise RulesError(wrong, unable=True)


class _Judge:
    """Judges the claims about the sets of one table."""

    def __init__(self, grounds: Grounds) -> None:
        self.grounds = grounds
        self.sensitive = Sensitive(grounds.ruleset)

    def verdicts(self) -> list[Verdict]:
        return [self.verdict(claimed) for claimed in self.grounds.claims]

    def verdict(self, claimed: Claimed) -> Verdict:
        verdict, data = Verdict(claimed.of, claimed.claim), self.grounds.data
        match claimed.claim:
            case ir.NeverClaim() as claim:
                return self.never(claimed, claim, verdict)
            case ir.MoreClaim() as claim:
                return self.more(claim, verdict)
            case ir.PersonaClaim() as claim:
                return self.persona(claim, verdict)
            case ir.FlappingClaim() as claim:
                return self.flapping(claim, verdict)
            case ir.ShareClaim(on=on) | ir.TopClaim(on=on) as claim:
                if data is None:
                    return replace(verdict, lack="data")
                if on is not None and not claimed.asked:
                    finding = problems.other_sample(claim.span, on)
                    return replace(verdict, lack="sample", lacking=(on,), finding=finding)
                verdict = replace(verdict, rows=data.rows)
                if isinstance(claim, ir.ShareClaim):
                    return _share(claim, data.counts[claimed.name()], verdict)
                part, whole = (data.counts[claimed.name(each)] for each in ("part", "all"))
                return _top(claim, part, whole, verdict)

    # ---- never

    def never(self, claimed: Claimed, claim: ir.NeverClaim, verdict: Verdict) -> Verdict:
        """No row, no example and no persona has it true."""
        grounds, data, against = self.grounds, self.grounds.data, 0
        first: tuple[str, Reader] | None = None
        if data is not None:
            against, unknown = (data.counts[claimed.name(each)] for each in ("true", "unknown"))
            verdict = replace(verdict, rows=data.rows, unknown=unknown)
        if data is not None and against:
            key = str(data.counts[claimed.name("first")])
            first = self.case(key), Reader(data.row(key), data.ruleset, data.context, True)
        for each in grounds.fixtures([claim.condition]):
            reader = Reader(each.row, grounds.alone, each.context, show_values=True)
            truth = reader.truth(claim.condition)
            verdict = verdict.on(each)
            verdict = replace(verdict, unknown=verdict.unknown + (truth is None))
            against += truth is True
            first = first or ((each.case, reader) if truth else None)
        if not verdict.cases:
            return replace(verdict, lack="data")
        if first is None:
            return verdict.ended(None)
        case, reader = first
        placed = decide(reader.ruleset.set(verdict.of), reader.row, reader.ruleset, reader.context)
        verdict = replace(verdict, by=placed.by)
        reads = [(each.name, each.value or "") for each in reader.direct(claim.condition)]
        return verdict.ended(problems.never_refuted(claim.span, case, against - 1, reads))

    def case(self, key: str) -> str:
        """A row of the data by its key, unless that is sensitive."""
        table = self.grounds.ruleset.table(self.grounds.table)
        return problems.case_row(None if self.sensitive.column(table.name, table.key) else key)

    # ---- more

    def more(self, claim: ir.MoreClaim, verdict: Verdict) -> Verdict:
        """Raising the value moves none of the rows down the ladder."""
        grounds, falls = self.grounds, list[tuple[str, Fall]]()
        if grounds.data is not None:
            verdict, falls = self.more_rows(claim, grounds.data, verdict)
        found = grounds.alone.set(verdict.of)
        raising = Raising(found, claim.more, grounds.alone)
        for each in grounds.fixtures(set_parts(found)):
            values = [raising.value(each.row, each.context)]
            targets = raising.targets(each.context.calibration, values)
            raised = raising.raised(each.row, each.context, targets)
            verdict = replace(verdict.on(each), left_out=verdict.left_out + raised.off)
            falls += [(each.case, raised.fall)] if raised.fall else []
        if not verdict.cases:
            return replace(verdict, lack="data")
        if not falls:
            return verdict.ended(None)
        case, fall = falls[0]
        values_shown = None
        if not self.sensitive.rests(raising.node):
            before, after = (spell_value(value, raising.kind) or "" for value in fall.values)
            values_shown = (before, after)
        return verdict.ended(
            problems.more_refuted(claim.span, case, claim.more, values_shown, fall.segments)
        )

    def more_rows(
        self, claim: ir.MoreClaim, data: Data, verdict: Verdict
    ) -> tuple[Verdict, list[tuple[str, Fall]]]:
        """The value raised on a sample of the data, and the first row that falls."""
        raising = Raising(data.ruleset.set(verdict.of), claim.more, data.ruleset)
        first = first_fall(raising, data.placement, data.sample)
        falls = [(self.case(first.key), first.fall)] if first.fall else []
        return replace(verdict, rows=len(data.sample), left_out=first.off), falls

    # ---- personas

    def persona(self, claim: ir.PersonaClaim, verdict: Verdict) -> Verdict:
        """Proved where it hangs on no population: then no data can change it."""
        grounds = self.grounds
        persona = next(each for each in grounds.ruleset.personas if each.name == claim.persona)
        found = grounds.alone.set(verdict.of)
        parts = set_parts(found)
        placed = grounds.persona(persona, parts)
        if placed is None:
            row = fixture(persona.given, grounds.ruleset.table(found.table))
            needed = grounds.needed(row, parts)
            lacking = tuple(sorted(needed))
            return replace(verdict, lack="cuts" if needed else "day", lacking=lacking)
        decision = decide(found, placed.row, grounds.alone, placed.context)
        verdict = replace(verdict.on(placed), cuts=placed.cuts)
        if decision.segment == claim.segment:
            sure = not placed.cuts and not grounds.asks_the_day(placed.row, parts)
            return replace(verdict, judged="proved" if sure else "held")
        got = decision.segment or "no segment"
        return verdict.ended(problems.persona_refuted(claim.span, persona.name, got, decision.by))

    # ---- flapping

    def flapping(self, claim: ir.FlappingClaim, verdict: Verdict) -> Verdict:
        """Strictly fewer flap: where nobody would have, there is nothing to compare."""
        found = self.migration(verdict.of)
        if found is None or not found.flapping.chances:
            return replace(verdict, lack="reviews" if self.grounds.given.history else "history")
        held, free = found.flapping, found.flapping_free
        if free is None:
            return replace(verdict, lack="tolerance")
        verdict = replace(verdict, figures=(held.rate or 0.0, free.rate or 0.0))
        if not free.flaps:
            return replace(verdict, lack="flaps")
        if held.flaps < free.flaps:
            return verdict.ended(None)
        said = (_percent(Fraction(each.flaps, each.chances)) for each in (held, free))
        return verdict.ended(problems.flapping_refuted(claim.span, *said))

    def migration(self, of: str) -> Migration | None:
        """The migration in a set; None where no history is given or it has too few reviews."""
        folder, ruleset = self.grounds.given.history, self.grounds.ruleset
        if folder is None:
            return None
        if not folder.is_dir():
            raise RulesError([problems.no_history(str(folder))], unable=True)
        found = ruleset.set(of)
        within, declared = Within(review=ruleset.review), StoredSet(found.segments, found.ladder)
        try:
            return migration(folder, found.table, of, within, declared)
        except RulesError as error:
            if [each.code for each in error.diagnostics] == [problems.TOO_FEW_REVIEWS.code]:
                return None
            raise


def _percent(share: Fraction) -> str:
    """A share as a percentage, to a hundredth."""
    return f"{float(share * 100):.2f}".rstrip("0").rstrip(".") + "%"


def _share(claim: ir.ShareClaim, count: int, verdict: Verdict) -> Verdict:
    share = Fraction(count, max(verdict.rows, 1))
    verdict = replace(verdict, figures=(float(share),))
    if share < claim.share if claim.under else share > claim.share:
        return verdict.ended(None)
    limit = f"{'under' if claim.under else 'over'} {_percent(claim.share)}"
    said = (claim.segment, _percent(share), verdict.rows, limit)
    return verdict.ended(problems.share_refuted(claim.span, *said))


def _top(claim: ir.TopClaim, part: float, whole: float, verdict: Verdict) -> Verdict:
    """`part` of the `whole`: whole minor units where they are money."""
    if whole <= 0:
        return replace(verdict, lack="total", lacking=(claim.of,))
    share = Fraction(part) / Fraction(whole)
    verdict = replace(verdict, figures=(float(share),))
    if share >= claim.share:
        return verdict.ended(None)
    said = (_percent(share), claim.of, _percent(claim.share))
    return verdict.ended(problems.top_refuted(claim.span, *said))
