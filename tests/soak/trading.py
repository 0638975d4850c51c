"""One world of the soak: traded at random as in `tests.engine.test_world`, in a shell that
suffers.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from random import Random

from agents.engine.inputs import Input
from market.engine.rules import Switches
from tests.cast import Stage
from tests.engine.brute_force import Record
from tests.engine.shadow import Shadow
from tests.engine.test_world import (
    COMPANIES,
    NAMES,
    OPERATIONS,
    PLAYERS,
    RULES,
    SYMBOLS,
    Trading,
)
from tests.soak.shell import Shell
from wallstreetsim.machine.world import REGISTER

STEPS = 240  # of one world; about half of them are ticks
AUDITED_EVERY = 4  # ticks, the long way; what is reported and what trades, in every one
WIDE = 300  # cents of an auction gone through one by one; `test_auctions` goes further


class Soaking(Trading):
    """A world that is its seed's."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.random = Random(seed)
        self.watching.close()
        self.shadow = Shadow(wide=WIDE)
        self.watching.enter_context(self.shadow.watching())
        self.seen: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        """Live, and return what was seen."""
        try:
            self.begin()
            for _ in range(STEPS):
                self.step()
            self.shell.compare_whole()
        finally:
            self.teardown()
        return self.seen + self.shell.seen

    def begin(self) -> None:
        def often(chance: float) -> bool:
            return self.random.random() < chance

        switches = Switches(
            maker=often(0.6),
            walk=often(0.6),
            halts=often(0.8),
            events=often(0.3),
            house=self.random.choice([0, 0, 0, 0, 12]),
        )
        self.stage = Stage(
            *PLAYERS, companies=COMPANIES, rules=RULES, switches=switches, seed=str(self.seed)
        )
        self.record = Record()
        self.record.take(self.stage.founded.market)
        self.check()
        self.shell = Shell(self.stage.world, RULES, self.shadow, self.random)

    def advance(self, inputs: list[Input]) -> None:
        """Run one tick over what has arrived of these inputs, and of earlier ones."""
        if self.random.random() < 0.02:
            inputs = [*inputs, self.poison()]
        self.shell.send(inputs)
        outcome = self.shell.tick()
        self.stage.world = self.shell.world
        self.stage.take(outcome)
        market = outcome.market
        self.seen["ticks"] += 1
        self.seen["trades"] += len(market.trades)
        self.seen["orders"] += sum(order.is_new for order in market.orders)
        self.seen["halts"] += len(market.halts)
        self.seen["splits"] += len(market.splits)
        self.seen["bankruptcies"] += len(market.bankruptcies)
        self.seen["liquidations"] += sum(alert.kind == "liquidation" for alert in market.alerts)

    def check(self) -> None:
        outcome = self.stage.outcome
        if outcome.tick % AUDITED_EVERY == 0:
            super().check()
        else:
            self.record.take(outcome.market, outcome.told)

    def poison(self) -> Input:
        """Return an input that makes its handler raise, at once or half way through."""
        half_way = {
            "agent": "mole",
            "name": "mole",
            "role": "quant",
            "holdings": {"APEX": 1, "NOWHERE": 1},
        }
        return self.random.choice(
            (
                self.stage.input("ann", "BUY", {}),
                self.stage.input(None, "HALT", {"symbol": "APEX", "ticks": "many"}),
                self.stage.input("bob", "CANCEL_ALL", {"symbol": ["APEX"]}),
                self.stage.input(None, REGISTER, half_way)._replace(
                    account=5_000 + self.shell.numbered
                ),
            )
        )

    def nudge(self, symbol: str, percent: int) -> None:
        """Let a price move by itself."""
        self.drift(symbol, percent)
        self.shell.begin(self.stage.world)

    def again(self) -> None:
        """Let a client that heard nothing order the same a second time."""
        with suppress(IndexError):
            self.script.append(self.random.choice(self.script))

    def step(self) -> None:
        """Do one thing, drawn at random."""
        random, draw = self.random, self.random.random()
        if draw < 0.3:
            self.rush(random.getrandbits(32))
        elif draw < 0.35:
            self.cancel(random.choice(NAMES), random.randint(1, 8))
        elif draw < 0.37:
            self.cancel_all(random.choice(NAMES), random.choice(["", *SYMBOLS]))
        elif draw < 0.4:
            self.nudge(random.choice(SYMBOLS), random.choice([-15, -5, -2, 2, 5, 20]))
        elif draw < 0.45:
            self.operate(random.choice(OPERATIONS))
        elif draw < 0.5:
            self.again()
        else:
            self.tick()
