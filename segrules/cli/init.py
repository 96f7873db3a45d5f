"""`segrules init`: a first rule file to change, from a template or from data."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from segrules.cli.session import Progress
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


Sources = Annotated[
    list[Path],
    typer.Option(
        "--from",
        metavar="DATA",
        help="Infer tables, types and lists from a file (CSV, Parquet, Arrow, Excel); repeatable.",
    ),
]


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path(
        "rules.seg"
    ),
    source: Sources = [],
) -> None:
    """Write a first rule file to change; an existing file is never touched.

    segrules init value.seg

    segrules init --from customers.csv --from orders.csv value.seg
    """
    name = "".join(char if char.isalnum() else "_" for char in file.stem.lower()).strip("_")
    if not name.isascii() or not name[:1].isalpha():
        name = "rules"
    if not source:
        _write(file, TEMPLATE.format(file=file, name=name))
        print(f"wrote {file}\nnext: segrules check {file}")
        return
    from segrules.segments.draft import command as assign_command
    from segrules.segments.draft import first_file

    if file.exists():
        raise RulesError([problems.target_exists(str(file))], unable=True)
    with Progress("reading"):
        made = first_file(source, name=name, file=str(file))
    _write(file, made.text)
    print(f"wrote {file}\nlook over every line, then:")
    print(f"  segrules check {shlex.quote(str(file))}")
    for line in assign_command(str(file), made.files, made.last).split("\n"):
        print(f"  {line}")


def _write(file: Path, text: str) -> None:
    """Writes where nothing stands yet.

    Raises:
        RulesError: something does, or nothing can be written there.
    """
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise RulesError([problems.target_exists(str(file))], unable=True) from None
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([problems.output_unwritable(str(file), reason)], unable=True) from None
