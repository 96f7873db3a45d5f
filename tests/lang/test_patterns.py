"""Patterns of text: engines agree with the reference, its work is bounded, the rest is refused."""

from __future__ import annotations

import re
from collections import Counter

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from segrules.lang.patterns import (
    LARGEST,
    LONGEST,
    Pattern,
    PatternFault,
    matches,
    read_pattern,
    search,
    spelled,
)
from segrules.lang.patterns.tree import size
from segrules.text import problems
from segrules.text.render import full
from segrules.text.source import Source


def pattern(text: str) -> Pattern:
    found = read_pattern(text)
    assert isinstance(found, Pattern), found
    return found


def fault(text: str) -> PatternFault:
    found = read_pattern(text)
    assert isinstance(found, PatternFault), found.portable
    return found


def by_polars(portable: str, texts: list[str]) -> list[bool]:
    return pl.Series(texts, dtype=pl.String).str.contains(portable).to_list()


MEANING = [
    (
        "^GB[0-9]{4}$",
        ["GB1234"],
        ["GB123", "GB12345", "gb1234", "GB1234\n", "\nGB1234", "GB\u0661234"],
    ),
    ("GB", ["GB", "xGBx", "\nGB"], ["", "G", "gb"]),
    ("^a|b$", ["a", "ax", "b", "xb"], ["xa", "bx", "b\n"]),
    ("^(a|b)$", ["a", "b"], ["ab", "", "a\n"]),
    ("^(?:ab)+$", ["ab", "abab"], ["", "aba"]),
    ("^.$", ["a", "é", "😀", "\r", "\u2028", "\0"], ["", "\n", "e\u0301", "ab"]),
    ("^a.*z$", ["az", "abcz"], ["a\nz"]),
    (r"^\d\w\s$", ["1a ", "0_\t", "9Z\v", "5a\n"], ["1é ", "٣a ", "1a\u00a0", "1a\x1c"]),
    (r"^\D\W\S$", ["aé\u00a0", "\n\n\x1c", "٣-a"], ["1-a", "aaa", "a- "]),
    (r"^[\d\-x]+$", ["1-x"], ["y", ""]),
    (r"^[^\d-]$", ["a", "\n"], ["1", "-"]),
    ("^[-a]$", ["-", "a"], ["b"]),
    ("^[a^]$", ["^", "a"], ["b"]),
    (r"^[.*$(){}|?+]$", [".", "$", "|"], ["a", "\\"]),
    (r"^[\s\S]$", ["a", "\n", "😀"], ["", "ab"]),
    (r"^\^\$\.\\\[\{\($", ["^$.\\[{("], ["^$a\\[{("]),
    (r"^\-\@\/\_$", ["-@/_"], ["-@/"]),
    ("^a{2}b{1,2}c{2,}$", ["aabcc", "aabbcccc"], ["abcc", "aabbbcc", "aabc", "aaabcc"]),
    ("^a{0,2}$", ["", "a", "aa"], ["aaa"]),
    ("^a{0,}b?$", ["", "aaab"], ["bb"]),
    ("^(a?){3}$", ["", "a", "aaa"], ["aaaa"]),
    ("^(a*)*$", ["", "aaaa"], ["b"]),
    ("^(a*)+b$", ["b", "aaab"], ["a", "aba"]),
    ("(^)*a($)?", ["a", "ba", "ab"], ["b"]),
    ("^^a$$", ["a"], ["aa"]),
    ("a^b", [], ["ab", "a\nb", "b"]),
    ("a$b", [], ["ab", "a\nb", "a"]),
    ("^$", [""], ["\n", "a"]),
    ("x*", ["", "a"], []),
    ("[é-ê]", ["é", "ê"], ["e\u0301", "ë", "è"]),
    ("e\u0301", ["e\u0301"], ["é", "e"]),
]


@pytest.mark.parametrize(("text", "fitting", "others"), MEANING, ids=[each[0] for each in MEANING])
def test_meaning(text: str, fitting: list[str], others: list[str]) -> None:
    read = pattern(text)
    expected = [True] * len(fitting) + [False] * len(others)
    texts = fitting + others
    assert [matches(read, each) for each in texts] == expected
    assert by_polars(read.portable, texts) == expected


@pytest.mark.parametrize(
    ("text", "portable"),
    [
        ("^GB[0-9]{4}$", r"\AGB[0-9]{4}\z"),
        ("(a|b)c", "(?:a|b)c"),
        ("((a))|b", "a|b"),
        ("(ab){2,}(c{2})?", "(?:ab){2,}(?:c{2})?"),
        (r"\d+\w*\s?", r"[0-9]+[0-9A-Z_a-z]*[\t-\r ]?"),
        (r"\D\W\S.", r"[^0-9][^0-9A-Z_a-z][^\t-\r ][^\n]"),
        (r"[\S\s]", r"(?:[^\n]|\n)"),
        (r"[b\-\]\[\^a\&~\\]", r"[\&\-\[-\^a-b\~]"),
        (r"\.\*\/", r"\.\*/"),
        ("[a]", "a"),
        ("(^)*a", r"(?:\A)*a"),
    ],
)
def test_spelling(text: str, portable: str) -> None:
    assert pattern(text).portable == portable


def test_other_engines_have_other_words_for_the_edges() -> None:
    assert spelled(pattern("^a$|b"), end=r"\Z") == r"\Aa\Z|b"
    assert spelled(pattern("^a$|b"), end="$", start="^") == "^a$|b"


@pytest.mark.parametrize("text", [".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"[\s\S]", "[^é]"])
def test_sets_hold_the_same_characters_everywhere(text: str) -> None:
    whole = pattern(f"^{text}$")
    codes = [*range(0x3100), *range(0xD7F0, 0xD800), *range(0xE000, 0xE010), 0xFFFF, 0x10FFFF]
    chars = [chr(code) for code in codes]
    found = [matches(whole, char) for char in chars]
    assert found == by_polars(whole.portable, chars)
    python = re.compile(rf"\A{text}\Z", re.ASCII)
    assert found == [python.search(char) is not None for char in chars]


# A pattern as it is written, the same for Python, and a text which its own part of it fits.
Case = tuple[str, str, str]

EDGES = "/09:@AZ[`az{_"
"""The ends of the ASCII ranges and their neighbours."""
PLAIN = "abZ9_é😀\u0301 "
STRANGE = "\n\r\t\v\f\x1c\0\x7f\u00a0\u2028٣K\uffff" + "\U0010ffff"


def escaped(char: str) -> str:
    return rf"\{char}" if re.match(r"[!-/:-;=?@\[-^`{-~]", char) else char


same = st.sampled_from([(escaped(char), escaped(char), char) for char in EDGES + PLAIN + "*.$()"])
sets: st.SearchStrategy[Case] = st.sampled_from(
    [
        (".", ".", "😀"), (r"\d", r"\d", "9"), (r"\D", r"\D", "٣"), (r"\w", r"\w", "_"),
        (r"\W", r"\W", "é"), (r"\s", r"\s", "\v"), (r"\S", r"\S", "\u00a0"),
    ]
)  # fmt: skip
edges = st.sampled_from([("^", "^", ""), ("$", r"\Z", "")])


@st.composite
def classes(draw: st.DrawFn) -> Case:
    members = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["char", "range", "set"]))
        if kind == "set":
            members.append(draw(sets.filter(lambda each: each[0] != ".")))
        elif kind == "char":
            members.append(draw(same))
        else:
            low, high = sorted(draw(st.tuples(*[st.sampled_from(EDGES + "é😀")] * 2)))
            written = f"{escaped(low)}-{escaped(high)}"
            members.append((written, written, draw(st.sampled_from([low, high]))))
    hyphens = draw(st.sampled_from([("", ""), ("-", ""), ("", "-")]))
    inner = hyphens[0] + "".join(each[0] for each in members) + hyphens[1]
    if draw(st.booleans()):
        return f"[^{inner}]", f"[^{inner}]", draw(st.sampled_from(EDGES + PLAIN + STRANGE))
    return f"[{inner}]", f"[{inner}]", draw(st.sampled_from(members))[2]


def repeated(part: Case, count: tuple[str, int], brackets: str) -> Case:
    sign, times = count
    ours, python, sample = part
    return f"{brackets}{ours}){sign}", f"(?:{python}){sign}", sample * times


counts = st.sampled_from(
    [
        ("?", 1), ("?", 0), ("*", 0), ("*", 3), ("+", 1), ("+", 2), ("{2}", 2), ("{1,3}", 3),
        ("{0,2}", 0), ("{2,}", 3), ("{0,}", 1), ("", 1),
    ]
)  # fmt: skip


def combined(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    def joined(parts: list[Case]) -> Case:
        return tuple("".join(each[at] for each in parts) for at in range(3))  # type: ignore[return-value]

    def chosen(parts: list[Case]) -> Case:
        ours, python = ("|".join(each[at] for each in parts) for at in range(2))
        return f"({ours})", f"(?:{python})", parts[-1][2]

    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(joined),
        st.lists(inner, min_size=2, max_size=3).map(chosen),
        st.builds(repeated, inner, counts, st.sampled_from(["(", "(?:"])),
        st.builds(
            lambda part, count: (part[0] + count[0], part[1] + count[0], part[2] * count[1]),
            st.one_of(same, sets, classes()),
            counts,
        ),
    )


leaves = st.one_of(same, sets, classes(), edges)
cases = st.recursive(leaves, combined, max_leaves=8)
short_texts = st.text(st.sampled_from(EDGES + PLAIN + STRANGE), max_size=6)
SETTINGS = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def test_engines_agree_on_generated_patterns() -> None:
    outcomes: Counter[bool] = Counter()

    @SETTINGS
    @given(cases, st.lists(short_texts, min_size=3, max_size=8))
    def agree(case: Case, texts: list[str]) -> None:
        ours, python, sample = case
        assume(len(ours) <= LONGEST)
        read = read_pattern(ours)
        if isinstance(read, PatternFault):
            assert read.reason == "no character is in this class", read
            return
        texts = [*texts, sample, sample + "\n", "\n" + sample, "a" + sample, sample[1:]]
        found = [matches(read, text) for text in texts]
        outcomes.update(found)
        assert found == by_polars(read.portable, texts)
        compiled = re.compile(python, re.ASCII)
        assert found == [compiled.search(text) is not None for text in texts]
        respelled = re.compile(spelled(read, end=r"\Z"))
        assert found == [respelled.search(text) is not None for text in texts]

    agree()
    assert min(outcomes[True], outcomes[False]) > 500, outcomes


def test_any_text_is_a_pattern_or_a_fault_within_it() -> None:
    kinds: Counter[type] = Counter()

    @SETTINGS
    @given(
        st.text(
            st.sampled_from(r"ab\\((||))[[]]{{}}**+?^$.,-012dwsSbn:=P<&é" + "\n\ud800"), max_size=16
        )
    )
    def read(text: str) -> None:
        found = read_pattern(text)
        kinds[type(found)] += 1
        if isinstance(found, Pattern):
            assert size(found.tree) <= LARGEST
            assert len(found.automaton.states) <= size(found.tree) + 1
            python = re.compile(spelled(found, end=r"\Z"))
            texts = ["", "a", "ab", "b-a", "\n", "é", "[b]"]
            expected = [python.search(each) is not None for each in texts]
            assert [matches(found, each) for each in texts] == expected
            assert by_polars(found.portable, texts) == expected
        else:
            assert 0 <= found.at <= found.at + found.length <= len(text)
            assert found.length > 0 or not text
            assert found.hint

    read()
    assert min(kinds[Pattern], kinds[PatternFault]) > 40, kinds


NO_PERIOD = "".join("ab"[step * step * step % 1_999 & 1] for step in range(1_999))
HOSTILE = [
    ("(a+)+$", "a"), ("^(a+)+$", "a"), ("(a|aa)+$", "a"), ("^(a|a)*$", "a"), ("(.*)*x", "a"),
    ("(.*)(.*)(.*)(.*)(.*)[^a!]", "a"), ("((a{1,7}){1,7}){1,7}$", "a"), ("(.{0,16}){0,16}x", "a"),
    ("^(([a-z])+.)+[A-Z]([a-z])+$", "a"), ("(a?){150}a{150}$", "a"), ("^((a*)*)*$", "a"),
    (r"\s+$", " "), ("(ab?|ba?)*[ab]{40}$", "aabab"), ("[ab]*a[ab]{40}$", "abbaabaaab"),
    ("[ab]*a[ab]{40}$", NO_PERIOD), ("(a[ab]{1,5}){1,9}a{9}$", NO_PERIOD),
]  # fmt: skip


@pytest.mark.parametrize("length", [20, 10_000])
@pytest.mark.parametrize(
    ("text", "unit"), HOSTILE, ids=[f"{each[0]}-{len(each[1])}" for each in HOSTILE]
)
def test_work_is_bounded_by_states_times_characters(text: str, unit: str, length: int) -> None:
    read = pattern(text)
    subject = (unit * (length // len(unit) + 1))[: length - 1] + "!"
    done = search(read, subject)
    assert not done.found
    states = read.automaton.states
    passages = sum(len(state.then) for state in states)
    assert len(states) <= LARGEST + 1
    assert passages <= 2 * len(states)
    assert done.steps <= (length + 1) * (2 * len(states) + passages)
    assert done.steps <= 2_000_000
    assert by_polars(read.portable, [subject]) == [False]


def test_the_pattern_is_not_looked_for_any_further_once_found() -> None:
    assert search(pattern("a"), "a" + "b" * 1_000).steps < 20


def test_the_largest_patterns_compile() -> None:
    scattered = "".join(
        chr(code) for step in range(60) for code in (0x370 + 37 * step, 0x10000 + 9973 * step)
    )
    for members in (scattered, f"^{scattered}"):
        sizes = {count: read_pattern(f"[{members}]{{{count}}}") for count in range(1, 20)}
        fitting = [read for read in sizes.values() if isinstance(read, Pattern)]
        assert 0 < len(fitting) < len(sizes)
        subject = scattered[:1] * 19 if members == scattered else "a" * 19
        assert by_polars(fitting[-1].portable, [subject]) == [True]
    widest = pattern("^.{0,255}$")
    assert by_polars(widest.portable, ["é" * 255, "é" * 256]) == [True, False]
    assert [matches(widest, "é" * 255), matches(widest, "é" * 256)] == [True, False]


NOTHING = "nothing to repeat"
FAULTS = [
    # pattern, the place in it, part of the reason, part of the hint
    ("(a", (0, 1), "`(` is not closed", r"`\(`"),
    ("x(a|(b)", (1, 1), "`(` is not closed", r"`\(`"),
    ("(", (0, 1), "`(` is not closed", r"`\(`"),
    ("a)", (1, 1), "`)` closes nothing", r"`\)`"),
    (")", (0, 1), "`)` closes nothing", r"`\)`"),
    ("a]", (1, 1), "`]` closes nothing", r"`\]`"),
    ("a}", (1, 1), "`}` closes nothing", r"`\}`"),
    ("ab()c", (2, 2), "a group is empty", r"`\(`"),
    ("(?:)", (0, 4), "a group is empty", r"`\(`"),
    ("a|", (1, 1), "nothing stands behind `|`", "`?`"),
    ("|a", (0, 1), "nothing stands before `|`", "`?`"),
    ("a||b", (2, 1), "nothing stands before `|`", "`?`"),
    ("(a|)", (2, 1), "nothing stands behind `|`", "`?`"),
    ("(|a)", (1, 1), "nothing stands before `|`", "`?`"),
    ("*a", (0, 1), f"`*` has {NOTHING}", r"`\*`"),
    ("(+a)", (1, 1), f"`+` has {NOTHING}", r"`\+`"),
    ("a|?", (2, 1), f"`?` has {NOTHING}", r"`\?`"),
    ("{3}", (0, 1), f"`{{` has {NOTHING}", r"`\{`"),
    ("^*a", (1, 1), "`^` cannot be repeated", r"`\^`"),
    ("a${2}", (2, 3), "`$` cannot be repeated", r"`\$`"),
    ("a+?", (1, 2), "`+?` is a lazy repetition", "`+`"),
    ("ba{2,3}?", (2, 6), "`{2,3}?` is a lazy repetition", "`{2,3}`"),
    ("a*+", (1, 2), "`*+` is a possessive repetition", "`*`"),
    ("a**", (1, 2), "`**` repeats a repetition", "`(?:…)`"),
    ("a+{2}", (1, 2), "`+{` repeats a repetition", "`(?:…)`"),
    ("a{", (1, 1), "`{` begins no count", r"`\{`"),
    ("a{,5}", (1, 1), "`{` begins no count", "`{0,5}`"),
    ("a{x}", (1, 1), "`{` begins no count", r"`\{`"),
    ("a{٣}", (1, 1), "`{` begins no count", r"`\{`"),
    ("a{0}", (1, 3), "`{0}` leaves nothing", "leave the part out"),
    ("a{5,3}", (1, 5), "`{5,3}` ends below its start", "`{3,5}`"),
    ("a{2,0}", (1, 5), "`{2,0}` ends below its start", "`{0,2}`"),
    ("a{256}", (1, 5), "counts further than 255", "group"),
    ("a{256,}", (1, 6), "counts further than 255", "group"),
    ("a{1,99999999999}", (1, 15), "counts further than 255", "group"),
    ("(a{40}){40}", (0, 11), "1,600 parts, more than 1,000", "lower the counts"),
    ("((((a{9}){9}){9}){9}){9}", (0, 24), "59,049 parts", "lower the counts"),
    ("[abc", (0, 1), "`[` is not closed", r"`\[`"),
    ("x[", (1, 1), "`[` is not closed", r"`\[`"),
    ("[^", (0, 1), "`[` is not closed", r"`\[`"),
    ("[a-", (0, 1), "`[` is not closed", r"`\[`"),
    ("a[]", (1, 2), "no character is in this class", r"`\]`"),
    ("[^]", (0, 3), "no character is in this class", r"`\]`"),
    (r"[^\d\D]", (0, 7), "no character is in this class", "leave out"),
    ("x[z-a]", (2, 3), "`z-a` runs backwards", "`a-z`"),
    (r"[\]-\[]", (1, 5), r"`\]-\[` runs backwards", r"`\[-\]`"),
    (r"[\d-z]", (3, 1), "`-` does not stand between", r"`\-`"),
    (r"[a-\d]", (2, 1), "`-` does not stand between", r"`\-`"),
    ("[a-c-e]", (4, 1), "`-` does not stand between", r"`\-`"),
    ("[a--]", (3, 1), "`-` does not stand between", r"`\-`"),
    ("[a[b]]", (2, 1), "`[` stands within a class", r"`\[`"),
    ("[[:alpha:]]", (1, 9), "`[:alpha:]` is a named class", "`A-Za-z`"),
    ("[x[:punct:]]", (2, 9), "`[:punct:]` is a named class", "the characters themselves"),
    ("[a-z&&b]", (4, 2), "`&&` intersects two classes", r"`\&`"),
    ("a(?=b)", (1, 3), "`(?=` looks ahead", "`and`"),
    ("(?!b)", (0, 3), "`(?!` looks ahead", "`not`"),
    ("(?<=b)", (0, 4), "`(?<=` looks back", "`and`"),
    ("(?<!b)", (0, 4), "`(?<!` looks back", "`not`"),
    ("(?P<n>b)", (0, 4), "`(?P<` names a group", "`(`"),
    ("(?<n>b)", (0, 3), "`(?<` names a group", "`(`"),
    ("(?P=n)", (0, 4), "`(?P=` refers back", "write out"),
    ("(?>a)", (0, 3), "is not tried again", "`(`"),
    ("(?#a)", (0, 3), "begins a comment", "outside the quotes"),
    ("(?i)a", (0, 3), "`(?i` sets a flag", "`[Aa]`"),
    ("(?s-m:a)", (0, 5), "`(?s-m` sets a flag", "line break"),
    ("(?*a)", (0, 2), "`(?` begins no group", "`(?:…)`"),
    ("(?", (0, 2), "`(?` begins no group", "`(?:…)`"),
    (r"\ba", (0, 2), r"`\b` looks for the edge of a word", r"`(^|\W)word(\W|$)`"),
    (r"[\b]", (1, 2), r"`\b` looks for", "word"),
    (r"(a)\1", (3, 2), r"`\1` refers back to a group", "write out"),
    (r"\k<n>", (0, 2), r"`\k` refers back to a group", "write out"),
    (r"\p{L}", (0, 2), r"`\p` asks for a property of Unicode", "`[A-Za-z]`"),
    (r"\Aa", (0, 2), r"`\A` is written otherwise", "`^`"),
    (r"a\Z", (1, 2), r"`\Z` is written otherwise", "`$`"),
    (r"a\z", (1, 2), r"`\z` is written otherwise", "`$`"),
    (r"a\n", (1, 2), r"`\n` is a line break", r"`\s`"),
    (r"\x41", (0, 2), r"`\x` writes a character as its code", "itself"),
    (r"\Qa.b\E", (0, 2), r"`\Q` begins a stretch", r"`\`"),
    (r"\<a", (0, 2), r"`\<` is the start of a word", "`<`"),
    (r"\é", (0, 2), r"`\é` is no escape", "`é`"),
    (r"\y", (0, 2), r"`\y` is no escape", "`y`"),
    ("ab\\", (2, 1), r"`\` stands at the end", r"`\\`"),
    ("a\tb", (1, 1), "control character", r"`\s`"),
    ("a\ud800", (1, 1), "control character", r"`\s`"),
    ("", (0, 0), "it is empty", "`is known`"),
    ("a" * 201, (200, 1), "201 characters, more than 200", "`and`"),
    ("(" * 21 + "a" + ")" * 21, (20, 1), "more than 20 deep", "leave out"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "reason", "hint"), FAULTS)
def test_what_cannot_be_read(text: str, place: tuple[int, int], reason: str, hint: str) -> None:
    found = fault(text)
    assert (found.at, found.length) == place
    assert reason in found.reason
    assert hint in (found.hint or "")


@pytest.mark.parametrize(("text", "place", "reason", "hint"), FAULTS)
def test_faults_keep_the_style_of_messages(
    text: str, place: tuple[int, int], reason: str, hint: str
) -> None:
    found = fault(text)
    for said in (found.reason, found.hint or ""):
        plain = re.sub(r"`[^`]*`", "", said)
        assert said
        assert not said.endswith((".", "!", "?"))
        assert not re.search(r"\b(you|your|please)\b", plain)
        assert not plain[:1].isupper()


def test_the_limits_can_be_reached() -> None:
    assert matches(pattern("a" * 200), "a" * 200)
    assert matches(pattern("(" * 20 + "a" + ")" * 20), "a")
    exactly = pattern("(?:a{250}){4}")
    assert size(exactly.tree) == LARGEST
    assert matches(exactly, "a" * 1_000)
    assert not matches(exactly, "a" * 999)
    assert "1,001 parts" in fault("(?:a{250}){4}b").reason


def test_a_fault_is_shown_where_it_stands() -> None:
    line = 'note matches "GB[z-a]"'
    source = Source("rules.seg", line)
    quoted = source.span(line.index('"'), len(line))
    found = fault("GB[z-a]")
    place = found.within(quoted)
    assert place.text == "z-a"
    assert fault("").within(source.span(13, 15)) == source.span(13, 15)
    said = problems.pattern_unreadable(place, found.reason, found.hint)
    assert (said.code, said.span) == ("SEG215", place)
    assert said.message == "the pattern cannot be read: `z-a` runs backwards"
    assert said.hint == "write `a-z`"
    hostile = fault("\\\u202e")
    shown = full(problems.pattern_unreadable(quoted, hostile.reason, hostile.hint))
    assert "\u202e" not in shown
    assert "\\u202e" in shown


def test_patterns_are_equal_if_written_alike() -> None:
    assert pattern("a|b") == pattern("a|b")
    assert len({pattern("a"), pattern("a"), pattern("[a]")}) == 2
