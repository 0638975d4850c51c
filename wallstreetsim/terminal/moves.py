"""What moved a company's price of late: the parts of past ticks' returns, as the tape has them, and
the events behind them. All of it has been told; nothing of it says what is to come.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import orjson
from django.db.models import Q

from market import tape
from market.engine import outcome
from market.engine.values import Tick
from market.models import Company, MarketEvent, World
from market.wire import Wire, market_event

TICKS = 30  # looked at
EVENTS = 8
_PRICES = b'{"type":"price:update"'


class Move(NamedTuple):
    """One tick's move of a price, and its parts, in percent."""

    tick: Tick
    change: float
    flow: float
    shock: float
    world: float


_told: OrderedDict[tuple[int, Tick], dict[str, Move]] = OrderedDict()  # by epoch and tick


def recent(world: World, symbol: str) -> list[Move]:
    """Return the moves of the last ticks in which the price moved, the newest first. One query."""
    ticks = range(max(1, world.tick - TICKS + 1), world.tick + 1)
    wanted = [tick for tick in ticks if (world.epoch, tick) not in _told]
    for entry in tape.read_public(epoch=world.epoch, ticks=wanted or [0]):
        _told[world.epoch, entry.tick] = _moves_in(entry.events)
    while len(_told) > 2 * TICKS:
        _told.popitem(last=False)
    found = (_told.get((world.epoch, tick), {}).get(symbol) for tick in reversed(ticks))
    return [move for move in found if move is not None]


def _moves_in(events: bytes) -> dict[str, Move]:
    line = next((line for line in tape.lines(events) if line.startswith(_PRICES)), None)
    prices: list[Wire] = orjson.loads(line)["data"]["prices"] if line else []
    return {
        price["symbol"]: Move(price["tick"], price["changePercent"], **drivers)
        for price in prices
        if (drivers := price["drivers"]) and price["change"]
    }


def events_behind(company: Company) -> list[Wire]:
    """Return the last events that concerned a company: its own, its sector's, the market's."""
    of_sector = Q(symbol=None, sector=company.sector)
    of_all = Q(symbol=None, sector=None)
    rows = MarketEvent.objects.filter(Q(symbol=company.symbol) | of_sector | of_all)
    columns = ("number", "tick", "kind", "symbol", "sector", "impact", "duration")
    lines = rows.order_by("-tick", "-id").values_list(*columns)[:EVENTS]
    return [market_event(outcome.MarketEvent(*line)) for line in lines]
