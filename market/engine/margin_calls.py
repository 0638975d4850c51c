"""Margin calls, liquidation and bankruptcy: what happens to an account that owes too much.

Source: market-model, section 3.
"""

from __future__ import annotations

from market.engine import end_of_day, margin, pricing
from market.engine.accounts import PUBLIC, TREASURY, MarginCall
from market.engine.exchange import Exchange
from market.engine.orders import Account, Company
from market.engine.outcome import Bankruptcy
from market.engine.reasons import Reason
from market.engine.rules import MarginRules
from market.engine.values import BPS_IN_ONE, OrderStatus, Shares

_INSOLVENT = "you owe more than you have"
_MAY_FAIL = "a tick may take more than you have left, of which the public keeps a part for its risk"


def look(exchange: Exchange) -> None:
    """Call, close out or write off every agent's account that the tick has left short of margin."""
    is_open = exchange.is_open
    for account in exchange.accounts.values():
        # Only who owes cash or shares can be short of margin.
        if (account.cash < 0 or account.short_value) and account.is_agent:
            if is_open:
                end_of_day.count_tick(exchange, account)
            _look_at(exchange, account)
        elif account.call is not None:
            _cure(exchange, account)


def _look_at(exchange: Exchange, account: Account) -> None:
    cause = "margin" if account.call is not None or _has_positions(account) else "losses"
    if account.liquidation_value < 0 or _may_fail(exchange, account):
        _take_over(exchange, account)
    if _has_positions(account):
        _judge(exchange, account)
    if account.liquidation_value < 0 and not _has_positions(account):
        _write_off(exchange, account, cause)


def _may_fail(exchange: Exchange, account: Account) -> bool:
    """Say whether a tick without news may take more than an account in breach has left: its own
    liquidation could move the price so far.
    """
    if not margin.is_breached(account, exchange.rules.margin):
        return False
    at_risk = 0
    for symbol, holding in account.holdings.items():
        company = exchange.companies[symbol]
        largest = pricing.largest_noise_bps(company.pricing, exchange.rules.pricing)
        at_risk += abs(holding.quantity) * company.price * largest
    return account.liquidation_value * BPS_IN_ONE < at_risk


def _judge(exchange: Exchange, account: Account) -> None:
    """Call an account, close positions of one that has not cured its call, or end the call."""
    rules, tick = exchange.rules.margin, exchange.log.tick
    if margin.is_breached(account, rules):
        call = account.call or _call(exchange, account)
        if margin.is_urgent(account, rules):
            call.deadline = min(call.deadline, tick)
        if tick >= call.deadline:
            _liquidate(exchange, account, call)
    elif account.call is not None:
        has_begun = tick > account.call.deadline
        if has_begun and _lacks_cushion(exchange, account):
            _liquidate(exchange, account, account.call)
        else:
            _cure(exchange, account)


def _has_positions(account: Account) -> bool:
    return any(holding.quantity for holding in account.holdings.values())


def _call(exchange: Exchange, account: Account) -> MarginCall:
    rules, tick = exchange.rules.margin, exchange.log.tick
    deadline = tick if margin.is_urgent(account, rules) else tick + rules.call_ticks
    positions = {s: abs(h.quantity) for s, h in account.holdings.items() if h.quantity}
    call = account.call = MarginCall(tick, deadline, positions)
    owed = margin.shortfall(account, rules)
    exchange.log.alert(
        account,
        "margin_call",
        f"Your equity is below maintenance by ${owed / 100:,.2f}: cure it by tick {deadline}, or"
        " positions will be closed.",
        {"amount": owed / 100, "deadline": deadline},
    )
    return call


def _cure(exchange: Exchange, account: Account) -> None:
    account.call = None
    exchange.log.alert(account, "system", "Your margin call is met.", {})


def _liquidate(exchange: Exchange, account: Account, call: MarginCall) -> None:
    """Cancel the account's open orders, then close positions, largest relief first, as far as one
    tick may.

    Where nothing trades, or nobody was found to trade with time and again, a liquidation waits for
    an auction, and so may an order that would close the position: it does what the liquidation is
    to do.
    """
    if exchange.moment.opens_now:  # a market that never closes has no other auction then
        call.tries.clear()
    for symbol in exchange.log.auctioned:
        call.tries.pop(symbol, None)
    for order in sorted(account.orders.values(), key=lambda order: order.number):
        if order.opens or not _waits(exchange, call, order.company):
            exchange.end_open(order, OrderStatus.CANCELLED, Reason.LIQUIDATION)
    for company in _by_relief(exchange, account, call):
        quantity = account.quantity_of(company.symbol)
        wanted = margin.shares_to_close(account, company, quantity, exchange.rules.margin)
        if not wanted:
            break
        wanted = min(wanted, _most_in_a_tick(exchange, account, company))
        closed = exchange.close_out(account, company, wanted)
        _count_try(exchange, account, call, company, closed)
        if closed:
            exchange.log.alert(
                account,
                "liquidation",
                f"{closed} {company.symbol} were closed to restore your margin.",
                {"symbol": company.symbol, "quantity": closed},
            )
    if not margin.is_breached(account, exchange.rules.margin) and not _lacks_cushion(
        exchange, account
    ):
        _cure(exchange, account)


def _take_over(exchange: Exchange, account: Account) -> None:
    """Move the positions of an account that is insolvent, or may be in a tick, to the public, at
    the price: were they sold at market, that would move it further, and who is on the other
    side would take the treasury's money. For its risk the public keeps a part of the equity that is
    left. What does not trade waits.
    """
    equity, value, closed = account.liquidation_value, 0, 0
    why = _INSOLVENT if equity < 0 else _MAY_FAIL
    for order in sorted(account.orders.values(), key=lambda order: order.number):
        exchange.end_open(order, OrderStatus.CANCELLED, Reason.LIQUIDATION)
    public = exchange.accounts[PUBLIC]
    for symbol, holding in sorted(account.holdings.items()):
        company, held = exchange.companies[symbol], holding.quantity
        value += abs(held) * company.price
        if not held or not company.is_trading:
            continue
        if held > 0:
            exchange.sell_shares(account.id, PUBLIC, company, held, kind="close_out")
        else:
            held = -min(-held, max(0, public.quantity_of(symbol)))
            exchange.sell_shares(PUBLIC, account.id, company, -held, kind="close_out")
        closed += abs(held) * company.price
        exchange.log.alert(
            account,
            "liquidation",
            f"{abs(held)} {symbol} were closed at the price: {why}.",
            {"symbol": symbol, "quantity": abs(held)},
        )
    if closed and equity > 0:
        kept = equity * exchange.rules.margin.take_over_bps // BPS_IN_ONE * closed // value
        exchange.pay(account.id, PUBLIC, kept, kind="close_out")


def _waits(exchange: Exchange, call: MarginCall, company: Company) -> bool:
    """Say whether closing a position in a company waits for the next auction in it."""
    tries = call.tries.get(company.symbol, 0)
    return not company.is_trading or tries >= exchange.rules.margin.liquidation_tries


def _count_try(
    exchange: Exchange, account: Account, call: MarginCall, company: Company, closed: Shares
) -> None:
    """Count a try that found nobody, and say so when it was the last before an auction."""
    symbol = company.symbol
    if closed:
        call.tries.pop(symbol, None)
        return
    call.tries[symbol] = call.tries.get(symbol, 0) + 1
    if _waits(exchange, call, company):
        exchange.log.alert(
            account,
            "liquidation",
            f"No counterparty was found within the collar to close your {symbol}: that waits for"
            " the next auction.",
            {"symbol": symbol, "quantity": 0},
        )


def _lacks_cushion(exchange: Exchange, account: Account) -> bool:
    """Say whether positions must go until maintenance holds with the cushion."""
    return any(
        margin.shares_to_close(account, exchange.companies[s], h.quantity, exchange.rules.margin)
        for s, h in account.holdings.items()
        if h.quantity
    )


def _by_relief(exchange: Exchange, account: Account, call: MarginCall) -> list[Company]:
    """Return the companies, of those in which closing does not wait, whose positions weigh on
    maintenance, the heaviest first.
    """
    rules = exchange.rules.margin

    def relief(company: Company) -> int:
        quantity = account.quantity_of(company.symbol)
        weight = rules.long_weight if quantity > 0 else rules.short_weight
        return weight * account.margin_rate(company) * abs(quantity) * company.price

    held = [exchange.companies[s] for s, h in account.holdings.items() if h.quantity]
    trading = [company for company in held if not _waits(exchange, call, company)]
    return sorted(trading, key=lambda company: (-relief(company), company.symbol))


def _most_in_a_tick(exchange: Exchange, account: Account, company: Company) -> Shares:
    assert account.call is not None
    position = account.call.positions.get(company.symbol, abs(account.quantity_of(company.symbol)))
    return most_in_a_tick(company, position, exchange.rules.margin)


def most_in_a_tick(company: Company, position: Shares, rules: MarginRules) -> Shares:
    """Return the most shares of a position of this size that a liquidation closes in one tick."""
    volumes = [*company.volumes, company.tick_volume][-rules.liquidated_volume_ticks :]
    return max(
        1,
        sum(volumes) * rules.liquidated_volume_bps // BPS_IN_ONE,
        position * rules.liquidated_position_bps // BPS_IN_ONE,
    )


def _write_off(exchange: Exchange, account: Account, cause: str) -> None:
    """End an account that owes more than it has, its deficit borne by the treasury."""
    for order in sorted(account.orders.values(), key=lambda order: order.number):
        exchange.end_open(order, OrderStatus.CANCELLED, Reason.BANKRUPTCY)
    account.loan_sum = account.borrow_sum = 0
    account.debt = 0  # of a fine, which nobody is left to pay
    deficit = -account.equity
    exchange.pay(TREASURY, account.id, deficit, kind="write_off")
    account.call = None
    account.is_bankrupt = True
    exchange.log.bankruptcies.append(
        Bankruptcy(exchange.log.tick, account.id, account.peak_equity, -deficit, cause)
    )
    exchange.log.alert(
        account,
        "bankrupt",
        f"You are bankrupt: ${deficit / 100:,.2f} of what you owed was written off.",
        {"deficit": deficit / 100, "peakNetWorth": account.peak_equity / 100, "cause": cause},
    )
