"""The crooks: noise traders most of the time, and now and then something else.

Each returns, when a scheme is over, the `Manipulation` that says what it was.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.engine.facts import Manipulation
from agents.engine.house.social import rumor_of
from agents.engine.house.traders import noise
from agents.engine.house.view import (
    Act,
    Doing,
    Memory,
    Stock,
    Stream,
    View,
    cancel,
    choose,
    order,
)

_LONGEST_SCHEME = 60
_TALKS_AT = 22  # ticks into a pump, when enough is bought
_Plot = Callable[[View, Memory, Stock, Stream], list[Doing]]


def wash(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Trade with the partner, now one way and now the other, at one price: volume without a change
    of owner.

    The two share one memory. The one of the lower number leads.
    """
    if view.me.id > view.partner:
        return _take_wash(view, memory, stream)
    if plot := memory.get("plot"):
        plot["left"] -= 1
    return _plotting(view, memory, stream, "wash_trading", 12, _offer_wash)


def spoof(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Show large bids that are not meant to trade, offer something to those whom they draw, and
    cancel them.
    """
    if plot := memory.get("plot"):
        plot["left"] -= 1
    return _plotting(view, memory, stream, "spoofing", 48, _show)


def pump(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Buy quietly, then loudly, then sell it all to those who followed."""
    if plot := memory.get("plot"):
        plot["left"] -= 1
    return _plotting(view, memory, stream, "pump_and_dump", 45, _pump)


def insider(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Trade on events before they are news, and close the position when they are."""
    plot = memory.get("plot")
    if plot is None:
        known = next((event for event in view.scene.brewing if event.symbol in view.universe), None)
        if known is None or stream("temptation")[0] >= view.scene.rules.insider_rate:
            return noise(view, memory, stream, view.scene.rules.crook_noise)
        side = 1 if known.impact > 0 else -1
        ahead = known.ticks_ahead
        plot = memory["plot"] = _plot(known.symbol, view.scene.tick, ahead + 25) | {
            "side": side,
            "ahead": ahead,
        }
    plot["left"] -= 1
    age = view.scene.tick - plot["first"]
    doings: list[Doing] = []
    if age < plot["ahead"]:
        doings += order(view, view.scene.stocks[plot["symbol"]], plot["side"], 1.5)
    elif plot["left"] < 20:
        doings += order(view, view.scene.stocks[plot["symbol"]], -plot["side"], 0.4)
    return doings + _over(view, memory, "insider_trading")


def _plotting(
    view: View, memory: Memory, stream: Stream, crime: str, ticks: int, act: _Plot
) -> list[Doing]:
    """Go on with the scheme under way, or begin one now and then, or trade like others do."""
    plot = memory.get("plot")
    if plot is None:
        u, v, _, _ = stream("temptation")
        too_late = view.scene.ticks_until_close <= _LONGEST_SCHEME
        if u >= view.scene.rules.crime_rate or too_late:
            return noise(view, memory, stream, view.scene.rules.crook_noise)
        plot = memory["plot"] = _plot(choose(view, v).symbol, view.scene.tick, ticks)
    return act(view, memory, view.scene.stocks[plot["symbol"]], stream) + _over(view, memory, crime)


def _plot(symbol: str, tick: int, ticks: int) -> Memory:
    return {"symbol": symbol, "first": tick, "left": ticks}


def _over(view: View, memory: Memory, crime: str) -> list[Doing]:
    """End a scheme whose time is up, and return its record."""
    plot = memory["plot"]
    if plot["left"] > 0:
        return []
    del memory["plot"]
    both = (view.me.id, view.partner) if crime == "wash_trading" else (view.me.id,)
    return [Manipulation(crime, both, plot["symbol"], plot["first"], view.scene.tick)]


def _offer_wash(view: View, memory: Memory, stock: Stock, stream: Stream) -> list[Doing]:
    """Ask for a trade inside the spread, where only the partner looks; take back what is left of
    the last.
    """
    last = memory.pop("offer", None)
    doings: list[Doing] = [cancel(view, last["name"])] if last else []
    price = (stock.bid + stock.ask) // 2
    if memory["plot"]["left"] <= 0 or not stock.bid < price < stock.ask:
        return doings
    side = 1 if memory["plot"]["left"] % 2 else -1
    offered = order(view, stock, side, 3.0, price, f"w{view.scene.tick}")
    for _ in offered:
        memory["offer"] = {
            "symbol": stock.symbol,
            "price": price,
            "side": side,
            "name": f"w{view.scene.tick}",
        }
    return doings + offered


def _take_wash(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    taken = memory.pop("taken", None)
    doings: list[Doing] = [cancel(view, taken)] if taken else []
    offer = memory.get("offer")
    if offer is None:
        return doings + noise(view, memory, stream, view.scene.rules.crook_noise)
    name = f"v{view.scene.tick}"
    stock = view.scene.stocks[offer["symbol"]]
    met = order(view, stock, -offer.get("side", -1), 3.0, offer["price"], name)
    if met:
        memory["taken"] = name
    return doings + met


def _show(view: View, memory: Memory, stock: Stock, stream: Stream) -> list[Doing]:
    """Every fourth tick show three large bids, at the touch and below, and offer some shares just
    within the ask; three ticks later take all of it back.
    """
    plot = memory["plot"]
    phase = (view.scene.tick - plot["first"]) % 4
    if phase == 0 and plot["left"] > 3:
        half = max(1, (stock.ask - stock.bid) // 2)
        names = [f"s{view.scene.tick}-{n}" for n in range(4)]
        memory["shown"] = names
        offered = order(view, stock, -1, 1.0, max(stock.bid + 1, stock.ask - 1), names[3])
        return offered + [
            act
            for n, name in enumerate(names[:3])
            for act in order(view, stock, 1, 10.0, max(1, stock.bid - n * half), name)
        ]
    if phase == 3 or plot["left"] <= 0:
        return [cancel(view, name) for name in memory.pop("shown", [])]
    return []


def _pump(view: View, memory: Memory, stock: Stock, stream: Stream) -> list[Doing]:
    age = view.scene.tick - memory["plot"]["first"]
    if age == _TALKS_AT:
        u, v, _, _ = stream("rumor")
        if u < view.scene.rules.social.pump_rumor:
            return [Act(view.me.id, *rumor_of(stock, 1, {}, v))]
    if age < 15:
        return order(view, stock, 1, 1.0)
    if age < 23:
        return order(view, stock, 1, 3.0)
    return order(view, stock, -1, 1.8)
