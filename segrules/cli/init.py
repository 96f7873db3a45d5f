"""`segrules init`: a first rule file to change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segrules.text import problems
from segrules.text.diagnostic import RulesError

TEMPLATE = """\
# A first rule file: change the names to those of your data, then say
#   segrules check {file}
#   segrules assign {file} --table customers=customers.csv --table orders=orders.csv \\
#     --as-of 2026-06-30 -o segments.csv

ruleset {name} {{
  language 1
  goal     "What these segments are to improve, and by how much"
  why      "Why customers are to be treated differently at all"
  owner    "Who decides on these rules"
  zone     "Europe/London"
  money    GBP
}}

knob valuable_from = 500 from 100 to 5_000  # spent in the last twelve months

table customers key customer_id {{
  customer_id text
  joined      date
  region      one of north, south, east, west
}}

table orders of customers by customer_id dated ordered_on {{
  ordered_on date
  amount     money
}}

let spend_12m = sum amount of orders in last 12 months

segments value of customers {{
  new "New"
      when days since joined <= 60
  valuable "Valuable"
      when spend_12m >= valuable_from
  lapsed "Lapsed"
      when no orders in last 12 months
  otherwise regular "Regular"
}}

examples of value as_of 2026-06-30 {{
  | joined     | spend_12m => expect   | by       |
  | 2026-06-01 | 0         => new      | new      |
  | 2020-01-01 | 500.00    => valuable | valuable |
}}
"""


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path(
        "rules.seg"
    ),
) -> None:
    """Write a first rule file to change; an existing file is never touched.

    segrules init value.seg
    """
    name = "".join(char if char.isalnum() else "_" for char in file.stem.lower()).strip("_")
    if not name.isascii() or not name[:1].isalpha():
        name = "rules"
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(TEMPLATE.format(file=file, name=name))
    except FileExistsError:
        raise RulesError([problems.target_exists(str(file))], unable=True) from None
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.output_unwritable(str(file), reason)], unable=True) from None
    print(f"wrote {file}\nnext: segrules check {file}")
