"""The audit: every balance recomputed from the rows, and the machine held against them.

A check is one statement over whole tables; all see one snapshot, so the floor may go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from market import models, tape
from market.engine.accounts import TREASURY
from market.engine.orders import Order
from wallstreetsim.floor import checkpoints
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import World

# Each names what differs, the first thousand.

_CASH = f"""
    SELECT coalesce(account.id, moved.account), name, cash, coalesce(cents, 0)
    FROM market_account AS account
    FULL JOIN (
        SELECT account, sum(cents) AS cents FROM (
            SELECT side.account, side.cents
            FROM market_trade, LATERAL (VALUES
                (buyer_id, -price * quantity),
                (seller_id, price * quantity),
                (CASE aggressor WHEN 'BUY' THEN buyer_id ELSE seller_id END, -fee),
                ({TREASURY}, fee)
            ) AS side(account, cents)
            UNION ALL
            SELECT side.account, side.cents
            FROM market_ledgerentry, LATERAL (VALUES (debit_id, -cents), (credit_id, cents))
                AS side(account, cents)
            WHERE market_ledgerentry.cents <> 0
        ) AS movement GROUP BY account
    ) AS moved ON moved.account = account.id
    WHERE cash IS DISTINCT FROM coalesce(cents, 0)
    ORDER BY 1 LIMIT 1000
"""

_HOLDINGS = """
    SELECT coalesce(holding.account_id, moved.account), name,
        coalesce(holding.symbol, moved.symbol), coalesce(quantity, 0), coalesce(shares, 0)
    FROM market_holding AS holding
    FULL JOIN (
        SELECT account, symbol, sum(shares) AS shares FROM (
            SELECT side.account, symbol, side.shares
            FROM market_trade, LATERAL (VALUES (buyer_id, quantity), (seller_id, -quantity))
                AS side(account, shares)
            UNION ALL
            SELECT side.account, symbol, side.shares
            FROM market_ledgerentry, LATERAL (VALUES (debit_id, -shares), (credit_id, shares))
                AS side(account, shares)
            WHERE market_ledgerentry.shares <> 0 AND side.account IS NOT NULL
        ) AS movement GROUP BY account, symbol
    ) AS moved ON moved.account = holding.account_id AND moved.symbol = holding.symbol
    LEFT JOIN market_account AS account
        ON account.id = coalesce(holding.account_id, moved.account)
    WHERE coalesce(quantity, 0) <> coalesce(shares, 0)
    ORDER BY 1, 3 LIMIT 1000
"""

_SHARES = """
    SELECT coalesce(company.symbol, held.symbol), coalesce(shares_issued, 0), coalesce(shares, 0)
    FROM market_company AS company
    FULL JOIN (SELECT symbol, sum(quantity) AS shares FROM market_holding GROUP BY symbol) AS held
        ON held.symbol = company.symbol
    WHERE coalesce(shares_issued, 0) <> coalesce(shares, 0)
    ORDER BY 1 LIMIT 1000
"""

_SHORTS = """
    SELECT company.symbol, shorted, coalesce(short, 0), shorts_offered, coalesce(offered, 0)
    FROM market_company AS company
    LEFT JOIN (
        SELECT symbol, -sum(quantity) AS short FROM market_holding
        WHERE quantity < 0 GROUP BY symbol
    ) AS held ON held.symbol = company.symbol
    LEFT JOIN (
        SELECT symbol, sum(quantity - filled) AS offered FROM market_order
        WHERE tick_closed IS NULL AND intent = 'SHORT' GROUP BY symbol
    ) AS open ON open.symbol = company.symbol
    WHERE shorted <> coalesce(short, 0) OR shorts_offered <> coalesce(offered, 0)
    ORDER BY 1 LIMIT 1000
"""

_BANKRUPTCIES = f"""
    SELECT fallen.account_id, name, fallen.tick, -final, coalesce(cents, 0)
    FROM market_bankruptcy AS fallen
    LEFT JOIN market_account AS account ON account.id = fallen.account_id
    LEFT JOIN market_ledgerentry AS entry ON entry.credit_id = fallen.account_id
        AND entry.tick = fallen.tick AND entry.kind = 'write_off' AND debit_id = {TREASURY}
    WHERE -final IS DISTINCT FROM cents
    ORDER BY 1 LIMIT 1000
"""

_ORDERS = """
    SELECT coalesce(orders.id, done.id)::text, account_id, account.name, orders.symbol,
        orders.quantity, filled, value, status, coalesce(shares, 0), coalesce(cents, 0)
    FROM market_order AS orders
    FULL JOIN (
        SELECT side.id, sum(quantity) AS shares, sum(price * quantity) AS cents
        FROM market_trade, LATERAL (VALUES (buy_order), (sell_order)) AS side(id)
        GROUP BY side.id
    ) AS done ON done.id = orders.id
    LEFT JOIN market_account AS account ON account.id = account_id
    WHERE filled IS DISTINCT FROM coalesce(shares, 0) OR value IS DISTINCT FROM coalesce(cents, 0)
        OR filled > orders.quantity OR (status = 'filled') <> (filled = orders.quantity)
    ORDER BY number LIMIT 1000
"""

_PAGES = """
    WITH rows (what, number, page_of) AS (
        SELECT 'order', number, account_id::text FROM market_order
        UNION ALL SELECT 'trade', number, buyer_id || ' at ' || tick FROM market_trade
        UNION ALL SELECT 'trade', number, seller_id || ' at ' || tick FROM market_trade
        UNION ALL SELECT 'trade', number, symbol || ' at ' || tick FROM market_trade
    ), pages AS (
        SELECT 'order', unnest(orders), account_id::text FROM market_blotterpage
        UNION ALL SELECT 'trade', unnest(trades), account_id || ' at ' || tick
            FROM market_blotterpage
        UNION ALL SELECT 'trade', unnest(trades), symbol || ' at ' || tick FROM market_salespage
    )
    SELECT *, 'is missing' FROM (TABLE rows EXCEPT ALL TABLE pages) AS unlisted
    UNION ALL SELECT *, 'is too much' FROM (TABLE pages EXCEPT ALL TABLE rows) AS strange
    ORDER BY 2, 3 LIMIT 1000
"""

_TAPE = """
    SELECT epoch, stream, min(seq), max(seq), count(*), bool_and(seq = tick)
    FROM market_tapeentry GROUP BY epoch, stream ORDER BY epoch, stream
"""

Figures: TypeAlias = Mapping[Hashable, object]  # by what they are of


class Check(NamedTuple):
    """What was held against what, and each difference in words."""

    what: str
    differences: list[str]


class Stream(NamedTuple):
    """What is kept of one stream of the tape."""

    epoch: int
    id: int
    first: int
    last: int
    entries: int
    counts_ticks: bool


def audit(rules: Rules = RULES) -> tuple[models.World, list[Check]]:
    """Check the whole record and return World as it stood, and the checks.

    Raises World.DoesNotExist when nothing has been founded.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = models.World.objects.get()
        streams = [Stream(*stream) for stream in _rows(cursor, _TAPE)]
        return row, [
            Check("the cash of each account is what its trades and entries make", _cash(cursor)),
            Check("all cash sums to zero", _sum_of_cash(cursor)),
            Check("each holding is what its trades and entries make", _holdings(cursor)),
            Check("all shares issued are held, and no others", _shares(cursor)),
            Check("the shares lent are those that are short", _shorts(cursor)),
            Check("each bankruptcy is written off to the cent", _bankruptcies(cursor)),
            Check("each order is filled as its trades say", _orders(cursor)),
            Check("each order and trade is on its pages, and no other", _pages(cursor)),
            Check("the tape has no gap", list(_gaps(row, streams))),
            Check("the machine agrees", list(_machine(row, rules, streams))),
        ]


# The rows against themselves


def _cash(cursor: CursorWrapper) -> list[str]:
    return [
        f"account {id} ({name}): cash is {cash} cents, its trades and entries make {moved}"
        for id, name, cash, moved in _rows(cursor, _CASH)
    ]


def _sum_of_cash(cursor: CursorWrapper) -> list[str]:
    [(total,)] = _rows(cursor, "SELECT coalesce(sum(cash), 0) FROM market_account")
    return [f"all accounts together have {total} cents"] if total else []


def _holdings(cursor: CursorWrapper) -> list[str]:
    return [
        f"account {id} ({name}), {symbol}: holds {held}, its trades and entries make {moved}"
        for id, name, symbol, held, moved in _rows(cursor, _HOLDINGS)
    ]


def _shares(cursor: CursorWrapper) -> list[str]:
    return [
        f"{symbol}: {issued} shares are issued, {held} held"
        for symbol, issued, held in _rows(cursor, _SHARES)
    ]


def _shorts(cursor: CursorWrapper) -> list[str]:
    return [
        f"{symbol}: {shorted} shares are lent and {offered} asked for; {short} are short,"
        f" {open} in open orders"
        for symbol, shorted, short, offered, open in _rows(cursor, _SHORTS)
    ]


def _bankruptcies(cursor: CursorWrapper) -> list[str]:
    return [
        f"account {id} ({name}): bankrupt at tick {tick} by {deficit} cents, {cents} written off"
        for id, name, tick, deficit, cents in _rows(cursor, _BANKRUPTCIES)
    ]


def _orders(cursor: CursorWrapper) -> list[str]:
    return [
        f"order {id} of account {account} ({name}), {symbol}: {status}, {filled} of {quantity}"
        f" filled for {value} cents; its trades make {shares} for {cents}"
        for (id, account, name, symbol, quantity, filled, value, status, shares, cents) in _rows(
            cursor, _ORDERS
        )
    ]


def _pages(cursor: CursorWrapper) -> list[str]:
    return [
        f"the page of {page_of}: {what} {number} {how}"
        for what, number, page_of, how in _rows(cursor, _PAGES)
    ]


def _gaps(row: models.World, streams: list[Stream]) -> Iterator[str]:
    for stream in streams:
        if stream.last - stream.first + 1 != stream.entries:
            yield (
                f"stream {stream.id} of epoch {stream.epoch} has {stream.entries} entries"
                f" from {stream.first} to {stream.last}"
            )
    public = next((s for s in streams if (s.epoch, s.id) == (row.epoch, tape.PUBLIC_STREAM)), None)
    if public is None:
        if row.tick:
            yield "the public stream has no entries"
    elif public.last != row.tick or not public.counts_ticks:
        yield f"the public stream ends at {public.last}, or does not count the ticks to {row.tick}"
    elif public.first > max(1, row.tick - tape.KEPT_TICKS + 1):
        yield f"the public stream begins at {public.first}, later than it is pruned"


# The rows against the machine


def _machine(row: models.World, rules: Rules, streams: list[Stream]) -> Iterator[str]:
    """Tell where the machine that the checkpoint and the journal give differs from the rows."""
    try:
        world = checkpoints.load_latest(row, rules).world
    except checkpoints.CannotRestore as difference:
        yield f"it cannot be restored: {difference}"
        return
    yield from _differences("account", _recorded_accounts(), _accounts_in(world))
    yield from _differences("company", _recorded_companies(), _companies_in(world))
    yield from _differences("holding of account", _recorded_holdings(), _holdings_in(world))
    yield from _differences("open order", _recorded_orders(), _orders_in(world))
    yield from _differences("end of stream", _recorded_ends(row, streams), _ends_in(world, streams))


def _differences(what: str, recorded: Figures, machine: Figures) -> Iterator[str]:
    for key in sorted(recorded.keys() | machine.keys(), key=str):
        if recorded.get(key) != machine.get(key):
            yield (
                f"{what} {key}: the rows have {recorded.get(key)}, the machine {machine.get(key)}"
            )


def _recorded_accounts() -> Figures:
    rows = models.Account.objects.values_list("id", "cash", "realised", "call_deadline")
    return {id: tuple(rest) for id, *rest in rows}


def _accounts_in(world: World) -> Figures:
    return {
        a.id: (a.cash, a.realised, a.call.deadline if a.call else None)
        for a in world.market.accounts.values()
    }


def _recorded_companies() -> Figures:
    rows = models.Company.objects.values_list(
        *("symbol", "price", "shares_issued", "split_power", "is_trading", "reopens_tick"),
        *("ordered_band_bps", "restricted_through", "shorted", "shorts_offered"),
    )
    return {symbol: tuple(rest) for symbol, *rest in rows}


def _companies_in(world: World) -> Figures:
    return {
        c.symbol: (
            *(c.price, c.shares, c.split_power, c.is_trading, c.reopens_tick),
            *(c.ordered_band_bps, c.restricted_through, c.shorted, c.shorts_offered),
        )
        for c in world.market.companies.values()
    }


def _recorded_holdings() -> Figures:
    rows = models.Holding.objects.exclude(quantity=0)
    return {
        f"{account}, {symbol}": (quantity, cost)
        for account, symbol, quantity, cost in rows.values_list(
            "account_id", "symbol", "quantity", "cost"
        )
    }


def _holdings_in(world: World) -> Figures:
    return {
        f"{account.id}, {symbol}": (holding.quantity, holding.cost)
        for account in world.market.accounts.values()
        for symbol, holding in account.holdings.items()
        if holding.quantity
    }


def _recorded_orders() -> Figures:
    orders = models.Order.objects.not_final()
    rows = orders.values_list(
        *("id", "account_id", "symbol", "side", "intent", "quantity", "filled"),
        *("limit", "stop", "triggered_by", "status"),
    )
    return {f"{id} of account {account}": tuple(rest) for id, account, *rest in rows}


def recorded_orders(world: World) -> Iterator[Order]:
    """Yield every open order of a machine that has a row."""
    market = world.market
    open = (
        order
        for company in market.companies.values()
        for place in (
            *(company.book.bids.orders(), company.book.asks.orders()),
            *(company.queue, company.stops),
        )
        for order in place
    )
    return (order for order in chain(open, market.triggered) if order.is_recorded)


def _orders_in(world: World) -> Figures:
    return {
        f"{o.id} of account {o.account.id}": (
            *(o.company.symbol, o.side.name, o.intent.value, o.quantity, o.filled),
            *(o.limit, o.stop, o.triggered_by, o.status.value),
        )
        for o in recorded_orders(world)
    }


def _recorded_ends(row: models.World, streams: list[Stream]) -> Figures:
    return {s.id: s.last for s in streams if s.epoch == row.epoch and s.id != tape.PUBLIC_STREAM}


def _ends_in(world: World, streams: list[Stream]) -> Figures:
    """Return where the machine knows the kept streams to end; a quiet one may be pruned wholly."""
    accounts = world.market.accounts
    kept = {s.id for s in streams}
    return {id: accounts[id].tape_seq for id in kept & accounts.keys()}


def _rows(cursor: CursorWrapper, statement: str) -> list[tuple[Any, ...]]:
    cursor.execute(statement)
    return list(cursor.fetchall())
