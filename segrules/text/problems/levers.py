"""What can be wrong with levers, and with levers that find nothing to change in a project."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import SALES_FUNNEL, TEAM, closest, listed, quoted
from segrules.text.shown import shown
from segrules.text.source import Span

_EVIDENCE = 'source experiment "letters 2025" owner "Sales" until 2027-06-30'
_ASSUME = f"assume step = 1.1 to 1.4 {{\n  {_EVIDENCE}\n}}\n"
_COMPARED = "project sales {\n  compare better against today\n}\n"
_LIFE = (
    "life spending of customers {\n  sales   orders value amount\n  points  grows by 1\n"
    "  leaving 2%\n}\n"
)


_WIDEST = 160


def _better(lever: str) -> str:
    return f"scenario better {{\n  {lever}\n}}\n"


FOR_WHOM = entry(
    "SEG848",
    "a lever that does not say for whom, or what it changes",
    why="A lever names the segments it treats (`every segment` for all of them), and then what it "
    "changes there: a stage, a figure or a column. Neither can be guessed from the other.",
    wrong=TEAM + _ASSUME + _better("comms sale odds step"),
    right=TEAM + _ASSUME + _better("comms every segment sale odds step"),
)
SETS = entry(
    "SEG849",
    "a figure of a lever that looks as if it were added",
    why="The agents, the skill and the share checked of a lever are those there will be, so that "
    "a file can be read without today's figures at hand. A plus before them says something else.",
    wrong=TEAM + _better("capacity desk agents +2"),
    right=TEAM + _better("capacity desk agents 6"),
)
OTHER_LEVER = entry(
    "SEG862",
    "an effect of another lever",
    why="The word of a lever says who has to act: staffing is `capacity`, teaching `train`, the "
    "checks `qa`. A reader finds the change under its own word.",
    wrong=TEAM + _better("capacity high checked 30%"),
    right=TEAM + _better("qa high checked 30%"),
)
UNKNOWN_FIGURE = entry(
    "SEG863",
    "a figure that no lever can multiply",
    why="A lever multiplies what the projection reckons with: arrivals, value, leaving, time, "
    "ceiling, price or handling.",
    wrong=TEAM + _ASSUME + _better("terms high valu times step"),
    right=TEAM + _ASSUME + _better("terms high value times step"),
)
ONE_PLAN = entry(
    "SEG864",
    "a lever with none or several pay plans",
    why="Agents are paid by one plan at a time.",
    wrong=TEAM + "pay margin {\n  5% of margin\n}\n" + _better("pay margin, fixed neutral cost"),
    right=TEAM + "pay margin {\n  5% of margin\n}\n" + _better("pay margin neutral cost"),
)
NAMES_POOLS = entry(
    "SEG865",
    "a change of agents that names no pool",
    why="Agents and their skill belong to a pool, not to a segment.",
    wrong=TEAM + _better("capacity every segment agents 6"),
    right=TEAM + _better("capacity desk agents 6"),
)
MONTHS = entry(
    "SEG866",
    "a lever that is not timed in months",
    why="A projection goes on month by month.",
    wrong=TEAM + _ASSUME + _better("comms high sale odds step for 30 days"),
    right=TEAM + _ASSUME + _better("comms high sale odds step for 6 months"),
)
WITHOUT_LIFE = entry(
    "SEG867",
    "a column that is moved where no life is declared",
    why="Columns go on from period to period in the life of a table; without one nothing moves.",
    wrong=SALES_FUNNEL + _ASSUME.replace("step", "nudge").replace("1.1 to 1.4", "5% to 10%")
    + _better("comms high points by 1 chance nudge"),
    right=SALES_FUNNEL + _LIFE + _ASSUME.replace("step", "nudge").replace("1.1 to 1.4", "5% to 10%")
    + _better("comms high points by 1 chance nudge"),
)  # fmt: skip
OTHER_PROJECT = entry(
    "SEG868",
    "a lever of another kind of project",
    why="A funnel has stages, a life has columns that move, a line has contacts that wait. What a "
    "lever changes must be in what is projected, or it would quietly do nothing.",
    wrong=TEAM + _ASSUME + _better("process high handling times step") + _COMPARED,
    right=TEAM + _ASSUME + _better("process high time times step") + _COMPARED,
)
LACKS = entry(
    "SEG869",
    "a lever that finds nothing to change",
    why="Pay, time and agents matter to a funnel once its effort is declared, checks once its "
    "quality is. Without them the lever would quietly do nothing.",
    wrong=TEAM + _better("qa high checked 30%") + _COMPARED,
    right=TEAM
    + "quality of sales {\n  checked 10%\n}\n"
    + _better("qa high checked 30%")
    + _COMPARED,
)
TOO_LATE = entry(
    "SEG870",
    "a lever that begins after the end",
    why="What begins after the last month of the project changes none of its results.",
    wrong=TEAM + _ASSUME + _better("comms high sale odds step from month 13") + _COMPARED,
    right=TEAM + _ASSUME + _better("comms high sale odds step from month 3") + _COMPARED,
)
NOT_IN_PROJECT = entry(
    "SEG871",
    "a pool that takes no part in the project",
    why="More agents in a pool that does none of the work change nothing.",
    wrong=TEAM + "pool spare {\n  agents 2\n}\n" + _better("capacity spare agents 6") + _COMPARED,
    right=TEAM + _better("capacity desk agents 6") + _COMPARED,
)
ROUTED = entry(
    "SEG872",
    "work that goes to a pool which does not serve it",
    why="The pool says whom it serves, and this segment is not among them: its work would be done "
    "by nobody.",
    wrong=TEAM.replace("pools      desk", "pools      desk, top")
    + "pool top {\n  agents 2\n  serves low\n}\n"
    + _better("route high to top")
    + _COMPARED,
    right=TEAM.replace("pools      desk", "pools      desk, top")
    + "pool top {\n  agents 2\n  serves high\n}\n"
    + _better("route high to top")
    + _COMPARED,
)


def lever_for_whom(span: Span, lever: str, right: str) -> Diagnostic:
    """`right` is the lever for every segment."""
    return FOR_WHOM.at(
        span,
        f"{quoted(lever)} does not say which segments it treats",
        f"name them, or all of them: `{shown(right, _WIDEST)}`",
    )


def lever_changes_what(span: Span, lever: str, right: str) -> Diagnostic:
    """`right` is the lever with a place for what is left out."""
    return FOR_WHOM.at(
        span,
        f"{quoted(lever)} does not say what changes for its segments",
        f"name it behind the segments: `{shown(right, _WIDEST)}`",
    )


def lever_does_not_add(span: Span, word: str, written: str) -> Diagnostic:
    figure = written.removeprefix("+")
    return SETS.at(
        span,
        f"this sets {quoted(word)} to {shown(figure)}; it adds nothing to what there is",
        f"write what there will be, without the sign: `{word} …`",
    )


def effect_of_another_lever(span: Span, word: str, kinds: Sequence[str]) -> Diagnostic:
    return OTHER_LEVER.at(
        span,
        f"{quoted(word)} is no effect of this lever",
        f"write it under {listed(kinds, 'or')}",
    )


def unknown_lever_figure(
    span: Span, name: str, near: str | None, known: Sequence[str]
) -> Diagnostic:
    return UNKNOWN_FIGURE.at(
        span,
        f"no lever multiplies {quoted(name)}",
        closest(near, "figure", f"name one of {', '.join(map(quoted, known))}"),
    )


def one_pay_plan(span: Span) -> Diagnostic:
    return ONE_PLAN.at(
        span, "this lever does not name one pay plan", "name one: `pay margin neutral cost`"
    )


def lever_names_pools(span: Span, word: str) -> Diagnostic:
    return NAMES_POOLS.at(
        span,
        f"{quoted(word)} is of a pool, and this lever names none",
        "name pools in place of segments: `capacity desk agents 6`",
    )


def lever_months(span: Span, word: str, most: int) -> Diagnostic:
    return MONTHS.at(
        span,
        f"{quoted(word)} of a lever is a length in whole months",
        f"write `{word} 6 months`, at most {most}, or name a knob that is one",
    )


def moves_without_life(span: Span, column: str) -> Diagnostic:
    return WITHOUT_LIFE.at(
        span,
        f"{quoted(column)} moves from period to period, and no life is declared",
        "declare how the customers go on: `life … of … { … }`",
    )


def lever_of_another_project(
    span: Span, scenario: str, word: str, about: str, allowed: Sequence[str]
) -> Diagnostic:
    return OTHER_PROJECT.at(
        span,
        f"{quoted(scenario)} has an effect {quoted(word)}, and the project is about a {about}",
        f"that effect is for a project about a {' or a '.join(allowed)}; leave the scenario out",
    )


def lever_lacks(span: Span, scenario: str, word: str, needed: str, of: str) -> Diagnostic:
    """`needed` is the part of what is projected which the lever would change."""
    hints = {
        "effort": f"declare how its agents work: `effort of {shown(of)} {{ … }}`",
        "quality": f"declare what its checks find: `quality of {shown(of)} {{ … }}`",
        "pools": "name its pools: `pools …` in its effort, or in its line",
        "value": "give one of its stages a value",
    }
    return LACKS.at(
        span,
        f"{quoted(scenario)} changes {quoted(word)}, and {quoted(of)} has no {quoted(needed)}",
        hints.get(needed, f"add {quoted(needed)} to {quoted(of)}, or leave the scenario out"),
    )


def lever_too_late(span: Span, scenario: str, kind: str, month: int, months: int) -> Diagnostic:
    return TOO_LATE.at(
        span,
        f"{quoted(kind)} of {quoted(scenario)} begins in month {month}, after the {months} months "
        "of the project",
        "let it begin earlier, or let the project run for longer",
    )


def pool_not_in_project(span: Span, scenario: str, pool: str, of: str) -> Diagnostic:
    return NOT_IN_PROJECT.at(
        span,
        f"{quoted(scenario)} changes the pool {quoted(pool)}, which has no part in {quoted(of)}",
        f"name it among the `pools` of {quoted(of)}, or leave the scenario out",
    )


def routed_to_nobody(span: Span, scenario: str, segment: str, pool: str) -> Diagnostic:
    return ROUTED.at(
        span,
        f"{quoted(scenario)} routes {quoted(segment)} to {quoted(pool)}, which does not serve it",
        f"add {quoted(segment)} to what {quoted(pool)} serves",
    )
