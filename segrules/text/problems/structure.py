"""What can be wrong with declarations: the heading, knobs, tables, links."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import listed, quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

_CUSTOMERS = "table customers key customer_id {\n  customer_id text\n  joined date\n}\n"

NO_RULESET = entry(
    "SEG101",
    "no heading",
    why="The heading names the rule set and says what it is for. Results carry the name, so it "
    "cannot be left out.",
    wrong=_CUSTOMERS + "# there is no ruleset block here\n",
    right='ruleset shop {\n  goal "Raise profit"\n}\n' + _CUSTOMERS,
)
NO_GOAL = entry(
    "SEG102",
    "no goal",
    why="Segments that serve no stated goal cannot be judged: whether to split or merge them "
    "depends on what they are for.",
    wrong='ruleset shop {\n  owner "Sales"\n}\n',
    right='ruleset shop {\n  goal  "Raise profit at the same cost"\n  owner "Sales"\n}\n',
    severity="warning",
)
OTHER_LANGUAGE = entry(
    "SEG103",
    "another version of the language",
    why="The file says that it is written for a version which may mean something else by the same "
    "words.",
    wrong='ruleset shop {\n  language 2\n  goal "Raise profit"\n}\n',
    right='ruleset shop {\n  language 1\n  goal "Raise profit"\n}\n',
)
UNKNOWN_ZONE = entry(
    "SEG104",
    "unknown time zone",
    why="Instants become dates in one business zone, named as in the time zone database.",
    wrong='ruleset shop {\n  goal "Raise profit"\n  zone "London"\n}\n',
    right='ruleset shop {\n  goal "Raise profit"\n  zone "Europe/London"\n}\n',
)
NO_CURRENCY_CODE = entry(
    "SEG105",
    "not a currency",
    why="Currencies are named by their three letters, which also say how many decimals they have.",
    wrong='ruleset shop {\n  goal "Raise profit"\n  money pounds\n}\n',
    right='ruleset shop {\n  goal "Raise profit"\n  money GBP\n}\n',
)
NO_CURRENCY = entry(
    "SEG106",
    "money without a currency",
    why="An amount means nothing without its currency, and the currency fixes the minor unit to "
    "which amounts are exact.",
    wrong='ruleset shop {\n  goal "Raise profit"\n}\n'
    "table customers key customer_id { customer_id text  spend money }\n",
    right='ruleset shop {\n  goal "Raise profit"\n  money GBP\n}\n'
    "table customers key customer_id { customer_id text  spend money }\n",
)
NO_ZONE = entry(
    "SEG107",
    "instants without a time zone",
    why="The same instant is Monday in one zone and Tuesday in another; which date it counts for "
    "must be said once.",
    wrong='ruleset shop {\n  goal "Raise profit"\n}\n'
    "table customers key customer_id { customer_id text  seen_at instant }\n",
    right='ruleset shop {\n  goal "Raise profit"\n  zone "Europe/London"\n}\n'
    "table customers key customer_id { customer_id text  seen_at instant }\n",
)
TWICE = entry(
    "SEG108",
    "a name stands twice",
    why="Which of the two is meant could not be known, so a name is given once.",
    wrong="let worth = spend / 2\nlet worth = spend / 4\n",
    right="let worth = spend / 2\nlet small_worth = spend / 4\n",
)
KEY_NOT_A_COLUMN = entry(
    "SEG110",
    "the key is not a column",
    why="A row is found by its key, so the key is read from the data like every column.",
    wrong="table agents key agent_id {\n  name text\n}\n",
    right="table agents key agent_id {\n  agent_id text\n  name     text\n}\n",
)
KEY_NOT_TEXT = entry(
    "SEG111",
    "a key that is not text",
    why="Keys are compared as they stand: as numbers they would lose leading zeros and long ones "
    "their last digits.",
    wrong="table agents key agent_id {\n  agent_id whole\n}\n",
    right="table agents key agent_id {\n  agent_id text\n}\n",
)
DATED_NEEDS_DATE = entry(
    "SEG112",
    "rows dated by a column that is no date",
    why="Windows such as `in last 90 days` look at this column, and rows after the date asked "
    "about are not seen.",
    wrong="table visits of customers by customer_id dated page {\n  page text\n}\n",
    right="table visits of customers by customer_id dated seen_on {\n"
    "  page    text\n  seen_on date\n}\n",
)
NOT_A_MAIN_TABLE = entry(
    "SEG113",
    "a related table where a main one belongs",
    why="Segments, funnels and related rows are of a table with one row a key. A related table "
    "has many rows a key, and a customer would be counted many times.",
    wrong="segments size of orders {\n  big when items > 10\n  otherwise small\n}\n",
    right="segments size of customers {\n"
    "  big when any orders where (items > 10)\n  otherwise small\n}\n",
)
DERIVED_LINK = entry(
    "SEG114",
    "a table derived from rows that are not its own",
    why="A derived table has one row for each distinct key of its related rows, so those rows "
    "must belong to it by the same key.",
    wrong="table members key customer_id derived from orders\n",
    right="table members key member_id derived from visits\n"
    "table visits of members by member_id dated seen_on {\n"
    "  member_id text\n  seen_on   date\n}\n",
)
KNOB_MIXES_UNITS = entry(
    "SEG116",
    "a knob with several units",
    why="A knob and its range are all numbers, all percentages or all lengths of time.",
    wrong="knob top_share = 20% from 10 to 40\n",
    right="knob top_share = 20% from 10% to 40%\n",
)
KNOB_OUT_OF_RANGE = entry(
    "SEG117",
    "a knob out of its range",
    why="The range says how far the knob may be turned, so its own value lies within.",
    wrong="knob big_from = 50 from 100 to 500\n",
    right="knob big_from = 200 from 100 to 500\n",
)
RANGE_BACKWARDS = entry(
    "SEG118",
    "a range with its ends exchanged",
    why="A range runs from the lower end to the upper; the other way round nothing lies in it.",
    wrong=segments_when("points between 500 and 100"),
    right=segments_when("points between 100 and 500"),
)
TABLE_UNCLEAR = entry(
    "SEG119",
    "a named value of an unclear table",
    why="A named value belongs to the table on which all its names can be read. Where that is "
    "not one table, it must be said.",
    wrong="table shops key shop_id {\n  shop_id text\n  spend   money\n}\nlet half = spend / 2\n",
    right="table shops key shop_id {\n  shop_id text\n  spend   money\n}\n"
    "let half of customers = spend / 2\n",
)
NO_TABLE = entry(
    "SEG120",
    "no table to read from",
    why="Named values are read from the rows of a table, and none is declared.",
    wrong='ruleset shop {\n  goal "Raise profit"\n}\nlet one = 1\n',
    right='ruleset shop {\n  goal "Raise profit"\n}\n' + _CUSTOMERS + "let one = 1\n",
)
CYCLE = entry(
    "SEG121",
    "a circle of definitions",
    why="Each is defined by the next, and the last by the first, so none has a value.",
    wrong="let cost = price / 2\nlet price = cost + 10\n",
    right="let cost = spend / 2\nlet price = cost + 10\n",
)

DERIVED_COLUMNS = entry(
    "SEG122",
    "a column of a derived table",
    why="A derived table is made of the keys of another table; it is read from no file and has no "
    "columns of its own. What is known about its rows is said with `let`.",
    wrong="table buyers key customer_id derived from sales { extra text }\n"
    "table sales of buyers by customer_id dated sold_on { sold_on date  price money }\n",
    right="table buyers key customer_id derived from sales\n"
    "table sales of buyers by customer_id dated sold_on { sold_on date  price money }\n",
)


def no_ruleset(span: Span) -> Diagnostic:
    return NO_RULESET.at(
        span, "there is no `ruleset` block", "begin the file with `ruleset name { goal \"…\" }`"
    )  # fmt: skip


def no_goal(span: Span) -> Diagnostic:
    return NO_GOAL.at(
        span,
        f"the ruleset {quoted(span.text)} states no goal",
        'add `goal "…"`: the business result that the segments serve',
    )


def other_language(span: Span, written: str, known: int) -> Diagnostic:
    return OTHER_LANGUAGE.at(
        span,
        f"the file is written in version {shown(written)} of the language",
        f"this release reads `language {known}`",
    )


def unknown_zone(span: Span, zone: str) -> Diagnostic:
    return UNKNOWN_ZONE.at(
        span, f"unknown time zone {quoted(zone)}", 'zones are named like "Europe/London"'
    )


def no_currency_code(span: Span, currency: str) -> Diagnostic:
    return NO_CURRENCY_CODE.at(
        span, f"{quoted(currency)} is not a currency", "write its three letters: `money GBP`"
    )


def no_currency(span: Span) -> Diagnostic:
    return NO_CURRENCY.at(
        span,
        "an amount of money, but no currency is declared",
        "add `money GBP` (or another currency) to the `ruleset` block",
    )


def no_zone(span: Span) -> Diagnostic:
    return NO_ZONE.at(
        span,
        "an instant, but no time zone is declared",
        'add `zone "Europe/London"` (or another zone) to the `ruleset` block',
    )


def twice(span: Span, kind: str, name: str) -> Diagnostic:
    """`kind` is what stands twice: `column`, `segment` and the like."""
    match kind:
        case "segments":
            said = f"the segments {quoted(name)} are declared twice"
        case "knob and column":
            said = f"{quoted(name)} is the name of a knob and of a column"
        case "table or rows":
            said = f"{quoted(name)} is already the name of a table or of rows"
        case _:
            said = f"the {kind} {quoted(name)} stands twice"
    return TWICE.at(span, said, _once(kind))


def name_taken(span: Span, name: str, table: str | None) -> Diagnostic:
    """The name is a column of a `table`, or (None) a knob."""
    what = f"a column of {quoted(table)}" if table else "a knob"
    return TWICE.at(
        span, f"{quoted(name)} is already the name of {what}", "give the named value another name"
    )


def _once(kind: str) -> str:
    match kind:
        case "heading" | "closing line" | "line of the project" | "row" | "stage with a value":
            return "keep one of them"
        case "ruleset":
            return "a file has one `ruleset` block; keep one of them"
        case "column of the assignment":
            return "name the segments otherwise: results have a column for them, by that name"
        case _:
            return "give one of them another name"


def today_is_taken(span: Span) -> Diagnostic:
    return TWICE.at(
        span,
        "`today` stands for what is done now and cannot be declared",
        "give the scenario another name",
    )


def key_not_a_column(span: Span, key: str, table: str) -> Diagnostic:
    return KEY_NOT_A_COLUMN.at(
        span,
        f"the key {quoted(key)} is not a column of {quoted(table)}",
        f"add `{shown(key)} text` to the columns",
    )


def key_not_text(span: Span, key: str) -> Diagnostic:
    return KEY_NOT_TEXT.at(
        span, f"the key {quoted(key)} is not text", f"declare it `{shown(key)} text`"
    )


def dated_needs_date(span: Span, column: str) -> Diagnostic:
    return DATED_NEEDS_DATE.at(
        span,
        f"{quoted(column)} is not a column with dates",
        "name a column of this table that is a `date` or an `instant`",
    )


def not_a_main_table(span: Span, name: str) -> Diagnostic:
    return NOT_A_MAIN_TABLE.at(
        span,
        f"{quoted(name)} is a related table, with many rows a key",
        "name the table which its rows belong to",
    )


def derived_from_unrelated(span: Span, source: str, table: str) -> Diagnostic:
    return DERIVED_LINK.at(
        span,
        f"the rows of {quoted(source)} do not belong to {quoted(table)}",
        f"declare {quoted(source)} with `of {shown(table)}`",
    )


def derived_has_columns(span: Span, name: str, table: str) -> Diagnostic:
    return DERIVED_COLUMNS.at(
        span,
        f"the derived table {quoted(table)} cannot have the column {quoted(name)}",
        f"leave it out, or say `let {shown(name)} = …`",
    )


def derived_by_other_key(span: Span, key: str, other: str) -> Diagnostic:
    return DERIVED_LINK.at(
        span,
        f"the key {quoted(key)} differs from {quoted(other)}, by which the rows belong",
        f"write `key {shown(other)}`",
    )


def knob_mixes_units(span: Span, name: str, alike: str) -> Diagnostic:
    """`alike` is the knob as it is with the unit of its first value throughout."""
    return KNOB_MIXES_UNITS.at(
        span,
        f"the knob {quoted(name)} and its range have different units",
        f"write all of them alike: `{shown(alike, _WIDEST_KNOB)}`",
    )


_WIDEST_KNOB = 120


def knob_out_of_range(span: Span, name: str, written: str, low: str, high: str) -> Diagnostic:
    return KNOB_OUT_OF_RANGE.at(
        span,
        f"the knob {quoted(name)} is {written}, out of its range from {low} to {high}",
        "change the value or the range",
    )


def range_backwards(span: Span) -> Diagnostic:
    return RANGE_BACKWARDS.at(span, "the range ends before it begins", "exchange the two ends")


def table_unclear(span: Span, name: str, tables: Sequence[str]) -> Diagnostic:
    return TABLE_UNCLEAR.at(
        span,
        f"{quoted(name)} could be of {listed(tables, 'or')}",
        f"say which, as in `let {shown(name)} of {shown(tables[0])} = …`",
    )


def no_table(span: Span) -> Diagnostic:
    return NO_TABLE.at(
        span,
        "there is no table to read from",
        "declare one: `table customers key customer_id { customer_id text }`",
    )


def cycle(span: Span, names: Sequence[str]) -> Diagnostic:
    steps = " → ".join(quoted(name) for name in names[:8]) + (" → …" if len(names) > 8 else "")
    return CYCLE.at(
        span,
        f"{quoted(names[0])} is defined by itself: {steps}",
        "define one of them without the others",
    )


def past_by_name(span: Span, name: str, segments: str, written: str) -> Diagnostic:
    """The named value asks how `segments` changed, and their rules read it; `written` is it."""
    return CYCLE.at(
        span,
        f"{quoted(name)} asks how {quoted(segments)} changed, and the rules of {quoted(segments)} "
        "read it",
        f"ask in the rule itself: `{shown(written, _WIDEST_KNOB)}` in place of {quoted(name)}",
    )
