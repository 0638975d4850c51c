"""Crimes that no detector is tuned on: the same five types by other tricks.

What the published figures say is measured on these. The file's hash is published with them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sec.engine.rules import (
    COORDINATION,
    INSIDER_TRADING,
    PUMP_AND_DUMP,
    SPOOFING,
    WASH_TRADING,
)
from wallstreetsim.lab.surveillance.proofs import (
    dumped,
    profited,
    traded_in_a_ring,
    traded_with_themselves,
)
from wallstreetsim.lab.surveillance.stage import (
    DISGUISED,
    EVASIVE,
    PLAIN,
    Actor,
    Guilt,
    Play,
    Script,
    Stage,
    odd_lot,
    uneven,
    wait,
)

# Wash trading


def wash_in_one_tick(stage: Stage, symbol: str) -> Script:
    """One account bids inside the spread and sells to itself in the same tick."""
    ann, r = stage.actor("quant", holdings={symbol: 80}), stage.random
    yield from wait(r.randint(60, 220))
    stage.guilty(WASH_TRADING, [ann], symbol)
    stage.proven_when(traded_with_themselves(stage, symbol, [ann], ticks=3))
    for _ in range(r.randint(9, 13)):
        size, price = uneven(r, 1.5 * stage.unit(symbol)), stage.mid(symbol)
        bid = ann.buy(symbol, size, price, self_trade="allow")
        sold = ann.sell(symbol, size, price, self_trade="allow", time_in_force="IOC")
        yield
        ann.cancel(bid, sold)
        yield from wait(r.randint(3, 9))


def wash_by_two_addresses(stage: Stage, symbol: str) -> Script:
    """Two accounts of one address trade to and fro, the same size at the middle every few ticks."""
    r = stage.random
    pair = [stage.actor(holdings={symbol: 70}, origin="pair") for _ in range(2)]
    yield from wait(r.randint(60, 200))
    stage.guilty(WASH_TRADING, pair, symbol, also=(COORDINATION,))
    stage.proven_when(traded_in_a_ring(stage, symbol, pair, trades=5))
    size = 2.5 * stage.unit(symbol)
    for n in range(16):
        seller, buyer = pair[n % 2], pair[1 - n % 2]
        price = stage.mid(symbol)
        offer = seller.sell(symbol, size, price)
        buyer.buy(symbol, size, price, time_in_force="IOC")
        yield
        seller.cancel(offer)
        yield from wait(r.randint(2, 6))


def wash_in_pieces(stage: Stage, symbol: str) -> Script:
    """Two who have written to each other: one bids in three pieces below round sizes, the other
    sells into them over several ticks; they change sides, and trade honestly with others.
    """
    r = stage.random
    pair = [stage.actor(holdings={symbol: 70}), stage.actor("quant", holdings={symbol: 70})]
    stage.link(pair[0], pair[1], "messages", tick=r.randint(3, 40))
    yield from wait(r.randint(60, 160))
    stage.guilty(WASH_TRADING, pair, symbol, also=(COORDINATION,))
    stage.proven_when(traded_in_a_ring(stage, symbol, pair, trades=6))
    for n in range(12):
        buyer, seller = pair[n % 2], pair[1 - n % 2]
        price = stage.mid(symbol) + r.randint(0, max(1, stage.half_spread(symbol) // 2))
        bids = []
        total = 0.0
        for _ in range(3):
            size = odd_lot(r, uneven(r, 0.8 * stage.unit(symbol)))
            total += size
            bids.append(buyer.buy(symbol, size, price))
        yield
        for part in (0.55, 0.45):
            seller.sell(symbol, part * total, price, time_in_force="IOC")
            yield
        buyer.cancel(*bids)
        if r.random() < 0.35:
            r.choice(pair).trade(r.choice((-1, 1)), symbol, 0.2 * stage.unit(symbol))
        yield from wait(r.randint(1, 6))


def transfer_below(stage: Stage, symbol: str) -> Script:
    """One account bids far below the quotes; an ally sells through the book down to it."""
    r = stage.random
    taker, giver = stage.actor("quant"), stage.actor(holdings={symbol: 150})
    stage.link(taker, giver, "alliance", tick=r.randint(3, 30))
    yield from wait(r.randint(60, 200))
    stage.guilty(WASH_TRADING, [taker, giver], symbol)
    stage.proven_when(traded_with_themselves(stage, symbol, [taker, giver], ticks=2))
    for _ in range(r.randint(3, 5)):
        outermost, _ = stage.outermost(1, symbol)
        size = uneven(r, 2.5 * stage.unit(symbol))
        price = outermost - max(2, round(outermost * r.uniform(0.003, 0.009)))
        bid = taker.buy(symbol, size, price)
        yield from wait(r.randint(1, 3))
        _, resting = stage.outermost(1, symbol)
        giver.sell(symbol, resting + size, price, time_in_force="IOC")
        yield
        taker.cancel(bid)
        yield from wait(r.randint(10, 30))


def wash_by_four(stage: Stage, symbol: str) -> Script:
    """Four accounts, each the ally of the next, pass shares round, and turn round half way.
    Lots and prices vary, and strangers get some of it.
    """
    r = stage.random
    ring = [stage.actor(holdings={symbol: 50}) for _ in range(4)]
    for n, one in enumerate(ring):
        stage.link(one, ring[(n + 1) % 4], "alliance", tick=3 + 4 * n)
    yield from wait(r.randint(50, 90))
    stage.guilty(WASH_TRADING, ring, symbol, also=(COORDINATION,))
    stage.proven_when(traded_in_a_ring(stage, symbol, ring, trades=12))
    place, step = 0, 1
    for n in range(34):
        if n == 17:
            step = -1
        seller, buyer = ring[place % 4], ring[(place + step) % 4]
        size = uneven(r, 1.5 * stage.unit(symbol), 0.5)
        half = stage.half_spread(symbol)
        price = stage.mid(symbol) + r.randint(-half // 2, half // 2)
        offer = seller.sell(symbol, size, price)
        yield from wait(r.randint(0, 2))
        buyer.buy(symbol, uneven(r, size, 0.2), price, time_in_force="IOC")
        yield
        seller.cancel(offer)
        place += step
        if r.random() < 0.2:
            ring[(place + 2) % 4].trade(r.choice((-1, 1)), symbol, 0.25 * stage.unit(symbol))
        yield from wait(r.randint(0, 4))


def wash_in_two_companies(stage: Stage, symbol: str) -> Script:
    """Two of one address: shares go one way in one company and back hours later; in another company
    both trade honestly all along.
    """
    r = stage.random
    pair = [stage.actor(holdings={symbol: 80}, origin="pair") for _ in range(2)]
    other = r.choice([s for s in stage.symbols if s != symbol])
    yield from wait(r.randint(50, 90))
    stage.guilty(WASH_TRADING, pair, symbol, also=(COORDINATION,))
    stage.proven_when(traded_in_a_ring(stage, symbol, pair, trades=8))
    for n in range(20):
        seller, buyer = (pair[0], pair[1]) if n // 3 % 2 == 0 else (pair[1], pair[0])
        size = odd_lot(r, uneven(r, 2 * stage.unit(symbol)))
        half = stage.half_spread(symbol)
        price = stage.mid(symbol) + r.randint(-half // 2, half // 2)
        bid = buyer.buy(symbol, size, price)
        yield from wait(r.randint(1, 3))
        seller.sell(symbol, size, price, time_in_force="IOC")
        if r.random() < 0.5:
            r.choice(pair).trade(r.choice((-1, 1)), other, 0.4 * stage.unit(other))
        yield
        buyer.cancel(bid)
        yield from wait(r.randint(2, 7))


# Spoofing


def spoof_to_buy(stage: Stage, symbol: str) -> Script:
    """Show a large offer just above the touch, buy by a resting bid, take the offer back."""
    r = stage.random
    ann = stage.actor(holdings={symbol: 200})
    yield from wait(r.randint(60, 200))
    guilt = stage.guilty(SPOOFING, [ann], symbol)
    for _ in range(r.randint(9, 13)):
        start = stage.tick
        shown = ann.sell(symbol, uneven(r, 14 * stage.unit(symbol)), stage.ask_price(symbol) + 1)
        yield
        bid = ann.buy(symbol, 1.2 * stage.unit(symbol), stage.bid(symbol) + 1)
        yield from wait(2)
        ann.cancel(shown, bid)
        _count(stage, guilt, stage.traded(symbol, [ann], start)[0] > 0)
        yield from wait(r.randint(4, 10))


def spoof_and_hit(stage: Stage, symbol: str) -> Script:
    """Show two large bids a little below the touch, sell at market twice, pull them."""
    r = stage.random
    ann = stage.actor("quant", holdings={symbol: 200})
    yield from wait(r.randint(60, 220))
    guilt = stage.guilty(SPOOFING, [ann], symbol)
    for _ in range(r.randint(9, 12)):
        start, bid = stage.tick, stage.bid(symbol)
        half = stage.half_spread(symbol)
        shown = [
            ann.buy(symbol, 9 * stage.unit(symbol), bid - half - n * half // 2) for n in range(2)
        ]
        yield
        ann.sell(symbol, 0.6 * stage.unit(symbol))
        yield
        ann.sell(symbol, 0.6 * stage.unit(symbol))
        yield
        ann.cancel(*shown)
        _count(stage, guilt, stage.traded(symbol, [ann], start)[2] > 0)
        yield from wait(r.randint(3, 9))


def spoof_by_replacing(stage: Stage, symbol: str) -> Script:
    """Layer both near and five levels away; the orders are shrunk to almost nothing rather than
    cancelled, and an honest order rests all along.
    """
    r = stage.random
    ann = stage.actor(holdings={symbol: 120})
    yield from wait(r.randint(60, 180))
    guilt = stage.guilty(SPOOFING, [ann], symbol)
    honest = ann.buy(symbol, stage.unit(symbol), stage.bid(symbol) - 20 * stage.half_spread(symbol))
    for _ in range(r.randint(10, 13)):
        start, half, bid = stage.tick, stage.half_spread(symbol), stage.bid(symbol)
        shown = [
            ann.buy(symbol, uneven(r, 6 * stage.unit(symbol)), bid - k * half) for k in (1, 3, 6)
        ]
        offer = ann.sell(symbol, uneven(r, stage.unit(symbol)), stage.ask_price(symbol) - 1)
        yield from wait(r.randint(2, 4))
        for order in shown:
            ann.replace(order, quantity=max(1, ann.filled(order) + 1))
        ann.cancel(offer)
        _count(stage, guilt, stage.traded(symbol, [ann], start)[2] > 0)
        yield from wait(r.randint(2, 5))
        ann.cancel(*shown)
        yield from wait(r.randint(1, 6))
    ann.cancel(honest)


def spoof_both_ways(stage: Stage, symbol: str) -> Script:
    """Push the price down to buy, then up to sell, with staggered orders of uneven sizes that go
    one by one.
    """
    r = stage.random
    ann = stage.actor("quant", holdings={symbol: 200})
    yield from wait(r.randint(60, 160))
    guilt = stage.guilty(SPOOFING, [ann], symbol)
    for n in range(r.randint(10, 14)):
        start, side = stage.tick, 1 if n % 2 else -1
        shown = []
        for k in range(1, 4):
            away = side * (k * stage.half_spread(symbol) // 2 + 1)
            at = stage.touch(side, symbol) - away
            shown.append(ann.trade(side, symbol, uneven(r, 6 * stage.unit(symbol), 0.5), at))
            if k == 2:
                at = stage.touch(-side, symbol) + side * -1
                real = ann.trade(-side, symbol, uneven(r, stage.unit(symbol)), at)
            yield
        yield
        for order in shown:
            ann.cancel(order)
            if r.random() < 0.5:
                yield
        ann.cancel(real)
        bought, _, sold, _ = stage.traded(symbol, [ann], start)
        _count(stage, guilt, (sold if side > 0 else bought) > 0)
        yield from wait(r.randint(3, 8))


def spoof_in_turns(stage: Stage, symbol: str) -> Script:
    """Two who have written to each other change roles: one shows, the other sells; the show goes up
    to four ticks after the sale, and both trade honestly in between.
    """
    r = stage.random
    pair = [stage.actor(holdings={symbol: 100}), stage.actor(holdings={symbol: 100})]
    stage.link(pair[0], pair[1], "messages", tick=r.randint(3, 30))
    yield from wait(r.randint(60, 120))
    guilt = stage.guilty(SPOOFING, pair, symbol, also=(COORDINATION,))
    for n in range(r.randint(11, 14)):
        shower, seller = pair[n % 2], pair[1 - n % 2]
        start, half, bid = stage.tick, stage.half_spread(symbol), stage.bid(symbol)
        shown = [
            shower.buy(symbol, odd_lot(r, uneven(r, 7 * stage.unit(symbol))), bid - k * half // 2)
            for k in range(1, 4)
        ]
        yield from wait(r.randint(0, 1))
        offer = seller.sell(symbol, uneven(r, stage.unit(symbol)), stage.ask_price(symbol) - 1)
        yield from wait(2)
        seller.cancel(offer)
        sold = stage.traded(symbol, [seller], start)[2] > 0
        yield from wait(r.randint(0, 4))
        shower.cancel(*shown)
        _count(stage, guilt, sold)
        if r.random() < 0.4:
            one = r.choice(pair)
            one.trade(r.choice((-1, 1)), symbol, 0.3 * stage.unit(symbol))
        yield from wait(r.randint(2, 6))


def spoof_by_crowd(stage: Stage, symbol: str) -> Script:
    """Three of one address each show an ordinary order below the touch, which together are large;
    the fourth sells; they go in different ticks.
    """
    r = stage.random
    crew = [stage.actor(origin="crew") for _ in range(3)]
    seller = stage.actor("quant", holdings={symbol: 120}, origin="crew")
    yield from wait(r.randint(60, 110))
    guilt = stage.guilty(SPOOFING, [*crew, seller], symbol, also=(COORDINATION,))
    for _ in range(r.randint(11, 14)):
        start, half, bid = stage.tick, stage.half_spread(symbol), stage.bid(symbol)
        shown = [
            one.buy(symbol, uneven(r, 4 * stage.unit(symbol)), bid - r.randint(1, 2 * half))
            for one in crew
        ]
        offer = seller.sell(symbol, uneven(r, stage.unit(symbol)), stage.ask_price(symbol) - 1)
        yield from wait(r.randint(2, 3))
        seller.cancel(offer)
        for one, order in zip(crew, shown, strict=True):
            one.cancel(order)
            if r.random() < 0.3:
                yield
        _count(stage, guilt, stage.traded(symbol, [seller], start)[2] > 0)
        if r.random() < 0.3:
            r.choice(crew).buy(symbol, 0.3 * stage.unit(symbol))
        yield from wait(r.randint(3, 7))


def _count(stage: Stage, guilt: Guilt, has_gained: bool) -> None:
    """Count a show that has gained something; the second proves the crime."""
    guilt.counted += int(has_gained)
    if guilt.counted >= 2 and guilt.proven_tick is None:
        guilt.proven_tick = stage.tick


# Pump and dump


def short_and_distort(stage: Stage, symbol: str) -> Script:
    """An influencer goes short, spreads bad news that is none, and covers below."""
    r = stage.random
    ann = stage.actor("influencer", cash=2_000_000_000_000)
    yield from wait(r.randint(60, 220))
    guilt = stage.guilty(PUMP_AND_DUMP, [ann], symbol)
    for _ in range(9):
        order = ann.sell(symbol, 1.2 * stage.unit(symbol), stage.ask_price(symbol) - 1)
        yield
        ann.cancel(order)
    ann.sell(symbol, 1.5 * stage.unit(symbol))
    yield
    stage.proven_when(dumped(stage, guilt, [ann], stage.tick))
    ann.rumor(symbol, -1)
    yield from wait(3)
    yield from unload(stage, symbol, [ann], parts=5, patience=70)


def pump_twice(stage: Stage, symbol: str) -> Script:
    """An influencer buys at market, talks, sells half, talks again, and sells the rest."""
    r = stage.random
    ann = stage.actor("influencer", cash=2_000_000_000_000)
    yield from wait(r.randint(60, 180))
    guilt = stage.guilty(PUMP_AND_DUMP, [ann], symbol)
    for _ in range(8):
        order = ann.buy(symbol, 1.5 * stage.unit(symbol), stage.bid(symbol) + 1)
        yield from wait(2)
        ann.cancel(order)
    stage.proven_when(dumped(stage, guilt, [ann], stage.tick))
    ann.rumor(symbol, 1)
    yield from wait(2)
    yield from unload(stage, symbol, [ann], parts=4, patience=16, leave=0.5)
    ann.rumor(symbol, 1)
    yield from wait(2)
    yield from unload(stage, symbol, [ann], parts=4, patience=30)


def pump_for_friend(stage: Stage, symbol: str) -> Script:
    """An influencer whom the holder has answered talks; the holder bought small lots before, and
    sells by resting orders.
    """
    r = stage.random
    holder, talker = stage.actor("quant"), stage.actor("influencer")
    stage.link(talker, holder, "messages", tick=r.randint(3, 30))
    yield from wait(r.randint(50, 120))
    guilt = stage.guilty(PUMP_AND_DUMP, [holder, talker], symbol, also=(COORDINATION,))
    for _ in range(18):
        order = holder.buy(symbol, odd_lot(r, 0.8 * stage.unit(symbol)), stage.bid(symbol) + 1)
        yield from wait(r.randint(2, 4))
        holder.cancel(order)
    stage.proven_when(dumped(stage, guilt, [holder], stage.tick))
    talker.rumor(symbol, 1)
    yield from wait(r.randint(3, 8))
    yield from unload(stage, symbol, [holder], parts=7, patience=60, rests=True)


def distort_for_ally(stage: Stage, symbol: str) -> Script:
    """A holder goes short in uneven lots, an ally spreads a bad rumor, the first covers."""
    r = stage.random
    holder, talker = stage.actor(), stage.actor("influencer")
    stage.link(talker, holder, "alliance", tick=r.randint(3, 30))
    yield from wait(r.randint(50, 150))
    guilt = stage.guilty(PUMP_AND_DUMP, [holder, talker], symbol, also=(COORDINATION,))
    for _ in range(14):
        at = stage.ask_price(symbol) - 1
        order = holder.sell(symbol, uneven(r, stage.unit(symbol)), at)
        yield from wait(r.randint(1, 3))
        holder.cancel(order)
    stage.proven_when(dumped(stage, guilt, [holder], stage.tick))
    talker.rumor(symbol, -1)
    yield from wait(r.randint(2, 8))
    yield from unload(stage, symbol, [holder], parts=7, patience=60)


def pump_late(stage: Stage, symbol: str) -> Script:
    """Two allies of one who talks gather shares for two hours in lots under round sizes; one rumor;
    they wait, and sell in turns, late, buying a little back.
    """
    r = stage.random
    talker = stage.actor("influencer")
    holders = [stage.actor(), stage.actor("quant")]
    for n, one in enumerate(holders):
        stage.link(talker, one, "alliance", tick=4 + 3 * n)
    yield from wait(r.randint(40, 60))
    guilt = stage.guilty(PUMP_AND_DUMP, [*holders, talker], symbol, also=(COORDINATION,))
    for n in range(26):
        one = holders[(n // 2) % 2]
        size = odd_lot(r, uneven(r, 0.9 * stage.unit(symbol), 0.5))
        order = one.buy(symbol, size, stage.bid(symbol) + 1)
        yield from wait(r.randint(2, 5))
        one.cancel(order)
    stage.proven_when(dumped(stage, guilt, holders, stage.tick))
    talker.rumor(symbol, 1)
    yield from wait(r.randint(15, 35))
    yield from unload(stage, symbol, holders, parts=9, patience=80, back=0.15)


def pump_by_chain(stage: Stage, symbol: str) -> Script:
    """One account of an address buys, its second spreads the first rumor, a friend the second; the
    position goes in uneven pieces amid other trades.
    """
    r = stage.random
    holder = stage.actor(origin="chain")
    voice = stage.actor("financial_journalist", origin="chain")
    friend = stage.actor("influencer")
    stage.link(friend, holder, "messages", tick=r.randint(3, 20))
    yield from wait(r.randint(40, 80))
    guilt = stage.guilty(PUMP_AND_DUMP, [holder, voice, friend], symbol, also=(COORDINATION,))
    for _ in range(20):
        order = holder.buy(symbol, uneven(r, 0.9 * stage.unit(symbol)), stage.bid(symbol) + 1)
        if r.random() < 0.3:
            other = r.choice(stage.symbols)
            holder.buy(other, 0.2 * stage.unit(other))
        yield from wait(r.randint(2, 4))
        holder.cancel(order)
    stage.proven_when(dumped(stage, guilt, [holder], stage.tick))
    voice.rumor(symbol, 1)
    yield from wait(r.randint(4, 10))
    friend.rumor(symbol, 1)
    yield from wait(r.randint(4, 15))
    yield from unload(stage, symbol, [holder], parts=10, patience=70, back=0.1)


def unload(
    stage: Stage,
    symbol: str,
    holders: list[Actor],
    *,
    parts: int,
    patience: int,
    leave: float = 0.0,
    back: float = 0.0,
    rests: bool = False,
) -> Script:
    """Close what is held in so many parts, where that earns something, at market or (`rests`) by
    resting orders; the last quarter of the time, whatever it earns. `leave` a part of it.
    """
    r = stage.random
    bought, paid, sold, received = stage.traded(symbol, holders)
    side = 1 if holders[0].held(symbol) > 0 else -1
    cost = (paid / bought if bought else 0.0) if side > 0 else (received / sold if sold else 0.0)
    first = {one.id: abs(one.held(symbol)) for one in holders}
    for n in range(patience):
        one = holders[(n // 2) % len(holders)]
        held = abs(one.held(symbol))
        left = held - leave * first[one.id]
        is_late = n > patience * 3 // 4
        is_good = side * (stage.touch(side, symbol) - cost) > 0.0003 * cost
        if left > 1 and (is_late or is_good):
            size = min(left, uneven(r, first[one.id] / parts, 0.4))
            at = stage.touch(-side, symbol) - side if rests and not is_late else None
            order = one.trade(-side, symbol, size, at)
            yield
            one.cancel(order)
        elif left > 1 and back and r.random() < back:
            one.trade(side, symbol, 0.1 * stage.unit(symbol))
        yield


# Coordination


def crowd_of_friends(stage: Stage, symbol: str) -> Script:
    """Four who have written to each other act in the same tick, again and again."""
    r = stage.random
    crew = [stage.actor(holdings={symbol: 60}) for _ in range(4)]
    for n, one in enumerate(crew[1:]):
        stage.link(crew[0], one, "messages", tick=3 + 3 * n)
        stage.link(one, crew[1 + (n + 1) % 3], "messages", tick=20 + 3 * n)
    yield from wait(r.randint(50, 120))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(13):
        side = r.choice((-1, 1))
        for one in crew:
            one.trade(side, symbol, 0.8 * stage.unit(symbol))
        if n == 5:
            guilt.proven_tick = stage.tick
        yield from wait(r.randint(6, 16))


def pair_of_allies(stage: Stage, symbol: str) -> Script:
    """Two allies act as one: the same side in the same tick, in large sizes."""
    r = stage.random
    crew = [stage.actor(holdings={symbol: 80}), stage.actor("quant", holdings={symbol: 80})]
    stage.link(crew[0], crew[1], "alliance")
    yield from wait(r.randint(50, 100))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(18):
        side = r.choice((-1, 1))
        for one in crew:
            one.trade(side, symbol, 1.5 * stage.unit(symbol))
        if n == 8:
            guilt.proven_tick = stage.tick
        yield from wait(r.randint(4, 12))


def crowd_in_pieces(stage: Stage, symbol: str) -> Script:
    """Three of one address take the touch by limit orders, each in two or three pieces under round
    sizes, within a few ticks of each other.
    """
    r = stage.random
    crew = [stage.actor(holdings={symbol: 60}, origin="crew") for _ in range(3)]
    yield from wait(r.randint(40, 80))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(14):
        side, last = r.choice((-1, 1)), 0
        pieces = [one for one in crew for _ in range(r.randint(2, 3))]
        r.shuffle(pieces)
        while pieces:
            for one in pieces[:3]:
                at = stage.touch(-side, symbol) + side * stage.half_spread(symbol)
                size = odd_lot(r, uneven(r, 0.5 * stage.unit(symbol)))
                one.trade(side, symbol, size, at, time_in_force="IOC")
                last = stage.tick
            pieces = pieces[3:]
            yield
        if n == 5:
            guilt.proven_tick = last
        yield from wait(r.randint(4, 12))


def crowd_with_decoys(stage: Stage, symbol: str) -> Script:
    """Three allies act within three ticks, and each makes a small trade the other way now and
    then.
    """
    r = stage.random
    crew = [stage.actor("quant", holdings={symbol: 60}) for _ in range(3)]
    for n, one in enumerate(crew):
        stage.link(one, crew[(n + 1) % 3], "alliance", tick=3 + 3 * n)
    yield from wait(r.randint(40, 80))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(15):
        side, last = r.choice((-1, 1)), 0
        order = r.sample(crew, 3)
        for one in order:
            one.trade(side, symbol, uneven(r, stage.unit(symbol), 0.5))
            last = stage.tick
            if r.random() < 0.6:
                yield
        if n == 6:
            guilt.proven_tick = last
        yield from wait(r.randint(2, 5))
        r.choice(crew).trade(-side, symbol, 0.15 * stage.unit(symbol))
        yield from wait(r.randint(2, 6))


def leader_and_followers(stage: Stage, symbol: str) -> Script:
    """Four: who leads changes, the others follow two to five ticks later, one of them sits out."""
    r = stage.random
    crew = [stage.actor(holdings={symbol: 60}) for _ in range(4)]
    for n, one in enumerate(crew):
        for k, other in enumerate(crew[n + 1 :]):
            stage.link(one, other, "messages", tick=3 + 4 * n + 2 * k)
    yield from wait(r.randint(40, 60))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(18):
        side = r.choice((-1, 1))
        leader, *others = r.sample(crew, 4)
        leader.trade(side, symbol, uneven(r, stage.unit(symbol)))
        yield from wait(r.randint(2, 3))
        last = 0
        for one in others[:2]:
            one.trade(side, symbol, odd_lot(r, uneven(r, stage.unit(symbol))))
            last = stage.tick
            yield from wait(r.randint(0, 2))
        if n == 7:
            guilt.proven_tick = last
        yield from wait(r.randint(3, 9))


def relay_by_limits(stage: Stage, symbol: str) -> Script:
    """Three allies, two of them in a round, by limit orders a little inside the other side's touch,
    in uneven lots, while all of them trade other companies on their own.
    """
    r = stage.random
    crew = [stage.actor(holdings={symbol: 60}) for _ in range(3)]
    for n, one in enumerate(crew):
        stage.link(one, crew[(n + 1) % 3], "alliance", tick=3 + 3 * n)
    yield from wait(r.randint(40, 60))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(20):
        side, last = r.choice((-1, 1)), 0
        for one in r.sample(crew, 2):
            at = stage.touch(-side, symbol) + side * max(1, stage.half_spread(symbol) // 2)
            one.trade(side, symbol, uneven(r, 1.2 * stage.unit(symbol)), at, time_in_force="IOC")
            last = stage.tick
            yield from wait(r.randint(0, 3))
        if n == 9:
            guilt.proven_tick = last
        if r.random() < 0.5:
            other = r.choice([s for s in stage.symbols if s != symbol])
            r.choice(crew).trade(r.choice((-1, 1)), other, 0.5 * stage.unit(other))
        yield from wait(r.randint(3, 9))


# Insider trading


def ceo_sells_short(stage: Stage, symbol: str) -> Script:
    """A company's chief goes short before bad news, and covers after it."""
    r = stage.random
    ceo = stage.actor("ceo", company=symbol, cash=2_000_000_000_000)
    yield from wait(r.randint(60, 250))
    guilt = stage.guilty(INSIDER_TRADING, [ceo], symbol)
    for _ in range(r.randint(3, 5)):
        ceo.sell(symbol, 2.5 * stage.unit(symbol))
        yield
    yield from wait(r.randint(0, 4))
    stage.inject(symbol, -r.uniform(0.04, 0.08))
    stage.proven_when(profited(stage, guilt, [ceo], stage.tick))
    yield from wait(r.randint(2, 8))
    yield from cash_in(stage, symbol, ceo, 5)


def address_of_ceo(stage: Stage, symbol: str) -> Script:
    """A second account of the chief's address buys in one go just before good news."""
    r = stage.random
    stage.actor("ceo", company=symbol, origin="chief")
    second = stage.actor(origin="chief")
    yield from wait(r.randint(60, 250))
    guilt = stage.guilty(INSIDER_TRADING, [second], symbol)
    for _ in range(2):
        second.buy(symbol, 5 * stage.unit(symbol))
        yield
    yield from wait(r.randint(1, 5))
    stage.inject(symbol, r.uniform(0.04, 0.08))
    stage.proven_when(profited(stage, guilt, [second], stage.tick))
    yield from wait(r.randint(2, 8))
    yield from cash_in(stage, symbol, second, 4)


def always_early(stage: Stage, symbol: str) -> Script:
    """Nobody that is known to know anything buys or sells before each of four pieces of news, and
    never otherwise.
    """
    r = stage.random
    ann = stage.actor()
    yield from wait(r.randint(40, 60))
    guilt = stage.guilty(INSIDER_TRADING, [ann], symbol)
    for n in range(4):
        side = r.choice((-1, 1))
        for _ in range(r.randint(3, 6)):
            ann.trade(side, symbol, uneven(r, 1.5 * stage.unit(symbol)))
            yield
        yield from wait(r.randint(0, 3))
        stage.inject(symbol, side * r.uniform(0.04, 0.07))
        if n == 2:
            stage.proven_when(profited(stage, guilt, [ann], stage.tick))
        yield from wait(r.randint(4, 10))
        yield from cash_in(stage, symbol, ann, 5)
        yield from wait(r.randint(30, 45))


def friend_in_disguise(stage: Stage, symbol: str) -> Script:
    """Someone whom the chief has answered buys a day trader's uneven lots before the news, with
    sales in between, and keeps a part.
    """
    r = stage.random
    ceo, friend = stage.actor("ceo", company=symbol), stage.actor()
    stage.link(friend, ceo, "messages", tick=r.randint(3, 40))
    yield from wait(r.randint(60, 200))
    guilt = stage.guilty(INSIDER_TRADING, [friend], symbol)
    for n in range(r.randint(12, 16)):
        if n % 5 == 4:
            friend.sell(symbol, 0.3 * stage.unit(symbol))
        else:
            friend.buy(symbol, uneven(r, 1.2 * stage.unit(symbol), 0.5))
        yield
    stage.inject(symbol, r.uniform(0.04, 0.08))
    stage.proven_when(profited(stage, guilt, [friend], stage.tick))
    yield from wait(r.randint(5, 20))
    yield from cash_in(stage, symbol, friend, 8, keep=0.25)


def friend_of_friend(stage: Stage, symbol: str) -> Script:
    """The chief's ally does nothing; the second account of the ally's address gathers shares by
    small limit orders over half an hour, and sells late.
    """
    r = stage.random
    ceo = stage.actor("ceo", company=symbol)
    ally, second = stage.actor(origin="ally"), stage.actor("quant", origin="ally")
    stage.link(ceo, ally, "alliance", tick=r.randint(3, 20))
    stage.link(second, ceo, "messages", tick=r.randint(24, 40))
    yield from wait(r.randint(60, 150))
    guilt = stage.guilty(INSIDER_TRADING, [second], symbol)
    for _ in range(r.randint(10, 13)):
        size = odd_lot(r, uneven(r, 1.2 * stage.unit(symbol)))
        order = second.buy(symbol, size, stage.bid(symbol) + 1)
        if r.random() < 0.25:
            other = r.choice(stage.symbols)
            ally.buy(other, 0.4 * stage.unit(other))
        yield from wait(r.randint(2, 3))
        second.cancel(order)
    stage.inject(symbol, r.uniform(0.04, 0.08))
    stage.proven_when(profited(stage, guilt, [second], stage.tick))
    yield from wait(r.randint(20, 60))
    yield from cash_in(stage, symbol, second, 12)


def two_allies_of_ceo(stage: Stage, symbol: str) -> Script:
    """Two allies of the chief share the position, one early and one late, with other trades around,
    and close it slowly.
    """
    r = stage.random
    ceo = stage.actor("ceo", company=symbol)
    pair = [stage.actor(), stage.actor("quant")]
    for n, one in enumerate(pair):
        stage.link(ceo, one, "alliance", tick=4 + 4 * n)
    yield from wait(r.randint(60, 150))
    guilt = stage.guilty(INSIDER_TRADING, pair, symbol, also=(COORDINATION,))
    side = r.choice((-1, 1))
    for n in range(16):
        one = pair[0] if n < 8 else pair[1]
        one.trade(side, symbol, uneven(r, stage.unit(symbol)))
        if r.random() < 0.3:
            other = r.choice([s for s in stage.symbols if s != symbol])
            r.choice(pair).trade(r.choice((-1, 1)), other, 0.4 * stage.unit(other))
        yield from wait(r.randint(1, 2))
    stage.inject(symbol, side * r.uniform(0.04, 0.08))
    stage.proven_when(profited(stage, guilt, pair, stage.tick))
    yield from wait(r.randint(8, 30))
    for one in pair:
        yield from cash_in(stage, symbol, one, 10)


def cash_in(stage: Stage, symbol: str, actor: Actor, ticks: int, keep: float = 0.0) -> Script:
    """Close a position in so many ticks of trading, but for a part of it."""
    whole = abs(actor.held(symbol)) * (1.0 - keep)
    left = ticks
    for _ in range(3 * ticks + 20):
        if not left or not actor.held(symbol):
            return
        if stage.is_trading(symbol):
            side = -1 if actor.held(symbol) > 0 else 1
            actor.trade(side, symbol, min(abs(actor.held(symbol)), whole / ticks))
            left -= 1
        yield


# By type and style

HELD_OUT: Mapping[str, Mapping[str, tuple[Play, ...]]] = {
    WASH_TRADING: {
        PLAIN: (wash_in_one_tick, wash_by_two_addresses),
        DISGUISED: (wash_in_pieces, transfer_below),
        EVASIVE: (wash_by_four, wash_in_two_companies),
    },
    SPOOFING: {
        PLAIN: (spoof_to_buy, spoof_and_hit),
        DISGUISED: (spoof_by_replacing, spoof_both_ways),
        EVASIVE: (spoof_in_turns, spoof_by_crowd),
    },
    PUMP_AND_DUMP: {
        PLAIN: (short_and_distort, pump_twice),
        DISGUISED: (pump_for_friend, distort_for_ally),
        EVASIVE: (pump_late, pump_by_chain),
    },
    COORDINATION: {
        PLAIN: (crowd_of_friends, pair_of_allies),
        DISGUISED: (crowd_in_pieces, crowd_with_decoys),
        EVASIVE: (leader_and_followers, relay_by_limits),
    },
    INSIDER_TRADING: {
        PLAIN: (ceo_sells_short, address_of_ceo),
        DISGUISED: (always_early, friend_in_disguise),
        EVASIVE: (friend_of_friend, two_allies_of_ceo),
    },
}
