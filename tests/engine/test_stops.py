"""Stop orders: judged once a tick after prices, on the last trade or the price; first in the next
tick, by arrival.
"""

from __future__ import annotations

import pytest

from tests.cast import Player, Stage, cents, listing

SELLER = Player("ann", holds={"APEX": 10_000})
HOLDER = Player("bob", holds={"APEX": 1_000})


def trade_at(price: str) -> str:
    """Script a trade of one share that leaves nothing behind."""
    return f"ann SELL 1 @ {price}\ncid BUY 1 @ {price}\n"


def states(stage: Stage, *references: str) -> list[tuple[str, str, str]]:
    found = [stage.orders[reference] for reference in references]
    return [(order.status, order.triggered_by, order.reason_code) for order in found]


def test_an_untriggered_stop_is_pending_and_out_of_the_book() -> None:
    stage = Stage(HOLDER)
    stage.tick("bob SELL 10 STOP 9.50 #s\nbob SELL 10 STOP 9.50 @ 9.40 #l")
    assert states(stage, "s", "l") == [("pending", "", "")] * 2
    assert stage.resting() == []
    assert stage.account("bob").closing == {"APEX": 20}


@pytest.mark.parametrize(
    ("line", "last", "is_touched"),
    [
        ("bob SELL 5 STOP 9.90 #s", "9.90", True),
        ("bob SELL 5 STOP 9.90 #s", "9.89", True),
        ("bob SELL 5 STOP 9.90 #s", "9.91", False),
        ("bob BUY 5 STOP 10.10 #s", "10.10", True),
        ("bob BUY 5 STOP 10.10 #s", "10.11", True),
        ("bob BUY 5 STOP 10.10 #s", "10.09", False),
    ],
)
def test_a_stop_is_touched_by_the_last_trade(line: str, last: str, is_touched: bool) -> None:
    stage = Stage(SELLER, HOLDER, "cid")
    stage.tick(line)
    stage.tick(trade_at(last))
    assert stage.orders["s"].triggered_by == ("last" if is_touched else "")


@pytest.mark.parametrize(
    ("line", "price", "is_touched"),
    [
        ("bob SELL 5 STOP 9.90 #s", "9.90", True),
        ("bob SELL 5 STOP 9.90 #s", "9.91", False),
        ("bob BUY 5 STOP 10.10 #s", "10.10", True),
        ("bob BUY 5 STOP 10.10 #s", "10.09", False),
    ],
)
def test_a_stop_is_touched_by_the_price(line: str, price: str, is_touched: bool) -> None:
    stage = Stage(HOLDER)
    stage.tick(line)
    stage.reprice(price)
    stage.submit()
    assert stage.orders["s"].triggered_by == ("price" if is_touched else "")


def test_of_both_the_last_trade_comes_first() -> None:
    """Trades happen in a tick before its price is set."""
    stage = Stage(SELLER, HOLDER, "cid")
    stage.tick("bob SELL 5 STOP 9.90 #s")
    stage.reprice("9.80")
    stage.tick(trade_at("9.90"))
    assert stage.orders["s"].triggered_by == "last"


def test_a_triggered_stop_trades_in_the_next_tick_before_its_inputs() -> None:
    stage = Stage(SELLER, HOLDER, "cid", "dee")
    stage.tick("bob SELL 10 STOP 9.90 #s")
    stage.tick(trade_at("9.90"))
    assert states(stage, "s") == [("pending", "last", "")]
    stage.tick("cid BUY 10 @ 9.80\ndee BUY 10 @ 9.81")
    assert states(stage, "s") == [("cancelled", "last", "NO_LIQUIDITY")]


def test_a_stop_sells_at_market_what_the_book_takes() -> None:
    stage = Stage(SELLER, HOLDER, "cid")
    stage.tick("bob SELL 10 STOP 9.90 #s\ncid BUY 4 @ 9.85\ncid BUY 9 @ 9.49")
    stage.tick(trade_at("9.90"))
    stage.submit()
    assert stage.trades == ["cid bought 4 from bob @ 9.85"]
    assert states(stage, "s") == [("cancelled", "last", "NO_LIQUIDITY")]
    assert stage.account("bob").closing == {}


def test_a_stop_limit_rests_at_its_limit_once_it_is_touched() -> None:
    stage = Stage(SELLER, HOLDER, "cid")
    stage.tick("bob SELL 10 STOP 9.90 @ 9.88 #s")
    stage.tick(trade_at("9.90"))
    stage.submit()
    assert stage.resting() == ["bob SELL 10 @ 9.88"]
    assert states(stage, "s") == [("open", "last", "")]


def test_triggered_stops_trade_by_arrival_whichever_was_touched_first() -> None:
    stage = Stage(SELLER, HOLDER, Player("dee", holds={"APEX": 10}), "cid")
    stage.tick("""
        dee SELL 10 STOP 9.80 #deep
        bob SELL 10 STOP 9.90 #near
        cid BUY 15 @ 9.60
    """)
    stage.tick(trade_at("9.80"))
    stage.submit()
    assert stage.trades == ["cid bought 10 from dee @ 9.60", "cid bought 5 from bob @ 9.60"]


def test_a_replaced_stop_has_lost_its_place_among_those_triggered() -> None:
    stage = Stage(SELLER, HOLDER, Player("dee", holds={"APEX": 20}), "cid")
    stage.tick("""
        dee SELL 10 STOP 9.80 #deep
        bob SELL 10 STOP 9.90 #near
        dee REPLACE #deep 11
        cid BUY 15 @ 9.60
    """)
    stage.tick(trade_at("9.80"))
    stage.submit()
    assert stage.trades == ["cid bought 10 from bob @ 9.60", "cid bought 5 from dee @ 9.60"]


def test_a_gap_through_the_stop_trades_where_the_market_is() -> None:
    stage = Stage(SELLER, HOLDER, "cid")
    stage.tick("bob SELL 10 STOP 9.90 #s")
    stage.reprice("9.40")
    stage.tick("cid BUY 10 @ 9.35")
    stage.submit()
    assert stage.trades == ["cid bought 10 from bob @ 9.35"]
    assert stage.orders["s"].triggered_by == "price"


def test_a_stop_that_no_longer_fits_when_it_is_touched_is_rejected() -> None:
    """Its cost was that of its stop; at the price that it meets there is not enough."""
    stage = Stage(SELLER, Player("bob", "1,050.00"), "cid")
    stage.tick("bob BUY 95 STOP 10.50 #s")
    assert stage.account("bob").reserved == 104_738  # 95 × 10.50 × 1.05, rounded up
    stage.reprice("10.60")
    stage.submit()
    stage.submit()
    assert states(stage, "s") == [("rejected", "price", "INSUFFICIENT_FUNDS")]
    assert stage.account("bob").reserved == 0


def test_a_chain_of_stops_takes_a_tick_for_each_link() -> None:
    stage = Stage(SELLER, HOLDER, Player("dee", holds={"APEX": 10}), "cid")
    stage.tick("""
        bob SELL 10 STOP 9.90 #first
        dee SELL 10 STOP 9.80 #second
        cid BUY 10 @ 9.80
        cid BUY 10 @ 9.70
    """)
    stage.tick(trade_at("9.90"))
    stage.submit()
    assert stage.trades == ["cid bought 10 from bob @ 9.80"]
    assert stage.orders["second"].triggered_by == "last"
    stage.submit()
    assert stage.trades == ["cid bought 10 from dee @ 9.70"]


def test_a_stop_touched_by_a_price_in_a_halt_waits_for_trading() -> None:
    others = listing("BIG", "400.00", shares=10**8)  # so that the index stands still
    stage = Stage(HOLDER, "cid", companies=[listing(), others])
    stage.tick("bob SELL 10 STOP 9.90 #s\ncid BUY 10 @ 9.00")
    event = {"event": "CEO_SCANDAL", "symbol": "APEX", "impact": -0.13, "duration": 20}
    stage.operate("INJECT", **event)
    assert (stage.company().price, stage.company().is_halted) == (cents("9.00"), True)
    stage.submit()
    assert (stage.company().price, stage.company().is_halted) == (cents("8.70"), True)
    assert states(stage, "s") == [("pending", "", "")]
    stage.submit()  # the auction, and then the price is judged
    assert states(stage, "s") == [("pending", "price", "")]
    stage.submit()
    assert stage.trades == ["cid bought 10 from bob @ 9.00"]


@pytest.mark.parametrize("time", ["GTC", "IOC", "FOK"])
def test_a_stop_that_was_touched_as_a_halt_came_waits_it_out(time: str) -> None:
    stage = Stage(SELLER, HOLDER, "cid")
    stage.tick(f"bob SELL 10 STOP 9.90 {time} #s\ncid BUY 6 @ 9.60")
    stage.tick(trade_at("9.90"))
    stage.operate("HALT", symbol="APEX", ticks=2)
    assert states(stage, "s") != [("pending", "last", "")], "it went before the halt"
    stage = Stage(SELLER, HOLDER, "cid")
    stage.tick(f"bob SELL 10 STOP 9.90 {time} #s\ncid BUY 6 @ 9.60")
    halt = stage.input(None, "HALT", {"symbol": "APEX", "ticks": 2})
    stage.submit(*stage.inputs(trade_at("9.90")), halt)
    assert states(stage, "s") == [("pending", "", "")]
    stage.submit()
    stage.submit()
    stage.submit()
    filled = 0 if time == "FOK" else 6
    assert (stage.orders["s"].status, stage.orders["s"].filled) == ("cancelled", filled)


def test_a_stop_sent_while_halted_waits_for_its_price() -> None:
    stage = Stage(HOLDER, "cid")
    stage.operate("HALT", symbol="APEX", ticks=2)
    stage.tick("bob SELL 10 STOP 9.90 #s\nbob SELL 10 STOP 9.90 IOC")
    assert stage.codes == ["OK", "MARKET_HALTED"]
    stage.submit()
    assert states(stage, "s") == [("pending", "", "")]


def test_a_cancelled_stop_is_not_touched() -> None:
    stage = Stage(HOLDER)
    stage.tick("bob SELL 10 STOP 9.90 #s")
    stage.tick("bob CANCEL #s")
    stage.reprice("9.80")
    stage.submit()
    assert states(stage, "s") == [("cancelled", "", "BY_OWNER")]


def test_a_triggered_stop_may_yet_be_cancelled_in_a_halt() -> None:
    stage = Stage(HOLDER)
    stage.tick("bob SELL 10 STOP 9.90 #s")
    stage.reprice("9.80")
    stage.submit()
    stage.company().is_trading, stage.company().reopens_tick = False, 99
    stage.tick("bob CANCEL #s")
    assert stage.codes == ["OK"]
    assert stage.world.market.triggered == []
    assert stage.account("bob").closing == {}


@pytest.mark.parametrize("change", ["6", "5 @ 9.60"])
def test_a_triggered_stop_replaced_in_a_halt_joins_no_auction(change: str) -> None:
    """It waits the halt out as before, behind the other stops that do."""
    stage = Stage(HOLDER, SELLER, "cid")
    stage.tick("bob SELL 5 STOP 9.90 @ 9.70 #s\nann SELL 5 STOP 9.90 @ 9.70 #a")
    stage.reprice("9.80")
    stage.submit()
    stage.company().is_trading = False
    stage.company().reopens_tick = stage.world.tick + 3
    stage.tick(f"bob REPLACE #s {change}\ncid BUY 20 @ 9.75 #b")
    assert states(stage, "s") == [("pending", "price", "")]
    stage.submit()
    stage.submit()
    assert (stage.trades, stage.company().is_trading) == ([], True)
    stage.submit()
    assert [trade.split(" @")[0] for trade in stage.trades] == [
        "cid bought 5 from ann",
        f"cid bought {change[0]} from bob",
    ]


def test_a_triggered_stop_that_comes_to_rest_is_behind_what_rested_before() -> None:
    """Also in an auction: its place in time is when it joined the book."""
    stage = Stage(HOLDER, SELLER, "cid")
    stage.tick("bob SELL 5 STOP 9.90 @ 9.85 #s\nann SELL 5 @ 9.85")
    stage.reprice("9.80")
    stage.submit()
    stage.submit()
    assert stage.resting() == ["ann SELL 5 @ 9.85", "bob SELL 5 @ 9.85"]
    stage.operate("HALT", symbol="APEX", ticks=2)
    stage.tick("cid BUY 5 @ 9.85")
    stage.submit()
    assert [trade.split(" @")[0] for trade in stage.trades] == ["cid bought 5 from ann"]


def test_a_checkpoint_between_the_touch_and_the_trade_changes_nothing() -> None:
    def told(reload: bool) -> list[str]:
        stage = Stage(SELLER, HOLDER, Player("dee", holds={"APEX": 10}), "cid")
        stage.tick("""
            dee SELL 10 STOP 9.80
            bob SELL 10 STOP 9.90
            bob SELL 10 STOP 9.00 #deep
            dee BUY 10 STOP 12.00
            dee CANCEL ALL
            dee SELL 10 STOP 9.70
            cid BUY 15 @ 9.60
        """)
        digests = []
        for script in (trade_at("9.80"), "", trade_at("9.70"), "cid BUY 40 @ 9.60", ""):
            digests.append(stage.tick(script).digest)
            if reload:
                stage.reload()
        return digests

    assert told(reload=True) == told(reload=False)
