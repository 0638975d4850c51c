"""Daphne answers by itself what it cannot hand on, with a page of its own; now in our words."""

from __future__ import annotations

import orjson
from daphne.http_protocol import WebRequest  # type: ignore[import-untyped]

from wallstreetsim.api.envelope import JSON, failure


def speak_json() -> None:
    """Let Daphne refuse as the rest of the exchange does."""
    WebRequest.basic_error = _refuse


def _refuse(self: WebRequest, status: int, status_text: bytes, body: str) -> None:
    content = orjson.dumps(failure(status, f"{body.rstrip('.')}."))
    headers = [(b"Content-Type", JSON.encode()), (b"Content-Length", b"%d" % len(content))]
    self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
    self.handle_reply({"type": "http.response.body", "body": content})
