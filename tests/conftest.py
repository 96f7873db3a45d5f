"""What all tests share: golden files and the shared data sets."""

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

GOLDEN = Path(__file__).parent / "golden"
SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"

# how long an example takes says nothing on a busy machine
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="rewrite the golden files with what the tests produced",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a file below tests/golden: `golden("check/typo.txt", text)`.

    With --accept the file is written instead, and the change is reviewed as a diff of the commit.
    """
    accept = request.config.getoption("--accept")

    def compare(name: str, actual: str) -> None:
        path = GOLDEN / name
        expected = path.read_bytes().decode() if path.exists() else None
        if actual == expected:
            return
        if accept:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(actual.encode())
            return
        pytest.fail(_difference(name, expected, actual), pytrace=False)

    return compare


def _difference(name: str, expected: str | None, actual: str) -> str:
    advice = "If the new text is right, renew the file with `pytest --accept`."
    if expected is None:
        return f"There is no golden file tests/golden/{name}. {advice}\n\n{actual}"
    lines = difflib.unified_diff(
        _visible_lines(expected),
        _visible_lines(actual),
        fromfile=f"tests/golden/{name}",
        tofile="this run",
        lineterm="",
    )
    return f"tests/golden/{name} differs. {advice}\n\n" + "\n".join(lines)


def _visible_lines(text: str) -> list[str]:
    """Lines with carriage returns and a missing last newline made visible."""
    lines = text.replace("\r", "␍").split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines[:-1], lines[-1] + "  (no newline at the end)"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets which may lie beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared data sets are not beside this checkout")
    return SHARED_DATA
