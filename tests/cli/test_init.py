"""`segrules init --from`: from data to a result, as a newcomer would go."""

import re
import shlex
from pathlib import Path

import pytest
from cli_shop import run, unchanged

CUSTOMERS = "customer_id,Joined on,region,email,spend\n" + "".join(
    f"C{at:03},2026-01-{at % 28 + 1:02},{('north', 'south')[at % 2]},c{at}@example.org,{at}.50\n"
    for at in range(60)
)
ORDERS = "customer_id,ordered_on,amount\n" + "".join(
    f"C{at % 60:03},2026-02-{at % 28 + 1:02},{at}.00\n" for at in range(120)
)


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("customers.csv").write_text(CUSTOMERS)
    Path("my orders.csv").write_text(ORDERS)


def test_the_way_of_a_newcomer() -> None:
    made = run("init", "--from", "customers.csv", "--from", "my orders.csv", "my shop.seg")
    assert made.code == 0, made.err
    assert made.out.startswith("wrote my shop.seg\n")
    text = Path("my shop.seg").read_text()
    assert "ruleset my_shop {" in text
    assert '  joined_on   date as "Joined on"' in text
    assert "  region      one of north, south" in text
    assert "  email       text sensitive" in text
    assert "table my_orders of customers by customer_id dated ordered_on {" in text
    assert "@" not in text
    assert run("check", "my shop.seg").out == "my shop.seg: no findings\n"
    assert run("fmt", "--check", "my shop.seg").code == 0
    # what is printed, and what stands in the file, can be run as it stands
    commands = re.findall(r"^  segrules ((?:.*\\\n)*.*)", made.out, re.M)
    assert len(commands) == 2
    for command in commands:
        done = run(*shlex.split(command.replace("\\\n", " ")))
        assert done.code == 0, done.err
        assert done.codes == []
    assert "as of 2026-02-28" in done.out
    assert Path("segments.csv").read_text().startswith("customer_id,starter,starter_by\n")
    commented = "".join(line[1:] + "\n" for line in text.splitlines() if line.startswith("#"))
    assert "  --as-of 2026-02-28 -o segments.csv\n" in commented


def test_to_excel_and_back() -> None:
    run("init", "--from", "customers.csv")
    words = ("assign", "rules.seg", "--as-of", "2026-06-30", "--table")
    done = run(*words, "customers=customers.csv", "-o", "out.xlsx")
    assert done.code == 0, done.err
    assert "wrote out.xlsx" in done.out
    again = run("init", "--from", "out.xlsx#segments", "again.seg")
    assert again.code == 0, again.err
    assert "table out key customer_id {" in Path("again.seg").read_text()
    several = run("init", "--from", "out.xlsx", "more.seg")
    assert (several.code, several.codes) == (2, ["SEG486"])


def test_nothing_is_overwritten_nor_left_behind(tmp_path: Path) -> None:
    Path("rules.seg").write_text("mine")
    with unchanged(tmp_path):
        done = run("init", "--from", "customers.csv")
        assert (done.code, done.codes) == (2, ["SEG630"])
        for words, code in (
            (["--from", "nowhere.csv", "new.seg"], "SEG401"),
            (["--from", "rules.seg", "new.seg"], "SEG402"),
            (["--from", "customers.csv", "--from", "./customers.csv", "new.seg"], "SEG492"),
            (["--from", "customers.csv", "nowhere/new.seg"], "SEG631"),
        ):
            done = run("init", *words)
            assert (done.code, done.codes) == (2, [code])


def test_every_problem_is_shown_at_once() -> None:
    Path("empty.csv").write_text("lead_id\n")
    Path("keyless.csv").write_text("region,n\nnorth,1\nnorth,1\n")
    done = run("init", "--from", "empty.csv", "--from", "keyless.csv")
    assert (done.code, done.codes) == (2, ["SEG490", "SEG491"])
    assert not Path("rules.seg").exists()


def test_names_of_files_cannot_break_out_of_the_comments() -> None:
    name = "a\x1b[31m\ntable evil key b { b text }.csv"
    Path(name).write_text(CUSTOMERS)
    done = run("init", "--from", name, "new.seg")
    assert done.code == 0, done.err
    assert run("check", "new.seg").code == 0
    text = Path("new.seg").read_text()
    assert "\x1b" not in text + done.out
    assert not [line for line in text.splitlines() if line.startswith("table evil")]
