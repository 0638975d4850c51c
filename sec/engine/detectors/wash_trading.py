"""Wash trading: trades that leave everyone with what they had, or that hand value from one to
another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from market.engine.engine import Plain
from market.engine.outcome import Trade
from market.engine.values import Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.tape import Added, is_agent, price_seen, trade_seen
from sec.engine.detectors.ties import Ties, link_seen
from sec.engine.detectors.turnover import FAST, SLOW
from sec.engine.records import (
    OrderSeen,
    PriceSeen,
    TradeSeen,
    split_order,
    split_price,
    split_trade,
)
from sec.engine.rules import WASH_TRADING
from sec.engine.suspicion import Conduct, Suspicion, strongest

MOST_WAIT = 12  # ticks that one order of an arranged trade waits for the other
ONE_PRICE = 0.3  # half-spreads between the limits of two orders that ask for one price
ALIKE = 0.6  # of the larger order, that the smaller one is at least
MOST_PAIRS = 20_000  # remembered, those that met least lately forgotten first
KEPT_TRADES = 60  # of a pair
WINDOWS = (40, 150, 630)  # ticks
LEAST_TRADES = 4
MOST_NET = 0.5  # of the shares that went round, left with somebody
LEAST_INNER, SURE_INNER = 0.3, 0.6  # of what members traded, among themselves
FEW, TIMES_OF_FEW, TIMES_OF_MANY = 3, 2, 3  # trades each way, by how many members
MOST_USUAL, LEAST_WIDE = 5, 0.75  # members; the same of larger rings, and of market makers
DOUBT_LEFT = 0.74  # by each arranged trade
MOST_MEMBERS = 7

TAKEN = 0.5  # of the resting order, by one that hands value over
STILL_AWAY = 0.4  # outermost levels from the price when the tick is over
OPEN_TO_ALL = 5  # ticks, after which an order is no pre-arrangement
TRANSFER_DOUBT, STRANGERS_DOUBT = 0.45, 0.75  # left by each trade that hands value over

PairKey = tuple[int, int, str]  # the seller, the buyer, the company
Place = tuple[str, int]  # an account in a company


class Met:
    """The arranged trades in which one account sold to another, oldest first."""

    __slots__ = ("orders", "prices", "trades")

    def __init__(self) -> None:
        self.trades: list[TradeSeen] = []
        self.orders: dict[str, OrderSeen] = {}
        self.prices: dict[Tick, PriceSeen] = {}  # before each trade off the market

    def add(self, trade: TradeSeen, orders: Iterable[OrderSeen]) -> None:
        self.trades.append(trade)
        for order in orders:
            self.orders[order.id] = order
        if len(self.trades) > KEPT_TRADES:
            self._keep(self.trades[1:])

    def prune(self, after: Tick) -> bool:
        """Forget what is too old, and say whether anything is left."""
        if self.trades and self.trades[0].tick <= after:
            self._keep([trade for trade in self.trades if trade.tick > after])
        return bool(self.trades)

    def _keep(self, kept: list[TradeSeen]) -> None:
        self.trades = kept
        named = {trade.buy_order for trade in kept} | {trade.sell_order for trade in kept}
        self.orders = {id: order for id, order in self.orders.items() if id in named}
        before = {trade.tick - 1 for trade in kept}
        self.prices = {tick: price for tick, price in self.prices.items() if tick in before}


class WashTrading:
    """Looks for rings of accounts that trade with each other and end where they began, and for
    pairs that trade far from the price.
    """

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.met: dict[PairKey, Met] = {}  # those who met last come last
        self.given: dict[PairKey, Met] = {}  # trades that handed value over
        self.sold_to: dict[Place, dict[int, None]] = {}  # by seller: who it met more than once

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return the rings and the transfers that a trade of the tick belongs to."""
        fresh: dict[PairKey, None] = {}
        handed: dict[PairKey, None] = {}
        orders = added.orders
        for trade in added.trades:
            if trade.buyer == trade.seller or trade.aggressor is None:
                continue
            if not (is_agent(trade.buyer) and is_agent(trade.seller)):
                continue
            buy, sell = orders[trade.buy_order], orders[trade.sell_order]
            if buy.is_liquidation or sell.is_liquidation:
                continue
            key = (trade.seller, trade.buyer, trade.symbol)
            quote = added.before.get(trade.symbol)
            half_spread = (quote.ask - quote.bid) / 2.0 if quote is not None else 0.0
            if self._note_meeting(trade, key, buy, sell, half_spread, known.ties):
                fresh[key] = None
            if self._note_transfer(trade, key, buy, sell, added):
                handed[key] = None
        suspicions = []
        seen: set[tuple[int, ...]] = set()
        for key in fresh:
            ring = self._ring(key, added.tick, known)
            if ring is not None and ring.accounts not in seen:
                seen.add(ring.accounts)
                suspicions.append(ring)
        for key in handed:
            suspicions.append(self._transfer(key, added.tick, known.ties))
        if added.tick % 50 == 0:
            self._prune(added.tick - self.window_ticks)
        return suspicions

    # Rings

    def _note_meeting(
        self,
        trade: Trade,
        key: PairKey,
        buy: OrderSeen,
        sell: OrderSeen,
        half_spread: float,
        ties: Ties,
    ) -> bool:
        """Remember a trade that looks arranged: one order came soon to meet another of its size, or
        that of a friend, and asked for its price. Who makes markets rarely does that.
        """
        if (
            buy.limit is not None
            and sell.limit is not None
            and buy.limit - sell.limit > max(1.0, ONE_PRICE * half_spread)
        ):
            return False
        if abs(buy.tick - sell.tick) > MOST_WAIT:
            return False
        is_alike = min(buy.quantity, sell.quantity) >= ALIKE * max(buy.quantity, sell.quantity)
        if not (is_alike or ties.linked(trade.buyer, trade.seller)):
            return False
        met = _moved_to_end(self.met, key)
        met.add(trade_seen(trade), (buy, sell))
        if len(met.trades) == 2:
            self.sold_to.setdefault((trade.symbol, trade.seller), {})[trade.buyer] = None
        if len(self.met) > MOST_PAIRS:
            self._forget(next(iter(self.met)))
        return len(met.trades) > 1

    def _ring(self, key: PairKey, tick: Tick, known: Known) -> Suspicion | None:
        """Return the suspicion against the ring that a pair is part of, if it is part of one."""
        members = self._members(key, known.ties)
        if len(members) < 2:
            return None
        symbol = key[2]
        groups = _groups(members, known.ties)
        best: Suspicion | None = None
        for window in WINDOWS:
            trades: list[TradeSeen] = []
            orders: dict[str, OrderSeen] = {}
            for seller in members:
                for buyer in members:
                    met = self.met.get((seller, buyer, symbol))
                    if met is not None and groups[seller] != groups[buyer]:
                        trades += [t for t in met.trades if t.tick > tick - window]
                        orders.update(met.orders)
            confidence = _ring_confidence(trades, members, groups, tick, symbol, known)
            if confidence > 0.0 and (best is None or confidence > best.confidence):
                trades.sort(key=_by_time)
                best = Suspicion(
                    WASH_TRADING,
                    tuple(members),
                    symbol,
                    confidence,
                    trades[0].tick,
                    trades[-1].tick,
                    orders=_behind(orders, trades),
                    trades=tuple(trades),
                    links=link_seen(members, known.ties, tick),
                )
        return best

    def _members(self, key: PairKey, ties: Ties) -> list[int]:
        """Return, in order, the accounts on ways from the pair's buyer back to its seller."""
        seller, buyer, symbol = key
        ways: list[list[int]] = [[buyer]]
        on_way: set[int] = set()
        while ways:
            way = ways.pop()
            if way[-1] == seller or (len(way) > 1 and ties.linked(way[-1], seller)):
                on_way.update(way)
                on_way.add(seller)
                continue
            if len(way) >= MOST_MEMBERS - 1 or len(ways) > 50:
                continue
            for next_one in self.sold_to.get((symbol, way[-1]), ()):
                if next_one not in way:
                    ways.append([*way, next_one])
        return sorted(on_way) if len(on_way) <= MOST_MEMBERS else []

    # Transfers

    def _note_transfer(
        self, trade: Trade, key: PairKey, buy: OrderSeen, sell: OrderSeen, added: Added
    ) -> bool:
        """Remember a trade beyond the market maker's outermost level, between orders that had not
        been open to all for long.
        """
        quote = added.before.get(trade.symbol)
        if quote is None or abs(trade.price - quote.price) <= quote.outer:
            return False
        now = added.quotes[trade.symbol]
        if abs(trade.price - now.price) <= STILL_AWAY * now.outer:
            return False
        if abs(buy.tick - sell.tick) >= OPEN_TO_ALL:
            return False
        resting = sell if trade.aggressor == "BUY" else buy
        if trade.quantity < TAKEN * resting.quantity:
            return False
        met = _moved_to_end(self.given, key)
        met.add(trade_seen(trade), (buy, sell))
        met.prices[trade.tick - 1] = price_seen(quote, trade.tick - 1)
        if len(self.given) > MOST_PAIRS:
            del self.given[next(iter(self.given))]
        return True

    def _transfer(self, key: PairKey, tick: Tick, ties: Ties) -> Suspicion:
        """Return the suspicion that what two have traded off the market raises."""
        met = self.given[key]
        left = TRANSFER_DOUBT if ties.linked(key[0], key[1]) else STRANGERS_DOUBT
        count = len({t.sell_order if t.aggressor == "SELL" else t.buy_order for t in met.trades})
        return Suspicion(
            WASH_TRADING,
            tuple(sorted(key[:2])),
            key[2],
            1.0 - left**count,
            met.trades[0].tick,
            met.trades[-1].tick,
            orders=_behind(met.orders, met.trades),
            trades=tuple(met.trades),
            links=link_seen(sorted(key[:2]), ties, tick),
            prices=tuple(met.prices.values()),
        )

    # Keeping

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        found: list[Suspicion] = []
        for key in [*self.met, *self.given]:
            if conduct.account not in key[:2] or conduct.symbol not in (None, key[2]):
                continue
            if key in self.given:
                found.append(self._transfer(key, conduct.last_tick, known.ties))
            ring = self._ring(key, conduct.last_tick, known) if key in self.met else None
            if ring is not None:
                found.append(ring)
        return strongest(found, conduct)

    def forget(self, account: int, symbol: str | None) -> None:
        for key in [*self.met]:
            if account in key[:2] and symbol in (None, key[2]):
                self._forget(key)
        for key in [*self.given]:
            if account in key[:2] and symbol in (None, key[2]):
                del self.given[key]

    def _prune(self, after: Tick) -> None:
        for key in [key for key, met in self.met.items() if not met.prune(after)]:
            self._forget(key)
        self.given = {key: met for key, met in self.given.items() if met.prune(after)}

    def _forget(self, key: PairKey) -> None:
        del self.met[key]
        seller, buyer, symbol = key
        sold_to = self.sold_to.get((symbol, seller))
        if sold_to is not None and buyer in sold_to:
            del sold_to[buyer]
            if not sold_to:
                del self.sold_to[symbol, seller]

    def split(self, symbol: str, into: int, of: int) -> None:
        for pairs in (self.met, self.given):
            for (_, _, name), met in pairs.items():
                if name == symbol:
                    met.trades = [split_trade(trade, symbol, into, of) for trade in met.trades]
                    met.orders = {
                        id: split_order(order, symbol, into, of) for id, order in met.orders.items()
                    }
                    met.prices = {
                        tick: split_price(price, symbol, into, of)
                        for tick, price in met.prices.items()
                    }

    def size(self) -> int:
        return len(self.met) + len(self.given)

    def dump(self) -> Plain:
        return [_dump(self.met), _dump(self.given)]

    def load(self, state: Plain) -> None:
        self.met, self.given = _load(state[0]), _load(state[1])
        self.sold_to = {}
        for (seller, buyer, symbol), met in self.met.items():
            if len(met.trades) > 1:
                self.sold_to.setdefault((symbol, seller), {})[buyer] = None


def _ring_confidence(
    trades: list[TradeSeen],
    members: list[int],
    groups: Mapping[int, int],
    tick: Tick,
    symbol: str,
    known: Known,
) -> float:
    """Return how sure it is that trades among members are a ring's."""
    crossings = {t.sell_order if t.aggressor == "SELL" else t.buy_order for t in trades}
    if len(crossings) < LEAST_TRADES:
        return 0.0
    ways = {(trade.seller, trade.buyer) for trade in trades}
    if len(crossings) < len(ways) * (TIMES_OF_FEW if len(members) <= FEW else TIMES_OF_MANY):
        return 0.0
    net: dict[int, int] = {}
    gross = 0
    fast = slow = 0.0
    for trade in trades:
        gross += trade.quantity
        seller, buyer = groups[trade.seller], groups[trade.buyer]
        net[seller] = net.get(seller, 0) - trade.quantity
        net[buyer] = net.get(buyer, 0) + trade.quantity
        age = tick - trade.tick
        fast += 2 * trade.quantity * FAST**age
        slow += 2 * trade.quantity * SLOW**age
    left = sum(abs(shares) for shares in net.values()) / (2.0 * gross)
    if left > MOST_NET:
        return 0.0
    all_fast = all_slow = 0.0
    for account in members:
        one_fast, one_slow = known.turnover.of(account, symbol, tick)
        all_fast += one_fast
        all_slow += one_slow
    inner = max(fast / max(1.0, all_fast), slow / max(1.0, all_slow))
    makers = sum(known.quoting.is_maker(account, symbol) for account in members)
    is_wide = len(members) > MOST_USUAL or makers > 1 or 2 * makers >= len(members)
    if inner < (LEAST_WIDE if is_wide else LEAST_INNER):
        return 0.0
    sure = min(1.0, (inner - LEAST_INNER) / (SURE_INNER - LEAST_INNER))
    return (1.0 - DOUBT_LEFT ** len(crossings)) * (0.6 + 0.4 * sure)


def _groups(members: list[int], ties: Ties) -> dict[int, int]:
    """Return, by member, the first of those that it is linked to: they count as one, unless all
    would.
    """
    groups = {account: account for account in members}
    for account in members:
        for other in members:
            if other < account and groups[other] == other and ties.linked(account, other):
                groups[account] = other
                break
    if len(set(groups.values())) == 1:
        return {account: account for account in members}
    return groups


def _moved_to_end(pairs: dict[PairKey, Met], key: PairKey) -> Met:
    met = pairs.pop(key, None) or Met()
    pairs[key] = met
    return met


def _behind(orders: Mapping[str, OrderSeen], trades: Iterable[TradeSeen]) -> tuple[OrderSeen, ...]:
    ids = dict.fromkeys(id for trade in trades for id in (trade.buy_order, trade.sell_order))
    return tuple(orders[id] for id in ids if id in orders)


def _by_time(trade: TradeSeen) -> tuple[Tick, str]:
    return trade.tick, trade.id


def _dump(pairs: Mapping[PairKey, Met]) -> Plain:
    return [
        [
            *key,
            [list(trade) for trade in met.trades],
            [list(order) for order in met.orders.values()],
            [list(price) for price in met.prices.values()],
        ]
        for key, met in pairs.items()
    ]


def _load(state: Plain) -> dict[PairKey, Met]:
    pairs: dict[PairKey, Met] = {}
    for seller, buyer, symbol, trades, orders, prices in state:
        met = pairs[seller, buyer, symbol] = Met()
        met.trades = [TradeSeen(*trade) for trade in trades]
        met.orders = {order[0]: OrderSeen(*order) for order in orders}
        met.prices = {price[1]: PriceSeen(*price) for price in prices}
    return pairs
