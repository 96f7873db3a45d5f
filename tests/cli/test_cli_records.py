"""What `segrules assign` tells machines of records that are one customer."""

import json
from pathlib import Path

import pytest
from cli_shop import AS_OF, run

RULES = """
ruleset shop { language 1 goal "g" money GBP }
table people key id { id text  email text?  spend money  seen date }
identity of people by email { spend from total  rest from newest seen }
segments size of people { big when spend >= 100 otherwise small }
"""
PEOPLE = """id,email,spend,seen
a,x@y,60,2026-01-01
b,x@y,70,2026-02-01
c,,120,2026-02-01
d,z@y,10,2026-02-01
"""


def test_records_are_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.seg").write_text(RULES)
    Path("people.csv").write_text(PEOPLE)
    done = run("assign", "rules.seg", "--table", "people=people.csv", "--as-of", AS_OF,
               "-o", "out.csv", "--format", "json")  # fmt: skip
    held = json.loads(done.out)
    (records,) = held["records"]
    assert (records["records"], records["customers"]) == (4, 3)
    assert records["merged"] == {"customers": 1, "records": 2, "largest": 2}
    # 60 and 70 are small apart and big together
    assert held["sets"]["size"]["segments"]["big"]["rows"] == 2
    assert Path("out.csv").read_text().splitlines()[1:] == [
        "a,big,big", "c,big,big", "d,small,otherwise",
    ]  # fmt: skip
