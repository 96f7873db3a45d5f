"""The reference pages in docs/reference, made from the code.

`python -m segrules.cli.reference` writes them; with `--check` it changes nothing and fails when
they are stale.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"

INDEX = """\
# Reference

These pages are made from the code by `make docs`; a test fails when they are stale.

- [The language](language.md): every form with its meaning and an example, page by page.
- [Commands](commands.md): what each command takes and gives.
- [Diagnostic codes](codes/README.md): one page a code.
"""


def pages() -> dict[str, str]:
    """The text of every page by its path below docs/reference."""
    from segrules.cli.reference_text.codes import code_pages
    from segrules.cli.reference_text.commands import commands_page
    from segrules.cli.reference_text.language import language_pages

    found = {"README.md": INDEX, "commands.md": commands_page()} | dict(language_pages())
    return found | {f"codes/{name}": text for name, text in code_pages()}


def stale(made: Mapping[str, str], folder: Path = FOLDER) -> list[str]:
    """The pages that are lacking, differ, or belong to nothing any more."""
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.md")}
    differing = {
        name
        for name, text in made.items()
        if name not in there or there[name].read_bytes() != text.encode()
    }
    return sorted(differing | (there.keys() - made.keys()))


def write(made: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Writes every page, and removes those that belong to nothing any more."""
    for name in stale(made, folder):
        place = folder / name
        if name in made:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(made[name].encode())
        else:
            place.unlink()


def _main(arguments: list[str]) -> int:
    if not FOLDER.parent.is_dir():
        print("the reference pages belong to a checkout; there is none here", file=sys.stderr)
        return 2
    made = pages()
    differing = stale(made)
    if arguments == ["--check"]:
        for name in differing:
            print(f"stale: docs/reference/{name}")
        print(
            f"{len(made)} reference pages, {len(differing)} of them stale; `make docs` renews them"
        )
        return int(bool(differing))
    write(made)
    print(f"{len(made)} reference pages, {len(differing)} of them renewed")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
