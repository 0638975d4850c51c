"""Companies as they are founded, and how a new world's are generated from its seed."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from market.engine.random_source import RandomSource
from market.engine.rules import MarketRules, Sector
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
