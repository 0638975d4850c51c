"""A real web process: what only a server can get wrong."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import User
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from agents.models import Input
from market.common import database_health
from tests.api.desk import Desk, buy
from tests.browser.web import Web
from tests.ports import free_port
from tests.stack.running import PATIENCE_SECONDS, eventually
from wallstreetsim.environment.limits import OPEN_FILES

# Who says nothing is cut off sooner than it would be.
SHORT = {"wallstreetsim.api.server.transport.SILENCE_SECONDS": 3.0}


@pytest.fixture(scope="module")
def port_and_log(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    return free_port(), tmp_path_factory.mktemp("web") / "web.log"


@pytest.fixture
def web(transactional_db: None, port_and_log: tuple[int, Path]) -> Iterator[Web]:
    web = Web(*port_and_log, waits=SHORT)
    yield web
    web.process.terminate()
    web.process.wait(timeout=PATIENCE_SECONDS)


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
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_SECONDS) as connection:
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
        answer = requests.post(f"{web.address}/auth/verify", data=body, timeout=PATIENCE_SECONDS)
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    small = requests.post(f"{web.address}/auth/verify", data=MEGABYTE, timeout=PATIENCE_SECONDS)
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
        answer = operator.post(f"{web.address}{path}", data=form, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200
        return answer.text

    fill_in("/admin/login/?next=/admin/", username="olive", password="secret")
    said = fill_in("/admin/market/world/act/", act="PAUSE", reason="é & more")
    assert "Pause waits for the next tick." in said
    assert Input.objects.get(type="PAUSE").parameters == {"reason": "é & more"}


# Handshakes


def _handshake(*headers: str, host: str = "localhost") -> bytes:
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_handshake_is_refused_in_our_words(web: Web) -> None:
    Desk().tick()
    for origin in ("http://evil.example", "nonsense", "http://", "http://[", "http://a b", "//x"):
        refused = _send(web, _handshake(f"Origin: {origin}"))
        assert (refused.status, refused.refusal) == (403, "FORBIDDEN"), origin
    twice = _send(web, _handshake("Origin: http://localhost", "Origin: http://localhost"))
    assert (twice.status, twice.refusal) == (403, "FORBIDDEN")
    foreign = _send(web, _handshake(host="evil.example"))
    assert (foreign.status, foreign.refusal) == (400, "BAD_REQUEST")
    assert json.loads(foreign.body)["error"] == "This host is not ours."
    old = _send(web, _handshake().replace(b"Version: 13", b"Version: 99"))
    assert (old.status, old.refusal) == (400, "BAD_REQUEST")
    assert _send(web, _handshake().replace(b"/ws", b"/nowhere")).refusal == "FORBIDDEN"


# Who says nothing


def test_silent_connections_shut_nobody_out_and_are_closed(web: Web) -> None:
    with ExitStack() as stack:
        silent = [
            stack.enter_context(
                socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_SECONDS)
            )
            for _ in range(300)
        ]
        for one in silent[::3]:
            with suppress(OSError):
                one.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert _send_from_another_address(web).startswith(b"HTTP/1.1 200")
        assert all(_is_closed(one) for one in silent)
    assert _send(web, _request("GET /world/tick")).status in (200, 503)


def _send_from_another_address(web: Web) -> bytes:
    with socket.create_connection(
        ("127.0.0.1", web.port), timeout=PATIENCE_SECONDS, source_address=("127.0.0.2", 0)
    ) as other:
        other.sendall(_request("GET /config"))
        return other.recv(100)


def _is_closed(silent: socket.socket) -> bool:
    try:
        return silent.recv(1) == b""
    except ConnectionError:
        return True


# A database that is frozen, not dead


@contextmanager
def _frozen_postgres() -> Iterator[None]:
    pid = int((settings.PLACES.postgres / "postmaster.pid").read_text().split()[0])
    postmaster = psutil.Process(pid)
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in reversed(processes):
            process.resume()


@pytest.mark.skipif(not settings.EMBEDDED_POSTGRES, reason="it is not ours to freeze")
def test_while_postgresql_is_frozen_everybody_is_told_within_two_seconds(web: Web) -> None:
    """And until it answers again: whoever waited for that would wait for ever here."""
    assert database_health.TRIES * database_health.TRY_SECONDS < 2
    assert database_health.WATCH_SECONDS + database_health.SILENCE_SECONDS < 2
    desk = Desk()
    ann = desk.register("ann")
    desk.tick()
    order = json.dumps({"actions": [buy(1)]}).encode()
    bearer = f"Authorization: Bearer {ann.key}"
    asked = {
        "/world/tick": _request("GET /world/tick"),
        "/market/stocks": _request("GET /market/stocks"),
        "/health": _request("GET /health"),
        "/ready": _request("GET /ready"),
        "/": _request("GET /"),
        "/actions": _request("POST /actions", JSON, bearer, body=order),
        "/agents/me": _request("GET /agents/me", bearer),
    }
    for request in asked.values():  # so that there are connections to wait on
        assert _send(web, request).status == 200
    with _frozen_postgres(), ThreadPoolExecutor(20) as pool:
        for wait in (0.0, 2.0):  # at once, and when it is known
            time.sleep(wait)
            answers = pool.map(
                lambda item: (item[0], _send(web, item[1]).status), list(asked.items()) * 2
            )
            assert set(answers) == {(path, 503) for path in asked}
        assert _send(web, _request("GET /config")).status == 200
    eventually(lambda: _send(web, asked["/agents/me"]).status == 200)
    assert Input.objects.filter(type="BUY").count() == 1


# What it refuses to run with


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"DEBUG": "1", "ALLOWED_HOSTS": "exchange.example"}, "DEBUG"),
        ({"DEBUG": "1", "WSS_BIND": "0.0.0.0"}, "DEBUG"),
        ({"DEBUG": "1", "DATABASE_URL": "postgres://u:p@127.0.0.1:1/x"}, "DEBUG"),
    ],
)
def test_a_web_process_refuses_what_would_lay_it_open(
    environment: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    import_it = [sys.executable, "-c", "import wallstreetsim.asgi"]
    inherited = {**os.environ, "WSS_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        import_it,
        cwd=settings.BASE_DIR,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode != 0
    assert complaint in done.stderr.splitlines()[-1]


def test_a_web_process_has_as_many_files_as_it_may(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    told = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import resource, wallstreetsim.asgi;"
            " print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])",
        ],
        cwd=settings.BASE_DIR,
        env={**os.environ, "WSS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (512, most)),
    )
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    assert int(told.stdout.split()[-1]) == wanted, told.stderr
