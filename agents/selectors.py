"""Every read of the agents that an API, a page or a feed needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from agents.engine.batch import ParsedAction, client_ids_of
from agents.engine.inputs import Input
from agents.models import Agent, ApiKey
from agents.models import Input as InputRow
from market import models
from market.common.bulk import each_of
from market.common.prepared import Prepared
from market.engine.accounts import AccountKind, Holding
from market.engine.actions import MARKET, market_actions
from market.engine.book_orders import Ticket
from market.engine.listings import Listing
from market.engine.orders import Account, Company
from market.engine.outlooks import OpenOrder
from market.engine.values import (
    BPS_IN_ONE,
    FINAL_STATUSES,
    INTENTS,
    KINDS,
    SELF_TRADES,
    SIDE_OF,
    TIMES_IN_FORCE,
    Cents,
    Intent,
    OrderStatus,
    SelfTrade,
    Shares,
    Tick,
)
from market.selectors import note_tick, one_instant

MOST_WAITING = 1_000  # actions of one agent, should the world stand still

ORDER_TYPES = [a.type for a in market_actions(settings.RULES.market) if a.places_order]

# Agents


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
    sector: str


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
        held = _valued(models.Holding.objects.filter(account=agent.id))
        lines = list(held.values_list(*_HELD_COLUMNS))
    note_tick(tick)
    return _portfolio(agent, tick, row, [HeldPosition(*line) for line in lines])


def portfolios(agents: Sequence[Agent], tick: Tick) -> dict[int, OwnPortfolio]:
    """Return what each of these agents owns after the last tick, by account. Two queries."""
    ids = each_of([agent.id for agent in agents])
    rows = {
        row["id"]: row
        for row in models.Account.objects.filter(id__in=ids).values("id", *_ACCOUNT_COLUMNS)
    }
    held = _valued(models.Holding.objects.filter(account_id__in=ids))
    positions: dict[int, list[HeldPosition]] = {}
    for id, *line in held.values_list("account_id", *_HELD_COLUMNS):
        positions.setdefault(id, []).append(HeldPosition(*line))
    return {
        agent.id: _portfolio(agent, tick, rows.get(agent.id), positions.get(agent.id, []))
        for agent in agents
    }


_HELD_COLUMNS = ("symbol", "quantity", "cost", "price", "sector")


def _valued(holdings: QuerySet[models.Holding]) -> QuerySet[Any]:
    """Return those of the holdings that are not empty, by symbol, each with its company's price and
    sector.
    """
    company = models.Company.objects.filter(symbol=OuterRef("symbol"))
    return (
        holdings.exclude(quantity=0)
        .annotate(
            price=Subquery(company.values("price")), sector=Subquery(company.values("sector"))
        )
        .order_by("symbol")
    )


def _portfolio(
    agent: Agent, tick: Tick, row: dict[str, Any] | None, positions: list[HeldPosition]
) -> OwnPortfolio:
    account = _account(agent, row)
    if row is None:
        return OwnPortfolio(tick, account, positions, None)
    account.reserved, account.realised = row["reserved"], row["realised"]
    account.reserved_margin = BPS_IN_ONE * row["reserved_margin"]
    return OwnPortfolio(tick, account, positions, row["call_deadline"])


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
    reason_code: str
    note: str
    triggered_by: str
    tick_submitted: Tick | None
    tick_closed: Tick | None


class OwnOrders(NamedTuple):
    """A page of an agent's orders, how many there are in all, and the cursor after the page, None
    where nothing follows.
    """

    orders: list[OwnOrder]
    total: int
    next: str | None


class OrderFilter(NamedTuple):
    """Which of an agent's orders are asked for; None for whatever."""

    status: str | None = None
    symbol: str | None = None
    client_id: str | None = None


class Window(NamedTuple):
    """Which rows of a list are asked for: so many, from an offset or from a cursor on."""

    size: int
    offset: int = 0
    cursor: str | None = None


class BadCursor(ValueError):
    """A cursor that no page of this list has given."""


EVERY_ORDER = OrderFilter()


def orders(agent: Agent, window: Window, wanted: OrderFilter = EVERY_ORDER) -> OwnOrders:
    """Return a window of an agent's orders, newest first, those that wait for the tick before all.

    A cursor names the last order shown: what came since stands before it, and nothing is shown
    twice. A fixed number of queries, at one instant. Raises BadCursor.
    """
    with one_instant():
        waiting = _waiting_orders(agent, wanted)
        known = _KnownOrders(agent, wanted)
        total = waiting.count() + known.count()
        if window.cursor is None:
            ahead = waiting.count() if window.offset else 0
        elif arrival := _WAITING_CURSOR.fullmatch(window.cursor):
            known.only_before(_first_order_since(agent, int(arrival[1])))
            waiting, ahead = waiting.filter(id__lt=int(arrival[1])), 0
        else:
            known.only_before(_place_of(window.cursor))
            waiting, ahead = InputRow.objects.none(), 0
        rows = slice(window.offset, window.offset + window.size + 1)
        page: list[tuple[str, OwnOrder]] = [
            (f"w{row.id}", _waiting_order(row)) for row in waiting.order_by("-id")[rows]
        ]
        missing = window.size + 1 - len(page)
        page += [
            (f"{row.tick_submitted}.{row.number}", _known_order(row))
            for row in known.rows(max(0, window.offset - ahead), missing)
        ]
    shown = page[: window.size]
    more = shown[-1][0] if shown and len(page) > window.size else None
    return OwnOrders([order for _, order in shown], total, more)


def order(agent: Agent, public_id: UUID) -> OwnOrder | None:
    """Return one order of an agent's by its id, None if there is none. Three queries at most."""
    with one_instant():
        placed = InputRow.objects.filter(account=agent.id, type__in=ORDER_TYPES)
        row = placed.select_related("verdict", "waiting").filter(public_id=public_id).first()
        if row is not None and row.answer is None:
            return None if row.is_quarantined else _waiting_order(row)
        mine = models.Order.objects.filter(account=agent.id, id=public_id)
        if row is not None and row.answer is not None:
            pages = models.BlotterPage.objects.filter(account=agent.id, tick=row.answer.tick)
            mine = mine.filter(number__in=pages.numbers("orders"))
        known = mine.first()  # one that the exchange itself has placed has no input
    return _known_order(known) if known else None


_WAITING_CURSOR = re.compile(r"w([0-9]{1,18})", re.ASCII)
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})", re.ASCII)

Place: TypeAlias = tuple[int, int]  # a tick, and a number in it: an order's, or a place on its page


def _place_of(cursor: str) -> Place:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadCursor
    return int(match[1]), int(match[2])


def _waiting_orders(agent: Agent, wanted: OrderFilter) -> QuerySet[InputRow]:
    if wanted.status not in (None, OrderStatus.PENDING):
        return InputRow.objects.none()
    waiting = InputRow.objects.waiting().filter(account=agent.id, type__in=ORDER_TYPES)
    if wanted.symbol is not None:
        waiting = waiting.filter(parameters__symbol=wanted.symbol)
    if wanted.client_id is not None:
        waiting = waiting.filter(client_order_id=wanted.client_id)
    return waiting


def _first_order_since(agent: Agent, arrival: int) -> Place | None:
    """Return the first order of those that this input and later ones placed; None if no tick has
    taken one of them.
    """
    shown = InputRow.objects.performed().filter(
        account=agent.id, id__gte=arrival, type__in=ORDER_TYPES
    )
    tick = shown.order_by("id").values_list("verdict__tick", flat=True).first()
    if tick is None:
        return None
    pages = models.BlotterPage.objects.filter(account=agent.id, tick__gte=tick)
    placed = models.Order.objects.filter(
        number__in=pages.numbers("orders"), id__in=shown.values("public_id")
    )
    first = placed.order_by("number").values_list("tick_submitted", "number").first()
    return first or (tick, 0)  # refused, all of them: they left no order


class _KnownOrders:
    """The orders of an agent's that a tick has taken, as far as they are wanted, newest first."""

    def __init__(self, agent: Agent, wanted: OrderFilter) -> None:
        self._pages = models.BlotterPage.objects.filter(account=agent.id)
        self._open = models.Order.objects.not_final().filter(account=agent.id)
        self._wanted = wanted
        self._before: Place | None = None
        if wanted.client_id is not None:
            placed = InputRow.objects.performed().filter(
                account=agent.id, client_order_id=wanted.client_id
            )
            self._pages = self._pages.filter(tick__in=placed.values("verdict__tick"))

    @property
    def _is_open_only(self) -> bool:
        status = self._wanted.status
        return status is not None and status not in FINAL_STATUSES

    def only_before(self, place: Place | None) -> None:
        """Leave out this order and all younger ones."""
        self._before = place

    def count(self) -> int:
        if self._wanted == EVERY_ORDER:
            return self._pages.count_of("orders")
        return self._wanted_of(self._found(self._pages)).count()

    def rows(self, offset: int, count: int) -> Sequence[models.Order]:
        pages = self._pages
        if self._before is not None:
            pages = pages.filter(tick__lte=self._before[0])
        if self._wanted == EVERY_ORDER and self._before is None:
            numbers = pages.numbers("orders")[offset : offset + count]
            return list(models.Order.objects.filter(number__in=numbers).order_by("-number"))
        found = self._wanted_of(self._found(pages))
        if self._before is not None:
            found = found.filter(number__lt=self._before[1])
        return list(found.order_by("-number")[offset : offset + count])

    def _found(self, pages: models.PageQuerySet) -> QuerySet[models.Order]:
        if self._is_open_only:  # which are few, and have an index of their own
            return self._open
        return models.Order.objects.filter(number__in=pages.numbers("orders"))

    def _wanted_of(self, found: QuerySet[models.Order]) -> QuerySet[models.Order]:
        status, symbol, client_id = self._wanted
        if status is not None:
            found = found.filter(status=status)
        if symbol is not None:
            found = found.filter(symbol=symbol)
        if client_id is not None:
            found = found.filter(client_id=client_id)
        return found


def open_orders(agent: Agent) -> list[OwnOrder]:
    """Return an agent's orders that are not final, as the last tick left them, oldest first."""
    rows = models.Order.objects.not_final().filter(account=agent.id).order_by("number")
    return [_known_order(row) for row in rows]


def orders_not_final(accounts: Sequence[int]) -> dict[int, list[OwnOrder]]:
    """Return the orders of these accounts that are not final, by account, oldest first, those that
    wait for the tick last. Two queries.
    """
    found: dict[int, list[OwnOrder]] = {}
    ids = each_of(accounts)
    known = models.Order.objects.not_final().filter(account_id__in=ids).order_by("number")
    for order in known:
        found.setdefault(order.account_id, []).append(_known_order(order))
    waiting = InputRow.objects.filter(waiting__account__in=ids, type__in=ORDER_TYPES)
    for row in waiting.order_by("id"):
        found.setdefault(row.account or 0, []).append(_waiting_order(row))
    return found


class TradeSide(NamedTuple):
    """A trade as one of its two orders saw it: a trade with oneself has two of these."""

    trade: models.Trade
    is_buy: bool


class OwnTrades(NamedTuple):
    """A page of an agent's trades, how many there are in all, and the cursor after the page."""

    trades: list[TradeSide]
    total: int
    next: str | None


def trades(agent: Agent, window: Window, *, symbol: str | None = None) -> OwnTrades:
    """Return a window of the trades in which an agent bought or sold, newest first, one with
    itself once for each of its orders. Three queries. Raises BadCursor.
    """
    after = None if window.cursor is None else _place_of(window.cursor)
    with one_instant(), connection.cursor() as cursor:
        if symbol is None:
            total = models.BlotterPage.objects.filter(account=agent.id).count_of("trades")
        else:
            cursor.execute(_COUNT_TRADES, {"account": agent.id, "symbol": symbol})
            [(total,)] = cursor.fetchall()
        after_tick, after_place = after or (None, None)
        cursor.execute(
            _TRADES,
            {
                "account": agent.id,
                "symbol": symbol,
                "tick": after_tick,
                "place": after_place,
                "offset": window.offset,
                "limit": window.size + 1,
            },
        )
        places = cursor.fetchall()
        found = models.Trade.objects.in_bulk([number for _, _, number, _ in places])
    sides = [_side_of(found[number], agent, is_second) for _, _, number, is_second in places]
    tick, place, *_ = places[window.size - 1] if len(places) > window.size else (None, None)
    more = None if tick is None else f"{tick}.{place}"
    return OwnTrades(sides[: window.size], total, more)


# A trade with oneself stands twice on its page, one place after the other.
_TRADES_OF = """
    FROM market_blotterpage AS page
    CROSS JOIN LATERAL unnest(page.trades) WITH ORDINALITY AS one (number, place)
    WHERE page.account_id = %(account)s AND (
        %(symbol)s::text IS NULL OR EXISTS (
            SELECT FROM market_trade AS trade
            WHERE trade.number = one.number AND trade.symbol = %(symbol)s))
"""
_COUNT_TRADES = f"SELECT count(*) {_TRADES_OF}"
_TRADES = f"""
    SELECT page.tick, one.place, one.number,
        coalesce(page.trades[one.place - 1] = one.number, false)
    {_TRADES_OF}
        AND (%(tick)s::bigint IS NULL OR page.tick <= %(tick)s)
        AND (%(tick)s::bigint IS NULL OR page.tick < %(tick)s OR one.place > %(place)s)
    ORDER BY page.tick DESC, one.place LIMIT %(limit)s OFFSET %(offset)s
"""


def _side_of(trade: models.Trade, agent: Agent, is_second: bool) -> TradeSide:
    """Return the agent's side of a trade; of one with itself first the taker's, then the maker's.

    In an auction, where nobody takes, the buyer's comes first.
    """
    if trade.buyer_id != trade.seller_id:
        return TradeSide(trade, trade.buyer_id == agent.id)
    return TradeSide(trade, (trade.aggressor != "SELL") is not is_second)


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
        row.reason_code,
        row.note,
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
    """Return the data that these actions of an agent are checked against.

    One statement, so that no tick comes between an input that waits and what it did.
    """
    ours = [a for a in asked if a.action.engine == MARKET]
    references = [a.parameters for a in ours if not a.action.places_order]
    found = orjson.loads(
        _PROSPECT.value(
            account=agent.id,
            symbols=[a.parameters["symbol"] for a in ours if "symbol" in a.parameters],
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
    "long_margin",
    "short_margin",
    "reserved_margin",
    "realised",
    "close_equity",
    "debt",
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
    account.long_margin = BPS_IN_ONE * row["long_margin"]
    account.short_margin = BPS_IN_ONE * row["short_margin"]
    account.close_equity = row["close_equity"]
    account.debt = row["debt"]
    return account


def _open_order(row: dict[str, Any]) -> OpenOrder:
    ticket = Ticket(
        row["symbol"],
        INTENTS[row["intent"]],
        row["quantity"],
        KINDS[row["kind"]],
        row["limit"],
        row["stop"],
        TIMES_IN_FORCE[row["time_in_force"]],
        row["post_only"],
        SELF_TRADES[row["self_trade"]],
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
