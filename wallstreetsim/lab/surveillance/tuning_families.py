"""Crimes that detectors may be tuned on: five types, played plainly, in disguise and evasively.

A script is void where the market did not let it come to anything: then nothing proves it.
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
    Play,
    Script,
    Stage,
    odd_lot,
    uneven,
    wait,
)

# Wash trading


def wash_by_oneself(stage: Stage, symbol: str) -> Script:
    """One account offers inside the spread and buys from itself, several times."""
    ann, r = stage.actor(holdings={symbol: 60}), stage.random
    yield from wait(r.randint(50, 150))
    stage.guilty(WASH_TRADING, [ann], symbol)
    stage.proven_when(traded_with_themselves(stage, symbol, [ann], ticks=3))
    for _ in range(r.randint(8, 12)):
        size, price = uneven(r, 2 * stage.unit(symbol)), stage.mid(symbol)
        offer = ann.sell(symbol, size, price, self_trade="allow")
        yield
        bought = ann.buy(symbol, size, price, self_trade="allow", time_in_force="IOC")
        yield
        ann.cancel(offer, bought)
        yield from wait(r.randint(1, 4))


def wash_by_allies(stage: Stage, symbol: str) -> Script:
    """Two allies sell each other uneven lots inside the spread, honest trades in between."""
    r = stage.random
    pair = [stage.actor(holdings={symbol: 60}), stage.actor("quant", holdings={symbol: 60})]
    stage.link(pair[0], pair[1], "alliance")
    yield from wait(r.randint(50, 130))
    stage.guilty(WASH_TRADING, pair, symbol, also=(COORDINATION,))
    stage.proven_when(traded_in_a_ring(stage, symbol, pair, trades=5))
    for _ in range(r.randint(12, 16)):
        seller, buyer = r.sample(pair, 2)
        size = uneven(r, 2 * stage.unit(symbol))
        price = stage.mid(symbol) + r.choice((-1, 0, 0, 1)) * (stage.half_spread(symbol) // 3)
        offer = seller.sell(symbol, size, price)
        yield from wait(r.randint(1, 2))
        buyer.buy(symbol, uneven(r, size, 0.1), price, time_in_force="IOC")
        yield
        seller.cancel(offer)
        if r.random() < 0.4:
            other = r.choice(stage.symbols)
            r.choice(pair).buy(other, uneven(r, 0.3 * stage.unit(other)))
        yield from wait(r.randint(0, 4))


def transfer_above(stage: Stage, symbol: str) -> Script:
    """One account offers far above the quotes; a friend sweeps the book up to it, again and
    again: value goes one way.
    """
    r = stage.random
    taker, giver = stage.actor(holdings={symbol: 80}), stage.actor()
    stage.link(giver, taker, "messages")
    yield from wait(r.randint(50, 150))
    stage.guilty(WASH_TRADING, [taker, giver], symbol)
    stage.proven_when(traded_with_themselves(stage, symbol, [taker, giver], ticks=2))
    for _ in range(4):
        outermost, resting = stage.outermost(-1, symbol)
        size = uneven(r, 3 * stage.unit(symbol))
        price = outermost + max(2, round(outermost * r.uniform(0.002, 0.006)))
        offer = taker.sell(symbol, size, price)
        yield
        outermost, resting = stage.outermost(-1, symbol)
        giver.buy(symbol, resting + size, price, time_in_force="IOC")
        yield
        taker.cancel(offer)
        yield from wait(r.randint(8, 20))


def wash_by_ring(stage: Stage, symbol: str) -> Script:
    """Three accounts of one address pass shares round, in lots under round sizes, late and with
    honest trades in between.
    """
    r = stage.random
    ring = [stage.actor(holdings={symbol: 50}, origin="ring") for _ in range(3)]
    yield from wait(r.randint(50, 100))
    stage.guilty(WASH_TRADING, ring, symbol, also=(COORDINATION,))
    stage.proven_when(traded_in_a_ring(stage, symbol, ring, trades=9))
    for n in range(24):
        seller, buyer = ring[n % 3], ring[(n + 1) % 3]
        size = odd_lot(r, uneven(r, 1.5 * stage.unit(symbol)))
        half = stage.half_spread(symbol)
        price = stage.mid(symbol) + r.randint(-half // 2, half // 2)
        offer = seller.sell(symbol, size, price)
        yield from wait(r.randint(1, 3))
        buyer.buy(symbol, size, price, time_in_force="IOC")
        if r.random() < 0.3:
            ring[(n + 2) % 3].trade(r.choice((-1, 1)), symbol, 0.2 * stage.unit(symbol))
        yield
        seller.cancel(offer)
        yield from wait(r.randint(0, 3))


# Spoofing


def spoof_at_touch(stage: Stage, symbol: str) -> Script:
    """Show a large bid at the touch, sell by a resting offer a cent better, take the bid back."""
    r, done = stage.random, 0
    ann = stage.actor(holdings={symbol: 100})
    yield from wait(r.randint(50, 120))
    guilt = stage.guilty(SPOOFING, [ann], symbol)
    for _ in range(r.randint(10, 14)):
        start = stage.tick
        offer = ann.sell(symbol, stage.unit(symbol), stage.ask_price(symbol) - 1)
        shown = ann.buy(symbol, 12 * stage.unit(symbol), stage.bid(symbol), post_only=True)
        yield from wait(2)
        ann.cancel(shown, offer)
        done += int(_sold(stage, symbol, ann, start))
        if done == 2 and guilt.proven_tick is None:
            guilt.proven_tick = stage.tick
        yield from wait(r.randint(3, 7))


def layers_below(stage: Stage, symbol: str) -> Script:
    """Layer bids below the touch in uneven sizes, sell into the book, pull one after the other."""
    r, done = stage.random, 0
    ann = stage.actor("quant", holdings={symbol: 120})
    yield from wait(r.randint(50, 110))
    guilt = stage.guilty(SPOOFING, [ann], symbol)
    for _ in range(r.randint(10, 13)):
        start, half = stage.tick, stage.half_spread(symbol)
        bid = stage.bid(symbol)
        shown = [
            ann.buy(symbol, uneven(r, 5 * stage.unit(symbol)), bid - (n * half) // 2 - n)
            for n in range(1, 5)
        ]
        offer = ann.sell(symbol, uneven(r, stage.unit(symbol)), stage.ask_price(symbol) - 1)
        yield from wait(r.randint(2, 3))
        ann.cancel(*shown[:2])
        yield
        ann.cancel(*shown[2:], offer)
        done += int(_sold(stage, symbol, ann, start))
        if done == 2 and guilt.proven_tick is None:
            guilt.proven_tick = stage.tick
        if r.random() < 0.3:
            ann.buy(symbol, 0.3 * stage.unit(symbol))
        yield from wait(r.randint(2, 7))


def spoof_for_partner(stage: Stage, symbol: str) -> Script:
    """One ally layers five levels away from the touch, the other sells; sizes stay under round
    numbers, and the orders are moved away before they are cancelled.
    """
    r, done = stage.random, 0
    shower, seller = stage.actor(), stage.actor("quant", holdings={symbol: 120})
    stage.link(shower, seller, "alliance")
    yield from wait(r.randint(50, 100))
    guilt = stage.guilty(SPOOFING, [shower, seller], symbol, also=(COORDINATION,))
    for _ in range(r.randint(11, 14)):
        start, half = stage.tick, stage.half_spread(symbol)
        bid = stage.bid(symbol)
        shown = [
            shower.buy(symbol, odd_lot(r, uneven(r, 6 * stage.unit(symbol))), bid - n * half)
            for n in range(2, 6)
        ]
        yield
        offer = seller.sell(symbol, uneven(r, stage.unit(symbol)), stage.ask_price(symbol) - 1)
        yield from wait(r.randint(2, 3))
        for order in shown[:2]:
            shower.replace(order, limit=bid - 12 * half)
        yield
        shower.cancel(*shown)
        seller.cancel(offer)
        done += int(_sold(stage, symbol, seller, start))
        if done == 2 and guilt.proven_tick is None:
            guilt.proven_tick = stage.tick
        if r.random() < 0.3:
            shower.buy(symbol, 0.3 * stage.unit(symbol))
        yield from wait(r.randint(2, 6))


def _sold(stage: Stage, symbol: str, actor: Actor, since: int) -> bool:
    return stage.traded(symbol, [actor], since)[2] > 0


# Pump and dump


def pump_openly(stage: Stage, symbol: str) -> Script:
    """An influencer buys, spreads a rumor, and sells into the rise."""
    r = stage.random
    ann = stage.actor("influencer", cash=2_000_000_000_000)
    yield from wait(r.randint(50, 200))
    guilt = stage.guilty(PUMP_AND_DUMP, [ann], symbol)
    for _ in range(10):
        ann.buy(symbol, 1.5 * stage.unit(symbol), stage.bid(symbol) + 1)
        yield
    ann.cancel_all()
    ann.buy(symbol, 2 * stage.unit(symbol))
    yield
    stage.proven_when(dumped(stage, guilt, [ann], stage.tick))
    ann.rumor(symbol, 1)
    yield from wait(2)
    ann.buy(symbol, stage.unit(symbol))
    yield
    yield from dump(stage, symbol, [ann], parts=5, patience=70)


def pump_by_partner(stage: Stage, symbol: str) -> Script:
    """One buys a little at a time, its ally talks, and the first sells in uneven lots."""
    r = stage.random
    holder = stage.actor()
    talker = stage.actor("influencer")
    stage.link(holder, talker, "alliance")
    yield from wait(r.randint(40, 100))
    guilt = stage.guilty(PUMP_AND_DUMP, [holder, talker], symbol, also=(COORDINATION,))
    for _ in range(15):
        bid = holder.buy(symbol, uneven(r, stage.unit(symbol)), stage.bid(symbol) + 1)
        yield from wait(r.randint(1, 4))
        holder.cancel(bid)
    stage.proven_when(dumped(stage, guilt, [holder], stage.tick))
    talker.rumor(symbol, 1)
    yield from wait(r.randint(2, 6))
    yield from dump(stage, symbol, [holder], parts=8, patience=60)


def pump_by_three(stage: Stage, symbol: str) -> Script:
    """Two of one address gather small lots over a long time, a friend of theirs spreads two rumors,
    and they sell late, in turns, with small purchases in between.
    """
    r = stage.random
    holders = [stage.actor(origin="crew"), stage.actor("quant", origin="crew")]
    talker = stage.actor("influencer")
    stage.link(holders[0], talker, "messages")
    yield from wait(r.randint(30, 60))
    guilt = stage.guilty(PUMP_AND_DUMP, [*holders, talker], symbol, also=(COORDINATION,))
    for n in range(24):
        one = holders[n % 2]
        bid = one.buy(symbol, odd_lot(r, uneven(r, stage.unit(symbol))), stage.bid(symbol) + 1)
        yield from wait(r.randint(2, 4))
        one.cancel(bid)
    stage.proven_when(dumped(stage, guilt, holders, stage.tick))
    talker.rumor(symbol, 1)
    yield from wait(r.randint(8, 16))
    talker.rumor(symbol, 1)
    yield from wait(r.randint(5, 20))
    yield from dump(stage, symbol, holders, parts=10, patience=70, back=0.2)


def dump(
    stage: Stage,
    symbol: str,
    holders: list[Actor],
    *,
    parts: int,
    patience: int,
    back: float = 0.0,
) -> Script:
    """Sell what is held in so many parts, where it brings more than it has cost; what is not sold
    in time is sold as it is.
    """
    r = stage.random
    bought, paid, _, _ = stage.traded(symbol, holders)
    cost = paid / bought if bought else 0.0
    first = {one.id: one.held(symbol) for one in holders}
    for n in range(patience):
        one = holders[n % len(holders)]
        held = one.held(symbol)
        is_late = n > patience * 3 // 4
        if held > 0 and (is_late or stage.bid(symbol) > cost * 1.0003):
            one.sell(symbol, min(held, uneven(r, first[one.id] / parts, 0.3)))
        elif held > 0 and back and r.random() < back:
            one.buy(symbol, 0.1 * stage.unit(symbol))
        yield


# Coordination


def march(stage: Stage, symbol: str) -> Script:
    """Three allies buy together and sell together, again and again, for no public reason."""
    r = stage.random
    crew = [stage.actor(holdings={symbol: 60}) for _ in range(3)]
    _ally_all(stage, crew)
    yield from wait(r.randint(40, 90))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(14):
        side = r.choice((-1, 1))
        for one in crew:
            one.trade(side, symbol, stage.unit(symbol))
        if n == 5:
            guilt.proven_tick = stage.tick
        yield from wait(r.randint(5, 12))


def march_apart(stage: Stage, symbol: str) -> Script:
    """The same with lags of one to three ticks and uneven lots."""
    r = stage.random
    crew = [stage.actor("quant", holdings={symbol: 60}) for _ in range(3)]
    _ally_all(stage, crew)
    yield from wait(r.randint(40, 80))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(15):
        side, last = r.choice((-1, 1)), 0
        lags = {one.id: r.randint(0, 3) for one in crew}
        for lag in range(4):
            for one in crew:
                if lags[one.id] == lag:
                    one.trade(side, symbol, uneven(r, stage.unit(symbol)))
                    last = stage.tick
            yield
        if n == 5:
            guilt.proven_tick = last
        yield from wait(r.randint(3, 9))


def march_in_turns(stage: Stage, symbol: str) -> Script:
    """Four of one address: three of them act in a round, in turns, late, with other trades in
    between.
    """
    r = stage.random
    crew = [stage.actor(holdings={symbol: 60}, origin="crew") for _ in range(4)]
    yield from wait(r.randint(30, 60))
    guilt = stage.guilty(COORDINATION, crew, symbol)
    for n in range(17):
        side, last = r.choice((-1, 1)), 0
        acting = [one for k, one in enumerate(crew) if k != n % 4]
        lags = {one.id: r.randint(0, 4) for one in acting}
        for lag in range(5):
            for one in acting:
                if lags[one.id] == lag:
                    one.trade(side, symbol, odd_lot(r, uneven(r, stage.unit(symbol))))
                    last = stage.tick
            if r.random() < 0.15:
                other = r.choice(stage.symbols)
                r.choice(crew).trade(r.choice((-1, 1)), other, 0.3 * stage.unit(other))
            yield
        if n == 7:
            guilt.proven_tick = last
        yield from wait(r.randint(2, 8))


def _ally_all(stage: Stage, crew: list[Actor]) -> None:
    for n, one in enumerate(crew):
        for other in crew[n + 1 :]:
            stage.link(one, other, "alliance")


# Insider trading


def ceo_buys(stage: Stage, symbol: str) -> Script:
    """A company's chief buys much just before good news, and sells after it."""
    r = stage.random
    ceo = stage.actor("ceo", company=symbol, cash=2_000_000_000_000)
    yield from wait(r.randint(60, 200))
    guilt = stage.guilty(INSIDER_TRADING, [ceo], symbol)
    for _ in range(r.randint(4, 6)):
        ceo.buy(symbol, 2 * stage.unit(symbol))
        yield
    yield from wait(r.randint(1, 3))
    stage.inject(symbol, r.uniform(0.04, 0.08))
    stage.proven_when(profited(stage, guilt, [ceo], stage.tick))
    yield from wait(r.randint(3, 6))
    yield from take_profit(stage, symbol, [ceo], 6)


def ally_of_ceo(stage: Stage, symbol: str) -> Script:
    """An ally of a company's chief buys uneven lots, and some other shares, before good news."""
    r = stage.random
    ceo, ally = stage.actor("ceo", company=symbol), stage.actor()
    stage.link(ceo, ally, "alliance")
    yield from wait(r.randint(60, 180))
    guilt = stage.guilty(INSIDER_TRADING, [ally], symbol)
    for _ in range(r.randint(10, 14)):
        ally.buy(symbol, uneven(r, stage.unit(symbol)))
        if r.random() < 0.3:
            other = r.choice(stage.symbols)
            ally.buy(other, 0.3 * stage.unit(other))
        yield
    stage.inject(symbol, r.uniform(0.04, 0.08))
    stage.proven_when(profited(stage, guilt, [ally], stage.tick))
    yield from wait(r.randint(5, 15))
    yield from take_profit(stage, symbol, [ally], 10)


def friend_of_ceo(stage: Stage, symbol: str) -> Script:
    """Someone whom a company's chief has answered gathers shares by small limit orders, over half
    an hour before bad or good news, and closes late.
    """
    r = stage.random
    ceo, friend = stage.actor("ceo", company=symbol), stage.actor("quant")
    stage.link(friend, ceo, "messages", tick=r.randint(5, 30))
    yield from wait(r.randint(60, 150))
    guilt = stage.guilty(INSIDER_TRADING, [friend], symbol)
    side = r.choice((-1, 1))
    for _ in range(r.randint(10, 14)):
        size = odd_lot(r, uneven(r, stage.unit(symbol)))
        order = friend.trade(side, symbol, size, stage.touch(side, symbol) + side)
        yield from wait(r.randint(2, 3))
        friend.cancel(order)
    yield from wait(r.randint(0, 3))
    stage.inject(symbol, side * r.uniform(0.04, 0.08))
    stage.proven_when(profited(stage, guilt, [friend], stage.tick))
    yield from wait(r.randint(15, 50))
    yield from take_profit(stage, symbol, [friend], 12)


def take_profit(stage: Stage, symbol: str, holders: list[Actor], ticks: int) -> Script:
    """Close positions in so many ticks."""
    for left in range(ticks, 0, -1):
        if stage.is_trading(symbol):
            for one in holders:
                one.close(symbol, 1.0 / left)
        yield


# By type and style

TUNING: Mapping[str, Mapping[str, tuple[Play, ...]]] = {
    WASH_TRADING: {
        PLAIN: (wash_by_oneself,),
        DISGUISED: (wash_by_allies, transfer_above),
        EVASIVE: (wash_by_ring,),
    },
    SPOOFING: {
        PLAIN: (spoof_at_touch,),
        DISGUISED: (layers_below,),
        EVASIVE: (spoof_for_partner,),
    },
    PUMP_AND_DUMP: {
        PLAIN: (pump_openly,),
        DISGUISED: (pump_by_partner,),
        EVASIVE: (pump_by_three,),
    },
    COORDINATION: {
        PLAIN: (march,),
        DISGUISED: (march_apart,),
        EVASIVE: (march_in_turns,),
    },
    INSIDER_TRADING: {
        PLAIN: (ceo_buys,),
        DISGUISED: (ally_of_ceo,),
        EVASIVE: (friend_of_ceo,),
    },
}
