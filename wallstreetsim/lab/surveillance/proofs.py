"""When the record proves a script's guilt, judged on all trades and knowing who is guilty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from market.engine.values import Tick
from wallstreetsim.lab.surveillance.stage import Actor, Guilt, Stage

LEAST_PART = 0.5  # of a position, that is sold after a rumor
LEAST_PROFIT_PART = 0.3  # of a position, that is closed after news

Proof = Callable[[], bool]


def traded_with_themselves(
    stage: Stage, symbol: str, actors: Sequence[Actor], *, ticks: int
) -> Proof:
    """Return whether these accounts have traded with each other, or themselves, in so many ticks
    since now.
    """
    since = stage.tick
    return lambda: len({t.tick for t in stage.between(symbol, actors, since)}) >= ticks


def traded_in_a_ring(stage: Stage, symbol: str, actors: Sequence[Actor], *, trades: int) -> Proof:
    """Return whether these accounts have traded so often with each other since now that what each
    has gained or lost of shares is less than half of what went through its hands.
    """
    since = stage.tick

    def proof() -> bool:
        own = stage.between(symbol, actors, since)
        if len({t.tick for t in own}) < trades:
            return False
        for actor in actors:
            bought = sum(t.quantity for t in own if t.buyer in actor.ids)
            sold = sum(t.quantity for t in own if t.seller in actor.ids)
            if abs(bought - sold) > 0.5 * (bought + sold):
                return False
        return True

    return proof


def dumped(stage: Stage, guilt: Guilt, holders: Sequence[Actor], rumor: Tick) -> Proof:
    """Return whether half of the position that was held at a rumor has been closed since, at a
    profit over its cost and over the price before the rumor.
    """
    symbol, first, before = guilt.symbol, guilt.first_tick, stage.price(guilt.symbol)

    def proof() -> bool:
        ids = {id for one in holders for id in one.ids}
        opened = closed = 0
        cost = proceeds = 0
        for t in stage.trades:
            if t.symbol != symbol or t.tick < first or (t.buyer in ids) == (t.seller in ids):
                continue
            size = t.quantity if t.buyer in ids else -t.quantity
            if t.tick < rumor:
                opened += size
                cost += size * t.price
            else:
                closed -= size
                proceeds -= size * t.price
        if not opened or closed / opened < LEAST_PART:
            return False
        side = 1 if opened > 0 else -1
        sold_at, bought_at = proceeds / closed, cost / opened
        return side * (sold_at - bought_at) > 0 and side * (sold_at - before) > 0

    return proof


def profited(stage: Stage, guilt: Guilt, holders: Sequence[Actor], news: Tick) -> Proof:
    """Return whether a good part of the position that was opened before the news of a tick has been
    closed after it, at a profit.
    """
    symbol, first = guilt.symbol, guilt.first_tick

    def proof() -> bool:
        ids = {id for one in holders for id in one.ids}
        opened = closed = 0
        cost = proceeds = 0
        for t in stage.trades:
            if t.symbol != symbol or t.tick < first or (t.buyer in ids) == (t.seller in ids):
                continue
            size = t.quantity if t.buyer in ids else -t.quantity
            if t.tick <= news:
                opened += size
                cost += size * t.price
            else:
                closed -= size
                proceeds -= size * t.price
        if not opened or closed / opened < LEAST_PROFIT_PART:
            return False
        side = 1 if opened > 0 else -1
        return side * (proceeds / closed - cost / opened) > 0

    return proof
