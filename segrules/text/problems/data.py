"""What can be wrong with the data as a whole: files, columns, keys, places and questions."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, ORDER_RULES, ROW, RULES, assigned
from segrules.text.problems.words import listed

_RIGHT = assigned(HEADER + ROW)

NO_SUCH_FILE = entry(
    "SEG401",
    "no such file",
    why="A table is read from the file that is named for it; nothing else is tried.",
    wrong=assigned(HEADER + ROW, "assign --table customers=nowhere.csv"),
    right=_RIGHT,
)
NOT_A_TABLE = entry(
    "SEG402",
    "not a file of a table",
    why="Tables are read from CSV, Parquet, Arrow and Excel files and from folders of Parquet "
    "files; the kind is known by the ending of the name.",
    wrong=assigned(HEADER + ROW, "assign --table customers=/dev/null"),
    right=_RIGHT,
)
DAMAGED = entry(
    "SEG403",
    "the file cannot be read",
    why="The file is cut off, is not in UTF-8, or a line has more cells than the header. Reading "
    "on would put customers in wrong segments, so nothing is read.",
    wrong=assigned(HEADER + ROW.rstrip("\n") + ",surplus\n"),
    right=_RIGHT,
)
NO_HEADER = entry(
    "SEG404",
    "no header",
    why="Columns are found by their headings, so the first line must name them.",
    wrong=assigned(""),
    right=_RIGHT,
)
HEADING_TWICE = entry(
    "SEG405",
    "a heading stands twice",
    why="Which of the two columns is meant cannot be known.",
    wrong=assigned(HEADER.replace("note", "spend") + ROW),
    right=_RIGHT,
)
COLUMN_LACKING = entry(
    "SEG406",
    "a declared column is not in the data",
    why="Were the column taken as missing, a misspelt heading would move every customer to "
    "another segment without a word. Only columns known after the outcome may be left out.",
    wrong=assigned(HEADER.replace("spend", "spent") + ROW),
    right=_RIGHT,
)
WRONG_TYPE = entry(
    "SEG407",
    "a column holds another type than declared",
    why="Nothing is converted silently: keys stored as numbers have lost their leading zeros, and "
    "an instant becomes a date only in a zone. Typed files (Parquet, Arrow) say what they hold; a "
    "CSV file is read as text and converted as declared.",
    wrong=Example(RULES, {"customers.parquet": HEADER + ROW.replace("C1", "1")}, "assign"),
    right=_RIGHT,
)
EMPTY_TABLE = entry(
    "SEG408",
    "the main table has no rows",
    why="An empty export is nearly always a failed one; shares of no customers mean nothing. "
    "Related tables may be empty.",
    wrong=assigned(HEADER),
    right=_RIGHT,
)
KEY_TWICE = entry(
    "SEG409",
    "a key stands twice",
    why="A main table has one row a key: with two rows a customer could be in two segments, and "
    "would be counted twice.",
    wrong=assigned(HEADER + ROW + ROW),
    right=assigned(HEADER + ROW + ROW.replace("C1", "C2")),
)
KEY_MISSING = entry(
    "SEG410",
    "a key is missing",
    why="A row without a key cannot be found again, nor joined to its related rows.",
    wrong=assigned(HEADER + ROW.replace("C1", "")),
    right=_RIGHT,
)
NO_PLACE = entry(
    "SEG414",
    "the result cannot be written there",
    why="Results are written as Parquet, CSV or Arrow, by the ending of the name, into a folder "
    "that exists.",
    wrong=assigned(HEADER + ROW, "assign --out nowhere/segments.parquet"),
    right=assigned(HEADER + ROW, "assign --out segments.parquet"),
)
OVER_INPUT = entry(
    "SEG415",
    "the result would replace an input",
    why="The data that a result comes from are never overwritten.",
    wrong=assigned(HEADER + ROW, "assign --out customers.csv"),
    right=assigned(HEADER + ROW, "assign --out segments.csv"),
)
NOT_WRITTEN = entry(
    "SEG416",
    "writing failed",
    why="The disk is full or the folder is protected. A result is written beside its place and "
    "moved there when it is complete, so what stood there before is untouched.",
    wrong=assigned(HEADER + ROW, "assign --out /proc/segments.csv"),
    right=assigned(HEADER + ROW, "assign --out segments.csv"),
)
NO_DATA = entry(
    "SEG417",
    "no data for a table",
    why="Each table that the rules read needs its data: without orders every customer would look "
    "like one who never ordered.",
    wrong=Example(
        ORDER_RULES,
        {"customers": HEADER + ROW},
        "assign",
    ),
    right=_RIGHT,
)
NOT_DECLARED = entry(
    "SEG418",
    "no such name in the rule file",
    why="Data, segment sets and funnels are asked for by the names the rule file declares.",
    wrong=assigned(HEADER + ROW, "assign --of worth"),
    right=assigned(HEADER + ROW, "assign --of customers"),
)
SEVERAL_TABLES = entry(
    "SEG419",
    "segment sets over several tables",
    why="A result has one row a key of one table, so the table must be chosen.",
    wrong=Example(
        "table agents key agent_id { agent_id text  cases whole }\n"
        + RULES
        + "segments load of agents {\n  busy when cases >= 20\n  otherwise free\n}\n",
        {"customers": HEADER + ROW, "agents": "agent_id,cases\nA1,3\n"},
        "assign",
    ),
    right=_RIGHT,
)
UNKNOWN_KEY = entry(
    "SEG420",
    "no row with this key",
    why="Keys are compared exactly, with their case and zeros. Similar keys are not listed, as "
    "they belong to other people.",
    wrong=assigned(HEADER + ROW, "explain --key C9"),
    right=assigned(HEADER + ROW, "explain --key C1"),
)
NOT_NUMERIC = entry(
    "SEG421",
    "no amounts to add up",
    why="Sums and means are taken of money and numbers.",
    wrong=assigned(HEADER + ROW, "profile --column region"),
    right=assigned(HEADER + ROW, "profile --column spend"),
)
_FUNNEL = """\
funnel sales of customers {
  enquiry at joined
  sale    at sold_at  within 90 days  value spend
}
"""
NO_MATURE_COHORT = entry(
    "SEG422",
    "no mature cohort",
    why="A rate is taken only from those who have had the full time to reach the stage: counting "
    "recent ones would make the rate look lower than it is.",
    wrong=Example(
        RULES + _FUNNEL,
        {"customers": HEADER + ROW},
        "study --as-of 2026-02-01",
    ),
    right=Example(
        RULES + _FUNNEL,
        {"customers": HEADER + ROW},
        "study --as-of 2026-06-30",
    ),
)
STAGE_TOO_YOUNG = entry(
    "SEG424",
    "a stage without a mature cohort",
    why="The stages before it can be studied already; this one has no rate until the first cohort "
    "has had the full time.",
    wrong=Example(
        RULES + _FUNNEL.replace("}\n", "  kept at sold_at within 400 days\n}\n"),
        {"customers": HEADER + ROW},
        "study --as-of 2026-06-30",
    ),
    right=Example(RULES + _FUNNEL, {"customers": HEADER + ROW}, "study --as-of 2026-06-30"),
    severity="warning",
)
OTHER_TABLE = entry(
    "SEG423",
    "the funnel is of another table than the segments",
    why="A funnel is studied by segments of the same rows.",
    wrong=Example(
        "table agents key agent_id { agent_id text  cases whole }\n"
        + _FUNNEL
        + "segments load of agents {\n  busy when cases >= 20\n  otherwise free\n}\n",
        {"customers": HEADER + ROW, "agents": "agent_id,cases\nA1,3\n"},
        "study --as-of 2026-06-30",
    ),
    right=Example(RULES + _FUNNEL, {"customers": HEADER + ROW}, "study --as-of 2026-06-30"),
)


# ---- files


def no_such_file(file: str, near: Sequence[str] = ()) -> Diagnostic:
    """`near` are files of the same folder with a similar name."""
    hint = f"the folder has {listed(near)}" if near else "check the path"
    return NO_SUCH_FILE.about(file, f"there is no file `{file}`", hint)


def not_a_table_file(file: str) -> Diagnostic:
    return NOT_A_TABLE.about(
        file,
        f"`{file}` is not a file of a table",
        "tables are read from .csv, .parquet, .arrow, .feather, .ipc and .xlsx files",
    )


def folder_without_tables(folder: str) -> Diagnostic:
    return NOT_A_TABLE.about(
        folder,
        f"`{folder}` is a folder without Parquet files",
        "a folder is read as one table when its files end in .parquet",
    )


def table_not_utf8(file: str) -> Diagnostic:
    return DAMAGED.about(file, f"`{file}` is not text in UTF-8", "save the file as CSV in UTF-8")


def surplus_cells(file: str) -> Diagnostic:
    return DAMAGED.about(
        file,
        f"`{file}` has a line with more cells than the header",
        "put quotes around cells which hold the separator",
    )


def damaged(file: str) -> Diagnostic:
    return DAMAGED.about(
        file, f"`{file}` is damaged or incomplete", "export or copy the file again"
    )


def not_permitted(file: str) -> Diagnostic:
    return DAMAGED.about(file, f"reading `{file}` is not permitted")


def no_header(file: str) -> Diagnostic:
    return NO_HEADER.about(file, f"`{file}` has no header", "name the columns in the first line")


def heading_twice(file: str, headings: Sequence[str]) -> Diagnostic:
    return HEADING_TWICE.about(
        file, f"{_quoted(headings)} {_verb(len(headings), 'stands', 'stand')} twice in the header"
    )


# ---- columns and keys


def column_lacking(
    table: str, column: str, heading: str, headings: Sequence[str], file: str | None
) -> Diagnostic:
    named = f"`{column}`" if column == heading else f"`{column}` (headed `{heading}`)"
    near = _closest(heading, headings)
    found = f"headings found: {listed(headings)}" if headings else "no headings are found"
    return COLUMN_LACKING.about(
        file,
        f"the column {named} of `{table}` is not in the data",
        f"the closest heading is `{near}`" if near else found,
    )


def wrong_type(table: str, column: str, declared: str, held: str, file: str | None) -> Diagnostic:
    hints = {
        ("text", "whole numbers"): "export the column as text, as leading zeros may be lost",
        ("a date", "instants"): "declare the column `instant`, or export it as dates",
        ("an instant", "dates"): "declare the column `date`",
        ("a flag", "whole numbers"): "export the column as yes and no",
    }
    return WRONG_TYPE.about(
        file,
        f"the column `{column}` of `{table}` is declared {declared} but holds {held}",
        hints.get((declared, held), "declare what the column holds, or export it as declared"),
    )


def empty_table(table: str, file: str | None) -> Diagnostic:
    return EMPTY_TABLE.about(
        file,
        f"the table `{table}` has no rows",
        "export the table again; only tables of related rows may be empty",
    )


def nothing_yet(table: str, dated: str, as_of: str) -> Diagnostic:
    """`dated` is the table whose rows carry the dates: the table itself or its source."""
    return EMPTY_TABLE.about(
        None,
        f"the table `{table}` has no rows: no row of `{dated}` is dated up to {as_of}",
        "ask for a later day with --as-of, or give the data of that time",
    )


def key_twice(
    table: str, key: str, count: int, examples: Sequence[str], file: str | None
) -> Diagnostic:
    """`count` keys stand on several rows; `examples` are some of them, or none to be discreet."""
    shown = f", among them {_quoted(examples)}" if examples else ""
    stand = _verb(count, "stands", "stand")
    return KEY_TWICE.about(
        file,
        f"{_counted(count, 'key')} `{key}` of `{table}` {stand} on several rows{shown}",
        "keep one row a key, or declare the table as related rows (`of`)",
    )


def key_missing(table: str, key: str, count: int, file: str | None) -> Diagnostic:
    return KEY_MISSING.about(
        file,
        f"{_counted(count, 'row')} of `{table}` {_verb(count, 'has', 'have')} no key `{key}`",
        f"fill in `{key}`, or leave such rows out of the export",
    )


# ---- results


def no_folder(out: str) -> Diagnostic:
    return NO_PLACE.about(out, f"the folder of `{out}` does not exist")


def out_is_folder(out: str) -> Diagnostic:
    return NO_PLACE.about(out, f"`{out}` is a folder", "name a file in it")


def unknown_ending(out: str) -> Diagnostic:
    return NO_PLACE.about(
        out,
        f"the kind of `{out}` is not known by its ending",
        "results are written as .parquet, .csv, .arrow, .feather, .ipc or .xlsx",
    )


def over_input(out: str) -> Diagnostic:
    return OVER_INPUT.about(out, f"`{out}` is an input", "write to another place")


def not_written(out: str, reason: str) -> Diagnostic:
    return NOT_WRITTEN.about(out, f"`{out}` could not be written: {reason.lower()}")


# ---- questions


def no_data(table: str) -> Diagnostic:
    return NO_DATA.about(
        None, f"there is no data for the table `{table}`", f"add --table {table}=FILE"
    )


def not_declared(kind: str, name: str, declared: Sequence[str]) -> Diagnostic:
    """`kind` is the sort of thing: table, segment set, funnel, column."""
    near = get_close_matches(name, declared, n=1, cutoff=0.6)
    known = f"declared: {_quoted(declared)}" if declared else f"no {kind} is declared"
    return NOT_DECLARED.about(
        None, f"there is no {kind} `{name}`", f"the closest is `{near[0]}`" if near else known
    )


def several_tables(tables: Sequence[str]) -> Diagnostic:
    return SEVERAL_TABLES.about(
        None,
        f"there are segment sets of several tables: {_quoted(tables)}",
        "name the table whose rows are to be placed",
    )


def unknown_key(table: str, key: str) -> Diagnostic:
    return UNKNOWN_KEY.about(
        None,
        f"`{table}` has no row with the key `{key}`",
        "keys are compared exactly, with case and zeros",
    )


def not_numeric(column: str, kind: str) -> Diagnostic:
    return NOT_NUMERIC.about(
        None,
        f"`{column}` is {kind}, which cannot be added up",
        "name money, a number or a share",
    )


def no_mature_cohort(funnel: str, stage: str, entered_by: str | None) -> Diagnostic:
    hint = (
        f"only those who entered up to {entered_by} have had the full time" if entered_by else None
    )
    return NO_MATURE_COHORT.about(
        None, f"nobody in the funnel `{funnel}` has had the full time to reach `{stage}`", hint
    )


def nobody_before(funnel: str, stage: str, before: str) -> Diagnostic:
    """There was time enough, but nobody reached the stage before."""
    return NO_MATURE_COHORT.about(
        None,
        f"nobody in the funnel `{funnel}` has reached `{before}`, so `{stage}` has no rate",
        f"check the dates of `{before}`, or ask for a later day with --as-of",
    )


def nobody_before_yet(funnel: str, stage: str, before: str) -> Diagnostic:
    """As `nobody_before`, where other stages have rates."""
    return STAGE_TOO_YOUNG.about(
        None,
        f"nobody in the funnel `{funnel}` has reached `{before}`, so `{stage}` has no rate",
        f"check the dates of `{before}`",
    )


def stage_too_young(funnel: str, stage: str, entered_by: str | None) -> Diagnostic:
    hint = f"only those who entered up to {entered_by} count" if entered_by else None
    return STAGE_TOO_YOUNG.about(
        None, f"nobody in the funnel `{funnel}` has had the full time to reach `{stage}` yet", hint
    )


def other_table(funnel: str, of: str, segments: str, over: str) -> Diagnostic:
    return OTHER_TABLE.about(
        None, f"the funnel `{funnel}` is of `{of}` but the segments `{segments}` are of `{over}`"
    )


# ---- words


def _closest(name: str, known: Sequence[str]) -> str | None:
    """The known name closest to a mistyped one, case left out of account."""
    folded = {each.strip().casefold(): each for each in known}
    near = get_close_matches(name.strip().casefold(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _verb(count: int, one: str, several: str) -> str:
    return one if count == 1 else several
