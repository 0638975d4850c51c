"""The whole world under random trading, open, closed and restored, audited after every tick."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import TypeAlias
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from market.engine.exchange import Exchange
from market.engine.orders import Order
from market.engine.refusals import Code
from market.engine.rules import SessionRules, Switches
from tests.cast import Player, Stage, dollars, listing, rules_with
from tests.engine.brute_force import Record, audit, refusal_of

RULES = rules_with(session=SessionRules(open_ticks=7, closed_ticks=4), max_open_orders=8)
COMPANIES = [listing("APEX", "10.00", shares=2_000), listing("NOVA", "3.33", shares=90)]
PLAYERS = [
    Player("ann", "500.00", leverage=2, role="retail_trader", holds={"APEX": 40}),
    Player("bob", "1,000.00", leverage=10, role="hedge_fund_manager", holds={"APEX": 200}),
    Player("cid", "200.00", leverage=3, role="investment_banker", holds={"NOVA": 10}),
    Player("dee", "0.07", leverage=1, role="ceo", holds={"APEX": 3, "NOVA": 1}),
]
NAMES = [player.name for player in PLAYERS]
VERBS = ["BUY", "SELL"]
QUANTITIES = [1, 2, 5, 9, 30, 100, 1_000]
PERCENTS = [0, None, 1, -1, 2, -2, 4, -4, 30, -30]  # off the price; None: a market order

names = st.sampled_from(NAMES)
symbols = st.sampled_from([company.symbol for company in COMPANIES])
verbs = st.sampled_from(VERBS)
terms = st.sampled_from(list(product(QUANTITIES, PERCENTS)))
Terms: TypeAlias = tuple[int, int | None]

_judge = Exchange._refusal_of


def judged_twice(exchange: Exchange, order: Order) -> Code | None:
    """Judge an order as the exchange does, and assert that the letter of the rules agrees."""
    verdict = _judge(exchange, order)
    assert verdict == refusal_of(exchange, order)
    return verdict


class Trading(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.script: list[str] = []
        self.placed: dict[str, list[str]] = {name: [] for name in NAMES}
        self.judging = patch.object(Exchange, "_refusal_of", judged_twice)
        self.judging.start()

    def teardown(self) -> None:
        self.judging.stop()

    @initialize(switches=st.builds(Switches, maker=st.booleans(), walk=st.booleans()))
    def found(self, switches: Switches) -> None:
        self.stage = Stage(*PLAYERS, companies=COMPANIES, rules=RULES, switches=switches)
        self.record = Record()
        self.record.take(self.stage.founded.market)
        self.check()

    @rule(name=names, verb=verbs, symbol=symbols, terms=terms)
    def order(self, name: str, verb: str, symbol: str, terms: Terms) -> None:
        quantity, percent = terms
        price = self.stage.company(symbol).price
        limit = "MARKET" if percent is None else f"@ {dollars(price * (100 + percent) // 100)}"
        mine = self.placed[name]
        mine.append(f"{name}{len(mine)}")
        self.script.append(f"{name} {verb} {quantity} {symbol} {limit} #{mine[-1]}")

    @rule(random=st.randoms(use_true_random=True))
    def rush(self, random: Random) -> None:
        """Many orders in one draw."""
        for _ in range(15):
            choose = random.choice
            name, verb, company = choose(NAMES), choose(VERBS), choose(COMPANIES)
            self.order(name, verb, company.symbol, (choose(QUANTITIES), choose(PERCENTS)))

    @rule(name=names, nth=st.integers(1, 5))
    def cancel(self, name: str, nth: int) -> None:
        for reference in self.placed[name][-nth:][:1]:
            self.script.append(f"{name} CANCEL #{reference}")

    @rule(symbol=symbols, percent=st.sampled_from([-8, -2, 2, 8]))
    def jump(self, symbol: str, percent: int) -> None:
        price = self.stage.company(symbol).price
        self.stage.reprice(dollars(max(100, price + price * percent // 100)), symbol)

    @rule()
    def tick(self) -> None:
        self.stage.tick("\n".join(self.script))
        self.script.clear()
        self.check()

    @rule(ticks=st.integers(2, 6))
    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()

    @rule()
    def restore(self) -> None:
        self.stage.reload()

    def check(self) -> None:
        audit(self.stage.world.market)
        self.record.take(self.stage.outcome.market)
        ranked = [standing.equity for standing in self.stage.outcome.standings]
        assert ranked == sorted(ranked, reverse=True)


TestTrading = Trading.TestCase
TestTrading.settings = settings(stateful_step_count=40)
