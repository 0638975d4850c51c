"""How a case goes: opened, active, charged, decided; settled, appealed, dismissed, abated,
overruled.
"""

from __future__ import annotations

from agents.engine.agent_state import GONE, AgentState, AgentStatus
from agents.engine.facts import CaseActive, CaseCharged, CaseDecided, CaseOpened
from agents.engine.rules import INVESTIGATOR
from market.engine.accounts import ESCROW
from market.engine.values import Cents, Tick
from sec.engine import collection, rewards
from sec.engine.cases import PUBLIC, Accused, Case, CaseStatus, Source
from sec.engine.evidence import bribery
from sec.engine.findings import Finding
from sec.engine.office import Office
from sec.engine.outcome import SuspicionNoted
from sec.engine.penalties import penalty_of
from sec.engine.records import KEPT
from sec.engine.suspicion import Suspicion

VERIFIED_EVERY = 5  # ticks, while a case waits for its charge


# Opening


def take(
    sec: Office,
    suspicion: Suspicion,
    source: Source,
    *,
    id: str = "",
    weight: float = 1.0,
    informer: int | None = None,
) -> Case | None:
    """Lay a suspicion before the SEC: it feeds the case of the same conduct or opens one, which is
    returned; one too weak, of who is gone or of what has been tried, is kept or left.

    `weight` is by how much less certain it may be, as a tip's is.
    """
    case = sec.book.same_conduct(suspicion)
    if case is None:
        if sec.book.is_tried(suspicion):
            return None
        there = tuple(a for a in suspicion.accounts if not _is_gone(sec, a))
        if not there:
            return None
        suspicion = suspicion._replace(accounts=there)
        if suspicion.confidence * weight < sec.thresholds.open:
            if not sec.book.keep_faint(suspicion):
                return None
            sec.suspicions.append(SuspicionNoted(sec.tick, None, suspicion))
            return None
        case = _open(sec, suspicion, source, id, informer)
    elif not case.is_full and not case.knows(suspicion.ids):
        there = tuple(a for a in suspicion.accounts if not _is_gone(sec, a))
        _feed(sec, case, suspicion._replace(accounts=there))
    if source is Source.DETECTOR:
        case.has_detector = True
    return case


def order_case(sec: Office, suspicion: Suspicion, id: str, note: str) -> Case:
    """Open a case because an operator orders it, however little speaks for it."""
    case = sec.book.same_conduct(suspicion)
    if case is None:
        case = _open(sec, suspicion, Source.OPERATOR, id, None)
    case.note = note
    return case


def _open(sec: Office, suspicion: Suspicion, source: Source, id: str, informer: int | None) -> Case:
    sec.book.numbered += 1
    if not id or id in sec.book.cases:
        id = sec.case_id(sec.book.numbered)
    case = Case(
        id,
        suspicion.crime,
        suspicion.symbol,
        source,
        sec.tick,
        suspicion.first_tick,
        suspicion.last_tick,
        suspicion.confidence,
    )
    sec.book.cases[id] = case
    _feed(sec, case, suspicion)
    assign(sec, case, informer)
    return case


def _feed(sec: Office, case: Case, suspicion: Suspicion) -> None:
    known = set(case.accused)
    case.add(suspicion, sec.tick)
    sec.touch(case)
    sec.suspicions.append(SuspicionNoted(sec.tick, case.id, suspicion))
    for account in case.accused:
        if account not in known:
            sec.facts.add(CaseOpened(sec.tick, case.id, account, case.crime, case.symbol))


def _is_gone(sec: Office, account: int) -> bool:
    member = sec.registry.members.get(account)
    return member is None or member.status in GONE


def assign(sec: Office, case: Case, informer: int | None = None) -> None:
    """Draw the investigator of a case: half of the draws among the house's, half among outsiders
    of standing; never an accused, its friend or the informer's.
    """
    rules = sec.rules.cases
    house: list[AgentState] = []
    outside: list[AgentState] = []
    origins: set[str] = set()
    for member in sec.registry.members.values():
        if member.role != INVESTIGATOR or member.status is not AgentStatus.ACTIVE:
            continue
        if any(sec.registry.linked(member.account, account) for account in case.accused):
            continue
        if informer is not None and sec.registry.linked(member.account, informer):
            continue
        if member.is_house:
            house.append(member)
        elif (
            member.reputation >= rules.investigator_reputation_millionths
            and sec.tick - member.admitted_tick >= rules.investigator_ticks
            and (not member.origin or member.origin not in origins)
        ):
            origins.add(member.origin)
            outside.append(member)
    which, whom, _, _ = sec.streams.uniforms(sec.tick, case.id, "investigator")
    drawn = (house or outside) if which < 0.5 else (outside or house)
    case.investigator = drawn[int(whom * len(drawn))].account if drawn else None
    sec.touch(case)


# Day by day


def go_on(sec: Office) -> None:
    """Take every case a tick further."""
    for case in list(sec.book.cases.values()):
        if case.closed_tick is not None:
            continue
        if case.is_pending and case.investigator is not None:
            member = sec.registry.members[case.investigator]
            if member.status is not AgentStatus.ACTIVE:
                assign(sec, case)
        for accused in case.accused.values():
            _go_on(sec, case, accused)
        if all(one.is_final and not one.owed_cents for one in case.accused.values()):
            case.closed_tick = sec.tick
            sec.touch(case)
            rewards.close(sec, case)


def _go_on(sec: Office, case: Case, accused: Accused) -> None:
    rules, tick, status = sec.rules.cases, sec.tick, accused.status
    if accused.is_pending:
        if _is_gone(sec, accused.account):
            abate(sec, case, accused)
        elif status is CaseStatus.OPENED:
            if tick >= accused.opened_tick + rules.active_after:
                _activate(sec, case, accused)
        elif status is CaseStatus.ACTIVE:
            _charge_or_dismiss(sec, case, accused)
        elif accused.charged_tick is not None and tick >= accused.charged_tick + rules.trial_ticks:
            _decide(sec, case, accused)
        return
    if accused.owed_cents and _is_gone(sec, accused.account):
        collection.cancel_debt(sec, case, accused)
    if status is CaseStatus.CONVICTED and not accused.is_appeal_over:
        _look_at_appeal(sec, case, accused)


def _activate(sec: Office, case: Case, accused: Accused) -> None:
    accused.status = CaseStatus.ACTIVE
    accused.active_tick = accused.charge_from = sec.tick
    sec.touch_accused(case, accused)
    sec.facts.add(CaseActive(sec.tick, case.id, accused.account, case.crime, case.symbol))
    sec.registry.set_accused(accused.account, True)
    sec.alert(
        accused.account,
        "investigation",
        f"You are under investigation for {_words(case.crime)}.",
        _data(case, accused),
    )
    for payment in list(sec.records.payments):
        if payment.kind == KEPT and accused.account in (payment.giver, payment.taker):
            take(sec, bribery(payment), Source.BRIBE)


def _charge_or_dismiss(sec: Office, case: Case, accused: Accused) -> None:
    rules, tick = sec.rules.cases, sec.tick
    assert accused.active_tick is not None
    if tick >= accused.charge_from and (tick - accused.active_tick) % VERIFIED_EVERY == 1:
        finding = case.verify(accused)
        accused.confidence = finding.confidence
        if finding.confidence >= sec.thresholds.convict:
            if not case.is_delayed and _has_bribed_investigator(sec, case, accused):
                case.is_delayed = True
                accused.charge_from = tick + rules.bribe_delay_ticks
            else:
                _charge(sec, case, accused, finding)
            return
    patience = rules.dismissed_after + (rules.bribe_delay_ticks if case.is_delayed else 0)
    if tick >= accused.opened_tick + patience:
        _end(sec, case, accused, CaseStatus.DISMISSED, keeps_habit=True)


def _has_bribed_investigator(sec: Office, case: Case, accused: Accused) -> bool:
    return any(
        payment.kind == KEPT
        and payment.giver == accused.account
        and payment.taker == case.investigator
        for payment in sec.records.payments
    )


def _charge(sec: Office, case: Case, accused: Accused, finding: Finding) -> None:
    accused.status = CaseStatus.CHARGED
    accused.charged_tick = sec.tick
    accused.gain_cents, accused.notional_cents = finding.gain_cents, finding.notional_cents
    sec.surveillance.forget(case.crime, accused.account, case.symbol)
    sec.touch_accused(case, accused)
    sec.facts.add(CaseCharged(sec.tick, case.id, accused.account, case.crime, case.symbol))
    sec.market.accounts[accused.account].is_reduce_only = True
    sec.publish(case, accused)
    sec.alert(
        accused.account,
        "investigation",
        f"You are charged with {_words(case.crime)}: the verdict comes in"
        f" {sec.rules.cases.trial_ticks} ticks.",
        _data(case, accused),
    )
    rewards.return_stakes(sec, case)


def _decide(sec: Office, case: Case, accused: Accused) -> None:
    finding = case.verify(accused)
    accused.confidence = finding.confidence
    if finding.confidence >= sec.thresholds.convict:
        _convict(sec, case, accused, finding)
    else:
        _end(sec, case, accused, CaseStatus.ACQUITTED)


def _convict(sec: Office, case: Case, accused: Accused, finding: Finding) -> None:
    account, tick = accused.account, sec.tick
    priors = sec.priors.get(account, 0)
    penalty = penalty_of(
        case.crime,
        finding,
        priors,
        sec.rules,
        is_accomplice=sec.is_accomplice(case, accused),
    )
    _note_guilt(sec, accused, finding, penalty.reputation_lost, case.crime)
    accused.fine_cents = penalty.fine_cents
    accused.sentence_ticks = penalty.sentence_ticks
    accused.suspension_ticks = penalty.suspension_ticks
    if penalty.sentence_ticks:
        imprison(sec, case.id, account, penalty.sentence_ticks, _words(case.crime))
        accused.jailed_until = sec.registry.state(account).status_until
    else:
        until = tick + penalty.suspension_ticks
        sec.registry.suspend(account, until, f"convicted of {_words(case.crime)}")
        sec.impose(case.id, account, "suspension", ticks=penalty.suspension_ticks, until=until)
    collection.fine(sec, case, accused, penalty.fine_cents)
    _end(sec, case, accused, CaseStatus.CONVICTED)


def _note_guilt(sec: Office, accused: Accused, finding: Finding, lost: int, crime: str) -> None:
    account = accused.account
    accused.gain_cents, accused.notional_cents = finding.gain_cents, finding.notional_cents
    accused.reputation_lost = lost
    sec.priors[account] = sec.priors.get(account, 0) + 1
    sec.registry.change_reputation(account, -lost, f"guilty of {_words(crime)}")


def imprison(sec: Office, case: str, account: int, ticks: Tick, why: str) -> None:
    """Put an agent in prison for so many ticks, after what it has to serve already."""
    member = sec.registry.state(account)
    is_inside = member.status is AgentStatus.IMPRISONED
    begins = max(sec.tick, member.status_until) if is_inside else sec.tick
    sec.registry.imprison(account, begins + ticks, why)
    sec.impose(case, account, "prison", ticks=ticks, until=begins + ticks)


def _end(
    sec: Office, case: Case, accused: Accused, status: CaseStatus, *, keeps_habit: bool = False
) -> None:
    """End a case for one accused, who may do what others do again."""
    accused.status = status
    accused.decided_tick = sec.tick
    sec.surveillance.forget(case.crime, accused.account, case.symbol, keeps_habit=keeps_habit)
    sec.touch_accused(case, accused)
    sec.facts.add(
        CaseDecided(
            sec.tick,
            case.id,
            accused.account,
            case.crime,
            case.symbol,
            status.value,
            accused.fine_cents,
            accused.sentence_ticks,
        )
    )
    if accused.charged_tick is not None or status in PUBLIC:
        sec.publish(case, accused)
    still = [one.status for _, one in sec.book.pending_against(accused.account)]
    is_charged = CaseStatus.CHARGED in still
    sec.registry.set_accused(accused.account, is_charged or CaseStatus.ACTIVE in still)
    sec.market.accounts[accused.account].is_reduce_only = is_charged
    if accused.active_tick is not None and not _is_gone(sec, accused.account):
        sec.alert(
            accused.account,
            "investigation",
            f"The case of {_words(case.crime)} against you has ended: {status.value}.",
            _data(case, accused),
        )


# Ends without a verdict


def dismiss(sec: Office, case: Case, accused: Accused) -> None:
    """End a case as an operator sees fit: nothing of it counts any more."""
    _end(sec, case, accused, CaseStatus.DISMISSED)


def abate(sec: Office, case: Case, accused: Accused) -> None:
    """End a case against who has fled or is bankrupt: the others stay in it."""
    _end(sec, case, accused, CaseStatus.ABATED)
    sec.impose(case.id, accused.account, "abatement")


def settle(sec: Office, case: Case, accused: Accused, cents: Cents, finding: Finding) -> None:
    """Take a settlement, which counts as a conviction without prison, and pay it out."""
    priors = sec.priors.get(accused.account, 0)
    penalty = penalty_of(case.crime, finding, priors, sec.rules)
    _note_guilt(sec, accused, finding, penalty.reputation_lost, case.crime)
    accused.fine_cents = accused.collected_cents = accused.escrowed_cents = cents
    accused.is_appeal_over = True
    sec.registry.transfer(accused.account, ESCROW, cents, "settlement")
    sec.settled[accused.account] = sec.tick
    sec.impose(case.id, accused.account, "settlement", cents=cents)
    _end(sec, case, accused, CaseStatus.SETTLED)
    collection.pay_out(sec, case, accused)


# Appeals


def _look_at_appeal(sec: Office, case: Case, accused: Accused) -> None:
    rules, tick = sec.rules.cases, sec.tick
    assert accused.decided_tick is not None
    if accused.appeal_tick is None:
        if tick < accused.decided_tick + rules.appeal_window_ticks:
            return
    elif tick < accused.appeal_tick + rules.appeal_ticks:
        return
    else:
        finding = case.verify(accused)
        accused.confidence = finding.confidence
        if finding.confidence < sec.thresholds.convict + sec.thresholds.appeal_adds:
            overturn(sec, case, accused)
            return
        sec.alert(
            accused.account, "investigation", "Your appeal is rejected.", _data(case, accused)
        )
    accused.is_appeal_over = True
    sec.touch_accused(case, accused)
    collection.pay_out(sec, case, accused)


def overturn(sec: Office, case: Case, accused: Accused) -> None:
    """Undo a conviction or a settlement: money, record, reputation and freedom are given back."""
    account = accused.account
    collection.refund(sec, case, accused)
    sec.priors[account] = max(0, sec.priors.get(account, 0) - 1)
    if not sec.priors[account]:
        del sec.priors[account]
    if not _is_gone(sec, account):
        sec.registry.change_reputation(account, accused.reputation_lost, "conviction overturned")
        _set_free(sec, case, accused)
    accused.is_appeal_over = True
    accused.fine_cents = accused.sentence_ticks = accused.suspension_ticks = 0
    accused.jailed_until = 0
    _end(sec, case, accused, CaseStatus.OVERTURNED)


def _set_free(sec: Office, case: Case, accused: Accused) -> None:
    """Take a sentence, or a suspension, off what its convict has still to serve."""
    account = accused.account
    member = sec.registry.state(account)
    if member.status is AgentStatus.IMPRISONED and accused.sentence_ticks:
        until = member.status_until - accused.sentence_ticks
        if until > sec.tick:
            sec.registry.imprison(account, until, "a conviction was overturned")
        else:
            sec.registry.release(account, "conviction overturned")
        sec.impose(case.id, account, "release")
    elif member.status is AgentStatus.SUSPENDED and accused.suspension_ticks:
        sec.registry.release(account, "conviction overturned")
        sec.impose(case.id, account, "release")


# Words


def _words(crime: str) -> str:
    return crime.replace("_", " ")


def _data(case: Case, accused: Accused) -> dict[str, object]:
    return {
        "investigationId": case.id,
        "crimeType": case.crime,
        "symbol": case.symbol,
        "status": accused.status.value,
        "fine": accused.fine_cents / 100,
        "sentenceTicks": accused.sentence_ticks,
    }
