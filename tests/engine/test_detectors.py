"""Each detector is shown a guilty tape, and innocent ones that look like it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random

import pytest

from sec.engine.detectors.positions import Course
from sec.engine.detectors.rounds import SIGNS, Acted, Rounds
from sec.engine.records import TradeSeen
from sec.engine.rules import (
    COORDINATION,
    INSIDER_TRADING,
    PUMP_AND_DUMP,
    SPOOFING,
    THRESHOLDS,
    WASH_TRADING,
)
from sec.engine.suspicion import Conduct
from tests.engine.small_tape import HOUSE, SmallTape

ALLIES = ("ann", "bob")


def proven(tape: SmallTape, crime: str, name: str) -> bool:
    return tape.finding(crime, name).confidence >= THRESHOLDS.convict


# Wash trading


def wash(
    tape: SmallTape, ring: Sequence[str], rounds: int = 9, sizes: tuple[int, ...] = (100,)
) -> None:
    """Let shares go round in a ring, an offer taken a tick later by an order of its size."""
    for n in range(rounds):
        seller, buyer = ring[n % len(ring)], ring[(n + 1) % len(ring)]
        size = sizes[n % len(sizes)]
        sell = tape.order(seller, "SELL", size, tape.price)
        tape.tick()
        buy = tape.order(buyer, "BUY", size, tape.price)
        tape.fill(buy, sell, size, tape.price)
        tape.tick(3)


@pytest.mark.parametrize("ring", [("ann", "bob"), ("ann", "bob", "cid")])
def test_shares_that_go_round_are_a_wash_and_proven(ring: tuple[str, ...]) -> None:
    tape = SmallTape()
    wash(tape, ring, rounds=12, sizes=(100, 90, 110))
    assert tape.crimes == {WASH_TRADING}
    assert tape.accused(WASH_TRADING) == set(ring)
    assert all(proven(tape, WASH_TRADING, name) for name in ring)


def test_a_ring_without_one_leg_is_none() -> None:
    tape = SmallTape()
    for _ in range(12):
        for seller, buyer in (("ann", "bob"), ("bob", "cid")):
            tape.trade(buyer, seller, 100)
            tape.tick(2)
    assert not tape.crimes


def test_two_makers_who_trade_with_each_other_and_everyone_are_no_ring() -> None:
    tape, random = SmallTape(), Random(1)
    for _ in range(60):
        buyer, seller = random.sample(ALLIES, 2)
        if random.random() < 0.4:
            tape.trade(buyer, seller, 100)
        for name in ALLIES:
            tape.buys(name, random.randint(80, 200))
            tape.sells(name, random.randint(80, 200))
        tape.tick()
    assert not tape.crimes


def test_day_traders_with_many_counterparties_are_no_ring() -> None:
    names = ("ann", "bob", "cid", "dee", "eve", "fay")
    tape, random = SmallTape(), Random(2)
    for _ in range(40):
        buyer, seller = random.sample(names, 2)
        tape.trade(buyer, seller, random.randint(20, 150))
        for name in random.sample(names, 3):
            tape.buys(name, random.randint(50, 150))
        tape.tick()
    assert not tape.crimes


def test_two_makers_whose_quotes_meet_are_no_ring_in_their_first_hour_nor_after_a_night() -> None:
    tape, random = SmallTape(), Random(3)
    for n in range(120):
        if n == 60:
            tape.is_trading = False
            tape.tick(240)
            tape.is_trading = True
        quotes = {}
        for name in ALLIES:
            size, at = random.randint(80, 120), tape.price + random.choice((-4, 0, 4))
            quotes[name] = (
                tape.order(name, "BUY", size, at - 4),
                tape.order(name, "SELL", size, at + 4),
                size,
            )
        if n > 2:
            buyer, seller = random.sample(ALLIES, 2)
            size = min(quotes[buyer][2], quotes[seller][2])
            tape.fill(quotes[buyer][0], quotes[seller][1], size, tape.price)
        tape.tick()
        tape.pull(*(id for bid, ask, _ in quotes.values() for id in (bid, ask)))
    assert not tape.crimes


def test_strangers_who_take_a_part_of_each_others_orders_are_no_ring() -> None:
    tape = SmallTape()
    for n in range(12):
        seller, buyer = ALLIES if n % 2 else ALLIES[::-1]
        sell = tape.order(seller, "SELL", 100, tape.price)
        tape.tick()
        tape.fill(tape.order(buyer, "BUY", 90, None), sell, 45, tape.price)
        tape.tick(3)
    assert not tape.crimes


def meet(
    tape: SmallTape, rounds: int, sizes: tuple[int, int] = (100, 100), *, at_market: bool = False
) -> None:
    """Let two meet by fresh orders of these sizes, now one way and now the other."""
    for n in range(rounds):
        seller, buyer = ALLIES if n % 2 else ALLIES[::-1]
        sell = tape.order(seller, "SELL", sizes[0], tape.price)
        buy = tape.order(buyer, "BUY", sizes[1], None if at_market else tape.price)
        tape.fill(buy, sell, min(sizes), tape.price)
        tape.tick(2)
        tape.pull(sell, buy)


@pytest.mark.parametrize(
    ("rounds", "sizes", "at_market"),
    [(6, (100, 100), False), (12, (100, 80), False), (12, (100, 100), True)],
)
def test_strangers_who_meet_for_a_while_are_no_ring_but_allies_are(
    rounds: int, sizes: tuple[int, int], at_market: bool
) -> None:
    strangers, allies = SmallTape(), SmallTape(ALLIES)
    for tape in (strangers, allies):
        meet(tape, rounds, sizes, at_market=at_market)
    assert not strangers.crimes
    assert allies.accused(WASH_TRADING) == set(ALLIES)


def test_strangers_who_meet_without_end_are_a_ring_however_their_sizes_differ() -> None:
    tape = SmallTape()
    meet(tape, 28, (100, 80))
    assert tape.accused(WASH_TRADING) == set(ALLIES)
    assert all(proven(tape, WASH_TRADING, name) for name in ALLIES)


def test_strangers_are_convicted_by_more_meetings_than_they_are_accused_by() -> None:
    tape = SmallTape()
    meet(tape, 9)
    assert tape.accused(WASH_TRADING) == set(ALLIES)
    assert not any(proven(tape, WASH_TRADING, name) for name in ALLIES)


def test_a_burst_of_meetings_among_much_else_is_no_ring_of_strangers() -> None:
    tape = SmallTape()
    for n in range(60):
        for name in ALLIES:
            (tape.buys if n % 2 else tape.sells)(name, 100)
        tape.tick()
    tape.tick(40)
    meet(tape, 12)
    assert not tape.crimes


def test_meetings_of_allies_long_ago_make_no_ring_of_a_few_lately() -> None:
    """What they trade among themselves is held against all that they trade in the same time."""
    tape = SmallTape(ALLIES)
    for _ in range(6):
        meet(tape, 2)
        for name in ALLIES * 9:
            tape.buys(name, 100)
            tape.sells(name, 100)
        tape.tick(90)
    meet(tape, 3)
    assert not tape.crimes


@pytest.mark.parametrize(
    ("rounds", "sizes", "at_market"), [(8, (100, 100), True), (12, (100, 40), False)]
)
def test_allies_whose_orders_fit_by_half_are_accused_before_they_can_be_convicted(
    rounds: int, sizes: tuple[int, int], at_market: bool
) -> None:
    tape = SmallTape(ALLIES)
    meet(tape, rounds, sizes, at_market=at_market)
    assert tape.accused(WASH_TRADING) == set(ALLIES)
    assert not any(proven(tape, WASH_TRADING, name) for name in ALLIES)
    meet(tape, 2 * rounds, sizes, at_market=at_market)
    assert all(proven(tape, WASH_TRADING, name) for name in ALLIES)


def work(
    tape: SmallTape, piece: int, quote: int, *, at_market: bool = True, quoted_for: int = 1
) -> None:
    """Let bob sell in pieces to what ann bids, and later buy in pieces what she offers: she quotes
    anew after so many ticks.
    """
    for seller, buyer in (("bob", "ann"), ("ann", "bob")):
        sold, bought = ("SELL", "BUY") if seller == "bob" else ("BUY", "SELL")
        shown = ""
        for n in range(6):
            if n % quoted_for == 0:
                tape.pull(*[shown] if shown else [])
                shown = tape.order("ann", bought, quote, tape.price)
            met = tape.order("bob", sold, piece, None if at_market else tape.price)
            size = min(piece, quote // quoted_for)
            ids = (shown, met) if buyer == "ann" else (met, shown)
            tape.fill(*ids, size, tape.price, sold)
            tape.tick()
        tape.pull(shown)
        tape.tick(10)


@pytest.mark.parametrize(
    ("piece", "quote", "at_market", "quoted_for"),
    [
        (90, 300, True, 1),
        (90, 300, False, 1),
        (100, 100, True, 1),
        (60, 90, True, 6),
        (60, 90, False, 6),
    ],
)
def test_pieces_of_a_large_order_that_meet_an_allys_quotes_are_no_ring(
    piece: int, quote: int, at_market: bool, quoted_for: int
) -> None:
    tape = SmallTape(ALLIES)
    work(tape, piece, quote, at_market=at_market, quoted_for=quoted_for)
    assert tape.confidence(WASH_TRADING) > 0.0
    assert not tape.crimes
    assert not any(proven(tape, WASH_TRADING, name) for name in ALLIES)


@pytest.mark.parametrize("in_a_row", [1, 3])
@pytest.mark.parametrize("lots", [(100, 70), (60, 100), (100, 20, 30, 25)])
def test_allies_whose_lots_differ_are_a_ring_yet_whether_in_turns_or_not(
    lots: tuple[int, ...], in_a_row: int
) -> None:
    """What is offered is taken by one order of another size, or by several."""
    tape = SmallTape(ALLIES)
    for n in range(18):
        seller, buyer = ALLIES if n // in_a_row % 2 else ALLIES[::-1]
        offered, *taken = lots
        sell = tape.order(seller, "SELL", offered, tape.price)
        tape.tick()
        for size in taken:
            bid = tape.order(buyer, "BUY", size, tape.price)
            tape.fill(bid, sell, min(size, offered), tape.price)
            tape.pull(bid)
        tape.pull(sell)
        tape.tick(2)
        if n % 4 == 0:
            tape.buys(seller, 30)
    assert tape.accused(WASH_TRADING) == set(ALLIES)
    assert all(proven(tape, WASH_TRADING, name) for name in ALLIES)


def test_one_who_takes_what_stood_for_long_has_arranged_nothing() -> None:
    tape = SmallTape()
    for n in range(12):
        seller, buyer = ALLIES if n % 2 else ALLIES[::-1]
        sell = tape.order(seller, "SELL", 100, tape.price)
        tape.tick(20)
        tape.fill(tape.order(buyer, "BUY", 100, tape.price), sell, 100, tape.price)
        tape.tick(3)
    assert not tape.crimes


def test_liquidations_are_nobodys_wash() -> None:
    tape = SmallTape()
    for n in range(12):
        buyer, seller = ALLIES if n % 2 else ALLIES[::-1]
        tape.trade(buyer, seller, 100, liquidation=True)
        tape.tick(2)
    assert not tape.crimes


def hand_over(tape: SmallTape, price: int, wait: int = 1) -> None:
    for _ in range(4):
        sell = tape.order("bob", "SELL", 100, price)
        tape.tick(wait)
        tape.fill(tape.order("ann", "BUY", 800, price), sell, 100, price)
        tape.tick(10)


def test_allies_who_trade_beyond_the_makers_levels_hand_value_over() -> None:
    tape = SmallTape(ALLIES)
    hand_over(tape, 10_200)
    assert tape.crimes == {WASH_TRADING}
    taker = tape.finding(WASH_TRADING, "bob")
    assert taker.confidence >= THRESHOLDS.convict
    assert taker.gain_cents == 4 * 100 * 200
    assert tape.finding(WASH_TRADING, "ann").gain_cents == 0


def test_within_the_levels_or_open_to_all_nothing_is_handed_over() -> None:
    for price, wait in ((10_050, 1), (10_200, 6)):
        tape = SmallTape(ALLIES)
        hand_over(tape, price, wait)
        assert not tape.crimes


# Spoofing


def spoof(
    tape: SmallTape, shower: str = "ann", seller: str = "ann", *, away: int = 0, rounds: int = 6
) -> None:
    """Show large bids, sell to somebody, take the bids back."""
    for _ in range(rounds):
        bids = [tape.order(shower, "BUY", 200, tape.price - 10 - away - n) for n in range(3)]
        offer = tape.order(seller, "SELL", 50, tape.price + 9)
        tape.tick()
        tape.fill(tape.order(HOUSE, "BUY", 50, None), offer, 50, tape.price + 9)
        tape.tick()
        tape.pull(*bids)
        tape.tick(5)


@pytest.mark.parametrize("away", [0, 50])
def test_bids_that_are_pulled_when_the_offer_is_sold_are_a_spoof(away: int) -> None:
    tape = SmallTape()
    tape.tick(3)
    spoof(tape, away=away)
    assert tape.crimes == {SPOOFING}
    finding = tape.finding(SPOOFING, "ann")
    assert finding.confidence >= THRESHOLDS.convict
    assert finding.gain_cents == 6 * 50 * 9


def test_one_may_show_for_an_ally_and_not_for_a_stranger() -> None:
    together, apart = SmallTape(ALLIES), SmallTape()
    spoof(together, "ann", "bob")
    spoof(apart, "ann", "bob")
    assert together.accused(SPOOFING) == {"ann", "bob"}
    assert proven(together, SPOOFING, "ann")
    assert proven(together, SPOOFING, "bob")
    assert not apart.crimes


def test_orders_that_are_moved_away_are_pulled_too() -> None:
    tape = SmallTape()
    for _ in range(6):
        bid = tape.order("ann", "BUY", 600, tape.price - 10)
        offer = tape.order("ann", "SELL", 50, tape.price + 9)
        tape.tick()
        tape.fill(tape.order(HOUSE, "BUY", 50, None), offer, 50, tape.price + 9)
        tape.move(bid, tape.price - 300)
        tape.tick()
        tape.pull(bid)
        tape.tick(5)
    assert tape.opens(SPOOFING)


def test_a_spoof_that_is_let_fill_is_an_order() -> None:
    tape = SmallTape()
    for _ in range(6):
        bid = tape.order("ann", "BUY", 600, tape.price - 10)
        offer = tape.order("ann", "SELL", 50, tape.price + 9)
        tape.tick()
        tape.fill(tape.order(HOUSE, "BUY", 50, None), offer, 50, tape.price + 9)
        tape.fill(bid, tape.order(HOUSE, "SELL", 500, None), 500, tape.price - 10, "SELL")
        tape.tick()
        tape.pull(bid)
        tape.tick(5)
    assert not tape.crimes


@pytest.mark.parametrize("skew", [1, 3])
def test_a_market_maker_who_cancels_nearly_everything_is_none(skew: int) -> None:
    tape, random = SmallTape(), Random(3)
    quotes: list[str] = []
    for n in range(200):
        tape.pull(*quotes)
        bid = tape.order("ann", "BUY", 200 * skew, tape.price - 10)
        ask = tape.order("ann", "SELL", 200, tape.price + 10)
        quotes = [bid, ask]
        if random.random() < 0.2:
            tape.fill(tape.order(HOUSE, "BUY", 20, None), ask, 20, tape.price + 10)
        if n % 50 == 49:  # a halt, after which quotes are mended
            tape.pull(*quotes)
            quotes = []
            tape.tick(4)
        tape.tick()
    assert not tape.crimes


def test_one_pulled_on_news_and_a_fat_finger_are_none() -> None:
    tape = SmallTape()
    bid = tape.order("ann", "BUY", 600, tape.price - 10)
    tape.tick(5)
    tape.news(-0.03)
    tape.sells("ann", 50)
    tape.pull(bid)
    tape.tick(5)
    finger = tape.order("ann", "BUY", 9_000, tape.price - 10)
    tape.tick()
    tape.pull(finger)
    tape.tick(5)
    assert not tape.crimes


def test_a_stop_that_is_moved_shows_nothing() -> None:
    tape = SmallTape()
    for n in range(10):
        stop = tape.order("ann", "SELL", 600, tape.price - 60 + n, stop=True)
        tape.buys("ann", 50)
        tape.tick(3)
        tape.pull(stop)
        tape.tick()
    assert not tape.crimes


# Pump and dump


def pump(
    tape: SmallTape, holder: str, talker: str, *, ends: bool = True, is_news: bool = False
) -> None:
    for _ in range(10):
        tape.buys(holder, 60)
        tape.tick(2)
    tape.rumor(talker, +1)
    tape.tick()
    tape.price += 120
    if is_news:
        tape.news(0.02)
    tape.tick(2)
    for _ in range(10):
        if ends:
            tape.sells(holder, 55)
        tape.tick(2)


@pytest.mark.parametrize("talker", ["ann", "bob"])
def test_who_sells_into_talk_what_it_has_bought_for_it_is_a_pump(talker: str) -> None:
    tape = SmallTape(ALLIES)
    pump(tape, "ann", talker)
    assert tape.crimes == {PUMP_AND_DUMP}
    assert tape.accused(PUMP_AND_DUMP) == {"ann", talker}
    assert tape.finding(PUMP_AND_DUMP, "ann").gain_cents > 0
    assert proven(tape, PUMP_AND_DUMP, "ann")
    assert proven(tape, PUMP_AND_DUMP, talker)


def test_the_mirror_is_a_short_covered_into_bad_words() -> None:
    tape = SmallTape(ALLIES)
    for _ in range(10):
        tape.sells("ann", 60)
        tape.tick(2)
    tape.rumor("bob", -1)
    tape.tick()
    tape.price -= 120
    for _ in range(10):
        tape.buys("ann", 55)
        tape.tick(2)
    assert tape.crimes == {PUMP_AND_DUMP}
    assert proven(tape, PUMP_AND_DUMP, "ann")


def test_who_holds_or_sells_after_the_rumor_came_true_is_none() -> None:
    for ends, is_news in ((False, False), (True, True)):
        tape = SmallTape(ALLIES)
        pump(tape, "ann", "bob", ends=ends, is_news=is_news)
        assert not tape.crimes


@pytest.mark.parametrize(("impact", "is_excuse"), [(0.0004, False), (0.02, True)])
def test_only_news_that_bears_a_rumor_out_excuses_who_sells_after_it(
    impact: float, is_excuse: bool
) -> None:
    tape = SmallTape(ALLIES)
    for _ in range(10):
        tape.buys("ann", 60)
        tape.tick(2)
    tape.rumor("bob", +1)
    tape.tick()
    tape.price += 120
    tape.news(impact, is_wide=True)
    tape.tick(2)
    for _ in range(10):
        tape.sells("ann", 55)
        tape.tick(2)
    assert (PUMP_AND_DUMP in tape.crimes) != is_excuse
    if not is_excuse:
        assert proven(tape, PUMP_AND_DUMP, "ann")


def test_an_old_holder_who_trades_a_little_around_its_own_rumor_is_none() -> None:
    tape = SmallTape()
    tape.holdings[tape.id("ann")] = 50_000
    pump(tape, "ann", "ann")
    assert not tape.crimes


def test_a_stranger_who_sells_into_a_rumor_is_none() -> None:
    tape = SmallTape()
    pump(tape, "ann", "bob")
    assert not tape.crimes


# Coordination


def march(
    tape: SmallTape, crew: Sequence[str], rounds: int = 14, seed: int = 4, lag: int = 0
) -> None:
    random = Random(seed)
    for _ in range(rounds):
        side = random.choice((-1, 1))
        for name in crew:
            (tape.buys if side > 0 else tape.sells)(name, random.randint(40, 80))
            tape.tick(random.randint(0, lag) if lag else 0)
        tape.price += random.choice((-7, 7))
        tape.tick(random.randint(5, 12))


CREW = (("ann", "bob"), ("bob", "cid"), ("ann", "cid"))


@pytest.mark.parametrize("lag", [0, 1])
def test_friends_who_always_take_one_side_act_together(lag: int) -> None:
    tape = SmallTape(*CREW)
    march(tape, ("ann", "bob", "cid"), lag=lag)
    assert tape.crimes == {COORDINATION}
    assert tape.accused(COORDINATION) == {"ann", "bob", "cid"}
    assert all(proven(tape, COORDINATION, name) for name in ("ann", "bob", "cid"))


# Each friend has an account of its own beside, which is linked to nobody else.
PROXIES = {"ann": "dee", "bob": "eve", "cid": "fay"}
EVERYBODY = {*PROXIES, *PROXIES.values()}


def march_by_turns(tape: SmallTape, rounds: int, lean: float = 0.5, seed: int = 4) -> None:
    """Let friends take turns with accounts of their own, to which they leave most of the sales if
    they `lean`: so often it is they who buy.
    """
    random = Random(seed)
    for _ in range(rounds):
        side = random.choice((-1, 1))
        is_own = random.random() < (lean if side > 0 else 1.0 - lean)
        for name, proxy in PROXIES.items():
            act = tape.buys if side > 0 else tape.sells
            act(name if is_own else proxy, random.randint(40, 80))
        tape.price += random.choice((-7, 7))
        tape.tick(random.randint(5, 12))


@pytest.mark.parametrize("lean", [0.5, 0.75])
@pytest.mark.parametrize("seed", range(4))
def test_friends_who_take_turns_with_accounts_of_their_own_act_together(
    lean: float, seed: int
) -> None:
    tape = SmallTape(*CREW, *PROXIES.items())
    march_by_turns(tape, 20, lean, seed)
    assert tape.crimes == {COORDINATION}
    assert tape.accused(COORDINATION) == EVERYBODY
    assert any(proven(tape, COORDINATION, name) for name in EVERYBODY)


def test_friends_of_friends_who_trade_independently_are_none() -> None:
    tape, random = SmallTape(*CREW, *PROXIES.items()), Random(5)
    for _ in range(80):
        for name in sorted(EVERYBODY):
            if random.random() < 0.3:
                random.choice((tape.buys, tape.sells))(name, 50)
        tape.tick(3)
    assert not tape.crimes


def test_agreement_without_a_link_is_none() -> None:
    tape = SmallTape()
    march(tape, ("ann", "bob", "cid"))
    assert not tape.crimes


def test_friends_who_trade_independently_are_none() -> None:
    tape, random = SmallTape(*CREW), Random(5)
    for _ in range(80):
        for name in ("ann", "bob", "cid"):
            if random.random() < 0.5:
                random.choice((tape.buys, tape.sells))(name, 50)
        tape.tick(3)
    assert not tape.crimes


def test_a_common_reaction_to_news_is_none() -> None:
    tape, random = SmallTape(*CREW), Random(6)
    for _ in range(14):
        sign = random.choice((-1, 1))
        tape.news(0.01 * sign)
        tape.tick(2)
        for name in ("ann", "bob", "cid"):
            (tape.buys if sign > 0 else tape.sells)(name, 50)
        tape.tick(12)
    assert COORDINATION not in tape.crimes


def test_friends_who_follow_the_market_by_one_public_strategy_are_none() -> None:
    tape, random = SmallTape(*CREW), Random(7)
    for _ in range(16):
        sign = random.choice((-1, 1))
        for _ in range(10):
            tape.price += 12 * sign
            tape.tick()
        for name in ("ann", "bob", "cid"):
            (tape.buys if sign > 0 else tape.sells)(name, random.randint(40, 80))
        tape.tick(2)
    assert not tape.crimes


@pytest.mark.parametrize("seed", range(6))
def test_friends_who_each_work_large_orders_in_pieces_are_none(seed: int) -> None:
    tape, random = SmallTape(*CREW), Random(seed)
    sides = dict.fromkeys(("ann", "bob", "cid"), 1)
    for _ in range(200):
        for name, side in sides.items():
            if random.random() < 0.06:
                sides[name] = random.choice((-1, 1))
            if random.random() < 0.4:
                (tape.buys if side > 0 else tape.sells)(name, 50)
        tape.tick()
    assert not tape.crimes


def together(*sides: tuple[int, ...], signal: Sequence[int] = (), habit: float = 0.5) -> float:
    """Return what rounds say in which accounts took these sides (0: none), after a signal."""
    acts = [
        Acted(10 * n, account, 50 * side, habit, [sign] * SIGNS, [], [])
        for n, (of_round, sign) in enumerate(zip(sides, signal or [0] * len(sides), strict=True))
        for account, side in enumerate(of_round)
        if side
    ]
    return Rounds(acts, alone=0, chance=0.5).agreement().nats


def test_to_turn_together_says_more_than_to_go_on_together() -> None:
    rounds = [(1, 1), (-1, -1)] * 4
    nats = [together(*rounds, habit=habit) for habit in (0.5, 0.7, 0.9)]
    assert nats[0] > nats[1] > nats[2]


def test_what_follows_a_signal_says_less_than_what_follows_none() -> None:
    rounds = [(side, side) for side in (1, -1, -1, 1, -1, 1, 1, -1, 1, 1)]
    followed, faded = [side for side, _ in rounds], [-side for side, _ in rounds]
    assert together(*rounds) > 3.0
    assert together(*rounds, signal=followed) < 1.0
    assert together(*rounds, signal=faded) < 1.0


def test_a_group_of_which_some_act_by_turns_is_more_than_its_pairs() -> None:
    sides = (1, -1, -1, 1, -1, 1, 1, -1, 1)
    rounds = [tuple(0 if k == n % 3 else side for k in range(3)) for n, side in enumerate(sides)]
    pair = [of_round[:2] for of_round in rounds]
    assert together(*rounds) > 3.0 > together(*pair)


def test_who_takes_both_sides_in_a_round_agrees_with_nobody() -> None:
    acts = [
        Acted(tick, account, net, 0.5, [0] * SIGNS, [], [])
        for n in range(8)
        for tick, account, net in ((10 * n, 1, 50), (10 * n + 1, 2, 60), (10 * n + 2, 2, -40))
    ]
    assert Rounds(acts, alone=0, chance=0.5).agreement().nats < 0.0


@pytest.mark.parametrize("count", [2, 3])
def test_friends_who_turn_with_a_public_signal_are_none(count: int) -> None:
    """Each turns whenever the other does, but so does whoever follows the signal."""
    tape, random = SmallTape(*CREW), Random(11)
    sign = 1
    for _ in range(24):
        sign = -sign
        for _ in range(random.randint(8, 14)):
            tape.price += random.randint(4, 10) * sign
            tape.tick()
        for name in ("ann", "bob", "cid")[:count]:
            if random.random() < 0.9:
                (tape.buys if sign > 0 else tape.sells)(name, random.randint(30, 90))
            tape.tick(random.randint(0, 2))
    assert not tape.crimes


def test_friends_who_all_only_buy_slowly_are_none() -> None:
    tape, random = SmallTape(*CREW), Random(8)
    for _ in range(60):
        for name in ("ann", "bob", "cid"):
            if random.random() < 0.6:
                tape.buys(name, 30)
        tape.tick(4)
    assert not tape.crimes


def test_what_everybody_does_at_once_is_none() -> None:
    tape, random = SmallTape(*CREW), Random(9)
    others = [f"fund{n}" for n in range(12)]
    for _ in range(14):
        buys = random.choice((True, False))
        for name in ("ann", "bob", "cid", *others):
            (tape.buys if buys else tape.sells)(name, 50)
        tape.tick(15)
    assert not tape.crimes


# Insider trading


def trade_ahead(tape: SmallTape, name: str, impact: float, *, ends: bool = True) -> None:
    sign = 1 if impact > 0 else -1
    for _ in range(8):
        (tape.buys if sign > 0 else tape.sells)(name, 60)
        tape.tick(2)
    tape.news(impact)
    tape.tick(4)
    for _ in range(8):
        if ends:
            (tape.sells if sign > 0 else tape.buys)(name, 60)
        tape.tick(2)


@pytest.mark.parametrize("impact", [0.05, -0.05])
@pytest.mark.parametrize("name", ["eve", "ann"])
def test_a_chief_or_its_friend_who_trades_ahead_of_news_is_an_insider(
    name: str, impact: float
) -> None:
    tape = SmallTape(("eve", "ann"), chief="eve")
    tape.tick(40)
    trade_ahead(tape, name, impact)
    assert tape.crimes == {INSIDER_TRADING}
    assert tape.accused(INSIDER_TRADING) == {name}
    assert tape.finding(INSIDER_TRADING, name).gain_cents > 0
    assert proven(tape, INSIDER_TRADING, name)


def test_a_lucky_one_without_access_is_none_and_a_habit_is_not_luck() -> None:
    tape = SmallTape(chief="eve")
    tape.tick(40)
    for times in range(1, 6):
        trade_ahead(tape, "ann", 0.05 if times % 2 else -0.05)
        tape.tick(90)
        if times < 3:
            assert not tape.crimes
    assert tape.crimes == {INSIDER_TRADING}
    assert proven(tape, INSIDER_TRADING, "ann")


def bet(tape: SmallTape, name: str, *, early: bool) -> None:
    """Buy much at once, before good news or for nothing, and end it."""
    tape.buys(name, 500)
    tape.tick(3)
    if early:
        tape.news(0.05)
    tape.tick(2)
    tape.sells(name, 500)
    tape.tick(70)


def test_a_habit_is_not_hidden_by_slow_trading_of_as_much() -> None:
    tape, random = SmallTape(chief="eve"), Random(5)
    tape.tick(40)
    for times in range(1, 4):
        for side in (1, -1):
            for _ in range(15):
                (tape.buys if side > 0 else tape.sells)("ann", random.randint(30, 50))
                tape.tick(6)
        bet(tape, "ann", early=True)
        assert bool(tape.crimes) == (times == 3)
    assert tape.accused(INSIDER_TRADING) == {"ann"}


def test_a_habit_may_begin_after_bets_that_came_to_nothing() -> None:
    """One of them was early by chance."""
    tape = SmallTape(chief="eve")
    tape.tick(40)
    for n in range(10):
        bet(tape, "ann", early=n == 3)
    for times in range(1, 6):
        bet(tape, "ann", early=True)
        assert bool(tape.crimes) == (times > 2)
    assert tape.accused(INSIDER_TRADING) == {"ann"}
    assert proven(tape, INSIDER_TRADING, "ann")
    assert all(len(one.events) <= 5 for one in tape.suspicions)


@pytest.mark.parametrize(("right_in", "apart", "bets"), [(4, 160, 24), (10, 250, 40)])
def test_bets_that_news_was_against_count_for_as_long_as_those_it_was_for(
    right_in: int, apart: int, bets: int
) -> None:
    """Whatever beginning a habit is given, and though the positions themselves are forgotten."""
    tape = SmallTape(chief="eve")
    tape.tick(40)
    for n in range(bets):
        tape.buys("ann", 500)
        tape.tick(3)
        tape.news(0.05 if n % right_in == right_in - 1 else -0.05)
        tape.tick(2)
        tape.sells("ann", 500)
        tape.tick(apart)
        if n == bets // 2:
            tape.reload()
    assert not tape.crimes


def test_bets_that_came_to_nothing_count_for_as_long_as_those_that_were_early() -> None:
    """They themselves are forgotten by then."""
    tape = SmallTape(chief="eve")
    tape.tick(40)
    for n in range(108):
        bet(tape, "ann", early=n % 12 == 11)
        if n == 54:
            tape.reload()
    assert not tape.crimes


def test_small_wrong_guesses_hide_no_large_right_ones() -> None:
    tape = SmallTape(chief="eve")
    tape.tick(40)
    for _ in range(8):
        bet(tape, "ann", early=True)
        for _ in range(2):
            tape.buys("ann", 60)
            tape.tick(3)
            tape.news(-0.05)
            tape.tick(2)
            tape.sells("ann", 60)
            tape.tick(30)
    assert tape.accused(INSIDER_TRADING) == {"ann"}
    assert tape.suspicions[-1].confidence > 0.9


def test_a_position_is_forgotten_as_a_whole() -> None:
    """What ended one whose beginning is forgotten would seem to begin another."""
    course = Course()
    for n, (buyer, seller) in enumerate([(7, 1), (1, 7), (7, 1), (7, 1), (1, 7)]):
        size = 200 if n == 4 else 100
        course.trades.append(
            TradeSeen(f"t{n}", 10 * n, "APEX", 100, size, buyer, seller, "bought", "sold", None)
        )
    course.forget(7, after=25)
    assert [trade.id for trade in course.trades] == ["t2", "t3", "t4"]
    assert [run.most for run in course.runs(7, 50)] == [200]


def test_bets_of_which_a_few_are_early_are_no_habit() -> None:
    tape = SmallTape(chief="eve")
    tape.tick(40)
    for n in range(18):
        bet(tape, "ann", early=n % 5 == 4)
    assert not tape.crimes


def test_who_begins_to_sell_in_the_tick_of_the_news_has_bought_before_it() -> None:
    tape = SmallTape(("eve", "ann"), chief="eve")
    tape.tick(40)
    tape.buys("ann", 480)
    tape.tick()
    tape.sells("ann", 150)
    tape.news(0.05)
    tape.tick(3)
    tape.sells("ann", 330)
    tape.tick()
    assert tape.accused(INSIDER_TRADING) == {"ann"}
    assert proven(tape, INSIDER_TRADING, "ann")


@pytest.mark.parametrize("keeps_habit", [True, False])
def test_a_habit_that_is_kept_raises_a_suspicion_when_it_has_grown(keeps_habit: bool) -> None:
    tape = SmallTape(chief="eve")
    tape.tick(40)
    for times in range(1, 4):
        trade_ahead(tape, "ann", 0.05 if times % 2 else -0.05)
        tape.tick(90)
    tape.tick(100)  # a case is dismissed long after what it rests on
    before = len(tape.suspicions)
    ann = tape.id("ann")
    tape.detectors.forget(INSIDER_TRADING, ann, tape.suspicions[-1].symbol, keeps_habit=keeps_habit)
    # What there was has not sufficed: a tip cannot bring it up once more.
    assert tape.detectors.look(INSIDER_TRADING, Conduct(ann, None, 1, tape.now)) is None
    trade_ahead(tape, "ann", -0.05)
    assert bool(tape.suspicions[before:]) == keeps_habit
    assert all(len(one.events) == 4 for one in tape.suspicions[before:])


def test_what_is_ended_shortly_before_belongs_to_another_position() -> None:
    tape = SmallTape(chief="eve")
    tape.tick(40)
    for times in range(1, 5):
        trade_ahead(tape, "ann", 0.05 if times % 2 else -0.05)
        tape.tick(25)
    assert tape.crimes == {INSIDER_TRADING}
    assert proven(tape, INSIDER_TRADING, "ann")


def test_who_is_early_only_now_and_then_is_none() -> None:
    tape, random = SmallTape(chief="eve"), Random(3)
    tape.tick(40)
    for times in range(12):
        buys = random.choice((True, False))
        (tape.buys if buys else tape.sells)("ann", 300)
        tape.tick(6)
        if times % 4 == 3:
            tape.news(0.05 if buys else -0.05)
        tape.tick(4)
        (tape.sells if buys else tape.buys)("ann", 300)
        tape.tick(15)
    assert not tape.crimes


def test_one_position_before_news_that_comes_in_a_row_is_no_habit() -> None:
    tape = SmallTape(chief="eve")
    tape.tick(200)
    for _ in range(8):
        tape.sells("ann", 60)
        tape.tick(2)
    for _ in range(5):
        tape.news(-0.05)
        tape.tick(3)
    for _ in range(8):
        tape.buys("ann", 60)
        tape.tick(2)
    assert not tape.crimes


def test_a_friend_who_buys_all_the_time_or_is_wrong_or_holds_is_none() -> None:
    tape = SmallTape(("eve", "ann"), ("eve", "bob"), ("eve", "cid"), chief="eve")
    for n in range(120):
        tape.buys("ann", 30)
        if n == 100:
            tape.news(0.05)
        if n in range(90, 98):
            tape.sells("bob", 60)
            tape.buys("cid", 60)
        if n > 103:
            tape.sells("ann", 60)
            if n < 110:
                tape.buys("bob", 60)
        tape.tick()
    assert not tape.crimes


# What is remembered


def test_what_is_remembered_can_be_kept_and_goes_on() -> None:
    one, other = SmallTape(*CREW, chief="eve"), SmallTape(*CREW, chief="eve")
    steps = (
        partial(wash, ring=("ann", "bob"), rounds=3),
        partial(spoof, rounds=2),
        partial(pump, holder="dee", talker="eve", ends=False),
        partial(march, crew=("ann", "bob", "cid"), rounds=4),
        partial(trade_ahead, name="eve", impact=0.05),
        partial(wash, ring=("ann", "bob"), rounds=6),
        partial(spoof, rounds=4),
    )
    for tape in (one, other):
        for step in steps:
            step(tape)
            if tape is other:
                tape.reload()
    assert one.suspicions == other.suspicions
    assert one.detectors.digest_part() == other.detectors.digest_part()


def test_what_is_older_than_the_window_is_forgotten() -> None:
    tape = SmallTape(*CREW, chief="eve")
    wash(tape, ("ann", "bob"))
    spoof(tape)
    march(tape, ("ann", "bob", "cid"))
    trade_ahead(tape, "eve", 0.05)
    assert sum(tape.detectors.sizes()) > 10
    tape.links.clear()
    tape.tick(1_500)
    assert sum(tape.detectors.sizes()) <= 1  # a habit is remembered for some days


def test_a_split_in_the_midst_changes_nothing() -> None:
    tape = SmallTape(*CREW)
    spoof(tape, rounds=2)
    tape.detectors.split("APEX", 10, 1)
    kept = tape.detectors.look(SPOOFING, Conduct(tape.id("ann"), None, 0, tape.now))
    assert kept is not None
    assert {order.quantity for order in kept.orders} == {2_000, 500}
    assert {trade.price for trade in kept.trades} == {1_000}
