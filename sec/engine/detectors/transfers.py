"""Pairs that trade far from the price, by orders made for each other: value handed over."""

from __future__ import annotations

from market.engine.orders import Order
from market.engine.outcome import Trade
from market.engine.values import Tick
from sec.engine.detectors.meetings import Meetings, PairKey, orders_behind
from sec.engine.detectors.tape import Added, price_seen, trade_seen
from sec.engine.detectors.ties import Ties, link_seen
from sec.engine.records import is_liquidation
from sec.engine.rules import WASH_TRADING
from sec.engine.suspicion import Suspicion

TAKEN = 0.5  # of the resting order, by one that hands value over
STILL_AWAY = 0.4  # outermost levels from the price when the tick is over
OPEN_TO_ALL = 5  # ticks, after which an order is no pre-arrangement
TRANSFER_DOUBT, STRANGERS_DOUBT = 0.45, 0.75  # left by each trade that hands value over


class Transfers:
    """Looks for trades beyond the market maker's outermost level, between orders that had not been
    open to all for long.
    """

    def __init__(self) -> None:
        self.given = Meetings()

    def see(self, added: Added, ties: Ties) -> list[Suspicion]:
        """Return what the tick's transfers make suspect, pair by pair."""
        handed: dict[PairKey, None] = {}
        orders = added.orders
        for trade in added.flows.between:
            if trade.aggressor is None:
                continue
            quote = added.before.get(trade.symbol)
            if quote is None or abs(trade.price - quote.price) <= quote.outer:
                continue
            now = added.quotes[trade.symbol]
            if abs(trade.price - now.price) <= STILL_AWAY * now.outer:
                continue
            buy, sell = orders.order(trade.buy_order), orders.order(trade.sell_order)
            if not _hands_over(trade, buy, sell):
                continue
            key = (trade.seller, trade.buyer, trade.symbol)
            met = self.given.of(key)
            met.add(trade_seen(trade), (orders.seen(buy.id), orders.seen(sell.id)))
            met.prices[trade.tick - 1] = price_seen(quote, trade.tick - 1)
            handed[key] = None
            oldest = self.given.overflow()
            if oldest is not None:
                del self.given.pairs[oldest]
        return [self.of(key, added.tick, ties) for key in handed if key in self.given.pairs]

    def of(self, key: PairKey, tick: Tick, ties: Ties) -> Suspicion:
        """Return the suspicion that what two have traded off the market raises."""
        met = self.given.pairs[key]
        left = TRANSFER_DOUBT if ties.linked(key[0], key[1]) else STRANGERS_DOUBT
        count = len({t.sell_order if t.aggressor == "SELL" else t.buy_order for t in met.trades})
        return Suspicion(
            WASH_TRADING,
            tuple(sorted(key[:2])),
            key[2],
            1.0 - left**count,
            met.trades[0].tick,
            met.trades[-1].tick,
            orders=orders_behind(met.orders, met.trades),
            trades=tuple(met.trades),
            links=link_seen(sorted(key[:2]), ties, tick),
            prices=tuple(met.prices.values()),
        )

    # Keeping

    def forget(self, account: int, symbol: str | None) -> None:
        for key in self.given.with_account(account, symbol):
            del self.given.pairs[key]

    def prune(self, after: Tick) -> None:
        for key in self.given.outdated(after):
            del self.given.pairs[key]


def _hands_over(trade: Trade, buy: Order, sell: Order) -> bool:
    """Say whether a trade off the market took most of an order that had just been placed."""
    if abs(buy.tick_submitted - sell.tick_submitted) >= OPEN_TO_ALL:
        return False
    resting = sell if trade.aggressor == "BUY" else buy
    if trade.quantity < TAKEN * resting.quantity:
        return False
    return not (is_liquidation(buy) or is_liquidation(sell))
