"""Leads of an invented advice firm, from a seed.

The planted truth: complex, high-value leads convert worst at every stage (0.32, 0.18 and 0.78
against about 0.45, 0.27 and 0.88 overall) although they bring the largest fees. The same seed
gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

AS_OF = dt.date(2026, 6, 30)
LEADS = 20_000
AGENTS = 40

COLUMNS = ("assets", "fee", "case_cost")
"""What a profile is worth looking at for."""

_FIRST_DAY = dt.date(2021, 7, 1)
_CONVERSION = {
    "complex_high": (0.32, 0.18, 0.78),
    "complex_standard": (0.42, 0.24, 0.85),
    "needs_care": (0.44, 0.26, 0.88),
    "growth": (0.51, 0.31, 0.91),
    "outside_target": (0.30, 0.16, 0.80),
    "straightforward": (0.47, 0.285, 0.89),
}
"""Enquiry to appointment, appointment to sale, sale to still a client after a year."""

_WITHIN = (30, 90, 400)
_MINUTES = {"complex_high": 190.0, "complex_standard": 150.0}
_MINUTES_ELSE = 70.0
_PENCE_A_MINUTE = 90
_MICROSECONDS_A_DAY = 86_400_000_000

Numbers = NDArray[np.float64]
Instants = NDArray[np.datetime64]


def generate(seed: int, folder: Path, leads: int = LEADS) -> dict[str, Path]:
    """Writes leads, contacts and agents as CSV files into `folder`; paths by table."""
    luck = np.random.Generator(np.random.PCG64(seed))
    people = _people(luck, leads)
    segment = _segment(people)
    dates = _dates(luck, segment)
    contacts = _contacts(luck, people["lead_id"], segment, dates)
    # what else is known of leads is drawn apart, so that it moves nothing of the rest
    more = np.random.Generator(np.random.PCG64([seed, 1]))
    tables = {
        "leads": _with_care(more, _leads(luck, people, dates)),
        "contacts": contacts,
        "agents": _agents(more),
    }
    paths = {name: folder / f"{name}.csv" for name in tables}
    for name, table in tables.items():
        table.write_csv(paths[name])
    return paths


def _with_care(more: np.random.Generator, leads: pl.DataFrame) -> pl.DataFrame:
    """Who serves a lead, how content it was when last asked, and whom nobody is to call.

    A few are in the complaints process and fewer still have died; most have not been asked.
    """
    count = leads.height
    agent = pl.Series(more.integers(1, AGENTS + 1, count)).cast(pl.String).str.zfill(3)
    score = pl.Series(more.binomial(10, 0.74, count))
    asked = pl.Series(more.random(count) < 0.40)
    return leads.with_columns(
        ("A" + agent).alias("agent"),
        pl.when(asked).then(score).alias("satisfaction"),
        pl.Series("open_complaint", np.where(more.random(count) < 0.012, "yes", "no")),
        pl.Series("deceased", np.where(more.random(count) < 0.003, "yes", "no")),
    )


def _agents(more: np.random.Generator) -> pl.DataFrame:
    """The advisers: the longer there, the more skilled; those certified are among the skilled."""
    years = more.gamma(1.6, 4.0, AGENTS).round(1)
    skill = np.clip(np.rint(1.5 + years / 4.0 + more.normal(0.0, 0.8, AGENTS)), 1, 5).astype(int)
    certified = (skill >= 4) & (more.random(AGENTS) < 0.8)
    return pl.DataFrame(
        {
            "agent_id": [f"A{number:03d}" for number in range(1, AGENTS + 1)],
            "skill": skill,
            "years_experience": years,
            "complex_certified": np.where(certified, "yes", "no"),
        }
    )


def _people(luck: np.random.Generator, count: int) -> dict[str, NDArray[np.generic]]:
    assets = np.exp(luck.normal(np.log(80_000.0), 1.15, count)).round(2)
    wealth = np.clip((np.log(assets) - np.log(80_000.0)) / 1.15, -2.0, 2.0)
    return {
        "lead_id": np.char.add("L", np.char.zfill(np.arange(1, count + 1).astype(str), 6)),
        "assets": assets,
        "needs": luck.binomial(6, np.clip(0.33 + 0.16 * wealth, 0.03, 0.9)),
        "has_trust": luck.random(count) < np.clip(0.20 + 0.22 * wealth, 0.01, 0.9),
        "overseas": luck.random(count) < np.clip(0.16 + 0.14 * wealth, 0.01, 0.9),
        "owns_business": luck.random(count) < np.clip(0.26 + 0.22 * wealth, 0.01, 0.9),
        "vulnerable": luck.random(count) < 0.045,
        "age": luck.normal(47.0, 13.0, count).clip(19.0, 92.0),
        "source": luck.choice(["ppc", "partner", "referral"], count, p=[0.55, 0.30, 0.15]),
        "region": luck.choice(["north", "south", "east", "west"], count),
    }


def _segment(people: dict[str, NDArray[np.generic]]) -> NDArray[np.str_]:
    """The segment as the rules mean it, computed apart from them."""
    assets, age = people["assets"].astype(float), people["age"].astype(float)
    needs = people["needs"].astype(int)
    points = sum(
        2 * people[name].astype(int) for name in ("has_trust", "overseas", "owns_business")
    )
    complexity = points + np.maximum(needs - 1, 0)
    fee = np.minimum(assets * 0.01, 5_000.0)
    high, good = fee >= np.quantile(fee, 0.8), fee >= np.quantile(fee, 0.6)
    cases = [
        ((assets < 10_000) & (needs == 0), "outside_target"),
        (people["vulnerable"].astype(bool), "needs_care"),
        ((complexity >= 5) & high, "complex_high"),
        (complexity >= 5, "complex_standard"),
        (good & (age >= 30) & (age < 51), "growth"),
    ]
    return np.select([when for when, _ in cases], [name for _, name in cases], "straightforward")


def _dates(luck: np.random.Generator, segment: NDArray[np.str_]) -> list[Instants]:
    """When each stage was reached (NaT where it was not, or not yet)."""
    count = len(segment)
    days = (AS_OF - _FIRST_DAY).days
    season = 1.0 + 0.18 * np.cos(2.0 * np.pi * (np.arange(days) % 365 - 20) / 365.0)
    day = luck.choice(days, count, p=season / season.sum())
    at = np.datetime64(_FIRST_DAY, "us") + _spread(luck, day.astype(float), 8.0, 20.0)
    reached = [at]
    for stage, within in enumerate(_WITHIN):
        odds = np.array([_CONVERSION[name][stage] for name in segment])
        converts = luck.random(count) < odds
        delay = within * (
            0.91 + 0.07 * luck.random(count) if stage == 2 else 0.97 * luck.beta(1.3, 3.0, count)
        )
        before = reached[-1]
        after = before + (delay * _MICROSECONDS_A_DAY).astype("timedelta64[us]")
        reached.append(np.where(converts, after, np.datetime64("NaT")))
    end = np.datetime64(AS_OF, "us") + np.timedelta64(1, "D")
    return [np.where(dates < end, dates, np.datetime64("NaT")) for dates in reached]


def _spread(
    luck: np.random.Generator, day: Numbers, opens: float, closes: float
) -> NDArray[np.timedelta64]:
    hour = luck.uniform(opens, closes, len(day))
    return ((day + hour / 24.0) * _MICROSECONDS_A_DAY).astype("timedelta64[us]")


def _contacts(
    luck: np.random.Generator,
    lead_id: NDArray[np.generic],
    segment: NDArray[np.str_],
    dates: list[Instants],
) -> pl.DataFrame:
    """Calls, mails and meetings with those who came to an appointment, and a few with the rest."""
    met = ~np.isnat(dates[1])
    how_many = np.where(met, 1 + luck.poisson(2.0, len(segment)), luck.poisson(0.3, len(segment)))
    owner = np.repeat(np.arange(len(segment)), how_many)
    total = np.array([_MINUTES.get(name, _MINUTES_ELSE) for name in segment])
    typical = np.where(met, total, 6.0)[owner] / how_many[owner]
    minutes = np.clip(luck.gamma(2.0, typical / 2.0), 1.0, 600.0).round(1)
    start = np.where(met, dates[1], dates[0])[owner]
    at = start + (luck.exponential(6.0, len(owner)) * _MICROSECONDS_A_DAY).astype("timedelta64[us]")
    frame = pl.DataFrame(
        {
            "lead_id": lead_id[owner],
            "at": at,
            "channel": luck.choice(["phone", "email", "video"], len(owner), p=[0.5, 0.35, 0.15]),
            "minutes": minutes,
            "cost": [f"{amount:.2f}" for amount in (minutes * _PENCE_A_MINUTE / 100.0).tolist()],
        }
    )
    end = dt.datetime.combine(AS_OF + dt.timedelta(days=1), dt.time())
    return frame.filter(pl.col("at") < end).with_columns(_iso("at"))


def _iso(name: str) -> pl.Expr:
    return pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _leads(
    luck: np.random.Generator, people: dict[str, NDArray[np.generic]], dates: list[Instants]
) -> pl.DataFrame:
    count = len(people["lead_id"])
    born = np.datetime64(AS_OF, "D") - (people["age"].astype(float) * 365.25).astype(
        "timedelta64[D]"
    )
    no_assets, no_birth, no_email = (luck.random(count) < share for share in (0.03, 0.02, 0.25))
    frame = pl.DataFrame(
        {
            "Lead ID": people["lead_id"],
            "enquired_at": dates[0],
            "source": people["source"],
            "region": people["region"],
            "birth_date": born,
            "assets": [f"{amount:.2f}" for amount in people["assets"].astype(float)],
            "needs": people["needs"],
            **{
                name: np.where(people[name].astype(bool), "yes", "no")
                for name in ("has_trust", "overseas", "owns_business", "vulnerable")
            },
            "email": [f"{name.lower()}@example.org" for name in people["lead_id"].astype(str)],
            "appointment_at": dates[1],
            "sold_at": dates[2],
            "renewed_at": dates[3],
        }
    )
    return frame.with_columns(
        *(_iso(name) for name in ("enquired_at", "appointment_at", "sold_at", "renewed_at")),
        pl.when(pl.lit(pl.Series(~no_assets))).then(pl.col("assets")),
        pl.when(pl.lit(pl.Series(~no_birth))).then(pl.col("birth_date")),
        pl.when(pl.lit(pl.Series(~no_email))).then(pl.col("email")),
    )
