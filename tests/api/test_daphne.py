"""A real web process: what only a server can get wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from django.contrib.auth.models import User
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from agents.models import Input
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


class Raw(NamedTuple):
    """One answer: its status, its headers by their names in lower case, and all that follows."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def refusal(self) -> str:
        """The code of an answer that says no in our words, and is the only one on its line."""
        body = json.loads(self.body)
        assert body["success"] is False
        assert body["error"]
        assert body["requestId"] == self.headers["x-request-id"]
        assert self.headers["content-type"] == "application/json"
        assert int(self.headers["content-length"]) == len(self.body)
        return str(body["code"])


def _send(web: Web, *pieces: bytes) -> Raw:
    """Send these very bytes, and return the answer."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Raw(int(first.split()[1]), {k.lower(): v for k, v in headers.items()}, body)


def _request(line: str, *headers: str, body: bytes = b"") -> bytes:
    told = any(header.startswith(("Content-Length", "Transfer-Encoding")) for header in headers)
    length = [] if told else [f"Content-Length: {len(body)}"]
    lines = [f"{line} HTTP/1.1", "Host: localhost", "Connection: close", *headers, *length]
    return "\r\n".join([*lines, "", ""]).encode() + body


JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
EXPECT = "Expect: 100-continue"


def _chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def test_a_web_process_serves_and_refuses_in_our_words(web: Web) -> None:
    desk = Desk()
    desk.tick()
    order = json.dumps({"name": "ann", "role": "quant"}).encode()
    registered = _send(web, _request("POST /auth/register", JSON, body=order))
    assert registered.status == 201
    key = json.loads(registered.body)["data"]["apiKey"]

    batch = json.dumps({"actions": [buy(1)]}).encode()
    request = _request("POST /actions", JSON, f"Authorization: Bearer {key}", CHUNKED)
    acted = _send(web, request, _chunks(batch[:20], batch[20:]))
    assert (acted.status, json.loads(acted.body)["data"]["results"][0]["code"]) == (200, "OK")

    for line, *headers in (
        ["GET /api/v1/agents/é"],
        ["GET /api/v1/market/stocks?sector=é"],
        ["GET /api/v1/agents/%ff%zz"],
        ["GET /world/tick", "Host: evil.example"],
        ["POST /", JSON + "; charset*=foo''bar"],
        ["POST /actions/", JSON],
        ["GET /nothing", "Daphne-Root-Path: é"],
        ["BREW /world/tick"],
    ):
        answer = _send(web, _request(line, *headers))
        assert 400 <= answer.status < 500, line
        assert answer.refusal, line


def test_what_cannot_be_read_as_http_is_refused_in_our_words(web: Web) -> None:
    for status, request in (
        (400, b"hello\r\n\r\n"),
        (400, _request("GET /world/tick ")),
        (400, _request("GET /world/tick", "Content-Length: x")),
        (400, _request("GET /world/tick", "Content-Length: -1")),
        (400, _request("GET /world/tick", "Content-Length: " + "9" * 5_000)),
        (400, _request("POST /actions", "Content-Length: 2", "Content-Length: 2", body=b"{}")),
        (400, _request("POST /actions", "Content-Length: 2", CHUNKED) + _chunks(b"{}")),
        (400, _request("POST /actions", "Transfer-Encoding: gzip")),
        (400, _request("POST /actions", CHUNKED) + b"x\r\n{}\r\n0\r\n\r\n"),
        (400, _request("GET /world/tick", "no header at all")),
        (400, _request("GET /world/tick", "X(y): z")),
        (400, _request("GET /world/tick", "X: \0")),
        (400, _request("GET /world/tick", "X-Request-ID: é", "X: \0")),
        (400, _request("GET /é")),
        (400, _request("GET /?é")),
        (414, _request("GET /" + "a" * 20_000)),
        (414, b"a" * 20_000),
        (431, _request("GET /world/tick", "X: " + "a" * 20_000)),
        (431, _request("GET /world/tick", *["X: " + "a" * 1_000] * 20)),
        (431, _request("GET /world/tick", *["X: y"] * 501)),
    ):
        answer = _send(web, request + _request("GET /world/tick"))
        assert (answer.status, answer.refusal) == (status, "BAD_REQUEST"), request[:80]
    assert _send(web, _request("GET /health")).status == 200
    assert "Traceback" not in web.log.read_text()


def test_a_form_is_anything_but_json(web: Web) -> None:
    for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        answer = _send(web, _request("POST /auth/verify", f"Content-Type: {kind}", body=b"a=1"))
        assert (answer.status, answer.refusal) == (415, "UNSUPPORTED_MEDIA_TYPE")


MEGABYTE = b"a" * 1_000_000


def test_a_body_that_nobody_could_use_is_refused_while_it_comes(web: Web) -> None:
    for path in ("/auth/verify", "/admin/login/", "/nothing"):
        for headers in (["Content-Length: 400000000"], ["Content-Length: 400000000", EXPECT]):
            answer = _send(web, _request(f"POST {path}", *headers, "X-Request-ID: mine"))
            assert (answer.status, answer.refusal) == (413, "PAYLOAD_TOO_LARGE")
            assert answer.headers["x-request-id"] == "mine"

        endless = b"%x\r\n" % 400_000_000 + MEGABYTE * 3
        answer = _send(web, _request(f"POST {path}", CHUNKED), endless)
        assert (answer.status, answer.refusal) == (413, "PAYLOAD_TOO_LARGE")


def test_who_sends_too_much_has_time_to_hear_the_refusal(web: Web) -> None:
    for body in (MEGABYTE * 20, iter([MEGABYTE] * 20)):
        answer = requests.post(f"{web.address}/auth/verify", data=body, timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    small = requests.post(f"{web.address}/auth/verify", data=MEGABYTE, timeout=20)
    assert (small.status_code, small.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_target_may_name_the_host(web: Web) -> None:
    Desk().tick()
    for target in ("http://localhost/world/tick", "HTTP://127.0.0.1:80/market/stocks?page=1"):
        assert _send(web, _request(f"GET {target}")).status == 200
    assert _send(web, _request("GET http://localhost")).status == 200
    evil = _send(web, _request("GET http://evil.example/world/tick"))
    assert (evil.status, evil.refusal) == (400, "BAD_REQUEST")


def test_a_socket_elsewhere_is_refused(web: Web) -> None:
    for path in ("/", "/ws/", "/wss", "/nothing", "/world/tick", "/ws%00", "/admin/"):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{web.port}{path}")
        assert refused.value.response.status_code == 403
    assert "Traceback" not in web.log.read_text()


def test_no_header_of_a_handshake_breaks_it(web: Web) -> None:
    for name in ("Sec-WebSocket-Protocol", "Daphne-Root-Path"):
        with connect(f"ws://127.0.0.1:{web.port}/ws", additional_headers={name: "é"}) as socket:
            assert '"connected"' in str(socket.recv())
    assert "Traceback" not in web.log.read_text()


def test_an_operator_signs_in_and_acts(web: Web) -> None:
    Desk()
    User.objects.create_superuser("olive", password="secret")
    operator = requests.Session()

    def fill_in(path: str, **fields: str) -> str:
        operator.get(f"{web.address}/admin/login/")
        form = {"csrfmiddlewaretoken": operator.cookies["csrftoken"], **fields}
        answer = operator.post(f"{web.address}{path}", data=form, timeout=20)
        assert answer.status_code == 200
        return answer.text

    fill_in("/admin/login/?next=/admin/", username="olive", password="secret")
    said = fill_in("/admin/market/world/act/", act="PAUSE", reason="é & more")
    assert "Pause waits for the next tick." in said
    assert Input.objects.get(type="PAUSE").parameters == {"reason": "é & more"}
