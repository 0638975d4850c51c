"""Agents on the wire: what a request may carry, and the shapes of the answers."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict, cast

from django.conf import settings

from agents.models import Agent, ApiKey, Input
from agents.selectors import HeldPosition, OwnOrder, OwnPortfolio, RankedAgent, TradeSide
from agents.services.callbacks import LONGEST
from agents.services.intake import Receipt
from agents.services.registration import Registration
from market import wire
from market.common.fields import Body, Choice, Pattern, Text
from market.common.lists import CursorQuery
from market.engine import margin
from market.engine.accounts import Account, margin_rate
from market.engine.values import OrderStatus, Tick
from market.models import EquityPoint

ROLES = [role.name for role in settings.RULES.agents.roles]
SHORTEST_NAME, LONGEST_NAME = settings.RULES.agents.name_lengths

# Requests


class RegisterBody(Body):
    name = Pattern(
        rf"\A[A-Za-z0-9_-]{{{SHORTEST_NAME},{LONGEST_NAME}}}\Z",
        error_messages={
            "invalid": f"Must be {SHORTEST_NAME} to {LONGEST_NAME} letters, digits, _ or -."
        },
        help_text="Unique without regard to case.",
    )
    role = Choice(choices=ROLES)
    callbackUrl = Text(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=LONGEST,
        help_text="Where a briefing is sent every tick.",
    )


class KeyBody(Body):
    apiKey = Text(max_length=200)


class SettingsBody(Body):
    callbackUrl = Text(required=False, allow_null=True, allow_blank=True, max_length=LONGEST)


class OrdersQuery(CursorQuery):
    status = Choice(choices=[s.value for s in OrderStatus], required=False)
    symbol = Text(max_length=12, required=False)
    clientOrderId = Text(max_length=48, required=False)


class TradesQuery(CursorQuery):
    symbol = Text(max_length=12, required=False)


# Answers


class Registered(TypedDict):
    """A new agent. Both secrets are shown this once."""

    agentId: str
    name: str
    role: str
    startingCapital: float
    apiKey: str
    webhookSecret: str


class Verified(TypedDict):
    """Whether a key is valid and, if so, whose."""

    valid: bool
    agentId: NotRequired[str]
    name: NotRequired[str]
    role: NotRequired[str]
    status: NotRequired[str]


class AgentName(TypedDict):
    """An agent in few words."""

    agentId: str
    name: str
    role: str
    status: str


class SessionOpened(TypedDict):
    """A token that stands for the key, for so many seconds."""

    sessionToken: str
    expiresIn: int
    agent: AgentName


class Ticket(TypedDict):
    """A token that opens one WebSocket, within so many seconds."""

    sessionToken: str
    expiresIn: int
    wsUrl: str


class KeyLine(TypedDict):
    """A live key; `prefix` is how it begins."""

    id: str
    prefix: str
    createdAt: str


class KeyCreated(KeyLine):
    """A new key, shown this once."""

    apiKey: str


class KeyRevoked(TypedDict):
    id: str
    revoked: Literal[True]


class PublicAgent(TypedDict):
    """What everybody may know of an agent. Only active agents have a rank."""

    rank: int | None
    id: str
    name: str
    role: str
    status: str
    reputation: float
    netWorth: float
    change24h: float
    createdAt: str
    house: bool


class OwnProfile(PublicAgent):
    """What an agent knows of itself."""

    callbackUrl: str | None


class Position(TypedDict):
    """One line of a portfolio; a short's quantity and value are negative.

    `liquidationPrice`: beyond it, all else standing still, this position would breach maintenance;
    null where no price can.
    """

    symbol: str
    quantity: int
    averageCost: float
    currentPrice: float
    marketValue: float
    unrealizedPnL: float
    unrealizedPnLPercent: float
    liquidationPrice: float | None


class MarginCall(TypedDict):
    """What would cure a margin call, and by the end of which tick."""

    amount: float
    deadline: int


class Portfolio(TypedDict):
    """What an agent owns, and what it may still do with it, after a tick.

    realizedPnL is what closed positions have made, before fees, interest and the cost of borrowing
    shares; dayPnL is the change of netWorth since the last close, all of these within it.
    """

    agentId: str
    tick: int
    cash: float
    marginUsed: float
    marginAvailable: float
    buyingPower: float
    positions: list[Position]
    totalPositionsValue: float
    netWorth: float
    dayPnL: float
    dayPnLPercent: float
    realizedPnL: float
    unrealizedPnL: float
    maintenanceMargin: float
    marginCall: MarginCall | None


class OrderLine(TypedDict):
    """An order. One that still waits for the tick is pending and has no tick yet."""

    orderId: str
    clientOrderId: str | None
    symbol: str
    side: str
    intent: str
    orderType: str
    timeInForce: str
    postOnly: bool
    selfTrade: str
    quantity: int
    filledQuantity: int
    remainingQuantity: int
    price: float | None
    stopPrice: float | None
    triggeredBy: str | None
    avgFillPrice: float | None
    totalValue: float
    status: str
    reason: str | None
    tickSubmitted: int | None
    tickClosed: int | None


class OwnTrade(TypedDict):
    """A trade in which an agent took part. `side` is the agent's own; `fee` is what it paid.

    In an auction nobody makes or takes. A trade with oneself comes twice, once for each order.
    """

    id: str
    orderId: str
    symbol: str
    side: str
    price: float
    quantity: int
    totalValue: float
    fee: float
    liquidity: Literal["maker", "taker", "auction"]
    tick: int


class EquityLine(TypedDict):
    """An agent's net worth after a tick."""

    tick: int
    netWorth: float


class ActionResult(TypedDict):
    """What became of one action of a batch. `success`: it is taken for the next tick.

    One without its form has `BAD_REQUEST`, and `details` by field; `action` is null where it names
    no type.
    """

    action: str | None
    success: bool
    code: str
    message: str
    data: dict[str, Any]
    details: NotRequired[dict[str, str]]


class BatchResult(TypedDict):
    """One result an action, in order; `tick` is the last one run."""

    tick: int
    results: list[ActionResult]


class ActionState(TypedDict):
    """An action that was taken. Until a tick has performed it, `success` and `tick` are null."""

    actionId: str
    action: str
    status: Literal["waiting", "performed"]
    success: bool | None
    code: str | None
    message: str
    data: dict[str, Any]
    tick: int | None
    receivedAt: str


def registered(registration: Registration) -> Registered:
    agent = registration.agent
    return {
        "agentId": str(agent.public_id),
        "name": agent.name,
        "role": agent.role,
        "startingCapital": settings.RULES.agents.role(agent.role).capital_cents / 100,
        "apiKey": registration.api_key,
        "webhookSecret": registration.webhook_secret,
    }


def agent_name(agent: Agent) -> AgentName:
    return {
        "agentId": str(agent.public_id),
        "name": agent.name,
        "role": agent.role,
        "status": agent.status,
    }


def key_line(key: ApiKey) -> KeyLine:
    return {
        "id": str(key.id),
        "prefix": key.prefix,
        "createdAt": key.created_at.isoformat(),
    }


def public_agent(ranked: RankedAgent) -> PublicAgent:
    agent, change = ranked.agent, ranked.equity - ranked.equity_day_ago
    return {
        "rank": ranked.rank,
        "id": str(agent.public_id),
        "name": agent.name,
        "role": agent.role,
        "status": agent.status,
        "reputation": agent.reputation / 100,
        "netWorth": ranked.equity / 100,
        "change24h": wire.percent(change, abs(ranked.equity_day_ago)),
        "createdAt": agent.created_at.isoformat(),
        "house": agent.is_house,
    }


def own_profile(ranked: RankedAgent) -> OwnProfile:
    return {**public_agent(ranked), "callbackUrl": ranked.agent.callback_url or None}


def portfolio(agent: Agent, owned: OwnPortfolio) -> Portfolio:
    account = owned.account
    gain = account.equity - account.close_equity
    unrealised = sum(p.quantity * p.price - p.cost for p in owned.positions)
    rules = settings.RULES.market.margin
    return {
        "agentId": str(agent.public_id),
        "tick": owned.tick,
        "cash": account.cash / 100,
        "marginUsed": account.margin_used / 100,
        "marginAvailable": account.margin_available / 100,
        "buyingPower": account.buying_power / 100,
        "positions": [_position(account, held) for held in owned.positions],
        "totalPositionsValue": _positions_value(account) / 100,
        "netWorth": account.equity / 100,
        "dayPnL": gain / 100,
        "dayPnLPercent": wire.percent(gain, abs(account.close_equity)),
        "realizedPnL": account.realised / 100,
        "unrealizedPnL": unrealised / 100,
        "maintenanceMargin": margin.maintenance(account, rules) / 100,
        "marginCall": _margin_call(account, owned.call_deadline),
    }


def order_line(order: OwnOrder) -> OrderLine:
    return {
        "orderId": order.id,
        "clientOrderId": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "intent": order.intent,
        "orderType": order.kind,
        "timeInForce": order.time_in_force,
        "postOnly": order.post_only,
        "selfTrade": order.self_trade,
        "quantity": order.quantity,
        "filledQuantity": order.filled,
        "remainingQuantity": order.quantity - order.filled,
        "price": wire.optional_dollars(order.limit),
        "stopPrice": wire.optional_dollars(order.stop),
        "triggeredBy": order.triggered_by or None,
        "avgFillPrice": wire.average(order.value, order.filled) if order.filled else None,
        "totalValue": order.value / 100,
        "status": order.status,
        "reason": order.reason or None,
        "tickSubmitted": order.tick_submitted,
        "tickClosed": order.tick_closed,
    }


def own_trade(side: TradeSide) -> OwnTrade:
    """Show a trade as one of its orders saw it."""
    trade, is_buy = side
    takes = trade.aggressor == ("BUY" if is_buy else "SELL")
    liquidity: Literal["maker", "taker", "auction"] = "taker" if takes else "maker"
    if trade.aggressor is None:
        liquidity = "auction"
    return {
        "id": str(trade.id),
        "orderId": str(trade.buy_order if is_buy else trade.sell_order),
        "symbol": trade.symbol,
        "side": "BUY" if is_buy else "SELL",
        "price": trade.price / 100,
        "quantity": trade.quantity,
        "totalValue": trade.price * trade.quantity / 100,
        "fee": trade.fee / 100 if takes else 0.0,
        "liquidity": liquidity,
        "tick": trade.tick,
    }


def equity_line(point: EquityPoint) -> EquityLine:
    return {"tick": point.tick, "netWorth": point.equity / 100}


def action_result(receipt: Receipt) -> ActionResult:
    verdict = receipt.verdict
    result: ActionResult = {
        "action": receipt.action,
        "success": verdict.success,
        "code": verdict.code,
        "message": verdict.message,
        "data": dict(verdict.data),
    }
    if receipt.details:
        result["details"] = dict(receipt.details)
    return result


def action_state(row: Input, *, places_order: bool) -> ActionState:
    id, answer = str(row.public_id), row.answer
    return {
        "actionId": id,
        "action": row.type,
        "status": "performed" if answer else "waiting",
        "success": answer.success if answer else None,
        "code": answer.code if answer else None,
        "message": answer.message if answer else "",
        "data": {"orderId": id} if places_order else {},
        "tick": answer.tick if answer else None,
        "receivedAt": row.received_at.isoformat(),
    }


def _position(account: Account, held: HeldPosition) -> Position:
    symbol, quantity, cost, price, sector = held
    rules = settings.RULES.market
    rate = margin_rate(account.leverage, rules.margin_bps(sector))
    limit = margin.liquidation_price(account, quantity, price, rate, rules.margin)
    return cast(Position, wire.position(symbol, quantity, cost, price, limit))


def _margin_call(account: Account, deadline: Tick | None) -> MarginCall | None:
    if deadline is None:
        return None
    amount = margin.shortfall(account, settings.RULES.market.margin)
    return {"amount": amount / 100, "deadline": deadline}


def _positions_value(account: Account) -> int:
    return account.long_value - account.short_value
