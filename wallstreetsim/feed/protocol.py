"""The protocol: what a client may say on its socket, and what it is answered."""

from __future__ import annotations

import asyncio

import orjson
from django.utils import timezone

from agents.services import keys, site_state
from wallstreetsim.feed import channels, selectors
from wallstreetsim.feed.client import Client, Identity
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.conversation import Conversation, Handler
from wallstreetsim.feed.frames import agent_snapshot
from wallstreetsim.feed.hub import Hub
from wallstreetsim.feed.messages import Malformed, Message, notice_frame
from wallstreetsim.feed.recovery import Recovery
from wallstreetsim.feed.selectors import Position
from wallstreetsim.feed.threads import in_thread

MOST_FAILURES = 3  # to authenticate
GRACE_SECONDS = 0.5  # in which an agent that comes back may subscribe, or resume by itself
STAYING = frozenset({channels.TICK})  # where a client sees that it missed something


class FeedConversation(Conversation):
    """One client's talk at /ws."""

    def __init__(self, hub: Hub, client: Client) -> None:
        super().__init__(hub, client)
        self.failures = 0

    @property
    def handlers(self) -> dict[str, Handler]:
        return {
            "authenticate": self._authenticate,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "resume": self._resume,
            "ping": self._ping,
        }

    def greet(self) -> None:
        hub = self.hub
        self.client.join([channels.TICK], hub.seq)
        self.say(_frame("connected", channels=channels.PUBLIC, epoch=hub.epoch, tick=hub.seq))
        if notice := site_state.current_notice():
            self.say(notice_frame(notice))

    # What a client may say

    async def _authenticate(self, message: Message) -> None:
        message.allow_only("apiKey", "token")
        if self.client.identity:
            self._refuse(message, f"This socket is {self.client.identity.name}'s already.")
            return
        identity = await self._identity(message)
        if identity is None:
            self._refuse_credential(message)
            return
        is_back = not self.hub.audience.is_here(identity.account)
        if not self.hub.audience.identify(self.client, identity, self.hub.seq):
            self.client.close(Close.TOO_MANY_SOCKETS)
        elif await in_thread(selectors.revoked, identity.credentials):
            self.client.close(Close.UNAUTHORIZED)  # revoked between the question and now
        else:
            await self.hub.make_room(identity.account, self.client.number)
            welcome = {"success": True, "agentId": identity.public_id, "agentName": identity.name}
            self.say(_frame("authenticated", message, **welcome))
            if is_back:
                await self._welcome_back(identity.account)

    async def _welcome_back(self, account: int) -> None:
        """Tell an agent that was here lately what it missed."""
        left = await self.hub.resume_points.take(account)
        if left is not None:
            agent = await in_thread(
                selectors.agent_seq_at, epoch=left.epoch, account=account, tick=left.private_tick
            )
            self._recover(Position(left.epoch, left.public, agent), grace=GRACE_SECONDS)

    async def _subscribe(self, message: Message) -> None:
        """Grant what may be granted, give reasons for the rest, and show how the granted stand."""
        message.allow_only("channels")
        wanted = message.channels()
        rejected = {name: why for name in wanted if (why := self._refusal(name))}
        granted = [name for name in wanted if name not in rejected]
        reply = _frame(
            "subscribed",
            message,
            success=not rejected,
            subscribed=granted,
            rejected=[{"channel": name, "reason": why} for name, why in rejected.items()],
        )
        of_research = set(filter(channels.is_research, granted))
        self.client.join(of_research, self.hub.research_seq)
        self.client.join(set(granted) - of_research, self.hub.seq)
        self.say(reply, *filter(None, map(self.hub.snapshot, granted)))
        if self.client.own_channel in granted:
            await self._show_agent(self.client.own_channel)

    async def _show_agent(self, channel: str) -> None:
        """Show how the agent stands now: after the last tick told, or one that is about to be."""
        assert self.client.identity is not None
        while True:
            standing = await in_thread(selectors.agent_standing, self.client.identity.account)
            if standing.tick >= self.hub.seq:
                break
        self.client.shown = standing.tick
        self.say(agent_snapshot(standing, channel, standing.data))

    async def _unsubscribe(self, message: Message) -> None:
        message.allow_only("channels")
        mine = {channels.of_agent(self.client.agent_id)} if self.client.agent_id else set()
        left = self.client.channels & set(message.channels()) - STAYING - mine
        self.client.leave(left)
        self.say(_frame("unsubscribed", message, channels=sorted(left)))

    async def _resume(self, message: Message) -> None:
        """Tell what was missed since; this replaces whatever is being told of the kind."""
        message.allow_only("epoch", "since")
        since = message.whole_numbers("since", "public", "agent", "research")
        if "public" not in since:
            raise Malformed("`since` must name the last `public` seq.")
        if "agent" in since and self.client.identity is None:
            raise Malformed("`since.agent` is an agent's: authenticate first.")
        position = Position(
            message.whole_number("epoch"),
            since["public"],
            since.get("agent"),
            since.get("research"),
        )
        self._recover(position, reply_to=message.id)

    def _recover(
        self, position: Position, *, grace: float = 0.0, reply_to: str | int | None = None
    ) -> None:
        recovery = Recovery(self.hub, self.client, position, reply_to)

        async def tell() -> None:
            await asyncio.sleep(grace)
            await recovery.run()

        self.recover(tell)

    async def _ping(self, message: Message) -> None:
        message.allow_only()
        now = timezone.now().isoformat()
        self.say(_frame("pong", message, serverTime=now, tick=self.hub.seq))

    # Answers

    async def _identity(self, message: Message) -> Identity | None:
        if ("apiKey" in message.fields) == ("token" in message.fields):
            raise Malformed(
                "Send either an `apiKey` or a `token`: the ticket of POST /auth/session."
            )
        if "apiKey" in message.fields:
            return await in_thread(selectors.owner_of_key, message.text("apiKey"))
        return await in_thread(selectors.owner_of_ticket, message.text("token"))

    def _refuse_credential(self, message: Message) -> None:
        self.failures += 1
        if self.failures < MOST_FAILURES:
            self._refuse(message, _credential_fault(message))
        else:
            last = _frame(
                "authenticated", message, success=False, error="That was the last attempt."
            )
            self.client.close(Close.UNAUTHORIZED, last)

    def _refuse(self, message: Message, error: str) -> None:
        self.say(_frame("authenticated", message, success=False, error=error))

    def _refusal(self, channel: str) -> str | None:
        return channels.refusal(channel, symbols=self.hub.symbols, agent=self.client.agent_id)

    def complain(self, about: Message | str | int | None, code: str, complaint: str) -> None:
        """Say what is wrong with a message, or with one of which no more than its id was read."""
        self.say(_frame("error", about, code=code, message=complaint))


def _credential_fault(message: Message) -> str:
    """Say why a client's credential is not taken, and of a ticket sent as a key what it is."""
    if message.fields.get("apiKey", "").startswith(keys.TICKET):
        return "This is a ticket, not a key: send it as `token`."
    if message.fields.get("token", "").startswith(keys.KEY):
        return "This is a key, not a ticket: send it as `apiKey`."
    return "This is not a live key or an unused ticket."


def _frame(type: str, reply_to: Message | str | int | None = None, **fields: object) -> str:
    frame = {"type": type, **fields}
    id = reply_to.id if isinstance(reply_to, Message) else reply_to
    if id is not None:
        frame["id"] = id
    return orjson.dumps(frame).decode()
