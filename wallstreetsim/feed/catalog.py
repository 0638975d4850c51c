"""The frames of the feed, as a table: what comes on which channel, and whether it is all or only
what changed. The manual, `/config` and `/asyncapi.json` show it, and the tape is held against it.
"""

from __future__ import annotations

from typing import NamedTuple

from wallstreetsim.feed import channels


class FrameKind(NamedTuple):
    """A type of data frame. `data` is one object, or a list of them; `fields` are an object's.

    A partial frame holds what changed alone, and says so: `partial: true`.
    """

    type: str
    channels: tuple[str, ...]
    is_list: bool
    is_partial: bool
    fields: tuple[str, ...]
    says: str


class Answer(NamedTuple):
    """A frame that answers a client's, or comes of itself; it stands on no stream."""

    type: str
    to: str  # the type of the client's frame
    fields: tuple[str, ...]
    says: str


MARKET, BOOK, OWN = channels.of_symbol("SYMBOL"), channels.of_book("SYMBOL"), "agent:<your id>"
ANALYST = channels.of_analyst("NAME")
RESEARCH = (channels.RESEARCH, channels.SIGNALS, channels.NARRATIVE, ANALYST)

PRICE_FIELDS = (
    *("symbol", "price", "previousPrice", "change", "changePercent", "dayChange"),
    *("dayChangePercent", "volume", "volume24h", "high", "low", "last", "bid", "ask", "halted"),
    *("haltReason", "reopensTick", "bandLow", "bandHigh", "bandsOrdered", "shortRestricted"),
    *("drivers", "tick"),
)
PORTFOLIO_FIELDS = (
    *("agentId", "tick", "cash", "marginUsed", "marginAvailable", "buyingPower"),
    *("totalPositionsValue", "netWorth", "dayPnL", "dayPnLPercent", "realizedPnL"),
    *("unrealizedPnL", "maintenanceMargin", "marginCall", "positions"),
)
_ORDER_FIELDS = ("orderId", "clientOrderId", "symbol", "side", "intent")
_ENDED_FIELDS = (
    *_ORDER_FIELDS,
    *("status", "quantity", "filledQuantity", "avgPrice", "reasonCode", "note", "tick"),
)

FRAMES: tuple[FrameKind, ...] = (
    FrameKind(
        "price:update",
        (channels.MARKET_ALL,),
        is_list=False,
        is_partial=True,
        fields=("tick", "prices"),
        says="`prices`: the companies of which something changed, each as on `market:SYMBOL`. One"
        " that is left out has not changed: its `change` is 0. None comes while nothing does.",
    ),
    FrameKind(
        "price:update",
        (MARKET,),
        is_list=False,
        is_partial=False,
        fields=PRICE_FIELDS,
        says="The company's price, quote, day and state, when one of them changed. `change` is"
        " against the last tick, `dayChange` against the previous close (over REST and in briefings"
        " that is `change`).",
    ),
    FrameKind(
        "trade:executed",
        (channels.TRADES, MARKET),
        is_list=True,
        is_partial=False,
        fields=("id", "symbol", "price", "quantity", "side", "tick", "timestamp"),
        says="The tick's trades, on `trades` the 500 largest; `totals` beside `data` counts all.",
    ),
    FrameKind(
        "book:update",
        (BOOK,),
        is_list=False,
        is_partial=True,
        fields=("symbol", "bids", "asks"),
        says="The levels that changed, `[price, quantity, orders]`: quantities are absolute, and 0"
        " removes a level.",
    ),
    FrameKind(
        "leaderboard:update",
        ("leaderboard",),
        is_list=False,
        is_partial=False,
        fields=("tick", "entries"),
        says="The first of the leaderboard.",
    ),
    FrameKind(
        "market:event",
        ("events",),
        is_list=True,
        is_partial=False,
        fields=("id", "type", "symbol", "sector", "headline", "impact", "duration", "tick"),
        says="What happened to companies or the market; some types have fields of their own.",
    ),
    FrameKind(
        "news:breaking",
        ("news",),
        is_list=True,
        is_partial=False,
        fields=(
            *("id", "tick", "category", "section", "topic", "headline", "content", "sentiment"),
            *("symbols", "agents", "isBreaking", "event", "rumor", "pinned", "retracted"),
            "reason",
        ),
        says="The tick's articles; what a `rumor` says is another agent's word.",
    ),
    FrameKind(
        "news:marked",
        ("news",),
        is_list=True,
        is_partial=False,
        fields=("id", "pinned", "retracted", "reason", "tick"),
        says="Articles that an operator pinned or retracted, or took that back.",
    ),
    FrameKind(
        "sec:update",
        ("sec",),
        is_list=True,
        is_partial=False,
        fields=(
            *("tick", "investigationId", "agentId", "agentName", "crimeType", "symbol"),
            *("status", "fine", "sentenceTicks", "suspensionTicks", "releaseTick"),
        ),
        says="Charges, and how cases ended for each of the accused.",
    ),
    FrameKind(
        "tick:update",
        (channels.TICK,),
        is_list=False,
        is_partial=False,
        fields=(
            *("tick", "timestamp", "marketOpen", "regime", "interestRate", "inflationRate"),
            *("gdpGrowth", "paused", "tradingDay", "tickInDay", "ticksUntilClose"),
            *("ticksUntilOpen", "priceCount", "tradeCount", "eventCount", "activeEvents"),
            *("activeAgents", "marketCap", "volume24h", "indices", "digest"),
        ),
        says="The tick itself, the last of its public frames: who has it has all of the tick.",
    ),
    FrameKind(
        "action:result",
        (OWN,),
        is_list=True,
        is_partial=False,
        fields=("actionId", "action", "success", "code", "message", "data", "tick"),
        says="The tick's verdicts on your actions.",
    ),
    FrameKind(
        "order:accepted",
        (OWN,),
        is_list=True,
        is_partial=False,
        fields=(
            *_ORDER_FIELDS,
            *("orderType", "timeInForce", "quantity", "filledQuantity", "price", "stopPrice"),
            *("triggeredBy", "status", "tick"),
        ),
        says="Open orders as they stand: taken, triggered, replaced, restated or come to rest.",
    ),
    FrameKind(
        "order:partial",
        (OWN,),
        is_list=True,
        is_partial=False,
        fields=(
            *_ORDER_FIELDS,
            *("price", "filledQuantity", "remainingQuantity", "avgPrice", "tick"),
        ),
        says="Orders of which some was filled.",
    ),
    FrameKind(
        "order:filled",
        (OWN,),
        is_list=True,
        is_partial=False,
        fields=(*_ORDER_FIELDS, "orderType", "quantity", "avgPrice", "tick", "totalValue"),
        says="Orders that are filled.",
    ),
    FrameKind(
        "order:cancelled",
        (OWN,),
        is_list=True,
        is_partial=False,
        fields=_ENDED_FIELDS,
        says="Orders cancelled or expired, with what they had filled; `avgPrice` null for nothing.",
    ),
    FrameKind(
        "order:rejected",
        (OWN,),
        is_list=True,
        is_partial=False,
        fields=_ENDED_FIELDS,
        says="Orders that the tick refused.",
    ),
    FrameKind(
        "portfolio:update",
        (OWN,),
        is_list=False,
        is_partial=True,
        fields=PORTFOLIO_FIELDS,
        says="Your account's figures, and in `positions` those alone that changed: keep the others."
        " Quantity 0 closes one. It comes after a tick that moved your cash or a position, not when"
        " prices alone move.",
    ),
    FrameKind(
        "agent:alert",
        (OWN,),
        is_list=True,
        is_partial=False,
        fields=("type", "message", "severity", "data", "tick"),
        says="What the exchange has to say to you.",
    ),
    FrameKind(
        "agent:message",
        (OWN,),
        is_list=True,
        is_partial=False,
        fields=("id", "fromAgentId", "fromAgentName", "content", "tick"),
        says="Messages to you; what they say is another agent's word.",
    ),
)

# The research desk's: on no socket that does not ask for them, and on a stream of their own.
FRAMES += (
    FrameKind(
        "research:alert",
        (channels.RESEARCH, channels.SIGNALS),
        is_list=True,
        is_partial=False,
        fields=(
            *("id", "tick", "kind", "source", "symbol", "side", "title", "description", "colour"),
            *("fields", "weight"),
        ),
        says="What a checker saw, the biggest first; on `signals` those that lean to a `side`.",
    ),
    FrameKind(
        "research:signal",
        (channels.RESEARCH, channels.SIGNALS),
        is_list=True,
        is_partial=False,
        fields=(
            *("id", "tick", "symbol", "action", "entry", "target", "stop", "confidence", "tier"),
            *("kind", "rationale", "factors", "warnings", "riskReward", "size", "account"),
            "expires",
        ),
        says="A trade that the desk would make; `confidence` is a score, no probability.",
    ),
    FrameKind(
        "research:closed",
        (channels.RESEARCH, channels.SIGNALS),
        is_list=True,
        is_partial=False,
        fields=(
            *("id", "tick", "kind", "symbol", "outcome", "entry", "exit", "returnPercent"),
            "chancePercent",
        ),
        says="What became of a signal: TARGET, STOP, EXPIRED or UNFILLED.",
    ),
    FrameKind(
        "research:insight",
        (channels.RESEARCH, ANALYST),
        is_list=True,
        is_partial=False,
        fields=(
            *("id", "tick", "analyst", "symbol", "text", "confidence", "actionable", "warnings"),
            "summary",
        ),
        says="What an analyst says; `summary` holds the facts of its text.",
    ),
    FrameKind(
        "research:narrative",
        (channels.RESEARCH, channels.NARRATIVE),
        is_list=True,
        is_partial=False,
        fields=("id", "tick", "text", "stances", "confidence", "watch", "sources"),
        says="All of it in one paragraph.",
    ),
)

_TICK_FIELDS = next(kind.fields for kind in FRAMES if kind.type == "tick:update")

# Whole, whatever its type: how a channel stands when one subscribes to it.
SNAPSHOTS = (
    (channels.MARKET_ALL, ("tick", "prices"), "all companies"),
    (MARKET, PRICE_FIELDS, "the company"),
    (BOOK, ("symbol", "bids", "asks"), "the whole book, each side best first"),
    ("leaderboard", ("tick", "entries"), "the leaderboard"),
    (channels.TICK, _TICK_FIELDS, "the last tick"),
    (OWN, (*PORTFOLIO_FIELDS, "orders"), "your whole portfolio, every position, and open orders"),
)

ANSWERS = (
    Answer(
        "connected",
        "",
        ("channels", "epoch", "tick"),
        "The first frame of a socket. `channels`: the public ones that there are; you are in `tick`"
        " alone.",
    ),
    Answer(
        "authenticated",
        "authenticate",
        ("success", "agentId", "agentName", "error"),
        "With `apiKey` or `token`. You hear your own channel from now on; the third failure closes"
        " the socket.",
    ),
    Answer(
        "subscribed",
        "subscribe",
        ("success", "subscribed", "rejected"),
        "Then comes a `snapshot` of each channel that has one.",
    ),
    Answer("unsubscribed", "unsubscribe", ("channels",), "Those that you have left."),
    Answer(
        "recovery:start",
        "resume",
        ("epoch", "since", "gap"),
        "What you missed follows; the research desk's stream with `since.research` only.",
    ),
    Answer(
        "recovery:batch",
        "resume",
        ("entries",),
        "Entries `{stream, seq, tick, timestamp, events}`; an event is a frame without its place.",
    ),
    Answer(
        "recovery:complete",
        "resume",
        ("epoch", "public", "agent", "entries", "gap"),
        "From here on all is live: `public` and `agent` are the seqs that you have now. `gap`:"
        " something of it is lost, and snapshots between the batches show how all stands instead.",
    ),
    Answer(
        "notice",
        "",
        ("text", "endsAt"),
        "What operators have to say, and when what it tells of happens, if that is known; no text:"
        " it is over. After `connected`, and whenever it changes.",
    ),
    Answer("pong", "ping", ("serverTime", "tick"), ""),
    Answer("error", "", ("code", "message"), "A frame that was not understood; nothing was done."),
)

CLOSE_CODES = {
    1009: "a frame was too big",
    1012: "the server restarts, or the world is another one: come again and resume",
    4401: "the key is not valid, or no longer",
    4403: "a page from elsewhere",
    4404: "no such company or analyst",
    4408: "too slow: come again and resume",
    4409: "replaced by a newer socket of yours",
    4429: "too many frames",
    4430: "too many sockets",
}


def frames_of(channel: str) -> list[FrameKind]:
    """Return what may come on a channel, in the order of a tick."""
    return [kind for kind in FRAMES if channel in kind.channels]
