"""The feed's figures, of one web process."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from wallstreetsim.feed.client import Client

SOCKETS = Gauge("wss_feed_sockets", "Open sockets", ["kind"])
SUBSCRIPTIONS = Gauge("wss_feed_subscriptions", "Subscriptions, by kind of channel", ["channel"])
FRAMES = Counter("wss_feed_frames", "Frames of the tape queued for clients")
CLOSED = Counter("wss_feed_closed", "Sockets closed by us", ["reason"])
FILLED = Counter("wss_feed_filled", "Public entries read from the tape for want of a notice")


def observe(clients: Collection[Client]) -> None:
    """Count who listens, and to what."""
    agents = sum(client.identity is not None for client in clients)
    SOCKETS.labels("agent").set(agents)
    SOCKETS.labels("anonymous").set(len(clients) - agents)
    SUBSCRIPTIONS.clear()
    for kind, count in _subscriptions(clients).items():
        SUBSCRIPTIONS.labels(kind).set(count)


def _subscriptions(clients: Collection[Client]) -> Tally[str]:
    kinds: Tally[str] = Tally()
    for channels, count in Tally(client.channels for client in clients).items():
        for channel in channels:
            kinds[_kind(channel)] += count
    return kinds


def _kind(channel: str) -> str:
    kind, _, name = channel.partition(":")
    return channel if name in ("", "all") else kind
