"""Giving a bribe, and what its target does with it."""

from __future__ import annotations

from agents.engine.agent_state import AgentStatus
from agents.engine.facts import BribeExposed, BribeOffered
from market.engine.accounts import ESCROW, TREASURY
from market.engine.values import Cents, Tick
from sec.engine import lifecycle
from sec.engine.bribes import Bribe, BribeStatus, odds_of_detection
from sec.engine.cases import Source
from sec.engine.evidence import bribery
from sec.engine.office import Office
from sec.engine.records import DETECTED, KEPT, REPORTED, PaymentSeen


def offer(
    sec: Office, id: str, briber: int, target: int, cents: Cents, request: str, ordinal: int
) -> Bribe:
    """Give a bribe: detected at once and forfeited, or laid in escrow for its target."""
    rules = sec.rules.bribes
    reputation = sec.registry.state(target).reputation
    odds = odds_of_detection(cents, reputation, rules)
    draw = sec.streams.uniform(sec.tick, f"{briber}|{ordinal}", "is the bribe detected")
    status = BribeStatus.DETECTED if draw < odds else BribeStatus.OFFERED
    bribe = Bribe(id, sec.tick, briber, target, cents, request, status)
    sec.bribes.add(bribe)
    sec.registry.note_bribe(briber, cents)
    if status is BribeStatus.DETECTED:
        bribe.answered_tick = sec.tick
        sec.registry.transfer(briber, TREASURY, cents, "bribe_forfeited")
        sec.registry.change_reputation(
            briber, -rules.briber_loses_millionths, "a bribe was detected"
        )
        _reward(sec, bribe)
        _expose(sec, bribe, DETECTED, id)
    else:
        sec.registry.transfer(briber, ESCROW, cents, "bribe_escrow")
        sec.facts.add(BribeOffered(sec.tick, id, briber, target, cents))
        _tell_target(sec, bribe)
    return bribe


def keep(sec: Office, bribe: Bribe) -> Cents:
    """Let the target keep what it may still receive of a bribe, and return that; the rest goes
    back.
    """
    kept = min(bribe.cents, sec.registry.receivable(bribe.target))
    bribe.kept_cents = kept
    sec.bribes.answer(bribe, BribeStatus.KEPT, sec.tick)
    sec.registry.transfer(ESCROW, bribe.target, kept, "bribe_kept")
    sec.registry.receive_gift(bribe.target, kept)
    _give_back(sec, bribe, bribe.cents - kept)
    sec.registry.change_reputation(
        bribe.target, -sec.rules.bribes.keeper_loses_millionths, "kept a bribe"
    )
    sec.records.payments.append(_payment(bribe, KEPT, sec.tick))
    return kept


def report(sec: Office, bribe: Bribe, case: str) -> None:
    """Give a bribe back and open a case of this id against its giver."""
    sec.bribes.answer(bribe, BribeStatus.REPORTED, sec.tick)
    _give_back(sec, bribe, bribe.cents)
    _reward(sec, bribe)
    _expose(sec, bribe, REPORTED, case)


def return_unanswered(sec: Office) -> None:
    """Give back the bribes whose targets have kept silent."""
    for bribe in sec.bribes.unanswered(sec.tick):
        sec.bribes.answer(bribe, BribeStatus.RETURNED, sec.tick)
        _give_back(sec, bribe, bribe.cents)


def _give_back(sec: Office, bribe: Bribe, cents: Cents) -> None:
    """Give a bribe back; what belongs to who has fled or is bankrupt is the treasury's."""
    if not cents:
        return
    status = sec.registry.members[bribe.briber].status
    if status in (AgentStatus.BANKRUPT, AgentStatus.FLED):
        sec.market.pay(ESCROW, TREASURY, cents, kind="bribe_forfeited")
    else:
        sec.registry.transfer(ESCROW, bribe.briber, cents, "bribe_returned")


def _reward(sec: Office, bribe: Bribe) -> None:
    """Raise the reputation of an honest target, not too often and never by its friends."""
    target = bribe.target
    if sec.registry.linked(bribe.briber, target) or not sec.bribes.may_reward(target, sec.tick):
        return
    sec.bribes.rewarded[target] = sec.tick
    gain = sec.rules.bribes.reporter_gains_millionths
    sec.registry.change_reputation(target, gain, "did not take a bribe")


def _expose(sec: Office, bribe: Bribe, kind: str, case: str) -> None:
    payment = _payment(bribe, kind, sec.tick)
    sec.records.payments.append(payment)
    lifecycle.take(sec, bribery(payment), Source.BRIBE, id=case, informer=bribe.target)
    sec.facts.add(
        BribeExposed(sec.tick, bribe.id, bribe.briber, bribe.target, bribe.cents, kind == REPORTED)
    )


def _payment(bribe: Bribe, kind: str, tick: Tick) -> PaymentSeen:
    cents = bribe.kept_cents if kind == KEPT else bribe.cents
    return PaymentSeen(bribe.id, tick, kind, bribe.briber, bribe.target, cents)


def _tell_target(sec: Office, bribe: Bribe) -> None:
    briber = sec.registry.state(bribe.briber)
    untrusted = {"untrusted": True, "author": briber.name, "text": bribe.request}
    sec.alert(
        bribe.target,
        "system",
        f"{briber.name} offers you a bribe of ${bribe.cents / 100:,.2f}: KEEP_BRIBE or"
        f" REPORT_BRIBE within {sec.rules.bribes.answer_ticks} ticks.",
        {
            "bribeId": bribe.id,
            "from": briber.id,
            "amount": bribe.cents / 100,
            "deadline": bribe.tick + sec.rules.bribes.answer_ticks,
            "request": untrusted,
        },
    )
