"""The world on the wire."""

from __future__ import annotations

from typing import NotRequired, TypedDict, cast

from agents.selectors import FallenAgent
from agents.standings import RankedAgent
from market import wire
from market.engine.sessions import Moment
from market.engine.values import BPS_IN_ONE
from market.models import World
from market.selectors import Totals


class IndexLine(TypedDict):
    """An index; the change is against the previous close."""

    name: str
    value: float
    change: float
    changePercent: float


class Happening(TypedDict):
    """What every happening has. The impact is a fraction, the duration in ticks."""

    id: str
    type: str
    symbol: str | None
    sector: str | None
    headline: str
    impact: float
    duration: int | None
    tick: int


class ActiveEvent(Happening):
    """A market event that is not over, and the ticks that are left of it."""

    ticksRemaining: int


class MarketHappening(Happening):
    """Something that happened to a company, a sector or the market: an event, a halt, a short-sale
    restriction, bands that an operator sets (null: as usual again) or a split. An event has the
    ticks that it is active yet, zero when it is over.
    """

    ticksRemaining: NotRequired[int]
    reason: NotRequired[str]
    note: NotRequired[str | None]
    reopensTick: NotRequired[int | None]
    bandPercent: NotRequired[float | None]
    into: NotRequired[int]
    of: NotRequired[int]
    sharesIssued: NotRequired[int]


class WorldStatus(TypedDict):
    """Where the world stands. Rates are a year's, as fractions; money is in dollars."""

    tick: int
    epoch: int
    timestamp: str | None
    marketOpen: bool
    paused: bool
    tradingDay: int
    tickInDay: int
    ticksUntilClose: int
    ticksUntilOpen: int
    regime: str
    interestRate: float
    inflationRate: float
    gdpGrowth: float
    companies: int
    activeAgents: int
    marketCap: float
    volume24h: float
    indices: list[IndexLine]
    activeEvents: list[ActiveEvent]


class WorldTick(TypedDict):
    """The last tick; `timestamp` is when it was claimed."""

    tick: int
    epoch: int
    timestamp: str | None
    tickSeconds: int
    marketOpen: bool
    paused: bool
    tradingDay: int
    tickInDay: int
    ticksUntilClose: int
    ticksUntilOpen: int


class Standing(TypedDict):
    """One line of the leaderboard."""

    rank: int | None
    agentId: str
    name: str
    role: str
    netWorth: float
    change24h: float
    status: str
    house: bool


class BankruptcyLine(TypedDict):
    """An agent that came to owe more than it had. `finalNetWorth` is what was written off."""

    agentId: str
    name: str
    role: str
    tick: int
    peakNetWorth: float
    finalNetWorth: float
    cause: str


def bankruptcy(fallen: FallenAgent) -> BankruptcyLine:
    agent = fallen.agent
    return {
        "agentId": str(agent.public_id),
        "name": agent.name,
        "role": agent.role,
        "tick": fallen.tick,
        "peakNetWorth": fallen.peak / 100,
        "finalNetWorth": fallen.final / 100,
        "cause": fallen.cause,
    }


def world_tick(world: World, moment: Moment, tick_seconds: int) -> WorldTick:
    return {
        "tick": world.tick,
        "epoch": world.epoch,
        "timestamp": _claimed_at(world),
        "tickSeconds": tick_seconds,
        "marketOpen": moment.is_open,
        "paused": world.stands_still,
        "tradingDay": moment.trading_day,
        "tickInDay": moment.tick_in_day,
        "ticksUntilClose": moment.ticks_until_close,
        "ticksUntilOpen": moment.ticks_until_open,
    }


def world_status(
    world: World,
    moment: Moment,
    totals: Totals,
    active_agents: int,
    active_events: list[wire.Wire],
) -> WorldStatus:
    return {
        "tick": world.tick,
        "epoch": world.epoch,
        "timestamp": _claimed_at(world),
        "marketOpen": moment.is_open,
        "paused": world.stands_still,
        "tradingDay": moment.trading_day,
        "tickInDay": moment.tick_in_day,
        "ticksUntilClose": moment.ticks_until_close,
        "ticksUntilOpen": moment.ticks_until_open,
        "regime": world.regime,
        "interestRate": world.interest_bps / BPS_IN_ONE,
        "inflationRate": world.inflation_bps / BPS_IN_ONE,
        "gdpGrowth": world.gdp_growth_bps / BPS_IN_ONE,
        "companies": totals.companies,
        "activeAgents": active_agents,
        "marketCap": totals.market_cap / 100,
        "volume24h": world.dollar_volume_day / 100,
        "indices": [cast("IndexLine", wire.index_line(world.index, world.previous_close_index))],
        "activeEvents": cast("list[ActiveEvent]", active_events),
    }


def standing(ranked: RankedAgent) -> Standing:
    agent = ranked.agent
    line = wire.leaderboard_line(
        rank=ranked.rank,
        agent_id=str(agent.public_id),
        name=agent.name,
        role=agent.role,
        status=agent.status,
        is_house=agent.is_house,
        equity=ranked.equity,
        equity_day_ago=ranked.equity_day_ago,
    )
    return cast("Standing", line)


def _claimed_at(world: World) -> str | None:
    return world.claimed_at.isoformat() if world.claimed_at else None
