"""What is evidence and what is not, by who suspects and by who verifies."""

from __future__ import annotations

from market.engine.listings import Listing
from sec.engine.evidence import look
from sec.engine.rules import BRIBERY, PUMP_AND_DUMP, WASH_TRADING
from sec.engine.suspicion import Conduct
from sec.engine.verifier import verify
from tests.cast import Player, listing
from tests.engine.court import INVESTIGATOR, UNSEEN, Court

HOLDER = Player("ann", holds={"APEX": 1_000})


def confidence(court: Court, name: str = "ann", crime: str = PUMP_AND_DUMP) -> float:
    conduct = Conduct(court.ids[name], None, 0, court.world.tick)
    suspicion = look(crime, conduct, court.sec.records)
    return suspicion.confidence if suspicion else 0.0


def dump(court: Court, sold: int, price: str = "10.30", sign: int = +1) -> Court:
    court.spread("ann", sign)
    court.reprice(price)
    court.tick()
    if sold:
        court.tick(f"ann SELL {sold} @ {price}\nbob BUY {sold} @ {price}")
    return court


# Self-trades


def test_each_order_that_meets_its_own_account_makes_a_wash_surer() -> None:
    court = Court(HOLDER, INVESTIGATOR)
    seen = []
    for _ in range(4):
        court.wash("ann", 1)
        seen.append(round(confidence(court, crime=WASH_TRADING), 3))
    assert seen == [0.3, 0.51, 0.657, 0.76]


def test_many_fills_of_one_order_are_one_crossing() -> None:
    court = Court(HOLDER, INVESTIGATOR)
    court.tick("\n".join(["ann SELL 10 @ 10.00"] * 9))
    court.tick("ann BUY 90 @ 10.00 allow")
    assert len(court.outcome.market.trades) == 9
    assert round(confidence(court, crime=WASH_TRADING), 3) == 0.3


def test_a_self_cross_that_its_mode_stops_is_none() -> None:
    court = Court(HOLDER, INVESTIGATOR)
    for _ in range(8):
        court.tick("ann SELL 10 @ 10.00\nann BUY 10 @ 10.00 cancel_newest")
    assert confidence(court, crime=WASH_TRADING) == 0
    assert not court.sec.book.cases


def test_trading_with_others_is_no_wash() -> None:
    court = Court(HOLDER, "bob", INVESTIGATOR)
    for _ in range(8):
        court.tick("ann SELL 10 @ 10.00\nbob BUY 10 @ 10.00")
    assert not court.sec.records.trades
    assert not court.sec.book.cases


def test_many_small_trades_cannot_push_the_large_ones_out() -> None:
    court = Court(Player("ann", holds={"APEX": 100_000}), INVESTIGATOR)
    court.sec.records.kept_trades = 10
    court.wash("ann", 5, shares=5_000)
    court.tick("\n".join(["ann SELL 1 @ 10.00", "ann BUY 1 @ 10.00 allow"] * 30))
    kept = court.sec.records.trades[court.ids["ann"]]
    assert len(kept) == 10
    assert sum(trade.quantity == 5_000 for trade in kept) == 5


# Rumors


def test_selling_most_of_what_one_held_into_ones_own_rumor_is_a_dump() -> None:
    court = dump(Court(HOLDER, "bob", INVESTIGATOR), 1_000)
    assert confidence(court) == 1.0
    case, one = court.case_of("ann", PUMP_AND_DUMP)
    assert verify(case.crime, case.evidence, one.account, frozenset()).confidence == 1.0


def test_an_author_who_holds_or_sells_little_is_none() -> None:
    for sold in (0, 100):
        court = dump(Court(HOLDER, "bob", INVESTIGATOR), sold)
        assert not court.sec.book.cases


def test_an_author_without_a_position_is_none() -> None:
    court = Court("ann", "bob", INVESTIGATOR)
    court.spread("ann", +1)
    court.tick()
    court.tick("ann SHORT 100 @ 10.00\nbob BUY 100 @ 10.00")
    assert not court.sec.book.cases


def test_without_profit_there_is_no_dump() -> None:
    court = dump(Court(HOLDER, "bob", INVESTIGATOR), 1_000, price="9.90")
    assert confidence(court) == 0


def test_selling_two_hours_later_is_none() -> None:
    court = Court(HOLDER, "bob", INVESTIGATOR)
    court.spread("ann", +1)
    court.reprice("10.30")
    court.tick()
    court.pass_ticks(121)
    court.tick("ann SELL 1000 @ 10.30\nbob BUY 1000 @ 10.30")
    assert not court.sec.book.cases


def test_a_short_seller_who_covers_into_its_own_bad_news_is_the_mirror() -> None:
    court = Court("ann", Player("bob", holds={"APEX": 1_000}), INVESTIGATOR)
    court.tick("ann SHORT 1000 @ 10.00\nbob BUY 1000 @ 10.00")
    court.spread("ann", -1)
    court.reprice("9.60")
    court.tick()
    court.tick("bob SELL 1000 @ 9.60\nann COVER 1000 @ 9.60")
    _, one = court.case_of("ann", PUMP_AND_DUMP)
    court.pass_ticks(100)
    assert one.status.value == "convicted"
    assert one.gain_cents == 1_000 * 40


def test_buying_back_what_was_sold_is_no_dump() -> None:
    court = Court(HOLDER, "bob", INVESTIGATOR)
    court.spread("ann", +1)
    court.reprice("10.30")
    court.tick()
    court.tick("ann SELL 400 @ 10.30\nbob BUY 400 @ 10.30")
    court.tick("bob SELL 400 @ 10.30\nann BUY 400 @ 10.30")
    assert confidence(court) == 0


def test_what_is_sold_in_the_rumors_own_tick_was_held_before_it() -> None:
    court = Court(HOLDER, "bob", INVESTIGATOR)
    court.reprice("10.30")
    court.spread("ann", +1)
    court.tick("ann SELL 1000 @ 10.10\nbob BUY 1000 @ 10.10")
    assert confidence(court) == 1.0


# Bribes


def test_a_kept_bribe_is_proof_against_both_and_one_in_escrow_against_nobody() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    bribe = court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).data["bribeId"]
    assert confidence(court, crime=BRIBERY) == 0
    court.act("ivy", "KEEP_BRIBE", bribeId=bribe)
    assert confidence(court, crime=BRIBERY) == confidence(court, "ivy", BRIBERY) == 1.0


# The window


def test_a_split_restates_what_is_remembered() -> None:
    expensive: Listing = listing(price="4999.00")
    court = Court(
        Player("ann", "9,000,000.00", holds={"APEX": 100}),
        "bob",
        INVESTIGATOR,
        companies=[expensive],
    )
    court.wash("ann", 2, shares=10, price="4999.00")
    court.reprice("5100.00")
    court.pass_ticks(3)
    assert court.outcome.market.companies[0].split_power == 1
    trades = court.sec.records.trades[court.ids["ann"]]
    assert [(t.price, t.quantity) for t in trades] == [(49_990, 100)] * 2


def test_what_is_older_than_a_day_is_forgotten() -> None:
    court = dump(Court(HOLDER, "bob", INVESTIGATOR), 100)
    assert court.sec.records.trades
    court.pass_ticks(700)
    assert not court.sec.records.trades
    assert not court.sec.records.orders
    assert not court.sec.records.rumors
    assert not court.sec.book.faint
