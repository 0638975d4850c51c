"""All that the law allows, in any order, with trading, restarts and time in between."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from market.engine.accounts import ESCROW
from market.engine.values import Cents
from sec.engine.rules import CRIME_NAMES
from tests.cast import Player
from tests.engine.court import Court, honest_odds

TRADERS = ("ann", "bob", "cid")
INVESTIGATORS = ("ivy", "ida")
EVERYONE = (*TRADERS, *INVESTIGATORS)
WORDS = "I have seen it with my own eyes."


class Lawsuits(RuleBasedStateMachine):
    """A small town of traders and investigators. `Court` checks the books after every tick."""

    def __init__(self) -> None:
        super().__init__()
        self.court = Court(
            *(Player(name, "100,000.00", leverage=2, holds={"APEX": 5_000}) for name in TRADERS),
            *(Player(name, "100,000.00", role="sec_investigator") for name in INVESTIGATORS),
            rules=honest_odds(0.5),
        )
        for name in INVESTIGATORS:
            self.court.member(name).admitted_tick = -10_000
        self.money = self.total()

    def total(self) -> Cents:
        return sum(account.cash for account in self.court.world.market.accounts.values())

    def act(self, name: str, type: str, **wire: Any) -> None:
        self.court.act(name, type, **wire)

    @rule(name=st.sampled_from(TRADERS), times=st.integers(1, 6), shares=st.integers(1, 2_000))
    def wash(self, name: str, times: int, shares: int) -> None:
        self.court.wash(name, times, shares)

    @rule(seller=st.sampled_from(TRADERS), buyer=st.sampled_from(TRADERS), n=st.integers(1, 3_000))
    def trade(self, seller: str, buyer: str, n: int) -> None:
        self.court.tick(f"{seller} SELL {n} @ 10.00\n{buyer} BUY {n} @ 10.00 cancel_newest")

    @rule(name=st.sampled_from(TRADERS), n=st.integers(1, 9_000))
    def short(self, name: str, n: int) -> None:
        self.court.tick(f"{name} SHORT {n} @ 10.00")

    @rule(name=st.sampled_from(TRADERS), sign=st.sampled_from([-1, 1]), price=st.integers(8, 12))
    def spread(self, name: str, sign: int, price: int) -> None:
        self.court.spread(name, sign, id=f"rumor-{self.court.world.tick}")
        self.court.reprice(f"{price}.00")
        self.court.tick()

    @rule(
        name=st.sampled_from(EVERYONE),
        whom=st.sampled_from(INVESTIGATORS),
        amount=st.sampled_from([1_000, 5_000, 60_000]),
    )
    def bribe(self, name: str, whom: str, amount: int) -> None:
        self.act(name, "BRIBE", targetAgent=whom, amount=amount)

    @rule(name=st.sampled_from(EVERYONE), is_kept=st.booleans())
    def answer_bribe(self, name: str, is_kept: bool) -> None:
        for id in list(self.court.sec.bribes.offered)[:1]:
            self.act(name, "KEEP_BRIBE" if is_kept else "REPORT_BRIBE", bribeId=id)

    @rule(
        name=st.sampled_from(EVERYONE),
        whom=st.sampled_from(EVERYONE),
        crime=st.sampled_from(CRIME_NAMES),
    )
    def tell(self, name: str, whom: str, crime: str) -> None:
        self.act(name, "WHISTLEBLOW", targetAgent=whom, crimeType=crime, evidence=WORDS)

    @rule(name=st.sampled_from(EVERYONE), type=st.sampled_from(["RESPOND", "SETTLE", "APPEAL"]))
    def defend(self, name: str, type: str) -> None:
        for id in list(self.court.sec.book.cases)[-1:]:
            more = {"content": "It was not me."} if type == "RESPOND" else {}
            self.act(name, type, investigationId=id, **more)

    @rule(name=st.sampled_from(INVESTIGATORS))
    def subpoena(self, name: str) -> None:
        for id in list(self.court.sec.book.cases)[-1:]:
            self.act(name, "SUBPOENA", investigationId=id)

    @rule(name=st.sampled_from(EVERYONE))
    def flee(self, name: str) -> None:
        self.act(name, "FLEE")

    @rule(type=st.sampled_from(["DISMISS_CASE", "OVERRULE_CASE"]))
    def operate(self, type: str) -> None:
        for id in list(self.court.sec.book.cases)[-1:]:
            self.court.order(type, case=id, reason="a test")

    @rule(name=st.sampled_from(EVERYONE), crime=st.sampled_from(CRIME_NAMES))
    def open_case(self, name: str, crime: str) -> None:
        self.court.order("OPEN_CASE", agent=name, crime=crime, reason="a test")

    @rule(ticks=st.sampled_from([1, 11, 60, 210]))
    def wait(self, ticks: int) -> None:
        self.court.pass_ticks(ticks)

    @rule()
    def restart(self) -> None:
        self.court.reload()

    @invariant()
    def nobodys_money_is_created(self) -> None:
        assert self.total() == self.money == 0

    @invariant()
    def escrow_is_never_overdrawn(self) -> None:
        assert self.court.world.market.accounts[ESCROW].cash >= 0

    @invariant()
    def gifts_stay_below_their_caps(self) -> None:
        for name in EVERYONE:
            endowment = self.court.account(name).endowment
            assert self.court.member(name).gifts_received * 5 <= endowment

    @invariant()
    def who_is_gone_is_in_no_pending_case(self) -> None:
        for name in EVERYONE:
            if not self.court.member(name).is_living:
                assert not list(self.court.sec.book.pending_against(self.court.ids[name]))


TestLawsuits = Lawsuits.TestCase
TestLawsuits.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
