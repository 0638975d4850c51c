"""What the rows say of all that a legal action's check asks: for the door, before the tick."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models import Sum

from agents.checking import SocialRows
from agents.models import Agent
from market.engine.refusals import Code, Refused
from market.engine.values import Cents, Tick
from market.models import Account
from sec.engine.rules import SecRules
from sec.models import Bribe, Investigation, Penalty, Tip, Violation


def view(agent: Agent) -> LegalRows:
    """Return what the rows say to an agent's legal actions."""
    return LegalRows(agent)


class LegalRows(SocialRows):
    """The reading methods of the SEC's engine, by the rows of the last tick.

    What the rows do not say, such as what a settlement would cost, the tick decides.
    """

    def __init__(self, agent: Agent) -> None:
        super().__init__(agent)
        self.law: SecRules = settings.RULES.sec

    def role_of(self, account: int) -> str:
        return Agent.objects.values_list("role", flat=True).get(id=account)

    def is_linked(self, account: int, other: int) -> bool:
        origins = dict(Agent.objects.filter(id__in=[account, other]).values_list("id", "origin"))
        if origins.get(account) and origins.get(account) == origins.get(other):
            return True
        if any(other in (a.proposer, a.partner) for a in self.open_alliances(account)):
            return True
        contact = self.contact(account, other)
        return contact is not None and contact.is_answered

    def check_gift(self, account: int, cents: Cents) -> None:
        """Raise Refused where the rows say that an agent may not give so much as a bribe."""
        if Violation.objects.filter(account=account, status__in=("active", "charged")).exists():
            raise Refused(
                Code.FORBIDDEN, "You cannot give anything away while a case against you is open."
            )
        row = Account.objects.filter(id=account).first()
        if row is None:
            return  # the tick that admits it decides
        if row.debt:
            raise Refused(Code.FORBIDDEN, "You owe a penalty: you give nothing away.")
        given = Bribe.objects.filter(briber=account).aggregate(cents=Sum("cents"))["cents"] or 0
        free = max(0, self.rules.gifts.free_bribes_cents - given)
        surplus = max(0, row.equity - row.endowment)
        exposure = row.long_value + row.short_value + row.reserved
        available = max(0, row.leverage * row.equity - exposure) // row.leverage
        giveable = min(surplus + free, available)
        if cents > giveable:
            raise Refused(
                Code.INSUFFICIENT_FUNDS, f"You may give away at most ${giveable / 100:,.2f} now."
            )

    def has_bribed(self, briber: int, target: int, tick: Tick) -> bool:
        since = tick - self.law.bribes.pair_ticks
        return Bribe.objects.filter(briber=briber, target=target, tick__gt=since).exists()

    def bribe_for(self, account: int, id: str) -> Cents | None:
        bribes = Bribe.objects.filter(id=id, target=account, status="offered")
        return bribes.values_list("cents", flat=True).first()

    def receivable(self, account: int) -> Cents:
        """Return what an agent may receive in its life; how much of it today the tick knows."""
        endowment = Account.objects.values_list("endowment", flat=True).filter(id=account).first()
        received = Agent.objects.values_list("gifts_received", flat=True).get(id=account)
        of_life = (endowment or 0) * self.rules.gifts.life_bps // 10_000
        return max(0, of_life - received)

    def tips_today(self, account: int, tick: Tick) -> int:
        return Tip.objects.filter(account=account, tick__gt=tick - self.day_ticks).count()

    def has_told_on_friends(self, account: int) -> bool:
        return Tip.objects.filter(account=account, is_accomplice=True).exists()

    def case_status(self, account: int, id: str) -> str:
        rows = Violation.objects.filter(account=account, investigation=UUID(id))
        return rows.values_list("status", flat=True).first() or ""

    def is_under_case(self, account: int) -> bool:
        return Violation.objects.filter(account=account, status__in=("active", "charged")).exists()

    def check_settlement(self, account: int, id: str, tick: Tick) -> None:
        """Raise Refused where an agent has settled lately."""
        since = tick - self.law.cases.settle_ticks
        settled = Penalty.objects.filter(account=account, kind="settlement", tick__gt=since)
        if settled.exists():
            raise Refused(Code.RATE_LIMITED, "You have settled a case in the last 20 days.")

    def check_appeal(self, account: int, id: str, tick: Tick) -> None:
        """Raise Refused unless an agent may appeal its conviction now."""
        row = Violation.objects.filter(account=account, investigation=UUID(id)).first()
        if row is None or row.status != "convicted":
            raise Refused(Code.NOT_YOUR_CASE, "You were not convicted in a case by this id.")
        if row.appeal_tick is not None or row.is_appeal_over:
            raise Refused(Code.ALREADY_ANSWERED, "This conviction is final, or appealed already.")

    def check_subpoena(self, account: int, id: str) -> None:
        """Raise Refused unless the case is assigned to this investigator and may be looked into."""
        case = Investigation.objects.filter(id=id, investigator=account).first()
        if case is None:
            raise Refused(Code.NOT_YOUR_CASE, "No case by this id is assigned to you.")
        if not case.has_detector:
            raise Refused(Code.FORBIDDEN, "Surveillance has found nothing in this case.")
        if case.subpoena_tick is not None:
            raise Refused(Code.ALREADY_ANSWERED, "You have subpoenaed it already.")
        if not case.accused.filter(status__in=("active", "charged")).exists():
            raise Refused(Code.CONFLICT, "The case is not active.")

    def check_flight(self, account: int) -> None:
        """Raise Refused where a margin call, a debt or losses keep an agent from fleeing."""
        row = Account.objects.filter(id=account).first()
        if row is None or row.call_deadline is not None or row.debt or row.equity <= 0:
            raise Refused(
                Code.INSUFFICIENT_FUNDS, "You need cash above what you owe to pay for the escape."
            )
