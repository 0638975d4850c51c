"""What the market charges, allows and weighs: one frozen value, applied here and published at
/config.
"""

from dataclasses import dataclass, field

from market.engine.values import Bps, Cents, Shares, Tick


@dataclass(frozen=True, slots=True)
class Sector:
    """Defaults of the companies of one sector; `share` is its part of all companies."""

    name: str
    daily_volatility: float
    beta: float
    share: float
    industries: tuple[str, ...]


SECTORS = (
    Sector("Technology", 0.025, 1.2, 0.25, ("Software", "Semiconductors", "Cloud", "Hardware")),
    Sector("Finance", 0.018, 1.1, 0.15, ("Banking", "Insurance", "Asset Management", "Payments")),
    Sector("Healthcare", 0.020, 0.9, 0.12, ("Biotech", "Pharmaceuticals", "Medical Devices")),
    Sector("Consumer", 0.015, 0.95, 0.12, ("Retail", "Food", "Apparel", "Leisure")),
    Sector("Energy", 0.030, 1.3, 0.08, ("Oil and Gas", "Solar", "Wind")),
    Sector("Industrial", 0.018, 1.0, 0.08, ("Aerospace", "Machinery", "Logistics")),
    Sector("Crypto", 0.050, 0.3, 0.07, ("Exchanges", "Mining", "Custody")),
    Sector("RealEstate", 0.022, 0.8, 0.05, ("Offices", "Housing", "Data Centers")),
    Sector("Meme", 0.080, 0.2, 0.05, ("Vibes", "Nostalgia", "Attention")),
    Sector("Utilities", 0.012, 0.5, 0.03, ("Power", "Water", "Grid")),
)


@dataclass(frozen=True, slots=True)
class SessionRules:
    open_ticks: Tick = 390
    closed_ticks: Tick = 240

    @property
    def day_ticks(self) -> Tick:
        return self.open_ticks + self.closed_ticks


@dataclass(frozen=True, slots=True)
class PricingRules:
    """Shares of variance and bounds of the price engine (market-model, section 1)."""

    flow_weight: float = 0.6
    shock_weight: float = 0.3
    drift_weight: float = 0.1
    market_share: float = 0.35
    sector_share: float = 0.20
    own_share: float = 0.45
    founding_turnover: float = (
        0.01  # a day's usual volume as a part of the shares issued, at founding
    )
    usual_volume_half_life: Tick = 390
    impact_half_lives: tuple[float, ...] = (1.5, 6.0, 25.0, 100.0)
    pull_linear: float = 0.0006
    pull_cubic: float = 0.00005
    noise_cap_sigmas: float = 20.0
    tick_cap: float = 0.10
    lowest_cents: Cents = 100
    highest_cents: Cents = 1_000_000


@dataclass(frozen=True, slots=True)
class MakerRules:
    """How the market maker quotes (market-model, section 1)."""

    endowment_cents: Cents = 1_000_000_000_000
    holding_bps: Bps = 3_000
    half_spread: float = 0.0005
    volatility_spread: float = 10.0
    level_multiples: tuple[float, ...] = (1.0, 1.5, 2.25, 3.4, 5.1)
    base_size: Shares = 1_000
    size_growth: float = 1.2
    skew_half_spreads: float = 1.0  # how far a full inventory gap moves the centre


@dataclass(frozen=True, slots=True)
class MarginRules:
    """Loans, margin calls and liquidation (market-model, section 3). The weights are tenths of the
    initial rate.
    """

    long_weight: int = 5
    short_weight: int = 6
    call_ticks: Tick = 10  # to cure a call
    urgent_bps: Bps = 8_000  # of maintenance, below which there is no time to cure
    cushion_bps: Bps = 500  # maintenance holds with so much to spare when liquidation ends
    liquidated_volume_bps: Bps = 2_000  # of the last few ticks' volume, closed in one tick
    liquidated_volume_ticks: Tick = 5
    liquidated_position_bps: Bps = 500  # of the position at the call, closed in one tick
    loan_spread_bps: Bps = 200  # a year, above the world's interest rate
    days_in_year: int = 252


@dataclass(frozen=True, slots=True)
class LendingRules:
    """Shares lent to short sellers: the pool, and a fee that rises with its use, a year."""

    pool_bps: Bps = 3_000  # of the shares issued
    lowest_fee_bps: Bps = 50
    highest_fee_bps: Bps = 3_000  # with the whole pool lent


@dataclass(frozen=True, slots=True)
class HaltRules:
    """Limit bands, pauses, market-wide halts and the short-sale restriction (market-model, section
    4).
    """

    band_ticks: Tick = 5  # over which the bands' centre is the mean price
    band_bps: Bps = 1_000
    large_band_bps: Bps = 500
    large_cents: Cents = 1_000_000_000_000  # $10 billion of market capitalisation
    wild_band_bps: Bps = 2_000
    wild_sectors: tuple[str, ...] = ("Meme", "Crypto")
    pause_ticks: Tick = 5
    market_levels_bps: tuple[Bps, ...] = (700, 1_300)  # below the previous close
    market_halt_ticks: Tick = 15
    market_halts_until: Tick = 355  # tick in day
    day_ends_bps: Bps = 2_000
    restriction_bps: Bps = 1_000  # below the previous close: no short at or below the best bid
    restriction_days: int = 1  # after the one in which it was triggered


@dataclass(frozen=True, slots=True)
class SplitRules:
    """Splits keep prices readable: so many shares for one above, one for so many below."""

    ratio: int = 10
    above_cents: Cents = 500_000
    below_cents: Cents = 200


@dataclass(frozen=True, slots=True)
class Switches:
    """What of the market is switched on in this world, from its founding to its end."""

    never_closes: bool = False
    maker: bool = True  # the market maker quotes
    walk: bool = True  # random price shocks
    halts: bool = True  # bands, pauses, market-wide halts, short-sale restrictions


@dataclass(frozen=True, slots=True)
class Macro:
    """The economy's rates, a year, in basis points."""

    interest_bps: Bps = 500
    inflation_bps: Bps = 200
    gdp_growth_bps: Bps = 250


@dataclass(frozen=True, slots=True)
class MarketRules:
    """The market's rules as one value. Rates are basis points, money is cents, times are ticks."""

    taker_fee_bps: Bps = 1
    collar_bps: Bps = 500
    max_open_orders: int = 200
    max_quantity: Shares = 1_000_000
    lowest_limit_cents: Cents = 1
    highest_limit_cents: Cents = 100_000_000
    book_levels_published: int = 50
    leaderboard_size: int = 25
    index_base: int = 1_000
    equity_sample_ticks: Tick = 10
    candle_intervals: tuple[Tick, ...] = (1, 5, 15, 60, 390)
    sectors: tuple[Sector, ...] = SECTORS
    session: SessionRules = field(default_factory=SessionRules)
    pricing: PricingRules = field(default_factory=PricingRules)
    maker: MakerRules = field(default_factory=MakerRules)
    margin: MarginRules = field(default_factory=MarginRules)
    lending: LendingRules = field(default_factory=LendingRules)
    halts: HaltRules = field(default_factory=HaltRules)
    splits: SplitRules = field(default_factory=SplitRules)
    macro_at_founding: Macro = field(default_factory=Macro)
