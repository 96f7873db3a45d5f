"""What a command must be told where a rule file leaves a choice."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted
from segrules.text.shown import shown

_DATA = {
    "customers": "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n"
    "C1,2026-01-05,north,gold,120.50,10,1.5,40%,yes,2026-01-20,\n"
}
_TWO_SETS = """
segments tiers of customers { golden when tier = gold otherwise others }
segments sizes of customers { big when spend > 100 otherwise small }
"""
_TWO_FUNNELS = """
segments tiers of customers { golden when tier = gold otherwise others }
funnel first of customers { joined at joined sold at sold_at within 30 days }
funnel late of customers { joined at joined sold at sold_at within 90 days }
"""

_WHICH_SET = entry(
    "SEG651",
    "which segments",
    why="The rule file has several segment sets, or none of the name that was given. The command "
    "shows one of them.",
    wrong=Example(_TWO_SETS, _DATA, "profile --as-of 2026-06-30"),
    right=Example(_TWO_SETS, _DATA, "profile --as-of 2026-06-30 --by tiers"),
)
_WHICH_FUNNEL = entry(
    "SEG652",
    "which funnel",
    why="The rule file has several funnels, none, or none of the name that was given. The command "
    "shows one of them.",
    wrong=Example(_TWO_FUNNELS, _DATA, "study --as-of 2026-06-30"),
    right=Example(_TWO_FUNNELS, _DATA, "study --as-of 2026-06-30 --funnel first"),
)
_EXPLAIN_WHAT = entry(
    "SEG653",
    "nothing to explain",
    why="`explain` takes either the code of a diagnostic, or a rule file together with the key of "
    "a customer, the data and the day.",
    wrong=Example(_TWO_SETS, _DATA, "explain"),
    right=Example(_TWO_SETS, _DATA, "explain --key C1 --as-of 2026-06-30"),
)


def which_set(name: str | None, known: Sequence[str]) -> Diagnostic:
    return _WHICH_SET.about(None, _which("segment set", name, known), _choose("--by", known))


def which_funnel(name: str | None, known: Sequence[str]) -> Diagnostic:
    return _WHICH_FUNNEL.about(None, _which("funnel", name, known), _choose("--funnel", known))


def explain_needs(lacking: Sequence[str]) -> Diagnostic:
    """`lacking` are the options that a customer's explanation still needs."""
    return _EXPLAIN_WHAT.about(
        None,
        f"to explain a customer, {' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} "
        "needed",
        "give a rule file with --key, --as-of and its --table, or a code such as SEG201",
    )


def _which(what: str, name: str | None, known: Sequence[str]) -> str:
    if not known:
        return f"the rule file declares no {what}"
    if name is None:
        return f"the rule file declares several: {', '.join(quoted(each) for each in known)}"
    return f"there is no {what} `{shown(name)}`"


def _choose(option: str, known: Sequence[str]) -> str:
    if not known:
        return "add the block to the rule file"
    return f"add {option} {shown(known[0])}"
