"""Claims are held, refuted with what goes against them, proved, or not tried for a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from told_shop import AS_OF, CANARY, CAP, FLAGS, FRAMES, HEAD, SETS, history, rules

from segrules.lang import ir
from segrules.report.testing import testing_record as record_of
from segrules.segments import grounds
from segrules.segments.assign import Asked
from segrules.segments.claims import Given, Trial, Verdict, try_all
from segrules.segments.grounds import Grounds
from segrules.segments.history.store import Run, StoredSet, append
from segrules.text.diagnostic import RulesError

EXAMPLES = """
examples of value as_of 2026-06-30 with vulnerable no, weight 2
    cut spend at 90 {
  | spend | bought => expect | by   |
  | 400   | 0      => big    | big  |
  | 20    | 30     => keen   | keen |
}
"""
PERSONA = "persona surfer { spend 400  vulnerable no  weight 3  bought 0 }\n"
DATA = Given(FRAMES, Asked(AS_OF))


def trial(*claims: str, given: Given = DATA, text: str = HEAD + SETS + CAP) -> Trial:
    lines = "".join(f"  {claim}\n" for claim in claims)
    return try_all(rules(f"{text}claims of value {{\n{lines}}}\n"), given)


def judged(claim: str, given: Given = DATA, text: str = HEAD + SETS + CAP) -> Verdict:
    (verdict,) = trial(claim, given=given, text=text).verdicts
    return verdict


def said(verdict: Verdict) -> str:
    assert verdict.finding is not None
    assert verdict.judged == ("refuted" if verdict.finding.severity == "error" else "not tried")
    return verdict.finding.message


# ---- never


def test_never_held() -> None:
    verdict = judged("never big and vulnerable")
    assert (verdict.judged, verdict.rows, verdict.unknown) == ("held", 8, 0)
    assert verdict.written == "never big and vulnerable"
    # the weight of one customer is not known
    verdict = judged("never big and weight > 300")
    assert (verdict.judged, verdict.rows, verdict.unknown) == ("held", 8, 1)


def test_never_refuted_by_the_first_key_with_what_it_reads() -> None:
    verdict = judged("never keen and spend < 80")
    assert said(verdict) == (
        "the claim is refuted by `C5` and 1 more, where value = keen, spend = 70.00"
    )
    assert said(judged("never suppressed")) == (
        "the claim is refuted by `C3`, where value = suppressed"
    )


def test_a_case_that_an_override_placed_says_so() -> None:
    placed = 'override value for "C5" to big until 2026-12-31 reason "a promise"\n'
    verdict = judged("never big and spend < 80", text=HEAD + SETS + placed)
    assert verdict.by == "override"
    assert said(verdict).startswith("the claim is refuted by `C5`")
    (row,) = record_of(Trial((), (verdict,), ()))["claims"]
    assert row["said"].endswith("; an override placed it there")
    # what a rule placed is not put on an override
    assert judged("never keen and spend < 80").by == "keen"


def test_never_of_ranks_of_the_data() -> None:
    assert judged("never in top 1 by spend and spend < 400").judged == "held"
    assert said(judged("never in top 1 by spend")).startswith("the claim is refuted by `C1`")


def test_sensitive_values_are_not_shown() -> None:
    found = trial("never salary > 100", "never agent.pay > 100", "more salary never lowers value")
    assert [each.judged for each in found.verdicts] == ["refuted", "refuted", "held"]
    assert said(found.verdicts[0]) == (
        "the claim is refuted by `C1` and 2 more, where salary = (hidden)"
    )
    assert str(CANARY) not in repr(found.findings)


def test_a_sensitive_key_is_not_shown() -> None:
    text = (HEAD + SETS).replace(
        "  customer_id text\n  region", "  customer_id text sensitive\n  region"
    )
    verdict = judged("never big", text=text)
    assert said(verdict).startswith("the claim is refuted by a row whose key is hidden and 2 more")


def test_never_is_tried_on_examples_and_personas() -> None:
    text = HEAD + SETS + EXAMPLES + PERSONA
    verdict = judged("never big and vulnerable", Given(), text)
    assert (verdict.judged, verdict.rows) == ("held", 0)
    assert (verdict.examples, verdict.personas) == (2, 1)
    assert said(judged("never big", Given(), text)) == (
        "the claim is refuted by example 1 of `value` and 1 more, where value = big"
    )
    assert said(judged("never big and weight = 3", Given(), text)) == (
        "the claim is refuted by the persona `surfer`, where value = big, weight = 3"
    )
    # examples say nothing of a rank that they have no cut point for
    verdict = judged("never in top 1 by spend", Given(), text)
    assert (verdict.judged, verdict.lack, verdict.examples) == ("not tried", "data", 0)


def test_without_anything_to_try_it_on() -> None:
    for claim in ("never big", "more spend never lowers value", "big stays under 1%",
                  "top 10% by spend bring at least 1% of spend"):  # fmt: skip
        verdict = judged(claim, Given())
        assert (verdict.judged, verdict.lack, verdict.finding) == ("not tried", "data", None)


# ---- more


BENT = SETS.replace("agent.skill >= 4", "(agent.skill >= 4 and spend < 75)")


def test_more_held_and_what_is_off_the_ladder() -> None:
    verdict = judged("more spend never lowers value")
    # three of eight are suppressed, in care, or unclear
    assert (verdict.judged, verdict.rows, verdict.left_out) == ("held", 8, 2)


def test_more_refuted_at_the_constant_that_it_is_held_against() -> None:
    assert said(judged("more spend never lowers value", text=HEAD + BENT)) == (
        "the claim is refuted by `C5`: with `spend` at 75.00 instead of 70.00 it goes from "
        "`keen` down to `small`"
    )


@pytest.mark.parametrize(
    ("test", "reached"),
    [
        ("spend <= 75", "75.01"),
        ("spend between 60 and 75", "75.01"),
        ("spend not in [90, 95]", "90.00"),
        ("spend < typical + 35", "110.00"),
        ("wealth < 1_000_000_000", "1000000000.00"),
    ],
)
def test_more_finds_where_a_rule_ends(test: str, reached: str) -> None:
    bent = SETS.replace("agent.skill >= 4", f"(agent.skill >= 4 and {test})")
    bent = bent.replace("in top 50% by spend", "weight > 300")
    assert f"with `spend` at {reached} instead of 70.00" in said(
        judged("more spend never lowers value", text=HEAD + bent)
    )


def test_more_of_a_named_value_and_of_a_flag() -> None:
    bent = SETS.replace("bought >= 20 or", "(bought <= 20 and spend < 30) or")
    assert said(judged("more bought never lowers value", text=HEAD + bent)) == (
        "the claim is refuted by `C7`: with `bought` at 20.01 instead of 0.00 it goes from "
        "`keen` down to `small`"
    )
    assert judged("more bought never lowers value").judged == "held"
    flagged = SETS.replace("      when vulnerable", "      when weight > 300")
    flagged = flagged.replace("bought >= 20 or", "not vulnerable and")
    assert said(judged("more vulnerable never lowers value", text=HEAD + flagged)) == (
        "the claim is refuted by `C5`: with `vulnerable` at yes instead of no it goes from "
        "`keen` down to `small`"
    )


def test_more_of_a_sensitive_value_hides_it() -> None:
    bent = SETS.replace("agent.skill >= 4", "(agent.skill >= 4 and wealth < 10_000_000)")
    assert said(judged("more salary never lowers value", text=HEAD + bent)) == (
        "the claim is refuted by `C5`: with more `salary` it goes from `keen` down to `small`"
    )


def test_more_crosses_the_cut_of_a_rank() -> None:
    bent = SETS.replace("and in top 50% by spend", "and not in top 1 by spend")
    bent = bent.replace(" or agent.skill >= 4", "")
    assert said(judged("more spend never lowers value", text=HEAD + bent)) == (
        "the claim is refuted by `C4`: with `spend` at 400.01 instead of 200.00 it goes from "
        "`big` down to `small`"
    )


def test_more_on_a_sample_evenly_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grounds, "SAMPLE", 3)
    assert judged("more spend never lowers value").rows == 3
    data = Grounds(rules(HEAD + SETS), "customers", DATA).data
    assert data is not None
    assert list(data.sample) == ["C1", "C4", "C8"]
    assert judged("more spend never lowers value", text=HEAD + BENT).judged == "held"


def test_more_of_those_held_by_tolerance(tmp_path: Path) -> None:
    # nobody who is held falls, nor does it count against the claim that they may not stay for ever
    given = replace(DATA, asked=Asked(AS_OF, history(tmp_path)))
    text = HEAD + SETS.replace("stay at least 60 days", "stay at least 90 days")
    assert judged("never big and spend < 100", given, text).judged == "refuted"
    assert judged("more spend never lowers value", given, text).judged == "held"


def test_more_on_examples_and_personas() -> None:
    text = HEAD + SETS + EXAMPLES + PERSONA
    verdict = judged("more spend never lowers value", Given(), text)
    assert (verdict.judged, verdict.rows) == ("held", 0)
    assert (verdict.examples, verdict.personas, verdict.left_out) == (2, 1, 0)
    bent = text.replace("spend >= 100", "spend between 100 and 500").replace(
        "agent.skill >= 4", "bought < 0"
    )
    assert said(judged("more spend never lowers value", Given(), bent)) == (
        "the claim is refuted by example 1 of `value`: with `spend` at 500.01 instead of 400.00 "
        "it goes from `big` down to `small`"
    )


# ---- shares


def test_shares_are_compared_exactly() -> None:
    # two of eight are big, both in their own right and after the cap
    assert judged("big stays under 25.1%").judged == "held"
    assert judged("big stays over 24.9%").figures == (0.25,)
    for claim in ("big stays under 25%", "big stays over 25%"):
        assert judged(claim).judged == "refuted"
    assert said(judged("big stays under 20%")) == (
        "the claim is refuted: `big` has 25% of 8 rows, not under 20%"
    )


def test_shares_of_deciders() -> None:
    assert judged("cap stays over 12%").figures == (0.125,)
    assert judged("suppress stays over 12%").figures == (0.125,)
    assert judged("otherwise stays under 99%").figures == (0.125,)
    # a segment of that name, not those whom its rule decides
    assert judged("keen stays over 12%").figures == (0.375,)


def test_samples() -> None:
    claims = ("big stays under 20% on golden", "big stays under 60%",
              "top 10% by spend bring at least 1% of spend on gold")  # fmt: skip
    found = trial(*claims)
    assert [each.lack for each in found.verdicts] == ["sample", "", "sample"]
    assert [each.code for each in found.findings] == ["SEG561", "SEG561"]
    assert not found.failed
    given = replace(DATA, samples=frozenset({"golden"}))
    assert [each.judged for each in trial(*claims, given=given).verdicts] == [
        "refuted", "held", "not tried",
    ]  # fmt: skip
    with pytest.raises(RulesError) as raised:
        trial(*claims, given=replace(DATA, samples=frozenset({"goldn"})))
    assert [each.code for each in raised.value.diagnostics] == ["SEG562"]


# ---- the top


def test_top_adds_money_exactly() -> None:
    # 400 and 300 of 1,085 pounds
    share = 70_000 / 108_500
    assert judged("top 2 by spend bring at least 64% of spend").figures == (share,)
    assert said(judged("top 2 by spend bring at least 65% of spend")) == (
        "the claim is refuted: they bring 64.52% of `spend`, not at least 65%"
    )
    assert judged("top 25% by spend bring at least 64% of spend").figures == (share,)
    many = {
        **FRAMES,
        "customers": pl.concat([FRAMES["customers"].head(1)] * 20_000).with_columns(
            customer_id=pl.int_range(20_000).cast(pl.String), spend=pl.lit(9 * 10**12)
        ),
    }
    verdict = judged("top 1 by spend bring at least 0.005% of spend", Given(many, Asked(AS_OF)))
    # beyond what 64 bits hold, to the penny
    assert (verdict.judged, verdict.figures) == ("held", (1 / 20_000,))


def test_top_of_a_named_value_and_of_nothing() -> None:
    assert judged("top 50% by wealth bring at least 99% of wealth").judged == "held"
    nothing = Given({**FRAMES, "orders": FRAMES["orders"].clear()}, Asked(AS_OF))
    verdict = judged("top 50% by spend bring at least 99% of bought", nothing)
    assert (verdict.judged, verdict.lack, verdict.lacking) == ("not tried", "total", ("bought",))


# ---- personas


def test_a_persona_that_no_data_can_change_is_proved() -> None:
    text = HEAD + SETS.replace("and in top 50% by spend", "")
    text += "persona weak { vulnerable yes  weight 3 }\n"
    for given in (Given(), DATA):
        verdict = judged("persona weak is care", given, text)
        assert (verdict.judged, verdict.cuts, verdict.personas) == ("proved", "", 1)
    assert said(judged("persona weak is small", Given(), text)) == (
        "the claim is refuted: `weak` is `care` by `care`"
    )


def test_where_the_cut_points_for_a_persona_come_from() -> None:
    claim = "persona surfer is big"
    verdict = judged(claim, Given(), HEAD + SETS + PERSONA)
    assert (verdict.judged, verdict.lack) == ("not tried", "cuts")
    assert verdict.lacking == ("top 50% of customers by spend",)
    verdict = judged(claim, Given(), HEAD + SETS + PERSONA + EXAMPLES)
    assert (verdict.judged, verdict.cuts) == ("held", "examples")
    verdict = judged(claim, DATA, HEAD + SETS + PERSONA + EXAMPLES)
    assert (verdict.judged, verdict.cuts) == ("held", "data")
    # a cap is not for fixtures
    assert judged(claim, DATA, HEAD + SETS + CAP.replace("at 2", "at 0") + PERSONA).judged == "held"
    lower = HEAD + SETS + PERSONA.replace("spend 400", "spend 100")
    spends = FRAMES["customers"].with_columns(pl.col("spend") + 100)
    verdict = judged(claim, Given({**FRAMES, "customers": spends}, Asked(AS_OF)), lower)
    assert said(verdict).startswith("the claim is refuted: `surfer` is `unclear` by `unsure`")


def test_a_persona_that_hangs_on_the_day() -> None:
    text = HEAD + SETS.replace("in top 50% by spend", "as_of > 2026-06-01") + PERSONA
    verdict = judged("persona surfer is big", Given(), text)
    assert (verdict.judged, verdict.lack) == ("not tried", "day")
    assert judged("persona surfer is big", DATA, text).judged == "held"


# ---- flapping


def runs(folder: Path, held: Mapping[str, str], free: Mapping[str, str] | None) -> Path:
    """Segments month by month: a letter a run, for each key."""
    for at in range(len(next(iter(held.values())))):
        rows = {"customer_id": list(held), "value": [each[at] for each in held.values()]}
        if free is not None:
            rows["value:free"] = [each[at] for each in free.values()]
        what = Run("customers", "customer_id", dt.date(2026, at + 1, 28), "shop", "0" * 64,
                   "0" * 64, {"value": StoredSet(("a", "b"))})  # fmt: skip
        append(folder, pl.DataFrame(rows), what)
    return folder


FLAPPING = "flapping with tolerance < flapping without tolerance"


def flapped(folder: Path, held: str, free: str | None) -> Verdict:
    past = runs(folder, {"C1": held}, None if free is None else {"C1": free})
    return judged(FLAPPING, Given(history=past))


def test_flapping(tmp_path: Path) -> None:
    verdict = flapped(tmp_path / "less", "aaab", "abab")
    assert (verdict.judged, verdict.figures) == ("held", (0.0, 1.0))
    assert said(flapped(tmp_path / "same", "abab", "abab")) == (
        "the claim is refuted: 100% flap with tolerance and 100% without"
    )


def test_flapping_that_cannot_be_compared(tmp_path: Path) -> None:
    assert judged(FLAPPING, Given()).lack == "history"
    assert flapped(tmp_path / "one", "a", "a").lack == "reviews"
    assert flapped(tmp_path / "two", "ab", "ab").lack == "reviews"
    assert flapped(tmp_path / "bare", "aba", None).lack == "tolerance"
    assert flapped(tmp_path / "calm", "aab", "aab").lack == "flaps"
    for folder in ("one", "two", "bare", "calm"):
        assert judged(FLAPPING, Given(history=tmp_path / folder)).judged == "not tried"
    with pytest.raises(RulesError) as raised:
        judged(FLAPPING, Given(history=tmp_path / "nowhere"))
    assert [each.code for each in raised.value.diagnostics] == ["SEG460"]


# ---- all together


def test_what_claims_ask_leaves_the_assignment_as_it_is() -> None:
    found = trial("never big and vulnerable", "never in top 1 by spend and spend < 1",
                   "top 10% by spend bring at least 1% of spend", "big stays under 26%",
                   text=HEAD + SETS + CAP + FLAGS)  # fmt: skip
    assert [each.judged for each in found.verdicts] == ["held"] * 4


def test_sets_of_two_tables() -> None:
    text = HEAD + SETS + "segments rank of agents { good when skill >= 4 otherwise plain }\n" + (
        "claims of rank { good stays under 60% }\nclaims of value { big stays under 60% }\n"
    )  # fmt: skip
    found = try_all(rules(text), DATA)
    assert [(each.of, each.figures) for each in found.verdicts] == [
        ("rank", (0.5,)), ("value", (0.375,)),
    ]  # fmt: skip
    alone = Given({"agents": FRAMES["agents"]}, Asked(AS_OF))
    assert [each.lack for each in try_all(rules(text), alone).verdicts] == ["", "data"]


def test_examples_and_claims_fail_together() -> None:
    text = HEAD + SETS + EXAMPLES.replace("=> big    | big ", "=> keen   | keen")
    found = trial("never keen", text=text)
    assert [each.code for each in found.findings] == ["SEG150", "SEG560"]
    assert found.failed
    assert [each.passed for each in found.examples] == [False, True]


def test_lazy_data_give_the_same() -> None:
    lazy = Given({name: frame.lazy() for name, frame in FRAMES.items()}, Asked(AS_OF))
    claims = ("never keen and spend < 80", "more spend never lowers value", "big stays under 20%")
    assert trial(*claims, given=lazy).verdicts == trial(*claims).verdicts
    assert isinstance(trial(*claims).verdicts[1].claim, ir.MoreClaim)
