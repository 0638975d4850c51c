"""The world: one deterministic machine, put together from the apps' engines.

`advance(inputs)` is pure: no Django, no database, no clock, no global randomness. Same seed and
same inputs, same history, digest by digest. An instance that raises is spoilt: whoever holds it
forgets it and restores another.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

from agents.engine.house import Act, House
from agents.engine.inputs import Input
from agents.engine.registry import AgentRegistry, AgentsReport
from market.engine import engine
from market.engine.action import Action, OperatorAct, Verdict, WorldStanding
from market.engine.engine import Engine, Facts, Plain, Step, Surroundings
from market.engine.listings import Listing, generate_listings
from market.engine.market import MarketEngine
from market.engine.operator_acts import standing_of
from market.engine.outcome import CompanyState, MarketOutcome, Standing
from market.engine.parameters import Form, Parameter, ParameterKind, Parameters
from market.engine.random_source import RandomSource
from market.engine.refusals import Code, Refused
from market.engine.rules import Switches
from market.engine.sessions import Moment, stands_still
from market.engine.values import new_tuple
from sec.engine.outcome import SecReport
from wallstreetsim.machine.engines import ENGINES
from wallstreetsim.machine.rules import Rules

SCHEMA_VERSION = 4  # of the dumped state
ENGINE_VERSION = 4  # of the behaviour: raised whenever the same inputs would give another history

REGISTER, PAUSE, RESUME, STEP = "REGISTER", "PAUSE", "RESUME", "STEP"
WAKING = (RESUME, STEP)  # the inputs that a paused world still takes
MOST_STEPS = 1_000
WORLD = "world"  # in the table of operators' acts: the machine itself performs it

_TICK = struct.Struct("<2q")

INPUTS_AT_A_TIME = 100  # then whoever watches has a say, as its other threads do

Watch = Callable[[str], None]
Performer = Callable[[Input], Verdict]


class InputFailed(Exception):
    """An input whose handler raised: a fault of ours, and the machine is spoilt."""

    def __init__(self, input: Input, cause: Exception) -> None:
        super().__init__(f"{input.type} {input.id}")
        self.input = input
        self.__cause__ = cause  # which a compiled `raise … from` leaves out


class Result(NamedTuple):
    """The tick's verdict on one input."""

    id: str
    account: int | None
    type: str
    verdict: Verdict


class Outcome(NamedTuple):
    """Everything that one tick decided."""

    tick: int
    moment: Moment
    digest: str
    results: list[Result]
    reports: Mapping[str, Any]  # what each engine has to report, by its name
    standings: list[Standing]  # of the active agents, best first
    told: list[int]  # accounts that this tick concerns, each with the next seq of its stream
    regime: str
    is_paused: bool
    steps_left: int

    @property
    def market(self) -> MarketOutcome:
        report: MarketOutcome = self.reports["market"]
        return report

    @property
    def agents(self) -> AgentsReport:
        report: AgentsReport = self.reports["agents"]
        return report

    @property
    def sec(self) -> SecReport:
        report: SecReport = self.reports["sec"]
        return report


class World:
    """The machine and everything it remembers between two ticks."""

    def __init__(
        self,
        rules: Rules,
        seed: str,
        switches: Switches | None = None,
    ) -> None:
        self.rules = rules
        self.seed = seed
        self.switches = switches or Switches()
        self.facts = Facts()
        surroundings = Surroundings(rules, self.switches, RandomSource(seed), self.facts)
        self.engines: list[Engine] = []
        for make in ENGINES:
            made = make(surroundings)
            surroundings.add(made)
            self.engines.append(made)
        self.market = surroundings.engine(MarketEngine)
        self.registry = surroundings.engine(AgentRegistry)
        self.house = surroundings.engine(House)
        self.by_name = {one.name: one for one in self.engines}
        self.steps = _steps(self.engines)
        self.actions = {action.type: action for one in self.engines for action in one.actions()}
        self.tick = 0
        self.results: list[Result] = []  # of the tick under way, or the last
        self.ordinals: dict[int, int] = {}  # how many actions of each account, in this tick
        self.reported: list[CompanyState] = []  # by the last tick, since this machine was made
        self.digest = blake2b(seed.encode(), digest_size=32).hexdigest()
        self.is_paused = False
        self.steps_left = 0
        self.is_step = False  # the tick under way is run by a step
        self.performers: dict[str, Performer] = {
            action.type: partial(self._act, action) for action in self.actions.values()
        }
        self.performers[REGISTER] = self.registry.register
        for one in self.engines:
            for act in one.operator_acts():
                self.performers[act.type] = partial(self._operate, act, one)
        for act in world_acts():
            self.performers[act.type] = partial(self._operate, act, self)

    # Founding, keeping and restoring

    def found(self, listings: Iterable[Listing] | int) -> Outcome:
        """Found the world at tick 0 with these companies, or with so many generated ones."""
        if isinstance(listings, int):
            listings = generate_listings(listings, self.market.streams, self.rules.market)
        self.market.list_companies(listings)
        for one in self.engines:
            one.found()
        return self._report(lambda step: None)

    def dump(self) -> dict[str, Any]:
        """Return the whole state as plain data: numbers, strings, lists and dicts."""
        return {
            "schema": SCHEMA_VERSION,
            "engine": ENGINE_VERSION,
            "seed": self.seed,
            "switches": asdict(self.switches),
            "tick": self.tick,
            "digest": self.digest,
            "is_paused": self.is_paused,
            "steps_left": self.steps_left,
            "engines": {one.name: one.dump() for one in self.engines},
        }

    @classmethod
    def load(cls, rules: Rules, state: dict[str, Any]) -> World:
        """Return the world that `dump` described. An engine that it did not know begins anew."""
        world = cls(rules, state["seed"], Switches(**state["switches"]))
        world.tick, world.digest = state["tick"], state["digest"]
        world.is_paused, world.steps_left = state["is_paused"], state["steps_left"]
        kept: Mapping[str, Plain] = state["engines"]
        for one in world.engines:
            if one.name in kept:
                one.load(kept[one.name])
            else:
                one.found()
        return world

    # The tick

    def advance(self, inputs: Sequence[Input], watch: Watch = lambda step: None) -> Outcome:
        """Run one tick over the inputs, in arrival order, and report it. `watch` hears the end of
        each step; of the inputs more than once, if there are many.

        Raises InputFailed when a handler raises; the machine must not be used then.
        """
        self._begin_tick()
        self._step(engine.OPEN, watch)
        self._step(engine.STOPS, watch)
        self._step(engine.DECIDE, watch)
        self._perform_inputs(inputs, watch)
        self._step(engine.AUCTIONS, watch)
        self._step(engine.IMPACTS, watch)
        self._step(engine.PRICES, watch)
        self._step(engine.AFTER_PRICES, watch)
        self._step(engine.MARGIN, watch)
        self._step(engine.SURVEILLANCE, watch)
        self._step(engine.NEWS, watch)
        self._step(engine.CLOSE, watch)
        return self._report(watch)

    def forget_tick(self) -> None:
        """Free what only reporting the last tick needed; else the next tick does, in its own
        time.
        """
        self.results = []
        self.market.forget_tick()

    def needs_waking(self) -> bool:
        """Say whether the world stands still until an operator wakes it."""
        return stands_still(self.is_paused, self.steps_left)

    def check(self, *, full: bool = False) -> None:
        """Raise InvariantBroken where an engine finds what must never be."""
        for one in self.engines:
            one.check(full=full)

    def _begin_tick(self) -> None:
        self.tick += 1
        self.is_step = self.steps_left > 0
        self.steps_left = max(0, self.steps_left - 1)
        self.facts.clear()
        self.ordinals = {}
        for one in self.engines:
            one.begin_tick(self.tick)

    def _step(self, name: str, watch: Watch) -> None:
        for step in self.steps[name]:
            step()
        watch(name)

    # Inputs

    def _perform_inputs(self, inputs: Sequence[Input], watch: Watch) -> None:
        """Perform what was asked, by arrival, then what the house has decided."""
        self.results = []
        for start in range(0, len(inputs) or 1, INPUTS_AT_A_TIME):
            self.results += [self._perform(one) for one in inputs[start : start + INPUTS_AT_A_TIME]]
            watch("inputs")
        for act in self.house.decided:
            self._act_for_house(act)
        for step in self.steps[engine.INPUTS]:
            step()
        watch("house")

    def _perform(self, input: Input) -> Result:
        id, type, _, account, is_quarantined = input
        if is_quarantined:
            verdict = Verdict(
                False, str(Code.INTERNAL), "This input made the exchange fail; it was set aside."
            )
        else:
            try:
                verdict = self.performers[type](input)
            except Refused as refused:
                verdict = Verdict(False, str(refused.code), refused.message)
            except Exception as error:
                raise InputFailed(input, error) from error
        return new_tuple(Result, (id, account, type, verdict))

    def _act(self, action: Action, input: Input) -> Verdict:
        id, _, parameters, account, _ = input
        return self._perform_action(action, account, parameters, id)

    def _perform_action(
        self, action: Action, account: int | None, parameters: Parameters, id: str
    ) -> Verdict:
        ordinal = self.ordinals.get(account or 0, 0)
        self.ordinals[account or 0] = ordinal + 1
        actor = self.registry.actor(account, action, tick=self.tick, ordinal=ordinal)
        return action.perform(self.by_name[action.engine], actor, parameters, id)

    def _act_for_house(self, act: Act) -> None:
        """Perform what a house agent decided; what it may not do, it does not do."""
        with suppress(Refused):
            self._perform_action(self.actions[act.type], act.account, act.parameters, "")

    def _operate(self, act: OperatorAct, performer: Any, input: Input) -> Verdict:
        if input.account is not None:
            raise Refused(Code.FORBIDDEN, "Only an operator may do that.")
        given = act.parse(input.parameters)
        standing = standing_of(
            self.market,
            is_paused=self.is_paused,
            steps_left=self.steps_left or int(self.is_step),
        )
        act.check(standing, given)
        return act.perform(performer, given, input.id)

    # The report

    def _report(self, watch: Watch) -> Outcome:
        told = self._concerned()
        for account in told:
            self.market.accounts[account].tape_seq += 1
        reports = {one.name: one.report() for one in self.engines}
        watch("report")
        self.reported = self.market.outcome.companies if self.market.outcome else []
        standings = self.registry.standings()
        self.digest = self._digest()
        watch("report")
        return Outcome(
            tick=self.tick,
            moment=self.market.moment,
            digest=self.digest,
            results=self.results,
            reports=reports,
            standings=standings,
            told=told,
            regime=self.market.regime,
            is_paused=self.is_paused,
            steps_left=self.steps_left,
        )

    def _concerned(self) -> list[int]:
        """Return the agents that this tick has something to say to, house agents left out."""
        members = self.registry.members
        concerned = {result.account for result in self.results if result.account is not None}
        for one in self.engines:
            concerned.update(one.concerned())
        return sorted(id for id in concerned if id in members and not members[id].is_house)

    def _digest(self) -> str:
        """Chain the tick's decisions to the last digest: every engine's part, and the verdicts."""
        chained = blake2b(bytes.fromhex(self.digest), digest_size=32)
        chained.update(_TICK.pack(self.is_paused, self.steps_left))
        words = [self.market.regime, *(f"{r.id} {r.verdict.code}" for r in self.results)]
        chained.update("\x1f".join(words).encode())
        for one in self.engines:
            chained.update(one.name.encode() + b"\x1e")
            chained.update(one.digest_part())
        return chained.hexdigest()


def _steps(engines: Iterable[Engine]) -> dict[str, list[Step]]:
    """Return the methods to run in each step of a tick, in the engines' order."""
    steps: dict[str, list[Step]] = defaultdict(list)
    for one in engines:
        for name, step in one.steps().items():
            assert name in engine.STEPS, f"{one.name} has a step {name}, which no tick has"
            steps[name].append(step)
    return {name: steps[name] for name in engine.STEPS}


# What an operator may do to the machine itself


def world_acts() -> tuple[OperatorAct, ...]:
    """Return the acts that pause the world and let it go on."""
    reason = Parameter("reason", "reason", ParameterKind.TEXT, maximum=200)
    ticks = Parameter(
        "ticks", "ticks", ParameterKind.INTEGER, required=True, minimum=1, maximum=MOST_STEPS
    )
    return (
        OperatorAct(
            PAUSE,
            "Let the world stand still after this tick.",
            WORLD,
            Form(reason),
            _pause,
            _check_pause,
        ),
        OperatorAct(
            RESUME, "Let a paused world go on.", WORLD, Form(reason), _resume, _check_resume
        ),
        OperatorAct(
            STEP, "Run so many ticks, then stand still.", WORLD, Form(ticks, reason), _step_ticks
        ),
    )


def _check_pause(world: WorldStanding, given: Parameters) -> None:
    if world.is_paused and not world.steps_left:
        raise Refused(Code.BAD_REQUEST, "The world is paused already.")


def _check_resume(world: WorldStanding, given: Parameters) -> None:
    if not world.is_paused:
        raise Refused(Code.BAD_REQUEST, "The world is running.")


def _pause(world: World, given: Parameters, id: str) -> Verdict:
    world.is_paused, world.steps_left = True, 0
    return Verdict(True, message="The world stands still after this tick.")


def _resume(world: World, given: Parameters, id: str) -> Verdict:
    world.is_paused, world.steps_left = False, 0
    return Verdict(True)


def _step_ticks(world: World, given: Parameters, id: str) -> Verdict:
    """Run so many ticks, this one the first of them, unless it is run for an earlier step."""
    ticks = given["ticks"]
    world.steps_left += ticks if world.is_step else ticks - 1
    world.is_paused = world.is_step = True
    return Verdict(True)
