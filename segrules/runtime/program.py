"""Compiled rules as plain values, and the functions that are built from them.

A program is a dict that JSON can hold. Expressions in it are lists, the kind first:

- `["const", value]`; dates, instants and sets are `{"date": …}`, `{"instant": …}`, `{"set": …}`
- `["column", name]`, `["use", name]`, `["placed", set, caps]`, `["as_of"]`
- `["apply", operator, operands, extra]`
- `["choose", [[condition, value], …], otherwise]`
- `["looked up", cells, values, otherwise]`: a choice whose conditions are a table of cells
- `["linked", key, table, entry]`: an entry on the row of another table
- `["asked", number]`: an aggregate or a sequence of related rows
- `["ranked", number, amount, same, among, key]`: a rank or a figure of a population
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segrules.runtime.decisions import Decision, Decisions
from segrules.runtime.emit import VOCABULARY
from segrules.runtime.errors import ProgramError, RecordError
from segrules.runtime.functions import Function, Functions
from segrules.runtime.records import Options, getter
from segrules.runtime.spelled import from_cell
from segrules.runtime.steps import walk
from segrules.runtime.world import Call

VERSION = 1
"""Of the form of programs."""

_KINDS = frozenset({
    "const", "column", "use", "placed", "as_of", "apply", "choose", "looked up", "linked", "asked",
    "ranked",
})  # fmt: skip
_PARTS = ("rules", "zone", "table", "tables", "asked", "ranked", "steps", "entries", "cells",
          "sets", "overlays")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needed:
    """A column that rules read: its name, its type as a program writes it, what it may be."""

    name: str
    type: Sequence[Any]
    optional: bool
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A named feature: an aggregate or a sequence over rows of `tables`.

    `written` is its definition, `empty` what it is without rows (None: missing). What is asked of
    earlier assignments is of the table `history of <table>`, which no rule can write.
    """

    name: str
    written: str
    type: Sequence[Any]
    optional: bool
    empty: int | bool | None
    tables: tuple[str, ...]


class Decider:
    """Decides records by one program.

    Records are mappings, dataclasses, pydantic models or other objects, read by the declared names
    of columns. `decide`, `decide_all`, `truths` and `features` take:

    - `as_of`: the day that is asked about (a date); today in the zone of the rules if left out
    - `features`: values of named features, by name; they win over rows. A row that `segrules
      export` wrote may be passed as it is, with the key of the record. A record that is checked
      needs all that its rules may ask, as features or as rows; a trusted one what it comes to
    - `related`: rows of related tables by table; `contacts=[…]` says the same. They are taken as
      all there are: where rules look at the rows of other records too (a parent's, say), theirs
      must be among them; elsewhere rows of another record are refused. A row that lacks the column
      by which it belongs is the record's own
    - `lookup`: by table, a mapping from keys to rows, or a function from a key to a row or None

    Where `trusted`, values are canonical: money as whole minor units, dates, instants in UTC, sets
    as frozen sets, doubles finite. Otherwise every value is read and checked: money as whole units
    (`300` is 300.00), `Decimal`, text, or a double (rounded half-even to the minor unit); dates and
    instants also as ISO text, an instant without an offset in local time of the zone.

    Raises:
        RecordError: what was passed cannot be decided.
    """

    def __init__(self, program: Mapping[str, Any], options: Options, chosen: str | None) -> None:
        self.program, self._options, self._chosen = program, options, chosen
        self._functions = Functions(program, options)
        main = program["table"]
        self._sets = {each["name"]: each for each in program["sets"] if each["table"] == main}
        self._kinds: dict[type, Function] = {}
        self._built: dict[str, Function] = {}
        if chosen is None and len(self._sets) == 1:
            chosen = next(iter(self._sets))
        self._set = None if chosen is None else self._sets[chosen]
        self.decide: Callable[..., Decision] = self._deciding()

    # ---- what there is

    @property
    def sets(self) -> tuple[str, ...]:
        """The segment sets of the table."""
        return tuple(self._sets)

    @property
    def trusted(self) -> bool:
        return self._options.trusted

    @property
    def columns(self) -> tuple[Needed, ...]:
        """The columns that the rules read of a record."""
        main = self._functions.main
        return tuple(
            Needed(name, column["type"], column["optional"], column["sensitive"])
            for name, column in main.plain.items()
            if column["read"]
        )

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The named features, in the order in which rules ask for them."""
        return tuple(
            Asked(
                each["name"], each["written"], each["type"], each["optional"], each["empty"],
                tuple(dict.fromkeys(rows["table"] for rows in each["rows"])),
            )
            for each in self.program["asked"]
            if each["name"]
        )  # fmt: skip

    def day(self, as_of: Any = None) -> dt.date:
        """The day that is asked about: `as_of`, or today in the zone of the rules."""
        return self._functions.setting.today(as_of)

    def with_options(self, **changed: Any) -> Decider:
        """The same program, built with other options (see `build`)."""
        options = self._options
        named = {"set": self._chosen, "trusted": options.trusted, "extra": options.extra,
                 "absent": options.absent, "missing": options.missing}  # fmt: skip
        return build(self.program, **{**named, **changed})

    # ---- what is decided

    def decide_all(self, record: Any, as_of: Any = None, **beside: Any) -> Decisions:
        """The decisions of all sets of the table, with flags and outputs of grids."""
        row, call = self._row(record, as_of, beside)
        decisions, values = self._function("everything")(row, call)
        overlays = (each[0] for each in self.program["overlays"])
        return Decisions(
            dict(zip(self._sets, decisions, strict=True)),
            dict(zip(overlays, values, strict=True)),
        )

    def truths(
        self, record: Any, as_of: Any = None, **beside: Any
    ) -> dict[str, tuple[bool | None, ...]]:
        """Whether each rule is true, by set; None where that is unknown."""
        row, call = self._row(record, as_of, beside)
        return dict(zip(self._sets, self._function("all_truths")(row, call), strict=True))

    def features(self, record: Any, as_of: Any = None, **beside: Any) -> dict[str, Any]:
        """The value of every named feature, as it was passed or of the rows."""
        _, call = self._row(record, as_of, beside)
        return {
            each["name"]: call.own(number)
            for number, each in enumerate(self.program["asked"])
            if each["name"]
        }

    def from_text(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of a CSV file, all text, as a record or as features that may be passed.

        Names are those of declared columns and of features; others are left out, but for the key
        (`features=` takes it, so that nobody gets the features of another). An empty cell is
        missing. Flags are `yes`, `no`, `true`, `false`, `1` or `0`; shares may be in percent. A
        cell that cannot be read stays text, and the decision says what is wrong with it.
        """
        kinds = {name: column["type"] for name, column in self._functions.main.plain.items()}
        kinds |= {each["name"]: each["type"] for each in self.program["asked"] if each["name"]}
        return {name: from_cell(kinds[name], cell) for name, cell in row.items() if name in kinds}

    def _row(
        self, record: Any, as_of: Any, beside: dict[str, Any]
    ) -> tuple[dict[str, Any], Call]:  # fmt: skip
        features, *others = (beside.pop(each, None) for each in ("features", "related", "lookup"))
        call = Call(self._functions, record, as_of, features, (*others, beside))
        return self._functions.main.read(record), call

    def _function(self, which: str) -> Function:
        if which not in self._built:
            self._built[which] = getattr(self._functions, which)()
        return self._built[which]

    # ---- the function for one set

    def _deciding(self) -> Function:
        if self._set is None:
            return self._unclear
        return self._functions.deciding(self._set, "dict", self._other)

    def _unclear(self, *_: Any, **__: Any) -> Decision:
        raise RecordError("set", ", ".join(self._sets), "there are several sets; name one of them")

    def _other(self, record: Any, *more: Any, **rows: Any) -> Decision:
        """Decides a record that is no dict; the function is built once a kind of record."""
        kind = record.__class__
        function = self._kinds.get(kind)
        if function is None:
            getter(record, self._functions.main.table)
            how = "mapping" if isinstance(record, Mapping) else "object"
            function = self._function_for(how)
            self._kinds[kind] = function
        decision: Decision = function(record, *more, **rows)
        return decision

    def _function_for(self, how: str) -> Function:
        if how not in self._built:
            self._built[how] = self._functions.deciding(self._set or {}, how, self._other)
        return self._built[how]


def build(
    program: Mapping[str, Any],
    *,
    set: str | None = None,
    trusted: bool = False,
    extra: str = "ignore",
    absent: str = "refuse",
    missing: str = "refuse",
) -> Decider:
    """The functions of a program.

    `set` is the one that `decide` decides; it may be left out where the table has one. `extra`
    says what becomes of names in a record that are no declared columns (`ignore`, `refuse`),
    `absent` of columns declared with `?` that are not there (`refuse`, or `missing` to take them
    as missing), `missing` of missing values where the column is declared without `?` (`refuse`,
    or `allow` to take them as the assignment of a table does).

    Raises:
        ProgramError: it is no program, or one of another version.
        RecordError: there is no such set.
        ValueError: there is no such option.
    """
    for value, known in ((extra, ("ignore", "refuse")), (absent, ("refuse", "missing")),
                         (missing, ("refuse", "allow"))):  # fmt: skip
        if value not in known:
            raise ValueError(f"{value!r} is none of {known}")
    _check(program)
    options = Options(trusted, extra, absent, missing)
    try:
        names = [each["name"] for each in program["sets"] if each["table"] == program["table"]]
        if set is not None and set not in names:
            raise RecordError("set", set, f"there is no such set; there are {', '.join(names)}")
        return Decider(program, options, set)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ProgramError(f"the program is damaged: {error!r}") from None
    except ValueError as error:
        if isinstance(error, ProgramError | RecordError):
            raise
        raise ProgramError(f"the program is damaged: {error}") from None


def _check(program: Mapping[str, Any]) -> None:
    if not isinstance(program, Mapping) or "program" not in program:
        raise ProgramError("this is no program")
    if program["program"] != VERSION:
        raise ProgramError(f"the program is of version {program['program']}, not {VERSION}")
    lacking = [part for part in _PARTS if part not in program]
    if lacking:
        raise ProgramError(f"the program lacks {', '.join(lacking)}")
    try:
        for node in walk(_expressions(program)):
            if node[0] not in _KINDS:
                raise ProgramError(f"there is no expression {node[0]!r}")
            if node[0] == "apply" and node[1] not in VOCABULARY:
                raise ProgramError(f"there is no operator {node[1]!r}")
    except (KeyError, IndexError, TypeError) as error:
        raise ProgramError(f"the program is damaged: {error!r}") from None


def _expressions(program: Mapping[str, Any]) -> list[Any]:
    """Every expression of a program."""
    found = [each["node"] for each in program["entries"]]
    found += [step[2] for steps in program["steps"].values() for step in steps if step[0] == "let"]
    found += [subject["node"] for cells in program["cells"] for subject in cells["subjects"]]
    found += [each[1] for each in program["overlays"]]
    for each in program["sets"]:
        found += [rule[3] for rule in each["rules"] if rule[3] is not None]
        found += [cap["rank"] for cap in each["caps"]]
        found += [rank for allotment in each["allotments"] for rank, _ in allotment["best"]]
        found += [each["holdout"]] if each["holdout"] else []
    return found
