"""What makes a signal, what it promises, and when analysts and the narrative speak."""

from __future__ import annotations

from dataclasses import dataclass

from market.engine.values import Bps, Cents, Tick

TIERS = ("MASTER", "HIGH", "MEDIUM", "LOW")  # of signals, the best first


@dataclass(frozen=True, slots=True)
class SignalType:
    """One type of signal: the score it begins with, and how far its stop and target lie from its
    entry, in the company's usual moves over `horizon_ticks`.
    """

    kind: str
    base: int
    stop_sigmas: float
    target_sigmas: float
    horizon_ticks: Tick


@dataclass(frozen=True, slots=True)
class SignalRules:
    """How evidence is scored (0–100; no probability), and how a signal is followed."""

    types: tuple[SignalType, ...] = (
        SignalType("selloff", 40, 1.0, 1.5, 60),
        SignalType("rally", 40, 1.0, 1.5, 60),
        SignalType("breakout", 45, 1.0, 2.0, 120),
        SignalType("breakdown", 45, 1.0, 2.0, 120),
        SignalType("gap", 40, 1.0, 1.0, 120),
        SignalType("gap_fill", 35, 1.0, 1.0, 60),
        SignalType("unusual_volume", 35, 1.0, 1.0, 60),
        SignalType("level_bounce", 40, 0.75, 1.5, 60),
        SignalType("level_break", 42, 0.75, 1.5, 60),
        SignalType("squeeze", 45, 1.5, 3.0, 390),
        SignalType("social_hot", 35, 1.0, 1.0, 60),
        SignalType("social_emerging", 35, 1.0, 1.0, 60),
        SignalType("social_velocity", 38, 1.0, 1.0, 60),
        SignalType("social_contrarian", 40, 1.0, 1.5, 60),
        SignalType("pump_warning", 45, 1.0, 1.5, 60),
        SignalType("news", 38, 1.0, 1.5, 60),
        SignalType("synthesis", 60, 1.25, 2.5, 120),
    )
    least_score: int = 35  # of a signal that is published
    master: int = 75
    high: int = 60
    medium: int = 45
    evidence_ticks: Tick = 60  # for which an alert speaks for or against a side
    agreeing: int = 8  # points for each other type of alert on the same side
    opposing: int = 10  # points off for each type on the other side
    most_agreeing: int = 24
    busy_volume: float = 2.0  # of the usual: from here volume gives its points
    volume_points: int = 6
    sector_points: int = 5  # for a sector that moves the same way today; off, the other way
    least_spreads: float = 2.0  # that stop and target lie from the entry, at least
    pause_ticks: Tick = 60  # between two signals of a type for one company
    most_a_tick: int = 5  # the highest scores first
    expiry_ticks: Tick = 1_260
    late_ticks: Tick = 60  # before the close, when a signal warns of the night
    account_cents: Cents = 10_000_000  # for which a position is sized
    risk_bps: Bps = 100  # of the account, lost at the stop
    least_record: int = 200  # closed signals of a type before its record says anything
    interval_sigmas: float = 1.96  # of the mean, either way: 95 %

    def type_of(self, kind: str) -> SignalType | None:
        """Return the type of signal that alerts of a kind may give, None for others."""
        return next((type for type in self.types if type.kind == kind), None)

    def tier_of(self, score: int) -> str:
        """Return the tier of a score."""
        least = (self.master, self.high, self.medium)
        reached = (tier for score_of, tier in zip(least, TIERS, strict=False) if score >= score_of)
        return next(reached, TIERS[-1])


@dataclass(frozen=True, slots=True)
class OpinionRules:
    """When analysts and the narrative speak, and how sure they may sound."""

    pause_ticks: Tick = 60  # between two insights that an analyst offers by itself
    narrative_ticks: Tick = 60  # between two narratives
    stale_ticks: Tick = 180  # after which the newest narrative is called stale
    evidence_ticks: Tick = 120  # for which an event counts in an opinion
    base_confidence: int = 35
    confidence_each: int = 6  # for each event it rests on
    most_confidence: int = 90
    stance_move: float = 0.004  # of a sector or the index today, from which it leans
    disagreement_weight: int = 40  # points off where analysts lean opposite ways, half and half
    most_sources: int = 8
