"""Companies: what the machine knows of each, and how a new world's are generated from its seed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import exp, log

from market.engine.book import Book
from market.engine.orders import Order
from market.engine.pricing import PriceState
from market.engine.random_source import RandomSource
from market.engine.rules import HaltRules, MarketRules, Sector, Switches
from market.engine.stops import Stops
from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares, Tick, ceil_div


@dataclass(frozen=True, slots=True)
class Listing:
    """A company as it is founded."""

    symbol: str
    name: str
    sector: str
    industry: str
    price: Cents
    shares: Shares
    volatility: float  # daily, of log returns
    beta: float


class Company:
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
        self.book = Book()
        self.quotes: list[Order] = []  # the market maker's, replaced every tick
        self.queue: list[Order] = []  # orders sent while it does not trade, by arrival
        self.stops = Stops()
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
        self.floating: dict[int, Order] = {}  # open orders that cost what the price says, by number

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
        """Let the tick open at a price: nothing in it was below or above that yet."""
        self.tick_open = self.tick_high = self.tick_low = price


FIXED_LISTINGS = (
    ("APEX", "Apex Technologies", "Technology", 14_250),
    ("NEXUS", "Nexus Systems", "Technology", 8_920),
    ("OMEGA", "Omega Financial", "Finance", 20_380),
    ("TITAN", "Titan Industries", "Industrial", None),
    ("NOVA", "Nova Health", "Healthcare", None),
    ("PULSE", "Pulse Energy", "Energy", 6_740),
    ("QUANTUM", "Quantum Devices", "Technology", None),
    ("MEME", "Meme Holdings", "Meme", None),
)

_FIRST = (
    "Alder Argon Astra Atlas Aurora Basalt Beacon Boreal Cedar Cinder Cobalt Comet Coral "
    "Crest Cygnus Delta Drift Echo Ember Falcon Flint Fjord Gale Garnet Glacier Granite "
    "Harbor Helio Horizon Indigo Iris Jade Juniper Kestrel Lumen Lunar Lyra Mantle Maple "
    "Meridian Mesa Monarch Nimbus Northstar Oak Onyx Orbit Orchid Osprey Pelican Pinnacle "
    "Polar Prairie Prism Quarry Raven Ridge Sable Sierra Slate Solace Spruce Summit Talon "
    "Tempest Terra Thistle Tundra Umber Vale Vector Verdant Vertex Violet Wharf Willow Zenith "
    "Zephyr "
).split()
_LAST = {
    "Technology": ("Software", "Labs", "Computing", "Networks"),
    "Finance": ("Capital", "Bancorp", "Trust", "Partners"),
    "Healthcare": ("Therapeutics", "Biosciences", "Medical"),
    "Consumer": ("Brands", "Stores", "Foods"),
    "Energy": ("Petroleum", "Power", "Renewables"),
    "Industrial": ("Works", "Aerospace", "Logistics"),
    "Crypto": ("Chain", "Protocol", "Mining"),
    "RealEstate": ("Properties", "Estates"),
    "Meme": ("Rocket", "Apes", "Diamonds"),
    "Utilities": ("Electric", "Waterworks"),
}


def generate_listings(count: int, streams: RandomSource, rules: MarketRules) -> list[Listing]:
    """Generate `count` listings from the seed: the fixed ones first, then sectors in proportion.

    Prices are log-uniform in $20–$500, shares such that capitalisations are log-uniform in $0.5–200
    billion.
    """
    sectors = {sector.name: sector for sector in rules.sectors}
    fixed = [
        _listing(symbol, name, sectors[sector], price, streams)
        for symbol, name, sector, price in FIXED_LISTINGS[:count]
    ]
    wanted = _sectors_in_proportion(count, [listing.sector for listing in fixed], rules)
    taken = {listing.symbol for listing in fixed}
    generated = []
    for number, sector in enumerate(wanted):
        symbol, name = _new_name(number, sectors[sector], taken, streams)
        taken.add(symbol)
        generated.append(_listing(symbol, name, sectors[sector], None, streams))
    return fixed + generated


def _sectors_in_proportion(count: int, have: list[str], rules: MarketRules) -> list[str]:
    """Return the sectors still needed so that each has its share of `count` (largest remainder
    method).
    """
    exact = {sector.name: sector.share * count for sector in rules.sectors}
    quota = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: quota[name] - exact[name])
    for name in by_remainder[: count - sum(quota.values())]:
        quota[name] += 1
    missing = [name for name, n in quota.items() for _ in range(n - have.count(name))]
    return missing[: count - len(have)]


def _new_name(
    number: int, sector: Sector, taken: set[str], streams: RandomSource
) -> tuple[str, str]:
    u = streams.uniforms(0, f"{sector.name}/{number}", "listing-name")
    start, last = int(u[0] * len(_FIRST)), _LAST[sector.name]
    ending = last[int(u[1] * len(last))]
    for step in range(len(_FIRST) * (1 + len(ending))):
        first = _FIRST[(start + step) % len(_FIRST)]
        around = step // len(_FIRST)
        symbol = first[: 4 if not around else 3].upper() + (
            ending[around - 1].upper() if around else ""
        )
        if symbol not in taken:
            return symbol, f"{first} {ending}"
    return f"C{number:04d}", f"Company {number}"


def _listing(
    symbol: str, name: str, sector: Sector, price: Cents | None, streams: RandomSource
) -> Listing:
    u = streams.uniforms(0, symbol, "listing")
    price = price or round(_log_uniform(u[0], 2_000.0, 50_000.0))
    capitalisation = _log_uniform(u[1], 5e10, 2e13)
    shares = max(1_000_000, round(capitalisation / price / 1_000_000) * 1_000_000)
    return Listing(
        symbol=symbol,
        name=name,
        sector=sector.name,
        industry=sector.industries[int(u[2] * len(sector.industries))],
        price=price,
        shares=shares,
        volatility=round(sector.daily_volatility * (0.75 + 0.5 * u[3]), 4),
        beta=sector.beta,
    )


def _log_uniform(u: float, low: float, high: float) -> float:
    return exp(log(low) + u * (log(high) - log(low)))
