"""Companies: what the machine knows of each."""

from __future__ import annotations

from collections import deque
from typing import Generic

from market.engine.book import Book
from market.engine.book_orders import OrderT
from market.engine.listings import Listing
from market.engine.pricing import PriceState
from market.engine.rules import HaltRules, MarketRules, Switches
from market.engine.stops import Stops
from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares, Tick, ceil_div


class CompanyBase(Generic[OrderT]):
    """A listed company: its book, its price and what today's trading made of them.

    While `is_trading` is False (closed, or halted), orders wait in `queue` for the auction that
    resumes trading: at the open, or at `reopens_tick`.
    """

    __slots__ = (
        "band_override_bps",
        "bands_until",
        "best_ask",
        "best_bid",
        "book",
        "day_high",
        "day_low",
        "day_open",
        "day_volume",
        "floating",
        "forming",
        "halt_reason",
        "high_band",
        "in_session",
        "is_limit_state",
        "is_trading",
        "last",
        "last_bid",
        "last_short_interest",
        "listing",
        "low_band",
        "margin_bps",
        "net_flow",
        "previous_close",
        "previous_price",
        "price",
        "pricing",
        "queue",
        "quotes",
        "recent_prices",
        "reopens_tick",
        "restricted_through",
        "sentiment",
        "shares",
        "short_interest",
        "shorted",
        "shorts_offered",
        "split_power",
        "stops",
        "symbol",
        "tick_high",
        "tick_low",
        "tick_open",
        "tick_volume",
        "volume_absorbed",
        "volumes",
    )

    def __init__(self, listing: Listing, rules: MarketRules) -> None:
        price = listing.price
        self.listing = listing
        self.symbol = listing.symbol
        self.shares = listing.shares  # issued
        self.margin_bps = rules.margin_bps(listing.sector)  # the least initial margin
        self.split_power = 0  # the shares have been split by ten to this power since founding
        self.book: Book[OrderT] = Book()
        self.quotes: list[OrderT] = []  # the market maker's, replaced every tick
        self.queue: list[OrderT] = []  # orders sent while it does not trade, by arrival
        self.stops: Stops[OrderT] = Stops()
        self.price = self.previous_price = self.previous_close = price
        self.last: Cents | None = None
        self.best_bid: Cents | None = None  # none of either while nothing trades
        self.best_ask: Cents | None = None
        self.last_bid: Cents | None = None  # the best one when it last traded
        self.day_open = self.day_high = self.day_low = price
        self.day_volume: Shares = 0
        self.tick_open = self.tick_high = self.tick_low = price
        self.tick_volume: Shares = 0
        self.net_flow: Shares = 0  # what takers bought of the market maker since the last price
        self.volume_absorbed: Shares = 0  # step, less what they sold to it; and both together
        self.volumes: deque[Shares] = deque(maxlen=rules.session.day_ticks)
        self.forming: dict[int, list[int]] = {}  # interval → open, high, low, close, volume so far
        self.pricing = PriceState.founded(listing, rules.pricing, rules.session)
        self.sentiment = 0.0
        self.is_trading = True
        self.in_session = True  # has traded in this tick, for all or some of it
        self.reopens_tick: Tick | None = None  # of a halt
        self.halt_reason = ""
        self.recent_prices: deque[Cents] = deque([price], maxlen=rules.halts.band_ticks)
        self.low_band: Cents = 0  # nothing trades outside the bands; zero: there are none
        self.high_band: Cents = 0
        self.band_override_bps: Bps = 0  # by an operator; zero: the bands are the rules'
        self.bands_until: Tick | None = None  # the tick at which they are the rules' again
        self.is_limit_state = False  # the touch has reached a band
        self.restricted_through = -1  # the last trading day of a short-sale restriction
        self.shorted: Shares = 0  # by all accounts together
        self.shorts_offered: Shares = 0  # in open orders to short
        # Of the shares, in thousandths: at the last close, and at the one before, which is public.
        self.last_short_interest: int | None = None
        self.short_interest: int | None = None
        self.floating: dict[
            int, OrderT
        ] = {}  # open orders that cost what the price says, by number

    @property
    def is_halted(self) -> bool:
        return self.reopens_tick is not None

    @property
    def market_cap(self) -> Cents:
        return self.price * self.shares

    def band_bps(self, rules: HaltRules) -> Bps:
        """Return how far from their centre the bands lie."""
        if self.band_override_bps:
            return self.band_override_bps
        if self.listing.sector in rules.wild_sectors:
            return rules.wild_band_bps
        return rules.large_band_bps if self.market_cap >= rules.large_cents else rules.band_bps

    def set_bands(self, rules: HaltRules, switches: Switches) -> None:
        """Centre the bands on the mean of the last few prices, today's included.

        However narrow they are, the cents next to their centre lie within.
        """
        self.recent_prices.append(self.price)
        if not switches.halts and not self.band_override_bps:
            self.low_band = self.high_band = 0
            return
        width = self.band_bps(rules)
        count, total = len(self.recent_prices), sum(self.recent_prices)
        low = max(1, ceil_div(total * (BPS_IN_ONE - width), count * BPS_IN_ONE))
        high = total * (BPS_IN_ONE + width) // (count * BPS_IN_ONE)
        self.low_band = min(low, total // count)
        self.high_band = max(high, ceil_div(total, count))

    def publish_short_interest(self) -> None:
        """Make public what was short at the last close, and note what is at this one."""
        self.short_interest = self.last_short_interest
        self.last_short_interest = (2_000 * self.shorted + self.shares) // (2 * self.shares)

    def record_trade(self, price: Cents, quantity: Shares) -> None:
        self.last = price
        self.tick_volume += quantity
        if price > self.tick_high:
            self.tick_high = price
        if price < self.tick_low:
            self.tick_low = price

    def refresh_touch(self, most_lean: float) -> None:
        """Note the best bid and ask, and how they lean; there are none while nothing trades."""
        if self.is_trading:
            self.best_bid = self.last_bid = self.book.bids.best()
            self.best_ask = self.book.asks.best()
        else:
            self.best_bid = self.best_ask = None
        self.pricing.lean = self._lean(most_lean)

    def _lean(self, most: float) -> float:
        """Return how far below the price the middle of the touch lies, in half-spreads, at most
        `most` either way; nothing where a side is empty.
        """
        bid, ask = self.best_bid, self.best_ask
        if bid is None or ask is None:
            return 0.0
        half = max(0.5, (ask - bid) / 2.0)
        return max(-most, min(most, (self.price - (bid + ask) / 2.0) / half))

    def begin_tick(self) -> None:
        """Begin a tick's figures where the last one ended."""
        self.previous_price = self.price
        self.start_at(self.price)
        self.tick_volume = 0

    def start_at(self, price: Cents) -> None:
        """Open the tick at a price, its highest and lowest so far."""
        self.tick_open = self.tick_high = self.tick_low = price
