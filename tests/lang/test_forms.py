"""Every form: read, built, laid out and read again; newlines mean nothing, every rule is used."""

import datetime as dt
import re
from fractions import Fraction

import pytest
from forms import FORMS, WHOLE
from lark import Tree

from segrules.lang import syntax as s
from segrules.lang.build import RULES, build
from segrules.lang.format import canonical, format_file
from segrules.lang.layout import _LAYOUTS
from segrules.lang.parse import parse
from segrules.text.diagnostic import Log
from segrules.text.render import full
from segrules.text.source import Source

TEXTS = {**FORMS, "whole": WHOLE}
WORD = re.compile(r"""(?:"[^"]*"|`[^`]*`|[^\s"`])+""")
"""What stands between white space; that inside quotes and backticks belongs to a name or text."""


def read(text: str) -> tuple[s.File, Source]:
    source, log = Source("rules.seg", text), Log()
    file = build(parse(source, log), log)
    assert not list(log), "".join(full(each) for each in log) + text
    return file, source


def tree(text: str) -> tuple[s.Declaration, ...]:
    return read(text)[0].declarations


def value(text: str) -> s.Expression:
    """The expression of a `let`."""
    (let,) = tree(f"let a = {text}")
    assert isinstance(let, s.LetOf)
    return let.value


def codes(text: str) -> list[str]:
    log = Log()
    build(parse(Source("rules.seg", text), log), log)
    return [each.code for each in log]


def name(text: str) -> s.Name:
    return s.Name(text, False, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_laid_out_and_read_again(text: str) -> None:
    file, source = read(text)
    assert file.declarations
    once = format_file(file, source)
    assert tree(once) == file.declarations
    assert format_file(*read(once)) == once
    assert once.count("#") == text.count("#")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_canonical_text_says_all(text: str) -> None:
    file, source = read(text)
    assert tree(canonical(file, source)) == file.declarations
    assert said(canonical(file, source)) == said(text)


def said(text: str) -> list[str]:
    """Names, numbers, texts and words but `at`, which may be left out; units in the singular."""
    uncommented = "\n".join(line.split("  #")[0] for line in text.splitlines() if line[:1] != "#")
    words = re.findall(r'"[^"]*"|`[^`]*`|[A-Za-z_]\w*|\d[\d_]*(?:\.\d+)?%?', uncommented)
    units = re.compile(r"(day|week|month|quarter|year|row|review|second)s")
    return [units.sub(r"\1", word) for word in words if word != "at"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_newlines_carry_no_meaning(text: str) -> None:
    plain = "\n".join(line.split("  #")[0] for line in text.splitlines() if line[:1] != "#")
    words = WORD.findall(plain)
    assert tree(" ".join(words)) == tree(text)
    assert tree("\n\t".join(words)) == tree(text)


def test_forms_use_every_rule_and_declaration() -> None:
    used: set[str] = set()
    for text in FORMS.values():
        for declaration in parse(Source("rules.seg", text), Log()).declarations:
            used |= {
                str(each.data) for each in declaration.iter_subtrees() if isinstance(each, Tree)
            }
    assert used == set(RULES)
    assert {type(each) for each in tree(WHOLE)} == set(_LAYOUTS)


# ---- what the nodes hold


def test_places_are_those_of_the_text() -> None:
    text = "at least 2 orders in last 3 days with same b where (c > 1) and d"
    (let,) = tree(f"let a = {text}")
    assert isinstance(let, s.LetOf)
    assert isinstance(let.value, s.Chain)
    rows = let.value.parts[0]
    assert isinstance(rows, s.Quantified)
    assert rows.rows.span.text == "orders in last 3 days with same b where (c > 1)"
    assert rows.rows.window is not None
    assert rows.rows.window.span.text == "in last 3 days"
    every = value("every orders where (b) have c")
    assert isinstance(every, s.Every)
    assert every.rows.span.text == "orders where (b)"


def test_moments_and_windows() -> None:
    was = value("s was x at end of previous fiscal year")
    assert was == s.Was(name("s"), name("x"), _moment(s.Period("year", True, None)), None)  # type: ignore[arg-type]
    assert value("s was x at last review") == value("s  was x last\n review")
    assert value("s was x at last review") == s.Was(name("s"), name("x"), _moment(), None)  # type: ignore[arg-type]
    ever = value("s was x ever")
    assert isinstance(ever, s.Was)
    assert ever.moment is None
    moved = value("s moved\ndown since 2 weeks ago")
    assert isinstance(moved, s.Moved)
    assert (moved.word, moved.steps, moved.since.ago) == (
        "down", None, s.LengthOf(2, "week", None),  # type: ignore[arg-type]
    )  # fmt: skip
    previous = value("count r in  previous month")
    assert isinstance(previous, s.AggregateOf)
    window = previous.rows.window
    assert isinstance(window, s.CalendarOf)
    assert (window.word, window.period.unit, window.period.fiscal) == ("previous", "month", False)


def _moment(end: s.Period | None = None) -> s.Moment:
    return s.Moment(None, end, None)  # type: ignore[arg-type]


def test_populations() -> None:
    ranked = value("in bottom 10% of all t with same a and same b among (c) by d")
    assert isinstance(ranked, s.Ranked)
    assert ranked.population == s.Population(
        name("t"), (name("a"), name("b")), name("c"), None  # type: ignore[arg-type]
    )  # fmt: skip
    assert (ranked.top, ranked.by) == (False, name("d"))
    plain = value("in top 5 by d")
    assert isinstance(plain, s.Ranked)
    assert plain.population is None
    largest = value("in largest making 80% of d")
    assert isinstance(largest, s.Largest)
    assert (largest.population, largest.by) == (None, name("d"))
    common = value("most  common a of all t")
    assert isinstance(common, s.StatisticOf)
    assert (common.how, common.value) == ("most_common", name("a"))
    hows = [value(text) for text in ("rank of a", "share of total a", "quantile 5% of a")]
    assert [each.how for each in hows if isinstance(each, s.StatisticOf)] == [
        "rank", "share_of_total", "quantile",
    ]  # fmt: skip


def test_sequences_and_rows() -> None:
    sequence = value("first a then b within 2 days but no c where (d) within 1 week")
    assert isinstance(sequence, s.SequenceOf)
    assert [step.within for step in sequence.then] == [s.LengthOf(2, "day", None)]  # type: ignore[arg-type]
    assert sequence.but_no is not None
    assert sequence.but_no.rows.where == name("d")
    fewer = value("fewer  than 3 a")
    assert isinstance(fewer, s.Quantified)
    assert (fewer.word, fewer.same) == ("fewer than", None)
    sets = value("a has  none of [b]")
    assert isinstance(sets, s.SetTest)
    assert (sets.word, sets.members) == ("none", (name("b"),))


def test_declarations_hold_what_is_written() -> None:
    assert tree(FORMS["knob, later"])[0] == tree(FORMS["knob, later"].replace("  ", "\n"))[0]
    (knob,) = tree(FORMS["knob, later"])
    assert isinstance(knob, s.KnobOf)
    assert [(each.since.value, each.value) for each in knob.later] == [
        (dt.date(2027, 1, 1), s.LengthOf(60, "day", None)),  # type: ignore[arg-type]
        (dt.date(2028, 1, 1), s.LengthOf(45, "day", None)),  # type: ignore[arg-type]
    ]
    (heading,) = tree(FORMS["heading"])
    assert isinstance(heading, s.RulesetOf)
    review, fiscal = heading.headers[-2:]
    assert (review.word, review.value) == ("review", "month")
    assert isinstance(fiscal.value, s.DayOfYear)
    assert (fiscal.value.day.value, fiscal.value.month) == (Fraction(1), name("april"))
    (related,) = tree(FORMS["related table"])
    assert isinstance(related, s.TableOf)
    assert (related.key, related.of, related.by) == (None, name("u"), name("u_id"))
    (identity,) = tree(FORMS["identity"])
    assert isinstance(identity, s.IdentityOf)
    assert identity.trust is not None
    assert identity.trust.value == Fraction(5)
    assert [(each.how, len(each.names)) for each in identity.survivors] == [
        ("source", 3), ("newest", 1), ("oldest", 1), ("total", 0), ("largest", 0),
        ("smallest", 0), ("any", 0),
    ]  # fmt: skip


def test_segments_hold_what_is_written() -> None:
    (ladder,) = tree(FORMS["ladder"])
    assert isinstance(ladder, s.SegmentsOf)
    assert ladder.ladder == (name("a"), name("b"), name("c"))
    (held,) = tree(FORMS["tolerance"])
    assert isinstance(held, s.SegmentsOf)
    first, second = held.segments
    assert [type(each) for each in first.holds] == [s.Leave, s.Stay, s.Leave]
    assert [type(each) for each in second.holds] == [s.Stay]
    assert (first.label, second.when) == (None, name("v"))
    once = first.holds[2]
    assert isinstance(once, s.Leave)
    assert once.reviews is None
    (claims,) = tree(FORMS["claims"])
    assert isinstance(claims, s.ClaimsOf)
    shares = [each for each in claims.claims if isinstance(each, s.ShareClaim)]
    assert [(each.segment.text, each.word, each.on and each.on.text) for each in shares] == [
        ("d", "under", None), ("e", "over", "f"), ("otherwise", "under", None),
        ("unsure", "under", "g"),
    ]  # fmt: skip


def test_cells() -> None:
    (grid,) = tree(FORMS["grid, one"])
    assert isinstance(grid, s.GridOf)
    assert grid.pick == "the only one"
    kinds = [[type(cell).__name__ for cell in row.cells] for row in grid.rows[1:]]
    assert kinds == [
        ["CellRange", "CellRange"], ["CellCompared", "CellCompared"],
        ["CellCompared", "CellRange"], ["CellCompared", "CellCompared"],
        ["CellCompared", "Name"],
    ]  # fmt: skip
    assert [row.expect for row in grid.rows[:2]] == [(name("c"),), (name("x"),)]


def test_said_otherwise() -> None:
    identity = "identity of t by a trust keys shared by {} 5 {{ }}"
    assert codes(identity.format("at most")) == []
    assert codes(identity.format("fewer than")) == ["SEG012"]
    assert codes(identity.format("more\nthan")) == ["SEG012"]
    window = "let a = count r in last {} rows"
    assert codes(window.format("1_0")) == []
    assert [codes(window.format(count)) for count in ("0", "2.5")] == [["SEG013"], ["SEG013"]]


# ---- the look

LOOK = """\
ruleset r {
  review every month
  fiscal year starts 1 april
}

knob a      = 5  from 1 to 9
    then 6 since 2027-01-01
    then 7 since 2028-01-01  # behind
knob longer = 50 from 1 to 90

let a      = b
    # above
    trusted when c
let longer = d

value v of t {
  revenue    sum amount of invoices in last 12 months
  less goods e
  # above
  ledger     5 give or take 1%
}

segments s of t ladder a < b {
  a "A"
      when b
      leave when c for 1 review running  # behind
      # above
      stay at least 14 days
  otherwise b
}

segments the_treatment of the_leads
    ladder the_lowest_of_the_steps < the_middle_of_the_steps < the_highest_of_the_steps {
}

flags of t {
  a          when b
  longer "L" when c
}

suppress a when b reason "r"
override s for "1", "2" to a until 2027-01-31 reason "r"
cap a at 5 by b, rest to c
holdout 5% of each s salt "x"

override treatment for "customer one", "customer two", "customer three" to a_segment_of_theirs
    until 2027-01-31
    reason "r"

grid g from a, b pick first {
  | a    | b     => c  |
  | x, y | 3..   => 1  |
  | any  | >= 10 => 22 |
}

persona p { a 5, b x }
"""


def test_the_look() -> None:
    assert format_file(*read(LOOK)) == LOOK


def test_the_look_of_a_text_on_one_line() -> None:
    plain = [line.split("  #")[0] for line in LOOK.splitlines() if "# above" not in line]
    once = format_file(*read(" ".join(plain)))
    assert [line for line in once.splitlines() if line] == [line for line in plain if line]
