"""What can be wrong with columns, links between tables, identities and days of the year."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import listed, quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

_AGENTS = "table agents key agent_id {\n  agent_id text\n  skill    whole 1..5\n}\n"
_VISITS = "table visits of customers by customer_id dated seen_on {{\n  seen_on date\n  {}\n}}\n"

NO_SUCH_DAY = entry(
    "SEG123",
    "a day that no year has",
    why="A fiscal year starts on the same day every year, named by its number and its month.",
    wrong='ruleset shop {\n  goal "Raise profit"\n  fiscal year starts 31 april\n}\n',
    right='ruleset shop {\n  goal "Raise profit"\n  fiscal year starts 1 april\n}\n',
)
LATER_VALUES = entry(
    "SEG124",
    "later values of a knob out of order",
    why="Each later value holds from its day on, until the next one; read in the order of their "
    "days they can be understood.",
    wrong="knob big_from = 50 from 10 to 90 then 60 since 2027-01-01 then 70 since 2026-07-01\n",
    right="knob big_from = 50 from 10 to 90 then 70 since 2026-07-01 then 60 since 2027-01-01\n",
)
CLEANING = entry(
    "SEG125",
    "cleaning of what is not text",
    why="Blanks, letters and signs are cleaned in text; other values are read as their type says.",
    wrong=_VISITS.format("pages whole trimmed"),
    right=_VISITS.format("page text trimmed"),
)
NATURES = entry(
    "SEG126",
    "a column that is two things at once",
    why="A value was seen, or made from others, or predicted; reports say which, so one is said.",
    wrong=_VISITS.format("interest share observed predicted"),
    right=_VISITS.format("interest share predicted"),
)
ROWS_WITHOUT_KEY = entry(
    "SEG127",
    "rows that belong to rows without a key",
    why="To find the rows that belong to a row, that row must have a key of its own.",
    wrong=_VISITS.format("page text")
    + "table clicks of visits by visit_id dated clicked_on {\n  clicked_on date\n}\n",
    right="table visits of customers by customer_id key visit_id dated seen_on {\n"
    "  visit_id text\n  seen_on  date\n}\n"
    "table clicks of visits by visit_id dated clicked_on {\n  clicked_on date\n}\n",
)
NOT_A_LINK = entry(
    "SEG128",
    "a dot after what is no link",
    why="Behind the dot stands a column of another row, to which a column that `refers to` its "
    "table leads.",
    wrong=segments_when("region.size > 3"),
    right=_AGENTS
    + _VISITS.format("agent refers to agents")
    + segments_when("any visits where (agent.skill is known and agent.skill > 3)"),
)
JOINED_TWICE = entry(
    "SEG129",
    "rows that belong in two ways",
    why="Two columns of the rows refer to this table; by which of them they belong is not clear.",
    wrong=_AGENTS
    + "table handovers key handover_id {\n  handover_id text\n  giver refers to agents\n"
    "  taker refers to agents\n}\nlet busy of agents = count handovers\n",
    right=_AGENTS
    + "table handovers of agents by giver {\n  giver text\n  taker refers to agents\n}\n"
    "let busy of agents = count handovers\n",
)
IDENTITY_KEY = entry(
    "SEG151",
    "records joined by what is not text",
    why="Records are one customer where they share an address, a number or another key, compared "
    "as text.",
    wrong="identity of customers by points {\n  rest from newest joined\n}\n",
    right="identity of customers by note {\n  rest from newest joined\n}\n",
)
SURVIVOR = entry(
    "SEG152",
    "a survivor that the column cannot have",
    why="Totals are of numbers, the largest and the smallest of what has an order, `any` of flags.",
    wrong="identity of customers by note {\n  region from total\n  rest from newest joined\n}\n",
    right="identity of customers by note {\n  spend from total\n  rest from newest joined\n}\n",
)
SOURCE_UNCLEAR = entry(
    "SEG153",
    "sources of records that no column names",
    why="Which record a value comes from is read in one column with declared values; all sources "
    "named here must be among them.",
    wrong="identity of customers by note {\n  spend from billing over crm\n}\n",
    right="table people key person_id {\n  person_id text\n  email     text?\n  spend     money\n"
    "  origin    one of crm, billing\n}\n"
    "identity of people by email {\n  spend from billing over crm\n}\n",
)
OTHER_PURPOSE = entry(
    "SEG154",
    "a column used for another purpose",
    why="Some data may be used for named purposes only; the heading says for which one a ruleset "
    "stands.",
    wrong=_VISITS.format("page text purpose service")
    + segments_when('any visits where (page = "help")'),
    right=_VISITS.format("page text")
    + segments_when('any visits where (page = "help")'),
)  # fmt: skip
OF_ANOTHER_TABLE = entry(
    "SEG155",
    "a name of another table",
    why="A named value is read on the rows of its own table; from other rows it is reached by a "
    "link or as an aggregate.",
    wrong=_AGENTS + "let senior of agents = skill >= 4\n" + segments_when("senior"),
    right=_AGENTS
    + "let senior of agents = skill >= 4\n"
    + _VISITS.format("agent refers to agents")
    + segments_when("any visits where (agent.senior)"),
)


def unknown_month(span: Span, name: str, near: str | None) -> Diagnostic:
    hint = f"the closest month is {quoted(near)}" if near else "write it like `1 april`"
    return NO_SUCH_DAY.at(span, f"{quoted(name)} is not a month", hint)


def no_such_day(span: Span, day: str, month: str) -> Diagnostic:
    return NO_SUCH_DAY.at(
        span,
        f"not every year has the day {shown(day)} {shown(month)}",
        "write the first day of the fiscal year like `1 april`",
    )


def later_values_order(span: Span, name: str) -> Diagnostic:
    return LATER_VALUES.at(
        span,
        f"a later value of {quoted(name)} begins before the one written before it",
        "write later values in the order of their days",
    )


def cleaning_needs_text(span: Span, word: str, kind: str) -> Diagnostic:
    return CLEANING.at(
        span, f"{quoted(word)} cleans text, and this column holds {kind}", "leave it out"
    )


def natures_differ(span: Span, first: str, second: str) -> Diagnostic:
    return NATURES.at(
        span, f"the column is {quoted(first)} and {quoted(second)}", "keep one of the two"
    )


def rows_without_key(span: Span, table: str) -> Diagnostic:
    return ROWS_WITHOUT_KEY.at(
        span,
        f"the rows of {quoted(table)} have no key that other rows could belong to",
        f"declare one: `table {shown(table)} of … by … key {shown(table)}_id`",
    )


def not_a_link(span: Span, name: str, kind: str) -> Diagnostic:
    return NOT_A_LINK.at(
        span,
        f"{quoted(name)} is {kind}; no other row is behind it",
        "declare the column with `refers to` and the table that it leads to",
    )


def joined_twice(span: Span, table: str, of: str, links: Sequence[str]) -> Diagnostic:
    return JOINED_TWICE.at(
        span,
        f"rows of {quoted(table)} belong to {quoted(of)} by {listed(links)}",
        f"declare the table with `of {shown(of)} by` and one of them",
    )


def identity_key_not_text(span: Span, name: str, kind: str) -> Diagnostic:
    return IDENTITY_KEY.at(
        span, f"{quoted(name)} is {kind}", "name columns of text, such as an e-mail address"
    )


def survivor_of_other(span: Span, how: str, kind: str) -> Diagnostic:
    fits = {"total": "numbers and money", "any": "flags"}.get(how, "numbers, money and dates")
    return SURVIVOR.at(
        span, f"{quoted(how)} is for {fits}, not for {kind}", "say `from newest` and a date instead"
    )


def source_unclear(span: Span, sources: Sequence[str], columns: Sequence[str]) -> Diagnostic:
    named = listed(sources)
    if columns:
        return SOURCE_UNCLEAR.at(
            span,
            f"{named} are values of {listed(columns)}: which of them says the source is not clear",
            "give the values of one of the columns other names",
        )
    return SOURCE_UNCLEAR.at(
        span,
        f"no column has the declared values {named}",
        "declare a column for the source, `one of` those values",
    )


def other_purpose(
    span: Span, name: str, purposes: Sequence[str], purpose: str
) -> Diagnostic:  # fmt: skip
    stands = f"this ruleset is for {quoted(purpose)}" if purpose else "this ruleset states none"
    return OTHER_PURPOSE.at(
        span,
        f"{quoted(name)} may be used for {listed(purposes, 'or')}; {stands}",
        f"leave the column out, or state `purpose {shown(purposes[0])}` in the heading if it is so",
    )


def of_another_table(span: Span, name: str, table: str, here: str) -> Diagnostic:
    return OF_ANOTHER_TABLE.at(
        span,
        f"{quoted(name)} is of {quoted(table)}, not of {quoted(here)}",
        "reach it by a link, as in `agent.skill`, or as an aggregate of related rows",
    )


# ---- files that are used

USE_REFUSED = entry(
    "SEG180",
    "a file that cannot be used",
    why="A rule file may use others of its project, by a path from its own folder. What lies "
    "outside of the project is not read, nor are files that hold no rules.",
    wrong='use "common/tables.seg"\n',
    right='ruleset shop {\n  goal "Raise profit"\n}\n'
    "table customers key customer_id {\n  customer_id text\n}\n",
)
USE_CIRCLE = entry(
    "SEG181",
    "files that use each other",
    why="A file that uses itself, by way of others, would have to be read before itself.",
    wrong=Example('use "rules.seg"\n', run="check rules.seg"),
    right=Example(""),
)


def use_refused(span: Span, path: str, reason: str) -> Diagnostic:
    said = {
        "outside": f"{quoted(path)} lies outside of the project",
        "no rule file": f"{quoted(path)} is not a rule file",
        "missing": f"there is no file {quoted(path)}",
        "unreadable": f"{quoted(path)} cannot be read",
    }[reason]
    hint = {
        "outside": "keep files that are used below the project's folder",
        "no rule file": "rule files end in `.seg`",
    }.get(reason, "write the path from the folder of this file")
    return USE_REFUSED.at(span, said, hint)


def use_circle(span: Span, way: Sequence[str]) -> Diagnostic:
    steps = " → ".join(quoted(name) for name in way[:6])
    return USE_CIRCLE.at(span, f"the file uses itself: {steps}", "leave one of the uses out")


def use_too_many(span: Span, most: int) -> Diagnostic:
    return USE_REFUSED.at(
        span, f"more than {most} files are used", "put declarations that belong together in one"
    )
