"""What can be wrong with funnels, assumptions, scenarios and projects, before anything is run."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import closest, listed, quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

_VALUE = segments_when("spend > 100")
_SALES = (
    "funnel sales of customers {\n  enquiry at joined\n  sale    at sold_at within 90 days\n}\n"
)
_EVIDENCE = 'source experiment "letters 2025" owner "Sales" until 2027-06-30'
_ASSUME = f"assume letter_odds = 1.1 to 1.4 {{\n  {_EVIDENCE}\n}}\n"
_LETTERS = "scenario letters {\n  comms high  sale odds letter_odds\n}\n"
_BASE = _VALUE + _SALES


def _project(*lines: str, head: str = "sales") -> str:
    body = "".join(f"  {line}\n" for line in lines)
    return f"{_BASE}{_ASSUME}{_LETTERS}project {head} {{\n{body}}}\n"


_COMPARE = "compare letters against today"

FUNNEL_TOO_SHORT = entry(
    "SEG501",
    "a funnel with one stage",
    why="A funnel is about getting from one stage to the next.",
    wrong="funnel sales of customers {\n  enquiry at joined\n}\n",
    right=_SALES,
)
STAGE_IS_OUTCOME = entry(
    "SEG504",
    "a stage that rules could read",
    why="The date of a later stage is known only once the stage is reached. A rule that reads it "
    "sorts customers by what became of them, and the funnel then shows perfect segments. Marked "
    "`until_outcome`, the column is refused in rules.",
    wrong=_SALES.replace("sold_at", "joined"),
    right=_SALES,
    severity="warning",
)
STAGE_NEEDS_LIMIT = entry(
    "SEG502",
    "a stage without a time limit",
    why="Without a limit nobody can be counted as not having reached the stage, so there is no "
    "rate.",
    wrong="funnel sales of customers {\n  enquiry at joined\n  sale    at sold_at\n}\n",
    right=_SALES,
)
ENTRY_LIMIT = entry(
    "SEG503",
    "a time limit on the first stage",
    why="Everyone starts at the first stage; there is nothing before it to count the days from.",
    wrong=_SALES.replace("at joined", "at joined within 30 days"),
    right=_SALES,
)
TWO_ROLES = entry(
    "SEG510",
    "an assumption in two roles",
    why="Odds and other factors multiply, an amount is money, a share is a part of the whole; one "
    "range cannot be two of them.",
    wrong=_BASE
    + _ASSUME
    + "scenario letters {\n  comms high  sale odds letter_odds  cost letter_odds each\n}\n",
    right=_BASE
    + _ASSUME
    + "scenario letters {\n  comms high  sale odds letter_odds  cost 35 each\n}\n",
)
UNUSED = entry(
    "SEG511",
    "an assumption that nothing uses",
    why="It changes no result; a reader would believe that it does.",
    wrong=_BASE + _ASSUME,
    right=_BASE + _ASSUME + _LETTERS,
    severity="warning",
)
ODDS = entry(
    "SEG512",
    "odds that are not above zero",
    why="Odds are multiplied: 1 changes nothing, 1.2 raises them by a fifth, 0 would make the "
    "stage impossible.",
    wrong=_BASE + _ASSUME.replace("1.1 to", "0 to") + _LETTERS,
    right=_BASE + _ASSUME + _LETTERS,
)
SOURCE = entry(
    "SEG513",
    "an assumption without a source",
    why="A projection is as good as what it rests on. Each assumption says where it comes from: "
    "data, an experiment, literature, or somebody's judgement.",
    wrong=_BASE + _ASSUME.replace("experiment", "hearsay") + _LETTERS,
    right=_BASE + _ASSUME + _LETTERS,
)
JUDGEMENT = entry(
    "SEG514",
    "a judgement without a range",
    why="A judgement that is one exact number claims to know more than anybody does; the range "
    "shows how unsure the result is.",
    wrong=_BASE
    + _ASSUME.replace("1.1 to 1.4", "1.2").replace("experiment", "judgement")
    + _LETTERS,
    right=_BASE + _ASSUME.replace("experiment", "judgement") + _LETTERS,
    severity="warning",
)
INCOMPLETE = entry(
    "SEG515",
    "an assumption without an owner or a date",
    why="Somebody must look at an assumption again before it goes stale.",
    wrong=_BASE + _ASSUME.replace(' owner "Sales" until 2027-06-30', "") + _LETTERS,
    right=_BASE + _ASSUME + _LETTERS,
    severity="warning",
)
NO_EFFECT = entry(
    "SEG520",
    "a lever without an effect",
    why="A change that costs something and moves nothing can only lose.",
    wrong=_BASE + "scenario letters {\n  comms high  cost 35 each\n}\n",
    right=_BASE
    + _ASSUME
    + "scenario letters {\n  comms high  sale odds letter_odds  cost 35 each\n}\n",
)
DOES_NOT_FIT = entry(
    "SEG521",
    "a scenario that does not fit the project",
    why="The scenario changes a segment or a stage that the project does not have, so part of it "
    "would quietly do nothing.",
    wrong=_project(_COMPARE).replace(
        "funnel sales",
        "segments place of customers {\n  near when region = north\n  otherwise far\n}\n"
        "funnel sales",
    ).replace("project sales", "project sales by place"),
    right=_project(_COMPARE),
)  # fmt: skip
SEGMENT_TWICE = entry(
    "SEG522",
    "a lever with a segment twice",
    why="A segment is treated once; a second naming would double the effect or nothing, and is "
    "most often another segment misspelt.",
    wrong=_BASE + _ASSUME + _LETTERS.replace("comms high", "comms high, high"),
    right=_BASE + _ASSUME + _LETTERS.replace("comms high", "comms high, low"),
)
AGAINST = entry(
    "SEG530",
    "a comparison against nothing that is known",
    why="The gain of a scenario is measured against going on as today, or against another "
    "scenario.",
    wrong=_project("compare letters against nothing"),
    right=_project(_COMPARE),
)
ITSELF = entry(
    "SEG537",
    "a scenario compared with itself",
    why="It differs in nothing from itself; every result would be zero.",
    wrong=_project("compare letters against letters"),
    right=_project(_COMPARE),
)
COMPARES_NOTHING = entry(
    "SEG531",
    "a project that compares nothing",
    why="A project answers what a change would bring, so it names the scenarios.",
    wrong=_project("for 12 months"),
    right=_project("for 12 months", _COMPARE),
)
MONTHS = entry(
    "SEG532",
    "a project of another length than months",
    why="Results are shown month by month.",
    wrong=_project("for 30 days", _COMPARE),
    right=_project("for 12 months", _COMPARE),
)
NUMBER = entry(
    "SEG533",
    "a whole number out of range",
    why="Too few runs say nothing about luck, and too many do not end; a seed, a month and a count "
    "of agents are whole numbers.",
    wrong=_project("runs 5", _COMPARE),
    right=_project("runs 10_000", _COMPARE),
)
NEEDS_SET = entry(
    "SEG534",
    "a project without its segments",
    why="Customers go through the funnel by segment. Where there is not one set of segments on "
    "the funnel's table, the project says which.",
    wrong=_project(_COMPARE)
    + "segments place of customers {\n  near when region = north\n  otherwise far\n}\n",
    right=_project(_COMPARE, head="sales by value")
    + "segments place of customers {\n  near when region = north\n  otherwise far\n}\n",
)
OTHER_TABLE = entry(
    "SEG535",
    "segments of another table than what is projected",
    why="The customers in the segments are those who go through the funnel, buy, or wait.",
    wrong="table shops key shop_id {\n  shop_id text\n  staff whole 0..500\n}\n"
    "segments size of shops {\n  big when staff > 50\n  otherwise small\n}\n"
    + _project(_COMPARE, head="sales by size"),
    right=_project(_COMPARE, head="sales by value"),
)
TAKEN_NAME = entry(
    "SEG536",
    "a name that results use themselves",
    why="Results have a row a stage beside `sales`, `revenue`, `margin`, `cost` and `profit`, and "
    "a row a segment beside `all`. A stage or a segment of that name could not be told from it.",
    wrong=_project(_COMPARE)
    .replace("sale    at", "revenue at")
    .replace("sale odds", "revenue odds"),
    right=_project(_COMPARE),
)


def funnel_too_short(span: Span) -> Diagnostic:
    return FUNNEL_TOO_SHORT.at(
        span,
        f"the funnel {quoted(span.text)} has fewer than two stages",
        "add the stage that is to be reached: `sale at sold_at within 90 days`",
    )


def stage_is_an_outcome(span: Span, column: str, stage: str) -> Diagnostic:
    return STAGE_IS_OUTCOME.at(
        span,
        f"{quoted(column)} tells whether {quoted(stage)} was reached, and rules may read it",
        f"mark the column: `{shown(column)} … until_outcome`",
    )


def stage_needs_limit(span: Span, name: str) -> Diagnostic:
    return STAGE_NEEDS_LIMIT.at(
        span,
        f"the stage {quoted(name)} has no time limit",
        "say how long it may take from the stage before: `within 90 days`",
    )


def entry_has_no_limit(span: Span, name: str) -> Diagnostic:
    return ENTRY_LIMIT.at(
        span, f"{quoted(name)} is the first stage and has a time limit", "remove its `within`"
    )


_ROLES = {
    "odds": "odds", "factor": "a factor", "amount": "an amount", "share": "a share",
    "number": "a number",
}  # fmt: skip


def assumption_in_two_roles(span: Span, name: str, roles: Sequence[str]) -> Diagnostic:
    said = " and as ".join(_ROLES[role] for role in roles)
    return TWO_ROLES.at(
        span, f"{quoted(name)} is used as {said}", "declare one assumption for each"
    )


def assumption_unused(span: Span, name: str) -> Diagnostic:
    return UNUSED.at(
        span, f"nothing uses {quoted(name)}", "name it where it is meant, or remove it"
    )


def odds_not_positive(span: Span, name: str) -> Diagnostic:
    return ODDS.at(
        span,
        f"{quoted(name)} is used as odds and is not above zero",
        "1 changes nothing; write a factor such as 1.1 or 0.9",
    )


def assumption_source(span: Span, name: str, sources: Sequence[str]) -> Diagnostic:
    return SOURCE.at(
        span,
        f"{quoted(name)} does not say where it comes from",
        f'write `source judgement "…"`; the kinds are {listed(sources)}',
    )


def judgement_without_range(span: Span, name: str) -> Diagnostic:
    return JUDGEMENT.at(
        span,
        f"{quoted(name)} is a judgement without a range",
        f"write how low and how high it may be: `{shown(span.text)} to …`",
    )


def assumption_incomplete(span: Span, name: str, lacking: Sequence[str]) -> Diagnostic:
    return INCOMPLETE.at(
        span,
        f"{quoted(name)} has no {listed(lacking)}",
        'add who looks after it and until when it holds: `owner "…" until 2027-06-30`',
    )


def lever_without_effect(span: Span, kind: str) -> Diagnostic:
    return NO_EFFECT.at(
        span,
        f"{quoted(kind)} changes nothing",
        "add an effect: `sale odds letter_odds`",
    )


def scenario_does_not_fit(
    span: Span, name: str, odd: str, segments: str, funnel: str
) -> Diagnostic:
    return DOES_NOT_FIT.at(
        span,
        f"{quoted(name)} changes {quoted(odd)}, which is neither in the segments "
        f"{quoted(segments)} nor a later stage of {quoted(funnel)}",
        "name other segments with `by`, or leave the scenario out",
    )


def segment_named_twice(span: Span, name: str) -> Diagnostic:
    return SEGMENT_TWICE.at(
        span, f"the lever names the segment {quoted(name)} twice", "keep one of them"
    )


def stage_is_measure(span: Span, name: str) -> Diagnostic:
    return TAKEN_NAME.at(
        span,
        f"the stage {quoted(name)} has the name of a measure of the project",
        "give the stage another name, such as `sale`",
    )


def segment_is_total(span: Span, name: str, segments: str) -> Diagnostic:
    return TAKEN_NAME.at(
        span,
        f"a segment of {quoted(segments)} is named {quoted(name)}, as is the total of the project",
        "give the segment another name, such as `everyone`",
    )


def against_unknown(span: Span, near: str | None) -> Diagnostic:
    return AGAINST.at(
        span,
        f"{quoted(span.text)} is neither today nor a scenario",
        closest(near, "name", "write `against today`, or name a scenario"),
    )


def against_itself(span: Span, name: str) -> Diagnostic:
    return ITSELF.at(
        span,
        f"{quoted(name)} is compared with itself",
        "write `against today`, or compare another scenario",
    )


def project_compares_nothing(span: Span, name: str) -> Diagnostic:
    return COMPARES_NOTHING.at(
        span,
        f"the project {quoted(name)} compares nothing",
        "add `compare … against today`, with the name of a scenario",
    )


def project_months(span: Span, most: int) -> Diagnostic:
    return MONTHS.at(
        span, "a project runs for whole months", f"write `for 12 months`, at most {most}"
    )


def project_number(span: Span, word: str, limits: tuple[int, int]) -> Diagnostic:
    low, high = limits
    return NUMBER.at(
        span,
        f"`{word}` is out of range",
        f"write a whole number from {low:_} to {high:_}",
    )


def project_needs_set(span: Span, names: Sequence[str]) -> Diagnostic:
    return NEEDS_SET.at(
        span,
        f"it is not clear by which segments {quoted(span.text)} goes",
        f"say which: `by {shown(names[0])}`" if names else "declare segments of its table",
    )


def set_of_other_table(span: Span, name: str, about: str, of: str) -> Diagnostic:
    return OTHER_TABLE.at(
        span,
        f"the segments {quoted(name)} are of another table than the {about} {quoted(of)}",
        "name segments of the same table",
    )
