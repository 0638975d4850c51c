"""The protocol that Daphne has under a socket."""

from __future__ import annotations

from functools import partial
from typing import Any

from asgiref.typing import ASGISendCallable


def protocol_under(send: ASGISendCallable) -> Any:
    """Return the protocol under Daphne's `send`: `partial(server.handle_reply, protocol)`."""
    protocol = send.args[0] if isinstance(send, partial) and send.args else None
    return protocol if hasattr(protocol, "registerProducer") else None
