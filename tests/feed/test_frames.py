from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from websockets.frames import Frame, Opcode

from market import tape, wire
from market.engine.outcome import Trade
from market.tape import Event
from wallstreetsim.feed import notices, trades
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.books import PublishedBooks
from wallstreetsim.feed.frames import PublicEntry


def trade(number: int, quantity: int, symbol: str = "APEX") -> dict[str, object]:
    return {"id": str(number), "symbol": symbol, "price": 0.1, "quantity": quantity}


def entry(*events: Event) -> PublicEntry:
    return PublicEntry(epoch=1, seq=9, tick=9, timestamp="", events=list(events))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_batch_is_framed_as_websockets_are(size: int) -> None:
    text = "x" * size
    whole = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    assert Batch(text, text).framed == whole + whole


def test_many_trades_are_abridged_to_the_largest_in_order_with_totals_of_all() -> None:
    happened = [trade(n, quantity=1 + n % 1_000) for n in range(2_000)]
    happened.append(trade(2_000, quantity=1, symbol="NEXUS"))
    [event] = trades.abridge([{"type": trades.TYPE, "channel": "trades", "data": happened}])
    shown = [n for n in range(2_000) if n % 1_000 >= 750]
    assert [int(one["id"]) for one in event["data"]] == shown
    assert trades.sum_of(event["totals"]) == {
        "trades": 2_001,
        "shares": 1_001_001,
        "value": 100_100.1,
    }
    assert trades.abridge([event]) == [event]


@pytest.mark.parametrize("count", [1, 500, 501, 3_000])
def test_a_notice_tells_what_the_tape_tells_abridged(count: int) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    happened = [
        Trade(
            n,
            f"t{n}",
            9,
            "APEX" if n % 3 else "NEXUS",
            100 + n % 7,
            1 + n % 900,
            1_000,
            1_001,
            "b",
            "s",
            "BUY",
            0,
        )
        for n in range(count)
    ]
    events: list[Event] = [
        {"type": "tick:update", "channel": "tick", "data": {"note": ',\n{"type":"trade:executed"'}},
        {
            "type": trades.TYPE,
            "channel": "trades",
            "data": [wire.trade(t, at.isoformat()) for t in happened],
        },
        book_update({"APEX": [[1, 2, 3], []]}),
    ]
    on_tape = tape.Entry(1, tape.PUBLIC_STREAM, 9, 9, at, tape.encode_in_lines(events))
    assert on_tape.read() == events
    notice = notices.read(notices.of_tick(on_tape, told=[7], happened=happened))
    assert isinstance(notice, notices.TickNotice)
    assert notice.told == [7]
    channels = ("tick", "trades", "market:APEX", "market:NEXUS", "book:APEX")
    for channel in channels:
        assert notice.entry.frames(channel) == PublicEntry.of(on_tape).frames(channel)
    assert notice.entry.missed(frozenset(channels)) == PublicEntry.of(on_tape).missed(
        frozenset(channels)
    )


def test_a_company_whose_trades_were_all_too_small_still_has_its_totals() -> None:
    happened = [trade(n, quantity=100) for n in range(500)] + [trade(500, 1, "NEXUS")]
    public = entry({"type": trades.TYPE, "channel": "trades", "data": happened})
    [frame] = public.frames("market:NEXUS")
    assert '"data":[]' in frame
    assert '"totals":{"trades":1,"shares":1,"value":0.1}' in frame


def test_clients_with_the_same_channels_are_told_by_the_very_same_bytes() -> None:
    public = entry({"type": "tick:update", "channel": "tick", "data": {"tick": 9}})
    one, other = public.batch(frozenset({"tick"})), public.batch(frozenset(["tick"]))
    assert one.framed is other.framed


def book_update(data: object) -> Event:
    return {"type": "book:update", "channel": "books", "data": data}


def test_a_tape_of_before_tells_the_same_of_books_as_one_of_today() -> None:
    dollars = [
        {"symbol": "APEX", "bids": [[142.29, 7, 1], [0.07, 0, 0]], "asks": [[1234.56, 80, 3]]},
        {"symbol": "NEXUS", "bids": [], "asks": [[0.29, 5, 2]]},
    ]
    cents = {
        "APEX": [[14229, 7, 1, 7, 0, 0], [123456, 80, 3]],
        "NEXUS": [[], [29, 5, 2]],
    }
    before, today = entry(book_update(dollars)), entry(book_update(cents))
    for old, new in ((before, today), (today, before)):
        assert old.frames("book:APEX") == new.frames("book:APEX") != []
        assert old.missed(frozenset({"book:NEXUS"})) == new.missed(frozenset({"book:NEXUS"}))
        assert old.book_changes == new.book_changes == cents
    [frame] = today.frames("book:APEX")
    assert orjson.loads(frame)["data"] == dollars[0]
    assert today.frames("book:OTHER") == []


def test_a_book_is_what_it_was_and_all_that_changed_since() -> None:
    books = PublishedBooks({"APEX": [[1000, 5, 1, 990, 7, 2], [1010, 1, 1]], "NEXUS": [[], []]})
    books.apply({"APEX": [[1001, 3, 1, 990, 0, 0], []]})
    books.apply({"APEX": [[], [1010, 2, 2, 1015, 9, 1]], "NEWCO": [[5, 1, 1], []]})
    books.apply({"APEX": [[970, 0, 0], []]})
    assert books.of("APEX") == {
        "symbol": "APEX",
        "bids": [[10.01, 3, 1], [10.0, 5, 1]],
        "asks": [[10.1, 2, 2], [10.15, 9, 1]],
    }
    assert books.of("NEWCO")["bids"] == [[0.05, 1, 1]]
    assert books.of("NEXUS") == {"symbol": "NEXUS", "bids": [], "asks": []}
