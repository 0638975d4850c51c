"""The machine asserts what must be true, of what a tick touched and of all there is."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from market.engine.engine import InvariantBroken
from market.engine.values import BUY
from tests.cast import Player, Stage
from tests.replay.history import inputs_of, new_world


def traded() -> Stage:
    """Ann and bob trade and rest in this tick; cid did in the one before."""
    stage = Stage(Player("ann", holds={"APEX": 100}), "bob", Player("cid", holds={"APEX": 9}))
    stage.tick("cid SELL 5 @ 11.00 #c")
    stage.world.check()
    stage.tick("ann SELL 60 @ 10.00 #a\nbob BUY 20 @ 10.00\nbob BUY 30 @ 9.00 #b")
    return stage


def more_cash(stage: Stage) -> None:
    stage.account("ann").cash += 1


def more_shares(stage: Stage) -> None:
    stage.account("ann").holdings["APEX"].quantity += 1


def more_issued(stage: Stage) -> None:
    stage.company().shares += 1


def overfilled(stage: Stage) -> None:
    next(iter(stage.account("ann").orders.values())).filled = 61


def less_than_nothing_filled(stage: Stage) -> None:
    next(iter(stage.account("bob").orders.values())).filled = -1


def reserved(stage: Stage) -> None:
    stage.account("bob").reserved -= 1


def crossed(stage: Stage) -> None:
    order = next(iter(stage.account("bob").orders.values()))
    book = stage.company().book
    book.cancel(order)
    order.price = 1_050
    assert order.side is BUY
    book.bids.add(order)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (more_cash, "all accounts together have 1 cents, not 0"),
        (more_shares, "company APEX: "),
        (more_issued, "company APEX: "),
        (overfilled, r"account 1000 \(ann\): order .* 61 of 60 filled"),
        (less_than_nothing_filled, r"account 1001 \(bob\): order .* -1 of 30 filled"),
        (reserved, r"account 1001 \(bob\): reserves 27899 cents, its open orders 27900"),
        (crossed, "company APEX: the book is crossed, bid 1050 and ask 1000 cents"),
    ],
)
def test_a_breach_is_named(spoil: Callable[[Stage], None], words: str, full: bool) -> None:
    stage = traded()
    stage.world.check(full=full)
    stage.tick("ann SELL 1 @ 10.90\nbob BUY 1 @ 9.00")
    spoil(stage)
    if spoil is more_shares:
        stage.world.market.log.touch_position(stage.account("ann"), stage.company())
    if spoil in (overfilled, less_than_nothing_filled):
        order = next(iter(stage.account("ann" if spoil is overfilled else "bob").orders.values()))
        stage.world.market.log.touch_order(order)
    with pytest.raises(InvariantBroken, match=words):
        stage.world.check(full=full)


def shares_nobody_touched(stage: Stage) -> None:
    stage.account("cid").holdings["APEX"].quantity -= 1


def order_nobody_touched(stage: Stage) -> None:
    next(iter(stage.account("cid").orders.values())).filled = 9


def lent(stage: Stage) -> None:
    stage.company().shorted += 1


def marked(stage: Stage) -> None:
    stage.account("cid").long_value += 1


def closing(stage: Stage) -> None:
    stage.account("cid").closing["APEX"] += 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (shares_nobody_touched, "company APEX: 1000000 shares are issued, 999999 held"),
        (order_nobody_touched, r"account 1002 \(cid\): order .* 9 of 5 filled"),
        (lent, "company APEX: 1 shares are lent, 0 short"),
        (marked, r"account 1002 \(cid\): positions are marked at"),
        (closing, r"account 1002 \(cid\): open orders are counted as"),
    ],
)
def test_what_the_tick_did_not_touch_is_found_before_a_checkpoint(
    spoil: Callable[[Stage], None], words: str
) -> None:
    stage = traded()
    stage.world.check()
    spoil(stage)
    stage.world.check()
    with pytest.raises(InvariantBroken, match=words):
        stage.world.check(full=True)


def test_a_history_of_everything_breaks_none() -> None:
    world, random = new_world(), Random(7)
    world.check()
    while world.tick < 220:
        world.advance(inputs_of(world, random))
        world.check(full=world.tick % 10 == 0)
