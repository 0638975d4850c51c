"""What a tick reports, and what of it is reported before the tick ends."""

from __future__ import annotations

from random import Random

from market.engine.outcome import OrderState
from market.engine.rules import Switches
from tests.cast import Player, Stage

LIVELY = Switches(never_closes=True, maker=True, walk=True)
NAMES = ("ann", "bob", "cid")


def test_orders_reported_ahead_are_the_same_at_the_end() -> None:
    """At every step of ticks in which orders are filled, refused, cancelled and left open."""
    cast = [Player(name, holds={"APEX": 5_000}) for name in NAMES]
    plain, asked = (Stage(*cast, switches=LIVELY) for _ in range(2))
    random, reported_ahead = Random(5), 0
    ahead: list[OrderState] = []

    def ask(step: str) -> None:
        ahead.extend(asked.world.market.log.report_closed())

    for _ in range(40):
        script = "\n".join(_line(random, plain.company().price) for _ in range(30))
        ahead.clear()
        outcome = asked.take(asked.world.advance(asked.inputs(script), ask))
        assert outcome == plain.tick(script)
        final = {order.number: order for order in outcome.market.orders}
        assert all(final[order.number] == order for order in ahead)
        assert len({order.number for order in ahead}) == len(ahead)
        reported_ahead += len(ahead)
    assert reported_ahead > 400


def test_a_tick_that_is_forgotten_leaves_the_world_as_it_is() -> None:
    kept, forgetful = (Stage("ann", "bob", switches=LIVELY) for _ in range(2))
    for script in ("ann BUY 10 MARKET", "", "bob BUY 5 MARKET\nann SELL 3 MARKET"):
        assert kept.tick(script) == forgetful.tick(script)
        before = forgetful.world.dump()
        forgetful.world.forget_tick()
        assert forgetful.world.dump() == before
        assert not forgetful.world.market.log.trades
        assert not forgetful.world.results


def _line(random: Random, price: int) -> str:
    name = random.choice(NAMES)
    if random.random() < 0.1:
        return f"{name} CANCEL ALL"
    limit = max(1, price + random.randint(-5, 5)) / 100
    how = random.choice(["MARKET", f"@ {limit}", f"@ {limit} IOC", f"@ {limit} FOK"])
    return f"{name} {random.choice(['BUY', 'SELL'])} {random.randint(1, 400)} {how}"
