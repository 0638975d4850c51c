"""Entries of the tape as the frames that clients receive, each made once however many do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Protocol

import orjson

from market import tape
from market.tape import Event
from market.wire import Wire
from wallstreetsim.feed import books, channels, trades
from wallstreetsim.feed.batches import Batch, Frame
from wallstreetsim.floor.book_changes import Changes, changes_in

BOOKS = "books"  # on the tape, all changes of a tick are one event
# What tells how things stand, not what happened: a newcomer is shown the latest of these.
STANDING_TYPES = {"tick:update", "price:update", "leaderboard:update"}
PARTIAL_TYPES = {"portfolio:update", "book:update"}  # wherever they come
PRICES = "price:update"


class Place(Protocol):
    """Where something stands on a stream."""

    @property
    def seq(self) -> int: ...
    @property
    def tick(self) -> int: ...
    @property
    def claimed_at(self) -> datetime: ...


class PublicEntry:
    """What one tick said in public. A channel's frames are made when first asked for."""

    def __init__(
        self, *, epoch: int, seq: int, tick: int, timestamp: str, events: list[Event]
    ) -> None:
        self.epoch = epoch
        self.seq = seq
        self.tick = tick
        self.timestamp = timestamp
        self._events: dict[str, list[Event]] = defaultdict(list)
        for event in trades.abridge(events):
            self._events[event["channel"]].append(event)
        self._places = {channel: place for place, channel in enumerate(self._events)}
        self._frames: dict[str, list[Frame]] = {}
        self._snapshots: dict[str, str | None] = {}
        self._batches: dict[frozenset[str], Batch] = {}

    @classmethod
    def of(cls, entry: tape.Entry) -> PublicEntry:
        return cls(
            epoch=entry.epoch,
            seq=entry.seq,
            tick=entry.tick,
            timestamp=entry.claimed_at.isoformat(),
            events=entry.read(),
        )

    def batch(self, listened_to: frozenset[str]) -> Batch:
        """Return the frames of these channels: in the order of the entry, then by symbol, and that
        of the tick itself last. Who has it has all.
        """
        if listened_to not in self._batches:
            frames = (f for channel in self._ordered(listened_to) for f in self.frames(channel))
            self._batches[listened_to] = Batch(*frames, public=self.seq)
        return self._batches[listened_to]

    def missed(self, listened_to: frozenset[str], *, is_first: bool = False) -> bytes | None:
        """Return the entry, as far as it is of these channels, as whoever missed it is told of it:
        what changed, or if it is the first that somebody is told, how all stands.

        None when it says nothing on them.
        """
        events = [
            _shown(channel, event)
            for channel in self._ordered(listened_to)
            for event in (
                self._standing_in(channel)
                if is_first and channel == channels.MARKET_ALL
                else self._events_of(channel)
            )
        ]
        if not events:
            return None
        return _missed(channels.PUBLIC_STREAM, self.seq, self.tick, self.timestamp, events)

    def _ordered(self, names: frozenset[str]) -> list[str]:
        last = len(self._places)
        return sorted(
            names,
            key=lambda name: (name == channels.TICK, self._places.get(name, last), name),
        )

    def frames(self, channel: str) -> list[Frame]:
        if channel not in self._frames:
            events = self._events_of(channel)
            self._frames[channel] = [Frame(self._frame(e["type"], channel, e)) for e in events]
        return self._frames[channel]

    def snapshot(self, channel: str) -> str | None:
        """Return the frame that shows how a channel stands; None where things only happen."""
        if channel not in self._snapshots:
            standing = (e for e in self._standing_in(channel) if e["type"] in STANDING_TYPES)
            frames = (self._frame("snapshot", channel, event) for event in standing)
            self._snapshots[channel] = next(frames, None)
        return self._snapshots[channel]

    @property
    def book_changes(self) -> Changes:
        """The changes of the books, by symbol."""
        return self._books

    def _standing_in(self, channel: str) -> Iterable[Event]:
        """Return what the entry says of how a channel stands, changed or not."""
        symbol = channels.symbol_of(channel)
        if symbol is None:
            return self._events.get(channel, ())
        price = self._prices.get(symbol)
        return [{"type": PRICES, "data": price}] if price else ()

    def _events_of(self, channel: str) -> Iterator[Event]:
        """Yield what happened or changed on a channel."""
        if book := channels.book_of(channel):
            if book in self._books:
                data = books.shown(book, self._books[book])
                yield {"type": "book:update", "partial": True, "data": data}
            return
        if channel == channels.MARKET_ALL:
            yield from self._changed_prices()
            return
        symbol = channels.symbol_of(channel)
        if symbol is None:
            yield from self._events.get(channel, ())
            return
        if price := self.changed_price(symbol):
            yield {"type": PRICES, "data": price}
        if symbol in self._trade_totals:
            totals = {symbol: self._trade_totals[symbol]}
            yield {"type": trades.TYPE, "data": self._trades[symbol], "totals": totals}

    def _changed_prices(self) -> Iterator[Event]:
        for event in self._events.get(channels.MARKET_ALL, ()):
            prices = [p for p in event["data"]["prices"] if p["symbol"] in self._changed]
            if prices:
                yield event | {"partial": True, "data": event["data"] | {"prices": prices}}

    @cached_property
    def _changed(self) -> Container[str]:
        """The companies that are other than before; of tapes of before, all."""
        told = self._events.get(channels.MARKET_ALL)
        changed = told[0].get("changed") if told else None
        return self._prices.keys() if changed is None else frozenset(changed)

    def changed_price(self, symbol: str) -> Wire | None:
        """Return a company's price update, None if nothing of it changed."""
        return self._prices.get(symbol) if symbol in self._changed else None

    def frame_of(self, type: str, channel: str, data: object) -> str:
        """Return a frame that stands where this entry stands."""
        return self._frame(type, channel, {"data": data})

    def _frame(self, type: str, channel: str, event: Event) -> str:
        frame = {
            "type": type,
            "channel": channel,
            "stream": channels.PUBLIC_STREAM,
            "seq": self.seq,
            "tick": self.tick,
            "timestamp": self.timestamp,
            **_partial(event if type != "snapshot" else {}),
            "data": event["data"],
        }
        if "totals" in event:
            frame["totals"] = trades.sum_of(event["totals"])
        return orjson.dumps(frame).decode()

    @cached_property
    def _books(self) -> Changes:
        told = self._events.get(BOOKS)
        return changes_in(told[0]["data"]) if told else {}

    @cached_property
    def _prices(self) -> dict[str, Wire]:
        told = self._events.get(channels.MARKET_ALL)
        return {price["symbol"]: price for price in told[0]["data"]["prices"]} if told else {}

    @cached_property
    def _trades(self) -> dict[str, list[Wire]]:
        by_symbol: dict[str, list[Wire]] = defaultdict(list)
        for event in self._events.get(channels.TRADES, ()):
            for trade in event["data"]:
                by_symbol[trade["symbol"]].append(trade)
        return by_symbol

    @property
    def _trade_totals(self) -> trades.Totals:
        told = self._events.get(channels.TRADES)
        return told[0]["totals"] if told else {}


def agent_batch(entry: tape.Entry, public_id: str) -> Batch:
    """Return the frames of what a tick said to one agent."""
    channel = channels.of_agent(public_id)
    return Batch(
        *(agent_frame(entry, channel, event["type"], event) for event in entry.read()),
        private=entry.tick,
        agent=entry.seq,
    )


def agent_snapshot(place: Place, channel: str, data: object) -> str:
    """Return the frame that shows how an agent stands."""
    return agent_frame(place, channel, "snapshot", {"data": data})


def agent_frame(place: Place, channel: str, type: str, event: Event) -> str:
    """Return a frame on an agent's channel that stands where an entry stands."""
    frame = {
        "type": type,
        "channel": channel,
        "stream": channel,
        "seq": place.seq,
        "tick": place.tick,
        "timestamp": place.claimed_at.isoformat(),
        **_partial(event | {"type": type}),
        "data": event["data"],
    }
    return orjson.dumps(frame).decode()


def agent_missed(entry: tape.Entry, public_id: str) -> bytes:
    """Return what a tick said to one agent as it is told of it when it missed it."""
    channel = channels.of_agent(public_id)
    events = [_shown(channel, event) for event in entry.read()]
    at = entry.claimed_at.isoformat()
    return _missed(channel, entry.seq, entry.tick, at, events)


def _partial(event: Event) -> Event:
    """Return the mark of an event that holds only what changed."""
    is_partial = event.get("partial") or event.get("type") in PARTIAL_TYPES
    return {"partial": True} if is_partial else {}


def _missed(stream: str, seq: int, tick: int, timestamp: str, events: list[Event]) -> bytes:
    return orjson.dumps(
        {"stream": stream, "seq": seq, "tick": tick, "timestamp": timestamp, "events": events}
    )


def _shown(channel: str, event: Event) -> Event:
    """Return an event of the tape as a frame of this channel would show it."""
    shown = {
        "type": event["type"],
        "channel": channel,
        **_partial(event),
        "data": event["data"],
    }
    if "totals" in event:
        shown["totals"] = trades.sum_of(event["totals"])
    return shown
