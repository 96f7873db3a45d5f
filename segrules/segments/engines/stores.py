"""The databases that a run reads from or writes to, each opened once."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from segrules.segments.engines.addresses import Address, extra

if TYPE_CHECKING:
    from segrules.segments.engines.sessions import Store


class Stores:
    """Opened when they are first asked for, closed together."""

    def __init__(self) -> None:
        self._open: dict[str, Store] = {}
        self._closing = ExitStack()

    def __enter__(self) -> Stores:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def of(self, address: Address) -> Store:
        """What holds the table.

        Raises:
            RulesError: it cannot be reached.
        """
        name = address.place if address.kind == "postgres" else str(Path(address.place).resolve())
        if name not in self._open:
            store = opened(address, writing=False)
            self._closing.callback(store.close)
            self._open[name] = store
        return self._open[name]


def opened(address: Address, *, writing: bool) -> Store:
    """What holds a table, to be read or to be replaced.

    Raises:
        RulesError: what it needs is not installed, or it cannot be reached.
    """
    if address.kind == "postgres":
        with extra("postgres"):
            from segrules.segments.engines.postgres import Postgres  # noqa: PLC0415 -- an extra
        return Postgres(address)
    with extra("duckdb"):
        from segrules.segments.engines.duckdb import DuckDB  # noqa: PLC0415 -- an extra
    return DuckDB(address if writing else None)
