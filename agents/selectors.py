"""Every read of the agents that an API, a page or a feed needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.conf import settings
from django.db.models import BigIntegerField, Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from agents.engine.batch import ParsedAction, client_ids_of
from agents.engine.inputs import Input
from agents.engine.registry import AgentStatus
from agents.models import Agent, ApiKey
from agents.models import Input as InputRow
from market import models
from market.common.prepared import Prepared
from market.engine.accounts import Account, AccountKind, Holding
from market.engine.actions import market_actions
from market.engine.companies import Company, Listing
from market.engine.orders import Ticket
from market.engine.pre_trade_check import OpenOrder
from market.engine.values import (
    FINAL_STATUSES,
    SIDE_OF,
    Cents,
    Intent,
    OrderKind,
    OrderStatus,
    SelfTrade,
    Shares,
    Tick,
    TimeInForce,
)
from market.selectors import note_tick, one_instant

MOST_WAITING = 1_000  # actions of one agent, should the world stand still

ORDER_TYPES = [a.type for a in market_actions(settings.RULES.market) if a.places_order]

# Agents


class RankedAgent(NamedTuple):
    """An agent and how it stands, in cents; only active agents have a rank.

    What a new one will start with stands for its figures until the tick admits it.
    """

    agent: Agent
    rank: int | None
    equity: Cents
    equity_day_ago: Cents


def ranking(rows: slice, *, active_only: bool = False) -> tuple[list[RankedAgent], int]:
    """Return a slice of the agents, the active ones first, by equity, ties by age; and how many
    there are. Two queries.
    """
    agents = _agents_with_figures()
    if active_only:
        agents = agents.filter(status=AgentStatus.ACTIVE)
    ranked = agents.order_by(_ACTIVE_FIRST, "-equity", "id")[rows]
    numbered = enumerate(ranked, start=rows.start + 1)
    return [_ranked(agent, rank) for rank, agent in numbered], agents.count()


def ranked_agent(**which: Any) -> RankedAgent:
    """Return one agent with its rank. Two queries. Raises Agent.DoesNotExist."""
    agents = _agents_with_figures()
    found = _ranked(agents.get(**which), 0)
    ahead = Q(equity__gt=found.equity) | Q(equity=found.equity, id__lt=found.agent.id)
    rank = agents.filter(ahead, status=AgentStatus.ACTIVE).count() + 1
    return _ranked(found.agent, rank)


def count_active() -> int:
    return Agent.objects.filter(status=AgentStatus.ACTIVE).count()


_ACTIVE_FIRST = Case(When(status=AgentStatus.ACTIVE, then=Value(0)), default=Value(1))


def _agents_with_figures() -> QuerySet[Any]:
    account = models.Account.objects.filter(id=OuterRef("id"))
    capital = Case(
        *(When(role=r.name, then=Value(r.capital_cents)) for r in settings.RULES.agents.roles),
        output_field=BigIntegerField(),
    )
    return Agent.objects.annotate(
        equity=Coalesce(Subquery(account.values("equity")), capital),
        equity_day_ago=Coalesce(Subquery(account.values("equity_day_ago")), capital),
    )


def _ranked(agent: Any, rank: int) -> RankedAgent:
    is_ranked = agent.status == AgentStatus.ACTIVE
    return RankedAgent(agent, rank if is_ranked else None, agent.equity, agent.equity_day_ago)


class FallenAgent(NamedTuple):
    """An agent whose account came to owe more than it had; money in cents."""

    tick: Tick
    agent: Agent
    peak: Cents
    final: Cents
    cause: str


def bankruptcies(rows: slice) -> tuple[list[FallenAgent], int]:
    """Return a slice of the bankruptcies, newest first; and how many there are. Three queries."""
    fallen = list(models.Bankruptcy.objects.order_by("-id")[rows])
    agents = Agent.objects.in_bulk([row.account_id for row in fallen])
    lines = [
        FallenAgent(row.tick, agents[row.account_id], row.peak, row.final, row.cause)
        for row in fallen
    ]
    return lines, models.Bankruptcy.objects.count()


def live_keys(agent: Agent) -> QuerySet[ApiKey]:
    """Return an agent's live keys, oldest first."""
    return ApiKey.objects.live().filter(agent=agent).order_by("created_at")


# What an agent owns


class HeldPosition(NamedTuple):
    """Shares of one company that an account holds, and the company's price."""

    symbol: str
    quantity: Shares
    cost: Cents
    price: Cents


class OwnPortfolio(NamedTuple):
    """An agent's account and positions after a tick."""

    tick: Tick
    account: Account
    positions: list[HeldPosition]
    call_deadline: Tick | None  # of a margin call that is not cured


def portfolio(agent: Agent) -> OwnPortfolio:
    """Return what an agent owns; before the tick admits it, the capital that waits for it."""
    with one_instant():
        tick = models.World.objects.values_list("tick", flat=True).get()
        row = models.Account.objects.filter(id=agent.id).values(*_ACCOUNT_COLUMNS).first()
        price = models.Company.objects.filter(symbol=OuterRef("symbol")).values("price")
        held = models.Holding.objects.filter(account=agent.id).exclude(quantity=0)
        positions = held.annotate(price=Subquery(price)).order_by("symbol")
        lines = list(positions.values_list("symbol", "quantity", "cost", "price"))
    note_tick(tick)
    account = _account(agent, row)
    if row is not None:
        account.reserved, account.realised = row["reserved"], row["realised"]
    deadline = None if row is None else row["call_deadline"]
    return OwnPortfolio(tick, account, [HeldPosition(*line) for line in lines], deadline)


def equity_points(agent: Agent) -> QuerySet[models.EquityPoint]:
    """Return an agent's sampled net worth, newest first."""
    return models.EquityPoint.objects.filter(account=agent.id).order_by("-tick")


# Orders, trades and actions


class OwnOrder(NamedTuple):
    """An order of an agent's, or what will be one when the tick takes it."""

    id: str
    client_id: str | None
    symbol: str
    side: str
    intent: str
    kind: str
    time_in_force: str
    post_only: bool
    self_trade: str
    quantity: Shares
    limit: Cents | None
    stop: Cents | None
    filled: Shares
    value: Cents
    status: str
    reason: str
    triggered_by: str
    tick_submitted: Tick | None
    tick_closed: Tick | None


class OwnOrders(NamedTuple):
    orders: list[OwnOrder]
    total: int


def orders(agent: Agent, rows: slice, *, status: str | None = None) -> OwnOrders:
    """Return a slice of an agent's orders, newest first, those that wait for the tick before all.

    A fixed number of queries, at one instant.
    """
    waiting = InputRow.objects.none()
    if status in (None, OrderStatus.PENDING):
        waiting = InputRow.objects.waiting().filter(account=agent.id, type__in=ORDER_TYPES)
    with one_instant():
        ahead = waiting.count()
        rest = slice(max(0, rows.start - ahead), max(0, rows.stop - ahead))
        known, count = _known_orders(agent, rest, status)
        page = [_waiting_order(row) for row in waiting.order_by("-id")[rows]]
        page += [_known_order(row) for row in known]
    return OwnOrders(page, ahead + count)


def _known_orders(
    agent: Agent, rows: slice, status: str | None
) -> tuple[QuerySet[models.Order], int]:
    """Return a slice of the orders that a tick has taken, newest first, and how many there are."""
    blotter = models.BlotterPage.objects.filter(account=agent.id)
    if status is None:
        numbers = blotter.numbers("orders")[rows]
        page = models.Order.objects.filter(number__in=numbers).order_by("-number")
        return page, blotter.count_of("orders")
    if status in FINAL_STATUSES:
        found = models.Order.objects.filter(number__in=blotter.numbers("orders"))
    else:
        found = models.Order.objects.not_final().filter(account=agent.id)
    found = found.filter(status=status)
    return found.order_by("-number")[rows], found.count()


def open_orders(agent: Agent) -> list[OwnOrder]:
    """Return an agent's orders that are not final, as the last tick left them, oldest first."""
    rows = models.Order.objects.not_final().filter(account=agent.id).order_by("number")
    return [_known_order(row) for row in rows]


def trades(agent: Agent, rows: slice) -> tuple[list[models.Trade], int]:
    """Return a slice of the trades in which an agent bought or sold, newest first; and how many
    there are. Two queries.
    """
    blotter = models.BlotterPage.objects.filter(account=agent.id)
    numbers = blotter.numbers("trades")[rows]
    newest = models.Trade.objects.filter(number__in=numbers).order_by("-number")
    return list(newest), blotter.count_of("trades")


def action(agent: Agent, public_id: UUID) -> InputRow:
    """Return one action of an agent's. Raises Input.DoesNotExist."""
    rows = InputRow.objects.select_related("verdict")
    return rows.get(account=agent.id, public_id=public_id)


def _waiting_order(row: InputRow) -> OwnOrder:
    asked = row.parameters
    return OwnOrder(
        str(row.public_id),
        row.client_order_id,
        asked["symbol"],
        SIDE_OF[Intent(row.type)].name,
        row.type,
        asked["kind"],
        asked["time_in_force"],
        asked.get("post_only", False),
        asked.get("self_trade", SelfTrade.ALLOW),
        asked["quantity"],
        asked.get("limit"),
        asked.get("stop"),
        0,
        0,
        OrderStatus.PENDING,
        "",
        "",
        None,
        None,
    )


def _known_order(row: models.Order) -> OwnOrder:
    return OwnOrder(
        str(row.id),
        row.client_id,
        row.symbol,
        row.side,
        row.intent,
        row.kind,
        row.time_in_force,
        row.post_only,
        row.self_trade,
        row.quantity,
        row.limit,
        row.stop,
        row.filled,
        row.value,
        row.status,
        row.reason,
        row.triggered_by,
        row.tick_submitted,
        row.tick_closed,
    )


# What an agent may do next


class AccountSnapshot(NamedTuple):
    """An account as the last tick left it, and all that decides what its next actions may do."""

    tick: Tick
    is_open: bool  # the market, after that tick
    account: Account  # without its open orders
    companies: list[Company]  # those that its actions name
    open: list[OpenOrder]
    waiting: list[Input]  # its inputs that no tick has taken yet, by arrival
    placed: set[str]  # those of the orders asked about that a tick has taken, by either id
    used_client_ids: set[str]  # those of the client ids asked for that are not free


def snapshot_of(agent: Agent, asked: Sequence[ParsedAction]) -> AccountSnapshot:
    """Return what decides about these actions of an agent.

    One statement, so that no tick comes between an input that waits and what it did.
    """
    references = [a.parameters for a in asked if not a.action.places_order]
    found = orjson.loads(
        _PROSPECT.value(
            account=agent.id,
            symbols=[a.parameters["symbol"] for a in asked if "symbol" in a.parameters],
            new_client_ids=client_ids_of(asked),
            ids=[p["id"] for p in references if "id" in p],
            client_ids=[p["client_id"] for p in references if "client_id" in p],
        )
    )
    if found["tick"] is None:
        raise models.World.DoesNotExist
    note_tick(found["tick"])
    account = _account(agent, found["account"])
    for held in found["holdings"]:
        account.holdings[held["symbol"]] = Holding(held["quantity"], held["cost"])
    companies = {row["symbol"]: _company(row) for row in found["companies"]}
    for row in found["open"]:
        if row["intent"] == Intent.SHORT:  # it is placed again in the pre-trade check
            companies[row["symbol"]].shorts_offered -= row["quantity"] - row["filled"]
    return AccountSnapshot(
        found["tick"],
        found["is_open"],
        account,
        list(companies.values()),
        [_open_order(row) for row in found["open"]],
        [Input(i["id"], i["type"], i["parameters"], agent.id) for i in found["waiting"]],
        {id for row in found["placed"] for id in (row["id"], row["client_id"]) if id},
        set(found["used"]),
    )


_ACCOUNT_COLUMNS = (
    "leverage",
    "fee_bps",
    "cash",
    "endowment",
    "long_value",
    "short_value",
    "reserved",
    "realised",
    "close_equity",
    "call_deadline",
)
_COMPANY_STATE = (
    "is_trading",
    "reopens_tick",
    "low_band",
    "high_band",
    "restricted_through",
    "shorted",
    "shorts_offered",
)
_COMPANY_COLUMNS = (
    "symbol",
    "name",
    "sector",
    "industry",
    "price",
    "shares_issued",
    "volatility",
    "beta",
    *_COMPANY_STATE,
)

_ORDER_TYPES = ", ".join(f"'{type}'" for type in ORDER_TYPES)

# Parts of one JSON object. The inputs that wait, the orders that are open and the batch itself name
# the companies that count.
_PROSPECT = Prepared(
    "prospect",
    {
        "account": "bigint",
        "symbols": "text[]",
        "new_client_ids": "text[]",
        "ids": "text[]",
        "client_ids": "text[]",
    },
    f"""
    WITH waiting AS (
        SELECT public_id AS id, type, parameters, input.id AS arrival
        FROM agents_waiting JOIN agents_input input ON input.id = input_id
        WHERE agents_waiting.account = %(account)s AND NOT is_quarantined
        ORDER BY input.id LIMIT {MOST_WAITING}
    ), open AS (
        SELECT * FROM market_order WHERE account_id = %(account)s AND tick_closed IS NULL
    )
    SELECT json_build_object(
        'tick', (SELECT tick FROM market_world),
        'is_open', (SELECT is_open FROM market_world),
        'account', (SELECT row_to_json(a) FROM (
            SELECT {", ".join(_ACCOUNT_COLUMNS)} FROM market_account WHERE id = %(account)s) a),
        'holdings', (SELECT coalesce(json_agg(h), '[]') FROM (
            SELECT symbol, quantity, cost FROM market_holding
            WHERE account_id = %(account)s AND quantity <> 0) h),
        'waiting', (SELECT coalesce(json_agg(w ORDER BY arrival), '[]') FROM waiting w),
        'open', (SELECT coalesce(json_agg(o ORDER BY number), '[]') FROM open o),
        'companies', (SELECT coalesce(json_agg(c), '[]') FROM (
            SELECT {", ".join(_COMPANY_COLUMNS)}
            FROM market_company WHERE symbol = ANY(%(symbols)s::text[]
                || ARRAY(SELECT DISTINCT parameters->>'symbol' FROM waiting)
                || ARRAY(SELECT DISTINCT symbol::text FROM open))) c),
        'placed', (SELECT coalesce(json_agg(p), '[]') FROM (
            SELECT public_id AS id, client_order_id AS client_id
            FROM agents_input JOIN agents_verdict ON input_id = id
            WHERE account = %(account)s AND type IN ({_ORDER_TYPES})
            AND public_id = ANY(%(ids)s::uuid[] || ARRAY(
                SELECT public_id FROM agents_input WHERE account = %(account)s
                AND client_order_id = ANY(%(client_ids)s::text[])))) p),
        'used', (SELECT coalesce(json_agg(client_order_id), '[]') FROM agents_input
            WHERE account = %(account)s AND client_order_id = ANY(%(new_client_ids)s::text[]))
    )::text
""",
)


def _account(agent: Agent, row: dict[str, Any] | None) -> Account:
    """Return an agent's account as the machine has it, its holdings and orders left out."""
    role = settings.RULES.agents.role(agent.role)
    if row is None:
        account = Account(agent.id, agent.name, AccountKind.AGENT, leverage=role.leverage)
        account.cash = account.endowment = account.close_equity = role.capital_cents
        return account
    account = Account(agent.id, agent.name, AccountKind.AGENT, leverage=row["leverage"])
    account.fee_bps = row["fee_bps"]
    account.cash, account.endowment = row["cash"], row["endowment"]
    account.long_value, account.short_value = row["long_value"], row["short_value"]
    account.close_equity = row["close_equity"]
    return account


# An agent may have hundreds of orders open, and a dict finds a member in a fifth of an Enum's time.
_INTENTS = {member.value: member for member in Intent}
_KINDS = {member.value: member for member in OrderKind}
_TIMES_IN_FORCE = {member.value: member for member in TimeInForce}
_SELF_TRADES = {member.value: member for member in SelfTrade}


def _open_order(row: dict[str, Any]) -> OpenOrder:
    ticket = Ticket(
        row["symbol"],
        _INTENTS[row["intent"]],
        row["quantity"],
        _KINDS[row["kind"]],
        row["limit"],
        row["stop"],
        _TIMES_IN_FORCE[row["time_in_force"]],
        row["post_only"],
        _SELF_TRADES[row["self_trade"]],
        row["client_id"],
    )
    return OpenOrder(row["number"], row["id"], ticket, row["filled"], row["triggered_by"])


def _company(row: dict[str, Any]) -> Company:
    listing = Listing(
        symbol=row["symbol"],
        name=row["name"],
        sector=row["sector"],
        industry=row["industry"],
        price=row["price"],
        shares=row["shares_issued"],
        volatility=row["volatility"],
        beta=row["beta"],
    )
    company = Company(listing, settings.RULES.market)
    for name in _COMPANY_STATE:
        setattr(company, name, row[name])
    return company
