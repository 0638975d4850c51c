"""What the rows say of all that a legal action's check asks: for the door, before the tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from django.conf import settings

from agents.checking import SocialRows, ids_in
from agents.engine.batch import ParsedAction
from agents.models import Agent
from market.common.prepared import Prepared
from market.engine.refusals import Code, Refused
from market.engine.values import Cents, Tick
from sec.engine.rules import SecRules

_LEGAL = Prepared(
    "legal_view",
    {
        "me": "bigint",
        "bribes": "uuid[]",
        "cases": "uuid[]",
        "pair_ticks": "bigint",
        "day_ticks": "bigint",
    },
    """
    SELECT json_build_object(
        'account', (SELECT row_to_json(a) FROM (
            SELECT equity, endowment, long_value, short_value, reserved, leverage, debt,
                call_deadline
            FROM market_account WHERE id = %(me)s) a),
        'received', (SELECT gifts_received FROM agents_agent WHERE id = %(me)s),
        'given', (SELECT coalesce(sum(cents), 0) FROM sec_bribe WHERE briber = %(me)s),
        'bribed', (SELECT coalesce(json_agg(DISTINCT target), '[]') FROM sec_bribe
            WHERE briber = %(me)s
            AND tick > (SELECT tick FROM market_world) + 1 - %(pair_ticks)s),
        'offered', (SELECT coalesce(json_object_agg(id, cents), '{}') FROM sec_bribe
            WHERE target = %(me)s AND id = ANY(%(bribes)s) AND status = 'offered'),
        'tips', (SELECT count(*) FROM sec_tip WHERE account = %(me)s
            AND tick > (SELECT tick FROM market_world) + 1 - %(day_ticks)s),
        'has_told', (SELECT EXISTS (
            SELECT FROM sec_tip WHERE account = %(me)s AND is_accomplice)),
        'cases', (SELECT coalesce(json_agg(v), '[]') FROM (
            SELECT investigation_id AS id, status, appeal_tick, is_appeal_over
            FROM sec_violation WHERE account = %(me)s AND (
                status IN ('active', 'charged') OR investigation_id = ANY(%(cases)s))) v),
        'settled', (SELECT max(tick) FROM sec_penalty
            WHERE account = %(me)s AND kind = 'settlement'),
        'assigned', (SELECT coalesce(json_agg(i), '[]') FROM (
            SELECT id, has_detector, subpoena_tick, EXISTS (
                SELECT FROM sec_violation
                WHERE investigation_id = i.id AND status IN ('active', 'charged')) AS is_active
            FROM sec_investigation i
            WHERE id = ANY(%(cases)s) AND investigator = %(me)s) i)
    )::text
    """,
)


def view(agent: Agent, asked: Sequence[ParsedAction]) -> LegalRows:
    """Return what the rows say to an agent's legal actions: two statements."""
    return LegalRows(agent, asked)


class LegalRows(SocialRows):
    """The reading methods of the SEC's engine, by the rows of the last tick, for these actions.

    What the rows do not say, such as what a settlement would cost, the tick decides.
    """

    def __init__(self, agent: Agent, asked: Sequence[ParsedAction]) -> None:
        super().__init__(agent, asked)
        self.law: SecRules = settings.RULES.sec
        self._law: Any = orjson.loads(
            _LEGAL.value(
                me=agent.id,
                bribes=ids_in(asked, "bribe"),
                cases=ids_in(asked, "case"),
                pair_ticks=self.law.bribes.pair_ticks,
                day_ticks=self.day_ticks,
            )
        )
        self._cases = {row["id"]: row for row in self._law["cases"]}
        self._assigned = {row["id"]: row for row in self._law["assigned"]}

    def check_gift(self, account: int, cents: Cents) -> None:
        """Raise Refused where the rows say that an agent may not give so much as a bribe."""
        if self.is_under_case(account):
            raise Refused(
                Code.FORBIDDEN, "You cannot give anything away while a case against you is open."
            )
        row = self._law["account"]
        if row is None:
            return  # the tick that admits it decides
        if row["debt"]:
            raise Refused(Code.FORBIDDEN, "You owe a penalty: you give nothing away.")
        free = max(0, self.rules.gifts.free_bribes_cents - self._law["given"])
        surplus = max(0, row["equity"] - row["endowment"])
        exposure = row["long_value"] + row["short_value"] + row["reserved"]
        available = max(0, row["leverage"] * row["equity"] - exposure) // row["leverage"]
        giveable = min(surplus + free, available)
        if cents > giveable:
            raise Refused(
                Code.INSUFFICIENT_FUNDS, f"You may give away at most ${giveable / 100:,.2f} now."
            )

    def has_bribed(self, briber: int, target: int, tick: Tick) -> bool:
        return target in self._law["bribed"]

    def bribe_for(self, account: int, id: str) -> Cents | None:
        cents: Cents | None = self._law["offered"].get(id.lower())
        return cents

    def receivable(self, account: int) -> Cents:
        """Return what an agent may receive in its life; how much of it today the tick knows."""
        row = self._law["account"]
        endowment: Cents = row["endowment"] if row else 0
        received: Cents = self._law["received"]
        return max(0, endowment * self.rules.gifts.life_bps // 10_000 - received)

    def tips_today(self, account: int, tick: Tick) -> int:
        return int(self._law["tips"])

    def has_told_on_friends(self, account: int) -> bool:
        return bool(self._law["has_told"])

    def case_status(self, account: int, id: str) -> str:
        case = self._cases.get(id.lower())
        return "" if case is None else str(case["status"])

    def is_under_case(self, account: int) -> bool:
        return any(case["status"] in ("active", "charged") for case in self._cases.values())

    def check_settlement(self, account: int, id: str, tick: Tick) -> None:
        """Raise Refused where an agent has settled lately."""
        settled = self._law["settled"]
        if settled is not None and settled > tick - self.law.cases.settle_ticks:
            raise Refused(Code.RATE_LIMITED, "You have settled a case in the last 20 days.")

    def check_appeal(self, account: int, id: str, tick: Tick) -> None:
        """Raise Refused unless an agent may appeal its conviction now."""
        case = self._cases.get(id.lower())
        if case is None or case["status"] != "convicted":
            raise Refused(Code.NOT_YOUR_CASE, "You were not convicted in a case by this id.")
        if case["appeal_tick"] is not None or case["is_appeal_over"]:
            raise Refused(Code.ALREADY_ANSWERED, "This conviction is final, or appealed already.")

    def check_subpoena(self, account: int, id: str) -> None:
        """Raise Refused unless the case is assigned to this investigator and may be looked into."""
        case = self._assigned.get(id.lower())
        if case is None:
            raise Refused(Code.NOT_YOUR_CASE, "No case by this id is assigned to you.")
        if not case["has_detector"]:
            raise Refused(Code.FORBIDDEN, "Surveillance has found nothing in this case.")
        if case["subpoena_tick"] is not None:
            raise Refused(Code.ALREADY_ANSWERED, "You have subpoenaed it already.")
        if not case["is_active"]:
            raise Refused(Code.CONFLICT, "The case is not active.")

    def check_flight(self, account: int) -> None:
        """Raise Refused where a margin call, a debt or losses keep an agent from fleeing."""
        row = self._law["account"]
        if row is None or row["call_deadline"] is not None or row["debt"] or row["equity"] <= 0:
            raise Refused(
                Code.INSUFFICIENT_FUNDS, "You need cash above what you owe to pay for the escape."
            )
