"""The model of the headline run: 12 segments, 12 months, 3 conversions, all of them treated.

One conversion falls, so every branch of the coupling is at work.
"""

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
from segrules.sim.shrinkage import shrink

RUNS, SEGMENTS, MONTHS = 10_000, 12, 12
STAGES = ("lead", "contact", "offer", "sale")


def headline():
    generator = np.random.default_rng(1)
    entered = generator.integers(500, 5000, SEGMENTS)
    arrivals = Arrivals(entered.astype(float), 12, np.ones(MONTHS))
    conversions = []
    for stage in STAGES[1:]:
        reached = np.round(entered * generator.uniform(0.2, 0.6, SEGMENTS)).astype(np.int64)
        found = shrink(reached, entered)
        prior = (found.prior_mean, found.prior_strength, found.prior_weight)
        conversions.append(Conversion(stage, reached, entered, *prior))
        entered = reached
    everyone = tuple(range(SEGMENTS))
    levers = (
        Lever(
            "call",
            everyone,
            (("contact", "more"), ("sale", "more")),
            (Charge(200.0, stage="contact"),),
        ),
        Lever("haste", everyone, (("offer", "less"),)),
    )
    return FunnelModel(
        segments=tuple(f"segment {s}" for s in range(SEGMENTS)),
        stages=STAGES,
        months=MONTHS,
        arrivals=arrivals,
        conversions=tuple(conversions),
        value=Value("sale", np.full(SEGMENTS, 5e4), np.full(SEGMENTS, 2.5e9), entered),
        costs=(CostLine("advice", "contact", np.full(SEGMENTS, 500.0)),),
        assumptions=(Assumption("more", 1.1, 1.6, "odds"), Assumption("less", 0.6, 0.9, "odds")),
        scenarios=(Scenario("new", "New", levers),),
        seed=42,
    )
