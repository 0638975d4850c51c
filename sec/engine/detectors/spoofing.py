"""Spoofing and layering: orders that are shown to move others, while their owner, or who is linked
to it, trades the other way, and that are pulled when that is done.
"""

from __future__ import annotations

from market.engine.engine import Plain
from market.engine.values import Cents, Shares, Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.tape import (
    Added,
    FlowKey,
    QuoteSeen,
    price_seen,
    sign_of,
    trade_seen,
)
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

LEAST_SHOWN = 0.25  # of the market maker's best level: an order that others may notice
LEAST_DISPLAY = 2.5  # of it: what is shown together
REACH = 3.0  # outermost levels of the market maker from the price: what lies farther shows nothing
MOST_LIFE = 40  # ticks from showing to pulling
RECENT = 45  # ticks that fills are remembered
JUDGED_AFTER = 2  # ticks after a pull: whoever quotes anew is a market maker
NEAR = 1.2  # outermost levels from the price: what is shown there after a pull is a new quote
LEAST_RATIO = 2.5  # of what is shown to what is sold meanwhile
MOST_FILLED = 0.4  # of what is shown
MOST_OPPOSITE = 0.5  # of what is shown: what the same one quotes on the other side
NEWS_TICKS = 3  # after news, in which to pull an order is no more than prudent
MOST_LEFT = 0.4  # of what was shown: what is shown on the same side when the tick of the pull ends
DOUBT_LEFT = 0.6  # by each display
UNHELPFUL_DOUBT = 0.85  # by one that has brought nothing
MOST_DISPLAYS = 40  # remembered of an account in a company
MOST_FILLS = 60


class Shown:
    """An open order that others can see."""

    __slots__ = ("order", "side", "tick")

    def __init__(self, order: OrderSeen, side: int, tick: Tick) -> None:
        self.order = order
        self.side = side
        self.tick = tick  # since when


class Pulled:
    """An order that was taken back, and what its owner quoted on the other side before."""

    __slots__ = ("before", "left", "opposite", "order", "side", "tick")

    def __init__(
        self,
        order: OrderSeen,
        side: int,
        tick: Tick,
        opposite: Shares,
        before: PriceSeen,
    ) -> None:
        self.order = order
        self.side = side
        self.tick = tick
        self.opposite = opposite
        self.left: Shares = 0  # on its side, when the tick was over
        self.before = before  # the company before it was shown


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
        self.shown: dict[FlowKey, dict[str, Shown]] = {}  # by account and company, by order
        self.showers: dict[str, dict[int, None]] = {}  # by company: who shows something
        self.pulled: dict[FlowKey, list[Pulled]] = {}  # not judged yet
        self.fills: dict[FlowKey, Fills] = {}
        self.displays: dict[FlowKey, list[Display]] = {}
        self.news: dict[str, Tick] = {}  # by company: when it last had some
        self.before: dict[str, list[PriceSeen]] = {}  # by company, of the last ticks

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return what displays whose judgement is due make suspect."""
        for event in added.events:
            self.news[event.symbol] = added.tick
        self._note_orders(added)
        self._note_left(added, known)
        self._note_fills(added, known)
        suspicions = []
        for key in list(self.pulled):
            if self.pulled[key][0].tick + JUDGED_AFTER <= added.tick:
                found = self._judge(key, added, known)
                if found is not None:
                    suspicions.append(found)
        if added.tick % 25 == 0:
            self._prune(added.tick)
        for symbol, quote in added.quotes.items():
            kept = self.before.setdefault(symbol, [])
            kept.append(price_seen(quote, added.tick))
            if len(kept) > RECENT + MOST_LIFE:
                del kept[0]
        return suspicions

    # What is shown and what is filled

    def _note_orders(self, added: Added) -> None:
        tick = added.tick
        for order in added.orders.values():
            limit = order.limit
            if limit is None or order.is_stop:
                continue
            key = (order.account, order.symbol)
            mine = self.shown.get(key)
            known = mine.get(order.id) if mine is not None else None
            if known is None:
                if order.closed_tick is None and self._is_visible(order, limit, added):
                    if mine is None:
                        mine = self.shown[key] = {}
                        self.showers.setdefault(order.symbol, {})[order.account] = None
                    mine[order.id] = Shown(order, sign_of(order.intent), tick)
                continue
            assert mine is not None
            is_gone = order.closed_tick is not None
            was = known.order
            if is_gone or order.limit != was.limit or order.quantity < was.quantity:
                is_pull = order.is_pulled if is_gone else self._is_away(order, was)
                if is_pull and known.tick < tick and tick - known.tick <= MOST_LIFE:
                    seen = was._replace(filled=order.filled, closed_tick=tick, is_pulled=True)
                    self._note_pull(key, known, seen, tick)
                if is_gone:
                    del mine[order.id]
                    if not mine:
                        del self.shown[key]
                        del self.showers[order.symbol][order.account]
                    continue
                if is_pull:
                    known.tick = tick
            known.order = order

    def _is_visible(self, order: OrderSeen, limit: Cents, added: Added) -> bool:
        quote = added.quotes[order.symbol]
        if not quote.is_trading or order.quantity - order.filled < LEAST_SHOWN * quote.depth:
            return False
        return abs(limit - quote.price) <= REACH * quote.outer

    def _is_away(self, order: OrderSeen, was: OrderSeen) -> bool:
        """Say whether a replacement takes an order away: from the touch, or most of its size."""
        if order.quantity - order.filled < (was.quantity - was.filled) // 2:
            return True
        if order.limit is None or was.limit is None:
            return False
        return (was.limit - order.limit) * sign_of(order.intent) > 0

    def _note_pull(self, key: FlowKey, shown: Shown, order: OrderSeen, tick: Tick) -> None:
        opposite = sum(
            one.order.quantity - one.order.filled
            for one in self.shown[key].values()
            if one.side == -shown.side
        )
        before = self._before(order.symbol, shown.tick - 1)
        if before is not None:
            self.pulled.setdefault(key, []).append(
                Pulled(order, shown.side, tick, opposite, before)
            )

    def _note_left(self, added: Added, known: Known) -> None:
        """Note of the tick's pulls what is shown yet, by the same one or who is linked to it."""
        for key, pulls in self.pulled.items():
            account, symbol = key
            if pulls[-1].tick != added.tick:
                continue
            near = [account, *known.ties.among(account, self.showers.get(symbol, ()))]
            for side in (1, -1):
                left = sum(
                    self._volume_shown((one, symbol), side, added.quotes[symbol]) for one in near
                )
                for pull in pulls:
                    if pull.tick == added.tick and pull.side == side:
                        pull.left = left

    def _before(self, symbol: str, tick: Tick) -> PriceSeen | None:
        """Return a company at the end of a tick, or of the first known after it."""
        return next((seen for seen in self.before.get(symbol, ()) if seen.tick >= tick), None)

    def _note_fills(self, added: Added, known: Known) -> None:
        """Remember the trades of those who show something, or are linked to who does."""
        wanted: set[FlowKey] = set()
        for key in added.flows:
            account, symbol = key
            showers = self.showers.get(symbol)
            if key in self.pulled or (
                showers is not None and (account in showers or known.ties.among(account, showers))
            ):
                wanted.add(key)
        if not wanted:
            return
        for trade in added.trades:
            if trade.buyer == trade.seller:
                continue
            for account in (trade.buyer, trade.seller):
                if (account, trade.symbol) not in wanted:
                    continue
                fills = self.fills.get((account, trade.symbol))
                if fills is None:
                    fills = self.fills[account, trade.symbol] = Fills()
                fills.trades.append(trade_seen(trade))
                own = trade.buy_order if account == trade.buyer else trade.sell_order
                fills.orders[own] = added.orders[own]
                if len(fills.trades) > MOST_FILLS:
                    fills.keep(fills.trades[MOST_FILLS // 3 :])

    # Judging

    def _judge(self, key: FlowKey, added: Added, known: Known) -> Suspicion | None:
        pulled = self.pulled.pop(key)
        side = pulled[0].side
        mine = [one for one in pulled if one.side == side]
        rest = [one for one in pulled if one.side != side]
        if rest:
            self.pulled[key] = rest
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

    def _volume_shown(self, key: FlowKey, side: int, quote: QuoteSeen) -> Shares:
        """Return what an account shows on a side not far from the price."""
        return sum(
            one.order.quantity - one.order.filled
            for one in self.shown.get(key, {}).values()
            if one.side == side
            and one.order.limit is not None
            and abs(one.order.limit - quote.price) <= NEAR * quote.outer
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
        for (_, name), shown in self.shown.items():
            if name == symbol:
                for one in shown.values():
                    one.order = split_order(one.order, symbol, into, of)
        for (_, name), pulls in self.pulled.items():
            if name == symbol:
                for pull in pulls:
                    pull.order = split_order(pull.order, symbol, into, of)
                    pull.opposite = pull.opposite * into // of
                    pull.left = pull.left * into // of
                    pull.before = split_price(pull.before, symbol, into, of)
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
        self.before[symbol] = [
            split_price(seen, symbol, into, of) for seen in self.before.get(symbol, ())
        ]

    def size(self) -> int:
        return len(self.shown) + len(self.pulled) + len(self.fills) + len(self.displays)

    def dump(self) -> Plain:
        return {
            "shown": [
                [*key, [[list(one.order), one.side, one.tick] for one in shown.values()]]
                for key, shown in self.shown.items()
            ],
            "pulled": [
                [
                    *key,
                    [
                        [
                            list(one.order),
                            one.side,
                            one.tick,
                            one.opposite,
                            list(one.before),
                            one.left,
                        ]
                        for one in pulls
                    ],
                ]
                for key, pulls in self.pulled.items()
            ],
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
            "before": [[symbol, [list(s) for s in seen]] for symbol, seen in self.before.items()],
        }

    def load(self, state: Plain) -> None:
        self.shown, self.showers, self.pulled = {}, {}, {}
        self.fills, self.displays = {}, {}
        for account, symbol, shown in state["shown"]:
            self.shown[account, symbol] = {
                order[0]: Shown(OrderSeen(*order), side, tick) for order, side, tick in shown
            }
            self.showers.setdefault(symbol, {})[account] = None
        for account, symbol, pulls in state["pulled"]:
            self.pulled[account, symbol] = kept = []
            for order, side, tick, opposite, before, left in pulls:
                pull = Pulled(OrderSeen(*order), side, tick, opposite, PriceSeen(*before))
                pull.left = left
                kept.append(pull)
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
        self.before = {s: [PriceSeen(*one) for one in seen] for s, seen in state["before"]}


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
