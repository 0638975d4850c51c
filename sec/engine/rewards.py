"""What a tip comes to: its stake is given back or lost, and the first that was right is paid."""

from __future__ import annotations

from agents.engine.agent_state import AgentStatus
from agents.engine.rules import WHISTLEBLOWER
from market.engine.values import BPS_IN_ONE, Cents
from sec.engine.cases import Accused, Case
from sec.engine.office import Office
from sec.engine.tips import Tip, TipStatus


def return_stakes(sec: Office, case: Case) -> None:
    """Give back what was staked on a case: it is charged."""
    for id in case.tips:
        tip = sec.tips.tips.get(id)
        if tip is not None and tip.status is TipStatus.TAKEN:
            return_stake(sec, tip)


def return_stake(sec: Office, tip: Tip) -> None:
    sec.tips.set_status(tip, TipStatus.CHARGED)
    sec.registry.change_reputation(
        tip.account, sec.rules.tips.stake_millionths, "a tip led to a charge"
    )
    sec.alert(
        tip.account, "system", "Your tip has led to a charge: your stake is back.", _data(tip)
    )


def expire(sec: Office) -> None:
    """Tell those whose tips have come to nothing, as late as if a case had been opened."""
    patience = sec.rules.cases.dismissed_after
    for tip in list(sec.tips.tips.values()):
        if tip.status is TipStatus.TAKEN and tip.case is None and sec.tick >= tip.tick + patience:
            _lose(sec, tip)


def _lose(sec: Office, tip: Tip) -> None:
    sec.tips.set_status(tip, TipStatus.LOST)
    del sec.tips.tips[tip.id]
    sec.alert(tip.account, "system", "Your tip has led to nothing: your stake is lost.", _data(tip))


def close(sec: Office, case: Case) -> None:
    """Let go of the tips on a case that is over."""
    for id in case.tips:
        tip = sec.tips.tips.get(id)
        if tip is None:
            continue
        if tip.status is TipStatus.TAKEN:
            _lose(sec, tip)
        else:
            del sec.tips.tips[id]


def bounty_due(sec: Office, case: Case, accused: Accused) -> tuple[Tip, Cents] | None:
    """Return the first tip whose evidence convicts, and what it has still to be paid of what is
    collected; None where there is nobody to pay.
    """
    rules = sec.rules.tips
    tip = _first_right(sec, case, accused)
    if tip is None:
        return None
    if tip.status is not TipStatus.RIGHT:
        sec.tips.set_status(tip, TipStatus.RIGHT)
        gain = rules.reputation_gain_millionths
        sec.registry.change_reputation(tip.account, gain, "a tip was right")
        if not sec.tips.may_be_paid(tip.account, sec.tick):
            return None
        sec.tips.rewarded[tip.account] = sec.tick
    elif not tip.bounty_cents:
        return None
    member = sec.registry.members[tip.account]
    factor = rules.informer_factor if member.role == WHISTLEBLOWER else 1
    bounty = min(
        case.collected_cents * rules.bounty_bps * factor // BPS_IN_ONE,
        rules.most_bounty_cents * factor,
    )
    return tip, bounty - tip.bounty_cents


def note_bounty(sec: Office, accused: Accused, tip: Tip, paid: Cents) -> None:
    """Note that an informer was paid, and tell it."""
    tip.bounty_cents += paid
    accused.bounty_cents += paid
    sec.tips.changed[tip.id] = tip
    sec.alert(
        tip.account,
        "system",
        f"Your tip was right: a bounty of ${paid / 100:,.2f}.",
        _data(tip) | {"amount": paid / 100},
    )


def _first_right(sec: Office, case: Case, accused: Accused) -> Tip | None:
    """Return the first tip that counts: its evidence is among what convicts, and who gave it is
    neither linked to the convicted nor has traded with it in the conduct.
    """
    proof = set(case.verify(accused).ids)
    for id in case.tips:
        tip = sec.tips.tips.get(id)
        if tip is None or tip.is_accomplice or not proof.intersection(tip.evidence_ids):
            continue
        if sec.registry.members[tip.account].status in (AgentStatus.BANKRUPT, AgentStatus.FLED):
            continue
        if sec.registry.linked(tip.account, accused.account):
            continue
        pair = {tip.account, accused.account}
        if any({t.buyer, t.seller} == pair for t in case.evidence.trades.values()):
            continue
        return tip
    return None


def _data(tip: Tip) -> dict[str, object]:
    return {"tipId": tip.id, "crimeType": tip.crime, "symbol": tip.symbol}
