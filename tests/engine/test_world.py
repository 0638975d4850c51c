"""The whole world under random trading, halted, split, closed and restored, audited after every
tick; a naive exchange looks on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from itertools import product
from random import Random
from typing import NamedTuple, TypeAlias

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from agents.engine.inputs import Input
from market.engine.outcome import OrderState
from market.engine.parameters import Parameters
from market.engine.rules import HaltRules, SessionRules, Switches
from market.engine.values import FINAL_STATUSES, SelfTrade
from tests.cast import Player, Stage, dollars, listing, rules_with
from tests.engine.brute_force import Record, audit
from tests.engine.shadow import Shadow
from wallstreetsim.stack import compiled

RULES = rules_with(
    session=SessionRules(open_ticks=9, closed_ticks=3),
    halts=HaltRules(pause_ticks=2, market_halt_ticks=2, market_halts_until=7),
    max_open_orders=8,
    taker_fee_bps=30,
)
COMPANIES = [
    listing("APEX", "10.00", shares=2_000),
    listing("NOVA", "2.04", shares=900, sector="Meme"),  # a fall makes one share of ten
    listing("TITAN", "4,960.00", shares=120),  # a rise makes ten of one
]
PLAYERS = [  # two of them are in debt from the start
    Player("ann", "500.00", leverage=2, role="retail_trader", holds={"APEX": 40, "NOVA": 57}),
    Player("bob", "30,000.00", leverage=10, role="hedge_fund_manager", holds={"APEX": 200}),
    Player("fay", "-1,700.00", leverage=10, role="hedge_fund_manager", holds={"APEX": 200}),
    Player("cid", "2,000.00", leverage=3, role="investment_banker", holds={"NOVA": 10}),
    Player("dee", "0.07", leverage=1, role="ceo", holds={"APEX": 3, "TITAN": 1}),
    Player("eve", "-50,000.00", leverage=5, role="quant", holds={"TITAN": 12, "NOVA": 128}),
]
NAMES = [player.name for player in PLAYERS]
SYMBOLS = [company.symbol for company in COMPANIES]
VERBS = ["BUY", "SELL", "SHORT", "COVER"]


class Terms(NamedTuple):
    """The terms of an order: its prices in percent off the company's price."""

    verb: str
    quantity: int
    limit: int | None = None
    stop: int | None = None
    time: str = "GTC"
    post: bool = False
    mode: str = "allow"

    def line(self, name: str, symbol: str, price: int, reference: str) -> str:
        words = [name, self.verb, str(self.quantity), symbol]
        if self.limit is None and self.stop is None:
            words.append("MARKET")
        if self.stop is not None:
            words.append(f"STOP {_off(price, self.stop)}")
        if self.limit is not None:
            words.append(f"@ {_off(price, self.limit)}")
        words.append(self.time)
        if self.post:
            words.append("POST")
        return " ".join([*words, self.mode, f"#{reference}"])


def _off(price: int, percent: int) -> str:
    return dollars(max(1, price * (100 + percent) // 100))


QUANTITIES = [1, 2, 5, 9, 30, 100, 1_000]
PERCENTS = [0, 0, 1, -1, 2, -2, 4, -4, 12, -30]


def draw_terms(random: Random, held: int) -> Terms:
    """Draw the terms of an order: mostly plain ones that make sense for who holds (or is short of)
    so many shares, sometimes with every word that goes.
    """
    sensible = ["BUY", "SHORT"] if not held else ["BUY", "SELL"] if held > 0 else ["SHORT", "COVER"]
    verb, quantity = random.choice([*VERBS, *sensible, *sensible]), random.choice(QUANTITIES)
    limit = random.choice(PERCENTS) if random.random() < 0.7 else None
    stop = random.choice(PERCENTS) if random.random() < 0.15 else None
    time = random.choice(["GTC", "GTC", "GTC", "DAY", "IOC", "FOK"])
    may_post = limit is not None and stop is None and time in ("GTC", "DAY")
    post = may_post and random.random() < 0.15
    mode = random.choice(["allow", "allow", *SelfTrade])
    return Terms(verb, quantity, limit, stop, time, post, mode)


Operation: TypeAlias = tuple[str, Parameters]  # an operator's input


def _event(impact: float, symbol: str | None) -> Operation:
    return "INJECT", {"event": "PRODUCT_LAUNCH", "symbol": symbol, "impact": impact, "duration": 9}


OPERATIONS: list[Operation] = [
    *(_event(impact, s) for s in SYMBOLS for impact in (-0.5, -0.12, -0.04, 0.04, 0.15, 0.9)),
    *(_event(impact, None) for impact in (-0.25, -0.08)),
    *(("HALT", {"symbol": s, "ticks": ticks}) for s in (None, *SYMBOLS) for ticks in (1, 3)),
    ("HALT", {"symbol": "APEX"}),
    *[("UNHALT", {})] * 8,
    *(("RESTRICT_SHORTS", {"symbol": s}) for s in SYMBOLS),
    *(("SET_BANDS", {"symbol": s, "bps": bps}) for s in (None, *SYMBOLS) for bps in (1, 2_500)),
    *(("SET_BANDS", {"symbol": s, "bps": 100, "ticks": 5}) for s in SYMBOLS),
    *[("FREE_BANDS", {})] * 4,
    *(("SET_FEE", {"bps": bps}) for bps in (0, 1, 100)),
]

names = st.sampled_from(NAMES)
symbols = st.sampled_from(SYMBOLS)
plain_terms = st.sampled_from([Terms(*t) for t in product(VERBS, QUANTITIES, [None, *PERCENTS])])
seeds = st.integers(0, 2**32)


class Trading(RuleBasedStateMachine):
    """Random trading. What a script orders is worded at the prices of the tick before."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[str] = []
        self.operations: list[Operation] = []
        self.placed: dict[str, list[str]] = {name: [] for name in NAMES}
        self.shadow = Shadow()
        self.watching = ExitStack()
        self.watching.enter_context(self.shadow.watching())

    def teardown(self) -> None:
        self.watching.close()

    @initialize(
        maker=st.booleans(), walk=st.booleans(), halts=st.sampled_from([True, True, True, False])
    )
    def found(self, maker: bool, walk: bool, halts: bool) -> None:
        switches = Switches(maker=maker, walk=walk, halts=halts)
        self.stage = Stage(*PLAYERS, companies=COMPANIES, rules=RULES, switches=switches)
        self.record = Record()
        self.record.take(self.stage.founded.market)
        self.check()

    # What agents do

    @rule(name=names, symbol=symbols, terms=plain_terms)
    def order(self, name: str, symbol: str, terms: Terms) -> None:
        mine, price = self.placed[name], self.stage.company(symbol).price
        mine.append(f"{name}{len(mine)}")
        self.script.append(terms.line(name, symbol, price, mine[-1]))

    @rule(seed=seeds)
    def rush(self, seed: int) -> None:
        """Many acts of all kinds in one draw."""
        random = Random(seed)
        for _ in range(12):
            name = random.choice(NAMES)
            if random.random() < 0.8:
                symbol = random.choice(SYMBOLS)
                self.order(name, symbol, draw_terms(random, self.stage.holding(name, symbol)))
            elif random.random() < 0.5:
                percent = random.choice([None, *PERCENTS])
                self.replace(name, random.randint(1, 8), random.choice(QUANTITIES), percent)
            else:
                self.cancel(name, random.randint(1, 8))

    @rule(name=names, nth=st.integers(1, 8))
    def cancel(self, name: str, nth: int) -> None:
        for reference in self.placed[name][-nth:][:1]:
            self.script.append(f"{name} CANCEL #{reference}")

    @rule(name=names, symbol=st.sampled_from(["", *SYMBOLS]))
    def cancel_all(self, name: str, symbol: str) -> None:
        self.script.append(f"{name} CANCEL ALL {symbol}")

    @rule(
        name=names,
        nth=st.integers(1, 8),
        quantity=st.sampled_from([None, *QUANTITIES]),
        percent=st.sampled_from([None, *PERCENTS]),
    )
    def replace(self, name: str, nth: int, quantity: int | None, percent: int | None) -> None:
        for reference in self.placed[name][-nth:][:1]:
            order = self.stage.orders.get(reference)
            words = [name, "REPLACE", f"#{reference}"]
            if quantity is not None:
                words.append(str(quantity))
            if percent is not None and order is not None:
                words.append(f"@ {_off(self.stage.company(order.symbol).price, percent)}")
            if len(words) > 3:
                self.script.append(" ".join(words))

    # What happens to the market

    @rule(symbol=symbols, percent=st.sampled_from([-15, -5, -2, 2, 5, 20]))
    def drift(self, symbol: str, percent: int) -> None:
        """Let a price move by itself, without a jump's halt."""
        price = self.stage.company(symbol).price
        self.stage.reprice(dollars(max(100, price + price * percent // 100)), symbol)

    @rule(operation=st.sampled_from(OPERATIONS))
    def operate(self, operation: Operation) -> None:
        self.operations.append(operation)

    @rule()
    def tick(self) -> None:
        stage = self.stage
        operations = [stage.input(None, type, given) for type, given in self.operations]
        before = stage.outcome.digest
        inputs = [*operations, *stage.inputs("\n".join(self.script))]
        self.advance(inputs)
        assert stage.outcome.digest != before
        self.script.clear()
        self.operations.clear()
        self.check()

    def advance(self, inputs: list[Input]) -> None:
        self.stage.submit(*inputs)

    @rule(ticks=st.integers(2, 6))
    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()

    @rule()
    def restore(self) -> None:
        """Go on with a restored machine, whose books the shadow has seen come to rest again."""
        self.stage.reload()
        self.shadow.compare(self.stage.world.market)

    def check(self) -> None:
        exchange, outcome = self.stage.world.market, self.stage.outcome
        audit(exchange)
        self.record.take(outcome.market, outcome.told)
        self.shadow.compare(exchange)
        for order in outcome.market.orders:
            check_end(order)
        ranked = [standing.equity for standing in outcome.standings]
        assert ranked == sorted(ranked, reverse=True)


def check_end(order: OrderState) -> None:
    """Assert that an order's time in force is kept."""
    if order.time_in_force in ("IOC", "FOK") and order.status not in FINAL_STATUSES:
        assert order.stop is not None, "it is over at once, unless it awaits its trigger"
    if order.time_in_force == "FOK":
        assert order.filled in (0, order.quantity)
    if order.kind in ("MARKET", "STOP"):
        assert order.status not in ("open", "partial"), "it never rests"


@pytest.mark.skipif(not compiled.IN_USE, reason="the sources are what has been tried")
def test_the_sources_are_watched_too() -> None:
    environment = os.environ | {"WSS_ENGINE_DIR": compiled.OFF}
    environment.pop("DJANGO_SETTINGS_MODULE")  # the tests choose their own
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        cwd=compiled.CODE,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


TestTrading = Trading.TestCase
EXAMPLES = {"check": 500, "deep": 5_000}[os.environ.get("HYPOTHESIS_PROFILE", "check")]
if compiled.IN_USE:
    EXAMPLES //= 5  # the whole of them are for the sources, where the naive exchange looks on
TestTrading.settings = settings(max_examples=EXAMPLES, stateful_step_count=50)
