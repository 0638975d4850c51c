"""Orders and trades are found by the pages of their accounts and companies: whatever slice is asked
for, just those, newest first.
"""

from __future__ import annotations

from importlib import import_module
from itertools import combinations

import pytest
from django.db import connection
from django.db.models import Q

from agents import selectors
from agents.models import Agent
from market import models
from market.engine.accounts import MARKET_MAKER
from market.selectors import recent_trades
from tests.floor.hall import Hall

BUSY = """
    ann BUY 10 MARKET
    ann BUY 5 @ 1.00
    bob SELL 4 MARKET
    ann SELL 3 MARKET
    ann BUY 2 NEXUS MARKET
    bob BUY 900 @ 1.00
"""
ODD = "bob BUY 1 MARKET"


@pytest.fixture
def busy(hall: Hall) -> Hall:
    """A hall in which some ticks bring several orders and trades, some one, and some none."""
    hall.tick("bob BUY 100 MARKET")
    for script in (BUSY, "", ODD, BUSY, ODD, ""):
        hall.tick(script)
    return hall


def every_slice(count: int) -> list[slice]:
    return [slice(*ends) for ends in combinations(range(count + 3), 2)]


@pytest.mark.parametrize("name", ["ann", "bob", "cid"])
def test_an_agents_trades(busy: Hall, name: str) -> None:
    agent = busy.agents[name]
    mine = models.Trade.objects.filter(Q(buyer=agent.id) | Q(seller=agent.id)).order_by("-number")
    whole = list(mine)
    assert bool(whole) == (name != "cid")
    for rows in every_slice(len(whole)):
        assert selectors.trades(agent, rows) == (whole[rows], len(whole))


@pytest.mark.parametrize("status", [None, "filled", "open", "rejected"])
def test_an_agents_orders(busy: Hall, status: str | None) -> None:
    agent = busy.agents["ann"]
    mine = models.Order.objects.filter(account=agent.id).order_by("-number")
    whole = [str(o.id) for o in mine if status in (None, o.status)]
    assert whole or status == "rejected"
    for rows in every_slice(len(whole)):
        page, total = selectors.orders(agent, rows, status=status)
        assert ([order.id for order in page], total) == (whole[rows], len(whole))


def test_orders_that_wait_come_before_those_on_a_page(busy: Hall) -> None:
    agent = busy.agents["ann"]
    known = [order.id for order in selectors.orders(agent, slice(0, 100)).orders]
    waiting = [str(row.public_id) for row in reversed(busy.send("ann BUY 1 MARKET\n" * 2))]
    for rows in every_slice(len(known) + 2):
        page, total = selectors.orders(agent, rows)
        assert [order.id for order in page] == [*waiting, *known][rows]
        assert total == len(known) + 2


def test_the_last_trades_in_a_company(busy: Hall) -> None:
    whole = list(models.Trade.objects.filter(symbol="APEX").order_by("-number"))
    assert len(whole) > 5
    for limit in range(1, len(whole) + 2):
        assert list(recent_trades("APEX", limit=limit)) == whole[:limit]
    assert list(recent_trades("OMEGA", limit=5)) == []


def test_a_trade_with_oneself_is_on_the_page_once(hall: Hall) -> None:
    hall.tick("ann BUY 10 MARKET")
    apex = models.Company.objects.get(symbol="APEX")
    assert apex.bid and apex.ask and apex.ask - apex.bid > 1
    inside = (apex.bid + apex.ask) // 2 / 100
    hall.tick(f"ann SELL 5 @ {inside}\nann BUY 5 @ {inside}")
    ann = hall.agents["ann"]
    with_herself = models.Trade.objects.get(buyer=ann.id, seller=ann.id)
    trades, total = selectors.trades(ann, slice(0, 100))
    assert len(set(trades)) == len(trades) == total
    assert with_herself in trades
    assert not hall.audit()


def test_the_market_makers_quotes_are_on_the_page_of_the_tick_that_filled_them(busy: Hall) -> None:
    maker = models.BlotterPage.objects.filter(account=MARKET_MAKER)
    numbers = models.Order.objects.filter(account=MARKET_MAKER).values_list("number", flat=True)
    assert {*maker.numbers("orders")} == {*numbers}
    assert maker.count_of("orders") == len(numbers) > 0


def test_a_record_without_pages_is_given_them(busy: Hall) -> None:
    """By the migration, to the worlds of before."""
    pages = import_module("market.migrations.0007_pages_find_orders_and_trades")

    def found() -> list[object]:
        ann = Agent.objects.get(name="ann")
        whole = slice(0, 1_000)
        orders, trades = selectors.orders(ann, whole), selectors.trades(ann, whole)
        return [orders, trades, list(recent_trades("APEX", limit=1_000))]

    before = found()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE market_blotterpage, market_salespage")
        assert found() != before
        cursor.execute(pages._FILL)
    assert found() == before
    assert not busy.audit()
