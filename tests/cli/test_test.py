"""`segrules test`: examples and claims, told in a table, with an exit code for machines."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_shop import AS_OF, RULES, Ran, Shop, run, shop, unchanged

EXAMPLES = """
persona regular "Comes every week" { spend 40  bought 90 }

examples of value as_of 2026-06-30 {
  | spend | bought => expect | by        |
  | 120   | 0      => big    | big       |
  | 20    | 30     => keen   | keen      |
  | 20    | 0      => small  | otherwise |
}
"""
CLAIMS = """
claims of value {
  never big and bought > 1_000
  more spend never lowers value
  more bought never lowers value
  big stays under 50%
  otherwise stays under 20% on golden
  persona regular is keen
  top 1 by spend bring at least 50% of spend
}
"""
WRONG = """
claims of value {
  never big and email is known
  more spend never lowers value
  big stays over 50%
  persona regular is big
  top 1 by spend bring at least 90% of spend
}
"""
LADDER = RULES.replace("of customers {\n  big", "of customers ladder small < keen < big {\n  big")
FLAPPING = """
claims of value {
  flapping with tolerance < flapping without tolerance
}
"""


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path, LADDER + EXAMPLES + CLAIMS)


def tried(made: Shop, *more: object) -> Ran:
    return run("test", made.rules, *more)


def on_data(made: Shop, *more: object) -> Ran:
    return tried(made, *made.tables, "--as-of", AS_OF, *more)


def test_without_data(made: Shop, golden: Callable[[str, str], None]) -> None:
    with unchanged(made.folder):
        done = tried(made)
    assert (done.code, done.err) == (0, "")
    golden("test/without_data.txt", done.out)


def test_on_data(made: Shop, golden: Callable[[str, str], None]) -> None:
    with unchanged(made.folder):
        done = on_data(made)
    assert (done.code, done.codes) == (0, ["SEG561"])
    golden("test/on_data.txt", done.out)


def test_on_the_sample_that_a_claim_is_about(made: Shop) -> None:
    done = on_data(made, "--sample", "golden")
    assert (done.code, done.codes) == (1, ["SEG560"])
    assert "refuted: `otherwise` has 33.33% of 3 rows, not under 20%" in done.out
    done = on_data(made, "--sample", "gold")
    assert (done.code, done.codes, done.out) == (2, ["SEG562"], "")
    assert "the claims name `golden`" in done.err


def test_what_fails(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    wrong = EXAMPLES.replace("=> keen   | keen ", "=> keen   | big  ")
    bent = LADDER.replace("when bought >= 20", "when bought >= 20 and spend < 80")
    made = shop(tmp_path, bent + wrong + WRONG)
    done = on_data(made)
    assert (done.code, done.codes) == (1, ["SEG150", *["SEG560"] * 5])
    golden("test/failing.txt", done.out)
    golden("test/failing_findings.txt", done.err.replace(str(made.folder), "folder"))
    # the address of a customer is sensitive
    assert "a@x.org" not in done.out + done.err


def test_record(made: Shop) -> None:
    done = on_data(made, "--format", "json")
    assert done.code == 0
    assert [each["passed"] for each in done.json["examples"]] == [True] * 3
    claims = {each["claim"]: each for each in done.json["claims"]}
    assert {each["set"] for each in claims.values()} == {"value"}
    assert [each["judged"] for each in claims.values()] == [
        "held", "held", "held", "held", "not tried", "proved", "held",
    ]  # fmt: skip
    share = claims["big stays under 50%"]
    assert (share["rows"], share["figures"]) == (3, [1 / 3])
    never = claims["never big and bought > 1_000"]
    assert (never["rows"], never["examples"], never["personas"]) == (3, 3, 1)
    assert [each["code"] for each in done.json["findings"]] == ["SEG561"]


def test_knobs_change_what_holds(made: Shop) -> None:
    assert tried(made).code == 0
    done = tried(made, "--knob", "big_from=130")
    assert (done.code, done.codes) == (1, ["SEG150"])


def test_what_is_given_without_what_it_needs(made: Shop) -> None:
    done = tried(made, *made.tables)
    assert (done.code, done.codes, done.out) == (2, ["SEG563"], "")
    assert "--table is given without --as-of" in done.err
    done = tried(made, "--sample", "golden", "--as-of", AS_OF)
    assert (done.code, done.codes) == (2, ["SEG563"])
    assert tried(made, "--as-of", AS_OF).code == 0
    assert tried(made, "--as-of", "today").codes == ["SEG622"]


def test_nothing_to_test(tmp_path: Path) -> None:
    done = tried(shop(tmp_path))
    assert (done.code, done.codes) == (0, ["SEG564"])
    assert "nothing to test" in done.out


def test_rules_with_errors(made: Shop) -> None:
    made.change("spend >= big_from", "spnd >= big_from")
    done = tried(made)
    assert (done.code, done.codes, done.out) == (1, ["SEG201"], "")
    made.rules.unlink()
    assert tried(made).code == 2


def test_data_that_do_not_fit(made: Shop) -> None:
    made.customers.write_text("customer_id\n1\n")
    done = on_data(made)
    assert (done.code, done.out) == (2, "")
    assert "SEG406" in done.codes


def test_flapping_needs_a_history(tmp_path: Path) -> None:
    held = LADDER.replace("when spend >= big_from", "when spend >= big_from\n stay at least 9 days")
    made = shop(tmp_path, held + FLAPPING)
    done = tried(made)
    assert done.code == 0
    assert "not tried: needs a history; add --history" in done.out
    assert tried(made, "--history", made.folder / "nowhere").codes == ["SEG460"]
    for day in ("2026-04-30", "2026-05-31", AS_OF):
        past = made.folder / "history"
        assert run("assign", made.rules, *made.tables, "--as-of", day, "-o", made.out,
                   "--history", past).code == 0  # fmt: skip
    done = tried(made, "--history", past)
    assert done.code == 0
    assert "not tried: nobody would have flapped without tolerance" in done.out
