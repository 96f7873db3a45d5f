"""Random agents of random funnels, and the same as firms of the mean-field bridge."""

from dataclasses import dataclass

import numpy as np

from segrules.sim.effort import crew
from segrules.sim.effort.bridge import Firm, Response, outcome
from segrules.sim.effort.curves import curves_of, highest_elasticity
from segrules.sim.effort.futures import following
from segrules.sim.effort.levers import Checked, ChecksOutOfPay, Factor, Lever, Pays
from segrules.sim.effort.payroll import Pool
from segrules.sim.effort.plans import CheckTerms, PayPlan, SaleFacts, StayTerms, Tier
from segrules.sim.effort.quality import Quality
from segrules.sim.kernels.parameters import Parameters, as_today, empty_scene, treat, treated
from segrules.sim.model import Arrivals, Conversion, FunnelModel, Scenario, Value
from segrules.sim.model import Lever as FunnelLever
from segrules.sim.pack import EVERY, pack, pack_scenario

STAGES = ("enquiry", "appointment", "sale", "retained")
MONTHS = 3


def names_of(count):
    return tuple(f"segment {j}" for j in range(count))


def model_of(agents, count, levers=(), assumptions=(), months=MONTHS):
    """A funnel whose past does not matter: tests give the parameters."""
    some = np.full(count, 100)
    grid = np.array([0.5])
    conversions = tuple(
        Conversion(stage, some // 2, some, grid, 2 * grid, grid) for stage in STAGES[1:]
    )
    return FunnelModel(
        names_of(count),
        STAGES,
        months,
        Arrivals(some.astype(float), 12, np.ones(months)),
        conversions,
        Value("sale", 1000.0 * np.ones(count), np.zeros(count), some),
        assumptions=assumptions,
        scenarios=tuple(Scenario(f"s{i}", f"s{i}", each) for i, each in enumerate(levers)),
        agents=agents,
    )


def parameters_of(rate, conversion, value, assumed=()):
    """Futures [R] from arrays [R, S], [R, S, K] and [R, S]."""
    rate = np.atleast_2d(np.asarray(rate, dtype=float))
    runs = len(rate)
    return Parameters(
        replication=np.arange(runs),
        rate=rate,
        season=np.ones((runs, 1)),
        dispersion=np.zeros(runs),
        conversion=np.asarray(conversion, dtype=float).reshape(runs, rate.shape[1], -1),
        mean_value=np.asarray(value, dtype=float).reshape(rate.shape),
        assumption=np.asarray(assumed, dtype=float).reshape(runs, -1),
    )


class Played:
    """Both arms of a model with agents, under given parameters.

    scene: of today and of each scenario, the arrays [...] of the only state.
    """

    def __init__(self, model, parameters):
        self.model, self.parameters = model, parameters
        self.funnel = pack(model)
        self.following = following(model.agents, model, self.funnel)
        runs, parts = len(parameters.rate), len(model.parts)
        self.today = treated(empty_scene(self.funnel, runs, parts), 0)
        as_today(self.funnel, parameters, self.today)
        self.following.today(parameters, self.today)
        self.scenarios = []
        for at, scenario in enumerate(model.scenarios):
            treatment = pack_scenario(model, scenario)
            place = treated(empty_scene(self.funnel, runs, parts, treatment), 0)
            treat(self.funnel, treatment, parameters, 0, place, EVERY)
            self.following.scenario(at, parameters, place)
            self.scenarios.append(place)

    def counts(self, place):
        """float64[R, S, K+1] over all months."""
        number = self.parameters.rate * place.arrivals * self.model.months
        stages = [number]
        for k in range(place.conversion.shape[2]):
            stages.append(stages[-1] * place.conversion[:, :, k])
        return np.stack(stages, axis=2)

    def part(self, place, name):
        """float64[R, S], the cost of a part over all months."""
        at = self.model.parts.index(name)
        varying = (self.counts(place) * place.parts[at]).sum(axis=2)
        return varying + place.fixed[at] * self.model.months

    def revenue(self, place):
        return self.counts(place)[:, :, 2] * self.parameters.mean_value * place.value


@dataclass
class Drawn:
    """Random figures: G pools that all serve S segments, a second plan and random changes."""

    rng: np.random.Generator
    pools: int
    segments: int
    linear: bool = True

    def __post_init__(self):
        rng, s = self.rng, self.segments
        self.rate = rng.uniform(20, 300, s)
        self.appointment = rng.uniform(0.2, 0.8, s)
        self.hours = rng.uniform(0.5, 6, s)
        self.sale = rng.uniform(0.02, 0.45, s)
        self.staying = rng.uniform(0.3, 0.95, s)
        self.value = rng.uniform(2e4, 4e5, s)
        self.checked, self.failing = rng.uniform(0, 0.7, s), rng.uniform(0, 0.3, s)
        self.quality = Quality(
            rng.uniform(0, 0.2, s), rng.uniform(0, 1, s), rng.uniform(0, 9e4, s),
            rng.uniform(0, 3e3, s), rng.uniform(0, 5, s), rng.uniform(0, 0.03, s),
            rng.uniform(0, 2),
        )  # fmt: skip
        passing = 1 + self.checked * np.expm1(-self.quality.drop * self.quality.hold)
        self.raw = self.sale / passing
        most = np.array([highest_elasticity(p) for p in self.raw])
        self.elasticity = rng.uniform(0.05, 0.9, s) * most
        self.curves = curves_of(names_of(s), self.elasticity, self.hours, self.raw)
        self.strength = rng.uniform(0, 1)
        self.supply = 0.0 if self.linear else rng.uniform(-0.2, 0.4)
        self.agents = rng.uniform(1, 12, self.pools)
        self.plans = (self.plan("before"), self.plan("after"))
        self.share = rng.uniform(0, 1, s)
        self.ceiling = rng.uniform(0.6, 1, s) * np.minimum(1.6, 1 / self.curves.ceiling)
        self.speed = rng.uniform(0.6, 1.6, s)
        self.invited = rng.uniform(0.6, 1.8, s)
        self.odds = rng.uniform(0.6, 1.0, s)
        self.unpaid = bool(rng.integers(2))

    def plan(self, name):
        rng = self.rng
        steps = () if self.linear else (Tier(rng.uniform(0, 9), 1.2, 500.0), Tier(20.0, 1.5, 0.0))
        return PayPlan(
            name, rng.uniform(2e3, 2e4), rng.uniform(0, 0.08), rng.uniform(0, 0.05),
            tuple(rng.uniform(0.5, 2.5, self.segments)),
            CheckTerms(rng.uniform(0, 1), rng.uniform(0, 2e3), rng.uniform(0, 900)),
            StayTerms(rng.uniform(0, 900), rng.uniform(0, 0.01)),
            steps, np.inf if self.linear else rng.uniform(4e5, 9e5),
        )  # fmt: skip

    def facts(self):
        names = names_of(self.segments)
        return SaleFacts(names, self.value, self.value, self.checked, self.failing, self.staying)

    def bridge(self, pool, cases, then, hours=1.0, more=()):
        """What a pool makes of cases [S] today and then, with its hours multiplied."""
        firm = Firm(
            cases, np.ones(self.segments), self.curves, self.facts(), self.plans[0],
            self.hours, self.quality, Pool(self.agents[pool], MONTHS),
            Response(self.strength, self.supply),
        )  # fmt: skip
        edits = [
            Factor("enquiries", tuple(then / cases)),
            Factor("hours", (hours,) * self.segments),
            *more,
        ]
        return outcome(firm, [Lever("all", tuple(edits))])

    def edits(self):
        """All changes, as the bridge has them."""
        odds = self.odds
        moved = odds * self.sale / (1 - self.sale + odds * self.sale) / self.sale
        edits = [
            Factor("ceiling", tuple(self.ceiling * moved)), Factor("speed", tuple(self.speed)),
            Pays(self.plans[1]), Checked(tuple(self.share)),
        ]  # fmt: skip
        return [*edits, ChecksOutOfPay()] if self.unpaid else edits

    def changes(self):
        """The same, as agents of a funnel have them; appointments and sales are the funnel's."""
        every = range(self.segments)
        found = [crew.Paid(terms_of(self.plans[1]))]
        found += [crew.Checked((s,), float(self.share[s])) for s in every]
        found += [crew.Moved("ceiling", (s,), float(self.ceiling[s])) for s in every]
        found += [crew.Moved("speed", (s,), float(self.speed[s])) for s in every]
        return (*found, crew.ChecksUnpaid()) if self.unpaid else tuple(found)

    def levers(self):
        """The odds of appointments and of sales by segment."""
        pairs = [("appointment", self.invited), ("sale", self.odds)]
        return tuple(
            FunnelLever(f"{stage} {s}", (s,), ((stage, float(by[s])),))
            for stage, by in pairs
            for s in range(self.segments)
        )

    def crews(self, hours=100.0):
        every = tuple(range(self.segments))
        return tuple(
            crew.Crew(f"pool {g}", float(each), hours, every) for g, each in enumerate(self.agents)
        )

    def model(self, scenarios, levers=None):
        """A model with these scenarios: for each, the changes of its levers."""
        q = self.quality
        checks = crew.Checks(
            *(tuple(each.tolist()) for each in (
                self.checked, self.failing, q.found, q.missold, q.loss, q.check_cost, q.hold,
                q.drop,
            )), q.temptation,
        )  # fmt: skip
        plain = (FunnelLever("agents", ()),)
        given = levers or [plain * len(each) for each in scenarios]
        agents = crew.AgentsModel(
            self.crews(), tuple(self.hours.tolist()), tuple(self.elasticity.tolist()),
            self.strength, self.supply, terms_of(self.plans[0]), checks, MONTHS, tuple(scenarios),
        )  # fmt: skip
        return model_of(agents, self.segments, given)

    def parameters(self):
        conversion = np.stack([self.appointment, self.sale, self.staying], axis=1)
        return parameters_of(self.rate, conversion, self.value)


def terms_of(plan):
    """A plan of the bridge as the terms of a funnel's agents."""
    rungs = tuple(crew.Rung(each.above, each.factor, each.extra) for each in plan.tiers)
    times = plan.multiplier
    return crew.Terms(
        plan.name, times, plan.per_sale, plan.of_value, plan.of_margin,
        plan.checks.penalty, plan.checks.clawback, plan.checks.sound,
        plan.stays.amount, plan.stays.of_value, rungs,
        None if plan.cap == np.inf else plan.cap,
    )  # fmt: skip
