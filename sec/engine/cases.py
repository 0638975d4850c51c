"""Cases, and the book of them: one course of conduct is one case, with a row for each accused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from market.engine.engine import Plain
from market.engine.values import Cents, Tick
from sec.engine.findings import Evidence, Finding
from sec.engine.records import (
    EventSeen,
    LinkSeen,
    OrderSeen,
    PaymentSeen,
    PriceSeen,
    RumorSeen,
    TradeSeen,
    split_order,
    split_price,
    split_rumor,
    split_trade,
)
from sec.engine.suspicion import Suspicion
from sec.engine.verifier import verify


class CaseStatus(StrEnum):
    """How a case stands for one accused."""

    OPENED = "opened"
    ACTIVE = "active"
    CHARGED = "charged"
    CONVICTED = "convicted"
    ACQUITTED = "acquitted"
    SETTLED = "settled"
    DISMISSED = "dismissed"
    ABATED = "abated"  # the accused has fled, or is bankrupt
    OVERTURNED = "overturned"  # on appeal, or by an operator


PENDING = frozenset({CaseStatus.OPENED, CaseStatus.ACTIVE, CaseStatus.CHARGED})
KNOWN_TO_ACCUSED = frozenset({CaseStatus.ACTIVE, CaseStatus.CHARGED})
PUBLIC = frozenset(
    {
        CaseStatus.CHARGED,
        CaseStatus.CONVICTED,
        CaseStatus.ACQUITTED,
        CaseStatus.SETTLED,
        CaseStatus.OVERTURNED,
    }
)  # of the others, those that were charged
GUILTY = frozenset({CaseStatus.CONVICTED, CaseStatus.SETTLED})


class Source(StrEnum):
    """What opened a case."""

    DETECTOR = "detector"
    TIP = "tip"
    BRIBE = "bribe"
    OPERATOR = "operator"


MUCH_STRONGER = 0.05  # of confidence
MOST_EVIDENCE = 2_000  # orders and trades, after which a case takes no more


@dataclass(slots=True)
class Accused:
    """One accused of a case, and what has become of it. Ticks that are not reached are None.

    `owed` is the part of the fine that is not collected yet, `escrowed` what is and has not been
    paid out.
    """

    account: int
    opened_tick: Tick
    status: CaseStatus = CaseStatus.OPENED
    active_tick: Tick | None = None
    charge_from: Tick = 0  # not before this tick
    charged_tick: Tick | None = None
    decided_tick: Tick | None = None
    gain_cents: Cents = 0
    notional_cents: Cents = 0
    confidence: float = 0.0  # as last verified
    fine_cents: Cents = 0
    sentence_ticks: Tick = 0
    suspension_ticks: Tick = 0
    reputation_lost: int = 0
    answer: str = ""
    cited: list[str] = field(default_factory=list)
    is_accomplice: bool = False  # whose tip halves its own penalty
    appeal_tick: Tick | None = None
    is_appeal_over: bool = False
    collected_cents: Cents = 0
    escrowed_cents: Cents = 0
    owed_cents: Cents = 0
    bounty_cents: Cents = 0  # paid
    investigator_cents: Cents = 0
    compensated_cents: Cents = 0
    is_liquidating: bool = False  # positions are closed for the fine
    jailed_until: Tick = 0  # by this sentence

    @property
    def is_pending(self) -> bool:
        return self.status in PENDING

    @property
    def is_final(self) -> bool:
        """Say whether nothing can change any more but a debt that is paid."""
        return not self.is_pending and (self.status not in GUILTY or self.is_appeal_over)


@dataclass(slots=True)
class Case:
    """A course of conduct, those accused of it, and copies of what it rests on."""

    id: str
    crime: str
    symbol: str | None
    source: Source
    opened_tick: Tick
    first_tick: Tick
    last_tick: Tick
    confidence: float
    price_before: Cents = 0
    has_detector: bool = False  # it rests on one: its investigator may subpoena
    investigator: int | None = None
    is_delayed: bool = False  # by a bribe that its investigator has kept
    subpoena_tick: Tick | None = None
    closed_tick: Tick | None = None  # when the last of it was over
    note: str = ""  # an operator's reason
    tips: list[str] = field(default_factory=list)
    evidence: Evidence = field(default_factory=Evidence)
    accused: dict[int, Accused] = field(default_factory=dict)
    compensated: dict[int, Cents] = field(default_factory=dict)  # by account

    @property
    def is_pending(self) -> bool:
        return any(accused.is_pending for accused in self.accused.values())

    def knows(self, ids: Iterable[str]) -> bool:
        """Say whether all of these are among its evidence."""
        e = self.evidence
        return all(
            id in e.trades or id in e.orders or id in e.rumors or id in e.payments or id in e.events
            for id in ids
        )

    def shares_news(self, suspicion: Suspicion) -> bool:
        """Say whether a suspicion rests on news that it rests on."""
        return any(event.id in self.evidence.events for event in suspicion.events)

    @property
    def collected_cents(self) -> Cents:
        """What it has brought so far, of fines that stand."""
        return sum(one.collected_cents for one in self.accused.values() if one.status in GUILTY)

    def verify(self, accused: Accused) -> Finding:
        """Return what its evidence proves against one accused, whose answer is weighed."""
        return verify(self.crime, self.evidence, accused.account, frozenset(accused.cited))

    @property
    def is_full(self) -> bool:
        """Say whether it has all the evidence that a case may hold."""
        return len(self.evidence.trades) + len(self.evidence.orders) >= MOST_EVIDENCE

    def add(self, suspicion: Suspicion, tick: Tick) -> None:
        """Add what a suspicion rests on, and whom it accuses."""
        evidence = self.evidence
        evidence.orders.update((order.id, order) for order in suspicion.orders)
        evidence.trades.update((trade.id, trade) for trade in suspicion.trades)
        evidence.rumors.update((rumor.id, rumor) for rumor in suspicion.rumors)
        evidence.payments.update((payment.id, payment) for payment in suspicion.payments)
        evidence.events.update((event.id, event) for event in suspicion.events)
        evidence.links.update((link.id, link) for link in suspicion.links)
        evidence.prices.update((price.id, price) for price in suspicion.prices)
        self.first_tick = min(self.first_tick, suspicion.first_tick)
        self.last_tick = max(self.last_tick, suspicion.last_tick)
        self.confidence = max(self.confidence, suspicion.confidence)
        self.price_before = self.price_before or suspicion.price_before
        for account in suspicion.accounts:
            if account not in self.accused:
                self.accused[account] = Accused(account, tick)


class CaseBook:
    """All cases that are not forgotten yet, and the suspicions too weak to open one."""

    def __init__(self, *, window_ticks: Tick, kept_faint: int) -> None:
        self.window_ticks = window_ticks
        self.kept_faint = kept_faint
        self.cases: dict[str, Case] = {}  # oldest first
        self.faint: list[Suspicion] = []  # oldest first
        self.numbered = 0

    def pending_against(self, account: int) -> Iterator[tuple[Case, Accused]]:
        """Yield the cases against an account that are not decided."""
        for case in self.cases.values():
            accused = case.accused.get(account)
            if accused is not None and accused.is_pending:
                yield case, accused

    def against(self, account: int) -> Iterator[tuple[Case, Accused]]:
        for case in self.cases.values():
            accused = case.accused.get(account)
            if accused is not None:
                yield case, accused

    def same_conduct(self, suspicion: Suspicion) -> Case | None:
        """Return the case that a suspicion belongs to, which is not charged yet, if there is one.

        It is of the same crime and company, or rests on some of the same news, wherever that habit
        goes on; it accuses one of the same, and is not a day apart.
        """
        for case in self.cases.values():
            if case.crime != suspicion.crime:
                continue
            if case.symbol != suspicion.symbol and not case.shares_news(suspicion):
                continue
            if suspicion.payments and not case.knows(p.id for p in suspicion.payments):
                continue  # each bribe is a conduct of its own
            if suspicion.first_tick > case.last_tick + self.window_ticks:
                continue
            for account in suspicion.accounts:
                accused = case.accused.get(account)
                if accused is not None and accused.status in (
                    CaseStatus.OPENED,
                    CaseStatus.ACTIVE,
                ):
                    return case
        return None

    def is_tried(self, suspicion: Suspicion) -> bool:
        """Say whether all that a suspicion rests on is in a case of the same crime already, or
        happened before what a charged or decided one of the same accused is about ended.
        """
        ids = suspicion.ids
        for case in self.cases.values():
            if case.crime != suspicion.crime:
                continue
            if not any(account in case.accused for account in suspicion.accounts):
                continue
            if case.knows(ids):
                return True
            if case.symbol == suspicion.symbol and case.symbol is not None:
                is_closed = all(
                    case.accused[account].status not in (CaseStatus.OPENED, CaseStatus.ACTIVE)
                    for account in suspicion.accounts
                    if account in case.accused
                )
                if is_closed and suspicion.last_tick <= case.last_tick:
                    return True
        return False

    def looked_through(self, account: int, crime: str, symbol: str | None) -> Tick:
        """Return the last tick of an account's conduct that has been charged or decided, 0 if
        none: what comes after it is another.
        """
        ticks = [
            case.last_tick
            for case, accused in self.against(account)
            if case.crime == crime
            and symbol in (None, case.symbol)
            and accused.status not in (CaseStatus.OPENED, CaseStatus.ACTIVE)
        ]
        return max(ticks, default=0)

    def keep_faint(self, suspicion: Suspicion) -> bool:
        """Keep a suspicion that opens no case: a tip may. A newer one of the same replaces it.

        Say whether it is worth noting: the first of the same, or a much stronger one.
        """
        same = (suspicion.crime, suspicion.accounts, suspicion.symbol)
        before = [f.confidence for f in self.faint if (f.crime, f.accounts, f.symbol) == same]
        self.faint = [f for f in self.faint if (f.crime, f.accounts, f.symbol) != same]
        self.faint.append(suspicion)
        if len(self.faint) > self.kept_faint:
            self.faint.pop(0)
        return not before or suspicion.confidence >= before[0] + MUCH_STRONGER

    def forget(self, tick: Tick, remembered_ticks: Tick) -> None:
        """Forget cases that are long over, and suspicions older than the window."""
        for case in list(self.cases.values()):
            if case.closed_tick is not None and tick >= case.closed_tick + remembered_ticks:
                del self.cases[case.id]
        if self.faint and self.faint[0].last_tick <= tick - self.window_ticks:
            self.faint = [f for f in self.faint if f.last_tick > tick - self.window_ticks]

    def split(self, symbol: str, into: int, of: int) -> None:
        """Restate the evidence that concerns a company in its new shares."""
        for case in self.cases.values():
            if case.symbol == symbol:
                case.price_before = case.price_before * of // into
            evidence = case.evidence  # of a habit, in other companies too
            evidence.trades = {
                id: split_trade(trade, symbol, into, of) for id, trade in evidence.trades.items()
            }
            evidence.orders = {
                id: split_order(order, symbol, into, of) for id, order in evidence.orders.items()
            }
            evidence.prices = {
                id: split_price(price, symbol, into, of) for id, price in evidence.prices.items()
            }
            evidence.rumors = {
                id: split_rumor(rumor, symbol, into, of) for id, rumor in evidence.rumors.items()
            }

    # Keeping

    def dump(self) -> Plain:
        return {
            "numbered": self.numbered,
            "cases": [_dump_case(case) for case in self.cases.values()],
            "faint": [dump_suspicion(suspicion) for suspicion in self.faint],
        }

    def load(self, state: Plain) -> None:
        self.numbered = state["numbered"]
        cases = [_load_case(plain) for plain in state["cases"]]
        self.cases = {case.id: case for case in cases}
        self.faint = [load_suspicion(plain) for plain in state["faint"]]


_CASE_FIELDS = (
    *("id", "crime", "symbol", "opened_tick", "first_tick", "last_tick", "confidence"),
    *("price_before", "has_detector", "investigator", "is_delayed", "subpoena_tick"),
    *("closed_tick", "note"),
)
_ACCUSED_FIELDS = (
    *("account", "opened_tick", "active_tick", "charge_from", "charged_tick", "decided_tick"),
    *("gain_cents", "notional_cents", "confidence", "fine_cents", "sentence_ticks"),
    *("suspension_ticks", "reputation_lost", "answer", "is_accomplice", "appeal_tick"),
    *("is_appeal_over", "collected_cents", "escrowed_cents", "owed_cents", "bounty_cents"),
    *("investigator_cents", "compensated_cents", "is_liquidating", "jailed_until"),
)


def _dump_case(case: Case) -> Plain:
    plain: Plain = {name: getattr(case, name) for name in _CASE_FIELDS}
    plain["source"] = case.source.value
    plain["tips"] = list(case.tips)
    plain["orders"] = [list(order) for order in case.evidence.orders.values()]
    plain["trades"] = [list(trade) for trade in case.evidence.trades.values()]
    plain["rumors"] = [list(rumor) for rumor in case.evidence.rumors.values()]
    plain["payments"] = [list(payment) for payment in case.evidence.payments.values()]
    plain["events"] = [list(event) for event in case.evidence.events.values()]
    plain["links"] = [list(link) for link in case.evidence.links.values()]
    plain["prices"] = [list(price) for price in case.evidence.prices.values()]
    plain["accused"] = [_dump_accused(accused) for accused in case.accused.values()]
    plain["compensated"] = [list(item) for item in case.compensated.items()]
    return plain


def _dump_accused(accused: Accused) -> Plain:
    plain: Plain = {name: getattr(accused, name) for name in _ACCUSED_FIELDS}
    plain["status"] = accused.status.value
    plain["cited"] = list(accused.cited)
    return plain


def _load_case(plain: Plain) -> Case:
    case = Case(source=Source(plain["source"]), **{name: plain[name] for name in _CASE_FIELDS})
    case.tips = list(plain["tips"])
    case.evidence = Evidence(
        {order[0]: OrderSeen(*order) for order in plain["orders"]},
        {trade[0]: TradeSeen(*trade) for trade in plain["trades"]},
        {rumor[0]: RumorSeen(*rumor) for rumor in plain["rumors"]},
        {payment[0]: PaymentSeen(*payment) for payment in plain["payments"]},
        {event[0]: EventSeen(*event) for event in plain["events"]},
        {link[0]: LinkSeen(*link) for link in plain["links"]},
        {price[0]: PriceSeen(*price) for price in plain["prices"]},
    )
    for one in plain["accused"]:
        case.accused[one["account"]] = Accused(
            status=CaseStatus(one["status"]),
            cited=list(one["cited"]),
            **{name: one[name] for name in _ACCUSED_FIELDS},
        )
    case.compensated = dict(plain["compensated"])
    return case


def dump_suspicion(suspicion: Suspicion) -> Plain:
    return [
        suspicion.crime,
        list(suspicion.accounts),
        suspicion.symbol,
        suspicion.confidence,
        suspicion.first_tick,
        suspicion.last_tick,
        [list(order) for order in suspicion.orders],
        [list(trade) for trade in suspicion.trades],
        [list(rumor) for rumor in suspicion.rumors],
        [list(payment) for payment in suspicion.payments],
        suspicion.price_before,
        [list(event) for event in suspicion.events],
        [list(link) for link in suspicion.links],
        [list(price) for price in suspicion.prices],
    ]


def load_suspicion(plain: Plain) -> Suspicion:
    crime, accounts, symbol, confidence, first, last, orders, trades, *more = plain
    rumors, payments, price, events, links, prices = more
    return Suspicion(
        crime,
        tuple(accounts),
        symbol,
        confidence,
        first,
        last,
        tuple(OrderSeen(*order) for order in orders),
        tuple(TradeSeen(*trade) for trade in trades),
        tuple(RumorSeen(*rumor) for rumor in rumors),
        tuple(PaymentSeen(*payment) for payment in payments),
        price,
        tuple(EventSeen(*event) for event in events),
        tuple(LinkSeen(*link) for link in links),
        tuple(PriceSeen(*price) for price in prices),
    )
