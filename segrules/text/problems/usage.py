"""What can be wrong with how the command is used: knobs, files and names."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Entry, Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import closest, listed, quoted, segments_when
from segrules.text.shown import shown

_KNOB = "knob big_from = 200 from 100 to 500\n" + segments_when("spend > big_from")
_VALUE = segments_when("spend > 100")
_DATA = {
    "customers": "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n"
    "C1,2026-01-05,north,gold,120.50,10,1.5,40%,yes,,\n"
}


def _made(code: str, title: str, why: str, wrong: Example, right: Example) -> Entry:
    return entry(code, title, why=why, wrong=wrong, right=right)


def _runs(code: str, title: str, why: str, wrong: str, right: str) -> Entry:
    """The code of a command that is tried on the same rules and data."""
    return _made(code, title, why, Example(_VALUE, _DATA, wrong), Example(_VALUE, _DATA, right))


UNKNOWN_KNOB = _made(
    "SEG601",
    "unknown knob",
    "Only knobs that the rule file declares can be turned.",
    Example(_KNOB, run="check --knob big_form=300"),
    Example(_KNOB, run="check --knob big_from=300"),
)
KNOB_UNREADABLE = _made(
    "SEG602",
    "a setting that cannot be read",
    "A knob is set in the unit in which it is declared: a number, a percentage or a length of "
    "time.",
    Example(_KNOB, run="check --knob big_from=lots"),
    Example(_KNOB, run="check --knob big_from=300"),
)
KNOB_SET_OUT_OF_RANGE = _made(
    "SEG603",
    "a setting out of the knob's range",
    "The range in the rule file says how far the knob may be turned.",
    Example(_KNOB, run="check --knob big_from=900"),
    Example(_KNOB, run="check --knob big_from=300"),
)
RULES_FILE = _made(
    "SEG610",
    "a rule file that cannot be read",
    "Rules are read from one file, which must be there and readable.",
    Example(_VALUE, run="check nowhere.seg"),
    Example(_VALUE),
)
NOT_UTF8 = _made(
    "SEG611",
    "a rule file that is not in UTF-8",
    "In another encoding, names with accents would silently become other names.",
    Example(_VALUE + "# caf\udce9\n", run="check rules.seg"),
    Example(_VALUE + "# café\n", run="check rules.seg"),
)
BAD_KNOB = _made(
    "SEG604",
    "a knob without its value",
    "A knob is set by its name and its value, once.",
    Example(_KNOB, run="check --knob big_from"),
    Example(_KNOB, run="check --knob big_from=300"),
)
UNKNOWN_CODE = _runs(
    "SEG620",
    "unknown code",
    "Codes are written as they are shown beside a finding.",
    "explain SEG999",
    "explain SEG201",
)
UNKNOWN_CASE = _runs(
    "SEG621",
    "unknown worked case",
    "The worked cases that come with segrules are run by their names.",
    "demo nowhere",
    "demo retail",
)
BAD_DATE = _runs(
    "SEG622",
    "a date that cannot be read",
    "The date of a run is written year-month-day, so that it is the same everywhere.",
    "assign --as-of 30/06/2026",
    "assign --as-of 2026-06-30",
)
BAD_TABLE = _runs(
    "SEG623",
    "a table without its file",
    "The data of a table are given as its name and the file it is read from.",
    "assign --as-of 2026-06-30 --table customers.csv",
    "assign --as-of 2026-06-30",
)
TARGET_EXISTS = _runs(
    "SEG630",
    "something stands there already",
    "Files are never replaced unasked.",
    "init rules.seg",
    "init fresh.seg",
)
UNWRITABLE = _runs(
    "SEG631",
    "the output cannot be written",
    "The folder is missing or protected, or the disk is full.",
    "init nowhere/fresh.seg",
    "init fresh.seg",
)
NO_PROJECT = _runs(
    "SEG640",
    "no such project",
    "What is to be played out is declared as a `project` in the rule file.",
    "simulate --as-of 2026-06-30",
    "check",
)
NO_SEGMENTS = _made(
    "SEG641",
    "no segments to assign",
    "Customers are placed by a `segments` block, and the rule file has none.",
    Example("let half = spend / 2\n", _DATA, "assign --as-of 2026-06-30"),
    Example(_VALUE, _DATA, "assign --as-of 2026-06-30"),
)
STRICT = _made(
    "SEG642",
    "stopped, as it was asked to be strict",
    "With --strict a result stands for data without any doubt: where the data have warnings there "
    "is no result, and what stood in its place, the history and the cut points are as they were.",
    Example(
        _VALUE,
        {"customers": _DATA["customers"].replace("120.50", "lots")},
        "assign --as-of 2026-06-30 --strict",
    ),
    Example(_VALUE, _DATA, "assign --as-of 2026-06-30 --strict"),
)


def unknown_knob(name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_KNOB.about(
        None,
        f"unknown knob {quoted(name)}",
        closest(near, "knob", "declare it in the rule file: `knob name = 5 from 3 to 8`"),
    )


def knob_unreadable(name: str, text: str, written: str) -> Diagnostic:
    return KNOB_UNREADABLE.about(
        None,
        f"{quoted(text)} is no setting of the knob {quoted(name)}",
        f"write it as in the rule file: `{shown(name)}={written}`",
    )


def bad_knob_argument(text: str, *, twice: bool) -> Diagnostic:
    if twice:
        return BAD_KNOB.about(
            None, f"{quoted(text)} sets a knob that is set already", "set it once"
        )
    return BAD_KNOB.about(
        None,
        f"{quoted(text)} does not name a knob and its value",
        "write both, such as `complex_from=6` or `recent='30 days'`",
    )


def knob_file_missing(path: str) -> Diagnostic:
    return BAD_KNOB.about(path, f"there is no file {quoted(path)}", "check the path")


def knob_file_unusable(path: str, odd: str | None) -> Diagnostic:
    what = "is not TOML" if odd is None else f"sets {quoted(odd)} to more than a value"
    return BAD_KNOB.about(
        path, f"{quoted(path)} {what}", 'write a knob a line, such as `top_share = "25%"`'
    )


def knob_set_out_of_range(name: str, written: str, low: str, high: str) -> Diagnostic:
    return KNOB_SET_OUT_OF_RANGE.about(
        None,
        f"{quoted(written)} is out of the range of the knob {quoted(name)}",
        f"set it from {low} to {high}, or widen the range in the rule file",
    )


def rules_file_missing(path: str) -> Diagnostic:
    return RULES_FILE.about(
        path, f"there is no rule file {quoted(path)}", "check the name; rule files end in `.seg`"
    )


def rules_file_is_directory(path: str) -> Diagnostic:
    return RULES_FILE.about(
        path, f"{quoted(path)} is a folder, not a rule file", "name a `.seg` file in it"
    )


def folder_without_rules(path: str) -> Diagnostic:
    return RULES_FILE.about(
        path, f"{quoted(path)} holds no rule file", "rule files end in `.seg`; check the folder"
    )


def rules_file_unreadable(path: str, reason: str) -> Diagnostic:
    return RULES_FILE.about(
        path, f"{quoted(path)} cannot be read: {_reason(reason)}", "check who may read the file"
    )


def not_utf8(path: str, offset: int) -> Diagnostic:
    return NOT_UTF8.about(
        path,
        f"{quoted(path)} is not text in UTF-8 (byte {offset:,})",
        "save the file in UTF-8",
    )


def unknown_code(code: str, near: str | None) -> Diagnostic:
    return UNKNOWN_CODE.about(
        None,
        f"there is no code {quoted(code)}",
        closest(near, "code", "codes look like `SEG201`"),
    )


def unknown_case(name: str, known: Sequence[str]) -> Diagnostic:
    return UNKNOWN_CASE.about(
        None,
        f"there is no worked case {quoted(name)}",
        f"the cases are {listed(known)}" if known else "this installation holds no cases",
    )


def bad_date(text: str) -> Diagnostic:
    return BAD_DATE.about(
        None, f"{quoted(text)} is not a date", "dates are written year-month-day: 2026-06-30"
    )


def bad_table_argument(text: str) -> Diagnostic:
    name, sign, path = text.partition("=")
    if not sign or "://" in name:
        example = f"{shown(_table_of(text))}={shown(text) or 'customers.csv'}"
        what = f"{quoted(text)} does not name a table and its file"
    elif name:
        example = f"{shown(name)}={shown(name)}.csv"
        what = f"no file is named for the table {quoted(name)}"
    else:
        example = f"{shown(_table_of(path))}={shown(path) or 'customers.csv'}"
        what = f"no table is named for the file {quoted(path)}" if path else "no table is named"
    return BAD_TABLE.about(None, what, f"write both, such as `{example}`")


def table_given_twice(name: str, files: Sequence[str]) -> Diagnostic:
    return BAD_TABLE.about(
        None,
        f"two files are named for the table {quoted(name)}: {listed(files)}",
        "name one; rows of several files may lie in one folder of Parquet files",
    )


def target_exists(path: str) -> Diagnostic:
    return TARGET_EXISTS.about(
        path, f"{quoted(path)} is there already", "name another place, or move it away"
    )


def output_unwritable(path: str, reason: str) -> Diagnostic:
    return UNWRITABLE.about(
        path,
        f"{quoted(path)} cannot be written: {_reason(reason)}",
        "name a file in a folder that exists and may be written to",
    )


def no_project(names: Sequence[str], asked: str | None = None) -> Diagnostic:
    """`names` are the projects of the rule file; `asked` is none of them."""
    if asked is not None and names:
        return NO_PROJECT.about(
            None, f"there is no project {quoted(asked)}", f"name one: {listed(names, 'or')}"
        )
    if names:
        return NO_PROJECT.about(
            None, "it is not clear which project is meant", f"name one: {listed(names, 'or')}"
        )
    return NO_PROJECT.about(
        None,
        "the rule file declares no project",
        "add one: `project name { compare … against today }`",
    )


def no_segments() -> Diagnostic:
    return NO_SEGMENTS.about(
        None,
        "the rule file declares no segments",
        "add a block: `segments value of customers { … }`",
    )


def refused_strictly(out: str, findings: int) -> Diagnostic:
    found = f"{findings:,} warning{'' if findings == 1 else 's'}"
    return STRICT.about(
        None,
        f"nothing was written: the data have {found}, and --strict takes none",
        f"mend what is named above; without --strict {quoted(out)} would be written all the same",
    )


def _table_of(path: str) -> str:
    """What the table of a file is likely to be called."""
    name = path.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    return name if name.isidentifier() else "customers"


def _reason(reason: str) -> str:
    """What the system says, as part of a sentence."""
    return shown(reason).lower().removesuffix(".")
