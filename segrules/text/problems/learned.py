"""What can be wrong with learning from an experiment, or from what agents did."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import closest, listed, quoted

_RULES = """\
table leads key lead {
  lead    text
  joined  date
  letter  one of none, plain, bespoke
  score   number
  agent   refers to staff
  sold_at date? until_outcome
  fee     money? until_outcome
}
table staff key agent {
  agent text
}
segments size of leads {
  large when score >= 50
  otherwise small
}
funnel sales of leads {
  enquiry at joined
  sale    at sold_at within 30 days value fee
}
"""
_HEADER = "lead,joined,letter,score,agent,sold_at,fee\n"


def _leads(
    many: int = 80, *, arms: int = 2, sold_by: int = 3, fee: str = "", agents: int = 4
) -> str:
    """Leads of which all but every so many buy; 0: two of them only."""
    lines = []
    for at in range(many):
        bought = at in {9, 10} if sold_by == 0 else at % sold_by != 0 or sold_by == 1
        letter = ("none", "plain", "bespoke")[at // 2 % arms]
        ends = f"2026-01-20,{fee or 20 + at}" if bought else ","
        lines.append(f"L{at:03},2026-01-05,{letter},{37 * at % 100},A{at % agents},{ends}\n")
    return _HEADER + "".join(lines)


def _run(words: str, leads: str | None = None) -> Example:
    return Example(_RULES, {"leads": _leads() if leads is None else leads}, f"study {words}")


_ASKED = _run("--arm letter --control none")

_ARM = entry(
    "SEG790",
    "a column that does not say who got which treatment",
    why="The effect of a treatment is told from a column of the funnel's table that names the "
    "treatment of each row: one of declared values, a flag, a text or a whole number. Of amounts "
    "and dates nearly every row is a treatment of its own.",
    wrong=_run("--arm leter --control none"),
    right=_ASKED,
)
_CONTROL = entry(
    "SEG791",
    "a control that nobody is in",
    why="An effect is a difference to those who were treated as always. Which value of the column "
    "says so must be named, and there must be rows with it.",
    wrong=_run("--arm letter --control nothing"),
    right=_ASKED,
)
_ONE_ARM = entry(
    "SEG792",
    "an experiment with one arm only",
    why="Where everybody was treated alike there is nobody to compare with, and no effect can be "
    "told from what would have happened anyway.",
    wrong=_run("--arm letter --control none", _leads(arms=1)),
    right=_ASKED,
)
_FEW = entry(
    "SEG793",
    "too few customers, or too few who got there, to estimate from",
    why="From a handful of events any effect can be read, in either direction. Below five of a "
    "kind no interval is worth printing, so none is.",
    wrong=_run("--arm letter --control none", _leads(sold_by=0)),
    right=_ASKED,
)
_ALIKE = entry(
    "SEG794",
    "an outcome that is the same for everybody",
    why="How sure an effect is follows from how much customers differ. Where all bring the same "
    "to the last penny, the outcome is most often not what was meant.",
    wrong=_run("--arm letter --control none --outcome value", _leads(sold_by=1, fee="50")),
    right=_run("--arm letter --control none --outcome value"),
)
_OUTCOME = entry(
    "SEG795",
    "an outcome that the funnel does not have",
    why="What a treatment brings is measured by who reaches a stage after the first, or by the "
    "value that the funnel states.",
    wrong=_run("--arm letter --control none --outcome sales"),
    right=_run("--arm letter --control none --outcome sale"),
)
_LINK = entry(
    "SEG796",
    "a column that does not lead to agents",
    why="Agents are told apart by a column of the funnel's table that `refers to` their table, so "
    "that every name in it is one of an agent.",
    wrong=_run("--agents letter"),
    right=_run("--agents agent"),
)
_AGENTS = entry(
    "SEG797",
    "agents that cannot be told apart",
    why="How far agents differ beyond luck takes two agents, more cases than agents and an outcome "
    "that varies.",
    wrong=_run("--agents agent", _leads(agents=1)),
    right=_run("--agents agent"),
)
_PARTNER = entry(
    "SEG798",
    "an option that needs another",
    why="A control or an outcome says something only about an experiment or about agents. Left "
    "standing alone it would be passed over in silence.",
    wrong=_run("--control none"),
    right=_ASKED,
)


def no_arm_column(name: str, table: str, near: str | None) -> Diagnostic:
    return _ARM.about(
        None,
        f"{quoted(name)} is no column or named value of {quoted(table)}",
        closest(near, "name", f"name the column of {quoted(table)} that says who got what"),
    )


def arm_without_groups(name: str, kind: str) -> Diagnostic:
    return _ARM.about(
        None,
        f"{quoted(name)} is {kind}, which does not say who got which treatment",
        "name a column of declared values, or declare a band that reads this one",
    )


def too_many_arms(name: str, values: int, most: int) -> Diagnostic:
    return _ARM.about(
        None,
        f"{quoted(name)} has {values} values, too many for treatments",
        f"name a column with up to {most} values, or declare a band that reads this one",
    )


def control_missing(column: str) -> Diagnostic:
    return _CONTROL.about(
        None,
        f"which value of {quoted(column)} is the control is not said",
        "add `--control VALUE`: those who were treated as always",
    )


def no_such_control(control: str, column: str, values: Sequence[str], until: str) -> Diagnostic:
    """`values` are those of rows that could be counted: they entered on `until` or before."""
    held = f"the column holds {listed(values)}" if values else "the column is empty there"
    return _CONTROL.about(
        None,
        f"nobody with {quoted(control)} in {quoted(column)} entered by {until} and is in a segment",
        f"{held}; name the value of those who were treated as always",
    )


def one_arm(control: str, column: str, until: str) -> Diagnostic:
    return _ONE_ARM.about(
        None,
        f"all who entered by {until} have {quoted(control)} in {quoted(column)}",
        "take data that hold a second treatment, or wait until its customers have had the time",
    )


def too_few_events(arm: str, stage: str, counts: tuple[int, int], least: int) -> Diagnostic:
    """`counts` are customers and those of them who reached the stage."""
    customers, reached = counts
    return _FEW.about(
        None,
        f"of {customers} customers with {quoted(arm)}, {reached} reached {quoted(stage)}: an "
        f"effect takes {least} who did and {least} who did not",
        "wait for more customers, take an earlier stage with `--outcome`, or ask about a later day",
    )


def too_few_in_segments(column: str, customers: int) -> Diagnostic:
    return _FEW.about(
        None,
        f"no segment has two customers for every value of {quoted(column)} among the "
        f"{customers} counted",
        "take segments that are larger with `--by`, or wait for more customers",
    )


def outcome_alike(arm: str, outcome: str) -> Diagnostic:
    return _ALIKE.about(
        None,
        f"the {outcome} of all customers with {quoted(arm)} is the same",
        "look at the column that the value is taken from, or take a stage with `--outcome`",
    )


def no_such_outcome(outcome: str, funnel: str, known: Sequence[str]) -> Diagnostic:
    return _OUTCOME.about(
        None,
        f"{quoted(outcome)} is no outcome of the funnel {quoted(funnel)}",
        f"outcomes are {listed(known)}" if known else "a funnel needs a stage after its first",
    )


def leads_to_no_agents(name: str, table: str, links: Sequence[str]) -> Diagnostic:
    hint = (
        f"links of {quoted(table)} are {listed(links)}"
        if links
        else f"declare the column of {quoted(table)} that names the agent as `refers to` a table"
    )
    return _LINK.about(
        None, f"{quoted(name)} does not refer from {quoted(table)} to another table", hint
    )


def agents_alike(link: str, stage: str, why: str) -> Diagnostic:
    """`why` says which number falls short."""
    return _AGENTS.about(
        None,
        f"agents by {quoted(link)} cannot be told apart at {quoted(stage)}: {why}",
        "wait for more cases, take another stage with `--outcome`, or larger segments with `--by`",
    )


def option_alone(option: str, partners: Sequence[str]) -> Diagnostic:
    said = " or ".join(f"`--{each}`" for each in partners)
    return _PARTNER.about(
        None, f"`--{option}` is given without {said}", f"add {said}, or leave it out"
    )
