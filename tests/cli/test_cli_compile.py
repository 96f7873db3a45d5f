"""`segrules compile` and `segrules export`: what a service is given, and what it must not be."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from cli_shop import AS_OF, Shop, run, shop, unchanged

from segrules import load, runtime

RANKED = """
segments worth of customers {
  best when in top 40% by spend
  otherwise rest
}
"""


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path)


def ranked(made: Shop) -> Path:
    made.rules.write_text(made.rules.read_text() + RANKED)
    return made.rules


def test_a_bundle_places_every_customer_as_assign_does(made: Shop, tmp_path: Path) -> None:
    out = tmp_path / "shop.segb"
    assert made.assign().code == 0
    done = run("compile", made.rules, "-o", out, "--as-of", AS_OF)
    assert (done.code, done.err) == (0, "")
    rules = load(made.rules)
    bundle = runtime.load(out)
    assert bundle.hash[:12] in done.out
    assert bundle.revision == rules.compile(as_of=dt.date.fromisoformat(AS_OF)).content["revision"]
    placed = pl.read_parquet(made.out)
    written = tmp_path / "features.parquet"
    exported = run("export", made.rules, *made.tables, "--as-of", AS_OF, "-o", written)
    assert exported.code == 0, exported.err
    known = {row["customer_id"]: row for row in pl.read_parquet(written).to_dicts()}
    rows = pl.read_csv(made.customers, infer_schema=False).to_dicts()
    placed = placed.select("customer_id", pl.col("value").cast(pl.String))
    expected = dict(placed.iter_rows())
    assert set(expected.values()) == {"big", "keen", "small"}
    for row in rows:
        read = {each.name: row[each.name] for each in bundle.decider().columns}
        features = {name: value for name, value in known[row["customer_id"]].items()
                    if name != "customer_id"}  # fmt: skip
        decision = bundle.decide(read, as_of=dt.date.fromisoformat(AS_OF), features=features)
        assert decision.segment == expected[row["customer_id"]]


def test_ranks_need_cut_points(made: Shop, tmp_path: Path) -> None:
    out, cuts = tmp_path / "shop.segb", tmp_path / "cuts.json"
    done = run("compile", ranked(made), "-o", out)
    assert (done.code, done.codes) == (2, ["SEG660"])
    assert not out.exists()
    assert made.assign("--freeze", cuts).code == 0
    done = run("compile", made.rules, "-o", out, "--calibration", cuts)
    assert done.code == 0, done.err
    frozen = runtime.load(out)
    # the day of the cut points
    assert frozen.as_of == dt.date.fromisoformat(AS_OF)
    again = tmp_path / "again.segb"
    assert run("compile", made.rules, *made.tables, "--as-of", AS_OF, "-o", again).code == 0
    assert runtime.load(again).content["programs"] == frozen.content["programs"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "SEG661"),
        (("-o", "rules.json"), "SEG661"),
        (("-o", "nowhere/rules.segb"), "SEG416"),
        (("--sql", "mysql"), "SEG663"),
    ],
)
def test_what_cannot_be_compiled(made: Shop, words: tuple[str, ...], code: str) -> None:
    done = run("compile", made.rules, *words)
    assert (done.code, done.codes) == (2, [code])


def test_rules_without_related_rows_have_nothing_to_export(made: Shop, tmp_path: Path) -> None:
    text = made.rules.read_text()
    made.rules.write_text(text[: text.index("segments ")] + RANKED)
    out = tmp_path / "features.parquet"
    done = run("export", made.rules, *made.tables, "--as-of", AS_OF, "-o", out)
    assert (done.code, done.codes) == (2, ["SEG662"])
    assert not out.exists()


def test_the_plan_is_the_same_each_time_and_follows_the_rows(made: Shop) -> None:
    few = run("compile", made.rules, "--explain-plan", "--rows", 100)
    assert few.code == 0
    assert "a chain of conditions" in few.out
    assert run("compile", made.rules, "--explain-plan", "--rows", 100).out == few.out
    many = run("compile", made.rules, "--explain-plan", "--rows", 10_000_000_000)
    assert many.out != few.out


def test_a_query_for_a_warehouse_says_whether_it_was_ever_executed(made: Shop) -> None:
    done = run("compile", made.rules, "--sql", "duckdb", "--as-of", AS_OF)
    assert done.code == 0, done.err
    assert done.out.startswith(f"-- customers as of {AS_OF}\nWITH ")
    assert "not executed" in run("compile", made.rules, "--sql", "snowflake", "--as-of", AS_OF).out


def test_types_are_written_beside(made: Shop, tmp_path: Path) -> None:
    out = tmp_path / "types.pyi"
    assert run("compile", made.rules, "--stubs", out).code == 0
    text = out.read_text()
    assert "class CustomersRecord(TypedDict):" in text
    compile(text, "types.pyi", "exec")


def test_nothing_that_is_read_is_written_over(made: Shop, tmp_path: Path) -> None:
    cuts = tmp_path / "cuts.json"
    assert made.assign("--freeze", cuts).code == 0
    with unchanged(made.folder):
        for place in (made.customers, made.orders):
            done = run("export", made.rules, *made.tables, "--as-of", AS_OF, "-o", place)
            assert (done.code, done.codes) == (2, ["SEG415"])
        for place, code in ((made.rules, "SEG661"), (cuts, "SEG661")):
            done = run("compile", made.rules, "--calibration", cuts, "--stubs", place)
            assert (done.code, done.codes) == (2, [code])
    types = made.rules.with_suffix(".pyi")
    made.rules.rename(types)
    with unchanged(made.folder):
        assert run("compile", types, "--stubs", types).codes == ["SEG415"]


def test_a_query_that_holds_sensitive_values_says_so(made: Shop) -> None:
    made.change("spend       money", "spend       money sensitive")
    done = run("compile", ranked(made), *made.tables, "--as-of", AS_OF, "--sql", "duckdb")
    assert (done.code, "SEG596" in done.codes) == (0, True)


# ---- what was

PAST = """
segments faded of customers {
  gone "Was big, is not now" when value was big at last review and spend < big_from
  otherwise here
  unsure nobody_knows
}
"""


def with_past(made: Shop) -> Shop:
    made.change("  money GBP\n", "  money GBP\n  review every month\n")
    made.rules.write_text(made.rules.read_text() + PAST)
    return made


def test_what_was_is_a_feature_that_says_what_to_pass(made: Shop, tmp_path: Path) -> None:
    out = tmp_path / "shop.segb"
    done = run("compile", with_past(made).rules, "-o", out, "--as-of", AS_OF)
    assert done.code == 0, done.err
    assert "value_at_last_review" in done.out
    bundle = runtime.load(out)
    (past,) = (each for each in bundle.decider().asked if each.tables[0].startswith("history"))
    told = "segment of value at the last review, before this month"
    assert (past.name, past.written) == ("value_at_last_review", told)
    record = {"customer_id": "C1", "spend": 10}
    with pytest.raises(runtime.RecordError) as raised:
        bundle.decide_all(record, features={"bought": 0})
    message = str(raised.value)
    assert told in message
    assert "related={'history of customers': []} says that nothing was stored" in message
    for segment, expected in (("big", "gone"), ("small", "here"), (None, "nobody_knows")):
        features = {"bought": 0, "value_at_last_review": segment}
        assert bundle.decide_all(record, features=features)["faded"].segment == expected
    none = bundle.decide_all(record, features={"bought": 0}, related={"history of customers": []})
    assert none["faded"].segment == "nobody_knows"


def test_a_query_of_what_was_is_refused(made: Shop) -> None:
    done = run("compile", with_past(made).rules, "--sql", "duckdb", "--as-of", AS_OF)
    assert (done.code, done.codes) == (2, ["SEG664"])
    assert done.out == ""
    assert "segrules assign --engine" in done.err


# ---- work that is done, and done once


def test_data_are_read_and_frozen_once(made: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from segrules.segments import compiling, files

    times: list[str] = []
    for module, name in ((compiling, "place"), (files, "survey_files")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *given, real=real, name=name: (times.append(name), real(*given))[1]
        )
    done = run(
        "compile", ranked(made), *made.tables, "--as-of", AS_OF, "-o", made.folder / "shop.segb",
        "--sql", "duckdb", "--explain-plan",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert sorted(times) == ["place", "survey_files"]
    assert "-- customers as of" in done.out


def test_a_dialect_is_looked_at_before_the_rules(tmp_path: Path) -> None:
    done = run("compile", tmp_path / "nowhere.seg", "--sql", "mysql")
    assert (done.code, done.codes) == (2, ["SEG663"])


def test_the_plan_is_for_the_rows_of_the_table(made: Shop) -> None:
    rows = pl.read_csv(made.customers).height
    done = run("compile", made.rules, *made.tables, "--explain-plan")
    assert done.code == 0, done.err
    assert f"2 rules over {rows} rows" in done.out
    assert (
        "2 rules over 7 rows"
        in run("compile", made.rules, *made.tables, "--explain-plan", "--rows", 7).out
    )
    nothing = run("compile", made.rules, "--explain-plan")
    assert "an unknown number of rows, taken for 1_000_000" in nothing.out


# ---- what is said


def test_what_rows_need_is_said(made: Shop, tmp_path: Path) -> None:
    out = tmp_path / "shop.segb"
    done = run("compile", made.rules, "-o", out, "--as-of", AS_OF)
    assert "orders    customer_id, ordered_on, amount" in done.out
    held = run("compile", made.rules, "-o", out, "--as-of", AS_OF, "--format", "json").json
    assert held["rows"] == {"customers": {"orders": ["customer_id", "ordered_on", "amount"]}}


def test_turned_knobs_are_said(made: Shop, tmp_path: Path) -> None:
    made.rules.write_text(
        made.rules.read_text()
        + "\nexamples of value as_of 2026-06-30 with bought 0 {\n  | spend => expect |\n"
        "  | 100   => big    |\n}\n"
    )
    words = ("compile", made.rules, "-o", tmp_path / "shop.segb", "--as-of", AS_OF)
    assert "1 example inside, which a service tries" in run(*words).out
    turned = run(*words, "--knob", "big_from=200")
    assert turned.code == 0, turned.err
    assert "the knob big_from is 200, not 100 as the rules have it" in turned.out
    assert "which a service tries" not in turned.out
    held = run(*words, "--knob", "big_from=200", "--format", "json").json
    assert (held["examples"], held["vectors"]) == (0, 1)
    assert held["turned"] == {"big_from": ["100", "200"]}


@pytest.mark.parametrize("ending", ["xlsx", "txt"])
def test_features_are_not_written_for_people(made: Shop, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"features.{ending}"
    done = run("export", made.rules, *made.tables, "--as-of", AS_OF, "-o", out)
    assert (done.code, done.codes) == (2, ["SEG665"])
    assert not out.exists()
