"""Gifts and other money that is not earned by trading: who may give and receive how much."""

from __future__ import annotations

from agents.engine.reputations import Reputations
from market.engine.refusals import Code, Refused
from market.engine.values import BPS_IN_ONE, Cents


class Gifts(Reputations):
    """The agents, with what they give each other."""

    def transfer(self, debit: int, credit: int, cents: Cents, kind: str) -> None:
        """Move cash that no trade has earned: what performance is measured from moves with it."""
        self.market.transfer(debit, credit, cents, kind=kind)

    def giveable(self, account: int, *, as_bribe: bool = False) -> Cents:
        """Return how much an agent may give away now: what it has gained, now and at the last
        close, and has free; and a little more in bribes.
        """
        member, owned = self.members[account], self.market.accounts[account]
        if member.is_accused or member.is_debtor:
            return 0
        surplus = max(0, min(owned.equity, member.last_close) - owned.endowment)
        if as_bribe:
            surplus += max(0, self.rules.gifts.free_bribes_cents - member.bribes_given)
        return max(0, min(surplus, owned.margin_available))

    def may_give(self, account: int, cents: Cents, *, as_bribe: bool = False) -> None:
        """Raise Refused when an agent may not give away so much now."""
        member = self.members[account]
        if member.is_accused:
            raise Refused(
                Code.FORBIDDEN, "You cannot give anything away while a case against you is open."
            )
        if member.is_debtor:
            raise Refused(Code.FORBIDDEN, "You owe a penalty: you give nothing away.")
        giveable = self.giveable(account, as_bribe=as_bribe)
        if cents > giveable:
            raise Refused(
                Code.INSUFFICIENT_FUNDS,
                f"You may give away ${giveable / 100:,.2f} now: of what you have gained, what was"
                " there at the last close too and is free.",
            )

    def note_bribe(self, account: int, cents: Cents) -> None:
        """Count a bribe towards those of its giver's life."""
        self.members[account].bribes_given += cents
        self._touch(account)

    def receivable(self, account: int) -> Cents:
        """Return how much an agent may still receive in gifts, today and in its life."""
        member, rules = self.members[account], self.rules.gifts
        endowment = self.market.accounts[account].endowment
        today = member.gifts_today if member.gift_day == self._day() else 0
        of_day = endowment * rules.day_bps // BPS_IN_ONE - today
        of_life = endowment * rules.life_bps // BPS_IN_ONE - member.gifts_received
        return max(0, min(of_day, of_life))

    def receive_gift(self, account: int, cents: Cents) -> None:
        """Count a gift that an agent receives."""
        member, day = self.members[account], self._day()
        if member.gift_day != day:
            member.gift_day, member.gifts_today = day, 0
        member.gifts_today += cents
        member.gifts_received += cents
        self._touch(account)
