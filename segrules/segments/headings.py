"""What the headings of a file say: names for rules, and words that tell what a column is about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LONGEST = 60


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MONEY = _words("""
    amount price spend spent revenue cost costs fee fees sales turnover income salary balance
    payment paid charge charges profit budget value premium commission wage wages
    assets savings debt dollars pounds euros gbp eur usd
""")
_NO_MONEY = _words("""
    count number no qty quantity rate pct percent share ratio id code days date year month type
    category band level score rank
""")
_PERSONAL = _words("""
    surname forename firstname lastname fullname username nickname address street road suburb
    postcode postal zip phone telephone tel mobile cell fax email mail birth dob birthday born
    ssn soc passport iban nino license licence ip login
""")
_PERSONAL_PARTS = ("email", "phone", "surname", "firstname", "lastname", "address", "birth")
_NAMES = _words("name names")
_THINGS = _words("""
    product item sku brand category campaign segment file store shop branch region country
    department channel plan tariff model event stage source
""")
_STAFF = _words("agent advisor adviser manager owner rep seller employee staff server")
_NUMBERS = _words("""
    phone telephone tel mobile fax ssn soc passport street zip postcode postal nino
""")
_BIRTH = _words("birth dob birthday born")

_IDS = _words("id ids key uuid guid")
_NEARLY_IDS = _words("no nr number num code ref reference sku")
_ROW = _words("row line index record rec unnamed")
_WHO = _words("""
    customer client account member user person household buyer lead contact patient subscriber
    shopper company
""")
_NO_MEASURE = _words("year month day week hour quarter zip postcode age") | _IDS | _NEARLY_IDS


# ---- names


def is_name(text: str) -> bool:
    """Whether a text is a name in rules, in backticks if need be."""
    return _NAME.fullmatch(text) is not None


def named(heading: str) -> str:
    """A name for a heading: the heading itself where it is one."""
    if is_name(heading):
        return heading
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:_LONGEST]
    return f"c_{name}" if name[:1].isdigit() else name or "column"


def fresh(name: str, taken: Collection[str]) -> str:
    """The name, numbered where it is taken."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def singular(name: str) -> str:
    """The name of one of them, as far as a plain rule goes."""
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def plural(name: str) -> str:
    """The name of many of them, as far as a plain rule goes."""
    if name.endswith("y") and name[-2:-1] not in tuple("aeiou"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"


# ---- words


def parts(heading: str) -> tuple[str, ...]:
    """The words of a heading in small letters: `CustomerID` has two."""
    return tuple(part.lower() for part in _PARTS.findall(heading))


def same(heading: str, other: str) -> bool:
    """Whether two headings have the same words: `Customer ID` and `customer_id`."""
    return parts(heading) == parts(other) and bool(parts(heading))


def says_money(heading: str) -> bool:
    words = set(parts(heading))
    return bool(words & _MONEY) and not words & _NO_MONEY


def says_personal(heading: str) -> bool:
    """Whether text below a heading tells who somebody is or how to reach them."""
    words = set(parts(heading))
    if words & _NAMES and not words & _THINGS:
        return True
    joined = "".join(parts(heading))
    return bool(words & _PERSONAL) or any(part in joined for part in _PERSONAL_PARTS)


def says_personal_number(heading: str) -> bool:
    """As `says_personal` for numbers: how many e-mails were opened tells nobody apart."""
    return bool(set(parts(heading)) & _NUMBERS) or says_birth(heading)


def says_birth(heading: str) -> bool:
    return bool(set(parts(heading)) & _BIRTH) or "birth" in heading.lower()


def says_staff(heading: str) -> bool:
    """Whether the values are likely to be people who work for the firm."""
    return bool(set(parts(heading)) & _STAFF)


def says_measure(heading: str) -> bool:
    """Whether it makes sense to cut the numbers below a heading into high and low."""
    return not set(parts(heading)) & _NO_MEASURE


def says_who(heading: str) -> bool:
    """Whether a key is of a customer, by whatever word."""
    return bool(set(parts(heading)) & _WHO)


def says_id(heading: str) -> bool:
    """Whether a heading is that of identifiers."""
    words = parts(heading)
    return bool(set(words) & _IDS) and not says_row(heading)


def says_nearly_id(heading: str) -> bool:
    """Whether a heading may be that of identifiers: a number, a code."""
    return bool(set(parts(heading)) & _NEARLY_IDS) and not says_row(heading)


def says_row(heading: str) -> bool:
    """Whether a heading is that of row numbers, which name no thing."""
    words = set(parts(heading))
    return bool(words & _ROW) and words <= _ROW | _IDS | _NEARLY_IDS


def subject(heading: str) -> str:
    """What an identifier is of: `customer` for `Customer ID`; `row` where it does not say."""
    left = [part for part in parts(heading) if part not in _IDS | _NEARLY_IDS]
    return "_".join(left) or "row"
