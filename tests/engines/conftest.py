"""What tests of engines share: the shop in its places, each test with tables of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from engine_shop import EngineShop, engine_shop, schema_of_its_own
from servers import postgres_address, spark

__all__ = ["postgres_address", "spark"]


@pytest.fixture
def postgres(postgres_address: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A schema of its own in the database of the tests."""
    name = f"t{abs(hash(request.node.nodeid)) % 10**12}"
    with schema_of_its_own(postgres_address, name) as address:
        yield address


@pytest.fixture
def shop(tmp_path: Path) -> EngineShop:
    """In files and in DuckDB."""
    return engine_shop(tmp_path)


@pytest.fixture
def pg_shop(tmp_path: Path, postgres: str) -> EngineShop:
    """In PostgreSQL as well."""
    return engine_shop(tmp_path, postgres)
