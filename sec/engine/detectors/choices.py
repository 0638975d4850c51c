"""What linked accounts choose to do of a company, as far as nothing public explains it: the side of
what they trade at once, and of the orders that they leave for others to take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import log
from typing import NamedTuple

from market.engine.engine import Plain
from market.engine.orders import Order
from market.engine.outcome import Trade
from market.engine.values import BUY, SELL, Cents, Shares, Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.quoting import NEAR
from sec.engine.detectors.rounds import AVERAGED, EITHER, HORIZONS, RANGED, Acted
from sec.engine.detectors.tape import Added, Flow, trade_seen
from sec.engine.detectors.ties import Ties, groups_of
from sec.engine.records import OrderSeen, TradeSeen, is_liquidation

LEAST_SHARES = 0.05  # of a usual tick's volume: what is smaller is left out
PUBLIC_TICKS = 15  # after news or a rumor of a company, in which agreement proves nothing
FOLLOWED_TICKS = 200  # in which what was begun for a public reason may be ended for one
CROWD, CROWD_PART = 6, 0.7  # others who trade it in the tick; of them, on one side: a common cause
CROWD_SIGMAS = 2.0  # by which they are more than half, or their agreement is chance
NEW_FOR = 5  # ticks in which whoever follows a new high or low of a range acts
LEAST_LEAN = 0.04  # of the spread: what the quotes lean to a side
LEAST_MOVE = 0.15  # usual moves over a horizon: what is smaller says nothing
LEAST_AWAY = 0.08  # the same of a distance from an average


class Told(NamedTuple):
    """What everyone was told of a company: good (1) or bad (-1), by whom if it is a rumor."""

    tick: Tick
    sign: int
    author: int | None


class Followed(NamedTuple):
    """What an account has bought net for a public reason and not given back."""

    tick: Tick
    net: Shares


class Chosen(NamedTuple):
    """What linked accounts have chosen of a company in a tick, and who is in a group with them: by
    account its group's number, of these and of those whose earlier acts are remembered.
    """

    acts: list[Acted]
    groups: dict[int, int]


class Crowd:
    """Who trades a company in a tick, and on which side: all, and each group of linked accounts."""

    def __init__(
        self, flows: dict[int, Flow], traded: Iterable[int], groups: dict[int, int]
    ) -> None:
        self.groups = groups
        self.all = len(flows)
        self.buyers = sum(1 for flow in flows.values() if flow.bought > flow.sold)
        self.of_group: dict[int, int] = {}
        self.buyers_of_group: dict[int, int] = {}
        for account in traded:
            group, flow = groups[account], flows[account]
            self.of_group[group] = self.of_group.get(group, 0) + 1
            buys = 1 if flow.bought > flow.sold else 0
            self.buyers_of_group[group] = self.buyers_of_group.get(group, 0) + buys

    def does(self, act: Acted) -> bool:
        """Say whether those outside an account's group mostly do as it does."""
        group = self.groups[act.account]
        others = self.all - self.of_group.get(group, 0)
        buyers = self.buyers - self.buyers_of_group.get(group, 0)
        return others >= CROWD and is_crowd(buyers if act.net > 0 else others - buyers, others)


class Choices:
    """Reads from the tape, tick by tick, what linked accounts chose to do."""

    def __init__(self) -> None:
        self.prices: dict[str, list[Cents]] = {}  # by company, oldest first
        self.told: dict[str, list[Told]] = {}  # by company, of the last ticks
        self.followed: dict[tuple[str, int], Followed] = {}  # by company and account
        self.resting: dict[str, Acted] = {}  # by order: the act that it was, when it was placed

    def begin(self, added: Added) -> None:
        """Take in what a tick has told everyone."""
        tick = added.tick
        for event in added.events:
            self._tell(event.symbol, Told(tick, 1 if event.impact > 0 else -1, None))
        for symbol in added.resumed:
            self._tell(symbol, Told(tick, 0, None))
        for rumor in added.rumors:
            self._tell(rumor.symbol, Told(tick, rumor.sign, rumor.account))
        for symbol, told in list(self.told.items()):
            if tick - told[0].tick >= PUBLIC_TICKS:
                self.told[symbol] = [one for one in told if tick - one.tick < PUBLIC_TICKS]
                if not self.told[symbol]:
                    del self.told[symbol]

    def _tell(self, symbol: str, told: Told) -> None:
        self.told.setdefault(symbol, []).append(told)

    def end(self, added: Added) -> None:
        """Take in the prices that a tick has ended with."""
        for symbol, quote in added.quotes.items():
            prices = self.prices.setdefault(symbol, [])
            prices.append(quote.price)
            if len(prices) > HORIZONS[-1] + 1:
                del prices[0]

    # Acts

    def of_tick(
        self, added: Added, known: Known, remembered: Callable[[str], set[int]]
    ) -> dict[str, Chosen]:
        """Return, by company, what linked accounts have chosen in a tick that nothing public
        explains. `remembered` are the accounts whose acts of a company are, by which others may be
        linked.
        """
        left = _left_open(added, known)
        chosen: dict[str, Chosen] = {}
        for symbol in dict.fromkeys((*added.flows.by_company, *left)):
            flows = added.flows.by_company.get(symbol, {})
            traded = self._traded(symbol, flows, added, known)
            acting = dict.fromkeys((*traded, *left.get(symbol, ())))
            if not acting:
                continue
            groups = groups_of(acting, remembered(symbol).union(acting), known.ties)
            acts = self._acts(acting, symbol, traded, left.get(symbol, {}), added, known)
            crowd = Crowd(flows, traded, groups)
            found = [act for act in acts if not act.trades or not crowd.does(act)]
            for act in found:
                for order in act.orders:
                    if order.limit is not None and order.closed_tick is None:
                        self.resting[order.id] = act
            if found:
                chosen[symbol] = Chosen(found, groups)
        return chosen

    def _traded(
        self, symbol: str, flows: dict[int, Flow], added: Added, known: Known
    ) -> dict[int, list[Trade]]:
        """Return the trades of linked accounts that were chosen in the tick: what fills an order
        that was an act when it was placed belongs to that act.
        """
        least = LEAST_SHARES * added.quotes[symbol].usual_volume
        found: dict[int, list[Trade]] = {}
        for account, flow in flows.items():
            if not known.ties.has(account):
                continue
            fresh: list[Trade] = []
            for trade in flow.trades:
                own = trade.buy_order if trade.buyer == account else trade.sell_order
                act = self.resting.get(own)
                if act is None:
                    fresh.append(trade)
                else:
                    _fill(act, trade, added.orders.seen(own))
            if abs(_net(account, fresh)) >= least:
                found[account] = fresh
        return found

    def _acts(
        self,
        accounts: Iterable[int],
        symbol: str,
        traded: dict[int, list[Trade]],
        left: dict[int, list[Order]],
        added: Added,
        known: Known,
    ) -> list[Acted]:
        """Return the acts of accounts that nothing which everyone was told explains."""
        signs = self._signs(symbol, added)
        acts = (
            self._act(account, symbol, traded, left, signs, added, known) for account in accounts
        )
        return [
            act for act in acts if act is not None and not self._is_public(act, symbol, known.ties)
        ]

    def _act(
        self,
        account: int,
        symbol: str,
        traded: dict[int, list[Trade]],
        left: dict[int, list[Order]],
        signs: list[int],
        added: Added,
        known: Known,
    ) -> Acted | None:
        """Return what an account did in a tick as one act: it is on the side of what it traded, or
        of what it left open; without auctions and liquidations.
        """
        trades: list[TradeSeen] = []
        orders: list[OrderSeen] = []
        of_account = traded.get(account, [])
        net = _net(account, of_account)
        for trade in of_account:
            if trade.aggressor is None:
                continue
            order = added.orders.seen(
                trade.buy_order if trade.buyer == account else trade.sell_order
            )
            if not order.is_liquidation:
                trades.append(trade_seen(trade))
                orders.append(order)
        for one in left.get(account, []):
            side = 1 if one.side is BUY else -1
            if not trades or side * net > 0:
                if not trades:
                    net += side * (one.quantity - one.filled)
                orders.append(added.orders.seen(one.id))
        if not orders:
            return None
        habit = known.turnover.habit(account, symbol) if trades else 0.5
        return Acted(added.tick, account, net, habit, signs, trades, orders)

    def _is_public(self, act: Acted, symbol: str, ties: Ties) -> bool:
        """Say whether something that everyone was told explains an act: news, or a rumor that
        nobody near has spread; or it ends what was begun so.
        """
        followed = self.followed.get((symbol, act.account))
        for told in self.told.get(symbol, ()):
            if told.author is not None and (
                told.tick == act.tick
                or told.sign * act.net < 0
                or ties.linked(told.author, act.account)
            ):
                continue
            if told.sign * act.net > 0:
                net = act.net + (followed.net if followed is not None else 0)
                self.followed[symbol, act.account] = Followed(act.tick, net)
            return True
        if followed is None or followed.net * act.net >= 0:
            return False
        is_over = act.tick - followed.tick > FOLLOWED_TICKS
        if is_over or abs(act.net) >= abs(followed.net):
            del self.followed[symbol, act.account]
        else:
            self.followed[symbol, act.account] = followed._replace(net=followed.net + act.net)
        return not is_over and abs(act.net) <= 2 * abs(followed.net)

    def _signs(self, symbol: str, added: Added) -> list[int]:
        """Return the signs of what a public strategy might go by, as all have seen it before the
        tick: moves, distances from averages, which end of a range the price was at last, how the
        quotes lean about the price; 0 where that was small.
        """
        prices = self.prices.get(symbol, [])
        sigma = added.quotes[symbol].sigma
        signs: list[int] = []
        for horizon in HORIZONS:
            if len(prices) <= horizon:
                signs.append(0)
                continue
            move = log(prices[-1] / prices[-1 - horizon])
            signs.append(_sign(move, LEAST_MOVE * sigma * horizon**0.5))
        for ticks in AVERAGED:
            if len(prices) < ticks:
                signs.append(0)
                continue
            away = log(prices[-1] * ticks / sum(prices[-ticks:]))
            signs.append(_sign(away, LEAST_AWAY * sigma * ticks**0.5))
        signs += [_end_of_range(prices[-ticks:]) for ticks in RANGED]
        quote = added.before[symbol]
        lean = quote.bid + quote.ask - 2 * quote.price
        signs.append(_sign(float(lean), LEAST_LEAN * (quote.ask - quote.bid)))
        return signs

    # Keeping

    def prune(self, tick: Tick, acts: dict[int, Acted]) -> None:
        """Forget what is too old, and which orders were acts that are not remembered."""
        self.resting = _open_of(acts)
        since = tick - FOLLOWED_TICKS
        self.followed = {key: one for key, one in self.followed.items() if one.tick >= since}

    def split(self, symbol: str, into: int, of: int) -> None:
        self.prices[symbol] = [price * of // into for price in self.prices.get(symbol, ())]
        for key, one in self.followed.items():
            if key[0] == symbol:
                self.followed[key] = one._replace(net=one.net * into // of)

    def size(self) -> int:
        return len(self.followed) + sum(len(told) for told in self.told.values())

    def dump(self) -> Plain:
        return {
            "prices": [[symbol, list(prices)] for symbol, prices in self.prices.items()],
            "told": [[symbol, [list(one) for one in told]] for symbol, told in self.told.items()],
            "followed": [[*key, *one] for key, one in self.followed.items()],
        }

    def load(self, state: Plain, acts: dict[int, Acted]) -> None:
        self.prices = {symbol: list(prices) for symbol, prices in state["prices"]}
        self.told = {symbol: [Told(*one) for one in told] for symbol, told in state["told"]}
        self.followed = {
            (symbol, account): Followed(tick, net)
            for symbol, account, tick, net in state["followed"]
        }
        self.resting = _open_of(acts)


def is_crowd(same: int, others: int) -> bool:
    """Say whether so many of others who trade do so on one side for a common cause."""
    return same >= CROWD_PART * others and same - others / 2 >= CROWD_SIGMAS * others**0.5 / 2


def _left_open(added: Added, known: Known) -> dict[str, dict[int, list[Order]]]:
    """Return, by company and account, what linked accounts have placed in the tick near the price
    and left open: not of those who quote both sides, for whom others choose.
    """
    tick, quotes = added.tick, added.quotes
    placed: dict[str, dict[int, list[Order]]] = {}
    for order in added.orders.touched:
        limit, account = order.limit, order.account.id
        if limit is None or order.tick_submitted != tick or order.tick_closed is not None:
            continue
        if order.stop is not None or not known.ties.has(account) or is_liquidation(order):
            continue
        quote = quotes[order.company.symbol]
        if abs(limit - quote.price) <= NEAR * quote.outer:
            placed.setdefault(quote.symbol, {}).setdefault(account, []).append(order)
    left: dict[str, dict[int, list[Order]]] = {}
    for symbol, of_company in placed.items():
        least = LEAST_SHARES * quotes[symbol].usual_volume
        for account, orders in of_company.items():
            bids = sum(_unfilled(order) for order in orders if order.side is BUY)
            asks = sum(_unfilled(order) for order in orders) - bids
            if max(bids, asks) < least or known.quoting.is_two_sided(account, symbol, tick):
                continue
            if known.quoting.is_maker(account, symbol):
                continue
            side = BUY if bids >= asks else SELL
            left.setdefault(symbol, {})[account] = [one for one in orders if one.side is side]
    return left


def _unfilled(order: Order) -> Shares:
    return order.quantity - order.filled


def _net(account: int, trades: list[Trade]) -> Shares:
    net = 0
    for trade in trades:
        net += trade.quantity if trade.buyer == account else -trade.quantity
    return net


def _fill(act: Acted, trade: Trade, order: OrderSeen) -> None:
    """Let a trade belong to the act that its order was."""
    if trade.aggressor is not None:
        act.trades.append(trade_seen(trade))
        act.orders = [order if one.id == order.id else one for one in act.orders]


def _open_of(acts: dict[int, Acted]) -> dict[str, Acted]:
    """Return the open orders that acts were."""
    return {
        order.id: act
        for act in acts.values()
        for order in act.orders
        if order.limit is not None and order.closed_tick is None
    }


def _end_of_range(prices: list[Cents]) -> int:
    """Return at which end of its range a price was last: 1 at the higher; `EITHER` where it has
    been at both within the time in which those who follow it act.
    """
    if not prices:
        return 0
    latest = prices[::-1]
    since_high, since_low = latest.index(max(prices)), latest.index(min(prices))
    if since_high == since_low:
        return 0
    if max(since_high, since_low) < NEW_FOR:
        return EITHER
    return 1 if since_high < since_low else -1


def _sign(value: float, least: float) -> int:
    return 0 if abs(value) < least else 1 if value > 0.0 else -1
