"""What can be wrong with the text itself, before it has a meaning."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

TOO_MUCH = entry(
    "SEG001",
    "more than the language takes",
    why="The size of a file, the brackets inside brackets and the terms of one chain are bounded, "
    "so that every file is checked in a moment. Rules that people read stay far below.",
    wrong="let total = " + " + ".join(["points"] * 101) + "\n",
    right="let total = 101 * points\n",
)
ENDS_TOO_SOON = entry(
    "SEG002",
    "the file ends too soon",
    why="A declaration is not finished where the file ends: most often its closing brace is "
    "missing.",
    wrong="segments value of customers {\n  high when spend > 100\n  otherwise low\n",
    right="segments value of customers {\n  high when spend > 100\n  otherwise low\n}\n",
)
UNEXPECTED_CHARACTER = entry(
    "SEG003",
    "a character that means nothing here",
    why="Rules are written with words, numbers, quoted texts and a few signs. Quotes that a word "
    "processor made curly, currency signs and semicolons are the usual cause.",
    wrong=segments_when("spend > £100"),
    right=segments_when("spend > 100"),
)
DECLARATION_UNFINISHED = entry(
    "SEG004",
    "a declaration begins inside another",
    why="The word begins a new declaration, but the one before is not finished: most often its "
    "closing brace is missing.",
    wrong="score worth {\n  add 2 when vip\n\nlet age = days since joined\n",
    right="score worth {\n  add 2 when vip\n}\nlet age = days since joined\n",
)
RESERVED_WORD = entry(
    "SEG005",
    "a reserved word where a name belongs",
    why="Some words have a meaning at this place. In backticks any word is a name.",
    wrong="table shops key shop_id { shop_id text  count whole 0..500 }\n"
    "let half of shops = count / 2\n",
    right="table shops key shop_id { shop_id text  count whole 0..500 }\n"
    "let half of shops = `count` / 2\n",
)
UNEXPECTED = entry(
    "SEG006",
    "a word or sign that does not fit here",
    why="The text before this place asks for something else. The rest of the declaration is not "
    "checked; the next one is.",
    wrong=segments_when("spend 100"),
    right=segments_when("spend > 100"),
)
CONTROL_CHARACTER = entry(
    "SEG007",
    "an invisible character in a text",
    why="Control characters and marks of writing direction can make a text look like another one "
    "in reports and reviews.",
    wrong='let greeting = "good\u202eday"\n',
    right='let greeting = "good day"\n',
)
NUMBER_TOO_LONG = entry(
    "SEG008",
    "a number with too many digits",
    why="No quantity needs so many digits; they are a slip of the pen.",
    wrong="let huge = 1234567890123456789012345678901\n",
    right="let huge = 1_000_000\n",
)
NO_SUCH_DATE = entry(
    "SEG009",
    "a date that does not exist",
    why="Dates are written year-month-day and must be in the calendar.",
    wrong=segments_when("joined > 2026-02-30"),
    right=segments_when("joined > 2026-02-28"),
)
LENGTH_OF_TIME = entry(
    "SEG010",
    "a length of time that cannot be counted",
    why="Lengths of time are whole counts of days, weeks, months, quarters or years, from one to "
    "a few centuries.",
    wrong=segments_when("any orders in last 1.5 months"),
    right=segments_when("any orders in last 45 days"),
)


SLIP = entry(
    "SEG011",
    "a word or sign of another language",
    why="Spreadsheets, SQL and programs say some things in other words. The words of this language "
    "are written in small letters, comparisons with one sign.",
    wrong=segments_when("spend > 100 AND vip"),
    right=segments_when("spend > 100 and vip"),
)
AT_MOST_HERE = entry(
    "SEG012",
    "a bound said in other words than `at most`",
    why="How many records may share a key is said as the largest number that is still trusted, "
    "so that nobody has to wonder whether the number itself belongs to it.",
    wrong="identity of customers by note trust keys shared by fewer than 6 {\n"
    "  rest from newest joined\n}\n",
    right="identity of customers by note trust keys shared by at most 5 {\n"
    "  rest from newest joined\n}\n",
)
WHOLE_COUNT = entry(
    "SEG013",
    "a count that is not a whole number",
    why="Rows are counted one by one: their number is whole, and at least one.",
    wrong=segments_when("count orders in last 2.5 rows > 1"),
    right=segments_when("count orders in last 3 rows > 1"),
)

OTHER_ORDER = entry(
    "SEG014",
    "the parts of a phrase in another order",
    why="Phrases have one order, so that rules read alike: of related rows first the window, then "
    "`with same`, then `where`; of a rank first who is compared, then `by` and the amount.",
    wrong=segments_when("any orders where (amount > 10) in last 90 days"),
    right=segments_when("any orders in last 90 days where (amount > 10)"),
)
NO_UNIT = entry(
    "SEG015",
    "a number without its unit",
    why="Whether 90 are days or weeks, and whether 10 are customers or percent, cannot be guessed.",
    wrong=segments_when("any orders in last 90"),
    right=segments_when("any orders in last 90 days"),
)
LEFT_OPEN = entry(
    "SEG016",
    "a line that is not finished",
    why="The text asks for something more, and what follows does not go on with it.",
    wrong="segments value of customers {\n  high when spend >\n  middle when vip\n"
    "  otherwise low\n}\n",
    right="segments value of customers {\n  high when spend > 100\n  middle when vip\n"
    "  otherwise low\n}\n",
)

EMPTY_CELL = entry(
    "SEG017",
    "an empty cell",
    why="What an empty cell means would have to be guessed: any value, or none.",
    wrong=segments_when("spend > 100")
    + "examples of value as_of 2026-06-30 {\n  | spend => expect |\n  |       => high   |\n}\n",
    right=segments_when("spend > 100")
    + "examples of value as_of 2026-06-30 {\n  | spend => expect |\n  | 200   => high   |\n}\n",
)


def file_too_large(span: Span, length: int, limit: int) -> Diagnostic:
    return TOO_MUCH.at(
        span,
        f"the file has {length:,} characters and at most {limit:,} are read",
        "rules are short; data belong in files of their own",
    )


def nested_too_deeply(span: Span) -> Diagnostic:
    return TOO_MUCH.at(
        span, "too many brackets inside each other", "name a part with `let` and use the name here"
    )


def chain_too_long(span: Span, terms: int, limit: int) -> Diagnostic:
    return TOO_MUCH.at(
        span,
        f"a chain of {terms:,} parts, and at most {limit:,} are read",
        "name parts with `let`, or use a list: `x in [a, b]`",
    )


def expression_too_long(span: Span, length: int, limit: int) -> Diagnostic:
    return TOO_MUCH.at(
        span,
        f"an expression of {length:,} words and signs, and at most {limit:,} are read",
        "name parts with `let`; many values belong in a column of a table",
    )


def ends_too_soon(span: Span, expected: Sequence[str]) -> Diagnostic:
    return ENDS_TOO_SOON.at(
        span,
        f"the file ends before {quoted(span.text)} is complete",
        _wanted(expected, "complete it: its closing brace `}` is missing"),
    )


def unexpected_character(span: Span, expected: Sequence[str]) -> Diagnostic:
    said = _UNCLOSED.get(span.text, f"the character {quoted(span.text)} means nothing here")
    hint = _INSTEAD.get(span.text)
    return UNEXPECTED_CHARACTER.at(
        span, said, hint or _wanted(expected, "remove it, or write a text in straight quotes")
    )


_UNCLOSED = {
    '"': "a text is not closed on its line",
    "`": "a name in backticks is empty or is not closed on its line",
}
_STRAIGHT = 'write texts in straight double quotes: "…"'
_INSTEAD = {
    '"': "add the closing quote",
    "`": "write the name between two backticks",
    ";": "remove it; nothing stands between declarations",
    "\u201c": _STRAIGHT,
    "\u201d": _STRAIGHT,
    "\u2018": _STRAIGHT,
    "\u2019": _STRAIGHT,
    "'": _STRAIGHT,
    "£": "write the amount alone; the heading says the currency once",
    "€": "write the amount alone; the heading says the currency once",
    "$": "write the amount alone; the heading says the currency once",
    "≥": "write `>=`",
    "≤": "write `<=`",
    "≠": "write `!=`",
    "!": "write `!=`, or `not`",
    "&": "write `and`",
}


def declaration_unfinished(span: Span, word: str, expected: Sequence[str]) -> Diagnostic:
    return DECLARATION_UNFINISHED.at(
        span,
        f"{quoted(span.text)} begins before {quoted(word)} is complete",
        _wanted(expected, f"complete {quoted(word)} first: its closing brace `}}` is missing"),
    )


def reserved_word(span: Span, word: str) -> Diagnostic:
    return RESERVED_WORD.at(
        span,
        f"{quoted(word)} is a reserved word here",
        f"as a name it is written in backticks: `{shown(word)}`",
    )


def unexpected(span: Span, expected: Sequence[str]) -> Diagnostic:
    return UNEXPECTED.at(
        span,
        f"{quoted(span.text)} does not fit here",
        _wanted(expected, "look for something left out just before it"),
    )


def slip(span: Span, wrong: str, hint: str) -> Diagnostic:
    """A word or sign of another language; `hint` says what to write."""
    return SLIP.at(span, f"{quoted(wrong)} is not said like this here", hint)


def currency_sign(span: Span, right: str) -> Diagnostic:
    """`right` is the amount as it is written."""
    return UNEXPECTED_CHARACTER.at(
        span,
        f"the character {quoted(span.text)} means nothing here",
        f"write {quoted(right)} alone; the heading says the currency once",
    )


def amount(span: Span, right: str, *, currency: bool) -> Diagnostic:
    """An amount written otherwise than `right`, with or without a `currency` beside it."""
    alone = " alone; the heading says the currency once" if currency else ""
    decimals = "" if currency else "; thousands have underscores, decimals a point"
    return SLIP.at(
        span,
        f"{quoted(span.text)} is not said like this here",
        f"write {quoted(right)}{alone}{decimals}",
    )


def other_order(span: Span, right: str) -> Diagnostic:
    """`right` are the words of the phrase in their order."""
    return OTHER_ORDER.at(
        span,
        "the parts of this phrase stand in another order",
        f"write `{shown(right, _WIDEST_PHRASE)}`",
    )


def no_unit(span: Span, written: str, *, rows: bool) -> Diagnostic:
    """`written` ends with the number; `rows` says whether it may count rows too."""
    number = written.rsplit(None, 1)[-1].replace("_", "")
    few = _FEW_AGO if written.startswith("from") else _FEW
    unit = "months" if float(number) < few else "days"
    unit = unit.removesuffix("s") if number == "1" else unit
    others = ", or rows" if rows else ""
    return NO_UNIT.at(
        span,
        f"{quoted(written)} does not say days, weeks, months, quarters or years{others}",
        f"add the unit, as in `{shown(written)} {unit}`",
    )


_FEW, _FEW_AGO = 14, 61
"""Fewer are shown as months, more as days; what is some time ago is further away."""

_WIDEST_PHRASE = 160


def no_percentage(span: Span, written: str) -> Diagnostic:
    """A plain number where a share belongs."""
    value = float(written.replace("_", ""))
    part = f"{round(value * 100, 6):g}%"
    meant = part if value < 1 else f"{shown(written)}%"
    return NO_UNIT.at(
        span,
        f"{quoted(written)} is not a percentage",
        f"write `{meant}`" if value != 1 else "write `1%`, or `100%` for the whole",
    )


def empty_cell(span: Span) -> Diagnostic:
    return EMPTY_CELL.at(
        span, "the cell is empty", "write a value; a grid has `any` too, examples have `missing`"
    )


def left_open(span: Span, expected: Sequence[str]) -> Diagnostic:
    """Something is lacking behind the word or sign of `span`."""
    end = Span(span.source, span.end, span.end)
    return LEFT_OPEN.at(
        end,
        f"something is missing after {quoted(span.text)}",
        _wanted(expected, "finish the line"),
    )


def control_character(span: Span) -> Diagnostic:
    return CONTROL_CHARACTER.at(
        span, "an invisible character in a text", "delete the text and type it again"
    )


def number_too_long(span: Span, digits: int) -> Diagnostic:
    return NUMBER_TOO_LONG.at(
        span, f"a number of more than {digits} digits", "leave out the digits that do not matter"
    )


def no_such_date(span: Span, text: str) -> Diagnostic:
    return NO_SUCH_DATE.at(
        span, f"there is no date {quoted(text)}", "dates are written year-month-day: 2026-02-28"
    )


def length_not_whole(span: Span, written: str, unit: str) -> Diagnostic:
    return LENGTH_OF_TIME.at(
        span,
        f"{quoted(f'{written} {unit}')} is not a whole number of {unit.removesuffix('s')}s",
        "write it in a smaller unit, such as days",
    )


def length_out_of_range(span: Span) -> Diagnostic:
    return LENGTH_OF_TIME.at(
        span, "a length of time out of range", "it is at least 1 and at most 400 years"
    )


def say_at_most(span: Span, words: str) -> Diagnostic:
    return AT_MOST_HERE.at(
        span,
        f"{quoted(words)} is not said here",
        "give the largest number of records that may share a key: `at most`",
    )


def count_not_whole(span: Span, written: str, counted: str) -> Diagnostic:
    """`counted` is what is counted, in the plural."""
    return WHOLE_COUNT.at(
        span,
        f"{quoted(written)} is not a whole number of {counted}",
        "write a whole number, at least 1",
    )


def _wanted(expected: Sequence[str], otherwise: str) -> str:
    if not expected or ("`}`" in expected and "brace" in otherwise):
        return otherwise
    if len(expected) == 1:
        return f"{expected[0]} belongs here"
    return f"one of these belongs here: {', '.join(expected)}"
