"""The table of frames says what the tape says, frame by frame and field by field."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from market import tape
from market.models import Company, TapeEntry
from news import wire as news_wire
from news.api.serializers import article_item
from news.engine.desk import Mark
from news.models import Article
from news.research.events import (
    Alert,
    Insight,
    Narrative,
    ResearchEvent,
    Signal,
    SignalClosed,
)
from sec import tape_events as sec_events
from sec.engine.outcome import CaseUpdate
from tests.floor.hall import Hall
from wallstreetsim.feed import catalog, channels
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.frames import PublicEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """What some busy ticks told, by type: the fields."""
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    hall = Hall("ann", "bob")
    hall.tick("ann BUY 10 MARKET\nann BUY 5 @ 1.00 #low\nbob SELL 5 MARKET")
    apex = Company.objects.get(symbol="APEX")
    assert apex.bid
    hall.tick(f"bob BUY 50000 @ {(apex.bid + 1) / 100} #big\nann CANCEL #low\nann SELL 3 MARKET")
    hall.operate("HALT", symbol="NOVA", ticks=5, reason="a look")
    hall.tick("ann BUY 900000 MARKET")
    found: dict[str, set[str]] = defaultdict(set)
    for row in TapeEntry.objects.all():
        entry = tape._entry(row)
        for type, data in _events(entry):
            for one in data if isinstance(data, list) else [data]:
                found[type] |= one.keys()
    return found


def _events(entry: tape.Entry) -> Iterator[tuple[str, Any]]:
    if entry.stream != tape.PUBLIC_STREAM:
        yield from ((event["type"], event["data"]) for event in entry.read())
        return
    public = PublicEntry.of(entry)
    names = ("tick", "market:all", "trades", "leaderboard", "events", "news", "sec", "book:APEX")
    for channel in names:
        for event in public._events_of(channel):
            yield event["type"], event["data"]


SOME_HAVE_MORE = {"market:event"}
NOT_HERE = {"agent:message", "agent:alert", "news:breaking"}  # which these ticks may lack


def _charged() -> set[str]:
    update = CaseUpdate(1, "a case", 1_000, "wash_trading", None, "charged", 0, 0, 0, None)
    report: Any = SimpleNamespace(
        updates=[update], named={1_000: SimpleNamespace(id="an id", name="ann")}
    )
    [(_, _, item)] = sec_events.public_events(report, 1)
    return set(item)


def _marked() -> set[str]:
    return set(news_wire.mark(Mark("an id", True, False, "", 1)))


def _researched() -> dict[str, set[str]]:
    """Return the fields of all that the research desk says."""
    said: list[ResearchEvent] = [
        Alert(1, "gap", "gap", None, "", "", 0, (), 1.0),
        Signal(1, "id", "APEX", "BUY", 1, 2, 1, 60, "HIGH", "gap", "", (), (), 1.0, 1, 1, 2),
        SignalClosed(1, "id", "gap", "APEX", "TARGET", 1, 2, 100, 50),
        Insight(1, "market", "", 50, (), (), {}),
        Narrative(1, "", {}, 50, (), ()),
    ]
    return {event.type: set(event.as_item()) for event in said}


def test_an_article_is_as_the_table_has_it() -> None:
    [kind] = [kind for kind in catalog.FRAMES if kind.type == "news:breaking"]
    row = Article(symbols=[], agents=[], is_breaking=False)
    assert tuple(article_item(row, {})) == kind.fields


def test_the_table_names_every_field_of_what_is_told(told: dict[str, set[str]]) -> None:
    table = {kind.type: set(kind.fields) for kind in reversed(catalog.FRAMES)}
    told |= {"sec:update": _charged(), "news:marked": _marked(), **_researched()}
    assert table.keys() - told.keys() <= NOT_HERE
    for type, fields in told.items():
        if type in SOME_HAVE_MORE:
            assert table[type] < fields
        else:
            assert table[type] == fields, type


def test_a_price_is_as_the_table_has_it(told: dict[str, set[str]]) -> None:
    row = TapeEntry.objects.filter(stream=tape.PUBLIC_STREAM).latest("seq")
    public = PublicEntry.of(tape._entry(row))
    assert tuple(public._prices["APEX"]) == catalog.PRICE_FIELDS
    assert set(catalog.SNAPSHOTS[4][1]) == told["tick:update"]


def test_what_the_table_calls_partial_says_so_itself() -> None:
    from wallstreetsim.feed.frames import PARTIAL_TYPES

    partial = {kind.type for kind in catalog.FRAMES if kind.is_partial}
    assert partial == PARTIAL_TYPES | {"price:update"}


def test_every_channel_has_its_frames_and_every_close_code_its_reason() -> None:
    own = (catalog.MARKET, catalog.BOOK, catalog.OWN)
    for channel in (*channels.PUBLIC, *own, *catalog.RESEARCH):
        assert catalog.frames_of(channel), channel
    assert catalog.CLOSE_CODES.keys() == {int(code) for code in Close}


def test_the_manual_and_the_documents_show_the_table(client: Client) -> None:
    manual = client.get("/skill.md?section=websocket").content.decode()
    document = json.loads(client.get("/asyncapi.json").content)
    config = json.loads(client.get("/config").content)["data"]["webSocket"]
    assert document["asyncapi"] == "3.0.0"
    told = {message["name"] for message in document["components"]["messages"].values()}
    for kind in catalog.FRAMES:
        assert f"| `{kind.type}` |" in manual
        assert kind.type in told
        line = next(
            one
            for one in config["frames"]
            if (one["type"], one["channels"]) == (kind.type, list(kind.channels))
        )
        assert (line["partial"], line["fields"]) == (kind.is_partial, list(kind.fields))
    for answer in catalog.ANSWERS:
        assert f"`{answer.type}`" in manual
        assert answer.type in told
    for code in catalog.CLOSE_CODES:
        assert str(code) in manual
    for name, channel in document["channels"].items():
        for reference in channel["messages"].values():
            key = reference["$ref"].removeprefix("#/components/messages/")
            assert key in document["components"]["messages"], name
            assert re.fullmatch(r"[A-Za-z0-9_.-]+", key)
