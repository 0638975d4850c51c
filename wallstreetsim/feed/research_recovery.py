"""Telling a client what it missed of its view of the research desk, from the tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from market import tape
from wallstreetsim.feed import channels, selectors, stats
from wallstreetsim.feed.batches import Batch, Frame
from wallstreetsim.feed.client import Client
from wallstreetsim.feed.frames import PublicEntry
from wallstreetsim.feed.hub import Hub
from wallstreetsim.feed.research import messages
from wallstreetsim.feed.research.audience import Following
from wallstreetsim.feed.research.views import View
from wallstreetsim.feed.research_frames import ResearchEntry
from wallstreetsim.feed.threads import persistently


class ViewPosition(NamedTuple):
    """The last seqs of the streams that somebody has."""

    epoch: int
    research: int
    public: int


class Page(NamedTuple):
    """Some of what was missed, and where that leaves its reader."""

    frames: list[Frame]
    position: ViewPosition


class ViewRecovery:
    """One client's, from a position to where it joined its view: it was told all since live. What
    is told live meanwhile follows.
    """

    def __init__(
        self, hub: Hub, client: Client, view: View, position: ViewPosition, joined: ViewPosition
    ) -> None:
        self._hub = hub
        self._client = client
        self._view = view
        self._position = position
        self._joined = joined
        self._following = Following({})
        self._has_gap = False
        client.hold(hub.seq)

    async def run(self, reply: Callable[..., str]) -> None:
        """Tell it, between two messages that `reply` makes of a type and fields."""
        since = {"research": self._position.research, "public": self._position.public}
        self._position, self._has_gap = await persistently(self._begin)
        self._following.last = {
            channels.RESEARCH_STREAM: self._position.research,
            channels.PUBLIC_STREAM: self._position.public,
        }
        self._client.offer(
            Batch(reply("recovery_start", epoch=self._hub.epoch, since=since, gap=self._has_gap))
        )
        told = 0
        while not self._client.is_closed:
            async with self._hub.audience.views.turn:
                page = await persistently(self._next_page)
            if page is None:
                break
            self._position = page.position
            told += len(page.frames)
            if page.frames:
                await self._client.deliver(Batch(*page.frames))
        upto = {"research": self._joined.research, "public": self._joined.public}
        end = reply(
            "recovery_complete",
            epoch=self._hub.epoch,
            upto=upto,
            messages=told,
            gap=self._has_gap,
        )
        self._client.offer(Batch(end))
        stats.RECOVERIES.labels(str(self._has_gap).lower()).inc()
        await self._client.release(public=-1, agent=None)

    def _begin(self) -> tuple[ViewPosition, bool]:
        """Return from where on the tape can tell, and whether something before that is lost."""
        position, joined = self._position, self._joined
        if position.epoch != joined.epoch:
            return joined, True
        research, is_lost = selectors.kept_after(
            joined.epoch, tape.RESEARCH_STREAM, position.research
        )
        if self._view.symbol is None:
            return position._replace(research=research, public=joined.public), is_lost
        public, are_prices_lost = selectors.kept_after(
            joined.epoch, tape.PUBLIC_STREAM, position.public
        )
        return position._replace(research=research, public=public), is_lost or are_prices_lost

    def _next_page(self) -> Page | None:
        """Return the next of what was missed, None where there is no more."""
        position, joined = self._position, self._joined
        prices = [
            entry
            for entry in selectors.public_entries(
                epoch=joined.epoch, since=position.public, upto=joined.public
            )
            if position.public < joined.public
        ]
        upto = prices[-1].tick if prices else None
        found = [
            entry
            for entry in selectors.research_entries(
                epoch=joined.epoch, since=position.research, upto=upto
            )
            if entry.seq <= joined.research
        ]
        if not prices and not found:
            return None
        both = [*prices, *found]  # of a tick, prices come first
        entries = sorted(both, key=lambda entry: entry.tick)
        return Page(
            [frame for entry in entries for frame in self._frames(entry)],
            position._replace(
                research=found[-1].seq if found else position.research,
                public=prices[-1].seq if prices else position.public,
            ),
        )

    def _frames(self, entry: tape.Entry) -> list[Frame]:
        """Return the frames of what an entry says on the view; a damaged one is a gap, which the
        next message shows.
        """
        is_public = entry.stream == tape.PUBLIC_STREAM
        stream = channels.PUBLIC_STREAM if is_public else channels.RESEARCH_STREAM
        if entry.is_damaged:
            self._has_gap = True
            self._following.last[stream] = entry.seq
            return []
        if is_public:
            public = PublicEntry.of(entry)
            price = public.changed_price(self._view.symbol or "")
            found = [messages.market_data(price)] if price else []
            return self._following.frames(found, stream, public)
        research = ResearchEntry.of(entry)
        shown = [
            messages.message_of(item, research.timestamp)
            for item in research.items
            if self._view.shows(item)
        ]
        return self._following.frames(shown, stream, research)
