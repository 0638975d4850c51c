"""Races through the real API: what is sent at once is performed once, in one order, or refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from threading import Event

import pytest
from django.db import connections, transaction

from agents.models import Agent, Input, Source
from agents.services.intake import take
from market.models import Order, Trade
from tests.api.desk import Answer, Desk, Json, Trader, buy, cancel, codes, sell
from tests.api.test_parallel import act, run
from tests.floor.hall import elsewhere
from tests.stack.running import PATIENCE_SECONDS
from wallstreetsim.floor.app_parts import checking_views
from wallstreetsim.floor.audit import audit
from wallstreetsim.machine.actions import ACTIONS

RACES, A_TICK, A_REQUEST = 1_000, 50, 10


@pytest.fixture
def desk(transactional_db: None, unlimited: None) -> Desk:
    """A world whose rows every thread can see."""
    return Desk()


def differences() -> list[str]:
    checks = audit().checks
    return [difference for check in checks for difference in check.differences]


def batches(actions: list[Json]) -> list[list[Json]]:
    return [actions[n : n + A_REQUEST] for n in range(0, len(actions), A_REQUEST)]


async def send(*requests: tuple[Trader, list[Json]]) -> list[Answer]:
    """Send these batches at once, each in a request of its own."""
    return list(await asyncio.gather(*(act(trader, *batch) for trader, batch in requests)))


def test_no_holding_is_sold_twice_however_many_sell_it_at_once(desk: Desk) -> None:
    ann = desk.register("ann", "quant")
    desk.tick()
    ann.act(buy(100))
    desk.tick()
    answers = run(send(*[(ann, [sell(60)])] * 20))
    desk.tick(2)
    at_once = Counter(codes(answer.data["results"])[0] for answer in answers)
    verdicts = Counter(Input.objects.filter(type="SELL").values_list("verdict__code", flat=True))
    assert verdicts["OK"] == 1
    assert at_once["INSUFFICIENT_SHARES"] + verdicts["INSUFFICIENT_SHARES"] == 19
    assert ann.holdings == {"APEX": 40}
    assert differences() == []


def test_longs_shorts_and_limits_at_once_never_exceed_buying_power(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    price = desk.price()
    third = int(20_000 * 0.4 / price)
    kinds: list[Json] = [
        {"type": "SHORT", "symbol": "NEXUS", "quantity": int(8_000 / desk.price("NEXUS"))},
        buy(third, price=round(price * 0.97, 2)),
        buy(third),
        {**buy(third), "orderType": "STOP", "stopPrice": round(price * 1.2, 2)},
    ]
    run(send(*[(ann, [kind]) for kind in kinds * 6]))
    desk.tick()
    assert desk.floor.world is not None
    account = desk.floor.world.market.accounts[Agent.objects.get(name="ann").id]
    assert 0 < account.exposure <= account.leverage * account.equity * 1.01, "prices have moved"
    open_or_filled = [line for line in ann.orders if line["status"] not in ("rejected",)]
    assert 1 <= len(open_or_filled) <= 2, "each takes two fifths"
    assert differences() == []


def test_a_cancel_that_races_a_fill_ends_in_one_of_the_two(desk: Desk) -> None:
    """Bob's offers are bought and cancelled by requests sent at once, a thousand times over."""
    ann, bob = desk.register("ann", "quant"), desk.register("bob", "quant")
    desk.tick()
    while bob.holdings.get("APEX", 0) < RACES:
        bob.act(buy(RACES))
        desk.tick()
    names = [f"race-{number}" for number in range(RACES)]
    for start in range(0, RACES, A_TICK):
        racing = names[start : start + A_TICK]
        asked = desk.price()
        offers = [sell(1, price=asked, clientOrderId=name) for name in racing]
        run(send(*[(bob, batch) for batch in batches(offers)]))
        desk.tick()
        cancels = batches([cancel(clientOrderId=name) for name in racing])
        buys = batches([buy(1, price=round(asked * 1.01, 2), timeInForce="IOC")] * A_TICK)
        run(
            send(*[one for c, b in zip(cancels, buys, strict=True) for one in ((bob, c), (ann, b))])
        )
        desk.tick()
    ended = {o.client_id: o for o in Order.objects.filter(client_id__in=names)}
    sold = Counter(
        str(id) for id in Trade.objects.filter(symbol="APEX").values_list("sell_order", flat=True)
    )
    assert ended.keys() == set(names)
    for order in ended.values():
        assert (order.status, order.filled) in {("filled", 1), ("cancelled", 0)}
        assert sold[str(order.id)] == order.filled
    outcomes = Counter(order.status for order in ended.values())
    assert min(outcomes["filled"], outcomes["cancelled"]) > 0, "it was a race"
    cancelled = Input.objects.filter(type="CANCEL_ORDER", verdict__success=True).count()
    assert cancelled == outcomes["cancelled"]
    assert differences() == []


def test_no_action_is_lost_or_performed_twice_around_the_ticks(desk: Desk) -> None:
    ann = desk.register("ann", "hedge_fund_manager")
    desk.tick()

    async def story() -> list[Answer]:
        sending = asyncio.ensure_future(send(*[(ann, [buy(1, price=1.0)])] * 150))
        while not sending.done():
            await asyncio.to_thread(_tick_elsewhere, desk)
        return await sending

    answers = run(story())
    desk.tick()
    taken = [answer.data["results"][0]["data"]["orderId"] for answer in answers]
    assert len(set(taken)) == 150
    assert Counter(str(id) for id in Order.objects.values_list("id", flat=True)) == Counter(taken)
    performed = Input.objects.filter(type="BUY")
    assert set(performed.values_list("verdict__code", flat=True)) == {"OK"}
    ticks = set(performed.values_list("verdict__tick", flat=True))
    assert len(ticks) > 1, "there were ticks meanwhile"
    assert differences() == []


def test_what_is_committed_late_is_performed_by_the_next_tick_and_once(desk: Desk) -> None:
    """An action that arrived first commits after a tick that has taken a later one."""
    ann, bob = desk.register("ann", "quant"), desk.register("bob", "quant")
    desk.tick()
    has_arrived, may_commit = Event(), Event()

    def arrive_early_and_commit_late() -> str:
        from agents.engine.batch import parse_batch

        agent = Agent.objects.get(name="ann")
        with transaction.atomic():
            asked = parse_batch([buy(1, price=1)], ACTIONS, most=1)
            taken = take(
                agent=agent,
                asked=asked,
                table=ACTIONS,
                views=checking_views,
                source=Source.API,
            )
            has_arrived.set()
            assert may_commit.wait(PATIENCE_SECONDS)
        return str(taken.receipts[0].id)

    with elsewhere(arrive_early_and_commit_late) as late:
        assert has_arrived.wait(PATIENCE_SECONDS)
        [result] = bob.act(buy(1, price=1.0))
        desk.tick()
        may_commit.set()
        late_id = late.result(20)
    desk.tick()
    early, after = Input.objects.filter(type="BUY").order_by("id")
    assert (str(early.public_id), str(after.public_id)) == (late_id, result["data"]["actionId"])
    assert (early.verdict.tick, after.verdict.tick) == (3, 2)
    desk.tick(2)
    assert Counter(str(id) for id in Order.objects.values_list("id", flat=True)) == {
        late_id: 1,
        result["data"]["orderId"]: 1,
    }
    assert ann.orders[0]["status"] == bob.orders[0]["status"] == "open"
    assert differences() == []


def _tick_elsewhere(desk: Desk) -> None:
    desk.tick()
    connections["default"].close()
