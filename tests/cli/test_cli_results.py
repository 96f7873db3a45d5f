"""Assign, simulate, demo and the Python interface: what they write, to the letter."""

import datetime as dt
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cli_shop import AS_OF, ROOT, Shop, busy_shop, environment, process, run, shop

import segrules

DAY = dt.date.fromisoformat(AS_OF)
ARMS = ("today", "then", "difference")
INTERVALS = ("interval50", "interval80", "interval95")


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return busy_shop(tmp_path_factory.mktemp("busy"))


# ---- assign


def test_summary_of_an_assignment(made: Shop) -> None:
    made.customers.write_text(made.customers.read_text().replace("99.99", "99x"))
    done = made.assign("--format", "json")
    assert done.code == 0
    held = done.json
    assert (held["schema"], held["ruleset"], held["as_of"], held["rows"]) == (1, "shop", AS_OF, 3)
    assert len(held["revision"]) == 64
    assert held["inputs"].keys() == {"customers", "orders"}
    for name, rows, unreadable in (("customers", 3, {"spend": 1}), ("orders", 4, {})):
        path = getattr(made, name)
        inputs = held["inputs"][name]
        assert inputs["path"] == str(path)
        assert inputs["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (inputs["rows"], inputs["unreadable"]) == (rows, unreadable)
    (value,) = held["sets"].values()
    assert {name: each["rows"] for name, each in value["segments"].items()} == {
        "big": 1, "keen": 1, "small": 0,
    }  # fmt: skip
    assert value["segments"]["big"]["share"] == pytest.approx(1 / 3)
    assert (value["otherwise"], value["unsure"]) == (0, 1)


def test_columns_of_an_assignment(made: Shop) -> None:
    assert made.assign().code == 0
    found = pl.read_parquet(made.out)
    assert found.columns == ["customer_id", "value", "value_by"]
    assert found.rows() == [
        ("0001", "big", "big"),
        ("0002", "small", "otherwise"),
        ("1", "keen", "keen"),
    ]
    assert made.assign("--unknown-counts").code == 0
    assert pl.read_parquet(made.out).columns == [*found.columns, "value_unknown"]


@pytest.mark.parametrize("ending", [".csv", ".arrow", ".parquet"])
def test_kinds_of_results(made: Shop, ending: str) -> None:
    out = made.folder / f"segments{ending}"
    done = run("assign", made.rules, *made.tables, "--as-of", AS_OF, "-o", out)
    assert done.code == 0
    assert str(out) in done.out
    read = {".csv": pl.read_csv, ".arrow": pl.read_ipc, ".parquet": pl.read_parquet}[ending]
    options: dict[str, Any] = {"infer_schema": False} if ending == ".csv" else {}
    found = read(out, **options)
    assert found["customer_id"].cast(pl.String).to_list() == ["0001", "0002", "1"]
    assert found["value"].cast(pl.String).to_list() == ["big", "small", "keen"]


def test_the_revision_is_of_the_rules_and_the_knobs(made: Shop) -> None:
    first = made.assign("--format", "json").json["revision"]
    made.change("knob big_from", "# a remark\n\n\nknob   big_from")
    assert made.assign("--format", "json").json["revision"] == first
    turned = made.assign("--knob", "big_from=101", "--format", "json").json["revision"]
    made.change("bought >= 20", "bought >= 21")
    changed = made.assign("--format", "json").json["revision"]
    assert len({first, turned, changed}) == 3


def test_later_rows_are_not_seen(made: Shop) -> None:
    """An order after the day, or on its edge, counts as the day says."""
    days = {
        "2026-06-29": 0, "2026-06-30": 1, "2026-07-01": 2,
        "2026-08-29": 2, "2026-08-30": 1, "2026-09-28": 1, "2026-09-29": 0,
    }  # fmt: skip
    for day, keen in days.items():
        done = run("assign", made.rules, *made.tables, "--as-of", day, "-o", made.out,
                   "--format", "json")  # fmt: skip
        assert done.json["sets"]["value"]["segments"]["keen"]["rows"] == keen, day


# ---- the Python interface


def test_python_gives_what_it_was_given(made: Shop) -> None:
    rules = segrules.load(made.rules)
    frames = {
        "customers": pl.read_csv(made.customers, infer_schema=False),
        "orders": pl.read_csv(made.orders, infer_schema=False),
    }
    eager = rules.assign(frames, as_of=DAY)
    lazy = rules.assign({name: each.lazy() for name, each in frames.items()}, as_of=DAY)
    assert isinstance(eager, pl.DataFrame)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(eager)
    made.assign()
    written = pl.read_parquet(made.out)
    assert eager.cast(pl.String).equals(written.cast(pl.String))


def test_python_projection(busy: Shop) -> None:
    rules = segrules.load(busy.rules)
    frames = {
        "customers": pl.read_csv(busy.customers, infer_schema=False),
        "orders": pl.read_csv(busy.orders, infer_schema=False),
    }
    found = rules.simulate(frames, as_of=DAY, runs=150, seed=3).frame()
    told = busy.simulate("--runs", "150", "--seed", "3", "--format", "json").json["results"]
    assert found.height == len(told)
    for row, record in zip(found.to_dicts(), told, strict=True):
        assert [row[name] for name in ("scenario", "segment", "measure", "unit")] == [
            record[name] for name in ("scenario", "segment", "measure", "unit")
        ]
        assert row["difference_mean"] == pytest.approx(record["difference"]["mean"])
        assert row["then_high80"] == pytest.approx(record["then"]["interval80"][1])


def test_python_raises_findings(made: Shop) -> None:
    made.change("when spend >=", "when spnd >=")
    with pytest.raises(segrules.RulesError) as raised:
        segrules.load(made.rules)
    assert [each.code for each in raised.value.diagnostics] == ["SEG201"]
    assert not raised.value.unable
    with pytest.raises(segrules.RulesError) as raised:
        segrules.load(made.folder / "none.seg")
    assert raised.value.unable


def test_import_takes_no_engine() -> None:
    script = "import segrules, sys; print('polars' in sys.modules, 'numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment(),
        check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "False"]


# ---- simulate


def test_record_of_a_projection(busy: Shop) -> None:
    held = busy.simulate("--format", "json").json
    assert (held["schema"], held["project"], held["runs"], held["seed"]) == (1, "sales", 300, 7)
    assert held["engine"]["name"] == "counts"
    assert held["engine"]["why"]
    assert [each["name"] for each in held["assumptions"]] == ["letter_odds", "nothing"]
    rows = held["results"]
    measures = ["enquiry", "sale", "kept", "sales", "revenue", "cost", "profit", "margin"]
    assert [(row["scenario"], row["segment"], row["measure"]) for row in rows] == [
        (scenario, segment, measure)
        for scenario in ("letters", "same")
        for segment in ("big", "keen", "small", "all")
        for measure in measures
    ]
    for row in rows:
        for arm in ARMS:
            figure = row[arm]
            assert figure.keys() == {"mean", *INTERVALS, "mc_error"}
            lows, highs = zip(*(figure[name] for name in INTERVALS), strict=True)
            assert [*lows[::-1], *highs] == sorted([*lows, *highs])
            assert figure["mc_error"] >= 0
        difference = row["then"]["mean"] - row["today"]["mean"]
        assert row["difference"]["mean"] == pytest.approx(difference, abs=1e-6)
        assert row["chance_better"] is None or 0 <= row["chance_better"] <= 1


def by_place(held: dict[str, Any], scenario: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (row["segment"], row["measure"]): row
        for row in held["results"]
        if row["scenario"] == scenario
    }


def test_what_a_projection_says_holds_together(busy: Shop) -> None:
    rows = by_place(busy.simulate("--format", "json").json, "letters")
    for arm in ARMS:
        for segment in ("big", "small", "all"):
            mean = {m: rows[segment, m][arm]["mean"] for m in ("revenue", "cost", "profit")}
            assert mean["profit"] == pytest.approx(mean["revenue"] - mean["cost"], abs=0.02)
            assert rows[segment, "sale"][arm] == rows[segment, "sales"][arm]
        for measure in ("enquiry", "sale", "kept", "revenue", "cost"):
            parts = sum(rows[name, measure][arm]["mean"] for name in ("big", "keen", "small"))
            assert rows["all", measure][arm]["mean"] == pytest.approx(parts, abs=0.02)
    # letters go to the big ones only, and bring sales at 2 a letter
    assert rows["big", "sale"]["difference"]["mean"] > 0
    assert rows["big", "cost"]["difference"]["mean"] == pytest.approx(
        2 * rows["big", "enquiry"]["then"]["mean"], rel=1e-6
    )
    assert rows["small", "sale"]["difference"]["mean"] == 0
    assert rows["big", "enquiry"]["difference"]["mean"] == 0


def test_arrivals_and_rates_are_those_of_the_past(busy: Shop) -> None:
    """The means of today are near to counts by hand."""
    rows = by_place(busy.simulate("--runs", "2000", "--format", "json").json, "same")
    customers = pl.read_csv(busy.customers, infer_schema=False)
    last_year = customers.filter(pl.col("joined").is_between(pl.lit("2025-07-01"), pl.lit(AS_OF)))
    assert rows["all", "enquiry"]["today"]["mean"] == pytest.approx(last_year.height / 2, rel=0.1)
    mature = customers.filter(pl.col("joined") <= "2026-05-01")
    rate = mature["sold_at"].is_not_null().mean()
    projected = rows["all", "sale"]["today"]["mean"] / rows["all", "enquiry"]["today"]["mean"]
    assert projected == pytest.approx(rate, rel=0.1)


@pytest.mark.parametrize("engine", ["counts", "expected"])
def test_nothing_changes_nothing(busy: Shop, engine: str) -> None:
    rows = by_place(busy.simulate("--engine", engine, "--format", "json").json, "same")
    zero = {"mean": 0, "mc_error": 0} | {name: [0, 0] for name in INTERVALS}
    for row in rows.values():
        assert row["difference"] == zero
        assert row["then"] == row["today"]
        assert row["chance_better"] is None


def test_seeds_and_threads(busy: Shop) -> None:
    first = busy.simulate("--seed", "5", "--format", "json")
    assert busy.simulate("--seed", "5", "--format", "json").out == first.out
    assert busy.simulate("--seed", "5", "--threads", "1", "--format", "json").out == first.out
    assert busy.simulate("--seed", "5", "--threads", "2", "--format", "json").out == first.out
    other = busy.simulate("--seed", "6", "--format", "json").json["results"]
    means = [row["today"]["mean"] for row in first.json["results"]]
    assert [row["today"]["mean"] for row in other] != means
    table = busy.simulate("--seed", "5")
    assert busy.simulate("--seed", "5", "--threads", "1").out == table.out


def test_a_fresh_process_gives_the_same_bytes(busy: Shop) -> None:
    """Whatever the order of hashes and the number of threads of the engine."""
    here = busy.simulate("--format", "json").out
    for salt, threads in (("1", "1"), ("2", "2")):
        done = subprocess.run(
            [sys.executable, "-m", "segrules", "simulate", str(busy.rules), *busy.tables,
             "--as-of", AS_OF, "--format", "json", "--threads", threads],
            capture_output=True, text=True, check=True,
            env=environment(PYTHONHASHSEED=salt, POLARS_MAX_THREADS=threads),
        )  # fmt: skip
        assert done.stdout == here


def test_a_projection_without_a_value(tmp_path: Path) -> None:
    """Counts and cost are left; nothing is said of a profit nobody knows."""
    made = busy_shop(tmp_path, 200)
    made.change(" value spend", "")
    held = made.simulate("--format", "json").json
    assert {row["measure"] for row in held["results"]} == {"enquiry", "sale", "kept", "cost"}
    words = made.simulate().out
    assert re.search(r"against today +kept +cost\n", words)
    assert "profit" not in words
    assert "better" not in words


def test_tables_of_a_projection(busy: Shop) -> None:
    done = busy.simulate()
    assert max(map(len, done.out.splitlines())) <= 110
    assert re.search(r"against today +sales +revenue +cost +profit +better in\n", done.out)
    assert re.search(r"As today +no change +no change +no change +no change +no change", done.out)
    assert "Letters work" in done.out
    assert "experiment: letters test" in done.out
    assert "held until" in done.out


# ---- demo


def test_demo_is_the_same_for_a_seed() -> None:
    advice = [run("demo", "advice", "--format", "json").out for _ in range(2)]
    assert advice[0] == advice[1]
    held = json.loads(advice[0])
    assert held.keys() == {"case", "assign", "profile", "study", "simulate"}
    tables = run("demo", "retail")
    assert tables.code == 0
    assert tables.err == ""
    assert run("demo", "retail").out == tables.out
    retail = run("demo", "retail", "--format", "json").out
    assert run("demo", "retail", "--format", "json").out == retail
    assert run("demo", "retail", "--seed", "8", "--format", "json").out != retail


def test_demo_tables_fit() -> None:
    done = run("demo")
    assert done.code == 0
    assert done.err == ""
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 110
    assert "2027-06-30" in done.out, "a date is cut off"
    assert all(line == line.rstrip() for line in lines)


def test_demo_keeps_what_it_is_told_to(tmp_path: Path) -> None:
    kept = tmp_path / "shop"
    done = run("demo", "retail", "--keep", kept)
    assert done.code == 0
    assert {path.name for path in kept.iterdir()} == {
        "orders.csv", "customers.csv", "campaign_touches.csv", "history", "retail.seg",
        "segments.parquet",
    }  # fmt: skip
    command = done.out.strip().splitlines()[-1].split()
    assert command[0] == "segrules"
    assert run(*command[1:]).code == 0
    again = run("demo", "retail", "--keep", kept)
    assert (again.code, again.codes) == (2, ["SEG630"])
    assert run("demo", "nowhere").codes == ["SEG621"]


# ---- a public data set, counted by hand


def loyalty(rows: list[dict[str, str]], day: dt.date) -> dict[str, str]:
    """Segment by customer, as the rule file's words say, from its orders alone."""
    orders: dict[str, list[tuple[dt.date, int]]] = defaultdict(list)
    for row in rows:
        on = dt.date.fromisoformat(row["ordered_on"])
        if on <= day:
            whole, _, cents = row["dollars"].partition(".")
            orders[row["customer_id"]].append((on, int(whole) * 100 + int((cents + "00")[:2])))
    return {customer: segment_of(found, day) for customer, found in orders.items()}


def segment_of(orders: list[tuple[dt.date, int]], day: dt.date) -> str:
    year = [(on, cents) for on, cents in orders if (day - on).days < 365]
    last_seen, first_seen = (day - max(orders)[0]).days, (day - min(orders)[0]).days
    days, cents = len({on for on, _ in year}), sum(cents for _, cents in year)
    recency = step(last_seen, [(30, 5), (90, 4), (180, 3), (365, 2)], 1)
    frequency = step(days, [(0, 0), (1, 1), (2, 2), (4, 3), (8, 4)], 5)
    monetary = step(cents, [(0, 0), (1499, 1), (2999, 2), (5999, 3), (11999, 4)], 5)
    if recency == 5 and frequency >= 4 and monetary >= 4:
        return "champion"
    if recency >= 4 and frequency >= 3:
        return "loyal"
    if first_seen <= 60:
        return "new"
    if len({on for on, _ in orders}) == 1 and last_seen <= 365:
        return "one_and_done"
    if recency >= 4 and frequency <= 2:
        return "promising"
    return "at_risk" if recency in (2, 3) else "lost"


def step(value: int, edges: list[tuple[int, int]], rest: int) -> int:
    return next((answer for edge, answer in edges if value <= edge), rest)


def test_customers_of_a_record_shop(shared_data: Path, tmp_path: Path) -> None:
    import csv

    path = shared_data / "cdnow" / "orders.csv"
    if not path.exists():
        pytest.skip("the orders of the record shop are not among the shared data sets")
    out = tmp_path / "segments.parquet"
    rules = ROOT / "rulesets" / "retail" / "orders_only.seg"
    done = run("assign", rules, "--table", f"orders={path}",
               "--as-of", "1998-06-30", "-o", out, "--format", "json")  # fmt: skip
    assert done.code == 0, done.err
    with path.open(newline="") as file:
        expected = loyalty(list(csv.DictReader(file)), dt.date(1998, 6, 30))
    found = pl.read_parquet(out).cast(pl.String)
    assert found.height == found["customer_id"].n_unique() == len(expected) == 23_570
    assert found["loyalty"].null_count() == 0
    assert dict(zip(found["customer_id"], found["loyalty"], strict=True)) == expected
    counts = {name: each["rows"] for name, each in done.json["sets"]["loyalty"]["segments"].items()}
    assert counts == {name: Counter(expected.values())[name] for name in counts}
    assert sum(key.startswith("0") for key in found["customer_id"]) > 1_000
    assert {len(key) for key in found["customer_id"]} == {5}


# ---- streams


def test_data_on_stdout_alone(busy: Shop) -> None:
    busy.customers.write_text(busy.customers.read_text().replace(",north,", ",nord,", 3))
    done = process("simulate", busy.rules, *busy.tables, "--as-of", AS_OF, "--format", "json")
    assert done.code == 0
    assert done.json["project"] == "sales"
    assert done.codes == ["SEG412"]
    assert "\x1b" not in done.out + done.err
    tables = process("profile", busy.rules, *busy.tables, "--as-of", AS_OF)
    assert tables.codes == ["SEG412"]
    assert "SEG412" not in tables.out
    assert "\x1b" not in tables.out + tables.err


def on_a_terminal(words: list[str], **more: str) -> str:
    """What a command writes to a terminal."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "segrules", *words], stdout=follower, stderr=follower,
        stdin=subprocess.DEVNULL, env=environment(TERM="xterm-256color", COLUMNS="120", **more),
    ) as child:  # fmt: skip
        os.close(follower)
        parts = []
        try:
            while part := os.read(leader, 65_536):
                parts.append(part)
        except OSError:
            pass
        child.wait(timeout=60)
    os.close(leader)
    return b"".join(parts).decode()


def test_colour_on_a_terminal_only(made: Shop) -> None:
    made.change("when spend >=", "when spnd >=")
    words = ["check", str(made.rules)]
    assert "\x1b[" in on_a_terminal(words)
    assert "\x1b[" not in on_a_terminal(words, NO_COLOR="1")
    made.change("when spnd >=", "when spend >=")
    words = ["profile", str(made.rules), *made.tables, "--as-of", AS_OF]
    assert "\x1b[" in on_a_terminal(words)
    assert "\x1b[" not in on_a_terminal(words, NO_COLOR="1")


def test_a_reader_who_has_seen_enough(made: Shop) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "segrules", "explain", "SEG201"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(),
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == 2


def test_a_pipe_that_takes_plain_letters_alone(made: Shop) -> None:
    for words in (["profile", made.rules, *made.tables, "--as-of", AS_OF], ["check", made.rules]):
        done = subprocess.run(
            [sys.executable, "-m", "segrules", *map(str, words)], capture_output=True, check=False,
            env=environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0"),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_file_name_that_is_no_text(made: Shop) -> None:
    name = os.fsdecode(os.fsencode(str(made.folder)) + b"/caf\xe9.seg")
    try:
        Path(name).write_text("nonsense")
    except OSError:
        pytest.skip("this system has no such file names")
    done = process("check", name, "--format", "json")
    assert done.code == 1
    assert done.json[0]["file"].endswith("caf\udce9.seg")
    assert process("check", name).code == 1
