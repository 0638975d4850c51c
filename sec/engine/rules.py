"""The numbers of the law. What would be a manual of evasion is apart, and is not published."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.engine.rules import POINT
from market.engine.values import Bps, Cents, Tick


@dataclass(frozen=True, slots=True)
class CrimeRule:
    """A crime: the years in prison that it costs, and whether a first, light one is spared them."""

    name: str
    least_years: int
    most_years: int
    may_be_light: bool


WASH_TRADING, SPOOFING, PUMP_AND_DUMP = "wash_trading", "spoofing", "pump_and_dump"
INSIDER_TRADING, COORDINATION, BRIBERY = "insider_trading", "coordination", "bribery"

CRIMES = (
    CrimeRule(WASH_TRADING, 1, 3, may_be_light=True),
    CrimeRule(SPOOFING, 1, 5, may_be_light=True),
    CrimeRule(PUMP_AND_DUMP, 3, 10, may_be_light=True),
    CrimeRule(INSIDER_TRADING, 5, 20, may_be_light=False),
    CrimeRule(COORDINATION, 2, 5, may_be_light=True),
    CrimeRule(BRIBERY, 5, 15, may_be_light=False),
)
CRIME_NAMES = tuple(crime.name for crime in CRIMES)


@dataclass(frozen=True, slots=True)
class BribeRules:
    """What a bribe may be, and what becomes of it. Odds and weights are fractions."""

    least_cents: Cents = 100_000
    most_cents: Cents = 100_000_000_000_000
    pair_ticks: Tick = 630  # between two bribes of the same to the same
    answer_ticks: Tick = 200  # to keep or to report it
    base_odds: float = 0.3  # of detection
    reputation_weight: float = 0.4  # times the target's reputation, as a fraction
    discount_cents: Cents = 10_000_000  # an amount lowers the odds by its part of this
    most_discount: float = 0.2
    least_odds: float = 0.1
    most_odds: float = 0.9
    briber_loses_millionths: int = 10 * POINT  # when it is detected
    keeper_loses_millionths: int = 10 * POINT
    reporter_gains_millionths: int = 5 * POINT  # so does the target of a detected one
    reporter_ticks: Tick = 3_150  # between two such gains of the same agent
    remembered_ticks: Tick = 6_300  # in which a case finds a bribe that was kept


@dataclass(frozen=True, slots=True)
class TipRules:
    """What a tip costs and what it may earn."""

    needed_reputation_millionths: int = 20 * POINT
    stake_millionths: int = 5 * POINT
    a_day: int = 5
    bounty_bps: Bps = 1_000  # of the fine collected
    most_bounty_cents: Cents = 2_500_000
    informer_factor: int = 2  # for a whistleblower: of the percentage and of the most
    bounty_ticks: Tick = 630  # between two bounties of the same agent
    reputation_gain_millionths: int = 3 * POINT
    accomplice_keeps_bps: Bps = 5_000  # of its own penalty


@dataclass(frozen=True, slots=True)
class CaseRules:
    """How a case goes. Times are ticks."""

    active_after: Tick = 10
    dismissed_after: Tick = 200
    trial_ticks: Tick = 50
    bribe_delay_ticks: Tick = 100  # of the charge, by a bribe that the investigator has kept
    appeal_window_ticks: Tick = 200
    appeal_ticks: Tick = 100
    settle_ticks: Tick = 12_600  # between two settlements of the same agent
    settled_bps: Bps = 6_000  # of the fine
    settled_gain_bps: Bps = 15_000  # of the gain, at least
    investigator_bps: Bps = 200  # of the fine collected
    most_investigator_cents: Cents = 500_000
    investigator_reputation_millionths: int = 30 * POINT  # an outsider's, at least
    investigator_ticks: Tick = 3_150  # an outsider's age
    remembered_ticks: Tick = 630  # after its end, so that the same conduct is not tried twice


@dataclass(frozen=True, slots=True)
class PenaltyRules:
    """What a conviction costs. Severity goes from 0 to 1."""

    crimes: tuple[CrimeRule, ...] = CRIMES
    ticks_a_year: Tick = 1_000
    least_multiple_bps: Bps = 15_000  # of the gain
    most_multiple_bps: Bps = 30_000
    prior_bps: Bps = 2_500  # by which each earlier conviction adds to the severity
    notional_bps: Bps = 100  # of the notional of the conduct: the least fine
    least_fine_cents: Cents = 100_000
    grave_gain_cents: Cents = 100_000_000  # a gain, or a tenth of a notional, of severity 1
    light_bps: Bps = 100  # a severity below which a first offence is light
    least_suspension_ticks: Tick = 100
    most_suspension_ticks: Tick = 500
    least_reputation_loss_millionths: int = 10 * POINT
    most_reputation_loss_millionths: int = 30 * POINT
    debt_spread_bps: Bps = 500  # a year, above the rate of a loan


@dataclass(frozen=True, slots=True)
class FlightRules:
    """What flight risks. Odds are fractions."""

    base_odds: float = 0.3
    equity_weight: float = 0.2
    equity_unit_cents: Cents = 1_000_000_000
    most_odds: float = 0.5
    forfeited_bps: Bps = 5_000  # of what remains when the positions are closed
    caught_years: int = 10


@dataclass(frozen=True, slots=True)
class SecRules:
    """The law as one value, as it is published."""

    bribes: BribeRules = field(default_factory=BribeRules)
    tips: TipRules = field(default_factory=TipRules)
    cases: CaseRules = field(default_factory=CaseRules)
    penalties: PenaltyRules = field(default_factory=PenaltyRules)
    flight: FlightRules = field(default_factory=FlightRules)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How sure the SEC has to be; never published. Confidence goes from 0 to 1."""

    open: float = 0.6
    convict: float = 0.8
    appeal_adds: float = 0.05
    tip_weight: float = 2.0  # a tip opens what is so many times less certain
    investigator_weight: float = 4.0
    window_ticks: Tick = 630  # of orders, trades, rumors and payments that are looked at
    kept_trades: int = 500  # an account's, the largest
    kept_faint: int = 1_000  # suspicions too weak to open a case, of all accounts


THRESHOLDS = Thresholds()
