"""The market maker's quotes: five levels a side around the price, skewed against its inventory."""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

from market.engine.rules import MakerRules
from market.engine.values import BPS_IN_ONE, Cents, Shares, Side


class Quote(NamedTuple):
    side: Side
    price: Cents
    quantity: Shares


def quotes(
    *,
    price: Cents,
    volatility: float,
    usual_volume: float,
    inventory: Shares,
    shares: Shares,
    rules: MakerRules,
) -> list[Quote]:
    """Return the quotes for one company, best first on each side, bids before asks.

    `volatility` is daily, `inventory` what the maker holds of the `shares` issued. It never offers
    more than it holds, and every bid lies below every ask. Source: market-model, section 1.
    """
    half_spread = max(0.5, price * rules.half_spread * (1.0 + rules.volatility_spread * volatility))
    target = shares * rules.holding_bps / BPS_IN_ONE
    gap = max(-1.0, min(1.0, (inventory - target) / target))
    centre = price - gap * rules.skew_half_spreads * half_spread
    scale = min(50.0, max(0.1, usual_volume / 1_000.0))
    bids: list[Quote] = []
    asks: list[Quote] = []
    lowest_bid, highest_ask, to_offer = ceil(centre), floor(centre), inventory
    for level, multiple in enumerate(rules.level_multiples):
        size = max(1, round(rules.base_size * rules.size_growth**level * scale))
        bid = min(floor(centre - half_spread * multiple), lowest_bid - 1)
        ask = max(ceil(centre + half_spread * multiple), highest_ask + 1)
        if bid >= 1:
            bids.append(Quote(Side.BUY, bid, size))
            lowest_bid = bid
        offered = min(size, to_offer)
        if offered > 0:
            asks.append(Quote(Side.SELL, ask, offered))
            highest_ask = ask
            to_offer -= offered
    return bids + asks
