"""A briefing: what an agent is told of a tick, as the payload of its webhook.

State and entries of the tape in, payload out. Values that many briefings share are taken as they
are, so that whoever sends them may encode them once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

Wire: TypeAlias = dict[str, Any]
Event: TypeAlias = dict[str, Any]  # {type, channel, data}, as on the tape

MOST_LISTED = 50
MOST_MESSAGES = 20
WATCHED = 20  # companies in the watchlist of who has neither subscribed to any nor holds any
MOVERS = 5
RECENT_TRADES = 20
MOST_ORDER_BOOKS = 5
ORDER_BOOK_LEVELS = 10

# Alerts that reach their agent however long its endpoint is away, and however many there are.
MUST_ARRIVE = frozenset({"margin_call", "liquidation", "bankrupt", "imprisoned"})


# What all briefings of a tick share


@dataclass(frozen=True, slots=True)
class MarketBriefing:
    """What a tick's briefings say of the market and the world.

    `lines` are the watchlist's, by symbol; `symbols` in the order of market capitalisation.
    """

    tick: int
    timestamp: str
    world: Any
    indices: Any
    gainers: Any
    losers: Any
    recent_trades: Any
    lines: Mapping[str, Any]
    symbols: Sequence[str]


class CompanyName(NamedTuple):
    """What the tape does not repeat every tick."""

    name: str
    sector: str
    shares: int


def events_of(entry: Iterable[Event], type: str) -> list[Any]:
    """Return what an entry of the tape says in events of a type; a single object is a list of
    one.
    """
    found: list[Any] = []
    for event in entry:
        if event["type"] == type:
            data = event["data"]
            found += data if isinstance(data, list) else [data]
    return found


def market_briefing(
    entry: Sequence[Event],
    *,
    timestamp: str,
    names: Mapping[str, CompanyName],
    trades: Sequence[Wire],
) -> MarketBriefing:
    """Return the shared part from a tick's public entry; `trades` are the last ones, newest
    first.
    """
    [update] = events_of(entry, "tick:update")
    [board] = events_of(entry, "price:update")
    prices = [price for price in board["prices"] if price["symbol"] in names]
    by_change = sorted(prices, key=lambda price: (-price["dayChangePercent"], price["symbol"]))
    by_size = sorted(prices, key=lambda p: (-p["price"] * names[p["symbol"]].shares, p["symbol"]))
    return MarketBriefing(
        tick=update["tick"],
        timestamp=timestamp,
        world=world_part(update),
        indices=update["indices"],
        gainers=[_mover(p) for p in by_change[:MOVERS] if p["dayChangePercent"] > 0],
        losers=[_mover(p) for p in by_change[: -MOVERS - 1 : -1] if p["dayChangePercent"] < 0],
        recent_trades=[_trade(trade) for trade in trades[:RECENT_TRADES]],
        lines={p["symbol"]: _watched(p, names[p["symbol"]]) for p in prices},
        symbols=[p["symbol"] for p in by_size],
    )


def world_part(update: Wire) -> Wire:
    """Return the state of the world from a `tick:update`."""
    shown = (
        "marketOpen",
        "regime",
        "interestRate",
        "inflationRate",
        "ticksUntilClose",
        "ticksUntilOpen",
        "tradingDay",
    )
    return {name: update[name] for name in shown}


def _watched(price: Wire, company: CompanyName) -> Wire:
    """A line of the watchlist; changes are against the previous close."""
    return {
        "symbol": price["symbol"],
        "name": company.name,
        "sector": company.sector,
        "price": price["price"],
        "change": price["dayChange"],
        "changePercent": price["dayChangePercent"],
        "volume": price["volume"],
        "high": price["high"],
        "low": price["low"],
        "bid": price["bid"],
        "ask": price["ask"],
        "halted": price["halted"],
    }


def _mover(price: Wire) -> Wire:
    return {
        "symbol": price["symbol"],
        "price": price["price"],
        "changePercent": price["dayChangePercent"],
    }


def _trade(trade: Wire) -> Wire:
    return {name: trade[name] for name in ("id", "symbol", "price", "quantity", "tick")}


# What is one agent's own


class LeaderboardPlace(NamedTuple):
    """An agent's place on the leaderboard, in dollars to its neighbours; the rank is None for who
    has none.
    """

    rank: int | None
    total: int
    ahead_by: float | None  # that the agent before it is ahead
    behind_by: float | None  # that the agent after it is behind


class SeqRange(NamedTuple):
    """The entries that a briefing tells of: those after the first seq of a stream, up to the
    last.
    """

    epoch: int
    public_since: int
    public: int
    agent_since: int
    agent: int


class SentAction(NamedTuple):
    """An action of the last reply, and what was said of it when it arrived; `id` is None for one
    that was not taken.
    """

    id: str | None
    result: Wire


@dataclass(frozen=True, slots=True)
class BriefedAgent:
    """An agent that is to be briefed, as it stands, and what happened to it since the last time."""

    agent_id: str
    portfolio: Any
    pending: Sequence[Wire]
    events: Sequence[Event]  # of its own stream, oldest first
    news: Sequence[Any]  # oldest first
    place: LeaderboardPlace
    range: SeqRange
    deadline: str
    has_gap: bool = False
    saved_alerts: Sequence[Wire] = ()  # that the tape keeps no longer, oldest first
    symbols: Sequence[str] = ()  # that it has subscribed to
    wants_news: bool = True
    order_books: Mapping[str, Any] = field(default_factory=dict)
    sent_actions: Sequence[SentAction] = ()
    last_latency_ms: int | None = None
    notice: Wire | None = None  # what operators have to say to all


class _Cuts:
    """Lists cut to their length, and how much of each was left out."""

    def __init__(self) -> None:
        self.omitted: dict[str, int] = {}

    def newest(self, name: str, items: Sequence[Any], most: int = MOST_LISTED) -> list[Any]:
        """Return the newest items of a list that begins with the oldest."""
        if len(items) > most:
            self.omitted[name] = len(items) - most
        return list(items[-most:])


def briefing(market: MarketBriefing, reader: BriefedAgent) -> Wire:
    """Return the payload for one agent."""
    cuts = _Cuts()
    told = reader.events
    payload: Wire = {
        "type": "tick",
        "tick": market.tick,
        "timestamp": market.timestamp,
        "agentId": reader.agent_id,
        "portfolio": reader.portfolio,
        "orders": _orders(reader, cuts),
        "market": _market(market, reader),
        "world": market.world,
        "news": cuts.newest("news", reader.news) if reader.wants_news else [],
        "messages": cuts.newest("messages", _messages(told), MOST_MESSAGES),
        "alerts": _alerts(reader, cuts),
        "investigations": cuts.newest("investigations", events_of(told, "sec:update")),
        "leaderboard": _leaderboard(reader.place),
        "actionResults": action_results(reader.sent_actions, told),
        "seq": _seq(reader.range),
        "gap": reader.has_gap,
        "omitted": cuts.omitted,
        "notice": reader.notice,
        "lastLatencyMs": reader.last_latency_ms,
        "deadline": reader.deadline,
    }
    return payload


def ping(*, agent_id: str, tick: int, timestamp: str, deadline: str) -> Wire:
    """Return the payload that asks an endpoint whether it is there."""
    return {
        "type": "ping",
        "tick": tick,
        "timestamp": timestamp,
        "agentId": agent_id,
        "deadline": deadline,
    }


def watchlist(market: MarketBriefing, reader: BriefedAgent) -> list[str]:
    """Return the symbols that an agent watches: those it subscribed to, then those it holds, then
    the largest companies.
    """
    held = [position["symbol"] for position in reader.portfolio["positions"]]
    wanted = [s for s in dict.fromkeys([*reader.symbols, *held]) if s in market.lines]
    wanted = wanted[:MOST_LISTED]
    fill = [symbol for symbol in market.symbols if symbol not in wanted]
    return wanted + fill[: max(0, WATCHED - len(wanted))]


def action_results(sent: Sequence[SentAction], told: Sequence[Event]) -> list[Wire]:
    """Return what became of the actions of the last reply, in order: the tick's verdict where
    there is one, which is final, else what was said on arrival.
    """
    results = events_of(told, "action:result")
    verdicts = {verdict["actionId"]: {**verdict, "final": True} for verdict in results}
    return [verdicts.get(action.id or "", action.result) for action in sent]


def unjudged(sent: Sequence[SentAction], told: Sequence[Event]) -> list[SentAction]:
    """Return the actions of the last reply that no tick has judged yet."""
    verdicts = {verdict["actionId"] for verdict in events_of(told, "action:result")}
    return [action for action in sent if action.id is not None and action.id not in verdicts]


def must_arrive(told: Iterable[Event]) -> list[Wire]:
    """Return the alerts among an agent's events that may not be lost."""
    return [alert for alert in events_of(told, "agent:alert") if alert["type"] in MUST_ARRIVE]


def _orders(reader: BriefedAgent, cuts: _Cuts) -> Wire:
    told = reader.events
    return {
        "filled": cuts.newest("orders.filled", events_of(told, "order:filled")),
        "partial": cuts.newest("orders.partial", events_of(told, "order:partial")),
        "pending": cuts.newest("orders.pending", reader.pending),
        "cancelled": cuts.newest("orders.cancelled", events_of(told, "order:cancelled")),
        "rejected": cuts.newest("orders.rejected", events_of(told, "order:rejected")),
    }


def _market(market: MarketBriefing, reader: BriefedAgent) -> Wire:
    shown: Wire = {
        "indices": market.indices,
        "watchlist": [market.lines[symbol] for symbol in watchlist(market, reader)],
        "topGainers": market.gainers,
        "topLosers": market.losers,
        "recentTrades": market.recent_trades,
    }
    if reader.order_books:
        shown["orderBooks"] = dict(reader.order_books)
    return shown


def _messages(told: Sequence[Event]) -> list[Wire]:
    """Messages, with what their senders wrote marked as such."""
    return [_untrusted(message) for message in events_of(told, "agent:message")]


def _untrusted(message: Wire) -> Wire:
    content = message.get("content")
    if not isinstance(content, str):
        return message
    author = message.get("fromAgentName")
    return {**message, "content": {"untrusted": True, "author": author, "text": content}}


def _alerts(reader: BriefedAgent, cuts: _Cuts) -> list[Wire]:
    """All alerts that may not be lost, and the newest of the others, in order."""
    alerts = [*reader.saved_alerts, *events_of(reader.events, "agent:alert")]
    others = [place for place, alert in enumerate(alerts) if alert["type"] not in MUST_ARRIVE]
    left_out = set(others[: max(0, len(others) - MOST_LISTED)])
    if left_out:
        cuts.omitted["alerts"] = len(left_out)
    return [alert for place, alert in enumerate(alerts) if place not in left_out]


def _leaderboard(place: LeaderboardPlace) -> Wire:
    return {
        "rank": place.rank,
        "totalAgents": place.total,
        "aheadBy": place.ahead_by,
        "behindBy": place.behind_by,
    }


def _seq(range: SeqRange) -> Wire:
    return {
        "epoch": range.epoch,
        "public": range.public,
        "agent": range.agent,
        "sincePublic": range.public_since,
        "sinceAgent": range.agent_since,
    }
