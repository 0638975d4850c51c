"""The order book: price-time priority, shown by example and against the naive matcher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, product
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.engine.book import Book
from market.engine.orders import Order
from market.engine.values import Side
from tests.cast import book_of, fills, order_of, resting
from tests.engine.naive import NaiveBook, NaiveFill, NaiveOrder

# By example


def test_a_market_buy_takes_the_best_price_first_then_the_oldest_order() -> None:
    book = book_of("""
        ann  SELL  100 @ 10.02
        bob  SELL   50 @ 10.01
        cid  SELL   50 @ 10.01
    """)
    assert fills(book, "dee BUY 120 MARKET") == [
        "bob 50 @ 10.01",
        "cid 50 @ 10.01",
        "ann 20 @ 10.02",
    ]


def test_a_market_sell_takes_the_highest_bid_first_then_the_oldest_order() -> None:
    book = book_of("""
        ann  BUY  100 @ 9.98
        bob  BUY   50 @ 9.99
        cid  BUY   50 @ 9.99
    """)
    assert fills(book, "dee SELL 120 MARKET") == ["bob 50 @ 9.99", "cid 50 @ 9.99", "ann 20 @ 9.98"]


def test_a_limit_order_trades_at_the_resting_price_and_never_beyond_its_own() -> None:
    book = book_of("""
        ann  SELL  100 @ 10.01
        bob  SELL  100 @ 10.03
    """)
    assert fills(book, "dee BUY 150 @ 10.02") == ["ann 100 @ 10.01"]


def test_a_limit_order_at_the_touch_trades() -> None:
    book = book_of("ann SELL 100 @ 10.01")
    assert fills(book, "dee BUY 100 @ 10.01") == ["ann 100 @ 10.01"]


def test_a_limit_order_below_the_touch_does_not_trade() -> None:
    book = book_of("ann SELL 100 @ 10.01")
    assert fills(book, "dee BUY 100 @ 10.00") == []


def test_what_is_left_of_a_partly_filled_order_keeps_its_place() -> None:
    book = book_of("""
        ann  SELL  100 @ 10.01
        bob  SELL  100 @ 10.01
    """)
    assert fills(book, "dee BUY 30 MARKET") == ["ann 30 @ 10.01"]
    assert fills(book, "dee BUY 80 MARKET") == ["ann 70 @ 10.01", "bob 10 @ 10.01"]
    assert resting(book) == ["bob SELL 90 @ 10.01"]


def test_a_cancelled_order_trades_no_more_and_leaves_the_depth_at_once() -> None:
    book = book_of("""
        ann  SELL  100 @ 10.01
        bob  SELL   70 @ 10.01
    """)
    book.cancel(next(book.asks.orders()))
    assert book.asks.depth(5) == [(1001, 70, 1)]
    assert fills(book, "dee BUY 100 MARKET") == ["bob 70 @ 10.01"]
    assert book.asks.best() is None


def test_a_price_whose_last_order_is_cancelled_is_no_longer_the_best() -> None:
    book = book_of("""
        ann  BUY  100 @ 10.02
        bob  BUY   70 @ 10.01
    """)
    book.cancel(next(book.bids.orders()))
    assert book.bids.best() == 1001


def test_an_order_that_returns_to_an_emptied_price_stands_behind_nobody() -> None:
    book = book_of("ann SELL 100 @ 10.01")
    book.cancel(next(book.asks.orders()))
    book.add(order_of("bob SELL 10 @ 10.01"))
    assert fills(book, "dee BUY 100 MARKET") == ["bob 10 @ 10.01"]


def test_depth_counts_shares_and_orders_at_each_price_best_first() -> None:
    book = book_of("""
        ann  SELL  100 @ 10.02
        bob  SELL   50 @ 10.01
        cid  SELL   25 @ 10.01
        dee  BUY    10 @ 9.99
        eve  BUY    20 @ 10.00
    """)
    assert book.asks.depth(5) == [(1001, 75, 2), (1002, 100, 1)]
    assert book.bids.depth(5) == [(1000, 20, 1), (999, 10, 1)]
    assert book.asks.depth(1) == [(1001, 75, 2)]


# Against the oracle


class Step(NamedTuple):
    """One event of a stream: an order, or the cancel of the resting order that `cancels` picks."""

    side: Side
    limit: int
    quantity: int
    rests: bool = True
    cancels: int | None = None


class Race:
    """Both books over the same stream, compared after every step."""

    def __init__(self) -> None:
        self.book: Book[Order] = Book()
        self.naive = NaiveBook()
        self.live: dict[int, Order] = {}
        self.numbered = 0

    def run(self, step: Step) -> None:
        if step.cancels is None:
            self.submit(step)
        elif self.live:
            self.cancel(list(self.live)[step.cancels % len(self.live)])
        self.compare()

    def submit(self, step: Step) -> None:
        self.numbered += 1
        taker = order_of(f"ann {step.side.name} {step.quantity} @ 0.01")
        taker.number, taker.price = self.numbered, step.limit
        made = self.book.match(taker)
        assert taker.filled == sum(fill.quantity for fill in made) <= taker.quantity
        assert taker.value == sum(fill.quantity * fill.price for fill in made)
        assert_priority(taker, made_keys=[(fill.price, fill.maker.number) for fill in made])

        expected = self.naive.submit(NaiveOrder(taker.number, *step[:4]))
        assert expected == [
            NaiveFill(fill.maker.number, taker.number, fill.price, fill.quantity) for fill in made
        ]
        if taker.unfilled and step.rests:
            self.book.add(taker)
            self.live[taker.number] = taker
        self.live = {number: order for number, order in self.live.items() if order.unfilled}

    def cancel(self, number: int) -> None:
        self.book.cancel(self.live.pop(number))
        self.naive.cancel(number)

    def compare(self) -> None:
        for side, ours in ((Side.BUY, self.book.bids), (Side.SELL, self.book.asks)):
            depth = self.naive.depth(side)
            assert ours.depth(1_000) == depth
            assert ours.depth(2) == depth[:2]
            assert ours.best() == (depth[0][0] if depth else None)
            assert [(order.number, order.unfilled) for order in ours.orders()] == [
                (order.number, order.quantity) for order in self.naive.side(side)
            ]
        bid, ask = self.book.bids.best(), self.book.asks.best()
        assert bid is None or ask is None or bid < ask, "the book is crossed"


def assert_priority(taker: Order, made_keys: list[tuple[int, int]]) -> None:
    """Fills come best price first, then oldest, and none beyond the taker's limit."""
    keys = [(taker.side * price, number) for price, number in made_keys]
    assert all(earlier < later for earlier, later in pairwise(keys))
    assert all(key <= taker.side * taker.price for key, _ in keys)


LIMITS = [Step(*one) for one in product(Side, range(97, 104), (1, 2, 5, 9))]
MARKETS = [Step(*one, rests=False) for one in product(Side, (1, 100, 200), (3, 20))]
CANCELS = [Step(Side.BUY, 1, 1, cancels=nth) for nth in range(20)]
steps = st.sampled_from(LIMITS + MARKETS + CANCELS)


@settings(max_examples=5 * settings().max_examples)
@given(st.lists(steps, max_size=30))
def test_both_books_make_the_same_trades_over_any_stream(stream: list[Step]) -> None:
    """A few hundred streams, of which a failing one shrinks to its essence."""
    run(stream)


@settings(max_examples=35 * settings().max_examples)
@given(st.integers(0, 2**64))
def test_both_books_make_the_same_trades_over_thousands_of_streams(seed: int) -> None:
    run(busy_day(Random(seed), length=15))


@pytest.mark.parametrize("seed", range(6))
def test_both_books_make_the_same_trades_over_a_long_day_of_mostly_cancels(seed: int) -> None:
    """Long enough for deques to be swept of their corpses and heaps of their empty prices."""
    run(busy_day(Random(seed), length=600))


def run(stream: Iterable[Step]) -> None:
    race = Race()
    for step in stream:
        race.run(step)


def busy_day(random: Random, *, length: int) -> Iterator[Step]:
    spread = random.choice([2, 20, 400])
    for _ in range(length):
        side = random.choice([Side.BUY, Side.SELL])
        if random.random() < 0.45:
            yield Step(side, 1, 1, cancels=random.randrange(10_000))
        elif random.random() < 0.1:
            yield Step(side, 500 + side * 300, random.randrange(1, 60), rests=False)
        else:
            yield Step(side, 500 - side * random.randrange(-2, spread), random.randrange(1, 20))


def test_dead_orders_and_prices_do_not_pile_up() -> None:
    book = book_of("ann SELL 1 @ 10.00")
    for price in range(1_000, 3_000):
        for _ in range(20):
            order = order_of("bob SELL 5 @ 0.01")
            order.price = price
            book.add(order)
            book.cancel(order)
    assert len(book.asks._heap) < 200
    assert len(book.asks.levels[1_000].queue) < 20
    assert fills(book, "dee BUY 9 MARKET") == ["ann 1 @ 10.00"]
