"""Rules that say which customers belong together, and what treating them otherwise would do."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from segrules.rules import Rules as Rules
    from segrules.rules import load as load
    from segrules.text.diagnostic import RulesError as RulesError

__all__ = ["Rules", "RulesError", "__version__", "load"]


def __getattr__(name: str) -> Any:
    # The names are imported when they are asked for, so that `import segrules` costs nothing.
    if name in ("Rules", "load"):
        from segrules import rules

        return getattr(rules, name)
    if name == "RulesError":
        from segrules.text.diagnostic import RulesError

        return RulesError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
