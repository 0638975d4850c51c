"""The adversaries are not blind: they find the lunches that were there, and none that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from market.engine.rules import MakerRules, SessionRules
from tests.cast import rules_with
from wallstreetsim.lab.realism import adversaries
from wallstreetsim.lab.realism.adversaries import (
    AuctionPair,
    CollarPair,
    CornerBorrow,
    GapPairByDay,
    LadderPieces,
    LadderWhole,
    WashLever,
)
from wallstreetsim.lab.realism.adversary import Adversary, Arena, Earned, earned_by
from wallstreetsim.machine.rules import RULES, Rules

SESSION = SessionRules(open_ticks=120, closed_ticks=5)
SHORT_DAYS = rules_with(session=SESSION)
# As the market maker quoted before: five levels whose cost grew more slowly than their impact.
OLD_MAKER = MakerRules(
    half_spread=0.0005,
    volatility_spread=10.0,
    unrest_power=0.5,
    level_multiples=(1.0, 1.5, 2.25, 3.4, 5.1),
    base_size=1_000,
    size_growth=1.2,
)
OLD_DAYS = rules_with(session=SESSION, maker=OLD_MAKER)


def earned(adversary: Adversary, rules: Rules = SHORT_DAYS, days: int = 4) -> Earned:
    arena = Arena("a seed", [adversary], companies=16, house=8, rules=rules)
    [run] = arena.run(days)
    market = arena.world.market
    assert sum(account.cash for account in market.accounts.values()) == 0
    return earned_by(adversary.name, [run], 16, is_marked=True)


def test_the_old_ladder_paid_and_this_one_does_not() -> None:
    wild = ("Meme", "Crypto", "Energy")
    then = earned(LadderWhole(companies=3, sectors=wild), OLD_DAYS)
    assert then.is_free, then
    now = earned(LadderWhole(companies=3, sectors=wild))
    assert now.mean < 0.0
    assert now.t < -2.0, now


@pytest.mark.parametrize("kind", [LadderPieces, WashLever, AuctionPair, CornerBorrow])
def test_they_trade_and_earn_nothing(kind: type[Adversary]) -> None:
    one = earned(kind(), days=2)
    assert one.capacity > 0.0, "it has traded"
    assert one.mean < 0.0
    assert one.without_news == 0.0


def test_a_pair_at_the_collar_earns_no_more_than_luck() -> None:
    """What it holds of wild companies moves by a million a day, either way."""
    one = earned(CollarPair(), days=6)
    assert one.capacity > 0.0, "it has traded"
    assert not one.is_free, one
    assert one.written_off == one.without_news == 0.0, "nobody pays for it"


def test_who_closes_before_the_bell_has_paid_for_the_day() -> None:
    one = GapPairByDay()
    now = earned(one, days=2)
    assert now.capacity > 0.0
    assert now.mean < 0.0


def test_each_has_companies_of_its_own_and_one_has_the_rest() -> None:
    those = adversaries.together()
    arena = Arena("a seed", those, companies=20, house=2, rules=SHORT_DAYS)
    taken = [symbol for one in those for symbol in one.symbols]
    assert sorted(taken) == sorted(arena.world.market.companies)
    assert all(one.symbols for one in those)
    assert len({one.name for one in those}) == len(those)


def test_who_is_bankrupt_comes_back_with_new_money_that_it_has_not_earned() -> None:
    one = CollarPair()
    arena = Arena("a seed", [one], companies=16, house=2, rules=SHORT_DAYS)
    account = one.accounts[0]
    arena.world.market.pay(account.id, 1, account.cash + 100, kind="test")
    [(earned, _, written_off)] = arena.run(2)
    assert [(one.dollars, one.news) for one in written_off] == [(1.0, "")]
    assert one.accounts[0] is not account
    assert earned[0] == 1.0, "the debt that was written off; the new capital is nothing earned"
    assert abs(earned[1]) < RULES.agents.role("hedge_fund_manager").capital_cents / 100


def test_a_lunch_is_free_only_if_it_is_marked_and_more_than_luck() -> None:
    lucky = Earned(
        "x",
        20,
        20,
        mean=5.0,
        t=2.1,
        sharpe=0.5,
        capacity=1.0,
        written_off=3.0,
        without_news=0.0,
        is_marked=True,
    )
    assert lucky.is_free
    assert not lucky._replace(is_marked=False).is_free
    assert not lucky._replace(t=1.9).is_free
    assert not lucky._replace(mean=-5.0, t=-9.0).is_free
    assert lucky._replace(mean=-5.0, t=-9.0, without_news=1.0).is_free, "the treasury's"


def test_the_rules_of_the_arena_are_the_agents() -> None:
    """An adversary that orders more than an agent may in a tick is heard as far as that."""

    class Loud(LadderWhole):
        def act(self, scene: object) -> None:
            for _ in range(50):
                self.limit(0, "BUY", self.symbols[0], 1, 100)

    one = Loud()
    arena = Arena("a seed", [one], companies=1, house=0, rules=replace(SHORT_DAYS))
    arena._tick([0.0])
    assert len(one.accounts[0].orders) == RULES.agents.actions_per_request
