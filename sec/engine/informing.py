"""What a tip comes to: it is judged, feeds a case or is lost, and is paid when it was right."""

from __future__ import annotations

from agents.engine.rules import INVESTIGATOR
from market.engine.values import Tick
from sec.engine import lifecycle, rewards
from sec.engine.cases import Case, Source
from sec.engine.office import Office
from sec.engine.suspicion import Conduct, Suspicion
from sec.engine.tips import Tip


def give(sec: Office, tip: Tip, first_tick: Tick, last_tick: Tick, *, role: str) -> None:
    """Take a tip with its stake, judge it, and let it feed a case or open one."""
    sec.registry.change_reputation(tip.account, -sec.rules.tips.stake_millionths, "staked on a tip")
    sec.tips.add(tip)
    suspicion = _judged(sec, tip, first_tick, last_tick)
    if suspicion is None:
        return
    thresholds = sec.thresholds
    weight = thresholds.investigator_weight if role == INVESTIGATOR else thresholds.tip_weight
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
            rewards.return_stake(sec, tip)


def _judged(sec: Office, tip: Tip, first_tick: Tick, last_tick: Tick) -> Suspicion | None:
    """Return the strongest suspicion that the record has where a tip points."""
    first_tick = max(first_tick, sec.tick - sec.thresholds.window_ticks + 1)
    accounts = [tip.accused] if tip.accused is not None else _active_in(sec, tip.symbol)
    strongest: Suspicion | None = None
    for account in accounts:
        if tip.accused is None and sec.registry.linked(tip.account, account):
            continue
        found = sec.look(tip.crime, Conduct(account, tip.symbol, first_tick, last_tick))
        for suspicion in (found, *_faint(sec, tip, account, first_tick, last_tick)):
            if suspicion is not None and (
                strongest is None or suspicion.confidence > strongest.confidence
            ):
                strongest = suspicion
    return strongest


def _active_in(sec: Office, symbol: str | None) -> list[int]:
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
    sec: Office, tip: Tip, account: int, first_tick: Tick, last_tick: Tick
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


def _case_of(sec: Office, suspicion: Suspicion) -> Case | None:
    """Return the pending case that knows all that a suspicion rests on already."""
    for case in sec.book.cases.values():
        if case.crime == suspicion.crime and case.is_pending and case.knows(suspicion.ids):
            return case
    return None
