"""The market's audit: every balance recomputed from the rows, and the machine held against them.

A check is one statement over whole tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.utils import CursorWrapper

from market import models
from market.common.auditing import Check, Figures, differences, rows_of
from market.engine.accounts import TREASURY
from market.engine.market import MarketEngine
from market.engine.splits import restated_fill

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
            UNION ALL
            SELECT account, amount FROM market_sealedbalance WHERE symbol = ''
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
            UNION ALL
            SELECT account, symbol, amount FROM market_sealedbalance WHERE symbol <> ''
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

# What a split restated while it was open is checked by itself.
_RESTATED = """EXISTS (
    SELECT FROM market_split AS split WHERE split.symbol = orders.symbol
        AND after_trade IS NOT NULL AND split.tick >= tick_submitted
        AND split.tick <= coalesce(tick_closed, split.tick)
)"""

# The other side's order of a trade that stays may have been dropped with its day.
_SEALED = "(SELECT coalesce(max(last_tick), 0) FROM market_sealedday)"

_ORDERS = f"""
    SELECT coalesce(orders.id, done.id)::text, account_id, account.name, orders.symbol,
        orders.quantity, filled, value, status, coalesce(shares, 0), coalesce(cents, 0)
    FROM market_order AS orders
    FULL JOIN (
        SELECT side.id, sum(quantity) AS shares, sum(price * quantity) AS cents,
            max(tick) AS last_tick
        FROM market_trade, LATERAL (VALUES (buy_order), (sell_order)) AS side(id)
        GROUP BY side.id
    ) AS done ON done.id = orders.id
    LEFT JOIN market_account AS account ON account.id = account_id
    WHERE (filled IS DISTINCT FROM coalesce(shares, 0) OR value IS DISTINCT FROM coalesce(cents, 0)
        OR filled > orders.quantity OR (status = 'filled') <> (filled = orders.quantity))
        AND (orders.id IS NULL OR NOT {_RESTATED})
        AND (orders.id IS NOT NULL OR last_tick > {_SEALED})
    ORDER BY number LIMIT 1000
"""

_RESTATED_ORDERS = f"""
    SELECT orders.id::text, account_id, account.name, orders.symbol, orders.quantity, filled,
        value, status, tick_submitted, tick_closed, coalesce(fills, '[]'), splits
    FROM market_order AS orders
    LEFT JOIN (
        SELECT side.id, json_agg(json_build_array(number, quantity, price) ORDER BY number) AS fills
        FROM market_trade, LATERAL (VALUES (buy_order), (sell_order)) AS side(id)
        WHERE symbol IN (SELECT symbol FROM market_split)
        GROUP BY side.id
    ) AS done ON done.id = orders.id
    JOIN (
        SELECT symbol, json_agg(json_build_array(tick, after_trade, "into", of) ORDER BY tick)
            AS splits
        FROM market_split WHERE after_trade IS NOT NULL GROUP BY symbol
    ) AS split ON split.symbol = orders.symbol
    LEFT JOIN market_account AS account ON account.id = account_id
    WHERE {_RESTATED}
    ORDER BY orders.number
"""

# Two multisets are the same if the sums of their hashes are: by chance once in 2⁶⁴. That is ten
# times quicker than to find out which rows differ, if any do.
_PAGES_AGREE = """
    WITH rows (of_order, of_trade, of_sale) AS (
        SELECT
            (SELECT sum(hashint8extended(number, account_id)) FROM market_order),
            (SELECT sum(
                hashint8extended(number, hashint8extended(buyer_id, tick))::numeric
                    + hashint8extended(number, hashint8extended(seller_id, tick))
            ) FROM market_trade),
            (SELECT sum(hashint8extended(number, hashtextextended(symbol, tick)))
                FROM market_trade)
    ), pages (of_order, of_trade, of_sale) AS (
        SELECT
            (SELECT sum(hashint8extended(number, account_id))
                FROM market_blotterpage, unnest(orders) AS number),
            (SELECT sum(hashint8extended(number, hashint8extended(account_id, tick)))
                FROM market_blotterpage, unnest(trades) AS number),
            (SELECT sum(hashint8extended(number, hashtextextended(symbol, tick)))
                FROM market_salespage, unnest(trades) AS number)
    )
    SELECT rows.* IS NOT DISTINCT FROM pages.* FROM rows, pages
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


def checks(cursor: CursorWrapper, engine: MarketEngine | None) -> Iterator[Check]:
    """Yield the checks of the rows against themselves and, if there is one, against the machine."""
    yield Check("the cash of each account is what its trades and entries make", _cash(cursor))
    yield Check("all cash sums to zero", _sum_of_cash(cursor))
    yield Check("each holding is what its trades and entries make", _holdings(cursor))
    yield Check("all shares issued are held, and no others", _shares(cursor))
    yield Check("the shares lent are those that are short", _shorts(cursor))
    yield Check("each bankruptcy is written off to the cent", _bankruptcies(cursor))
    yield Check("each order is filled as its trades say", _orders(cursor))
    yield Check("each order and trade is on its pages, and no other", _pages(cursor))
    if engine is not None:
        yield Check("the market agrees with the machine", list(_machine(engine)))


def _machine(exchange: MarketEngine) -> Iterator[str]:
    yield from differences("account", _recorded_accounts(), _accounts_in(exchange))
    yield from differences("company", _recorded_companies(), _companies_in(exchange))
    yield from differences("holding of account", _recorded_holdings(), _holdings_in(exchange))
    yield from differences("open order", _recorded_orders(), _orders_in(exchange))


def _cash(cursor: CursorWrapper) -> list[str]:
    return [
        f"account {id} ({name}): cash is {cash} cents, its trades and entries make {moved}"
        for id, name, cash, moved in rows_of(cursor, _CASH)
    ]


def _sum_of_cash(cursor: CursorWrapper) -> list[str]:
    [(total,)] = rows_of(cursor, "SELECT coalesce(sum(cash), 0) FROM market_account")
    return [f"all accounts together have {total} cents"] if total else []


def _holdings(cursor: CursorWrapper) -> list[str]:
    return [
        f"account {id} ({name}), {symbol}: holds {held}, its trades and entries make {moved}"
        for id, name, symbol, held, moved in rows_of(cursor, _HOLDINGS)
    ]


def _shares(cursor: CursorWrapper) -> list[str]:
    return [
        f"{symbol}: {issued} shares are issued, {held} held"
        for symbol, issued, held in rows_of(cursor, _SHARES)
    ]


def _shorts(cursor: CursorWrapper) -> list[str]:
    return [
        f"{symbol}: {shorted} shares are lent and {offered} asked for; {short} are short,"
        f" {open} in open orders"
        for symbol, shorted, short, offered, open in rows_of(cursor, _SHORTS)
    ]


def _bankruptcies(cursor: CursorWrapper) -> list[str]:
    return [
        f"account {id} ({name}): bankrupt at tick {tick} by {deficit} cents, {cents} written off"
        for id, name, tick, deficit, cents in rows_of(cursor, _BANKRUPTCIES)
    ]


def _orders(cursor: CursorWrapper) -> list[str]:
    return [
        f"order {id} of account {account} ({name}), {symbol}: {status}, {filled} of {quantity}"
        f" filled for {value} cents; its trades make {shares} for {cents}"
        for (id, account, name, symbol, quantity, filled, value, status, shares, cents) in rows_of(
            cursor, _ORDERS
        )
    ] + [
        f"order {id} of account {account} ({name}), {symbol}: {status}, {filled} of {quantity}"
        f" filled for {value} cents; its trades and splits do not make that"
        for (id, account, name, symbol, quantity, filled, value, status, *story) in rows_of(
            cursor, _RESTATED_ORDERS
        )
        if filled > quantity
        or (status == "filled") != (filled == quantity)
        or (filled, value) not in _fills_that_may_be(*story)
    ]


def _fills_that_may_be(
    submitted: int, closed: int | None, fills: list[list[int]], splits: list[list[int]]
) -> list[tuple[int, int]]:
    """Return the shares and cents that an order's trades make, restated by the splits while it was
    open: two pairs when it ended in a split's tick, for then it may have done so before.
    """
    filled = value = 0
    before_the_last: list[tuple[int, int]] = []
    waiting = list(fills)
    for tick, after_trade, into, of in splits:
        if tick < submitted or (closed is not None and tick > closed):
            continue
        while waiting and waiting[0][0] <= after_trade:
            _, quantity, price = waiting.pop(0)
            filled, value = filled + quantity, value + quantity * price
        if tick == closed and not waiting:
            before_the_last.append((filled, value))
        filled, value = restated_fill(filled, value, into, of)
    for _, quantity, price in waiting:
        filled, value = filled + quantity, value + quantity * price
    return [(filled, value), *before_the_last]


def _pages(cursor: CursorWrapper) -> list[str]:
    [(they_agree,)] = rows_of(cursor, _PAGES_AGREE)
    if they_agree:
        return []
    return [
        f"the page of {page_of}: {what} {number} {how}"
        for what, number, page_of, how in rows_of(cursor, _PAGES)
    ]


def _recorded_accounts() -> Figures:
    rows = models.Account.objects.values_list("id", "cash", "realised", "debt", "call_deadline")
    return {id: tuple(rest) for id, *rest in rows}


def _accounts_in(exchange: MarketEngine) -> Figures:
    return {
        a.id: (a.cash, a.realised, a.debt, a.call.deadline if a.call else None)
        for a in exchange.accounts.values()
    }


def _recorded_companies() -> Figures:
    rows = models.Company.objects.values_list(
        *("symbol", "price", "shares_issued", "split_power", "is_trading", "reopens_tick"),
        *("band_override_bps", "restricted_through", "shorted", "shorts_offered"),
        "short_interest",
    )
    return {symbol: tuple(rest) for symbol, *rest in rows}


def _companies_in(exchange: MarketEngine) -> Figures:
    return {
        c.symbol: (
            *(c.price, c.shares, c.split_power, c.is_trading, c.reopens_tick),
            *(c.band_override_bps, c.restricted_through, c.shorted, c.shorts_offered),
            c.short_interest,
        )
        for c in exchange.companies.values()
    }


def _recorded_holdings() -> Figures:
    rows = models.Holding.objects.exclude(quantity=0)
    return {
        f"{account}, {symbol}": (quantity, cost)
        for account, symbol, quantity, cost in rows.values_list(
            "account_id", "symbol", "quantity", "cost"
        )
    }


def _holdings_in(exchange: MarketEngine) -> Figures:
    return {
        f"{account.id}, {symbol}": (holding.quantity, holding.cost)
        for account in exchange.accounts.values()
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


def _orders_in(exchange: MarketEngine) -> Figures:
    return {
        f"{o.id} of account {o.account.id}": (
            *(o.company.symbol, o.side.name, o.intent.value, o.quantity, o.filled),
            *(o.limit, o.stop, o.triggered_by, o.status.value),
        )
        for o in exchange.recorded_orders()
    }
