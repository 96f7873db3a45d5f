"""Writes the results of the benchmarks as a page: `python results.py RESULTS.md *.json`.

The page says on what they were measured and with which versions; nothing in it is written by hand.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

LIBRARIES = (
    "ciw", "common-expression-language", "duckdb", "lark", "numba", "numpy", "polars", "pydantic",
    "pyspark", "simpy", "sqlglot", "typer", "zen-engine",
)  # fmt: skip
_SMALL = ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (float("inf"), 1.0, "s"))


_ABOUT = """# Results of the benchmarks

Written by `make bench`; medians of the rounds. Each figure is measured beside its peer in the same
run, with answers checked to be equal: ratios say more than seconds, which differ between machines
and with what else they do.
"""


def page(reports: Sequence[Mapping[str, Any]]) -> str:
    """The page of reports of pytest-benchmark, of one machine and in their order."""
    benches = [line for each in reports for bench in each["benchmarks"] for line in _bench(bench)]
    return "\n".join([_ABOUT, *_machine(reports), "", *benches])


def _machine(reports: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    first = reports[0]
    machine, cpu = first["machine_info"], first["machine_info"]["cpu"]
    times = sorted(each["datetime"][:16].replace("T", " ") for each in reports)
    yield "| measured on | |"
    yield "|---|---|"
    yield f"| when | {times[0]} to {times[-1]} UTC |"
    yield f"| commit | {', '.join(dict.fromkeys(map(_commit, reports)))} |"
    yield f"| processor | {cpu.get('brand_raw', machine['processor'])}, {cpu.get('count')} cores |"
    yield f"| memory | {_memory()} GiB |"
    yield f"| system | {machine['system']} {machine['release']} |"
    yield f"| Python | {machine['python_version']} |"
    for name in LIBRARIES:
        try:
            yield f"| {name} | {importlib.metadata.version(name)} |"
        except importlib.metadata.PackageNotFoundError:
            continue


def _commit(report: Mapping[str, Any]) -> str:
    commit = report["commit_info"]
    return str(commit.get("id"))[:12] + (", with changes" if commit.get("dirty") else "")


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _bench(bench: Mapping[str, Any]) -> Iterable[str]:
    stats = bench["stats"]
    yield f"## {bench['fullname'].removeprefix('benches/')}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| median of {stats['rounds']} | {_seconds(stats['median'])} |"
    for name, value in bench["extra_info"].items():
        yield f"| {name.replace('_', ' ')} | {_shown(value)} |"
    yield ""


def _seconds(value: float) -> str:
    scale, unit = next((scale, unit) for least, scale, unit in _SMALL if value < least)
    return f"{value * scale:.3g} {unit}"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main(out: str, *files: str) -> None:
    """Writes the page of reports."""
    found = [json.loads(Path(each).read_text("utf-8")) for each in files]
    Path(out).write_text(page(found), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
