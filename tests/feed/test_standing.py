"""A snapshot and the frames since are the next snapshot: of a book, and of what an agent owns."""

from __future__ import annotations

from typing import Any

import pytest

from market.models import Company
from tests.feed.live import Frame, LiveHall, Spectator, Web, spectator

pytestmark = pytest.mark.django_db

Levels = dict[float, list[float]]


class BookOf:
    """A book as a client keeps it."""

    def __init__(self, snapshot: Frame) -> None:
        self.seq = snapshot["seq"]
        self.bids: Levels = {}
        self.asks: Levels = {}
        self.apply(snapshot)

    def apply(self, frame: Frame) -> None:
        for side, changes in ((self.bids, "bids"), (self.asks, "asks")):
            for price, quantity, orders in frame["data"][changes]:
                side[price] = [price, quantity, orders]
                if not quantity:
                    del side[price]
        self.seq = frame["seq"]

    @property
    def levels(self) -> tuple[list[list[float]], list[list[float]]]:
        bids = [self.bids[price] for price in sorted(self.bids, reverse=True)]
        return bids, [self.asks[price] for price in sorted(self.asks)]


def follow(client: Spectator, book: BookOf, upto: int) -> list[int]:
    """Apply a book's frames up to a tick, whose successor must be on its way; return their seqs."""
    seqs = []
    while (frame := client.hear())["seq"] <= upto:
        if frame["type"] == "book:update":
            book.apply(frame)
            seqs.append(frame["seq"])
    return seqs


def test_a_book_and_its_changes_are_the_next_book(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client, spectator(web) as newcomer:
        [snapshot] = client.subscribe("book:APEX")
        book = BookOf(snapshot)
        hall.tick("ann BUY 100 @ 1.00 #deep\nbob BUY 50 @ 1.01 #deeper\nann BUY 5 @ 1.01 #same")
        hall.tick("ann BUY 3000 MARKET\nbob CANCEL #deeper")
        hall.tick("ann SELL 2500 MARKET\nann CANCEL #deep")
        last = hall.row.tick
        [next_snapshot] = newcomer.subscribe("book:APEX")
        recorded = Company.objects.get(symbol="APEX")
        hall.tick("ann CANCEL #same")
        seqs = follow(client, book, last)
    assert seqs == sorted(set(seqs))
    assert next_snapshot["seq"] == last
    assert [next_snapshot["data"]["bids"], next_snapshot["data"]["asks"]] == list(book.levels)
    assert book.levels[0] == [[p / 100, q, n] for p, q, n in recorded.bids]
    assert book.levels[1] == [[p / 100, q, n] for p, q, n in recorded.asks]
    assert [1.01, 5, 1] in book.levels[0]


def test_a_restarted_floor_goes_on_with_the_book_where_it_was(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client, spectator(web) as newcomer:
        book = BookOf(client.subscribe("book:NEXUS")[0])
        hall.tick("ann BUY 7 NEXUS @ 1.00 #kept")
        hall.restart()
        hall.tick("bob BUY 1000 NEXUS MARKET")
        last = hall.row.tick
        [snapshot] = newcomer.subscribe("book:NEXUS")
        hall.tick("ann CANCEL #kept")
        follow(client, book, last)
    assert [snapshot["data"]["bids"], snapshot["data"]["asks"]] == list(book.levels)


# An agent's own


FIGURES = ("agentId", "cash", "netWorth", "unrealizedPnL", "realizedPnL", "buyingPower")


class Own:
    """What an agent owns, as it keeps it itself."""

    def __init__(self, snapshot: Frame) -> None:
        portfolio = snapshot["data"]
        self.seq = snapshot["seq"]
        self.figures = {name: portfolio[name] for name in FIGURES}
        self.positions = {p["symbol"]: _held(p) for p in portfolio["positions"]}
        self.orders = {o["orderId"]: o["filledQuantity"] for o in snapshot["data"]["orders"]}

    def apply(self, frame: Frame) -> None:
        assert frame["seq"] in (self.seq, self.seq + 1)
        self.seq = frame["seq"]
        kind, data = frame["type"], frame["data"]
        if kind == "portfolio:update":
            self.figures = {name: data[name] for name in FIGURES}
            self.positions |= {p["symbol"]: _held(p) for p in data["positions"]}
            self.positions = {s: held for s, held in self.positions.items() if held[0]}
        elif kind == "order:accepted" or kind == "order:partial":
            self.orders |= {order["orderId"]: order["filledQuantity"] for order in data}
        elif kind in ("order:filled", "order:cancelled", "order:rejected"):
            for order in data:
                self.orders.pop(order["orderId"], None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and vars(self) == vars(other)


def _held(position: dict[str, Any]) -> tuple[int, float]:
    return position["quantity"], position["averageCost"]


def test_what_an_agent_owns_and_is_told_is_what_it_owns_next(hall: LiveHall, web: Web) -> None:
    channel = hall.channel("ann")
    with spectator(web) as client, spectator(web) as newcomer:
        for one in (client, newcomer):
            assert one.ask("authenticate", apiKey=hall.secrets["ann"])["success"]
        [first] = client.subscribe(channel)
        own = Own(first)
        price = hall.price("APEX")
        hall.tick(f"ann BUY 10 @ {price * 1.2:.2f} #x1\nann BUY 20 @ 1.00 #x2\nann BUY 5 MARKET")
        hall.tick("ann SELL 4 MARKET\nann CANCEL #x2\nann BUY 9 NEXUS MARKET")
        hall.tick(f"ann BUY 90000 @ {hall.price('APEX') * 1.0005:.2f} #x3")
        hall.tick("ann BUY 7 @ 1.00 #x4\nann SELL 9 NEXUS MARKET")
        [snapshot] = newcomer.subscribe(channel)
        last = hall.row.tick
        hall.tick()
        while (frame := client.hear())["tick"] <= last:
            if frame["stream"] == channel:
                own.apply(frame)
            if frame["type"] == "portfolio:update":
                assert frame["data"].keys() | {"orders"} == first["data"].keys()
    assert own == Own(snapshot)
    assert own.positions["APEX"][0] > 11
    assert len(own.orders) == 2  # x3, of which something rests, and x4


def test_an_agents_snapshot_is_for_itself_only(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        reply = client.ask("subscribe", channels=[hall.channel("ann")])
        assert reply["subscribed"] == []
        client.ask("authenticate", apiKey=hall.secrets["bob"])
        reply = client.ask("subscribe", channels=[hall.channel("ann")])
        assert reply["subscribed"] == []
