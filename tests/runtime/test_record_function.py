"""The function of one record: what it rests on, features, rows, links, sets, bad programs."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
from copy import deepcopy
from typing import Any, get_args

import pytest
from runtime_shop import AS_OF, RECORD, SHOP, decider, shop

from segrules.backends.record import refusals
from segrules.lang.ir import Calibration
from segrules.lang.pipeline import compile_source
from segrules.runtime import Decider, Decision, Decisions, ProgramError, RecordError, build
from segrules.segments.stubs import stubs
from segrules.text.source import Source

MADE = decider()
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


# ---- what it rests on


def test_it_imports_the_standard_library_and_nothing_else() -> None:
    """Also while it works."""
    script = (
        "import sys, json\n"
        "from segrules.runtime import build\n"
        "made = build(json.load(sys.stdin))\n"
        f"made.decide({RECORD!r}, contacts=[])\n"
        f"made.decide_all({RECORD!r}, contacts=[])\n"
        "names = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "ours = {name for name in sys.modules if name.startswith('segrules')}\n"
        # zones are data; the interpreter's build settings say where they are
        "names = {name for name in names if not name.startswith(('_sysconfigdata', 'tzdata'))}\n"
        "print(sorted(names - {'segrules', '__main__', '__mp_main__'}))\n"
        "print(sorted(n for n in ours if n != 'segrules' and 'segrules.runtime' not in n))\n"
    )
    import json

    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(_root())!r})\n{script}"],
        input=json.dumps(shop()), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n[]\n"


def _root() -> Any:
    from pathlib import Path

    import segrules

    return Path(segrules.__file__).parents[1]


# ---- features and rows


def contacts(*days: int, opened: bool = False) -> list[dict[str, Any]]:
    """Contacts so many days before as_of."""
    noon = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
    return [{"at": noon - dt.timedelta(days=each), "open": opened} for each in days]


def test_features_have_names_and_definitions() -> None:
    first, second = MADE.asked
    assert (first.name, first.written) == ("calls_90d", "count contacts in last 90 days")
    assert (first.type[0], first.optional, first.empty) == ("whole", False, 0)
    assert (second.name, second.tables) == ("count_contacts_where_open", ("contacts",))
    again = shop(SHOP.replace("let calls_90d", "let other = vip\nlet calls_90d"))
    assert [each["name"] for each in again["asked"]] == [first.name, second.name]


@pytest.mark.parametrize(
    ("rule", "name", "written"),
    [
        ("no contacts where (open)", "count_contacts_where_open", "count contacts where (open)"),
        (
            "at least 3 contacts in last 30 days with same open",
            "most_contacts_in_last_30_days_with_same_open",
            "most contacts in last 30 days with same open",
        ),
        ("days since last contacts > 9", "latest_at_of_contacts", "latest at of contacts"),
        ("days since first contacts > 9", "earliest_at_of_contacts", "earliest at of contacts"),
        (
            "every contacts in last 9 days have open",
            "count_contacts_in_last_9_days_that_have_not_open",
            "count contacts in last 9 days that have not: open",
        ),
    ],
)
def test_features_are_named_by_what_they_hold(rule: str, name: str, written: str) -> None:
    """And not by what a rule makes of it: `no contacts` asks for a count of them."""
    made = shop(SHOP.replace("any contacts where (open)", rule))  # fmt: skip
    told = {each["name"]: each["written"] for each in made["asked"]}
    assert told[name] == written


def test_a_feature_or_the_rows_it_is_made_of() -> None:
    rows = contacts(3, 89, 91)
    assert MADE.features(RECORD, AS_OF, contacts=rows) == {
        "calls_90d": 2, "count_contacts_where_open": 0,
    }  # fmt: skip
    by_rows = MADE.decide(RECORD, AS_OF, contacts=rows)
    assert by_rows.segment == "busy"
    assert MADE.decide(RECORD, AS_OF, related={"contacts": rows}) is by_rows
    passed = {"calls_90d": 2, "count_contacts_where_open": 0}
    assert MADE.decide(RECORD, AS_OF, features=passed) is by_rows
    # what is passed wins
    assert MADE.decide(RECORD, AS_OF, features={"calls_90d": 0}, contacts=rows).segment != "busy"
    # all that may be asked must be there, also where an earlier rule decides
    early = {**RECORD, "vip": True, "tier": "gold"}
    with pytest.raises(RecordError) as raised:
        MADE.decide(early, features={"calls_90d": 2})
    assert (raised.value.code, raised.value.field) == ("feature", "count_contacts_where_open")
    # a trusted record is asked for what it takes, and no more
    assert MADE.with_options(trusted=True).decide(early).segment == "top"


def test_rows_of_others_are_refused() -> None:
    rows = [{**row, "customer": "k2"} for row in contacts(1, 2)]
    own = [*contacts(1), {**contacts(1)[0], "customer": "k1"}]
    assert MADE.features(RECORD, AS_OF, contacts=own)["calls_90d"] == 2
    for made in (MADE, MADE.with_options(trusted=True)):
        for passed, told in (
            ({"contacts": [*own, *rows]}, "2 of 4 rows belong to another record"),
            ({"related": {"contacts": rows}}, "2 of 2 rows belong to another record"),
        ):
            with pytest.raises(RecordError, match=told) as raised:
                made.decide(RECORD, AS_OF, **passed)
            error = raised.value
            assert (error.code, error.table, error.field) == ("key", "contacts", "customer")
    without = {name: value for name, value in RECORD.items() if name != "customer"}
    assert MADE.features(without, AS_OF, contacts=contacts(1))["calls_90d"] == 1
    with pytest.raises(RecordError) as raised:
        MADE.features(without, AS_OF, contacts=rows)
    assert (raised.value.code, raised.value.field) == ("absent", "customer")


def test_the_day_is_today_in_the_zone_of_the_rules() -> None:
    now = dt.datetime.now(dt.UTC)
    rows = [{"at": now - dt.timedelta(days=each), "open": False} for each in (0, 2, 200)]
    assert MADE.features(RECORD, contacts=rows)["calls_90d"] == 2


# ---- links


def test_a_linked_row_is_passed_or_looked_up() -> None:
    features = {"calls_90d": 0, "count_contacts_where_open": 0}
    agents = {"a1": {"agent_id": "a1", "skill": 4}, "a2": {"agent_id": "a2", "skill": 1}}

    def segment(agent: Any, **beside: Any) -> str | None:
        return MADE.decide({**RECORD, "agent": agent}, AS_OF, features=features, **beside).segment

    assert segment({"agent_id": "a1", "skill": 4}) == "known"
    assert segment({"agent_id": "a2", "skill": 1}) == "doubt"
    assert segment("a1", lookup={"agents": agents}) == "known"
    assert segment("a1", lookup={"agents": agents.get}) == "known"
    assert segment("a1", lookup={"agents": {"a1": {"skill": 4}}}) == "known"
    assert segment("a1", agents=list(agents.values())) == "known"
    for nowhere in ({"lookup": {"agents": agents}}, {"agents": []}):
        assert segment("a9", **nowhere) == "doubt"
    assert segment(None) == "doubt"
    for agent, code, field in (
        ({"agent_id": "a1"}, "absent", "skill"), ({"skill": 4}, "absent", "agent_id"),
        ({"agent_id": "a1", "skill": 6}, "range", "skill"),
    ):  # fmt: skip
        with pytest.raises(RecordError) as raised:
            segment(agent)
        assert (raised.value.code, raised.value.field, raised.value.table) == (
            code,
            field,
            "agents",
        )


# ---- decisions


def test_a_decision_says_what_decided() -> None:
    beside = {"features": {"calls_90d": 0, "count_contacts_where_open": 0}}
    top = MADE.decide({**RECORD, "vip": True, "tier": "gold"}, AS_OF, **beside)
    assert top == Decision("service", "top", "top", False, "The very best")
    assert MADE.decide({**RECORD, "vip": True, "tier": "gold"}, AS_OF, **beside) is top
    doubt = MADE.decide(RECORD, AS_OF, **beside)
    assert (doubt.segment, doubt.by, doubt.unsure, doubt.label) == (
        "doubt",
        "unsure",
        True,
        "Doubt",
    )
    known = {"agent": {"agent_id": "a", "skill": 0}, "name": "x", "likes": [], "weight": 1,
             "part": 0.1, "fee": 3, "born": "1990-01-01",
             "seen": NOON.replace(year=2020)}  # fmt: skip
    rest = MADE.decide({**RECORD, **known}, AS_OF, **beside)
    assert (rest.segment, rest.by, rest.unsure) == ("rest", "otherwise", False)
    truths = MADE.truths(RECORD, AS_OF, **beside)["service"]
    assert (truths[0], truths[2], truths.count(None)) == (False, None, 8)
    with pytest.raises(AttributeError):
        top.segment = "x"  # type: ignore[misc]


SEVERAL = (
    SHOP
    + """
segments letters of customers {
  paper "Paper" when born < 1950-01-01
  otherwise mail "Mail"
  unsure mail_too "Mail, too"
}
flags of customers {
  big "Big" when orders > 50
}
"""
)


def test_several_sets_over_a_table() -> None:
    made = build(shop(SEVERAL))
    record, beside = {**RECORD, "born": "1940-01-01", "orders": 60}, {"contacts": []}
    assert sorted(made.sets) == ["letters", "service"]
    found = made.decide_all(record, AS_OF, **beside)
    assert isinstance(found, Decisions)
    assert dict(found)["letters"] is found.letters is found["letters"]
    assert found.letters.segment == "paper"
    assert found.service.segment == "many"
    assert found.values == {"big": True}
    with pytest.raises(RecordError) as raised:
        made.decide(record, AS_OF, **beside)
    assert raised.value.code == "set"
    chosen = build(shop(SEVERAL), set="letters")
    assert chosen.decide(record, AS_OF).segment == "paper"
    assert made.with_options(set="service").decide(record, AS_OF, **beside).segment == "many"
    with pytest.raises(RecordError, match="letters"):
        build(shop(SEVERAL), set="lettres")
    # what other sets need may be passed
    assert chosen.decide(record, AS_OF, contacts=[]).segment == "paper"
    with pytest.raises(RecordError):
        chosen.decide(record, AS_OF, contcts=[])


def test_trusted_values_are_taken_as_they_are() -> None:
    made = build(shop(), trusted=True)
    beside = {"features": {"calls_90d": 0, "count_contacts_where_open": 0}}
    assert made.decide({**RECORD, "fee": 10_001}, AS_OF, **beside).segment == "rich"
    assert made.decide({**RECORD, "fee": 10_000}, AS_OF, **beside).segment != "rich"
    assert MADE.decide({**RECORD, "fee": 101}, AS_OF, **beside).segment == "rich"
    assert made.decide({**RECORD, "name": "anna"}, AS_OF, **beside).segment == "anna"
    assert MADE.decide({**RECORD, "name": " Anna "}, AS_OF, **beside).segment == "anna"


def test_threads_share_a_decider() -> None:
    made = build(shop())
    answers: list[Any] = []

    def work() -> None:
        for number in range(200):
            rows = contacts(*range(number % 4))
            answers.append((number % 4, made.features(RECORD, AS_OF, contacts=rows)["calls_90d"]))
            made.decide_all(RECORD, AS_OF, contacts=rows)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(answers) == 1600
    assert all(asked == found for asked, found in answers)


# ---- programs


def test_what_is_no_program() -> None:
    program = shop()
    for damaged in (
        {}, [], None, {**program, "program": 2}, {**program, "program": "1"},
        {name: part for name, part in program.items() if name != "steps"},
        {**program, "sets": [{"name": "service"}]}, {**program, "tables": {}},
        {**program, "table": "nowhere"}, {**program, "cells": [{}]},
    ):  # fmt: skip
        with pytest.raises(ProgramError):
            build(damaged)  # type: ignore[arg-type]


def test_words_that_are_not_known() -> None:
    for node in (
        ["apply", "system", [["const", "x"]], None], ["eval", "1"], ["use", "nothing"],
        ["column", "__class__"], ["placed", "nothing", 0], [], ["apply", "eq", [], None], "x",
    ):  # fmt: skip
        program = deepcopy(shop())
        program["sets"][0]["rules"][0][3] = node
        with pytest.raises(ProgramError):
            build(program)


def test_names_and_texts_are_never_code() -> None:
    hostile = 'x\'); import os; os.abort() #\n"""'
    program = shop(SHOP.replace('name = "anna"', 'name = "PLACE"'))
    plain = deepcopy(program)
    plain["tables"]["customers"]["columns"] = {
        hostile if name == "note" else name: column
        for name, column in plain["tables"]["customers"]["columns"].items()
    }
    plain["tables"]["customers"]["columns"][hostile]["read"] = True
    plain["sets"][0]["rules"][0] = [
        hostile, hostile, hostile, ["apply", "eq", [["column", hostile], ["const", hostile]], None]
    ]  # fmt: skip
    made = build(plain)
    found = made.decide({**RECORD, hostile: hostile}, AS_OF, contacts=[])
    assert (found.segment, found.by) == (hostile, hostile)

    class Other:
        def __getattr__(self, name: str) -> Any:
            return {**RECORD, hostile: hostile}[name]

    assert made.decide(Other(), AS_OF, contacts=[]) == found


def test_options_that_are_not_there() -> None:
    for option in ("extra", "absent", "missing"):
        with pytest.raises(ValueError, match="none of"):
            build(shop(), **{option: "maybe"})


def test_ranks_need_what_is_frozen() -> None:
    text = SHOP.replace("when orders > 50", "when in top 20% by orders")
    compiled = compile_source(Source("shop.seg", text))
    assert compiled.ruleset is not None
    (found,) = refusals(compiled.ruleset, "customers", Calibration(AS_OF))
    assert found.code == "SEG591"
    assert isinstance(build(shop(text)), Decider)


def test_types_for_editors() -> None:
    """The stub is Python that a type checker accepts, and says what the rules say."""
    text = stubs({"customers": shop(SEVERAL)}, "shop")
    made: dict[str, Any] = {}
    exec(compile(text, "stub", "exec", dont_inherit=True), made)  # noqa: S102
    hints = made["CustomersRecord"].__annotations__
    assert set(hints) == {each.name for each in MADE.columns}
    assert "Literal['bronze', 'silver', 'gold']" in text
    assert made["CustomersRecord"].__annotations__["vip"] is bool
    assert made["CustomersFeatures"].__annotations__["calls_90d"] is int
    assert not made["CustomersFeatures"].__required_keys__
    assert set(get_args(made["LettersSegment"])) == {"paper", "mail", "mail_too"}


def test_types_of_names_that_are_none_in_python() -> None:
    program = json.loads(json.dumps(shop(SEVERAL)).replace('"vip"', '"class"'))
    text = stubs({"customers": program}, "shop")
    made: dict[str, Any] = {}
    exec(compile(text, "stub", "exec", dont_inherit=True), made)  # noqa: S102
    assert made["CustomersRecord"].__annotations__["class"] is bool
