"""A project about a life carried out: customers buy again, change, and are placed again.

Every row of the table is played on its own. In each period it buys at the rate of the segment that
it is in, its columns go on as the life says, and the rules are asked of it again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.lang.types import decimals
from segrules.segments.assign import Placement
from segrules.segments.profile import find_set
from segrules.sim.assumptions import evidence
from segrules.sim.customers import outcome, stating
from segrules.sim.customers.asked import AskedRows, asked_rows
from segrules.sim.customers.before import remembrance, start_of, switches
from segrules.sim.customers.caveats import Stays, money_notes, staying
from segrules.sim.customers.drivers import drivers_of, known
from segrules.sim.customers.evolution import Evolution
from segrules.sim.customers.figures import POSITIVE, SHARE, Figures, drawn, input_of, rows
from segrules.sim.customers.model import Model, Population, Rates, Scenario, customer_words
from segrules.sim.customers.outcome import Check, Matrix
from segrules.sim.customers.parts import Bundles
from segrules.sim.customers.past import Asking, check_reviews, unanswered
from segrules.sim.customers.rates import Learned, learn
from segrules.sim.customers.rules import days_between_periods
from segrules.sim.customers.run import Played, simulate
from segrules.sim.customers.run import Settings as PlaySettings
from segrules.sim.customers.sales import sales_of
from segrules.sim.customers.spread import NAMES
from segrules.sim.decisions.account import Account
from segrules.sim.decisions.drivers import sources_of
from segrules.sim.estimate import projected_months
from segrules.sim.executors import executor
from segrules.sim.learn.migration import learn_rows
from segrules.sim.model import MONEY_MEASURES, Counts, Floats
from segrules.sim.outlook import Outlook, Target
from segrules.sim.projection import Settings
from segrules.sim.summary import Row, columns
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import living

ENGINE = "customers"
WHY = (
    "the rules are asked of every customer again in each period, and no customer waits for another"
)
TODAY = "today"


@dataclass(frozen=True)
class LifeProjection:
    """The result of a project about a life; `rows` hold money in minor units of `currency`.

    `runs` are those that were finished; `complete` is False after an interruption. `days` are the
    first days of the periods and of the one after them. `customers` rows were played. `matrices`
    say where customers are in the end, by scenario, "today" first. `held` are named values of
    other rows that stay as they were at `as_of`, `stays` those of them that what is played would
    change, with the segments that ask for them. `learned` is what was found of the past.
    `outlooks` and `accounts` are those of the scenarios that are compared, in their order.
    `played`, the futures themselves, is there where they were to be kept.
    """

    project: ir.Project
    life: ir.Life
    seed: int
    runs: int
    why: str
    currency: str | None
    as_of: dt.date
    days: tuple[dt.date, ...]
    segments: tuple[str, ...]
    customers: int
    assumptions: tuple[ir.Assumption, ...]
    learned: Learned
    rows: tuple[Row, ...]
    accounts: tuple[Account, ...]
    matrices: dict[str, Matrix]
    check: Check
    outlooks: tuple[Outlook, ...]
    held: tuple[str, ...]
    stays: tuple[Stays, ...]
    notes: tuple[str, ...]
    complete: bool
    findings: tuple[Diagnostic, ...]
    engine: str = ENGINE
    played: Played | None = field(default=None, compare=False, repr=False)

    def frame(self) -> pl.DataFrame:
        """A row a scenario, segment ("all" is the total) and measure.

        Columns: scenario, segment, measure, unit; for today, then and difference `<arm>_mean`,
        `<arm>_low50` … `<arm>_high95` and `<arm>_mc_error`; chance_better. Customers are those at
        the end, what they do is added up over all periods; money is in units of the currency. What
        is compared with stands under "today", whatever it is.
        """
        return pl.DataFrame([_flat(row, self.currency) for row in self.rows])


def unit_of(measure: str, currency: str | None) -> str | None:
    """What a measure is counted in."""
    if measure in MONEY_MEASURES:
        return currency
    return "share" if measure in NAMES else "sales" if measure == "sales" else "customers"


def _flat(row: Row, currency: str | None) -> dict[str, str | float | None]:
    scale = 10 ** -decimals(currency) if row.measure in MONEY_MEASURES else 1.0
    return {
        "scenario": row.scenario,
        "segment": row.segment,
        "measure": row.measure,
        "unit": unit_of(row.measure, currency),
        **columns(row, scale),
        "chance_better": row.chance_better,
    }


def carry_out(
    placement: Placement,
    project: ir.Project,
    settings: Settings,
    on_progress: Callable[[int], None] | None = None,
    history: Path | None = None,
) -> LifeProjection:
    """Carries out a project about a life over the placed rows of its table.

    `history` is the folder of stored assignments, for columns that switch. The engine of
    `settings` is taken for unsaid where it is the default of funnels.

    Raises:
        RulesError: the past does not hold what the project needs, or a lever is none of a life.
        KeyboardInterrupt: it was interrupted before two futures were finished.
    """
    check_engine(None if settings.engine == Settings().engine else settings.engine)
    if project.holds:
        held = " and ".join(project.holds)
        raise RulesError([living.nothing_held_in_lives(project.name, held)], unable=True)
    seed = project.seed if settings.seed is None else settings.seed
    runs = project.runs if settings.runs is None else settings.runs
    made = Prepared(placement, project, seed, runs, history)
    with executor(settings.executor, settings.threads) as pool:
        how = PlaySettings(on=pool, spread=True, lean=len(made.bundles.extra))
        played = simulate(made.model, runs, how, on_progress)
    if not played.complete and len(played.replications) < 2:
        raise KeyboardInterrupt
    found = _found(made, played)
    kept = played.first(len(made.scenarios)) if settings.keep else None
    return replace(found, played=kept)


def check_engine(engine: str | None) -> None:
    """The engine that was asked for, None where none was.

    Raises:
        RulesError: it holds no customers whom rules could be asked of.
    """
    if engine not in (None, ENGINE):
        raise RulesError([living.engine_not_of_lives(str(engine))], unable=True)


class Prepared:
    """Everything from the rules and the rows to the model that is played."""

    def __init__(
        self, placement: Placement, project: ir.Project, seed: int, runs: int,
        history: Path | None,
    ) -> None:  # fmt: skip
        ruleset = placement.ruleset
        self.placement, self.project, self.seed, self.runs = placement, project, seed, runs
        self.life = life = next(each for each in ruleset.lives if each.name == project.of)
        found = find_set(ruleset, project.by)
        if life.table != found.table:
            other = problems.other_table(life.name, life.table, found.name, found.table)
            raise RulesError([other], unable=True)
        self.scenarios = _scenarios(ruleset, project)
        self.asked = asked_rows(placement, found.name, stating.moving(life, self.scenarios))
        first = projected_months(placement.context.as_of, project.months)[0]
        self.days = days_between_periods(first, project.months)[:: project.period]
        day = placement.context.as_of
        _check_past(self.asked, (day, *self.days[1:]), project)
        self.sales = sales_of(placement, life, found, self.asked.keys, project.period)
        self.learned = learn(life, self.sales, found.segments, seed=seed, runs=runs)
        used = stating.assumed(life, self.scenarios)
        used |= {project.target} if isinstance(project.target, str) else set()
        self.assumptions = tuple(each for each in ruleset.assumptions if each.name in used)
        draws = drawn(self.assumptions, seed, runs)
        self.figures = Figures(draws, found.segments)
        self.known = stating.Known(self.figures, self.asked.types, self._chains(history))
        self.before = remembrance(placement, self.asked.rules, self.asked.keys)
        self.start = start_of(placement, self.asked.rules, self.asked.keys)
        played = self._played_scenarios()
        self.bundles = Bundles(self.scenarios, played, seed)
        self.model = self._model((*played, *self.bundles.extra))

    def _model(self, scenarios: tuple[Scenario, ...]) -> Model:
        return Model(
            Population(
                customer_words(self.asked.keys), self.asked.columns, None, self.learned.eagerness
            ),
            self.asked.rules,
            self.days,
            self._rates(),
            self._evolutions(),
            scenarios,
            self.before,
            self.seed,
            self.start,
        )

    def _evolutions(self) -> tuple[Evolution, ...]:
        return stating.evolutions(self.life, self.known)

    def _played_scenarios(self) -> tuple[Scenario, ...]:
        return tuple(
            stating.scenario(each, self.known, self.project.period) for each in self.scenarios
        )

    def _rates(self) -> Rates:
        life, learned, figures = self.life, self.learned, self.figures
        size, periods = len(figures.segments), len(self.days) - 1
        keeping = figures.of_each(life.keeping, "the cost of keeping", POSITIVE)
        leaving = figures.of_each(life.leaving, "the chance to leave", SHARE)
        # nobody outlives an infinite hazard; a finite one that is as good as sure is enough
        hazard = -np.log1p(-np.minimum(rows(leaving, size), 1.0 - 1e-15))
        return Rates(
            season=_season(learned, self.days, periods, self.project.period),
            leads=learned.leads,
            conversion=np.ones((1, size, 0)),
            value=learned.value,
            stage_cost=learned.cost[:, None],
            keep_cost=rows(keeping, size),
            hazard=hazard,
            after_sale=np.zeros(size),
            spread=learned.spread,
        )

    def _chains(self, history: Path | None) -> dict[str, Floats]:
        """How columns that switch go from value to value in each replication, [R, V, V]."""
        found: dict[str, Floats] = {}
        table = self.placement.ruleset.table(self.placement.table)
        for each in self.life.changes:
            column = table.column(each.column)
            if each.way != "switches":
                continue
            kept = column is not None and column.kept
            counts = (
                switches(self.placement, column, history, self.project.period)
                if column is not None and kept and history is not None
                else None
            )
            if counts is None:
                lacking = living.switches_without_history(
                    each.column, kept, self.project.period, each.span
                )
                raise RulesError([lacking], unable=True)
            learned = learn_rows(counts, seed=self.seed)
            drawn_rows = learned.draws(self.seed, self.runs, f"switches of {each.column}")
            found[each.column] = drawn_rows / drawn_rows.sum(axis=2, keepdims=True)
        return found

    @property
    def expired(self) -> tuple[ir.Assumption, ...]:
        """The assumptions whose day has passed."""
        day = self.placement.context.as_of
        return tuple(
            each for each in self.assumptions if each.until is not None and each.until < day
        )

    @property
    def against(self) -> int | None:
        """The place of the scenario that others are compared with; None for today."""
        names = [each.name for each in self.scenarios]
        against = self.project.against
        return None if against == TODAY else names.index(against)

    def target(self, replications: Counts) -> Target | None:
        """The target of the project; that of each future where an assumption states it."""
        stated = self.project.target
        return self.figures.drawn[stated][replications] if isinstance(stated, str) else stated


def _scenarios(ruleset: ir.Ruleset, project: ir.Project) -> tuple[ir.Scenario, ...]:
    """Those that are compared, and the one they are compared with."""
    names = dict.fromkeys([*project.compare, *(
        [] if project.against == TODAY else [project.against]
    )])  # fmt: skip
    return tuple(next(each for each in ruleset.scenarios if each.name == name) for name in names)


def _check_past(asked: AskedRows, days: Sequence[dt.date], project: ir.Project) -> None:
    """What the rules ask of the past must be what the engine remembers."""
    set_name, asking = asked.rules.set, asked.rules.remembered
    lacking = unanswered(asking, set_name)
    if lacking:
        raise RulesError([living.rules_ask_more("; ".join(lacking), set_name)], unable=True)
    try:
        check_reviews(Asking(asked.rules.stepping(()), asking, tuple(days)))
    except ValueError:
        shorter = living.periods_shorter_than_reviews(set_name, project.period)
        raise RulesError([shorter], unable=True) from None


def _season(learned: Learned, days: Sequence[dt.date], periods: int, months: int) -> Floats:
    """The mean factor of the months of each period."""
    if learned.by_calendar is None:
        return np.ones(periods)
    made = [
        [learned.by_calendar[(day.month - 1 + step) % 12] for step in range(months)]
        for day in days[:periods]
    ]
    return np.asarray(np.mean(made, axis=1))


# ---- what is found


def _found(made: Prepared, everything: Played) -> LifeProjection:
    project, placement = made.project, made.placement
    played = everything.first(len(made.scenarios))
    outlooks = outcome.outlooks_of(played, made.against, made.target(played.replications))
    found, notes = outcome.rows_of(played, made.against)
    segments = played.model.rules.segments
    arms = [(TODAY, played.today)]
    arms += [(each.name, arm) for each, arm in zip(made.scenarios, played.scenarios, strict=True)]
    check = outcome.check_of(played, made.sales, made.seed)
    return LifeProjection(
        project=project,
        life=made.life,
        seed=made.seed,
        runs=len(played.replications),
        why=WHY,
        currency=placement.ruleset.currency,
        as_of=placement.context.as_of,
        days=made.days,
        segments=segments,
        customers=len(made.asked.keys),
        assumptions=made.assumptions,
        learned=made.learned,
        rows=found,
        accounts=tuple(_account(made, everything, each) for each in outlooks),
        matrices={name: outcome.matrix_of(arm, segments) for name, arm in arms},
        check=check,
        outlooks=outlooks,
        held=made.asked.held,
        stays=staying(made.asked, made.life.sales),
        notes=tuple(dict.fromkeys([*_apart(check), *_notes(made, played), *notes])),
        complete=played.complete,
        findings=tuple(_findings(made)),
    )


def _findings(made: Prepared) -> list[Diagnostic]:
    """What is to be said of the data and of the levers, beside the result."""
    day, life = made.placement.context.as_of, made.life
    found = [problems.assumption_expired(each.name, each.until, day) for each in made.expired]
    if made.sales.late:
        found.append(living.sales_after_the_day(life.sales, made.sales.late, day))
    return found + [
        living.moved_for_good(lever.kind, edit.column, node.name)
        for node in made.scenarios
        for lever in node.levers
        for edit in lever.edits
        if isinstance(edit, ir.Moves) and edit.fall_back == 0.0 and lever.timing.duration is None
    ]


def _apart(check: Check) -> list[str]:
    """The segments for which another way tells something else."""
    told = [
        f"{check.segments[at]} ({check.played[at]:,.0f} against {check.markov[at]:,.0f})"
        for at in check.apart
    ]
    if not told:
        return []
    return [
        "row by row and by shares alone differ widely in the customers at the end, so these are "
        f"unsure: {', '.join(told)}"
    ]


def _remembered(made: Prepared) -> list[str]:
    """With what the memory of the rules begins, where they ask for a past."""
    if not made.asked.rules.remembered:
        return []
    day = made.placement.context.as_of.isoformat()
    if made.before is None:
        return [f"no earlier assignment is stored: what the rules remember begins on {day}"]
    first = min((each.day for each in made.before.reviews), default=None)
    since = "" if first is None else f", those since {first.isoformat()}"
    return [f"what the rules remember begins with the assignments stored before {day}{since}"]


def _account(made: Prepared, played: Played, outlook: Outlook) -> Account:
    """What a scenario is made of, what drives it, and what it rests on."""
    names = [each.name for each in made.scenarios]
    at = names.index(outlook.scenario)
    base = played.today if made.against is None else played.scenarios[made.against]
    difference = outcome.profit(played.scenarios[at]) - outcome.profit(base)
    stating_it = [made.scenarios[each] for each in (at, made.against) if each is not None]
    used = stating.assumed(made.life, stating_it)
    stated = [each for each in made.assumptions if each.name in used]
    sources = sources_of(made.placement.ruleset, frozenset(each.name for each in made.expired))
    inputs = [input_of(each, sources[each.name]) for each in stated]
    asked = known(inputs, made.figures.drawn, made.learned, played.replications)
    moved = drivers_of(difference, asked, outlook.target or 0.0)
    ranked = moved.tornado if moved.tornado.bars else None
    graded = evidence(stated, made.placement.context.as_of, tornado=ranked)
    return Account(outlook.scenario, made.bundles.parts(played, at), moved, graded)


def _notes(made: Prepared, played: Played) -> list[str]:
    asked, life = made.asked, made.life
    notes = [*money_notes(made.placement.ruleset, life), *made.learned.notes]
    staying = list(asked.held)
    if asked.unnamed:
        more = "more " if staying else ""
        staying.append(f"{asked.unnamed} {more}that conditions ask for without a name")
    if staying:
        day = made.placement.context.as_of.isoformat()
        notes.append(f"what other rows say stays as it was on {day}: {', '.join(staying)}")
    notes += _remembered(made)
    outside = float(played.today.customers[:, 0, len(asked.rules.segments)].mean())
    if outside >= 1.0:
        notes.append(f"{outside:,.0f} customers are in no segment at first: they buy nothing there")
    notes.append(
        "nobody joins: only the customers of the table are played"
        + ("" if life.leaving else ", and nobody leaves")
    )
    if made.learned.shape is not None:
        notes.append(
            "customers of a segment are not alike: each keeps its own eagerness to buy, learned "
            "from what it bought"
        )
    notes += [note for each in made.scenarios for note in stating.untested(each)]
    return notes
