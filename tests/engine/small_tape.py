"""A tape written by hand, and the detectors that see it: who trades what with whom, tick by tick.

Each agent is known by its name; `house` stands for all who are not looked at. There is one company,
at 100.00, with 99.90 bid and 100.10 asked, in which 100 shares are usual in a tick.
"""

from __future__ import annotations

import json
from itertools import pairwise

from market.engine.accounts import FIRST_AGENT_ACCOUNT, MARKET_MAKER, AccountKind
from market.engine.book_orders import Ticket
from market.engine.orders import Account, Company, Order
from market.engine.outcome import Trade
from market.engine.reasons import Reason
from market.engine.values import (
    INTENTS,
    SELF_TRADES,
    Cents,
    OrderKind,
    OrderStatus,
    Shares,
    Side,
    Tick,
)
from sec.engine.cases import Case, Source
from sec.engine.detectors.detectors import Detectors
from sec.engine.detectors.tape import Added, Flows, QuoteSeen, TickOrders
from sec.engine.findings import Finding
from sec.engine.records import EventSeen, RumorSeen
from sec.engine.rules import THRESHOLDS
from sec.engine.suspicion import Suspicion
from tests.cast import listing
from wallstreetsim.machine.rules import RULES

SYMBOL = "APEX"
HOUSE = "house"
WINDOW: Tick = 630


class SmallTape:
    """Adds to a tick what is said, and shows it to the detectors when the tick is over."""

    def __init__(self, *links: tuple[str, str], chief: str = "") -> None:
        self.ids = {HOUSE: MARKET_MAKER}
        self.links = {frozenset(map(self.id, link)) for link in links}
        self.chiefs = {SYMBOL: self.id(chief)} if chief else {}
        self.holdings: dict[int, Shares] = {}
        self.detectors = self._detectors()
        for one, other in links:
            self.detectors.ties.note(self.id(one), self.id(other), 1)
        self.now: Tick = 1
        self.price: Cents = 10_000
        self.is_trading = True
        self.suspicions: list[Suspicion] = []
        self.company = Company(listing(SYMBOL, "100.00"), RULES.market)
        self.orders: dict[str, Order] = {}
        self.made = 0
        self.before = self._quotes()
        self._clear()

    def _detectors(self) -> Detectors:
        linked = lambda one, other: frozenset((one, other)) in self.links  # noqa: E731
        return Detectors(linked, self.chiefs, self.held, WINDOW)

    def held(self, account: int, symbol: str) -> Shares:
        return self.holdings.get(account, 0)

    def _clear(self) -> None:
        self.touched: dict[str, Order] = {}
        self.trades: list[Trade] = []
        self.rumors: list[RumorSeen] = []
        self.events: list[EventSeen] = []
        self.resumed: list[str] = []

    def id(self, name: str) -> int:
        return self.ids.setdefault(name, FIRST_AGENT_ACCOUNT + len(self.ids))

    # What happens in a tick

    def order(
        self, name: str, side: str, quantity: Shares, price: Cents | None, **terms: object
    ) -> str:
        """Let an order be placed, and return its id."""
        self.made += 1
        given = terms.get("stop")
        stop = price if given is True else given
        assert stop is None or isinstance(stop, int)
        ticket = Ticket(
            SYMBOL,
            INTENTS[side],
            quantity,
            OrderKind.MARKET if price is None else OrderKind.LIMIT,
            price,
            stop,
            self_trade=SELF_TRADES[str(terms.get("self_trade", "cancel_newest"))],
        )
        order = Order(
            self.made,
            f"order-{self.made:05}",
            Account(self.id(name), name, AccountKind.AGENT),
            self.company,
            Side.BUY if side in ("BUY", "COVER") else Side.SELL,
            ticket,
            self.now,
        )
        order.status = OrderStatus.OPEN
        if terms.get("liquidation"):
            order.reason_code = Reason.LIQUIDATION
        self.orders[order.id] = self.touched[order.id] = order
        return order.id

    def pull(self, *orders: str) -> None:
        """Let orders be cancelled by their owners."""
        for id in orders:
            order = self.orders[id]
            if order.tick_closed is None:
                order.status, order.reason_code = OrderStatus.CANCELLED, Reason.BY_OWNER
                order.tick_closed = self.now
                self.touched[id] = order

    def move(self, order: str, price: Cents) -> None:
        """Let an order be given another limit."""
        self.orders[order].limit = price
        self.touched[order] = self.orders[order]

    def fill(
        self, buy: str, sell: str, quantity: Shares, price: Cents, aggressor: str | None = "BUY"
    ) -> None:
        """Let two orders trade."""
        for id in (buy, sell):
            order = self.touched[id] = self.orders[id]
            order.filled += quantity
            if not order.unfilled:
                order.status, order.tick_closed = OrderStatus.FILLED, self.now
        self.made += 1
        buyer, seller = self.orders[buy].account.id, self.orders[sell].account.id
        self.holdings[buyer] = self.holdings.get(buyer, 0) + quantity
        self.holdings[seller] = self.holdings.get(seller, 0) - quantity
        self.trades.append(
            Trade(
                self.made,
                f"trade-{self.made:05}",
                self.now,
                SYMBOL,
                price,
                quantity,
                buyer,
                seller,
                buy,
                sell,
                aggressor,
                0,
            )
        )

    def trade(
        self,
        buyer: str,
        seller: str,
        quantity: Shares,
        price: Cents = 0,
        *,
        aggressor: str | None = "BUY",
        **terms: object,
    ) -> None:
        """Let two trade by orders of this tick, of that size, at the price where none is said."""
        price = price or self.price
        buy = self.order(buyer, "BUY", quantity, price, **terms)
        sell = self.order(seller, "SELL", quantity, price, **terms)
        self.fill(buy, sell, quantity, price, aggressor)

    def buys(self, name: str, quantity: Shares) -> None:
        self.trade(name, HOUSE, quantity, self.price + 10)

    def sells(self, name: str, quantity: Shares) -> None:
        self.trade(HOUSE, name, quantity, self.price - 10, aggressor="SELL")

    def rumor(self, name: str, sign: int, held: Shares = 0) -> None:
        self.made += 1
        self.rumors.append(
            RumorSeen(f"rumor-{self.made}", self.now, self.id(name), SYMBOL, sign, held, self.price)
        )

    def news(self, impact: float, *, is_wide: bool = False) -> None:
        self.made += 1
        id = f"{self.made}:{SYMBOL}"
        self.events.append(EventSeen(id, self.now, SYMBOL, "NEWS", impact, is_wide))
        self.price = round(self.price * (1.0 + impact))

    def tick(self, ticks: Tick = 1) -> list[Suspicion]:
        """End the tick, and let so many less one pass; return what the detectors suspect."""
        found: list[Suspicion] = []
        for _ in range(ticks):
            found += self._end_tick()
        self.suspicions += found
        return found

    def _end_tick(self) -> list[Suspicion]:
        quotes = self._quotes()
        added = Added(
            self.now,
            TickOrders(self.touched.values()),
            self.trades,
            self.rumors,
            self.events,
            Flows(self.trades),
            quotes,
            self.before,
            self.resumed,
        )
        found = self.detectors.see(added)
        self.before = quotes
        self.now += 1
        self._clear()
        return found

    def _quotes(self) -> dict[str, QuoteSeen]:
        price = self.price
        quote = QuoteSeen(
            SYMBOL,
            price,
            price - 10,
            price + 10,
            100.0,
            100,
            0.001,
            50.0,
            700.0,
            80,
            self.is_trading,
        )
        return {SYMBOL: quote}

    # What comes of it

    def reload(self) -> None:
        """Go on with detectors that have been kept and loaded."""
        kept = json.loads(json.dumps(self.detectors.dump()))
        before = self.detectors.digest_part()
        self.detectors = self._detectors()
        self.detectors.load(kept)
        assert self.detectors.digest_part() == before
        assert json.dumps(self.detectors.dump()) == json.dumps(kept)

    def confidence(self, crime: str) -> float:
        """Return the highest confidence of a crime so far."""
        return max((s.confidence for s in self.suspicions if s.crime == crime), default=0.0)

    def opens(self, crime: str) -> bool:
        return self.confidence(crime) >= THRESHOLDS.open

    @property
    def crimes(self) -> set[str]:
        """Return the crimes of which there is enough suspicion to open a case."""
        return {s.crime for s in self.suspicions if s.confidence >= THRESHOLDS.open}

    def accused(self, crime: str) -> set[str]:
        names = {id: name for name, id in self.ids.items()}
        return {
            names[account]
            for s in self.suspicions
            if s.crime == crime and s.confidence >= THRESHOLDS.open
            for account in s.accounts
        }

    def finding(self, crime: str, name: str) -> Finding:
        """Return what all suspicions of a crime together prove against an agent."""
        found = [s for s in self.suspicions if s.crime == crime]
        first = found[0]
        case = Case(
            "case",
            crime,
            SYMBOL,
            Source.DETECTOR,
            first.first_tick,
            first.first_tick,
            first.last_tick,
            0.0,
        )
        for suspicion in found:
            case.add(suspicion, suspicion.last_tick)
        return case.verify(case.accused[self.id(name)])


def pairs_of(*names: str) -> list[tuple[str, str]]:
    """Return links between each one and the next."""
    return list(pairwise(names))
