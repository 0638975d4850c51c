"""Bodies for the endpoints of a claim: read from the record and the tape in a fixed number of
queries, however many they are, what they share encoded once.
"""

from __future__ import annotations

import dataclasses
import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.utils import timezone

import agents.selectors
import agents.standings
from agents.api import serializers
from agents.engine.agent_state import AgentStatus
from agents.ids import new_id
from agents.models import Agent
from agents.services import site_state
from agents.services.encryption import decrypt
from market import tape
from market.common.bulk import each_of
from market.models import Company, World
from market.selectors import one_instant
from market.tape import KEPT_TICKS, PUBLIC_STREAM
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
from webhooks.engine.signing import secret_bytes, signature_headers
from webhooks.models import DeliveryKind, Endpoint, SavedAlert

log = logging.getLogger(__name__)

TAPE_PAGE = 50  # public entries read at a time
USER_AGENT = "WallStreetSim/1.0"
LAST_STATUSES = (AgentStatus.BANKRUPT, AgentStatus.FLED)  # after which there is one more briefing
_PENDING = (
    "orderId",
    "clientOrderId",
    "symbol",
    "side",
    "intent",
    "orderType",
    "timeInForce",
    "quantity",
    "filledQuantity",
    "price",
    "stopPrice",
    "status",
)


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """One body on its way to an endpoint, and what is true of the endpoint once it has arrived."""

    endpoint: Endpoint
    id: UUID
    kind: DeliveryKind
    url: str
    headers: dict[str, str]
    body: bytes
    tick: int
    attempt: int
    range: SeqRange
    is_last: bool = False
    unjudged: Sequence[SentAction] = ()


class _PublicTick(NamedTuple):
    """What briefings need of a tick's public entry once it is no longer the last."""

    news: list[Any]
    trades: list[Wire]  # the last ones, newest first


class RequestBuilder:
    """Writes the requests of a claim. Remembers of the public tape what the next will need."""

    def __init__(self) -> None:
        self._epoch = 0
        self._ticks: dict[int, _PublicTick | None] = {}  # None where the row is damaged
        self._newest: tuple[int, MarketBriefing] | None = None
        self._places: tuple[int, dict[int, LeaderboardPlace]] | None = None
        self.symbols: frozenset[str] = frozenset()

    def requests(self, claim: UUID) -> list[PreparedRequest]:
        """Return a request for every endpoint of a claim, its newest briefing or a ping; an empty
        one where it could not be written, which is nobody else's trouble.
        """
        with one_instant():
            world = World.objects.get()
            endpoints = list(Endpoint.objects.filter(claim=claim).select_related("agent"))
            wanted = [e for e in endpoints if e.ping is None and e.agent.callback_url]
            found = self._read(world, wanted) if wanted else None
        pinged = [e for e in endpoints if e.ping is not None and e.agent.callback_url]
        requests = [_or_empty(world, e, partial(_ping, world, e)) for e in pinged]
        if found is None:
            return requests
        for endpoint in wanted:
            write = partial(self._written, found, endpoint)
            requests.append(_or_empty(world, endpoint, write))
        return requests

    def _written(self, found: _Found, endpoint: Endpoint) -> PreparedRequest:
        return _briefing(endpoint, self._market(), self._reader(found, endpoint))

    # Reading

    def _read(self, world: World, endpoints: list[Endpoint]) -> _Found:
        owners = [endpoint.agent for endpoint in endpoints]
        ids = [agent.id for agent in owners]
        positions = {e.agent_id: _position(world, e) for e in endpoints}
        self._read_public(world, min(position.tick for position in positions.values()))
        return _Found(
            world=world,
            positions=positions,
            portfolios=agents.selectors.portfolios(owners, world.tick),
            orders=agents.selectors.orders_not_final(ids),
            entries=_own_entries(world, positions),
            saved=_saved_alerts(ids),
            books=_order_books(endpoints),
            places=self._all_places(world),
            deadline=(timezone.now() + timedelta(seconds=EXCHANGE_SECONDS)).isoformat(),
            notice=notice.as_wire() if (notice := site_state.read()) else None,
        )

    def _reader(self, found: _Found, endpoint: Endpoint) -> BriefedAgent:
        world, agent = found.world, endpoint.agent
        position, entries = found.positions[agent.id], found.entries.get(agent.id, [])
        seq = entries[-1].seq if entries else max(0, position.seq)
        news, is_public_whole = self._news(position.tick, world.tick)
        is_lost = position.is_lost or not is_public_whole or _is_cut(position, entries)
        saved = [a.alert for a in found.saved.get(agent.id, []) if _is_new(a, position, entries)]
        books, places = found.books, found.places
        return BriefedAgent(
            agent_id=str(agent.public_id),
            portfolio=serializers.portfolio(agent, found.portfolios[agent.id]),
            pending=[_pending(order) for order in found.orders.get(agent.id, [])],
            events=[event for entry in entries for event in orjson.loads(entry.events)],
            news=news,
            place=places.get(agent.id, LeaderboardPlace(None, len(places), None, None)),
            range=SeqRange(world.epoch, position.tick, world.tick, max(0, position.seq), seq),
            deadline=found.deadline,
            has_gap=endpoint.briefed_tick >= 0 and is_lost,
            saved_alerts=saved,
            symbols=endpoint.symbols,
            wants_news=endpoint.wants_news,
            order_books={s: books[s] for s in _books_of(endpoint) if s in books},
            sent_actions=[SentAction(id, line) for id, line in endpoint.last_reply],
            last_latency_ms=endpoint.last_response_ms,
            notice=found.notice,
        )

    def _market(self) -> MarketBriefing:
        """Return what all briefings share, each value encoded: of the world's tick, or while its
        entry cannot be read, of the one before. Raises Damaged.
        """
        if self._newest is None:
            raise tape.Damaged("the last tick's public entry cannot be read")
        return self._newest[1]

    def _read_public(self, world: World, since: int) -> None:
        """Read what is missing of the public tape after a tick, as far as it is kept."""
        if world.epoch != self._epoch:
            self._epoch, self._newest, self._places = world.epoch, None, None
            self._ticks.clear()
        if self._newest is None:  # and should the last tick's be damaged, the one before serves
            since = min(since, world.tick - 2)
        since = max(since, world.tick - KEPT_TICKS)
        missing = [t for t in range(since + 1, world.tick + 1) if t not in self._ticks]
        if self._newest is None or self._newest[0] != world.tick:
            missing = missing or [world.tick]
        if not missing:
            return
        seq, upto, newest = missing[0] - 1, missing[-1], None
        while seq < upto:
            page = tape.read(
                epoch=world.epoch, stream=PUBLIC_STREAM, since=seq, limit=TAPE_PAGE, upto=upto
            )
            for entry in page:
                self._note(entry, whole=False)
                newest = newest if entry.is_damaged else entry
            if not page:
                break
            seq = page[-1].seq
        if newest and (newest.tick == world.tick or self._newest is None):
            self._note_newest(world, newest)
        for tick in [tick for tick in self._ticks if tick <= world.tick - KEPT_TICKS]:
            del self._ticks[tick]

    def _note(self, entry: tape.Entry, *, whole: bool) -> list[Event]:
        """Remember what is still of use of a public entry, and return its events, all or those."""
        if entry.is_damaged:
            self._ticks[entry.tick] = None
            return []
        told = _public_events(entry, whole=whole)
        articles = events_of(told, "news:breaking")
        trades = events_of(told, "trade:executed")[-engine.RECENT_TRADES :]
        self._ticks[entry.tick] = _PublicTick([_encoded(a) for a in articles], trades[::-1])
        return told

    def _note_newest(self, world: World, entry: tape.Entry) -> None:
        told = self._note(entry, whole=True)
        names = {
            symbol: CompanyName(name, sector, shares)
            for symbol, name, sector, shares in Company.objects.values_list(
                "symbol", "name", "sector", "shares_issued"
            )
        }
        self.symbols = frozenset(names)
        market = engine.market_briefing(
            told,
            timestamp=entry.claimed_at.isoformat(),
            names=names,
            trades=self._last_trades(entry.tick),
        )
        self._newest = world.tick, _with_encoded_parts(market)

    def _last_trades(self, tick: int) -> list[Wire]:
        """Return the last trades of the ticks that are known, newest first."""
        known = (self._ticks.get(number) for number in range(tick, tick - KEPT_TICKS, -1))
        trades = (trade for one in known if one for trade in one.trades)
        return list(itertools.islice(trades, engine.RECENT_TRADES))

    def _news(self, since: int, tick: int) -> tuple[list[Any], bool]:
        """Return the articles after a tick, and whether all of its ticks are known."""
        known = [self._ticks.get(number) for number in range(since + 1, tick + 1)]
        return [a for part in known if part for a in part.news], None not in known

    def _all_places(self, world: World) -> dict[int, LeaderboardPlace]:
        """Return every ranked agent's place by its account."""
        if self._places is None or self._places[0] != world.tick:
            ranked = agents.standings.ranked_equities()
            equities = [equity for _, equity in ranked]
            before, after = [None, *equities], [*equities[1:], None]
            self._places = (
                world.tick,
                {
                    id: LeaderboardPlace(
                        rank,
                        len(ranked),
                        None if ahead is None else (ahead - equity) / 100,
                        None if behind is None else (equity - behind) / 100,
                    )
                    for rank, ((id, equity), ahead, behind) in enumerate(
                        zip(ranked, before, after, strict=False), start=1
                    )
                },
            )
        return self._places[1]


class _Position(NamedTuple):
    """Up to where an endpoint has been briefed; `is_lost` when that was another history."""

    tick: int
    seq: int
    is_lost: bool = False


class _Found(NamedTuple):
    """What the record and the tape say of the endpoints of a claim, by account."""

    world: World
    positions: dict[int, _Position]
    portfolios: dict[int, agents.selectors.OwnPortfolio]
    orders: dict[int, list[agents.selectors.OwnOrder]]
    entries: dict[int, list[tape.Entry]]
    saved: dict[int, list[SavedAlert]]
    books: dict[str, Any]
    places: dict[int, LeaderboardPlace]
    deadline: str
    notice: dict[str, str | None] | None


def _position(world: World, endpoint: Endpoint) -> _Position:
    if endpoint.briefed_tick < 0:
        return _Position(world.tick - 1, 0)
    if endpoint.epoch != world.epoch:
        return _Position(world.tick - 1, -1, is_lost=True)
    return _Position(min(endpoint.briefed_tick, world.tick), endpoint.briefed_seq)


def _own_entries(world: World, positions: dict[int, _Position]) -> dict[int, list[tape.Entry]]:
    """Return what each agent was told after its position, oldest first. After another history that
    is what the last tick told it.
    """
    found: dict[int, list[tape.Entry]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT epoch, stream, seq, tick, claimed_at, events"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS position(account, since)"
            " JOIN market_tapeentry ON stream = account AND epoch = %s AND tick <= %s"
            " AND CASE WHEN since < 0 THEN tick = %s ELSE seq > since END"
            " ORDER BY stream, seq",
            [
                list(positions),
                [position.seq for position in positions.values()],
                world.epoch,
                world.tick,
                world.tick,
            ],
        )
        for row in cursor.fetchall():
            entry = tape.PackedEntry(*row).entry()
            found.setdefault(entry.stream, []).append(entry)
    return found


def _is_cut(position: _Position, entries: list[tape.Entry]) -> bool:
    """Say whether the tape has lost some of what followed a position."""
    if any(entry.is_damaged for entry in entries):
        return True
    return bool(entries) and position.seq >= 0 and entries[0].seq != position.seq + 1


def _saved_alerts(accounts: list[int]) -> dict[int, list[SavedAlert]]:
    rows = SavedAlert.objects.filter(endpoint_id__in=each_of(accounts)).order_by(
        "epoch", "seq", "place"
    )
    return {
        account: list(alerts)
        for account, alerts in itertools.groupby(
            sorted(rows, key=lambda row: row.endpoint_id), key=lambda row: row.endpoint_id
        )
    }


def _is_new(alert: SavedAlert, position: _Position, entries: list[tape.Entry]) -> bool:
    """Say whether an alert was not delivered, and its entry is on the tape no longer."""
    is_on_tape = bool(entries) and alert.seq >= entries[0].seq
    return alert.seq > position.seq and not is_on_tape


def _books_of(endpoint: Endpoint) -> list[str]:
    return endpoint.symbols[: engine.MOST_ORDER_BOOKS] if endpoint.wants_order_books else []


def _order_books(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Return the books that anybody wants, encoded."""
    wanted = {symbol for endpoint in endpoints for symbol in _books_of(endpoint)}
    if not wanted:
        return {}
    rows = Company.objects.filter(symbol__in=wanted).values_list("symbol", "bids", "asks")
    return {
        symbol: _encoded({"bids": _levels(bids), "asks": _levels(asks)})
        for symbol, bids, asks in rows
    }


def _levels(rows: list[list[int]]) -> list[list[float]]:
    shown = rows[: engine.ORDER_BOOK_LEVELS]
    return [[price / 100, quantity, orders] for price, quantity, orders in shown]


def _public_events(entry: tape.Entry, *, whole: bool) -> list[Event]:
    """Return a public entry's events; of an older one only those that are still of use."""
    if whole:
        return entry.read()
    wanted = (b'{"type":"news:breaking"', b'{"type":"trade:executed"')
    return [orjson.loads(line) for line in tape.lines(entry.events) if line.startswith(wanted)]


def _pending(order: agents.selectors.OwnOrder) -> Wire:
    line: Any = serializers.order_line(order)
    return {name: line[name] for name in _PENDING} | {"tickSubmitted": line["tickSubmitted"]}


# Writing


def _or_empty(
    world: World, endpoint: Endpoint, write: Callable[[], PreparedRequest]
) -> PreparedRequest:
    try:
        return write()
    except Exception:
        log.exception("no request could be written to %s", endpoint)
        kind = DeliveryKind.BRIEFING if endpoint.ping is None else DeliveryKind.PING
        range = SeqRange(endpoint.epoch, 0, endpoint.briefed_tick, 0, endpoint.briefed_seq)
        id, attempt = endpoint.ping or new_id(), endpoint.failures_in_row + 1
        return PreparedRequest(endpoint, id, kind, "", {}, b"", world.tick, attempt, range)


def _briefing(endpoint: Endpoint, market: MarketBriefing, reader: BriefedAgent) -> PreparedRequest:
    agent = endpoint.agent
    body = orjson.dumps(engine.briefing(market, reader))
    return _prepared(
        endpoint,
        new_id(),
        DeliveryKind.BRIEFING,
        body,
        tick=market.tick,
        timestamp=market.timestamp,
        range=reader.range,
        is_last=agent.status in LAST_STATUSES,
        unjudged=engine.unjudged(reader.sent_actions, reader.events),
    )


def _ping(world: World, endpoint: Endpoint) -> PreparedRequest:
    assert endpoint.ping is not None
    now = timezone.now()
    timestamp = now.isoformat()
    body = engine.ping(
        agent_id=str(endpoint.agent.public_id),
        tick=world.tick,
        timestamp=timestamp,
        deadline=(now + timedelta(seconds=EXCHANGE_SECONDS)).isoformat(),
    )
    return _prepared(
        endpoint,
        endpoint.ping,
        DeliveryKind.PING,
        orjson.dumps(body),
        tick=world.tick,
        timestamp=timestamp,
        range=SeqRange(endpoint.epoch, 0, endpoint.briefed_tick, 0, endpoint.briefed_seq),
    )


def _prepared(
    endpoint: Endpoint,
    id: UUID,
    kind: DeliveryKind,
    body: bytes,
    *,
    tick: int,
    timestamp: str,
    range: SeqRange,
    is_last: bool = False,
    unjudged: Sequence[SentAction] = (),
) -> PreparedRequest:
    agent, now, attempt = endpoint.agent, timezone.now(), endpoint.failures_in_row + 1
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",
        "X-WSS-Timestamp": timestamp,
        "X-WSS-Agent-ID": str(agent.public_id),
        "X-WSS-Tick": str(tick),
        "X-WSS-Attempt": str(attempt),
    } | signature_headers(
        body, id=str(id), timestamp=int(now.timestamp()), secrets=_secrets(endpoint, agent, now)
    )
    return PreparedRequest(
        endpoint,
        id,
        kind,
        agent.callback_url,
        headers,
        body,
        tick,
        attempt,
        range,
        is_last,
        unjudged,
    )


def _secrets(endpoint: Endpoint, agent: Agent, now: datetime) -> list[bytes]:
    encrypted = [agent.webhook_secret]
    until = endpoint.previous_secret_until
    if endpoint.previous_secret and until is not None and now < until:
        encrypted.append(endpoint.previous_secret)
    return [secret_bytes(decrypt(secret)) for secret in encrypted]


def _encoded(value: object) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(value))


def _with_encoded_parts(market: MarketBriefing) -> MarketBriefing:
    return dataclasses.replace(
        market,
        world=_encoded(market.world),
        indices=_encoded(market.indices),
        gainers=_encoded(market.gainers),
        losers=_encoded(market.losers),
        recent_trades=_encoded(market.recent_trades),
        lines={symbol: _encoded(line) for symbol, line in market.lines.items()},
    )
