from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime

import orjson
import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from market import tape, wire
from market.engine.outcome import Trade
from market.tape import Event
from wallstreetsim.feed import batches, notices, trades
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
        told = [entry.frames(channel) for entry in (notice.entry, PublicEntry.of(on_tape))]
        assert [frame.text for frame in told[0]] == [frame.text for frame in told[1]]
    assert notice.entry.missed(frozenset(channels)) == PublicEntry.of(on_tape).missed(
        frozenset(channels)
    )


def test_a_company_whose_trades_were_all_too_small_still_has_its_totals() -> None:
    happened = [trade(n, quantity=100) for n in range(500)] + [trade(500, 1, "NEXUS")]
    public = entry({"type": trades.TYPE, "channel": "trades", "data": happened})
    [frame] = public.frames("market:NEXUS")
    assert '"data":[]' in frame.text
    assert '"totals":{"trades":1,"shares":1,"value":0.1}' in frame.text


def test_clients_with_the_same_channels_are_told_by_the_very_same_bytes() -> None:
    public = entry({"type": "tick:update", "channel": "tick", "data": {"tick": 9}})
    one, other = public.batch(frozenset({"tick"})), public.batch(frozenset(["tick"]))
    assert one.framed is other.framed
    assert one.deflated is other.deflated


def test_a_channels_frame_is_deflated_once_for_all_who_have_it_among_others() -> None:
    public = entry(prices(5))
    one, other = (public.batch(frozenset(names)) for names in ({"market:all"}, {"market:all", "x"}))
    assert one.frames[0].deflated is other.frames[0].deflated


@pytest.mark.parametrize("size", [0, 255, 256, 10_000, 200_000])
def test_a_deflated_frame_is_read_as_websockets_read_it(size: int) -> None:
    text = "".join(f"{n:x}é" for n in range(size))[:size]
    frame = batches.Frame(text)
    reader = PerMessageDeflate(
        remote_no_context_takeover=True,
        local_no_context_takeover=True,
        remote_max_window_bits=15,
        local_max_window_bits=15,
    )
    for _ in range(2):  # no context is taken over
        parser = Frame.parse(StreamOf(frame.deflated).read_exact, mask=False, extensions=[reader])
        with pytest.raises(StopIteration) as done:
            next(parser)
        assert done.value.value.data.decode() == text
    assert size < 10_000 or len(frame.deflated) < len(frame.plain)


class StreamOf:
    """Bytes that have arrived, as websockets read them."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read_exact(self, count: int) -> Generator[None, None, bytes]:
        yield from ()
        taken, self.data = self.data[:count], self.data[count:]
        return taken


def prices(*changed: int, total: int = 8) -> Event:
    return {
        "type": "price:update",
        "channel": "market:all",
        "data": {"tick": 9, "prices": [{"symbol": f"S{n}", "price": n} for n in range(total)]},
        "changed": [f"S{n}" for n in changed],
    }


def test_of_the_prices_those_are_told_that_changed_and_all_are_shown() -> None:
    public = entry(prices(2, 5))
    told = [orjson.loads(frame.text) for frame in public.frames("market:all")]
    assert [[p["symbol"] for p in frame["data"]["prices"]] for frame in told] == [["S2", "S5"]]
    assert told[0]["partial"] is True
    shown = orjson.loads(public.snapshot("market:all") or "")
    assert len(shown["data"]["prices"]) == 8
    assert "partial" not in shown
    assert [len(public.frames(f"market:S{n}")) for n in (2, 3)] == [1, 0]
    assert public.snapshot("market:S3")
    missed = public.missed(frozenset({"market:all"}))
    assert missed is not None
    [event] = orjson.loads(missed)["events"]
    assert (event["partial"], event["data"]) == (True, told[0]["data"])


def test_while_no_price_changes_none_is_told() -> None:
    public = entry(prices())
    assert public.frames("market:all") == []
    assert public.missed(frozenset({"market:all", "market:S1"})) is None
    assert public.snapshot("market:all")


def test_a_tape_of_before_has_all_prices_changed() -> None:
    before = prices()
    del before["changed"]
    [frame] = entry(before).frames("market:all")
    assert len(orjson.loads(frame.text)["data"]["prices"]) == 8


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
        told = [[f.text for f in one.frames("book:APEX")] for one in (old, new)]
        assert told[0] == told[1] != []
        assert old.missed(frozenset({"book:NEXUS"})) == new.missed(frozenset({"book:NEXUS"}))
        assert old.book_changes == new.book_changes == cents
    [frame] = today.frames("book:APEX")
    assert orjson.loads(frame.text)["data"] == dollars[0]
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
