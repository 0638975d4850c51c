"""Agents that deal with each other at random while they trade, are arrested, flee and fall, in a
world that is restored now and then: nobody's money is made, and every cap holds after every tick.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agents.engine.alliances import OPEN
from agents.engine.rules import POINT
from market.engine.rules import SessionRules
from tests.cast import Player, listing, rules_with
from tests.engine.social import SocialStage
from wallstreetsim.machine.world import World

RULES = rules_with(session=SessionRules(open_ticks=6, closed_ticks=3))
PLAYERS = [
    Player("ann", "10,000.00", leverage=2, role="retail_trader", holds={"APEX": 100}),
    Player("bob", "30,000.00", leverage=10, role="hedge_fund_manager", holds={"APEX": 200}),
    Player("cid", "50,000.00", role="ceo", holds={"APEX": 50}),
    Player("dee", "2,000.00", leverage=5, role="quant"),
    Player("eve", "25,000.00", role="whistleblower", holds={"APEX": 10}),
]
NAMES = [player.name for player in PLAYERS]
names = st.sampled_from(NAMES)
dollars = st.integers(-3_000, 5_000)


class SocialWorld(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stage = SocialStage(
            *PLAYERS, companies=[listing("APEX", "10.00", shares=10_000)], rules=RULES
        )
        self.random = Random(0)

    @initialize(seed=st.integers(0, 2**16))
    def seed(self, seed: int) -> None:
        self.random = Random(seed)

    def act(self, name: str, type: str, target: str, **given: Any) -> None:
        """Act, perhaps with others' orders in the same tick, and perhaps twice."""
        act = (name, type, target, given)
        acts = [act] * self.random.choice([1, 1, 1, 2])
        inputs = [
            self.stage.input(name, type, parameters | {"target": target})
            for name, type, target, parameters in acts
        ]
        orders = [self.order() for _ in range(self.random.choice([0, 1, 3]))]
        inputs += [one for line in orders for one in self.stage.inputs(line)]
        self.random.shuffle(inputs)
        self.stage.submit(*inputs)

    def order(self) -> str:
        """Return a line that places an order."""
        name, verb = (
            self.random.choice(NAMES),
            self.random.choice(["BUY", "SELL", "SHORT", "COVER"]),
        )
        quantity, limit = self.random.choice([1, 50, 400]), self.random.choice([9, 10, 11])
        return f"{name} {verb} {quantity} @ {limit}.00"

    @rule(name=names, other=names)
    def write(self, name: str, other: str) -> None:
        self.act(name, "MESSAGE", other, content="How do you do?")

    @rule(name=names, other=names, percent=st.sampled_from([0, 10, 40, 100]))
    def propose(self, name: str, other: str, percent: int) -> None:
        self.act(name, "ALLY", other, percent=percent, proposal="Let us share it.")

    @rule(
        name=names,
        other=names,
        answer=st.sampled_from(["ALLY_ACCEPT", "ALLY_ACCEPT", "ALLY_REJECT"]),
    )
    def answer(self, name: str, other: str, answer: str) -> None:
        self.act(name, answer, other)

    @rule(name=names, other=names, now=st.booleans())
    def dissolve(self, name: str, other: str, now: bool) -> None:
        self.act(name, "ALLY_DISSOLVE", other, now=now)

    @rule(name=names, other=names, type=st.sampled_from(["BLOCK", "UNBLOCK", "UNBLOCK"]))
    def block(self, name: str, other: str, type: str) -> None:
        self.act(name, type, other)

    @rule(name=names, amount=dollars)
    def gain_or_lose(self, name: str, amount: int) -> None:
        if self.stage.state(name).is_living and amount:
            self.stage.earn(name, str(amount))

    @rule(days=st.integers(1, 4))
    def let_days_pass(self, days: int) -> None:
        self.stage.run_to(self.stage.world.tick + 9 * days)

    @rule(name=names, ticks=st.integers(1, 30), is_prison=st.booleans())
    def arrest(self, name: str, ticks: int, is_prison: bool) -> None:
        account, until = self.stage.ids[name], self.stage.world.tick + ticks
        if is_prison:
            self.stage.registry.imprison(account, until, "a test")
        else:
            self.stage.registry.suspend(account, until, "a test")
        self.stage.submit()

    @rule(name=names)
    def flee(self, name: str) -> None:
        if self.stage.state(name).is_living:
            self.stage.registry.flee(self.stage.ids[name], "a test")
        self.stage.submit()

    @rule(name=names, is_accused=st.booleans())
    def accuse(self, name: str, is_accused: bool) -> None:
        self.stage.registry.set_accused(self.stage.ids[name], is_accused)

    @rule()
    def restart(self) -> None:
        """The machine of a checkpoint goes on as the one it was made of would have."""
        old = self.stage.world
        self.stage.world = World.load(old.rules, json.loads(json.dumps(old.dump())))
        inputs = self.stage.inputs("ann BUY 1 @ 10.00")
        inputs.append(self.stage.input("bob", "MESSAGE", {"target": "cid", "content": "Well?"}))
        assert old.advance(inputs).digest == self.stage.submit(*inputs).digest

    @invariant()
    def nobodys_money_is_made(self) -> None:
        world = self.stage.world
        assert sum(account.cash for account in world.market.accounts.values()) == 0
        world.check(full=True)

    @invariant()
    def caps_hold(self) -> None:
        registry = self.stage.registry
        for name in NAMES:
            state, account = self.stage.state(name), self.stage.ids[name]
            owned = self.stage.account(name)
            assert 0 <= state.reputation <= 100 * POINT
            assert state.gifts_received <= owned.endowment // 5
            assert registry.giveable(account) <= max(0, owned.equity - owned.endowment)
            open = registry.open_alliances(account)
            assert all(alliance.status in OPEN for alliance in open)
            assert state.is_living or not open

    @invariant()
    def who_is_not_active_has_no_order_that_opens(self) -> None:
        for name in NAMES:
            if self.stage.state(name).status != "active":
                orders = self.stage.account(name).orders.values()
                assert not any(order.opens for order in orders)


TestSocialWorld = SocialWorld.TestCase
TestSocialWorld.settings = settings(
    max_examples=int(os.environ.get("WSS_SOCIAL_EXAMPLES", "12")),
    stateful_step_count=30,
    deadline=None,
)
