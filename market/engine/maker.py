"""The market maker's quotes: five levels a side around the price, skewed against its inventory."""

from __future__ import annotations

from math import ceil, floor, sqrt
from typing import NamedTuple

from market.engine.rules import MakerRules
from market.engine.values import BPS_IN_ONE, Cents, Shares, Side, new_tuple


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
    volatility_multiple: float = 1.0,
    cash: Cents | None = None,
) -> list[Quote]:
    """Return the quotes for one company, best first on each side, bids before asks.

    `volatility` is daily, `volatility_multiple` the multiple of it that is expected of the next
    tick (σ_t), `inventory` what the maker holds of the `shares` issued, `cash` what it may spend
    here. It never offers more than it holds nor bids for more than the cash buys, and every bid
    lies below every ask. The centre leans so that those who trade bring its inventory back.
    Sources: market-model, section 1; Ho and Stoll, Optimal Dealer Pricing (1981).
    """
    width = rules.half_spread * (1.0 + rules.volatility_spread * volatility)
    half_spread = max(0.5, price * width * max(1.0, volatility_multiple) ** rules.unrest_power)
    target = shares * rules.holding_bps / BPS_IN_ONE
    centre = price - _lean(inventory - target, usual_volume, rules) * half_spread
    scale = max(0.1, usual_volume / 1_000.0)
    bids: list[Quote] = []
    asks: list[Quote] = []
    lowest_bid, highest_ask, to_offer = ceil(centre), floor(centre), inventory
    for level, multiple in enumerate(rules.level_multiples):
        size = max(1, round(rules.base_size * rules.size_growth**level * scale))
        bid = min(floor(centre - half_spread * multiple), lowest_bid - 1)
        ask = max(ceil(centre + half_spread * multiple), highest_ask + 1)
        wanted = size if cash is None or bid < 1 else min(size, cash // bid)
        if bid >= 1 and wanted > 0:
            bids.append(new_tuple(Quote, (Side.BUY, bid, wanted)))
            lowest_bid = bid
            if cash is not None:
                cash -= wanted * bid
        offered = min(size, to_offer)
        if offered > 0:
            asks.append(new_tuple(Quote, (Side.SELL, ask, offered)))
            highest_ask = ask
            to_offer -= offered
    return bids + asks


def _lean(excess: float, usual_volume: float, rules: MakerRules) -> float:
    """Return how many half-spreads the centre lies below the price: in proportion to a small excess
    of inventory, bounded for a large one.
    """
    x = excess / (rules.skew_ticks * usual_volume)
    return rules.skew_half_spreads * x / sqrt(1.0 + x * x)
