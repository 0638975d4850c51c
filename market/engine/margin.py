"""Margin: what a position requires, when that is breached, and what would mend it.

All in integers, by cross-multiplication: with leverage L the initial rate is 1/L, or the company's
own where that is higher, and maintenance is 5/10 of it for longs and 6/10 for shorts. Source:
market-model, section 3; L = 2 is Regulation T.
"""

from __future__ import annotations

from market.engine.orders import Account, Company
from market.engine.rules import MarginRules
from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares, ceil_div

UNITS = 10 * BPS_IN_ONE  # what a position's weight times its company's rate is parts of


def weighted(account: Account, rules: MarginRules) -> Cents:
    """Return the positions' values times their weights and rates: maintenance times UNITS · L."""
    return rules.long_weight * account.long_margin + rules.short_weight * account.short_margin


def maintenance(account: Account, rules: MarginRules) -> Cents:
    """Return the equity that the positions require, rounded up."""
    return ceil_div(weighted(account, rules), UNITS * account.leverage)


def is_breached(account: Account, rules: MarginRules) -> bool:
    """Say whether equity is below maintenance."""
    return weighted(account, rules) > UNITS * account.leverage * account.equity


def is_urgent(account: Account, rules: MarginRules) -> bool:
    """Say whether equity is below so small a part of maintenance that there is no time to cure."""
    return (
        rules.urgent_bps * weighted(account, rules)
        > BPS_IN_ONE * UNITS * account.leverage * account.equity
    )


def shortfall(account: Account, rules: MarginRules) -> Cents:
    """Return the cash that would cure a breach, zero if there is none."""
    return max(0, maintenance(account, rules) - account.equity)


def shares_to_close(
    account: Account, company: Company, quantity: Shares, rules: MarginRules
) -> Shares:
    """Return how many shares of a position must go, at the price, until maintenance holds with the
    cushion, at most all of them.
    """
    weight = rules.long_weight if quantity > 0 else rules.short_weight
    weight *= account.margin_rate(company)
    cushioned = BPS_IN_ONE + rules.cushion_bps
    excess = (
        cushioned * weighted(account, rules)
        - BPS_IN_ONE * UNITS * account.leverage * account.equity
    )
    return max(0, min(abs(quantity), ceil_div(excess, cushioned * weight * company.price)))


def liquidation_price(
    account: Account, quantity: Shares, price: Cents, rate: Bps, rules: MarginRules
) -> Cents | None:
    """Return the price beyond which this position alone would breach maintenance: the lowest that
    still holds for a long one, the highest for a short one; None when no positive price breaches.

    `quantity` is negative for a short, `price` the one at which the account is marked, `rate` the
    account's in the company.
    """
    if not quantity:
        return None
    leverage = UNITS * account.leverage
    equity_without = account.equity - quantity * price
    if quantity > 0:
        weight = rules.long_weight * rate
        required = weighted(account, rules) - weight * quantity * price
        # weight·q·p + required ≤ leverage·(equity_without + q·p)
        least = ceil_div(required - leverage * equity_without, (leverage - weight) * quantity)
        return least if least > 0 else None
    shares, weight = -quantity, rules.short_weight * rate
    required = weighted(account, rules) - weight * shares * price
    most = (leverage * equity_without - required) // ((leverage + weight) * shares)
    return max(0, most)
