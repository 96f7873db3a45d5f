"""Amounts as newcomers write them: with a currency, with dots or commas for thousands, in `k`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_REACH = 40
"""Characters around an error in which an amount is looked for."""

_NUMBER = r"\d[\d_]*(?:[.,]\d+)*"
_CODES = (
    "EUR|GBP|USD|CHF|JPY|SEK|NOK|DKK|PLN|CZK|HUF|RON|CAD|AUD|NZD|CNY|INR|BRL|ZAR|TRY|MXN|SGD|HKD"
)
_SIGNS = "€£$"
_SCALES = {"k": 10**3, "m": 10**6, "mn": 10**6, "mio": 10**6, "bn": 10**9}
_AMOUNT = re.compile(
    rf"""(?:[{_SIGNS}]|\b(?:{_CODES})\b)\s*(?P<behind>{_NUMBER})
    |   (?P<before>{_NUMBER})[ ]*(?:[{_SIGNS}]|(?:{_CODES}|euros?|pounds?|dollars?)\b)
    |   (?P<scaled>{_NUMBER})[ ]?(?P<scale>k|m|mn|mio|bn)\b
    |   (?P<spaced>(?<![\d.,_])\d{{1,3}}(?:[ ]\d{{3}})+(?!\d))
    |   (?P<comma>\d[\d_.]*(?:,\d+)+(?:\.\d+)?)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in `start` to `end` of a text, and how it is written.

    `currency` says whether a currency stands beside it.
    """

    start: int
    end: int
    right: str
    currency: bool


def find(text: str, first: int, at: int) -> Amount | None:
    """The amount around an error at `at`, or just before it."""
    reached = len(text[:at].rstrip())
    for found in _AMOUNT.finditer(text, max(first, reached - _REACH), at + _REACH):
        if found.start() <= at and found.end() >= reached:
            kind = "scaled" if found["scaled"] else found.lastgroup or ""
            return Amount(found.start(), found.end(), _right(found, kind), kind in _BESIDE)
    return None


_BESIDE = frozenset({"behind", "before"})


def _right(found: re.Match[str], kind: str) -> str:
    if kind == "spaced":
        return found["spaced"].replace(" ", "_")
    plain = _plain(found[kind])
    if kind == "scaled":
        value = Fraction(plain.replace("_", "")) * _SCALES[found["scale"].lower()]
        plain = f"{float(value):.2f}" if value.denominator > 1 else str(value)
    return _grouped(plain)


def _plain(written: str) -> str:
    """The number with a point for its decimals, and without separators."""
    digits = written.replace("_", "")
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        decimal = max(".,", key=digits.rfind)
        other = "," if decimal == "." else "."
        return digits.replace(other, "").replace(decimal, ".")
    sign = "," if commas else "."
    parts = digits.split(sign)
    # three digits behind each sign are thousands: no currency in common use has thousandths
    if len(parts) > 1 and all(len(part) == 3 for part in parts[1:]):
        return "".join(parts)
    return ".".join(parts) if len(parts) == 2 else "".join(parts)


def _grouped(plain: str) -> str:
    """With underscores between thousands: `12_345.50`."""
    whole, point, rest = plain.partition(".")
    return f"{int(whole):_}{point}{rest}"
