"""A bundle is verified when it is read, proved before it is served, and logged without secrets."""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from segrules import load, runtime
from segrules.lang import ir
from segrules.lang.pipeline import compile_source
from segrules.runtime import Bundle, BundleError, Logged, RecordError, Service
from segrules.runtime.bundle import parsed, written
from segrules.segments.bundle import Compiled, compiled
from segrules.text.source import Source

DAY = dt.date(2026, 6, 30)
CANARY = "canary@example.org"
RULES = """
ruleset shop {
  language 1
  goal  "Raise profit"
  why   "A few customers bring most of it"
  owner "Sales"
  money GBP
}
knob big_from = LIMIT from 10 to 1_000
table customers key customer_id {
  customer_id text
  spend       money
  region      one of north, south
  email       text? sensitive
  joined      date?
}
table orders of customers by customer_id dated on_day {
  on_day date
  amount money
}
let spent  = sum amount of orders in last 90 days
let wealth = spend + spent
segments value of customers {
  known   "Known"  when email is known and email contains "@vip."
  big     "Big"    when wealth >= big_from
  fresh            when days since joined <= 30
  otherwise small  "Small"
  unsure  unclear
}
examples of value as_of 2026-06-30 with email missing, region north {
  | wealth | joined     => expect | by        |
  | 500    | 2020-01-01 => EXPECT | BY        |
  | 1      | 2026-06-20 => fresh  | fresh     |
  | 1      | 2020-01-01 => small  | otherwise |
}
"""
LONG_AGO = dt.date(2020, 1, 1)
RECORD = {
    "customer_id": "C1", "spend": 90, "region": "north", "email": None, "joined": LONG_AGO
}  # fmt: skip


def made(limit: int = 100, expect: str = "big") -> Compiled:
    """Bundles that differ in their knob; `expect` is what the first example says."""
    by = "otherwise" if expect == "small" else expect
    text = RULES.replace("LIMIT", str(limit)).replace("EXPECT", expect).replace("BY  ", by)
    ruleset = compile_source(Source("shop.seg", text)).ruleset
    assert isinstance(ruleset, ir.Ruleset)
    return compiled(ruleset, text, DAY, {})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return put(tmp_path / "rules.segb")


def put(path: Path, found: Compiled | None = None) -> Path:
    path.write_text((found or made()).text, "utf-8")
    return path


# ---- read and verified


def test_a_bundle_decides_as_its_rules_say(path: Path) -> None:
    bundle = runtime.load(path)
    assert bundle.failures() == ()
    assert (bundle.ruleset, bundle.as_of, bundle.tables) == ("shop", DAY, ("customers",))
    assert bundle.knobs == {"big_from": "100"}
    assert "segments value of customers" in bundle.rules
    decision = bundle.decide(RECORD, as_of=DAY, orders=[{"on_day": "2026-06-01", "amount": 20}])
    assert (decision.segment, decision.by, decision.label) == ("big", "big", "Big")
    assert bundle.decide(RECORD, as_of=DAY, features={"spent": 0}).segment == "small"
    assert bundle.truths(RECORD, as_of=DAY, features={"spent": 0}) == {
        "value": (False, False, False)
    }


def test_the_schema_says_what_a_record_needs(path: Path) -> None:
    schema = runtime.load(path).schema["customers"]
    # what no rule reads is not asked for
    assert set(schema["properties"]) == {"spend", "email", "joined"}
    assert schema["features"]["spent"]["default"] == 0
    assert {"type": "null"} in schema["properties"]["joined"]["anyOf"]


def test_the_same_rules_make_the_same_bundle() -> None:
    assert made().text == made().text
    assert made().hash != made(limit=200).hash


def test_a_bundle_may_be_laid_out_anew(path: Path) -> None:
    held = json.loads(path.read_text())
    path.write_text(json.dumps(held, indent=2))
    assert runtime.load(path).decide(RECORD, as_of=DAY, features={"spent": 20}).segment == "big"


def code_of(raw: bytes, **options: Any) -> str:
    with pytest.raises(BundleError) as caught:
        parsed(raw, "rules.segb", **options)
    return caught.value.code


def test_every_bundle_that_is_cut_off_is_refused(path: Path) -> None:
    raw = path.read_bytes()
    luck = random.Random(1)  # noqa: S311 -- reproducible, no secret
    for end in luck.sample(range(len(raw) - 1), 300):
        assert code_of(raw[:end]) == "damaged"


def test_every_flipped_bit_is_refused(path: Path) -> None:
    raw = path.read_bytes()
    luck = random.Random(2)  # noqa: S311 -- reproducible, no secret
    for _ in range(2_000):
        at, bit = luck.randrange(len(raw)), luck.randrange(8)
        flipped = bytearray(raw)
        flipped[at] ^= 1 << bit
        try:
            json.loads(bytes(flipped))
        except ValueError:
            assert code_of(bytes(flipped)) == "damaged"
            continue
        if json.loads(bytes(flipped)) == json.loads(raw):
            continue  # space became other space
        assert code_of(bytes(flipped)) in ("damaged", "version", "no bundle")


def test_what_is_no_bundle(tmp_path: Path) -> None:
    assert code_of(b"[]") == "no bundle"
    assert code_of(b'{"rules": 1}') == "no bundle"
    assert code_of(b'{"bundle": 2, "hash": "", "content": {}}') == "version"
    assert code_of(b'{"bundle": 1, "hash": "0", "content": {}}') == "damaged"
    assert code_of(b"[" * 100_000) == "damaged"
    assert code_of(written({"ruleset": "shop"})[0].encode()) == "damaged"
    with pytest.raises(BundleError) as caught:
        runtime.load(tmp_path / "nowhere.segb")
    assert caught.value.code == "unreadable"


def test_another_hash_than_expected(path: Path) -> None:
    digest = runtime.load(path).hash
    assert runtime.load(path, expect=digest[:12]).hash == digest
    raw = path.read_bytes()
    assert code_of(raw, expect="0" * 64) == "hash"
    # so short a beginning tells nothing
    assert code_of(raw, expect=digest[:4]) == "hash"


def test_a_program_with_other_words_is_refused() -> None:
    content = dict(made().content)
    program = json.loads(json.dumps(content["programs"]["customers"]))
    program["overlays"] = [["x", ["exec", "import os"], ["flag"]]]
    text, _ = written({**content, "programs": {"customers": program}})
    assert code_of(text.encode()) == "damaged"


def test_nothing_but_the_standard_library_is_imported(path: Path) -> None:
    program = (
        "import sys; before = set(sys.modules); import segrules.runtime as r; "
        f"b = r.load({str(path)!r}); b.failures(); "
        "new = {m.partition('.')[0] for m in set(sys.modules) - before}; "
        "new = {m for m in new if not m.startswith('_sysconfigdata')}; "
        "print(sorted(new - set(sys.stdlib_module_names)), "
        "[m for m in sys.modules if m.startswith('segrules.') and 'runtime' not in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['segrules'] []"


def test_rows_that_are_not_there_are_told_from_none_at_all(path: Path) -> None:
    bundle = runtime.load(path)
    assert bundle.decide(RECORD, as_of=DAY, orders=[]).segment == "small"
    with pytest.raises(RecordError) as caught:
        bundle.decide(RECORD, as_of=DAY, orders=None)
    assert caught.value.code == "feature"


# ---- knobs that are turned


def of_file(folder: Path, text: str, knobs: dict[str, str], day: dt.date = DAY) -> Path:
    """The bundle of a rule file with knobs set, as `segrules compile` makes it."""
    rules, out = folder / "shop.seg", folder / "turned.segb"
    rules.write_text(text)
    load(rules, knobs=knobs, as_of=day).compile(as_of=day).write(out)
    return out


PLAIN = RULES.replace("LIMIT", "100").replace("EXPECT", "big").replace("BY  ", "big")


def test_turned_knobs_are_not_held_to_the_examples_of_the_rules(tmp_path: Path) -> None:
    bundle = runtime.load(of_file(tmp_path, PLAIN, {"big_from": "900"}))
    assert bundle.turned == {"big_from": ("100", "900")}
    assert bundle.content["examples"] == []
    # what is decided of them now is stored: the first one is big no more
    (block,) = bundle.content["vectors"]
    assert [row["expect"] for row in block["rows"]] == ["small", "fresh", "small"]
    assert bundle.failures() == ()
    assert Service(tmp_path / "turned.segb").bundle.turned
    # set to what it is, a knob is not turned
    same = runtime.load(of_file(tmp_path, PLAIN, {"big_from": "100"}))
    assert (same.turned, same.content["vectors"]) == ({}, [])
    assert len(same.content["examples"][0]["rows"]) == 3


def test_a_reload_holds_turned_rules_to_what_was_decided_of_them(tmp_path: Path) -> None:
    path = of_file(tmp_path, PLAIN, {"big_from": "900"})
    service, content = Service(path), json.loads(path.read_text())["content"]
    content["vectors"][0]["rows"][0]["expect"] = "big"
    path.write_text(written(content)[0])
    with pytest.raises(BundleError, match="stored in it") as caught:
        service.reload()
    assert caught.value.code == "examples"
    assert service.bundle.failures() == ()


def test_examples_whose_cut_points_do_not_fit_turned_knobs_are_left_out(tmp_path: Path) -> None:
    ranked = PLAIN.replace("knob big", "knob best = 40% from 10% to 90%\nknob big").replace(
        '  big     "Big"', '  best    "Best" when in top best by spend\n  big     "Big"'
    )
    cut = ranked.replace("region north {", "region north\n    cut top 40% by spend at 1_000 {")
    cut = cut.replace("| wealth | joined ", "| spend | wealth | joined ")
    cut = cut.replace("  | 500  ", "  | 10 | 500  ").replace("  | 1  ", "  | 10 | 1  ")
    rules = tmp_path / "shop.seg"
    rules.write_text(cut)
    assert load(rules).ruleset.examples
    turned = load(rules, knobs={"best": "50%"})
    assert turned.ruleset.examples == ()
    # another knob leaves them in their place
    assert load(rules, knobs={"big_from": "900"}).ruleset.examples


def test_examples_hold_for_the_values_that_knobs_have_on_their_day(tmp_path: Path) -> None:
    later = PLAIN.replace(
        "from 10 to 1_000", "from 10 to 1_000 then 900 since 2026-09-01"
    )  # fmt: skip
    then = runtime.load(of_file(tmp_path, later, {}, dt.date(2026, 10, 1)))
    assert (then.turned, then.content["examples"]) == ({}, [])
    assert then.content["vectors"][0]["rows"][0]["expect"] == "small"
    now = runtime.load(of_file(tmp_path, later, {}, DAY))
    assert (len(now.content["examples"]), now.content["vectors"]) == (1, [])


# ---- served


def test_a_reload_takes_a_bundle_that_passes_its_examples(path: Path) -> None:
    service = Service(path)
    assert service.decide(RECORD, as_of=DAY, features={"spent": 20}).segment == "big"
    assert not service.reload_if_changed()
    assert not service.reload()
    put(path, made(limit=300))
    assert service.reload_if_changed()
    assert service.decide(RECORD, as_of=DAY, features={"spent": 20}).segment == "small"


@pytest.mark.parametrize("broken", ["examples", "damaged", "unreadable"])
def test_a_reload_that_fails_leaves_the_bundle_before(path: Path, broken: str) -> None:
    service = Service(path)
    if broken == "examples":
        put(path, made(expect="small"))
    elif broken == "damaged":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        path.unlink()
    with pytest.raises(BundleError) as caught:
        service.reload()
    assert caught.value.code == broken
    assert service.decide(RECORD, as_of=DAY, features={"spent": 20}).segment == "big"


def test_a_bundle_that_fails_its_examples_is_never_served(path: Path) -> None:
    put(path, made(expect="small"))
    (failure,) = runtime.load(path).failures()
    assert (failure.number, failure.expected, failure.got) == (
        1, ("small", "otherwise"), ("big", "big")
    )  # fmt: skip
    with pytest.raises(BundleError, match="example 1 of value is big"):
        Service(path)


def test_every_decision_is_of_one_bundle_while_it_is_exchanged(path: Path) -> None:
    texts = [made().text, made(limit=300).text]
    service, seen, stop = Service(path), set[str | None](), threading.Event()
    wrong: list[object] = []

    def decide() -> None:
        while not stop.is_set():
            decision = service.decide(RECORD, as_of=DAY, features={"spent": 20})
            seen.add(decision.segment)
            if decision.segment not in ("big", "small"):
                wrong.append(decision)

    threads = [threading.Thread(target=decide) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(60):
        path.write_text(texts[turn % 2])
        service.reload()
    stop.set()
    for thread in threads:
        thread.join()
    assert (wrong, seen) == ([], {"big", "small"})


def test_a_shadow_is_counted_and_never_heard(path: Path, tmp_path: Path) -> None:
    other = put(tmp_path / "other.segb", made(limit=300))
    service = Service(path)
    service.set_shadow(other)
    for spent in (0, 20, 20, 400):
        assert service.decide(RECORD, as_of=DAY, features={"spent": spent}).segment != "unclear"
    assert service.shadow is not None
    assert (service.shadow.decided, service.shadow.differ) == (4, 2)
    assert dict(service.shadow.moves) == {("big", "small"): 2}
    service.set_shadow(None)
    assert service.shadow is None
    with pytest.raises(BundleError):
        service.set_shadow(tmp_path / "nowhere.segb")


def test_what_the_shadow_cannot_decide_is_counted(path: Path, tmp_path: Path) -> None:
    content = json.loads(json.dumps(made().content))
    # rules that ask for one feature more
    program = content["programs"]["customers"]
    (asked,) = (each for each in program["asked"] if each["name"] == "spent")
    asked["name"] = "spent_of_another_name"
    content["examples"] = []
    other = tmp_path / "other.segb"
    other.write_text(written(content)[0])
    service = Service(path)
    service.set_shadow(other)
    assert service.decide(RECORD, as_of=DAY, features={"spent": 20}).segment == "big"
    assert service.shadow is not None
    assert service.shadow.decided == 0
    assert sum(service.shadow.failed.values()) == 1


def test_the_log_holds_nothing_sensitive(path: Path) -> None:
    logged: list[Logged] = []
    service = Service(path, log=logged.append)
    decision = service.decide({**RECORD, "email": CANARY}, as_of=DAY, features={"spent": 20})
    (line,) = logged
    assert line.decision is decision
    assert (line.key, line.table, line.as_of) == ("C1", "customers", DAY)
    assert line.values == {"spend": 90, "joined": RECORD["joined"]}
    assert line.withheld == ("email",)
    assert CANARY not in repr(line)
    assert line.bundle == service.bundle.hash


def test_a_record_that_cannot_be_decided_is_not_logged(path: Path) -> None:
    logged: list[Logged] = []
    service = Service(path, log=logged.append)
    with pytest.raises(RecordError):
        service.decide({**RECORD, "spend": "much"}, as_of=DAY, features={"spent": 20})
    assert logged == []


def test_several_bundles_do_not_share_anything(path: Path, tmp_path: Path) -> None:
    first: Bundle = runtime.load(path)
    second = runtime.load(put(tmp_path / "other.segb", made(limit=300)))
    asked = {"as_of": DAY, "features": {"spent": 20}}
    assert (first.decide(RECORD, **asked).segment, second.decide(RECORD, **asked).segment) == (
        "big", "small"
    )  # fmt: skip
