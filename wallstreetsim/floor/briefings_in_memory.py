"""Briefings of a world that is run in memory: the same as an endpoint is sent of a live one.

The arena's turns and the manual's sample are these.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from market import wire
from market.engine.orders import Order
from wallstreetsim.floor import book_changes, tape_events
from wallstreetsim.machine.world import Outcome, World
from webhooks.engine import briefing as engine
from webhooks.engine.briefing import (
    BriefedAgent,
    CompanyName,
    Event,
    LeaderboardPlace,
    MarketBriefing,
    SentAction,
    SeqRange,
    Wire,
    events_of,
)
from webhooks.engine.delivery import EXCHANGE_SECONDS

EPOCH = 1
FIRST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)  # of tick 0: a run in memory has no clock


class Briefer:
    """Writes the briefings of a world's last tick. It is shown every tick, before and after."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._books = book_changes.standing(world)
        self._trades: deque[Wire] = deque(maxlen=engine.RECENT_TRADES)  # newest first
        self._market: MarketBriefing | None = None
        self._news: list[Wire] = []
        self._own: dict[int, list[Event]] = {}
        self._places: dict[int, LeaderboardPlace] = {}

    def before_tick(self) -> None:
        self._books = book_changes.standing(self.world)

    def after_tick(self, outcome: Outcome) -> None:
        at = FIRST_INSTANT + timedelta(seconds=outcome.tick)
        public = tape_events.public_events(self.world, outcome, self._books, at)
        self._trades.extendleft(events_of(public, "trade:executed"))
        self._news = events_of(public, "news:breaking")
        companies = self.world.market.companies.values()
        self._market = engine.market_briefing(
            public,
            timestamp=at.isoformat(),
            names={
                c.symbol: CompanyName(c.listing.name, c.listing.sector, c.shares) for c in companies
            },
            trades=list(self._trades),
        )
        self._own = {
            member.account: events
            for member, events in tape_events.events_by_agent(self.world, outcome)
        }
        self._places = _places(outcome)

    def brief(
        self,
        account: int,
        *,
        sent: Sequence[SentAction] = (),
        symbols: Sequence[str] = (),
        wants_news: bool = True,
        wants_order_books: bool = False,
    ) -> Any:
        """Return an agent's briefing of the last tick, as it comes out of JSON."""
        market, seq = self._market, self.world.market.accounts[account].tape_seq
        assert market is not None, "a tick must have been shown"
        events = self._own.get(account, [])
        deadline = FIRST_INSTANT + timedelta(seconds=market.tick + EXCHANGE_SECONDS)
        agent = BriefedAgent(
            agent_id=self.world.registry.members[account].id,
            portfolio=tape_events.whole_portfolio(self.world, account),
            pending=[_pending(o) for o in self.world.market.accounts[account].orders.values()],
            events=events,
            news=self._news,
            place=self._places.get(account, LeaderboardPlace(None, len(self._places), None, None)),
            range=SeqRange(EPOCH, market.tick - 1, market.tick, seq - bool(events), seq),
            deadline=deadline.isoformat(),
            symbols=symbols,
            wants_news=wants_news,
            order_books=self._order_books(symbols) if wants_order_books else {},
            sent_actions=sent,
        )
        return orjson.loads(orjson.dumps(engine.briefing(market, agent)))

    def _order_books(self, symbols: Sequence[str]) -> dict[str, Wire]:
        known = self.world.market.companies
        standing = book_changes.standing(self.world)
        wanted = [s for s in symbols[: engine.MOST_ORDER_BOOKS] if s in known]
        return {
            symbol: {
                side: [
                    [price / 100, quantity, orders]
                    for price, quantity, orders in levels[: engine.ORDER_BOOK_LEVELS]
                ]
                for side, levels in (
                    ("bids", standing[symbol].bids),
                    ("asks", standing[symbol].asks),
                )
            }
            for symbol in wanted
        }


def _pending(order: Order) -> Wire:
    return {
        "orderId": order.id,
        "clientOrderId": order.client_id,
        "symbol": order.company.symbol,
        "side": order.side.value,
        "intent": order.intent.value,
        "orderType": order.kind.value,
        "timeInForce": order.time_in_force.value,
        "quantity": order.quantity,
        "filledQuantity": order.filled,
        "price": wire.optional_dollars(order.limit),
        "stopPrice": wire.optional_dollars(order.stop),
        "status": order.status.value,
        "tickSubmitted": order.tick_submitted,
    }


def _places(outcome: Outcome) -> dict[int, LeaderboardPlace]:
    """Return each agent's place among those from outside."""
    ranked = outcome.standings
    equities = [standing.equity for standing in ranked]
    before, after = [None, *equities], [*equities[1:], None]
    return {
        standing.account: LeaderboardPlace(
            rank,
            len(ranked),
            None if ahead is None else (ahead - standing.equity) / 100,
            None if behind is None else (standing.equity - behind) / 100,
        )
        for rank, (standing, ahead, behind) in enumerate(
            zip(ranked, before, after, strict=False), start=1
        )
    }
