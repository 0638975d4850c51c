"""The pre-trade check refuses what the tick is bound to refuse, and nothing else."""

from __future__ import annotations

import json
from random import Random

import pytest

from agents.engine.inputs import Input
from market.engine.accounts import AccountKind, Holding
from market.engine.action import Actor
from market.engine.orders import Account, Company
from market.engine.outlooks import OpenOrder
from market.engine.pre_trade_check import PreTradeCheck
from market.engine.refusals import Refused
from market.engine.rules import Switches
from market.engine.values import SelfTrade
from tests.cast import STILL, Player, Stage, listing
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World


def check_of(world: World, id: int) -> PreTradeCheck:
    """Return the check as a web process makes it, from what the last tick has published."""
    market = world.market
    mine = market.accounts[id]
    account = Account(id, mine.name, AccountKind.AGENT, leverage=mine.leverage)
    for name in ("cash", "fee_bps", "long_value", "short_value", "reserved"):
        setattr(account, name, getattr(mine, name))
    account.holdings = {s: Holding(h.quantity, h.cost) for s, h in mine.holdings.items()}
    companies = []
    for original in market.companies.values():
        company = Company(original.listing, world.rules.market)
        for name in (
            *("price", "shares", "is_trading", "low_band", "high_band"),
            *("restricted_through", "shorted", "shorts_offered", "reopens_tick"),
        ):
            setattr(company, name, getattr(original, name))
        companies.append(company)
    open = [
        OpenOrder(o.number, o.id, o.ticket(), o.filled, o.triggered_by)
        for o in sorted(mine.orders.values(), key=lambda order: order.number)
    ]
    return PreTradeCheck(world.rules.market, world.tick + 1, account, companies, open)


def code_of(check: PreTradeCheck, world: World, input: Input) -> str:
    """Return what the check says to an input."""
    try:
        action = world.actions[input.type]
        actor = Actor(check.account.id, "", "", 0, world.tick + 1, 0)
        return action.perform(check, actor, input.parameters, input.id).code
    except Refused as refused:
        return str(refused.code)


def codes(stage: Stage, name: str, script: str) -> list[str]:
    """Return what the check says to a batch."""
    check = check_of(stage.world, stage.ids[name])
    return [code_of(check, stage.world, input) for input in stage.inputs(script)]


def both(stage: Stage, name: str, script: str) -> None:
    """Assert that the check takes a batch that the tick takes."""
    assert set(codes(stage, name, script)) == {"OK"}
    stage.tick(script)
    assert set(stage.codes) == {"OK"}


def test_a_cancel_in_the_batch_frees_the_shares() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}))
    both(
        stage,
        "ann",
        "ann SELL 100 @ 10.00 POST #a\nann CANCEL #a\nann SELL 100 @ 10.50",
    )


def test_a_cancel_in_the_batch_frees_the_money() -> None:
    stage = Stage(Player("ann", "1,000.00"), companies=[listing(), listing("NEXUS")])
    both(stage, "ann", "ann BUY 100 @ 10.00 #a\nann CANCEL #a\nann BUY 100 NEXUS @ 10.00")


def test_a_cancel_in_the_batch_lets_the_direction_turn() -> None:
    stage = Stage("ann")
    both(stage, "ann", "ann BUY 10 @ 10.00 #a\nann CANCEL #a\nann SHORT 10 @ 10.50")


def test_a_cancel_of_an_earlier_tick_still_waiting_counts_too() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}))
    stage.tick("ann SELL 100 @ 10.00 #a")
    both(stage, "ann", "ann CANCEL #a\nann SELL 100 @ 9.90")


def test_what_was_traded_may_be_sold_in_the_same_batch() -> None:
    stage = Stage("ann", Player("bob", holds={"APEX": 10}))
    stage.tick("bob SELL 10 @ 10.00")
    both(stage, "ann", "ann BUY 10 @ 10.00\nann SELL 10 @ 10.40")


def test_what_is_bound_to_be_refused_is_refused() -> None:
    stage = Stage(
        Player("ann", "1,000.00", holds={"APEX": 5}), companies=[listing(), listing("NEXUS")]
    )
    assert codes(
        stage,
        "ann",
        """
        ann BUY 200 @ 10.00
        ann SELL 6 @ 10.50
        ann SHORT 1 @ 10.50
        ann COVER 1 @ 10.50
        ann BUY 1 NOVA @ 1.00
        ann CANCEL #nothing
        ann SELL 3 @ 10.50
        ann SELL 3 @ 10.50
        ann BUY 100 NEXUS @ 8.00
        ann BUY 30 NEXUS @ 8.00
        """,
    ) == [
        *("INSUFFICIENT_FUNDS", "INSUFFICIENT_SHARES", "POSITION_CONFLICT", "INSUFFICIENT_SHARES"),
        *("INVALID_SYMBOL", "ORDER_NOT_FOUND", "OK", "INSUFFICIENT_SHARES", "OK"),
        "INSUFFICIENT_FUNDS",
    ]


def test_a_day_order_frees_its_money_at_the_close() -> None:
    stage = Stage(
        Player("ann", "1,000.00"), switches=Switches(maker=False, walk=False), rules=RULES
    )
    stage.run_to(388)
    stage.tick("ann BUY 100 @ 9.50 DAY #day")
    both(stage, "ann", "ann BUY 100 @ 9.50")
    assert stage.orders["day"].status == "expired"


SIDES = ("BUY", "SELL", "SHORT", "COVER")
TERMS = ("GTC", "GTC", "DAY", "IOC", "FOK")


def order_line(random: Random, name: str, number: int) -> str:
    symbol, price = random.choice(["APEX", "NEXUS"]), random.choice([8.5, 9.6, 9.9, 10, 10.1, 10.6])
    quantity = random.choice([1, 5, 20, 60, 100])
    draw = random.random()
    if draw < 0.15:
        kind = "MARKET"
    elif draw < 0.25:
        kind = f"STOP {price:.2f}"
    else:
        kind = f"@ {price:.2f}"
    post = " POST" if kind[0] == "@" and random.random() < 0.15 else ""
    time = "GTC" if post else random.choice(TERMS)
    mode = random.choice(list(SelfTrade))
    side = random.choice(SIDES)
    return f"{name} {side} {quantity} {symbol} {kind} {time}{post} {mode} #{name}{number}"


def batch(random: Random, name: str, numbers: list[int]) -> str:
    """Return some acts of an agent, which cancel and replace its last orders now and then."""
    lines = []
    for _ in range(random.randrange(1, 6)):
        draw = random.random()
        if draw < 0.2 and numbers:
            lines.append(f"{name} CANCEL #{name}{random.choice(numbers[-4:])}")
        elif draw < 0.35 and numbers:
            what = random.choice(["20", "5 @ 9.90", "@ 10.10", "200 @ 9.60"])
            lines.append(f"{name} REPLACE #{name}{random.choice(numbers[-4:])} {what}")
        elif draw < 0.4:
            lines.append(f"{name} CANCEL ALL")
        else:
            numbers.append(len(numbers) + 1)
            lines.append(order_line(random, name, numbers[-1]))
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(15))
def test_whatever_is_refused_the_tick_would_have_refused_too(seed: int) -> None:
    """Against the tick itself: an act that is refused here is performed on a copy of the world,
    after those before it that were taken, with others' acts between, and fails there.
    """
    random = Random(seed)
    stage = Stage(
        Player("ann", "1,500.00", leverage=random.choice([1, 2]), holds={"APEX": 60}),
        *(Player(name, holds={"APEX": 300, "NEXUS": 300}) for name in ("bob", "cid")),
        companies=[listing(), listing("NEXUS")],
        switches=STILL if seed % 3 else Switches(walk=False),
    )
    numbers: dict[str, list[int]] = {name: [] for name in ("ann", "bob", "cid")}
    refused = 0
    if seed % 3 == 0:
        stage.run_to(random.choice([380, 620]))
    for _ in range(25):
        if random.random() < 0.08:
            stage.operate("HALT", symbol=random.choice(["APEX", "NEXUS"]), ticks=3)
        others = [stage.inputs(batch(random, name, numbers[name])) for name in ("bob", "cid")]
        check = check_of(stage.world, stage.ids["ann"])
        before = [*others[0]]
        taken: list[Input] = []
        for mine in stage.inputs(batch(random, "ann", numbers["ann"])):
            code = code_of(check, stage.world, mine)
            if code == "OK":
                taken.append(mine)
                continue
            refused += 1
            copy = World.load(stage.world.rules, json.loads(json.dumps(stage.world.dump())))
            outcome = copy.advance([*before, *taken, mine, *others[1]])
            verdict = next(r.verdict for r in outcome.results if r.id == mine.id)
            assert not verdict.success, (code, mine, check.outlooks)
        stage.submit(*before, *taken, *others[1])
    assert refused > 5
