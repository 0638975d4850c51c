"""A real web process: what only a server can get wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.desk import Desk, buy
from tests.browser.web import Web
from tests.ports import free_port


@pytest.fixture(scope="module")
def port_and_log(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    return free_port(), tmp_path_factory.mktemp("web") / "web.log"


@pytest.fixture
def web(transactional_db: None, port_and_log: tuple[int, Path]) -> Iterator[Web]:
    web = Web(*port_and_log)
    yield web
    web.process.terminate()
    web.process.wait(timeout=30)


def _send(web: Web, request: bytes) -> tuple[int, bytes]:
    """Send these very bytes; return the status and the body, its chunks' frames included."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def _request(line: str, *headers: str, body: bytes = b"") -> bytes:
    length = [] if any("chunked" in h for h in headers) else [f"Content-Length: {len(body)}"]
    lines = [f"{line} HTTP/1.1", "Host: localhost", "Connection: close", *headers, *length]
    return "\r\n".join([*lines, "", ""]).encode() + body


JSON = "Content-Type: application/json"


def test_a_web_process_serves_and_refuses_in_our_words(web: Web) -> None:
    desk = Desk()
    desk.tick()
    order = json.dumps({"name": "ann", "role": "quant"}).encode()
    status, body = _send(web, _request("POST /auth/register", JSON, body=order))
    assert status == 201
    key = json.loads(body)["data"]["apiKey"]

    batch = json.dumps({"actions": [buy(1)]}).encode()
    halves = [batch[:20], batch[20:]]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in [*halves, b""])
    request = _request(
        "POST /actions", JSON, f"Authorization: Bearer {key}", "Transfer-Encoding: chunked"
    )
    status, body = _send(web, request + chunks)
    assert (status, json.loads(body)["data"]["results"][0]["code"]) == (200, "OK")

    for line, *headers in (
        ["GET /api/v1/agents/é"],
        ["GET /api/v1/market/stocks?sector=é"],
        ["GET /api/v1/agents/%ff%zz"],
        ["GET /world/tick", "Host: evil.example"],
        ["POST /", JSON + "; charset*=foo''bar"],
        ["POST /actions/", JSON],
        ["GET /nothing"],
        ["BREW /world/tick"],
    ):
        status, body = _send(web, _request(line, *headers))
        assert 400 <= status < 500, line
        assert b"<" not in body, line
        assert not body or b'"success":false' in body, line
