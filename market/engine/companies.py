"""Companies: what the machine knows of each, and how a new world's are generated from its seed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import exp, log

from market.engine.book import Book
from market.engine.orders import Order
from market.engine.pricing import PriceState
from market.engine.rules import MarketRules, Sector
from market.engine.streams import Streams
from market.engine.values import Cents, Shares


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
    """A listed company: its book, its price and what today's trading made of them."""

    __slots__ = (
        "best_ask",
        "best_bid",
        "book",
        "day_high",
        "day_low",
        "day_open",
        "day_volume",
        "forming",
        "halted_until",
        "is_halted",
        "last",
        "listing",
        "net_flow",
        "previous_close",
        "previous_price",
        "price",
        "pricing",
        "quotes",
        "sentiment",
        "symbol",
        "tick_high",
        "tick_low",
        "tick_volume",
        "volumes",
    )

    def __init__(self, listing: Listing, rules: MarketRules) -> None:
        price = listing.price
        self.listing = listing
        self.symbol = listing.symbol
        self.book = Book()
        self.quotes: list[Order] = []  # the market maker's, replaced every tick
        self.price = self.previous_price = self.previous_close = price
        self.last: Cents | None = None
        self.best_bid: Cents | None = None
        self.best_ask: Cents | None = None
        self.day_open = self.day_high = self.day_low = price
        self.day_volume: Shares = 0
        self.tick_high = self.tick_low = price
        self.tick_volume: Shares = 0
        self.net_flow: Shares = 0  # signed volume of the tick's takers, the market maker's left out
        self.volumes: deque[Shares] = deque(maxlen=rules.session.day_ticks)
        self.forming: dict[int, list[int]] = {}  # interval → open, high, low, close, volume so far
        self.pricing = PriceState.founded(listing, rules.pricing, rules.session)
        self.sentiment = 0.0
        self.is_halted = False
        self.halted_until = 0

    @property
    def shares(self) -> Shares:
        return self.listing.shares

    @property
    def market_cap(self) -> Cents:
        return self.price * self.listing.shares

    def record_trade(self, price: Cents, quantity: Shares) -> None:
        self.last = price
        self.tick_volume += quantity
        if price > self.tick_high:
            self.tick_high = price
        if price < self.tick_low:
            self.tick_low = price

    def refresh_touch(self) -> None:
        self.best_bid = self.book.bids.best()
        self.best_ask = self.book.asks.best()


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


def generate_listings(count: int, streams: Streams, rules: MarketRules) -> list[Listing]:
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


def _new_name(number: int, sector: Sector, taken: set[str], streams: Streams) -> tuple[str, str]:
    u = streams.uniforms(0, f"{sector.name}/{number}", "listing-name")
    start, last = int(u[0] * len(_FIRST)), _LAST[sector.name]
    ending = last[int(u[1] * len(last))]
    for step in range(len(_FIRST) * 40):
        first = _FIRST[(start + step) % len(_FIRST)]
        around = step // len(_FIRST)
        symbol = first[: 4 if not around else 3].upper() + (
            ending[around - 1].upper() if around else ""
        )
        if around > len(ending):
            break
        if symbol not in taken:
            return symbol, f"{first} {ending}"
    return f"C{number:04d}", f"Company {number}"


def _listing(
    symbol: str, name: str, sector: Sector, price: Cents | None, streams: Streams
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
