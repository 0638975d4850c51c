"""What agents show: their open orders that others can see, and those that are taken back."""

from __future__ import annotations

from collections.abc import Mapping

from market.engine.engine import Plain
from market.engine.orders import Order
from market.engine.values import BUY, Cents, Shares, Tick
from sec.engine.detectors.tape import Added, FlowKey, QuoteSeen, price_seen
from sec.engine.detectors.ties import Ties
from sec.engine.records import OrderSeen, PriceSeen, split_order, split_price

LEAST_SHOWN = 0.25  # of the market maker's best level: an order that others may notice
REACH = 3.0  # outermost levels of the market maker from the price: what lies farther shows nothing
MOST_LIFE = 40  # ticks from showing to pulling
KEPT_PRICES = 85  # ticks: of the longest life, and as long as fills are remembered
NEAR = 1.2  # outermost levels from the price: what is shown there after a pull is a new quote


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


class ShownOrders:
    """Follows the orders that agents show."""

    def __init__(self) -> None:
        self.shown: dict[str, dict[int, dict[str, Shown]]] = {}  # by company, account and order
        self.pulled: dict[FlowKey, list[Pulled]] = {}  # by account and company: not judged yet
        self.before: dict[str, list[PriceSeen]] = {}  # by company, of the last ticks

    def see(self, added: Added, ties: Ties) -> None:
        """Take in what became of orders in a tick."""
        self._note_orders(added)
        self._note_left(added, ties)

    def note_prices(self, added: Added) -> None:
        """Take in how the companies stand at the tick's end, for what is shown from then on."""
        for symbol, quote in added.quotes.items():
            kept = self.before.setdefault(symbol, [])
            kept.append(price_seen(quote, added.tick))
            if len(kept) > KEPT_PRICES:
                del kept[0]

    def by(self, account: int, symbol: str) -> Mapping[str, Shown]:
        """Return what an account shows in a company."""
        return self.shown.get(symbol, {}).get(account, {})

    def _note_orders(self, added: Added) -> None:
        tick = added.tick
        for order in added.orders.touched:
            limit = order.limit
            if limit is None or order.stop is not None:
                continue
            symbol, account = order.company.symbol, order.account.id
            of_company = self.shown.get(symbol)
            mine = None if of_company is None else of_company.get(account)
            known = None if mine is None else mine.get(order.id)
            if known is None:
                if order.tick_closed is None and _is_visible(order, limit, added.quotes[symbol]):
                    if of_company is None:
                        of_company = self.shown[symbol] = {}
                    if mine is None:
                        mine = of_company[account] = {}
                    side = 1 if order.side is BUY else -1
                    mine[order.id] = Shown(added.orders.seen(order.id), side, tick)
                continue
            assert of_company is not None and mine is not None
            now, was = added.orders.seen(order.id), known.order
            is_gone = now.closed_tick is not None
            if is_gone or now.limit != was.limit or now.quantity < was.quantity:
                is_pull = now.is_pulled if is_gone else _is_away(now, was, known.side)
                if is_pull and known.tick < tick and tick - known.tick <= MOST_LIFE:
                    seen = was._replace(filled=now.filled, closed_tick=tick, is_pulled=True)
                    self._note_pull((account, symbol), known, mine, seen, tick)
                if is_gone:
                    del mine[order.id]
                    if not mine:
                        del of_company[account]
                    continue
                if is_pull:
                    known.tick = tick
            known.order = now

    def _note_pull(
        self, key: FlowKey, shown: Shown, mine: Mapping[str, Shown], order: OrderSeen, tick: Tick
    ) -> None:
        opposite = sum(
            one.order.quantity - one.order.filled
            for one in mine.values()
            if one.side == -shown.side
        )
        before = self._before(order.symbol, shown.tick - 1)
        if before is not None:
            self.pulled.setdefault(key, []).append(
                Pulled(order, shown.side, tick, opposite, before)
            )

    def _note_left(self, added: Added, ties: Ties) -> None:
        """Note of the tick's pulls what is shown yet, by the same one or who is linked to it."""
        for key, pulls in self.pulled.items():
            account, symbol = key
            if pulls[-1].tick != added.tick:
                continue
            near = [account, *ties.among(account, self.shown.get(symbol, ()))]
            for side in (1, -1):
                left = sum(
                    self._volume_shown(one, symbol, side, added.quotes[symbol]) for one in near
                )
                for pull in pulls:
                    if pull.tick == added.tick and pull.side == side:
                        pull.left = left

    def _before(self, symbol: str, tick: Tick) -> PriceSeen | None:
        """Return a company at the end of a tick, or of the first known after it."""
        return next((seen for seen in self.before.get(symbol, ()) if seen.tick >= tick), None)

    def _volume_shown(self, account: int, symbol: str, side: int, quote: QuoteSeen) -> Shares:
        """Return what an account shows on a side not far from the price."""
        return sum(
            one.order.quantity - one.order.filled
            for one in self.by(account, symbol).values()
            if one.side == side
            and one.order.limit is not None
            and abs(one.order.limit - quote.price) <= NEAR * quote.outer
        )

    # Keeping

    def split(self, symbol: str, into: int, of: int) -> None:
        for shown in self.shown.get(symbol, {}).values():
            for one in shown.values():
                one.order = split_order(one.order, symbol, into, of)
        for (_, name), pulls in self.pulled.items():
            if name == symbol:
                for pull in pulls:
                    pull.order = split_order(pull.order, symbol, into, of)
                    pull.opposite = pull.opposite * into // of
                    pull.left = pull.left * into // of
                    pull.before = split_price(pull.before, symbol, into, of)
        self.before[symbol] = [
            split_price(seen, symbol, into, of) for seen in self.before.get(symbol, ())
        ]

    def size(self) -> int:
        return sum(len(of_company) for of_company in self.shown.values()) + len(self.pulled)

    def dump(self) -> Plain:
        return {
            "shown": [
                [
                    symbol,
                    [
                        [account, [[list(one.order), one.side, one.tick] for one in shown.values()]]
                        for account, shown in of_company.items()
                    ],
                ]
                for symbol, of_company in self.shown.items()
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
            "before": [[symbol, [list(s) for s in seen]] for symbol, seen in self.before.items()],
        }

    def load(self, state: Plain) -> None:
        self.shown, self.pulled = {}, {}
        for symbol, of_company in state["shown"]:
            self.shown[symbol] = {}
            for account, shown in of_company:
                self.shown[symbol][account] = {
                    order[0]: Shown(OrderSeen(*order), side, tick) for order, side, tick in shown
                }
        for account, symbol, pulls in state["pulled"]:
            self.pulled[account, symbol] = kept = []
            for order, side, tick, opposite, before, left in pulls:
                pull = Pulled(OrderSeen(*order), side, tick, opposite, PriceSeen(*before))
                pull.left = left
                kept.append(pull)
        self.before = {s: [PriceSeen(*one) for one in seen] for s, seen in state["before"]}


def _is_visible(order: Order, limit: Cents, quote: QuoteSeen) -> bool:
    if order.quantity - order.filled < LEAST_SHOWN * quote.depth or not quote.is_trading:
        return False
    return abs(limit - quote.price) <= REACH * quote.outer


def _is_away(order: OrderSeen, was: OrderSeen, side: int) -> bool:
    """Say whether a replacement takes an order away: from the touch, or most of its size."""
    if order.quantity - order.filled < (was.quantity - was.filled) // 2:
        return True
    if order.limit is None or was.limit is None:
        return False
    return (was.limit - order.limit) * side > 0
