"""What can be wrong with the history of assignments."""

from __future__ import annotations

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, ROW, RULES
from segrules.text.problems.words import quoted

PAST_RULES = (
    "segments value of customers {\n  high when spend >= 100\n      stay at least 30 days\n"
    "  otherwise low\n}\n"
)
_RUN = "customer_id,value\nC1,high\n"

NO_HISTORY = entry(
    "SEG460",
    "no history",
    why="Migration is read from earlier assignments, which are kept in a folder. A history that "
    "is looked for in the wrong place would look like one that has not begun.",
    wrong=Example(RULES, run="history --history nowhere"),
    right=Example(RULES),
)
TOO_FEW_REVIEWS = entry(
    "SEG461",
    "too few reviews to compare",
    why="Who moved is seen between two reviews. Runs in one period of `review every` are one "
    "review, and of them the last one counts.",
    wrong=Example(RULES, run="history --history ."),
    right=Example(RULES),
)
UNUSABLE_RUN = entry(
    "SEG462",
    "a file in the history that cannot be used",
    why="The file is damaged, is not a run, comes from a later version of segrules, or does not "
    "fit the other runs. Were it passed over, customers would seem to have gone and come back.",
    wrong=Example(RULES, {"customers.2026-03-31.0001.parquet": _RUN}, "history --history ."),
    right=Example(RULES),
)
OTHER_RULES = entry(
    "SEG465",
    "a run of other rules",
    why="Where the rules have changed between two runs, customers change their segment without "
    "having changed themselves. Segments that the rules no longer know are shown as they are.",
    wrong=Example(
        RULES,
        {
            "history/customers.2026-03-31.parquet": _RUN,
            "history/customers.2026-06-30.parquet": _RUN,
        },
        "history --history history",
    ),
    right=Example(RULES),
    severity="warning",
)

HISTORY_NEEDED = entry(
    "SEG466",
    "rules that ask about the past, without a history",
    why="What a customer was, and how long, is read from earlier assignments. Without them nobody "
    "is held by tolerance, and what was is unknown.",
    wrong=Example(PAST_RULES, {"customers": HEADER + ROW}, "assign --out segments.csv"),
    right=Example(
        PAST_RULES, {"customers": HEADER + ROW}, "assign --out segments.csv --history kept"
    ),
    severity="warning",
)


def no_history(folder: str) -> Diagnostic:
    return NO_HISTORY.about(
        folder,
        f"there is no folder {quoted(folder)} with a history",
        "name the folder that assignments were kept in",
    )


def too_few_reviews(table: str, name: str, dates: list[str], within: str) -> Diagnostic:
    """`dates` are those of the runs that there are; `within` says between which days, or is empty.

    Of several dates all are in one period.
    """
    if not dates:
        return TOO_FEW_REVIEWS.about(
            None,
            f"the history holds no run with {quoted(name)} of {quoted(table)}{within}",
            "keep two assignments, of two reviews, in the history",
        )
    said = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return TOO_FEW_REVIEWS.about(
        None,
        f"the history holds a single review of {quoted(table)}{within}, of {said}",
        "who moved is seen from the second review on",
    )


def no_run(file: str) -> Diagnostic:
    return UNUSABLE_RUN.about(
        file, f"{quoted(file)} is not a run of the history", "move it to another folder"
    )


def run_renamed(file: str, table: str, as_of: str) -> Diagnostic:
    return UNUSABLE_RUN.about(
        file,
        f"{quoted(file)} holds another run than its name says: {quoted(table)} of {as_of}",
        "give it back its name",
    )


def run_damaged(file: str) -> Diagnostic:
    return UNUSABLE_RUN.about(
        file,
        f"the run {quoted(file)} is damaged",
        "bring it back from a copy, or move it away and assign that day again",
    )


def run_too_new(file: str, version: int, known: int) -> Diagnostic:
    return UNUSABLE_RUN.about(
        file,
        f"the run {quoted(file)} is stored in form {version}; this version reads form {known}",
        "use the version of segrules that wrote it, or a later one",
    )


def run_of_other_key(file: str, held: str, key: str) -> Diagnostic:
    return UNUSABLE_RUN.about(
        file,
        f"the run {quoted(file)} is by the key {quoted(held)}, not by {quoted(key)}",
        "begin a new history, in another folder, where the key is another",
    )


def run_of_other_type(file: str, column: str, held: str, wanted: str) -> Diagnostic:
    """`held` and `wanted` are sorts of values, such as `text`."""
    return UNUSABLE_RUN.about(
        file,
        f"the column {quoted(column)} holds {held}, not {wanted}, in the run {quoted(file)}",
        "rename the column in the rules, so that a new one begins, or begin a new history",
    )


def other_rules(
    table: str, dates: list[str], held: tuple[str, str], now: tuple[str, str]
) -> Diagnostic:
    """`held` and `now` are a ruleset's name and its revision; `dates` those of the runs."""
    said = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    runs = "the run" if len(dates) == 1 else f"{len(dates)} runs"
    comes = "comes" if len(dates) == 1 else "come"
    return OTHER_RULES.about(
        None,
        f"{runs} of {quoted(table)} of {said} {comes} from other rules: "
        f"{quoted(held[0])} of revision {held[1][:12]}, not {quoted(now[0])} of {now[1][:12]}",
        "moves to or from such a review may come from the change of the rules",
    )


def history_needed(table: str) -> Diagnostic:
    return HISTORY_NEEDED.about(
        None,
        f"rules ask what rows of {quoted(table)} were, and no history is given",
        "add `--history DIR`: a folder, empty at first, to which every assignment is added",
    )
