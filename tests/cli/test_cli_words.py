"""The commands that print words: init, explain, version, help."""

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from cli_shop import AS_OF, CUSTOMERS, ORDERS, PROJECTION, RULES, Shop, process, run, shop
from typer.main import get_command

from segrules import __version__
from segrules.cli.main import app
from segrules.text.catalogue import catalogue
from segrules.text.render import page

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
WIDTH = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "_TYPER_FORCE_DISABLE_TERMINAL": "1",
         "NO_COLOR": "1", "TERM": "dumb"}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    return shop(tmp_path)


# ---- version and help


def test_version() -> None:
    assert run("version").out == f"segrules {__version__}\n"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(
    command: str, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 100)
    words = [command, "--help"] if command else ["--help"]
    done = run(*words, **WIDTH)
    assert (done.code, done.err) == (0, "")
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in done.out
    assert run(*words[:-1], "-h", **WIDTH).out == done.out
    golden(f"help/{command or 'segrules'}.txt", "\n".join(lines).strip() + "\n")


def test_without_words_the_help_is_shown() -> None:
    done = run()
    assert done.code in {0, 2}
    assert "simulate" in done.out + done.err


# ---- init


def test_init_writes_a_file_that_checks_clean_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init").code == 0
    assert run("check", "rules.seg").out == "rules.seg: no findings\n"
    assert run("fmt", "--check", "rules.seg").code == 0
    Path("customers.csv").write_text(
        "customer_id,joined,region\n1,2026-06-01,north\n2,2020-01-01,south\n"
    )
    Path("orders.csv").write_text("customer_id,ordered_on,amount\n2,2026-01-01,700\n")
    # the comment in the file says how to go on
    first, second = (
        line.removeprefix("#").strip().removesuffix("\\")
        for line in Path("rules.seg").read_text().splitlines()[2:4]
    )
    assert first.startswith("segrules assign")
    done = run(*(first + second).split()[1:])
    assert done.code == 0, done.err
    assert pl.read_csv("segments.csv", infer_schema=False).rows() == [
        ("1", "new", "new"), ("2", "valuable", "valuable"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["x.seg", "2026.seg", "Größe.seg", "ruleset.seg", "a b.seg", "-.seg", "segments.seg"]
)
def test_init_under_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert run("init", path).code == 0
    assert run("check", path).code == 0, run("check", path).err
    assert run("fmt", "--check", path).code == 0


def test_init_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "rules.seg"
    path.write_text("mine")
    for place in (path, tmp_path):
        done = run("init", place)
        assert (done.code, done.out, done.codes) == (2, "", ["SEG630"])
    assert path.read_text() == "mine"
    link = tmp_path / "link.seg"
    link.symlink_to(tmp_path / "elsewhere.seg")
    assert run("init", link).code == 2
    assert not (tmp_path / "elsewhere.seg").exists()
    nowhere = run("init", tmp_path / "nowhere" / "rules.seg")
    assert (nowhere.code, nowhere.codes) == (2, ["SEG631"])


# ---- explain a code


@pytest.mark.parametrize("code", catalogue())
def test_the_page_of_every_code(code: str) -> None:
    done = run("explain", code)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"# {code}: {catalogue()[code].title}")
    right = page(catalogue()[code]).partition("## Right")[2]
    assert done.out.endswith(f"## Right{right}")


def test_codes_in_small_letters() -> None:
    assert run("explain", "seg201").out == run("explain", "SEG201").out


def test_an_unknown_code() -> None:
    done = run("explain", "SEG999")
    assert (done.code, done.out, done.codes) == (2, "", ["SEG620"])
    assert run("explain").code == 2


# ---- explain a customer


def explain(made: Shop, key: str, *more: object) -> str:
    done = run("explain", made.rules, "--key", key, *made.tables, "--as-of", AS_OF, *more)
    assert done.code == 0, done.err
    return done.out


def test_why_a_customer_is_in_its_segment(made: Shop) -> None:
    words = explain(made, "1")
    assert re.search(r"customers 1 is keen as of 2026-06-30", words)
    assert re.search(r"big\s+false\s+spend >= big_from\s+false", words)
    assert re.search(r"→\s+keen\s+true\s+bought >= 20\s+true", words)
    assert "big is" not in words
    assert re.search(r"customers 0001 is big", explain(made, "0001"))
    assert re.search(r"customers 0002 is small.*every rule is false", explain(made, "0002"))


def test_what_is_unknown_and_why(made: Shop) -> None:
    made.change("when spend >= big_from", "when weight > 1 and spend > 5")
    made.change('otherwise small "Small"', 'otherwise small "Small"\n  unsure unclear')
    words = explain(made, "0002")
    assert re.search(r"customers 0002 is unclear.*big cannot be decided", words)
    assert re.search(r"weight > 1\s+unknown\s+weight \(missing\)", words)
    record = run("explain", made.rules, "--key", "0002", *made.tables, "--as-of", AS_OF,
                 "--format", "json").json  # fmt: skip
    (held,) = record["sets"]
    assert (held["segment"], held["by"]) == ("unclear", "unsure")
    assert [(rule["segment"], rule["truth"]) for rule in held["rules"]] == [
        ("big", "unknown"), ("keen", "false"),
    ]  # fmt: skip
    assert held["rules"][0]["conditions"][0]["missing"] == ["weight"]


def test_values_only_when_asked_for(made: Shop) -> None:
    assert "120.50" not in explain(made, "0001")
    assert "spend = 120.50" in explain(made, "0001", "--show-values")
    assert "120.50" not in explain(made, "0001", "--format", "json")
    assert '"spend": "120.50"' in explain(made, "0001", "--show-values", "--format", "json")


def test_an_unknown_customer(made: Shop) -> None:
    for key in ("9", "01", " 1", ""):
        words = ["explain", made.rules, "--key", key, *made.tables, "--as-of", AS_OF]
        done = run(*words)
        assert (done.code, done.out, done.codes) == (2, "", ["SEG420"])


# ---- what is sensitive

CANARY = "canary-7f3a"


def test_sensitive_values_appear_nowhere(tmp_path: Path) -> None:
    """Not in tables, findings, explanations, results or logs: read, misread, missing or twice."""
    made = shop(tmp_path, RULES + "\n" + PROJECTION)
    made.change("email       text? sensitive", "email       text? sensitive\n"
                "  born        date? sensitive\n  tier one of gold, tin sensitive")  # fmt: skip
    made.change("when spend >= big_from", f'when email contains "x" or tier = gold or '
                f'completed years from born to as_of > {10}')  # fmt: skip
    made.change('otherwise small "Small"', 'otherwise small "Small"\n  unsure unclear')
    made.change("customer_id text\n", "customer_id text sensitive\n")
    header = CUSTOMERS.splitlines()[0] + ",born,tier\n"
    rows = [
        f"{CANARY}-{at},2025-0{at + 1}-05,north,{at}5.50,,{CANARY}@x.org,2025-0{at + 1}-07,,"
        f"{'' if at else CANARY},{CANARY if at % 2 else 'gold'}\n"
        for at in range(8)
    ]
    made.customers.write_text(header + "".join(rows))
    made.orders.write_text(ORDERS)
    data = [*made.tables, "--as-of", AS_OF]
    runs = [
        ["assign", made.rules, *data, "-o", made.out],
        ["assign", made.rules, *data, "-o", made.out, "--strict"],
        ["profile", made.rules, *data],
        ["profile", made.rules, *data, "--column", "email"],
        ["study", made.rules, *data],
        ["simulate", made.rules, *data],
    ]
    for words in runs:
        for form in ("table", "json"):
            done = run(*words, "--format", form)
            assert CANARY not in done.out + done.err, words
    key = f"{CANARY}-1"
    for more in ([], ["--show-values"]):
        for form in ("table", "json"):
            done = run("explain", made.rules, "--key", key, *data, *more, "--format", form)
            assert done.code == 0, done.err
            # the key is what was asked for; nothing else of the customer is said
            assert CANARY not in (done.out + done.err).replace(key, "")
            assert "gold" not in done.out.replace("tier = gold", "")
    made.customers.write_text(header + rows[0] * 2 + rows[1])
    twice = run("assign", made.rules, *data, "-o", made.out)
    assert twice.codes[0] == "SEG409"
    assert CANARY not in twice.err
    assert CANARY not in run("explain", made.rules, "--key", key, *data).err.replace(key, "")


def test_text_in_data_cannot_reach_the_terminal(made: Shop) -> None:
    """Escapes and markup in cells and names are shown, never obeyed."""
    made.customers.write_text(
        CUSTOMERS.replace("north", "\x1b[31mnorth").replace("south", "[red]south[/red]")
    )
    done = made.assign()
    assert done.codes == ["SEG412"]
    assert "\x1b" not in done.err
    assert "[red]south[/red]" in done.err
    made.change('big "Big"', 'big "[bold]Big[/bold]"')
    assert "[bold]Big[/bold]" in made.assign().out
    evil = made.customers.with_name("\x1b[2Jx.csv")
    evil.write_text("")
    tables = ["--table", f"customers={evil}", "--table", f"orders={made.orders}"]
    done = run("assign", made.rules, *tables, "--as-of", AS_OF, "-o", made.out)
    assert done.code == 2
    assert "\x1b" not in done.err + done.out


def test_module_and_script_say_the_same() -> None:
    assert process("version").out == run("version").out
