"""`/mcp`, spoken to by the official client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.stack.running import PATIENCE_SECONDS

if TYPE_CHECKING:
    from tests.manual.exchange import Exchange

pytestmark = pytest.mark.django_db

Talk = Callable[[ClientSession], Awaitable[Any]]
Call = tuple[str, dict[str, Any]]


def talk(address: str, about: Talk, key: str = "") -> Any:
    """Open a session as a client does, and return what came of it."""

    async def whole() -> Any:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with (
            httpx.AsyncClient(headers=headers, timeout=PATIENCE_SECONDS) as http,
            streamable_http_client(address, http_client=http) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await about(session)

    return asyncio.run(asyncio.wait_for(whole(), PATIENCE_SECONDS))


def called(address: str, *calls: Call, key: str = "") -> list[tuple[Any, bool]]:
    """Call tools in one session; return what each says, read if it is JSON, and whether that is an
    error.
    """

    async def all_of_them(session: ClientSession) -> list[Any]:
        return [await session.call_tool(name, arguments) for name, arguments in calls]

    results = talk(address, all_of_them, key)
    texts = [(result.content[0].text, bool(result.isError)) for result in results]
    return [(json.loads(t) if t.startswith(("{", "[")) else t, e) for t, e in texts]


async def names(session: ClientSession) -> list[str]:
    return [tool.name for tool in (await session.list_tools()).tools]


def test_an_agent_reads_acts_and_is_refused_as_by_the_api(exchange: Exchange) -> None:
    address = f"{exchange.address}/mcp"
    form = {"name": "MyTool", "role": "retail_trader"}
    born = requests.post(
        f"{exchange.address}/auth/register", json=form, timeout=PATIENCE_SECONDS
    ).json()
    exchange.tick()
    assert len(talk(address, names)) == 12
    assert "act" not in talk(f"{address}?readOnly=1", names)
    public = called(
        address,
        ("get_company", {"symbol": "APEX"}),
        ("get_order_book", {"symbol": "APEX", "depth": 2}),
        ("read_manual", {"section": "start"}),
        ("get_portfolio", {}),
        ("list_news", {"colour": "red"}),
    )
    told, errors = [text for text, _ in public], [is_error for _, is_error in public]
    assert errors == [False, False, False, True, True], told
    assert told[0]["symbol"] == "APEX"
    assert len(told[1]["bids"]) == 2
    assert told[2].startswith("## Quick start")
    assert [answer["code"] for answer in told[3:]] == ["UNAUTHORIZED", "BAD_REQUEST"]
    limit = {"type": "BUY", "symbol": "APEX", "quantity": 3, "orderType": "LIMIT", "price": 1.25}
    key = born["data"]["apiKey"]
    own = called(
        address,
        ("get_portfolio", {}),
        ("act", {"actions": [limit]}),
        ("list_orders", {"symbol": "APEX"}),
        key=key,
    )
    assert own[0][0]["cash"] == 10_000
    assert own[1][0]["results"][0]["code"] == "OK"
    assert own[2][0]["items"][0]["price"] == 1.25


def test_what_is_no_message_is_one_clear_error(exchange: Exchange) -> None:
    address = f"{exchange.address}/mcp"

    def post(method: str, origin: str = "", **parameters: Any) -> requests.Response:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        headers = {"Origin": origin} if origin else {}
        return requests.post(address, json=message, headers=headers, timeout=PATIENCE_SECONDS)

    assert post("resources/list").json()["error"]["code"] == -32601
    assert post("tools/call", name="fly").json()["error"]["message"] == "There is no tool fly."
    assert post("tools/call", name="get_company").json()["error"]["code"] == -32602
    assert post("initialize", protocolVersion="1999").json()["result"]["protocolVersion"]
    assert post("ping", origin="http://elsewhere.example").status_code == 403
    assert post("ping", origin=exchange.address).json()["result"] == {}
    broken = requests.post(
        address, "{", headers={"Content-Type": "application/json"}, timeout=PATIENCE_SECONDS
    )
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, -32700)
    assert requests.get(address, timeout=PATIENCE_SECONDS).status_code == 405
    notified = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert requests.post(address, json=notified, timeout=PATIENCE_SECONDS).status_code == 202
