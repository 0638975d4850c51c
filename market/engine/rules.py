"""What the market charges, allows and weighs: one frozen value, applied here and published at
/config.
"""

from dataclasses import dataclass, field

from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares, Tick


@dataclass(frozen=True, slots=True)
class Sector:
    """Defaults of the companies of one sector; `share` is its part of all companies.

    `margin_bps` is the least initial margin of a position, whatever its owner's leverage: what the
    sector's news may be worth at once.
    """

    name: str
    daily_volatility: float
    beta: float
    share: float
    industries: tuple[str, ...]
    margin_bps: Bps = 1_000


SECTORS = (
    Sector("Technology", 0.025, 1.2, 0.25, ("Software", "Semiconductors", "Cloud", "Hardware")),
    Sector("Finance", 0.018, 1.1, 0.15, ("Banking", "Insurance", "Asset Management", "Payments")),
    Sector(
        "Healthcare", 0.020, 0.9, 0.12, ("Biotech", "Pharmaceuticals", "Medical Devices"), 2_500
    ),
    Sector("Consumer", 0.015, 0.95, 0.12, ("Retail", "Food", "Apparel", "Leisure")),
    Sector("Energy", 0.030, 1.3, 0.08, ("Oil and Gas", "Solar", "Wind")),
    Sector("Industrial", 0.018, 1.0, 0.08, ("Aerospace", "Machinery", "Logistics")),
    Sector("Crypto", 0.050, 0.3, 0.07, ("Exchanges", "Mining", "Custody"), 3_000),
    Sector("RealEstate", 0.022, 0.8, 0.05, ("Offices", "Housing", "Data Centers")),
    Sector("Meme", 0.080, 0.2, 0.05, ("Vibes", "Nostalgia", "Attention"), 5_000),
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
    """Shares of variance and bounds of the price engine (market-model, section 1).

    docs/realism.md says why the numbers are these where they are not the model's.
    """

    flow_weight: float = 0.5
    shock_weight: float = 0.4
    drift_weight: float = 0.1
    market_share: float = 0.35  # of the shock's variance
    sector_share: float = 0.20
    own_share: float = 0.45
    world_market_share: float = 0.5  # of the drift's noise; the rest is the sector's
    founding_turnover: float = (
        0.01  # a day's usual volume as a part of the shares issued, at founding
    )
    usual_volume_half_life: Tick = 390
    most_usual_volumes: float = 4.0  # that one tick may count for, towards the usual volume
    impact_crossover: float = 2.0  # in usual ticks: linear impact below, a square root above
    flow_scale: float = 1.7  # makes an ordinary tick's surprise of about unit variance
    impact_half_lives: tuple[float, ...] = (1.5, 6.0, 25.0, 100.0, 400.0)
    impact_weights: tuple[float, ...] = (0.25, 0.29, 0.06, 0.12, 0.25)
    lean_weight: float = 0.27  # of the quotes' lean, which those without an opinion follow
    most_lean: float = 0.25  # in half-spreads; what lies beyond it tempts nobody further
    permanent_flow: float = 0.5  # what of a flow's impact the fundamental follows
    volatility_half_lives: tuple[float, ...] = (3.0, 38.0, 180.0)
    volatility_sds: tuple[float, ...] = (0.53, 0.2, 0.35)  # of the log-volatilities
    open_swell: float = 0.95  # how much wilder the first tick is than noon, and how long
    open_swell_ticks: float = 42.0
    close_swell: float = 0.45
    close_swell_ticks: float = 25.0
    unrest: float = 0.5  # an event adds so much to the volatility, fading over its duration
    night_volatility: float = 0.35  # the night's increment, in daily volatilities
    pull_linear: float = 0.00005
    pull_cubic: float = 0.00005
    sector_swing: float = 0.15  # of a sector's performance, in daily volatilities
    sector_memory: float = 0.8  # of a sector's performance, from one day to the next
    noise_cap_sigmas: float = 20.0
    tick_cap: float = 0.10
    material_sigmas: float = 12.0  # a company halts to tell news that is worth more
    lowest_cents: Cents = 100
    highest_cents: Cents = 1_000_000
    bound_width: float = 0.3  # in logs: how near a bound its push begins


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of market event: the bounds of its impact and of its duration in ticks.

    A kind of both signs has its bounds mirrored: `lowest` and `highest` are those of the size.
    """

    name: str
    lowest: float
    highest: float
    shortest: Tick
    longest: Tick
    scope: str = "company"  # or sector, or market
    both_signs: bool = False


EVENT_KINDS = (
    EventKind("EARNINGS_BEAT", 0.03, 0.15, 5, 30),
    EventKind("EARNINGS_MISS", -0.03, -0.15, 5, 30),
    EventKind("CEO_SCANDAL", -0.05, -0.20, 20, 100),
    EventKind("PRODUCT_LAUNCH", 0.02, 0.10, 10, 50),
    EventKind("FDA_APPROVAL", 0.15, 0.50, 5, 20),
    EventKind("FDA_REJECTION", -0.20, -0.50, 5, 20),
    EventKind("MERGER_RUMOR", 0.10, 0.30, 30, 100),
    EventKind("INSIDER_SELLING", -0.02, -0.05, 5, 15),
    EventKind("SHORT_SQUEEZE", 0.20, 1.00, 3, 15),
    EventKind("ANALYST_UPGRADE", 0.02, 0.08, 3, 10),
    EventKind("ANALYST_DOWNGRADE", -0.02, -0.08, 3, 10),
    EventKind("MEME_PUMP", 0.30, 2.00, 3, 20),
    EventKind("SECTOR_ROTATION", 0.005, 0.05, 50, 200, "sector", both_signs=True),
    EventKind("BLACK_SWAN", -0.10, -0.30, 100, 500, "market"),
    EventKind("MARKET_CRASH", -0.05, -0.15, 50, 200, "market"),
    EventKind("RALLY", 0.05, 0.15, 50, 200, "market"),
    EventKind("FED_MEETING", 0.001, 0.015, 30, 120, "market", both_signs=True),
)

_ORDINARY = (
    ("ANALYST_UPGRADE", 6.0),
    ("ANALYST_DOWNGRADE", 6.0),
    ("EARNINGS_BEAT", 4.0),
    ("EARNINGS_MISS", 4.0),
    ("INSIDER_SELLING", 2.0),
)
_MAKERS = (*_ORDINARY, ("PRODUCT_LAUNCH", 3.0), ("CEO_SCANDAL", 0.8), ("SHORT_SQUEEZE", 0.2))
_DEALS = (("MERGER_RUMOR", 0.5),)
_DRUGS = (("FDA_APPROVAL", 0.8), ("FDA_REJECTION", 0.8))
_VIBES = (("MEME_PUMP", 1.0), ("SHORT_SQUEEZE", 0.5), ("CEO_SCANDAL", 3.0))

EVENT_MENUS = (
    ("Technology", (*_MAKERS, *_DEALS)),
    ("Finance", (*_ORDINARY, ("CEO_SCANDAL", 0.8), *_DEALS)),
    ("Healthcare", (*_MAKERS, *_DRUGS, *_DEALS)),
    ("Consumer", _MAKERS),
    ("Energy", (*_ORDINARY, ("CEO_SCANDAL", 0.5), *_DEALS)),
    ("Industrial", (*_MAKERS, *_DEALS)),
    ("Crypto", (*_MAKERS, ("MEME_PUMP", 0.2))),
    ("RealEstate", (*_ORDINARY, *_DEALS)),
    ("Meme", (*_ORDINARY, *_VIBES)),
    ("Utilities", _ORDINARY),
)


@dataclass(frozen=True, slots=True)
class EventRules:
    """What happens to companies, how often, and what for."""

    kinds: tuple[EventKind, ...] = EVENT_KINDS
    menus: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = EVENT_MENUS
    company_rate: float = 1.3e-4  # per company and open tick
    sector_rate: float = 1.0e-5  # per sector and open tick
    market_rates: tuple[tuple[str, float], ...] = (  # per open tick
        ("RALLY", 1.4e-5),
        ("MARKET_CRASH", 1.0e-5),
        ("BLACK_SWAN", 2.0e-6),
    )
    tail: float = 2.5  # the exponent by which large impacts are rarer within their range
    ticks_ahead: Tick = 5  # open ticks between an event's being known inside and its news
    least_short_interest: float = 0.02  # of the shares issued, for a squeeze


@dataclass(frozen=True, slots=True)
class Regime:
    """A regime of the market: daily log drift, multiples of volatility and of the event rate, and
    the daily chances of moving on.
    """

    name: str
    drift: float
    volatility: float
    events: float
    onward: tuple[tuple[str, float], ...]


REGIMES = (
    Regime("normal", 0.0, 0.96, 1.0, (("bull", 0.06), ("bear", 0.05), ("crash", 0.002))),
    Regime("bull", 0.0010, 0.92, 1.0, (("normal", 0.10), ("bubble", 0.03), ("crash", 0.002))),
    Regime("bear", -0.0010, 1.10, 1.2, (("normal", 0.12), ("crash", 0.01))),
    Regime("bubble", 0.0020, 1.15, 1.4, (("normal", 0.08), ("bear", 0.06), ("crash", 0.04))),
    Regime("crash", -0.0050, 1.50, 2.0, (("bear", 0.50), ("normal", 0.20))),
)


@dataclass(frozen=True, slots=True)
class ClimateRules:
    """Regimes, the daily step of the economy, and the Fed's calendar."""

    regimes: tuple[Regime, ...] = REGIMES
    fed_days: int = 20
    fed_tick_in_day: Tick = 240
    neutral_interest_bps: Bps = 500
    neutral_inflation_bps: Bps = 200
    neutral_growth_bps: Bps = 250
    macro_reversion: float = 0.03
    macro_step_bps: float = 4.0
    largest_fed_step_bps: Bps = 50


@dataclass(frozen=True, slots=True)
class MakerRules:
    """How the market maker quotes (market-model, section 1)."""

    endowment_cents: Cents = 1_000_000_000_000
    holding_bps: Bps = 3_000
    half_spread: float = 0.0001
    volatility_spread: float = 290.0
    unrest_power: float = 1.0  # of max(1, σ_t) in the half-spread
    level_multiples: tuple[float, ...] = (1.0, 2.6, 4.3, 6.2, 8.4)
    base_size: Shares = 480  # of a company whose usual volume is a thousand shares a tick
    size_growth: float = 1.55
    skew_half_spreads: float = 0.25  # how far a very full inventory moves the centre
    skew_ticks: float = 40.0  # of usual volume away from its target, for most of that


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
    liquidation_tries: int = 5  # that find nobody, before the next waits for an auction
    take_over_bps: Bps = 5_000  # of the equity left, for the public that takes positions over
    loan_spread_bps: Bps = 700  # a year, above the world's interest rate
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
    events: bool = False  # events are drawn, regimes change and the economy moves
    house: int = 0  # house agents
    crooks: bool = True  # some of them break the law


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
    candle_intervals: tuple[Tick, ...] = (1, 5, 15, 60)  # and the day
    sectors: tuple[Sector, ...] = SECTORS
    session: SessionRules = field(default_factory=SessionRules)
    pricing: PricingRules = field(default_factory=PricingRules)
    maker: MakerRules = field(default_factory=MakerRules)
    margin: MarginRules = field(default_factory=MarginRules)
    lending: LendingRules = field(default_factory=LendingRules)
    halts: HaltRules = field(default_factory=HaltRules)
    splits: SplitRules = field(default_factory=SplitRules)
    events: EventRules = field(default_factory=EventRules)
    climate: ClimateRules = field(default_factory=ClimateRules)
    macro_at_founding: Macro = field(default_factory=Macro)

    def margin_bps(self, sector: str) -> Bps:
        """Return the least initial margin in a sector's companies: all of a position's value where
        the sector is unknown.
        """
        for one in self.sectors:
            if one.name == sector:
                return one.margin_bps
        return BPS_IN_ONE
