"""Writes the results of the benchmarks as a page: `python results.py latest.json RESULTS.md`.

The page says on what they were measured and with which versions; nothing in it is written by hand.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from collections.abc import Iterable, Mapping
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


def page(report: Mapping[str, Any]) -> str:
    """The page of a report of pytest-benchmark."""
    benches = [line for bench in report["benchmarks"] for line in _bench(bench)]
    return "\n".join([_ABOUT, *_machine(report), "", *benches])


def _machine(report: Mapping[str, Any]) -> Iterable[str]:
    machine, cpu = report["machine_info"], report["machine_info"]["cpu"]
    commit = report["commit_info"]
    changed = ", with changes" if commit.get("dirty") else ""
    yield "| measured on | |"
    yield "|---|---|"
    yield f"| when | {report['datetime'][:16].replace('T', ' ')} UTC |"
    yield f"| commit | {str(commit.get('id'))[:12]}{changed} |"
    yield f"| processor | {cpu.get('brand_raw', machine['processor'])}, {cpu.get('count')} cores |"
    yield f"| memory | {_memory()} GiB |"
    yield f"| load while the page was written | {os.getloadavg()[0]:.1f} |"
    yield f"| system | {machine['system']} {machine['release']} |"
    yield f"| Python | {machine['python_version']} |"
    for name in LIBRARIES:
        try:
            yield f"| {name} | {importlib.metadata.version(name)} |"
        except importlib.metadata.PackageNotFoundError:
            continue


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


def main(report: str, out: str) -> None:
    """Writes the page of a report."""
    found = json.loads(Path(report).read_text("utf-8"))
    Path(out).write_text(page(found), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
