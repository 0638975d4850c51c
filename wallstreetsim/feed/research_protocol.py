"""What a client on a view of the research desk may say, and what it is answered.

All of it is in the form of the desk's terminal: flat, snake_case, one item a message.
"""

from __future__ import annotations

import orjson
from django.utils import timezone

from news.research import analysts
from wallstreetsim.feed import channels
from wallstreetsim.feed.client import Client
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.conversation import Conversation, Handler
from wallstreetsim.feed.hub import Hub
from wallstreetsim.feed.messages import Malformed, Message
from wallstreetsim.feed.research.views import Kind, Unknown, View, agent_of, view_of
from wallstreetsim.feed.research_recovery import ViewPosition, ViewRecovery


class ViewConversation(Conversation):
    """One client's talk about one view."""

    def __init__(self, hub: Hub, client: Client, kind: Kind, name: str) -> None:
        super().__init__(hub, client)
        self._asked = kind, name
        self._view: View | None = None
        self._joined = ViewPosition(0, 0, 0)  # after which all is told live

    @property
    def handlers(self) -> dict[str, Handler]:
        return {"ping": self._ping, "resume": self._resume}

    def greet(self) -> None:
        kind, name = self._asked
        hub = self.hub
        try:
            view = view_of(kind, name, symbols=hub.symbols)
        except Unknown as error:
            self.client.close(Close.UNKNOWN, _frame("error", code="NOT_FOUND", message=str(error)))
            return
        self._view = view
        self._joined = ViewPosition(hub.epoch, research=hub.research_seq, public=hub.seq)
        standing = {
            channels.RESEARCH_STREAM: hub.research_seq,
            channels.PUBLIC_STREAM: hub.seq,
        }
        following = hub.audience.views.join(view, self.client, standing)
        shown = {"symbol": view.symbol} if view.symbol else {}
        if kind is Kind.AGENTS:
            shown = {"agent": agent_of(view.name)}
        self.say(
            _frame(
                "welcome",
                channel=view.channel,
                message=_welcome(view),
                **shown,
                epoch=hub.epoch,
                stream=channels.RESEARCH_STREAM,
                seq=hub.research_seq,
                tick=hub.seq,
                prev=following.last[channels.RESEARCH_STREAM],
                **({"public": following.last[channels.PUBLIC_STREAM]} if view.symbol else {}),
            )
        )

    async def _ping(self, message: Message) -> None:
        message.allow_only()
        self.say(_frame("pong", message, tick=self.hub.seq))

    async def _resume(self, message: Message) -> None:
        """Tell what of this view was missed since."""
        message.allow_only("epoch", "since")
        since = message.whole_numbers("since", *self._streams)
        if channels.RESEARCH_STREAM not in since:
            raise Malformed("`since` must name the last `seq` of `research`.")
        if self._view is None:
            return  # it is about to be closed
        position = ViewPosition(
            message.whole_number("epoch"), **{"public": self._joined.public, **since}
        )
        recovery = ViewRecovery(self.hub, self.client, self._view, position, self._joined)
        self.recover(lambda: recovery.run(reply=lambda type, **f: _frame(type, message, **f)))

    @property
    def _streams(self) -> tuple[str, ...]:
        """The streams that the view shows."""
        shows_prices = self._view is not None and self._view.symbol is not None
        prices = (channels.PUBLIC_STREAM,) if shows_prices else ()
        return (channels.RESEARCH_STREAM, *prices)

    def complain(self, about: Message | str | int | None, code: str, complaint: str) -> None:
        understood = list(self.handlers)
        names = " and ".join(f"`{name}`" for name in understood)
        said = f"{complaint} What is understood here: {names}."
        self.say(_frame("error", about, code=code, message=said, understood=understood))


def _welcome(view: View) -> str:
    """Return what a client is told of the view that it has opened."""
    if view.kind is Kind.AGENTS and view.name not in analysts.OPEN:
        return f"Connected to {view.channel}. {analysts.HINTS[view.name]}"
    return f"Connected to {view.channel}."


def _frame(type: str, reply_to: Message | str | int | None = None, **fields: object) -> str:
    frame = {"type": type, **fields, "timestamp": timezone.now().isoformat()}
    id = reply_to.id if isinstance(reply_to, Message) else reply_to
    if id is not None:
        frame["id"] = id
    return orjson.dumps(frame).decode()
