"""A tape written by hand, and the detectors that see it: who trades what with whom, tick by tick.

Each agent is known by its name; `house` stands for all who are not looked at. There is one company,
at 100.00, with 99.90 bid and 100.10 asked, in which 100 shares are usual in a tick.
"""

from __future__ import annotations

import json
from itertools import pairwise

from market.engine.accounts import FIRST_AGENT_ACCOUNT, MARKET_MAKER
from market.engine.outcome import Trade
from market.engine.values import Cents, Shares, Tick
from sec.engine.cases import Case, Source
from sec.engine.detectors.detectors import Detectors
from sec.engine.detectors.tape import Added, QuoteSeen, flows_of
from sec.engine.findings import Finding
from sec.engine.records import EventSeen, OrderSeen, RumorSeen
from sec.engine.rules import THRESHOLDS
from sec.engine.suspicion import Suspicion

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
        self.suspicions: list[Suspicion] = []
        self.orders: dict[str, OrderSeen] = {}
        self.made = 0
        self.before = self._quotes()
        self._clear()

    def _detectors(self) -> Detectors:
        linked = lambda one, other: frozenset((one, other)) in self.links  # noqa: E731
        return Detectors(linked, self.chiefs, self.held, WINDOW)

    def held(self, account: int, symbol: str) -> Shares:
        return self.holdings.get(account, 0)

    def _clear(self) -> None:
        self.touched: dict[str, OrderSeen] = {}
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
        seen = OrderSeen(
            f"order-{self.made:05}",
            self.now,
            self.id(name),
            SYMBOL,
            side,
            quantity,
            price,
            bool(terms.get("stop")),
            str(terms.get("self_trade", "cancel_newest")),
            bool(terms.get("liquidation")),
        )
        self.orders[seen.id] = self.touched[seen.id] = seen
        return seen.id

    def pull(self, *orders: str) -> None:
        """Let orders be cancelled by their owners."""
        for id in orders:
            seen = self.orders[id]
            if seen.closed_tick is None:
                self._change(seen._replace(closed_tick=self.now, is_pulled=True))

    def move(self, order: str, price: Cents) -> None:
        """Let an order be given another limit."""
        self._change(self.orders[order]._replace(limit=price))

    def _change(self, order: OrderSeen) -> None:
        self.orders[order.id] = self.touched[order.id] = order

    def fill(
        self, buy: str, sell: str, quantity: Shares, price: Cents, aggressor: str | None = "BUY"
    ) -> None:
        """Let two orders trade."""
        for id in (buy, sell):
            seen = self.orders[id]
            filled = seen.filled + quantity
            is_done = filled >= seen.quantity
            self._change(seen._replace(filled=filled, closed_tick=self.now if is_done else None))
        self.made += 1
        buyer, seller = self.orders[buy].account, self.orders[sell].account
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

    def news(self, impact: float) -> None:
        self.made += 1
        self.events.append(EventSeen(f"{self.made}:{SYMBOL}", self.now, SYMBOL, "NEWS", impact))
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
        agents = {id: o for id, o in self.touched.items() if o.account >= FIRST_AGENT_ACCOUNT}
        added = Added(
            self.now,
            agents,
            self.trades,
            self.rumors,
            self.events,
            flows_of(self.trades),
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
            SYMBOL, price, price - 10, price + 10, 100.0, 100, 0.001, 50.0, 700.0, 80, True
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
