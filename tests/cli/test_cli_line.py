"""A project about a line from the command line: what its evidence is worth, and who asks for it."""

import line_forms as forms
import pytest
from cli_shop import run

RULES = (
    forms.RULES
    + forms.WORDS.replace("compare gold_first, more", "compare gold_first, fast")
    + """
assume faster "Faster" = 0.8 to 0.9 {
  source judgement "guess" owner "Care" until 2026-01-31
}
scenario fast "Faster" { process every segment handling times faster }
"""
)


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    folder = tmp_path_factory.mktemp("centre")
    (folder / "centre.seg").write_text(RULES, "utf-8")
    tables = []
    for name, rows in forms.log().items():
        rows.write_parquet(folder / f"{name}.parquet")
        tables += ["--table", f"{name}={folder / name}.parquet"]
    return ("simulate", folder / "centre.seg", *tables, "--as-of", str(forms.AS_OF))


def test_a_grade_that_is_asked_for_is_asked_of_a_line(centre):
    done = run(*centre, "--runs", "100", "--require-grade", "B")
    assert done.code == 1
    assert "the evidence for `fast` is of grade D, and B is required" in done.err
    assert "`gold_first`" not in done.err
    assert "the assumption `faster` was held until 2026-01-31" in done.err
    assert run(*centre, "--runs", "100", "--require-grade", "D").code == 0


def test_the_record_tells_the_spread_of_each_scenario(centre):
    found = run(*centre, "--runs", "100", "--format", "json").json
    assert [(each["scenario"], each["grade"]) for each in found["evidence"]] == [
        ("gold_first", "B"), ("fast", "D"),
    ]  # fmt: skip
    assert found["evidence"][1]["expired"] == ["faster"]
    shares = {
        row["scenario"]: set(row["over_days"]["shares"])
        for row in found["results"]
        if row["measure"] == "wait" and row["segment"] == "all"
    }
    assert shares == {"gold_first": {"the log"}, "fast": {"the log", "faster"}}
