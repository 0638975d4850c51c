"""What a tick changed of the law, as plain values: written to the record, shown, hashed."""

from __future__ import annotations

from typing import NamedTuple

from agents.engine.agent_state import Named
from market.engine.values import Cents, Tick
from sec.engine.bribes import BribeState
from sec.engine.cases import Accused, Case
from sec.engine.records import (
    EventSeen,
    LinkSeen,
    OrderSeen,
    PaymentSeen,
    PriceSeen,
    RumorSeen,
    TradeSeen,
)
from sec.engine.suspicion import Suspicion
from sec.engine.tips import TipState


class SuspicionNoted(NamedTuple):
    """A suspicion that the tick has raised; `case` is what it opened or fed, None if too weak."""

    tick: Tick
    case: str | None
    suspicion: Suspicion


class CaseState(NamedTuple):
    """A case touched in the tick."""

    id: str
    crime: str
    symbol: str | None
    source: str
    opened_tick: Tick
    first_tick: Tick
    last_tick: Tick
    confidence: float
    investigator: int | None
    has_detector: bool
    subpoena_tick: Tick | None
    closed_tick: Tick | None
    note: str
    orders: list[OrderSeen]
    trades: list[TradeSeen]
    rumors: list[RumorSeen]
    bribes: list[PaymentSeen]
    events: list[EventSeen]
    links: list[LinkSeen]
    prices: list[PriceSeen]


class AccusedState(NamedTuple):
    """How a case stands for one accused, touched in the tick."""

    case: str
    account: int
    status: str
    opened_tick: Tick
    active_tick: Tick | None
    charged_tick: Tick | None
    decided_tick: Tick | None
    confidence: float
    gain_cents: Cents
    notional_cents: Cents
    fine_cents: Cents
    sentence_ticks: Tick
    suspension_ticks: Tick
    collected_cents: Cents
    escrowed_cents: Cents
    owed_cents: Cents
    answer: str
    appeal_tick: Tick | None
    is_appeal_over: bool


class PenaltyImposed(NamedTuple):
    """Something that the law has done to an account: a kind, and the cents or ticks of it."""

    tick: Tick
    case: str
    account: int
    kind: str
    cents: Cents = 0
    ticks: Tick = 0
    until: Tick = 0  # of prison and suspensions: when it ends


class CaseUpdate(NamedTuple):
    """What everyone is told of a case: a charge, or how it ended for one accused."""

    tick: Tick
    case: str
    account: int
    crime: str
    symbol: str | None
    status: str
    fine_cents: Cents
    sentence_ticks: Tick
    suspension_ticks: Tick
    release_tick: Tick | None  # from prison, where it leads there


class SecReport(NamedTuple):
    """Everything that the law decided in one tick."""

    suspicions: list[SuspicionNoted]
    cases: list[CaseState]
    accused: list[AccusedState]
    penalties: list[PenaltyImposed]
    bribes: list[BribeState]
    tips: list[TipState]
    updates: list[CaseUpdate]
    named: dict[int, Named]  # who the updates are about


def case_state(case: Case) -> CaseState:
    evidence = case.evidence
    return CaseState(
        case.id,
        case.crime,
        case.symbol,
        case.source.value,
        case.opened_tick,
        case.first_tick,
        case.last_tick,
        case.confidence,
        case.investigator,
        case.has_detector,
        case.subpoena_tick,
        case.closed_tick,
        case.note,
        list(evidence.orders.values()),
        list(evidence.trades.values()),
        list(evidence.rumors.values()),
        list(evidence.payments.values()),
        list(evidence.events.values()),
        list(evidence.links.values()),
        list(evidence.prices.values()),
    )


def accused_state(case: Case, accused: Accused) -> AccusedState:
    return AccusedState(
        case.id,
        accused.account,
        accused.status.value,
        accused.opened_tick,
        accused.active_tick,
        accused.charged_tick,
        accused.decided_tick,
        accused.confidence,
        accused.gain_cents,
        accused.notional_cents,
        accused.fine_cents,
        accused.sentence_ticks,
        accused.suspension_ticks,
        accused.collected_cents,
        accused.escrowed_cents,
        accused.owed_cents,
        accused.answer,
        accused.appeal_tick,
        accused.is_appeal_over,
    )
