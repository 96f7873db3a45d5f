"""What a run may be set to from Python, and what stops it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cases import case

from segrules.report.projection import projection_record
from segrules.sim import projection
from segrules.sim.model import FunnelModel
from segrules.sim.projection import Settings, check_settings, project
from segrules.sim.run import Draws, simulate
from segrules.sim.work import How
from segrules.text.diagnostic import RulesError


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"runs": 1}, "`runs`"),
        ({"runs": 0}, "`runs`"),
        ({"runs": 1_000_001}, "`runs`"),
        ({"runs": 2.5}, "`runs`"),
        ({"seed": -1}, "`seed`"),
        ({"seed": 2**63}, "`seed`"),
        ({"threads": 0}, "`threads`"),
        ({"engine": "count"}, "`engine`"),
    ],
    ids=str,
)
def test_settings_out_of_range(setting: dict[str, Any], said: str) -> None:
    advice = case("advice")
    with pytest.raises(RulesError) as raised:
        advice.rules.simulate(advice.frames, as_of=advice.as_of, **setting)
    (found,) = raised.value.diagnostics
    assert (found.code, found.severity) == ("SEG533", "error")
    assert said in found.message
    assert found.hint
    assert raised.value.unable


def test_an_executor_that_there_is_not() -> None:
    with pytest.raises(RulesError) as raised:
        check_settings(Settings(executor="grid"))
    (found,) = raised.value.diagnostics
    assert "`executor`" in found.message
    assert "'spark'" in str(found.hint)
    check_settings(Settings(executor=ThreadPoolExecutor(1), engine="auto"))


def test_all_settings_out_of_range_are_said_at_once() -> None:
    advice = case("advice")
    with pytest.raises(RulesError) as raised:
        advice.rules.simulate(advice.frames, as_of=advice.as_of, runs=1, seed=-1, threads=0)
    assert len(raised.value.diagnostics) == 3


def test_the_ends_of_the_ranges_run() -> None:
    advice = case("advice")
    found = advice.rules.simulate(
        advice.frames, as_of=advice.as_of, runs=2, seed=2**63 - 1, threads=1
    )
    assert (found.runs, found.seed, found.complete) == (2, 2**63 - 1, True)


def test_only_an_interruption_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    advice = case("advice")
    placement = advice.rules.place(advice.frames, as_of=advice.as_of)

    def interrupted(model: FunnelModel, *_: Any, **__: Any) -> Draws:
        def stop(_: int) -> None:
            raise KeyboardInterrupt

        draws = simulate(model, 3, how=How(1, 1, stop))
        part = slice(0, 1)
        arms = [
            type(arm)(arm.counts[part], arm.revenue[part], arm.cost[part])
            for arm in (draws.today, *draws.scenarios)
        ]
        return Draws(
            model, "counts", draws.replications[part], arms[0], tuple(arms[1:]), complete=False
        )

    with pytest.raises(ValueError, match="two replications"):
        project(placement, Settings(runs=1))
    monkeypatch.setattr(projection, "simulate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        project(placement, Settings(runs=3))


def test_the_record_tells_how_many_are_in_no_segment() -> None:
    advice = case("advice")
    found = advice.rules.simulate(advice.frames, as_of=advice.as_of, runs=2)
    assert projection_record(found)["unplaced"] == found.history.unplaced
