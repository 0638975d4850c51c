"""The WebSocket protocol under Daphne, compressed, and patient with who is closed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
)
from autobahn.websocket.types import ConnectionDeny
from daphne.ws_protocol import (  # type: ignore[import-untyped]
    WebSocketFactory,
    WebSocketProtocol,
)

from wallstreetsim.api.envelope import SORRY
from wallstreetsim.api.middleware import refused
from wallstreetsim.api.server.messages import as_bytes
from wallstreetsim.feed.batches import WINDOW_BITS
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.messages import MOST_BYTES
from wallstreetsim.feed.origins import host_is_ours

STRANGE_HOST = "This host is not ours."
REFUSALS = {
    400: "This is no handshake of a WebSocket.",
    403: "No page from there may open a socket here, or there is none at this path.",
    500: SORRY,
}
CLOSING_SECONDS = 20  # for a client to read what came before the close frame, and answer it


class Acceptance(PerMessageDeflateOfferAccept):
    """permessage-deflate without context takeover, either way."""

    def get_extension_string(self) -> str:
        """Say so also to who has not asked for it. Source: RFC 7692, 7.1.1.1."""
        parameters: str = super().get_extension_string()  # type: ignore[no-untyped-call]
        takeover = "server_no_context_takeover"
        return parameters if takeover in parameters else f"{parameters}; {takeover}"


def accept(offers: Iterable[object]) -> Acceptance | None:
    """Return how the first offer that we can meet is met; None if there is none."""
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer) and offer.request_max_window_bits in (
            0,
            WINDOW_BITS,
        ):
            return Acceptance(  # type: ignore[no-untyped-call]
                offer,
                request_no_context_takeover=True,
                no_context_takeover=True,
                window_bits=WINDOW_BITS,
                max_message_size=MOST_BYTES,
            )
    return None


class Protocol(WebSocketProtocol):  # type: ignore[misc]
    def onConnect(self, request: Any) -> Any:
        """Refuse a host that is not ours, as every other request for it is."""
        if not host_is_ours(request.headers.get("host", "")):
            raise ConnectionDeny(400, STRANGE_HOST)  # type: ignore[no-untyped-call]
        return super().onConnect(request)

    def sendHttpErrorResponse(self, code: int, reason: str, responseHeaders: Any = None) -> None:
        """Say in our words that there is no handshake, and why."""
        status = 403 if "rigin" in reason else code
        error = reason if reason == STRANGE_HOST else REFUSALS.get(status, REFUSALS[400])
        name = getattr(self, "http_headers", {}).get("x-request-id", "")
        self.sendData(as_bytes(refused(status, error, sent_name=name)))

    def onAutoPingTimeout(self) -> None:
        """Tell who has not answered a ping that it is too slow: it may have much to read yet."""
        self.autoPingTimeoutCall = None
        if self.state == self.STATE_OPEN:
            self.unregisterProducer()
            self.sendCloseFrame(code=int(Close.SLOW_CONSUMER))
        else:
            super().onAutoPingTimeout()


class Factory(WebSocketFactory):  # type: ignore[misc]
    protocol = Protocol

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.setProtocolOptions(
            perMessageCompressionAccept=accept, closeHandshakeTimeout=CLOSING_SECONDS
        )
