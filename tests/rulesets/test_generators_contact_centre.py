"""What is planted in the contact centre is found again by plain queries."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from generated import (
    CENTRE,
    SEEDS,
    Made,
    last_year,
    made,
    points_at,
    rank_correlation,
    top_share,
)
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


@pytest.fixture(scope="module", params=SEEDS)
def centre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(CENTRE.generate, request.param, tmp_path_factory.mktemp("centre"))


def hidden(seed: int, folder: Path) -> dict[str, Path]:
    paths: dict[str, Path] = CENTRE.generate(seed, folder, hide_channel=True)
    return paths


def test_references_are_sound_in_the_contact_centre(centre: Made) -> None:
    points_at(centre, "contacts", "customer_id", "customers", "customer_id")
    points_at(centre, "contacts", "contact_id", "contacts", "contact_id")
    points_at(centre, "satisfaction_history", "customer_id", "customers", "customer_id")
    points_at(centre, "agents", "agent_id", "agents", "agent_id")


def people(made: Made) -> pl.DataFrame:
    """The records with the planted truth."""
    return made["customers"].join(CENTRE.truth(made.seed), on="customer_id", validate="1:1")


def test_a_fifth_brings_80_percent_of_spend_and_satisfaction_follows(centre: Made) -> None:
    records = people(centre).sort("seen_at").group_by("person")
    each = records.agg(pl.sum("spend_12m"), pl.last("satisfaction"))
    assert top_share(each["spend_12m"], 0.20) == pytest.approx(0.80, abs=0.025)
    assert rank_correlation(each, "satisfaction", "spend_12m") == pytest.approx(0.30, abs=0.036)


def cleaned(customers: pl.DataFrame) -> dict[str, pl.Series]:
    return {
        "email": customers["email"].str.strip_chars().str.to_lowercase(),
        "phone": customers["phone"].str.replace_all(r"\D", ""),
        "loyalty_no": customers["loyalty_no"].str.strip_chars(),
    }


def components(customers: pl.DataFrame, trust: int) -> list[int]:
    """Records joined by cleaned keys which at most `trust` of them share."""
    count = customers.height
    pairs = []
    for key in cleaned(customers).values():
        rows = pl.DataFrame({"key": key, "row": range(count)}).drop_nulls()
        shared = rows.filter(pl.len().over("key").is_between(2, trust))
        pairs.append(shared.with_columns(first=pl.col("row").min().over("key")))
    links = pl.concat(pairs)
    graph = coo_array((np.ones(links.height), (links["row"], links["first"])), (count, count))
    labels: list[int] = connected_components(graph, directed=False)[1].tolist()
    return labels


def test_the_records_of_a_person_are_joined_by_their_keys_and_no_others(centre: Made) -> None:
    found = people(centre)
    sizes = found.group_by("person").len()["len"]
    assert (sizes > 1).sum() == round(CENTRE.SPLIT_SHARE * CENTRE.CUSTOMERS)
    assert set(sizes.unique()) == {1, 2, 3}
    joined = found.with_columns(label=pl.Series(components(found, trust=5)))
    pairs = joined.select("person", "label").unique()
    assert pairs.height == pairs["person"].n_unique() == pairs["label"].n_unique()
    # every key is needed, and so is its cleaning
    raw = sum(found[name].drop_nulls().is_duplicated().sum() for name in cleaned(found))
    clean = sum(key.drop_nulls().is_duplicated().sum() for key in cleaned(found).values())
    assert raw < 0.9 * clean
    assert all(key.drop_nulls().is_duplicated().any() for key in cleaned(found).values())


def test_switchboards_join_strangers_where_they_are_trusted(centre: Made) -> None:
    found = people(centre).with_columns(phone=cleaned(centre["customers"])["phone"])
    shared = found.drop_nulls("phone").filter(pl.len().over("phone") > 5)
    assert sorted(shared.group_by("phone").len()["len"]) == sorted(CENTRE.SWITCHBOARDS)
    assert shared["person"].n_unique() == shared.height == sum(CENTRE.SWITCHBOARDS)
    assert set(shared["customer_id"]) == set(found.filter("switchboard")["customer_id"])
    wrong = found.with_columns(label=pl.Series(components(found, trust=100)))
    largest = wrong.group_by("label").agg(pl.n_unique("person"))["person"].max()
    assert largest == max(CENTRE.SWITCHBOARDS)


def test_records_of_a_person_differ(centre: Made) -> None:
    found = people(centre)
    split = found.filter(pl.len().over("person") > 1)
    each = split.group_by("person").agg(
        pl.n_unique("source", "seen_at"),
        pl.len(),
        own=pl.col("margin_12m").filter(pl.col("source") == "billing").first(),
        low=pl.min("margin_12m"),
        high=pl.max("margin_12m"),
        parts=(pl.col("spend_12m") > 0).sum(),
        whole=pl.sum("spend_12m"),
        largest=pl.max("spend_12m"),
    )
    assert (each["source"] == each["len"]).all()
    assert (each["seen_at"] == each["len"]).all()
    stated = each.drop_nulls("own")
    assert stated.height > 300
    assert (stated["low"] >= 0.9 * stated["own"] - 1).all()
    assert (stated["high"] <= 1.1 * stated["own"] + 1).all()
    assert (each["largest"] < each["whole"]).mean() > 0.99
    last = centre["contacts"].group_by("customer_id").agg(pl.max("at_time"))
    seen = found.join(last, on="customer_id", validate="1:1")
    assert (seen["seen_at"] == seen["at_time"]).all()


def coverage(made: Made) -> pl.DataFrame:
    """Each record's known minutes of the year as a part of those estimated."""
    year = last_year(made["contacts"], "at_time", CENTRE.AS_OF)
    known = year.group_by("customer_id").agg(known=pl.sum("handle_minutes"))
    found = people(made).join(known, on="customer_id", how="left")
    return found.drop_nulls("estimated_minutes").with_columns(
        cover=pl.col("known").fill_null(0.0) / pl.col("estimated_minutes")
    )


def test_hiding_the_phone_hides_95_percent_of_a_group(centre: Made, tmp_path: Path) -> None:
    group = people(centre).filter(habit="phone").select("customer_id")
    year = last_year(centre["contacts"], "at_time", CENTRE.AS_OF).join(group, on="customer_id")
    minutes = dict(year.group_by("channel").agg(pl.sum("handle_minutes")).iter_rows())
    assert minutes["phone"] / sum(minutes.values()) == pytest.approx(0.95, abs=0.005)
    blind = made(hidden, centre.seed, tmp_path)
    assert blind["contacts"].equals(centre["contacts"].filter(pl.col("channel") != "phone"))
    assert blind["customers"].equals(centre["customers"])
    full, cut = coverage(centre), coverage(blind)
    assert (full["cover"] > 0.5).all()
    assert (cut.filter(habit="phone")["cover"] < 0.5).mean() == pytest.approx(0.98, abs=0.01)
    online = cut.filter(pl.col("habit").is_in(["digital", "silver"]))
    assert (online["cover"] < 0.5).mean() < 0.01


def test_older_people_do_everything_by_chat(centre: Made) -> None:
    silver = people(centre).filter(habit="silver")
    assert silver["person"].n_unique() / CENTRE.CUSTOMERS == pytest.approx(0.03, abs=0.006)
    age = pl.lit(CENTRE.AS_OF) - pl.col("birth_date")
    assert silver.drop_nulls("birth_date").select((age.dt.total_days() / 365.25).min()).item() >= 68
    year = centre["contacts"].join(silver.select("customer_id"), on="customer_id")
    minutes = dict(year.group_by("channel").agg(pl.sum("handle_minutes")).iter_rows())
    assert minutes["chat"] / sum(minutes.values()) > 0.95
    assert set(minutes) == {"chat", "email"}


def test_troubled_people_ask_again_and_again(centre: Made) -> None:
    found = people(centre)
    recent = centre["contacts"].filter(pl.col("at_time") > dt.datetime(2026, 6, 1))
    asked = recent.join(found.select("customer_id", "person"), on="customer_id")
    again = asked.group_by("person", "reason").len().filter(pl.col("len") >= 3)["person"]
    troubled = found.filter("troubled")["person"].unique()
    assert len(troubled) / CENTRE.CUSTOMERS == pytest.approx(CENTRE.TROUBLED_SHARE, abs=0.008)
    assert troubled.is_in(again.implode()).all()
    # a few others come to three by chance
    assert again.n_unique() < 1.1 * len(troubled)
    # some are in trouble only when their records are put together
    single = asked.group_by("customer_id", "reason").agg(pl.len(), pl.first("person"))
    assert single.filter(pl.col("len") >= 3)["person"].n_unique() < again.n_unique()


def test_crm_is_better_for_each_reason_and_worse_on_the_whole(centre: Made) -> None:
    source = centre["customers"].select("customer_id", "source")
    answered = centre["contacts"].filter(~pl.col("abandoned")).join(source, on="customer_id")
    rate = pl.mean("resolved_first_time")
    whole = dict(answered.group_by("source").agg(rate).iter_rows())
    assert whole["crm"] - whole["billing"] == pytest.approx(-0.0424, abs=0.011)
    hard = pl.col("reason").is_in(["fault", "complaint"])
    by_kind = answered.group_by("source", hard.alias("hard")).agg(rate)
    found = {(name, kind): part for name, kind, part in by_kind.iter_rows()}
    for name, (easy, difficult) in CENTRE.RESOLVED.items():
        assert found[name, False] == pytest.approx(easy, abs=0.012)
        assert found[name, True] == pytest.approx(difficult, abs=0.018)
    each = answered.group_by("reason", "source").agg(rate).pivot(on="source", index="reason")
    assert each.height == 4
    assert (each["crm"] > each["billing"]).all()


def test_satisfaction_moves_as_planted(centre: Made) -> None:
    history = centre["satisfaction_history"].sort("customer_id", "quarter_end")
    ends = history["quarter_end"].unique().sort()
    assert len(ends) == 8
    assert (ends[0], ends[-1]) == (dt.date(2024, 9, 30), CENTRE.AS_OF)
    assert all(80 < (after - before).days < 100 for before, after in pairwise(ends))
    band = (pl.col("satisfaction") > 5).cast(pl.Int8) + (pl.col("satisfaction") > 8).cast(pl.Int8)
    moves = history.with_columns(was=band, now=band.shift(-1).over("customer_id")).drop_nulls()
    counts = moves.group_by("was", "now").len()
    shares = counts.with_columns(part=pl.col("len") / pl.col("len").sum().over("was"))
    for was, now, _, part in shares.iter_rows():
        assert part == pytest.approx(CENTRE.SATISFACTION_MOVES[was][now], abs=0.01)
    assert shares.height == 9


def test_the_history_ends_with_the_newest_record(centre: Made) -> None:
    now = centre["satisfaction_history"].filter(quarter_end=CENTRE.AS_OF)
    newest = people(centre).sort("seen_at").group_by("person").last()
    joined = now.join(newest, on="customer_id", validate="1:1")
    assert joined.height == now.height == newest["satisfaction"].is_not_null().sum()
    assert (joined["satisfaction"] == joined["satisfaction_right"]).all()


def test_missing_values_of_the_contact_centre(centre: Made) -> None:
    customers = centre["customers"]
    for name, rate in (
        ("birth_date", 0.0505),
        ("satisfaction", 0.3045),
        ("estimated_minutes", 0.0477),
        ("email", 0.2082),
        ("phone", 0.1608),
        ("loyalty_no", 0.5345),
    ):
        assert customers[name].is_null().mean() == pytest.approx(rate, abs=0.017), name
    always = ("region", "language", "tenure_months", *("spend_3m", "spend_12m", "margin_12m"),
              "source", "seen_at", "has_open_complaint")  # fmt: skip
    assert all(customers[name].null_count() == 0 for name in always)


def test_agents_have_languages_and_skills(centre: Made) -> None:
    agents = centre["agents"]
    assert agents.height == CENTRE.AGENTS
    for name, values in (("languages", CENTRE._LANGUAGES), ("skills", CENTRE._SKILLS)):
        for held in agents[name].str.split(";"):
            assert list(held) == [value for value in values if value in held] != []
