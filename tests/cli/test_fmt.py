"""The one layout: nothing lost, nothing changed in meaning, and nothing left to change."""

import random
import re
from pathlib import Path

import pytest
from cli_shop import PROJECTION, RULES, run
from forms import FORMS, WHOLE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segrules.lang.build import build
from segrules.lang.format import format_file
from segrules.lang.parse import parse
from segrules.lang.syntax import Declaration, File
from segrules.text.catalogue import catalogue
from segrules.text.diagnostic import Log
from segrules.text.render import full
from segrules.text.resources import resource
from segrules.text.source import Source

RULE_FILES = sorted(resource("rulesets").rglob("*.seg"))
UGLY = (
    RULES.replace("  ", " ").replace("knob", "# above\nknob").replace(" 500\n", "   500 # behind\n")
)


def syntax(text: str) -> tuple[File, Source]:
    source, log = Source("rules.seg", text), Log()
    file = build(parse(source, log), log)
    assert not log.has_errors, "".join(full(each) for each in log) + text
    return file, source


def tree(text: str) -> tuple[Declaration, ...]:
    return syntax(text)[0].declarations


def laid_out(text: str) -> str:
    return format_file(*syntax(text))


# ---- the command


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.name)
def test_worked_cases_are_laid_out(path: Path) -> None:
    assert run("fmt", "--check", path).code == 0
    assert run("fmt", "--diff", path).out == ""
    text = path.read_text()
    assert run("fmt", "-", stdin=text).out == text
    assert text.count("#") == laid_out(text).count("#")


def test_fmt_writes_once(tmp_path: Path) -> None:
    path = tmp_path / "shop.seg"
    path.write_text(UGLY)
    check = run("fmt", "--check", path)
    assert (check.code, path.read_text()) == (1, UGLY)
    diff = run("fmt", "--diff", path)
    assert (diff.code, path.read_text()) == (1, UGLY)
    assert any(line.startswith("-knob") for line in diff.out.splitlines())
    done = run("fmt", path)
    assert done.code == 0
    assert path.read_text() != UGLY
    assert tree(path.read_text()) == tree(UGLY)
    assert "# above" in path.read_text()
    assert "# behind" in path.read_text()
    before = path.stat()
    again = run("fmt", path)
    assert (again.code, again.out, path.stat().st_mtime_ns) == (0, "", before.st_mtime_ns)
    assert run("fmt", "--check", path).code == 0


def test_fmt_through_a_pipe() -> None:
    done = run("fmt", "-", stdin=UGLY)
    assert (done.code, done.err, done.out) == (0, "", laid_out(UGLY))
    assert run("fmt", "--check", "-", stdin=UGLY).code == 1
    assert run("fmt", "--check", "-", stdin=done.out).code == 0
    broken = run("fmt", "-", stdin="knbo x")
    assert (broken.code, broken.out) == (1, "")
    assert broken.codes


def test_fmt_keeps_rights_and_links(tmp_path: Path) -> None:
    path = tmp_path / "shop.seg"
    path.write_text(UGLY)
    path.chmod(0o640)
    link = tmp_path / "link.seg"
    link.symlink_to(path)
    assert run("fmt", link).code == 0
    assert link.is_symlink()
    assert path.read_text() == laid_out(UGLY)
    assert path.stat().st_mode & 0o777 == 0o640


def test_fmt_leaves_broken_files_alone(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.seg", tmp_path / "bad.seg"
    good.write_text(UGLY)
    bad.write_text(UGLY.replace("knob", "knbo"))
    done = run("fmt", bad, good)
    assert done.code == 1
    assert "bad.seg:" in done.err
    assert bad.read_text() == UGLY.replace("knob", "knbo")


# ---- any text


TEXTS = [path.read_text() for path in RULE_FILES]
TEXTS += [RULES + "\n" + PROJECTION, WHOLE, "\n\n".join(FORMS.values())]
TEXTS += [
    text
    for entry in catalogue().values()
    for text in (entry.right.text,)
    if entry.code[3] in "1235" and not any(ord(char) > 0xD7FF for char in text)
]

TOKENS = re.compile(
    r"""(?P<comment>\#[^\n]*)|"[^"\n]*"|`[^`\n]+`|\d{4}-\d{2}-\d{2}|\d[\d_]*(?:\.\d+)?%?"""
    # words that are read as one: nothing but white space may stand between them
    r"""|(?:at\s+least|at\s+most|fewer\s+than|more\s+than|in\s+last|in\s+top|in\s+bottom)\b"""
    r"""|(?:most\s+common|every\s+segment)\b|not\s+in(?=\s*\[)"""
    r"""|from\s+\d+\s+to\s+\d+\s+[a-z]+\s+ago\b"""
    r"""|[A-Za-z_]\w*|=>|<=|>=|!=|\.\.|[^\s]"""
)


def tokens(text: str) -> list[str]:
    """The words and signs of a text, without comments and white space."""
    return [found.group() for found in TOKENS.finditer(text) if not found.group("comment")]


def comments(text: str) -> list[str]:
    return [found.group().rstrip() for found in TOKENS.finditer(text) if found.group("comment")]


@pytest.mark.parametrize("text", TEXTS)
def test_newlines_carry_no_meaning(text: str) -> None:
    flat = " ".join(tokens(text))
    assert "\n" not in flat
    assert tree(flat) == tree(text)


@pytest.mark.parametrize("text", TEXTS)
def test_layout_changes_no_meaning(text: str) -> None:
    once = laid_out(text)
    assert tree(once) == tree(text)
    assert laid_out(once) == once
    assert comments(once) == comments(text)
    assert tokens(once) == tokens(text) or tree(once) == tree(text)
    flat = laid_out(" ".join(tokens(text)))
    assert laid_out(flat) == flat
    assert tree(flat) == tree(text)


GAPS = [" ", "  ", "\n", "\n\n", "\n\n\n", "\t", "\r\n", " \n ", "\f"]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, len(TEXTS) - 1), st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.1, 0.5])
)
def test_comments_at_any_place(which: int, luck: int, often: float) -> None:
    """Wherever comments and gaps stand: the same tree, every comment once, and then no change."""
    drawn = random.Random(luck)  # noqa: S311
    parts, put = [], []
    for token in tokens(TEXTS[which]):
        if drawn.random() < often:
            put.append(f'# {len(put)} {drawn.choice(["", "{", "}", chr(34), "`", "knob x", "é🙂"])}'
                       .rstrip())  # fmt: skip
            parts.append(drawn.choice(GAPS) + put[-1] + "\n")
        parts += [token, drawn.choice(GAPS)]
    text = "".join(parts)
    once = laid_out(text)
    assert tree(once) == tree(text)
    assert sorted(comments(once)) == sorted(put)
    assert comments(once) == put, "comments keep their order"
    assert laid_out(once) == once


# ---- generated rules

NAMES = st.sampled_from(["spend", "points", "`when`", "age", "x_1", "`sum`", "`two words`"])
PLAIN = st.sampled_from(["1", "0.5", "1_000", "12.25"])
SIGNS = ["=", "!=", "<", "<=", ">", ">="]
NUMBERS = PLAIN | st.just("40%")


def expressions() -> st.SearchStrategy[str]:
    """Conditions of all forms, as anybody may write them."""
    sums = st.recursive(
        NAMES | PLAIN,
        lambda inner: st.one_of(
            st.builds("{} {} {}".format, inner, st.sampled_from("+-*/"), inner),
            st.builds("({})".format, inner),
            st.builds("-{}".format, inner),
            st.builds("least({}, {})".format, inner, inner),
            st.builds("{} if missing use {}".format, NAMES, NAMES | NUMBERS),
            st.builds("sum amount of orders in last {} days".format, st.integers(1, 400)),
            st.builds("count orders where ({} > {})".format, NAMES, NUMBERS),
            st.builds("days since last {}".format, NAMES),
            st.builds("{}.{}".format, NAMES, NAMES),
            st.builds("({}) as at last review".format, inner),
            st.builds("median ({}) of all t with same {}".format, inner, NAMES),
            st.builds("quantile {}% of ({}) among ({})".format, PLAIN, inner, NAMES),
            st.builds("share of total {}".format, NAMES),
            st.builds("count r in last {} rows".format, st.integers(1, 9)),
            st.builds("sum ({}) of r in previous fiscal year".format, inner),
        ),
        max_leaves=6,
    )
    tests = st.one_of(
        st.builds("{} {} {}".format, sums, st.sampled_from(SIGNS), sums),
        st.builds("{} between {} and {}".format, sums, NUMBERS, NUMBERS),
        st.builds("{} in [{}, {}]".format, NAMES, NAMES, PLAIN),
        st.builds("{} not in [{}]".format, NAMES, NAMES),
        st.builds("{} is {}".format, NAMES, st.sampled_from(["missing", "known"])),
        st.builds('{} contains "{}"'.format, NAMES, st.sampled_from(["", "a # b", "{", "é"])),
        st.builds("in top {} by {}".format, NUMBERS, NAMES),
        st.builds("at least {} orders in last {} weeks".format, st.integers(0, 9),
                  st.integers(1, 9)),
        st.builds("no orders from {} to {} months ago".format, st.integers(10, 20),
                  st.integers(1, 9)),
        st.builds("{} has {} of [{}]".format, NAMES, st.sampled_from(["any", "all", "none"]),
                  NAMES),
        st.builds("{} was x {}".format, sums, st.sampled_from(
            ["ever", "2 days ago", "at last review", "at end of previous month"])),
        st.builds("{} {} x".format, sums, st.sampled_from(["entered", "left"])),
        st.builds("{} moved up at least {} since last review".format, NAMES, st.integers(1, 3)),
        st.builds("in bottom {} of all t among ({} > 1) by {}".format, NUMBERS, NAMES, sums),
        st.builds("in largest making {} of {}".format, NUMBERS, sums),
        st.builds("every r where ({} = 1) have {} < {}".format, NAMES, sums, sums),
        st.builds("first r then u where ({}) within {} days but no v".format, NAMES,
                  st.integers(2, 9)),
        st.builds("fewer than {} r in next 3 weeks with same {}".format, st.integers(0, 9), NAMES),
    )  # fmt: skip
    return st.recursive(
        tests,
        lambda inner: st.one_of(
            st.builds(" and ".join, st.lists(inner, min_size=2, max_size=7)),
            st.builds(" or ".join, st.lists(inner, min_size=2, max_size=7)),
            st.builds("not {}".format, inner),
            st.builds("({})".format, inner),
        ),
        max_leaves=10,
    )


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(NAMES, expressions()), min_size=1, max_size=4), expressions(), NUMBERS)
def test_generated_rules(rules: list[tuple[str, str]], named: str, points: str) -> None:
    body = " ".join(f'{name} "label" when {condition}' for name, condition in rules)
    text = (
        f"# first\nlet named = {named}\n"
        f"knob k = {points} from {points} to {points}  # behind\n\n\n"
        f"score s {{ add {points.rstrip('%')} when {named}  # points\n take 1 }}\n"
        f"segments a of b {{ {body} # last\n otherwise rest # rest\n}}\n# end"
    )
    once = laid_out(text)
    assert tree(once) == tree(text)
    assert laid_out(once) == once
    assert comments(once) == comments(text)
