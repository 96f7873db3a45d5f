"""Problems of the decision tools: what is varied, what is limited, and how far to trust it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import closest, listed, quoted

_RULES = """
knob big_from = 100 from 50 to 150
funnel sales of customers {
  joined at joined
  sold   at sold_at within 30 days value spend
}
segments tiers of customers {
  golden when spend >= big_from
  otherwise others
}
assume letter_odds = 1.1 to 1.4 { source judgement "a talk" owner "Marketing" until 2027-06-30 }
assume letter_cost = 1 to 2 { source data "invoices" owner "Finance" until 2027-06-30 }
scenario letters { comms golden sold odds letter_odds cost letter_cost each }
project sales { for 12 months runs 100 seed 7 compare letters against today }
"""
_ROWS = "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n" + "".join(
    f"c{at},202{5 + at % 2}-0{at % 5 + 1}-10,{region},gold,{90 + at}.00,3,,10%,no,{sold},\n"
    for at, region, sold in (
        (
            at,
            ("north", "south")[at % 3 % 2],
            f"202{5 + at % 2}-0{at % 5 + 1}-12" if at % 4 else "",
        )
        for at in range(48)
    )
)


_A_LIFE = """
table payments of customers by customer_id dated paid_on {
  customer_id text
  paid_on     date
  paid        money
}
segments tiers of customers {
  golden when points >= 100
  otherwise others
}
life spending of customers {
  sales payments value paid
  points drifts by 0 give or take 5
}
assume more = 1.05 to 1.2 { source experiment "letters" owner "Marketing" until 2027-06-30 }
scenario letters { comms golden value times more }
project spending { for 12 months runs 100 seed 7 compare letters against today }
"""


def _run(command: str, rules: str = _RULES) -> Example:
    words = command if "--as-of" in command else f"{command} --as-of 2026-06-30"
    return Example(rules, {"customers": _ROWS}, words)


_VARY = entry(
    "SEG720",
    "a range that cannot be read",
    why="A range is a lower end, a higher end and for a sweep a number of steps, written as the "
    "values are in the rule file. Left out, the declared range is taken.",
    wrong=_run("sweep --over big_from=150:50:3"),
    right=_run("sweep --over big_from=50:150:3"),
)
_NOTHING_TO_VARY = entry(
    "SEG721",
    "neither a knob nor an assumption",
    why="Figures that may be turned are named: a knob is what the firm decides, an assumption is "
    "what nobody knows for sure. A sweep takes either; the search for the best setting takes knobs "
    "only, for no firm decides what is true.",
    wrong=_run("sweep --over big_form"),
    right=_run("sweep --over big_from"),
)
_LIMIT = entry(
    "SEG722",
    "a limit that cannot be read",
    why="A limit names a measure of the projection, says at most or at least, and gives a figure: "
    "a number, `today`, or a part of today such as `95% of today`.",
    wrong=_run("optimise --vary big_from --limit 'cost below today' --evaluations 5"),
    right=_run("optimise --vary big_from --limit 'cost <= 110% of today' --evaluations 5"),
)
_MEASURE = entry(
    "SEG723",
    "a measure that the projection does not have",
    why="What is compared is a stage of the funnel, the sales, or money: revenue, cost and profit. "
    "Without a value in the funnel there is neither revenue nor profit.",
    wrong=_run("sweep --over big_from=50:150:2 --measure margin"),
    right=_run("sweep --over big_from=50:150:2 --measure revenue"),
)
_GRADE = entry(
    "SEG724",
    "the evidence is weaker than required",
    why="The grade says what a projection rests on: A is measured by experiment and held against "
    "what came, D is judgement in the main. With `--require-grade` a decision that must not rest "
    "on guesses stops here, after the result is shown.",
    wrong=_run("simulate --require-grade B"),
    right=_run("simulate --require-grade D"),
)
_SCENARIO = entry(
    "SEG725",
    "no such scenario in the project",
    why="A project compares the scenarios that it lists; only these have a past to start from.",
    wrong=_run("pilot --scenario leters"),
    right=_run("pilot --scenario letters"),
)
_NO_TEST = entry(
    "SEG726",
    "nothing that a test could measure",
    why="A test compares how many reach a stage with the treatment and without it. A scenario that "
    "leaves every such rate as it is has no effect to be found there.",
    wrong=Example(
        _RULES.replace("= 1.1 to 1.4", "= 1 to 1"),
        {"customers": _ROWS},
        "pilot --as-of 2026-06-30",
    ),
    right=_run("pilot"),
)
_DAYS = entry(
    "SEG727",
    "days that leave nothing to hold the projection against",
    why="A back-test knows what was known on one day and is held against the months up to a later "
    "one. There must be a past before the first day, and a complete month between the two whose "
    "customers have had the time to reach a stage.",
    wrong=_run("backtest --until 2026-06-30 --as-of 2026-03-31"),
    right=_run("backtest --until 2025-05-31 --as-of 2025-12-31"),
)
_RECORD = entry(
    "SEG728",
    "not the record of a back-test of these rules",
    why="A projection counts as back-tested when the same rules were held against what came. "
    "`segrules backtest --format json` writes that record; one of other rules or another project "
    "says nothing about this one.",
    wrong=Example(
        _RULES,
        {"customers": _ROWS, "held.json": '{"schema": 1, "passed": true}'},
        "simulate --as-of 2026-06-30 --backtested held.json",
    ),
    right=_run("simulate"),
)
_FAILED = entry(
    "SEG729",
    "the back-test was not passed",
    why="Intervals that held what came too seldom, or a forecast no better than last year's same "
    "months, are no ground for the best grade. The projection is made all the same.",
    wrong=_run("backtest --until 2026-01-31 --as-of 2026-06-30"),
    right=_run("simulate"),
    severity="warning",
)
_AGENT = entry(
    "SEG730",
    "a column that does not name agents",
    why="Customers of one agent are alike, so a test of them needs more customers. The column that "
    "names the agent of each row says how many more; it must be one of the funnel's table, with at "
    "least two agents whose cases differ.",
    wrong=_run("pilot --agent adviser"),
    right=_run("pilot --agent region"),
)
_COSTS = entry(
    "SEG731",
    "a cost that cannot be",
    why="What a test costs is an amount of money that is not below zero, in units of the currency "
    "of the rules.",
    wrong=_run("pilot --cost -5"),
    right=_run("pilot --cost 5"),
)
_TOOL = entry(
    "SEG732",
    "a project that the tool does not take",
    why="A sweep takes every project. The search for the best setting, the plan of a test and the "
    "back-test ask for rates at which customers come nearer, which only a funnel has.",
    wrong=_run("pilot", _A_LIFE),
    right=_run("pilot"),
)
_NO_LIMIT = entry(
    "SEG733",
    "a limit on what the project does not know",
    why="Pay is known where the effort of the funnel names a plan; waits are known where customers "
    "stand in a line. A limit on anything else would be kept by every setting, and say nothing.",
    wrong=_run("optimise --vary big_from --limit 'pay >= 95% of today' --evaluations 5"),
    right=_run("optimise --vary big_from --limit 'cost <= 110% of today' --evaluations 5"),
)

OPTION = "write `NAME=low:high`, with values as in the rule file"


def range_unreadable(option: str, argument: str, *, steps: bool) -> Diagnostic:
    return _VARY.about(
        None,
        f"`--{option} {argument}` is no range",
        "write `NAME=low:high:steps`, or `NAME` for the declared range" if steps else OPTION,
    )


def range_empty(name: str, low: str, high: str) -> Diagnostic:
    return _VARY.about(
        None,
        f"the range of {quoted(name)} is empty: {low} is above {high}",
        "write the lower end first",
    )


def range_outside(name: str, low: str, high: str) -> Diagnostic:
    return _VARY.about(
        None,
        f"the range of {quoted(name)} goes beyond the declared one",
        f"stay between {low} and {high}, or widen the range in the rule file",
    )


def range_impossible(name: str, reach: str) -> Diagnostic:
    return _VARY.about(
        None,
        f"the range of {quoted(name)} holds values that it cannot have",
        f"take ends that are {reach}",
    )


def range_twice(name: str) -> Diagnostic:
    return _VARY.about(None, f"{quoted(name)} is varied twice", "name it once, with one range")


def range_needed(name: str) -> Diagnostic:
    return _VARY.about(
        None,
        f"the range of {quoted(name)} is one value",
        f"give one with two ends: `{name}=low:high`",
    )


def steps_out_of_range(name: str, most: int) -> Diagnostic:
    return _VARY.about(
        None, f"the steps of {quoted(name)} are out of range", f"take from 2 to {most} steps"
    )


def too_many_settings(count: int, most: int) -> Diagnostic:
    return _VARY.about(
        None,
        f"the ranges make {count} settings together, more than {most}",
        "take fewer steps, or sweep one after the other",
    )


def nothing_to_vary(name: str, near: str | None, known: Sequence[str]) -> Diagnostic:
    others = f"there are {listed(known)}" if known else "declare one: `knob name = 5 from 3 to 8`"
    return _NOTHING_TO_VARY.about(
        None, f"there is no knob and no assumption {quoted(name)}", closest(near, "name", others)
    )


def not_ours_to_set(name: str) -> Diagnostic:
    return _NOTHING_TO_VARY.about(
        None,
        f"{quoted(name)} is an assumption, which nobody can set",
        "vary knobs here; `segrules sweep` shows what an assumption does",
    )


def limit_unreadable(argument: str) -> Diagnostic:
    return _LIMIT.about(
        None,
        f"{quoted(argument)} is no limit",
        "write one such as `cost <= today`, `sales >= 95% of today` or `cost <= 50_000`",
    )


def pay_limit_unreadable(argument: str) -> Diagnostic:
    return _LIMIT.about(
        None,
        f"{quoted(argument)} is no limit on pay",
        "say how much of today's pay everybody keeps: `pay >= 95% of today`",
    )


def pay_unknown(funnel: str) -> Diagnostic:
    return _NO_LIMIT.about(
        None,
        f"nobody has said what those who work on {quoted(funnel)} are paid",
        f"name a plan in the rules: `effort of {funnel} {{ … paid by PLAN … }}`",
    )


def pay_elsewhere(project: str, about: str) -> Diagnostic:
    return _NO_LIMIT.about(
        None,
        f"the project {quoted(project)} is about a {about}, in which nobody has a pay plan",
        "leave the limit out, or limit the cost: `cost <= today`",
    )


def nobody_waits(project: str, about: str) -> Diagnostic:
    return _NO_LIMIT.about(
        None,
        f"the project {quoted(project)} is about a {about}, in which nobody waits",
        "limit waits in a project about a line: `segrules optimise --project NAME`",
    )


def measure_unknown(name: str, near: str | None, known: Sequence[str]) -> Diagnostic:
    return _MEASURE.about(
        None,
        f"the projection has no measure {quoted(name)}",
        closest(near, "measure", f"it has {listed(known)}"),
    )


def measure_untold(name: str, engine: str, known: Sequence[str]) -> Diagnostic:
    return _MEASURE.about(
        None,
        f"the engine {engine} does not tell {quoted(name)} here",
        f"take one that it tells: {listed(known)}",
    )


def grade_too_low(scenario: str, grade: str, required: str, worst: Sequence[str]) -> Diagnostic:
    most = f": measure {listed(worst)} first" if worst else ""
    return _GRADE.about(
        None,
        f"the evidence for {quoted(scenario)} is of grade {grade}, and {required} is required",
        (
            "hold the projection against what came with `segrules backtest`"
            if grade == "B"
            else f"replace judgement by an experiment{most}"
        ),
    )


def scenario_not_compared(name: str, near: str | None, known: Sequence[str]) -> Diagnostic:
    return _SCENARIO.about(
        None,
        f"the project compares no scenario {quoted(name)}",
        closest(near, "scenario", f"it compares {listed(known)}"),
    )


def no_rate_to_test(scenario: str, judged: str | None = None) -> Diagnostic:
    until = "" if judged is None else f" by the stage {quoted(judged)}"
    return _NO_TEST.about(
        None,
        f"the scenario {quoted(scenario)} changes no rate that a test could measure{until}",
        "take a scenario whose levers multiply the odds of a stage",
    )


def days_backwards(until: dt.date, as_of: dt.date) -> Diagnostic:
    return _DAYS.about(
        None,
        f"what was known until {until.isoformat()} cannot be held against {as_of.isoformat()}",
        "take an earlier day for `--until`",
    )


def nothing_came(until: dt.date, as_of: dt.date) -> Diagnostic:
    return _DAYS.about(
        None,
        f"between {until.isoformat()} and {as_of.isoformat()} is no complete month to compare",
        "take an earlier day for `--until`, so that customers have had their full time since",
    )


def nothing_known(until: dt.date, first: dt.date | None) -> Diagnostic:
    begin = f"; the data begin on {first.isoformat()}" if first else ""
    return _DAYS.about(
        None,
        f"nothing had come by {until.isoformat()}{begin}",
        "take a later day for `--until`, with a year of past before it",
    )


def no_backtest_record(path: str, reason: str) -> Diagnostic:
    return _RECORD.about(
        path,
        f"{quoted(path)} {reason}",
        "write it anew: `segrules backtest … --format json > held.json`",
    )


def backtest_failed(reason: str) -> Diagnostic:
    return _FAILED.about(
        None,
        f"the back-test was not passed: {reason}",
        "look at which segments and months it missed before resting a decision on it",
    )


def no_agents(column: str, reason: str, hint: str) -> Diagnostic:
    return _AGENT.about(None, f"{quoted(column)} {reason}", hint)


def cost_out_of_range(option: str) -> Diagnostic:
    return _COSTS.about(None, f"`--{option}` is below zero", "give an amount of zero or more")


_ELSEWHERE = {
    ("optimise", "life"): "`segrules sweep --over KNOB` shows a life at every setting of a knob",
    ("pilot", "life"): "`segrules sweep --over NAME` shows where an assumption turns the decision",
    ("pilot", "line"): "`segrules sweep --over NAME` shows where an assumption turns the decision",
    ("backtest", "life"): "`segrules simulate` sets a life beside what its own past would lead to",
    ("backtest", "line"): "`segrules simulate` sets the model of today beside what the log says",
}


def not_for_the_tool(tool: str, project: str, about: str, others: Sequence[str]) -> Diagnostic:
    """others: projects that it takes."""
    named = f"name another with `--project`: {listed(others)}" if others else ""
    return _TOOL.about(
        None,
        f"the project {quoted(project)} is about a {about}, which `segrules {tool}` does not take",
        named or _ELSEWHERE[tool, about],
    )
