"""A site: two web processes behind nginx, restarted one after the other, and its secrets."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import orjson
import psutil
import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from pytest_django import DjangoDbBlocker
from redis import Redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from agents.models import Input
from agents.services.keys import create_key
from tests import tables
from tests.deploy.nginx import HOST, PROGRAM, Nginx
from tests.deploy.test_monitoring import missing_from
from tests.ports import free_port
from tests.processes import database_url, listens
from tests.stack.exchange import Exchange
from tests.stack.running import PATIENCE_SECONDS, eventually
from wallstreetsim.environment.places import Places
from wallstreetsim.floor import database_dump
from wallstreetsim.stack.binaries import postgres_program

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed"),
    pytest.mark.django_db,
]


JSON = {"Content-Type": "application/json"}
PROCESSES = ("redis", "floor", "beat", "courier", "web")
SECRETS = {
    "secret key": "site-k3y-1-of-letters-that-nobody-has-elsewhere",
    "webhook key": "site-k3y-2-of-letters-that-nobody-has-elsewhere",
    "metrics token": "site-token-that-nobody-has-elsewhere",
    "database password": "site-passw0rd-of-the-database",
    "redis password": "site-passw0rd-of-redis",
}


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return dict(orjson.loads(self.body))


class Site:
    """An exchange with two web processes, and nginx before them."""

    def __init__(self, exchange: Exchange, nginx: Nginx, ports: list[int], key: str) -> None:
        self.exchange, self.nginx, self.ports, self.key = exchange, nginx, ports, key

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """Ask over TLS, on a connection of its own."""
        line = http.client.HTTPSConnection(
            "127.0.0.1",
            self.nginx.https,
            timeout=PATIENCE_SECONDS,
            context=self.nginx.trusting(),
            source_address=(source, 0),
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path, body, {"Host": HOST, **named})
        answer = line.getresponse()
        read = Answer(answer.status, answer.headers, answer.read())
        line.close()
        return read

    def start_web(self, port: int) -> None:
        self.exchange.start("web", PORT=str(port))
        eventually(lambda: listens(port))


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    with TemporaryDirectory(prefix="wss-site-", dir="/tmp") as parent, django_db_blocker.unblock():
        data, ports = Path(parent) / "data", [free_port(), free_port()]
        directory = Path(parent) / "nginx"
        directory.mkdir()
        variables = {
            "ALLOWED_HOSTS": HOST,
            "CSRF_TRUSTED_ORIGINS": f"https://{HOST}",
            "WSS_TRUSTED_PROXIES": "1",
            "SECRET_KEY": SECRETS["secret key"],
            "WSS_WEBHOOK_KEY": SECRETS["webhook key"],
            "WSS_METRICS_TOKEN": SECRETS["metrics token"],
            "DATABASE_URL": database_url().replace("@", f":{SECRETS['database password']}@", 1),
            "REDIS_URL": f"unix://:{SECRETS['redis password']}@{Places(data).redis_socket}",
        }
        exchange = Exchange(data, ports[0], **variables)
        _, key = create_key(exchange.hall.agents["ann"])
        nginx = Nginx(directory, ports=ports, http=free_port(), https=free_port())
        site = Site(exchange, nginx, ports, key)
        try:
            exchange.start("redis")
            eventually(lambda: Places(data).redis_socket.exists())
            exchange.redis.config_set("requirepass", SECRETS["redis password"])
            for name in ("floor", "beat", "courier"):
                exchange.start(name)
            for port in ports:
                site.start_web(port)
            yield site
        finally:
            nginx.stop()
            exchange.stop()
            tables.empty()


def test_pages_and_the_api_come_over_tls_with_their_headers(site: Site) -> None:
    page = site.ask("/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "max-age" in page.headers["Strict-Transport-Security"]
    named = site.ask("/api/v1/config", X_Request_ID="mine-1")
    assert (named.status, named.headers["X-Request-ID"]) == (200, "mine-1")
    anonymous = site.ask("/api/v1/config")
    assert len(anonymous.headers["X-Request-ID"]) == 32
    packed = site.ask("/api/v1/config", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < len(anonymous.body) / 2


def test_plain_http_is_sent_to_https_and_http_2_is_spoken(site: Site) -> None:
    line = http.client.HTTPConnection("127.0.0.1", site.nginx.http, timeout=10)
    line.request("POST", "/api/v1/actions?x=1", headers={"Host": HOST})
    answer = line.getresponse()
    assert answer.status == 308
    assert answer.headers["Location"] == f"https://{HOST}/api/v1/actions?x=1"
    line.close()
    context = site.nginx.trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", site.nginx.https), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as encrypted,
    ):
        assert encrypted.selected_alpn_protocol() == "h2"
        assert encrypted.version() == "TLSv1.3"


def test_static_files_come_compressed_and_are_kept(site: Site) -> None:
    file = site.ask("/static/terminal.css", Accept_Encoding="gzip")
    assert (file.status, file.headers["Content-Encoding"]) == (200, "gzip")
    [kept] = file.headers.get_all("Cache-Control") or []
    assert int(kept.rpartition("max-age=")[2].partition(",")[0]) >= 3600


def test_an_address_cannot_be_made_up(site: Site) -> None:
    """What a client says of where it comes from does not count, what nginx says does."""

    def remaining(source: str, forwarded: str = "") -> int:
        answer = site.ask("/api/v1/world/tick", source=source, X_Forwarded_For=forwarded)
        return int(answer.headers["X-RateLimit-Remaining"])

    first = remaining("127.0.0.7")
    assert remaining("127.0.0.7", "203.0.113.1") < first
    assert remaining("127.0.0.7", "127.0.0.1, 203.0.113.2") < first - 1
    assert remaining("127.0.0.8") == first
    assert site.ask("/metrics").status == 403


def test_the_feed_is_live_through_nginx(site: Site) -> None:
    url, context = f"wss://{HOST}/ws", site.nginx.trusting()
    with connect(url, sock=plain_socket(site), ssl=context, open_timeout=PATIENCE_SECONDS) as feed:
        while orjson.loads(feed.recv(timeout=PATIENCE_SECONDS))["type"] != "tick:update":
            continue


def plain_socket(site: Site, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(
        ("127.0.0.1", site.nginx.https), timeout=PATIENCE_SECONDS, source_address=(source, 0)
    )


class Spectator(threading.Thread):
    """Comes again when it is turned away; notes how it was, and the ticks told."""

    def __init__(self, site: Site, number: int) -> None:
        super().__init__(daemon=True)
        self.site, self.source = site, f"127.0.1.{number % 250 + 1}"
        self.ends: list[ConnectionClosed] = []
        self.seqs: list[int] = []
        self.is_done = threading.Event()
        self.start()

    def run(self) -> None:
        while not self.is_done.is_set():
            try:
                self.listen()
            except ConnectionClosed as end:
                self.ends.append(end)
            except Exception:
                time.sleep(0.2)  # between two processes

    def listen(self) -> None:
        url, context = f"wss://{HOST}/ws", self.site.nginx.trusting()
        with connect(url, sock=plain_socket(self.site, self.source), ssl=context) as feed:
            while not self.is_done.is_set():
                try:
                    frame = orjson.loads(feed.recv(timeout=0.5))
                except TimeoutError:
                    continue
                if frame["type"] == "tick:update":
                    self.seqs.append(frame["seq"])


class Trader(threading.Thread):
    """Sends one order after the other; notes what was acknowledged, and every other answer."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.acknowledged: list[str] = []
        self.others: list[Answer] = []
        self.is_done = threading.Event()
        self.start()

    def run(self) -> None:
        order = {"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]}
        key = f"Bearer {self.site.key}"
        while not self.is_done.wait(0.1):
            answer = self.site.ask(
                *("/api/v1/actions", "POST", orjson.dumps(order)),
                Authorization=key,
                Content_Type="application/json",
            )
            if answer.status == 200:
                [result] = orjson.loads(answer.body)["data"]["results"]
                if result["success"]:
                    self.acknowledged.append(result["data"]["actionId"])
                    continue
            self.others.append(answer)


def exchange_tables() -> list[str]:
    models = [m for app in settings.EXCHANGE_APPS for m in apps.get_app_config(app).get_models()]
    return [model._meta.db_table for model in models]


@contextmanager
def schema_to_come(record: psycopg.Connection) -> Iterator[None]:
    """Change the schema as a release to come may: columns with defaults, and wider ones. As by a
    migration, each change is a transaction, and ticks go on.
    """
    for table in exchange_tables():
        record.execute(f"ALTER TABLE {table} ADD COLUMN to_come integer NOT NULL DEFAULT 7")
    record.execute("ALTER TABLE agents_agent ALTER webhook_secret TYPE varchar(999)")
    try:
        yield
    finally:
        record.execute("ALTER TABLE agents_agent ALTER webhook_secret TYPE varchar(200)")
        for table in exchange_tables():
            record.execute(f"ALTER TABLE {table} DROP COLUMN to_come")


def test_processes_go_on_over_the_schema_of_a_release_to_come(site: Site) -> None:
    """They began before it was migrated, and have planned their statements. What is read here is
    read by a connection of its own: this test's would keep the tables as they are.
    """
    key, sent = f"Bearer {site.key}", "application/json"
    buy = orjson.dumps({"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]})
    newcomer = orjson.dumps({"name": "newcomer", "role": "quant"})
    for _ in range(8):  # by both processes, on several connections
        assert site.ask("/api/v1/agents/me", Authorization=key).status == 200
    spectator = Spectator(site, 200)
    with psycopg.connect(database_url(), autocommit=True) as record:

        def newest(statement: str) -> int:
            return int(record.execute(statement).fetchall()[0][0])

        researched = "SELECT max(tick) FROM news_researchstate"
        before = newest(researched)
        with schema_to_come(record):
            paths = orjson.loads(site.ask("/api/v1/openapi.json").body)["paths"]
            for number, path in enumerate(p for p, methods in paths.items() if "get" in methods):
                filled = re.sub(r"{.*?}", "me", path.replace("{symbol}", "APEX"))
                answer = site.ask(filled, source=f"127.0.3.{number % 250 + 1}", Authorization=key)
                assert answer.status < 429, (path, answer)
            bought = site.ask("/api/v1/actions", "POST", buy, Authorization=key, Content_Type=sent)
            assert bought.status == 200, bought
            [result] = orjson.loads(bought.body)["data"]["results"]
            registered = site.ask("/api/v1/auth/register", "POST", newcomer, Content_Type=sent)
            assert registered.status == 201, registered
            tick = newest("SELECT tick FROM market_world") + 2
            eventually(lambda: newest("SELECT tick FROM market_world") > tick)
            [(status,)] = record.execute(
                "SELECT status FROM market_order WHERE id = %s", [result["data"]["actionId"]]
            ).fetchall()
            assert status == "filled"
            assert newest("SELECT count(*) FROM market_account WHERE name = 'newcomer'") == 1
            eventually(lambda: newest(researched) > before)
            eventually(lambda: spectator.seqs[-1] >= tick)
    spectator.is_done.set()
    spectator.join(timeout=15)
    assert spectator.ends == []
    assert spectator.seqs == list(range(spectator.seqs[0], spectator.seqs[-1] + 1))


def test_a_rolling_restart_loses_no_order_and_shows_no_error(site: Site) -> None:
    spectators = [Spectator(site, number) for number in range(16)]
    trader = Trader(site)
    eventually(lambda: all(one.seqs for one in spectators) and bool(trader.acknowledged))
    for process, port in zip(list(site.exchange._running["web"]), site.ports, strict=True):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        site.exchange._running["web"].remove(process)
        site.start_web(port)
    restarted = site.exchange.tick
    eventually(lambda: all(one.seqs[-1] >= restarted for one in spectators))
    eventually(lambda: len(trader.acknowledged) > 20 or not trader.is_alive())
    trader.is_done.set()
    for spectator in spectators:
        spectator.is_done.set()
    for thread in [trader, *spectators]:
        thread.join()

    assert len(trader.acknowledged) > 20, trader.others
    taken = Input.objects.filter(public_id__in=trader.acknowledged).count()
    assert taken == len(trader.acknowledged)
    for answer in trader.others:  # of the agent's own limits, or the documented one
        assert answer.status in (429, 503), answer
        assert answer.headers["Retry-After"]
    ends = [end for spectator in spectators for end in spectator.ends]
    others = [end for end in ends if end.rcvd is None or end.rcvd.code != 1012]
    assert not others, [(end, end.rcvd, end.sent, end.__cause__) for end in others]
    assert ends
    for spectator in spectators:
        assert spectator.seqs == sorted(spectator.seqs)


def test_without_a_web_process_nginx_says_when_to_come_again(site: Site) -> None:
    site.exchange.kill("web")
    refused = site.ask("/api/v1/world/tick", X_Request_ID="mine-2")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert refused.headers["Content-Type"] == "application/json"
    assert (refused.json["code"], refused.json["requestId"]) == ("UNAVAILABLE", "mine-2")
    page = site.ask("/markets", Accept="text/html")
    assert (page.status, page.headers["Retry-After"]) == (503, "1")
    assert page.headers["Content-Type"].startswith("text/html")
    for port in site.ports:
        site.start_web(port)
    assert site.ask("/api/v1/world/tick").status == 200


def test_every_series_of_every_rule_is_in_the_figures(site: Site) -> None:
    line = http.client.HTTPConnection("127.0.0.1", site.ports[0], timeout=20)

    def figures() -> str:
        line.request("GET", "/metrics")
        return line.getresponse().read().decode()

    site.exchange.run_on(1)
    assert missing_from(figures()) == set()
    values = dict(one.rsplit(" ", 1) for one in figures().splitlines() if one[:1] != "#")
    assert float(values["wss_world_age_seconds"]) < 10
    assert float(values["wss_redis_up"]) == 1
    assert float(values["wss_floor_refused"]) == float(values["wss_audit_failed"]) == 0
    assert float(values["wss_disk_free_bytes"]) > 0
    assert float(values["wss_database_bytes"]) > 1_000_000
    line.close()


def test_no_secret_is_in_logs_figures_process_lists_or_dumps(site: Site, tmp_path: Path) -> None:
    """Looked for: every secret that was used, after errors of all kinds."""
    line = http.client.HTTPConnection("127.0.0.1", site.ports[0], timeout=20)
    name = "secretive"
    line.request(
        "POST", "/api/v1/auth/register", orjson.dumps({"name": name, "role": "quant"}), JSON
    )
    given = orjson.loads(line.getresponse().read())["data"]
    secrets = {
        **SECRETS,
        "api key": given["apiKey"],
        "webhook secret": given["webhookSecret"],
        "ann's key": site.key,
    }
    for value in secrets.values():
        site.ask(f"/api/v1/world/tick?apiKey={value}", Authorization=f"Bearer {value}")
    for what in ("api key", "webhook secret"):  # which can be told from other words of a path
        site.ask(f"/nowhere/{secrets[what]}")
    redis = Redis(
        unix_socket_path=str(site.exchange.places.redis_socket), password=SECRETS["redis password"]
    )
    redis.client_kill_filter(_type="normal", skipme=True)  # all of them complain
    time.sleep(1)
    line.request("GET", "/metrics", headers={"Authorization": f"Bearer {SECRETS['metrics token']}"})
    figures = line.getresponse().read().decode()
    assert "wss_tick " in figures
    line.close()
    running = [psutil.Process(pid) for name in PROCESSES for pid in site.exchange.running(name)]
    commands = "\n".join(
        " ".join(one.cmdline()) for process in running for one in [process, *process.children()]
    )
    dump = tmp_path / "all.dump"
    database_dump.write(dump)
    content = subprocess.run(
        [postgres_program("pg_restore"), "--file=-", dump], capture_output=True, text=True
    ).stdout
    logs = "".join(file.read_text() for file in site.exchange.places.logs.iterdir())
    logs += "".join(file.read_text() for file in site.nginx.directory.glob("*.log"))
    assert "request_id" in logs
    for what, secret in secrets.items():
        for place, text in {
            "the figures": figures,
            "a command line": commands,
            "the dump": content,
            "a log": logs,
        }.items():
            assert secret not in text, f"{what} is in {place}"
