"""What a tick says of the market in public, as the tape holds it; a run in memory says the same."""

from __future__ import annotations

from market import wire
from market.engine.outcome import Bankruptcy, MarketEvent
from market.engine.sessions import Moment, closed_early, stands_still
from market.engine.values import BPS_IN_ONE
from wallstreetsim.machine.world import Outcome, World


def prices(outcome: Outcome) -> list[wire.Wire]:
    """Return the price update of every company."""
    tick, day = outcome.tick, outcome.moment.trading_day
    return [wire.price_update(company, tick, day) for company in outcome.market.companies]


def trades(outcome: Outcome, timestamp: str) -> list[wire.Wire]:
    """Return all trades of the tick."""
    return [wire.trade(trade, timestamp) for trade in outcome.market.trades]


def traded(outcome: Outcome) -> dict[str, list[int]]:
    """Return of each company that traded the lowest and the highest price of its trades, in cents,
    and their shares: for who does not want to read each trade.
    """
    found: dict[str, list[int]] = {}
    for trade in outcome.market.trades:
        symbol, price = trade.symbol, trade.price
        its = found.get(symbol)
        if its is None:
            found[symbol] = [price, price, trade.quantity]
            continue
        if price < its[0]:
            its[0] = price
        elif price > its[1]:
            its[1] = price
        its[2] += trade.quantity
    return found


def short_interests(outcome: Outcome) -> list[wire.Wire]:
    """Return, at a close, what of each company was short at the close before: nothing at any other
    tick, or before a day has passed.
    """
    if not outcome.moment.closes_now:
        return []
    return [
        wire.short_interest(company.symbol, company.short_interest)
        for company in outcome.market.companies
        if company.short_interest is not None
    ]


def market_events(world: World, outcome: Outcome) -> list[wire.Wire]:
    """Return what happened to companies or the market: halts and restrictions, events, splits,
    resumptions, bankruptcies.
    """
    market = outcome.market
    return [
        *(wire.halt(halt) for halt in market.halts),
        *(wire.market_event(event) for event in market.events),
        *(wire.split(split) for split in market.splits),
        *(wire.resumption(symbol, outcome.tick) for symbol in market.resumed),
        *(_bankruptcy(world, bankruptcy) for bankruptcy in market.bankruptcies),
    ]


def _bankruptcy(world: World, bankruptcy: Bankruptcy) -> wire.Wire:
    member = world.registry.members[bankruptcy.account]
    return wire.bankruptcy(bankruptcy, member.id, member.name, member.role)


def tick_update(world: World, outcome: Outcome, timestamp: str, *, event_count: int) -> wire.Wire:
    market, moment = outcome.market, _moment(world, outcome)
    macro = world.market.macro
    return {
        "tick": outcome.tick,
        "timestamp": timestamp,
        "marketOpen": moment.is_open,
        "regime": outcome.regime,
        "interestRate": macro.interest_bps / BPS_IN_ONE,
        "inflationRate": macro.inflation_bps / BPS_IN_ONE,
        "gdpGrowth": macro.gdp_growth_bps / BPS_IN_ONE,
        "paused": stands_still(outcome.is_paused, outcome.steps_left),
        "tradingDay": moment.trading_day,
        "tickInDay": moment.tick_in_day,
        "ticksUntilClose": moment.ticks_until_close,
        "ticksUntilOpen": moment.ticks_until_open,
        "priceCount": len(market.companies),
        "tradeCount": len(market.trades),
        "eventCount": event_count,
        "activeEvents": active_events(world),
        "activeAgents": len(world.registry.active()),
        "marketCap": sum(company.market_cap for company in market.companies) / 100,
        "volume24h": market.dollar_volume_day / 100,
        "indices": [wire.index_line(market.index, market.previous_close_index)],
        "digest": outcome.digest,
    }


def active_events(world: World) -> list[wire.Wire]:
    """Return the market events that are not over, the newest first."""
    return [
        wire.standing_event(
            MarketEvent(e.number, e.tick, e.type, e.symbol, e.sector, e.impact, e.duration),
            e.ticks_remaining,
        )
        for e in reversed(world.market.climate.events.active)
    ]


def _moment(world: World, outcome: Outcome) -> Moment:
    """Return where the tick lies in its day, which may have ended before its time."""
    if outcome.market.is_open:
        return outcome.moment
    return closed_early(outcome.moment, world.rules.market.session)
