"""Accounts of an invented wholesaler, what they buy, when they pay and what they cost, from a seed.

The planted truth, in the twelve months up to `AS_OF` where nothing else is said:

- An account's turnover is log-normal with a log-sd of 1.683, so that the first fifth of accounts
  bring about 80% of it: an estimate, which a sample of 5,000 misses by up to 0.04 (more than four
  standard deviations), also when groups count as one. The cost of goods is 65% of it.
- What an account costs follows its turnover only in part: about one in seven costs more than it
  brings, at 120 a visit, 15 a call and 25 a reminder, with returns and delivery.
- 7% of accounts are new: their first order lies in the last six months.
- One account in eight pays late, 25 days on average; the others on the day, within a week or so.
  Late payers leave one invoice in 25 unpaid, others one in 1,000; after 120 days it is written off.
- 5% of accounts are parents of one to five others, one level deep, in all countries and sectors;
  parents have no parent.
- `expected_turnover` is what the account's manager reports, and biased: on average 30% above what
  the account brought. All else is as booked.
- An order is invoiced when it is delivered; orders, invoices and the costs of a quarter reach back
  two years, with a growth of 3% on average and a spread of 25%.

Nulls: the manager in 5% of accounts, the credit limit in 10%, what the manager expects in 20%. The
same seed gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

AS_OF = dt.date(2026, 6, 30)
REVIEWS = (dt.date(2025, 6, 30),)
"""The review before that of `AS_OF`."""

EFFORT = ("visits_12m",)
"""What the rules call that which is spent on an account."""

ACCOUNTS = 5_000
SEED = 5

LOG_SD = 1.683
GROSS_MARGIN = 0.35
COST_OF = {"visits": 120, "calls": 15, "reminders": 25}
"""What one of each costs, in pounds; returns and delivery are booked in money."""

TARIFF = "standard"
NEW_SHARE = 0.07
LATE_SHARE = 0.125
DAYS_LATE = 25.0
PARENT_SHARE = 0.05
OVERSTATED = 1.30

_MEDIAN_TURNOVER = 12_000.0
_YEAR = 365
_NEW_DAYS = 180
_QUARTER_ENDS = tuple(
    dt.date(year, month, day)
    for year, month, day in (
        *((2024, 9, 30), (2024, 12, 31), (2025, 3, 31), (2025, 6, 30)),
        *((2025, 9, 30), (2025, 12, 31), (2026, 3, 31), (2026, 6, 30)),
    )
)
_TERMS = (14, 30, 45, 60)
_COUNTRIES = ("uk", "ireland", "france", "germany")
_SECTORS = ("catering", "retail", "industry", "public")
_SIZES = ("small", "middle", "large")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class _Accounts(NamedTuple):
    """One row an account; turnover in pence, `age` in days before `AS_OF`."""

    turnover: Ints
    before: Ints
    age: Ints
    late: Flags
    size: Ints
    sector: Ints
    terms: Ints


def generate(seed: int, folder: Path, accounts: int = ACCOUNTS) -> dict[str, Path]:
    """Writes the six tables as CSV files into `folder`; returns their paths by table.

    `accounts` is at least 100.
    """
    luck = np.random.Generator(np.random.PCG64(seed))
    known = _accounts(luck, accounts)
    sales = _sales(luck, known)
    invoices = _invoices(luck, known, sales)
    tables = {
        "accounts": _account_table(luck, known),
        "invoices": invoices.drop("quarter", "number").with_columns(
            _pounds("turnover"), _pounds("cogs")
        ),
        "orders": sales.select(
            *("order_id", "account_id", "ordered_on", "lines", "rush", "delivery_days")
        ),
        "costs": _costs(luck, known, invoices),
        "tariffs": _tariffs(),
        "prospects": _prospects(luck, known),
    }
    paths = {name: folder / f"{name}.csv" for name in tables}
    for name, table in tables.items():
        table.write_csv(paths[name])
    return paths


def _accounts(luck: np.random.Generator, count: int) -> _Accounts:
    score = luck.normal(0.0, 1.0, count)
    turnover = _MEDIAN_TURNOVER * np.exp(LOG_SD * score)
    new = luck.random(count) < NEW_SHARE
    age = np.where(
        new, luck.integers(20, _NEW_DAYS, count), 2 * _YEAR + luck.gamma(1.5, 1_200.0, count)
    )
    growth = luck.normal(np.log(1.03) - 0.25**2 / 2.0, 0.25, count)
    return _Accounts(
        turnover=_pence(turnover),
        before=np.where(new, 0, _pence(turnover / np.exp(growth))),
        age=age.astype(np.int64),
        late=luck.random(count) < LATE_SHARE,
        size=np.digitize(score + luck.normal(0.0, 0.8, count), [0.4, 1.5]).astype(np.int64),
        sector=luck.choice(4, count, p=[0.30, 0.35, 0.25, 0.10]),
        terms=luck.choice(_TERMS, count, p=[0.15, 0.60, 0.15, 0.10]),
    )


def _pence(amount: Floats) -> Ints:
    return np.maximum(np.rint(100.0 * amount), 1.0).astype(np.int64)


def _sales(luck: np.random.Generator, known: _Accounts) -> pl.DataFrame:
    """One row an order of the two years, with the day and amount of its invoice."""
    frames = []
    for amount, back in ((known.before, _YEAR), (known.turnover, 0)):
        size = np.log(np.maximum(amount, 1) / 100.0 / _MEDIAN_TURNOVER) / LOG_SD
        often = np.where(
            amount > 0, 1 + luck.poisson(np.exp(1.6 + 0.45 * np.minimum(size, 3.0))), 0
        )
        owner = np.repeat(np.arange(len(amount)), often)
        span = np.minimum(np.where(known.age < _YEAR, known.age, _YEAR), _YEAR)[owner]
        invoiced = back + (luck.random(len(owner)) * span).astype(np.int64)
        rush = luck.random(len(owner)) < 0.08
        taken = np.where(rush, 1, 2 + luck.poisson(2.5, len(owner)))
        # an order of a new account cannot lie before the account
        taken = np.minimum(taken, known.age[owner] - invoiced)
        frames.append(
            pl.DataFrame(
                {
                    "number": owner,
                    "ordered_on": _day(invoiced + taken),
                    "date": _day(invoiced),
                    "lines": 1 + luck.poisson(4.0, len(owner)),
                    "rush": _yes(rush),
                    "delivery_days": taken,
                    "turnover": _split(luck, amount, owner, often),
                }
            )
        )
    return (
        pl.concat(frames)
        .sort("ordered_on", "number", maintain_order=True)
        .with_columns(
            _numbered("order_id", "O"),
            ("A" + (pl.col("number") + 1).cast(pl.String).str.zfill(6)).alias("account_id"),
        )
    )


def _day(back: Ints) -> NDArray[np.datetime64]:
    return np.datetime64(AS_OF, "D") - back.astype("timedelta64[D]")


def _split(luck: np.random.Generator, total: Ints, owner: Ints, how_many: Ints) -> Ints:
    """Random parts of each owner's total, which they make up to the penny."""
    weight = luck.gamma(4.0, 1.0, len(owner))
    whole = np.bincount(owner, weight, len(total))
    part: Ints = (total[owner] * weight / whole[owner]).astype(np.int64)
    some = how_many > 0
    given = np.bincount(owner, part, len(total)).astype(np.int64)
    part[(np.cumsum(how_many) - 1)[some]] += (total - given)[some]
    return part


def _invoices(luck: np.random.Generator, known: _Accounts, sales: pl.DataFrame) -> pl.DataFrame:
    """One row an order; paid, open or written off."""
    sold = sales.sort("date", "order_id")
    owner, count = sold["number"].to_numpy(), sold.height
    date = sold["date"].to_numpy().astype("datetime64[D]")
    due = date + known.terms[owner].astype("timedelta64[D]")
    late = known.late[owner]
    delay = np.where(late, luck.normal(DAYS_LATE, 8.0, count), luck.normal(0.0, 3.0, count))
    never = luck.random(count) < np.where(late, 0.04, 0.001)
    days = np.maximum(np.rint(delay).astype(np.int64), -known.terms[owner])
    paid = due + days.astype("timedelta64[D]")
    end = np.datetime64(AS_OF, "D")
    settled = ~never & (paid <= end)
    written_off = never & (due + np.timedelta64(120, "D") <= end)
    turnover = sold["turnover"].to_numpy()
    quarter = np.searchsorted(np.array(_QUARTER_ENDS, dtype="datetime64[D]"), date)
    return pl.DataFrame(
        {
            "account_id": sold["account_id"],
            "date": date,
            "due_date": due,
            "paid_date": np.where(settled, paid, np.datetime64("NaT")),
            "turnover": turnover,
            "cogs": np.rint((1.0 - GROSS_MARGIN) * turnover).astype(np.int64),
            "open": _yes(~settled & ~written_off),
            "written_off": _yes(written_off),
            "quarter": quarter,
            "number": owner,
        }
    ).select(_numbered("invoice_id", "I"), pl.all())


def _costs(luck: np.random.Generator, known: _Accounts, invoices: pl.DataFrame) -> pl.DataFrame:
    """One row an account and quarter in which it was there."""
    count, quarters = len(known.age), len(_QUARTER_ENDS)
    account, quarter = np.divmod(np.arange(count * quarters), quarters)
    sold = invoices["number"].to_numpy() * quarters + invoices["quarter"].to_numpy()
    cells = count * quarters
    amount = np.bincount(sold, invoices["turnover"].to_numpy(), cells)
    deliveries = np.bincount(sold, minlength=cells)
    size = np.log(known.turnover / 100.0 / _MEDIAN_TURNOVER) / LOG_SD
    # attention follows the turnover in part, and habit for the rest
    habit = np.exp(luck.normal(0.0, 0.75, count) + 0.55 * size)[account]
    reminders = luck.poisson(np.where(known.late[account], 0.8, 0.04) * deliveries)
    returns = amount * 0.02 * luck.gamma(0.5, 2.0, cells)
    frame = pl.DataFrame(
        {
            "account_id": "A" + pl.Series(account + 1).cast(pl.String).str.zfill(6),
            "booked_on": np.array(_QUARTER_ENDS, dtype="datetime64[D]")[quarter],
            "visits": luck.poisson(1.2 * habit),
            "calls": luck.poisson(4.0 * habit),
            "reminders": reminders,
            "tariff": [TARIFF] * cells,
            "returns": np.rint(returns).astype(np.int64),
            "delivery_cost": deliveries * 1_800 + luck.integers(0, 500, cells) * (deliveries > 0),
        }
    )
    there = _day(known.age)[account] <= frame["booked_on"].to_numpy()
    return (
        frame.filter(pl.Series(there))
        .with_columns(_pounds("returns"), _pounds("delivery_cost"))
        .sort("booked_on", "account_id")
    )


def _tariffs() -> pl.DataFrame:
    """What one of each costs; the costs refer to it."""
    each = {f"a_{name.removesuffix('s')}": [f"{pounds}.00"] for name, pounds in COST_OF.items()}
    return pl.DataFrame({"tariff_id": [TARIFF], **each})


def _account_table(luck: np.random.Generator, known: _Accounts) -> pl.DataFrame:
    count = len(known.age)
    turnover = known.turnover / 100.0
    expected = turnover * OVERSTATED * np.exp(luck.normal(-0.02, 0.2, count))
    limit = np.maximum(np.rint(turnover * luck.uniform(0.1, 0.3, count) / 500.0), 1.0) * 500.0
    manager = luck.integers(1, 26, count)
    frame = pl.DataFrame(
        {
            "account_id": _ids(np.arange(count)),
            "parent": _parents(luck, count),
            "country": luck.choice(_COUNTRIES, count, p=[0.55, 0.10, 0.15, 0.20]),
            "sector": np.array(_SECTORS)[known.sector],
            "size": np.array(_SIZES)[known.size],
            "since": _day(known.age),
            "credit_limit": (100 * limit).astype(np.int64),
            "manager": [f"M{number:02d}" for number in manager.tolist()],
            "expected_turnover": (100 * np.ceil(expected)).astype(np.int64),
        }
    ).with_columns(_pounds("credit_limit"), _pounds("expected_turnover"))
    lost = (("credit_limit", 0.10), ("manager", 0.05), ("expected_turnover", 0.20))
    return frame.with_columns(
        pl.when(pl.Series(luck.random(count) >= share)).then(pl.col(name)).alias(name)
        for name, share in lost
    )


def _parents(luck: np.random.Generator, count: int) -> pl.Series:
    """The parent of each account, null for those without."""
    drawn = luck.permutation(count)
    parents = drawn[: round(PARENT_SHARE * count)]
    how_many = luck.integers(1, 6, len(parents))
    children = drawn[len(parents) : len(parents) + int(how_many.sum())]
    parent = np.full(count, -1, dtype=np.int64)
    parent[children] = np.repeat(parents, how_many)
    frame = pl.DataFrame({"id": _ids(parent), "has": parent >= 0})
    return frame.select(pl.when(pl.col("has")).then(pl.col("id"))).to_series()


def _prospects(luck: np.random.Generator, known: _Accounts) -> pl.DataFrame:
    """A tenth as many as accounts; two in three are like one of them in sector and size."""
    count = max(len(known.age) // 10, 1)
    like = luck.integers(0, len(known.age), count)
    frame = pl.DataFrame(
        {
            "prospect_id": [f"P{number:05d}" for number in range(1, count + 1)],
            "sector": np.array(_SECTORS)[known.sector[like]],
            "size": np.array(_SIZES)[known.size[like]],
            "source": luck.choice(["fair", "web", "referral", "list"], count),
            "lookalike_of": _ids(like),
        }
    )
    found = pl.Series(luck.random(count) < 2.0 / 3.0)
    return frame.with_columns(pl.when(found).then(pl.col("lookalike_of")).alias("lookalike_of"))


def _ids(number: Ints) -> pl.Series:
    return "A" + pl.Series(number + 1).cast(pl.String).str.zfill(6)


def _numbered(name: str, letter: str) -> pl.Expr:
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)
    return pl.format("{}{}", pl.lit(letter), number).alias(name)


def _yes(flag: Flags) -> NDArray[np.str_]:
    return np.where(flag, "yes", "no")


def _pounds(name: str) -> pl.Expr:
    pence = pl.col(name)
    return pl.format("{}.{}", pence // 100, (pence % 100).cast(pl.String).str.zfill(2)).alias(name)
