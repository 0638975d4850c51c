"""The honest ones: noise, value, momentum, mean-reverting and news-reading traders, and those who
work large orders.
"""

from __future__ import annotations

import math

from agents.engine.house.view import (
    Doing,
    Memory,
    Stock,
    Stream,
    View,
    Worked,
    cancel,
    choose,
    order,
)


def noise(
    view: View, memory: Memory, stream: Stream, rate: float = 1.0, size: float = 1.0
) -> list[Doing]:
    """Trade what is busy, in no particular direction, though rather at a good price than a bad
    one. `rate` and `size` are multiples of the usual ones.
    """
    u, v, w, x = stream("noise")
    chance = view.scene.rules.noise_rate * rate * view.scene.hour
    if u >= chance:
        return []
    one = choose(view, v)
    other = choose(view, u / chance)
    stock = one if one.activity >= other.activity else other
    side = 1 if w < buying_chance(view, stock) else -1
    # The size is the log-normal of mean 1 at quantile x, by the logistic law's good likeness.
    spread = view.scene.rules.noise_size_spread
    normal = math.log(x / (1.0 - x)) / 1.702
    return order(view, stock, side, size * math.exp(spread * normal - spread * spread / 2.0))


def buying_chance(view: View, stock: Stock) -> float:
    """Return the chance that someone without an opinion buys: quotes below the price tempt to buy,
    and so does holding less than at founding.
    """
    mid, half = (stock.bid + stock.ask) / 2.0, max(0.5, (stock.ask - stock.bid) / 2.0)
    most = view.scene.rules.most_bargain
    bargain = max(-most, min(most, (stock.price - mid) / half))
    usual = view.founded_with.get(stock.symbol, 0)
    short_of = 1.0 - view.me.quantity_of(stock.symbol) / usual if usual else 0.0
    short_of = max(-1.0, min(1.0, short_of))
    return 0.5 + view.scene.rules.bargain * bargain + view.scene.rules.balance * short_of


def metaorder(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Work large orders in pieces, tick after tick: their lengths have a Pareto tail, and so the
    signs of order flow a long memory (Lillo, Mike and Farmer 2005).
    """
    rules = view.scene.rules
    parents: list[list[float | str | int]] = memory.setdefault("parents", [])
    done: list[Doing] = []
    for number, parent in enumerate(parents):
        symbol, side, left, size, _, _ = parent
        u, v, _, _ = stream(f"piece-{number}")
        stock = view.scene.stocks[str(symbol)]
        if u < rules.metaorder_rate and stock.is_tradable:
            pieces = order(view, stock, int(side), float(size) * (0.5 + v))
            for piece in pieces:
                assert not isinstance(piece, Worked)
                parent[5] = int(parent[5]) + piece.parameters["quantity"]  # type: ignore[union-attr]
            done += pieces
        if stock.is_tradable:
            parent[2] = int(left) - 1
    for parent in parents:
        if int(parent[2]) <= 0 and int(parent[5]):
            done.append(
                Worked(
                    str(parent[0]), int(parent[1]), int(parent[4]), view.scene.tick, int(parent[5])
                )
            )
    memory["parents"] = parents = [parent for parent in parents if int(parent[2]) > 0]
    if len(parents) < view.scene.parents:
        parents.append(_begun(view, stream))
    return done


def _begun(view: View, stream: Stream) -> list[float | str | int]:
    """Return a new large order: symbol, side, ticks left, size of a piece, first tick, shares."""
    rules = view.scene.rules
    u, v, w, x = stream("begin")
    stock = choose(view, u)
    side = 1 if v < buying_chance(view, stock) else -1
    length = rules.metaorder_shortest * math.pow(w, -1.0 / rules.metaorder_tail)
    ticks = int(min(length, rules.metaorder_longest))
    return [stock.symbol, side, ticks, rules.metaorder_size * (0.5 + x), view.scene.tick, 0]


def value(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Trade towards its own estimate of the fundamental, when the price is far from it."""
    u, v, w, x = stream("value")
    if u >= view.scene.rules.value_rate:
        return []
    stock = choose(view, v)
    error = view.scene.rules.value_error * (w + x - 1.0) * 2.4  # of about that standard deviation
    gap = math.log(stock.fundamental / stock.price) + error
    if abs(gap) < view.scene.rules.value_margin:
        return []
    return order(
        view, stock, 1 if gap > 0.0 else -1, min(3.0, abs(gap) / view.scene.rules.value_margin)
    )


def momentum(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Follow an hour's trend that is large for its company."""
    u, v, w, _ = stream("momentum")
    if u >= view.scene.rules.trend_rate:
        return []
    stock = choose(view, v)
    if abs(stock.slow) < view.scene.rules.trend_threshold * 6.0 * stock.sigma:
        return []
    return order(view, stock, 1 if stock.slow > 0.0 else -1, 0.5 + w)


def mean_reverting(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Rest limit orders where a move of the last minutes would turn, and take them back in time."""
    resting: list[list[int | str]] = memory.setdefault("resting", [])
    stale = [
        name for tick, name in resting if int(tick) + view.scene.rules.limit_life <= view.scene.tick
    ]
    memory["resting"] = [one for one in resting if one[1] not in stale]
    doings: list[Doing] = [cancel(view, str(name)) for name in stale]
    u, v, w, _ = stream("revert")
    if u >= view.scene.rules.trend_rate:
        return doings
    stock = choose(view, v)
    side = -1 if stock.fast > 0.0 else 1
    away = round(stock.price * stock.sigma * (0.5 + 2.0 * w))
    limit = stock.bid - away if side > 0 else stock.ask + away
    name = f"h{view.scene.tick}"
    placed = order(view, stock, side, 1.0, max(1, limit), name)
    if placed:
        memory["resting"].append([view.scene.tick, name])
    return doings + placed


def news(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Trade in the direction of the headlines for a few ticks, as soon as the company trades."""
    chased: list[list[str | int]] = memory.setdefault("chased", [])
    for event in view.scene.news:
        if event.symbol is not None and event.symbol in view.universe:
            chased.append(
                [event.symbol, 1 if event.impact > 0 else -1, view.scene.rules.news_ticks]
            )
    doings: list[Doing] = []
    for chase in chased[:4]:
        stock = view.scene.stocks[str(chase[0])]
        if stock.is_tradable:
            doings += order(view, stock, int(chase[1]), 1.0)
            chase[2] = int(chase[2]) - 1
    memory["chased"] = [chase for chase in chased if int(chase[2]) > 0][-20:]
    return doings or noise(view, memory, stream, 0.5)
