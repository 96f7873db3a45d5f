"""What is wrong with files, data and arguments becomes a finding with a code, and nothing else.

Whatever is given: an exit code of 1 or 2, no traceback, no file changed or left half-written.
"""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from cli_shop import (
    AS_OF,
    CUSTOMERS,
    FIELDS,
    ORDERS,
    RULES,
    Ran,
    Shop,
    busy_shop,
    run,
    shop,
    unchanged,
)

HEADER = CUSTOMERS.splitlines()[0] + "\n"


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path)


def refused(done: Ran, code: str, *, exit_code: int, said: str = "", place: str = "") -> None:
    """One finding, with what it is about; nothing on stdout."""
    assert done.code == exit_code, done.err + done.out
    assert code in done.codes, done.err
    assert said in done.err
    assert place in done.err
    assert done.out == ""
    assert "internal error" not in done.err


# ---- rules: check and assign agree, and the place is right


def found_by_check(made: Shop, code: str, exit_code: int = 1) -> dict[str, object]:
    """The only finding of the code; every finding has all of its keys."""
    done = run("check", made.rules, "--format", "json")
    assert done.code == exit_code, done.out + done.err
    assert done.err == ""
    for each in done.json:
        assert each.keys() == FIELDS
        assert each["severity"] in {"error", "warning"}
    with unchanged(made.folder):
        refused(made.assign(), code, exit_code=exit_code)
    (found,) = (each for each in done.json if each["code"] == code)
    return found


RULE_MISTAKES: dict[str, tuple[Callable[[str], str], str, tuple[int, int]]] = {
    "a misspelt column": (
        lambda text: text.replace("when spend >=", "when spnd >="), "SEG201", (32, 12),
    ),
    "a knob out of its range": (
        lambda text: text.replace("= 100 from", "= 10 from"), "SEG117", (10, 17),
    ),
    "no otherwise": (
        lambda text: text.replace('  otherwise small "Small"\n', ""), "SEG130", (30, 10),
    ),
    "nothing for the unknown": (
        lambda text: text.replace("when spend >= big_from", "when weight > 1"), "SEG131", (31, 3),
    ),
    "10,000 brackets around each other": (
        lambda text: text.replace("spend >= big_from", "(" * 10_000 + "spend > 1" + ")" * 10_000),
        "SEG001", (32, 210),
    ),
    "10,000 times not": (
        lambda text: text.replace("spend >=", "not " * 10_000 + "spend >="), "SEG001", (32, 804),
    ),
    "20,000 terms": (
        lambda text: text.replace(
            "spend >= big_from", " or ".join(f"spend = {at}" for at in range(20_000))
        ),
        "SEG001", (32, 12),
    ),
    "a number of a million digits": (
        lambda text: text.replace(">= big_from", ">= " + "9" * 1_000_000), "SEG008", (32, 21),
    ),
    "a name of a million letters": (
        lambda text: text.replace(">= big_from", ">= " + "a" * 1_000_000), "SEG201", (32, 21),
    ),
    "a keyword as a column": (
        lambda text: text.replace("region      one of north, south", "count       whole 0..9")
        .replace("spend >= big_from", "count > 2"),
        "SEG005", (32, 12),
    ),
    "a control character": (lambda text: "\x00" + text, "SEG003", (1, 1)),
    "nothing at all": (lambda text: "", "SEG101", (1, 1)),
    "a comment alone": (lambda text: "# soon\n", "SEG101", (1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("mistake", RULE_MISTAKES)
def test_mistakes_in_rules(made: Shop, mistake: str) -> None:
    change, code, place = RULE_MISTAKES[mistake]
    text = change(RULES)
    assert text != RULES
    made.rules.write_text(text)
    found = found_by_check(made, code)
    assert (found["line"], found["column"]) == place
    assert found["file"] == str(made.rules)
    assert found["hint"]


def test_a_column_named_as_a_keyword_stands_in_backticks(made: Shop) -> None:
    made.change("region      one of north, south", "`count`     whole 0..9")
    made.change("spend >= big_from", "`count` > 2")
    assert run("check", made.rules).code == 0
    made.customers.write_text(CUSTOMERS.replace("region", "count").replace("north", "3"))
    done = made.assign("--format", "json")
    assert done.json["sets"]["value"]["segments"]["big"]["rows"] == 2
    made.change("`count` > 2", "count > 2")
    assert "`count` is a reserved word" in run("check", made.rules).out
    assert "backticks: `count`" in run("check", made.rules).out


def test_a_long_line_is_shown_in_part(made: Shop) -> None:
    made.change("knob big_from", "#" + "x" * 1_000_000 + "\nknob big_from")
    assert run("check", made.rules).code == 0
    made.change("spend >= big_from", "spend > " + "a" * 1_000_000)
    assert len(run("check", made.rules).out) < 1_000


def test_rule_files_that_cannot_be_read(made: Shop) -> None:
    (made.folder / "empty").mkdir()
    for place, code in ((made.folder / "empty", "SEG610"), (made.folder / "none.seg", "SEG610")):
        done = run("check", place, "--format", "json")
        assert done.code == 2
        (found,) = done.json
        assert (found["code"], found["file"], found["line"]) == (code, str(place), None)
        assert found.keys() == FIELDS
        for words in (["assign", place, "--as-of", AS_OF, "-o", made.out], ["fmt", place]):
            refused(run(*words), code, exit_code=2, place=f"--> {place}")
    made.rules.write_bytes(RULES.replace("Raise", "Caf\udce9").encode("utf-8", "surrogateescape"))
    with unchanged(made.folder):
        for words in (
            ["assign", made.rules, "--as-of", AS_OF, "-o", made.out],
            ["fmt", made.rules],
        ):
            refused(run(*words), "SEG611", exit_code=2, said=f"byte {RULES.index('Raise') + 3}")


def test_one_bad_file_does_not_hide_the_findings_of_another(made: Shop) -> None:
    made.change("when spend >=", "when spnd >=")
    done = run("check", made.rules, made.folder / "none.seg", "--format", "json")
    assert done.code == 2
    assert [each["code"] for each in done.json] == ["SEG201", "SEG610"]


def test_marks_and_line_ends_of_other_systems(made: Shop) -> None:
    plain = made.assign("--format", "json")
    expected = pl.read_parquet(made.out)
    for path in (made.rules, made.customers, made.orders):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert run("check", made.rules).code == 0
    again = made.assign("--format", "json")
    assert pl.read_parquet(made.out).equals(expected)
    assert again.json["revision"] == plain.json["revision"]
    made.change("when spend >=", "when spnd >=")
    (found,) = run("check", made.rules, "--format", "json").json
    assert (found["line"], found["column"]) == (32, 12)


# ---- knobs, dates, seeds


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        ("big_from=1000", "SEG603", 1),
        ("big_from=49", "SEG603", 1),
        ("big_from=lots", "SEG602", 1),
        ("big_from=nan", "SEG602", 1),
        ("big_from=1e999", "SEG603", 1),
        ("big_from=5%", "SEG602", 1),
        ("big_form=100", "SEG601", 1),
        ("big_from", "SEG604", 2),
        ("=100", "SEG604", 2),
    ],
)
def test_knobs(made: Shop, words: str, code: str, exit_code: int) -> None:
    with unchanged(made.folder):
        refused(made.assign("--knob", words), code, exit_code=exit_code)
        assert run("check", made.rules, "--knob", words).code == exit_code


def test_a_knob_twice(made: Shop) -> None:
    with unchanged(made.folder):
        done = made.assign("--knob", "big_from=100", "--knob", "big_from=200")
        refused(done, "SEG604", exit_code=2, said="big_from")


def test_a_knob_in_its_range_is_turned(made: Shop) -> None:
    assert made.assign("--format", "json").json["sets"]["value"]["segments"]["big"]["rows"] == 1
    turned = made.assign("--knob", "big_from=50", "--format", "json").json
    assert turned["sets"]["value"]["segments"]["big"]["rows"] == 2


@pytest.mark.parametrize(
    "text",
    ["30/06/2026", "2026-02-30", "2026-6-30", "20260630", "2026-W01-1", "today", "", "0000-01-01",
     "2026-06-30T00:00", " 2026-06-30", "\uff12\uff10\uff12\uff16-06-30"],
)  # fmt: skip
def test_bad_dates(made: Shop, text: str) -> None:
    with unchanged(made.folder):
        done = run("assign", made.rules, *made.tables, "--as-of", text, "-o", made.out)
        refused(done, "SEG622", exit_code=2)


@pytest.mark.parametrize("day", ["0001-01-01", "1990-01-01", "9999-12-31"])
def test_days_far_from_all_data(tmp_path: Path, day: str) -> None:
    made = busy_shop(tmp_path, 50)
    words = [made.rules, *made.tables, "--as-of", day]
    assert run("assign", *words, "-o", made.out).code == 0
    refused(run("simulate", *words), "SEG551", exit_code=1, said="nobody entered the funnel")
    studied = run("study", *words)
    assert (studied.code, studied.codes) == ((0, []) if day > AS_OF else (1, ["SEG422"]))


def test_a_derived_table_before_all_data(made: Shop) -> None:
    made.rules.write_text(
        'ruleset shop { language 1 goal "g" why "w" owner "o" money GBP }\n'
        "table orders of customers by customer_id dated ordered_on {\n"
        "  customer_id text ordered_on date amount money }\n"
        "table customers key customer_id derived from orders\n"
        "let spend = sum amount of orders\n"
        "segments value of customers { big when spend > 10 otherwise small }\n"
    )
    words = ["assign", made.rules, "--table", f"orders={made.orders}", "-o", made.out]
    assert run(*words, "--as-of", AS_OF).code == 0
    with unchanged(made.folder):
        refused(run(*words, "--as-of", "1990-01-01"), "SEG408", exit_code=2, said="`customers`")
        made_empty = made.orders.with_name("empty.csv")
    made_empty.write_text(ORDERS.splitlines()[0] + "\n")
    words[3] = f"orders={made_empty}"
    with unchanged(made.folder):
        refused(run(*words, "--as-of", AS_OF), "SEG408", exit_code=2)


@pytest.mark.parametrize("seed", ["-1", "abc", "1.5", str(2**63), ""])
def test_bad_seeds(made: Shop, seed: str) -> None:
    done = made.simulate("--seed", seed)
    assert (done.code, done.out) == (2, "")
    assert "--seed" in done.err
    demo = run("demo", "retail", "--seed", seed)
    assert (demo.code, demo.out) == (2, "")


@pytest.mark.parametrize("runs", ["0", "99", "1000001", "many"])
def test_bad_numbers_of_runs(made: Shop, runs: str) -> None:
    done = made.simulate("--runs", runs)
    assert (done.code, done.out) == (2, "")
    assert "--runs" in done.err


# ---- tables on the command line


def assign(made: Shop, *tables: str, out: object = None) -> Ran:
    given = [word for table in tables for word in ("--table", table)]
    return run("assign", made.rules, *given, "--as-of", AS_OF, "-o", out or made.out)


def test_tables_by_name(made: Shop) -> None:
    customers, orders = f"customers={made.customers}", f"orders={made.orders}"
    with unchanged(made.folder):
        refused(assign(made, customers), "SEG417", exit_code=2, said="`orders`")
        refused(assign(made, orders), "SEG417", exit_code=2, said="`customers`")
        refused(assign(made), "SEG417", exit_code=2)
        unknown = assign(made, customers, orders, f"ordrs={made.orders}")
        refused(unknown, "SEG418", exit_code=2, said="`ordrs`")
        refused(assign(made, customers, orders, orders), "SEG623", exit_code=2)
        refused(assign(made, customers, str(made.orders)), "SEG623", exit_code=2)
        refused(assign(made, customers, "orders="), "SEG623", exit_code=2)
        missing = made.folder / "none.csv"
        refused(assign(made, customers, f"orders={missing}"), "SEG401", exit_code=2,
                place=f"--> {missing}")  # fmt: skip
        bad_kind = assign(made, customers, f"orders={made.rules}")
        refused(bad_kind, "SEG402", exit_code=2, place=f"--> {made.rules}")
    folder = made.folder / "parts"
    folder.mkdir()
    refused(assign(made, f"customers={folder}", orders), "SEG402", exit_code=2, said="Parquet")


@pytest.mark.parametrize("command", ["profile", "study", "simulate", "explain"])
def test_other_commands_refuse_them_too(tmp_path: Path, command: str) -> None:
    made = busy_shop(tmp_path, 50)
    more = ["--key", "00001"] if command == "explain" else []
    customers = f"customers={made.customers}"
    words = [command, made.rules, "--as-of", AS_OF, *more, "--table", customers]
    refused(run(*words), "SEG417", exit_code=2)
    refused(run(*words, "--table", f"ordrs={made.orders}"), "SEG418", exit_code=2)
    refused(run(*words, "--table", f"orders={made.folder / 'no.csv'}"), "SEG401", exit_code=2)
    made.orders.write_bytes(b"\xff\xfe\x00")
    refused(run(*words, "--table", f"orders={made.orders}"), "SEG403", exit_code=2)


# ---- data


DATA_MISTAKES: dict[str, tuple[str | bytes, str, str]] = {
    "a missing column": (CUSTOMERS.replace("spend", "spent"), "SEG406", "`spend`"),
    "a duplicate key": (CUSTOMERS + "1,2026-01-01,north,1,,,,\n", "SEG409", "`1`"),
    "a key missing": (CUSTOMERS + ",2026-01-01,north,1,,,,\n", "SEG410", "1 row"),
    "no bytes": ("", "SEG404", "no header"),
    "a header alone": (HEADER, "SEG408", "no rows"),
    "a heading twice": (CUSTOMERS.replace("weight", "spend"), "SEG405", "`spend`"),
    "bytes that are no text": (CUSTOMERS.encode() + b"\xff,2026-01-01,north,1,,,,\n", "SEG403",
                               "UTF-8"),
    "another encoding": (CUSTOMERS.encode("utf-16"), "SEG403", "UTF-8"),
    "zero bytes first": (b"\x00\x00" + CUSTOMERS.encode(), "SEG406", "`customer_id`"),
    "a quote left open": (CUSTOMERS + '9,"2026-01-01,north,1\n', "SEG403", "damaged"),
    "a line too long": (CUSTOMERS + "9,2026-01-01,north,1,,,,,,\n", "SEG403", "more cells"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", DATA_MISTAKES)
def test_mistakes_in_data(made: Shop, mistake: str) -> None:
    content, code, said = DATA_MISTAKES[mistake]
    made.customers.write_bytes(content if isinstance(content, bytes) else content.encode())
    made.out.write_text("what stood there")
    with unchanged(made.folder):
        place = f"--> {made.customers}"
        refused(made.assign(), code, exit_code=2, said=said, place=place)
        explained = run("explain", made.rules, "--key", "1", *made.tables, "--as-of", AS_OF)
        refused(explained, code, exit_code=2, said=said, place=place)


def test_keys_with_zeros_are_others(made: Shop) -> None:
    """`0001` and `1` are two customers, in every step."""
    made.assign()
    found = pl.read_parquet(made.out)
    assert found["customer_id"].to_list() == ["0001", "0002", "1"]
    assert found["value"].to_list() == ["big", "small", "keen"]


def test_related_rows_may_be_none(made: Shop) -> None:
    made.orders.write_text(ORDERS.splitlines()[0] + "\n")
    done = made.assign("--format", "json")
    assert done.code == 0
    assert done.json["sets"]["value"]["segments"]["keen"]["rows"] == 0


def test_numbers_that_are_none(made: Shop) -> None:
    made.change("when spend >= big_from", "when weight > 1")
    made.change('otherwise small "Small"', 'otherwise small "Small"\n  unsure unclear')
    made.customers.write_text(
        CUSTOMERS.replace(",1.5,", ",NaN,").replace(",2,", ",inf,").replace("99.99,,", "1,1e400,")
    )
    done = made.assign("--format", "json")
    assert done.code == 0
    assert done.json["inputs"]["customers"]["unreadable"] == {"weight": 3}
    # the third one is keen whatever it weighs; of the others nothing is known
    assert pl.read_parquet(made.out)["value"].to_list() == ["unclear", "unclear", "keen"]
    made.customers.write_text(CUSTOMERS.replace(",1.5,", ",1.5,").replace(",2,", ",0.5,"))
    assert made.assign().code == 0
    assert pl.read_parquet(made.out)["value"][0] == "big"


def test_numbers_that_are_none_in_typed_files(made: Shop) -> None:
    made.change("when spend >= big_from", "when weight > 1")
    made.change('otherwise small "Small"', 'otherwise small "Small"\n  unsure unclear')
    typed = made.folder / "customers.parquet"
    pl.read_csv(made.customers, infer_schema=False).with_columns(
        pl.Series("weight", [float("nan"), float("inf"), -float("inf")])
    ).write_parquet(typed)
    given = ["--table", f"customers={typed}", "--table", f"orders={made.orders}"]
    done = run("assign", made.rules, *given, "--as-of", AS_OF, "-o", made.out, "--format", "json")
    assert done.code == 0
    assert done.json["inputs"]["customers"]["unreadable"] == {"weight": 3}
    assert pl.read_parquet(made.out)["value"].to_list() == ["unclear", "unclear", "keen"]


def test_a_wrong_type(made: Shop) -> None:
    typed = made.folder / "customers.parquet"
    text = pl.read_csv(made.customers, infer_schema=False)
    wrongs = {
        "customer_id": text.with_columns(pl.col("customer_id").cast(pl.Int64)),
        "joined": text.with_columns(pl.lit(True).alias("joined")),
        "spend": text.with_columns(pl.lit([1.0]).alias("spend")),
    }
    for column, frame in wrongs.items():
        frame.write_parquet(typed)
        with unchanged(made.folder):
            done = assign(made, f"customers={typed}", f"orders={made.orders}")
            refused(done, "SEG407", exit_code=2, said=f"`{column}`", place=f"--> {typed}")


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_truncated_files(made: Shop, kept: float, kind: str) -> None:
    whole = made.folder / f"customers.{kind}"
    frame = pl.concat([pl.read_csv(made.customers, infer_schema=False)] * 40)
    frame = frame.with_columns(customer_id=pl.int_range(frame.height).cast(pl.String))
    frame.write_parquet(whole) if kind == "parquet" else frame.write_ipc(whole)
    tables = (f"customers={whole}", f"orders={made.orders}")
    assert assign(made, *tables).code == 0
    whole.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * kept)])
    with unchanged(made.folder):
        refused(assign(made, *tables), "SEG403", exit_code=2, place=f"--> {whole}")


def test_a_parquet_file_with_bytes_turned(made: Shop) -> None:
    whole = made.folder / "customers.parquet"
    pl.read_csv(made.customers, infer_schema=False).write_parquet(whole)
    sound = whole.read_bytes()
    for start in range(4, len(sound) - 8, len(sound) // 12):
        broken = bytearray(sound)
        for at in range(start, min(start + 9, len(sound) - 8)):
            broken[at] ^= 0x5A
        whole.write_bytes(bytes(broken))
        done = assign(made, f"customers={whole}", f"orders={made.orders}")
        # bytes nobody reads (statistics, names of writers) may be turned without harm
        assert done.code in {0, 2}, done.err
        assert done.codes or done.code == 0


# ---- results


def test_places_of_results(made: Shop) -> None:
    tables = (f"customers={made.customers}", f"orders={made.orders}")
    places = [
        (made.folder, "SEG414"),
        (made.folder / "none" / "out.csv", "SEG414"),
        (made.folder / "out.txt", "SEG414"),
        (made.folder / "out", "SEG414"),
        (made.orders, "SEG415"),
        (made.folder / "." / "orders.csv", "SEG415"),
    ]
    if Path("/proc").is_dir():
        # a folder in which not even the owner of everything may write
        places.append((Path("/proc/out.csv"), "SEG416"))
    with unchanged(made.folder):
        for place, code in places:
            refused(assign(made, *tables, out=place), code, exit_code=2, place=f"--> {place}")


def test_a_result_over_the_rules(made: Shop) -> None:
    rules = made.folder / "rules.csv"
    rules.write_text(RULES)
    with unchanged(made.folder):
        done = run("assign", rules, *made.tables, "--as-of", AS_OF, "-o", rules)
        refused(done, "SEG415", exit_code=2, place=f"--> {rules}")


def test_strict_refuses_what_is_otherwise_a_warning(made: Shop) -> None:
    made.customers.write_text(CUSTOMERS.replace("120.50", "12O.50"))
    with unchanged(made.folder):
        refused(made.assign("--strict"), "SEG411", exit_code=1)
    done = made.assign()
    assert (done.code, done.codes) == (0, ["SEG411"])


# ---- projections


def project(tmp_path: Path, *changes: tuple[str, str]) -> Shop:
    made = busy_shop(tmp_path, 200)
    for old, new in changes:
        made.change(old, new)
    return made


NAMES = {
    "a stage called revenue": [("sale    at", "revenue at"), ("sale odds", "revenue odds")],
    "a stage called margin": [("kept    at", "margin  at"), ("kept odds", "margin odds")],
    "a stage called profit": [("kept    at", "profit  at"), ("kept odds", "profit odds")],
    "a stage called sales without the value": [
        ("kept    at", "sales   at"), ("kept odds", "sales odds"),
    ],
    "a segment called all": [('keen "Keen"', 'all "Keen"')],
}  # fmt: skip


@pytest.mark.parametrize("names", NAMES)
def test_names_that_results_use(tmp_path: Path, names: str) -> None:
    made = project(tmp_path, *NAMES[names])
    (found,) = run("check", made.rules, "--format", "json").json
    assert (found["code"], found["severity"]) == ("SEG536", "error")
    word = found["message"].split("`")[-2] if "segment" in names else found["message"].split("`")[1]
    line = made.rules.read_text().splitlines()[found["line"] - 1]
    assert line[found["column"] - 1 :].startswith(word)
    refused(made.simulate(), "SEG536", exit_code=1)


def test_sales_may_be_the_stage_with_the_value(tmp_path: Path) -> None:
    made = project(tmp_path, ("sale    at", "sales   at"), ("sale odds", "sales odds"))
    assert run("check", made.rules).code == 0
    measures = {row["measure"] for row in made.simulate("--format", "json").json["results"]}
    assert measures == {"enquiry", "sales", "kept", "revenue", "margin", "cost", "profit"}


PROJECT_MISTAKES = {
    "a segment of another set": (
        [("comms big sale", "comms up sale"), ("project sales {", "project sales by value {"),
         ("funnel sales", "segments place of customers { up when region = north otherwise down }\n"
          "funnel sales")],
        "SEG521", "`up`",
    ),
    "a segment of no set": ([("comms big sale", "comms bigg sale")], "SEG203", "`bigg`"),
    "a segment twice": ([("comms big sale", "comms big, big sale")], "SEG522", "`big`"),
    "a stage of no funnel": ([("comms big sale", "comms big sold")], "SEG211", "`sold`"),
    "a cost line twice": (
        [("cost advert 3 each", "cost advert 3 each cost advert 4 each")], "SEG108", "`advert`",
    ),
    "a project twice": (
        [("project sales {", "project sales { compare same against today }\nproject sales {")],
        "SEG108", "`sales`",
    ),
    "a judgement without a range": (
        [("1.1 to 1.4", "1.2"), ('experiment "letters', 'judgement "letters')],
        "SEG514", "`letter_odds`",
    ),
    "too few runs": ([("runs    300", "runs    10")], "SEG533", "`runs`"),
    "a scenario called today": ([("scenario same", "scenario today")], "SEG108", "`today`"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", PROJECT_MISTAKES)
def test_mistakes_in_projections(tmp_path: Path, mistake: str) -> None:
    changes, code, said = PROJECT_MISTAKES[mistake]
    made = project(tmp_path, *changes)
    found = [each for each in run("check", made.rules, "--format", "json").json
             if each["code"] == code]  # fmt: skip
    assert len(found) == 1, run("check", made.rules).out
    assert said in found[0]["message"]
    assert found[0]["line"] > 30
    assert found[0]["hint"]


def test_no_arrivals(tmp_path: Path) -> None:
    made = busy_shop(tmp_path, 200)
    made.customers.write_text(made.customers.read_text().replace("2025-", "2015-").replace(
        "2026-", "2016-"))  # fmt: skip
    refused(made.simulate(), "SEG551", exit_code=1, said="from 2025-07-01 on")


def test_no_mature_cohort(tmp_path: Path) -> None:
    made = busy_shop(tmp_path, 5)
    rows = [HEADER] + [f"{at},2026-06-2{at},north,20,,,,\n" for at in range(5)]
    made.customers.write_text("".join(rows))
    studied = run("study", made.rules, *made.tables, "--as-of", AS_OF)
    refused(studied, "SEG422", exit_code=1, said="`sale`")
    made.customers.write_text("".join(rows).replace("2026-06-2", "2026-05-2"))
    refused(made.simulate(), "SEG422", exit_code=1)


def test_no_sale(tmp_path: Path) -> None:
    made = busy_shop(tmp_path, 5)
    rows = [HEADER] + [f"{at},2025-10-2{at},north,20,,,,\n" for at in range(5)]
    made.customers.write_text("".join(rows))
    refused(made.simulate(), "SEG552", exit_code=1)


def test_dates_at_the_ends_of_the_calendar(tmp_path: Path) -> None:
    made = busy_shop(tmp_path, 300)
    text = made.customers.read_text()
    ends = "x1,9999-12-31,north,5,,,9999-12-31,\nx2,0001-01-01,north,5,,,0001-01-02,9999-12-31\n"
    plain = made.simulate("--format", "json")
    made.customers.write_text(text + ends)
    done = made.simulate("--format", "json")
    assert (plain.code, done.code) == (0, 0), done.err
    assert len(done.json["results"]) == len(plain.json["results"])


def test_an_expired_assumption_is_said(tmp_path: Path) -> None:
    made = project(tmp_path, ('"Marketing"\n  until  2027-06-30\n}\n\nassume nothing',
                              '"Marketing"\n  until  2026-01-31\n}\n\nassume nothing'))  # fmt: skip
    done = made.simulate()
    assert (done.code, done.codes) == (0, ["SEG553"])
    assert "2026-01-31" in done.err


def test_which_project(tmp_path: Path) -> None:
    other = "project other of sales { runs 100 compare same against today }\nproject sales {"
    made = project(tmp_path, ("project sales {", other))
    refused(made.simulate(), "SEG640", exit_code=2, said="`sales`")
    refused(made.simulate("--project", "nothing"), "SEG640", exit_code=2)
    assert made.simulate("--project", "other", "--format", "json").json["runs"] == 100
