"""A world of some ticks of which the desk has said something of each kind, and how it is asked."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from news.models import ResearchAggregate
from news.research import events, rows
from news.research.events import Alert, Insight, Narrative, Signal, SignalClosed
from news.research.tracking import Tally
from tests.floor.hall import Hall
from tests.research.test_runner import runner


def alert(tick: int, title: str, symbol: str | None = "APEX", **other: Any) -> Alert:
    values: dict[str, Any] = {"kind": "selloff", "source": "moves", "side": "SELL"}
    values |= {"description": "Fast.", "colour": 0xFF0000, "fields": (("Move", "-3 %"),)}
    return Alert(tick=tick, title=title, symbol=symbol, weight=1.5, **(values | other))


def signal(tick: int, symbol: str = "APEX", **other: Any) -> Signal:
    values: dict[str, Any] = {"action": "SELL", "kind": "selloff", "tier": "HIGH"}
    values |= {"entry": 10_000, "target": 9_000, "stop": 10_500, "confidence": 61}
    values |= {"rationale": "<b>It falls.</b>", "factors": ("falls",), "warnings": ("late",)}
    values |= {"risk_reward": 2.0, "size": 10, "account": 10_000_000, "expires": tick + 90}
    id = events.named("test", tick, symbol, *other)
    return Signal(tick=tick, id=id, symbol=symbol, **(values | other))


def insight(tick: int, analyst: str, symbol: str | None = None) -> Insight:
    facts = {"ratePercent": 5.0}
    return Insight(tick, analyst, f"{analyst} speaks.", 50, ("wait",), ("or not",), facts, symbol)


def say_all(hall: Hall) -> None:
    """Have the desk say something of each kind of a world that has begun."""
    for _ in range(4):
        hall.tick("ann BUY 50 MARKET")
    runner().catch_up()
    won = signal(2, "NEXUS", action="BUY", tier="MASTER", kind="breakout")
    ended = SignalClosed(3, won.id, won.kind, "NEXUS", "TARGET", 10_010, 10_900, 870, 4_000)
    rows.write(
        [
            (901, [alert(1, "first"), alert(1, "of all", None, kind="recap", source="recap")]),
            (902, [signal(2), won, insight(2, "macro"), insight(2, "market", "APEX")]),
            (903, [ended, alert(3, "last", "NEXUS", kind="gap", source="gaps")]),
            (904, [Narrative(4, "All of it.", {"index": "bullish"}, 44, ("APEX",), ("s1",))]),
        ]
    )
    tally = Tally(250, 100, 200, 3, 800_000, 2_500, 9_000_000)
    ResearchAggregate.objects.create(subject="signal", kind="breakout", data=tally._asdict())


def get(client: Client, path: str, **query: str) -> Any:
    response = client.get(f"/api/v1/{path}", query)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def post(client: Client, path: str, body: object) -> Any:
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def titles(page: dict[str, Any]) -> list[str]:
    return [one["title"] for one in page["items"] if one["title"] in {"first", "of all", "last"}]
