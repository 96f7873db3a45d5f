"""Text of users as it may be shown: nothing in it can move the cursor or hide a character."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 60
"""Characters of a name or a cell that a message shows."""

_USER = re.compile(r"://[^\s#]*@|(?<=[?&])[^=&#\s]*pass[^=&#\s]*=[^&#\s]*", re.IGNORECASE)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})


def shown(text: str, limit: int = LONGEST) -> str:
    """`text` on one line, its hidden characters as escapes, cut after `limit` characters."""
    cut = text[:limit]
    return "".join(escaped(char) for char in cut) + ("…" if len(cut) < len(text) else "")


def discreet(text: str) -> str:
    """`text` without the users and passwords of addresses in it."""
    return _USER.sub("://", text)


def escaped(char: str) -> str:
    """A character, or its escape where it is a control, a mark of direction or invisible."""
    if char.isprintable() or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
