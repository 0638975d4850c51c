"""The hub: where the ticks arrive in a web process, once each and in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Set as AbstractSet
from weakref import WeakKeyDictionary

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from agents.services import site_state
from market import tape
from market.common.redis_clients import subscribing_redis_client
from wallstreetsim.feed import channels, notices, selectors, socket_messages, stats
from wallstreetsim.feed.audience import Audience
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.books import PublishedBooks
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.frames import PublicEntry
from wallstreetsim.feed.messages import notice_frame
from wallstreetsim.feed.notices import ResearchNotice, TickNotice
from wallstreetsim.feed.recovery_cache import RecoveryCache
from wallstreetsim.feed.research_frames import ResearchEntry
from wallstreetsim.feed.resume_points import ResumePoints
from wallstreetsim.feed.server import Server
from wallstreetsim.feed.socket_lists import SocketLists
from wallstreetsim.feed.socket_messages import (
    Inbox,
    KeyRevoked,
    SessionEnded,
    SocketMessage,
    SocketReplaced,
)
from wallstreetsim.feed.threads import in_thread
from wallstreetsim.machine import gc_control

log = logging.getLogger(__name__)

QUIET_SECONDS = 1.5  # without a notice, and the record is asked
RECONNECT_SECONDS = 0.5
PARTING_SECONDS = 0.2  # for the last frames to leave
CLOSING_SECONDS = 2  # for clients to answer that they were closed, when all have been told
SETTLE_TICKS = 60  # at the latest
SETTLE_DEPARTED = 200  # sockets that have gone


class Hub:
    """Hears of each tick and tells the audience: every public entry once, and in order.

    A tick comes as a notice over Redis. When none comes, or one was missed before it, the hub reads
    the tape: Redis may be away, or a floor killed before it could publish. `latest` is the last
    entry told; who joins now hears the next.
    """

    def __init__(self, server: Server) -> None:
        self.audience = Audience()
        self.epoch = 0
        self.seq = 0
        self.research_seq = 0  # the last of the research desk's stream that was told
        self.latest: PublicEntry | None = None
        self.books = PublishedBooks({})
        self.symbols: frozenset[str] = frozenset()
        self.recovery_cache = RecoveryCache()
        self.resume_points = ResumePoints()
        self._notice = site_state.current_notice()  # as last told to all
        self.is_leaving = False  # who comes now is asked to come again
        self._has_begun = asyncio.Event()
        self._trouble = ""
        self._running = asyncio.create_task(self._run())
        self.socket_lists = SocketLists()
        self._reporting = asyncio.create_task(
            self.resume_points.report(self.audience.figures, self.audience.sockets)
        )
        self._reading = asyncio.create_task(self._read_messages())
        server.before_it_stops(self._part)

    @classmethod
    async def of_this_process(cls, server: Server) -> Hub:
        """Return the hub of this process's event loop, once it knows where the world stands."""
        loop = asyncio.get_running_loop()
        hub = _hubs.get(loop)
        if hub is None:
            hub = _hubs[loop] = cls(server)
        await hub._has_begun.wait()
        return hub

    def snapshot(self, channel: str) -> str | None:
        """Return the frame that shows how a public channel stands, if it is of that kind."""
        if self.latest is None:
            return None
        if book := channels.book_of(channel):
            return self.latest.frame_of("snapshot", channel, self.books.of(book))
        return self.latest.snapshot(channel)

    # Hearing

    async def _run(self) -> None:
        """Receive ticks for ever, through outages of Redis and PostgreSQL."""
        redis = subscribing_redis_client()
        while True:
            try:
                await self._catch_up()
                await self._listen(redis)
            except RedisError as error:
                self._note_trouble("Redis is away, so the feed reads the tape", error)
            except Exception as error:
                self._note_trouble("the feed stumbled", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, redis: Redis) -> None:
        """Hear notices until Redis goes away; look at the record first and after a quiet while."""
        async with redis.pubsub() as subscription:
            await subscription.subscribe(notices.channel())
            while True:
                message = await subscription.get_message(timeout=QUIET_SECONDS)
                if message is None or message["type"] != "message":
                    await self._catch_up()
                else:
                    with gc_control.collection_paused():
                        notice = notices.read(message["data"])
                        if isinstance(notice, ResearchNotice):
                            await self._hear_research(notice)
                        else:
                            await self._hear(notice)
                self._note_recovery()

    async def _read_messages(self) -> None:
        """Do for ever what the channel layer says of single sockets."""
        inbox, has_joined = Inbox(), False
        while True:
            try:
                if not has_joined:
                    await inbox.join()
                    has_joined = True
                await self._act_on(await inbox.next())
            except RedisError:  # away: the layer comes back by itself, once we have joined
                await asyncio.sleep(RECONNECT_SECONDS)
            except Exception:
                log.exception("a message to sockets was not understood")
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _act_on(self, message: SocketMessage) -> None:
        if isinstance(message, KeyRevoked):
            self.audience.close_agent(message.account, message.key)
        elif isinstance(message, SessionEnded):
            self.audience.close_revoked({message.session})
        elif isinstance(message, SocketReplaced):
            number = self.socket_lists.number_of(message.socket)
            if number is not None:
                self.audience.close_replaced(number)
        else:
            await in_thread(site_state.read)
            self._tell_notice()

    async def make_room(self, account: int, number: int) -> None:
        """Close the oldest sockets of an agent that has opened another, wherever they are, if it
        has more than it may: they may be dead. While Redis is away, the oldest of this process.
        """
        most = settings.FEED_SOCKETS_PER_AGENT
        replaced = await self.socket_lists.add(account, number, most=most)
        if replaced is None:
            self.audience.close_oldest(account, most=most)
        for name in replaced or ():
            try:
                await socket_messages.send(SocketReplaced(name))
            except (RedisError, TimeoutError) as error:
                log.warning("a socket is not replaced: %s", error)

    async def _hear(self, notice: TickNotice) -> None:
        entry = notice.entry
        if (entry.epoch, entry.seq) == (self.epoch, self.seq + 1):
            await self._tell(entry, told=set(notice.told))
        else:  # one was missed, or the world is another one, or we have read this on the tape
            await self._catch_up()

    async def _hear_research(self, notice: ResearchNotice) -> None:
        if notice.epoch != self.epoch:  # the tick's notice says so too
            return
        for entry in notice.entries:
            if entry.seq == self.research_seq + 1:
                self._tell_research(entry)
        if self.research_seq < notice.seq:  # one was missed
            await self._catch_up_research()

    async def _catch_up_research(self) -> None:
        """Tell what the research desk said and was not yet told."""
        while page := await in_thread(
            selectors.research_entries, epoch=self.epoch, since=self.research_seq
        ):
            for entry in page:
                if entry.is_damaged:
                    self._pass_over_research(entry.seq)
                else:
                    self._tell_research(ResearchEntry.of(entry))
                await asyncio.sleep(0)  # for the clients' writers

    def _tell_research(self, entry: ResearchEntry) -> None:
        """Tell one entry of the research desk's stream; each passes here once, in order."""
        self.research_seq = entry.seq
        self.audience.tell_research(entry)

    def _pass_over_research(self, seq: int) -> None:
        """Tell nothing of an entry that is damaged, in a way that shows."""
        self.research_seq = seq
        self.audience.views.pass_over(channels.RESEARCH_STREAM, seq)

    async def _catch_up(self) -> None:
        """Tell what was committed and not yet told, and close what was revoked meanwhile."""
        standing = await in_thread(selectors.standing)
        if standing and (standing.epoch != self.epoch or standing.tick < self.seq):
            await self._begin()
        while standing and self.seq < standing.tick:
            page = await in_thread(selectors.public_entries, epoch=self.epoch, since=self.seq)
            if not page:
                break
            if page[0].seq != self.seq + 1:  # we were away for longer than the tape is kept
                await self._begin()
                break
            for entry in page:
                await self._tell(PublicEntry.of(entry), is_damaged=entry.is_damaged)
                await asyncio.sleep(0)  # for the clients' writers
            stats.FILLED.inc(len(page))
        await self._catch_up_research()
        self._tell_notice()
        revoked = await in_thread(selectors.revoked, self.audience.credentials)
        self.audience.close_revoked(revoked)
        self._has_begun.set()

    async def _begin(self) -> None:
        """Take up a world that is new to this hub. Who listened to another must come again."""
        beginning = await in_thread(selectors.beginning)
        self.audience.close_all(Close.RESTART)
        self.epoch, self.seq = beginning.standing
        self.research_seq = beginning.research_seq
        self.symbols = beginning.symbols
        self.books = PublishedBooks(beginning.books)
        self.latest = PublicEntry.of(beginning.newest) if beginning.newest else None

    async def drain(self, *, seconds: float, most_gap: float) -> None:
        """Close the sockets one after the other, in so many seconds, or sooner where there are few;
        the others are told ticks meanwhile.
        """
        self.is_leaving = True
        await asyncio.wait([asyncio.create_task(self._has_begun.wait())], timeout=seconds)
        gap = min(most_gap, seconds / max(1, len(self.audience)))
        now = asyncio.get_running_loop().time
        next_at = now()
        for client in self.audience.clients():
            client.close(Close.RESTART)
            next_at += gap  # however long this one took
            await asyncio.sleep(max(0, next_at - now()))
        deadline = now() + CLOSING_SECONDS
        while len(self.audience) and now() < deadline:
            await asyncio.sleep(PARTING_SECONDS)

    async def _part(self) -> None:
        """Ask all clients to reconnect; note each agent's position."""
        self._running.cancel()
        self._reporting.cancel()
        self._reading.cancel()
        self.audience.close_all(Close.RESTART)
        await asyncio.sleep(PARTING_SECONDS)

    # Telling

    async def _tell(
        self,
        entry: PublicEntry,
        told: AbstractSet[int] | None = None,
        *,
        is_damaged: bool = False,
    ) -> None:
        """Tell one tick, and what it said to agents. All is read before any of it is told.

        `told` are the accounts to which it said something, if that is known. Of a damaged entry
        nothing is left to tell, so that its seq is missing; the books are read anew.
        """
        changed = await in_thread(selectors.standing_books) if is_damaged else entry.book_changes
        private: list[tape.Entry] = []
        asked: set[int] = set()
        while missing := self._listening(told) - asked:  # agents may come while we read
            private += await in_thread(
                selectors.agent_entries, epoch=entry.epoch, tick=entry.tick, accounts=missing
            )
            asked |= missing
        self.seq = entry.seq
        if is_damaged:
            self.audience.views.pass_over(channels.PUBLIC_STREAM, entry.seq)
            self.books = PublishedBooks(changed)
        else:
            self.latest = entry
        self.audience.tell(entry, private)
        self.books.apply(changed)  # nobody can ask for a book before
        self._tell_notice()
        self._tidy_up()

    def _tell_notice(self) -> None:
        """Tell everybody what operators have to say, once it is something else."""
        if (notice := site_state.current_notice()) != self._notice:
            self._notice = notice
            self.audience.tell_all(Batch(notice_frame(notice)))

    def _listening(self, told: AbstractSet[int] | None) -> AbstractSet[int]:
        accounts = self.audience.accounts
        return accounts if told is None else accounts & told

    def _tidy_up(self) -> None:
        """Take all that is here out of the collector's sight, which would walk over every socket
        in the midst of a tick; now and then look, between two ticks, what of it has gone.
        """
        if self.audience.departed >= SETTLE_DEPARTED or self.seq % SETTLE_TICKS == 0:
            self.audience.departed = 0
            gc_control.settle()
        else:
            gc_control.set_apart()

    # Failures, logged once

    def _note_trouble(self, what: str, error: Exception) -> None:
        if what != self._trouble:
            log.warning("%s: %s", what, error, exc_info=not isinstance(error, RedisError))
        self._trouble = what

    def _note_recovery(self) -> None:
        if self._trouble:
            log.info("the feed hears notices again, at tick %d", self.seq)
        self._trouble = ""


async def drain(*, seconds: float, most_gap: float) -> None:
    """Close the sockets of this process, if there is a hub, as it is said there."""
    hub = _hubs.get(asyncio.get_running_loop())
    if hub is not None:
        await hub.drain(seconds=seconds, most_gap=most_gap)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()
