from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from market.tape import Event
from wallstreetsim.feed import trades
from wallstreetsim.feed.batches import Batch
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
