"""Entries of the stream `research` as the frames of /ws, each made once however many receive it."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from market import tape
from market.tape import Event
from news.research import events
from wallstreetsim.feed import channels
from wallstreetsim.feed.batches import Batch, Frame

# What a channel shows of an entry, by type; `signals` shows alerts, too, that lean to a side.
_ON_SIGNALS = {events.SIGNAL, events.CLOSED}


class ResearchEntry:
    """What the research desk said of one tick. A channel's frames are made when first asked for."""

    def __init__(
        self, *, epoch: int, seq: int, tick: int, timestamp: str, events: list[Event]
    ) -> None:
        self.epoch = epoch
        self.seq = seq
        self.tick = tick
        self.timestamp = timestamp
        self.events = events
        self._frames: dict[str, list[Frame]] = {}
        self._batches: dict[frozenset[str], Batch] = {}

    @classmethod
    def of(cls, entry: tape.Entry) -> ResearchEntry:
        return cls(
            epoch=entry.epoch,
            seq=entry.seq,
            tick=entry.tick,
            timestamp=entry.claimed_at.isoformat(),
            events=entry.read(),
        )

    @property
    def items(self) -> list[tuple[str, Event]]:
        """Each thing that was said, as (type, item), in the order of the entry."""
        return [(event["type"], item) for event in self.events for item in event["data"]]

    def batch(self, listened_to: frozenset[str]) -> Batch:
        """Return the frames of these channels, in the order of their names."""
        names = frozenset(name for name in listened_to if channels.is_research(name))
        if names not in self._batches:
            frames = (frame for name in sorted(names) for frame in self.frames(name))
            self._batches[names] = Batch(*frames, research=self.seq)
        return self._batches[names]

    def missed(self, listened_to: frozenset[str]) -> bytes | None:
        """Return the entry, as far as it is of these channels, as whoever missed it is told of it;
        None when it says nothing on them.
        """
        shown = [
            {"type": event["type"], "channel": name, "data": event["data"]}
            for name in sorted(filter(channels.is_research, listened_to))
            for event in self._events_on(name)
        ]
        if not shown:
            return None
        return orjson.dumps(
            {
                "stream": channels.RESEARCH_STREAM,
                "seq": self.seq,
                "tick": self.tick,
                "timestamp": self.timestamp,
                "events": shown,
            }
        )

    def frames(self, channel: str) -> list[Frame]:
        if channel not in self._frames:
            self._frames[channel] = [
                Frame(self._frame(channel, event)) for event in self._events_on(channel)
            ]
        return self._frames[channel]

    def _events_on(self, channel: str) -> Iterator[Event]:
        """Yield the entry's events as far as they are a channel's."""
        for event in self.events:
            if channel == channels.RESEARCH:
                yield event
            elif items := [item for item in event["data"] if is_on(channel, event["type"], item)]:
                yield event | {"data": items}

    def _frame(self, channel: str, event: Event) -> str:
        return orjson.dumps(
            {
                "type": event["type"],
                "channel": channel,
                "stream": channels.RESEARCH_STREAM,
                "seq": self.seq,
                "tick": self.tick,
                "timestamp": self.timestamp,
                "data": event["data"],
            }
        ).decode()


def is_on(channel: str, type: str, item: Event) -> bool:
    """Say whether an item of this type is shown on a channel of the desk, other than `research`,
    which shows all.
    """
    if channel == channels.SIGNALS:
        return type in _ON_SIGNALS or (type == events.ALERT and item["side"] is not None)
    if channel == channels.NARRATIVE:
        return type == events.NARRATIVE
    return type == events.INSIGHT and channel == channels.of_analyst(item["analyst"])
