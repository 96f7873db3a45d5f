"""Records of persons with known duplicates: what exact keys find, and what they get wrong.

The FEBRL sets are made up of persons with up to five damaged copies each; the number in a record's
name says whose it is. Every figure is exact, as consolidation is deterministic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from segrules.lang.ir import Identity, Survivor
from segrules.segments.identity.consolidate import Consolidation, consolidate

NUMBER, PERSON, PLACE = ("soc_sec_id",), ("person",), ("place",)
"""The number alone; name, surname and date of birth; date of birth, house number and postcode."""


def records(folder: Path, name: str) -> pl.DataFrame:
    """The set as text, with keys made of several columns; missing when one of them is."""
    read = pl.read_csv(folder / "febrl" / f"{name}.csv", infer_schema=False)
    clean = read.rename(str.strip).with_columns(pl.all().str.strip_chars().replace("", None))
    return clean.with_columns(
        person=pl.concat_str("given_name", "surname", "date_of_birth", separator="|"),
        place=pl.concat_str("date_of_birth", "street_number", "postcode", separator="|"),
    )


def whose(record: str) -> str:
    return record.split("-")[1]


def pairs(groups: Iterable[object]) -> int:
    """How many pairs of records are in one group."""
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())


@dataclass(frozen=True)
class Found:
    """Pairs of records: joined, of one person, and both; and the consolidation."""

    joined: int
    true: int
    both: int
    made: Consolidation

    @property
    def precision(self) -> float:
        return self.both / self.joined

    @property
    def recall(self) -> float:
        return self.both / self.true


def found(folder: Path, name: str, keys: tuple[str, ...]) -> Found:
    """Joined with a limit of six records, as many as a person can have."""
    identity = Identity("persons", keys, 6, None, (), Survivor("", "oldest", "rec_id", ()))
    made = consolidate(identity, records(folder, name).lazy(), "rec_id")
    into = dict(made.mapping.iter_rows())
    return Found(
        pairs(into.values()),
        pairs(whose(record) for record in into),
        pairs((whose(record), first) for record, first in into.items()),
        made,
    )


@pytest.mark.parametrize(
    ("name", "keys", "expected"),
    [
        # pairs joined, of one person, and both; customers
        ("dataset1", NUMBER, (450, 500, 450, 550)),
        ("dataset1", NUMBER + PERSON, (471, 500, 471, 529)),
        ("dataset1", NUMBER + PERSON + PLACE, (486, 500, 486, 514)),
        ("dataset3", NUMBER, (5601, 6538, 5601, 2291)),
        ("dataset3", NUMBER + PERSON, (6058, 6538, 6058, 2148)),
        ("dataset3", NUMBER + PERSON + PLACE, (6361, 6538, 6361, 2054)),
    ],
)
def test_pairs_found(
    shared_data: Path, name: str, keys: tuple[str, ...], expected: tuple[int, int, int, int]
) -> None:
    result = found(shared_data, name, keys)
    assert (result.joined, result.true, result.both, result.made.counts.customers) == expected
    assert result.made.counts.records == {"dataset1": 1000, "dataset3": 5000}[name]
    assert result.made.untrusted == ()


@pytest.mark.parametrize(
    ("name", "recalls"),
    [("dataset1", (0.9, 0.942, 0.972)), ("dataset3", (0.8567, 0.9266, 0.9729))],
)
def test_another_key_finds_more_and_joins_no_strangers(
    shared_data: Path, name: str, recalls: tuple[float, ...]
) -> None:
    keys = NUMBER, NUMBER + PERSON, NUMBER + PERSON + PLACE
    results = [found(shared_data, name, each) for each in keys]
    assert tuple(round(each.recall, 4) for each in results) == recalls
    assert list(recalls) == sorted(set(recalls))
    assert [each.precision for each in results] == [1, 1, 1]


def test_a_weak_key_joins_strangers(shared_data: Path) -> None:
    """A surname alone: the limit of trust keeps the commonest out, not the others."""
    result = found(shared_data, "dataset3", ("surname",))
    assert (result.joined, result.both) == (2563, 1716)
    assert round(result.precision, 4) == 0.6695
    assert round(result.recall, 4) == 0.2625
    (untrusted,) = result.made.untrusted
    assert (untrusted.values, untrusted.records) == (113, 2001)


def test_hops_find_what_no_single_key_does(shared_data: Path) -> None:
    """Number and person together join more pairs than share the one or the other."""
    frame = records(shared_data, "dataset3")
    by_hand = set()
    for key in ("soc_sec_id", "person"):
        for _, group in frame.drop_nulls(key).group_by(key):
            names = sorted(group["rec_id"])
            by_hand |= {(left, right) for left in names for right in names if left < right}
    assert len(by_hand) == 5890
    assert found(shared_data, "dataset3", NUMBER + PERSON).joined == 6058
