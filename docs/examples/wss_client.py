"""A client for WallStreetSim in one file; it needs `requests` and `websockets`.

    client = Client.register("http://127.0.0.1:8080", "MyBot", "quant")
    client.act({"type": "BUY", "symbol": "APEX", "quantity": 10}, wait=True)
    for frame in client.stream("news", "market:APEX"): ...

A bot is a function from a briefing to a reply, the same whichever way it is run. `play(decide)`
runs it

    python bot.py http://127.0.0.1:8080 MyBot          over a WebSocket; its key is in MyBot.key
    python bot.py http://127.0.0.1:8080 MyBot 9999     as a webhook on this port
    python bot.py                                      on JSON lines, for `manage.py arena`
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

Json = dict[str, Any]
Decide = Callable[[Json], Json]

PATIENCE_SECONDS = 60.0  # without a frame, after which a socket is opened anew
OLDEST_SIGNATURE_SECONDS = 300
_ENDED = {"order:filled": "filled", "order:cancelled": "cancelled", "order:rejected": "rejected"}
_LISTS = {"order:partial": "partial", **_ENDED}


class Refused(Exception):
    """What the exchange would not do: its code, and a sentence."""

    def __init__(self, code: str, message: str, details: Json | None = None) -> None:
        super().__init__(f"{code}: {message} {details or ''}".rstrip())
        self.code, self.details = code, details or {}


class Client:
    """One agent's connection, or, without a key, a spectator's."""

    def __init__(self, exchange: str, api_key: str = "", webhook_secret: str = "") -> None:
        self.exchange, self.api_key = exchange.rstrip("/"), api_key
        self.webhook_secret = webhook_secret
        self._session = requests.Session()
        if api_key:
            self._session.headers["Authorization"] = f"Bearer {api_key}"

    @classmethod
    def register(cls, exchange: str, name: str, role: str, **more: str) -> Client:
        """Register an agent; its key and secret are shown this once."""
        account = cls(exchange).post("/auth/register", {"name": name, "role": role, **more})
        return cls(exchange, account["apiKey"], account["webhookSecret"])

    @classmethod
    def remembered(cls, exchange: str, name: str, role: str, **more: str) -> Client:
        """Return the agent whose key lies in NAME.key here, registered if there is none."""
        kept = Path(f"{name}.key")
        if not kept.exists():
            client = cls.register(exchange, name, role, **more)
            with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                json.dump([client.api_key, client.webhook_secret], file)
        return cls(exchange, *json.loads(kept.read_text()))

    def get(self, path: str, **parameters: Any) -> Any:
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, body: Json | None = None, **parameters: Any) -> Any:
        return self._ask("POST", path, json=body, params=parameters)

    def act(self, *actions: Json, wait: bool = False, key: str | None = None) -> list[Json]:
        """Send 1 to 10 actions and return a result for each; `key` makes it safe to repeat."""
        headers = {"Idempotency-Key": key} if key else {}
        asked = {"json": {"actions": actions}, "params": {"wait": int(wait)}, "headers": headers}
        return list(self._ask("POST", "/actions", **asked)["results"])

    def portfolio(self) -> Json:
        return dict(self.get("/agents/me/portfolio"))

    def stream(self, *channels: str) -> Iterator[Json]:
        """Yield frames for ever. A lost connection is opened anew, and what was missed meanwhile
        comes first, in order, as frames that say `missed`.
        """
        url = self.exchange.replace("http", "ws", 1) + "/ws"
        known: dict[str, int] = {}  # the last seq of each stream
        epoch, delay = None, 1.0
        while True:
            try:
                with connect(url, open_timeout=PATIENCE_SECONDS, max_size=None) as socket:
                    hello = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
                    if hello["epoch"] != epoch:  # another world, or another history of it
                        epoch, known = hello["epoch"], {}
                    for greeting in self._greetings(channels, epoch, known):
                        socket.send(json.dumps(greeting))
                    while True:
                        frame = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
                        delay = 1.0
                        yield from _unpacked(frame, known)
                        if frame["type"] == "tick:update":  # own frames follow, then a pong
                            socket.send(json.dumps({"type": "ping"}))
            except (ConnectionClosed, InvalidHandshake, TimeoutError, OSError):
                time.sleep(delay)
                delay = min(30.0, 2 * delay)

    def briefings(self) -> Iterator[Json]:
        """Yield a briefing after each tick, with those parts of a webhook's that bots use."""
        state = _State(self.get("/market/stocks", pageSize=100)["items"])
        for frame in self.stream("market:all", "news", "trades"):
            if state.hear(frame):
                yield state.briefing()

    def _greetings(
        self, channels: Sequence[str], epoch: int | None, known: Mapping[str, int]
    ) -> Iterator[Json]:
        own = []
        if self.api_key:
            yield {"type": "authenticate", "apiKey": self.api_key}
            own = [f"agent:{self.get('/agents/me')['id']}"]
        yield {"type": "subscribe", "channels": [*channels, *own]}
        if known:
            yield {"type": "resume", "epoch": epoch, "since": dict(known)}

    def _ask(self, method: str, path: str, **asked: Any) -> Any:
        """Ask, and again after a while when that is what the exchange says."""
        for _ in range(5):
            answer = self._session.request(
                method, f"{self.exchange}/api/v1{path}", timeout=PATIENCE_SECONDS, **asked
            )
            if answer.status_code not in (429, 503):
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        body = answer.json()
        if not body["success"]:
            raise Refused(body["code"], body["error"], body.get("details"))
        return body["data"]


def _unpacked(frame: Json, known: dict[str, int]) -> Iterator[Json]:
    """Yield a frame, or those of a batch of missed ones, and note where each stream stands."""
    if frame["type"] == "recovery:complete":
        reached = {name: frame.get(name) for name in ("public", "agent", "research")}
        known.update({name: seq for name, seq in reached.items() if seq is not None})
    entries = frame["entries"] if frame["type"] == "recovery:batch" else [frame]
    for entry in entries:
        if "seq" in entry:
            name = entry["stream"].partition(":")[0]
            if entry.get("type") != "snapshot" or name not in known:  # it runs ahead of a recovery
                known[name] = entry["seq"]
        if "events" in entry:
            for event in entry["events"]:
                yield {**event, "tick": entry["tick"], "missed": True}
        else:
            yield entry


class _State:
    """What a client knows from the frames it has heard."""

    def __init__(self, companies: Sequence[Json]) -> None:
        self.companies = {company["symbol"]: company for company in companies}
        self.order_by_size = sorted(companies, key=lambda company: -company["marketCap"])
        self.world: Json = {}
        self.portfolio: Json = {"tick": -1, "positions": []}
        self.pending: dict[str, Json] = {}
        self.told: dict[str, list[Json]] = {}
        self.tick = 0

    def hear(self, frame: Json) -> bool:
        """Note a frame; True when all of a tick has been heard."""
        type, data = frame["type"], frame.get("data")
        if type == "pong":
            return bool(self.world)
        if type == "tick:update":
            self.tick, self.world = frame["tick"], frame["data"]
        elif type == "price:update" or (type == "snapshot" and frame["channel"] == "market:all"):
            for price in frame["data"]["prices"]:
                self.companies[price["symbol"]].update(price)
        elif type == "snapshot" and frame["channel"].startswith("agent:"):
            self.portfolio, orders = frame["data"], frame["data"]["orders"]
            self.pending = {order["orderId"]: order for order in orders}
        elif type == "portfolio:update":
            self._update_portfolio(frame["data"])
        elif isinstance(data, list):
            self.told.setdefault(type, []).extend(data)
            for order in data if type.startswith("order:") else ():
                self._update_order(type, order)
        return False

    def briefing(self) -> Json:
        """Return what has been heard since the last one."""
        told, self.told = self.told, {}
        lines = [_line(self.companies[company["symbol"]]) for company in self.order_by_size]
        orders = {name: told.get(type, []) for type, name in _LISTS.items()}
        return {
            "type": "tick",
            "tick": self.tick,
            "portfolio": self.portfolio,
            "orders": {**orders, "pending": list(self.pending.values())},
            "market": {"watchlist": lines, "recentTrades": told.get("trade:executed", [])[::-1]},
            "world": self.world,
            "news": told.get("news:breaking", []),
            "messages": told.get("agent:message", []),
            "alerts": told.get("agent:alert", []),
            "actionResults": told.get("action:result", []),
        }

    def _update_portfolio(self, changed: Json) -> None:
        if changed["tick"] <= self.portfolio["tick"]:
            return  # missed, but a snapshot has shown it
        kept = {held["symbol"]: held for held in self.portfolio["positions"]}
        kept |= {held["symbol"]: held for held in changed["positions"]}
        held_still = [held for held in kept.values() if held["quantity"]]
        self.portfolio = {**changed, "positions": held_still}

    def _update_order(self, type: str, order: Json) -> None:
        if type in _ENDED:
            self.pending.pop(order["orderId"], None)
        elif type == "order:accepted":
            self.pending[order["orderId"]] = order
        elif order["orderId"] in self.pending:
            self.pending[order["orderId"]]["filledQuantity"] = order["filledQuantity"]


def _line(company: Json) -> Json:
    """Return a company as a briefing's watchlist has it."""
    day = {"change": "dayChange", "changePercent": "dayChangePercent"}
    names = ("symbol", "name", "sector", "price", "volume", "high", "low", "bid", "ask", "halted")
    line = {name: company[name] for name in names}
    return line | {name: company.get(frame, company[name]) for name, frame in day.items()}


# Webhooks


def verified(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Say whether a webhook is the exchange's, and fresh. Source: Standard Webhooks 1.0.0."""
    id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > OLDEST_SIGNATURE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mine = base64.b64encode(hmac.digest(key, f"{id}.{at}.".encode() + body, "sha256")).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(f"v1,{mine}", one) for one in given)


def serve(decide: Decide, secret: str, port: int) -> None:
    """Answer webhooks on a port of this machine, for ever."""

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # so that the exchange keeps its connection

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_ours = verified(secret, dict(self.headers), body)
            told = json.loads(body) if is_ours else {"type": ""}
            reply = json.dumps(decide(told) if told["type"] == "tick" else {}).encode()
            self.send_response(200 if is_ours else 401)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *args: object) -> None:
            return None

    ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()


# Bots


def play(decide: Decide, role: str = "quant") -> None:
    """Run a bot as its command line says; see the top of this file."""
    if len(sys.argv) == 1:
        for line in sys.stdin:
            print(json.dumps(decide(json.loads(line))), flush=True)
    elif len(sys.argv) == 4:
        exchange, name, port = sys.argv[1:]
        url = f"http://127.0.0.1:{port}/"
        client = Client.remembered(exchange, name, role, callbackUrl=url)
        serve(decide, client.webhook_secret, int(port))
    else:
        exchange, name = sys.argv[1:]
        client = Client.remembered(exchange, name, role)
        for briefing in client.briefings():
            for result in act_upon(client, decide(briefing)):
                if not result["success"]:
                    print(briefing["tick"], result["action"], result["message"], flush=True)


def act_upon(client: Client, reply: Json) -> list[Json]:
    """Send a reply's actions."""
    return client.act(*reply["actions"]) if reply.get("actions") else []
