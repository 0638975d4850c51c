"""The sockets that are open on views of the research desk, in one web process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from market.wire import Wire
from wallstreetsim.feed import channels
from wallstreetsim.feed.batches import Batch, Frame
from wallstreetsim.feed.client import Client
from wallstreetsim.feed.research import messages
from wallstreetsim.feed.research.messages import Message, Place
from wallstreetsim.feed.research.views import Item, View


class Standing(Protocol):
    """An entry of a stream."""

    @property
    def seq(self) -> int: ...
    @property
    def tick(self) -> int: ...
    @property
    def timestamp(self) -> str: ...


class PublicPrices(Standing, Protocol):
    """What a public entry says of prices."""

    def changed_price(self, symbol: str) -> Wire | None:
        """Return a company's price update, None if nothing of it changed."""


class ResearchItems(Standing, Protocol):
    """An entry of the research desk."""

    @property
    def items(self) -> Sequence[Item]: ...


class Following:
    """One view's clients, and the seq of each stream after which nothing of it has been sent."""

    def __init__(self, last: dict[str, int]) -> None:
        self.clients: set[Client] = set()
        self.last = last

    def frames(self, found: Iterable[Message], stream: str, entry: Standing) -> list[Frame]:
        """Return the frames of an entry's messages, each of which names the one before it."""
        frames = []
        for message in found:
            prev = self.last[stream]
            place = Place(stream, entry.seq, entry.tick, prev, entry.timestamp)
            frames.append(messages.placed(message, place))
            self.last[stream] = entry.seq
        return frames


class ViewAudience:
    """Tells each view's clients what belongs to it: a message is encoded once, for all of them."""

    def __init__(self) -> None:
        self._following: dict[View, Following] = {}
        self.turn = asyncio.Lock()  # of those who are told what they missed

    def join(self, view: View, client: Client, last: dict[str, int]) -> Following:
        """Let a client follow a view from now on; `last` is where the streams stand."""
        following = self._following.get(view)
        if following is None:
            following = self._following[view] = Following(dict(last))
        following.clients.add(client)
        client.view = view.channel
        return following

    def leave(self, client: Client) -> None:
        """Forget a client. A view that nobody follows is forgotten with it."""
        for view, following in list(self._following.items()):
            following.clients.discard(client)
            if not following.clients:
                del self._following[view]

    def forget(self) -> None:
        """Forget all views: the streams that they followed are over."""
        self._following.clear()

    def pass_over(self, stream: str, seq: int) -> None:
        """Let the next message of every view name an entry that cannot be told, as the one before
        it: whoever has not had it sees that something may be missing.
        """
        for view, following in self._following.items():
            if stream in following.last and (view.symbol or stream == channels.RESEARCH_STREAM):
                following.last[stream] = seq

    def tell_prices(self, entry: PublicPrices) -> None:
        """Tell the followers of a company that its price update changed."""
        for view, following in self._following.items():
            if view.symbol is None:
                continue
            price = entry.changed_price(view.symbol)
            if price is not None:
                found = [messages.market_data(price)]
                _tell(following, following.frames(found, channels.PUBLIC_STREAM, entry))

    def tell_research(self, entry: ResearchItems) -> None:
        """Tell the followers of each view what of an entry belongs to it."""
        for view, following in self._following.items():
            found = [
                messages.message_of(item, entry.timestamp)
                for item in entry.items
                if view.shows(item)
            ]
            if found:
                _tell(following, following.frames(found, channels.RESEARCH_STREAM, entry))


def _tell(following: Following, frames: list[Frame]) -> None:
    batch = Batch(*frames)
    for client in following.clients:
        client.tell(batch)
