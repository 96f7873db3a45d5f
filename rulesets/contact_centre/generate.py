"""Customers, calls and agents of an invented contact centre, from a seed.

The planted truth, in the twelve months up to `AS_OF` where nothing else is said:

- 3% of the people stand in the records twice or three times. Their records share e-mail, phone or
  loyalty number, each with the next one, under differing spellings (capitals, blanks, hyphens).
  Spend and estimated minutes are parts, which add up; margin is stated in whole by every source,
  exactly by billing and up to a tenth off elsewhere; the newest record has the latest satisfaction.
  Three switchboards stand as the phone of 8, 12 and 20 records of different people.
- Spend is log-normal with a log-sd of 1.683: the first fifth of people bring about 80% of it.
  Satisfaction goes with it: a rank correlation of 0.3 among those who answered.
- Satisfaction moves from quarter to quarter between low (0..5), middle (6..8) and high (9..10) by
  `SATISFACTION_MOVES`, for eight quarters at most.
- Three people in ten have 95% of their time on the phone. With `hide_channel` the phone's contacts
  are left out, and less than half of these people's estimated minutes is known. A quarter do nearly
  everything by chat and social media, some of them aged 68 or more (all but 5% by chat).
- 6% of people have had the same reason for a contact three to five times in the last 28 days.
- Records from crm are resolved first time more often than those from billing for each reason, and
  less often on the whole: crm has three hard reasons in four, billing one (Simpson's reversal).

Nulls: satisfaction in 30% of people, birth date in 5% of records; e-mail 20%, phone 15%, loyalty
number 55% of people with one record; estimated minutes 4%, and wherever there are no minutes in the
year. The same seed gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

AS_OF = dt.date(2026, 6, 30)
_ENDS = ((2025, 12, 31), (2026, 3, 31), (2026, 4, 30), (2026, 5, 31))
REVIEWS = tuple(dt.date(*end) for end in _ENDS)
"""Reviews before that of `AS_OF`; `earlier.py` gives their tables."""
COLUMNS = ("spend_12m", "margin_12m")  # what a profile is worth looking at for
CUSTOMERS = 20_000
AGENTS = 60
SEED = 5
LOG_SD = 1.683
SPLIT_SHARE = 0.03
SWITCHBOARDS = (8, 12, 20)
HIDDEN_CHANNEL = "phone"
TROUBLED_SHARE = 0.06
SATISFACTION_MOVES = ((0.80, 0.18, 0.02), (0.09, 0.83, 0.08), (0.02, 0.16, 0.82))
"""From low, middle and high to each of them within a quarter; it keeps the parts 25%, 50%, 25%."""

RESOLVED = {"crm": (0.96, 0.80), "billing": (0.93, 0.74), "web": (0.95, 0.77)}
"""How often a contact which was not abandoned is resolved first time: easy and hard reasons."""

HARD_SHARE = {"crm": 0.75, "billing": 0.25, "web": 0.50}

_SOURCES = tuple(RESOLVED)
_REASONS = ("bill", "move", "fault", "complaint")
_CHANNELS = ("phone", "email", "chat", "social")
_HABITS = ("phone", "digital", "silver", "mixed")
_HABIT_SHARE = (0.30, 0.22, 0.03, 0.45)
_CHANNEL_SHARE = np.array(
    [[0.90, 0.02, 0.06, 0.02], [0.02, 0.06, 0.57, 0.35], [0, 0.05, 0.95, 0], [0.4, 0.25, 0.25, 0.1]]
)
"""Channels by habit."""

_MINUTES = np.array([[14.0, 6, 6.5, 6], [6, 4, 10, 8], [6, 4, 12, 8], [10, 8, 11, 7]])
_WAIT = np.array([120.0, 7_200.0, 45.0, 1_800.0])
_ABANDONED = np.array([0.06, 0.0, 0.03, 0.0])
_SATISFACTION = (0.01, 0.01, 0.02, 0.03, 0.06, 0.12, 0.14, 0.18, 0.18, 0.15, 0.10)
"""How often each score from 0 to 10 is given."""

_LATENT = 0.318
"""The correlation of the normal scores: in bands of whole points it leaves 0.3 of ranks."""

_QUARTERS = 8
_SPAN = 548
"""Days of contacts before `AS_OF`."""

_STARTS = (1_000_001, 7_100_000_001, 5_000_001)
"""The first number of an e-mail, a phone and a loyalty card."""

_LANGUAGES = ("english", "french", "polish")
_SKILLS = ("billing", "repair", "sales")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class _People(NamedTuple):
    """One row a person; money in pence."""

    habit: Ints
    age: Floats
    tenure: Ints
    spend: Ints
    recent: Ints
    margin: Ints
    satisfaction: Ints
    answers: Flags
    troubled: Flags
    records: Ints


class _Records(NamedTuple):
    """One row a record of a person, the records of a person side by side."""

    owner: Ints
    place: Ints
    key: Ints
    source: Ints
    email: pl.Series
    phone: pl.Series
    loyalty: pl.Series
    switchboard: Ints


def generate(
    seed: int, folder: Path, customers: int = CUSTOMERS, *, hide_channel: bool = False
) -> dict[str, Path]:
    """Writes the four tables as CSV files into `folder`; returns their paths by table.

    `customers` is the number of people, at least 200; there are more records than people.
    """
    luck = np.random.Generator(np.random.PCG64(seed))
    people = _people(luck, customers)
    records = _records(luck, people)
    contacts = _contacts(luck, people, records)
    base, history = _customers(luck, people, records, contacts)
    if hide_channel:
        contacts = contacts.filter(pl.col("channel") != HIDDEN_CHANNEL)
    tables = {
        "customers": base,
        "contacts": contacts.drop("record").with_columns(_iso("at_time")),
        "agents": _agents(luck),
        "satisfaction_history": history,
    }
    paths = {name: folder / f"{name}.csv" for name in tables}
    for name, table in tables.items():
        table.write_csv(paths[name])
    return paths


def truth(seed: int, customers: int = CUSTOMERS) -> pl.DataFrame:
    """Who is who, which no table says: one row a record.

    Columns: customer_id; person, a number; habit (phone, digital, silver or mixed); troubled, the
    people with repeated contacts; switchboard, whether its phone is one.
    """
    luck = np.random.Generator(np.random.PCG64(seed))
    people = _people(luck, customers)
    records = _records(luck, people)
    return pl.DataFrame(
        {
            "customer_id": _ids(records.key),
            "person": records.owner,
            "habit": np.array(_HABITS)[people.habit[records.owner]],
            "troubled": people.troubled[records.owner],
            "switchboard": records.switchboard > 0,
        }
    ).sort("customer_id")


def _people(luck: np.random.Generator, count: int) -> _People:
    score = luck.normal(0.0, 1.0, count)
    habit = luck.choice(4, count, p=_HABIT_SHARE)
    age = np.where(habit == 2, luck.uniform(68, 86, count), luck.normal(45, 14, count))
    spend = np.exp(np.log(150.0) + LOG_SD * score)
    rising = luck.random(count) < 0.03
    lately = np.where(rising, luck.beta(15.0, 5.0, count), luck.beta(5.0, 15.0, count))
    normal = _LATENT * score + np.sqrt(1.0 - _LATENT**2) * luck.normal(0.0, 1.0, count)
    edges = [NormalDist().inv_cdf(share) for share in np.cumsum(_SATISFACTION)[:-1].tolist()]
    records = np.ones(count, dtype=np.int64)
    split = luck.choice(count, round(SPLIT_SHARE * count), replace=False)
    records[split] = luck.choice([2, 3], len(split), p=[0.7, 0.3])
    return _People(
        habit=habit,
        age=np.clip(age, 18.0, 92.0),
        tenure=3 + np.minimum(luck.gamma(1.3, 36.0, count).astype(np.int64), 600),
        spend=_pence(spend),
        recent=_pence(spend * lately),
        margin=_pence(0.35 * spend * np.exp(luck.normal(0.0, 0.2, count))),
        satisfaction=np.digitize(normal, edges).astype(np.int64),
        answers=luck.random(count) >= 0.30,
        troubled=luck.random(count) < TROUBLED_SHARE,
        records=records,
    )


def _pence(amount: Floats) -> Ints:
    return np.rint(100.0 * amount).astype(np.int64)


def _records(luck: np.random.Generator, people: _People) -> _Records:
    owner, place = _owners(people.records)
    count = len(owner)
    three = luck.permuted(np.tile(np.arange(3), (len(people.records), 1)), axis=1)
    alone = people.records[owner] == 1
    drawn = luck.choice(3, count, p=[0.45, 0.35, 0.20])
    held = _held(luck, people, owner, place)
    switchboard = np.zeros(count, dtype=np.int64)
    hub = luck.choice(np.flatnonzero(alone), sum(SWITCHBOARDS), replace=False)
    switchboard[hub] = np.repeat(np.arange(1, len(SWITCHBOARDS) + 1), SWITCHBOARDS)
    phone = np.where(switchboard > 0, 7_999_000_000 + switchboard, held[:, 1])
    return _Records(
        owner=owner,
        place=place,
        key=luck.permutation(count) + 1,
        source=np.where(alone, drawn, three[owner, place]),
        email=_emails(luck, held[:, 0]),
        phone=_phones(luck, phone),
        loyalty=_loyalty(luck, held[:, 2]),
        switchboard=switchboard,
    )


def _owners(how_many: Ints) -> tuple[Ints, Ints]:
    """The owner of each row, and the row's place among its owner's rows."""
    owner = np.repeat(np.arange(len(how_many)), how_many)
    first = np.cumsum(how_many) - how_many
    return owner, np.arange(len(owner)) - first[owner]


def _held(luck: np.random.Generator, people: _People, owner: Ints, place: Ints) -> Ints:
    """The numbers behind e-mail, phone and loyalty number of each record; 0 where it has none."""
    count, persons = len(owner), len(people.records)
    alone = people.records[owner] == 1
    own = np.stack([start + luck.permutation(persons) for start in _STARTS], axis=1)[owner]
    other = np.stack([start + 3_000_000 + np.arange(count) for start in _STARTS], axis=1)
    chance = luck.random((count, 3))
    single = np.where(chance >= np.array([0.20, 0.15, 0.55]), own, 0)
    split = np.where(chance < 0.5, 0, np.where(chance < 0.75, own, other))
    held = np.where(alone[:, None], single, split)
    # each record shares one key with the person's record before it
    link = luck.integers(0, 3, count)
    after = np.flatnonzero(place > 0)
    held[after, link[after]] = own[after, link[after]]
    held[after - 1, link[after]] = own[after - 1, link[after]]
    found: Ints = held.astype(np.int64)
    return found


def _emails(luck: np.random.Generator, number: Ints) -> pl.Series:
    how = luck.choice(3, len(number), p=[0.85, 0.10, 0.05])
    plain = pl.format("user{}@example.org", pl.col("number"))
    written = pl.when(how=1).then(plain.str.to_uppercase()).when(how=2)
    return _spelled(number, how, written.then(pl.format(" {} ", plain)).otherwise(plain))


def _phones(luck: np.random.Generator, number: Ints) -> pl.Series:
    how = luck.choice(3, len(number), p=[0.60, 0.25, 0.15])
    plain = pl.format("0{}", pl.col("number"))
    parts = (plain.str.head(5), plain.str.slice(5))
    written = pl.when(how=1).then(pl.format("{} {}", *parts)).when(how=2)
    return _spelled(number, how, written.then(pl.format("({}) {}", *parts)).otherwise(plain))


def _loyalty(luck: np.random.Generator, number: Ints) -> pl.Series:
    how = luck.choice(2, len(number), p=[0.95, 0.05])
    plain = pl.format("LY{}", pl.col("number"))
    return _spelled(number, how, pl.when(how=1).then(pl.format("{} ", plain)).otherwise(plain))


def _spelled(number: Ints, how: Ints, written: pl.Expr) -> pl.Series:
    frame = pl.DataFrame({"number": number, "how": how})
    return frame.select(key=pl.when(pl.col("number") > 0).then(written)).to_series()


def _contacts(luck: np.random.Generator, people: _People, records: _Records) -> pl.DataFrame:
    """Some for everyone, and the same again and again for those in trouble."""
    often = np.where(people.troubled, luck.integers(3, 6, len(people.habit)), 0)
    how_many = 1 + np.maximum(luck.poisson(4.0, len(often)), people.records - 1)
    owner, place = _owners(how_many + often)
    again = place >= how_many[owner]
    span = np.minimum(_SPAN, people.tenure * 30)[owner]
    # the first contact of everyone lies in the year, so that it is known how they get in touch
    span = np.where(again, 28, np.where(place == 0, np.minimum(span, 365), span))
    day = (luck.random(len(owner)) * span).astype(np.int64)
    start = np.cumsum(people.records) - people.records
    any_of = (luck.random(len(owner)) * people.records[owner]).astype(np.int64)
    record = start[owner] + np.where(place < people.records[owner], place, any_of)
    reason = _reason(luck, records.source[record])
    first_again = np.flatnonzero(again & ~np.concatenate([[False], again[:-1]]))
    reason[again] = np.repeat(reason[first_again], often[people.troubled])
    hour = luck.uniform(8.0, 20.0, len(owner))
    at = np.datetime64(AS_OF, "us") + ((hour / 24.0 - day) * 86_400e6).astype("timedelta64[us]")
    return (
        _handled(luck, people.habit[owner], records, record, reason)
        .with_columns(at_time=pl.Series(at).dt.truncate("1s"))
        .sort("at_time", "customer_id", "channel", maintain_order=True)
        .select(
            pl.format("K{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)).alias(
                "contact_id"
            ),
            "customer_id",
            "at_time",
            pl.exclude("customer_id", "at_time"),
        )
    )


def _reason(luck: np.random.Generator, source: Ints) -> Ints:
    hard = luck.random(len(source)) < np.array([HARD_SHARE[name] for name in _SOURCES])[source]
    rare = luck.random(len(source)) < 0.3
    found: Ints = (2 * hard + rare).astype(np.int64)
    return found


def _handled(
    luck: np.random.Generator, habit: Ints, records: _Records, record: Ints, reason: Ints
) -> pl.DataFrame:
    """What became of each contact."""
    count = len(habit)
    upto = np.cumsum(_CHANNEL_SHARE, axis=1)[habit, :-1]
    channel = (luck.random(count)[:, None] >= upto).sum(axis=1)
    minutes = np.clip(luck.gamma(4.0, _MINUTES[habit, channel] / 4.0), 0.5, 120.0).round(1)
    abandoned = luck.random(count) < _ABANDONED[channel]
    odds = np.array([RESOLVED[name] for name in _SOURCES])[records.source[record], reason // 2]
    resolved = ~abandoned & (luck.random(count) < odds)
    return pl.DataFrame(
        {
            "record": record,
            "customer_id": _ids(records.key[record]),
            "reason": np.array(_REASONS)[reason],
            "channel": np.array(_CHANNELS)[channel],
            "handle_minutes": np.where(abandoned, 0.0, minutes),
            "wait_seconds": luck.exponential(_WAIT[channel]).astype(np.int64),
            "abandoned": _yes(abandoned),
            "resolved_first_time": _yes(resolved),
        }
    )


def _customers(
    luck: np.random.Generator, people: _People, records: _Records, contacts: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records as they lie in the sources, and the satisfaction of earlier quarters."""
    owner, count = records.owner, len(records.owner)
    seen, minutes = _seen(contacts)
    newest = np.zeros(count, dtype=bool)
    # a stable sort by person and time leaves the newest record of each person last
    order = np.lexsort((seen, owner))
    newest[order[np.cumsum(people.records) - 1]] = True
    scores = _scores(luck, people)
    since = np.minimum(_QUARTERS, people.tenure // 3)
    satisfaction = np.where(newest, scores[owner, -1], scores[owner, -5])
    known = people.answers[owner] & (newest | (since[owner] >= 5))
    weight = luck.gamma(2.0, 1.0, count)
    exact = records.source == _SOURCES.index("billing")
    margin = people.margin[owner] * np.where(exact, 1.0, luck.uniform(0.9, 1.1, count))
    guess = minutes * np.exp(luck.normal(0.0, 0.08, count))
    born = np.datetime64(AS_OF, "D") - (people.age * 365.25).astype("timedelta64[D]")
    complaint = luck.random(len(people.habit)) < 0.015
    region, language = _place(luck, len(people.habit))
    frame = pl.DataFrame(
        {
            "customer_id": _ids(records.key),
            "region": region[owner],
            "language": language[owner],
            "birth_date": _where(luck.random(count) >= 0.05, born[owner]),
            "tenure_months": people.tenure[owner],
            "spend_3m": _split(people.recent, weight, owner, people.records),
            "spend_12m": _split(people.spend, weight, owner, people.records),
            "margin_12m": np.rint(margin).astype(np.int64),
            "satisfaction": _where(known, satisfaction),
            "estimated_minutes": _where(
                (luck.random(count) >= 0.04) & (minutes > 0), guess.round(1)
            ),
            "email": records.email,
            "phone": records.phone,
            "loyalty_no": records.loyalty,
            "source": np.array(_SOURCES)[records.source],
            "seen_at": seen,
            "has_open_complaint": _yes(complaint[owner] & (records.place == 0)),
        }
    ).with_columns(
        _iso("seen_at"), _pounds("spend_3m"), _pounds("spend_12m"), _pounds("margin_12m")
    )
    history = _history(scores, since, people, records.key[newest])
    return frame.sort("customer_id"), history


def _seen(contacts: pl.DataFrame) -> tuple[NDArray[np.datetime64], Floats]:
    """When each record was last seen, and its minutes of twelve months."""
    record = contacts["record"].to_numpy()
    year = (contacts["at_time"].dt.date() > AS_OF - dt.timedelta(365)).to_numpy()
    # summed in the order of the rows, always to the same last digit
    minutes = np.bincount(record, contacts["handle_minutes"].to_numpy() * year)
    seen = contacts.group_by("record").agg(pl.max("at_time")).sort("record")
    return seen["at_time"].to_numpy(), minutes.astype(np.float64)


def _scores(luck: np.random.Generator, people: _People) -> Ints:
    """The scores of eight quarters, the last one today's.

    The moves between the bands balance each other, so that they are the same backwards in time.
    """
    count = len(people.satisfaction)
    scores = np.zeros((count, _QUARTERS), dtype=np.int64)
    scores[:, -1] = people.satisfaction
    upto = np.cumsum(SATISFACTION_MOVES, axis=1)[:, :-1]
    for quarter in range(_QUARTERS - 2, -1, -1):
        later = scores[:, quarter + 1]
        was = np.digitize(later, (6, 9))
        band = (luck.random(count)[:, None] >= upto[was]).sum(axis=1)
        drawn = _within(luck, band)
        same = (band == was) & (luck.random(count) < 0.6)
        scores[:, quarter] = np.where(same, later, drawn)
    return scores


def _within(luck: np.random.Generator, band: Ints) -> Ints:
    """A score in each band, as often as it is given."""
    low, high = np.array([0.0, 0.25, 0.75])[band], np.array([0.25, 0.75, 1.0])[band]
    share = low + (high - low) * luck.random(len(band))
    found: Ints = np.digitize(share, np.cumsum(_SATISFACTION)[:-1]).astype(np.int64)
    return np.clip(found, np.array([0, 6, 9])[band], np.array([5, 8, 10])[band])


def _history(scores: Ints, since: Ints, people: _People, key: Ints) -> pl.DataFrame:
    """One row a quarter for those who answer, from their joining on, under their newest record."""
    ends = [_quarter_end(back) for back in range(_QUARTERS - 1, -1, -1)]
    there = np.arange(_QUARTERS) >= _QUARTERS - since[:, None]
    person, quarter = np.nonzero(there & people.answers[:, None])
    return pl.DataFrame(
        {
            "customer_id": _ids(key[person]),
            "quarter_end": np.array(ends, dtype="datetime64[D]")[quarter],
            "satisfaction": scores[person, quarter],
        }
    ).sort("quarter_end", "customer_id")


def _quarter_end(back: int) -> dt.date:
    month = AS_OF.year * 12 + AS_OF.month - 3 * back
    return dt.date(month // 12, month % 12 + 1, 1) - dt.timedelta(1)


def _place(luck: np.random.Generator, count: int) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    north = luck.random(count) < 0.45
    share = np.where(north, 0.78, 0.68)
    chance = luck.random(count)
    language = np.where(chance < share, 0, np.where(chance < share + 0.12, 1, 2))
    return np.where(north, "north", "south"), np.array(_LANGUAGES)[language]


def _split(total: Ints, weight: Floats, owner: Ints, how_many: Ints) -> Ints:
    """Parts of each owner's total by weight, which they make up to the penny."""
    whole = np.bincount(owner, weight, len(total))
    part: Ints = (total[owner] * weight / whole[owner]).astype(np.int64)
    part[np.cumsum(how_many) - 1] += total - np.bincount(owner, part, len(total)).astype(np.int64)
    return part


def _agents(luck: np.random.Generator) -> pl.DataFrame:
    speaks = luck.random((AGENTS, 3)) < np.array([1.0, 0.25, 0.25])
    skilled = luck.random((AGENTS, 3)) < 0.5
    skilled[np.arange(AGENTS), luck.integers(0, 3, AGENTS)] = True
    return pl.DataFrame(
        {
            "agent_id": [f"A{number:03d}" for number in range(1, AGENTS + 1)],
            "region": luck.choice(["north", "south"], AGENTS),
            "languages": _sets(_LANGUAGES, speaks),
            "style": luck.choice(["calm", "brisk"], AGENTS),
            "skills": _sets(_SKILLS, skilled),
            "shift": luck.choice(["early", "late"], AGENTS),
            "tenure": luck.gamma(2.0, 2.0, AGENTS).round(1),
        }
    )


def _sets(names: tuple[str, ...], held: Flags) -> list[str]:
    rows = held.tolist()
    return [";".join(n for n, has in zip(names, row, strict=True) if has) for row in rows]


def _ids(number: Ints) -> pl.Series:
    return "C" + pl.Series(number).cast(pl.String).str.zfill(6)


def _yes(flag: Flags) -> NDArray[np.str_]:
    return np.where(flag, "yes", "no")


def _where(there: Flags, values: NDArray[np.generic]) -> pl.Series:
    """The values, null where they are not there."""
    frame = pl.DataFrame({"value": values, "there": there})
    return frame.select(pl.when(pl.col("there")).then(pl.col("value"))).to_series()


def _iso(name: str) -> pl.Expr:
    return pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _pounds(name: str) -> pl.Expr:
    pence = pl.col(name)
    return pl.format("{}.{}", pence // 100, (pence % 100).cast(pl.String).str.zfill(2)).alias(name)
