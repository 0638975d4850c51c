"""Rings of accounts that trade with each other and end where they began."""

from __future__ import annotations

from collections.abc import Mapping

from market.engine.engine import Plain
from market.engine.orders import Order
from market.engine.outcome import Trade
from market.engine.values import Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.meetings import Meetings, PairKey, orders_behind
from sec.engine.detectors.tape import Added, trade_seen
from sec.engine.detectors.ties import Ties, link_seen
from sec.engine.detectors.turnover import FAST, SLOW
from sec.engine.records import OrderSeen, TradeSeen, is_liquidation
from sec.engine.rules import WASH_TRADING
from sec.engine.suspicion import Suspicion

MOST_WAIT = 12  # ticks that one order of an arranged trade waits for the other
ONE_PRICE = 0.3  # half-spreads between the limits of two orders that ask for one price
ALIKE = 0.6  # of the larger of two strangers' orders, that meets the other
WINDOWS = ((80, FAST), (150, SLOW), (630, SLOW))  # ticks, and what the sums of such a time keep
LEAST_TRADES = 4
MOST_NET = 0.5  # of the shares that went round, left with somebody
LEAST_INNER, SURE_INNER = 0.3, 0.6  # of what members traded, among themselves
LEAST_OF_STRANGERS = 0.6  # the same where none is linked: in time, those who trade often meet often
FEW, TIMES_OF_FEW, TIMES_OF_MANY = 3, 2, 3  # trades each way, by how many members
MOST_USUAL, LEAST_WIDE = 5, 0.75  # members; the same of larger rings, and of market makers
DOUBT_LEFT = 0.72  # by each meeting of linked accounts that tells all it can
STRANGERS_DOUBT = 0.88  # the same where none is linked: two with the same lots do meet for a while
AT_MARKET = 0.5  # of what a meeting of linked accounts tells where one of them named no price
SAME_WAY = 0.5  # of what the last one told, where the next one goes the same way
ONE_LOT = 0.9  # of the larger of two strangers' orders, that asked for one lot and one price
MOST_MEMBERS = 7

Place = tuple[str, int]  # a company and an account


class Rings:
    """Looks, when two have traded by orders that were made for each other, for the ring that they
    are part of.
    """

    def __init__(self) -> None:
        self.met = Meetings()
        self.sold_to: dict[Place, dict[int, None]] = {}  # by seller: who it met more than once

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return the rings that a trade of the tick belongs to."""
        fresh: dict[PairKey, None] = {}
        orders = added.orders
        for trade in added.flows.between:
            if trade.aggressor is None:
                continue
            buy, sell = orders.order(trade.buy_order), orders.order(trade.sell_order)
            if not _is_arranged(trade, buy, sell, added, known.ties):
                continue
            key = (trade.seller, trade.buyer, trade.symbol)
            if self._note(trade, key, orders.seen(buy.id), orders.seen(sell.id), known):
                fresh[key] = None
        suspicions = []
        seen: set[tuple[int, ...]] = set()
        for key in fresh:
            ring = self.of(key, added.tick, known)
            if ring is not None and ring.accounts not in seen:
                seen.add(ring.accounts)
                suspicions.append(ring)
        return suspicions

    def _note(
        self, trade: Trade, key: PairKey, buy: OrderSeen, sell: OrderSeen, known: Known
    ) -> bool:
        """Remember an arranged trade, and say whether the two have met before."""
        met = self.met.of(key)
        met.add(trade_seen(trade), (buy, sell))
        if known.quoting.is_quote(buy) and known.quoting.is_quote(sell):
            met.quoted[trade.id] = None
        if len(met.trades) == 2:
            self.sold_to.setdefault((trade.symbol, trade.seller), {})[trade.buyer] = None
        oldest = self.met.overflow()
        if oldest is not None:
            self._forget(oldest)
        return len(met.trades) > 1

    def of(self, key: PairKey, tick: Tick, known: Known) -> Suspicion | None:
        """Return the suspicion against the ring that a pair is part of, if it is part of one."""
        members = self._members(key, known.ties)
        if len(members) < 2:
            return None
        symbol = key[2]
        groups = _groups(members, known.ties)
        best: Suspicion | None = None
        for window, kept in WINDOWS:
            trades: list[TradeSeen] = []
            orders: dict[str, OrderSeen] = {}
            for seller in members:
                for buyer in members:
                    met = self.met.pairs.get((seller, buyer, symbol))
                    if met is None or groups[seller] == groups[buyer]:
                        continue
                    are_makers = known.quoting.is_maker(seller, symbol) and (
                        known.quoting.is_maker(buyer, symbol)
                    )
                    trades += [
                        t
                        for t in met.trades
                        if t.tick > tick - window and not (are_makers and t.id in met.quoted)
                    ]
                    orders.update(met.orders)
            confidence = _ring_confidence(
                trades, orders, members, groups, kept, tick, symbol, known
            )
            if confidence > 0.0 and (best is None or confidence > best.confidence):
                trades.sort(key=_by_time)
                best = Suspicion(
                    WASH_TRADING,
                    tuple(members),
                    symbol,
                    confidence,
                    trades[0].tick,
                    trades[-1].tick,
                    orders=orders_behind(orders, trades),
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

    # Keeping

    def forget(self, account: int, symbol: str | None) -> None:
        for key in self.met.with_account(account, symbol):
            self._forget(key)

    def prune(self, after: Tick) -> None:
        for key in self.met.outdated(after):
            self._forget(key)

    def _forget(self, key: PairKey) -> None:
        del self.met.pairs[key]
        seller, buyer, symbol = key
        sold_to = self.sold_to.get((symbol, seller))
        if sold_to is not None and buyer in sold_to:
            del sold_to[buyer]
            if not sold_to:
                del self.sold_to[symbol, seller]

    def load(self, state: Plain) -> None:
        self.met.load(state)
        self.sold_to = {}
        for (seller, buyer, symbol), met in self.met.pairs.items():
            if len(met.trades) > 1:
                self.sold_to.setdefault((symbol, seller), {})[buyer] = None


def _is_arranged(trade: Trade, buy: Order, sell: Order, added: Added, ties: Ties) -> bool:
    """Say whether a trade looks arranged: one order came soon to meet the other, most of both or
    that of a friend, and asked for its price. Who makes markets rarely does that.
    """
    if abs(buy.tick_submitted - sell.tick_submitted) > MOST_WAIT:
        return False
    if trade.quantity < ALIKE * max(buy.quantity, sell.quantity) and not (
        ties.linked(trade.buyer, trade.seller)
    ):
        return False
    if buy.limit is not None and sell.limit is not None:
        quote = added.before.get(trade.symbol)
        half_spread = (quote.ask - quote.bid) / 2.0 if quote is not None else 0.0
        if buy.limit - sell.limit > max(1.0, ONE_PRICE * half_spread):
            return False
    return not (is_liquidation(buy) or is_liquidation(sell))


def _ring_confidence(
    trades: list[TradeSeen],
    orders: Mapping[str, OrderSeen],
    members: list[int],
    groups: Mapping[int, int],
    kept: float,
    tick: Tick,
    symbol: str,
    known: Known,
) -> float:
    """Return how sure it is that trades among members are a ring's. They are held against all that
    the members trade, in sums of which so much is kept from tick to tick.

    Strangers are held against the slow sum alone: chance makes a burst of meetings, no habit.
    """
    are_strangers = not any(known.ties.among(account, members) for account in members)
    if are_strangers and kept == FAST:
        return 0.0
    crossings = {t.sell_order if t.aggressor == "SELL" else t.buy_order for t in trades}
    if len(crossings) < LEAST_TRADES:
        return 0.0
    ways = {(trade.seller, trade.buyer) for trade in trades}
    if len(crossings) < len(ways) * (TIMES_OF_FEW if len(members) <= FEW else TIMES_OF_MANY):
        return 0.0
    net: dict[int, int] = {}
    gross = 0
    inner = 0.0
    for trade in trades:
        gross += trade.quantity
        seller, buyer = groups[trade.seller], groups[trade.buyer]
        net[seller] = net.get(seller, 0) - trade.quantity
        net[buyer] = net.get(buyer, 0) + trade.quantity
        inner += 2 * trade.quantity * kept ** (tick - trade.tick)
    left = sum(abs(shares) for shares in net.values()) / (2.0 * gross)
    if left > MOST_NET:
        return 0.0
    sums = [known.turnover.of(account, symbol, tick) for account in members]
    inner /= max(1.0, sum(fast if kept == FAST else slow for fast, slow in sums))
    makers = sum(known.quoting.is_maker(account, symbol) for account in members)
    is_wide = len(members) > MOST_USUAL or makers > 1 or 2 * makers >= len(members)
    least = LEAST_WIDE if is_wide else LEAST_OF_STRANGERS if are_strangers else LEAST_INNER
    if inner < least:
        return 0.0
    sure = min(1.0, (inner - LEAST_INNER) / (SURE_INNER - LEAST_INNER))
    doubt: float = (
        STRANGERS_DOUBT ** _told_by_strangers(trades, orders, len(crossings))
        if are_strangers
        else DOUBT_LEFT ** _told_by_linked(trades, orders, groups)
    )
    return (1.0 - doubt) * (0.6 + 0.4 * sure)


def _told_by_strangers(
    trades: list[TradeSeen], orders: Mapping[str, OrderSeen], crossings: int
) -> float:
    """Return how much the crossings of strangers tell: each half, but all of those in which both
    asked for one lot and by a limit. Who trades at market takes what is there.
    """
    exact = set()
    for trade in trades:
        buy, sell = orders[trade.buy_order], orders[trade.sell_order]
        small, large = sorted((buy.quantity, sell.quantity))
        if None not in (buy.limit, sell.limit) and small >= ONE_LOT * large:
            exact.add(sell.id if trade.aggressor == "SELL" else buy.id)
    return (crossings + len(exact)) / 2.0


def _told_by_linked(
    trades: list[TradeSeen], orders: Mapping[str, OrderSeen], groups: Mapping[int, int]
) -> float:
    """Return how much the meetings of a ring with linked accounts tell, each one at most.

    An order counts once, by how large those were that it met: what is arranged is of one size. Of
    meetings that go one way, each tells less than the last: who works a large order meets an ally's
    quotes time and again, and it was one decision; in a ring the shares come back.
    """
    told: dict[str, float] = {}
    ways: dict[str, tuple[int, int]] = {}
    for trade in sorted(trades, key=_by_time):
        buy, sell = orders[trade.buy_order], orders[trade.sell_order]
        small, large = (buy, sell) if buy.quantity < sell.quantity else (sell, buy)
        most = AT_MARKET if None in (buy.limit, sell.limit) else 1.0
        before = told.get(large.id, 0.0)
        told[large.id] = max(before, min(most, before + most * small.quantity / large.quantity))
        ways.setdefault(large.id, (groups[trade.seller], groups[trade.buyer]))
    total, part, last = 0.0, 1.0, (0, 0)
    for id, one in told.items():
        part = part * SAME_WAY if ways[id] == last else 1.0
        total += part * one
        last = ways[id]
    return total


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


def _by_time(trade: TradeSeen) -> tuple[Tick, str]:
    return trade.tick, trade.id
