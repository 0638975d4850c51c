"""Matching alone: a stream of limits, cancels and aggressive orders against bare books."""

from __future__ import annotations

import random
from bisect import insort

from market.engine.accounts import AccountKind
from market.engine.book import Book
from market.engine.book_orders import Ticket
from market.engine.listings import Listing
from market.engine.orders import Account, Company, Order
from market.engine.rules import MarketRules
from market.engine.values import BUY, SELL, Intent, OrderKind
from wallstreetsim.lab.bench.figures import Baseline, Figure, seconds
from wallstreetsim.machine.gc_control import collection_paused

MESSAGES = 200_000
NAIVE_MESSAGES = 10_000
RUNS = 5

Message = tuple[Order, Order | None]  # a new order, or one and the order that it cancels


def match_one() -> Figure:
    return _measure("match_one", books=1)


def match_100() -> Figure:
    return _measure("match_100", books=100)


def _measure(name: str, *, books: int) -> Figure:
    rates = [_rate(books, MESSAGES, naive=False) for _ in range(RUNS)]
    naive = [_rate(books, NAIVE_MESSAGES * min(10, books), naive=True) for _ in range(RUNS)]
    return Figure(name, "messages/s", rates, Baseline("a sorted list of orders", naive))


def _rate(books: int, messages: int, *, naive: bool) -> float:
    stream = [_messages(messages // books, seed) for seed in range(books)]
    interleaved = [
        (book, message) for row in zip(*stream, strict=True) for book, message in enumerate(row)
    ]
    run = _run_naive if naive else _run
    with collection_paused():
        return len(interleaved) / seconds(lambda: run(books, interleaved))


def _run(books: int, stream: list[tuple[int, Message]]) -> None:
    made: list[Book[Order]] = [Book() for _ in range(books)]
    for number, (order, cancelled) in stream:
        book = made[number]
        if cancelled is not None:
            if cancelled.resting:
                book.cancel(cancelled)
            continue
        book.match(order)
        if order.filled < order.quantity:
            book.add(order)


def _run_naive(books: int, stream: list[tuple[int, Message]]) -> None:
    """Keep each side as one list in price-time order: what a first version of any book looks
    like.
    """
    made: list[dict[int, list[tuple[int, int, Order]]]] = [{1: [], -1: []} for _ in range(books)]
    for number, (order, cancelled) in stream:
        sides = made[number]
        if cancelled is not None:
            own = sides[cancelled.side]
            own[:] = [entry for entry in own if entry[2] is not cancelled]
            continue
        other = sides[-order.side]
        while other and order.filled < order.quantity:
            maker = other[0][2]
            if (maker.price - order.price) * order.side > 0:
                break
            quantity = min(order.quantity - order.filled, maker.quantity - maker.filled)
            order.filled += quantity
            maker.filled += quantity
            if maker.filled == maker.quantity:
                other.pop(0)
        if order.filled < order.quantity:
            insort(sides[order.side], (-order.price * order.side, order.number, order))


def _messages(count: int, seed: int) -> list[Message]:
    """Make a stream: half the orders rest near the touch, a fifth take, the rest cancel earlier
    ones.
    """
    draw = random.Random(seed)
    company = Company(
        Listing("APEX", "Apex", "Technology", "Software", 10_000, 1_000_000, 0.02, 1.0),
        MarketRules(),
    )
    account = Account(1_000, "ann", AccountKind.AGENT)
    made: list[Order] = []
    messages: list[Message] = []
    for number in range(count):
        if made and draw.random() < 0.3:
            cancelled = made[max(0, len(made) - 1 - int(draw.expovariate(0.02)))]
            messages.append((cancelled, cancelled))
            continue
        side, intent = (BUY, Intent.BUY) if draw.random() < 0.5 else (SELL, Intent.SELL)
        offset = draw.randint(-5, 60) if draw.random() < 0.75 else -50
        limit = 10_000 - int(side) * offset
        ticket = Ticket("APEX", intent, draw.randint(1, 100), OrderKind.LIMIT, limit)
        order = Order(number, "", account, company, side, ticket, 1)
        made.append(order)
        messages.append((order, None))
    return messages
