"""`segrules version`."""

from __future__ import annotations

from segrules import __version__


def command() -> None:
    """Print the version."""
    print(f"segrules {__version__}")
