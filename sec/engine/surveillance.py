"""Surveillance: what every tick added is laid before the detectors."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from agents.engine.registry import AgentRegistry
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.engine import Plain
from market.engine.market import MarketEngine
from market.engine.orders import Company, Order
from market.engine.outcome import MarketEvent, Trade
from market.engine.values import BUY, Cents, Tick, new_tuple
from sec.engine.detectors.detector import Detector
from sec.engine.detectors.tape import Acquaintance, Added, Flow, FlowKey, QuoteSeen
from sec.engine.detectors.turnover import Turnover
from sec.engine.detectors.wash_trading import WashTrading
from sec.engine.records import EventSeen, OrderSeen, RumorSeen, order_seen
from sec.engine.rules import WASH_TRADING
from sec.engine.suspicion import Conduct, Suspicion

_SIZES = struct.Struct("<q")


class Surveillance:
    """The detectors, and the companies as the last tick left them."""

    def __init__(self, market: MarketEngine, registry: AgentRegistry, window_ticks: Tick) -> None:
        self.market = market
        self.detectors: dict[str, Detector] = {WASH_TRADING: WashTrading(window_ticks)}
        self.turnover = Turnover(window_ticks)
        self.quotes: dict[str, QuoteSeen] = {}
        self.known = Acquaintance(registry.linked, registry.has_access)

    # The tick

    def suspicions(self, tick: Tick, rumors: list[RumorSeen]) -> list[Suspicion]:
        """Return what the tick makes suspect, by detector."""
        added = self._added(tick, rumors)
        self.quotes = dict(added.quotes)
        self.turnover.see(tick, added.flows)
        return [
            suspicion
            for detector in self.detectors.values()
            for suspicion in detector.see(added, self.known, self.turnover)
        ]

    def look(self, crime: str, conduct: Conduct) -> Suspicion | None:
        """Return the strongest suspicion of a crime that its detector has of a conduct."""
        detector = self.detectors.get(crime)
        return detector.look(conduct) if detector else None

    def split(self, symbol: str, into: int, of: int) -> None:
        """Restate what is remembered of a company in its new shares."""
        self.turnover.split(symbol, into, of)
        for detector in self.detectors.values():
            detector.split(symbol, into, of)
        if symbol in self.quotes:
            quote = self.quotes[symbol]
            self.quotes[symbol] = quote._replace(
                price=quote.price * of // into,
                bid=quote.bid * of // into,
                ask=quote.ask * of // into,
                usual_volume=quote.usual_volume * into / of,
                volume=quote.volume * into // of,
                depth=quote.depth * into / of,
                whole_depth=quote.whole_depth * into / of,
                outer=quote.outer * of // into,
            )

    def _added(self, tick: Tick, rumors: list[RumorSeen]) -> Added:
        log = self.market.log
        quotes = {
            company.symbol: _quote_seen(company) for company in self.market.companies.values()
        }
        orders: dict[str, OrderSeen] = {
            order.id: order_seen(order)
            for order in log.orders.values()
            if order.account.id >= FIRST_AGENT_ACCOUNT
        }
        events = [seen for event in log.events for seen in self._events_seen(event)]
        return Added(
            tick,
            orders,
            log.trades,
            rumors,
            events,
            _flows(log.trades),
            quotes,
            self.quotes or quotes,
            log.auctioned,
        )

    def _events_seen(self, event: MarketEvent) -> Iterator[EventSeen]:
        """Yield an event, once for each company that it concerns."""
        for company in self.market.companies.values():
            impact = event.impact
            if event.symbol is not None:
                if event.symbol != company.symbol:
                    continue
            elif event.sector is not None:
                if event.sector != company.listing.sector:
                    continue
            else:
                impact *= company.listing.beta
            yield EventSeen(
                f"{event.number}:{company.symbol}", event.tick, company.symbol, event.kind, impact
            )

    # Keeping

    def digest_part(self) -> bytes:
        """Return how much each detector remembers."""
        return b"".join(_SIZES.pack(one.size()) for one in self.detectors.values())

    def dump(self) -> Plain:
        return {
            "turnover": self.turnover.dump(),
            "quotes": [list(quote) for quote in self.quotes.values()],
            "detectors": {crime: one.dump() for crime, one in self.detectors.items()},
        }

    def load(self, state: Plain) -> None:
        self.turnover.load(state["turnover"])
        self.quotes = {quote[0]: QuoteSeen(*quote) for quote in state["quotes"]}
        for crime, one in self.detectors.items():
            one.load(state["detectors"][crime])


def _quote_seen(company: Company) -> QuoteSeen:
    price, best, whole, outer = company.price, 0, 0, 0
    quotes: list[Order] = company.quotes
    for quote in quotes:
        if quote.side is BUY:
            if not whole:
                best = quote.quantity
            whole += quote.quantity
        outer = max(outer, abs(quote.price - price))
    usual = company.pricing.usual_volume
    return QuoteSeen(
        company.symbol,
        price,
        company.best_bid or price,
        company.best_ask or price,
        usual,
        company.tick_volume,
        company.pricing.sigma,
        float(best or usual),
        float(whole or usual),
        outer or max(1, price // 100),
        company.is_trading,
    )


def _flows(trades: list[Trade]) -> dict[FlowKey, Flow]:
    """Return what agents bought and sold, by account and company; not of themselves."""
    sums: dict[FlowKey, list[int]] = {}
    for trade in trades:
        buyer, seller, quantity = trade.buyer, trade.seller, trade.quantity
        if buyer == seller:
            continue
        value: Cents = trade.price * quantity
        if buyer >= FIRST_AGENT_ACCOUNT:
            key = (buyer, trade.symbol)
            sum = sums.get(key)
            if sum is None:
                sums[key] = [quantity, 0, value, 0]
            else:
                sum[0] += quantity
                sum[2] += value
        if seller >= FIRST_AGENT_ACCOUNT:
            key = (seller, trade.symbol)
            sum = sums.get(key)
            if sum is None:
                sums[key] = [0, quantity, 0, value]
            else:
                sum[1] += quantity
                sum[3] += value
    return {key: new_tuple(Flow, tuple(sum)) for key, sum in sums.items()}
