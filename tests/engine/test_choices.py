"""What linked accounts choose by themselves, and what everyone was told."""

from __future__ import annotations

from random import Random

import pytest

from sec.engine.detectors.choices import is_crowd
from sec.engine.detectors.rounds import EITHER, LAG, SIGNS, Acted, Rounds
from sec.engine.rules import COORDINATION
from tests.engine.small_tape import HOUSE, SmallTape

CREW = ("ann", "bob", "cid")
LINKS = (("ann", "bob"), ("bob", "cid"), ("ann", "cid"))


def crew_rests(tape: SmallTape, *, both_sides: bool = False, together: bool = True) -> None:
    """Let each leave an order open for some ticks, of which one in four is filled."""
    random = Random(3)
    for _ in range(16):
        side = random.choice((-1, 1))
        open_orders = []
        for name in CREW:
            mine = side if together else random.choice((-1, 1))
            sides = (1, -1) if both_sides else (mine,)
            for one in sides:
                at = tape.price - 5 * one
                order = tape.order(name, "BUY" if one > 0 else "SELL", random.randint(40, 80), at)
                open_orders.append((order, one))
            tape.tick(random.randint(1, 2))
        for order, one in open_orders:
            if random.random() < 0.25:
                other = tape.order(HOUSE, "SELL" if one > 0 else "BUY", 30, None)
                buy, sell = (order, other) if one > 0 else (other, order)
                tape.fill(buy, sell, 30, tape.price - 5 * one, "SELL" if one > 0 else "BUY")
        tape.tick(2)
        tape.pull(*(order for order, _ in open_orders))
        tape.price += random.choice((-7, 7))
        tape.tick(random.randint(6, 10))


def test_orders_that_nobody_takes_are_choices_as_well() -> None:
    tape = SmallTape(*LINKS)
    crew_rests(tape)
    assert tape.crimes == {COORDINATION}
    assert tape.accused(COORDINATION) == set(CREW)


def test_friends_who_rest_orders_independently_are_none() -> None:
    tape = SmallTape(*LINKS)
    crew_rests(tape, together=False)
    assert not tape.crimes


def test_who_quotes_both_sides_has_chosen_none() -> None:
    tape = SmallTape(*LINKS)
    crew_rests(tape, both_sides=True)
    assert not tape.crimes


def test_what_fills_an_order_later_is_no_second_choice() -> None:
    tape = SmallTape(*LINKS)
    for name in CREW:
        tape.order(name, "BUY", 60, tape.price - 5)
    tape.tick()
    choices = tape.detectors.by_crime[COORDINATION].choices  # type: ignore[attr-defined]
    acts = list(choices.resting.values())
    assert [act.net for act in acts] == [60, 60, 60]
    tape.tick(9)
    for order in list(choices.resting):
        sell = tape.order(HOUSE, "SELL", 60, None)
        tape.fill(order, sell, 60, tape.price - 5, "SELL")
    tape.tick()
    assert [len(act.trades) for act in acts] == [1, 1, 1]
    assert (
        not tape.detectors.by_crime[COORDINATION].recent[  # type: ignore[attr-defined]
            next(iter(tape.before))
        ]
    )


def follow_rumors(tape: SmallTape, author: str) -> None:
    """Let the crew trade on the side of each rumor, and close when the price has gone its way."""
    random = Random(8)
    for _ in range(12):
        sign = random.choice((-1, 1))
        tape.rumor(author, sign)
        tape.tick(2)
        for trade in (sign, -sign):
            for name in CREW:
                (tape.buys if trade > 0 else tape.sells)(name, random.randint(50, 70))
                tape.tick(random.randint(0, 1))
            tape.tick(random.randint(17, 21))


@pytest.mark.parametrize("author", ["stranger", "ann"])
def test_what_follows_a_strangers_rumor_is_no_plan_and_its_end_neither(author: str) -> None:
    tape = SmallTape(*LINKS)
    follow_rumors(tape, author)
    assert (COORDINATION in tape.crimes) == (author != "stranger")


def test_who_trades_against_a_rumor_is_not_excused_by_it() -> None:
    tape, random = SmallTape(*LINKS), Random(8)
    for _ in range(14):
        sign = random.choice((-1, 1))
        tape.rumor("stranger", sign)
        tape.tick(2)
        for name in CREW:
            (tape.sells if sign > 0 else tape.buys)(name, 60)
        tape.tick(17)
    assert COORDINATION in tape.crimes


def test_who_follow_the_new_highs_and_lows_of_a_range_are_none() -> None:
    """All buy at a new high and sell at a new low; what the price did between says little."""
    tape, random = SmallTape(*LINKS), Random(12)
    side = 0
    prices = [tape.price] * 30
    for _ in range(600):
        now = tape.price
        turned = 1 if now > max(prices[-20:]) else -1 if now < min(prices[-20:]) else 0
        if turned and turned != side:
            side = turned
            for name in CREW:
                (tape.buys if side > 0 else tape.sells)(name, random.randint(40, 80))
        prices.append(now)
        tape.price += random.choice((-9, -3, 3, 9))
        tape.tick()
    assert not tape.crimes


def test_who_follow_either_end_of_a_range_that_has_two_new_ones_are_none() -> None:
    """The price falls to a new low and at once rises to a new high, or the other way round: some
    rounds follow the first of the two, some the second.
    """
    tape, random = SmallTape(*LINKS), Random(5)
    for n in range(24):
        first = random.choice((-1, 1))
        for move in (60 * first, -90 * first):
            tape.price += move
            tape.tick()
        side = first if n % 2 else -first
        for name in CREW:
            (tape.buys if side > 0 else tape.sells)(name, random.randint(40, 80))
        tape.price += 30 * first
        tape.tick()
        for _ in range(14):
            tape.price += random.choice((-2, 2))
            tape.tick()
    assert not tape.crimes


@pytest.mark.parametrize(("same", "others"), [(6, 6), (9, 10), (14, 18), (70, 100)])
def test_so_many_of_the_others_are_a_crowd(same: int, others: int) -> None:
    assert is_crowd(same, others)


@pytest.mark.parametrize(("same", "others"), [(5, 6), (6, 8), (8, 10), (60, 100)])
def test_so_many_are_on_one_side_by_chance_or_for_little(same: int, others: int) -> None:
    assert not is_crowd(same, others)


# Rounds


def nats(*lags: int, alone: int = 0, chance: float = 0.8) -> float:
    """Return what ten rounds of two say, the second of whom comes so late, by turns."""
    sides = (1, -1, -1, 1, -1, 1, 1, -1, 1, -1)
    acts = [
        Acted(20 * n + lag, account, 50 * side, 0.5, [0] * SIGNS, [], [])
        for n, side in enumerate(sides)
        for account, lag in ((1, 0), (2, lags[n % len(lags)]))
    ]
    return Rounds(acts, alone=alone, chance=chance).agreement().nats


def test_to_act_in_one_tick_says_more_than_to_act_soon() -> None:
    assert nats(0, alone=50) > nats(0, 2, alone=50) > nats(0, 3, LAG, alone=50)


def test_to_act_alone_speaks_against_a_plan_however_busy_they_are() -> None:
    assert nats(0, 2, 3, alone=20) < nats(0, 2, 3)


@pytest.mark.parametrize("signs_of_the_odd", [(EITHER, EITHER), (-1, EITHER), (EITHER, -1)])
def test_a_signal_explains_who_follow_either_of_two_new_ends(
    signs_of_the_odd: tuple[int, int],
) -> None:
    """One round in four goes against what the range said last, which may be for its other end."""
    sides = (1, -1, -1, 1, -1, 1, 1, -1, 1, -1, -1, 1)

    def said(odd: tuple[int, int]) -> float:
        acts = [
            Acted(
                20 * n + lag,
                account,
                50 * side,
                0.5,
                [side * sign if abs(sign) == 1 else sign] * SIGNS,
                [],
                [],
            )
            for n, side in enumerate(sides)
            for account, lag in ((1, 0), (2, 1), (3, 2))
            for sign in ((1, 1, 1) if n % 4 else (*odd, odd[1]))[lag : lag + 1]
        ]
        return Rounds(acts, alone=0, chance=0.5).agreement().nats

    assert said(signs_of_the_odd) < 0.0 < said((-1, -1))


def test_that_many_strategies_are_tried_makes_one_that_fits_by_luck_say_less() -> None:
    sides = (1, -1, -1, 1, -1, 1, 1, -1, 1, -1)

    def explained(fits: int) -> float:
        acts = [
            Acted(20 * n, account, 50 * side, 0.5, [side] * fits + [0] * (SIGNS - fits), [], [])
            for n, side in enumerate(sides)
            for account in (1, 2)
        ]
        return Rounds(acts, alone=0, chance=0.5).agreement().nats

    assert explained(0) > explained(1) > explained(SIGNS)


@pytest.mark.parametrize("seed", range(40))
def test_what_rounds_say_at_the_most_is_no_less_than_what_they_say(seed: int) -> None:
    """For what could not be the best is not looked into."""
    random = Random(seed)
    lean, follows = random.random(), random.random()
    acts = []
    for n in range(random.randint(1, 30)):
        side, signs = random.choice((-1, 1)), [random.choice((-1, 0, 1)) for _ in range(SIGNS)]
        for account in random.sample(range(1, 5), random.randint(1, 4)):
            sides = (side, signs[0] or side, random.choice((-1, 1)))
            net = 50 * random.choices(sides, (lean, follows, 0.3))[0]
            acts.append(Acted(9 * n + random.randint(0, 5), account, net, 0.6, signs, [], []))
    rounds = Rounds(sorted(acts, key=lambda act: act.account), alone=seed % 7, chance=0.5)
    found = rounds.agreement()
    assert found.nats <= rounds.most_nats
    assert found.by_sides <= rounds.most_by_sides
    assert rounds.agreement_of(found.nats) == found
    assert rounds.agreement_of(found.nats + 0.001) is None
