"""More crimes that detectors may be tuned on, by tricks that the first tuning families lack, and
more that is innocent and looks like them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sec.engine.rules import (
    COORDINATION,
    INSIDER_TRADING,
    PUMP_AND_DUMP,
    SPOOFING,
)
from wallstreetsim.lab.surveillance.look_alikes import signal_followers
from wallstreetsim.lab.surveillance.newsletter_readers import newsletter_readers
from wallstreetsim.lab.surveillance.proofs import dumped, profited
from wallstreetsim.lab.surveillance.stage import (
    DISGUISED,
    EVASIVE,
    PLAIN,
    Play,
    Script,
    Stage,
    odd_lot,
    uneven,
    wait,
)

# Coordination


def march_of_two(stage: Stage, symbol: str) -> Script:
    """Two of one address take the same side in the same tick or the next, in different sizes."""
    r = stage.random
    pair = [stage.actor("quant", holdings={symbol: 70}, origin="pair") for _ in range(2)]
    yield from wait(r.randint(40, 120))
    guilt = stage.guilty(COORDINATION, pair, symbol)
    for n in range(r.randint(15, 19)):
        side = r.choice((-1, 1))
        first, second = r.sample(pair, 2)
        first.trade(side, symbol, uneven(r, 2 * stage.unit(symbol), 0.5))
        if r.random() < 0.5:
            yield
        second.trade(side, symbol, uneven(r, stage.unit(symbol), 0.5))
        if n == 8:
            guilt.proven_tick = stage.tick
        yield from wait(r.randint(5, 11))


def march_by_shifts(stage: Stage, symbol: str) -> Script:
    """Four allies, of whom two or three act in a round, within some ticks, at market."""
    r = stage.random
    crew = [stage.actor(holdings={symbol: 60}) for _ in range(4)]
    for n, one in enumerate(crew):
        stage.link(one, crew[(n + 1) % 4], "alliance", tick=3 + 4 * n)
    stage.link(crew[0], crew[2], "messages", tick=22)
    stage.link(crew[1], crew[3], "messages", tick=26)
    yield from wait(r.randint(40, 60))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(18):
        side, last = r.choice((-1, 1)), 0
        for one in r.sample(crew, r.randint(2, 3)):
            one.trade(side, symbol, uneven(r, stage.unit(symbol)))
            last = stage.tick
            yield from wait(r.randint(0, 2))
        if n == 8:
            guilt.proven_tick = last
        yield from wait(r.randint(4, 10))


def march_of_changing_pairs(stage: Stage, symbol: str) -> Script:
    """Three of one address, two of whom act in a round by orders inside the spread that are
    taken back, while they trade elsewhere as well.
    """
    r = stage.random
    crew = [stage.actor("quant", holdings={symbol: 60}, origin="trio") for _ in range(3)]
    yield from wait(r.randint(40, 60))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(21):
        side, last = r.choice((-1, 1)), 0
        left_out = n % 3
        orders = []
        for k, one in enumerate(crew):
            if k != left_out:
                at = stage.touch(-side, symbol) + side * 2
                orders.append((one, one.trade(side, symbol, uneven(r, stage.unit(symbol)), at)))
                last = stage.tick
                yield from wait(r.randint(0, 2))
        yield
        for one, order in orders:
            one.cancel(order)
        if n == 9:
            guilt.proven_tick = last
        if r.random() < 0.4:
            other = r.choice([s for s in stage.symbols if s != symbol])
            r.choice(crew).trade(r.choice((-1, 1)), other, 0.4 * stage.unit(other))
        yield from wait(r.randint(3, 8))


def march_by_resting(stage: Stage, symbol: str) -> Script:
    """Four who have answered each other's messages: three of them, in changing order, each rest an
    order at the touch some ticks after the last one and take it back if nobody comes.
    """
    r = stage.random
    crew = [stage.actor("quant", holdings={symbol: 60}) for _ in range(4)]
    for n, one in enumerate(crew):
        for k, other in enumerate(crew[:n]):
            stage.link(one, other, "messages", tick=3 + 4 * n + k)
    yield from wait(r.randint(40, 60))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(20):
        side, last = r.choice((-1, 1)), 0
        orders = []
        for one in r.sample(crew, 3):
            at = stage.touch(side, symbol) + side * r.randint(0, stage.half_spread(symbol) // 2)
            size = odd_lot(r, uneven(r, 1.2 * stage.unit(symbol)))
            orders.append((one, one.trade(side, symbol, size, at)))
            last = stage.tick
            yield from wait(r.randint(0, 2))
        yield from wait(r.randint(1, 3))
        for one, order in orders:
            one.cancel(order)
        if n == 9:
            guilt.proven_tick = last
        yield from wait(r.randint(4, 9))


def march_by_patience(stage: Stage, symbol: str) -> Script:
    """Three of one address: each of a round bids, or offers, inside the spread for some ticks, the
    next one when the last has had its time, whether it was filled or not.
    """
    r = stage.random
    crew = [stage.actor(holdings={symbol: 60}, origin="chain") for _ in range(3)]
    yield from wait(r.randint(40, 60))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(18):
        side, last = r.choice((-1, 1)), 0
        for k in range(3):
            one = crew[(n + k) % 3]
            at = stage.touch(side, symbol) + side * max(1, stage.half_spread(symbol) // 2)
            order = one.trade(side, symbol, uneven(r, stage.unit(symbol), 0.5), at)
            last = stage.tick
            yield from wait(r.randint(1, 3))
            one.cancel(order)
        if n == 9:
            guilt.proven_tick = last
        yield from wait(r.randint(4, 9))


# Insider trading


def early_time_and_again(stage: Stage, symbol: str) -> Script:
    """Nobody that is known to know anything builds up by limit orders before four pieces of news,
    and closes in a few ticks after each.
    """
    r = stage.random
    ann = stage.actor("quant", holdings={symbol: 20})
    yield from wait(r.randint(30, 50))
    guilt = stage.guilty(INSIDER_TRADING, [ann], symbol)
    for n in range(4):
        side = r.choice((-1, 1))
        before = ann.held(symbol)
        for _ in range(r.randint(5, 8)):
            at = stage.touch(-side, symbol) + side
            ann.trade(side, symbol, uneven(r, 1.2 * stage.unit(symbol)), at, time_in_force="IOC")
            yield
        built = ann.held(symbol) - before
        yield from wait(r.randint(1, 5))
        stage.inject(symbol, side * r.uniform(0.04, 0.07))
        if n == 2:
            stage.proven_when(profited(stage, guilt, [ann], stage.tick))
        yield from wait(r.randint(3, 8))
        for _ in range(6):
            if stage.is_trading(symbol):
                ann.trade(-side, symbol, abs(built) / 6)
            yield
        yield from wait(r.randint(24, 50))


def early_by_turns(stage: Stage, symbol: str) -> Script:
    """The same in two companies by turns, with a small honest trade now and then."""
    r = stage.random
    other = next(s for s in stage.symbols if s != symbol)
    ann = stage.actor()
    yield from wait(r.randint(30, 50))
    guilt = stage.guilty(INSIDER_TRADING, [ann], symbol)
    for n in range(6):
        which, side = (symbol, other)[n % 2], r.choice((-1, 1))
        for _ in range(r.randint(4, 6)):
            ann.trade(side, which, uneven(r, 1.4 * stage.unit(which)))
            yield
        yield from wait(r.randint(0, 4))
        stage.inject(which, side * r.uniform(0.04, 0.07))
        if n == 4:
            stage.proven_when(profited(stage, guilt, [ann], stage.tick))
        yield from wait(r.randint(2, 6))
        for left in range(4, 0, -1):
            if stage.is_trading(which):
                ann.close(which, 1.0 / left)
            yield
        if r.random() < 0.5:
            third = stage.symbols[-1]
            ann.trade(r.choice((-1, 1)), third, 0.2 * stage.unit(third))
        yield from wait(r.randint(12, 25))


# Spoofing


def hit_behind_layers(stage: Stage, symbol: str) -> Script:
    """Show three offers above the touch, buy by market orders in three ticks, pull them."""
    r, done = stage.random, 0
    ann = stage.actor("quant", holdings={symbol: 200})
    yield from wait(r.randint(50, 150))
    guilt = stage.guilty(SPOOFING, [ann], symbol)
    for _ in range(r.randint(10, 12)):
        start, ask, half = stage.tick, stage.ask_price(symbol), stage.half_spread(symbol)
        shown = [
            ann.sell(symbol, uneven(r, 6 * stage.unit(symbol)), ask + (1 + n) * half // 2)
            for n in range(3)
        ]
        yield
        for _ in range(3):
            ann.buy(symbol, uneven(r, 0.5 * stage.unit(symbol)))
            yield
        ann.cancel(*shown)
        done += int(stage.traded(symbol, [ann], start)[0] > 0)
        if done == 2 and guilt.proven_tick is None:
            guilt.proven_tick = stage.tick
        yield from wait(r.randint(4, 9))


# Pump and dump


def distort_by_second(stage: Stage, symbol: str) -> Script:
    """One goes short a little at a time, the second account of its address spreads bad news that is
    none, and the first covers.
    """
    r = stage.random
    holder = stage.actor("quant", origin="two")
    talker = stage.actor("influencer", origin="two")
    yield from wait(r.randint(40, 120))
    guilt = stage.guilty(PUMP_AND_DUMP, [holder, talker], symbol, also=(COORDINATION,))
    for _ in range(16):
        order = holder.sell(symbol, uneven(r, stage.unit(symbol)), stage.ask_price(symbol) - 1)
        yield from wait(r.randint(1, 4))
        holder.cancel(order)
    stage.proven_when(dumped(stage, guilt, [holder], stage.tick))
    talker.rumor(symbol, -1)
    yield from wait(r.randint(2, 6))
    cost = stage.traded(symbol, [holder])
    each = cost[3] / cost[2] if cost[2] else 0.0
    first = abs(holder.held(symbol))
    for n in range(70):
        held = -holder.held(symbol)
        if held > 0 and (n > 50 or stage.ask_price(symbol) < each * 0.9997):
            holder.buy(symbol, min(held, uneven(r, first / 7, 0.4)))
        yield


# What is no crime


def same_robot(stage: Stage, symbol: str) -> Script:
    """Three allies each run one public strategy: with the crossing of two averages of the price,
    and each with a delay of its own.
    """
    r = stage.random
    crowd = [stage.actor("quant", holdings={symbol: 60}) for _ in range(3)]
    for n, one in enumerate(crowd):
        stage.link(one, crowd[(n + 1) % 3], "alliance", tick=3 + 3 * n)
    yield from wait(35)
    sides = {one.id: 0 for one in crowd}
    while True:
        prices = stage.prices[symbol]
        gap = sum(prices[-6:]) / 6 / (sum(prices[-30:]) / 30) - 1
        z = gap / stage.sigma(symbol)
        for one in crowd:
            side = 1 if z > 0.5 else -1 if z < -0.5 else 0
            if side and side != sides[one.id] and r.random() < 0.5:
                sides[one.id] = side
                one.trade(side, symbol, uneven(r, 1.5 * stage.unit(symbol), 0.5))
        yield


def linked_reversal(stage: Stage, symbol: str) -> Script:
    """Two of one address buy what has fallen far below its recent average and sell what has risen,
    each with noise and in its own time.
    """
    r = stage.random
    pair = [stage.actor(holdings={symbol: 50}, origin="desk") for _ in range(2)]
    yield from wait(30)
    while True:
        prices = stage.prices[symbol]
        z = (prices[-1] / (sum(prices[-15:]) / 15) - 1) / (1.2 * stage.sigma(symbol))
        for one in pair:
            own = z + r.gauss(0.0, 0.4)
            if abs(own) > 1.0 and r.random() < 0.2:
                one.trade(-1 if own > 0 else 1, symbol, uneven(r, 0.8 * stage.unit(symbol)))
        yield


def busy_allies(stage: Stage, symbol: str) -> Script:
    """Four allies trade often, each with spells of buying and of selling of its own."""
    r = stage.random
    crowd = [stage.actor(holdings={symbol: 60}) for _ in range(4)]
    for n, one in enumerate(crowd):
        stage.link(one, crowd[(n + 1) % 4], "alliance", tick=3 + 3 * n)
    yield from wait(20)
    sides = {one.id: r.choice((-1, 1)) for one in crowd}
    rates = {one.id: r.uniform(0.1, 0.4) for one in crowd}
    while True:
        for one in crowd:
            if r.random() < 0.04:
                sides[one.id] = -sides[one.id]
            if r.random() < rates[one.id]:
                side = sides[one.id] if r.random() < 0.8 else -sides[one.id]
                one.trade(side, symbol, uneven(r, 0.6 * stage.unit(symbol), 0.6))
        yield


def linked_makers(stage: Stage, symbol: str) -> Script:
    """Two allies make markets on their own, each with an opinion that wanders, and often meet."""
    r = stage.random
    pair = [stage.actor("quant", holdings={symbol: n}) for n in (80, 110)]
    stage.link(pair[0], pair[1], "alliance", tick=6)
    yield from wait(16)
    starts = [one.held(symbol) for one in pair]
    opinions = [0.0, 0.0]
    quotes: list[list[str]] = [[], []]
    while True:
        for n, one in enumerate(pair):
            opinions[n] = 0.7 * opinions[n] + r.gauss(0.0, 0.5)
            one.cancel(*quotes[n])
            quotes[n] = []
            if not stage.is_trading(symbol) or r.random() < 0.1:
                continue
            half = max(2, stage.half_spread(symbol))
            excess = (one.held(symbol) - starts[n]) / (8 * stage.unit(symbol))
            middle = stage.price(symbol) + round(half * max(-1.2, min(1.2, opinions[n] - excess)))
            away = max(1, half // 2)
            quotes[n] = [
                one.buy(symbol, uneven(r, 0.8 * stage.unit(symbol)), middle - away),
                one.sell(symbol, uneven(r, 0.8 * stage.unit(symbol)), middle + away),
            ]
        yield


def patient_allies(stage: Stage, symbol: str) -> Script:
    """Three allies each rest an order on one side now and then, change it when the price has moved
    and their minds at times of their own.
    """
    r = stage.random
    crowd = [stage.actor(holdings={symbol: 60}) for _ in range(3)]
    for n, one in enumerate(crowd):
        stage.link(one, crowd[(n + 1) % 3], "alliance", tick=3 + 3 * n)
    yield from wait(20)
    sides = {one.id: r.choice((-1, 1)) for one in crowd}
    rates = {one.id: r.uniform(0.1, 0.3) for one in crowd}
    while True:
        for one in crowd:
            if r.random() < 0.08:
                sides[one.id] = -sides[one.id]
                one.cancel_all()
            if r.random() < rates[one.id]:
                one.cancel_all()
                side = sides[one.id]
                at = stage.touch(side, symbol) - side * r.randint(0, 3)
                one.trade(side, symbol, uneven(r, stage.unit(symbol), 0.6), at)
        yield


def patient_seller(stage: Stage, symbol: str) -> Script:
    """Bid in size below the touch for what is cheap, change the mind now and then, and sell a
    little of what is held all the while.
    """
    r = stage.random
    ann = stage.actor(holdings={symbol: 150})
    yield from wait(r.randint(20, 50))
    bid = ""
    while True:
        if r.random() < 0.08:
            ann.cancel(bid)
            away = stage.half_spread(symbol) * r.randint(1, 3)
            bid = ann.buy(symbol, uneven(r, 8 * stage.unit(symbol)), stage.bid(symbol) - away)
        if r.random() < 0.1:
            ann.sell(symbol, uneven(r, 0.4 * stage.unit(symbol)))
        yield


def event_trader(stage: Stage, symbol: str) -> Script:
    """Take positions of some ticks again and again, both ways; there is often news of the company,
    of either sign, which has nothing to do with them.
    """
    r = stage.random
    ann = stage.actor()
    for tick in range(50, 400, 50):
        impact = r.choice((-1, 1)) * r.uniform(0.03, 0.06)
        stage.at(tick + r.randint(0, 40), partial(stage.inject, symbol, impact))
    yield from wait(r.randint(20, 40))
    while True:
        side = r.choice((-1, 1))
        for _ in range(4):
            ann.trade(side, symbol, uneven(r, 1.2 * stage.unit(symbol)))
            yield
        yield from wait(r.randint(6, 16))
        for left in range(4, 0, -1):
            if stage.is_trading(symbol):
                ann.close(symbol, 1.0 / left)
            yield
        yield from wait(r.randint(15, 35))


FURTHER: Mapping[str, Mapping[str, tuple[Play, ...]]] = {
    SPOOFING: {PLAIN: (hit_behind_layers,)},
    PUMP_AND_DUMP: {DISGUISED: (distort_by_second,)},
    COORDINATION: {
        PLAIN: (march_of_two,),
        DISGUISED: (march_by_shifts,),
        EVASIVE: (march_of_changing_pairs, march_by_resting, march_by_patience),
    },
    INSIDER_TRADING: {
        PLAIN: (early_time_and_again,),
        DISGUISED: (early_by_turns,),
    },
}

FURTHER_LOOK_ALIKES: Mapping[str, Play] = {
    "same robot": same_robot,
    "linked reversal": linked_reversal,
    "busy allies": busy_allies,
    "linked market makers": linked_makers,
    "patient allies": patient_allies,
    "breakout club": partial(signal_followers, count=4, window=45),
    "breakout desk": partial(signal_followers, count=4, window=18),
    "newsletter club": partial(newsletter_readers, count=3, lag=4),
    "patient seller": patient_seller,
    "event trader": event_trader,
}
