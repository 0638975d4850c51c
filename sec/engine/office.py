"""What the parts of the law share: its books, whom it knows, and what a tick has touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.engine.registry import AgentRegistry
from market.engine.engine import Surroundings
from market.engine.market import MarketEngine
from market.engine.refusals import Code, Refused
from market.engine.values import Cents, Shares, Tick, uuid_of, uuid_prefix
from sec.engine.bribes import BribeBook
from sec.engine.cases import KNOWN_TO_ACCUSED, Accused, Case, CaseBook, CaseStatus
from sec.engine.evidence import look
from sec.engine.findings import Finding
from sec.engine.outcome import CaseUpdate, PenaltyImposed, SuspicionNoted
from sec.engine.penalties import settlement_of
from sec.engine.records import Records
from sec.engine.rules import THRESHOLDS, SecRules
from sec.engine.surveillance import Surveillance
from sec.engine.suspicion import Conduct, Suspicion, strongest
from sec.engine.tips import TipBook


@dataclass(slots=True)
class Flight:
    """One who has escaped, whose positions are being closed."""

    account: int
    tick: Tick
    destination: str
    case: str  # one of those it has fled from


class Office:
    """The SEC's books, and the registry and the market that it acts upon."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.rules: SecRules = surroundings.rules.sec
        self.law = self.rules
        self.thresholds = THRESHOLDS
        self.streams = surroundings.streams
        self.facts = surroundings.facts
        self.market = surroundings.engine(MarketEngine)
        self.registry = surroundings.engine(AgentRegistry)
        self.tick: Tick = 0
        window = self.thresholds.window_ticks
        self.records = Records(
            window, self.thresholds.kept_trades, self.rules.bribes.remembered_ticks
        )
        self.surveillance = Surveillance(self.market, self.registry, self.facts, window)
        self.book = CaseBook(window_ticks=window, kept_faint=self.thresholds.kept_faint)
        self.bribes = BribeBook(self.rules.bribes)
        self.tips = TipBook(self.rules.tips, day_ticks=window)
        self.flights: dict[int, Flight] = {}
        # The size of each position when it began to be closed, by account and symbol.
        self.closing: dict[int, dict[str, Shares]] = {}
        self.priors: dict[int, int] = {}  # convictions, by account
        self.settled: dict[int, Tick] = {}  # when an account last settled
        self.case_prefix = uuid_prefix(self.streams.derive("cases"))
        self.bribe_prefix = uuid_prefix(self.streams.derive("bribes"))
        self.tip_prefix = uuid_prefix(self.streams.derive("tips"))
        # Of the tick under way:
        self.suspicions: list[SuspicionNoted] = []
        self.touched: dict[str, Case] = {}
        self.touched_accused: dict[tuple[str, int], Accused] = {}
        self.penalties: list[PenaltyImposed] = []
        self.updates: list[CaseUpdate] = []

    # Noting

    def touch(self, case: Case) -> None:
        """Note that a case, with all of its accused, is to be reported."""
        self.touched[case.id] = case
        for accused in case.accused.values():
            self.touched_accused[case.id, accused.account] = accused

    def touch_accused(self, case: Case, accused: Accused) -> None:
        self.touched[case.id] = case
        self.touched_accused[case.id, accused.account] = accused

    def impose(
        self,
        case: str,
        account: int,
        kind: str,
        *,
        cents: Cents = 0,
        ticks: Tick = 0,
        until: Tick = 0,
    ) -> None:
        """Note a penalty, or a payment that follows from one."""
        self.penalties.append(PenaltyImposed(self.tick, case, account, kind, cents, ticks, until))

    def alert(self, account: int, kind: str, message: str, data: Mapping[str, object]) -> None:
        """Alert an agent; one of the house has nobody who would read it."""
        if not self.registry.members[account].is_house:
            self.market.log.alert(self.market.accounts[account], kind, message, data)

    def publish(self, case: Case, accused: Accused) -> None:
        """Have everyone told how a case stands for one accused."""
        self.updates.append(
            CaseUpdate(
                self.tick,
                case.id,
                accused.account,
                case.crime,
                case.symbol,
                accused.status.value,
                accused.fine_cents,
                accused.sentence_ticks,
                accused.suspension_ticks,
                accused.jailed_until or None,
            )
        )

    def case_id(self, number: int) -> str:
        return uuid_of(self.case_prefix, number)

    def bribe_id(self) -> str:
        """Name a bribe that no input has named: a house agent's."""
        self.bribes.numbered += 1
        return uuid_of(self.bribe_prefix, self.bribes.numbered)

    def tip_id(self) -> str:
        self.tips.numbered += 1
        return uuid_of(self.tip_prefix, self.tips.numbered)

    def look(self, crime: str, conduct: Conduct) -> Suspicion | None:
        """Return the strongest suspicion of a crime that the record raises in a conduct."""
        found = (look(crime, conduct, self.records), self.surveillance.look(crime, conduct))
        return strongest((one for one in found if one is not None), conduct)

    # What checks read

    def resolve(self, reference: str) -> int:
        return self.registry.resolve(reference)

    def status_of(self, account: int) -> str:
        return self.registry.members[account].status.value

    def role_of(self, account: int) -> str:
        return self.registry.members[account].role

    def blocks(self, owner: int, other: int) -> bool:
        return self.registry.blocks(owner, other)

    def is_linked(self, account: int, other: int) -> bool:
        return self.registry.linked(account, other)

    def receivable(self, account: int) -> Cents:
        return self.registry.receivable(account)

    def check_gift(self, account: int, cents: Cents) -> None:
        """Raise Refused unless an account may give so much as a bribe."""
        self.registry.may_give(account, cents, as_bribe=True)

    def has_bribed(self, briber: int, target: int, tick: Tick) -> bool:
        return self.bribes.has_bribed(briber, target, tick)

    def bribe_for(self, account: int, id: str) -> Cents | None:
        bribe = self.bribes.offered.get(id)
        return bribe.cents if bribe is not None and bribe.target == account else None

    def tips_today(self, account: int, tick: Tick) -> int:
        return self.tips.given_today(account, tick)

    def has_told_on_friends(self, account: int) -> bool:
        return account in self.tips.accomplices

    def case_status(self, account: int, id: str) -> str:
        case = self.book.cases.get(id)
        accused = case.accused.get(account) if case else None
        return accused.status.value if accused else ""

    def is_under_case(self, account: int) -> bool:
        return any(
            accused.status in (CaseStatus.ACTIVE, CaseStatus.CHARGED)
            for _, accused in self.book.pending_against(account)
        )

    def check_settlement(self, account: int, id: str, tick: Tick) -> None:
        """Raise Refused unless an accused may settle now and can pay."""
        case, accused = self.known_case(account, id)
        last = self.settled.get(account)
        if last is not None and tick < last + self.rules.cases.settle_ticks:
            raise Refused(Code.RATE_LIMITED, "You have settled a case in the last 20 days.")
        cents, _ = self.settlement(case, accused)
        if cents > self.market.accounts[account].margin_available:
            raise Refused(
                Code.INSUFFICIENT_FUNDS,
                f"The settlement is ${cents / 100:,.2f}, more than your available margin.",
            )

    def check_appeal(self, account: int, id: str, tick: Tick) -> None:
        """Raise Refused unless an agent may appeal its conviction now."""
        case = self.book.cases.get(id)
        accused = case.accused.get(account) if case else None
        if accused is None or accused.status is not CaseStatus.CONVICTED:
            raise Refused(Code.NOT_YOUR_CASE, "You were not convicted in a case by this id.")
        if accused.appeal_tick is not None or accused.is_appeal_over:
            raise Refused(Code.ALREADY_ANSWERED, "This conviction is final, or appealed already.")

    def check_subpoena(self, account: int, id: str) -> None:
        """Raise Refused unless the case is assigned to this investigator and may be looked into."""
        case = self.book.cases.get(id)
        if case is None or case.investigator != account:
            raise Refused(Code.NOT_YOUR_CASE, "No case by this id is assigned to you.")
        if not case.has_detector:
            raise Refused(Code.FORBIDDEN, "Surveillance has found nothing in this case.")
        if not any(
            one.status in (CaseStatus.ACTIVE, CaseStatus.CHARGED) for one in case.accused.values()
        ):
            raise Refused(Code.CONFLICT, "The case is not active.")
        if case.subpoena_tick is not None:
            raise Refused(Code.ALREADY_ANSWERED, "You have subpoenaed it already.")

    def check_flight(self, account: int) -> None:
        """Raise Refused where a margin call, a debt or losses keep an agent from fleeing."""
        owner = self.market.accounts[account]
        if owner.call is not None or owner.debt or owner.equity <= 0:
            raise Refused(
                Code.INSUFFICIENT_FUNDS, "You need cash above what you owe to pay for the escape."
            )

    # Cases, as their accused may deal with them

    def known_case(self, account: int, id: str) -> tuple[Case, Accused]:
        """Return an agent's own case that it knows of and that is not decided. Raises Refused."""
        case = self.book.cases.get(id)
        accused = case.accused.get(account) if case else None
        if case is None or accused is None or accused.status is CaseStatus.OPENED:
            raise Refused(Code.NOT_YOUR_CASE, "No case by this id is against you.")
        if accused.status not in KNOWN_TO_ACCUSED:
            raise Refused(Code.ALREADY_ANSWERED, "This case is decided.")
        return case, accused

    def settlement(self, case: Case, accused: Accused) -> tuple[Cents, Finding]:
        """Return what would end a case now, and what it rests on."""
        finding = case.verify(accused)
        priors = self.priors.get(accused.account, 0)
        is_accomplice = self.is_accomplice(case, accused)
        return settlement_of(finding, priors, self.rules, is_accomplice=is_accomplice), finding

    def is_accomplice(self, case: Case, accused: Accused) -> bool:
        """Say whether an accused has told of its own part first."""
        tips = [self.tips.tips.get(id) for id in case.tips]
        return any(t and t.is_accomplice and t.account == accused.account for t in tips)
