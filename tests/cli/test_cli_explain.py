"""`segrules explain` of one customer and of two, from files."""

from pathlib import Path

import pytest
from cli_shop import AS_OF, RULES, Ran, Shop, run, shop


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path)


def explain(made: Shop, *more: object) -> Ran:
    return run("explain", made.rules, *made.tables, "--as-of", AS_OF, *more)


def test_one_customer(made: Shop) -> None:
    done = explain(made, "--key", "1", "--show-values")
    assert (done.code, done.err) == (0, "")
    assert "customers 1 is keen as of 2026-06-30: its rule is the first that is true" in done.out
    assert "bought = 20.00" in done.out
    assert "20.00" not in explain(made, "--key", "1").out


def test_two_customers(made: Shop) -> None:
    done = explain(made, "--key", "1", "--versus", "0001", "--show-values")
    assert (done.code, done.err) == (0, "")
    assert "customers 1 is keen, 0001 is big as of 2026-06-30: big is false for 1" in done.out
    record = explain(made, "--key", "1", "--versus", "0001", "--format", "json").json
    assert [record[side]["sets"][0]["segment"] for side in ("left", "right")] == ["keen", "big"]
    assert record["sets"][0]["deciding"] == 0


def test_keys_that_are_not_there(made: Shop) -> None:
    for words in (["--key", "7"], ["--key", "1", "--versus", "7"]):
        done = explain(made, *words)
        assert (done.code, done.codes, done.out) == (2, ["SEG420"], "")


def test_sensitive_columns_of_files_stay_hidden(made: Shop) -> None:
    made.change("when bought >= 20", 'when bought >= 20 and email contains "@"')
    made.change("otherwise small", "otherwise small\n  unsure unclear")
    done = explain(made, "--key", "0001", "--show-values")
    assert "email = (hidden)" in done.out
    assert "a@x.org" not in done.out + done.err


def test_the_past_is_read_where_it_is_given(tmp_path: Path) -> None:
    made = shop(
        tmp_path, RULES.replace("spend >= big_from", "spend >= big_from\n stay at least 60 days")
    )
    past = tmp_path / "history"
    words = [*made.tables, "-o", made.out, "--history", past]
    assert run("assign", made.rules, *words, "--as-of", "2026-05-31").code == 0
    # the knob alone does not move the one who was big
    words = ["--key", "0001", "--knob", "big_from=200", "--history", past]
    done = explain(made, *words)
    assert done.code == 0
    assert (
        "0001 is big as of 2026-06-30: it was there before and is held since 2026-05-31" in done.out
    )
    assert "0001 is small" in explain(made, *words[:4]).out
