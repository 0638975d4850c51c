"""When the desk speaks: one frozen value, published at /config. No number of it moves a price, and
a changed one is no new engine.

Sigmas are of the company's own past, over the time that is looked at; volumes its usual ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from market.engine.values import Tick
from news.research.signal_rules import OpinionRules, SignalRules


@dataclass(frozen=True, slots=True)
class ViewRules:
    """What the desk remembers of a company and of the market."""

    ticks: int = 60  # of prices and volumes, open ones
    days: int = 20  # of highs, lows, closes, volumes
    half_life_ticks: Tick = 390  # of a usual tick's volatility and volume
    least_sigma: float = 0.00002  # of a tick
    seasoned_ticks: Tick = 120  # open ones, before anything is unusual
    volume_slots: int = 13  # of a day, each with its usual volume
    level_width: float = 0.0025  # of the price: what trades within counts as one price
    level_memory: float = 0.8  # of the volume at a price, from day to day
    level_share: float = 0.06  # of all that has traded: so much makes a price a level
    most_levels: int = 4
    prices_kept: int = 32  # with their volumes, from day to day
    articles: int = 24  # of one company
    article_ticks: Tick = 630


@dataclass(frozen=True, slots=True)
class MoveRules:
    """Selloff and rally: a fast move, on volume."""

    every_ticks: Tick = 3
    window_ticks: Tick = 15
    sigmas: float = 4.5
    volume_multiple: float = 1.5


@dataclass(frozen=True, slots=True)
class BreakoutRules:
    """Breakout and breakdown: the range of the last days is left, on volume."""

    every_ticks: Tick = 5
    days: int = 1
    sigmas: float = 0.25  # of a day, beyond the range
    volume_multiple: float = 1.5


@dataclass(frozen=True, slots=True)
class GapRules:
    """The night's move, and its fill."""

    every_ticks: Tick = 1
    within_ticks: Tick = 5  # of the open
    sigmas: float = 0.75  # of a day


@dataclass(frozen=True, slots=True)
class VolumeRules:
    """Unusual volume."""

    every_ticks: Tick = 5
    window_ticks: Tick = 10
    multiple: float = 6.0


@dataclass(frozen=True, slots=True)
class LevelRules:
    """How near a price is to a level, fractions of the price; and when that is told: once an
    approach, as soon as a usual move of the company reaches the level. It is over, and another one
    may come, when the level has been left by more than a longer usual move.
    """

    every_ticks: Tick = 3
    near: float = 0.005
    approaching: float = 0.003
    at: float = 0.001
    reach_ticks: Tick = 15  # of the usual move that reaches it
    left_ticks: Tick = 195  # of the usual move by which it is left, no less than `near`
    forgotten_ticks: Tick = 120  # a touch without an outcome


@dataclass(frozen=True, slots=True)
class SqueezeRules:
    """The score of a short squeeze, 0 to 100: the weights add up to 100."""

    every_ticks: Tick = 10
    interest_weight: int = 45
    rise_weight: int = 10
    momentum_weight: int = 25
    volume_weight: int = 20
    full_interest: float = 0.05  # of the shares issued: the most that counts
    full_rise: float = 0.01  # of the shares, over the days that are known
    momentum_days: int = 3
    full_momentum: float = 2.0  # sigmas upwards, over those days
    full_volume: float = 4.0  # times the usual
    signal: int = 55
    alert: int = 60


@dataclass(frozen=True, slots=True)
class SocialRules:
    """What is made of public rumors: their count and signs, with price and volume."""

    every_ticks: Tick = 5
    window_ticks: Tick = 120  # of rumors
    move_ticks: Tick = 30  # of the price and the volume beside them
    hot: int = 4  # rumors within the window
    quiet_ticks: Tick = 315  # without any before: the next is the first
    fast_ticks: Tick = 20
    fast: int = 3  # rumors, within the fast ticks, and twice as many as usual
    sigmas: float = 2.0  # of a move with or against them
    pump_sigmas: float = 4.0
    pump_volume: float = 3.0
    pump_rumors: int = 2  # that praise


@dataclass(frozen=True, slots=True)
class MacroRules:
    """The Fed and the economy."""

    every_ticks: Tick = 1
    ahead_ticks: tuple[Tick, ...] = (120, 30)  # of a meeting


@dataclass(frozen=True, slots=True)
class NewsAlertRules:
    """Breaking news."""

    every_ticks: Tick = 1


@dataclass(frozen=True, slots=True)
class SynthesisRules:
    """Several checkers agree on a company and a side."""

    every_ticks: Tick = 1
    alerts: int = 3  # of different kinds
    within_ticks: Tick = 20


@dataclass(frozen=True, slots=True)
class RecapRules:
    """The day in a few lines, at its close."""

    every_ticks: Tick = 1
    movers: int = 3


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What becomes of alerts."""

    repeat_ticks: Tick = 300  # within which the same is a duplicate
    per_tick: int = 10
    recent_ticks: Tick = 120  # that the desk remembers
    recent: int = 200  # at most
    kept_days: int = 30  # of rows


@dataclass(frozen=True, slots=True)
class ResearchRules:
    """The desk's rules as one value."""

    views: ViewRules = field(default_factory=ViewRules)
    alerts: AlertRules = field(default_factory=AlertRules)
    move: MoveRules = field(default_factory=MoveRules)
    breakout: BreakoutRules = field(default_factory=BreakoutRules)
    gap: GapRules = field(default_factory=GapRules)
    volume: VolumeRules = field(default_factory=VolumeRules)
    levels: LevelRules = field(default_factory=LevelRules)
    squeeze: SqueezeRules = field(default_factory=SqueezeRules)
    social: SocialRules = field(default_factory=SocialRules)
    macro: MacroRules = field(default_factory=MacroRules)
    news: NewsAlertRules = field(default_factory=NewsAlertRules)
    synthesis: SynthesisRules = field(default_factory=SynthesisRules)
    recap: RecapRules = field(default_factory=RecapRules)
    signals: SignalRules = field(default_factory=SignalRules)
    opinions: OpinionRules = field(default_factory=OpinionRules)


RESEARCH_RULES = ResearchRules()
