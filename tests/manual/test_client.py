"""The one-file client: what it verifies, and how it comes back after its connection was lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from webhooks.engine.signing import secret_bytes, signature_headers

if TYPE_CHECKING:
    import wss_client

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SECRET, BODY = "whsec_bm90IGEgc2VjcmV0LCBhbiBleGFtcGxl", b'{"type": "ping"}'


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, which agents copy and no package of ours imports."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import wss_client

    return wss_client


def headers(at: int) -> dict[str, str]:
    return signature_headers(BODY, id="one", timestamp=at, secrets=[secret_bytes(SECRET)])


def test_only_a_fresh_signature_of_ours_is_verified(client: Any) -> None:
    now = int(time.time())
    assert client.verified(SECRET, headers(now), BODY)
    assert not client.verified(SECRET, headers(now), BODY + b" ")
    assert not client.verified(SECRET, headers(now - 600), BODY)
    assert not client.verified("whsec_YW5vdGhlcg==", headers(now), BODY)
    assert not client.verified(SECRET, {}, BODY)


class Feed:
    """A stand-in for the feed that hangs up after each tick, and tells what was missed."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.tick = 0

    def __call__(self, socket: ServerConnection) -> None:
        try:
            socket.send(json.dumps({"type": "connected", "epoch": 1, "tick": self.tick}))
            for asked in socket:
                said = json.loads(asked)
                self.heard.append(said)
                if (said["type"] == "subscribe" and not self.tick) or said["type"] == "resume":
                    break
            if self.tick:
                event = {"type": "news:breaking", "channel": "news", "data": []}
                entry = {"stream": "public", "seq": 2, "tick": 2, "events": [event]}
                socket.send(json.dumps({"type": "recovery:batch", "entries": [entry]}))
            self.tick += 1
            frame = {"type": "tick:update", "stream": "public", "tick": self.tick}
            socket.send(json.dumps({**frame, "seq": 2 * self.tick - 1, "data": {}}))
            socket.close(1012)
        except ConnectionClosed:
            return


@pytest.fixture
def feed() -> Iterator[tuple[Feed, Server]]:
    feed = Feed()
    with serve(feed, "127.0.0.1", 0) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield feed, server
        server.shutdown()
        thread.join()


def test_a_place_in_a_stream_is_that_of_what_was_read_not_of_a_snapshot(client: Any) -> None:
    """A snapshot comes before what a recovery brings, and is younger."""
    known: dict[str, int] = {}
    own = {"stream": "agent:1", "channel": "agent:1", "tick": 9, "data": {}}

    def hear(**frame: Any) -> dict[str, int]:
        list(client._unpacked(frame, known))
        return dict(known)

    assert hear(type="snapshot", seq=3, **own) == {"agent": 3}
    assert hear(type="portfolio:update", seq=5, **own) == {"agent": 5}
    assert hear(type="snapshot", seq=9, **own) == {"agent": 5}
    entry = {"stream": "agent:1", "seq": 6, "tick": 8, "events": []}
    assert hear(type="recovery:batch", entries=[entry]) == {"agent": 6}
    assert hear(type="recovery:complete", public=40, agent=8) == {"agent": 8, "public": 40}
    assert hear(type="recovery:complete", public=41, agent=None) == {"agent": 8, "public": 41}


def test_a_lost_stream_is_resumed_where_it_was(
    client: Any, feed: tuple[Feed, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.time, "sleep", lambda seconds: None)
    told, server = feed
    port = server.socket.getsockname()[1]
    spectator: wss_client.Client = client.Client(f"http://127.0.0.1:{port}")
    frames = list(islice(spectator.stream("news"), 3))
    assert [(frame["type"], frame["tick"]) for frame in frames] == [
        ("tick:update", 1),
        ("news:breaking", 2),
        ("tick:update", 2),
    ]
    assert frames[1]["missed"] is True
    resumed = {"type": "resume", "epoch": 1, "since": {"public": 1}}
    assert [one for one in told.heard if one["type"] == "resume"] == [resumed]
