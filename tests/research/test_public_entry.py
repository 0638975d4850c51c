"""What the desk reads of an entry of the public tape, and what it leaves unread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import pytest

from market import tape
from market.engine.rules import Switches
from news.research import public_entry
from news.research.public_entry import Traded
from wallstreetsim.floor import book_changes, tape_events
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World


@cache
def ticks() -> list[list[dict[str, Any]]]:
    """Return the public events of some ticks of a world that trades."""
    world = World(RULES, "entries", Switches(events=True, house=12))
    world.found(6)
    told = []
    for _ in range(12):
        books = book_changes.standing(world)
        outcome = world.advance([])
        at = datetime(2026, 1, 1, tzinfo=UTC)
        told.append(tape_events.public_events(world, outcome, books, at))
    return told


def parsed(events: Sequence[dict[str, Any]]) -> public_entry.PublicEntry:
    return public_entry.parse(7, partial(tape.select, tape.encode_in_lines(events)))


@pytest.mark.parametrize("types", [(), ("a",), ("b", "c"), ("ab",), ("a", "b", "c", "ab")])
def test_events_of_some_types_are_those_of_all_that_are(types: Sequence[str]) -> None:
    events = [{"type": type, "data": [1, "a\nb"]} for type in ("a", "b", "ab", "c", "a")]
    wanted = [event for event in events if event["type"] in types]
    assert list(tape.select(tape.encode_in_lines(events), types)) == wanted
    assert list(tape.select(tape.encode_in_lines([]), types)) == []


def test_each_trade_is_left_unread_where_the_tape_sums_them() -> None:
    for events in ticks():
        spoiled = [e | {"data": "?"} if e["type"] == "trade:executed" else e for e in events]
        assert parsed(spoiled) == parsed(events)


def test_a_tape_without_the_sums_is_read_trade_by_trade() -> None:
    for events in ticks():
        of_before = [{k: v for k, v in event.items() if k != "traded"} for event in events]
        assert parsed(of_before) == parsed(events)
    assert any(parsed(events).traded for events in ticks())


def test_what_a_company_traded_is_its_lowest_and_highest_price_and_all_shares() -> None:
    trades = [("APEX", 10.01, 5), ("NOVA", 3.0, 1), ("APEX", 9.99, 7), ("APEX", 10.0, 1)]
    data = [{"symbol": s, "price": price, "quantity": count} for s, price, count in trades]
    events: list[dict[str, Any]] = [
        {"type": "tick:update", "data": {}},
        {"type": "price:update", "data": {"prices": []}},
        {"type": "trade:executed", "data": data},
    ]
    assert parsed(events).traded == {"APEX": Traded(999, 1001, 13), "NOVA": Traded(300, 300, 1)}


def test_a_damaged_byte_never_passes_for_what_happened() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    whole = tape.Entry(1, 0, 7, 7, now, tape.encode_in_lines(ticks()[5]))
    rows = tape.append([whole]).rows
    assert isinstance(rows, bytes)
    packed = bytes.fromhex(rows.decode().rpartition("\\x")[2].rstrip('"\n'))
    sound = public_entry.parse(7, tape.PackedEntry(*whole[:5], packed).select)
    damaged = 0
    for place in range(0, len(packed), 7):
        spoiled = bytearray(packed)
        spoiled[place] ^= 0x55
        try:
            read = public_entry.parse(7, tape.PackedEntry(*whole[:5], bytes(spoiled)).select)
        except tape.Damaged as error:
            assert "entry 7 of stream 0 is damaged" in str(error)
            damaged += 1
        else:
            assert read == sound
    assert damaged > len(packed) // 14
