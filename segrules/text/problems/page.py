"""What can be wrong with a page that a command is to write."""

from __future__ import annotations

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted

_RULES = """
funnel sales of customers {
  joined at joined
  sold   at sold_at within 30 days value spend
}
segments tiers of customers {
  golden when tier = gold
  otherwise others
}
"""
_ROWS = "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n" + "".join(
    f"c{at},2026-0{at % 5 + 1}-10,north,{tier},120.00,3,,10%,no,2026-0{at % 5 + 1}-12,\n"
    for at, tier in enumerate(("gold", "silver") * 6)
)


def _run(page: str) -> Example:
    words = f"study --as-of 2026-06-30 --report {page}"
    return Example(_RULES, {"customers": _ROWS}, words)


PAGE = entry(
    "SEG690",
    "a page that cannot be made",
    why="A page is one HTML file that any browser opens and prints; for a PDF, print it into a "
    "file. What draws its charts comes with the extra `report`, so that those who need no page "
    "need not install it.",
    wrong=_run("outcome.pdf"),
    right=_run("outcome.html"),
)


def page_ending(out: str) -> Diagnostic:
    return PAGE.about(
        out,
        f"{quoted(out)} does not end in `.html`",
        "name it with that ending; a browser prints it as a PDF",
    )


def page_extra_lacking(out: str) -> Diagnostic:
    return PAGE.about(
        out,
        f"{quoted(out)} needs what is not installed: pages come as an extra",
        "install it with `pip install 'segrules[report]'`",
    )
