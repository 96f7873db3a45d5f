"""A funnel for the tests: three segments, four stages, levers up and down and none."""

import hashlib

import numpy as np

from segrules.sim.model import (
    Arrivals,
    Assumption,
    Charge,
    Conversion,
    CostLine,
    FunnelModel,
    Lever,
    Scenario,
    Value,
)

SEGMENTS = ("gold", "silver", "bronze")
STAGES = ("lead", "contact", "offer", "contract")
MONTHS = 4

UP = Lever(
    "call back",
    (0, 1),
    (("contact", "response"), ("contract", "trust")),
    (Charge("fee", stage="contact"),),
)
DOWN = Lever("shorter talks", (1, 2), (("offer", "haste"),), (Charge(25.5, stage="lead"),))
SAME = Lever("nothing", (0, 1, 2), (("offer", "no effect"),))
SCENARIOS = (
    Scenario("up", "Call back", (UP,)),
    Scenario("both", "Call back, briefly", (UP, DOWN)),
    Scenario("same", "Nothing", (SAME,)),
)
ASSUMPTIONS = (
    Assumption("response", 1.1, 1.6, "odds"),
    Assumption("trust", 1.05, 1.2, "odds"),
    Assumption("haste", 0.6, 0.9, "odds"),
    Assumption("no effect", 1.0, 1.0, "odds"),
    Assumption("fee", 100.0, 300.0, "amount"),
)


def conversion(stage, entered, rate):
    grid = np.array([0.2, 0.3, 0.4])
    reached = np.round(entered * rate).astype(np.int64)
    return Conversion(stage, reached, entered, grid, 50 * grid, np.array([0.2, 0.5, 0.3]))


def example(segments=SEGMENTS, stages=STAGES, **changes):
    size = np.arange(len(segments), dtype=np.float64)
    entered = (120 + 900 * size).astype(np.int64)
    conversions = []
    number = entered
    for k, stage in enumerate(stages[1:]):
        conversions.append(conversion(stage, number, 0.35 + 0.1 * k + 0.02 * size))
        number = conversions[-1].reached
    season = np.array([0.8, 1.2, 1.1, 0.9])
    parts = {
        "arrivals": Arrivals(entered.astype(float), 12, season, dispersion=0.05),
        "value": Value(stages[-1], 50_000 + 1000 * size, 4e8 + 0 * size, number),
        "costs": (CostLine("advice", stages[1], 1500 + 10 * size),) if len(stages) > 1 else (),
        "assumptions": ASSUMPTIONS,
        "scenarios": SCENARIOS,
        "seed": 2**63 + 11,
    }
    return FunnelModel(segments, stages, MONTHS, conversions=tuple(conversions), **parts | changes)


def digest(draws):
    """SHA-256 over every array of the draws."""
    text = hashlib.sha256()
    for arm in (draws.today, *draws.scenarios):
        for values in (arm.counts, arm.revenue, arm.cost):
            text.update(np.ascontiguousarray(values).tobytes())
    return text.hexdigest()
