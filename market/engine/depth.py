"""The published book of a company: what rests in it, and while nothing trades what waits as
well.
"""

from __future__ import annotations

from collections.abc import Iterable

from market.engine.book import BookSide, LevelDepth
from market.engine.desk import Desk
from market.engine.orders import Company, Order
from market.engine.values import BUY, SELL, Cents


def published_depth(desk: Desk, company: Company) -> tuple[list[LevelDepth], list[LevelDepth]]:
    """Return the best bids and asks, as many levels as are published.

    While the company does not trade, the orders that wait for its auction are among them, those
    without a limit at the worst price at which they may trade there; so the sides may cross.
    """
    levels, book = desk.rules.book_levels_published, company.book
    if company.is_trading or not company.queue:
        return book.bids.depth(levels), book.asks.depth(levels)
    buys: list[tuple[Cents, int]] = []
    sells: list[tuple[Cents, int]] = []
    bid, ask = desk.collar(company, BUY), desk.collar(company, SELL)
    for order in company.queue:
        if order.side is BUY:
            buys.append((bid if order.limit is None else order.limit, order.unfilled))
        else:
            sells.append((ask if order.limit is None else order.limit, order.unfilled))
    return _merged(book.bids, buys)[:levels], _merged(book.asks, sells)[:levels]


def _merged(side: BookSide[Order], waiting: Iterable[tuple[Cents, int]]) -> list[LevelDepth]:
    """Return a side's levels with what waits, best first."""
    merged = {price: (level.quantity, level.live) for price, level in side.levels.items()}
    for price, quantity in waiting:
        shares, orders = merged.get(price, (0, 0))
        merged[price] = (shares + quantity, orders + 1)
    return [(price, *merged[price]) for price in sorted(merged, key=lambda p: p * side.sign)]
