"""The numbers of the house: who lives there, with what, and how busily."""

from dataclasses import dataclass, field

from agents.engine.rules import INFLUENCER, INVESTIGATOR, JOURNALIST, WHISTLEBLOWER
from market.engine.values import BPS_IN_ONE, Bps, Tick

ROSTER = (
    "noise metaorder noise value noise metaorder wash wash noise metaorder momentum noise "
    "metaorder mean_reverting pump noise metaorder news insider noise metaorder mean_reverting "
    "spoof noise"
).split()


# Who of the roster is what: at least two who investigate, and some who talk or inform.
ROLES = (
    (0, INVESTIGATOR),
    (2, INFLUENCER),
    (4, JOURNALIST),
    (8, WHISTLEBLOWER),
    (11, INVESTIGATOR),
    (14, INFLUENCER),  # who pumps: it needs to be heard
)


@dataclass(frozen=True, slots=True)
class SocialRates:
    """How often house agents deal with others: chances of one of them in an open tick, and of what
    has come to one.
    """

    message: float = 0.003
    answer: float = 0.35
    proposal: float = 0.0006
    decision: float = 0.03  # that a proposal is answered in a tick
    acceptance: float = 0.4
    parting: float = 0.0008  # of each of its alliances
    betrayal: float = 0.25  # that a parting is one
    rumor: float = 0.003  # of one who lives by them
    bribe: float = 0.00015  # of a crook
    bribe_kept: float = 0.45  # else it is reported, or given back by silence
    bribe_reported: float = 0.35
    tip: float = 0.006  # of one who informs
    odd_activity: float = 1.8  # of a company, in its ordinary one
    tip_ticks: Tick = 60


@dataclass(frozen=True, slots=True)
class HouseRules:
    """Sizes are in units: a house order's usual part of a company's usual tick."""

    roster: tuple[str, ...] = tuple(ROSTER)  # repeated for as many as there are
    shares_bps: Bps = 2_000  # of every company, held by the house at founding
    cash_per_share_value: float = 1.0
    universe: int = 30  # companies that one of them trades, at least
    orders_per_tick: float = 1.6  # of one of them, about: it sets the unit
    turnover: float = 0.01  # a day's volume as a part of the shares issued

    noise_rate: float = 0.85  # of ticks with an order
    noise_size_spread: float = 0.8  # of the logarithm of an order's size
    bargain: float = 1.0  # how much a quote off the price, in half-spreads, tilts a side's chances
    most_bargain: float = 0.25  # of that in half-spreads; no offer tempts more
    balance: float = 0.20  # and how much holding more or less than at founding does

    metaorders_per_company: float = 0.9  # under way at a time
    metaorders_each: int = 5  # at most
    metaorder_shortest: Tick = 4
    metaorder_longest: Tick = 1_000
    metaorder_tail: float = 1.35  # Pareto exponent of their lengths
    metaorder_rate: float = 0.65  # of ticks with a piece
    metaorder_size: float = 0.7

    trend_rate: float = 0.35
    trend_threshold: float = 1.0  # in daily volatilities over the root of the ticks looked at
    limit_life: Tick = 30
    value_rate: float = 0.35
    value_error: float = 0.02  # of an estimate, in logs
    value_margin: float = 0.03
    news_ticks: Tick = 3

    crime_rate: float = 0.002  # schemes begun per open tick and crook
    insider_rate: float = 0.4  # per tick that it knows of something
    roles: tuple[tuple[int, str], ...] = ROLES
    social: SocialRates = field(default_factory=SocialRates)
    crook_noise: float = 0.5  # how much of a noise trader a crook is otherwise

    def share_of(self, shares: int) -> int:
        return shares * self.shares_bps // BPS_IN_ONE
