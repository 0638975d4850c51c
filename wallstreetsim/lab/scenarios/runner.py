"""Run a scenario on the machine, as fast as it goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agents.engine.facts import Manipulation
from agents.engine.inputs import Input
from market import wire
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.action import Verdict
from market.engine.outcome import OrderState, Trade
from market.engine.values import Tick
from news.engine.articles import Article
from news.engine.desk import NewsReport
from news.research.events import Alert, Signal, SignalClosed
from sec.engine.outcome import AccusedState, CaseState, SuspicionNoted
from wallstreetsim.lab.research_desk import DeskInMemory
from wallstreetsim.lab.scenarios.file import read
from wallstreetsim.lab.scenarios.intake import Intake
from wallstreetsim.lab.scenarios.result import ActionResult, History, Result, happenings
from wallstreetsim.lab.scenarios.script import Injection, Scenario, Step, Trader
from wallstreetsim.machine.actions import action_table
from wallstreetsim.machine.rules import Rules
from wallstreetsim.machine.world import REGISTER, Outcome, World


class Submission(NamedTuple):
    """One action of the script: an input for the tick, or the verdict on one that is none.

    What the script lets happen to the market is no agent's.
    """

    agent: str | None
    action: str
    attempt: Input | Verdict


def run(
    scenario: Scenario,
    *,
    watch: Callable[[str], None] = lambda step: None,
    look: Callable[[World, Outcome], None] = lambda world, outcome: None,
) -> Result:
    """Found a world, run the script on it, and return what came of it.

    `watch` hears the end of each step of a tick, `look` is shown each tick, the founding too.
    Raises InputFailed when the machine itself fails.
    """
    world = World(scenario.rules, scenario.seed, scenario.switches)
    look(world, world.found(scenario.companies))
    script = Script(scenario, scenario.rules)
    record = Record(world)
    arrivals = list(_arrivals(scenario.agents))
    for tick in range(1, scenario.ticks + 1):
        submissions = script.submissions(tick)
        attempts = (submission.attempt for submission in submissions)
        inputs = arrivals + [attempt for attempt in attempts if isinstance(attempt, Input)]
        outcome = world.advance(inputs, watch)
        record.add(outcome, submissions)
        look(world, outcome)
        arrivals = []
    return record.result()


def run_job(job: Mapping[str, Any]) -> wire.Wire:
    """Run a file's text with these ticks, if any are given, and this seed."""
    scenario = read(job["source"].encode(), ticks=job["ticks"], seed=job["seed"])
    return run(scenario).as_wire()


def _arrivals(traders: Sequence[Trader]) -> Iterator[Input]:
    """Yield the inputs that admit the script's agents, who take part from the first tick on."""
    for account, trader in enumerate(traders, start=FIRST_AGENT_ACCOUNT):
        given: dict[str, object] = {
            "agent": trader.name,
            "name": trader.name,
            "role": trader.role,
            "holdings": dict(trader.holdings),
        }
        if trader.cash is not None:
            given["cash"] = trader.cash
        if trader.leverage is not None:
            given["leverage"] = trader.leverage
        if trader.company is not None:
            given["company"] = trader.company
        yield Input(f"{REGISTER} {trader.name}", REGISTER, given, account)


class Script:
    """The steps by tick, turned into inputs as their time comes, each numbered in that order."""

    def __init__(self, scenario: Scenario, rules: Rules) -> None:
        accounts = {
            trader.name: account
            for account, trader in enumerate(scenario.agents, start=FIRST_AGENT_ACCOUNT)
        }
        self.intake = Intake(action_table(rules), accounts)
        self.steps: dict[Tick, list[Step]] = defaultdict(list)
        for step in scenario.steps:
            self.steps[step.tick].append(step)

    def submissions(self, tick: Tick) -> list[Submission]:
        """Return the tick's actions in the order of the file."""
        submissions = []
        for step in self.steps.get(tick, ()):
            if step.injection is not None:
                submissions.append(self._inject(step.injection))
            submissions += [
                Submission(step.agent, action["type"], self.intake.attempt(step.agent, action))
                for action in step.actions
            ]
        return submissions

    def _inject(self, injection: Injection) -> Submission:
        given = dict(injection.parameters)
        return Submission(None, injection.type, Input(self.intake.next_id(), injection.type, given))


class Record:
    """What the ticks decided, collected as they pass."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.results: list[ActionResult] = []
        self.orders: dict[int, OrderState] = {}  # as last seen, by number
        self.trades: list[Trade] = []
        self.events: list[wire.Wire] = []
        self.articles: list[Article] = []
        self.desk = DeskInMemory(world)
        self.alerts: list[Alert] = []
        self.signals: list[Signal] = []
        self.closed: dict[str, SignalClosed] = {}  # what became of signals, by id
        self.manipulations: list[Manipulation] = []
        self.suspicions: list[SuspicionNoted] = []
        self.cases: dict[str, CaseState] = {}  # as last seen, and those accused in them
        self.accused: dict[tuple[str, int], AccusedState] = {}
        self.histories = {symbol: History() for symbol in world.market.companies}

    def add(self, outcome: Outcome, submissions: Sequence[Submission]) -> None:
        verdicts = (result.verdict for result in outcome.results if result.type != REGISTER)
        for agent, action, attempt in submissions:
            verdict = next(verdicts) if isinstance(attempt, Input) else attempt
            if agent is not None:
                self.results.append(ActionResult(outcome.tick, agent, action, verdict))
        for order in outcome.market.orders:
            self.orders[order.number] = order
        self.trades += outcome.market.trades
        self.events += happenings(outcome.tick, outcome.market)
        news: NewsReport = outcome.reports["news"]
        self.articles += news.articles
        self._add_research(outcome)
        self.manipulations += outcome.agents.manipulations
        self.suspicions += [noted for noted in outcome.sec.suspicions if noted.case is not None]
        self.cases |= {case.id: case for case in outcome.sec.cases}
        self.accused |= {(one.case, one.account): one for one in outcome.sec.accused}
        for symbol, company in self.world.market.companies.items():
            history = self.histories[symbol]
            history.prices.append(company.price)
            history.quotes.append((company.best_bid, company.best_ask))
            history.volumes.append(company.tick_volume)

    def _add_research(self, outcome: Outcome) -> None:
        for event in self.desk.fold(outcome):
            if isinstance(event, Alert):
                self.alerts.append(event)
            elif isinstance(event, Signal):
                self.signals.append(event)
            elif isinstance(event, SignalClosed):
                self.closed[event.id] = event

    def result(self) -> Result:
        return Result(
            ticks=self.world.tick,
            digest=self.world.digest,
            market=self.world.market,
            members=self.world.registry.members,
            results=self.results,
            orders=[self.orders[number] for number in sorted(self.orders)],
            trades=self.trades,
            events=self.events,
            articles=self.articles,
            alerts=self.alerts,
            signals=self.signals,
            closed=self.closed,
            manipulations=self.manipulations,
            suspicions=self.suspicions,
            accused=[(self.cases[id], one) for (id, _), one in self.accused.items()],
            histories=self.histories,
        )
