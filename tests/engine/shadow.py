"""A naive exchange beside the real one: it gets every order that comes to a book, and says what
must trade, and objects to a trade that the rules forbid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from market.engine import auction
from market.engine.auction import Cross
from market.engine.book import Book, BookSide, Fill
from market.engine.desk import Desk
from market.engine.exchange import Exchange
from market.engine.orders import Company, Order
from market.engine.refusals import Code
from market.engine.values import BUY, SELL, Cents, SelfTrade, Shares
from tests.engine.brute_force import refusal_of
from tests.engine.naive import NaiveBook, NaiveFill, NaiveOrder, cross_of
from wallstreetsim.stack import compiled

WIDE = 5_000  # so many cents between the limits are gone through one by one


class Shadow:
    """A naive book beside every real one, kept by what passes through the real one's methods.

    An order's place in time is when it came to its price, which slides and auctions make later
    than its arrival; so the naive books number it anew. What goes on within a compiled machine
    cannot be overheard: there it sees nothing, and has no complaint.
    """

    def __init__(self, *, wide: Cents = WIDE) -> None:
        self.wide = wide
        self.is_blind = False
        self.books: dict[Book[Order], NaiveBook] = defaultdict(NaiveBook)
        self.places: dict[Order, int] = {}
        self.numbers: dict[int, int] = {}  # the orders', by place
        self.judged = self.matched = self.crossed = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See, and check, all that exchanges do meanwhile."""
        with ExitStack() as stack:
            if compiled.IN_USE:
                yield
                return
            for owner, name, watch in (
                (BookSide, "add", self._add),
                (BookSide, "remove", self._remove),
                (BookSide, "drain", self._drain),
                (Book, "match", self._match),
                (Book, "fill", self._fill),
                (Book, "shrink", self._shrink),
                (auction, "find_cross", self._find_cross),
                (Exchange, "refusal_of", self._judge),
                (Desk, "record", self._record),
            ):
                watched = self._around(getattr(owner, name), watch)
                stack.enter_context(patch.object(owner, name, watched))
            yield

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """See nothing of what exchanges do meanwhile."""
        self.is_blind = True
        try:
            yield
        finally:
            self.is_blind = False

    def adopt(self, exchange: Exchange) -> None:
        """Go on with an exchange that was restored unseen, and forget all others."""
        self.books.clear()
        self.places.clear()
        self.numbers.clear()
        for company in exchange.companies.values():
            for side in (company.book.bids, company.book.asks):
                for order in side.orders():
                    self._note(order)

    def compare(self, exchange: Exchange) -> None:
        """Assert that the real books are the naive ones."""
        if compiled.IN_USE:
            return
        for company in exchange.companies.values():
            naive = self.books[company.book]
            for side, real in ((BUY, company.book.bids), (SELL, company.book.asks)):
                assert real.depth(10_000) == naive.depth(side)
                assert [(o.number, o.price, o.unfilled) for o in real.orders()] == [
                    (self.numbers[o.number], o.limit, o.quantity) for o in naive.side(side)
                ]

    # What passes through a book

    def _add(self, add: Callable[..., None], side: BookSide[Order], order: Order) -> None:
        add(side, order)
        self._note(order)

    def _note(self, order: Order) -> None:
        place = len(self.numbers) + 1
        self.places[order], self.numbers[place] = place, order.number
        self._book(order).orders.append(NaiveOrder(place, order.side, order.price, order.unfilled))

    def _remove(self, remove: Callable[..., None], side: BookSide[Order], order: Order) -> None:
        remove(side, order)
        self._book(order).cancel(self.places[order])

    def _drain(
        self, drain: Callable[..., list[Order]], side: BookSide[Order], price: Cents
    ) -> list[Order]:
        drained = drain(side, price)
        for order in drained:
            self._book(order).cancel(self.places[order])
        return drained

    def _match(
        self,
        match: Callable[..., list[Fill[Order]]],
        book: Book[Order],
        incoming: Order,
        most: Shares | None = None,
    ) -> list[Fill[Order]]:
        wanted = incoming.unfilled if most is None else most
        naive = NaiveOrder(0, incoming.side, incoming.price, wanted, rests=False)
        expected = self._book(incoming).submit(naive)
        fills = match(book, incoming, most)
        assert expected == [
            NaiveFill(self.places[fill.maker], 0, fill.price, fill.quantity) for fill in fills
        ]
        self.matched += len(fills)
        return fills

    def _fill(
        self,
        fill: Callable[..., None],
        book: Book[Order],
        order: Order,
        price: Cents,
        quantity: Shares,
    ) -> None:
        was_resting = order.resting
        fill(book, order, price, quantity)
        if was_resting:
            self._book(order).reduce(self.places[order], quantity)

    def _shrink(
        self, shrink: Callable[..., None], book: Book[Order], order: Order, shares: Shares
    ) -> None:
        shrink(book, order, shares)
        self._book(order).reduce(self.places[order], shares)

    # What the rules say

    def _find_cross(
        self,
        find: Callable[..., Cross | None],
        buys: Iterable[Order],
        sells: Iterable[Order],
        reference: Cents,
    ) -> Cross | None:
        buys, sells = list(buys), list(sells)
        cross = find(buys, sells, reference)
        limits = [order.price for order in (*buys, *sells)] + [reference]
        if max(limits) - min(limits) <= self.wide:
            grid: Iterable[Cents] = range(max(1, min(limits) - 1), max(limits) + 2)
        else:
            grid = {max(1, limit + step) for limit in limits for step in (-1, 0, 1)}
        bids = [(order.price, order.unfilled) for order in buys]
        asks = [(order.price, order.unfilled) for order in sells]
        assert cross == cross_of(bids, asks, reference, grid)
        self.crossed += cross is not None
        return cross

    def _judge(
        self, judge: Callable[..., Code | None], exchange: Exchange, order: Order
    ) -> Code | None:
        """Judge an order twice: as the exchange does, and by the letter of the rules."""
        verdict = judge(exchange, order)
        assert verdict == refusal_of(exchange, order)
        self.judged += 1
        return verdict

    def _record(
        self,
        record: Callable[..., None],
        desk: Desk,
        company: Company,
        buy: Order,
        sell: Order,
        price: Cents,
        quantity: Shares,
        aggressor: str | None,
        fee: Cents,
    ) -> None:
        record(desk, company, buy, sell, price, quantity, aggressor, fee)
        assert quantity > 0
        assert buy.limit is None or price <= buy.limit
        assert sell.limit is None or price >= sell.limit
        if aggressor is None:
            assert not company.is_trading, "an auction comes before trading"
            return
        taker, maker = (buy, sell) if aggressor == "BUY" else (sell, buy)
        assert company.is_trading, "nothing trades while halted or closed"
        assert maker.limit is not None
        if company.high_band:
            assert company.low_band <= price <= company.high_band
        if taker.limit is None and taker.side is BUY:
            assert 100 * price <= 105 * company.price, "its collar"
        elif taker.limit is None:
            assert 100 * price >= 95 * company.price, "its collar"
        if taker.account is maker.account:
            assert taker.self_trade is SelfTrade.ALLOW
        assert not taker.post_only

    def _book(self, order: Order) -> NaiveBook:
        return self.books[order.company.book]

    def _around(
        self, original: Callable[..., Any], watch: Callable[..., Any]
    ) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.is_blind:
                return original(*args, **kwargs)
            return watch(original, *args, **kwargs)

        return watched
