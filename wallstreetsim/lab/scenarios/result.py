"""What a scenario came to: the machine's values as collected, and the JSON object made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from agents.engine.agent_state import AgentState
from agents.engine.facts import Manipulation
from agents.engine.rules import POINT
from market import wire
from market.engine.action import Verdict
from market.engine.exchange import Exchange
from market.engine.orders import Account
from market.engine.outcome import MarketOutcome, OrderState, Trade
from market.engine.values import Cents, OrderStatus, Shares, Tick
from news.engine.articles import Article
from news.research.events import Alert, Signal, SignalClosed
from sec.engine.outcome import AccusedState, CaseState, SuspicionNoted


class ActionResult(NamedTuple):
    """The tick's verdict on one action of the script."""

    tick: Tick
    agent: str
    action: str
    verdict: Verdict


@dataclass(slots=True)
class History:
    """One company, tick by tick. `quotes` are (bid, ask), None where that side was empty."""

    prices: list[Cents] = field(default_factory=list)
    quotes: list[tuple[Cents | None, Cents | None]] = field(default_factory=list)
    volumes: list[Shares] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Result:
    """The whole of a run. `orders` stand as they stood at its end, by number."""

    ticks: Tick
    digest: str
    market: Exchange
    members: Mapping[int, AgentState]
    results: Sequence[ActionResult]
    orders: Sequence[OrderState]
    trades: Sequence[Trade]
    events: Sequence[wire.Wire]
    articles: Sequence[Article]
    alerts: Sequence[Alert]  # of the research desk
    signals: Sequence[Signal]
    closed: Mapping[str, SignalClosed]  # what became of signals, by id
    manipulations: Sequence[Manipulation]  # of the house's crooks
    suspicions: Sequence[SuspicionNoted]  # that have opened or fed a case
    accused: Sequence[tuple[CaseState, AccusedState]]  # as they stood at its end
    histories: Mapping[str, History]

    @property
    def cash_sums_to_zero(self) -> bool:
        return sum(account.cash for account in self.market.accounts.values()) == 0

    @property
    def shares_are_conserved(self) -> bool:
        return all(
            sum(account.quantity_of(symbol) for account in self.market.accounts.values())
            == company.shares
            for symbol, company in self.market.companies.items()
        )

    def as_wire(self) -> wire.Wire:
        """Return the result as the one JSON object of design.md, money in dollars."""
        histories = self.histories.items()
        names = {id: account.name for id, account in self.market.accounts.items()}
        return {
            "ticks": self.ticks,
            "digest": self.digest,
            "agents": {
                account.name: _agent(account, self.members.get(id))
                for id, account in self.market.accounts.items()
            },
            "results": [_action_result(result) for result in self.results],
            "orders": [_order(order, names) for order in self.orders],
            "trades": [_trade(trade, names) for trade in self.trades],
            "prices": {s: [price / 100 for price in h.prices] for s, h in histories},
            "quotes": {
                s: [[wire.optional_dollars(side) for side in touch] for touch in h.quotes]
                for s, h in histories
            },
            "volumes": {s: h.volumes for s, h in histories},
            "violations": [_violation(noted, names) for noted in self.suspicions],
            "investigations": [_investigation(case, one, names) for case, one in self.accused],
            "news": [_article(article) for article in self.articles],
            "alerts": [alert.as_item() for alert in self.alerts],
            "signals": [_signal(signal, self.closed.get(signal.id)) for signal in self.signals],
            "events": list(self.events),
            "groundTruth": [_manipulation(scheme, names) for scheme in self.manipulations],
            "audit": {
                "cashSumsToZero": self.cash_sums_to_zero,
                "sharesConserved": self.shares_are_conserved,
            },
        }


def happenings(tick: Tick, market: MarketOutcome) -> list[wire.Wire]:
    """Return what a tick let happen to the market: events, halts and their ends, splits."""
    told = [
        *map(wire.market_event, market.events),
        *map(wire.halt, market.halts),
        *(wire.resumption(symbol, tick) for symbol in market.resumed),
        *map(wire.split, market.splits),
    ]
    return [{k: v for k, v in one.items() if k not in ("id", "headline")} for one in told]


def _agent(account: Account, member: AgentState | None) -> wire.Wire:
    """A system account has no standing with the law and no margin."""
    return {
        "cash": account.cash / 100,
        "holdings": {s: h.quantity for s, h in account.holdings.items() if h.quantity},
        "netWorth": account.equity / 100,
        "status": member.status.value if member else "system",
        "reputation": member.reputation / POINT if member else None,
        "marginUsed": account.margin_used / 100 if member else 0.0,
        "marginAvailable": account.margin_available / 100 if member else 0.0,
    }


def _article(article: Article) -> wire.Wire:
    return {
        "tick": article.tick,
        "category": article.category,
        "headline": article.headline,
        "sentiment": article.sentiment,
        "symbols": list(article.symbols),
    }


def _signal(signal: Signal, closed: SignalClosed | None) -> wire.Wire:
    """A signal, with what became of it; null while it is open."""
    end = None
    if closed is not None:
        known = ("tick", "outcome", "entry", "exit", "returnPercent", "chancePercent")
        item = closed.as_item()
        end = {name: item[name] for name in known}
    return {**signal.as_item(), "closed": end}


def _manipulation(scheme: Manipulation, names: Mapping[int, str]) -> wire.Wire:
    """One scheme of a house crook, as surveillance should have found it."""
    return {
        "crime": scheme.crime,
        "agents": [names[account] for account in scheme.accounts],
        "symbol": scheme.symbol,
        "firstTick": scheme.first_tick,
        "lastTick": scheme.last_tick,
    }


def _violation(noted: SuspicionNoted, names: Mapping[int, str]) -> wire.Wire:
    """One suspicion that has opened or fed a case; a repeat is another."""
    suspicion = noted.suspicion
    return {
        "tick": noted.tick,
        "type": suspicion.crime,
        "agents": [names[account] for account in suspicion.accounts],
        "symbol": suspicion.symbol,
        "confidence": suspicion.confidence,
        "evidence": {
            "orders": [order.id for order in suspicion.orders],
            "trades": [trade.id for trade in suspicion.trades],
        },
    }


def _investigation(case: CaseState, one: AccusedState, names: Mapping[int, str]) -> wire.Wire:
    """One accused of one case."""
    return {
        "id": case.id,
        "agent": names[one.account],
        "crimeType": case.crime,
        "symbol": case.symbol,
        "status": one.status,
        "tickOpened": one.opened_tick,
        "tickCharged": one.charged_tick,
        "tickDecided": one.decided_tick,
        "fine": one.fine_cents / 100,
        "sentenceTicks": one.sentence_ticks,
    }


def _action_result(result: ActionResult) -> wire.Wire:
    return {
        "tick": result.tick,
        "agent": result.agent,
        "action": result.action,
        "success": result.verdict.success,
        "code": str(result.verdict.code),
        "message": result.verdict.message,
        "data": dict(result.verdict.data),
    }


def _order(order: OrderState, names: Mapping[int, str]) -> wire.Wire:
    return {
        "id": order.id,
        "agent": names[order.account],
        "clientOrderId": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "intent": order.intent,
        "type": order.kind,
        "status": order.status,
        "reason": order.reason_code,
        "note": order.note,
        "quantity": order.quantity,
        "filledQuantity": order.filled,
        "avgFillPrice": wire.average(order.value, order.filled) if order.filled else None,
        "tickFilled": order.tick_closed if order.status == OrderStatus.FILLED else None,
    }


def _trade(trade: Trade, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": trade.id,
        "tick": trade.tick,
        "symbol": trade.symbol,
        "price": trade.price / 100,
        "quantity": trade.quantity,
        "buyer": names[trade.buyer],
        "seller": names[trade.seller],
        "aggressor": trade.aggressor,
        "fee": trade.fee / 100,
        "buyOrder": trade.buy_order,
        "sellOrder": trade.sell_order,
    }
