"""What a tip comes to: it is judged, feeds a case or is lost, and is paid when it was right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.engine.registry import AgentStatus
from market.engine.values import BPS_IN_ONE, Tick
from sec.engine import collection, lifecycle
from sec.engine.cases import Accused, Case, Source
from sec.engine.evidence import look
from sec.engine.suspicion import Conduct, Suspicion
from sec.engine.tips import Tip, TipStatus

if TYPE_CHECKING:
    from sec.engine.engine import SecEngine

INFORMER = "whistleblower"


def give(sec: SecEngine, tip: Tip, first_tick: Tick, last_tick: Tick, *, role: str) -> None:
    """Take a tip with its stake, judge it, and let it feed a case or open one."""
    sec.registry.change_reputation(tip.account, -sec.rules.tips.stake, "staked on a tip")
    sec.tips.add(tip)
    suspicion = _judged(sec, tip, first_tick, last_tick)
    if suspicion is None:
        return
    thresholds = sec.thresholds
    weight = (
        thresholds.investigator_weight if role == lifecycle.INVESTIGATOR else thresholds.tip_weight
    )
    if suspicion.confidence * weight < thresholds.open:
        return
    if tip.account in suspicion.accounts:
        tip.is_accomplice = True  # who tells of what it had its part in
    case = lifecycle.take(
        sec, suspicion, Source.TIP, id=tip.id, weight=weight, informer=tip.account
    )
    case = case or _case_of(sec, suspicion)
    if case is not None:
        tip.case = case.id
        tip.evidence_ids = tuple(suspicion.ids)
        case.tips.append(tip.id)
        if any(accused.charged_tick is not None for accused in case.accused.values()):
            _return_stake(sec, tip)


def _judged(sec: SecEngine, tip: Tip, first_tick: Tick, last_tick: Tick) -> Suspicion | None:
    """Return the strongest suspicion that the record has where a tip points."""
    first_tick = max(first_tick, sec.tick - sec.thresholds.window_ticks + 1)
    accounts = [tip.accused] if tip.accused is not None else _active_in(sec, tip.symbol)
    strongest: Suspicion | None = None
    for account in accounts:
        if tip.accused is None and sec.registry.linked(tip.account, account):
            continue
        found = look(tip.crime, Conduct(account, tip.symbol, first_tick, last_tick), sec.records)
        for suspicion in (found, *_faint(sec, tip, account, first_tick, last_tick)):
            if suspicion is not None and (
                strongest is None or suspicion.confidence > strongest.confidence
            ):
                strongest = suspicion
    return strongest


def _active_in(sec: SecEngine, symbol: str | None) -> list[int]:
    """Return the accounts of which the record, or a weak suspicion, has something in a company."""
    accounts = [
        account
        for account, trades in sec.records.trades.items()
        if any(trade.symbol == symbol for trade in trades)
    ]
    for suspicion in sec.book.faint:
        if suspicion.symbol == symbol:
            accounts.extend(suspicion.accounts)
    return sorted(set(accounts))


def _faint(
    sec: SecEngine, tip: Tip, account: int, first_tick: Tick, last_tick: Tick
) -> list[Suspicion]:
    return [
        s
        for s in sec.book.faint
        if s.crime == tip.crime
        and account in s.accounts
        and tip.symbol in (None, s.symbol)
        and s.last_tick >= first_tick
        and s.first_tick <= last_tick
    ]


def _case_of(sec: SecEngine, suspicion: Suspicion) -> Case | None:
    """Return the pending case that knows all that a suspicion rests on already."""
    for case in sec.book.cases.values():
        if case.crime == suspicion.crime and case.is_pending and case.knows(suspicion.ids):
            return case
    return None


# What becomes of it


def return_stakes(sec: SecEngine, case: Case) -> None:
    """Give back what was staked on a case: it is charged."""
    for id in case.tips:
        tip = sec.tips.tips.get(id)
        if tip is not None and tip.status is TipStatus.TAKEN:
            _return_stake(sec, tip)


def _return_stake(sec: SecEngine, tip: Tip) -> None:
    sec.tips.set_status(tip, TipStatus.CHARGED)
    sec.registry.change_reputation(tip.account, sec.rules.tips.stake, "a tip led to a charge")
    sec.alert(
        tip.account, "system", "Your tip has led to a charge: your stake is back.", _data(tip)
    )


def expire(sec: SecEngine) -> None:
    """Tell those whose tips have come to nothing, as late as if a case had been opened."""
    patience = sec.rules.cases.dismissed_after
    for tip in list(sec.tips.tips.values()):
        if tip.status is TipStatus.TAKEN and tip.case is None and sec.tick >= tip.tick + patience:
            _lose(sec, tip)


def _lose(sec: SecEngine, tip: Tip) -> None:
    sec.tips.set_status(tip, TipStatus.LOST)
    del sec.tips.tips[tip.id]
    sec.alert(tip.account, "system", "Your tip has led to nothing: your stake is lost.", _data(tip))


def close(sec: SecEngine, case: Case) -> None:
    """Let go of the tips on a case that is over."""
    for id in case.tips:
        tip = sec.tips.tips.get(id)
        if tip is None:
            continue
        if tip.status is TipStatus.TAKEN:
            _lose(sec, tip)
        else:
            del sec.tips.tips[id]


def is_accomplice(sec: SecEngine, case: Case, accused: Accused) -> bool:
    """Say whether an accused has told of its own part first."""
    return any(
        tip.account == accused.account and tip.is_accomplice
        for id in case.tips
        if (tip := sec.tips.tips.get(id)) is not None
    )


def reward(sec: SecEngine, case: Case, accused: Accused) -> None:
    """Pay the first informer whose evidence convicts its part of what is collected."""
    rules = sec.rules.tips
    tip = _first_right(sec, case, accused)
    if tip is None:
        return
    member = sec.registry.members[tip.account]
    if tip.status is not TipStatus.RIGHT:
        sec.tips.set_status(tip, TipStatus.RIGHT)
        sec.registry.change_reputation(tip.account, rules.reputation_gain, "a tip was right")
        if not sec.tips.may_be_paid(tip.account, sec.tick):
            return
        sec.tips.rewarded[tip.account] = sec.tick
    elif sec.tips.rewarded.get(tip.account) is None or not tip.bounty_cents:
        return
    factor = rules.informer_factor if member.role == INFORMER else 1
    bounty = min(
        collection.collected_in(case) * rules.bounty_bps * factor // BPS_IN_ONE,
        rules.most_bounty_cents * factor,
    )
    paid = collection.pay_from_escrow(
        sec, case, accused, tip.account, bounty - tip.bounty_cents, "bounty"
    )
    tip.bounty_cents += paid
    accused.bounty_cents += paid
    sec.tips.changed[tip.id] = tip
    if paid:
        sec.alert(
            tip.account,
            "system",
            f"Your tip was right: a bounty of ${paid / 100:,.2f}.",
            _data(tip) | {"amount": paid / 100},
        )


def _first_right(sec: SecEngine, case: Case, accused: Accused) -> Tip | None:
    """Return the first tip that counts: its evidence is among what convicts, and who gave it is
    neither linked to the convicted nor has traded with it in the conduct.
    """
    proof = set(lifecycle.verify_against(case, accused).ids)
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
