"""All clients of one web process."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from uuid import UUID

from django.conf import settings

from market import tape
from wallstreetsim.feed import stats
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.client import Client, Identity
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.frames import PublicEntry, agent_batch
from wallstreetsim.feed.research.audience import ViewAudience
from wallstreetsim.feed.research_frames import ResearchEntry

MOST_CLOSING = 4  # times the sockets that an agent may have: those being closed among them


class Audience:
    """The open sockets: anonymous ones counted by address, the others by agent."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._by_account: dict[int, dict[Client, None]] = defaultdict(dict)  # the oldest first
        self._anonymous: Counter[str] = Counter()
        self.views = ViewAudience()  # those of them that follow the research desk
        self.departed = 0
        stats.listening.observe(self._clients)

    def __len__(self) -> int:
        return len(self._clients)

    def clients(self) -> list[Client]:
        """Return the clients that are here now."""
        return list(self._clients)

    @property
    def accounts(self) -> AbstractSet[int]:
        """The accounts of the agents that are connected here."""
        return self._by_account.keys()

    @property
    def credentials(self) -> set[UUID]:
        """The keys with which they authenticated, and the sessions that got their tickets."""
        identities = (client.identity for client in self._clients)
        return {id for identity in identities if identity for id in identity.credentials}

    def admit(self, client: Client) -> bool:
        """Admit an anonymous client; return False when its address has too many."""
        if self._anonymous[client.address] >= settings.FEED_SOCKETS_PER_ADDRESS:
            return False
        self._anonymous[client.address] += 1
        self._clients.add(client)
        return True

    def is_here(self, account: int) -> bool:
        """Say whether an agent is connected here, on any socket."""
        return account in self._by_account

    def identify(self, client: Client, identity: Identity, seq: int) -> bool:
        """Make an anonymous client an agent's, which hears its own channel from after this public
        seq; False when too many of its sockets have been closed here, and not by the other end yet.
        """
        theirs = self._by_account[identity.account]
        if len(theirs) >= MOST_CLOSING * settings.FEED_SOCKETS_PER_AGENT:
            return False
        self._forget_anonymous(client)
        theirs[client] = None
        client.become(identity, seq)
        return True

    def dismiss(self, client: Client) -> None:
        """Forget a client, whether or not it was admitted."""
        if client not in self._clients:
            return
        self._clients.remove(client)
        self.departed += 1
        if client.view is not None:
            self.views.leave(client)
        if client.identity is None:
            self._forget_anonymous(client)
            return
        theirs = self._by_account[client.identity.account]
        theirs.pop(client, None)
        if not theirs:
            del self._by_account[client.identity.account]

    def tell(self, public: PublicEntry, private: Iterable[tape.Entry]) -> None:
        """Send one tick: its public entry to everyone, and to each agent its own."""
        for client in self._clients:
            if client.view is None:
                client.tell(public.batch(client.channels))
        self.views.tell_prices(public)
        for entry in private:
            if theirs := self._by_account.get(entry.stream):
                self._tell_agent(entry, theirs)

    def tell_research(self, entry: ResearchEntry) -> None:
        """Send what the research desk said to those who listen to its channels or follow a view."""
        for client in self._clients:
            if batch := entry.batch(client.channels):
                client.tell(batch)
        self.views.tell_research(entry)

    def tell_all(self, batch: Batch) -> None:
        """Send everyone at /ws something that is on no stream."""
        for client in self._clients:
            if client.view is None:
                client.offer(batch)

    def figures(self) -> stats.FeedStats:
        """Return this process's figures."""
        return stats.of_clients(self._clients)

    def sockets(self) -> list[stats.SocketStats]:
        """Return this process's sockets one by one."""
        return stats.of_sockets(self._clients)

    def close_revoked(self, ids: Collection[UUID]) -> None:
        """Close the sockets that these keys and sessions opened."""
        ended = frozenset(ids)
        self._close(lambda identity: not ended.isdisjoint(identity.credentials))

    def close_agent(self, account: int, key: UUID | None) -> None:
        """Close an agent's sockets: all, or what this key may have opened, if only by a ticket."""
        suspect = (key, None) if key else None
        self._close(
            lambda identity: (
                identity.account == account and (suspect is None or identity.key in suspect)
            )
        )

    def close_oldest(self, account: int, *, most: int) -> None:
        """Close the oldest sockets that an agent has here beyond `most`."""
        listening = [one for one in self._by_account.get(account, {}) if not one.is_closed]
        for oldest in listening[: max(0, len(listening) - most)]:
            oldest.close(Close.REPLACED)

    def close_replaced(self, number: int) -> None:
        """Close the socket of this number, if it is still here."""
        for client in self._clients:
            if client.number == number:
                client.close(Close.REPLACED)

    def close_all(self, code: Close) -> None:
        self.views.forget()
        for client in self._clients:
            client.close(code)

    def _close(self, is_meant: Callable[[Identity], bool]) -> None:
        for client in self._clients:
            if client.identity and is_meant(client.identity):
                client.close(Close.UNAUTHORIZED)

    def _tell_agent(self, entry: tape.Entry, clients: Collection[Client]) -> None:
        (public_id,) = {client.agent_id for client in clients}
        assert public_id is not None
        batch = agent_batch(entry, public_id)
        for client in clients:
            if entry.tick > client.shown:
                client.tell(batch)

    def _forget_anonymous(self, client: Client) -> None:
        self._anonymous[client.address] -= 1
        if not self._anonymous[client.address]:
            del self._anonymous[client.address]
