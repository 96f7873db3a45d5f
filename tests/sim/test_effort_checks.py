"""What is wrong with agents is found before anything is run, one figure at a time."""

from dataclasses import replace

import numpy as np
import pytest
from effort_futures_forms import Drawn

from segrules.sim.agents import check_agents
from segrules.sim.effort import crew
from segrules.sim.model import Assumption
from segrules.text.diagnostic import RulesError

SOUND = Drawn(np.random.default_rng(4), 2, 2)
SURE = np.full(2, 10**6)


def model(changes=(), **changed):
    """Sound agents, with a past that tells the rates, and what is wrong with them."""
    made = SOUND.model([(changes,)])
    agents = replace(made.agents, **changed)
    rates = (SOUND.appointment, SOUND.sale, SOUND.staying)
    conversions = tuple(
        replace(each, entered=SURE, reached=np.round(SURE * rate).astype(int))
        for each, rate in zip(made.conversions, rates, strict=True)
    )
    spread = (Assumption("wide", 0.5, 3.0, "factor"), Assumption("too_much", 0.2, 2.4, "number"))
    return replace(made, agents=agents, conversions=conversions, assumptions=spread)


def terms(**changed):
    return replace(model().agents.terms, **changed)


def checks(**changed):
    return replace(model().agents.checks, **changed)


def crews(**changed):
    return tuple(replace(each, **changed) for each in model().agents.crews)


NOTHING = {"per_sale": 0.0, "of_value": 0.0, "of_margin": 0.0, "sound": 0.0, "stay": 0.0,
           "stay_of_value": 0.0}  # fmt: skip
STEEP = (crew.Rung(0.5, 90.0, 0.0),)

WRONG = {
    "a penalty below nothing": ("SEG568", {"terms": terms(penalty=-1.0)}, ()),
    "a clawback of more than all": ("SEG568", {"terms": terms(clawback=1.5)}, ()),
    "a response above one": ("SEG568", {"response": "too_much"}, ()),
    "a share checked above one": ("SEG568", {"checks": checks(checked=(0.2, "too_much"))}, ()),
    "a loss below nothing": ("SEG568", {"checks": checks(loss=(-5.0, 1.0))}, ()),
    "agents below nothing": ("SEG568", {"crews": crews(agents=-2.0)}, ()),
    "sales lost in checks": ("SEG568", {"checks": checks(drop=(0.9, 0.9), wait=(9.0, 9.0),
                                                         checked=(1.0, 1.0))}, ()),
    "an elasticity above what there is": ("SEG567", {"elasticity": (0.99, 0.3)}, ()),
    "no elasticity": ("SEG567", {"elasticity": (0.0, 0.3)}, ()),
    "a ceiling above everybody": ("SEG567", {}, (crew.Moved("ceiling", (0,), 80.0),)),
    "no hours of a case": ("SEG566", {"hours": (0.0, 1.0)}, ()),
    "no hours of an agent": ("SEG566", {"crews": crews(hours=0.0)}, ()),
    "a pool without anybody": ("SEG566", {}, (crew.Staffed(0, 0.0),)),
    "sales that nobody is paid for": ("SEG565", {"terms": terms(**NOTHING)}, ()),
    "a plan that pays nothing": ("SEG565", {}, (crew.Paid(terms(**NOTHING, penalty=9.0)),)),
    "a plan that cannot cost as much": (
        "SEG565",
        {"checks": crew.Checks.none(2)},
        (crew.Paid(terms(**(NOTHING | {"per_sale": 1.0}), penalty=0.0, cap=3.0), neutral=True),),
    ),
    "two plans": ("SEG569", {}, (crew.Paid(terms()), crew.Paid(terms()))),
    "two routes": ("SEG569", {}, (crew.Routed((0, 1), 0), crew.Routed((1,), 1))),
    "two shares checked": ("SEG569", {}, (crew.Checked((0,), 0.1), crew.Checked((0, 1), 0.2))),
    "two numbers of agents": ("SEG569", {}, (crew.Staffed(1, 2.0), crew.Staffed(1, 3.0))),
    "a factor of nothing": ("SEG568", {}, (crew.Moved("speed", (0,), 0.0),)),
    "odds of nothing": ("SEG568", {}, (crew.Trained(0, 1.0, 0.0),)),
    "pay that runs away": (
        "SEG578",
        {"supply": 400.0},
        (crew.Paid(terms(rungs=STEEP)),),
    ),
}  # fmt: skip


def test_sound_agents_are_clean():
    assert check_agents(model()) == (1.0,)
    assert check_agents(replace(model(), agents=None)) == (1.0,)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(wrong):
    code, changed, changes = wrong
    with pytest.raises(RulesError) as error:
        check_agents(model(changes, **changed))
    found = error.value.diagnostics
    assert {each.code for each in found} == {code}
    for each in found:
        assert each.hint
        assert not each.message.endswith(".")
        assert each.message[0].islower()


def test_the_middle_of_a_range_decides():
    wide = crew.Moved("speed", (0,), "wide")
    assert check_agents(model((wide,))) == (1.0,)


def test_the_number_and_where_it_belongs_are_told():
    with pytest.raises(RulesError) as error:
        check_agents(model(elasticity=(0.99, 0.3)))
    (found,) = error.value.diagnostics
    assert "`segment 0` is 0.99" in found.message
    assert "lower" in found.hint
