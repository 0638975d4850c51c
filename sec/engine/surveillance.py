"""Surveillance: what every tick added is laid before the detectors."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from agents.engine.facts import AgentAdmitted, AllianceFormed
from agents.engine.registry import AgentRegistry
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.engine import Facts, Plain
from market.engine.market import MarketEngine
from market.engine.orders import Company, Order
from market.engine.outcome import MarketEvent, Trade
from market.engine.values import BUY, Cents, Tick, new_tuple
from sec.engine.detectors.coordination import Coordination
from sec.engine.detectors.detector import Detector, Known
from sec.engine.detectors.insider_trading import InsiderTrading
from sec.engine.detectors.positions import Positions
from sec.engine.detectors.pump_and_dump import PumpAndDump
from sec.engine.detectors.spoofing import Spoofing
from sec.engine.detectors.tape import Added, Flow, FlowKey, QuoteSeen
from sec.engine.detectors.ties import Ties
from sec.engine.detectors.turnover import Turnover
from sec.engine.detectors.wash_trading import WashTrading
from sec.engine.records import EventSeen, OrderSeen, RumorSeen, order_seen
from sec.engine.rules import (
    COORDINATION,
    INSIDER_TRADING,
    PUMP_AND_DUMP,
    SPOOFING,
    WASH_TRADING,
)
from sec.engine.suspicion import Conduct, Suspicion

LEAST_CONFIDENCE = 0.15  # of a suspicion that is worth keeping, for tips

_SIZES = struct.Struct("<q")


class Surveillance:
    """The detectors, and the companies as the last tick left them."""

    def __init__(
        self, market: MarketEngine, registry: AgentRegistry, facts: Facts, window_ticks: Tick
    ) -> None:
        self.market = market
        self.registry = registry
        self.facts = facts
        self.detectors: dict[str, Detector] = {
            WASH_TRADING: WashTrading(window_ticks),
            SPOOFING: Spoofing(window_ticks),
            PUMP_AND_DUMP: PumpAndDump(window_ticks),
            COORDINATION: Coordination(window_ticks),
            INSIDER_TRADING: InsiderTrading(window_ticks),
        }
        self.turnover = Turnover(window_ticks)
        self.positions = Positions(window_ticks)
        self.quotes: dict[str, QuoteSeen] = {}
        self.ties = Ties(registry.linked, window_ticks)

    def found(self) -> None:
        """Note how agents are linked that were there before surveillance was."""
        for member in self.registry.members.values():
            self.ties.admit(member.account, member.origin)
        for one, other in self.registry.mail.contacts:
            self.ties.note(one, other, 0)
        for account in self.registry.members:
            for alliance in self.registry.open_alliances(account):
                self.ties.note(alliance.proposer, alliance.partner, 0)

    # The tick

    def suspicions(self, tick: Tick, rumors: list[RumorSeen]) -> list[Suspicion]:
        """Return what the tick makes suspect, by detector."""
        self._note_ties(tick)
        added = self._added(tick, rumors)
        self.quotes = dict(added.quotes)
        self.turnover.see(tick, added.flows)
        self.positions.see(added, self.turnover)
        known = self._known()
        return [
            suspicion
            for detector in self.detectors.values()
            for suspicion in detector.see(added, known)
            if suspicion.confidence >= LEAST_CONFIDENCE
        ]

    def look(self, crime: str, conduct: Conduct) -> Suspicion | None:
        """Return the strongest suspicion of a crime that its detector has of a conduct."""
        detector = self.detectors.get(crime)
        return detector.look(conduct, self._known()) if detector else None

    def forget(self, crime: str, account: int, symbol: str | None) -> None:
        """Forget a conduct that a case has brought to a charge or an end."""
        detector = self.detectors.get(crime)
        if detector is not None:
            detector.forget(account, symbol)

    def _known(self) -> Known:
        return Known(self.ties, self.registry.ceos, self.turnover, self.positions)

    def split(self, symbol: str, into: int, of: int) -> None:
        """Restate what is remembered of a company in its new shares."""
        self.turnover.split(symbol, into, of)
        self.positions.split(symbol, into, of)
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

    def _note_ties(self, tick: Tick) -> None:
        for admitted in self.facts.of(AgentAdmitted):
            self.ties.admit(admitted.account, self.registry.members[admitted.account].origin)
        for message in self.registry.mail.sent:
            self.ties.note(message.sender, message.recipient, tick)
        for alliance in self.facts.of(AllianceFormed):
            self.ties.note(alliance.proposer, alliance.partner, tick)
        self.ties.refresh(tick)

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
                f"{event.number}:{company.symbol}",
                event.tick,
                company.symbol,
                event.kind,
                impact,
                event.symbol is None,
            )

    # Keeping

    def digest_part(self) -> bytes:
        """Return how much each detector remembers."""
        return b"".join(_SIZES.pack(one.size()) for one in self.detectors.values())

    def dump(self) -> Plain:
        return {
            "ties": self.ties.dump(),
            "positions": self.positions.dump(),
            "turnover": self.turnover.dump(),
            "quotes": [list(quote) for quote in self.quotes.values()],
            "detectors": {crime: one.dump() for crime, one in self.detectors.items()},
        }

    def load(self, state: Plain) -> None:
        self.ties.load(state["ties"])
        self.positions.load(state["positions"])
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
