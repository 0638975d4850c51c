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
from market.engine.events import Brewing
from market.engine.values import Cents, Shares, Tick

CRIMES = {  # by strategy
    "wash": "wash_trading",
    "spoof": "spoofing",
    "pump": "pump_and_dump",
    "insider": "insider_trading",
}
_LONGEST_SCHEME = 60  # in ticks, but for a pump
_PUMP_TICKS = 140
_GATHERING_TICKS = 60  # of them, in which a pump may buy
_LATE_TICKS = 15  # before its end, in which it sells at any price
_PUMPED = 8.0  # usual orders, that a pump buys at most
_LEAST_PUMPED = 1.0  # and those for which it goes on
_SHOWN = 3.0  # usual orders, that it bids for or offers at a time: others take a part of it
_INSIDERS_PIECE, _INSIDERS_SALE = 0.8, 0.25  # usual orders a tick, before news and after it
_INSIDERS_NOISE = 0.125  # of a usual order's size, what it trades otherwise
_INSIDERS_PATIENCE = 60  # ticks of trading after the news, to end the position in
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
    return _plotting(view, memory, stream, CRIMES["wash"], 12, _offer_wash)


def spoof(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Show large bids that are not meant to trade, offer something to those whom they draw, and
    cancel them.
    """
    if plot := memory.get("plot"):
        plot["left"] -= 1
    return _plotting(view, memory, stream, CRIMES["spoof"], 48, _show)


def pump(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Gather shares of a company that it has none of, by small bids; talk it up, and sell to those
    who followed.
    """
    if plot := memory.get("plot"):
        plot["left"] -= 1
    return _plotting(view, memory, stream, CRIMES["pump"], _PUMP_TICKS, _pump)


def insider(view: View, memory: Memory, stream: Stream) -> list[Doing]:
    """Trade on events before they are news, and close the position when they are."""
    plot = memory.get("plot")
    if plot is None:
        known = next((event for event in view.scene.brewing if _is_of_use(view, event)), None)
        if known is None or stream("temptation")[0] >= view.scene.rules.insider_rate:
            return noise(view, memory, stream, view.scene.rules.crook_noise, _INSIDERS_NOISE)
        plot = memory["plot"] = _plot(view, known.symbol, _INSIDERS_PATIENCE) | {
            "side": 1 if known.impact > 0 else -1,
            "ahead": known.ticks_ahead,
        }
    stock, side = view.scene.stocks[plot["symbol"]], plot["side"]
    if plot["ahead"] > 0:
        plot["ahead"] -= 1
        return order(view, stock, side, _INSIDERS_PIECE)
    plot["left"] -= stock.is_tradable
    built = side * (view.me.quantity_of(stock.symbol) - plot["held"])
    if built <= 0 or plot["left"] <= 0:
        plot["left"] = 0
        return _over(view, memory, CRIMES["insider"])
    return order(view, stock, -side, min(_INSIDERS_SALE, built / stock.unit))


def _is_of_use(view: View, event: Brewing) -> bool:
    """Say whether an insider can trade on an event: bad news is of use to who holds the company."""
    return event.impact > 0.0 or view.me.quantity_of(event.symbol) > 0


def _plotting(
    view: View, memory: Memory, stream: Stream, crime: str, ticks: int, act: _Plot
) -> list[Doing]:
    """Go on with the scheme under way, or begin one now and then, or trade like others do."""
    plot = memory.get("plot")
    if plot is None:
        u, v, _, _ = stream("temptation")
        too_late = view.scene.ticks_until_close <= max(ticks, _LONGEST_SCHEME)
        if u >= view.scene.rules.crime_rate or too_late:
            return noise(view, memory, stream, view.scene.rules.crook_noise)
        symbol = _unheld(view, v) if crime == CRIMES["pump"] else choose(view, v).symbol
        plot = memory["plot"] = _plot(view, symbol, ticks)
    return act(view, memory, view.scene.stocks[plot["symbol"]], stream) + _over(view, memory, crime)


def _plot(view: View, symbol: str, ticks: int) -> Memory:
    held, paid = view.me.quantity_of(symbol), _cost_of(view, symbol)
    return {
        "symbol": symbol,
        "first": view.scene.tick,
        "left": ticks,
        "held": held,
        "paid": paid,
    }


def _cost_of(view: View, symbol: str) -> Cents:
    holding = view.me.holdings.get(symbol)
    return holding.cost if holding else 0


def _unheld(view: View, u: float) -> str:
    """Return the company at quantile `u` of those that it holds nothing of, if there are any."""
    unheld = [symbol for symbol in view.scene.symbols if not view.me.quantity_of(symbol)]
    symbols = unheld or view.universe
    return symbols[int(u * len(symbols))]


def _over(view: View, memory: Memory, crime: str) -> list[Doing]:
    """End a scheme whose time is up, and return its record."""
    plot = memory.get("plot")
    if plot is None or plot["left"] > 0:
        return []
    del memory["plot"]
    return [_scheme(crime, view.me.id, view.partner, plot, view.scene.tick)]


def cut_short(
    strategy: str, account: int, partner: int, memory: Memory, tick: Tick
) -> Manipulation | None:
    """End the scheme that a crook is in the midst of, and return its record, if it is in one."""
    if "plot" not in memory:
        return None
    return _scheme(CRIMES[strategy], account, partner, memory.pop("plot"), tick)


def rescale(memory: Memory, symbol: str, factor: float) -> None:
    """Follow a split in the scheme under way: a price is worth `factor` of what it was."""
    plot = memory.get("plot")
    if plot is not None and plot["symbol"] == symbol:
        plot["held"] = round(plot["held"] / factor)
        if "cost" in plot:
            plot["cost"] *= factor


def _scheme(crime: str, account: int, partner: int, plot: Memory, tick: Tick) -> Manipulation:
    who = (account, partner) if crime == CRIMES["wash"] else (account,)
    return Manipulation(crime, who, plot["symbol"], plot["first"], tick)


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
    """Bid for a little inside the spread, tick by tick, until there is enough; then talk, and offer
    it where it brings more than it has cost, or in the end at any price.
    """
    plot = memory["plot"]
    doings: list[Doing] = [cancel(view, plot.pop("quote"))] if "quote" in plot else []
    if not stock.is_tradable:
        return doings
    has = view.me.quantity_of(stock.symbol) - plot["held"]
    if "cost" in plot:
        return doings + _sell_out(view, plot, stock, has)
    if plot["left"] > _PUMP_TICKS - _GATHERING_TICKS and has < _PUMPED * stock.unit:
        return doings + _quote(view, plot, stock, 1, min(stock.bid + 1, stock.ask))
    if has < _LEAST_PUMPED * stock.unit:
        del memory["plot"]  # nobody sold
        return doings
    plot["cost"] = (_cost_of(view, stock.symbol) - plot["paid"]) / has
    return [*doings, Act(view.me.id, *rumor_of(stock, 1, {}, stream("rumor")[0]))]


def _sell_out(view: View, plot: Memory, stock: Stock, has: Shares) -> list[Doing]:
    if has <= 0:
        plot["left"] = 0
        return []
    if plot["left"] <= _LATE_TICKS:
        return order(view, stock, -1, 1.0)
    price = max(stock.bid, stock.ask - 1)
    return _quote(view, plot, stock, -1, price) if price > plot["cost"] else []


def _quote(view: View, plot: Memory, stock: Stock, side: int, price: Cents) -> list[Doing]:
    """Offer or bid for one tick."""
    name = f"p{view.scene.tick}"
    quoted = order(view, stock, side, _SHOWN, price, name)
    if quoted:
        plot["quote"] = name
    return quoted
