"""Short sales: the shares that may be borrowed, what borrowing costs, and when it is restricted."""

from market.engine.rules import LendingRules
from market.engine.values import BPS_IN_ONE, Bps, Shares


def lendable_pool(shares: Shares, rules: LendingRules) -> Shares:
    """Return how many of the shares issued may be lent to short sellers."""
    return shares * rules.pool_bps // BPS_IN_ONE


def borrowable(shares: Shares, shorted: Shares, offered: Shares, rules: LendingRules) -> Shares:
    """Return the shares that may still be sold short, below zero if too many are already.

    `shares` are those issued, `offered` those in open orders to sell short.
    """
    return lendable_pool(shares, rules) - shorted - offered


def borrow_fee_bps(shares: Shares, shorted: Shares, rules: LendingRules) -> Bps:
    """Return the yearly fee for borrowing shares: it rises with the use of the pool."""
    pool = lendable_pool(shares, rules)
    span = rules.highest_fee_bps - rules.lowest_fee_bps
    return rules.lowest_fee_bps + span * min(shorted, pool) // max(1, pool)


def is_restricted(restricted_through: int, trading_day: int) -> bool:
    """Say whether short sales at or below the best bid are forbidden on a trading day.

    `restricted_through` is the last day of a company's restriction, -1 if it never had one.
    """
    return restricted_through >= trading_day
