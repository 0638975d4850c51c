"""A stage with a law: agents who bribe, tell, answer and flee, and what becomes of their cases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from agents.engine.agent_state import AgentState
from agents.engine.facts import RumorSpread
from agents.engine.inputs import Input
from market.engine import engine
from market.engine.accounts import ESCROW, TREASURY
from market.engine.action import Action, OperatorAct
from market.engine.engine import Plain, Step, Surroundings
from market.engine.values import Cents, Tick
from sec.engine.cases import Accused, Case
from sec.engine.engine import SecEngine
from sec.engine.outcome import SecReport
from sec.engine.rules import WASH_TRADING
from tests.cast import UNMOVED, Player, Stage
from wallstreetsim.machine.engines import ENGINES
from wallstreetsim.machine.rules import Rules
from wallstreetsim.machine.world import World

Told = list[RumorSpread]


class Hearsay:
    """An engine that spreads the rumors a test wants, as the news would."""

    name = "hearsay"
    waiting: Told

    def __init__(self, surroundings: Surroundings) -> None:
        self.facts = surroundings.facts
        self.waiting = []

    def actions(self) -> tuple[Action, ...]:
        return ()

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        return ()

    def steps(self) -> Mapping[str, Step]:
        return {engine.INPUTS: self.spread}

    def spread(self) -> None:
        for fact in self.waiting:
            self.facts.add(fact)
        self.waiting = []

    def found(self) -> None:
        pass

    def begin_tick(self, tick: Tick) -> None:
        pass

    def report(self) -> Any:
        return None

    def standing(self) -> Any:
        return None

    def concerned(self) -> Iterable[int]:
        return ()

    def digest_part(self) -> bytes:
        return b""

    def check(self, *, full: bool) -> None:
        pass

    def dump(self) -> Plain:
        return None

    def load(self, state: Plain) -> None:
        pass


@contextmanager
def hearsay() -> Iterator[None]:
    """Let the worlds made meanwhile know hearsay."""
    ENGINES.append(Hearsay)
    try:
        yield
    finally:
        ENGINES.remove(Hearsay)


class Court(Stage):
    """A stage whose world knows hearsay, and which speaks of cases by the accused's name."""

    def __init__(self, *cast: str | Player, seed: str = "a seed", **more: Any) -> None:
        with hearsay():
            super().__init__(*cast, seed=seed, **more)

    @property
    def sec(self) -> SecEngine:
        found = self.world.by_name["sec"]
        assert isinstance(found, SecEngine)
        return found

    @property
    def report(self) -> SecReport:
        report: SecReport = self.outcome.reports["sec"]
        return report

    def do(self, name: str, type: str, **wire: Any) -> Input:
        """Return an agent's action as it comes from the wire."""
        given = {key: Decimal(str(v)) if isinstance(v, float) else v for key, v in wire.items()}
        return self.input(name, type, self.world.actions[type].parse(given))

    def act(self, name: str, type: str, **wire: Any) -> Any:
        """Run a tick over one action and return its verdict."""
        self.submit(self.do(name, type, **wire))
        return self.outcome.results[-1].verdict

    def order(self, type: str, **parameters: Any) -> Any:
        """Run a tick over an operator's act and return its verdict."""
        self.operate(type, **parameters)
        return self.outcome.results[-1].verdict

    def pass_ticks(self, ticks: Tick) -> None:
        self.run_to(self.world.tick + ticks)

    def leap_to(self, tick: Tick) -> None:
        """Go on at a tick of a later day, as if nothing had happened in between."""
        self.world.tick = tick - 1
        self.submit()

    def spread(self, name: str, sign: int, symbol: str = "APEX", id: str = "rumor") -> None:
        """Let a rumor by an agent be spread in the next tick."""
        herald = self.world.by_name["hearsay"]
        assert isinstance(herald, Hearsay)
        tick = self.world.tick + 1
        herald.waiting.append(RumorSpread(tick, self.ids[name], symbol, sign, 1.0, id))

    def wash(self, name: str, times: int = 6, shares: int = 100, price: str = "10.00") -> None:
        """Let an agent trade with itself so many times, once a tick."""
        for _ in range(times):
            self.tick(f"{name} SELL {shares} @ {price}\n{name} BUY {shares} @ {price} allow")

    def case_of(self, name: str, crime: str = WASH_TRADING) -> tuple[Case, Accused]:
        """Return the newest case against an agent."""
        cases = [
            (case, one)
            for case, one in self.sec.book.against(self.ids[name])
            if case.crime == crime
        ]
        assert cases, f"no case of {crime} against {name}"
        return cases[-1]

    def status(self, name: str, crime: str = WASH_TRADING) -> str:
        return self.case_of(name, crime)[1].status.value

    def member(self, name: str) -> AgentState:
        return self.world.registry.members[self.ids[name]]

    def reputation(self, name: str) -> float:
        return self.member(name).reputation / 1_000_000

    def cash(self, name: str) -> Cents:
        return self.account(name).cash

    @property
    def escrow(self) -> Cents:
        return self.world.market.accounts[ESCROW].cash

    @property
    def treasury(self) -> Cents:
        return self.world.market.accounts[TREASURY].cash

    def take(self, outcome: Any) -> Any:
        """Check after each tick that the books hold."""
        self.world.check(full=True)
        assert sum(account.cash for account in self.world.market.accounts.values()) == 0
        return super().take(outcome)

    def reload(self) -> None:
        """Go on with the machine that a checkpoint of this one would restore."""
        kept = json.loads(json.dumps(self.world.dump()))
        digest, told = self.world.digest, self.world.dump()
        with hearsay():
            self.world = World.load(self.world.rules, kept)
        assert self.world.digest == digest
        assert json.dumps(self.world.dump()) == json.dumps(told)


def law_with(**changes: Any) -> Rules:
    """Return the rules with some of the law's changed, such as bribes=…"""
    return replace(UNMOVED, sec=replace(UNMOVED.sec, **changes))


def honest_odds(odds: float) -> Rules:
    """Return rules by which every bribe is detected with these odds."""
    bribes = replace(UNMOVED.sec.bribes, least_odds=odds, most_odds=odds)
    return law_with(bribes=bribes)


UNSEEN, SEEN = honest_odds(0.0), honest_odds(1.0)
INVESTIGATOR = Player("ivy", "100,000.00", role="sec_investigator")
