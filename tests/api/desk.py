"""A desk: a small world in the database, its floor, and traders who ask over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.test import Client

from tests.api import contract
from wallstreetsim.floor.founding import found_if_missing
from wallstreetsim.floor.shell import Floor

SEED, COMPANIES = "a seed", 8

Json = dict[str, Any]


class Answer(NamedTuple):
    """One answer: its status, its JSON, its headers."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        assert self.body["success"] is True, self.body
        return self.body["data"]

    @property
    def code(self) -> str:
        """The code of an answer that says no, which always looks the same."""
        assert self.body["success"] is False, self.body
        assert self.body["error"]
        assert self.body["requestId"] == self.headers["X-Request-ID"]
        return str(self.body["code"])


class Desk:
    """The world founded, its clock in the tests' hands."""

    def __init__(self) -> None:
        found_if_missing(seed=SEED, companies=COMPANIES, rules=settings.RULES)
        self.floor = Floor(settings.RULES)

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            committed = self.floor.tick()
            assert committed is not None

    def get(self, path: str, key: str | None = None, **headers: str) -> Answer:
        return self.ask("GET", path, key=key, **headers)

    def post(self, path: str, body: object = None, key: str | None = None, **more: str) -> Answer:
        return self.ask("POST", path, None if body is None else json.dumps(body), key, **more)

    def ask(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        key: str | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> Answer:
        """Send a request, whatever it may be, and hold its answer against the contract."""
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        sent = {} if body is None else {"data": body, "content_type": content_type}
        client = Client(enforce_csrf_checks=True)
        response = client.generic(method, path, headers=headers, **sent)  # type: ignore[arg-type]
        answer = Answer(response.status_code, json.loads(response.content), dict(response.items()))
        contract.check(method, path, answer.status, answer.body)
        return answer

    def register(self, name: str = "ann", role: str = "retail_trader", **more: str) -> Trader:
        answer = self.post("/auth/register", {"name": name, "role": role, **more})
        assert answer.status == 201, answer.body
        return Trader(self, name, answer.data["agentId"], answer.data["apiKey"])

    def price(self, symbol: str = "APEX") -> float:
        return float(self.get(f"/market/stocks/{symbol}").data["price"])


@dataclass(frozen=True)
class Trader:
    """An agent with its key."""

    desk: Desk
    name: str
    id: str
    key: str

    def get(self, path: str) -> Answer:
        return self.desk.get(path, self.key)

    def post(self, path: str, body: object = None) -> Answer:
        return self.desk.post(path, body, self.key)

    def act(self, *actions: Json) -> list[Json]:
        """Send a batch and return its results."""
        answer = self.post("/actions", {"actions": actions})
        assert answer.status == 200, answer.body
        return list(answer.data["results"])

    def try_act(self, *actions: object) -> Answer:
        return self.post("/actions", {"actions": actions})

    @property
    def portfolio(self) -> Json:
        return dict(self.get("/agents/me/portfolio").data)

    @property
    def orders(self) -> list[Json]:
        return list(self.get("/agents/me/orders").data["items"])

    @property
    def holdings(self) -> dict[str, int]:
        return {line["symbol"]: line["quantity"] for line in self.portfolio["positions"]}


def buy(quantity: int = 10, symbol: str = "APEX", price: float | None = None, **more: Any) -> Json:
    return _order("BUY", quantity, symbol, price, more)


def sell(quantity: int = 10, symbol: str = "APEX", price: float | None = None, **more: Any) -> Json:
    return _order("SELL", quantity, symbol, price, more)


def cancel(**reference: str) -> Json:
    return {"type": "CANCEL_ORDER", **reference}


def codes(results: list[Json]) -> list[str]:
    return [result["code"] for result in results]


def _order(side: str, quantity: int, symbol: str, price: float | None, more: Json) -> Json:
    order: Json = {"type": side, "symbol": symbol, "quantity": quantity, **more}
    if price is not None:
        order |= {"orderType": "LIMIT", "price": price}
    return order
