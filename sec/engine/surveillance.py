"""Surveillance: what every tick added is laid before the detectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agents.engine.facts import AgentAdmitted, AllianceFormed
from agents.engine.registry import AgentRegistry
from market.engine.engine import Facts, Plain
from market.engine.market import MarketEngine
from market.engine.orders import Company, Order
from market.engine.outcome import MarketEvent
from market.engine.values import BUY, Shares, Tick
from sec.engine.detectors.detectors import Detectors
from sec.engine.detectors.tape import Added, Flows, QuoteSeen, TickOrders
from sec.engine.records import EventSeen, RumorSeen
from sec.engine.suspicion import Conduct, Suspicion


class Surveillance:
    """The detectors, and the companies as the last tick left them."""

    def __init__(
        self, market: MarketEngine, registry: AgentRegistry, facts: Facts, window_ticks: Tick
    ) -> None:
        self.market = market
        self.registry = registry
        self.facts = facts
        self.detectors = Detectors(registry.linked, registry.ceos, self.held, window_ticks)
        self.quotes: dict[str, QuoteSeen] = {}
        self.events: Sequence[EventSeen] = ()  # of the tick

    def found(self) -> None:
        """Note how agents are linked that were there before surveillance was."""
        ties = self.detectors.ties
        for member in self.registry.members.values():
            ties.admit(member.account, member.origin)
        for one, other in self.registry.mail.contacts:
            ties.note(one, other, 0)
        for account in self.registry.members:
            for alliance in self.registry.open_alliances(account):
                ties.note(alliance.proposer, alliance.partner, 0)

    # The tick

    def suspicions(self, tick: Tick, rumors: list[RumorSeen]) -> list[Suspicion]:
        """Return what the tick makes suspect."""
        self._note_ties(tick)
        added = self._added(tick, rumors)
        self.quotes, self.events = dict(added.quotes), added.events
        return self.detectors.see(added)

    def held(self, account: int, symbol: str) -> Shares:
        """Return what an account holds of a company, negative where it is short."""
        return self.market.accounts[account].quantity_of(symbol)

    def look(self, crime: str, conduct: Conduct) -> Suspicion | None:
        """Return the strongest suspicion of a crime that its detector has of a conduct."""
        return self.detectors.look(crime, conduct)

    def forget(
        self, crime: str, account: int, symbol: str | None, *, keeps_habit: bool = False
    ) -> None:
        """Forget a conduct that a case has brought to a charge or an end."""
        self.detectors.forget(crime, account, symbol, keeps_habit=keeps_habit)

    def split(self, symbol: str, into: int, of: int) -> None:
        """Restate what is remembered of a company in its new shares."""
        self.detectors.split(symbol, into, of)
        quote = self.quotes.get(symbol)
        if quote is not None:
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
        ties = self.detectors.ties
        for admitted in self.facts.of(AgentAdmitted):
            ties.admit(admitted.account, self.registry.members[admitted.account].origin)
        for message in self.registry.mail.sent:
            ties.note(message.sender, message.recipient, tick)
        for alliance in self.facts.of(AllianceFormed):
            ties.note(alliance.proposer, alliance.partner, tick)

    def _added(self, tick: Tick, rumors: list[RumorSeen]) -> Added:
        log = self.market.log
        quotes = {
            company.symbol: _quote_seen(company) for company in self.market.companies.values()
        }
        events = [seen for event in log.events for seen in self._events_seen(event)]
        return Added(
            tick,
            TickOrders(log.orders.values()),
            log.trades,
            rumors,
            events,
            Flows(log.trades),
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
        """Return how much the detectors remember."""
        return self.detectors.digest_part()

    def dump(self) -> Plain:
        return {
            "quotes": [list(quote) for quote in self.quotes.values()],
            "detectors": self.detectors.dump(),
        }

    def load(self, state: Plain) -> None:
        self.quotes = {quote[0]: QuoteSeen(*quote) for quote in state["quotes"]}
        self.detectors.load(state["detectors"])


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
