"""A long soak of the machine: `python -m tests.soak [TICKS]`.

World after world is traded at random as in `tests.engine.test_world`, audited after every tick
with the naive exchange looking on, and restored from its checkpoint again and again, while a twin
that is never restored must go the same way, outcome by outcome.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from random import Random

from agents.engine.inputs import Input
from tests.engine.test_world import NAMES, OPERATIONS, RULES, SYMBOLS, Trading
from wallstreetsim.world import World

STEPS = 120  # of one world


class Soaking(Trading):
    """A world and its twin, which sees no checkpoint."""

    def begin(self, random: Random) -> None:
        maker, walk, halts = random.random() < 0.6, random.random() < 0.6, random.random() < 0.8
        self.found(maker=maker, walk=walk, halts=halts)
        self.twin = World.load(RULES, json.loads(json.dumps(self.stage.world.dump())))
        self.seen: Counter[str] = Counter()

    def advance(self, inputs: list[Input]) -> None:
        super().advance(inputs)
        outcome = self.stage.outcome
        assert self.twin.advance(inputs) == outcome
        market = outcome.market
        self.seen["ticks"] += 1
        self.seen["trades"] += len(market.trades)
        self.seen["orders"] += sum(order.is_new for order in market.orders)
        self.seen["halts"] += len(market.halts)
        self.seen["splits"] += len(market.splits)
        self.seen["bankruptcies"] += len(market.bankruptcies)
        self.seen["liquidations"] += sum(alert.kind == "liquidation" for alert in market.alerts)

    def nudge(self, symbol: str, percent: int) -> None:
        """Let a price move by itself, in both worlds."""
        self.drift(symbol, percent)
        state = self.stage.company(symbol).pricing
        twin = self.twin.market.companies[symbol].pricing
        twin.value, twin.fundamental = state.value, state.fundamental

    def step(self, random: Random) -> None:
        """Do one thing, drawn at random."""
        draw = random.random()
        if draw < 0.3:
            self.rush(random.getrandbits(32))
        elif draw < 0.35:
            self.cancel(random.choice(NAMES), random.randint(1, 8))
        elif draw < 0.37:
            self.cancel_all(random.choice(NAMES), random.choice(["", *SYMBOLS]))
        elif draw < 0.42:
            self.nudge(random.choice(SYMBOLS), random.choice([-15, -5, -2, 2, 5, 20]))
        elif draw < 0.47:
            self.operate(random.choice(OPERATIONS))
        elif draw < 0.52:
            self.restore()
        else:
            self.tick()


def soak(ticks: int, seed: int = 0) -> Counter[str]:
    """Trade world after world for so many ticks, and return what was seen."""
    seen: Counter[str] = Counter()
    while seen["ticks"] < ticks:
        random = Random(seed + seen["worlds"])
        world = Soaking()
        try:
            world.begin(random)
            for _ in range(STEPS):
                world.step(random)
        except BaseException:
            print(f"the world of seed {seed + seen['worlds']} failed", file=sys.stderr)
            raise
        finally:
            world.teardown()
        seen += world.seen
        seen["worlds"] += 1
    return seen


if __name__ == "__main__":
    began = time.monotonic()
    result = soak(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    figures = ", ".join(f"{count:,} {name}" for name, count in sorted(result.items()))
    print(f"{figures} in {time.monotonic() - began:,.0f} s, and nothing amiss")
