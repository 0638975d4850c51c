"""Orders and trades are found by the pages of their accounts and companies: whatever slice is asked
for, just those, newest first.
"""

from __future__ import annotations

from importlib import import_module
from itertools import combinations
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q

from agents import selectors
from agents.models import Agent
from agents.selectors import OrderFilter, Window
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
WHOLE = Window(1_000)


@pytest.fixture
def busy(hall: Hall) -> Hall:
    """A hall in which some ticks bring several orders and trades, some one, and some none."""
    hall.tick("bob BUY 100 MARKET")
    for script in (BUSY, "", ODD, BUSY, ODD, ""):
        hall.tick(script)
    return hall


def every_window(count: int) -> list[tuple[Window, slice]]:
    ends = combinations(range(count + 3), 2)
    return [(Window(stop - start, start), slice(start, stop)) for start, stop in ends]


@pytest.mark.parametrize("name", ["ann", "bob", "cid"])
def test_an_agents_trades(busy: Hall, name: str) -> None:
    agent = busy.agents[name]
    mine = models.Trade.objects.filter(Q(buyer=agent.id) | Q(seller=agent.id)).order_by("-number")
    whole = list(mine)
    assert bool(whole) == (name != "cid")
    for window, rows in every_window(len(whole)):
        sides, total, _ = selectors.trades(agent, window)
        assert ([side.trade for side in sides], total) == (whole[rows], len(whole))


@pytest.mark.parametrize("status", [None, "filled", "open", "rejected"])
def test_an_agents_orders(busy: Hall, status: str | None) -> None:
    agent = busy.agents["ann"]
    mine = models.Order.objects.filter(account=agent.id).order_by("-number")
    whole = [str(o.id) for o in mine if status in (None, o.status)]
    assert whole or status == "rejected"
    for window, rows in every_window(len(whole)):
        page, total, _ = selectors.orders(agent, window, OrderFilter(status))
        assert ([order.id for order in page], total) == (whole[rows], len(whole))


def test_orders_that_wait_come_before_those_on_a_page(busy: Hall) -> None:
    agent = busy.agents["ann"]
    known = [order.id for order in selectors.orders(agent, WHOLE).orders]
    waiting = [str(row.public_id) for row in reversed(busy.send("ann BUY 1 MARKET\n" * 2))]
    for window, rows in every_window(len(known) + 2):
        page, total, _ = selectors.orders(agent, window)
        assert [order.id for order in page] == [*waiting, *known][rows]
        assert total == len(known) + 2


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_cursor_repeats_nothing_and_leaves_nothing_out_while_rows_come_in(
    busy: Hall, size: int
) -> None:
    ann = busy.agents["ann"]
    busy.send("ann BUY 1 MARKET\nann BUY 2 @ 1.00\nann BUY 3 MARKET")
    expected = [order.id for order in selectors.orders(ann, WHOLE).orders]
    ticks = iter(["", "ann BUY 1 MARKET\nann BUY 4 @ 1.00", BUSY] + [ODD] * 100)
    seen, cursor = [], None
    while True:
        orders, _, cursor = selectors.orders(ann, Window(size, cursor=cursor))
        seen += [order.id for order in orders]
        if cursor is None:
            break
        busy.tick(next(ticks))
        busy.send("ann BUY 1 MARKET")
    assert seen == expected
    sides, seen_sides = selectors.trades(ann, WHOLE).trades, []
    while True:
        more, _, cursor = selectors.trades(ann, Window(size, cursor=cursor))
        seen_sides += more
        if cursor is None:
            break
        busy.tick("ann BUY 1 MARKET")
    assert seen_sides == sides


def test_a_cursor_on_an_input_that_left_no_order_goes_on_with_the_older_ones(busy: Hall) -> None:
    ann = busy.agents["ann"]
    known = [order.id for order in selectors.orders(ann, WHOLE).orders]
    busy.send("ann BUY 1 NOSUCH MARKET")
    first = selectors.orders(ann, Window(1))
    busy.tick("ann BUY 5 @ 1.00")
    rest = selectors.orders(ann, Window(100, cursor=first.next))
    assert [order.id for order in rest.orders] == known


def test_orders_are_found_by_company_client_id_and_id(busy: Hall) -> None:
    ann = busy.agents["ann"]
    every = selectors.orders(ann, WHOLE).orders
    for wanted in (OrderFilter(symbol="NEXUS"), OrderFilter("filled", "NEXUS")):
        found = selectors.orders(ann, Window(1), wanted)
        alike = [o for o in every if o.symbol == "NEXUS" and wanted.status in (None, o.status)]
        assert (found.orders, found.total) == (alike[:1], len(alike))
        rest = selectors.orders(ann, Window(100, cursor=found.next), wanted)
        assert rest.orders == alike[1:]
    for one in every:
        assert selectors.order(ann, UUID(one.id)) == one
        assert selectors.order(busy.agents["bob"], UUID(one.id)) is None
    nexus = [t.trade.symbol for t in selectors.trades(ann, WHOLE, symbol="NEXUS").trades]
    assert nexus == ["NEXUS", "NEXUS"]


def test_the_last_trades_in_a_company(busy: Hall) -> None:
    whole = list(models.Trade.objects.filter(symbol="APEX").order_by("-number"))
    assert len(whole) > 5
    for limit in range(1, len(whole) + 2):
        assert list(recent_trades("APEX", limit=limit)) == whole[:limit]
    assert list(recent_trades("OMEGA", limit=5)) == []


def test_a_trade_with_oneself_is_on_the_page_once_for_each_order(hall: Hall) -> None:
    hall.tick("ann BUY 10 MARKET")
    apex = models.Company.objects.get(symbol="APEX")
    assert apex.bid and apex.ask and apex.ask - apex.bid > 1
    inside = (apex.bid + apex.ask) // 2 / 100
    hall.tick(f"ann SELL 5 @ {inside}\nann BUY 5 @ {inside} allow")
    ann = hall.agents["ann"]
    with_herself = models.Trade.objects.get(buyer=ann.id, seller=ann.id)
    sides, total, _ = selectors.trades(ann, WHOLE)
    assert len(set(sides)) == len(sides) == total
    assert [side.is_buy for side in sides if side.trade == with_herself] == [True, False]
    for window, rows in every_window(total):
        assert selectors.trades(ann, window)[:2] == (sides[rows], total)
    assert not hall.audit()


def test_the_market_makers_quotes_are_on_the_page_of_the_tick_that_filled_them(busy: Hall) -> None:
    maker = models.BlotterPage.objects.filter(account=MARKET_MAKER)
    numbers = models.Order.objects.filter(account=MARKET_MAKER).values_list("number", flat=True)
    assert {*maker.numbers("orders")} == {*numbers}
    assert maker.count_of("orders") == len(numbers) > 0


def test_a_record_without_pages_is_given_them(busy: Hall) -> None:
    """By the migration, to the worlds of before."""
    pages = import_module("market.migrations.0007_pages_find_orders_and_trades")
    twice = import_module("market.migrations.0008_trades_with_oneself_stand_twice")
    apex = models.Company.objects.get(symbol="APEX")
    assert apex.bid
    price = f"{(apex.bid + 1) / 100:.2f}"
    busy.tick(f"ann SELL 5 @ {price}\nann BUY 5 @ {price} allow")

    def found() -> list[object]:
        ann = Agent.objects.get(name="ann")
        orders, trades = selectors.orders(ann, WHOLE), selectors.trades(ann, WHOLE)
        return [orders, trades, list(recent_trades("APEX", limit=1_000))]

    before = found()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE market_blotterpage, market_salespage")
        assert found() != before
        cursor.execute(pages._FILL)
        assert found() != before
        cursor.execute(twice._STAND_TWICE)
    assert found() == before
    assert not busy.audit()
