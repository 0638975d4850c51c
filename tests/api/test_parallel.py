"""Many at once, over the real ASGI application, each request in a thread of its own."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Coroutine, Mapping
from functools import cache
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connections
from django.utils.datastructures import CaseInsensitiveMapping

from agents.models import Agent, Input
from sec.models import Bribe
from tests.api.desk import Answer, Desk, Trader, buy, codes
from wallstreetsim.floor.audit import audit

T = TypeVar("T")


@pytest.fixture
def desk(transactional_db: None, unlimited: None) -> Desk:
    """A world whose rows every thread can see."""
    return Desk()


@cache
def _application() -> Any:
    """Return what a server serves, without the thread that watches the database: it would outlive
    the test, and break the statements of all others where PostgreSQL is slow.
    """
    with patch("market.common.database_health.watch"):
        from wallstreetsim.asgi import application
    return application


async def ask(
    method: str,
    path: str,
    body: object = None,
    key: str | None = None,
    *,
    chunks: list[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send a request to the application, as a server would hand it on."""
    content = chunks or [b"" if body is None else json.dumps(body).encode()]
    path, _, query = path.partition("?")
    headers = {"host": "testserver", "content-type": "application/json", **(headers or {})}
    if chunks is None:
        headers |= {"content-length": str(len(content[0]))}
    if key:
        headers |= {"authorization": f"Bearer {key}"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ["127.0.0.1", 50_000],
        "server": ["127.0.0.1", 80],
        "scheme": "http",
        "root_path": "",
    }
    exchange: Any = ApplicationCommunicator(_application(), scope)  # type: ignore[no-untyped-call]
    for chunk in content:
        last = chunk is content[-1]
        await exchange.send_input({"type": "http.request", "body": chunk, "more_body": not last})
    start = await exchange.receive_output(timeout=30)
    answer = await exchange.receive_output(timeout=30)
    await exchange.send_input({"type": "http.disconnect"})
    await exchange.wait(timeout=30)
    given = CaseInsensitiveMapping((n.decode(), v.decode()) for n, v in start["headers"])
    return Answer(start["status"], json.loads(answer["body"]), given)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def act(trader: Trader, *actions: object, query: str = "") -> Coroutine[Any, Any, Answer]:
    return ask("POST", f"/actions{query}", {"actions": list(actions)}, trader.key)


def test_fifty_orders_of_60_percent_each_fill_one(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    shares = int(20_000 * 0.6 / desk.price())

    async def crowd() -> list[Answer]:
        return await asyncio.gather(*(act(ann, buy(shares)) for _ in range(50)))

    at_once = Counter(codes(answer.data["results"])[0] for answer in run(crowd()))
    desk.tick(2)
    verdicts = Counter(Input.objects.filter(type="BUY").values_list("verdict__code", flat=True))
    assert verdicts["OK"] == 1, "the tick fills exactly one"
    assert at_once["INSUFFICIENT_FUNDS"] + verdicts["INSUFFICIENT_FUNDS"] == 49
    assert ann.holdings == {"APEX": shares}
    assert Counter(line["status"] for line in ann.orders)["filled"] == 1
    checks = audit().checks
    assert not any(check.differences for check in checks)


def test_fifty_bribes_with_the_same_money_pay_what_there_is_to_give(desk: Desk) -> None:
    ann = desk.register("ann", "quant")
    targets = [desk.register(f"ivy{n}", "sec_investigator").name for n in range(50)]
    desk.tick()

    async def crowd(targets: list[str]) -> list[Answer]:
        bribes = ({"type": "BRIBE", "targetAgent": one, "amount": 3_000} for one in targets)
        return await asyncio.gather(*(act(ann, bribe) for bribe in bribes))

    at_once = Counter(codes(answer.data["results"])[0] for answer in run(crowd(targets)))
    before = ann.portfolio["cash"]
    desk.tick(2)
    verdicts = Counter(Input.objects.filter(type="BRIBE").values_list("verdict__code", flat=True))
    assert verdicts["OK"] == 3, "of the $10,000 that one may give away without a gain"
    assert at_once["INSUFFICIENT_FUNDS"] + verdicts["INSUFFICIENT_FUNDS"] == 47
    assert list(Bribe.objects.values_list("cents", flat=True)) == [300_000] * 3
    assert before - ann.portfolio["cash"] == 9_000

    bob = desk.register("bob", "quant")
    desk.tick()
    again = [{"type": "BRIBE", "targetAgent": "ivy0", "amount": 1_000}] * 50

    async def one_target() -> list[Answer]:
        return await asyncio.gather(*(act(bob, bribe) for bribe in again))

    run(one_target())
    desk.tick()
    assert (
        Bribe.objects.filter(target=Agent.objects.get(name="ivy0").id, cents=100_000).count() == 1
    )
    checks = audit().checks
    assert not any(check.differences for check in checks)


def test_one_client_order_id_is_taken_once_however_many_send_it(desk: Desk) -> None:
    ann = desk.register("ann", "quant")
    desk.tick()

    async def crowd() -> list[Answer]:
        order = buy(1, clientOrderId="once")
        return await asyncio.gather(*(act(ann, order) for _ in range(20)))

    given = Counter(codes(answer.data["results"])[0] for answer in run(crowd()))
    assert given == {"OK": 1, "DUPLICATE": 19}
    desk.tick()
    assert ann.holdings == {"APEX": 1}


def test_one_name_is_registered_once(desk: Desk) -> None:
    async def crowd() -> list[Answer]:
        return await asyncio.gather(
            *(
                ask("POST", "/auth/register", {"name": name, "role": "ceo"})
                for name in ["zoe", "Zoe", "ZOE"] * 5
            )
        )

    assert Counter(answer.status for answer in run(crowd())) == {201: 1, 409: 14}
    assert Agent.objects.count() == 1


def test_five_keys_are_enough_even_at_once(desk: Desk) -> None:
    ann = desk.register("ann")

    async def crowd() -> list[Answer]:
        return await asyncio.gather(*(ask("POST", "/auth/keys", key=ann.key) for _ in range(12)))

    assert Counter(answer.status for answer in run(crowd())) == {201: 4, 409: 8}


def test_a_session_is_refreshed_once(desk: Desk) -> None:
    ann = desk.register("ann")
    token = desk.post("/auth/login", {"apiKey": ann.key}).data["sessionToken"]

    async def crowd() -> list[Answer]:
        return await asyncio.gather(*(ask("POST", "/auth/refresh", key=token) for _ in range(8)))

    statuses = Counter(answer.status for answer in run(crowd()))
    assert statuses[200] == 1
    assert set(statuses) <= {200, 401, 409}


# Waiting for the verdict


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let who waits for a tick wait until the test runs it, however busy the machine is."""
    monkeypatch.setattr("wallstreetsim.api.views.WAITED_TICKS", 60)


@pytest.mark.usefixtures("patient")
def test_who_waits_is_answered_by_the_tick(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()

    async def story() -> Answer:
        waiting = asyncio.ensure_future(act(ann, buy(1), buy(1, "NOSUCH"), query="?wait=1"))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        await asyncio.to_thread(_tick_elsewhere, desk)
        return await waiting

    answer = run(story())
    assert answer.data["tick"] == 2
    taken, refused = answer.data["results"]
    assert (taken["success"], taken["code"]) == (True, "OK")
    assert taken["data"]["orderId"]
    assert refused["code"] == "INVALID_SYMBOL"


@pytest.mark.usefixtures("patient", "short_day")
def test_who_waits_while_the_market_is_closed_is_told_the_ticks_until_it_opens(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick(6)

    async def story() -> Answer:
        waiting = asyncio.ensure_future(act(ann, buy(1), query="?wait=1"))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(_tick_elsewhere, desk)
        return await waiting

    answer = run(story())
    assert answer.data["tick"] == 7
    assert answer.data["results"][0]["data"]["ticksUntilOpen"] == 3
    assert desk.get("/world/status").data["ticksUntilOpen"] == 3


def test_who_waits_in_vain_is_answered_as_without(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    answer = run(act(ann, buy(1), query="?wait=1"))
    assert (answer.data["tick"], codes(answer.data["results"])) == (1, ["OK"])
    assert ann.orders[0]["status"] == "pending"


@pytest.mark.usefixtures("patient")
def test_those_who_wait_keep_nobody_else_waiting(desk: Desk) -> None:
    ann = desk.register("ann", "quant")
    desk.tick()

    async def story() -> list[Answer]:
        waiting = [
            asyncio.ensure_future(act(ann, buy(1, price=1.0), query="?wait=1")) for _ in range(30)
        ]
        await asyncio.sleep(1)
        reads = await asyncio.gather(*(ask("GET", "/world/tick") for _ in range(30)))
        assert not any(one.done() for one in waiting)
        await asyncio.to_thread(_tick_elsewhere, desk)
        await asyncio.gather(*waiting)
        return list(reads)

    assert {answer.status for answer in run(story())} == {200}


def _tick_elsewhere(desk: Desk) -> None:
    desk.tick()
    connections["default"].close()


# What a server hands on


def test_a_body_may_come_in_chunks(desk: Desk) -> None:
    parts = [b'{"apiKey"', b': "', b"x" * 10, b'"}']
    answer = run(
        ask("POST", "/auth/verify", chunks=parts, headers={"transfer-encoding": "chunked"})
    )
    assert answer.data == {"valid": False}


def test_chunks_without_end_are_too_large(desk: Desk) -> None:
    parts = [b" " * 65_536 + bytes([48 + n]) for n in range(6)]
    answer = run(ask("POST", "/auth/verify", chunks=parts))
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("path", ["/auth/verify", "/", "/health"])
def test_headers_that_cannot_be_read_are_refused(desk: Desk, path: str) -> None:
    unreadable = {"content-type": "application/json; charset*=foo''bar"}
    answer = run(ask("POST", path, headers=unreadable))
    assert answer.status == 400
    assert answer.body["code"] == "BAD_REQUEST"


def test_pages_go_the_long_way_and_bear_the_same_headers(desk: Desk) -> None:
    desk.tick()
    answer = run(ask("GET", "/health", headers={"x-request-id": "mine"}))
    assert (answer.status, answer.headers["X-Request-ID"]) == (200, "mine")
    assert answer.headers["X-WSS-Tick"] == "1"
    assert run(ask("GET", "/nothing")).body["code"] == "NOT_FOUND"
