"""Telling a client what it missed, up to where it hears of the ticks live again."""

from __future__ import annotations

import asyncio

import orjson

from wallstreetsim.feed import selectors, stats
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.client import Client
from wallstreetsim.feed.frames import agent_snapshot
from wallstreetsim.feed.hub import Hub
from wallstreetsim.feed.recovery_cache import Lost, Reader
from wallstreetsim.feed.selectors import NO_GAP, AgentStanding, Gap, Position
from wallstreetsim.feed.threads import persistently

LAGGING_SECONDS = 0.05


class Recovery:
    """One client's, from a position to where it was when it asked; what is told live since then
    follows, so all comes in order.

    What a channel has told this client live already is left out.
    """

    def __init__(
        self, hub: Hub, client: Client, position: Position, reply_to: str | int | None = None
    ) -> None:
        self.hub = hub
        self.client = client
        self.position = position
        self.reply_to = reply_to
        self.told = 0
        self.has_gap = False
        self._upto = client.hold(hub.seq, hub.research_seq)
        self._upto_research = client.held_research
        self._joined: dict[str, int] = {}

    async def run(self) -> None:
        self._joined = dict(self.client.joined)
        gap = await self._find_gap()
        since = {"public": self.position.public, "agent": self.position.agent} | self._research
        self._say("recovery:start", epoch=self.hub.epoch, since=since, gap=self.has_gap)
        await self._jump(gap)
        while not self.client.is_closed and await self._tell_next_page():
            pass
        self._say(
            "recovery:complete",
            epoch=self.hub.epoch,
            public=self.position.public,
            agent=self.position.agent,
            **self._research,
            entries=self.told,
            gap=self.has_gap,
        )
        stats.RECOVERIES.labels(str(self.has_gap).lower()).inc()
        while self.hub.seq < self.position.public:  # it comes from a process that is ahead of us
            await asyncio.sleep(LAGGING_SECONDS)
        position = self.position
        await self.client.release(
            public=position.public, agent=position.agent, research=position.research
        )

    @property
    def _research(self) -> dict[str, int]:
        """Where it is on the research desk's stream, for who asks for that."""
        research = self.position.research
        return {} if research is None else {"research": research}

    async def _find_gap(self, known: Gap = NO_GAP) -> Gap:
        """Return of which streams something is lost, among them those that are known."""
        account = self.client.identity.account if self.client.identity else None
        gap = known.joined(await persistently(selectors.gap_after, self.position, account))
        self.has_gap = self.has_gap or any(gap)
        return gap

    async def _jump(self, gap: Gap) -> None:
        """Where something is lost, show how all stands now instead, and go on from there."""
        if gap.agent:
            standing = await self._agent_standing()
            self.position = self.position._replace(agent=standing.seq)
            self.client.shown = standing.tick
            channel = str(self.client.own_channel)
            self._offer(agent_snapshot(standing, channel, standing.data))
        if gap.research:  # there things only happen
            after = await persistently(selectors.research_after_gap, self.position, self.hub.epoch)
            self.position = self.position._replace(research=after)
        if gap.public:
            self.position = self.position._replace(epoch=self.hub.epoch, public=self.hub.seq)
            self.client.forget_public()
            shown = (self.hub.snapshot(name) for name in sorted(self.client.channels))
            self._offer(*filter(None, shown))

    async def _agent_standing(self) -> AgentStanding:
        assert self.client.identity is not None
        return await persistently(selectors.agent_standing, self.client.identity.account)

    async def _tell_next_page(self) -> bool:
        """Say whether there was more to tell."""
        identity = self.client.identity
        reader = Reader(
            frozenset(self._joined) & self.client.channels,
            identity.account if identity else None,
            identity.public_id if identity else "",
        )
        try:
            page = await self.hub.recovery_cache.page(
                self.position,
                reader,
                self._was_missed,
                upto=self._upto,
                upto_research=self._upto_research,
            )
        except Lost as lost:  # it reads too slowly, or a row is damaged
            await self._jump(await self._find_gap(lost.gap))
            return True
        if page is None:
            return False
        self.position = page.position
        self.told += page.entries
        if page.batch:
            await self.client.deliver(page.batch)
        return True

    def _was_missed(self, channel: str, seq: int) -> bool:
        return seq <= self._joined.get(channel, -1)

    def _say(self, type: str, **fields: object) -> None:
        frame: dict[str, object] = {"type": type, **fields}
        if self.reply_to is not None:
            frame["id"] = self.reply_to
        self._offer(orjson.dumps(frame).decode())

    def _offer(self, *frames: str) -> None:
        self.client.offer(Batch(*frames))
