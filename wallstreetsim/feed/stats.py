"""The feed's figures, of one web process."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from heapq import nlargest
from typing import TYPE_CHECKING, Protocol, TypedDict

from prometheus_client import REGISTRY, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from wallstreetsim.feed.codes import Close

if TYPE_CHECKING:
    from wallstreetsim.feed.batches import Batch

CLOSED = Counter("wss_feed_closed", "Sockets closed by us", ["reason"])
for code in Close:  # so that each is there before the first
    CLOSED.labels(code.name.lower())
FILLED = Counter("wss_feed_filled", "Public entries read from the tape for want of a notice")
RECOVERIES = Counter("wss_feed_recoveries", "Times that a client was told what it missed", ["gap"])

MOST_SOCKETS = 500  # that a process tells of one by one


class Sent(Collector):
    """What was written to clients, and what was not because they were closed first.

    Plain numbers, for they are counted once a client and tick.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self.dropped = 0

    def note(self, batch: Batch, size: int) -> None:
        self.frames += len(batch.frames)
        self.bytes += size

    def collect(self) -> Iterator[CounterMetricFamily]:
        yield CounterMetricFamily("wss_feed_frames", "Frames sent", self.frames)
        yield CounterMetricFamily("wss_feed_bytes", "Bytes of frames sent", self.bytes)
        yield CounterMetricFamily("wss_feed_dropped", "Frames owed and not sent", self.dropped)


class Subscriber(Protocol):
    """A socket, as these figures count it."""

    @property
    def identity(self) -> object | None: ...

    @property
    def channels(self) -> frozenset[str]: ...

    @property
    def view(self) -> str | None: ...

    @property
    def since(self) -> datetime: ...

    @property
    def messages(self) -> int: ...


class Listening(Collector):
    """How many sockets there are, and their subscriptions: counted on request, not every tick."""

    def __init__(self) -> None:
        self._clients: Collection[Subscriber] = ()

    def observe(self, clients: Collection[Subscriber]) -> None:
        """Count these from now on, as they come and go."""
        self._clients = clients

    def collect(self) -> Iterator[GaugeMetricFamily]:
        clients = list(self._clients)  # the event loop changes them, and we are in a thread
        agents = sum(client.identity is not None for client in clients)
        sockets = GaugeMetricFamily("wss_feed_sockets", "Open sockets", labels=["kind"])
        sockets.add_metric(["agent"], agents)
        sockets.add_metric(["anonymous"], len(clients) - agents)
        yield sockets
        subscriptions = GaugeMetricFamily(
            "wss_feed_subscriptions", "Subscriptions, by kind of channel", labels=["channel"]
        )
        for kind, count in _subscriptions(clients).items():
            subscriptions.add_metric([kind], count)
        yield subscriptions


class FeedStats(TypedDict):
    """The feed of one web process, or of several together."""

    processes: int
    connections: int
    authenticated: int
    subscriptions: dict[str, int]  # by kind of channel
    channels: dict[str, int]  # the sockets on each view of the research desk
    framesSent: int
    framesDropped: int
    bytesSent: int


def of_clients(clients: Collection[Subscriber]) -> FeedStats:
    """Return this process's figures."""
    return {
        "processes": 1,
        "connections": len(clients),
        "authenticated": sum(client.identity is not None for client in clients),
        "subscriptions": dict(_subscriptions(clients)),
        "channels": dict(Tally(client.view for client in clients if client.view)),
        "framesSent": sent.frames,
        "framesDropped": sent.dropped,
        "bytesSent": sent.bytes,
    }


class SocketStats(TypedDict):
    """One socket; its channel is a view of the research desk, or `feed` for /ws."""

    channel: str
    since: str
    messagesSent: int


def of_sockets(clients: Collection[Subscriber]) -> list[SocketStats]:
    """Return this process's sockets one by one, the newest first and so many at most."""
    newest = nlargest(MOST_SOCKETS, clients, key=lambda client: client.since)
    return [
        {
            "channel": client.view or "feed",
            "since": client.since.isoformat(),
            "messagesSent": client.messages,
        }
        for client in newest
    ]


def total(several: Iterable[FeedStats]) -> FeedStats:
    """Return the figures of several processes together."""
    sums: Tally[str] = Tally()
    subscriptions: Tally[str] = Tally()
    channels: Tally[str] = Tally()
    for one in several:
        subscriptions.update(one["subscriptions"])
        channels.update(one["channels"])
        sums.update({key: value for key, value in one.items() if isinstance(value, int)})
    return {
        "processes": sums["processes"],
        "connections": sums["connections"],
        "authenticated": sums["authenticated"],
        "subscriptions": dict(subscriptions),
        "channels": dict(channels),
        "framesSent": sums["framesSent"],
        "framesDropped": sums["framesDropped"],
        "bytesSent": sums["bytesSent"],
    }


def _subscriptions(clients: Collection[Subscriber]) -> Tally[str]:
    kinds: Tally[str] = Tally()
    for channels, count in Tally(client.channels for client in clients).items():
        for channel in channels:
            kinds[_kind(channel)] += count
    return kinds


def _kind(channel: str) -> str:
    kind, _, name = channel.partition(":")
    return channel if name in ("", "all") else kind


sent, listening = Sent(), Listening()
for collector in (sent, listening):
    REGISTRY.register(collector)
