"""What is often written wrong where a file says what would happen if: levers, pools, pay, funnels.

Each form is a pattern that no sound text has at an error, and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

_NAME = r"(?:\b(?!and\b)[A-Za-z_]\w*|`[^`\n]+`)"
_PLAIN = r"[+-]?\d[\d_.]*%?"
_FIGURE = rf"(?:{_PLAIN}|{_NAME})"
_LISTED = rf"{_NAME}(?:\s*,\s*{_NAME})*"
_JOINED = rf"{_LISTED}\s+and\s+{_NAME}(?:(?:\s*,\s*|\s+and\s+){_NAME})*"
_LEVER = r"\b(?P<lever>route|capacity|train|pay|qa|comms|price|process|terms|priority)\s+"
_TIMED = r"(?:arrivals|value|leaving|time|ceiling|price|handling)"
_ALL = r"(?:all|every|each)\s+(?:the\s+)?segments?|everyone|everybody|all|every"
_BY_SEGMENT = (
    r"\b(?:elasticity|time|times|checked|failing|found|missold|loss|cost|drop|keeping|leaving"
    r"|target|by)\s+"
)
_END = r"\s*(?=[}\n]|$)"

Kind = Literal["order", "slip", "reserved", "whom", "what"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in `start` to `end` of a text.

    `right` is what to write (of a slip, the whole hint); `lever` the word of a lever that leaves
    out whom it treats, or what it changes there.
    """

    kind: Kind
    start: int
    end: int
    right: str
    lever: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    """`blocks` are the words of the declarations in which the pattern is looked for."""

    kind: Kind
    blocks: frozenset[str]
    pattern: re.Pattern[str]
    right: Callable[[re.Match[str]], str]


def find(text: str, block: str, first: int, at: int) -> Mistake | None:
    """The mistake around an error at `at` or just before it, in its line or the one before.

    `text` is without comments; nothing before `first` is looked at. `block` is the word that leads
    the declaration.
    """
    reached = len(text[:at].rstrip())
    for place in dict.fromkeys((at, reached)):
        start = max(first, text.rfind("\n", 0, place) + 1)
        end = text.find("\n", place)
        for form in _FORMS:
            if block not in form.blocks:
                continue
            for found in form.pattern.finditer(text, start, len(text) if end < 0 else end):
                if found.start() <= at and found.end() >= reached and _is_meant(found, text):
                    return _mistake(form, found)
    return None


def _mistake(form: _Form, found: re.Match[str]) -> Mistake:
    groups = found.groupdict()
    start, end = found.span("wrong" if "wrong" in groups else 0)
    right = " ".join(form.right(found).split())
    return Mistake(form.kind, start, end, right, groups.get("lever") or "")


_STAGES = re.compile(rf"({_NAME})\s+at\s+{_NAME}")
_SCENARIOS = re.compile(rf"\bscenario\s+({_NAME})")


def _is_meant(found: re.Match[str], text: str) -> bool:
    """Whether what stands for a stage or a scenario is one of the file's."""
    groups = found.groupdict()
    stage, scenario = groups.get("stage"), groups.get("scenario")
    return (stage is None or stage in _STAGES.findall(text)) and (
        scenario is None or scenario in _SCENARIOS.findall(text)
    )


def _form(
    kind: Kind, blocks: str, pattern: str, right: str | Callable[[re.Match[str]], str]
) -> _Form:
    """`right` is a template for the groups of the pattern, or makes the text of them."""
    made = right if callable(right) else lambda found: found.expand(right)
    return _Form(kind, frozenset(blocks.split()), re.compile(pattern, re.MULTILINE), made)


# ---- what to write, where a template does not do


def _names_with(between: str, before: str = "") -> Callable[[re.Match[str]], str]:
    """The names with this between them, in a hint."""
    return lambda found: (
        f"write `{found.expand(before)}{between.join(re.findall(_NAME, found['wrong']))}`"
    )


def _each_for(found: re.Match[str]) -> str:
    pairs = re.findall(rf"({_NAME})\s+({_PLAIN})", found["wrong"])
    return ", ".join(f"{figure} for {name}" for name, figure in pairs)


def _to_month(found: re.Match[str]) -> str:
    months = max(int(found["last"]) - int(found["first"]) + 1, 1)
    return f"write `from month {found['first']} for {months} month{'s' * (months != 1)}`"


def _after_months(found: re.Match[str]) -> str:
    return f"write `from month {int(found['count']) + 1}`; the first projected month is 1"


def _in_seconds(found: re.Match[str]) -> str:
    return f"write `after {int(found['count']) * 60} seconds`"


# ---- the forms

_LEVERS = (
    _form("order", "scenario", rf"\b(odds|plus)\s+(?P<stage>{_NAME})\s+({_FIGURE})", r"\2 \1 \3"),
    _form("order", "scenario", rf"\btimes\s+({_TIMED})\s+({_FIGURE})", r"\1 times \2"),
    _form("whom", "scenario", rf"{_LEVER}(?P<rest>(?P<stage>{_NAME})\s+(odds|plus)\s+{_FIGURE})",
          r"\g<lever> every segment \g<rest>"),
    _form("whom", "scenario", rf"{_LEVER}(?P<rest>{_TIMED}\s+times\s+{_FIGURE})",
          r"\g<lever> every segment \g<rest>"),
    _form("whom", "scenario", rf"\b(?P<lever>qa)\s+(?P<rest>checked\s+{_PLAIN})",
          r"qa every segment \g<rest>"),
    _form("what", "scenario", rf"{_LEVER}(every\s+segment|{_NAME})\s+(odds|plus)\s+({_FIGURE})",
          r"\g<lever> \2 STAGE \3 \4"),
    _form("what", "scenario", rf"{_LEVER}(every\s+segment|{_NAME})\s+times\s+({_FIGURE})",
          r"\g<lever> \2 value times \3"),
    _form("order", "scenario", rf"\broute\s+to\s+({_NAME})\s+({_NAME})", r"route \2 to \1"),
    _form("order", "scenario", rf"\bcost\s+(each|once|monthly)\s+({_FIGURE})", r"cost \2 \1"),
    _form("order", "scenario", r"\bcost\s+neutral\b", "neutral cost"),
    _form("slip", "scenario", rf"{_LEVER}(?P<wrong>(?!every\s+segment\b)(?:{_ALL}))\s+\w",
          "write `every segment`"),
    _form("slip", "scenario", rf"{_LEVER}(?P<wrong>for)\s+{_NAME}",
          "leave it out: the segments stand behind the word of the lever"),
    _form("slip", "scenario", rf"{_LEVER}(?P<wrong>{_JOINED})", _names_with(", ")),
    _form("slip", "scenario", rf"\broute\s+{_NAME}\s+(?P<wrong>(?!to\b){_NAME}){_END}",
          r"say where they go: `to \g<wrong>`"),
    _form("slip", "scenario", rf"(?P<wrong>,|\band\b)\s*{_NAME}\s+(?:odds|plus|times)\b",
          "leave it out: what a lever changes stands one behind the other"),
    _form("slip", "scenario", rf"\b(?:odds|plus|times)\s+(?P<wrong>of|by|to|is|=)\s+{_FIGURE}",
          "leave it out"),
    _form("slip", "scenario", rf"\bto\s+{_NAME}(?P<wrong>\s*,\s*{_NAME})",
          "name one pool; those who wait there may go on `to POOL after 60 seconds`"),
    _form("slip", "scenario", rf"(?P<wrong>\bkeep|\bkeeps)\s+{_PLAIN}", "write `keeping`"),
    _form("slip", "scenario", r"(?P<wrong>\bat\s+neutral)\s+cost\b", "write `neutral cost`"),
    _form("slip", "scenario", r"\bqa\b[^\n}]*?(?P<wrong>\bpay\s+(?:nothing|nobody|no|zero|0%?))",
          "write `pay none`"),
    _form("slip", "scenario", rf"\bpay\s+(?P<wrong>{_PLAIN}\s+(?:of|per)\s+\w+)",
          r"declare it and name it here: `pay NAME { \g<wrong> }`"),
    _form("slip", "scenario",
          r"(?P<wrong>from\s+month\s+(?P<first>\d+)\s+(?:to|until)\s+(?:month\s+)?(?P<last>\d+))",
          _to_month),
    _form("slip", "scenario", r"\bfrom\s+(\d+)\s*(?:months?\b)?", r"write `from month \1`"),
    _form("slip", "scenario", r"\bafter\s+(?P<count>\d+)\s+months?\b", _after_months),
    _form("slip", "scenario", r"\bafter\s+(?P<count>\d+)\s+min(?:ute)?s?\b", _in_seconds),
    _form("slip", "scenario", rf"\bcapacity\s+(?P<wrong>agents\s+{_PLAIN})",
          r"name the pool: `capacity POOL \g<wrong>`"),
    _form("slip", "scenario", rf"\bcapacity\s+({_NAME})\s+(?P<wrong>(?:to\s+)?({_PLAIN}))",
          r"write `capacity \1 agents \3`"),
    _form("slip", "scenario", rf"\btrain\s+(?P<wrong>skill\s+{_PLAIN})",
          r"name the pool: `train POOL \g<wrong> odds …`"),
    _form("slip", "scenario", rf"(?P<wrong>\bskill\s+{_PLAIN})(?:{_END}|\s+cost\b)",
          r"say what a step of skill brings: `\g<wrong> odds …`"),
    _form("slip", "scenario", rf"\bprice\s+({_NAME}|every\s+segment)\s+(?P<wrong>{_PLAIN})",
          r"write `price \1 price times …`, and name a knob or an assumption there"),
    _form("slip", "scenario", r"\w\s+(?P<wrong>[+-]\s*\d[\d_.]*%?)",
          "write `plus` or `odds`, and name a knob or an assumption there"),
    _form("slip", "scenario",
          rf"=\s*\{{?\s*(?P<wrong>{_NAME}(?:(?:\s*[,+&]\s*|\s+and\s+){_NAME})+)",
          _names_with(" + ", "= ")),
    _form("slip", "scenario", rf"(?P<wrong>\{{\s*(?P<scenario>{_NAME})(?:[\s,+]+{_NAME})*\s*\}})",
          _names_with(" + ", "= ")),
)  # fmt: skip

_AGENTS = (
    _form("slip", "pool line", r"\b(?P<wrong>(\d{1,2})(?::00|\s*am))\b",
          r"hours are numbers: write `\2`; half past six in the evening is `18.5`"),
    _form("slip", "pool line", r"\b(?P<wrong>\d{1,2}(?::\d\d|\s*pm))\b",
          "hours are numbers from 0 to 24: half past six in the evening is `18.5`"),
    _form("order", "pool", rf"({_PLAIN})\s+agents\b", r"agents \1"),
    _form("order", "pool", rf"({_PLAIN})\s+hours\s+per\s+week\b", r"hours \1 per week"),
    _form("slip", "pool",
          rf"\b(?:hours|cost)\s+{_FIGURE}\s+(?P<wrong>an?|each|every)\s+(?:week|hour)\b",
          "write `per`"),
    _form("order", "pay", rf"\bper\s+(sale|passed\s+check|customer\s+kept)\s+({_PLAIN})",
          r"\2 per \1"),
    _form("order", "pay", rf"\b(value|margin)\s+({_PLAIN})", r"\2 of \1"),
    _form("order", "pay", rf"({_PLAIN})\s+(times|clawback)\b", r"\2 \1"),
    _form("slip", "pay", rf"{_PLAIN}\s+(?P<wrong>value|margin)\b", r"write `of \g<wrong>`"),
    _form("slip", "pay", rf"{_PLAIN}\s+(?P<wrong>an?|each|every|for\s+(?:an?|each|every))\s+sale\b",
          "write `per`"),
    _form("slip", "pay", r"(?P<wrong>\b(?:minus|deduct|subtract))\s", "write `less`"),
    _form("slip", "pay", rf"\bclawback\s+{_FIGURE}\s+(?P<wrong>of(?:\s+the)?\s+\w+)",
          "leave it out: the clawback is of what the sale brought"),
    _form("slip", "effort", r"\btime\b[^\n]*?\s(?P<wrong>hours?|hrs?|h)\b",
          "leave it out: `time` is in hours"),
    _form("slip", "effort", r"\btime\b[^\n]*?\s(?P<wrong>minutes?|mins?)\b",
          "`time` is in hours: divide minutes by 60"),
    _form("slip", "effort", r"(?P<wrong>\bpaid|\bpay|\bplan)\s+(?!by\b)\w", "write `paid by`"),
    _form("slip", "line", r"\b(target|waited)\b[^\n]*?\s(?P<wrong>seconds?|secs?|s)\b",
          r"leave it out: `\1` is in seconds"),
    _form("slip", "line", rf"\btarget\s+(?P<wrong>{_PLAIN}\s+(?:with)?in\s+(\d+)(?:\s*s\w*)?)",
          r"write the seconds alone: `target \2`"),
    _form("slip", "line", r"\bhandling\b[^\n]*?\s(?P<wrong>minutes?|mins?)\b",
          "leave it out: `handling` is in minutes"),
    _form("slip", "line", rf"\b(?:arrives|waited|handling)\s+(?P<wrong>at|is|in)\s+{_NAME}",
          "leave it out: the column stands behind the word"),
    _form("slip", "quality", r"\bwait\b[^\n]*?\s(?P<wrong>\d[\d_.]*\s*(?:hours?|h|minutes?)\b)",
          "write it in days: `1 day`"),
    _form("slip", "quality", rf"\bwait\b[^\n]*?\s(?P<wrong>{_PLAIN})(?=\s+for\b|{_END})",
          r"write `\g<wrong> days`"),
    _form("slip", "life", rf"(?P<wrong>\bkeep|\bkeeps)\s+{_FIGURE}", "write `keeping`"),
    _form("slip", "life", rf"(?P<wrong>\bleaves?|\bchurn|\bleft)\s+{_FIGURE}", "write `leaving`"),
    _form("slip", "life",
          r"\s(?P<wrong>(?:per|an?|each|every)\s+(?:period|day|week|month|quarter|year))\b",
          "leave it out: it is of each period of the project"),
    _form("slip", "effort quality", rf"\b(effort|quality)(?:\s+for)?\s+(?!of\b)({_NAME})\s*\{{",
          r"write `\1 of \2`"),
    _form("slip", "life line funnel", rf"\b(life|line|funnel)\s+of\s+({_NAME})",
          r"give it a name: `\1 NAME of \2`"),
    _form("slip", "plan", rf"(?P<wrong>\bplan)\s+({_NAME})\s*\{{", r"write `pay \2`"),
    _form("slip", "effort quality pool pay life line project", rf"\w\s*(?P<wrong>=)\s*{_FIGURE}",
          "leave it out: the figure stands behind its word"),
    _form("order", "effort quality pay life line",
          rf"{_BY_SEGMENT}(?P<wrong>{_NAME}\s+{_PLAIN}(?:\s*,\s*{_NAME}\s+{_PLAIN})*)", _each_for),
    _form("slip", "effort quality pay life line",
          rf"({_PLAIN})\s+for\s+(?P<wrong>{_NAME}(?:\s*,\s*{_NAME})+)(?!\s+for\b)",
          _names_with(" and ", r"\1 for ")),
    _form("slip", "effort line pool project", rf"\b(?:pools|serves|compare)\s+(?P<wrong>{_JOINED})",
          _names_with(", ")),
)  # fmt: skip

_STATED = (
    _form("reserved", "funnel", r"^\s*(?P<wrong>cost|value)\s+at\s+\w+", ""),
    _form("order", "funnel", rf"(\bwithin\s+\d[\d_]*\s+\w+)\s+(at\s+{_NAME})", r"\2 \1"),
    _form("slip", "funnel", rf"\bcost\s+(?P<wrong>{_PLAIN}\s+each)\b",
          r"give the cost a name: `cost NAME \g<wrong>`"),
    _form("order", "assume", rf"\bassume\s+({_NAME})\s*=\s*([^\"{{\n]+?)\s*(\"[^\"\n]*\")",
          r"assume \1 \3 = \2"),
    _form("slip", "assume",
          rf"=\s*(?P<wrong>(?:between|from)\s+({_PLAIN})\s+(?:and|to)\s+({_PLAIN}))",
          r"write `\2 to \3`"),
    _form("slip", "assume",
          r"=\s*(?P<wrong>(\d[\d_]*(?:\.\d+)?%?)\s*(?:-|–|\.\.+|and\b)\s*(\d[\d_]*(?:\.\d+)?%?))",
          r"write `\2 to \3`"),
    _form("slip", "assume", r"(?P<wrong>\bsource)\s+\"",
          "say of what kind it is: `source judgement \"…\"`; the kinds are `data`, `experiment`, "
          "`literature` and `judgement`"),
    _form("slip", "assume", r"\buntil\s+(?P<wrong>(\d\d)/(\d\d)/(\d{4}))", r"write `\4-\3-\2`"),
    _form("slip", "assume", r"\buntil\s+(?P<wrong>(?!\d{4}-)\w+(?:\s+\d{4})?)",
          "write it as a date: `2027-06-30`"),
    _form("order", "project", r"(\d[\d_]*)\s+(runs|seed)\b", r"\2 \1"),
    _form("order", "project", rf"\bcompare\s+today\s+against\s+({_LISTED})",
          r"compare \1 against today"),
)  # fmt: skip
_FORMS = (*_LEVERS, *_AGENTS, *_STATED)
