"""Spoofing and layering: orders that are shown to move others, while their owner, or who is linked
to it, trades the other way, and that are pulled when that is done.
"""

from __future__ import annotations

from market.engine.engine import Plain
from market.engine.values import Cents, Shares, Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.shown import Pulled, ShownOrders
from sec.engine.detectors.tape import Added, Flow, FlowKey, TickOrders, trade_seen
from sec.engine.detectors.ties import Ties, link_seen
from sec.engine.records import (
    OrderSeen,
    PriceSeen,
    TradeSeen,
    split_order,
    split_price,
    split_trade,
)
from sec.engine.rules import SPOOFING
from sec.engine.suspicion import Conduct, Suspicion, strongest

LEAST_DISPLAY = 2.5  # of it: what is shown together
RECENT = 45  # ticks that fills are remembered
JUDGED_AFTER = 2  # ticks after a pull: whoever quotes anew is a market maker
LEAST_RATIO = 2.5  # of what is shown to what is sold meanwhile
MOST_FILLED = 0.4  # of what is shown
MOST_OPPOSITE = 0.5  # of what is shown: what the same one quotes on the other side
NEWS_TICKS = 3  # after news, in which to pull an order is no more than prudent
MOST_LEFT = 0.4  # of what was shown: what is shown on the same side when the tick of the pull ends
DOUBT_LEFT = 0.6  # by each display
UNHELPFUL_DOUBT = 0.85  # by one that has brought nothing
MOST_DISPLAYS = 40  # remembered of an account in a company
MOST_FILLS = 60


class Display:
    """One display, and the trades that it was made for."""

    __slots__ = ("before", "benefit", "fills", "orders", "side", "tick", "traders")

    def __init__(
        self,
        tick: Tick,
        side: int,
        orders: list[OrderSeen],
        fills: list[TradeSeen],
        traders: list[int],
        benefit: Cents,
        before: PriceSeen,
    ) -> None:
        self.tick = tick  # when it was judged
        self.side = side
        self.orders = orders  # those shown, then those that were filled
        self.fills = fills
        self.traders = traders
        self.benefit = benefit
        self.before = before


class Fills:
    """What an account traded lately in a company, where somebody showed something."""

    __slots__ = ("orders", "trades")

    def __init__(self) -> None:
        self.trades: list[TradeSeen] = []
        self.orders: dict[str, OrderSeen] = {}

    def keep(self, trades: list[TradeSeen]) -> None:
        self.trades = trades
        named = {t.buy_order for t in trades} | {t.sell_order for t in trades}
        self.orders = {id: order for id, order in self.orders.items() if id in named}


class Spoofing:
    """Follows the orders that agents show, and judges them when they are pulled."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.orders = ShownOrders()
        self.fills: dict[FlowKey, Fills] = {}
        self.displays: dict[FlowKey, list[Display]] = {}
        self.news: dict[str, Tick] = {}  # by company: when it last had some

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return what displays whose judgement is due make suspect."""
        for event in added.events:
            self.news[event.symbol] = added.tick
        self.orders.see(added, known.ties)
        self._note_fills(added, known.ties)
        suspicions = []
        pulled = self.orders.pulled
        for key in list(pulled):
            if pulled[key][0].tick + JUDGED_AFTER <= added.tick:
                found = self._judge(key, added, known)
                if found is not None:
                    suspicions.append(found)
        if added.tick % 25 == 0:
            self._prune(added.tick)
        self.orders.note_prices(added)
        return suspicions

    def _note_fills(self, added: Added, ties: Ties) -> None:
        """Remember the trades of those who show something, or are linked to who does."""
        for symbol, flows in added.flows.by_company.items():
            showers = self.orders.shown.get(symbol)
            if showers:
                for account, flow in flows.items():
                    if account in showers or ties.among(account, showers):
                        self._note_flow((account, symbol), flow, added.orders)
        for account, symbol in self.orders.pulled:
            pulling = added.flows.of(account, symbol)
            showers = self.orders.shown.get(symbol, {})
            if pulling is not None and not (account in showers or ties.among(account, showers)):
                self._note_flow((account, symbol), pulling, added.orders)

    def _note_flow(self, key: FlowKey, flow: Flow, orders: TickOrders) -> None:
        fills = self.fills.get(key)
        if fills is None:
            fills = self.fills[key] = Fills()
        for trade in flow.trades:
            own = trade.buy_order if trade.buyer == key[0] else trade.sell_order
            fills.trades.append(trade_seen(trade))
            fills.orders[own] = orders.seen(own)
            if len(fills.trades) > MOST_FILLS:
                fills.keep(fills.trades[MOST_FILLS // 3 :])

    # Judging

    def _judge(self, key: FlowKey, added: Added, known: Known) -> Suspicion | None:
        pulled = self.orders.pulled.pop(key)
        side = pulled[0].side
        mine = [one for one in pulled if one.side == side]
        rest = [one for one in pulled if one.side != side]
        if rest:
            self.orders.pulled[key] = rest
        if pulled[0].tick - self.news.get(key[1], -NEWS_TICKS - 1) <= NEWS_TICKS:
            return None
        if known.quoting.is_maker(*key):
            return None  # who quotes both sides all the time moves nobody
        display = self._display(key, mine, side, added, known)
        if display is None:
            return None
        kept = self.displays.setdefault(key, [])
        kept.append(display)
        if len(kept) > MOST_DISPLAYS:
            del kept[0]
        return self._suspicion(key, known.ties)

    def _display(
        self, key: FlowKey, mine: list[Pulled], side: int, added: Added, known: Known
    ) -> Display | None:
        """Return the display that orders pulled together were, if they served trades the other way
        and nothing else.
        """
        account, symbol = key
        quote = added.quotes[symbol]
        volume = _most_shown(mine)
        filled = sum(one.order.filled for one in mine)
        if volume < LEAST_DISPLAY * quote.depth or filled > MOST_FILLED * volume:
            return None
        if max(one.opposite for one in mine) > MOST_OPPOSITE * volume:
            return None
        first = min(one.order.tick for one in mine)
        last = max(one.tick for one in mine)
        orders = [one.order for one in mine]
        fills: list[TradeSeen] = []
        filled_orders: dict[str, OrderSeen] = {}
        traders: dict[int, None] = {}
        left = min(one.left for one in mine)
        sold = benefit = 0
        before = min((one.before for one in mine), key=_tick_of)
        touch = before.bid if side > 0 else before.ask
        for trader in [account, *known.ties.partners(account)]:
            found = self.fills.get((trader, symbol))
            if found is None:
                continue
            for trade in found.trades:
                if not first <= trade.tick <= last:
                    continue
                is_buyer = trade.buyer == trader
                if is_buyer == (side > 0):
                    continue
                sold += trade.quantity
                fills.append(trade)
                traders[trader] = None
                own = trade.buy_order if is_buyer else trade.sell_order
                filled_orders[own] = found.orders[own]
                is_taker = (trade.aggressor == "BUY") == is_buyer
                usual = touch if is_taker else (before.bid + before.ask) / 2.0
                benefit += round(trade.quantity * (trade.price - usual) * side)
        if not fills or volume < LEAST_RATIO * sold:
            return None
        if left > MOST_LEFT * volume:
            return None
        return Display(
            added.tick,
            side,
            [*orders, *filled_orders.values()],
            fills,
            [*traders],
            benefit,
            before,
        )

    def _suspicion(self, key: FlowKey, ties: Ties) -> Suspicion:
        account, symbol = key
        displays = self.displays[key]
        helpful = sum(1 for one in displays if one.benefit > 0)
        total = sum(one.benefit for one in displays)
        doubt = DOUBT_LEFT**helpful * UNHELPFUL_DOUBT ** (len(displays) - helpful)
        confidence = 1.0 - doubt
        if total <= 0:
            confidence *= 0.5
        orders = {order.id: order for one in displays for order in one.orders}
        trades = {trade.id: trade for one in displays for trade in one.fills}
        accounts = {account, *(trader for one in displays for trader in one.traders)}
        return Suspicion(
            SPOOFING,
            tuple(sorted(accounts)),
            symbol,
            confidence,
            min(order.tick for order in orders.values()),
            max(order.closed_tick or order.tick for order in orders.values()),
            orders=tuple(orders.values()),
            trades=tuple(trades.values()),
            price_before=displays[0].before.price,
            links=link_seen(sorted(accounts), ties, displays[-1].tick),
            prices=tuple({one.before.id: one.before for one in displays}.values()),
        )

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        return strongest(
            (
                self._suspicion(key, known.ties)
                for key, displays in self.displays.items()
                if conduct.account == key[0] or any(conduct.account in d.traders for d in displays)
            ),
            conduct,
        )

    def forget(self, account: int, symbol: str | None) -> None:
        for key, displays in list(self.displays.items()):
            if symbol in (None, key[1]) and (
                account == key[0] or any(account in one.traders for one in displays)
            ):
                del self.displays[key]

    # Keeping

    def _prune(self, tick: Tick) -> None:
        oldest = tick - RECENT
        for key, fills in list(self.fills.items()):
            fills.keep([trade for trade in fills.trades if trade.tick > oldest])
            if not fills.trades:
                del self.fills[key]
        after = tick - self.window_ticks
        for key, displays in list(self.displays.items()):
            kept = [one for one in displays if one.tick > after]
            if kept:
                self.displays[key] = kept
            else:
                del self.displays[key]

    def split(self, symbol: str, into: int, of: int) -> None:
        self.orders.split(symbol, into, of)
        for (_, name), fills in self.fills.items():
            if name == symbol:
                fills.trades = [split_trade(t, symbol, into, of) for t in fills.trades]
                fills.orders = {
                    id: split_order(order, symbol, into, of) for id, order in fills.orders.items()
                }
        for (_, name), displays in self.displays.items():
            if name == symbol:
                for display in displays:
                    display.orders = [split_order(o, symbol, into, of) for o in display.orders]
                    display.fills = [split_trade(t, symbol, into, of) for t in display.fills]
                    display.before = split_price(display.before, symbol, into, of)

    def size(self) -> int:
        return self.orders.size() + len(self.fills) + len(self.displays)

    def dump(self) -> Plain:
        return {
            "orders": self.orders.dump(),
            "fills": [
                [*key, [list(t) for t in one.trades], [list(o) for o in one.orders.values()]]
                for key, one in self.fills.items()
            ],
            "displays": [
                [
                    *key,
                    [
                        [
                            one.tick,
                            one.side,
                            [list(order) for order in one.orders],
                            [list(trade) for trade in one.fills],
                            list(one.traders),
                            one.benefit,
                            list(one.before),
                        ]
                        for one in displays
                    ],
                ]
                for key, displays in self.displays.items()
            ],
            "news": [list(item) for item in self.news.items()],
        }

    def load(self, state: Plain) -> None:
        self.orders.load(state["orders"])
        self.fills, self.displays = {}, {}
        for account, symbol, trades, orders in state["fills"]:
            fills = self.fills[account, symbol] = Fills()
            fills.trades = [TradeSeen(*trade) for trade in trades]
            fills.orders = {order[0]: OrderSeen(*order) for order in orders}
        for account, symbol, displays in state["displays"]:
            self.displays[account, symbol] = [
                Display(
                    tick,
                    side,
                    [OrderSeen(*order) for order in orders],
                    [TradeSeen(*trade) for trade in fills_of],
                    list(traders),
                    benefit,
                    PriceSeen(*before),
                )
                for tick, side, orders, fills_of, traders, benefit, before in displays
            ]
        self.news = dict(state["news"])


def _most_shown(pulled: list[Pulled]) -> Shares:
    """Return the most that stood of orders at one time."""
    return max(
        sum(
            other.order.quantity
            for other in pulled
            if other.order.tick <= one.order.tick < other.tick
        )
        for one in pulled
    )


def _tick_of(price: PriceSeen) -> Tick:
    return price.tick
